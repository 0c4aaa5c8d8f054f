"""Whatever somebody types into any option or form: it is answered, pings nobody, hides no link and is no bug.

Every text input that can be reached from any command (`crawl.py`) is filled with hostile words by whoever may use it.
Discord keeps its own limits of length in its client; who writes to it directly need not.
"""

from __future__ import annotations

import copy
import random
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import cycle, islice
from typing import Any, cast

import pytest

from bot.counters import counters
from sandbox.people import Person
from storage.footprint import models
from tests.authority.crawl import COMMAND, FORM, Act, Crawl, send
from tests.authority.seeds import SEEDS
from tests.authority.test_matrix import parts, rounds
from tests.behaviour.quests import LyceumWorld

VICTIM = 1234567890123456789  # whom hostile words name
WORDS = (
    f"@everyone @here <@{VICTIM}> <@&{VICTIM}> <#{VICTIM}>",
    "[free](https://evil.example) <https://evil.example> ![x](https://evil.example/a.png)",
    "\u202egnp.exe\u2066 \u200b\u200d\ufeff\u00ad\U000e0041 Z\u0351\u0351\u0351\u0351algo",
    "NUL\x00 \ud83d half \x1b[31m\x07\r\n\v\f",
    "A" * 6000,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467" * 800,
    "```\n# ||x|| **_~~`{0} {x} {} %s %(y)s ${jndi:ldap://x}```",
    "'; DROP TABLE members; -- \" \\",
    "99999999999999999999999999999999999999",
    "-1",
    "\u0661\u0662\u0663",
    "   ",
    "=HYPERLINK(1)",
    "2026-02-30 25:61 Mars/Olympus",
)
STAFFS_OWN_MARKUP = ("rituals:prompt.",)
"""Where staff see their own words as the community will see them: markup is theirs to use."""
EVERY_TIME = frozenset(
    {"shell", "profiles", "kudos", "promises", "reports", "appeals", "moderation", "raids", "filters"}
)
"""What everybody types into, and what protects people; the rest with the mark `long`."""
SAMPLES = 1  # of each input, the next word for the next one
_MASKED = re.compile(r"(?<!\\)\]\(https?://evil")


class Typist:
    """Fills what asks for text with hostile words, before it is used as it is meant."""

    def __init__(self, world: LyceumWorld, who: Person, words: Iterator[str], samples: int) -> None:
        self.world, self.who, self.samples = world, who, samples
        self.words = words
        self.typed = 0
        self.faults: list[str] = []
        self._seen = len(world.faults.log)

    async def before(self, act: Act) -> None:
        if act.kind not in (COMMAND, FORM) or not any(True for _ in _texts(act.data)):
            return
        for words in islice(self.words, self.samples):
            before = counters.errors["bug"]
            self.typed += 1
            answer = await send(self.world, self.who, _with(act, words), ring=False)
            if not answer.answered:
                self._fault(act, words, "no answer")
            if counters.errors["bug"] != before:
                self._fault(act, words, f"a bug: {answer.text[:200]}")
            self._look_at_requests(act, words)

    async def after(self, act: Act) -> None:
        self._look_at_requests(act, "")

    def _look_at_requests(self, act: Act, words: str) -> None:
        new = self.world.faults.log[self._seen :]
        self._seen += len(new)
        for request in new:
            body = request.body if isinstance(request.body, Mapping) else {}
            data = cast("Mapping[str, Any]", body.get("data") or body)
            allowed = data.get("allowed_mentions") or {}
            shows = any(isinstance(each, str) for each in _strings(data.get("components")))
            if shows and (allowed.get("parse") or str(VICTIM) in str(allowed)):
                self._fault(act, words, f"may ping {allowed}")
            if act.name.startswith(STAFFS_OWN_MARKUP):
                continue
            for text in _strings(data.get("components")):
                if _MASKED.search(text):
                    self._fault(act, words, f"hides a link: {text[:200]!r}")

    def _fault(self, act: Act, words: str, what: str) -> None:
        self.faults.append(f"{act} with {words[:40]!r}: {what}")


def _strings(part: object) -> Iterator[str]:
    """The texts of a message in which Discord looks for markup: not the labels of controls."""
    if isinstance(part, Mapping):
        mapping = cast("Mapping[str, Any]", part)
        if isinstance(mapping.get("content"), str):
            yield mapping["content"]
        for value in mapping.values():
            yield from _strings(value)
    elif isinstance(part, list):
        for each in cast("list[object]", part):
            yield from _strings(each)


def _texts(part: object) -> Iterator[dict[str, Any]]:
    """Where something was typed: the options of kind 3 and the text inputs of forms."""
    if isinstance(part, dict):
        mapping = cast("dict[str, Any]", part)
        if isinstance(mapping.get("value"), str) and mapping.get("type") in (3, 4):
            yield mapping
        for value in mapping.values():
            yield from _texts(value)
    elif isinstance(part, list):
        for each in cast("list[object]", part):
            yield from _texts(each)


def _with(act: Act, words: str) -> Act:
    data = copy.deepcopy(dict(act.data))
    for each in _texts(data):
        each["value"] = words
    return replace(act, data=data)


def unwritable(world: LyceumWorld) -> list[str]:
    """Texts in the database that PostgreSQL would not have taken."""
    found: list[str] = []
    with closing(sqlite3.connect(world.database.url.database or "")) as file:
        file.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        for table in models():
            for row in file.execute(f'SELECT * FROM "{table.__tablename__}"'):
                found += [
                    f"{table.__tablename__}: {cell[:80]!r}"
                    for cell in row
                    if isinstance(cell, str) and "\x00" in cell
                ]
    return found


async def type_everywhere(
    world: LyceumWorld, part: str, words: Iterator[str], samples: int
) -> tuple[int, list[str]]:
    """Returns how many inputs were sent, and what was wrong."""
    if part in SEEDS:
        await SEEDS[part](world)
    typed, faults = 0, list[str]()
    for who, wanted in rounds(world, part):
        crawl = Crawl(world, who)
        await crawl.prepare()
        typist = Typist(world, who, words, samples)
        await crawl.run(await crawl.commands(wanted), typist.before, typist.after)
        faults += typist.faults
        typed += typist.typed
    return typed, [*faults, *unwritable(world)]


@pytest.mark.parametrize(
    "part",
    [pytest.param(each, marks=() if each in EVERY_TIME else pytest.mark.long) for each in parts()],
)
async def test_whatever_is_typed_is_answered_and_pings_nobody(
    rough_community: LyceumWorld, part: str
) -> None:
    _, faults = await type_everywhere(rough_community, part, cycle(WORDS), SAMPLES)
    assert faults == [], "\n".join(faults[:20])


@pytest.mark.long
@pytest.mark.parametrize("part", parts())
async def test_a_hundred_of_them_in_each_input(rough_community: LyceumWorld, part: str) -> None:
    typed, faults = await type_everywhere(rough_community, part, made_up(random.Random(part)), 100)
    assert faults == [], "\n".join(faults[:20])
    print(f"{part}: {typed} inputs")  # noqa: T201 - the figure


def made_up(chance: random.Random) -> Iterator[str]:
    """Pieces of the hostile words and of all of Unicode, put together at random; the same each time."""
    while True:
        pieces = [
            chance.choice(WORDS)[: chance.choice((1, 7, 60, 4000))]
            if chance.random() < 0.5
            else "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randrange(1, 30)))
            for _ in range(chance.randrange(1, 6))
        ]
        yield "".join(pieces)
