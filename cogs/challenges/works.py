"""What was handed in to a challenge, for those who look at it afterwards."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.works import Source, Work, WorkRound
from cogs.challenges.model import AREA, CLOSED, challenge_of
from storage import challenges as storage


async def find_round(session: AsyncSession, guild_id: int, subject: str) -> WorkRound | None:
    """The newest version of everybody, by who was first."""
    row = await storage.find_challenge(session, guild_id, int(subject))
    if row is None:
        return None
    newest: dict[int, Work] = {}
    for each in await storage.list_submissions(session, guild_id, row.id):
        newest[each.member_id] = Work(each.member_id, each.content)
    text = challenge_of(row).text
    return WorkRound(text.title, text.theme, tuple(newest.values()), ours=text.ours)


SOURCE = Source(AREA, CLOSED, find_round)
