"""Moderation: notes, warnings, timeouts, restrictions, kicks, bans, locks and cleared messages, each a numbered case.

Commands: /mod note, warn, timeout, restrict, kick, ban, unban, purge, lock, unlock, slowmode, case, history.
Jobs: none of its own; cases.end and cases.redact are the shell's (`bot/cases.py`).
Stores about a person: the cases about them, notes of staff, messages kept as evidence, cards on which staff looked.
Deleted with the person: notes, evidence and cards at once. Cases stay for two years after they ended, so that who harmed
others is recognised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.moderation.cog import ModerationCog

    await bot.add_cog(ModerationCog(bot))
