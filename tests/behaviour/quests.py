"""What newcomers do, in one line each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from bot.app import Lyceum
from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.world import World
from storage.database import Database

LyceumWorld = World[Lyceum, Database]
OpenWorld = Callable[..., AbstractAsyncContextManager[LyceumWorld]]


def greetings(world: LyceumWorld, person: Person) -> list[Seen]:
    """The cards in the welcome channel that are meant for this person."""
    return [card for card in world.posted(world.welcome) if person.id in card.mentions]


def hello_answers(world: LyceumWorld, person: Person) -> list[Seen]:
    """The bot's answers to this person's hellos."""
    return [card for card in world.posted(world.introductions) if person.id in card.mentions]


def wins(world: LyceumWorld, person: Person) -> list[Seen]:
    """The announcements of this person's first win."""
    return [card for card in world.posted(world.first_wins) if person.id in card.mentions]


def notices(world: LyceumWorld) -> list[str]:
    """What staff were told."""
    return [message.text for message in world.posted(world.staff)]


async def start(world: LyceumWorld, person: Person) -> Answer:
    """Press Start on the greeting."""
    return await world.press(person, greetings(world, person)[-1], "Start")


async def say_goal(
    world: LyceumWorld, person: Person, goal: str = "Knots", *, share: bool | None = True
) -> Answer:
    """The first step, by command; `share` is the tick for the announcement, None where it is not asked."""
    card = await world.slash(person, world.general, "start")
    form = await world.press(person, card, "onboarding:goal.ask")
    answers: dict[str, object] = {"goal": goal}
    if share is not None:
        answers["share"] = share
    return await world.submit(person, form, answers)


async def say_hello(world: LyceumWorld, person: Person) -> Seen:
    """The second step."""
    return await world.say(person, world.introductions, "Hello, I am new here.")


async def answer_a_hello(world: LyceumWorld, person: Person) -> Seen:
    """The third step: Cleo says hello and the person reacts."""
    hello = await world.say(world.people["Cleo"], world.introductions, "Hello from Cleo.")
    await world.react(person, hello)
    return hello


async def finish(world: LyceumWorld, person: Person, *, share: bool | None = True) -> None:
    """All three steps."""
    await say_goal(world, person, share=share)
    await say_hello(world, person)
    await answer_a_hello(world, person)


async def status(world: LyceumWorld, person: Person) -> Answer:
    return await world.slash(person, world.general, "quest status")


async def restart(world: LyceumWorld, person: Person) -> Answer:
    """Begin the quest anew, by command, and say yes to the question."""
    card = await world.slash(person, world.general, "quest restart")
    return await world.press(person, card, "Start again")
