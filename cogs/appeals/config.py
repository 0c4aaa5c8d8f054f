"""The times of appeals, in a configuration file."""

from __future__ import annotations

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted
from bot.core import Core
from bot.i18n import N_
from cogs.appeals import rules
from cogs.appeals.model import AppealSettings


class AppealsPart:
    """Within what time, after what time again, and until when there is an answer."""

    table = "appeals"
    title = N_("Appeals")

    def __init__(self, core: Core) -> None:
        self._configs = core.configs
        self.keys = {
            "within_days": N_("Days to appeal a case"),
            "again_days": N_("Days until a second appeal"),
            "promise_days": N_("Days until staff promise an answer"),
        }

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._configs.present(ground.session, ground.guild_id, AppealSettings)
        return {key: getattr(settings, key) for key in self.keys}

    async def read(self, ground: Ground, given: Given) -> None:
        del ground
        given.number("within_days", least=1, most=rules.MOST_DAYS)
        given.number("again_days", least=0, most=rules.MOST_DAYS)
        given.number("promise_days", least=1, most=rules.MOST_PROMISE)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        await self._configs.change(
            ground.session, ground.guild_id, AppealSettings, by=ground.actor, **dict(wanted)
        )
