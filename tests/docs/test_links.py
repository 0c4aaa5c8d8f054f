"""Links between pages and to pictures lead somewhere, anchors too, and every page is found from the first one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.docs.pages import GUIDES, PAGES, PROJECT, Page

MOST_BYTES = 1_500_000  # of all pictures


def broken(page: Page) -> list[str]:
    """The links of a page that lead nowhere."""
    found: list[str] = []
    for _, _, target in page.links:
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        path = page.path.parent / name if name else page.path
        if not path.exists() or (anchor and anchor not in Page(os.path.relpath(path, PROJECT)).anchors):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page: Page) -> None:
    assert broken(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(
        "# One\n[a](#one) [b](#two) [c](no.md) ![d](no.png) [![e](no.svg)](page.md#one)", encoding="utf-8"
    )
    assert broken(Page(str(path))) == ["#two", "no.md", "no.png", "no.svg"]


def test_every_picture_says_in_words_what_it_shows_and_is_used() -> None:
    used: set[Path] = set()
    for page in GUIDES:
        for is_picture, words, target in page.links:
            if is_picture:
                assert len(words.split()) >= 8, f"{page.name}: {target} needs words for who cannot see it"
                used.add((page.path.parent / target).resolve())
    there = set((PROJECT / "docs" / "pictures").iterdir())
    assert used == there
    assert sum(path.stat().st_size for path in there) < MOST_BYTES


def test_every_page_is_listed() -> None:
    listed = {target for _, _, target in Page("docs/README.md").links}
    assert {page.path.name for page in GUIDES if page.name.startswith("docs/")} - listed == {"README.md"}
    from_the_start = {target for _, _, target in Page("README.md").links}
    measured = {"docs/README.md", "docs/measured-refusals.md"}
    assert {page.name for page in GUIDES} - from_the_start - measured == {"README.md"}
