"""People see, take away and delete what is stored about them; what is gone does not come back."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.erasure import DELAY
from sandbox.people import Person
from sandbox.seen import Answer
from storage.backup import back_up, restore
from tests.behaviour.quests import (
    LyceumWorld,
    answer_a_hello,
    finish,
    greetings,
    hello_answers,
    say_goal,
    say_hello,
    status,
    wins,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def files(world: LyceumWorld, answer: Answer) -> dict[str, bytes]:
    """What hangs on an answer, by file name."""
    found: dict[str, bytes] = {}
    for item in world._stored(answer).attachments:
        content = world.env.backend.cdn.get(item["url"])
        assert content is not None
        found[item["filename"]] = content
    return found


def mentions_of(world: LyceumWorld, person: Person) -> dict[str, int]:
    """In which tables the person's id stands in any cell, and how often: in keys, JSON and columns alike."""
    found: dict[str, int] = {}
    with closing(sqlite3.connect(str(world.database.url.database))) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()
            count = sum(str(person.id) in str(row) for row in rows)
            if count:
                found[table] = count
    return found


async def ask_to_delete(world: LyceumWorld, person: Person, word: str = "delete") -> Answer:
    card = await world.slash(person, world.general, "privacy delete")
    form = await world.press(person, card, "Delete my data")
    return await world.submit(person, form, {"word": word})


async def deleted(world: LyceumWorld, person: Person) -> None:
    await ask_to_delete(world, person)
    await world.advance(DELAY + HOUR)


async def show(world: LyceumWorld, person: Person) -> Answer:
    return await world.slash(person, world.general, "privacy show")


class TestShowing:
    async def test_it_says_what_how_much_for_how_long_and_who_sees_it(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        await say_goal(community, ann, "Knots")
        card = await show(community, ann)
        assert card.ephemeral
        assert "Your quests: your goal and how far you are**: 1 entry. Others here may see it." in card.text
        assert "What I told you, and when" in card.text and "Kept for 90 days." in card.text
        assert "privacy" not in card.text.replace("/privacy", "") and str(ann.id) not in card.text

    async def test_of_somebody_unknown_nothing_is_stored_and_looking_changes_that_not(
        self, community: LyceumWorld
    ) -> None:
        for _ in range(2):
            card = await show(community, community.people["Ben"])
            assert "I have stored nothing about you" in card.text

    async def test_of_somebody_unknown_there_is_nothing_to_delete(self, community: LyceumWorld) -> None:
        card = await community.slash(community.people["Ben"], community.general, "privacy delete")
        assert "nothing about you that could be deleted" in card.text and card.buttons == []


class TestTheExport:
    async def test_it_holds_what_one_said_and_did_and_nobody_else(self, community: LyceumWorld) -> None:
        came_at = community.now
        ann, bo = await community.join("Ann"), await community.join("Bo")
        await say_goal(community, ann, "Knots & „Seile“")
        await say_hello(community, ann)
        await answer_a_hello(community, ann)
        await say_goal(community, bo, "Sails")

        answer = await community.slash(ann, community.general, "privacy export")

        assert answer.ephemeral
        [(name, content)] = files(community, answer).items()
        assert name == "lyceum-2026-01-07.json"
        export = json.loads(content)
        assert (export["server"], export["member"]) == (str(community.guild_id), str(ann.id))
        [quest] = export["tables"]["onboarding_quests"]
        [profile] = export["tables"]["profiles"]
        assert profile["goal"] == "Knots & „Seile“" and quest["member_id"] == str(ann.id)
        assert {act["kind"] for act in export["tables"]["acts"]} >= {
            "goal.set",
            "introduction.written",
            "quest.completed",
        }
        assert {step["step"] for step in export["tables"]["onboarding_quest_steps"]} == {
            "goal",
            "hello",
            "answer",
        }
        joined = export["tables"]["onboarding_newcomers"][0]["joined_at"]
        assert joined.endswith("Z") and datetime.fromisoformat(joined) == came_at
        text = content.decode()
        people = {
            bo.id,
            community.facilitator.id,
            community.member.id,
            *(each.id for each in community.people.values()),
        }
        assert [other for other in people - {ann.id} if str(other) in text] == []
        assert "Sails" not in text

    async def test_staff_get_what_they_changed(self, community: LyceumWorld) -> None:
        answer = await community.slash(community.facilitator, community.general, "privacy export")
        [content] = files(community, answer).values()
        changes = json.loads(content)["tables"]["audit"]
        assert changes and {each["actor_id"] for each in changes} == {str(community.facilitator.id)}

    async def test_it_can_be_had_before_deleting(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        card = await community.slash(ann, community.general, "privacy delete")
        answer = await community.press(ann, card, "Get a copy first")
        assert list(files(community, answer)) == ["lyceum-2026-01-07.json"]


class TestTheDeletion:
    async def test_after_a_day_nothing_in_any_cell_of_any_table_names_the_person(
        self, community: LyceumWorld
    ) -> None:
        ann = await community.join("Ann")
        bo = await community.join("Bo")
        for each in (ann, bo):
            await finish(community, each)
        before = mentions_of(community, bo)
        answer = await ask_to_delete(community, ann)
        due = community.now + DELAY
        assert (
            answer.ephemeral
            and f"<t:{int(due.timestamp())}:F>" in answer.text
            and "Keep my data" in answer.text
        )
        await community.advance(DELAY - HOUR)
        assert mentions_of(community, ann).keys() >= {"acts", "onboarding_quests"}
        await community.advance(2 * HOUR)

        assert mentions_of(community, ann) == {"privacy_deleted": 1}
        assert mentions_of(community, bo) == before
        assert greetings(community, ann) == wins(community, ann) == []  # taken away, and nothing new
        assert [len(greetings(community, bo)), len(wins(community, bo))] == [1, 1]
        assert "1 entry" in (await show(community, ann)).text  # the note of the deletion
        assert (
            "3 of 3" not in (await status(community, bo)).text
            and "is done" in (await status(community, bo)).text
        )

    async def test_the_card_says_what_goes_and_what_stays_and_why(self, community: LyceumWorld) -> None:
        await say_goal(community, community.facilitator)
        card = await community.slash(community.facilitator, community.general, "privacy delete")
        goes, _, stays = card.text.partition("**This stays**")
        assert "24 hours" in goes
        assert "record of changes: what staff did stays answerable" in stays
        assert "no backup brings you back" in stays

    @pytest.mark.parametrize("word", ["DELETE", " delete ", "Ann"])
    async def test_the_word_or_ones_name_confirms(self, community: LyceumWorld, word: str) -> None:
        ann = await community.join("Ann")
        assert "will be deleted" in (await ask_to_delete(community, ann, word)).text

    @pytest.mark.parametrize("word", ["yes", "delete it", "\u200b", "Bo"])
    async def test_anything_else_deletes_nothing(self, community: LyceumWorld, word: str) -> None:
        ann = await community.join("Ann")
        answer = await ask_to_delete(community, ann, word)
        assert "nothing will be deleted" in answer.text and answer.ephemeral
        await community.advance(DELAY + HOUR)
        assert "onboarding_quests" in mentions_of(community, ann)

    @pytest.mark.parametrize("by_command", [False, True])
    async def test_it_can_be_stopped_until_then(self, community: LyceumWorld, by_command: bool) -> None:
        ann = await community.join("Ann")
        card = await ask_to_delete(community, ann)
        await community.advance(DELAY - HOUR)
        if by_command:
            card = await community.slash(ann, community.general, "privacy delete")
        kept = await community.press(ann, card, "Keep my data")
        assert "Nothing will be deleted" in kept.text
        await community.advance(2 * DELAY)
        assert "onboarding_quests" in mentions_of(community, ann)
        again = await community.press(ann, await show(community, ann), "Delete my data")
        assert again.modal is not None

    async def test_an_old_button_answers_politely_when_it_is_too_late(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        card = await ask_to_delete(community, ann)
        await community.advance(DELAY + HOUR)
        answer = await community.press(ann, card, "Keep my data")
        assert "nothing to stop" in answer.text

    async def test_asking_twice_at_once_plans_one(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        cards = [await community.slash(ann, community.general, "privacy delete") for _ in range(2)]
        forms = [await community.press(ann, card, "Delete my data") for card in cards]
        answers = await community.at_once(
            *(community.submit(ann, form, {"word": "delete"}) for form in forms)
        )
        assert len({answer.text for answer in answers}) == 1
        await community.advance(DELAY + HOUR)
        assert mentions_of(community, ann) == {"privacy_deleted": 1}

    @pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
    async def test_a_restart_in_between_changes_nothing(self, community: LyceumWorld, killed: bool) -> None:
        ann = await community.join("Ann")
        await finish(community, ann)
        await ask_to_delete(community, ann)
        async with community.while_down(crash=killed):
            await community.advance(2 * DELAY)
        await community.advance(HOUR)
        assert mentions_of(community, ann) == {"privacy_deleted": 1}
        assert greetings(community, ann) == wins(community, ann) == []

    async def test_a_greeting_that_waits_is_not_posted_any_more(self, community: LyceumWorld) -> None:
        fault = community.faults.status(503, "POST", f"/channels/{community.welcome.id}/messages", times=None)
        ann = await community.join("Ann")
        await ask_to_delete(community, ann)
        async with community.while_down(crash=True):
            await community.advance(DELAY + HOUR)
        await community.advance(timedelta(minutes=5))
        community.faults.disarm(fault)
        await community.advance(HOUR)
        assert greetings(community, ann) == []
        assert mentions_of(community, ann) == {"privacy_deleted": 1}

    async def test_who_leaves_meanwhile_is_deleted_all_the_same(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        await ask_to_delete(community, ann)
        await community.leave(ann)
        await community.advance(DELAY + HOUR)
        assert mentions_of(community, ann) == {"privacy_deleted": 1}


class TestAfterwards:
    async def test_a_restart_does_not_greet_the_person_as_unknown(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        await deleted(community, ann)
        await community.join("Bo")
        for _ in range(2):
            await community.restart()
        assert greetings(community, ann) == []

    async def test_a_hello_costs_and_ticks_nothing(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        await deleted(community, ann)
        await say_hello(community, ann)
        assert hello_answers(community, ann) == []
        assert mentions_of(community, ann) == {"privacy_deleted": 1}

    async def test_the_person_may_begin_anew_as_a_stranger(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        await finish(community, ann)
        await deleted(community, ann)
        assert "0 of 3 done" in (await status(community, ann)).text
        await finish(community, ann)
        assert "is done" in (await status(community, ann)).text
        await community.advance(2 * DAY)
        assert "onboarding_quests" in mentions_of(community, ann)

    async def test_who_comes_back_is_greeted_as_new_once(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        await finish(community, ann)
        await deleted(community, ann)
        await community.leave(ann)
        await community.advance(HOUR)
        await community.rejoin(ann)
        await community.restart()
        [card] = greetings(community, ann)
        assert "**Welcome, " in card.text


class TestARestore:
    async def go_back_to(self, world: LyceumWorld, backup: Path) -> None:
        await world.crash()
        await restore(backup, Path(str(world.database.url.database)), now=world.now)
        await world.start_again()
        await world.advance(HOUR)

    async def take(self, world: LyceumWorld) -> Path:
        file = Path(str(world.database.url.database))
        made = await asyncio.to_thread(back_up, file, file.parent / "backups", now=world.now, keep=9)
        return made.file

    async def test_an_old_backup_does_not_bring_the_deleted_back(self, community: LyceumWorld) -> None:
        ann, bo = await community.join("Ann"), await community.join("Bo")
        await finish(community, ann)
        await finish(community, bo)
        backup = await self.take(community)
        await deleted(community, ann)
        await self.go_back_to(community, backup)
        assert mentions_of(community, ann) == {"privacy_deleted": 1}
        assert "is done" in (await status(community, bo)).text
        assert [len(greetings(community, each)) for each in (ann, bo)] == [0, 1]

    async def test_who_began_anew_before_the_backup_keeps_that(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        await deleted(community, ann)
        await say_goal(community, ann, "Once more")
        await self.go_back_to(community, await self.take(community))
        assert "onboarding_quests" in mentions_of(community, ann)

    async def test_a_deletion_called_off_after_the_backup_stays_called_off(
        self, community: LyceumWorld
    ) -> None:
        ann = await community.join("Ann")
        card = await ask_to_delete(community, ann)
        backup = await self.take(community)
        await community.press(ann, card, "Keep my data")
        await self.go_back_to(community, backup)
        await community.advance(2 * DELAY)
        assert "onboarding_quests" in mentions_of(community, ann)

    async def test_without_the_file_the_backup_would_bring_them_back(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        backup = await self.take(community)
        await deleted(community, ann)
        Path(f"{community.database.url.database}.deletions").unlink()  # noqa: ASYNC240 - a local file
        await self.go_back_to(community, backup)
        assert "onboarding_quests" in mentions_of(community, ann)


class TestTheRetention:
    async def test_what_was_told_and_sent_is_let_go_and_never_said_again(
        self, community: LyceumWorld
    ) -> None:
        ann = await community.join("Ann")
        await finish(community, ann)
        joined_at = community.now
        assert {"outbox", "notifications"} <= mentions_of(community, ann).keys()
        await community.advance(timedelta(hours=12))  # past the hour of the daily digest

        async with community.while_down():
            await community.advance(timedelta(days=91))
        await community.advance(2 * DAY)

        assert not {"outbox", "notifications", "jobs"} & mentions_of(community, ann).keys()
        await community.restart()
        # Discord repeats the event of her joining: the key of the greeting is free, and what guards it is not.
        service: Any = community.bot.get_cog("OnboardingCog").service  # type: ignore[union-attr]
        await community.in_bot(
            lambda: service.arrive(community.guild_id, ann.id, joined_at=joined_at, pending=False)
        )
        await status(community, ann)
        assert [len(greetings(community, ann)), len(wins(community, ann))] == [1, 1]

    async def test_who_left_a_year_ago_is_deleted(self, community: LyceumWorld) -> None:
        ann, bo = await community.join("Ann"), await community.join("Bo")
        await finish(community, ann)
        await community.leave(ann)
        await community.leave(bo)
        async with community.while_down():
            await community.advance(timedelta(days=300))
        await community.rejoin(bo)
        assert "onboarding_quests" in mentions_of(community, ann)
        async with community.while_down():
            await community.advance(timedelta(days=65))
        await community.advance(2 * DAY)
        assert mentions_of(community, ann) == {"privacy_deleted": 1}
        assert "onboarding_quests" in mentions_of(community, bo)

    async def test_who_left_while_the_bot_was_away_is_deleted_too(self, community: LyceumWorld) -> None:
        ben = community.people["Ben"]  # was there before the bot, so no newcomer
        await say_goal(community, ben)
        async with community.while_down():
            await community.leave(ben)
        async with community.while_down():
            await community.advance(timedelta(days=365))
        await community.advance(2 * DAY)
        assert mentions_of(community, ben) == {"privacy_deleted": 1}


class TestSetupData:
    async def test_facilitators_see_amounts_windows_and_the_last_clean_up(
        self, community: LyceumWorld
    ) -> None:
        ann = await community.join("Ann")
        first = await community.slash(community.facilitator, community.staff, "setup data")
        assert (
            first.ephemeral
            and "Last clean-up: not yet" in first.text
            and "Last backup: none yet" in first.text
        )
        assert "Your quests" in first.text and "Kept for 90 days." in first.text
        assert str(ann.id) not in first.text
        await ask_to_delete(community, ann)
        file = Path(str(community.database.url.database))
        made = await asyncio.to_thread(back_up, file, file.parent / "backups", now=community.now, keep=2)
        card = await community.slash(community.facilitator, community.staff, "setup data")
        assert "Deletions to come: 1" in card.text and f"<t:{int(made.taken_at.timestamp())}:f>" in card.text
        await community.advance(DAY)
        card = await community.slash(community.facilitator, community.staff, "setup data")
        assert "Last clean-up: <t:" in card.text and "MiB" in card.text

    async def test_members_may_not(self, community: LyceumWorld) -> None:
        with pytest.raises(Exception, match="ermission"):
            await community.slash(community.member, community.general, "setup data")
