"""The fake Discord's gateway: HELLO, IDENTIFY, READY, heartbeats, RESUME, events, and member lists."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

from tests.wire import payloads
from tests.wire.world import APPLICATION_ID, GUILD_ID, OWNER_ID, TOKEN, Member, Message, Payload, World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 8, 9, 10, 11
WRONG_TOKEN, RATE_LIMITED, DISALLOWED_INTENTS = 4004, 4008, 4014
CHUNK = 1000  # members in one GUILD_MEMBERS_CHUNK
MEMBERS_INTENT = 1 << 1
MESSAGE_CONTENT = 1 << 15


class Illness(StrEnum):
    """What a gateway does to every connection, for as long as it is ill."""

    INVALIDATES = "op 9"  # every session, as soon as it is asked for
    DROPS_SESSIONS = "4000 after ready"  # and remembers none
    CLOSES_UNSEEN = "4000 after IDENTIFY"


@dataclass
class Session:
    """A session outlives its connection, so that it can be resumed."""

    id: str
    sent: list[Payload] = field(default_factory=list[Payload])
    socket: web.WebSocketResponse | None = None


class Gateway:
    """Accepts connections, and sends what happens to whoever is connected."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = ""
        self.away = False
        self.heartbeat_ms = 41250
        self.disallowed_intents = 0
        self.intents = 0  # that the bot asked for
        self.resumable = True
        self.illness: Illness | None = None
        self.keeps_members_back = False  # asked for members, it does not answer
        self.identifies: list[datetime] = []
        self.resumes: list[bool] = []  # whether each succeeded
        self.heartbeats = 0
        self.member_requests: list[datetime] = []
        self.operations: Counter[int] = Counter()
        self._sessions: dict[str, Session] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        self._numbers = count(1)

    @property
    def connected(self) -> bool:
        return any(each.socket is not None and not each.socket.closed for each in self._sessions.values())

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.away:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        self._sockets.add(socket)
        session: Session | None = None
        try:
            await _send(socket, HELLO, {"heartbeat_interval": self.heartbeat_ms})
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    session = await self._receive(socket, session, json.loads(message.data))
        except (ConnectionError, RuntimeError):
            pass  # the other side died, as it shall in these tests
        finally:
            self._sockets.discard(socket)
            if session is not None and session.socket is socket:
                session.socket = None
        return socket

    async def dispatch(self, event: str, data: Payload) -> None:
        """Send an event to every connected session. Who is away may ask for it when resuming."""
        for session in self._sessions.values():
            await self._dispatch(session, event, data)

    async def drop(self, *, code: int = 4000, resumable: bool = True) -> None:
        """Close every connection. Sessions that are not resumable are forgotten."""
        if not resumable:
            self._sessions.clear()
        for socket in list(self._sockets):
            await socket.close(code=code)

    async def cut(self) -> None:
        """Tear every connection without a word, as a network that fails does."""
        for socket in list(self._sockets):
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()

    async def ask_to_reconnect(self) -> None:
        for socket in list(self._sockets):
            await _send(socket, RECONNECT, None)

    # Things that happen.

    async def join(self, member: Member) -> None:
        data = {**payloads.member(self.world, member), "guild_id": str(GUILD_ID)}
        await self.dispatch("GUILD_MEMBER_ADD", data)

    async def accept_rules(self, member: Member) -> None:
        member.pending = False
        data = {**payloads.member(self.world, member), "guild_id": str(GUILD_ID)}
        await self.dispatch("GUILD_MEMBER_UPDATE", data)

    async def leave(self, member: Member) -> None:
        self.world.members.pop(member.id, None)
        await self.dispatch("GUILD_MEMBER_REMOVE", {"guild_id": str(GUILD_ID), "user": payloads.user(member)})

    async def say(self, message: Message) -> None:
        author = self.world.members[message.author_id]
        shown = payloads.message(self.world, message)
        if not self.intents & MESSAGE_CONTENT:
            shown["content"] = ""
        await self.dispatch(
            "MESSAGE_CREATE",
            {
                **shown,
                "guild_id": str(GUILD_ID),
                "member": payloads.member(self.world, author),
            },
        )

    async def command(
        self, member: Member, channel_id: int, name: str, options: Iterable[Payload] = ()
    ) -> str:
        """A member uses a slash command. Returns the interaction's token."""
        known = next(each for each in self.world.commands if each["name"] == name)
        number = self.world.snowflake()
        token = f"interaction-{number}"
        data = {"id": known["id"], "name": name, "type": 1, "options": list(options)}
        await self.interact(member, channel_id, number=number, token=token, kind=2, data=data)
        return token

    async def interact(
        self, member: Member, channel_id: int, *, number: int, token: str, kind: int, data: Payload
    ) -> None:
        """A member uses a command (2), presses a button (3) or hands in a form (5)."""
        channel = self.world.find_channel(channel_id)
        await self.dispatch(
            "INTERACTION_CREATE",
            {
                "id": str(number),
                "application_id": str(APPLICATION_ID),
                "type": kind,
                "token": token,
                "version": 1,
                "guild_id": str(GUILD_ID),
                "channel_id": str(channel_id),
                "channel": payloads.channel(self.world, channel),
                "member": payloads.member(self.world, member),
                "data": data,
                "locale": "en-US",
                "guild_locale": "en-US",
                "entitlements": [],
                "app_permissions": "8",
                "attachment_size_limit": 10485760,
                "authorizing_integration_owners": {"0": str(GUILD_ID)},
                "context": 0,
            },
        )

    # The protocol.

    async def _receive(
        self, socket: web.WebSocketResponse, session: Session | None, message: Payload
    ) -> Session | None:
        operation: int = message["op"]
        data: Any = message.get("d")
        self.operations[operation] += 1
        if operation == HEARTBEAT:
            self.heartbeats += 1
            await _send(socket, ACK, None)
        elif operation == IDENTIFY:
            return await self._identify(socket, data)
        elif operation == RESUME:
            return await self._resume(socket, data)
        elif operation == MEMBERS and session is not None:
            await self._send_members(session, data)
        return session

    async def _identify(self, socket: web.WebSocketResponse, data: Payload) -> Session | None:
        self.identifies.append(self.world.now())
        if data["token"] != TOKEN:
            await socket.close(code=WRONG_TOKEN, message=b"Authentication failed.")
            return None
        if data["intents"] & self.disallowed_intents:
            await socket.close(code=DISALLOWED_INTENTS, message=b"Disallowed intent(s).")
            return None
        self.intents = data["intents"]
        if self.illness is Illness.INVALIDATES:
            await _send(socket, INVALID, False)
            return None
        if self.illness is Illness.CLOSES_UNSEEN:
            await socket.close(code=4000)
            return None
        session = Session(f"session-{next(self._numbers)}", socket=socket)
        self._sessions = {session.id: session}
        await self._dispatch(session, "READY", self._ready(session))
        present = [self.world.members[APPLICATION_ID], self.world.members[OWNER_ID]]
        await self._dispatch(session, "GUILD_CREATE", payloads.guild(self.world, members=present))
        if self.illness is Illness.DROPS_SESSIONS:
            await self.drop(resumable=False)
        return session

    def _ready(self, session: Session) -> Payload:
        return {
            "v": 10,
            "user": {**payloads.user(self.world.members[APPLICATION_ID]), "verified": True, "flags": 0},
            "guilds": [{"id": str(GUILD_ID), "unavailable": True}],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "session_type": "normal",
            "shard": [0, 1],
            "private_channels": [],
            "application": {"id": str(APPLICATION_ID), "flags": 0},
        }

    async def _resume(self, socket: web.WebSocketResponse, data: Payload) -> Session | None:
        session = self._sessions.get(data["session_id"] or "") if self.resumable else None
        self.resumes.append(session is not None)
        if session is None:
            await _send(socket, INVALID, False)
            return None
        session.socket = socket
        for message in [each for each in session.sent if each["s"] > data["seq"]]:
            await socket.send_str(json.dumps(message))
        await self._dispatch(session, "RESUMED", {})
        return session

    async def _send_members(self, session: Session, data: Payload) -> None:
        self.member_requests.append(self.world.now())
        if self.keeps_members_back:
            return
        everybody = [payloads.member(self.world, each) for each in self.world.members.values()]
        wanted = {int(each) for each in _as_list(data.get("user_ids"))}
        if wanted:
            everybody = [each for each in everybody if int(each["user"]["id"]) in wanted]
        chunks = [everybody[at : at + CHUNK] for at in range(0, len(everybody), CHUNK)] or [[]]
        for index, chunk in enumerate(chunks):
            body: Payload = {
                "guild_id": str(GUILD_ID),
                "members": chunk,
                "chunk_index": index,
                "chunk_count": len(chunks),
                "not_found": [],
            }
            if data.get("nonce") is not None:
                body["nonce"] = data["nonce"]
            await self._dispatch(session, "GUILD_MEMBERS_CHUNK", body)

    async def _dispatch(self, session: Session, event: str, data: Payload) -> None:
        message = {"op": DISPATCH, "t": event, "s": len(session.sent) + 1, "d": data}
        session.sent.append(message)
        if session.socket is not None and not session.socket.closed:
            try:
                await session.socket.send_str(json.dumps(message))
            except ConnectionError:
                session.socket = None


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


async def _send(socket: web.WebSocketResponse, operation: int, data: Any) -> None:
    await socket.send_str(json.dumps({"op": operation, "d": data, "s": None, "t": None}))
