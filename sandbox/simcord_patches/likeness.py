"""Where SimCord answers differently from Discord, apart from nonces."""

# SimCord keeps the parts that need correcting private, and types most payloads as Any.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

import asyncio
import datetime as real_datetime
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import discord
from simcord.backend.errors import BackendError
from simcord.backend.models import Message
from simcord.backend.ops import channels as channel_ops
from simcord.backend.ops import reactions as reaction_ops
from simcord.env import Env
from simcord.gateway import FakeGateway
from simcord.http.router import RequestContext


def set_epoch(env: Env, start: datetime) -> None:
    """Start the simulated clock at ``start`` (aware) instead of 2026-01-01, before anything else happens."""
    env.backend.clock._epoch = start.astimezone(real_datetime.UTC)


class _ReadyQueue(asyncio.Queue[discord.Guild]):
    """The servers discord.py waits for at the start, all there already: nobody has to wait for them."""

    def get(self) -> Any:
        """A future that is done when something is there; one that never will be otherwise."""
        future: asyncio.Future[discord.Guild] = asyncio.get_running_loop().create_future()
        if not self.empty():
            future.set_result(self.get_nowait())
        return future


def be_ready_like_discord() -> None:
    """Name the bot's servers in READY and deliver them as available, as Discord does.

    SimCord sends an empty list and lets discord.py wait 0 s for the servers, which on Python 3.11 means that
    it never takes them out of the queue: members are not fetched at the start, so everybody who joined while
    the bot was away stays unknown, and ``on_guild_available`` never comes. It also calls a server that the
    bot was just invited to "available", so that ``on_guild_join`` never comes.
    """
    original = FakeGateway.feed
    if getattr(original, "corrected", False):
        return

    def feed(self: Any, event: str, payload: Mapping[str, Any]) -> None:
        state = self._state
        if event == "READY":
            known = [{"id": str(guild), "unavailable": True} for guild in self._backend.guilds]
            original(self, event, {**payload, "guilds": known})
            state._ready_state = _ReadyQueue()
            return
        if event == "GUILD_CREATE":
            guild = state._get_guild(int(payload["id"]))
            payload = {key: value for key, value in payload.items() if key != "unavailable"}
            if guild is not None and guild.unavailable:
                payload["unavailable"] = False  # "It is back"; without the key it means "you were invited".
        original(self, event, payload)

    feed.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    FakeGateway.feed = feed


def name_the_author_in_reactions() -> None:
    """Add ``message_author_id`` to MESSAGE_REACTION_ADD, which Discord sends and SimCord leaves out."""
    mixin = reaction_ops.ReactionMixin
    original = mixin._emit_reaction
    if getattr(original, "corrected", False):
        return

    def emit_reaction(self: Any, event: str, message: Message, emoji: str, user_id: int) -> None:
        plain_emit = self.emit

        def emit(name: str, payload: Mapping[str, Any]) -> None:
            if name == "MESSAGE_REACTION_ADD":
                payload = {**payload, "message_author_id": str(message.author_id)}
            plain_emit(name, payload)

        self.emit = emit
        try:
            original(self, event, message, emoji, user_id)
        finally:
            del self.emit

    emit_reaction.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    mixin._emit_reaction = emit_reaction


def start_threads_quietly() -> None:
    """Open a thread from a message, and a private one, as Discord does: no extra message about it; and never a second
    thread of a message.

    SimCord announces every thread with a THREAD_CREATED message, which Discord writes only for public threads that
    have no message to start from, and lets a message have several threads, where Discord answers 160004.
    """
    mixin = channel_ops.ChannelMixin
    original = mixin.create_thread
    if getattr(original, "corrected", False):
        return

    def create_thread(self: Any, parent_id: int, name: str, owner_id: int, **keywords: Any) -> Any:
        message_id = keywords.get("message_id")
        is_private = keywords.get("type") == discord.ChannelType.private_thread.value
        if (not is_private and message_id is None) or not keywords.get("broadcast", True):
            return original(self, parent_id, name, owner_id, **keywords)
        if message_id is not None and message_id in self.channels:
            raise BackendError(400, 160004, "A thread has already been created for this message")
        keywords["broadcast"] = False
        thread = original(self, parent_id, name, owner_id, **keywords)
        self.announce_thread_create(thread)
        return thread

    create_thread.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    mixin.create_thread = create_thread


def let_owners_close_their_threads() -> None:
    """Let whoever opened a thread change its name and archive it, as Discord does.

    SimCord asks for Manage Channels.
    """
    original = RequestContext.require_channel_permissions
    if getattr(original, "corrected", False):
        return

    def require_channel_permissions(self: Any, channel_id: int, *names: str) -> Any:
        channel = self.backend.get_channel(channel_id)
        is_own = channel.is_thread and channel.owner_id == self.backend.bot_user.id
        if is_own and names == ("manage_channels",):
            names = () if self.body().keys() <= {"name", "archived", "auto_archive_duration"} else names
        return original(self, channel_id, *names)

    require_channel_permissions.corrected = True  # type: ignore[attr-defined]  # as above
    RequestContext.require_channel_permissions = require_channel_permissions
