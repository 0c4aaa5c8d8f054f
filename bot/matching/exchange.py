"""Rounds and answers as the JSON of the format `matching/1`, whose numbers are all whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from bot.errors import InvalidInput, LimitReached
from bot.matching import pairs, reviews
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
        return {"groups": [list(group) for group in pairs.allocate(found, seed).groups]}
    except LimitReached as refusal:
        return {"infeasible": True, "reason": str(refusal)}


def _read(asked: object) -> tuple[int, ReviewRound | PairRound]:
    if not isinstance(asked, dict):
        raise TypeError("it is no object")
    data = cast("Json", asked)
    kind, seed = str(data["kind"]), _whole(data.get("seed", 0))
    if kind == "review":
        return seed, _review(data)
    if kind == "pairs":
        return seed, PairRound(_members(data), _couples(data.get("blocked", [])), _history(data))
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
