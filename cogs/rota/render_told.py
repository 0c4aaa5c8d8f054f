"""What is told of rotas: the question ahead of a turn, the hand-over, and a wish for cover."""

from __future__ import annotations

from bot.cards import Button, Buttons, Card, Style, Text, custom_id
from bot.i18n import Translator
from bot.text import mention_role, mention_user, quote, timestamp
from cogs.rota import rules
from cogs.rota.guides import shipped
from cogs.rota.model import Mine, Rota, Seat, Turn
from cogs.rota.render import IN, NOTE_ASK, NOW_ASK, PASS, TAKE, cover_lines, guide_lines, name_of, names_of
from cogs.rota.rules import ACTIVE, NOBODY, How, State
from storage.rota_turns import NOW

_NOTE, _SHOWN_NOTE = 2 * rules.LONGEST_NOTE, 1000


def ask_card(rota: Rota, turn: Turn, seat: Seat, t: Translator) -> Card:
    """Two days ahead: are you in?"""
    lines = [
        t("{who}, your turn in **{name}** is coming:", who=mention_user(seat.member_id), name=name_of(rota)),
        _span(turn, t),
        t(
            "Are you in? If it does not suit, pass: the next one is asked, and you come first in the turn after. No reason "
            "is needed."
        ),
    ]
    if turn.state == NOW:
        lines[0] = t(
            "{who}, a place in **{name}** has become free:",
            who=mention_user(seat.member_id),
            name=name_of(rota),
        )
    buttons = Buttons(
        (
            Button(t("I'm in"), custom_id(IN, seat.id), style=Style.PRIMARY),
            Button(t("Pass"), custom_id(PASS, seat.id)),
        )
    )
    return Card((Text("\n".join(lines)), buttons), pings=frozenset({seat.member_id}))


def answered_card(mine: Mine, seat_id: int, t: Translator, *, is_in: bool) -> Card:
    """Takes the place of the question."""
    rota = mine.rota
    turn = next((turn for turn, seat in mine.seats if seat.id == seat_id), None)
    who = mention_user(mine.member_id)
    if not is_in and not mine.comes_first:
        text = t("{who} passes this time. That is fine.", who=who)
    elif not is_in:
        text = t("{who} passes this time. That is fine; the next turn after it is theirs first.", who=who)
    elif turn is not None and turn.state == NOW:
        text = t("{who} has **{name}** from now on. Thank you!", who=who, name=name_of(rota))
    else:
        when = timestamp(turn.starts_at, "F") if turn is not None else ""
        text = t("{who} is in: **{name}**, from {when}. Thank you!", who=who, name=name_of(rota), when=when)
    return Card((Text(text),))


def begin_card(rota: Rota, turn: Turn, seat: Seat, t: Translator) -> Card:
    """A turn has begun: what was handed on first, then the guide for who is new."""
    who = mention_user(seat.member_id)
    until = timestamp(turn.ends_at, "F")
    lines = [t("{who}, **{name}** is yours until {until}.", who=who, name=name_of(rota), until=until)]
    lines += _note_lines(rota.before, t)
    guide = shipped().get(rota.shape.kind)
    if guide is not None and seat.is_new:
        lines += guide_lines(guide, t)
    lines.append(t("-# If it gets too much: {command} asks the others for cover.", command="`/rota swap`"))
    return Card((Text("\n".join(lines)),), pings=frozenset({seat.member_id}))


def taken_card(rota: Rota, turn: Turn, seat: Seat, t: Translator) -> Card:
    """Tells who had it that somebody else has it now."""
    by = next((each for each in turn.seats if each.for_id == seat.member_id and each.state in ACTIVE), None)
    fields = {
        "who": mention_user(seat.member_id),
        "by": mention_user(by.member_id) if by is not None else t("somebody else"),
        "name": name_of(rota),
        "when": timestamp(turn.starts_at, "F"),
    }
    text = t(
        "{who}, {by} has taken your turn in **{name}** ({when}). Nothing is left for you to do.", **fields
    )
    if by is not None and by.note:
        text += "\n" + t("They wrote: {note}", note=quote(by.note, _SHOWN_NOTE))
    return Card((Text(text),), pings=frozenset({seat.member_id}))


def turn_card(rota: Rota, turn: Turn, before: Turn | None, t: Translator) -> Card:
    """In the channel: who has it now, and thanks to who had it."""
    lines = [f"**{name_of(rota)}**", _span(turn, t)]
    if turn.state != NOW:
        served = ", ".join(mention_user(each.member_id) for each in turn.seats if each.state is State.SERVED)
        lines.append(
            t("This turn is over. Thank you, {names}!", names=served) if served else t("This turn is over.")
        )
        return Card((Text("\n".join(lines)),))
    names = names_of(turn)
    lines.append(
        t("This turn: {names}", names=names) if names else t("Nobody has this turn yet. It could be yours.")
    )
    if rota.role_id is not None and names:
        lines.append(t("-# Reach them as {role}", role=mention_role(rota.role_id)))
    lines += cover_lines(turn, t)
    for each in turn.seats:
        if each.state is State.HOLDING and each.how is How.TAKEN and each.note:
            lines.append(
                t(
                    "{who} took over: {note}",
                    who=mention_user(each.member_id),
                    note=quote(each.note, _SHOWN_NOTE),
                )
            )
    buttons = [Button(t("Take over now") if names else t("Take it now"), custom_id(NOW_ASK, rota.id))]
    if before is not None:
        served = ", ".join(
            mention_user(each.member_id) for each in before.seats if each.state is State.SERVED
        )
        if served:
            lines.append(t("Thank you, {names}!", names=served))
            buttons.append(Button(t("Hand-over note"), custom_id(NOTE_ASK, before.id)))
        lines += _note_lines(before, t)
    return Card((Text("\n".join(lines)), Buttons(tuple(buttons))))


def _note_lines(turn: Turn | None, t: Translator) -> list[str]:
    if turn is None or not turn.note:
        return []
    who = mention_user(turn.note_by) if turn.note_by != NOBODY else t("whoever had it before")
    return [t("**Handed on by {who}:**", who=who), quote(turn.note, _NOTE)]


def _span(turn: Turn, t: Translator) -> str:
    return t("{start} to {end}", start=timestamp(turn.starts_at, "F"), end=timestamp(turn.ends_at, "F"))


def swap_card(rota: Rota, turn: Turn, seat: Seat, t: Translator) -> Card:
    """Somebody asks for cover; the first tap has it."""
    who = mention_user(seat.member_id)
    taken = next(
        (each for each in turn.seats if each.for_id == seat.member_id and each.state in ACTIVE), None
    )
    if seat.wants_cover and seat.state in ACTIVE:
        lines = [
            t("{who} asks for cover in **{name}**:", who=who, name=name_of(rota)),
            _span(turn, t),
            t("Whoever taps first has it. Until then it stays theirs."),
        ]
        button = Button(t("I'll take it"), custom_id(TAKE, seat.id), style=Style.PRIMARY)
        return Card((Text("\n".join(lines)), Buttons((button,))))
    if taken is not None:
        by = mention_user(taken.member_id)
        text = t("{by} takes **{name}** for {who}. Thank you!", by=by, name=name_of(rota), who=who)
        return Card((Text(f"{text}\n{_span(turn, t)}"),))
    return Card((Text(t("No cover is needed here any more. Thank you for looking!")),))
