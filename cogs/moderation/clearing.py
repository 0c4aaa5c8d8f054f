"""Reads a channel for moderators: its state before it is locked, its messages before they are cleared."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import discord

from bot.card_views import form_answers
from bot.cases import Snippet
from bot.components import Handler
from bot.errors import InvalidInput, MissingBotPermission, NotFound
from bot.interactions import actor_of
from bot.replies import reply_to
from cogs.moderation import render_forms as forms
from cogs.moderation import render_staff as render
from cogs.moderation.channels import ChannelService
from cogs.moderation.model import ChannelState, Writer
from cogs.moderation.records import Records
from cogs.moderation.rules import LOCKED, Found

_Interaction = discord.Interaction[Any]
_Readable = discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.StageChannel
MOST_READ = 500  # messages looked through for those of one member


class Clearing:
    """Shows what would go, and lets it go."""

    def __init__(self, channels: ChannelService, records: Records) -> None:
        self._channels = channels
        self._records = records
        self.controls: dict[str, Handler] = {forms.PURGE_ASK: self._ask, forms.PURGE_FORM: self._clear}

    async def look(self, interaction: _Interaction, most: int, author_id: int | None) -> None:
        """The preview; nothing is deleted."""
        actor, channel = actor_of(interaction), _readable(interaction.channel)
        found = [
            Found(each.id, each.author.id, each.created_at, each.pinned)
            async for each in channel.history(limit=most if author_id is None else MOST_READ)
        ]
        plan_id, seen = await self._channels.look(actor, channel.id, found, most, author_id)
        reply = reply_to(interaction)
        await reply.show(forms.preview_card(plan_id, channel.id, seen, reply.translator))

    async def _ask(self, interaction: _Interaction, plan_id: int | None) -> None:
        await self._channels.wanted(actor_of(interaction), plan_id or 0)
        reply = reply_to(interaction)
        await reply.ask(forms.purge_form(plan_id or 0, reply.translator))

    async def _clear(self, interaction: _Interaction, plan_id: int | None) -> None:
        actor, typed = actor_of(interaction), form_answers(interaction)
        channel_id, ids = await self._channels.wanted(actor, plan_id or 0)
        kept: list[Snippet] = []
        if typed.get("keep"):
            kept = await self._read(interaction, channel_id, ids)
        case = await self._channels.clear(actor, plan_id or 0, str(typed.get("reason") or ""), kept)
        view = await self._records.open(actor, case.id)
        reply = reply_to(interaction)
        await reply.show_privately(render.case_card(view, reply.translator))

    async def _read(self, interaction: _Interaction, channel_id: int, ids: Collection[int]) -> list[Snippet]:
        guild = interaction.guild
        channel = _readable(guild.get_channel_or_thread(channel_id) if guild is not None else None)
        wanted = set(ids)
        around = discord.Object(max(wanted) + 1) if wanted else None
        return [
            Snippet(
                author_id=each.author.id,
                text=each.content,
                channel_id=channel_id,
                message_id=each.id,
                attachments=tuple(file.filename for file in each.attachments),
                link=each.jump_url,
            )
            async for each in channel.history(limit=MOST_READ, before=around)
            if each.id in wanted
        ]


def state_of(
    interaction: _Interaction, chosen: discord.TextChannel | None, spared: Collection[int] = ()
) -> ChannelState:
    """The channel as discord.py remembers it. `spared` are roles that go on writing when it is locked, beside the bot's own.
    Raises `NotFound` where there is none."""
    channel = chosen or interaction.channel
    guild = interaction.guild
    if guild is None or channel is None:
        raise NotFound("I cannot see that channel.")
    if isinstance(channel, discord.Thread):
        mine = channel.permissions_for(guild.me)
        return ChannelState(
            channel.id, slowmode=channel.slowmode_delay, can_change=mine.manage_threads, is_thread=True
        )
    found = guild.get_channel(channel.id)
    if not isinstance(found, discord.abc.GuildChannel):
        raise NotFound("I cannot see that channel.")
    mine = found.permissions_for(guild.me)
    power = mine.value | guild.me.guild_permissions.value
    allow, deny = found.overwrites_for(guild.default_role).pair()
    return ChannelState(
        found.id,
        allow.value,
        deny.value,
        existed=guild.default_role in found.overwrites,
        slowmode=int(getattr(found, "slowmode_delay", 0)),
        can_lock=mine.manage_roles and mine.view_channel and not LOCKED & ~power,
        can_change=mine.manage_channels and mine.view_channel,
        writers=_writers(found, spared),
    )


def _writers(channel: discord.abc.GuildChannel, spared: Collection[int]) -> tuple[Writer, ...]:
    """Nobody is let do more than before: only what they may do now stays theirs."""
    guild = channel.guild
    own = guild.self_role or guild.me.top_role  # who invites a bot without permissions gives it another role
    roles = [each for each in guild.roles if each.id in spared or each == own]
    found = [
        Writer(
            each.id,
            channel.permissions_for(each).value & LOCKED & ~channel.overwrites_for(each).pair()[0].value,
            each in channel.overwrites,
        )
        for each in roles
        if not each.permissions.administrator and not each.is_default()
    ]
    return tuple(each for each in found if each.bits)


def _readable(channel: object) -> _Readable:
    if not isinstance(channel, _Readable):
        raise InvalidInput("There are no messages here that could be cleared.")
    mine = channel.permissions_for(channel.guild.me)
    if not (mine.read_message_history and mine.manage_messages and mine.view_channel):
        raise MissingBotPermission(
            "I lack a permission here: give my role Read Message History and Manage Messages in this channel."
        )
    return channel
