"""Raids in a configuration file. The quarantine role is a choice of /setup."""

from __future__ import annotations

from typing import Any

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted
from bot.core import Core
from bot.i18n import N_
from cogs.raids import rules
from cogs.raids.model import LOCK_CHANNELS, RaidSettings
from cogs.raids.rules import Level, check_locked


class RaidsPart:
    """How far Lyceum goes by itself, for how long, and which channels the last step locks."""

    table = "raids"
    title = N_("Raids")

    def __init__(self, core: Core) -> None:
        self._configs = core.configs
        self.keys = {
            "automatic": N_("Step up to which I go by myself"),
            "minutes": N_("Minutes that a lockdown lasts"),
            "locked": N_("Channels that the last step locks"),
        }

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._configs.present(ground.session, ground.guild_id, RaidSettings)
        return {
            "automatic": settings.automatic,
            "minutes": settings.minutes,
            "locked": tuple(
                {"channel": ground.server.place("channel", each)} for each in settings.locked_ids
            ),
        }

    async def read(self, ground: Ground, given: Given) -> None:
        del ground
        given.number("automatic", least=0, most=Level.QUARANTINE)
        given.number("minutes", least=min(rules.LENGTHS), most=max(rules.LENGTHS))
        given.tables("locked", ("channel",), _read_channel, _check_locked)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        changes: dict[str, Any] = dict(wanted)
        if "locked" in wanted:
            ids = [each["channel"].id for each in wanted["locked"]]
            changes["locked"] = {"ids": list(dict.fromkeys(ids))}
        await self._configs.change(ground.session, ground.guild_id, RaidSettings, by=ground.actor, **changes)


def _read_channel(given: Given) -> None:
    given.place("channel", "channel", required=True)


def _check_locked(items: tuple[Wanted, ...]) -> None:
    check_locked(len(items), LOCK_CHANNELS)
