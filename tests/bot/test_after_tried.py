"""What is only waited for: a notice goes first, and nothing that happens to it holds up what follows."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.judging import Done, PlannedEffect
from bot.outbox import AFTER_WAIT, Effect, EffectKind, Ended, Lane
from storage import outbox as storage
from storage.database import Database
from tests.bot.fake_discord import FakeDiscord
from tests.bot.outbox_stand import GUILD, MEMBER, Stand, until
from tests.clocks import FixedClock

NOTICE = Effect(
    kind=EffectKind.DIRECT_MESSAGE,
    key="notice",
    guild_id=GUILD,
    member_id=MEMBER,
    renderer="any",
    lane=Lane.SAFETY,
)
BAN = Effect(
    kind=EffectKind.BAN, key="ban", guild_id=GUILD, member_id=MEMBER, lane=Lane.SAFETY, after_tried="notice"
)


@pytest.fixture
async def stand(database: Database, clock: FixedClock) -> Stand:
    return await Stand.open(database, clock, FakeDiscord(clock))


async def plan(stand: Stand, *effects: Effect) -> None:
    async with stand.db.begin() as session:
        await stand.outbox.plan(session, *effects)


def asked(stand: Stand) -> list[str]:
    return [each.key for each in stand.discord.requests]


async def test_the_notice_goes_first(stand: Stand) -> None:
    await plan(stand, BAN, NOTICE)
    await stand.dispatcher.drain()
    assert asked(stand) == ["notice", "ban"]


async def test_a_notice_that_is_refused_holds_nothing_up(stand: Stand) -> None:
    stand.discord.refused["notice"] = "dms_closed"
    await plan(stand, NOTICE, BAN)
    await stand.dispatcher.drain()
    assert asked(stand) == ["notice", "ban"]


async def test_a_notice_that_hangs_is_waited_for_three_seconds(stand: Stand, clock: FixedClock) -> None:
    release = asyncio.Event()

    async def hang(effect: PlannedEffect) -> None:
        if effect.key == "notice":
            await release.wait()

    stand.discord.on_request = hang
    await plan(stand, NOTICE, BAN)
    stand.dispatcher.wake()
    await until(lambda: asked(stand) == ["notice"])
    async with stand.db.read() as session:
        due = await storage.next_due_at(session)
    assert due == clock.now() + AFTER_WAIT
    clock.advance(AFTER_WAIT - timedelta(milliseconds=1))
    stand.dispatcher.wake()
    await asyncio.sleep(0.05)
    assert asked(stand) == ["notice"]
    clock.advance(timedelta(milliseconds=1))
    stand.dispatcher.wake()
    await until(lambda: asked(stand) == ["notice", "ban"])
    release.set()
    await stand.dispatcher.drain()


async def test_an_effect_comes_after_one_thing_only() -> None:
    with pytest.raises(ValueError, match="single effect"):
        Effect(kind=EffectKind.KICK, key="k", guild_id=GUILD, member_id=MEMBER, after="a", after_tried="b")


async def test_who_waits_for_the_end_of_an_effect_is_told_once_with_what_came_of_it(stand: Stand) -> None:
    told: list[Ended] = []

    async def listen(_session: object, ended: Ended) -> None:
        told.append(ended)

    async def listed(*_: object, **__: object) -> Done:
        return Done(details={"failed": [7]})

    stand.outbox.on_end("bans:", listen)  # pyright: ignore[reportArgumentType]
    stand.dispatcher.on_end = stand.outbox.tell_end
    stand.discord.perform = listed  # pyright: ignore[reportAttributeAccessIssue]
    effect = Effect(
        kind=EffectKind.BULK_BAN,
        key="bans:1",
        guild_id=GUILD,
        arguments={"user_ids": [7, 8]},
        lane=Lane.SAFETY,
    )
    await plan(stand, effect, NOTICE)
    await stand.dispatcher.drain()
    assert [(each.key, each.outcome, dict(each.details)) for each in told] == [
        ("bans:1", "sent", {"failed": [7]})
    ]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (EffectKind.BULK_BAN, {"arguments": {"user_ids": []}}),
        (EffectKind.BULK_BAN, {"arguments": {"user_ids": list(range(201))}}),
        (EffectKind.PURGE, {"channel_id": 1, "arguments": {"message_ids": list(range(101))}}),
        (EffectKind.SET_CHANNEL, {"channel_id": 1}),
        (EffectKind.SET_CHANNEL, {"channel_id": 1, "role_id": 2, "arguments": {"slowmode": 3}}),
        (EffectKind.SET_GUILD, {}),
    ],
)
def test_what_discord_would_not_take_cannot_be_planned(kind: EffectKind, fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="lacks"):
        Effect(kind=kind, key="k", guild_id=GUILD, **fields)  # pyright: ignore[reportArgumentType]
