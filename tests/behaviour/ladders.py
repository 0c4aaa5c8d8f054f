"""What people do on the ladder, in one line each. What they did before is put into the ledger as features do."""

from __future__ import annotations

from bot.acts import Act
from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.server import Role
from tests.behaviour.quests import LyceumWorld


async def did(
    world: LyceumWorld, person: Person, kind: str, *others: Person | None, start: int = 0, n: int = 1
) -> list[int]:
    """Somebody does something of a kind, once with each of the others or n times alone; returns the acts' ids."""
    with_whom = list(others) or [None] * n
    ids: list[int] = []

    async def record() -> None:
        core = world.bot.core
        async with core.db.begin() as session:
            for number, other in enumerate(with_whom, start=start):
                subject = str(10**6 + number)  # as of a row that is gone by now
                act = Act(
                    kind, world.guild_id, person.id, subject, other_id=other.id if other is not None else None
                )
                recorded = await core.ledger.record(session, act)
                assert recorded is not None
                ids.append(recorded.id)

    await world.in_bot(record)
    return ids


async def undo(world: LyceumWorld, *act_ids: int) -> None:
    """Acts are taken back."""

    async def retract() -> None:
        core = world.bot.core
        async with core.db.begin() as session:
            for act_id in act_ids:
                await core.ledger.retract(session, act_id, reason="taken back")

    await world.in_bot(retract)


async def stand(world: LyceumWorld, person: Person) -> Answer:
    return await world.slash(person, world.general, "ladder show")


async def desk(world: LyceumWorld) -> Answer:
    return await world.slash(world.facilitator, world.general, "manage ladder")


def waiting(world: LyceumWorld) -> list[Seen]:
    """The cards on which staff decide."""
    return [
        each for each in world.posted(world.staff) if "has to confirm it" in each.text or "stay" in each.text
    ]


async def give_role(world: LyceumWorld, step: str, role: Role) -> Answer:
    """A facilitator chooses the role that comes with a step."""
    card = await world.choose(world.facilitator, await desk(world), step, menu="ladder:staff.step")
    message = card.message
    assert message is not None
    [menu] = [each for each in message.selects if each.custom_id.startswith("ladder:staff.role:")]
    return await world.choose(world.facilitator, card, role, menu=menu.custom_id)
