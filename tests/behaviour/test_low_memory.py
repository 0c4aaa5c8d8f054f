"""With `low_memory` on nobody is held in memory, and everything works as it does without."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot import standings
from bot.authority import Capability
from bot.counters import counters
from bot.errors import ServiceUnavailable
from bot.guards import SafetySettings
from tests.behaviour import reviews
from tests.behaviour.conftest import opened_at
from tests.behaviour.moderation import MAY_MODERATE, choose, log, mod, timeout_of
from tests.behaviour.quests import LyceumWorld, finish, greetings, wins
from tests.behaviour.reports import cards, report_member
from tests.behaviour.steps import reach
from tests.behaviour.test_quest_paths import choose_kept
from tests.shell import show_commands_to

MEMBER = ("GET", "/guilds/*/members/*")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
async def world(set_up_url: str) -> AsyncIterator[LyceumWorld]:
    async with opened_at(set_up_url, low_memory=True, permissions=MAY_MODERATE) as world:
        yield world
        held(world)


def held(world: LyceumWorld) -> None:
    """The bot holds itself alone."""
    guild = world.bot.get_guild(world.guild_id)
    assert guild is not None and [each.id for each in guild.members] == [guild.me.id]
    assert len(world.bot.rosters.of(guild.id)) == len(world.env.backend.get_guild(guild.id).members)


async def test_a_member_comes_learns_helps_leaves_and_returns(world: LyceumWorld) -> None:
    painter = await world.create_role("Painter")
    await choose_kept(world, painter.id)
    ann = await world.join("Ann", pending=True)
    assert greetings(world, ann) == []
    await world.accept_rules(ann)
    assert len(greetings(world, ann)) == 1
    held(world)
    await finish(world, ann)
    assert len(wins(world, ann)) == 1 and world.role_names(ann) == {"Member"}
    await reviews.choose_places(world, world.general)
    await reviews.ask(world, ann)
    await reviews.review(world, world.member)
    assert reviews.told(world, ann, "review")
    await world.give_role(ann, painter)
    await world.advance(MINUTE)
    await world.leave(ann)
    await world.advance(MINUTE)
    await world.rejoin(ann)
    assert world.role_names(ann) == {"Member", "Painter"}
    async with world.while_down(crash=True):
        await world.leave(ann)
        await world.advance(MINUTE)
        bo = await world.join("Bo", pending=True)
    await world.accept_rules(bo)
    assert len(greetings(world, bo)) == 1


async def test_moderators_act_and_are_called_though_nobody_is_in_memory(world: LyceumWorld) -> None:
    ben, cleo, milo, olive = (world.people[name] for name in ("Ben", "Cleo", "Milo", "Olive"))
    quiet = await world.create_role("Quiet")
    await choose(world, SafetySettings, restrict_role_id=quiet.id)
    await show_commands_to(world, world.roles["Member"], "mod")
    await mod(world, "warn", member=ben, reason="Called people names")
    await mod(world, "timeout", member=ben, reason="And again", length="1d")
    assert timeout_of(world, ben) is not None
    await mod(world, "restrict", member=ben, reason="Spam", length="7d")
    assert "Quiet" in world.role_names(ben)
    await world.leave(ben)
    await world.rejoin(ben)
    assert "Quiet" in world.role_names(ben) and timeout_of(world, ben) is not None
    assert sum("applied again" in each.text for each in log(world)) == 2
    refused = await mod(world, "timeout", member=olive, reason="Why not", length="1d")
    assert refused.ephemeral and timeout_of(world, olive) is None
    # A report is shown to who moderates; one about a moderator reaches those above them in private.
    await report_member(world, cleo, ben)
    [card] = cards(world)
    assert card in world.pings(milo)
    await reach(world, olive, dm_allowed=True)
    receipt = await report_member(world, cleo, milo, "He deletes what he does not like")
    assert "shown in no channel" in receipt.text and len(cards(world)) == 1
    [told] = world.dms(olive)
    assert "A report waits for you" in told.text


async def test_a_list_of_everybody_that_never_comes_makes_nobody_wait_nor_the_only_one(
    world: LyceumWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleo, milo, olive = (world.people[name] for name in ("Cleo", "Milo", "Olive"))
    look, connection = world.bot.core.guards.look, world.bot._connection  # pyright: ignore[reportPrivateUsage] - where discord.py asks for lists

    async def unheard(*_: object, **__: object) -> None:
        """Discord never answers."""

    async def broken(*_: object, **__: object) -> None:
        raise ConnectionResetError("Cannot write to closing transport")

    world.bot.rosters.distrust()
    with monkeypatch.context() as away:
        away.setattr(standings, "PATIENCE", 0.1)
        for chunker in (unheard, broken):
            away.setattr(connection, "chunker", chunker)
            with pytest.raises(ServiceUnavailable, match="try again"):
                await look.holders(world.guild_id, Capability.MODERATE)
        # Whoever reports something is not sent away for it.
        receipt = await report_member(world, cleo, milo, "He deletes what he does not like")
        assert "shown in no channel" in receipt.text
    # Asked anew, instead of waiting for what was lost.
    assert {milo.id, olive.id} <= (await look.holders(world.guild_id, Capability.MODERATE)).keys()


async def test_while_discord_does_not_say_who_somebody_is_people_are_asked_to_try_again(
    world: LyceumWorld,
) -> None:
    cleo, ben = world.people["Cleo"], world.people["Ben"]
    bugs = counters.errors["bug"]
    for status in (403, 503):
        form = await world.slash(cleo, world.general, "report", member=ben)
        unknown = world.faults.status(status, *MEMBER, times=None)
        answer = await world.submit(cleo, form, {"category": "Harassment", "words": "They insult people"})
        assert "Please try again in a minute." in answer.text
        world.faults.disarm(unknown)
    assert cards(world) == [] and counters.errors["bug"] == bugs
    await report_member(world, cleo, ben)
    assert len(cards(world)) == 1
