"""What the fake Discord keeps: one community with its people, messages, threads, roles and events.

Ids are snowflakes of the world's own clock, so a search by time works as at Discord. Nothing that was ever created
is forgotten, deleted or not, because the judge of a chaos test reads it here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

DISCORD_EPOCH_MS = 1420070400000
APPLICATION_ID = 900000000000000001  # the bot's user has the same id, as at Discord
OWNER_ID = 100000000000000001
GUILD_ID = 200000000000000001
BOT_ROLE_ID = 200000000000000002
TOKEN = "OTAwMDAwMDAwMDAwMDAwMDAx.GexAmp.a-made-up-token-of-the-fake-discord"
ADMINISTRATOR = 8
COUNTER_BITS = 22
MEMBERS_A_PAGE = 1000
PRIVATE_OR_PUBLIC = (11, 12)
MOST_THREADS, THREAD_NAME = 1000, 100
BANS_AT_ONCE = 200

Payload = dict[str, Any]


class ApiError(Exception):
    """Discord refuses: a status, and its own code for the reason."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def unknown(code: int, what: str) -> ApiError:
    return ApiError(404, code, f"Unknown {what}")


@dataclass
class Role:
    id: int
    name: str
    position: int
    permissions: int = 0


@dataclass
class Channel:
    id: int
    name: str
    type: int = 0  # 0 text, 1 direct messages, 11 public thread, 12 private thread
    guild_id: int | None = GUILD_ID
    parent_id: int | None = None
    recipient_id: int | None = None
    archived: bool = False
    people: list[int] = field(default_factory=list[int])  # who was added to a thread, in order
    slowmode: int = 0  # seconds
    overwrites: dict[int, Payload] = field(default_factory=dict[int, Payload])  # by role or member


@dataclass
class Member:
    id: int
    name: str
    joined_at: datetime
    roles: set[int] = field(default_factory=set[int])
    bot: bool = False
    timeout_until: str | None = None
    refuses_dms: bool = False
    pending: bool = False  # has yet to accept the rules
    avatar: str | None = None


@dataclass
class Message:
    id: int
    channel_id: int
    author_id: int
    at: datetime
    body: Payload
    nonce: str | None = None
    deleted: bool = False
    edits: int = 0
    said_before: list[str] = field(default_factory=list[str])  # its texts before each edit

    @property
    def text(self) -> str:
        """All that the message says, wherever in its components."""
        return "\n".join(texts_of(self.body))


@dataclass
class Event:
    id: int
    body: Payload
    deleted: bool = False

    @property
    def name(self) -> str:
        return self.body["name"]


@dataclass(frozen=True)
class RoleChange:
    """A change that changed something: giving a role twice is one."""

    at: datetime
    member_id: int
    role_id: int
    given: bool


def texts_of(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        for name in ("content", "label"):
            if isinstance(part.get(name), str):
                yield part[name]
        for each in part.values():
            yield from texts_of(each)
    elif isinstance(part, list):
        for each in part:
            yield from texts_of(each)


class World:
    """One community as Discord keeps it. What is done to it is done at once and in order."""

    def __init__(self, *, nonce_window: timedelta = timedelta(seconds=120)) -> None:
        self.nonce_window = nonce_window
        self.offset = timedelta(0)  # the world may be told that time has passed
        self.roles = {
            GUILD_ID: Role(GUILD_ID, "@everyone", 0, 0),
            BOT_ROLE_ID: Role(BOT_ROLE_ID, "Lyceum", 100, ADMINISTRATOR),
        }
        self.channels: dict[int, Channel] = {}
        self.members = {
            OWNER_ID: Member(OWNER_ID, "owner", self.now() - timedelta(days=400)),
            APPLICATION_ID: Member(
                APPLICATION_ID, "Lyceum", self.now() - timedelta(days=300), {BOT_ROLE_ID}, bot=True
            ),
        }
        self.messages: list[Message] = []
        self.threads: dict[int, Channel] = {}  # of messages, by their ids
        self.rooms: dict[int, Channel] = {}  # threads without a message
        self.events: list[Event] = []
        self.verification_level = 0
        self.incidents: Payload = {"invites_disabled_until": None, "dms_disabled_until": None}
        self.banned: dict[int, datetime] = {}
        self.bans: Counter[int] = Counter()  # how often each was banned, unbanned since or not
        self.role_changes: list[RoleChange] = []
        self.commands: list[Payload] = []
        self.nonce_hits = 0
        self._by_channel: dict[int, list[Message]] = {}
        self._counter = 0
        self._next_id = 300000000000000000

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def snowflake(self) -> int:
        """A fresh id that tells the time at which it was made."""
        self._counter = (self._counter + 1) % (1 << COUNTER_BITS)
        return int(self.now().timestamp() * 1000 - DISCORD_EPOCH_MS) << COUNTER_BITS | self._counter

    # What tests furnish the world with.

    def add_channel(self, name: str) -> Channel:
        channel = Channel(self._small_id(), name)
        self.channels[channel.id] = channel
        return channel

    def add_role(self, name: str, position: int = 1) -> Role:
        role = Role(self._small_id(), name, position)
        self.roles[role.id] = role
        return role

    def add_member(self, name: str, *, joined_ago: timedelta = timedelta(days=200)) -> Member:
        member = Member(self._small_id(), name, self.now() - joined_ago)
        self.members[member.id] = member
        return member

    def add_newcomer(self, name: str, *, account_age: timedelta, avatar: str | None = None) -> Member:
        """Somebody who joins now, with an account of this age."""
        self._counter = (self._counter + 1) % (1 << COUNTER_BITS)
        made_ms = int((self.now() - account_age).timestamp() * 1000 - DISCORD_EPOCH_MS)
        member = Member(made_ms << COUNTER_BITS | self._counter, name, self.now(), avatar=avatar)
        self.members[member.id] = member
        return member

    def write(self, channel_id: int, author_id: int, text: str) -> Message:
        """A member writes something."""
        return self._keep(channel_id, author_id, {"content": text}, None)

    def delete(self, message: Message) -> None:
        message.deleted = True

    # What the bot does.

    def create_message(self, channel_id: int, body: Payload) -> Message:
        """Discord's rule of nonces: within the window the same nonce gives the first message back."""
        channel = self.find_channel(channel_id)
        channel.archived = False  # who writes there opens it again
        recipient = self.members.get(channel.recipient_id or 0)
        if recipient is not None and recipient.refuses_dms:
            raise ApiError(403, 50007, "Cannot send messages to this user")
        nonce = str(body["nonce"]) if body.get("nonce") is not None else None
        if nonce is not None and body.get("enforce_nonce"):
            known = self._find_by_nonce(nonce)
            if known is not None:
                self.nonce_hits += 1
                if known.deleted:
                    raise unknown(10008, "Message")
                return known
        return self._keep(channel_id, APPLICATION_ID, body, nonce)

    def edit_message(self, channel_id: int, message_id: int, body: Payload) -> Message:
        message = self.find_message(channel_id, message_id)
        self._check_open(channel_id)
        message.said_before.append(message.text)
        message.body = {**message.body, **body}
        message.edits += 1
        return message

    def history(
        self, channel_id: int, *, after: int | None = None, before: int | None = None, limit: int = 50
    ) -> list[Message]:
        """The newest first, as Discord lists them; with `after`, those that follow it most closely."""
        self.find_channel(channel_id)
        kept = [each for each in self._by_channel.get(channel_id, []) if not each.deleted]
        if after is not None:
            chosen = [each for each in kept if each.id > after][:limit]
        elif before is not None:
            chosen = [each for each in kept if each.id < before][-limit:]
        else:
            chosen = kept[-limit:]
        return chosen[::-1]

    def create_thread(self, channel_id: int, message_id: int, name: str) -> Channel:
        """A message has at most one thread, which bears its id."""
        self.find_message(channel_id, message_id)
        if message_id in self.threads:
            raise ApiError(400, 160004, "A thread has already been created for this message")
        thread = Channel(message_id, name, type=11, parent_id=channel_id)
        self.threads[message_id] = self.channels[message_id] = thread
        return thread

    def start_thread(self, channel_id: int, name: str, type_: int) -> Channel:
        """A thread without a message: any number may have the same name."""
        parent = self.find_channel(channel_id)
        if parent.type != 0 or type_ not in PRIVATE_OR_PUBLIC or not 1 <= len(name) <= THREAD_NAME:
            raise ApiError(400, 50035, "Invalid Form Body")
        if len(self.active_threads()) >= MOST_THREADS:
            raise ApiError(400, 160006, "Maximum number of active threads reached")
        thread = Channel(self.snowflake(), name, type=type_, parent_id=channel_id)
        self.channels[thread.id] = self.rooms[thread.id] = thread
        return thread

    def add_to_thread(self, thread_id: int, member_id: int) -> None:
        thread = self.find_channel(thread_id)
        self._check_open(thread_id)
        if member_id not in self.members:
            raise unknown(10007, "Member")
        if member_id not in thread.people:
            thread.people.append(member_id)

    def archive(self, thread_id: int, *, archived: bool) -> Channel:
        thread = self.find_channel(thread_id)
        if thread.type not in PRIVATE_OR_PUBLIC:
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        thread.archived = archived
        return thread

    def active_threads(self) -> list[Channel]:
        """Those that are not archived, the newest first."""
        threads = {**self.threads, **self.rooms}
        return [threads[each] for each in sorted(threads, reverse=True) if not threads[each].archived]

    def change_role(self, member_id: int, role_id: int, *, given: bool) -> None:
        member = self.members.get(member_id)
        if member is None:
            raise unknown(10007, "Member")
        if role_id not in self.roles:
            raise unknown(10011, "Role")
        if given is (role_id in member.roles):
            return
        member.roles.symmetric_difference_update({role_id})
        self.role_changes.append(RoleChange(self.now(), member_id, role_id, given))

    def pause(self, body: Payload) -> Payload:
        """Invites and DMs can be paused for a day at most."""
        for name, until in body.items():
            if until is not None and datetime.fromisoformat(until) > self.now() + timedelta(
                hours=24, minutes=1
            ):
                raise ApiError(400, 50035, "Invalid Form Body")
            self.incidents[name] = until
        return self.incidents

    def ban(self, member_id: int) -> bool:
        """Whether they were not banned before."""
        if member_id in self.banned:
            return False
        self.banned[member_id] = self.now()
        self.bans[member_id] += 1
        self.members.pop(member_id, None)
        return True

    def ban_many(self, member_ids: list[int]) -> Payload:
        """Who was banned and who was not; an error when nobody was."""
        if not 1 <= len(member_ids) <= BANS_AT_ONCE:
            raise ApiError(400, 50035, "Invalid Form Body")
        done = [each for each in member_ids if each not in (OWNER_ID, APPLICATION_ID) and self.ban(each)]
        if not done:
            raise ApiError(400, 500000, "Failed to ban users")
        failed = [each for each in member_ids if each not in done]
        return {"banned_users": [str(each) for each in done], "failed_users": [str(each) for each in failed]}

    def unban(self, member_id: int) -> None:
        if self.banned.pop(member_id, None) is None:
            raise unknown(10026, "Ban")

    def set_overwrite(self, channel_id: int, target_id: int, body: Payload | None) -> Channel:
        channel = self.find_channel(channel_id)
        if body is not None:
            bits = {name: str(body.get(name) or 0) for name in ("allow", "deny")}
            channel.overwrites[target_id] = {"id": str(target_id), "type": body.get("type", 0), **bits}
        elif channel.overwrites.pop(target_id, None) is None:
            raise unknown(10009, "Overwrite")
        return channel

    def create_event(self, body: Payload) -> Event:
        event = Event(self.snowflake(), body)
        self.events.append(event)
        return event

    def delete_event(self, event_id: int) -> None:
        for event in self.events:
            if event.id == event_id and not event.deleted:
                event.deleted = True
                return
        raise unknown(10070, "Guild Scheduled Event")

    def open_dm(self, member_id: int) -> Channel:
        for channel in self.channels.values():
            if channel.recipient_id == member_id:
                return channel
        channel = Channel(self._small_id(), f"dm-{member_id}", type=1, guild_id=None, recipient_id=member_id)
        self.channels[channel.id] = channel
        return channel

    def list_members(self, *, after: int, limit: int) -> list[Member]:
        """A page of everybody, in the order of their ids."""
        if not 1 <= limit <= MEMBERS_A_PAGE:
            raise ApiError(400, 50035, "Invalid Form Body")
        return [self.members[each] for each in sorted(self.members) if each > after][:limit]

    def find_channel(self, channel_id: int) -> Channel:
        channel = self.channels.get(channel_id)
        if channel is None:
            raise unknown(10003, "Channel")
        return channel

    def find_message(self, channel_id: int, message_id: int) -> Message:
        for message in self._by_channel.get(channel_id, []):
            if message.id == message_id and not message.deleted:
                return message
        raise unknown(10008, "Message")

    # What the judge reads.

    def posts(self) -> list[Message]:
        """Everything that the bot ever posted, what was deleted since included."""
        return [each for each in self.messages if each.author_id == APPLICATION_ID]

    def _keep(self, channel_id: int, author_id: int, body: Payload, nonce: str | None) -> Message:
        message = Message(self.snowflake(), channel_id, author_id, self.now(), body, nonce)
        self.messages.append(message)
        self._by_channel.setdefault(channel_id, []).append(message)
        return message

    def _check_open(self, channel_id: int) -> None:
        if self.find_channel(channel_id).archived:
            raise ApiError(400, 50083, "Thread is archived")

    def _find_by_nonce(self, nonce: str) -> Message | None:
        since = self.now() - self.nonce_window
        for message in reversed(self.messages):
            if message.at <= since:
                return None
            if message.nonce == nonce and message.author_id == APPLICATION_ID:
                return message
        return None

    def _small_id(self) -> int:
        self._next_id += 1
        return self._next_id
