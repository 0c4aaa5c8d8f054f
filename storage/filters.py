"""Own filters of messages: what a community chose, its lists, and how often each filter acted on which day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import Date, String, Text, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, Snowflake, insert_if_absent
from storage.personal import NOTHING_PERSONAL


class FilterSettingsRow(Base):
    """What each filter does ("off", "flag", "delete", "timeout 10"), its numbers, and whom and where none of them looks:
    ids of channels and roles, a line each."""

    __tablename__ = "filter_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    domains: Mapped[str] = mapped_column(String(16), default="off")
    look_alikes: Mapped[str] = mapped_column(String(16), default="off")
    invites: Mapped[str] = mapped_column(String(16), default="off")
    mentions: Mapped[str] = mapped_column(String(16), default="off")
    words: Mapped[str] = mapped_column(String(16), default="off")
    patterns: Mapped[str] = mapped_column(String(16), default="off")
    repeats: Mapped[str] = mapped_column(String(16), default="off")
    most_mentions: Mapped[int] = mapped_column(default=8)
    most_channels: Mapped[int] = mapped_column(default=3)
    most_in_a_row: Mapped[int] = mapped_column(default=5)
    exempt_channels: Mapped[str | None] = mapped_column(Text)
    exempt_roles: Mapped[str | None] = mapped_column(Text)


class FilterListRow(Base):
    """One list of staff, an entry a line."""

    __tablename__ = "filter_lists"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    entries: Mapped[int] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column()


class FilterDayRow(Base):
    """How many messages a filter acted on, on one day (UTC)."""

    __tablename__ = "filter_days"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    filter: Mapped[str] = mapped_column(String(16), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    hits: Mapped[int] = mapped_column(default=0)


async def get_lists(session: AsyncSession, guild_id: int) -> dict[str, tuple[str, ...]]:
    """Every list of a community, by name."""
    query = select(FilterListRow.name, FilterListRow.text).filter_by(guild_id=guild_id)
    return {name: tuple(text.splitlines()) for name, text in await session.execute(query)}


async def count_entries(session: AsyncSession, guild_id: int) -> dict[str, int]:
    query = select(FilterListRow.name, FilterListRow.entries).filter_by(guild_id=guild_id)
    return {row.name: row.entries for row in await session.execute(query)}


async def get_list(session: AsyncSession, guild_id: int, name: str) -> tuple[str, ...]:
    row = await session.get(FilterListRow, (guild_id, name))
    return tuple(row.text.splitlines()) if row is not None else ()


async def set_list(
    session: AsyncSession, guild_id: int, name: str, entries: tuple[str, ...], now: datetime
) -> None:
    """Put this list in the place of what stood there."""
    row = {
        "guild_id": guild_id,
        "name": name,
        "text": "\n".join(entries),
        "entries": len(entries),
        "changed_at": now,
    }
    if not await insert_if_absent(session, FilterListRow, [row], ["guild_id", "name"]):
        query = update(FilterListRow).filter_by(guild_id=guild_id, name=name)
        await session.execute(query.values(text=row["text"], entries=row["entries"], changed_at=now))


async def add_hits(session: AsyncSession, guild_id: int, day: date, hits: Mapping[str, int]) -> None:
    """Count what filters did on a day."""
    for name, count in sorted(hits.items()):
        row = {"guild_id": guild_id, "filter": name, "day": day, "hits": count}
        if not await insert_if_absent(session, FilterDayRow, [row], ["guild_id", "filter", "day"]):
            query = update(FilterDayRow).filter_by(guild_id=guild_id, filter=name, day=day)
            await session.execute(query.values(hits=FilterDayRow.hits + count))


async def count_hits(session: AsyncSession, guild_id: int, since: date) -> dict[str, int]:
    """How often each filter acted, from that day on."""
    query = (
        select(FilterDayRow.filter, func.sum(FilterDayRow.hits))
        .where(FilterDayRow.guild_id == guild_id, FilterDayRow.day >= since)
        .group_by(FilterDayRow.filter)
    )
    return {name: int(hits) for name, hits in await session.execute(query)}
