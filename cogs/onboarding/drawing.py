"""Draws what onboarding posts, in the moment in which it is posted.

What waits for Discord while its channel is deleted or switched off is let go: staff hear of the loss once.
"""

from __future__ import annotations

from datetime import datetime

from bot.app import Lyceum
from bot.cards import Card
from bot.dispatcher import Obsolete, PlannedEffect
from bot.features import REASON_OFF
from bot.i18n import N_, Translator
from bot.outbox import EffectKind
from cogs.onboarding import posts
from cogs.onboarding.model import AREA, HELD_BACK, LEFT_SINCE, Quest
from cogs.onboarding.rules import Greeting
from cogs.onboarding.service import OnboardingService


class Drawing:
    """The renderers. Each raises `Obsolete` when there is nothing to post any more."""

    def __init__(self, bot: Lyceum, service: OnboardingService) -> None:
        self._bot = bot
        self._service = service

    async def greeting(self, effect: PlannedEffect) -> Card:
        quest = await self._quest_of(effect)
        if (await self._service.settings(quest.guild_id)).welcome_channel_id is None:
            raise Obsolete(N_("there is no welcome channel any more"))
        joined_at = datetime.fromisoformat(effect.arguments["joined_at"])
        if not await self._service.is_present_since(quest.guild_id, quest.member_id, joined_at):
            raise Obsolete(LEFT_SINCE)
        if self._bot.core.crowding.is_on(quest.guild_id):
            raise Obsolete(HELD_BACK)
        greeting = Greeting(effect.arguments["greeting"])
        return posts.greeting_card(quest, greeting, await self._guild_translator(quest))

    async def progress(self, effect: PlannedEffect) -> Card:
        quest = await self._quest_of(effect)
        if quest.places.settings.introductions_channel_id is None:
            raise Obsolete(N_("there is no introductions channel any more"))
        if quest.run != effect.arguments["run"]:
            return posts.old_progress_card(quest, await self._guild_translator(quest))
        return posts.progress_card(quest, await self._guild_translator(quest))

    async def win(self, effect: PlannedEffect) -> Card:
        quest = await self._quest_of(effect)
        if quest.places.settings.wins_channel_id is None:
            raise Obsolete(N_("there is no first wins channel any more"))
        if not quest.share_win:
            raise Obsolete(N_("the member does not want it announced any more"))
        return posts.win_card(quest, await self._guild_translator(quest))

    async def nudge(self, effect: PlannedEffect) -> Card:
        quest = await self._quest_of(effect)
        step = quest.next_step
        if quest.is_finished or quest.run != effect.arguments["run"] or step is None:
            raise Obsolete(N_("the member went on by themselves"))
        if not await self._bot.core.features.is_on(quest.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        if not await self._service.nudges.can_read(quest.guild_id, quest.member_id):
            raise Obsolete(LEFT_SINCE)
        is_private = effect.kind is EffectKind.DIRECT_MESSAGE
        return posts.nudge_card(quest, step, await self._guild_translator(quest), is_private=is_private)

    async def _quest_of(self, effect: PlannedEffect) -> Quest:
        quest = await self._service.quests.find(int(effect.arguments["quest_id"]))
        if quest is None:
            raise Obsolete(N_("the quest no longer exists"))
        return quest

    async def _guild_translator(self, quest: Quest) -> Translator:
        config = await self._bot.core.configs.guild(quest.guild_id)
        return self._bot.translations.for_locale(config.locale)
