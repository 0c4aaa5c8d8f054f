"""What staff see of somebody's streak.

A control's number is that of the streak and the day or page besides, since one number is all that it holds.
"""

from __future__ import annotations

from datetime import date

from bot.cards import Buttons, Card, Form, Item, Option, Pick, Text, TextField, custom_id
from bot.errors import InvalidInput
from bot.i18n import Translator
from bot.text import mention_user
from cogs.streaks.model import StaffView
from cogs.streaks.render import page_buttons, page_items
from cogs.streaks.repairs import LONGEST_REASON

PAGE = "streaks:staff.page"
CHOOSE = "streaks:staff.choose"
REPAIR = "streaks:staff.repair"
TAKE_BACK = "streaks:staff.take_back"
_DAYS = 10**7  # proleptic ordinals have seven digits


def packed(streak_id: int, number: int) -> int:
    return streak_id * _DAYS + number


def unpacked(row: int | None) -> tuple[int, int]:
    return divmod(row or 0, _DAYS)


def unpacked_day(row: int | None) -> tuple[int, date]:
    """The streak and the Monday. Raises `InvalidInput` for a forged one."""
    streak_id, ordinal = unpacked(row)
    try:
        return streak_id, date.fromordinal(ordinal)
    except ValueError:
        raise InvalidInput("That cannot be chosen any more. Please open the menu again.") from None


def staff_card(view: StaffView, t: Translator, *, said: str | None = None) -> Card:
    """The weeks with their reasons, and what can be mended."""
    page, standing = view.page, view.page.standing
    head = t(
        "**The streak of {member}**: {weeks}, {freezes}; longest {longest}. Clock: {zone}",
        member=mention_user(standing.member_id),
        weeks=t.tn("{n} week", "{n} weeks", standing.length),
        freezes=t.tn("{n} freeze", "{n} freezes", standing.freezes),
        longest=standing.longest,
        zone=standing.zone,
    )
    if standing.hidden:
        head += "\n" + t("-# They have hidden it. Look only to help, and keep it to yourself.")
    items: list[Item] = [Text(said)] if said else []
    items += [Text(head), *page_items(page, t)]
    buttons = page_buttons(page, PAGE, t, base=packed(view.streak_id, 0))
    if buttons:
        items.append(Buttons(tuple(buttons)))
    if view.repairable:
        items.append(Text(t("-# To join two streaks, repair every week between them.")))
        items.append(
            _menu(CHOOSE, view.streak_id, t("Repair a week (I ask for the reason)"), view.repairable, t)
        )
    if view.repaired:
        items.append(_menu(TAKE_BACK, view.streak_id, t("Take a repair back"), view.repaired, t))
    return Card(tuple(items))


def repair_form(streak_id: int, monday: date, t: Translator) -> Form:
    """Why: read by the member, and in the record of changes."""
    field = TextField(
        "reason",
        t("Why does this week count?"),
        description=t("The member reads it, and it stands in the record of changes."),
        max_length=LONGEST_REASON,
    )
    title = t("Week of {monday}", monday=monday)
    return Form(title, custom_id(REPAIR, packed(streak_id, monday.toordinal())), (field,))


def _menu(control: str, streak_id: int, placeholder: str, days: tuple[date, ...], t: Translator) -> Pick:
    options = tuple(Option(t("Week of {monday}", monday=day), day.isoformat()) for day in days)
    return Pick(custom_id(control, streak_id), placeholder, options)
