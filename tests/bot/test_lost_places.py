"""A chosen channel or role that is deleted is forgotten, and staff hear of it once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.guild_config import GuildConfig
from sandbox.furnish import set_up
from storage.database import Database
from tests.shell import LyceumWorld, lyceum_world

CHANNEL = ("GET", "/channels/*")


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    async with lyceum_world(sqlite_database) as opened:
        await set_up(opened)
        yield opened


async def chosen(world: LyceumWorld) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for page in world.bot.setup_card.pages:
        if page.section is None:
            continue
        section = await world.bot.core.configs.get(world.guild_id, page.section)
        found |= {choice.field: getattr(section, choice.field) for choice in page.choices}
    return found


def notices(world: LyceumWorld) -> list[str]:
    return [seen.text for seen in world.posted(world.staff) if "was deleted" in seen.text]


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("what", ["channel", "role"])
async def test_what_was_deleted_is_forgotten_and_told_once(world: LyceumWorld, what: str, away: bool) -> None:
    before = await chosen(world)

    async def delete() -> None:
        if what == "channel":
            await world.delete_channel(world.welcome)
        else:
            await world.delete_role(world.roles["Member"])

    if away:
        async with world.while_down(crash=True):
            await delete()
    else:
        await delete()
    field = "welcome_channel_id" if what == "channel" else "finished_role_id"
    assert await chosen(world) == before | {field: None}
    [notice] = notices(world)
    assert ("Welcome channel" if what == "channel" else "Role for finishing") in notice
    await world.restart()
    assert len(notices(world)) == 1


async def test_without_the_staff_channel_it_is_forgotten_in_silence(world: LyceumWorld) -> None:
    await world.delete_channel(world.staff)
    assert (await chosen(world))["staff_channel_id"] is None
    assert [
        request for request in world.faults.log if "503" in request.outcome or "404" in request.outcome
    ] == []


async def test_a_channel_that_the_bot_may_not_see_is_not_forgotten(world: LyceumWorld) -> None:
    before = await chosen(world)
    guild = world.bot.get_guild(world.guild_id)
    assert guild is not None
    await world.hide_from_bot(world.welcome)
    guild._remove_channel(guild.get_channel(world.welcome.id))  # type: ignore[arg-type]  # as if Discord hid it
    await world.in_bot(lambda: world.bot.lost_places.compare(guild))
    assert await chosen(world) == before and notices(world) == []


@pytest.mark.parametrize("status", [500, 503])
async def test_while_discord_is_not_well_nothing_is_forgotten(world: LyceumWorld, status: int) -> None:
    before = await chosen(world)
    guild = world.bot.get_guild(world.guild_id)
    assert guild is not None
    guild._remove_channel(guild.get_channel(world.welcome.id))  # type: ignore[arg-type]
    world.faults.status(status, *CHANNEL, times=None)
    await world.in_bot(lambda: world.bot.lost_places.compare(guild))
    assert await chosen(world) == before


async def test_a_server_that_discord_cannot_show_at_the_moment_loses_nothing(world: LyceumWorld) -> None:
    before = await chosen(world)
    guild = world.bot.get_guild(world.guild_id)
    assert guild is not None
    guild.unavailable = True
    guild._channels.clear()
    guild._roles.clear()
    await world.in_bot(lambda: world.bot.lost_places.compare(guild))
    assert await chosen(world) == before


async def test_another_choice_made_meanwhile_stays(world: LyceumWorld) -> None:
    lost = world.bot.lost_places
    read = lost._choices

    async def slowly(guild_id: int):  # type: ignore[no-untyped-def]
        found = await read(guild_id)
        async with world.bot.core.db.begin() as session:
            await world.bot.core.configs.change(
                session, guild_id, GuildConfig, staff_channel_id=world.general.id
            )
        return found

    lost._choices = slowly  # type: ignore[method-assign]
    await world.delete_channel(world.staff)
    assert (await chosen(world))["staff_channel_id"] == world.general.id
