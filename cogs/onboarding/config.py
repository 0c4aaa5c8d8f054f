"""The reminder in a configuration file. Quests have versions with people in them, and are changed by /manage quests."""

from __future__ import annotations

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted
from bot.core import Core
from bot.i18n import N_
from cogs.onboarding.model import OnboardingSettings
from cogs.onboarding.nudges import LONGEST_WAIT, Nudges


class ReminderPart:
    """After how many hours without a step somebody is reminded of a quest."""

    table = "onboarding"
    title = N_("Newcomers")

    def __init__(self, core: Core, nudges: Nudges) -> None:
        self.keys = {"reminder_after_hours": N_("Hours until the one reminder of a quest")}
        self._configs = core.configs
        self._nudges = nudges

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._configs.present(ground.session, ground.guild_id, OnboardingSettings)
        return {"reminder_after_hours": settings.nudge_after_hours}

    async def read(self, ground: Ground, given: Given) -> None:
        given.number("reminder_after_hours", least=0, most=LONGEST_WAIT)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        await self._nudges.set_wait_in(ground.session, ground.actor, wanted["reminder_after_hours"])
