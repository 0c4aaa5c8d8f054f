"""The only way to a member's attention. Features say what they would like to tell; this decides how.

Every notification has a kind. The member chooses for each kind now, digest or off; DM (only after they
opted in) or a mention in the channel it belongs to; quiet hours in their own zone; a pause. One daily
budget holds over all features. What may not be said now waits for the digest, one message at 18:00 of the
member's day; nothing is dropped but what the member switched off. What is planned and not yet said follows a
new choice: it is not said any more, or waits for the digest. Every notification carries "Why am I
seeing this?" (`bot/notification_controls.py`), where the choice can be changed.

`decide` is pure; the rest puts its decision into rows. Tested in `tests/bot/test_notify.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.guild_config import GuildConfigs
from bot.i18n import N_
from bot.jobs import Job, Jobs, NewJob, Skipped
from bot.nominal_times import local_now, to_instant
from bot.outbox import Effect, EffectKind, Lane, Outbox
from storage import members as member_storage
from storage import notifications as storage
from storage import outbox as outbox_storage

DIGEST_JOB = "notify.digest"
DIGEST_RENDERER = "notify.digest"
DIGEST_TIME = time(18)
MINUTES_A_DAY = 24 * 60
MOST_QUIET_SPANS = 5


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
    """Something to tell one member.

    `channel_id` is where it may be said if not by DM; with `in_channel` it is said there in any case, because
    it belongs to the place and its controls work only in the server.
    """

    kind: str
    key: str
    guild_id: int
    member_id: int
    renderer: str
    channel_id: int | None
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    expires_at: datetime | None = None
    lane: Lane = Lane.AWAITED
    in_channel: bool = False


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
    """The first instant from now on that lies outside the member's quiet hours, by their wall clock."""
    moment = now
    # Once is enough, but where a clock goes forward over the end of long quiet hours, or back into them.
    for _ in range(MOST_QUIET_SPANS):
        local = local_now(moment, wishes.zone).replace(second=0, microsecond=0)
        left = _quiet_minutes_left(wishes, local)
        if not left:
            break
        end = to_instant(local + left, wishes.zone)
        # In an hour that comes twice the wall clock's end may be over already: then it is the second one.
        moment = end if end > moment else moment.replace(second=0, microsecond=0) + left
    return moment


def _quiet_minutes_left(wishes: Wishes, local: datetime) -> timedelta:
    """How long the quiet hours go on by the wall clock; nothing outside them, or when they are empty."""
    if wishes.quiet_from is None or wishes.quiet_until is None:
        return timedelta()
    since = (local.hour * 60 + local.minute - wishes.quiet_from) % MINUTES_A_DAY
    span = (wishes.quiet_until - wishes.quiet_from) % MINUTES_A_DAY
    return timedelta(minutes=max(0, span - since))


def next_digest(wishes: Wishes, now: datetime) -> datetime:
    """18:00 of the member's day, today or tomorrow, after any pause and outside quiet hours."""
    earliest = max(now, wishes.paused_until or now)
    local = local_now(earliest, wishes.zone)
    nominal = datetime.combine(local.date(), DIGEST_TIME)
    # Where clocks go back over 18:00, the first of the two may be past although the wall clock is before it.
    while nominal <= local or to_instant(nominal, wishes.zone) <= earliest:
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
        if notification.in_channel:
            wishes = replace(wishes, dm_allowed=False)
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
            await self._expect_digest(session, member, decision.at)
        return decision.delivery

    async def choose(
        self, session: AsyncSession, guild_id: int, member_id: int, kind: str, delivery: Delivery
    ) -> None:
        """The member chooses how to hear of a kind from now on, and of what is planned but not yet said."""
        member = await member_storage.change_member(session, guild_id, member_id)
        await storage.set_choice(session, guild_id, member_id, kind, delivery.value)
        if delivery is Delivery.NOW:
            return
        for row in await storage.list_planned(session, guild_id, member_id, kind):
            effect = await outbox_storage.find_by_key(session, row.key)
            if effect is None or effect.outcome is not None or effect.attempts or effect.lease_until:
                continue  # said, or being said at this moment
            effect.outcome, effect.reason = "skipped", N_("the member chose not to be told at once")
            effect.finished_at = self._clock.now()
            row.delivery = delivery.value
            if delivery is Delivery.DIGEST:
                wishes = await self._wishes_for_digest(member)
                await self._expect_digest(session, member, next_digest(wishes, self._clock.now()))

    async def fall_back_from_dm(self, session: AsyncSession, guild_id: int, member_id: int) -> None:
        """Discord does not let us DM this member (any more): use channels until they opt in again."""
        await member_storage.change_member(session, guild_id, member_id, dm_allowed=False)

    async def _wishes(self, session: AsyncSession, member: member_storage.MemberRow, kind: Kind) -> Wishes:
        choice = await storage.find_choice(session, member.guild_id, member.member_id, kind.name)
        wishes = await self._wishes_for_digest(member)
        return replace(wishes, delivery=Delivery(choice) if choice else kind.default)

    async def _wishes_for_digest(self, member: member_storage.MemberRow) -> Wishes:
        config = await self._configs.guild(member.guild_id)
        return Wishes(
            zone=member.zone or config.zone,
            delivery=Delivery.DIGEST,
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
        self, session: AsyncSession, member: member_storage.MemberRow, at: datetime
    ) -> None:
        # The key is the instant, not the member's date: whoever moves west lives one date twice, and what came
        # after its first digest would wait for ever.
        job = NewJob(
            name=DIGEST_JOB,
            key=f"digest:{member.guild_id}:{member.member_id}:{at.astimezone(UTC):%Y-%m-%dT%H:%M}",
            run_at=at,
            guild_id=member.guild_id,
            payload={"member_id": member.member_id},
        )
        await self._jobs.enqueue(session, job)

    async def _send_digest(self, session: AsyncSession, job: Job) -> Skipped | None:
        guild_id, member_id = job.guild_id, int(job.payload["member_id"])
        assert guild_id is not None
        # Locked first, as `notify` does: what is added meanwhile is then either seen here or knows that this
        # digest is over.
        member = await member_storage.change_member(session, guild_id, member_id)
        rows = await self._still_wanted(session, await storage.list_waiting(session, guild_id, member_id))
        if not rows:
            return Skipped(N_("nothing waits for this digest"))
        now = self._clock.now()
        wishes = await self._wishes_for_digest(member)
        if (wishes.paused_until or now) > now or end_of_quiet(wishes, now) > now:
            await self._expect_digest(session, member, next_digest(wishes, now))
            return Skipped(N_("the member does not want to be disturbed now; it comes later"))
        channel_id = next((row.channel_id for row in reversed(rows) if row.channel_id is not None), None)
        if not member.dm_allowed and channel_id is None:
            return Skipped(N_("no DM and no channel to say it in; it waits for the next digest"))
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

    async def _still_wanted(
        self, session: AsyncSession, rows: Sequence[storage.NotificationRow]
    ) -> list[storage.NotificationRow]:
        """What waited, without the kinds that the member has switched off since."""
        wanted: list[storage.NotificationRow] = []
        for row in rows:
            if await storage.find_choice(session, row.guild_id, row.member_id, row.kind) == Delivery.OFF:
                row.delivery = Delivery.OFF.value
            else:
                wanted.append(row)
        return wanted


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
