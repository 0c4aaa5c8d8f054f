"""Which badges can be earned at present, in memory by the kind of act: most acts concern none and cost nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Reaction
from bot.core import Core
from bot.criteria import Rule, expand
from cogs.badges.model import Badge, badge_of
from storage import badges as storage
from storage.database import mark

_MARK = "badges.changed:"


class Living:
    """Keeps the badges that are on, and listens for the kinds of acts that they count."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._badges: dict[int, list[Badge]] = {}
        self._by_kind: dict[int, dict[str, list[Badge]]] = {}
        self._listening: set[str] = set()
        self._react: Reaction | None = None
        self._changed: dict[int, list[Badge]] = {}
        core.db.after_commit(self._after_commit)
        self._undo: Reaction | None = None

    async def load(self, react: Reaction, undo: Reaction) -> None:
        """Read all of them, and from now on call these two for the acts that any of them counts."""
        self._react, self._undo = react, undo
        async with self._core.db.read() as session:
            rows = await storage.list_on(session)
        found: defaultdict[int, list[Badge]] = defaultdict(list)
        for row in rows:
            found[row.guild_id].append(badge_of(row))
        for guild_id, badges in found.items():
            self._keep(guild_id, badges)

    async def reload(self, guild_id: int) -> None:
        """After a community's badges were changed and the change is committed."""
        async with self._core.db.read() as session:
            rows = await storage.list_badges(session, guild_id)
        self._keep(guild_id, [badge_of(row) for row in rows if row.state == storage.ON])

    async def reload_in(self, session: AsyncSession, guild_id: int) -> None:
        """The same within a transaction that changes them: it holds once that is committed."""
        rows = await storage.list_badges(session, guild_id)
        self._changed[guild_id] = [badge_of(row) for row in rows if row.state == storage.ON]
        mark(session, f"{_MARK}{guild_id}")

    def _after_commit(self, marks: frozenset[str]) -> None:
        for guild_id in [int(each.removeprefix(_MARK)) for each in marks if each.startswith(_MARK)]:
            if self._react is not None and guild_id in self._changed:
                self._keep(guild_id, self._changed.pop(guild_id))

    def forget(self) -> None:
        """The feature unloads."""
        if self._react is not None:
            self._core.ledger.forget(self._react)
            self._react = None
        self._listening.clear()

    def of_kind(self, guild_id: int, kind: str) -> Sequence[Badge]:
        """The badges that count this kind, each with its rule as it is to be judged."""
        if guild_id not in self._badges:
            return ()
        if guild_id not in self._by_kind:
            self._by_kind[guild_id] = self._sorted(self._badges[guild_id])
        return self._by_kind[guild_id].get(kind, ())

    def rule_of(self, badge: Badge) -> Rule:
        """What is to be judged: "any contribution" is what counts as one now."""
        return expand(badge.rule, list(self._core.ledger.contributions))

    def _keep(self, guild_id: int, badges: list[Badge]) -> None:
        self._badges[guild_id] = badges
        self._by_kind.pop(
            guild_id, None
        )  # sorted when first asked: by then every feature has said what contributes
        assert self._react is not None
        for kind in {kind for badge in badges for kind in badge.rule.kinds} - self._listening:
            self._listening.add(kind)
            if kind == "*":
                self._core.ledger.react_to_contributions(self._react, undo=self._undo)
            else:
                self._core.ledger.react_to(kind, self._react, undo=self._undo)

    def _sorted(self, badges: Sequence[Badge]) -> dict[str, list[Badge]]:
        found: defaultdict[str, list[Badge]] = defaultdict(list)
        for badge in badges:
            judged = replace(badge, rule=self.rule_of(badge))
            for kind in judged.rule.kinds:
                found[kind].append(judged)
        return dict(found)
