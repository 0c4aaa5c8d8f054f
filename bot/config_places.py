"""Channels and roles in a configuration file: written with id and name, found again by either.

The id wins where this server has it; otherwise the one channel or role of that name is meant, so that a file can be
carried to another server. Pure, so it is tested without Discord.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.errors import InvalidInput, NotFound
from bot.setup_names import LONGEST_NAME, channel_name

Kind = Literal["channel", "role"]
MOST_NAMES = 3


@dataclass(frozen=True)
class Place:
    """A channel or role. Two are the same when their ids are; the name is for people, "" where it is gone."""

    of: Kind
    id: int
    name: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and (self.of, self.id) == (other.of, other.id)

    def __hash__(self) -> int:
        return hash((self.of, self.id))


@dataclass(frozen=True)
class ServerRole:
    """A role of the server. `powers` are its permissions; one that is not `giveable` is never meant by its name."""

    id: int
    name: str
    powers: int = 0
    giveable: bool = True


@dataclass(frozen=True)
class Server:
    """What a configuration can name of a server, at this moment. Names are cleaned of what nobody can see."""

    name: str
    channels: Mapping[int, str]
    roles: Mapping[int, ServerRole]

    def place(self, of: Kind, place_id: int | None) -> Place | None:
        """The channel or role with its name; without one when the server does not have it."""
        if place_id is None:
            return None
        if of == "channel":
            return Place(of, place_id, self.channels.get(place_id, ""))
        role = self.roles.get(place_id)
        return Place(of, place_id, role.name if role is not None else "")

    def has(self, of: Kind, place_id: int) -> bool:
        return place_id in (self.channels if of == "channel" else self.roles)

    def powers(self, role_id: int) -> int:
        role = self.roles.get(role_id)
        return role.powers if role is not None else 0


def find_place(server: Server, of: Kind, raw: object) -> Place:
    """The place that `{ id = "…", name = "…" }` means here. Raises `InvalidInput`, `NotFound` with near names."""
    place_id, name = _read(raw)
    if place_id is not None and server.has(of, place_id):
        found = server.place(of, place_id)
        assert found is not None
        return found
    if not name:
        raise _unknown(of, "", ())
    named = _named(server, of)
    same = [each for each in named if _key(of, each.name) == _key(of, name)]
    if len(same) == 1:
        return same[0]
    if same:
        raise InvalidInput(
            "There are {n} of the name “{name}” here. Write the id of the one that is meant.",
            n=len(same),
            name=name,
        )
    names = {_key(of, each.name): each.name for each in named}
    near = difflib.get_close_matches(_key(of, name), names, n=MOST_NAMES, cutoff=0.5)
    raise _unknown(of, name, tuple(names[each] for each in near))


def _read(raw: object) -> tuple[int | None, str]:
    table: Mapping[Any, Any] = raw if isinstance(raw, Mapping) else {}  # pyright: ignore[reportUnknownVariableType]  # of any file
    place_id, name = table.get("id", ""), table.get("name", "")
    if (
        not table
        or table.keys() - {"id", "name"}
        or not isinstance(place_id, str)
        or not isinstance(name, str)
    ):
        raise InvalidInput(
            "Write it like {example}, or {empty} for none.",
            example='{ name = "welcome" }',
            empty='""',
        )
    known = place_id.isascii() and place_id.isdecimal() and len(place_id) < 20
    return (int(place_id) if known else None), name[:LONGEST_NAME]


def _named(server: Server, of: Kind) -> list[Place]:
    if of == "channel":
        return [Place(of, place_id, name) for place_id, name in server.channels.items()]
    return [Place(of, role.id, role.name) for role in server.roles.values() if role.giveable]


def _key(of: Kind, name: str) -> str:
    """What two names have in common that mean the same. A channel may be written with its `#`."""
    if of == "channel":
        return channel_name(name) or name.casefold()  # a name of signs alone
    return name.removeprefix("@").strip().casefold()


def _unknown(of: Kind, name: str, near: tuple[str, ...]) -> NotFound:
    names = ", ".join(near)
    if of == "channel":
        if near:
            return NotFound(
                "There is no channel “{name}” in this server. The nearest names are: {names}.",
                name=name,
                names=names,
            )
        if name:
            return NotFound(
                "There is no channel “{name}” in this server. Create it first, or choose another.",
                name=name,
            )
        return NotFound("That channel is not in this server, and no name is given by which to find another.")
    if near:
        return NotFound(
            "There is no role “{name}” in this server. The nearest names are: {names}.",
            name=name,
            names=names,
        )
    if name:
        return NotFound(
            "There is no role “{name}” in this server. Create it first, or choose another.",
            name=name,
        )
    return NotFound("That role is not in this server, and no name is given by which to find another.")
