"""One's own record, and appeals against what moderators did, judged by somebody else than who decided it.

Commands: /standing, one's own record with the appeal; /mod appeals, what waits and the figures of staff.
Jobs: reminds staff of an appeal that waits, and tells the member when it takes longer than was promised.
Stores about a person: their appeals in their own words, and what was decided about each.
Deleted: with the member; two years after it was decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.appeals.cog import AppealsCog

    await bot.add_cog(AppealsCog(bot))
