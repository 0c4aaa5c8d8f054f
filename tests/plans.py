"""How SQLite would carry out a statement on a large database: whether it looks through a whole table.

Without statistics, which nobody makes here, it takes every table for one of a million rows. So nothing has to be filled.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import greenlet
from sqlalchemy import Engine, event

PROJECT = str(Path(__file__).parents[1])
_TABLE = re.compile(r'(?i)\b(?:from|join|update|into)\s+"?(\w+)"?(?:\s+as\s+"?(\w+)"?)?')
# SQLite calls it a search, too, when it looks for a least or greatest value without an index.
_SCAN = re.compile(r"(?:SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?|SEARCH (\w+)$)")

SMALL: Mapping[str, str] = {
    "ix_outbox_waiting": "only what waits is in it",
    "ix_jobs_waiting": "only what waits is in it",
    "raid_hours": "the hours of the last weeks, read into memory; older ones go",
    "streaks_holds": "a row each time that streaks were off, or the bot was away",
}
"""Tables and indexes that may be looked through, and why: what does not grow with members or time. A table with one row
a server may always."""

SENDERS: Mapping[tuple[str, str], str] = {
    ("bot/app.py", "setup_hook"): "what is kept in memory is read once, at the start",
    ("cogs/onboarding/service.py", "load"): "so it is when the feature is loaded anew",
    ("storage/footprint.py", ""): "everything about a person, or what is old of everybody: each table once",
    ("storage/privacy.py", "list_long_gone"): "the daily clean-up goes through departures once",
    ("storage/schema.py", ""): "a migration goes through what it changes",
    ("storage/backup.py", ""): "so does preparing a restored copy",
}
"""Files, or functions in them, that may look through tables, and why."""


class Plans:
    """Asks a database that has the tables and no rows."""

    def __init__(self, template: Path) -> None:
        self._connection = sqlite3.connect(":memory:")
        # Closed at once: a reader that stays keeps the log from being written back, and a copy of the file would lack it.
        with closing(sqlite3.connect(template)) as source:
            found = source.execute(
                "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
            ).fetchall()
        for _, name, sql in sorted(found, key=lambda each: each[0], reverse=True):  # tables before indexes
            if not name.startswith("sqlite_"):
                self._connection.execute(sql)
        self.tables = set(self.names("table"))
        self.one_a_server = {table for table in self.tables if self._key(table) == ["guild_id"]}

    def names(self, kind: str) -> list[str]:
        """Of its tables or indexes."""
        found = self._connection.execute("SELECT name FROM sqlite_master WHERE type = ?", (kind,))
        return [name for (name,) in found if not name.startswith("sqlite_")]

    def scans(self, statement: str, parameters: Any = ()) -> list[str]:
        """The steps of the plan that look through a whole table which may be large."""
        names = {alias or name: name for name, alias in _TABLE.findall(statement)}
        steps = [each[3] for each in self._connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        return [step for step in steps if self._is_long(step, names)]

    def _key(self, table: str) -> list[str]:
        found = self._connection.execute(
            "SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk", (table,)
        )
        return [name for (name,) in found]

    def _is_long(self, step: str, names: Mapping[str, str]) -> bool:
        found = _SCAN.match(step)
        if found is None:
            return False
        alias = found[1] or found[3]
        table = names.get(alias, alias)
        return table in self.tables - self.one_a_server and table not in SMALL and found[2] not in SMALL


_plans: list[Plans] = []
_judged: dict[str, list[str]] = {}


def scans_in(seen: Mapping[str, Any], file: Path) -> list[str]:
    """Those of the statements that would look through a large table; each is judged once a process.

    `file` is any migrated database.
    """
    if not _plans:
        _plans.append(Plans(file))
    for statement, parameters in seen.items():
        if statement not in _judged:
            _judged[statement] = _plans[0].scans(statement, parameters)
    return [f"{'; '.join(_judged[each])}: {each}" for each in seen if _judged[each]]


@contextmanager
def statements_seen(*, anew: bool = False) -> Iterator[dict[str, Any]]:
    """Every statement that the project sends to SQLite meanwhile, with parameters that it had once.

    Those that were judged in an earlier test and found good are among them only when they are wanted `anew`.
    """
    seen: dict[str, Any] = {}

    def note(connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        if connection.dialect.name != "sqlite" or statement in seen:
            return
        if not anew and _judged.get(statement) == []:
            return
        if re.match(r"(?i)\s*(select|update|delete|with|insert)\b", statement) and _counts():
            # Rows that are inserted many at a time for what they return come as the values of one statement.
            is_list = many and isinstance(given[0], (tuple, list, dict))
            seen[statement] = given[0] if is_list else given

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _counts() -> bool:
    """Whether the statement that is just sent comes from the project, and from none of the `SENDERS`."""
    senders = [
        (frame.f_code.co_filename[len(PROJECT) + 1 :], frame.f_code.co_name)
        for frame in _frames()
        if frame.f_code.co_filename.startswith(PROJECT)
    ]
    senders = [each for each in senders if each != ("tests/plans.py", "note")]
    nearest = next((file for file, _ in senders if not file.startswith("tests/plans")), "tests/")
    if nearest.startswith(("tests/", "sandbox/", "benchmarks/")):
        return False
    return not any((file, name) in SENDERS or (file, "") in SENDERS for file, name in senders)


def _frames() -> Iterator[FrameType]:
    """From the innermost outwards: SQLAlchemy runs a statement in a greenlet of its own, whose parent waits."""
    current: Any = greenlet.getcurrent()
    frame: FrameType | None = sys._getframe(1)
    while current is not None:
        while frame is not None:
            yield frame
            frame = frame.f_back
        current = current.parent
        frame = current.gr_frame if current is not None else None
