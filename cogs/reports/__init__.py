"""Reports: members tell staff in private about a message, a person or a situation, and hear what became of it.

Commands: /report, the message menu "Report message" and the member menu "Report member"; /me reports, one's own and what
became of them; /mod reports, the queue of staff.
Jobs: calls moderators, then facilitators, while nobody takes a report; gives back what was taken and lies still.
Stores about a person: what they reported and when; whom reports are about; a copy of the reported messages.
Deleted: who reported is taken out of their reports. Words and copies of messages go some weeks after a report was closed
(`storage/evidence.py`), the fact that there was one after two years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.reports.cog import ReportsCog

    await bot.add_cog(ReportsCog(bot))
