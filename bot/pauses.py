"""/me pause: nothing from the bot until a day of one's own choice, and nothing lost by it.

What was understood is shown before it holds. The button that confirms carries the moment itself (seconds since
1970; 0 is a pause without an end), and on a DM the number of the notification besides, which knows the server.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands

from bot.card_views import form_answers
from bot.cards import Button, Buttons, Card, Form, Item, Option, Pick, Style, Text, TextField, custom_id
from bot.components import Components
from bot.core import Core
from bot.errors import InvalidInput
from bot.groups import HelpLine, SharedGroups, Topic
from bot.i18n import N_, Translator
from bot.interactions import chosen_values
from bot.nominal_times import local_now
from bot.notification_settings import NotificationSettings, Reach
from bot.notify_rules import UNTIL_I_RETURN
from bot.replies import reply_to
from bot.text import timestamp
from bot.time_input import LONGEST_TYPED, parse_moment

PAUSE_SHOW = "notify:pause.show"
PAUSE_CHOOSE = "notify:pause.choose"
PAUSE_ASK = "notify:pause.ask"
PAUSE_READ = "notify:pause.read"
PAUSE_CONFIRM = "notify:pause.confirm"
PAUSE_END = "notify:pause.end"

HELP = HelpLine(N_("Take a break from everything"), "/me pause", control=PAUSE_SHOW, rank=5, topic=Topic.YOU)
OPEN_END = "until I come back"
# What is offered, as `parse_moment` reads it, and what it is called.
CHOICES = {
    "tomorrow": N_("Until tomorrow"),
    "in one week": N_("For one week"),
    "in two weeks": N_("For two weeks"),
    OPEN_END: N_("Until I come back"),
}
_MOMENTS = 10**10  # seconds since 1970 have ten digits until the year 2286
_LARGEST_NOTIFICATION = 9 * 10**8  # what leaves room for them in a row id


class Pauses:
    """Answers /me pause and the controls of its cards."""

    def __init__(self, core: Core, components: Components, groups: SharedGroups) -> None:
        self._core = core
        self._service = NotificationSettings(core)
        for name, handler in {
            PAUSE_SHOW: self._open,
            PAUSE_CHOOSE: self._choose,
            PAUSE_ASK: self._ask,
            PAUSE_READ: self._read,
            PAUSE_CONFIRM: self._confirm,
            PAUSE_END: self._end,
        }.items():
            components.register(name, handler)
        groups.attach(groups.me, _command(self), HELP)

    async def begin(self, interaction: discord.Interaction[Any], until: str | None) -> None:
        """/me pause, with or without saying until when."""
        if until is None:
            await self._open(interaction, None)
        else:
            await self._propose(interaction, None, until)

    def suggest(self, typed: str, t: Translator) -> list[tuple[str, str]]:
        """What may be meant while somebody types: names and values."""
        found = [(t(label), value) for value, label in CHOICES.items()]
        typed = typed.strip().casefold()
        return [each for each in found if typed in each[0].casefold() or typed in each[1].casefold()]

    async def _open(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        reach = await self._service.get(await self._guild(interaction, row), interaction.user.id)
        await self._show(interaction, lambda t: pause_card(reach, t, row=row))

    async def _choose(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        await self._propose(interaction, row, value)

    async def _ask(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        reply = reply_to(interaction)
        t = reply.translator
        field = TextField(
            "until",
            t("Until when?"),
            description=t("For example: Monday, Friday 18:00, in three days, 2026-12-31"),
            max_length=LONGEST_TYPED,
        )
        await reply.ask(Form(t("Take a break"), custom_id(PAUSE_READ, row), (field,)))

    async def _read(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        await self._propose(interaction, row, str(form_answers(interaction).get("until", "")))

    async def _propose(self, interaction: discord.Interaction[Any], row: int | None, typed: str) -> None:
        reach = await self._service.get(await self._guild(interaction, row), interaction.user.id)
        t = reply_to(interaction).translator
        if " ".join(typed.split()).casefold() in (OPEN_END.casefold(), t(CHOICES[OPEN_END]).casefold()):
            until = UNTIL_I_RETURN
        else:
            moment = parse_moment(
                typed, now=self._core.clock.now(), zone=reach.zone, locale=interaction.locale.value
            )
            until = moment.at
        await self._show(interaction, lambda t: confirm_card(reach, until, t, row=row))

    async def _confirm(self, interaction: discord.Interaction[Any], packed: int | None) -> None:
        row, until = _unpacked(packed)
        guild_id = await self._guild(interaction, row)
        reach = await self._service.pause(
            guild_id, interaction.user.id, until, locale=interaction.locale.value
        )
        await self._show(interaction, lambda t: pause_card(reach, t, row=row))

    async def _end(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        reach = await self._service.come_back(await self._guild(interaction, row), interaction.user.id)
        await self._show(interaction, lambda t: pause_card(reach, t, row=row, is_back=True))

    async def _guild(self, interaction: discord.Interaction[Any], row: int | None) -> int:
        return await self._service.guild_of(interaction.guild_id, interaction.user.id, row)

    async def _show(self, interaction: discord.Interaction[Any], draw: Callable[[Translator], Card]) -> None:
        reply = reply_to(interaction)
        await reply.show_privately(draw(reply.translator))


def pause_line(reach: Reach, t: Translator) -> str:
    """In one line: until when."""
    if reach.is_open_ended or reach.paused_until is None:
        return t("**Paused until you come back.**")
    return t(
        "**Paused until {when}** ({relative}).",
        when=timestamp(reach.paused_until, "F"),
        relative=timestamp(reach.paused_until, "R"),
    )


def pause_card(reach: Reach, t: Translator, *, row: int | None = None, is_back: bool = False) -> Card:
    """Whether there is a pause, what it means, and the way in or out."""
    choices = tuple(Option(t(label), value) for value, label in CHOICES.items())
    menu = Pick(custom_id(PAUSE_CHOOSE, row), t("Until when?"), choices)
    other = Button(t("Another day or time"), custom_id(PAUSE_ASK, row))
    if reach.is_paused:
        back = Button(t("Come back now"), custom_id(PAUSE_END, row), style=Style.PRIMARY)
        text = f"{pause_line(reach, t)}\n{_meaning(t)}"
        return Card((Text(text), Buttons((back, other))))
    head = t("**Take a break**\nFrom when you confirm, until the time you choose:")
    if is_back:
        head = t(
            "**Welcome back!** I tell you things again. What came meanwhile is in one message, the next news of the day.\n"
            "Another break, whenever you like:"
        )
    items: list[Item] = [Text(head if is_back else f"{head}\n{_meaning(t)}"), menu, Buttons((other,))]
    return Card(tuple(items))


def confirm_card(reach: Reach, until: datetime, t: Translator, *, row: int | None = None) -> Card:
    """What was understood, before it holds."""
    if until == UNTIL_I_RETURN:
        when = t(
            "**Pause until you come back?** It ends when you press *Come back now* in {command}.",
            command="`/me pause`",
        )
    else:
        when = t(
            "**Pause until {when}?**\nThat is {relative}: {local} in {zone}.",
            when=timestamp(until, "F"),
            relative=timestamp(until, "R"),
            local=f"{local_now(until, reach.zone):%Y-%m-%d %H:%M}",
            zone=reach.zone,
        )
    yes = Button(t("Yes, pause"), custom_id(PAUSE_CONFIRM, _packed(row, until)), style=Style.PRIMARY)
    change = Button(t("Change"), custom_id(PAUSE_ASK, row))
    never_mind = Button(t("Leave it as it is"), custom_id(PAUSE_SHOW, row))
    return Card((Text(f"{when}\n{_meaning(t)}"), Buttons((yes, change, never_mind))))


def _meaning(t: Translator) -> str:
    return "\n".join(
        [
            t("- It stops: every message and mention from me. You are not paired, and no turn falls to you."),
            t("- It keeps: your progress, your roles and your place here. Nothing is counted against you."),
            t("- Afterwards: what came meanwhile is told in one message."),
        ]
    )


def _packed(row: int | None, until: datetime) -> int:
    seconds = 0 if until == UNTIL_I_RETURN else int(until.timestamp())
    return ((row or 0) % _LARGEST_NOTIFICATION) * _MOMENTS + seconds


def _unpacked(packed: int | None) -> tuple[int | None, datetime]:
    if packed is None:
        raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
    row, seconds = divmod(packed, _MOMENTS)
    return row or None, datetime.fromtimestamp(seconds, UTC) if seconds else UNTIL_I_RETURN


def _command(pauses: Pauses) -> app_commands.Command[Any, ..., Any]:
    async def pause(interaction: discord.Interaction[Any], until: str | None = None) -> None:
        await pauses.begin(interaction, until)

    async def complete(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        found = pauses.suggest(current, reply_to(interaction).translator)
        return [app_commands.Choice(name=name, value=value) for name, value in found]

    described = app_commands.describe(until="For example: Monday, Friday 18:00, in two weeks")(pause)
    command = app_commands.Command[Any, ..., Any](
        name="pause", description="Take a break from everything, without losing anything", callback=described
    )
    command.autocomplete("until")(complete)
    return command
