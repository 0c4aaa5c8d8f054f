"""Who reviews whom, from the facts: equal shares first, then what can be had. Work for a thread, without the database.

People and works go by their mention, so that a refusal of the allocation names them as people read them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.errors import LimitReached
from bot.matching import instance as matching
from bot.matching.reviews import allocate, allocate_most
from bot.text import mention_user
from cogs.reviews import rules
from cogs.reviews.facts import SPARE, Facts, level_of

Shares = Mapping[int, tuple[int, int]]
"""How many reviews more somebody must and may be given."""


def solve(
    facts: Facts,
    authors: Sequence[int],
    per_work: int,
    seed: int,
    kept: Mapping[int, Sequence[int]] | None = None,
    standing: Mapping[int, int] | None = None,
) -> dict[int, tuple[int, ...]]:
    """Who reviews the work of each author, kept ones first. Raises `LimitReached`.

    Everybody gets an equal share, with what they have (`standing`) counted. Where blocks make that impossible, it is
    less equal; the refusal then names nobody, because whom somebody avoids is their own business.
    """
    kept = kept or {}
    needed = sum(max(0, per_work - len(kept.get(each, ()))) for each in authors)
    shares = rules.loads(facts.rooms, needed, standing or {})
    try:
        return _allocate(facts, authors, per_work, seed, kept, shares)
    except LimitReached:
        loose = {each: (0, room) for each, room in facts.rooms.items()}
        try:
            return _allocate(facts, authors, per_work, seed, kept, loose)
        except LimitReached as refusal:
            if facts.blocked and _would_fit(facts, authors, per_work, seed, kept, loose):
                raise LimitReached(
                    "Not everybody may review everybody, and with so few people the numbers do not fit. Ask for fewer "
                    "reviews each, or find somebody more who likes to review."
                ) from None
            raise refusal from None


def fill(
    facts: Facts,
    authors: Sequence[int],
    per_work: int,
    seed: int,
    kept: Mapping[int, Sequence[int]],
    standing: Mapping[int, int],
    spent: Collection[int],
) -> dict[int, tuple[int, ...]]:
    """Who is to review the works of these authors besides those who do, who has least first; as far as can be found.

    `kept` holds who has or gave a review of each, `standing` how many of the round each has or gave. `spent` have
    given one of the round back, or let one run out: they are asked for no more of it.
    """
    rooms = {
        each: 0 if each in spent else max(0, min(room, per_work + SPARE - standing.get(each, 0)))
        for each, room in facts.rooms.items()
    }
    able = replace(facts, rooms=rooms)
    part = {each: kept.get(each, ()) for each in authors}
    try:
        found = solve(able, authors, per_work, seed, part, standing)
    except LimitReached:
        shares = {each: (0, room) for each, room in rooms.items()}
        found = _ids(allocate_most(_round(able, authors, per_work, part, shares), seed))
    return {author: tuple(each for each in found[author] if each not in part[author]) for author in authors}


def _would_fit(
    facts: Facts,
    authors: Sequence[int],
    per_work: int,
    seed: int,
    kept: Mapping[int, Sequence[int]],
    shares: Shares,
) -> bool:
    try:
        _allocate(replace(facts, blocked=frozenset()), authors, per_work, seed, kept, shares)
    except LimitReached:
        return False
    return True


def _allocate(
    facts: Facts,
    authors: Sequence[int],
    per_work: int,
    seed: int,
    kept: Mapping[int, Sequence[int]],
    shares: Shares,
) -> dict[int, tuple[int, ...]]:
    return _ids(allocate(_round(facts, authors, per_work, kept, shares), seed).assignments)


def _round(
    facts: Facts, authors: Sequence[int], per_work: int, kept: Mapping[int, Sequence[int]], shares: Shares
) -> matching.ReviewRound:
    people = sorted({*facts.rooms, *authors})
    weeks: dict[int, list[tuple[str, str]]] = {}
    for (reviewer, author), ago in facts.met.items():
        weeks.setdefault(ago, []).append((mention_user(reviewer), mention_user(author)))
    known = set(people)
    loads = Counter(each for chosen in kept.values() for each in chosen)
    return matching.ReviewRound(
        k=per_work,
        members=tuple(
            matching.Member(
                mention_user(each),
                level_of(facts.given.get(each, 0), is_trained=each in facts.trained),
                facts.hours.get(each, matching.ALL_DAY),
            )
            for each in people
        ),
        submissions=tuple(matching.Submission(mention_user(each), (mention_user(each),)) for each in authors),
        # What is kept counts as load in `bot.matching`, and the shares are what comes on top.
        reviewers=tuple(
            matching.Reviewer(mention_user(each), low + loads[each], high + loads[each])
            for each, (low, high) in sorted(shares.items())
            if high
        ),
        blocked=tuple(
            (mention_user(a), mention_user(b)) for a, b in sorted(facts.blocked) if a in known and b in known
        ),
        history=tuple(matching.Met(ago, tuple(sorted(pairs))) for ago, pairs in sorted(weeks.items())),
        kept={mention_user(each): tuple(map(mention_user, chosen)) for each, chosen in kept.items()},
    )


def _ids(assignments: Mapping[str, Sequence[str]]) -> dict[int, tuple[int, ...]]:
    return {_id(work): tuple(map(_id, chosen)) for work, chosen in assignments.items()}


def _id(mention: str) -> int:
    return int(mention.strip("<@>"))
