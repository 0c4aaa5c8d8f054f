"""The only way to a member's attention. Features say what they would like to tell; this decides how.

Every notification has a kind. The member chooses for each kind now, digest or off; DM (only after they
opted in) or a mention in the channel it belongs to; quiet hours in their own zone; a pause. One daily
budget holds over all features. What may not be said now waits for the digest, one message at 18:00 of the
member's day; nothing is dropped but what the member switched off. Every notification carries "Why am I
seeing this?" (`bot/notification_controls.py`), where the choice can be changed.

`decide` is pure; the rest puts its decision into rows. Tested in `tests/bot/test_notify.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.guild_config import GuildConfigs
from bot.jobs import Job, Jobs, NewJob, Skipped
from bot.nominal_times import local_now, to_instant
from bot.outbox import Effect, EffectKind, Lane, Outbox
from storage import members as member_storage
from storage import notifications as storage

DIGEST_JOB = "notify.digest"
DIGEST_RENDERER = "notify.digest"
DIGEST_TIME = time(18)


class Delivery(StrEnum):
    """How a member wants to hear of a kind of thing."""

    NOW = "now"
    DIGEST = "digest"
    OFF = "off"


@dataclass(frozen=True)
class Kind:
    """A kind of notification. The texts are gettext ids: `title` names it in lists, `why` completes
    "You see this because ...", `digest_line` tells it in one line of the daily digest."""

    name: str
    title: str
    why: str
    digest_line: str
    default: Delivery = Delivery.NOW


@dataclass(frozen=True, kw_only=True)
class Notification:
    """Something to tell one member. `channel_id` is where it may be said if not by DM."""

    kind: str
    key: str
    guild_id: int
    member_id: int
    renderer: str
    channel_id: int | None
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    expires_at: datetime | None = None
    lane: Lane = Lane.AWAITED


@dataclass(frozen=True)
class Wishes:
    """How a member wishes to be reached, at the moment of deciding. Times of day are in `zone`."""

    zone: str
    delivery: Delivery
    dm_allowed: bool = False
    quiet_from: int | None = None  # minutes after local midnight
    quiet_until: int | None = None
    paused_until: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """What becomes of a notification. `at` is UTC: when to say it, or when the digest is due."""

    delivery: Delivery
    at: datetime


def decide(wishes: Wishes, *, now: datetime, has_place: bool) -> Decision:
    """Whether to tell now, in the digest or not at all. The budget is counted by the caller, on `at`'s date."""
    if wishes.delivery is Delivery.OFF:
        return Decision(Delivery.OFF, now)
    paused = wishes.paused_until is not None and wishes.paused_until > now
    if paused or wishes.delivery is Delivery.DIGEST or not has_place:
        return Decision(Delivery.DIGEST, next_digest(wishes, now))
    return Decision(Delivery.NOW, end_of_quiet(wishes, now))


def end_of_quiet(wishes: Wishes, now: datetime) -> datetime:
    """The first instant from now on that lies outside the member's quiet hours."""
    if wishes.quiet_from is None or wishes.quiet_until is None or wishes.quiet_from == wishes.quiet_until:
        return now
    local = local_now(now, wishes.zone)
    minute = local.hour * 60 + local.minute
    over_midnight = wishes.quiet_from > wishes.quiet_until
    if over_midnight:
        is_quiet = minute >= wishes.quiet_from or minute < wishes.quiet_until
    else:
        is_quiet = wishes.quiet_from <= minute < wishes.quiet_until
    if not is_quiet:
        return now
    end = datetime.combine(local.date(), time(wishes.quiet_until // 60, wishes.quiet_until % 60))
    if minute >= wishes.quiet_until:
        end += timedelta(days=1)
    return max(now, to_instant(end, wishes.zone))


def next_digest(wishes: Wishes, now: datetime) -> datetime:
    """18:00 of the member's day, today or tomorrow, after any pause and outside quiet hours."""
    earliest = max(now, wishes.paused_until or now)
    local = local_now(earliest, wishes.zone)
    nominal = datetime.combine(local.date(), DIGEST_TIME)
    if nominal <= local:
        nominal += timedelta(days=1)
    return end_of_quiet(wishes, to_instant(nominal, wishes.zone))


class Notifier:
    """Decides and plans what members are told."""

    def __init__(self, clock: Clock, configs: GuildConfigs, outbox: Outbox, jobs: Jobs) -> None:
        self._clock = clock
        self._configs = configs
        self._outbox = outbox
        self._jobs = jobs
        self._kinds: dict[str, Kind] = {}
        jobs.register(DIGEST_JOB, self._send_digest)

    def register(self, kind: Kind) -> None:
        """Make a kind known. Raises ValueError when the name is taken."""
        if kind.name in self._kinds:
            raise ValueError(f"two kinds of notification are named {kind.name!r}")
        self._kinds[kind.name] = kind

    def unregister(self, name: str) -> None:
        self._kinds.pop(name, None)

    def kind(self, name: str) -> Kind | None:
        return self._kinds.get(name)

    async def notify(self, session: AsyncSession, notification: Notification) -> Delivery | None:
        """Tell it as the member wishes. Returns how it will be told, or None when it was told before."""
        kind = self._kinds[notification.kind]
        # Locks the member's row, so that two notifications at once count the budget one after the other.
        member = await member_storage.change_member(session, notification.guild_id, notification.member_id)
        if await storage.is_known(session, notification.key):
            return None
        wishes = await self._wishes(session, member, kind)
        now = self._clock.now()
        has_place = wishes.dm_allowed or notification.channel_id is not None
        decision = decide(wishes, now=now, has_place=has_place)
        local_date = local_now(decision.at, wishes.zone).date().isoformat()
        if decision.delivery is Delivery.NOW and await self._is_budget_spent(session, member, local_date):
            decision = Decision(Delivery.DIGEST, next_digest(wishes, now))
        row = storage.NotificationRow(
            guild_id=notification.guild_id,
            member_id=notification.member_id,
            kind=kind.name,
            key=notification.key,
            channel_id=notification.channel_id,
            delivery=decision.delivery.value,
            local_date=local_date,
            created_at=now,
        )
        await storage.add_notification(session, row)
        if decision.delivery is Delivery.NOW:
            await self._outbox.plan(session, _effect(notification, row.id, wishes, decision.at))
        elif decision.delivery is Delivery.DIGEST:
            await self._expect_digest(session, member, decision.at, wishes.zone)
        return decision.delivery

    async def choose(
        self, session: AsyncSession, guild_id: int, member_id: int, kind: str, delivery: Delivery
    ) -> None:
        """The member chooses how to hear of a kind from now on."""
        await storage.set_choice(session, guild_id, member_id, kind, delivery.value)

    async def fall_back_from_dm(self, session: AsyncSession, guild_id: int, member_id: int) -> None:
        """Discord does not let us DM this member (any more): use channels until they opt in again."""
        await member_storage.change_member(session, guild_id, member_id, dm_allowed=False)

    async def _wishes(self, session: AsyncSession, member: member_storage.MemberRow, kind: Kind) -> Wishes:
        choice = await storage.find_choice(session, member.guild_id, member.member_id, kind.name)
        config = await self._configs.guild(member.guild_id)
        return Wishes(
            zone=member.zone or config.zone,
            delivery=Delivery(choice) if choice else kind.default,
            dm_allowed=member.dm_allowed,
            quiet_from=member.quiet_from,
            quiet_until=member.quiet_until,
            paused_until=member.paused_until,
        )

    async def _is_budget_spent(
        self, session: AsyncSession, member: member_storage.MemberRow, local_date: str
    ) -> bool:
        config = await self._configs.guild(member.guild_id)
        sent = await storage.count_pings(session, member.guild_id, member.member_id, local_date)
        return sent >= config.daily_ping_budget

    async def _expect_digest(
        self, session: AsyncSession, member: member_storage.MemberRow, at: datetime, zone: str
    ) -> None:
        local_date = local_now(at, zone).date().isoformat()
        job = NewJob(
            name=DIGEST_JOB,
            key=f"digest:{member.guild_id}:{member.member_id}:{local_date}",
            run_at=at,
            guild_id=member.guild_id,
            payload={"member_id": member.member_id},
        )
        await self._jobs.enqueue(session, job)

    async def _send_digest(self, session: AsyncSession, job: Job) -> Skipped | None:
        guild_id, member_id = job.guild_id, int(job.payload["member_id"])
        assert guild_id is not None
        rows = await storage.list_waiting(session, guild_id, member_id)
        if not rows:
            return Skipped("nothing waits for this digest")
        member = await member_storage.change_member(session, guild_id, member_id)
        channel_id = next((row.channel_id for row in reversed(rows) if row.channel_id is not None), None)
        if not member.dm_allowed and channel_id is None:
            return Skipped("no DM and no channel to say it in; it waits for the next digest")
        for row in rows:
            row.digest_key = job.key
        effect = Effect(
            kind=EffectKind.DIRECT_MESSAGE if member.dm_allowed else EffectKind.POST,
            key=job.key,
            guild_id=guild_id,
            channel_id=channel_id,
            member_id=member_id,
            renderer=DIGEST_RENDERER,
            arguments={"digest_key": job.key, "notification_id": rows[-1].id},
            lane=Lane.SCHEDULED,
        )
        await self._outbox.plan(session, effect, job_id=job.id)
        return None


def _effect(notification: Notification, row_id: int, wishes: Wishes, at: datetime) -> Effect:
    """The message itself. It knows its channel also when it goes by DM, to fall back on if DMs are closed."""
    return Effect(
        kind=EffectKind.DIRECT_MESSAGE if wishes.dm_allowed else EffectKind.POST,
        key=notification.key,
        guild_id=notification.guild_id,
        channel_id=notification.channel_id,
        member_id=notification.member_id,
        renderer=notification.renderer,
        arguments={**notification.arguments, "notification_id": row_id},
        lane=notification.lane,
        not_before=at,
        expires_at=notification.expires_at,
    )
