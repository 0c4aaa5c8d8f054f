"""Corrections to SimCord 3.2.1, each in a function of its own with the reason.

SimCord is pinned exactly, so private names may be used here and nowhere else: when SimCord changes, this is
the one file to mend. Every function may be called any number of times.
"""

# SimCord keeps the parts that need correcting private, and types most payloads as Any.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

import asyncio
import datetime as real_datetime
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

import discord
from simcord import env as env_module
from simcord._dpy_internals import _original_callback, get_state, is_wakeup_shaped
from simcord._runtime import _attach_bot
from simcord.backend import errors as backend_errors
from simcord.backend import serializers
from simcord.backend.errors import BackendError
from simcord.backend.models import Interaction, Message, Overwrite
from simcord.backend.ops import channels as channel_ops
from simcord.backend.ops import reactions as reaction_ops
from simcord.enums import OverwriteType
from simcord.env import Env
from simcord.gateway import FakeGateway
from simcord.http import _helpers as http_helpers
from simcord.http import client as http_client
from simcord.http import router
from simcord.http.client import FakeHTTPClient, FakeWebhookAdapter
from simcord.preview._server import PreviewServer
from simcord.results import InteractionResult, ResponseMessage

T = TypeVar("T")

_IDLE_SECONDS = 0.001
_NEAR_SECONDS = 5.0
_NONCE_LIMIT = 25  # Discord, resources/message: "nonce: can be used to verify a message was sent (up to 25)".


def make_fast() -> None:
    """Let SimCord look for the end of the bot's work every millisecond instead of every 50.

    A verb costs about 1 ms of work, and SimCord then sleeps its whole idle interval because a callback of
    its own is usually pending. The results stay the same; only the waiting goes.
    """
    keywords = cast("dict[str, Any]", Env._settle_internal.__kwdefaults__)
    keywords["idle"] = _IDLE_SECONDS


def wait_only_for_what_is_near() -> None:
    """Let settling leave alone the timers that are far, and those that no task waits for.

    SimCord waits, in real time, for every timer that is due within ``settle_timeout``. So the patience with a
    busy machine would also be the time that every pause of the bot costs: a timer further than ``_NEAR_SECONDS``
    is left for ``advance``. And one ``loop.call_later(1.5, ...)`` of the bot would cost every command 1.5 real
    seconds and push the simulated clock on by as much: only timers that wake a task are waited for.
    """
    task_is_parked, callback_is_parked = env_module._is_parked, env_module._callback_is_parked
    if getattr(callback_is_parked, "corrected", False):
        return

    def near(deadline: float) -> float:
        return min(deadline, asyncio.get_running_loop().time() + _NEAR_SECONDS)

    def is_task_parked(state: Any, task: asyncio.Task[Any], deadline: float) -> bool:
        return task_is_parked(state, task, near(deadline))

    def is_callback_parked(state: Any, record: Any, deadline: float) -> bool:
        if callback_is_parked(state, record, near(deadline)):
            return True
        if record.when is None or record.when <= state.virtual_time:
            return False
        return not is_wakeup_shaped(_original_callback(getattr(record.handle, "_callback", None)))

    is_callback_parked.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    env_module._is_parked = is_task_parked
    env_module._callback_is_parked = is_callback_parked


def let_nobody_wait_in_a_circle() -> None:
    """Let a timer's own advance of the clock stand back when somebody else has just begun one.

    A timer of the bot that rings in real time starts a task that advances the clock. If another advance begins before
    that task's first step, the task waits for the other advance, and settling inside the other advance waits for the
    task: both stood still until the time for settling was over, 15 seconds in the demo.
    """
    original = Env._advance_to
    if getattr(original, "corrected", False):
        return

    async def advance_to(self: Any, target: float, deadline: float) -> None:
        if self._advance_task is not None and asyncio.current_task() is self._real_advance_task:
            self._real_advance_task = (
                None  # From here on it is an advance like any other, which waits its turn.
            )
        await original(self, target, deadline)

    advance_to.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    Env._advance_to = advance_to


def correct_everything() -> None:
    """Apply every correction that holds for the whole process. Called when a world opens."""
    make_fast()
    wait_only_for_what_is_near()
    let_nobody_wait_in_a_circle()
    be_ready_like_discord()
    name_the_author_in_reactions()
    start_threads_quietly()
    honour_nonces()
    put_faults_in_the_way()


def set_epoch(env: Env, start: datetime) -> None:
    """Start the simulated clock at ``start`` (aware) instead of 2026-01-01, before anything else happens."""
    env.backend.clock._epoch = start.astimezone(real_datetime.UTC)


class _ReadyQueue(asyncio.Queue[discord.Guild]):
    """The servers discord.py waits for at the start, all there already: nobody has to wait for them."""

    def get(self) -> Any:
        """A future that is done when something is there; one that never will be otherwise."""
        future: asyncio.Future[discord.Guild] = asyncio.get_running_loop().create_future()
        if not self.empty():
            future.set_result(self.get_nowait())
        return future


def be_ready_like_discord() -> None:
    """Name the bot's servers in READY and deliver them as available, as Discord does.

    SimCord sends an empty list and lets discord.py wait 0 s for the servers, which on Python 3.11 means that
    it never takes them out of the queue: members are not fetched at the start, so everybody who joined while
    the bot was away stays unknown, and ``on_guild_available`` never comes. It also calls a server that the
    bot was just invited to "available", so that ``on_guild_join`` never comes.
    """
    original = FakeGateway.feed
    if getattr(original, "corrected", False):
        return

    def feed(self: Any, event: str, payload: Mapping[str, Any]) -> None:
        state = self._state
        if event == "READY":
            known = [{"id": str(guild), "unavailable": True} for guild in self._backend.guilds]
            original(self, event, {**payload, "guilds": known})
            state._ready_state = _ReadyQueue()
            return
        if event == "GUILD_CREATE":
            guild = state._get_guild(int(payload["id"]))
            payload = {key: value for key, value in payload.items() if key != "unavailable"}
            if guild is not None and guild.unavailable:
                payload["unavailable"] = False  # "It is back"; without the key it means "you were invited".
        original(self, event, payload)

    feed.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    FakeGateway.feed = feed


def name_the_author_in_reactions() -> None:
    """Add ``message_author_id`` to MESSAGE_REACTION_ADD, which Discord sends and SimCord leaves out."""
    mixin = reaction_ops.ReactionMixin
    original = mixin._emit_reaction
    if getattr(original, "corrected", False):
        return

    def emit_reaction(self: Any, event: str, message: Message, emoji: str, user_id: int) -> None:
        plain_emit = self.emit

        def emit(name: str, payload: Mapping[str, Any]) -> None:
            if name == "MESSAGE_REACTION_ADD":
                payload = {**payload, "message_author_id": str(message.author_id)}
            plain_emit(name, payload)

        self.emit = emit
        try:
            original(self, event, message, emoji, user_id)
        finally:
            del self.emit

    emit_reaction.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    mixin._emit_reaction = emit_reaction


def start_threads_quietly() -> None:
    """Open a thread from a message as Discord does: no extra message about it, and never a second thread.

    SimCord announces every thread with a THREAD_CREATED message, which Discord writes only for threads that
    have no message to start from, and lets a message have several threads, where Discord answers 160004.
    """
    mixin = channel_ops.ChannelMixin
    original = mixin.create_thread
    if getattr(original, "corrected", False):
        return

    def create_thread(self: Any, parent_id: int, name: str, owner_id: int, **keywords: Any) -> Any:
        message_id = keywords.get("message_id")
        if message_id is None or not keywords.get("broadcast", True):
            return original(self, parent_id, name, owner_id, **keywords)
        if message_id in self.channels:
            raise BackendError(400, 160004, "A thread has already been created for this message")
        keywords["broadcast"] = False
        thread = original(self, parent_id, name, owner_id, **keywords)
        self.announce_thread_create(thread)
        return thread

    create_thread.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    mixin.create_thread = create_thread


# --------------------------------------------------------------------------------------------- nonces


@dataclass(slots=True)
class NonceBook:
    """What one simulated Discord remembers of nonces: the documented "past few minutes", here ``window``."""

    window: float = 120.0
    seen: dict[str, tuple[int, int, float]] | None = None  # nonce -> channel, message, moment it was made

    def entries(self) -> dict[str, tuple[int, int, float]]:
        """The remembered nonces."""
        if self.seen is None:
            self.seen = {}
        return self.seen


@dataclass
class _Beside:
    """What is kept beside SimCord's own records of one simulated Discord."""

    nonces: NonceBook = field(default_factory=NonceBook)
    nonce_of: dict[int, str] = field(default_factory=dict[int, str])
    transport: Transport | None = None


def _beside(backend: Any) -> _Beside:
    """Kept on the object itself: values of a weak dictionary that lead back to their key keep it for ever."""
    return vars(backend).setdefault("_lyceum", _Beside())


def nonce_book(env: Env) -> NonceBook:
    """The nonces this simulated Discord remembers; set ``window`` (seconds of simulated time) to taste."""
    return _beside(env.backend).nonces


def nonce_of(env: Env, message_id: int) -> str | None:
    """The nonce a message was created with, for a test's eyes only: Discord keeps it out of histories."""
    return _beside(env.backend).nonce_of.get(message_id)


def honour_nonces() -> None:
    """Make Create Message obey ``nonce`` and ``enforce_nonce``, which SimCord accepts and ignores.

    As documented: a nonce is at most 25 characters; with ``enforce_nonce`` a nonce seen in the past few
    minutes from the same author returns the first message and creates none; when that message was deleted
    the answer is 10008. The nonce is echoed in the answer and in MESSAGE_CREATE, and not in histories.
    """
    routes = router._ROUTES["POST"]
    template = ["channels", "{channel_id}", "messages"]
    index = next(i for i, (parts, _) in enumerate(routes) if parts == template)
    original = routes[index][1]
    if getattr(original, "corrected", False):
        return

    def send_message(ctx: router.RequestContext) -> Any:
        nonce = ctx.body().get("nonce")
        if nonce is None:
            return original(ctx)
        return _send_with_nonce(ctx, str(nonce), original)

    send_message.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    routes[index] = (template, send_message)


def _send_with_nonce(ctx: router.RequestContext, nonce: str, original: Callable[[Any], Any]) -> Any:
    backend = ctx.backend
    if len(nonce) > _NONCE_LIMIT:
        raise backend_errors.invalid_form_body("nonce: Must be 25 or fewer in length.")
    book = _beside(backend).nonces
    entries, now = book.entries(), backend.clock.elapsed
    if ctx.body().get("enforce_nonce") and nonce in entries:
        channel_id, message_id, made = entries[nonce]
        if now - made < book.window:
            message = backend.get_message(channel_id, message_id)  # deleted: 10008, as Discord answers
            return {**http_helpers.message_response(ctx, message), "nonce": nonce}
    with _announced_with_nonce(backend, nonce):
        answer = original(ctx)
    message_id = int(answer["id"])
    entries[nonce] = (ctx.int_arg("channel_id"), message_id, now)
    _beside(backend).nonce_of[message_id] = nonce
    return {**answer, "nonce": nonce}


@contextmanager
def _announced_with_nonce(backend: Any, nonce: str) -> Generator[None]:
    plain_emit = backend.emit

    def emit(event: str, payload: Mapping[str, Any]) -> None:
        plain_emit(event, {**payload, "nonce": nonce} if event == "MESSAGE_CREATE" else payload)

    backend.emit = emit
    try:
        yield
    finally:
        del backend.emit


# --------------------------------------------------------------------------------------------- transport


class Transport(Protocol):
    """What stands between the bot and the simulated Discord: the fault layer."""

    async def perform(
        self, method: str, path: str, body: Any, real: Callable[[], Coroutine[Any, Any, Any]]
    ) -> Any:
        """Answer one request of the bot, usually by awaiting ``real()``."""
        ...


def install_transport(env: Env, transport: Transport) -> None:
    """Route every request of this world's bots, of every generation, through ``transport``."""
    _beside(env.backend).transport = transport


def put_faults_in_the_way() -> None:
    """Send REST calls and interaction replies through the fault layer, on the classes themselves.

    SimCord builds a new HTTP client for every bot it attaches and uses it at once (``setup_hook``), and
    interaction replies go through a second adapter: wrapping one object would miss both. ``inject_error``
    is not enough: it raises plain HTTPException for 5xx, and knows no lost answers.
    """
    if getattr(FakeHTTPClient.request, "corrected", False):
        return
    real_rest, real_webhook = FakeHTTPClient.request, FakeWebhookAdapter.request

    async def rest(self: FakeHTTPClient, route: Any, **keywords: Any) -> Any:
        transport = _beside(self.backend).transport
        if transport is None:
            return await real_rest(self, route, **keywords)
        body = keywords.get("json")
        if body is None and keywords.get("form"):
            body, _ = router.parse_form(list(keywords["form"]), [])
        path = http_client._path_of(route.url)
        return await transport.perform(route.method, path, body, lambda: real_rest(self, route, **keywords))

    async def webhook(self: FakeWebhookAdapter, route: Any, session: Any, **keywords: Any) -> Any:
        transport = _beside(self.backend).transport
        if transport is None:
            return await real_webhook(self, route, session, **keywords)
        body = keywords.get("payload")
        if body is None and keywords.get("multipart"):
            body, _ = router.parse_form(keywords["multipart"], [])
        path = http_client._path_of(route.url)
        return await transport.perform(
            route.method, path, body, lambda: real_webhook(self, route, session, **keywords)
        )

    rest.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    FakeHTTPClient.request = rest
    FakeWebhookAdapter.request = webhook


async def wait_outside(env: Env, event: asyncio.Event, reason: str) -> None:
    """Park a task of the bot on ``event`` without SimCord calling it stuck."""
    task = asyncio.current_task()
    if task is None or task not in env._work.tasks or task in env._work.external_waits:
        await event.wait()
        return
    await env.external_wait(event.wait(), reason=reason)


# --------------------------------------------------------------------------------------------- the bot's side


@contextmanager
def operation(env: Env, label: str) -> Generator[None]:
    """Claim the world for one change, so that SimCord refuses anything at the same moment."""
    env._begin_operation(label)
    try:
        yield
    finally:
        env._end_operation()


def in_bot(env: Env, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start a coroutine as work of the bot: it sees the simulated clock and settling waits for it."""
    with env._bot_scope():
        return asyncio.get_running_loop().create_task(work)


def schedule_in_bot(env: Env, make: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
    """Like ``in_bot``, but ``make`` is also called there."""

    async def run() -> T:
        return await make()

    return in_bot(env, run())


async def settle(env: Env) -> None:
    """Wait until the bot has nothing left to do at this moment of simulated time."""
    await env._settle_internal()


@contextmanager
def without_settling(env: Any) -> Generator[None]:
    """Let people act without the bot getting a turn between them; settle afterwards.

    SimCord lets one person act at a time and settles after each, so two presses at the same moment cannot be
    expressed in its own verbs.
    """

    async def nothing(**_: Any) -> None:
        return

    env._settle_internal = nothing
    try:
        yield
    finally:
        del env._settle_internal


def move_clock(env: Env, seconds: float) -> None:
    """Move the simulated clock at once, timers in between firing late and together, as after a sleep."""
    env._move_clock(env.backend.clock.elapsed + seconds)


async def attach(env: Env, bot: discord.Client) -> None:
    """Connect a new bot to the running world."""
    with operation(env, "start the bot"):
        await _attach_bot(env, bot)


async def detach(env: Env) -> None:
    """Cut the current bot off and cancel all its work, without asking it to close."""
    with operation(env, "stop the bot"):
        await env._detach_bot()


def add_known_messages(env: Env, bot: discord.Client) -> None:
    """Let handles made while no bot was attached stay valid after the next start."""
    env._message_states.add(get_state(bot))


def interaction_of(result: InteractionResult) -> Interaction:
    """The live record behind an interaction's result."""
    return result._interaction


def stored_message(message: ResponseMessage) -> Message:
    """The stored message behind SimCord's handle."""
    return message._message


def unregistered_guild(env: Env, guild_id: int) -> Any:
    """Take a server out of the bot's sight, for a bot that has not been invited yet."""
    return env.backend.guilds.pop(guild_id)


def announce_guild(env: Env, guild: Any) -> None:
    """Put a server in the bot's sight, as when somebody invites it."""
    env.backend.guilds[guild.id] = guild
    env.backend.emit("GUILD_CREATE", serializers.guild_create_payload(env.backend, guild))


def hidden_from(role_id: int) -> Overwrite:
    """A channel overwrite that takes the sight of the channel from one role."""
    denied = discord.Permissions(view_channel=True).value
    return Overwrite(target_id=role_id, type=OverwriteType.ROLE, deny=denied)


# --------------------------------------------------------------------------------------------- the demo


def allow_embedding(origin: str) -> None:
    """Let one page, the demo's own on the loopback, show SimCord's preview in a frame; nobody else may."""
    headers = dict(PreviewServer._SECURITY_HEADERS)
    headers.pop("X-Frame-Options", None)
    policy = headers["Content-Security-Policy"].split("frame-ancestors", maxsplit=1)[0]
    headers["Content-Security-Policy"] = f"{policy}frame-ancestors {origin}"
    PreviewServer._SECURITY_HEADERS = headers


_PLAIN_LOOK = """
.preview-brand, .viewer-control, .session-menu, #messages-sidebar, #drawer-scrim,
#toolbar button:not(#back-activity, #view-action-output) { display: none !important; }
#toolbar { display: flex !important; height: auto !important; min-height: 0 !important; padding: 2px 12px;
           justify-content: flex-end; }
"""


def show_the_channel_alone() -> None:
    """Leave the preview's developer tools (capture, inspector, search) out: the page around it has its own."""
    original = PreviewServer._static
    if getattr(original, "corrected", False):
        return

    async def static(self: Any, request: Any) -> Any:
        response = await original(self, request)
        if request.path.endswith(".css"):
            response.text = f"{response.text}{_PLAIN_LOOK}"
        return response

    static.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    PreviewServer._static = static


def take_turns(env: Env, lock: asyncio.Lock, afterwards: Callable[[], None]) -> None:
    """Let actions in this world's preview wait for ``lock``, and call ``afterwards`` when one is done.

    SimCord answers "busy" to a person who presses Send in the very moment in which the clock moves.
    """
    vars(env)["_lyceum_turns"] = (lock, afterwards)
    original = PreviewServer._action
    if getattr(original, "corrected", False):
        return

    async def action(self: Any, request: Any) -> Any:
        turn: tuple[asyncio.Lock, Callable[[], None]] | None = vars(self.preview.env).get("_lyceum_turns")
        if turn is None:
            return await original(self, request)
        async with turn[0]:
            answer = await original(self, request)
            turn[1]()
        return answer

    action.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    PreviewServer._action = action


def preview_open(preview: Any) -> bool:
    """Whether the preview still serves its page."""
    return bool(preview._active) and not preview._closed
