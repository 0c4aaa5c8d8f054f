"""The one reminder for somebody who got stuck: when it comes, when it does not, and that it is one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.authority import MANAGE_GUILD, Actor
from sandbox.people import Person
from sandbox.seen import Seen
from storage.members import change_member
from tests.behaviour.quests import LyceumWorld, finish, restart, say_goal, say_hello

DAY = timedelta(days=1)
WEEKS = timedelta(weeks=2)


def nudges(world: LyceumWorld, person: Person) -> list[Seen]:
    places = [world.introductions, world.welcome]
    found = [card for place in places for card in world.posted(place) if "waits for you" in card.text]
    return [card for card in [*found, *world.dms(person)] if person.id in card.mentions]


async def set_wait(world: LyceumWorld, hours: int) -> None:
    actor = Actor(world.guild_id, world.facilitator.id, permissions=MANAGE_GUILD)
    cog: Any = world.bot.get_cog("OnboardingCog")
    await world.in_bot(lambda: cog.service.nudges.set_wait(actor, hours))


async def test_who_does_nothing_for_two_days_is_reminded_once_and_never_again(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    await community.advance(2 * DAY - timedelta(minutes=1))
    assert nudges(community, ann) == []
    await community.advance(timedelta(minutes=2))
    [nudge] = nudges(community, ann)
    assert nudge.channel_id == community.introductions.id and nudge.pinged == (ann.id,)
    assert "Next: Say hello" in nudge.text and nudge.labels == ["Go on", "Why am I seeing this?"]
    await community.advance(WEEKS)
    assert len(nudges(community, ann)) == 1
    assert "Next: Say hello" in (await community.press(ann, nudge, "Go on")).text
    await say_hello(community, ann)
    await community.advance(WEEKS)
    assert len(nudges(community, ann)) == 1


async def test_who_never_pressed_start_is_reminded_too(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await community.advance(WEEKS)
    assert len(nudges(community, ann)) == 1


async def test_each_step_gives_two_more_days(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    await community.advance(1.5 * DAY)
    await say_hello(community, ann)
    await community.advance(1.5 * DAY)
    assert nudges(community, ann) == []
    await community.advance(0.6 * DAY)
    assert len(nudges(community, ann)) == 1


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
async def test_it_survives_the_end_of_the_process_and_comes_once(
    community: LyceumWorld, killed: bool
) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    async with community.while_down(crash=killed):
        await community.advance(3 * DAY)
    await community.advance(timedelta(minutes=10))
    async with community.while_down(crash=killed):
        pass
    await community.advance(DAY)
    assert len(nudges(community, ann)) == 1


async def _finish(world: LyceumWorld, ann: Person) -> None:
    await finish(world, ann)


async def _skip_all(world: LyceumWorld, ann: Person) -> None:
    for _ in range(3):
        await world.slash(ann, world.general, "quest skip")


async def _leave(world: LyceumWorld, ann: Person) -> None:
    await world.leave(ann)


async def _switch_off(world: LyceumWorld, _: Person) -> None:
    await set_wait(world, 0)


@pytest.mark.parametrize("act", [_finish, _skip_all, _leave, _switch_off])
async def test_who_finished_left_it_all_out_or_left_is_not_reminded(community: LyceumWorld, act: Any) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    await act(community, ann)
    await community.advance(WEEKS)
    assert nudges(community, ann) == []


async def test_a_pause_is_respected_and_two_days_more_are_given_after_it(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    async with community.database.begin() as session:
        until = community.now + timedelta(days=10)
        await change_member(session, community.guild_id, ann.id, paused_until=until)
    await community.advance(timedelta(days=11))
    assert nudges(community, ann) == []
    await community.advance(timedelta(days=2))
    assert len(nudges(community, ann)) == 1


async def test_it_can_be_switched_off_by_the_member(community: LyceumWorld) -> None:
    ann, bo = await community.join("Ann"), await community.join("Bo")
    await say_goal(community, ann)
    await community.advance(3 * DAY)
    [nudge] = nudges(community, ann)
    why = await community.press(ann, nudge, "Why am I seeing this?")
    assert "began a quest" in why.text
    await community.choose(ann, why, "off", menu=community.read(why).selects[0].custom_id)
    await restart(community, ann)
    await community.advance(WEEKS)
    assert len(nudges(community, ann)) == 1 and len(nudges(community, bo)) == 1


async def test_a_run_begun_anew_may_be_reminded_once_more(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await community.advance(3 * DAY)
    await restart(community, ann)
    await community.advance(WEEKS)
    assert len(nudges(community, ann)) == 2


async def test_by_dm_only_for_those_who_allowed_it_and_then_it_leads_to_the_server(
    community: LyceumWorld,
) -> None:
    ann = await community.join("Ann")
    async with community.database.begin() as session:
        await change_member(session, community.guild_id, ann.id, dm_allowed=True)
    await community.advance(3 * DAY)
    [nudge] = nudges(community, ann)
    assert nudge.channel_id not in (community.introductions.id, community.welcome.id)
    assert nudge.buttons[0].url is not None


async def test_the_wait_can_be_changed_for_runs_under_way(community: LyceumWorld) -> None:
    await set_wait(community, 0)
    ann = await community.join("Ann")
    await say_goal(community, ann)
    await community.advance(3 * DAY)
    await set_wait(community, 96)
    assert nudges(community, ann) == []
    await community.advance(1.1 * DAY)
    assert len(nudges(community, ann)) == 1


async def _begin_anew(world: LyceumWorld, ann: Person) -> None:
    await restart(world, ann)


@pytest.mark.parametrize("act", [_finish, _skip_all, _begin_anew])
async def test_who_went_on_before_the_news_of_the_day_reads_nothing_of_it_there(
    community: LyceumWorld, act: Any
) -> None:
    ann = await community.join("Ann")
    centre = await community.slash(ann, community.general, "me notifications")
    await community.choose(ann, centre, "0", menu="notify:limit.set")
    await say_goal(community, ann)
    await community.advance(2 * DAY + timedelta(hours=1))
    await act(community, ann)
    await community.advance(DAY)
    assert [ping for ping in community.pings(ann) if "A quest waits for you" in ping.text] == []


class TestWhoIsNotHere:
    @pytest.mark.parametrize("is_down", [False, True], ids=["seen", "while down"])
    async def test_who_was_here_before_lyceum_and_left_is_not_reminded_or_listed(
        self, community: LyceumWorld, is_down: bool
    ) -> None:
        cleo = community.people["Cleo"]
        await say_goal(community, cleo)
        if is_down:
            async with community.while_down():
                await community.leave(cleo)
        else:
            await community.leave(cleo)
        people = await community.slash(community.facilitator, community.general, "manage quests people")
        assert "Nobody is in the middle of a quest" in people.text
        await community.advance(WEEKS)
        assert nudges(community, cleo) == []

    async def test_who_leaves_while_it_waits_for_the_morning_is_not_reminded(
        self, community: LyceumWorld
    ) -> None:
        ann = await community.join("Ann")
        centre = await community.slash(ann, community.general, "me notifications")
        for menu, hour in (("notify:quiet_from.set", "8"), ("notify:quiet_until.set", "12")):
            centre = await community.choose(ann, centre, hour, menu=menu)
        await say_goal(community, ann)  # at nine
        await community.advance(2 * DAY + timedelta(hours=1))
        assert nudges(community, ann) == []
        await community.leave(ann)
        await community.advance(WEEKS)
        assert nudges(community, ann) == []

    async def test_who_is_back_is_reminded_only_after_accepting_the_rules(
        self, community: LyceumWorld
    ) -> None:
        ann = await community.join("Ann")
        await say_goal(community, ann)
        await community.leave(ann)
        await community.rejoin(ann, pending=True)
        await community.advance(3 * DAY)
        assert nudges(community, ann) == []
        await community.accept_rules(ann)
        await community.advance(WEEKS)
        assert len(nudges(community, ann)) == 1


async def test_who_waits_for_a_channel_is_reminded_once_when_there_is_one_again(
    community: LyceumWorld,
) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    await community.delete_channel(community.introductions)
    await community.advance(3 * DAY)
    card = await community.slash(community.facilitator, community.staff, "setup start")
    card = await community.choose(community.facilitator, card, "1", menu="setup:page.open")
    await community.choose(community.facilitator, card, community.general, menu="setup:choice.set:11")
    await community.advance(WEEKS)
    [nudge] = [post for post in community.posted(community.general) if ann.id in post.mentions]
    assert "Next: Say hello" in nudge.text


async def test_the_wait_is_chosen_in_the_set_up_and_reminds_nobody_at_once(community: LyceumWorld) -> None:
    async def choose(hours: str) -> str:
        card = await community.slash(community.facilitator, community.general, "setup start")
        page = await community.choose(
            community.facilitator, card, "Reminder and returns", menu="setup:page.open"
        )
        chosen = await community.choose(community.facilitator, page, hours, menu="onboarding:wait.set")
        assert "**Reminder**" in chosen.text
        return chosen.text

    await choose("0")
    ann = await community.join("Ann")
    await say_goal(community, ann)
    await community.advance(30 * DAY)
    assert nudges(community, ann) == []
    await choose("24")
    await community.advance(DAY - timedelta(minutes=1))
    assert nudges(community, ann) == []
    await community.advance(timedelta(minutes=2))
    assert len(nudges(community, ann)) == 1
