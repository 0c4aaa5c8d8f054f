"""What becomes of one try of an effect, and whether it is still to be tried. `bot/dispatcher.py` says what is guaranteed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.i18n import N_
from bot.outbox import NEEDS_MESSAGE, EffectKind, Ended, Lane
from storage import outbox as storage

CHANGED_BY_HAND = N_("somebody has changed it by hand meanwhile")
LASTS_LONGER = N_("a timeout of theirs lasts longer than this one")
PAUSES = (2, 5, 10, 20, 45)  # seconds after the first, second, ... try


class Outcome(StrEnum):
    """How an effect ended."""

    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"


class Obsolete(Exception):
    """Raised where there is nothing to show or do any more; the text is the reason."""


@dataclass(frozen=True)
class PlannedEffect:
    """An effect as its renderer and `DiscordCalls` see it. `attempts` counts tries before this one."""

    id: int
    key: str
    kind: EffectKind
    guild_id: int
    channel_id: int | None
    message_id: int | None
    member_id: int | None
    role_id: int | None
    renderer: str | None
    arguments: Mapping[str, Any]
    attempts: int
    first_try_at: datetime | None
    lane: Lane = Lane.AWAITED
    expires_at: datetime | None = None
    act_id: int | None = None
    job_id: int | None = None


@dataclass(frozen=True)
class Done:
    """What a call may return instead of an id: `details` are kept with the effect, as plain JSON values."""

    result_id: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Result:
    """What one try came to."""

    outcome: Outcome | None  # None: it waits for the next try
    reason: str | None = None
    result_id: int | None = None
    details: Mapping[str, Any] | None = None


def pause_after(attempts: int) -> timedelta:
    """How long to wait after this many tries."""
    return timedelta(seconds=PAUSES[min(attempts, len(PAUSES)) - 1])


def has_no_nonce(row: storage.OutboxRow) -> bool:
    """No nonce guards an event, a room or a rule: it is looked for only when a create that came late must be in the list."""
    return row.kind in (EffectKind.CREATE_EVENT, EffectKind.OPEN_ROOM, EffectKind.SET_AUTOMOD)


def is_message(effect: PlannedEffect) -> bool:
    return effect.kind in (EffectKind.POST, EffectKind.DIRECT_MESSAGE)


async def reason_to_give_up(
    session: AsyncSession, row: storage.OutboxRow, newest: Mapping[str, int], now: datetime
) -> str | None:
    """Why an effect that is due is not to be tried. What it comes after fills in where it goes."""
    if row.after_key is not None and row.after_until is None:
        earlier = await storage.find_by_key(session, row.after_key)
        if earlier is None or earlier.outcome != Outcome.SENT:
            return storage.NOT_POSTED
        if earlier.kind == EffectKind.OPEN_ROOM:
            if earlier.result_id is None and row.kind == EffectKind.CLOSE_ROOM:
                return N_("there is no thread to close")
            row.channel_id = earlier.result_id or earlier.channel_id
        else:
            if row.message_id is None and earlier.kind != EffectKind.DIRECT_MESSAGE:
                # Where it was posted, which need not be where such things are posted by now.
                row.channel_id = earlier.channel_id or row.channel_id
            row.message_id = row.message_id or earlier.result_id
        if row.message_id is None and EffectKind(row.kind) in NEEDS_MESSAGE:
            return N_("what it belongs to was deleted")
    if row.coalesce_key is not None and newest.get(row.coalesce_key, row.id) > row.id:
        return N_("superseded by a later one")
    if row.expires_at is not None and now > row.expires_at:
        return N_("too late: Discord could not be reached in time")
    return None


def snapshot(row: storage.OutboxRow) -> PlannedEffect:
    return PlannedEffect(
        id=row.id,
        key=row.key,
        kind=EffectKind(row.kind),
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        message_id=row.message_id,
        member_id=row.member_id,
        role_id=row.role_id,
        renderer=row.renderer,
        arguments=row.arguments,
        attempts=row.attempts,
        first_try_at=row.first_try_at,
        lane=Lane(row.lane),
        expires_at=row.expires_at,
        act_id=row.act_id,
        job_id=row.job_id,
    )


def ended(row: storage.OutboxRow) -> Ended:
    """What listeners are told of an effect that has ended."""
    return Ended(
        key=row.key,
        kind=EffectKind(row.kind),
        guild_id=row.guild_id,
        member_id=row.member_id,
        arguments=row.arguments,
        outcome=row.outcome or "",
        reason=row.reason,
        result_id=row.result_id,
        details=row.details or {},
    )
