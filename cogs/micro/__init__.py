"""Five-minute tasks: small things to do now, by level, time and mood.

Commands: /micro; /manage micro.
Acts: micro.done.
Stores about a person: which tasks they like to be offered, were offered, began and did, with the line or link they
wrote; kept for a year. Deleted with the person: all of it.

The tasks that come with Lyceum are `library.toml`, read and checked by `shipped.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.micro.cog import MicroCog

    await bot.add_cog(MicroCog(bot))
