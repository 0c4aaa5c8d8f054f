"""Whom a report calls, and when: who is on duty, then all moderators, then facilitators, while nobody takes it.

An item is a card in the staff channel. One about somebody of staff is not, nor is any where there is no such channel:
then the others of staff are told each in private, once. Nobody is called twice within ten minutes, however many reports
come. All within the caller's transaction, apart from `people`, which looks at Discord and comes before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Capability
from bot.cases import REPORT
from bot.core import Core
from bot.duty import MODERATOR
from bot.errors import ServiceUnavailable
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.jobs import Job, NewJob, Skipped
from bot.notify import Notification
from bot.outbox import Effect, EffectKind
from cogs.reports import rules
from cogs.reports.model import (
    CALL_JOB,
    CALL_RENDERER,
    ITEM_RENDERER,
    RETURN_JOB,
    STATUS_KIND,
    STATUS_RENDERER,
    WAITING_KIND,
    WAITING_RENDERER,
    Reach,
    ReportSettings,
    call_key,
    item_key,
    queued_of,
    status_key,
    waiting_key,
)
from cogs.reports.rules import CALLS, NOBODY, Category, Stage, State
from storage import evidence as evidence_storage
from storage import reports as storage
from storage.reports import ReportItemRow, ReportNumberRow

WAITING_LASTS = timedelta(days=7)


@dataclass(frozen=True)
class People:
    """Who of staff there is."""

    moderators: frozenset[int] = frozenset()
    facilitators: frozenset[int] = frozenset()

    def at(self, stage: Stage) -> frozenset[int]:
        return self.facilitators if stage is Stage.FACILITATORS else self.moderators

    @property
    def all(self) -> frozenset[int]:
        return self.moderators | self.facilitators


class Calling:
    """Posts items, calls people, and tells those who reported."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def add_jobs(self) -> None:
        self._core.jobs.register_prepared(CALL_JOB, self._prepare, self._call_again)
        self._core.jobs.register_prepared(RETURN_JOB, self._prepare, self._give_back)

    def remove_jobs(self) -> None:
        self._core.jobs.unregister(CALL_JOB)
        self._core.jobs.unregister(RETURN_JOB)

    async def people(self, guild_id: int) -> People:
        """Everybody of staff. Asks Discord, so never within a transaction."""
        return People(
            await self._holders(guild_id, Capability.MODERATE),
            await self._holders(guild_id, Capability.FACILITATE),
        )

    async def _holders(self, guild_id: int, capability: Capability) -> frozenset[int]:
        try:
            return frozenset(await self._core.guards.look.holders(guild_id, capability))
        except ServiceUnavailable:
            # A report is taken in whatever Discord says; those with the chosen role are known by themselves.
            roles = (await self._core.configs.guild(guild_id)).capability_roles.of(capability)
            known = self._core.qualifications.roles
            return frozenset(known.members_with(guild_id, roles)) if known is not None else frozenset()

    async def channel(self, session: AsyncSession, item: ReportItemRow) -> int | None:
        """Where the item is shown to staff; None when each is told in private."""
        if item.about_staff:
            return None
        return (await self._core.configs.present(session, item.guild_id, GuildConfig)).staff_channel_id

    # ------------------------------------------------------------------------------------------ calling

    async def announce(
        self,
        session: AsyncSession,
        item: ReportItemRow,
        numbers: ReportNumberRow,
        people: People,
        *,
        is_new: bool,
        was_quiet: bool = False,
    ) -> Reach:
        """Show a report to staff: a new card and a call, or the card as it is now; and a call when it is quiet no more."""
        channel_id = await self.channel(session, item)
        if is_new:
            await self._announce_new(session, item, numbers, people, channel_id)
        else:
            await self.redraw(session, item)
            if was_quiet and item.state == State.OPEN and not await self.is_quiet(session, item):
                item.turn += 1
                await self._enqueue_calls(session, item)
                if await self._may_call(session, item, numbers, Stage.MODERATORS):
                    await self._call(session, item, people, Stage.MODERATORS)
        if channel_id is not None:
            return Reach.CHANNEL
        return Reach.PEOPLE if people.all - {item.subject_id} else Reach.NOBODY

    async def _announce_new(
        self,
        session: AsyncSession,
        item: ReportItemRow,
        numbers: ReportNumberRow,
        people: People,
        channel_id: int | None,
    ) -> None:
        on_duty = await self._core.duty.holders(session, item.guild_id, MODERATOR) or frozenset()
        first = Stage.ON_DUTY if on_duty - {item.subject_id} else Stage.MODERATORS
        called = await self._may_call(session, item, numbers, first)
        if channel_id is not None:
            card = Effect(
                kind=EffectKind.POST,
                key=item_key(item.id),
                guild_id=item.guild_id,
                channel_id=channel_id,
                renderer=ITEM_RENDERER,
                arguments={"item_id": item.id, "stage": first.value if called else None},
            )
            await self._core.outbox.plan(session, card)
        elif called or await self.is_quiet(session, item):
            # No card tells of it, so quiet means here that each is told once, and not again.
            await self._tell(session, item, on_duty if first is Stage.ON_DUTY else people.moderators)
        for stage, after in CALLS.items():
            if after and not (stage is first and called):
                await self._enqueue(session, item, stage, after)

    async def _may_call(
        self, session: AsyncSession, item: ReportItemRow, numbers: ReportNumberRow, stage: Stage
    ) -> bool:
        """Whether to call them now; then it is written down that they were."""
        now, last = self._core.clock.now(), numbers.calls.get(stage.value)
        may = rules.calls_now(
            queued_of(item),
            quiet=await self.is_quiet(session, item),
            # What is told in private is told to each once, and is no call in a channel.
            last_call=datetime.fromisoformat(last) if last is not None and not item.about_staff else None,
            now=now,
        )
        if may and not item.about_staff:
            numbers.calls = {**numbers.calls, stage.value: now.isoformat()}
        return may

    async def is_quiet(self, session: AsyncSession, item: ReportItemRow) -> bool:
        """Whether the community wants nobody to be called for reports of its kind."""
        settings = await self._core.configs.present(session, item.guild_id, ReportSettings)
        return settings.is_quiet(Category(item.category))

    async def _enqueue(
        self, session: AsyncSession, item: ReportItemRow, stage: Stage, after: timedelta
    ) -> None:
        job = NewJob(
            name=CALL_JOB,
            key=f"{CALL_JOB}:{item.id}:{stage.value}:{item.turn}",
            run_at=self._core.clock.now() + after,
            guild_id=item.guild_id,
            payload={"item": item.id, "stage": stage.value},
        )
        await self._core.jobs.enqueue(session, job)

    async def _prepare(self, job: Job) -> People:
        return await self.people(job.guild_id or 0)

    async def _call_again(self, session: AsyncSession, job: Job, people: People) -> Skipped | None:
        """Nobody took it yet: the next ones are called."""
        numbers = await storage.lock_numbers(session, job.guild_id or 0)
        item = await storage.lock_item(session, int(job.payload["item"]))
        stage = Stage(job.payload["stage"])
        if item is None or item.state != State.OPEN:
            return Skipped(N_("somebody has taken the report"))
        if not await self._may_call(session, item, numbers, stage):
            return Skipped(N_("nobody is called for it, or they were called a moment ago"))
        await self._call(session, item, people, stage)
        return None

    async def _call(self, session: AsyncSession, item: ReportItemRow, people: People, stage: Stage) -> None:
        channel_id = await self.channel(session, item)
        if channel_id is None:
            await self._tell(session, item, people.at(stage))
            return
        call = Effect(
            kind=EffectKind.POST,
            key=call_key(item.id, item.turn, stage),
            guild_id=item.guild_id,
            channel_id=channel_id,
            renderer=CALL_RENDERER,
            arguments={"item_id": item.id, "stage": stage.value},
        )
        await self._core.outbox.plan(session, call)

    async def _tell(self, session: AsyncSession, item: ReportItemRow, people: frozenset[int]) -> None:
        """Tell each in private, once until somebody takes it, that it waits; never whom it is about."""
        for member_id in sorted(people - {item.subject_id, NOBODY}):
            note = Notification(
                kind=WAITING_KIND.name,
                key=waiting_key(item.id, item.turn, member_id),
                guild_id=item.guild_id,
                member_id=member_id,
                renderer=WAITING_RENDERER,
                channel_id=None,
                arguments={"item_id": item.id},
                expires_at=self._core.clock.now() + WAITING_LASTS,
            )
            await self._core.notifier.notify(session, note)

    # ------------------------------------------------------------------------------------------ taken and given back

    async def expect(self, session: AsyncSession, item: ReportItemRow) -> None:
        """See that it goes back to the others when whoever has it now stays silent."""
        at = rules.goes_back_at(queued_of(item))
        assert at is not None
        job = NewJob(
            name=RETURN_JOB,
            key=f"{RETURN_JOB}:{item.id}:{item.turn}:{at:%Y-%m-%dT%H:%M:%S}",
            run_at=at,
            guild_id=item.guild_id,
            payload={"item": item.id, "turn": item.turn},
        )
        await self._core.jobs.enqueue(session, job)

    async def give_back(self, session: AsyncSession, item: ReportItemRow) -> None:
        """Leave it to the others, who are called as for a new one while nobody takes it."""
        item.state, item.taken_by = State.OPEN.value, NOBODY
        await self.changed(session, item)
        await self._enqueue_calls(session, item)

    async def _enqueue_calls(self, session: AsyncSession, item: ReportItemRow) -> None:
        for stage, after in CALLS.items():
            if after:
                await self._enqueue(session, item, stage, after)

    async def _give_back(self, session: AsyncSession, job: Job, people: People) -> Skipped | None:
        numbers = await storage.lock_numbers(session, job.guild_id or 0)
        item = await storage.lock_item(session, int(job.payload["item"]))
        at = rules.goes_back_at(queued_of(item)) if item is not None else None
        if item is None or at is None or item.turn != job.payload["turn"]:
            return Skipped(N_("the report is not with them any more"))
        if at > self._core.clock.now():
            await self.expect(session, item)
            return Skipped(N_("they have worked on the report since"))
        await self.give_back(session, item)
        if await self._may_call(session, item, numbers, Stage.MODERATORS):
            await self._call(session, item, people, Stage.MODERATORS)
        return None

    # ------------------------------------------------------------------------------------------ showing

    async def changed(self, session: AsyncSession, item: ReportItemRow) -> None:
        """Draw its card again; while somebody has it, and after it, calls for it are out of place."""
        item.version += 1
        await session.flush()
        await self.redraw(session, item)
        if item.state != State.OPEN:
            for stage in (Stage.MODERATORS, Stage.FACILITATORS):
                key = call_key(item.id, item.turn, stage)
                await self._core.outbox.delete_post(session, key, f"{key}:gone")
                earlier = call_key(item.id, item.turn - 1, stage)
                await self._core.outbox.delete_post(session, earlier, f"{earlier}:gone")

    async def forget(self, session: AsyncSession, guild_id: int, member_id: int) -> None:
        """Somebody is erased: cards that quote their messages are drawn again without them."""
        for item_id in await evidence_storage.list_owned_of(session, REPORT, guild_id, member_id):
            item = await storage.lock_item(session, item_id)
            if item is not None:
                item.version += 1
                await self.redraw(session, item)

    async def redraw(self, session: AsyncSession, item: ReportItemRow) -> None:
        key = item_key(item.id)
        await self._core.outbox.edit_post(session, key, f"{key}:v{item.version}")

    async def tell_reporters(self, session: AsyncSession, item: ReportItemRow) -> None:
        """What became of it, to each who reported, once a state."""
        for report in await storage.list_reports(session, item.id):
            if report.reporter_id == NOBODY:
                continue
            status = Notification(
                kind=STATUS_KIND.name,
                key=status_key(report.id, State(item.state)),
                guild_id=item.guild_id,
                member_id=report.reporter_id,
                renderer=STATUS_RENDERER,
                channel_id=None,
                arguments={"report_id": report.id, "state": item.state},
            )
            await self._core.notifier.notify(session, status)
