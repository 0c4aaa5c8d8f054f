"""What members do with badges: see what there is, how far they are, and what they have; and who else may ask."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot import evidence
from bot.authority import Actor
from bot.core import Core
from bot.criteria import progress
from bot.i18n import Translator
from bot.qualifications import Choice
from cogs.badges.living import Living
from cogs.badges.model import Award, Badge, BadgeSettings, CatalogEntry, Mine, award_of, badge_of
from cogs.badges.rules import State, Tier
from cogs.badges.words import title_of
from storage import badge_wins
from storage import badges as storage
from storage.badges import HELD

ON_CARD = 8
_ORDER = list(Tier)


class BadgesService:
    """The use cases of members."""

    def __init__(self, core: Core, living: Living) -> None:
        self._core = core
        self._living = living

    async def catalog(self, actor: Actor) -> tuple[CatalogEntry, ...]:
        """What can be earned now, with how far this member is. A hidden badge is shown to those who have it."""
        now = self._core.clock.now()
        async with self._core.db.read() as session:
            badges = [badge_of(row) for row in await storage.list_badges(session, actor.guild_id)]
            badges = [each for each in badges if each.is_given(now)]
            rows = await storage.list_of_member(session, actor.guild_id, actor.member_id)
            asked = {each.id: self._living.rule_of(each) for each in badges}
            kinds = sorted({kind for rule in asked.values() for kind in rule.kinds})
            acts = await evidence.of_member(session, actor.guild_id, actor.member_id, kinds)
        entries: list[CatalogEntry] = []
        for badge in sorted(badges, key=lambda each: (_ORDER.index(each.tier), each.id)):
            held = sum(row.badge_id == badge.id and row.state == HELD for row in rows)
            if held or not badge.hidden:
                how_far = progress(asked[badge.id], acts, now)
                # Said as it is written: "any contribution" rather than each of them.
                words = badge.rule.criteria
                shown = [
                    type(each)(criterion, each.done, each.needed, each.evidence)
                    for criterion, each in zip(words, how_far, strict=True)
                ]
                entries.append(CatalogEntry(badge, held, tuple(shown)))
        return tuple(entries)

    async def mine(self, actor: Actor) -> Mine:
        """Everything the member was given, the newest first."""
        settings = await self._core.configs.get(actor.guild_id, BadgeSettings)
        async with self._core.db.read() as session:
            awards = await self._awards(session, actor.guild_id, actor.member_id)
            shares = await badge_wins.shares(session, actor.guild_id, actor.member_id)
        return Mine(tuple(awards), shares, settings.channel_id)

    async def find(self, award_id: int) -> Award | None:
        """One award, for telling of it."""
        async with self._core.db.read() as session:
            row = await session.get(storage.BadgeAwardRow, award_id)
            badge = await storage.find_badge(session, row.guild_id, row.badge_id) if row is not None else None
        return award_of(row, badge_of(badge)) if row is not None and badge is not None else None

    # ------------------------------------------------------------------------------------------ for others

    async def card_line(
        self, session: AsyncSession, guild_id: int, member_id: int, t: Translator
    ) -> str | None:
        """The line of the member's card: the newest badges by name."""
        awards = [each for each in await self._awards(session, guild_id, member_id) if each.state == HELD]
        titles = list(dict.fromkeys(title_of(each.badge, t) for each in awards))
        if not titles:
            return None
        text = " · ".join(titles[:ON_CARD])
        more = len(titles) - ON_CARD
        return t("{badges} and {n} more", badges=text, n=more) if more > 0 else text

    async def choices(self, session: AsyncSession, guild_id: int) -> Sequence[Choice]:
        """The badges that can make somebody eligible for something."""
        badges = [badge_of(row) for row in await storage.list_badges(session, guild_id)]
        return [
            Choice(str(each.id), each.title, ours=each.ours)
            for each in badges
            if each.state is not State.DRAFT
        ]

    async def holders(self, session: AsyncSession, guild_id: int, key: str) -> set[int]:
        badge_id = _number(key)
        known = await storage.find_badge(session, guild_id, badge_id)
        return await storage.list_held(session, badge_id) if known is not None else set()

    async def has(self, session: AsyncSession, guild_id: int, member_id: int, key: str) -> bool:
        rows = await storage.list_of_people(session, _number(key), [member_id])
        return any(row.state == HELD and row.guild_id == guild_id for row in rows)

    async def _awards(self, session: AsyncSession, guild_id: int, member_id: int) -> list[Award]:
        rows = await storage.list_of_member(session, guild_id, member_id)
        badges: dict[int, Badge] = {}
        if rows:
            badges = {each.id: badge_of(each) for each in await storage.list_badges(session, guild_id)}
        return [award_of(row, badges[row.badge_id]) for row in rows]


def _number(key: str) -> int:
    return int(key) if key.isascii() and key.isdigit() and len(key) <= 18 else 0
