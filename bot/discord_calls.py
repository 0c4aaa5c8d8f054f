"""Carries out planned effects through discord.py, and sorts what Discord answers.

Each kind of effect is safe to repeat: a message bears its nonce and marker, an edit, a role and a timeout set
a state, a thread exists at most once a message, a room is looked for by its name after a disturbed try, an
event is looked for before it is created and a second one, which discord.py's own retry may make, is taken
away again. The answers fall into done, `Refused` (for good: the place or person is gone, a permission is
missing) and `Unreachable` (try again). discord.py itself retries 500, 502, 504 and 429 but not 503, 520, a
reset or a timeout, whose outcome is unknown.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import aiohttp
import discord

from bot.authority import ELEVATED
from bot.card_views import allowed_mentions, marker_on, to_view
from bot.cards import AutomodDraft, Card, EventDraft, PollDraft, ThreadTitle
from bot.discord_automod import AutomodCalls
from bot.discord_rooms import Rooms
from bot.discord_safety import NotPossible, Safety, reason_of
from bot.dispatcher import OUTCOME_UNKNOWN, PlannedEffect, Refused, Unreachable
from bot.judging import Done
from bot.outbox import EffectKind
from bot.text import EVENT_DESCRIPTION, EVENT_LOCATION, EVENT_NAME, THREAD_NAME, cut

# Discord's error codes (discord.com/developers, topics/opcodes-and-status-codes).
UNKNOWN_MESSAGE = 10008
THREAD_EXISTS = 160004
THREAD_ARCHIVED = 50083
REFUSALS: dict[int, str] = {
    10003: "channel_gone",
    10004: "guild_gone",
    10007: "member_gone",
    10008: "message_gone",
    10011: "role_gone",
    10013: "member_gone",
    50001: "no_access",
    50007: "dms_closed",
    50033: "member_gone",
    50013: "no_permission",
    THREAD_ARCHIVED: "thread_archived",
    50278: "dms_closed",
}
# Refusals that say nothing about the effect: DMs opened too fast, Cloudflare's block, overload.
PASSING = frozenset({40003, 40333, 130000})
HISTORY_LIMIT = 2000  # messages looked through for a marker before giving up as unknown

Perform = Callable[[PlannedEffect, Any, str, int], Awaitable[int | None]]
Protect = Callable[[PlannedEffect], Awaitable[int | Done | None]]
AnswerT = TypeVar("AnswerT")


class DiscordCalls:
    """Implements `bot.dispatcher.Calls` over a discord.py client."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._rooms = Rooms(client)
        self._automod = AutomodCalls(client)
        # Events created by this process and not looked at again yet, by effect.
        self._created: dict[int, int] = {}
        self._performers: dict[EffectKind, Perform] = {
            EffectKind.POST: self._post,
            EffectKind.DIRECT_MESSAGE: self._direct_message,
            EffectKind.EDIT: self._edit,
            EffectKind.DELETE: self._delete,
            EffectKind.ADD_ROLE: self._add_role,
            EffectKind.REMOVE_ROLE: self._remove_role,
            EffectKind.OPEN_THREAD: self._open_thread,
            EffectKind.OPEN_ROOM: self._open_room,
            EffectKind.CLOSE_ROOM: self._close_room,
            EffectKind.CREATE_EVENT: self._create_event,
            EffectKind.SET_AUTOMOD: self._set_automod,
        }
        safety = Safety(client)
        self._protectors: dict[EffectKind, Protect] = {
            EffectKind.TIMEOUT: safety.timeout,
            EffectKind.KICK: safety.kick,
            EffectKind.BAN: safety.ban,
            EffectKind.UNBAN: safety.unban,
            EffectKind.BULK_BAN: safety.bulk_ban,
            EffectKind.PURGE: safety.purge,
            EffectKind.SET_CHANNEL: safety.set_channel,
            EffectKind.SET_GUILD: safety.set_guild,
        }

    async def perform(
        self, effect: PlannedEffect, rendered: Any, *, nonce: str, marker: int
    ) -> int | Done | None:
        """Carry the effect out; see `bot.dispatcher.Calls`."""
        protect = self._protectors.get(effect.kind)
        if protect is not None:
            return await _sorted(protect(effect))
        return await _sorted(self._performers[effect.kind](effect, rendered, nonce, marker))

    async def find(self, effect: PlannedEffect, *, marker: int, since: datetime) -> int | None:
        """Look through the channel for our message with the marker."""
        return await _sorted(self._find(effect, marker, since))

    async def _find(self, effect: PlannedEffect, marker: int, since: datetime) -> int | None:
        self._check_history(effect)
        place = await self._place(effect)
        seen = 0
        async for message in place.history(after=since, limit=HISTORY_LIMIT, oldest_first=True):
            seen += 1
            if message.author.id == self._own_id and (_bears(message, marker) or _is_poll(message, effect)):
                return message.id
        if seen == HISTORY_LIMIT:
            raise Refused(OUTCOME_UNKNOWN, "too many messages since the first try")
        return None

    async def _post(
        self, effect: PlannedEffect, card: Card | PollDraft, nonce: str, marker: int
    ) -> int | None:
        if isinstance(card, PollDraft):
            return await self._send_poll(effect, card, nonce)
        return await self._send(await self._place(effect), effect, card, nonce, marker)

    async def _direct_message(self, effect: PlannedEffect, card: Card, nonce: str, marker: int) -> int | None:
        return await self._send(await self._place(effect), effect, card, nonce, marker)

    async def _send(
        self, place: discord.abc.Messageable, effect: PlannedEffect, card: Card, nonce: str, marker: int
    ) -> int | None:
        options: dict[str, Any] = {}
        if effect.message_id is not None and effect.channel_id is not None:
            options["reference"] = discord.MessageReference(
                message_id=effect.message_id, channel_id=effect.channel_id, fail_if_not_exists=False
            )
        try:
            message = await place.send(
                view=to_view(card, marker=marker),
                nonce=nonce,
                allowed_mentions=allowed_mentions(card),
                silent=card.silent,
                **options,
            )
        except discord.NotFound as error:
            if error.code == UNKNOWN_MESSAGE:
                # The nonce belongs to a message that was delivered and then deleted by somebody.
                return None
            raise
        return message.id

    async def _send_poll(self, effect: PlannedEffect, draft: PollDraft, nonce: str) -> int | None:
        poll = discord.Poll(draft.question, timedelta(hours=draft.hours))
        for answer in draft.answers:
            poll.add_answer(text=answer)
        place = await self._place(effect)
        try:
            message = await place.send(draft.text or None, poll=poll, nonce=nonce)
        except discord.NotFound as error:
            if error.code == UNKNOWN_MESSAGE:
                return None  # delivered, and then deleted by somebody
            raise
        return message.id

    async def _edit(self, effect: PlannedEffect, card: Card, _nonce: str, marker: int) -> int | None:
        try:
            await self._edit_once(effect, card, marker)
        except discord.HTTPException as error:
            if error.code != THREAD_ARCHIVED:
                raise
            # Somebody's name may have to go from it, so it is opened for a moment.
            assert effect.channel_id is not None
            await self._client.http.edit_channel(effect.channel_id, archived=False)
            await self._edit_once(effect, card, marker)
            await self._client.http.edit_channel(effect.channel_id, archived=True)
        return effect.message_id

    async def _edit_once(self, effect: PlannedEffect, card: Card, marker: int) -> None:
        await self._message(effect).edit(
            view=to_view(card, marker=marker), allowed_mentions=allowed_mentions(card)
        )

    async def _delete(self, effect: PlannedEffect, _card: None, _nonce: str, _marker: int) -> int | None:
        try:
            if effect.channel_id is None:
                assert effect.member_id is not None and effect.message_id is not None
                place = await self._client.create_dm(discord.Object(effect.member_id))
                await place.get_partial_message(effect.message_id).delete()
            else:
                await self._message(effect).delete()
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
        return effect.message_id

    async def _add_role(self, effect: PlannedEffect, _card: None, _nonce: str, _marker: int) -> int | None:
        self._check_role(effect)
        assert effect.member_id is not None and effect.role_id is not None
        await self._client.http.add_role(
            effect.guild_id, effect.member_id, effect.role_id, reason=reason_of(effect)
        )
        return None

    async def _remove_role(self, effect: PlannedEffect, _card: None, _nonce: str, _marker: int) -> int | None:
        self._check_role(effect)
        assert effect.member_id is not None and effect.role_id is not None
        await self._client.http.remove_role(
            effect.guild_id, effect.member_id, effect.role_id, reason=reason_of(effect)
        )
        return None

    async def _open_thread(
        self, effect: PlannedEffect, title: ThreadTitle, _nonce: str, _marker: int
    ) -> int | None:
        try:
            thread = await self._message(effect).create_thread(name=cut(title.name, THREAD_NAME))
        except discord.HTTPException as error:
            if error.code == THREAD_EXISTS:
                return effect.message_id  # a thread opened from a message bears the message's id
            raise
        return thread.id

    async def _open_room(
        self, effect: PlannedEffect, title: ThreadTitle, _nonce: str, _marker: int
    ) -> int | None:
        return await self._rooms.open(effect, title)

    async def _close_room(self, effect: PlannedEffect, _card: None, _nonce: str, _marker: int) -> int | None:
        assert effect.channel_id is not None
        await self._rooms.close(effect.channel_id)
        return None

    async def _create_event(
        self, effect: PlannedEffect, draft: EventDraft, _nonce: str, _marker: int
    ) -> int | None:
        guild = self._client.get_guild(effect.guild_id)
        if guild is None:
            raise Refused("guild_gone")
        draft = replace(draft, name=cut(" ".join(draft.name.split()), EVENT_NAME))
        known = await self._ours(guild, draft)
        created_before = self._created.pop(effect.id, None)
        if not known and created_before is None:
            created = await guild.create_scheduled_event(
                name=draft.name,
                description=cut(draft.description, EVENT_DESCRIPTION) or discord.utils.MISSING,
                start_time=draft.start,
                end_time=draft.end,
                entity_type=discord.EntityType.external,
                privacy_level=discord.PrivacyLevel.guild_only,
                location=cut(draft.place, EVENT_LOCATION),
            )
            self._created[effect.id] = created.id
            # discord.py may have sent it twice by itself, after a fault whose create is carried out late. So it
            # is looked at once more, when no copy can arrive any more.
            raise Unreachable("created, to be looked at again")
        for double in known[1:]:
            with suppress(discord.NotFound):
                await double.delete()
        return known[0].id if known else created_before

    async def _set_automod(
        self, effect: PlannedEffect, draft: AutomodDraft, _nonce: str, _marker: int
    ) -> int | None:
        return await self._automod.set_rule(effect, draft)

    async def _ours(self, guild: discord.Guild, draft: EventDraft) -> list[discord.ScheduledEvent]:
        """Our events of this name and start, the oldest first. Discord keeps no parts of a second."""
        events = await guild.fetch_scheduled_events(with_counts=False)
        same = [
            event
            for event in events
            if event.creator_id == self._own_id
            and event.name == draft.name
            and event.start_time.replace(microsecond=0) == draft.start.replace(microsecond=0)
        ]
        return sorted(same, key=lambda event: event.id)

    async def _place(self, effect: PlannedEffect) -> discord.abc.Messageable:
        if effect.kind is EffectKind.DIRECT_MESSAGE:
            assert effect.member_id is not None
            return await self._client.create_dm(discord.Object(effect.member_id))
        assert effect.channel_id is not None
        return self._client.get_partial_messageable(effect.channel_id, guild_id=effect.guild_id)

    def _message(self, effect: PlannedEffect) -> discord.PartialMessage:
        assert effect.channel_id is not None and effect.message_id is not None
        place = self._client.get_partial_messageable(effect.channel_id, guild_id=effect.guild_id)
        return place.get_partial_message(effect.message_id)

    def _check_role(self, effect: PlannedEffect) -> None:
        """Spare Discord a request that it must refuse, and name the cause, which its answer does not."""
        guild = self._client.get_guild(effect.guild_id)
        role = guild.get_role(effect.role_id) if guild is not None and effect.role_id is not None else None
        must_be_harmless = bool(effect.arguments.get("harmless"))
        if guild is None and must_be_harmless:
            raise Unreachable("the server is not known yet, so what the role may do is not either")
        if guild is None or role is None:
            return  # not in the cache: let Discord decide
        if must_be_harmless and role.permissions.value & ELEVATED:
            raise Refused("role_has_power")
        if role >= guild.me.top_role:
            raise Refused("role_above_bot")

    def _check_history(self, effect: PlannedEffect) -> None:
        """Without the permission Discord answers with an empty list, which must not pass for "not there"."""
        guild = self._client.get_guild(effect.guild_id)
        if effect.kind is EffectKind.DIRECT_MESSAGE or guild is None or effect.channel_id is None:
            return
        channel = guild.get_channel_or_thread(effect.channel_id)
        if channel is not None and not channel.permissions_for(guild.me).read_message_history:
            raise Refused("no_history")

    @property
    def _own_id(self) -> int:
        assert self._client.user is not None
        return self._client.user.id


def _bears(message: discord.Message, marker: int) -> bool:
    """Whether the message's container has the marker for its component id."""
    return marker_on(message) == marker


def _is_poll(message: discord.Message, effect: PlannedEffect) -> bool:
    """Whether it is the poll that the effect asks, which bears no marker."""
    return message.poll is not None and message.poll.question == effect.arguments.get("poll")


async def _sorted(call: Awaitable[AnswerT]) -> AnswerT:
    try:
        return await call
    except NotPossible as found:
        raise Refused(found.code) from found
    except discord.HTTPException as error:
        # 401: our token is not taken, which says nothing about the effect either.
        if error.status in (401, 429) or error.status >= 500 or error.code in PASSING:
            raise Unreachable(f"{error.status} {error.code}") from error
        raise Refused(REFUSALS.get(error.code, f"discord_{error.status}_{error.code}"), error.text) from error
    except (discord.RateLimited, aiohttp.ClientError, OSError) as error:
        raise Unreachable(repr(error)) from error
