"""Transactions: nothing lost, nothing half done, and everybody who must know of a commit hears of it."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Index, MetaData, String, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateTable

import storage.database
from storage.base import Base, JsonDict, PrimaryKey, Snowflake, UtcDateTime, insert_if_absent
from storage.database import Database, mark

# The largest Discord id there can be fills 63 bits.
LARGEST_SNOWFLAKE = 2**63 - 1


class Example(DeclarativeBase):
    """Tables of these tests alone."""

    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    type_annotation_map = Base.type_annotation_map


class Counter(Example):
    __tablename__ = "example_counter"

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


class Note(Example):
    __tablename__ = "example_note"
    __table_args__ = (Index("ix_example_note_at", "at"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    at: Mapped[datetime | None]
    details: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(String(10), default="new")


class Member(Example):
    __tablename__ = "example_member"

    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)


@pytest.fixture
async def db(empty_database: Database) -> Database:
    async with empty_database.engine.begin() as connection:
        await connection.run_sync(Example.metadata.create_all)
    return empty_database


@pytest.fixture
async def sqlite(empty_sqlite_database: Database) -> Database:
    async with empty_sqlite_database.engine.begin() as connection:
        await connection.run_sync(Example.metadata.create_all)
    return empty_sqlite_database


async def count(db: Database) -> int:
    async with db.read() as session:
        return len((await session.scalars(select(Note.id))).all())


# What is committed


async def test_a_block_that_ends_is_committed_and_its_objects_stay_readable(db: Database) -> None:
    async with db.begin() as session:
        note = Note(key="a")
        session.add(note)
    assert note.id == 1
    assert await count(db) == 1


async def test_a_block_that_raises_is_rolled_back(db: Database) -> None:
    async def fail() -> None:
        async with db.begin() as session:
            session.add(Note(key="a"))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await count(db) == 0


async def test_a_statement_sent_by_hand_and_ddl_are_rolled_back_too(db: Database) -> None:
    async def fail() -> None:
        async with db.begin() as session:
            await session.execute(text("CREATE TABLE later (id INTEGER)"))
            await session.execute(text("INSERT INTO example_counter (value) VALUES (5)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with db.read() as session:
        assert (await session.scalars(select(Counter.id))).all() == []
        tables = await (await session.connection()).run_sync(
            lambda connection: inspect(connection).get_table_names()
        )
    assert "later" not in tables


async def test_a_broken_constraint_leaves_the_next_transaction_unharmed(db: Database) -> None:
    async with db.begin() as session:
        session.add(Note(key="a"))
    with pytest.raises(IntegrityError):
        async with db.begin() as session:
            session.add(Note(key="a"))
    async with db.begin() as session:
        session.add(Note(key="b"))
    assert await count(db) == 2


# Concurrency


async def increment(db: Database, times: int) -> None:
    for _ in range(times):
        async with db.begin() as session:
            counter = (await session.scalars(select(Counter).with_for_update())).one()
            await asyncio.sleep(0.0005)
            counter.value += 1


async def test_no_update_is_lost_when_eight_tasks_read_change_and_write(db: Database) -> None:
    async with db.begin() as session:
        session.add(Counter(value=0))
    await asyncio.gather(*(increment(db, 40) for _ in range(8)))
    async with db.read() as session:
        assert await session.scalar(select(Counter.value)) == 320


async def test_two_processes_on_one_sqlite_file_lose_no_update_either(sqlite: Database) -> None:
    """Two databases share no lock in memory, just as two processes do not: here BEGIN IMMEDIATE has to hold alone."""
    other = Database(str(sqlite.url))
    async with sqlite.begin() as session:
        session.add(Counter(value=0))
    await asyncio.gather(increment(sqlite, 40), increment(other, 40))
    async with other.read() as session:
        assert await session.scalar(select(Counter.value)) == 80
    await other.close()


async def test_the_same_work_in_plain_transactions_is_locked_out_so_the_test_above_can_fail(
    sqlite: Database,
) -> None:
    async with sqlite.begin() as session:
        session.add(Counter(value=0))

    async def increment_badly() -> None:
        async with AsyncSession(sqlite.engine) as session:
            counter = (await session.scalars(select(Counter))).one()
            await asyncio.sleep(0.005)
            counter.value += 1
            await session.commit()

    outcomes = await asyncio.gather(*(increment_badly() for _ in range(4)), return_exceptions=True)
    assert any("database is locked" in str(outcome) for outcome in outcomes)


async def test_writers_take_their_turns_in_the_order_they_came(sqlite: Database) -> None:
    order: list[int] = []

    async def write(number: int) -> None:
        async with sqlite.begin() as session:
            order.append(number)
            session.add(Note(key=str(number)))

    await asyncio.gather(*(write(number) for number in range(20)))
    assert order == list(range(20))


async def test_readers_do_not_wait_for_a_writer_and_see_what_was_committed_before(db: Database) -> None:
    async with db.begin() as session:
        session.add(Note(key="a"))
    async with db.begin() as session:
        session.add(Note(key="b"))
        await session.flush()
        assert await asyncio.wait_for(count_apart(db), timeout=2) == 1
    assert await count(db) == 2


async def count_apart(db: Database) -> int:
    return await asyncio.create_task(count(db))


async def test_tasks_cancelled_at_any_moment_leave_the_database_usable_and_every_commit_announced(
    db: Database,
) -> None:
    async with db.begin() as session:
        session.add(Counter(value=0))
    announced: list[str] = []
    db.after_commit(announced.extend)

    async def write(number: int) -> None:
        async with db.begin() as session:
            counter = (await session.scalars(select(Counter).with_for_update())).one()
            counter.value += 1
            mark(session, str(number))

    # Less than one busy timeout: a lock that a cancelled task leaves behind would cost a whole one.
    async with asyncio.timeout(8):
        for number in range(60):
            task = asyncio.create_task(write(number))
            await asyncio.sleep(number % 12 * 0.0004)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await write(99)
    async with db.read() as session:
        assert await session.scalar(select(Counter.value)) == len(announced)
    assert announced[-1] == "99"


async def test_a_task_cancelled_in_the_middle_of_a_statement_gives_the_lock_back_at_once(
    sqlite: Database,
) -> None:
    """Even while somebody still looks at its traceback, which refers to the cursor of that statement."""
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) SELECT max(i) FROM n"
    started = asyncio.Event()

    async def write_slowly() -> None:
        async with sqlite.begin() as session:
            session.add(Note(key="undone"))
            await session.flush()
            started.set()
            await session.execute(text(slow))

    for _ in range(5):
        started.clear()
        task = asyncio.create_task(write_slowly())
        await started.wait()
        await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await task
        async with asyncio.timeout(5), sqlite.begin() as session:
            session.add(Counter(value=1))
            await session.flush()
        assert cancelled.tb is not None
    assert await count(sqlite) == 0


# Nesting


async def test_beginning_inside_a_transaction_is_refused_instead_of_waiting_for_ever(db: Database) -> None:
    async with db.begin() as session:
        session.add(Note(key="a"))
        with pytest.raises(RuntimeError, match="already in a writing transaction"):
            async with db.begin():
                pass
    assert await count(db) == 1


async def test_a_task_started_inside_a_transaction_may_write_after_it(db: Database) -> None:
    async def write_later() -> None:
        async with db.begin() as session:
            session.add(Note(key="later"))

    async with db.begin() as session:
        later = asyncio.create_task(write_later())
        session.add(Note(key="first"))
    await asyncio.wait_for(later, timeout=5)
    assert await count(db) == 2


async def test_a_parent_that_waits_for_its_own_child_is_told_instead_of_hanging(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.database, "WRITER_WAIT_SECONDS", 0.05)

    async def write() -> None:
        async with sqlite.begin():
            pass

    async with sqlite.begin():
        with pytest.raises(TimeoutError, match="has kept the database"):
            await asyncio.create_task(write())
    await write()


async def test_a_task_may_write_to_two_databases(sqlite: Database, tmp_path: Path) -> None:
    other = Database(f"sqlite:///{tmp_path}/other.db")
    async with sqlite.begin() as session, other.begin() as elsewhere:
        session.add(Note(key="a"))
        await elsewhere.execute(text("CREATE TABLE thing (id INTEGER)"))
    assert await count(sqlite) == 1
    await other.close()


# Reading


async def test_a_reading_transaction_refuses_to_write(db: Database) -> None:
    async with db.read() as session:
        with pytest.raises(InvalidRequestError, match=r"open it with begin\(\)"):
            await session.execute(insert(Note).values(key="a"))
    async with db.read() as session:
        session.add(Note(key="b"))
        with pytest.raises(InvalidRequestError, match=r"open it with begin\(\)"):
            await session.flush()
    assert await count(db) == 0


async def test_a_reading_transaction_sees_one_moment_on_sqlite(sqlite: Database) -> None:
    async with sqlite.read() as session:
        assert (await session.scalars(select(Note.id))).all() == []
        async with sqlite.begin() as writing:
            writing.add(Note(key="a"))
        assert (await session.scalars(select(Note.id))).all() == []


# Marks


async def test_marks_are_announced_once_and_after_the_commit(db: Database) -> None:
    heard: list[frozenset[str]] = []
    db.after_commit(heard.append)
    async with db.begin() as session:
        session.add(Note(key="a"))
        mark(session, "jobs")
        mark(session, "config:7")
        mark(session, "jobs")
        assert heard == []
    assert heard == [frozenset({"jobs", "config:7"})]


async def test_a_rollback_a_failed_commit_and_an_unmarked_commit_announce_nothing(db: Database) -> None:
    heard: list[frozenset[str]] = []
    db.after_commit(heard.append)

    async def fail() -> None:
        async with db.begin() as session:
            mark(session, "jobs")
            raise ZeroDivisionError

    async def fail_to_commit() -> None:
        async with db.begin() as session:
            mark(session, "jobs")
            session.add_all([Note(key="a"), Note(key="a")])

    with pytest.raises(ZeroDivisionError):
        await fail()
    with pytest.raises(IntegrityError):
        await fail_to_commit()
    async with db.begin() as session:
        session.add(Note(key="b"))
    assert heard == []


async def test_a_callback_that_fails_harms_neither_the_caller_nor_the_next_callback(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[frozenset[str]] = []

    def fail(_: frozenset[str]) -> None:
        raise ZeroDivisionError("broken listener")

    db.after_commit(fail)
    db.after_commit(heard.append)
    with caplog.at_level(logging.ERROR):
        async with db.begin() as session:
            mark(session, "outbox")
    assert heard == [frozenset({"outbox"})]
    assert "broken listener" in caplog.text


async def test_a_cancelled_task_still_announces_the_commit_it_had_begun(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[frozenset[str]] = []
    db.after_commit(heard.append)
    committing = asyncio.Event()
    commit = AsyncSession.commit

    async def slow_commit(session: AsyncSession) -> None:
        committing.set()
        await asyncio.sleep(0.05)
        await commit(session)

    monkeypatch.setattr(AsyncSession, "commit", slow_commit)

    async def write() -> None:
        async with db.begin() as session:
            session.add(Note(key="a"))
            mark(session, "jobs")

    task = asyncio.create_task(write())
    await committing.wait()
    task.cancel()
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard == [frozenset({"jobs"})]
    assert await count(db) == 1


# Connections


async def test_every_connection_of_the_pool_has_the_pragmas_including_the_overflow(sqlite: Database) -> None:
    async def look(release: asyncio.Event) -> list[object]:
        async with sqlite.read() as session:
            found = [await session.scalar(text(f"PRAGMA {name}")) for name in storage.database.SQLITE_PRAGMAS]
            await release.wait()
            return found

    release = asyncio.Event()
    tasks = [asyncio.create_task(look(release)) for _ in range(10)]
    await asyncio.sleep(0.3)
    # Not more than fits: an eleventh would wait. All ten are held at the same time, five of them overflow.
    assert sqlite.engine.pool.checkedout() == 10  # pyright: ignore[reportAttributeAccessIssue] - a queue pool has it
    release.set()
    assert await asyncio.gather(*tasks) == [[10_000, "wal", 2, 1]] * 10


async def test_the_driver_begins_and_ends_no_transaction_by_itself(sqlite: Database) -> None:
    async with sqlite.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        assert driver.isolation_level is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("journal_mode", "DELETE", "wal"),
        ("synchronous", "NORMAL", "2"),
        ("foreign_keys", "OFF", "1"),
        ("busy_timeout", "100", "10000"),
    ],
)
async def test_a_pragma_that_does_not_take_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setitem(storage.database.SQLITE_PRAGMAS, name, (value, expected))
    database = Database(f"sqlite:///{tmp_path}/refused.db")
    with pytest.raises(RuntimeError, match=f"PRAGMA {name}={value}"):
        async with database.begin() as session:
            await session.execute(text("SELECT 1"))
    await database.close()


async def test_many_first_connections_to_a_new_file_do_not_lock_each_other_out(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new/folder/lyceum.db", pool_size=10)

    async def look() -> None:
        async with database.read() as session:
            await session.execute(text("SELECT 1"))

    await asyncio.gather(*(look() for _ in range(10)))
    assert (tmp_path / "new/folder/lyceum.db").exists()
    await database.close()


async def test_a_foreign_key_that_points_at_nothing_is_refused(sqlite: Database) -> None:
    async with sqlite.begin() as session:
        await session.execute(text("CREATE TABLE child (counter INTEGER REFERENCES example_counter (id))"))
    with pytest.raises(IntegrityError):
        async with sqlite.begin() as session:
            await session.execute(text("INSERT INTO child VALUES (404)"))


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("sqlite:///data/a.db", "sqlite+aiosqlite:///data/a.db"),
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:p@h/d?sslmode=require", "postgresql+asyncpg://u:p@h/d?ssl=require"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
    ],
)
def test_a_plain_address_is_completed(written: str, understood: str) -> None:
    assert storage.database.parse_url(written).render_as_string(hide_password=False) == understood


@pytest.mark.parametrize("url", ["mysql://h/d", "sqlite://", "sqlite:///:memory:", "data/lyceum.db", ""])
def test_an_address_that_cannot_work_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///"):
        Database(url)


def test_a_missing_driver_is_named_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "asyncpg", None)
    with pytest.raises(RuntimeError, match=r"lyceum\[postgres\]"):
        Database("postgresql://localhost/lyceum")


def test_one_database_serves_one_event_loop_after_another(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/loops.db")

    async def write() -> None:
        async def one() -> None:
            async with database.begin() as session:
                await session.execute(text("CREATE TABLE IF NOT EXISTS t (id INTEGER)"))

        await asyncio.gather(one(), one(), one())
        await database.close()

    asyncio.run(write())
    asyncio.run(write())


# Types


async def test_an_instant_comes_back_aware_in_utc_to_the_microsecond(db: Database) -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    instant = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=kathmandu)
    async with db.begin() as session:
        session.add_all([Note(key="a", at=instant), Note(key="b")])
    async with db.read() as session:
        found = (await session.scalars(select(Note).order_by(Note.key))).all()
        assert found[0].at is not None
        assert (found[0].at, found[0].at.tzinfo) == (instant, UTC)
        assert found[1].at is None
        earlier = await session.scalars(select(Note.key).where(Note.at <= instant))
        assert earlier.all() == ["a"]


async def test_a_naive_instant_is_refused(db: Database) -> None:
    with pytest.raises((StatementError, DBAPIError), match="names no instant"):
        async with db.begin() as session:
            session.add(Note(key="a", at=datetime(2026, 1, 5, 8, 0)))  # noqa: DTZ001 - this is the mistake


async def test_a_json_object_comes_back_equal_and_none_is_null(db: Database) -> None:
    details = {"ids": [LARGEST_SNOWFLAKE], "text": "naïve 🌱", "nested": {"none": None}}
    async with db.begin() as session:
        session.add_all([Note(key="a", details=details), Note(key="b", details=None)])
    async with db.read() as session:
        assert await session.scalar(select(Note.details).where(Note.key == "a")) == details
        assert (await session.scalars(select(Note.key).where(Note.details.is_(None)))).all() == ["b"]


async def test_the_largest_discord_id_fits_as_a_key_that_the_database_does_not_number(db: Database) -> None:
    async with db.begin() as session:
        session.add(Member(member_id=LARGEST_SNOWFLAKE))
    async with db.read() as session:
        assert await session.scalar(select(Member.member_id)) == LARGEST_SNOWFLAKE
    ddl = str(CreateTable(Member.__table__).compile(dialect=db.engine.dialect))  # pyright: ignore[reportArgumentType]
    assert "SERIAL" not in ddl
    assert "AUTOINCREMENT" not in ddl


async def test_the_number_of_a_deleted_row_is_never_given_out_again(db: Database) -> None:
    async with db.begin() as session:
        last = Note(key="a")
        session.add(last)
    async with db.begin() as session:
        await session.delete(await session.get_one(Note, last.id))
    async with db.begin() as session:
        following = Note(key="b")
        session.add(following)
    assert following.id > last.id


# insert_if_absent


async def test_only_the_rows_whose_key_is_free_are_inserted_and_counted(db: Database) -> None:
    async with db.begin() as session:
        assert await insert_if_absent(session, Note, [{"key": "a"}], ["key"]) == 1
        assert await insert_if_absent(session, Note, [{"key": "a"}], ["key"]) == 0
        assert await insert_if_absent(session, Note, [{"key": "a"}, {"key": "b"}, {"key": "c"}], ["key"]) == 2
        assert await insert_if_absent(session, Note, [{"key": "d"}, {"key": "d"}]) == 1
        assert await insert_if_absent(session, Note, [], ["key"]) == 0
    async with db.read() as session:
        states = [
            tuple(row) for row in await session.execute(select(Note.key, Note.state).order_by(Note.key))
        ]
    assert states == [("a", "new"), ("b", "new"), ("c", "new"), ("d", "new")]


async def test_more_rows_than_one_statement_can_carry_are_inserted(db: Database) -> None:
    rows = [{"key": str(number)} for number in range(20_000)]
    async with db.begin() as session:
        assert await insert_if_absent(session, Note, rows, ["key"]) == 20_000
        assert await insert_if_absent(session, Note, [*rows[:10], {"key": "new"}], ["key"]) == 1


async def test_a_row_that_breaks_another_constraint_still_raises(db: Database) -> None:
    with pytest.raises(IntegrityError):
        async with db.begin() as session:
            await insert_if_absent(session, Note, [{"key": None}], ["key"])


async def test_of_tasks_that_insert_the_same_key_exactly_one_counts_it(db: Database) -> None:
    async def claim() -> int:
        async with db.begin() as session:
            return await insert_if_absent(session, Note, [{"key": "only"}], ["key"])

    assert sum(await asyncio.gather(*(claim() for _ in range(12)))) == 1


def test_the_types_are_shared_by_annotation() -> None:
    assert isinstance(Note.__table__.c.at.type, UtcDateTime)
    assert isinstance(Note.__table__.c.details.type, JsonDict)
