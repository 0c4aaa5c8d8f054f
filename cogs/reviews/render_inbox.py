"""Draws what waits for a member, what they asked for, and what they could review."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import Button, Buttons, Card, Item, Option, Pick, Style, Text, custom_id
from bot.i18n import Translator
from bot.text import SELECT_OPTIONS, clean, cut, mention_user, quote, timestamp
from cogs.reviews.model import Inbox, Review
from cogs.reviews.render import ASK, HELD, HELD_PICK, OWN_PICK, PICK, READ_PICK, wait_text

_IN_LIST = 90
_BUTTONS_EACH = 3  # reviews in hand that have a button each
_LISTED = 10
_MOST_MENUS = 3


def inbox_card(inbox: Inbox, t: Translator, said_first: str | None = None) -> Card:
    """What waits for somebody, what they asked for, and what they could take."""
    items: list[Item] = [Text(said_first)] if said_first else []
    if inbox.held:
        items += _held(inbox.held, t)
    if inbox.unread:
        items.append(Text(t("**Reviews of your work that you have not rated yet**")))
        options = tuple(
            Option(cut(" ".join(clean(each.work.title).split()), _IN_LIST), str(each.id))
            for each in inbox.unread
        )[:25]
        items.append(Pick(custom_id(READ_PICK), t("Read a review"), options))
    if inbox.asked:
        lines = [t("**What you asked for**")]
        for work, given, place in inbox.asked[:_LISTED]:
            title = quote(work.title, _IN_LIST)
            if place is not None:
                lines.append(t("{title} · number {place} in the queue", title=title, place=place))
            elif not given:
                lines.append(t("{title} · somebody is on it", title=title))
            else:
                lines.append(
                    t.tn(
                        "{title} · {n} reviewer so far", "{title} · {n} reviewers so far", given, title=title
                    )
                )
        lines.append(f"-# {wait_text(inbox.wait, t)}")
        items.append(Text("\n".join(lines)))
        own = tuple(
            Option(cut(" ".join(clean(work.title).split()) or "…", _IN_LIST), str(work.id))
            for work, _, _ in inbox.asked
        )
        items.append(Pick(custom_id(OWN_PICK), t("Change or close one of yours"), own))
    items += _pool(inbox, t)
    items.append(Buttons((Button(t("Ask for a review"), custom_id(ASK)),)))
    return Card(tuple(items))


def _held(held: Sequence[Review], t: Translator) -> list[Item]:
    """What is somebody's to write, the most urgent first: a button each, or a menu when there are many."""
    items: list[Item] = [Text(t("**Yours to write**"))]
    if len(held) <= _BUTTONS_EACH:
        for each in held:
            items.append(Text(_held_line(each)))
            items.append(Buttons((Button(t("Open"), custom_id(HELD, each.id), style=Style.PRIMARY),)))
        return items
    lines = [_held_line(each) for each in held[:_BUTTONS_EACH]]
    rest = len(held) - _BUTTONS_EACH
    lines.append(t.tn("-# and {n} more, behind the menu", "-# and {n} more, behind the menu", rest))
    options = tuple(
        Option(cut(" ".join(clean(each.work.title).split()) or "…", _IN_LIST), str(each.id)) for each in held
    )
    items.append(Text("\n".join(lines)))
    # More than one menu holds is more than anybody is given; yet none of it may be out of reach.
    items += [
        Pick(custom_id(HELD_PICK, at), t("Open one of them"), options[at : at + SELECT_OPTIONS])
        for at in range(0, min(len(options), _MOST_MENUS * SELECT_OPTIONS), SELECT_OPTIONS)
    ]
    return items


def _held_line(review: Review) -> str:
    """The title, whose it is where that is shown (works of one challenge share their title), and until when."""
    parts = [quote(review.work.title, _IN_LIST)]
    if not review.work.mode.hides_author:
        parts.append(mention_user(review.work.author_id))
    if review.ends_at is not None:
        parts.append(timestamp(review.ends_at, "R"))
    return " · ".join(parts)


def _pool(inbox: Inbox, t: Translator) -> list[Item]:
    if not inbox.pool and inbox.held:
        return [Text(t("**Nothing else waits for a reviewer at the moment.**"))]
    if not inbox.pool:
        return [Text(t("**Nothing waits for a reviewer at the moment.**"))]
    if inbox.needs_training:
        text = t.tn(
            "**{n} work waits for its first review.** Here trained reviewers take these: {command} makes you one.",
            "**{n} works wait for their first review.** Here trained reviewers take these: {command} makes you one.",
            len(inbox.pool),
            command="`/review train`",
        )
        return [Text(text)]
    options = tuple(
        Option(
            cut(" ".join(clean(each.title).split()) or "…", _IN_LIST),
            str(each.id),
            description=cut(
                t.tn("about {n} minute", "about {n} minutes", each.minutes)
                + (f" · {' '.join(clean(each.focus).split())}" if each.focus else ""),
                _IN_LIST,
            ),
        )
        for each in inbox.pool
    )
    title = Text(t("**These wait for their first review**, the longest wait first."))
    return [title, Pick(custom_id(PICK), t("Take one"), options)]
