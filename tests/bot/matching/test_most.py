"""What can be had of a round in which not everything can."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.matching.instance import Member, Reviewer, ReviewRound, Submission
from bot.matching.reviews import allocate_most


def _most(reach: list[list[str]], needs: list[int], room: dict[str, int]) -> int:
    """How many can be given at most, by the textbook: one path after another on single places."""
    places = [(name, at) for name, most in room.items() for at in range(most)]
    holder: dict[tuple[str, int], tuple[int, int]] = {}

    def give(want: tuple[int, int], seen: set[tuple[str, int]]) -> bool:
        for place in places:
            # Two wants of one work may not take two places of one person.
            taken = {other[0] for other, by in holder.items() if by[0] == want[0] and by != want}
            if place[0] in reach[want[0]] and place not in seen and place[0] not in taken:
                seen.add(place)
                if place not in holder or give(holder[place], seen):
                    holder[place] = want
                    return True
        return False

    return sum(give((work, at), set()) for work, need in enumerate(needs) for at in range(need))


@given(
    count=st.integers(2, 5),
    highs=st.lists(st.integers(0, 2), min_size=5, max_size=5),
    blocked=st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=6),
)
def test_as_many_as_there_can_be_are_given_and_no_rule_is_broken(
    count: int, highs: list[int], blocked: set[tuple[int, int]]
) -> None:
    names = [f"m{each}" for each in range(count)]
    apart = {(f"m{a}", f"m{b}") for a, b in blocked if a < count and b < count}
    asked = ReviewRound(
        k=1,
        members=tuple(Member(each) for each in names),
        submissions=tuple(Submission(each, (each,)) for each in names),
        reviewers=tuple(Reviewer(each, 0, high) for each, high in zip(names, highs, strict=False)),
        blocked=tuple(sorted(apart)),
    )
    found = allocate_most(asked, 7)
    reach = [
        [other for other in names if other != each and not {(each, other), (other, each)} & apart]
        for each in names
    ]
    loads = [sum(each in by for by in found.values()) for each in names]
    assert all(load <= high for load, high in zip(loads, highs, strict=False))
    assert all(set(found[each]) <= set(reach[at]) for at, each in enumerate(names))
    room = dict(zip(names, highs, strict=False))
    assert sum(map(len, found.values())) == _most(reach, [1] * count, room)


def test_nobody_waits_for_none_while_another_gets_two() -> None:
    names = ("a", "b", "c")
    asked = ReviewRound(
        k=2,
        members=tuple(Member(each) for each in (*names, "v")),
        submissions=tuple(Submission(each, (each,)) for each in names),
        reviewers=(Reviewer("v", 0, 3), Reviewer("a", 0, 2)),
        kept={"c": ("b",)},
    )
    found = allocate_most(asked, 1)
    assert sorted(len(found[each]) for each in names) == [1, 2, 2]
    assert found["c"][0] == "b" and min(len(by) for by in found.values()) == 1
