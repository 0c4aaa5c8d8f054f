"""Create Message obeys ``nonce`` and ``enforce_nonce``."""

# SimCord keeps the parts that need correcting private, and types most payloads as Any.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from simcord.backend import errors as backend_errors
from simcord.env import Env
from simcord.http import _helpers as http_helpers
from simcord.http import router

from sandbox.simcord_patches.beside import NonceBook, beside

_NONCE_LIMIT = 25  # Discord, resources/message: "nonce: can be used to verify a message was sent (up to 25)".


def nonce_book(env: Env) -> NonceBook:
    """The nonces this simulated Discord remembers; set ``window`` (seconds of simulated time) to taste."""
    return beside(env.backend).nonces


def nonce_of(env: Env, message_id: int) -> str | None:
    """The nonce a message was created with, for a test's eyes only: Discord keeps it out of histories."""
    return beside(env.backend).nonce_of.get(message_id)


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
    book = beside(backend).nonces
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
    beside(backend).nonce_of[message_id] = nonce
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
