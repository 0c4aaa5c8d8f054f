"""/me notifications: one card with everything that decides how the bot reaches a member.

The same card opens from every notification. On a DM there is no server, so the controls carry the number of the
notification that they came with, which knows it. A choice is saved the moment it is made; the last one wins.
"""

from __future__ import annotations

from typing import Any

import discord

from bot.cards import Button, Buttons, Card, Divider, Item, Option, Pick, Style, Text, custom_id
from bot.components import Components
from bot.core import Core
from bot.discord_trouble import not_answering
from bot.dispatcher import Calls, PlannedEffect, Refused, Unreachable
from bot.errors import InvalidInput
from bot.groups import HelpLine, SharedGroups, Topic, plain_command
from bot.i18n import N_, Translator
from bot.interactions import chosen_values
from bot.marks import marker_of, nonce_of
from bot.nominal_times import local_now
from bot.notification_settings import MOST_PINGS, NotificationSettings, Reach
from bot.notify_rules import DIGEST_TIME, Delivery, Kind
from bot.outbox import EffectKind
from bot.pauses import PAUSE_SHOW, pause_line
from bot.renderers import Renderers, from_server
from bot.replies import reply_to
from bot.text import SELECT_OPTIONS
from bot.zone_card import ZONE_ASK

CENTRE = "notify:centre.open"
DMS_ALLOW = "notify:dms.allow"
DMS_REFUSE = "notify:dms.refuse"
QUIET_FROM = "notify:quiet_from.set"
QUIET_UNTIL = "notify:quiet_until.set"
LIMIT = "notify:limit.set"
KIND_OPEN = "notify:kind.open"
KIND_SET = "notify:kind.set"

HELP = HelpLine(
    N_("Choose what I am told, when and where"), "/me notifications", control=CENTRE, rank=4, topic=Topic.YOU
)
NO_QUIET = "none"
GUILDS_LIMIT = "guild"
_MORE = "page:"  # no kind is named so: a name has letters, digits, dots and dashes
_SHOWN_KINDS = 25
_KINDS_A_PAGE = SELECT_OPTIONS - 1  # one place is kept for the way to the others

HOW = {
    Delivery.NOW: (N_("Tell me right away"), N_("One message, within your daily limit")),
    Delivery.DIGEST: (N_("Once a day"), N_("Together with other news, at 18:00")),
    Delivery.OFF: (N_("Not at all"), N_("You can change this at any time")),
}
_IN_SHORT = {
    Delivery.NOW: N_("right away"),
    Delivery.DIGEST: N_("once a day"),
    Delivery.OFF: N_("not at all"),
}


class NotificationCentre:
    """Answers /me notifications and the controls of its card."""

    def __init__(
        self, core: Core, renderers: Renderers, components: Components, groups: SharedGroups, calls: Calls
    ) -> None:
        self._core = core
        self._renderers = renderers
        self._calls = calls
        self._service = NotificationSettings(core)
        for name, handler in {
            CENTRE: self._open,
            DMS_ALLOW: self._allow_dms,
            DMS_REFUSE: self._refuse_dms,
            QUIET_FROM: self._set_quiet_from,
            QUIET_UNTIL: self._set_quiet_until,
            LIMIT: self._set_limit,
            KIND_OPEN: self._open_kind,
            KIND_SET: self._set_kind,
        }.items():
            components.register(name, handler)
        command = plain_command("notifications", "What I tell you, when and where", self._command)
        groups.attach(groups.me, command, HELP)

    async def _command(self, interaction: discord.Interaction[Any]) -> None:
        await self._open(interaction, None)

    async def _open(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        guild_id = await self._guild(interaction, row)
        await self._show(interaction, row, await self._service.get(guild_id, interaction.user.id))

    async def _allow_dms(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        guild_id, member_id = await self._guild(interaction, row), interaction.user.id
        t = reply_to(interaction).translator
        try:
            await self._send_test(guild_id, member_id, interaction.locale.value, t)
        except Refused:
            reach = await self._service.change(guild_id, member_id, dm_allowed=False)
            said = t(
                "**Discord did not let my DM through.** So I keep to the channels, and you miss nothing. To get DMs, "
                "open the server's menu, *Privacy Settings*, and allow direct messages; then press the button again."
            )
        except Unreachable as error:
            raise not_answering() from error
        else:
            reach = await self._service.change(guild_id, member_id, dm_allowed=True)
            said = t(
                "**I have just sent you a DM.** If you see it, all is well: from now on I write to you there."
            )
        await self._show(interaction, row, reach, said=said)

    async def _send_test(self, guild_id: int, member_id: int, locale: str, t: Translator) -> None:
        """The DM that proves that DMs arrive. Sent here and now, so that the answer can say what came of it."""
        number, key = await self._service.note_dm_test(guild_id, member_id, locale=locale)
        server = self._renderers.name_of_guild(guild_id)
        effect = PlannedEffect(
            id=0,
            key=key,
            kind=EffectKind.DIRECT_MESSAGE,
            guild_id=guild_id,
            channel_id=None,
            message_id=None,
            member_id=member_id,
            role_id=None,
            renderer=None,
            arguments={},
            attempts=0,
            first_try_at=None,
        )
        card = dm_test_card(number, server, t)
        await self._calls.perform(effect, card, nonce=nonce_of(key), marker=marker_of(key))

    async def _refuse_dms(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        guild_id = await self._guild(interaction, row)
        reach = await self._service.change(guild_id, interaction.user.id, dm_allowed=False)
        await self._show(interaction, row, reach)

    async def _set_quiet_from(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        guild_id, [value] = await self._guild(interaction, row), chosen_values(interaction, 1)
        start = None if value == NO_QUIET else _number(value) * 60
        reach = await self._service.set_quiet(
            guild_id, interaction.user.id, start=start, locale=interaction.locale.value
        )
        await self._show(interaction, row, reach)

    async def _set_quiet_until(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        guild_id, [value] = await self._guild(interaction, row), chosen_values(interaction, 1)
        reach = await self._service.set_quiet(guild_id, interaction.user.id, end=_number(value) * 60)
        await self._show(interaction, row, reach)

    async def _set_limit(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        guild_id, [value] = await self._guild(interaction, row), chosen_values(interaction, 1)
        limit = None if value == GUILDS_LIMIT else _number(value)
        await self._show(
            interaction, row, await self._service.set_limit(guild_id, interaction.user.id, limit)
        )

    async def _open_kind(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        guild_id, [value] = await self._guild(interaction, row), chosen_values(interaction, 1)
        reach = await self._service.get(guild_id, interaction.user.id)
        if value.startswith(_MORE):
            await self._show(interaction, row, reach, page=_number(value.removeprefix(_MORE)))
        else:
            await self._show(interaction, row, reach, kind=value)

    async def _set_kind(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        guild_id, [value] = await self._guild(interaction, row), chosen_values(interaction, 1)
        delivery, _, kind = value.partition(" ")
        if delivery not in set(Delivery):
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        reach = await self._service.choose_kind(guild_id, interaction.user.id, kind, Delivery(delivery))
        await self._show(interaction, row, reach, kind=kind)

    async def _guild(self, interaction: discord.Interaction[Any], row: int | None) -> int:
        return await self._service.guild_of(interaction.guild_id, interaction.user.id, row)

    async def _show(
        self,
        interaction: discord.Interaction[Any],
        row: int | None,
        reach: Reach,
        *,
        kind: str | None = None,
        page: int = 0,
        said: str | None = None,
    ) -> None:
        reply = reply_to(interaction)
        # In a server the server says where; the number is for DMs alone.
        row = row if interaction.guild_id is None else None
        card = centre_card(
            reach, self._core.notifier.kinds, reply.translator, row=row, kind=kind, page=page, said=said
        )
        await reply.show_privately(card)


def dm_test_card(number: int, server: str | None, t: Translator) -> Card:
    """The test DM, with the way to everything that can be chosen."""
    text = t(
        "**This is where I will write to you.**\nYou asked for DMs a moment ago. I write only what you chose to hear, "
        "and you can change that here at any time."
    )
    change = Button(t("Change how I reach you"), custom_id(CENTRE, number))
    items: list[Item] = [Text(text), Buttons((change,))]
    if server is not None:
        items.append(from_server(server, t))
    return Card(tuple(items))


def centre_card(
    reach: Reach,
    kinds: tuple[Kind, ...],
    t: Translator,
    *,
    row: int | None = None,
    kind: str | None = None,
    page: int = 0,
    said: str | None = None,
) -> Card:
    """Everything about being notified. `kind` is the one that is open, `said` what has just happened."""
    items: list[Item] = [Text(said), Divider()] if said else []
    items.append(Text("\n".join([t("**How I reach you**"), *_lines(reach, t)])))
    items.append(Buttons(_buttons(reach, t, row)))
    items += [*_quiet_menus(reach, t, row), _limit_menu(reach, t, row)]
    if kinds:
        items += [
            Divider(),
            Text(_kind_lines(reach, kinds, t)),
            _kind_menu(kinds, t, row, kind=kind, page=page),
        ]
    opened = next((each for each in kinds if each.name == kind), None)
    if opened is not None:
        items.append(Text(t("How would you like to hear of “{title}” from now on?", title=t(opened.title))))
        items.append(_how_menu(opened, reach.deliveries[opened.name], t, row))
    return Card(tuple(items))


def _lines(reach: Reach, t: Translator) -> list[str]:
    where = (
        t("By DM. What belongs in a channel stays there.")
        if reach.dm_allowed
        else t("In the channels, by mentioning you. No DMs.")
    )
    much = t.tn(
        "At most {n} message a day. What goes beyond waits for the news of the day at {time}.",
        "At most {n} messages a day. What goes beyond waits for the news of the day at {time}.",
        reach.limit,
        time=f"{DIGEST_TIME:%H:%M}",
    )
    if reach.limit == 0:
        much = t("One message a day at most: the news of the day at {time}.", time=f"{DIGEST_TIME:%H:%M}")
    clock = f"{local_now(reach.now, reach.zone):%H:%M}"
    zone = t("Your clock: {zone}, {clock} now.", zone=reach.zone, clock=clock)
    if not reach.is_zone_own:
        zone = t("Your clock: the community's ({zone}, {clock} now).", zone=reach.zone, clock=clock)
    lines = [where, much, _quiet_line(reach, t), zone]
    if reach.is_paused:
        lines.insert(0, pause_line(reach, t))
    return [f"- {line}" for line in lines]


def _quiet_line(reach: Reach, t: Translator) -> str:
    start, end = reach.quiet_from, reach.quiet_until
    if start is None or end is None:
        return t("No quiet hours.")
    if start == end:
        return t("No quiet hours: from {start} to {start} is no time.", start=_clock(start))
    return t("Quiet from {start} to {end}: what comes then waits.", start=_clock(start), end=_clock(end))


def _buttons(reach: Reach, t: Translator, row: int | None) -> tuple[Button, ...]:
    dms = (
        Button(t("No more DMs"), custom_id(DMS_REFUSE, row))
        if reach.dm_allowed
        else Button(t("Write to me by DM"), custom_id(DMS_ALLOW, row), style=Style.PRIMARY)
    )
    pause = Button(t("My pause") if reach.is_paused else t("Take a break"), custom_id(PAUSE_SHOW, row))
    # The zone's card knows its server by being in it.
    zone = () if row is not None else (Button(t("Set my clock"), custom_id(ZONE_ASK)),)
    return (dms, pause, *zone)


def _quiet_menus(reach: Reach, t: Translator, row: int | None) -> tuple[Item, ...]:
    is_set = reach.quiet_from is not None and reach.quiet_until is not None
    start = (
        Option(t("No quiet hours"), NO_QUIET, chosen=not is_set),
        *(
            Option(
                t("Quiet from {time}", time=_clock(hour * 60)),
                str(hour),
                chosen=is_set and reach.quiet_from == hour * 60,
            )
            for hour in range(24)
        ),
    )
    end = tuple(
        Option(
            t("Quiet until {time}", time=_clock(hour * 60)),
            str(hour),
            chosen=is_set and reach.quiet_until == hour * 60,
        )
        for hour in range(24)
    )
    return (
        Pick(custom_id(QUIET_FROM, row), t("Quiet from"), start),
        Pick(custom_id(QUIET_UNTIL, row), t("Quiet until"), end),
    )


def _limit_menu(reach: Reach, t: Translator, row: int | None) -> Pick:
    own = tuple(
        Option(
            t.tn("At most {n} message a day", "At most {n} messages a day", number)
            if number
            else t("Only the news of the day"),
            str(number),
            chosen=number == reach.limit and number != reach.budget,
        )
        for number in range(min(reach.budget, MOST_PINGS))
    )
    everyones = t.tn(
        "At most {n} message a day, as everybody here",
        "At most {n} messages a day, as everybody here",
        reach.budget,
    )
    options = (Option(everyones, GUILDS_LIMIT, chosen=reach.limit == reach.budget), *reversed(own))
    return Pick(custom_id(LIMIT, row), t("How many messages a day"), options)


def _kind_lines(reach: Reach, kinds: tuple[Kind, ...], t: Translator) -> str:
    lines = [t("**What I may tell you**")]
    lines += [
        t("- {title}: {how}", title=t(kind.title), how=t(_IN_SHORT[reach.deliveries[kind.name]]))
        for kind in kinds[:_SHOWN_KINDS]
    ]
    if len(kinds) > _SHOWN_KINDS:
        more = len(kinds) - _SHOWN_KINDS
        lines.append(t.tn("- and {n} more in the menu", "- and {n} more in the menu", more))
    return "\n".join(lines)


def _kind_menu(
    kinds: tuple[Kind, ...], t: Translator, row: int | None, *, kind: str | None, page: int
) -> Pick:
    if len(kinds) <= SELECT_OPTIONS:
        shown, more = kinds, ()
    else:
        at = next((i for i, each in enumerate(kinds) if each.name == kind), page * _KINDS_A_PAGE)
        page = at // _KINDS_A_PAGE if at < len(kinds) else 0
        shown = kinds[page * _KINDS_A_PAGE : (page + 1) * _KINDS_A_PAGE]
        following = page + 1 if (page + 1) * _KINDS_A_PAGE < len(kinds) else 0
        more = (Option(t("More of them"), f"{_MORE}{following}"),)
    options = tuple(Option(t(each.title), each.name, chosen=each.name == kind) for each in shown)
    return Pick(custom_id(KIND_OPEN, row), t("More or less of what?"), (*options, *more))


def _how_menu(kind: Kind, current: Delivery, t: Translator, row: int | None) -> Pick:
    options = tuple(
        Option(t(label), f"{delivery.value} {kind.name}", t(description), chosen=delivery is current)
        for delivery, (label, description) in HOW.items()
    )
    return Pick(custom_id(KIND_SET, row), t("How to tell me"), options)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 3:
        raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
    return int(text)
