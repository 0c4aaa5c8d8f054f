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
* A feature names the kinds that make sense to count; `count` is exact, by one look into an index.

A reaction that raises fails the whole use case: a bug must not leave half of what follows. Tested in
`tests/bot/test_acts.py` on both databases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
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


class CountBy(StrEnum):
    """What a count of acts answers."""

    ACTS = "acts"  # how many of them there are
    PEOPLE = "people"  # how many different people did one


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
        self._named: dict[str, str] = {}

    def react_to(self, kind: str, react: Reaction, *, undo: Reaction | None = None) -> None:
        """Run `react` for each new act of this kind, and `undo` when such an act is retracted."""
        self._registrations[kind].append(_Registration(react, undo))

    def forget(self, react: Reaction) -> None:
        """Remove a reaction wherever it was registered: what a feature does when it unloads."""
        for kind, registrations in self._registrations.items():
            self._registrations[kind] = [each for each in registrations if each.react != react]

    def name(self, kind: str, title: str) -> None:
        """Offer acts of this kind for counting. `title` is a gettext id, a thing done ("Hellos written")."""
        self._named[kind] = title

    def unname(self, *kinds: str) -> None:
        for kind in kinds:
            self._named.pop(kind, None)

    @property
    def countable(self) -> Mapping[str, str]:
        """The kinds that can be counted with their titles, in the order in which they were named."""
        return dict(self._named)

    async def count(
        self,
        session: AsyncSession,
        guild_id: int,
        kind: str,
        *,
        by: CountBy,
        since: datetime,
        until: datetime,
    ) -> int:
        """How many acts of this kind stand from `since` (inclusive) to `until` (not inclusive), or by how many people."""
        return await storage.count_acts(
            session, guild_id, kind, since=since, until=until, people=by is CountBy.PEOPLE
        )

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
