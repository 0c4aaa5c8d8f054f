"""/me notifications and /me pause: what a member chooses is what Discord gets, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.cards import Card, Text
from bot.dispatcher import PlannedEffect
from bot.notify import Delivery, Kind, Notification
from sandbox.people import Person
from sandbox.seen import Answer, Seen
from storage import members
from tests.behaviour.quests import LyceumWorld, OpenWorld

NEWS = Kind("demo.news", "News", "you asked for it.", "There is news.")
EVENTS = Kind("demo.events", "Events", "you come to events.", "There is an event.")


@pytest.fixture
async def world(open_world: OpenWorld) -> AsyncIterator[LyceumWorld]:
    async with open_world() as opened:
        furnish(opened)
        yield opened


def furnish(world: LyceumWorld) -> None:
    async def draw(effect: PlannedEffect) -> Card:
        assert effect.member_id is not None
        text = (await world.bot.renderers.translator(effect))("News for {who}", who=f"<@{effect.member_id}>")
        return Card((Text(text),), pings=frozenset({effect.member_id}))

    for kind in (NEWS, EVENTS):
        world.bot.core.notifier.register(kind)
    world.bot.renderers.register("demo.news", draw, what="news")


async def tell(world: LyceumWorld, person: Person, key: str, kind: Kind = NEWS) -> Delivery | None:
    core = world.bot.core

    async def do() -> Delivery | None:
        async with core.db.begin() as session:
            notification = Notification(
                kind=kind.name,
                key=key,
                guild_id=world.guild_id,
                member_id=person.id,
                renderer="demo.news",
                channel_id=world.general.id,
            )
            return await core.notifier.notify(session, notification)

    return await world.in_bot(do)


async def centre(world: LyceumWorld, person: Person) -> Answer:
    return await world.slash(person, world.general, "me notifications")


async def opt_in(world: LyceumWorld, person: Person) -> Seen:
    """The member allows DMs; returns the test DM."""
    answer = await world.press(person, await centre(world, person), "Write to me by DM")
    assert "I have just sent you a DM" in answer.text
    return world.dms(person)[-1]


class TestDirectMessages:
    async def test_they_begin_with_a_test_that_arrives_and_names_the_server(self, world: LyceumWorld) -> None:
        await tell(world, world.member, "a")
        assert world.dms(world.member) == []
        test = await opt_in(world, world.member)
        assert "This is where I will write to you" in test.text and "From Quay Street" in test.text
        await tell(world, world.member, "b")
        news = world.dms(world.member)[-1]
        assert "News for" in news.text and "From Quay Street" in news.text
        assert len(world.posted(world.general)) == 1

    async def test_closed_dms_are_said_at_once_and_the_channels_stay(self, world: LyceumWorld) -> None:
        world.close_dms(world.member)
        answer = await world.press(world.member, await centre(world, world.member), "Write to me by DM")
        assert "Discord did not let my DM through" in answer.text and "In the channels" in answer.text
        await tell(world, world.member, "a")
        assert len(world.posted(world.general)) == 1 and world.dms(world.member) == []

    async def test_pressed_twice_at_once_there_is_one_test(self, world: LyceumWorld) -> None:
        cards = [await centre(world, world.member) for _ in range(2)]
        answers = await world.at_once(
            *(world.press(world.member, card, "Write to me by DM") for card in cards)
        )
        assert all("I have just sent you a DM" in answer.text for answer in answers)
        assert len(world.dms(world.member)) == 1

    async def test_everything_can_be_changed_on_a_dm_where_there_is_no_server(
        self, world: LyceumWorld
    ) -> None:
        test = await opt_in(world, world.member)
        card = await world.press(world.member, test, "Change how I reach you")
        assert "By DM" in card.text and "Set my clock" not in [each.label for each in card.buttons]
        opened = await world.choose(world.member, card, "News", menu=_menu(card, "notify:kind.open"))
        saved = await world.choose(world.member, opened, "Once a day", menu=_menu(opened, "notify:kind.set"))
        assert "News: once a day" in saved.text
        assert await tell(world, world.member, "a") is Delivery.DIGEST
        quiet = await world.choose(
            world.member, saved, "Quiet from 21:00", menu=_menu(saved, "notify:quiet_from.set")
        )
        assert "Quiet from 21:00 to 08:00" in quiet.text
        limited = await world.choose(
            world.member, quiet, "At most 1 message a day", menu=_menu(quiet, "notify:limit.set")
        )
        assert "At most 1 message a day" in limited.text
        pause = await world.press(world.member, limited, "Take a break")
        confirm = await world.choose(world.member, pause, "Until I come back")
        paused = await world.press(world.member, confirm, "Yes, pause")
        assert "Paused until you come back" in paused.text
        back = await world.press(world.member, paused, "Come back now")
        assert "Welcome back" in back.text
        none = await world.press(world.member, test, "Change how I reach you")
        refused = await world.press(world.member, none, "No more DMs")
        assert "No DMs" in refused.text
        assert (await centre(world, world.member)).text.count("Quiet from 21:00 to 08:00") == 1

    async def test_somebody_elses_dm_control_does_nothing_for_them(self, world: LyceumWorld) -> None:
        await opt_in(world, world.member)
        cleo = await opt_in(world, world.people["Cleo"])
        service = world.bot.core.notifier
        assert service is not None
        from bot.errors import NotAllowed
        from bot.notification_settings import NotificationSettings

        number = int((cleo.button("Change how I reach you").custom_id or "").rpartition(":")[2])
        with pytest.raises(NotAllowed):
            await NotificationSettings(world.bot.core).guild_of(None, world.member.id, number)


def _menu(card: Answer, name: str) -> str:
    assert card.message is not None
    return next(
        select.custom_id
        for select in card.message.selects
        if select.custom_id.split(":")[:2] == name.split(":")
    )


class TestChoices:
    async def test_off_once_a_day_and_right_away_are_what_happens(self, world: LyceumWorld) -> None:
        card = await centre(world, world.member)
        assert "News: right away" in card.text
        opened = await world.choose(world.member, card, "News", menu="notify:kind.open")
        off = await world.choose(world.member, opened, "Not at all", menu="notify:kind.set")
        assert "News: not at all" in off.text and "Events: right away" in off.text
        assert await tell(world, world.member, "a") is Delivery.OFF
        assert await tell(world, world.member, "b", EVENTS) is Delivery.NOW
        daily = await world.choose(world.member, off, "Once a day", menu="notify:kind.set")
        assert "News: once a day" in daily.text
        await tell(world, world.member, "c")
        await world.advance(timedelta(days=1))
        [event, digest] = world.pings(world.member)
        assert "News for" in event.text and "There is news." in digest.text and digest.at.hour == 18

    async def test_an_own_limit_is_below_everybodys_and_never_above(self, world: LyceumWorld) -> None:
        card = await centre(world, world.member)
        options = [label for label, _ in _options(card, "notify:limit.set")]
        assert options[0] == "At most 3 messages a day, as everybody here" and len(options) == 4
        await world.choose(world.member, card, "At most 1 message a day", menu="notify:limit.set")
        told = [await tell(world, world.member, f"n{number}") for number in range(3)]
        assert told == [Delivery.NOW, Delivery.DIGEST, Delivery.DIGEST]
        await world.choose(
            world.member, await centre(world, world.member), options[0], menu="notify:limit.set"
        )
        assert await tell(world, world.member, "more") is Delivery.NOW

    async def test_quiet_hours_hold_what_comes_until_their_end_by_the_members_clock(
        self, world: LyceumWorld
    ) -> None:
        async with world.bot.core.db.begin() as session:
            await members.change_member(session, world.guild_id, world.member.id, zone="Asia/Kathmandu")
        card = await centre(world, world.member)
        assert "Asia/Kathmandu, 14:45 now" in card.text
        card = await world.choose(world.member, card, "Quiet from 14:00", menu="notify:quiet_from.set")
        card = await world.choose(world.member, card, "Quiet until 17:00", menu="notify:quiet_until.set")
        assert "Quiet from 14:00 to 17:00" in card.text
        await tell(world, world.member, "a")
        assert world.pings(world.member) == []
        await world.advance(timedelta(hours=4))
        [ping] = world.pings(world.member)
        assert ping.at == datetime(2026, 1, 7, 11, 15, tzinfo=UTC)

    async def test_quiet_hours_that_are_switched_off_let_out_what_they_held(self, world: LyceumWorld) -> None:
        card = await centre(world, world.member)
        card = await world.choose(world.member, card, "Quiet from 08:00", menu="notify:quiet_from.set")
        card = await world.choose(world.member, card, "Quiet until 17:00", menu="notify:quiet_until.set")
        await tell(world, world.member, "a")
        await world.choose(world.member, card, "No quiet hours", menu="notify:quiet_from.set")
        await world.advance(timedelta(minutes=1))
        assert len(world.pings(world.member)) == 1

    async def test_equal_ends_are_said_to_be_no_time(self, world: LyceumWorld) -> None:
        card = await centre(world, world.member)
        card = await world.choose(world.member, card, "Quiet from 08:00", menu="notify:quiet_from.set")
        assert "from 08:00 to 08:00 is no time" in card.text
        assert await tell(world, world.member, "a") is Delivery.NOW

    async def test_two_tabs_the_last_choice_wins_without_an_error(self, world: LyceumWorld) -> None:
        one, two = [await centre(world, world.member) for _ in range(2)]
        await world.choose(world.member, one, "Quiet from 20:00", menu="notify:quiet_from.set")
        await world.choose(world.member, two, "Quiet from 23:00", menu="notify:quiet_from.set")
        assert "Quiet from 23:00" in (await centre(world, world.member)).text

    async def test_every_ping_leads_here(self, world: LyceumWorld) -> None:
        await tell(world, world.member, "a")
        why = await world.press(world.member, world.posted(world.general)[0], "Why am I seeing this?")
        card = await world.press(world.member, why, "What I am told")
        assert card.ephemeral and "How I reach you" in card.text

    async def test_sixty_kinds_fit_one_card_and_each_can_be_chosen(self, world: LyceumWorld) -> None:
        for number in range(60):
            world.bot.core.notifier.register(Kind(f"test.k{number:02}", f"Kind {number:02}", "so.", "x"))
        card = await centre(world, world.member)
        while "Kind 59" not in (labels := [label for label, _ in _options(card, "notify:kind.open")]):
            assert "More of them" in labels
            card = await world.choose(world.member, card, "More of them", menu="notify:kind.open")
        opened = await world.choose(world.member, card, "Kind 59", menu="notify:kind.open")
        saved = await world.choose(world.member, opened, "Not at all", menu="notify:kind.set")
        assert "How would you like to hear of “Kind 59”" in saved.text


def _options(card: Answer, menu: str) -> tuple[tuple[str, str], ...]:
    assert card.message is not None
    return next(select.options for select in card.message.selects if select.custom_id == menu)


class TestPauses:
    async def pause(self, world: LyceumWorld, until: str) -> Answer:
        confirm = await world.slash(world.member, world.general, "me pause", until=until)
        return await world.press(world.member, confirm, "Yes, pause")

    async def test_what_was_understood_is_shown_before_it_holds(self, world: LyceumWorld) -> None:
        confirm = await world.slash(world.member, world.general, "me pause", until="Friday 18:00")
        until = datetime(2026, 1, 9, 18, tzinfo=UTC)
        assert f"<t:{int(until.timestamp())}:F>" in confirm.text and "2026-01-09 18:00 in UTC" in confirm.text
        assert f"<t:{int(until.timestamp())}:R>" in confirm.text and "It stops" in confirm.text
        assert await tell(world, world.member, "a") is Delivery.NOW, "nothing holds before it is confirmed"
        form = await world.press(world.member, confirm, "Change")
        changed = await world.submit(world.member, form, {"until": "in two weeks"})
        assert "2026-01-21 00:00 in UTC" in changed.text
        paused = await world.press(world.member, changed, "Yes, pause")
        assert "Paused until <t:" in paused.text

    async def test_nothing_is_said_until_it_ends_and_then_once(self, world: LyceumWorld) -> None:
        await self.pause(world, "Monday")
        for number in range(5):
            await tell(world, world.member, f"n{number}", (NEWS, EVENTS)[number % 2])
            await world.advance(timedelta(hours=20))
        assert world.pings(world.member) == []
        await world.advance(timedelta(days=4))
        [digest] = world.pings(world.member)
        assert digest.at == datetime(2026, 1, 12, 18, tzinfo=UTC)
        assert digest.text.count("There is news.") == 1 and "There is an event." in digest.text
        assert await tell(world, world.member, "after") is Delivery.NOW

    async def test_it_also_holds_back_what_was_about_to_be_said(self, world: LyceumWorld) -> None:
        card = await centre(world, world.member)
        await world.choose(world.member, card, "Quiet from 08:00", menu="notify:quiet_from.set")
        card = await centre(world, world.member)
        await world.choose(world.member, card, "Quiet until 12:00", menu="notify:quiet_until.set")
        await tell(world, world.member, "a")
        await self.pause(world, "in one week")
        await world.advance(timedelta(days=6))
        assert world.pings(world.member) == []

    async def test_without_an_end_it_lasts_until_the_member_comes_back(self, world: LyceumWorld) -> None:
        paused = await self.pause(world, "until I come back")
        assert "Paused until you come back" in paused.text
        await tell(world, world.member, "a")
        await world.advance(timedelta(days=40))
        assert world.pings(world.member) == []
        card = await world.slash(world.member, world.general, "me pause")
        back = await world.press(world.member, card, "Come back now")
        assert "Welcome back" in back.text
        await world.advance(timedelta(days=3))
        assert len(world.pings(world.member)) == 1

    async def test_coming_back_early_brings_the_news_early_and_once(self, world: LyceumWorld) -> None:
        paused = await self.pause(world, "in two weeks")
        await tell(world, world.member, "a")
        await world.advance(timedelta(days=2))
        await world.press(world.member, paused, "Come back now")
        await world.advance(timedelta(days=20))
        [digest] = world.pings(world.member)
        assert digest.at == datetime(2026, 1, 9, 18, tzinfo=UTC)

    async def test_pressed_late_or_twice_it_is_answered(self, world: LyceumWorld) -> None:
        confirm = await world.slash(world.member, world.general, "me pause", until="tomorrow")
        other = await world.slash(world.member, world.general, "me pause", until="tomorrow")
        answers = await world.at_once(
            world.press(world.member, confirm, "Yes, pause"), world.press(world.member, other, "Yes, pause")
        )
        assert all("Paused until" in answer.text for answer in answers)
        late = await world.slash(world.member, world.general, "me pause", until="tomorrow")
        await world.advance(timedelta(days=2))
        assert "has passed already" in (await world.press(world.member, late, "Yes, pause")).text

    @pytest.mark.parametrize("typed", ["", "yesterday", "🎉", "x" * 4000, "\u202eמחר", "2150-01-01"])
    async def test_what_is_no_time_to_come_is_asked_for_again(self, world: LyceumWorld, typed: str) -> None:
        answer = await world.slash(world.member, world.general, "me pause", until=typed)
        assert answer.ephemeral and "Yes, pause" not in [each.label for each in answer.buttons]

    async def test_common_choices_are_offered_while_typing(self, world: LyceumWorld) -> None:
        offered = await world.complete(world.member, world.general, "me pause", "until", "week")
        assert offered == ["For one week", "For two weeks"]
        assert len(await world.complete(world.member, world.general, "me pause", "until", "")) == 4

    async def test_a_pause_here_is_none_elsewhere(self, world: LyceumWorld) -> None:
        await self.pause(world, "in one week")
        core = world.bot.core
        async with core.db.begin() as session:
            notification = Notification(
                kind=NEWS.name,
                key="elsewhere",
                guild_id=4711,
                member_id=world.member.id,
                renderer="demo.news",
                channel_id=1,
            )
            assert await core.notifier.notify(session, notification) is Delivery.NOW
