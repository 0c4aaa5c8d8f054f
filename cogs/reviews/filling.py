"""A round that is under way is made whole: late works join it, and what nobody writes goes to somebody else.

Who is asked is worked out before the transaction; there it is looked whether it still holds.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.i18n import N_
from bot.jobs import Job, Skipped
from cogs.reviews import facts, rules, solving
from cogs.reviews.keeping import Keeping
from cogs.reviews.model import CONFIRMED, ReviewSettings
from cogs.reviews.rounds import find_works, new_work
from cogs.reviews.rules import State
from storage import review_rounds
from storage import reviews as storage

Plan = Mapping[int, Sequence[int]]
"""Author to whoever is to review their work besides those who do already."""


@dataclass(frozen=True)
class _Standing:
    """How a round stands. `kept`: author to who has or gave a review; `spent`: who let one go or run out, and is not
    given another of this round; `short`: whose works lack reviews."""

    kept: Mapping[int, Sequence[int]]
    spent: frozenset[int]
    short: Sequence[int]

    @property
    def loads(self) -> Counter[int]:
        return Counter(each for by in self.kept.values() for each in by)


class Filling:
    """The job."""

    def __init__(self, core: Core, keeping: Keeping) -> None:
        self._core = core
        self._keeping = keeping

    async def prepare(self, job: Job) -> Plan:
        """Work out who could be asked for what is missing."""
        assert job.guild_id is not None
        async with self._core.db.read() as session:
            row = await review_rounds.find_round(session, job.guild_id, int(job.payload["round_id"]))
            if row is None or row.state != CONFIRMED:
                return {}
            works = await storage.list_of_round(session, row.id)
            late = await self._list_late(session, row, works)
            standing = await self._stand(session, works, row.per_work)
            kept = {**standing.kept, **{each.author_id: () for each in late}}
            short = [*standing.short, *(each.author_id for each in late)]
            if not short:
                return {}
            known = await facts.gather(session, self._core, row, list(kept))
            per_work, seed = row.per_work, row.seed
        return await asyncio.to_thread(
            solving.fill, known, short, per_work, seed, kept, standing.loads, standing.spent
        )

    async def fill_due(self, session: AsyncSession, job: Job, plan: Plan) -> Skipped | None:
        """Add late works, and hand out what is missing. What stands is kept."""
        assert job.guild_id is not None
        row = await review_rounds.lock_round(session, job.guild_id, int(job.payload["round_id"]))
        if row is None or row.state != CONFIRMED:
            return Skipped(N_("the round is not confirmed"))
        works = {each.author_id: each for each in await self._lock_works(session, row)}
        standing = await self._stand(session, tuple(works.values()), row.per_work)
        if not standing.short:
            return Skipped(N_("nothing is missing"))
        known = await facts.gather(session, self._core, row, list(works))
        new = [
            (reviewer, author)
            for author in standing.short
            for reviewer in plan.get(author, ())[: row.per_work - len(standing.kept[author])]
            if reviewer not in standing.kept[author] and reviewer not in standing.spent
        ]
        fits = rules.still_fit(new, known.rooms, known.blocked)
        given = [pair for pair, is_fit in zip(new, fits, strict=True) if is_fit]
        await self._keeping.assign(
            session,
            [
                await self._keeping.hand(session, works[author], reviewer, State.PLANNED)
                for reviewer, author in given
            ],
        )
        got = Counter(author for _, author in given)
        if any(each not in plan or got[each] < len(plan[each]) for each in standing.short):
            await self._keeping.expect_fill(session, row.guild_id, row.id)  # something changed meanwhile
        for author in standing.short:
            if author in plan and not plan[author] and not standing.kept[author]:
                await self._keeping.show_in_pool(session, works[author])
                await self._keeping.expect_duty(session, works[author])
        return None

    async def _stand(
        self, session: AsyncSession, works: Sequence[storage.ReviewWorkRow], per_work: int
    ) -> _Standing:
        now = self._core.clock.now()
        kept: dict[int, list[int]] = {each.author_id: [] for each in works}
        by_id = {each.id: each for each in works}
        spent: set[int] = set()
        for each in await storage.list_reviews(session, list(by_id)):
            work = by_id[each.work_id]
            is_over = each.state == State.ASSIGNED and each.ends_at is not None and each.ends_at <= now
            if each.state in (*rules.HELD, State.GIVEN) and each.reviewer_id not in kept[work.author_id]:
                kept[work.author_id].append(each.reviewer_id)
            # Of a work that its author closed it was taken from them, and has its end still.
            if is_over or (each.state == State.RELEASED and each.ends_at is None):
                spent.add(each.reviewer_id)
        short = [
            each.author_id
            for each in works
            if each.state == storage.OPEN and len(kept[each.author_id]) < per_work
        ]
        return _Standing(kept, frozenset(spent), short)

    async def _lock_works(
        self, session: AsyncSession, row: review_rounds.ReviewRoundRow
    ) -> list[storage.ReviewWorkRow]:
        """The works of the round, with those that came since it was confirmed."""
        works = await storage.list_of_round(session, row.id)
        for each in works:
            await storage.lock_work(session, each.id)
        late = await self._list_late(session, row, works)
        session.add_all(late)
        await session.flush()
        return [*works, *late]

    async def _list_late(
        self,
        session: AsyncSession,
        row: review_rounds.ReviewRoundRow,
        works: Sequence[storage.ReviewWorkRow],
    ) -> list[storage.ReviewWorkRow]:
        """Rows, not written yet, for works that are not in the round."""
        found = await find_works(self._core, session, row)
        known = {each.author_id for each in works}
        settings = await self._core.configs.present(session, row.guild_id, ReviewSettings)
        late: list[storage.ReviewWorkRow] = []
        for made in found.works if found is not None else ():
            if found is not None and made.author_id not in known:
                work = new_work(row, found, made, settings, self._core.clock.now())
                work.state = storage.OPEN
                work.rubric = works[0].rubric if works else work.rubric  # one round, one rubric
                late.append(work)
        return late
