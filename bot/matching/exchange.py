"""Rounds and answers as the JSON of the format `matching/1`, whose numbers are all whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from bot.errors import InvalidInput, LimitReached
from bot.matching import pairs, reviews, rotation
from bot.matching.instance import (
    ALL_DAY,
    Member,
    Met,
    PairRound,
    Reviewer,
    ReviewRound,
    Submission,
)

Json = dict[str, Any]
MOST = 10**9  # Whatever is larger is a mistake, and too much for the solvers' arithmetic.
ROLES_A_WEEK = 3
"""How many of its roles a pod fills each week, if so many people are there."""


@dataclass(frozen=True)
class PodRotation:
    """Roles, in order of need, that go round in each pod by itself. `away` has who is not there, week by week."""

    roles: tuple[str, ...]
    pods: Mapping[str, tuple[str, ...]]
    away: tuple[frozenset[str], ...]
    opt_out: frozenset[tuple[str, str]]


def answer(asked: object) -> Json:
    """The answer to an instance, a refusal included. Raises `InvalidInput` when it cannot be read."""
    try:
        seed, found = _read(asked)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            "This is not an instance of matching/1: {problem}.", problem=f"{type(error).__name__} {error}"
        ) from error
    try:
        if isinstance(found, ReviewRound):
            done = reviews.allocate(found, seed)
            return {"assignments": {name: list(chosen) for name, chosen in done.assignments.items()}}
        if isinstance(found, PodRotation):
            return {"weeks": _roles_of_weeks(found, seed)}
        return {"groups": [list(group) for group in pairs.allocate(found, seed).groups]}
    except LimitReached as refusal:
        return {"infeasible": True, "reason": str(refusal)}


def _read(asked: object) -> tuple[int, ReviewRound | PairRound | PodRotation]:
    if not isinstance(asked, dict):
        raise TypeError("it is no object")
    data = cast("Json", asked)
    kind, seed = str(data["kind"]), _whole(data.get("seed", 0))
    if kind == "review":
        return seed, _review(data)
    if kind == "pairs":
        return seed, PairRound(_members(data), _couples(data.get("blocked", [])), _history(data))
    if kind == "rotation":
        return seed, _rotation(data)
    raise ValueError(f"the kind {kind!r} is unknown here")


def _review(data: Json) -> ReviewRound:
    return ReviewRound(
        k=_whole(data["k"]),
        members=_members(data),
        submissions=tuple(
            Submission(str(each["id"]), _strings(each["authors"]), _strings(each.get("topics", [])))
            for each in data["submissions"]
        ),
        reviewers=tuple(
            Reviewer(str(each["id"]), _whole(each["min"]), _whole(each["max"])) for each in data["reviewers"]
        ),
        blocked=_couples(data.get("blocked", [])),
        history=_history(data),
        kept={str(name): _strings(chosen) for name, chosen in data.get("kept", {}).items()},
    )


def _rotation(data: Json) -> PodRotation:
    pods = {str(each["id"]): _strings(each["members"]) for each in data["pods"]}
    if len(pods) != len(data["pods"]):
        raise ValueError("two pods have one id")
    for name, members in pods.items():
        if len(set(members)) != len(members):
            raise ValueError(f"a member is listed twice in the pod {name}")
    return PodRotation(
        roles=tuple(dict.fromkeys(_strings(data["roles"]))),
        pods=pods,
        away=tuple(frozenset(_strings(week.get("away", []))) for week in data["weeks"]),
        opt_out=frozenset(_couples(data.get("opt_out", []))),
    )


def _roles_of_weeks(asked: PodRotation, seed: int) -> list[Json]:
    """Each pod by itself: who has which of its first roles in each week. Raises `LimitReached`."""
    weeks: list[Json] = [{} for _ in asked.away]
    for name, members in asked.pods.items():
        turns: list[rotation.Turn] = []
        for away in asked.away:
            present = tuple(each for each in members if each not in away)
            turns.append(rotation.Turn(asked.roles[: min(ROLES_A_WEEK, len(present))], present))
        wanted = rotation.Rotation(
            tuple(turns), opt_out=asked.opt_out, repeat=rotation.REPEAT, must_fill=True
        )
        for week, turn, chosen in zip(weeks, turns, rotation.rotate(wanted, seed), strict=True):
            week[name] = dict(zip(turn.slots, chosen, strict=True))
    return weeks


def _members(data: Json) -> tuple[Member, ...]:
    found: list[Member] = []
    for each in data["members"]:
        level = _whole(each.get("level", 0))
        if not 0 <= level <= 4:
            raise ValueError(f"the level of {each['id']} is {level}, and levels are 0 to 4")
        found.append(
            Member(
                str(each["id"]),
                level,
                _whole(each.get("hours", 0)) & ALL_DAY,
                _skills(each.get("skills", {})),
            )
        )
    return tuple(found)


def _skills(skills: Mapping[str, object]) -> dict[str, int]:
    found = {str(topic): _whole(level) for topic, level in skills.items()}
    for topic, level in found.items():
        if not 0 <= level <= 4:
            raise ValueError(f"the skill in {topic} is {level}, and skills are 0 to 4")
    return found


def _history(data: Json) -> tuple[Met, ...]:
    return tuple(Met(_whole(each["weeks_ago"]), _couples(each["pairs"])) for each in data.get("history", []))


def _couples(pairs_: list[list[object]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(a), str(b)) for a, b in pairs_)


def _strings(names: list[object]) -> tuple[str, ...]:
    if not isinstance(names, list):  # pyright: ignore[reportUnnecessaryIsInstance]  # of any file
        raise TypeError(f"{names!r} is no list")
    return tuple(str(name) for name in names)


def _whole(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError(f"{number!r} is no whole number")
    if abs(number) > MOST:
        raise ValueError(f"a number is beyond {MOST}")
    return number
