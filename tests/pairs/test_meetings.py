"""What becomes of pairs, on both databases."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from bot.authority import Actor
from bot.errors import AlreadyDone, NotAllowed, NotFound
from cogs.pairs.model import (
    ASK_KIND,
    MET,
)
from cogs.pairs.rules import Outcome
from storage.acts import ActRow
from storage.footprint import erase
from storage.notifications import NotificationRow
from storage.outbox import OutboxRow
from storage.pairs import (
    PairGroupRow,
    PairMemberRow,
    PairPersonRow,
    PairPoolRow,
)
from tests.clocks import FixedClock
from tests.pairs.stand import DAY, FARAH, GUILD, OTHER_GUILD, Stand, actor, acts, count

# ---------------------------------------------------------------------------------------------- how it went


async def test_meeting_is_recognised_once_for_each_who_took_part(stand: Stand) -> None:
    await stand.join(12, 13)
    await stand.hold()
    group = await stand.group_of(12)
    await asyncio.gather(*(stand.meetings.say(actor(12), group, Outcome.MET) for _ in range(4)))
    assert await acts(stand.core) == {12, 13} and await count(stand.core, ActRow, kind=MET) == 2
    found = await stand.meetings.say(actor(13), group, Outcome.NOT)
    assert found.outcome is Outcome.PARTLY and await acts(stand.core) == {12}
    await stand.meetings.say(actor(13), group, Outcome.MET)
    assert await acts(stand.core) == {12, 13}
    with pytest.raises(NotAllowed):
        await stand.meetings.say(actor(14), group, Outcome.MET)
    with pytest.raises(NotFound):
        await stand.meetings.say(Actor(OTHER_GUILD, 12), group, Outcome.MET)


async def test_of_many_who_want_another_pair_each_gets_one(stand: Stand) -> None:
    members = range(12, 20)
    await stand.join(*members)
    await stand.hold()
    first = [members for _, members in await stand.groups()]
    wishes = [stand.meetings.ask_for_another(actor(a), await stand.group_of(a)) for a, _ in first]
    await asyncio.gather(*wishes)
    second = [members for _, members in await stand.groups()][4:]
    assert sorted(each for pair in second for each in pair) == sorted(a for a, _ in first)
    assert await count(stand.core, PairPoolRow) == 0


async def test_a_second_pair_is_never_with_whom_one_avoids_or_met(stand: Stand) -> None:
    await stand.join(12, 13, 14, 15)
    await stand.hold()
    a = 12
    b = next(each for _, members in await stand.groups() if a not in members for each in members)
    async with stand.core.db.begin() as session:
        await stand.core.avoidances.add(session, GUILD, b, a)
    await stand.meetings.ask_for_another(actor(a), await stand.group_of(a))
    _, found = await stand.meetings.ask_for_another(actor(b), await stand.group_of(b))
    assert not found and await count(stand.core, PairPoolRow) == 2
    with pytest.raises(AlreadyDone):
        await stand.meetings.ask_for_another(actor(a), await stand.group_of(a))
    await stand.hold()
    assert await count(stand.core, PairPoolRow) == 0


async def test_what_nobody_tells_is_asked_about_once_and_closed(stand: Stand, clock: FixedClock) -> None:
    await stand.join(12, 13)
    await stand.hold()
    async with stand.core.db.begin() as session:  # as the dispatcher does
        for row in await session.scalars(select(OutboxRow)):
            row.outcome, row.result_id = "sent", 500 + row.id
    for _ in range(6):
        clock.advance(DAY)
        await stand.core.jobs.run_due()
    assert await count(stand.core, NotificationRow, kind=ASK_KIND.name) == 2
    for _ in range(5):
        clock.advance(DAY)
        await stand.core.jobs.run_due()
    assert await count(stand.core, NotificationRow, kind=ASK_KIND.name) == 2
    async with stand.core.db.read() as session:
        [group] = await session.scalars(select(PairGroupRow))
        closing = list(await session.scalars(select(OutboxRow).filter_by(kind="close_room")))
    assert group.closed_at is not None and len(closing) == 1
    [past] = (await stand.staff.desk(FARAH)).rounds
    assert past.rate.silent == 1


async def test_of_a_deleted_person_nothing_stays(stand: Stand, clock: FixedClock) -> None:
    await stand.join(12, 13)
    await stand.hold()
    await stand.meetings.say(actor(12), await stand.group_of(12), Outcome.MET)
    await stand.meetings.ask_for_another(actor(12), await stand.group_of(12))
    async with stand.core.db.begin() as session:
        await erase(session, GUILD, 12, limit=100, now=clock.now() + DAY)
    for model in (PairMemberRow, PairPersonRow, PairPoolRow):
        assert await count(stand.core, model, member_id=12) == 0
    async with stand.core.db.begin() as session:
        await stand.meetings.redraw_all(session, GUILD)
        edits = list(await session.scalars(select(OutboxRow).filter_by(kind="edit", member_id=None)))
    assert edits
    status = await stand.service.status(actor(13))
    assert [each.others for each in status.met] == [()]
    await stand.join(14)
    await stand.hold()
