"""Creates the channels and roles that /setup offers to create, or adopts those of that name; mends overwrites.

Made within the interaction, not through the outbox: the person waits for it, and it is safe to repeat. Under one
lock a server the list is read from Discord first, so whatever an earlier press, a second person or a process that
was killed has made is taken, not made again. A second copy that discord.py's own retry may make is taken away.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import discord

from bot.errors import ExternalError, LimitReached, MissingBotPermission, NotFound, ServiceUnavailable
from bot.setup_names import channel_name
from bot.setup_permissions import THREADS, VIEW_CHANNEL

TOO_MANY = frozenset({30005, 30013})  # 250 roles, 500 channels
REASON = "Asked for in /setup"


@dataclass(frozen=True)
class Found:
    """What stands for a choice now. `created` tells it from what was there before."""

    id: int
    name: str
    created: bool
    powers: int = 0


class SetupPlaces:
    """Changes servers on behalf of a facilitator who was let through before."""

    def __init__(self) -> None:
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    def one_at_a_time(self, guild_id: int) -> asyncio.Lock:
        """Held from the look at what is there until the choice is saved."""
        return self._locks[guild_id]

    async def channel(
        self,
        guild: discord.Guild,
        name: str,
        *,
        topic: str,
        visible_to: Iterable[discord.Role | discord.Member] | None,
    ) -> Found:
        """The text channel of that name, created if there is none.

        `visible_to` is who sees it besides the bot; None means everybody. Raises `ExternalError`, `LimitReached`.
        """
        async with _discord("channel"):
            there = await _text_channels(guild, name)
            if there:
                return Found(there[0].id, there[0].name, created=False)
            if not guild.me.guild_permissions.manage_channels:
                raise _may_not("channel")
            overwrites = {} if visible_to is None else _private(guild, visible_to)
            made = await guild.create_text_channel(name, topic=topic, overwrites=overwrites, reason=REASON)
            doubles = [each for each in await _text_channels(guild, name) if each.topic == made.topic]
            for double in doubles[1:]:
                await double.delete(reason=REASON)
            kept = doubles[0] if doubles else made
            return Found(kept.id, kept.name, created=True)

    async def role(self, guild: discord.Guild, name: str) -> Found:
        """The role of that name, created without any permission, and so below the bot's, if there is none."""
        async with _discord("role"):
            there = await _roles(guild, name)
            if there:
                return Found(there[0].id, there[0].name, created=False, powers=there[0].permissions.value)
            if not guild.me.guild_permissions.manage_roles:
                raise _may_not("role")
            made = await guild.create_role(name=name, permissions=discord.Permissions.none(), reason=REASON)
            doubles = [each for each in await _roles(guild, name) if not each.permissions.value]
            for double in doubles[1:]:
                await double.delete(reason=REASON)
            kept = doubles[0] if doubles else made
            return Found(kept.id, kept.name, created=True)

    async def allow(
        self, guild: discord.Guild, channel_id: int, target: discord.Role | discord.Member, bits: int
    ) -> None:
        """Let `target` do what `bits` say in the channel, and leave the rest as it is. Raises `ExternalError`."""
        channel = guild.get_channel(channel_id)
        if channel is None:
            raise NotFound("That channel does not exist any more. See {command}.", command="`/setup doctor`")
        overwrite = channel.overwrites_for(target)
        allow, deny = overwrite.pair()
        wanted = discord.PermissionOverwrite.from_pair(
            discord.Permissions(allow.value | bits), discord.Permissions(deny.value & ~bits)
        )
        async with _discord("permission"):
            await channel.set_permissions(target, overwrite=wanted, reason=REASON)


async def _text_channels(guild: discord.Guild, name: str) -> list[discord.TextChannel]:
    """The server's text channels of that name, the oldest first, as Discord has them at this moment."""
    channels = await guild.fetch_channels()
    same = [
        each
        for each in channels
        if isinstance(each, discord.TextChannel) and channel_name(each.name) == channel_name(name)
    ]
    return sorted(same, key=lambda each: each.id)


async def _roles(guild: discord.Guild, name: str) -> list[discord.Role]:
    """The server's roles of that name that can be given, the oldest first."""
    roles = await guild.fetch_roles()
    same = [
        each
        for each in roles
        if each.name.casefold() == name.casefold() and not each.managed and not each.is_default()
    ]
    return sorted(same, key=lambda each: each.id)


def _private(
    guild: discord.Guild, visible_to: Iterable[discord.Role | discord.Member]
) -> dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite]:
    # A bot can allow only what it may do itself.
    mine = discord.Permissions(THREADS & guild.me.guild_permissions.value | VIEW_CHANNEL)
    shown = discord.PermissionOverwrite(view_channel=True)
    none = discord.Permissions.none()
    return {
        guild.default_role: discord.PermissionOverwrite(view_channel=False),
        **dict.fromkeys(visible_to, shown),
        guild.me: discord.PermissionOverwrite.from_pair(mine, none),
    }


@asynccontextmanager
async def _discord(what: str) -> AsyncGenerator[None]:
    """Turns what Discord answers into what a person can do about it."""
    try:
        yield
    except discord.Forbidden as error:
        raise _may_not(what) from error
    except discord.HTTPException as error:
        if error.code in TOO_MANY:
            raise LimitReached(
                "This server has as many as Discord allows. Please choose an existing one from the menu."
            ) from error
        raise _no_answer() from error
    except (aiohttp.ClientError, OSError) as error:
        raise _no_answer() from error


def _may_not(what: str) -> ExternalError:
    if what == "channel":
        return MissingBotPermission(
            "To create channels my role needs the permission Manage Channels: Server Settings > Roles. "
            "You can choose an existing channel from the menu without."
        )
    if what == "role":
        return MissingBotPermission(
            "To create roles my role needs the permission Manage Roles: Server Settings > Roles. "
            "You can choose an existing role from the menu without."
        )
    return MissingBotPermission(
        "Please do it in that channel's settings, under Permissions, or give my role Manage Roles in "
        "Server Settings > Roles."
    )


def _no_answer() -> ExternalError:
    return ServiceUnavailable(
        "It did not answer. Please press once more: if it was created after all, I take that one."
    )
