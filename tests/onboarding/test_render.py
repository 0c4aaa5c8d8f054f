"""The cards of onboarding: what a tired newcomer reads, and what fits a phone."""

from __future__ import annotations

from itertools import product

import pytest

from bot.card_views import to_modal, to_view
from bot.cards import Button, Buttons, Card, Text, TextField, TickField
from bot.i18n import Translations
from cogs.onboarding import render
from cogs.onboarding.model import LONGEST_GOAL, Quest
from cogs.onboarding.rules import Greeting, Step, StepState, progress, steps_for

T = Translations().for_locale("en")
STATES = [dict(zip(Step, states, strict=True)) for states in product(StepState, repeat=3)]


def quest(
    states: dict[Step, StepState] | None = None,
    *,
    introductions: int | None = 102,
    wins: int | None = 103,
    goal: str | None = None,
    is_finished: bool | None = None,
) -> Quest:
    steps = steps_for(has_introductions=introductions is not None)
    found = progress(steps, {step.value: state.value for step, state in (states or {}).items()})
    return Quest(
        id=7,
        guild_id=1,
        member_id=10,
        run=3,
        goal=goal,
        share_win=True,
        progress=found,
        introductions_channel_id=introductions,
        wins_channel_id=wins,
        started_at=None,
        is_finished=found.is_finished if is_finished is None else is_finished,
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
    states: dict[Step, StepState], introductions: int | None
) -> None:
    found = quest(states, introductions=introductions)
    cards = [
        render.quest_card(found, T),
        render.quest_card(found, T, looked_for=found.progress.next_step),
        render.progress_card(found, T),
        *(render.greeting_card(found, greeting, T) for greeting in Greeting),
    ]
    for card in cards:
        assert labels(card), text(card)
        assert all(len(row) <= 3 for row in rows(card))
        assert "{" not in text(card) and "in ?" not in text(card)
        assert len(text(card)) < 600
        to_view(card)


@pytest.mark.parametrize("states", STATES, ids=lambda states: "-".join(states.values()))
def test_the_state_of_every_step_is_told_in_words(states: dict[Step, StepState]) -> None:
    found = quest(states)
    if found.progress.next_step is None and not found.is_finished:
        return  # everything was left out: nothing to list
    card = text(render.quest_card(found, T))
    assert card.count("- Done: ") == found.progress.done
    assert card.count("- Skipped: ") == list(states.values()).count(StepState.SKIPPED)
    assert card.count("Next: ") == (found.progress.next_step is not None)


def test_every_step_has_a_number_that_leads_back_to_it() -> None:
    for step in Step:
        states = {each: StepState.OPEN if each is step else StepState.DONE for each in Step}
        skip = next(
            button
            for row in rows(render.quest_card(quest(states), T))
            for button in row
            if button.label == "Skip this step"
        )
        assert skip.custom_id is not None
        assert render.step_of(int(skip.custom_id.rpartition(":")[2])) is step
    assert render.step_of(None) is None and render.step_of(99) is None


def test_the_greeting_alone_pings_and_only_its_newcomer() -> None:
    found = quest(dict.fromkeys(Step, StepState.DONE), goal="Knots")
    assert render.greeting_card(found, Greeting.WELCOME, T).pings == {10}
    for card in (render.progress_card(found, T), render.win_card(found, T), render.quest_card(found, T)):
        assert not card.pings


def test_the_goal_can_be_changed_once_it_was_said() -> None:
    before, after = quest(), quest({Step.GOAL: StepState.DONE})
    assert "Change my goal" not in labels(render.quest_card(before, T))
    assert "Change my goal" in labels(render.quest_card(after, T))


@pytest.mark.parametrize(
    ("wins", "is_finished", "names"),
    [(103, False, ["goal", "share"]), (None, False, ["goal"]), (103, True, ["goal"])],
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
    card = text(render.win_card(quest(goal=goal), T))
    quoted = card.partition("\n> ")[2]
    assert quoted.replace("\\", "") == goal


def test_a_win_without_a_goal_says_so_much_and_no_more() -> None:
    assert text(render.win_card(quest(goal=None), T)).count("\n") == 0
