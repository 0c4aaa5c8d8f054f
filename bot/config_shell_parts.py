"""The parts of a configuration file that the shell itself brings: the clock and language, the choices, what is on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.config_parts import Ground, Part
from bot.config_places import Place
from bot.config_reading import Given, Value, Wanted, one_of
from bot.core import Core
from bot.features import FeatureSettings
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.notification_settings import MOST_PINGS
from bot.setup_choices import check_role, save_zone
from bot.setup_pages import COMMUNITY, Choice, Page
from bot.zone_input import find_zone

GENERAL = "general"
FEATURES = "features"


class GeneralPart:
    """Time zone, language, and how often people may be pinged."""

    table = GENERAL
    title = COMMUNITY.title

    def __init__(self, core: Core, known_locales: Callable[[], Sequence[str]]) -> None:
        self._core = core
        self._known_locales = known_locales
        self.keys = {
            "zone": N_("Time zone"),
            "language": N_("Language"),
            "pings_a_day": N_("Pings a person and day"),
        }

    async def export(self, ground: Ground) -> Wanted:
        config = await self._core.configs.present(ground.session, ground.guild_id, GuildConfig)
        return {
            "zone": config.zone,
            "language": config.locale,
            "pings_a_day": config.daily_ping_budget,
        }

    async def read(self, ground: Ground, given: Given) -> None:
        given.text("zone", lambda typed: find_zone(typed, self._core.clock.now()), required=True)
        given.text("language", one_of(self._known_locales()), required=True)
        given.number("pings_a_day", least=0, most=MOST_PINGS)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        if "zone" in wanted:
            await save_zone(self._core, ground.session, ground.actor, wanted["zone"])
        if "language" in wanted:
            await self._core.configs.change(
                ground.session, ground.guild_id, GuildConfig, by=ground.actor, locale=wanted["language"]
            )
        if "pings_a_day" in wanted:
            await self._core.configs.change(
                ground.session,
                ground.guild_id,
                GuildConfig,
                by=ground.actor,
                daily_ping_budget=wanted["pings_a_day"],
            )


class PagePart:
    """The channels and roles of one page of /setup."""

    def __init__(self, core: Core, page: Page) -> None:
        self._core = core
        self._page = page
        self.table = page.feature or GENERAL
        self.title = page.title
        self.choices = {_key(each): each for each in page.choices}
        self.keys = {key: each.label for key, each in self.choices.items()}

    async def export(self, ground: Ground) -> Wanted:
        assert self._page.section is not None
        section: Any = await self._core.configs.present(ground.session, ground.guild_id, self._page.section)
        return {
            key: ground.server.place(each.of, getattr(section, each.field))
            for key, each in self.choices.items()
        }

    async def read(self, ground: Ground, given: Given) -> None:
        for key, choice in self.choices.items():

            def check(place: Place | None, choice: Choice = choice) -> None:
                if choice.of == "role" and place is not None:
                    check_role(ground.actor, choice, place.id, ground.server.powers(place.id))

            given.place(key, choice.of, check)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        assert self._page.section is not None
        fields = {self.choices[key].field: _id_of(place) for key, place in wanted.items()}
        await self._core.configs.change(
            ground.session, ground.guild_id, self._page.section, by=ground.actor, **fields
        )


class FeaturesPart:
    """Which features are on."""

    table = FEATURES
    title = N_("What is on")

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def keys(self) -> dict[str, str]:
        return {each.name: each.title for each in self._core.features.optional}

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._core.configs.present(ground.session, ground.guild_id, FeatureSettings)
        return {name: name not in settings.off for name in self.keys}

    async def read(self, ground: Ground, given: Given) -> None:
        for name in self.keys:
            given.flag(name)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        for name, on in wanted.items():
            await self._core.features.switch(ground.session, ground.actor, name, on=on)


def shell_parts(
    core: Core, pages: Sequence[Page], known_locales: Callable[[], Sequence[str]]
) -> tuple[Part, ...]:
    """What the shell brings, for the pages that there are now."""
    chosen = [PagePart(core, page) for page in pages if page.choices]
    return (GeneralPart(core, known_locales), *chosen, FeaturesPart(core))


def _key(choice: Choice) -> str:
    """The choice's field without the word id: people think of the channel."""
    return choice.field.removesuffix("_id")


def _id_of(value: Value) -> int | None:
    return value.id if isinstance(value, Place) else None
