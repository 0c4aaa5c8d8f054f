"""One made-up guild of 500 members, and what happens in it, as Discord's gateway says it. The same for every variant."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

GUILD_ID = 1 << 40
OWN_ID = 1 << 41
CHANNELS = [(1 << 42) + n for n in range(40)]
WELCOME, INTRODUCTIONS, *CHATTY = CHANNELS
MEMBERS = [(1 << 43) + n for n in range(500)]
ROLES = [GUILD_ID, *((1 << 44) + n for n in range(20))]
JOINED = "2026-01-01T00:00:00+00:00"
# An id says when a message was written. These are half a year later than everybody joined, so that nobody is a newcomer.
WRITTEN = 361_000_000_000 << 22


def ready() -> dict[str, Any]:
    return {
        "v": 10,
        "user": user(OWN_ID, bot=True),
        "guilds": [{"id": str(GUILD_ID), "unavailable": True}],
        "session_id": "bench",
        "resume_gateway_url": "",
        "application": {"id": str(OWN_ID), "flags": 0},
    }


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


def members() -> list[dict[str, Any]]:
    return [{**member(each), "user": user(each, bot=each == OWN_ID)} for each in (OWN_ID, *MEMBERS)]


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
        "members": members(),
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


def messages(count: int, channels: Sequence[int], *, seed: int) -> list[str]:
    """Messages of about 1.3 kB: replies, mentions, attachments, code. The same for every variant."""
    rng = random.Random(seed)
    return [_message(rng, number, channels) for number in range(count)]


def _message(rng: random.Random, number: int, channels: Sequence[int]) -> str:
    author, channel = rng.choice(MEMBERS), rng.choice(channels)
    text = "".join(rng.choice("abcdefghij klmnop ") for _ in range(rng.randint(20, 600)))
    data = _bare_message(WRITTEN + number, channel, user(author), text)
    data |= {"guild_id": str(GUILD_ID), "member": member(author)}
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


def post(channel: int, nonce: str | None) -> dict[str, Any]:
    """What Discord returns for a message of the bot."""
    return {**_bare_message(1 << 53, channel, user(OWN_ID, bot=True), ""), "nonce": nonce}


def _bare_message(message_id: int, channel: int, author: dict[str, Any], text: str) -> dict[str, Any]:
    return {
        "id": str(message_id),
        "channel_id": str(channel),
        "author": author,
        "content": text,
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


def slash(count: int, name: str, subcommand: str | None = None) -> list[str]:
    """Uses of a command without arguments, each by the next member."""
    options = [{"name": subcommand, "type": 1, "options": []}] if subcommand is not None else []
    command = {"id": "1", "name": name, "type": 1, "options": options}
    return [_slash(number, MEMBERS[number % len(MEMBERS)], command) for number in range(count)]


def _slash(number: int, author: int, command: dict[str, Any]) -> str:
    channel = str(CHATTY[0])
    data = {
        "id": str((1 << 52) + number),
        "application_id": str(OWN_ID),
        "type": 2,
        "token": "t",
        "version": 1,
        "guild_id": str(GUILD_ID),
        "channel_id": channel,
        "channel": {"id": channel, "type": 0, "name": "c2", "permissions": "2147483647"},
        "member": {**member(author), "user": user(author), "permissions": "2147483647"},
        "locale": "en-US",
        "guild_locale": "en-US",
        "app_permissions": "2147483647",
        "entitlements": [],
        "authorizing_integration_owners": {},
        "attachment_size_limit": 10_485_760,
        "context": 0,
        "data": command,
    }
    return event("INTERACTION_CREATE", data, number)
