"""What can be planned, and which planned effects are handed out, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.outbox import KEY_LIMIT, WAKE_MARK, Effect, EffectKind, Lane, Outbox
from storage import outbox as storage
from storage.database import Database
from tests.bot.outbox_stand import CHANNEL, GUILD, MEMBER, edit, post, role, timeout
from tests.clocks import FixedClock

LEASE = timedelta(seconds=90)
EVERYTHING: dict[str, Any] = {
    "channel_id": CHANNEL,
    "message_id": 77,
    "member_id": MEMBER,
    "role_id": 900,
    "renderer": "any",
    "arguments": {"until": None},
}


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        (EffectKind.POST, ["channel_id", "renderer"]),
        (EffectKind.EDIT, ["channel_id", "renderer", "message_id"]),
        (EffectKind.DELETE, ["channel_id", "message_id"]),
        (EffectKind.DIRECT_MESSAGE, ["member_id", "renderer"]),
        (EffectKind.ADD_ROLE, ["member_id", "role_id"]),
        (EffectKind.REMOVE_ROLE, ["member_id", "role_id"]),
        (EffectKind.OPEN_THREAD, ["channel_id", "renderer", "message_id"]),
        (EffectKind.CREATE_EVENT, ["renderer"]),
        (EffectKind.TIMEOUT, ["member_id", "arguments"]),
        (EffectKind.SET_AUTOMOD, ["renderer"]),
    ],
)
def test_an_effect_that_lacks_what_its_kind_needs_cannot_be_planned(
    kind: EffectKind, needed: list[str]
) -> None:
    Effect(kind=kind, key="k", guild_id=GUILD, **EVERYTHING)
    for name in needed:
        rest = {key: value for key, value in EVERYTHING.items() if key != name}
        with pytest.raises(ValueError, match="until" if name == "arguments" else name):
            Effect(kind=kind, key="k", guild_id=GUILD, **rest)


@pytest.mark.parametrize("field", ["key", "after", "coalesce_key"])
@pytest.mark.parametrize("text", ["", "x" * (KEY_LIMIT + 1)])
def test_a_key_that_no_database_would_hold_is_refused_where_it_is_made(field: str, text: str) -> None:
    with pytest.raises(ValueError, match="a key has 1 to"):
        fields: dict[str, Any] = {"key": "k", field: text}
        post(**fields)


async def test_the_longest_keys_fit_both_databases(database: Database, clock: FixedClock) -> None:
    longest = "x" * KEY_LIMIT
    last = 2**63 - 1
    effects = (
        post(longest, coalesce_key="y" * KEY_LIMIT),
        post(f"{longest}:channel", after=longest),
        Effect(
            kind=EffectKind.EDIT, key="edit", guild_id=last, channel_id=last, renderer="any", after=longest
        ),
        Effect(kind=EffectKind.ADD_ROLE, key="role", guild_id=last, member_id=last, role_id=last),
    )
    async with database.begin() as session:
        assert await Outbox(clock).plan(session, *effects) == 4


async def test_only_what_is_new_wakes_the_dispatcher(database: Database, clock: FixedClock) -> None:
    marks: list[frozenset[str]] = []
    database.after_commit(marks.append)
    for _ in range(2):
        async with database.begin() as session:
            await Outbox(clock).plan(session, post("once"))
    assert marks == [frozenset({WAKE_MARK})]


async def test_what_is_rolled_back_was_never_planned(database: Database, clock: FixedClock) -> None:
    async def plan_and_fail() -> None:
        async with database.begin() as session:
            await Outbox(clock).plan(session, post("a"))
            raise RuntimeError("the use case failed")

    with pytest.raises(RuntimeError):
        await plan_and_fail()
    assert await claim(database, clock, []) == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (edit("a"), edit("b")),
        (role(EffectKind.ADD_ROLE, "a"), role(EffectKind.REMOVE_ROLE, "b")),
        (timeout("a", "2026-01-05T09:00:00+00:00"), timeout("b", None)),
        (post("a", coalesce_key="board"), post("b", coalesce_key="board", channel=11)),
    ],
)
def test_what_states_the_same_thing_anew_takes_its_place(earlier: Effect, later: Effect) -> None:
    assert earlier.coalesces_under == later.coalesces_under is not None


def test_different_things_do_not_take_each_others_place() -> None:
    effects = [
        edit("a", 77),
        edit("b", 78),
        edit("c", None, after="x"),
        role(EffectKind.ADD_ROLE, "d"),
        timeout("e", None),
    ]
    assert len({each.coalesces_under for each in effects}) == len(effects)
    assert post("f").coalesces_under is None


# ---------------------------------------------------------------------------------- handing out


async def claim(
    database: Database,
    clock: FixedClock,
    effects: Sequence[Effect],
    *,
    limit: int = 10,
    busy: Sequence[int] = (),
) -> list[str]:
    now = clock.now()
    async with database.begin() as session:
        await Outbox(clock).plan(session, *effects)
        rows = await storage.claim_due(session, now=now, lease_until=now + LEASE, limit=limit, busy=busy)
        return [row.key for row in rows.values()]


async def test_one_effect_a_place_is_handed_out_and_none_in_a_busy_one(
    database: Database, clock: FixedClock
) -> None:
    effects = [
        post("a"),
        post("b"),
        post("safe", lane=Lane.SAFETY),
        post("elsewhere", channel=11),
        role(EffectKind.ADD_ROLE, "role"),
        Effect(kind=EffectKind.CREATE_EVENT, key="event", guild_id=GUILD, renderer="any"),
    ]
    assert await claim(database, clock, effects, busy=[11]) == ["safe", "role", "event"]
    assert await claim(database, clock, [], busy=[CHANNEL]) == ["elsewhere"]


async def test_what_is_handed_out_is_not_handed_out_again_until_its_lease_ends(
    database: Database, clock: FixedClock
) -> None:
    assert await claim(database, clock, [post("a")]) == ["a"]
    clock.advance(LEASE - timedelta(seconds=1))
    assert await claim(database, clock, []) == []
    clock.advance(timedelta(seconds=1))
    assert await claim(database, clock, []) == ["a"]


async def test_two_changes_of_one_role_are_never_under_way_at_once(
    database: Database, clock: FixedClock
) -> None:
    # Elsewhere than the first, as another process would have it: by another way to the same thing.
    later = post("b", coalesce_key="thing", channel=11)
    assert await claim(database, clock, [post("a", coalesce_key="thing")]) == ["a"]
    assert await claim(database, clock, [later]) == []
    async with database.begin() as session:
        await storage.release_leases(session)
    assert await claim(database, clock, []) == ["a", "b"]


async def test_the_next_due_instant_leaves_out_what_waits_for_another(
    database: Database, clock: FixedClock
) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    effects = [post("first", not_before=tomorrow), post("second", channel=11, after="first")]
    assert await claim(database, clock, effects) == []
    async with database.read() as session:
        assert await storage.next_due_at(session) == tomorrow
    assert await claim(database, clock, [post("now")]) == ["now"]
    async with database.read() as session:
        assert await storage.next_due_at(session) == clock.now() + LEASE


async def test_the_failures_shown_are_the_guilds_own_and_can_be_mended(
    database: Database, clock: FixedClock
) -> None:
    reasons = ["no_access", "dms_closed", "member_gone", "message_gone", "role_above_bot"]
    async with database.begin() as session:
        await Outbox(clock).plan(session, *(post(reason) for reason in reasons))
        rows = await storage.claim_due(
            session, now=clock.now(), lease_until=clock.now() + LEASE, limit=10, busy=[]
        )
        assert len(rows) == 1
        for reason in reasons:
            row = await storage.find_by_key(session, reason)
            assert row is not None
            row.outcome, row.reason, row.finished_at = "failed", reason, clock.now()
    async with database.read() as session:
        failed = await storage.list_failed(session, GUILD, since=clock.now())
        assert [row.key for row in failed] == ["role_above_bot", "no_access"]
        assert await storage.list_failed(session, GUILD + 1, since=clock.now()) == []
        assert await storage.list_failed(session, GUILD, since=clock.now() + LEASE) == []
