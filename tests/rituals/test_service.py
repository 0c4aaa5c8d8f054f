"""The use cases of rituals on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.guild_config import GuildConfig
from bot.schedule_runs import REASON_REMOVED
from cogs.rituals.model import Ritual, RitualSettings
from cogs.rituals.posting import POST_JOB
from cogs.rituals.service import RitualsService
from storage.database import Database
from storage.jobs import JobRow
from storage.outbox import OutboxRow
from storage.rituals import RitualSettingsRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, WEEKLY, GENERAL = 1, 2, 101, 102
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
STRANGER = Actor(OTHER_GUILD, 11, permissions=MANAGE_GUILD)
MEMBER = Actor(GUILD, 12)


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    return Core.build(database, clock)


@pytest.fixture
def service(core: Core) -> RitualsService:
    core.configs.register(RitualSettings, RitualSettingsRow)
    service = RitualsService(core)
    core.jobs.register(POST_JOB, service.posting.due)
    return service


async def add(
    service: RitualsService,
    actor: Actor = FARAH,
    *,
    ritual: str = "monday-goals",
    channel: int = WEEKLY,
    weekday: int | None = None,
    time: str | None = None,
) -> Ritual:
    return await service.add(actor, ritual, channel_id=channel, weekday=weekday, typed_time=time)


async def work(core: Core) -> None:
    """What a tick does."""
    await core.schedules.materialise_due()
    await core.jobs.run_due()


async def effects(core: Core) -> list[OutboxRow]:
    async with core.db.read() as session:
        return list(await session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


async def test_a_ritual_begins_with_the_next_time_and_not_with_the_one_that_has_passed(
    service: RitualsService, clock: FixedClock
) -> None:
    assert (await add(service)).next_run_at == datetime(2026, 1, 5, 9, tzinfo=UTC)  # it is 08:00
    clock.advance(timedelta(hours=2))
    assert (await add(service, channel=GENERAL)).next_run_at == datetime(2026, 1, 12, 9, tzinfo=UTC)


async def test_the_communitys_clock_decides(service: RitualsService, core: Core) -> None:
    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, GuildConfig, zone="Asia/Kathmandu")
    ritual = await add(service, weekday=1, time="00:15")
    assert ritual.next_run_at == datetime(2026, 1, 5, 18, 30, tzinfo=UTC)  # 5 h 45 min ahead, so still Monday


async def test_a_due_prompt_is_planned_once_with_its_thread(
    service: RitualsService, core: Core, clock: FixedClock
) -> None:
    await add(service)
    clock.advance(timedelta(hours=1))
    await asyncio.gather(*(work(core) for _ in range(4)))
    prompt, thread = await effects(core)
    assert (prompt.kind, prompt.channel_id, prompt.expires_at) == (
        "post",
        WEEKLY,
        clock.now() + timedelta(hours=12),
    )
    assert (thread.kind, thread.after_key) == ("open_thread", prompt.key)


async def test_the_same_ritual_twice_is_refused_also_when_two_ask_at_once(service: RitualsService) -> None:
    results = await asyncio.gather(*(add(service) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(each, Ritual) for each in results) == 1
    assert sum(isinstance(each, AlreadyDone) for each in results) == 5
    assert len(await service.list_all(FARAH)) == 1


async def test_other_communities_rituals_cannot_be_seen_or_ended(service: RitualsService) -> None:
    ritual = await add(service)
    await add(service, STRANGER)
    assert [each.guild_id for each in await service.list_all(STRANGER)] == [OTHER_GUILD]
    with pytest.raises(NotFound):
        await service.remove(STRANGER, ritual.id)
    assert len(await service.list_all(FARAH)) == 1


async def test_an_ended_ritual_leaves_no_schedule_and_can_be_begun_again(
    service: RitualsService, core: Core, clock: FixedClock
) -> None:
    ritual = await add(service)
    await service.remove(FARAH, ritual.id)
    with pytest.raises(NotFound):
        await service.remove(FARAH, ritual.id)
    await add(service, time="10:00")
    clock.advance(timedelta(hours=1))
    await work(core)
    assert await effects(core) == []


async def test_a_run_whose_ritual_has_gone_is_left_out_with_a_reason(
    service: RitualsService, core: Core, clock: FixedClock
) -> None:
    ritual = await add(service)
    clock.advance(timedelta(hours=1))
    await core.schedules.materialise_due()
    await service.remove(FARAH, ritual.id)
    await core.jobs.run_due()
    async with core.db.read() as session:
        [job] = await session.scalars(select(JobRow))
    assert (job.outcome, job.reason) == ("skipped", REASON_REMOVED)
    assert await effects(core) == []


async def test_members_are_refused_everything(service: RitualsService) -> None:
    ritual = await add(service)
    for attempt in (add(service, MEMBER), service.list_all(MEMBER), service.remove(MEMBER, ritual.id)):
        with pytest.raises(NotAllowed):
            await attempt


async def test_an_unknown_template_or_time_changes_nothing(service: RitualsService) -> None:
    with pytest.raises(NotFound):
        await add(service, ritual="tuesday-naps")
    with pytest.raises(InvalidInput):
        await add(service, time="half past nine")
    assert await service.list_all(FARAH) == ()
