"""Makes a round out of a draw: groups, threads, cards and jobs, in the caller's transaction; and takes one back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.free_hours import free_hours
from bot.guild_config import GuildConfig
from bot.jobs import NewJob
from bot.notify import Notification
from bot.outbox import Effect, EffectKind, Lane
from cogs.pairs import rules, starters
from cogs.pairs.drawing import Draw, Inputs
from cogs.pairs.gathering import Gathering
from cogs.pairs.model import (
    ASK_JOB,
    CARD_RENDERER,
    CLOSE_JOB,
    LEFT_KIND,
    LEFT_RENDERER,
    ROOM_RENDERER,
    PairSettings,
)
from cogs.pairs.rules import Why
from storage import pair_members
from storage import pairs as storage
from storage.pairs import PairGroupRow, PairRoundRow, room_key

AT_ONCE = 200  # rows of one statement


def card_key(group_id: int) -> str:
    return f"pairs.card:{group_id}"


class Holding:
    """Writes rounds."""

    def __init__(self, core: Core, gathering: Gathering) -> None:
        self._core = core
        self._gathering = gathering

    async def hold(
        self,
        session: AsyncSession,
        row: PairRoundRow,
        channel_id: int,
        inputs: Inputs,
        drawn: Draw,
        *,
        job_id: int | None = None,
    ) -> None:
        """Put these people together. Second pairs of the round before are matched no more."""
        row.state, row.at = storage.HELD, self._core.clock.now()
        await pair_members.remove_from_pool(session, row.guild_id)
        await self._mark(session, row, inputs, drawn)
        await self.open_groups(session, row, channel_id, drawn.groups, job_id=job_id)
        for member_id, why in drawn.left_out:
            await self._tell(session, row, member_id, why)

    async def open_groups(
        self,
        session: AsyncSession,
        row: PairRoundRow,
        channel_id: int,
        groups: Sequence[tuple[int, ...]],
        *,
        rematch: bool = False,
        job_id: int | None = None,
    ) -> None:
        """For each a thread with a card in it, a question later, and an end. All at once: other writers wait."""
        now = self._core.clock.now()
        settings = await self._core.configs.present(session, row.guild_id, PairSettings)
        used = await self._gathering.used_starters(session, row.guild_id, groups)
        shared = await self._shared_hours(session, row.guild_id, groups, now)
        rows = [
            PairGroupRow(
                guild_id=row.guild_id,
                round_id=row.id,
                channel_id=channel_id,
                size=len(group),
                starter=starters.choose(starters.shipped(), used[group], f"{row.seed} {group}"),
                hours=shared[group],
                at=now,
                closes_at=now + timedelta(days=settings.close_days),
                rematch=rematch,
            )
            for group in groups
        ]
        await storage.add_groups(session, list(zip(rows, groups, strict=True)))
        effects = [effect for each in rows for effect in _effects(each)]
        asked_at = rules.asked_at(now, settings.close_days)
        jobs = [job for each in rows for job in _jobs(each, asked_at)]
        for n in range(0, len(effects), AT_ONCE):
            await self._core.outbox.plan(session, *effects[n : n + AT_ONCE], job_id=job_id)
            await self._core.jobs.enqueue(session, *jobs[n : n + AT_ONCE])

    async def take_back(self, session: AsyncSession, row: PairRoundRow) -> None:
        """As if the round had not been, but for what was posted, which says so."""
        row.state = storage.UNDONE
        await session.flush()
        groups = await storage.lock_groups(session, row.id)  # Somebody may be saying how it went right now.
        for member, _, _ in await pair_members.list_members(session, row.guild_id):
            if member.left_out_in is not None and (member.paired_in or 0) < member.left_out_in:
                await self._core.notifier.withdraw(session, _left_key(row.id, member.member_id))
        await pair_members.take_back_marks(session, row.guild_id, row.id)
        await pair_members.remove_from_pool(session, row.guild_id)
        for group in groups:
            for person in await storage.list_people(session, group.id):
                if person.act_id is not None:
                    await self._core.ledger.retract(session, person.act_id, reason="the round was taken back")
                    person.act_id = None
            await self.redraw(session, group)
            await self.close_room(session, group)

    async def redraw(self, session: AsyncSession, group: PairGroupRow, *, lane: Lane = Lane.AWAITED) -> None:
        """Show the card as the group stands now."""
        group.version += 1
        await self._core.outbox.plan(
            session,
            Effect(
                kind=EffectKind.EDIT,
                key=f"pairs.redraw:{group.id}:{group.version}",
                guild_id=group.guild_id,
                channel_id=group.channel_id,
                renderer=CARD_RENDERER,
                arguments={"group_id": group.id},
                lane=lane,
                after=card_key(group.id),
            ),
        )

    async def close_room(self, session: AsyncSession, group: PairGroupRow) -> None:
        """Archive the thread, after whatever is to be shown in it."""
        await self._core.outbox.plan(
            session,
            Effect(
                kind=EffectKind.CLOSE_ROOM,
                key=f"pairs.close:{group.id}",
                guild_id=group.guild_id,
                channel_id=group.channel_id,
                lane=Lane.BULK,
                after=room_key(group.id),
            ),
        )

    async def _mark(self, session: AsyncSession, row: PairRoundRow, inputs: Inputs, drawn: Draw) -> None:
        """Whoever skipped this round takes part in the next; who was left out comes first."""
        await pair_members.mark_members(
            session,
            row.guild_id,
            row.id,
            paired=[member_id for group in drawn.groups for member_id in group],
            left_out=[member_id for member_id, _ in drawn.left_out],
            skipped=[member_id for member_id, why in inputs.out if why is Why.SKIPS],
        )

    async def _tell(self, session: AsyncSession, row: PairRoundRow, member_id: int, why: Why) -> None:
        notification = Notification(
            kind=LEFT_KIND.name,
            key=_left_key(row.id, member_id),
            guild_id=row.guild_id,
            member_id=member_id,
            renderer=LEFT_RENDERER,
            channel_id=None,
            arguments={"why": why.value},
            lane=Lane.SCHEDULED,
        )
        await self._core.notifier.notify(session, notification)

    async def _shared_hours(
        self, session: AsyncSession, guild_id: int, groups: Sequence[tuple[int, ...]], now: datetime
    ) -> dict[tuple[int, ...], int]:
        config = await self._core.configs.present(session, guild_id, GuildConfig)
        zones = await pair_members.list_zones(session, guild_id, [each for group in groups for each in group])
        free = {zone: free_hours(zone, now.date()) for zone in {config.zone, *zones.values()}}
        return {
            group: reduce(
                lambda one, other: one & other, [free[zones.get(each, config.zone)] for each in group]
            )
            for group in groups
        }


def _effects(group: PairGroupRow) -> tuple[Effect, Effect]:
    arguments = {"group_id": group.id}
    room = Effect(
        kind=EffectKind.OPEN_ROOM,
        key=room_key(group.id),
        guild_id=group.guild_id,
        channel_id=group.channel_id,
        renderer=ROOM_RENDERER,
        arguments=arguments,
        lane=Lane.SCHEDULED,
    )
    card = Effect(
        kind=EffectKind.POST,
        key=card_key(group.id),
        guild_id=group.guild_id,
        channel_id=group.channel_id,
        renderer=CARD_RENDERER,
        arguments=arguments,
        lane=Lane.SCHEDULED,
        after=room.key,
    )
    return room, card


def _jobs(group: PairGroupRow, asked_at: datetime) -> tuple[NewJob, NewJob]:
    def job(name: str, at: datetime) -> NewJob:
        payload = {"group_id": group.id}
        return NewJob(name, f"{name}:{group.id}", run_at=at, guild_id=group.guild_id, payload=payload)

    return job(ASK_JOB, asked_at), job(CLOSE_JOB, group.closes_at)


def _left_key(round_id: int, member_id: int) -> str:
    return f"pairs.left_out:{round_id}:{member_id}"
