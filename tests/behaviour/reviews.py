"""What people do with reviews, in one line each."""

from __future__ import annotations

from typing import Any

from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.server import Channel
from tests.behaviour.quests import LyceumWorld

GOOD = {
    "strength": "The opening pulls the reader straight into the harbour, which is a fine place to begin.",
    "question": "Who is the text for, somebody who has never tied a knot?",
    "next_step": "In the second paragraph, try the short sentence first and read it aloud once more.",
}
JUDGED = {"aim": "2", "clear": "3"}  # by the rubric that a new community has


async def ask(
    world: LyceumWorld, person: Person | None = None, content: str = "https://example.org/knots", **more: str
) -> Answer:
    """Ask for a review in #general."""
    who = person or world.member
    form = await world.slash(who, world.general, "review request")
    return await world.submit(who, form, {"content": content, "minutes": "10", **more})


def works(world: LyceumWorld, channel: Channel | None = None) -> list[Seen]:
    """The cards of works in a channel."""
    marks = ("would like a review:", "A work to review")
    return [
        each
        for each in world.posted(channel or world.general)
        if any(mark in each.text for mark in marks) and "minutes" in each.text
    ]


async def claim(world: LyceumWorld, person: Person, card: Seen | None = None) -> Answer:
    return await world.press(person, card or works(world)[-1], "I'll review this")


async def write(
    world: LyceumWorld, person: Person, hand: Answer | Seen, answers: dict[str, Any] | None = None
) -> Answer:
    """Fill in the form of one page."""
    labels = [each.label for each in hand.buttons]
    form = await world.press(
        person, hand, "Go on writing" if "Go on writing" in labels else "Write the review"
    )
    return await world.submit(person, form, {**JUDGED, **GOOD} if answers is None else answers)


async def review(world: LyceumWorld, person: Person, card: Seen | None = None) -> Answer:
    """Take a work and review it well."""
    return await write(world, person, await claim(world, person, card))


def told(world: LyceumWorld, person: Person, what: str) -> list[Seen]:
    """What notified somebody and says this."""
    return [each for each in world.pings(person) if what in each.text]


async def rate(world: LyceumWorld, person: Person, card: Answer, why: str = "") -> Answer:
    form = await world.press(person, card, "Rate it")
    return await world.submit(person, form, {"helpful": "2", "specific": "1", "kind": "2", "why": why})
