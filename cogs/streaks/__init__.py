"""Counts the weeks in which a member contributed, by their own clock, and explains each of them.

Commands: /me streak, /manage streaks.
Jobs: streaks.sweep, for all servers, when a week of anybody can be settled and once a day; streaks.tell, when a freeze was used.
Stores about a person: their streak, each settled week with the reason, their zones and pauses with the times, weeks in
which they planned to rest; which weeks somebody repaired as staff.
Deleted with the person; a repair that they made as staff stays without the name.

What counts is what features call contributions (`bot/acts.py`); messages never do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.streaks.cog import StreaksCog

    await bot.add_cog(StreaksCog(bot))
