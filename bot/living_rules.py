"""The rules over acts that each community has at present, in memory, and a listener for the kinds of acts they count.

Most acts concern no rule, and finding that out must cost no SQL. What a transaction changes holds from its commit on:
`reload_in` reads it inside, so that an act which is recorded right after the commit is judged by the new rules. A kind
that was ever listened for stays so until the feature unloads; whoever reacts asks again which rules count it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Reaction
from bot.core import Core
from bot.criteria import ANY_CONTRIBUTION, Rule, expand
from storage.database import mark

Kept = TypeVar("Kept")


@dataclass(frozen=True)
class _Change(Generic[Kept]):
    guild_id: int
    kept: Kept


class LivingRules(Generic[Kept]):
    """What one feature keeps of each community, for instance its badges that can be earned.

    `name` tells this feature's changes from others'. `read_all` reads it of every community that has any, `read` of one;
    `rules_of` says which rules are in it.
    """

    def __init__(
        self,
        core: Core,
        name: str,
        *,
        read_all: Callable[[AsyncSession], Awaitable[Mapping[int, Kept]]],
        read: Callable[[AsyncSession, int], Awaitable[Kept]],
        rules_of: Callable[[Kept], Iterable[Rule]],
    ) -> None:
        self._core = core
        self._mark = f"{name}.rules:"
        self._read_all = read_all
        self._read = read
        self._rules_of = rules_of
        self._kept: dict[int, Kept] = {}
        self._changed = WeakValueDictionary[str, _Change[Kept]]()
        self._numbers = count()
        self._listening: set[str] = set()
        self._react: Reaction | None = None
        self._undo: Reaction | None = None
        core.db.after_commit(self._after_commit)

    async def load(self, react: Reaction, undo: Reaction, *always: Rule) -> None:
        """Read all of them, and from now on call these two for the acts that any counts, or that `always` does."""
        self._react, self._undo = react, undo
        self._listen(always)
        async with self._core.db.read() as session:
            found = await self._read_all(session)
        for guild_id, kept in found.items():
            self._keep(guild_id, kept)

    async def reload(self, guild_id: int) -> None:
        """After a change of a community's is committed."""
        async with self._core.db.read() as session:
            self._keep(guild_id, await self._read(session, guild_id))

    async def reload_in(self, session: AsyncSession, guild_id: int) -> None:
        """The same within a transaction that changes them: it holds once that is committed."""
        # Each transaction has its own, which goes with it when it is rolled back: two may change the same at once.
        name = f"{self._mark}{next(self._numbers)}"
        self._changed[name] = session.info[name] = _Change(guild_id, await self._read(session, guild_id))
        mark(session, name)

    def forget(self) -> None:
        """The feature unloads."""
        if self._react is not None:
            self._core.ledger.forget(self._react)
            self._react = None
        self._listening.clear()

    def of(self, guild_id: int) -> Kept | None:
        """What the community has; None when nothing was read of it."""
        return self._kept.get(guild_id)

    def as_judged(self, rule: Rule) -> Rule:
        """The rule as it is to be judged: "any contribution" is what counts as one now."""
        return expand(rule, list(self._core.ledger.contributions))

    def _after_commit(self, marks: frozenset[str]) -> None:
        for change in [self._changed[each] for each in marks if each.startswith(self._mark)]:
            if self._react is not None:
                self._keep(change.guild_id, change.kept)

    def _keep(self, guild_id: int, kept: Kept) -> None:
        self._kept[guild_id] = kept
        self._listen(self._rules_of(kept))

    def _listen(self, rules: Iterable[Rule]) -> None:
        assert self._react is not None
        for kind in {kind for rule in rules for kind in rule.kinds} - self._listening:
            self._listening.add(kind)
            if kind == ANY_CONTRIBUTION:
                self._core.ledger.react_to_contributions(self._react, undo=self._undo)
            else:
                self._core.ledger.react_to(kind, self._react, undo=self._undo)
