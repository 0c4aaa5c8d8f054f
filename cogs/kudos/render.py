"""Draws kudos: the post in the channel, the wall, one's own, and the form to give them."""

from __future__ import annotations

from bot.cards import (
    Button,
    Buttons,
    Card,
    Divider,
    Field,
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
from bot.i18n import N_, Translator
from bot.text import clean, cut, jump_link, mention_user, quote, timestamp
from cogs.kudos.model import Kudos, Wall
from cogs.kudos.rules import LONGEST_WORDS

GIVE_MESSAGE = "kudos:give.message"
GIVE_MEMBER = "kudos:give.member"
WALL_ALL = "kudos:wall.all"
WALL_MINE = "kudos:wall.mine"
WALL_GIVEN = "kudos:wall.given"
WALL_QUOTED = "kudos:wall.quoted"
VIEW = "kudos:wall.view"
OPEN = "kudos:wall.open"
TAKE_BACK = "kudos:one.take_back"
DECLINE = "kudos:one.decline"
ALLOW = "kudos:one.allow"
DISALLOW = "kudos:one.disallow"

PAGES = {"all": WALL_ALL, "mine": WALL_MINE, "given": WALL_GIVEN, "quoted": WALL_QUOTED}
_VIEWS = {
    "all": N_("Everybody's"),
    "mine": N_("Given to me"),
    "given": N_("Given by me"),
    "quoted": N_("What people say"),
}
_SHOWN_WORDS = 2 * LONGEST_WORDS  # a letter may need a backslash
_WORDS_ON_WALL = 550  # five of them fit a card


def post_card(kudos: Kudos, t: Translator) -> Card:
    """What everybody in the channel sees. It pings nobody."""
    return Card((Text("\n".join(_lines(kudos, t))),), silent=True)


def note_card(kudos: Kudos, t: Translator, *, is_private: bool) -> Card:
    """What the receiver is told. In a channel it says only who, because the post stands there already."""
    if not is_private:
        text = t(
            "{receiver}, {giver} gave you kudos. `/kudos wall` shows them.",
            receiver=mention_user(kudos.receiver_id),
            giver=mention_user(kudos.giver_id),
        )
        return Card((Text(text),), pings=frozenset({kudos.receiver_id}))
    return Card((Text("\n".join(_lines(kudos, t))), *_receivers_buttons(kudos, t)))


def given_card(kudos: Kudos, t: Translator) -> Card:
    """The receipt for who gave them."""
    text = t("**Your kudos are given.** {receiver} hears of it.", receiver=mention_user(kudos.receiver_id))
    return Card((Text(text), Text("\n".join(_lines(kudos, t))), *_givers_buttons(kudos, t)))


def own_card(
    kudos: Kudos, viewer_id: int, t: Translator, *, said_first: str | None = None, is_in_dm: bool = False
) -> Card:
    """One of one's own, with what can be done about it. The others are shown only in a server."""
    mine = viewer_id == kudos.receiver_id
    lines = [said_first] if said_first else []
    lines += [*_lines(kudos, t), _quoting(kudos, t, mine=mine)]
    buttons = _receivers_buttons(kudos, t) if mine else _givers_buttons(kudos, t)
    if is_in_dm:
        return Card((Text("\n".join(lines)), *buttons))
    back = Button(t("All of mine"), custom_id(WALL_MINE if mine else WALL_GIVEN, 0))
    return Card((Text("\n".join(lines)), *buttons, Buttons((back,))))


def ended_card(kudos: Kudos, t: Translator, *, declined: bool, is_in_dm: bool) -> Card:
    """Nothing of it stays. Nobody else is told who did what. The others are shown only in a server."""
    if declined:
        text = t(
            "It is off the wall and nothing of it counts. {giver} is told nothing.",
            giver=mention_user(kudos.giver_id),
        )
    else:
        text = t("Taken back: nothing of it stays, and you can give others.")
    if is_in_dm:
        return Card((Text(text),))
    back = Button(t("All of mine"), custom_id(WALL_MINE if declined else WALL_GIVEN, 0))
    return Card((Text(text), Buttons((back,))))


def refused_card(reason: str, words: str, t: Translator) -> Card:
    """What was typed is shown again, so that nobody has to think of it anew."""
    return Card((Text(f"{reason}\n{t('-# You wrote: {what}', what=quote(words, _SHOWN_WORDS))}"),))


def wall_card(wall: Wall, viewer_id: int, t: Translator) -> Card:
    """A page of kudos, private to whoever looks."""
    title = {
        "all": t("**Kudos here**, the newest first"),
        "mine": t("**Kudos that you were given**"),
        "given": t("**Kudos that you gave**"),
        "quoted": t("**What people say of each other**, quoted with the leave of both"),
    }[wall.whose]
    items: list[Item] = [Text(title)]
    for each in wall.kudos:
        items += [Divider(), Text("\n".join(_lines(each, t, words=_WORDS_ON_WALL)))]
    if not wall.kudos:
        items.append(Text(_empty(wall, t)))
    own = [each for each in wall.kudos if viewer_id in (each.giver_id, each.receiver_id)]
    if own:
        options = tuple(Option(_label(each, viewer_id, t), str(each.id)) for each in own)
        items.append(Pick(custom_id(OPEN), t("Quote, take back or decline one of yours"), options))
    views = tuple(Option(t(title), name, chosen=name == wall.whose) for name, title in _VIEWS.items())
    items.append(Pick(custom_id(VIEW), t("Look at others"), views))
    buttons = _paging(wall, t)
    if buttons:
        items.append(Buttons(buttons))
    return Card(tuple(items))


def give_form(control: str, row_id: int, name: str, tags: tuple[str, ...], t: Translator) -> Form:
    """What for. `name` is the receiver's, as Discord shows it."""
    fields: list[Field] = [
        TextField(
            "words",
            t("What for?"),
            description=t("What they did, and what it did for you. Everybody here can read it."),
            long=True,
            max_length=LONGEST_WORDS,
        ),
        ManyField(
            "tags", t("Tags, at most three"), tuple(Option(t(each), str(n)) for n, each in enumerate(tags))
        ),
    ]
    if control == GIVE_MEMBER:
        fields.append(
            TextField(
                "link",
                t("A link to their message"),
                description=t("If it is about one."),
                required=False,
                max_length=150,
            )
        )
    fields.append(
        TickField(
            "quotable",
            t("Allow quoting me?"),
            description=t("Only if they agree too, and until one of you takes it back."),
        )
    )
    return Form(cut(t("Kudos for {name}", name=clean(name)), 45), custom_id(control, row_id), tuple(fields))


def _lines(kudos: Kudos, t: Translator, *, words: int = _SHOWN_WORDS) -> list[str]:
    head = t(
        "**Kudos for {receiver}** from {giver}",
        receiver=mention_user(kudos.receiver_id),
        giver=mention_user(kudos.giver_id),
    )
    lines = [head, quote(kudos.text, words)]
    details = [quote(t(each), 60) for each in kudos.tags]
    if kudos.message_id is not None and kudos.channel_id is not None:
        details.append(
            t("[their message]({link})", link=jump_link(kudos.guild_id, kudos.channel_id, kudos.message_id))
        )
    details.append(timestamp(kudos.at, "d"))
    return [*lines, "-# " + " · ".join(details)]


def _quoting(kudos: Kudos, t: Translator, *, mine: bool) -> str:
    if kudos.may_be_quoted:
        return t("-# You both allow quoting it.")
    if kudos.quote_receiver if mine else kudos.quote_giver:
        return t("-# You allow quoting it; the other one has not said so.")
    if kudos.quote_giver if mine else kudos.quote_receiver:
        return t("-# The other one allows quoting it. May it be quoted? Only if you say so.")
    return t("-# It is quoted nowhere.")


def _receivers_buttons(kudos: Kudos, t: Translator) -> tuple[Buttons, ...]:
    return (
        Buttons(
            (
                _quote_button(kudos, t, on=kudos.quote_receiver),
                Button(t("I'd rather not have these"), custom_id(DECLINE, kudos.id)),
            )
        ),
    )


def _givers_buttons(kudos: Kudos, t: Translator) -> tuple[Buttons, ...]:
    return (
        Buttons(
            (
                _quote_button(kudos, t, on=kudos.quote_giver),
                Button(t("Take it back"), custom_id(TAKE_BACK, kudos.id)),
            )
        ),
    )


def _quote_button(kudos: Kudos, t: Translator, *, on: bool) -> Button:
    if on:
        return Button(t("Stop quoting me"), custom_id(DISALLOW, kudos.id))
    return Button(t("Allow quoting me"), custom_id(ALLOW, kudos.id), style=Style.SECONDARY)


def _label(kudos: Kudos, viewer_id: int, t: Translator) -> str:
    words = " ".join(clean(kudos.text).split())
    side = t("to me: {words}") if viewer_id == kudos.receiver_id else t("by me: {words}")
    return cut(side.replace("{words}", words), 90)


def _empty(wall: Wall, t: Translator) -> str:
    if wall.whose == "quoted":
        return t("Nothing is quoted here yet.")
    if wall.page:
        return t("There is nothing more here.")
    return t("None yet. Hold or right-click a message that helped you: Apps, Give kudos.")


def _paging(wall: Wall, t: Translator) -> tuple[Button, ...]:
    control = PAGES[wall.whose]
    buttons: list[Button] = []
    if wall.page:
        buttons.append(Button(t("Newer"), custom_id(control, wall.page - 1)))
    if wall.has_more:
        buttons.append(Button(t("Older"), custom_id(control, wall.page + 1)))
    return tuple(buttons)
