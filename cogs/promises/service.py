"""What members do with their promises. Cards are drawn anew through the outbox, in the order of what happened."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput
from bot.i18n import N_
from bot.nominal_times import local_now, to_instant
from bot.outbox import Lane
from bot.own import Who, check_own
from bot.text import clean
from bot.time_input import parse_moment
from cogs.promises import rules
from cogs.promises.asking import Asking
from cogs.promises.model import (
    AREA,
    KEPT,
    MADE,
    Promise,
    PromiseSettings,
    gone,
    promise_of,
    somebody_elses,
)
from cogs.promises.rules import State
from storage import members as member_storage
from storage import promises as storage
from storage.outbox import KEPT as DRAWN_FOR

STAFF_LIST = 25


class PromisesService:
    """The use cases."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.asking = Asking(core)
        # Where a deleted message may have been a card; others cost no query.
        self._channels: set[int] = set()

    async def load(self) -> None:
        """Learn where cards stand."""
        async with self._core.db.read() as session:
            self._channels = await storage.list_all_channels(session)

    async def make(
        self, actor: Actor, what: str, by: str, *, only_me: bool, channel_id: int | None
    ) -> Promise:
        """Promise something. `by` is in the member's own words, `channel_id` where they are.

        Raises `InvalidInput` for what cannot be used, `LimitReached` when too many are open.
        """
        words = rules.check_words(clean(what))
        now = self._core.clock.now()
        settings = await self._core.configs.get(actor.guild_id, PromiseSettings)
        config = await self._core.configs.guild(actor.guild_id)
        async with self._core.db.begin() as session:
            member = await member_storage.change_member(session, actor.guild_id, actor.member_id)
            zone = member.zone or config.zone
            due_at, nominal = read_due(by, now, zone, actor.locale)
            still_open = await self._open(session, actor.guild_id, member)
            rules.check_count(len(still_open))
            row = storage.PromiseRow(
                guild_id=actor.guild_id,
                member_id=actor.member_id,
                text=words,
                public=not only_me,
                channel_id=channel_id if only_me else settings.channel_id or channel_id,
                due_at=due_at,
                nominal=nominal,
                zone=zone,
                made_at=now,
            )
            session.add(row)
            await session.flush()
            act = await self._core.ledger.record(
                session, Act(MADE, row.guild_id, row.member_id, subject=str(row.id))
            )
            row.act_id = act.id if act is not None else None
            await self.asking.post(session, row)
            await self.asking.expect(session, row, member)
            made = promise_of(row)
        if made.public and made.channel_id is not None:
            self._channels.add(made.channel_id)
        return made

    async def mine(self, guild_id: int, member_id: int) -> tuple[Promise, ...]:
        """Somebody's open promises, the nearest first; those that are long over are closed by this."""
        async with self._core.db.begin() as session:
            member = await member_storage.change_member(session, guild_id, member_id)
            return tuple(map(promise_of, await self._open(session, guild_id, member)))

    async def own(self, who: Who, promise_id: int) -> Promise:
        """One of one's own. Raises `NotFound`, `NotAllowed` when it is somebody else's."""
        async with self._core.db.read() as session:
            row = await storage.find_promise(session, promise_id)
        return promise_of(await self._checked(who, row))

    async def answer(self, who: Who, promise_id: int, how: State, *, on_question: bool = False) -> Promise:
        """Say that it is done, partly done or let go. Raises `AlreadyDone` when that was said before.

        With `on_question` the answer takes the place of the question where it was pressed.
        """
        async with self._core.db.begin() as session:
            row = await self._lock(who, session, promise_id)
            if how is State.LET_GO:
                rules.check_open(State(row.state))
            else:
                rules.check_answerable(State(row.state))
            row.state, row.closed_at = how.value, self._core.clock.now()
            if how in rules.KEPT:
                act = Act(KEPT, row.guild_id, row.member_id, subject=str(row.id), details={"how": how.value})
                await self._core.ledger.record(session, act)
            await self.asking.settled(session, row, keep_question=on_question)
            await self.asking.redraw(session, row)
            return promise_of(row)

    async def move(self, who: Who, promise_id: int, by: str, *, on_question: bool = False) -> Promise:
        """Ask about it at another time. `on_question` as in `answer`. Raises `InvalidInput`, `AlreadyDone` when it is closed."""
        now = self._core.clock.now()
        found = await self.own(who, promise_id)
        config = await self._core.configs.guild(found.guild_id)
        async with self._core.db.begin() as session:
            member = await member_storage.change_member(session, found.guild_id, found.member_id)
            row = await self._lock(who, session, promise_id)
            rules.check_open(State(row.state))
            zone = member.zone or config.zone
            due_at, nominal = read_due(by, now, zone, who.locale)
            await self.asking.settled(session, row, keep_question=on_question)
            row.due_at, row.nominal, row.zone = due_at, nominal, zone
            row.moves, row.asked_at = row.moves + 1, None
            await self.asking.expect(session, row, member)
            await self.asking.redraw(session, row)
            return promise_of(row)

    async def change_words(self, who: Who, promise_id: int, what: str) -> Promise:
        """Say it differently. Raises `InvalidInput`, `AlreadyDone` when it is closed."""
        words = rules.check_words(clean(what))
        async with self._core.db.begin() as session:
            row = await self._lock(who, session, promise_id)
            rules.check_open(State(row.state))
            row.text = words
            await self.asking.redraw(session, row)
            await self.asking.redraw_question(session, row)
            return promise_of(row)

    async def take_back(self, who: Who, promise_id: int) -> None:
        """As if it had never been made: the card goes, and nothing of it stays. Raises `AlreadyDone` once it is answered."""
        async with self._core.db.begin() as session:
            row = await self._lock(who, session, promise_id)
            rules.check_answerable(State(row.state))
            await self.asking.settled(session, row, keep_question=False)
            await self.asking.take_away(session, row)
            if row.act_id is not None:
                await self._core.ledger.retract(session, row.act_id, reason="taken back")
            await session.delete(row)

    async def take_card_away(self, who: Who, promise_id: int) -> Promise:
        """The promise stays its maker's own. The question in a channel goes too, once it is answered."""
        async with self._core.db.begin() as session:
            row = await self._lock(who, session, promise_id)
            await self.asking.take_away(session, row)
            if State(row.state) is State.OPEN:
                await self.asking.redraw_question(session, row)
            else:
                await self.asking.settled(session, row, keep_question=False)
            return promise_of(row)

    async def cheer(self, actor: Actor, promise_id: int) -> Promise:
        """Cheer somebody on, once. Raises `AlreadyDone`, `InvalidInput` for one's own."""
        async with self._core.db.begin() as session:
            row = await storage.lock_promise(session, promise_id)
            if row is None or row.guild_id != actor.guild_id or not row.public:
                raise gone()
            if row.member_id == actor.member_id:
                raise InvalidInput("This one is yours: the others cheer, and you do it.")
            rules.check_cheerable(State(row.state))
            if not await storage.add_cheer(session, row, actor.member_id, self._core.clock.now()):
                raise AlreadyDone("You are cheering already, and your name is on the card.")
            await self.asking.redraw(session, row)
            return promise_of(row)

    async def find(self, promise_id: int) -> Promise | None:
        """The promise with who cheers, for drawing it."""
        async with self._core.db.read() as session:
            row = await storage.find_promise(session, promise_id)
            if row is None:
                return None
            return promise_of(row, rules.cheers_of(await storage.list_cheers(session, promise_id)))

    async def card_of(self, promise: Promise) -> int | None:
        """The message that is its card, where that is known."""
        async with self._core.db.read() as session:
            return await storage.find_card(session, promise.id)

    # ------------------------------------------------------------------------------------------ cards that go

    async def messages_deleted(self, guild_id: int, channel_id: int, message_ids: Collection[int]) -> None:
        """Somebody deleted messages. A promise whose card was among them lives on privately."""
        if channel_id not in self._channels:
            return
        async with self._core.db.begin() as session:
            for promise_id in await storage.find_by_message(session, guild_id, channel_id, message_ids):
                row = await storage.lock_promise(session, promise_id)
                if row is not None:
                    row.public = False
                    await self.asking.redraw_question(session, row)

    async def channels(self, guild_id: int) -> set[int]:
        """The channels that open promises name."""
        async with self._core.db.read() as session:
            return await storage.list_channels(session, guild_id)

    async def lose_channel(self, guild_id: int, channel_id: int) -> None:
        """A channel was deleted: its promises live on privately."""
        async with self._core.db.begin() as session:
            for row in await storage.list_in_channel(session, guild_id, channel_id):
                row.public, row.channel_id = False, None

    async def redraw_all(self, session: AsyncSession, guild_id: int) -> None:
        """Draw the cards of the last months again, because somebody who cheered on them was deleted."""
        since = self._core.clock.now() - DRAWN_FOR
        for each in await storage.list_public(session, guild_id, since=since):
            row = await storage.lock_promise(session, each.id)
            if row is not None:
                await self.asking.redraw(session, row, lane=Lane.BULK)

    # ------------------------------------------------------------------------------------------ staff

    async def list_public(self, actor: Actor) -> tuple[Promise, ...]:
        """The newest promises with a card. Raises `NotAllowed`."""
        await self._check_staff(actor)
        async with self._core.db.read() as session:
            return tuple(
                map(promise_of, await storage.list_public(session, actor.guild_id, limit=STAFF_LIST))
            )

    async def remove_card(self, actor: Actor, promise_id: int, why: str) -> Promise:
        """Staff take a card away; the promise stays its maker's own. Raises `NotAllowed`, `NotFound`."""
        await self._check_staff(actor)
        async with self._core.db.begin() as session:
            row = await storage.lock_promise(session, promise_id)
            if row is None or row.guild_id != actor.guild_id or not row.public:
                raise gone()
            await self.asking.take_away(session, row)
            await self.asking.redraw_question(session, row)
            await self._core.audit.record(
                session,
                actor,
                AREA,
                N_("took the card of a promise by {member} away"),
                why=clean(why)[:300] or None,
                member=f"<@{row.member_id}>",
            )
            return promise_of(row)

    async def _check_staff(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)

    # ------------------------------------------------------------------------------------------ shared

    async def _open(
        self, session: AsyncSession, guild_id: int, member: member_storage.MemberRow
    ) -> list[storage.PromiseRow]:
        """The open ones of a member whose row is locked, without those that a missed job should have closed."""
        now = self._core.clock.now()
        found: list[storage.PromiseRow] = []
        for row in await storage.list_open(session, guild_id, member.member_id):
            if rules.closes_at(row.asked_at or row.due_at, member.paused_until) <= now:
                await self.asking.close(session, row)
            else:
                found.append(row)
        return found

    async def _lock(self, who: Who, session: AsyncSession, promise_id: int) -> storage.PromiseRow:
        return await self._checked(who, await storage.lock_promise(session, promise_id))

    async def _checked(self, who: Who, row: storage.PromiseRow | None) -> storage.PromiseRow:
        return await check_own(self._core.features, AREA, who, row, gone=gone, somebody_elses=somebody_elses)


def read_due(typed: str, now: datetime, zone: str, locale: str | None) -> tuple[datetime, str | None]:
    """When to ask (UTC), and the same by the clock in `zone`; None of it for a span. Raises `InvalidInput`."""
    moment = parse_moment(typed, now=now, zone=zone, locale=locale or "en", end_of_day=True)
    if moment.is_span:
        rules.check_due(moment.at, now)
        return moment.at, None
    local = rules.asked_at(moment.local, local_now(now, zone), has_time=moment.has_time)
    due_at = to_instant(local, zone)
    rules.check_due(due_at, now)
    return due_at, local.isoformat()
