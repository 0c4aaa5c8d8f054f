"""What members do with reviews: ask for one, take one, write it. The order of locks is: the work, then its reviews."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput
from bot.outbox import Posted
from bot.own import Who
from bot.text import clean
from bot.time_input import parse_moment
from cogs.reviews import rules
from cogs.reviews.drafts import WAS_THIN, next_page, read_page
from cogs.reviews.keeping import Keeping
from cogs.reviews.model import (
    AREA,
    GIVEN,
    Asked,
    Inbox,
    Review,
    ReviewSettings,
    Work,
    WorkCard,
    Written,
    count_reviewers,
    find_rubric,
    gone,
    review_of,
    somebody_elses,
    words_of,
    work_of,
)
from cogs.reviews.rubrics import pages, to_json
from cogs.reviews.rules import Mode, State, Wait
from cogs.reviews.training.licences import Licences
from storage import members as member_storage
from storage import review_reading as reading
from storage import reviews as storage

OFFERED = 25  # as many as one menu of Discord holds
COMPARED = 20  # earlier reviews of the writer that a new one is compared with


class ReviewsService:
    """The use cases."""

    def __init__(self, core: Core, keeping: Keeping) -> None:
        self._core = core
        self._keeping = keeping

    # ------------------------------------------------------------------------------------------ asking

    async def request(self, actor: Actor, typed: Mapping[str, Any], *, channel_id: int | None) -> Asked:
        """Ask for a review: `content`, `focus`, `tried`, `minutes` and `deadline`, in the member's own words.

        `channel_id` is where they are. Raises `InvalidInput`, `LimitReached`.
        """
        now = self._core.clock.now()
        content = rules.check_content(clean(str(typed.get("content") or "")))
        minutes = str(typed.get("minutes") or "20")
        if minutes not in map(str, rules.EFFORTS):
            raise InvalidInput("Choose 10, 20 or 40 minutes.")
        settings = await self._core.configs.get(actor.guild_id, ReviewSettings)
        config = await self._core.configs.guild(actor.guild_id)
        async with self._core.db.begin() as session:
            member = await member_storage.change_member(session, actor.guild_id, actor.member_id)
            deadline = self._deadline(str(typed.get("deadline") or ""), member.zone or config.zone, actor)
            given, received, waiting = await storage.count_given_and_received(
                session, actor.guild_id, actor.member_id
            )
            rules.check_waiting(waiting)
            row = storage.ReviewWorkRow(
                guild_id=actor.guild_id,
                author_id=actor.member_id,
                mode=Mode.OPEN.value,
                title=_title(content),
                content=content,
                focus=clean(str(typed.get("focus") or ""))[: rules.LONGEST_FOCUS],
                tried=clean(str(typed.get("tried") or ""))[: rules.LONGEST_FOCUS],
                minutes=int(minutes),
                rubric=to_json(find_rubric(settings.rubric)),
                wanted=settings.per_work,
                deadline_at=deadline,
                overdrawn=rules.is_overdrawn(given, received, waiting),
                channel_id=settings.channel_id or channel_id,
                asked_at=now,
            )
            session.add(row)
            await session.flush()
            await self._keeping.post(session, row)
            await self._keeping.expect_duty(session, row)
            place, wait = await self._place_and_wait(session, row)
            return Asked(work_of(row), place or 1, wait)

    def _deadline(self, typed: str, zone: str, actor: Actor) -> datetime | None:
        if not typed.strip():
            return None
        now = self._core.clock.now()
        moment = parse_moment(typed, now=now, zone=zone, locale=actor.locale or "en", end_of_day=True)
        return rules.check_deadline(moment.at, now)

    async def place(self, actor: Actor, work_id: int, posted: Posted) -> None:
        """The file of a work was posted."""
        async with self._core.db.begin() as session:
            row = await storage.lock_work(session, work_id)
            key = f"reviews.file:{work_id}"
            await self._core.outbox.note_posted(
                session, key, posted, guild_id=actor.guild_id, member_id=actor.member_id
            )
            if row is not None and row.author_id == actor.member_id:
                row.content = f"{row.content[: rules.LONGEST_CONTENT - len(posted.link) - 1]}\n{posted.link}"
                await self._keeping.redraw(session, row)

    async def card(self, work_id: int) -> WorkCard | None:
        """A work as everybody sees it; None when it is gone."""
        async with self._core.db.read() as session:
            row = await storage.find_work(session, work_id)
            if row is None or row.state == storage.PLANNED:
                return None
            rows = await storage.list_reviews(session, [row.id])
            place, wait = await self._place_and_wait(session, row)
        holder = next((each for each in rows if each.state in rules.HELD), None)
        return WorkCard(
            work=work_of(row),
            holder=holder.reviewer_id if holder is not None else None,
            held_until=holder.ends_at if holder is not None else None,
            given=count_reviewers(rows),
            waits=not any(each.state == State.GIVEN and each.version == row.version for each in rows),
            place=place,
            wait=wait,
        )

    # ------------------------------------------------------------------------------------------ taking

    async def claim(self, actor: Actor, work_id: int) -> Review:
        """Take a review, for half an hour at first. Raises `NotFound`, `AlreadyDone`, `InvalidInput`, `LimitReached`."""
        async with self._core.db.begin() as session:
            work = await storage.lock_work(session, work_id)
            # Locks the member's row, after the work's as everywhere: two claims are counted one after the other.
            await member_storage.change_member(session, actor.guild_id, actor.member_id)
            if work is None or work.guild_id != actor.guild_id or work.state == storage.PLANNED:
                raise gone()
            rows = [
                each
                for each in await storage.list_reviews(session, [work.id])
                if each.version == work.version
            ]
            claimed = await storage.list_held(session, actor.guild_id, actor.member_id)
            rules.check_claim(
                is_author=work.author_id == actor.member_id,
                is_open=work.state == storage.OPEN,
                holders=[each.reviewer_id for each in rows if each.state in rules.HELD],
                given_by=[each.reviewer_id for each in rows if each.state == State.GIVEN],
                wanted=work.wanted,
                held=sum(each.state == State.CLAIMED for each in claimed),
                member_id=actor.member_id,
                are_apart=await self._core.avoidances.are_apart(
                    session, actor.guild_id, actor.member_id, work.author_id
                ),
                needs_training=await self._needs_training(session, actor),
            )
            row = await self._keeping.claim(session, work, actor.member_id)
            return review_of(row, work)

    async def _needs_training(self, session: AsyncSession, actor: Actor) -> bool:
        """Whether the community wants trained reviewers only, and this is none yet."""
        settings = await self._core.configs.present(session, actor.guild_id, ReviewSettings)
        return settings.only_trained and not await Licences(self._core).is_reviewer(session, actor)

    async def extend(self, who: Who, review_id: int) -> Review:
        """Keep a claim for half an hour more. Raises `LimitReached`, `AlreadyDone` when it is not theirs any more."""
        async with self._core.db.begin() as session:
            work, row = await self._held(who, session, review_id)
            if row.state != State.CLAIMED or row.ends_at is None:
                raise AlreadyDone("You have days for this one, so there is nothing to extend.")
            row.ends_at = rules.extended(row.ends_at, row.extensions, self._core.clock.now())
            row.extensions += 1
            await self._keeping.expect_end(session, row)
            await self._keeping.redraw(session, work)
            return review_of(row, work)

    async def give_back(self, who: Who, review_id: int) -> Review:
        """Somebody else may have it. Raises `AlreadyDone`."""
        async with self._core.db.begin() as session:
            work, row = await self._held(who, session, review_id)
            await self._keeping.release(session, work, row, tell_author=False)
            return review_of(row, work)

    # ------------------------------------------------------------------------------------------ writing

    async def begin(self, who: Who, review_id: int) -> Review:
        """The review with its draft, for whoever writes it."""
        async with self._core.db.read() as session:
            row = await storage.find_review(session, review_id)
            work = await storage.find_work(session, row.work_id) if row is not None else None
        row, work = await self._checked(who, row, work)
        return review_of(row, work)

    async def write(self, who: Who, review_id: int, page: int, typed: Mapping[str, Any]) -> Written:
        """Keep a page of the form, and give the review when it was the last and is not thin.

        Whatever else becomes of it, what was typed is kept. Raises `NotFound`, `NotAllowed`, `AlreadyDone` when it
        was given already.
        """
        async with self._core.db.begin() as session:
            work, row = await self._lock(who, session, review_id)
            if row.state == State.GIVEN:
                raise AlreadyDone("You have sent this review already. Thank you!")
            rubric = work_of(work).rubric
            draft = {**(row.draft or {}), **read_page(rubric, page, typed)}
            row.draft = draft
            await session.flush()
            if row.state not in rules.HELD:
                return Written(review_of(row, work), lost=True)
            missing = next_page(rubric, draft)
            if missing is not None:
                return Written(review_of(row, work), page=missing)
            thin = None if draft.get(WAS_THIN) else await self._thinness(session, work, row)
            if thin is not None:
                row.draft = {**draft, WAS_THIN: True}
                return Written(review_of(row, work), page=len(pages(rubric)) - 1, thin=thin)
            return await self._give(session, work, row)

    async def _thinness(
        self, session: AsyncSession, work: storage.ReviewWorkRow, row: storage.ReviewRow
    ) -> rules.Thin | None:
        """Why one line more would help: also where it is much as an earlier one, or as the work."""
        earlier = await reading.list_words(
            session, row.guild_id, row.reviewer_id, but=work.id, limit=COMPARED
        )
        about = f"{work.content} {work.focus} {work.tried}"
        said = [" ".join(words_of(each).values()) for each in earlier]
        return rules.thinness(words_of(row.draft or {}), about, said)

    async def send(self, who: Who, review_id: int) -> Written:
        """Give it as it is. Raises as `write` does, `InvalidInput` when nothing is written."""
        async with self._core.db.begin() as session:
            work, row = await self._lock(who, session, review_id)
            if row.state == State.GIVEN:
                raise AlreadyDone("You have sent this review already. Thank you!")
            if row.state not in rules.HELD:
                return Written(review_of(row, work), lost=True)
            missing = next_page(work_of(work).rubric, row.draft or {})
            if missing is not None:
                return Written(review_of(row, work), page=missing)
            return await self._give(session, work, row)

    async def _give(
        self, session: AsyncSession, work: storage.ReviewWorkRow, row: storage.ReviewRow
    ) -> Written:
        now = self._core.clock.now()
        answers = {name: value for name, value in (row.draft or {}).items() if name != WAS_THIN}
        row.state, row.answers, row.draft = State.GIVEN.value, answers, None
        row.given_at, row.ends_at = now, None
        if work.first_review_at is None:
            work.first_review_at = now
        await session.flush()
        details = {"work_id": work.id}
        act = Act(GIVEN, row.guild_id, row.reviewer_id, str(row.id), details, other_id=work.author_id)
        await self._core.ledger.record(session, act)
        await self._keeping.credit(session, row)
        await self._keeping.telling.received(session, work, row)
        await self._keeping.rooms.let_in(session, work, row)
        await self._keeping.redraw(session, work)
        return Written(review_of(row, work))

    # ------------------------------------------------------------------------------------------ looking

    async def inbox(self, actor: Actor) -> Inbox:
        """What waits for the member, what they asked for, and what they could take."""
        async with self._core.db.read() as session:
            held = await storage.list_held(session, actor.guild_id, actor.member_id)
            pool = await storage.list_pool(session, actor.guild_id)
            own = await storage.list_of_author(session, actor.guild_id, actor.member_id, limit=OFFERED)
            reviews = await storage.list_reviews(session, [each.id for each in own])
            taken = await storage.list_reviews(session, [each.id for each in pool])
            works = {each.id: await storage.find_work(session, each.work_id) for each in held}
            blocked = await self._core.avoidances.list_blocked(session, actor.guild_id)
            wait = await self._wait(session, actor.guild_id)
            needs_training = await self._needs_training(session, actor)
        by_id = {each.id: each for each in own}
        places = {each.id: number for number, each in enumerate(pool, start=1)}
        busy = {each.work_id for each in taken if each.state in rules.HELD}
        given = [each for each in reviews if each.state == State.GIVEN]
        return Inbox(
            held=tuple(review_of(each, work) for each in held if (work := works[each.id]) is not None),
            asked=tuple(
                (
                    work_of(each),
                    count_reviewers(other for other in given if other.work_id == each.id),
                    places.get(each.id),
                )
                for each in own
                if each.state == storage.OPEN
            ),
            unread=tuple(
                review_of(each, by_id[each.work_id])
                for each in given
                if each.helpful is None and each.closed_at is None
            ),
            pool=tuple(
                work_of(each)
                for each in pool
                if each.id not in busy
                and each.author_id != actor.member_id
                and (min(each.author_id, actor.member_id), max(each.author_id, actor.member_id))
                not in blocked
            )[:OFFERED],
            wait=wait,
            needs_training=needs_training,
        )

    async def place_of(self, work_id: int) -> tuple[Work, int | None, Wait | None] | None:
        """A work with its place in the queue and the usual wait."""
        async with self._core.db.read() as session:
            row = await storage.find_work(session, work_id)
            if row is None:
                return None
            return (work_of(row), *await self._place_and_wait(session, row))

    async def count_held(self, guild_id: int, member_id: int, round_id: int | None) -> int:
        """How many reviews of a round somebody has to write."""
        async with self._core.db.read() as session:
            held = await storage.list_held(session, guild_id, member_id)
            works = [await storage.find_work(session, each.work_id) for each in held]
        return sum(each is not None and each.round_id == round_id for each in works)

    async def _place_and_wait(
        self, session: AsyncSession, row: storage.ReviewWorkRow
    ) -> tuple[int | None, Wait | None]:
        pool = [each.id for each in await storage.list_pool(session, row.guild_id)]
        place = pool.index(row.id) + 1 if row.id in pool else None
        return place, await self._wait(session, row.guild_id)

    async def _wait(self, session: AsyncSession, guild_id: int) -> Wait | None:
        now = self._core.clock.now()
        return rules.waiting_time(await storage.list_waits(session, guild_id, now - rules.ASKED_WITHIN), now)

    # ------------------------------------------------------------------------------------------ shared

    async def _held(
        self, who: Who, session: AsyncSession, review_id: int
    ) -> tuple[storage.ReviewWorkRow, storage.ReviewRow]:
        work, row = await self._lock(who, session, review_id)
        if row.state not in rules.HELD:
            raise AlreadyDone(
                "This review is not in your hands any more. {command} shows what is.",
                command="`/review inbox`",
            )
        return work, row

    async def _lock(
        self, who: Who, session: AsyncSession, review_id: int
    ) -> tuple[storage.ReviewWorkRow, storage.ReviewRow]:
        held = await storage.lock_review(session, review_id)
        row, work = await self._checked(who, *(reversed(held) if held is not None else (None, None)))
        return work, row

    async def _checked(
        self, who: Who, row: Any, work: Any
    ) -> tuple[storage.ReviewRow, storage.ReviewWorkRow]:
        if (
            row is None
            or work is None
            or who.guild_id not in (None, row.guild_id)
            or row.state == State.PLANNED
        ):
            raise gone()
        if row.reviewer_id != who.member_id:
            raise somebody_elses()
        if who.guild_id is None:  # on a DM nobody has asked yet whether the feature is on
            await self._core.features.require(row.guild_id, AREA)
        return row, work


def _title(content: str) -> str:
    first = next((line.strip() for line in content.splitlines() if line.strip()), content)
    return first[:100]
