"""What onboarding posts where others see it too: greetings, answers to hellos, wins; and the one reminder."""

from __future__ import annotations

from bot.cards import Button, Buttons, Card, Style, Text, custom_id
from bot.i18n import Translator
from bot.text import channel_link, mention_user, quote
from cogs.onboarding.definition import StepDefinition
from cogs.onboarding.model import LONGEST_GOAL, Quest
from cogs.onboarding.render import OPEN, START
from cogs.onboarding.rules import Greeting
from cogs.onboarding.shipped import STARTER
from cogs.onboarding.words import quest_title, step_hint, step_title

# A goal of nothing but markup, letter by letter escaped, or of emoji, must still be shown whole.
_GOAL_ROOM = 4 * LONGEST_GOAL


def greeting_card(quest: Quest, greeting: Greeting, t: Translator) -> Card:
    """The card in the welcome channel, the one ping a newcomer gets."""
    who = mention_user(quest.member_id)
    progress = quest.progress
    buttons: tuple[Button, ...]
    if greeting is Greeting.WELCOME:
        label = t("Start")
        text = t.tn(
            "**Welcome, {who}!**\nGood to have you here. Your first quest is one small step, {minutes}. "
            "Press **{label}** and I will show you. Only you will see it.",
            "**Welcome, {who}!**\nGood to have you here. Your first quest is {n} small steps, {minutes}. "
            "Press **{label}** and I will show you the first one. Only you will see it.",
            progress.total,
            who=who,
            label=label,
            minutes=t.tn("about a minute in all", "about {n} minutes in all", quest.minutes),
        )
        buttons = (Button(label, custom_id(START), style=Style.PRIMARY),)
    elif quest.is_finished:
        text = t(
            "**Welcome back, {who}!**\nEverything you did is still here, your finished quest too.", who=who
        )
        buttons = (Button(t("My quest"), custom_id(START), style=Style.PRIMARY),)
    else:
        text = t(
            "**Welcome back, {who}!**\nEverything you did is still here: {done} of {total} steps of your first quest.",
            who=who,
            done=progress.done,
            total=progress.total,
        )
        step = quest.next_step
        if step is not None:
            at = list(progress.states).index(step.key) + 1
            title = step_title(step, quest.places, t)
            text += "\n" + t(
                "You were on step {n} of {total}: {step}", n=at, total=progress.total, step=title
            )
        buttons = (Button(t("Catch me up"), custom_id(START), style=Style.PRIMARY),)
    return Card((Text(text), Buttons(buttons)), pings=frozenset({quest.member_id}))


def progress_card(quest: Quest, t: Translator) -> Card:
    """The answer to a hello, kept up to date. It pings nobody."""
    progress = quest.progress
    who = mention_user(quest.member_id)
    step = quest.next_step
    if quest.is_finished:
        text = (
            t("Nice to meet you, {who}! **First quest finished.**", who=who)
            if quest.key == STARTER
            else t("Thank you, {who}! **Quest finished.**", who=who)
        )
    elif step is None:
        text = t("Nice to meet you, {who}!", who=who)
    else:
        text = t(
            "Nice to meet you, {who}! **{done} of {total} done.** Next: {step}.",
            who=who,
            done=progress.done,
            total=progress.total,
            step=step_title(step, quest.places, t),
        )
    mine = Button(t("My quest"), custom_id(START))
    return Card((Text(text), Buttons((mine,))), silent=True)


def old_progress_card(quest: Quest, t: Translator) -> Card:
    """The answer to a hello of a run that was begun anew since."""
    text = t(
        "Nice to meet you, {who}! They have begun the quest anew since.", who=mention_user(quest.member_id)
    )
    return Card((Text(text), Buttons((Button(t("My quest"), custom_id(START)),))), silent=True)


def win_card(quest: Quest, t: Translator) -> Card:
    """The announcement of a win, for those who wanted it. It pings nobody."""
    who = mention_user(quest.member_id)
    if quest.key != STARTER:
        text = t("**A win!** {who} has finished “{title}”.", who=who, title=quest_title(quest.definition, t))
        return Card((Text(text),), silent=True)
    lines = [t("**A first win!** {who} has finished their first quest.", who=who)]
    if quest.goal:
        lines += [t("What they want to learn:"), f"> {quote(quest.goal, _GOAL_ROOM)}"]
    return Card((Text("\n".join(lines)),), silent=True)


def nudge_card(quest: Quest, step: StepDefinition, t: Translator, *, is_private: bool = False) -> Card:
    """The one reminder of a run. In a private message buttons of quests do not work, so it leads to the server."""
    text = t(
        "{who}, **“{title}” waits for you**, whenever you like.\nNext: {step}. {hint}\n"
        "-# No hurry. I say this once and will not ask again.",
        who=mention_user(quest.member_id),
        title=quest_title(quest.definition, t),
        step=step_title(step, quest.places, t),
        hint=step_hint(step, quest.places, t),
    )
    settings = quest.places.settings
    place = settings.introductions_channel_id or settings.welcome_channel_id
    if not is_private:
        rows = [Buttons((Button(t("Go on"), custom_id(OPEN, quest.id), style=Style.PRIMARY),))]
    elif place is not None:
        rows = [Buttons((Button(t("Take me there"), url=channel_link(quest.guild_id, place)),))]
    else:
        rows = []
    return Card((Text(text), *rows), pings=frozenset({quest.member_id}))
