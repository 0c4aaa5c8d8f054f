"""Finding a member's time zone by what their clock shows: nobody has to know what a zone is called."""

from __future__ import annotations

from typing import Any

import discord

from bot.card_views import form_answers
from bot.cards import Button, Buttons, Card, Form, Item, Option, Pick, Text, TextField, custom_id
from bot.components import Components
from bot.core import Core
from bot.day_names import DAY_NAMES
from bot.errors import InvalidInput
from bot.i18n import Translator
from bot.interactions import actor_of, chosen_values
from bot.nominal_times import local_now
from bot.notification_settings import NotificationSettings, Reach
from bot.replies import reply_to
from bot.text import SELECT_OPTIONS
from bot.zone_input import find_zone
from bot.zones import EXAMPLES, LONGEST_ZONE, ClockNow, city, clocks, places_at

ZONE_ASK = "zone:clock.ask"
ZONE_CLOCK = "zone:clock.choose"  # with the number of the menu: two of them hold the clocks of the world
ZONE_PLACE = "zone:place.choose"
ZONE_TYPE = "zone:city.ask"
ZONE_TYPED = "zone:city.set"


class ZoneCard:
    """Answers the controls with which a member sets their clock."""

    def __init__(self, core: Core, components: Components) -> None:
        self._core = core
        self._service = NotificationSettings(core)
        for name, handler in {
            ZONE_ASK: self._ask,
            ZONE_CLOCK: self._choose_clock,
            ZONE_PLACE: self._choose_place,
            ZONE_TYPE: self._ask_city,
            ZONE_TYPED: self._set_city,
        }.items():
            components.register(name, handler)

    async def _ask(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor_of(interaction)  # the clock belongs to a membership, so this works in the server alone
        reply = reply_to(interaction)
        found = clocks(self._core.clock.now())
        await reply.show_privately(clocks_card(found, reply.translator, interaction.locale.value))

    async def _choose_clock(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor_of(interaction)
        [value] = chosen_values(interaction, 1)
        now = self._core.clock.now()
        places = places_at(int(value), now) if value.removeprefix("-").isdecimal() and len(value) < 6 else ()
        reply = reply_to(interaction)
        if not places:  # a clock has changed since the card was drawn
            await reply.show_privately(clocks_card(clocks(now), reply.translator, interaction.locale.value))
            return
        clock = f"{local_now(now, places[0]):%H:%M}"
        await reply.show_privately(places_card(places, clock, reply.translator, interaction.locale.value))

    async def _choose_place(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        await self._set(interaction, value)

    async def _ask_city(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor_of(interaction)
        reply = reply_to(interaction)
        t = reply.translator
        field = TextField(
            "city",
            t("Which city's clock do you live by?"),
            description=t("The nearest big city, for example Europe/Lisbon"),
            max_length=LONGEST_ZONE,
        )
        await reply.ask(Form(t("Time zone"), custom_id(ZONE_TYPED), (field,)))

    async def _set_city(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._set(interaction, str(form_answers(interaction).get("city", "")))

    async def _set(self, interaction: discord.Interaction[Any], typed: str) -> None:
        actor = actor_of(interaction)
        if not typed.strip():
            raise InvalidInput(
                "I do not know that time zone. Type the nearest big city, for example Europe/Lisbon."
            )
        reach = await self._service.change(
            actor.guild_id,
            actor.member_id,
            locale=actor.locale,
            zone=find_zone(typed, self._core.clock.now()),
        )
        reply = reply_to(interaction)
        await reply.show_privately(saved_card(reach, reply.translator))


def clocks_card(found: tuple[ClockNow, ...], t: Translator, locale: str) -> Card:
    """What time is it for you? In two menus, because the world has more clocks than a menu has room."""
    middle = (len(found) + 1) // 2
    items: list[Item] = [
        Text(
            t(
                "**What time is it for you right now?**\nChoose what your clock shows. Everything I say to you about "
                "times, and your quiet hours, then follow it, in summer and in winter."
            )
        )
    ]
    for number, half in enumerate((found[:middle], found[middle:])):
        options = tuple(_option(each, t, locale) for each in half[:SELECT_OPTIONS])
        # On a phone there is room for about 25 characters: the day is not said twice.
        same_day = half[0].local.weekday() == half[-1].local.weekday()
        last = f"{half[-1].local:%H:%M}" if same_day else _day_and_time(half[-1], t)
        span = t("{first} to {last}", first=_day_and_time(half[0], t), last=last)
        items.append(Pick(custom_id(ZONE_CLOCK, number), span, options))
    items.append(Buttons((Button(t("Type a city instead"), custom_id(ZONE_TYPE)),)))
    return Card(tuple(items))


def places_card(places: tuple[str, ...], clock: str, t: Translator, locale: str) -> Card:
    """The clock is known: whose changes in spring and autumn does it follow?"""
    text = t(
        "**{clock}, then. Where is that?**\nPlaces with the same time now may change their clocks on different days.",
        clock=clock,
    )
    options = tuple(Option(city(each, locale), each, each) for each in places[:SELECT_OPTIONS])
    buttons = Buttons(
        (
            Button(t("Another time"), custom_id(ZONE_ASK)),
            Button(t("Type a city instead"), custom_id(ZONE_TYPE)),
        )
    )
    return Card((Text(text), Pick(custom_id(ZONE_PLACE), t("The place nearest to you"), options), buttons))


def saved_card(reach: Reach, t: Translator) -> Card:
    """What was understood, so that a mistake shows at once."""
    text = t(
        "**Saved: you live by the clock of {zone}, where it is {clock} now.**",
        zone=reach.zone,
        clock=f"{local_now(reach.now, reach.zone):%H:%M}",
    )
    again = Button(t("That is not right"), custom_id(ZONE_ASK))
    return Card((Text(text), Buttons((again,))))


def _option(clock: ClockNow, t: Translator, locale: str) -> Option:
    cities = ", ".join(city(place, locale) for place in clock.places[:EXAMPLES])
    return Option(_day_and_time(clock, t), str(clock.offset), cities)


def _day_and_time(clock: ClockNow, t: Translator) -> str:
    return f"{t(DAY_NAMES[clock.local.weekday()])} {clock.local:%H:%M}"
