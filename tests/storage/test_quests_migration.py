"""What people had done in the one quest of older releases is still theirs, on both databases and both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from storage.database import Database
from storage.schema import migrate

BEFORE, AFTER = "0006_privacy", "0007_quests_as_data"


async def run(database: Database, statement: str, **values: Any) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text(statement), values)


async def rows(database: Database, statement: str) -> Sequence[tuple[Any, ...]]:
    async with database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


async def test_goals_move_to_profiles_and_back_and_every_step_stays(empty_database: Database) -> None:
    database = empty_database
    await migrate(database, BEFORE)
    insert = "INSERT INTO onboarding_quests (id, guild_id, member_id, run, goal, share_win) VALUES "
    await run(
        database,
        insert + "(1, 1, 10, 2, 'Knots', true), (2, 1, 11, 1, NULL, false), (3, 1, 12, 1, 'Nets', false)",
    )
    await run(
        database,
        "INSERT INTO onboarding_quest_steps (quest_id, step, state, at) "
        "VALUES (1, 'goal', 'done', '2026-01-07 09:00:00+00:00'), (3, 'hello', 'skipped', '2026-01-07 09:00:00+00:00')",
    )
    await run(
        database,
        "INSERT INTO profiles (guild_id, member_id, goal, level, languages) "
        "VALUES (1, 12, 'Splices', 'new', 'de'), (1, 10, NULL, 'basics', '')",
    )
    await run(
        database,
        "INSERT INTO onboarding_newcomers (guild_id, member_id, joined_at, pending) "
        "VALUES (1, 10, '2026-01-07 09:00:00+00:00', false), (1, 11, '2026-01-07 09:00:00+00:00', true)",
    )

    await migrate(database, AFTER)
    goals = "SELECT member_id, goal, level FROM profiles ORDER BY member_id"
    assert await rows(database, goals) == [(10, "Knots", "basics"), (12, "Splices", "new")]
    quests = "SELECT id, key, version, run, nudged_run FROM onboarding_quests ORDER BY id"
    assert await rows(database, quests) == [
        (1, "first", 1, 2, 0),
        (2, "first", 1, 1, 0),
        (3, "first", 1, 1, 0),
    ]
    steps = "SELECT quest_id, step, state FROM onboarding_quest_steps ORDER BY quest_id"
    assert await rows(database, steps) == [(1, "goal", "done"), (3, "hello", "skipped")]
    assert await rows(database, "SELECT DISTINCT guild_id FROM onboarding_quest_steps") == [(1,)]
    greeted = "SELECT member_id FROM onboarding_newcomers WHERE greeted_at IS NOT NULL"
    assert await rows(database, greeted) == [(10,)]

    await run(
        database,
        "INSERT INTO onboarding_quests (id, guild_id, member_id, key, version, run, share_win, nudged_run) "
        "VALUES (9, 1, 10, 'feedback', 1, 1, false, 0)",
    )
    await run(
        database,
        "INSERT INTO onboarding_quest_steps (guild_id, quest_id, step, state, at) "
        "VALUES (1, 9, 'read', 'done', '2026-01-07 09:00:00+00:00')",
    )
    await migrate(database, BEFORE)
    assert await rows(database, "SELECT id, goal FROM onboarding_quests ORDER BY id") == [
        (1, "Knots"),
        (2, None),
        (3, "Splices"),
    ]
    assert await rows(database, steps) == [(1, "goal", "done"), (3, "hello", "skipped")]
    await migrate(database, AFTER)
    assert await rows(database, goals) == [(10, "Knots", "basics"), (12, "Splices", "new")]
