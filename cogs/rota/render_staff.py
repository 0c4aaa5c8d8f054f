"""What facilitators see of rotas: the desk, the form, how fair it was, and what needs a hand."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Divider,
    Form,
    Item,
    Option,
    Pick,
    PickMember,
    PickPlace,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.i18n import N_, Translator
from bot.nominal_times import WEEKDAYS
from bot.text import cut, mention_channel, mention_role, mention_user, quote, timestamp
from cogs.rota import rules
from cogs.rota.guides import OTHER, shipped
from cogs.rota.model import Report, Rota, Seat, Turn
from cogs.rota.render import name_of, needs_text, now_lines, rota_lines, when_text
from cogs.rota.rules import NOBODY, Reason, Why
from cogs.rota.staff import shift_of

DESK, DESK_PICK, DESK_OPEN = "rota:desk.show", "rota:desk.pick", "rota:desk.open"
NEW, NEW_FORM = "rota:desk.ask", "rota:desk.make"
EDIT, EDIT_FORM = "rota:desk.edit", "rota:desk.change"
ROLE, CHANNEL, NEEDS = "rota:desk.role", "rota:desk.channel", "rota:desk.needs"
FAIR, UNDO, PUT_IN = "rota:desk.fairness", "rota:desk.undo", "rota:desk.put"
END_ASK, END = "rota:desk.ask_end", "rota:desk.end"
EVERYBODY = "everybody"
SHIFT_NAMES = {
    "day": N_("One day"),
    "week": N_("One week"),
    "two_weeks": N_("Two weeks"),
    "month": N_("One month"),
}
TOLD = {
    "empty": N_(
        "**{name}: a turn has begun with a place free.** Nobody was left to ask. Anybody can take it now."
    ),
    "silent": N_("**{name}:** {who} has not answered, so I asked the next one. The turn begins {when}."),
    "silent_stays": N_(
        "**{name}:** {who} has not answered, and there is nobody else to ask. The turn stays theirs; it begins {when}."
    ),
    "left": N_("**{name}:** {who} has left the server in the middle of their turn. I ask the next one."),
    "wanted": N_("**{name}:** {who} looks for cover, and nobody has taken it yet. The turn begins {when}."),
    "declined": N_(
        "**{name}:** everybody has passed the turn that begins {when}. Perhaps you know somebody?"
    ),
}
MOST_REASONS = 12


def desk_card(rotas: Sequence[Rota], t: Translator) -> Card:
    """All rotas, and the way to a new one."""
    new = Buttons((Button(t("New rota"), custom_id(NEW), style=Style.PRIMARY),))
    if not rotas:
        text = t(
            "**Roles that rotate**\nThere is none yet. A rota gives a role to volunteers in turn: mentor, reviewer, curator, "
            "host, greeter, moderator on duty, or one that you name."
        )
        return Card((Text(text), new))
    lines = [t("**Roles that rotate**")]
    lines += [f"- {name_of(each)}: {when_text(each.shape, t)}" for each in rotas]
    options = tuple(Option(cut(each.shape.name, 90), str(each.id)) for each in rotas)
    return Card((Text("\n".join(lines)), Pick(custom_id(DESK_PICK), t("Open one"), options), new))


def rota_desk_card(
    rota: Rota, choices: Sequence[tuple[str, str, bool]], t: Translator, said: str | None = None
) -> Card:
    """One rota: how it stands, and everything that can be chosen."""
    lines = [said] if said else []
    lines += [f"**{name_of(rota)}**", when_text(rota.shape, t)]
    lines.append(t("Holders: {n} · Volunteers: {count}", n=rota.shape.holders, count=rota.volunteers))
    lines.append(needs_text(rota, t) or t("-# Everybody may take turns."))
    if rota.role_id is None:
        lines.append(t("-# No Discord role follows the turn yet. Choose one below if you like."))
    else:
        lines.append(t("-# The role {role} follows the turn.", role=mention_role(rota.role_id)))
    if rota.channel_id is None:
        lines.append(t("-# **No channel is chosen**, so turns are told of nowhere. Choose one below."))
    else:
        lines.append(t("-# Told of in {channel}", channel=mention_channel(rota.channel_id)))
    if rota.is_held:
        lines.append(t("**It waits for you**: see the notice in the staff channel."))
    picks = [Option(t("Everybody"), EVERYBODY, chosen=not rota.has_needs)]
    picks += [
        Option(cut(t(title) if ours else title, 90), value, chosen=value == rota.needs_key)
        for value, title, ours in choices[:24]
    ]
    items: list[Item] = [
        Text("\n".join(lines)),
        Text("\n".join([*now_lines(rota, t), *rota_lines(rota, t)])),
        PickPlace(custom_id(ROLE, rota.id), t("Discord role of whoever has it"), "role", rota.role_id),
        PickPlace(
            custom_id(CHANNEL, rota.id),
            t("Channel in which turns are told of"),
            "channel",
            rota.own_channel_id,
        ),
        Pick(custom_id(NEEDS, rota.id), t("Who may take turns"), tuple(picks)),
    ]
    if rota.now is not None and len(rota_holders(rota)) < rota.shape.holders:
        items.append(PickMember(custom_id(PUT_IN, rota.id), t("Put somebody into the free place")))
    items.append(
        Buttons(
            (
                Button(t("Change"), custom_id(EDIT, rota.id)),
                Button(t("How fair it is"), custom_id(FAIR, rota.id)),
                Button(t("Undo the last change"), custom_id(UNDO, rota.id)),
            )
        )
    )
    items.append(
        Buttons(
            (
                Button(t("End it"), custom_id(END_ASK, rota.id), style=Style.DANGER),
                Button(t("All rotas"), custom_id(DESK)),
            )
        )
    )
    return Card(tuple(items))


def rota_holders(rota: Rota) -> list[int]:
    return (
        [each.member_id for each in rota.now.seats if each.state is rules.State.HOLDING] if rota.now else []
    )


def rota_form(rota: Rota | None, zone: str, t: Translator) -> Form:
    """A new rota, or one that is changed."""
    shape = rota.shape if rota is not None else None
    kinds = [
        Option(t(each.title), each.key, chosen=shape is not None and shape.kind == each.key)
        for each in shipped().values()
    ]
    kinds.append(Option(t("Another role"), OTHER, chosen=shape is not None and shape.kind == OTHER))
    shift = shift_of(shape) if shape is not None else "week"
    when = (
        f"{WEEKDAYS[shape.weekday].capitalize()} {shape.at:%H:%M} {shape.zone}"
        if shape is not None
        else f"Monday 09:00 {zone}"
    )
    return Form(
        t("A role that rotates"),
        custom_id(EDIT_FORM, rota.id) if rota is not None else custom_id(NEW_FORM),
        (
            TextField(
                "name",
                t("What is it called?"),
                placeholder=t("Mentor of the week"),
                max_length=rules.LONGEST_NAME,
                value=shape.name if shape is not None else None,
            ),
            ChoiceField("kind", t("Which role is it?"), tuple(kinds), t("For its guide: what to do in it.")),
            ChoiceField(
                "shift",
                t("How long is a turn?"),
                tuple(Option(t(name), key, chosen=key == shift) for key, name in SHIFT_NAMES.items()),
            ),
            TextField(
                "when",
                t("Handed over when?"),
                description=t(
                    "Day, time, and a city whose clock counts. Of a day's turn only the time counts."
                ),
                max_length=80,
                value=when,
            ),
            TextField(
                "holders",
                t("How many have it at a time?"),
                max_length=2,
                value=str(shape.holders) if shape is not None else "1",
            ),
        ),
    )


def end_card(rota: Rota, t: Translator) -> Card:
    text = t(
        "**End {name}?** The role is taken back, and whoever has it now has served their turn. What was served stays. This "
        "cannot be undone.",
        name=name_of(rota),
    )
    yes = Button(t("Yes, end it"), custom_id(END, rota.id), style=Style.DANGER)
    return Card((Text(text), Buttons((yes, Button(t("Leave it as it is"), custom_id(DESK_OPEN, rota.id))))))


def fairness_card(report: Report, t: Translator) -> Card:
    """0 to 100, with reasons, and who is asked first next time."""
    rota, fairness = report.rota, report.fairness
    lines = [t("**{name}: how fair it is**", name=name_of(rota))]
    if fairness.score is None:
        lines.append(t("No turn has been served yet, so there is nothing to compare."))
    else:
        lines.append(
            t.tn(
                "**{score} of 100**, by the last {n} turn",
                "**{score} of 100**, by the last {n} turns",
                fairness.turns,
                score=fairness.score,
            )
        )
        lines += [f"- {_reason(each, t)}" for each in fairness.reasons[:MOST_REASONS]]
        if len(fairness.reasons) > MOST_REASONS:
            left = len(fairness.reasons) - MOST_REASONS
            lines.append(t.tn("- and {n} more", "- and {n} more", left))
        if not fairness.reasons:
            lines.append(t("Turns fell evenly on those who were there."))
    if report.next_up:
        names = ", ".join(map(mention_user, report.next_up))
        lines.append(t("Least loaded, so planned first: {names}", names=names))
    lines.append(t("-# Nobody else sees this. It speaks of the plan, not of how anybody did."))
    back = Button(t("Back"), custom_id(DESK_OPEN, rota.id))
    return Card((Text("\n".join(lines)), Divider(), Buttons((back,))))


def _reason(reason: Reason, t: Translator) -> str:
    n, who = reason.count, mention_user(reason.member_id) if reason.member_id != NOBODY else ""
    expected = f"{reason.expected:.1f}"
    if reason.why is Why.GAPS:
        return t.tn("{n} place stayed empty", "{n} places stayed empty", n)
    if reason.why is Why.RUNNING:
        return t.tn(
            "once somebody had two turns running though others were there",
            "{n} times somebody had two turns running though others were there",
            n,
        )
    if reason.why is Why.WEEKENDS:
        return t.tn(
            "{who} had {n} weekend turn; {expected} would have been even",
            "{who} had {n} weekend turns; {expected} would have been even",
            n,
            who=who,
            expected=expected,
        )
    turns = t.tn(
        "{who} had {n} turn; {expected} would have been even",
        "{who} had {n} turns; {expected} would have been even",
        n,
        who=who,
        expected=expected,
    )
    return f"{turns} {t('(away, skipped or new?)')}" if reason.why is Why.UNDER else turns


def told_card(what: str, rota: Rota, turn: Turn, seat: Seat | None, t: Translator) -> Card:
    """In the staff channel: what needs a hand."""
    text = t(
        TOLD[what],
        name=quote(rota.shape.name, 2 * rules.LONGEST_NAME),
        who=mention_user(seat.member_id) if seat is not None else t("somebody"),
        when=timestamp(turn.starts_at, "R"),
    )
    return Card((Text(text), Buttons((Button(t("Open the rota"), custom_id(DESK_OPEN, rota.id)),))))
