"""Which feature a thing belongs to, and switching features on and off, on both databases."""

from __future__ import annotations

import asyncio

import pytest

from bot.authority import Actor
from bot.core import Core
from bot.errors import NotConfigured, NotFound
from bot.features import Feature, FeatureSettings, feature_of
from bot.groups import plain_command
from cogs.onboarding.cog import OnboardingCog
from cogs.rituals.manage import RitualsGroup
from cogs.rituals.posting import Posting
from storage.audit import list_audit
from storage.database import Database
from tests.clocks import FixedClock

FARAH = Actor(7, 1, is_owner=True)


@pytest.fixture
def core(database: Database) -> Core:
    core = Core.build(database, FixedClock())
    for name in ("onboarding", "rituals"):
        core.features.describe(Feature(name, name.capitalize()))
    return core


async def switch(core: Core, name: str, *, on: bool, actor: Actor = FARAH) -> None:
    async with core.db.begin() as session:
        await core.features.switch(session, actor, name, on=on)


def test_things_belong_to_the_feature_in_whose_folder_they_are_written() -> None:
    assert feature_of(OnboardingCog.start) == feature_of(OnboardingCog) == "onboarding"
    assert feature_of(Posting.due) == feature_of(RitualsGroup.add) == "rituals"
    assert feature_of(Core.build) is None and feature_of(None) is None


def test_a_plain_command_belongs_to_whose_callback_it_is() -> None:
    async def callback(_: object) -> None: ...

    callback.__module__ = "cogs.quests.cog"
    assert feature_of(plain_command("x", "x", callback)) == "quests"


async def test_what_no_community_may_be_without_cannot_be_switched_off(core: Core) -> None:
    core.features.describe(Feature("privacy", "Privacy", essential=True))
    assert "privacy" not in [each.name for each in core.features.optional]
    for name in ("privacy", "unheard_of"):
        with pytest.raises(NotFound, match="does not exist"):
            await switch(core, name, on=False)
    assert await core.features.is_on(7, "privacy")


async def test_everything_is_on_until_it_is_switched_off_in_one_server_only(core: Core) -> None:
    assert await core.features.is_on(7, "rituals") and await core.features.is_on(7, None)
    await switch(core, "rituals", on=False)
    assert not await core.features.is_on(7, "rituals")
    assert await core.features.is_on(7, "onboarding") and await core.features.is_on(8, "rituals")
    with pytest.raises(NotConfigured, match="switched this off"):
        await core.features.require(7, "rituals")
    await core.features.require(8, "rituals")
    await core.features.require(None, "rituals")
    await switch(core, "rituals", on=True)
    assert await core.features.is_on(7, "rituals")


async def test_two_who_switch_two_features_at_once_lose_nothing(core: Core) -> None:
    await asyncio.gather(switch(core, "rituals", on=False), switch(core, "onboarding", on=False))
    assert (await core.configs.get(7, FeatureSettings)).off.keys() == {"rituals", "onboarding"}


async def test_switching_is_written_down_with_who_did_it(core: Core) -> None:
    await switch(core, "rituals", on=False)
    await switch(core, "rituals", on=False)  # a second press changes nothing
    async with core.db.read() as session:
        [row] = await list_audit(session, 7)
    assert (row.actor_id, row.what, row.fields) == (1, "switched {feature} off", {"feature": "Rituals"})
