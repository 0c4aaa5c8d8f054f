"""The ledger: everything a member knowingly does that matters to learning, and what follows from it.

An act is one row (`storage/acts.py`). What follows from it (a quest step ticks, a badge is earned) is a
reaction, registered by a feature when it loads. Guarantees:

* Recording is idempotent by (guild, kind, member, subject): a second click or a repeated gateway event
  records nothing and runs no reaction.
* Reactions run in the same transaction as the act and get its row id, so either all of it happened or
  none, and every award can be explained by the act that caused it.
* A reaction of a feature that is switched off is not run; what it did before can still be undone.
* `retract` runs the undo of every reaction and retracts the acts that followed, in one transaction. An act
  that was retracted may be recorded again and then reacts again.

A reaction that raises fails the whole use case: a bug must not leave half of what follows. Tested in
`tests/bot/test_acts.py` on both databases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.features import Features, feature_of
from storage import acts as storage


@dataclass(frozen=True)
class Act:
    """What somebody did. `subject` names the thing done, unique per member and kind (a row id, a message id)."""

    kind: str
    guild_id: int
    member_id: int
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    cause_id: int | None = None


@dataclass(frozen=True)
class RecordedAct:
    """An act as it stands in the ledger."""

    id: int
    kind: str
    guild_id: int
    member_id: int
    subject: str
    details: Mapping[str, Any]
    cause_id: int | None
    at: datetime


Reaction = Callable[[AsyncSession, RecordedAct], Awaitable[None]]


@dataclass(frozen=True)
class _Registration:
    react: Reaction
    undo: Reaction | None


class Ledger:
    """Records acts and runs what features registered for them."""

    def __init__(self, clock: Clock, features: Features | None = None) -> None:
        self._clock = clock
        self._features = features
        self._registrations: defaultdict[str, list[_Registration]] = defaultdict(list)

    def react_to(self, kind: str, react: Reaction, *, undo: Reaction | None = None) -> None:
        """Run `react` for each new act of this kind, and `undo` when such an act is retracted."""
        self._registrations[kind].append(_Registration(react, undo))

    def forget(self, react: Reaction) -> None:
        """Remove a reaction wherever it was registered: what a feature does when it unloads."""
        for kind, registrations in self._registrations.items():
            self._registrations[kind] = [each for each in registrations if each.react != react]

    async def record(self, session: AsyncSession, act: Act) -> RecordedAct | None:
        """Record the act and run its reactions. Returns None when it was recorded before."""
        row = await storage.add_act(
            session,
            kind=act.kind,
            guild_id=act.guild_id,
            member_id=act.member_id,
            subject=act.subject,
            details=dict(act.details),
            cause_id=act.cause_id,
            at=self._clock.now(),
        )
        if row is None:
            return None
        recorded = _snapshot(row)
        for registration in self._registrations[act.kind]:
            feature = feature_of(registration.react)
            if self._features is None or await self._features.is_on(act.guild_id, feature):
                await registration.react(session, recorded)
        return recorded

    async def retract(self, session: AsyncSession, act_id: int, *, reason: str) -> bool:
        """Take the act back, with everything that followed from it. False when it was taken back before.

        What followed is undone first, the newest first, so an undo sees the state its reaction left.
        """
        row = await storage.retract_act(session, act_id, at=self._clock.now(), reason=reason)
        if row is None:
            return False
        for consequence in await storage.list_caused_by(session, act_id):
            await self.retract(session, consequence.id, reason=reason)
        for registration in reversed(self._registrations[row.kind]):
            if registration.undo is not None:
                await registration.undo(session, _snapshot(row))
        return True


def _snapshot(row: storage.ActRow) -> RecordedAct:
    return RecordedAct(
        id=row.id,
        kind=row.kind,
        guild_id=row.guild_id,
        member_id=row.member_id,
        subject=row.subject,
        details=row.details,
        cause_id=row.cause_id,
        at=row.at,
    )
