"""What people do with pairings, in one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.server import Channel
from tests.behaviour.quests import LyceumWorld

ROOM = ("POST", "/channels/*/threads")


async def desk(world: LyceumWorld) -> Answer:
    """/manage pairs."""
    return await world.slash(world.facilitator, world.staff, "manage pairs")


async def choose_place(world: LyceumWorld, channel: Channel | None = None) -> None:
    """Threads are opened in #weekly unless said otherwise."""
    await world.choose(world.facilitator, await desk(world), channel or world.weekly, menu="pairs:desk.place")


async def hold_weekly(world: LyceumWorld, days: Sequence[str] = ("Monday",), at: str = "16:00") -> Answer:
    """Rounds on these days, in #weekly."""
    await choose_place(world)
    form = await world.press(world.facilitator, await desk(world), "When")
    answers: dict[str, Any] = {"days": list(days), "at": at, "weeks": "Every week"}
    return await world.submit(world.facilitator, form, answers)


async def join(world: LyceumWorld, *people: Person, **options: Any) -> None:
    """These take part."""
    for person in people:
        await world.slash(person, world.general, "pair join", **options)


async def hold_now(world: LyceumWorld) -> Answer:
    """Preview a round and confirm it."""
    preview = await world.press(world.facilitator, await desk(world), "Preview a round")
    return await world.press(world.facilitator, preview, "pairs:round.confirm")


def rooms(world: LyceumWorld) -> list[Any]:
    """The threads of pairs that are open, the oldest first."""
    threads = world.env.backend.active_threads(world.guild_id)
    return sorted((each for each in threads if "Pairing" in (each.name or "")), key=lambda each: each.id)


def cards(world: LyceumWorld) -> list[Seen]:
    """The cards of pairs in their threads, the oldest first."""
    return [card for room in rooms(world) for card in said_in(world, room.id) if card_like(card)]


def card_like(message: Seen) -> bool:
    return "meet each other" in message.text or "second pair of this round!" in message.text


def said_in(world: LyceumWorld, thread_id: int) -> list[Seen]:
    """Everything that the bot wrote in a thread."""
    return world.posted(world.channel_of(thread_id))


def pairs_of(world: LyceumWorld) -> list[frozenset[int]]:
    """Who was put together, by the cards."""
    return [frozenset(card.mentions) for card in cards(world)]
