"""How reports are kept and called for, in a configuration file."""

from __future__ import annotations

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import N_
from cogs.reports import rules
from cogs.reports.model import ReportSettings
from cogs.reports.rules import Category


class ReportsPart:
    """Retention, the amount of one person an hour, names, and what pings nobody."""

    table = "reports"
    title = N_("Reports")

    def __init__(self, core: Core) -> None:
        self._configs = core.configs
        self.keys = {
            "text_days": N_("Days that the words of a closed report are kept"),
            "an_hour": N_("Reports of one person an hour that stand alone"),
            "names_shown": N_("Show staff who reported"),
            "quiet": N_("Kinds of reports that ping nobody"),
        }

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._configs.present(ground.session, ground.guild_id, ReportSettings)
        return {
            "text_days": settings.text_days,
            "an_hour": settings.an_hour,
            "names_shown": settings.names_shown,
            "quiet": tuple(each.value for each in Category if settings.is_quiet(each)),
        }

    async def read(self, ground: Ground, given: Given) -> None:
        del ground
        given.number("text_days", least=1, most=rules.MOST_TEXT_DAYS)
        given.number("an_hour", least=1, most=rules.MOST_AN_HOUR)
        given.flag("names_shown")
        given.texts("quiet", _read_quiet)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        changes = dict(wanted)
        if "quiet" in wanted:
            changes["quiet"] = dict.fromkeys(wanted["quiet"], True)
        await self._configs.change(
            ground.session, ground.guild_id, ReportSettings, by=ground.actor, **changes
        )


def _read_quiet(typed: tuple[str, ...]) -> tuple[str, ...]:
    for each in typed:
        if each not in set(Category):
            raise InvalidInput(
                "There is no kind of report {name}. There are: {names}.", name=each, names=", ".join(Category)
            )
    return tuple(each.value for each in Category if each in typed)
