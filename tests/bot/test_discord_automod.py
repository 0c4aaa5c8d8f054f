"""One rule of AutoMod as it reaches Discord: asked twice, with doubles, and beside rules of others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.cards import AutomodDraft
from bot.outbox import EffectKind
from storage.database import Database
from tests.bot.discord_stage import Stage, open_stage
from tests.databases import SqliteTemplate

CREATE = ("POST", "/guilds/*/auto-moderation/rules")


@pytest.fixture
async def stage(sqlite_template: SqliteTemplate, tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(Database(sqlite_template.copy_to(tmp_path))) as stage:
        await stage.world.bot_permissions(manage_guild=True)
        yield stage


def payload(name: str = "Rude", *words: str) -> dict[str, Any]:
    return {
        "name": name,
        "event_type": 1,
        "trigger_type": 1,
        "trigger_metadata": {"keyword_filter": list(words or ("cat",))},
        "actions": [{"type": 1, "metadata": {}}],
        "enabled": True,
    }


def standing(stage: Stage) -> dict[int, list[str]]:
    """Discord's rules with their words."""
    found = stage.world.env.backend.get_guild(stage.world.guild_id).auto_mod_rules
    return {rule_id: rule.trigger_metadata["keyword_filter"] for rule_id, rule in found.items()}


def made_before(stage: Stage, creator_id: int, name: str = "Rude") -> int:
    backend = stage.world.env.backend
    return backend.create_auto_mod_rule(stage.world.guild_id, creator_id, payload(name)).id


async def test_a_rule_is_made_once_changed_and_taken_away_twice(stage: Stage) -> None:
    stage.drawn = AutomodDraft("Rude", payload())
    await stage.plan(EffectKind.SET_AUTOMOD, "one")
    await stage.again("one")
    [rule_id] = standing(stage)
    assert (await stage.row("one")).result_id == rule_id
    assert len(stage.faults.requests(*CREATE)) == 1
    stage.drawn = AutomodDraft("Ruder", payload("Ruder", "dog"), rule_id)
    await stage.plan(EffectKind.SET_AUTOMOD, "two")
    assert standing(stage) == {rule_id: ["dog"]}
    stage.drawn = AutomodDraft("Ruder", None, rule_id)
    await stage.plan(EffectKind.SET_AUTOMOD, "three")
    await stage.again("three")
    assert standing(stage) == {} and await stage.outcome("three") == ("sent", None)


async def test_of_two_that_a_retry_made_the_older_one_stays_and_those_of_people_are_left_alone(
    stage: Stage,
) -> None:
    bot_id = stage.world.env.backend.bot_user.id
    older, _double = made_before(stage, bot_id), made_before(stage, bot_id)
    by_hand = made_before(stage, stage.world.people["Olive"].id)
    stage.drawn = AutomodDraft("Rude", payload("Rude", "dog"))
    await stage.plan(EffectKind.SET_AUTOMOD, "one")
    assert standing(stage) == {older: ["dog"], by_hand: ["cat"]}


async def test_one_that_somebody_deleted_is_made_anew_and_a_namesake_outlives_a_deletion(
    stage: Stage,
) -> None:
    gone = 5
    stage.drawn = AutomodDraft("Rude", payload(), gone)
    await stage.plan(EffectKind.SET_AUTOMOD, "one")
    [made] = standing(stage)
    stage.drawn = AutomodDraft("Rude", None, gone)
    await stage.plan(EffectKind.SET_AUTOMOD, "two")
    assert list(standing(stage)) == [made], "it is another rule's name by now"


async def test_without_the_permission_it_ends_with_a_reason(stage: Stage) -> None:
    await stage.world.bot_permissions(manage_guild=False)
    stage.drawn = AutomodDraft("Rude", payload())
    await stage.plan(EffectKind.SET_AUTOMOD, "one")
    assert await stage.outcome("one") == ("failed", "no_permission")
