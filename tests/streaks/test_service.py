"""The use cases of streaks on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.authority import Actor
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.guild_config import GuildConfig
from bot.notify_rules import UNTIL_I_RETURN
from bot.wrong_clock import heal
from cogs.streaks import absence, model
from cogs.streaks.rules import Hold, Outcome
from cogs.streaks.settling import SLICE
from storage.audit import AuditRow
from storage.database import Database
from storage.jobs import JobRow
from storage.members import change_member
from storage.rituals import RitualSettingsRow
from storage.streaks import StreakRow, StreakWeekRow, list_zones
from tests.shell import Statements
from tests.streaks.conftest import ANN, BEN, FARAH, GUILD, MODE, OTHER_GUILD, WEEK, Bench, bench_over

MONDAY = date(2026, 1, 5)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
COUNTED, HELD, FROZEN, MISSED = Outcome.COUNTED, Outcome.HELD, Outcome.FROZEN, Outcome.MISSED


def mondays(*outcomes: Outcome, first: date = MONDAY) -> list[tuple[date, Outcome]]:
    return [(first + WEEK * number, outcome) for number, outcome in enumerate(outcomes)]


async def weekly(bench: Bench, count: int, actor: Actor = ANN) -> None:
    """An act each week; ends a week after the last."""
    for _ in range(count):
        await bench.act(actor)
        await bench.pass_time(WEEK)


class TestSettling:
    async def test_weeks_are_settled_when_the_grace_is_over_and_not_before(self, bench: Bench) -> None:
        await bench.act()
        await bench.go_to(datetime(2026, 1, 12, 11, 59, tzinfo=UTC))
        assert await bench.outcomes() == []
        await bench.go_to(datetime(2026, 1, 12, 12, tzinfo=UTC))
        assert await bench.outcomes() == mondays(COUNTED)

    async def test_settled_late_after_downtime_they_are_what_they_would_have_been(
        self, database: Database, bench: Bench
    ) -> None:
        """But for the absence itself, which holds weeks. Here the bot is only late with its job."""
        await weekly(bench, 4)
        await bench.act()  # the fifth week
        in_time, now = await bench.outcomes(), bench.clock.now()
        assert in_time == mondays(COUNTED, COUNTED, COUNTED, COUNTED)
        late = bench_over(database, bench.clock)
        bench.clock.advance(3 * WEEK)
        async with database.begin() as session:
            await late.settling.settle(session, [await session.get_one(StreakRow, (await late.row()).id)])
        assert await late.outcomes() == mondays(COUNTED, COUNTED, COUNTED, COUNTED, COUNTED, FROZEN, MISSED)
        assert (await late.row()).settle_at is None and now < bench.clock.now()

    async def test_settling_twice_changes_nothing(self, bench: Bench) -> None:
        await weekly(bench, 3)
        before = await bench.outcomes()
        for _ in range(2):
            async with bench.core.db.begin() as session:
                await bench.settling.settle(
                    session, [await session.get_one(StreakRow, (await bench.row()).id)]
                )
        assert await bench.outcomes() == before

    async def test_a_crash_while_settling_leaves_nothing_half_done(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await bench.act()
        enqueue = bench.core.jobs.enqueue
        calls = 0

        async def dies_at_the_end(*args: object, **options: object) -> int:
            nonlocal calls
            calls += 1
            if calls % 2 == 0:  # before, only the next daily sweep is planned; the weeks are written by now
                raise OSError("the machine is gone")
            return await enqueue(*args, **options)  # type: ignore[arg-type]  # passed on as it came

        monkeypatch.setattr(bench.core.jobs, "enqueue", dies_at_the_end)
        bench.clock.advance(datetime(2026, 1, 12, 12, tzinfo=UTC) - bench.clock.now())
        await bench.core.jobs.run_due()
        assert await bench.outcomes() == [] and calls >= 2
        monkeypatch.undo()
        await bench.pass_time(HOUR)
        assert await bench.outcomes() == mondays(COUNTED)

    async def test_an_act_taken_back_in_time_does_not_count_and_later_the_week_stays(
        self, bench: Bench
    ) -> None:
        act = await bench.act()
        assert (await bench.service.look(GUILD, ANN.member_id)).length == 1
        await bench.retract(act)
        assert (await bench.service.look(GUILD, ANN.member_id)).length == 0
        await bench.pass_time(HOUR)
        act = await bench.act()
        await bench.pass_time(WEEK + DAY)
        await bench.retract(act)
        assert await bench.outcomes() == mondays(COUNTED)

    async def test_what_is_no_contribution_counts_for_nothing(self, bench: Bench) -> None:
        await bench.act(kind="song.hummed")
        assert (await bench.service.look(GUILD, ANN.member_id)).length == 0

    async def test_two_servers_know_nothing_of_each_other(self, bench: Bench) -> None:
        there = Actor(OTHER_GUILD, ANN.member_id)
        await bench.act()
        await bench.act(there)
        await bench.pass_time(WEEK)
        await bench.act(there)
        assert (await bench.service.look(GUILD, ANN.member_id)).length == 1
        assert (await bench.service.look(OTHER_GUILD, ANN.member_id)).length == 2

    async def test_a_slice_is_a_bounded_number_of_statements_however_many_members(self, bench: Bench) -> None:
        members = [Actor(GUILD, 1000 + number) for number in range(120)]
        for member in members:
            await bench.act(member)
        bench.clock.advance(datetime(2026, 1, 12, 12, tzinfo=UTC) - bench.clock.now())
        with Statements(bench.core.db) as statements:
            await bench.work()
        async with bench.core.db.read() as session:
            assert await session.scalar(select(func.count()).select_from(StreakWeekRow)) == len(members)
        # Two runs: the sweep of the day and that of the hour; most are those of any job.
        assert len(statements.seen) < 70

    async def test_more_than_a_slice_goes_on_in_the_next(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert SLICE >= 100
        monkeypatch.setattr("cogs.streaks.settling.SLICE", 7)
        for number in range(23):
            await bench.act(Actor(GUILD, 1000 + number))
        await bench.go_to(datetime(2026, 1, 12, 12, tzinfo=UTC))
        async with bench.core.db.read() as session:
            assert await session.scalar(select(func.count()).select_from(StreakWeekRow)) == 23


class TestHolds:
    async def test_a_pause_holds_each_week_that_it_touches(self, bench: Bench) -> None:
        await bench.act()
        await bench.go_to(datetime(2026, 1, 18, 22, tzinfo=UTC))
        await bench.settings.pause(GUILD, ANN.member_id, UNTIL_I_RETURN)
        await bench.go_to(datetime(2026, 1, 27, 9, tzinfo=UTC))
        await bench.settings.come_back(GUILD, ANN.member_id)
        await bench.go_to(datetime(2026, 2, 10, tzinfo=UTC))
        assert await bench.outcomes() == mondays(COUNTED, HELD, HELD, HELD, MISSED)
        assert {week.hold for week in (await bench.weeks())[1:4]} == {Hold.PAUSE}

    async def test_a_pause_that_began_before_pauses_were_written_down_holds_too(self, bench: Bench) -> None:
        await bench.act()
        async with bench.core.db.begin() as session:
            await change_member(session, GUILD, ANN.member_id, paused_until=bench.clock.now() + 10 * WEEK)
        await bench.pass_time(3 * WEEK)
        assert await bench.outcomes() == mondays(COUNTED, HELD, HELD)

    async def test_while_streaks_are_off_weeks_are_held_and_settled_afterwards(self, bench: Bench) -> None:
        await bench.act()
        await bench.pass_time(WEEK)
        await bench.switch(on=False)
        await bench.pass_time(2 * WEEK)
        assert await bench.outcomes() == mondays(COUNTED)
        await bench.switch(on=True)
        await bench.work()
        assert await bench.outcomes() == mondays(COUNTED, HELD, HELD)
        await bench.pass_time(3 * WEEK)
        assert await bench.outcomes() == mondays(COUNTED, HELD, HELD, HELD, MISSED)
        assert {week.hold for week in (await bench.weeks())[1:4]} == {Hold.OFF}

    async def test_a_planned_rest_is_held_and_can_be_planned_otherwise(self, bench: Bench) -> None:
        await bench.act()
        standing = await bench.service.look(GUILD, ANN.member_id)
        first, second, *_ = (day.isoformat() for day in standing.offered_rests)
        assert first == "2026-01-12"
        await bench.service.plan_rests(ANN, [second])
        await bench.service.plan_rests(ANN, [first])
        await bench.pass_time(3 * WEEK)
        assert await bench.outcomes() == mondays(COUNTED, HELD, MISSED)
        with pytest.raises(InvalidInput):
            await bench.service.plan_rests(ANN, [first])

    async def test_a_week_of_holidays_is_held(self, bench: Bench) -> None:
        days = {f"{MONDAY + WEEK + DAY * number}": "" for number in range(5)}
        async with bench.core.db.begin() as session:
            session.add(RitualSettingsRow(guild_id=GUILD, holidays=days | {"01-17": "", "01-18": "Rest"}))
        await bench.act()
        await bench.pass_time(3 * WEEK)
        assert await bench.outcomes() == mondays(COUNTED, HELD, MISSED)

    async def test_weeks_in_which_the_bot_was_away_are_held(self, bench: Bench) -> None:
        await bench.act()
        await bench.pass_time(2 * DAY)
        bench.clock.advance(3 * WEEK)
        await bench.pass_time(DAY)
        assert await bench.outcomes() == mondays(COUNTED, HELD, HELD)
        assert (await bench.weeks())[1].hold == Hold.AWAY

    async def test_a_clock_that_is_a_year_ahead_for_a_moment_does_no_harm(self, bench: Bench) -> None:
        await bench.act()
        await bench.pass_time(DAY)
        bench.clock.advance(timedelta(days=400))
        await bench.work()
        bench.clock.advance(timedelta(days=-400))
        await heal(bench.core.db, bench.clock)
        await bench.work()
        assert await bench.outcomes() == []
        await bench.pass_time(WEEK)
        await bench.act()
        assert (await bench.service.look(GUILD, ANN.member_id)).length == 2
        async with bench.core.db.begin() as session:
            assert await absence.note(session, bench.clock.now()) is None


class TestZones:
    async def test_a_new_zone_is_followed_from_the_moment_of_the_change(self, bench: Bench) -> None:
        await bench.settings.change(GUILD, ANN.member_id, zone="Europe/Lisbon")
        await bench.act()
        await bench.go_to(datetime(2026, 1, 18, 15, tzinfo=UTC))
        await bench.act()  # it is Monday in Auckland
        await bench.go_to(datetime(2026, 1, 18, 20, tzinfo=UTC))
        await bench.settings.change(GUILD, ANN.member_id, zone="Pacific/Auckland")
        standing = await bench.service.look(GUILD, ANN.member_id)
        assert (standing.length, standing.zone) == (2, "Pacific/Auckland")
        assert standing.week.monday == date(2026, 1, 19) and standing.week.outcome is Outcome.RUNNING
        await bench.pass_time(DAY)
        assert await bench.outcomes() == mondays(COUNTED, COUNTED)

    async def test_the_communitys_zone_holds_for_who_has_told_none(self, bench: Bench) -> None:
        async with bench.core.db.begin() as session:
            await bench.core.configs.change(session, GUILD, GuildConfig, zone="America/New_York")
        await bench.act()
        standing = await bench.service.look(GUILD, ANN.member_id)
        assert standing.ends_at == datetime(2026, 1, 12, 5, tzinfo=UTC) and not standing.is_zone_own
        await bench.pass_time(DAY)
        async with bench.core.db.begin() as session:
            await bench.core.configs.change(session, GUILD, GuildConfig, zone="Pacific/Auckland")
        standing = await bench.service.look(GUILD, ANN.member_id)
        assert standing.ends_at == datetime(2026, 1, 11, 11, tzinfo=UTC)

    async def test_changing_back_and_forth_gives_no_week_and_loses_none(self, bench: Bench) -> None:
        await bench.act()
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago") * 5:
            await bench.pass_time(HOUR)
            await bench.settings.change(GUILD, ANN.member_id, zone=zone)
        assert (await bench.service.look(GUILD, ANN.member_id)).length == 1
        await bench.pass_time(WEEK)
        await bench.act()
        assert (await bench.service.look(GUILD, ANN.member_id)).length == 2

    async def test_only_the_latest_zones_of_who_never_stands_still_are_kept(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storage.streaks.MOST_ZONES", 3)
        await bench.act()
        for zone in ("Europe/Lisbon", "Pacific/Auckland", "Asia/Tokyo", "Europe/Paris", "Asia/Dhaka"):
            await bench.pass_time(HOUR)
            await bench.settings.change(GUILD, ANN.member_id, zone=zone)
        async with bench.core.db.read() as session:
            rows = await list_zones(session, GUILD, [ANN.member_id])
        assert [row.zone for row in rows if row.member_id] == ["Asia/Tokyo", "Europe/Paris", "Asia/Dhaka"]
        assert (await bench.service.look(GUILD, ANN.member_id)).zone == "Asia/Dhaka"


class TestTelling:
    async def test_a_freeze_is_told_once_and_a_new_beginning_never(self, bench: Bench) -> None:
        await weekly(bench, 4)
        await bench.pass_time(5 * WEEK)
        assert [each for _, each in await bench.outcomes()][4:] == [FROZEN, MISSED]
        [told] = await bench.told(model.FREEZE_KIND.name)
        assert told.member_id == ANN.member_id and told.channel_id is None
        async with bench.core.db.read() as session:
            jobs = list(await session.scalars(select(JobRow).filter_by(name=model.TELL_JOB)))
        assert len(jobs) == 1

    async def test_hidden_it_goes_on(self, bench: Bench) -> None:
        await bench.service.hide(ANN, hidden=True)
        await weekly(bench, 2)
        standing = await bench.service.look(GUILD, ANN.member_id)
        assert standing.hidden and standing.length == 2
        assert not (await bench.service.hide(ANN, hidden=False)).hidden

    async def test_why_names_what_was_done_and_pages(self, bench: Bench) -> None:
        await weekly(bench, 9)
        page = await bench.service.why(GUILD, ANN.member_id)
        assert page.number == 0 and page.has_more and len(page.weeks) == 6
        [act] = page.weeks[2].acts
        assert act.done == "Made tea" and act.name and act.name.startswith("tea 2026-")
        last = await bench.service.why(GUILD, ANN.member_id, 99)
        assert last.number == 1 and not last.has_more
        assert last.weeks[-1].monday == MONDAY


class TestRepairs:
    @pytest.fixture
    async def missed(self, bench: Bench) -> Bench:
        """Three weeks, one without anything, then one more."""
        await weekly(bench, 3)
        await bench.pass_time(WEEK)
        await weekly(bench, 1)
        await bench.pass_time(DAY)
        assert await bench.outcomes() == mondays(COUNTED, COUNTED, COUNTED, MISSED, COUNTED)
        return bench

    async def test_a_repaired_week_joins_the_streak_and_is_told_and_written_down(self, missed: Bench) -> None:
        view = await missed.repairs.find(FARAH, ANN.member_id)
        week = MONDAY + 3 * WEEK
        assert view.repairable == (week,) and view.page.standing.length == 1
        view = await missed.repairs.repair(FARAH, view.streak_id, week, "  She held\nthe tea  ")
        assert view.page.standing.length == 5 and view.page.standing.freezes == 1
        assert view.repaired == (week,) and view.repairable == ()
        [told] = await missed.told(model.REPAIR_KIND.name)
        assert told.member_id == ANN.member_id
        async with missed.core.db.read() as session:
            [entry] = await session.scalars(select(AuditRow).filter_by(area=model.AREA))
        assert entry.actor_id == FARAH.member_id and entry.why == "She held the tea"
        assert entry.fields == {"week": week.isoformat(), "member": f"<@{ANN.member_id}>"}

    async def test_two_at_once_repair_it_once(self, missed: Bench) -> None:
        streak_id, week = (await missed.row()).id, MONDAY + 3 * WEEK
        results = await asyncio.gather(
            *(missed.repairs.repair(staff, streak_id, week, "Tea") for staff in (FARAH, MODE)),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in results) == ["AlreadyDone", "StaffView"]
        assert len(await missed.told(model.REPAIR_KIND.name)) == 1

    async def test_a_repair_is_taken_back_once(self, missed: Bench) -> None:
        streak_id, week = (await missed.row()).id, MONDAY + 3 * WEEK
        await missed.repairs.repair(FARAH, streak_id, week, "Tea")
        view = await missed.repairs.take_back(MODE, streak_id, week)
        assert view.page.standing.length == 1 and view.repairable == (week,)
        with pytest.raises(AlreadyDone):
            await missed.repairs.take_back(FARAH, streak_id, week)
        await missed.repairs.repair(FARAH, streak_id, week, "Tea after all")
        assert len(await missed.told(model.REPAIR_KIND.name)) == 2

    async def test_a_week_without_any_streak_can_be_repaired_too(self, bench: Bench) -> None:
        await weekly(bench, 1)
        await bench.pass_time(4 * WEEK)
        streak_id = (await bench.row()).id
        assert (await bench.repairs.find(FARAH, ANN.member_id)).repairable == tuple(
            MONDAY + WEEK * number for number in (4, 3, 2, 1)
        )
        for number, length in ((1, 0), (2, 0), (3, 4)):
            view = await bench.repairs.repair(FARAH, streak_id, MONDAY + WEEK * number, "Away with us")
            assert view.page.standing.length == length
        assert (await bench.outcomes())[-1] == (MONDAY + 4 * WEEK, FROZEN)  # four weeks bring a freeze
        view = await bench.repairs.repair(FARAH, streak_id, MONDAY + 4 * WEEK, "Away with us")
        assert view.page.standing.length == 5
        await bench.act()
        assert (await bench.service.look(GUILD, ANN.member_id)).length == 6

    async def test_who_may_not_and_what_cannot_be(self, missed: Bench) -> None:
        streak_id, week = (await missed.row()).id, MONDAY + 3 * WEEK
        with pytest.raises(NotAllowed):
            await missed.repairs.find(BEN, ANN.member_id)
        with pytest.raises(NotAllowed):
            await missed.repairs.repair(ANN, streak_id, week, "Please")
        with pytest.raises(InvalidInput):
            await missed.repairs.repair(FARAH, streak_id, week, " \n ")
        with pytest.raises(InvalidInput):
            await missed.repairs.repair(FARAH, streak_id, MONDAY, "It counts already")
        with pytest.raises(InvalidInput):
            await missed.repairs.repair(FARAH, streak_id, week + 52 * WEEK, "Some day")
        with pytest.raises(NotFound):
            await missed.repairs.find(FARAH, BEN.member_id)
        elsewhere = Actor(OTHER_GUILD, FARAH.member_id, permissions=FARAH.permissions)
        with pytest.raises(NotFound):
            await missed.repairs.repair(elsewhere, streak_id, week, "Tea")


async def test_somebody_deleted_is_gone_and_begins_anew(bench: Bench) -> None:
    await weekly(bench, 1)
    await bench.pass_time(WEEK)
    await bench.repairs.repair(FARAH, (await bench.row()).id, MONDAY + WEEK, "Tea")
    async with bench.core.db.begin() as session:
        await bench.core.erasure.ask(session, GUILD, ANN.member_id)
    await bench.pass_time(2 * DAY)
    async with bench.core.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(StreakRow)) == 0
        assert await session.scalar(select(func.count()).select_from(StreakWeekRow)) == 0
        [entry] = await session.scalars(select(AuditRow).filter_by(area=model.AREA))
    assert entry.fields["member"] == "<@0>"
    await bench.act()
    assert (await bench.service.look(GUILD, ANN.member_id)).length == 1
