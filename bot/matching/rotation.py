"""Who has which role in which turn: everybody as often as everybody else, and nobody the same role twice running.

A plan costs, for each person and role, the square of how often it falls to them, and `repeat` for each same role in
two turns running. It is made turn by turn, the least served first with ties by the seed, and then improved by moves
that look at all turns together: who is away later serves now. A plan that cannot become cheaper is left as it is, so
while nobody is away it stays least served first. The same seed gives the same plan.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import heapify, heapreplace
from itertools import permutations

from bot.errors import LimitReached

REPEAT = 5
"""What the format `matching/1` charges for the same role twice running."""
NEVER = 1_000_000
"""What no balance can earn: for those who would have nobody serve twice running while there is somebody else."""
KICKS = 120  # disturbances from which a plan is improved again
MOST_TRIED = 400_000  # moves looked at in one rotation, so that no large one takes for ever

Holding = tuple[str, str]
"""A person and a role."""


@dataclass(frozen=True)
class Turn:
    """`slots` are the roles to be filled, `present` who can; `taken` stands already and stays."""

    slots: tuple[str, ...]
    present: tuple[str, ...]
    taken: tuple[Holding, ...] = ()


@dataclass(frozen=True)
class Rotation:
    """`served` and `last` are how often each had a role before, and who had which just before. `first` come first in
    the first turn that they can have. Who is `apart` is never in one turn. Without `must_fill` a slot may stay empty."""

    turns: tuple[Turn, ...]
    served: Mapping[Holding, int] = field(default_factory=dict[Holding, int])
    last: frozenset[Holding] = frozenset()
    first: frozenset[str] = frozenset()
    opt_out: frozenset[Holding] = frozenset()
    apart: frozenset[tuple[str, str]] = frozenset()
    repeat: int = NEVER
    must_fill: bool = False


Plan = tuple[tuple[str | None, ...], ...]
"""For each turn and slot who has it; None where nobody could."""


def rotate(rotation: Rotation, seed: int, *, kicks: int = KICKS) -> Plan:
    """The plan. `kicks` bounds how long it is improved. Raises `LimitReached` when `must_fill` and some slot cannot be filled."""
    work = _Work(rotation, seed)
    for number in range(len(rotation.turns)):
        work.fill(number)
    work.improve(kicks)
    return tuple(tuple(each) for each in work.chosen)


def cost(rotation: Rotation, plan: Plan) -> int:
    """What a plan costs, with what stands already."""
    counts = Counter(rotation.served)
    repeats, before = 0, set(rotation.last)
    for turn, chosen in zip(rotation.turns, plan, strict=True):
        now = {(who, role) for who, role in zip(chosen, turn.slots, strict=True) if who is not None}
        now.update(turn.taken)
        repeats += len(now & before)
        counts.update(now)
        before = now
    return sum(count * count for count in counts.values()) + rotation.repeat * repeats


class _Work:
    """A plan in the making."""

    def __init__(self, rotation: Rotation, seed: int) -> None:
        self._rotation = rotation
        self._seed = seed
        self._apart: dict[str, set[str]] = {}
        for one, other in rotation.apart:
            self._apart.setdefault(one, set()).add(other)
            self._apart.setdefault(other, set()).add(one)
        self.chosen: list[list[str | None]] = [[None] * len(turn.slots) for turn in rotation.turns]
        self._held = [set(turn.taken) for turn in rotation.turns]
        self._people = [{who for who, _ in turn.taken} for turn in rotation.turns]
        self._counts = Counter(rotation.served)
        for turn in rotation.turns:
            self._counts.update(turn.taken)
        self._tried = 0
        # In which turn who is owed one comes first: the first that they can have.
        self._owed_in: dict[str, int] = {}
        for number, turn in enumerate(rotation.turns):
            for who in rotation.first.intersection(turn.present if turn.slots else ()):
                self._owed_in.setdefault(who, number)
        self._undo: list[tuple[int, int, str | None]] = []

    # ------------------------------------------------------------------------------------------ turn by turn

    def fill(self, number: int) -> None:
        """Give each slot of a turn to the least served."""
        turn = self._rotation.turns[number]
        for slot, role in enumerate(turn.slots):
            able = [who for who in turn.present if self._may(number, who, role)]
            if able:
                self._put(number, slot, min(able, key=lambda who: self._rank(number, who, role)))
        empty = [slot for slot, who in enumerate(self.chosen[number]) if who is None]
        if empty and len(set(turn.slots)) > 1:
            self._fill_anyhow(number)
            empty = [slot for slot, who in enumerate(self.chosen[number]) if who is None]
        if empty and self._rotation.must_fill:
            raise LimitReached(
                "In turn {turn} nobody who is present can be {role}.",
                turn=number + 1,
                role=turn.slots[empty[0]],
            )

    def _rank(self, number: int, who: str, role: str) -> tuple[bool, bool, int, bytes]:
        is_owed = self._owed_in.get(who) == number
        return (
            self._had_before(number, who, role),
            not is_owed,
            self._counts[who, role],
            blake2b(f"{self._seed}:{number}:{role}:{who}".encode(), digest_size=8).digest(),
        )

    def _fill_anyhow(self, number: int) -> None:
        """Any way to fill the most slots, where taking the least served for one role left nobody for another."""
        turn = self._rotation.turns[number]
        for slot in range(len(turn.slots)):
            self._put(number, slot, None)
        count = len(turn.slots)
        for order in permutations(turn.present, min(count, len(turn.present))):
            if all(
                self._may(number, who, role) for who, role in zip(order, turn.slots, strict=False)
            ) and not self._clash(order):
                for slot, who in enumerate(order):
                    self._put(number, slot, who)
                return

    def _clash(self, order: tuple[str, ...]) -> bool:
        return any(other in self._apart.get(one, ()) for one in order for other in order)

    # ------------------------------------------------------------------------------------------ all turns together

    def improve(self, kicks: int) -> None:
        """Moves that make it cheaper, and sideways ones that open the way to such."""
        chance = random.Random(self._seed)
        bound, best, best_cost = self._bound(), self._kept(), self._cost()
        for _ in range(kicks):
            if best_cost <= bound or self._tried >= MOST_TRIED:
                break
            self._descend(chance)
            found = self._cost()
            if found < best_cost:
                best, best_cost = self._kept(), found
            self._kick(chance)
        for number, turn in enumerate(best):
            for slot in range(len(turn)):
                self._put(number, slot, None)
            for slot, who in enumerate(turn):
                self._put(number, slot, who)

    def _descend(self, chance: random.Random) -> None:
        sideways = 2 * sum(map(len, self.chosen))
        is_better = True
        while is_better and self._tried < MOST_TRIED:
            is_better = False
            moves = list(self._moves())
            chance.shuffle(moves)
            for move in moves:
                gain = self._try(*move)
                if gain < 0 or (gain == 0 and sideways > 0):
                    sideways -= gain == 0
                    is_better = True
                elif gain > 0:
                    self._try_back()

    def _moves(self) -> Iterator[tuple[int, int, str | int]]:
        """Somebody else for a slot, or two slots of a turn exchanged."""
        for number, turn in enumerate(self._rotation.turns):
            for slot in range(len(turn.slots)):
                if self._owed_in.get(self.chosen[number][slot] or "") == number:
                    continue
                for who in turn.present:
                    yield number, slot, who
                for other in range(slot):
                    if turn.slots[other] != turn.slots[slot]:
                        yield number, slot, other

    def _try(self, number: int, slot: int, what: str | int) -> int:
        """Make the move; what it costs more. 0 and nothing done where it may not be made."""
        self._tried += 1
        roles = self._rotation.turns[number].slots
        one = self.chosen[number][slot]
        other = self.chosen[number][what] if isinstance(what, int) else what
        wanted = {slot: other, what: one} if isinstance(what, int) else {slot: other}
        self._undo = [(number, at, self.chosen[number][at]) for at in wanted]
        if one == other or (one is None and not isinstance(what, int)):
            return 0
        before = self._cost_of(number, one, other)
        for at in wanted:
            self._put(number, at, None)
        if not all(who is None or self._may(number, who, roles[at]) for at, who in wanted.items()):
            self._try_back()
            return 0
        for at, who in wanted.items():
            self._put(number, at, who)
        return self._cost_of(number, one, other) - before

    def _try_back(self) -> None:
        for number, slot, _who in self._undo:
            self._put(number, slot, None)
        for number, slot, who in self._undo:
            self._put(number, slot, who)

    def _kick(self, chance: random.Random) -> None:
        moves = list(self._moves())
        for move in chance.sample(moves, min(4, len(moves))):
            self._try(*move)

    def _cost_of(self, number: int, *people: str | None) -> int:
        """What can change when these come and go in a turn: their counts, and the repeats around it."""
        roles = dict.fromkeys(self._rotation.turns[number].slots)
        squares = sum(self._counts[who, role] ** 2 for who in people if who is not None for role in roles)
        around = self._repeats(number) + (self._repeats(number + 1) if number + 1 < len(self._held) else 0)
        return squares + self._rotation.repeat * around

    def _repeats(self, number: int) -> int:
        before = self._held[number - 1] if number else self._rotation.last
        return len(self._held[number] & before)

    def _cost(self) -> int:
        squares = sum(count * count for count in self._counts.values())
        return squares + self._rotation.repeat * sum(map(self._repeats, range(len(self._held))))

    def _bound(self) -> int:
        """A cost that no plan can go below: each role as even as if nobody were ever away."""
        fixed = Counter(self._counts)
        filled: Counter[str] = Counter()
        able: dict[str, set[str]] = {}
        for turn, chosen in zip(self._rotation.turns, self.chosen, strict=True):
            for who, role in zip(chosen, turn.slots, strict=True):
                able.setdefault(role, set()).update(turn.present)
                if who is not None:
                    fixed[who, role] -= 1
                    filled[role] += 1
        bound = sum(count * count for count in fixed.values())
        for role, count in filled.items():
            loads = [fixed[who, role] for who in able[role] if (who, role) not in self._rotation.opt_out]
            heapify(loads)
            for _ in range(count):
                bound += 2 * loads[0] + 1
                heapreplace(loads, loads[0] + 1)
        return bound + self._rotation.repeat * self._forced_repeats()

    def _forced_repeats(self) -> int:
        """How often somebody must have a role twice running, because there are too few people for two turns."""
        turns = self._rotation.turns
        forced = 0
        for number in range(1, len(turns)):
            for role in set(turns[number].slots):
                pair = (number - 1, number)
                able = {who for each in pair for who in turns[each].present}
                held = sum(role == each_role for each in pair for _, each_role in self._held[each])
                forced += max(0, held - len(able | {who for each in pair for who, _ in turns[each].taken}))
        return forced

    # ------------------------------------------------------------------------------------------ one slot

    def _may(self, number: int, who: str, role: str) -> bool:
        people = self._people[number]
        return (
            who not in people
            and (who, role) not in self._rotation.opt_out
            and people.isdisjoint(self._apart.get(who, ()))
        )

    def _had_before(self, number: int, who: str, role: str) -> bool:
        before = self._held[number - 1] if number else self._rotation.last
        after = self._held[number + 1] if number + 1 < len(self._held) else frozenset[Holding]()
        return (who, role) in before or (who, role) in after

    def _put(self, number: int, slot: int, who: str | None) -> None:
        role = self._rotation.turns[number].slots[slot]
        old = self.chosen[number][slot]
        if old is not None:
            self._counts[old, role] -= 1
            self._held[number].discard((old, role))
            self._people[number].discard(old)
        self.chosen[number][slot] = who
        if who is not None:
            self._counts[who, role] += 1
            self._held[number].add((who, role))
            self._people[number].add(who)

    def _kept(self) -> list[list[str | None]]:
        return [list(each) for each in self.chosen]
