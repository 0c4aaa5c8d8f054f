"""Rotas on both databases when two things happen to one turn, and when people or roles go."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.config_parts import Ground
from bot.config_places import Server, ServerRole
from bot.config_reading import Given, Mistake
from bot.errors import AlreadyDone, InvalidInput
from bot.guild_config import GuildConfig
from bot.jobs import Job
from bot.own import Who
from bot.role_drift_model import Drift
from cogs.rota.config import RotaPart
from cogs.rota.model import BEGIN_RENDERER, SWAP_RENDERER, TURN_JOB
from cogs.rota.rules import ACTIVE, State
from storage.outbox import OutboxRow
from storage.rota_turns import RotaTurnRow
from tests.rota.stand import DAY, FARAH, GUILD, PLACE, ROLE, Stand, actor


def who(member_id: int) -> Who:
    return Who(GUILD, member_id)


async def deletions(stand: Stand) -> int:
    """How many cards that ask for cover are taken away."""
    async with stand.core.db.read() as session:
        query = select(OutboxRow.key).where(
            OutboxRow.kind == "delete", OutboxRow.key.startswith("rota.unask")
        )
        return len(list(await session.scalars(query)))


async def test_a_place_that_staff_filled_is_nobody_elses_and_who_was_put_in_is_told(stand: Stand) -> None:
    await stand.run((await stand.first()).starts_at)
    await stand.join(12)
    asked = await stand.seat_of(12)
    await stand.acting.put_in(FARAH, stand.rota_id, 11)
    with pytest.raises(AlreadyDone):
        await stand.service.accept(who(12), asked)
    with pytest.raises(AlreadyDone):
        await stand.acting.put_in(FARAH, stand.rota_id, 13)
    assert await stand.holding() == {11} == await stand.given()
    assert [each.member_id for each in await stand.posts(BEGIN_RENDERER)] == [11]


async def test_taking_back_never_makes_two_of_one_holder(stand: Stand) -> None:
    await stand.join(11, 12)
    await stand.next_turn()
    [holder] = await stand.holding()
    other = 23 - holder
    await stand.acting.act_for(FARAH, stand.rota_id, holder, None)
    asked = await stand.seat_of(other)
    await stand.acting.undo(FARAH, stand.rota_id)
    with pytest.raises(AlreadyDone):
        await stand.service.accept(who(other), asked)
    assert await stand.holding() == {holder}
    await stand.acting.act_for(FARAH, stand.rota_id, holder, None)
    await stand.service.swaps.take_now(actor(13), stand.rota_id, None, "")
    with pytest.raises(AlreadyDone):
        await stand.acting.undo(FARAH, stand.rota_id)
    assert await stand.holding() == {13} == await stand.given()


async def test_whom_staff_put_into_a_turn_ahead_is_asked_like_everybody(stand: Stand) -> None:
    await stand.join(11, 12)
    turn = await stand.first()
    await stand.acting.act_for(FARAH, stand.rota_id, turn.seats[0].member_id, 13)
    await stand.run(turn.starts_at - 2 * DAY)
    [seat] = [each for each in (await stand.first()).seats if each.state in ACTIVE]
    assert (seat.member_id, seat.state, seat.is_asked) == (13, State.PLANNED, True)


async def test_a_wish_for_cover_goes_on_in_the_turn_and_its_card_ends_with_it(stand: Stand) -> None:
    await stand.join(11)
    await stand.service.swaps.ask_cover(actor(11), await stand.seat_of(11))
    await stand.run((await stand.first()).starts_at)
    [(turn, seat)] = (await stand.look(11)).seats[:1]
    assert seat.state is State.HOLDING and seat.wants_cover
    await stand.service.swaps.take(actor(12), seat.id)
    assert await stand.holding() == {12} and await deletions(stand) == 0  # the card says who takes it
    await stand.service.swaps.ask_cover(actor(12), await stand.seat_of(12))
    await stand.run(turn.ends_at)
    assert await deletions(stand) == 1


async def test_an_old_card_that_goes_takes_no_newer_wish_with_it(stand: Stand) -> None:
    await stand.join(11)
    seat_id = await stand.seat_of(11)
    await stand.service.swaps.ask_cover(actor(11), seat_id)
    await stand.service.swaps.keep(actor(11), seat_id)
    await stand.service.swaps.ask_cover(actor(11), seat_id)
    posts = [each.id for each in await stand.posts(SWAP_RENDERER)]
    async with stand.core.db.begin() as session:
        for row_id in posts:
            row = update(OutboxRow).where(OutboxRow.id == row_id)
            await session.execute(row.values(outcome="sent", result_id=900 + row_id))
    wishes: list[bool] = []
    for row_id in posts:
        await stand.service.swaps.messages_deleted(GUILD, PLACE, [900 + row_id])
        wishes.append((await stand.look(11)).seats[0][1].wants_cover)
    assert wishes == [True, False]


async def test_a_hand_over_that_is_tried_again_later_is_done_once(stand: Stand) -> None:
    await stand.join(11, 12)
    await stand.next_turn()
    held, posts = await stand.holding(), len(await stand.posts(BEGIN_RENDERER))
    async with stand.core.db.begin() as session:
        query = select(RotaTurnRow.nominal).filter_by(state="now")
        nominal = datetime.fromisoformat(str(await session.scalar(query)))
        job = Job(
            id=1,
            name=TURN_JOB,
            guild_id=GUILD,
            key="again",
            payload={"rota_id": stand.rota_id},
            run_at=stand.clock.now() + timedelta(minutes=1),  # put off after a fault
            attempts=2,
            nominal=nominal,
        )
        assert await stand.service.handover.turn_due(session, job) is not None
    assert await stand.holding() == held == await stand.given()
    assert len(await stand.posts(BEGIN_RENDERER)) == posts
    assert all(each.state != State.SERVED for each in await stand.seats())


async def test_who_left_while_the_bot_was_away_leaves_no_gap_and_no_cover(stand: Stand) -> None:
    await stand.join(11, 12)
    await stand.next_turn()
    [holder] = await stand.holding()
    await stand.acting.cover(FARAH, stand.rota_id, holder, 14, None, "in 24 hours")
    await stand.core.erasure.compare(GUILD, {10, 11, 12})
    await stand.run()
    assert [(each.kind, each.member_id) for each in await stand.roles()][-1] == ("add_role", holder)
    await stand.core.erasure.compare(GUILD, {10, 23 - holder})
    await stand.run()
    assert await stand.holding() == set()
    [(_, asked)] = (await stand.look(23 - holder)).seats[:1]
    assert asked.is_asked and asked.state is State.PLANNED


async def test_the_role_of_who_is_deleted_is_taken_back_before_the_record_goes(stand: Stand) -> None:
    await stand.join(11, 12)
    await stand.next_turn()
    [holder] = await stand.holding()
    async with stand.core.db.begin() as session:
        await stand.core.erasure.ask(session, GUILD, holder)
    await stand.run(stand.clock.now() + DAY + timedelta(minutes=5))
    assert holder not in await stand.given() | await stand.holding()
    assert holder in {each.member_id for each in await stand.seats()}  # Discord has not done it yet
    async with stand.core.db.begin() as session:
        await session.execute(update(OutboxRow).values(outcome="sent", finished_at=stand.clock.now()))
    await stand.run(stand.clock.now() + timedelta(minutes=5))
    assert holder not in {each.member_id for each in await stand.seats()}


async def test_discord_is_right_also_about_who_is_covered_and_not_before_a_turn(stand: Stand) -> None:
    await stand.join(11)
    with pytest.raises(AlreadyDone):
        await stand.acting.discord_wins(FARAH, Drift(ROLE, "Mentor", missing=(), extra=(12,)))
    await stand.next_turn()
    await stand.acting.cover(FARAH, stand.rota_id, 11, 12, None, "in 24 hours")
    await stand.acting.discord_wins(FARAH, Drift(ROLE, "Mentor", missing=(), extra=(11,)))
    async with stand.core.db.read() as session:
        [given] = await stand.acting.given(session, GUILD)
    assert given.members == {11, 12}
    assert [(each.kind, each.member_id) for each in await stand.roles()][-1] == ("add_role", 12)


async def test_a_role_of_staff_never_goes_round(stand: Stand) -> None:
    async with stand.core.db.begin() as session:
        await stand.core.configs.change(session, GUILD, GuildConfig, facilitator_role_id=77)
    with pytest.raises(InvalidInput):
        await stand.staff.set_role(FARAH, stand.rota_id, 77, 0)
    await stand.join(11)
    async with stand.core.db.begin() as session:
        await stand.core.configs.change(session, GUILD, GuildConfig, moderator_role_id=ROLE)
    await stand.next_turn()
    assert await stand.holding() == {11} and await stand.given() == set()


async def test_a_rota_that_ends_leaves_no_card_that_asks_for_anything(stand: Stand) -> None:
    await stand.join(11, 12)
    await stand.next_turn()
    await stand.service.swaps.ask_cover(actor(11), await stand.seat_of(11))
    await stand.staff.end(FARAH, stand.rota_id)
    assert await deletions(stand) == 1
    async with stand.core.db.read() as session:
        edits = list(await session.scalars(select(OutboxRow.key).filter_by(kind="edit")))
    assert any(each.startswith("rota.redraw:") for each in edits)


async def test_rotas_are_in_the_configuration_file_and_come_from_it(stand: Stand) -> None:
    await stand.join(11)
    roles = {ROLE: ServerRole(ROLE, "Mentor"), 9: ServerRole(9, "Boss", powers=8)}
    server = Server("Quay Street", {PLACE: "weekly"}, roles)
    part = RotaPart(stand.core, stand.staff)
    async with stand.core.db.begin() as session:
        ground = Ground(session, FARAH, server)
        before = await part.export(ground)
    [mentor] = before["list"]
    assert (mentor["name"], mentor["handed_over"], mentor["role"].name) == (
        "Mentor",
        "monday 09:00 UTC",
        "Mentor",
    )
    raw = {"name": "Host", "kind": "host", "shift": "day", "handed_over": "Friday 18:00 Lisbon", "holders": 2}
    raw |= {"needs": "", "role": "", "channel": {"name": "weekly"}}
    mistakes: list[Mistake] = []
    async with stand.core.db.begin() as session:
        ground = Ground(session, FARAH, server)
        for wrong in (
            {"role": {"name": "Boss"}},
            {"needs": "badge:none"},
            {"kind": "king"},
            {"handed_over": "sometimes"},
        ):
            await part.read(ground, Given("rota", {"list": [raw | wrong]}, before, server, mistakes))
        assert [each.path.rpartition(".")[2] for each in mistakes] == ["role", "needs", "kind", "handed_over"]
        given = Given("rota", {"list": [raw]}, before, server, mistakes)
        await part.read(ground, given)
        await part.apply(ground, given.wanted)
        [host] = (await part.export(ground))["list"]
    assert (host["name"], host["holders"], host["channel"].id) == ("Host", 2, PLACE)
    assert host["handed_over"] == "friday 18:00 Europe/Lisbon"
    assert [each.shape.name for each in await stand.staff.list_rotas(FARAH)] == ["Host"]
    # The same again changes nothing, and taking turns goes on where the rota stays.
    async with stand.core.db.begin() as session:
        ground = Ground(session, FARAH, server)
        await part.apply(ground, {"list": (dict(host) | {"holders": 1},)})
        [host] = (await part.export(ground))["list"]
    assert host["holders"] == 1
