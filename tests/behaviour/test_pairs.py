"""Pairings: who takes part meets somebody new, on a rhythm, and tells with one tap how it went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sandbox.seen import Seen
from tests.behaviour.configs import apply, export, give, standing
from tests.behaviour.pairings import (
    ROOM,
    cards,
    choose_place,
    desk,
    hold_now,
    hold_weekly,
    join,
    pairs_of,
    rooms,
    said_in,
)
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.steps import HOSTILE, reach

DAY = timedelta(days=1)
MONDAY = datetime(2026, 1, 12, 16, tzinfo=UTC)


async def test_on_the_day_two_people_get_a_thread_with_a_card(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await reach(world, ben, zone="Europe/Berlin")
    await reach(world, cleo, zone="America/New_York")
    shown = await hold_weekly(world)
    assert "Every week on Monday at 16:00" in shown.text and "0 people take part" in shown.text
    await join(world, ben, cleo)
    await world.advance_to(MONDAY - timedelta(minutes=1))
    assert rooms(world) == []
    await world.advance_to(MONDAY)
    [room] = rooms(world)
    assert set(room.thread_members) >= {ben.id, cleo.id} and room.type == 12
    [card] = cards(world)
    assert set(card.pinged) == {ben.id, cleo.id} and not card.pings_everyone
    # 08-21 UTC in Berlin, 14-03 UTC in New York.
    assert "(14:00\u201321:00 UTC)" in card.text
    assert "15:00\u201322:00" in card.text and "09:00\u201316:00" in card.text
    assert "To begin with" in card.text and card.labels == ["We met", "Didn't work", "Rematch"]


async def test_joining_says_what_comes_and_can_be_changed_and_left(world: LyceumWorld) -> None:
    await hold_weekly(world)
    ben = world.people["Ben"]
    joined = await world.slash(
        ben, world.general, "pair join", days="Mon, wed", teach="SQL, sql, knots", learn="Rust"
    )
    assert joined.ephemeral and f"<t:{int(MONDAY.timestamp())}:F>" in joined.text
    assert "Monday, Wednesday" in joined.text and "SQL" not in joined.text and "sql, knots" in joined.text
    form = await world.press(ben, joined, "Change days and topics")
    changed = await world.submit(ben, form, {"days": ["Tuesday"], "teach": HOSTILE[:30], "learn": ""})
    assert "none of which is among your days" in changed.text and "@everyone" not in changed.text
    assert "You would like to learn" not in changed.text
    skipped = await world.slash(ben, world.general, "pair skip")
    assert "You skip the next round" in skipped.text
    back = await world.press(ben, skipped, "Be in the next one after all")
    assert "The next round" in back.text
    left = await world.slash(ben, world.general, "pair leave")
    assert "out of the pairings" in left.text
    assert "nothing to leave" in (await world.slash(ben, world.general, "pair leave")).text
    refused = await world.slash(ben, world.general, "pair join", days="blue")
    assert "Mon, Wed" in refused.text


async def test_an_odd_count_makes_a_trio_and_who_is_alone_is_told_and_comes_first(world: LyceumWorld) -> None:
    ben, cleo, milo = (world.people[name] for name in ("Ben", "Cleo", "Milo"))
    await hold_weekly(world)
    await reach(world, ben, dm_allowed=True)
    await join(world, ben)
    await world.advance_to(MONDAY)
    assert rooms(world) == []
    [told] = world.dms(ben)
    assert "the only one" in told.text and "first next time" in told.text
    assert "you come first" in (await world.slash(ben, world.general, "pair status")).text
    await join(world, cleo, milo)
    await world.advance(7 * DAY)
    assert pairs_of(world) == [{ben.id, cleo.id, milo.id}]
    assert "you come first" not in (await world.slash(ben, world.general, "pair status")).text


async def test_who_pauses_skips_left_or_chose_another_day_is_not_paired(world: LyceumWorld) -> None:
    people = [await world.join(name) for name in ("Ann", "Bob", "Dan", "Eve")]
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await hold_weekly(world)
    await join(world, ben, cleo, *people[:3])
    await join(world, people[3], days="Tue")
    await reach(world, people[0], paused_until=MONDAY + DAY)
    await world.slash(people[1], world.general, "pair skip")
    await world.leave(people[2])
    await world.advance_to(MONDAY)
    assert pairs_of(world) == [{ben.id, cleo.id}]
    assert [world.pings(each) for each in (people[0], people[3])] == [[], []]
    # Skipped is skipped once; the pause is over as well.
    await world.advance(7 * DAY)
    assert {person for pair in pairs_of(world)[1:] for person in pair} == {
        ben.id,
        cleo.id,
        people[0].id,
        people[1].id,
    }


async def test_nobody_meets_again_while_somebody_new_is_left(world: LyceumWorld) -> None:
    people = [world.people[name] for name in ("Ben", "Cleo", "Milo", "Olive")]
    await hold_weekly(world)
    await join(world, *people)
    await world.advance_to(MONDAY + 15 * DAY)
    met = [frozenset(card.mentions) for card in _all_cards(world)]
    assert len(met) == 6 and len(set(met)) == 6  # three rounds of two pairs: everybody has met everybody


def _all_cards(world: LyceumWorld) -> list[Seen]:
    """Also those in threads that are closed."""
    channels = [each for each in world.env.backend.channels.values() if "Pairing" in (each.name or "")]
    return [said_in(world, each.id)[0] for each in channels]


async def test_who_avoids_somebody_never_meets_them_and_nobody_learns_why(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await hold_weekly(world)
    await join(world, ben, cleo)
    await world.slash(cleo, world.general, "me avoid", member=ben)
    preview = await world.press(world.facilitator, await desk(world), "Preview a round")
    assert "nobody was left for them" in preview.text and "avoid" not in preview.text
    await reach(world, ben, dm_allowed=True)
    await world.advance_to(MONDAY)
    assert rooms(world) == []
    [told] = world.dms(ben)
    assert "It is nothing you did" in told.text and "avoid" not in told.text


async def test_a_preview_says_why_and_confirm_holds_exactly_that(world: LyceumWorld) -> None:
    people = [world.people[name] for name in ("Ben", "Cleo", "Milo", "Olive")]
    await choose_place(world)
    await join(world, people[0], teach="SQL")
    await join(world, people[1], learn="sql")
    await join(world, *people[2:])
    preview = await world.press(world.facilitator, await desk(world), "Preview a round")
    assert preview.ephemeral and preview.text.count("new to each other; share 13 hours a day") == 2
    assert f"<@{people[0].id}> could show SQL" in preview.text and rooms(world) == []
    rolled = await world.press(world.facilitator, preview, "Other pairs")
    shown = {
        frozenset(each.id for each in people if f"<@{each.id}>" in line)
        for line in rolled.text.splitlines()
        if "new to each other" in line
    }
    await world.press(world.facilitator, rolled, "pairs:round.confirm")
    assert set(pairs_of(world)) == shown and len(shown) == 2
    told = [
        f"<@{people[0].id}> could show <@{people[1].id}> something about SQL" in card.text
        for card in cards(world)
    ]
    assert any(told) is ({people[0].id, people[1].id} in shown)
    await world.advance(DAY)
    await hold_now(world)
    assert len(set(pairs_of(world))) == 4


async def test_who_leaves_between_preview_and_confirm_makes_a_new_preview(world: LyceumWorld) -> None:
    ann = await world.join("Ann")
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await choose_place(world)
    await join(world, ann, ben, cleo)
    preview = await world.press(world.facilitator, await desk(world), "Preview a round")
    await world.leave(ann)
    changed = await world.press(world.facilitator, preview, "pairs:round.confirm")
    assert "this is a new preview" in changed.text and rooms(world) == []
    await world.press(world.facilitator, changed, "pairs:round.confirm")
    assert pairs_of(world) == [{ben.id, cleo.id}]


async def test_two_facilitators_who_confirm_at_once_hold_one_round(world: LyceumWorld) -> None:
    await choose_place(world)
    await join(world, world.people["Ben"], world.people["Cleo"])
    preview = await world.press(world.facilitator, await desk(world), "Preview a round")
    presses = [world.press(world.facilitator, preview, "pairs:round.confirm") for _ in range(2)]
    texts = [each.text for each in await world.at_once(*presses)]
    assert len(rooms(world)) == 1
    assert sum("held already" in text for text in texts) == 1


async def test_a_round_can_be_taken_back_for_ten_minutes(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await choose_place(world)
    await join(world, ben, cleo)
    held = await hold_now(world)
    [card] = cards(world)
    await world.press(ben, card, "We met")
    assert "1 met" in (await desk(world)).text
    undone = await world.press(world.facilitator, held, "Take the round back")
    assert "was taken back" in undone.text and "taken back by staff" in world.read(card).text
    assert rooms(world) == [] and world.read(card).labels == []
    status = await world.slash(ben, world.general, "pair status")
    assert "Whom you were paired with" not in status.text
    preview = await world.press(world.facilitator, await desk(world), "Preview a round")
    assert "new to each other" in preview.text
    held = await world.press(world.facilitator, preview, "pairs:round.confirm")
    await world.advance(timedelta(minutes=11))
    assert "ten minutes" in (await world.press(world.facilitator, held, "Take the round back")).text
    assert len(rooms(world)) == 1


async def test_how_it_went_is_said_with_one_tap_and_can_be_changed(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await choose_place(world)
    await join(world, ben, cleo)
    await hold_now(world)
    [card] = cards(world)
    said = await world.press(ben, card, "We met")
    assert said.ephemeral and "Lovely" in said.text
    assert f"<@{ben.id}>: we met." in world.read(card).text
    await world.press(cleo, card, "Didn't work")
    assert "1 in part" in (await desk(world)).text
    await world.press(cleo, card, "We met")
    shown = (await desk(world)).text
    assert "100 % met (1 met)" in shown
    assert "you met" in (await world.slash(cleo, world.general, "pair status")).text
    # Nobody is asked who has said it, and it closes by itself.
    await world.advance(11 * DAY)
    assert rooms(world) == [] and len(world.pings(ben)) == 0


async def test_a_pair_that_says_nothing_is_asked_once_and_closed_kindly(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await choose_place(world)
    await join(world, ben, cleo)
    await hold_now(world)
    [room] = rooms(world)
    await world.advance(6 * DAY)
    card, *questions = said_in(world, room.id)
    assert {each.pinged for each in questions} == {(ben.id,), (cleo.id,)}
    assert all("did you get to meet" in each.text for each in questions)
    await world.advance(5 * DAY)
    assert len(said_in(world, room.id)) == 3 and rooms(world) == []
    assert "This pairing is over" in world.read(card).text and world.read(card).labels == []
    assert "1 said nothing" in (await desk(world)).text


async def test_two_who_would_like_another_one_get_each_other(world: LyceumWorld) -> None:
    people = [world.people[name] for name in ("Ben", "Cleo", "Milo", "Olive")]
    await choose_place(world)
    await join(world, *people)
    await hold_now(world)
    first, second = cards(world)
    one, other = (next(each for each in people if each.id in card.mentions) for card in (first, second))
    waits = await world.press(one, first, "Rematch")
    assert "You wait for a second pair" in waits.text
    assert "waiting for a second pair already" in (await world.press(one, first, "Rematch")).text
    assert f"<@{one.id}> would like to meet somebody else too" in world.read(first).text
    found = await world.press(other, second, "Rematch")
    assert "somebody who wanted that too" in found.text
    assert pairs_of(world)[-1] == {one.id, other.id} and len(rooms(world)) == 3
    assert cards(world)[-1].labels == ["We met", "Didn't work"]
    assert "would like to meet" not in world.read(first).text


async def test_without_threads_the_card_stands_in_the_channel(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await choose_place(world)
    await join(world, ben, cleo)
    world.faults.forbidden(*ROOM, times=None)
    await hold_now(world)
    [card] = [each for each in world.posted(world.weekly) if "meet each other" in each.text]
    assert set(card.pinged) == {ben.id, cleo.id}
    assert "somebody else's" in (await world.press(world.people["Milo"], card, "We met")).text
    await world.press(ben, card, "We met")
    assert "we met." in world.read(card).text


async def test_few_meetings_make_the_desk_propose_a_slower_rhythm(world: LyceumWorld) -> None:
    people = [await world.join(f"Ann{n}") for n in range(6)]
    await hold_weekly(world)
    await join(world, *people)
    await world.advance_to(MONDAY)
    for card in cards(world):
        person = next(each for each in people if each.id in card.mentions)
        await world.press(person, card, "Didn't work")
    shown = await desk(world)
    assert "0 % met (0 met, 3 did not)" in shown.text and "every 2 weeks" in shown.text
    slower = await world.press(world.facilitator, shown, "Every 2 weeks instead")
    assert "Every 2 weeks on Monday at 16:00" in slower.text


async def test_the_rhythm_and_what_counts_are_part_of_the_configuration_file(world: LyceumWorld) -> None:
    await hold_weekly(world)
    pairs = (await standing(world))["pairs"]
    assert (pairs["days"], pairs["at"], pairs["every_weeks"], pairs["close_days"]) == (
        "monday",
        "16:00",
        1,
        10,
    )
    assert pairs["channel"]["name"] == "weekly"
    text = (await export(world)).replace('days = "monday"', 'days = "thursday, monday"')
    await apply(world, await give(world, text.replace("close_days = 10", "close_days = 21")))
    assert "Every week on Monday, Thursday at 16:00" in (await desk(world)).text
    assert (await standing(world))["pairs"]["close_days"] == 21
    form = await world.press(world.facilitator, await desk(world), "What counts")
    answers = {
        "hours": "A little",
        "topics": "As usual",
        "least_hours": "At least 3 hours a day",
        "close_days": "14",
    }
    await world.submit(world.facilitator, form, answers)
    pairs = (await standing(world))["pairs"]
    assert (pairs["hours_weight"], pairs["topics_weight"], pairs["least_hours"]) == (1, 2, 3)
    wrong = await give(
        world, text.replace('"thursday, monday"', '"blue"').replace("close_days = 10", "close_days = 99")
    )
    assert "monday, thursday" in wrong.text and "2 to 28" in wrong.text
