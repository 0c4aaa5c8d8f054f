"""Hits become cases, few enough to be read whatever happens: on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.cases import CASE, Case, CaseKind, EndedWhy, Snippet, Source
from bot.core import Core
from bot.hits import CASES_A_MINUTE, MOST_KEPT, Hit, Hits, Together, is_flood
from storage import evidence
from storage.database import Database
from tests.clocks import FixedClock

GUILD, OTHER = 1, 2


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    return Core.build(database, clock)


def hit(member_id: int, *, source: Source = Source.FILTER, guild_id: int = GUILD, text: str = "buy!") -> Hit:
    snippet = Snippet(author_id=member_id, text=text)
    return Hit(guild_id=guild_id, member_id=member_id, source=source, reason="Words", snippet=snippet)


async def record(core: Core, *hits: Hit) -> list[Case]:
    async with core.db.begin() as session:
        return await Hits(core.cases, core.clock).record(
            session, hits, lambda n, people: f"{n} hits by {people} people"
        )


async def test_hits_of_one_member_within_ten_minutes_are_one_case_with_a_count(
    core: Core, clock: FixedClock
) -> None:
    [first] = await record(core, hit(12))
    clock.advance(timedelta(minutes=9))
    again = await record(core, hit(12), hit(12))
    assert {each.number for each in again} == {first.number} and again[-1].count == 3
    assert (again[0].kind, again[0].source, again[0].member_id) == (CaseKind.AUTOMOD, Source.FILTER, 12)
    [other] = await record(core, hit(12, source=Source.AUTOMOD))
    [elsewhere] = await record(core, hit(12, guild_id=OTHER))
    assert other.number == 2 and elsewhere.number == 1
    clock.advance(timedelta(minutes=2))
    [later] = await record(core, hit(12))
    assert later.number == 3 and later.count == 1


async def test_a_case_that_was_overturned_counts_no_more(core: Core) -> None:
    [first] = await record(core, hit(12))
    async with core.db.begin() as session:
        await core.cases.end(session, first, EndedWhy.OVERTURNED, by=11)
    [second] = await record(core, hit(12))
    assert second.number == 2


async def test_a_flood_is_few_cases_and_one_that_says_how_many_and_by_how_many(
    core: Core, clock: FixedClock
) -> None:
    for batch in range(4):
        await record(core, *(hit(100 + number, text=f"{batch}") for number in range(20)))
    async with core.db.read() as session:
        cases = [await core.cases.find(session, GUILD, number) for number in range(1, 9)]
        found = [each for each in cases if each is not None]
        [flood] = [each for each in found if is_flood(each)]
        kept = await evidence.list_of(session, CASE, flood.id)
    assert len(found) == CASES_A_MINUTE + 1
    assert sum(each.count for each in found) == 80, "none is lost"
    assert flood.count == 60 and flood.reason == "60 hits by 15 people"
    assert len(kept) == MOST_KEPT
    clock.advance(timedelta(minutes=2))
    [calm] = await record(core, hit(500))
    assert calm.member_id == 500


async def test_two_at_once_open_one_case(core: Core) -> None:
    cases = await asyncio.gather(*(record(core, hit(12)) for _ in range(6)))
    assert {case.number for [case] in cases} == {1}
    assert max(case.count for [case] in cases) == 6


async def test_what_comes_while_something_is_written_goes_together_and_a_bound_holds() -> None:
    batches: list[list[int]] = []
    go_on = asyncio.Event()

    async def write(_guild_id: int, hits: list[Hit]) -> None:
        batch = [each.member_id for each in hits]
        batches.append(batch)
        await go_on.wait()

    together = Together(write, most=4)
    tasks = [asyncio.create_task(together.put(hit(number))) for number in range(8)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    go_on.set()
    done = await asyncio.gather(*tasks)
    assert batches[0] == [0, 1, 2, 3] or batches == [[0], [1, 2, 3, 4]]
    assert len(batches) <= 2 and done.count(False) >= 3


async def test_who_waited_for_a_writing_that_failed_hears_of_it_too() -> None:
    written: list[int] = []
    go_on = asyncio.Event()

    async def write(_guild_id: int, hits: list[Hit]) -> None:
        batch = [each.member_id for each in hits]
        await go_on.wait()
        if 2 in batch:
            raise OSError("the disk is full")
        written.extend(batch)

    together = Together(write)
    tasks = [asyncio.create_task(together.put(hit(number))) for number in range(1, 4)]
    await asyncio.sleep(0)
    go_on.set()
    first, second, third = await asyncio.gather(*tasks, return_exceptions=True)
    assert first is True and written == [1]
    assert isinstance(second, OSError) and isinstance(third, OSError)
    assert await together.put(hit(4)) and written == [1, 4]


async def test_whose_writing_is_cut_off_leaves_nobody_in_the_belief_that_it_was_done() -> None:
    go_on, second_began, never = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def write(_guild_id: int, hits: list[Hit]) -> None:
        batch = [each.member_id for each in hits]
        if 1 in batch:
            await go_on.wait()
        else:
            second_began.set()
            await never.wait()

    together = Together(write)
    first, second, third = [asyncio.create_task(together.put(hit(number))) for number in (1, 2, 3)]
    await asyncio.sleep(0)
    go_on.set()
    await second_began.wait()
    second.cancel()
    assert await first
    with pytest.raises(RuntimeError, match="cut off"):
        await third


async def test_what_fails_for_one_server_is_written_down_for_the_others() -> None:
    written: list[int] = []

    async def write(guild_id: int, hits: list[Hit]) -> None:
        await asyncio.sleep(0)
        if guild_id == GUILD:
            raise OSError("a row of theirs is broken")
        written.extend(each.member_id for each in hits)

    together = Together(write)
    hits = [hit(1), hit(2), hit(3, guild_id=OTHER), hit(4), hit(5, guild_id=OTHER)]
    done = await asyncio.gather(*map(together.put, hits), return_exceptions=True)
    assert written == [3, 5] and [each is True for each in done] == [False, False, True, False, True]
