"""The pages that people read, taken apart: blocks, code in the text, links, headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_PICTURE = re.compile(r'<img src="([^"]+)" width="\d+" alt="([^"]+)">')
_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """What stands between two fences."""

    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """One page, by its path from the project's folder."""

    name: str

    @property
    def path(self) -> Path:
        return PROJECT / self.name

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The text without its blocks."""
        return _FENCE.sub("", self.text)

    @property
    def blocks(self) -> list[Block]:
        return [
            Block(found[2], re.sub(rf"^{found[1]}", "", found[3], flags=re.MULTILINE))
            for found in _FENCE.finditer(self.text)
        ]

    @property
    def codes(self) -> list[str]:
        """Code in the text, on one line each."""
        return [" ".join(found.split()) for found in _CODE.findall(self.prose)]

    @property
    def links(self) -> Iterator[tuple[bool, str, str]]:
        """Whether it is a picture, its words, where it leads; a picture inside a link comes as both."""
        for found in _LINK.finditer(self.prose):
            yield found[1] == "!", found[2], found[3]
            for inner in _LINK.finditer(found[2]):
                yield inner[1] == "!", inner[2], inner[3]
        for found in _PICTURE.finditer(self.prose):
            yield True, found[2], found[1]

    @property
    def anchors(self) -> set[str]:
        """The headings as a code forge makes anchors of them."""
        found: set[str] = set()
        for heading in _HEADING.findall(self.prose):
            words = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
            number = 0
            while (name := f"{words}-{number}" if number else words) in found:
                number += 1
            found.add(name)
        return found


GUIDES = tuple(
    Page(name)
    for name in (
        "README.md",
        "CONTRIBUTING.md",
        *sorted(f"docs/{path.name}" for path in (PROJECT / "docs").glob("*.md")),
    )
)
PAGES = (*GUIDES, Page("CHANGELOG.md"))
