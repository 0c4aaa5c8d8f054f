"""A bot that is fed by hand: discord.py's real gateway parsing, without a network.

Imports nothing but discord.py, so that a peer in an environment of its own is fed in the same way.
"""

from __future__ import annotations

import asyncio
import gc
import json
from typing import Any, cast

import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from benchmarks import payloads

PATIENCE = 60.0  # seconds; what takes longer waits for an answer that will not come


class NoNetwork:
    """Stands in for discord.py's HTTP: answers what a start and a post need, and counts answers to interactions."""

    def __init__(self) -> None:
        self._answers = 0
        self._wanted = 0
        self._enough = asyncio.Event()

    def install(self, client: discord.Client) -> None:
        client.http.static_login = self._login  # type: ignore[method-assign]  # no network here
        client.http.application_info = self._application  # type: ignore[method-assign]  # as above
        client.http.request = self._request  # type: ignore[method-assign]  # as above
        AsyncWebhookAdapter.request = self._answer  # type: ignore[method-assign]  # interactions are answered there
        async_context.set(
            AsyncWebhookAdapter()
        )  # in a process of tests a simulated Discord may have put its own there

    async def answers(self, number: int) -> None:
        """Wait until so many interactions in all have been answered."""
        self._wanted = number
        if self._answers < number:
            self._enough.clear()
            async with asyncio.timeout(PATIENCE):
                await self._enough.wait()

    async def _answer(self, route: Route, _session: Any = None, **_: Any) -> dict[str, Any]:
        if route.method == "GET":  # a hybrid command reads its own answer back
            return payloads.post(payloads.CHATTY[0], None)
        self._answers += 1
        if self._answers >= self._wanted:
            self._enough.set()
        return {"interaction": {"id": "1", "type": 2}}

    async def _login(self, _token: str) -> dict[str, Any]:
        return payloads.user(payloads.OWN_ID, bot=True)

    async def _application(self) -> dict[str, Any]:
        return {
            "id": str(payloads.OWN_ID),
            "name": "bench",
            "icon": None,
            "description": "",
            "bot_public": False,
            "bot_require_code_grant": False,
            "verify_key": "",
            "flags": 0,
            "owner": payloads.user(payloads.OWN_ID),
            "team": None,
        }

    async def _request(self, route: Route, **sent: Any) -> Any:
        match route.method, route.path.rpartition("/")[2]:
            case (("GET" | "PUT"), ("commands" | "messages")):
                return []
            case "GET", "audit-logs":
                kinds = ("audit_log_entries", "users", "webhooks", "integrations", "threads")
                more = ("application_commands", "auto_moderation_rules", "guild_scheduled_events")
                return {kind: [] for kind in (*kinds, *more)}
            case "GET", "members":
                return payloads.members()
            case "POST", "messages":
                return payloads.post(int(route.channel_id or 0), (sent.get("json") or {}).get("nonce"))
        raise RuntimeError(f"the bench did not expect {route.method} {route.path}")


async def connect(client: discord.Client) -> tuple[DiscordWebSocket, NoNetwork]:
    """Log the client in and hand it the guild. Returns when all that follows READY is done."""
    network = NoNetwork()
    socket = await log_in(client, network)
    for name, data in (("READY", payloads.ready()), ("GUILD_CREATE", payloads.guild())):
        await socket.received_message(json.dumps({"op": 0, "t": name, "s": 1, "d": data}))
    async with asyncio.timeout(PATIENCE):
        await client.wait_until_ready()
    await settle()
    # Lyceum does this itself at READY, but only with its alarm clock; done to both, it favours the floor if anybody.
    gc.collect()
    gc.freeze()
    return socket, network


async def log_in(client: discord.Client, network: NoNetwork) -> DiscordWebSocket:
    """Log the client in, without a READY yet. Events go into the socket that is returned."""
    network.install(client)
    await client.login("not a token")
    socket = DiscordWebSocket(cast(Any, None), loop=asyncio.get_running_loop())
    state = client._connection  # noqa: SLF001 - what discord.py's own from_client does
    state.guild_ready_timeout = 0.05  # how long READY waits for more guilds; there is one
    socket._connection = state  # noqa: SLF001 - as above
    socket._discord_parsers = state.parsers  # noqa: SLF001 - as above
    socket._dispatch = client.dispatch  # noqa: SLF001 - as above
    socket.call_hooks = state.call_hooks
    socket.shard_id = None
    if isinstance(client, discord.AutoShardedClient):
        cast(Any, state).shard_ids = [0]  # what its own launch_shards does
    return socket


async def settle() -> None:
    """Wait until every other task has ended. Raises TimeoutError when one does not."""
    async with asyncio.timeout(PATIENCE):
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
