"""What a member sees of their own quests, on private cards and forms. What others see too is in `posts.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Form,
    Option,
    Style,
    Text,
    TextField,
    TickField,
    custom_id,
)
from bot.i18n import Translator
from bot.text import MODAL_LABEL, channel_link, mention_channel
from cogs.onboarding.definition import IN_CHANNEL, Detector, StepDefinition
from cogs.onboarding.model import LONGEST_ANSWER, LONGEST_GOAL, Offer, Quest
from cogs.onboarding.progress import StepState
from cogs.onboarding.quests import MyQuests
from cogs.onboarding.shipped import STARTER
from cogs.onboarding.words import (
    LEVEL_NAMES,
    plain,
    quest_intro,
    quest_title,
    step_body,
    step_hint,
    step_title,
)

START = "onboarding:quest.start"
OPEN = "onboarding:quest.open"  # with the quest's row id
BEGIN = "onboarding:quest.begin"  # with the row id of a version
WRITE_GOAL = "onboarding:goal.ask"
SET_GOAL = "onboarding:goal.set"
ASK = "onboarding:step.ask"  # this and the next four: with the code of a step, see `code_of`
ANSWER = "onboarding:step.answer"
READ = "onboarding:step.read"
CHECK = "onboarding:quest.check"
SKIP = "onboarding:quest.skip"
RESTART = "onboarding:quest.restart"  # on cards of older releases, which had one quest
ASK_RESTART = "onboarding:restart.ask"  # with the quest's row id
CONFIRM_RESTART = "onboarding:restart.confirm"  # with the code of the run that is to end
SHARE = "onboarding:win.share"  # with the quest's row id

_STEPS_A_QUEST = 1000
_OFFERS_SHOWN = 3
_QUESTS_SHOWN = 8


def code_of(quest: Quest, number: int) -> int:
    """A step (by its number) or a run of a quest as the row id of a control. Cards live for ever: never change it."""
    return quest.id * _STEPS_A_QUEST + number % _STEPS_A_QUEST


def read_code(code: int | None) -> tuple[int | None, int]:
    """The quest's row id and the number. On cards of older releases there is no row id: the first quest is meant."""
    quest_id, number = divmod(code or 0, _STEPS_A_QUEST)
    return quest_id or None, number


def quest_card(quest: Quest, t: Translator, *, looked_for: int | None = None) -> Card:
    """The member's own quest: where I am, what is next, what it costs, a way out.

    `looked_for` is the number of the step of which the member says that it is done.
    """
    if quest.is_finished:
        return _finished_card(quest, t)
    progress = quest.progress
    step = quest.next_step
    if step is None and not progress.resting:
        text = t(
            "**{title}**\nYou skipped every step, and that is fine. You can start again at any time.",
            title=quest_title(quest.definition, t),
        )
        again = Button(t("Start again"), custom_id(ASK_RESTART, quest.id), style=Style.PRIMARY)
        return Card((Text(text), Buttons((again,))))
    title = quest_title(quest.definition, t)
    lines = [
        t("**{title}: {done} of {total} done**", title=title, done=progress.done, total=progress.total),
        *(_step_line(quest, each, t) for each in quest.path),
    ]
    if step is None:
        lines += [
            "",
            t(
                "The rest can be done once staff have chosen a channel for it. You need not wait for me: I will not forget where you are."
            ),
        ]
        waiting = quest.definition.step(progress.resting[0])
        assert waiting is not None
        skip = Button(t("Skip this step"), custom_id(SKIP, code_of(quest, waiting.number)))
        return Card((Text("\n".join(lines)), Buttons((skip,))))
    lines += ["", step_hint(step, quest.places, t)]
    if step.body:
        lines += ["", step_body(step, t)]
    if looked_for == step.number:
        lines += ["", _not_seen(step, t)]
    skip = Button(t("Skip this step"), custom_id(SKIP, code_of(quest, step.number)))
    rows = [Buttons((*_actions(quest, step, t), skip))]
    if _has_goal(quest):
        rows.append(Buttons((_change_goal(quest, t),)))
    return Card((Text("\n".join(lines)), *rows))


def status_card(mine: MyQuests, t: Translator) -> Card:
    """All quests of a member with what is next in each, and what they could begin."""
    if len(mine.quests) == 1:
        return quest_card(replace(mine.quests[0], offers=mine.offers), t)
    items: list[Text | Buttons] = []
    for quest in sorted(mine.quests, key=lambda each: each.is_finished)[:_QUESTS_SHOWN]:
        step = quest.next_step
        title, progress = quest_title(quest.definition, t), quest.progress
        if quest.is_finished:
            text = t("**{title}**: done", title=title)
        elif step is not None:
            text = t(
                "**{title}: {done} of {total} done**\nNext: {step}",
                title=title,
                done=progress.done,
                total=progress.total,
                step=step_title(step, quest.places, t),
            )
        else:
            text = t(
                "**{title}: {done} of {total} done**", title=title, done=progress.done, total=progress.total
            )
        show = Button(t("Show it"), custom_id(OPEN, quest.id))
        if not quest.is_finished:
            show = Button(t("Go on"), custom_id(OPEN, quest.id), style=Style.PRIMARY)
        items += [Text(text), Buttons((show,))]
    for offer in mine.offers[: _QUESTS_SHOWN - len(items) // 2]:
        title = quest_title(offer.definition, t)
        text = t(
            "**{title}: 0 of {total} done**\nNot begun yet. {intro}",
            title=title,
            total=offer.total,
            intro=quest_intro(offer.definition, t),
        )
        items += [Text(text), Buttons((_begin(offer, t("Start"), t),))]
    return Card(tuple(items) or (Text(t("There is no quest here at the moment.")),))


def goal_form(quest: Quest, t: Translator) -> Form:
    """The form that asks for the goal, where the member stands, and whether their win may be told."""
    goal = TextField(
        "goal",
        t("What do you want to learn?"),
        description=t("One line is plenty. You can change it later."),
        placeholder=t("For example: write my first web page"),
        max_length=LONGEST_GOAL,
        value=quest.goal,
    )
    options = tuple(
        Option(t(name), level.value, chosen=level is quest.level) for level, name in LEVEL_NAMES.items()
    )
    level = ChoiceField("level", t("Where do you stand?"), options, required=False)
    control = custom_id(SET_GOAL, quest.id)
    if quest.wins_channel_id is None or quest.is_finished:
        return Form(t("Your goal"), control, (goal, level))
    share = TickField(
        "share",
        t("Announce my first win"),
        description=t("When you finish the quest, the community sees your name and your goal"),
        value=quest.share_win,
    )
    return Form(t("Your goal"), control, (goal, level, share))


def answer_form(quest: Quest, step: StepDefinition, t: Translator) -> Form:
    """The form of a step with one question."""
    question = plain(step.body, t, ours=step.ours)
    # A question that is too long for the label stands below it, whole and only once.
    fits = len(question) <= MODAL_LABEL
    label, below = (question, None) if fits else (t("Your answer"), question)
    answer = TextField("answer", label, description=below, long=True, max_length=LONGEST_ANSWER)
    title = plain(step.title, t, ours=step.ours)
    return Form(title, custom_id(ANSWER, code_of(quest, step.number)), (answer,))


def restart_card(quest: Quest, t: Translator) -> Card:
    """Before a run is thrown away."""
    text = t.tn(
        "**Start “{title}” again?**\nThe step you have done would be open again. What you wrote and got stays yours.",
        "**Start “{title}” again?**\nThe {n} steps you have done would be open again. What you wrote and got stays yours.",
        quest.progress.done,
        title=quest_title(quest.definition, t),
    )
    if not quest.progress.done:
        text = t("**Start “{title}” again?**\nNothing is lost by it.", title=quest_title(quest.definition, t))
    yes = Button(t("Start again"), custom_id(CONFIRM_RESTART, code_of(quest, quest.run)), style=Style.DANGER)
    no = Button(t("Keep it as it is"), custom_id(OPEN, quest.id))
    return Card((Text(text), Buttons((yes, no))))


def _finished_card(quest: Quest, t: Translator) -> Card:
    if quest.key == STARTER:
        lines = [t("**Your first quest is done. Well begun!**")]
    else:
        lines = [t("**“{title}” is done. Well done!**", title=quest_title(quest.definition, t))]
    lines += [_step_line(quest, each, t) for each in quest.path]
    lines += ["", _what_now(quest, t)]
    rows = list(_offer_rows(quest.offers, t))
    last = [Button(t("Start again"), custom_id(ASK_RESTART, quest.id))]
    if _has_goal(quest):
        last.insert(0, _change_goal(quest, t))
    if quest.wins_channel_id is not None and not quest.is_shared:
        last.insert(0, Button(t("Announce my win"), custom_id(SHARE, quest.id)))
    return Card((Text("\n".join(lines)), *rows, Buttons(tuple(last))))


def _offer_rows(offers: Sequence[Offer], t: Translator) -> Sequence[Text | Buttons]:
    rows: list[Text | Buttons] = []
    for offer in [each for each in offers if each.definition.key != STARTER][:_OFFERS_SHOWN]:
        title = quest_title(offer.definition, t)
        text = t(
            "A new quest is open to you: **{title}**. {intro}",
            title=title,
            intro=quest_intro(offer.definition, t),
        )
        rows += [Text(text), Buttons((_begin(offer, t("Start it"), t),))]
    return rows


def _begin(offer: Offer, label: str, t: Translator) -> Button:
    if offer.definition.key == STARTER:
        return Button(t("Start"), custom_id(START), style=Style.PRIMARY)
    return Button(label, custom_id(BEGIN, offer.version_id), style=Style.PRIMARY)


def _what_now(quest: Quest, t: Translator) -> str:
    place = quest.places.settings.introductions_channel_id
    if place is None or quest.key != STARTER:
        return t("What now? {command} shows what you can do here.", command="`/help`")
    return t(
        "What now? Others are new here too: answer one more hello in {introductions}, and see who answers yours.",
        introductions=mention_channel(place),
    )


def _has_goal(quest: Quest) -> bool:
    """Whether the goal was asked for, so that it can be changed."""
    asked = [step.key for step in quest.path if step.detector is Detector.PROFILE]
    return any(quest.progress.states[key] is not StepState.OPEN for key in asked)


def _change_goal(quest: Quest, t: Translator) -> Button:
    return Button(t("Change my goal"), custom_id(WRITE_GOAL, quest.id))


def _not_seen(step: StepDefinition, t: Translator) -> str:
    if step.detector is Detector.CONFIRMED:
        return t("No facilitator has ticked it yet. Tell one of them that you have done it.")
    if step.detector is Detector.REACTION:
        return t(
            "I have not seen it yet. If you have only just done it, press once more in a moment. If you had reacted to that message before, pick another one."
        )
    return t("I have not seen it yet. If you have only just done it, press once more in a moment.")


def _actions(quest: Quest, step: StepDefinition, t: Translator) -> tuple[Button, ...]:
    code = code_of(quest, step.number)
    if step.detector is Detector.PROFILE:
        return (Button(t("Write it"), custom_id(WRITE_GOAL, quest.id), style=Style.PRIMARY),)
    if step.detector is Detector.FORM:
        return (Button(t("Answer"), custom_id(ASK, code), style=Style.PRIMARY),)
    if step.detector is Detector.READ:
        return (Button(t("I have read it"), custom_id(READ, code), style=Style.PRIMARY),)
    # The card is private and cannot change by itself, so it offers to look again. Where there is a way to the place,
    # that comes first, and the other must not draw the eye: who presses it before they went has done nothing yet.
    channel_id = quest.places.target_id(step.target) if step.detector in IN_CHANNEL else None
    if channel_id is None:
        return (Button(t("Done it"), custom_id(CHECK, code), style=Style.PRIMARY),)
    there = Button(t("Take me there"), url=channel_link(quest.guild_id, channel_id))
    return there, Button(t("Done it"), custom_id(CHECK, code))


def _step_line(quest: Quest, step: StepDefinition, t: Translator) -> str:
    title = step_title(step, quest.places, t)
    match quest.progress.states[step.key]:
        case StepState.DONE:
            return t("- Done: {step}", step=title)
        case StepState.SKIPPED:
            return t("- Skipped: {step}", step=title)
        case StepState.RESTING:
            return t("- Resting until staff choose a channel: {step}", step=title)
        case _ if step.key == quest.progress.next_step:
            return t("- **Next: {step}**", step=title)
        case _:
            return t("- Later: {step}", step=title)
