"""No list looks through a whole table, however many members and years there are: the statements themselves are explained.

Every behaviour test has its statements explained too (`tests/behaviour/conftest.py`): whatever any command, control, job
or tick sends there. Here are the pages of `benchmarks/acts.py`, the ticks, and the explaining itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import acts
from bot.app import Lyceum
from bot.authority import MANAGE_GUILD, Actor
from bot.extensions import list_features
from bot.settings import Settings
from storage.database import Database
from tests.databases import SqliteTemplate
from tests.plans import SMALL, Plans, scans_in, statements_seen


@pytest.fixture(scope="module")
def plans(sqlite_template: SqliteTemplate) -> Plans:
    return Plans(sqlite_template.file)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM acts WHERE details = 'x'",
        "SELECT * FROM acts AS a JOIN kudos AS b ON b.act_id = a.id",
        'SELECT count(*) FROM "acts"',
        "SELECT id FROM kudos WHERE id IN (SELECT act_id FROM badge_awards WHERE quiet)",
        "DELETE FROM outbox WHERE reason = 'x'",
        "UPDATE jobs SET attempts = 0 WHERE reason = 'x'",
        "SELECT id FROM acts ORDER BY at LIMIT 5",
    ],
)
def test_a_statement_that_looks_through_a_table_is_found(plans: Plans, statement: str) -> None:
    assert plans.scans(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM acts WHERE guild_id = 1 AND kind = 'x' ORDER BY at",
        "SELECT * FROM kudos AS k WHERE k.guild_id = 1 AND k.member_id = 2 ORDER BY k.at DESC LIMIT 5",
        "SELECT * FROM acts WHERE id IN (SELECT value FROM json_each('[1]'))",
        "INSERT INTO app_state (key, value) VALUES ('a', 'b')",
    ],
)
def test_a_statement_that_is_served_by_an_index_is_not(plans: Plans, statement: str) -> None:
    assert plans.scans(statement) == []


def test_what_may_be_looked_through_exists(plans: Plans) -> None:
    assert set(SMALL) <= plans.tables | set(plans.names("index"))


async def test_pages_and_ticks_look_through_no_table(sqlite_template: SqliteTemplate, tmp_path: Path) -> None:
    database = Database(sqlite_template.copy_to(tmp_path))
    await acts.fill(database, 50 * acts.EACH)
    bot = Lyceum(Settings(), database, ring=False)
    for feature in list_features():
        await bot.load_feature(feature)
    try:
        with statements_seen(anew=True) as seen:
            await bot.core.configs.load_all()
            for page in acts.pages(bot).values():
                await page(Actor(1, 1000, permissions=MANAGE_GUILD))
            await bot.next_due()
            await bot._tick()
    finally:
        await bot.close()
        await database.close()
    assert len(seen) > 40
    assert scans_in(seen, sqlite_template.file) == []
