"""Rotas: volunteers have a role in turn, are asked ahead, and find cover among themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.behaviour.quests import LyceumWorld
from tests.behaviour.rotas import FORM, NAME, hand_overs, holders, join, make, open_desk, questions, show
from tests.behaviour.steps import reach

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MONDAY = datetime(2026, 1, 12, 8, tzinfo=UTC)  # 09:00 in Berlin
WEEK = 7 * DAY


async def test_a_role_goes_round_and_everybody_is_asked_two_days_ahead(world: LyceumWorld) -> None:
    role = await world.create_role("Mentor")
    made = await make(world, role=role)
    assert "Handed over every week on Monday at 09:00 (Europe/Berlin)" in made.text
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    for each in (ben, cleo):
        await reach(world, each, dm_allowed=True)
    await join(world, ben, cleo)
    shown = await show(world, ben)
    assert (
        shown.ephemeral and shown.text.count("<t:") >= 8 and f"<t:{int(MONDAY.timestamp())}:f>" in shown.text
    )
    await world.advance_to(MONDAY - 48 * HOUR - timedelta(minutes=1))
    assert questions(world, ben) == questions(world, cleo) == []
    await world.advance_to(MONDAY - 48 * HOUR + timedelta(minutes=1))
    asked = [each for each in (ben, cleo) if questions(world, each)]
    assert len(asked) == 1
    [first], other = asked, cleo if asked == [ben] else ben
    answered = await world.press(first, questions(world, first)[0], "I'm in")
    assert "is in" in answered.text and list(answered.buttons) == []
    await world.advance_to(MONDAY + timedelta(minutes=1))
    assert holders(world, role) == {first.id}
    [card] = hand_overs(world)
    assert f"This turn: <@{first.id}>" in card.text and not card.pinged
    [begun] = [each for each in world.dms(first) if "is yours until" in each.text]
    assert "Mentor: about ten minutes a day" in begun.text
    # The other one is next, without a word of the first.
    await world.advance_to(MONDAY + WEEK + timedelta(minutes=1))
    assert holders(world, role) == {other.id}
    new = hand_overs(world)[-1]
    assert f"This turn: <@{other.id}>" in new.text and f"Thank you, <@{first.id}>" in new.text
    assert "This turn is over" in world.read(card).text and world.read(card).labels == []


async def test_cover_goes_to_the_first_tap_and_the_others_are_told(world: LyceumWorld) -> None:
    role = await world.create_role("Mentor")
    await make(world, role=role)
    ben, cleo, milo = (world.people[name] for name in ("Ben", "Cleo", "Milo"))
    for each in (ben, cleo, milo):
        await reach(world, each, dm_allowed=True)
    await join(world, ben, cleo, milo)
    mine = await show(world, ben)
    assert "Ask for cover" in [each.label for each in mine.buttons]
    asked = await world.slash(ben, world.general, "rota swap")
    assert asked.ephemeral and "**Asked.**" in asked.text
    [card] = [each for each in world.posted(world.weekly) if "asks for cover" in each.text]
    assert card.labels == ["I'll take it"] and not card.pinged
    assert "yours" in (await world.press(ben, card, "I'll take it")).text
    answers = await world.at_once(*(world.press(each, card, "I'll take it") for each in (cleo, milo)))
    won = [each for each, answer in zip((cleo, milo), answers, strict=True) if "It is yours" in answer.text]
    lost = [answer.text for answer in answers if "Somebody was first" in answer.text]
    assert len(won) == len(lost) == 1
    assert f"<@{won[0].id}> takes **{NAME}** for <@{ben.id}>" in world.read(card).text
    assert world.read(card).labels == []
    [told] = [each for each in world.dms(ben) if "has taken your turn" in each.text]
    assert f"<@{won[0].id}>" in told.text
    # A change of the hours keeps the swap.
    desk = await open_desk(world)
    form = await world.press(world.facilitator, desk, "Change")
    await world.submit(world.facilitator, form, {**FORM, "when": "Tuesday 10:00 Europe/Berlin"})
    assert f"<@{won[0].id}> (in, for <@{ben.id}>)" in (await show(world, ben)).text


@pytest.mark.long
async def test_who_is_busy_is_relieved_with_a_word_and_a_note_is_handed_on(world: LyceumWorld) -> None:
    role = await world.create_role("Mentor")
    await make(world, role=role)
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    for each in (ben, cleo):
        await reach(world, each, dm_allowed=True)
    await join(world, ben)
    await world.advance_to(MONDAY + timedelta(minutes=1))
    assert holders(world, role) == {ben.id}
    [card] = hand_overs(world)
    form = await world.press(cleo, card, "Take over now")
    await world.submit(cleo, form, {"note": "You look busy"})
    assert holders(world, role) == {cleo.id}
    [told] = [each for each in world.dms(ben) if "has taken your turn" in each.text]
    assert "You look busy" in told.text
    assert f"This turn: <@{cleo.id}>" in world.read(card).text
    # Ben had not half of it; the next turn is his again, and he sees first what Cleo hands on.
    mine = await show(world, cleo)
    form = await world.press(cleo, mine, "Hand-over note")
    done = await world.submit(cleo, form, {"note": "Two questions wait in #help"})
    assert "Handed on" in done.text
    await world.advance_to(MONDAY + WEEK + timedelta(minutes=1))
    assert holders(world, role) == {ben.id}
    begun = [each for each in world.dms(ben) if "is yours until" in each.text][-1]
    assert f"Handed on by <@{cleo.id}>" in begun.text and "Two questions wait" in begun.text
    assert "Two questions wait" in hand_overs(world)[-1].text


@pytest.mark.long
async def test_staff_cover_a_span_act_for_somebody_and_take_it_back(world: LyceumWorld) -> None:
    role = await world.create_role("Mentor")
    await make(world, role=role)
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await join(world, ben)
    await world.advance_to(MONDAY + timedelta(minutes=1))
    boss = world.facilitator
    covered = await world.slash(boss, world.staff, "manage rota cover", who=ben, by=cleo, until="in 24 hours")
    assert f"**Cover**: <@{cleo.id}> for <@{ben.id}>" in covered.text
    assert holders(world, role) == {cleo.id} and f"**Cover**: <@{cleo.id}>" in hand_overs(world)[0].text
    await world.advance(DAY + timedelta(minutes=2))
    assert holders(world, role) == {ben.id}
    await world.slash(boss, world.staff, "manage rota cover", who=ben, by=cleo, until="in 24 hours")
    undone = await world.press(boss, await open_desk(world), "Undo the last change")
    assert "Taken back" in undone.text and holders(world, role) == {ben.id}
    done = await world.slash(boss, world.staff, "manage rota act-for", member=ben, to=cleo)
    assert holders(world, role) == {cleo.id}
    await world.press(boss, done, "Undo the last change")
    assert holders(world, role) == {ben.id}
    await world.advance_to(MONDAY + WEEK + timedelta(minutes=1))
    report = await world.press(boss, await open_desk(world), "How fair it is")
    assert "100 of 100" in report.text and f"<@{ben.id}>" in report.text
