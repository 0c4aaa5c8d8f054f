"""The report of the health check, and the notice to staff when something breaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from bot.cards import Button, Buttons, Card, Divider, Item, Style, Text, custom_id
from bot.i18n import N_, Translator
from bot.setup_checks import DRIFT_CONTROL, Finding, Level, Repair, Word
from bot.text import channel_link, cut, length

DOCTOR_CONTROL = "setup:doctor.show"
LET_IN_CONTROL = "setup:staff.let_in"
CREATE_CONTROL = "setup:choice.create"
FORGET_CONTROL = "setup:choice.forget"
ALLOW_CONTROL = "setup:channel.allow"
PAGE_BUTTON = "setup:page.show"
STEP_CONTROL = "setup:step.open"  # without a number: the first step
REPAIRS = {
    Repair.CREATE: (CREATE_CONTROL, N_("Create it for me")),
    Repair.ALLOW: (ALLOW_CONTROL, N_("Give yourself these permissions")),
    Repair.LET_IN: (LET_IN_CONTROL, N_("Let that role in")),
    Repair.FORGET: (FORGET_CONTROL, N_("Empty this choice")),
    Repair.OPEN: (PAGE_BUTTON, N_("Choose one")),
    Repair.COMPARE: (DRIFT_CONTROL, N_("Compare and choose")),
}
PROBLEMS_A_CARD = 8  # with a button each: 24 components, and some 350 characters
LONGEST_PROBLEM = 380
LONGEST_FINE = 600
ROOM_OF_A_PROBLEM = 250  # what each problem that is not there leaves to the list of what is all right
LEVELS = {Level.BROKEN: N_("Broken"), Level.WARNING: N_("Worth a look")}


def report_card(
    findings: Sequence[Finding], guild_id: int, t: Translator, *, start: int = 0, done: bool = False
) -> Card:
    """What works and what does not. `start` is the first problem shown; `done` when it ends the set-up."""
    problems = [each for each in findings if each.level is not Level.OK]
    hints = [each for each in findings if each.is_hint]
    fine = [each for each in findings if each.level is Level.OK and not each.is_hint]
    start = start if start < len(problems) else 0
    shown = problems[start : start + PROBLEMS_A_CARD]
    items: list[Item] = [Text(f"{_title(t, done=done)}\n{_summary(problems, t)}")]
    used: set[str | None] = set()
    for each in shown:
        items.append(Text(cut(f"**{t(LEVELS[each.level])}**: {explained(each, t)}", LONGEST_PROBLEM)))
        button = _button(each, guild_id, t)
        if button is not None and (button.custom_id or button.url) not in used:  # Discord takes each id once
            used.add(button.custom_id or button.url)
            items.append(Buttons((button,)))
    if fine:
        room = LONGEST_FINE + (PROBLEMS_A_CARD - len(shown)) * ROOM_OF_A_PROBLEM
        items += [
            Divider(),
            Text(_whole_lines(t("**All right**"), [explained(each, t) for each in fine], room, t)),
        ]
    if hints:
        items += [Divider(), Text(cut(_hints(hints, t), LONGEST_FINE))]
    ways = [
        Button(t("Look again"), custom_id(DOCTOR_CONTROL, 0)),
        Button(t("Step by step"), custom_id(STEP_CONTROL)),
    ]
    left = len(problems) - start - len(shown)
    if left:
        more = t.tn("Show {n} more", "Show {n} more", left)
        ways.insert(0, Button(more, custom_id(DOCTOR_CONTROL, start + len(shown)), style=Style.PRIMARY))
    return Card((*items, Buttons(tuple(ways))))


def broken_card(findings: Sequence[Finding], t: Translator) -> Card:
    """The notice to staff: what has just broken."""
    head = t("**Something needs a hand**\nThis has just broken:")
    lines = [cut(f"- {explained(each, t)}", LONGEST_PROBLEM) for each in findings[:PROBLEMS_A_CARD]]
    if len(findings) > PROBLEMS_A_CARD:
        left = len(findings) - PROBLEMS_A_CARD
        lines.append(t.tn("- and {n} more thing", "- and {n} more things", left))
    tail = t("{command} shows everything and mends what I can mend myself.", command="`/setup doctor`")
    return Card((Text("\n".join([head, *lines])), Text(tail)))


def _whole_lines(head: str, lines: Sequence[str], room: int, t: Translator) -> str:
    """As many lines as there is room for, none of them cut, and how many there are beyond."""
    for count in range(len(lines), 0, -1):
        left = len(lines) - count
        more = [t.tn("and {n} more", "and {n} more", left)] if left else []
        text = "\n".join([head, *lines[:count], *more])
        if length(text) <= room:
            return text
    return cut("\n".join([head, *lines]), room)


def _hints(hints: Sequence[Finding], t: Translator) -> str:
    """What would need a permission that nobody has asked for yet, and how it gets it."""
    head = t("**Only if you want to use these**")
    way = t(
        "Give my role the permissions named here in Server Settings > Roles. I say so when one of them is missing."
    )
    return "\n".join([head, way, *(f"- {explained(each, t)}" for each in hints)])


def explained(finding: Finding, t: Translator, *, with_what_is_off: bool = True) -> str:
    """The finding in a sentence or three: what is the case, what is off, what mends it."""
    fields = {name: _said(value, t) for name, value in finding.fields.items()}
    parts = (finding.text, finding.off if with_what_is_off else None, finding.remedy)
    return " ".join(t(part, **fields) if fields else t(part) for part in parts if part is not None)


def _said(value: object, t: Translator) -> object:
    if isinstance(value, Word):
        return t(str(value))
    if isinstance(value, tuple):
        return ", ".join(t(str(each)) for each in cast("tuple[object, ...]", value))
    return value


def _title(t: Translator, *, done: bool) -> str:
    if done:
        return t("**That is it: your community is set up**\nChange anything at any time with `/setup start`.")
    return t("**How I am doing in this server**")


def _summary(problems: Sequence[Finding], t: Translator) -> str:
    broken = sum(each.level is Level.BROKEN for each in problems)
    warnings = len(problems) - broken
    if not problems:
        return t("Everything works: I found nothing to mend.")
    parts: list[str] = []
    if broken:
        parts.append(t.tn("{n} thing is broken", "{n} things are broken", broken))
    if warnings:
        parts.append(t.tn("{n} thing is worth a look", "{n} things are worth a look", warnings))
    return t("{what}. Everything else works.", what=", ".join(parts))


def _button(finding: Finding, guild_id: int, t: Translator) -> Button | None:
    if finding.repair is not None:
        control, label = REPAIRS[finding.repair]
        return Button(t(label), custom_id(control, finding.target))
    if finding.link_channel_id is not None:
        return Button(t("Go to the channel"), url=channel_link(guild_id, finding.link_channel_id))
    return None
