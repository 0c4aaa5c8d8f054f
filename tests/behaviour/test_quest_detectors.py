"""Every way in which a step is noticed, in quests that a facilitator has made: what is done, and what the member sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.authority import MANAGE_GUILD, Actor
from sandbox.people import Person
from tests.behaviour.quests import LyceumWorld, notices, say_goal, wins

Act = Callable[[LyceumWorld, Person], Awaitable[object]]


def service(world: LyceumWorld) -> Any:
    """The service that the present bot has loaded."""
    return world.bot.get_cog("OnboardingCog").service  # type: ignore[union-attr]


def facilitator(world: LyceumWorld) -> Actor:
    return Actor(world.guild_id, world.facilitator.id, permissions=MANAGE_GUILD)


async def publish(world: LyceumWorld, *steps: dict[str, Any], key: str = "nets", **quest: Any) -> None:
    """A facilitator makes and publishes a quest of these steps, and a last one, so that one step is not all."""

    async def make() -> None:
        editor = service(world).editor
        await editor.create(facilitator(world), key, "Tie a net")
        for step in (*steps, {"detector": "confirmed", "title": "Show it to Farah"}):
            await editor.add_step(facilitator(world), key, **step)
        if quest:
            await editor.set_reward(facilitator(world), key, **quest)
        await editor.publish(facilitator(world), key)

    await world.in_bot(make)


async def begin(world: LyceumWorld, person: Person) -> Any:
    """Find the quest among those one could begin, and begin it."""
    card = await world.slash(person, world.general, "quest status")
    return await world.press(person, card, "onboarding:quest.begin")


async def mine(world: LyceumWorld, person: Person) -> str:
    return (await world.slash(person, world.general, "quest status")).text


async def _post(world: LyceumWorld, ann: Person) -> None:
    await world.say(ann, world.weekly, "Here is my net.")


async def _reply(world: LyceumWorld, ann: Person) -> None:
    message = await world.say(world.member, world.weekly, "Who has a net?")
    await world.reply(ann, message, "I do.")


async def _react(world: LyceumWorld, ann: Person) -> None:
    await world.react(ann, await world.say(world.member, world.weekly, "My net"))


async def _command(world: LyceumWorld, ann: Person) -> None:
    await world.slash(ann, world.general, "help")


async def _role(world: LyceumWorld, ann: Person) -> None:
    await world.give_role(ann, world.roles["Member"])


async def _own_reply(world: LyceumWorld, ann: Person) -> None:
    await world.reply(ann, await world.say(ann, world.weekly, "Mine"), "Me too")


async def _own_reaction(world: LyceumWorld, ann: Person) -> None:
    await world.react(ann, await world.say(ann, world.weekly, "Mine"))


async def _elsewhere(world: LyceumWorld, ann: Person) -> None:
    await world.say(ann, world.general, "Here is my net.")
    message = await world.say(world.member, world.general, "Who has a net?")
    await world.react(ann, message)
    await world.reply(ann, message, "I do.")


CASES: dict[str, tuple[str, Act, Act]] = {
    "post": ("weekly", _post, _elsewhere),
    "reply": ("weekly", _reply, _own_reply),
    "reaction": ("weekly", _react, _own_reaction),
    "command": ("help", _command, _elsewhere),
    "role": ("Member", _role, _elsewhere),
}


@pytest.mark.parametrize("detector", CASES)
async def test_a_step_is_ticked_by_the_act_and_by_nothing_like_it(
    community: LyceumWorld, detector: str
) -> None:
    target, act, near_miss = CASES[detector]
    if target in community.channels:
        target = str(community.channels[target].id)
    elif target in community.roles:
        target = str(community.roles[target].id)
    await publish(community, {"detector": detector, "title": "Do it", "target": target})
    ann = await community.join("Ann")
    assert "Next: Do it" in (await begin(community, ann)).text
    await near_miss(community, ann)
    assert "0 of 2 done" in await mine(community, ann)
    await act(community, ann)
    await act(community, ann)
    assert "1 of 2 done" in await mine(community, ann)


@pytest.mark.parametrize("detector", ["post", "reply", "reaction", "role"])
@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
async def test_what_was_done_while_the_bot_was_away_is_taken_up(
    community: LyceumWorld, detector: str, killed: bool
) -> None:
    target, act, _ = CASES[detector]
    place = community.channels[target] if target in community.channels else community.roles[target]
    await publish(community, {"detector": detector, "title": "Do it", "target": str(place.id)})
    ann = await community.join("Ann")
    await begin(community, ann)
    async with community.while_down(crash=killed):
        await act(community, ann)
    assert "1 of 2 done" in await mine(community, ann)


async def test_reading_takes_one_press(community: LyceumWorld) -> None:
    await publish(community, {"detector": "read", "title": "Read it", "body": "Nets *need* knots."})
    ann = await community.join("Ann")
    card = await begin(community, ann)
    assert r"Nets \*need\* knots." in card.text
    card = await community.press(ann, card, "I have read it")
    assert "- Done: Read it" in card.text and "1 of 2 done" in card.text


async def test_a_question_is_answered_in_a_form_and_a_second_form_changes_nothing(
    community: LyceumWorld,
) -> None:
    await publish(community, {"detector": "form", "title": "Say why", "body": "Why do you tie nets?"})
    ann = await community.join("Ann")
    card = await begin(community, ann)
    assert "Why do you tie nets?" in card.text
    forms = [await community.press(ann, card, "Answer") for _ in range(2)]
    empty = await community.submit(ann, forms[0], {"answer": " \u200b "})
    assert "That was empty" in empty.text
    form = await community.press(ann, card, "Answer")
    await community.submit(ann, form, {"answer": "For @everyone"})
    await community.submit(ann, forms[1], {"answer": "x" * 500})
    assert "1 of 2 done" in await mine(community, ann)
    quests = (
        await community.in_bot(lambda: service(community).quests.status(Actor(community.guild_id, ann.id)))
    ).quests
    assert quests[0].answers == {"step-1": "For @everyone"}


async def test_writing_in_a_thread_of_the_channel_is_joining_it(community: LyceumWorld) -> None:
    await publish(community, {"detector": "thread", "title": "Join one", "target": str(community.weekly.id)})
    ann = await community.join("Ann")
    await begin(community, ann)
    await community.say(ann, community.weekly, "Not in a thread")
    assert "0 of 2 done" in await mine(community, ann)
    from types import SimpleNamespace

    guild = community.bot.get_guild(community.guild_id)
    thread = SimpleNamespace(guild=guild, parent_id=community.weekly.id)

    async def join() -> None:
        community.bot.dispatch("thread_member_join", SimpleNamespace(id=ann.id, thread=thread))

    await community.in_bot(join)
    await community.settle()
    assert "1 of 2 done" in await mine(community, ann)


async def test_finishing_another_quest_ticks_a_step(community: LyceumWorld) -> None:
    await publish(community, {"detector": "quest", "title": "The first quest", "target": "first"})
    ann = await community.join("Ann")
    await begin(community, ann)
    await say_goal(community, ann)
    for _ in range(2):
        card = await community.slash(ann, community.general, "start")
        await community.press(ann, card, "Skip this step")
    assert "Tie a net: 1 of 2 done" in await mine(community, ann)


async def test_who_had_finished_the_other_quest_or_has_the_role_already_is_ticked_at_the_first_look(
    community: LyceumWorld,
) -> None:
    await community.give_role(community.member, community.roles["Member"])
    await publish(
        community,
        {"detector": "role", "title": "Be one of us", "target": str(community.roles["Member"].id)},
    )
    card = await begin(community, community.member)
    assert "- Done: Be one of us" in card.text


class TestByHand:
    async def test_a_facilitator_ticks_the_last_step_and_the_quest_is_finished(
        self, community: LyceumWorld
    ) -> None:
        role = await community.create_role("Net maker")
        await publish(
            community, {"detector": "read", "title": "R", "body": "x"}, reward=str(role.id), announce=True
        )
        ann = await community.join("Ann")
        card = await community.press(ann, await begin(community, ann), "I have read it")
        card = await community.press(ann, card, "Done it")
        assert "No facilitator has ticked it yet" in card.text

        async def tick() -> None:
            desk = service(community).desk
            [here] = [
                each for each in await desk.list_people(facilitator(community)) if each.quest.key == "nets"
            ]
            await desk.tick(facilitator(community), here.quest.id, 2, why="I saw it")

        await community.in_bot(tick)
        await community.settle()
        assert community.role_names(ann) == {"Net maker"} and wins(community, ann) == []
        card = await community.slash(ann, community.general, "start")
        assert "0 of 3" in card.text  # the first quest is another one

    async def test_the_win_is_announced_when_the_member_says_so_and_once(
        self, community: LyceumWorld
    ) -> None:
        await publish(community, {"detector": "read", "title": "R", "body": "x"}, announce=True)
        ann = await community.join("Ann")
        card = await community.press(ann, await begin(community, ann), "I have read it")
        card = await community.press(ann, card, "Skip this step")
        assert "“Tie a net” is done" in card.text
        again = await community.press(ann, card, "Announce my win")
        assert "Announce my win" not in [each.label for each in again.buttons]
        [win] = wins(community, ann)
        assert "Tie a net" in win.text and win.pinged == ()


async def test_a_hello_ticked_by_hand_has_no_answer_and_nothing_waits_for_one(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await begin_first(community, ann)

    async def tick() -> None:
        desk = service(community).desk
        [here] = await desk.list_people(facilitator(community))
        await desk.tick(facilitator(community), here.quest.id, 2)

    await community.in_bot(tick)
    await say_goal(community, ann)
    assert "2 of 3 done" in await mine(community, ann)
    assert community.posted(community.introductions) == []
    due = await community.next_due()
    assert due is None or due > community.now


async def begin_first(world: LyceumWorld, person: Person) -> None:
    await world.slash(person, world.general, "start")


async def test_a_channel_of_a_quest_that_is_deleted_rests_and_nobody_wins_by_it(
    community: LyceumWorld,
) -> None:
    await publish(
        community,
        {"detector": "read", "title": "R", "body": "x"},
        {"detector": "post", "title": "Post in {channel}", "target": str(community.weekly.id)},
    )
    ann = await community.join("Ann")
    card = await community.press(ann, await begin(community, ann), "I have read it")
    assert f"Next: Post in <#{community.weekly.id}>" in card.text
    async with community.while_down():
        await community.delete_channel(community.weekly)
    card = await community.press(ann, card, "Skip this step")  # from before
    shown = await mine(community, ann)
    assert "Skipped: Post in a channel" in shown and notices(community) == []
    bo = await community.join("Bo")
    assert "- Resting until staff choose a channel: Post in" in (await begin(community, bo)).text


async def test_on_somebody_elses_quest_no_control_works(community: LyceumWorld) -> None:
    await publish(community, {"detector": "read", "title": "R", "body": "x"})
    ann = await community.join("Ann")
    card = await begin(community, ann)
    code = next(each.custom_id for each in card.buttons if each.label == "I have read it")
    assert code is not None

    async def steal() -> None:
        from bot.errors import NotFound

        quest_id, number = divmod(int(code.rpartition(":")[2]), 1000)
        ben = Actor(community.guild_id, community.member.id)
        for act in (service(community).quests.read, service(community).quests.skip):
            with pytest.raises(NotFound):
                await act(ben, quest_id, number)
        with pytest.raises(NotFound):
            await service(community).quests.restart(ben, quest_id)

    await community.in_bot(steal)
    assert "0 of 2 done" in await mine(community, ann)
