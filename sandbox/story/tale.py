"""What the story knows while it is told: the world, who is who, and what it therefore expects to be posted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sandbox.faults import REPLY
from sandbox.seen import Answer, Seen
from sandbox.server import Channel, Person
from sandbox.story import received
from sandbox.story.cast import Character, Made, everybody, works
from sandbox.story.figures import Expected, Figures, Stay, count
from sandbox.story.plan import is_awake
from sandbox.world import World

_SEED = 2026


class Tale:
    """One telling of the story in one world. People act only through ``sandbox.people``'s verbs."""

    def __init__(self, world: World[Any, Any]) -> None:
        self.world = world
        self.random = Random(_SEED)
        self.expected: list[Expected] = []
        self.reviewed: dict[str, int] = {}
        """How many reviews of a work, by its mark, were written so far: the next one says something else."""
        self.reviews_of: dict[str, list[str]] = {}
        """Whose reviews a work had, so that they can be thanked."""
        self.arrived: dict[str, datetime] = {
            name: world.now for name, each in everybody().items() if not each.joins
        }
        self.away: list[tuple[str, datetime, datetime | None]] = []
        """Who left or paused, from when until when: nobody may ping them in between."""
        self.raiders: list[Person] = []

    def who(self, name: str) -> Person:
        """Somebody who is about to act. Raises LookupError when they are asleep or not here."""
        if not is_awake(everybody()[name], self.world.now):
            raise LookupError(f"{name} sleeps at {self.world.now:%a %d %b %H:%M} UTC")
        if name not in self.world.people or not self.world.is_member(self.world.people[name]):
            raise LookupError(f"{name} is not in the server")
        return self.world.people[name]

    def character(self, name: str) -> Character:
        """The words and habits of somebody."""
        return everybody()[name]

    def name_of(self, person_id: int) -> str:
        """Whom an id belongs to."""
        return next((name for name, each in self.world.people.items() if each.id == person_id), "somebody")

    def channel(self, name: str) -> Channel:
        """A channel by its name."""
        return self.world.channels[name]

    # ------------------------------------------------------------------------------------------ looking

    def newest(
        self, name: str, channel: Channel, words: str, *, label: str | None = None, meant: bool = False
    ) -> Seen:
        """The newest message of the bot in a channel that says this, as somebody sees it.

        ``label`` is a button that it must have; ``meant`` asks for their own mention. Raises LookupError when there is none.
        """
        person = self.world.people[name]
        found = [
            each
            for each in self.world.messages(channel, viewer=person)
            if words in each.text
            and each.author_id == self.world.env.backend.bot_user.id
            and (label is None or label in each.labels)
            and (not meant or person.id in each.mentions)
        ]
        if not found:
            raise LookupError(
                f"{name} does not see {words!r} in #{channel.name} at {self.world.now:%a %d %b %H:%M} UTC"
            )
        return found[-1]

    def told(self, name: str, channel: str, *, label: str) -> list[Seen]:
        """What the bot said to somebody, in private or by their mention in a channel, with such a button; the oldest first."""
        person = self.world.people[name]
        here = [each for each in self.world.posted(self.channel(channel)) if person.id in each.mentions]
        found = [each for each in (*self.world.dms(person), *here) if label in each.labels]
        return sorted(found, key=lambda each: each.id)

    def read(self, answer: Answer, words: str, who: str) -> Answer:
        """Somebody reads what they were answered. Raises LookupError when it does not say this."""
        if words not in answer.text:
            raise LookupError(f"{who} expected to read {words!r} but was shown: {answer.text!r}")
        return answer

    def is_away(self, name: str, *, away: bool) -> None:
        """From now on somebody must not be reached, or is back."""
        if away:
            self.away.append((name, self.world.now, None))
            return
        self.away = [
            (each, since, self.world.now if each == name and until is None else until)
            for each, since, until in self.away
        ]

    def absences(self) -> list[tuple[int, datetime, datetime | None]]:
        """Who had left or taken a break, by their ids, and from when until when; None: still."""
        return [(self.world.people[name].id, since, until) for name, since, until in self.away]

    def figures(self) -> Figures:
        """What happened so far, from what the simulated Discord received."""
        left = {name: since for name, since, until in self.away if until is None}
        stays = [
            Stay(self.world.people[name].id, since, left.get(name, self.world.now), everybody()[name].zone)
            for name, since in self.arrived.items()
        ]
        replies = received.replies(self.world)
        return count(
            received.posts(self.world),
            replies,
            self.expected,
            stays,
            self.world.now,
            len(self.world.faults.requests(*REPLY, applied=True)),
        )

    # ------------------------------------------------------------------------------------------ works

    def work_on(self, text: str) -> Made:
        """Which work a card is about. Raises LookupError for none that anybody made."""
        for made in works():
            if made.mark in text:
                return made
        raise LookupError(f"nobody made what is on this card: {text!r}")

    # ------------------------------------------------------------------------------------------ expecting

    def expect(
        self,
        what: str,
        channel: Channel,
        has: Sequence[str],
        *,
        within: timedelta = timedelta(minutes=5),
        after: timedelta = timedelta(0),
    ) -> None:
        """From the story's own knowledge: one message with these words, there from now (and ``after``) within a time."""
        # What was posted in the course of the same action counts, too.
        start = self.world.now + after - timedelta(minutes=1)
        self.expected.append(Expected(what, channel.id, tuple(has), start, start + within))
