"""The use cases of onboarding on both databases."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.authority import Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput
from cogs.onboarding.definition import Detector, Place
from cogs.onboarding.model import GOAL_SET, OnboardingSettings
from cogs.onboarding.service import OnboardingService
from storage.acts import ActRow
from storage.outbox import OutboxRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, ANN = 1, 2, 10
WELCOME, INTRODUCTIONS, WINS, ROLE = 101, 102, 103, 104
ME = Actor(GUILD, ANN)
MINUTE = timedelta(minutes=1)


async def choose(core: Core, guild_id: int = GUILD, **changes: Any) -> None:
    async with core.db.begin() as session:
        await core.configs.change(session, guild_id, OnboardingSettings, **changes)


async def planned(core: Core, kind: str | None = None, guild_id: int = GUILD) -> list[OutboxRow]:
    """The effects planned for a community, in order."""
    async with core.db.read() as session:
        rows = await session.scalars(select(OutboxRow).filter_by(guild_id=guild_id).order_by(OutboxRow.id))
        return [row for row in rows if kind is None or row.kind == kind]


async def acts(core: Core, kind: str) -> list[ActRow]:
    async with core.db.read() as session:
        return list(await session.scalars(select(ActRow).filter_by(kind=kind)))


@pytest.fixture
async def ready(core: Core) -> None:
    """Everything is chosen."""
    for guild_id in (GUILD, OTHER_GUILD):
        await choose(
            core,
            guild_id,
            welcome_channel_id=WELCOME,
            introductions_channel_id=INTRODUCTIONS,
            wins_channel_id=WINS,
            finished_role_id=ROLE,
        )


INTRO = frozenset({Place.INTRODUCTIONS.value, str(INTRODUCTIONS)})
GOAL = (Detector.PROFILE, frozenset({""}))
HELLO = (Detector.POST, INTRO)
ANSWER = (Detector.REACTION, INTRO)


async def note_hello(service: OnboardingService, guild_id: int, member_id: int, *, message_id: int) -> None:
    await service.quests.note_message(guild_id, member_id, *HELLO, message_id=message_id)


async def note_answer(service: OnboardingService, guild_id: int, member_id: int, *, message_id: int) -> None:
    await service.quests.note_message(guild_id, member_id, *ANSWER, message_id=message_id)


def waits(
    service: OnboardingService,
    guild_id: int,
    member_id: int,
    what: tuple[Detector, frozenset[str]],
    *,
    at: datetime | None = None,
) -> bool:
    return service.waiting.waits(guild_id, member_id, *what, at=at)


pytestmark = pytest.mark.usefixtures("ready")


async def finish(service: OnboardingService, actor: Actor = ME, *, share: bool = True) -> None:
    number = 1000 + (await service.quests.open(actor)).run
    await service.quests.set_goal(actor, "Knots", share_win=share)
    await note_hello(service, actor.guild_id, actor.member_id, message_id=number)
    await note_answer(service, actor.guild_id, actor.member_id, message_id=number)


async def test_eight_reports_of_one_arrival_at_once_plan_one_greeting(
    service: OnboardingService, core: Core, clock: FixedClock
) -> None:
    await asyncio.gather(
        *(service.arrive(GUILD, ANN, joined_at=clock.now(), pending=False) for _ in range(8))
    )
    [greeting] = await planned(core)
    assert (greeting.channel_id, greeting.member_id) == (WELCOME, ANN)


async def test_where_discord_does_not_say_when_somebody_joined_they_are_greeted_once_a_stay(
    service: OnboardingService, core: Core, clock: FixedClock
) -> None:
    for expected in (1, 2):
        for _ in range(3):
            clock.advance(MINUTE)
            await service.arrive(GUILD, ANN, joined_at=None, pending=False)
        assert len(await planned(core, "post")) == expected
        clock.advance(MINUTE)
        await service.leave(GUILD, ANN)


async def test_two_communities_with_the_same_member_do_not_touch(
    service: OnboardingService, core: Core, clock: FixedClock
) -> None:
    for guild_id in (GUILD, OTHER_GUILD):
        await service.arrive(guild_id, ANN, joined_at=clock.now(), pending=False)
    await finish(service)
    await service.leave(GUILD, ANN)

    other = await service.quests.open(Actor(OTHER_GUILD, ANN))
    assert other.progress.done == 0 and other.goal is None and not other.share_win
    assert [row.kind for row in await planned(core, guild_id=OTHER_GUILD)] == ["post"]
    assert waits(service, OTHER_GUILD, ANN, HELLO)
    assert not waits(service, GUILD, ANN, HELLO)


async def test_all_acts_at_once_tick_every_step_once(service: OnboardingService, core: Core) -> None:
    await service.quests.open(ME)
    await asyncio.gather(
        service.quests.set_goal(ME, "Knots", share_win=True),
        service.quests.set_goal(ME, "Splices", share_win=True),
        *(note_hello(service, GUILD, ANN, message_id=5) for _ in range(3)),
        note_hello(service, GUILD, ANN, message_id=6),
        *(note_answer(service, GUILD, ANN, message_id=5) for _ in range(3)),
    )
    quest = await service.quests.open(ME)
    assert quest.is_finished and quest.progress.done == 3
    assert len(await acts(core, "quest.step.completed")) == 3
    assert len(await acts(core, "quest.completed")) == 1
    assert len(await planned(core, "add_role")) == 1
    assert [row.channel_id for row in await planned(core, "post")].count(WINS) == 1
    assert [row.channel_id for row in await planned(core, "post")].count(INTRODUCTIONS) == 1


async def test_what_follows_names_the_act_that_caused_it(service: OnboardingService, core: Core) -> None:
    await finish(service)
    [completed] = await acts(core, "quest.completed")
    [role] = await planned(core, "add_role")
    assert role.act_id == completed.id
    [answered] = await acts(core, "introduction.answered")
    steps = {act.id: act for act in await acts(core, "quest.step.completed")}
    assert completed.cause_id is not None and steps[completed.cause_id].cause_id == answered.id


async def test_a_failure_on_the_way_leaves_nothing_half_done(
    service: OnboardingService, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> int:
        raise RuntimeError("the disk is full")

    await service.quests.open(ME)
    with monkeypatch.context() as patched:
        patched.setattr(core.outbox, "plan", broken)
        with pytest.raises(RuntimeError):
            await note_hello(service, GUILD, ANN, message_id=5)
    assert await acts(core, "introduction.written") == []
    await note_hello(service, GUILD, ANN, message_id=5)
    assert (await service.quests.open(ME)).progress.done == 1


async def test_who_waits_is_known_again_after_a_restart(service: OnboardingService, core: Core) -> None:
    await service.quests.set_goal(ME, "Knots", share_win=False)
    await finish(service, Actor(GUILD, 11))
    await service.arrive(GUILD, 12, joined_at=core.clock.now(), pending=False)
    await service.leave(GUILD, 12)

    again = OnboardingService(core)
    await again.load()

    assert waits(again, GUILD, ANN, HELLO) and waits(again, GUILD, ANN, ANSWER)
    assert not waits(again, GUILD, ANN, GOAL)
    assert not any(waits(again, GUILD, member, step) for member in (11, 12) for step in (GOAL, HELLO, ANSWER))


async def test_what_was_done_before_the_quest_began_does_not_count(
    service: OnboardingService, clock: FixedClock
) -> None:
    before = clock.now()
    clock.advance(MINUTE)
    await service.quests.open(ME)
    assert not waits(service, GUILD, ANN, HELLO, at=before)
    assert waits(service, GUILD, ANN, HELLO, at=clock.now())


async def test_a_newcomers_hello_counts_from_the_moment_of_joining(
    service: OnboardingService, clock: FixedClock
) -> None:
    joined_at = clock.now()
    clock.advance(5 * MINUTE)
    await service.arrive(GUILD, ANN, joined_at=joined_at, pending=False)
    assert waits(service, GUILD, ANN, HELLO, at=joined_at + MINUTE)


async def test_skipping_a_named_step_twice_skips_it_once(service: OnboardingService) -> None:
    await asyncio.gather(*(service.quests.skip(ME, None, 1) for _ in range(4)))
    quest = await service.quests.open(ME)
    assert quest.progress.next_step == "hello"


async def test_skipping_with_nothing_open_is_refused(service: OnboardingService) -> None:
    for _ in range(3):
        await service.quests.skip(ME)
    with pytest.raises(AlreadyDone):
        await service.quests.skip(ME)


async def test_beginning_anew_from_one_card_several_times_begins_one_run(service: OnboardingService) -> None:
    first = await service.quests.open(ME)
    await asyncio.gather(*(service.quests.restart(ME, first.id, first.run) for _ in range(4)))
    assert (await service.quests.open(ME)).run == first.run + 1


@pytest.mark.parametrize("goal", ["", "  \n ", "\u200b", "\u202e\u2066"], ids=ascii)
async def test_a_goal_that_says_nothing_is_refused_and_nothing_is_written(
    service: OnboardingService, core: Core, goal: str
) -> None:
    with pytest.raises(InvalidInput):
        await service.quests.set_goal(ME, goal, share_win=True)
    assert await acts(core, GOAL_SET) == []


async def test_consent_that_was_not_asked_for_is_left_as_it_was(service: OnboardingService) -> None:
    await service.quests.set_goal(ME, "Knots", share_win=True)
    assert (await service.quests.set_goal(ME, "Splices", share_win=None)).share_win
    assert not (await service.quests.set_goal(ME, "Splices", share_win=False)).share_win


class TestTakingBack:
    """Retracting an act takes back what followed from it."""

    async def retract(self, core: Core, kind: str) -> None:
        [act] = await acts(core, kind)
        async with core.db.begin() as session:
            assert await core.ledger.retract(session, act.id, reason="it was spam")

    async def test_a_taken_back_hello_reopens_the_step_and_the_quest_and_takes_the_role(
        self, service: OnboardingService, core: Core
    ) -> None:
        await service.quests.set_goal(ME, "Knots", share_win=False)
        await note_answer(service, GUILD, ANN, message_id=5)
        await note_hello(service, GUILD, ANN, message_id=6)
        await self.retract(core, "introduction.written")

        quest = await service.quests.find((await service.quests.open(ME)).id)
        assert quest is not None and not quest.is_finished and quest.progress.next_step == "hello"
        assert [row.kind for row in await planned(core) if row.role_id == ROLE] == ["add_role", "remove_role"]

    async def test_finishing_after_that_gives_the_role_again(
        self, service: OnboardingService, core: Core, clock: FixedClock
    ) -> None:
        await finish(service)
        await self.retract(core, "introduction.answered")
        clock.advance(MINUTE)
        await service.quests.open(ME)
        await note_answer(service, GUILD, ANN, message_id=99)
        assert [row.kind for row in await planned(core) if row.role_id == ROLE] == [
            "add_role",
            "remove_role",
            "add_role",
        ]


async def test_the_settings_are_read_from_memory(service: OnboardingService, core: Core) -> None:
    assert (await service.settings(GUILD)).welcome_channel_id == WELCOME
    await choose(core, welcome_channel_id=None)
    assert (await service.settings(GUILD)).welcome_channel_id is None
