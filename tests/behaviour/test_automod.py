"""Rules of Discord's AutoMod from one card: made, changed and taken away exactly once, and what they did as cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.app import Lyceum
from bot.invite import MODERATION_PERMISSIONS
from bot.settings import Settings
from sandbox.seen import Answer
from sandbox.world import World
from storage.database import Database
from tests.behaviour.audits import servers_kept_apart
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.test_filters import log_in_staff_channel, said
from tests.databases import SqliteTemplate

CREATE = ("POST", "/guilds/*/auto-moderation/rules")


@pytest.fixture
async def moderated(sqlite_template: SqliteTemplate, folder: Path) -> AsyncIterator[LyceumWorld]:
    """A world in which the bot may moderate, and reads no messages."""

    def make_bot(database: Database) -> Lyceum:
        return Lyceum(Settings(), database, ring=False)

    url = sqlite_template.copy_to(folder)
    permissions = discord.Permissions(MODERATION_PERMISSIONS)
    with servers_kept_apart():
        async with World.open(make_bot, database=Database(url), permissions=permissions) as opened:
            yield opened
            opened.check_interactions()


async def desk(world: LyceumWorld) -> Answer:
    return await world.slash(world.people["Olive"], world.general, "mod automod")


async def make(world: LyceumWorld, kind: str, **answers: Any) -> Answer:
    olive = world.people["Olive"]
    form = await world.choose(olive, await desk(world), kind, menu="automod:rule.new")
    return await world.submit(olive, form, answers)


def own_id(card: Answer, name: str) -> str:
    """The id of a control of the rule that the card is about."""
    edit = next(each.custom_id for each in card.buttons if each.label == "Edit" and each.custom_id)
    return f"{name}:{edit.rpartition(':')[2]}"


def rules(world: LyceumWorld) -> dict[str, Any]:
    """What stands in Discord, by name."""
    found = world.env.backend.get_guild(world.guild_id).auto_mod_rules.values()
    return {rule.name: rule for rule in found}


async def test_a_rule_is_made_acts_is_changed_and_goes(moderated: LyceumWorld) -> None:
    world, ben, olive = moderated, moderated.people["Ben"], moderated.people["Olive"]
    await log_in_staff_channel(world)
    world.env.backend.create_auto_mod_rule(
        world.guild_id,
        olive.id,
        {"name": "By hand", "event_type": 1, "trigger_type": 3, "actions": [{"type": 1, "metadata": {}}]},
    )
    shown = await desk(world)
    assert "0 of 6" in shown.text and "By hand" in shown.text and "made by others" in shown.text
    made = await make(
        world, "Words and patterns", name="Rude words", words="gadzooks, foo bar*", patterns="zo{3,}ks"
    )
    assert "Rude words" in made.text and "blocks the message" in made.text
    rule = rules(world)["Rude words"]
    assert rule.trigger_metadata == {
        "keyword_filter": ["gadzooks", "foo bar*"],
        "regex_patterns": ["zo{3,}ks"],
        "allow_list": [],
    }
    shown = await desk(world)
    assert "1 of 6" in shown.text and "Rude words · mine · on" in shown.text
    card = await world.choose(olive, shown, "Rude words", menu="automod:rule.open")
    form = await world.press(olive, card, "What it does")
    card = await world.submit(olive, form, {"block": True, "message": "Not here, please", "minutes": "5"})
    card = await world.choose(olive, card, world.staff, menu=own_id(card, "automod:rule.alert"))
    assert [each["type"] for each in rules(world)["Rude words"].actions] == [1, 2, 3]
    for _ in range(3):
        await world.post(ben, world.general, "gadzooks I say")
    assert said(world, ben) == []
    [case] = [each for each in world.posted(world.staff) if "Case #" in each.text]
    assert "AutoMod: Rude words" in case.text
    form = await world.press(olive, await desk(world), "Test a phrase")
    tested = await world.submit(olive, form, {"phrase": "he said FOO BARBER and zooooks"})
    assert "Rude words" in tested.text and "FOO BAR" in tested.text
    card = await world.press(olive, card, "Switch it off")
    assert rules(world)["Rude words"].enabled is False
    sure = await world.press(olive, card, "Delete")
    shown = await world.press(olive, sure, "automod:rule.deleted")
    assert "0 of 6" in shown.text and set(rules(world)) == {"By hand"}


async def test_a_rule_whose_answer_was_lost_is_made_once_through_a_crash(moderated: LyceumWorld) -> None:
    world = moderated
    world.faults.lost(*CREATE)
    await make(world, "Many mentions at once", name="Mentions", mentions="6", raid=True)
    assert "on its way to Discord" in (await desk(world)).text
    async with world.while_down(crash=True):
        pass
    await world.advance(timedelta(minutes=5))
    assert len(world.faults.requests(*CREATE)) == 1 and list(rules(world)) == ["Mentions"]
    assert rules(world)["Mentions"].trigger_metadata == {
        "mention_total_limit": 6,
        "mention_raid_protection_enabled": True,
    }
    assert "Mentions · mine · on" in (await desk(world)).text


async def test_who_may_not_is_told_and_so_is_what_the_bot_lacks(world: LyceumWorld) -> None:
    refused = await world.slash(world.people["Milo"], world.general, "mod automod")
    assert "Only facilitators" in refused.text
    assert "Manage Server" in (await desk(world)).text
