"""When the digest of show-and-tell is due, in a configuration file. Its channel is a choice of /setup."""

from __future__ import annotations

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted, one_of
from bot.core import Core
from bot.i18n import N_
from bot.nominal_times import WEEKDAYS
from bot.time_input import read_time
from cogs.showcase.digests import Digests
from cogs.showcase.model import ShowcaseSettings


class ShowcasePart:
    """Day and hour, by the community's clock."""

    table = "showcase"
    title = N_("Show-and-tell")

    def __init__(self, core: Core, digests: Digests) -> None:
        self._configs = core.configs
        self._digests = digests
        self.keys = {"day": N_("Day of show-and-tell"), "at": N_("Time of show-and-tell")}

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._configs.present(ground.session, ground.guild_id, ShowcaseSettings)
        return {
            "day": WEEKDAYS[settings.weekday],
            "at": f"{settings.minute // 60:02}:{settings.minute % 60:02}",
        }

    async def read(self, ground: Ground, given: Given) -> None:
        del ground
        given.text("day", one_of(WEEKDAYS), required=True)
        given.text("at", lambda typed: f"{read_time(typed):%H:%M}", required=True)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        settings = await self._configs.present(ground.session, ground.guild_id, ShowcaseSettings)
        weekday, minute = settings.weekday, settings.minute
        if "day" in wanted:
            weekday = WEEKDAYS.index(wanted["day"])
        if "at" in wanted:
            at = read_time(wanted["at"])
            minute = at.hour * 60 + at.minute
        await self._digests.choose_time_in(ground.session, ground.actor, weekday, minute)
