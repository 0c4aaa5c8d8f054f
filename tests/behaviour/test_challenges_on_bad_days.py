"""Challenges through crashes, outages, clocks and lost places: each step once, or a reason why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.authority import MANAGE_GUILD, Actor
from sandbox.faults import CREATE_MESSAGE, EDIT_MESSAGE
from tests.behaviour import challenges as c
from tests.behaviour.quests import LyceumWorld, OpenWorld, notices
from tests.behaviour.test_privacy import deleted

MONDAY = datetime(2026, 1, 12, 9, tzinfo=UTC)
SUNDAY = datetime(2026, 1, 18, 20, tzinfo=UTC)
GRACE = SUNDAY + timedelta(hours=12)
RESULTS = datetime(2026, 1, 19, 18, tzinfo=UTC)
REMINDER = SUNDAY - timedelta(days=1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
async def rhythm(community: LyceumWorld) -> LyceumWorld:
    """A community with two challenges in the queue, that open every Monday from the 12th on."""
    await c.choose_channels(community, community.weekly, community.first_wins)
    for title in ("Knots", "Splices"):
        await c.write(community, title)
    await c.every_week(community)
    return community


async def jobs(world: LyceumWorld) -> str:
    return (await world.slash(world.facilitator, world.staff, "manage jobs")).text


async def choose_zone(world: LyceumWorld, zone: str) -> None:
    start = await world.slash(world.facilitator, world.general, "setup start")
    card = await world.choose(world.facilitator, start, "Community", menu="setup:page.open")
    form = await world.press(world.facilitator, card, "Change the time zone")
    await world.submit(world.facilitator, form, {"zone": zone})


def titles(world: LyceumWorld) -> list[str]:
    return [post.text.splitlines()[1].strip("*") for post in c.posts(world, world.weekly)]


async def live_until(world: LyceumWorld, moment: datetime) -> None:
    """Ben joins with a reminder, Cleo hands in, and time goes by."""
    if world.now < MONDAY < moment:
        await world.advance_to(min(MONDAY + MINUTE, moment))
        [post] = c.posts(world, world.weekly)
        await c.join(world, world.member, post, remind=True)
        await c.hand_in(world, world.people["Cleo"])
    await world.advance_to(moment)


@pytest.mark.parametrize(
    "killed", [pytest.param(False, marks=pytest.mark.long), True], ids=["restarted", "killed"]
)
@pytest.mark.parametrize("moment", [MONDAY, REMINDER, SUNDAY, GRACE, RESULTS], ids=str)
async def test_begun_anew_at_the_very_moment_of_each_step(
    rhythm: LyceumWorld, moment: datetime, killed: bool
) -> None:
    await live_until(rhythm, moment - MINUTE)
    async with rhythm.while_down(crash=killed):
        await rhythm.advance_to(moment)
    async with rhythm.while_down(crash=killed):
        pass
    if moment == MONDAY:
        [post] = c.posts(rhythm, rhythm.weekly)
        await c.join(rhythm, rhythm.member, post, remind=True)
        await c.hand_in(rhythm, rhythm.people["Cleo"])
    await rhythm.advance_to(RESULTS + HOUR)
    assert titles(rhythm) == ["Knots", "Splices"]
    [result] = c.results(rhythm, rhythm.first_wins)
    assert result.mentions == (rhythm.people["Cleo"].id,)
    assert len([ping for ping in rhythm.pings(rhythm.member) if "Knots" in ping.text]) == 1


@pytest.mark.parametrize(
    "request_", [CREATE_MESSAGE, pytest.param(EDIT_MESSAGE, marks=pytest.mark.long)], ids=["post", "edit"]
)
@pytest.mark.parametrize("after", [False, True], ids=["before Discord did it", "after Discord did it"])
@pytest.mark.parametrize("moment", [MONDAY, SUNDAY, RESULTS], ids=["opening", "closing", "results"])
async def test_killed_in_the_middle_of_a_request(
    rhythm: LyceumWorld, request_: tuple[str, str], after: bool, moment: datetime
) -> None:
    await live_until(rhythm, moment - MINUTE)
    gate = rhythm.faults.hold(*request_, after=after)
    await rhythm.advance(MINUTE)
    does_it = request_ != (EDIT_MESSAGE if moment == MONDAY else CREATE_MESSAGE) or moment == RESULTS
    assert bool(gate.waiting) is does_it
    await rhythm.crash()
    gate.release()
    await rhythm.start_again()
    await rhythm.advance_to(RESULTS + 2 * HOUR)
    assert titles(rhythm) == ["Knots", "Splices"]
    assert len(c.results(rhythm, rhythm.first_wins)) == 1
    assert "What people made" in c.posts(rhythm, rhythm.weekly)[0].labels


async def test_away_over_the_opening_it_opens_late_with_the_deadline_of_that_week(
    rhythm: LyceumWorld,
) -> None:
    async with rhythm.while_down():
        await rhythm.advance_to(MONDAY + timedelta(days=1))
    [post] = c.posts(rhythm, rhythm.weekly)
    assert f"<t:{int(SUNDAY.timestamp())}:F>" in post.text


async def test_away_for_four_days_the_queue_waits_for_the_next_week(rhythm: LyceumWorld) -> None:
    async with rhythm.while_down():
        await rhythm.advance_to(MONDAY + timedelta(days=4))
    assert titles(rhythm) == []
    assert "the bot came back too late for it" in await jobs(rhythm)
    await rhythm.advance_to(MONDAY + timedelta(weeks=1, minutes=1))
    assert titles(rhythm) == ["Knots"]


async def test_away_from_the_first_day_to_after_the_results_all_is_told_once(rhythm: LyceumWorld) -> None:
    await live_until(rhythm, MONDAY + HOUR)
    async with rhythm.while_down():
        await rhythm.advance(timedelta(days=8))
    await rhythm.advance(HOUR)
    [result] = c.results(rhythm, rhythm.first_wins)
    assert result.mentions == (rhythm.people["Cleo"].id,)
    assert [ping for ping in rhythm.pings(rhythm.member) if "Knots" in ping.text] == [], (
        "too late to remind of it"
    )


async def test_discord_away_for_a_day_at_the_closing(rhythm: LyceumWorld) -> None:
    await live_until(rhythm, SUNDAY - MINUTE)
    rhythm.ring_by_itself = False
    with rhythm.faults.outage():
        await rhythm.advance(timedelta(days=1))
    rhythm.ring_by_itself = True
    await rhythm.advance(HOUR)
    assert len(c.results(rhythm, rhythm.first_wins)) == 1
    assert "Join" not in c.posts(rhythm, rhythm.weekly)[0].labels


@pytest.mark.parametrize("away", [False, True], ids=["channel away", "then the bot away"])
@pytest.mark.parametrize("found", [False, True], ids=["unseen", "found anyway"])
async def test_what_was_never_posted_has_results_only_if_somebody_handed_in(
    rhythm: LyceumWorld, found: bool, away: bool
) -> None:
    rhythm.faults.status(503, "POST", f"/channels/{rhythm.weekly.id}/messages", times=None)
    rhythm.ring_by_itself = False
    await rhythm.advance_to(MONDAY)
    await rhythm.tick()
    if found:
        await c.hand_in(rhythm, rhythm.people["Cleo"])
    if away:
        async with rhythm.while_down(crash=True):
            rhythm.faults.clear()
            await rhythm.advance_to(RESULTS)
    else:
        await rhythm.advance_to(SUNDAY + HOUR)
        rhythm.faults.clear()
    rhythm.ring_by_itself = True
    await rhythm.advance_to(RESULTS + HOUR)
    assert titles(rhythm) == ["Splices"]  # the next week's
    assert len(c.results(rhythm, rhythm.first_wins)) == found


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("moment", [MONDAY, SUNDAY], ids=["opening", "closing"])
async def test_a_zone_changed_a_minute_before_never_opens_twice(
    rhythm: LyceumWorld, moment: datetime, zone: str
) -> None:
    await live_until(rhythm, moment - MINUTE)
    await choose_zone(rhythm, zone)
    await rhythm.advance_to(SUNDAY - HOUR if moment == MONDAY else SUNDAY + MINUTE)
    assert titles(rhythm) == ["Knots"]
    [post] = c.posts(rhythm, rhythm.weekly)
    if moment == SUNDAY:
        assert f"The deadline was <t:{int(SUNDAY.timestamp())}:F>" in post.text, "what was promised holds"


async def test_a_rhythm_changed_a_minute_before_opens_once_that_week(rhythm: LyceumWorld) -> None:
    await rhythm.advance_to(MONDAY - MINUTE)
    await c.every_week(rhythm, opens_time="10:00")
    await rhythm.advance(3 * HOUR)
    assert titles(rhythm) == ["Knots"]
    await c.every_week(rhythm, opens="Tuesday")
    await rhythm.advance_to(SUNDAY - HOUR)
    assert titles(rhythm) == ["Knots"]


@pytest.mark.parametrize(
    "start", [datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 10, 4, tzinfo=UTC)], ids=str
)
async def test_nine_and_eight_stay_so_through_a_change_of_the_clocks(
    open_world: OpenWorld, start: datetime
) -> None:
    async with open_world(now=start) as world:
        await choose_zone(world, "Europe/Lisbon")
        await c.choose_channels(world, world.weekly)
        for number in range(6):
            await c.write(world, f"Number {number}")
        await c.every_week(world)
        await world.advance(timedelta(weeks=6))
        lisbon = ZoneInfo("Europe/Lisbon")
        posts = c.posts(world, world.weekly)
        opened = [post.at.astimezone(lisbon) for post in posts]
        assert len({each.utcoffset() for each in opened}) == 2
        assert {(each.weekday(), each.hour) for each in opened} == {(0, 9)} and len(opened) == 6
        told = [card.at.astimezone(lisbon) for card in c.results(world, world.weekly)]
        assert {(each.weekday(), each.hour) for each in told} == {(0, 18)} and len(told) == 5


async def test_two_facilitators_open_at_once(rhythm: LyceumWorld) -> None:
    boss, owner = rhythm.facilitator, rhythm.people["Olive"]
    first = await rhythm.press(boss, await c.look(rhythm, "Knots"), "Open now")
    card = await rhythm.slash(owner, rhythm.general, "manage challenges list")
    card = await rhythm.choose(owner, card, "Splices", menu="challenges:manage.look")
    second = await rhythm.press(owner, card, "Open now")
    answers = await rhythm.at_once(
        rhythm.press(boss, first, "Open it"), rhythm.press(owner, second, "Open it")
    )
    assert sorted("Another challenge is open" in answer.text for answer in answers) == [False, True]
    assert len(titles(rhythm)) == 1


async def test_a_deleted_channel_is_told_and_nothing_opens_until_another_is_chosen(
    rhythm: LyceumWorld,
) -> None:
    await rhythm.delete_channel(rhythm.weekly)
    assert any("Challenge channel" in notice for notice in notices(rhythm))
    await rhythm.advance_to(MONDAY + HOUR)
    assert "no channel is chosen for challenges" in await jobs(rhythm)
    await c.choose_channels(rhythm, rhythm.general)
    await rhythm.advance_to(MONDAY + timedelta(weeks=1, hours=1))
    assert len(c.posts(rhythm, rhythm.general)) == 1


async def test_a_channel_deleted_while_it_is_open_leaves_the_results_a_place(rhythm: LyceumWorld) -> None:
    await live_until(rhythm, MONDAY + HOUR)
    await rhythm.delete_channel(rhythm.weekly)
    card = await rhythm.slash(rhythm.member, rhythm.general, "challenge current")
    assert "Open until" in card.text
    await rhythm.advance_to(RESULTS + MINUTE)
    assert len(c.results(rhythm, rhythm.first_wins)) == 1


@pytest.mark.parametrize("away", [False, True], ids=["while here", "while away"])
async def test_of_a_channel_deleted_while_it_is_open_staff_are_told_once(
    rhythm: LyceumWorld, away: bool
) -> None:
    if away:
        rhythm.faults.hold(*CREATE_MESSAGE, times=None)
        await rhythm.advance_to(MONDAY)
        async with rhythm.while_down(crash=True):
            rhythm.faults.clear()
            await rhythm.delete_channel(rhythm.weekly)
    else:
        await live_until(rhythm, MONDAY + HOUR)
        await rhythm.delete_channel(rhythm.weekly)
    await rhythm.advance_to(RESULTS + MINUTE)
    [notice] = [each for each in notices(rhythm) if "deleted" in each]
    assert "Challenge channel" in notice


async def test_a_member_who_left_is_not_pinged(rhythm: LyceumWorld) -> None:
    await live_until(rhythm, MONDAY + HOUR)
    await rhythm.leave(rhythm.member)
    await rhythm.advance_to(SUNDAY)
    assert [card for card in rhythm.posted(rhythm.weekly) if rhythm.member.id in card.pinged] == []


async def test_who_asked_to_be_forgotten_is_gone_from_the_results(rhythm: LyceumWorld) -> None:
    cleo, ben = rhythm.people["Cleo"], rhythm.member
    await live_until(rhythm, MONDAY + HOUR)
    await c.hand_in(rhythm, ben)
    card = await rhythm.slash(cleo, rhythm.general, "privacy delete")
    form = await rhythm.press(cleo, card, "Delete my data")
    await rhythm.submit(cleo, form, {"word": "delete"})
    await rhythm.advance_to(RESULTS + MINUTE)
    [result] = c.results(rhythm, rhythm.first_wins)
    assert result.mentions == (ben.id,)


async def test_who_is_deleted_after_the_results_leaves_them(rhythm: LyceumWorld) -> None:
    cleo, ben = rhythm.people["Cleo"], rhythm.member
    await live_until(rhythm, MONDAY + HOUR)
    await c.hand_in(rhythm, ben)
    await rhythm.advance_to(RESULTS + MINUTE)
    [result] = c.results(rhythm, rhythm.first_wins)
    assert set(result.mentions) == {ben.id, cleo.id}
    card = await rhythm.slash(cleo, rhythm.general, "privacy delete")
    form = await rhythm.press(cleo, card, "Delete my data")
    await rhythm.submit(cleo, form, {"word": "delete"})
    await rhythm.advance(timedelta(days=1, hours=1))
    [result] = c.results(rhythm, rhythm.first_wins)
    assert result.mentions == (ben.id,)


async def test_when_all_who_handed_in_were_deleted_nobody_says_that_nobody_did(rhythm: LyceumWorld) -> None:
    cleo = rhythm.people["Cleo"]
    await live_until(rhythm, MONDAY + HOUR)
    await deleted(rhythm, cleo)
    await rhythm.advance_to(RESULTS + MINUTE)
    [result] = c.results(rhythm, rhythm.first_wins)
    assert "nothing to show" in result.text and "Nobody" not in result.text


async def switch(world: LyceumWorld, *, on: bool) -> None:
    """A facilitator switches challenges off or on."""
    actor = Actor(world.guild_id, world.facilitator.id, permissions=MANAGE_GUILD)
    async with world.bot.core.db.begin() as session:
        await world.bot.core.features.switch(session, actor, "challenges", on=on)


async def test_switched_off_in_the_middle_nothing_of_it_happens_and_switched_on_it_goes_on(
    rhythm: LyceumWorld,
) -> None:
    await live_until(rhythm, MONDAY + HOUR)
    await switch(rhythm, on=False)
    [post] = c.posts(rhythm, rhythm.weekly)
    refused = await rhythm.press(rhythm.member, post, "Submit")
    assert refused.modal is None and "switched this off" in refused.text
    await rhythm.advance_to(RESULTS + HOUR)
    assert c.results(rhythm, rhythm.first_wins) == [] and len(c.posts(rhythm, rhythm.weekly)) == 1
    await switch(rhythm, on=True)
    await rhythm.advance_to(MONDAY + timedelta(weeks=2, hours=1))
    [result] = c.results(rhythm, rhythm.first_wins)
    assert result.mentions == (rhythm.people["Cleo"].id,)
    assert titles(rhythm) == ["Knots", "Splices"]


async def test_switched_on_again_the_list_of_facilitators_puts_it_right(rhythm: LyceumWorld) -> None:
    await live_until(rhythm, MONDAY + HOUR)
    await switch(rhythm, on=False)
    await rhythm.advance_to(SUNDAY + HOUR)
    await switch(rhythm, on=True)
    card = await rhythm.slash(rhythm.facilitator, rhythm.staff, "manage challenges list")
    assert "Knots (closing)" in card.text
    await rhythm.advance_to(RESULTS + MINUTE)
    assert len(c.results(rhythm, rhythm.first_wins)) == 1
