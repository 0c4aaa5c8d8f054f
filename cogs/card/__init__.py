"""A member's card: what they did here, line by line, each seen only by whom they choose.

Commands: /me card; the member menu "View card".
Jobs: none. The lines come from other features (`bot/member_card.py`).
Stores about a person: who may see which line of their card.
Deleted: with the person, and with what they showed in channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.card.cog import CardCog

    await bot.add_cog(CardCog(bot))
