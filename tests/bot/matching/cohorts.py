"""Made-up rounds: small odd ones for Hypothesis, and whole cohorts from a seed."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from bot.matching.instance import Member, Met, PairRound, Reviewer, ReviewRound, Submission

TOPICS = tuple(f"topic {number}" for number in range(12))


def make_members(count: int, rng: random.Random) -> tuple[Member, ...]:
    found: list[Member] = []
    for number in range(count):
        first, level = rng.randrange(24), rng.choices(range(5), (30, 30, 20, 13, 7))[0]
        hours = sum({1 << (first + hour) % 24 for hour in range(rng.randint(2, 6))})
        skills = {
            topic: min(4, max(1, level + rng.randint(-1, 1)))
            for topic in rng.sample(TOPICS, rng.randint(1, 4))
        }
        found.append(Member(f"m{number}", level, hours, skills))
    return tuple(found)


def make_review_round(count: int, k: int = 2, seed: int = 1, weeks: int = 4) -> ReviewRound:
    """Everybody submitted a work and takes exactly k reviews; some blocks, and some weeks of history."""
    rng = random.Random(seed)
    members = make_members(count, rng)
    blocked = [tuple(each.id for each in rng.sample(members, 2)) for _ in range(count // 10)]
    history: list[Met] = []
    for ago in range(1, weeks + 1):
        order = [each.id for each in rng.sample(members, count)]
        met = [(order[n], order[(n + step) % count]) for n in range(count) for step in range(1, k + 1)]
        history.append(Met(ago, tuple(met)))
    return ReviewRound(
        k,
        members,
        tuple(
            Submission(f"s{n}", (each.id,), (rng.choice(sorted(each.skills)),))
            for n, each in enumerate(members)
        ),
        tuple(Reviewer(each.id, k, k) for each in members),
        tuple((a, b) for a, b in blocked),
        tuple(history),
    )


def make_pair_round(count: int, seed: int = 1, history: tuple[Met, ...] = ()) -> PairRound:
    rng = random.Random(seed)
    members = make_members(count, rng)
    blocked = [tuple(each.id for each in rng.sample(members, 2)) for _ in range(count // 10)]
    return PairRound(members, tuple((a, b) for a, b in blocked), history)


@st.composite
def some_members(draw: st.DrawFn, least: int, most: int) -> tuple[Member, ...]:
    count = draw(st.integers(least, most))
    return tuple(
        Member(
            f"m{number}",
            draw(st.integers(0, 4)),
            draw(st.sampled_from((0, 0b1, 0b111, 0b11110, 0b111111))),
            draw(st.dictionaries(st.sampled_from(TOPICS[:3]), st.integers(0, 4), max_size=2)),
        )
        for number in range(count)
    )


def couples(members: tuple[Member, ...], most: int) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    ids = st.sampled_from([each.id for each in members])
    return st.lists(st.tuples(ids, ids).filter(lambda pair: pair[0] != pair[1]), max_size=most).map(tuple)


@st.composite
def review_rounds(draw: st.DrawFn, most: int = 9) -> ReviewRound:
    """Rounds of which some cannot be allocated: teams, blocks, guests who only review, uneven loads, history."""
    members = draw(some_members(3, most))
    ids = [each.id for each in members]
    works = draw(st.integers(1, len(members)))
    submissions = tuple(
        Submission(
            f"s{number}",
            tuple(dict.fromkeys([ids[number], *draw(st.lists(st.sampled_from(ids), max_size=1))])),
            tuple(draw(st.lists(st.sampled_from(TOPICS[:3]), max_size=2, unique=True))),
        )
        for number in range(works)
    )
    reviewers: list[Reviewer] = []
    for name in draw(st.permutations(ids)):
        low = draw(st.integers(0, 2))
        reviewers.append(Reviewer(name, low, low + draw(st.integers(0, 2))))
    history = tuple(
        Met(ago, draw(couples(members, 6))) for ago in draw(st.lists(st.integers(1, 9), max_size=2))
    )
    return ReviewRound(
        draw(st.integers(1, 3)),
        members,
        submissions,
        tuple(reviewers[: draw(st.integers(1, len(reviewers)))]),
        draw(couples(members, 4)),
        history,
    )


@st.composite
def pair_rounds(draw: st.DrawFn, most: int = 9) -> PairRound:
    members = draw(some_members(2, most))
    history = tuple(
        Met(ago, draw(couples(members, 8))) for ago in draw(st.lists(st.integers(1, 9), max_size=3))
    )
    return PairRound(members, draw(couples(members, 8)), history)
