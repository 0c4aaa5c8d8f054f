"""The member's choice, the budget and the digest, as rows that the dispatcher would send. On both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.core import Core
from bot.guild_config import GuildConfig
from bot.notify import DIGEST_RENDERER, Delivery, Kind, Notification
from storage import members
from storage.database import Database
from storage.jobs import JobRow
from storage.notifications import NotificationRow
from storage.outbox import OutboxRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, ANN, BEN, CHANNEL = 1, 2, 11, 12, 100
NEWS = Kind("test.news", "News", "you asked.", "There is news.")
REVIEWS = Kind("test.reviews", "Reviews", "you review.", "A review waits.")


@dataclass
class Bench:
    core: Core
    clock: FixedClock

    async def tell(self, key: str, member: int = ANN, *, guild: int = GUILD, **more: Any) -> Delivery | None:
        values = {"kind": NEWS.name, "channel_id": CHANNEL, "renderer": "test.news"} | more
        async with self.core.db.begin() as session:
            notification = Notification(key=key, guild_id=guild, member_id=member, **values)
            return await self.core.notifier.notify(session, notification)

    async def member(self, member: int = ANN, **changes: Any) -> None:
        async with self.core.db.begin() as session:
            await members.change_member(session, GUILD, member, **changes)

    async def choose(self, delivery: Delivery, kind: Kind = NEWS, member: int = ANN) -> None:
        async with self.core.db.begin() as session:
            await self.core.notifier.choose(session, GUILD, member, kind.name, delivery)

    async def pass_time(self, by: timedelta) -> None:
        self.clock.advance(by)
        while await self.core.jobs.run_due():
            pass

    async def planned(self) -> Sequence[OutboxRow]:
        """What will be sent, by key."""
        async with self.core.db.read() as session:
            query = select(OutboxRow).where(OutboxRow.outcome.is_(None)).order_by(OutboxRow.id)
            return list(await session.scalars(query))

    async def digests(self) -> list[list[str]]:
        """The keys that each planned digest tells."""
        found: list[list[str]] = []
        async with self.core.db.read() as session:
            for row in await self.planned():
                if row.renderer == DIGEST_RENDERER:
                    query = select(NotificationRow.key).filter_by(digest_key=row.arguments["digest_key"])
                    found.append(sorted(await session.scalars(query)))
        return found


@pytest.fixture
def bench(database: Database, clock: FixedClock) -> Bench:
    core = Core.build(database, clock)
    core.notifier.register(NEWS)
    core.notifier.register(REVIEWS)
    return Bench(core, clock)


async def test_a_notification_is_planned_once_however_often_it_is_told(bench: Bench) -> None:
    assert await bench.tell("a") is Delivery.NOW
    assert await bench.tell("a") is None
    [row] = await bench.planned()
    assert (row.kind, row.channel_id, row.member_id, row.not_before) == (
        "post",
        CHANNEL,
        ANN,
        bench.clock.now(),
    )
    assert row.arguments["notification_id"] >= 1


async def test_a_dm_is_sent_only_after_the_member_agreed_to_dms(bench: Bench) -> None:
    await bench.tell("a")
    await bench.member(dm_allowed=True)
    await bench.tell("b")
    async with bench.core.db.begin() as session:
        await bench.core.notifier.fall_back_from_dm(session, GUILD, ANN, "never sent")
    await bench.tell("c")
    assert [(row.key, row.kind) for row in await bench.planned()] == [
        ("a", "post"),
        ("b", "direct_message"),
        ("c", "post"),
    ]


async def test_what_belongs_in_its_channel_is_said_there_even_to_who_allowed_dms(bench: Bench) -> None:
    await bench.member(dm_allowed=True)
    await bench.tell("a", in_channel=True)
    assert [(row.kind, row.channel_id) for row in await bench.planned()] == [("post", CHANNEL)]


async def test_off_is_off(bench: Bench) -> None:
    await bench.choose(Delivery.OFF)
    assert await bench.tell("a") is Delivery.OFF
    await bench.pass_time(timedelta(days=3))
    assert await bench.planned() == []


async def test_what_was_done_about_oneself_cannot_be_switched_off(bench: Bench) -> None:
    done = Kind("test.done", "Done", "it is about you.", "Something was done.", choosable=False)
    bench.core.notifier.register(done)
    assert done not in bench.core.notifier.kinds and NEWS in bench.core.notifier.kinds
    await bench.choose(Delivery.OFF, done)
    assert await bench.tell("a", kind=done.name) is Delivery.NOW
    await bench.member(paused_until=bench.clock.now() + timedelta(hours=1))
    assert await bench.tell("b", kind=done.name) is Delivery.DIGEST
    await bench.pass_time(timedelta(hours=10))  # 18:00
    assert await bench.digests() == [["b"]]


async def test_a_choice_holds_for_its_kind_and_its_member_alone(bench: Bench) -> None:
    await bench.choose(Delivery.OFF)
    assert await bench.tell("a", kind=REVIEWS.name) is Delivery.NOW
    assert await bench.tell("b", BEN) is Delivery.NOW
    assert await bench.tell("c", guild=OTHER_GUILD) is Delivery.NOW


async def test_beyond_the_budget_it_waits_and_is_told_in_one_digest(bench: Bench) -> None:
    told = [await bench.tell(f"n{number}", kind=(NEWS, REVIEWS)[number % 2].name) for number in range(6)]
    assert told == [Delivery.NOW] * 3 + [Delivery.DIGEST] * 3
    assert await bench.digests() == []
    await bench.pass_time(timedelta(hours=10))  # 18:00
    assert await bench.digests() == [["n3", "n4", "n5"]]
    await bench.pass_time(timedelta(days=2))
    assert await bench.digests() == [["n3", "n4", "n5"]]


async def test_the_budget_is_per_day_of_the_member_and_per_server(bench: Bench) -> None:
    await bench.member(zone="Pacific/Auckland")  # 21:00 there
    assert [await bench.tell(f"n{number}") for number in range(4)][-1] is Delivery.DIGEST
    assert await bench.tell("elsewhere", guild=OTHER_GUILD) is Delivery.NOW
    assert await bench.tell("ben", BEN) is Delivery.NOW
    await bench.pass_time(timedelta(hours=3))  # midnight in Auckland, still the same date in UTC
    assert await bench.tell("tomorrow") is Delivery.NOW


async def test_a_guild_that_wants_no_pings_has_only_digests(bench: Bench) -> None:
    async with bench.core.db.begin() as session:
        await bench.core.configs.change(session, GUILD, GuildConfig, daily_ping_budget=0)
    assert await bench.tell("a") is Delivery.DIGEST


async def test_what_is_told_at_once_by_many_never_breaks_the_budget(bench: Bench) -> None:
    told = await asyncio.gather(*(bench.tell(f"n{number}") for number in range(8)))
    assert sorted(str(each) for each in told) == ["digest"] * 5 + ["now"] * 3
    await bench.pass_time(timedelta(hours=10))
    assert [len(each) for each in await bench.digests()] == [5]


async def test_the_same_thing_told_by_many_at_once_is_planned_once(bench: Bench) -> None:
    told = await asyncio.gather(*(bench.tell("same") for _ in range(6)))
    assert sorted(str(each) for each in told) == ["None"] * 5 + ["now"]


async def test_in_quiet_hours_it_waits_for_their_end_and_counts_on_that_day(bench: Bench) -> None:
    await bench.member(quiet_from=7 * 60, quiet_until=9 * 60)
    assert await bench.tell("a") is Delivery.NOW
    [row] = await bench.planned()
    assert row.not_before - bench.clock.now() == timedelta(hours=1)


async def test_what_waits_for_the_end_of_quiet_hours_follows_a_new_choice(bench: Bench) -> None:
    await bench.member(quiet_from=7 * 60, quiet_until=9 * 60)
    await bench.tell("a")
    await bench.tell("b", kind=REVIEWS.name)
    await bench.choose(Delivery.OFF)
    await bench.choose(Delivery.DIGEST, REVIEWS)
    assert await bench.planned() == []
    await bench.pass_time(timedelta(hours=10))
    assert await bench.digests() == [["b"]]


async def test_what_is_being_sent_at_this_moment_is_left_alone(bench: Bench) -> None:
    await bench.tell("a")
    async with bench.core.db.begin() as session:
        row = (await session.scalars(select(OutboxRow))).one()
        row.lease_until, row.attempts = bench.clock.now() + timedelta(seconds=90), 1
    await bench.choose(Delivery.OFF)
    assert [row.key for row in await bench.planned()] == ["a"]


async def test_a_kind_switched_off_later_is_left_out_of_the_digest(bench: Bench) -> None:
    for kind in (NEWS, REVIEWS):
        await bench.choose(Delivery.DIGEST, kind)
        await bench.tell(kind.name, kind=kind.name)
    await bench.choose(Delivery.OFF, NEWS)
    await bench.pass_time(timedelta(hours=10))
    assert await bench.digests() == [[REVIEWS.name]]


async def test_a_pause_begun_after_the_digest_was_planned_puts_it_off(bench: Bench) -> None:
    await bench.choose(Delivery.DIGEST)
    await bench.tell("a")
    await bench.member(paused_until=bench.clock.now() + timedelta(days=2))
    await bench.pass_time(timedelta(hours=10))
    assert await bench.digests() == []
    await bench.pass_time(timedelta(days=2))
    assert await bench.digests() == [["a"]]


async def test_who_moves_west_after_a_digest_still_gets_the_next_one_that_same_date(bench: Bench) -> None:
    await bench.choose(Delivery.DIGEST)
    await bench.member(zone="Pacific/Auckland")
    await bench.tell("a")  # Monday 21:00 there, so Tuesday's digest
    await bench.pass_time(timedelta(hours=22))  # Tuesday 19:00 there, 22:00 of Monday in Los Angeles
    await bench.member(zone="America/Los_Angeles")
    await bench.pass_time(timedelta(hours=12))
    await bench.tell("b")  # Tuesday again
    await bench.pass_time(timedelta(days=1))
    assert await bench.digests() == [["a"], ["b"]]


async def test_without_a_dm_or_a_channel_it_waits_until_there_is_one(bench: Bench) -> None:
    assert await bench.tell("a", channel_id=None) is Delivery.DIGEST
    await bench.pass_time(timedelta(days=1))
    assert await bench.digests() == []
    await bench.member(dm_allowed=True)
    await bench.choose(Delivery.DIGEST)
    await bench.tell("b", channel_id=None)
    await bench.pass_time(timedelta(days=1))
    assert await bench.digests() == [["a", "b"]]


async def test_told_while_its_digest_is_being_made_it_is_in_that_one_or_the_next(bench: Bench) -> None:
    await bench.choose(Delivery.DIGEST)
    await bench.tell("a")
    bench.clock.advance(timedelta(hours=10))
    await asyncio.gather(bench.core.jobs.run_due(), *(bench.tell(f"n{number}") for number in range(4)))
    await bench.pass_time(timedelta(days=1))
    digests = await bench.digests()
    assert sorted(key for digest in digests for key in digest) == ["a", "n0", "n1", "n2", "n3"]


async def test_two_kinds_cannot_share_a_name(bench: Bench) -> None:
    with pytest.raises(ValueError, match=NEWS.name):
        bench.core.notifier.register(NEWS)


async def test_a_rolled_back_use_case_tells_nothing(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError):
        async with bench.core.db.begin() as session:
            notification = Notification(
                kind=NEWS.name, key="a", guild_id=GUILD, member_id=ANN, renderer="x", channel_id=CHANNEL
            )
            await bench.core.notifier.notify(session, notification)
            raise ZeroDivisionError
    async with bench.core.db.read() as session:
        assert (await session.scalars(select(JobRow))).all() == []
    assert await bench.planned() == []
    assert await bench.tell("a") is Delivery.NOW
