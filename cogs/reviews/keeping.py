"""That no work is forgotten: who has what until when, what is told to whom, and what Discord shows of a work.

All within the caller's transaction, which holds the work before the review. A review that somebody has in hand goes
back to the queue by itself: a claim when its lock is over, a given one after days, with a nudge or two before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import SystemRandom

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.features import Switched
from bot.i18n import N_
from bot.jobs import Handler, Job, NewJob, Skipped
from bot.outbox import Effect, EffectKind, Lane
from cogs.reviews import rules
from cogs.reviews.model import (
    AREA,
    CONFIRM_JOB,
    CONFIRMED,
    CREDIT_JOB,
    DUTY_JOB,
    DUTY_RENDERER,
    FILL_JOB,
    LOCK_JOB,
    NEWS_RENDERER,
    NUDGE_JOB,
    RELEASE_JOB,
    TELL_JOB,
    WORK_RENDERER,
    ReviewSettings,
)
from cogs.reviews.rooms import Rooms
from cogs.reviews.rules import State
from cogs.reviews.telling import Telling
from storage import review_rounds
from storage import reviews as storage

_OVER = N_("the review was written, given back or handed on")
_REVIEWED = N_("it has been reviewed, is in somebody's hands, or is closed")
GRACE = timedelta(hours=1)
_BY_LOT = SystemRandom()
FILL_AFTER = timedelta(seconds=10)  # several that drop out together are made good for together


class Keeping:
    """Hands reviews out and takes them back."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.telling = Telling(core)
        self.rooms = Rooms(core)
        # Where a deleted message may have been a card; others cost no query.
        self.channels: set[int] = set()
        self.jobs: dict[str, Handler] = {
            LOCK_JOB: self.lock_due,
            TELL_JOB: self.tell_due,
            CREDIT_JOB: self.credit_due,
            NUDGE_JOB: self.nudge_due,
            RELEASE_JOB: self.release_due,
            DUTY_JOB: self.duty_due,
        }

    # ------------------------------------------------------------------------------------------ the card

    async def post(self, session: AsyncSession, work: storage.ReviewWorkRow) -> None:
        """Show the card of a work, where it has a channel."""
        if work.channel_id is not None:
            self.channels.add(work.channel_id)
            await self._plan(session, work, EffectKind.POST, work.effect_key)

    async def redraw(self, session: AsyncSession, work: storage.ReviewWorkRow) -> None:
        """Show the card as the work stands now."""
        work.edits += 1
        await session.flush()
        if work.channel_id is not None:
            key = f"reviews.redraw:{work.id}:{work.edits}"
            await self._plan(session, work, EffectKind.EDIT, key, after=work.effect_key)
        await self.rooms.redraw(session, work)

    async def show_in_pool(self, session: AsyncSession, work: storage.ReviewWorkRow) -> None:
        """A work of a round that nobody could be given is offered to everybody."""
        settings = await self._core.configs.present(session, work.guild_id, ReviewSettings)
        if work.channel_id is None and settings.channel_id is not None:
            work.channel_id = settings.channel_id
            await session.flush()
            await self.post(session, work)

    # ------------------------------------------------------------------------------------------ handing out

    async def claim(
        self, session: AsyncSession, work: storage.ReviewWorkRow, member_id: int
    ) -> storage.ReviewRow:
        """It is the member's for as long as the lock lasts."""
        row = await self.hand(session, work, member_id, State.CLAIMED)
        row.ends_at = self._core.clock.now() + rules.LOCK
        row.extensions = 0
        await self.expect_end(session, row)
        await self.redraw(session, work)
        return row

    async def assign(self, session: AsyncSession, rows: Sequence[storage.ReviewRow]) -> None:
        """A round gives these to their reviewers: from now on the hours count.

        Who is given several hears of all by one of them. They hear by jobs of their own: a large round is otherwise a
        long transaction.
        """
        if not rows:
            return
        settings = await self._core.configs.present(session, rows[0].guild_id, ReviewSettings)
        now = self._core.clock.now()
        ends_at = now + timedelta(hours=settings.release_hours)
        jobs: list[NewJob] = []
        for row in rows:
            row.state, row.taken_at, row.ends_at = State.ASSIGNED.value, now, ends_at
            for number, hours in enumerate((settings.first_nudge_hours, settings.second_nudge_hours)):
                if hours < settings.release_hours:
                    jobs.append(_job(NUDGE_JOB, row, now + timedelta(hours=hours), str(number)))
            jobs.append(_job(RELEASE_JOB, row, ends_at))
        jobs += [_job(TELL_JOB, row, now) for row in {each.reviewer_id: each for each in rows}.values()]
        await session.flush()
        await self._core.jobs.enqueue(session, *jobs)

    async def plan_new(
        self, session: AsyncSession, drawn: Sequence[tuple[storage.ReviewWorkRow, Sequence[int]]]
    ) -> None:
        """A drawing gives works that nobody has had yet to these members; it means nothing until it is confirmed.

        The order, which authors see as Reviewer A and B, is by lot: that of the drawing would tell who is who.
        """
        now = self._core.clock.now()
        session.add_all(
            storage.ReviewRow(
                guild_id=work.guild_id,
                work_id=work.id,
                reviewer_id=member_id,
                version=work.version,
                state=State.PLANNED.value,
                alias=alias,
                taken_at=now,
            )
            for work, members in drawn
            for alias, member_id in enumerate(_BY_LOT.sample(members, len(members)))
        )
        await session.flush()

    async def hand(
        self, session: AsyncSession, work: storage.ReviewWorkRow, member_id: int, state: State
    ) -> storage.ReviewRow:
        """The member's review of the version that stands, a new one or that which they gave back."""
        rows = await storage.list_reviews(session, [work.id])
        found = [each for each in rows if each.reviewer_id == member_id and each.version == work.version]
        now = self._core.clock.now()
        if found:  # Given back before: what they wrote is theirs still.
            row = found[-1]
            row.state, row.taken_at, row.turn = state.value, now, row.turn + 1
        else:
            aliases = {each.reviewer_id: each.alias for each in rows}
            row = storage.ReviewRow(
                guild_id=work.guild_id,
                work_id=work.id,
                reviewer_id=member_id,
                version=work.version,
                state=state.value,
                alias=aliases.get(member_id, max((each.alias for each in rows), default=-1) + 1),
                taken_at=now,
            )
            session.add(row)
        await session.flush()
        return row

    async def expect_end(self, session: AsyncSession, row: storage.ReviewRow) -> None:
        """Take a claim back when its lock is over."""
        assert row.ends_at is not None
        await session.flush()
        await self._enqueue(session, LOCK_JOB, row, row.ends_at, str(row.extensions))

    async def expect_duty(self, session: AsyncSession, work: storage.ReviewWorkRow) -> None:
        """Ask the reviewers on duty when it has waited for too long."""
        settings = await self._core.configs.present(session, work.guild_id, ReviewSettings)
        now = self._core.clock.now()
        at = max(now, work.asked_at + timedelta(hours=settings.duty_hours))
        if work.escalated_at is None:
            job = NewJob(
                DUTY_JOB,
                f"{DUTY_JOB}:{work.id}:{int(at.timestamp())}",
                run_at=at,
                guild_id=work.guild_id,
                payload={"work_id": work.id},
            )
            await self._core.jobs.enqueue(session, job)

    # ------------------------------------------------------------------------------------------ taking back

    async def release(
        self, session: AsyncSession, work: storage.ReviewWorkRow, row: storage.ReviewRow, *, tell_author: bool
    ) -> None:
        """It goes back to the queue; what was written is kept as a draft."""
        row.state, row.ends_at = State.RELEASED.value, None
        await session.flush()
        await self.redraw(session, work)
        if work.state != storage.OPEN:
            return
        if work.round_id is not None:  # the reviewers on duty are asked when nobody of the round can be
            await self.expect_fill(session, work.guild_id, work.round_id)
        elif work.first_review_at is None:
            await self.expect_duty(session, work)
        if tell_author:
            key = f"reviews.news:{row.id}:{row.turn}"
            await self.telling.author(session, work, NEWS_RENDERER, key, {"work_id": work.id})

    async def close(self, session: AsyncSession, work: storage.ReviewWorkRow) -> None:
        """Its author needs no (more) reviews: who has one in hand is told."""
        work.state, work.closed_at = storage.CLOSED, self._core.clock.now()
        for row in await storage.list_reviews(session, [work.id]):
            if row.state in rules.HELD:
                row.state = State.RELEASED.value  # its end stays: they did not let it go
                key = f"{NEWS_RENDERER}:closed:{row.id}:{row.turn}"
                await self.telling.reviewer(session, work, row, key)
        await session.flush()
        await self.rooms.close(session, work)
        await self.redraw(session, work)

    async def credit(self, session: AsyncSession, row: storage.ReviewRow) -> None:
        """Giving one moves an own work up. By a job, because that work must not be held beside this one."""
        job = NewJob(
            CREDIT_JOB,
            f"{CREDIT_JOB}:{row.id}",
            run_at=self._core.clock.now(),
            guild_id=row.guild_id,
            payload={"member_id": row.reviewer_id},
        )
        await self._core.jobs.enqueue(session, job)

    async def expect_fill(self, session: AsyncSession, guild_id: int, round_id: int) -> None:
        """See whether somebody else can take what is missing in a round."""
        at = self._core.clock.now() + FILL_AFTER
        key = f"{FILL_JOB}:{round_id}:{int(at.timestamp())}"
        job = NewJob(FILL_JOB, key, run_at=at, guild_id=guild_id, payload={"round_id": round_id})
        await self._core.jobs.enqueue(session, job)

    async def release_all(self, session: AsyncSession, rows: Sequence[storage.ReviewRow]) -> None:
        """Take back what somebody had who left or was deleted."""
        for each in sorted(rows, key=lambda row: (row.work_id, row.id)):
            held = await storage.lock_review(session, each.id)
            if held is None:
                continue
            work, row = held
            if row.state == State.PLANNED:
                await session.delete(row)
            elif row.state in rules.HELD:
                await self.release(session, work, row, tell_author=False)

    async def switched(self, session: AsyncSession, switched: Switched) -> None:
        """While the feature was off its jobs were left out: begin anew, with an hour for whoever was late by then."""
        if switched.feature != AREA or not switched.is_on:
            return
        now = self._core.clock.now()
        for each in await storage.list_all_held(session, switched.guild_id):
            name = LOCK_JOB if each.state == State.CLAIMED else RELEASE_JOB
            at = max(each.ends_at or now, now + GRACE)
            await self._enqueue(session, name, each, at, f"again:{int(now.timestamp())}")
        for work in await storage.list_pool(session, switched.guild_id):
            if work.round_id is None:
                await self.expect_duty(session, work)
        for each in await review_rounds.list_rounds(session, switched.guild_id):
            if each.state == CONFIRMED:
                await self.expect_fill(session, each.guild_id, each.id)
            elif each.confirms_at is not None:
                await self.expect_confirmation(session, each, max(each.confirms_at, now + GRACE))

    async def expect_confirmation(
        self, session: AsyncSession, row: review_rounds.ReviewRoundRow, at: datetime
    ) -> None:
        """Let a round begin by itself at this moment."""
        row.confirms_at = at
        key = f"{CONFIRM_JOB}:{row.id}:{int(at.timestamp())}"
        job = NewJob(CONFIRM_JOB, key, run_at=at, guild_id=row.guild_id, payload={"round_id": row.id})
        await self._core.jobs.enqueue(session, job)

    # ------------------------------------------------------------------------------------------ jobs

    async def lock_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """The lock of a claim is over."""
        held = await self._held(session, job)
        if held is None or held[1].state != State.CLAIMED or not self._is_over(held[1]):
            return Skipped(_OVER)
        await self.release(session, *held, tell_author=False)
        return None

    async def tell_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Tell a reviewer what a round gave them."""
        held = await self._held(session, job)
        if held is None or not await self.telling.assigned(session, held[1]):
            return Skipped(_OVER)
        return None

    async def credit_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Somebody has given a review: the first of their own works that waits behind others does so no more."""
        assert job.guild_id is not None
        for each in await storage.list_open_of_author(session, job.guild_id, int(job.payload["member_id"])):
            work = await storage.lock_work(session, each.id)
            if work is not None and work.overdrawn and work.first_review_at is None:
                work.overdrawn = False
                await self.redraw(session, work)
                return None
        return Skipped(N_("no work of theirs waits behind others"))

    async def nudge_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Remind a reviewer, kindly."""
        held = await self._held(session, job)
        if held is None or held[1].state != State.ASSIGNED:
            return Skipped(_OVER)
        if not await self.telling.nudge(session, job.key, held[1]):
            return Skipped(N_("the member was reminded within the last day"))
        return None

    async def release_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Somebody had it for too long: others get it, and the author is told."""
        held = await self._held(session, job)
        if held is None or held[1].state != State.ASSIGNED or not self._is_over(held[1]):
            return Skipped(_OVER)
        await self.release(session, *held, tell_author=True)
        return None

    async def duty_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """A work has waited for too long: ask the reviewers on duty, once."""
        work = await storage.lock_work(session, int(job.payload["work_id"]))
        if work is None or work.state != storage.OPEN or work.first_review_at or work.escalated_at:
            return Skipped(_REVIEWED)
        rows = await storage.list_reviews(session, [work.id])
        if any(each.state in rules.HELD for each in rows):
            return Skipped(_REVIEWED)  # asked again if it comes back
        settings = await self._core.configs.present(session, work.guild_id, ReviewSettings)
        if settings.duty_role_id is None or settings.channel_id is None:
            return Skipped(N_("no role or no channel is chosen for reviewers on duty"))
        work.escalated_at = self._core.clock.now()
        effect = Effect(
            kind=EffectKind.POST,
            key=f"{DUTY_RENDERER}:{work.id}",
            guild_id=work.guild_id,
            channel_id=settings.channel_id,
            renderer=DUTY_RENDERER,
            arguments={"work_id": work.id},
            lane=Lane.SCHEDULED,
        )
        await self._core.outbox.plan(session, effect, job_id=job.id)
        return None

    async def _held(
        self, session: AsyncSession, job: Job
    ) -> tuple[storage.ReviewWorkRow, storage.ReviewRow] | None:
        """The review that the job is about, if it is still the same turn."""
        held = await storage.lock_review(session, int(job.payload["review_id"]))
        return held if held is not None and held[1].turn == job.payload["turn"] else None

    def _is_over(self, row: storage.ReviewRow) -> bool:
        return row.ends_at is not None and row.ends_at <= self._core.clock.now()

    async def _enqueue(
        self, session: AsyncSession, name: str, row: storage.ReviewRow, at: datetime, more: str = ""
    ) -> None:
        await self._core.jobs.enqueue(session, _job(name, row, at, more))

    async def _plan(
        self,
        session: AsyncSession,
        work: storage.ReviewWorkRow,
        kind: EffectKind,
        key: str,
        *,
        after: str | None = None,
    ) -> None:
        effect = Effect(
            kind=kind,
            key=key,
            guild_id=work.guild_id,
            channel_id=work.channel_id,
            member_id=work.author_id,
            renderer=WORK_RENDERER,
            arguments={"work_id": work.id},
            after=after,
        )
        await self._core.outbox.plan(session, effect)


def _job(name: str, row: storage.ReviewRow, at: datetime, more: str = "") -> NewJob:
    """A job about one turn of a review."""
    return NewJob(
        name,
        f"{name}:{row.id}:{row.turn}:{more}",
        run_at=at,
        guild_id=row.guild_id,
        payload={"review_id": row.id, "turn": row.turn},
    )
