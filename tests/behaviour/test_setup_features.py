"""Features switched off and on: what still answers, what keeps quiet, and what goes on afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.furnish import add_monday_goals
from tests.behaviour.quests import LyceumWorld, greetings, hello_answers, say_goal, say_hello
from tests.behaviour.setups import doctor, step
from tests.behaviour.test_cost import statements
from tests.behaviour.test_quest_nudges import nudges

MENU = "setup:feature.switch"
OFF = "switched this off for now"


async def switch(world: LyceumWorld, wish: str) -> str:
    card = await step(world, "What is on")
    answer = await world.choose(world.facilitator, card, wish, menu=MENU)
    return answer.text


async def test_everything_is_on_at_first(world: LyceumWorld) -> None:
    card = await step(world, "What is on")
    assert "- Newcomers and quests: on" in card.text and "- Rhythm of the week: on" in card.text


async def test_commands_and_controls_of_what_is_off_answer_politely(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    [greeting] = community.posted(community.welcome)
    text = await switch(community, "off:onboarding")
    assert "- Newcomers and quests: off" in text and "Switch on: Newcomers" not in text.splitlines()
    answers = [
        await community.slash(ann, community.general, "start"),
        await community.slash(ann, community.general, "quest status"),
        await community.press(ann, greeting, "Start"),
    ]
    assert all(OFF in each.text and each.ephemeral for each in answers)
    await switch(community, "on:onboarding")
    assert "first quest" in (await community.press(ann, greeting, "Start")).text


async def test_a_subcommand_of_what_is_off_answers_politely(community: LyceumWorld) -> None:
    await switch(community, "off:rituals")
    answer = await community.slash(community.facilitator, community.general, "manage rituals list")
    assert OFF in answer.text
    assert "manage jobs" in community.commands(community.facilitator, community.general)
    jobs = await community.slash(community.facilitator, community.general, "manage jobs")
    assert OFF not in jobs.text


async def test_messages_do_nothing_while_it_is_off_and_count_again_afterwards(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await switch(community, "off:onboarding")
    await say_hello(community, ann)
    assert community.posted(community.introductions) == []
    await switch(community, "on:onboarding")
    await say_hello(community, ann)
    assert len(community.posted(community.introductions)) == 1


class TestQuestsSwitchedOffInTheMiddle:
    async def test_who_left_and_came_back_meanwhile_goes_on(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        await say_goal(community, ann)
        await switch(community, "off:onboarding")
        await community.leave(ann)
        await community.rejoin(ann)
        await switch(community, "on:onboarding")
        await say_hello(community, ann)
        assert len(hello_answers(community, ann)) == 1

    @pytest.mark.parametrize("is_restarted", [False, True], ids=["running", "restarted"])
    async def test_who_accepted_the_rules_meanwhile_is_greeted_once(
        self, community: LyceumWorld, is_restarted: bool
    ) -> None:
        ann = await community.join("Ann", pending=True)
        await switch(community, "off:onboarding")
        await community.accept_rules(ann)
        if is_restarted:
            await community.restart()
        assert greetings(community, ann) == []
        await switch(community, "on:onboarding")
        assert len(greetings(community, ann)) == 1
        await community.restart()
        assert len(greetings(community, ann)) == 1

    async def test_a_reminder_that_was_due_meanwhile_comes_once_and_not_at_once(
        self, community: LyceumWorld
    ) -> None:
        ann = await community.join("Ann")
        await say_goal(community, ann)
        await switch(community, "off:onboarding")
        await community.advance(timedelta(days=4))
        await switch(community, "on:onboarding")
        assert nudges(community, ann) == []
        await community.advance(timedelta(weeks=2))
        assert len(nudges(community, ann)) == 1

    async def test_a_reminder_that_waits_for_the_morning_is_not_sent(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        centre = await community.slash(ann, community.general, "me notifications")
        for menu, hour in (("notify:quiet_from.set", "8"), ("notify:quiet_until.set", "12")):
            centre = await community.choose(ann, centre, hour, menu=menu)
        await say_goal(community, ann)  # at nine
        await community.advance(timedelta(days=2, hours=1))
        await switch(community, "off:onboarding")
        await community.advance(timedelta(weeks=1))
        assert nudges(community, ann) == []


async def test_jobs_are_left_out_with_that_reason_and_go_on_afterwards(community: LyceumWorld) -> None:
    await add_monday_goals(community)
    await switch(community, "off:rituals")
    await community.advance(timedelta(weeks=1))
    assert community.posted(community.weekly) == []
    jobs = await community.slash(community.facilitator, community.general, "manage jobs")
    assert "the feature was switched off" in jobs.text
    await switch(community, "on:rituals")
    await community.advance(timedelta(weeks=1))
    assert len(community.posted(community.weekly)) == 1


async def test_it_stays_off_after_a_restart_and_the_report_says_so(community: LyceumWorld) -> None:
    await switch(community, "off:onboarding")
    await community.restart()
    assert OFF in (await community.slash(community.member, community.general, "start")).text
    text = (await doctor(community)).text
    assert "Switched off by a facilitator: Newcomers and quests" in text and "Welcome channel" not in text


async def test_its_choices_and_step_are_left_out_of_the_steps(community: LyceumWorld) -> None:
    await switch(community, "off:onboarding")
    text = await switch(community, "off:rituals")
    assert "**Step 5 of 5" in text
    card = await step(community, "Channels")
    assert "Staff channel" in card.text and "Welcome channel" not in card.text


async def test_two_who_switch_two_features_at_once_both_get_their_wish(community: LyceumWorld) -> None:
    owner = community.people["Olive"]
    one, other = await step(community, "What is on"), await step(community, "What is on", owner)
    await community.at_once(
        community.choose(community.facilitator, one, "off:onboarding", menu=MENU),
        community.choose(owner, other, "off:rituals", menu=MENU),
    )
    text = (await step(community, "What is on")).text
    assert "Newcomers and quests: off" in text and "Rhythm of the week: off" in text


@pytest.mark.parametrize("wish", ["off:setup", "off:nothing", "nonsense"])
async def test_only_features_can_be_switched(community: LyceumWorld, wish: str) -> None:
    card = await step(community, "What is on")
    answer = await community.choose(community.facilitator, card, "off:rituals", menu=MENU)
    service = community.bot.setup_card.service
    from bot.authority import Actor
    from bot.errors import NotFound

    actor = Actor(community.guild_id, community.facilitator.id, is_owner=True)
    name = wish.partition(":")[2]
    with pytest.raises(NotFound):
        await service.switch(actor, name, on=False)
    assert answer.message is not None


async def test_ordinary_messages_cost_no_query_with_a_feature_off(community: LyceumWorld) -> None:
    await switch(community, "off:onboarding")
    with statements(community) as seen:
        await community.say(community.member, community.introductions, "Good morning")
    assert seen == []


async def test_help_leaves_out_what_is_off(community: LyceumWorld) -> None:
    async def lines() -> set[str]:
        card = await community.slash(community.facilitator, community.general, "help")
        assert card.message is not None
        topics = [value for _, value in card.message.selects[0].options]
        text = "\n".join(
            [(await community.choose(community.facilitator, card, each)).text for each in topics]
        )
        return {
            word for word in ("/start", "/quest status", "/manage rituals", "/privacy show") if word in text
        }

    assert len(await lines()) == 4
    await switch(community, "off:onboarding")
    await switch(community, "off:rituals")
    assert await lines() == {"/privacy show"}
    after = await community.slash(community.facilitator, community.general, "help")
    assert "I am new: show me a first step" not in [each.label for each in after.buttons]


async def test_nobody_loses_privacy_by_a_switch(community: LyceumWorld) -> None:
    card = await step(community, "What is on")
    assert "Newcomers and quests: on" in card.text and "Privacy" not in card.text


async def test_how_often_people_may_be_pinged_is_chosen_there_and_audited(community: LyceumWorld) -> None:
    card = await step(community, "What is on")
    assert "at most 3 a person and day" in card.text
    card = await community.choose(community.facilitator, card, "1", menu="setup:pings.set")
    assert "at most 1 a person and day" in card.text and "What is on" in card.text
    centre = await community.slash(community.member, community.general, "me notifications")
    assert "At most 1 message a day" in centre.text
    record = await community.slash(community.facilitator, community.general, "manage audit")
    assert "Pings a person and day: 3 → 1" in record.text


async def test_a_switch_stands_in_the_audit_in_words_and_once(community: LyceumWorld) -> None:
    for wish in ("off:rituals", "on:rituals"):
        await switch(community, wish)
    record = (await community.slash(community.facilitator, community.general, "manage audit")).text
    assert record.count("switched Rhythm of the week off") == 1
    assert record.count("switched Rhythm of the week on") == 1
    assert "True" not in record


async def test_who_joined_long_before_it_was_switched_on_is_not_greeted(community: LyceumWorld) -> None:
    await community.join("First")
    await switch(community, "off:onboarding")
    early = await community.join("Early")
    await community.advance(timedelta(days=10))
    late = await community.join("Late")
    await community.advance(timedelta(days=2))
    await switch(community, "on:onboarding")
    await community.advance(timedelta(minutes=5))
    assert [len(greetings(community, each)) for each in (early, late)] == [0, 1]
    await community.restart()
    await community.advance(timedelta(minutes=5))
    assert [len(greetings(community, each)) for each in (early, late)] == [0, 1]
