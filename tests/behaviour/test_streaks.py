"""Streaks as people see them: over changes of the clock, across the world, and on bad days."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sandbox.seen import Answer
from tests.behaviour.quests import LyceumWorld, OpenWorld
from tests.behaviour.rituals import choose_zone
from tests.behaviour.steps import switch as switch_feature
from tests.behaviour.streaks import (
    DAY,
    WEEK,
    ask_for_wins,
    contribute,
    pause,
    set_zone,
    staff_card,
    streak,
    switch,
    wall,
    why,
)
from tests.shell import Statements

HOUR = timedelta(hours=1)


@pytest.fixture
async def world(community: LyceumWorld) -> LyceumWorld:
    """It is Wednesday 2026-01-07, 09:00 UTC."""
    await ask_for_wins(community)
    return community


async def weekly(world: LyceumWorld, count: int) -> None:
    """The member contributes each week; ends a week after the last."""
    for _ in range(count):
        await contribute(world, world.member)
        await world.advance(WEEK)


async def choose_week(world: LyceumWorld, card: Answer, control: str, week: str) -> Answer:
    return await world.choose(world.facilitator, card, f"Week of {week}", menu=_menu(card, control))


def _menu(card: Answer, control: str) -> str:
    assert card.message is not None
    return next(each.custom_id for each in card.message.selects if each.custom_id.startswith(control))


async def repair(world: LyceumWorld, week: str, reason: str) -> Answer:
    """A facilitator lets a week of the member count."""
    form = await choose_week(world, await staff_card(world, world.member), "streaks:staff.choose", week)
    return await world.submit(world.facilitator, form, {"reason": reason})


class TestTheCard:
    async def test_it_begins_with_the_next_thing_you_do(self, world: LyceumWorld) -> None:
        card = await streak(world, world.member)
        assert card.ephemeral and "A new streak starts with the next thing you do" in card.text
        assert "One of these makes it count: " in card.text and "`/challenge current`" in card.text

    async def test_weeks_freezes_the_end_of_the_week_and_its_reason(self, world: LyceumWorld) -> None:
        await set_zone(world, world.member, "Lisbon")
        await weekly(world, 4)
        card = await streak(world, world.member)
        ends = int(wall("Europe/Lisbon", 2026, 2, 9, 0).timestamp())
        head = f"**4 weeks** · 1 freeze · your week ends Sunday 24:00 Europe/Lisbon (<t:{ends}:R>)"
        assert head in card.text and "This week is open." in card.text
        await contribute(world, world.member)
        card = await streak(world, world.member)
        assert "**5 weeks**" in card.text
        assert "This week counts already: Answered a ritual (Friday wins)" in card.text
        assert (await why(world, world.member))[-1].startswith("- Week of 2026-01-05: counted: Answered")

    async def test_many_weeks_are_on_pages(self, world: LyceumWorld) -> None:
        await weekly(world, 8)
        card = await world.press(world.member, await streak(world, world.member), "Why")
        assert "Week of 2026-03-02: open" in card.text and "2026-01-05" not in card.text
        card = await world.press(world.member, card, "Older")
        assert "Week of 2026-01-05: counted" in card.text and "Older" not in [b.label for b in card.buttons]
        card = await world.press(world.member, await world.press(world.member, card, "Newer"), "Back")
        assert "**8 weeks**" in card.text

    async def test_hidden_only_the_member_sees_it_and_it_goes_on(self, world: LyceumWorld) -> None:
        asked = await world.press(world.member, await streak(world, world.member), "Hide my streak")
        assert "Facilitators can still look, to repair a week." in asked.text
        card = await world.press(world.member, asked, "Hide it")
        assert "Hidden: nobody sees your streak but you" in card.text
        await weekly(world, 2)
        card = await streak(world, world.member)
        assert "**2 weeks**" in card.text
        assert "They have hidden it." in (await staff_card(world, world.member)).text
        assert "Hidden" not in (await world.press(world.member, card, "Show my streak")).text

    async def test_what_is_taken_back_in_time_does_not_count(self, world: LyceumWorld) -> None:
        answer = await contribute(world, world.member)
        assert "**1 week**" in (await streak(world, world.member)).text
        await world.press(world.member, answer, "Take it back")
        assert "A new streak starts" in (await streak(world, world.member)).text

    async def test_no_word_of_loss_and_no_ping_when_it_is_over(self, world: LyceumWorld) -> None:
        await weekly(world, 2)
        await world.advance(2 * WEEK)
        card = await streak(world, world.member)
        assert "A new streak starts with the next thing you do" in card.text
        assert "Your longest so far: 2 weeks." in card.text
        shown = (card.text + "\n".join(await why(world, world.member))).lower()
        assert not [word for word in ("lost", "lose", "broke", "missed", "fail") if word in shown]
        assert world.pings(world.member) == [] and world.dms(world.member) == []
        posts = [post.text for channel in world.channels.values() for post in world.posted(channel)]
        assert posts and not [post for post in posts if "streak" in post.lower()]


class TestFreezes:
    async def test_used_by_itself_and_told_beside_the_next_answer_once(self, world: LyceumWorld) -> None:
        await weekly(world, 4)
        await world.advance(WEEK)
        said = "A freeze kept your streak over a quiet week"
        card = await streak(world, world.member)
        assert "**4 weeks** · 0 freezes" in card.text and said in card.text and card.ephemeral
        assert said not in (await streak(world, world.member)).text
        assert "kept by a freeze" in (await why(world, world.member))[1]
        assert world.pings(world.member) == []

    async def test_who_gets_dms_hears_of_it_in_the_news_of_the_day(self, world: LyceumWorld) -> None:
        card = await world.slash(world.member, world.general, "me notifications")
        await world.press(world.member, card, "Write to me by DM")
        await weekly(world, 4)
        await world.advance(WEEK)
        told = [each.text for each in world.dms(world.member) if "A freeze kept your streak" in each.text]
        assert len(told) == 1 and "Your news of the day" in told[0]


class TestHolds:
    async def test_a_pause_in_the_middle(self, world: LyceumWorld) -> None:
        await weekly(world, 2)
        await pause(world, world.member, "in two weeks")
        await world.advance(3 * WEEK)
        await contribute(world, world.member)
        assert "**3 weeks**" in (await streak(world, world.member)).text
        weeks = await why(world, world.member)
        assert [each.partition(": ")[2].partition(":")[0] for each in weeks] == [
            "counted",
            "held",
            "held",
            "held",
            "counted",
            "counted",
        ]
        assert "you had paused everything" in weeks[1]

    async def test_a_planned_rest(self, world: LyceumWorld) -> None:
        await contribute(world, world.member)
        form = await world.press(world.member, await streak(world, world.member), "Plan a rest week")
        card = await world.submit(world.member, form, {"weeks": ["2026-01-12"]})
        assert "Rest weeks that you planned, from Monday: 2026-01-12" in card.text
        await world.advance(WEEK)
        assert "This week is held: a rest week that you planned." in (await streak(world, world.member)).text
        await world.advance(WEEK)
        await contribute(world, world.member)
        assert "**2 weeks**" in (await streak(world, world.member)).text

    async def test_switched_off_and_on_again(self, world: LyceumWorld) -> None:
        await weekly(world, 2)
        await switch(world, on=False)
        assert "switched this off for now" in (await streak(world, world.member)).text
        await world.advance(2 * WEEK)
        await switch(world, on=True)
        await world.advance(WEEK)
        await contribute(world, world.member)
        assert "**3 weeks**" in (await streak(world, world.member)).text
        assert "streaks were switched off here" in (await why(world, world.member))[1]

    async def test_the_bot_was_away_for_three_weeks(self, world: LyceumWorld) -> None:
        await weekly(world, 2)
        async with world.while_down(crash=True):
            await world.advance(3 * WEEK)
        await contribute(world, world.member)
        assert "**3 weeks**" in (await streak(world, world.member)).text
        assert "held: I was away" in (await why(world, world.member))[1]


class TestTheClock:
    @pytest.mark.parametrize(
        ("city", "zone", "change"),
        [
            ("Lisbon", "Europe/Lisbon", (2026, 3, 29)),
            ("Lisbon", "Europe/Lisbon", (2026, 10, 25)),
            ("New York", "America/New_York", (2026, 3, 8)),
            ("New York", "America/New_York", (2026, 11, 1)),
        ],
    )
    async def test_sunday_evening_and_monday_morning_around_a_change(
        self, open_world: OpenWorld, city: str, zone: str, change: tuple[int, int, int]
    ) -> None:
        async with open_world(now=wall(zone, *change, 0) - DAY) as world:
            await ask_for_wins(world)
            await set_zone(world, world.member, city)
            await world.advance_to(wall(zone, *change, 23, 50))
            await contribute(world, world.member)
            ends = int(wall(zone, *_day_after(change), 0).timestamp())
            assert f"(<t:{ends}:R>)" in (await streak(world, world.member)).text
            await world.advance(HOUR / 2)  # it is Monday
            assert "This week is open." in (await streak(world, world.member)).text
            await contribute(world, world.member)
            assert "**2 weeks**" in (await streak(world, world.member)).text

    async def test_a_member_in_auckland_of_a_community_in_london(self, world: LyceumWorld) -> None:
        await choose_zone(world, "London")
        await set_zone(world, world.member, "Auckland")
        await world.advance_to(wall("Pacific/Auckland", 2026, 1, 11, 23))
        await contribute(world, world.member)
        await world.advance_to(wall("Pacific/Auckland", 2026, 1, 12, 1))  # Sunday in London
        await contribute(world, world.member)
        card = await streak(world, world.member)
        assert "**2 weeks**" in card.text and "Sunday 24:00 Pacific/Auckland" in card.text

    async def test_moving_east_on_sunday_evening(self, world: LyceumWorld) -> None:
        await set_zone(world, world.member, "Lisbon")
        await weekly(world, 1)
        await world.advance_to(wall("Europe/Lisbon", 2026, 1, 18, 15))
        await contribute(world, world.member)
        await world.advance_to(wall("Europe/Lisbon", 2026, 1, 18, 20))
        await set_zone(world, world.member, "Auckland")
        card = await streak(world, world.member)
        assert "**2 weeks**" in card.text and "This week is open." in card.text
        await contribute(world, world.member)
        assert "**3 weeks**" in (await streak(world, world.member)).text

    async def test_the_first_hours_of_a_week_still_count_for_the_last(self, world: LyceumWorld) -> None:
        await weekly(world, 1)
        await world.advance_to(wall("UTC", 2026, 1, 19, 8))
        assert "Last week is still open" in (await streak(world, world.member)).text
        await contribute(world, world.member)
        card = await streak(world, world.member)
        assert "**2 weeks**" in card.text and "counts for last week: Answered a ritual" in card.text
        assert "This week is open." in card.text
        await world.advance(HOUR)
        await contribute(world, world.member)
        await world.advance(DAY)
        assert "**3 weeks**" in (await streak(world, world.member)).text
        assert "in the first 12 hours of the week after" in (await why(world, world.member))[1]


class TestBadDays:
    async def test_killed_while_weeks_are_settled(self, world: LyceumWorld) -> None:
        await weekly(world, 4)
        await world.advance_to(wall("UTC", 2026, 2, 9, 11, 59))
        for _ in range(3):
            async with world.while_down(crash=True):
                pass
            await world.jump(timedelta(minutes=1))
            await world.crash()
            await world.start_again()
        await world.advance(HOUR)
        card = await streak(world, world.member)
        assert card.text.count("A freeze kept your streak") == 1 and "**4 weeks** · 0 freezes" in card.text
        assert "A freeze" not in (await streak(world, world.member)).text.replace("A freeze is used", "")

    async def test_somebody_leaves_and_comes_back(self, world: LyceumWorld) -> None:
        ann = world.member
        await weekly(world, 2)
        await world.leave(ann)
        await world.advance(DAY)
        await world.rejoin(ann)
        await contribute(world, ann)
        assert "**3 weeks**" in (await streak(world, ann)).text

    async def test_staff_repair_a_week_with_a_reason_and_take_it_back(self, world: LyceumWorld) -> None:
        await weekly(world, 2)
        await world.advance(WEEK)
        await contribute(world, world.member)
        assert "**1 week**" in (await streak(world, world.member)).text
        done = await repair(world, "2026-01-19", "She held the tea @everyone")
        assert "**The week of 2026-01-19 counts now.**" in done.text and "4 weeks" in done.text
        card = await streak(world, world.member)
        assert "**4 weeks** · 1 freeze" in card.text and "Staff let one more week" in card.text
        assert "staff repaired it. She held the tea" in "\n".join(await why(world, world.member))
        audit = await world.slash(world.facilitator, world.staff, "manage audit")
        assert "let the week of 2026-01-19 count" in audit.text and "She held the tea" in audit.text
        back = await choose_week(world, done, "streaks:staff.take_back", "2026-01-19")
        assert "again what it was before" in back.text
        assert "**1 week**" in (await streak(world, world.member)).text

    async def test_two_of_staff_repair_the_same_week_at_once(self, world: LyceumWorld) -> None:
        await weekly(world, 1)
        await world.advance(WEEK + DAY)
        card = await staff_card(world, world.member)
        forms = [await choose_week(world, card, "streaks:staff.choose", "2026-01-12") for _ in range(2)]
        answers = await world.at_once(
            *(world.submit(world.facilitator, form, {"reason": "Tea"}) for form in forms)
        )
        told = sorted("counts now" in each.text for each in answers)
        assert told == [False, True]
        assert any("has been repaired already" in each.text for each in answers)

    async def test_members_see_nobody_elses_streak(self, world: LyceumWorld) -> None:
        await contribute(world, world.member)
        assert "manage" not in world.commands(world.people["Cleo"], world.general)
        card = await staff_card(world, world.people["Cleo"])
        assert "They have no streak yet." in card.text

    async def test_messages_cost_no_query(self, world: LyceumWorld) -> None:
        await contribute(world, world.member)
        await world.say(world.member, world.general, "Hello")
        with Statements(world.bot.core.db) as statements:
            world.ring_by_itself = False
            await world.say(world.member, world.general, "Hello again")
            world.ring_by_itself = True
        assert statements.seen == []


def _day_after(day: tuple[int, int, int]) -> tuple[int, int, int]:
    after = datetime(*day) + DAY  # noqa: DTZ001 - a date
    return after.year, after.month, after.day


async def test_what_is_switched_off_is_not_proposed(community: LyceumWorld) -> None:
    assert "`/micro`" in (await streak(community, community.member)).text
    for feature in ("micro", "challenges", "rituals", "onboarding", "pairs", "reviews", "kudos", "rota"):
        await switch_feature(community, feature, on=False)
    shown = (await streak(community, community.member)).text
    assert "makes it count: a promise that you keep (`/commit`)." in shown
    await switch_feature(community, "promises", on=False)
    assert "This week is open.\n" in (await streak(community, community.member)).text
