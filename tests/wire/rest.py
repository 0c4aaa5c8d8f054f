"""The fake Discord's REST half: the routes that Lyceum uses, the faults on the way, and a log of all that was asked.

The headers are Discord's where discord.py depends on them: a content type of exactly `application/json` (with a
charset it takes a 429 for a ban by Cloudflare), `Via`, and `X-RateLimit-*`, without which it would send one request
of a route at a time.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.wire import payloads
from tests.wire.faults import BEFORE, LATE, STATUS, Fault, Faults
from tests.wire.rest_safety import Request, SafetyRoutes
from tests.wire.routes import ROUTES, WITHOUT_TOKEN
from tests.wire.world import (
    APPLICATION_ID,
    GUILD_ID,
    TOKEN,
    ApiError,
    Message,
    Payload,
    World,
    unknown,
)

HANG_LIMIT = 120.0  # seconds, should the client wait for ever


@dataclass
class Answer:
    """What an interaction was answered with."""

    interaction_id: int
    type: int
    data: Payload
    edits: list[Payload] = field(default_factory=list[Payload])
    follow_ups: list[Payload] = field(default_factory=list[Payload])


class Rest(SafetyRoutes):
    """Answers requests on the world's behalf, as well or badly as the faults say."""

    def __init__(self, world: World, faults: Faults) -> None:
        super().__init__(world)
        self.faults = faults
        self.log: list[Request] = []
        self.unknown_routes: Counter[str] = Counter()
        self.answers: dict[str, Answer] = {}  # by the interaction's token
        self.away = False
        self.turned_away = 0
        self.refuse_all: ApiError | None = None
        self.banned = False  # Cloudflare's answer to those who do not listen
        self.hang_seconds = HANG_LIMIT
        self.retry_after = 1.0
        self.latest = 1.0  # seconds after which a late request is carried out, at most
        self.latency = 0.0  # seconds before the effect, and before the answer, at most
        self.late_ones = 0  # still to be carried out
        self.on_done: Callable[[Request], None] | None = None
        self._background: set[asyncio.Task[None]] = set()

    def add_to(self, app: web.Application, prefix: str) -> None:
        for method, path, name in ROUTES:
            app.router.add_route(method, prefix + path, self._handler(name))
        app.router.add_route("*", prefix + "/{rest:.*}", self._handler("unknown"))

    def asked(self, *routes: str) -> list[Request]:
        return [each for each in self.log if not routes or each.route in routes]

    @property
    def busy(self) -> bool:
        """Something is asked, or done late, at this moment."""
        return bool(self._background)

    @property
    def last_at(self) -> datetime:
        """When the last request came; the beginning of time if none did."""
        return self.log[-1].at if self.log else datetime.min.replace(tzinfo=UTC)

    async def close(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    def _handler(self, name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            task = asyncio.current_task()
            assert task is not None
            self._background.add(task)
            try:
                return await self._handle(name, request)
            finally:
                self._background.discard(task)

        return handle

    async def _handle(self, name: str, request: web.Request) -> web.StreamResponse:
        if self.away:
            self.turned_away += 1
            return _reset(request)
        entry = Request(
            route=name,
            method=request.method,
            path=request.path,
            at=self.world.now(),
            body=await _body(request),
            ids={key: int(value) for key, value in request.match_info.items() if value.isdigit()},
            query=dict(request.query),
            reason=request.headers.get("X-Audit-Log-Reason"),
        )
        entry.ids.setdefault("application", APPLICATION_ID)
        self.log.append(entry)
        if self.banned:
            entry.status = 429
            return web.Response(status=429, text="<html>error code: 1015</html>", content_type="text/html")
        refusal = self._refusal(name, request)
        if refusal is not None:
            return _refuse(entry, refusal)
        entry.fault = self.faults.next_for(name)
        await self._pause()
        return await self._carry_out(entry, request)

    def _refusal(self, name: str, request: web.Request) -> ApiError | None:
        if name not in WITHOUT_TOKEN and request.headers.get("Authorization") != f"Bot {TOKEN}":
            return ApiError(401, 0, "401: Unauthorized")
        if name == "unknown":
            self.unknown_routes[f"{request.method} {request.path}"] += 1
            return ApiError(404, 0, "404: Not Found")
        return self.refuse_all

    async def _carry_out(self, entry: Request, request: web.Request) -> web.StreamResponse:
        fault = entry.fault
        if fault is Fault.TOO_MANY:
            entry.status = 429
            body = {
                "message": "You are being rate limited.",
                "retry_after": self.retry_after,
                "global": False,
            }
            return _answer(429, body, {"Retry-After": str(self.retry_after), "X-RateLimit-Scope": "user"})
        if fault in LATE:
            self._do_late(entry)
        elif fault not in BEFORE and fault not in (Fault.RESET_BEFORE, Fault.HANG_BEFORE):
            try:
                result = self._do(entry)
            except ApiError as error:
                result = error
            if self.on_done is not None:
                self.on_done(entry)
            await self._pause()
            if fault is None:
                return self._answer_with(entry, result)
        if fault in (Fault.RESET_BEFORE, Fault.RESET_AFTER):
            return _reset(request)
        if fault in (Fault.HANG_BEFORE, Fault.HANG_AFTER):
            await asyncio.sleep(self.hang_seconds)
            return _reset(request)
        assert fault is not None
        return _refuse(entry, ApiError(STATUS[fault], 0, "an internal error"))

    def _do(self, entry: Request) -> Any:
        result = getattr(self, f"_{entry.route}")(entry)
        entry.done_at = self.world.now()
        return result

    def _do_late(self, entry: Request) -> None:
        async def later() -> None:
            try:
                await asyncio.sleep(self.faults.between(0.05, self.latest))
                self._do(entry)
            except ApiError:
                pass
            finally:
                self.late_ones -= 1

        self.late_ones += 1
        task = asyncio.create_task(later())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _pause(self) -> None:
        if self.latency:
            await asyncio.sleep(self.faults.between(0, self.latency))

    def _answer_with(self, entry: Request, result: Any) -> web.Response:
        if self.away:
            entry.status = 503
            return _answer(503, {"message": "gone meanwhile", "code": 0})
        if isinstance(result, ApiError):
            return _refuse(entry, result)
        entry.status = 204 if result is None else 200
        return _answer(entry.status, result)

    # One method a route, called by its name.

    def _gateway(self, _: Request) -> Payload:
        limit = {"total": 1000, "remaining": 999, "reset_after": 1000, "max_concurrency": 1}
        return {"url": "ws://unused", "shards": 1, "session_start_limit": limit}

    def _own_user(self, _: Request) -> Payload:
        return payloads.user(self.world.members[APPLICATION_ID])

    def _application(self, _: Request) -> Payload:
        return payloads.application(self.world)

    def _list_commands(self, _: Request) -> list[Payload]:
        return self.world.commands

    def _put_commands(self, entry: Request) -> list[Payload]:
        given: Any = entry.body
        self.world.commands = [
            {
                **each,
                "id": str(self.world.snowflake()),
                "application_id": str(APPLICATION_ID),
                "version": "1",
                "type": each.get("type", 1),
                "description": each.get("description", ""),
            }
            for each in given
        ]
        return self.world.commands

    def _open_dm(self, entry: Request) -> Payload:
        member_id = int(entry.body["recipient_id"])
        if member_id not in self.world.members:
            raise unknown(10013, "User")
        return payloads.channel(self.world, self.world.open_dm(member_id))

    def _channel(self, entry: Request) -> Payload:
        return payloads.channel(self.world, self.world.find_channel(entry.ids["channel"]))

    def _history(self, entry: Request) -> list[Payload]:
        bounds = {name: int(entry.query[name]) for name in ("after", "before") if name in entry.query}
        limit = int(entry.query.get("limit", "50"))
        found = self.world.history(entry.ids["channel"], **bounds, limit=limit)
        return [payloads.message(self.world, each) for each in found]

    def _create_message(self, entry: Request) -> Payload:
        return payloads.message(self.world, self.world.create_message(entry.ids["channel"], entry.body))

    def _edit_message(self, entry: Request) -> Payload:
        edited = self.world.edit_message(entry.ids["channel"], entry.ids["message"], entry.body)
        return payloads.message(self.world, edited)

    def _delete_message(self, entry: Request) -> None:
        self.world.delete(self.world.find_message(entry.ids["channel"], entry.ids["message"]))

    def _create_thread(self, entry: Request) -> Payload:
        thread = self.world.create_thread(entry.ids["channel"], entry.ids["message"], entry.body["name"])
        return payloads.channel(self.world, thread)

    def _start_thread(self, entry: Request) -> Payload:
        body = entry.body
        thread = self.world.start_thread(entry.ids["channel"], body["name"], body["type"])
        return payloads.channel(self.world, thread)

    def _add_thread_member(self, entry: Request) -> None:
        self.world.add_to_thread(entry.ids["channel"], entry.ids["member"])

    def _active_threads(self, _: Request) -> Payload:
        found = self.world.active_threads()
        return {"threads": [payloads.channel(self.world, each) for each in found], "members": []}

    def _edit_channel(self, entry: Request) -> Payload:
        if "archived" in entry.body:
            thread = self.world.archive(entry.ids["channel"], archived=entry.body["archived"])
            return payloads.channel(self.world, thread)
        channel = self.world.find_channel(entry.ids["channel"])
        channel.slowmode = entry.body.get("rate_limit_per_user", channel.slowmode)
        return self.channel_changed(channel)

    def _add_role(self, entry: Request) -> None:
        self.world.change_role(entry.ids["member"], entry.ids["role"], given=True)

    def _remove_role(self, entry: Request) -> None:
        self.world.change_role(entry.ids["member"], entry.ids["role"], given=False)

    def _list_members(self, entry: Request) -> list[Payload]:
        after, limit = int(entry.query.get("after", "0")), int(entry.query.get("limit", "1"))
        return [
            payloads.member(self.world, each) for each in self.world.list_members(after=after, limit=limit)
        ]

    def _edit_member(self, entry: Request) -> Payload:
        who = self.world.members.get(entry.ids["member"])
        if who is None:
            raise unknown(10007, "Member")
        who.timeout_until = entry.body.get("communication_disabled_until")
        return payloads.member(self.world, who)

    def _list_events(self, _: Request) -> list[Payload]:
        return [payloads.event(each) for each in self.world.events if not each.deleted]

    def _create_event(self, entry: Request) -> Payload:
        if entry.ids["guild"] != GUILD_ID:
            raise unknown(10004, "Guild")
        return payloads.event(self.world.create_event(entry.body))

    def _delete_event(self, entry: Request) -> None:
        self.world.delete_event(entry.ids["event"])

    def _answer_interaction(self, entry: Request) -> Payload:
        token = entry.path.split("/")[-2]
        if token in self.answers:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        answer = Answer(entry.ids["interaction"], entry.body["type"], entry.body.get("data") or {})
        self.answers[token] = answer
        return {
            "interaction": {
                "id": str(answer.interaction_id),
                "type": 2,
                "response_message_id": str(self.world.snowflake()),
                "response_message_loading": answer.type == 5,
                "response_message_ephemeral": bool(answer.data.get("flags", 0) & 64),
            }
        }

    def _answer_of(self, entry: Request) -> Answer:
        parts = entry.path.split("/")
        answer = self.answers.get(parts[parts.index("webhooks") + 2])
        if answer is None:
            raise unknown(10015, "Webhook")
        return answer

    def _interaction_message(self, body: Payload) -> Payload:
        shown = Message(self.world.snowflake(), 0, APPLICATION_ID, self.world.now(), body)
        return payloads.message(self.world, shown)

    def _follow_up(self, entry: Request) -> Payload:
        self._answer_of(entry).follow_ups.append(entry.body)
        return self._interaction_message(entry.body)

    def _original_answer(self, entry: Request) -> Payload:
        return self._interaction_message(self._answer_of(entry).data)

    def _edit_answer(self, entry: Request) -> Payload:
        self._answer_of(entry).edits.append(entry.body)
        return self._interaction_message(entry.body)


async def _body(request: web.Request) -> Any:
    if request.content_type == "multipart/form-data":
        form = await request.post()
        return json.loads(str(form.get("payload_json", "{}")))
    text = await request.text()
    return json.loads(text) if text else {}


def _answer(status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
    response = web.Response(status=status, body=None if body is None else json.dumps(body).encode())
    if body is not None:
        response.headers["Content-Type"] = "application/json"
    response.headers["Via"] = "1.1 fake"
    response.headers["X-RateLimit-Limit"] = "1000"
    response.headers["X-RateLimit-Remaining"] = "999"
    response.headers["X-RateLimit-Reset"] = "0"
    response.headers["X-RateLimit-Reset-After"] = "1"
    response.headers.update(headers or {})
    return response


def _refuse(entry: Request, error: ApiError) -> web.Response:
    entry.status = error.status
    return _answer(error.status, {"message": error.message, "code": error.code})


def _reset(request: web.Request) -> web.Response:
    """Cut the connection with a RST, as a proxy that dies does."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=503)
