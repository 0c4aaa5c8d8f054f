"""/manage jobs: what runs when, what became of each run, and mending what failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from bot import nominal_times
from bot.authority import Actor
from bot.card_views import to_view
from bot.cards import Text
from bot.core import Core
from bot.errors import AlreadyDone
from bot.i18n import Translations
from bot.manage_jobs import Overview, Retried, Run, TimedWorkService, overview_card
from bot.outbox import Effect, EffectKind
from bot.schedules import CatchUp, NewSchedule, Schedule
from bot.staff_notices import RETRY_CONTROL
from bot.text import V2_COMPONENTS, V2_TEXT_LIMIT
from sandbox.faults import CREATE_MESSAGE
from sandbox.furnish import add_monday_goals, set_up
from sandbox.seen import Answer, Seen
from storage.database import Database
from storage.outbox import OutboxRow
from tests.clocks import FixedClock
from tests.shell import LyceumWorld, lyceum_world

WEEK = timedelta(weeks=1)
MONDAY_9 = timedelta(days=5, minutes=1)  # from Wednesday 09:00


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    async with lyceum_world(sqlite_database) as opened:
        await set_up(opened)
        yield opened
        opened.check_interactions()


async def jobs(world: LyceumWorld) -> Answer:
    return await world.slash(world.facilitator, world.staff, "manage jobs")


def runs(answer: Answer) -> list[str]:
    return [line for line in answer.text.split("**Latest runs**")[-1].splitlines() if line.startswith("- ")]


def retry_notice(world: LyceumWorld) -> Seen:
    return next(seen for seen in reversed(world.posted(world.staff)) if "Mended: try again" in seen.labels)


async def test_without_schedules_it_says_how_to_begin(world: LyceumWorld) -> None:
    answer = await jobs(world)
    assert "/manage rituals add" in answer.text and answer.ephemeral


async def test_each_run_is_shown_with_what_became_of_it(world: LyceumWorld) -> None:
    await add_monday_goals(world)
    await world.advance(MONDAY_9)
    assert runs(await jobs(world)) == ["- Monday goals, 2026-01-12 09:00: sent"]
    async with world.while_down():
        await world.advance(WEEK + timedelta(days=3))
    assert runs(await jobs(world))[0].startswith("- Monday goals, 2026-01-19 09:00: left out: ")
    hold = world.faults.hold(*CREATE_MESSAGE)
    await world.advance_to(datetime.fromisoformat("2026-01-26T09:00:30+00:00"))
    assert runs(await jobs(world))[0] == "- Monday goals, 2026-01-26 09:00: on its way"
    hold.release()
    await world.settle()
    assert runs(await jobs(world))[0] == "- Monday goals, 2026-01-26 09:00: sent"


async def test_what_failed_is_named_and_trying_again_after_mending_sends_it_with_its_thread(
    world: LyceumWorld,
) -> None:
    await add_monday_goals(world)
    path = f"/channels/{world.weekly.id}/messages"
    world.faults.forbidden("POST", path)
    await world.advance(MONDAY_9)
    answer = await jobs(world)
    assert "failed: I lack a permission for it in its channel" in runs(answer)[0]
    assert [button.label for button in answer.buttons] == ["Mended: try again"]
    told = await world.press(world.facilitator, answer, "Mended: try again")
    assert "Trying again, 1 thing" in told.text
    [prompt] = world.posted(world.weekly)
    assert "A new week" in prompt.text
    assert [request.applied for request in world.faults.requests("POST", f"{path}/{prompt.id}/threads")] == [
        True
    ]
    answer = await jobs(world)
    assert runs(answer) == ["- Monday goals, 2026-01-12 09:00: sent"] and answer.buttons == []


async def test_two_who_press_at_once_send_it_once(world: LyceumWorld) -> None:
    await add_monday_goals(world)
    world.faults.forbidden("POST", f"/channels/{world.weekly.id}/messages")
    await world.advance(MONDAY_9)
    notice = retry_notice(world)
    answers = await world.at_once(
        world.press(world.facilitator, notice, RETRY_CONTROL),
        world.press(world.people["Olive"], notice, RETRY_CONTROL),
    )
    assert sorted(answer.text[:11] for answer in answers) == ["That has be", "Trying agai"]
    assert len(world.posted(world.weekly)) == 1
    later = await world.press(world.facilitator, notice, RETRY_CONTROL)
    assert later.text.startswith("That has been dealt with") and len(world.posted(world.weekly)) == 1


async def test_what_is_too_late_is_not_promised_to_be_sent(world: LyceumWorld) -> None:
    await add_monday_goals(world)
    world.faults.forbidden("POST", f"/channels/{world.weekly.id}/messages")
    await world.advance(MONDAY_9)
    await world.advance(timedelta(days=4))
    told = await world.press(world.facilitator, retry_notice(world), RETRY_CONTROL)
    assert told.text == "1 thing is left out: its time has passed."
    await world.advance(timedelta(hours=1))
    assert world.posted(world.weekly) == []
    answer = await jobs(world)
    assert "left out: it was mended after its time had passed" in runs(answer)[0] and answer.buttons == []


async def test_a_held_schedule_goes_on_by_its_button_and_a_second_press_is_told_so(
    world: LyceumWorld,
) -> None:
    await add_monday_goals(world)
    async with world.while_down():
        await world.advance(7 * WEEK)
    answer = await jobs(world)
    assert "waiting for you" in answer.text and world.posted(world.weekly) == []
    answers = await world.at_once(
        world.press(world.facilitator, answer, "Go on from now"),
        world.press(world.people["Olive"], world.posted(world.staff)[-1], "Go on from now"),
    )
    assert sorted(each.text.split(".")[0].split(" Next")[0] for each in answers) == [
        "It goes on",
        "That schedule is running already",
    ]
    await world.advance(WEEK)
    assert len(world.posted(world.weekly)) == 1


T = Translations().for_locale("en")
RULE = nominal_times.weekly([0], time(9), date(2026, 1, 1))
NOMINAL = datetime.fromisoformat("2026-01-01T09:00")
PLAIN = Schedule(1, 1, "x.y", "1", {"title": "A title"}, RULE, "UTC", None, paused=False, held=False)


@pytest.mark.parametrize(
    ("schedules", "held", "failures"), [(0, 0, 0), (1, 1, 1), (300, 0, 0), (300, 40, 40), (40, 40, 0)]
)
@pytest.mark.parametrize("title", ["Short", "Very long " * 40])
async def test_long_lists_are_cut_between_lines_and_say_how_much_more_there_is(
    world: LyceumWorld, title: str, schedules: int, held: int, failures: int
) -> None:
    many = tuple(
        replace(PLAIN, id=number, payload={"title": title}, held=number < held) for number in range(schedules)
    )
    facts = {
        "code": "no_access",
        "kind": "post",
        "renderer": None,
        "channel_id": 5,
        "member_id": None,
        "role_id": None,
    }
    overview = Overview(
        many,
        tuple(Run(title, NOMINAL, "failed", "r" * 300) for _ in range(10)),
        tuple(facts | {"row_id": number} for number in range(failures)),
    )
    card = overview_card(overview, world.bot.renderers, T)
    view = to_view(card)
    shown = [item.content for item in card.items if isinstance(item, Text)]
    assert view.total_children_count <= V2_COMPONENTS and view.content_length() <= V2_TEXT_LIMIT
    assert sum(map(len, shown)) <= V2_TEXT_LIMIT
    listed = [line for line in shown[0].splitlines() if line.startswith("- ")]
    assert all(": " in line for line in listed)
    if len(listed) < schedules:
        assert shown[0].splitlines()[-1] == f"… and {schedules - len(listed)} more"


async def test_one_server_sees_and_touches_nothing_of_another(world: LyceumWorld) -> None:
    core = world.bot.core

    async def add() -> int:
        async with core.db.begin() as session:
            new = NewSchedule(
                guild_id=4711,
                job_name="x",
                subject="s",
                rule=RULE,
                zone="UTC",
                catch_up=CatchUp.SKIP,
                payload={"title": "Theirs"},
            )
            return (await core.schedules.add(session, new)).id

    await world.in_bot(add)
    assert "Theirs" not in (await jobs(world)).text


async def test_of_two_who_try_again_at_the_same_moment_one_is_told_that_it_is_dealt_with(
    database: Database, clock: FixedClock
) -> None:
    core = Core.build(database, clock)
    async with database.begin() as session:
        effect = Effect(kind=EffectKind.POST, key="a", guild_id=1, channel_id=5, renderer="x")
        await core.outbox.plan(session, effect)
        row = (await session.scalars(select(OutboxRow))).one()
        row.outcome, row.reason, row.finished_at = "failed", "no_access", clock.now()
    service, owner = TimedWorkService(core), Actor(1, 2, is_owner=True)
    results = await asyncio.gather(*(service.retry(owner, row.id) for _ in range(4)), return_exceptions=True)
    assert [each for each in results if not isinstance(each, AlreadyDone)] == [Retried(1, 0)]
    with pytest.raises(AlreadyDone):
        await service.retry(Actor(99, 2, is_owner=True), row.id)
