"""What moderators do about members and channels, on both databases: who may, once, told first, ended in time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.authority import ADMINISTRATOR, KICK_MEMBERS, MODERATE_MEMBERS, Actor, Capability
from bot.cases import CASE, CaseKind, EndedWhy, EventKind, Snippet, Source, State
from bot.errors import (
    AlreadyDone,
    InvalidInput,
    MissingBotPermission,
    NotAllowed,
    NotConfigured,
    NotFound,
    TargetAboveBot,
    UserError,
)
from bot.guards import SafetySettings, Standing
from bot.i18n import Translations
from bot.judging import ended
from bot.outbox import EffectKind, Lane
from cogs.moderation import rules
from cogs.moderation.model import ChannelState, Writer
from cogs.moderation.render_forms import proposed_text
from storage import evidence as evidence_storage
from storage import footprint
from storage.outbox import OutboxRow, find_by_key, revive
from tests.moderation.stand import (
    BEN,
    BOT,
    CLEO,
    DAY,
    FACILITATOR,
    FARAH,
    GONE,
    GUILD,
    HOUR,
    MEMBER,
    MILO,
    MINA,
    MINUTE,
    OTHER_GUILD,
    OWNER,
    OWNER_ACTOR,
    PLACE,
    QUIET,
    Server,
    Stand,
    actor,
)

FREE = ChannelState(PLACE, allow=0, deny=0)


# ---------------------------------------------------------------------------------------------- who may


def methods_with_an_actor(stand: Stand) -> set[str]:
    """What somebody can do through the services of moderation."""
    services = (stand.service, stand.records, stand.channels, stand.native, stand.returning, stand.setting)
    return {
        name
        for each in services
        for name, method in inspect.getmembers(each, inspect.iscoroutinefunction)
        if not name.startswith("_") and "actor" in inspect.signature(method).parameters
    }


async def test_every_method_asks_who_may(stand: Stand) -> None:
    case = await stand.case(CaseKind.RESTRICT)
    note = await stand.case(CaseKind.NOTE, CLEO)
    panel = await stand.records.panel(actor(), BEN)
    plan_id, _ = await stand.channels.look(actor(), PLACE, [rules.Found(5, BEN, stand.clock.now())], 5, None)
    await stand.channels.lock(actor(), FREE, "Heated", None)
    calls: list[Any] = [
        *(
            lambda who, kind=kind: stand.act(kind, BEN, who, length=HOUR)
            for kind in (
                CaseKind.NOTE,
                CaseKind.WARN,
                CaseKind.TIMEOUT,
                CaseKind.RESTRICT,
                CaseKind.KICK,
                CaseKind.BAN,
                CaseKind.UNBAN,
            )
        ),
        lambda who: stand.service.lift(who, case.id, "Enough"),
        lambda who: stand.records.look(who, case.number),
        lambda who: stand.records.open(who, case.id),
        lambda who: stand.records.history(who, BEN, 0),
        lambda who: stand.records.panel(who, BEN),
        lambda who: stand.records.find_panel(who, panel.panel_id),
        lambda who: stand.records.panel_view(who, panel.panel_id),
        lambda who: stand.records.edit_reason(who, case.id, "Better"),
        lambda who: stand.records.add_note(who, case.id, "Psst"),
        lambda who: stand.records.link(who, case.id, note.number),
        lambda who: stand.records.hide(who, note.id, "Wrong"),
        lambda who: stand.records.show(who, note.id),
        lambda who: stand.channels.lock(who, FREE, "Heated", HOUR),
        lambda who: stand.channels.unlock(who, PLACE, "Calm"),
        lambda who: stand.channels.slow(who, FREE, 10, "Heated", HOUR),
        lambda who: stand.channels.look(who, PLACE, [], 5, None),
        lambda who: stand.channels.wanted(who, plan_id),
        lambda who: stand.channels.clear(who, plan_id, "Spam"),
        lambda who: stand.setting.save(who, {}),
    ]
    tried = {name for call in calls for name in call.__code__.co_names}
    of_proposals = {"ask", "confirmed"}  # tried below, where there is one
    assert methods_with_an_actor(stand) - tried == of_proposals
    before = len(await stand.effects())
    for call in calls:
        for who in (MEMBER, actor(CLEO, permissions=0, guild_id=OTHER_GUILD)):
            with pytest.raises(NotAllowed):
                await call(who)
    assert len(await stand.effects()) == before
    with pytest.raises(NotAllowed):
        await stand.setting.save(actor(), {})  # a moderator is no facilitator


async def test_kick_and_ban_need_the_power_itself(stand: Stand) -> None:
    plain = actor(permissions=MODERATE_MEMBERS)
    for kind, words in (
        (CaseKind.KICK, "Kick Members"),
        (CaseKind.BAN, "Ban Members"),
        (CaseKind.UNBAN, "Ban Members"),
    ):
        with pytest.raises(NotAllowed, match=words):
            await stand.act(kind, BEN, plain)
    await stand.case(CaseKind.KICK, BEN, actor(permissions=KICK_MEMBERS))


@pytest.mark.parametrize(
    "kind", [CaseKind.WARN, CaseKind.TIMEOUT, CaseKind.RESTRICT, CaseKind.KICK, CaseKind.BAN]
)
async def test_nobody_acts_on_themselves_on_the_bot_on_the_owner_or_upwards(
    stand: Stand, kind: CaseKind
) -> None:
    administrator = actor(permissions=ADMINISTRATOR)
    for target, words in (
        (MILO, "yourself"),
        (BOT, "That is me"),
        (OWNER, "owns the server"),
        (FARAH, "not below yours"),
        (MINA, "not below yours"),
    ):
        with pytest.raises(NotAllowed, match=words):
            await stand.act(kind, target, administrator, length=HOUR)
    stand.server.ranks[BEN] = 9
    with pytest.raises(TargetAboveBot):
        await stand.act(kind, BEN, OWNER_ACTOR, length=HOUR)
    assert await stand.effects() == []


async def test_who_is_no_member_can_be_banned_and_noted_and_nothing_else(stand: Stand) -> None:
    for kind in (CaseKind.WARN, CaseKind.TIMEOUT, CaseKind.RESTRICT, CaseKind.KICK):
        with pytest.raises(NotFound, match="not a member"):
            await stand.act(kind, GONE, length=HOUR)
    await stand.case(CaseKind.NOTE, GONE)
    ban = await stand.case(CaseKind.BAN, GONE)
    assert [row.kind for row in await stand.effects("moderation.")] == ["post", "post", "ban"]
    assert ban.ends_at is None and ban.holds


async def test_another_servers_case_and_card_are_not_there(stand: Stand) -> None:
    case, panel = await stand.case(CaseKind.RESTRICT), await stand.records.panel(actor(), BEN)
    other = actor(guild_id=OTHER_GUILD)
    for call in (
        stand.records.open(other, case.id),
        stand.records.look(other, case.number),
        stand.records.edit_reason(other, case.id, "Mine"),
        stand.service.lift(other, case.id, "Mine"),
        stand.records.find_panel(other, panel.panel_id),
        stand.records.link(other, case.id, 1),
    ):
        with pytest.raises(NotFound):
            await call


# ---------------------------------------------------------------------------------------------- doing it


async def test_the_notice_goes_first_and_the_ban_does_not_depend_on_it(stand: Stand) -> None:
    ban = await stand.case(CaseKind.BAN, length=2 * DAY, delete_seconds=3600)
    rows = {row.kind: row for row in await stand.effects("moderation.")}
    assert rows["ban"].after_key == rows["direct_message"].key and rows["ban"].after_until is not None
    assert rows["ban"].lane == Lane.SAFETY
    assert rows["ban"].arguments["delete_seconds"] == 3600 and "Spam" in rows["ban"].arguments["reason"]
    assert ban.state is State.PLANNED and ban.ends_at == stand.clock.now() + 2 * DAY
    await stand.done()
    assert (await stand.again(ban)).state is State.DONE
    stand.clock.advance(2 * DAY)
    await stand.run()
    ended = await stand.again(ban)
    assert ended.ended_why is EndedWhy.EXPIRED
    assert [row.kind for row in await stand.effects("moderation.undo:")] == ["unban"]


async def test_who_stays_is_told_only_of_what_was_done(stand: Stand) -> None:
    await stand.case(CaseKind.TIMEOUT, length=HOUR)
    [act] = await stand.effects("moderation.act:")
    [notice] = await stand.effects("moderation.notice:")
    assert notice.after_key == act.key and notice.after_until is None


async def test_a_case_says_when_discord_refused_it(stand: Stand) -> None:
    kick = await stand.case(CaseKind.KICK)
    await stand.done("failed", "no_permission")
    failed = await stand.again(kick)
    assert failed.state is State.FAILED and failed.state_reason == "no_permission" and not failed.holds
    view = await stand.records.open(actor(), kick.id)
    assert {EventKind.FAILED, EventKind.NOTICE_FAILED} <= {each.what for each in view.events}


async def test_what_was_refused_is_not_undone_and_what_is_mended_late_ends_at_once(stand: Stand) -> None:
    ban = await stand.case(CaseKind.BAN, length=HOUR)
    await stand.done("failed", "no_permission")
    stand.clock.advance(2 * HOUR)
    await stand.run()
    assert await stand.effects("moderation.undo:") == [] and (await stand.again(ban)).ended_at is None
    async with stand.core.db.begin() as session:
        [act] = [
            each
            for each in await session.scalars(select(OutboxRow))
            if each.key.startswith("moderation.act:")
        ]
        await revive(session, [act], now=stand.clock.now())
    await stand.done()  # staff mended it and had it tried again
    late = await stand.again(ban)
    assert (late.state, late.ended_why) == (State.DONE, EndedWhy.EXPIRED)
    assert [each.kind for each in await stand.effects("moderation.undo:")] == ["unban"]


async def test_two_moderators_at_once_punish_once(stand: Stand) -> None:
    async def press(member_id: int, key: str | None) -> object:
        try:
            return await stand.act(CaseKind.WARN, BEN, actor(member_id), source_key=key)
        except UserError as error:
            return error

    results = await asyncio.gather(*(press(who, "report:7") for who in (MILO, MINA, MILO)))
    assert sum(isinstance(each, AlreadyDone) for each in results) == 2
    stand.clock.advance(2 * MINUTE)
    with pytest.raises(AlreadyDone, match="dealt with already"):
        await stand.act(CaseKind.BAN, BEN, actor(MINA), source_key="report:7")
    assert len(await stand.effects("moderation.notice:")) == 1
    case = (await stand.records.look(actor(), 1)).case
    assert case.source is Source.REPORT and case.source_key == "report:7"


async def test_a_second_timeout_takes_the_place_of_the_first(stand: Stand) -> None:
    first = await stand.case(CaseKind.TIMEOUT, length=7 * DAY)
    stand.clock.advance(2 * MINUTE)
    second = await stand.case(CaseKind.TIMEOUT, length=HOUR)
    assert not (await stand.again(first)).holds and second.holds
    stand.clock.advance(8 * DAY)
    await stand.run()
    assert await stand.effects("moderation.undo:") == []  # Discord ends a timeout by itself
    with pytest.raises(InvalidInput, match="28 days"):
        await stand.act(CaseKind.TIMEOUT, length=28 * DAY + MINUTE)


async def test_a_restriction_needs_its_role_and_stays_while_another_holds(stand: Stand) -> None:
    first = await stand.case(CaseKind.RESTRICT, length=HOUR)
    stand.clock.advance(2 * MINUTE)
    second = await stand.case(CaseKind.RESTRICT, length=DAY)
    stand.clock.advance(2 * HOUR)
    await stand.run()
    assert not (await stand.again(first)).holds and await stand.effects("moderation.undo:") == []
    lifted = await stand.service.lift(actor(), second.id, "They said sorry")
    [undo] = await stand.effects("moderation.undo:")
    assert (undo.kind, undo.role_id, undo.member_id) == ("remove_role", QUIET, BEN)
    assert lifted.ended_by == MILO and "They said sorry" in undo.arguments["reason"]
    with pytest.raises(AlreadyDone):
        await stand.service.lift(actor(), second.id, "Again")
    await stand.choose(SafetySettings, restrict_role_id=None)
    with pytest.raises(NotConfigured):
        await stand.act(CaseKind.RESTRICT, CLEO)


async def test_points_add_up_expire_and_go_with_what_is_overturned_or_hidden(stand: Stand) -> None:
    await stand.setting.save(
        FACILITATOR, {"rules": "Be kind = 2\nNo spam", "days": "10", "short": "10", "hour": "30"}
    )
    first = await stand.act(CaseKind.WARN, rule="No spam")
    assert (first.points, first.suggestion) == (1, None)
    stand.clock.advance(DAY)
    second = await stand.act(CaseKind.WARN, rule="Be kind")
    assert second.points == 3 and second.suggestion is not None and second.suggestion.length == 7 * DAY
    assert second.case is not None and first.case is not None

    async def points() -> int:
        return (await stand.records.history(actor(), BEN, 0)).points

    await stand.records.hide(actor(), second.case.id, "It was somebody else")
    assert await points() == 1
    await stand.records.show(actor(), second.case.id)
    assert await points() == 3
    async with stand.core.db.begin() as session:
        assert await stand.core.cases.end(session, second.case, EndedWhy.OVERTURNED, MINA)
    assert await points() == 1
    stand.clock.advance(9 * DAY + MINUTE)
    assert await points() == 0


async def test_who_cannot_be_told_by_dm_finds_it_beside_their_next_answer(stand: Stand) -> None:
    await stand.case(CaseKind.WARN)
    async with stand.core.db.begin() as session:  # what `bot/staff_notices.py` does when Discord says so
        await stand.core.notifier.fall_back_from_dm(session, GUILD, BEN, "moderation.notice:1")
    await stand.done("failed", "dms_closed")
    async with stand.core.db.begin() as session:
        [line] = await stand.core.notifier.take_asides(session, GUILD, BEN) or []
    assert "/standing" in line


# ---------------------------------------------------------------------------------------------- over the cap


async def test_over_the_cap_a_second_moderator_decides(stand: Stand) -> None:
    await stand.choose(SafetySettings, cap_short=2)
    people = range(100, 104)
    stand.server.ranks |= dict.fromkeys(people, 1)
    for who in (100, 101):
        assert (await stand.act(CaseKind.KICK, who)).case is not None
    acted = await stand.act(CaseKind.BAN, 102, length=DAY)
    assert acted.case is None and acted.proposal is not None
    assert await stand.effects("moderation.act:3") == []
    guards = stand.core.guards

    async def confirm(who: Actor, typed: str | None = None) -> None:
        assert acted.proposal is not None
        await stand.confirm(who, acted.proposal.id, typed)

    with pytest.raises(NotAllowed, match="somebody else has to confirm"):
        await confirm(actor())
    with pytest.raises(NotAllowed):
        await confirm(actor(102))
    with pytest.raises(NotAllowed, match="Ban Members"):
        await confirm(actor(MINA, permissions=MODERATE_MEMBERS))
    with pytest.raises(NotFound):
        await confirm(actor(MINA, guild_id=OTHER_GUILD))
    with pytest.raises(NotAllowed, match="about you"):
        async with stand.core.db.begin() as session:
            await guards.decline(session, actor(102), acted.proposal.id)
    asked = proposed_text(acted.proposal, Translations().for_locale("en"))
    assert "Ban of <@102>. For 1 day." in asked and "Spam" in asked
    await confirm(actor(MINA))
    with pytest.raises(AlreadyDone):
        await confirm(OWNER_ACTOR)
    case = (await stand.records.look(actor(), 3)).case
    assert (case.kind, case.member_id, case.moderator_id) == (CaseKind.BAN, 102, MILO)
    assert (await stand.act(CaseKind.KICK, 103)).proposal is not None
    stand.clock.advance(2 * HOUR)
    assert (await stand.act(CaseKind.KICK, 103)).case is not None


async def test_a_proposal_is_off_after_an_hour_and_where_one_is_alone_they_type_its_number(
    stand: Stand,
) -> None:
    await stand.choose(SafetySettings, cap_short=0, cap_hour=0)
    stand.server.moderators = {OWNER}
    first = (await stand.act(CaseKind.KICK, BEN, OWNER_ACTOR)).proposal
    assert first is not None
    for typed in (None, "", "99", "yes"):
        with pytest.raises(InvalidInput, match="type the number"):
            await stand.confirm(OWNER_ACTOR, first.id, typed)
    stand.clock.advance(HOUR)
    with pytest.raises(AlreadyDone, match="within an hour"):
        await stand.confirm(OWNER_ACTOR, first.id, str(first.id))
    second = (await stand.act(CaseKind.KICK, BEN, OWNER_ACTOR)).proposal
    assert second is not None
    await stand.confirm(OWNER_ACTOR, second.id, f"#{second.id}")
    assert len(await stand.effects("moderation.act:")) == 1


async def test_discord_is_asked_before_the_transaction_in_which_a_second_moderator_decides(
    stand: Stand,
) -> None:
    class Slow(Server):
        async def standing(self, guild_id: int, member_id: int) -> Standing:
            async with stand.core.db.begin():  # raises where a transaction would wait for it
                return await super().standing(guild_id, member_id)

        async def holders(self, guild_id: int, capability: Capability) -> Mapping[int, bool]:
            async with stand.core.db.begin():
                return await super().holders(guild_id, capability)

    await stand.choose(SafetySettings, cap_short=0)
    proposal = (await stand.act(CaseKind.BAN)).proposal
    assert proposal is not None
    stand.core.guards.look = Slow()
    await stand.confirm(actor(MINA), proposal.id)
    assert len(await stand.effects("moderation.act:")) == 1


async def test_two_presses_at_the_cap_do_not_both_slip_through(stand: Stand) -> None:
    await stand.choose(SafetySettings, cap_short=1)
    stand.server.ranks |= {100: 1, 101: 1, 102: 1}
    acted = await asyncio.gather(*(stand.act(CaseKind.KICK, who) for who in (100, 101, 102)))
    assert sum(each.case is not None for each in acted) == 1


# ---------------------------------------------------------------------------------------------- records


async def test_an_edited_reason_keeps_its_history_and_a_link_stands_on_both(stand: Stand) -> None:
    one, other = await stand.case(CaseKind.WARN), await stand.case(CaseKind.WARN, CLEO)
    view = await stand.records.edit_reason(actor(MINA), one.id, "Said better")
    [event] = [each for each in view.events if each.what is EventKind.EDITED]
    assert (view.case.reason, event.before, event.after, event.by_id) == (
        "Said better",
        "Spam",
        "Said better",
        MINA,
    )
    await stand.records.link(actor(), one.id, other.number)
    await stand.records.link(actor(), other.id, one.number)
    assert (await stand.records.open(actor(), one.id)).linked == (other.number,)
    assert (await stand.records.open(actor(), other.id)).linked == (one.number,)
    with pytest.raises(NotFound):
        await stand.records.link(actor(), one.id, one.number)


async def test_nobody_touches_a_case_about_themselves(stand: Stand) -> None:
    about_milo = await stand.case(CaseKind.RESTRICT, MILO, OWNER_ACTOR)
    for call in (
        stand.records.edit_reason(actor(), about_milo.id, "Nothing"),
        stand.records.hide(actor(), about_milo.id, "Nothing"),
        stand.records.add_note(actor(), about_milo.id, "Nothing"),
        stand.service.lift(actor(), about_milo.id, "Nothing"),
    ):
        with pytest.raises(NotAllowed, match="about you"):
            await call


async def test_what_holds_is_not_hidden_and_a_hidden_case_keeps_its_number(stand: Stand) -> None:
    held = await stand.case(CaseKind.RESTRICT)
    with pytest.raises(InvalidInput, match="still holds"):
        await stand.records.hide(actor(), held.id, "Wrong")
    warned = await stand.case(CaseKind.WARN)
    await stand.records.hide(actor(), warned.id, "Wrong person")
    assert (await stand.case(CaseKind.NOTE, CLEO)).number == 3
    async with stand.core.db.read() as session:
        shown = await stand.core.cases.list_of_member(session, GUILD, BEN, hidden=False)
    assert [each.number for each in shown] == [1]
    history = await stand.records.history(actor(), BEN, 0)
    assert [each.number for each in history.cases] == [2, 1]


async def test_history_comes_in_pages(stand: Stand) -> None:
    for number in range(9):
        await stand.case(CaseKind.NOTE, reason=f"Note {number}")
    first = await stand.records.history(actor(), BEN, 0)
    last = await stand.records.history(actor(), BEN, 99)
    assert (len(first.cases), first.pages, last.page, [each.number for each in last.cases]) == (8, 2, 1, [1])


async def test_a_deletion_takes_notes_and_evidence_and_leaves_the_case(stand: Stand) -> None:
    case = await stand.case(CaseKind.WARN)
    await stand.records.add_note(actor(MINA), case.id, "Friendly in person")
    snippets = [Snippet(author_id=BEN, text="Buy")]
    async with stand.core.db.begin() as session:
        await stand.core.cases.evidence.keep(session, GUILD, CASE, case.id, snippets)
    for who in (BEN, MILO):
        async with stand.core.db.begin() as session:
            while (await footprint.erase(session, GUILD, who, limit=50, now=stand.clock.now())).rows:
                pass
    view = await stand.records.open(actor(MINA), case.id)
    assert (view.case.member_id, view.case.reason, view.case.moderator_id) == (BEN, "Spam", 0)
    assert view.notes == () and view.evidence == ()


# ---------------------------------------------------------------------------------------------- channels


async def test_a_lock_ends_with_what_was_there_before(stand: Stand) -> None:
    mask = rules.LOCKED
    state = ChannelState(PLACE, allow=1 << 6 | 1 << 10, deny=1 << 35, existed=True)
    case, is_new = await stand.channels.lock(actor(), state, "Heated", HOUR)
    assert is_new
    locked = replace(state, allow=1 << 10, deny=mask)
    same, again = await stand.channels.lock(actor(MINA), locked, "Still", 2 * HOUR)
    assert (same.id, again) == (case.id, False)
    await stand.done()
    stand.clock.advance(HOUR + MINUTE)
    await stand.run()
    assert (await stand.again(case)).holds
    stand.clock.advance(HOUR)
    await stand.run()
    [undo] = await stand.effects("moderation.undo:")
    given = undo.arguments
    assert (given["allow"], given["deny"]) == (1 << 6, 1 << 35)
    assert (
        given["inherit"] == mask & ~(1 << 6 | 1 << 35) and given["remove"] is False and given["while_denied"]
    )


async def test_what_is_opened_by_hand_is_not_opened_again(stand: Stand) -> None:
    case, _ = await stand.channels.lock(actor(), FREE, "Heated", HOUR)
    await stand.channels.opened_by_hand(GUILD, PLACE, CaseKind.LOCK)
    assert (await stand.again(case)).holds  # Discord has not even locked it yet
    await stand.done()
    await stand.channels.opened_by_hand(GUILD, PLACE, CaseKind.LOCK)
    assert not (await stand.again(case)).holds and await stand.effects("moderation.undo:") == []
    with pytest.raises(NotFound, match="not locked"):
        await stand.channels.unlock(actor(), PLACE, "Calm")
    with pytest.raises(AlreadyDone, match="by hand"):
        await stand.channels.lock(actor(), ChannelState(PLACE, deny=rules.LOCKED), "Heated", None)


async def test_slowmodes_follow_each_other_back_to_where_it_began(stand: Stand) -> None:
    first = await stand.channels.slow(actor(), ChannelState(PLACE, slowmode=5), 30, "Heated", HOUR)
    await stand.done()
    second = await stand.channels.slow(actor(), ChannelState(PLACE, slowmode=30), 60, "Hotter", HOUR)
    assert not (await stand.again(first)).holds and second.details["before"] == 5
    stand.clock.advance(HOUR)
    await stand.run()
    [undo] = await stand.effects("moderation.undo:")
    assert undo.arguments["slowmode"] == 5 and undo.arguments["while"] == 60


async def test_messages_are_cleared_once_and_words_kept_only_when_wished(stand: Stand) -> None:
    now = stand.clock.now()
    found = [rules.Found(number, BEN, now) for number in range(1, 151)]
    plan_id, seen = await stand.channels.look(actor(), PLACE, found, 150, None)
    assert len(seen.ids) == 150
    with pytest.raises(NotFound):
        await stand.channels.clear(actor(MINA), plan_id, "Spam")
    kept = [Snippet(author_id=BEN, text="Buy", channel_id=PLACE, message_id=1)]
    case = await stand.channels.clear(actor(), plan_id, "Spam", kept)
    with pytest.raises(AlreadyDone):
        await stand.channels.clear(actor(), plan_id, "Spam")
    rows = await stand.effects("moderation.purge:")
    assert [len(row.arguments["message_ids"]) for row in rows] == [100, 50] and case.count == 150
    assert {row.kind for row in rows} == {EffectKind.PURGE}
    stand.clock.advance(timedelta(days=31))
    await stand.run()
    async with stand.core.db.read() as session:
        [kept_row] = await evidence_storage.list_of(session, CASE, case.id)
    assert kept_row.text is None and kept_row.author_id == BEN and kept_row.purged_at is not None


# ---------------------------------------------------------------------------------------------- by hand


async def test_a_temporary_ban_does_not_lift_a_later_one_by_hand(stand: Stand) -> None:
    ban = await stand.case(CaseKind.BAN, length=DAY)
    await stand.done()
    entry = rules.Entry(900, "ban", MINA, BEN, "By hand", stand.clock.now() + MINUTE)
    stand.clock.advance(MINUTE)
    mine = await stand.native.seen(GUILD, entry, BOT)
    assert (
        mine is not None
        and mine.source is Source.DISCORD
        and await stand.native.seen(GUILD, entry, BOT) is None
    )
    stand.clock.advance(2 * DAY)
    await stand.run()
    assert not (await stand.again(ban)).holds and await stand.effects("moderation.undo:") == []
    unban = rules.Entry(901, "unban", MINA, BEN, "", stand.clock.now())
    await stand.native.seen(GUILD, unban, BOT)
    assert not (await stand.again(mine)).holds and await stand.effects("moderation.undo:") == []


async def test_our_own_entries_are_no_second_case(stand: Stand) -> None:
    await stand.case(CaseKind.KICK)
    own = rules.Entry(900, "kick", BOT, BEN, "Case 1", stand.clock.now())
    assert await stand.native.caught_up(GUILD, [own, own], BOT) == 0


async def test_who_comes_back_is_held_again_and_others_cost_no_query(stand: Stand) -> None:
    restricted = await stand.case(CaseKind.RESTRICT, length=DAY)
    await stand.case(CaseKind.TIMEOUT, length=HOUR)
    assert stand.returning.is_held(GUILD, BEN) and not stand.returning.is_held(GUILD, CLEO)
    assert await stand.returning.joined(GUILD, CLEO, None) == 0
    assert await stand.returning.joined(GUILD, BEN, stand.clock.now()) == 2
    assert await stand.returning.joined(GUILD, BEN, stand.clock.now()) == 0  # the same joining, told twice
    stand.clock.advance(2 * HOUR)
    await stand.run()
    assert await stand.returning.joined(GUILD, BEN, stand.clock.now()) == 1
    view = await stand.records.open(actor(), restricted.id)
    assert [each.what for each in view.events].count(EventKind.REAPPLIED) == 2


async def test_a_lock_lets_the_bot_and_the_moderators_write_on_and_takes_that_back(stand: Stand) -> None:
    send, react = 1 << 11, 1 << 6
    state = replace(FREE, writers=(Writer(601, send | react, False), Writer(602, send, True)))
    for ends_by_hand in (False, True):
        case, _ = await stand.channels.lock(actor(), state, "Heated", HOUR)
        rows = [each for each in await stand.effects("moderation.") if each.kind == EffectKind.SET_CHANNEL]
        spare, everyone = rows[-3:-1], rows[-1]
        assert [(each.role_id, each.arguments["allow"]) for each in spare] == [
            (601, send | react),
            (602, send),
        ]
        assert everyone.role_id == GUILD and everyone.arguments["deny"] == rules.LOCKED
        await stand.done()
        if ends_by_hand:
            await stand.channels.opened_by_hand(GUILD, PLACE, CaseKind.LOCK)
        else:
            stand.clock.advance(HOUR)
            await stand.run()
        taken = await stand.effects(f"moderation.spared:{case.id}:")
        assert [(each.role_id, each.arguments["inherit"], each.arguments["remove"]) for each in taken] == [
            (601, send | react, True),
            (602, send, False),
        ]
        assert all(each.arguments["while_allowed"] for each in taken)
    refused, _ = await stand.channels.lock(actor(), state, "Heated", HOUR)
    await stand.done("failed", "no_permission")
    assert len(await stand.effects(f"moderation.spared:{refused.id}:")) == 2


async def test_the_end_waits_for_what_it_ends(stand: Stand) -> None:
    ban = await stand.case(CaseKind.BAN, length=DAY)
    await stand.service.lift(
        actor(MINA), ban.id, "Misread"
    )  # while the ban waits for Discord, or for its notice
    [undo] = await stand.effects("moderation.undo:")
    assert undo.after_key == f"moderation.act:{ban.id}" and undo.after_until is None
    stand.clock.advance(2 * MINUTE)
    later = await stand.case(CaseKind.BAN, CLEO, length=DAY)
    await stand.done()
    await stand.service.lift(actor(MINA), later.id, "Misread")
    assert [each.after_key for each in await stand.effects("moderation.undo:")][1] is None


async def test_what_the_bot_may_not_do_is_said_before_anybody_is_told(stand: Stand) -> None:
    stand.server.powers = 0
    for kind in (CaseKind.TIMEOUT, CaseKind.RESTRICT, CaseKind.KICK, CaseKind.BAN, CaseKind.UNBAN):
        with pytest.raises(MissingBotPermission, match="I lack the permission"):
            await stand.act(kind, length=HOUR)
    assert await stand.effects() == []
    stand.server.powers = ADMINISTRATOR
    await stand.case(CaseKind.BAN)


async def test_what_was_refused_or_ended_can_be_done_again_at_once(stand: Stand) -> None:
    await stand.case(CaseKind.KICK)
    await stand.done("failed", "no_permission")
    await stand.case(CaseKind.KICK)
    held = await stand.case(CaseKind.RESTRICT)
    await stand.service.lift(actor(), held.id, "Too long")
    await stand.case(CaseKind.RESTRICT, length=HOUR)
    with pytest.raises(AlreadyDone, match="less than a minute"):
        await stand.act(CaseKind.RESTRICT, length=HOUR)


async def test_how_far_the_log_was_read_moves_past_what_is_of_no_interest_and_never_over_a_gap(
    stand: Stand,
) -> None:
    native, now = stand.native, stand.clock.now()

    def own(number: int, at: timedelta) -> rules.Entry:
        return rules.Entry(number, "member_role_update", BOT, BEN, "", now + at)

    assert await native.cursor(GUILD, 100) is None
    native.connected()
    live = rules.Entry(500, "kick", MINA, CLEO, "Now", now)
    assert await native.seen(GUILD, live, BOT) is not None  # told before the log of the meantime was read
    assert await native.cursor(GUILD, 600) == 100
    missed = rules.Entry(300, "kick", MINA, BEN, "Missed", now - HOUR)
    entries = [*(own(number, -HOUR) for number in range(200, 300)), missed, live, own(510, timedelta(0))]
    assert await native.caught_up(GUILD, entries, BOT) == 1
    assert await native.cursor(GUILD, 600) == 510
    for number, at in ((511, MINUTE), (512, HOUR), (513, HOUR + MINUTE)):
        await native.seen(GUILD, own(number, at), BOT)
    assert await native.cursor(GUILD, 600) == 512  # not a write for each


async def test_messages_that_stay_because_a_part_was_refused_are_not_called_done(stand: Stand) -> None:
    now = stand.clock.now()
    found = [rules.Found(number, BEN, now) for number in range(1, 151)]
    plan_id, _ = await stand.channels.look(actor(), PLACE, found, 150, None)
    case = await stand.channels.clear(actor(), plan_id, "Spam")
    first, second = await stand.effects("moderation.purge:")

    async def end(key: str, outcome: str) -> None:
        async with stand.core.db.begin() as session:
            row = await find_by_key(session, key)
            assert row is not None
            row.outcome, row.reason = outcome, "no_permission" if outcome == "failed" else None
            await session.flush()
            await stand.core.outbox.tell_end(session, ended(row))

    await end(first.key, "failed")
    await end(second.key, "sent")
    assert (await stand.again(case)).state is State.FAILED
    await end(first.key, "sent")  # staff gave the permission and had it tried again
    assert (await stand.again(case)).state is State.DONE


async def test_a_proposal_about_somebody_who_deleted_their_data_hits_nobody(stand: Stand) -> None:
    await stand.choose(SafetySettings, cap_short=0)
    proposal = (await stand.act(CaseKind.BAN)).proposal
    assert proposal is not None
    async with stand.core.db.begin() as session:
        while (await footprint.erase(session, GUILD, BEN, limit=50, now=stand.clock.now())).rows:
            pass
    with pytest.raises(NotFound, match="not known any more"):
        await stand.confirm(actor(MINA), proposal.id)
    assert await stand.effects("moderation.act:") == []


async def test_what_began_and_ended_while_nobody_looked_has_ended_by_who_ended_it(stand: Stand) -> None:
    now = stand.clock.now()
    entries = [
        rules.Entry(900, "ban", MILO, BEN, "Spam", now - 5 * HOUR),
        rules.Entry(901, "unban", MINA, BEN, "", now - 4 * HOUR),
        rules.Entry(902, "ban", MILO, BEN, "Spam again", now - 3 * HOUR),
    ]
    assert await stand.native.caught_up(GUILD, entries, BOT) == 3
    first, _, again = [(await stand.records.look(actor(), number)).case for number in (1, 2, 3)]
    assert (first.ended_by, first.ended_why) == (MINA, EndedWhy.LIFTED) and again.holds
    late = rules.Entry(899, "unban", MINA, BEN, "", now)  # told a second time, or out of order
    await stand.native.seen(GUILD, late, BOT)
    assert (await stand.again(again)).holds
