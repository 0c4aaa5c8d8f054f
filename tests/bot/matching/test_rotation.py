"""Rotation of roles: what always holds, whatever the people, the absences and the seed."""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import LimitReached
from bot.matching.exchange import answer
from bot.matching.rotation import REPEAT, Rotation, Turn, cost, rotate

ROLES = ("facilitator", "scribe", "timekeeper")
WEEKS = 12
KICKS = 6  # as many as rotas take
SEEDS = st.integers(0, 2**31)


def one_role(people: int, seats: int, weeks: int, away: frozenset[tuple[int, int]] = frozenset()) -> Rotation:
    """Volunteers for one role; `away` are weeks and numbers of people."""
    names = [f"m{number}" for number in range(people)]
    return Rotation(
        tuple(
            Turn(("host",) * seats, tuple(n for at, n in enumerate(names) if (week, at) not in away))
            for week in range(weeks)
        )
    )


@given(people=st.integers(1, 15), seats=st.integers(1, 5), seed=SEEDS)
def test_over_twelve_weeks_turns_differ_by_one_at_most(people: int, seats: int, seed: int) -> None:
    plan = rotate(one_role(people, seats, WEEKS), seed, kicks=KICKS)
    turns = Counter(who for week in plan for who in week if who is not None)
    loads = [turns[f"m{number}"] for number in range(people)]
    assert max(loads) - min(loads) <= 1
    assert all(len(set(week) - {None}) == min(seats, people) for week in plan)


@settings(max_examples=60)
@given(people=st.integers(1, 12), seats=st.integers(1, 4), seed=SEEDS, data=st.data())
def test_with_absences_nobody_could_be_spared_a_turn_for_somebody_who_has_two_fewer(
    people: int, seats: int, seed: int, data: st.DataObject
) -> None:
    weeks = st.tuples(st.integers(0, WEEKS - 1), st.integers(0, people - 1))
    away = data.draw(st.frozensets(weeks, max_size=people * 4))
    asked = one_role(people, seats, WEEKS, away)
    plan = rotate(asked, seed, kicks=KICKS)
    held = [set(week) - {None} for week in plan]
    loads = Counter(who for week in held for who in week)
    for number, (turn, chosen) in enumerate(zip(asked.turns, held, strict=True)):
        assert chosen <= set(turn.present) and len(chosen) == min(seats, len(turn.present))
        around = held[number - 1] if number else set()
        around = around | (held[number + 1] if number + 1 < WEEKS else set())
        for one, other in itertools.product(chosen, set(turn.present) - chosen - around):
            assert loads[one] - loads[other] <= 1


@given(people=st.integers(2, 12), seats=st.integers(1, 4), seed=SEEDS)
def test_nobody_has_it_twice_running_where_there_are_enough_others(
    people: int, seats: int, seed: int
) -> None:
    plan = rotate(one_role(people, seats, WEEKS), seed, kicks=KICKS)
    for before, now in itertools.pairwise(plan):
        again = (set(before) & set(now)) - {None}
        assert len(again) <= max(0, 2 * min(seats, people) - people)


@given(people=st.integers(3, 9), seed=SEEDS)
def test_the_same_seed_gives_the_same_plan_and_the_first_turn_to_the_least_served(
    people: int, seed: int
) -> None:
    asked = one_role(people, 1, WEEKS)
    served = {(f"m{number}", "host"): 1 for number in range(people - 1)}
    asked = Rotation(asked.turns, served)
    assert rotate(asked, seed) == rotate(asked, seed)
    assert rotate(asked, seed)[0] == (f"m{people - 1}",)


def test_who_comes_first_what_is_taken_and_who_is_apart_hold() -> None:
    names = ("a", "b", "c", "d")
    turns = (Turn(("host",) * 2, names), Turn(("host",), names, (("c", "host"),)), Turn(("host",) * 2, names))
    asked = Rotation(turns, first=frozenset({"d"}), apart=frozenset({("a", "b"), ("c", "d")}))
    for seed in range(20):
        plan = rotate(asked, seed)
        assert "d" in plan[0] and "c" not in plan[0]
        for week in plan:
            assert {"a", "b"} - set(week) and {"c", "d"} - set(week)
        assert plan[1] != ("c",) and plan[1] != ("d",)


def pods_of(count: int, weeks: int, chance: random.Random) -> dict[str, Any]:
    """An instance of `matching/1` with an eighth of the people away."""
    pods = [
        {"id": f"p{pod:02}", "members": [f"m{pod}.{n}" for n in range(chance.choice((3, 4, 5)))]}
        for pod in range(count)
    ]
    people = [who for pod in pods for who in pod["members"]]
    away = [{"away": [who for who in people if chance.random() < 0.12]} for _ in range(weeks)]
    return {"kind": "rotation", "roles": list(ROLES), "pods": pods, "weeks": away, "opt_out": []}


def test_an_instance_is_answered_by_its_rules_and_at_the_least_cost() -> None:
    asked = pods_of(1, 4, random.Random(3))
    asked["opt_out"] = [["m0.0", "scribe"]]
    found = answer(asked)["weeks"]
    [pod], away = asked["pods"], [set(week["away"]) for week in asked["weeks"]]
    options = []
    for week, out in zip(found, away, strict=True):
        present = [who for who in pod["members"] if who not in out]
        roles = ROLES[: min(3, len(present))]
        assert list(week["p00"]) == list(roles) and len(set(week["p00"].values())) == len(roles)
        assert not set(week["p00"].values()) & out and week["p00"].get("scribe") != "m0.0"
        orders = itertools.permutations(present, len(roles))
        options.append(
            [
                set(zip(order, roles, strict=True))
                for order in orders
                if ("m0.0", "scribe") not in zip(order, roles, strict=True)
            ]
        )
    chosen = [{(who, role) for role, who in week["p00"].items()} for week in found]
    assert _cost(chosen) == min(map(_cost, itertools.product(*options)))


def _cost(weeks: Iterable[set[tuple[str, str]]]) -> int:
    """As the format says, without our own code."""
    held = list(weeks)
    counts = Counter(each for week in held for each in week)
    again = sum(len(before & now) for before, now in itertools.pairwise(held))
    return sum(count * count for count in counts.values()) + REPEAT * again


def test_what_cannot_be_filled_is_refused_in_a_sentence() -> None:
    asked = {
        "kind": "rotation",
        "roles": ["host"],
        "pods": [{"id": "p", "members": ["a"]}],
        "weeks": [{"away": []}],
    }
    assert answer(asked) == {"weeks": [{"p": {"host": "a"}}]}
    refused = answer(asked | {"opt_out": [["a", "host"]]})
    assert refused["infeasible"] is True and "host" in refused["reason"]
    with pytest.raises(LimitReached):
        rotate(Rotation((Turn(("host",), ()),), must_fill=True), 1)


def test_twenty_pods_over_twelve_weeks_take_a_few_seconds_and_nobody_keeps_a_role() -> None:
    asked = pods_of(20, WEEKS, random.Random(1))
    began = time.process_time()
    found = answer(asked)["weeks"]
    assert time.process_time() - began < 10
    for pod in asked["pods"]:
        held = [set(week[pod["id"]].items()) for week in found]
        spread = Counter(each for week in held for each in week)
        assert max(spread.values()) <= WEEKS // 2 + 1


def test_a_plan_of_three_hundred_volunteers_holds_up_nobody() -> None:
    chance = random.Random(2)
    away = frozenset((week, who) for week in range(8) for who in range(300) if chance.random() < 0.3)
    asked = one_role(300, 5, 8, away)
    began = time.process_time()
    plan = rotate(asked, 7, kicks=6)
    assert time.process_time() - began < 0.5
    assert cost(asked, plan) == 40  # nobody twice
