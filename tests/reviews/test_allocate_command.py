"""`python -m cogs.reviews.allocate` reads and writes the format `matching/1`."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import InvalidInput
from bot.matching.exchange import answer
from tests.bot.matching.cohorts import make_members, make_review_round

PROJECT = Path(__file__).parents[2]


def run(file: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cogs.reviews.allocate", str(file)],
        cwd=PROJECT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def as_json(count: int) -> dict[str, Any]:
    asked = make_review_round(count)
    return {
        "kind": "review",
        "k": asked.k,
        "members": [vars_of(each) for each in asked.members],
        "submissions": [
            {"id": each.id, "authors": list(each.authors), "topics": list(each.topics)}
            for each in asked.submissions
        ],
        "reviewers": [{"id": each.id, "min": each.low, "max": each.high} for each in asked.reviewers],
        "blocked": [list(pair) for pair in asked.blocked],
        "history": [
            {"weeks_ago": met.weeks_ago, "pairs": [list(p) for p in met.pairs]} for met in asked.history
        ],
    }


def vars_of(member: Any) -> dict[str, Any]:
    return {"id": member.id, "level": member.level, "hours": member.hours, "skills": dict(member.skills)}


def test_the_same_file_gives_the_same_answer_in_any_process(tmp_path: Path) -> None:
    plain, packed = tmp_path / "round.json", tmp_path / "round.json.gz"
    text = json.dumps(as_json(40))
    plain.write_text(text, encoding="utf-8")
    packed.write_bytes(gzip.compress(text.encode()))
    first = run(plain, PYTHONHASHSEED="1")
    assert first.returncode == 0, first.stderr
    assert run(packed, PYTHONHASHSEED="2").stdout == first.stdout
    assignments = json.loads(first.stdout)["assignments"]
    assert len(assignments) == 40
    assert all(len(set(chosen)) == 2 for chosen in assignments.values())


def test_another_seed_breaks_ties_in_another_way(tmp_path: Path) -> None:
    file = tmp_path / "round.json"
    members = [{"id": f"m{n}", "level": 1, "hours": 1, "skills": {}} for n in range(20)]
    answers: set[str] = set()
    for seed in (1, 2):
        file.write_text(
            json.dumps({"kind": "pairs", "members": members, "blocked": [], "history": [], "seed": seed})
        )
        answers.add(run(file).stdout)
    assert len(answers) == 2


def test_pairs_come_as_groups(tmp_path: Path) -> None:
    file = tmp_path / "pairs.json"
    members = [vars_of(each) for each in make_members(5, random.Random(1))]
    file.write_text(
        json.dumps({"kind": "pairs", "members": members, "blocked": [["m0", "m1"]], "history": []})
    )
    groups = json.loads(run(file).stdout)["groups"]
    assert sorted(map(len, groups)) == [2, 3]
    assert not any({"m0", "m1"} <= set(group) for group in groups)


def test_a_refusal_is_an_answer(tmp_path: Path) -> None:
    file = tmp_path / "round.json"
    asked = as_json(10)
    asked["k"] = 3
    file.write_text(json.dumps(asked))
    done = run(file)
    assert done.returncode == 0
    said = json.loads(done.stdout)
    assert said["infeasible"] is True
    assert said["reason"].startswith("30 reviews are needed, and all reviewers together may take 20.")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("no.json", None),
        ("torn.json", b'{"kind": "rev'),
        ("torn.json.gz", b"\x1f\x8b\x08"),
        ("bad.json.gz", gzip.compress(b"{}" * 99, mtime=0)[:20] + b"\x00" * 40),
        ("deep.json", b"[" * 100_000),
        ("lines.json", b'{"kind": "a\\nb' + b"c" * 5_000 + b'"}'),
        ("huge.json", b'{"kind": "pairs", "members": [{"id": "a", "hours": 1' + b"0" * 40 + b"}]}"),
        ("digits.json", b'{"kind": "pairs", "seed": 1' + b"0" * 6_000 + b', "members": []}'),
        ("skilled.json", b'{"kind": "pairs", "members": [{"id": "a", "skills": {"knots": 5}}]}'),
        ("list.json", b"[]"),
        ("pods.json", b'{"kind": "pods"}'),
        ("empty.json", b'{"kind": "review"}'),
        ("half.json", b'{"kind": "pairs", "members": [{"id": "a", "level": 1.5}]}'),
        ("high.json", b'{"kind": "pairs", "members": [{"id": "a", "level": 7}]}'),
        ("met.json", b'{"kind": "pairs", "members": [], "blocked": [["a"]]}'),
        (
            "stranger.json",
            b'{"kind": "review", "k": 1, "members": [], "submissions": [{"id": "s", "authors": ["a"]}], "reviewers": []}',
        ),
    ],
)
def test_what_cannot_be_read_is_told_in_one_sentence(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    done = run(file)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1 and len(done.stderr) < 500, done.stderr


NONSENSE = (None, 0, -1, 10**6, 10**30, 1.5, "", "m0", [], {}, [["a"]], [["m0", "m0"]], True, {"m0": ["m1"]})


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in an instance; of lists the first two."""
    inside: list[tuple[Any, Any]] = []
    if isinstance(data, dict):
        inside = list(data.items())
    elif isinstance(data, list):
        inside = list(enumerate(data[:2]))
    return [found for key, each in inside for found in ((*path, key), *places(each, (*path, key)))]


@settings(deadline=None, max_examples=150)
@given(st.booleans(), st.data())
def test_whatever_is_wrong_with_an_instance_it_is_answered_or_told(
    of_pairs: bool, data: st.DataObject
) -> None:
    """One or two things are left out, doubled or nonsense."""
    members = [vars_of(each) for each in make_members(7, random.Random(1))]
    pairs = {"kind": "pairs", "members": members, "blocked": [["m0", "m1"]], "history": []}
    asked = pairs if of_pairs else as_json(6) | {"kept": {"s0": ["m3"]}, "seed": 1}
    for _ in range(data.draw(st.integers(1, 2))):
        *path, last = data.draw(st.sampled_from(places(asked)))
        inner: Any = asked
        for key in path:
            inner = inner[key]
        what = data.draw(st.sampled_from(["nonsense", "left out", "doubled"]))
        if what == "left out":
            del inner[last]
        elif what == "doubled" and isinstance(inner, list):
            inner.append(inner[last])
        else:
            # A copy, because the next one may be put inside it.
            inner[last] = deepcopy(data.draw(st.sampled_from(NONSENSE)))
        if not places(asked):
            break
    try:
        found = answer(asked)
    except InvalidInput:
        return
    assert found.get("infeasible") or "assignments" in found or "groups" in found
    assert json.loads(json.dumps(found)) == found
