"""Badges: switched on after a test, earned quietly, shown by choice, taken back with what came with them."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from bot.authority import MODERATE_MEMBERS
from sandbox.seen import Answer
from sandbox.simcord_patches import process
from tests.behaviour.badges import catalog, choose_role, desk, mine, starter_set, switched_on, written
from tests.behaviour.quests import LyceumWorld, notices
from tests.behaviour.steps import HOSTILE, hide, switch
from tests.behaviour.streaks import ask_for_wins, contribute
from tests.behaviour.test_privacy import deleted

DAY = timedelta(days=1)
LINE = "You have a new badge"
FIRST = "At the table"


@pytest.fixture
async def world(community: LyceumWorld) -> LyceumWorld:
    await ask_for_wins(community)
    return community


def said_to_all(world: LyceumWorld) -> str:
    return "\n".join(each.text for channel in world.channels.values() for each in world.messages(channel))


def badge_number(card: Answer) -> str:
    """The number of the badge that a facilitator's card shows."""
    back = next(
        each.custom_id for each in card.buttons if (each.custom_id or "").startswith("badges:staff.end:")
    )
    return str(back).rpartition(":")[2]


async def test_a_first_badge_is_earned_quietly_rests_when_taken_back_and_comes_back(
    world: LyceumWorld,
) -> None:
    ben = world.member
    assert "None yet" in (await mine(world, ben)).text
    assert FIRST not in (await contribute(world, ben)).text  # nothing is given before it is switched on
    plan = await world.press(world.facilitator, await desk(world), "Look at the starter set")
    assert (
        f"{FIRST}: 1 person" in plan.text
        and "A second pair of eyes" in plan.text.partition("Nobody has earned")[2]
    )
    on = await world.press(world.facilitator, plan, "Switch them on from now")
    assert "badges are on now" in on.text and "Look at the starter set" not in [b.label for b in on.buttons]

    cleo = world.people["Cleo"]
    answer = await contribute(world, cleo)
    assert LINE in answer.text and answer.ephemeral
    assert LINE not in said_to_all(world) and FIRST not in said_to_all(world) and world.pings(cleo) == []
    card = await mine(world, cleo)
    assert card.ephemeral and f"**{FIRST}**" in card.text and "told to you alone" in card.text

    back = await world.press(cleo, answer, "Take it back")
    assert back.ephemeral
    rests = await mine(world, cleo)
    assert f"**{FIRST}** rests" in rests.text and "comes back by itself" in rests.text
    await contribute(world, cleo)
    held = await mine(world, cleo)
    assert f"**{FIRST}** ·" in held.text and "rests" not in held.text

    pages = await catalog(world, cleo)
    assert "page 1 of" in pages.text and "`/challenge current`" in pages.text
    seen = pages.text
    for _ in range(5):
        pages = await world.press(cleo, pages, "Next page")
        seen += pages.text
    assert f"**{FIRST}** · a first time" in seen and "You have it." in seen
    assert "1 of 8 so far (Answers to rituals: 8, within 70 days)" in seen


async def test_a_badge_of_ones_own_with_a_role_from_the_form_to_the_revocation(world: LyceumWorld) -> None:
    boss, ben, cleo = world.facilitator, world.member, world.people["Cleo"]
    await contribute(world, cleo)
    role, mighty = await world.create_role("Voices"), await world.create_role("Mighty")
    with process.operation(world.env, "edit role"):
        world.env.backend.edit_role(world.guild_id, mighty.id, {"permissions": str(MODERATE_MEMBERS)})
    await world.settle()
    card = await written(world)
    assert "opens nothing" in (await choose_role(world, card, role)).text
    await hide(world, world.welcome, role)
    assert "power over others" in (await choose_role(world, card, mighty)).text
    card = await choose_role(world, card, role)
    assert f"<@&{role.id}>" in card.text

    tested = await world.press(boss, card, "Test on history")
    assert "here (1), 1 would have it" in tested.text and f"<@{cleo.id}>" in tested.text
    on = await world.press(boss, tested, "On, and give it to this 1 person")
    assert "It is on" in on.text
    await world.advance(timedelta(minutes=1))
    assert "Voices" in world.role_names(cleo)

    await contribute(world, ben)
    await world.crash()
    await world.start_again()
    await world.advance(timedelta(minutes=1))
    await contribute(world, ben)
    await world.advance(timedelta(minutes=1))
    assert "Voices" in world.role_names(ben)
    given = [each for each in world.faults.log if each.method == "PUT" and str(role.id) in each.path]
    assert len(given) == 2  # once for each of them
    assert (await mine(world, ben)).text.count("Weekly voice") == 1

    for outage in (nullcontext(), world.while_down()):  # Discord forgets the roles of who leaves
        await world.leave(ben)
        async with outage:
            await world.rejoin(ben)
        await world.advance(timedelta(minutes=1))
        assert "Voices" in world.role_names(ben)

    number = badge_number(
        await world.choose(boss, await desk(world), "Weekly voice", menu="badges:staff.open")
    )
    refused = await world.slash(
        boss, world.staff, "manage badges revoke", member=ben, badge=number, reason=" "
    )
    assert "reason" in refused.text
    taken = await world.slash(
        boss, world.staff, "manage badges revoke", member=ben, badge=number, reason="Not theirs"
    )
    assert "taken back" in taken.text
    await world.advance(timedelta(minutes=1))
    assert "Voices" not in world.role_names(ben) and "Voices" in world.role_names(cleo)
    shown = await mine(world, ben)
    assert "taken back by a facilitator: Not theirs" in shown.text
    record = await world.slash(boss, world.staff, "manage audit")
    assert "Weekly voice" in record.text and "Not theirs" in record.text
    again = await world.slash(
        boss, world.staff, "manage badges give", member=ben, badge=number, reason="Sorry, my mistake"
    )
    assert "has the badge" in again.text
    assert "given by a facilitator: Sorry, my mistake" in (await mine(world, ben)).text


async def test_a_rule_for_everybody_asks_first_and_a_role_that_grew_is_not_given(world: LyceumWorld) -> None:
    boss = world.facilitator
    people = [world.member, world.people["Cleo"], await world.join("Dora")]
    for each in people:
        await contribute(world, each)
    role = await world.create_role("Voices")
    await hide(world, world.welcome, role)
    card = await choose_role(world, await written(world), role)
    tested = await world.press(boss, card, "Test on history")
    assert "(nearly) everybody" in tested.text and "Switch it on from now" not in [
        b.label for b in tested.buttons
    ]
    assert "It is on" in (await world.press(boss, tested, "Switch it on all the same")).text

    with process.operation(world.env, "edit role"):
        world.env.backend.edit_role(world.guild_id, role.id, {"permissions": str(MODERATE_MEMBERS)})
    await world.settle()
    eve = await world.join("Eve")
    await contribute(world, eve)
    await world.advance(timedelta(minutes=2))
    assert "Voices" not in world.role_names(eve) and "**Weekly voice**" in (await mine(world, eve)).text
    assert any("Voices" in each or f"<@&{role.id}>" in each for each in notices(world))


async def test_wins_show_who_wished_it_once_a_week_and_follow_every_change(world: LyceumWorld) -> None:
    boss, ben, cleo = world.facilitator, world.member, world.people["Cleo"]
    dora = await world.join("Dora")
    await starter_set(world)
    card = await world.choose(boss, await desk(world), world.general, menu="badges:staff.place")
    form = await world.press(boss, card, "When wins are posted")
    await world.submit(boss, form, {"weekday": "0", "time": "9:00"})
    for each in (ben, cleo):
        shares = await world.press(each, await mine(world, each), "Show new ones in the week's wins")
        assert f"<#{world.general.id}>" in shares.text
    answers = {each.name: await contribute(world, each) for each in (ben, cleo, dora)}

    def posts() -> list[str]:
        return [each.text for each in world.posted(world.general) if "Wins of the week" in each.text]

    await world.advance_to(datetime(2026, 1, 12, 8, 59, tzinfo=UTC))
    assert posts() == []
    await world.advance(10 * DAY)
    [post] = posts()
    assert f"<@{ben.id}>: {FIRST}" in post and f"<@{cleo.id}>" in post and f"<@{dora.id}>" not in post
    pinged = [each.text for who in (ben, cleo, dora) for each in world.pings(who)]
    assert not any("Wins of the week" in each or FIRST in each for each in pinged)
    await world.press(ben, answers[ben.name], "Take it back")
    await world.advance(timedelta(minutes=1))
    assert f"<@{ben.id}>" not in posts()[0] and f"<@{cleo.id}>" in posts()[0]
    await world.press(cleo, await mine(world, cleo), "Keep them to myself")
    await world.advance(timedelta(minutes=1))
    assert "was taken back" in posts()[0] and len(posts()) == 1


async def test_hostile_words_a_switch_in_the_middle_and_old_cards_do_no_harm(world: LyceumWorld) -> None:
    boss, ben, cleo = world.facilitator, world.member, world.people["Cleo"]
    form = await world.press(boss, await desk(world), "Write a badge")
    words = {"title": HOSTILE[:60], "how": HOSTILE * 2, "tier": "rare", "traits": []}
    card = await world.submit(boss, form, words)
    card = await world.choose(boss, card, "ritual.answered", menu=f"badges:staff.count:{badge_number(card)}")
    on = await switched_on(world, card)
    assert "@everyone" not in on.text.replace("\\@everyone", "").replace("@\u200beveryone", "")
    old = await catalog(world, ben)
    await switch(world, "badges", on=False)
    await contribute(world, ben)
    assert "switched this off" in (await world.press(ben, old, "My badges")).text
    await switch(world, "badges", on=True)
    assert "None yet" in (await world.press(ben, old, "My badges")).text
    await contribute(world, cleo)
    assert "None yet" not in (await mine(world, cleo)).text
    await deleted(world, cleo)
    assert "0 people have it" in (await world.press(boss, on, "Switch it off")).text
