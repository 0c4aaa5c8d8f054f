"""What facilitators and members do with the charter, in one line each."""

from __future__ import annotations

from typing import Any

from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.server import Channel
from tests.behaviour.quests import LyceumWorld

CHARTER_PAGE = "3"
HOSTILE = "@everyone @here <@1> <@&2> [free gift](https://evil.example) **loud** `code`"
QUESTS = "Quests finished"


async def show(world: LyceumWorld, person: Person) -> Answer:
    return await world.slash(person, world.general, "charter show")


async def manage(world: LyceumWorld, person: Person | None = None) -> Answer:
    return await world.slash(person or world.facilitator, world.general, "manage charter edit")


async def write_mission(world: LyceumWorld, mission: str = "We teach each other knots.") -> Answer:
    form = await world.press(world.facilitator, await manage(world), "Write the mission")
    return await world.submit(world.facilitator, form, {"mission": mission})


async def propose_outcome(world: LyceumWorld, **typed: Any) -> Answer:
    """Fill in the form of an outcome; the answer asks what is counted."""
    form = await world.press(world.facilitator, await manage(world), "Add an outcome")
    answers = {
        "words": "Forty people finish their first quest",
        "counted_by": "How many in all",
        "target": "4",
        "until": "in 10 days",
        "from": "",
    }
    return await world.submit(world.facilitator, form, answers | typed)


async def add_outcome(world: LyceumWorld, metric: str = QUESTS, **typed: Any) -> Answer:
    card = await propose_outcome(world, **typed)
    card = await world.choose(world.facilitator, card, metric)
    return await world.press(world.facilitator, card, "Save")


async def propose_norms(
    world: LyceumWorld, norms: str, *, again: bool = False, person: Person | None = None
) -> Answer:
    person = person or world.facilitator
    form = await world.press(person, await manage(world, person), "Write the norms")
    return await world.submit(person, form, {"norms": norms, "reread": again})


async def publish(world: LyceumWorld, norms: str, *, again: bool = False) -> Answer:
    return await world.press(world.facilitator, await propose_norms(world, norms, again=again), "Publish")


async def choose_channel(world: LyceumWorld, channel: Channel | None = None) -> None:
    """Norms are announced in #general, or elsewhere."""
    card = await world.slash(world.facilitator, world.staff, "setup start")
    card = await world.choose(world.facilitator, card, CHARTER_PAGE, menu="setup:page.open")
    [menu] = [each for each in message_of(card).selects if each.custom_id.startswith("setup:choice")]
    await world.choose(world.facilitator, card, channel or world.general, menu=menu.custom_id)


def message_of(card: Answer) -> Seen:
    assert card.message is not None
    return card.message


def posts(world: LyceumWorld) -> list[Seen]:
    return [post for post in world.posted(world.general) if not post.ephemeral]


def pings_nobody(*shown: Seen | Answer) -> bool:
    seen = [each for item in shown for each in (item.shown if isinstance(item, Answer) else [item])]
    return all(not each.pinged and not each.pinged_roles and not each.pings_everyone for each in seen)
