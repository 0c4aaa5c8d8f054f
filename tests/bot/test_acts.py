"""The ledger: recorded once, with all that follows or not at all, and taken back as a whole."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import evidence
from bot.acts import Act, Contribution, CountBy, Ledger, RecordedAct
from storage import acts as storage
from storage.acts import ActRow
from storage.database import Database
from tests.clocks import FixedClock

GUILD, ANN, BEN = 1, 10, 11


def act(kind: str, member: int = ANN, subject: str = "1", **more: Any) -> Act:
    return Act(kind, GUILD, member, subject, **more)


@pytest.fixture
def ledger(clock: FixedClock) -> Ledger:
    return Ledger(clock)


class Chain:
    """Registers "each act of one kind brings an act of the next", and writes down what was done and undone."""

    def __init__(self, ledger: Ledger, *links: tuple[str, str]) -> None:
        self.ledger = ledger
        self.log: list[str] = []
        for kind, follows in links:
            self._link(kind, follows)
        for leaf in {follows for _, follows in links} - {kind for kind, _ in links}:
            ledger.react_to(leaf, self._note, undo=self._note_undo)

    def _link(self, kind: str, follows: str) -> None:
        async def react(session: AsyncSession, done: RecordedAct) -> None:
            self.log.append(f"{done.kind} -> {follows}")
            await self.ledger.record(session, act(follows, done.member_id, done.subject, cause_id=done.id))

        async def undo(_session: AsyncSession, done: RecordedAct) -> None:
            self.log.append(f"undo {done.kind} -> {follows}")

        self.ledger.react_to(kind, react, undo=undo)

    async def _note(self, session: AsyncSession, done: RecordedAct) -> None:
        self.log.append(done.kind)

    async def _note_undo(self, session: AsyncSession, done: RecordedAct) -> None:
        self.log.append(f"undo {done.kind}")


async def standing(db: Database) -> list[tuple[str, int | None]]:
    async with db.read() as session:
        rows = await session.scalars(select(ActRow).where(ActRow.retracted_at.is_(None)).order_by(ActRow.id))
        return [(row.kind, row.cause_id) for row in rows]


async def record(db: Database, ledger: Ledger, new: Act) -> RecordedAct | None:
    async with db.begin() as session:
        return await ledger.record(session, new)


async def retract(db: Database, ledger: Ledger, act_id: int) -> bool:
    async with db.begin() as session:
        return await ledger.retract(session, act_id, reason="a mistake")


# Recording


async def test_an_act_is_recorded_with_the_time_and_its_details(
    database: Database, ledger: Ledger, clock: FixedClock
) -> None:
    done = await record(database, ledger, act("kudos.given", details={"to": BEN, "why": "héllo 🎉"}))
    assert done is not None and done.at == clock.now() and done.details == {"to": BEN, "why": "héllo 🎉"}
    async with database.read() as session:
        row = await session.get(ActRow, done.id)
    assert row is not None and (row.at, row.details) == (done.at, done.details)


async def test_the_second_record_of_an_act_changes_nothing_and_runs_no_reaction(
    database: Database, ledger: Ledger, clock: FixedClock
) -> None:
    chain = Chain(ledger, ("step", "badge"))
    first = await record(database, ledger, act("step", details={"n": 1}))
    clock.advance(timedelta(hours=1))
    assert await record(database, ledger, act("step", details={"n": 2})) is None
    assert chain.log == ["step -> badge", "badge"]
    async with database.read() as session:
        [row] = await session.scalars(select(ActRow).filter_by(kind="step"))
    assert first is not None and (row.at, row.details) == (first.at, {"n": 1})


@pytest.mark.parametrize(
    "other",
    [act("other"), act("step", BEN), act("step", subject="2"), Act("step", GUILD + 1, ANN, "1")],
    ids=["kind", "member", "subject", "guild"],
)
async def test_acts_that_differ_in_any_part_of_their_key_are_different_acts(
    database: Database, ledger: Ledger, other: Act
) -> None:
    assert await record(database, ledger, act("step")) is not None
    assert await record(database, ledger, other) is not None


async def test_one_of_many_at_once_records_the_act_and_reacts(database: Database, ledger: Ledger) -> None:
    chain = Chain(ledger, ("step", "badge"))
    results = await asyncio.gather(*(record(database, ledger, act("step")) for _ in range(8)))
    assert sum(done is not None for done in results) == 1
    assert chain.log == ["step -> badge", "badge"]
    assert [kind for kind, _ in await standing(database)] == ["step", "badge"]


async def test_when_the_first_of_two_at_once_fails_the_second_records_the_act(
    database: Database, ledger: Ledger
) -> None:
    entered = asyncio.Event()
    attempts: list[int] = []

    async def fail_the_first_time(_session: AsyncSession, done: RecordedAct) -> None:
        attempts.append(done.id)
        if len(attempts) == 1:
            entered.set()
            await asyncio.sleep(0.02)
            raise RuntimeError("planned")

    ledger.react_to("step", fail_the_first_time)
    first = asyncio.create_task(record(database, ledger, act("step")))
    await entered.wait()
    second = asyncio.create_task(record(database, ledger, act("step")))
    with pytest.raises(RuntimeError, match="planned"):
        await first
    assert await second is not None
    assert await standing(database) == [("step", None)] and len(attempts) == 2


# Reactions


async def test_a_reaction_that_raises_leaves_neither_the_act_nor_what_followed(
    database: Database, ledger: Ledger
) -> None:
    Chain(ledger, ("step", "badge"))

    async def fail(_session: AsyncSession, _done: RecordedAct) -> None:
        raise ValueError("a bug")

    ledger.react_to("step", fail)
    with pytest.raises(ValueError, match="a bug"):
        await record(database, ledger, act("step"))
    assert await standing(database) == []
    ledger.forget(fail)
    assert await record(database, ledger, act("step")) is not None
    assert [kind for kind, _ in await standing(database)] == ["step", "badge"]


async def test_each_consequence_carries_the_id_of_the_act_that_caused_it(
    database: Database, ledger: Ledger
) -> None:
    Chain(ledger, ("submitted", "step"), ("step", "badge"))
    done = await record(database, ledger, act("submitted"))
    assert done is not None
    async with database.read() as session:
        [step] = await storage.list_caused_by(session, done.id)
        [badge] = await storage.list_caused_by(session, step.id)
    assert (step.kind, badge.kind, done.cause_id) == ("step", "badge", None)


async def test_a_reaction_is_gone_from_every_kind_once_it_is_forgotten(
    database: Database, ledger: Ledger
) -> None:
    seen: list[str] = []

    async def note(_session: AsyncSession, done: RecordedAct) -> None:
        seen.append(done.kind)

    ledger.react_to("a", note)
    ledger.react_to("b", note)
    ledger.forget(note)
    await record(database, ledger, act("a"))
    await record(database, ledger, act("b"))
    assert seen == []


# Retracting


async def test_retracting_undoes_what_followed_first_and_the_newest_first(
    database: Database, ledger: Ledger
) -> None:
    chain = Chain(ledger, ("submitted", "step"), ("submitted", "streak"), ("step", "badge"))
    done = await record(database, ledger, act("submitted"))
    chain.log.clear()
    assert done is not None and await retract(database, ledger, done.id)
    assert chain.log == [
        "undo streak",
        "undo badge",
        "undo step -> badge",
        "undo submitted -> streak",
        "undo submitted -> step",
    ]
    assert await standing(database) == []


async def test_a_consequence_that_was_revived_counts_as_new_when_its_cause_is_retracted(
    database: Database, ledger: Ledger, clock: FixedClock
) -> None:
    chain = Chain(ledger, ("submitted", "step"), ("submitted", "streak"))
    done = await record(database, ledger, act("submitted"))
    assert done is not None
    async with database.read() as session:
        step = next(row for row in await storage.list_caused_by(session, done.id) if row.kind == "step")
    await retract(database, ledger, step.id)
    clock.advance(timedelta(minutes=1))
    await record(database, ledger, act("step", cause_id=done.id))
    chain.log.clear()
    await retract(database, ledger, done.id)
    assert chain.log[:2] == ["undo step", "undo streak"]


async def test_an_act_can_be_taken_back_once_and_an_unknown_one_never(
    database: Database, ledger: Ledger
) -> None:
    chain = Chain(ledger, ("step", "badge"))
    done = await record(database, ledger, act("step"))
    assert done is not None
    assert await retract(database, ledger, done.id)
    chain.log.clear()
    assert not await retract(database, ledger, done.id)
    assert not await retract(database, ledger, done.id + 1000)
    assert chain.log == []


async def test_two_who_retract_at_once_undo_once(database: Database, ledger: Ledger) -> None:
    chain = Chain(ledger, ("step", "badge"))
    done = await record(database, ledger, act("step"))
    assert done is not None
    results = await asyncio.gather(*(retract(database, ledger, done.id) for _ in range(6)))
    assert sorted(results) == [False] * 5 + [True]
    assert chain.log[2:] == ["undo badge", "undo step -> badge"]


async def test_a_row_read_before_somebody_else_retracted_it_is_not_undone_again(
    postgres_database: Database, ledger: Ledger
) -> None:
    # On SQLite the whole transaction is the lock, so that nobody can come between.
    chain = Chain(ledger, ("step", "badge"))
    done = await record(postgres_database, ledger, act("step"))
    assert done is not None
    async with postgres_database.begin() as session:
        [badge] = await storage.list_caused_by(session, done.id)
        assert await asyncio.create_task(retract(postgres_database, ledger, badge.id))
        assert not await ledger.retract(session, badge.id, reason="too late")
    assert chain.log.count("undo badge") == 1


async def test_an_undo_that_raises_leaves_the_act_and_its_consequences_standing(
    database: Database, ledger: Ledger
) -> None:
    Chain(ledger, ("step", "badge"))

    async def fail(_session: AsyncSession, _done: RecordedAct) -> None:
        raise ValueError("a bug")

    ledger.react_to("step", fail_never, undo=fail)
    done = await record(database, ledger, act("step"))
    assert done is not None
    with pytest.raises(ValueError, match="a bug"):
        await retract(database, ledger, done.id)
    assert [kind for kind, _ in await standing(database)] == ["step", "badge"]


async def fail_never(_session: AsyncSession, _done: RecordedAct) -> None:
    """A reaction with nothing to do."""


async def test_an_act_recorded_again_after_it_was_taken_back_reacts_again(
    database: Database, ledger: Ledger, clock: FixedClock
) -> None:
    chain = Chain(ledger, ("step", "badge"))
    first = await record(database, ledger, act("step", details={"n": 1}))
    assert first is not None
    await retract(database, ledger, first.id)
    clock.advance(timedelta(days=1))
    chain.log.clear()
    again = await record(database, ledger, act("step", details={"n": 2}))
    assert again is not None and (again.id, again.at, again.details) == (first.id, clock.now(), {"n": 2})
    assert chain.log == ["step -> badge", "badge"]
    assert await standing(database) == [("step", None), ("badge", first.id)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["record", "retract"]), st.sampled_from(["a", "b", "c"])), max_size=14)
)
async def test_after_any_sequence_exactly_the_acts_that_stand_have_what_follows(
    sqlite_database: Database, steps: list[tuple[str, str]]
) -> None:
    ledger = Ledger(FixedClock())
    chain = Chain(ledger, ("step", "badge"))
    ids: dict[str, int] = {}
    expected: set[str] = set()
    async with sqlite_database.begin() as session:
        for row in await session.scalars(select(ActRow).where(ActRow.cause_id.is_not(None))):
            await session.delete(row)
        await session.flush()
        for row in await session.scalars(select(ActRow)):
            await session.delete(row)
    for verb, subject in steps:
        if verb == "record":
            done = await record(sqlite_database, ledger, act("step", subject=subject))
            assert (done is not None) is (subject not in expected)
            ids.setdefault(subject, done.id if done else 0)
            expected.add(subject)
        elif subject in ids:
            assert await retract(sqlite_database, ledger, ids[subject]) is (subject in expected)
            expected.discard(subject)
    assert sorted(kind for kind, _ in await standing(sqlite_database)) == sorted(
        ["badge", "step"] * len(expected)
    )
    assert chain.log.count("badge") - chain.log.count("undo badge") == len(expected)


class TestCounting:
    async def test_it_counts_what_stands_in_the_given_time(
        self, ledger: Ledger, database: Database, clock: FixedClock
    ) -> None:
        start = clock.now()
        async with database.begin() as session:
            for member, subject in ((ANN, "1"), (ANN, "2"), (BEN, "1"), (BEN, "3")):
                recorded = await ledger.record(session, act("a", member, subject))
            assert recorded is not None
            await ledger.record(session, act("b"))
            await ledger.record(session, Act("a", GUILD + 1, ANN, "1"))
            await ledger.retract(session, recorded.id, reason="a test")
            clock.advance(timedelta(hours=1))
            await ledger.record(session, act("a", BEN, "later"))

            async def count(by: CountBy, hours: int) -> int:
                until = start + timedelta(hours=hours)
                return await ledger.count(session, GUILD, "a", by=by, since=start, until=until)

            assert [await count(CountBy.ACTS, hours) for hours in (0, 1, 2)] == [0, 3, 4]
            assert [await count(CountBy.PEOPLE, hours) for hours in (0, 1, 2)] == [0, 2, 2]

    @pytest.mark.parametrize("by", CountBy)
    async def test_counting_looks_into_the_index_and_walks_through_no_table(
        self, ledger: Ledger, sqlite_database: Database, clock: FixedClock, by: CountBy
    ) -> None:
        seen: list[tuple[str, Any]] = []
        engine = sqlite_database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", lambda *call: seen.append((call[2], call[3])))
        async with sqlite_database.read() as session:
            since = clock.now()
            await ledger.count(session, GUILD, "a", by=by, since=since, until=since + timedelta(days=1))
            [(query, values)] = [each for each in seen if "FROM acts" in each[0]]
            connection = await session.connection()
            plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)).all()
        steps = [str(step[-1]) for step in plan]
        assert any(
            "ix_acts_guild_id_kind_at (guild_id=? AND kind=? AND at>? AND at<?)" in step for step in steps
        )
        assert not any(step.startswith("SCAN") for step in steps)

    def test_kinds_are_offered_in_the_order_in_which_they_were_named(self, ledger: Ledger) -> None:
        ledger.name("b", "Bees")
        ledger.name("a", "Ays")
        assert list(ledger.countable) == ["b", "a"]
        ledger.unname("b", "never named")
        assert ledger.countable == {"a": "Ays"}


# Contributions


async def test_contributions_of_any_kind_are_reacted_to_and_nothing_else(
    database: Database, ledger: Ledger
) -> None:
    seen: list[str] = []

    async def react(_session: AsyncSession, done: RecordedAct) -> None:
        seen.append(done.kind)

    async def undo(_session: AsyncSession, done: RecordedAct) -> None:
        seen.append(f"undo {done.kind}")

    ledger.react_to_contributions(react, undo=undo)
    tea = Contribution("tea.made", "tea", done="Made tea")  # known only later: features load in any order
    ledger.contribute(tea, Contribution("cake.baked", "cake", done="Baked a cake"))
    made = await record(database, ledger, act("tea.made"))
    await record(database, ledger, act("tea.made"))
    await record(database, ledger, act("cake.baked"))
    await record(database, ledger, act("song.sung"))
    assert made is not None and await retract(database, ledger, made.id)
    ledger.contribute_no_more(tea)
    await record(database, ledger, act("tea.made", subject="2"))
    assert seen == ["tea.made", "cake.baked", "undo tea.made"]


async def test_contributions_are_listed_by_member_and_time(
    database: Database, ledger: Ledger, clock: FixedClock
) -> None:
    ledger.contribute(Contribution("tea.made", "tea", done="Made tea"))
    began = clock.now()
    first = await record(database, ledger, act("tea.made"))
    gone = await record(database, ledger, act("tea.made", subject="2"))
    clock.advance(timedelta(hours=1))
    await record(database, ledger, act("tea.made", BEN))
    await record(database, ledger, act("song.sung"))
    assert first is not None and gone is not None and await retract(database, ledger, gone.id)
    async with database.read() as session:
        found = await ledger.list_contributions(
            session, GUILD, [ANN, BEN], since=began, until=began + timedelta(hours=1)
        )
        assert found == [(ANN, first.id, began)]
        assert await ledger.first(session, GUILD, "tea.made", ANN) == first
        assert await ledger.was_ever_recorded(session, act("tea.made", subject="2"))
        assert not await ledger.was_ever_recorded(session, act("tea.made", subject="3"))


async def test_what_rules_rest_on_is_read_in_one_statement(database: Database, ledger: Ledger) -> None:
    async with database.begin() as session:
        for member in (ANN, BEN):
            for number in range(3):
                await ledger.record(
                    session, act("review.given", member, str(number), other_id=number or None)
                )
        last = await ledger.record(session, act("review.given", BEN, "9"))
        assert last is not None
        await ledger.retract(session, last.id, reason="a mistake")
        await ledger.record(session, act("pair.met", BEN))
    async with database.read() as session:
        found = await evidence.of_member(session, GUILD, ANN, ["review.given"])
        assert [(each.subject, each.other_id) for each in found] == [("0", None), ("1", 1), ("2", 2)]
        everybody = await evidence.of_next_members(session, GUILD, ["review.given"], after=0, limit=1)
        assert {member: len(acts) for member, acts in everybody.items()} == {ANN: 3}
        rest = await evidence.of_next_members(session, GUILD, ["review.given"], after=ANN, limit=9)
        assert {member: len(acts) for member, acts in rest.items()} == {BEN: 3}
        assert not await evidence.of_next_members(session, GUILD, ["review.given"], after=BEN, limit=9)
        some = await evidence.of_members(session, GUILD, [ANN, 99], ["review.given"])
        assert {member: len(acts) for member, acts in some.items()} == {ANN: 3, 99: 0}
