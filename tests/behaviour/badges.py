"""What people do with badges, in a line each."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.people import Person
from sandbox.seen import Answer
from tests.behaviour.quests import LyceumWorld


async def desk(world: LyceumWorld) -> Answer:
    return await world.slash(world.facilitator, world.staff, "manage badges list")


async def starter_set(world: LyceumWorld) -> Answer:
    """A facilitator switches the badges on that come with Lyceum."""
    plan = await world.press(world.facilitator, await desk(world), "Look at the starter set")
    return await world.press(world.facilitator, plan, "Switch them on from now")


async def written(
    world: LyceumWorld,
    title: str = "Weekly voice",
    *,
    kind: str = "ritual.answered",
    at_least: int = 1,
    traits: Sequence[str] = (),
) -> Answer:
    """A facilitator writes a badge with a rule; returns its card."""
    boss = world.facilitator
    form = await world.press(boss, await desk(world), "Write a badge")
    words = {"title": title, "how": "Tell us how your week was.", "tier": "steady", "traits": list(traits)}
    card = await world.submit(boss, form, words)
    card = await world.choose(boss, card, kind, menu=_menu(card, "badges:staff.count"))
    form = await world.press(boss, card, "Change criterion 1")
    return await world.submit(boss, form, {"at_least": str(at_least)})


async def switched_on(world: LyceumWorld, card: Answer, label: str = "Switch it on from now") -> Answer:
    """Test a badge on history and switch it on."""
    tested = await world.press(world.facilitator, card, "Test on history")
    return await world.press(world.facilitator, tested, label)


async def choose_role(world: LyceumWorld, card: Answer, role: object) -> Answer:
    return await world.choose(world.facilitator, card, role, menu=_menu(card, "badges:staff.role"))


async def mine(world: LyceumWorld, person: Person | None = None) -> Answer:
    return await world.slash(person or world.member, world.general, "badge mine")


async def catalog(world: LyceumWorld, person: Person | None = None) -> Answer:
    return await world.slash(person or world.member, world.general, "badge catalog")


def _menu(card: Answer, name: str) -> str:
    assert card.message is not None
    return next(each.custom_id for each in card.message.selects if each.custom_id.startswith(name))
