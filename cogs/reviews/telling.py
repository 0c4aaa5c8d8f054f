"""What authors and reviewers are told, each as they wish. Within the caller's transaction.

About a work of a blind round nothing is told in a channel, where a mention would say who is behind it: only by DM, or
beside the next private answer.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.notify import Notification
from bot.outbox import Lane
from cogs.reviews.model import (
    ASSIGNED_KIND,
    ASSIGNED_RENDERER,
    NUDGE_KIND,
    NUDGE_RENDERER,
    RECEIVED_KIND,
    RECEIVED_RENDERER,
    TALK_KIND,
    TALK_RENDERER,
    ReviewSettings,
)
from cogs.reviews.rules import Mode, State
from storage import members as member_storage
from storage import notifications as notification_storage
from storage import reviews as storage
from storage.personal import NOBODY

ONE_A_DAY = timedelta(hours=20)  # less than a day, so that tomorrow's may come at the same hour


class Telling:
    """Plans notifications."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def assigned_key(self, review: storage.ReviewRow) -> str:
        """What a reviewer is told under of all that a round gives them; `review` is one of it."""
        return f"{ASSIGNED_RENDERER}:{review.id}:{review.turn}"

    async def assigned(self, session: AsyncSession, told: storage.ReviewRow) -> bool:
        """Tell a reviewer of all that a round gave them with this one. False when they have nothing of it any more."""
        held = await storage.list_held(session, told.guild_id, told.reviewer_id)
        same = [each for each in held if each.state == State.ASSIGNED and each.taken_at == told.taken_at]
        review = next((each for each in same if each.id == told.id), same[0] if same else None)
        if review is None:
            return False
        key, arguments = self.assigned_key(review), {"review_id": review.id}
        work = await session.get_one(storage.ReviewWorkRow, review.work_id)
        await self._notify(
            session, work, ASSIGNED_KIND.name, key, review.reviewer_id, ASSIGNED_RENDERER, arguments
        )
        return True

    async def nudge(self, session: AsyncSession, key: str, row: storage.ReviewRow) -> bool:
        """Remind a reviewer, kindly, of all that they have in hand: once a day. False when that was done."""
        # Locks the member's row: two reminders at once come one after the other.
        await member_storage.change_member(session, row.guild_id, row.reviewer_id)
        since = self._core.clock.now() - ONE_A_DAY
        if await notification_storage.was_told(
            session, row.guild_id, row.reviewer_id, NUDGE_KIND.name, since
        ):
            return False
        arguments = {"review_id": row.id}
        work = await session.get_one(storage.ReviewWorkRow, row.work_id)
        await self._notify(session, work, NUDGE_KIND.name, key, row.reviewer_id, NUDGE_RENDERER, arguments)
        return True

    async def author(
        self,
        session: AsyncSession,
        work: storage.ReviewWorkRow,
        renderer: str,
        key: str,
        arguments: dict[str, int],
    ) -> None:
        await self._notify(session, work, RECEIVED_KIND.name, key, work.author_id, renderer, arguments)

    async def received(
        self, session: AsyncSession, work: storage.ReviewWorkRow, row: storage.ReviewRow
    ) -> None:
        """Tell the author of a review."""
        key = f"{RECEIVED_RENDERER}:{row.id}"
        await self.author(session, work, RECEIVED_RENDERER, key, {"review_id": row.id})

    async def reviewer(
        self, session: AsyncSession, work: storage.ReviewWorkRow, row: storage.ReviewRow, key: str
    ) -> None:
        """Tell the reviewer that the author answered, or changed the work."""
        arguments = {"review_id": row.id}
        await self._notify(session, work, TALK_KIND.name, key, row.reviewer_id, TALK_RENDERER, arguments)

    async def other_side(
        self,
        session: AsyncSession,
        work: storage.ReviewWorkRow,
        row: storage.ReviewRow,
        key: str,
        member_id: int,
        **more: int,
    ) -> None:
        """Of author and reviewer, tell the one who did not do it."""
        arguments = {"review_id": row.id, **more}
        is_author = member_id == work.author_id
        other, kind = (row.reviewer_id, TALK_KIND) if is_author else (work.author_id, RECEIVED_KIND)
        await self._notify(session, work, kind.name, key, other, TALK_RENDERER, arguments)

    async def _notify(
        self,
        session: AsyncSession,
        work: storage.ReviewWorkRow,
        kind: str,
        key: str,
        member_id: int,
        renderer: str,
        arguments: dict[str, int],
    ) -> None:
        if member_id == NOBODY:
            return
        settings = await self._core.configs.present(session, work.guild_id, ReviewSettings)
        is_blind = Mode(work.mode).hides_reviewer
        notification = Notification(
            kind=kind,
            key=key,
            guild_id=work.guild_id,
            member_id=member_id,
            renderer=renderer,
            channel_id=None if is_blind else settings.channel_id or work.channel_id,
            arguments=arguments,
            lane=Lane.SCHEDULED,
        )
        await self._core.notifier.notify(session, notification)
