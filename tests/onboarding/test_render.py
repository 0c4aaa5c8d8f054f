"""The cards of onboarding: what a tired newcomer reads, and what fits a phone."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from itertools import product

import pytest

from bot.card_views import to_modal, to_view
from bot.cards import Button, Buttons, Card, Style, Text, TextField, TickField
from bot.i18n import Translations
from cogs.onboarding import posts, render, words
from cogs.onboarding.definition import Detector, QuestDefinition, StepDefinition
from cogs.onboarding.model import LONGEST_GOAL, Offer, OnboardingSettings, Places, Quest
from cogs.onboarding.progress import Facts, StepState, progress, settle
from cogs.onboarding.quests import MyQuests
from cogs.onboarding.rules import Greeting
from cogs.onboarding.shipped import shipped_quests

T = Translations().for_locale("en")
FIRST, FEEDBACK = shipped_quests().values()
KEYS = ("goal", "hello", "answer")
RECORDED = (StepState.OPEN, StepState.DONE, StepState.SKIPPED)
STATES = [dict(zip(KEYS, states, strict=True)) for states in product(RECORDED, repeat=3)]


def quest(
    states: dict[str, StepState] | None = None,
    *,
    definition: QuestDefinition = FIRST,
    introductions: int | None = 102,
    was_there: bool = False,
    wins: int | None = 103,
    goal: str | None = None,
    is_finished: bool | None = None,
    offers: tuple[Offer, ...] = (),
) -> Quest:
    places = Places(OnboardingSettings(1, 101, introductions, wins))
    recorded = {key: state.value for key, state in (states or {}).items() if state is not StepState.OPEN}
    path = settle(definition, Facts(), (lambda _: False) if was_there else places.is_resting)
    found = progress(definition, path, recorded, places.is_resting)
    return Quest(
        id=7,
        guild_id=1,
        member_id=10,
        run=3,
        version=1,
        definition=definition,
        progress=found,
        places=places,
        goal=goal,
        share_win=True,
        is_finished=found.is_finished if is_finished is None else is_finished,
        offers=offers,
    )


def text(card: Card) -> str:
    return "\n".join(item.content for item in card.items if isinstance(item, Text))


def rows(card: Card) -> list[tuple[Button, ...]]:
    return [item.buttons for item in card.items if isinstance(item, Buttons)]


def labels(card: Card) -> list[str]:
    return [button.label for row in rows(card) for button in row]


@pytest.mark.parametrize("introductions", [None, 102], ids=["goal only", "all steps"])
@pytest.mark.parametrize("states", STATES, ids=lambda states: "-".join(states.values()))
def test_every_card_has_a_next_action_and_at_most_three_buttons_a_row(
    states: dict[str, StepState], introductions: int | None
) -> None:
    found = quest(states, introductions=introductions)
    cards = [
        render.quest_card(found, T),
        render.quest_card(found, T, looked_for=found.next_step.number if found.next_step else None),
        render.status_card(MyQuests((found,), (Offer(9, FEEDBACK, 5),)), T),
        render.status_card(MyQuests((found, found), (Offer(9, FEEDBACK, 5),)), T),
        render.restart_card(found, T),
        posts.progress_card(found, T),
        posts.old_progress_card(found, T),
        *(posts.greeting_card(found, greeting, T) for greeting in Greeting),
    ]
    for card in cards:
        assert labels(card), text(card)
        assert all(len(row) <= 3 for row in rows(card))
        assert "{" not in text(card) and "in ?" not in text(card)
        assert len(text(card)) < 700
        to_view(card)


@pytest.mark.parametrize("states", STATES, ids=lambda states: "-".join(states.values()))
def test_the_state_of_every_step_is_told_in_words(states: dict[str, StepState]) -> None:
    found = quest(states)
    if found.progress.next_step is None and not found.is_finished:
        return  # everything was left out: nothing to list
    card = text(render.quest_card(found, T))
    assert card.count("- Done: ") == found.progress.done
    assert card.count("- Skipped: ") == list(states.values()).count(StepState.SKIPPED)
    assert card.count("Next: ") == (found.progress.next_step is not None)


def test_the_greeting_says_how_long_this_communitys_first_quest_takes() -> None:
    assert "3 small steps, about 4 minutes in all" in text(posts.greeting_card(quest(), Greeting.WELCOME, T))
    long = replace(FIRST, steps=tuple(replace(each, minutes=10) for each in FIRST.steps))
    greeting = posts.greeting_card(quest(definition=long), Greeting.WELCOME, T)
    assert "3 small steps, about 30 minutes in all" in text(greeting)


def test_the_code_of_a_step_leads_back_to_it_and_old_cards_mean_the_first_quest() -> None:
    for step in FIRST.steps:
        assert render.read_code(render.code_of(quest(), step.number)) == (7, step.number)
    assert render.read_code(2) == (None, 2) and render.read_code(None) == (None, 0)


def test_what_rests_says_so_and_can_be_left_out() -> None:
    lost = quest({"goal": StepState.DONE}, introductions=None, was_there=True)
    card = render.quest_card(lost, T)
    assert text(card).count("- Resting until staff choose a channel: ") == 2
    assert "1 of 3 done" in text(card) and "Skip this step" in labels(card)
    assert "Say hello in a channel" in text(card)


def test_the_next_quest_is_offered_on_the_finished_card() -> None:
    done = quest(dict.fromkeys(KEYS, StepState.DONE), offers=(Offer(9, FEEDBACK, 5),))
    card = render.quest_card(done, T)
    assert "Give feedback that helps" in text(card) and "Start it" in labels(card)
    assert "onboarding:quest.begin:9" in [button.custom_id for row in rows(card) for button in row]


def test_of_several_quests_the_open_one_comes_first_and_is_what_to_press() -> None:
    done, begun = quest(dict.fromkeys(KEYS, StepState.DONE)), quest({"goal": StepState.DONE})
    first, second = rows(render.status_card(MyQuests((done, begun), ()), T))
    assert (first[0].label, first[0].style) == ("Go on", Style.PRIMARY)
    assert (second[0].label, second[0].style) == ("Show it", Style.SECONDARY)


EVIL = "# Hi @everyone <@5> [x](https://e.org) {channel} {0} **b**"


def test_what_facilitators_wrote_is_shown_as_it_is_and_pings_nobody() -> None:
    steps = (
        StepDefinition("say", 1, EVIL, Detector.POST, hint=EVIL, target="introductions"),
        StepDefinition("read", 2, EVIL, Detector.READ, body=EVIL),
        StepDefinition("form", 3, EVIL, Detector.FORM, body=EVIL),
    )
    theirs = QuestDefinition("evil", EVIL, EVIL, steps, announce=True)
    for done in range(4):
        states = {step.key: StepState.DONE for step in steps[:done]}
        found = quest(states, definition=theirs, offers=(Offer(9, theirs, 3),))
        cards = [
            render.quest_card(found, T),
            render.restart_card(found, T),
            render.status_card(MyQuests((found, found), (Offer(9, theirs, 3),)), T),
            posts.progress_card(found, T),
            posts.win_card(found, T),
        ]
        for card in cards:
            shown = text(card)
            assert (
                "@everyone" not in shown and "[x](" not in shown.replace("\\[", "") and "**b**" not in shown
            )
            assert not card.pings
            to_view(card)
    to_modal(render.answer_form(quest(definition=theirs), steps[2], T))


def test_the_longest_quest_fits_on_a_card() -> None:
    steps = tuple(
        StepDefinition(f"s{n}", n, "*" * 100, Detector.READ, hint="*" * 500, body="*" * 500)
        for n in range(1, 16)
    )
    long = quest(definition=QuestDefinition("long", "*" * 100, "*" * 500, steps))
    card = render.quest_card(long, T)
    assert len(text(card)) <= 4000 and text(card).count("Next: ") == 1
    to_view(card)


@pytest.mark.parametrize(
    ("detector", "target", "label"),
    [
        (Detector.READ, "", "I have read it"),
        (Detector.PROFILE, "", "Write it"),
        (Detector.FORM, "", "Answer"),
        (Detector.POST, "introductions", "Take me there"),
        (Detector.REPLY, "555", "Take me there"),
        (Detector.REACTION, "555", "Take me there"),
        (Detector.THREAD, "555", "Take me there"),
        (Detector.COMMAND, "me card", "Done it"),
        (Detector.ROLE, "555", "Done it"),
        (Detector.QUEST, "first", "Done it"),
        (Detector.CONFIRMED, "", "Done it"),
    ],
)
def test_every_kind_of_step_has_its_button_and_says_how(detector: Detector, target: str, label: str) -> None:
    step = StepDefinition("s", 1, "Do it", detector, target=target, body="Why?")
    card = render.quest_card(quest(definition=QuestDefinition("q", "Q", "", (step,))), T)
    assert labels(card)[0] == label and labels(card)[-1] == "Skip this step"
    assert "About a minute." in text(card)
    assert ("/me card" in text(card)) is (detector is Detector.COMMAND)
    assert ("<@&555>" in text(card)) is (detector is Detector.ROLE)


@pytest.mark.parametrize("step", [*FIRST.steps, *FEEDBACK.steps], ids=lambda step: step.key)
@pytest.mark.parametrize("ours", [True, False], ids=["as it came", "after a facilitator changed a text"])
def test_a_step_says_once_how_long_it_takes(step: StepDefinition, ours: bool) -> None:
    hint = words.step_hint(dataclasses.replace(step, ours=ours), quest().places, T)
    assert hint.count("minute") == 1


def test_the_blue_button_never_says_done_where_there_is_a_place_to_go_first() -> None:
    for card in (render.quest_card(quest({"goal": StepState.DONE}), T), render.quest_card(quest(), T)):
        blue = [button.label for row in rows(card) for button in row if button.style is Style.PRIMARY]
        assert "Done it" not in blue
        assert blue or "Take me there" in labels(card)


def test_what_was_not_seen_is_explained_for_this_step_alone() -> None:
    hello, wave = quest({"goal": StepState.DONE}), quest({"goal": StepState.DONE, "hello": StepState.DONE})
    assert "reacted" not in text(render.quest_card(hello, T, looked_for=2))
    assert "pick another one" in text(render.quest_card(wave, T, looked_for=3))


@pytest.mark.parametrize("question", ["What made it useful?", "What made it useful, and how " * 3])
def test_a_question_is_asked_whole_and_once(question: str) -> None:
    step = StepDefinition("s", 1, "Look back", Detector.FORM, body=question.strip())
    form = render.answer_form(quest(definition=QuestDefinition("q", "Q", "", (step,))), step, T)
    shown = str(to_modal(form).to_dict())
    assert shown.count(question.strip()) == 1 and "…" not in shown


def test_the_greeting_alone_pings_and_only_its_newcomer() -> None:
    found = quest(dict.fromkeys(KEYS, StepState.DONE), goal="Knots")
    assert posts.greeting_card(found, Greeting.WELCOME, T).pings == {10}
    for card in (posts.progress_card(found, T), posts.win_card(found, T), render.quest_card(found, T)):
        assert not card.pings


def test_the_goal_can_be_changed_once_it_was_said() -> None:
    before, after = quest(), quest({"goal": StepState.DONE})
    assert "Change my goal" not in labels(render.quest_card(before, T))
    assert "Change my goal" in labels(render.quest_card(after, T))


@pytest.mark.parametrize(
    ("wins", "is_finished", "names"),
    [
        (103, False, ["goal", "level", "share"]),
        (None, False, ["goal", "level"]),
        (103, True, ["goal", "level"]),
    ],
)
def test_consent_is_asked_where_it_can_still_be_given(
    wins: int | None, is_finished: bool, names: list[str]
) -> None:
    form = render.goal_form(quest(wins=wins, is_finished=is_finished, goal="x" * LONGEST_GOAL), T)
    assert [field.name for field in form.fields] == names
    fields = {field.name: field for field in form.fields}
    goal, share = fields["goal"], fields.get("share")
    assert (
        isinstance(goal, TextField) and goal.max_length == LONGEST_GOAL and goal.value == "x" * LONGEST_GOAL
    )
    assert share is None or isinstance(share, TickField)
    to_modal(form)


@pytest.mark.parametrize("goal", ["*" * LONGEST_GOAL, "🎸" * LONGEST_GOAL, "@" * LONGEST_GOAL], ids="*🎸@")
def test_the_longest_goal_is_announced_whole(goal: str) -> None:
    card = text(posts.win_card(quest(goal=goal), T))
    quoted = card.partition("\n> ")[2]
    assert quoted.replace("\\", "") == goal


def test_a_win_without_a_goal_says_so_much_and_no_more() -> None:
    assert text(posts.win_card(quest(goal=None), T)).count("\n") == 0
