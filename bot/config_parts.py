"""What a configuration file is made of: parts, which the shell and the features add.

A part stands for some keys of one table of the file. It exports them as values, reads wanted values out of a file,
key by key, noting what is wrong with each, and applies those that differ. Comparing, showing, keeping and rolling
back are the same for every part (`bot/config_service.py`).

What a value is, and how keys are read: `bot/config_reading.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.config_places import Server
from bot.config_reading import Given, Wanted


@dataclass(frozen=True)
class Ground:
    """What a part works on: the transaction, who wants it, and the server as it is now."""

    session: AsyncSession
    actor: Actor
    server: Server

    @property
    def guild_id(self) -> int:
        return self.actor.guild_id


class Part(Protocol):
    """Some keys of one table. Several parts may share a table. `title` and the labels in `keys` are gettext ids."""

    @property
    def table(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def keys(self) -> Mapping[str, str]:
        """The keys, in the order in which they are written, with the label that people know."""
        ...

    async def export(self, ground: Ground) -> Wanted:
        """What stands now, for every key. What members say of themselves and who did what are never in it."""
        ...

    async def read(self, ground: Ground, given: Given) -> None:
        """Read each key with the methods of `given`, which note what is wrong. Changes nothing."""
        ...

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        """Write the keys that differ, audited, in the transaction of `ground`."""
        ...


class ConfigParts:
    """The parts that features have added, in the order of their applying."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def add(self, part: Part) -> None:
        """Add a feature's part. Raises ValueError when another has one of its keys."""
        for other in self._parts:
            if other.table == part.table and other.keys.keys() & part.keys.keys():
                raise ValueError(f"two parts for keys of [{part.table}]")
        self._parts.append(part)

    def remove(self, part: Part) -> None:
        self._parts = [each for each in self._parts if each is not part]

    @property
    def all(self) -> tuple[Part, ...]:
        return tuple(self._parts)
