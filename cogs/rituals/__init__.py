"""Posts recurring prompts, in the community's local time: the rhythm of the week.

Commands: /manage rituals add, list, edit, pause, resume, run, preview, prompts, holidays, remove; a button on each
prompt to answer it, and one to suggest the next.
Jobs: rituals.post, by a schedule; rituals.look_back, when a ritual may have gone quiet.
Stores about a person: which rituals they look after, what they answered and suggested, changes they did not save.
Deleted with the person: answers and drafts; what they look after or suggested is kept without the name.

Templates and the library of prompts are TOML in this folder, read and checked by `shipped.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.rituals.cog import RitualsCog

    await bot.add_cog(RitualsCog(bot))
