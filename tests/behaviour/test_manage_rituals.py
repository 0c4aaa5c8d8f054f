"""/manage rituals: changed with the next dates in sight, previewed, posted by hand, paused, and left out on holidays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.authority import Actor
from sandbox.seen import Answer
from tests.behaviour.quests import LyceumWorld, OpenWorld
from tests.behaviour.rituals import add, choose_zone, fill_in, local, opened, posted_at

WEEK = timedelta(weeks=1)
MONDAY = datetime(2026, 1, 12, 9, tzinfo=UTC)


def stamp(month: int, day: int, hour: int) -> str:
    return f"<t:{int(datetime(2026, month, day, hour, tzinfo=UTC).timestamp())}:F>"


async def manage(world: LyceumWorld, verb: str, **options: object) -> Answer:
    """A command of /manage rituals about the Monday goals."""
    return await world.slash(
        world.facilitator, world.general, f"manage rituals {verb}", ritual="Monday goals", **options
    )


class TestChanging:
    async def test_the_next_three_dates_are_shown_and_nothing_changes_before_it_is_saved(
        self, world: LyceumWorld
    ) -> None:
        await add(world)
        draft = await manage(world, "edit")
        draft = await fill_in(
            world, draft, "Day and time", repeat="every two weeks", weekday="Thursday", time="6 pm"
        )
        for day, month in ((8, 1), (22, 1), (5, 2)):
            assert stamp(month, day, 18) in draft.text
        await world.advance_to(MONDAY)
        assert posted_at(world) == [local(1, 12, 9)], "it was not saved yet"
        saved = await world.press(world.facilitator, draft, "Save")
        assert "Saved." in saved.text and "every second Thursday at 18:00" in saved.text
        await world.advance(6 * WEEK)
        # The second week after the one in which the change began had its run; the rhythm goes on from there.
        later = posted_at(world)[1:]
        assert [each.weekday() for each in later] == [3] * len(later)
        assert {(b - a).days for a, b in pairwise(later)} == {14}

    async def test_leaving_it_changes_nothing_and_the_old_draft_says_so(self, world: LyceumWorld) -> None:
        await add(world)
        draft = await fill_in(world, await manage(world, "edit"), "Words", title="New week")
        assert "New week" in draft.text
        left = await world.press(world.facilitator, draft, "Leave it as it is")
        assert "New week" not in left.text and "Monday goals" in left.text
        await world.advance(WEEK)
        assert "Monday goals" in world.posted(world.weekly)[0].text

    async def test_words_purpose_and_owner_are_shown_and_written_down(self, world: LyceumWorld) -> None:
        await add(world)
        draft = await manage(world, "edit", owner=world.people["Farah"])
        draft = await fill_in(
            world, draft, "Words", title="New *week*", purpose="We look ahead.", text="What next? @everyone"
        )
        await world.press(world.facilitator, draft, "Save")
        await world.advance(WEEK)
        [prompt] = world.posted(world.weekly)
        assert "New \\*week\\*" in prompt.text and "What next?" in prompt.text
        assert not prompt.pings_everyone and prompt.pinged == ()
        audit = await world.slash(world.facilitator, world.general, "manage audit")
        assert "changed the ritual New" in audit.text

    async def test_an_owner_must_be_staff(self, world: LyceumWorld) -> None:
        await add(world)
        answer = await manage(world, "edit", owner=world.member)
        assert "has to be a facilitator" in answer.text
        assert "has to be a facilitator" in (await add(world, channel=world.general, owner=world.member)).text

    async def test_of_two_drafts_the_second_does_not_undo_the_first(self, world: LyceumWorld) -> None:
        await add(world)
        first, second = await manage(world, "edit"), await manage(world, "edit")
        first = await fill_in(world, first, "Words", title="First")
        second = await fill_in(world, second, "Words", title="Second")
        await world.press(world.facilitator, first, "Save")
        refused = await world.press(world.facilitator, second, "Save")
        assert "was changed while you were at it" in refused.text
        assert "First" in (await opened(world, "First")).text

    async def test_what_cannot_be_read_is_said_above_the_draft(self, world: LyceumWorld) -> None:
        await add(world)
        draft = await fill_in(world, await manage(world, "edit"), "Day and time", left_out="next Christmas")
        assert (
            "I cannot read “next Christmas” as a date" in draft.text and "Change Monday goals" in draft.text
        )

    @pytest.mark.parametrize(("typed", "times"), [("08:00", []), ("10:00", [10]), ("09:00", [9])])
    async def test_a_time_changed_a_minute_before_never_brings_two_in_one_week(
        self, world: LyceumWorld, typed: str, times: list[int]
    ) -> None:
        await add(world)
        await world.advance_to(MONDAY - timedelta(minutes=1))
        draft = await fill_in(world, await manage(world, "edit"), "Day and time", time=typed)
        if typed != "09:00":
            await world.press(world.facilitator, draft, "Save")
        await world.advance(timedelta(hours=20))
        assert posted_at(world) == [local(1, 12, hour) for hour in times]
        await world.advance(timedelta(days=6))
        assert len(posted_at(world)) == len(times)

    async def test_a_zone_changed_a_minute_before_brings_one(self, open_world: OpenWorld) -> None:
        async with open_world(now=MONDAY - timedelta(hours=1)) as world:
            await add(world)
            await world.advance(timedelta(minutes=59))
            await choose_zone(world, "Europe/Berlin")  # where it is 09:59
            await world.advance(timedelta(days=6))
            assert len(posted_at(world)) == 1


class TestPreviewAndRun:
    async def test_a_preview_is_seen_by_one_person_and_posts_nothing(self, world: LyceumWorld) -> None:
        await add(world)
        card = await manage(world, "preview")
        assert card.ephemeral and "What is one thing" in card.text
        assert "“Monday goals 2026-01-12”" in card.text and "pings nobody" in card.text
        assert world.posted(world.weekly) == []

    async def test_posted_now_it_leaves_its_own_days_alone(self, world: LyceumWorld) -> None:
        await add(world)
        card = await manage(world, "run")
        assert stamp(1, 12, 9) in card.text
        await world.advance(WEEK)
        assert posted_at(world) == [local(1, 7, 9), local(1, 12, 9)]

    async def test_two_presses_at_once_post_one(self, world: LyceumWorld) -> None:
        await add(world)
        card = await opened(world)
        presses = [world.press(world.facilitator, card, "Post it now") for _ in range(2)]
        texts = [answer.text for answer in await world.at_once(*presses)]
        assert sum("posted a moment ago" in text for text in texts) == 1
        await world.advance(timedelta(hours=1))
        assert len(world.posted(world.weekly)) == 1


class TestPausing:
    async def test_paused_until_a_date_it_goes_on_by_itself(self, world: LyceumWorld) -> None:
        await add(world)
        card = await manage(world, "pause", until="2026-01-20")
        assert "paused until" in card.text
        await world.advance(timedelta(weeks=3))
        assert posted_at(world) == [local(1, 26, 9)]

    async def test_paused_without_a_date_it_waits_for_somebody(self, world: LyceumWorld) -> None:
        await add(world)
        await manage(world, "pause")
        await world.advance(timedelta(weeks=3))
        assert posted_at(world) == []
        resumed = await manage(world, "resume")
        assert "next on" in resumed.text
        assert "It is not paused." in (await manage(world, "resume")).text
        await world.advance(WEEK)
        assert len(posted_at(world)) == 1

    async def test_paused_anew_without_a_date_the_old_end_does_not_count(self, world: LyceumWorld) -> None:
        await add(world)
        await manage(world, "pause", until="2026-01-20")
        await manage(world, "pause")
        await world.advance(timedelta(weeks=4))
        assert posted_at(world) == []

    async def test_a_pause_ends_by_its_date_also_while_the_feature_was_off(
        self, community: LyceumWorld
    ) -> None:
        await add(community)
        await manage(community, "pause", until="2026-01-20")
        features = community.bot.core.features
        staff = Actor(community.guild_id, community.facilitator.id)
        for on in (False, True):
            async with community.bot.core.db.begin() as session:
                await features.switch(session, staff, "rituals", on=on)
            await community.advance(timedelta(days=8))
        await community.advance(WEEK)
        assert [each.day for each in posted_at(community)] == [26]
        shown = await opened(community)
        assert "next on" in shown.text and "Pause" in [button.label for button in shown.buttons]


class TestHolidays:
    async def test_nothing_is_posted_on_a_holiday_of_any_ritual(self, world: LyceumWorld) -> None:
        await add(world)
        await add(world, ritual="friday-wins", channel=world.general)
        card = await world.slash(world.facilitator, world.general, "manage rituals holidays")
        shown = await fill_in(world, card, "Change the list", days="01-12 Our birthday\n2026-01-23")
        assert "01-12 Our birthday" in shown.text
        await world.advance(timedelta(weeks=3))
        assert posted_at(world) == [local(1, 19, 9), local(1, 26, 9)]
        assert [each.at.day for each in world.posted(world.general)] == [9, 16]

    async def test_a_list_that_cannot_be_read_is_shown_back(self, world: LyceumWorld) -> None:
        card = await world.slash(world.facilitator, world.general, "manage rituals holidays")
        refused = await fill_in(world, card, "Change the list", days="12-25 Christmas\nsome day in May")
        assert "I cannot read “some day in May”" in refused.text and "12-25 Christmas" in refused.text

    async def test_a_ritual_added_later_keeps_to_them_and_to_its_own_dates(self, world: LyceumWorld) -> None:
        card = await world.slash(world.facilitator, world.general, "manage rituals holidays")
        await fill_in(world, card, "Change the list", days="2026-01-12")
        await add(world)
        draft = await fill_in(world, await manage(world, "edit"), "Day and time", left_out="2026-01-19")
        await world.press(world.facilitator, draft, "Save")
        card = await world.slash(world.facilitator, world.general, "manage rituals holidays")
        await fill_in(world, card, "Change the list", days="")
        await world.advance(timedelta(weeks=3))
        assert posted_at(world) == [local(1, 12, 9), local(1, 26, 9)]


async def test_the_last_day_of_each_month_through_a_whole_year(open_world: OpenWorld) -> None:
    async with open_world(now=datetime(2027, 12, 1, tzinfo=UTC)) as world:
        await choose_zone(world, "Europe/Lisbon")
        await add(world, repeat="last-day", time="23:30")
        await world.advance(timedelta(days=100))
        # 2028 is a leap year.
        assert [(each.month, each.day) for each in posted_at(world, "Europe/Lisbon")] == [
            (12, 31),
            (1, 31),
            (2, 29),
        ]


async def test_members_see_what_it_is_for_and_no_way_to_change_it(world: LyceumWorld) -> None:
    await add(world)
    card = await opened(world)
    with pytest.raises(Exception, match="ermission"):
        await world.slash(world.member, world.general, "manage rituals edit", ritual="Monday goals")
    assert "Everybody begins the week with one thing" in card.text
