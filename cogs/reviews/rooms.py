"""A thread for each work that was reviewed, in which its author and its reviewers can talk. Within the caller's transaction.

Only where nobody is hidden: a thread shows who is in it. Who is kept apart from somebody in it is not shown in; where no
thread can be opened, the cards do all of it. Each review asks for the thread: while it is there, it is used again. On
top of it stands how the work is at present.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.outbox import Effect, EffectKind, Lane
from cogs.reviews import rules
from cogs.reviews.model import (
    ROOM_CARD_RENDERER,
    ROOM_RENDERER,
    ROOM_TOP_RENDERER,
    ReviewSettings,
    Work,
    work_of,
)
from cogs.reviews.rules import Mode, Stage, State
from storage import review_reading as reading
from storage import reviews as storage
from storage.outbox import OutboxRow

KeyOf = Callable[[storage.ReviewRow], str]


@dataclass(frozen=True)
class Room:
    """A work as those in its thread see it."""

    work: Work
    stage: Stage


class Rooms:
    """Plans threads."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def let_in(
        self, session: AsyncSession, work: storage.ReviewWorkRow, review: storage.ReviewRow
    ) -> None:
        """Somebody has reviewed the work: open its thread if there is none, and show them in."""
        settings = await self._core.configs.present(session, work.guild_id, ReviewSettings)
        channel_id = work.channel_id or settings.channel_id
        if work.mode != Mode.OPEN or channel_id is None or await self._is_apart(session, work, review):
            return
        room = Effect(
            kind=EffectKind.OPEN_ROOM,
            key=room_key(review),
            guild_id=work.guild_id,
            channel_id=channel_id,
            renderer=ROOM_RENDERER,
            arguments={"work_id": work.id, "reviewer_id": review.reviewer_id},
            lane=Lane.SCHEDULED,
        )
        top = Effect(
            kind=EffectKind.POST,
            key=top_key(review),
            guild_id=work.guild_id,
            channel_id=channel_id,
            member_id=work.author_id,
            renderer=ROOM_TOP_RENDERER,
            arguments={"work_id": work.id, "channel_id": channel_id},
            lane=Lane.SCHEDULED,
            after=room.key,
        )
        card = Effect(
            kind=EffectKind.POST,
            key=f"{ROOM_CARD_RENDERER}:{review.id}",
            guild_id=work.guild_id,
            channel_id=channel_id,
            member_id=review.reviewer_id,
            renderer=ROOM_CARD_RENDERER,
            arguments={"review_id": review.id, "channel_id": channel_id},
            lane=Lane.SCHEDULED,
            after=room.key,
        )
        await self._core.outbox.plan(session, room, top, card)

    async def redraw(self, session: AsyncSession, work: storage.ReviewWorkRow) -> None:
        """Show in the thread how the work is now. `edits` was counted up since the last time."""
        if work.mode != Mode.OPEN or work.first_review_at is None:
            return
        tops = [
            each for each in await self._list(session, work.id, top_key) if each.outcome in (None, "sent")
        ]
        if tops:
            top = max(tops, key=lambda each: (each.outcome == "sent", each.id))
            edit = Effect(
                kind=EffectKind.EDIT,
                key=f"{ROOM_TOP_RENDERER}.edit:{work.id}:{work.edits}",
                guild_id=work.guild_id,
                channel_id=top.channel_id,
                member_id=work.author_id,
                renderer=ROOM_TOP_RENDERER,
                arguments=top.arguments,
                lane=Lane.SCHEDULED,
                after=top.key,
            )
            await self._core.outbox.plan(session, edit)

    async def close(self, session: AsyncSession, work: storage.ReviewWorkRow) -> None:
        """The work is closed, and so is its thread. Whoever writes there opens it again."""
        rooms = await self._list(session, work.id, room_key)
        if rooms and work.closed_at is not None:
            effect = Effect(
                kind=EffectKind.CLOSE_ROOM,
                key=f"{ROOM_RENDERER}:{work.id}:close:{int(work.closed_at.timestamp())}",
                guild_id=work.guild_id,
                channel_id=rooms[-1].channel_id,
                lane=Lane.SCHEDULED,
                after=rooms[-1].key,
            )
            await self._core.outbox.plan(session, effect)

    # ------------------------------------------------------------------------------------------ looking

    async def find(self, work_id: int) -> Room | None:
        """A work as it is now; None when it is gone."""
        async with self._core.db.read() as session:
            work = await storage.find_work(session, work_id)
            if work is None:
                return None
            reviews = await storage.list_reviews(session, [work_id])
            answered = await reading.list_answered(session, work)
        given = [each for each in reviews if each.state == State.GIVEN]
        newest = [each for each in given if each.version == work.version]
        stage = rules.stage(
            is_closed=work.state != storage.OPEN
            or bool(newest and all(each.closed_at is not None for each in newest)),
            is_held=any(each.state in rules.HELD for each in reviews),
            is_reviewed=bool(newest),
            is_answered=any(each.id in answered for each in newest),
        )
        return Room(work_of(work), stage)

    async def find_thread(self, work_id: int) -> int | None:
        """The thread that was opened last for a work; it may have been deleted since."""
        async with self._core.db.read() as session:
            rooms = await self._list(session, work_id, room_key)
        return next((each.result_id for each in reversed(rooms) if each.result_id is not None), None)

    async def has_top(self, work_id: int, thread_id: int, but: str) -> bool:
        """Whether the thread says already how the work is, in a post other than that of the effect `but`."""
        async with self._core.db.read() as session:
            tops = await self._list(session, work_id, top_key)
        return any(
            each.channel_id == thread_id and each.outcome == "sent" and each.key != but for each in tops
        )

    # ------------------------------------------------------------------------------------------ shared

    async def _is_apart(
        self, session: AsyncSession, work: storage.ReviewWorkRow, review: storage.ReviewRow
    ) -> bool:
        """Whether the reviewer is kept apart from the author, or from somebody who was shown in."""
        blocked = await self._core.avoidances.list_blocked(session, work.guild_id)
        rooms = await self._list(session, work.id, room_key)
        people = {work.author_id, *(int(each.arguments["reviewer_id"]) for each in rooms)}
        mine = review.reviewer_id
        return any((min(mine, each), max(mine, each)) in blocked for each in people)

    async def _list(self, session: AsyncSession, work_id: int, key: KeyOf) -> list[OutboxRow]:
        """The effects of this kind for the reviews of a work, the oldest first."""
        reviews = await storage.list_reviews(session, [work_id])
        return await reading.list_effects(session, [key(each) for each in reviews])


def room_key(review: storage.ReviewRow) -> str:
    """The key of the effect that opens the thread of its work for a review."""
    return f"{ROOM_RENDERER}:{review.work_id}:{review.id}"


def top_key(review: storage.ReviewRow) -> str:
    """The key of the effect that then posts how the work is."""
    return f"{ROOM_TOP_RENDERER}:{review.work_id}:{review.id}"
