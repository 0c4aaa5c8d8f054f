"""/setup start: one card on which a facilitator chooses the channels, the roles and the clock.

Each feature adds its page of choices when it loads. A choice is saved the moment it is made, so the card
can be left and taken up again at any time. Nobody ever types an id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import discord

from bot.authority import ELEVATED, Actor, Capability, may_everything, require
from bot.card_views import form_answers
from bot.cards import (
    Button,
    Buttons,
    Card,
    Divider,
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
from bot.errors import InvalidInput, NotAllowed, NotFound
from bot.groups import HelpLine, SharedGroups, plain_command
from bot.guild_config import GuildConfig
from bot.i18n import N_, Translator
from bot.interactions import actor_of
from bot.nominal_times import local_now
from bot.replies import reply_to
from bot.text import SELECT_OPTIONS
from bot.zones import LONGEST_ZONE, find_zone

PAGE_CONTROL = "setup:page.open"
CHOICE_CONTROL = "setup:choice.set"
ZONE_ASK_CONTROL = "setup:zone.ask"
ZONE_FORM = "setup:zone.set"


@dataclass(frozen=True)
class Choice:
    """One thing to choose: a field of a configuration section. `label` and `help` are gettext ids.

    A role is taken for one that the bot gives, so nobody can choose one that can do more than they can
    themselves: it would be a way to get it. `staff` is a role that is only looked at, not given.
    """

    field: str
    of: Literal["channel", "role"]
    label: str
    help: str
    staff: bool = False


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
            "facilitator_role_id",
            "role",
            N_("Facilitator role"),
            # Discord hides /setup and /manage from who lacks Manage Server, and no bot can change that.
            N_(
                "May set up and run the community. To show it /setup and /manage too, allow them for the role "
                "in Server Settings > Integrations."
            ),
            staff=True,
        ),
        Choice(
            "moderator_role_id",
            "role",
            N_("Moderator role"),
            N_("May act when someone breaks the rules."),
            staff=True,
        ),
    ),
)
CHOICES_A_PAGE = 10
MENUS_OF_PAGES = 2  # what a full page leaves room for among a card's 40 components
MOST_PAGES = MENUS_OF_PAGES * SELECT_OPTIONS
HELP = HelpLine(N_("Choose channels, roles and the time zone"), "/setup start", Capability.FACILITATE)


class SetupService:
    """Changes a community's configuration."""

    def __init__(self, core: Core, pages: Callable[[], Sequence[Page]]) -> None:
        self._core = core
        self.pages = pages

    async def check(self, actor: Actor) -> GuildConfig:
        """The shell's section, if the actor may change it. Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        return config

    async def choose(
        self, actor: Actor, section: type[Any], choice: Choice, value: int | None, *, powers: int = 0
    ) -> None:
        """Set one channel or role; None switches off what it is for. `powers` are a role's permissions.

        Raises `NotAllowed`, and `InvalidInput` for @everyone, which would make everybody staff, and for a role
        that would at once carry a capability and be handed out.
        """
        config = await self.check(actor)
        if choice.of == "role" and value == actor.guild_id:
            raise InvalidInput("That is everybody. Please choose a role that only some people have.")
        beyond = powers & ELEVATED & ~actor.permissions
        if choice.of == "role" and not choice.staff and beyond and not may_everything(actor):
            raise NotAllowed(
                "That role can do more than you can, so I may not give it for you. "
                "Choose another, or ask someone who holds its permissions."
            )
        if choice.of == "role" and value is not None:
            await self._check_double_use(config, section, choice, value)
        async with self._core.db.begin() as session:
            await self._core.configs.change(
                session, actor.guild_id, section, by=actor, **{choice.field: value}
            )

    async def _check_double_use(
        self, config: GuildConfig, section: type[Any], choice: Choice, role_id: int
    ) -> None:
        """A role that is handed out must carry no capability, or finishing a quest would make a facilitator."""
        for page in self.pages():
            others = await self._core.configs.get(config.guild_id, page.section)
            for other in page.choices:
                same_field = (page.section, other.field) == (section, choice.field)
                if other.of != "role" or same_field or other.staff == choice.staff:
                    continue
                if getattr(others, other.field) == role_id:
                    raise InvalidInput(
                        "One role cannot both be given to members and give staff powers. Please choose another."
                    )

    async def choose_zone(self, actor: Actor, typed: str) -> GuildConfig:
        """Set the community's time zone, and move its schedules there. Raises `InvalidInput`."""
        await self.check(actor)
        zone = find_zone(typed)
        async with self._core.db.begin() as session:
            config = await self._core.configs.change(
                session, actor.guild_id, GuildConfig, by=actor, zone=zone
            )
            await self._core.schedules.rezone(session, actor.guild_id, zone)
        return config


class SetupCard:
    """Answers /setup start and the controls of its card."""

    def __init__(self, core: Core, components: Components, groups: SharedGroups) -> None:
        self._core = core
        self._service = SetupService(core, lambda: self.pages)
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
        if len(self._pages) == MOST_PAGES:
            raise ValueError(f"the setup card has no room for a page more than {MOST_PAGES}")
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
        values = _values(interaction)
        number = int(values[0]) if values and values[0].isdecimal() else COMMUNITY.number
        reply = reply_to(interaction)
        await reply.replace(await self._card(interaction, number, reply.translator))

    async def _choose(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        await self._service.check(actor_of(interaction))
        page, choice = self._choice(number)
        values = _values(interaction)
        value = int(values[0]) if values else None
        role = interaction.guild.get_role(value or 0) if interaction.guild is not None else None
        powers = role.permissions.value if role is not None else 0
        await self._service.choose(actor_of(interaction), page.section, choice, value, powers=powers)
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
            max_length=LONGEST_ZONE,
            value=config.zone,
        )
        await reply.ask(Form(t("Time zone"), custom_id(ZONE_FORM), (field,)))

    async def _set_zone(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._service.choose_zone(actor_of(interaction), str(form_answers(interaction).get("zone", "")))
        reply = reply_to(interaction)
        await reply.replace(await self._card(interaction, COMMUNITY.number, reply.translator))

    def _choice(self, number: int | None) -> tuple[Page, Choice]:
        page_number, index = divmod(-1 if number is None else number, CHOICES_A_PAGE)
        page = self._pages.get(page_number)
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
    here = t("**Page {n} of {total}.** Open another one here:", n=pages.index(page) + 1, total=len(pages))
    items += [Divider(), Text(here)]
    for at in range(0, len(options), SELECT_OPTIONS):
        control = custom_id(PAGE_CONTROL, at // SELECT_OPTIONS or None)
        items.append(Pick(control, t("More to choose"), options[at : at + SELECT_OPTIONS]))
    return Card(tuple(items))


def _values(interaction: discord.Interaction[Any]) -> list[str]:
    return cast("list[str]", cast("dict[str, Any]", interaction.data or {}).get("values", []))
