"""Which badges can be earned at present, in memory by the kind of act: most acts concern none and cost nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Reaction
from bot.core import Core
from bot.criteria import Rule
from bot.living_rules import LivingRules
from cogs.badges.model import Badge, badge_of
from storage import badges as storage


class Living:
    """Keeps the badges that are on, and listens for the kinds of acts that they count."""

    def __init__(self, core: Core) -> None:
        self._on = LivingRules[Sequence[Badge]](
            core,
            "badges",
            read_all=_read_all,
            read=_read,
            rules_of=lambda badges: [each.rule for each in badges],
        )
        # Sorted when first asked: by then every feature has said what contributes.
        self._by_kind: dict[int, tuple[Sequence[Badge], Mapping[str, Sequence[Badge]]]] = {}

    async def load(self, react: Reaction, undo: Reaction) -> None:
        """Read all of them, and from now on call these two for the acts that any of them counts."""
        await self._on.load(react, undo)

    async def reload(self, guild_id: int) -> None:
        """After a community's badges were changed and the change is committed."""
        await self._on.reload(guild_id)

    async def reload_in(self, session: AsyncSession, guild_id: int) -> None:
        """The same within a transaction that changes them: it holds once that is committed."""
        await self._on.reload_in(session, guild_id)

    def forget(self) -> None:
        """The feature unloads."""
        self._on.forget()

    def of_kind(self, guild_id: int, kind: str) -> Sequence[Badge]:
        """The badges that count this kind, each with its rule as it is to be judged."""
        badges = self._on.of(guild_id)
        if not badges:
            return ()
        known = self._by_kind.get(guild_id)
        if known is None or known[0] is not badges:
            known = self._by_kind[guild_id] = badges, self._sorted(badges)
        return known[1].get(kind, ())

    def rule_of(self, badge: Badge) -> Rule:
        """What is to be judged."""
        return self._on.as_judged(badge.rule)

    def _sorted(self, badges: Sequence[Badge]) -> Mapping[str, Sequence[Badge]]:
        found: defaultdict[str, list[Badge]] = defaultdict(list)
        for badge in badges:
            judged = replace(badge, rule=self.rule_of(badge))
            for kind in judged.rule.kinds:
                found[kind].append(judged)
        return dict(found)


async def _read_all(session: AsyncSession) -> Mapping[int, Sequence[Badge]]:
    found: defaultdict[int, list[Badge]] = defaultdict(list)
    for row in await storage.list_on(session):
        found[row.guild_id].append(badge_of(row))
    return found


async def _read(session: AsyncSession, guild_id: int) -> Sequence[Badge]:
    rows = await storage.list_badges(session, guild_id)
    return [badge_of(row) for row in rows if row.state == storage.ON]
