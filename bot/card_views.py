"""Turns cards and forms into Discord's components, cut to Discord's limits.

Views and modals are stopped before they are sent, so discord.py does not keep them: a click is answered by
`bot/components.py` from the control's id alone, today or in a year. Keeping them would also grow without end.
"""

from __future__ import annotations

import io
import logging
from typing import Any, TypeAlias, assert_never, cast

import discord
from discord import ui

from bot import text
from bot.cards import (
    Attachment,
    Button,
    Buttons,
    Card,
    ChoiceField,
    Divider,
    Field,
    Form,
    Item,
    ManyField,
    Option,
    Pick,
    PickMember,
    PickPlace,
    Style,
    Text,
    TextField,
    TickField,
)
from bot.text import cut

log = logging.getLogger(__name__)

BUTTONS_A_ROW = 5
SMALLEST_MARKER = 1 << 30  # see bot.marks.marker_of
MENTIONS = 100  # resources/message: users in allowed_mentions
_Component: TypeAlias = (
    ui.TextDisplay[ui.LayoutView]
    | ui.Separator[ui.LayoutView]
    | ui.ActionRow[ui.LayoutView]
    | ui.File[ui.LayoutView]
)

_STYLES = {
    Style.PRIMARY: discord.ButtonStyle.primary,
    Style.SECONDARY: discord.ButtonStyle.secondary,
    Style.DANGER: discord.ButtonStyle.danger,
}


def to_view(card: Card, *, marker: int | None = None) -> ui.LayoutView:
    """The card as components: one container, whose component id is the marker of the outbox.

    What Discord would refuse is left out, the last items first, rather than that nothing is shown: text beyond
    4000 characters, components beyond 40. Who draws a long list cuts it himself, in words.
    """
    container: ui.Container[ui.LayoutView] = ui.Container(id=marker)
    room = text.V2_TEXT_LIMIT
    places = text.V2_COMPONENTS - 2  # the container takes one, and one is kept for saying that it goes on
    components = [each for item in card.items for each in _components(item)]
    for component in components:
        if isinstance(component, ui.TextDisplay):
            component.content = cut(component.content, room)
            room -= text.length(component.content)
            if not component.content:
                continue
        places -= 1 + len(component.children if isinstance(component, ui.ActionRow) else ())
        if places < 0:
            log.error("a card has more than %s components; the rest is left out", text.V2_COMPONENTS)
            break
        container.add_item(component)
    if (places < 0 and room) or not container.children:
        container.add_item(ui.TextDisplay(text.ELLIPSIS))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    view.stop()
    return view


def marker_on(message: discord.Message) -> int | None:
    """The outbox's marker on a message of ours. Ids that Discord gave by itself are small."""
    ids = (each.id for each in message.components if isinstance(each, discord.Container))
    return next((each for each in ids if each is not None and each >= SMALLEST_MARKER), None)


def allowed_mentions(card: Card) -> discord.AllowedMentions:
    """Only who the card is meant to notify, at most 100; the text may mention anybody."""
    users = [discord.Object(each) for each in sorted(card.pings)[:MENTIONS]]
    roles = [discord.Object(each) for each in sorted(card.role_pings)[:MENTIONS]]
    return discord.AllowedMentions(everyone=False, roles=roles or False, replied_user=False, users=users)


def files_of(card: Card) -> list[discord.File]:
    """The card's attachments, to be sent along with it."""
    found = (each for each in card.items if isinstance(each, Attachment))
    return [discord.File(io.BytesIO(each.content), each.name) for each in found]


def to_modal(form: Form) -> ui.Modal:
    """The form as a modal. Its answers come back under the names of its fields, see `form_answers`."""
    modal = ui.Modal(title=cut(form.title, text.MODAL_TITLE), custom_id=form.custom_id, timeout=1)
    for field in form.fields:
        modal.add_item(
            ui.Label(
                text=cut(field.label, text.MODAL_LABEL),
                description=cut(field.description, text.MODAL_DESCRIPTION) if field.description else None,
                component=_field(field),
            )
        )
    modal.stop()
    return modal


def form_answers(interaction: discord.Interaction[Any]) -> dict[str, Any]:
    """What was answered in a form, by field name: text, True or False, an option's value, or a list of them."""
    return {
        each["custom_id"]: each.get("value", each.get("values"))
        for each in _answered(interaction)
        if "custom_id" in each
    }


def form_texts(interaction: discord.Interaction[Any]) -> list[str]:
    """What was typed into a form, in order; nothing for an interaction that is none."""
    is_text = discord.ComponentType.text_input.value
    return [str(each.get("value") or "") for each in _answered(interaction) if each.get("type") == is_text]


def _answered(interaction: discord.Interaction[Any]) -> list[dict[str, Any]]:
    data = cast("dict[str, Any]", interaction.data or {})
    parts = cast("list[dict[str, Any]]", data.get("components", []))
    return [cast("dict[str, Any]", part.get("component", part)) for part in parts]


def _components(item: Item) -> list[_Component]:
    """The item as components; none for what would be empty, which Discord refuses."""
    match item:
        case Text(content):
            return [ui.TextDisplay(content)] if content.strip() else []
        case Divider():
            return [ui.Separator()]
        case Buttons(buttons):
            rows = (buttons[at : at + BUTTONS_A_ROW] for at in range(0, len(buttons), BUTTONS_A_ROW))
            return [ui.ActionRow(*map(_button, row)) for row in rows]
        case Pick():
            return [ui.ActionRow(_pick(item))] if item.options else []
        case PickPlace():
            return [ui.ActionRow(_pick_place(item))]
        case PickMember(name, placeholder):
            placeholder = cut(placeholder, text.SELECT_PLACEHOLDER)
            menu: ui.UserSelect[Any] = ui.UserSelect(custom_id=name, placeholder=placeholder)
            return [ui.ActionRow(menu)]
        case Attachment(name):
            return [ui.File(f"attachment://{name}")]
        case _:
            assert_never(item)


def _button(button: Button) -> ui.Button[Any]:
    label = cut(button.label, text.BUTTON_LABEL).strip() or text.ELLIPSIS
    if button.url is not None:
        return ui.Button(label=label, url=button.url)
    return ui.Button(
        label=label, custom_id=button.custom_id, style=_STYLES[button.style], disabled=button.disabled
    )


def _pick(pick: Pick) -> ui.Select[Any]:
    options = [
        discord.SelectOption(
            label=cut(option.label, text.SELECT_LABEL),
            value=option.value,
            description=cut(option.description, text.SELECT_DESCRIPTION) if option.description else None,
            default=option.chosen,
        )
        for option in pick.options[: text.SELECT_OPTIONS]
    ]
    return ui.Select(
        custom_id=pick.custom_id,
        placeholder=cut(pick.placeholder, text.SELECT_PLACEHOLDER),
        options=options,
        min_values=0 if pick.many else 1,
        max_values=len(options) if pick.many else 1,
    )


def _pick_place(pick: PickPlace) -> ui.ChannelSelect[Any] | ui.RoleSelect[Any]:
    placeholder = cut(pick.placeholder, text.SELECT_PLACEHOLDER)
    # An empty choice is allowed: it switches the thing off.
    if pick.of == "channel":
        kind = discord.SelectDefaultValueType.channel
        return ui.ChannelSelect(
            custom_id=pick.custom_id,
            placeholder=placeholder,
            channel_types=[discord.ChannelType.text],
            min_values=0,
            default_values=_chosen(pick, kind),
        )
    return ui.RoleSelect(
        custom_id=pick.custom_id,
        placeholder=placeholder,
        min_values=0,
        default_values=_chosen(pick, discord.SelectDefaultValueType.role),
    )


def _chosen(pick: PickPlace, kind: discord.SelectDefaultValueType) -> list[discord.SelectDefaultValue]:
    return [] if pick.chosen is None else [discord.SelectDefaultValue(id=pick.chosen, type=kind)]


def _field(field: Field) -> ui.Item[Any]:
    match field:
        case TextField():
            longest = min(field.max_length, text.TEXT_INPUT)
            return ui.TextInput(
                custom_id=field.name,
                style=discord.TextStyle.paragraph if field.long else discord.TextStyle.short,
                placeholder=cut(field.placeholder, text.TEXT_INPUT_PLACEHOLDER)
                if field.placeholder
                else None,
                default=cut(field.value, longest) if field.value else None,
                required=field.required,
                max_length=longest,
            )
        case TickField():
            return ui.Checkbox(custom_id=field.name, default=field.value)
        case ChoiceField():
            choices = [
                discord.RadioGroupOption(**_choice(each)) for each in field.options[: text.GROUP_OPTIONS]
            ]
            return ui.RadioGroup(custom_id=field.name, required=field.required, options=choices)
        case ManyField():
            boxes = [
                discord.CheckboxGroupOption(**_choice(each)) for each in field.options[: text.GROUP_OPTIONS]
            ]
            return ui.CheckboxGroup(custom_id=field.name, required=False, min_values=0, options=boxes)
        case _:
            assert_never(field)


def _choice(option: Option) -> dict[str, Any]:
    return {
        "label": cut(option.label, text.SELECT_LABEL),
        "value": option.value,
        "description": cut(option.description, text.SELECT_DESCRIPTION) if option.description else None,
        "default": option.chosen,
    }
