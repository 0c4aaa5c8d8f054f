"""One simulated server with somebody looking at it: who you are, which channel is open, what is new elsewhere.

SimCord's preview shows one channel to one person, and refuses to do two things at the same moment. The stage
re-opens it on the channel and person chosen, lets the simulated clock follow the real one, shows what the bot
posts by itself, and lets nothing overlap: everything, the preview's own actions included, takes its lock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import perf_counter
from typing import Any

from simcord.backend.errors import BackendError, SetupError
from simcord.preview import Preview

from sandbox.newcomer import NEWCOMERS, Play
from sandbox.server import Channel, Person
from sandbox.sights import Sights
from sandbox.simcord_patches import page
from sandbox.world import World

log = logging.getLogger(__name__)

_BEAT_SECONDS = 0.3  # how often the simulated clock catches up with the real one


class Stage(Sights):
    """The world and one person's view of it. ``origin`` is the page that may show the preview."""

    def __init__(self, world: World[Any, Any], *, origin: str) -> None:
        super().__init__(world)
        self.lock = asyncio.Lock()
        self.url = ""
        self.skipped = timedelta()
        self.play = Play(self)
        self._origin = origin
        self.preview: Preview | None = None
        self._shown: object = None
        self._last_beat = perf_counter()
        self._heart: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Show the first channel and start the clock."""
        page.allow_embedding(self._origin)
        page.show_the_channel_alone()
        page.open_at_the_newest()
        page.name_whom_one_knows()
        page.take_turns(self.world.env, self.lock, self._after_action)
        async with self.lock:
            for person in self.world.people.values():
                self._mark_all_read(person)
            await self._show()
        self._last_beat = perf_counter()
        self._heart = asyncio.create_task(self._beat())

    async def close(self) -> None:
        """Stop the clock and whoever plays, and close the view."""
        await self.play.end()
        if self._heart is not None:
            self._heart.cancel()
            await asyncio.gather(self._heart, return_exceptions=True)
        async with self.lock:
            await self._hide()

    # ------------------------------------------------------------------------------------------ what one can do

    async def be(self, person_id: str) -> str:
        """Become another person."""
        self.person = next(person for person in self.world.people.values() if str(person.id) == person_id)
        if self.channel is None or not self._can_see(self.channel.id):
            self.channel = self._first_channel()
        await self._show()
        return f"You are {self._name(self.person)} now."

    async def look_at(self, channel_id: str) -> str:
        """Open a channel, or the bot's private messages."""
        if not self._can_see(int(channel_id)):
            return "That channel cannot be seen."
        self.channel = self.world.channel_of(int(channel_id))
        await self._show()
        return ""

    async def join(self) -> str:
        """Somebody new joins, the server's rules still before them; you are them."""
        name = self.next_name()
        if name is None:
            return "Everybody who could join has joined."
        self.person = await self.world.join(name, pending=True)
        self._mark_all_read(self.person)
        self.channel = self.world.channels.get("welcome") or self._first_channel()
        await self._show()
        return f"{name} has joined and has the rules in front of them."

    def next_name(self) -> str | None:
        """Who joins next; None when there is nobody left."""
        return next((name for name in NEWCOMERS if name not in self.world.people), None)

    async def watch(self, person: Person, channel: Channel | None) -> None:
        """See with a person's eyes what they do in a channel; None is wherever they are."""
        if person is not self.person:
            self._mark_all_read(person)
        here = self.channel if person is self.person and self.preview is not None else None
        self.person, self.channel = person, channel or self.channel
        is_open = here is not None and self.channel is not None and here.id == self.channel.id
        await (self._refresh() if is_open else self._show())

    async def accept(self) -> str:
        """The newcomer accepts the rules."""
        await self.world.accept_rules(self.person)
        await self._show()
        return f"{self._name(self.person)} has accepted the rules."

    async def leave(self) -> str:
        """You leave the server."""
        await self.world.leave(self.person)
        await self._show()
        return f"{self._name(self.person)} has left."

    async def come_back(self) -> str:
        """You join again."""
        await self.world.rejoin(self.person, pending=True)
        self.channel = self._first_channel()
        await self._show()
        return f"{self._name(self.person)} is back and has the rules in front of them."

    async def react(self, message_id: str, emoji: str) -> str:
        """React to a message of the channel on screen, which the preview itself cannot do."""
        if self.channel is None or self.gate() is not None:
            return ""
        await self.world.react(self.person, self.world.message(self.channel, int(message_id)), emoji)
        await self._refresh()
        return f"{self._name(self.person)} reacted with {emoji}."

    async def restart(self) -> str:
        """Kill the bot's process and start it again."""
        await self._hide()
        await self.world.crash()
        await self.world.start_again()
        await self._show()
        return "The bot was killed without warning and has started again. Nothing should be lost."

    async def skip(self, span: str) -> str:
        """Let an hour, a day, a week pass, or the time until Monday 09:00 UTC."""
        now = self.world.now
        if span == "monday":
            monday = now.replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())
            length = (monday if monday > now else monday + timedelta(weeks=1)) - now
        else:
            length = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}[span]
        await (self.world.advance if self.world.ring_by_itself else self.world.jump)(length)
        self.skipped += length
        self._last_beat = perf_counter()
        await self._refresh()
        return f"It is {self.world.now:%A %d %B, %H:%M} UTC now."

    # ------------------------------------------------------------------------------------------ the preview

    async def _show(self) -> None:
        """Open the preview on the person and channel chosen."""
        await self._hide()
        if self.gate() is not None:
            return
        if self.channel is None or not self._can_see(self.channel.id):
            self.channel = self._first_channel()
        if self.channel is None:
            return
        viewer = self.person if self.channel.guild is not None else self.person.user
        preview = self.world.env.preview(
            self.channel, viewers=[viewer], layout="channel", timezone=self.zone_of(self.person)
        )
        self.preview = await preview.__aenter__()
        self.url = self.preview.url
        self._after_action()

    async def _hide(self) -> None:
        preview, self.preview, self.url = self.preview, None, ""
        if preview is not None:
            await preview.close()

    def _after_action(self) -> None:
        """What is on screen is what there is: remember it, so that nothing is refreshed without need."""
        self._shown = self._picture()
        if self.channel is not None and self.preview is not None:
            self._mark_read(self.person, self.channel.id)

    def _picture(self) -> object:
        """Everything that would look different on screen."""
        if self.channel is None:
            return None
        messages = self.world.env.backend.messages.get(self.channel.id)
        if messages is None:
            return None
        return [
            (
                item.id,
                item.edited_timestamp,
                item.flags,
                [(mark.emoji, len(mark.user_ids)) for mark in item.reactions],
            )
            for item in messages.values()
            if item.visible_to(self.person.id)
        ]

    async def _refresh(self) -> None:
        """Bring the preview up to date when something changed in the channel on screen."""
        picture = self._picture()
        if picture is None or not self._can_see(self.channel.id if self.channel else 0):
            self.channel = self._first_channel()
            await self._show()
        elif self.preview is not None and not page.preview_open(self.preview):
            await self._show()  # Somebody pressed "End preview session".
        elif picture != self._shown and self.preview is not None:
            await self.preview.refresh()
            self._after_action()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            async with self.lock:
                await self._beat_once()

    async def _beat_once(self) -> None:
        now = perf_counter()
        elapsed, self._last_beat = now - self._last_beat, now
        try:
            await self.world.env.advance_time(elapsed)
            if self.world.ring_by_itself:
                await self.world.settle()
            if self.gate() is None:
                await self._refresh()
        except (SetupError, BackendError, TimeoutError) as error:
            log.warning("the simulated clock stumbled and goes on: %s", error)

    def actions(self) -> dict[str, Callable[..., Awaitable[str]]]:
        """The page's buttons by name."""
        return {
            "be": self.be,
            "open": self.look_at,
            "join": self.join,
            "accept": self.accept,
            "leave": self.leave,
            "return": self.come_back,
            "restart": self.restart,
            "react": self.react,
            "skip": self.skip,
            "play": self.play.begin,
        }
