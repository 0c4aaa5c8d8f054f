"""The rhythm of the week in a configuration file. A ritual is known by its template and its channel."""

from __future__ import annotations

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted, one_of
from bot.core import Core
from bot.errors import InvalidInput
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.nominal_times import WEEKDAYS
from bot.time_input import read_time
from cogs.rituals import rules
from cogs.rituals.model import Ritual, RitualSettings
from cogs.rituals.rules import Repeat, When
from cogs.rituals.service import RitualsService
from cogs.rituals.shipped import templates

KEYS = ("ritual", "channel", "repeat", "weekday", "time")


class RitualsPart:
    """What recurs, where and when by the community's clock."""

    table = "rituals"
    title = N_("Rhythm of the week")

    def __init__(self, core: Core, service: RitualsService) -> None:
        self._configs = core.configs
        self._service = service
        self.keys = {"holidays": N_("Holiday"), "list": N_("Ritual")}

    async def export(self, ground: Ground) -> Wanted:
        rituals = await self._service.list_in(ground.session, ground.guild_id)
        settings = await self._configs.present(ground.session, ground.guild_id, RitualSettings)
        return {
            "holidays": tuple(rules.write_holidays(dict(settings.holidays)).splitlines()),
            "list": tuple(_item(ground, each) for each in rituals),
        }

    async def read(self, ground: Ground, given: Given) -> None:
        given.texts("holidays", _read_holidays)
        given.tables("list", KEYS, _read_ritual, _check_rituals)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        if "list" in wanted:
            await self._apply_list(ground, wanted)
        # Afterwards, so that rituals that begin with the file leave them out as well.
        if "holidays" in wanted:
            holidays = rules.read_holidays("\n".join(wanted["holidays"]))
            await self._service.holidays.change_in(ground.session, ground.actor, holidays)

    async def _apply_list(self, ground: Ground, wanted: Wanted) -> None:
        session, actor, service = ground.session, ground.actor, self._service
        zone = (await self._configs.present(session, ground.guild_id, GuildConfig)).zone
        present = {
            (each.template, each.channel_id): each for each in await service.list_in(session, ground.guild_id)
        }
        items = {(each["ritual"], each["channel"].id): each for each in wanted["list"]}
        for key, ritual in present.items():
            if key not in items:
                await service.end_in(session, actor, ritual.id)
        for key, item in items.items():
            chosen = When(Repeat(item["repeat"]), WEEKDAYS.index(item["weekday"]), read_time(item["time"]))
            ritual = present.get(key)
            if ritual is None:
                await service.begin_in(session, actor, *key, zone=zone, chosen=chosen)
            elif ritual.when != chosen:
                await service.move_in(session, actor, ritual.id, chosen=chosen)


def _read_holidays(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(rules.write_holidays(rules.read_holidays("\n".join(lines))).splitlines())


def _read_ritual(item: Given) -> None:
    item.text("ritual", one_of(templates()), required=True)
    item.place("channel", "channel", required=True)
    item.text("repeat", one_of(Repeat), required=True)
    item.text("weekday", one_of(WEEKDAYS), required=True)
    item.text("time", lambda typed: f"{read_time(typed):%H:%M}", required=True)


def _check_rituals(items: tuple[Wanted, ...]) -> None:
    if len({(each["ritual"], each["channel"]) for each in items}) < len(items):
        raise InvalidInput("The same ritual stands there twice for one channel.")


def _item(ground: Ground, ritual: Ritual) -> Wanted:
    place = ground.server.place("channel", ritual.channel_id)
    when = ritual.when
    values = (ritual.template, place, when.repeat.value, WEEKDAYS[when.weekday], f"{when.time:%H:%M}")
    return dict(zip(KEYS, values, strict=True))
