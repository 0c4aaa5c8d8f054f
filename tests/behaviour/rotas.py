"""What people do with rotas, in one line each."""

from __future__ import annotations

from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.server import Channel, Role
from tests.behaviour.quests import LyceumWorld

NAME = "Mentor of the week"


FORM = {
    "name": NAME,
    "kind": "Mentor",
    "shift": "One week",
    "when": "Monday 09:00 Europe/Berlin",
    "holders": "1",
}


async def make(
    world: LyceumWorld, *, role: Role | None = None, channel: Channel | None = None, **typed: str
) -> Answer:
    """A facilitator makes a rota with the form, told of in #weekly unless said otherwise."""
    desk = await world.slash(world.facilitator, world.staff, "manage rota desk")
    form = await world.press(world.facilitator, desk, "New rota")
    card = await world.submit(world.facilitator, form, FORM | typed)
    card = await world.choose(world.facilitator, card, channel or world.weekly, menu="rota:desk.channel:1")
    if role is not None:
        card = await world.choose(world.facilitator, card, role, menu="rota:desk.role:1")
    return card


async def open_desk(world: LyceumWorld, name: str = NAME) -> Answer:
    desk = await world.slash(world.facilitator, world.staff, "manage rota desk")
    return await world.choose(world.facilitator, desk, name)


async def join(world: LyceumWorld, *people: Person) -> None:
    for each in people:
        await world.slash(each, world.general, "rota join")


async def show(world: LyceumWorld, person: Person) -> Answer:
    return await world.slash(person, world.general, "rota show")


def holders(world: LyceumWorld, role: Role) -> set[int]:
    """Who has the role in Discord."""
    there = (each for each in world.people.values() if world.is_member(each))
    return {each.id for each in there if role.name in world.role_names(each)}


def hand_overs(world: LyceumWorld, channel: Channel | None = None) -> list[Seen]:
    """The cards in the channel that say whose turn it is, the oldest first."""
    found = [world.read(each) for each in world.posted(channel or world.weekly)]
    return [each for each in found if "This turn: " in each.text or "Nobody has this turn" in each.text]


def questions(world: LyceumWorld, person: Person, channel: Channel | None = None) -> list[Seen]:
    """The questions ahead of a turn that were put to somebody, by DM or in the channel."""
    found = [*world.dms(person), *world.posted(channel or world.weekly)]
    return [each for each in found if "I'm in" in each.labels and person.id in each.mentions]
