"""Allocates a round of reviews: checks, solves, and polishes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.errors import InvalidInput
from bot.matching import engine, feasible
from bot.matching.instance import Member, ReviewRound, Submission
from bot.matching.polish import count_reciprocal, least_worth, polish
from bot.matching.problem import Assignment, Problem
from bot.matching.uncouple import uncouple
from bot.matching.valuation import SENIOR_BONUS, ReviewValues, senior_from

# In the search a senior reviewer is worth that many hundredths of the bonus: more works get one, for hardly any value.
SEARCHED_BONUS = 130
SENIORS_UP_TO = 1_000  # Reviews to give, up to which works go without a senior reviewer who could have one.


@dataclass(frozen=True)
class ReviewAnswer:
    """`assignments`: submission -> its reviewers, kept ones first. The same round and seed give the same answer."""

    assignments: Mapping[str, tuple[str, ...]]
    seed: int
    value: int
    repeats: int
    """How many of the new reviews are by somebody who reviewed that author in the last four weeks."""


def allocate(asked: ReviewRound, seed: int = 0, *, finish: bool = True) -> ReviewAnswer:
    """Who reviews whom. Raises `LimitReached` when the numbers do not fit, naming who and which one."""
    problem = build(asked, seed)
    base = feasible.find_any(problem)
    chosen = solve(problem, base, random.Random(seed), finish=finish)
    names = problem.reviewers
    found = {
        name: (*asked.kept.get(name, ()), *sorted(names[r] for r in chosen[s]))
        for s, name in enumerate(problem.submissions)
    }
    return ReviewAnswer(
        {each.id: found[each.id] for each in asked.submissions},
        seed,
        problem.total(chosen),
        problem.count_avoided(chosen),
    )


def allocate_most(asked: ReviewRound, seed: int = 0) -> Mapping[str, tuple[str, ...]]:
    """As many of the reviews as can be given, where not all can be: nobody waits for none while another gets two.

    Minimum loads and values play no part.
    """
    problem = build(asked, seed)
    chosen = feasible.find_most(problem)
    return {
        name: (*asked.kept.get(name, ()), *sorted(problem.reviewers[r] for r in chosen[s]))
        for s, name in enumerate(problem.submissions)
    }


def solve(problem: Problem, base: Assignment, rng: random.Random, *, finish: bool = True) -> Assignment:
    """The best allocation that the engine finds on well-chosen edges; then, for a small share of its value, one
    with fewer pairs who review each other and a better worst work.
    """
    chosen_engine = engine.settings(problem)
    edges = chosen_engine.choose(problem, base, rng, sample=chosen_engine.sample, keep=chosen_engine.keep)
    chosen = chosen_engine.solve(problem, edges)
    return finished(problem, chosen, edges, chosen_engine) if finish else chosen


def finished(
    problem: Problem, chosen: Assignment, edges: Sequence[dict[int, int]], solver: engine.Engine
) -> Assignment:
    """The best by the values alone, with what they do not say seen to."""
    value = problem.total(chosen)
    least = value - int(abs(value) * solver.budget)
    if sum(problem.need) <= SENIORS_UP_TO:
        found = _with_seniors(problem, chosen, edges, solver, least)
        if found is not None:
            return found
    return _parted(problem, chosen, edges, solver, least)


def _with_seniors(
    problem: Problem,
    chosen: Assignment,
    edges: Sequence[dict[int, int]],
    solver: engine.Engine,
    least: int,
) -> Assignment | None:
    """The same in search of more senior reviewers; None where it would cost more, or make another figure worse."""
    eager = replace(problem, bonus=problem.bonus * SEARCHED_BONUS // 100)
    start = solver.solve(eager, edges)
    spare = (
        (problem.total(start) - least) * 97 // 100
    )  # What is gained in senior reviewers is not worth all of it.
    if spare < 0:
        return None
    found = _parted(eager, start, edges, solver, eager.total(start) - spare)
    holds = (
        problem.total(found) >= least
        and problem.count_avoided(found) <= problem.count_avoided(chosen)
        and count_reciprocal(problem, found) <= count_reciprocal(problem, chosen)
        and min((problem.worth(s, people) for s, people in enumerate(found)), default=0)
        >= least_worth(problem, chosen)
    )
    return found if holds else None


def _parted(
    problem: Problem, chosen: Assignment, edges: Sequence[dict[int, int]], solver: engine.Engine, least: int
) -> Assignment:
    chosen = uncouple(problem, chosen, edges, solver, least)
    return polish(problem, chosen, problem.total(chosen) - least)


def build(asked: ReviewRound, seed: int = 0) -> Problem:
    """Numbers for names. The order of the lists that came in has no influence: ties fall by the seed alone."""
    members = {each.id: each for each in asked.members}
    rng = random.Random(f"order {seed}")
    reviewers = sorted(asked.reviewers, key=lambda each: each.id)
    submissions = sorted(asked.submissions, key=lambda each: each.id)
    rng.shuffle(reviewers)
    rng.shuffle(submissions)
    _check_names(asked, members)
    numbers = {each.id: r for r, each in enumerate(reviewers)}
    people = [members[each.id] for each in reviewers]
    values = ReviewValues(people, submissions, members, asked.history)
    kept = [asked.kept.get(each.id, ()) for each in submissions]
    loads = [0] * len(reviewers)
    for chosen in kept:
        for name in chosen:
            if name in numbers:
                loads[numbers[name]] += 1
    return Problem(
        reviewers=tuple(each.id for each in reviewers),
        submissions=tuple(each.id for each in submissions),
        need=tuple(max(0, asked.k - len(chosen)) for chosen in kept),
        low=tuple(max(0, each.low - load) for each, load in zip(reviewers, loads, strict=True)),
        high=tuple(
            each.high if each.high < each.low else max(0, each.high - load)
            for each, load in zip(reviewers, loads, strict=True)
        ),
        forbidden=_forbidden(asked, submissions, numbers),
        kept=tuple(tuple(numbers[name] for name in chosen if name in numbers) for chosen in kept),
        avoid=tuple(values.avoid(s) for s in range(len(submissions))),
        authors=tuple(tuple(numbers[a] for a in each.authors if a in numbers) for each in submissions),
        grade=tuple(each.level for each in people),
        senior_from=tuple(senior_from(members[each.authors[0]]) for each in submissions),
        bonus=SENIOR_BONUS,
        values=values,
        skilled=values.skilled,
    )


def _forbidden(
    asked: ReviewRound, submissions: list[Submission], numbers: Mapping[str, int]
) -> tuple[frozenset[int], ...]:
    """Authors, whoever is blocked with one of them in either direction, and who reviews the work already."""
    apart: dict[str, set[str]] = {}
    for a, b in asked.blocked:
        apart.setdefault(a, set()).add(b)
        apart.setdefault(b, set()).add(a)
    found: list[frozenset[int]] = []
    for each in submissions:
        out = {*each.authors, *asked.kept.get(each.id, ())}.union(*(apart.get(a, ()) for a in each.authors))
        found.append(frozenset(numbers[name] for name in out if name in numbers))
    return tuple(found)


def _check_names(asked: ReviewRound, members: Mapping[str, Member]) -> None:
    named = [each.id for each in asked.reviewers]
    named += [author for each in asked.submissions for author in each.authors]
    for name in named:
        if name not in members:
            raise InvalidInput("{member} is not among the members of this round.", member=name)
    for ids in ([each.id for each in asked.submissions], [each.id for each in asked.reviewers]):
        if len(set(ids)) != len(ids):
            twice = next(each for each in ids if ids.count(each) > 1)
            raise InvalidInput("{name} is listed twice.", name=twice)
    for each in asked.submissions:
        if not each.authors:
            raise InvalidInput("{submission} has no author.", submission=each.id)
