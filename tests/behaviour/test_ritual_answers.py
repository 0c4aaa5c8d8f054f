"""Answers to rituals: given with a form or in the thread, shown if wished, changed, taken back; and runs in silence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.server import Channel
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.rituals import add, end, fill_in, opened

WEEK = timedelta(weeks=1)
EDIT = ("PATCH", "/channels/*/messages/*")


@pytest.fixture
async def wins(community: LyceumWorld) -> LyceumWorld:
    """Friday wins, answered on the card, just posted."""
    await add(community, ritual="friday-wins")
    await community.advance(timedelta(days=3))
    return community


@pytest.fixture
async def goals(community: LyceumWorld) -> LyceumWorld:
    """Monday goals, answered in the thread, just posted."""
    await add(community)
    await community.advance(timedelta(days=6))
    return community


def prompt(world: LyceumWorld) -> Seen:
    return world.posted(world.weekly)[-1]


def thread(world: LyceumWorld) -> Channel:
    return world.channel_of(prompt(world).id)


async def answer(world: LyceumWorld, person: Person, text: str, *, shown: bool = True) -> Answer:
    return await fill_in(world, prompt(world), "Answer", by=person, text=text, shown=shown)


class TestOnTheCard:
    async def test_answers_stand_on_the_card_with_their_names_and_ping_nobody(
        self, wins: LyceumWorld
    ) -> None:
        ann, cleo = await wins.join("Ann"), wins.people["Cleo"]
        reply = await answer(wins, ann, "I tied a bowline @everyone")
        assert reply.ephemeral and "Thank you" in reply.text
        await answer(wins, cleo, "Finished [a thing](https://example.com)")
        card = prompt(wins)
        assert f"<@{ann.id}>: I tied a bowline" in card.text and f"<@{cleo.id}>: Finished" in card.text
        assert card.pinged == () and not card.pings_everyone
        assert len(wins.posted(wins.weekly)) == 1

    async def test_without_the_tick_it_counts_and_nobody_reads_it(self, wins: LyceumWorld) -> None:
        ann, cleo = await wins.join("Ann"), wins.people["Cleo"]
        reply = await answer(wins, ann, "My secret", shown=False)
        assert "only you see it" in reply.text
        await answer(wins, cleo, "Mine")
        assert "My secret" not in prompt(wins).text and "2 people answered" in prompt(wins).text

    async def test_it_can_be_changed_hidden_and_taken_back(self, wins: LyceumWorld) -> None:
        ann = await wins.join("Ann")
        reply = await answer(wins, ann, "First words")
        reply = await fill_in(wins, reply, "Change it", by=ann, text="Second words", shown=True)
        assert "Second words" in prompt(wins).text and "First words" not in prompt(wins).text
        reply = await wins.press(ann, reply, "Take it back")
        assert "nothing of it stays" in reply.text
        assert "Second words" not in prompt(wins).text and f"<@{ann.id}>" not in prompt(wins).text
        await answer(wins, ann, "Third words")
        assert "Third words" in prompt(wins).text

    async def test_two_answers_of_one_person_at_once_are_one(self, wins: LyceumWorld) -> None:
        ann = await wins.join("Ann")
        forms = [await wins.press(ann, prompt(wins), "Answer") for _ in range(2)]
        await wins.at_once(*(wins.submit(ann, form, {"text": "Once", "shown": True}) for form in forms))
        assert prompt(wins).text.count("Once") == 1
        card = await opened(wins, "Friday wins")
        assert "People who answered the last time: 1" in card.text

    async def test_an_empty_answer_is_refused_kindly(self, wins: LyceumWorld) -> None:
        reply = await answer(wins, await wins.join("Ann"), "\u200b \u200b")
        assert "One line is plenty" in reply.text

    async def test_many_long_answers_fit_and_the_newest_are_seen(self, wins: LyceumWorld) -> None:
        for number in range(14):
            await answer(wins, await wins.join(f"Ann{number}"), f"{number:02} " + "*many* words " * 22)
        assert "13 " in prompt(wins).text and "14 people answered" in prompt(wins).text

    async def test_an_answer_survives_a_crash_before_the_card_is_drawn(self, wins: LyceumWorld) -> None:
        ann = await wins.join("Ann")
        gate = wins.faults.hold(*EDIT)
        await answer(wins, ann, "Kept")
        assert gate.waiting == 1
        await wins.crash()
        await wins.start_again()
        await wins.advance(timedelta(minutes=2))
        assert "Kept" in prompt(wins).text

    async def test_the_cards_of_an_ended_ritual_stay_without_their_button(self, wins: LyceumWorld) -> None:
        old = prompt(wins)
        await answer(wins, wins.member, "I tied a bowline")
        await wins.advance(WEEK)
        late = await wins.press(wins.people["Cleo"], prompt(wins), "Answer")
        await end(wins, "Friday wins")
        await wins.advance(timedelta(minutes=1))
        assert [wins.read(each).labels for each in (old, prompt(wins))] == [[], []]
        assert f"<@{wins.member.id}>: I tied a bowline" in wins.read(old).text
        assert wins.pings(wins.member) == []
        reply = await wins.submit(wins.people["Cleo"], late, {"text": "Too late", "shown": True})
        assert "the ritual has ended" in reply.text
        privacy = await wins.slash(wins.member, wins.general, "privacy delete")
        await fill_in(wins, privacy, "Delete my data", by=wins.member, word="delete")
        await wins.advance(timedelta(days=1, hours=1))
        assert "bowline" not in wins.read(old).text and str(wins.member.id) not in wins.read(old).text
        assert "Friday wins" in wins.read(old).text and wins.read(old).labels == []

    async def test_the_button_of_last_week_still_works(self, wins: LyceumWorld) -> None:
        old = prompt(wins)
        await wins.advance(WEEK)
        await fill_in(wins, old, "Answer", by=wins.member, text="Late but here")
        assert "Late but here" in wins.read(old).text and "Late but here" not in prompt(wins).text

    async def test_who_is_deleted_is_gone_from_the_card_as_well(self, wins: LyceumWorld) -> None:
        ann = await wins.join("Ann")
        await answer(wins, ann, "Soon gone")
        await answer(wins, wins.people["Cleo"], "Still here")
        privacy = await wins.slash(ann, wins.general, "privacy delete")
        await fill_in(wins, privacy, "Delete my data", by=ann, word="delete")
        await wins.advance(timedelta(days=1, hours=1))
        card = prompt(wins)
        assert "Still here" in card.text and "Soon gone" not in card.text and f"<@{ann.id}>" not in card.text


class TestInTheThread:
    async def test_who_is_deleted_takes_along_what_was_posted_for_them(self, goals: LyceumWorld) -> None:
        ann = await goals.join("Ann")
        await answer(goals, ann, "Soon gone")
        await answer(goals, goals.people["Cleo"], "Still here")
        assert any(f"<@{ann.id}>" in each.text for each in goals.posted(goals.welcome))
        privacy = await goals.slash(ann, goals.general, "privacy delete")
        await fill_in(goals, privacy, "Delete my data", by=ann, word="delete")
        await goals.advance(timedelta(days=1, hours=1))
        [left] = goals.posted(thread(goals))
        assert "Still here" in left.text
        assert not any(f"<@{ann.id}>" in each.text for each in goals.posted(goals.welcome))

    async def test_the_form_posts_into_the_thread_and_follows_its_author(self, goals: LyceumWorld) -> None:
        ann = await goals.join("Ann")
        reply = await answer(goals, ann, "Learn knots")
        [post] = goals.posted(thread(goals))
        assert f"<@{ann.id}> answers:\nLearn knots" in post.text and post.pinged == ()
        reply = await fill_in(goals, reply, "Change it", by=ann, text="Learn splices", shown=True)
        [post] = goals.posted(thread(goals))
        assert "Learn splices" in post.text
        reply = await fill_in(goals, reply, "Change it", by=ann, text="Learn splices", shown=False)
        assert goals.posted(thread(goals)) == []
        reply = await fill_in(goals, reply, "Change it", by=ann, text="Learn hitches", shown=True)
        assert "Learn hitches" in goals.posted(thread(goals))[0].text
        await goals.press(ann, reply, "Take it back")
        assert goals.posted(thread(goals)) == []

    async def test_without_a_thread_answers_stand_on_the_card(self, community: LyceumWorld) -> None:
        await add(community)
        community.faults.forbidden("POST", "/channels/*/messages/*/threads", times=None)
        await community.advance(timedelta(days=6))
        await answer(community, community.member, "Here then")
        assert "Here then" in prompt(community).text

    async def test_writing_in_the_thread_counts_once_a_person(self, goals: LyceumWorld) -> None:
        ann, cleo = await goals.join("Ann"), goals.people["Cleo"]
        for person, text in ((ann, "Knots"), (ann, "and splices"), (cleo, "Sleep")):
            await goals.say(person, thread(goals), text)
        await answer(goals, ann, "Knots, again with the button")
        card = await opened(goals)
        assert "People who answered the last time: 2" in card.text

    async def test_after_a_restart_nobody_is_counted_twice(self, goals: LyceumWorld) -> None:
        await goals.say(goals.member, thread(goals), "Knots")
        await goals.crash()
        await goals.start_again()
        await goals.say(goals.member, thread(goals), "Still knots")
        assert "People who answered the last time: 1" in (await opened(goals)).text


class TestSilence:
    async def asked(self, world: LyceumWorld) -> list[Seen]:
        return [each for each in world.posted(world.staff) if "has gone quiet" in each.text]

    async def test_after_three_runs_in_silence_the_owner_is_asked_once(self, community: LyceumWorld) -> None:
        await add(community)
        await community.advance(timedelta(days=6) + 2 * WEEK)
        assert await self.asked(community) == []
        await community.advance(timedelta(days=3))
        [notice] = await self.asked(community)
        assert f"<@{community.facilitator.id}>" in notice.text and notice.pinged == ()
        assert notice.labels == ["Change", "Pause", "Keep"]
        kept = await community.press(community.facilitator, notice, "Keep")
        assert "goes on as it is" in kept.text
        await community.advance(2 * WEEK)
        assert len(await self.asked(community)) == 1 - 1  # the card says now that it was kept
        await community.advance(WEEK)
        assert len(await self.asked(community)) == 1, "three more in silence: asked again"

    async def test_one_answer_ends_the_silence(self, community: LyceumWorld) -> None:
        await add(community)
        await community.advance(timedelta(days=6) + WEEK)
        await answer(community, community.member, "I am here")
        await community.advance(WEEK + timedelta(days=5))
        assert await self.asked(community) == []

    async def test_runs_that_never_came_are_no_silence(self, community: LyceumWorld) -> None:
        await add(community)
        await community.advance(timedelta(days=6))
        async with community.while_down():
            await community.advance(2 * WEEK + timedelta(days=1))
        await community.advance(timedelta(days=5))
        assert await self.asked(community) == []

    async def test_pause_stops_it_and_change_opens_the_draft(self, community: LyceumWorld) -> None:
        await add(community)
        await community.advance(timedelta(days=9) + 2 * WEEK)
        [notice] = await self.asked(community)
        draft = await community.press(community.facilitator, notice, "Change")
        assert draft.ephemeral and "The next dates would be" in draft.text
        paused = await community.press(community.facilitator, notice, "Pause")
        assert "paused" in paused.text
        before = len(community.posted(community.weekly))
        await community.advance(3 * WEEK)
        assert len(community.posted(community.weekly)) == before


async def test_the_trend_is_told_in_words(community: LyceumWorld) -> None:
    await add(community, ritual="friday-wins")
    people = [await community.join(f"Ann{number}") for number in range(3)]
    await community.advance(timedelta(days=3))
    for week in range(4):
        for person in people[: 1 if week < 2 else 3]:
            await answer(community, person, "Done")
        if week < 3:
            await community.advance(WEEK)
    card = await opened(community, "Friday wins")
    assert "People who answered the last 4 times: 1, 1, 3, 3" in card.text
    assert "More people than before." in card.text and "Pings each time: none." in card.text
