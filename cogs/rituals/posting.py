"""What happens when a ritual is due: what is asked is settled, the post is planned, and silence is noticed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import nominal_times
from bot.authority import Actor
from bot.errors import AlreadyDone, NotFound
from bot.i18n import N_
from bot.jobs import Job, NewJob, Skipped
from bot.outbox import Effect, EffectKind, Lane
from cogs.rituals import rules
from cogs.rituals.model import AUDIT_AREA, Part, Ritual, gone, title_of
from cogs.rituals.queue import Asked, Queue
from cogs.rituals.rules import COUNTED, QUIET_RUNS, WITH_BUTTON, WITH_THREAD, AnswerBy
from storage import rituals as storage

POST_JOB = "rituals.post"
LOOK_JOB = "rituals.look_back"
PROMPT_RENDERER = "rituals.prompt"
THREAD_RENDERER = "rituals.thread"
QUIET_RENDERER = "rituals.quiet"
STOCK_RENDERER = "rituals.stock"
FORGET_JOB = "rituals.forget"
DRAWN_FOR = timedelta(days=90)  # as long as the outbox knows where a card stands
REASON_GONE = N_("the ritual was removed")
REASON_PAUSED = N_("the ritual was paused")
REASON_EMPTY = N_("there was nothing left to ask that had not been asked in the last half year")
_BY_HAND = "now:"  # begins the key of a run that somebody posted by hand
_BY_HAND_WITHIN = timedelta(hours=12)
_LOOK_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class CardAnswer:
    """An answer that its author wants to be seen."""

    member_id: int
    text: str


@dataclass(frozen=True)
class Posted:
    """A run as it is drawn. `ritual` is as it stands now."""

    run_id: int
    ritual: Ritual
    text: str | None
    is_ours: bool  # the text is a gettext id
    author_id: int
    nominal: datetime
    answers: tuple[CardAnswer, ...] = ()  # those that stand on the card, the oldest first
    people: int = 0  # who answered, in any way


class Posting(Part):
    """The runs of rituals."""

    async def due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """A nominal time has come: plan the prompt and the thread to answer in."""
        row = await storage.lock_ritual(session, int(job.payload["ritual_id"]))
        if row is None or job.nominal is None:
            return Skipped(REASON_GONE)
        if row.paused_until is not None and row.paused_until > self._core.clock.now():
            return Skipped(REASON_PAUSED)
        run = await self._begin(session, row, job.nominal.isoformat(), job.nominal, job.expires_at, job.id)
        return Skipped(REASON_EMPTY) if run is None else None

    async def by_hand(self, actor: Actor, ritual_id: int) -> Ritual:
        """Post it now, once, whatever the schedule says, which stays as it is.

        Raises `NotFound`, `AlreadyDone` when it was posted a moment ago.
        """
        config = await self.check(actor)
        now = self._core.clock.now()
        async with self._core.db.begin() as session:
            row = await self.lock(session, actor, ritual_id)
            if row.lost_at is not None:
                raise NotFound(
                    "Its channel was deleted. Choose another with {command}, and it goes on.",
                    command="`/manage rituals edit`",
                )
            latest = await storage.list_runs(session, row.id, limit=1)
            if latest and abs(now - latest[0].at) < rules.RUN_AGAIN_AFTER:
                raise AlreadyDone("It was posted a moment ago, so I did not post it a second time.")
            nominal = nominal_times.local_now(now, config.zone)
            key = f"{_BY_HAND}{now.replace(tzinfo=None).isoformat()}"
            run = await self._begin(session, row, key, nominal, now + _BY_HAND_WITHIN, None)
            if run is None:
                raise NotFound(
                    "There is nothing left to ask that was not asked in the last half year. Add a prompt with {command}.",
                    command="`/manage rituals prompts`",
                )
            await self._core.audit.record(
                session, actor, AUDIT_AREA, N_("posted the ritual {ritual} by hand"), ritual=title_of(row)
            )
            return await self.snapshot(session, row)

    async def find(self, ritual_id: int, key: str) -> Posted | None:
        """The run of this key, for drawing it."""
        async with self._core.db.read() as session:
            run = await storage.find_run(session, ritual_id, key)
            if run is not None:
                return await self._posted(session, run)
            row = await storage.find_ritual(session, ritual_id)
            if row is None or key.startswith(_BY_HAND):
                return None
            # Planned by a release that kept no runs: the same words each time, and nobody's answers.
            return Posted(0, await self.snapshot(session, row), None, False, 0, datetime.fromisoformat(key))

    async def preview(self, actor: Actor, ritual_id: int) -> Posted:
        """What would be posted next, without posting or using up anything. Raises `NotFound`."""
        config = await self.check(actor)
        now = self._core.clock.now()
        async with self._core.db.read() as session:
            row = await storage.find_ritual(session, ritual_id)
            if row is None or row.guild_id != actor.guild_id:
                raise gone()
            ritual = await self.snapshot(session, row)
            asked = await Queue(self._core).choose(session, row) if ritual.shipped.queue else None
        local = nominal_times.local_now(ritual.next_run_at or now, config.zone)
        text, author = (asked.text, asked.author_id) if asked is not None else (None, 0)
        return Posted(0, ritual, text, asked is not None and asked.source is not None, author, local)

    async def posted_runs(
        self, session: AsyncSession, ritual_id: int, *, limit: int
    ) -> list[tuple[storage.RitualRunRow, int]]:
        """The latest runs that reached Discord with how many answered each, the newest first."""
        runs = await storage.list_runs(session, ritual_id, limit=2 * limit)
        outcomes = await storage.outcomes_of(session, runs)
        there = [run for run in runs if outcomes.get(run.id, "sent") == "sent"][:limit]
        counts = await storage.count_answers(session, [run.id for run in there])
        return [(run, counts.get(run.id, 0)) for run in there]

    async def look_back(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Some days after a run that might be one too many in silence: ask staff, once, what they want of it."""
        row = await storage.lock_ritual(session, int(job.payload["ritual_id"]))
        if row is None:
            return Skipped(REASON_GONE)
        config = await self._core.configs.guild(row.guild_id)
        runs = await self.posted_runs(session, row.id, limit=2 * QUIET_RUNS)
        asked_ago = None
        if row.asked_run_id is not None:
            asked_ago = sum(run.id > row.asked_run_id for run, _ in runs)
        if not rules.has_gone_quiet([count for _, count in runs], asked_ago=asked_ago):
            return Skipped(N_("somebody answered"))
        is_paused = row.paused_until is not None and row.paused_until > self._core.clock.now()
        if config.staff_channel_id is None or is_paused or row.lost_at is not None:
            return Skipped(N_("there was nobody to ask, or nothing to ask about"))
        row.asked_run_id = runs[0][0].id
        await self._tell_staff(
            session,
            row,
            config.staff_channel_id,
            f"rituals:quiet:{row.id}:{row.asked_run_id}",
            QUIET_RENDERER,
        )
        return None

    async def _begin(
        self,
        session: AsyncSession,
        row: storage.RitualRow,
        key: str,
        nominal: datetime,
        expires_at: datetime | None,
        job_id: int | None,
    ) -> storage.RitualRunRow | None:
        """Plan one run; None when there is nothing to ask."""
        ritual = await self.snapshot(session, row)
        asked: Asked | None = None
        if ritual.shipped.queue:
            asked = await self._take(session, row, key)
            if asked is None:
                return None
        run = storage.RitualRunRow(
            guild_id=row.guild_id,
            ritual_id=row.id,
            key=key,
            nominal=nominal.isoformat(),
            at=self._core.clock.now(),
            text=asked.text if asked is not None else None,
            source=asked.source if asked is not None else None,
            author_id=asked.author_id if asked is not None else 0,
        )
        session.add(run)
        await session.flush()
        await self._plan_posts(session, ritual, run, expires_at, job_id)
        await self._watch_for_silence(session, ritual, run)
        return run

    async def _plan_posts(
        self,
        session: AsyncSession,
        ritual: Ritual,
        run: storage.RitualRunRow,
        expires_at: datetime | None,
        job_id: int | None,
    ) -> None:
        arguments = {"ritual_id": ritual.id, "key": run.key, "nominal": run.nominal}
        if ritual.answer is AnswerBy.POLL and run.text is not None:
            arguments["poll"] = rules.split_poll(run.text)[0]
        prompt = Effect(
            kind=EffectKind.POST,
            key=run.effect_key,
            guild_id=ritual.guild_id,
            channel_id=ritual.channel_id,
            renderer=PROMPT_RENDERER,
            arguments=arguments,
            lane=Lane.SCHEDULED,
            # The newest of those that wait is enough, but what somebody posts by hand is wanted as well.
            coalesce_key=f"rituals:{ritual.id}" if job_id is not None else None,
            expires_at=expires_at,
        )
        effects = [prompt]
        if ritual.answer in WITH_THREAD:
            thread = Effect(
                kind=EffectKind.OPEN_THREAD,
                key=f"{run.effect_key}:thread",
                guild_id=ritual.guild_id,
                channel_id=ritual.channel_id,
                renderer=THREAD_RENDERER,
                arguments=arguments,
                # After everybody's prompts: what is due at the same moment is not held up by threads.
                lane=Lane.BULK,
                after=run.effect_key,
            )
            effects.append(thread)
        await self._core.outbox.plan(session, *effects, job_id=job_id)

    async def end(self, session: AsyncSession, row: storage.RitualRow) -> None:
        """The ritual was ended: what was posted stays, without anything to press, until nobody knows where it stands."""
        now = self._core.clock.now()
        await self._core.jobs.enqueue(
            session,
            NewJob(
                name=FORGET_JOB,
                key=f"{FORGET_JOB}:{row.id}",
                run_at=now + DRAWN_FOR,
                guild_id=row.guild_id,
                payload={"ritual_id": row.id},
            ),
        )
        ritual = await self.snapshot(session, row)
        has_button = ritual.answer in WITH_BUTTON or (
            ritual.shipped.queue and ritual.answer is not AnswerBy.POLL
        )
        if has_button and row.lost_at is None:
            await self.redraw(session, row.guild_id, {row.id}, "ended")

    async def redraw(
        self, session: AsyncSession, guild_id: int, ritual_ids: Collection[int], occasion: str
    ) -> None:
        """Draw what these rituals have posted again, as far back as it is known where it stands."""
        since = self._core.clock.now() - DRAWN_FOR
        for run in await storage.list_since(session, guild_id, since=since):
            if run.ritual_id not in ritual_ids:
                continue
            effect = Effect(
                kind=EffectKind.EDIT,
                key=f"{run.effect_key}:{occasion}",
                guild_id=guild_id,
                channel_id=run.message_id or 0,
                renderer=PROMPT_RENDERER,
                arguments={"ritual_id": run.ritual_id, "key": run.key, "nominal": run.nominal},
                lane=Lane.BULK,
                after=run.effect_key,
            )
            await self._core.outbox.plan(session, effect)

    async def forget(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Nobody knows any more where the cards of an ended ritual stand, so it goes for good."""
        row = await storage.find_ever(session, int(job.payload["ritual_id"]))
        if row is None or row.ended_at is None:
            return Skipped(REASON_GONE)
        await session.delete(row)
        return None

    async def _take(self, session: AsyncSession, row: storage.RitualRow, key: str) -> Asked | None:
        """What is asked this time, and a word to staff when there is little left."""
        queue = Queue(self._core)
        asked = await queue.take(session, row)
        left = len(await storage.list_prompts(session, row.id, ["queued"]))
        config = await self._core.configs.guild(row.guild_id)
        if left < rules.LOW_STOCK and config.staff_channel_id is not None:
            from_library = asked is not None and asked.source is not None
            await self._tell_staff(
                session,
                row,
                config.staff_channel_id,
                f"rituals:stock:{row.id}:{key}",
                STOCK_RENDERER,
                left=left,
                library=from_library,
                empty=asked is None,
            )
        return asked

    async def _watch_for_silence(
        self, session: AsyncSession, ritual: Ritual, run: storage.RitualRunRow
    ) -> None:
        """When this run may be the last of too many that nobody answered, look at it again before the next."""
        if ritual.answer not in COUNTED:
            return
        # Those before this one, of which the outcome is known.
        earlier = await self.posted_runs(session, ritual.id, limit=QUIET_RUNS)
        counts = [count for each, count in earlier if each.id != run.id][: QUIET_RUNS - 1]
        if len(counts) < QUIET_RUNS - 1 or any(counts):
            return
        job = NewJob(
            LOOK_JOB,
            f"{LOOK_JOB}:{run.id}",
            self._core.clock.now() + _LOOK_AFTER,
            guild_id=ritual.guild_id,
            payload={"ritual_id": ritual.id},
        )
        await self._core.jobs.enqueue(session, job)

    async def _tell_staff(
        self,
        session: AsyncSession,
        row: storage.RitualRow,
        channel_id: int,
        key: str,
        renderer: str,
        **arguments: object,
    ) -> None:
        notice = Effect(
            kind=EffectKind.POST,
            key=key,
            guild_id=row.guild_id,
            channel_id=channel_id,
            renderer=renderer,
            arguments={"ritual_id": row.id, **arguments},
            lane=Lane.SCHEDULED,
        )
        await self._core.outbox.plan(session, notice)

    async def _posted(self, session: AsyncSession, run: storage.RitualRunRow) -> Posted | None:
        row = await storage.find_ever(session, run.ritual_id)
        if row is None:
            return None
        answers = await storage.list_answers(session, run.id)
        return Posted(
            run.id,
            await self.snapshot(session, row),
            run.text,
            run.source is not None,
            run.author_id,
            datetime.fromisoformat(run.nominal),
            tuple(
                CardAnswer(each.member_id, each.text)
                for each in answers
                if each.shown and each.text and each.posted_version is None
            ),
            len(answers),
        )
