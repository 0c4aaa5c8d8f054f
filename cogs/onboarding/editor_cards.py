"""What facilitators see when they edit a quest as a whole: the list, one quest, publishing, throwing away."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import (
    Button,
    Buttons,
    Card,
    Divider,
    Form,
    Item,
    Option,
    Pick,
    PickPlace,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.errors import InvalidInput
from bot.i18n import Translator
from bot.refusals import in_words
from bot.text import SELECT_OPTIONS, quote
from cogs.onboarding.definition import FINISHED_ROLE, LONGEST_TEXT, LONGEST_TITLE, MOST_STEPS
from cogs.onboarding.editor_words import (
    change_lines,
    own_text,
    quest_label,
    quest_name,
    reward_words,
    seen_when,
    state_label,
    state_words,
    step_label,
    step_name,
    unlocked_words,
)
from cogs.onboarding.workbench import QuestView

LIST = "onboarding:edit.list"
PICK = "onboarding:edit.pick"
NEW = "onboarding:edit.begin"
MAKE = "onboarding:edit.make"
OPEN = "onboarding:edit.open"  # this and all below: with the code of a spot, see `revision.Spot`
WRITE = "onboarding:edit.write"
TEXTS = "onboarding:edit.texts"
WHOM = "onboarding:edit.whom"
UNLOCK = "onboarding:edit.unlock"
PRIZE = "onboarding:edit.prize"
PRIZE_ROLE = "onboarding:edit.prize_role"
PRIZE_USUAL = "onboarding:edit.prize_usual"
PRIZE_NONE = "onboarding:edit.prize_none"
ANNOUNCE = "onboarding:edit.announce"
ASK_PUBLISH = "onboarding:publish.ask"
PUBLISH = "onboarding:publish.confirm"
ASK_DISCARD = "onboarding:discard.ask"
DISCARD = "onboarding:discard.confirm"
STEP_PICK = "onboarding:edit_step.pick"
STEP_OPEN = "onboarding:edit_step.open"
STEP_ADD = "onboarding:edit_step.begin"
PREVIEW = "onboarding:preview.open"  # with a version's row

EVERYBODY = "everybody"
_INTRO_SHOWN = 200
_FAULTS_SHOWN = 6
_FAULT_BUTTONS = 6
_CHANGES_SHOWN = 20
_TYPED_SHOWN = 900


def list_card(views: Sequence[QuestView], t: Translator, *, note: str | None = None) -> Card:
    """All quests, one of which can be opened."""
    lines = [t("**Quests of this community**")]
    lines += [f"**{quest_name(each.definition, t)}**\n{state_words(each, t, hints=False)}" for each in views]
    new = Button(t("Begin a new quest"), custom_id(NEW))
    menu = Pick(custom_id(PICK), t("Open a quest"), quest_options(views, t))
    return Card((*note_items(note), *_blocks(lines), menu, Buttons((new,))))


def quest_options(views: Sequence[QuestView], t: Translator) -> tuple[Option, ...]:
    return tuple(
        Option(quest_label(each.definition, t), str(each.shown.id), state_label(each, t))
        for each in views[:SELECT_OPTIONS]
    )


def quest_card(view: QuestView, t: Translator, *, note: str | None = None) -> Card:
    """One quest: how it stands, its steps, and everything that can be done with it."""
    quest, code = view.definition, view.spot.code
    intro = own_text(quest.intro, t, ours=quest.ours)
    head = [f"**{quest_name(quest, t)}**", state_words(view, t)]
    if intro:
        head.append(f"> {quote(' '.join(intro.split()), _INTRO_SHOWN)}")
    for_whom = [
        t("For: {whom}", whom=unlocked_words(view, t)),
        t("When it is finished: {reward}", reward=reward_words(view, t)),
    ]
    # Each in a block of its own, so that the quoted introduction ends where it ends.
    blocks = ("\n".join(each) for each in (head, for_whom, _step_lines(view, t)))
    items: list[Item] = [*note_items(note), *map(Text, blocks)]
    if quest.steps:
        options = tuple(
            Option(t("Step {n}: {step}", n=n, step=step_label(step, t)), str(step.number))
            for n, step in enumerate(quest.steps, start=1)
        )
        items.append(Pick(custom_id(STEP_PICK, code), t("Open a step"), options))
    if view.faults:
        items.append(
            Text("\n".join([t("**To put right before it can be published**"), *_fault_lines(view.faults, t)]))
        )
    first = [
        Button(t("Add a step"), custom_id(STEP_ADD, code)),
        Button(t("Change texts"), custom_id(WRITE, code)),
        Button(t("Who it is for"), custom_id(WHOM, code)),
    ]
    second = [
        Button(t("Reward"), custom_id(PRIZE, code)),
        Button(t("Preview"), custom_id(PREVIEW, view.shown.id)),
    ]
    third = [Button(t("All quests"), custom_id(LIST))]
    if view.is_draft:
        second.append(Button(t("Publish"), custom_id(ASK_PUBLISH, code), style=Style.PRIMARY))
        third.insert(0, Button(t("Throw the draft away"), custom_id(ASK_DISCARD, code)))
    return Card((*items, *(Buttons(tuple(row)) for row in (first, second, third))))


def publish_card(view: QuestView, t: Translator, *, note: str | None = None) -> Card:
    """What publishing would change, and for whom; or what has to be put right first."""
    name, code = quest_name(view.definition, t), view.spot.code
    back = Button(t("Back to the quest"), custom_id(OPEN, code))
    if view.faults:
        text = t("**“{quest}” cannot be published yet**\nPut this right first:", quest=name)
        rows = [Buttons(tuple(row)) for row in _threes(_fault_buttons(view, t))]
        lines = _fault_lines(view.faults, t)
        return Card((*note_items(note), Text("\n".join([text, *lines])), *rows, Buttons((back,))))
    changes = change_lines(view, t)
    if view.published is not None and not changes:
        text = t("**Nothing to publish**\nThe draft of “{quest}” is the same as what is live.", quest=name)
        return Card((*note_items(note), Text(text), Buttons((back,))))
    title = t("**Publish version {version} of “{quest}”?**", version=view.shown.version, quest=name)
    lines = [title, *changes[:_CHANGES_SHOWN]]
    if len(changes) > _CHANGES_SHOWN:
        more = len(changes) - _CHANGES_SHOWN
        lines.append(t.tn("- and {n} more change", "- and {n} more changes", more))
    lines += ["", _for_whom(view, t)]
    yes = Button(t("Publish it"), custom_id(PUBLISH, code), style=Style.PRIMARY)
    return Card(
        (
            *note_items(note),
            Text("\n".join(lines)),
            Buttons((yes, Button(t("Not yet"), custom_id(OPEN, code)))),
        )
    )


def discard_card(view: QuestView, t: Translator) -> Card:
    """Before a draft is thrown away."""
    name = quest_name(view.definition, t)
    text = t("**Throw away the draft of “{quest}”?**", quest=name)
    if view.published is None:
        text += "\n" + t("It was never published, so the whole quest would be gone.")
    else:
        text += "\n" + t.tn(
            "{n} change would be gone. Version {version} stays live as it is.",
            "{n} changes would be gone. Version {version} stays live as it is.",
            view.difference.count,
            version=view.published.version,
        )
    yes = Button(t("Throw it away"), custom_id(DISCARD, view.spot.code), style=Style.DANGER)
    return Card((Text(text), Buttons((yes, Button(t("Keep it"), custom_id(OPEN, view.spot.code))))))


def whom_card(view: QuestView, t: Translator, *, note: str | None = None) -> Card:
    """Who a quest is offered to."""
    text = t(
        "**Who “{quest}” is for**\nNow: {whom}.\nA quest can open to everybody, or once another quest is finished.",
        quest=quest_name(view.definition, t),
        whom=unlocked_words(view, t),
    )
    chosen = view.definition.unlocked_by
    options = [Option(t("Everybody"), EVERYBODY, chosen=chosen is None)]
    for other in view.others[: SELECT_OPTIONS - 1]:
        label = t("Those who finished {quest}", quest=quest_label(other.definition, t))
        options.append(Option(label, other.key, chosen=other.key == chosen))
    code = view.spot.code
    menu = Pick(custom_id(UNLOCK, code), t("Choose who it is for"), tuple(options))
    return Card((*note_items(note), Text(text), menu, Buttons((_back(view, t),))))


def reward_card(view: QuestView, t: Translator, *, note: str | None = None) -> Card:
    """What finishing gives."""
    quest, code = view.definition, view.spot.code
    text = t(
        "**The reward of “{quest}”**\nNow: {reward}.\nA role must stand below my own role, or I cannot give it.",
        quest=quest_name(quest, t),
        reward=reward_words(view, t),
    )
    chosen = int(quest.reward) if quest.reward.isdecimal() else None
    rows: list[Button] = []
    if quest.reward != FINISHED_ROLE:
        rows.append(Button(t("The role for finishing"), custom_id(PRIZE_USUAL, code)))
    if quest.reward:
        rows.append(Button(t("No role"), custom_id(PRIZE_NONE, code)))
    label = t("Do not announce wins") if quest.announce else t("Announce wins")
    rows.append(Button(label, custom_id(ANNOUNCE, code)))
    menu = PickPlace(custom_id(PRIZE_ROLE, code), t("Choose a role to give"), "role", chosen=chosen)
    return Card((*note_items(note), Text(text), menu, Buttons(tuple(rows)), Buttons((_back(view, t),))))


def new_form(t: Translator) -> Form:
    """The form that begins a quest."""
    title = TextField("title", t("What is the quest called?"), max_length=LONGEST_TITLE)
    return Form(t("A new quest"), custom_id(MAKE), (title,))


def texts_form(view: QuestView, t: Translator) -> Form:
    """The form with a quest's own texts."""
    quest = view.definition
    title = TextField(
        "title", t("Title"), max_length=LONGEST_TITLE, value=own_text(quest.title, t, ours=quest.ours)
    )
    intro = TextField(
        "intro",
        t("Introduction"),
        description=t("What one gets out of it, in a line or two. Shown where it is offered."),
        long=True,
        required=False,
        max_length=LONGEST_TEXT,
        value=own_text(quest.intro, t, ours=quest.ours),
    )
    return Form(t("Texts of the quest"), custom_id(TEXTS, view.spot.code), (title, intro))


def typed_words(texts: Sequence[str], t: Translator) -> str:
    """What somebody typed into a form that came too late, so that it is not lost."""
    typed = [
        f"> {quote(' '.join(each.split()), _TYPED_SHOWN // max(1, len(texts)))}"
        for each in texts
        if each.strip()
    ]
    return "\n".join([t("This is what you typed:"), *typed]) if typed else ""


def note_items(note: str | None) -> tuple[Item, ...]:
    """What has just happened, above the card."""
    return (Text(note), Divider()) if note else ()


def _back(view: QuestView, t: Translator) -> Button:
    return Button(t("Back to the quest"), custom_id(OPEN, view.spot.code))


def _step_lines(view: QuestView, t: Translator) -> list[str]:
    steps = view.definition.steps
    if not steps:
        return [t("**No steps yet.** Add the first one: something small that can be done in minutes.")]
    minutes = sum(step.minutes for step in steps)
    count = t.tn("**{n} step**", "**{n} steps**", len(steps))
    lines = [count + ", " + t.tn("about a minute in all", "about {n} minutes in all", minutes)]
    for n, step in enumerate(steps[:MOST_STEPS], start=1):
        line = f"{n}. {step_name(step, view.places, t)} - {seen_when(step, view, t)}"
        if not step.audience.is_everybody:
            line += " (" + t("for some only") + ")"
        lines.append(line)
    return lines


def _fault_lines(faults: Sequence[InvalidInput], t: Translator) -> list[str]:
    lines = [f"- {in_words(each, t)}" for each in faults[:_FAULTS_SHOWN]]
    if len(faults) > _FAULTS_SHOWN:
        lines.append(t.tn("- and {n} more", "- and {n} more", len(faults) - _FAULTS_SHOWN))
    return lines


def _fault_buttons(view: QuestView, t: Translator) -> list[Button]:
    """A way to each place where something has to be put right."""
    positions = dict.fromkeys(int(str(each.fields["n"])) for each in view.faults if "n" in each.fields)
    steps = [(n, view.definition.steps[n - 1]) for n in positions if n <= len(view.definition.steps)]
    return [
        Button(t("Open step {n}", n=n), custom_id(STEP_OPEN, view.spot_of(step).code)) for n, step in steps
    ][:_FAULT_BUTTONS]


def _for_whom(view: QuestView, t: Translator) -> str:
    version, staying = view.shown.version, sum(view.in_the_middle.values())
    lines = [t("Whoever begins from now on gets version {version}.", version=version)]
    if staying:
        lines.append(
            t.tn(
                "{n} person in the middle stays on the version they began with.",
                "{n} people in the middle stay on the version they began with.",
                staying,
            )
        )
    elif view.published is not None:
        lines.append(t("Nobody is in the middle of an earlier version."))
    return " ".join(lines)


def _threes(buttons: Sequence[Button]) -> list[Sequence[Button]]:
    return [buttons[at : at + 3] for at in range(0, len(buttons), 3)]


def _blocks(lines: Sequence[str]) -> list[Text]:
    """Each quest in a block of its own, as long as a card has room."""
    blocks: list[Text] = []
    room = 3600
    for line in lines:
        room -= len(line)
        if room > 0:
            blocks.append(Text(line))
    return blocks
