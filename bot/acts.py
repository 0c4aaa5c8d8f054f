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
* A feature says which of its kinds are contributions, so that others can react to all of them (a streak, a first
  time) without knowing any.

A reaction that raises fails the whole use case: a bug must not leave half of what follows. Tested in
`tests/bot/test_acts.py` on both databases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
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
    """What somebody did. `subject` names the thing done, unique per member and kind (a row id, a message id).

    `other_id` is whom it was done for or with (whose work was reviewed), so that rules can ask for different people.
    """

    kind: str
    guild_id: int
    member_id: int
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    cause_id: int | None = None
    other_id: int | None = None


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
    other_id: int | None = None


class CountBy(StrEnum):
    """What a count of acts answers."""

    ACTS = "acts"  # how many of them there are
    PEOPLE = "people"  # how many different people did one


Reaction = Callable[[AsyncSession, RecordedAct], Awaitable[None]]
NamesOf = Callable[[AsyncSession, Sequence[RecordedAct]], Awaitable[Mapping[int, str]]]
"""What was done in these acts, in the words of a person: the title of a challenge, by the id of the act. Not quoted yet;
without those that are gone."""


@dataclass(frozen=True)
class Contribution:
    """A kind of act by which somebody adds to the community: it makes a week count. Texts are gettext ids.

    `feature` is the one that must be on for it. `done` tells it ("Answered a ritual"), `next_step` is what to do for it,
    completing "What counts: ..."; None where it is not to be proposed. `first` greets the first one of a member; None
    where that is nothing special.
    """

    kind: str
    feature: str
    done: str
    next_step: str | None = None
    first: str | None = None
    names_of: NamesOf | None = None


_CONTRIBUTIONS = "*"  # stands in the registrations for every contribution


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
        self._contributions: dict[str, Contribution] = {}

    def react_to(self, kind: str, react: Reaction, *, undo: Reaction | None = None) -> None:
        """Run `react` for each new act of this kind, and `undo` when such an act is retracted."""
        self._registrations[kind].append(_Registration(react, undo))

    def react_to_contributions(self, react: Reaction, *, undo: Reaction | None = None) -> None:
        """The same for each new contribution of whatever kind, after what is registered for the kind itself."""
        self.react_to(_CONTRIBUTIONS, react, undo=undo)

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

    def contribute(self, *contributions: Contribution) -> None:
        """Acts of these kinds are contributions."""
        self._contributions.update({each.kind: each for each in contributions})

    def contribute_no_more(self, *contributions: Contribution) -> None:
        for each in contributions:
            self._contributions.pop(each.kind, None)

    @property
    def contributions(self) -> Mapping[str, Contribution]:
        """What counts as a contribution, by kind."""
        return self._contributions

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
            other_id=act.other_id,
            details=dict(act.details),
            cause_id=act.cause_id,
            at=self._clock.now(),
        )
        if row is None:
            return None
        recorded = _snapshot(row)
        for registration in self._of(act.kind):
            if await self._is_on(act.guild_id, registration):
                await registration.react(session, recorded)
        return recorded

    async def record_many(self, session: AsyncSession, acts: Sequence[Act]) -> list[RecordedAct]:
        """The same for many acts of one server and kind, at most a few hundred, of which none was recorded before.

        Returns those that are new; what was recorded before, also if it was taken back since, is passed over.
        """
        at = self._clock.now()
        rows = await storage.add_many(
            session,
            [
                {
                    "guild_id": act.guild_id,
                    "kind": act.kind,
                    "member_id": act.member_id,
                    "subject": act.subject,
                    "other_id": act.other_id,
                    "details": dict(act.details),
                    "cause_id": act.cause_id,
                    "at": at,
                }
                for act in acts
            ],
        )
        recorded = [_snapshot(row) for row in rows]
        if recorded:
            for registration in self._of(recorded[0].kind):
                if await self._is_on(recorded[0].guild_id, registration):
                    for each in recorded:
                        await registration.react(session, each)
        return recorded

    async def _is_on(self, guild_id: int, registration: _Registration) -> bool:
        feature = feature_of(registration.react)
        return self._features is None or await self._features.is_on(guild_id, feature)

    async def retract(self, session: AsyncSession, act_id: int, *, reason: str) -> bool:
        """Take the act back, with everything that followed from it. False when it was taken back before.

        What followed is undone first, the newest first, so an undo sees the state its reaction left.
        """
        row = await storage.retract_act(session, act_id, at=self._clock.now(), reason=reason)
        if row is None:
            return False
        for consequence in await storage.list_caused_by(session, act_id):
            await self.retract(session, consequence.id, reason=reason)
        for registration in reversed(self._of(row.kind)):
            if registration.undo is not None:
                await registration.undo(session, _snapshot(row))
        return True

    async def list_contributions(
        self,
        session: AsyncSession,
        guild_id: int,
        members: Collection[int],
        *,
        since: datetime,
        until: datetime,
    ) -> list[tuple[int, int, datetime]]:
        """The contributions of these members that stand, from `since` until just before `until`: member, id, instant."""
        kinds = tuple(self._contributions)
        return await storage.list_of_members(session, guild_id, kinds, members, since=since, until=until)

    async def first(
        self, session: AsyncSession, guild_id: int, kind: str, member_id: int
    ) -> RecordedAct | None:
        """The member's earliest act of a kind that stands."""
        row = await storage.find_first(session, guild_id, kind, member_id)
        return _snapshot(row) if row is not None else None

    async def list_by_id(self, session: AsyncSession, ids: Collection[int]) -> list[RecordedAct]:
        """These acts, also those that were taken back, in order."""
        return [_snapshot(row) for row in await storage.list_acts(session, ids)]

    async def names_of(self, session: AsyncSession, acts: Iterable[RecordedAct]) -> dict[int, str]:
        """What was done in them, by the id of the act, where its kind has names."""
        by_kind: defaultdict[str, list[RecordedAct]] = defaultdict(list)
        for act in acts:
            by_kind[act.kind].append(act)
        found: dict[int, str] = {}
        for kind, of_kind in by_kind.items():
            known = self._contributions.get(kind)
            if known is not None and known.names_of is not None:
                found |= await known.names_of(session, of_kind)
        return found

    async def was_ever_recorded(self, session: AsyncSession, act: Act) -> bool:
        """Whether this act was recorded once, be it taken back or not."""
        return await storage.is_known(session, act.guild_id, act.kind, act.member_id, act.subject)

    def _of(self, kind: str) -> list[_Registration]:
        """What is registered for a kind, the general after the particular."""
        general = self._registrations[_CONTRIBUTIONS] if kind in self._contributions else []
        return [*self._registrations[kind], *general]


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
        other_id=row.other_id,
    )
