"""What the controls of /manage quests have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, cast

import discord

from bot.app import Lyceum
from bot.authority import Actor
from bot.card_views import form_answers
from bot.cards import Card
from bot.errors import UserError
from bot.interactions import actor_of
from bot.members import find_names
from bot.refusals import in_words
from bot.replies import reply_to
from bot.text import clean
from cogs.onboarding.catch_up import is_channel_gone
from cogs.onboarding.definition import QuestDefinition, targets_of
from cogs.onboarding.desk import PeoplePage
from cogs.onboarding.editor_cards import typed_words
from cogs.onboarding.service import OnboardingService
from cogs.onboarding.workbench import QuestView

Handler = Callable[[discord.Interaction[Any], int | None], Awaitable[None]]
Redraw = Callable[[str | None], Awaitable[Card]]
"""Draws the card as things stand now, with a note above it."""


class Controls(ABC):
    """One part of the controls."""

    def __init__(self, bot: Lyceum, service: OnboardingService) -> None:
        self.bot = bot
        self.service = service
        self.workbench = service.workbench

    @abstractmethod
    def handlers(self) -> dict[str, Handler]:
        """Who answers which control."""

    async def act(
        self,
        interaction: discord.Interaction[Any],
        doing: Awaitable[Any] | None,
        redraw: Redraw,
        *,
        typed: tuple[str, ...] = (),
    ) -> None:
        """Do it, then draw the newest card; what stood in the way is said above it, with what was typed."""
        t = reply_to(interaction).translator
        note: str | None = None
        if doing is not None:
            try:
                await doing
            except UserError as error:
                note = "\n".join(filter(None, [in_words(error, t), typed_words(typed, t)]))
        await reply_to(interaction).show_privately(await redraw(note))

    async def open(self, interaction: discord.Interaction[Any], version_id: int) -> QuestView:
        """The quest as it stands, after looking whether what it names still exists in Discord."""
        actor = actor_of(interaction)
        view = await self.workbench.open(actor, version_id)
        if await self._lose_what_is_gone(interaction.guild, view.definition, actor):
            view = await self.workbench.open(actor, version_id)
        return view

    async def _lose_what_is_gone(
        self, guild: discord.Guild | None, quest: QuestDefinition, actor: Actor
    ) -> bool:
        """Note channels and roles that were deleted unseen, for instance between choosing and saving."""
        if guild is None or guild.unavailable:
            return False
        known = (await self.service.runs.places(actor.guild_id)).lost
        missing = [each for each in targets_of(quest) - known if not _is_cached(guild, each)]
        gone = [each for each in missing if await is_channel_gone(guild, each)]
        for each in gone:
            await self.service.lose_target(actor.guild_id, each)
        return bool(gone)


def chosen_values(interaction: discord.Interaction[Any]) -> list[str]:
    """What was chosen in a menu; nothing when the choice was emptied."""
    return cast("list[str]", cast("dict[str, Any]", interaction.data or {}).get("values", []))


def chosen_id(interaction: discord.Interaction[Any]) -> int | None:
    values = chosen_values(interaction)
    return int(values[0]) if values and values[0].isdecimal() else None


def typed_texts(interaction: discord.Interaction[Any], *names: str) -> dict[str, str]:
    """The texts of a form, cleaned; those that it did not ask for are left out."""
    answers = form_answers(interaction)
    return {name: clean(str(answers[name] or "")) for name in names if name in answers}


async def names_in(interaction: discord.Interaction[Any], page: PeoplePage) -> Callable[[int], str | None]:
    """How those on a page are called in this server; None for who has left."""
    return (await find_names(interaction.guild, [each.quest.member_id for each in page.people])).get


def _is_cached(guild: discord.Guild, target_id: int) -> bool:
    return guild.get_role(target_id) is not None or guild.get_channel_or_thread(target_id) is not None
