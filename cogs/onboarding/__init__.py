"""Greets newcomers and leads members through quests: a first one to a small win, then others that it opens.

Commands: /start, /quest status, /quest skip, /quest restart; two pages of /setup start.
Jobs: onboarding.nudge, one reminder for somebody who got stuck.
Stores about a person: when they joined and left, which of the roles on the community's list they had then, which steps
they did, what they wrote in a step's form, and who ticked a step by hand or looks after them. What they want to learn
is in their profile. All of it goes when the person is deleted; the rows of others then name nobody in their place.

A quest is data: `definition.py` says what it may hold, `*_quest.toml` are those that ship, `library.py` finds versions
and `editor.py` changes them. `progress.py` decides who has which steps and when a quest is finished, `runs.py` what
follows from a step, `quests.py` what members do, `desk.py` what facilitators see, `detectors.py` and `catch_up.py` what
is noticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.onboarding.cog import OnboardingCog

    await bot.add_cog(OnboardingCog(bot))
