"""Who may see which line of a member's card. A line without a row is private."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sqlalchemy import String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, Snowflake, insert_if_absent
from storage.personal import N_, Personal


class CardChoiceRow(Base):
    """One line of one member's card. `line` is the line's key, `shown_to` one of `bot.member_card.ShownTo`."""

    __tablename__ = "card_choices"
    personal: ClassVar = (Personal(what=N_("Who may see which line of your card")),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    line: Mapped[str] = mapped_column(String(40), primary_key=True)
    shown_to: Mapped[str] = mapped_column(String(16))


async def list_choices(session: AsyncSession, guild_id: int, member_id: int) -> dict[str, str]:
    """The member's choices: the line's key to who may see it."""
    query = select(CardChoiceRow.line, CardChoiceRow.shown_to)
    found = await session.execute(query.filter_by(guild_id=guild_id, member_id=member_id))
    return {each.line: each.shown_to for each in found}


async def find_choice(session: AsyncSession, guild_id: int, member_id: int, line: str) -> str | None:
    """Who may see one line; None when the member never chose."""
    query = select(CardChoiceRow.shown_to).filter_by(guild_id=guild_id, member_id=member_id, line=line)
    return await session.scalar(query)


async def set_choices(
    session: AsyncSession, guild_id: int, member_id: int, choices: Mapping[str, str]
) -> None:
    """Write the choices for these lines; those for other lines stay."""
    mine = delete(CardChoiceRow).filter_by(guild_id=guild_id, member_id=member_id)
    await session.execute(mine.where(CardChoiceRow.line.in_(choices)))
    rows = [
        {"guild_id": guild_id, "member_id": member_id, "line": line, "shown_to": shown_to}
        for line, shown_to in choices.items()
    ]
    await insert_if_absent(session, CardChoiceRow, rows)
