"""When a promise is asked about and closed, and what Discord shows of it. All within the caller's transaction.

It follows its maker's clock: when it is due, and their zone has changed so that it is not yet, it is looked at again
then. It is asked about once a date; without an answer it stays open in silence for two weeks.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.features import Switched
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.jobs import Job, NewJob, Skipped
from bot.nominal_times import to_instant
from bot.notify import Notification
from bot.notify_rules import UNTIL_I_RETURN
from bot.outbox import Effect, EffectKind, Lane
from cogs.promises import rules
from cogs.promises.model import (
    AREA,
    CARD_RENDERER,
    CHECK_JOB,
    CHECK_KIND,
    CHECK_RENDERER,
    CLOSE_JOB,
    PromiseSettings,
)
from cogs.promises.rules import State
from storage import members as member_storage
from storage import privacy as privacy_storage
from storage import promises as storage

LOOK_AGAIN = timedelta(days=1)
"""How soon whoever left is looked for again, until the promise closes."""
REASON_ANSWERED = N_("it was answered, moved or taken back")


class Asking:
    """Plans and gives the question, and draws the card."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def post(self, session: AsyncSession, row: storage.PromiseRow) -> None:
        """Show its card, if it is to be seen by others."""
        if row.public:
            await self._plan(session, row, EffectKind.POST, row.effect_key)

    async def redraw(
        self, session: AsyncSession, row: storage.PromiseRow, *, lane: Lane = Lane.AWAITED
    ) -> None:
        """Show the card as the promise stands now."""
        row.version += 1
        if row.public:
            key = f"promises.redraw:{row.id}:{row.version}"
            await self._plan(session, row, EffectKind.EDIT, key, after=row.effect_key, lane=lane)

    async def take_away(self, session: AsyncSession, row: storage.PromiseRow) -> None:
        """The card goes."""
        if row.public:
            await self._plan(
                session, row, EffectKind.DELETE, f"promises.remove:{row.id}", after=row.effect_key
            )
        row.public = False

    async def settled(self, session: AsyncSession, row: storage.PromiseRow, *, keep_question: bool) -> None:
        """It was answered, moved or taken back: what waits for the digest is not told any more, and a question in a
        channel goes, unless it gives way to the answer (`keep_question`)."""
        await self._core.notifier.withdraw(session, _key(row))
        if not keep_question:
            await self._core.outbox.delete_post(session, _key(row), f"promises.unask:{row.id}:{row.moves}")

    async def redraw_question(self, session: AsyncSession, row: storage.PromiseRow) -> None:
        """What the question says has changed, or is not for everybody any more."""
        row.version += 1
        await self._core.outbox.edit_post(session, _key(row), f"promises.reask:{row.id}:{row.version}")

    async def close(self, session: AsyncSession, row: storage.PromiseRow) -> None:
        """Nobody said how it went, which is fine."""
        row.state, row.closed_at = State.SILENT.value, self._core.clock.now()
        await self.settled(session, row, keep_question=True)  # it can be answered late
        await self.redraw(session, row)

    async def expect(
        self, session: AsyncSession, row: storage.PromiseRow, member: member_storage.MemberRow
    ) -> None:
        """Plan to ask when it is due, and to close it two weeks later, even if asking is left out."""
        await self._enqueue(session, row, CHECK_JOB, row.due_at)
        await self._enqueue(session, row, CLOSE_JOB, rules.closes_at(row.due_at, _end(member)))

    async def switched(self, session: AsyncSession, switched: Switched) -> None:
        """What fell due while promises were off is asked about once they are on again, or closed if that is long ago.

        The jobs of that time were left out, so they are planned anew, for now.
        """
        if switched.feature != AREA or not switched.is_on:
            return
        now = self._core.clock.now()
        for row in await storage.list_due(session, switched.guild_id, now):
            if row.asked_at is None and rules.closes_at(row.due_at, None) > now:
                await self._enqueue(session, row, CHECK_JOB, now)
            closes_at = rules.closes_at(row.asked_at or row.due_at, None)
            await self._enqueue(session, row, CLOSE_JOB, max(now, closes_at))

    async def check_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Ask once, as the member wishes to be told."""
        member, row = await self._locked(session, job)
        if row is None:
            return Skipped(REASON_ANSWERED)
        now = self._core.clock.now()
        if await privacy_storage.has_left(session, row.guild_id, row.member_id):
            if now + LOOK_AGAIN < rules.closes_at(row.due_at, _end(member)):
                await self._enqueue(session, row, CHECK_JOB, now + LOOK_AGAIN)
            return Skipped(N_("the member has left; it waits in case they come back"))
        zone = member.zone or (await self._core.configs.present(session, row.guild_id, GuildConfig)).zone
        due_at = to_instant(datetime.fromisoformat(row.nominal), zone) if row.nominal else row.due_at
        if due_at > now:
            row.due_at, row.zone = due_at, zone
            await self.expect(session, row, member)
            await self.redraw(session, row)
            return Skipped(N_("the member's zone was changed; it comes later"))
        row.asked_at = now
        settings = await self._core.configs.present(session, row.guild_id, PromiseSettings)
        notification = Notification(
            kind=CHECK_KIND.name,
            key=_key(row),
            guild_id=row.guild_id,
            member_id=row.member_id,
            renderer=CHECK_RENDERER,
            channel_id=row.channel_id or settings.channel_id,
            arguments={"promise_id": row.id, "moves": row.moves},
            lane=Lane.SCHEDULED,
        )
        await self._core.notifier.notify(session, notification)
        await self.redraw(session, row)
        return None

    async def close_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Close what was not answered, or look again two weeks after the question or the member's pause."""
        member, row = await self._locked(session, job)
        if row is None:
            return Skipped(REASON_ANSWERED)
        now = self._core.clock.now()
        at = rules.closes_at(row.asked_at or row.due_at, _end(member))
        if member.paused_until == UNTIL_I_RETURN:
            at = now + rules.CLOSES_AFTER
        if at > now:
            await self._enqueue(session, row, CLOSE_JOB, at)
            return Skipped(N_("the member was away; it closes later"))
        await self.close(session, row)
        return None

    async def _locked(
        self, session: AsyncSession, job: Job
    ) -> tuple[member_storage.MemberRow, storage.PromiseRow | None]:
        """The member, then the promise if it waits for this very job."""
        assert job.guild_id is not None
        member = await member_storage.change_member(session, job.guild_id, int(job.payload["member_id"]))
        row = await storage.lock_promise(session, int(job.payload["promise_id"]))
        if row is None or row.state != State.OPEN or row.moves != job.payload["moves"]:
            return member, None
        return member, row

    async def _enqueue(self, session: AsyncSession, row: storage.PromiseRow, name: str, at: datetime) -> None:
        job = NewJob(
            name,
            f"{name}:{row.id}:{row.moves}:{int(at.timestamp())}",
            run_at=at,
            guild_id=row.guild_id,
            payload={"promise_id": row.id, "member_id": row.member_id, "moves": row.moves},
        )
        await self._core.jobs.enqueue(session, job)

    async def _plan(
        self,
        session: AsyncSession,
        row: storage.PromiseRow,
        kind: EffectKind,
        key: str,
        *,
        after: str | None = None,
        lane: Lane = Lane.AWAITED,
    ) -> None:
        effect = Effect(
            kind=kind,
            key=key,
            guild_id=row.guild_id,
            channel_id=row.channel_id,
            member_id=row.member_id,
            renderer=None if kind is EffectKind.DELETE else CARD_RENDERER,
            arguments={"promise_id": row.id},
            lane=lane,
            after=after,
        )
        await self._core.outbox.plan(session, effect, act_id=row.act_id)


def _key(row: storage.PromiseRow) -> str:
    """What the question is told under."""
    return f"{CHECK_JOB}:{row.id}:{row.moves}"


def _end(member: member_storage.MemberRow) -> datetime | None:
    """When the member's pause ends, if that is known."""
    return None if member.paused_until == UNTIL_I_RETURN else member.paused_until
