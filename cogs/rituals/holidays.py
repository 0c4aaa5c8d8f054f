"""The days on which no ritual is posted."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.text import clean
from cogs.rituals import rules, when
from cogs.rituals.model import Part, RitualSettings
from storage import rituals as storage


class Holidays(Part):
    """The community's list of them."""

    async def show(self, actor: Actor) -> dict[str, str]:
        """The days on which no ritual is posted, with their names."""
        await self.check(actor)
        return {day: str(name) for day, name in (await self._holidays(actor.guild_id)).items()}

    async def change(self, actor: Actor, typed: str) -> dict[str, str]:
        """Replace the list. Raises `InvalidInput`."""
        await self.check(actor)
        wanted = rules.read_holidays(clean(typed))
        async with self._core.db.begin() as session:
            await self.change_in(session, actor, wanted)
        return wanted

    async def change_in(self, session: AsyncSession, actor: Actor, wanted: Mapping[str, str]) -> None:
        """Replace the list within a transaction, for who was let through before."""
        # Locks the row: of two who save at once, the second decides over what the first has written.
        present = await self._core.configs.change(session, actor.guild_id, RitualSettings)
        if dict(present.holidays) == wanted:
            return
        await self._core.configs.change(session, actor.guild_id, RitualSettings, by=actor, holidays=wanted)
        for row in await storage.list_rituals(session, actor.guild_id):
            schedule = await self._schedule(session, row)
            if schedule is not None:
                rule = when.without(schedule.rule, when.dates_of(row.left_out), wanted)
                await self._core.schedules.change(session, schedule.id, rule=rule)
