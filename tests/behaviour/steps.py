"""Small things that people do with promises, five-minute tasks and show-and-tell, in one line each."""

from __future__ import annotations

from typing import Any

from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.server import Channel, Role
from sandbox.simcord_patches import process, records
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.setups import step

HOSTILE = "# @everyone <@&1> [free](https://x.example) ||boo|| ```x``` \u202egnp.exe"


async def reach(world: LyceumWorld, person: Person, **wishes: Any) -> None:
    """How a member wishes to be reached: zone, dm_allowed, quiet_from, quiet_until, paused_until."""

    async def change() -> None:
        core = world.bot.core
        async with core.db.begin() as session:
            await core.notifier.change(session, world.guild_id, person.id, **wishes)

    await world.in_bot(change)


async def commit(
    world: LyceumWorld,
    person: Person | None = None,
    what: str = "finish chapter 2",
    by: str = "friday",
    *,
    channel: Channel | None = None,
    **options: Any,
) -> Answer:
    """Promise something, in #general and for all to see unless said otherwise."""
    place = channel or world.general
    return await world.slash(person or world.member, place, "commit", what=what, by=by, **options)


def promises(world: LyceumWorld, channel: Channel | None = None) -> list[Seen]:
    """The cards of promises in a channel."""
    return [each for each in world.posted(channel or world.general) if "has set out to do this" in each.text]


def questions(world: LyceumWorld, person: Person | None = None) -> list[Seen]:
    """Every message that has notified somebody."""
    return world.pings(person or world.member)


async def switch(world: LyceumWorld, feature: str, *, on: bool) -> None:
    """A facilitator switches a feature off or on."""
    card = await step(world, "What is on")
    wish = f"{'on' if on else 'off'}:{feature}"
    await world.choose(world.facilitator, card, wish, menu="setup:feature.switch")


async def hide(world: LyceumWorld, channel: Channel, role: Role) -> None:
    """Staff take the sight of a channel away from a role."""
    with process.operation(world.env, "hide channel"):
        kept = list(world.env.backend.get_channel(channel.id).overwrites)
        world.env.backend.edit_channel(channel.id, {}, overwrites=[*kept, records.hidden_from(role.id)])
    await world.settle()
