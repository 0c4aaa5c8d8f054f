"""The figures of the story: each by values, and lost and doubled posts by what a simulated Discord really received."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.story import received
from sandbox.story.figures import Expected, Figures, Stay, count, pinged_while_away, table
from sandbox.story.received import Post, Reply
from tests.sandbox.conftest import ToyWorld

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANN, BEN, CLEO = 1, 2, 3


def post(
    text: str,
    at: datetime = NOON,
    *,
    number: int = 0,
    channel: int = 7,
    pinged: Sequence[int] = (),
    **more: Any,
) -> Post:
    return Post(number, at, channel, text, pinged=frozenset(pinged), **more)


def counted(
    posts: Sequence[Post] = (),
    replies: Sequence[Reply] = (),
    expected: Sequence[Expected] = (),
    stays: Sequence[Stay] = (),
    end: datetime = NOON + 20 * DAY,
) -> Figures:
    return count(posts, replies, expected, stays, end, 0)


def receipt(person: int, number: int, title: str, at: datetime = NOON, version: int = 1) -> Reply:
    text = f"**Submitted.** Receipt {number}, <t:1:F>.\n“{title}”, Core, version {version}.\n> it"
    return Reply(at, person, text)


def test_a_work_handed_in_twice_is_one_submission() -> None:
    replies = [receipt(ANN, 1, "Knots"), receipt(ANN, 1, "Knots", NOON + HOUR, 2), receipt(BEN, 2, "Knots")]
    assert counted(replies=[*replies, receipt(ANN, 3, "Sails")]).submissions == 3


def test_reviews_are_counted_for_works_whose_time_is_over_and_waits_begin_with_the_round() -> None:
    begun = NOON + 7 * DAY
    late = begun + 12 * DAY
    replies = [
        receipt(ANN, 1, "Knots"),
        receipt(BEN, 2, "Knots"),
        receipt(CLEO, 3, "Knots"),
        receipt(ANN, 4, "Sails", NOON + 8 * DAY),
        Reply(begun, 9, "**Knots**\nEverybody is told."),
        Reply(begun + 4 * HOUR, BEN, f"**Sent. Thank you!** <@{ANN}> reads it now"),
        Reply(begun + 9 * HOUR, CLEO, f"**Sent. Thank you!** <@{ANN}> reads it now"),
        Reply(begun + 10 * HOUR, ANN, f"**Sent. Thank you!** <@{BEN}> reads it now"),
        Reply(late, 9, "**Sails**\nEverybody is told."),
    ]
    figures = counted(replies=replies, end=late + DAY)
    assert (figures.works_due, figures.reviews) == (3, 3), "the second round still has time"
    assert figures.share_reviewed == 2 / 3
    assert figures.median_wait == timedelta(hours=7)


def test_a_trio_is_three_twos_and_a_second_meeting_is_a_repeated_one() -> None:
    cards = [
        post("meet each other!", mentions=frozenset({ANN, BEN, CLEO})),
        post("meet each other!", NOON + 7 * DAY, mentions=frozenset({ANN, BEN})),
        post("good morning", mentions=frozenset({ANN, BEN})),
    ]
    figures = counted(cards)
    assert (figures.pairs, figures.repeated_pairs) == (4, 1)


def test_pings_are_counted_by_the_days_of_those_who_get_them() -> None:
    stays = [
        Stay(ANN, NOON, NOON + 3 * DAY, ZoneInfo("Pacific/Auckland")),
        Stay(BEN, NOON, NOON + DAY, ZoneInfo("UTC")),
    ]
    cards = [
        post("one", NOON - timedelta(hours=1, minutes=5), pinged=[ANN]),  # before she came
        post("two", NOON, pinged=[ANN]),
        post("three", NOON + timedelta(minutes=5), pinged=[ANN, BEN]),
        post("four", NOON + 13 * HOUR, pinged=[ANN]),  # in Auckland still the day after midnight
    ]
    figures = counted(cards, stays=stays)
    assert figures.most_pings_in_a_day == 3
    assert figures.pings_a_person_and_day == 4 / 6


def test_one_lost_and_one_doubled_post_are_named() -> None:
    expected = [
        Expected("goals", 7, ("A new week",), NOON, NOON + HOUR),
        Expected("wins", 7, ("What went well",), NOON, NOON + HOUR),
        Expected("opening", 7, ("challenge", "Knots"), NOON, NOON + HOUR),
    ]
    cards = [
        post("A new week!", NOON + timedelta(minutes=1), number=1),
        post("What went well?", NOON + 2 * HOUR, number=2),  # too late
        post("The challenge: Knots", number=3),
        post("The challenge: Knots, once more", number=4),
    ]
    figures = counted(cards, expected=expected)
    assert (figures.expected, figures.lost, figures.doubled) == (3, ("wins",), ("opening",))
    shown = dict(table(figures))
    assert (shown["Lost posts"], shown["Doubled posts"]) == ("1: wins", "1: opening")
    assert dict(table(counted()))["Lost posts"] == "0"


def test_the_same_words_twice_are_doubled_within_minutes_and_not_a_week_later() -> None:
    one = post("A new week!", number=1)
    assert counted([one, post("A new week!", NOON + timedelta(minutes=9), number=2)]).doubled
    assert not counted([one, post("A new week!", NOON + 7 * DAY, number=2)]).doubled
    assert not counted([one, post("A new week!", number=2, channel=8)]).doubled


def test_who_is_away_must_not_be_reached_and_afterwards_may() -> None:
    cards = [
        post(words, NOON + n * DAY, pinged=[ANN]) for n, words in enumerate(("before", "meanwhile", "after"))
    ]
    away = [(ANN, NOON + HOUR, NOON + 2 * DAY)]
    assert pinged_while_away(cards, away) == ["meanwhile"]
    assert pinged_while_away(cards, [(ANN, NOON + HOUR, None)]) == ["meanwhile", "after"]


async def test_a_lost_and_a_doubled_post_of_a_real_bot_are_found_in_what_discord_received(
    toy: ToyWorld,
) -> None:
    async def said(words: str) -> None:
        await toy.in_bot(lambda: toy.bot.find("welcome").send(words))

    ben = toy.member
    expected = [
        Expected(words, toy.welcome.id, (words,), toy.now, toy.now + HOUR)
        for words in ("goals", "wins", "results")
    ]
    await said(f"the goals <@{ben.id}>")
    await said("the results")
    await toy.advance(timedelta(minutes=1))
    await said("the results, once more")
    posts = received.posts(toy)
    assert [each.text for each in posts] == [
        f"the goals <@{ben.id}>",
        "the results",
        "the results, once more",
    ]
    figures = counted(posts, expected=expected)
    assert (figures.lost, figures.doubled) == (("wins",), ("results",))
