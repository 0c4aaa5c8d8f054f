"""What allocating a round costs, and how good it is: 30, 300, 3,000 and 30,000 members, two reviews each; and pairs.

    python -m benchmarks.allocation            all, each in a fresh process
    python -m benchmarks.allocation review 300 plain
    python -m benchmarks.allocation pairs 300 plain

`plain` is the standard library alone, `extra` uses OR-tools. CPU time of the process, its highest memory, and the
value of the plan before the polish as a share of the best on all edges, where that can be computed (up to 300).
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time

from bot.matching import candidates, engine, feasible, flow, pairs, polish, reviews
from tests.bot.matching.cohorts import make_pair_round, make_review_round

EXACT_UP_TO = 300
RUNS = [
    *(("review", count, "plain") for count in (30, 300, 1_000, 3_000, 30_000)),
    *(("pairs", count, "plain") for count in (30, 31, 300, 301, 3_000)),
]


def main() -> None:
    """One run as JSON, or all of them."""
    if len(sys.argv) == 4:
        kind, count, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
        found = measure_reviews(count, extra=name == "extra") if kind == "review" else measure_pairs(count)
        found["rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"kind": kind, "count": count, "engine": name, **found}))
        return
    variants = RUNS + [
        (kind, count, "extra") for kind, count, _ in RUNS if kind == "review" and engine.has_extra()
    ]
    for kind, count, name in variants:
        subprocess.run([sys.executable, "-m", "benchmarks.allocation", kind, str(count), name], check=True)


def measure_reviews(count: int, *, extra: bool) -> dict[str, float]:
    asked = make_review_round(count)
    clock, started = time.perf_counter(), time.process_time()
    problem = reviews.build(asked, 1)
    base = feasible.find_any(problem)
    chosen_engine = engine.settings(problem, extra=extra)
    rng = random.Random(1)
    edges = candidates.choose(problem, base, rng, sample=chosen_engine.sample, keep=chosen_engine.keep)
    listed = time.process_time()
    plan = chosen_engine.solve(problem, edges)
    solved = time.process_time()
    polished = reviews.polish_all(problem, plan)
    done = time.process_time()
    found = {
        "cpu_s": round(done - started, 2),
        "wall_s": round(time.perf_counter() - clock, 2),
        "candidates_s": round(listed - started, 2),
        "solve_s": round(solved - listed, 2),
        "polish_s": round(done - solved, 2),
        "value_each": round(problem.total(polished) / count, 1),
        "polish_keeps": round(problem.total(polished) / problem.total(plan), 4),
        "repeats": problem.count_avoided(polished),
        "reciprocal_before": round(2 * polish.count_reciprocal(problem, plan) / sum(problem.need), 4),
        "reciprocal": round(2 * polish.count_reciprocal(problem, polished) / sum(problem.need), 4),
        "worst_before": min(problem.worth(s, people) for s, people in enumerate(plan)),
        "worst": min(problem.worth(s, people) for s, people in enumerate(polished)),
    }
    if count <= EXACT_UP_TO:
        everything = [{r: problem.edge(s, r) for r in sorted(problem.allowed(s))} for s in range(count)]
        best = problem.total(flow.solve(problem, everything))
        found["of_the_optimum"] = round(problem.total(plan) / best, 4)
        found["polished_of_the_optimum"] = round(problem.total(polished) / best, 4)
    return found


def measure_pairs(count: int) -> dict[str, float]:
    asked = make_pair_round(count)
    started = time.process_time()
    done = pairs.allocate(asked, 1)
    return {"cpu_s": round(time.process_time() - started, 2), "value_each": round(done.value / count, 1)}


if __name__ == "__main__":
    main()
