"""The use cases of profiles and check-ins on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotAllowed
from bot.profiles import Feedback, Level
from cogs.profiles.service import (
    CHECKIN_JOB,
    CHECKIN_KIND,
    GOAL_SET,
    Me,
    ProfilesService,
    SkillSettings,
    shipped_statements,
)
from storage.acts import ActRow
from storage.audit import AuditRow
from storage.database import Database
from storage.jobs import JobRow
from storage.notifications import NotificationRow
from storage.skills import SkillSettingsRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, CHANNEL = 1, 2, 100
ANN = Actor(GUILD, 11, locale="de")
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
SURE: list[str | None] = ["1", "2", "3", "4", "5"]


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    core = Core.build(database, clock)
    core.configs.register(SkillSettings, SkillSettingsRow)
    core.notifier.register(CHECKIN_KIND)
    return core


@pytest.fixture
def service(core: Core) -> ProfilesService:
    service = ProfilesService(core)
    core.jobs.register(CHECKIN_JOB, service.remind)
    return service


async def save(service: ProfilesService, actor: Actor = ANN, **answers: Any) -> Me:
    empty: dict[str, Any] = {"goal": "", "level": None, "hours": None, "languages": "", "feedback": None}
    return await service.save(actor, **(empty | answers))


async def goals(core: Core) -> list[ActRow]:
    async with core.db.read() as session:
        return list(await session.scalars(select(ActRow).filter_by(kind=GOAL_SET)))


async def test_what_is_left_empty_is_emptied_and_forged_choices_are_none(service: ProfilesService) -> None:
    full = await save(
        service,
        goal=" Tie\na  bowline ",
        level="basics",
        hours="5",
        languages="Deutsch, en",
        feedback="direct",
    )
    profile = full.profile
    assert (profile.goal, profile.level, profile.hours_a_week) == ("Tie a bowline", Level.BASICS, 5)
    assert (profile.languages, profile.feedback) == (("de", "en"), Feedback.DIRECT)
    forged = (await save(service, level="wizard", hours="9999", feedback="none")).profile
    assert (forged.goal, forged.level, forged.hours_a_week, forged.languages, forged.feedback) == (
        None,
        None,
        None,
        (),
        None,
    )


async def test_the_goal_is_an_act_when_it_changes(
    service: ProfilesService, core: Core, clock: FixedClock
) -> None:
    for goal in ("Knots", "Knots", "", "Knots"):
        clock.advance(timedelta(minutes=1))
        await save(service, goal=goal)
    assert [(act.guild_id, act.member_id) for act in await goals(core)] == [(GUILD, ANN.member_id)] * 2


async def test_two_forms_at_once_leave_one_of_them_whole(service: ProfilesService) -> None:
    await asyncio.gather(
        *(save(service, goal=f"Goal {number}", languages=("en", "de")[number % 2]) for number in range(6))
    )
    profile = (await service.get(GUILD, ANN.member_id)).profile
    assert profile.goal is not None
    assert profile.languages == (("en", "de")[int(profile.goal[-1]) % 2],)


async def test_nothing_is_shared_between_communities(service: ProfilesService) -> None:
    await save(service, goal="Knots")
    await service.check_in(GUILD, ANN.member_id, SURE, channel_id=CHANNEL)
    elsewhere = await service.get(OTHER_GUILD, ANN.member_id)
    assert elsewhere.profile.goal is None and elsewhere.checkins == ()


async def test_the_language_of_the_bot_is_chosen_and_taken_back(service: ProfilesService) -> None:
    assert (await service.set_language(ANN, "fr")).reach.language == "fr"
    assert (await service.set_language(ANN, None)).reach.language is None


class TestCheckins:
    async def test_the_first_is_kept_for_ever(self, service: ProfilesService, clock: FixedClock) -> None:
        first = await service.check_in(GUILD, ANN.member_id, SURE, channel_id=CHANNEL)
        with pytest.raises(AlreadyDone):
            await service.check_in(GUILD, ANN.member_id, ["5"] * 5, channel_id=CHANNEL)
        clock.advance(timedelta(weeks=4))
        both = await service.check_in(GUILD, ANN.member_id, ["5"] * 5, channel_id=CHANNEL)
        assert both.checkins[0] == first.checkins[0] and len(both.checkins) == 2

    async def test_many_at_once_are_one(self, service: ProfilesService) -> None:
        results = await asyncio.gather(
            *(service.check_in(GUILD, ANN.member_id, SURE, channel_id=CHANNEL) for _ in range(5)),
            return_exceptions=True,
        )
        assert sum(isinstance(each, Me) for each in results) == 1
        assert sum(isinstance(each, AlreadyDone) for each in results) == 4

    async def test_the_reminder_is_one_job_after_four_weeks_and_one_notification(
        self, service: ProfilesService, core: Core, clock: FixedClock
    ) -> None:
        await service.check_in(GUILD, ANN.member_id, SURE, channel_id=CHANNEL)
        clock.advance(timedelta(weeks=4))
        await core.jobs.run_due()
        async with core.db.read() as session:
            [told] = await session.scalars(select(NotificationRow))
        assert (told.kind, told.delivery, told.channel_id) == ("skills.checkin", "digest", CHANNEL)
        await service.check_in(GUILD, ANN.member_id, SURE, channel_id=CHANNEL)
        async with core.db.read() as session:
            assert len((await session.scalars(select(JobRow).filter_by(name=CHECKIN_JOB))).all()) == 1

    async def test_who_has_answered_before_the_reminder_is_not_reminded(
        self, service: ProfilesService, core: Core, clock: FixedClock
    ) -> None:
        await service.check_in(GUILD, ANN.member_id, SURE, channel_id=CHANNEL)
        clock.advance(timedelta(weeks=4))
        await service.check_in(GUILD, ANN.member_id, SURE, channel_id=CHANNEL)
        await core.jobs.run_due()
        async with core.db.read() as session:
            assert (await session.scalars(select(NotificationRow))).all() == []

    async def test_an_incomplete_form_is_refused(self, service: ProfilesService) -> None:
        with pytest.raises(InvalidInput):
            await service.check_in(GUILD, ANN.member_id, ["1", "2", "3", "4", None], channel_id=None)
        assert (await service.get(GUILD, ANN.member_id)).checkins == ()


class TestStatements:
    async def test_facilitators_choose_them_and_it_is_written_down(
        self, service: ProfilesService, core: Core
    ) -> None:
        shipped = list(shipped_statements())
        changed = await service.set_statements(FARAH, ["Tie a bowline", *shipped[1:]])
        assert changed.statements == ("Tie a bowline", *shipped[1:]) and changed.statement_2 is None
        async with core.db.read() as session:
            [row] = await session.scalars(select(AuditRow))
        assert row.after == {"statement_1": "Tie a bowline"}
        assert (await service.set_statements(FARAH, ["", *shipped[1:]])).statements == tuple(shipped)

    async def test_members_are_refused_and_twins_too(self, service: ProfilesService) -> None:
        with pytest.raises(NotAllowed):
            await service.statements(ANN)
        with pytest.raises(NotAllowed):
            await service.set_statements(ANN, ["x"] * 5)
        with pytest.raises(InvalidInput):
            await service.set_statements(FARAH, ["Same", " same\u200b".replace("s", "S"), "", "", ""])

    async def test_long_or_unseen_text_is_cut_to_what_a_form_shows(self, service: ProfilesService) -> None:
        changed = await service.set_statements(FARAH, ["x" * 4000, "\u202eb", "\u200b", "", ""])
        assert len(changed.statements[0]) == 45 and changed.statements[1] == "b"
        assert changed.statement_3 is None
