"""Draws effects at the moment of sending, from the state as it is then.

A feature registers a renderer under a name when it loads; an effect in the outbox names it and carries ids. A
renderer returns a `Card`, a `ThreadTitle`, an `EventDraft` or a `PollDraft`, or raises `Obsolete` with the
reason when there is nothing to show. Every card that tells a member something, of which the notification's row
bears witness, gets its "Why am I seeing this?" here, so no feature can forget it; a DM also says from which
server it comes. `translator` has the language: the member's for a DM, the community's for a post.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.cards import (
    AutomodDraft,
    Button,
    Card,
    EventDraft,
    PollDraft,
    Text,
    ThreadTitle,
    custom_id,
)
from bot.dispatcher import PlannedEffect
from bot.i18n import Translator
from bot.languages import Languages
from bot.outbox import EffectKind
from bot.text import quote

WHY_CONTROL = "notify:why.show"
LONGEST_NAME = 200  # a server's name has 100 characters, each of which may need a backslash

Rendered = Card | ThreadTitle | EventDraft | PollDraft | AutomodDraft
Renderer = Callable[[PlannedEffect], Awaitable[Rendered]]


@dataclass(frozen=True)
class _Entry:
    render: Renderer
    what: str
    if_channel_gone: str | None


class Renderers:
    """Knows who draws what."""

    def __init__(self, languages: Languages) -> None:
        self._languages = languages
        self.name_of_guild: Callable[[int], str | None] = lambda _: None
        self._entries: dict[str, _Entry] = {}

    def register(self, name: str, render: Renderer, *, what: str, if_channel_gone: str | None = None) -> None:
        """Make a renderer known.

        `what` (a gettext id) names the message in notices to staff; `if_channel_gone` (one too) says how to
        mend it when its channel was deleted and that was not chosen in /setup. Raises ValueError when the
        name is taken.
        """
        if name in self._entries:
            raise ValueError(f"two renderers are named {name!r}")
        self._entries[name] = _Entry(render, what, if_channel_gone)

    def unregister(self, *names: str) -> None:
        for name in names:
            self._entries.pop(name, None)

    def what(self, name: str) -> str | None:
        """What the renderer draws, in words (a gettext id)."""
        entry = self._entries.get(name)
        return entry.what if entry is not None else None

    def if_channel_gone(self, name: str) -> str | None:
        """How staff mend it when the channel of what the renderer draws was deleted (a gettext id)."""
        entry = self._entries.get(name)
        return entry.if_channel_gone if entry is not None else None

    async def render(self, effect: PlannedEffect) -> Rendered:
        """Draw the effect. Raises LookupError when no feature draws it (any more)."""
        entry = self._entries.get(effect.renderer or "")
        if entry is None:
            raise LookupError(f"no feature draws {effect.renderer!r}")
        rendered = await entry.render(effect)
        if not isinstance(rendered, Card):
            return rendered
        t = await self.translator(effect)
        server = self.name_of_guild(effect.guild_id)
        if effect.kind is EffectKind.DIRECT_MESSAGE and server is not None:
            rendered = replace(rendered, items=(*rendered.items, from_server(server, t)))
        notification_id = effect.arguments.get("notification_id")
        if notification_id is None:
            return rendered
        return rendered.with_button(
            Button(t("Why am I seeing this?"), custom_id(WHY_CONTROL, int(notification_id)))
        )

    async def translator(self, effect: PlannedEffect) -> Translator:
        """Texts in the language of whoever reads this effect."""
        return await self._languages.of_effect(effect.kind, effect.guild_id, effect.member_id)


def from_server(name: str, t: Translator) -> Text:
    """The line of a DM that says whose it is: somebody may be in several communities."""
    return Text(t("-# From {server}", server=quote(name, LONGEST_NAME)))
