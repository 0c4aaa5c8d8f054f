"""What people see: messages, buttons, forms and answers as plain data, for assertions and for the demo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from simcord.results import InteractionResult, ResponseMessage

from sandbox.simcord_patches.nonces import nonce_of
from sandbox.simcord_patches.records import interaction_of, stored_message

if TYPE_CHECKING:
    from simcord import Env
    from simcord.backend.models import Message

_BUTTON, _TEXT_INPUT, _TEXT, _LABEL = 2, 4, 10, 18
_SELECTS = (3, 5, 6, 7, 8)
_SILENT = 1 << 12  # Discord's SUPPRESS_NOTIFICATIONS message flag


@dataclass(frozen=True, slots=True)
class Button:
    """A button on a message; ``custom_id`` is None for a link."""

    label: str
    custom_id: str | None
    disabled: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Select:
    """A select menu on a message; ``options`` are (label, value) pairs, empty for people and channels."""

    custom_id: str
    placeholder: str
    options: tuple[tuple[str, str], ...]
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as it stands when it is read: a copy, which does not change afterwards."""

    id: int
    channel_id: int
    author_id: int
    author: str
    text: str
    """Everything written on it, top to bottom, one line a text display."""
    at: datetime
    edited: bool
    ephemeral: bool
    buttons: tuple[Button, ...]
    selects: tuple[Select, ...]
    mentions: tuple[int, ...]
    """People whose mention is written in it."""
    pinged: tuple[int, ...]
    """People whom Discord notifies, given the allowed mentions."""
    pinged_roles: tuple[int, ...]
    pings_everyone: bool
    reactions: Mapping[str, tuple[int, ...]]
    reply_to: int | None
    nonce: str | None
    attachments: tuple[str, ...]

    @property
    def labels(self) -> list[str]:
        """The labels of its buttons, in order."""
        return [button.label for button in self.buttons]

    def button(self, label_or_id: str) -> Button:
        """The one button with this label or custom_id (or its beginning, up to a colon)."""
        return _one(self.buttons, label_or_id)

    def __str__(self) -> str:
        buttons = " ".join(f"[{label}]" for label in self.labels)
        return f"{self.author}: {self.text}" + (f"\n  {buttons}" if buttons else "")


def _one(buttons: Sequence[Button], wanted: str) -> Button:
    exact = [button for button in buttons if wanted in (button.label, button.custom_id)]
    found = exact or [button for button in buttons if (button.custom_id or "").startswith(f"{wanted}:")]
    if len(found) != 1:
        labels = ", ".join(f"{button.label!r} ({button.custom_id})" for button in buttons) or "none"
        raise LookupError(f"{len(found)} buttons are called {wanted!r}; there are: {labels}")
    return found[0]


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form (modal)."""

    label: str
    custom_id: str
    kind: int
    """Discord's component type: 4 text, 3 select, 21 radio group, 22 checkbox group, 23 checkbox."""
    required: bool
    options: tuple[tuple[str, str], ...]
    description: str
    value: str = ""
    """What a text field is filled with already."""


@dataclass(frozen=True, slots=True)
class Modal:
    """A form shown as the answer to a press or a command."""

    title: str
    custom_id: str
    fields: tuple[Field, ...]
    text: str
    """Text displays between the questions."""

    def field(self, label_or_id: str) -> Field:
        """The question with this label or custom_id."""
        for item in self.fields:
            if label_or_id in (item.label, item.custom_id):
                return item
        known = ", ".join(repr(item.label) for item in self.fields)
        raise LookupError(f"the form has no question {label_or_id!r}; it asks {known}")


@dataclass(slots=True)
class Answer:
    """Everything the bot showed a person in answer to one action. Reads the present state every time."""

    env: Env
    result: InteractionResult

    @property
    def answered(self) -> bool:
        """Whether the bot acknowledged it at all."""
        return self.result.acknowledged

    @property
    def thinking(self) -> bool:
        """Whether the person still looks at "thinking..."."""
        return interaction_of(self.result).loading

    @property
    def modal(self) -> Modal | None:
        """The form the bot opened."""
        raw = self.result.modal
        return None if raw is None else read_modal(raw)

    @property
    def message(self) -> Seen | None:
        """The reply, or the card the press changed."""
        response = self.result.response
        return None if response is None else read_message(self.env, stored_message(response))

    @property
    def followups(self) -> list[Seen]:
        """Messages the bot sent after the reply."""
        return [read_message(self.env, stored_message(item)) for item in self.result.followups]

    @property
    def shown(self) -> list[Seen]:
        """Reply and follow-ups, in order."""
        first = self.message
        return ([first] if first else []) + self.followups

    @property
    def text(self) -> str:
        """Everything the person read, or the title of the form that opened."""
        modal = self.modal
        lines = [item.text for item in self.shown]
        return "\n".join([*([modal.title] if modal else []), *lines])

    @property
    def buttons(self) -> list[Button]:
        """Every button the person was shown."""
        return [button for item in self.shown for button in item.buttons]

    @property
    def ephemeral(self) -> bool:
        """Whether only this person saw all of it."""
        return bool(self.shown) and all(item.ephemeral for item in self.shown)


def _walk(components: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The components in the order they are read on screen."""
    for component in components:
        yield component
        yield from _walk(component.get("components") or ())
        for name in ("accessory", "component"):
            if component.get(name):
                yield from _walk((component[name],))


def _options(component: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(option["label"]), str(option["value"])) for option in component.get("options") or ())


def _emoji(component: Mapping[str, Any]) -> str:
    emoji: Mapping[str, Any] = component.get("emoji") or {}
    return str(emoji.get("name") or "")


def _embed_text(embed: Mapping[str, Any]) -> Iterator[str]:
    for part in (embed.get("title"), embed.get("description")):
        if part:
            yield str(part)
    for item in embed.get("fields") or ():
        yield f"{item['name']}: {item['value']}"
    footer: Mapping[str, Any] = embed.get("footer") or {}
    if footer.get("text"):
        yield str(footer["text"])


def read_message(env: Env, message: Message) -> Seen:
    """A stored message as a person would read it."""
    parts = list(_walk(message.components))
    lines = [message.content] if message.content else []
    lines += [str(part["content"]) for part in parts if part.get("type") == _TEXT]
    lines += [line for embed in message.embeds for line in _embed_text(embed)]
    silent = bool(message.flags & _SILENT)
    author = env.backend.users[message.author_id]
    reference = message.reference or {}
    return Seen(
        id=message.id,
        channel_id=message.channel_id,
        author_id=message.author_id,
        author=message.author_name or author.global_name or author.name,
        text="\n".join(lines),
        at=datetime.fromisoformat(message.timestamp),
        edited=message.edited_timestamp is not None,
        ephemeral=message.is_ephemeral,
        buttons=tuple(
            Button(
                label=str(part.get("label") or _emoji(part)),
                custom_id=part.get("custom_id"),
                disabled=bool(part.get("disabled")),
                url=part.get("url"),
            )
            for part in parts
            if part.get("type") == _BUTTON
        ),
        selects=tuple(
            Select(
                part["custom_id"],
                str(part.get("placeholder") or ""),
                _options(part),
                bool(part.get("disabled")),
            )
            for part in parts
            if part.get("type") in _SELECTS
        ),
        mentions=tuple(message.mention_user_ids),
        pinged=() if silent else tuple(message.ping_user_ids),
        pinged_roles=() if silent else tuple(message.ping_role_ids),
        pings_everyone=message.mention_everyone and message.allowed_mentions.everyone and not silent,
        reactions={item.emoji: tuple(item.user_ids) for item in message.reactions},
        reply_to=int(reference["message_id"]) if reference.get("type") == 0 else None,
        nonce=nonce_of(env, message.id),
        attachments=tuple(str(item.get("filename")) for item in message.attachments),
    )


def _read_field(wrapper: Mapping[str, Any], control: Mapping[str, Any]) -> Field:
    return Field(
        label=str(wrapper.get("label") or control.get("label") or ""),
        custom_id=str(control["custom_id"]),
        kind=int(control["type"]),
        required=bool(control.get("required", control["type"] == _TEXT_INPUT)),
        options=_options(control),
        description=str(wrapper.get("description") or ""),
        value=str(control.get("value") or ""),
    )


def read_modal(raw: Mapping[str, Any]) -> Modal:
    """A form as a person would read it."""
    fields: list[Field] = []
    texts: list[str] = []
    for part in cast("Sequence[Mapping[str, Any]]", raw.get("components") or ()):
        if part.get("type") == _TEXT:
            texts.append(str(part["content"]))
            continue
        inner = part.get("component") if part.get("type") == _LABEL else None
        controls = [inner] if inner else list(part.get("components") or ())
        fields += [_read_field(part, control) for control in controls]
    return Modal(str(raw["title"]), str(raw["custom_id"]), tuple(fields), "\n".join(texts))


def response_handle(env: Env, message: Message) -> ResponseMessage:
    """The handle SimCord's verbs want for a stored message."""
    return ResponseMessage(env, message)
