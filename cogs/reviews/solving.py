"""Who reviews whom, from the facts: equal shares first, then what can be had. Work for a thread, without the database.

People and works go by their mention, so that a refusal of the allocation names them as people read them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.errors import LimitReached
from bot.matching import instance as matching
from bot.matching.reviews import ReviewAnswer, allocate, allocate_most
from bot.text import mention_user
from cogs.reviews import rules
from cogs.reviews.facts import SPARE, Facts, level_of

LANGUAGE = 2  # what a language of the author is worth: as much as two levels of skill in a topic
Shares = Mapping[int, tuple[int, int]]
"""How many reviews more somebody must and may be given."""


def solve(
    facts: Facts,
    authors: Sequence[int],
    per_work: int,
    seed: int,
    kept: Mapping[int, Sequence[int]] | None = None,
    standing: Mapping[int, int] | None = None,
) -> ReviewAnswer:
    """Who reviews the work of each author, kept ones first. Raises `LimitReached`.

    Everybody gets an equal share, with what they have (`standing`) counted. Where blocks make that impossible, it is
    less equal; the refusal then names nobody, because whom somebody avoids is their own business.
    """
    kept = kept or {}
    needed = sum(max(0, per_work - len(kept.get(each, ()))) for each in authors)
    shares = rules.loads(facts.rooms, needed, standing or {})
    try:
        return allocate(_round(facts, authors, per_work, kept, shares), seed)
    except LimitReached:
        loose = _round(facts, authors, per_work, kept, _loose(facts))
        try:
            return allocate(loose, seed)
        except LimitReached as refusal:
            if facts.blocked and _fits(replace(loose, blocked=()), seed):
                raise LimitReached(
                    "Not everybody may review everybody, and with so few people the numbers do not fit. Ask for fewer "
                    "reviews each, or find somebody more who likes to review."
                ) from None
            if facts.only_trained:
                raise LimitReached(
                    "{wanted} reviews are needed. Only trained reviewers are asked here, and {n} of them can take "
                    "{room} now. Ask for fewer reviews each, train more people with {train}, or let everybody review: "
                    "{command}.",
                    wanted=needed,
                    n=sum(room > 0 for room in facts.rooms.values()),
                    room=sum(facts.rooms.values()),
                    train="`/review train`",
                    command="`/manage reviews settings`",
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
    given one of the round back, or let one run out: they are asked for no more of it. Somebody new to the author
    counts for more than an equal share.
    """
    rooms = {
        each: 0 if each in spent else max(0, min(room, per_work + SPARE - standing.get(each, 0)))
        for each, room in facts.rooms.items()
    }
    able = replace(facts, rooms=rooms)
    part = {each: kept.get(each, ()) for each in authors}
    loose = _round(able, authors, per_work, part, _loose(able))
    try:
        answer = solve(able, authors, per_work, seed, part, standing)
        if answer.repeats:
            answer = min(answer, allocate(loose, seed), key=lambda each: each.repeats)
        found = by_author(answer.assignments)
    except LimitReached:
        found = by_author(allocate_most(loose, seed))
    return {author: tuple(each for each in found[author] if each not in part[author]) for author in authors}


def by_author(assignments: Mapping[str, Sequence[str]]) -> dict[int, tuple[int, ...]]:
    """The ids of the reviewers by that of the author."""
    return {_id(work): tuple(map(_id, chosen)) for work, chosen in assignments.items()}


def _loose(facts: Facts) -> Shares:
    return {each: (0, room) for each, room in facts.rooms.items()}


def _fits(asked: matching.ReviewRound, seed: int) -> bool:
    try:
        allocate(asked, seed, finish=False)
    except LimitReached:
        return False
    return True


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
                level_of(
                    facts.given.get(each, 0),
                    is_trained=each in facts.trained,
                    is_mentor=each in facts.mentors,
                ),
                facts.hours.get(each, matching.ALL_DAY),
                dict.fromkeys(facts.languages.get(each, ()), LANGUAGE),
            )
            for each in people
        ),
        submissions=tuple(
            matching.Submission(mention_user(each), (mention_user(each),), facts.languages.get(each, ()))
            for each in authors
        ),
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


def _id(mention: str) -> int:
    return int(mention.strip("<@>"))
