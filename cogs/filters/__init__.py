"""Own filters of messages, where the operator lets the bot read them: links, invites, words, patterns, repeats.

Commands: /mod filters. They delete or flag, or give a timeout; none of them bans.
Jobs: none; cases, their evidence and its end belong to the shell.
Stores about a person: nothing but the case of a hit with the message as evidence. What people wrote in the last minute is
remembered as hashes, in memory alone.
Deleted: the evidence goes with the person, and by itself after thirty days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.filters.cog import FiltersCog

    await bot.add_cog(FiltersCog(bot))
