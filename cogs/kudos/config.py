"""The limits and tags of kudos, in a configuration file. Their channel is a choice of /setup."""

from __future__ import annotations

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted
from bot.core import Core
from bot.i18n import N_
from bot.text import clean
from cogs.kudos import rules
from cogs.kudos.model import KudosSettings


class KudosPart:
    """How many a day, how long two people rest, and the community's own tags."""

    table = "kudos"
    title = N_("Kudos")

    def __init__(self, core: Core) -> None:
        self._configs = core.configs
        self.keys = {
            "a_day": N_("Kudos that one person may give a day"),
            "rest_hours": N_("Hours between kudos of the same two people"),
            "tags": N_("Own tags of kudos"),
        }

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._configs.present(ground.session, ground.guild_id, KudosSettings)
        own = tuple(settings.tags.splitlines()) if settings.tags else ()
        return {"a_day": settings.a_day, "rest_hours": settings.rest_hours, "tags": own}

    async def read(self, ground: Ground, given: Given) -> None:
        del ground
        given.number("a_day", least=1, most=rules.MOST_A_DAY)
        given.number("rest_hours", least=0, most=rules.MOST_REST_HOURS)
        given.texts("tags", lambda typed: rules.read_own_tags(clean("\n".join(typed))))

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        changes = dict(wanted)
        if "tags" in wanted:
            changes["tags"] = "\n".join(wanted["tags"]) or None
        await self._configs.change(ground.session, ground.guild_id, KudosSettings, by=ground.actor, **changes)
