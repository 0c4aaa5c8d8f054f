"""Who comes, and whether it is a raid: values and properties."""

# ruff: noqa: RUF001 - letters that look like others are what this is about

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import AlreadyDone, InvalidInput
from cogs.raids import rules
from cogs.raids.names import keys_of, skeleton
from cogs.raids.rules import Arrival, Level, Sign, Surge, Verdict, fingerprint, judge_all
from cogs.raids.watch import MOST_ARRIVALS, Watch
from tests.raids.crowds import NOON, honest, raider, spread

SEEDS = st.integers(0, 2**32)
FEW = settings(max_examples=12, deadline=None)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def come(watch: Watch, arrivals: Iterable[Arrival]) -> int | None:
    """Which of them, counted from 1, makes it a raid."""
    for number, each in enumerate(arrivals, 1):
        verdict = watch.join(each)
        if verdict is not None and verdict.is_raid:
            return number
    return None


# What is no raid.


@FEW
@given(SEEDS)
def test_a_class_of_sixty_within_ten_minutes_is_no_raid(seed: int) -> None:
    draw = random.Random(seed)
    coming = [honest(at, draw, fresh=0.3, bare=0.5) for at in spread(60, 10 * MINUTE, draw)]
    assert come(Watch(), coming) is None


@FEW
@given(SEEDS)
def test_a_class_that_clicks_its_invite_in_the_same_minute_is_no_raid(seed: int) -> None:
    draw = random.Random(seed)
    assert come(Watch(), [honest(at, draw, fresh=0.05) for at in spread(60, MINUTE, draw)]) is None


@FEW
@given(SEEDS, st.sampled_from([1, 10, 60, 120]))
def test_five_hundred_that_were_announced_are_no_raid_however_fast_they_come(seed: int, minutes: int) -> None:
    draw = random.Random(seed)
    watch = Watch()
    watch.surges = [Surge(500, NOON, NOON + 3 * HOUR)]
    assert (
        come(watch, [honest(at, draw, fresh=0.3, bare=0.5) for at in spread(500, minutes * MINUTE, draw)])
        is None
    )


@FEW
@given(SEEDS)
def test_what_a_community_is_used_to_is_no_raid(seed: int) -> None:
    draw = random.Random(seed)
    watch = Watch()
    watch.usual = 600.0
    assert come(watch, [honest(at, draw) for at in spread(1200, HOUR, draw)]) is None


# What is.


@FEW
@given(SEEDS, st.sampled_from(["raider_", None]))
def test_a_thousand_in_ten_seconds_are_a_raid_within_the_first_sixty(seed: int, pattern: str | None) -> None:
    draw = random.Random(seed)
    coming = [raider(at, draw, pattern=pattern) for at in spread(1000, timedelta(seconds=10), draw)]
    number = come(Watch(), coming)
    assert number is not None and number <= 60


@FEW
@given(SEEDS)
def test_an_announced_surge_delays_the_alarm_and_does_not_silence_it(seed: int) -> None:
    draw = random.Random(seed)
    coming = [raider(at, draw, pattern="nitro") for at in spread(1500, 20 * timedelta(seconds=1), draw)]
    alone = come(Watch(), coming)
    watch = Watch()
    watch.surges = [Surge(500, NOON, NOON + HOUR)]
    announced = come(watch, coming)
    assert alone is not None and announced is not None and alone < announced <= 600


@FEW
@given(SEEDS)
def test_a_raid_that_comes_slowly_is_one_too(seed: int) -> None:
    draw = random.Random(seed)
    coming = [raider(at, draw, fresh=0.9, pattern="gift") for at in spread(150, 10 * MINUTE, draw)]
    assert come(Watch(), coming) is not None


def test_bought_old_accounts_with_faces_and_names_are_a_raid_when_a_hundred_and_more_come_in_a_minute() -> (
    None
):
    draw = random.Random(1)
    coming = [honest(at, draw, fresh=0, bare=0) for at in spread(400, MINUTE, draw)]
    number = come(Watch(), coming)
    assert number is not None and number >= 60


def test_newcomers_who_write_the_same_are_a_raid_though_they_came_slowly() -> None:
    draw = random.Random(2)
    watch = Watch()
    here = [honest(at, draw) for at in spread(20, 9 * MINUTE, draw)]
    assert come(watch, here) is None
    mark = fingerprint("Free nitro for everybody: https://disc0rd.example/gift")
    last: Verdict | None = None
    for number, each in enumerate(here):
        verdict, _ = watch.say(each.member_id, NOON + 9 * MINUTE + number * timedelta(seconds=1), mark)
        last = verdict or last
    assert last is not None and last.is_raid and last.evidence.echoing == 20
    assert {each.member_id for each in watch.arrivals if each.echoed} == {each.member_id for each in here}


def test_twenty_hellos_are_no_burst() -> None:
    watch = Watch()
    for number in range(20):
        assert watch.say(number, NOON + number * timedelta(seconds=1), fingerprint("hello everyone!")) == (
            None,
            [],
        )


# The weight.


@FEW
@given(SEEDS)
def test_up_to_fifty_more_people_never_weigh_less(seed: int) -> None:
    draw = random.Random(seed)
    watch, before = Watch(), 0.0
    for at in spread(50, timedelta(seconds=50), draw):
        verdict = watch.join(raider(at, draw))
        assert verdict is not None
        weight = verdict.weight / verdict.bearable
        assert weight >= before - 1e-9
        before = weight


@FEW
@given(SEEDS)
def test_after_a_quiet_quarter_of_an_hour_all_is_forgotten(seed: int) -> None:
    draw = random.Random(seed)
    watch = Watch()
    for at in spread(200, MINUTE, draw):
        watch.join(raider(at, draw, pattern="raid"))
    later = NOON + 16 * MINUTE
    assert watch.quiet(later)
    verdict = watch.join(honest(later, draw, fresh=0, bare=0))
    assert verdict is not None and verdict.weight == pytest.approx(rules.CAME)


def test_the_same_arrival_told_twice_counts_once() -> None:
    watch, draw = Watch(), random.Random(3)
    one = raider(NOON, draw)
    first = watch.join(one)
    assert watch.join(one) is None and first is not None and first.evidence.joins == 1


def test_ten_thousand_arrivals_take_no_more_memory_than_five_thousand_and_no_longer_each() -> None:
    watch, draw = Watch(), random.Random(4)
    coming = [raider(at, draw, pattern="many") for at in spread(10_000, MINUTE, draw)]
    begun = time.process_time()
    for each in coming:
        watch.join(each)
    assert len(watch.arrivals) == MOST_ARRIVALS
    assert time.process_time() - begun < 5.0  # some 0.2 s where nobody else is


# Who belongs to it.


@FEW
@given(SEEDS, st.sampled_from(["xx_raid_", None]))
def test_of_a_raid_all_are_suspects_and_of_those_who_come_in_quiet_none(
    seed: int, pattern: str | None
) -> None:
    draw = random.Random(seed)
    raid = [raider(at, draw, pattern=pattern) for at in spread(1000, timedelta(seconds=10), draw)]
    later = [honest(at, draw, fresh=0) for at in spread(20, HOUR, draw, NOON + 2 * MINUTE)]
    found = judge_all([*raid, *later])
    caught = sum(found[each.member_id].is_suspect for each in raid)
    assert caught >= 990
    assert not any(found[each.member_id].is_suspect for each in later)


def test_every_suspicion_says_why() -> None:
    draw = random.Random(5)
    raid = [raider(at, draw, pattern="promo") for at in spread(50, timedelta(seconds=5), draw)]
    for each in judge_all(raid).values():
        assert Sign.WAVE in each.signs and Sign.ALIKE in each.signs


def test_a_new_account_alone_is_not_a_suspect_but_with_a_pattern_it_is() -> None:
    draw = random.Random(6)
    quiet = [
        Arrival(
            number, NOON + number * 5 * MINUTE, NOON - timedelta(days=3), keys_of("zed"), draw.getrandbits(60)
        )
        for number in range(4)
    ]
    assert not any(each.is_suspect for each in judge_all(quiet).values())
    alike = [
        Arrival(each.member_id, each.at, each.account_at, keys_of(f"promo{each.member_id}"), each.face)
        for each in quiet
    ]
    assert all(each.is_suspect for each in judge_all(alike).values())


# Names and messages.


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("raider_0417", "Raider-0418"),
        ("r4ider417", "rаider"),  # the second with a Cyrillic a
        ("ΝITRO gift", "nitro_gift_22"),
        ("Ｆｒｅｅ－Ｓｔｅａｍ", "free.steam9"),
        ("discordgifts_xq", "discordgifts_lm"),
    ],
)
def test_names_of_one_pattern_share_a_key(one: str, other: str) -> None:
    assert keys_of(one) & keys_of(other)


@pytest.mark.parametrize(
    ("one", "other"), [("anna.miller", "ben_sato"), ("li", "li"), ("1234", "1234"), ("", "")]
)
def test_different_names_and_those_too_short_to_say_anything_share_none(one: str, other: str) -> None:
    assert not keys_of(one) & keys_of(other)


@given(st.text(max_size=300))
def test_any_name_has_a_skeleton_of_letters(name: str) -> None:
    assert all(each.isalpha() for each in skeleton(name))
    assert keys_of(name) == keys_of(name) and all(0 <= key < 2**63 for key in keys_of(name))


@given(st.text(max_size=300), st.lists(st.integers(0, 2**63), max_size=5))
def test_any_message_has_the_same_print_twice(words: str, mentions: list[int]) -> None:
    assert fingerprint(words, mentions=mentions) == fingerprint(words, mentions=list(reversed(mentions)))


def test_numbers_and_spaces_in_a_message_do_not_hide_it() -> None:
    one = fingerprint("FREE nitro  here 123 https://x.example/a")
    assert one is not None and one == fingerprint("free nitro here 98 https://x.example/a")
    assert fingerprint("ok") is None and fingerprint("", everyone=True) is not None


# The ladder and surges.


def test_a_lockdown_is_extended_to_a_day_from_now_at_most() -> None:
    ends = NOON + HOUR
    assert rules.extended(ends, NOON, HOUR) == NOON + 2 * HOUR
    assert rules.extended(NOON + 23 * HOUR, NOON, 5 * HOUR) == NOON + DAY
    with pytest.raises(AlreadyDone):
        rules.extended(NOON + DAY, NOON, HOUR)
    with pytest.raises(AlreadyDone):
        rules.extended(NOON, NOON, HOUR)


def test_a_channel_is_added_or_taken_away_and_one_too_many_is_said() -> None:
    assert rules.toggled([1, 2], 3, most=3) == [1, 2, 3]
    assert rules.toggled([1, 2, 3], 2, most=3) == [1, 3]
    with pytest.raises(InvalidInput):
        rules.toggled([1, 2, 3], 4, most=3)


def test_the_ladder_has_an_end() -> None:
    assert [rules.next_level(each) for each in (0, 1, 2, 3)] == [
        Level.PAUSE,
        Level.VERIFY,
        Level.QUARANTINE,
        Level.LOCK,
    ]
    with pytest.raises(AlreadyDone):
        rules.next_level(Level.LOCK)


@pytest.mark.parametrize(
    ("expected", "begins", "ends"),
    [
        (0, NOON, NOON + HOUR),
        (10**6, NOON, NOON + HOUR),
        (5, NOON, NOON),
        (5, NOON - DAY, NOON - HOUR),
        (5, NOON, NOON + 8 * DAY),
    ],
)
def test_what_cannot_be_is_not_announced(expected: int, begins: datetime, ends: datetime) -> None:
    with pytest.raises(InvalidInput):
        rules.check_surge(expected, begins, ends, NOON)
