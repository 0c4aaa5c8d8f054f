"""Show-and-tell: messages that their authors put forward, in one post a week.

Commands: the message menu *Add to show-and-tell*; /manage showcase.
Jobs: showcase.digest, by a schedule.
Acts: showcase.added.
Stores about a person: which of their messages they put forward or were asked about, what they call it, whether they do
not want to be asked. No text of a message: that is read when the digest is drawn.
Deleted with the person: all of it; what they asked others is kept without the name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.showcase.cog import ShowcaseCog

    await bot.add_cog(ShowcaseCog(bot))
