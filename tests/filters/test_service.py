"""What becomes of a message that filters act on, and what facilitators may choose: on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, MODERATE_MEMBERS, Actor
from bot.cases import CASE, Case, CaseKind
from bot.core import Core
from bot.errors import InvalidInput, NotAllowed
from bot.features import Feature
from bot.outbox import EffectKind, Ended
from cogs.filters.desk import FilterDesk
from cogs.filters.model import AREA, TOLD_KIND, FilterSettings, Written
from cogs.filters.rules import Filter, Lists, Match
from cogs.filters.service import FilterService, line_of
from storage import evidence
from storage import filters as storage
from storage.database import Database
from storage.filters import FilterSettingsRow
from storage.notifications import NotificationRow
from storage.outbox import OutboxRow
from tests.clocks import FixedClock

GUILD, OTHER, GENERAL, WEEKLY = 1, 2, 101, 102
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
MILO = Actor(GUILD, 11, permissions=MODERATE_MEMBERS)
BEN, CLEO = 12, 13


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    core = Core.build(database, clock)
    core.configs.register(FilterSettings, FilterSettingsRow)
    core.notifier.register(TOLD_KIND, line_of)
    core.features.describe(Feature(AREA, "Filters"))
    return core


@pytest.fixture
def service(core: Core) -> FilterService:
    return FilterService(core)


@pytest.fixture
def desk(core: Core) -> FilterDesk:
    return FilterDesk(core, can_read=True)


def written(
    number: int, *filters: Filter, by: int = BEN, others: tuple[tuple[int, int], ...] = ()
) -> Written:
    return Written(
        guild_id=GUILD,
        member_id=by,
        channel_id=GENERAL,
        message_id=number,
        text="the secret words",
        matches=tuple(Match(each, "something") for each in filters or (Filter.WORDS,)),
        reason="Filter: Words",
        flood=lambda hits, people: f"{hits} by {people}",
        others=others,
    )


async def effects(core: Core, kind: EffectKind) -> list[OutboxRow]:
    async with core.db.read() as session:
        query = select(OutboxRow).filter_by(kind=kind.value).order_by(OutboxRow.id)
        return list(await session.scalars(query))


async def cases_of(core: Core, member_id: int = BEN) -> list[Case]:
    async with core.db.read() as session:
        return await core.cases.list_of_member(session, GUILD, member_id)


async def told(core: Core) -> list[str]:
    async with core.db.read() as session:
        return list(await session.scalars(select(NotificationRow.key)))


async def choose(core: Core, **deeds: str) -> None:
    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, FilterSettings, by=FARAH, **deeds)


async def test_a_deletion_is_a_case_with_evidence_a_request_and_one_line_to_its_author(
    core: Core, service: FilterService
) -> None:
    await choose(core, words="delete")
    for number in (501, 502, 503):
        await service.act(written(number))
    [case] = await cases_of(core)
    assert case.kind is CaseKind.AUTOMOD and case.count == 3 and "secret" not in case.reason
    async with core.db.read() as session:
        kept = await evidence.list_of(session, CASE, case.id)
    assert [each.text for each in kept] == ["the secret words"] * 3
    assert [each.arguments["message_ids"] for each in await effects(core, EffectKind.PURGE)] == [
        [501],
        [502],
        [503],
    ]
    assert await told(core) == [f"filters.told:words:{case.id}:{BEN}"]
    assert await effects(core, EffectKind.TIMEOUT) == []


async def test_a_flag_leaves_the_message_and_its_author_alone(core: Core, service: FilterService) -> None:
    await choose(core, words="flag")
    await service.act(written(501))
    assert len(await cases_of(core)) == 1
    assert await effects(core, EffectKind.PURGE) == [] and await told(core) == []


async def test_a_timeout_has_its_minutes_and_the_most_of_several_filters_is_done(
    core: Core, service: FilterService, clock: FixedClock
) -> None:
    await choose(core, words="flag", look_alikes="timeout 20", domains="delete")
    await service.act(written(501, Filter.WORDS, Filter.DOMAINS, Filter.LOOK_ALIKES))
    [timeout] = await effects(core, EffectKind.TIMEOUT)
    until = clock.now() + timedelta(minutes=20)
    assert timeout.arguments["until"] == until.isoformat() and timeout.member_id == BEN
    [case] = await cases_of(core)
    found = await service.told(GUILD, case.id, "look_alikes")
    assert found is not None and found.timeout_until == until and found.filter is Filter.LOOK_ALIKES
    assert await service.told(OTHER, case.id, "look_alikes") is None
    async with core.db.read() as session:
        assert await storage.count_hits(session, GUILD, clock.now().date()) == {"look_alikes": 1}


async def test_repeats_go_channel_by_channel_and_a_switched_off_filter_does_nothing(
    core: Core, service: FilterService
) -> None:
    await service.act(written(500))
    assert await cases_of(core) == []
    await choose(core, repeats="delete")
    await service.act(written(503, Filter.REPEATS, others=((GENERAL, 501), (WEEKLY, 502))))
    found = {each.channel_id: each.arguments["message_ids"] for each in await effects(core, EffectKind.PURGE)}
    assert found == {GENERAL: [501, 503], WEEKLY: [502]}


async def test_a_flood_takes_few_transactions_and_few_requests(core: Core, service: FilterService) -> None:
    await choose(core, words="delete")
    await asyncio.gather(*(service.act(written(1000 + n, by=100 + n % 40)) for n in range(200)))
    purges = await effects(core, EffectKind.PURGE)
    ids = sorted(each for row in purges for each in row.arguments["message_ids"])
    assert ids == list(range(1000, 1200)), "each exactly once"
    async with core.db.read() as session:
        cases = [await core.cases.find(session, GUILD, number) for number in range(1, 12)]
    assert sum(each.count for each in cases if each is not None) == 200
    assert sum(each is not None for each in cases) <= 7
    assert len(purges) <= 20


async def test_what_discord_refused_stands_on_the_case(core: Core, service: FilterService) -> None:
    await choose(core, words="delete")
    await service.act(written(501))
    [purge], [case] = await effects(core, EffectKind.PURGE), await cases_of(core)
    async with core.db.begin() as session:
        ended = Ended(
            purge.key, EffectKind.PURGE, GUILD, None, purge.arguments, "failed", "no_permission", None, {}
        )
        await service.ended(session, ended)
    [case] = await cases_of(core)
    assert case.state_reason == "no_permission"


async def test_filters_are_compiled_once_and_again_after_each_change(
    service: FilterService, desk: FilterDesk
) -> None:
    with pytest.raises(KeyError):
        service.at_hand(GUILD)
    assert await service.prepare(GUILD) is None
    assert service.at_hand(GUILD) is None
    await desk.choose(FARAH, Filter.WORDS, "delete", "", ())
    await desk.write(FARAH, Lists.WORDS, "cat")
    ready = await service.prepare(GUILD)
    assert ready is not None and ready is service.at_hand(GUILD)
    assert ready.compiled.look("a cat").matches and not ready.compiled.look("a dog").matches
    await desk.write(FARAH, Lists.WORDS, "dog", add=True)
    with pytest.raises(KeyError):
        service.at_hand(GUILD)
    ready = await service.prepare(GUILD)
    assert ready is not None and ready.compiled.look("a dog").matches and ready.compiled.look("a cat").matches


@pytest.mark.parametrize("actor", [MILO, Actor(GUILD, BEN), Actor(OTHER, 10, permissions=MODERATE_MEMBERS)])
async def test_only_facilitators_touch_filters(desk: FilterDesk, actor: Actor) -> None:
    for attempt in (
        desk.show(actor),
        desk.choose(actor, Filter.WORDS, "delete", "", ()),
        desk.entries(actor, Lists.WORDS),
        desk.write(actor, Lists.WORDS, "cat"),
        desk.import_file(actor, Lists.DOMAINS, b"evil.example"),
        desk.leave_alone(actor, channel_id=5),
        desk.test(actor, "cat"),
    ):
        with pytest.raises(NotAllowed):
            await attempt


async def test_lists_are_written_checked_and_kept_apart_by_server(core: Core, desk: FilterDesk) -> None:
    shown = await desk.import_file(FARAH, Lists.DOMAINS, b"evil.example\nXN--E1AFMKFD.example\n")
    assert shown.entries[Lists.DOMAINS] == 2
    assert await desk.entries(FARAH, Lists.DOMAINS) == ("evil.example", "пример.example")
    with pytest.raises(InvalidInput, match="Line 2"):
        await desk.write(FARAH, Lists.PATTERNS, "fine\n(?=x)")
    elsewhere = Actor(OTHER, 10, permissions=MANAGE_GUILD)
    assert await desk.entries(elsewhere, Lists.DOMAINS) == ()
    tested = await desk.test(FARAH, "see https://evil.example and discord.gg/abc")
    assert [(match.filter, match.on) for match, _ in tested.matches] == [
        (Filter.DOMAINS, "evil.example"),
        (Filter.INVITES, "abc"),
    ]
    assert await _tables(core) == 0, "nothing of it is stored"


async def _tables(core: Core) -> int:
    async with core.db.read() as session:
        rows: Sequence[object] = list(await session.scalars(select(storage.FilterDayRow)))
    return len(rows)


async def test_places_and_roles_are_left_alone_and_looked_at_again(desk: FilterDesk) -> None:
    await desk.leave_alone(FARAH, channel_id=5)
    settings = await desk.leave_alone(FARAH, role_id=6)
    assert settings.channels == {5} and settings.roles == {6}
    assert (await desk.leave_alone(FARAH, channel_id=5)).channels == frozenset()


async def test_a_filter_that_takes_one_message_out_leaves_its_repeats_that_are_only_flagged(
    core: Core, service: FilterService
) -> None:
    await choose(core, words="delete", repeats="flag")
    await service.act(written(503, Filter.WORDS, Filter.REPEATS, others=((GENERAL, 501), (GENERAL, 502))))
    assert [each.arguments["message_ids"] for each in await effects(core, EffectKind.PURGE)] == [[503]]
