"""Peer reviews: who meets whose work, and learning to review.

Commands: those of `training`; `python -m cogs.reviews.allocate` allocates from a file.
Jobs: none.
Stores about a person: what `training` says.
Deleted: as `training` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.reviews.training.cog import TrainingCog

    await bot.add_cog(TrainingCog(bot))
