"""Reads the facts of a server for the health check, from what discord.py keeps in memory: it costs no request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
from discord.ext import commands
from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.features import feature_of
from bot.guild_config import GuildConfig
from bot.invite import INVITE_PERMISSIONS
from bot.setup_checks import DriftFact, Facts, PlaceFact
from bot.setup_pages import Numbered, Page, Watched, choices_of
from bot.setup_permissions import NAMES
from bot.setup_service import SetupService
from bot.text import mention_channel, mention_role

Drifts = Callable[[AsyncSession, discord.Guild], Awaitable[tuple[DriftFact, ...]]]


class ServerFacts:
    """Looks at servers."""

    def __init__(self, core: Core, service: SetupService, client: Callable[[], commands.Bot]) -> None:
        self._core = core
        self._service = service
        self._client = client
        # Where Discord and the record of who has a role differ; see bot/role_drift.py.
        self.drifts: Drifts | None = None

    async def read(self, guild: discord.Guild, session: AsyncSession | None = None) -> Facts:
        """Everything that the check wants to know; within a transaction, where there is one."""
        if session is None:
            async with self._core.db.read() as own:
                return await self.read(guild, own)
        pages = await self._service.pages_on(guild.id)
        found = [(page, await self.place(guild, each)) for page in pages for each in choices_of(page)]
        # What nobody is asked for in the steps may stay empty.
        places = [place for page, place in found if page.in_steps or place.chosen is not None]
        places += [
            _watched(guild, page, each) for page in pages for each in await _places(session, guild, page)
        ]
        features = self._core.features
        off = [each for each in features.known if not await features.is_on(guild.id, each.name)]
        return Facts(
            guild_id=guild.id,
            permissions=guild.me.guild_permissions.value,
            wanted=await self._wanted(guild.id),
            places=tuple(places),
            everyone_permissions=guild.default_role.permissions.value,
            members_intent=self._client().intents.members,
            listening_for_members=self._listening_for_members(),
            off=tuple(each.title for each in off),
            drifts=await self.drifts(session, guild) if self.drifts is not None else (),
            roles=len(guild.roles) - 1,
            hints=await self._hints(guild.id),
        )

    async def place(self, guild: discord.Guild, numbered: Numbered) -> PlaceFact:
        """One choice as it stands."""
        choice, page = numbered.choice, numbered.page
        chosen = await self._service.chosen(guild.id, page, choice)
        mine = guild.me.guild_permissions
        given: dict[str, Any] = {}
        if chosen is not None and choice.of == "channel":
            given = _channel(guild, chosen, choice.needs)
            if choice.private and given["exists"]:
                given |= await self._privacy(guild, chosen)
        elif chosen is not None:
            given = _role(guild, chosen)
        return PlaceFact(
            number=numbered.number,
            page=page.number,
            of=choice.of,
            label=choice.label,
            help=choice.help,
            chosen=chosen,
            can_create=choice.suggested is not None
            and (mine.manage_channels if choice.of == "channel" else mine.manage_roles),
            is_given=not choice.staff,
            private=choice.private,
            **given,
        )

    async def _privacy(self, guild: discord.Guild, channel_id: int) -> dict[str, Any]:
        """Who of those that should see a private channel cannot, and whether everybody can."""
        channel = guild.get_channel(channel_id)
        assert channel is not None
        config = await self._core.configs.get(guild.id, GuildConfig)
        staff = {role for roles in config.capability_roles.roles.values() for role in roles}
        roles = [role for role in map(guild.get_role, sorted(staff)) if role is not None]
        return {
            "public": channel.permissions_for(guild.default_role).view_channel,
            "blind": tuple(
                (role.id, mention_role(role.id))
                for role in roles
                if not channel.permissions_for(role).view_channel
            ),
            "can_allow": channel.permissions_for(guild.me).manage_roles,
        }

    async def _wanted(self, guild_id: int) -> dict[int, tuple[str, ...]]:
        features = [
            each for each in self._core.features.known if await self._core.features.is_on(guild_id, each.name)
        ]
        asked = INVITE_PERMISSIONS
        for each in features:
            for bit in each.permissions:
                asked |= bit
        return {
            bit: tuple(each.permissions[bit] for each in features if bit in each.permissions)
            for bit in NAMES
            if asked & bit
        }

    async def _hints(self, guild_id: int) -> dict[str, int]:
        known = [each for each in self._core.features.known if each.hints]
        return {
            each.title: sum(each.hints)
            for each in known
            if await self._core.features.is_on(guild_id, each.name)
        }

    def _listening_for_members(self) -> tuple[str, ...]:
        """The titles of the features that greet or count who joins."""
        names = {
            feature_of(type(cog))
            for cog in self._client().cogs.values()
            for event, _ in cog.get_listeners()
            if event in ("on_member_join", "on_raw_member_remove", "on_member_remove")
        }
        found = [self._core.features.find(name) for name in sorted(name for name in names if name)]
        return tuple(each.title for each in found if each is not None)


async def _places(session: AsyncSession, guild: discord.Guild, page: Page) -> Sequence[Watched]:
    return await page.places(session, guild.id) if page.places is not None else ()


def _watched(guild: discord.Guild, page: Page, watched: Watched) -> PlaceFact:
    return PlaceFact(
        number=None,
        page=page.number,
        of="channel",
        label=watched.label,
        help=watched.help,
        chosen=watched.channel_id,
        **_channel(guild, watched.channel_id, watched.needs),
    )


def _channel(guild: discord.Guild, channel_id: int, needs: int) -> dict[str, Any]:
    channel = guild.get_channel(channel_id)
    if channel is None:
        return {"exists": False}
    there = channel.permissions_for(guild.me)
    lacking = needs & ~there.value
    return {
        "exists": True,
        "mention": mention_channel(channel_id),
        "lacking": lacking,
        # Discord lets a bot allow only what it has in the server, and only where it can see.
        "can_allow": there.view_channel
        and there.manage_roles
        and not lacking & ~guild.me.guild_permissions.value,
    }


def _role(guild: discord.Guild, role_id: int) -> dict[str, Any]:
    role = guild.get_role(role_id)
    if role is None:
        return {"exists": False}
    return {
        "exists": True,
        "mention": mention_role(role_id),
        "above_bot": role >= guild.me.top_role,
        "managed": role.managed,
    }
