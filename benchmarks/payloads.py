"""One made-up guild of 500 members, and what happens in it, as Discord's gateway says it. The same for every variant."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from typing import Any

EPOCH = 1_420_070_400_000  # the millisecond from which Discord's ids count
GUILD_ID = 1 << 40
OWN_ID = 1 << 41
# Ids differ above the lowest 22 bits, as real ones do: discord.py's objects have the rest for a hash.
CHANNELS = [(1 << 42) + (n << 22) for n in range(40)]
WELCOME, INTRODUCTIONS, *CHATTY = CHANNELS
MEMBERS = [(1 << 43) + (n << 22) for n in range(500)]
ROLES = [GUILD_ID, *((1 << 44) + (n << 22) for n in range(20))]
MAY = 104_324_673  # what everybody may in a new server; filters leave staff alone
JOINED = "2026-01-01T00:00:00+00:00"
# An id says when a message was written. These are half a year later than everybody joined, so that nobody is a newcomer.
WRITTEN = 361_000_000_000 << 22
LINKS = (
    "https://docs.python.org/3/library/re.html",
    "https://github.com/Rapptz/discord.py/issues/1",
    "https://www.youtube.com/watch?v=abc123&t=10s",
    "https://stackoverflow.com/questions/1/how-to-do-it",
    "https://discord.com/channels/1/2/3",
)
CODE = "```py\nfor each in items:\n    print(each.name)\n```"


def ready() -> dict[str, Any]:
    return {
        "v": 10,
        "user": user(OWN_ID, bot=True),
        "guilds": [{"id": str(GUILD_ID), "unavailable": True}],
        "session_id": "bench",
        "shard": [0, 1],
        "resume_gateway_url": "",
        "application": {"id": str(OWN_ID), "flags": 0},
    }


def event(name: str, data: dict[str, Any], sequence: int = 1) -> str:
    """A gateway dispatch as JSON text, as it comes after inflating."""
    return json.dumps({"op": 0, "t": name, "s": sequence, "d": data})


def user(user_id: int, *, bot: bool = False) -> dict[str, Any]:
    return {
        "id": str(user_id),
        "username": f"user{(user_id >> 22) % 1000}",
        "global_name": None,
        "discriminator": "0",
        "avatar": None,
        "bot": bot,
        "public_flags": 0,
    }


def member(user_id: int) -> dict[str, Any]:
    return {
        "roles": [str(ROLES[1 + (user_id >> 22) % 20])],
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
        "permissions": str(MAY),
        "flags": 0,
    }
    return {
        "id": str(GUILD_ID),
        "name": "bench",
        "owner_id": str(MEMBERS[0]),
        "member_count": len(MEMBERS) + 1,  # and the bot
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
    """Messages of about 1.4 kB: replies, mentions, attachments, links, code. The same for every variant.

    All are ordinary: none has a word of `words`, a link that leads astray, or the text of another.
    """
    rng = random.Random(seed)
    return [_message(rng, number, channels) for number in range(count)]


def words(count: int = 50) -> list[str]:
    """Words for a filter. No message has one, because none has these letters."""
    rng = random.Random(1)
    return ["".join(rng.choice("rstuvwxyz") for _ in range(rng.randint(4, 9))) for _ in range(count)]


def _message(rng: random.Random, number: int, channels: Sequence[int]) -> str:
    author, channel = rng.choice(MEMBERS), rng.choice(channels)
    text = "".join(rng.choice("abcdefghij klmnop ") for _ in range(rng.randint(20, 600)))
    mentioned = rng.choice(MEMBERS) if rng.random() < 0.3 else None
    if mentioned is not None:
        text = f"<@{mentioned}> {text}"
    if rng.random() < 0.1:
        text = f"{text} {rng.choice(LINKS)}"
    if rng.random() < 0.05:
        text = f"{text}\n{CODE}"
    data = _bare_message(WRITTEN + (number << 22), channel, user(author), text)
    data |= {"guild_id": str(GUILD_ID), "member": member(author)}
    if mentioned is not None:
        data["mentions"] = [{**user(mentioned), "member": member(mentioned)}]
    if rng.random() < 0.15:
        data["type"] = 19
        data["message_reference"] = {
            "type": 0,
            "guild_id": str(GUILD_ID),
            "channel_id": str(channel),
            "message_id": str(WRITTEN - 1),
        }
        data["referenced_message"] = _bare_message(
            WRITTEN - 1, channel, user(rng.choice(MEMBERS)), "Anybody?"
        )
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
    # Fifteen minutes after the instant in its id an interaction counts as gone.
    now = (time.time_ns() // 1_000_000 - EPOCH) << 22
    return [_slash(now + number, MEMBERS[number % len(MEMBERS)], command) for number in range(count)]


def _slash(interaction_id: int, author: int, command: dict[str, Any]) -> str:
    channel = str(CHATTY[0])
    data = {
        "id": str(interaction_id),
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
    return event("INTERACTION_CREATE", data)
