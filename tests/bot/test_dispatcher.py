"""How effects are chosen, ordered and given up, on both databases: each rule alone. That nothing is lost or
doubled is shown in test_exactly_once.py, what happens when things go wrong in test_dispatcher_trouble.py."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta
from typing import Any

import pytest

from bot.dispatcher import AT_ONCE, Obsolete, PlannedEffect
from bot.outbox import Effect, EffectKind, Lane
from storage import outbox as storage
from storage.database import Database
from tests.bot.fake_discord import Fault
from tests.bot.outbox_stand import CHANNEL, GUILD, Stand, edit, post, role, timeout, until
from tests.clocks import FixedClock

SOON = timedelta(seconds=1)


@pytest.fixture
async def stand(database: Database, clock: FixedClock) -> Stand:
    return await Stand.open(database, clock)


# ---------------------------------------------------------------------------------- lanes, places, order


async def test_safety_goes_first_then_what_somebody_waits_for(stand: Stand) -> None:
    await stand.deliver(
        *(post(lane.name, lane=lane) for lane in (Lane.BULK, Lane.SCHEDULED, Lane.AWAITED, Lane.SAFETY))
    )
    assert stand.asked == ["SAFETY", "AWAITED", "SCHEDULED", "BULK"]


async def test_a_channel_that_hangs_holds_up_neither_others_nor_safety(stand: Stand) -> None:
    gate = asyncio.Event()

    async def hang(effect: PlannedEffect) -> None:
        if effect.channel_id == CHANNEL:
            await gate.wait()

    stand.discord.on_request = hang
    await stand.plan(*(post(f"hanging {each}") for each in range(AT_ONCE + 5)))
    stand.dispatcher.wake()
    await until(lambda: stand.asked == ["hanging 0"])
    await stand.plan(timeout("safety", None), post("elsewhere", channel=11))
    stand.dispatcher.wake()
    await until(lambda: len(stand.discord.done) == 2)
    assert {each.key for each in stand.discord.done} == {"safety", "elsewhere"}
    gate.set()
    await stand.dispatcher.drain()
    assert stand.discord.order()[CHANNEL] == [f"hanging {each}" for each in range(AT_ONCE + 5)]


async def test_what_waits_to_learn_its_channel_and_what_goes_to_the_server_are_apart(stand: Stand) -> None:
    """The answers to a prompt that is still to be posted are planned without a channel, an event never has one."""
    gate = asyncio.Event()

    async def hang(_: PlannedEffect) -> None:
        await gate.wait()

    stand.discord.on_request = hang
    await stand.plan(
        post("answer", channel=0),
        Effect(kind=EffectKind.CREATE_EVENT, key="event", guild_id=GUILD, renderer="any"),
    )
    stand.dispatcher.wake()
    await until(lambda: sorted(stand.asked) == ["answer", "event"])
    broken = list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: broken.append(context))
    gate.set()
    await stand.dispatcher.drain()
    gc.collect()  # a task's error is told when nobody can ask for it any more
    assert (len(stand.discord.done), broken) == (2, [])


async def test_one_channel_keeps_the_order_of_planning(stand: Stand) -> None:
    keys = [f"post {each}" for each in range(25)]
    await stand.deliver(*(post(key, channel=10 + index % 2) for index, key in enumerate(keys)))
    assert stand.discord.order() == {10: keys[::2], 11: keys[1::2]}


async def test_what_is_planned_for_later_waits(stand: Stand) -> None:
    await stand.deliver(post("later", not_before=stand.clock.now() + timedelta(minutes=5)))
    assert (stand.asked, await stand.next_due()) == ([], 300)
    await stand.later(300)
    assert stand.asked == ["later"]


async def test_planning_the_same_key_again_plans_nothing(stand: Stand) -> None:
    assert await stand.plan(post("once"), post("once")) == 1
    await stand.deliver(post("once"))
    assert await stand.plan(post("once")) == 0
    await stand.dispatcher.drain()
    assert stand.discord.counts() == {"once": 1}


# ---------------------------------------------------------------------------------- what is given up


async def test_of_several_edits_of_a_message_the_newest_is_made(stand: Stand) -> None:
    await stand.deliver(edit("a"), edit("b"), edit("c"), edit("another", 78))
    assert sorted(stand.asked) == ["another", "c"]
    assert await stand.outcome("a") == ("skipped", "superseded by a later one")


async def test_a_superseded_post_that_had_arrived_counts_as_sent(stand: Stand) -> None:
    stand.discord.faults.append(Fault.LOST_ANSWER)
    await stand.deliver(post("old", coalesce_key="board"))
    await stand.plan(post("new", coalesce_key="board"))
    await stand.later(2)
    [old] = [each for each in stand.discord.messages if each.key == "old"]
    assert (await stand.row("old")).result_id == old.id
    assert await stand.outcome("old") == ("sent", None)
    assert stand.discord.counts() == {"old": 1, "new": 1}


async def test_a_superseded_post_that_had_not_arrived_is_left_out(stand: Stand) -> None:
    stand.discord.faults.append(Fault.ERROR_BEFORE)
    await stand.deliver(post("old", coalesce_key="board"))
    await stand.plan(post("new", coalesce_key="board"))
    await stand.later(2)
    assert stand.discord.counts() == {"new": 1}
    assert await stand.outcome("old") == ("skipped", "superseded by a later one")


@pytest.mark.parametrize("refused", [False, True])
async def test_a_change_of_a_role_that_was_put_off_never_comes_after_a_newer_one(
    stand: Stand, refused: bool
) -> None:
    stand.discord.faults.append(Fault.ERROR_BEFORE)
    await stand.deliver(role(EffectKind.ADD_ROLE, "give"))
    if refused:
        stand.discord.refused["take"] = "no_permission"
    await stand.deliver(role(EffectKind.REMOVE_ROLE, "take"))
    await stand.later(10)
    assert stand.asked == ["give", "take"]
    assert await stand.outcome("give") == ("skipped", "superseded by a later one")


async def test_the_end_of_a_timeout_is_not_undone_by_a_timeout_that_was_put_off(stand: Stand) -> None:
    stand.discord.faults.append(Fault.ERROR_BEFORE)
    await stand.deliver(timeout("silence", "2026-01-05T09:00:00+00:00"))
    await stand.deliver(timeout("speak", None))
    await stand.later(10)
    assert [each.key for each in stand.discord.done] == ["speak"]


async def test_a_role_given_now_and_taken_next_week_is_given(stand: Stand) -> None:
    week = timedelta(days=7)
    await stand.deliver(
        role(EffectKind.ADD_ROLE, "give"),
        role(EffectKind.REMOVE_ROLE, "take", not_before=stand.clock.now() + week),
    )
    assert stand.asked == ["give"]
    await stand.later(week.total_seconds())
    assert stand.asked == ["give", "take"]


async def test_a_role_to_be_taken_next_week_stays_when_it_is_given_anew_meanwhile(stand: Stand) -> None:
    take = role(EffectKind.REMOVE_ROLE, "take", not_before=stand.clock.now() + timedelta(days=7))
    await stand.deliver(take)
    await stand.deliver(role(EffectKind.ADD_ROLE, "give"))
    await stand.later(timedelta(days=7).total_seconds())
    assert stand.asked == ["give"]


async def test_an_effect_that_is_too_late_is_left_out(stand: Stand) -> None:
    stand.discord.down = True
    await stand.deliver(post("brief", expires_at=stand.clock.now() + timedelta(seconds=3)))
    stand.discord.down = False
    await stand.later(3)
    assert stand.discord.counts() == {"brief": 1}, "three seconds are not too late, four are"
    await stand.plan(post("briefer", expires_at=stand.clock.now() + SOON))
    await stand.later(2)
    assert (await stand.outcome("briefer"))[0] == "skipped"
    assert stand.discord.counts() == {"brief": 1}


async def test_what_came_in_time_unknown_to_us_counts_as_sent_when_it_is_too_late(stand: Stand) -> None:
    stand.discord.faults.append(Fault.LOST_ANSWER)
    await stand.deliver(post("brief", expires_at=stand.clock.now() + SOON))
    await stand.later(3600)
    assert await stand.outcome("brief") == ("sent", None)


async def test_nothing_to_show_any_more_leaves_the_effect_out(stand: Stand) -> None:
    stand.render_error = Obsolete("the member left")
    await stand.deliver(post("welcome"))
    assert (await stand.outcome("welcome"), stand.asked) == (("skipped", "the member left"), [])


async def test_nothing_to_show_any_more_after_it_was_shown_counts_as_sent(stand: Stand) -> None:
    stand.discord.faults.append(Fault.LOST_ANSWER)
    await stand.deliver(post("welcome"))
    stand.render_error = Obsolete("the member left")
    await stand.later(2)
    assert await stand.outcome("welcome") == ("sent", None)


# ---------------------------------------------------------------------------------- one after another


async def test_a_successor_follows_at_once_and_gets_the_message(stand: Stand) -> None:
    thread = Effect(
        kind=EffectKind.OPEN_THREAD,
        key="thread",
        guild_id=GUILD,
        channel_id=CHANNEL,
        renderer="any",
        after="prompt",
        lane=Lane.SAFETY,
    )
    await stand.deliver(post("prompt"), thread, edit("redraw", None, after="prompt"))
    assert stand.asked == ["prompt", "thread", "redraw"]
    [prompt] = stand.discord.messages
    assert [each.message_id for each in stand.discord.done] == [None, prompt.id, prompt.id]


async def test_a_successor_waits_as_long_as_its_predecessor(stand: Stand) -> None:
    stand.discord.down = True
    await stand.deliver(post("first"), post("second", channel=11, after="first"))
    for _ in range(5):
        await stand.later(45)
    assert set(stand.asked) == {"first"}
    assert await stand.next_due() == 45
    stand.discord.down = False
    await stand.later(45)
    assert [each.key for each in stand.discord.messages] == ["first", "second"]


@pytest.mark.parametrize("fate", ["refused", "obsolete", "never planned"])
async def test_a_successor_is_left_out_when_its_predecessor_was_not_done(stand: Stand, fate: str) -> None:
    stand.discord.refused["first"] = "no_access"
    if fate == "obsolete":
        stand.render_error = Obsolete("gone")
    chain = [post("first"), post("second", after="first"), post("third", after="second")]
    await stand.deliver(*(chain[1:] if fate == "never planned" else chain))
    assert await stand.outcome("second") == ("skipped", storage.NOT_POSTED)
    assert await stand.outcome("third") == ("skipped", storage.NOT_POSTED)
    assert stand.discord.counts() == {}


async def test_nothing_is_hung_on_a_message_that_somebody_deleted_at_once(stand: Stand) -> None:
    async def deleted(_effect: PlannedEffect) -> None:
        stand.discord.perform = _nothing_came_of_it  # type: ignore[method-assign]  # 10008 for its nonce

    stand.discord.on_request = deleted
    await stand.deliver(post("other"))
    await stand.deliver(post("prompt"), edit("redraw", None, after="prompt"))
    assert await stand.outcome("redraw") == ("skipped", "what it belongs to was deleted")


async def _nothing_came_of_it(*_: Any, **__: Any) -> None:
    return None


async def test_trying_again_brings_back_what_was_left_out_with_it(stand: Stand) -> None:
    stand.discord.refused["first"] = "no_permission"
    await stand.deliver(post("first"), post("second", after="first"), post("third", after="second"))
    stand.discord.refused.clear()
    await stand.later(86_400)
    async with stand.db.begin() as session:
        row = await session.get(storage.OutboxRow, (await stand.row("first")).id)
        assert row is not None
        await storage.revive(session, [row], now=stand.clock.now())
    await stand.dispatcher.drain()
    assert [each.key for each in stand.discord.messages] == ["first", "second", "third"]
    assert stand.discord.looks == [], "it was refused at the first try, so nothing can be out there"
