"""Draws what people are told about reviews."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import Button, Buttons, Card, Style, Text, custom_id
from bot.i18n import Translator
from bot.text import mention_user, quote, timestamp
from cogs.reviews import render, rules
from cogs.reviews.model import Review, Work
from cogs.reviews.render_review import READ_NEWEST, reviewer_name


def received_card(review: Review, t: Translator, *, is_private: bool) -> Card:
    """Tells an author of a review. In a channel it says nothing of it."""
    who = mention_user(review.work.author_id)
    title = quote(review.work.title, 90)
    text = t("{member}, your work has a review: **{title}**", member=who, title=title)
    if is_private:
        by = reviewer_name(review, t)
        text = t("{member}, {reviewer} reviewed your work: **{title}**", member=who, reviewer=by, title=title)
    return _told(text, t("Read it"), custom_id(render.READ, review.id), review.work.author_id)


def assigned_card(review: Review, count: int, t: Translator) -> Card:
    """Tells a reviewer what a round gave them."""
    who = mention_user(review.reviewer_id)
    text = t.tn(
        "{member}, {n} work is yours to review, by {time}.",
        "{member}, {n} works are yours to review, by {time}.",
        count,
        member=who,
        time=timestamp(review.ends_at, "f") if review.ends_at is not None else "",
    )
    if count > 1:  # The button opens the first of them.
        text += " " + t("{command} shows them all.", command="`/review inbox`")
    return _told(text, t("Look at it"), custom_id(render.HELD, review.id), review.reviewer_id)


def room_card(review: Review, t: Translator) -> Card:
    """Says in the thread of a work who is in it now. It pings nobody: who reviewed knows, and the author is told elsewhere."""
    text = t(
        "{reviewer} has reviewed the work of {author}. This thread is yours to talk about it; the review itself is "
        "behind the button.",
        reviewer=mention_user(review.reviewer_id),
        author=mention_user(review.work.author_id),
    )
    read = Button(t("Read it"), custom_id(render.READ, review.id), style=Style.PRIMARY)
    return Card((Text(text), Buttons((read,))))


def nudge_card(review: Review, held: int, t: Translator) -> Card:
    """A kind reminder of all that somebody has in hand of a round, with the way out beside it."""
    text = t(
        "{member}, somebody waits for your review of **{title}**, until {time}. No time? Give it back, that is fine.",
        member=mention_user(review.reviewer_id),
        title=quote(review.work.title, 90),
        time=timestamp(review.ends_at) if review.ends_at is not None else "",
    )
    if held > 1:
        text += " " + t("You have {n} in hand: {command} shows them.", n=held, command="`/review inbox`")
    buttons = Buttons(
        (
            Button(t("Look at it"), custom_id(render.HELD, review.id), style=Style.PRIMARY),
            Button(t("Give back"), custom_id(render.GIVE_BACK, review.id)),
        )
    )
    return Card((Text(text), buttons), pings=frozenset({review.reviewer_id}))


def talk_card(review: Review, reader_id: int, t: Translator) -> Card:
    """Tells one side that the other has said something, changed the work, or closed it."""
    who, title = mention_user(reader_id), quote(review.work.title, 90)
    if review.state in rules.HELD and review.work.is_open:
        text = t(
            "{member}, the author has changed **{title}**, which you have in hand. What you wrote so far is kept.",
            member=who,
            title=title,
        )
        return _told(text, t("Look at it"), custom_id(render.HELD, review.id), reader_id)
    if review.state is not rules.State.GIVEN:
        text = t(
            "{member}, the author of **{title}** needs no review any more, so it is off your list. Thank you!",
            member=who,
            title=title,
        )
        return _told(text, t("What waits"), custom_id(render.INBOX), reader_id)
    if reader_id == review.reviewer_id and review.work.version > review.version and review.work.is_open:
        text = t("{member}, **{title}**, which you reviewed, has a new version.", member=who, title=title)
    else:
        text = t("{member}, there is an answer about the review of **{title}**.", member=who, title=title)
    return _told(text, t("Read it"), custom_id(READ_NEWEST, review.id), reader_id)


def closed_card(review: Review, reader_id: int, t: Translator) -> Card:
    """Tells one side that the other has closed the review."""
    text = t(
        "{member}, the review of **{title}** was closed: nothing is left to do. Thank you for it!",
        member=mention_user(reader_id),
        title=quote(review.work.title, 90),
    )
    return _told(text, t("Read it"), custom_id(render.READ, review.id), reader_id)


def news_card(work: Work, place: int | None, wait: str, t: Translator) -> Card:
    """Tells an author that a review which was on its way is not, kindly."""
    text = t(
        "{member}, the review of **{title}** that was on its way did not come, so others are asked now.",
        member=mention_user(work.author_id),
        title=quote(work.title, 90),
    )
    if place is not None:
        text += " " + t("It is number {place} in the queue.", place=place) + f" {wait}"
    return _told(text, t("What waits"), custom_id(render.INBOX), work.author_id)


def _told(text: str, label: str, control: str, member_id: int, more: Sequence[Button] = ()) -> Card:
    buttons = Buttons((Button(label, control, style=Style.PRIMARY), *more))
    return Card((Text(text), buttons), pings=frozenset({member_id}))
