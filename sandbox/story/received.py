"""What the simulated Discord received from the bot, as plain data: posts, and answers to what people did.

Read from the fault layer's log of requests and from the server's own records. What the bot believes in its database
to have sent is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.faults import CREATE_MESSAGE, REPLY, Request
from sandbox.world import World

_SILENT = 1 << 12
_MENTION = re.compile(r"<@!?(\d+)>")
_FOLLOW_UP = ("*", "/webhooks/**")


@dataclass(frozen=True, slots=True)
class Post:
    """A message of the bot that stands, or stood, in a channel or in somebody's private messages."""

    id: int
    at: datetime
    channel_id: int
    text: str
    private_to: int | None = None
    """Whose private messages it is in."""
    pinged: frozenset[int] = frozenset()
    """Whom Discord notified: a mention that was allowed and made a sound, or whoever got a private message."""
    mentions: frozenset[int] = frozenset()
    controls: tuple[str, ...] = ()
    """The ids of its buttons and menus, which tell two posts with the same words apart."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody read in answer to a press, a command or a form."""

    at: datetime
    person: int
    text: str


def posts(world: World[Any, Any]) -> list[Post]:
    """Every message the bot posted, the oldest first; one that was sent again with its nonce is one message."""
    found: dict[int, Post] = {}
    for request in world.faults.requests(*CREATE_MESSAGE, applied=True):
        post = _post(world, request)
        found.setdefault(post.id, post)
    return list(found.values())


def replies(world: World[Any, Any]) -> list[Reply]:
    """Every answer that somebody read, the oldest first."""
    sent = [
        *world.faults.requests(*REPLY, applied=True),
        *world.faults.requests(*_FOLLOW_UP, applied=True),
    ]
    found: list[Reply] = []
    for request in sent:
        person = _who_asked(world, request)
        text = "\n".join(_texts(request.body))
        if person is not None and text:
            found.append(Reply(request.at, person, text))
    return sorted(found, key=lambda each: each.at)


def _post(world: World[Any, Any], request: Request) -> Post:
    body: Mapping[str, Any] = request.body
    channel = world.env.backend.channels.get(int(request.path.split("/")[2]))
    owner = channel.recipient_ids[0] if channel is not None and channel.guild_id is None else None
    text = "\n".join(_texts(body))
    mentions = frozenset(int(each) for each in _MENTION.findall(text))
    allowed: Mapping[str, Any] = body.get("allowed_mentions") or {}
    named = {int(each) for each in allowed.get("users") or ()}
    pinged = mentions if "users" in (allowed.get("parse") or ()) else mentions & named
    if owner is not None:
        pinged = frozenset({owner})
    if int(body.get("flags") or 0) & _SILENT:
        pinged = frozenset[int]()
    return Post(
        int(request.answer["id"]),
        request.at,
        int(request.path.split("/")[2]),
        text,
        owner,
        pinged,
        mentions,
        tuple(_controls(body.get("components") or ())),
    )


def _who_asked(world: World[Any, Any], request: Request) -> int | None:
    """Of an answer Discord knows by its path whose press it was: by its number or by its token."""
    parts = request.path.strip("/").split("/")
    token = parts[2]
    number = token.rsplit("_", 1)[-1]
    record = world.env.backend.interactions.get(int(number)) if number.isdigit() else None
    return None if record is None else record.user_id


def _texts(body: Mapping[str, Any] | None) -> Iterator[str]:
    """All that is written on a message or card, top to bottom."""
    if body is None:
        return
    data: Mapping[str, Any] = body.get("data") or body  # an answer to an interaction wraps its message
    if data.get("content"):
        yield str(data["content"])
    yield from _written(data.get("components") or ())


def _controls(components: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for each in components:
        if each.get("custom_id"):
            yield str(each["custom_id"])
        yield from _controls(each.get("components") or ())


def _written(components: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for each in components:
        if each.get("type") == 10:
            yield str(each["content"])
        yield from _written(each.get("components") or ())
        if each.get("accessory"):
            yield from _written((each["accessory"],))
