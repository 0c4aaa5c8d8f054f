"""The rhythm of the weekly challenges in a configuration file. The challenges themselves have files of their own."""

from __future__ import annotations

from datetime import time

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted, one_of
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import N_
from bot.nominal_times import WEEKDAYS
from bot.time_input import read_time
from cogs.challenges import rules
from cogs.challenges.rhythm import Rhythm, Wishes
from cogs.challenges.rules import AfterGrace


class ChallengesPart:
    """When one opens and closes, and what becomes of what is late."""

    table = "challenges"
    title = N_("Challenges")

    def __init__(self, core: Core, rhythm: Rhythm) -> None:
        self._core = core
        self._rhythm = rhythm
        self.keys = {
            "opens": N_("Opens"),
            "closes": N_("Closes"),
            "results": N_("Results"),
            "grace_hours": N_("Hours of grace"),
            "after_grace": N_("After the grace"),
            "ranking": N_("Ranking"),
        }

    async def export(self, ground: Ground) -> Wanted:
        wishes = await self._rhythm.wishes_in(ground.session, ground.guild_id)
        return {
            "opens": _write(*wishes.opens) if wishes.opens is not None else None,
            "closes": _write(*wishes.closes),
            "results": f"{wishes.results:%H:%M}",
            "grace_hours": wishes.grace_hours,
            "after_grace": wishes.after_grace.value,
            "ranking": wishes.ranking,
        }

    async def read(self, ground: Ground, given: Given) -> None:
        given.text("opens", lambda typed: _write(*_read(typed)))
        given.text("closes", lambda typed: _write(*_read(typed)), required=True)
        given.text("results", lambda typed: f"{read_time(typed):%H:%M}", required=True)
        given.number("grace_hours", least=0, most=rules.LONGEST_GRACE)
        given.text("after_grace", one_of(AfterGrace), required=True)
        given.flag("ranking")

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        standing = {**await self.export(ground), **wanted}
        wishes = Wishes(
            _read(standing["opens"]) if standing["opens"] is not None else None,
            _read(standing["closes"]),
            read_time(standing["results"]),
            standing["grace_hours"],
            AfterGrace(standing["after_grace"]),
            standing["ranking"],
        )
        await self._rhythm.apply_in(ground.session, ground.actor, wishes)


def _read(typed: str) -> tuple[int, time]:
    day, _, at = typed.strip().partition(" ")
    if day.lower() not in WEEKDAYS:
        raise InvalidInput("Write a day and a time, like {example}.", example="monday 09:00")
    return WEEKDAYS.index(day.lower()), read_time(at)


def _write(weekday: int, at: time) -> str:
    return f"{WEEKDAYS[weekday]} {at:%H:%M}"
