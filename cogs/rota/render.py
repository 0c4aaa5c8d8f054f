"""What members see of rotas: one's own view, the role guide, and the forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Form,
    Item,
    Option,
    Pick,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.day_names import DAY_NAMES
from bot.i18n import N_, Translator
from bot.text import cut, label_of, mention_user, quote, timestamp
from cogs.rota import rules
from cogs.rota.guides import Guide, shipped
from cogs.rota.model import Mine, Rota, Seat, Shape, Turn
from cogs.rota.rules import ACTIVE, NOBODY, State, Unit
from storage.rota_turns import NOW

LIST, OPEN, PICK = "rota:rota.list", "rota:rota.open", "rota:rota.pick"
JOIN, LEAVE, BACK = "rota:volunteer.join", "rota:volunteer.leave", "rota:away.end"
IN, PASS = "rota:seat.accept", "rota:seat.skip"
COVER, KEEP, TAKE = "rota:cover.ask", "rota:cover.keep", "rota:cover.take"
NOW_ASK, NOW_FORM = "rota:turn.take", "rota:turn.taken"
NOTE_ASK, NOTE_FORM = "rota:note.ask", "rota:note.write"
GUIDE = "rota:guide.show"
_NAME = 2 * rules.LONGEST_NAME
_UNITS = {
    Unit.DAY: (N_("every day"), N_("every {n} days")),
    Unit.WEEK: (N_("every week"), N_("every {n} weeks")),
    Unit.MONTH: (N_("every month"), N_("every {n} months")),
}


def name_of(rota: Rota) -> str:
    """Its name, in somebody's words."""
    return quote(rota.shape.name, _NAME)


def when_text(shape: Shape, t: Translator) -> str:
    """How often it is handed over, and when."""
    one, many = _UNITS[shape.unit]
    often = t(one) if shape.every == 1 else t(many, n=shape.every)
    fields = {
        "often": often,
        "day": t(DAY_NAMES[shape.weekday]),
        "at": f"{shape.at:%H:%M}",
        "zone": shape.zone,
    }
    if shape.unit is Unit.DAY:
        return t("Handed over {often} at {at} ({zone})", **fields)
    if shape.unit is Unit.MONTH:
        return t("Handed over {often}, on the first {day} at {at} ({zone})", **fields)
    return t("Handed over {often} on {day} at {at} ({zone})", **fields)


def needs_text(rota: Rota, t: Translator) -> str | None:
    """Who may take turns, where not everybody may."""
    if not rota.has_needs:
        return None
    if rota.needs is None:
        return t(
            "-# Who may take turns cannot be told at the moment: what it asks for is switched off or gone."
        )
    title = t(rota.needs) if rota.needs_ours else quote(rota.needs, 200)
    return t("-# For those who have: {title}", title=title)


# ---------------------------------------------------------------------------------------------- one's own view


def list_card(found: Sequence[Mine], t: Translator) -> Card:
    """All rotas: who has each now, and the way to one of them."""
    if not found:
        text = t(
            "There is no rota here yet. Facilitators make one with {command}.", command="`/manage rota desk`"
        )
        return Card((Text(text),))
    lines = [t("**Roles that rotate**")]
    for each in found:
        line = t("**{name}**: {who}", name=name_of(each.rota), who=_now_text(each.rota, t))
        lines.append(f"{line} · {t('you take turns')}" if each.is_in else line)
    options = tuple(Option(cut(each.rota.shape.name, 90), str(each.rota.id)) for each in found)
    return Card((Text("\n".join(lines)), Pick(custom_id(PICK), t("Open one"), options)))


def rota_card(mine: Mine, t: Translator, said: str | None = None) -> Card:
    """One rota: who has it, the next turns, and what one can do."""
    rota = mine.rota
    lines = [said] if said else []
    lines.append(f"**{name_of(rota)}**")
    guide = shipped().get(rota.shape.kind)
    if guide is not None:
        lines.append(t(guide.what))
    lines += now_lines(rota, t)
    lines += [each for each in (f"-# {when_text(rota.shape, t)}", needs_text(rota, t)) if each]
    items: list[Item] = [Text("\n".join(lines)), Text("\n".join(rota_lines(rota, t)))]
    items.append(Text(_own_text(mine, t)))
    return Card((*items, *_actions(mine, t)))


def _own_text(mine: Mine, t: Translator) -> str:
    lines: list[str] = []
    if mine.away_until is not None:
        lines.append(
            t("You are away until {when}: no turn falls to you.", when=timestamp(mine.away_until, "F"))
        )
    if mine.seats:
        turn, seat = mine.seats[0]
        if seat.state is State.HOLDING:
            lines.append(t("It is your turn, until {when}.", when=timestamp(turn.ends_at, "F")))
        else:
            lines.append(t("Your next turn: {when}", when=timestamp(turn.starts_at, "F")))
        if seat.wants_cover:
            lines.append(t("You asked for cover. Until somebody takes it, it stays yours."))
    elif mine.is_in:
        lines.append(t("You take turns here. None of the next ones is yours yet."))
    else:
        lines.append(
            t("You take no turns here. Whoever joins is asked two days ahead, and can pass any turn.")
        )
    return "\n".join(lines)


def _actions(mine: Mine, t: Translator) -> list[Item]:
    """What one can do: with one's next turn, with the present one, and with the rota."""
    rota = mine.rota
    holding = bool(mine.seats) and mine.seats[0][1].state is State.HOLDING
    second: list[Button] = []
    if rota.now is not None and not holding:
        second.append(Button(t("Take over now"), custom_id(NOW_ASK, rota.id)))
    if rota.now is not None and holding:
        second.append(Button(t("Hand-over note"), custom_id(NOTE_ASK, rota.now.id)))
    if rota.shape.kind in shipped():
        second.append(Button(t("What to do in this role"), custom_id(GUIDE, rota.id)))
    join = Button(t("Take turns"), custom_id(JOIN, rota.id), style=Style.PRIMARY)
    leave = Button(t("Take no more turns"), custom_id(LEAVE, rota.id))
    last = [leave if mine.is_in else join]
    if mine.away_until is not None:
        last.append(Button(t("I am back"), custom_id(BACK, rota.id)))
    last.append(Button(t("All rotas"), custom_id(LIST)))
    rows = (_seat_buttons(mine.seats[0][1], t) if mine.seats else [], second, last)
    return [Buttons(tuple(each)) for each in rows if each]


def _seat_buttons(seat: Seat, t: Translator) -> list[Button]:
    """What can be done with a turn of one's own."""
    found: list[Button] = []
    if seat.state is State.PLANNED:
        found.append(Button(t("I'm in"), custom_id(IN, seat.id), style=Style.PRIMARY))
    if seat.state in (State.PLANNED, State.ACCEPTED):
        found.append(Button(t("Pass"), custom_id(PASS, seat.id)))
    if seat.wants_cover:
        found.append(Button(t("No cover needed after all"), custom_id(KEEP, seat.id)))
    else:
        found.append(Button(t("Ask for cover"), custom_id(COVER, seat.id)))
    return found


def now_lines(rota: Rota, t: Translator) -> list[str]:
    """Who has it, and who covers for whom."""
    line = t("Now: {who}", who=_now_text(rota, t))
    return [line, *(cover_lines(rota.now, t) if rota.now is not None else ())]


def _now_text(rota: Rota, t: Translator) -> str:
    if rota.now is None:
        if not rota.ahead:
            return t("nobody")
        return t("nobody yet; the first turn begins {when}", when=timestamp(rota.ahead[0].starts_at, "R"))
    names = names_of(rota.now)
    if not names:
        return t("nobody, until {when}", when=timestamp(rota.now.ends_at))
    return t("{names}, until {when}", names=names, when=timestamp(rota.now.ends_at))


def names_of(turn: Turn) -> str:
    """Who has it, or will, as mentions."""
    state = (State.HOLDING,) if turn.state == NOW else (State.ACCEPTED, State.PLANNED)
    return ", ".join(mention_user(each.member_id) for each in turn.seats if each.state in state)


def rota_lines(rota: Rota, t: Translator) -> list[str]:
    if not rota.ahead:
        return [t("No turns are planned.")]
    lines = [t("**Next turns**")]
    for turn in rota.ahead:
        people = [_planned(each, t) for each in turn.seats if each.state in ACTIVE]
        free = rota.shape.holders - len(people)
        if free > 0:
            people.append(t.tn("{n} place free", "{n} places free", free))
        lines.append(f"- {timestamp(turn.starts_at, 'f')}: {', '.join(people)}")
        lines += [f"  {each}" for each in cover_lines(turn, t)]
    return lines


def _planned(seat: Seat, t: Translator) -> str:
    """Somebody in a turn ahead, with how sure it is."""
    who = mention_user(seat.member_id)
    marks: list[str] = []
    if seat.wants_cover:
        marks.append(t("looks for cover"))
    elif seat.state is State.ACCEPTED:
        marks.append(t("in"))
    elif seat.is_asked:
        marks.append(t("asked"))
    if seat.for_id != NOBODY:
        marks.append(t("for {who}", who=mention_user(seat.for_id)))
    return f"{who} ({', '.join(marks)})" if marks else who


def cover_lines(turn: Turn, t: Translator) -> list[str]:
    lines: list[str] = []
    for each in turn.covers:
        fields = {
            "start": timestamp(each.starts_at, "f"),
            "end": timestamp(each.ends_at, "f"),
            "cover": mention_user(each.in_id),
            "who": mention_user(each.out_id),
        }
        if each.out_id == NOBODY:
            lines.append(t("**Cover**: {cover} besides, from {start} to {end}", **fields))
        elif each.in_id == NOBODY:
            lines.append(t("**Cover**: without {who}, from {start} to {end}", **fields))
        else:
            lines.append(t("**Cover**: {cover} for {who}, from {start} to {end}", **fields))
    return lines


def guide_card(rota: Rota, t: Translator) -> Card:
    """What to do in the role."""
    guide = shipped().get(rota.shape.kind)
    if guide is None:
        return Card((Text(t("There is no guide for this role. Ask whoever had it before you.")),))
    return Card((Text("\n".join(guide_lines(guide, t))),))


def guide_lines(guide: Guide, t: Translator) -> list[str]:
    title = t("**{title}: about ten minutes a day**", title=t(guide.title))
    return [title, t(guide.what), *(f"- {t(each)}" for each in guide.steps)]


def away_text(starts: str, ends: str, t: Translator) -> str:
    return t(
        "**Noted: you are away from {start} to {end}.** No turn falls to you then, and nothing is counted against you. "
        "Afterwards you come first.",
        start=starts,
        end=ends,
    )


def simple_card(text: str) -> Card:
    return Card((Text(text),))


# ---------------------------------------------------------------------------------------------- forms


def note_form(turn_id: int, draft: str, t: Translator) -> Form:
    field = TextField(
        "note",
        t("What should the next one know?"),
        description=t("What is open stands here already. Whoever comes next sees it first."),
        long=True,
        max_length=rules.LONGEST_NOTE,
        value=cut(draft, rules.LONGEST_NOTE) or None,
    )
    return Form(t("Hand-over note"), custom_id(NOTE_FORM, turn_id), (field,))


def take_form(rota: Rota, names: Mapping[int, str], t: Translator) -> Form:
    """Take over now: from whom, where there are several, and a word to them."""
    note = TextField(
        "note",
        t("A word to go with it"),
        description=t("For example: you look busy, so I do the rest of this week."),
        required=False,
        max_length=300,
    )
    holding = [each.member_id for each in rota.now.seats if each.state is State.HOLDING] if rota.now else []
    options = [Option(cut(label_of(names.get(each), each, t), 90), str(each)) for each in holding[:9]]
    if len(holding) < rota.shape.holders:
        options.append(Option(t("An empty place"), str(NOBODY)))
    if len(options) < 2:
        return Form(t("Take over now"), custom_id(NOW_FORM, rota.id), (note,))
    whose = ChoiceField("whose", t("Whose place?"), tuple(options))
    return Form(t("Take over now"), custom_id(NOW_FORM, rota.id), (whose, note))
