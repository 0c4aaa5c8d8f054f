"""Draws what facilitators see of pairings."""

from __future__ import annotations

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Form,
    Item,
    ManyField,
    Option,
    PickPlace,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.day_names import DAY_NAMES
from bot.i18n import N_, Translator
from bot.text import V2_TEXT_LIMIT, length, mention_user, timestamp
from cogs.pairs import rules
from cogs.pairs.model import Desk, Past, Preview, Proposed
from cogs.pairs.render import day_list, topic_list
from cogs.pairs.rules import Why

DESK = "pairs:desk.open"
PLACE = "pairs:desk.place"
WHEN = "pairs:desk.when"
WHEN_FORM = "pairs:desk.rhythm"
COUNTS = "pairs:desk.counts"
COUNTS_FORM = "pairs:desk.weights"
SLOWER = "pairs:desk.slower"
PREVIEW = "pairs:desk.preview"
ROLL = "pairs:round.roll"
CONFIRM = "pairs:round.confirm"
UNDO = "pairs:round.undo"

USUAL_TIME = "16:00"
_ROOM = V2_TEXT_LIMIT - 900  # of a preview's characters, for the list
_WEIGHTS = (N_("Not at all"), N_("A little"), N_("As usual"), N_("A lot"))
_WHY = {
    Why.PAUSED: N_("paused"),
    Why.SKIPS: N_("skips this one"),
    Why.OTHER_DAY: N_("not on this day"),
    Why.ALONE: N_("nobody else takes part"),
    Why.NOBODY_FITS: N_("nobody was left for them; they come first next time"),
}


def desk_card(desk: Desk, t: Translator) -> Card:
    """How pairings stand, and what can be done."""
    lines = [t("**Pairings**"), _rhythm(desk, t)]
    if desk.rhythm is not None and desk.settings.channel_id is None:
        lines.append(t("**No channel is chosen, so no round can be held.** Choose one below."))
    lines.append(t.tn("{n} person takes part.", "{n} people take part.", desk.members))
    if not desk.members:
        lines.append(t("Members join with {command}: tell them about it.", command="`/pair join`"))
    if desk.rounds:
        lines.append(t("**How it went**"))
        lines += [_past(each, t) for each in desk.rounds]
    if desk.propose_weeks is not None:
        lines.append(
            t(
                "Fewer than {percent} % met in the last round. People may have more time for each other every {weeks} weeks.",
                percent=rules.LOW_RATE,
                weeks=desk.propose_weeks,
            )
        )
    items: list[Item] = [
        Text("\n".join(lines)),
        PickPlace(
            custom_id(PLACE), t("Where the threads of pairs are opened"), "channel", desk.settings.channel_id
        ),
        Buttons(
            (
                Button(t("Preview a round"), custom_id(PREVIEW), style=Style.PRIMARY),
                Button(t("When"), custom_id(WHEN)),
                Button(t("What counts"), custom_id(COUNTS)),
            )
        ),
    ]
    more: list[Button] = []
    if desk.undo_id is not None:
        more.append(Button(t("Take the round back"), custom_id(UNDO, desk.undo_id), style=Style.DANGER))
    if desk.propose_weeks is not None:
        more.append(Button(t("Every {weeks} weeks instead", weeks=desk.propose_weeks), custom_id(SLOWER)))
    if more:
        items.append(Buttons(tuple(more)))
    return Card(tuple(items))


def preview_card(preview: Preview, t: Translator) -> Card:
    """A round as it would be: who meets whom and why, and who does not."""
    lines = [t("**A round as it would be now.** Nobody has been told anything.")]
    if preview.has_changed:
        lines = [
            t(
                "**Somebody joined, left or changed something meanwhile, so this is a new preview.** Have a look."
            )
        ]
    lines += _fitting([_proposed(each, preview, t) for each in preview.groups], t)
    if preview.left_out:
        lines.append(t("**Left without a pair**"))
        lines += _fitting([_out(*each, t) for each in preview.left_out], t, most=_ROOM // 4)
    if preview.sitting_out:
        lines.append(t("**Not in this round, by their own choice**"))
        lines += _fitting([_out(*each, t) for each in preview.sitting_out], t, most=_ROOM // 4)
    buttons = [Button(t("Other pairs"), custom_id(ROLL, preview.round_id)), _back(t)]
    if preview.groups:
        n = len(preview.groups)
        confirm = t.tn("Confirm: {n} pair, now", "Confirm: {n} pairs, now", n)
        buttons.insert(0, Button(confirm, custom_id(CONFIRM, preview.round_id), style=Style.PRIMARY))
    else:
        lines.append(t("There is nobody to pair."))
    return Card((Text("\n".join(lines)), Buttons(tuple(buttons))))


def held_card(round_id: int, t: Translator) -> Card:
    """The round is on its way."""
    text = t(
        "**The round is on its way.** Each pair gets its thread now. For ten minutes you can take it back."
    )
    undo = Button(t("Take the round back"), custom_id(UNDO, round_id), style=Style.DANGER)
    return Card((Text(text), Buttons((undo, _back(t)))))


def undone_card(t: Translator) -> Card:
    """It was taken back."""
    text = t(
        "**The round was taken back.** The cards say so, the threads are closed, and it counts for nothing: who met whom "
        "in it is new to each other still."
    )
    return Card((Text(text), Buttons((Button(t("Preview a round"), custom_id(PREVIEW)), _back(t)))))


def when_form(desk: Desk, t: Translator) -> Form:
    """The rhythm."""
    rhythm = desk.rhythm
    days = tuple(
        Option(t(name), str(day), chosen=rhythm is not None and day in rhythm.days)
        for day, name in enumerate(DAY_NAMES)
    )
    weeks = tuple(
        Option(t.tn("Every week", "Every {n} weeks", n), str(n), chosen=n == (rhythm.weeks if rhythm else 1))
        for n in range(1, rules.MOST_WEEKS + 1)
    )
    at = f"{rhythm.at:%H:%M}" if rhythm is not None else USUAL_TIME
    fields = (
        ManyField("days", t("On which days?"), days, t("Choose none to hold no rounds by themselves.")),
        TextField(
            "at", t("At what time?"), t("By the clock of {zone}", zone=desk.zone), value=at, max_length=20
        ),
        ChoiceField("weeks", t("How often?"), weeks),
    )
    return Form(t("Pairing rounds"), custom_id(WHEN_FORM), fields)


def counts_form(desk: Desk, t: Translator) -> Form:
    """What counts. That nobody meets again too soon and that nobody meets whom they avoid is not up for choice."""
    settings = desk.settings
    hours = t("Hours at which both are awake")
    topics = t("One could teach what the other would learn")
    days = TextField(
        "close_days",
        t("How many days does a pair have?"),
        t("{least} to {most}", least=rules.LEAST_CLOSE_DAYS, most=rules.MOST_CLOSE_DAYS),
        value=str(settings.close_days),
        max_length=2,
    )
    chosen = settings.least_hours
    least = tuple(
        Option(
            t.tn("At least {n} hour a day", "At least {n} hours a day", n) if n else t("Any"),
            str(n),
            chosen=n == chosen,
        )
        for n in sorted({*rules.LEAST_HOURS, chosen})
    )
    wish = t("Those who share fewer meet only if nobody else is new to them")
    fields = (
        ChoiceField("hours", t("Shared hours count"), _weights(settings.hours_weight, t), hours),
        ChoiceField("least_hours", t("Hours that a pair should share"), least, wish),
        ChoiceField("topics", t("Topics count"), _weights(settings.topics_weight, t), topics),
        days,
    )
    return Form(t("What counts"), custom_id(COUNTS_FORM), fields)


def _weights(chosen: int, t: Translator) -> tuple[Option, ...]:
    return tuple(Option(t(name), str(n), chosen=n == chosen) for n, name in enumerate(_WEIGHTS))


def _rhythm(desk: Desk, t: Translator) -> str:
    rhythm = desk.rhythm
    if rhythm is None:
        return t("No rounds are held by themselves. Choose *When*, or preview one and hold it by hand.")
    line = t.tn(
        "Every week on {days} at {at} ({zone}).",
        "Every {n} weeks on {days} at {at} ({zone}).",
        rhythm.weeks,
        days=day_list(rhythm.days, t),
        at=f"{rhythm.at:%H:%M}",
        zone=desk.zone,
    )
    if desk.next_at is None:
        return line
    return line + " " + t("The next one: {when}.", when=timestamp(desk.next_at, "F"))


def _past(past: Past, t: Translator) -> str:
    rate = past.rate
    parts = [t("{n} met", n=rate.met)]
    parts += [t("{n} in part", n=rate.partly)] if rate.partly else []
    parts += [t("{n} did not", n=rate.missed)] if rate.missed else []
    parts += [t("{n} said nothing", n=rate.silent)] if rate.silent else []
    parts += [t("{n} still to tell", n=rate.waiting)] if rate.waiting else []
    counts = ", ".join(parts)
    if rate.percent is None:
        return t("- {when}: {counts}", when=timestamp(past.at, "d"), counts=counts)
    return t(
        "- {when}: {percent} % met ({counts})",
        when=timestamp(past.at, "d"),
        percent=rate.percent,
        counts=counts,
    )


def _proposed(group: Proposed, preview: Preview, t: Translator) -> str:
    who = ", ".join(map(mention_user, group.members))
    if group.times == 0:
        met = t("new to each other")
    else:
        met = t.tn("together {n} time before", "together {n} times before", group.times)
    return t("- {who}: {why}", who=who, why="; ".join([met, *_reasons(group, preview, t)]))


def _reasons(group: Proposed, preview: Preview, t: Translator) -> list[str]:
    found: list[str] = []
    hours, least = min(each.hours for *_, each in group.fits), preview.weights.least_hours
    if hours < least:
        found.append(
            t.tn(
                "share only {n} hour a day instead of {least}, as nobody with more was new to them",
                "share only {n} hours a day instead of {least}, as nobody with more was new to them",
                hours,
                least=least,
            )
        )
    elif preview.weights.hours or least:
        found.append(t.tn("share {n} hour a day", "share {n} hours a day", hours))
    if preview.weights.topics:
        for a, b, each in group.fits:
            for teacher, topics in ((a, each.teaches), (b, each.taught)):
                if topics:
                    found.append(
                        t("{who} could show {topics}", who=mention_user(teacher), topics=topic_list(topics))
                    )
            if each.both_learn:
                found.append(t("both would like to learn {topics}", topics=topic_list(each.both_learn)))
    return found[:3]


def _out(member_id: int, why: Why, t: Translator) -> str:
    return t("- {who}: {why}", who=mention_user(member_id), why=t(_WHY[why]))


def _fitting(lines: list[str], t: Translator, *, most: int = _ROOM // 2) -> list[str]:
    """As many lines as there is room for, and how many more there are."""
    shown: list[str] = []
    room = most
    for number, line in enumerate(lines):
        room -= length(line) + 1
        if room < 0:
            left = len(lines) - number
            return [*shown, t.tn("- and {n} more", "- and {n} more", left)]
        shown.append(line)
    return shown


def _back(t: Translator) -> Button:
    return Button(t("Back"), custom_id(DESK))
