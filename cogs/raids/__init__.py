"""Raids: many join at once to do harm. They are seen, held up at the door, and cleared away, and nothing stays closed.

Commands: /mod raid with status, expect, act and clear.
Jobs: none of its own; a lockdown is a case, which ends in time by the shell's.
Stores about a person: that they joined during a lockdown, when, when their account was made, numbers that stand for their
names and picture, and what was done; ninety days. What moderators began, proposed and ended.
Deleted with the person: kept for its time, because a raid is dealt with by it; moderators are detached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.raids.cog import RaidsCog

    await bot.add_cog(RaidsCog(bot))
