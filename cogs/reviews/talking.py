"""What becomes of a review: its author reads, rates and answers it, changes the work, and either side closes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput
from bot.i18n import Translator
from bot.own import Who
from bot.text import clean
from cogs.reviews import rules
from cogs.reviews.keeping import Keeping
from cogs.reviews.model import (
    AREA,
    RATED,
    TALK_RENDERER,
    Availability,
    Mine,
    Reply,
    Review,
    Work,
    gone,
    review_of,
    somebody_elses,
    work_of,
)
from cogs.reviews.rules import State
from storage import review_reading as reading
from storage import review_wishes
from storage import reviews as storage

MOST_REPLIES = 30
LISTED = 25  # as many as one menu of Discord holds


class Talking:
    """The use cases after a review was given."""

    def __init__(self, core: Core, keeping: Keeping) -> None:
        self._core = core
        self._keeping = keeping

    async def read(self, who: Who, review_id: int) -> Review:
        """A review that was given, with what was said about it, for its author or its writer."""
        async with self._core.db.read() as session:
            row = await storage.find_review(session, review_id)
            work = await storage.find_work(session, row.work_id) if row is not None else None
            replies = await storage.list_replies(session, review_id)
        if row is None or work is None:
            raise gone()
        await self._check(who, work, row)
        return self._seen(row, work, replies)

    async def find(self, review_id: int) -> Review | None:
        """The same for drawing it, whoever asks."""
        async with self._core.db.read() as session:
            row = await storage.find_review(session, review_id)
            work = await storage.find_work(session, row.work_id) if row is not None else None
        return review_of(row, work) if row is not None and work is not None else None

    async def reply(self, who: Who, review_id: int, text: str) -> Review:
        """Answer to a review, or to an answer. The other side is told, once of several in a row.

        Raises `InvalidInput`, `AlreadyDone`.
        """
        text = clean(text)[: rules.LONGEST_REPLY]
        if not text:
            raise InvalidInput("Write a line, then send it.")
        async with self._core.db.begin() as session:
            work, row = await self._lock(who, session, review_id)
            if row.closed_at is not None:
                raise AlreadyDone("This review is closed. Thank you both!")
            replies = await storage.list_replies(session, row.id)
            if len(replies) >= MOST_REPLIES:
                raise InvalidInput(
                    "This has become a long talk. Go on in a channel or by message, if you like."
                )
            reply = storage.ReviewReplyRow(
                guild_id=row.guild_id,
                review_id=row.id,
                member_id=who.member_id,
                text=text,
                at=self._core.clock.now(),
            )
            session.add(reply)
            await session.flush()
            last = replies[-1] if replies else None
            if last is None or rules.is_worth_telling(
                was_same=last.member_id == who.member_id, last_at=last.at, at=reply.at
            ):
                key = f"{TALK_RENDERER}:{row.id}:{reply.id}"
                await self._keeping.telling.other_side(session, work, row, key, who.member_id)
            await self._show(session, work)
            return self._seen(row, work, (*replies, reply))

    async def change(self, who: Who, work_id: int, content: str, changed: str) -> Work:
        """The author has a new version. Whoever reviewed the last one is told, and anybody may review it again.

        Who has a review in hand goes on with the new version, and what they wrote so far is kept.
        """
        content = rules.check_content(clean(content))
        async with self._core.db.begin() as session:
            work = await self._own(who, session, work_id)
            if work.state != storage.OPEN:
                raise AlreadyDone(
                    "This work is closed. {command} asks for a new review.", command="`/review request`"
                )
            reviews = await storage.list_reviews(session, [work.id])
            rows = [each for each in reviews if each.state == State.GIVEN]
            if any(each.version == work.version for each in rows):
                work.version += 1  # else nobody has written about this version, so it is not a new one
            work.content, work.changed = content, clean(changed)[: rules.LONGEST_FOCUS]
            for each in reviews:
                if each.state != State.GIVEN:
                    each.version = work.version
            await self._keeping.redraw(session, work)
            newest = {each.reviewer_id: each for each in rows}
            in_hand = {each.reviewer_id: each for each in reviews if each.state in rules.HELD}
            for each in (newest | in_hand).values():
                is_told = each.closed_at is None and each.version < work.version
                if is_told or each.state in rules.HELD:
                    key = f"{TALK_RENDERER}:{each.id}:v{work.version}:{work.edits}"
                    await self._keeping.telling.reviewer(session, work, each, key)
            return work_of(work)

    async def rate(self, who: Who, review_id: int, rating: tuple[int, int, int], why: str) -> Review:
        """The author says how the review was. It can be said again, and the last word counts."""
        if any(not 0 <= each <= 2 for each in rating):
            raise InvalidInput("That cannot be chosen any more. Please open the form again.")
        async with self._core.db.begin() as session:
            work, row = await self._lock(who, session, review_id)
            if work.author_id != who.member_id:
                raise somebody_elses()
            row.helpful, row.specific, row.kind = rating
            row.rated_why = clean(why)[: rules.LONGEST_FOCUS] or None
            details = {"work_id": work.id}
            act = Act(RATED, row.guild_id, who.member_id, str(row.id), details, other_id=row.reviewer_id)
            await self._core.ledger.record(session, act)
            return review_of(row, work)

    async def close(self, who: Who, review_id: int) -> Review:
        """Either side has nothing to add, and the other one is told. Raises `AlreadyDone`."""
        async with self._core.db.begin() as session:
            work, row = await self._lock(who, session, review_id)
            if row.closed_at is not None:
                raise AlreadyDone("This review is closed. Thank you both!")
            now = row.closed_at = self._core.clock.now()
            key = f"{TALK_RENDERER}:{row.id}:closed:{int(now.timestamp())}"
            await self._keeping.telling.other_side(session, work, row, key, who.member_id, is_closed=1)
            await self._show(session, work)
            return self._seen(row, work, await storage.list_replies(session, row.id))

    async def reopen(self, who: Who, review_id: int) -> Review:
        """Either side takes the closing back, for a day. Raises `AlreadyDone`."""
        async with self._core.db.begin() as session:
            work, row = await self._lock(who, session, review_id)
            if row.closed_at is not None and not rules.can_reopen(row.closed_at, self._core.clock.now()):
                raise AlreadyDone("This was closed more than a day ago, so it stays closed. Thank you both!")
            row.closed_at = None
            await self._show(session, work)
            return self._seen(row, work, await storage.list_replies(session, row.id))

    async def close_work(self, who: Who, work_id: int) -> Work:
        """The author needs no (more) reviews. Who has one in hand is told so by their card. Raises `AlreadyDone`."""
        async with self._core.db.begin() as session:
            work = await self._own(who, session, work_id)
            if work.state != storage.OPEN:
                raise AlreadyDone("This work is closed already.")
            await self._keeping.close(session, work)
            return work_of(work)

    async def reopen_work(self, who: Who, work_id: int) -> Work:
        """The author takes the closing back, for a day: it waits again if it did. Raises `AlreadyDone`."""
        async with self._core.db.begin() as session:
            work = await self._own(who, session, work_id)
            if work.state != storage.OPEN and not rules.can_reopen(work.closed_at, self._core.clock.now()):
                raise AlreadyDone(
                    "This was closed more than a day ago. {command} asks for a new review.",
                    command="`/review request`",
                )
            if work.state != storage.OPEN:
                work.state, work.closed_at = storage.OPEN, None
                await self._keeping.redraw(session, work)
                if work.round_id is not None:
                    await self._keeping.expect_fill(session, work.guild_id, work.round_id)
                elif work.first_review_at is None:  # in a round, they are asked when nobody of it can be
                    await self._keeping.expect_duty(session, work)
            return work_of(work)

    async def own_work(self, who: Who, work_id: int) -> Work:
        """One of the member's own works. Raises `NotFound`, `NotAllowed`."""
        async with self._core.db.read() as session:
            row = await storage.find_work(session, work_id)
        return work_of(await self._checked(who, row))

    async def mine(self, actor: Actor, page: int = 0) -> Mine:
        """What the member gave and received, a page of it, and how authors found it."""
        async with self._core.db.read() as session:
            given, received, waiting = await storage.count_given_and_received(
                session, actor.guild_id, actor.member_id
            )
            pages = max(1, -(-await reading.count_of(session, actor.guild_id, actor.member_id) // LISTED))
            page = min(max(page, 0), pages - 1)
            rows = await reading.list_of(
                session, actor.guild_id, actor.member_id, limit=LISTED, offset=page * LISTED
            )
            rated = await reading.list_ratings(session, actor.guild_id, actor.member_id)
        people = len({each[4] for each in rated})
        ratings = rules.ratings([each[:3] for each in rated], people=people)
        return Mine(
            member_id=actor.member_id,
            given=given,
            received=received,
            is_overdrawn=rules.is_overdrawn(given, received, waiting),
            ratings=ratings,
            # In an order that tells nobody which was the last, and with it whose it is.
            said=tuple(sorted(each[3] for each in rated if each[3])) if ratings is not None else (),
            reviews=tuple(review_of(row, work) for row, work in rows),
            page=page,
            pages=pages,
        )

    async def card_line(
        self, session: AsyncSession, guild_id: int, member_id: int, t: Translator
    ) -> str | None:
        """What a member's card says of reviews; nothing before the first one."""
        given, received, _ = await storage.count_given_and_received(session, guild_id, member_id)
        return (
            t("{given} given, {received} received", given=given, received=received)
            if given or received
            else None
        )

    async def availability(self, actor: Actor) -> Availability:
        """How many reviews the member takes, and when."""
        async with self._core.db.read() as session:
            row = await review_wishes.find_availability(session, actor.guild_id, actor.member_id)
        if row is None:
            return Availability(None, rules.EVERY_DAY, volunteers=False)
        return Availability(row.per_week, row.weekdays, row.volunteers)

    async def set_availability(
        self, actor: Actor, per_week: str, weekdays: list[int], *, volunteers: bool
    ) -> Availability:
        """Say it. Raises `InvalidInput`."""
        digits = per_week.strip()
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= 4
        if not is_number or int(digits) > rules.MOST_PER_WEEK:
            raise InvalidInput(
                "Write how many reviews a week you take at most, from 0 to {most}.", most=rules.MOST_PER_WEEK
            )
        mask = sum({1 << each for each in weekdays if 0 <= each <= 6}) or rules.EVERY_DAY
        async with self._core.db.begin() as session:
            await review_wishes.set_availability(
                session,
                actor.guild_id,
                actor.member_id,
                per_week=int(digits),
                weekdays=mask,
                volunteers=volunteers,
            )
        return Availability(int(digits), mask, volunteers)

    # ------------------------------------------------------------------------------------------ shared

    async def _show(self, session: AsyncSession, work: storage.ReviewWorkRow) -> None:
        """Say in the thread of the work how it is now."""
        work.edits += 1
        await session.flush()
        await self._keeping.rooms.redraw(session, work)

    def _seen(
        self,
        row: storage.ReviewRow,
        work: storage.ReviewWorkRow,
        replies: Sequence[storage.ReviewReplyRow],
    ) -> Review:
        review = review_of(row, work, tuple(Reply(each.member_id, each.text, each.at) for each in replies))
        return replace(review, can_reopen=rules.can_reopen(row.closed_at, self._core.clock.now()))

    async def _lock(
        self, who: Who, session: AsyncSession, review_id: int
    ) -> tuple[storage.ReviewWorkRow, storage.ReviewRow]:
        held = await storage.lock_review(session, review_id)
        if held is None:
            raise gone()
        await self._check(who, *held)
        return held

    async def _check(self, who: Who, work: storage.ReviewWorkRow, row: storage.ReviewRow) -> None:
        if who.guild_id not in (None, row.guild_id) or row.state != State.GIVEN:
            raise gone()
        if who.member_id not in (work.author_id, row.reviewer_id):
            raise somebody_elses()
        if who.guild_id is None:
            await self._core.features.require(row.guild_id, AREA)

    async def _own(self, who: Who, session: AsyncSession, work_id: int) -> storage.ReviewWorkRow:
        return await self._checked(who, await storage.lock_work(session, work_id))

    async def _checked(self, who: Who, row: storage.ReviewWorkRow | None) -> storage.ReviewWorkRow:
        if row is None or who.guild_id not in (None, row.guild_id) or row.state == storage.PLANNED:
            raise gone()
        if row.author_id != who.member_id:
            raise somebody_elses()
        if who.guild_id is None:
            await self._core.features.require(row.guild_id, AREA)
        return row
