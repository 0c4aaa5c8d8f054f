"""Why am I seeing this?: on every notification, for its receiver alone, and what they choose is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.cards import Button, Buttons, Card, Text
from bot.dispatcher import PlannedEffect
from bot.notify import Delivery, Kind, Notification
from bot.renderers import WHY_CONTROL
from sandbox.furnish import set_up
from sandbox.people import Person
from sandbox.seen import Seen
from storage import members
from storage.database import Database
from tests.shell import LyceumWorld, lyceum_world, post_card

WHY = "Why am I seeing this?"
NEWS = Kind("test.news", "News", "you asked for it.", "There is news.")
DONE = Kind("test.done", "Done", "it is about you.", "Something was done.", choosable=False)


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    async with lyceum_world(sqlite_database) as opened:
        await set_up(opened)
        furnish(opened)
        yield opened
        opened.check_interactions()


def furnish(world: LyceumWorld) -> None:
    async def draw(effect: PlannedEffect) -> Card:
        assert effect.member_id is not None
        return Card((Text(f"News for <@{effect.member_id}>"),), pings=frozenset({effect.member_id}))

    world.bot.core.notifier.register(NEWS)
    world.bot.core.notifier.register(DONE)
    world.bot.renderers.register("test.news", draw, what="news")


async def tell(world: LyceumWorld, person: Person, key: str, kind: Kind = NEWS) -> Delivery | None:
    core = world.bot.core

    async def do() -> Delivery | None:
        async with core.db.begin() as session:
            notification = Notification(
                kind=kind.name,
                key=key,
                guild_id=world.guild_id,
                member_id=person.id,
                renderer="test.news",
                channel_id=world.general.id,
            )
            return await core.notifier.notify(session, notification)

    return await world.in_bot(do)


async def allow_dms(world: LyceumWorld, person: Person) -> None:
    core = world.bot.core
    async with core.db.begin() as session:
        await members.change_member(session, world.guild_id, person.id, dm_allowed=True)


def news(world: LyceumWorld) -> list[Seen]:
    return [seen for seen in world.posted(world.general) if "ews" in seen.text]


async def test_everything_that_notifies_somebody_says_why(world: LyceumWorld) -> None:
    ann = await world.join("Ann")
    for number in range(5):
        await tell(world, world.member, f"n{number}")
    await allow_dms(world, world.people["Cleo"])
    await tell(world, world.people["Cleo"], "dm")
    await world.advance(timedelta(days=1))
    for person, count in ((ann, 1), (world.member, 4), (world.people["Cleo"], 1)):
        notified = world.pings(person)
        assert len(notified) == count
        assert all(WHY in seen.labels for seen in notified)
        for seen in notified:
            answer = await world.press(person, seen, WHY)
            assert answer.text.startswith("You see this because")


async def test_the_overflow_is_one_digest_at_18(world: LyceumWorld) -> None:
    for number in range(6):
        await tell(world, world.member, f"n{number}")
    assert len(news(world)) == 3
    await world.advance(timedelta(days=3))
    [digest] = [seen for seen in news(world) if "news of the day" in seen.text]
    assert digest.at.hour == 18 and digest.pinged == (world.member.id,) and "There is news." in digest.text


async def test_of_what_was_done_about_oneself_it_says_so_and_offers_no_choice(world: LyceumWorld) -> None:
    await tell(world, world.member, "a", DONE)
    answer = await world.press(world.member, news(world)[0], WHY)
    assert answer.text.startswith("You see this because it is about you.") and "always" in answer.text
    assert answer.message is not None and answer.message.selects == ()


async def test_only_its_receiver_can_use_it(world: LyceumWorld) -> None:
    await tell(world, world.member, "a")
    answer = await world.press(world.people["Cleo"], news(world)[0], WHY)
    assert "for someone else" in answer.text and answer.ephemeral and answer.message is not None
    assert answer.message.selects == ()


async def test_a_choice_is_kept_over_a_restart_and_holds_for_nobody_else(world: LyceumWorld) -> None:
    await tell(world, world.member, "a")
    menu = await world.press(world.member, news(world)[0], WHY)
    assert menu.ephemeral
    saved = await world.choose(world.member, menu, "Not at all")
    assert "Saved." in saved.text
    await world.restart()
    furnish(world)
    assert await tell(world, world.member, "b") is Delivery.OFF
    assert await tell(world, world.people["Cleo"], "c") is Delivery.NOW
    again = await world.press(world.member, news(world)[0], WHY)
    await world.choose(world.member, again, "Tell me right away")
    assert await tell(world, world.member, "d") is Delivery.NOW


async def test_in_a_private_message_it_works_as_well(world: LyceumWorld) -> None:
    await allow_dms(world, world.member)
    await tell(world, world.member, "a")
    [dm] = world.dms(world.member)
    assert news(world) == []
    menu = await world.press(world.member, dm, WHY)
    saved = await world.choose(world.member, menu, "Once a day")
    assert "Saved." in saved.text
    assert await tell(world, world.member, "b") is Delivery.DIGEST


async def test_without_an_opt_in_nobody_gets_a_dm_and_with_closed_dms_it_is_said_in_the_channel(
    world: LyceumWorld,
) -> None:
    await tell(world, world.member, "a")
    assert world.dms(world.member) == []
    await allow_dms(world, world.member)
    world.close_dms(world.member)
    await tell(world, world.member, "b")
    await world.advance(timedelta(minutes=2))
    assert world.dms(world.member) == [] and len(news(world)) == 2
    world.open_dms(world.member)
    await tell(world, world.member, "c")
    assert world.dms(world.member) == []


async def test_a_notification_of_another_server_is_not_known_here(world: LyceumWorld) -> None:
    core = world.bot.core
    async with core.db.begin() as session:
        notification = Notification(
            kind=NEWS.name,
            key="x",
            guild_id=4711,
            member_id=world.member.id,
            renderer="test.news",
            channel_id=None,
        )
        await core.notifier.notify(session, notification)
    forged = Card((Text("x"), Buttons((Button(WHY, f"{WHY_CONTROL}:1"),))))
    answer = await world.press(world.member, await post_card(world, world.general, forged), WHY)
    assert "do not know this message" in answer.text


async def test_two_choices_at_once_are_both_answered(world: LyceumWorld) -> None:
    await tell(world, world.member, "a")
    menus = [await world.press(world.member, news(world)[0], WHY) for _ in range(2)]
    answers = await world.at_once(
        world.choose(world.member, menus[0], "Not at all"), world.choose(world.member, menus[1], "Once a day")
    )
    assert all("Saved." in answer.text for answer in answers)
