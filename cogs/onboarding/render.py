"""What people see of onboarding."""

from __future__ import annotations

from bot.cards import Button, Buttons, Card, Form, Style, Text, TextField, TickField, custom_id
from bot.i18n import N_, Translator
from bot.text import channel_link, mention_channel, mention_user, quote
from cogs.onboarding.model import LONGEST_GOAL, Quest
from cogs.onboarding.rules import Greeting, Step, StepState

START = "onboarding:quest.start"
WRITE_GOAL = "onboarding:goal.ask"
SET_GOAL = "onboarding:goal.set"
CHECK = "onboarding:quest.check"  # with the number of the step
SKIP = "onboarding:quest.skip"  # with the number of the step
RESTART = "onboarding:quest.restart"  # with the number of the run that is to end

# Steps as row ids of controls: never change or reuse a number, cards live for ever.
_NUMBERS = {Step.GOAL: 1, Step.HELLO: 2, Step.ANSWER: 3}
# A goal of nothing but markup, letter by letter escaped, or of emoji, must still be shown whole.
_GOAL_ROOM = 4 * LONGEST_GOAL

_TITLES = {
    Step.GOAL: N_("Say what you want to learn"),
    Step.HELLO: N_("Say hello in {introductions}"),
    Step.ANSWER: N_("React to someone's hello in {introductions}"),
}
_COSTS = {
    Step.GOAL: N_("One line is plenty. About a minute."),
    Step.HELLO: N_("Who you are and what brings you here, in a line or two. About two minutes."),
    Step.ANSWER: N_("Any emoji will do: it makes someone's day. Half a minute."),
}


def greeting_card(quest: Quest, greeting: Greeting, t: Translator) -> Card:
    """The card in the welcome channel, the one ping a newcomer gets."""
    who = mention_user(quest.member_id)
    progress = quest.progress
    if greeting is Greeting.WELCOME:
        label = t("Start")
        text = t.tn(
            "**Welcome, {who}!**\nGood to have you here. Your first quest is one small step, about a minute. "
            "Press **{label}** and I will show you. Only you will see it.",
            "**Welcome, {who}!**\nGood to have you here. Your first quest is {n} small steps, about five "
            "minutes in all. Press **{label}** and I will show you the first one. Only you will see it.",
            progress.total,
            who=who,
            label=label,
        )
    elif quest.is_finished:
        label = t("My quest")
        text = t(
            "**Welcome back, {who}!**\nEverything you did is still here, your finished quest too.", who=who
        )
    else:
        label = t("Go on")
        text = t(
            "**Welcome back, {who}!**\nEverything you did is still here: {done} of {total} steps of your first quest.",
            who=who,
            done=progress.done,
            total=progress.total,
        )
    start = Button(label, custom_id(START), style=Style.PRIMARY)
    return Card((Text(text), Buttons((start,))), pings=frozenset({quest.member_id}))


def step_of(number: int | None) -> Step | None:
    """The step that a control's row id stands for; None on a card of an older version."""
    return next((step for step, each in _NUMBERS.items() if each == number), None)


def quest_card(quest: Quest, t: Translator, *, looked_for: Step | None = None) -> Card:
    """The member's own quest: where I am, what is next, what it costs, a way out.

    `looked_for` is the step of which the member says that it is done.
    """
    if quest.is_finished:
        return _finished_card(quest, t)
    progress = quest.progress
    if progress.next_step is None:
        text = t(
            "**Your first quest**\nYou left out every step, and that is fine. You can begin again at any time."
        )
        again = Button(t("Start again"), custom_id(RESTART, quest.run), style=Style.PRIMARY)
        return Card((Text(text), Buttons((again,))))
    step = progress.next_step
    lines = [
        t("**Your first quest: {done} of {total} done**", done=progress.done, total=progress.total),
        *(_step_line(quest, each, t) for each in progress.states),
        "",
        t(_COSTS[step]),
    ]
    if looked_for is step:
        lines += [
            "",
            t(
                "I have not seen it yet. If you have only just done it, press once more in a moment. For a reaction, pick a hello you have not reacted to before."
            ),
        ]
    skip = Button(t("Skip this step"), custom_id(SKIP, _NUMBERS[step]))
    rows = [Buttons((*_actions(quest, step, t), skip))]
    if progress.states[Step.GOAL] is StepState.DONE:
        rows.append(Buttons((_change_goal(t),)))
    return Card((Text("\n".join(lines)), *rows))


def goal_form(quest: Quest, t: Translator) -> Form:
    """The form of the first step."""
    goal = TextField(
        "goal",
        t("What do you want to learn?"),
        description=t("One line is plenty. You can change it later."),
        placeholder=t("For example: write my first web page"),
        max_length=LONGEST_GOAL,
        value=quest.goal,
    )
    if quest.wins_channel_id is None or quest.is_finished:
        return Form(t("Your goal"), custom_id(SET_GOAL), (goal,))
    share = TickField(
        "share",
        t("Announce my first win"),
        description=t("When you finish the quest, the community sees your name and your goal"),
        value=quest.share_win,
    )
    return Form(t("Your goal"), custom_id(SET_GOAL), (goal, share))


def progress_card(quest: Quest, t: Translator) -> Card:
    """The answer to a hello, kept up to date. It pings nobody."""
    progress = quest.progress
    who = mention_user(quest.member_id)
    step = progress.next_step
    if step is None:
        text = t("Nice to meet you, {who}! **First quest finished.**", who=who)
    else:
        text = t(
            "Nice to meet you, {who}! **{done} of {total} done.** Next: {step}.",
            who=who,
            done=progress.done,
            total=progress.total,
            step=_title(quest, step, t),
        )
    mine = Button(t("My quest"), custom_id(START))
    return Card((Text(text), Buttons((mine,))), silent=True)


def win_card(quest: Quest, t: Translator) -> Card:
    """The announcement of a first win, for those who wanted it. It pings nobody."""
    lines = [t("**A first win!** {who} has finished their first quest.", who=mention_user(quest.member_id))]
    if quest.goal:
        lines += [t("What they want to learn:"), f"> {quote(quest.goal, _GOAL_ROOM)}"]
    return Card((Text("\n".join(lines)),), silent=True)


def _finished_card(quest: Quest, t: Translator) -> Card:
    lines = [t("**Your first quest is done. Well begun!**")]
    lines += [_step_line(quest, each, t) for each in quest.progress.states]
    lines += ["", _what_now(quest, t)]
    again = Button(t("Start again"), custom_id(RESTART, quest.run))
    return Card((Text("\n".join(lines)), Buttons((_change_goal(t), again))))


def _what_now(quest: Quest, t: Translator) -> str:
    place = quest.introductions_channel_id
    if place is None:
        return t("What now? {command} shows what you can do here.", command="`/help`")
    return t(
        "What now? Others are new here too: answer one more hello in {introductions}, and see who answers yours.",
        introductions=mention_channel(place),
    )


def _change_goal(t: Translator) -> Button:
    return Button(t("Change my goal"), custom_id(WRITE_GOAL))


def _actions(quest: Quest, step: Step, t: Translator) -> tuple[Button, ...]:
    if step is Step.GOAL or quest.introductions_channel_id is None:
        return (Button(t("Write it"), custom_id(WRITE_GOAL), style=Style.PRIMARY),)
    place = channel_link(quest.guild_id, quest.introductions_channel_id)
    # The card is private and cannot change by itself, so it offers to look again.
    done = Button(t("Done it"), custom_id(CHECK, _NUMBERS[step]), style=Style.PRIMARY)
    return Button(t("Take me there"), url=place), done


def _step_line(quest: Quest, step: Step, t: Translator) -> str:
    title = _title(quest, step, t)
    state = quest.progress.states[step]
    if state is StepState.DONE:
        return t("- Done: {step}", step=title)
    if state is StepState.SKIPPED:
        return t("- Skipped: {step}", step=title)
    if step is quest.progress.next_step:
        return t("- **Next: {step}**", step=title)
    return t("- Later: {step}", step=title)


def _title(quest: Quest, step: Step, t: Translator) -> str:
    place = quest.introductions_channel_id
    return t(_TITLES[step], introductions=mention_channel(place) if place is not None else "?")
