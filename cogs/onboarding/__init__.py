"""Greets newcomers and leads them through a first quest to a small win.

Commands: /start, /quest status, /quest skip, /quest restart; a page of /setup start.
Jobs: none.
Stores about a person: when they joined and left, what they want to learn, which steps they did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.onboarding.cog import OnboardingCog

    await bot.add_cog(OnboardingCog(bot))
