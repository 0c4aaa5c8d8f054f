"""Notices when the bot itself was away: nobody could do anything then, so the weeks that it touches are held.

The sweep runs once a day at least. Where it did not, the bot was away from the day after its last run until now. An
absence of more than 35 days is believed only after an hour, because a clock that is a year ahead looks the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from storage import app_state
from storage import streaks as storage

LAST_SWEEP = "streaks_sweep"
WAIT_UNTIL = "streaks_wait_until"
DAY = timedelta(days=1)
LONGEST = timedelta(days=35)
WAIT = timedelta(hours=1)


async def note(session: AsyncSession, now: datetime) -> datetime | None:
    """Write down an absence that has just ended. Returns until when settling must wait, if it must."""
    last = await _find(session, LAST_SWEEP) or now
    wait_until = await _find(session, WAIT_UNTIL)
    await app_state.put(session, LAST_SWEEP, now.isoformat())
    if last > now:  # the clock was ahead, and is right again
        await storage.drop_absences(session, beyond=now)
        return None
    if now - last > 2 * DAY:
        await storage.add_absence(session, last + DAY, now)
    if now - last > LONGEST:
        wait_until = now + WAIT
        await app_state.put(session, WAIT_UNTIL, wait_until.isoformat())
    is_waiting = wait_until is not None and now < wait_until <= now + WAIT
    return wait_until if is_waiting else None


async def _find(session: AsyncSession, key: str) -> datetime | None:
    value = await app_state.find(session, key)
    return datetime.fromisoformat(value) if value else None
