"""What becomes of a pair: how it went, a second one for those who wish it, one question, and its end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import Actor
from bot.core import Core
from bot.errors import AlreadyDone
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.jobs import Job, Skipped
from bot.notify import Notification
from bot.outbox import Lane
from cogs.pairs import drawing, rules
from cogs.pairs.drawing import Inputs
from cogs.pairs.gathering import person_of
from cogs.pairs.holding import card_key
from cogs.pairs.model import (
    ASK_KIND,
    ASK_RENDERER,
    MET,
    Group,
    PairSettings,
    Somebody,
    gone,
    not_in,
    somebody_elses,
)
from cogs.pairs.rounds import Rounds
from cogs.pairs.rules import Outcome
from storage import outbox as outbox_storage
from storage import pair_members
from storage import pairs as storage
from storage import privacy as privacy_storage
from storage.outbox import KEPT as DRAWN_FOR
from storage.pairs import PairGroupRow, PairPersonRow, room_key


class Meetings:
    """The use cases of those who were paired, and what happens by itself."""

    def __init__(self, core: Core, rounds: Rounds) -> None:
        self._core = core
        self._holding = rounds.holding
        self._gathering = rounds.gathering

    async def say(self, actor: Actor, group_id: int, word: Outcome) -> Group:
        """Say whether you met, and change it as you like. Raises `NotFound`, `NotAllowed`, `AlreadyDone`."""
        async with self._core.db.begin() as session:
            row, people = await self._lock(session, actor, group_id)
            await self._said(session, row, people, actor.member_id, word)
            await self._holding.redraw(session, row)
            return await self._group(session, row)

    async def ask_for_another(self, actor: Actor, group_id: int) -> tuple[Group, bool]:
        """Meet somebody else, as soon as somebody else wants that too. Returns whether there is a second pair now.

        Raises `NotFound`, `NotAllowed`, `AlreadyDone` when they wait already or a newer round has begun.
        """
        async with self._core.db.begin() as session:
            # One at a time in a community, or two would both take the same third.
            await self._core.configs.change(session, actor.guild_id, PairSettings)
            row, people = await self._lock(session, actor, group_id)
            newest = await storage.list_rounds(session, actor.guild_id, limit=1)
            if row.closed_at is not None or row.rematch or (newest and newest[0].id != row.round_id):
                raise AlreadyDone(
                    "A second pair is for the round that is on. The next round brings somebody new."
                )
            if await pair_members.find_member(session, actor.guild_id, actor.member_id) is None:
                raise not_in()
            now = self._core.clock.now()
            if not await pair_members.add_to_pool(session, actor.guild_id, actor.member_id, row.id, now):
                raise AlreadyDone(
                    "You are waiting for a second pair already. I will open a thread when there is one."
                )
            mine = next(each for each in people if each.member_id == actor.member_id)
            if mine.said is None:
                await self._said(session, row, people, actor.member_id, Outcome.NOT)
            found = await self._match(session, row, actor.member_id, now)
            await self._holding.redraw(session, row)
            return await self._group(session, row), found

    async def find(self, group_id: int) -> Group | None:
        """A group, for drawing it."""
        async with self._core.db.read() as session:
            row = await storage.find_group(session, group_id)
            return await self._group(session, row) if row is not None else None

    async def card_of(self, group_id: int) -> tuple[int, int] | None:
        """Channel and message of its card, where that is known."""
        async with self._core.db.read() as session:
            row = await outbox_storage.find_by_key(session, card_key(group_id))
        return (row.channel_id or 0, row.result_id) if row is not None and row.result_id is not None else None

    # ------------------------------------------------------------------------------------------ by itself

    async def ask_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Ask once, if nobody has said how it went, in the pair's own thread."""
        row, people = await self._open(session, job)
        if row is None:
            return Skipped(N_("it is over, or was taken back"))
        if Outcome(row.outcome) is not Outcome.OPEN:
            return Skipped(N_("they have said how it went"))
        room = await outbox_storage.find_by_key(session, room_key(row.id))
        if room is None or room.outcome != "sent":
            return Skipped(N_("its thread is gone"))
        for person in people:
            if await privacy_storage.has_left(session, row.guild_id, person.member_id):
                continue
            notification = Notification(
                kind=ASK_KIND.name,
                key=f"pairs.ask:{row.id}:{person.member_id}",
                guild_id=row.guild_id,
                member_id=person.member_id,
                renderer=ASK_RENDERER,
                channel_id=room.result_id or row.channel_id,
                arguments={"group_id": row.id},
                expires_at=row.closes_at,
                lane=Lane.SCHEDULED,
                in_channel=True,
            )
            await self._core.notifier.notify(session, notification)
        return None

    async def close_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Its time is over, whatever came of it."""
        row, people = await self._open(session, job)
        if row is None:
            return Skipped(N_("it is over, or was taken back"))
        await self._end(session, row, people)
        return None

    async def room_deleted(self, guild_id: int, thread_id: int) -> None:
        """Somebody deleted a thread: its pair ends, and nobody is asked about it."""
        async with self._core.db.begin() as session:
            group_id = await storage.find_by_room(session, guild_id, thread_id)
            row = await storage.lock_group(session, group_id) if group_id is not None else None
            if row is not None and row.closed_at is None:
                row.closed_at = self._core.clock.now()

    async def redraw_all(self, session: AsyncSession, guild_id: int) -> None:
        """Draw cards again on which somebody stood who was deleted."""
        since = self._core.clock.now() - DRAWN_FOR
        for group_id in await storage.list_incomplete(session, guild_id, since=since):
            row = await storage.lock_group(session, group_id)
            if row is not None:
                await self._holding.redraw(session, row, lane=Lane.BULK)

    # ------------------------------------------------------------------------------------------ shared

    async def _said(
        self,
        session: AsyncSession,
        row: PairGroupRow,
        people: list[PairPersonRow],
        member_id: int,
        word: Outcome,
    ) -> None:
        next(each for each in people if each.member_id == member_id).said = word.value
        row.outcome = rules.outcome_of([each.said for each in people]).value
        taking_part = rules.took_part({each.member_id: each.said for each in people})
        for each in people:
            if each.member_id in taking_part and each.act_id is None:
                # In a group of three one of the others stands for both.
                other_id = min(taking_part - {each.member_id}, default=None)
                act = Act(MET, row.guild_id, each.member_id, subject=str(row.id), other_id=other_id)
                recorded = await self._core.ledger.record(session, act)
                each.act_id = recorded.id if recorded is not None else None
            elif each.member_id not in taking_part and each.act_id is not None:
                act_id, each.act_id = each.act_id, None
                await session.flush()
                await self._core.ledger.retract(session, act_id, reason="they did not meet")
            await self._core.notifier.withdraw(session, f"pairs.ask:{row.id}:{each.member_id}")

    async def _match(self, session: AsyncSession, row: PairGroupRow, member_id: int, now: datetime) -> bool:
        """A second pair with somebody else who waits for one, the best there is."""
        waiting = {
            each.member_id: each.group_id for each in await pair_members.list_pool(session, row.guild_id)
        }
        config = await self._core.configs.present(session, row.guild_id, GuildConfig)
        departed = await privacy_storage.list_departed(session, row.guild_id)
        people = {
            each.member_id: person_of(each, zone or config.zone, now)
            for each, zone, paused in await pair_members.list_members(session, row.guild_id)
            if each.member_id in waiting
            and each.member_id not in departed
            and (paused is None or paused <= now)
        }
        blocked = await self._core.avoidances.list_blocked(session, row.guild_id)
        settings = await self._core.configs.present(session, row.guild_id, PairSettings)
        inputs = Inputs(
            (),
            blocked,
            await self._gathering.together(session, row.guild_id, now),
            settings.weights,
        )

        def may(a: int, b: int) -> bool:
            return waiting[a] != waiting[b] and (min(a, b), max(a, b)) not in blocked

        me = people.get(member_id)
        other = drawing.best_of_pool(me, list(people.values()), inputs, may) if me is not None else None
        if other is None or settings.channel_id is None:
            return False
        round_row = await storage.find_round(session, row.round_id)
        assert round_row is not None  # the group belongs to it
        await pair_members.remove_from_pool(session, row.guild_id, member_id, other.id)
        pair = (min(member_id, other.id), max(member_id, other.id))
        await self._holding.open_groups(session, round_row, settings.channel_id, [pair], rematch=True)
        theirs = await storage.lock_group(session, waiting[other.id])
        if theirs is not None:
            await self._holding.redraw(session, theirs)
        return True

    async def _end(self, session: AsyncSession, row: PairGroupRow, people: list[PairPersonRow]) -> None:
        row.closed_at = self._core.clock.now()
        mine = [each.member_id for each in people]
        waiting = [
            each for each in await pair_members.list_pool(session, row.guild_id) if each.member_id in mine
        ]
        left = [each.member_id for each in waiting if each.group_id == row.id]
        if left:
            await pair_members.remove_from_pool(session, row.guild_id, *left)
        for member_id in mine:
            await self._core.notifier.withdraw(session, f"pairs.ask:{row.id}:{member_id}")
        await self._holding.redraw(session, row, lane=Lane.BULK)
        await self._holding.close_room(session, row)

    async def _open(self, session: AsyncSession, job: Job) -> tuple[PairGroupRow | None, list[PairPersonRow]]:
        """The group of a job, while it is open and its round stands."""
        row = await storage.lock_group(session, int(job.payload["group_id"]))
        if row is None or row.closed_at is not None:
            return None, []
        found = await storage.find_round(session, row.round_id)
        if found is None or found.state != storage.HELD:
            return None, []
        return row, await storage.list_people(session, row.id)

    async def _lock(
        self, session: AsyncSession, actor: Actor, group_id: int
    ) -> tuple[PairGroupRow, list[PairPersonRow]]:
        row = await storage.lock_group(session, group_id)
        if row is None or row.guild_id != actor.guild_id:
            raise gone()
        people = await storage.list_people(session, row.id)
        if actor.member_id not in [each.member_id for each in people]:
            raise somebody_elses()
        found = await storage.find_round(session, row.round_id)
        if found is None or found.state != storage.HELD:
            raise AlreadyDone("Staff have taken this round back. Nothing is lost: another one follows.")
        return row, people

    async def _group(self, session: AsyncSession, row: PairGroupRow) -> Group:
        config = await self._core.configs.present(session, row.guild_id, GuildConfig)
        people = await storage.list_people(session, row.id)
        zones = await pair_members.list_zones(session, row.guild_id, [each.member_id for each in people])
        found = await storage.find_round(session, row.round_id)
        waiting = [
            each for each in await pair_members.list_pool(session, row.guild_id) if each.group_id == row.id
        ]
        return Group(
            row.id,
            row.guild_id,
            row.channel_id,
            row.at,
            tuple(
                Somebody(each.member_id, zones.get(each.member_id, config.zone), each.said) for each in people
            ),
            row.size,
            row.starter,
            row.hours,
            Outcome(row.outcome),
            row.closes_at,
            row.closed_at is not None,
            found is None or found.state != storage.HELD,
            row.rematch,
            frozenset(each.member_id for each in waiting),
            await self._shows(session, row.guild_id, [each.member_id for each in people]),
        )

    async def _shows(
        self, session: AsyncSession, guild_id: int, members: list[int]
    ) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
        """Who could show whom what, by what they say now."""
        now = self._core.clock.now()
        rows = [await pair_members.find_member(session, guild_id, each) for each in members]
        people = [person_of(row, "UTC", now) for row in rows if row is not None]
        found = ((a.id, b.id, rules.fit(a, b).teaches) for a in people for b in people if a.id != b.id)
        return tuple((a, b, topics) for a, b, topics in found if topics)
