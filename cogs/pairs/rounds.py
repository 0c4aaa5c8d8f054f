"""Rounds: those that a schedule holds, and those that a facilitator looks at first. The search runs in a thread.

The seed of a round comes from its key and stands in its row, so whoever draws it again draws the same pairs. What was
drawn is used only while what it was drawn from is as it was, which is checked in the transaction that writes the pairs.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import AlreadyDone, LimitReached, NotConfigured, NotFound
from bot.i18n import N_
from bot.jobs import Job, NewJob, Skipped
from bot.nominal_times import local_now
from cogs.pairs import rules
from cogs.pairs.drawing import Draw, Inputs, draw
from cogs.pairs.gathering import Gathering
from cogs.pairs.holding import Holding
from cogs.pairs.model import AREA, ROUND_JOB, PairSettings, Preview, preview_of
from storage import pairs as storage

REASON_CHANGED = N_("somebody joined, left or changed something meanwhile; it was drawn again")


@dataclass(frozen=True)
class Prepared:
    """A draw, and what it was made of. None where nobody has to be paired."""

    inputs: Inputs
    drawn: Draw


class Rounds:
    """The use cases around rounds. Each of a facilitator raises `NotAllowed` for others."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.gathering = Gathering(core)
        self.holding = Holding(core, self.gathering)

    # ------------------------------------------------------------------------------------------ by the schedule

    async def prepare(self, job: Job) -> Prepared:
        """Draw what is due, in no transaction."""
        assert job.guild_id is not None
        async with self._core.db.read() as session:
            inputs = await self.gathering.inputs(session, job.guild_id, _weekday(job))
        return Prepared(inputs, await asyncio.to_thread(draw, inputs, seed_of(job.guild_id, _round_key(job))))

    async def due(self, session: AsyncSession, job: Job, prepared: Prepared) -> Skipped | None:
        """Hold the round that was drawn. If anything has changed since, it is drawn again at once."""
        assert job.guild_id is not None
        settings = await self._core.configs.change(session, job.guild_id, PairSettings)  # locks the row
        if settings.channel_id is None:
            return Skipped(N_("no channel is chosen for pairs"))
        inputs = await self.gathering.inputs(session, job.guild_id, _weekday(job))
        if inputs.hash != prepared.inputs.hash:
            again = int(job.payload.get("again", 0)) + 1
            payload = {"round": _round_key(job), "weekday": _weekday(job), "again": again}
            key = f"{ROUND_JOB}:{job.guild_id}:{_round_key(job)}:{again}"
            await self._core.jobs.enqueue(
                session,
                NewJob(ROUND_JOB, key, run_at=self._core.clock.now(), guild_id=job.guild_id, payload=payload),
            )
            return Skipped(REASON_CHANGED)
        if not prepared.drawn.groups and not prepared.drawn.left_out:
            return Skipped(N_("nobody takes part in this round"))
        row, is_new = await storage.add_round(
            session,
            job.guild_id,
            _round_key(job),
            state=storage.HELD,
            seed=prepared.drawn.seed,
            at=self._core.clock.now(),
        )
        if not is_new:
            return Skipped(N_("this round was held already"))
        await self.holding.hold(session, row, settings.channel_id, inputs, prepared.drawn, job_id=job.id)
        await storage.forget_drafts(session, job.guild_id)
        return None

    # ------------------------------------------------------------------------------------------ by a facilitator

    async def preview(self, actor: Actor) -> Preview:
        """A round as it would be now. Nobody is told. Raises `NotConfigured`, `NotFound` when nobody takes part."""
        await self._check(actor)
        return await self._draft(actor, None, secrets.token_hex(8))

    async def roll_again(self, actor: Actor, round_id: int) -> Preview:
        """Other pairs of the same people. Raises `NotFound` for a preview that is over."""
        await self._check(actor)
        async with self._core.db.read() as session:
            seed = _standing(actor, await storage.find_round(session, round_id)).seed
        return await self._draft(actor, round_id, f"{round_id} after {seed}")

    async def confirm(self, actor: Actor, round_id: int) -> Preview | None:
        """Hold the round of a preview now. A new preview comes back when somebody joined, left or changed meanwhile.

        Raises `AlreadyDone` when it was held, `NotFound` when another took its place.
        """
        await self._check(actor)
        weekday = await self._next_weekday(actor.guild_id)
        async with self._core.db.read() as session:
            row = _standing(actor, await storage.find_round(session, round_id))
            seed, wanted = row.seed, row.inputs
            inputs = await self.gathering.inputs(session, actor.guild_id, weekday)
        if inputs.hash != wanted:
            return await self._draft(actor, round_id, f"{round_id} after {seed}", has_changed=True)
        drawn = await asyncio.to_thread(draw, inputs, seed)
        async with self._core.db.begin() as session:
            settings = await self._core.configs.change(session, actor.guild_id, PairSettings)  # locks the row
            row = _standing(actor, await storage.lock_round(session, round_id))
            present = await self.gathering.inputs(session, actor.guild_id, weekday)
            is_same = row.seed == seed and present.hash == inputs.hash
            if is_same:
                await self.holding.hold(session, row, _place(settings), inputs, drawn)
                await storage.forget_drafts(session, actor.guild_id, but=row.id)
                await self._core.audit.record(
                    session, actor, AREA, N_("held a pairing round, pairs: {pairs}"), pairs=len(drawn.groups)
                )
                return None
        return await self._draft(actor, round_id, f"{round_id} after {seed}", has_changed=True)

    async def undo(self, actor: Actor, round_id: int) -> None:
        """Take a round back within ten minutes. Raises `LimitReached` later, `AlreadyDone`, `NotFound`."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            # In the order of who asks for a second pair: the community's row, then groups.
            await self._core.configs.change(session, actor.guild_id, PairSettings)
            row = await storage.lock_round(session, round_id)
            if row is None or row.guild_id != actor.guild_id or row.state == storage.DRAFT:
                raise NotFound("That round is not known any more. See {command}.", command="`/manage pairs`")
            if row.state == storage.UNDONE:
                raise AlreadyDone("This round was taken back already.")
            if not rules.may_undo(row.at, self._core.clock.now()):
                raise LimitReached(
                    "A round can be taken back within ten minutes, before people have made plans. This one is older."
                )
            await self.holding.take_back(session, row)
            await self._core.audit.record(session, actor, AREA, N_("took a pairing round back"))

    # ------------------------------------------------------------------------------------------ shared

    async def _draft(
        self, actor: Actor, round_id: int | None, seed_from: str, *, has_changed: bool = False
    ) -> Preview:
        weekday = await self._next_weekday(actor.guild_id)
        async with self._core.db.read() as session:
            _place(await self._core.configs.present(session, actor.guild_id, PairSettings))
            inputs = await self.gathering.inputs(session, actor.guild_id, weekday)
        if not inputs.people and not inputs.out:
            raise NotFound(
                "Nobody takes part in pairings yet. Members join with {command}: tell them about it.",
                command="`/pair join`",
            )
        seed = seed_of(actor.guild_id, seed_from)
        drawn = await asyncio.to_thread(draw, inputs, seed)
        async with self._core.db.begin() as session:
            if round_id is None:
                row, _ = await storage.add_round(
                    session,
                    actor.guild_id,
                    f"by hand {seed_from}",
                    state=storage.DRAFT,
                    seed=seed,
                    at=self._core.clock.now(),
                )
                await storage.forget_drafts(session, actor.guild_id, but=row.id)
            else:
                row = _standing(actor, await storage.lock_round(session, round_id))
            row.seed, row.inputs = seed, inputs.hash
            return preview_of(row.id, inputs, drawn, has_changed=has_changed)

    async def _next_weekday(self, guild_id: int) -> int | None:
        """The day of the next round by the schedule, for which people have chosen their days."""
        settings = await self._core.configs.get(guild_id, PairSettings)
        if settings.schedule_id is None:
            return None
        async with self._core.db.read() as session:
            schedule = await self._core.schedules.find(session, settings.schedule_id)
        if schedule is None or schedule.next_run_at is None:
            return None
        return local_now(schedule.next_run_at, schedule.zone).weekday()

    async def _check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)


def seed_of(guild_id: int, key: str) -> int:
    """The seed of a round: the same wherever and whenever it is drawn."""
    return int.from_bytes(hashlib.blake2b(f"{guild_id} {key}".encode(), digest_size=4).digest()) >> 1


def _round_key(job: Job) -> str:
    if job.nominal is not None:
        return f"{job.schedule_id} {job.nominal.isoformat()}"
    return str(job.payload["round"])


def _weekday(job: Job) -> int:
    return job.nominal.weekday() if job.nominal is not None else int(job.payload["weekday"])


def _standing(actor: Actor, row: storage.PairRoundRow | None) -> storage.PairRoundRow:
    """A draft that can still be held."""
    if row is None or row.guild_id != actor.guild_id:
        raise NotFound(
            "This preview is over, because there is a newer one. See {command}.", command="`/manage pairs`"
        )
    if row.state != storage.DRAFT:
        raise AlreadyDone("This round was held already. See {command}.", command="`/manage pairs`")
    return row


def _place(settings: PairSettings) -> int:
    if settings.channel_id is None:
        raise NotConfigured(
            "Pairs need a channel in which their threads are opened. Choose one first: {command}.",
            command="`/manage pairs`",
        )
    return settings.channel_id
