"""What people do with kudos, in one line each."""

from __future__ import annotations

from typing import Any

from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.server import Channel
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.steps import commit, promises

MENU = "Give kudos"


async def desk(world: LyceumWorld) -> Answer:
    return await world.slash(world.facilitator, world.general, "manage kudos")


async def choose_place(world: LyceumWorld, channel: Channel | None = None) -> Answer:
    """Kudos are posted in #weekly unless said otherwise."""
    place = channel or world.weekly
    return await world.choose(world.facilitator, await desk(world), place, menu="kudos:staff.place")


async def meet(world: LyceumWorld, one: Person, other: Person) -> None:
    """One cheers on a promise of the other."""
    await commit(world, one, what=f"a promise of {one.name} for {other.name}")
    await world.press(other, promises(world)[-1], "I'm cheering")


async def give(
    world: LyceumWorld, giver: Person, receiver: Person, words: str = "You explained bowlines", **options: Any
) -> Answer:
    options = {"member": receiver, "what-for": words, **options}
    return await world.slash(giver, world.general, "kudos give", **options)


async def give_for(
    world: LyceumWorld, giver: Person, message: Seen, channel: Channel | None = None, **answers: Any
) -> Answer:
    """From the message's menu, through the form."""
    form = await world.menu(giver, channel or world.general, MENU, message)
    return await world.submit(giver, form, {"words": "You explained bowlines", **answers})


def posts(world: LyceumWorld, channel: Channel | None = None) -> list[Seen]:
    """Kudos that stand in a channel."""
    return [each for each in world.posted(channel or world.weekly) if "Kudos for" in each.text]


async def wall(world: LyceumWorld, person: Person, view: str | None = None) -> Answer:
    card = await world.slash(person, world.general, "kudos wall")
    return card if view is None else await world.choose(person, card, view, menu="kudos:wall.view")


async def own(world: LyceumWorld, person: Person, view: str) -> Answer:
    """The newest of one's own, opened from the wall."""
    card = await wall(world, person, view)
    message = card.message
    assert message is not None
    [menu] = [each for each in message.selects if each.custom_id == "kudos:wall.open"]
    return await world.choose(person, card, menu.options[0][1], menu="kudos:wall.open")
