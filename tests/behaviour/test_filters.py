"""Own filters in the whole bot: what they take out, what authors and staff see of it, and what they leave alone."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.app import Lyceum
from bot.guild_config import GuildConfig
from bot.invite import MODERATION_PERMISSIONS
from bot.settings import DiscordSettings, Settings
from sandbox.people import Person
from sandbox.seen import Answer
from sandbox.world import World
from storage.database import Database
from tests.behaviour import configs
from tests.behaviour.audits import barriers, servers_kept_apart
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.steps import HOSTILE, switch
from tests.databases import SqliteTemplate

TIMEOUT = ("PATCH", "/guilds/*/members/*")
PURGE = ("POST", "/channels/*/messages/bulk-delete")
DELETE = ("DELETE", "/channels/*/messages/*")


@asynccontextmanager
async def reading_world(url: str) -> AsyncIterator[LyceumWorld]:
    settings = Settings(discord=DiscordSettings(message_content=True))

    def make_bot(database: Database) -> Lyceum:
        return Lyceum(settings, database, ring=False)

    permissions = discord.Permissions(MODERATION_PERMISSIONS)
    with servers_kept_apart():
        async with World.open(make_bot, database=Database(url), permissions=permissions) as opened:
            yield opened
            opened.check_interactions()
            assert [barrier for request in opened.faults.log for barrier in barriers(request.body)] == []


@pytest.fixture
async def reading(sqlite_template: SqliteTemplate, folder: Path) -> AsyncIterator[LyceumWorld]:
    """A world in which the operator lets the bot read messages."""
    async with reading_world(sqlite_template.copy_to(folder)) as opened:
        yield opened


async def desk(world: LyceumWorld, **options: Any) -> Answer:
    return await world.slash(world.people["Olive"], world.general, "mod filters", **options)


async def choose(world: LyceumWorld, which: str, what: str, **more: str) -> Answer:
    """What a filter does, by its title on the desk."""
    form = await world.choose(world.people["Olive"], await desk(world), which, menu="filters:one.choose")
    return await world.submit(world.people["Olive"], form, {"what": what, **more})


async def write(world: LyceumWorld, which: str, entries: str) -> Answer:
    lists = await world.press(world.people["Olive"], await desk(world), "Words and lists")
    form = await world.choose(world.people["Olive"], lists, which, menu="filters:lists.pick")
    return await world.submit(world.people["Olive"], form, {"entries": entries})


def said(world: LyceumWorld, person: Person) -> list[str]:
    """What of somebody still stands in #general."""
    return [each.text for each in world.messages(world.general) if each.author_id == person.id]


async def log_in_staff_channel(world: LyceumWorld) -> None:
    core = world.bot.core

    async def choose_staff() -> None:
        async with core.db.begin() as session:
            await core.configs.change(session, world.guild_id, GuildConfig, staff_channel_id=world.staff.id)

    await world.in_bot(choose_staff)


async def test_filters_take_out_what_staff_do_not_want_and_tell_its_author_once(reading: LyceumWorld) -> None:
    world, ben = reading, reading.people["Ben"]
    shown = await desk(world)
    assert shown.ephemeral and "Scam and look-alike links" in shown.text and "off" in shown.text
    await choose(world, "Scam and look-alike links", "delete")
    await choose(world, "Words", "timeout", minutes="15")
    saved = await write(world, "Words", "gadzooks\nfoo bar*")
    assert "Words: 2 entries." in saved.text
    await world.post(ben, world.general, "Good morning, who wants to pair?")
    await world.post(ben, world.general, "claim it at https://dlscord-nitro.gift/x")
    await world.post(ben, world.general, "once more https://discord.com@evil.example/x")
    assert said(world, ben) == ["Good morning, who wants to pair?"]
    told = await world.slash(ben, world.general, "help")
    assert "looks like a well-known site" in told.text
    again = await world.slash(ben, world.general, "help")
    assert "well-known" not in again.text
    await world.post(ben, world.general, "G\u0430DZOOKS!")
    assert said(world, ben) == ["Good morning, who wants to pair?"]
    [timeout] = world.faults.requests(*TIMEOUT)
    until = datetime.fromisoformat(timeout.body["communication_disabled_until"])
    # On a loaded machine the simulated clock moves by the time of an acknowledgement.
    assert timedelta(0) <= timeout.at + timedelta(minutes=15) - until < timedelta(seconds=10)
    shown = await desk(world)
    assert "2 hits in 7 days" in shown.text and "deletes, and a timeout of 15 minutes" in shown.text


async def test_repeats_over_channels_are_one_case_and_go_in_few_requests(reading: LyceumWorld) -> None:
    world, ben, milo = reading, reading.people["Ben"], reading.people["Milo"]
    await log_in_staff_channel(world)
    await choose(world, "The same text again and again", "delete", most_channels="3", most_in_a_row="5")
    await choose(world, "Many mentions at once", "flag", most_mentions="3")
    for channel in (world.general, world.introductions, world.weekly):
        await world.post(ben, channel, "Join my great course now!")
    await world.post(ben, world.general, "JOIN my great  course now!")
    for channel in (world.general, world.introductions, world.weekly):
        assert not [each for each in world.messages(channel) if each.author_id == ben.id]
        await world.post(milo, channel, "The server is down for an hour")
    assert said(world, milo) == ["The server is down for an hour"], "staff are left alone"
    everybody = " ".join(f"<@{each.id}>" for each in world.people.values())
    await world.post(ben, world.general, f"hello {everybody}")
    assert said(world, ben) == [f"hello {everybody}"], "it only tells staff"
    [card] = [each for each in world.posted(world.staff) if "AutoMod" in each.text]
    assert "The same text again and again" in card.text and "2 hits" not in card.text
    panel = await world.press(milo, card, "Act on this member")
    assert panel.ephemeral and f"<@{ben.id}>" in panel.text


async def test_invites_lists_exceptions_and_edits(reading: LyceumWorld) -> None:
    world, ben, olive = reading, reading.people["Ben"], reading.people["Olive"]
    await choose(world, "Invites to other servers", "delete")
    await choose(world, "Listed domains", "delete")
    imported = await desk(
        world, file=("list.txt", b"# a remark\n0.0.0.0 Evil.example\nbad.example\n"), into="domains"
    )
    assert "Domains to keep out: 2 entries." in imported.text
    refused = await desk(world, file=("list.txt", b"\xff\xfe\x00"), into="domains")
    assert "no UTF-8 text" in refused.text
    own = world.env.backend.create_invite(world.general.id, olive.id)
    await world.post(ben, world.general, f"come here https://discord.gg/{own.code}")
    assert len(said(world, ben)) == 1
    await world.post(ben, world.general, "https://www.google.com/url?q=https%3A%2F%2Fwww.evil.example%2Fx")
    first = await world.say(ben, world.general, "nothing to see")
    await world.edit(ben, first, "now there is: bad.example/x")
    assert len(said(world, ben)) == 1
    alone = await world.press(olive, await desk(world), "Whom to leave alone")
    alone = await world.choose(olive, alone, world.general, menu="filters:alone.channel")
    assert f"<#{world.general.id}>" in alone.text
    await world.post(ben, world.general, "let us talk about bad.example here")
    await world.post(ben, world.introductions, "and not about bad.example here")
    assert len(said(world, ben)) == 2
    assert not [each for each in world.messages(world.introductions) if each.author_id == ben.id]


async def test_a_phrase_is_tested_and_patterns_that_cannot_run_are_refused(reading: LyceumWorld) -> None:
    world, olive = reading, reading.people["Olive"]
    refused = await write(world, "Patterns", "fine\n(?<=a)b")
    assert r"Line 2: “(?\<=a)b” is no pattern that I can run" in refused.text
    assert refused.message is not None and refused.message.attachments == ("list.txt",)
    starred = await write(world, "Patterns", "a*b*c*")
    assert r"“a\*b\*c\*” matches every message" in starred.text
    assert "too large to be fast" in (await write(world, "Patterns", "(x{0,50}){15}y")).text
    saved = await write(world, "Patterns", "free\\s+nitro")
    assert "Patterns: 1 entry. The filter is off" in saved.text
    form = await world.press(olive, await desk(world), "Test a phrase")
    tested = await world.submit(olive, form, {"phrase": "FREE  nitro at https://dlscord.gift/**x**"})
    assert (
        "**Patterns**: FREE  nitro" in tested.text
        and "dlscord.gift (looks like discord.com)" in tested.text
        and "off" in tested.text
    )
    milo = world.people["Milo"]
    refused = await world.slash(milo, world.general, "mod filters")
    assert "Only facilitators" in refused.text


async def test_what_discord_refuses_is_told_to_staff_and_a_feature_that_is_off_does_nothing(
    reading: LyceumWorld,
) -> None:
    world, ben = reading, reading.people["Ben"]
    await log_in_staff_channel(world)
    await choose(world, "Words", "delete")
    await write(world, "Words", "gadzooks")
    role = world.env.backend.get_role(world.guild_id, world.server.roles["Lyceum"].id)
    had = role.permissions
    role.permissions = had & ~discord.Permissions(manage_messages=True).value
    await world.post(ben, world.general, "gadzooks one")
    assert said(world, ben) == ["gadzooks one"]
    assert any("Manage Messages" in each.text for each in world.posted(world.staff))
    role.permissions = had
    await switch(world, "filters", on=False)
    await world.post(ben, world.general, "gadzooks two")
    assert said(world, ben) == ["gadzooks one", "gadzooks two"]
    async with world.while_down(crash=True):
        pass
    await switch(world, "filters", on=True)
    await world.post(ben, world.general, "gadzooks three")
    assert said(world, ben) == ["gadzooks one", "gadzooks two"], "lists are read again after a restart"


async def test_filters_and_rules_travel_in_the_configuration_file(reading: LyceumWorld) -> None:
    world, olive = reading, reading.people["Olive"]
    await choose(world, "Words", "timeout", minutes="15")
    await write(world, "Words", "gadzooks\nfoo bar*")
    menu = await world.slash(olive, world.general, "mod automod")
    form = await world.choose(olive, menu, "Words and patterns", menu="automod:rule.new")
    await world.submit(olive, form, {"name": "Rude", "words": "gadzooks", "patterns": "zo+ks"})
    file = await configs.export(world)
    table = tomllib.loads(file)
    assert (
        table["filters"]["words"] == "timeout 15" and table["filters"]["list_words"] == "gadzooks\nfoo bar*"
    )
    assert [rule["name"] for rule in table["automod"]["rules"]] == ["Rude"]
    unchanged = await configs.give(world, file)
    assert "setup:config.apply" not in [each.custom_id for each in unchanged.buttons]
    changed = configs.with_line(file, "look_alikes", '"ban"')
    assert "off, flag, delete" in (await configs.give(world, changed)).text
    changed = file.replace('look_alikes = "off"', 'look_alikes = "delete"').replace("zo+ks", "ba+d")
    await configs.apply(world, await configs.give(world, changed))
    rules = world.env.backend.get_guild(world.guild_id).auto_mod_rules.values()
    assert [rule.trigger_metadata["regex_patterns"] for rule in rules] == [["ba+d"]]
    await world.post(world.people["Ben"], world.general, "https://dlscord.gift/x")
    assert said(world, world.people["Ben"]) == []


async def test_hostile_words_format_and_ping_nobody(reading: LyceumWorld) -> None:
    world, ben, olive = reading, reading.people["Ben"], reading.people["Olive"]
    await log_in_staff_channel(world)
    await choose(world, "Patterns", "delete")
    await write(world, "Patterns", "everyone\n[(]https")
    await write(world, "Words", f"{HOSTILE[:40]}\ngadzooks")
    for phrase in (HOSTILE, "x" * 2000, "**everyone** \u202e \x00 [a](https://b.example)"):
        form = await world.press(olive, await desk(world), "Test a phrase")
        tested = await world.submit(olive, form, {"phrase": phrase})
        assert tested.ephemeral and "Tested" in tested.text and "@everyone" not in tested.text
    menu = await world.slash(olive, world.general, "mod automod")
    form = await world.choose(olive, menu, "Words and patterns", menu="automod:rule.new")
    made = await world.submit(olive, form, {"name": HOSTILE[:70], "words": HOSTILE[:50]})
    assert made.ephemeral and "@everyone" not in made.text
    before = len(world.pings(olive))
    await world.post(ben, world.general, HOSTILE)
    assert said(world, ben) == [] and len(world.pings(olive)) == before
    assert not any(each.pings_everyone or each.pinged_roles for each in world.posted(world.staff))


async def test_without_the_intent_the_card_says_what_the_operator_can_do(world: LyceumWorld) -> None:
    shown = await desk(world)
    assert "None of them runs now" in shown.text and "message_content" in shown.text
    await choose(world, "Words", "delete")
    await write(world, "Words", "gadzooks")
    await world.say(world.people["Ben"], world.general, "gadzooks")
    assert said(world, world.people["Ben"]) == ["gadzooks"]
