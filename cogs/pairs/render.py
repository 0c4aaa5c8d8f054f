"""Draws what members see of pairings: the card of a pair, the one question, and how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.cards import (
    Button,
    Buttons,
    Card,
    Divider,
    Form,
    Item,
    ManyField,
    Option,
    Style,
    Text,
    TextField,
    ThreadTitle,
    custom_id,
)
from bot.day_names import DAY_NAMES
from bot.free_hours import spans
from bot.i18n import N_, Translator
from bot.nominal_times import local_now
from bot.text import jump_link, mention_user, quote, timestamp
from bot.zone_card import ZONE_ASK
from cogs.pairs import rules
from cogs.pairs.model import Group, Meeting, Status
from cogs.pairs.rules import Outcome, Why
from cogs.pairs.starters import shipped

MET = "pairs:card.met"
NOT = "pairs:card.missed"
REMATCH = "pairs:card.rematch"
SHOW = "pairs:mine.show"
SKIP = "pairs:mine.skip"
COME = "pairs:mine.come"
CHANGE = "pairs:mine.change"
CHANGE_FORM = "pairs:mine.changed"
JOIN = "pairs:mine.join"
LEAVE = "pairs:mine.leave"

_SHOWN_SPANS = 3
_OUTCOMES = {
    Outcome.OPEN: N_("no word yet"),
    Outcome.MET: N_("you met"),
    Outcome.PARTLY: N_("you met in part"),
    Outcome.NOT: N_("it did not work out"),
}


def room_title(group: Group, zone: str, t: Translator) -> ThreadTitle:
    """The thread of a pair, with the day in the community's `zone`. Its number makes it the only one of its name."""
    day = f"{local_now(group.at, zone):%Y-%m-%d}"
    name = t("Pairing {day}, no. {number}", day=day, number=group.id)
    return ThreadTitle(name, tuple(each.member_id for each in group.people))


def group_card(group: Group, t: Translator) -> Card:
    """What a pair finds in its thread. It pings them when it comes: they asked to be paired."""
    if group.is_undone:
        undone = t("**This round was taken back by staff.** Nothing is lost, and another one follows.")
        return Card((Text(undone),))
    names = _names(group, t)
    head = t("**{names}, meet each other!**", names=names)
    if group.rematch:
        head = t("**{names}, here is your second pair of this round!**", names=names)
    shows = [
        t(
            "{one} could show {other} something about {topics}.",
            one=mention_user(one),
            other=mention_user(other),
            topics=topic_list(topics),
        )
        for one, other, topics in group.shows
    ]
    items: list[Item] = [Text("\n".join([head, *_hours(group, t), *shows]))]
    starter = shipped().get(group.starter)
    lines = [t("**To begin with:** {question}", question=t(starter))] if starter is not None else []
    lines += [
        t("**If you like a plan for half an hour**"),
        t("- 5 minutes: the question above"),
        t("- 10 minutes each: what you are working on, and where a second pair of eyes would help"),
        t("- 5 minutes: one thing that each of you will do next"),
    ]
    items += [Divider(), Text("\n".join(lines)), Divider(), Text("\n".join(_standing(group, t)))]
    if not group.is_closed:
        items.append(Buttons(_buttons(group, t)))
    return Card(tuple(items), pings=frozenset(each.member_id for each in group.people))


def ask_card(group: Group, member_id: int, t: Translator) -> Card:
    """The one question."""
    text = t(
        "{who}, did you get to meet? One tap is enough, and every answer is a good one.",
        who=mention_user(member_id),
    )
    return Card((Text(text), Buttons(_buttons(group, t))), pings=frozenset({member_id}))


def said_card(group: Group, word: Outcome, t: Translator) -> Card:
    """The answer to a press, seen by who pressed."""
    if word is Outcome.MET:
        return Card((Text(t("Lovely! Thank you for telling. You can change it at any time.")),))
    lines = [t("Thank you for telling. That happens, and nobody counts it against anybody.")]
    items: list[Item] = []
    if not group.rematch and not group.is_closed:
        lines.append(t("Would you like to meet somebody else in this round?"))
        items.append(Buttons((Button(t("Rematch"), custom_id(REMATCH, group.id)),)))
    return Card((Text("\n".join(lines)), *items))


def rematch_card(*, found: bool, t: Translator) -> Card:
    """A second pair, or the wait for one."""
    if found:
        return Card((Text(t("**There is somebody who wanted that too.** Your new thread is on its way.")),))
    return Card(
        (
            Text(
                t(
                    "**You wait for a second pair.** As soon as somebody else wants one too, I open a thread for you two. "
                    "Otherwise the next round brings somebody new."
                )
            ),
        )
    )


def left_out_card(why: str, t: Translator) -> Card:
    """Nobody is dropped without a word."""
    if why == Why.ALONE:
        text = t(
            "**You were the only one in this pairing round**, so there was nobody to meet. You come first next time."
        )
    else:
        text = t(
            "**In this pairing round there was nobody left to pair you with.** It is nothing you did, and you come first "
            "next time."
        )
    return Card((Text(text),))


def status_card(status: Status, t: Translator, *, jump: tuple[int, int] | None = None) -> Card:
    """How somebody stands. `jump` is channel and message of the newest pair's card."""
    if not status.is_in:
        text = t(
            "**You do not take part in pairings.** In each round you meet one person here for a talk, as new to you as can "
            "be. You can skip a round or leave whenever you like."
        )
        items: list[Item] = [Text("\n".join([text, *_met(status.met, t)]))]
        join = Button(t("Take part"), custom_id(JOIN), style=Style.PRIMARY)
        return Card((*items, Buttons((join, *_jump(status, jump, t)))))
    head = t("**You take part in pairings.**")
    if status.is_new:
        head = t(
            "**Welcome to the pairings!** When a round begins, I open a thread for you and your pair. There they see your "
            "topics and what time it is for you, and I mention you once."
        )
    lines = [head, *_when(status, t), *_choices(status, t), *_met(status.met, t)]
    if status.skips_next:
        first = Button(t("Be in the next one after all"), custom_id(COME))
    else:
        first = Button(t("Skip the next one"), custom_id(SKIP))
    row = Buttons(
        (
            first,
            Button(t("Change days and topics"), custom_id(CHANGE)),
            Button(t("Leave"), custom_id(LEAVE)),
        )
    )
    more = _jump(status, jump, t)
    if not status.has_zone:
        more = (*more, Button(t("Set my clock"), custom_id(ZONE_ASK)))
    return Card((Text("\n".join(lines)), row, *((Buttons(more),) if more else ())))


def left_card(t: Translator) -> Card:
    """They take part no more."""
    text = t(
        "**You are out of the pairings.** A pair that you have now stays yours. Your days and topics are forgotten. Come "
        "back whenever you like."
    )
    return Card((Text(text), Buttons((Button(t("Take part again"), custom_id(JOIN)),))))


def change_form(status: Status, t: Translator) -> Form:
    """Days and topics."""
    chosen = rules.days_of(status.weekdays)
    days = tuple(Option(t(name), str(day), chosen=day in chosen) for day, name in enumerate(DAY_NAMES))
    example = t("At most {most}, with commas: SQL, writing", most=rules.MOST_TOPICS)
    fields = (
        ManyField("days", t("On which days can you be paired?"), days),
        _topics("teach", t("What could you show somebody?"), example, status.teach),
        _topics("learn", t("What would you like to learn?"), example, status.learn),
    )
    return Form(t("Pairings"), custom_id(CHANGE_FORM), fields)


def _topics(name: str, label: str, example: str, topics: Sequence[str]) -> TextField:
    most = rules.MOST_TOPICS * (rules.LONGEST_TOPIC + 2)
    return TextField(
        name, label, description=example, required=False, max_length=most, value=", ".join(topics) or None
    )


def _when(status: Status, t: Translator) -> list[str]:
    lines: list[str] = []
    if status.next_at is None:
        lines.append(t("No round is planned yet."))
    else:
        when = {"when": timestamp(status.next_at, "F"), "relative": timestamp(status.next_at, "R")}
        if status.skips_next:
            lines.append(t("You skip the next round, {when}.", **when))
        else:
            lines.append(t("The next round: {when} ({relative}).", **when))
    if status.comes_first:
        lines.append(t("Last time there was nobody for you, so you come first."))
    own = rules.days_of(status.weekdays)
    if status.round_days and not set(own) & set(status.round_days):
        lines.append(
            t(
                "Rounds are on {days}, none of which is among your days: change your days to be paired.",
                days=day_list(status.round_days, t),
            )
        )
    return lines


def _choices(status: Status, t: Translator) -> list[str]:
    own = rules.days_of(status.weekdays)
    days = t("every day") if len(own) == len(DAY_NAMES) else day_list(own, t)
    lines = [t("Your days: {days}", days=days)]
    if status.teach:
        lines.append(t("You could show: {topics}", topics=topic_list(status.teach)))
    if status.learn:
        lines.append(t("You would like to learn: {topics}", topics=topic_list(status.learn)))
    if not status.has_zone:
        lines.append(t("I do not know your clock yet and take the community's."))
    return lines


def _met(met: Sequence[Meeting], t: Translator) -> list[str]:
    if not met:
        return []
    lines = [
        t(
            "- {when}: {people}, {outcome}",
            when=timestamp(each.at, "d"),
            people=", ".join(map(mention_user, each.others)) or t("somebody who is not here any more"),
            outcome=t(_OUTCOMES[each.outcome]),
        )
        for each in met
    ]
    return [t("**Whom you were paired with**"), *lines]


def _jump(status: Status, jump: tuple[int, int] | None, t: Translator) -> tuple[Button, ...]:
    if jump is None:
        return ()
    return (Button(t("To my pair"), url=jump_link(status.guild_id, *jump)),)


def day_list(days: Sequence[int], t: Translator) -> str:
    return ", ".join(t(DAY_NAMES[day]) for day in days)


def topic_list(topics: Sequence[str]) -> str:
    return ", ".join(quote(each, 2 * rules.LONGEST_TOPIC) for each in topics)


def _names(group: Group, t: Translator) -> str:
    names = [mention_user(each.member_id) for each in group.people]
    names += [t("somebody who is not here any more")] * (group.size - len(names))
    return (
        t("{names} and {last}", names=", ".join(names[:-1]), last=names[-1]) if len(names) > 1 else names[0]
    )


def _hours(group: Group, t: Translator) -> list[str]:
    """The hours that all of them share, by everybody's own clock."""
    found = spans(group.hours)[:_SHOWN_SPANS]
    if not found:
        return [
            t(
                "You are hardly awake at the same time, so writing here may suit you best: a question each, and an answer "
                "within a day or two."
            )
        ]
    midnight = group.at.replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        t(
            "You share these hours, each by their own clock ({hours} UTC):",
            hours=", ".join(_span(*each, midnight, "UTC") for each in found),
        )
    ]
    for each in group.people:
        own = ", ".join(_span(*span, midnight, each.zone) for span in found)
        lines.append(t("- {who}: {hours}", who=mention_user(each.member_id), hours=own))
    return lines


def _span(start: int, end: int, midnight: datetime, zone: str) -> str:
    first, last = (local_now(midnight + timedelta(hours=hour), zone) for hour in (start, end))
    return f"{first:%H:%M}\u2013{last:%H:%M}"


def _standing(group: Group, t: Translator) -> list[str]:
    """What they have said so far, and what comes."""
    lines: list[str] = []
    for each in group.people:
        who = mention_user(each.member_id)
        if each.said == Outcome.MET:
            lines.append(t("{who}: we met.", who=who))
        elif each.said == Outcome.NOT:
            lines.append(t("{who}: it did not work out.", who=who))
        if each.member_id in group.waiting:
            lines.append(t("{who} would like to meet somebody else too.", who=who))
    if group.is_closed:
        lines.append(t("This pairing is over. Thank you for being part of it!"))
    elif group.outcome is not Outcome.OPEN:
        lines.append(t("You can change what you said until {when}.", when=timestamp(group.closes_at, "D")))
    else:
        lines.append(
            t(
                "Tell me when you have met. This stays open until {when}.",
                when=timestamp(group.closes_at, "D"),
            )
        )
    return lines


def _buttons(group: Group, t: Translator) -> tuple[Button, ...]:
    found = (
        Button(t("We met"), custom_id(MET, group.id), style=Style.PRIMARY),
        Button(t("Didn't work"), custom_id(NOT, group.id)),
    )
    return found if group.rematch else (*found, Button(t("Rematch"), custom_id(REMATCH, group.id)))
