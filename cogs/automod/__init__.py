"""Rules of Discord's own AutoMod, made and changed from a card; what they act on becomes cases.

Commands: /mod automod.
Jobs: none.
Stores about a person: nothing but the case of a hit, with the message as evidence where Discord hands it over.
Deleted: the evidence goes with the person, and by itself after thirty days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.automod.cog import AutomodCog

    await bot.add_cog(AutomodCog(bot))
