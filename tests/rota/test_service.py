"""Taking turns, handing over, cover, and what facilitators do, on both databases."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.authority import ELEVATED
from bot.errors import AlreadyDone, BotError, InvalidInput, NotAllowed, NotFound
from bot.guild_config import GuildConfig
from bot.i18n import Translations
from bot.own import Who
from bot.qualifications import Choice, Qualification
from bot.role_drift_model import Drift
from bot.rosters import Entry, Rosters
from cogs.rota.model import AREA, SERVED, STAFF_RENDERER, SWAP_RENDERER, TURN_RENDERER
from cogs.rota.planning import Planning
from cogs.rota.rules import ACTIVE, State
from storage.acts import ActRow
from storage.rota import lock_rota
from tests.rota.stand import DAY, FARAH, FORM, GUILD, OTHER_GUILD, ROLE, WEEK, Stand, actor


def who(member_id: int) -> Who:
    return Who(GUILD, member_id)


async def test_everybody_has_as_many_turns_and_nobody_two_running(stand: Stand) -> None:
    await stand.join(11, 12, 13)
    held: list[set[int]] = []
    for _ in range(7):
        await stand.next_turn()
        held.append(await stand.holding())
        assert await stand.given() == held[-1] and len(held[-1]) == 1
    loads = Counter(each for week in held for each in week)
    assert max(loads.values()) - min(loads.values()) <= 1 and len(loads) == 3
    assert all(not before & now for before, now in itertools.pairwise(held))
    async with stand.core.db.read() as session:
        acts = list(await session.scalars(select(ActRow).filter_by(kind=SERVED)))
    assert [each.member_id for each in acts] == [who for week in held[:-1] for who in week]
    assert len(await stand.posts(TURN_RENDERER)) == 7


async def test_who_is_away_has_no_turn_then_and_catches_up_without_two_running(stand: Stand) -> None:
    await stand.join(11, 12, 13)
    await stand.service.away(actor(11), None, "in 20 days")
    assert 11 not in (await stand.staff.fairness(FARAH, stand.rota_id)).next_up
    for _ in range(2):
        await stand.next_turn()
        assert await stand.holding() <= {12, 13}
    held = []
    for _ in range(4):
        await stand.next_turn()
        held.append(await stand.holding())
    assert all(not before & now for before, now in itertools.pairwise(held))
    report = await stand.staff.fairness(FARAH, stand.rota_id)
    assert report.fairness.score is not None and report.fairness.score >= 85
    assert (await stand.look(11)).away_until is None


async def test_a_newcomer_is_not_given_every_turn(stand: Stand) -> None:
    await stand.join(11, 12)
    for _ in range(4):
        await stand.next_turn()
    await stand.join(13)
    held = []
    for _ in range(3):
        await stand.next_turn()
        held += await stand.holding()
    assert Counter(held)[13] == 1


async def test_the_first_tap_has_it_and_the_second_is_told(stand: Stand) -> None:
    await stand.join(11, 12, 13)
    seat_id = await stand.seat_of(11)
    await stand.service.swaps.ask_cover(actor(11), seat_id)
    with pytest.raises(AlreadyDone):
        await stand.service.swaps.ask_cover(actor(11), seat_id)
    taps = (stand.service.swaps.take(actor(each), seat_id) for each in (12, 13))
    results = await asyncio.gather(*taps, return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["AlreadyDone", "Mine"]
    turn_id = next(each.turn_id for each in await stand.seats() if each.id == seat_id)
    active = [each for each in await stand.seats() if each.turn_id == turn_id and each.state in ACTIVE]
    assert len(active) == 1 and active[0].for_id == 11
    assert len(await stand.posts(SWAP_RENDERER)) == 1


async def test_swaps_and_yeses_survive_a_change_of_the_hours(stand: Stand) -> None:
    await stand.join(11, 12, 13)
    seat_id = await stand.seat_of(11)
    await stand.service.swaps.ask_cover(actor(11), seat_id)
    await stand.service.swaps.take(actor(12), seat_id)
    before = [turn for turn, seat in (await stand.look(12)).seats if seat.for_id == 11]
    rota = await stand.staff.edit(FARAH, stand.rota_id, FORM | {"when": "Wednesday 18:00 UTC"})
    after = [turn for turn, seat in (await stand.look(12)).seats if seat.for_id == 11]
    assert [each.id for each in after] == [each.id for each in before]
    assert after[0].starts_at.weekday() == 2 and len(rota.ahead) == 8
    assert abs(after[0].starts_at - before[0].starts_at) < timedelta(days=4)
    back = await stand.acting.undo(FARAH, stand.rota_id)
    assert back.shape.weekday == 0
    assert any(seat.for_id == 11 for _, seat in (await stand.look(12)).seats)


async def test_passing_moves_on_and_comes_first_in_the_turn_after(stand: Stand) -> None:
    await stand.join(11, 12, 13, 14)
    turn = await stand.first()
    await stand.run(turn.starts_at - 2 * DAY)
    [asked] = [each for each in (await stand.first()).seats if each.is_asked]
    await stand.service.skip(who(asked.member_id), asked.id)
    with pytest.raises(AlreadyDone):
        await stand.service.accept(who(asked.member_id), asked.id)
    with pytest.raises(AlreadyDone):
        await stand.service.accept(who(asked.member_id + 1), asked.id)
    await stand.next_turn()
    assert asked.member_id not in await stand.holding()
    await stand.next_turn()
    assert await stand.holding() == {asked.member_id}


async def test_who_passes_again_and_again_is_not_asked_first_for_ever(stand: Stand) -> None:
    await stand.join(11, 12)
    first = (await stand.first()).seats[0].member_id
    for is_first in (True, False):  # and nobody is told otherwise
        seats = (await stand.look(first)).seats
        passed = await stand.service.skip(who(first), seats[0][1].id)
        assert passed.comes_first is is_first
        await stand.next_turn()
    assert await stand.holding() == {23 - first}


async def test_several_hold_it_and_who_avoid_each_other_never_together(stand: Stand) -> None:
    await stand.staff.edit(FARAH, stand.rota_id, FORM | {"holders": "2"})
    async with stand.core.db.begin() as session:
        await stand.core.avoidances.add(session, GUILD, 11, 12)
    await stand.join(11, 12, 13, 14)
    for _ in range(3):
        await stand.next_turn()
        held = await stand.holding()
        assert len(held) == 2 and held != {11, 12}
        assert await stand.given() == held


async def test_two_rotas_that_give_one_role_take_it_only_when_neither_wants_it(stand: Stand) -> None:
    await stand.join(11)
    first = stand.rota_id
    await stand.make(name="Host", kind="host")
    await stand.join(11)
    await stand.next_turn()
    assert await stand.given() == {11}
    await stand.staff.end(FARAH, first)
    assert await stand.given() == {11}
    await stand.staff.end(FARAH, stand.rota_id)
    assert await stand.given() == set()


async def test_a_cover_holds_for_its_span_and_two_facilitators_can_undo_it_once(stand: Stand) -> None:
    await stand.join(11)
    await stand.next_turn()
    await stand.acting.cover(FARAH, stand.rota_id, 11, 12, None, "in 24 hours")
    assert await stand.given() == {12}
    await stand.run(stand.clock.now() + 2 * DAY)
    assert await stand.given() == {11} == await stand.holding()
    await stand.acting.cover(FARAH, stand.rota_id, 0, 13, None, "in 24 hours")
    assert await stand.given() == {11, 13}
    undone = await asyncio.gather(
        *(stand.acting.undo(FARAH, stand.rota_id) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(each, AlreadyDone) for each in undone) == 1  # two covers, three presses
    assert await stand.given() == {11}
    with pytest.raises(InvalidInput):
        await stand.acting.cover(FARAH, stand.rota_id, 11, 11, None, "tomorrow")


async def test_acting_for_somebody_counts_half_a_turn_and_can_be_taken_back(stand: Stand) -> None:
    await stand.join(11, 12)
    await stand.next_turn()
    [holder] = await stand.holding()
    other = 23 - holder
    stand.clock.advance(timedelta(days=5))
    await stand.acting.act_for(FARAH, stand.rota_id, holder, other)
    assert await stand.given() == {other}
    assert {each.state for each in await stand.seats() if each.member_id == holder} >= {State.SERVED}
    await stand.acting.undo(FARAH, stand.rota_id)
    assert await stand.given() == {holder} == await stand.holding()
    async with stand.core.db.read() as session:
        acts = list(await session.scalars(select(ActRow).filter_by(kind=SERVED, retracted_at=None)))
    assert acts == []
    with pytest.raises(InvalidInput):
        await stand.acting.act_for(FARAH, stand.rota_id, 99, None)


async def test_silence_is_told_once_and_stays_where_there_is_nobody_else(stand: Stand) -> None:
    await stand.join(11)
    await stand.run((await stand.look()).rota.ahead[1].starts_at)
    assert await stand.holding() == {11}
    told = [each.arguments["what"] for each in await stand.posts(STAFF_RENDERER)]
    assert told == ["silent_stays"]


async def test_who_leaves_the_server_or_the_rota_leaves_no_gap(stand: Stand) -> None:
    await stand.join(11, 12, 13)
    await stand.next_turn()
    [holder] = await stand.holding()
    async with stand.core.db.begin() as session:
        await stand.core.erasure.note_departures(session, GUILD, [holder], [])
    await stand.run()
    assert await stand.holding() == set()
    mine = (await stand.look()).rota
    assert mine.now is not None
    [asked] = [each for each in mine.now.seats if each.state is State.PLANNED]
    assert asked.member_id != holder and asked.is_asked
    await stand.service.accept(who(asked.member_id), asked.id)
    assert await stand.holding() == {asked.member_id}
    await stand.service.leave(actor(asked.member_id), stand.rota_id)
    assert await stand.holding() == {asked.member_id}  # what has begun stays
    ahead = (await stand.look()).rota.ahead
    assert {each.member_id for turn in ahead for each in turn.seats if each.state in ACTIVE} == {
        ({11, 12, 13} - {holder, asked.member_id}).pop()
    }
    with pytest.raises(AlreadyDone):
        await stand.service.leave(actor(asked.member_id), stand.rota_id)


async def test_a_pause_takes_nobody_a_place_and_moves_their_turn_on(stand: Stand) -> None:
    await stand.join(11, 12)
    await stand.run((await stand.first()).starts_at - DAY * 2)
    [asked] = [each for each in (await stand.first()).seats if each.is_asked]
    async with stand.core.db.begin() as session:
        await stand.core.notifier.change(
            session, GUILD, asked.member_id, paused_until=stand.clock.now() + 10 * DAY
        )
    await stand.run()
    active = [each.member_id for each in (await stand.first()).seats if each.state in ACTIVE]
    assert active == [23 - asked.member_id]


async def test_only_who_has_what_it_takes_may_join_take_or_stay(stand: Stand) -> None:
    having = {11, 12}

    async def choices(*_: object) -> list[Choice]:
        return [Choice("gold", "Gold")]

    async def holders(*_: object) -> set[int]:
        return set(having)

    async def has(_session: object, _guild: int, member_id: int, _key: str) -> bool:
        return member_id in having

    stand.core.qualifications.register(Qualification("badge", "A badge", choices, holders, has))
    rota = await stand.staff.set_needs(FARAH, stand.rota_id, "badge:gold")
    assert rota.needs == "Gold"
    with pytest.raises(InvalidInput):
        await stand.staff.set_needs(FARAH, stand.rota_id, "badge:silver")
    await stand.join(11, 12)
    with pytest.raises(NotAllowed):
        await stand.join(13)
    await stand.next_turn()
    with pytest.raises(NotAllowed):
        await stand.service.swaps.take_now(actor(13), stand.rota_id, None, "")
    having.discard(11)
    await stand.service.leave(actor(12), stand.rota_id)
    assert all(each.state not in ACTIVE for turn in (await stand.look()).rota.ahead for each in turn.seats)


async def test_after_a_start_nobody_loses_a_turn_for_a_role_that_is_not_known_yet(stand: Stand) -> None:
    """A large server is known minutes after the start."""
    moderators = 700
    async with stand.core.db.begin() as session:
        await stand.core.configs.change(session, GUILD, GuildConfig, moderator_role_id=moderators)
    await stand.staff.set_needs(FARAH, stand.rota_id, "capability:moderate")
    for each in (11, 12):
        await stand.service.join(replace(actor(each), role_ids=frozenset({moderators})), stand.rota_id)

    async def planned() -> set[int]:
        async with stand.core.db.begin() as session:
            rota = await lock_rota(session, stand.rota_id)
            assert rota is not None
            await Planning(stand.core).replan(session, rota)
        seats = [seat for turn in (await stand.look()).rota.ahead for seat in turn.seats]
        return {each.member_id for each in seats if each.state in ACTIVE}

    rosters = Rosters()
    stand.core.qualifications.roles = rosters
    assert await planned() == {11, 12}
    rosters.of(GUILD).put(11, Entry((moderators,)))
    rosters.of(GUILD).put(12, Entry(()))
    assert await planned() == {11}


async def test_the_choice_who_is_right_about_a_role_is_carried_out(stand: Stand) -> None:
    await stand.join(11)
    await stand.next_turn()
    drift = Drift(ROLE, "Mentor", missing=(11,), extra=(12,))
    await stand.acting.bot_wins(FARAH, drift)
    rows = [(each.kind, each.member_id) for each in await stand.roles()]
    assert rows == [("add_role", 11), ("add_role", 11), ("remove_role", 12)]
    await stand.acting.discord_wins(FARAH, drift)
    assert await stand.holding() == {12}
    assert len(await stand.roles()) == 3  # nothing is to be changed in Discord
    with pytest.raises(NotAllowed):
        await stand.acting.bot_wins(actor(11), drift)


async def test_what_is_for_facilitators_and_what_is_another_servers_is_refused(stand: Stand) -> None:
    for call in (
        stand.staff.list_rotas(actor(11)),
        stand.staff.create(actor(11), FORM),
        stand.staff.edit(actor(11), stand.rota_id, FORM),
        stand.staff.set_role(actor(11), stand.rota_id, 1, 0),
        stand.staff.end(actor(11), stand.rota_id),
        stand.staff.fairness(actor(11), stand.rota_id),
        stand.acting.cover(actor(11), stand.rota_id, 1, 2, None, "tomorrow"),
        stand.acting.act_for(actor(11), stand.rota_id, 1, 2),
        stand.acting.put_in(actor(11), stand.rota_id, 1),
        stand.acting.undo(actor(11), stand.rota_id),
    ):
        with pytest.raises(NotAllowed):
            await call
    stranger = actor(11, OTHER_GUILD)
    await stand.join(12)
    for call in (
        stand.service.look(stranger, stand.rota_id),
        stand.service.join(stranger, stand.rota_id),
        stand.service.swaps.take(stranger, await stand.seat_of(12)),
        stand.service.accept(Who(OTHER_GUILD, 12), await stand.seat_of(12)),
    ):
        with pytest.raises(BotError):
            await call


async def test_a_wrong_form_is_refused_in_a_sentence(stand: Stand) -> None:
    for typed in (
        {"name": " "},
        {"name": "mentor"},
        {"when": "Monday"},
        {"when": "Blueday 09:00"},
        {"when": "Monday 25:00"},
        {"when": "Monday 09:00 Nowhere/City"},
        {"holders": "0"},
        {"holders": "many"},
        {"shift": "century"},
        {"kind": "king"},
    ):
        with pytest.raises(InvalidInput):
            await stand.staff.create(FARAH, FORM | {"name": "Other"} | typed)


async def test_a_role_with_powers_is_not_chosen_and_an_ended_rota_is_gone(stand: Stand) -> None:
    with pytest.raises(InvalidInput):
        await stand.staff.set_role(FARAH, stand.rota_id, 9, ELEVATED & -ELEVATED)
    await stand.join(11)
    await stand.next_turn()
    roles = await stand.roles()
    assert all(each.arguments.get("harmless") for each in roles if each.kind == "add_role")
    await stand.staff.end(FARAH, stand.rota_id)
    assert await stand.given() == set()
    with pytest.raises(NotFound):
        await stand.look(11)
    await stand.run(stand.clock.now() + 2 * WEEK)
    assert await stand.given() == set()


async def test_a_deleted_person_leaves_no_row_and_no_gap(stand: Stand) -> None:
    await stand.join(11, 12)
    await stand.next_turn()
    [holder] = await stand.holding()
    turn = (await stand.look(holder)).rota.now
    assert turn is not None
    await stand.service.swaps.write_note(who(holder), turn.id, "Mind the cat")
    stand.core.erasure.redraw_with(stand.service.handover.redraw_all)
    async with stand.core.db.begin() as session:
        await stand.core.erasure.ask(session, GUILD, holder)
    await stand.run(stand.clock.now() + 2 * DAY)
    assert holder not in {each.member_id for each in await stand.seats()}
    mine = await stand.look(23 - holder)
    assert mine.rota.now is not None and mine.rota.now.note is None
    assert [each.member_id for each in mine.rota.now.seats if each.state in ACTIVE] == [23 - holder]


async def test_what_waits_in_moderation_begins_only_the_note_of_a_moderator(stand: Stand) -> None:
    async def reviews(*_: object) -> list[str]:
        return ["3 works wait"]

    async def reports(*_: object) -> list[str]:
        return ["2 reports wait"]

    stand.core.open_items.add(reviews)
    stand.core.open_items.add(reports, of_moderation=True)

    async def draft() -> str:
        await stand.join(11, 12)
        await stand.next_turn()
        [holder] = await stand.holding()
        turn = (await stand.look(holder)).rota.now
        assert turn is not None
        return await stand.service.swaps.note_draft(who(holder), turn.id, Translations().for_locale("en"))

    assert await draft() == "- 3 works wait"
    await stand.staff.end(FARAH, stand.rota_id)
    await stand.make(kind="moderator", name="On duty")
    assert await draft() == "- 3 works wait\n- 2 reports wait"


async def test_others_can_ask_who_is_on_duty_while_there_is_such_a_rota_and_it_is_on(stand: Stand) -> None:
    core = stand.core
    core.duty.register(stand.service.holding.on_duty)

    async def on_duty(word: str = "moderator", guild_id: int = GUILD) -> frozenset[int] | None:
        async with core.db.read() as session:
            return await core.duty.holders(session, guild_id, word)

    assert await on_duty() is None
    await stand.make(kind="moderator", name="On duty")
    assert await on_duty() == frozenset()
    await stand.join(1, 2)
    await stand.run((await stand.first()).starts_at)
    now = (await stand.look()).rota.now
    assert now is not None
    assert await on_duty() == {each.member_id for each in now.seats} and await on_duty("greeter") is None
    assert await on_duty(guild_id=OTHER_GUILD) is None
    async with core.db.begin() as session:
        await core.features.switch(session, FARAH, AREA, on=False)
    assert await on_duty() is None
