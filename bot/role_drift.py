"""Where Discord and I disagree about who has a role that I give: shown by /setup doctor, put right only by a person.

People give and take roles by hand, and mean it. So nothing is corrected by itself: a facilitator looks at the
difference and chooses who is right. A feature that gives roles registers a `Source`. What is read is the roster, so
somebody of whom it has not been told is not spoken of, and neither is a role that is just being changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import discord
from discord.ext import commands
from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.cards import Button, Buttons, Card, Style, Text, custom_id
from bot.components import Components
from bot.core import Core
from bot.errors import AlreadyDone
from bot.i18n import Translator
from bot.interactions import actor_of
from bot.members import roster_of
from bot.replies import reply_to
from bot.role_drift_model import Drift, Given
from bot.setup_checks import DRIFT_CONTROL, DriftFact
from bot.text import mention_role, mention_user
from storage import outbox as outbox_storage

BOT_CONTROL = "setup:drift.bot"
DISCORD_CONTROL = "setup:drift.discord"
SHOWN = 15


class Source(Protocol):
    """A feature that gives roles."""

    feature: str

    async def given(self, session: AsyncSession, guild_id: int) -> Sequence[Given]:
        """The roles that it gives in a server, each with who should have it."""
        ...

    async def bot_wins(self, actor: Actor, drift: Drift) -> None:
        """Give and take the role as the record says, through the outbox, and write it into the audit."""
        ...

    async def discord_wins(self, actor: Actor, drift: Drift) -> None:
        """Take what people did in Discord into the record, and write it into the audit."""
        ...


class RoleDrift:
    """Compares, shows, and has it put right."""

    def __init__(self, core: Core, components: Components, client: Callable[[], commands.Bot]) -> None:
        self._core = core
        self._client = client
        self._sources: list[Source] = []
        components.register(DRIFT_CONTROL, self._show)
        components.register(BOT_CONTROL, self._bot_wins)
        components.register(DISCORD_CONTROL, self._discord_wins)

    def add(self, source: Source) -> None:
        self._sources.append(source)

    def remove(self, source: Source) -> None:
        self._sources = [each for each in self._sources if each is not source]

    async def facts(self, session: AsyncSession, guild: discord.Guild) -> tuple[DriftFact, ...]:
        """The differences in a server, in numbers."""
        found = [drift for source in self._sources for drift in await self._of(source, session, guild)]
        return tuple(
            DriftFact(
                each.role_id, mention_role(each.role_id), each.title, len(each.missing), len(each.extra)
            )
            for each in found
        )

    async def _of(self, source: Source, session: AsyncSession, guild: discord.Guild) -> list[Drift]:
        if not await self._core.features.is_on(guild.id, source.feature):
            return []
        changing = await outbox_storage.list_changing_roles(session, guild.id)
        found: list[Drift] = []
        roster = roster_of(guild)
        for given in await source.given(session, guild.id):
            role = guild.get_role(given.role_id)
            if role is None:
                continue
            has = roster.having({role.id})
            known = {each for each in given.members if each in roster}
            busy = {member_id for member_id, role_id in changing if role_id == role.id}
            missing = tuple(sorted(known - has - busy))
            extra = tuple(sorted(has - given.members - busy))
            if missing or extra:
                found.append(Drift(role.id, given.title, missing, extra))
        return found

    async def _find(self, interaction: discord.Interaction[Any], role_id: int | None) -> tuple[Source, Drift]:
        actor = actor_of(interaction)
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        guild = self._client().get_guild(actor.guild_id)
        if guild is not None:
            async with self._core.db.read() as session:
                for source in self._sources:
                    for drift in await self._of(source, session, guild):
                        if drift.role_id == role_id:
                            return source, drift
        raise AlreadyDone("Discord and I agree about this role by now. Nothing is left to choose.")

    async def _show(self, interaction: discord.Interaction[Any], role_id: int | None) -> None:
        _, drift = await self._find(interaction, role_id)
        reply = reply_to(interaction)
        await reply.show(drift_card(drift, reply.translator))

    async def _bot_wins(self, interaction: discord.Interaction[Any], role_id: int | None) -> None:
        source, drift = await self._find(interaction, role_id)
        await source.bot_wins(actor_of(interaction), drift)
        await self._done(interaction, drift)

    async def _discord_wins(self, interaction: discord.Interaction[Any], role_id: int | None) -> None:
        source, drift = await self._find(interaction, role_id)
        await source.discord_wins(actor_of(interaction), drift)
        await self._done(interaction, drift)

    async def _done(self, interaction: discord.Interaction[Any], drift: Drift) -> None:
        reply = reply_to(interaction)
        t = reply.translator
        text = t("**Done.** Discord and I agree about {role} again.", role=mention_role(drift.role_id))
        await reply.show_privately(Card((Text(text),)))


def drift_card(drift: Drift, t: Translator) -> Card:
    """Both sides of the difference, and the choice who is right."""
    role = mention_role(drift.role_id)
    lines = [t("**{title}**: who has {role}", title=drift.title, role=role)]
    if drift.missing:
        lines.append(
            t("By my record they have it, in Discord not: {members}", members=_named(drift.missing, t))
        )
    if drift.extra:
        lines.append(
            t("In Discord they have it, by my record not: {members}", members=_named(drift.extra, t))
        )
    lines.append(t("I change nothing by myself: somebody may have meant it. Who is right?"))
    bot = Button(t("My record"), custom_id(BOT_CONTROL, drift.role_id))
    discord_ = Button(t("Discord"), custom_id(DISCORD_CONTROL, drift.role_id), style=Style.PRIMARY)
    return Card((Text("\n".join(lines)), Buttons((discord_, bot))))


def _named(members: Sequence[int], t: Translator) -> str:
    names = ", ".join(map(mention_user, members[:SHOWN]))
    left = len(members) - SHOWN
    return f"{names} {t.tn('and {n} more', 'and {n} more', left)}" if left > 0 else names
