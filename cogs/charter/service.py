"""What members do with the charter, and what happens when an outcome's date has come."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act, CountBy
from bot.authority import Actor, Capability, has
from bot.core import Core
from bot.errors import NotFound
from bot.i18n import N_
from bot.jobs import Job, Skipped
from cogs.charter import rules
from cogs.charter.model import ACKNOWLEDGED, Agreement, Announcement, Charter, Norms, Outcome
from storage import charter as storage

ENDED_SHOWN = 3


class CharterService:
    """The use cases of everybody."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def show(self, actor: Actor) -> Charter:
        """The charter as it stands, with live progress."""
        config = await self._core.configs.guild(actor.guild_id)
        is_staff = has(actor, Capability.FACILITATE, config.capability_roles)
        async with self._core.db.read() as session:
            return await self._charter(session, actor, is_staff=is_staff)

    async def summary(self, guild_id: int) -> tuple[str | None, int]:
        """The mission, and how many outcomes are running: for the set-up of the community."""
        async with self._core.db.read() as session:
            row = await storage.find_charter(session, guild_id)
            outcomes = await storage.list_outcomes(session, guild_id)
        now = self._core.clock.now()
        return (row.mission if row is not None else None), sum(each.ends_at > now for each in outcomes)

    async def agree(self, actor: Actor, version: int) -> Agreement | None:
        """The member has read this version and agrees. None when a newer one must be read instead.

        Raises `NotFound` where there are no norms.
        """
        async with self._core.db.begin() as session:
            newest = await storage.find_norms(session, actor.guild_id)
            if newest is None:
                raise NotFound("There are no norms here yet. See {command}.", command="`/charter show`")
            material = await storage.material_version(session, actor.guild_id)
            before = await storage.find_acknowledgement(session, actor.guild_id, actor.member_id)
            if before is not None and before.version >= material:
                return Agreement(before.version, before.at, was_new=False)
            if not material <= version <= newest.version:
                return None
            now = self._core.clock.now()
            added = await storage.add_acknowledgement(
                session, actor.guild_id, actor.member_id, version=version, at=now
            )
            act = Act(ACKNOWLEDGED, actor.guild_id, actor.member_id, subject=str(version))
            await self._core.ledger.record(session, act)
            return Agreement(version, now, was_new=added)

    async def announcement(self, guild_id: int, version: int) -> Announcement | None:
        """A version of the norms with what is different from the one before, or None where there is none."""
        async with self._core.db.read() as session:
            row = await storage.find_norms(session, guild_id, version)
            before = await storage.find_norms(session, guild_id, version - 1)
        if row is None:
            return None
        norms = norms_of(row)
        old = norms_of(before).lines if before is not None else ()
        return Announcement(norms, rules.changes(old, norms.lines))

    async def freeze(self, session: AsyncSession, job: Job) -> Skipped | None:
        """An outcome's date has come: write down what was reached, so that it stays."""
        row = await storage.find_outcome(session, job.guild_id or 0, int(job.payload["outcome_id"]))
        if row is None or row.revision != job.payload["revision"]:
            return Skipped(N_("the outcome was changed or removed"))
        row.result = await self._count(session, row)
        return None

    async def _charter(self, session: AsyncSession, actor: Actor, *, is_staff: bool) -> Charter:
        row = await storage.find_charter(session, actor.guild_id)
        norms = await storage.find_norms(session, actor.guild_id)
        material = await storage.material_version(session, actor.guild_id)
        mine = await storage.find_acknowledgement(session, actor.guild_id, actor.member_id)
        holds = mine is not None and mine.version >= material
        agreed = 0
        if is_staff and norms is not None:
            agreed = await storage.count_acknowledgements(session, actor.guild_id, from_version=material)
        return Charter(
            mission=row.mission if row is not None else None,
            outcomes=await self._outcomes(session, await storage.list_outcomes(session, actor.guild_id)),
            norms=norms_of(norms) if norms is not None else None,
            agreed_at=mine.at if mine is not None and holds else None,
            agreed_before=mine.version if mine is not None and not holds else None,
            is_staff=is_staff,
            agreed=agreed,
            channel_id=row.channel_id if row is not None else None,
        )

    async def _outcomes(
        self, session: AsyncSession, rows: Sequence[storage.OutcomeRow]
    ) -> tuple[Outcome, ...]:
        """The running ones by their dates, then the latest that have ended."""
        now = self._core.clock.now()
        running = [row for row in rows if row.ends_at > now]
        ended = [row for row in reversed(rows) if row.ends_at <= now][:ENDED_SHOWN]
        return tuple([await self._outcome(session, row) for row in (*running, *ended)])

    async def _outcome(self, session: AsyncSession, row: storage.OutcomeRow) -> Outcome:
        count = row.result if row.result is not None else await self._count(session, row)
        progress = rules.progress(
            count, row.target, since=row.since, ends_at=row.ends_at, now=self._core.clock.now()
        )
        return outcome_of(row, self._core.ledger.countable.get(row.kind), progress)

    async def _count(self, session: AsyncSession, row: storage.OutcomeRow) -> int:
        return await self._core.ledger.count(
            session,
            row.guild_id,
            row.kind,
            by=CountBy(row.counted_by),
            since=row.since,
            until=row.ends_at,
        )


def outcome_of(
    row: storage.OutcomeRow, metric: str | None, progress: rules.Progress | None = None
) -> Outcome:
    """The row as it stands."""
    return Outcome(
        id=row.id,
        words=row.words,
        kind=row.kind,
        metric=metric,
        counted_by=CountBy(row.counted_by),
        target=row.target,
        since=row.since,
        ends_at=row.ends_at,
        revision=row.revision,
        progress=progress,
    )


def norms_of(row: storage.NormsRow) -> Norms:
    """The row as it stands."""
    return Norms(row.version, tuple(row.text.split("\n")), row.is_material, row.published_at)
