"""What facilitators see when they edit one step of a quest."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Form,
    Item,
    ManyField,
    Option,
    Pick,
    PickPlace,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.i18n import Translator
from bot.text import SELECT_OPTIONS, quote
from cogs.onboarding.definition import (
    FINISHED_ROLE,
    IN_CHANNEL,
    LONGEST_TEXT,
    LONGEST_TITLE,
    WITH_BODY,
    WITHOUT_TARGET,
    Detector,
    StepDefinition,
)
from cogs.onboarding.editor_cards import OPEN, STEP_OPEN, note_items
from cogs.onboarding.editor_words import (
    DETECTOR_NAMES,
    PLACE_NAMES,
    audience_words,
    own_text,
    quest_label,
    quest_name,
    seen_when,
    step_label,
    step_name,
)
from cogs.onboarding.revision import Spot
from cogs.onboarding.words import LEVEL_NAMES
from cogs.onboarding.workbench import QuestView

ADD_PICK = "onboarding:edit_step.kind"
ADD = "onboarding:edit_step.add"
WRITE = "onboarding:edit_step.write"
TEXTS = "onboarding:edit_step.texts"
HOW = "onboarding:edit_step.how"
DETECTOR = "onboarding:edit_step.detector"
TARGET = "onboarding:edit_step.target"
MORE_TARGETS = "onboarding:edit_step.more_targets"
PLACE = "onboarding:edit_step.place"
USUAL_ROLE = "onboarding:edit_step.usual_role"
WHOM = "onboarding:edit_step.whom"
ASK_AUDIENCE = "onboarding:edit_step.ask_audience"
AUDIENCE = "onboarding:edit_step.audience"
AUDIENCE_ROLE = "onboarding:edit_step.audience_role"
FOR_ALL = "onboarding:edit_step.for_all"
NEEDS = "onboarding:edit_step.needs"
NEED = "onboarding:edit_step.need"
UP = "onboarding:edit_step.up"
DOWN = "onboarding:edit_step.down"
ASK_REMOVE = "onboarding:edit_step.ask_remove"
REMOVE = "onboarding:edit_step.remove"

LONGEST_WORDS = 200
_MINUTES = (1, 2, 3, 5, 10, 15, 20, 30, 60)
_COMMANDS_SHOWN = 2 * SELECT_OPTIONS
_DETECTORS = tuple(DETECTOR_NAMES)
WITH_TARGET = frozenset(Detector) - WITHOUT_TARGET


def step_card(view: QuestView, step: StepDefinition, t: Translator, *, note: str | None = None) -> Card:
    """One step and everything that can be done with it."""
    code, steps = view.spot_of(step).code, view.definition.steps
    place = view.place_of(step).code
    n = steps.index(step) + 1
    lines = [
        t("**Step {n} of {total}: {step}**", n=n, total=len(steps), step=step_name(step, view.places, t)),
        t("In “{quest}”", quest=quest_name(view.definition, t)),
    ]
    texts = [own_text(each, t, ours=step.ours) for each in (step.hint, step.body) if each]
    lines += [f"> {quote(' '.join(each.split()), 2 * LONGEST_TEXT)}" for each in texts]
    if step.detector in WITH_BODY and not step.body:
        lines.append(
            t("There is nothing to read or to answer yet: press **{label}**.", label=t("Change texts"))
        )
    lines += [
        "",
        t("What counts: {seen}", seen=seen_when(step, view, t)),
        t("For: {whom}", whom=audience_words(step.audience, t)),
        t("After: {needs}", needs=_needs_words(view, step, t)),
        t.tn("Takes about a minute", "Takes about {n} minutes", step.minutes),
    ]
    first = (
        Button(t("Change texts"), custom_id(WRITE, code)),
        Button(t("What counts as done"), custom_id(HOW, code)),
        Button(t("Who it is for"), custom_id(WHOM, code)),
    )
    second = (
        Button(t("What comes before"), custom_id(NEEDS, code), disabled=n == 1),
        Button(t("Move up"), custom_id(UP, place), disabled=n == 1),
        Button(t("Move down"), custom_id(DOWN, place), disabled=n == len(steps)),
    )
    third = (Button(t("Remove the step"), custom_id(ASK_REMOVE, code)), _to_quest(view, t))
    return Card((*note_items(note), Text("\n".join(lines)), Buttons(first), Buttons(second), Buttons(third)))


def add_card(view: QuestView, t: Translator) -> Card:
    """Before a step is added: what counts as done decides what else is asked."""
    text = t(
        "**A new step of “{quest}”**\nHow is it known that somebody has done it?",
        quest=quest_name(view.definition, t),
    )
    options = tuple(Option(t(name), each.value) for each, name in DETECTOR_NAMES.items())
    menu = Pick(custom_id(ADD_PICK, view.spot.code), t("Choose what counts as done"), options)
    return Card((Text(text), menu, Buttons((_to_quest(view, t),))))


def add_form(view: QuestView, detector: Detector, t: Translator) -> Form:
    """The form with the texts of a new step; the kind of step is in the number of its id."""
    code = Spot(view.shown.id, _DETECTORS.index(detector) + 1, view.spot.mark).code
    return Form(t("A new step"), custom_id(ADD, code), _text_fields(detector, None, t))


def detector_of(spot: Spot) -> Detector | None:
    """The kind of step that `add_form` asked for."""
    return _DETECTORS[spot.number - 1] if 1 <= spot.number <= len(_DETECTORS) else None


def texts_form(view: QuestView, step: StepDefinition, t: Translator) -> Form:
    """The form with a step's texts."""
    fields = _text_fields(step.detector, step, t)
    return Form(t("Texts of the step"), custom_id(TEXTS, view.spot_of(step).code), fields)


def how_card(
    view: QuestView, step: StepDefinition, commands: Sequence[str], t: Translator, *, note: str | None = None
) -> Card:
    """What counts as done: the kind, then the channel, role, command or quest. `commands` are those of members."""
    code = view.spot_of(step).code
    text = t(
        "**What counts as done: {step}**\nNow: {seen}.",
        step=step_name(step, view.places, t),
        seen=seen_when(step, view, t),
    )
    kinds = tuple(
        Option(t(name), each.value, chosen=each is step.detector) for each, name in DETECTOR_NAMES.items()
    )
    items: list[Item] = [Text(text), Pick(custom_id(DETECTOR, code), t("Choose what counts"), kinds)]
    items += _target_menus(view, step, commands, t)
    return Card((*note_items(note), *items, Buttons((_to_step(view, step, t),))))


def whom_card(view: QuestView, step: StepDefinition, t: Translator, *, note: str | None = None) -> Card:
    """Who a step is for."""
    code = view.spot_of(step).code
    text = t(
        "**Who this step is for: {step}**\nNow: {whom}.\n"
        "It can be for some levels, for goals that hold a word, and for roles. Choose a role to add it; choose it again to take it out.",
        step=step_name(step, view.places, t),
        whom=audience_words(step.audience, t),
    )
    menu = PickPlace(custom_id(AUDIENCE_ROLE, code), t("Add a role, or take it out"), "role")
    row = [Button(t("Levels and words"), custom_id(ASK_AUDIENCE, code))]
    if not step.audience.is_everybody:
        row.append(Button(t("For everybody"), custom_id(FOR_ALL, code)))
    return Card((*note_items(note), Text(text), menu, Buttons((*row, _to_step(view, step, t)))))


def audience_form(view: QuestView, step: StepDefinition, t: Translator) -> Form:
    """The form with the levels and words that a step is for."""
    options = tuple(
        Option(t(name), level.value, chosen=level.value in step.audience.levels)
        for level, name in LEVEL_NAMES.items()
    )
    levels = ManyField(
        "levels", t("Only those who said of themselves"), options, description=t("None ticked: any level")
    )
    words = TextField(
        "words",
        t("Only goals with one of these words"),
        description=t("Divided by commas, for example: web, html. Empty: any goal"),
        required=False,
        max_length=LONGEST_WORDS,
        value=", ".join(step.audience.words),
    )
    return Form(t("Who it is for"), custom_id(AUDIENCE, view.spot_of(step).code), (levels, words))


def needs_card(view: QuestView, step: StepDefinition, t: Translator, *, note: str | None = None) -> Card:
    """Which earlier steps have to be done or left out first."""
    steps = view.definition.steps
    earlier = steps[: steps.index(step)]
    text = t(
        "**What comes before: {step}**\nNow: {needs}.\n"
        "Choose an earlier step to wait for it; choose it again to wait no longer. A step that somebody skipped counts as done.",
        step=step_name(step, view.places, t),
        needs=_needs_words(view, step, t),
    )
    options = tuple(
        Option(
            t("Step {n}: {step}", n=n, step=step_label(each, t)),
            each.key,
            t("It waits for this one") if each.key in step.needs else t("It does not wait for this one"),
        )
        for n, each in enumerate(earlier, start=1)
    )
    menu = Pick(custom_id(NEED, view.spot_of(step).code), t("Choose an earlier step"), options)
    return Card((*note_items(note), Text(text), menu, Buttons((_to_step(view, step, t),))))


def remove_card(view: QuestView, step: StepDefinition, t: Translator) -> Card:
    """Before a step is taken out."""
    text = t(
        "**Remove “{step}” from the draft?**\nIt goes from the quest when the draft is published. "
        "Whoever is in the middle keeps it, and what was done stays done.",
        step=step_name(step, view.places, t),
    )
    yes = Button(t("Remove it"), custom_id(REMOVE, view.spot_of(step).code), style=Style.DANGER)
    keep = Button(t("Keep it"), custom_id(STEP_OPEN, view.spot_of(step).code))
    return Card((Text(text), Buttons((yes, keep))))


def _text_fields(
    detector: Detector, step: StepDefinition | None, t: Translator
) -> tuple[TextField | ChoiceField, ...]:
    def now(text: str) -> str | None:
        return own_text(text, t, ours=step.ours) if step is not None and text else None

    place = t("{word} stands for the channel", word="{channel}") if detector in IN_CHANNEL else None
    fields: list[TextField | ChoiceField] = [
        TextField(
            "title",
            t("What is to be done?"),
            description=place,
            max_length=LONGEST_TITLE,
            value=now(step.title) if step else None,
        ),
        TextField(
            "hint",
            t("A hint"),
            description=t("How it is done, in a line or two. The minutes are added by themselves."),
            long=True,
            required=False,
            max_length=LONGEST_TEXT,
            value=now(step.hint) if step else None,
        ),
    ]
    if detector in WITH_BODY:
        label = t("What there is to read") if detector is Detector.READ else t("The question")
        fields.append(
            TextField(
                "body", label, long=True, max_length=LONGEST_TEXT, value=now(step.body) if step else None
            )
        )
    chosen = step.minutes if step is not None else 1
    minutes = sorted({*_MINUTES, chosen})
    options = tuple(
        Option(t.tn("{n} minute", "{n} minutes", each), str(each), chosen=each == chosen) for each in minutes
    )
    fields.append(ChoiceField("minutes", t("How long does it take?"), options))
    return tuple(fields)


def _target_menus(
    view: QuestView, step: StepDefinition, commands: Sequence[str], t: Translator
) -> list[Pick | PickPlace | Buttons]:
    code, detector = view.spot_of(step).code, step.detector
    chosen = int(step.target) if step.target.isdecimal() else None
    if detector in IN_CHANNEL:
        options = tuple(Option(t(name), key, chosen=key == step.target) for key, name in PLACE_NAMES.items())
        return [
            Pick(custom_id(TARGET, code), t("A channel of /setup start, whichever it is"), options),
            PickPlace(custom_id(PLACE, code), t("Or any other channel"), "channel", chosen=chosen),
        ]
    if detector is Detector.ROLE:
        usual = Button(
            t("The role for finishing"), custom_id(USUAL_ROLE, code), disabled=step.target == FINISHED_ROLE
        )
        return [
            PickPlace(custom_id(PLACE, code), t("Choose a role"), "role", chosen=chosen),
            Buttons((usual,)),
        ]
    if detector is Detector.COMMAND:
        options = [
            Option(f"/{each}", each, chosen=each == step.target) for each in commands[:_COMMANDS_SHOWN]
        ]
        menus = [Pick(custom_id(TARGET, code), t("Choose a command"), tuple(options[:SELECT_OPTIONS]))]
        if options[SELECT_OPTIONS:]:
            more = tuple(options[SELECT_OPTIONS:])
            menus.append(Pick(custom_id(MORE_TARGETS, code), t("More commands"), more))
        return [*menus]
    if detector is Detector.QUEST and view.others:
        others = tuple(
            Option(quest_label(each.definition, t), each.key, chosen=each.key == step.target)
            for each in view.others[:SELECT_OPTIONS]
        )
        return [Pick(custom_id(TARGET, code), t("Choose the other quest"), others)]
    return []


def _needs_words(view: QuestView, step: StepDefinition, t: Translator) -> str:
    numbers = [str(n) for n, each in enumerate(view.definition.steps, start=1) if each.key in step.needs]
    if not numbers:
        return t("nothing, it can be done at any time")
    return t.tn("step {numbers}", "steps {numbers}", len(numbers), numbers=", ".join(numbers))


def _to_quest(view: QuestView, t: Translator) -> Button:
    return Button(t("Back to the quest"), custom_id(OPEN, view.spot.code))


def _to_step(view: QuestView, step: StepDefinition, t: Translator) -> Button:
    return Button(t("Back to the step"), custom_id(STEP_OPEN, view.spot_of(step).code))
