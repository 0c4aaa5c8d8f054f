"""Draws promises: the card that everybody sees, the question to its maker, and their own list."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import (
    Button,
    Buttons,
    Card,
    Form,
    Item,
    Option,
    Pick,
    Style,
    Text,
    TextField,
    TickField,
    custom_id,
)
from bot.i18n import N_, Translator
from bot.text import channel_link, clean, cut, mention_channel, mention_user, quote, timestamp
from bot.time_input import LONGEST_TYPED
from cogs.promises.model import Promise
from cogs.promises.rules import LONGEST_WORDS, MOST_OPEN, State

CHEER = "promises:card.cheer"
DONE = "promises:mine.done"
PARTLY = "promises:mine.partly"
MOVE = "promises:mine.move"
MOVE_FORM = "promises:mine.moved"
LET_GO = "promises:mine.let_go"
ASK = "promises:mine.ask"
MAKE_FORM = "promises:mine.make"
LIST = "promises:mine.list"
OPEN = "promises:mine.open"
PICK = "promises:mine.pick"
WORDS = "promises:mine.words"
WORDS_FORM = "promises:mine.reword"
TAKE_BACK = "promises:mine.take_back"
TAKE_AWAY = "promises:mine.take_away"
STAFF_LIST = "promises:staff.list"
STAFF_PICK = "promises:staff.pick"
STAFF_REMOVE = "promises:staff.remove"
STAFF_FORM = "promises:staff.removed"

_SHOWN_WORDS = 2 * LONGEST_WORDS  # a letter may need a backslash
_ENDS = {
    State.DONE: N_("**Done.**"),
    State.PARTLY: N_("**Partly done**, which counts too."),
    State.LET_GO: N_("**Let go.** Plans change."),
    State.SILENT: N_("**No word**, and that is fine."),
}


def public_card(promise: Promise, t: Translator) -> Card:
    """What everybody in the channel sees."""
    lines = [
        t("{member} has set out to do this:", member=mention_user(promise.member_id)),
        f"**{quote(promise.text, _SHOWN_WORDS)}**",
        _state_line(promise, t),
    ]
    if promise.cheers.named:
        names = ", ".join(mention_user(each) for each in promise.cheers.named)
        more = promise.cheers.more
        lines.append(
            t.tn("Cheering: {names} and {n} more", "Cheering: {names} and {n} more", more, names=names)
            if more
            else t("Cheering: {names}", names=names)
        )
    items: list[Item] = [Text("\n".join(lines))]
    if promise.state is State.OPEN:
        items.append(Buttons((Button(t("I'm cheering"), custom_id(CHEER, promise.id)),)))
    return Card(tuple(items))


def check_card(promise: Promise, t: Translator, *, is_private: bool) -> Card:
    """The one question, when it is due. `is_private`: only its maker reads this."""
    who = mention_user(promise.member_id)
    pings = frozenset({promise.member_id})
    if not is_private and not promise.public:
        text = t(
            "{member}, something you wanted to do by now: how did it go? Only you see what it is.", member=who
        )
        return Card(
            (Text(text), Buttons((Button(t("Look at it"), custom_id(OPEN, promise.id)),))), pings=pings
        )
    words = quote(promise.text, _SHOWN_WORDS)
    text = t(
        "{member}, how did it go with this?\n**{words}**\nAny answer is a good one.", member=who, words=words
    )
    return Card((Text(text), *_answers(promise, t)), pings=pings)


def promise_card(promise: Promise, t: Translator, *, said_first: str | None = None) -> Card:
    """One's own promise, seen by its maker alone."""
    items: list[Item] = [_own_text(promise, t, said_first)]
    if promise.state is State.OPEN:
        items += [*_answers(promise, t), _changes(promise, t)]
    else:
        away = (
            (Button(t("Take the card away too"), custom_id(TAKE_AWAY, promise.id)),) if promise.public else ()
        )
        items.append(Buttons((*away, Button(t("All my promises"), custom_id(LIST)))))
    return Card(tuple(items))


def made_card(promise: Promise, t: Translator) -> Card:
    """The receipt."""
    said_first = t("Promised. I will ask you once how it went, and that is all.")
    if not promise.public:
        said_first = t("Promised. I will ask you once how it went, by DM or here, without saying what it is.")
    return Card((_own_text(promise, t, said_first), _changes(promise, t)))


def answered_text(promise: Promise, t: Translator) -> str:
    """What is said to an answer."""
    if promise.state is State.DONE:
        return t("Well done! Thank you for telling.")
    if promise.state is State.PARTLY:
        return t("Part of it is done, and that counts. Well done!")
    if promise.state is State.LET_GO:
        return t("Let go. That is a decision too.")
    return t("Moved to {when}. I will ask you then.", when=timestamp(promise.due_at))


def answered_card(promise: Promise, t: Translator) -> Card:
    """Takes the place of the question, where it may be seen by others."""
    who = mention_user(promise.member_id)
    items: list[Item] = [Text(f"{who} {answered_text(promise, t)}")]
    if promise.state is not State.OPEN and promise.public:
        items.append(Buttons((Button(t("Take the card away too"), custom_id(TAKE_AWAY, promise.id)),)))
    return Card(tuple(items))


def list_card(promises: Sequence[Promise], t: Translator, *, said_first: str | None = None) -> Card:
    """One's open promises with the answers to each: within Discord's 40 components for five of them."""
    title = t("**Your open promises**") if promises else t("**You have no open promises.**")
    items: list[Item] = [Text(f"{said_first}\n{title}" if said_first else title)]
    for each in promises:
        items += [_own_text(each, t, None), *_answers(each, t)]
    if promises:
        options = tuple(
            Option(cut(" ".join(clean(each.text).split()), 90), str(each.id)) for each in promises
        )
        items.append(Pick(custom_id(PICK), t("Change or take back one"), options))
    if len(promises) < MOST_OPEN:
        items.append(Buttons((Button(t("Make a promise"), custom_id(ASK), style=Style.PRIMARY),)))
    return Card(tuple(items))


def gone_card(t: Translator) -> Card:
    return Card(
        (
            Text(t("Taken back: nothing of it stays.")),
            Buttons((Button(t("All my promises"), custom_id(LIST)),)),
        )
    )


def refused_card(reason: str, what: str, by: str, t: Translator) -> Card:
    """What was typed is shown again, so that nobody has to think of it anew."""
    typed = t("-# You wrote: {what}, by {by}", what=quote(what, _SHOWN_WORDS), by=quote(by, LONGEST_TYPED))
    button = Button(t("Make a promise"), custom_id(ASK), style=Style.PRIMARY)
    return Card((Text(f"{reason}\n{typed}"), Buttons((button,))))


def cheered_card(promise: Promise, t: Translator) -> Card:
    who = mention_user(promise.member_id)
    return Card((Text(t("You are cheering {member} on, and your name is on the card.", member=who)),))


def card_away_card(t: Translator) -> Card:
    return Card((Text(t("The card is going away. The promise stays yours.")),))


def make_form(
    t: Translator, what: str | None = None, by: str | None = None, *, only_me: bool = False
) -> Form:
    return Form(
        t("A promise"),
        custom_id(MAKE_FORM),
        (
            TextField(
                "what",
                t("I will ..."),
                placeholder=t("finish chapter 2"),
                max_length=LONGEST_WORDS,
                value=what,
            ),
            _by_field(t, by),
            TickField(
                "only_me",
                t("Only for me"),
                description=t("Then nothing is posted, and only you see what it is."),
                value=only_me,
            ),
        ),
    )


def move_form(promise: Promise, t: Translator) -> Form:
    return Form(t("Move it"), custom_id(MOVE_FORM, promise.id), (_by_field(t, None),))


def words_form(promise: Promise, t: Translator) -> Form:
    field = TextField("what", t("I will ..."), max_length=LONGEST_WORDS, value=promise.text)
    return Form(t("Change the words"), custom_id(WORDS_FORM, promise.id), (field,))


def staff_list_card(promises: Sequence[Promise], t: Translator) -> Card:
    """For staff: what stands in channels."""
    if not promises:
        return Card((Text(t("No promise stands in a channel at the moment.")),))
    text = t("**Promises in channels**, the newest first. Choose one to look at it or to take its card away.")
    options = tuple(
        Option(cut(" ".join(clean(each.text).split()) or "…", 90), str(each.id)) for each in promises
    )
    return Card((Text(text), Pick(custom_id(STAFF_PICK), t("Choose a promise"), options)))


def staff_card(promise: Promise, t: Translator) -> Card:
    """For staff: one promise."""
    lines = [
        t("{member} has set out to do this:", member=mention_user(promise.member_id)),
        f"**{quote(promise.text, _SHOWN_WORDS)}**",
        _state_line(promise, t),
    ]
    button = Button(t("Take the card away"), custom_id(STAFF_REMOVE, promise.id), style=Style.DANGER)
    link = channel_link(promise.guild_id, promise.channel_id or 0)
    return Card((Text("\n".join(lines)), Buttons((button, Button(t("To its channel"), url=link), _back(t)))))


def staff_form(promise_id: int, t: Translator) -> Form:
    field = TextField("why", t("Why? It stands in the record of changes."), required=False, max_length=300)
    return Form(t("Take the card away"), custom_id(STAFF_FORM, promise_id), (field,))


def removed_card(t: Translator) -> Card:
    text = t(
        "The card is going away. The promise stays its maker's own, and the record of changes says it was you."
    )
    return Card((Text(text), Buttons((_back(t),))))


def _back(t: Translator) -> Button:
    return Button(t("Back"), custom_id(STAFF_LIST))


def _by_field(t: Translator, value: str | None) -> TextField:
    return TextField(
        "by",
        t("By when?"),
        description=t("For example: Friday, tomorrow 18:00, in three days. At most 90 days."),
        max_length=LONGEST_TYPED,
        value=value,
    )


def _own_text(promise: Promise, t: Translator, said_first: str | None) -> Text:
    lines = [said_first] if said_first else []
    lines += [f"**{quote(promise.text, _SHOWN_WORDS)}**", _state_line(promise, t), _seen_by(promise, t)]
    return Text("\n".join(lines))


def _changes(promise: Promise, t: Translator) -> Buttons:
    return Buttons(
        (
            Button(t("Change the words"), custom_id(WORDS, promise.id)),
            Button(t("Take it back"), custom_id(TAKE_BACK, promise.id)),
            Button(t("All my promises"), custom_id(LIST)),
        )
    )


def _answers(promise: Promise, t: Translator) -> tuple[Buttons, Buttons]:
    return (
        Buttons(
            (
                Button(t("Done"), custom_id(DONE, promise.id), style=Style.PRIMARY),
                Button(t("Partly"), custom_id(PARTLY, promise.id)),
                Button(t("Move it"), custom_id(MOVE, promise.id)),
            )
        ),
        Buttons((Button(t("Let it go"), custom_id(LET_GO, promise.id)),)),
    )


def _state_line(promise: Promise, t: Translator) -> str:
    if promise.state is not State.OPEN:
        return t(_ENDS[promise.state])
    day, distance = timestamp(promise.due_at, "F"), timestamp(promise.due_at, "R")
    if promise.is_asked:
        return t("It was for {day}. It stays open, without any hurry.", day=day)
    if promise.moves:
        return t("Moved to {day} ({distance})", day=day, distance=distance)
    return t("By {day} ({distance})", day=day, distance=distance)


def _seen_by(promise: Promise, t: Translator) -> str:
    if promise.public and promise.channel_id is not None:
        return t("-# It stands in {place}.", place=mention_channel(promise.channel_id))
    return t("-# Only you see what it is.")
