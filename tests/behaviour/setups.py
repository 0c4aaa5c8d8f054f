"""What the tests of the set-up share."""

from __future__ import annotations

from datetime import timedelta

from sandbox.people import Person
from sandbox.seen import Answer
from tests.behaviour.quests import LyceumWorld

SETTLED = timedelta(seconds=10)  # longer than the watch waits for events to come to rest


async def begin(world: LyceumWorld, person: Person | None = None) -> Answer:
    """Open /setup start and press Begin: the step of the channels."""
    person = person or world.facilitator
    card = await world.slash(person, world.general, "setup start")
    assert card.message is not None
    return await world.press(
        person, card, "Begin" if "Begin" in card.message.labels else "From the beginning"
    )


async def step(world: LyceumWorld, title: str, person: Person | None = None) -> Answer:
    """Go on until the step of this title."""
    person = person or world.facilitator
    card = await begin(world, person)
    for _ in range(20):
        if f": {title}**" in card.text:
            return card
        card = await world.press(person, card, "Next")
    raise LookupError(f"there is no step {title!r}")


async def doctor(world: LyceumWorld, person: Person | None = None) -> Answer:
    """Use /setup doctor."""
    return await world.slash(person or world.facilitator, world.general, "setup doctor")


def channel_names(world: LyceumWorld) -> list[str]:
    """The names of the server's channels, as Discord has them."""
    backend = world.env.backend
    ids = backend.get_guild(world.guild_id).channel_ids
    return [backend.get_channel(each).name or "" for each in ids]


def role_names(world: LyceumWorld) -> list[str]:
    """The names of the server's roles."""
    return [role.name for role in world.env.backend.get_guild(world.guild_id).roles.values()]


def told(world: LyceumWorld) -> list[str]:
    """What staff were told to have broken."""
    return [seen.text for seen in world.posted(world.staff) if "just broken" in seen.text]
