"""A thread for each work that was reviewed, in which its author and its reviewers can talk. Within the caller's transaction.

Only where nobody is hidden: a thread shows who is in it. Where no thread can be opened, the cards do all of it.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.outbox import Effect, EffectKind, Lane
from cogs.reviews.model import ROOM_CARD_RENDERER, ROOM_RENDERER, ReviewSettings
from cogs.reviews.rules import Mode
from storage import reviews as storage


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
        if work.mode != Mode.OPEN or channel_id is None:
            return
        room = Effect(
            kind=EffectKind.OPEN_ROOM,
            key=room_key(work.id),
            guild_id=work.guild_id,
            channel_id=channel_id,
            renderer=ROOM_RENDERER,
            arguments={"work_id": work.id, "reviewer_id": review.reviewer_id},
            lane=Lane.SCHEDULED,
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
        await self._core.outbox.plan(session, room, card)

    async def close(self, session: AsyncSession, work: storage.ReviewWorkRow) -> None:
        """The work is closed, and so is its thread. Whoever writes there opens it again."""
        settings = await self._core.configs.present(session, work.guild_id, ReviewSettings)
        channel_id = work.channel_id or settings.channel_id
        if work.mode != Mode.OPEN or channel_id is None or work.first_review_at is None:
            return
        effect = Effect(
            kind=EffectKind.CLOSE_ROOM,
            key=f"{room_key(work.id)}:close",
            guild_id=work.guild_id,
            channel_id=channel_id,
            lane=Lane.SCHEDULED,
            after=room_key(work.id),
        )
        await self._core.outbox.plan(session, effect)


def room_key(work_id: int) -> str:
    """The key of the effect that opens the thread of a work."""
    return f"{ROOM_RENDERER}:{work_id}"
