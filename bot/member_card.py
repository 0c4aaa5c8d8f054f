"""The lines of a member's card, which features contribute without knowing each other.

Each line is private until the member chooses otherwise, line by line: for members who open the card, or for all,
which also allows showing it in a channel. A line that a feature has no text for is left out, and so is every line of a
feature that is switched off. What the member chose about a line stays when its feature goes and comes back.

A feature registers its `CardLine` in `cog_load`:

    core.member_cards.register(CardLine("rota", N_("Roles served"), service.card_line, rank=20))

where `card_line(session, guild_id, member_id, t)` returns the line's text in the reader's language, or None.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from bot.features import Features, feature_of
from bot.i18n import Translator
from storage import card as storage
from storage import members as member_storage


class ShownTo(StrEnum):
    """Who may see a line."""

    NOBODY = "nobody"  # the member alone
    MEMBERS = "members"  # members who open the card
    ALL = "all"  # the same, and it may be posted in a channel

    @property
    def for_members(self) -> bool:
        return self is not ShownTo.NOBODY


Load = Callable[[AsyncSession, int, int, Translator], Awaitable[str | None]]
"""From server, member and the reader's language to the text; None when there is nothing to say."""


@dataclass(frozen=True)
class CardLine:
    """One line. `title` is a gettext id of at most 40 characters; a lower `rank` stands higher.

    `load` returns Markdown: what a member wrote is quoted by `bot.text.quote` already.
    """

    key: str
    title: str
    load: Load
    rank: int = 50


@dataclass(frozen=True)
class Line:
    """A line as it stands. `text` is None where there is nothing to say yet, which only the member gets to see."""

    key: str
    title: str
    text: str | None
    shown_to: ShownTo


class MemberCards:
    """Knows the lines, and who may see them."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self._lines: dict[str, CardLine] = {}

    def register(self, line: CardLine) -> None:
        """Add a line. Raises ValueError when there is one of that key."""
        if line.key in self._lines:
            raise ValueError(f"two lines of the card have the key {line.key!r}")
        self._lines[line.key] = line

    def unregister(self, key: str) -> None:
        self._lines.pop(key, None)

    async def read_own(
        self, session: AsyncSession, guild_id: int, member_id: int, t: Translator
    ) -> tuple[Line, ...]:
        """All lines, for the member: also those that nobody else sees, and those that are empty yet."""
        choices = await storage.list_choices(session, guild_id, member_id)
        lines = [
            Line(
                each.key,
                each.title,
                await each.load(session, guild_id, member_id, t),
                ShownTo(choices.get(each.key, ShownTo.NOBODY)),
            )
            for each in await self._present(guild_id)
        ]
        return tuple(lines)

    async def read_shown(
        self, session: AsyncSession, guild_id: int, member_id: int, t: Translator, *, in_channel: bool = False
    ) -> tuple[Line, ...]:
        """What others may see: members who open the card, or everybody when it is shown in a channel."""
        choices = await storage.list_choices(session, guild_id, member_id)
        lines: list[Line] = []
        for each in await self._present(guild_id):
            shown_to = ShownTo(choices.get(each.key, ShownTo.NOBODY))
            if shown_to is ShownTo.ALL or (shown_to.for_members and not in_channel):
                text = await each.load(session, guild_id, member_id, t)
                if text is not None:
                    lines.append(Line(each.key, each.title, text, shown_to))
        return tuple(lines)

    async def shown_to(self, session: AsyncSession, guild_id: int, member_id: int, key: str) -> ShownTo:
        """Who may see one line of the member's."""
        chosen = await storage.find_choice(session, guild_id, member_id, key)
        return ShownTo(chosen) if chosen is not None else ShownTo.NOBODY

    async def choose(
        self, session: AsyncSession, guild_id: int, member_id: int, choices: Mapping[str, ShownTo]
    ) -> None:
        """Keep the member's choices for these lines; lines that nobody contributes are passed over."""
        # Locks the member's row, so that of two forms sent at once the later is kept whole.
        await member_storage.change_member(session, guild_id, member_id)
        known = {key: choice.value for key, choice in choices.items() if key in self._lines}
        await storage.set_choices(session, guild_id, member_id, known)

    async def _present(self, guild_id: int) -> list[CardLine]:
        """The lines of the features that are on, in their order."""
        off = await self._features.list_off(guild_id)
        there = [each for each in self._lines.values() if feature_of(each.load) not in off]
        return sorted(there, key=lambda each: (each.rank, each.key))
