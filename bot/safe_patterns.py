"""Patterns that staff write, run by RE2: the time that one takes grows with the text and with nothing else.

No pattern can hang the bot, as it can with Python's own engine, which tries again and again and meanwhile holds the whole
process. What RE2 does not have (look-arounds, back references) is refused when it is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, cast


class BadPattern(Exception):
    """RE2 cannot run it; the text says why, in RE2's English."""


class Found(Protocol):
    def group(self) -> str: ...


class Program(Protocol):
    """A compiled pattern. `programsize` is how many instructions it has."""

    @property
    def programsize(self) -> int: ...

    def search(self, text: str) -> Found | None: ...


class Sieve:
    """Says which of some patterns a text holds, and not where: in less than half the time of a search, and most texts
    hold none. Raises `BadPattern`, also when the patterns are too large for the memory (bytes)."""

    def __init__(self, patterns: Iterable[str], *, memory: int, case_sensitive: bool = False) -> None:
        re2 = _re2()
        self._set = re2.Set.SearchSet(_options(memory, case_sensitive=case_sensitive))
        try:
            for pattern in patterns:
                self._set.Add(pattern)
            self._set.Compile()
        except (re2.error, UnicodeError) as error:
            raise BadPattern(str(error)) from error

    def which(self, text: str) -> list[int]:
        """The places of the patterns that the text holds, in no order."""
        return self._set.Match(text) or []

    def holds(self, text: str) -> bool:
        return self._set.Match(text) is not None


def _options(memory: int, *, case_sensitive: bool) -> Any:
    options = _re2().Options()
    options.max_mem = memory
    options.case_sensitive = case_sensitive
    options.log_errors = False
    return options


def _re2() -> Any:
    """Loaded when the first pattern is compiled: most communities have none."""
    import re2  # pyright: ignore[reportMissingTypeStubs] - it has none

    return re2


def compile_pattern(pattern: str, *, memory: int, case_sensitive: bool = False) -> Program:
    """Compile a pattern that may use `memory` bytes. Raises `BadPattern`."""
    re2 = _re2()
    try:
        program = re2.compile(pattern, _options(memory, case_sensitive=case_sensitive))
    except (re2.error, UnicodeError) as error:
        said: object = error.args[0] if error.args else ""
        raise BadPattern(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from error
    # The library keeps the last 128 for itself, which would outlive the community that wrote them.
    re2.purge()
    return cast(Program, program)


def escape(text: str) -> str:
    """A pattern that matches this very text."""
    return str(_re2().escape(text))
