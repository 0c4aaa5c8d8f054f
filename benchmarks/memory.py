"""Memory at 100,000 members in one server, or 50 in each of 2,000: resident, once all of them are known.

    python -m benchmarks.memory SHAPE [bare|lyceum|lyceum-low|bare-low]        SHAPE is 1x100000, 2000x50 or the like

Each variant is a process of its own. Servers come as GUILD_CREATE and members as GUILD_MEMBERS_CHUNK through discord.py's
own gateway path, from a second process, so that what makes them up is not counted. `bare` is a `commands.Bot` with
Lyceum's intents and the same flags. Lyceum has every feature on, a database in which each server has made its choices, and
lists everybody over REST after READY as it always does. In `lyceum` all members are asked of the gateway besides, the most
that it can come to hold. What is told is VmRSS after a full collection, before and after free pages are given back
(malloc_trim, as glibc has it), and the peak (VmHWM).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import discord
from discord.ext import commands

from benchmarks import gateway, payloads

PATIENCE = 1800.0  # seconds; thousands of servers are looked after one by one
CHUNK = 1000  # members in a chunk of the gateway, and on a page of the list over REST
LARGE = 250  # from so many members on GUILD_CREATE tells of few
ROLES, CHANNELS = 21, 30
SPACE = 1 << 20  # ids of a server: its own, then its roles and channels
FIRST_GUILD = 1 << 45
FIRST_MEMBER = 1 << 46

# ---------------------------------------------------------------------------------------------------- what Discord says


def parse(shape: str) -> tuple[int, int]:
    """Servers, and members of each."""
    guilds, members = map(int, shape.split("x"))
    return guilds, members


def guild_id(number: int) -> int:
    return FIRST_GUILD + number * SPACE


def member_ids(number: int, count: int) -> range:
    return range(FIRST_MEMBER + number * count, FIRST_MEMBER + (number + 1) * count)


def _member(number: int, user_id: int) -> dict[str, Any]:
    role = guild_id(number) + 1 + user_id % (ROLES - 1)
    return {
        **payloads.member(user_id),
        "roles": [str(role)],
        "user": {**payloads.user(user_id, bot=user_id == payloads.OWN_ID), "username": f"member{user_id}"},
    }


def members_after(number: int, count: int, after: int) -> list[dict[str, Any]]:
    """A page of the list over REST, in order of ids; the bot has the lowest."""
    ids = [payloads.OWN_ID, *member_ids(number, count)]
    return [_member(number, each) for each in ids if each > after][:CHUNK]


def events(shape: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """All servers, as Discord tells of them after READY."""
    guilds, count = parse(shape)
    base = payloads.guild()
    for number in range(guilds):
        own = guild_id(number)
        told = members_after(number, count, 0) if count < LARGE else [_member(number, payloads.OWN_ID)]
        yield (
            "GUILD_CREATE",
            {
                **base,
                "id": str(own),
                "name": f"server {number}",
                "owner_id": str(member_ids(number, count)[0]),
                "member_count": count + 1,
                "large": count >= LARGE,
                "joined_at": payloads.JOINED,
                "roles": [
                    {**base["roles"][0], "id": str(own + n), "name": f"role{n}", "position": n}
                    for n in range(ROLES)
                ],
                "channels": [
                    {**base["channels"][0], "id": str(own + 100 + n), "name": f"c{n}", "position": n}
                    for n in range(CHANNELS)
                ],
                "members": told,
            },
        )


def chunks(shape: str, number: int, nonce: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everybody of one server, as Discord answers who asks for all."""
    _, count = parse(shape)
    total = -(-(count + 1) // CHUNK)
    after = 0
    for index in range(total):
        page = members_after(number, count, after)
        after = int(page[-1]["user"]["id"])
        yield (
            "GUILD_MEMBERS_CHUNK",
            {
                "guild_id": str(guild_id(number)),
                "members": page,
                "chunk_index": index,
                "chunk_count": total,
                "nonce": nonce,
            },
        )


def _told(*arguments: str) -> Iterator[str]:
    """Lines that another process makes up."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.memory", "--", *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            yield line.rstrip("\n")


# ------------------------------------------------------------------------------------------------------- who listens


class Crowd(gateway.NoNetwork):
    """Answers the list of members too, page by page."""

    def __init__(self, shape: str) -> None:
        super().__init__()
        self._count = parse(shape)[1]

    async def _request(self, route: discord.http.Route, **sent: Any) -> Any:
        if route.method == "GET" and route.path.endswith("/members"):
            number = (int(route.guild_id or 0) - FIRST_GUILD) // SPACE
            return members_after(number, self._count, int(sent.get("params", {}).get("after", 0)))
        return await super()._request(route, **sent)


class AskedSocket:
    """What discord.py asks the gateway for members with."""

    open = False  # nothing has to be closed

    def __init__(self, shape: str, socket: Any) -> None:
        self._shape = shape
        self._socket = socket

    async def request_chunks(self, guild: int, *, nonce: str | None = None, **_: Any) -> None:
        self.task = asyncio.create_task(self._tell(str((guild - FIRST_GUILD) // SPACE), nonce or ""))

    async def _tell(self, number: str, nonce: str) -> None:
        for line in _told("chunks", self._shape, number, nonce):
            await self._socket.received_message(line)
            await asyncio.sleep(0)


async def measure(shape: str, variant: str) -> dict[str, float]:
    """MiB of this process when all members of all servers were told."""
    async with AsyncExitStack() as held:
        client = await _client(held, shape, variant)
        ready = {
            **payloads.ready(),
            "guilds": [{"id": str(guild_id(n)), "unavailable": True} for n in range(parse(shape)[0])],
        }
        socket = await gateway.log_in(client, Crowd(shape))
        client.ws = AskedSocket(shape, socket)  # type: ignore[assignment]  # no network here
        await socket.received_message(payloads.event("READY", ready))
        for line in _told("events", shape):
            await socket.received_message(line)
        async with asyncio.timeout(PATIENCE):
            await client.wait_until_ready()
            await _settle()
        if variant in ("bare", "lyceum") and parse(shape)[1] >= LARGE:
            for guild in client.guilds:
                await guild.chunk()
            await _settle()
        held_members = sum(len(guild.members) for guild in client.guilds)
        return {**_memory(), "members_held": held_members}


async def _settle() -> None:
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


async def _client(held: AsyncExitStack, shape: str, variant: str) -> Any:
    if variant in ("bare", "bare-low"):
        low: dict[str, Any] = {"member_cache_flags": discord.MemberCacheFlags.none()}
        intents = discord.Intents(guilds=True, members=True, guild_messages=True, guild_reactions=True)
        options: dict[str, Any] = {
            "intents": intents,
            "chunk_guilds_at_startup": False,
            "max_messages": None,
        }
        return await held.enter_async_context(
            commands.Bot(command_prefix=(), **options, **(low if variant == "bare-low" else {}))
        )
    from bot.app import Lyceum
    from bot.settings import DiscordSettings, Settings
    from storage.database import Database

    folder = held.enter_context(tempfile.TemporaryDirectory())
    preparing = [sys.executable, "-m", "benchmarks.memory", "--", "prepare", shape, folder]
    await asyncio.to_thread(subprocess.run, preparing, check=True)
    database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
    held.push_async_callback(database.close)
    settings = Settings(discord=DiscordSettings(message_content=True, low_memory=variant == "lyceum-low"))
    return await held.enter_async_context(Lyceum(settings, database, ring=False))


async def _prepare(shape: str, folder: str) -> None:
    """A database in which every server has chosen."""
    from bot.app import Lyceum
    from bot.extensions import list_features
    from bot.settings import Settings
    from cogs.onboarding.model import OnboardingSettings
    from storage import schema
    from storage.database import Database

    database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
    await schema.upgrade(database)
    bot = Lyceum(Settings(), database, ring=False)
    for feature in list_features():
        await bot.load_feature(feature)
    async with database.begin() as session:
        for number in range(parse(shape)[0]):
            own = guild_id(number)
            chosen = {"welcome_channel_id": own + 100, "introductions_channel_id": own + 101}
            await bot.core.configs.change(session, own, OnboardingSettings, **chosen)
    await bot.close()
    await database.close()


def _memory() -> dict[str, float]:
    gc.collect()
    untrimmed = _status("VmRSS")
    with contextlib.suppress(OSError, AttributeError):  # not glibc
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return {"rss_mib": _status("VmRSS"), "untrimmed_mib": untrimmed, "peak_mib": _status("VmHWM")}


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return round(next(int(each.split()[1]) for each in lines if each.startswith(name)) / 1024, 1)


def _help_out(what: str, shape: str, *more: str) -> None:
    """What other processes do for the one that is measured."""
    if what == "prepare":
        asyncio.run(_prepare(shape, more[0]))
        return
    told = events(shape) if what == "events" else chunks(shape, int(more[0]), more[1])
    for name, data in told:
        print(payloads.event(name, data))


VARIANTS = ("bare", "lyceum", "lyceum-low", "bare-low")

if __name__ == "__main__":
    if sys.argv[1:2] == ["--"]:
        _help_out(*sys.argv[2:])
    else:
        match sys.argv[1:] + ["lyceum"] * (len(sys.argv) == 2):
            case [shape, variant] if variant in VARIANTS:
                print(json.dumps(asyncio.run(measure(shape, variant))))
            case _:
                sys.exit(__doc__)
