"""A bot that is fed by hand: discord.py's real gateway parsing, without a network."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any, cast

import discord
from discord.gateway import DiscordWebSocket

GUILD_ID = 1 << 40
OWN_ID = 1 << 41
CHANNELS = [(1 << 42) + n for n in range(40)]
CHATTY = CHANNELS[2:]  # the first two belong to onboarding, where a message may be an act
MEMBERS = [(1 << 43) + n for n in range(500)]
ROLES = [GUILD_ID, *((1 << 44) + n for n in range(20))]
JOINED = "2026-01-01T00:00:00+00:00"


class NoNetwork:
    """Stands in for discord.py's HTTP client methods that a start needs; answers interactions at once."""

    def __init__(self) -> None:
        self.answered = 0

    def install(self, client: discord.Client) -> None:
        client.http.static_login = self._login  # type: ignore[method-assign]  # no network here
        client.http.application_info = self._application  # type: ignore[method-assign]  # as above
        client.http.request = self._request  # type: ignore[method-assign]  # as above

    async def _login(self, _token: str) -> dict[str, Any]:
        return user(OWN_ID, bot=True)

    async def _application(self) -> dict[str, Any]:
        return {
            "id": str(OWN_ID),
            "name": "bench",
            "icon": None,
            "description": "",
            "bot_public": False,
            "bot_require_code_grant": False,
            "verify_key": "",
            "flags": 0,
            "owner": user(OWN_ID),
            "team": None,
        }

    async def _request(self, route: discord.http.Route, **_: Any) -> Any:
        if route.path.endswith(("/commands", "/members", "/messages")):
            return []
        raise RuntimeError(f"the bench did not expect a request to {route.path}")


async def connect(client: discord.Client) -> DiscordWebSocket:
    """Log the client in and hand it one guild; returns the socket into which events are put."""
    NoNetwork().install(client)
    await client.login("not a token")
    socket = DiscordWebSocket(cast(Any, None), loop=asyncio.get_running_loop())
    state = client._connection  # noqa: SLF001 - what discord.py's own from_client does
    socket._connection = state  # noqa: SLF001 - as above
    socket._discord_parsers = state.parsers  # noqa: SLF001 - as above
    socket._dispatch = client.dispatch  # noqa: SLF001 - as above
    socket.call_hooks = state.call_hooks
    socket.shard_id = None
    ready = {
        "v": 10,
        "user": user(OWN_ID, bot=True),
        "guilds": [{"id": str(GUILD_ID), "unavailable": True}],
        "session_id": "bench",
        "resume_gateway_url": "",
        "application": {"id": str(OWN_ID), "flags": 0},
    }
    await socket.received_message(event("READY", ready))
    await socket.received_message(event("GUILD_CREATE", guild()))
    await settle()
    return socket


async def settle() -> None:
    """Wait until every task but this one has ended or waits for something outside."""
    for _ in range(20):
        await asyncio.sleep(0)


def event(name: str, data: dict[str, Any], sequence: int = 1) -> str:
    """A gateway dispatch as JSON text, as it comes after inflating."""
    return json.dumps({"op": 0, "t": name, "s": sequence, "d": data})


def user(user_id: int, *, bot: bool = False) -> dict[str, Any]:
    return {
        "id": str(user_id),
        "username": f"user{user_id % 1000}",
        "global_name": None,
        "discriminator": "0",
        "avatar": None,
        "bot": bot,
        "public_flags": 0,
    }


def member(user_id: int) -> dict[str, Any]:
    return {
        "roles": [str(ROLES[1 + user_id % 20])],
        "joined_at": JOINED,
        "nick": None,
        "avatar": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
    }


def guild() -> dict[str, Any]:
    """One guild of 500 members, 40 channels, 20 roles."""
    role = {
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "permissions": "2147483647",
        "flags": 0,
    }
    return {
        "id": str(GUILD_ID),
        "name": "bench",
        "owner_id": str(MEMBERS[0]),
        "member_count": len(MEMBERS),
        "roles": [
            {**role, "id": str(each), "name": f"role{n}", "position": n} for n, each in enumerate(ROLES)
        ],
        "emojis": [],
        "stickers": [],
        "features": [],
        "channels": [
            {"id": str(each), "type": 0, "name": f"c{n}", "position": n, "permission_overwrites": []}
            for n, each in enumerate(CHANNELS)
        ],
        "threads": [],
        "members": [{**member(each), "user": user(each, bot=each == OWN_ID)} for each in (OWN_ID, *MEMBERS)],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "preferred_locale": "en-US",
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "afk_timeout": 300,
        "mfa_level": 0,
        "premium_tier": 0,
        "nsfw_level": 0,
        "system_channel_flags": 0,
        "premium_progress_bar_enabled": False,
    }


def messages(count: int, *, seed: int = 7) -> list[str]:
    """Ordinary messages of about 1.3 kB: replies, mentions, attachments, code. The same for every variant."""
    rng = random.Random(seed)
    return [_message(rng, number) for number in range(count)]


def _message(rng: random.Random, number: int) -> str:
    author, channel = rng.choice(MEMBERS), rng.choice(CHATTY)
    data: dict[str, Any] = {
        "id": str((1 << 50) + number),
        "channel_id": str(channel),
        "guild_id": str(GUILD_ID),
        "author": user(author),
        "member": member(author),
        "content": "".join(rng.choice("abcdefghij klmnop ") for _ in range(rng.randint(20, 600))),
        "timestamp": JOINED,
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "type": 0,
        "flags": 0,
    }
    if rng.random() < 0.3:
        mentioned = rng.choice(MEMBERS)
        data["mentions"] = [{**user(mentioned), "member": member(mentioned)}]
    if rng.random() < 0.1:
        data["attachments"] = [
            {
                "id": str((1 << 51) + number),
                "filename": "notes.txt",
                "size": 1234,
                "url": "https://cdn.example/notes.txt",
                "proxy_url": "https://cdn.example/notes.txt",
            }
        ]
    return event("MESSAGE_CREATE", data, number)


def slash(count: int, name: str) -> list[str]:
    """Uses of a command without options."""
    return [
        event(
            "INTERACTION_CREATE",
            {
                "id": str((1 << 52) + number),
                "application_id": str(OWN_ID),
                "type": 2,
                "token": "t",
                "version": 1,
                "guild_id": str(GUILD_ID),
                "channel_id": str(CHANNELS[0]),
                "channel": {"id": str(CHANNELS[0]), "type": 0, "name": "c0", "permissions": "2147483647"},
                "member": {
                    **member(MEMBERS[1]),
                    "user": user(MEMBERS[1]),
                    "permissions": "2147483647",
                },
                "locale": "en-US",
                "guild_locale": "en-US",
                "app_permissions": "2147483647",
                "entitlements": [],
                "authorizing_integration_owners": {},
                "context": 0,
                "data": {"id": "1", "name": name, "type": 1, "options": []},
            },
            number,
        )
        for number in range(count)
    ]
