"""Opens threads for a few people through discord.py, and closes them.

No nonce guards the opening of a thread, and discord.py repeats it by itself: so after a disturbed try a room is looked
for by its name. One that was opened before is used again as long as it is there.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal, cast

import discord

from bot.cards import ThreadTitle
from bot.dispatcher import PlannedEffect, Unreachable
from bot.pace import checked
from bot.text import THREAD_NAME, cut

HIDDEN_AFTER: Literal[10080] = 10080  # minutes without a word after which Discord hides a thread: the most


class Rooms:
    """What `DiscordCalls` does for rooms. Raises what discord.py raises, and `Unreachable`."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def open(self, effect: PlannedEffect, title: ThreadTitle) -> int | None:
        """The room, with its people in it; None where none can be opened."""
        known = [title.room] if title.room is not None and await self._is_there(title.room) else []
        if not known:
            place = await self._place(effect)
            if place is None:
                return None
            name = cut(title.name, THREAD_NAME)
            was_tried = effect.attempts > 0 or effect.first_try_at is not None
            known = await self._find(effect, place, name) if was_tried else []
            if not known:
                created = await self._create(place, name)
                if created is None:
                    return None
                known = [created]
        room, *doubles = known
        for double in doubles:
            await self._client.http.edit_channel(double, archived=True)
        for member_id in title.people:
            with suppress(discord.Forbidden, discord.NotFound):  # they left, or may not see the channel
                await self._client.http.add_user_to_thread(room, member_id)
        return room

    async def close(self, room: int) -> None:
        with suppress(discord.NotFound):  # somebody has deleted it
            await self._client.http.edit_channel(room, archived=True)

    async def _is_there(self, room: int) -> bool:
        """Whether it can be used; one that Discord hides is opened again."""
        try:
            thread = await self._client.fetch_channel(room)
            if isinstance(thread, discord.Thread) and thread.archived:
                await self._client.http.edit_channel(room, archived=False)
        except (discord.NotFound, discord.Forbidden):
            return False
        return True

    async def _place(self, effect: PlannedEffect) -> int | None:
        """The channel to open it in. A thread has no threads: what stands in one has its room in the channel above."""
        assert effect.channel_id is not None
        channel = self._client.get_channel(effect.channel_id)
        channel = channel or await self._client.fetch_channel(effect.channel_id)
        if not isinstance(channel, discord.Thread):
            return effect.channel_id
        return (
            channel.parent_id if isinstance(channel.parent, discord.TextChannel) else None
        )  # a forum has none

    async def _create(self, place: int, name: str) -> int | None:
        """A private thread, or a public one where that is not allowed. None when neither is."""
        for kind in (discord.ChannelType.private_thread, discord.ChannelType.public_thread):
            with suppress(discord.Forbidden):
                return await self._start(place, name, kind)
        return None

    async def _start(self, place: int, name: str, kind: discord.ChannelType) -> int:
        sent: list[None] = []
        with checked(lambda: sent.append(None)):
            made = await self._client.http.start_thread_without_message(
                place, name=name, auto_archive_duration=HIDDEN_AFTER, type=cast(Any, kind.value)
            )
        if len(sent) > 1:
            # discord.py has sent it again by itself, and each may be carried out, late even. So it is looked for once
            # more, when no copy can arrive any more.
            raise Unreachable("opened more than once perhaps, to be looked at again")
        return int(made["id"])

    async def _find(self, effect: PlannedEffect, place: int, name: str) -> list[int]:
        """Our threads of this name in the channel, the oldest first."""
        found = await self._client.http.get_active_threads(effect.guild_id)
        own_id = self._client.user.id if self._client.user is not None else 0
        same = [
            int(thread["id"])
            for thread in found["threads"]
            if int(thread["parent_id"]) == place
            and int(thread["owner_id"]) == own_id
            and thread["name"] == name
        ]
        return sorted(same)
