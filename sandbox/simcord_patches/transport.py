"""What the bot sends goes through the fault layer."""

# SimCord keeps the parts that need correcting private, and types most payloads as Any.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

import asyncio
from typing import Any

from simcord.env import Env
from simcord.http import client as http_client
from simcord.http import router
from simcord.http.client import FakeHTTPClient, FakeWebhookAdapter

from sandbox.simcord_patches.beside import Transport, beside


def install_transport(env: Env, transport: Transport) -> None:
    """Route every request of this world's bots, of every generation, through ``transport``."""
    beside(env.backend).transport = transport


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
        transport = beside(self.backend).transport
        if transport is None:
            return await real_rest(self, route, **keywords)
        body = keywords.get("json")
        if body is None and keywords.get("form"):
            body, _ = router.parse_form(list(keywords["form"]), [])
        path = http_client._path_of(route.url)
        return await transport.perform(route.method, path, body, lambda: real_rest(self, route, **keywords))

    async def webhook(self: FakeWebhookAdapter, route: Any, session: Any, **keywords: Any) -> Any:
        transport = beside(self.backend).transport
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
