"""What facilitators have chosen for their community, typed and cached.

A section is a table with one row a guild and a frozen dataclass of the same field names, whose defaults
stand where there is no row. The shell's own section is `GuildConfig`; a feature registers its own when it
loads. Sections are changed only through /setup and /manage, and only by `change` here, so there is one
place where the cache is invalidated: after the commit, never before. Reading a cached section costs no SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import Audit
from bot.authority import Actor, Capability, CapabilityRoles
from bot.i18n import N_
from storage import guilds as storage
from storage.base import Base
from storage.database import Database, mark

_MARK = "config:"


@dataclass(frozen=True)
class GuildConfig:
    """What every feature needs to know of a community. `zone` is an IANA name, `locale` a Discord locale."""

    guild_id: int
    locale: str = "en"
    zone: str = "UTC"
    staff_channel_id: int | None = None
    facilitator_role_id: int | None = None
    moderator_role_id: int | None = None
    daily_ping_budget: int = 3

    @property
    def capability_roles(self) -> CapabilityRoles:
        chosen = {
            Capability.FACILITATE: self.facilitator_role_id,
            Capability.MODERATE: self.moderator_role_id,
            Capability.KICK: self.moderator_role_id,
            Capability.BAN: self.moderator_role_id,
        }
        return CapabilityRoles({key: frozenset({role}) for key, role in chosen.items() if role is not None})


Section = TypeVar("Section")


class GuildConfigs:
    """Reads and changes the sections of every guild's configuration."""

    def __init__(self, db: Database, audit: Audit) -> None:
        self._db = db
        self._audit = audit
        self._tables: dict[type[Any], type[Base]] = {}
        self._cache: dict[tuple[int, type[Any]], Any] = {}
        # Counts the invalidations of a guild: a value read before one must not be cached after it.
        self._generation: dict[int, int] = {}
        self._complete: set[type[Any]] = set()
        self.register(GuildConfig, storage.GuildRow)
        db.after_commit(self._invalidate)

    def register(self, section: type[Any], table: type[Base]) -> None:
        """Make a section known: `section` is a frozen dataclass whose first field is `guild_id`."""
        self._tables[section] = table

    async def load_all(self) -> None:
        """Read every section of every guild, so that nothing is read later on the way of a message.

        A guild without a row then has the defaults without a query, until something is changed in it.
        """
        before = dict(self._generation)
        async with self._db.read() as session:
            for section, table in self._tables.items():
                for row in await storage.list_config(session, table):
                    value = _snapshot(section, row)
                    if self._generation.get(value.guild_id, 0) == before.get(value.guild_id, 0):
                        self._cache[value.guild_id, section] = value
                self._complete.add(section)

    async def get(self, guild_id: int, section: type[Section]) -> Section:
        """The guild's section as it stands; the defaults where nothing was chosen."""
        cached = self._cache.get((guild_id, section))
        if cached is not None:
            return cast(Section, cached)
        generation = self._generation.get(guild_id, 0)
        if section in self._complete and generation == 0:
            value = self._cache[guild_id, section] = cast(Any, section)(guild_id=guild_id)
            return cast(Section, value)
        async with self._db.read() as session:
            row = await storage.find_config(session, self._tables[section], guild_id)
        value = _snapshot(section, row) if row is not None else cast(Any, section)(guild_id=guild_id)
        if self._generation.get(guild_id, 0) == generation:
            self._cache[guild_id, section] = value
        return cast(Section, value)

    async def guild(self, guild_id: int) -> GuildConfig:
        """The shell's section."""
        return await self.get(guild_id, GuildConfig)

    async def present(self, session: AsyncSession, guild_id: int, section: type[Section]) -> Section:
        """The section as this transaction sees it."""
        row = await storage.find_config(session, self._tables[section], guild_id)
        value = _snapshot(section, row) if row is not None else cast(Any, section)(guild_id=guild_id)
        return cast(Section, value)

    async def lock(self, session: AsyncSession, guild_id: int) -> None:
        """Keep every section from others until the end of this writing transaction."""
        for table in self._tables.values():
            await storage.change_config(session, table, guild_id, {})

    async def change(
        self,
        session: AsyncSession,
        guild_id: int,
        section: type[Section],
        *,
        by: Actor | None = None,
        **changes: Any,
    ) -> Section:
        """Change the section in the caller's transaction and return it as it will stand.

        `by` is who of staff wants it, which the audit keeps; None when nobody decided it (a channel was deleted).
        """
        row, before = await storage.change_config(session, self._tables[section], guild_id, changes)
        old = {name: value for name, value in before.items() if value != changes[name]}
        if by is not None and old:
            new = {name: changes[name] for name in old}
            await self._audit.record(session, by, "setup", N_("changed the set-up"), before=old, after=new)
        mark(session, f"{_MARK}{guild_id}")
        return cast(Section, _snapshot(section, row))

    def _invalidate(self, marks: frozenset[str]) -> None:
        for name in marks:
            if not name.startswith(_MARK):
                continue
            guild_id = int(name.removeprefix(_MARK))
            self._generation[guild_id] = self._generation.get(guild_id, 0) + 1
            for section in self._tables:
                self._cache.pop((guild_id, section), None)


def _snapshot(section: type[Any], row: Base) -> Any:
    return section(**{field.name: getattr(row, field.name) for field in fields(section)})
