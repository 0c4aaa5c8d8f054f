"""What moderators are asked: reason, rule, length; and what clearing a channel would delete, before it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Field,
    Form,
    Item,
    Option,
    Style,
    Text,
    TextField,
    TickField,
    custom_id,
)
from bot.cases import CaseKind
from bot.guards import Proposal, SafetySettings
from bot.i18n import N_, Translator
from bot.text import MODAL_LABEL, cut, mention_channel, mention_user, quote, timestamp
from cogs.moderation import rules
from cogs.moderation.model import ModerationSettings
from cogs.moderation.render_staff import EDIT_FORM, HIDE_FORM, KINDS, LIFT_FORM, LINK_FORM, NOTE_FORM, PANEL
from cogs.moderation.rules import Preview, Rule

PURGE_ASK, PURGE_FORM = "moderation:purge.ask", "moderation:purge.form"
SETTINGS_ASK, SETTINGS_FORM = "moderation:settings.ask", "moderation:settings.form"
AUTHORS_SHOWN = 8
_DELETE = (
    ("0", N_("None")),
    ("3600", N_("Of the last hour")),
    ("86400", N_("Of the last day")),
    ("604800", N_("Of the last 7 days")),
)


def reason_field(t: Translator, value: str | None = None) -> TextField:
    return TextField(
        "reason",
        t("Reason"),
        description=t("The person reads it, and it stands in the audit log."),
        long=True,
        max_length=rules.LONGEST_REASON,
        value=value,
    )


def act_form(
    kind: CaseKind, panel_id: int, known: Sequence[Rule], t: Translator, length: str | None = None
) -> Form:
    """What is asked before acting on somebody from the panel."""
    fields: list[Field] = []
    if kind is CaseKind.NOTE:
        fields.append(
            TextField("reason", t("Note, for staff alone"), long=True, max_length=rules.LONGEST_REASON)
        )
    else:
        fields.append(reason_field(t))
        if len(known) > 1:
            options = tuple(Option(cut(each.name, 100), str(index)) for index, each in enumerate(known))
            fields.append(ChoiceField("rule", t("Which rule?"), options, required=False))
    if kind in (CaseKind.TIMEOUT, CaseKind.RESTRICT, CaseKind.BAN):
        fields.append(_length_field(kind, t, length))
    if kind is CaseKind.BAN:
        options = tuple(Option(t(label), value) for value, label in _DELETE)
        fields.append(ChoiceField("delete", t("Delete their messages?"), options, required=False))
    return Form(
        cut(t(KINDS[kind]), MODAL_LABEL),
        custom_id(PANEL[kind][1], panel_id),
        tuple(fields),
    )


def _length_field(kind: CaseKind, t: Translator, length: str | None) -> TextField:
    if kind is CaseKind.TIMEOUT:
        hint = t("30m, 12h, 1d, 2w; at most 28 days")
    else:
        hint = t("30m, 12h, 1d, 2w, or forever")
    return TextField("length", t("How long?"), description=hint, max_length=40, value=length)


def note_form(case_id: int, t: Translator) -> Form:
    field = TextField("text", t("Note, for staff alone"), long=True, max_length=rules.LONGEST_REASON)
    return Form(t("Add a note"), custom_id(NOTE_FORM, case_id), (field,))


def edit_form(case_id: int, reason: str, t: Translator) -> Form:
    return Form(t("Edit the reason"), custom_id(EDIT_FORM, case_id), (reason_field(t, reason),))


def link_form(case_id: int, t: Translator) -> Form:
    field = TextField("number", t("Number of the other case"), max_length=12)
    return Form(t("Link a case"), custom_id(LINK_FORM, case_id), (field,))


def hide_form(case_id: int, t: Translator) -> Form:
    field = TextField(
        "why",
        t("Why hide it from the member?"),
        description=t("The member does not see it any more, and its points do not count."),
        long=True,
        max_length=rules.LONGEST_REASON,
    )
    return Form(t("Hide from the member"), custom_id(HIDE_FORM, case_id), (field,))


def lift_form(case_id: int, t: Translator) -> Form:
    return Form(t("End it now"), custom_id(LIFT_FORM, case_id), (reason_field(t),))


def purge_form(plan_id: int, t: Translator) -> Form:
    keep = TickField(
        "keep",
        t("Keep the messages as evidence"),
        description=t("For 30 days, for moderators alone. Otherwise no words are kept."),
    )
    return Form(t("Delete messages"), custom_id(PURGE_FORM, plan_id), (reason_field(t), keep))


def preview_card(plan_id: int, channel_id: int, seen: Preview, t: Translator) -> Card:
    """What clearing would delete. Nothing is deleted yet."""
    lines = [
        t(
            "**Nothing is deleted yet.** This is what would go from {channel}:",
            channel=mention_channel(channel_id),
        )
    ]
    lines.append(t.tn("{n} message", "{n} messages", len(seen.ids)))
    if seen.oldest is not None:
        lines.append(t("The oldest is from {time}.", time=timestamp(seen.oldest, "f")))
    shown = [f"{mention_user(who)} ({count})" for who, count in seen.by_author[:AUTHORS_SHOWN]]
    left = len(seen.by_author) - len(shown)
    if shown:
        more = t.tn("and {n} more person", "and {n} more people", left) if left else ""
        lines.append(t("Of: {who}", who=", ".join([*shown, *([more] if more else [])])))
    if seen.too_old:
        lines.append(
            t.tn(
                "{n} message is older than 14 days: Discord lets nobody delete those together, so it stays.",
                "{n} messages are older than 14 days: Discord lets nobody delete those together, so they stay.",
                seen.too_old,
            )
        )
    if seen.pinned:
        lines.append(t.tn("{n} pinned message stays.", "{n} pinned messages stay.", seen.pinned))
    items: list[Item] = [Text("\n".join(lines))]
    if seen.ids:
        label = t.tn("Delete {n} message", "Delete {n} messages", len(seen.ids))
        items.append(Buttons((Button(label, custom_id(PURGE_ASK, plan_id), style=Style.DANGER),)))
    return Card(tuple(items), silent=True)


def proposed_text(proposal: Proposal, t: Translator) -> str:
    """What a second moderator is to confirm."""
    given = proposal.payload
    who = ", ".join(mention_user(int(each)) for each in given.get("member_ids", ()))
    return t(
        "{kind} of {who}. {how}\nReason: {reason}\nThe proposer has kicked or banned many people in a short time, so "
        "somebody else looks at this one.",
        kind=t(KINDS[CaseKind(str(given["kind"]))]),
        who=who,
        how=_how(given, t),
        reason=quote(str(given.get("reason", "")), 600),
    )


def _how(given: Mapping[str, Any], t: Translator) -> str:
    """For how long, and which of their messages go with it: what a second moderator answers for."""
    if given["kind"] != CaseKind.BAN:
        return t("They can come back with an invite.")
    minutes, parts = given.get("minutes"), list[str]()
    if minutes is None:
        parts.append(t("For good."))
    elif minutes % 1440 == 0:
        parts.append(t.tn("For {n} day.", "For {n} days.", minutes // 1440))
    else:
        parts.append(t.tn("For {n} minute.", "For {n} minutes.", minutes))
    label = dict(_DELETE).get(str(given.get("delete_seconds") or 0))
    if given.get("delete_seconds") and label:
        parts.append(t("Their messages are deleted: {which}.", which=t(label)))
    return " ".join(parts)


def settings_form(mine: ModerationSettings, safety: SafetySettings, t: Translator) -> Form:
    written = "\n".join(f"{each.name} = {each.points}" for each in mine.rule_list)
    fields: tuple[Any, ...] = (
        TextField(
            "rules",
            t("Rules, one per line"),
            description=t("With the points of a warning: Be kind = 2"),
            long=True,
            required=False,
            max_length=1200,
            value=written or None,
        ),
        TextField("days", t("Days until points expire"), max_length=3, value=str(mine.points_days)),
        TextField(
            "appeal",
            t("How can somebody who was banned appeal?"),
            description=t("A link or an address. It stands in the notice of a ban."),
            required=False,
            max_length=300,
            value=mine.appeal or None,
        ),
        TextField("short", t("Kicks and bans in 10 minutes"), max_length=3, value=str(safety.cap_short)),
        TextField("hour", t("Kicks and bans in an hour"), max_length=3, value=str(safety.cap_hour)),
    )
    return Form(t("Rules, points and caps"), custom_id(SETTINGS_FORM), fields)


def settings_items(mine: ModerationSettings, safety: SafetySettings, t: Translator) -> tuple[Item, ...]:
    """What stands above the choices on the page in /setup."""
    listed = [
        t.tn("- {rule}: {n} point", "- {rule}: {n} points", each.points, rule=quote(each.name, 100))
        for each in mine.rule_list
    ]
    lines = [
        t("**Rules that a warning can name**"),
        *(listed or [t("None yet. Every warning counts 1 point.")]),
        t.tn(
            "Points expire after {n} day. When they add up, I suggest a timeout, and never a ban by myself.",
            "Points expire after {n} days. When they add up, I suggest a timeout, and never a ban by myself.",
            mine.points_days,
        ),
        t(
            "Appeal after a ban: {way}",
            way=quote(mine.appeal, 300) if mine.appeal else t("**no way is named yet**"),
        ),
        t(
            "Kicks and bans beyond {short} in 10 minutes, or {hour} in an hour, need a second moderator.",
            short=safety.cap_short,
            hour=safety.cap_hour,
        ),
        t("Moderators by the role of {command} may kick and ban too.", command="`/setup start`"),
    ]
    return Text("\n".join(lines)), Buttons((Button(t("Change this"), custom_id(SETTINGS_ASK)),))
