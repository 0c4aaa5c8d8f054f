"""/help by what one wants to do: the first goals as buttons that do it, the rest as commands, staff's apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.authority import Capability
from bot.cards import Button, Buttons, Card, Divider, Item, Style, Text, custom_id
from bot.i18n import N_, Translator
from bot.support import SUPPORT_ASK
from bot.text import length

if TYPE_CHECKING:
    from bot.groups import HelpLine

MOST_BUTTONS = 6
# Of the 4,000 characters of a card. What is cut is still in Discord's own list of commands.
ROOM_FOR_MEMBERS = 1600
ROOM_FOR_STAFF = 1900
_HEADINGS = {
    Capability.REVIEW: N_("**For reviewers**"),
    Capability.MODERATE: N_("**For moderators**"),
    Capability.FACILITATE: N_("**For facilitators**"),
}


def help_card(lines: Sequence[HelpLine], capabilities: frozenset[Capability], t: Translator) -> Card:
    """Only what one may do. The lines with the lowest `rank` come first."""
    ours = sorted((each for each in lines if each.needs is None), key=lambda each: each.rank)
    pressed = [each for each in ours if each.control is not None][:MOST_BUTTONS]
    items: list[Item] = [Text(t("**What would you like to do?**"))]
    for index, each in enumerate(pressed):
        style = Style.SECONDARY if index else Style.PRIMARY
        items.append(Buttons((Button(t(each.goal), custom_id(each.control or ""), style=style),)))
    commands = " ".join(f"`{each.command}`" for each in pressed)
    typed = [t("-# The same by typing: {commands}", commands=commands)] if pressed else []
    rest = [_line(each, t) for each in ours if each not in pressed]
    items.append(Text("\n".join(_fitting([*typed, *rest], ROOM_FOR_MEMBERS, t))))
    staff: list[str] = []
    for capability, heading in _HEADINGS.items():
        theirs = [each for each in lines if each.needs is capability and capability in capabilities]
        if theirs:
            staff += [t(heading), *(_line(each, t) for each in sorted(theirs, key=lambda each: each.rank))]
    if staff:
        items += [Divider(), Text("\n".join(_fitting(staff, ROOM_FOR_STAFF, t)))]
    wrong = Button(t("Something is wrong with this bot"), custom_id(SUPPORT_ASK))
    return Card((*items, Divider(), Buttons((wrong,))))


def _line(line: HelpLine, t: Translator) -> str:
    return f"- {t(line.goal)}: `{line.command}`"


def _fitting(lines: Sequence[str], room: int, t: Translator) -> list[str]:
    """As many lines as there is room for, and how many are missing."""
    kept: list[str] = []
    for index, line in enumerate(lines):
        room -= length(line) + 1
        if room < 0:
            left = len(lines) - index
            kept.append(
                t.tn("- and {n} more: type `/` to see it", "- and {n} more: type `/` to see them", left)
            )
            break
        kept.append(line)
    return kept
