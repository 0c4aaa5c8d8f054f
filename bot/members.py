"""Members of a server, for whoever must not rely on what discord.py keeps in memory: known, looked up, or listed.

Nobody else in the project asks discord.py's memory for a member; a test sees to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection

import discord

from bot.discord_trouble import TROUBLE, not_answering
from bot.member_state import MemberState, entry_of
from bot.rosters import Roster

QUERY_LIMIT = 100  # members a request, says Discord
PATIENCE = 2.0  # seconds for names on a card, which Discord wants within three
PAGE_PATIENCE = 60.0  # seconds for a page of a list; of all pages none can be named, Discord gives ten in ten seconds or so


def known_member(guild: discord.Guild, member_id: int) -> discord.Member | None:
    """Roles, flags and arrival as far as they are known, without a request. The name may be empty."""
    return guild.get_member(member_id) or state_of(guild).stand_in(guild, member_id)


async def find_member(guild: discord.Guild, member_id: int) -> discord.Member | None:
    """A member with all that Discord knows of them; None for who is none. Raises HTTPException."""
    try:
        return guild.get_member(member_id) or await guild.fetch_member(member_id)
    except discord.NotFound:
        return None


async def ask_for_member(guild: discord.Guild, member_id: int) -> discord.Member | None:
    """The same for somebody who waits for an answer: raises `ServiceUnavailable` when Discord does not say."""
    try:
        return await find_member(guild, member_id)
    except TROUBLE as error:
        raise not_answering() from error


async def find_members(guild: discord.Guild, member_ids: Collection[int]) -> dict[int, discord.Member]:
    """Those of them who are members. When Discord does not answer at once, those who are not in memory are left out."""
    found = {each.id: each for each in map(guild.get_member, member_ids) if each is not None}
    missing = sorted(set(member_ids) - found.keys())
    try:
        async with asyncio.timeout(PATIENCE):
            for start in range(0, len(missing), QUERY_LIMIT):
                ids = missing[start : start + QUERY_LIMIT]
                found |= {each.id: each for each in await guild.query_members(user_ids=ids, limit=len(ids))}
    except (TimeoutError, RuntimeError):
        pass  # no connection to the gateway: whoever asked shows numbers instead of names
    return found


async def find_names(guild: discord.Guild | None, member_ids: Collection[int]) -> dict[int, str]:
    """How members are called in this server; whoever is not found is left out."""
    found = await find_members(guild, member_ids) if guild is not None else {}
    return {member_id: member.display_name for member_id, member in found.items()}


async def list_members(guild: discord.Guild) -> AsyncIterator[discord.Member]:
    """Everybody, bots too, over REST: complete or it raises, TimeoutError when a page hangs. Take what you need of each,
    for there may be many."""
    listing = roster_of(guild).list_anew()
    members = aiter(guild.fetch_members(limit=None))
    try:
        while True:
            async with asyncio.timeout(PAGE_PATIENCE):
                member = await anext(members, None)
            if member is None:
                break
            listing.add(member.id, entry_of(member))
            yield member
        listing.end()
    finally:
        listing.give_up()


def roster_of(guild: discord.Guild) -> Roster:
    """Who is in a server with which roles; see `is_complete`."""
    return state_of(guild).rosters.of(guild.id)


def state_of(guild: discord.Guild) -> MemberState:
    """Lyceum's own part of discord.py's state."""
    state = guild._state  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - no public way
    assert isinstance(state, MemberState)
    return state
