"""What members see of the charter."""

from __future__ import annotations

from datetime import datetime

from bot.acts import CountBy
from bot.cards import Button, Buttons, Card, Divider, Item, Style, Text, custom_id
from bot.i18n import Translator
from bot.text import length, quote, timestamp
from cogs.charter.model import Agreement, Announcement, Charter, Norms, Outcome
from cogs.charter.rules import (
    FEWEST_OUTCOMES,
    LONGEST_MISSION,
    LONGEST_NORM,
    LONGEST_WORDS,
    Change,
    ChangeKind,
    Progress,
    State,
)

AGREE = "charter:norms.agree"
READ = "charter:norms.read"
OPEN = "charter:manage.open"

ROOM_FOR_CHANGES = 3000  # of a card's 4000 characters
_SPARE = 20  # for the backslashes of a few signs
QUOTED_MISSION, QUOTED_WORDS, QUOTED_NORM = (
    LONGEST_MISSION + _SPARE,
    LONGEST_WORDS + _SPARE,
    LONGEST_NORM + _SPARE,
)


def show_card(charter: Charter, t: Translator, *, accounts: int | None = None) -> Card:
    """The charter for a member. `accounts` is how many the server has, bots among them; None when unknown."""
    if charter.is_empty:
        return _nothing_yet(charter, t)
    items: list[Item] = [Text(mission_text(charter.mission, t))]
    if charter.outcomes:
        items += [Divider(), Text(outcomes_text(charter.outcomes, t))]
    if charter.norms is not None:
        items += [Divider(), *_norms_items(charter, charter.norms, t)]
    if charter.is_staff:
        items += [Divider(), Text(_staff_text(charter, accounts, t)), Buttons((_open_button(t),))]
    return Card(tuple(items))


def mission_text(mission: str | None, t: Translator) -> str:
    heading = t("**What we are here for**")
    return f"{heading}\n{quote(mission, QUOTED_MISSION) if mission else t('Not said yet.')}"


def outcomes_heading(t: Translator) -> str:
    return t("**What we want to reach**")


def outcomes_text(outcomes: tuple[Outcome, ...], t: Translator) -> str:
    return "\n\n".join([outcomes_heading(t), *(outcome_text(each, t) for each in outcomes)])


def outcome_text(outcome: Outcome, t: Translator) -> str:
    """An outcome with how it stands: figures and words; the bar is only an extra."""
    lines = [f"**{quote(outcome.words, QUOTED_WORDS)}**"]
    if outcome.progress is not None:
        lines.append(_figures(outcome, outcome.progress, t))
    metric = metric_text(outcome, t)
    lines.append(f"-# {metric}" if metric else "-# " + t("What this counts is switched off at the moment."))
    return "\n".join(lines)


def metric_text(outcome: Outcome, t: Translator) -> str | None:
    """What is counted, since when; None when nothing counts it now."""
    if outcome.metric is None:
        return None
    since = timestamp(outcome.since, "D")
    if outcome.counted_by is CountBy.PEOPLE:
        return t("{metric}: how many people, since {since}", metric=t(outcome.metric), since=since)
    return t("{metric}, since {since}", metric=t(outcome.metric), since=since)


def agreed_card(agreement: Agreement, t: Translator) -> Card:
    """The answer to agreeing."""
    when = timestamp(agreement.at, "f")
    if agreement.was_new:
        text = t(
            "**Thank you!** You agreed to version {version} of our norms on {when}.", **_of(agreement, when)
        )
    else:
        text = t("You agreed already, to version {version} on {when}. That holds.", **_of(agreement, when))
    return Card((Text(text),))


def newer_first(card: Card, t: Translator) -> Card:
    """The charter, shown to somebody who agreed to norms that hold no more."""
    text = t("**There is a newer version of our norms.** Please read it before you agree.")
    return Card((Text(text), Divider(), *card.items))


def norms_post(announcement: Announcement, t: Translator) -> Card:
    """New norms, for everybody. It pings nobody."""
    norms = announcement.norms
    if norms.version == 1:
        heading = t("**Our norms**: what we ask of each other here")
        body = numbered(norms.lines)
    else:
        heading = "**{}**".format(
            t.tn(
                "Norms v{version}: {n} line changed",
                "Norms v{version}: {n} lines changed",
                len(announcement.changes),
                version=norms.version,
            )
        )
        body = changes_text(announcement.changes, t)
    footer = t("All of them, any time: `/charter show`")
    return Card(
        (Text(f"{heading}\n{body}\n-# {footer}"), Buttons((_agree_button(norms, t), _read_button(t))))
    )


def numbered(lines: tuple[str, ...]) -> str:
    return "\n".join(f"{number}. {quote(line, QUOTED_NORM)}" for number, line in enumerate(lines, start=1))


def changes_text(changes: tuple[Change, ...], t: Translator) -> str:
    """What changed, in words; the last ones are counted when they do not fit."""
    shown: list[str] = []
    room = ROOM_FOR_CHANGES
    for index, change in enumerate(changes):
        line = _change_text(change, t)
        room -= length(line) + 1
        if room < 0:
            rest = len(changes) - index
            shown.append(t.tn("And {n} more change.", "And {n} more changes.", rest))
            break
        shown.append(line)
    return "\n".join(shown)


def _change_text(change: Change, t: Translator) -> str:
    before, after = quote(change.before or "", QUOTED_NORM), quote(change.after or "", QUOTED_NORM)
    match change.kind:
        case ChangeKind.NEW:
            return "- " + t("New: {norm}", norm=after)
        case ChangeKind.GONE:
            return "- " + t("Gone: {norm}", norm=before)
        case ChangeKind.MOVED:
            return "- " + t("Moved: {norm}", norm=after)
        case ChangeKind.CHANGED:
            return "- {}\n  {}".format(t("Before: {norm}", norm=before), t("Now: {norm}", norm=after))


def _figures(outcome: Outcome, progress: Progress, t: Translator) -> str:
    by = timestamp(outcome.ends_at, "D")
    figures = {"count": progress.count, "target": progress.target, "percent": progress.percent, "by": by}
    if progress.has_ended:
        line = t("{count} of {target} ({percent} %), ended {by}", **figures)
    else:
        line = t("{count} of {target} ({percent} %), by {by}", **figures)
    return f"{progress.bar} {line}\n{_state_text(progress, t)}"


def _state_text(progress: Progress, t: Translator) -> str:
    match progress.state:
        case State.REACHED:
            return t("Reached!")
        case State.ENDED:
            return t("Ended before it was reached. What did we learn?")
        case State.ON_TRACK:
            return t("On track: about {n} expected by now.", n=progress.expected)
        case State.BEHIND:
            return t("Behind: about {n} expected by now. There is time left.", n=progress.expected)


def _norms_items(charter: Charter, norms: Norms, t: Translator) -> list[Item]:
    heading = t("**What we ask of each other** (version {version})", version=norms.version)
    items: list[Item] = [Text(f"{heading}\n{numbered(norms.lines)}")]
    if charter.agreed_at is not None:
        items.append(Text(t("You agreed on {when}.", when=timestamp(charter.agreed_at, "f"))))
        return items
    if charter.agreed_before is not None:
        again = t(
            "You agreed to version {old}. Something that matters has changed since.",
            old=charter.agreed_before,
        )
        items.append(Text(again))
    return [*items, Buttons((_agree_button(norms, t),))]


def _staff_text(charter: Charter, accounts: int | None, t: Translator) -> str:
    lines: list[str] = []
    if charter.norms is not None:
        if accounts and charter.agreed <= accounts:
            percent = charter.agreed * 100 // accounts
            lines.append(
                t.tn(
                    "{n} person agreed: {percent} % of the {accounts} accounts in this server, bots counted.",
                    "{n} people agreed: {percent} % of the {accounts} accounts in this server, bots counted.",
                    charter.agreed,
                    percent=percent,
                    accounts=accounts,
                )
            )
        else:
            lines.append(t.tn("{n} person agreed.", "{n} people agreed.", charter.agreed))
    if len(charter.running) < FEWEST_OUTCOMES:
        lines.append(too_few_text(t))
    return "\n".join(["-# " + t("Only staff see this:"), *lines])


def too_few_text(t: Translator) -> str:
    return t("Two to five outcomes show best whether this community does what it is for.")


def _nothing_yet(charter: Charter, t: Translator) -> Card:
    if charter.is_staff:
        text = t("This community has not said yet what it is for. One sentence is a good beginning.")
        return Card((Text(text), Buttons((_open_button(t),))))
    return Card(
        (Text(t("This community has not said yet what it is for. A facilitator can write it down.")),)
    )


def _of(agreement: Agreement, when: str) -> dict[str, object]:
    return {"version": agreement.version, "when": when}


def _agree_button(norms: Norms, t: Translator) -> Button:
    return Button(t("I have read it and agree"), custom_id(AGREE, norms.version), style=Style.PRIMARY)


def _read_button(t: Translator) -> Button:
    return Button(t("Read all of it"), custom_id(READ))


def _open_button(t: Translator) -> Button:
    return Button(t("Edit the charter"), custom_id(OPEN))


def moment_text(at: datetime) -> str:
    """An instant that somebody typed, said back: the day and time, and how far away."""
    return f"{timestamp(at, 'F')} ({timestamp(at, 'R')})"
