"""What members do with their card and see of others'."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.authority import Actor
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import Translator
from bot.member_card import Line, ShownTo
from bot.outbox import Posted
from cogs.card import rules
from storage import card as storage
from storage import members as member_storage

POST = "card.shown"


@dataclass(frozen=True)
class MemberCard:
    """Somebody's card as its reader may see it. `is_own`: all lines, with who sees each."""

    guild_id: int
    member_id: int
    lines: tuple[Line, ...]
    is_own: bool = False


class CardService:
    """The use cases."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def own(self, actor: Actor, t: Translator) -> MemberCard:
        """One's own, with everything on it."""
        async with self._core.db.read() as session:
            lines = await self._core.member_cards.read_own(session, actor.guild_id, actor.member_id, t)
        return MemberCard(actor.guild_id, actor.member_id, lines, is_own=True)

    async def shown(
        self, guild_id: int, member_id: int, t: Translator, *, in_channel: bool = False
    ) -> MemberCard:
        """What members who open it may see, or what may stand in a channel."""
        async with self._core.db.read() as session:
            lines = await self._core.member_cards.read_shown(
                session, guild_id, member_id, t, in_channel=in_channel
            )
        return MemberCard(guild_id, member_id, lines)

    async def view(self, actor: Actor, member_id: int, t: Translator, *, is_bot: bool) -> MemberCard:
        """Somebody's card, as this member may see it. Raises `InvalidInput` for a bot."""
        if is_bot:
            raise InvalidInput("Bots have no card. What I can do is under {command}.", command="`/help`")
        if member_id == actor.member_id:
            return await self.own(actor, t)
        return await self.shown(actor.guild_id, member_id, t)

    async def choose(
        self, actor: Actor, members: Collection[str], everywhere: Collection[str], offered: Collection[str]
    ) -> None:
        """Who sees which of the lines that were offered. What stands in channels goes, as it may say too much now."""
        chosen = {
            key: ShownTo(shown.value) for key, shown in rules.choices(offered, members, everywhere).items()
        }
        async with self._core.db.begin() as session:
            await self._core.member_cards.choose(session, actor.guild_id, actor.member_id, chosen)
            for key in await storage.list_posts(session, actor.guild_id, actor.member_id, POST):
                await self._core.outbox.delete_post(session, key, f"{key}:gone")

    async def note_shown(self, actor: Actor, posted: Posted, lines: Collection[str]) -> None:
        """These lines were shown in a channel: the post goes with the member, and when they choose anew who sees what,
        also if they did so while it was on its way."""
        key = f"{POST}:{posted.message_id}"
        guild_id, member_id = actor.guild_id, actor.member_id
        async with self._core.db.begin() as session:
            # Locks the member's row, as choosing does: of the two the later one sees the other.
            await member_storage.change_member(session, guild_id, member_id)
            await self._core.outbox.note_posted(session, key, posted, guild_id=guild_id, member_id=member_id)
            for each in lines:
                shown = await self._core.member_cards.shown_to(session, guild_id, member_id, each)
                if shown is not ShownTo.ALL:
                    await self._core.outbox.delete_post(session, key, f"{key}:gone")
