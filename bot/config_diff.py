"""What a configuration file would change, in words that people know: names, never ids."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, cast

from bot.config_places import Place
from bot.i18n import Translator


@dataclass(frozen=True)
class Change:
    """One thing that would be different. `section` and `label` are gettext ids.

    An item of a list that is new has no `before`, one that goes has no `after`. Of one that is changed both hold only
    the keys that differ, and `item` is its first value, by which it is known.
    """

    section: str
    label: str
    before: Any
    after: Any
    item: Any = None


def changes(section: str, label: str, before: Any, after: Any) -> list[Change]:
    """The changes between two values of a key; in a list each item for itself."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        pairs = _items(cast("tuple[Any, ...]", before), cast("tuple[Any, ...]", after))
        return [_change(section, label, *pair) for pair in pairs]
    return [] if before == after else [Change(section, label, before, after)]


def _change(section: str, label: str, before: Any, after: Any) -> Change:
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return Change(section, label, before, after)
    old, new = cast("Mapping[str, Any]", before), cast("Mapping[str, Any]", after)
    first = next(iter(old), None)
    if first is None or new.get(first) != old[first]:
        return Change(section, label, old, new)
    other = [key for key in old if _shape(old[key]) != _shape(new.get(key))]
    return Change(
        section,
        label,
        {key: old[key] for key in other},
        {key: new.get(key) for key in other},
        item=old[first],
    )


def _items(before: tuple[Any, ...], after: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    # Items are compared by what they show: mappings cannot be hashed.
    old, new = [_shape(each) for each in before], [_shape(each) for each in after]
    found: list[tuple[Any, Any]] = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        gone, come = before[start:end], after[new_start:new_end]
        found += [
            (gone[at] if at < len(gone) else None, come[at] if at < len(come) else None)
            for at in range(max(len(gone), len(come)))
        ]
    return found


def _shape(value: Any) -> str:
    if isinstance(value, Place):
        return f"{value.of} {value.id}"
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return repr([(key, _shape(each)) for key, each in items])
    return repr(value)


def fingerprint(exported: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """What two exports have in common that say the same, whatever their channels and roles are called."""
    said = [(table, key, _deep(value)) for table, values in exported for key, value in sorted(values.items())]
    return hashlib.blake2b(repr(said).encode(), digest_size=32).hexdigest()


def _deep(value: Any) -> Any:
    return (
        [_shape(each) for each in cast("tuple[Any, ...]", value)]
        if isinstance(value, tuple)
        else _shape(value)
    )


def in_words(value: Any, t: Translator, show: Callable[[str], str]) -> str:
    """A value as a person knows it; `show` makes what somebody wrote fit for where it stands."""
    if value is None or value == ():
        return t("nothing")
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    if isinstance(value, Place):
        if not value.name:
            return t("one that is gone")
        return f"#{show(value.name)}" if value.of == "channel" else show(f"@{value.name}")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, tuple):
        return "; ".join(in_words(each, t, show) for each in cast("tuple[Any, ...]", value))
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return ", ".join(f"{key}: {in_words(each, t, show)}" for key, each in items)
    return show(str(value))
