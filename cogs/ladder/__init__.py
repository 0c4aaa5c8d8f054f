"""The ladder: steps that anybody can climb by what they do, with the criteria and the evidence in the open.

Commands: /ladder show and step-down; /manage ladder, where staff confirm, change the steps, and place somebody by hand.
Jobs: ladder.roles. Acts: ladder.step.reached, by the act that earned it or by staff's word.
Stores about a person: which steps they reached, by which acts, who confirmed it, and what staff said.
Deleted: with the person; what staff decided about others stays without their name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.ladder.cog import LadderCog

    await bot.add_cog(LadderCog(bot))
