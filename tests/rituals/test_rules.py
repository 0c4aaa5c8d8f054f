"""How a typed time is read."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from cogs.rituals.rules import read_time


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("09:00", time(9)),
        ("9", time(9)),
        ("9:30", time(9, 30)),
        ("9.30", time(9, 30)),
        ("9h30", time(9, 30)),
        ("9 am", time(9)),
        ("9AM", time(9)),
        ("9:15 pm", time(21, 15)),
        ("12 am", time(0)),
        ("12 pm", time(12)),
        ("12:30am", time(0, 30)),
        ("00:00", time(0)),
        ("23:59", time(23, 59)),
        ("  7:05  ", time(7, 5)),
    ],
)
def test_times_as_people_write_them(typed: str, meant: time) -> None:
    assert read_time(typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["", " ", "nine", "24:00", "25:00", "9:60", "9:5", "13 pm", "0 am", "-9", "9:00:00", "9 o'clock", "999"],
)
def test_what_is_no_time_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(InvalidInput, match="09:00"):
        read_time(typed)


@given(st.times(), st.sampled_from(["%H:%M", "%H.%M", "%I:%M %p", "%I:%M%p"]))
def test_every_minute_of_the_day_is_read_back(moment: time, style: str) -> None:
    moment = moment.replace(second=0, microsecond=0)
    assert read_time(moment.strftime(style)) == moment


@given(st.text(max_size=12))
def test_whatever_is_typed_is_a_time_or_refused(typed: str) -> None:
    try:
        found = read_time(typed)
    except InvalidInput:
        return
    assert found.second == 0 and found.tzinfo is None
