"""The demo's page: SimCord's preview in a frame of ours."""

# SimCord keeps the parts that need correcting private, and types most payloads as Any.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from simcord.env import Env
from simcord.preview import _pages
from simcord.preview._server import PreviewServer


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


def open_at_the_newest() -> None:
    """Open each channel at its newest message, whoever wrote it; SimCord opens it at the bot's newest."""
    original = _pages._PageOps._initial_target
    if getattr(original, "corrected", False):
        return

    def target(self: Any, viewer: Any, channel_id: int) -> int | None:
        if original(self, viewer, channel_id) is None:
            return None
        stored = self.env.backend.messages[channel_id].values()
        return max(
            item.id
            for item in stored
            if _pages.can_access_message(self.env, channel_id, item, viewer, history=True)
        )

    target.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    _pages._PageOps._initial_target = target


_Turn = tuple[asyncio.Lock, Callable[[], None]]


def take_turns(env: Env, lock: asyncio.Lock, afterwards: Callable[[], None]) -> None:
    """Let actions in this world's preview wait for ``lock``, and call ``afterwards`` when one is done.

    SimCord answers "busy" to a person who presses Send in the very moment in which the clock moves.
    """
    env.__dict__["_lyceum_turns"] = (lock, afterwards)
    original = PreviewServer._action
    if getattr(original, "corrected", False):
        return

    async def action(self: Any, request: Any) -> Any:
        turn: _Turn | None = self.preview.env.__dict__.get("_lyceum_turns")
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
