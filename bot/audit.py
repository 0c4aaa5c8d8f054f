"""Every change that staff make, written down in the transaction that makes it: who, what, before, after, why.

It is the community's own record, independent of Discord's audit log, and read with /manage audit. A change of
the configuration writes itself down (`bot/guild_config.py`); other use cases of staff call `record`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.clock import Clock
from storage import audit as storage


class Audit:
    """Writes the record."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def record(
        self,
        session: AsyncSession,
        actor: Actor,
        area: str,
        what: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        why: str | None = None,
        **fields: Any,
    ) -> None:
        """Write one change down.

        `area` is the word after /manage. `what` is a gettext id in the past tense without a subject
        ("published version {version} of {quest}"), `fields` fill its braces. `before` and `after` hold what
        changed, by name, as plain JSON values.
        """
        row = storage.AuditRow(
            guild_id=actor.guild_id,
            actor_id=actor.member_id,
            at=self._clock.now(),
            area=area,
            what=what,
            fields=fields,
            before=dict(before or {}),
            after=dict(after or {}),
            why=why,
        )
        await storage.add_audit(session, row)
