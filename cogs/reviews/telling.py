"""What authors and reviewers are told, each as they wish. Within the caller's transaction."""

from __future__ import annotations

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
from storage import reviews as storage
from storage.personal import NOBODY


class Telling:
    """Plans notifications."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def assigned_key(self, review: storage.ReviewRow) -> str:
        """What a reviewer is told under of all that a round gives them; `review` is one of it."""
        return f"{ASSIGNED_RENDERER}:{review.id}:{review.turn}"

    async def assigned(self, session: AsyncSession, review: storage.ReviewRow) -> None:
        """Tell a reviewer of all that a round gives them."""
        key, arguments = self.assigned_key(review), {"review_id": review.id}
        await self._notify(
            session,
            ASSIGNED_KIND.name,
            key,
            review.guild_id,
            review.reviewer_id,
            ASSIGNED_RENDERER,
            arguments,
        )

    async def nudge(self, session: AsyncSession, key: str, row: storage.ReviewRow) -> None:
        """Remind a reviewer, kindly."""
        arguments = {"review_id": row.id}
        await self._notify(
            session, NUDGE_KIND.name, key, row.guild_id, row.reviewer_id, NUDGE_RENDERER, arguments
        )

    async def author(
        self,
        session: AsyncSession,
        work: storage.ReviewWorkRow,
        renderer: str,
        key: str,
        arguments: dict[str, int],
    ) -> None:
        await self._notify(
            session,
            RECEIVED_KIND.name,
            key,
            work.guild_id,
            work.author_id,
            renderer,
            arguments,
            work.channel_id,
        )

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
        await self._notify(
            session,
            TALK_KIND.name,
            key,
            work.guild_id,
            row.reviewer_id,
            TALK_RENDERER,
            {"review_id": row.id},
            work.channel_id,
        )

    async def _notify(
        self,
        session: AsyncSession,
        kind: str,
        key: str,
        guild_id: int,
        member_id: int,
        renderer: str,
        arguments: dict[str, int],
        channel_id: int | None = None,
    ) -> None:
        if member_id == NOBODY:
            return
        settings = await self._core.configs.present(session, guild_id, ReviewSettings)
        notification = Notification(
            kind=kind,
            key=key,
            guild_id=guild_id,
            member_id=member_id,
            renderer=renderer,
            channel_id=settings.channel_id or channel_id,
            arguments=arguments,
            lane=Lane.SCHEDULED,
        )
        await self._core.notifier.notify(session, notification)
