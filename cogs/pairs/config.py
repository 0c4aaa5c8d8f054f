"""The rhythm of pairing rounds in a configuration file. Their channel is a choice of /setup."""

from __future__ import annotations

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import N_
from bot.nominal_times import WEEKDAYS
from bot.time_input import read_time
from cogs.pairs import rules
from cogs.pairs.model import PairSettings, Rhythm
from cogs.pairs.staff import PairsStaff

_NUMBERS = ("hours_weight", "topics_weight", "least_hours", "close_days")


class PairsPart:
    """When rounds are, what counts, and how long a pair has."""

    table = "pairs"
    title = N_("Pairings")

    def __init__(self, core: Core, staff: PairsStaff) -> None:
        self._configs = core.configs
        self._staff = staff
        self.keys = {
            "days": N_("Days of pairing rounds"),
            "at": N_("Time of pairing rounds"),
            "every_weeks": N_("Weeks from round to round"),
            "hours_weight": N_("Shared hours count"),
            "topics_weight": N_("Topics count"),
            "least_hours": N_("Hours that a pair should share"),
            "close_days": N_("Days that a pair has"),
        }

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._configs.present(ground.session, ground.guild_id, PairSettings)
        rhythm = await self._staff.rhythm_in(ground.session, ground.guild_id)
        return {
            "days": _write(rhythm.days) if rhythm is not None else None,
            "at": f"{rhythm.at:%H:%M}" if rhythm is not None else "16:00",
            "every_weeks": rhythm.weeks if rhythm is not None else 1,
            **{name: getattr(settings, name) for name in _NUMBERS},
        }

    async def read(self, ground: Ground, given: Given) -> None:
        del ground
        given.text("days", lambda typed: _write(_read(typed)))
        given.text("at", lambda typed: f"{read_time(typed):%H:%M}", required=True)
        given.number("every_weeks", least=1, most=rules.MOST_WEEKS)
        given.number("hours_weight", least=0, most=rules.MOST_WEIGHT)
        given.number("topics_weight", least=0, most=rules.MOST_WEIGHT)
        given.number("least_hours", least=0, most=max(rules.LEAST_HOURS))
        given.number("close_days", least=rules.LEAST_CLOSE_DAYS, most=rules.MOST_CLOSE_DAYS)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        standing = {**await self.export(ground), **wanted}
        rhythm = None
        if standing["days"] is not None:
            rhythm = Rhythm(_read(standing["days"]), read_time(standing["at"]), standing["every_weeks"])
        await self._staff.apply_rhythm(ground.session, ground.actor, rhythm)
        numbers = {name: standing[name] for name in _NUMBERS}
        await self._configs.change(ground.session, ground.guild_id, PairSettings, by=ground.actor, **numbers)


def _read(typed: str) -> tuple[int, ...]:
    words = [each.strip().lower() for each in typed.split(",")]
    if not all(each in WEEKDAYS for each in words):
        raise InvalidInput("Write days with commas between them, like {example}.", example="monday, thursday")
    return tuple(sorted({WEEKDAYS.index(each) for each in words}))


def _write(days: tuple[int, ...]) -> str:
    return ", ".join(WEEKDAYS[day] for day in days)
