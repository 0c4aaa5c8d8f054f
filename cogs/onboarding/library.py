"""The quests of a community and their versions, for reading. `editor.py` changes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import NotFound
from cogs.onboarding.definition import QuestDefinition, from_json, to_json
from cogs.onboarding.shipped import shipped_quests
from storage import onboarding as storage


class VersionState(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"  # nobody begins it any more; who is in it goes on


@dataclass(frozen=True)
class Version:
    """One version of a quest. Instants are UTC; the people are 0 where it came with Lyceum, or they were deleted."""

    id: int
    guild_id: int
    version: int
    state: VersionState
    definition: QuestDefinition
    changed_at: datetime
    changed_by: int
    published_at: datetime | None
    published_by: int

    @property
    def key(self) -> str:
        return self.definition.key


class QuestLibrary:
    """Finds definitions. The quests that come with Lyceum become version 1 when a community first uses any."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def stock(self, session: AsyncSession, guild_id: int) -> None:
        """See that the community has its own copy of every quest that comes with Lyceum. In a writing transaction."""
        known = {row.key for row in await storage.list_versions(session, guild_id)}
        now = self._clock.now()
        for quest in shipped_quests().values():
            if quest.key not in known:
                row = {
                    "guild_id": guild_id,
                    "key": quest.key,
                    "version": 1,
                    "definition": to_json(quest),
                    "state": VersionState.PUBLISHED.value,
                    "changed_at": now,
                    "published_at": now,
                }
                await storage.add_version(session, row)

    async def get(self, session: AsyncSession, guild_id: int, key: str, version: int) -> QuestDefinition:
        """The definition that somebody's run follows."""
        row = await storage.find_version(session, guild_id, key, version)
        if row is not None:
            return from_json(row.definition)
        # Members of older releases are in the first quest before their community has a copy of it.
        return shipped_quests()[key]

    async def current(self, session: AsyncSession, guild_id: int, key: str) -> Version:
        """What those who begin now get. In a writing transaction. Raises `NotFound`."""
        row = await storage.find_in_state(session, guild_id, key, VersionState.PUBLISHED)
        if row is None:
            await self.stock(session, guild_id)
            row = await storage.find_in_state(session, guild_id, key, VersionState.PUBLISHED)
        if row is None:
            raise NotFound("That quest does not exist any more. See {command}.", command="`/quest status`")
        return snapshot(row)

    async def list_published(self, session: AsyncSession, guild_id: int) -> Sequence[Version]:
        """The quests that can be begun, those that come with Lyceum first."""
        rows = await storage.list_versions(session, guild_id)
        found = [snapshot(row) for row in rows if row.state == VersionState.PUBLISHED]
        order = list(shipped_quests())
        return sorted(found, key=lambda each: order.index(each.key) if each.key in order else len(order))

    async def find_by_id(self, session: AsyncSession, version_id: int) -> Version | None:
        row = await session.get(storage.QuestVersionRow, version_id)
        return snapshot(row) if row is not None else None


def snapshot(row: storage.QuestVersionRow) -> Version:
    return Version(
        id=row.id,
        guild_id=row.guild_id,
        version=row.version,
        state=VersionState(row.state),
        definition=from_json(row.definition),
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        published_at=row.published_at,
        published_by=row.published_by,
    )
