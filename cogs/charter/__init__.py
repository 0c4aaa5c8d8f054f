"""Says what the community is for: a mission, outcomes that can be measured, and norms that people agree to.

Commands: /charter show, /manage charter edit; a page of /setup start.
Jobs: charter.freeze, once for each outcome, at its date.
Stores about a person: which version of the norms they agreed to and when; of facilitators, what they published, and
what they are writing until it is saved.
Deleted: agreements and drafts with the person; published norms stay without their name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.charter.cog import CharterCog

    await bot.add_cog(CharterCog(bot))
