"""Which works a round is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.works import Work, WorkRound
from cogs.reviews.model import ReviewSettings, find_rubric
from cogs.reviews.rubrics import shipped, to_json
from storage import privacy as privacy_storage
from storage import review_rounds
from storage import reviews as storage


async def find_works(
    core: Core, session: AsyncSession, row: review_rounds.ReviewRoundRow
) -> WorkRound | None:
    """The challenge with what was handed in by those who are still here. None when it is gone."""
    found = await core.works.find(session, row.guild_id, row.source, row.subject)
    if found is None:
        return None
    departed = await privacy_storage.list_departed(session, row.guild_id)
    return replace(found, works=tuple(each for each in found.works if each.author_id not in departed))


def new_work(
    row: review_rounds.ReviewRoundRow, found: WorkRound, made: Work, settings: ReviewSettings, now: datetime
) -> storage.ReviewWorkRow:
    """A row for a work of the round, drawn and not confirmed."""
    keys = {each.key for each in shipped()}
    wanted = found.theme if found.theme in keys else settings.rubric
    return storage.ReviewWorkRow(
        guild_id=row.guild_id,
        author_id=made.author_id,
        round_id=row.id,
        state=storage.PLANNED,
        mode=row.mode,
        wanted=row.per_work,
        title=found.title[:100],
        content=made.content,
        rubric=to_json(find_rubric(wanted)),
        asked_at=now,
    )
