"""What members are told: what happened, by which rule, how long, what they may still do, and how to appeal."""

from __future__ import annotations

from bot.cards import Button, Buttons, Card, Text, custom_id
from bot.cases import Case, CaseKind
from bot.i18n import N_, Translator
from bot.text import quote, timestamp

REASON_SHOWN, APPEAL_SHOWN, RULE_SHOWN = 1200, 400, 120

_HEADINGS = {
    CaseKind.WARN: N_("**A moderator has given you a warning.**"),
    CaseKind.TIMEOUT: N_("**A moderator has put you on a timeout.**"),
    CaseKind.RESTRICT: N_("**A moderator has restricted what you can do here.**"),
    CaseKind.KICK: N_("**A moderator has removed you from the server.**"),
    CaseKind.BAN: N_("**A moderator has banned you from the server.**"),
}
_LEFT = {
    CaseKind.WARN: N_("You can go on as before."),
    CaseKind.TIMEOUT: N_("Until then you cannot write or speak. You can still read."),
    CaseKind.RESTRICT: N_("You are still a member, and everything else works as before."),
    CaseKind.KICK: N_("This is no ban: with an invite you can come back."),
}


def notice_card(
    case: Case, appeal: str, contact: str, t: Translator, *, appeal_control: str | None = None
) -> Card:
    """The notice by DM. `appeal` is the community's way for who is banned, `contact` the operator's, and `appeal_control`
    what a button does that appeals it here."""
    lines = [t(_HEADINGS[case.kind])]
    if case.rule:
        lines.append(t("Rule: {rule}", rule=quote(case.rule, RULE_SHOWN)))
    lines.append(t("Why: {reason}", reason=quote(case.reason, REASON_SHOWN)))
    until = _until(case, t)
    if until is not None:
        lines.append(until)
    if case.points and case.points_until is not None:
        lines.append(
            t.tn(
                "It counts {n} point until {day}. When points add up, moderators look at what to do next.",
                "It counts {n} points until {day}. When points add up, moderators look at what to do next.",
                case.points,
                day=timestamp(case.points_until, "D"),
            )
        )
    if case.kind in _LEFT:
        lines.append(t(_LEFT[case.kind]))
    if appeal_control is None:
        lines.append(_appeal(case, appeal, contact, t))
        return Card((Text("\n".join(lines)),))
    lines += _appeal_here(case, appeal, t)
    return Card(
        (Text("\n".join(lines)), Buttons((Button(t("Appeal this"), custom_id(appeal_control, case.id)),)))
    )


def _appeal_here(case: Case, appeal: str, t: Translator) -> list[str]:
    """Discord lets nobody use commands in a timeout or after leaving, so the button is what works in any case."""
    number = f"#{case.number}"
    if case.kind in (CaseKind.WARN, CaseKind.RESTRICT):
        return [
            t(
                "Is it wrong? Press the button and say why, here or with {command} in the server. Somebody else will decide. "
                "It is case {number}.",
                command="`/standing`",
                number=number,
            )
        ]
    lines = [
        t(
            "Is it wrong? Press the button and say why. Somebody else will decide. It is case {number}.",
            number=number,
        )
    ]
    if appeal and case.kind in (CaseKind.KICK, CaseKind.BAN):
        lines.append(t("Or: {appeal}", appeal=quote(appeal, APPEAL_SHOWN)))
    return lines


def _until(case: Case, t: Translator) -> str | None:
    if case.kind not in (CaseKind.TIMEOUT, CaseKind.RESTRICT, CaseKind.BAN):
        return None
    if case.ends_at is None:
        return t("It has no set end.")
    return t(
        "Until {time} ({how_long}). It ends by itself.",
        time=timestamp(case.ends_at, "f"),
        how_long=timestamp(case.ends_at, "R"),
    )


def _appeal(case: Case, appeal: str, contact: str, t: Translator) -> str:
    number = f"#{case.number}"
    if case.kind not in (CaseKind.KICK, CaseKind.BAN):
        return t(
            "Is it wrong? In the server, {command} shows it and lets you appeal. Somebody else will decide. "
            "It is case {number}.",
            command="`/standing`",
            number=number,
        )
    if appeal:
        return t(
            "Is it wrong? You can appeal: {appeal}\nPlease name case {number}.",
            appeal=quote(appeal, APPEAL_SHOWN),
            number=number,
        )
    if contact:
        return t(
            "Is it wrong? The community has named no way to appeal. Whoever runs this bot can pass it on: {contact}\n"
            "Please name case {number}.",
            contact=quote(contact, APPEAL_SHOWN),
            number=number,
        )
    return t(
        "Is it wrong? Write to a moderator or to the owner of the server, and name case {number}.",
        number=number,
    )
