"""What allocating a round costs and how good it is: reviews of 30 to 10,000 members, two each, and eight weeks of pairs.

    python -m benchmarks.matching              all, each in a fresh process, as one table (`make bench-matching`)
    python -m benchmarks.matching --quick      small rounds alone, in some seconds
    python -m benchmarks.matching review 300 without

`without` is the standard library alone; `with` is the `scale` extra (OR-tools and numpy). CPU time of the allocation, from
the names to the answer; what is imported once in the life of a process is imported before.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from itertools import combinations

from benchmarks import best, review_weeks
from bot.matching import engine, polish, reviews
from bot.matching import pairs as pairing
from bot.matching.instance import Met, PairRound
from bot.matching.problem import Problem
from bot.matching.valuation import pair_values
from tests.bot.matching.cohorts import make_pair_round, make_review_round

WEEKS = 8
TAKE_PART = 0.85
ROUNDS = ((100, 10), (300, 5))  # Rounds of so many members at most differ much: the mean of so many is shown.


@dataclass(frozen=True)
class Run:
    """What is measured, and the goals: seconds, percent of the optimum, and percent of pairs who review each other."""

    kind: str
    count: int
    extra: bool
    seconds: float | None = None
    value: float | None = None
    reciprocal: float | None = None

    @property
    def engine(self) -> str:
        return "with" if self.extra else "without"


RUNS = (
    Run("review", 30, False, 0.2, 99, 8),
    Run("review", 300, False, 1, 98.5, 2),
    Run("review", 1_000, False, 5, 97),
    Run("review", 300, True, 0.2, 99.5, 2),
    Run("review", 1_000, True),
    Run("review", 3_000, True, 2, 98.5),
    Run("review", 10_000, True, 3, 98.5),
    Run("pairs", 30, False, None, 98),
    Run("pairs", 300, False, None, 98),
    Run("pairs", 30, True, None, 99.5),
    Run("pairs", 300, True, None, 99.5),
)
QUICK = (
    Run("review", 30, False, 0.2, 99),
    Run("review", 100, False),
    Run("review", 200, True),
    Run("pairs", 20, False, None, 98),
)
HEAD = "kind|members|extra|CPU s|MiB|% of best|repeats|reciprocal %|senior %|load spread|worst|goal|met"
FOOT = """\
CPU s: of one allocation, processor time; MiB: the most that the process held by then. % of best: of a bound that no
allocation passes, by column generation over all pairs, four rounds of it or until some allocation is within 0.03 % of it; of
pairs, of the best fractional pairing, which real pairs need not reach. Repeats: reviews by somebody of the last four weeks; of pairs, people who met twice in eight weeks with 85 % taking part. Reciprocal: pairs who
review each other, of as many as there could be. Senior: works with a reviewer of level 3 or above their author. Rounds
of up to 100 members: means of 10 rounds, up to 300 of 5 (worst: the least of all); pairs: means of the eight weeks."""


def main() -> None:
    """One run as JSON, or all of them as a table."""
    asked = sys.argv[1:]
    if len(asked) == 3:
        print(json.dumps(measure(Run(asked[0], int(asked[1]), asked[2] == "with"))))
        return
    started = time.perf_counter()
    print(
        f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f} before"
    )
    runs = QUICK if asked == ["--quick"] else RUNS
    rows = [
        row(run, in_process_of_its_own(run) if engine.has_extra() or not run.extra else None) for run in runs
    ]
    print(markdown([tuple(HEAD.split("|")), *rows]))
    print(FOOT)
    if asked != ["--quick"]:
        print_weeks()
    print(f"Load {os.getloadavg()[0]:.1f} after {time.perf_counter() - started:.0f} s.")


def print_weeks() -> None:
    """Eight weeks of rounds as a community lives them, each size in a fresh process."""
    found = [
        json.loads(
            subprocess.run(
                [sys.executable, "-m", "benchmarks.review_weeks", str(count)],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            ).stdout
        )
        for count in review_weeks.MEMBERS
    ]
    print(markdown([tuple(found[0]), *[tuple(map(str, each.values())) for each in found]]))


def in_process_of_its_own(run: Run) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.matching", run.kind, str(run.count), run.engine],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure(run: Run) -> dict[str, float]:
    """The figures of a run, in this process."""
    if run.extra:
        importlib.import_module("bot.matching.fast_candidates")
        importlib.import_module("ortools.graph.python.min_cost_flow")
    else:
        engine.has_extra = lambda: False
    return measure_reviews(run) if run.kind == "review" else measure_pairs(run)


def measure_reviews(run: Run) -> dict[str, float]:
    rounds = next((many for most, many in ROUNDS if run.count <= most), 1)
    return _together([measure_round(run.count, seed) for seed in range(1, rounds + 1)])


def measure_round(count: int, seed: int) -> dict[str, float]:
    asked = make_review_round(count, seed=seed)
    started = time.process_time()
    done = reviews.allocate(asked, 1)
    seconds = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    problem = reviews.build(asked, 1)
    numbers = {name: r for r, name in enumerate(problem.reviewers)}
    chosen = [[numbers[name] for name in done.assignments[s]] for s in problem.submissions]
    loads = Counter(r for people in chosen for r in people)
    worths = [problem.worth(s, people) for s, people in enumerate(chosen)]
    senior = sum(any(problem.is_senior(s, r) for r in people) for s, people in enumerate(chosen))
    return {
        "cpu_s": seconds,
        "mib": memory,
        "value": 100 * done.value / best.most(problem),
        "repeats": done.repeats,
        "reciprocal": 200 * polish.count_reciprocal(problem, chosen) / sum(problem.need),
        "senior": 100 * senior / count,
        "spread": max(loads.values()) - min(loads[r] for r in numbers.values()),
        "worst": min(worths),
    }


def measure_pairs(run: Run) -> dict[str, float]:
    weeks: list[dict[str, float]] = []
    history: tuple[Met, ...] = ()
    met: Counter[frozenset[str]] = Counter()
    everyone = make_pair_round(run.count, seed=3)
    rng = random.Random(run.count)
    for week in range(WEEKS):
        # The count that was asked for takes part, of a community that is larger by those who are away.
        there = tuple(each for each in everyone.members if rng.random() < TAKE_PART)
        asked = replace(everyone, members=there, history=history)
        started = time.process_time()
        done = pairing.allocate(asked, week)
        seconds = time.process_time() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        together = [frozenset(pair) for group in done.groups for pair in combinations(group, 2)]
        met.update(together)
        now = Met(1, tuple((min(pair), max(pair)) for pair in together))
        history = (now, *(replace(each, weeks_ago=each.weeks_ago + 1) for each in history))
        value = 100 * done.value / best.most(doubled(asked))
        weeks.append({"cpu_s": seconds, "mib": memory, "value": value})
    return {**_together(weeks), "repeats": sum(times - 1 for times in met.values())}


def doubled(asked: PairRound) -> Problem:
    """Everybody gives one meeting and takes one: what that is worth at most bounds twice the worth of real pairs."""
    members = asked.members
    numbers = {each.id: n for n, each in enumerate(members)}
    count = len(members)
    met: dict[int, dict[int, int]] = {}
    forbidden = [{n} for n in range(count)]
    for ago, pair in [(0, pair) for pair in asked.blocked] + [
        (each.weeks_ago, pair) for each in asked.history for pair in each.pairs
    ]:
        if pair[0] in numbers and pair[1] in numbers:
            for a, b in ((numbers[pair[0]], numbers[pair[1]]), (numbers[pair[1]], numbers[pair[0]])):
                if ago:
                    met.setdefault(a, {})[b] = min(ago, met.get(a, {}).get(b, ago))
                else:
                    forbidden[a].add(b)
    value = pair_values(members, met)
    ones, names = (1,) * count, tuple(numbers)
    return Problem(
        reviewers=names,
        submissions=names,
        need=ones,
        low=ones,
        high=ones,
        forbidden=tuple(frozenset(each) for each in forbidden),
        kept=((),) * count,
        avoid=(frozenset[int](),) * count,
        authors=((),) * count,
        grade=(0,) * count,
        senior_from=ones,
        bonus=0,
        values=lambda a, others: [value(a, b) for b in others],
        skilled=lambda _: (),
    )


def _together(found: list[dict[str, float]]) -> dict[str, float]:
    """Means; the most memory and repeats, the widest spread, and the worst work of all."""
    least, most = {"worst"}, {"mib", "repeats", "spread"}
    return {
        name: (min if name in least else max if name in most else statistics.fmean)(
            [one[name] for one in found]
        )
        for name in found[0]
    }


def row(run: Run, found: dict[str, float] | None) -> tuple[str, ...]:
    goals = [
        (f">= {run.value} %", found is not None and run.value is not None and found["value"] >= run.value),
        (f"{run.seconds} s", found is not None and run.seconds is not None and found["cpu_s"] <= run.seconds),
        (
            f"reciprocal <= {run.reciprocal} %",
            found is not None and run.reciprocal is not None and found["reciprocal"] <= run.reciprocal,
        ),
    ]
    wanted = [run.value, run.seconds, run.reciprocal]
    goals = [goal for goal, want in zip(goals, wanted, strict=True) if want is not None]
    text = ", ".join(goal for goal, _ in goals)
    first = (run.kind, f"{run.count:,}", run.engine)
    if found is None:
        return (*first, "the `scale` extra is not installed", *[""] * 7, text, "")
    figures = {
        name: "" if name not in found else f"{found[name]:.{digits}f}"
        for name, digits in (
            ("cpu_s", 2),
            ("mib", 0),
            ("value", 2),
            ("repeats", 0),
            ("reciprocal", 2),
            ("senior", 1),
            ("spread", 0),
            ("worst", 0),
        )
    }
    met = "" if not goals else "yes" if all(good for _, good in goals) else "no"
    return (*first, *figures.values(), text, met)


def markdown(rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(each) + " |" for each in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


if __name__ == "__main__":
    main()
