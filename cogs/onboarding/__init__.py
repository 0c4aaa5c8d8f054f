"""Greets newcomers and leads members through quests: a first one to a small win, then others that it opens.

Commands: /start, /quest status, /quest skip, /quest restart; /manage quests; two pages of /setup start.
Jobs: onboarding.nudge, one reminder for somebody who got stuck.
Stores about a person: when they joined and left, which of the roles on the community's list they had then, which steps
they did, what they wrote in a step's form, and who ticked a step by hand or looks after them. What they want to learn
is in their profile. All of it goes when the person is deleted; the rows of others then name nobody in their place.

A quest is data: `definition.py` says what it may hold, `*_quest.toml` are those that ship, `library.py` finds versions
and `editor.py` changes them. `progress.py` decides who has which steps and when a quest is finished, `runs.py` what
follows from a step, `quests.py` what members do, `desk.py` what facilitators see, `detectors.py` and `catch_up.py` what
is noticed. /manage quests: `manage*.py` answer its controls, `workbench.py` changes only what its card showed,
`editor_cards.py`, `step_cards.py`, `preview_cards.py` and `desk_cards.py` draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.onboarding.cog import OnboardingCog
    from cogs.onboarding.manage import ManageQuestsCog

    onboarding = OnboardingCog(bot)
    await bot.add_cog(onboarding)
    await bot.add_cog(ManageQuestsCog(bot, onboarding.service))
