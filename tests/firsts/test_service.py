"""First contributions on both databases: recorded once, told once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from bot.acts import Act, Contribution, RecordedAct
from bot.authority import Actor
from bot.core import Core
from bot.notification_settings import NotificationSettings
from bot.notify_rules import UNTIL_I_RETURN
from bot.outbox import EffectKind
from cogs.firsts.service import FIRST, FIRST_KIND, FirstsService
from storage.acts import ActRow
from storage.database import Database
from storage.notifications import NotificationRow
from storage.outbox import OutboxRow
from tests.clocks import FixedClock

GUILD = 1
ANN = Actor(GUILD, 20)
TEA = Contribution("tea.made", "tea", done="Made tea", first="Your first tea!")
CAKE = Contribution("cake.baked", "cake", done="Baked a cake", first="Your first cake!")
SONG = Contribution("song.sung", "song", done="Sang")


@dataclass
class Bench:
    """A ledger that knows three contributions."""

    core: Core
    service: FirstsService

    async def act(self, kind: str, subject: str, *, then_die: bool = False) -> RecordedAct | None:
        async with self.core.db.begin() as session:
            act = await self.core.ledger.record(session, Act(kind, GUILD, ANN.member_id, subject))
            if then_die:
                raise OSError("the machine is gone")
        return act

    async def retract(self, act: RecordedAct | None) -> None:
        assert act is not None
        async with self.core.db.begin() as session:
            await self.core.ledger.retract(session, act.id, reason="taken back")

    async def firsts(self) -> list[tuple[str, int | None]]:
        """Those that stand: kind, and the act on which it rests."""
        async with self.core.db.read() as session:
            rows = await session.scalars(select(ActRow).filter_by(kind=FIRST, retracted_at=None))
            return [(row.subject, row.cause_id) for row in rows]

    async def told(self) -> list[str]:
        async with self.core.db.read() as session:
            rows = await session.scalars(select(NotificationRow).filter_by(kind=FIRST_KIND.name))
            return [self.core.notifier.line_of(row.kind, row.key) or "" for row in rows]


@pytest.fixture
def bench(database: Database, clock: FixedClock) -> Bench:
    core = Core.build(database, clock)
    service = FirstsService(core)
    core.ledger.contribute(TEA, CAKE, SONG)
    core.ledger.react_to_contributions(service.note, undo=service.note_undone)
    core.notifier.register(FIRST_KIND, service.line_of)
    return Bench(core, service)


async def test_the_first_of_each_kind_is_told_and_no_other(bench: Bench) -> None:
    tea = await bench.act("tea.made", "1")
    await bench.act("tea.made", "2")
    cake = await bench.act("cake.baked", "1")
    await bench.act("song.sung", "1")
    assert tea is not None and cake is not None
    assert await bench.firsts() == [("tea.made", tea.id), ("cake.baked", cake.id)]
    assert await bench.told() == ["Your first tea!", "Your first cake!"]


async def test_taken_back_and_done_again_it_is_recorded_again_and_not_told_again(bench: Bench) -> None:
    await bench.retract(await bench.act("tea.made", "1"))
    assert await bench.firsts() == []
    again = await bench.act("tea.made", "1")
    other = await bench.act("tea.made", "2")
    assert again is not None and await bench.firsts() == [("tea.made", again.id)]
    await bench.retract(again)
    assert other is not None and await bench.firsts() == [("tea.made", other.id)]
    assert await bench.told() == ["Your first tea!"]


async def test_what_was_done_before_anybody_looked_is_recorded_and_not_told(bench: Bench) -> None:
    bench.core.ledger.forget(bench.service.note)
    before = await bench.act("tea.made", "1")
    bench.core.ledger.react_to_contributions(bench.service.note)
    await bench.act("tea.made", "2")
    assert before is not None and await bench.firsts() == [("tea.made", before.id)]
    assert await bench.told() == []


async def test_a_crash_leaves_neither_act_nor_word(bench: Bench) -> None:
    with pytest.raises(OSError, match="gone"):
        await bench.act("tea.made", "1", then_die=True)
    assert await bench.firsts() == [] and await bench.told() == []
    await bench.act("tea.made", "1")
    assert await bench.told() == ["Your first tea!"]


async def test_two_at_once_have_one_first(bench: Bench) -> None:
    await asyncio.gather(*(bench.act("tea.made", str(number)) for number in range(5)))
    assert len(await bench.firsts()) == 1 and len(await bench.told()) == 1


async def test_it_is_never_said_in_a_channel(bench: Bench) -> None:
    await bench.act("tea.made", "1")
    settings = NotificationSettings(bench.core)
    await settings.change(GUILD, ANN.member_id, dm_allowed=True)
    await bench.act("cake.baked", "1")
    async with bench.core.db.read() as session:
        effects = list(await session.scalars(select(OutboxRow)))
    assert [(each.kind, each.channel_id) for each in effects] == [(EffectKind.DIRECT_MESSAGE, None)]


async def test_during_a_pause_it_waits(bench: Bench) -> None:
    settings = NotificationSettings(bench.core)
    await settings.pause(GUILD, ANN.member_id, UNTIL_I_RETURN)
    await bench.act("tea.made", "1")
    async with bench.core.db.begin() as session:
        assert await bench.core.notifier.take_asides(session, GUILD, ANN.member_id) is None
    await settings.come_back(GUILD, ANN.member_id)
    async with bench.core.db.begin() as session:
        lines = await bench.core.notifier.take_asides(session, GUILD, ANN.member_id)
        assert lines == ["Your first tea!"]
        assert await bench.core.notifier.take_asides(session, GUILD, ANN.member_id) == []
