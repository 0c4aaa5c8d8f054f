"""The case system: numbers without gaps, one case for one cause, an end in time, words that are not kept for ever."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.cases import CASE, REPORT, Case, CaseDraft, CaseKind, EndedWhy, EventKind, Snippet, Source, State
from bot.core import Core
from storage import evidence as evidence_storage
from storage.cases import CaseNoteRow
from storage.database import Database
from storage.personal import NOBODY
from tests.clocks import FixedClock

GUILD, OTHER, BEN, MILO = 1, 2, 14, 12
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DRAFT = CaseDraft(
    guild_id=GUILD, kind=CaseKind.WARN, source=Source.COMMAND, reason="Spam", member_id=BEN, moderator_id=MILO
)


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    return Core.build(database, clock)


async def opened(core: Core, draft: CaseDraft = DRAFT, **changes: Any) -> Case:
    async with core.db.begin() as session:
        return await core.cases.open(session, replace(draft, **changes))


async def present(core: Core, case: Case) -> Case:
    async with core.db.read() as session:
        found = await core.cases.find_by_id(session, case.guild_id, case.id)
    assert found is not None
    return found


async def run(core: Core) -> None:
    while await core.jobs.run_due():
        pass


async def test_numbers_have_no_gaps_also_when_many_come_at_once_and_one_fails(core: Core) -> None:
    async def fail() -> None:
        async with core.db.begin() as session:
            await core.cases.open(session, DRAFT)
            raise RuntimeError("the rest did not come off")

    results = await asyncio.gather(
        *(opened(core) for _ in range(5)), fail(), opened(core, guild_id=OTHER), return_exceptions=True
    )
    cases = [each for each in results if isinstance(each, Case)]
    assert sorted(each.number for each in cases if each.guild_id == GUILD) == [1, 2, 3, 4, 5]
    assert [each.number for each in cases if each.guild_id == OTHER] == [1]


async def test_one_cause_is_one_case_and_is_told_once(core: Core) -> None:
    told: list[int] = []

    async def listen(_session: AsyncSession, case: Case) -> None:
        told.append(case.number)

    core.cases.on_open(listen)
    found = await asyncio.gather(*(opened(core, source_key="audit:9") for _ in range(4)))
    assert {each.number for each in found} == {1} and sum(each.is_new for each in found) == 1
    elsewhere = await opened(core, guild_id=OTHER, source_key="audit:9")
    assert elsewhere.is_new and told == [1, 1]
    core.cases.stop_telling(listen)
    await opened(core)
    assert told == [1, 1]


async def test_what_lasts_ends_at_its_time_once(core: Core, clock: FixedClock) -> None:
    ended: list[Case] = []

    async def listen(_session: AsyncSession, case: Case) -> None:
        ended.append(case)

    core.cases.on_end(listen)
    case = await opened(core, kind=CaseKind.BAN, ends_at=clock.now() + HOUR)
    assert case.holds
    async with core.db.begin() as session:
        case = await core.cases.extend(session, case, clock.now() + DAY, MILO)
    clock.advance(2 * HOUR)
    await run(core)
    assert ended == [] and (await present(core, case)).holds
    clock.advance(DAY)
    await run(core)
    assert [each.ended_why for each in ended] == [EndedWhy.EXPIRED]
    async with core.db.begin() as session:
        assert not await core.cases.end(session, case, EndedWhy.LIFTED, MILO)
    assert len(ended) == 1 and not (await present(core, case)).holds


async def test_an_end_that_cannot_be_undone_in_discord_is_not_written_down(
    core: Core, clock: FixedClock
) -> None:
    async def refuse(_session: AsyncSession, _case: Case) -> None:
        raise RuntimeError("no effect was planned")

    core.cases.on_end(refuse)
    case = await opened(core, kind=CaseKind.LOCK, member_id=0, ends_at=clock.now() + HOUR)
    clock.advance(HOUR)
    await run(core)
    assert (await present(core, case)).holds
    core.cases.stop_telling(refuse)
    clock.advance(HOUR)
    await run(core)
    assert not (await present(core, case)).holds


async def test_what_discord_refused_does_not_hold_and_every_event_counts(core: Core) -> None:
    case = await opened(core, kind=CaseKind.RESTRICT)
    async with core.db.begin() as session:
        await core.cases.add_event(session, case, EventKind.NOTICE_SENT)
        failed = await core.cases.set_state(session, case, State.FAILED, "role_gone")
        assert not failed.holds and failed.version == 2
        assert await core.cases.active_restrictions(session, GUILD, BEN) == []
        assert [each.what for each in await core.cases.list_events(session, case.id)] == [
            EventKind.NOTICE_SENT
        ]


async def test_evidence_of_cases_and_reports_is_emptied_within_the_hour(
    core: Core, clock: FixedClock
) -> None:
    case = await opened(core)
    snippet = Snippet(author_id=BEN, text="Words", attachments=("scan.png",), message_id=5)
    async with core.db.begin() as session:
        await core.cases.evidence.keep(session, GUILD, CASE, case.id, [snippet], keep_for=DAY)
        await core.cases.evidence.keep(session, GUILD, REPORT, case.id, [snippet], keep_for=2 * DAY)

    async def texts() -> list[str | None]:
        async with core.db.read() as session:
            rows = [
                *await evidence_storage.list_of(session, CASE, case.id),
                *await evidence_storage.list_of(session, REPORT, case.id),
            ]
            assert all(row.message_id == 5 and row.author_id == BEN for row in rows)
            assert all(row.attachments == {} for row in rows if row.text is None)
            return [row.text for row in rows]

    changed: list[int] = []

    async def note(_: AsyncSession, each: Case) -> None:
        changed.append(each.id)

    core.cases.on_change(note)
    assert await texts() == ["Words", "Words"]
    clock.advance(DAY + HOUR)
    await run(core)
    assert await texts() == [None, "Words"]
    assert changed == [case.id]  # its card in the log quotes them
    clock.advance(DAY)
    await run(core)
    assert await texts() == [None, None]


async def test_cards_that_quote_somebody_are_drawn_again_when_they_are_deleted(
    core: Core, clock: FixedClock
) -> None:
    quoting, noted = await opened(core, member_id=NOBODY), await opened(core)
    await opened(core, member_id=NOBODY)
    changed: set[int] = set()

    async def note(_: AsyncSession, each: Case) -> None:
        changed.add(each.id)

    core.cases.on_change(note)
    async with core.db.begin() as session:
        snippet = Snippet(author_id=BEN, text="Words")
        await core.cases.evidence.keep(session, GUILD, CASE, quoting.id, [snippet])
        row = {"guild_id": GUILD, "case_id": noted.id, "member_id": BEN, "by_id": MILO, "at": clock.now()}
        session.add(CaseNoteRow(**row, text="He is new"))
        await core.erasure.ask(session, GUILD, BEN)
    clock.advance(DAY)
    await run(core)
    assert changed == {quoting.id, noted.id}
    async with core.db.read() as session:
        assert await evidence_storage.list_of(session, CASE, quoting.id) == []


async def test_another_servers_case_is_not_found_by_its_row(core: Core) -> None:
    case = await opened(core)
    async with core.db.read() as session:
        assert await core.cases.find_by_id(session, OTHER, case.id) is None
        assert await core.cases.find(session, OTHER, case.number) is None
