"""What goes into an export and how it is packed. Plain JSON in, files out."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

FILE_LIMIT = 9 * 1024 * 1024  # Discord takes 10 MiB a file
SOMEBODY_ELSE = "somebody else"
# How names of values that hold a person's id end.
_PEOPLE = (
    "member_id",
    "user_id",
    "actor_id",
    "owner_id",
    "author_id",
    "mentor_id",
    "reviewer_id",
    "partner_id",
)
_EXACT_IN_JSON = 2**53

Tables = Mapping[str, Sequence[Mapping[str, Any]]]


def plain(name: str, value: Any, member_id: int, *, others: frozenset[str] = frozenset()) -> Any:
    """A column's value as JSON: instants as ISO in UTC, ids as strings, other people as nobody in particular.

    `others` are columns of the table that name people.
    """
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {key: plain(key, each, member_id) for key, each in items}
    if isinstance(value, list | tuple):
        return [plain(name, each, member_id) for each in cast("Sequence[Any]", value)]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    is_person = name in others or name.endswith(_PEOPLE)
    if is_person and value is not None and str(value) != str(member_id):
        return SOMEBODY_ELSE
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and (is_person or name.endswith("_id") or abs(value) >= _EXACT_IN_JSON)
    ):
        return str(value)
    return value


def pack(
    name: str, about: Mapping[str, Any], tables: Tables, *, limit: int = FILE_LIMIT
) -> list[tuple[str, bytes]]:
    """The export as files, each within `limit` bytes: one JSON if it fits, else a zip, else several zips."""
    content = json.dumps({**about, "tables": tables}, ensure_ascii=False, indent=1).encode()
    if len(content) <= limit:
        return [(f"{name}.json", content)]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{name}.json", content)
    rows = sum(len(each) for each in tables.values())
    if archive.tell() <= limit or rows < 2:
        return [(f"{name}.zip", archive.getvalue())]
    return [
        file
        for number, half in enumerate(_halves(tables, rows // 2), 1)
        for file in pack(f"{name}-{number}", about, half, limit=limit)
    ]


def _halves(tables: Tables, first: int) -> tuple[Tables, Tables]:
    """The first so many rows, and the others."""
    left: dict[str, Sequence[Mapping[str, Any]]] = {}
    right: dict[str, Sequence[Mapping[str, Any]]] = {}
    for name, rows in tables.items():
        if rows[:first]:
            left[name] = rows[:first]
        if rows[first:]:
            right[name] = rows[first:]
        first = max(0, first - len(rows))
    return left, right


def is_confirmed(typed: str, *accepted: str) -> bool:
    """Whether somebody typed one of the words that confirm, in any case and spacing."""
    said = " ".join(typed.split()).casefold()
    return bool(said) and said in {" ".join(each.split()).casefold() for each in accepted}
