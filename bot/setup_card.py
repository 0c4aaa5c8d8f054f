"""/setup start: one card on which a facilitator chooses the channels, the roles and the clock.

Each feature adds its page of choices when it loads. A choice is saved the moment it is made, so the card
can be left and taken up again at any time. Nobody ever types an id.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast
from zoneinfo import available_timezones

import discord

from bot.authority import Actor, Capability, require
from bot.card_views import form_answers
from bot.cards import (
    Button,
    Buttons,
    Card,
    Form,
    Item,
    Option,
    Pick,
    PickPlace,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.components import Components
from bot.core import Core
from bot.errors import InvalidInput, NotFound
from bot.groups import HelpLine, SharedGroups, plain_command
from bot.guild_config import GuildConfig
from bot.i18n import N_, Translations, Translator
from bot.interactions import actor_of
from bot.nominal_times import local_now
from bot.replies import reply_to

PAGE_CONTROL = "setup:page.open"
CHOICE_CONTROL = "setup:choice.set"
ZONE_ASK_CONTROL = "setup:zone.ask"
ZONE_FORM = "setup:zone.set"


@dataclass(frozen=True)
class Choice:
    """One thing to choose: a field of a configuration section. `label` and `help` are gettext ids."""

    field: str
    of: Literal["channel", "role"]
    label: str
    help: str


@dataclass(frozen=True)
class Page:
    """What belongs together on the card. `number` is part of the controls' ids: never change or reuse it."""

    number: int
    title: str
    section: type[Any]
    choices: tuple[Choice, ...]


COMMUNITY = Page(
    0,
    N_("Community"),
    GuildConfig,
    (
        Choice(
            "staff_channel_id", "channel", N_("Staff channel"), N_("Where I tell staff what needs a hand.")
        ),
        Choice(
            "facilitator_role_id", "role", N_("Facilitator role"), N_("May set up and run the community.")
        ),
        Choice(
            "moderator_role_id", "role", N_("Moderator role"), N_("May act when someone breaks the rules.")
        ),
    ),
)
CHOICES_A_PAGE = 10
HELP = HelpLine(N_("Choose channels, roles and the time zone"), "/setup start", Capability.FACILITATE)


class SetupService:
    """Changes a community's configuration."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def check(self, actor: Actor) -> GuildConfig:
        """The shell's section, if the actor may change it. Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        return config

    async def choose(self, actor: Actor, section: type[Any], field: str, value: int | None) -> None:
        """Set one channel or role; None switches off what it is for."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self._core.configs.change(session, actor.guild_id, section, **{field: value})

    async def choose_zone(self, actor: Actor, typed: str) -> GuildConfig:
        """Set the community's time zone, and move its schedules there. Raises `InvalidInput`."""
        await self.check(actor)
        zone = find_zone(typed)
        async with self._core.db.begin() as session:
            config = await self._core.configs.change(session, actor.guild_id, GuildConfig, zone=zone)
            await self._core.schedules.rezone(session, actor.guild_id, zone)
        return config


def find_zone(typed: str) -> str:
    """The IANA zone that was meant. Raises `InvalidInput` with the nearest names when there is none."""
    zones = {zone.casefold(): zone for zone in available_timezones()}
    wanted = typed.strip().replace(" ", "_").casefold()
    cities = {zone.rsplit("/", 1)[-1].casefold(): zone for zone in sorted(zones.values()) if "/" in zone}
    if wanted in zones:
        return zones[wanted]
    if wanted in cities:
        return cities[wanted]
    near = difflib.get_close_matches(wanted, [*zones, *cities], n=3, cutoff=0.6)
    if near:
        names = ", ".join(dict.fromkeys(zones.get(each) or cities[each] for each in near))
        raise InvalidInput("I do not know that time zone. Did you mean one of these: {names}?", names=names)
    raise InvalidInput("I do not know that time zone. Type the nearest big city, for example Europe/Lisbon.")


class SetupCard:
    """Answers /setup start and the controls of its card."""

    def __init__(
        self, core: Core, components: Components, groups: SharedGroups, translations: Translations
    ) -> None:
        self._core = core
        self._service = SetupService(core)
        self._translations = translations
        self._pages: dict[int, Page] = {}
        self.add(COMMUNITY)
        components.register(PAGE_CONTROL, self._open_page)
        components.register(CHOICE_CONTROL, self._choose)
        components.register(ZONE_ASK_CONTROL, self._ask_zone)
        components.register(ZONE_FORM, self._set_zone)
        command = plain_command("start", "Choose channels, roles and the time zone", self._start)
        groups.attach(groups.setup, command, HELP)

    def add(self, page: Page) -> None:
        """Add a feature's page. Raises ValueError when its number is taken."""
        if page.number in self._pages or len(page.choices) > CHOICES_A_PAGE:
            raise ValueError(f"page {page.number} of the setup card is taken, or has too many choices")
        self._pages[page.number] = page

    @property
    def pages(self) -> tuple[Page, ...]:
        return tuple(self._pages.values())

    def remove(self, page: Page) -> None:
        self._pages.pop(page.number, None)

    async def _start(self, interaction: discord.Interaction[Any]) -> None:
        await self._service.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(await self._card(interaction, COMMUNITY.number, reply.translator))

    async def _open_page(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._service.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.replace(await self._card(interaction, int(_values(interaction)[0]), reply.translator))

    async def _choose(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        page, choice = self._choice(number or 0)
        values = _values(interaction)
        await self._service.choose(
            actor_of(interaction), page.section, choice.field, int(values[0]) if values else None
        )
        reply = reply_to(interaction)
        await reply.replace(await self._card(interaction, page.number, reply.translator))

    async def _ask_zone(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        config = await self._service.check(actor_of(interaction))
        reply = reply_to(interaction)
        t = reply.translator
        field = TextField(
            "zone",
            t("Which city's clock do you live by?"),
            description=t("The nearest big city, for example Europe/Lisbon"),
            max_length=64,
            value=config.zone,
        )
        await reply.ask(Form(t("Time zone"), custom_id(ZONE_FORM), (field,)))

    async def _set_zone(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._service.choose_zone(actor_of(interaction), str(form_answers(interaction)["zone"]))
        reply = reply_to(interaction)
        await reply.replace(await self._card(interaction, COMMUNITY.number, reply.translator))

    def _choice(self, number: int) -> tuple[Page, Choice]:
        page = self._pages.get(number // CHOICES_A_PAGE)
        index = number % CHOICES_A_PAGE
        if page is None or index >= len(page.choices):
            raise NotFound(
                "This choice does not exist any more. Use {command} for the present ones.",
                command="/setup start",
            )
        return page, page.choices[index]

    async def _card(self, interaction: discord.Interaction[Any], number: int, t: Translator) -> Card:
        guild_id = actor_of(interaction).guild_id
        page = self._pages.get(number, COMMUNITY)
        section = await self._core.configs.get(guild_id, page.section)
        config = await self._core.configs.guild(guild_id)
        clock = local_now(self._core.clock.now(), config.zone)
        return setup_card(self.pages, page, section, config.zone, f"{clock:%H:%M}", t)


def setup_card(
    pages: Sequence[Page], page: Page, section: object, zone: str, clock: str, t: Translator
) -> Card:
    """The card with one page of choices open."""
    items: list[Item] = [
        Text(t("**Set up your community: {page}**\nEach choice is saved at once.", page=t(page.title)))
    ]
    if page is COMMUNITY:
        zone_line = t(
            "**Time zone**: {zone}, where it is now {clock}. Everything I schedule follows it.",
            zone=zone,
            clock=clock,
        )
        change = Button(t("Change the time zone"), custom_id(ZONE_ASK_CONTROL), style=Style.PRIMARY)
        items += [Text(zone_line), Buttons((change,))]
    for index, choice in enumerate(page.choices):
        control = custom_id(CHOICE_CONTROL, page.number * CHOICES_A_PAGE + index)
        placeholder = t("Choose a channel") if choice.of == "channel" else t("Choose a role")
        items.append(Text(f"**{t(choice.label)}**\n{t(choice.help)}"))
        items.append(PickPlace(control, placeholder, choice.of, chosen=getattr(section, choice.field)))
    options = tuple(Option(t(each.title), str(each.number), chosen=each is page) for each in pages)
    items.append(Pick(custom_id(PAGE_CONTROL), t("More to choose"), options))
    return Card(tuple(items))


def _values(interaction: discord.Interaction[Any]) -> list[str]:
    return cast("list[str]", cast("dict[str, Any]", interaction.data or {}).get("values", []))
