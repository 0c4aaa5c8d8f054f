"""What discord.py keeps of members: as usual, or next to nothing; and the roster beside it, which is kept in both cases.

discord.py holds a kilobyte for each member it has heard of, and tells of a change or a departure only in as far as it held
the member. Here every event goes into the roster (`bot/rosters.py`) as well; where a member is not held, the roster says
what they were, so that listeners meet the same events with `low_memory` on and in a server too large to be held. What nobody
keeps then are names and times of the uncommon kind: who needs those asks Discord (`bot/members.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord
from discord.state import ConnectionState
from discord.utils import parse_time

from bot.rosters import Entry, Listing, Rosters

Payload = Mapping[str, Any]


class MemberState(ConnectionState[Any]):
    """discord.py's state with rosters. Events are taken in before discord.py dispatches them, departures after."""

    def __init__(self, **options: Any) -> None:
        self.rosters = Rosters()
        self._whole: dict[str, Listing] = {}  # lists of everybody that were asked of the gateway, by nonce
        super().__init__(**options)

    @property
    def holds_members(self) -> bool:
        return self.member_cache_flags.joined

    def stand_in(self, guild: discord.Guild, member_id: int, user: Payload | None = None) -> Any:
        """A member as the roster knows them, without a name unless `user` has it; None for who is not known."""
        entry = self.rosters.of(guild.id).find(member_id)
        if entry is None:
            return None
        nobody = {"id": member_id, "username": "", "discriminator": "0", "avatar": None, "bot": entry.is_bot}
        is_known = user is not None or member_id in self._users
        data: Any = {
            "user": nobody if user is None else user,
            "roles": entry.role_ids,
            "joined_at": entry.joined_at.isoformat() if entry.joined_at is not None else None,
            "pending": entry.is_pending,
            "flags": 0,
        }
        member = discord.Member(data=data, guild=guild, state=self)
        if not is_known:
            self._users.pop(member_id, None)  # or others would come to share a user without a name
        return member

    def parse_ready(self, data: Any) -> None:
        self._whole.clear()
        self.rosters.distrust()
        super().parse_ready(data)

    def parse_guild_create(self, data: Any) -> None:
        if data.get("unavailable") is not True:
            listing = self.rosters.of(int(data["id"])).list_anew()
            members = data.get("members", ())
            for each in members:
                listing.add(int(each["user"]["id"]), _entry(each))
            # Of a large server only a few are told.
            if len(members) >= data.get("member_count", 1 << 63):
                listing.end()
            else:
                listing.give_up()
        super().parse_guild_create(data)

    def parse_guild_delete(self, data: Any) -> None:
        if data.get("unavailable"):
            self.rosters.of(int(data["id"])).distrust()  # of an outage no events are told
        else:
            self.rosters.forget(int(data["id"]))
        super().parse_guild_delete(data)

    def parse_guild_member_add(self, data: Any) -> None:
        self.rosters.of(int(data["guild_id"])).put(int(data["user"]["id"]), _entry(data))
        super().parse_guild_member_add(data)

    def parse_guild_member_remove(self, data: Any) -> None:
        guild, member_id = self._get_guild(int(data["guild_id"])), int(data["user"]["id"])
        self._hold(guild, member_id, data["user"])
        super().parse_guild_member_remove(data)
        self.rosters.of(int(data["guild_id"])).remove(member_id)

    def parse_guild_member_update(self, data: Any) -> None:
        guild, member_id = self._get_guild(int(data["guild_id"])), int(data["user"]["id"])
        self._hold(guild, member_id, data["user"])
        roster = self.rosters.of(int(data["guild_id"]))
        roster.put(member_id, _entry(data, before=roster.find(member_id)))
        super().parse_guild_member_update(data)
        member = guild.get_member(member_id) if guild is not None else None
        if guild is not None and member is not None and not self.holds_members and member_id != self.self_id:
            guild._remove_member(member)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - discord.py's own way to forget one

    def parse_guild_members_chunk(self, data: Any) -> None:
        guild_id, nonce = int(data["guild_id"]), data.get("nonce")
        request = self._chunk_requests.get(guild_id)
        is_whole = request is not None and request.nonce == nonce
        roster = self.rosters.of(guild_id)
        if is_whole:
            listing = self._whole.get(nonce) or self._whole.setdefault(nonce, roster.list_anew())
            for each in data.get("members", ()):
                listing.add(int(each["user"]["id"]), _entry(each))
            if data.get("chunk_index", 0) + 1 == data.get("chunk_count"):
                self._whole.pop(nonce)
                listing.end()
            if not self.holds_members:
                # Whoever asks for everybody then reads the roster; as objects they would be held until the last has come.
                data = {**data, "members": []}
        else:
            for each in data.get("members", ()):
                roster.put(int(each["user"]["id"]), _entry(each))
        super().parse_guild_members_chunk(data)

    async def query_members(self, *args: Any, cache: bool, **options: Any) -> list[discord.Member]:
        return await super().query_members(*args, cache=cache and self.holds_members, **options)

    async def chunk_guild(self, guild: discord.Guild, *, wait: bool = True, cache: bool | None = None) -> Any:
        cache = bool(cache) and self.holds_members
        if not wait:
            return await super().chunk_guild(guild, wait=False, cache=cache)
        if self._get_websocket(guild.id) is None:  # pyright: ignore[reportUnnecessaryComparison] - not so before connecting
            raise discord.ClientException("There is no connection to the gateway.")
        try:
            return await super().chunk_guild(guild, wait=True, cache=cache)
        except BaseException:
            # An answer that never came: discord.py would let everybody after this wait for it, too, instead of asking anew.
            request = self._chunk_requests.pop(guild.id, None)
            if request is not None and (listing := self._whole.pop(request.nonce, None)) is not None:
                listing.give_up()
            raise

    def _hold(self, guild: discord.Guild | None, member_id: int, user: Payload) -> None:
        """Let discord.py know somebody as they were, so that it tells what becomes of them."""
        if guild is not None and guild.get_member(member_id) is None:
            member = self.stand_in(guild, member_id, user)
            if member is not None:
                guild._add_member(member)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - discord.py's own way to remember one


def entry_of(member: discord.Member) -> Entry:
    """A member as the roster keeps them."""
    role_ids = tuple(member._roles)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - `roles` looks up each
    return Entry(role_ids, member.bot, member.pending, member.joined_at)


def _entry(data: Payload, *, before: Entry | None = None) -> Entry:
    """A member as an event tells them. What an event of a change leaves out is as it was."""
    joined_at = parse_time(data.get("joined_at"))
    return Entry(
        role_ids=tuple(map(int, data["roles"])),
        is_bot=bool(data["user"].get("bot", False)),
        is_pending=bool(data.get("pending", before.is_pending if before is not None else False)),
        joined_at=joined_at if joined_at is not None or before is None else before.joined_at,
    )
