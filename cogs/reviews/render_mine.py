"""Draws what a member gave and received, and how many reviews they take."""

from __future__ import annotations

from bot.cards import (
    Button,
    Buttons,
    Card,
    Form,
    Item,
    ManyField,
    Option,
    Pick,
    Style,
    Text,
    TextField,
    TickField,
    custom_id,
)
from bot.day_names import DAY_NAMES
from bot.i18n import Translator
from bot.text import clean, cut, quote
from cogs.reviews import paging, rules
from cogs.reviews.model import Availability, Mine
from cogs.reviews.render import INBOX, READ_PICK

MINE_TURN = "reviews:mine.turn"
SAID = "reviews:mine.said"
AVAILABLE = "reviews:availability.ask"
AVAILABLE_FORM = "reviews:availability.set"

_IN_LIST = 90
_SHOWN_WHY = 2 * rules.LONGEST_FOCUS


def mine_card(mine: Mine, t: Translator) -> Card:
    """What somebody gave and received; what authors thought only as an aggregate."""
    lines = [t("**Given {given}, received {received}**", given=mine.given, received=mine.received)]
    lines.append(
        t("What you ask for next comes after others; each review that you give brings one of yours forward.")
        if mine.is_overdrawn
        else t("What you ask for next is looked at in turn.")
    )
    if mine.ratings is not None:
        found = mine.ratings
        lines.append(
            t(
                "Authors found your reviews helpful {helpful} %, specific {specific} %, kind {kind} % (over {n}).",
                helpful=found.helpful,
                specific=found.specific,
                kind=found.kind,
                n=found.count,
            )
        )
    else:
        lines.append(
            t("-# How authors found your reviews is shown once {n} have said so.", n=rules.FEWEST_RATINGS)
        )
    lines.append(paging.note(mine.page, mine.pages, t))
    items: list[Item] = [Text("\n".join(filter(None, lines)))]
    options = tuple(
        Option(
            cut(" ".join(clean(each.work.title).split()) or "…", _IN_LIST),
            str(each.id),
            description=t("a review that you gave")
            if each.reviewer_id == mine.member_id
            else t("a review that you received"),
        )
        for each in mine.reviews
    )
    if options:
        items.append(Pick(custom_id(READ_PICK), t("Read a review"), options))
    turns = paging.turns(MINE_TURN, 0, mine.page, mine.pages, t)
    if turns:
        items.append(Buttons(turns))
    buttons = [Button(t("What waits"), custom_id(INBOX)), Button(t("When I review"), custom_id(AVAILABLE))]
    if mine.said:
        buttons.append(Button(t("What authors said"), custom_id(SAID, 0)))
    items.append(Buttons(tuple(buttons)))
    return Card(tuple(items))


def said_card(mine: Mine, page: int, t: Translator) -> Card:
    """What authors said of somebody's reviews, without their names."""
    pages = paging.split([f"- {quote(each, _SHOWN_WHY)}" for each in mine.said])
    at = min(page, len(pages) - 1)
    head = t("**What authors said of your reviews**, without their names and in no order")
    turns = paging.turns(SAID, 0, at, len(pages), t)
    back = Button(t("Back"), custom_id(MINE_TURN, 0))
    texts = [each for each in (head, pages[at], paging.note(at, len(pages), t)) if each]
    return Card((*map(Text, texts), Buttons((*turns, back))))


def availability_card(said: Availability, t: Translator, said_first: str | None = None) -> Card:
    """How many reviews a week somebody takes."""
    lines = [said_first] if said_first else []
    if said.per_week is None:
        lines.append(
            t("You have not said how many reviews a week you take. A round then gives you an equal share.")
        )
    elif said.per_week == 0:
        lines.append(t("Rounds give you no reviews. You may still take one whenever you like."))
    else:
        days = ", ".join(t(name) for at, name in enumerate(DAY_NAMES) if said.weekdays & 1 << at)
        lines.append(
            t.tn(
                "Rounds give you at most {n} review a week: {days}.",
                "Rounds give you at most {n} reviews a week: {days}.",
                said.per_week,
                days=days,
            )
        )
    if said.volunteers:
        lines.append(t("You also help in rounds in which you have no work. Thank you!"))
    lines.append(t("-# A pause under {command} holds here too.", command="`/me pause`"))
    return Card(
        (Text("\n".join(lines)), Buttons((Button(t("Change"), custom_id(AVAILABLE), style=Style.PRIMARY),)))
    )


def availability_form(said: Availability, t: Translator) -> Form:
    days = tuple(
        Option(t(name), str(at), chosen=bool(said.weekdays & 1 << at)) for at, name in enumerate(DAY_NAMES)
    )
    return Form(
        t("When I review"),
        custom_id(AVAILABLE_FORM),
        (
            TextField(
                "per_week",
                t("Reviews a week, at most"),
                max_length=2,
                value=str(said.per_week) if said.per_week is not None else "2",
            ),
            ManyField("weekdays", t("On which days?"), days),
            TickField(
                "volunteers",
                t("I also help in rounds without work of mine"),
                value=said.volunteers,
            ),
        ),
    )
