"""Reads the keys of a configuration file, one by one: what can be used is taken, what cannot is noted.

A value is text, a number, True or False, a `datetime` in UTC, a `Place`, a tuple of values, a mapping of
names to values (an item of a list), or None for what is not chosen, which a file writes as "".
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from bot.config_places import Kind, Place, Server, find_place
from bot.errors import InvalidInput, NotFound, UserError
from bot.text import clean

Value = Any
Wanted = Mapping[str, Value]
LONGEST_TEXT = 4000
MOST_ITEMS = 100
MOST_NAMED = 6
"""More names than these would be cut off in the middle of one."""
LONGEST_KEY = 100
MOST_UNKNOWN = 50  # of one table, named one by one


@dataclass(frozen=True)
class Mistake:
    """Something in a file that cannot be used. `path` names the key, like `charter.outcomes[2].target`."""

    path: str
    problem: UserError


def same(raw: object, value: Value) -> bool:
    """Whether what a file says is the value that stands already, so that nobody has to check it again."""
    if value is None:
        return raw == ""
    if isinstance(value, Place):
        return isinstance(raw, Mapping) and cast("Mapping[Any, Any]", raw).get("id") == str(value.id)
    if isinstance(value, tuple):
        items = cast("tuple[Value, ...]", value)
        given = cast("list[object]", raw)
        return isinstance(raw, list) and len(given) == len(items) and all(map(same, given, items))
    if isinstance(value, Mapping):
        table, wanted = cast("Mapping[str, object]", raw), cast("Mapping[str, Value]", value)
        return (
            isinstance(raw, Mapping)
            and table.keys() == wanted.keys()
            and all(same(table[key], wanted[key]) for key in wanted)
        )
    return type(raw) is type(value) and raw == value


class Given:
    """One table of a file. What could be read is in `wanted`, what is wrong in `mistakes`, what else is to say in `remarks`.

    A key that says what stands already is taken without a check: an exported file can always be read again, whatever
    has become of the server or the powers of the person.
    """

    def __init__(
        self, path: str, raw: Mapping[str, Any], present: Wanted, server: Server, mistakes: list[Mistake]
    ) -> None:
        self.remarks: list[str] = []
        self._path = path
        self._raw = raw
        self._present = present
        self._server = server
        self.mistakes = mistakes
        self.wanted: dict[str, Value] = {}

    def note(self, key: str, problem: UserError) -> None:
        """This key cannot be used."""
        self.mistakes.append(Mistake(f"{self._path}.{key}", problem))

    def remark(self, text: str) -> None:
        """Say this (a gettext id) beside what would change, because it would otherwise come as a surprise."""
        self.remarks.append(text)

    def text(self, key: str, check: Callable[[str], Value] | None = None, *, required: bool = False) -> None:
        """A text, cleaned; "" means None unless it is `required`. `check` may raise `UserError`."""

        def read(raw: object) -> Value:
            if not isinstance(raw, str):
                raise InvalidInput("Write it as a text in quotes.")
            words = clean(raw)
            if len(words) > LONGEST_TEXT and check is None:
                raise InvalidInput("At most {limit} characters fit.", limit=LONGEST_TEXT)
            if not words and not required:
                return None
            return check(words) if check is not None else words

        self._take(key, read)

    def flag(self, key: str) -> None:
        """True or False."""

        def read(raw: object) -> bool:
            if not isinstance(raw, bool):
                raise InvalidInput("Write {yes} or {no}, without quotes.", yes="true", no="false")
            return raw

        self._take(key, read)

    def number(self, key: str, *, least: int, most: int) -> None:
        """A whole number."""

        def read(raw: object) -> int:
            if isinstance(raw, bool) or not isinstance(raw, int) or not least <= raw <= most:
                raise InvalidInput("Write a whole number from {least} to {most}.", least=least, most=most)
            return raw

        self._take(key, read)

    def moment(self, key: str, check: Callable[[datetime], datetime] | None = None) -> None:
        """An instant, which comes back in UTC."""

        def read(raw: object) -> datetime:
            if not isinstance(raw, datetime) or raw.tzinfo is None:
                raise InvalidInput(
                    "Write a date and a time with its distance from UTC, without quotes, like {example}.",
                    example="2026-03-31T23:59:00+02:00",
                )
            try:
                at = raw.astimezone(UTC)
            except OverflowError as error:
                raise InvalidInput("That is too far away.") from error
            return check(at) if check is not None else at

        self._take(key, read)

    def place(
        self,
        key: str,
        of: Kind,
        check: Callable[[Place | None], None] | None = None,
        *,
        required: bool = False,
    ) -> None:
        """A channel or role; "" means None unless it is `required`."""

        def read(raw: object) -> Place | None:
            found = None if raw == "" and not required else find_place(self._server, of, raw)
            if check is not None:
                check(found)
            return found

        self._take(key, read)

    def texts(self, key: str, check: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
        """A list of texts, cleaned."""

        def read(raw: object) -> tuple[str, ...]:
            items = cast("list[object]", raw)
            if not isinstance(raw, list) or len(items) > MOST_ITEMS:
                raise InvalidInput(
                    "Write a list in square brackets: each text in quotes, commas between, at most {most}.",
                    most=MOST_ITEMS,
                )
            words = [clean(each) for each in items if isinstance(each, str)]
            if len(words) < len(items):
                raise InvalidInput(
                    "Write a list in square brackets: each text in quotes, commas between, at most {most}.",
                    most=MOST_ITEMS,
                )
            return check(tuple(words))

        self._take(key, read)

    def tables(
        self,
        key: str,
        required: Collection[str],
        read_item: Callable[[Given], None],
        check: Callable[[tuple[Wanted, ...]], None] | None = None,
    ) -> None:
        """A list of tables that all have the keys `required`. `read_item` reads one; `check` looks at all of them."""

        def read(raw: object) -> tuple[Wanted, ...]:
            items = cast("list[object]", raw)
            tables = (
                [cast("Mapping[str, Any]", each) for each in items if isinstance(each, dict)]
                if isinstance(raw, list)
                else []
            )
            if not isinstance(raw, list) or len(tables) < len(items) or len(items) > MOST_ITEMS:
                raise InvalidInput(
                    "Write each as a table of its own, under a line {example}; at most {most}.",
                    most=MOST_ITEMS,
                    example=f"[[{self._path}.{key}]]",
                )
            present: tuple[Wanted, ...] = self._present.get(key) or ()
            before = len(self.mistakes)
            read_items = [
                self._read_item(f"{self._path}.{key}[{number}]", table, present, required, read_item)
                for number, table in enumerate(tables, start=1)
            ]
            found = tuple(each for each in read_items if each is not None)
            if check is not None and len(self.mistakes) == before:
                check(found)
            return found

        self._take(key, read)

    def _read_item(
        self,
        path: str,
        table: Mapping[str, Any],
        present: tuple[Wanted, ...],
        required: Collection[str],
        read_item: Callable[[Given], None],
    ) -> Wanted | None:
        standing = next((each for each in present if same(table, each)), None)
        if standing is not None:
            return standing
        item = Given(path, table, {}, self._server, self.mistakes)
        before = len(self.mistakes)
        self.mistakes += unknown_keys(path, table, required)
        for missing in [each for each in required if each not in table]:
            item.note(missing, NotFound("This is missing."))
        read_item(item)
        return item.wanted if len(self.mistakes) == before else None

    def _take(self, key: str, read: Callable[[object], Value]) -> None:
        if key not in self._raw:
            return
        raw = self._raw[key]
        if key in self._present and same(raw, self._present[key]):
            self.wanted[key] = self._present[key]
            return
        try:
            self.wanted[key] = read(raw)
        except UserError as problem:
            self.note(key, problem)


def unknown_keys(path: str, table: Mapping[str, Any], known: Collection[str]) -> list[Mistake]:
    """A mistake for each key that nobody knows, with the one that may have been meant."""
    strange = [key for key in table if key not in known]
    found = [Mistake(f"{path}.{key}" if path else key, unknown(key, known)) for key in strange[:MOST_UNKNOWN]]
    more = len(strange) - MOST_UNKNOWN
    if more > 0:
        found.append(Mistake(path, NotFound("And {n} more here that I do not know.", n=more)))
    return found


def unknown(key: str, known: Iterable[str]) -> UserError:
    """That nobody knows this key, with the nearest that there is, or all of them."""
    names = list(known)
    near = difflib.get_close_matches(key[:LONGEST_KEY], names, n=1)
    if near:
        return NotFound("I do not know this. Did you mean {name}?", name=near[0])
    if not names:
        return NotFound("I do not know this. Please take it out.")
    if len(names) > MOST_NAMED:
        some = ", ".join(names[:MOST_NAMED])
        return NotFound(
            "I do not know this. Known here are {names} and {n} more.", names=some, n=len(names) - MOST_NAMED
        )
    return NotFound("I do not know this. Known here are: {names}.", names=", ".join(names))


def one_of(known: Iterable[str]) -> Callable[[str], str]:
    """A check that takes these words alone, in small letters or large."""
    names = {each.casefold(): each for each in known}

    def check(typed: str) -> str:
        if typed.casefold() not in names:
            raise unknown(typed, names.values())
        return names[typed.casefold()]

    return check
