"""What goes into an export and how it is packed."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.privacy.rules import SOMEBODY_ELSE, is_confirmed, pack, plain

ME, OTHER = 8_000_000_000_000_001, 8_000_000_000_000_002


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("at", datetime(2026, 1, 7, 9, tzinfo=UTC), "2026-01-07T09:00:00Z"),
        ("at", datetime(2026, 1, 7, 9, tzinfo=timezone(timedelta(hours=2))), "2026-01-07T07:00:00Z"),
        ("channel_id", 5, "5"),
        ("member_id", ME, str(ME)),
        ("member_id", OTHER, SOMEBODY_ELSE),
        (
            "details",
            {"reviewer_id": str(OTHER), "member_id": ME, "n": 3},
            {"reviewer_id": SOMEBODY_ELSE, "member_id": str(ME), "n": 3},
        ),
        ("list", [1, "a", None, True], [1, "a", None, True]),
        ("owner", OTHER, SOMEBODY_ELSE),
        ("number", 2**60, str(2**60)),
    ],
)
def test_values_are_plain_and_name_nobody_else(name: str, value: Any, expected: Any) -> None:
    assert plain(name, value, ME, others=frozenset({"owner"})) == expected


@given(
    st.dictionaries(
        st.sampled_from(["acts", "jobs", "outbox"]),
        st.lists(
            st.fixed_dictionaries({"text": st.sampled_from(["", "x" * 90, "ä" * 40])}), min_size=1, max_size=6
        ),
    ),
    st.integers(400, 3000),
)
def test_no_row_is_lost_whatever_the_limit(tables: dict[str, list[dict[str, str]]], limit: int) -> None:
    files = pack("x", {"server": "1"}, tables, limit=limit)
    assert len({name for name, _ in files}) == len(files)
    unpacked: dict[str, list[dict[str, str]]] = {}
    for name, content in files:
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                [inside] = archive.namelist()
                content = archive.read(inside)  # noqa: PLW2901
        else:
            assert len(content) <= limit
        for table, rows in json.loads(content)["tables"].items():
            unpacked.setdefault(table, []).extend(rows)
    assert unpacked == tables


def test_a_large_export_is_zipped_and_a_larger_one_is_split() -> None:
    rows = [{"text": f"{number * 7919 % 10007:x}" * 40} for number in range(200)]
    size = len(json.dumps({"t": rows}))
    assert [name for name, _ in pack("x", {}, {"t": rows}, limit=size // 2)] == ["x.zip"]
    split = pack("x", {}, {"t": rows}, limit=size // 60)
    assert len(split) > 1 and all(len(content) <= size // 60 for _, content in split)


@pytest.mark.parametrize(
    ("typed", "expected"), [("Delete", True), (" ann  b ", True), ("", False), ("del", False)]
)
def test_a_word_confirms_in_any_case_and_an_empty_one_never(typed: str, expected: bool) -> None:
    assert is_confirmed(typed, "delete", "Ann B", "") is expected
