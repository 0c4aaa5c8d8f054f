"""What members say about themselves and how sure they feel, given freely and seen by them alone.

Commands: /me edit, /manage members skills.
Jobs: profiles.checkin, once, four weeks after the first answers.
Stores about a person: their profile (goal, level, hours, languages, feedback), their clock and language, and their
own judgement of five skills, the first and each later one.
Deleted: with the person, by /privacy; nothing of it is needed by others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.profiles.cog import ProfilesCog

    await bot.add_cog(ProfilesCog(bot))
