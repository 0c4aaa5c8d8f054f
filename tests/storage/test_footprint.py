"""One engine over the statements of all tables, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.acts import Act
from bot.core import Core
from bot.erasure import DELAY, ERASE_JOB, WAIT_FOR_SENDING
from bot.jobs import NewJob
from bot.outbox import Effect, EffectKind
from storage import footprint
from storage import onboarding as onboarding_storage
from storage import privacy as privacy_storage
from storage import streaks as streak_storage
from storage.audit import AuditRow
from storage.base import Base
from storage.database import Database
from storage.jobs import JobRow
from storage.outbox import OutboxRow
from storage.personal import NOBODY
from storage.rituals import RitualRow
from tests.clocks import FixedClock

HERE, THERE = 7_000_000_000_000_001, 7_000_000_000_000_002
ANN, BO = 8_000_000_000_000_001, 8_000_000_000_000_012
DAY = timedelta(days=1)


async def furnish(core: Core, guild_id: int, member_id: int, other_id: int) -> None:
    """A row in each kind of table, by one member and around them."""
    now = core.clock.now()
    async with core.db.begin() as session:
        await core.profiles.change(session, guild_id, member_id, goal="Knots")
        first = await core.ledger.record(session, Act("a.first", guild_id, member_id, "1"))
        assert first is not None
        await core.ledger.record(
            session, Act("a.follows", guild_id, other_id, f"{member_id}", cause_id=first.id)
        )
        quest = await onboarding_storage.get_quest(session, guild_id, member_id, "first", version=1)
        quest.steps.append(
            onboarding_storage.QuestStepRow(
                guild_id=guild_id, step="goal", state="done", at=now, act_id=first.id
            )
        )
        await core.jobs.enqueue(
            session,
            NewJob(
                "a.digest", f"digest:{guild_id}:{member_id}", now + DAY, guild_id, {"member_id": member_id}
            ),
            NewJob("a.deep", f"deep:{guild_id}", now + DAY, guild_id, {"all": [{"who": str(member_id)}]}),
            NewJob("a.near", f"near:{guild_id}:{member_id}", now + DAY, guild_id, {"who": f"{member_id}0"}),
        )
        await core.outbox.plan(
            session,
            Effect(
                kind=EffectKind.POST,
                key=f"hello:{guild_id}:{member_id}",
                guild_id=guild_id,
                channel_id=5,
                member_id=member_id,
                renderer="x",
            ),
        )
        session.add(
            RitualRow(
                guild_id=guild_id,
                template="x",
                channel_id=5,
                owner_id=member_id,
                schedule_id=1,
                created_at=now,
            )
        )
        for actor_id, mentioned in ((member_id, other_id), (other_id, member_id)):
            session.add(
                AuditRow(
                    guild_id=guild_id,
                    actor_id=actor_id,
                    at=now,
                    area="x",
                    what="x",
                    fields={"member": mentioned},
                    before={},
                    after={"members": [str(mentioned)]},
                    why=None,
                )
            )


async def everything(db: Database, guild_id: int, member_id: int) -> dict[str, int]:
    """How many rows each table has of the person, by what they themselves may see."""
    async with db.read() as session:
        counts: dict[str, int] = {}
        for each in footprint.statements():
            found = await footprint.count(session, each, guild_id, member_id)
            if found:
                counts[each.table] = counts.get(each.table, 0) + found
        return counts


async def erase(core: Core, guild_id: int, member_id: int, limit: int = 500) -> list[int]:
    """Slice by slice; returns how many rows each took."""
    slices: list[int] = []
    while True:
        async with core.db.begin() as session:
            erased = await footprint.erase(session, guild_id, member_id, limit=limit, now=core.clock.now())
        if not erased.rows:
            return slices
        slices.append(erased.rows)


async def rows(db: Database, model: type[Base], **wanted: Any) -> list[Any]:
    async with db.read() as session:
        return list(await session.scalars(select(model).filter_by(**wanted)))


async def test_it_erases_one_person_of_one_server_and_nothing_else(
    database: Database, clock: FixedClock
) -> None:
    core = Core.build(database, clock)
    for guild_id in (HERE, THERE):
        await furnish(core, guild_id, ANN, BO)
    there = await everything(database, THERE, ANN)
    of_bo = await everything(database, HERE, BO)
    assert {
        "profiles",
        "acts",
        "jobs",
        "outbox",
        "rituals",
        "audit",
        "onboarding_quest_steps",
    } <= there.keys()
    slices = await erase(core, HERE, ANN, limit=2)
    assert len(slices) > 2 and max(slices) <= 2
    assert await everything(database, HERE, ANN) == {"audit": 1}, "what she did as staff is kept"
    assert await everything(database, THERE, ANN) == there
    assert await everything(database, HERE, BO) == of_bo
    # Rows of others no longer name her, and what followed from her act is still theirs.
    assert [row.owner_id for row in await rows(database, RitualRow, guild_id=HERE)] == [NOBODY]
    [mention] = await rows(database, AuditRow, guild_id=HERE, actor_id=BO)
    assert mention.fields == {"member": NOBODY} and mention.after == {"members": [str(NOBODY)]}
    # An id that merely begins with hers is not hers.
    assert [row.name for row in await rows(database, JobRow, guild_id=HERE)] == ["a.near"]


async def test_an_effect_that_is_being_sent_is_finished_first(database: Database, clock: FixedClock) -> None:
    core = Core.build(database, clock)
    await furnish(core, HERE, ANN, BO)
    async with database.begin() as session:
        [effect] = await session.scalars(select(OutboxRow).filter_by(guild_id=HERE))
        effect.lease_until = clock.now() + DELAY + timedelta(seconds=90)
        await core.erasure.ask(session, HERE, ANN)
    clock.advance(DELAY)
    while await core.jobs.run_due():
        pass
    assert len(await rows(database, OutboxRow, guild_id=HERE)) == 1
    clock.advance(WAIT_FOR_SENDING)
    while await core.jobs.run_due():
        pass
    assert await rows(database, OutboxRow, guild_id=HERE) == []
    assert await rows(database, privacy_storage.ErasureRow) == []
    ended = await rows(database, JobRow, name=ERASE_JOB)
    assert ended and {row.outcome for row in ended} == {"done"}


async def test_memory_is_told_after_the_commit(database: Database, clock: FixedClock) -> None:
    core = Core.build(database, clock)
    await furnish(core, HERE, ANN, BO)
    told: list[tuple[int, int]] = []
    core.erasure.on_forgotten(lambda guild_id, member_id: told.append((guild_id, member_id)))
    async with database.begin() as session:
        await core.erasure.ask(session, HERE, ANN)
    clock.advance(DELAY)
    assert told == []
    while await core.jobs.run_due():
        pass
    assert set(told) == {(HERE, ANN)}


async def test_the_retention_takes_what_is_past_its_window_and_nothing_that_waits(
    database: Database, clock: FixedClock
) -> None:
    core = Core.build(database, clock)
    await furnish(core, HERE, ANN, BO)
    async with database.begin() as session:
        for row in await session.scalars(select(JobRow).filter_by(name="a.digest")):
            row.outcome, row.finished_at = "done", clock.now()
    clock.advance(timedelta(days=30))
    async with database.begin() as session:
        assert await footprint.purge(session, now=clock.now(), limit=9) == {}
    clock.advance(timedelta(days=1))
    async with database.begin() as session:
        assert await footprint.purge(session, now=clock.now(), limit=9) == {HERE: 1}
    assert sorted(row.name for row in await rows(database, JobRow)) == ["a.deep", "a.near"]
    assert len(await rows(database, OutboxRow)) == 1, "it was never sent, so it still waits"
    clock.advance(timedelta(days=700))
    async with database.begin() as session:
        assert await footprint.purge(session, now=clock.now(), limit=1) == {HERE: 1}
    assert len(await rows(database, AuditRow)) == 1


async def test_the_people_of_a_server_are_those_of_whom_something_would_be_erased(
    database: Database, clock: FixedClock
) -> None:
    core = Core.build(database, clock)
    await furnish(core, HERE, ANN, BO)
    async with database.begin() as session:
        assert await footprint.list_people(session, HERE) == {ANN, BO}
        assert await footprint.list_people(session, THERE) == set()
        assert await footprint.knows(session, HERE, ANN) and not await footprint.knows(session, THERE, ANN)


async def test_nobody_is_not_one_of_the_people_and_cannot_be_erased(
    database: Database, clock: FixedClock
) -> None:
    core = Core.build(database, clock)
    await furnish(core, HERE, ANN, BO)
    async with database.begin() as session:
        await streak_storage.add_zone(session, HERE, NOBODY, since=clock.now(), zone="UTC")
        await footprint.erase(session, HERE, BO, limit=100, now=clock.now())
        assert await footprint.list_people(session, HERE) == {ANN}
        with pytest.raises(ValueError, match="nobody"):
            await footprint.erase(session, HERE, NOBODY, limit=100, now=clock.now())
    assert len(await rows(database, streak_storage.StreakZoneRow)) == 1
