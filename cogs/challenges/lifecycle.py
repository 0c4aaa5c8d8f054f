"""From opening to archive: each transition is a job with a key of its own, and plans the next one.

The order of locks is: the community's settings, then the challenge, then what belongs to one member. Whoever opens
holds the settings, so at most one challenge runs. Each transition looks at the state under the lock of the challenge,
so a job that comes twice, late, or after somebody's press finds that there is nothing left to do.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.core import Core
from bot.i18n import N_
from bot.jobs import Handler, Job, NewJob, Skipped
from bot.nominal_times import local_now, to_instant
from bot.outbox import Effect, EffectKind, Lane
from cogs.challenges import rules
from cogs.challenges.model import (
    ARCHIVE_JOB,
    CLOSE_JOB,
    CLOSED,
    OPEN_JOB,
    POST_RENDERER,
    REMIND_JOB,
    RESULTS_JOB,
    RESULTS_RENDERER,
    REVIEW_JOB,
    STOCK_RENDERER,
    THREAD_RENDERER,
    ChallengeSettings,
    job_payload,
)
from cogs.challenges.reminders import Reminders
from cogs.challenges.rules import State
from storage import challenges as storage

OPEN_LATE_WITHIN = timedelta(days=2)
"""How late a challenge may open that was due while the bot was away."""
DRAWN_FOR = timedelta(days=90)  # as long as the outbox knows where a card stands
LEFT_BEHIND = timedelta(minutes=10)
LOW_STOCK = 1  # queued challenges left after an opening, from which on staff are told
_OVER = N_("it went on already, or was moved")


class Lifecycle:
    """Moves challenges on, within the caller's transaction."""

    def __init__(self, core: Core, reminders: Reminders) -> None:
        self._core = core
        self._reminders = reminders
        self.jobs: dict[str, Handler] = {
            OPEN_JOB: self.open_due,
            CLOSE_JOB: self.close_due,
            REVIEW_JOB: self.review_due,
            RESULTS_JOB: self.results_due,
            ARCHIVE_JOB: self.archive_due,
            REMIND_JOB: reminders.remind_due,
        }

    # ------------------------------------------------------------------------------------------ opening

    async def open_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """The community's opening time has come: open the first in the queue."""
        assert job.guild_id is not None
        settings = await storage.lock_settings(session, job.guild_id)
        await self.catch_up(session, job.guild_id)
        if settings.channel_id is None:
            return Skipped(N_("no channel is chosen for challenges, see /manage challenges list"))
        if await storage.list_challenges(session, job.guild_id, rules.RUNNING):
            return Skipped(N_("another challenge is still open"))
        queue = await storage.list_challenges(session, job.guild_id, [State.QUEUED])
        if not queue:
            await self._tell_stock(session, job.guild_id, job.key, 0)
            return Skipped(N_("no challenge waits in the queue"))
        row = await storage.lock_challenge(session, job.guild_id, queue[0].id)
        assert row is not None  # nobody takes one away without the settings
        await self.open(session, row, settings.channel_id)
        if len(queue) - 1 <= LOW_STOCK:
            await self._tell_stock(session, job.guild_id, job.key, len(queue) - 1)
        return None

    async def open(self, session: AsyncSession, row: storage.ChallengeRow, channel_id: int) -> None:
        """Open a challenge, whose community's settings the caller holds."""
        now = self._core.clock.now()
        row.state, row.opened_at, row.channel_id = State.OPEN.value, now, channel_id
        ends = await self.ends(row.guild_id, now)
        row.closes_at, row.grace_until, row.results_at = ends
        row.closings += 1
        await session.flush()
        key = post_key(row.id)
        post = Effect(
            kind=EffectKind.POST,
            key=key,
            guild_id=row.guild_id,
            channel_id=channel_id,
            renderer=POST_RENDERER,
            arguments={"challenge_id": row.id},
            lane=Lane.SCHEDULED,
            expires_at=row.closes_at,
        )
        thread = Effect(
            kind=EffectKind.OPEN_THREAD,
            key=f"{key}:thread",
            guild_id=row.guild_id,
            channel_id=channel_id,
            renderer=THREAD_RENDERER,
            arguments={"challenge_id": row.id},
            lane=Lane.SCHEDULED,
            after=key,
        )
        await self._core.outbox.plan(session, post, thread)
        await self._plan(session, CLOSE_JOB, row, ends[0])

    async def ends(self, guild_id: int, opened: datetime) -> tuple[datetime, datetime, datetime]:
        """When a challenge closes that opens now, until when the grace lasts, and when its results are told."""
        config = await self._core.configs.guild(guild_id)
        settings = await self._core.configs.get(guild_id, ChallengeSettings)
        end = rules.ending(
            local_now(opened, config.zone),
            settings.closes_weekday,
            settings.closes_time,
            settings.results_time,
        )
        return self._with_grace(
            to_instant(end.closes, config.zone), to_instant(end.results, config.zone), settings
        )

    async def ends_if_closed(self, guild_id: int, closes: datetime) -> tuple[datetime, datetime, datetime]:
        """The same for a deadline that somebody chose."""
        config = await self._core.configs.guild(guild_id)
        settings = await self._core.configs.get(guild_id, ChallengeSettings)
        day = local_now(closes, config.zone).date() + timedelta(days=1)
        results = to_instant(datetime.combine(day, settings.results_time), config.zone)
        return self._with_grace(closes, results, settings)

    @staticmethod
    def _with_grace(
        closes: datetime, results: datetime, settings: ChallengeSettings
    ) -> tuple[datetime, datetime, datetime]:
        grace = closes + timedelta(hours=settings.grace_hours)
        return closes, grace, max(results, grace)

    # ------------------------------------------------------------------------------------------ closing

    async def close_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """The deadline has come."""
        row = await self._held(session, job, State.OPEN)
        if row is None:
            return Skipped(_OVER)
        await self.close(session, row)
        return None

    async def close(self, session: AsyncSession, row: storage.ChallengeRow) -> None:
        """End the time to hand in, of a challenge that the caller holds. From now on what comes is late."""
        assert row.grace_until is not None
        row.state = State.CLOSING.value
        await session.flush()
        await self.redraw(session, row)
        await self._plan(session, REVIEW_JOB, row, row.grace_until)

    async def extend(
        self, session: AsyncSession, row: storage.ChallengeRow, ends: tuple[datetime, datetime, datetime]
    ) -> None:
        """Give everybody more time, also when it has just closed. The caller holds the challenge."""
        row.state = State.OPEN.value
        row.closes_at, row.grace_until, row.results_at = ends
        row.closings += 1
        await session.flush()
        await self.redraw(session, row)
        await self._plan(session, CLOSE_JOB, row, ends[0])
        for entry in await storage.list_entries(session, row.guild_id, row.id):
            if entry.remind:
                await self._reminders.expect(session, row, entry.member_id)

    async def review_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """The time of grace is over: what was handed in is ready for review."""
        row = await self._held(session, job, State.CLOSING)
        if row is None:
            return Skipped(_OVER)
        await self._review(session, row)
        return None

    async def _review(self, session: AsyncSession, row: storage.ChallengeRow) -> None:
        assert row.results_at is not None
        row.state = State.REVIEW.value
        await session.flush()
        seen: set[int] = set()
        for submission in await storage.list_submissions(session, row.guild_id, row.id):
            if submission.member_id not in seen:
                seen.add(submission.member_id)
                await self.hand_over(session, row, submission.member_id)
        await self.redraw(session, row)
        await self._plan(session, RESULTS_JOB, row, row.results_at)

    async def hand_over(self, session: AsyncSession, row: storage.ChallengeRow, member_id: int) -> None:
        """Say in the ledger that somebody's submission is ready for review."""
        act = Act(CLOSED, row.guild_id, member_id, str(row.id), {"challenge_id": row.id})
        await self._core.ledger.record(session, act)

    async def results_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Tell who finished."""
        row = await self._held(session, job, State.REVIEW)
        if row is None:
            return Skipped(_OVER)
        await self._tell_results(session, row)
        return None

    async def _tell_results(self, session: AsyncSession, row: storage.ChallengeRow) -> None:
        settings = await self._core.configs.get(row.guild_id, ChallengeSettings)
        row.state = State.RESULTS.value
        row.gallery_channel_id = settings.gallery_channel_id or settings.channel_id or row.channel_id
        await session.flush()
        assert row.gallery_channel_id is not None and row.closes_at is not None  # it was open
        effect = Effect(
            kind=EffectKind.POST,
            key=results_key(row.id),
            guild_id=row.guild_id,
            channel_id=row.gallery_channel_id,
            renderer=RESULTS_RENDERER,
            arguments={"challenge_id": row.id},
            lane=Lane.SCHEDULED,
        )
        await self._core.outbox.plan(session, effect)
        await self.redraw(session, row)
        at = max(self._core.clock.now(), row.closes_at) + rules.ARCHIVED_AFTER
        await self._plan(session, ARCHIVE_JOB, row, at)

    async def archive_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """It is history now, to be read in the gallery."""
        row = await self._held(session, job, State.RESULTS)
        if row is None:
            return Skipped(_OVER)
        await self._archive(session, row)
        return None

    async def _archive(self, session: AsyncSession, row: storage.ChallengeRow) -> None:
        row.state = State.ARCHIVED.value
        await session.flush()
        await self.redraw(session, row)

    # ------------------------------------------------------------------------------------------ left behind

    async def catch_up(self, session: AsyncSession, guild_id: int) -> None:
        """Move on what should have moved long ago: jobs are left out while the feature is switched off.

        The caller holds the community's settings.
        """
        for each in await storage.list_challenges(session, guild_id, rules.UNDER_WAY):
            row = await storage.lock_challenge(session, guild_id, each.id)
            while row is not None and self.is_left_behind(row):
                match State(row.state):
                    case State.OPEN:
                        await self.close(session, row)
                    case State.CLOSING:
                        await self._review(session, row)
                    case State.REVIEW:
                        await self._tell_results(session, row)
                    case _:
                        await self._archive(session, row)

    def is_left_behind(self, row: storage.ChallengeRow) -> bool:
        """Whether its next step is due for so long that no job can be on its way."""
        if row.closes_at is None or row.grace_until is None or row.results_at is None:
            return False
        due = {
            State.OPEN: row.closes_at,
            State.CLOSING: row.grace_until,
            State.REVIEW: row.results_at,
            State.RESULTS: row.results_at + 2 * rules.ARCHIVED_AFTER,
        }.get(State(row.state))
        return due is not None and self._core.clock.now() > due + LEFT_BEHIND

    # ------------------------------------------------------------------------------------------ what is shown

    async def redraw(self, session: AsyncSession, row: storage.ChallengeRow) -> None:
        """Draw the post of a challenge again that the caller holds, if it was posted."""
        row.edits += 1
        await session.flush()
        await self._edit(session, row, post_key(row.id), row.channel_id, POST_RENDERER, row.edits)

    async def redraw_results(
        self, session: AsyncSession, row: storage.ChallengeRow, submission_id: int
    ) -> None:
        """Draw the results again, which must show this submission. The caller need not hold the challenge alone."""
        key = results_key(row.id)
        await self._edit(session, row, key, row.gallery_channel_id, RESULTS_RENDERER, submission_id)

    async def redraw_all(self, session: AsyncSession, guild_id: int) -> None:
        """Draw the posts and results of the last months again, because somebody was deleted who may stand there."""
        now = self._core.clock.now()
        states = [each.value for each in (*rules.UNDER_WAY, State.ARCHIVED)]
        for row in await storage.list_challenges(session, guild_id, states):
            if row.opened_at is None or row.opened_at < now - DRAWN_FOR:
                continue
            moment = int(now.timestamp())
            await self._edit(session, row, post_key(row.id), row.channel_id, POST_RENDERER, moment)
            await self._edit(
                session, row, results_key(row.id), row.gallery_channel_id, RESULTS_RENDERER, moment
            )

    async def _edit(
        self,
        session: AsyncSession,
        row: storage.ChallengeRow,
        key: str,
        channel_id: int | None,
        renderer: str,
        number: int,
    ) -> None:
        if channel_id is None:
            return
        effect = Effect(
            kind=EffectKind.EDIT,
            key=f"{key}:edit:{number}",
            guild_id=row.guild_id,
            channel_id=channel_id,
            renderer=renderer,
            arguments={"challenge_id": row.id},
            lane=Lane.SCHEDULED,
            after=key,
        )
        await self._core.outbox.plan(session, effect)

    async def _tell_stock(self, session: AsyncSession, guild_id: int, key: str, left: int) -> None:
        config = await self._core.configs.guild(guild_id)
        if config.staff_channel_id is None:
            return
        effect = Effect(
            kind=EffectKind.POST,
            key=f"challenges.stock:{key}",
            guild_id=guild_id,
            channel_id=config.staff_channel_id,
            renderer=STOCK_RENDERER,
            arguments={"left": left},
            lane=Lane.SCHEDULED,
        )
        await self._core.outbox.plan(session, effect)

    # ------------------------------------------------------------------------------------------ shared

    async def _plan(self, session: AsyncSession, name: str, row: storage.ChallengeRow, at: datetime) -> None:
        job = NewJob(
            name,
            f"{name}:{row.id}:{row.closings}",
            run_at=at,
            guild_id=row.guild_id,
            payload=job_payload(row),
        )
        await self._core.jobs.enqueue(session, job)

    async def _held(self, session: AsyncSession, job: Job, state: State) -> storage.ChallengeRow | None:
        """The job's challenge, locked, if it is in this state and the deadline is the one that the job was for."""
        assert job.guild_id is not None
        row = await storage.lock_challenge(session, job.guild_id, int(job.payload["challenge_id"]))
        if row is None or row.state != state or row.closings != job.payload["closing"]:
            return None
        return row


def post_key(challenge_id: int) -> str:
    return f"challenges:{challenge_id}:post"


def results_key(challenge_id: int) -> str:
    return f"challenges:{challenge_id}:results"
