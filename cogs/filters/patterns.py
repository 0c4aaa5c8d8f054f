"""Staff's own patterns, run by RE2, whose time grows with the length of a text and with nothing else.

What could still be slow or large is refused when it is written: how long a pattern may be, how large its program, and how large all of a community together. So 20 patterns that hang
other engines take milliseconds on 4,000 characters (`python -m benchmarks.filters`).
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import InvalidInput
from bot.safe_patterns import BadPattern, Program, Sieve, compile_pattern

MEMORY = 2 * 1024 * 1024  # bytes, of a program and of what it remembers while it runs
LARGEST_PROGRAM = 400  # instructions; RE2's slowest way takes some 20 us of each on 4,000 characters
LARGEST_SUM = 2000


class Patterns:
    """Compiled patterns of one community. Raises InvalidInput with the place of the one that cannot be used."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._each = [(pattern, compiled(pattern, number)) for number, pattern in enumerate(patterns, 1)]
        size = sum(program.programsize for _, program in self._each)
        if size > LARGEST_SUM:
            raise InvalidInput(
                "All patterns together are too large to be fast. Shorten repeats such as {repeat}, or leave some out.",
                repeat="{0,50}",
            )
        # One look answers almost every message; what it was is asked only then.
        self._sieve = Sieve((pattern for pattern, _ in self._each), memory=4 * MEMORY)

    def find(self, text: str) -> tuple[str, str] | None:
        """The first pattern that matches, and on what."""
        if not self._each:
            return None
        found = self._sieve.which(text)
        for place in sorted(found) if found else ():
            pattern, program = self._each[place]
            match = program.search(text)
            if match is not None:
                return pattern, match.group()
        return None


def compiled(pattern: str, number: int) -> Program:
    """One pattern. `number` is its line, for the sentence of the InvalidInput that this raises."""
    try:
        program = compile_pattern(pattern, memory=MEMORY)
    except BadPattern as error:
        raise InvalidInput(
            "Line {line}: “{typed}” is no pattern that I can run: {reason}. Look-arounds and back references do not exist here.",
            line=number,
            typed=pattern,
            reason=str(error),
        ) from error
    if program.search("") is not None:
        raise InvalidInput("Line {line}: “{typed}” matches every message.", line=number, typed=pattern)
    if program.programsize > LARGEST_PROGRAM:
        raise InvalidInput(
            "Line {line}: “{typed}” is too large to be fast. Shorten repeats such as {repeat}, and write letters like this: [a-z]",
            line=number,
            typed=pattern,
            repeat="{0,50}",
        )
    return program
