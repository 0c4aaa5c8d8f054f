"""Surges that are announced: many are expected, so that an alarm takes more of them, and is never switched off."""

from __future__ import annotations

from datetime import UTC

from bot.authority import Actor, Capability
from bot.core import Core
from bot.errors import AlreadyDone, NotFound
from bot.i18n import N_
from bot.nominal_times import local_now
from bot.time_input import parse_moment
from cogs.raids import rules
from cogs.raids.lockdowns import CHANGED_MARK
from cogs.raids.model import AREA, AnnouncedSurge
from storage import raids as storage
from storage.database import mark

MOST_SURGES = 10


class Surges:
    """Announces and takes back."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def announce(self, actor: Actor, expected: int, begins: str | None, ends: str) -> AnnouncedSurge:
        """So many are expected from then to then, by the clock of the community; without a beginning from now on.

        Raises `InvalidInput` for what cannot be read or cannot be.
        """
        core = self._core
        await core.guards.require(actor, Capability.MODERATE)
        config, now = await core.configs.guild(actor.guild_id), core.clock.now()
        locale = actor.locale or config.locale
        start = parse_moment(begins, now=now, zone=config.zone, locale=locale).at if begins else now
        end = parse_moment(ends, now=start, zone=config.zone, locale=locale).at
        rules.check_surge(expected, start, end, now)
        async with core.db.begin() as session:
            await core.configs.lock(session, actor.guild_id)  # two at once are counted one after the other
            if len(await storage.list_surges(session, now, actor.guild_id)) >= MOST_SURGES:
                raise AlreadyDone("Ten surges are announced already. Take one back first.")
            row = storage.RaidSurgeRow(
                guild_id=actor.guild_id,
                by_id=actor.member_id,
                expected=expected,
                begins_at=start.astimezone(UTC),
                ends_at=end.astimezone(UTC),
                nominal=f"{local_now(start, config.zone):%Y-%m-%dT%H:%M}/{local_now(end, config.zone):%Y-%m-%dT%H:%M}",
                zone=config.zone,
                came=0,
            )
            session.add(row)
            await session.flush()
            await core.audit.record(session, actor, AREA, N_("announced newcomers: {n}"), n=expected)
            mark(session, f"{CHANGED_MARK}{actor.guild_id}")
            return surge_of(row)

    async def cancel(self, actor: Actor, surge_id: int) -> None:
        """It does not come. Raises `NotFound`."""
        core = self._core
        await core.guards.require(actor, Capability.MODERATE)
        async with core.db.begin() as session:
            found = await storage.list_surges(session, core.clock.now(), actor.guild_id)
            row = next((each for each in found if each.id == surge_id), None)
            if row is None:
                raise NotFound("That surge is over, or was taken back.")
            row.cancelled_at = core.clock.now()
            await core.audit.record(
                session, actor, AREA, N_("took back a surge, newcomers: {n}"), n=row.expected
            )
            mark(session, f"{CHANGED_MARK}{actor.guild_id}")


def surge_of(row: storage.RaidSurgeRow) -> AnnouncedSurge:
    return AnnouncedSurge(
        row.id, row.guild_id, row.by_id, row.expected, row.begins_at, row.ends_at, row.came, row.zone
    )
