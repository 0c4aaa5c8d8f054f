"""The demo's page: SimCord's preview in a frame of ours."""

# SimCord keeps the parts that need correcting private, and types most payloads as Any.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from simcord.env import Env
from simcord.preview import _messages, _pages
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

# What the preview's script says of itself when all is well ("Viewport updated") tells nobody anything about the bot.
_CHATTER = ('labels[kind || ""] || "Action completed"', '"Preview ready"')

# SimCord keeps a channel where it was when something new comes, so an answer to a command lands below the window and
# nothing seems to have happened. Discord follows whoever stands at the end, or has just done something themselves.
_STAYS = 'if ((snapshot.history?.hasAfter || hasNewTail) && state.scrollIntent?.policy === "anchor")'
_FOLLOWS = """const tail = ids.length ? snapshot.messages?.[ids[ids.length - 1]] : null;
    const own = tail && (tail.ephemeral || String(tail.author?.id) === String(snapshot.viewerId));
    if (hasNewTail && tail && (own || state.scrollIntent?.policy !== "anchor"))
      state.scrollIntent = { policy: "target", targetId: ids[ids.length - 1] };
    """
_AT_THE_END = "ui.timeline.clientHeight <= 1 ?"
_NEAR_THE_END = "ui.timeline.clientHeight <= 60 ?"  # the thread and the space below the last message included


# A link to a channel of this server leads to discord.com, where it does not exist. The page around opens it instead;
# and so it does with what one may press in Discord, and not in the preview: a channel's name, and a thread below a post.
_LINKS_STAY_HERE = """
document.addEventListener("click", (event) => {
  const at = event.target instanceof Element
    ? event.target.closest('a[href^="https://discord.com/channels/"], .thread-summary, .mention') : null;
  if (!at) return;
  const channel = at.getAttribute("href")?.split("/")[5] || "";
  const label = channel ? "" : (at.firstChild?.textContent || "").replace(/ · \\d+ messages?$/, "");
  if (channel) event.preventDefault();
  window.parent.postMessage({ lyceum: "open", channel, label }, "*");
}, true);
"""
_LINKS_LOOK = ".thread-summary { cursor: pointer; }\n"


def _corrected_text(path: str, text: str) -> str:
    """What is served instead of one of the preview's own files."""
    if path.endswith(".css"):
        return f"{text}{_PLAIN_LOOK}{_LINKS_LOOK}"
    if path == "/app.js":
        return f"{text}{_LINKS_STAY_HERE}"
    if path == "/actions.js":
        for said in _CHATTER:
            text = _replaced(text, said, '""')
    if path == "/timeline.js":
        return _replaced(_replaced(text, _STAYS, _FOLLOWS + _STAYS), _AT_THE_END, _NEAR_THE_END)
    return text


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise RuntimeError(f"SimCord's preview has changed: {old!r} is not in it once")
    return text.replace(old, new)


def show_the_channel_alone() -> None:
    """Leave the preview's developer tools (capture, inspector, search) out, and let it follow what is new."""
    original = PreviewServer._static
    if getattr(original, "corrected", False):
        return

    async def static(self: Any, request: Any) -> Any:
        response = await original(self, request)
        if request.path.endswith((".css", ".js")):
            response.text = _corrected_text(request.path, response.text)
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


def name_whom_one_knows() -> None:
    """Show ``@Rui`` for somebody who has left, and in private messages; SimCord shows ``<@1234>`` for both."""
    original = _messages._user_allowed
    if getattr(original, "corrected", False):
        return

    def user_allowed(preview: Any, page: Any, user_id: int) -> bool:
        return original(preview, page, user_id) or user_id in preview.env.backend.users

    user_allowed.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    _messages._user_allowed = user_allowed


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
