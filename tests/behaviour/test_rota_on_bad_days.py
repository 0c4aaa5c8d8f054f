"""Rotas on bad days: people who leave, are silent or decline, roles that are gone, downtime, and clocks that change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.behaviour.quests import LyceumWorld, OpenWorld, notices
from tests.behaviour.reviews import ask
from tests.behaviour.rotas import hand_overs, holders, join, make, open_desk, questions, show
from tests.behaviour.steps import reach, switch
from tests.behaviour.test_privacy import ask_to_delete, mentions_of

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
WEEK = 7 * DAY
MONDAY = datetime(2026, 1, 12, 8, tzinfo=UTC)  # 09:00 in Berlin


async def test_silence_moves_the_turn_on_and_passing_comes_first_next_time(community: LyceumWorld) -> None:
    world = community
    role = await world.create_role("Mentor")
    await make(world, role=role)
    people = [world.people[name] for name in ("Ben", "Cleo", "Milo")]
    for each in people:
        await reach(world, each, dm_allowed=True)
    await join(world, *people)
    await world.advance_to(MONDAY - 48 * HOUR + MINUTE)
    [silent] = [each for each in people if questions(world, each)]
    await world.advance_to(MONDAY - 24 * HOUR + MINUTE)
    [second] = [each for each in people if each != silent and questions(world, each)]
    assert any(f"<@{silent.id}> has not answered" in each for each in notices(world))
    late = await world.press(silent, questions(world, silent)[0], "I'm in")
    assert "Somebody else was asked" in late.text
    passed = await world.press(second, questions(world, second)[0], "Pass")
    assert "passes this time" in passed.text
    [third] = [each for each in people if each not in (silent, second)]
    assert questions(world, third)
    await world.advance_to(MONDAY + MINUTE)
    assert holders(world, role) == {third.id}
    # Skip means the next turn, not the last.
    await world.advance_to(MONDAY + WEEK - 48 * HOUR + MINUTE)
    await world.press(second, questions(world, second)[-1], "I'm in")
    await world.advance_to(MONDAY + WEEK + MINUTE)
    assert holders(world, role) == {second.id}


async def test_nobody_volunteers_everybody_declines_and_a_holder_leaves(community: LyceumWorld) -> None:
    world = community
    role = await world.create_role("Mentor")
    await make(world, role=role)
    await world.advance_to(MONDAY + MINUTE)
    [empty] = hand_overs(world)
    assert "Nobody has this turn yet" in empty.text and empty.labels[0] == "Take it now"
    assert sum("a place free" in each for each in notices(world)) == 1
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    for each in (ben, cleo):
        await reach(world, each, dm_allowed=True)
    form = await world.press(ben, empty, "Take it now")
    await world.submit(ben, form, {})
    assert holders(world, role) == {ben.id}
    # Ben leaves in the middle of it: Cleo is asked at once, and has it with one tap.
    await join(world, cleo)
    await world.leave(ben)
    assert any(f"<@{ben.id}> has left the server" in each for each in notices(world))
    [asked] = questions(world, cleo)
    assert "has become free" in asked.text
    await world.press(cleo, asked, "I'm in")
    assert holders(world, role) == {cleo.id} and f"<@{cleo.id}>" in world.read(empty).text
    # Everybody declines the next one.
    await world.advance_to(MONDAY + WEEK - 47 * HOUR)
    await world.press(cleo, questions(world, cleo)[-1], "Pass")
    assert any("everybody has passed" in each for each in notices(world))
    await world.advance_to(MONDAY + WEEK + MINUTE)
    assert holders(world, role) == set() and "Nobody has this turn" in hand_overs(world)[-1].text


async def test_after_three_weeks_down_there_is_one_holder_and_one_card(community: LyceumWorld) -> None:
    world = community
    role = await world.create_role("Mentor")
    await make(world, role=role)
    ben, cleo, milo = (world.people[name] for name in ("Ben", "Cleo", "Milo"))
    await join(world, ben, cleo, milo)
    await world.advance_to(MONDAY + MINUTE)
    before = holders(world, role)
    assert len(before) == len(hand_overs(world)) == 1
    said = len(world.posted(world.weekly))
    async with world.while_down(crash=True):
        await world.jump(3 * WEEK)
    await world.advance(2 * MINUTE)
    assert len(holders(world, role)) == 1 and holders(world, role) != before
    assert len(hand_overs(world)) == 1
    # The card, and a word to whose turn it is.
    assert len(world.posted(world.weekly)) == said + 2


async def test_a_role_above_the_bot_with_powers_or_deleted_is_told_and_nothing_is_lost(
    community: LyceumWorld,
) -> None:
    world = community
    role = await world.create_role("Mentor")
    await make(world, role=role)
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await join(world, ben, cleo)
    await world.bot_role_below(role)
    await world.advance_to(MONDAY + MINUTE)
    assert holders(world, role) == set() and len(hand_overs(world)) == 1
    assert any("stands above my own" in each for each in notices(world))
    await world.delete_role(role)
    await world.advance_to(MONDAY + WEEK + MINUTE)
    assert len(hand_overs(world)) == 1 and "This turn: <@" in hand_overs(world)[0].text
    fresh = await world.create_role("Guide")
    await world.choose(world.facilitator, await open_desk(world), fresh, menu="rota:desk.role:1")
    assert len(holders(world, fresh)) == 1


async def test_the_doctor_shows_who_differs_and_a_person_decides_who_is_right(community: LyceumWorld) -> None:
    world = community
    role = await world.create_role("Mentor")
    await make(world, role=role)
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await join(world, ben)
    await world.advance_to(MONDAY + MINUTE)
    assert holders(world, role) == {ben.id}
    await world.give_role(cleo, role)
    report = await world.slash(world.facilitator, world.staff, "setup doctor")
    assert "differs from my record (0 missing, 1 besides)" in report.text
    drift = await world.press(world.facilitator, report, "Compare and choose")
    assert f"by my record not: <@{cleo.id}>" in drift.text
    await world.press(world.facilitator, drift, "My record")
    assert holders(world, role) == {ben.id}
    await world.give_role(cleo, role)
    report = await world.slash(world.facilitator, world.staff, "setup doctor")
    drift = await world.press(world.facilitator, report, "Compare and choose")
    await world.press(world.facilitator, drift, "Discord")
    assert holders(world, role) == {ben.id, cleo.id}
    assert f"<@{cleo.id}>" in (await show(world, ben)).text.splitlines()[2]
    again = await world.slash(world.facilitator, world.staff, "setup doctor")
    assert "differs from my record" not in again.text
    await world.advance_to(MONDAY + WEEK + MINUTE)
    assert holders(world, role) == {ben.id}  # what was given by hand ends with the turn
    # Who deletes their data keeps no role of mine, and keeps away from the next turn.
    await ask_to_delete(world, ben)
    await world.advance(DAY + 10 * MINUTE)
    assert holders(world, role) == set() and mentions_of(world, ben) == {"privacy_deleted": 1}


async def test_hand_overs_keep_the_wall_clock_through_both_changes_of_the_clocks(
    open_world: OpenWorld,
) -> None:
    async with open_world(now=datetime(2026, 3, 27, 12, tzinfo=UTC)) as world:
        role = await world.create_role("Mentor")
        await make(world, role=role, shift="One day", when="Sunday 02:30 Europe/Berlin")
        await join(world, world.people["Ben"], world.people["Cleo"])
        # 02:30 does not exist on 29 March: it is 03:30 summer time, 01:30 UTC. Once.
        await world.advance_to(datetime(2026, 3, 28, 1, 31, tzinfo=UTC))
        first = holders(world, role)
        await world.advance_to(datetime(2026, 3, 29, 1, 29, tzinfo=UTC))
        assert holders(world, role) == first and len(first) == 1
        await world.advance_to(datetime(2026, 3, 29, 1, 31, tzinfo=UTC))
        assert len(holders(world, role)) == 1 and holders(world, role) != first
        await world.advance_to(datetime(2026, 3, 30, 0, 31, tzinfo=UTC))
        assert holders(world, role) == first


@pytest.mark.long
async def test_switched_off_nothing_moves_and_switched_on_the_latest_turn_is_caught_up(
    community: LyceumWorld,
) -> None:
    world = community
    role = await world.create_role("Mentor")
    await make(world, role=role)
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await join(world, ben, cleo)
    await world.advance_to(MONDAY + MINUTE)
    [card], before = hand_overs(world), holders(world, role)
    await switch(world, "rota", on=False)
    await world.advance_to(MONDAY + WEEK + HOUR)
    assert holders(world, role) == before
    assert "off" in (await world.press(ben, card, "Take over now")).text
    await switch(world, "rota", on=True)
    await world.advance(MINUTE)
    assert len(holders(world, role)) == 1 and holders(world, role) != before


@pytest.mark.long
async def test_a_note_begins_with_what_is_open_and_hostile_words_stay_words(community: LyceumWorld) -> None:
    world = community
    role = await world.create_role("Mentor")
    await make(world, role=role, name="@everyone **boo**")
    ben = world.people["Ben"]
    await join(world, ben)
    await world.advance_to(MONDAY + MINUTE)
    await ask(world, world.people["Cleo"])
    form = await world.press(ben, await show(world, ben), "Hand-over note")
    assert form.modal is not None and form.modal.field("note").value == "- 1 work waits for a first review"
    await world.submit(ben, form, {"note": "# @everyone " + "x" * 1400})
    await world.advance_to(MONDAY + WEEK + MINUTE)
    card = hand_overs(world)[-1]
    assert "\\# \\@" in card.text and not card.pings_everyone and "@everyone" not in card.text
