"""Pairings on bad days: kills, outages, clock changes, deleted threads, and everything switched off in the middle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from sandbox.faults import CREATE_MESSAGE
from sandbox.people import Person
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
from tests.behaviour.quests import LyceumWorld, OpenWorld
from tests.behaviour.steps import reach, switch
from tests.behaviour.test_privacy import deleted

DAY = timedelta(days=1)
MONDAY = datetime(2026, 1, 12, 16, tzinfo=UTC)


async def four(world: LyceumWorld) -> list[Person]:
    people = [world.people[name] for name in ("Ben", "Cleo", "Milo", "Olive")]
    await hold_weekly(world)
    await join(world, *people)
    return people


@pytest.mark.parametrize("request_", [ROOM, CREATE_MESSAGE], ids=["thread", "card"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_kill_leaves_every_pair_with_one_thread_and_one_card(
    world: LyceumWorld, request_: tuple[str, str], *, after: bool
) -> None:
    people = await four(world)
    world.faults.hold(*request_, after=after)
    await world.advance_to(MONDAY)
    before = set(pairs_of(world))
    await world.crash()
    await world.start_again()
    await world.advance(timedelta(minutes=5))
    assert len(rooms(world)) == 2 and len(cards(world)) == 2
    assert before <= set(pairs_of(world))
    assert {each for pair in pairs_of(world) for each in pair} == {each.id for each in people}


async def test_after_two_missed_rounds_one_is_held_and_it_is_not_a_parade(world: LyceumWorld) -> None:
    await four(world)
    async with world.while_down():
        await world.advance(15 * DAY)
    await world.advance(timedelta(minutes=5))
    assert len(rooms(world)) == 2
    await world.advance_to(datetime(2026, 1, 26, 16, tzinfo=UTC))
    assert len(rooms(world)) == 4


@pytest.mark.parametrize(
    ("now", "instant"),
    [
        # The clocks in Berlin skip 02:30 on the first, and show it twice on the second.
        (datetime(2026, 3, 27, 9, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 23, 9, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
    ids=["spring", "autumn"],
)
async def test_in_the_night_of_the_clock_change_there_is_one_round(
    open_world: OpenWorld, now: datetime, instant: datetime
) -> None:
    async with open_world(now=now) as world:

        async def move() -> None:
            async with world.bot.core.db.begin() as session:
                from bot.guild_config import GuildConfig

                await world.bot.core.configs.change(
                    session, world.guild_id, GuildConfig, zone="Europe/Berlin"
                )

        await world.in_bot(move)
        await hold_weekly(world, ["Sunday"], "02:30")
        await join(world, world.people["Ben"], world.people["Cleo"])
        await world.advance_to(instant - timedelta(minutes=1))
        assert rooms(world) == []
        await world.advance(timedelta(minutes=1))
        assert len(rooms(world)) == 1
        await world.advance(DAY)
        assert len(rooms(world)) == 1


async def test_a_deleted_thread_is_the_end_of_it_without_a_word(world: LyceumWorld) -> None:
    await choose_place(world)
    await join(world, world.people["Ben"], world.people["Cleo"])
    await hold_now(world)
    [room] = rooms(world)
    world.env.backend.delete_channel(room.id)
    await world.settle()
    staff = len(world.posted(world.staff))
    await world.advance(15 * DAY)
    assert len(world.posted(world.staff)) == staff
    assert world.pings(world.people["Ben"]) == []


async def test_switched_off_in_the_middle_nothing_more_is_said(world: LyceumWorld) -> None:
    await four(world)
    await world.advance_to(MONDAY)
    before = [len(said_in(world, room.id)) for room in rooms(world)]
    card = cards(world)[0]
    await switch(world, "pairs", on=False)
    person = next(each for each in world.people.values() if each.id in card.mentions)
    assert "switched this off" in (await world.press(person, card, "We met")).text
    threads = [room.id for room in rooms(world)]
    await world.advance(8 * DAY)
    assert [len(said_in(world, each)) for each in threads] == before and len(rooms(world)) == 2


async def test_who_is_deleted_goes_from_the_card_and_the_other_is_not_asked_about_a_ghost(
    world: LyceumWorld,
) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await choose_place(world)
    await join(world, ben, cleo)
    await hold_now(world)
    [card] = cards(world)
    await deleted(world, ben)
    assert f"<@{ben.id}>" not in world.read(card).text
    assert "somebody who is not here any more" in world.read(card).text
    status = await world.slash(cleo, world.general, "pair status")
    assert "somebody who is not here any more" in status.text


async def test_a_lost_channel_is_told_and_the_round_is_left_out(world: LyceumWorld) -> None:
    await four(world)
    world.env.backend.delete_channel(world.weekly.id)
    await world.settle()
    assert "No channel is chosen" in (await desk(world)).text
    await world.advance_to(MONDAY + DAY)
    assert rooms(world) == []


async def test_everybody_avoided_by_somebody_still_meets_somebody(world: LyceumWorld) -> None:
    people = await four(world)
    for one, other in pairwise(people):
        await world.slash(one, world.general, "me avoid", member=other)
    await world.advance_to(MONDAY)
    a, b, c, d = (each.id for each in people)
    assert set(pairs_of(world)) == {frozenset((b, d)), frozenset((a, c))}


async def test_who_pauses_is_not_paired_and_not_asked_about_a_pair(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await choose_place(world)
    await join(world, ben, cleo)
    await reach(world, ben, paused_until=world.now + 30 * DAY)
    preview = await world.press(world.facilitator, await desk(world), "Preview a round")
    assert "There is nobody to pair" in preview.text and f"<@{ben.id}>: paused" in preview.text
    await reach(world, ben, paused_until=None)
    await hold_now(world)
    [room] = rooms(world)
    await reach(world, ben, paused_until=world.now + 30 * DAY)
    await world.advance(6 * DAY)
    assert [each.pinged for each in said_in(world, room.id)[1:]] == [(cleo.id,)]
