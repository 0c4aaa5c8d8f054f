"""Show-and-tell: only with the author's yes, once a week, and nothing that somebody could not see anyway."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import discord
import pytest

from cogs.showcase.model import MENU
from sandbox.faults import CREATE_MESSAGE
from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.server import Channel
from tests.behaviour.configs import apply, export, give
from tests.behaviour.quests import LyceumWorld, OpenWorld
from tests.behaviour.rituals import choose_zone
from tests.behaviour.steps import HOSTILE, hide, reach, switch
from tests.behaviour.test_cost import statements
from tests.behaviour.test_privacy import deleted

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
FRIDAY = datetime(2026, 1, 9, 17, tzinfo=UTC)


async def choose_channel(world: LyceumWorld, channel: Channel | None = None) -> Answer:
    card = await world.slash(world.facilitator, world.general, "manage showcase")
    return await world.choose(world.facilitator, card, channel or world.weekly)


@pytest.fixture
async def stage(world: LyceumWorld) -> LyceumWorld:
    """Show-and-tell is posted in #weekly, on Fridays at five."""
    await choose_channel(world)
    return world


async def point_at(
    world: LyceumWorld, message: Seen, person: Person | None = None, channel: Channel | None = None
) -> Answer:
    return await world.menu(person or world.member, channel or world.general, MENU, message)


async def add(
    world: LyceumWorld,
    text: str = "I made a boat",
    *,
    person: Person | None = None,
    channel: Channel | None = None,
    title: str | None = None,
) -> tuple[Seen, Answer]:
    """Somebody writes a message and puts it forward."""
    person, channel = person or world.member, channel or world.general
    message = await world.say(person, channel, text)
    form = await point_at(world, message, person, channel)
    answer = await world.submit(person, form, {"title": text[:100] if title is None else title})
    return message, answer


async def ask(world: LyceumWorld, text: str = "I made a boat") -> tuple[Seen, Answer]:
    """Cleo would like to see a message of Ben's."""
    message = await world.say(world.member, world.general, text)
    card = await point_at(world, message, world.people["Cleo"])
    return message, await world.press(world.people["Cleo"], card, "Ask them")


def digests(world: LyceumWorld) -> list[Seen]:
    return [each for each in world.posted(world.weekly) if "Show-and-tell" in each.text]


async def test_ones_own_message_stands_in_fridays_digest(stage: LyceumWorld) -> None:
    message, answer = await add(stage)
    assert answer.ephemeral and f"<t:{int(FRIDAY.timestamp())}:F>" in answer.text
    await stage.advance_to(FRIDAY - timedelta(minutes=1))
    assert digests(stage) == []
    await stage.advance(timedelta(minutes=1))
    [digest] = digests(stage)
    assert "**I made a boat**" in digest.text and f"<@{stage.member.id}>" in digest.text
    assert f"/{stage.general.id}/{message.id}" in digest.text and digest.pinged == ()
    await stage.advance(2 * WEEK)
    assert len(digests(stage)) == 1  # a week without a message has no post


async def test_the_form_begins_with_the_first_line_and_the_author_decides(stage: LyceumWorld) -> None:
    message = await stage.say(stage.member, stage.general, "\n  I made a boat  \nand it floats")
    form = await point_at(stage, message)
    assert "'I made a boat'" in str(form.result.modal)
    await stage.submit(stage.member, form, {"title": "My boat"})
    await stage.advance_to(FRIDAY)
    assert "**My boat**" in digests(stage)[0].text and "floats" not in digests(stage)[0].text


async def test_reactions_count_once_a_person_without_the_author_and_bots(stage: LyceumWorld) -> None:
    message, _ = await add(stage)
    for person, emoji in (
        (stage.people["Cleo"], "👋"),
        (stage.people["Cleo"], "🎉"),
        (stage.facilitator, "🎉"),
        (stage.member, "👋"),
    ):
        await stage.react(person, message, emoji)
    second, _ = await add(stage, "I wrote a song", person=stage.people["Cleo"])
    await stage.advance_to(FRIDAY)
    lines = digests(stage)[0].text.splitlines()
    assert "2 people reacted" in lines[1] and str(message.id) in lines[1]
    assert "reacted" not in lines[2] and str(second.id) in lines[2]  # by time, not by reactions


async def test_anothers_message_needs_their_yes(stage: LyceumWorld) -> None:
    message, answer = await ask(stage)
    assert "Nothing is shown without their yes" in answer.text
    [question] = stage.posted(stage.general)
    assert f"<@{stage.member.id}>" in question.text and f"<@{stage.people['Cleo'].id}>" in question.text
    assert question.pinged == ()  # it arrives without a sound
    assert "only they decide" in (await stage.press(stage.people["Cleo"], question, "Yes, add it")).text
    form = await stage.press(stage.member, question, "Yes, add it")
    agreed = await stage.submit(stage.member, form, {"title": "My boat"})
    assert "will be in show-and-tell" in agreed.text
    await stage.advance_to(FRIDAY)
    assert "**My boat**" in digests(stage)[0].text and str(message.id) in digests(stage)[0].text


@pytest.mark.parametrize("label", [None, "No, thank you", "Please don't ask me"])
async def test_without_a_yes_nothing_is_posted_and_nobody_asks_again(
    stage: LyceumWorld, label: str | None
) -> None:
    message, _ = await ask(stage)
    [question] = stage.posted(stage.general)
    if label is not None:
        await stage.press(stage.member, question, label)
    await stage.advance_to(FRIDAY + HOUR)
    assert digests(stage) == []
    again = await point_at(stage, message, stage.facilitator)
    assert "once is enough" in again.text
    assert len(stage.posted(stage.general)) == 1
    other = await stage.say(stage.member, stage.general, "Another boat")
    card = await point_at(stage, other, stage.facilitator)
    answer = await stage.press(stage.facilitator, card, "Ask them")
    assert ("would rather not be asked" in answer.text) is (label == "Please don't ask me")
    if label == "Please don't ask me":
        await stage.press(stage.member, question, "Do ask me, after all")
        third = await point_at(stage, other, stage.facilitator)
        answer = await stage.press(stage.facilitator, third, "Ask them")
        assert "I am asking" in answer.text


async def test_taken_out_before_or_after_it_is_left_out_and_can_come_back(stage: LyceumWorld) -> None:
    _, first = await add(stage)
    _, second = await add(stage, "I wrote a song")
    await stage.press(stage.member, first, "Take it out")
    await stage.advance_to(FRIDAY)
    [digest] = digests(stage)
    assert "boat" not in digest.text and "I wrote a song" in digest.text
    await stage.press(stage.member, second, "Take it out")
    assert "song" not in digests(stage)[0].text and "taken back" in digests(stage)[0].text


async def test_a_changed_title_redraws_what_was_posted(stage: LyceumWorld) -> None:
    _, answer = await add(stage)
    await stage.advance_to(FRIDAY)
    form = await stage.press(stage.member, answer, "Change the title")
    await stage.submit(stage.member, form, {"title": "A better title"})
    assert "**A better title**" in digests(stage)[0].text


async def test_a_deleted_message_is_left_out_and_taken_out(stage: LyceumWorld) -> None:
    first, _ = await add(stage)
    second, _ = await add(stage, "I wrote a song")
    await stage.delete(stage.member, first)
    await stage.advance_to(FRIDAY)
    assert "boat" not in digests(stage)[0].text and "song" in digests(stage)[0].text
    await stage.delete(stage.member, second)
    assert "song" not in digests(stage)[0].text


async def test_deleted_while_the_bot_was_away_it_is_not_shown(stage: LyceumWorld) -> None:
    message, _ = await add(stage)
    async with stage.while_down(crash=True):
        await stage.delete(stage.member, message)
        await stage.advance(3 * DAY)
    await stage.advance(HOUR)
    assert digests(stage) == [] and stage.posted(stage.staff) == []


async def test_deleted_between_the_question_and_the_yes_nothing_is_shown(stage: LyceumWorld) -> None:
    message, _ = await ask(stage)
    [question] = stage.posted(stage.general)
    form = await stage.press(stage.member, question, "Yes, add it")
    await stage.delete(stage.member, message)
    late = await stage.submit(stage.member, form, {"title": "My boat"})
    assert "answered this one already" in late.text or "not there any more" in late.text
    await stage.advance_to(FRIDAY + HOUR)
    assert digests(stage) == []


async def test_nothing_is_shown_from_where_not_everybody_can_look(stage: LyceumWorld) -> None:
    hidden = await stage.say(stage.facilitator, stage.staff, "A secret")
    answer = await point_at(stage, hidden, stage.facilitator, stage.staff)
    assert "Not everybody" in answer.text
    await add(stage, channel=stage.first_wins)
    await hide(stage, stage.first_wins, stage.roles["Member"])
    await stage.advance_to(FRIDAY + HOUR)
    assert digests(stage) == []


async def test_an_age_restricted_channel_is_not_shown_in_an_open_one(stage: LyceumWorld) -> None:
    # The simulation has no such channels, so the bot is told as Discord would tell it.
    channel = stage.bot.get_channel(stage.first_wins.id)
    assert isinstance(channel, discord.TextChannel)
    channel.nsfw = True
    message = await stage.say(stage.member, stage.first_wins, "Not for everybody")
    assert "Not everybody" in (await point_at(stage, message, channel=stage.first_wins)).text


async def test_more_than_fit_come_next_week_and_that_is_said(stage: LyceumWorld) -> None:
    for number in range(27):
        await add(stage, f"{number} " + "*" * 98)
    await stage.advance_to(FRIDAY)
    cards = digests(stage)
    assert [each.text.count("[look]") for each in cards] == [10, 10, 5]
    assert "2 more come next week" in cards[-1].text and "next week" not in cards[0].text
    await stage.advance(WEEK)
    assert digests(stage)[-1].text.count("[look]") == 2


@pytest.mark.parametrize("text", [HOSTILE, "x" * 4000])
async def test_any_words_are_shown_as_typed_and_ping_nobody(stage: LyceumWorld, text: str) -> None:
    await add(stage, text[:2000])
    await stage.advance_to(FRIDAY)
    [digest] = digests(stage)
    assert digest.pinged == () and not digest.pings_everyone and digest.pinged_roles == ()
    assert "[free](" not in digest.text.replace("\\[free\\](", "")


async def test_bots_messages_and_a_server_without_a_channel_are_answered(world: LyceumWorld) -> None:
    message = await world.say(world.member, world.general, "I made a boat")
    assert "no show-and-tell here yet" in (await point_at(world, message)).text
    await choose_channel(world)
    await world.slash(world.member, world.general, "commit", what="a boat", by="friday")
    [post] = world.posted(world.general)
    assert "a bot's message" in (await point_at(world, post)).text


async def test_a_dm_can_be_answered_there(stage: LyceumWorld) -> None:
    await reach(stage, stage.member, dm_allowed=True)
    await ask(stage)
    [question] = stage.dms(stage.member)
    form = await stage.press(stage.member, question, "Yes, add it")
    await stage.submit(stage.member, form, {"title": "My boat"})
    await stage.advance_to(FRIDAY)
    assert "**My boat**" in digests(stage)[0].text


async def test_whoever_paused_or_left_is_not_asked_now(stage: LyceumWorld) -> None:
    await reach(stage, stage.member, paused_until=FRIDAY + 30 * DAY)
    message, _ = await ask(stage)
    assert stage.posted(stage.general) == []
    await stage.leave(stage.member)
    other = await point_at(stage, message, stage.facilitator)
    assert "once is enough" in other.text


@pytest.mark.parametrize("after", [False, True], ids=["before Discord did it", "after Discord did it"])
async def test_killed_while_posting_there_is_one_digest(stage: LyceumWorld, after: bool) -> None:
    await add(stage)
    await stage.advance_to(FRIDAY - timedelta(minutes=1))
    gate = stage.faults.hold(*CREATE_MESSAGE, after=after)
    await stage.advance(timedelta(minutes=1))
    assert gate.waiting == 1
    await stage.crash()
    await stage.advance(2 * HOUR)
    await stage.start_again()
    await stage.advance(HOUR)
    assert len(digests(stage)) == 1


async def test_with_discord_away_for_a_day_it_comes_late_and_once(stage: LyceumWorld) -> None:
    await add(stage)
    await stage.advance_to(FRIDAY - timedelta(minutes=1))
    with stage.faults.outage():
        await stage.advance(timedelta(minutes=2))
        stage.ring_by_itself = False
        await stage.advance(DAY)
    stage.ring_by_itself = True
    await stage.advance(HOUR)
    assert len(digests(stage)) == 1


async def test_away_for_a_week_nothing_that_waited_is_lost(stage: LyceumWorld) -> None:
    await add(stage)
    async with stage.while_down(crash=True):
        await stage.advance(6 * DAY)
    await stage.advance(WEEK)
    assert len(digests(stage)) == 1 and "boat" in digests(stage)[0].text


@pytest.mark.parametrize(
    ("start", "days"),
    [(datetime(2026, 3, 24, 9, tzinfo=UTC), (16, 15)), (datetime(2026, 10, 20, 9, tzinfo=UTC), (15, 16))],
    ids=["spring", "autumn"],
)
async def test_the_communitys_clock_decides_over_both_changes(
    open_world: OpenWorld, start: datetime, days: tuple[int, int]
) -> None:
    async with open_world(now=start) as world:
        await choose_zone(world, "Europe/Berlin")
        await choose_channel(world)
        await add(world)
        await world.advance(WEEK - DAY)
        await add(world, "A second boat")
        await world.advance(WEEK)
        assert tuple(each.at.hour for each in digests(world)) == days


async def test_moved_to_another_day_and_hour(stage: LyceumWorld) -> None:
    await add(stage)
    card = await stage.slash(stage.facilitator, stage.general, "manage showcase")
    assert "1 message waits" in card.text
    form = await stage.press(stage.facilitator, card, "Change day and hour")
    card = await stage.submit(stage.facilitator, form, {"weekday": "3", "time": "08:30"})
    assert "Thursday, 08:30" in card.text
    await stage.advance(WEEK)
    assert [each.at for each in digests(stage)] == [datetime(2026, 1, 8, 8, 30, tzinfo=UTC)]


async def test_two_presses_at_once_put_it_in_once(stage: LyceumWorld) -> None:
    message = await stage.say(stage.member, stage.general, "I made a boat")
    forms = [await point_at(stage, message) for _ in range(2)]
    await stage.at_once(*(stage.submit(stage.member, form, {"title": "Boat"}) for form in forms))
    await stage.advance_to(FRIDAY)
    assert digests(stage)[0].text.count("[look]") == 1


async def test_switched_off_at_the_hour_it_comes_the_week_after(stage: LyceumWorld) -> None:
    message, _ = await add(stage)
    await switch(stage, "showcase", on=False)
    assert "switched this off" in (await point_at(stage, message)).text
    await stage.advance_to(FRIDAY + HOUR)
    assert digests(stage) == []
    await switch(stage, "showcase", on=True)
    await stage.advance(WEEK)
    assert "boat" in digests(stage)[0].text


async def test_its_channel_deleted_staff_are_told_and_what_waits_goes_on_waiting(
    community: LyceumWorld,
) -> None:
    await choose_channel(community)
    await add(community)
    await community.delete_channel(community.weekly)
    await community.advance_to(FRIDAY + HOUR)
    assert any("Show-and-tell channel" in each.text for each in community.posted(community.staff))
    await choose_channel(community, community.first_wins)
    await community.advance(WEEK)
    posted = [each.text for each in community.posted(community.first_wins) if "Show-and-tell" in each.text]
    assert len(posted) == 1 and "boat" in posted[0]


async def test_other_messages_that_are_deleted_cost_nothing(stage: LyceumWorld) -> None:
    await add(stage)
    other = await stage.say(stage.member, stage.general, "Nothing of note")
    with statements(stage) as seen:
        await stage.delete(stage.member, other)
    assert seen == []


async def test_day_and_hour_travel_in_the_configuration_file(community: LyceumWorld) -> None:
    await choose_channel(community)
    text = await export(community)
    assert 'day = "friday"' in text and 'at = "17:00"' in text
    changed = text.replace('at = "17:00"', 'at = "18:30"')
    await apply(community, await give(community, changed))
    card = await community.slash(community.facilitator, community.general, "manage showcase")
    assert "Friday, 18:30" in card.text


async def test_whoever_asked_and_is_deleted_is_named_no_more_and_the_question_stays(
    community: LyceumWorld,
) -> None:
    await choose_channel(community)
    _, answer = await ask(community)
    cleo = community.people["Cleo"]
    [question] = community.posted(community.general)
    assert "Nothing is shown without their yes" in answer.text and f"<@{cleo.id}>" in question.text
    await deleted(community, cleo)
    question = community.read(question)
    assert f"<@{cleo.id}>" not in question.text and "Somebody would like to see" in question.text
    assert "Yes, add it" in question.labels
