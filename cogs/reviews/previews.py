"""Rounds as facilitators see them: from the rows to who reviews what, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from cogs.reviews import facts, rules
from cogs.reviews.model import CONFIRMED, Drawn, Preview
from cogs.reviews.rounds import find_works
from cogs.reviews.rules import Mode, State
from storage import review_rounds
from storage import reviews as storage
from storage.personal import NOBODY


async def head(core: Core, session: AsyncSession, row: review_rounds.ReviewRoundRow) -> Preview:
    found = await find_works(core, session, row)
    undo = row.confirmed_at + rules.UNDO_WITHIN if row.confirmed_at is not None else None
    return Preview(
        id=row.id,
        title=found.title if found is not None else row.subject,
        state=row.state,
        mode=Mode(row.mode),
        per_work=row.per_work,
        draws=row.draws,
        seed=row.seed,
        works=len(found.works) if found is not None else 0,
        confirms_at=row.confirms_at if row.state != CONFIRMED else None,
        undo_until=undo,
    )


async def preview(core: Core, session: AsyncSession, row: review_rounds.ReviewRoundRow) -> Preview:
    shown = await head(core, session, row)
    works = await storage.list_of_round(session, row.id)
    by_work: dict[int, list[int]] = {each.id: [] for each in works}
    for each in await storage.list_reviews(session, list(by_work)):
        if each.state != State.RELEASED:
            by_work[each.work_id].append(each.reviewer_id)
    known = await facts.gather(session, core, row, [each.author_id for each in works])
    drawn = tuple(
        Drawn(
            work.author_id,
            tuple(
                _shown(known, each, work.author_id, is_hidden=shown.mode.hides_reviewer)
                for each in sorted(by_work[work.id])
            ),
        )
        for work in works
    )
    loads = Counter(each for by in by_work.values() for each in by)
    return shown.with_drawn(
        drawn,
        loads=dict(Counter(loads.values())),
        left_out=tuple(each for each in known.away if not loads[each]),
        only_trained=known.only_trained,
    )


def _shown(
    known: facts.Facts, reviewer: int, author: int, *, is_hidden: bool
) -> tuple[int, str, Mapping[str, Any]]:
    """Who and why; of a blind round neither who it is nor numbers that would tell it."""
    if not is_hidden:
        return (reviewer, *facts.reason(known, reviewer, author))
    return NOBODY, facts.AGAIN if (reviewer, author) in known.met else facts.NEW, {}
