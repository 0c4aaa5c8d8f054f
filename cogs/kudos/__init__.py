"""Kudos: thanks with a reason, between people who took part in something together. Nobody is ranked by them.

Commands: /kudos give and wall; the message and the member menu "Give kudos"; /manage kudos, where staff see patterns,
choose what may be quoted, and take one away.
Jobs: none. Acts: kudos.given, and kudos.received that follows from it.
Stores about a person: whom they thanked and who thanked them, what for, and whether it may be quoted.
Deleted: with either of the two, and the post in the channel with it; what was taken back loses its text at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.kudos.cog import KudosCog

    await bot.add_cog(KudosCog(bot))
