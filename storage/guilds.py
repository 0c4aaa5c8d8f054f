"""Communities and what every feature needs to know of them. One row a Discord server.

Choices that only one feature needs are rows of that feature's own storage module; both kinds are read and
changed through `bot/guild_config.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from sqlalchemy import String, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, Snowflake, insert_if_absent
from storage.personal import NOTHING_PERSONAL

Row = TypeVar("Row", bound=Base)


class GuildRow(Base):
    __tablename__ = "guilds"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    locale: Mapped[str] = mapped_column(String(16), default="en")
    zone: Mapped[str] = mapped_column(String(64), default="UTC")  # an IANA name
    staff_channel_id: Mapped[int | None] = mapped_column(Snowflake)
    facilitator_role_id: Mapped[int | None] = mapped_column(Snowflake)
    moderator_role_id: Mapped[int | None] = mapped_column(Snowflake)
    daily_ping_budget: Mapped[int] = mapped_column(default=3)  # pings a person and local day


async def find_config(session: AsyncSession, table: type[Row], guild_id: int) -> Row | None:
    """The guild's row of a configuration table, whose primary key is the guild id."""
    return await session.get(table, guild_id)


async def list_config(session: AsyncSession, table: type[Row]) -> list[Row]:
    """Every guild's row of a configuration table: read once at start, so that hot paths need no query."""
    return list(await session.scalars(select(table)))


async def change_config(
    session: AsyncSession, table: type[Row], guild_id: int, changes: Mapping[str, Any]
) -> tuple[Row, dict[str, Any]]:
    """Write the changes to the guild's row, making it first where there is none. Returns what stood there before, too."""
    known = {column.key for column in inspect(table).columns} - {"guild_id"}
    if unknown := changes.keys() - known:
        raise ValueError(f"{table.__tablename__} has no {', '.join(sorted(unknown))}")
    await insert_if_absent(session, table, [{"guild_id": guild_id}], ["guild_id"])
    # Read anew: a copy that this transaction had read before the lock may be out of date.
    await session.flush()
    row = await session.get_one(table, guild_id, with_for_update=True, populate_existing=True)
    before = {name: getattr(row, name) for name in changes}
    for name, value in changes.items():
        setattr(row, name, value)
    await session.flush()
    return row, before
