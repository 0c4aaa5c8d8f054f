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
from bot.text import clean, cut
from cogs.reviews import rules
from cogs.reviews.model import Availability, Mine
from cogs.reviews.render import INBOX, READ_PICK

AVAILABLE = "reviews:availability.ask"
AVAILABLE_FORM = "reviews:availability.set"

_IN_LIST = 90


def mine_card(mine: Mine, t: Translator) -> Card:
    """What somebody gave and received; what authors thought only as an aggregate."""
    lines = [t("**Given {given}, received {received}**", given=mine.given, received=mine.received)]
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
    items: list[Item] = [Text("\n".join(lines))]
    received = [(work, each) for work, reviews in mine.works for each in reviews]
    options = [
        *(
            Option(
                cut(" ".join(clean(each.work.title).split()) or "…", _IN_LIST),
                str(each.id),
                description=t("a review that you gave"),
            )
            for each in mine.reviews
        ),
        *(
            Option(
                cut(" ".join(clean(work.title).split()) or "…", _IN_LIST),
                str(each.id),
                description=t("a review that you received"),
            )
            for work, each in received
        ),
    ][:25]
    if options:
        items.append(Pick(custom_id(READ_PICK), t("Read a review"), tuple(options)))
    items.append(
        Buttons((Button(t("What waits"), custom_id(INBOX)), Button(t("When I review"), custom_id(AVAILABLE))))
    )
    return Card(tuple(items))


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
