"""The configuration file's use cases on both databases: races, retention, and nothing shared between servers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.authority import MANAGE_GUILD, Actor
from bot.config_file import write
from bot.config_parts import Ground
from bot.config_places import Server, ServerRole
from bot.config_reading import Given, Wanted
from bot.config_service import VERSIONS_KEPT, Applied, ConfigService, Proposal
from bot.config_shell_parts import shell_parts
from bot.core import Core
from bot.errors import AlreadyDone, NotAllowed, NotFound
from bot.guild_config import GuildConfig
from bot.setup_pages import COMMUNITY
from storage.audit import AuditRow
from storage.config_versions import ConfigVersionRow
from storage.database import Database
from tests.clocks import FixedClock

FARAH = Actor(1, 10, permissions=MANAGE_GUILD)
OLIVE = Actor(1, 11, is_owner=True)
ELSEWHERE = Actor(2, 10, permissions=MANAGE_GUILD)
ANN = Actor(1, 20)
SERVER = Server("Quay Street", channels={101: "staff"}, roles={201: ServerRole(201, "Facilitator")})


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    return Core.build(database, clock)


@pytest.fixture
def service(core: Core) -> ConfigService:
    return ConfigService(core, lambda: shell_parts(core, [COMMUNITY], lambda: ["en"]))


def zone(name: str) -> bytes:
    return f'format = 1\n[general]\nzone = "{name}"\n'.encode()


async def propose(service: ConfigService, name: str, actor: Actor = FARAH) -> int:
    proposal = await service.propose(actor, SERVER, zone(name), "a.toml")
    assert proposal.id is not None and len(proposal.changes) == 1
    return proposal.id


async def rows(core: Core, table: type[Any]) -> list[Any]:
    async with core.db.read() as session:
        return list(await session.scalars(select(table).order_by(table.id)))


async def both(*calls: Any) -> list[Any]:
    return list(await asyncio.gather(*calls, return_exceptions=True))


def of(results: Iterable[Any], kind: type[Any]) -> list[Any]:
    return [each for each in results if isinstance(each, kind)]


async def test_one_file_applied_twice_at_once_is_applied_once(core: Core, service: ConfigService) -> None:
    row_id = await propose(service, "Europe/Lisbon")
    results = await both(*(service.apply(actor, SERVER, row_id) for actor in (FARAH, OLIVE, FARAH)))
    assert len(of(results, Applied)) == 1 and len(of(results, AlreadyDone)) == 2
    audit = [row.what for row in await rows(core, AuditRow)]
    assert audit == ["changed the set-up", "applied a configuration file, changes: {n}"]


async def test_two_files_at_once_are_one_applied_and_one_shown_anew(service: ConfigService) -> None:
    one, other = await propose(service, "Europe/Lisbon"), await propose(service, "Asia/Tokyo", OLIVE)
    results = await both(service.apply(FARAH, SERVER, one), service.apply(OLIVE, SERVER, other))
    [again] = of(results, Proposal)
    assert len(of(results, Applied)) == 1 and again.is_stale and again.id not in (one, other, None)
    assert isinstance(await service.apply(OLIVE, SERVER, again.id), Applied)


async def test_a_change_by_hand_between_is_shown_first(core: Core, service: ConfigService) -> None:
    row_id = await propose(service, "Europe/Lisbon")
    async with core.db.begin() as session:
        await core.configs.change(session, 1, GuildConfig, by=OLIVE, staff_channel_id=101)
    again = await service.apply(FARAH, SERVER, row_id)
    assert isinstance(again, Proposal) and again.is_stale
    assert (await core.configs.guild(1)).zone == "UTC"
    with pytest.raises(NotFound):
        await service.apply(FARAH, SERVER, row_id)  # the old card


async def test_comments_of_a_file_are_not_kept(core: Core, service: ConfigService) -> None:
    await service.propose(FARAH, SERVER, b"# As Ann wanted it\n" + zone("Europe/Lisbon"), "a.toml")
    [row] = await rows(core, ConfigVersionRow)
    assert "Ann" not in row.text and "Europe/Lisbon" in row.text


async def test_nothing_is_shared_between_servers(core: Core, service: ConfigService) -> None:
    row_id = await propose(service, "Europe/Lisbon")
    with pytest.raises(NotFound):
        await service.apply(ELSEWHERE, SERVER, row_id)
    await service.leave(ELSEWHERE, row_id)
    assert isinstance(await service.apply(FARAH, SERVER, row_id), Applied)
    with pytest.raises(NotFound):
        await service.propose_back(ELSEWHERE, SERVER, row_id)
    assert (await service.overview(ELSEWHERE, SERVER)).versions == ()
    assert (await core.configs.guild(2)).zone == "UTC"


class Cursed:
    """A part whose writing fails when all before it was written."""

    table, title, keys = "cursed", "Cursed", MappingProxyType({"luck": "Luck"})

    async def export(self, ground: Ground) -> Wanted:
        return {"luck": True}

    async def read(self, ground: Ground, given: Given) -> None:
        given.flag("luck")

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        raise IntegrityError("INSERT", None, ValueError("taken"))


async def test_all_of_a_file_is_applied_or_nothing(core: Core) -> None:
    parts = [*shell_parts(core, [COMMUNITY], lambda: ["en"]), Cursed()]
    service = ConfigService(core, lambda: parts)
    file = zone("Europe/Lisbon") + b"[cursed]\nluck = false\n"
    proposal = await service.propose(FARAH, SERVER, file, "a.toml")
    assert proposal.id is not None and len(proposal.changes) == 2
    with pytest.raises(AlreadyDone, match="nothing was applied"):
        await service.apply(FARAH, SERVER, proposal.id)
    assert (await core.configs.guild(1)).zone == "UTC"
    assert await rows(core, AuditRow) == []
    [waiting] = await rows(core, ConfigVersionRow)
    assert waiting.id == proposal.id and waiting.applied_at is None and waiting.before is None


async def test_only_facilitators_may(service: ConfigService) -> None:
    row_id = await propose(service, "Europe/Lisbon")
    for call in (
        service.overview(ANN, SERVER),
        service.propose(ANN, SERVER, zone("UTC"), "a"),
        service.propose_back(ANN, SERVER, row_id),
        service.apply(ANN, SERVER, row_id),
        service.leave(ANN, row_id),
    ):
        with pytest.raises(NotAllowed):
            await call


async def test_what_is_kept_is_bounded(core: Core, service: ConfigService, clock: FixedClock) -> None:
    forgotten = await propose(service, "Africa/Nairobi")
    clock.advance(timedelta(days=8))
    for number in range(VERSIONS_KEPT + 2):
        name = ("Asia/Tokyo", "Europe/Lisbon", "Africa/Nairobi")[number % 3]
        await service.apply(FARAH, SERVER, await propose(service, name))
        clock.advance(timedelta(minutes=1))
    kept = await rows(core, ConfigVersionRow)
    assert len(kept) == VERSIONS_KEPT and forgotten not in [row.id for row in kept]
    assert all(row.applied_at is not None and row.before is not None for row in kept)
    # A roll back of the oldest goes on, though applying it drops what it undoes.
    back = await service.propose_back(FARAH, SERVER, kept[0].id)
    assert back.id is not None
    assert isinstance(await service.apply(FARAH, SERVER, back.id), Applied)
    assert len(await rows(core, ConfigVersionRow)) == VERSIONS_KEPT


async def test_a_waiting_roll_back_outlives_the_version_that_it_undoes(
    core: Core, service: ConfigService
) -> None:
    first = await propose(service, "Asia/Tokyo")
    await service.apply(FARAH, SERVER, first)
    back = await service.propose_back(FARAH, SERVER, first)
    async with core.db.begin() as session:
        await session.delete(await session.get_one(ConfigVersionRow, first))
    assert back.id is not None
    done = await service.apply(FARAH, SERVER, back.id)
    assert isinstance(done, Applied) and done.is_roll_back and (await core.configs.guild(1)).zone == "UTC"


async def test_any_document_of_these_tables_has_an_answer_and_the_export_stays_readable(
    service: ConfigService,
) -> None:
    """Two hundred files of right and wrong values, made from a fixed seed, each applied where it can be."""
    dice = random.Random(1)
    wrong = ['""', "1", "true", "[]", "{}", '"\\u0000x"', "2026-01-01", '{ id = "1" }', '{ name = "nobody" }']
    right = {
        "general.zone": ['"UTC"', '"Europe/Lisbon"', '"tokyo"'],
        "general.language": ['"en"'],
        "general.staff_channel": ['""', '{ id = "101" }', '{ name = "#Staff" }'],
        "general.facilitator_role": ['""', '{ id = "201" }', '{ id = "9", name = "facilitator" }'],
        "general.x": ["1"],
    }
    applied = 0
    for _ in range(200):
        lines = [
            f"{key} = {dice.choice(right[key] * 2 + wrong)}"
            for key in dice.sample(list(right), dice.randint(1, 2))
        ]
        proposal = await service.propose(FARAH, SERVER, "\n".join(["format = 1", *lines]).encode(), "a.toml")
        assert bool(proposal.id) == (bool(proposal.changes) and not proposal.mistakes)
        if proposal.id is not None:
            applied += isinstance(await service.apply(FARAH, SERVER, proposal.id), Applied)
        overview = await service.overview(FARAH, SERVER)
        same = await service.propose(FARAH, SERVER, write(overview.blocks).encode(), "a.toml")
        assert same.changes == () and same.mistakes == ()
    assert applied > 10  # else it would prove little
