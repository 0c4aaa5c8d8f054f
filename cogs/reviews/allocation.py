"""Rounds: who reviews whom when a challenge has closed. Drawn, looked at, confirmed, and made whole afterwards.

A drawing is rows that mean nothing yet; confirming them is one transaction. The solver runs off the event loop and,
for a whole round, outside of any transaction. What comes late or falls out later is added to what stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import RecordedAct
from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, LimitReached, NotFound
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.jobs import Job, Skipped
from bot.outbox import Effect, EffectKind, Lane
from bot.works import Work, WorkRound
from cogs.reviews import facts, rules, solving
from cogs.reviews.facts import Facts
from cogs.reviews.keeping import Keeping
from cogs.reviews.model import (
    AREA,
    CONFIRMED,
    DRAWN,
    READY_RENDERER,
    WAITING,
    Preview,
    ReviewSettings,
)
from cogs.reviews.previews import head, preview
from cogs.reviews.rounds import find_works, new_work
from cogs.reviews.rules import State
from storage import review_rounds
from storage import reviews as storage

ROUNDS_SHOWN = 10


@dataclass(frozen=True)
class _Prepared:
    """What a round that begins by itself was drawn as."""

    found: WorkRound
    chosen: Mapping[int, Sequence[int]]
    seed: int
    fits: bool = True


class Allocation:
    """The use cases of facilitators, and what happens by itself."""

    def __init__(self, core: Core, keeping: Keeping) -> None:
        self._core = core
        self._keeping = keeping

    # ------------------------------------------------------------------------------------------ works come in

    async def work_is_ready(self, session: AsyncSession, act: RecordedAct) -> None:
        """A reaction: a work of a challenge can be reviewed. The first begins the round, a late one joins it."""
        source = self._core.works.source_of(act.kind)
        if source is None:
            return
        settings = await self._core.configs.present(session, act.guild_id, ReviewSettings)
        now = self._core.clock.now()
        row, is_new = await review_rounds.begin_round(
            session,
            act.guild_id,
            source.feature,
            act.subject,
            state=WAITING,
            mode=settings.mode,
            per_work=settings.per_work,
            ready_at=now,
        )
        if row.state == CONFIRMED:
            await self._keeping.expect_fill(session, row.guild_id, row.id)
        if not is_new or settings.channel_id is None:
            return  # without a channel for reviews the round waits silently under /manage reviews
        await self._tell_staff(session, row, f"{READY_RENDERER}:{row.id}")
        if settings.confirm_hours:
            at = now + timedelta(hours=settings.confirm_hours)
            await self._keeping.expect_confirmation(session, row, at)

    async def _tell_staff(
        self, session: AsyncSession, row: review_rounds.ReviewRoundRow, key: str, *, has_trouble: bool = False
    ) -> None:
        config = await self._core.configs.present(session, row.guild_id, GuildConfig)
        if config.staff_channel_id is None:
            return
        effect = Effect(
            kind=EffectKind.POST,
            key=key,
            guild_id=row.guild_id,
            channel_id=config.staff_channel_id,
            renderer=READY_RENDERER,
            arguments={"round_id": row.id, "has_trouble": has_trouble},
            lane=Lane.SCHEDULED,
        )
        await self._core.outbox.plan(session, effect)

    # ------------------------------------------------------------------------------------------ facilitators

    async def overview(self, actor: Actor) -> tuple[Preview, ...]:
        """The newest rounds, without who reviews what. Raises `NotAllowed`."""
        await self._check_staff(actor)
        async with self._core.db.read() as session:
            rows = await review_rounds.list_rounds(session, actor.guild_id, ROUNDS_SHOWN)
            return tuple([await head(self._core, session, row) for row in rows])

    async def look(self, actor: Actor, round_id: int) -> Preview:
        """A round with who reviews what and why. Raises `NotAllowed`, `NotFound`."""
        await self._check_staff(actor)
        async with self._core.db.read() as session:
            row = _found(await review_rounds.find_round(session, actor.guild_id, round_id))
            return await preview(self._core, session, row)

    async def find(self, guild_id: int, round_id: int) -> Preview | None:
        """A round with how many works it has by now, for drawing it."""
        async with self._core.db.read() as session:
            row = await review_rounds.find_round(session, guild_id, round_id)
            return await head(self._core, session, row) if row is not None else None

    async def draw(self, actor: Actor, round_id: int, seed: int) -> Preview:
        """Draw who reviews whom, anew if that was done before. Raises `LimitReached` with what does not fit."""
        await self._check_staff(actor)
        async with self._core.db.read() as session:
            row = _found(await review_rounds.find_round(session, actor.guild_id, round_id))
            draws = row.draws
            found, known = await self._gather(session, row)
        authors = [each.author_id for each in found.works]
        answer = await asyncio.to_thread(solving.solve, known, authors, row.per_work, seed)
        async with self._core.db.begin() as session:
            row = _found(await review_rounds.lock_round(session, actor.guild_id, round_id))
            _check_open(row)
            if row.draws != draws:
                raise AlreadyDone("Somebody else has drawn it at this moment. Look at it again.")
            row.prepared_by = actor.member_id
            await self._write(session, row, found, solving.by_author(answer.assignments), seed)
            return await preview(self._core, session, row)

    async def confirm(self, actor: Actor, round_id: int, draws: int) -> Preview:
        """Let the drawing hold that was shown: everybody is told. Raises `AlreadyDone` when it is not the newest."""
        await self._check_staff(actor)
        async with self._core.db.begin() as session:
            row = _found(await review_rounds.lock_round(session, actor.guild_id, round_id))
            _check_open(row)
            if row.state != DRAWN or row.draws != draws:
                raise AlreadyDone("It was drawn anew meanwhile. Look at it again, then confirm.")
            await self._confirm(session, row)
            await self._note(session, actor, row, N_("confirmed who reviews what in “{title}”"))
            return await preview(self._core, session, row)

    async def undo(self, actor: Actor, round_id: int) -> Preview:
        """Take a confirmation back while nobody has written a review. Raises `AlreadyDone`, with what stands."""
        await self._check_staff(actor)
        now = self._core.clock.now()
        async with self._core.db.begin() as session:
            row = _found(await review_rounds.lock_round(session, actor.guild_id, round_id))
            if row.state != CONFIRMED or row.confirmed_at is None:
                raise AlreadyDone("It is not confirmed, so there is nothing to undo.")
            if now > row.confirmed_at + rules.UNDO_WITHIN:
                raise AlreadyDone("The ten minutes are over, and people are at work on it.")
            works = await storage.list_of_round(session, row.id)
            for work in works:
                await storage.lock_work(session, work.id)
            reviews = await storage.list_reviews(session, [each.id for each in works])
            if any(each.state == State.GIVEN or each.draft for each in reviews):
                raise AlreadyDone("Somebody has begun to write already, so it stands.")
            works = [each for each in works if each.state == storage.OPEN]
            await self._take_away(session, works, reviews)
            await self._draw_again(session, row, works, reviews)
            await self._note(session, actor, row, N_("took back who reviews what in “{title}”"))
            return await preview(self._core, session, row)

    async def _take_away(
        self,
        session: AsyncSession,
        works: Sequence[storage.ReviewWorkRow],
        reviews: Sequence[storage.ReviewRow],
    ) -> None:
        """Nobody hears of these any more, and their cards go."""
        for each in reviews:
            key = self._keeping.telling.assigned_key(each)
            await self._core.notifier.withdraw(session, key)
            await self._core.outbox.delete_post(session, key, f"reviews.unassign:{each.id}:{each.turn}")
        for work in works:
            if work.channel_id is not None:
                await self._core.outbox.delete_post(session, work.effect_key, f"reviews.unshow:{work.id}")

    async def _draw_again(
        self,
        session: AsyncSession,
        row: review_rounds.ReviewRoundRow,
        works: Sequence[storage.ReviewWorkRow],
        reviews: Sequence[storage.ReviewRow],
    ) -> None:
        """In place of what was confirmed a drawing of the same: rows of its own, of which no job or card knows yet.

        What was given back meanwhile is left out of it; what its author closed stays closed.
        """
        authors = {each.id: each.author_id for each in works}
        chosen: dict[int, list[int]] = {}
        for each in reviews:
            if each.state in rules.HELD:
                chosen.setdefault(authors[each.work_id], []).append(each.reviewer_id)
        found = await find_works(self._core, session, row)
        made = tuple(Work(each.author_id, each.content) for each in works)
        kept = WorkRound(found.title if found else row.subject, found.theme if found else "", made)
        await storage.drop_works(session, [each.id for each in works])
        row.confirmed_at = None
        await self._write(session, row, kept, chosen, row.seed)  # the card that confirmed it is old now

    # ------------------------------------------------------------------------------------------ by itself

    async def prepare(self, job: Job) -> _Prepared | None:
        """Draw a round that nobody has drawn, before the transaction of its job. None when there is nothing to draw."""
        assert job.guild_id is not None
        async with self._core.db.read() as session:
            row = await review_rounds.find_round(session, job.guild_id, int(job.payload["round_id"]))
            if row is None or row.state != WAITING:
                return None
            per_work = row.per_work
            try:
                found, known = await self._gather(session, row)
            except InvalidInput:
                return None
        authors = [each.author_id for each in found.works]
        seed = int(job.payload["round_id"])
        try:
            answer = await asyncio.to_thread(solving.solve, known, authors, per_work, seed)
        except LimitReached:
            return _Prepared(found, {}, seed, fits=False)
        return _Prepared(found, solving.by_author(answer.assignments), seed)

    async def confirm_due(
        self, session: AsyncSession, job: Job, prepared: _Prepared | None
    ) -> Skipped | None:
        """The facilitators chose that a round begins by itself. What does not fit they are told."""
        assert job.guild_id is not None
        row = await review_rounds.lock_round(session, job.guild_id, int(job.payload["round_id"]))
        if row is None or row.state == CONFIRMED:
            return Skipped(N_("it was confirmed already"))
        if row.state == WAITING:
            if prepared is None:
                return Skipped(N_("there is no work in the round"))
            if not prepared.fits:
                await self._tell_staff(session, row, f"{READY_RENDERER}:{row.id}:trouble", has_trouble=True)
                return Skipped(N_("the numbers do not fit; staff were told"))
            await self._write(session, row, prepared.found, prepared.chosen, prepared.seed)
        await self._confirm(session, row)
        return None

    # ------------------------------------------------------------------------------------------ shared

    async def _gather(
        self, session: AsyncSession, row: review_rounds.ReviewRoundRow
    ) -> tuple[WorkRound, Facts]:
        _check_open(row)
        found = await find_works(self._core, session, row)
        works = await storage.list_of_round(session, row.id)
        # Closed before it was undone, and perhaps opened again since: then it joins when the round is confirmed.
        apart = {each.author_id for each in works if each.state != storage.PLANNED}
        if found is not None:
            found = replace(found, works=[each for each in found.works if each.author_id not in apart])
        if found is None or not found.works:
            raise InvalidInput("There is no work in this round (any more).")
        authors = [each.author_id for each in found.works]
        return found, await facts.gather(session, self._core, row, authors)

    async def _write(
        self,
        session: AsyncSession,
        row: review_rounds.ReviewRoundRow,
        found: WorkRound,
        chosen: Mapping[int, Sequence[int]],
        seed: int,
    ) -> None:
        """Put a drawing in place of the last one."""
        await storage.drop_planned(session, row.id)
        settings = await self._core.configs.present(session, row.guild_id, ReviewSettings)
        now = self._core.clock.now()
        works = [new_work(row, found, each, settings, now) for each in found.works]
        session.add_all(works)
        await session.flush()
        await self._keeping.plan_new(session, [(each, chosen.get(each.author_id, ())) for each in works])
        row.state, row.seed = DRAWN, seed
        row.draws += 1
        await session.flush()

    async def _confirm(self, session: AsyncSession, row: review_rounds.ReviewRoundRow) -> None:
        """Hand out what was drawn, as far as it still fits. The rest is looked for anew a moment later."""
        now = self._core.clock.now()
        found = await find_works(self._core, session, row)
        newest = {each.author_id: each.content for each in found.works} if found is not None else {}
        works: dict[int, storage.ReviewWorkRow] = {}
        for work in await storage.list_of_round(session, row.id):
            if work.state != storage.PLANNED:
                continue
            if found is not None and work.author_id not in newest:
                await session.delete(work)  # who is not here (any more) needs no review
                continue
            work.state, work.asked_at = storage.OPEN, now
            work.content = newest.get(work.author_id, work.content)
            works[work.id] = work
        row.state, row.confirmed_at = CONFIRMED, now
        await session.flush()
        planned = [
            each for each in await storage.list_reviews(session, list(works)) if each.state == State.PLANNED
        ]
        known = await facts.gather(session, self._core, row, [each.author_id for each in works.values()])
        drawn = [(each.reviewer_id, works[each.work_id].author_id) for each in planned]
        fits = rules.still_fit(drawn, known.rooms, known.blocked)
        for each, is_fit in zip(planned, fits, strict=True):
            if not is_fit:
                await session.delete(each)
        await self._keeping.assign(
            session, [each for each, is_fit in zip(planned, fits, strict=True) if is_fit]
        )
        await self._keeping.expect_fill(session, row.guild_id, row.id)

    async def _note(
        self, session: AsyncSession, actor: Actor, row: review_rounds.ReviewRoundRow, what: str
    ) -> None:
        found = await self._core.works.find(session, row.guild_id, row.source, row.subject)
        await self._core.audit.record(
            session, actor, AREA, what, title=found.title if found is not None else row.subject
        )

    async def _check_staff(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)


def _found(row: review_rounds.ReviewRoundRow | None) -> review_rounds.ReviewRoundRow:
    if row is None:
        raise NotFound(
            "That round does not exist any more. {command} shows what there is.",
            command="`/manage reviews rounds`",
        )
    return row


def _check_open(row: review_rounds.ReviewRoundRow) -> None:
    if row.state == CONFIRMED:
        raise AlreadyDone("This round is confirmed. Late work and drop-outs are added by themselves.")
