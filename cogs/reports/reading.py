"""Copies of reported messages, and what Discord says of those who are reported.

A message's menu brings the message along; its copy waits in memory until the form is sent, for it may be deleted in
between. After a restart, and for a link, it is read from Discord, and only where the person may read it themselves.
"""

from __future__ import annotations

from collections import OrderedDict

import discord

from bot.authority import Actor, Capability, has
from bot.cases import Snippet
from bot.core import Core
from bot.members import ask_for_member
from bot.message_reading import message_for
from cogs.reports.model import About

MOST_WAITING = 500
LONGEST_TEXT = 4000
MOST_FILES = 10


class Reading:
    """Looks at Discord."""

    def __init__(self, client: discord.Client, core: Core) -> None:
        self._client = client
        self._core = core
        self._waiting: OrderedDict[tuple[int, int], tuple[Snippet, About | None]] = OrderedDict()

    async def remember(self, reporter_id: int, message: discord.Message) -> About | None:
        """Keep a copy until the form is sent, at most so many. Returns whom it is about."""
        about = await self.about_author(message)
        self._waiting[reporter_id, message.id] = (snippet_of(message), about)
        self._waiting.move_to_end((reporter_id, message.id))
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        return about

    async def recall(
        self, reporter: discord.Member, channel_id: int, message_id: int
    ) -> tuple[Snippet, About | None]:
        """The copy and whom it is about, or the message as it is now. Raises `NotFound`, `ServiceUnavailable`."""
        known = self._waiting.get((reporter.id, message_id))
        if known is not None:
            return known
        message = await message_for(reporter, channel_id, message_id)
        return snippet_of(message), await self.about_author(message)

    def forget(self, reporter_id: int, message_id: int) -> None:
        self._waiting.pop((reporter_id, message_id), None)

    async def about_author(self, message: discord.Message) -> About | None:
        """Whom a report of this message is about; nobody where it is a webhook's, or my own."""
        if message.webhook_id is not None or message.author.id == self.own_id:
            return None
        author = message.author
        if not isinstance(author, discord.Member) and message.guild is not None:
            author = await ask_for_member(message.guild, author.id) or author
        return await self.about(author)

    async def about(self, person: discord.Member | discord.User) -> About:
        """Whether they are of staff, or own the server."""
        if not isinstance(person, discord.Member):
            return About(person.id)
        roles = (await self._core.configs.guild(person.guild.id)).capability_roles
        actor = Actor(
            guild_id=person.guild.id,
            member_id=person.id,
            role_ids=frozenset(role.id for role in person.roles),
            permissions=person.guild_permissions.value,
            is_owner=person.guild.owner_id == person.id,
        )
        is_staff = not person.bot and any(
            has(actor, each, roles) for each in (Capability.MODERATE, Capability.FACILITATE)
        )
        return About(person.id, is_staff, actor.is_owner)

    @property
    def own_id(self) -> int:
        """The bot's own."""
        return self._client.user.id if self._client.user is not None else 0


def snippet_of(message: discord.Message) -> Snippet:
    """What is kept of a message."""
    return Snippet(
        author_id=message.author.id,
        text=_storable(message.content)[:LONGEST_TEXT],
        channel_id=message.channel.id,
        message_id=message.id,
        attachments=tuple(_storable(each.filename)[:100] for each in message.attachments[:MOST_FILES]),
        link=message.jump_url,
    )


def _storable(text: str) -> str:
    """Without NUL and halves of a pair, which PostgreSQL does not take."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")
