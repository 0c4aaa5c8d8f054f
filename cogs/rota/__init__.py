"""Roles that rotate among volunteers: mentor, reviewer, curator, host, greeter, moderator on duty, or any other.

Commands: /rota; /manage rota.
Jobs: rota.turn, the hand-over; rota.ask, two days ahead; rota.silent, when nobody answered; rota.cover, when somebody
stands in from or until then; rota.wanted, a day ahead of a turn for which cover is wanted.
Acts: rota.turn.served.
Stores about a person: in which roles they take turns, which turns they had, when they are away, who covered for whom, and
the notes that they handed on.
Deleted with the person: all of it; a note is emptied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.rota.cog import RotaCog

    await bot.add_cog(RotaCog(bot))
