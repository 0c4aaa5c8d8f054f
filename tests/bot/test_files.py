"""Which files are taken, and under which name one is posted again."""

from __future__ import annotations

import pytest

from bot.errors import InvalidInput
from bot.files import check_file, safe_name


@pytest.mark.parametrize(
    ("name", "size", "problem"),
    [
        ("knot.pdf", 1000, None),
        ("KNOT.PNG", 10 * 1024 * 1024, None),
        ("knot.pdf", 10 * 1024 * 1024 + 1, "larger"),
        ("knot.exe", 1000, "that type"),
        ("py", 1000, "that type"),
        ("knot.pdf", 0, "empty"),
    ],
)
def test_files_are_held_to_a_size_and_to_types(name: str, size: int, problem: str | None) -> None:
    if problem is None:
        check_file(name, size)
    else:
        with pytest.raises(InvalidInput, match=problem):
            check_file(name, size)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("my knot (1).pdf", "my-knot-1-.pdf"),
        ("../../etc/passwd", "etc-passwd"),
        ("結び目", "file"),
        ("結び目.pdf", "file.pdf"),
        ("a|@everyone.png", "a-everyone.png"),
        ("", "file"),
    ],
)
def test_a_file_is_named_so_that_it_can_be_posted_and_opened(name: str, safe: str) -> None:
    assert safe_name(name) == safe
