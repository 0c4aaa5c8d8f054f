"""The only way to a member's attention. Features say what they would like to tell; this decides how.

Every notification has a kind. The member chooses for each kind now, digest or off; DM (only after they
opted in) or a mention in the channel it belongs to; quiet hours in their own zone; a pause. One daily
budget holds over all features, the guild's or a lower one of the member's own. What may not be said now waits
for the digest, one message at 18:00 of the member's day, which comes beside the budget; nothing is dropped but
what the member switched off. What is planned and not yet said follows a new choice: it is not said any more,
or waits for the digest. Every notification carries "Why am I seeing this?" (`bot/notification_controls.py`),
where the choice can be changed.

A pause holds back everything that notifies, without exception. What a member does themselves is answered as
ever: a private answer to a press is no notification, and neither is a post that names them without a ping.

A kind that is private is told by DM, or beside the next private answer that the member gets (`bot/asides.py`), and
never in a channel. So is what has lost its channel.

`decide` in `bot/notify_rules.py` is pure; the rest puts its decision into rows. Tested in
`tests/bot/test_notify*.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.guild_config import GuildConfigs
from bot.i18n import N_
from bot.jobs import Job, Jobs, NewJob, Skipped
from bot.nominal_times import local_now, to_instant
from bot.notify_rules import (
    UNTIL_I_RETURN,
    Decision,
    Delivery,
    Kind,
    MemberChange,
    Wishes,
    decide,
    end_of_quiet,
    next_digest,
)
from bot.outbox import Effect, EffectKind, Lane, Outbox
from storage import members as member_storage
from storage import notifications as storage
from storage import privacy as privacy_storage
from storage.database import mark

DIGEST_JOB = "notify.digest"
DIGEST_RENDERER = "notify.digest"
ASIDE_MARK = "aside"
FURTHEST_DATES = timedelta(days=2)  # between the dates of two clocks at one moment
REASON_CHOICE = N_("the member chose not to be told at once")

__all__ = [
    "Decision",
    "Delivery",
    "Kind",
    "MemberChange",
    "Notification",
    "Notifier",
    "Wishes",
    "decide",
    "end_of_quiet",
    "next_digest",
]


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


ChangeListener = Callable[[AsyncSession, MemberChange], Awaitable[None]]
LineOf = Callable[[str], str | None]
"""From the key of a notification to the line (a gettext id) that tells it."""


class Notifier:
    """Decides and plans what members are told."""

    def __init__(self, clock: Clock, configs: GuildConfigs, outbox: Outbox, jobs: Jobs) -> None:
        self._clock = clock
        self._configs = configs
        self._outbox = outbox
        self._jobs = jobs
        self._kinds: dict[str, Kind] = {}
        self._lines: dict[str, LineOf] = {}
        self._listeners: list[ChangeListener] = []
        jobs.register(DIGEST_JOB, self._send_digest)

    def register(self, kind: Kind, line_of: LineOf | None = None) -> None:
        """Make a kind known, and how one of it is told in a line if not by the kind's. Raises ValueError when the name
        is taken."""
        if kind.name in self._kinds:
            raise ValueError(f"two kinds of notification are named {kind.name!r}")
        self._kinds[kind.name] = kind
        if line_of is not None:
            self._lines[kind.name] = line_of

    def unregister(self, name: str) -> None:
        self._kinds.pop(name, None)
        self._lines.pop(name, None)

    def on_change(self, listener: ChangeListener) -> None:
        """Call `listener`, in the same transaction, when a member changes their zone or their pause."""
        self._listeners.append(listener)

    def stop_telling(self, listener: ChangeListener) -> None:
        self._listeners.remove(listener)

    def line_of(self, kind: str, key: str) -> str | None:
        """One line (a gettext id) that tells a notification; None when nobody tells of its kind any more."""
        known = self._kinds.get(kind)
        if known is None:
            return None
        line_of = self._lines.get(kind)
        return (line_of(key) if line_of is not None else None) or known.digest_line

    def kind(self, name: str) -> Kind | None:
        return self._kinds.get(name)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Every kind of which members choose how they hear of it, by name."""
        return tuple(self._kinds[name] for name in sorted(self._kinds) if self._kinds[name].choosable)

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
        if kind.private and notification.channel_id is not None:
            raise ValueError(f"{kind.name!r} is private and cannot be told in a channel")
        now = self._clock.now()
        has_place = wishes.dm_allowed or notification.channel_id is not None
        decision = await self._decide(session, member, wishes, has_place=has_place)
        row = storage.NotificationRow(
            guild_id=notification.guild_id,
            member_id=notification.member_id,
            kind=kind.name,
            key=notification.key,
            channel_id=notification.channel_id,
            delivery=decision.delivery.value,
            local_date=local_now(decision.at, wishes.zone).date().isoformat(),
            created_at=now,
        )
        await storage.add_notification(session, row)
        if decision.delivery is Delivery.NOW:
            await self._outbox.plan(session, _effect(notification, row.id, wishes, decision.at))
        elif decision.delivery is Delivery.DIGEST:
            await self._expect_digest(session, member, decision.at)
            if (kind.private or notification.channel_id is None) and not member.dm_allowed:
                mark(session, f"{ASIDE_MARK}:{member.guild_id}:{member.member_id}")
        return decision.delivery

    async def list_asides(self, session: AsyncSession) -> set[tuple[int, int]]:
        """Server and member of everybody for whom something waits that is told in no channel."""
        private = [kind.name for kind in self._kinds.values() if kind.private]
        return await storage.list_waiting_people(session, private)

    async def take_asides(self, session: AsyncSession, guild_id: int, member_id: int) -> list[str] | None:
        """The lines (gettext ids) to show the member in private now; they count as told. During a pause None: later."""
        member = await member_storage.change_member(session, guild_id, member_id)
        now = self._clock.now()
        if (member.paused_until or now) > now:
            return None
        rows = await self._still_wanted(session, await storage.list_waiting(session, guild_id, member_id))
        lines: list[str] = []
        for row in rows:
            kind = self._kinds.get(row.kind)
            if kind is not None and (kind.private or row.channel_id is None):
                row.digest_key = f"aside:{row.id}"
                lines.append(self.line_of(row.kind, row.key) or kind.digest_line)
        return list(dict.fromkeys(lines))

    async def withdraw(self, session: AsyncSession, key: str) -> None:
        """What is told under this key is over: if it waits for the digest, leave it out."""
        await storage.withdraw(session, key)

    async def choose(
        self, session: AsyncSession, guild_id: int, member_id: int, kind: str, delivery: Delivery
    ) -> None:
        """The member chooses how to hear of a kind from now on, and of what is planned but not yet said."""
        member = await member_storage.change_member(session, guild_id, member_id)
        await storage.set_choice(session, guild_id, member_id, kind, delivery.value)
        await self._reconsider(session, member)

    async def delivery_of(self, session: AsyncSession, guild_id: int, member_id: int, kind: Kind) -> Delivery:
        """How the member hears of a kind: as they chose, where there is a choice."""
        choice = (
            await storage.find_choice(session, guild_id, member_id, kind.name) if kind.choosable else None
        )
        return Delivery(choice) if choice else kind.default

    async def change(
        self, session: AsyncSession, guild_id: int, member_id: int, **changes: Any
    ) -> member_storage.MemberRow:
        """Change how the member is reached (zone, DMs, quiet hours, pause, limit), also for what is not yet said."""
        before = await member_storage.change_member(session, guild_id, member_id)
        zone, paused = before.zone, before.paused_until
        member = await member_storage.change_member(session, guild_id, member_id, **changes)
        if (zone, paused) != (member.zone, member.paused_until):
            at = self._clock.now()
            change = MemberChange(guild_id, member_id, at, zone, member.zone, paused, member.paused_until)
            for listener in self._listeners:
                await listener(session, change)
        await self._reconsider(session, member)
        if await storage.has_waiting(session, guild_id, member_id):
            wishes = await self._wishes_for_digest(member)
            await self._expect_digest(session, member, next_digest(wishes, self._clock.now()))
        return member

    async def _reconsider(self, session: AsyncSession, member: member_storage.MemberRow) -> None:
        """Decide anew on what is planned and not yet said, by the member's wishes as they are now."""
        now = self._clock.now()
        for row, effect in await storage.list_unsaid(session, member.guild_id, member.member_id):
            kind = self._kinds.get(row.kind)
            if kind is None:
                continue
            wishes = await self._wishes(session, member, kind)
            if effect.kind == EffectKind.DIRECT_MESSAGE and not wishes.dm_allowed and effect.channel_id:
                effect.kind = EffectKind.POST.value
            has_place = effect.kind == EffectKind.POST or wishes.dm_allowed
            decision = await self._decide(session, member, wishes, has_place=has_place, but=row.id)
            if decision.delivery is Delivery.NOW:
                effect.not_before = decision.at
                row.local_date = local_now(decision.at, wishes.zone).date().isoformat()
                continue
            effect.outcome, effect.reason, effect.finished_at = "skipped", REASON_CHOICE, now
            row.delivery = decision.delivery.value
            if decision.delivery is Delivery.DIGEST:
                await self._expect_digest(session, member, decision.at)
        await session.flush()

    async def fall_back_from_dm(self, session: AsyncSession, guild_id: int, member_id: int, key: str) -> None:
        """Discord does not let us DM this member (any more): use channels until they opt in again.

        Of what was told under this key, what no channel is for waits for a private answer.
        """
        await member_storage.change_member(session, guild_id, member_id, dm_allowed=False)
        private = [kind.name for kind in self._kinds.values() if kind.private]
        if await storage.wait_again(session, key, private):
            mark(session, f"{ASIDE_MARK}:{guild_id}:{member_id}")

    async def _wishes(self, session: AsyncSession, member: member_storage.MemberRow, kind: Kind) -> Wishes:
        delivery = await self.delivery_of(session, member.guild_id, member.member_id, kind)
        return replace(await self._wishes_for_digest(member), delivery=delivery)

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

    async def _decide(
        self,
        session: AsyncSession,
        member: member_storage.MemberRow,
        wishes: Wishes,
        *,
        has_place: bool,
        but: int | None = None,
    ) -> Decision:
        """`decide`, within the budget. `but` is the notification that it is about, if it has been counted."""
        now = self._clock.now()
        decision = decide(wishes, now=now, has_place=has_place)
        if decision.delivery is not Delivery.NOW:
            return decision
        day = local_now(decision.at, wishes.zone).date()
        sent = await storage.count_pings(
            session,
            member.guild_id,
            member.member_id,
            dates=((day - FURTHEST_DATES).isoformat(), (day + FURTHEST_DATES).isoformat()),
            start=to_instant(datetime.combine(day, time()), wishes.zone),
            end=to_instant(datetime.combine(day + timedelta(days=1), time()), wishes.zone),
            but=but,
        )
        if sent >= await self.limit_of(member):
            return Decision(Delivery.DIGEST, next_digest(wishes, now))
        return decision

    async def limit_of(self, member: member_storage.MemberRow) -> int:
        """How many pings a day the member gets at most, beside the digest."""
        budget = (await self._configs.guild(member.guild_id)).daily_ping_budget
        return budget if member.daily_limit is None else min(budget, member.daily_limit)

    async def _expect_digest(
        self, session: AsyncSession, member: member_storage.MemberRow, at: datetime
    ) -> None:
        if at >= UNTIL_I_RETURN:
            return  # a pause without an end: `change` expects the digest when it is over
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
        if await privacy_storage.has_left(session, guild_id, member_id):
            return Skipped(N_("the member has left; it waits in case they come back"))
        now = self._clock.now()
        wishes = await self._wishes_for_digest(member)
        if (wishes.paused_until or now) > now or end_of_quiet(wishes, now) > now:
            await self._expect_digest(session, member, next_digest(wishes, now))
            return Skipped(N_("the member does not want to be disturbed now; it comes later"))
        channel_id = next((row.channel_id for row in reversed(rows) if row.channel_id is not None), None)
        if not member.dm_allowed:
            # What is private waits for a private answer, or for DMs.
            rows = [row for row in rows if (kind := self._kinds.get(row.kind)) is None or not kind.private]
            channel_id = channel_id if rows else None
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
            kind = self._kinds.get(row.kind)
            if kind is not None and (
                await self.delivery_of(session, row.guild_id, row.member_id, kind) is Delivery.OFF
            ):
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
