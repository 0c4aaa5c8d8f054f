"""Badges: what a community recognises, given by rules over what people did, quietly.

Commands: /badge catalog, /badge mine; /manage badges list, give, revoke.
Jobs: badges.backfill, badges.check, badges.roles; by schedules badges.check_all, badges.wins.
Acts: badge.earned.
Stores about a person: which badges they were given, when, on which acts each rests, with the reason where staff gave or
took one; whether they like to be shown in the week's wins.
Deleted with the person: all of it; what they gave or took as staff stays without their name.

The badges that come with Lyceum are `badges.toml`, read and checked by `shipped.py`. A badge counts deeds, never messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.badges.cog import BadgesCog

    await bot.add_cog(BadgesCog(bot))
