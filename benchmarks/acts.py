"""A million acts of 10,000 members: what it costs to open one's history, one's badges, a gallery.

    python -m benchmarks.acts [sqlite|postgresql] [COUNT]

Five servers whose members have a hundred acts each, over a year, with the weeks of their streaks, kudos, badges, works of
weekly challenges and reviews of them; written in bulk, then read by the bot's own services, each page by members who were
not asked for before. CPU is that of this process (on PostgreSQL without the server's), beside the same rows read by `sqlite3`.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from discord.utils import utcnow
from sqlalchemy import insert

from bot.app import Lyceum
from bot.authority import Actor
from bot.clock import Clock
from bot.criteria import Criterion, Rule, rule_data
from bot.extensions import list_features
from bot.settings import Settings
from cogs.reviews.rubrics import shipped, to_json
from storage.acts import ActRow
from storage.badges import BadgeAwardRow, BadgeRow
from storage.challenges import ChallengeRow, EntryRow, SubmissionRow
from storage.database import Database
from storage.kudos import KudosRow
from storage.reviews import ReviewRow, ReviewWorkRow
from storage.schema import upgrade
from storage.streaks import StreakRow, StreakWeekRow

NOW = Clock(utcnow).now()
MONDAY = datetime(NOW.year, NOW.month, NOW.day, tzinfo=UTC) - timedelta(days=NOW.weekday())
COUNT, EACH, GUILDS = 1_000_000, 100, 5
WEEKS = 50
WORKS = 5
KINDS = ("review.given", "kudos.received", "challenge.submitted", "micro.done", "promise.kept")
BADGES = 30
SLICE = 20_000
READS = 150
Rows = Iterator[dict[str, Any]]
Page = Callable[[Actor], Awaitable[Any]]

# ------------------------------------------------------------------------------------------------------------- the rows


def members(people: int) -> Iterator[tuple[int, int, int]]:
    """Each member's number, server and id."""
    for number in range(people):
        yield number, 1 + number % GUILDS, 1000 + number


# All in the order in which it would have come: what one member did lies far apart.


def _acts(people: int) -> Rows:
    for act in range(EACH):
        for number, guild, member in members(people):
            yield {
                "guild_id": guild,
                "kind": KINDS[act % len(KINDS)],
                "member_id": member,
                "subject": str(act),
                "other_id": 1000 + (number + act * GUILDS) % people,
                "details": {},
                "at": NOW - timedelta(weeks=WEEKS - act // 2, minutes=number % 1000),
            }


def _act_id(people: int, number: int, act: int) -> int:
    return act * people + number + 1


def _streaks(people: int) -> Rows:
    for _, guild, member in members(people):
        yield {
            "guild_id": guild,
            "member_id": member,
            "until": MONDAY,
            "monday": (MONDAY - timedelta(weeks=1)).date().isoformat(),
            "length": WEEKS,
            "longest": WEEKS,
            "settle_at": NOW + timedelta(days=5),
        }


def _weeks(people: int) -> Rows:
    first = MONDAY - timedelta(weeks=WEEKS)
    for week in range(WEEKS):
        begins = first + timedelta(weeks=week)
        for number, guild, _ in members(people):
            ids = (_act_id(people, number, week * 2), _act_id(people, number, week * 2 + 1))
            yield {
                "guild_id": guild,
                "streak_id": number + 1,
                "monday": begins.date().isoformat(),
                "starts_at": begins,
                "ends_at": begins + timedelta(weeks=1),
                "outcome": "counted",
                "acts": {str(each): begins.isoformat() for each in ids},
                "act_count": 2,
            }


def _badges() -> Rows:
    for number in range(BADGES * GUILDS):
        rule = Rule((Criterion((KINDS[number % len(KINDS)],), 5 + number),))
        yield {
            "guild_id": 1 + number % GUILDS,
            "title": f"Badge {number}",
            "how": "Read the work of others.",
            "tier": ("steady", "first")[number % 2],
            "rule": {"criteria": rule_data(rule)},
            "state": "on",
        }


def _awards(people: int) -> Rows:
    for badge in reversed(range(6)):
        for number, guild, member in members(people):
            yield {
                "guild_id": guild,
                "badge_id": 1 + (guild - 1) + GUILDS * ((number + badge) % BADGES),
                "member_id": member,
                "at": NOW - timedelta(days=badge * 9 + number % 7),
                "evidence": {"acts": [_act_id(people, number, n) for n in range(5)]},
            }


def _kudos(people: int) -> Rows:
    for given in reversed(range(10)):
        for number, guild, member in members(people):
            yield {
                "guild_id": guild,
                "giver_id": member,
                "member_id": 1000 + (number + GUILDS * (given + 1)) % people,
                "text": "Thank you for your patience with my third question about the same knot.",
                "tags": "patience",
                "at": NOW - timedelta(days=given * 30, minutes=number),
            }


def _challenges() -> Rows:
    for number in range(GUILDS * WEEKS):
        begins = NOW - timedelta(weeks=WEEKS - number // GUILDS)
        texts = {
            "title": f"Week {number // GUILDS}",
            "purpose": "To practise",
            "done": "It holds",
            "core": "Tie one",
        }
        yield {
            "guild_id": 1 + number % GUILDS,
            "state": "archived",
            "texts": texts,
            "created_by": 1000,
            "created_at": begins,
            "opened_at": begins,
            "closes_at": begins + timedelta(days=5),
            "grace_until": begins + timedelta(days=5, hours=12),
            "results_at": begins + timedelta(days=6),
        }


def _submitted(people: int) -> Iterator[tuple[int, int, int, int]]:
    """Server, member, challenge and week: each member hands in for every fifth."""
    for week in range(WEEKS):
        for number, guild, member in members(people):
            if number // GUILDS % 5 == week % 5:
                yield guild, member, 1 + week * GUILDS + (guild - 1), week


def _entries(people: int) -> Rows:
    for guild, member, challenge, week in _submitted(people):
        joined = NOW - timedelta(weeks=WEEKS - week)
        yield {
            "challenge_id": challenge,
            "member_id": member,
            "guild_id": guild,
            "track": "core",
            "joined_at": joined,
        }


def _submissions(people: int) -> Rows:
    for guild, member, challenge, week in _submitted(people):
        yield {
            "guild_id": guild,
            "challenge_id": challenge,
            "member_id": member,
            "version": 1,
            "kind": "link",
            "content": "https://example.org/knots",
            "learned": "Dress it before you set it.",
            "shown": True,
            "late": "on_time",
            "received_at": NOW - timedelta(weeks=WEEKS - week - 0.5),
        }


def _works(people: int) -> Rows:
    rubric = to_json(shipped()[0])
    for work in reversed(range(WORKS)):
        for number, guild, member in members(people):
            yield {
                "guild_id": guild,
                "author_id": member,
                "state": "closed",
                "mode": "open",
                "title": f"Knot {work}",
                "content": "https://example.org/knots",
                "rubric": rubric,
                "asked_at": NOW - timedelta(weeks=work * 9 + 1, minutes=number),
                "closed_at": NOW - timedelta(weeks=work * 9),
            }


def _reviews(people: int) -> Rows:
    for work in reversed(range(WORKS)):
        begins = NOW - timedelta(weeks=work * 9 + 1)
        for number, guild, _ in members(people):
            yield {
                "guild_id": guild,
                "work_id": (WORKS - 1 - work) * people + number + 1,
                "reviewer_id": 1000 + (number + GUILDS * (work + 1)) % people,
                "version": 1,
                "state": "given",
                "alias": 1,
                "taken_at": begins,
                "given_at": begins + timedelta(days=1),
            }


async def fill(database: Database, count: int) -> float:
    """Write it all; returns seconds."""
    people, began = count // EACH, time.perf_counter()
    for row, found in (
        (ActRow, _acts(people)),
        (StreakRow, _streaks(people)),
        (StreakWeekRow, _weeks(people)),
        (BadgeRow, _badges()),
        (BadgeAwardRow, _awards(people)),
        (KudosRow, _kudos(people)),
        (ChallengeRow, _challenges()),
        (EntryRow, _entries(people)),
        (SubmissionRow, _submissions(people)),
        (ReviewWorkRow, _works(people)),
        (ReviewRow, _reviews(people)),
    ):
        await _write(database, row, found)
    return time.perf_counter() - began


async def _write(database: Database, row: Any, found: Rows) -> None:
    batch: list[dict[str, Any]] = []
    for each in found:
        batch.append(each)
        if len(batch) == SLICE:
            async with database.begin() as session:
                await session.execute(insert(row.__table__), batch)
            batch = []
    if batch:
        async with database.begin() as session:
            await session.execute(insert(row.__table__), batch)


# ----------------------------------------------------------------------------------------------------------- the pages


def pages(bot: Lyceum) -> Mapping[str, Page]:
    """The lists that grow with members and time, as the commands read them."""
    cogs: dict[str, Any] = dict(bot.cogs)
    t = bot.translations.for_locale("en-US")
    badges, kudos = cogs["BadgesCog"].service, cogs["KudosCog"].service
    challenges, streaks = cogs["ChallengesCog"], cogs["StreaksCog"].service

    def gallery(actor: Actor) -> Awaitable[Any]:
        past = actor.member_id % (GUILDS * WEEKS) // GUILDS * GUILDS + actor.guild_id
        return challenges.results.read(actor.guild_id, past, 1)

    return {
        "history": lambda actor: streaks.why(actor.guild_id, actor.member_id, 1),
        "card": lambda actor: cogs["CardCog"].service.own(actor, t),
        "badges": badges.mine,
        "catalog": badges.catalog,
        "kudos": lambda actor: kudos.wall(actor, "mine", 0),
        "wall": lambda actor: kudos.wall(actor, "all", 3),
        "challenges": challenges.service.mine,
        "reviews": cogs["ReviewsCog"].service.inbox,
        "archive": lambda actor: challenges.results.archive(actor.guild_id),
        "gallery": gallery,
    }


async def measure(variant: str, count: int = COUNT) -> dict[str, float]:
    """Milliseconds of each page, CPU and on the clock."""
    async with _database(variant) as (database, file):
        await upgrade(database)
        filled = await fill(database, count)
        bot = Lyceum(Settings(), database, ring=False)
        for feature in list_features():
            await bot.load_feature(feature)
        await bot.core.configs.load_all()
        found: dict[str, float] = {"acts": count, "filled_s": round(filled, 1)}
        people = list(members(count // EACH))
        for number, (name, page) in enumerate(pages(bot).items()):
            asked = random.Random(number).choices(people, k=READS + 20)
            found |= await _cost(name, [Actor(guild, member) for _, guild, member in asked], page)
        if file is not None:
            found |= _floors(file, random.Random(99).choices(people, k=READS))
        await bot.close()
    return found


async def _cost(name: str, actors: Sequence[Actor], page: Page) -> dict[str, float]:
    for actor in actors[:20]:
        assert await page(actor) is not None
    cpu: list[float] = []
    wall: list[float] = []
    for actor in actors[20:]:
        began, used = time.perf_counter(), time.process_time()
        await page(actor)
        cpu.append(time.process_time() - used)
        wall.append(time.perf_counter() - began)
    return {f"{name}_{what}": value for what, value in (*_of(cpu, "cpu"), *_of(wall, "wall"))}


def _of(seconds: list[float], what: str) -> Iterator[tuple[str, float]]:
    ordered = sorted(each * 1000 for each in seconds)
    yield f"{what}_p50_ms", round(statistics.median(ordered), 2)
    yield f"{what}_p99_ms", round(ordered[math.ceil(len(ordered) * 0.99) - 1], 2)


FLOORS = {
    "history": "SELECT w.* FROM streaks_weeks w JOIN streaks s ON s.id = w.streak_id"
    " WHERE s.guild_id = ? AND s.member_id = ? ORDER BY w.monday DESC LIMIT 6 OFFSET 6",
    "badges": "SELECT a.*, b.* FROM badge_awards a JOIN badges b ON b.id = a.badge_id"
    " WHERE a.guild_id = ? AND a.member_id = ? ORDER BY a.at DESC",
    "kudos": "SELECT * FROM kudos WHERE guild_id = ? AND member_id = ? ORDER BY at DESC LIMIT 10",
    "challenges": "SELECT * FROM challenge_submissions WHERE guild_id = ? AND member_id = ?",
}
GALLERY = "SELECT * FROM challenge_submissions WHERE challenge_id = ?"


def _floors(file: Path, people: Sequence[tuple[int, int, int]]) -> dict[str, float]:
    """The same rows by `sqlite3` itself."""
    found: dict[str, float] = {}
    with sqlite3.connect(file) as connection:
        for name, statement in (*FLOORS.items(), ("gallery", GALLERY)):
            used: list[float] = []
            for number, guild, member in people:
                asked = (1 + number % (GUILDS * WEEKS),) if name == "gallery" else (guild, member)
                began = time.process_time()
                connection.execute(statement, asked).fetchall()
                used.append(time.process_time() - began)
            found |= {f"{name}_floor_{what}": value for what, value in _of(used, "cpu")}
    return found


@asynccontextmanager
async def _database(variant: str) -> AsyncIterator[tuple[Database, Path | None]]:
    if variant == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "lyceum.db"
            database = Database(f"sqlite:///{file}")
            try:
                yield database, file
            finally:
                await database.close()
        return
    from tests.databases import PostgresServer

    server = PostgresServer()
    database = Database(await server.create(migrated=False))
    try:
        yield database, None
    finally:
        await database.close()
        server.stop()


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else "sqlite"
    print(json.dumps(asyncio.run(measure(chosen, int(sys.argv[2]) if len(sys.argv) > 2 else COUNT))))
