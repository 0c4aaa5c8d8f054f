"""What facilitators see of kudos. Patterns are said as numbers and questions, never as an accusation."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import (
    Button,
    Buttons,
    Card,
    Form,
    Item,
    ManyField,
    Option,
    Pick,
    PickPlace,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.i18n import N_, Translator
from bot.text import clean, cut, mention_channel, mention_user, quote
from cogs.kudos.model import Desk, Kudos, Quotables
from cogs.kudos.rules import LONGEST_TAG, MOST_TAGS, PATTERN_DAYS, Found, Pattern
from cogs.kudos.staff import LONGEST_REASON

DESK = "kudos:staff.desk"
PLACE = "kudos:staff.place"
LIST = "kudos:staff.list"
PICK_ONE = "kudos:staff.pick"
REMOVE = "kudos:staff.remove"
REMOVE_FORM = "kudos:staff.removed"
QUOTES = "kudos:staff.quotes"
CHOOSE = "kudos:staff.choose"
QUOTES_FORM = "kudos:staff.quoted"
OFFERED = "offered"
LIMITS = "kudos:staff.limits"
LIMITS_FORM = "kudos:staff.limited"

_PATTERNS = {
    Pattern.MUTUAL: N_("{people} thank each other often: {n} kudos between them."),
    Pattern.ONE_WAY: N_("{people}: most of what the first gives goes to the second, {n} kudos."),
    Pattern.BURST: N_("{people} was given {n} kudos within ten minutes."),
    Pattern.RING: N_("{people} thank each other in a circle: {n} kudos."),
}
_PATTERNS_SHOWN = 10


def desk_card(desk: Desk, t: Translator) -> Card:
    """The limits, and what stands out."""
    settings = desk.settings
    if settings.channel_id is None:
        place = t("They stand on the wall alone: `/kudos wall`.")
    else:
        place = t("They are posted in {place}.", place=mention_channel(settings.channel_id))
    lines = [
        t("**Kudos**"),
        place,
        t.tn(
            "{a_day} a day for each giver, {n} hour between the same two people. There is no ranking.",
            "{a_day} a day for each giver, {n} hours between the same two people. There is no ranking.",
            settings.rest_hours,
            a_day=settings.a_day,
        ),
    ]
    items: list[Item] = [Text("\n".join(lines)), Text(_patterns_text(desk.patterns, t))]
    items.append(PickPlace(custom_id(PLACE), t("Where they are posted"), "channel", settings.channel_id))
    items.append(
        Buttons(
            (
                Button(t("Choose what to quote"), custom_id(QUOTES), style=Style.PRIMARY),
                Button(t("The newest kudos"), custom_id(LIST)),
                Button(t("Change the limits"), custom_id(LIMITS)),
            )
        )
    )
    return Card(tuple(items))


def list_card(kudos: Sequence[Kudos], t: Translator, *, said_first: str | None = None) -> Card:
    """The newest, to look at one or to take it away."""
    back = Buttons((Button(t("Back"), custom_id(DESK)),))
    if not kudos:
        return Card((Text(said_first or t("No kudos stand at the moment.")), back))
    text = t("**The newest kudos.** Choose one to look at it or to take it away.")
    options = tuple(Option(_words(each, 90), str(each.id)) for each in kudos)
    first = [Text(said_first)] if said_first else []
    return Card((*first, Text(text), Pick(custom_id(PICK_ONE), t("Choose one"), options), back))


def one_card(kudos: Kudos, t: Translator) -> Card:
    """For staff: one."""
    head = t(
        "**{giver} thanked {receiver}**",
        giver=mention_user(kudos.giver_id),
        receiver=mention_user(kudos.receiver_id),
    )
    buttons = (
        Button(t("Take it away"), custom_id(REMOVE, kudos.id), style=Style.DANGER),
        Button(t("Back"), custom_id(LIST)),
    )
    return Card((Text(f"{head}\n{quote(kudos.text, 1000)}"), Buttons(buttons)))


def remove_form(kudos_id: int, t: Translator) -> Form:
    field = TextField(
        "why",
        t("Why? It stands in the record of changes."),
        required=False,
        max_length=LONGEST_REASON,
    )
    return Form(t("Take kudos away"), custom_id(REMOVE_FORM, kudos_id), (field,))


def quotes_card(found: Quotables, t: Translator) -> Card:
    """What both allow to be quoted, with what is quoted now."""
    back = Button(t("Back"), custom_id(DESK))
    if not found.kudos:
        text = t(
            "**Nothing can be quoted yet.** Both people have to allow it, each on their own card under `/kudos wall`."
        )
        return Card((Text(text), Buttons((back,))))
    lines = [
        t(
            "**What may be quoted**: {n}, of which {chosen} are. Members see those under `/kudos wall`.",
            n=found.consented,
            chosen=found.picked,
        )
    ]
    for each in found.kudos:
        mark = t("quoted") if each.picked else t("not quoted")
        lines.append(f"- {quote(_words(each, 150), 300)} ({mark})")
    items: list[Item] = [Text("\n".join(lines))]
    paging: list[Button] = []
    if found.page:
        paging.append(Button(t("Newer"), custom_id(QUOTES, found.page - 1)))
    if found.has_more:
        paging.append(Button(t("Older"), custom_id(QUOTES, found.page + 1)))
    if paging:
        items.append(Buttons(tuple(paging)))
    choose = Button(t("Choose"), custom_id(CHOOSE, found.page), style=Style.PRIMARY)
    return Card((*items, Buttons((choose, back))))


def quotes_form(found: Quotables, t: Translator) -> Form:
    """Those of a page. The name of the field says which were offered: meanwhile others may have come or gone."""
    options = tuple(Option(_words(each, 90), str(each.id), chosen=each.picked) for each in found.kudos)
    field = ManyField(
        f"{OFFERED}_{found.kudos[-1].id}_{found.kudos[0].id}",
        t("Which ones?"),
        options,
        description=t("Whoever takes their consent back is out at once."),
    )
    return Form(t("Choose what to quote"), custom_id(QUOTES_FORM, found.page), (field,))


def limits_form(desk: Desk, t: Translator) -> Form:
    settings = desk.settings
    return Form(
        t("Limits of kudos"),
        custom_id(LIMITS_FORM),
        (
            TextField(
                "a_day", t("How many may somebody give a day?"), max_length=3, value=str(settings.a_day)
            ),
            TextField(
                "rest_hours",
                t("Hours between the same two people"),
                description=t("Whoever of the two gives the next."),
                max_length=4,
                value=str(settings.rest_hours),
            ),
            TextField(
                "tags",
                t("Your own tags, a line each"),
                description=t("At most {most}. Empty: those that come with me.", most=MOST_TAGS),
                long=True,
                required=False,
                max_length=MOST_TAGS * (LONGEST_TAG + 1),
                value=settings.tags or "",
            ),
        ),
    )


def _patterns_text(patterns: Sequence[Found], t: Translator) -> str:
    if not patterns:
        return t("Nothing stands out among the kudos of the last {days} days.", days=PATTERN_DAYS)
    lines = [
        t(
            "**Worth a look**, of the last {days} days. Good friends look the same as a trick.",
            days=PATTERN_DAYS,
        )
    ]
    for each in patterns[:_PATTERNS_SHOWN]:
        people = ", ".join(mention_user(person) for person in each.people)
        lines.append("- " + t(_PATTERNS[each.pattern], people=people, n=each.kudos))
    if len(patterns) > _PATTERNS_SHOWN:
        lines.append(t("and {n} more", n=len(patterns) - _PATTERNS_SHOWN))
    return "\n".join(lines)


def _words(kudos: Kudos, limit: int) -> str:
    return cut(" ".join(clean(kudos.text).split()) or "…", limit)
