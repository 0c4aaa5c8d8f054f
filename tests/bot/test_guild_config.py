"""What facilitators chose is never stale, never shared between servers, and costs no query to read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.audit import Audit
from bot.authority import Actor
from bot.clock import Clock
from bot.guild_config import GuildConfig, GuildConfigs
from storage import audit as audit_storage
from storage import guilds
from storage.database import Database
from tests.shell import Statements

GUILD, OTHER = 10, 20
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
AUDIT = Audit(Clock(lambda: NOW))


class Broken(Exception):
    pass


async def change(configs: GuildConfigs, db: Database, guild_id: int = GUILD, **changes: Any) -> GuildConfig:
    async with db.begin() as session:
        return await configs.change(session, guild_id, GuildConfig, **changes)


async def test_where_nothing_was_chosen_the_defaults_stand(database: Database) -> None:
    assert await GuildConfigs(database, AUDIT).guild(GUILD) == GuildConfig(GUILD)


async def test_a_change_is_seen_after_the_commit_and_not_before(database: Database) -> None:
    configs = GuildConfigs(database, AUDIT)
    await configs.guild(GUILD)
    async with database.begin() as session:
        promised = await configs.change(session, GUILD, GuildConfig, zone="Asia/Tokyo")
        assert promised.zone == "Asia/Tokyo"
        assert (await configs.guild(GUILD)).zone == "UTC"
    assert (await configs.guild(GUILD)).zone == "Asia/Tokyo"


async def test_a_change_that_is_rolled_back_was_never_there(database: Database) -> None:
    configs = GuildConfigs(database, AUDIT)
    await change(configs, database, zone="Asia/Tokyo")
    await configs.guild(GUILD)
    with pytest.raises(Broken):
        async with database.begin() as session:
            await configs.change(session, GUILD, GuildConfig, zone="Europe/Paris")
            raise Broken
    with Statements(database) as statements:
        assert (await configs.guild(GUILD)).zone == "Asia/Tokyo"
    assert statements.seen == []


async def test_reading_what_was_read_before_costs_no_sql(database: Database) -> None:
    configs = GuildConfigs(database, AUDIT)
    await change(configs, database, zone="Asia/Tokyo")
    await configs.guild(GUILD)
    with Statements(database) as statements:
        for _ in range(100):
            await configs.guild(GUILD)
    assert statements.seen == []


async def test_after_loading_all_no_guild_costs_sql_not_even_one_without_a_row(database: Database) -> None:
    await change(GuildConfigs(database, AUDIT), database, zone="Asia/Tokyo")
    configs = GuildConfigs(database, AUDIT)
    await configs.load_all()
    with Statements(database) as statements:
        assert (await configs.guild(GUILD)).zone == "Asia/Tokyo"
        assert await configs.guild(OTHER) == GuildConfig(OTHER)
    assert statements.seen == []
    await change(configs, database, OTHER, zone="Europe/Paris")
    assert (await configs.guild(OTHER)).zone == "Europe/Paris"


async def test_two_servers_share_nothing(database: Database) -> None:
    configs = GuildConfigs(database, AUDIT)
    await change(configs, database, GUILD, staff_channel_id=1)
    await change(configs, database, OTHER, staff_channel_id=2)
    await configs.guild(OTHER)
    await change(configs, database, GUILD, staff_channel_id=None)
    assert (await configs.guild(GUILD)).staff_channel_id is None
    assert (await configs.guild(OTHER)).staff_channel_id == 2


@pytest.mark.parametrize("field", ["zome", "guild_id", "capability_roles", "metadata"])
async def test_an_unknown_field_is_refused_and_nothing_is_written(database: Database, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        async with database.begin() as session:
            await guilds.change_config(session, guilds.GuildRow, GUILD, {"zone": "Asia/Tokyo", field: 1})
    assert await GuildConfigs(database, AUDIT).guild(GUILD) == GuildConfig(GUILD)


@pytest.mark.parametrize("way", ["find_config", "list_config"])
async def test_a_read_that_a_change_overtakes_leaves_nothing_stale_behind(
    database: Database, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = GuildConfigs(database, AUDIT)
    await change(configs, database, zone="Asia/Tokyo")
    has_read, go_on = asyncio.Event(), asyncio.Event()
    read = getattr(guilds, way)

    async def slowly(*arguments: Any) -> Any:
        found = await read(*arguments)
        has_read.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(guilds, way, slowly)
    reading = asyncio.ensure_future(configs.guild(GUILD) if way == "find_config" else configs.load_all())
    await has_read.wait()
    await change(configs, database, zone="Europe/Paris")
    go_on.set()
    await reading
    assert (await configs.guild(GUILD)).zone == "Europe/Paris"


async def test_changes_at_once_to_different_fields_are_all_kept(database: Database) -> None:
    configs = GuildConfigs(database, AUDIT)
    fields = ("staff_channel_id", "facilitator_role_id", "moderator_role_id", "daily_ping_budget")
    await asyncio.gather(*(change(configs, database, **{field: 7}) for field in fields))
    config = await configs.guild(GUILD)
    assert [getattr(config, field) for field in fields] == [7, 7, 7, 7]


async def test_a_change_made_after_an_older_read_in_the_same_transaction_returns_the_truth(
    database: Database,
) -> None:
    if database.dialect == "sqlite":
        pytest.skip("on SQLite the whole transaction is the lock")
    configs = GuildConfigs(database, AUDIT)
    await change(configs, database, zone="Asia/Tokyo")
    async with database.begin() as session:
        await configs.change(session, OTHER, GuildConfig)
        read = await guilds.find_config(session, guilds.GuildRow, GUILD)
        assert read is not None and read.zone == "Asia/Tokyo"
        await asyncio.create_task(change(configs, database, zone="Europe/Paris"))
        assert (await configs.change(session, GUILD, GuildConfig, locale="de")).zone == "Europe/Paris"


async def test_what_staff_change_is_written_down_once_with_before_and_after(database: Database) -> None:
    configs, ann = GuildConfigs(database, AUDIT), Actor(GUILD, 7)
    for zone in ("Asia/Tokyo", "Asia/Tokyo"):
        async with database.begin() as session:
            await configs.change(session, GUILD, GuildConfig, by=ann, zone=zone, locale="en")
    async with database.begin() as session:
        await configs.change(session, GUILD, GuildConfig, zone="UTC")
    async with database.read() as session:
        (row,) = await audit_storage.list_audit(session, GUILD)
    assert (row.actor_id, row.at, row.area) == (7, NOW, "setup")
    assert (row.before, row.after) == ({"zone": "UTC"}, {"zone": "Asia/Tokyo"})
