"""Promises: made, cheered on, asked about once and kindly, on good days and bad ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox.faults import CREATE_MESSAGE
from tests.behaviour.quests import LyceumWorld, OpenWorld
from tests.behaviour.steps import HOSTILE, commit, promises, questions, reach, switch
from tests.behaviour.test_privacy import deleted

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FRIDAY = datetime(2026, 1, 9, 18, tzinfo=UTC)  # the evening of the day
QUESTION = "how did it go"


async def test_a_promise_stands_in_the_channel_and_is_asked_about_on_its_evening(world: LyceumWorld) -> None:
    receipt = await commit(world)
    assert receipt.ephemeral and "I will ask you once" in receipt.text
    [card] = promises(world)
    assert f"<@{world.member.id}>" in card.text and "finish chapter 2" in card.text
    assert f"<t:{int(FRIDAY.timestamp())}:F>" in card.text and card.pinged == ()
    assert card.labels == ["I'm cheering"]
    await world.advance_to(FRIDAY - timedelta(minutes=1))
    assert questions(world) == []
    await world.advance(timedelta(minutes=1))
    [question] = questions(world)
    assert question.channel_id == world.general.id and QUESTION in question.text
    assert question.labels == ["Done", "Partly", "Move it", "Let it go", "Why am I seeing this?"]


@pytest.mark.parametrize(
    ("label", "shown"),
    [("Done", "**Done.**"), ("Partly", "which counts too"), ("Let it go", "Plans change")],
)
async def test_an_answer_redraws_the_card_and_takes_the_questions_place(
    world: LyceumWorld, label: str, shown: str
) -> None:
    await commit(world)
    await world.advance_to(FRIDAY)
    [question] = questions(world)
    answer = await world.press(world.member, question, label)
    assert "Done" not in world.read(question).labels and f"<@{world.member.id}>" in answer.text
    [card] = promises(world)
    assert shown in card.text and card.labels == [] and card.edited
    away = await world.press(world.member, question, "Take the card away too")
    assert away.ephemeral and world.posted(world.general) == []
    await world.advance(15 * DAY)  # past the two weeks after which an open one would end
    assert len(questions(world)) <= 1


async def test_moved_it_is_asked_about_again_then_and_not_before(world: LyceumWorld) -> None:
    await commit(world)
    await world.advance_to(FRIDAY)
    [question] = questions(world)
    form = await world.press(world.member, question, "Move it")
    moved = await world.submit(world.member, form, {"by": "in 3 days"})
    assert "Moved to" in moved.text
    [card] = promises(world)
    assert "Moved to" in card.text and card.labels == ["I'm cheering"]
    await world.advance(3 * DAY - timedelta(minutes=1))
    assert [each for each in questions(world) if "Done" in each.labels] == []
    await world.advance(timedelta(minutes=2))
    assert len([each for each in questions(world) if "Done" in each.labels]) == 1


async def test_without_an_answer_it_stays_open_quietly_and_closes_after_two_weeks(world: LyceumWorld) -> None:
    await commit(world)
    await world.advance_to(FRIDAY + 13 * DAY)
    assert len(questions(world)) == 1
    listed = await world.slash(world.member, world.general, "commit")
    assert "It stays open, without any hurry" in listed.text
    await world.advance(2 * DAY)
    [card] = promises(world)
    assert "No word" in card.text and "that is fine" in card.text
    assert len(questions(world)) == 1
    [question] = questions(world)
    late = await world.press(world.member, question, "Done")
    assert "Well done" in late.text and "**Done.**" in promises(world)[0].text


async def test_without_arguments_there_is_a_form_and_then_the_list(world: LyceumWorld) -> None:
    form = await world.slash(world.member, world.general, "commit")
    made = await world.submit(world.member, form, {"what": "tie a bowline", "by": "tomorrow 12:00"})
    assert "tie a bowline" in made.text and len(promises(world)) == 1
    listed = await world.slash(world.member, world.general, "commit")
    assert {"Done", "Partly", "Move it", "Let it go", "Make a promise"} <= {
        each.label for each in listed.buttons
    }
    opened = await world.choose(world.member, listed, "tie a bowline", menu="promises:mine.pick")
    words = await world.press(world.member, opened, "Change the words")
    await world.submit(world.member, words, {"what": "tie two bowlines"})
    assert "tie two bowlines" in promises(world)[0].text
    back = await world.press(world.member, opened, "Take it back")
    assert "nothing of it stays" in back.text and promises(world) == []
    await world.advance(5 * DAY)
    assert questions(world) == []


async def test_what_the_form_cannot_read_is_said_with_what_was_typed(world: LyceumWorld) -> None:
    form = await world.slash(world.member, world.general, "commit")
    refused = await world.submit(world.member, form, {"what": "tie a bowline", "by": "blue"})
    assert "could not read" in refused.text and "tie a bowline" in refused.text
    assert promises(world) == [] and [each.label for each in refused.buttons] == ["Make a promise"]


@pytest.mark.parametrize("by", ["in 91 days", "yesterday", "2020-01-01", "x" * 4000])
async def test_a_date_that_is_no_use_is_refused_kindly(world: LyceumWorld, by: str) -> None:
    answer = await commit(world, by=by)
    assert answer.ephemeral and promises(world) == []


async def test_a_private_promise_is_never_told_in_a_channel(world: LyceumWorld) -> None:
    await commit(world, what="call my mother", only_me=True)
    assert world.posted(world.general) == []
    await world.advance_to(FRIDAY)
    [question] = questions(world)
    assert "call my mother" not in question.text
    assert "somebody else's" in (await world.press(world.people["Cleo"], question, "Look at it")).text
    answer = await world.press(world.member, question, "Look at it")
    assert answer.ephemeral and "call my mother" in answer.text
    await world.press(world.member, answer, "Done")
    assert questions(world) == []
    assert "call my mother" not in " ".join(each.text for each in world.posted(world.general))


async def test_by_dm_the_question_is_answered_there(world: LyceumWorld) -> None:
    await reach(world, world.member, dm_allowed=True)
    await commit(world, what="call my mother", only_me=True)
    await world.advance_to(FRIDAY)
    [question] = world.dms(world.member)
    assert "call my mother" in question.text
    await world.press(world.member, question, "Partly")
    assert "counts" in world.read(question).text


async def test_with_dms_closed_it_is_asked_in_the_channel(world: LyceumWorld) -> None:
    await reach(world, world.member, dm_allowed=True)
    world.close_dms(world.member)
    await commit(world)
    await world.advance_to(FRIDAY + HOUR)
    [question] = questions(world)
    assert question.channel_id == world.general.id and "Done" in question.labels


async def test_others_cheer_once_and_nobody_is_pinged(world: LyceumWorld) -> None:
    await commit(world)
    [card] = promises(world)
    fans = [await world.join(f"Fan {number}") for number in range(7)]
    await world.at_once(*(world.press(fan, card, "I'm cheering") for fan in fans))
    [card] = promises(world)
    assert "and 2 more" in card.text and f"<@{fans[0].id}>" in card.text and card.pinged == ()
    assert "cheering already" in (await world.press(fans[0], card, "I'm cheering")).text
    assert "This one is yours" in (await world.press(world.member, card, "I'm cheering")).text
    assert all(world.pings(fan) == [] for fan in fans)


async def test_nobody_else_answers_and_two_presses_count_once(world: LyceumWorld) -> None:
    await commit(world)
    await world.advance_to(FRIDAY)
    [question] = questions(world)
    assert "somebody else's" in (await world.press(world.people["Cleo"], question, "Done")).text
    answers = await world.at_once(
        world.press(world.member, question, "Done"), world.press(world.member, question, "Let it go")
    )
    said = [each.text for each in answers]
    assert sum("answered this one already" in each or "closed already" in each for each in said) == 1


async def test_an_old_question_after_a_move_answers_for_the_promise_as_it_is(world: LyceumWorld) -> None:
    await reach(world, world.member, dm_allowed=True)
    await commit(world)
    await world.advance_to(FRIDAY)
    [question] = world.dms(world.member)
    listed = await world.slash(world.member, world.general, "commit")
    form = await world.press(world.member, listed, "Move it")
    await world.submit(world.member, form, {"by": "in 5 days"})
    await world.press(world.member, question, "Done")
    assert "**Done.**" in promises(world)[0].text
    await world.advance(10 * DAY)
    assert [each for each in questions(world) if QUESTION in each.text] == []


async def test_at_most_five_are_open_and_the_list_of_five_can_be_shown(world: LyceumWorld) -> None:
    for number in range(5):
        await commit(world, what=f"{number} " + "long " * 50)
    assert "5 open promises" in (await commit(world)).text
    listed = await world.slash(world.member, world.general, "commit")
    assert sum(each.label == "Done" for each in listed.buttons) == 5
    assert listed.message is not None and listed.message.selects
    assert "Make a promise" not in [each.label for each in listed.buttons]


@pytest.mark.parametrize("words", [HOSTILE, "x" * 4000, "   "])
async def test_any_words_are_shown_as_typed_or_refused(world: LyceumWorld, words: str) -> None:
    answer = await commit(world, what=words)
    if len(words) > 300 or not words.strip():
        assert promises(world) == [] and answer.ephemeral
        return
    [card] = promises(world)
    assert "\\# @\u200beveryone" in card.text or "\\@\u200beveryone" in card.text
    assert card.pinged == () and not card.pings_everyone and card.pinged_roles == ()


# ------------------------------------------------------------------------------------------ clocks

CLOCKS = {
    "spring": (datetime(2026, 3, 27, 9, tzinfo=UTC), "sunday 18:00", datetime(2026, 3, 29, 16, tzinfo=UTC)),
    "in the hour that is left out": (
        datetime(2026, 3, 27, 9, tzinfo=UTC),
        "sunday 02:30",
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    ),
    "autumn": (datetime(2026, 10, 23, 9, tzinfo=UTC), "sunday 18:00", datetime(2026, 10, 25, 17, tzinfo=UTC)),
    "in the hour that comes twice": (
        datetime(2026, 10, 23, 9, tzinfo=UTC),
        "sunday 02:30",
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    ),
}


@pytest.mark.parametrize("name", CLOCKS)
async def test_the_members_clock_decides_over_both_changes(open_world: OpenWorld, name: str) -> None:
    start, by, due = CLOCKS[name]
    async with open_world(now=start) as world:
        await reach(world, world.member, zone="Europe/Berlin")
        await commit(world, by=by)
        await world.advance_to(due - timedelta(minutes=1))
        assert questions(world) == []
        await world.advance_to(due + 12 * HOUR)
        assert [each.at for each in questions(world)] == [due]


async def test_a_promise_follows_its_maker_to_another_zone_and_is_asked_once(world: LyceumWorld) -> None:
    await reach(world, world.member, zone="Europe/Berlin")
    await commit(world, by="friday 18:00")
    await world.advance_to(FRIDAY - HOUR - timedelta(minutes=1))
    await reach(world, world.member, zone="America/New_York")
    await world.advance_to(FRIDAY + 4 * HOUR)
    assert questions(world) == []
    new = datetime(2026, 1, 9, 18, tzinfo=ZoneInfo("America/New_York"))
    assert f"<t:{int(new.timestamp())}:F>" in promises(world)[0].text
    await world.advance(DAY)
    assert [each.at for each in questions(world)] == [new.astimezone(UTC)]


async def test_three_days_are_three_days_wherever_one_is(world: LyceumWorld) -> None:
    await reach(world, world.member, zone="Europe/Berlin")
    await commit(world, by="in 3 hours")
    await reach(world, world.member, zone="America/New_York")
    await world.advance(3 * HOUR)
    assert len(questions(world)) == 1


# ------------------------------------------------------------------------------------------ bad days


@pytest.mark.parametrize("away", [HOUR, 8 * DAY], ids=["an hour", "eight days"])
async def test_with_discord_away_it_is_asked_once_when_it_is_back(
    world: LyceumWorld, away: timedelta
) -> None:
    await commit(world)
    await world.advance_to(FRIDAY - timedelta(minutes=1))
    with world.faults.outage():
        await world.advance(timedelta(minutes=2))
        world.ring_by_itself = False
        await world.advance(away)
    world.ring_by_itself = True
    await world.advance(2 * HOUR)
    assert len(questions(world)) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before Discord did it", "after Discord did it"])
async def test_killed_while_asking_it_is_asked_once(world: LyceumWorld, after: bool) -> None:
    await commit(world)
    await world.advance_to(FRIDAY - timedelta(minutes=1))
    gate = world.faults.hold(*CREATE_MESSAGE, after=after)
    await world.advance(timedelta(minutes=1))
    assert gate.waiting == 1
    await world.crash()
    await world.advance(2 * HOUR)
    await world.start_again()
    await world.advance(HOUR)
    assert len(questions(world)) == 1


async def test_killed_while_posting_the_card_there_is_one(world: LyceumWorld) -> None:
    gate = world.faults.hold(*CREATE_MESSAGE, after=True)
    await commit(world)
    assert gate.waiting == 1
    await world.crash()
    await world.start_again()
    await world.advance(HOUR)
    assert len(promises(world)) == 1


async def test_paused_the_question_waits_for_the_end_and_so_does_the_closing(world: LyceumWorld) -> None:
    await commit(world)
    await reach(world, world.member, paused_until=FRIDAY + 20 * DAY)
    await world.advance_to(FRIDAY + 19 * DAY)
    assert questions(world) == [] and promises(world)[0].labels == ["I'm cheering"]
    await world.advance(3 * DAY)
    [digest] = questions(world)
    assert "`/commit`" in digest.text
    assert "without any hurry" in (await world.slash(world.member, world.general, "commit")).text
    await world.advance(14 * DAY)
    assert "No word" in promises(world)[0].text


async def test_in_quiet_hours_it_waits_for_the_morning(world: LyceumWorld) -> None:
    await reach(world, world.member, quiet_from=17 * 60, quiet_until=8 * 60)
    await commit(world)
    await world.advance_to(FRIDAY + 2 * HOUR)
    assert questions(world) == []
    await world.advance(DAY)
    assert [each.at.hour for each in questions(world)] == [8]


async def test_whoever_left_is_not_asked(world: LyceumWorld) -> None:
    await commit(world)
    await world.leave(world.member)
    await world.advance_to(FRIDAY + DAY)
    assert [each for each in world.posted(world.general) if QUESTION in each.text] == []


async def test_whoever_comes_back_is_asked_the_day_after_at_the_latest(world: LyceumWorld) -> None:
    await commit(world)
    await world.leave(world.member)
    await world.advance_to(FRIDAY + 3 * DAY + HOUR)
    await world.rejoin(world.member)
    await world.advance(DAY)
    assert len(questions(world)) == 1
    await world.advance(20 * DAY)
    assert len(questions(world)) == 1 and "No word" in promises(world)[0].text


async def test_whoever_cheers_too_late_is_told_what_is_true_for_them(world: LyceumWorld) -> None:
    await commit(world)
    [card] = promises(world)
    listed = await world.slash(world.member, world.general, "commit")
    _, late = await world.at_once(
        world.press(world.member, listed, "Done"), world.press(world.people["Cleo"], card, "I'm cheering")
    )
    assert "over already" in late.text and "Make another" not in late.text


@pytest.mark.parametrize("away", [False, True], ids=["while the bot watched", "while it was away"])
async def test_a_deleted_card_leaves_the_promise_to_its_maker(world: LyceumWorld, away: bool) -> None:
    await commit(world)
    [card] = promises(world)
    if away:
        async with world.while_down(crash=True):
            await world.delete(world.moderator, card)
    else:
        await world.delete(world.moderator, card)
    await world.advance_to(FRIDAY)
    [question] = questions(world)
    assert "finish chapter 2" not in question.text
    answer = await world.press(world.member, question, "Look at it")
    await world.press(world.member, answer, "Done")
    assert promises(world) == [] and world.posted(world.staff) == []


async def test_with_its_channel_deleted_the_promise_is_still_on_the_list(world: LyceumWorld) -> None:
    await commit(world, channel=world.weekly)
    await world.delete_channel(world.weekly)
    await world.advance_to(FRIDAY + 2 * DAY)
    listed = await world.slash(world.member, world.general, "commit")
    assert "finish chapter 2" in listed.text and "Only you see" in listed.text
    assert world.posted(world.staff) == []


@pytest.mark.parametrize("dm_allowed", [False, True], ids=["no DMs", "DMs closed"])
async def test_a_private_promise_without_a_channel_is_asked_beside_the_next_answer(
    world: LyceumWorld, dm_allowed: bool
) -> None:
    await reach(world, world.member, dm_allowed=dm_allowed)
    world.close_dms(world.member)
    await commit(world, channel=world.weekly, only_me=True)
    await world.delete_channel(world.weekly)
    await world.advance_to(FRIDAY + 2 * DAY)
    line = "A promise of yours is due. How did it go?"
    asked = await world.slash(world.member, world.general, "me notifications")
    assert asked.ephemeral and line in asked.text
    assert line not in (await world.slash(world.member, world.general, "me notifications")).text
    assert questions(world) == [] and world.posted(world.staff) == []


async def test_switched_off_nothing_is_asked_and_afterwards_all_is_there(world: LyceumWorld) -> None:
    await commit(world)
    await switch(world, "promises", on=False)
    [card] = promises(world)
    assert "switched this off" in (await world.press(world.people["Cleo"], card, "I'm cheering")).text
    await world.advance_to(FRIDAY + DAY)
    assert questions(world) == []
    await switch(world, "promises", on=True)
    listed = await world.slash(world.member, world.general, "commit")
    await world.press(world.member, listed, "Done")
    assert "**Done.**" in promises(world)[0].text


async def test_what_fell_due_while_it_was_off_is_asked_once_when_it_is_on_again(world: LyceumWorld) -> None:
    ann, cleo = world.member, world.people["Cleo"]
    await commit(world, ann)
    await commit(world, cleo, by="in 25 days")
    await switch(world, "promises", on=False)
    await world.advance_to(FRIDAY + 13 * DAY)
    for on in (True, False, True):
        await switch(world, "promises", on=on)
    await world.advance(timedelta(minutes=2))
    [question] = questions(world, ann)
    assert QUESTION in question.text and questions(world, cleo) == []
    await world.press(ann, question, "Done")
    await world.advance(20 * DAY)
    assert len(questions(world, cleo)) == 1 and "Done" not in world.read(question).labels


async def test_what_fell_due_long_ago_while_it_was_off_closes_without_a_question(world: LyceumWorld) -> None:
    await commit(world)
    await switch(world, "promises", on=False)
    await world.advance_to(FRIDAY + 15 * DAY)
    await switch(world, "promises", on=True)
    await world.advance(timedelta(minutes=2))
    [card] = promises(world)
    assert "that is fine" in card.text and questions(world) == []


async def test_a_dm_of_a_feature_that_was_switched_off_says_so(world: LyceumWorld) -> None:
    await reach(world, world.member, dm_allowed=True)
    await commit(world)
    await world.advance_to(FRIDAY)
    [question] = world.dms(world.member)
    await switch(world, "promises", on=False)
    assert "switched this off" in (await world.press(world.member, question, "Done")).text


async def test_staff_take_a_card_away_and_it_is_written_down(community: LyceumWorld) -> None:
    await commit(community)
    listed = await community.slash(community.facilitator, community.general, "manage promises")
    card = await community.choose(community.facilitator, listed, "finish chapter 2")
    form = await community.press(community.facilitator, card, "Take the card away")
    done = await community.submit(community.facilitator, form, {"why": "It named somebody."})
    assert promises(community) == []
    left = await community.press(community.facilitator, done, "Back")
    assert "No promise stands in a channel" in left.text
    audit = await community.slash(community.facilitator, community.general, "manage audit")
    assert "took the card of a promise" in audit.text
    listed = await community.slash(community.member, community.general, "commit")
    assert "finish chapter 2" in listed.text


async def test_where_the_bot_may_not_write_nothing_is_promised_in_vain(world: LyceumWorld) -> None:
    await world.hide_from_bot(world.general)
    answer = await commit(world)
    assert "may not write in this channel" in answer.text
    form = await world.slash(world.member, world.general, "commit")
    refused = await world.submit(world.member, form, {"what": "read the long book", "by": "friday"})
    assert (
        "“Only for me”" in refused.text and "read the long book" in refused.text
    )  # what was typed is not lost
    assert "Promised" in (await commit(world, only_me=True)).text


async def test_a_chosen_channel_takes_all_promises(community: LyceumWorld) -> None:
    card = await community.slash(community.facilitator, community.general, "setup start")
    card = await community.choose(community.facilitator, card, "Promises", menu="setup:page.open")
    [menu] = [each.custom_id for each in card.shown[0].selects if not each.options]
    await community.choose(community.facilitator, card, community.weekly, menu=menu)
    await commit(community)
    assert promises(community) == [] and len(promises(community, community.weekly)) == 1


@pytest.mark.parametrize("label", ["Take it back", "Done", "Move it", "Let it go"])
async def test_answered_in_the_list_the_question_goes(world: LyceumWorld, label: str) -> None:
    await commit(world)
    await world.advance_to(FRIDAY)
    card = await world.slash(world.member, world.general, "commit")
    if label == "Take it back":
        card = await world.choose(world.member, card, "finish chapter 2", menu="promises:mine.pick")
    answer = await world.press(world.member, card, label)
    if label == "Move it":
        await world.submit(world.member, answer, {"by": "in 3 days"})
    assert [each for each in world.posted(world.general) if QUESTION in each.text] == []
    await world.advance(4 * DAY)
    assert len(questions(world)) == (label == "Move it")


async def test_a_question_follows_the_words_and_names_none_when_the_card_was_taken_away(
    community: LyceumWorld,
) -> None:
    world = community
    await commit(world)
    await world.advance_to(FRIDAY)
    [question] = questions(world)
    card = await world.slash(world.member, world.general, "commit")
    card = await world.choose(world.member, card, "finish chapter 2", menu="promises:mine.pick")
    form = await world.press(world.member, card, "Change the words")
    await world.submit(world.member, form, {"what": "finish chapter 3"})
    question = world.read(question)
    assert "chapter 3" in question.text and "Why am I seeing this?" in question.labels
    listed = await world.slash(world.facilitator, world.general, "manage promises")
    card = await world.choose(world.facilitator, listed, "finish chapter 3")
    form = await world.press(world.facilitator, card, "Take the card away")
    await world.submit(world.facilitator, form, {"why": ""})
    assert all("chapter" not in each.text for each in world.posted(world.general))
    mine = await world.press(world.member, question, "Look at it")
    assert "chapter 3" in mine.text


async def test_asked_about_the_card_says_that_there_is_no_hurry(world: LyceumWorld) -> None:
    await commit(world)
    await world.advance_to(FRIDAY)
    assert "without any hurry" in promises(world)[0].text


async def test_whoever_cheered_and_is_deleted_stands_on_no_card(community: LyceumWorld) -> None:
    world, cleo = community, community.people["Cleo"]
    for what in ("finish chapter 2", "finish chapter 3"):
        await commit(world, what=what)
        await world.press(cleo, promises(world)[-1], "I'm cheering")
    card = await world.slash(world.member, world.general, "commit")
    opened = await world.choose(world.member, card, "finish chapter 2", menu="promises:mine.pick")
    await world.press(world.member, opened, "Done")
    await deleted(world, cleo)
    assert [str(cleo.id) in each.text for each in promises(world)] == [False, False]
