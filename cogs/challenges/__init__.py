"""The weekly challenge: opened, closed and told of on schedule, with three tracks and room for everybody's pace.

Commands: /challenge current, submit, mine, gallery, suggest; /manage challenges list, new, library, schedule, import, export.
Jobs: challenges.open, by a schedule; challenges.close, review, results, archive and remind, planned by what came before.
Acts: challenge.joined, challenge.submitted, challenge.completed, challenge.closed (a submission is ready for review).
Stores about a person: what they joined, wrote, began to write and suggested, and whether they like to be ranked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.challenges.cog import ChallengesCog

    await bot.add_cog(ChallengesCog(bot))
