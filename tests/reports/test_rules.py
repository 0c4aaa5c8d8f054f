"""What can be reported, which reports belong together, who may work on one, and whom it calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AlreadyDone, InvalidInput, LimitReached, NotAllowed, TooSoon, UserError
from cogs.reports import rules
from cogs.reports.rules import Category, Link, Queued, Reporter, Stage, State

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
TROLL, MILO, FARAH, BOT = 66, 7, 8, 99
ids = st.integers(min_value=1, max_value=5)
spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3))


@st.composite
def queued(draw: st.DrawFn) -> Queued:
    state = draw(st.sampled_from(State))
    taken = state is not State.OPEN
    return Queued(
        state, draw(ids | st.just(0)), draw(ids) if taken else 0, NOW - draw(spans) if taken else None
    )


def test_neither_oneself_nor_the_bot_is_reported() -> None:
    rules.check_subject(1, TROLL, BOT)
    for subject in (1, BOT):
        with pytest.raises(InvalidInput):
            rules.check_subject(1, subject, BOT)


@pytest.mark.parametrize("typed", ["", "Spam", "nonsense", "open"])
def test_a_forged_category_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        rules.read_category(typed)


def test_words_are_asked_for_only_where_nothing_else_says_what_happened() -> None:
    assert rules.check_words("", needed=False) == ""
    for words in ("", " ... ", "🎉"):
        with pytest.raises(InvalidInput):
            rules.check_words(words, needed=True)
    with pytest.raises(InvalidInput):
        rules.check_words("x" * 1001, needed=False)


@given(st.text(max_size=4000), st.text(max_size=2000))
def test_words_of_one_person_never_grow_without_end_and_never_twice(before: str, more: str) -> None:
    once = rules.add_words(before[: rules.MOST_KEPT_WORDS], more)
    assert len(once) <= rules.MOST_KEPT_WORDS
    if more and len(before) + len(more) < rules.MOST_KEPT_WORDS:
        assert rules.add_words(once, more.strip()) == once


@pytest.mark.parametrize("text", ["https://example.com", "x", f"https://discord.com/channels/1/2/{2**63}"])
def test_what_is_no_link_to_a_message_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        rules.read_link(text)


def test_a_link_is_read_and_none_is_none() -> None:
    assert rules.read_link("https://discord.com/channels/1/2/3") == Link(1, 2, 3)
    assert rules.read_link("") is None


def test_one_persons_many_reports_are_put_together_and_at_some_point_refused() -> None:
    assert not rules.is_put_together(4, 5) and rules.is_put_together(5, 5)
    rules.check_amount(29)
    with pytest.raises(LimitReached):
        rules.check_amount(30)


def test_the_same_message_or_member_within_a_day_joins_and_nothing_else_does() -> None:
    item = Queued(State.OPEN, TROLL)

    def joins(
        item: Queued = item, ago: timedelta = DAY, message: int | None = None, subject: int = 0
    ) -> bool:
        return rules.belongs(item, NOW - ago, NOW, message=message, item_messages=(5,), subject_id=subject)

    assert joins(subject=TROLL) and joins(message=5) and joins(message=6, subject=TROLL)
    assert joins(Queued(State.TAKEN, TROLL, MILO, NOW), subject=TROLL)
    assert not joins(subject=TROLL, ago=DAY + timedelta(seconds=1))
    assert not joins(message=6) and not joins(subject=MILO)
    assert not joins(Queued(State.OPEN))  # a situation without anybody is its own
    for state in (State.ACTED, State.NO_BREACH):
        assert not joins(Queued(state, TROLL, MILO, NOW), message=5, subject=TROLL)


def test_new_accounts_and_those_who_report_somebody_again_and_again_stand_out() -> None:
    old, new = NOW - 30 * DAY, NOW - 2 * DAY
    five = [Reporter(each, new if each < 5 else old, NOW) for each in range(1, 6)]
    noted = rules.note_on([*five, five[0]])
    assert (noted.people, noted.new, noted.again, noted.is_burst) == (5, 4, 0, True)
    assert not rules.note_on(five[:2]).is_burst and not rules.note_on([five[0], five[4], five[4]]).is_burst
    assert rules.note_on([Reporter(1, None, NOW, before=3), Reporter(2, old, NOW, before=2)]).again == 1
    assert rules.note_on([Reporter(1, NOW - 7 * DAY, NOW)]).new == 0


def test_an_item_is_called_by_what_most_say_and_the_gravest() -> None:
    spam, doxxing = Category.SPAM, Category.DOXXING
    assert rules.main_category([spam, spam, doxxing]) is spam
    assert rules.main_category([spam, doxxing]) is doxxing
    assert rules.main_category([]) is Category.OTHER


@given(queued(), ids)
def test_whom_a_report_is_about_can_do_nothing_with_it(item: Queued, staff: int) -> None:
    item = Queued(item.state, staff, item.taken_by, item.touched_at)
    for check in (
        lambda: rules.check_sees(item, staff),
        lambda: rules.check_take(item, staff, NOW),
        lambda: rules.check_work(item, staff, NOW),
        lambda: rules.check_give_back(item, staff),
    ):
        with pytest.raises(NotAllowed):
            check()


@given(queued(), ids, ids)
def test_at_one_moment_only_one_of_staff_can_work_on_an_item_that_is_fresh(
    item: Queued, one: int, two: int
) -> None:
    if one == two or item.state is State.OPEN or (item.touched_at or NOW) <= NOW - rules.TAKE_OVER_AFTER:
        return

    def can(staff: int) -> bool:
        try:
            rules.check_work(item, staff, NOW)
        except UserError:
            return False
        return True

    assert not (can(one) and can(two))


def test_what_one_has_taken_others_get_when_it_stays_silent_and_a_day_later_it_goes_back() -> None:
    item = Queued(State.TAKEN, TROLL, MILO, NOW)
    with pytest.raises(TooSoon) as soon:
        rules.check_take(item, FARAH, NOW + 59 * MINUTE)
    assert soon.value.retry_at == NOW + HOUR
    assert rules.check_work(item, FARAH, NOW + HOUR) and not rules.check_work(item, MILO, NOW)
    with pytest.raises(AlreadyDone):
        rules.check_take(item, MILO, NOW + HOUR)
    assert rules.goes_back_at(item) == NOW + DAY and rules.goes_back_at(Queued(State.OPEN)) is None
    rules.check_give_back(item, MILO)
    with pytest.raises(NotAllowed):
        rules.check_give_back(item, FARAH)
    for state in (State.ACTED, State.NO_BREACH):
        with pytest.raises(AlreadyDone):
            rules.check_work(Queued(state, TROLL, MILO, NOW), MILO, NOW)


def test_nobody_is_called_when_it_is_taken_quiet_or_they_were_just_called() -> None:
    waiting = Queued(State.OPEN)

    def calls(item: Queued = waiting, *, quiet: bool = False, ago: timedelta | None = None) -> bool:
        last = None if ago is None else NOW - ago
        return rules.calls_now(item, quiet=quiet, last_call=last, now=NOW)

    assert calls() and calls(ago=10 * MINUTE)
    assert not calls(ago=9 * MINUTE) and not calls(quiet=True)
    assert not calls(Queued(State.TAKEN, TROLL, MILO, NOW))
    assert list(rules.CALLS) == list(Stage) and list(rules.CALLS.values()) == [
        timedelta(0),
        10 * MINUTE,
        HOUR,
    ]
