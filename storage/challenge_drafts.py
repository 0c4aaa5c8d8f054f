"""What people are writing for challenges and have not handed in. The challenges: `storage/challenges.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, Snowflake, insert_if_absent
from storage.personal import N_, Personal


class ChallengeDraftRow(Base):
    """What somebody is writing for a challenge and has not handed in."""

    __tablename__ = "challenge_drafts"
    personal: ClassVar = (
        Personal(
            what=N_("What you began to write for a challenge and did not submit"),
            keep_for=timedelta(days=60),
            since="updated_at",
        ),
    )
    impersonal: ClassVar = ("typed",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    challenge_id: Mapped[int] = mapped_column(
        ForeignKey("challenges.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    typed: Mapped[dict[str, Any]] = mapped_column()
    updated_at: Mapped[datetime] = mapped_column()


async def find_draft(
    session: AsyncSession, guild_id: int, challenge_id: int, member_id: int
) -> ChallengeDraftRow | None:
    return await session.get(ChallengeDraftRow, (guild_id, challenge_id, member_id), populate_existing=True)


async def keep_draft(
    session: AsyncSession,
    guild_id: int,
    challenge_id: int,
    member_id: int,
    typed: dict[str, Any],
    at: datetime,
) -> None:
    """Write down what somebody is writing, in place of what they wrote before."""
    key = {"guild_id": guild_id, "challenge_id": challenge_id, "member_id": member_id}
    added = await insert_if_absent(
        session, ChallengeDraftRow, [key | {"typed": typed, "updated_at": at}], list(key)
    )
    if not added:
        row = await session.get_one(
            ChallengeDraftRow,
            (guild_id, challenge_id, member_id),
            with_for_update=True,
            populate_existing=True,
        )
        row.typed, row.updated_at = typed, at
        await session.flush()


async def drop_draft(session: AsyncSession, guild_id: int, challenge_id: int, member_id: int) -> None:
    key = {"guild_id": guild_id, "challenge_id": challenge_id, "member_id": member_id}
    await session.execute(delete(ChallengeDraftRow).filter_by(**key))


async def list_drafts(session: AsyncSession, guild_id: int, member_id: int) -> Sequence[ChallengeDraftRow]:
    query = select(ChallengeDraftRow).filter_by(guild_id=guild_id, member_id=member_id)
    return list(await session.scalars(query.order_by(ChallengeDraftRow.challenge_id.desc())))
