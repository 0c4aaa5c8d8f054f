"""Facilitators change a quest in Discord: what they see, what they do, and what members get of it."""

from __future__ import annotations

import pytest

from sandbox.people import Person
from sandbox.seen import Answer
from tests.behaviour.quests import (
    LyceumWorld,
    answer_a_hello,
    say_goal,
    say_hello,
    start,
    status,
)

STEPS, QUESTS = "onboarding:edit_step.pick", "onboarding:edit.pick"


def menu(card: Answer, name: str) -> str:
    """The full id of the menu with this name."""
    assert card.message is not None, card.text
    return next(
        each.custom_id for each in card.message.selects if each.custom_id.split(":", 2)[:2] == name.split(":")
    )


def options(card: Answer, name: str) -> list[str]:
    assert card.message is not None
    return [
        label
        for each in card.message.selects
        if each.custom_id == menu(card, name)
        for label, _ in each.options
    ]


async def choose(world: LyceumWorld, person: Person, card: Answer, name: str, value: object) -> Answer:
    return await world.choose(person, card, value, menu=menu(card, name))


async def open_list(world: LyceumWorld, person: Person | None = None) -> Answer:
    return await world.slash(person or world.facilitator, world.general, "manage quests edit")


async def open_quest(
    world: LyceumWorld, title: str = "Your first quest", person: Person | None = None
) -> Answer:
    card = await open_list(world, person)
    return await choose(world, person or world.facilitator, card, QUESTS, title)


async def open_step(world: LyceumWorld, label: str, person: Person | None = None) -> Answer:
    card = await open_quest(world, person=person)
    return await choose(world, person or world.facilitator, card, STEPS, label)


async def change_texts(
    world: LyceumWorld, card: Answer, person: Person | None = None, **texts: str
) -> Answer:
    """The form behind Change texts, of which the named answers are given and the others stay."""
    form = await world.press(person or world.facilitator, card, "Change texts")
    assert form.modal is not None
    filled: dict[str, object] = (
        {"hint": "", "minutes": "1"} if "hint" in [f.custom_id for f in form.modal.fields] else {}
    )
    return await world.submit(person or world.facilitator, form, {**filled, **texts})


async def publish(world: LyceumWorld, person: Person | None = None) -> Answer:
    card = await open_quest(world, person=person)
    question = await world.press(person or world.facilitator, card, "Publish")
    return await world.press(person or world.facilitator, question, "Publish it")


HELLO = "Step 2: Say hello in a channel"
REACT = "Step 3: React to someone's hello in a channel"


async def test_a_facilitator_edits_and_publishes_and_only_who_begins_later_gets_it(
    community: LyceumWorld,
) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)

    card = await open_quest(community)
    assert card.ephemeral and "Version 1 is live; 1 person is in the middle of it." in card.text
    assert "seen when they post in <#" in card.text
    card = await choose(community, community.facilitator, card, STEPS, HELLO)
    card = await change_texts(community, card, title="Tell us of your boat", hint="One line.")
    assert "Step 2 of 4: Tell us of your boat" in card.text
    card = await open_quest(community)
    assert "The draft has 1 change. Nobody sees it yet." in card.text
    assert "Say hello in" in (await status(community, ann)).text

    question = await community.press(community.facilitator, card, "Publish")
    assert "Changed step: Tell us of your boat (title, hint, minutes)" in question.text
    assert "Whoever begins from now on gets version 2." in question.text
    assert "1 person in the middle stays on the version they began with." in question.text
    done = await community.press(community.facilitator, question, "Publish it")
    assert "Version 2 of “Your first quest” is live." in done.text

    bo = await community.join("Bo")
    await start(community, bo)
    assert "Tell us of your boat" in (await status(community, bo)).text
    assert "Say hello in" in (await status(community, ann)).text
    await say_hello(community, ann)
    await answer_a_hello(community, ann)
    assert "Your first quest is done" in (await status(community, ann)).text


async def test_a_new_quest_is_built_from_nothing_and_members_find_it(community: LyceumWorld) -> None:
    farah = community.facilitator
    card = await open_list(community)
    form = await community.press(farah, card, "Begin a new quest")
    card = await community.submit(farah, form, {"title": "Sails & knots"})
    assert "It is a draft: nobody sees it until you publish it." in card.text and "No steps yet" in card.text
    assert "The quest has no step yet" in card.text

    card = await community.press(farah, card, "Add a step")
    form = await choose(community, farah, card, "onboarding:edit_step.kind", "They post in a channel")
    card = await community.submit(
        farah, form, {"title": "Show a knot in {channel}", "hint": "A photo is fine.", "minutes": "5"}
    )
    assert "Now choose where or what" in card.text and "a channel that you have to choose" in card.text
    card = await choose(community, farah, card, "onboarding:edit_step.place", community.general)
    assert f"seen when they post in <#{community.general.id}>" in card.text

    card = await open_quest(community, "Sails & knots")
    question = await community.press(farah, card, "Publish")
    assert f"New step: Show a knot in <#{community.general.id}>" in question.text
    await community.press(farah, question, "Publish it")
    card = await status(community, community.member)
    assert "Sails & knots" in card.text
    begun = await community.press(community.member, card, "onboarding:quest.begin")
    assert f"Show a knot in <#{community.general.id}>" in begun.text and "About 5 minutes" in begun.text
    await community.say(community.member, community.general, "Look, a bowline")
    assert (
        "“Sails & knots” is done" in (await status(community, community.member)).text
        or "done" in (await status(community, community.member)).text
    )


async def test_faults_are_said_in_words_with_the_way_to_their_step(community: LyceumWorld) -> None:
    farah = community.facilitator
    card = await open_step(community, HELLO)
    card = await community.press(farah, card, "What counts as done")
    card = await choose(
        community, farah, card, "onboarding:edit_step.detector", "They use one of my commands"
    )
    assert "a command that you have to choose" in card.text
    quest = await open_quest(community)
    assert "Step 2 does not say which command" in quest.text
    refused = await community.press(farah, quest, "Publish")
    assert "cannot be published yet" in refused.text
    step = await community.press(farah, refused, "Open step 2")
    how = await community.press(farah, step, "What counts as done")
    assert "/me pause" in options(how, "onboarding:edit_step.target") or "/start" in options(
        how, "onboarding:edit_step.target"
    )
    assert not any("manage" in each for each in options(how, "onboarding:edit_step.target"))
    # There are more commands than one menu holds.
    await choose(community, farah, how, "onboarding:edit_step.more_targets", "/quest status")
    assert "is live" in (await publish(community)).text


async def test_a_channel_that_is_deleted_before_publishing_is_a_fault(community: LyceumWorld) -> None:
    farah = community.facilitator
    card = await open_step(community, HELLO)
    card = await community.press(farah, card, "What counts as done")
    await choose(community, farah, card, "onboarding:edit_step.place", community.weekly)
    question = await community.press(farah, await open_quest(community), "Publish")
    assert "Publish version 2" in question.text
    await community.delete_channel(community.weekly)
    refused = await community.press(farah, question, "Publish it")
    assert "The channel of step 2 was deleted. Choose another." in refused.text
    ann = await community.join("Ann")
    assert "Say hello in" in (await start(community, ann)).text


class TestTwoFacilitators:
    """Olive, who owns the server, and Farah."""

    async def test_publish_pressed_by_both_at_once_publishes_once(self, community: LyceumWorld) -> None:
        farah, olive = community.facilitator, community.people["Olive"]
        await change_texts(community, await open_step(community, HELLO), title="Say ahoy")
        questions = [
            await community.press(each, await open_quest(community, person=each), "Publish")
            for each in (farah, olive)
        ]
        both = await community.at_once(
            *(
                community.press(each, card, "Publish it")
                for each, card in zip((farah, olive), questions, strict=True)
            )
        )
        assert sorted("Version 2 of “Your first quest” is live." in each.text for each in both) == [
            False,
            True,
        ]
        assert sum("Somebody else was faster" in each.text for each in both) == 1

    async def test_a_form_that_comes_late_changes_nothing_and_gives_back_what_was_typed(
        self, community: LyceumWorld
    ) -> None:
        farah, olive = community.facilitator, community.people["Olive"]
        card = await open_step(community, HELLO)
        form = await community.press(farah, card, "Change texts")
        await change_texts(community, await open_step(community, HELLO, olive), olive, title="Olive was here")
        late = await community.submit(
            farah, form, {"title": "Farah's @everyone words", "hint": "", "minutes": "1"}
        )
        assert "Somebody has changed this since" in late.text and "Olive was here" in late.text
        assert "Farah's \\@\u200beveryone words" in late.text
        assert late.message is not None and not late.message.pings_everyone
        again = await change_texts(community, late, title="Both agree")
        assert "Both agree" in again.text

    async def test_what_was_published_is_what_was_shown(self, community: LyceumWorld) -> None:
        farah, olive = community.facilitator, community.people["Olive"]
        await change_texts(community, await open_step(community, HELLO), title="Say ahoy")
        question = await community.press(farah, await open_quest(community), "Publish")
        await change_texts(community, await open_step(community, REACT, olive), olive, title="Something else")
        late = await community.press(farah, question, "Publish it")
        assert "Somebody has changed this since" in late.text and "The draft has 2 changes" in late.text
        ann = await community.join("Ann")
        await say_goal(community, ann)
        assert "Say hello in" in (await status(community, ann)).text

    async def test_a_removed_step_and_a_thrown_away_draft_are_answered_politely(
        self, community: LyceumWorld
    ) -> None:
        farah = community.facilitator
        old = await open_step(community, REACT)
        question = await community.press(farah, await open_step(community, REACT), "Remove the step")
        removed = await community.press(farah, question, "Remove it")
        assert "The step was removed from the draft." in removed.text and "React to" not in removed.text
        late = await community.press(farah, old, "Move up")
        assert "That step is not part of the quest any more." in late.text

        labels = ("Add a step", "Publish", "Preview", "Who it is for", "Reward", "Throw the draft away")
        olds = {label: await open_quest(community) for label in labels}
        question = await community.press(farah, removed, "Throw the draft away")
        assert "1 change would be gone. Version 1 stays live as it is." in question.text
        gone = await community.press(farah, question, "Throw it away")
        assert "The draft was thrown away." in gone.text and "React to" in gone.text
        for label, card in olds.items():
            answer = await community.press(farah, card, label)
            assert "That draft was thrown away" in answer.text, label

    async def test_move_up_pressed_twice_at_once_moves_once(self, community: LyceumWorld) -> None:
        card = await open_step(community, REACT)
        message = card.message
        assert message is not None
        await community.at_once(
            *(community.press(community.facilitator, message, "Move up") for _ in range(2))
        )
        quest = await open_quest(community)
        assert options(quest, STEPS)[:2] == [
            "Step 1: Say what you want to learn",
            "Step 2: React to someone's hello in a channel",
        ]


async def test_who_it_is_for_what_comes_before_and_the_reward_are_chosen_in_menus(
    community: LyceumWorld,
) -> None:
    farah, member = community.facilitator, community.roles["Member"]
    card = await open_step(community, REACT)
    card = await community.press(farah, card, "What comes before")
    card = await choose(community, farah, card, "onboarding:edit_step.need", "Step 2: Say hello in a channel")
    assert "Now: step 2." in card.text
    card = await community.press(farah, card, "Back to the step")
    card = await community.press(farah, card, "Who it is for")
    card = await choose(community, farah, card, "onboarding:edit_step.audience_role", member)
    form = await community.press(farah, card, "Levels and words")
    card = await community.submit(farah, form, {"levels": ["new"], "words": "web,  html ,web"})
    assert (
        "“Brand new to it”" in card.text
        and f"<@&{member.id}>" in card.text
        and "“web” or “html”" in card.text
    )
    card = await community.press(farah, card, "For everybody")
    assert "Now: everybody." in card.text

    card = await community.press(farah, await open_quest(community), "Reward")
    card = await choose(community, farah, card, "onboarding:edit.prize_role", community.roles["Moderator"])
    assert "give staff powers" in card.text or "can do more than you can" in card.text
    card = await community.press(farah, card, "No role")
    assert "no role; wins are announced" in card.text
    card = await community.press(farah, card, "Do not announce wins")
    assert "wins are not announced" in card.text
    card = await community.press(farah, await open_quest(community), "Who it is for")
    card = await choose(
        community, farah, card, "onboarding:edit.unlock", "Those who finished Give feedback that helps"
    )
    assert "those who finished “Give feedback that helps”" in card.text
    card = await open_quest(community)
    assert "wait for each other in a circle" in card.text


NASTY = [
    "@everyone <@&1> [look](https://x.example) **bold**",
    "🎉" * 50,
    "\u202e\u0645\u0631\u062d\u0628\u0627",
    "W" * 100,
    "{channel} {quest} %s",
    "` ``` # - > 1.",
]


@pytest.mark.parametrize("title", NASTY, ids=["mentions", "emoji", "rtl", "long", "braces", "markup"])
async def test_whatever_is_typed_is_shown_as_typed_and_pings_nobody(
    community: LyceumWorld, title: str
) -> None:
    farah = community.facilitator
    card = await open_step(community, HELLO)
    card = await change_texts(community, card, title=title, hint=title * (500 // len(title)))
    cards = [card, await open_quest(community), await open_list(community)]
    for label in ("What counts as done", "Who it is for", "What comes before", "Remove the step"):
        cards.append(
            await community.press(farah, await open_step(community, options(cards[1], STEPS)[1]), label)
        )
    cards.append(await community.press(farah, await open_quest(community), "Publish"))
    for each in cards:
        assert each.message is not None and each.ephemeral
        assert each.message.pinged == () and not each.message.pings_everyone
        assert "went wrong" not in each.text and len(each.text) <= 4000
        assert "@everyone" not in each.text and "](http" not in each.text.replace("\\](http", "")


async def test_who_is_a_facilitator_no_longer_cannot_use_an_old_card(community: LyceumWorld) -> None:
    farah = community.facilitator
    cards = [await open_quest(community) for _ in range(3)]
    await community.delete_role(community.roles["Facilitator"])
    for card, label in zip(cards, ("Add a step", "Change texts", "Preview"), strict=True):
        assert "Only facilitators can do this" in (await community.press(farah, card, label)).text


async def test_cards_work_after_a_restart(community: LyceumWorld) -> None:
    card = await open_step(community, HELLO)
    form = await community.press(community.facilitator, card, "Change texts")
    await community.restart()
    card = await community.submit(
        community.facilitator, form, {"title": "Still here", "hint": "", "minutes": "2"}
    )
    assert "Still here" in card.text and "about 2 minutes" in card.text


class TestThePreview:
    async def test_one_walks_through_the_real_cards_and_nothing_is_recorded(
        self, community: LyceumWorld
    ) -> None:
        farah = community.facilitator
        await change_texts(community, await open_step(community, HELLO), title="Say ahoy")
        card = await community.press(farah, await open_quest(community), "Preview")
        assert "Preview of version 2 (a draft). Nothing of this is recorded" in card.text
        assert "0 of 3 done" in card.text and "Next: Say what you want to learn" in card.text
        form = await community.press(farah, card, "Write it")
        card = await community.submit(farah, form, {"goal": "Knots", "level": "mentor"})
        assert "1 of 4 done" in card.text and "Next: Say ahoy" in card.text and "not kept" in card.text
        card = await community.press(farah, card, "Done it")
        assert "2 of 4 done" in card.text
        card = await community.press(farah, card, "Skip this step")
        assert "- Skipped: React" in card.text and "Next: Say what you can help with" in card.text
        form = await community.press(farah, card, "Answer")
        card = await community.submit(farah, form, {"answer": "Sails"})
        assert "Your first quest is done" in card.text
        card = await community.press(farah, card, "Start again")
        assert "0 of 4 done" in card.text
        own = await status(community, farah)
        assert "Your first quest: 0 of 3 done" in own.text and "Not begun yet" in own.text

    async def test_it_is_a_command_too_and_can_be_seen_as_somebody_else(self, community: LyceumWorld) -> None:
        farah = community.facilitator
        card = await community.slash(farah, community.general, "manage quests preview")
        card = await choose(community, farah, card, "onboarding:preview.pick", "Your first quest")
        assert "0 of 3 done" in card.text
        card = await choose(
            community, farah, card, "onboarding:preview.who", "Somebody who says: Here to help others"
        )
        assert "0 of 4 done" in card.text
        card = await community.press(farah, card, "Back to the quest")
        assert "Version 1 is live" in card.text
