"""Draws works that wait for review, the queue, and what a member has in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from bot.cards import (
    Attachment,
    Button,
    Buttons,
    Card,
    ChoiceField,
    Form,
    Item,
    Option,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.files import safe_name
from bot.i18n import Translator
from bot.text import mention_role, mention_user, quote, timestamp
from bot.time_input import LONGEST_TYPED
from cogs.reviews import paging, rules
from cogs.reviews.model import Asked, Review, ReviewSettings, Work, WorkCard
from cogs.reviews.rubrics import pages as page_parts
from cogs.reviews.rules import Wait

CLAIM = "reviews:work.claim"
ASK = "reviews:work.ask"
ASK_AGAIN = "reviews:work.again"
ASK_FORM = "reviews:work.request"
CLOSE_WORK = "reviews:work.close"
REOPEN_WORK = "reviews:work.reopen"
CHANGE = "reviews:work.change"
CHANGE_FORM = "reviews:work.changed"
PICK = "reviews:inbox.pick"
INBOX = "reviews:inbox.show"
OWN_PICK = "reviews:inbox.own"
HELD = "reviews:review.open"
HELD_PICK = "reviews:review.choose"
LOOK = "reviews:review.look"
EXTEND = "reviews:review.extend"
GIVE_BACK = "reviews:review.back"
PAGE_BUTTONS = ("reviews:page.first", "reviews:page.second")
READ = "reviews:review.read"
READ_PICK = "reviews:review.pick"

NOTHING: Mapping[str, Any] = MappingProxyType({})
_SHOWN = 2 * rules.LONGEST_CONTENT  # a letter may need a backslash
_SHOWN_FOCUS = 2 * rules.LONGEST_FOCUS
_SHOWN_TYPED = 1200  # of each answer in a form that was refused; the form itself has it whole
_ROOM_IN_HAND = 2600  # of a card that also has the rules of a good review and until when it is theirs
_IN_LIST = 90


def request_form(t: Translator, typed: Mapping[str, Any] = NOTHING) -> Form:
    """What a review is asked for with, and what was typed into it before."""
    minutes = str(typed.get("minutes") or 20)
    efforts = tuple(
        Option(t.tn("{n} minute", "{n} minutes", each), str(each), chosen=minutes == str(each))
        for each in rules.EFFORTS
    )
    return Form(
        t("Ask for a review"),
        custom_id(ASK_FORM),
        (
            TextField(
                "content",
                t("Your work"),
                description=t("A link, or the text itself."),
                long=True,
                max_length=rules.LONGEST_CONTENT,
                value=_typed(typed, "content"),
            ),
            TextField(
                "focus",
                t("What would you like feedback on?"),
                placeholder=t("Is the second part clear?"),
                max_length=rules.LONGEST_FOCUS,
                required=False,
                value=_typed(typed, "focus"),
            ),
            TextField(
                "tried",
                t("What have you tried?"),
                placeholder=t("I read it aloud once, and cut the introduction."),
                max_length=rules.LONGEST_FOCUS,
                required=False,
                value=_typed(typed, "tried"),
            ),
            ChoiceField("minutes", t("How long should a review take?"), efforts),
            TextField(
                "deadline",
                t("By when? May be left empty."),
                description=t("For example: Friday, tomorrow 18:00, in three days."),
                max_length=LONGEST_TYPED,
                required=False,
                value=_typed(typed, "deadline"),
            ),
        ),
    )


def _typed(typed: Mapping[str, Any], name: str) -> str | None:
    return str(typed.get(name) or "") or None


def work_card(card: WorkCard, t: Translator) -> Card:
    """What everybody in the channel sees."""
    work = card.work
    shown, *rest = paging.split(_work_lines(work, t))
    lines = [_headline(work, t), shown, _chip(card, t)]
    if rest:
        lines.insert(2, t("-# It goes on; whoever takes it sees all of it."))
    if work.is_open and card.holder is None and not card.given and card.place is not None:
        lines.append(f"-# {queue_text(card.place, card.wait, t)}")
    items: list[Item] = [Text("\n".join(lines))]
    if work.is_open:
        items.append(
            Buttons((Button(t("I'll review this"), custom_id(CLAIM, work.id), style=Style.PRIMARY),))
        )
    return Card(tuple(items))


def asked_card(asked: Asked, t: Translator) -> Card:
    """The receipt of a request."""
    work = asked.work
    lines = [
        t("**Asked.** I tell you when somebody has reviewed it."),
        queue_text(asked.place, asked.wait, t),
    ]
    if work.overdrawn:
        lines.append(
            t(
                "You have asked for more reviews than you gave, so it comes after others. For each that you give, one of yours comes sooner."
            )
        )
    if work.channel_id is None:
        lines.append(
            t("No channel is chosen for reviews, so it waits in {command}.", command="`/review inbox`")
        )
    return Card(
        (
            Text("\n".join(lines)),
            Buttons(
                (
                    Button(t("What waits"), custom_id(INBOX)),
                    Button(t("I don't need it any more"), custom_id(CLOSE_WORK, work.id)),
                )
            ),
        )
    )


def refused_card(reason: str, typed: Sequence[str], again: Button, t: Translator) -> Card:
    """What was typed is shown again, so that nobody has to think of it anew."""
    written = [quote(each, _SHOWN_TYPED) for each in typed if each.strip()]
    items: list[Item] = [Text(reason)]
    if written:
        items.append(Text("\n".join((t("-# You wrote:"), *written))))
    return Card((*items, Buttons((again,))))


def file_card(member_id: int, name: str, content: bytes, t: Translator) -> Card:
    """The file that is to be reviewed, where everybody can open it."""
    text = t("{member} would like a review of this:", member=mention_user(member_id))
    return Card((Text(text), Attachment(safe_name(name), content)))


def hand_card(review: Review, t: Translator, said_first: str | None = None, page: int = 0) -> Card:
    """A review that is yours to write, with the rules of a good one."""
    pages = paging.split(_work_lines(review.work, t), _ROOM_IN_HAND)
    at = min(page, len(pages) - 1)
    lines = [said_first] if said_first else []
    lines += [_headline(review.work, t), pages[at], paging.note(at, len(pages), t), rules_text(t)]
    if review.ends_at is not None:
        when = timestamp(review.ends_at)
        lines.append(
            t("It is yours until {time}; then somebody else may have it.", time=when)
            if review.state is rules.State.CLAIMED
            else t("Please write it by {time}.", time=when)
        )
    if review.draft:
        lines.append(t("-# What you wrote so far is kept."))
    label = t("Go on writing") if review.draft else t("Write the review")
    buttons = [Button(label, custom_id(PAGE_BUTTONS[0], review.id), style=Style.PRIMARY)]
    if review.state is rules.State.CLAIMED and review.extensions < rules.MOST_EXTENSIONS:
        buttons.append(Button(t("Extend"), custom_id(EXTEND, review.id)))
    buttons.append(Button(t("Give back"), custom_id(GIVE_BACK, review.id)))
    turns = paging.turns(LOOK, review.id, at, len(pages), t)
    rows = (Buttons(turns),) if turns else ()
    return Card((Text("\n".join(filter(None, lines))), *rows, Buttons(tuple(buttons))))


def own_card(work: Work, t: Translator, said_first: str | None = None) -> Card:
    """A work of one's own: what can be done with it while it waits or after its reviews."""
    lines = [said_first] if said_first else []
    lines.append(paging.split(_work_lines(work, t))[0])
    buttons = (
        Button(t("I changed this"), custom_id(CHANGE, work.id)),
        Button(t("I don't need it any more"), custom_id(CLOSE_WORK, work.id)),
        Button(t("What waits"), custom_id(INBOX)),
    )
    return Card((Text("\n".join(lines)), Buttons(buttons if work.is_open else buttons[2:])))


def given_back_card(review: Review, t: Translator) -> Card:
    if review.work.is_open:
        text = t("Given back, and that is fine: somebody else may have it.")
    else:
        text = t("Its author needs no review any more, so it is off your list. Thank you!")
    buttons = [Button(t("What waits"), custom_id(INBOX))]
    if review.draft:
        text += " " + t("What you wrote is kept for you.")
        words = len(page_parts(review.work.rubric)) - 1
        buttons.append(Button(t("What I wrote"), custom_id(PAGE_BUTTONS[words], review.id)))
    return Card((Text(text), Buttons(tuple(buttons))))


def closed_work_card(work: Work, t: Translator) -> Card:
    text = t("Closed: {title}. Reviews that you have stay yours.", title=quote(work.title, _IN_LIST))
    again = Button(t("Open it again"), custom_id(REOPEN_WORK, work.id))
    return Card((Text(text), Buttons((Button(t("What waits"), custom_id(INBOX)), again))))


def changed_card(t: Translator) -> Card:
    text = t("**Your new version is there.** Whoever reviewed the last one is told.")
    return Card((Text(text), Buttons((Button(t("What waits"), custom_id(INBOX)),))))


def duty_card(card: WorkCard, settings: ReviewSettings, t: Translator) -> Card:
    """Asks the reviewers on duty, once."""
    role = settings.duty_role_id
    text = t(
        "{role}, this has waited for its first review since {time}: **{title}**. Has one of you {n} minutes?",
        role=mention_role(role) if role is not None else "",
        time=timestamp(card.work.asked_at, "R"),
        title=quote(card.work.title, _IN_LIST),
        n=card.work.minutes,
    )
    button = Button(t("I'll review this"), custom_id(CLAIM, card.work.id), style=Style.PRIMARY)
    return Card((Text(text), Buttons((button,))), role_pings=frozenset({role} if role is not None else ()))


def queue_text(place: int, wait: Wait | None, t: Translator) -> str:
    """Where a work stands, and how long it usually takes."""
    return f"{t('Number {place} in the queue.', place=place)} {wait_text(wait, t)}"


def wait_text(wait: Wait | None, t: Translator) -> str:
    """How long works wait for their first review, honestly."""
    if wait is None:
        return t("How long it takes is not known yet: too few were asked for in the last 30 days.")
    if wait.median is None:
        return t(
            "In the last 30 days half of the works waited longer than {span} for their first review.",
            span=span_text(wait.seen, t),
        )
    if wait.p90 is None:
        return t(
            "In the last 30 days half had their first review within {median}; one in ten waits longer than {seen}.",
            median=span_text(wait.median, t),
            seen=span_text(wait.seen, t),
        )
    return t(
        "In the last 30 days half had their first review within {median}, nine in ten within {p90}.",
        median=span_text(wait.median, t),
        p90=span_text(wait.p90, t),
    )


def span_text(span: timedelta, t: Translator) -> str:
    """A length of time as people say it."""
    minutes = max(1, round(span.total_seconds() / 60))
    if minutes < 90:
        return t.tn("{n} minute", "{n} minutes", minutes)
    if minutes < 48 * 60:
        return t.tn("{n} hour", "{n} hours", round(minutes / 60))
    return t.tn("{n} day", "{n} days", round(minutes / (24 * 60)))


def rules_text(t: Translator) -> str:
    """The four rules of good feedback, in view where a review is written."""
    return t(
        "-# A good review asks a clarifying question, names the place or the source, suggests a next step, and "
        "names a strength."
    )


def author_name(work: Work, t: Translator) -> str:
    """Who made it, for everybody but its author."""
    return t("the author") if work.mode.hides_author else mention_user(work.author_id)


def _headline(work: Work, t: Translator) -> str:
    if work.mode.hides_author:
        return t("**A work to review**")
    return t("{member} would like a review:", member=mention_user(work.author_id))


def _work_lines(work: Work, t: Translator) -> list[str]:
    lines = [quote(work.content, _SHOWN)]
    if work.version > 1:
        lines.append(t("Version {n}. {changed}", n=work.version, changed=quote(work.changed, _SHOWN_FOCUS)))
    if work.focus:
        lines.append(t("**Feedback on:** {text}", text=quote(work.focus, _SHOWN_FOCUS)))
    if work.tried:
        lines.append(t("**Tried so far:** {text}", text=quote(work.tried, _SHOWN_FOCUS)))
    about = t.tn("about {n} minute", "about {n} minutes", work.minutes)
    if work.deadline_at is not None:
        about += " · " + t("wanted by {time}", time=timestamp(work.deadline_at, "f"))
    lines.append(f"-# {about}")
    return lines


def _chip(card: WorkCard, t: Translator) -> str:
    if not card.work.is_open:
        return t("**Closed.**")
    if card.holder is not None:
        until = timestamp(card.held_until) if card.held_until is not None else ""
        if card.work.mode.hides_reviewer or not card.holder:
            return t("**In review:** somebody is on it until {time}.", time=until)
        return t(
            "**In review:** {member} is on it until {time}.", member=mention_user(card.holder), time=until
        )
    if card.given and not card.waits:
        return t.tn("**Reviewed** by {n} person so far.", "**Reviewed** by {n} people so far.", card.given)
    if card.given:
        return t("**Waiting:** nobody has looked at version {n} yet.", n=card.work.version)
    return t("**Waiting** for a reviewer.")
