"""Which tasks fit somebody, and which of them come next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from cogs.micro import rules
from cogs.micro.rules import Level, Mood, Task, Wishes
from cogs.micro.shipped import LibraryError, read, shipped

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
LIBRARY = shipped()
KEYS = [each.key for each in LIBRARY]
WISHES = st.builds(
    Wishes,
    level=st.none() | st.sampled_from(Level),
    minutes=st.none() | st.sampled_from(rules.MINUTES),
    mood=st.none() | st.sampled_from(Mood),
)


@given(WISHES, st.sets(st.sampled_from(KEYS)), st.text(max_size=8))
def test_three_are_offered_that_fit_the_time_and_nothing_that_was_just_passed_over(
    wishes: Wishes, but: set[str], seed: str
) -> None:
    dealt = rules.deal(LIBRARY, wishes, {}, seed=seed, but=but)
    in_time = [each for each in LIBRARY if wishes.minutes is None or each.minutes <= wishes.minutes]
    assert len({each.key for each in dealt}) == len(dealt) == min(rules.OFFERED, len(in_time))
    assert all(each in in_time for each in dealt)
    fresh = [each for each in in_time if each.key not in but]
    assert sum(each.key in but for each in dealt) == max(0, rules.OFFERED - len(fresh))


@given(WISHES, st.text(max_size=8))
def test_the_same_is_dealt_for_the_same_seed(wishes: Wishes, seed: str) -> None:
    assert rules.deal(LIBRARY, wishes, {}, seed=seed) == rules.deal(LIBRARY[::-1], wishes, {}, seed=seed)


@given(WISHES)
def test_the_level_and_mood_are_kept_to_while_enough_fit(wishes: Wishes) -> None:
    groups = rules.fitting(LIBRARY, wishes)
    dealt = rules.deal(LIBRARY, wishes, {}, seed="")
    best = len(groups[0])
    assert all(each in groups[0] for each in dealt[: min(best, rules.OFFERED)])


@given(WISHES, st.integers(1, 40))
def test_what_comes_again_was_seen_longest_ago(wishes: Wishes, deals: int) -> None:
    seen: dict[str, datetime] = {}
    offered: list[str] = []
    best = {each.key for each in rules.fitting(LIBRARY, wishes)[0]}
    for number in range(deals):
        dealt = rules.deal(LIBRARY, wishes, seen, seed=str(number), but=offered)
        passed_over, offered = offered, [each.key for each in dealt]
        left = best - set(offered) - set(passed_over)
        newest = max((seen.get(key, NOW) for key in best & set(offered)), default=NOW)
        assert all(key in seen and seen[key] >= newest for key in left) or newest == NOW
        for key in offered:
            seen[key] = NOW + timedelta(minutes=number + 1)


def test_everybody_finds_three_tasks_of_their_level_and_time() -> None:
    assert len(LIBRARY) >= 36
    for level in Level:
        for minutes in rules.MINUTES:
            dealt = rules.deal(LIBRARY, Wishes(level, minutes), {}, seed="")
            assert [each.level for each in dealt] == [level] * 3


def test_small_counts_are_not_told() -> None:
    counted = rules.counted({"one": 1, "four": 4, "five": 5}, ["none", "one", "four", "five"])
    assert counted == {"none": 0, "one": None, "four": None, "five": 5}


@pytest.mark.parametrize("note", ["", "a" * 600])
def test_one_line_is_needed_unless_there_is_a_file(note: str) -> None:
    assert rules.check_note(note, has_file=True) == note[: rules.LONGEST_NOTE]
    if not note:
        with pytest.raises(InvalidInput):
            rules.check_note(note, has_file=False)


TASK = """[[tasks]]
key = "a-task"
title = "A task"
text = "Done when it is."
minutes = 5
level = "starter"
kind = "solo"
theme = "general"
mood = "light"
"""


def test_a_library_is_read() -> None:
    [task] = read(TASK)
    assert isinstance(task, Task) and task.ours and task.minutes == 5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("minutes = 5", "minutes = 7"),
        ("minutes = 5", "minutes = true"),
        ("minutes = 5", 'minutes = "5"'),
        ('"starter"', '"wizard"'),
        ('"solo"', '"crowd"'),
        ('"general"', '"cooking"'),
        ('"light"', '"angry"'),
        ('"a-task"', '"A Task"'),
        ('title = "A task"', 'title = ""'),
        ('title = "A task"', f'title = "{"x" * 81}"'),
        ('title = "A task"\n', ""),
        ('mood = "light"', 'mood = "light"\nextra = 1'),
        ("[[tasks]]", "[[other]]"),
        ("[[tasks]]", "[[tasks]"),
    ],
)
def test_a_mistake_in_a_library_is_named(old: str, new: str) -> None:
    with pytest.raises(LibraryError):
        read(TASK.replace(old, new))


def test_two_tasks_of_one_key_are_a_mistake() -> None:
    with pytest.raises(LibraryError, match="one key"):
        read(TASK + TASK)
