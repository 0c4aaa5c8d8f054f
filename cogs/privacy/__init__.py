"""Shows people what is stored about them, hands it to them, and deletes it.

Commands: /privacy show, export, delete; /setup data.
Jobs: privacy.erase and privacy.purge, which belong to the shell (`bot/erasure.py`, `bot/retention.py`).
Stores about a person: a wish to be deleted until it is carried out, when they left, that they were deleted and when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.privacy.cog import PrivacyCog

    await bot.add_cog(PrivacyCog(bot))
