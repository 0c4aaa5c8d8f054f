"""Draws a review: the pages of its form, the review itself, and what people are told about it."""

from __future__ import annotations

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Field,
    Form,
    Item,
    Option,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.i18n import N_, Translator
from bot.text import mention_user, quote, timestamp
from cogs.reviews import paging, render, rules
from cogs.reviews.model import Review, Work, Written
from cogs.reviews.rooms import Room
from cogs.reviews.rubrics import Criterion, Kind, Words, pages
from cogs.reviews.rules import Stage, Thin, alias_name
from storage.personal import NOBODY

PAGE_FORMS = ("reviews:page.write_first", "reviews:page.write_second")
SEND = "reviews:review.send"
READ_NEWEST = "reviews:review.newest"
TURN = "reviews:review.turn"
REPLY = "reviews:talk.ask"
REPLY_FORM = "reviews:talk.reply"
RATE = "reviews:rating.ask"
RATE_FORM = "reviews:rating.rate"
CLOSE = "reviews:talk.close"
REOPEN = "reviews:talk.reopen"

_FIELDS = {
    Words.STRENGTH: (
        N_("Name a strength"),
        N_("What works, and where? One thing is enough."),
    ),
    Words.QUESTION: (
        N_("Ask a clarifying question"),
        N_("What would you like to understand before you judge?"),
    ),
    Words.NEXT_STEP: (
        N_("Suggest a next step"),
        N_("Name the place (line, page, minute) or a source, and what to try there."),
    ),
}
_TOLD = {
    Words.STRENGTH: N_("**A strength**"),
    Words.QUESTION: N_("**A question**"),
    Words.NEXT_STEP: N_("**A next step**"),
}
_THIN = {
    Thin.SHORT: N_("Would you add one concrete line more? A place and what to try there help most."),
    Thin.NO_QUESTION: N_("Would you add one question? It shows that you want to understand."),
    Thin.LIKE_EARLIER: N_(
        "Much of this stands in an earlier review of yours, which can be right. Would you add one line about this work?"
    ),
    Thin.LIKE_WORK: N_(
        "You quote a good part of the work, which helps to find the place. Would you add one line of your own to it?"
    ),
    Thin.REPEATED: N_("Two of your answers are the same. Would you add one concrete line more?"),
}
_RATINGS = (
    ("helpful", N_("Was it helpful?")),
    ("specific", N_("Was it specific?")),
    ("kind", N_("Was it kind?")),
)
_HOW = (N_("No"), N_("Partly"), N_("Yes"))
_SHOWN_WORDS = 2 * rules.LONGEST_WORDS  # a letter may need a backslash
_SHOWN_ON_TOP = 600  # the card of the work has all of it
_SHOWN_REPLY = 2 * rules.LONGEST_REPLY


def page_form(review: Review, page: int, t: Translator) -> Form:
    """One page of the form, with what was written before."""
    parts = pages(review.work.rubric)
    fields: list[Field] = []
    for part in parts[page]:
        if isinstance(part, Criterion):
            fields.append(_criterion_field(review, part, t))
        else:
            label, help_text = _FIELDS[part]
            fields.append(
                TextField(
                    part.value,
                    t(label),
                    description=t(help_text),
                    long=True,
                    required=False,
                    max_length=rules.LONGEST_WORDS,
                    value=str(review.written.get(part.value) or "") or None,
                )
            )
    title = t("Your review")
    if len(parts) > 1:
        title = t("Your review, page {page} of {pages}", page=page + 1, pages=len(parts))
    return Form(title, custom_id(PAGE_FORMS[page], review.id), tuple(fields))


def written_card(written: Written, t: Translator) -> Card:
    """What became of a page that was sent."""
    review = written.review
    if written.lost and not review.work.is_open:
        return render.given_back_card(review, t)
    if written.lost:
        text = t(
            "Your time for this one was over, so somebody else may have it by now. What you wrote is kept, and if "
            "it is free you can take it again."
        )
        again = Button(t("Take it again"), custom_id(render.CLAIM, review.work.id), style=Style.PRIMARY)
        return Card((Text(text), Buttons((again, Button(t("What waits"), custom_id(render.INBOX))))))
    if written.page is not None:
        label = t("Add a line") if written.thin else t("Next page")
        go_on = Button(label, custom_id(render.PAGE_BUTTONS[written.page], review.id), style=Style.PRIMARY)
        if written.thin is not None:
            send = Button(t("Send it as it is"), custom_id(SEND, review.id))
            return Card((Text(t(_THIN[written.thin])), Buttons((go_on, send))))
        text = t("Kept. One page is still to fill in; there is no hurry, your text stays.")
        return Card((Text(text), Buttons((go_on,))))
    who = render.author_name(review.work, t)
    text = t("**Sent. Thank you!** {member} reads it now, and I tell you when they answer.", member=who)
    return Card((Text(text), Buttons((Button(t("What waits"), custom_id(render.INBOX)),))))


def review_card(
    review: Review, reader_id: int, t: Translator, said_first: str | None = None, page: int = 0
) -> Card:
    """A review and what was answered to it, as its author's or its writer's private card; page -1 is the last."""
    work, is_author = review.work, reader_id == review.work.author_id
    lines = [said_first] if said_first else []
    who = reviewer_name(review, t) if is_author else t("you")
    lines.append(
        t("**{title}**, reviewed by {member}", title=quote(work.title, 90), member=who)
        + (f" · {t('version {n}', n=review.version)}" if work.version > 1 else "")
    )
    lines.append(_state(review, t))
    pages = paging.split([*_written(review, t), *_talk(review, reader_id, t)], between="\n\n")
    at = len(pages) - 1 if page < 0 else min(page, len(pages) - 1)
    items: list[Item] = [Text("\n".join(lines)), Text(pages[at])]
    if len(pages) > 1:
        items.append(Text(paging.note(at, len(pages), t)))
        items.append(Buttons(paging.turns(TURN, review.id, at, len(pages), t)))
    items += _actions(review, t, is_author=is_author)
    return Card(tuple(items))


def _written(review: Review, t: Translator) -> list[str]:
    """What the reviewer answered and wrote, in blocks."""
    answered = [
        f"{_text(each.title, review, t)} **{_text(each.answers[int(review.answers[each.key])], review, t)}**"
        for each in review.work.rubric.criteria
        if review.answers.get(each.key) in range(len(each.answers))
    ]
    words = [(_TOLD[each], str(review.answers.get(each.value) or "")) for each in Words]
    return [
        "\n".join(answered),
        *(f"{t(title)}\n{quote(said, _SHOWN_WORDS)}" for title, said in words if said),
    ]


def _actions(review: Review, t: Translator, *, is_author: bool) -> list[Item]:
    work = review.work
    first: list[Button] = []
    if not review.is_closed:
        first.append(Button(t("Answer"), custom_id(REPLY, review.id)))
    if is_author:
        label = t("Rate it") if review.rating is None else t("Rate it anew")
        first.append(Button(label, custom_id(RATE, review.id), style=Style.PRIMARY))
        if work.is_open:
            first.append(Button(t("I changed this"), custom_id(render.CHANGE, work.id)))
    elif work.is_open and work.version > review.version:
        first.append(Button(t("Look again"), custom_id(render.CLAIM, work.id), style=Style.PRIMARY))
    second: list[Button] = []
    if not review.is_closed:
        second.append(Button(t("Close this review"), custom_id(CLOSE, review.id)))
    elif review.can_reopen:
        second.append(Button(t("Open it again"), custom_id(REOPEN, review.id)))
    if is_author and work.is_open:
        second.append(Button(t("I need no more reviews"), custom_id(render.CLOSE_WORK, work.id)))
    return [Buttons(tuple(each)) for each in (first, second) if each]


_STAGES = {
    Stage.WAITING: N_("**Waiting:** nobody has looked at version {n} yet."),
    Stage.IN_REVIEW: N_("**In review:** somebody looks at it at the moment."),
    Stage.REVIEWED: N_("**Reviewed.** The author reads it now."),
    Stage.ANSWERED: N_("**Answered.** The author has said something about the review."),
    Stage.CLOSED: N_("**Closed.** Thank you all! You can still write here."),
}


def room_top_card(room: Room, t: Translator) -> Card:
    """Says on top of the thread of a work what it is about and how it is."""
    work = room.work
    lines = [
        t("**The work of {member}**", member=mention_user(work.author_id)),
        quote(work.content, _SHOWN_ON_TOP),
    ]
    if work.version > 1:
        changed = quote(work.changed, 2 * rules.LONGEST_FOCUS)
        lines.append(t("Version {n}. {changed}", n=work.version, changed=changed).strip())
    lines.append(t(_STAGES[room.stage], n=work.version))
    return Card((Text("\n".join(lines)),))


def reply_form(review: Review, t: Translator) -> Form:
    field = TextField("text", t("Your answer"), long=True, max_length=rules.LONGEST_REPLY)
    return Form(t("Answer"), custom_id(REPLY_FORM, review.id), (field,))


def rate_form(review: Review, t: Translator) -> Form:
    rating = review.rating or (None, None, None)
    fields: list[Field] = [
        ChoiceField(
            name,
            t(label),
            tuple(Option(t(how), str(at), chosen=rating[number] == at) for at, how in enumerate(_HOW)),
        )
        for number, (name, label) in enumerate(_RATINGS)
    ]
    fields.append(
        TextField(
            "why",
            t("Why? May be left empty."),
            description=t(
                "The reviewer reads it without your name, among others', once {n} have rated.",
                n=rules.FEWEST_RATINGS,
            ),
            long=True,
            required=False,
            max_length=rules.LONGEST_FOCUS,
        )
    )
    return Form(t("How was this review?"), custom_id(RATE_FORM, review.id), tuple(fields))


def change_form(work: Work, t: Translator) -> Form:
    return Form(
        t("I changed this"),
        custom_id(render.CHANGE_FORM, work.id),
        (
            TextField(
                "content",
                t("Your work"),
                description=t("A link, or the text itself."),
                long=True,
                max_length=rules.LONGEST_CONTENT,
                value=work.content,
            ),
            TextField("changed", t("What did you change?"), required=False, max_length=rules.LONGEST_FOCUS),
        ),
    )


def reviewer_name(review: Review, t: Translator) -> str:
    """Who wrote it, for its author."""
    if review.work.mode.hides_reviewer:
        return t("Reviewer {letter}", letter=alias_name(review.alias))
    return t("a former member") if review.reviewer_id == NOBODY else mention_user(review.reviewer_id)


def _state(review: Review, t: Translator) -> str:
    if review.is_closed:
        again = t("It can be opened again within a day.") if review.can_reopen else ""
        return f"-# {t('Closed')}. {again}".rstrip()
    if review.work.version > review.version:
        return t("-# The work has changed since")
    if review.replies:
        return t("-# Being talked about")
    return t("-# Given {time}", time=timestamp(review.given_at, "R")) if review.given_at is not None else ""


def _talk(review: Review, reader_id: int, t: Translator) -> list[str]:
    lines: list[str] = []
    for each in review.replies:
        if each.member_id == reader_id:
            who = t("You")
        elif each.member_id == review.work.author_id:
            who = t("The author") if review.work.mode.hides_author else mention_user(each.member_id)
        else:
            who = reviewer_name(review, t)
        lines.append(f"**{who}** {timestamp(each.at, 'R')}\n{quote(each.text, _SHOWN_REPLY)}")
    return lines


def _criterion_field(review: Review, each: Criterion, t: Translator) -> ChoiceField:
    chosen = review.written.get(each.key)
    options = tuple(
        Option(_text(label, review, t), str(at), chosen=chosen == at) for at, label in enumerate(each.answers)
    )
    return ChoiceField(
        each.key, _text(each.title, review, t), options, description=_text(each.explain, review, t)
    )


def _text(text: str, review: Review, t: Translator) -> str:
    """A text of the rubric: ours is translated, and yes and no always are."""
    is_ours = review.work.rubric.ours or any(
        each.kind is Kind.YES_NO and text in each.answers for each in review.work.rubric.criteria
    )
    return t(text) if is_ours else text
