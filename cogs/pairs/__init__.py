"""Pairing rounds: on a rhythm, everybody who takes part meets somebody, as new to them as can be.

Commands: /pair join, leave, skip, status; /manage pairs.
Jobs: pairs.round, by a schedule; pairs.ask and pairs.close, planned for each pair.
Acts: pair.met, for each who took part in a meeting.
Stores about a person: their days and topics, whom they were paired with, what they said of it, and whether they wait.
Deleted with the person: all of it; the other one's card says no name any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.pairs.cog import PairsCog

    await bot.add_cog(PairsCog(bot))
