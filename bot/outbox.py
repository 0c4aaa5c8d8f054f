"""The outbox: what the bot does to Discord later than the current interaction, planned as rows.

A service never calls Discord. It plans effects in the same transaction as the state that wants them, and
`bot/dispatcher.py` performs them afterwards, each exactly once, through crashes and faults. An effect names
a renderer and ids: what is shown is drawn from the state at the moment of sending, never stored as text.

Every effect has a key that says what it is for (`onboarding.welcome:<guild>:<member>:<joined>`). Planning
the same key again plans nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from storage import app_state
from storage import outbox as storage
from storage.database import mark

WAKE_MARK = "outbox"
AFTER_MARK = "outbox:after"
# How long what comes also after a failure waits for it, such as a ban for the notice of it.
AFTER_WAIT = timedelta(seconds=3)
# The column holds 200 (PostgreSQL refuses more, SQLite does not), and what follows from an effect adds to its key.
KEY_LIMIT = 170
IN_CHANNEL = storage.IN_CHANNEL


class Lane(IntEnum):
    """Which effects go first when there is a queue: the lower number."""

    SAFETY = 0
    AWAITED = 1  # somebody is looking at the screen and waits for it
    SCHEDULED = 2
    BULK = 3


class EffectKind(StrEnum):
    """What can be done to Discord. `bot/discord_calls.py` has one method for each."""

    POST = "post"  # a message in a channel; a reply when `message_id` is given
    EDIT = "edit"  # draw a message of ours again
    DELETE = "delete"
    # Planned by bot/notify.py after the member opted in, and for notices of moderation: they are about the member's own
    # place in the community.
    DIRECT_MESSAGE = "direct_message"
    ADD_ROLE = "add_role"  # per role, never the whole list: that would undo what people change meanwhile
    REMOVE_ROLE = "remove_role"
    OPEN_THREAD = "open_thread"  # the public thread of a message; Discord allows one, so a repeat finds it
    # A thread for a few people: private where the bot may open one, else public; where it may open neither there is
    # none, and what comes after it goes to the channel.
    OPEN_ROOM = "open_room"
    CLOSE_ROOM = "close_room"  # archive it: whoever writes there opens it again
    CREATE_EVENT = "create_event"  # unless one of ours with the same name and start exists already
    TIMEOUT = "timeout"  # until the instant in arguments["until"] (ISO, UTC); None ends a timeout
    # What follows is done by `bot/discord_safety.py`; each takes arguments["reason"], for the audit log.
    KICK = "kick"
    BAN = "ban"  # with arguments["delete_seconds"], how far back their messages go, at most 7 days
    UNBAN = "unban"
    # arguments["user_ids"], at most 200; details["failed"] are those who are not banned then.
    BULK_BAN = "bulk_ban"
    PURGE = "purge"  # arguments["message_ids"], at most 100 of the channel; details["deleted"], details["too_old"]
    # One of: arguments["slowmode"] in seconds; or, for the role `role_id`, the bits arguments["allow"], ["deny"] and
    # ["inherit"], which leave all others of its overwrite as they are, and ["remove"] takes away one that is empty then.
    # To undo one's own: ["while"], the slowmode that must still be there, and ["while_denied"] or
    # ["while_allowed"], only the bits that are so still.
    SET_CHANNEL = "set_channel"
    # One of: arguments["verification_level"]; or ["invites_until"] and ["dms_until"] (ISO, UTC, at most 24 hours ahead,
    # None lets them in again). With arguments["if_still"], here and above, it is done only while all is still so: a slow
    # mode, a level, the bits "allow" and "deny", or both times; else somebody has changed it, and theirs stays.
    SET_GUILD = "set_guild"
    SET_AUTOMOD = "set_automod"  # make, change or take away a rule of ours; see `bot/discord_automod.py`


_NEEDED_FIELDS = {
    EffectKind.POST: ("channel_id", "renderer"),
    EffectKind.EDIT: ("channel_id", "renderer"),
    EffectKind.DELETE: (),  # a channel, or the member to whom it went by DM
    EffectKind.DIRECT_MESSAGE: ("member_id", "renderer"),
    EffectKind.ADD_ROLE: ("member_id", "role_id"),
    EffectKind.REMOVE_ROLE: ("member_id", "role_id"),
    EffectKind.OPEN_THREAD: ("channel_id", "renderer"),
    EffectKind.OPEN_ROOM: ("channel_id", "renderer"),
    EffectKind.CLOSE_ROOM: ("channel_id", "after"),
    EffectKind.CREATE_EVENT: ("renderer",),
    EffectKind.TIMEOUT: ("member_id",),
    EffectKind.KICK: ("member_id",),
    EffectKind.BAN: ("member_id",),
    EffectKind.UNBAN: ("member_id",),
    EffectKind.BULK_BAN: (),
    EffectKind.PURGE: ("channel_id",),
    EffectKind.SET_CHANNEL: ("channel_id",),
    EffectKind.SET_GUILD: (),
    EffectKind.SET_AUTOMOD: ("renderer",),
}
MOST_BANS, MOST_PURGED = 200, 100  # discord.com/developers: of one request
NEEDS_MESSAGE = frozenset({EffectKind.EDIT, EffectKind.DELETE, EffectKind.OPEN_THREAD})


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One thing to do to Discord.

    `after` is the key of an effect that must be done first: its message id fills `message_id` when that is
    not given, and if it was not done, neither is this; what comes after a room is done inside it.
    `after_tried` is the key of one that is only waited for: at most `AFTER_WAIT`, and whatever becomes of it.
    Of several effects with one `coalesce_key` the newest wins: from when it is due, an earlier one that still
    waits is left out. Edits of one message, changes of one role and timeouts of one member coalesce by
    themselves. An effect not begun by `expires_at` (aware, UTC) is skipped as too late. Raises ValueError
    when an id is missing or a key is too long.
    """

    kind: EffectKind
    key: str
    guild_id: int
    channel_id: int | None = None
    message_id: int | None = None
    member_id: int | None = None
    role_id: int | None = None
    renderer: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    lane: Lane = Lane.AWAITED
    after: str | None = None
    after_tried: str | None = None
    coalesce_key: str | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        missing = [name for name in _NEEDED_FIELDS[self.kind] if getattr(self, name) is None]
        if self.kind in NEEDS_MESSAGE and self.message_id is None and self.after is None:
            missing.append("message_id or after")
        is_of_dm = self.member_id is not None and self.after is not None
        if self.kind is EffectKind.DELETE and self.channel_id is None and not is_of_dm:
            missing.append("channel_id, or member_id and after")
        if self.kind is EffectKind.TIMEOUT and "until" not in self.arguments:
            missing.append("until")
        if self.after is not None and self.after_tried is not None:
            missing.append("a single effect that it comes after")
        missing += _missing_arguments(self.kind, self.role_id, self.arguments)
        if missing:
            raise ValueError(f"effect {self.key!r} of kind {self.kind} lacks {', '.join(missing)}")
        for text in (self.key, self.after, self.after_tried, self.coalesce_key):
            if text is not None and not 0 < len(text.removesuffix(IN_CHANNEL)) <= KEY_LIMIT:
                raise ValueError(f"a key has 1 to {KEY_LIMIT} characters, not {len(text)}: {text!r}")

    @property
    def coalesces_under(self) -> str | None:
        if self.coalesce_key is not None:
            return self.coalesce_key
        if self.kind is EffectKind.EDIT:
            return f"edit:{self.channel_id}:{self.message_id or self.after}"
        if self.kind in (EffectKind.ADD_ROLE, EffectKind.REMOVE_ROLE):
            return f"role:{self.guild_id}:{self.member_id}:{self.role_id}"
        if self.kind is EffectKind.TIMEOUT:
            return f"timeout:{self.guild_id}:{self.member_id}"
        if self.kind in (EffectKind.BAN, EffectKind.UNBAN):
            return f"ban:{self.guild_id}:{self.member_id}"
        if self.kind is EffectKind.SET_CHANNEL:
            what = "slowmode" if "slowmode" in self.arguments else f"overwrite:{self.role_id}"
            return f"channel:{self.channel_id}:{what}"
        if self.kind is EffectKind.SET_GUILD:
            what = "level" if "verification_level" in self.arguments else "incidents"
            return f"guild:{self.guild_id}:{what}"
        return None


def _missing_arguments(kind: EffectKind, role_id: int | None, arguments: Mapping[str, Any]) -> list[str]:
    if kind is EffectKind.BULK_BAN and not 1 <= len(arguments.get("user_ids", ())) <= MOST_BANS:
        return [f"1 to {MOST_BANS} user_ids"]
    if kind is EffectKind.PURGE and not 1 <= len(arguments.get("message_ids", ())) <= MOST_PURGED:
        return [f"1 to {MOST_PURGED} message_ids"]
    if kind is EffectKind.SET_CHANNEL and ("slowmode" in arguments) == (role_id is not None):
        return ["either a slowmode or a role_id"]
    if kind is EffectKind.SET_GUILD and ("verification_level" in arguments) == ("invites_until" in arguments):
        return ["either a verification_level or invites_until and dms_until"]
    return []


@dataclass(frozen=True)
class Ended:
    """What became of an effect: `outcome` is sent, skipped or failed, `details` what else came of it."""

    key: str
    kind: EffectKind
    guild_id: int
    member_id: int | None
    arguments: Mapping[str, Any]
    outcome: str
    reason: str | None
    result_id: int | None
    details: Mapping[str, Any]


EndListener = Callable[[AsyncSession, Ended], Awaitable[None]]


@dataclass(frozen=True)
class Posted:
    """A message that stands already, because it was posted as an answer to a member."""

    channel_id: int
    message_id: int
    link: str


class Outbox:
    """Plans effects inside a use case's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked = False
        self._lost: tuple[datetime, datetime] | None = None
        self._listeners: list[tuple[str, EndListener]] = []

    def on_end(self, beginning: str, listener: EndListener) -> None:
        """Call `listener`, in the same transaction, when an effect has ended whose key begins so."""
        self._listeners.append((beginning, listener))

    def stop_telling(self, listener: EndListener) -> None:
        self._listeners = [each for each in self._listeners if each[1] != listener]

    async def tell_end(self, session: AsyncSession, ended: Ended) -> None:
        for beginning, listener in tuple(self._listeners):
            if ended.key.startswith(beginning):
                await listener(session, ended)

    async def plan(
        self, session: AsyncSession, *effects: Effect, act_id: int | None = None, job_id: int | None = None
    ) -> int:
        """Write the effects as rows, to be performed after the commit. Returns how many were new."""
        now = self._clock.now()
        tried_at = await self._tried_before(session, now)
        rows = [
            {
                "key": effect.key,
                "kind": effect.kind.value,
                "lane": int(effect.lane),
                "guild_id": effect.guild_id,
                "channel_id": effect.channel_id,
                "message_id": effect.message_id,
                "member_id": effect.member_id,
                "role_id": effect.role_id,
                "renderer": effect.renderer,
                "arguments": dict(effect.arguments),
                "after_key": effect.after or effect.after_tried,
                "after_until": now + AFTER_WAIT if effect.after_tried is not None else None,
                "coalesce_key": effect.coalesces_under,
                "created_at": now,
                "not_before": effect.not_before or now,
                "expires_at": effect.expires_at,
                "first_try_at": tried_at,
                "act_id": act_id,
                "job_id": job_id,
            }
            for effect in effects
        ]
        added = await storage.add_effects(session, rows)
        if added:
            mark(session, WAKE_MARK)
            if any(effect.after_tried is not None for effect in effects):
                mark(session, AFTER_MARK)
        return added

    async def note_posted(
        self,
        session: AsyncSession,
        key: str,
        posted: Posted,
        *,
        guild_id: int,
        member_id: int,
        act_id: int | None = None,
    ) -> None:
        """Write down what was posted about a member: effects can come after it as after any other, and it is taken away
        when the member is deleted."""
        now = self._clock.now()
        row: dict[str, Any] = {
            "key": key,
            "kind": EffectKind.POST.value,
            "lane": int(Lane.AWAITED),
            "guild_id": guild_id,
            "channel_id": posted.channel_id,
            "member_id": member_id,
            "arguments": {},
            "created_at": now,
            "not_before": now,
            "outcome": "sent",
            "result_id": posted.message_id,
            "finished_at": now,
            "act_id": act_id,
        }
        await storage.add_effects(session, [row])

    async def edit_post(self, session: AsyncSession, key: str, edit_key: str) -> None:
        """Draw again what was posted in a channel under `key`. What went by DM stays as it is."""
        await self._follow(session, key, EffectKind.EDIT, edit_key)

    async def delete_post(self, session: AsyncSession, key: str, delete_key: str) -> None:
        """Delete what was posted in a channel under `key`. What went by DM stays as it is."""
        await self._follow(session, key, EffectKind.DELETE, delete_key)

    async def take_back(self, session: AsyncSession, key: str, delete_key: str) -> None:
        """Delete what somebody was told under `key`, in a channel or by DM."""
        await self.delete_post(session, key, delete_key)
        row = await storage.find_by_key(session, key)
        if row is not None and row.kind == EffectKind.DIRECT_MESSAGE and row.outcome in (None, "sent"):
            effect = Effect(
                kind=EffectKind.DELETE,
                key=f"{delete_key}:dm",
                guild_id=row.guild_id,
                member_id=row.member_id,
                after=row.key,
            )
            await self.plan(session, effect)

    async def _follow(self, session: AsyncSession, key: str, kind: EffectKind, new_key: str) -> None:
        row = await storage.find_post(session, key)
        if row is None:
            return
        effect = Effect(
            kind=kind,
            key=new_key,
            guild_id=row.guild_id,
            channel_id=row.channel_id,
            member_id=row.member_id,
            renderer=row.renderer if kind is EffectKind.EDIT else None,
            arguments=row.arguments,
            after=row.key,
        )
        await self.plan(session, effect)

    async def plan_after_all(self, session: AsyncSession, key: str, *, left_out_for: str) -> None:
        """Perform an effect that was left out for this reason, which has turned out to be wrong."""
        row = await storage.find_by_key(session, key)
        if row is not None and row.outcome == "skipped" and row.reason == left_out_for:
            await storage.revive(session, [row], now=self._clock.now())
            mark(session, WAKE_MARK)

    async def _tried_before(self, session: AsyncSession, now: datetime) -> datetime | None:
        """Since when effects may have been carried out that a restored database has lost; see storage/backup.py."""
        if not self._asked:
            self._lost = await app_state.lost_since(session, now)
            self._asked = True
        return self._lost[0] if self._lost is not None and now < self._lost[1] else None
