"""Posts recurring prompts, in the community's local time: the rhythm of the week.

Commands: /manage rituals add, list (where each can be ended).
Jobs: rituals.post, by a schedule.
Stores about a person: who added a ritual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.rituals.cog import RitualsCog

    await bot.add_cog(RitualsCog(bot))
