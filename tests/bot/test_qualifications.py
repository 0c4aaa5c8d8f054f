"""What makes somebody eligible: kinds that features register, and the roles of staff."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.guild_config import GuildConfig
from bot.qualifications import CAPABILITY, Choice, Qualification
from storage.database import Database
from tests.clocks import FixedClock

GUILD, ANN, BEN, CLEO, ROLE = 1, 10, 11, 12, 900


class InMemory:
    def roles_of(self, guild_id: int, member_id: int) -> frozenset[int] | None:
        known = {BEN: frozenset({ROLE}), CLEO: frozenset({GUILD})}
        return known.get(member_id) if guild_id == GUILD else None

    def members_with(self, guild_id: int, role_ids: frozenset[int]) -> set[int]:
        return {BEN} if guild_id == GUILD and ROLE in role_ids else set()


async def test_the_roles_of_staff_qualify(database: Database, clock: FixedClock) -> None:
    core = Core.build(database, clock)
    core.qualifications.roles = InMemory()
    ask = core.qualifications
    async with database.begin() as session:
        await core.configs.change(session, GUILD, GuildConfig, facilitator_role_id=ROLE)
    async with database.read() as session:
        assert await ask.lacking(session, GUILD, CAPABILITY, "facilitate", [BEN, CLEO]) == {CLEO}
        assert await ask.has(session, GUILD, BEN, CAPABILITY, "facilitate")
        assert not await ask.has(session, GUILD, ANN, CAPABILITY, "facilitate")
        assert not await ask.has(session, GUILD, BEN, CAPABILITY, "no such thing")
        ann = Actor(GUILD, ANN, permissions=MANAGE_GUILD)
        assert await ask.has(session, GUILD, ANN, CAPABILITY, "facilitate", actor=ann)


async def test_who_is_not_known_yet_after_a_start_lacks_nothing(
    database: Database, clock: FixedClock
) -> None:
    """A large server is known minutes after the start, and turns are planned before that."""
    core = Core.build(database, clock)
    async with database.begin() as session:
        await core.configs.change(session, GUILD, GuildConfig, moderator_role_id=ROLE)
    async with database.read() as session:
        ask = core.qualifications
        assert await ask.lacking(session, GUILD, CAPABILITY, "moderate", [ANN, BEN]) == set()
        ask.roles = InMemory()
        assert await ask.lacking(session, GUILD, CAPABILITY, "moderate", [ANN, BEN, CLEO]) == {CLEO}


async def test_a_kind_qualifies_while_its_feature_is_there_and_on(
    database: Database, clock: FixedClock
) -> None:
    core = Core.build(database, clock)
    core.features.loaded(["badges"], {})

    async def choices(_session: AsyncSession, _guild_id: int) -> list[Choice]:
        return [Choice("1", "Kind words")]

    async def holders(_session: AsyncSession, _guild_id: int, key: str) -> set[int]:
        return {ANN} if key == "1" else set()

    async def has(_session: AsyncSession, _guild_id: int, member_id: int, key: str) -> bool:
        return member_id == ANN and key == "1"

    badge = Qualification("badge", "A badge", choices, holders, has, feature="badges")
    core.qualifications.register(badge)
    ask = core.qualifications
    async with database.read() as session:
        assert await ask.find(session, GUILD, "badge", "1") == Choice("1", "Kind words")
        assert await ask.find(session, GUILD, "badge", "2") is None
        assert await ask.has(session, GUILD, ANN, "badge", "1")
        assert await ask.lacking(session, GUILD, "badge", "1", [ANN, BEN]) == {BEN}
    async with database.begin() as session:
        await core.features.switch(session, Actor(GUILD, BEN, permissions=MANAGE_GUILD), "badges", on=False)
    async with database.read() as session:
        assert [each.kind for each in await ask.list_kinds(GUILD)] == [CAPABILITY]
        assert await ask.find(session, GUILD, "badge", "1") is None
        assert not await ask.has(session, GUILD, ANN, "badge", "1")
        assert await ask.lacking(session, GUILD, "badge", "1", [ANN, BEN]) == {ANN, BEN}
    ask.unregister("badge")
    async with database.read() as session:
        assert await ask.find(session, GUILD, "badge", "1") is None
