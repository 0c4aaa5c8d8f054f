"""What every test may ask for: a database of its own, on each kind, and a clock."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from hypothesis import settings

from storage.database import Database
from tests.clocks import FixedClock
from tests.databases import PostgresServer, SharedStatements, SqliteTemplate

# How long an example takes says more about the machine than about the code.
settings.register_profile("lyceum", deadline=None)
settings.load_profile("lyceum")


def pytest_collection_finish() -> None:
    """What has been imported by now stays, so full collections need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def process_as_it_was() -> Generator[None]:
    """For tests that run a command in this process: it sets up logging, and what is done with an uncaught error."""
    root = logging.getLogger()
    handlers, level, hook = root.handlers, root.level, sys.excepthook
    yield
    root.handlers, sys.excepthook = handlers, hook
    root.setLevel(level)


@pytest.fixture(scope="session", autouse=True)
def _shared_statements() -> Generator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storage.database.create_async_engine", SharedStatements())
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    return SqliteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_server() -> Generator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> PostgresServer:
    postgres_server.prepare_template()
    return postgres_server


@pytest.fixture
async def sqlite_database(sqlite_template: SqliteTemplate, tmp_path: Path) -> AsyncGenerator[Database]:
    """A fresh, migrated SQLite file, for what concerns SQLite alone."""
    database = Database(sqlite_template.copy_to(tmp_path))
    yield database
    await database.close()


@pytest.fixture
async def postgres_database(postgres_template: PostgresServer) -> AsyncGenerator[Database]:
    """A fresh, migrated PostgreSQL database, for what concerns PostgreSQL alone."""
    url = await postgres_template.create(migrated=True)
    database = Database(url)
    yield database
    await database.close()
    await postgres_template.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh, migrated database; the test runs once on SQLite and once on PostgreSQL."""
    return request.getfixturevalue("sqlite_database" if request.param == "sqlite" else "postgres_database")


@pytest.fixture
async def empty_sqlite_database(tmp_path: Path) -> AsyncGenerator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    yield database
    await database.close()


@pytest.fixture
async def empty_postgres_database(postgres_server: PostgresServer) -> AsyncGenerator[Database]:
    url = await postgres_server.create(migrated=False)
    database = Database(url)
    yield database
    await database.close()
    await postgres_server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest) -> Database:
    """A database without any table, on each kind."""
    return request.getfixturevalue(f"empty_{'sqlite' if request.param == 'sqlite' else 'postgres'}_database")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what a test has measured, also when it passes: `record_property("figures", ...)`."""
    for report in terminalreporter.getreports("passed"):
        for name, figures in report.user_properties:
            if name == "figures":
                terminalreporter.section(report.nodeid)
                terminalreporter.line(str(figures))
