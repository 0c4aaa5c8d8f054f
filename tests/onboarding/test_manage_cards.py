"""The cards of /manage quests at their largest: within Discord's limits, every control with an id of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.card_views import to_modal, to_view
from bot.cards import Button, Buttons, Card, Pick, PickPlace, Text
from bot.errors import InvalidInput
from bot.i18n import Translations
from bot.text import MODAL_DESCRIPTION, MODAL_LABEL, V2_COMPONENTS, V2_TEXT_LIMIT, length
from cogs.onboarding import desk_cards, editor_cards, preview_cards, step_cards
from cogs.onboarding.definition import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_STEPS,
    Audience,
    Detector,
    QuestDefinition,
    StepDefinition,
    faults,
)
from cogs.onboarding.desk import PEOPLE_A_PAGE, FunnelStage, PeoplePage, StuckStep, Whereabouts
from cogs.onboarding.editor import MOST_QUESTS
from cogs.onboarding.library import Version, VersionState
from cogs.onboarding.model import OnboardingSettings, Places, Quest
from cogs.onboarding.preview_cards import Walk
from cogs.onboarding.progress import Facts, StepState, progress, settle
from cogs.onboarding.revision import difference
from cogs.onboarding.workbench import QuestView

T = Translations().for_locale("en")
NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
ID = 10**18  # of Discord
ROW = 10**9  # of a table
PLACES = Places(OnboardingSettings(1))


def step(n: int, **changes: Any) -> StepDefinition:
    detectors = list(Detector)
    values: dict[str, Any] = {
        "title": "*" * LONGEST_TITLE,
        "hint": "_" * LONGEST_TEXT,
        "body": "~" * LONGEST_TEXT,
        "target": str(ID + n),
        "minutes": 120,
        "needs": tuple(f"step-{before}" for before in range(1, n)),
        "audience": Audience(("new", "basics", "mentor"), tuple(range(ID, ID + 9)), ("`" * 40,) * 20),
        **changes,
    }
    return StepDefinition(
        f"step-{n}", n, detector=values.pop("detector", detectors[n % len(detectors)]), **values
    )


def largest(**changes: Any) -> QuestDefinition:
    steps = tuple(step(n) for n in range(1, MOST_STEPS + 1))
    return QuestDefinition(
        "nets", "*" * LONGEST_TITLE, "_" * LONGEST_TEXT, changes.pop("steps", steps), "first", str(ID), True
    )


def view(quest: QuestDefinition | None = None, *, state: VersionState = VersionState.DRAFT) -> QuestView:
    quest = quest or largest()
    old = largest(steps=tuple(step(n, title="x") for n in range(MOST_STEPS + 1, 1, -1)))
    shown = Version(ROW, 1, 9, state, quest, NOW, 1, None, 0)
    published = Version(ROW - 1, 1, 8, VersionState.PUBLISHED, old, NOW, 1, NOW, 1)
    others = tuple(
        Version(n, 1, 1, VersionState.PUBLISHED, replace(quest, key=f"nets-{n}"), NOW, 1, NOW, 1)
        for n in range(1, MOST_QUESTS)
    )
    return QuestView(
        shown, published, difference(old, quest), tuple(faults(quest)), {8: 1234, 7: 999}, others, PLACES
    )


def quest(**changes: Any) -> Quest:
    definition = largest()
    path = settle(definition, Facts("new", "`" * 40, frozenset({ID})), lambda _: False)
    states = progress(definition, path, {"step-1": StepState.DONE.value}, lambda _: False)
    values: dict[str, Any] = {
        "id": ID // 1000,
        "guild_id": 1,
        "member_id": ID,
        "run": 1,
        "version": 9,
        "definition": definition,
        "progress": states,
        "places": PLACES,
        "recorded_at": {"step-1": NOW},
        "marked_by": {"step-1": ID},
        **changes,
    }
    return Quest(**values)


def where(n: int, **changes: Any) -> Whereabouts:
    values: dict[str, Any] = {
        "step": "step-2",
        "since": NOW,
        "is_stuck": n % 2 == 0,
        "helper_id": ID + n,
        **changes,
    }
    return Whereabouts(quest(id=n + 1, member_id=ID + n), **values)


def cards() -> dict[str, Card]:
    large = view()
    views = [replace(large, shown=replace(large.shown, id=ROW + n)) for n in range(MOST_QUESTS)]
    steps = large.definition.steps
    page = PeoplePage(
        tuple(where(n) for n in range(PEOPLE_A_PAGE)),
        tuple(StuckStep(quest(), f"step-{n}", 1000) for n in range(1, MOST_STEPS)),
        10_000,
        3,
        timedelta(hours=48),
    )
    names = (
        "joined",
        "screened",
        "started",
        *(f"step:{each.key}" for each in steps),
        "finished",
        "contributed",
    )
    stages = [FunnelStage(name, 10_000, 100_000) for name in names]
    note = editor_cards.typed_words(["@" * LONGEST_TEXT] * 3, T)
    commands = [f"quest {n}" for n in range(60)]
    return {
        "list": editor_cards.list_card(views, T),
        "quest": editor_cards.quest_card(large, T, note=note[:500]),
        "publish": editor_cards.publish_card(view(largest(steps=(step(1, detector=Detector.CONFIRMED),))), T),
        "faults": editor_cards.publish_card(large, T),
        "discard": editor_cards.discard_card(large, T),
        "whom": editor_cards.whom_card(large, T),
        "reward": editor_cards.reward_card(large, T),
        **{f"step {n}": step_cards.step_card(large, each, T) for n, each in enumerate(steps)},
        **{f"how {n}": step_cards.how_card(large, each, commands, T) for n, each in enumerate(steps)},
        "step whom": step_cards.whom_card(large, steps[-1], T),
        "needs": step_cards.needs_card(large, steps[-1], T, note=note),
        "remove": step_cards.remove_card(large, steps[-1], T),
        "add": step_cards.add_card(large, T),
        "preview": preview_cards.preview_card(quest(), large, Walk(10**9, 15, 2**15 - 1, 7), T, note="x"),
        "preview end": preview_cards.preview_card(quest(is_finished=True), large, Walk(1), T),
        "previews": preview_cards.choose_card(views, T),
        "people": desk_cards.people_card(page, lambda _: "N" * 32, T),
        "person": desk_cards.person_card(where(1), 5, T),
        "take": desk_cards.take_card(where(1), T),
        "funnel": desk_cards.funnel_card(views, large, stages, 0, T),
    }


@pytest.mark.parametrize("name", list(cards()))
def test_the_largest_card_is_shown_whole(name: str) -> None:
    card = cards()[name]
    texts = [item.content for item in card.items if isinstance(item, Text)]
    assert sum(map(length, texts)) <= V2_TEXT_LIMIT
    made = to_view(card)
    assert sum(1 for _ in made.walk_children()) <= V2_COMPONENTS
    assert "…" not in texts[-1][-1:]
    controls = [each for each in card.items if isinstance(each, (Pick, PickPlace))]
    buttons = [button for item in card.items if isinstance(item, Buttons) for button in item.buttons]
    assert all(len(item.buttons) <= 3 for item in card.items if isinstance(item, Buttons))
    ids = [each.custom_id for each in [*controls, *buttons] if each.custom_id]
    assert len(ids) == len(set(ids)) and not card.pings
    for pick in controls:
        if isinstance(pick, Pick):
            values = [option.value for option in pick.options]
            assert 1 <= len(values) <= 25 and len(values) == len(set(values))
            assert all(option.label.strip() for option in pick.options)


def test_the_forms_fit() -> None:
    large = view()
    forms = [editor_cards.new_form(T), editor_cards.texts_form(large, T)]
    forms += [step_cards.add_form(large, detector, T) for detector in Detector]
    for each in large.definition.steps:
        forms += [step_cards.texts_form(large, each, T), step_cards.audience_form(large, each, T)]
        forms.append(desk_cards.tick_form(each, 7, T))
    for form in forms:
        to_modal(form)  # which cuts what is too long, so that what it makes always fits
        for field in form.fields:
            assert length(field.label) <= MODAL_LABEL, field.label
            assert length(field.description or "") <= MODAL_DESCRIPTION, field.description


def test_titles_of_nothing_visible_still_have_a_name() -> None:
    bare = view(QuestDefinition("nets", " ", "", (StepDefinition("a", 1, "", Detector.POST),)))
    card = editor_cards.quest_card(bare, T)
    text = "\n".join(item.content for item in card.items if isinstance(item, Text))
    assert "a quest without a title" in text and "a step without a title" in text
    assert isinstance(next(item for item in card.items if isinstance(item, Pick)).options[0].label, str)
    to_view(card)


def test_every_fault_of_a_step_has_the_way_to_it() -> None:
    found = view(largest(steps=(step(1, title=""), step(2, detector=Detector.COMMAND, target="", needs=()))))
    assert all(isinstance(each, InvalidInput) for each in found.faults)
    card = editor_cards.publish_card(found, T)
    labels = [each.label for item in card.items if isinstance(item, Buttons) for each in item.buttons]
    assert labels[:2] == ["Open step 1", "Open step 2"] and "Publish it" not in labels


def test_a_person_line_says_nothing_of_the_person_but_where_they_are() -> None:
    card = desk_cards.person_card(where(2, helper_id=None), 5, T)
    text = "\n".join(item.content for item in card.items if isinstance(item, Text))
    assert "stuck" not in text.lower()
    labels = [each.label for item in card.items if isinstance(item, Buttons) for each in item.buttons]
    assert labels == ["Take over", "Back to everybody"]
    assert isinstance(card.items[-1], Buttons) and isinstance(card.items[-1].buttons[0], Button)
