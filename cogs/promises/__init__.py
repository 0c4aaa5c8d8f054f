"""Public promises: "I will do this by Friday", cheered on by others, with one kind question when the time has come.

Commands: /commit; /manage promises, where staff can take a card away.
Jobs: promises.check, when a promise is due; promises.close, two weeks later.
Acts: promise.made; promise.kept, when it was done or partly done.
Stores about a person: what they promised, until when and how it went, kept for a year after; whom they cheer on.
Deleted with the person: all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.promises.cog import PromisesCog

    await bot.add_cog(PromisesCog(bot))
