"""Draws cards: one's own with who sees what, and somebody's as others see it."""

from __future__ import annotations

from collections.abc import Sequence

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
    Style,
    Text,
    custom_id,
)
from bot.i18n import N_, Translator
from bot.member_card import Line, ShownTo
from bot.text import GROUP_OPTIONS, cut, mention_user
from cogs.card.service import MemberCard

OPEN = "card:own.open"
ASK = "card:own.ask"
SAVE = "card:own.save"
PREVIEW = "card:own.preview"
SHOW = "card:own.show"
MEMBERS, EVERYWHERE = "members", "everywhere"
LINES_A_FORM = 2 * GROUP_OPTIONS  # two questions for each group of lines, and a form has five
_LONGEST_LINE = 600
_SEEN_BY = {
    ShownTo.NOBODY: N_("only you"),
    ShownTo.MEMBERS: N_("members who open your card"),
    ShownTo.ALL: N_("everybody"),
}


def own_card(card: MemberCard, t: Translator, *, said_first: str | None = None) -> Card:
    """All of it, with who sees each line."""
    head = t("**Your card.** Only you see all of it. Each line is private until you show it.")
    items: list[Item] = [Text(f"**{said_first}**\n{head}" if said_first else head), Divider()]
    items += [Text(_own_line(line, t)) for line in card.lines]
    buttons = [Button(t("Choose who sees what"), custom_id(ASK), style=Style.PRIMARY)]
    buttons.append(Button(t("See it as others do"), custom_id(PREVIEW)))
    if any(line.shown_to is ShownTo.ALL and line.text for line in card.lines):
        buttons.append(Button(t("Show it here"), custom_id(SHOW)))
    items.append(Buttons(tuple(buttons)))
    return Card(tuple(items))


def shown_card(card: MemberCard, t: Translator, *, back: bool = False) -> Card:
    """Somebody's card as others see it."""
    who = mention_user(card.member_id)
    if card.lines:
        head = t("**The card of {member}**", member=who)
    else:
        head = t("{member} keeps their card to themselves, as everybody's is at first.", member=who)
    items: list[Item] = [Text(head), Divider()] if card.lines else [Text(head)]
    items += [Text(f"**{t(line.title)}**\n{cut(line.text or '', _LONGEST_LINE)}") for line in card.lines]
    if back:
        items.append(Buttons((Button(t("Back"), custom_id(OPEN)),)))
    return Card(tuple(items), silent=True)


def choose_form(lines: Sequence[Line], t: Translator) -> Form:
    """Who sees which line."""
    fields: list[Field] = []
    for start in range(0, min(len(lines), LINES_A_FORM), GROUP_OPTIONS):
        part = lines[start : start + GROUP_OPTIONS]
        fields += [
            ManyField(
                f"{MEMBERS}_{start}",
                t("Members who open my card may see"),
                tuple(Option(t(line.title), line.key, chosen=line.shown_to.for_members) for line in part),
            ),
            ManyField(
                f"{EVERYWHERE}_{start}",
                t("It may also stand in a channel"),
                tuple(Option(t(line.title), line.key, chosen=line.shown_to is ShownTo.ALL) for line in part),
                description=t("When you show your card there, and where such things are celebrated."),
            ),
        ]
    return Form(t("Who sees what"), custom_id(SAVE), tuple(fields))


def nothing_card(t: Translator) -> Card:
    """No feature contributes a line."""
    return Card((Text(t("There is nothing on cards here at the moment: what fills them is switched off.")),))


def nothing_to_show_card(t: Translator) -> Card:
    text = t("Nothing of your card may stand in a channel. Choose what may, and show it again.")
    return Card(
        (Text(text), Buttons((Button(t("Choose who sees what"), custom_id(ASK), style=Style.PRIMARY),)))
    )


def shown_here_card(t: Translator) -> Card:
    text = t("Shown below. When you choose anew who sees what, it is taken away.")
    return Card(
        (
            Text(text),
            Buttons((Button(t("Choose who sees what"), custom_id(ASK)), Button(t("Back"), custom_id(OPEN)))),
        )
    )


def _own_line(line: Line, t: Translator) -> str:
    text = cut(line.text, _LONGEST_LINE) if line.text else t("Nothing yet.")
    return f"**{t(line.title)}**\n{text}\n-# " + t("Seen by: {who}", who=t(_SEEN_BY[line.shown_to]))
