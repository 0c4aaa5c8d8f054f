"""The rules of Discord's AutoMod that were made through Lyceum, as a community wants them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake
from storage.personal import NOTHING_PERSONAL

WAITING, DONE, FAILED = "waiting", "done", "failed"


class AutomodRuleRow(Base):
    """One rule. `rule` has its parts as `cogs.automod.model` writes them; each change counts `revision`.

    `result_id` is Discord's rule that came of it. `state` says whether Discord has the newest revision. What
    is `removed` goes when Discord has followed.
    """

    __tablename__ = "automod_rules"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("rule",)
    __table_args__ = (UniqueConstraint("guild_id", "name"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(100))
    rule: Mapped[dict[str, Any]] = mapped_column()
    result_id: Mapped[int | None] = mapped_column(Snowflake)
    revision: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(8), default=WAITING)
    state_reason: Mapped[str | None] = mapped_column(String(300))
    removed: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column()


async def list_rules(session: AsyncSession, guild_id: int) -> list[AutomodRuleRow]:
    """Those of a community that are wanted, the oldest first."""
    query = select(AutomodRuleRow).filter_by(guild_id=guild_id, removed=False).order_by(AutomodRuleRow.id)
    return list(await session.scalars(query))


async def list_leaving(session: AsyncSession, guild_id: int) -> set[int]:
    """Discord's ids of those that are on their way out."""
    query = select(AutomodRuleRow.result_id).filter_by(guild_id=guild_id, removed=True)
    return {each for each in await session.scalars(query) if each is not None}


async def find_rule(session: AsyncSession, rule_id: int) -> AutomodRuleRow | None:
    return await session.get(AutomodRuleRow, rule_id)


async def lock_rule(session: AsyncSession, rule_id: int) -> AutomodRuleRow | None:
    """The rule as it stands, kept from others until the end of this writing transaction."""
    return await session.get(AutomodRuleRow, rule_id, with_for_update=True, populate_existing=True)


async def is_name_taken(session: AsyncSession, guild_id: int, name: str, *, but: int = 0) -> bool:
    query = select(AutomodRuleRow.id).filter_by(guild_id=guild_id, name=name)
    return await session.scalar(query.where(AutomodRuleRow.id != but)) is not None


async def list_names(session: AsyncSession, discord_ids: Collection[int]) -> dict[int, str]:
    """The names of rules, by Discord's ids."""
    query = select(AutomodRuleRow.result_id, AutomodRuleRow.name)
    rows = await session.execute(query.where(AutomodRuleRow.result_id.in_(discord_ids)))
    return {discord_id: name for discord_id, name in rows if discord_id is not None}
