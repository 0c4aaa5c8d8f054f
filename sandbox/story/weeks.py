"""The four weeks: what is planned for each, habits first, then what happens only once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.story import doing, scheduled, together, week_1, week_2, week_3, week_4
from sandbox.story.cast import Character, everybody, works
from sandbox.story.plan import Plan

ONCE = (week_1.SCENES, week_2.SCENES, week_3.SCENES, week_4.SCENES)
_SWEEPERS = ("Amara", "Ananya", "Ben", "Kenji", "Maya", "Aisha")
"""Who looks again on Saturdays whether something is left to review."""


def planned(plan: Plan, week: int) -> None:
    """Put everything of a week into the plan."""
    _arrivals(plan, week)
    _goals(plan, week)
    scheduled.planned(plan, week)
    for made in works():
        if made.week == week:
            plan.add(week, everybody()[made.author].writes, made.author, doing.hand_in, made)
    if week > 1:
        _reviews(plan, week)
    for when, who, verb, *details in ONCE[week - 1]:
        if who:
            plan.add(week, when, who, verb, *details)
        else:
            plan.happen(week, when, verb, *details)


# ---------------------------------------------------------------------------------------------- habits


def _arrivals(plan: Plan, week: int) -> None:
    for name, each in everybody().items():
        joins, day, clock = _week_of(each.joins or "0 Mon 00:00")
        if joins != week:
            continue
        plan.add(week, f"{day} {clock}", name, doing.arrive)
        if each.quest == "begins":
            plan.add(week, f"{day} {_later(clock, 6)}", name, doing.take_first_step)
            continue
        day = day if each.quest == "at once" else _next_day(day)
        plan.add(week, f"{day} {_later(clock, 6)}", name, doing.first_quest)
        plan.add(week, f"{day} {_later(clock, 12)}", name, doing.settle_in)
        if each.pairs:
            plan.add(week, f"{day} {_later(clock, 16)}", name, together.want_pairs)


def _goals(plan: Plan, week: int) -> None:
    """On Mondays after nine in Lisbon, when their own day allows it; who comes later that week says it on that day."""
    for number, (name, each) in enumerate(everybody().items()):
        if week > len(each.tea) or not each.tea[week - 1]:
            continue
        joins, day, clock = _week_of(each.joins or "Mon 00:00")
        if joins == week and (day, clock) > ("Mon", "09:00") and each.joins:
            plan.add(week, f"{day} {_later(clock, 25)}", name, doing.say_goal, week)
        else:
            plan.add(week, f"Mon {_monday(each, number)}", name, doing.say_goal, week)


def _reviews(plan: Plan, week: int) -> None:
    """In the week after a challenge whoever handed something in reviews what they were given."""
    for made in works():
        each = everybody()[made.author]
        if made.week == week - 1 and each.reviews:
            plan.add(week, each.reviews, each.name, doing.review_all)
            plan.add(week, "Thu 20:45", each.name, doing.read_reviews)
    for name in _SWEEPERS:
        if _week_of(everybody()[name].joins or "1 Mon 00:00")[0] < week:
            plan.add(week, "Sat 18:20", name, doing.review_all)


def _monday(each: Character, number: int) -> str:
    """A quarter of an hour on Monday evening, or in the morning where the evening comes before the post."""
    ahead = datetime(2026, 10, 5, tzinfo=each.zone).utcoffset() or timedelta(0)
    hour = 21 if ahead > timedelta(hours=10) else 19 if ahead > timedelta(hours=-1) else 8
    return f"{hour}:{5 + 7 * (number % 7):02}".zfill(5)


def _week_of(joins: str) -> tuple[int, str, str]:
    *number, day, clock = joins.split()
    return (int(number[0]) if number else 1, day, clock)


def _later(clock: str, minutes: int) -> str:
    hour, minute = map(int, clock.split(":"))
    return f"{hour + (minute + minutes) // 60:02}:{(minute + minutes) % 60:02}"


def _next_day(day: str) -> str:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return days[days.index(day) + 1]
