"""What Discord's objects say that concerns onboarding."""

from __future__ import annotations

import discord

from bot.authority import ELEVATED
from cogs.onboarding.rules import is_answer


def harmless_roles(guild: discord.Guild) -> frozenset[int]:
    """The roles that carry no power over others, as Discord counts it."""
    return frozenset(role.id for role in guild.roles if not role.permissions.value & ELEVATED)


def roles_of(person: discord.Member | discord.User) -> frozenset[int]:
    return frozenset(role.id for role in person.roles) if isinstance(person, discord.Member) else frozenset()


def is_reply(message: discord.Message) -> bool:
    """Whether it answers somebody else's message. Whose it is, Discord says along with it."""
    if message.type is not discord.MessageType.reply or message.reference is None:
        return False
    answered = message.reference.resolved
    if not isinstance(answered, discord.Message):
        return False
    return is_answer(
        reactor_id=message.author.id, author_id=answered.author.id, author_is_bot=answered.author.bot
    )
