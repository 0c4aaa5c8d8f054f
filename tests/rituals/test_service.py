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
from cogs.rituals.posting import FORGET_JOB, POST_JOB
from cogs.rituals.service import RitualsService
from storage.acts import ActRow
from storage.database import Database
from storage.jobs import JobRow
from storage.outbox import OutboxRow
from storage.rituals import RitualAnswerRow, RitualRow, RitualRunRow, RitualSettingsRow
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
    core.jobs.register(FORGET_JOB, service.posting.forget)
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
        [job] = await session.scalars(select(JobRow).filter_by(name=POST_JOB))
    assert (job.outcome, job.reason) == ("skipped", REASON_REMOVED)
    assert await effects(core) == []


async def test_an_ended_ritual_is_gone_when_nobody_knows_any_more_where_its_cards_stand(
    service: RitualsService, core: Core, clock: FixedClock
) -> None:
    ritual = await add(service)
    await service.remove(FARAH, ritual.id)
    for days, left in ((89, 1), (1, 0)):
        clock.advance(timedelta(days=days))
        await core.jobs.run_due()
        async with core.db.read() as session:
            assert len(list(await session.scalars(select(RitualRow)))) == left


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


class TestAtOnce:
    """What several people, or people and the clock, do at the same moment."""

    async def test_by_hand_and_by_the_clock_never_take_the_same_prompt(
        self, service: RitualsService, core: Core, clock: FixedClock
    ) -> None:
        ritual = await add(service, ritual="weekly-question", weekday=0, time="09:00")
        for text in ("One?", "Two?"):
            await service.prompts.add(FARAH, ritual.id, text)
        clock.advance(timedelta(hours=1))
        await asyncio.gather(
            work(core), service.posting.by_hand(FARAH, ritual.id), work(core), return_exceptions=True
        )
        await work(core)
        async with core.db.read() as session:
            runs = list(await session.scalars(select(RitualRunRow)))
        assert len({run.text for run in runs}) == len(runs) <= 2
        assert "One?" in {run.text for run in runs}

    async def test_many_who_post_by_hand_post_once(self, service: RitualsService, core: Core) -> None:
        ritual = await add(service)
        results = await asyncio.gather(
            *(service.posting.by_hand(FARAH, ritual.id) for _ in range(6)), return_exceptions=True
        )
        assert sum(isinstance(each, AlreadyDone) for each in results) == 5
        assert [each.kind for each in await effects(core)] == ["post", "open_thread"]

    async def test_pausing_changing_and_posting_cross_without_harm(
        self, service: RitualsService, core: Core, clock: FixedClock
    ) -> None:
        ritual = await add(service)
        drafts = [await service.drafts.begin(FARAH, ritual.id) for _ in range(3)]
        for each in drafts:
            await service.drafts.write(FARAH, each.id, {"time": f"{10 + each.id % 3}:00"})
        clock.advance(timedelta(hours=1))
        results = await asyncio.gather(
            work(core),
            service.pause(FARAH, ritual.id),
            *(service.drafts.save(FARAH, each.id) for each in drafts),
            work(core),
            return_exceptions=True,
        )
        unexpected = [
            each for each in results if isinstance(each, BaseException) and not isinstance(each, AlreadyDone)
        ]
        assert unexpected == []
        await work(core)
        assert sum(each.kind == "post" for each in await effects(core)) <= 1

    async def test_one_person_who_answers_six_times_at_once_has_one_answer_and_one_act(
        self, service: RitualsService, core: Core
    ) -> None:
        ritual = await add(service, ritual="friday-wins")
        await service.posting.by_hand(FARAH, ritual.id)
        async with core.db.read() as session:
            run = (await session.scalars(select(RitualRunRow))).one()
        await asyncio.gather(
            *(service.answers.give(MEMBER, run.id, f"{n}", shown=True, message_id=77) for n in range(3)),
            *(service.answers.note(GUILD, 77, MEMBER.member_id) for _ in range(3)),
        )
        async with core.db.read() as session:
            assert len(list(await session.scalars(select(RitualAnswerRow)))) == 1
            assert len(list(await session.scalars(select(ActRow)))) == 1


async def test_other_communities_cannot_answer_or_change_anything(
    service: RitualsService, core: Core
) -> None:
    ritual = await add(service, ritual="weekly-question")
    prompt = await service.prompts.add(FARAH, ritual.id, "One?")
    draft = await service.drafts.begin(FARAH, ritual.id)
    await service.posting.by_hand(FARAH, ritual.id)
    async with core.db.read() as session:
        run = (await session.scalars(select(RitualRunRow))).one()
    for attempt in (
        service.overview(STRANGER, ritual.id),
        service.drafts.begin(STRANGER, ritual.id),
        service.drafts.save(STRANGER, draft.id),
        service.pause(STRANGER, ritual.id),
        service.resume(STRANGER, ritual.id),
        service.posting.by_hand(STRANGER, ritual.id),
        service.posting.preview(STRANGER, ritual.id),
        service.prompts.view(STRANGER, ritual.id),
        service.prompts.get(STRANGER, prompt.id),
        service.prompts.remove(STRANGER, prompt.id),
        service.prompts.suggest(STRANGER, ritual.id, "Two?", credited=True),
        service.answers.own(STRANGER, run.id),
        service.answers.give(STRANGER, run.id, "Hi", shown=True, message_id=None),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_members_may_answer_and_suggest_and_nothing_else(service: RitualsService) -> None:
    ritual = await add(service, ritual="weekly-question")
    prompt = await service.prompts.add(FARAH, ritual.id, "One?")
    for attempt in (
        service.overview(MEMBER, ritual.id),
        service.drafts.begin(MEMBER, ritual.id),
        service.pause(MEMBER, ritual.id),
        service.resume(MEMBER, ritual.id),
        service.posting.by_hand(MEMBER, ritual.id),
        service.holidays.show(MEMBER),
        service.holidays.change(MEMBER, ""),
        service.prompts.view(MEMBER, ritual.id),
        service.prompts.add(MEMBER, ritual.id, "Two?"),
        service.prompts.move(MEMBER, prompt.id, first=True),
        service.prompts.take(MEMBER, prompt.id),
        service.prompts.remove(MEMBER, prompt.id),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    await service.prompts.suggest(MEMBER, ritual.id, "Two?", credited=False)


async def test_what_a_schedule_keeps_of_days_left_out_fits(service: RitualsService, core: Core) -> None:
    """PostgreSQL refuses what is longer than the column."""
    ritual = await add(service)
    days = "\n".join(f"2026-{month:02}-{day:02}" for month in (2, 3) for day in range(1, 29))
    await service.holidays.change(FARAH, days)
    draft = await service.drafts.begin(FARAH, ritual.id)
    own = ",".join(f"2026-{month:02}-{day:02}" for month in (4, 5) for day in range(1, 29))
    await service.drafts.write(FARAH, draft.id, {"left_out": own})
    await service.drafts.save(FARAH, draft.id)
    async with core.db.read() as session:
        [schedule] = await core.schedules.list_of_guild(session, GUILD)
    assert len(schedule.rule.except_dates) == 112
