"""Which features a community has: all of them, until a facilitator switches one off.

A feature is a folder of `cogs/`, and everything that belongs to it is known by that name: its controls by their
prefix, its commands, jobs, reactions and message handlers by the module in which they are written. While it is
off its commands and controls say so, its message handlers and reactions are not called, and its jobs are left
out with that reason. Only listeners to other events of Discord must ask by themselves: `is_on`.

The settings are cached like every section of the configuration, so asking costs no SQL.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import Audit
from bot.authority import Actor
from bot.errors import NotConfigured, NotFound
from bot.extensions import FOLDER
from bot.guild_config import GuildConfigs
from bot.i18n import N_
from storage.setup import FeatureSettingsRow

REASON_OFF = N_("the feature was switched off")


@dataclass(frozen=True)
class FeatureSettings:
    """`off` has a key for each feature that is switched off."""

    guild_id: int
    off: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Feature:
    """What people are told of a feature: its title, and which permissions it needs in the server for what.

    `permissions` maps one permission bit to what it is needed for. What is `essential` cannot be switched off. `hints` are
    permissions that are only told of, because a community may well do without them until it uses that action.
    Texts are gettext ids.
    """

    name: str
    title: str
    permissions: Mapping[int, str] = field(default_factory=dict[int, str])
    essential: bool = False
    hints: Mapping[int, str] = field(default_factory=dict[int, str])


@dataclass(frozen=True)
class Switched:
    """A feature that a community has just switched on or off."""

    guild_id: int
    feature: str
    is_on: bool


SwitchListener = Callable[[AsyncSession, Switched], Awaitable[None]]


class Features:
    """Knows the features, and which are on."""

    def __init__(self, configs: GuildConfigs, audit: Audit) -> None:
        self._configs = configs
        self._audit = audit
        self._known: dict[str, Feature] = {}
        self._listeners: list[SwitchListener] = []
        configs.register(FeatureSettings, FeatureSettingsRow)

    def loaded(self, names: Iterable[str], titles: Mapping[str | None, str]) -> None:
        """These features exist. One that did not describe itself goes by its title in `titles`, or its name."""
        for name in names:
            title = titles.get(name) or name.replace("_", " ").capitalize()
            self._known.setdefault(name, Feature(name, title))

    def describe(self, feature: Feature) -> None:
        """A feature says what it is called and what it needs, when it loads."""
        self._known[feature.name] = feature

    def forget(self, name: str) -> None:
        self._known.pop(name, None)

    @property
    def known(self) -> tuple[Feature, ...]:
        return tuple(sorted(self._known.values(), key=lambda each: each.name))

    @property
    def optional(self) -> tuple[Feature, ...]:
        """Those that a facilitator may switch off."""
        return tuple(each for each in self.known if not each.essential)

    def find(self, name: str | None) -> Feature | None:
        return self._known.get(name) if name is not None else None

    def on_switch(self, listener: SwitchListener) -> None:
        """Call `listener`, in the same transaction, when a feature is switched on or off."""
        self._listeners.append(listener)

    def stop_telling(self, listener: SwitchListener) -> None:
        self._listeners.remove(listener)

    async def is_on(self, guild_id: int, name: str | None) -> bool:
        """Whether the community has the feature. None stands for the shell, which is always on."""
        return name is None or name not in await self.list_off(guild_id)

    async def list_off(self, guild_id: int) -> Collection[str]:
        """The names of the features that the community has switched off."""
        return (await self._configs.get(guild_id, FeatureSettings)).off

    async def require(self, guild_id: int | None, name: str | None) -> None:
        """Raise `NotConfigured` when it is switched off."""
        if guild_id is not None and not await self.is_on(guild_id, name):
            raise NotConfigured(
                "A facilitator has switched this off for now. Nothing of yours is lost. "
                "It can be switched on again with {command}.",
                command="`/setup start`",
            )

    async def switch(self, session: AsyncSession, actor: Actor, name: str, *, on: bool) -> None:
        """Switch one feature on or off; the others stay as they are, whoever changes them meanwhile.

        Raises `NotFound` for one that does not exist, or that no community may be without.
        """
        if name not in [each.name for each in self.optional]:
            raise NotFound("That feature does not exist (any more). Choose another from the menu.")
        present = await self._configs.change(session, actor.guild_id, FeatureSettings)  # locks the row
        if (name not in present.off) == on:
            return
        off = {key: value for key, value in present.off.items() if key != name}
        if not on:
            off[name] = True
        await self._configs.change(session, actor.guild_id, FeatureSettings, off=off)
        what = N_("switched {feature} on") if on else N_("switched {feature} off")
        await self._audit.record(session, actor, "setup", what, feature=self._known[name].title)
        for listener in self._listeners:
            await listener(session, Switched(actor.guild_id, name, on))


def feature_of(thing: object) -> str | None:
    """The feature in whose folder a function, method, command or class is written; None for the shell."""
    module = getattr(thing, "module", None) or getattr(thing, "__module__", None) or ""
    folder, _, rest = str(module).partition(".")
    return rest.partition(".")[0] or None if folder == FOLDER else None
