"""Notices the first time that a member contributes in some way, and tells them so in one quiet line.

Commands: none.
Jobs: none.
Stores about a person: nothing of its own; a first time is an act in the ledger.
Deleted: with the acts of the person.

Each first time is recorded as `contribution.first` with the kind as its subject, for others to react to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.firsts.cog import FirstsCog

    await bot.add_cog(FirstsCog(bot))
