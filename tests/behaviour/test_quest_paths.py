"""Several quests: the branch for those who help, the quest that opens next, versions, and people who come and go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import discord
import pytest

from sandbox.faults import ADD_ROLE
from sandbox.furnish import set_up
from tests.behaviour.quests import (
    LyceumWorld,
    answer_a_hello,
    finish,
    greetings,
    hello_answers,
    notices,
    restart,
    say_goal,
    say_hello,
    status,
    wins,
)
from tests.behaviour.test_quest_detectors import facilitator, publish, service

MINUTE = timedelta(minutes=1)


async def test_status_begins_nothing(community: LyceumWorld) -> None:
    ben = community.member
    card = await status(community, ben)
    assert "0 of 3 done" in card.text and "Not begun yet" in card.text and card.ephemeral
    await say_hello(community, ben)
    assert hello_answers(community, ben) == []
    card = await community.press(ben, card, "Start")
    assert "Next: Say what you want to learn" in card.text


async def test_who_is_here_to_help_gets_a_step_more_and_others_do_not(community: LyceumWorld) -> None:
    ann, bo = await community.join("Ann"), await community.join("Bo")
    for person, level, total in ((ann, "Here to help others", 4), (bo, "Brand new to it", 3)):
        card = await community.slash(person, community.general, "start")
        form = await community.press(person, card, "Write it")
        card = await community.submit(person, form, {"goal": "Knots", "level": level, "share": True})
        assert f"1 of {total} done" in card.text
        await say_hello(community, person)
        await answer_a_hello(community, person)
    assert len(wins(community, bo)) == 1 and wins(community, ann) == []
    card = await status(community, ann)
    form = await community.press(ann, card, "Answer")
    card = await community.submit(ann, form, {"answer": "Splices"})
    assert "Your first quest is done" in card.text and len(wins(community, ann)) == 1


async def test_the_next_quest_opens_when_the_first_is_finished_and_not_before(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    assert "Give feedback" not in (await status(community, ann)).text
    await finish(community, ann)
    card = await status(community, ann)
    assert "A new quest is open to you: **Give feedback that helps**" in card.text
    old = await status(community, ann)
    card = await community.press(ann, card, "Start it")
    assert "Give feedback that helps: 0 of 5 done" in card.text
    card = await community.press(ann, card, "I have read it")
    form = await community.press(ann, card, "Answer")
    card = await community.submit(ann, form, {"answer": "It was kind."})
    message = await community.say(community.member, community.introductions, "I want to tie nets.")
    await community.reply(ann, message, "Which one first?")
    await community.react(ann, message)
    card = await community.press(ann, old, "Start it")  # an old button goes on where one is
    assert "4 of 5 done" in card.text and "Next: Choose your next feedback" in card.text
    form = await community.press(ann, card, "Answer")
    card = await community.submit(ann, form, {"answer": "Ben"})
    assert "“Give feedback that helps” is done" in card.text
    both = await status(community, ann)
    assert both.text.count(": done") == 2
    assert len(wins(community, ann)) == 1, "what was agreed to was the first win"
    assert len(community.faults.requests(*ADD_ROLE)) == 1


async def test_whoever_has_not_unlocked_a_quest_is_told_so_kindly(community: LyceumWorld) -> None:
    ann, bo = await community.join("Ann"), await community.join("Bo")
    await finish(community, ann)
    await status(community, ann)

    async def try_it() -> str:
        from bot.authority import Actor
        from bot.errors import NotAllowed

        quests = service(community).quests
        [offer] = (await quests.status(Actor(community.guild_id, ann.id))).offers
        with pytest.raises(NotAllowed) as refused:
            await quests.begin(Actor(community.guild_id, bo.id), offer.version_id)
        return str(refused.value)

    assert "finished another one first" in await community.in_bot(try_it)


async def test_a_version_published_on_the_way_leaves_people_where_they_are(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    old = await say_goal(community, ann)

    async def change() -> None:
        editor = service(community).editor
        await editor.remove_step(facilitator(community), "first", "hello")
        await editor.add_step(facilitator(community), "first", _detector("read"), "Read *this*", body="Hi")
        await editor.publish(facilitator(community), "first")

    await community.in_bot(change)
    card = await community.press(ann, old, "Done it")
    assert "1 of 3 done" in card.text and "Next: Say hello" in card.text
    await say_hello(community, ann)
    assert "2 of 3 done" in (await status(community, ann)).text
    bo = await community.join("Bo")
    card = await community.slash(bo, community.general, "start")
    assert "Say hello" not in card.text and r"Later: Read \*this\*" in card.text
    card = await restart(community, ann)
    assert "0 of 3 done" in card.text and "Say hello" not in card.text
    card = await community.press(ann, old, "Skip this step")  # the step that the button is for is gone
    assert "0 of 3 done" in card.text and "Skipped" not in card.text


def _detector(name: str) -> Any:
    from cogs.onboarding.definition import Detector

    return Detector(name)


async def test_a_newcomer_who_has_not_begun_gets_what_is_published_when_they_do(
    community: LyceumWorld,
) -> None:
    ann = await community.join("Ann")

    async def change() -> None:
        await service(community).editor.remove_step(facilitator(community), "first", "hello")
        await service(community).editor.publish(facilitator(community), "first")

    await community.in_bot(change)
    assert "0 of 2 done" in (await community.press(ann, greetings(community, ann)[0], "Start")).text


async def test_the_answer_to_a_hello_says_that_the_quest_was_begun_anew(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_hello(community, ann)
    await restart(community, ann)
    [answer] = hello_answers(community, ann)
    assert "begun the quest anew" in answer.text
    assert "0 of 3 done" in (await community.press(ann, answer, "My quest")).text


async def test_a_goal_that_was_left_out_counts_once_it_is_said(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    card = await community.slash(ann, community.general, "start")
    card = await community.press(ann, card, "Skip this step")
    form = await community.press(ann, card, "Change my goal")
    card = await community.submit(ann, form, {"goal": "Knots", "share": False})
    assert "1 of 3 done" in card.text and "- Done: Say what you want to learn" in card.text


async def test_restart_asks_first_and_keeping_it_keeps_everything(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    question = await community.slash(ann, community.general, "quest restart")
    assert "1 of 3 done" in (await community.press(ann, question, "Keep it as it is")).text


async def test_everything_works_with_closed_dms_in_the_advanced_quest_too(community: LyceumWorld) -> None:
    await publish(community, {"detector": "read", "title": "R", "body": "x"})
    ann = await community.join("Ann")
    community.close_dms(ann)
    card = await status(community, ann)
    card = await community.press(ann, card, "onboarding:quest.begin")
    card = await community.press(ann, card, "I have read it")
    card = await community.press(ann, card, "Skip this step")
    assert "is done" in card.text and community.dms(ann) == []


class TestLateGreetings:
    async def test_who_joined_today_is_greeted_when_a_channel_is_chosen(self, world: LyceumWorld) -> None:
        early = await world.join("Early")
        await world.advance(timedelta(hours=25))
        ann = await world.join("Ann")
        pending = await world.join("Penny", pending=True)
        gone = await world.join("Gus")
        await world.leave(gone)
        begun = await world.join("Bo")
        await world.slash(begun, world.general, "start")
        await set_up(world)
        await world.settle()
        assert [len(greetings(world, each)) for each in (early, ann, pending, gone, begun)] == [0, 1, 0, 0, 0]
        await world.restart()
        assert len(world.posted(world.welcome)) == 1
        await world.accept_rules(pending)
        assert len(greetings(world, pending)) == 1

    async def test_choosing_again_greets_nobody_again(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        await set_up(community)
        await community.restart()
        assert len(greetings(community, ann)) == 1


class TestRolesOfReturners:
    @pytest.fixture
    async def painter(self, community: LyceumWorld) -> Any:
        """A harmless role that is given back."""
        role = await community.create_role("Painter")
        await choose_kept(community, role.id)
        return role

    async def away_and_back(self, community: LyceumWorld, person: Any) -> None:
        await community.advance(MINUTE)
        await community.leave(person)
        await community.advance(MINUTE)
        await community.rejoin(person)

    async def test_a_chosen_role_comes_back_and_others_do_not(
        self, community: LyceumWorld, painter: Any
    ) -> None:
        other = await community.create_role("Singer")
        ann = await community.join("Ann")
        await community.give_role(ann, painter)
        await community.give_role(ann, other)
        await self.away_and_back(community, ann)
        assert community.role_names(ann) == {"Painter"}
        await self.away_and_back(community, ann)
        assert community.role_names(ann) == {"Painter"}

    async def test_a_role_that_has_power_by_now_is_not_given(
        self, community: LyceumWorld, painter: Any
    ) -> None:
        ann = await community.join("Ann")
        await community.give_role(ann, painter)
        await community.advance(MINUTE)
        await community.leave(ann)
        community.env.backend.edit_role(
            community.guild_id, painter.id, {"permissions": discord.Permissions(ban_members=True).value}
        )
        await community.settle()
        await community.advance(MINUTE)
        await community.rejoin(ann)
        assert community.role_names(ann) == set()

    async def test_a_role_that_gets_power_while_discord_is_down_is_not_given_and_staff_hear_why(
        self, community: LyceumWorld, painter: Any
    ) -> None:
        ann = await community.join("Ann")
        await community.give_role(ann, painter)
        await community.advance(MINUTE)
        await community.leave(ann)
        await community.advance(MINUTE)
        rule = community.faults.status(503, *ADD_ROLE, times=None)
        await community.rejoin(ann)
        community.env.backend.edit_role(
            community.guild_id, painter.id, {"permissions": discord.Permissions(ban_members=True).value}
        )
        await community.settle()
        community.faults.disarm(rule)
        await community.advance(timedelta(minutes=10))
        assert community.role_names(ann) == set()
        [notice] = notices(community)
        assert "power over others" in notice

    async def test_a_role_that_makes_facilitators_is_not_given(
        self, community: LyceumWorld, painter: Any
    ) -> None:
        ann = await community.join("Ann")
        await community.give_role(ann, painter)
        await choose(community, facilitator_role_id=painter.id)
        await self.away_and_back(community, ann)
        assert community.role_names(ann) == set()

    async def test_a_role_that_was_deleted_is_no_trouble(self, community: LyceumWorld, painter: Any) -> None:
        ann = await community.join("Ann")
        await community.give_role(ann, painter)
        await community.advance(MINUTE)
        await community.leave(ann)
        await community.delete_role(painter)
        await community.advance(MINUTE)
        await community.rejoin(ann)
        assert len(greetings(community, ann)) == 2 and community.role_names(ann) == set()


async def choose_kept(world: LyceumWorld, role_id: int) -> None:
    from bot.core import Core

    async def change() -> None:
        core: Core = world.bot.core
        section = type(await service(world).settings(world.guild_id))
        async with core.db.begin() as session:
            await core.configs.change(session, world.guild_id, section, kept_1_role_id=role_id)

    await world.in_bot(change)


async def choose(world: LyceumWorld, facilitator_role_id: int) -> None:
    from bot.guild_config import GuildConfig

    async def change() -> None:
        async with world.bot.core.db.begin() as session:
            await world.bot.core.configs.change(
                session, world.guild_id, GuildConfig, facilitator_role_id=facilitator_role_id
            )

    await world.in_bot(change)
