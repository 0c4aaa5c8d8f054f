"""Lockdowns and what is done about many, on both databases. What matters is what Discord is asked to do."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from gettext import NullTranslations

import pytest
from sqlalchemy import select

from bot.authority import ADMINISTRATOR, Actor
from bot.cases import CaseKind
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.guild_config import GuildConfig
from bot.i18n import Translator
from bot.judging import CHANGED_BY_HAND
from bot.outbox import EffectKind
from cogs.raids import render
from cogs.raids.memory import Memory
from cogs.raids.model import SEND, ActionKind, MemberState, Spared, StepState
from cogs.raids.rules import Level
from cogs.raids.service import RaidService
from cogs.raids.surges import MOST_SURGES
from storage.approvals import ProposalRow
from tests.raids.stand import ABROAD, ANN, BOSS, GUILD, HOUR, MAX, MIA, OTHER, QUIET, ROLE, ROOM, Stand

ENGLISH = Translator("en", NullTranslations())


async def proposal_of(stand: Stand) -> int:
    async with stand.core.db.read() as session:
        return (await session.scalars(select(ProposalRow.id).order_by(ProposalRow.id.desc()))).first() or 0


async def confirm(stand: Stand, actor: Actor, proposal_id: int) -> None:
    guards = stand.core.guards
    async with stand.core.db.read() as session:
        found = await guards.find(session, actor.guild_id, proposal_id)
    asked = await guards.ask(actor, found)
    async with stand.core.db.begin() as session:
        await guards.confirm(session, actor, asked)


async def ban(stand: Stand, raid_id: int) -> int:
    """Proposed by one, confirmed by another; returns the action."""
    action = await stand.service.actions.do(MAX, raid_id, ActionKind.BAN, 0)
    await confirm(stand, MIA, await proposal_of(stand))
    return action.id


async def test_a_raid_pauses_invites_for_an_hour_and_slows_the_busiest_channel(stand: Stand) -> None:
    raid_id, coming = await stand.raid()
    pause, slow, banner = await stand.planned()
    until = (stand.clock.now() + HOUR).isoformat()
    assert pause.arguments | {"reason": ""} == {"invites_until": until, "dms_until": until, "reason": ""}
    assert (slow.channel_id, slow.arguments["slowmode"]) == (ROOM, 30)
    assert banner.kind == EffectKind.POST and [each.lane for each in (pause, slow, banner)] == [0, 0, 0]
    raid = await stand.service.raid(GUILD, raid_id)
    assert (raid.level, raid.came, raid.is_on) == (1, len(coming), True)
    assert stand.core.crowding.is_on(GUILD) and not stand.core.crowding.is_on(OTHER)


async def test_two_who_see_it_at_once_begin_one_lockdown(stand: Stand) -> None:
    coming = stand.crowd(50)
    verdict = [stand.service.memory.join(GUILD, each) for each in coming][-1]
    assert verdict is not None
    second = RaidService(stand.core, Memory(), stand.look)
    found = await asyncio.gather(stand.service.decide(GUILD, verdict), second.decide(GUILD, verdict))
    assert sorted(each is None for each in found) == [False, True]
    assert len(await stand.planned("raids.banner:")) == 1


async def test_all_clear_puts_back_exactly_what_was_and_says_what_somebody_changed(stand: Stand) -> None:
    await stand.choose(automatic=1)
    stand.look.facts = replace(stand.look.facts, invites_until=stand.clock.now() + timedelta(minutes=30))
    before = stand.look.facts.invites_until
    assert before is not None
    raid_id, _ = await stand.raid()
    for level in (1, 2, 3):
        await stand.service.lockdowns.step_up(MAX, raid_id, level)
    await stand.settle()
    locked = {each.channel_id for each in await stand.planned() if each.role_id == GUILD}
    assert locked == {ROOM, QUIET}
    known = {each.id for each in await stand.planned()}
    await stand.service.lockdowns.clear(MIA, raid_id)
    back = {
        (each.kind, each.channel_id): each.arguments
        for each in await stand.planned("raids.step:")
        if each.id not in known
        and "slowmode" not in each.arguments
        and "verification_level" not in each.arguments
    }
    assert back[EffectKind.SET_GUILD, None]["invites_until"] == before.isoformat()
    assert back[EffectKind.SET_GUILD, None]["dms_until"] is None
    room, quiet = back[EffectKind.SET_CHANNEL, ROOM], back[EffectKind.SET_CHANNEL, QUIET]
    assert (room["allow"], room["deny"], room["inherit"], room["remove"]) == (0, 0, SEND, True)
    assert (quiet["allow"], quiet["deny"], quiet["remove"]) == (SEND, 0, False)
    others = [each.arguments for each in await stand.planned("raids.step:") if each.id not in known]
    assert [each["slowmode"] for each in others if "slowmode" in each] == [5]
    assert [each["verification_level"] for each in others if "verification_level" in each] == [1]
    assert all("if_still" in each for each in others)
    await stand.settle("skipped", beginning="raids.step:", reason=CHANGED_BY_HAND)
    raid = await stand.service.raid(GUILD, raid_id)
    assert {each.state for each in raid.steps} == {StepState.KEPT} and raid.ended_by == MIA.member_id
    await stand.service.reload(GUILD)
    assert not stand.core.crowding.is_on(GUILD)


async def test_a_lockdown_ends_by_its_time_also_when_the_feature_was_switched_off_or_the_process_is_new(
    stand: Stand,
) -> None:
    raid_id, _ = await stand.raid()
    await stand.settle()
    stand.service.unregister()  # the process that began it is dead
    fresh = RaidService(stand.core, Memory(), stand.look)
    fresh.register()
    await fresh.load()
    assert fresh.memory.active[GUILD].raid_id == raid_id
    stand.clock.advance(timedelta(minutes=59))
    await stand.run_jobs()
    assert (await fresh.raid(GUILD, raid_id)).is_on
    stand.clock.advance(timedelta(minutes=2))
    await stand.run_jobs()
    assert await stand.settle(beginning="raids.step:") == 2
    raid = await fresh.raid(GUILD, raid_id)
    assert raid.ended_why == "expired" and {each.state for each in raid.steps} == {StepState.RESTORED}


async def test_switched_off_in_the_midst_everything_is_put_back_at_once(stand: Stand) -> None:
    raid_id, _ = await stand.raid()
    async with stand.core.db.begin() as session:
        await stand.core.features.switch(session, BOSS, "raids", on=False)
    assert not (await stand.service.raid(GUILD, raid_id)).is_on
    assert len([each for each in await stand.planned("raids.step:") if each.key.endswith(":off")]) == 2
    again = stand.service.memory.join(GUILD, stand.crowd(1)[0])
    assert again is not None and await stand.service.decide(GUILD, again) is None


async def test_longer_is_a_day_at_most_and_the_pause_of_invites_follows(stand: Stand) -> None:
    raid_id, _ = await stand.raid()
    ends_at = await stand.service.lockdowns.extend(MAX, raid_id)
    assert ends_at == stand.clock.now() + 2 * HOUR
    pauses = [
        each.arguments["invites_until"] for each in await stand.planned() if "invites_until" in each.arguments
    ]
    assert pauses == [(ends_at - HOUR).isoformat(), ends_at.isoformat()]
    stand.clock.advance(timedelta(minutes=61))
    await stand.run_jobs()
    assert (await stand.service.raid(GUILD, raid_id)).is_on
    with pytest.raises(AlreadyDone):
        for _ in range(40):
            await stand.service.lockdowns.extend(MAX, raid_id)


async def test_who_may_not_and_who_is_from_elsewhere_moves_nothing(stand: Stand) -> None:
    raid_id, coming = await stand.raid()
    service = stand.service
    lockdowns, cohort, actions = service.lockdowns, service.cohort, service.actions
    before = len(await stand.planned())
    for actor, error in ((ANN, NotAllowed), (ABROAD, NotFound)):
        for attempt in (
            lockdowns.step_up(actor, raid_id, 1),
            lockdowns.extend(actor, raid_id),
            lockdowns.clear(actor, raid_id),
            actions.do(actor, raid_id, ActionKind.BAN, 0),
            actions.do(actor, raid_id, ActionKind.QUARANTINE, 0),
            cohort.leave_out(actor, raid_id, {coming[0].member_id: False}),
            stand.service.comers(actor, raid_id),
            stand.service.preview(actor, raid_id, ActionKind.BAN, 0),
        ):
            with pytest.raises(error):
                await attempt
    with pytest.raises(NotAllowed):
        await actions.do(replace(MAX, permissions=1 << 40), raid_id, ActionKind.BAN, 0)
    with pytest.raises(AlreadyDone):
        await lockdowns.step_up(MAX, raid_id, 2)
    assert len(await stand.planned()) == before


async def test_a_bulk_ban_waits_for_a_second_moderator_and_names_the_failures(stand: Stand) -> None:
    raid_id, coming = await stand.raid(450)
    await stand.settle()
    action = await stand.service.actions.do(MAX, raid_id, ActionKind.BAN, 0)
    assert action.state == "proposed" and await stand.planned("raids.ban:") == []
    proposal = await proposal_of(stand)
    with pytest.raises(NotAllowed):
        await confirm(stand, MAX, proposal)
    await confirm(stand, MIA, proposal)
    with pytest.raises(AlreadyDone):
        await confirm(stand, BOSS, proposal)
    requests = await stand.planned("raids.ban:")
    asked = [int(each) for row in requests for each in row.arguments["user_ids"]]
    assert [len(each.arguments["user_ids"]) for each in requests] == [200, 200, 50]
    assert Counter(asked) == Counter(each.member_id for each in coming)
    failed = coming[0].member_id
    await stand.settle(beginning="raids.ban:", details={"failed": [failed]})
    done = await stand.service.action(GUILD, action.id)
    assert done is not None and (done.done, done.failed, done.waiting) == (449, 1, 0)
    (many,) = await stand.cases(source_key=f"raid-action:{action.id}")
    single = await stand.cases(kind=CaseKind.BAN)
    assert many.count == 450 and len(single) == 450 and {each.member_id for each in single} == set(asked)
    assert Counter(each.state for each in single) == {"done": 449, "failed": 1}
    assert sorted({each.number for each in await stand.cases()}) == list(range(1, 453))


async def test_what_a_second_moderator_declines_says_so_and_can_be_proposed_again(stand: Stand) -> None:
    raid_id, coming = await stand.raid(60)
    declined = await stand.service.actions.do(MAX, raid_id, ActionKind.BAN, 0)
    proposal = await proposal_of(stand)
    async with stand.core.db.begin() as session:
        await stand.core.guards.decline(session, MIA, proposal)
    after = await stand.service.action(GUILD, declined.id)
    assert after is not None and "60 people, and declined" in render.action_line(after, ENGLISH)
    again = await stand.service.actions.do(MAX, raid_id, ActionKind.BAN, 0)
    assert again.count == len(coming) and await stand.planned("raids.ban:") == []


async def test_undo_lifts_exactly_the_bans_that_came_off_within_a_week(stand: Stand) -> None:
    raid_id, coming = await stand.raid()
    action_id = await ban(stand, raid_id)
    failed = coming[0].member_id
    await stand.settle(beginning="raids.ban:", details={"failed": [failed]})
    await stand.service.actions.undo(MIA, action_id)
    lifted = [each for each in await stand.planned("raids.one:") if each.kind == EffectKind.UNBAN]
    assert {each.member_id for each in lifted} == {each.member_id for each in coming} - {failed}
    a_second = Counter(each.not_before for each in lifted)
    assert max(a_second.values()) <= 8
    with pytest.raises(AlreadyDone):
        await stand.service.actions.undo(MIA, action_id)
    await stand.settle(beginning="raids.one:")
    assert {each.ended_why for each in await stand.cases(kind=CaseKind.BAN, state="done")} == {"lifted"}


async def test_after_a_week_the_bans_stand(stand: Stand) -> None:
    raid_id, _ = await stand.raid()
    action_id = await ban(stand, raid_id)
    await stand.settle()
    with pytest.raises(InvalidInput):
        await stand.service.actions.do(MAX, raid_id, ActionKind.BAN, 0)  # there is nobody left
    stand.clock.advance(timedelta(days=7, seconds=1))
    with pytest.raises(AlreadyDone):
        await stand.service.actions.undo(MIA, action_id)


async def test_who_was_here_before_is_staff_a_bot_has_roles_took_part_or_was_unticked_is_never_meant(
    stand: Stand,
) -> None:
    raid_id, coming = await stand.raid(60)
    since = (await stand.service.raid(GUILD, raid_id)).since
    folk, ids = stand.look.folk, [each.member_id for each in coming]
    folk[ids[0]] = replace(folk[ids[0]], joined_at=since - timedelta(days=300))
    folk[ids[1]] = replace(folk[ids[1]], is_staff=True)
    folk[ids[2]] = replace(folk[ids[2]], is_bot=True)
    folk[ids[3]] = replace(folk[ids[3]], has_roles=True)
    await stand.service.cohort.leave_out(MAX, raid_id, {ids[4]: False})
    preview = await stand.service.preview(MAX, raid_id, ActionKind.BAN, 0)
    assert set(ids[:5]).isdisjoint(preview.chosen) and len(preview.chosen) == 55
    wanted = (Spared.WAS_HERE, Spared.STAFF, Spared.BOT, Spared.HAS_ROLES, Spared.BY_STAFF)
    assert preview.spared == dict.fromkeys(wanted, 1)
    older = await stand.service.preview(MAX, raid_id, ActionKind.BAN, 3)
    assert older.spared[Spared.OLDER] > 0 and len(older.chosen) < 55
    # At the moment of effect everybody is looked at once more.
    await stand.service.actions.do(MAX, raid_id, ActionKind.BAN, 0)
    folk[ids[5]] = replace(folk[ids[5]], is_staff=True)
    await confirm(stand, MIA, await proposal_of(stand))
    asked = {int(each) for row in await stand.planned("raids.ban:") for each in row.arguments["user_ids"]}
    assert asked == set(ids[6:])
    _, comers = await stand.service.comers(MAX, raid_id)
    assert [each.state for each in comers if each.member_id == ids[5]] == [MemberState.SPARED]


async def test_an_arrival_from_before_the_lockdown_is_in_no_list(stand: Stand) -> None:
    raid_id, coming = await stand.raid()
    early = replace(coming[0], member_id=77, at=coming[0].at - timedelta(days=2))
    await stand.service.note_present(GUILD, [early, *coming])
    _, comers = await stand.service.comers(MAX, raid_id)
    assert 77 not in {each.member_id for each in comers} and len(comers) == len(coming)


async def test_quarantine_holds_newcomers_and_ends_with_the_lockdown(stand: Stand) -> None:
    await stand.choose(automatic=3, quarantine_role_id=ROLE)
    raid_id, coming = await stand.raid(60)
    held = await stand.planned("raids.one:")
    assert {each.kind for each in held} == {EffectKind.ADD_ROLE} and len(held) == len(coming)
    stand.clock.advance(timedelta(seconds=1))
    late = stand.crowd(5)
    for each in late:
        stand.service.memory.join(GUILD, each)
    assert await stand.service.flush()
    assert len(await stand.planned("raids.one:")) == len(coming) + 5
    await stand.settle()
    stand.clock.advance(timedelta(seconds=5))
    await stand.service.lockdowns.clear(MAX, raid_id)
    freed = [each for each in await stand.planned("raids.one:") if each.kind == EffectKind.REMOVE_ROLE]
    assert {each.member_id for each in freed} == {each.member_id for each in (*coming, *late)}


async def test_many_who_join_cost_one_transaction_and_the_banner_is_drawn_once_in_five_seconds(
    stand: Stand,
) -> None:
    raid_id, _ = await stand.raid()
    stand.clock.advance(timedelta(seconds=4))
    for each in stand.crowd(300):
        stand.service.memory.join(GUILD, each)
    assert await stand.service.flush() and not await stand.service.flush()
    assert (await stand.service.raid(GUILD, raid_id)).came == 350
    for _ in range(10):
        stand.clock.advance(timedelta(milliseconds=50))
        stand.service.memory.join(GUILD, stand.crowd(1)[0])
        await stand.service.flush()
    assert len([each for each in await stand.planned("raids.banner:") if each.kind == EffectKind.EDIT]) == 1


async def test_two_who_announce_at_once_do_not_pass_the_limit(stand: Stand) -> None:
    for _ in range(MOST_SURGES - 1):
        await stand.service.surges.announce(MAX, 50, None, "20:00")
    outcomes = await asyncio.gather(
        *(stand.service.surges.announce(MAX, 50, None, "20:00") for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in outcomes) == [
        "AlreadyDone",
        "AlreadyDone",
        "AnnouncedSurge",
    ]


async def test_an_announced_surge_is_by_the_clock_of_the_community_and_can_be_taken_back(
    stand: Stand,
) -> None:
    async with stand.core.db.begin() as session:
        await stand.core.configs.change(session, GUILD, GuildConfig, zone="Europe/Berlin")
    surge = await stand.service.surges.announce(MAX, 500, "18:00", "20:00")
    assert surge.begins_at == datetime.fromisoformat("2026-01-05T17:00:00+00:00")
    assert surge.ends_at == datetime.fromisoformat("2026-01-05T19:00:00+00:00")
    await stand.service.reload(GUILD)
    stand.clock.advance(9 * HOUR + timedelta(minutes=5))
    verdict = [stand.service.memory.join(GUILD, each) for each in stand.crowd(60)][-1]
    assert verdict is not None and not verdict.is_raid and verdict.evidence.expected > 0
    with pytest.raises(NotAllowed):
        await stand.service.surges.cancel(ANN, surge.id)
    with pytest.raises(NotFound):
        await stand.service.surges.cancel(Actor(OTHER, 10, permissions=ADMINISTRATOR), surge.id)
    await stand.service.surges.cancel(MAX, surge.id)
    await stand.service.reload(GUILD)
    again = stand.service.memory.join(GUILD, stand.crowd(1)[0])
    assert again is not None and again.is_raid


async def test_the_usual_rate_is_made_of_hours_and_a_raid_does_not_count(stand: Stand) -> None:
    for each in stand.crowd(24):
        stand.service.memory.join(GUILD, each)
    await stand.service.flush()
    fresh = RaidService(stand.core, Memory(), stand.look)
    await fresh.load()
    assert fresh.memory.usual == {GUILD: pytest.approx(24 / (14 * 24))}


async def test_where_it_only_tells_staff_nothing_is_changed_until_somebody_takes_a_step(stand: Stand) -> None:
    await stand.choose(automatic=0)
    raid_id, _ = await stand.raid()
    assert [each.kind for each in await stand.planned()] == [EffectKind.POST]
    await stand.service.lockdowns.step_up(MAX, raid_id, 0)
    assert (await stand.service.raid(GUILD, raid_id)).level == Level.PAUSE
    assert len(await stand.planned("raids.step:")) == 2


async def test_two_servers_are_attacked_at_once_and_each_has_its_own(stand: Stand) -> None:
    one, _ = await stand.raid()
    other, _ = await stand.raid(guild_id=OTHER)
    await stand.service.lockdowns.clear(MAX, one)
    assert (await stand.service.raid(OTHER, other)).is_on
    with pytest.raises(NotFound):
        await stand.service.raid(OTHER, one)


async def test_leaving_is_no_way_out_of_the_quarantine_and_a_kick_is_no_pass(stand: Stand) -> None:
    await stand.choose(automatic=3, quarantine_role_id=ROLE)
    raid_id, coming = await stand.raid(40)
    await stand.settle()
    stand.clock.advance(timedelta(seconds=5))
    again = replace(coming[0], at=stand.clock.now())
    stand.service.memory.join(GUILD, again)
    assert await stand.service.flush()
    [held] = [each for each in await stand.planned("raids.one:") if each.outcome is None]
    assert (held.kind, held.member_id, held.role_id) == (EffectKind.ADD_ROLE, again.member_id, ROLE)
    # The role that was chosen then is taken back, though another is chosen now.
    await stand.choose(quarantine_role_id=ROLE + 1)
    await stand.settle()
    stand.clock.advance(timedelta(seconds=5))
    await stand.service.lockdowns.clear(MAX, raid_id)
    freed = [each for each in await stand.planned("raids.one:") if each.kind == EffectKind.REMOVE_ROLE]
    assert {each.role_id for each in freed} == {ROLE} and len(freed) == 40


async def test_who_was_kicked_and_comes_again_can_be_meant_again(stand: Stand) -> None:
    raid_id, coming = await stand.raid(40)
    await stand.service.actions.do(MAX, raid_id, ActionKind.KICK, 0)
    await confirm(stand, MIA, await proposal_of(stand))
    kicks = await stand.planned("raids.one:")
    assert len(kicks) == 40 and {each.kind for each in kicks} == {EffectKind.KICK}
    await stand.settle()
    assert (await stand.service.preview(MAX, raid_id, ActionKind.BAN, 0)).chosen == ()
    stand.clock.advance(timedelta(seconds=5))
    stand.service.memory.join(GUILD, replace(coming[3], at=stand.clock.now()))
    await stand.service.flush()
    assert (await stand.service.preview(MAX, raid_id, ActionKind.BAN, 0)).chosen == (coming[3].member_id,)


async def test_after_the_all_clear_one_newcomer_more_is_no_new_alarm_but_a_new_wave_is(stand: Stand) -> None:
    raid_id, _ = await stand.raid()
    await stand.service.lockdowns.clear(MAX, raid_id)
    await stand.service.reload(GUILD)
    one = stand.service.memory.join(GUILD, stand.crowd(1)[0])
    assert one is not None and not one.is_raid
    # Whoever cleared it too early can begin it by hand, and finds those who came.
    again = await stand.service.begin_by_hand(MIA)
    assert again is not None and (await stand.service.raid(GUILD, again)).came == 51
    await stand.service.lockdowns.clear(MAX, again)
    await stand.service.reload(GUILD)
    third, coming = await stand.raid(50)
    assert (await stand.service.raid(GUILD, third)).came == len(coming)


async def test_a_timeout_for_quarantine_lasts_as_long_as_the_lockdown_and_touches_no_longer_one(
    stand: Stand,
) -> None:
    await stand.choose(automatic=3)
    raid_id, coming = await stand.raid(30)
    first = await stand.planned("raids.one:")
    assert {each.kind for each in first} == {EffectKind.TIMEOUT} and len(first) == len(coming)
    ends_at = await stand.service.lockdowns.extend(MAX, raid_id)
    longer = (await stand.planned("raids.one:"))[len(first) :]
    assert {each.member_id for each in longer} == {each.member_id for each in coming}
    assert {each.arguments["until"] for each in longer} == {ends_at.isoformat()}
    await stand.service.lockdowns.clear(MIA, raid_id)
    lifted = (await stand.planned("raids.one:"))[len(first) + len(longer) :]
    assert {each.arguments["until"] for each in lifted} == {None} and len(lifted) == len(coming)
    # What a moderator gave for longer is not of the lockdown.
    assert {each.arguments["unless_beyond"] for each in (*longer, *lifted)} == {ends_at.isoformat()}


async def test_whom_discord_refused_to_hold_is_in_no_quarantine_and_can_be_tried_again(stand: Stand) -> None:
    await stand.choose(automatic=3, quarantine_role_id=ROLE)
    raid_id, coming = await stand.raid(30)
    await stand.settle("failed", beginning="raids.one:", reason="role_above_bot")
    assert (await stand.service.raid(GUILD, raid_id)).quarantined == 0
    known = len(await stand.planned("raids.one:"))
    stand.clock.advance(timedelta(seconds=2))
    stand.service.memory.join(GUILD, stand.crowd(1)[0])
    await stand.service.flush()  # somebody comes: only they are tried
    assert len(await stand.planned("raids.one:")) == known + 1
    stand.clock.advance(timedelta(seconds=2))
    again = await stand.service.actions.do(MAX, raid_id, ActionKind.QUARANTINE, 0)
    assert again.count == len(coming)


async def test_without_its_permission_the_banner_says_what_did_not_come_off_and_how_to_do_it(
    stand: Stand,
) -> None:
    raid_id, _ = await stand.raid()
    await stand.settle("failed", beginning="raids.step:", reason="no_permission")
    text = str(render.banner(await stand.service.raid(GUILD, raid_id), ENGLISH, stand.clock.now()))
    assert "Not all of it came off" in text
    assert "(I lack Manage Server). By hand: Server Settings > Safety Setup > Security Actions" in text
    assert "(I lack Manage Channels). By hand: the channel's settings > Overview" in text
    await stand.service.lockdowns.clear(MAX, raid_id)  # nothing was changed, so nothing is put back
    assert [each for each in await stand.planned("raids.step:") if each.key.endswith(":off")] == []


async def test_a_proposal_that_nobody_confirmed_waits_no_more(stand: Stand) -> None:
    raid_id, _ = await stand.raid()
    action = await stand.service.actions.do(MAX, raid_id, ActionKind.BAN, 0)
    assert action.state == "proposed"
    stand.clock.advance(timedelta(minutes=61))
    shown = await stand.service.action(GUILD, action.id)
    assert shown is not None and "not confirmed" in render.action_line(shown, ENGLISH)


async def test_what_is_usual_is_learnt_while_the_process_runs(stand: Stand) -> None:
    await stand.service.load()
    for each in stand.crowd(24):
        stand.service.memory.join(GUILD, each)
    await stand.service.flush()
    assert stand.service.memory.usual == {}
    stand.clock.advance(HOUR)
    stand.service.memory.join(GUILD, stand.crowd(1)[0])
    await stand.service.flush()
    assert stand.service.memory.usual == {GUILD: pytest.approx(25 / (14 * 24))}
