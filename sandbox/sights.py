"""What somebody who looks at the server can see: who is there, which channels, what is new in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simcord.backend.access import channel_accessible

from sandbox.seen import Seen
from sandbox.server import Channel, Person
from sandbox.world import World

_RECENT = 12
_FEW_PEOPLE = 9  # as many need no order
_REGULARS = 2
_LABEL_LENGTH = 60
_MENTION = re.compile(r"<(@|#)!?(\d+)>")
_TIME = re.compile(r"<t:(\d+)(?::\w)?>")
_ROLES = {"Olive": "owner", "Farah": "facilitator", "Milo": "moderator"}


class Sights:
    """One person's view of a world, and what each person has read in it."""

    def __init__(self, world: World[Any, Any]) -> None:
        self.world = world
        self.person: Person = world.facilitator
        self.channel: Channel | None = world.welcome
        self.zones: Mapping[str, str] = {}
        """The time zones of people by name; everybody else's is UTC."""
        self.read_until: datetime | None = None
        """Up to when everybody has read everything at the start; None: all of it."""
        self._read: dict[tuple[int, int], int] = {}

    def gate(self) -> dict[str, str] | None:
        """What stands between the person and the channel: the rules, or not being there at all."""
        name = self._name(self.person)
        if not self.world.is_member(self.person):
            text = f"{name} is not in the server. Their messages stayed there."
            return {
                "title": f"{name} has left",
                "text": text,
                "button": f"{name} comes back",
                "what": "return",
            }
        if self.world.is_pending(self.person):
            text = (
                "Discord shows newcomers the server's rules first. "
                "Until they agree they cannot do anything, and the bot leaves them alone."
            )
            return {
                "title": f"Welcome, {name}",
                "text": text,
                "button": "I agree to the rules",
                "what": "accept",
            }
        return None

    def people(self) -> list[dict[str, Any]]:
        """Everybody there is, the person's place in the server beside the name."""
        return [self._card(person) for person in self.world.people.values()]

    def _card(self, person: Person) -> dict[str, Any]:
        name = self._name(person)
        here = self.world.is_member(person)
        return {
            "id": str(person.id),
            "name": name,
            "note": self._part(person),
            "here": here,
            "may_leave": name not in _ROLES,
            "first": self._comes_first(person),
        }

    def _part(self, person: Person) -> str:
        """What somebody is here."""
        if not self.world.is_member(person):
            return "has left"
        known = _ROLES.get(self._name(person))
        return known or ("member" if self.world.role_names(person) else "newcomer")

    def _comes_first(self, person: Person) -> bool:
        """Whether somebody stands on top of the list: staff, the first regulars, whoever came last, and you."""
        everybody = list(self.world.people.values())
        if len(everybody) <= _FEW_PEOPLE or person is self.person or self._name(person) in _ROLES:
            return True
        parts = {each.id: self._part(each) for each in everybody}
        regulars = [each for each in everybody if parts[each.id] == "member"]
        newcomers = [each for each in everybody if parts[each.id] == "newcomer"]
        return person in regulars[:_REGULARS] or person in newcomers[-1:]

    def channels(self) -> list[dict[str, Any]]:
        """What the person can open, with the number of messages they have not seen."""
        found = [
            {
                "id": str(channel_id),
                "label": self._label(channel_id),
                "unread": self._unread(channel_id),
                "below": self._below(channel_id),
            }
            for channel_id in self._visible_channels()
        ]
        return found if self.gate() is None else []

    def recent(self) -> list[dict[str, str]]:
        """The latest messages on screen, newest first: what one may want to react to."""
        if self.channel is None or self.gate() is not None:
            return []
        seen = self.world.messages(self.channel)[-_RECENT:]
        not_people = (self.person.id, self.world.env.backend.bot_user.id)
        # What other people wrote comes first: that is what one reacts to.
        seen.sort(key=lambda item: (item.author_id not in not_people, item.id), reverse=True)
        return [{"id": str(item.id), "label": self._one_line(item)} for item in seen]

    def _one_line(self, message: Seen) -> str:
        backend = self.world.env.backend

        def name(mention: re.Match[str]) -> str:
            kind, number = mention.group(1), int(mention.group(2))
            if kind == "#":
                return f"#{backend.channels[number].name}" if number in backend.channels else "#deleted"
            user = backend.users.get(number)
            return f"@{(user.global_name or user.name) if user else 'somebody'}"

        def time(stamp: re.Match[str]) -> str:
            at = datetime.fromtimestamp(int(stamp.group(1)), ZoneInfo(self.zone_of(self.person)))
            return f"{at:%d %b %H:%M}"

        line = _TIME.sub(time, f"{message.author}: {message.text}")
        line = _MENTION.sub(name, " ".join(line.split())).replace("**", "")
        return line if len(line) <= _LABEL_LENGTH else f"{line[: _LABEL_LENGTH - 1]}…"

    def _visible_channels(self) -> list[int]:
        backend = self.world.env.backend
        guild = backend.get_guild(self.world.guild_id)
        threads = [thread for thread in guild.thread_ids if thread in backend.channels]
        private = backend.dm_channels.get(self.person.id)
        ids = [
            *guild.channel_ids,
            *threads,
            *([private] if private and backend.messages.get(private) else []),
        ]
        return [channel_id for channel_id in ids if self._can_see(channel_id)]

    def _label(self, channel_id: int) -> str:
        channel = self.world.env.backend.channels[channel_id]
        if channel.guild_id is None:
            return "Private messages from Lyceum"
        return f"{'↳ ' if channel.is_thread else '#'}{channel.name}"

    def _below(self, channel_id: int) -> str:
        """The name of the channel that a thread belongs to; empty for what is no thread."""
        channels = self.world.env.backend.channels
        channel = channels[channel_id]
        parent = channels.get(channel.parent_id or 0) if channel.is_thread else None
        return f"#{parent.name}" if parent is not None else ""

    def _can_see(self, channel_id: int) -> bool:
        return channel_accessible(self.world.env.backend, channel_id, self.person.id, history=True)

    def _first_channel(self) -> Channel | None:
        visible = self._visible_channels()
        return self.world.channel_of(visible[0]) if visible else None

    def local_time(self) -> str:
        """What the person's own clock says, where it is not UTC: ``05:10 in New York``."""
        zone = self.zone_of(self.person)
        if zone == "UTC":
            return ""
        return (
            f"{self.world.now.astimezone(ZoneInfo(zone)):%a %H:%M} in {zone.split('/')[-1].replace('_', ' ')}"
        )

    def zone_of(self, person: Person) -> str:
        """Whose wall clock the times on screen are shown by."""
        return self.zones.get(self._name(person), "UTC")

    def _name(self, person: Person) -> str:
        return person.user.global_name or person.name

    def _unread(self, channel_id: int) -> int:
        seen = self._read.get((self.person.id, channel_id), 0)
        return sum(
            message.id > seen and message.author_id != self.person.id and message.visible_to(self.person.id)
            for message in self.world.env.backend.messages.get(channel_id, {}).values()
        )

    def _mark_read(self, person: Person, channel_id: int) -> None:
        ids = self.world.env.backend.messages.get(channel_id, {})
        self._read[person.id, channel_id] = max(ids, default=0)

    def _mark_all_read(self, person: Person) -> None:
        stored = self.world.env.backend.messages
        for channel_id in list(self.world.env.backend.channels):
            self._mark_read(person, channel_id)
            if self.read_until is not None:
                seen = [
                    number
                    for number, message in stored.get(channel_id, {}).items()
                    if datetime.fromisoformat(message.timestamp) <= self.read_until
                ]
                self._read[person.id, channel_id] = max(seen, default=0)
