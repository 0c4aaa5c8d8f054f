"""Looks, when Lyceum is back, at what moderators did by hand meanwhile: in the audit log, then at what holds still."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import discord

from bot.app import Lyceum
from bot.cases import Case, CaseKind, State
from bot.error_replies import report_error
from cogs.moderation import model, rules
from cogs.moderation.channels import ChannelService
from cogs.moderation.native import Native
from cogs.moderation.returning import Returning
from cogs.moderation.rules import Entry

log = logging.getLogger(__name__)

MOST_READ = (
    1000  # entries of the log at one time, ten requests; most are of no interest, and many are Lyceum's own
)
MOST_ASKED = 100  # members asked of Discord at one time
BANS_A_PAGE = 1000


class Watching:
    """Catches up, at most a few requests a server."""

    def __init__(self, bot: Lyceum, native: Native, returning: Returning, channels: ChannelService) -> None:
        self._bot = bot
        self._native = native
        self._returning = returning
        self._channels = channels

    async def catch_up(self, guild: discord.Guild) -> None:
        """Never raises: one server's trouble must not keep the others waiting."""
        try:
            if await self._bot.core.features.is_on(guild.id, model.AREA):
                await self._read_log(guild)
                await self._compare(guild)
        except Exception as error:  # noqa: BLE001 - see above
            report_error(error, f"catching up on moderation guild={guild.id}")

    async def _read_log(self, guild: discord.Guild) -> None:
        if not guild.me.guild_permissions.view_audit_log or self._bot.user is None:
            return
        now = discord.utils.time_snowflake(self._bot.core.clock.now())
        since = await self._native.cursor(guild.id, now)
        # What was done before Lyceum was there is not its to write down.
        after = discord.Object(now if since is None else since)
        found = [
            entry_of(each) async for each in guild.audit_logs(limit=MOST_READ, after=after, oldest_first=True)
        ]
        await self._native.caught_up(guild.id, found, self._bot.user.id)

    async def _compare(self, guild: discord.Guild) -> None:
        holding = [each for each in await self._native.holding(guild.id) if each.state is State.DONE]
        about = [each for each in holding if each.kind in (CaseKind.TIMEOUT, CaseKind.RESTRICT)]
        over = await self._members(guild, about[:MOST_ASKED])
        over += [each.id for each in holding if self._is_open(guild, each)]
        over += await self._bans(guild, [each for each in holding if each.kind is CaseKind.BAN])
        if over:
            await self._native.let_go(guild.id, over)

    async def _members(self, guild: discord.Guild, cases: Sequence[Case]) -> list[int]:
        """Cases that hold no more about who is here; who came back meanwhile finds theirs applied again."""
        if not cases or not self._bot.intents.members:
            return []
        ids = list({each.member_id for each in cases})
        found = {each.id: each for each in await guild.query_members(user_ids=ids, limit=len(ids))}
        over: list[int] = []
        for case in cases:
            member = found.get(case.member_id)
            if member is None or self._shows(member, case):
                continue
            if member.joined_at is not None and member.joined_at > case.created_at:
                await self._returning.joined(guild.id, member.id, member.joined_at)
            else:
                over.append(case.id)
        return over

    @staticmethod
    def _shows(member: discord.Member, case: Case) -> bool:
        if case.kind is CaseKind.TIMEOUT:
            return member.timed_out_until is not None
        if not case.details.get("role"):
            return True
        return any(role.id == case.details.get("role") for role in member.roles)

    @staticmethod
    def _is_open(guild: discord.Guild, case: Case) -> bool:
        if "mask" not in case.details and "seconds" not in case.details:
            return False  # no lock or slowmode, or not one of this feature
        channel: Any = guild.get_channel_or_thread(case.channel_id or 0)
        if channel is None:
            return case.kind is CaseKind.LOCK and case.channel_id is not None
        if case.kind is CaseKind.SLOWMODE:
            return channel.slowmode_delay != case.details.get("seconds")
        allow, deny = (each.value for each in channel.overwrites_for(guild.default_role).pair())
        return not rules.is_locked(allow, deny)

    async def _bans(self, guild: discord.Guild, cases: Sequence[Case]) -> list[int]:
        if not cases or not guild.me.guild_permissions.ban_members:
            return []
        first = min(each.member_id for each in cases)
        banned = [
            each.user.id async for each in guild.bans(limit=BANS_A_PAGE, after=discord.Object(first - 1))
        ]
        last = max(banned, default=0) if len(banned) == BANS_A_PAGE else None
        present = set(banned)
        return [
            each.id
            for each in cases
            if each.member_id not in present and (last is None or each.member_id <= last)
        ]


def entry_of(entry: discord.AuditLogEntry) -> Entry:
    """An entry of the log in plain values."""
    before, after = entry.before, entry.after
    target_id = getattr(entry.target, "id", None) or 0
    return Entry(
        id=entry.id,
        action=entry.action.name,
        actor_id=entry.user_id or 0,
        target_id=int(target_id),
        reason=entry.reason or "",
        at=entry.created_at,
        until=getattr(after, "timed_out_until", None),
        had_until=getattr(before, "timed_out_until", None),
        given=_roles(after),
        taken=_roles(before),
    )


def _roles(diff: Any) -> frozenset[int]:
    return frozenset(each.id for each in getattr(diff, "roles", None) or ())
