"""/setup start and /setup doctor: what facilitators see, and what their presses do.

Each feature adds its page when it loads (`bot/setup_pages.py`). A choice is saved the moment it is made and the
step is remembered, so the steps can be left and taken up again at any time, by anybody of staff, from any card,
however old. Nobody ever types an id. A card is drawn again in the place where it was used: its own controls say
whether it is a step, the report or a single page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, cast

import discord
from discord.ext import commands

from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Form, TextField, custom_id, parse_custom_id
from bot.components import Components
from bot.core import Core
from bot.errors import NotFound
from bot.groups import HelpLine, SharedGroups, plain_command
from bot.i18n import N_, Translations
from bot.interactions import actor_of
from bot.notification_settings import NotificationSettings
from bot.replies import reply_to
from bot.setup_doctor_render import (
    ALLOW_CONTROL,
    CREATE_CONTROL,
    DOCTOR_CONTROL,
    FORGET_CONTROL,
    LET_IN_CONTROL,
    PAGE_BUTTON,
    STEP_CONTROL,
)
from bot.setup_drawings import SetupDrawings, guild_of, offered_name
from bot.setup_facts import ServerFacts
from bot.setup_pages import (
    COMMUNITY,
    MOST_PAGES,
    NUMBERS_A_PAGE,
    Choice,
    Numbered,
    Page,
    Place,
    check_page,
    choices_of,
)
from bot.setup_permissions import VIEW_CHANNEL
from bot.setup_places import Found, SetupPlaces
from bot.setup_render import (
    CHOICE_CONTROL,
    FEATURE_CONTROL,
    FINISH_CONTROL,
    LANGUAGE_CONTROL,
    LEAVE_CONTROL,
    NEXT_CONTROL,
    PAGE_CONTROL,
    PINGS_CONTROL,
    ZONE_ASK_CONTROL,
    intro_card,
    left_card,
)
from bot.setup_service import SetupService
from bot.zones import LONGEST_ZONE

__all__ = ["COMMUNITY", "Choice", "Page", "SetupCard", "SetupService"]

ZONE_FORM = "setup:zone.set"
HELP = (
    HelpLine(N_("Set up the community step by step"), "/setup start", Capability.FACILITATE),
    HelpLine(N_("See what works here and mend what does not"), "/setup doctor", Capability.FACILITATE),
)

# What is set by other means than a choice.
LABELS = {
    "zone": N_("Time zone"),
    "locale": N_("Language"),
    "daily_ping_budget": N_("Pings a person and day"),
}
Noticed = Callable[[discord.Guild, Sequence[Numbered]], Awaitable[None]]


class SetupCard:
    """Answers /setup start, /setup doctor and the controls of their cards."""

    def __init__(
        self,
        core: Core,
        components: Components,
        groups: SharedGroups,
        translations: Translations,
        client: Callable[[], commands.Bot],
    ) -> None:
        self._core = core
        self._translations = translations
        self.service = SetupService(core, lambda: self.pages)
        self._notifications = NotificationSettings(core)
        self.facts = ServerFacts(core, self.service, client)
        self._draw = SetupDrawings(core, self.service, self.facts, translations)
        self._places = SetupPlaces()
        self._pages: dict[int, Page] = {}
        # Told which choices somebody has just made, with the card before their eyes.
        self.noticed: Noticed | None = None
        self.add(COMMUNITY)
        for name, handler in (
            (PAGE_CONTROL, self._pick_page),
            (PAGE_BUTTON, self._open_page),
            (CHOICE_CONTROL, self._choose),
            (CREATE_CONTROL, self._create),
            (FORGET_CONTROL, self._forget),
            (ALLOW_CONTROL, self._allow),
            (LET_IN_CONTROL, self._let_in),
            (ZONE_ASK_CONTROL, self._ask_zone),
            (ZONE_FORM, self._set_zone),
            (LANGUAGE_CONTROL, self._set_language),
            (PINGS_CONTROL, self._set_pings),
            (FEATURE_CONTROL, self._switch),
            (STEP_CONTROL, self._open_step),
            (NEXT_CONTROL, self._open_step),
            (LEAVE_CONTROL, self._leave),
            (FINISH_CONTROL, self._finish),
            (DOCTOR_CONTROL, self._look),
        ):
            components.register(name, handler)
        start = plain_command("start", "Set up the community step by step", self._start)
        doctor = plain_command("doctor", "What works here, and how to mend what does not", self._examine)
        groups.attach(groups.setup, start, HELP[0])
        groups.attach(groups.setup, doctor, HELP[1])

    # ------------------------------------------------------------------------------------------ pages

    def add(self, page: Page) -> None:
        """Add a feature's page. Raises ValueError when its number is taken, or it cannot be shown."""
        if page.number in self._pages:
            raise ValueError(f"page {page.number} of the setup card is taken")
        check_page(page)
        if len(self._pages) == MOST_PAGES:
            raise ValueError(f"the setup card has no room for a page more than {MOST_PAGES}")
        self._pages[page.number] = page

    @property
    def pages(self) -> tuple[Page, ...]:
        return tuple(self._pages.values())

    def labels(self) -> dict[str, str]:
        """The gettext id by which people know each field of the configuration."""
        chosen = {choice.field: choice.label for page in self.pages for choice in page.choices}
        return LABELS | chosen

    def remove(self, page: Page) -> None:
        self._pages.pop(page.number, None)

    def _choice(self, number: int | None) -> Numbered:
        page = self._pages.get((-1 if number is None else number) // NUMBERS_A_PAGE)
        found = [each for each in choices_of(page) if each.number == number] if page is not None else []
        if not found:
            raise NotFound(
                "This choice does not exist any more. Use {command} for the present ones.",
                command="`/setup start`",
            )
        return found[0]

    # ------------------------------------------------------------------------------------------ ways around

    async def _start(self, interaction: discord.Interaction[Any]) -> None:
        actor = actor_of(interaction)
        progress = await self.service.progress(actor)
        left_at = progress.place if progress is not None and not progress.is_finished else None
        reply = reply_to(interaction)
        places = await self._draw.all_places(actor.guild_id)
        await reply.show(intro_card(self.pages, places, left_at, reply.translator))

    async def _open_step(self, interaction: discord.Interaction[Any], place_id: int | None) -> None:
        place = await self._place(interaction, place_id)
        await self.service.note_place(actor_of(interaction), place)
        reply = reply_to(interaction)
        await reply.replace(await self._draw.step(interaction, place, reply.translator))

    async def _leave(self, interaction: discord.Interaction[Any], place_id: int | None) -> None:
        place = await self._place(interaction, place_id)
        reply = reply_to(interaction)
        places = await self._draw.all_places(actor_of(interaction).guild_id)
        await reply.replace(left_card(place, places, reply.translator))

    async def _finish(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self.service.finish(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.replace(await self._draw.report(interaction, reply.translator, done=True))

    async def _examine(self, interaction: discord.Interaction[Any]) -> None:
        await self.service.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(await self._draw.report(interaction, reply.translator))

    async def _look(self, interaction: discord.Interaction[Any], start: int | None) -> None:
        await self.service.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.replace(await self._draw.report(interaction, reply.translator, start=start or 0))

    async def _pick_page(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        values = _values(interaction)
        await self._open_page(interaction, int(values[0]) if values and values[0].isdecimal() else None)

    async def _open_page(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        await self.service.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.replace(await self._draw.page(interaction, number, reply.translator))

    async def redraw(self, interaction: discord.Interaction[Any], page: Page) -> None:
        """Answer a control by drawing the card again on which it was used: the step, the report, or the page.

        Raises `NotAllowed` when the person is no facilitator: the cards are nobody else's.
        """
        await self.service.check(actor_of(interaction))
        reply = reply_to(interaction)
        t = reply.translator
        names = dict(_controls_on(interaction.message))
        if LEAVE_CONTROL in names:
            card = await self._draw.step(interaction, await self._place(interaction, names[LEAVE_CONTROL]), t)
        elif DOCTOR_CONTROL in names:
            card = await self._draw.report(interaction, t)
        else:
            card = await self._draw.page(interaction, page.number, t)
        await reply.replace(card)

    # ------------------------------------------------------------------------------------------ choosing

    async def _choose(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        await self.service.check(actor_of(interaction))
        numbered = self._choice(number)
        values = _values(interaction)
        value = int(values[0]) if values else None
        role = interaction.guild.get_role(value or 0) if interaction.guild is not None else None
        await self._save(interaction, numbered, value, role.permissions.value if role is not None else 0)
        await self.redraw(interaction, numbered.page)

    async def _save(
        self,
        interaction: discord.Interaction[Any],
        numbered: Numbered,
        value: int | None,
        powers: int,
        created: str | None = None,
    ) -> None:
        assert numbered.page.section is not None
        await self.service.choose(
            actor_of(interaction),
            numbered.page.section,
            numbered.choice,
            value,
            powers=powers,
            created=created,
        )
        if self.noticed is not None and interaction.guild is not None:
            await self.noticed(interaction.guild, [numbered])

    async def _create(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        actor = actor_of(interaction)
        await self.service.check(actor)
        numbered, guild = self._choice(number), guild_of(interaction)
        async with self._places.one_at_a_time(guild.id):
            chosen = await self.service.chosen(guild.id, numbered.page, numbered.choice)
            if chosen is None:  # else somebody was faster, and the card shows what they made
                found = await self._find_or_make(interaction, guild, numbered)
                created = found.name if found.created else None
                await self._save(interaction, numbered, found.id, found.powers, created)
        await self.redraw(interaction, numbered.page)

    async def _find_or_make(
        self, interaction: discord.Interaction[Any], guild: discord.Guild, numbered: Numbered
    ) -> Found:
        choice = numbered.choice
        t = await self._draw.guild_translator(guild.id)
        name = offered_name(choice, t)
        if name is None:
            raise NotFound("That can only be chosen from what the server has. Use the menu above it.")
        if choice.of == "role":
            return await self._places.role(guild, name)
        config = await self._core.configs.guild(guild.id)
        staff = {role for roles in config.capability_roles.roles.values() for role in roles}
        visible_to: list[discord.Role | discord.Member] = [
            role for role in map(guild.get_role, sorted(staff)) if role is not None
        ]
        if isinstance(interaction.user, discord.Member):
            visible_to.append(interaction.user)
        return await self._places.channel(
            guild,
            name,
            topic=t(choice.topic or choice.help),
            visible_to=visible_to if choice.private else None,
        )

    async def _forget(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        actor = actor_of(interaction)
        await self.service.check(actor)
        numbered = self._choice(number)
        fact = await self.facts.place(guild_of(interaction), numbered)
        if fact.chosen is not None and not fact.exists:
            await self.service.forget(actor, numbered.page, numbered.choice, fact.chosen)
        await self.redraw(interaction, numbered.page)

    async def _allow(self, interaction: discord.Interaction[Any], channel_id: int | None) -> None:
        await self.service.check(actor_of(interaction))
        guild = guild_of(interaction)
        facts = await self.facts.read(guild)
        lacking = [
            each.lacking for each in facts.places if each.chosen == channel_id and each.of == "channel"
        ]
        bits = 0
        for each in lacking:
            bits |= each
        if bits:
            await self._places.allow(guild, channel_id or 0, guild.me, bits)
        await self.redraw(interaction, COMMUNITY)

    async def _let_in(self, interaction: discord.Interaction[Any], role_id: int | None) -> None:
        config = await self.service.check(actor_of(interaction))
        guild = guild_of(interaction)
        role = guild.get_role(role_id or 0)
        staff = {each for roles in config.capability_roles.roles.values() for each in roles}
        if role is None or role.id not in staff or config.staff_channel_id is None:
            raise NotFound("That has changed meanwhile. See {command}.", command="`/setup doctor`")
        await self._places.allow(guild, config.staff_channel_id, role, VIEW_CHANNEL)
        await self.redraw(interaction, COMMUNITY)

    async def _ask_zone(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        config = await self.service.check(actor_of(interaction))
        reply = reply_to(interaction)
        t = reply.translator
        field = TextField(
            "zone",
            t("Which city's clock do you live by?"),
            description=t("The nearest big city, for example Europe/Lisbon. Or your time now, like 14:30."),
            max_length=LONGEST_ZONE,
            value=config.zone,
        )
        await reply.ask(Form(t("Time zone"), custom_id(ZONE_FORM), (field,)))

    async def _set_zone(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        typed = str(form_answers(interaction).get("zone", ""))
        await self.service.choose_zone(actor_of(interaction), typed)
        await self.redraw(interaction, COMMUNITY)

    async def _set_language(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        values = _values(interaction)
        known = self._translations.locales
        await self.service.choose_language(actor_of(interaction), values[0] if values else "", known)
        await self.redraw(interaction, COMMUNITY)

    async def _set_pings(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        values = _values(interaction)
        pings = int(values[0]) if values and values[0].isdecimal() else -1
        await self._notifications.set_budget(actor_of(interaction), pings)
        await self.redraw(interaction, COMMUNITY)

    async def _switch(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        values = _values(interaction)
        wish, _colon, name = (values[0] if values else "").partition(":")
        await self.service.switch(actor_of(interaction), name, on=wish == "on")
        await self.redraw(interaction, COMMUNITY)

    async def _place(self, interaction: discord.Interaction[Any], place_id: int | None) -> Place:
        """The place that a control names; the first one when the steps have changed since."""
        actor = actor_of(interaction)
        await self.service.check(actor)
        places = await self._draw.all_places(actor.guild_id)
        return next((each for each in places if each.id == place_id), places[0])


def _controls_on(message: discord.Message | None) -> Iterator[tuple[str, int | None]]:
    """The names and row ids of the buttons on a message."""
    for part in message.components if message is not None else ():
        for each in _walk(part):
            parsed = parse_custom_id(getattr(each, "custom_id", None) or "")
            if parsed is not None:
                yield parsed


def _walk(component: Any) -> Iterator[Any]:
    yield component
    for child in getattr(component, "children", ()):
        yield from _walk(child)


def _values(interaction: discord.Interaction[Any]) -> list[str]:
    return cast("list[str]", cast("dict[str, Any]", interaction.data or {}).get("values", []))
