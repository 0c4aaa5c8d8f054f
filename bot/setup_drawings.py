"""Draws the cards of /setup for the moment: what is chosen, what is wrong with it, and what one may do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import discord
from babel import Locale

from bot.cards import Card, Item
from bot.core import Core
from bot.errors import UserError
from bot.i18n import Translations, Translator
from bot.interactions import actor_of
from bot.nominal_times import local_now
from bot.setup_checks import Level, check, check_place
from bot.setup_doctor_render import report_card
from bot.setup_facts import ServerFacts
from bot.setup_names import channel_name
from bot.setup_pages import (
    CHOICES_A_CARD,
    CLOCK,
    COMMUNITY,
    FEATURES,
    Choice,
    Numbered,
    Page,
    Place,
    choices_in,
    choices_of,
    places_of,
)
from bot.setup_render import (
    Shown,
    choice_items,
    clock_items,
    feature_items,
    page_card,
    pings_items,
    step_card,
)
from bot.setup_service import SetupService


class SetupDrawings:
    """Draws steps, single pages and the report."""

    def __init__(
        self,
        core: Core,
        service: SetupService,
        facts: ServerFacts,
        translations: Translations,
    ) -> None:
        self._core = core
        self._service = service
        self._facts = facts
        self._translations = translations
        self._all_pages: Callable[[], Sequence[Page]] = service.pages

    async def step(self, interaction: discord.Interaction[Any], place: Place, t: Translator) -> Card:
        guild_id = actor_of(interaction).guild_id
        pages = await self._service.pages_on(guild_id)
        items: list[Item] = []
        if place.step is CLOCK:
            items = await self._clock_items(guild_id, t)
        elif place.step is FEATURES:
            features = self._core.features
            off = [each.name for each in features.optional if not await features.is_on(guild_id, each.name)]
            items = feature_items(features.optional, frozenset(off), t)
            items += pings_items((await self._core.configs.guild(guild_id)).daily_ping_budget, t)
        elif place.step.page is not None:
            items = await _body(place.step.page, guild_id, t)
        start = place.part * CHOICES_A_CARD
        choices = choices_in(place.step, pages)[start : start + CHOICES_A_CARD]
        items += await self._choice_items(interaction, choices, t)
        return step_card(place, places_of(pages), items, self._all_pages(), t)

    async def page(self, interaction: discord.Interaction[Any], number: int | None, t: Translator) -> Card:
        guild_id = actor_of(interaction).guild_id
        page = next((each for each in self._all_pages() if each.number == number), COMMUNITY)
        items = await self._clock_items(guild_id, t) if page is COMMUNITY else []
        items += await _body(page, guild_id, t)
        items += await self._choice_items(interaction, choices_of(page), t)
        return page_card(page, items, self._all_pages(), await self.all_places(guild_id), t)

    async def report(
        self, interaction: discord.Interaction[Any], t: Translator, *, start: int = 0, done: bool = False
    ) -> Card:
        guild = guild_of(interaction)
        findings = check(await self._facts.read(guild))
        return report_card(findings, guild.id, t, start=start, done=done)

    async def _choice_items(
        self, interaction: discord.Interaction[Any], choices: Sequence[Numbered], t: Translator
    ) -> list[Item]:
        if not choices:
            return []
        guild = guild_of(interaction)
        mine = guild.me.guild_permissions
        posts_in = await self.guild_translator(guild.id)
        shown: list[Shown] = []
        for each in choices:
            fact = await self._facts.place(guild, each)
            found = check_place(fact, mine.value) if fact.chosen is not None else ()
            problems = tuple(finding for finding in found if finding.level is not Level.OK)
            shown.append(Shown(each, fact.chosen, problems, offered_name(each.choice, posts_in)))
        may_create = {"channel": mine.manage_channels, "role": mine.manage_roles}
        return choice_items(shown, t, may_create=may_create)

    async def _clock_items(self, guild_id: int, t: Translator) -> list[Item]:
        config = await self._core.configs.guild(guild_id)
        clock = local_now(self._core.clock.now(), config.zone)
        locales = [(code, _name_of(code)) for code in self._translations.locales]
        return clock_items(config.zone, f"{clock:%H:%M}", locales, config.locale, t)

    async def all_places(self, guild_id: int) -> tuple[Place, ...]:
        return places_of(await self._service.pages_on(guild_id))

    async def guild_translator(self, guild_id: int) -> Translator:
        return self._translations.for_locale((await self._core.configs.guild(guild_id)).locale)


async def _body(page: Page, guild_id: int, t: Translator) -> list[Item]:
    return list(await page.body(guild_id, t)) if page.body is not None else []


def offered_name(choice: Choice, t: Translator) -> str | None:
    """The name under which the bot offers to create it; None for what is only chosen."""
    if choice.suggested is None:
        return None
    name = t(choice.suggested)
    return channel_name(name) if choice.of == "channel" else name


def guild_of(interaction: discord.Interaction[Any]) -> discord.Guild:
    """The server behind an interaction. Raises `UserError` while it cannot be seen."""
    if interaction.guild is None or not interaction.guild.me:
        raise UserError("I cannot see this server at the moment. Please try again in a minute.")
    return interaction.guild


def _name_of(locale: str) -> str:
    found = Locale.parse(locale, sep="_").get_display_name()
    return found.capitalize() if found else locale
