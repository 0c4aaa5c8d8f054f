"""What facilitators see and do for people in quests, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.acts import Act
from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import AlreadyDone, NotAllowed, NotFound
from bot.profiles import Level
from cogs.onboarding.definition import Detector
from cogs.onboarding.service import OnboardingService
from storage.acts import ActRow
from storage.audit import AuditRow
from storage.onboarding import QuestRow
from tests.clocks import FixedClock

GUILD = 1
ME = Actor(GUILD, 10)
FARAH = Actor(GUILD, 20, permissions=MANAGE_GUILD)
ELSEWHERE = Actor(2, 20, permissions=MANAGE_GUILD)
MINUTE = timedelta(minutes=1)


async def test_who_is_where_since_when_and_who_is_stuck(
    service: OnboardingService, clock: FixedClock
) -> None:
    began = clock.now()
    await service.quests.open(ME)
    clock.advance(timedelta(hours=47))
    bo = Actor(GUILD, 11)
    await service.quests.set_goal(bo, "Knots")  # no channel is chosen, so that finishes the quest
    cy = Actor(GUILD, 12)
    await service.quests.open(cy)
    clock.advance(timedelta(hours=2))
    ann, third = await service.desk.list_people(FARAH)
    assert (ann.quest.member_id, ann.step, ann.since, ann.is_stuck) == (10, "goal", began, True)
    assert (third.quest.member_id, third.is_stuck) == (12, False)
    assert [each.quest.member_id for each in (await service.desk.page(FARAH, only_stuck=True)).people] == [10]
    assert list(await service.desk.list_people(ELSEWHERE)) == []
    await service.arrive(GUILD, 10, joined_at=clock.now(), pending=False)
    await service.leave(GUILD, 10)
    assert [each.quest.member_id for each in await service.desk.list_people(FARAH)] == [12]


async def test_a_step_ticked_by_hand_is_an_act_is_audited_and_names_who_did_it(
    service: OnboardingService, core: Core
) -> None:
    quest = await service.quests.open(ME)
    done = await service.desk.tick(FARAH, quest.id, 1, why="She told me")
    assert done.is_finished and done.progress.done == 1
    with pytest.raises(AlreadyDone):
        await service.desk.tick(FARAH, quest.id, 1)
    async with core.db.read() as session:
        [row] = await session.scalars(select(AuditRow))
        [confirmed] = await session.scalars(select(ActRow).filter_by(kind="quest.step.confirmed"))
        [step] = await session.scalars(select(ActRow).filter_by(kind="quest.step.completed"))
        [stored] = await session.scalars(select(QuestRow))
    assert (row.actor_id, row.area, row.why) == (20, "quests", "She told me")
    assert step.cause_id == confirmed.id and stored.steps[0].marked_by == 20


async def test_looking_after_somebody_ends_the_reminders(service: OnboardingService, core: Core) -> None:
    quest = await service.quests.open(ME)
    for _ in range(2):
        assert (await service.desk.take_over(FARAH, quest.id)).helper_id == 20
    async with core.db.read() as session:
        [stored] = await session.scalars(select(QuestRow))
        assert len(list(await session.scalars(select(AuditRow)))) == 1
    assert stored.nudged_run == stored.run


async def test_only_facilitators_and_only_in_their_own_community(service: OnboardingService) -> None:
    quest = await service.quests.open(ME)
    desk = service.desk
    for refused in (
        desk.list_people(ME),
        desk.page(ME),
        desk.tick(ME, quest.id, 1),
        desk.take_over(ME, quest.id),
        desk.preview(ME, "first"),
        desk.funnel(ME),
        service.nudges.set_wait(ME, 5),
    ):
        with pytest.raises(NotAllowed):
            await refused
    for stranger in (desk.tick(ELSEWHERE, quest.id, 1), desk.take_over(ELSEWHERE, quest.id)):
        with pytest.raises(NotFound):
            await stranger


async def test_a_preview_shows_the_draft_and_records_nothing(service: OnboardingService, core: Core) -> None:
    await service.editor.add_step(FARAH, "first", Detector.READ, "Read", body="x")
    shown = await service.desk.preview(FARAH, "first", level=Level.MENTOR, done=["goal"])
    assert list(shown.progress.states) == ["goal", "hello", "answer", "offer", "step-5"]
    assert shown.progress.done == 1 and shown.next_step is not None and shown.next_step.key == "offer"
    async with core.db.read() as session:
        assert (
            list(await session.scalars(select(QuestRow))) == list(await session.scalars(select(ActRow))) == []
        )


class TestFunnel:
    async def test_stages_medians_and_small_cells(
        self, service: OnboardingService, core: Core, clock: FixedClock
    ) -> None:
        people = range(100, 112)
        for member in people:
            await service.arrive(GUILD, member, joined_at=clock.now(), pending=member >= 110)
        await service.quests.open(Actor(GUILD, 50))  # was here before: no newcomer
        for number, member in enumerate(range(100, 107)):
            clock.advance(MINUTE)
            await service.quests.open(Actor(GUILD, member))
            if number < 6:
                await service.quests.set_goal(Actor(GUILD, member), "Knots")
        for member in range(100, 104):
            async with core.db.begin() as session:
                await core.ledger.record(session, Act("challenge.submitted", GUILD, member, "1"))
        stages = {each.name: (each.people, each.minutes) for each in await service.desk.funnel(FARAH)}
        assert stages["joined"] == (12, 0) and stages["screened"] == (10, 0)
        assert stages["started"] == (7, 4)
        assert stages["step:goal"] == stages["finished"] == (6, 4)
        assert stages["step:hello"] == stages["contributed"] == (None, None), "four are too few to be shown"
        assert [*stages][:2] == ["joined", "screened"] and [*stages][-1] == "contributed"
        later = await service.desk.funnel(FARAH, since=clock.now())
        assert all(each.people is None for each in later)


async def test_two_communities_share_nothing(service: OnboardingService) -> None:
    await service.quests.set_goal(ME, "Knots")
    other = await service.quests.open(Actor(2, 10))
    assert other.goal is None and other.progress.done == 0
    with pytest.raises(NotFound):
        await service.quests.open(ME, other.id)
