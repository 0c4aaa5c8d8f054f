"""How newcomers are greeted: once, where and when they can read it, and never by DM."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.faults import CREATE_MESSAGE, OPEN_DM
from sandbox.furnish import set_up
from storage.members import change_member
from tests.behaviour.quests import (
    LyceumWorld,
    finish,
    greetings,
    hello_answers,
    notices,
    restart,
    say_goal,
    say_hello,
    start,
    status,
    wins,
)

MINUTE = timedelta(minutes=1)


async def test_a_newcomer_is_greeted_when_they_have_accepted_the_rules_and_not_before(
    community: LyceumWorld,
) -> None:
    ann = await community.join("Ann", pending=True)
    await community.advance(timedelta(hours=2))
    assert community.posted(community.welcome) == []

    await community.accept_rules(ann)

    [card] = community.posted(community.welcome)
    assert card.pinged == (ann.id,) and card.pinged_roles == () and not card.pings_everyone
    assert f"<@{ann.id}>" in card.text
    assert card.labels == ["Start", "Why am I seeing this?"]


async def test_the_greeting_is_the_only_ping_and_nothing_comes_by_dm(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await start(community, ann)
    await finish(community, ann)
    await community.advance(timedelta(days=2))

    [ping] = community.pings(ann)
    assert ping.channel_id == community.welcome.id
    assert community.dms(ann) == [] and community.faults.requests(*OPEN_DM) == []


async def test_somebody_who_need_not_accept_rules_is_greeted_at_once(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    assert len(greetings(community, ann)) == 1


async def test_join_events_that_discord_repeats_greet_nobody_twice(community: LyceumWorld) -> None:
    ann = await community.join("Ann", pending=True)
    await community.accept_rules(ann)
    guild = community.bot.get_guild(community.guild_id)
    assert guild is not None

    async def repeat() -> None:
        for _ in range(3):
            community.bot.dispatch("member_join", guild.get_member(ann.id))

    await community.in_bot(repeat)
    await community.settle()
    await community.restart()
    assert len(greetings(community, ann)) == 1


async def test_each_of_several_people_joining_at_once_is_greeted(community: LyceumWorld) -> None:
    people = await community.at_once(*(community.join(name) for name in ("Ann", "Bo", "Cy")))
    assert [len(greetings(community, each)) for each in people] == [1, 1, 1]
    assert [card.pinged for card in community.posted(community.welcome)] == [(each.id,) for each in people]


async def test_bots_are_not_greeted(community: LyceumWorld) -> None:
    robot = community.env.create_user("robot", bot=True)
    community.server.guild.add_member(robot)
    await community.settle()
    await community.restart()
    assert community.posted(community.welcome) == []


async def test_without_a_welcome_channel_nobody_is_greeted_and_start_still_works(world: LyceumWorld) -> None:
    ann = await world.join("Ann")
    card = await world.slash(ann, world.general, "start")
    assert "0 of 1 done" in card.text and card.ephemeral

    finished = await say_goal(world, ann, share=None)

    assert "Your first quest is done" in finished.text
    assert [world.posted(channel) for channel in world.channels.values()] == [[]] * len(world.channels)
    await set_up(world)
    await world.restart()
    assert world.posted(world.welcome) == [], "who joined before the channel was chosen is not greeted late"


async def test_a_lone_step_is_not_called_three(world: LyceumWorld) -> None:
    card = await world.slash(world.facilitator, world.staff, "setup start")
    card = await world.choose(world.facilitator, card, "Newcomers", menu="setup:page.open")
    await world.choose(world.facilitator, card, world.welcome, menu="setup:choice.set:10")
    ann = await world.join("Ann")
    [greeting] = greetings(world, ann)
    assert "one small step" in greeting.text and "steps" not in greeting.text


async def test_those_who_were_here_before_lyceum_are_no_newcomers(community: LyceumWorld) -> None:
    await community.restart()
    await community.advance(timedelta(days=3))
    await community.restart()
    assert community.posted(community.welcome) == []


async def test_whoever_left_before_the_greeting_could_be_posted_is_not_called_after(
    community: LyceumWorld,
) -> None:
    with community.faults.outage():
        ann = await community.join("Ann")
        await community.leave(ann)
    await community.advance(timedelta(minutes=10))
    assert community.posted(community.welcome) == []


async def test_joining_twice_while_discord_was_down_brings_one_greeting(community: LyceumWorld) -> None:
    with community.faults.outage():
        ann = await community.join("Ann")
        await community.advance(MINUTE)
        await community.leave(ann)
        await community.advance(MINUTE)
        await community.rejoin(ann)
    await community.advance(timedelta(minutes=10))
    assert len(greetings(community, ann)) == 1


class TestComingBack:
    """Somebody leaves and joins again."""

    async def test_in_the_middle_of_the_quest_they_find_it_as_they_left_it(
        self, community: LyceumWorld
    ) -> None:
        ann = await community.join("Ann")
        await say_goal(community, ann)
        await community.advance(MINUTE)
        await community.leave(ann)
        await community.advance(timedelta(days=3))

        await community.rejoin(ann)

        [_, back] = greetings(community, ann)
        assert (
            "Welcome back" in back.text
            and "1 of 3" in back.text
            and "You were on step 2 of 3: Say hello" in back.text
        )
        assert back.pinged == (ann.id,)
        card = await community.press(ann, back, "Catch me up")
        assert "Next: Say hello" in card.text
        await say_hello(community, ann)
        assert "2 of 3 done" in (await status(community, ann)).text

    @pytest.mark.parametrize("pending", [False, True], ids=["at once", "after the rules"])
    async def test_after_the_quest_they_get_the_role_again_and_no_second_win(
        self, community: LyceumWorld, pending: bool
    ) -> None:
        ann = await community.join("Ann")
        await finish(community, ann)
        await community.advance(MINUTE)
        await community.leave(ann)
        await community.advance(MINUTE)

        await community.rejoin(ann, pending=pending)
        if pending:
            assert community.role_names(ann) == set()
            await community.accept_rules(ann)

        [_, back] = greetings(community, ann)
        assert "Welcome back" in back.text and "finished quest" in back.text
        assert community.role_names(ann) == {"Member"}
        assert len(wins(community, ann)) == 1
        assert "Your first quest is done" in (await community.press(ann, back, "My quest")).text

    async def test_the_role_comes_back_also_to_those_who_had_begun_the_quest_anew(
        self, community: LyceumWorld
    ) -> None:
        ann = await community.join("Ann")
        await finish(community, ann)
        await restart(community, ann)
        await community.advance(MINUTE)
        await community.leave(ann)
        await community.advance(MINUTE)
        await community.rejoin(ann)
        assert community.role_names(ann) == {"Member"}

    async def test_an_old_member_who_finished_is_welcomed_back_too(self, community: LyceumWorld) -> None:
        ben = community.member  # here before Lyceum, so he was never greeted
        await finish(community, ben)
        await community.advance(MINUTE)
        await community.leave(ben)
        await community.advance(MINUTE)
        await community.rejoin(ben)
        [card] = greetings(community, ben)
        assert "Welcome back" in card.text and community.role_names(ben) == {"Member"}

    async def test_who_left_before_accepting_the_rules_is_new_when_they_return(
        self, community: LyceumWorld
    ) -> None:
        ann = await community.join("Ann", pending=True)
        await community.advance(MINUTE)
        await community.leave(ann)
        await community.advance(MINUTE)
        await community.rejoin(ann, pending=True)
        assert greetings(community, ann) == []
        await community.accept_rules(ann)
        [card] = greetings(community, ann)
        assert "Welcome, " in card.text

    async def test_who_allowed_dms_is_welcomed_back_in_the_channel_all_the_same(
        self, community: LyceumWorld
    ) -> None:
        ann = await community.join("Ann")
        async with community.database.begin() as session:
            await change_member(session, community.guild_id, ann.id, dm_allowed=True)
        await community.advance(MINUTE)
        await community.leave(ann)
        await community.advance(MINUTE)
        await community.rejoin(ann)
        assert len(greetings(community, ann)) == 2 and community.dms(ann) == []

    async def test_while_away_nothing_is_ticked_for_them(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        hello = await say_hello(community, ann)
        await community.leave(ann)
        await community.restart()
        assert (
            len(hello_answers(community, ann)) == 1 and hello.id == hello_answers(community, ann)[0].reply_to
        )


async def test_a_greeting_whose_answer_was_lost_is_not_posted_again(community: LyceumWorld) -> None:
    community.faults.lost(*CREATE_MESSAGE)
    ann = await community.join("Ann")
    await community.advance(timedelta(minutes=10))
    assert len(greetings(community, ann)) == 1


async def test_a_welcome_channel_where_the_bot_may_not_write_is_told_to_staff_once(
    community: LyceumWorld,
) -> None:
    await community.hide_from_bot(community.welcome)
    ann = await community.join("Ann")
    await community.join("Bo")
    assert community.posted(community.welcome) == []
    [notice] = notices(community)
    assert "greeting a newcomer" in notice and f"<#{community.welcome.id}>" in notice
    assert "0 of 3 done" in (await community.slash(ann, community.general, "start")).text


async def test_what_could_not_be_posted_is_posted_when_staff_have_mended_it(community: LyceumWorld) -> None:
    community.faults.forbidden(*CREATE_MESSAGE, times=None)
    ann = await community.join("Ann")
    assert community.posted(community.staff) == []  # nowhere to tell it: /manage jobs shows it
    community.faults.clear()
    jobs = await community.slash(community.facilitator, community.staff, "manage jobs")
    assert "greeting a newcomer" in jobs.text
    await community.press(community.facilitator, jobs, "outbox:effect.retry:1")
    assert len(greetings(community, ann)) == 1
