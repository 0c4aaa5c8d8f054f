"""Carries out the effects that protect people: timeouts, kicks, bans, what is taken from a channel, what closes a server.

Each sets a state, so it is safe to repeat: whoever is banned already is banned, whoever is gone is kicked. Before every
request that acts on a person it is looked once more, in what is known here, whether the bot may: never on the owner, on
itself or on somebody at or above it. What is not known is left to Discord, which refuses the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import discord

from bot.i18n import N_
from bot.judging import CHANGED_BY_HAND, LASTS_LONGER, Done, Obsolete, PlannedEffect
from bot.members import find_member, known_member
from bot.text import AUDIT_REASON, cut

NOTHING_LEFT = N_("the channel or role is gone, so there is nothing to put back")
UNKNOWN_BAN = 10026
UNKNOWN_MEMBER = 10007
UNKNOWN_MESSAGE = 10008
UNKNOWN_OVERWRITE = 10009
NONE_BANNED = 500000
OLDEST_PURGED = timedelta(days=14)  # discord.com/developers: bulk delete
PURGE_GRACE = timedelta(minutes=10)  # a message that grows too old on the way would spoil the whole request
LONGEST_DELETION = 7 * 86400
BANS_A_PAGE = 1000
ROLE = 0  # the type of an overwrite
BETWEEN_BULK_BANS = 0.5  # seconds
ROUNDED = timedelta(seconds=1)  # what an instant may lose on its way through Discord


class NotPossible(Exception):
    """Found before the request: `code` is as in `bot.dispatcher.Refused`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Safety:
    """Performs them over a discord.py client. Raises `NotPossible` and what discord.py raises."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def timeout(self, effect: PlannedEffect) -> int | Done | None:
        member_id = self._check_target(effect, "moderate_members")
        await self._check_longer(effect)
        await self._client.http.edit_member(
            effect.guild_id,
            member_id,
            reason=reason_of(effect),
            communication_disabled_until=effect.arguments["until"],
        )
        return None

    async def kick(self, effect: PlannedEffect) -> int | Done | None:
        member_id = self._check_target(effect, "kick_members")
        guild = self._client.get_guild(effect.guild_id)
        member = known_member(guild, member_id) if guild is not None else None
        joined_at = member.joined_at if member is not None else None
        if joined_at is not None and effect.first_try_at is not None and joined_at > effect.first_try_at:
            return None  # an earlier try did it, and they are back
        try:
            await self._client.http.kick(member_id, effect.guild_id, reason=reason_of(effect))
        except discord.NotFound as error:
            if error.code != UNKNOWN_MEMBER:
                raise
        return None

    async def ban(self, effect: PlannedEffect) -> int | Done | None:
        member_id = self._check_target(effect, "ban_members")
        await self._client.http.ban(
            member_id, effect.guild_id, _seconds(effect.arguments), reason=reason_of(effect)
        )
        return None

    async def unban(self, effect: PlannedEffect) -> int | Done | None:
        self._check_power(effect, "ban_members")
        assert effect.member_id is not None
        try:
            await self._client.http.unban(effect.member_id, effect.guild_id, reason=reason_of(effect))
        except discord.NotFound as error:
            if error.code != UNKNOWN_BAN:
                raise
        return None

    async def bulk_ban(self, effect: PlannedEffect) -> int | Done | None:
        """Ban them all in one request. `details["failed"]` are those who are not banned afterwards."""
        self._check_power(effect, "ban_members", "manage_guild")
        wanted = [int(each) for each in effect.arguments["user_ids"]]
        spared = [each for each in wanted if self._why_not(effect.guild_id, each) is not None]
        targets = [each for each in wanted if each not in spared]
        failed: list[int] = []
        if targets:
            # Several wait for each other, and after a restart all are overdue: others have a turn in between.
            await asyncio.sleep(BETWEEN_BULK_BANS)
            try:
                answer = await self._client.http.bulk_ban(
                    effect.guild_id,
                    list(targets),
                    delete_message_seconds=_seconds(effect.arguments),
                    reason=reason_of(effect),
                )
                failed = [int(each) for each in answer["failed_users"] or ()]
            except discord.HTTPException as error:
                if error.code != NONE_BANNED:
                    raise
                failed = targets
        if failed:
            # Discord counts those as failed who were banned already, by an earlier try of this or by hand.
            failed = sorted(set(failed) - await self._banned_among(effect.guild_id, failed))
        return Done(details={"failed": [*failed, *spared], "spared": spared})

    async def _banned_among(self, guild_id: int, ids: list[int]) -> set[int]:
        bans = await self._client.http.get_bans(guild_id, BANS_A_PAGE, after=min(ids) - 1)
        return {int(each["user"]["id"]) for each in bans}

    async def purge(self, effect: PlannedEffect) -> int | Done | None:
        """Delete messages of one channel. Of several, those too old for Discord are left and counted; one alone may be of any age."""
        assert effect.channel_id is not None
        wanted = [int(each) for each in effect.arguments["message_ids"]]
        oldest = discord.utils.time_snowflake(discord.utils.utcnow() - OLDEST_PURGED + PURGE_GRACE)
        ids = [each for each in wanted if each > oldest] if len(wanted) > 1 else wanted
        http, reason = self._client.http, reason_of(effect)
        if len(ids) == 1:
            try:
                await http.delete_message(effect.channel_id, ids[0], reason=reason)
            except discord.NotFound as error:
                if error.code != UNKNOWN_MESSAGE:
                    raise
        elif ids:
            await http.delete_messages(effect.channel_id, list(ids), reason=reason)
        return Done(details={"deleted": len(ids), "too_old": len(wanted) - len(ids)})

    async def set_channel(self, effect: PlannedEffect) -> int | Done | None:
        assert effect.channel_id is not None
        given, http = effect.arguments, self._client.http
        if "slowmode" in given:
            self._check_slowmode(effect)
            if self._was_changed(effect):
                return None
            await http.edit_channel(
                effect.channel_id, rate_limit_per_user=int(given["slowmode"]), reason=reason_of(effect)
            )
            return None
        assert effect.role_id is not None
        allow, deny = self._overwrite(effect)
        allowed, denied = int(given.get("allow", 0)), int(given.get("deny", 0))
        touched = allowed | denied | int(given.get("inherit", 0))
        if (still := given.get("if_still")) is not None:
            _check_still(
                (allow & touched, deny & touched), (still["allow"], still["deny"]), (allowed, denied)
            )
        if given.get("while_denied") or given.get("while_allowed"):
            # What somebody has decided otherwise meanwhile is theirs.
            touched &= deny if given.get("while_denied") else allow
            allowed, denied = allowed & touched, denied & touched
            if not touched:
                return None
        allow, deny = allow & ~touched | allowed, deny & ~touched | denied
        if allow or deny or not given.get("remove"):
            await http.edit_channel_permissions(
                effect.channel_id, effect.role_id, str(allow), str(deny), ROLE, reason=reason_of(effect)
            )
            return None
        try:
            await http.delete_channel_permissions(effect.channel_id, effect.role_id, reason=reason_of(effect))
        except discord.NotFound as error:
            if error.code != UNKNOWN_OVERWRITE:
                raise
        return None

    def _was_changed(self, effect: PlannedEffect) -> bool:
        """Whether the slowmode is not the one that this one is to end."""
        guild = self._client.get_guild(effect.guild_id)
        channel = guild.get_channel_or_thread(effect.channel_id or 0) if guild is not None else None
        present = getattr(channel, "slowmode_delay", None)
        return "while" in effect.arguments and present not in (None, int(effect.arguments["while"]))

    def _overwrite(self, effect: PlannedEffect) -> tuple[int, int]:
        """What the role's overwrite allows and denies at present."""
        guild = self._client.get_guild(effect.guild_id)
        channel = guild.get_channel(effect.channel_id or 0) if guild is not None else None
        role = guild.get_role(effect.role_id or 0) if guild is not None else None
        if (channel is None or role is None) and {"while_denied", "while_allowed"} & effect.arguments.keys():
            raise Obsolete(NOTHING_LEFT)
        if channel is None:
            raise NotPossible("channel_gone")
        if role is None:
            raise NotPossible("role_gone")
        allow, deny = channel.overwrites_for(role).pair()
        return allow.value, deny.value

    async def set_guild(self, effect: PlannedEffect) -> int | Done | None:
        self._check_power(effect, "manage_guild")
        given, http = effect.arguments, self._client.http
        guild = self._client.get_guild(effect.guild_id)
        if "verification_level" in given:
            if (still := given.get("if_still")) is not None and guild is not None:
                _check_still(guild.verification_level.value, still, given["verification_level"])
            await http.edit_guild(
                effect.guild_id,
                verification_level=int(given["verification_level"]),
                reason=reason_of(effect),
            )
        else:
            if guild is not None:
                present = (_pause(guild.invites_paused_until), _pause(guild.dms_paused_until))
                wanted = (_read(given["invites_until"]), _read(given.get("dms_until")))
                if (still := given.get("if_still")) is not None:
                    _check_still(present, (_read(still["invites_until"]), _read(still["dms_until"])), wanted)
                if present == wanted:
                    return None  # it is so already, or has run out by itself
            await http.edit_incident_actions(
                effect.guild_id,
                {
                    "invites_disabled_until": given["invites_until"],
                    "dms_disabled_until": given.get("dms_until"),
                },
            )
        return None

    async def _check_longer(self, effect: PlannedEffect) -> None:
        """A timeout that lasts beyond `unless_beyond` is somebody else's, neither to be shortened nor to be lifted."""
        if (limit := effect.arguments.get("unless_beyond")) is None:
            return
        guild = self._client.get_guild(effect.guild_id)
        member = await find_member(guild, effect.member_id or 0) if guild is not None else None
        until = member.timed_out_until if member is not None else None
        if until is not None and until > datetime.fromisoformat(limit) + ROUNDED:
            raise Obsolete(LASTS_LONGER)

    def _check_slowmode(self, effect: PlannedEffect) -> None:
        guild = self._client.get_guild(effect.guild_id)
        channel = guild.get_channel(effect.channel_id or 0) if guild is not None else None
        if (still := effect.arguments.get("if_still")) is not None and channel is not None:
            _check_still(getattr(channel, "slowmode_delay", still), still, effect.arguments["slowmode"])

    def _check_target(self, effect: PlannedEffect, power: str) -> int:
        assert effect.member_id is not None
        self._check_power(effect, power)
        why_not = self._why_not(effect.guild_id, effect.member_id)
        if why_not is not None:
            raise NotPossible(why_not)
        return effect.member_id

    def _check_power(self, effect: PlannedEffect, *powers: str) -> None:
        guild = self._client.get_guild(effect.guild_id)
        if guild is None:
            return  # not in the cache: let Discord decide
        mine = guild.me.guild_permissions
        if not all(mine.administrator or getattr(mine, each) for each in powers):
            raise NotPossible("no_permission")

    def _why_not(self, guild_id: int, member_id: int) -> str | None:
        """Why the bot may never act on this person."""
        guild = self._client.get_guild(guild_id)
        if self._client.user is not None and member_id == self._client.user.id:
            return "target_is_me"
        if guild is None:
            return None
        if member_id == guild.owner_id:
            return "target_is_owner"
        member = known_member(guild, member_id)
        if member is not None and member.top_role >= guild.me.top_role:
            return "target_above_bot"
        return None


def reason_of(effect: PlannedEffect) -> str | None:
    """What stands in Discord's audit log."""
    reason = effect.arguments.get("reason")
    return cut(" ".join(str(reason).split()), AUDIT_REASON) if reason else None


def _seconds(arguments: Mapping[str, Any]) -> int:
    return min(int(arguments.get("delete_seconds", 0)), LONGEST_DELETION)


def _check_still(present: object, still: object, wanted: object) -> None:
    """What is to be put back is let be when somebody has changed it meanwhile. Raises `Obsolete`."""
    if present not in (still, wanted):
        raise Obsolete(CHANGED_BY_HAND)


def _pause(until: datetime | None) -> int | None:
    """Until when something is paused, in whole seconds; None when it is not (any more)."""
    return round(until.timestamp()) if until is not None and until > discord.utils.utcnow() else None


def _read(until: str | None) -> int | None:
    return _pause(datetime.fromisoformat(until)) if until is not None else None
