"""A headless Chromium that photographs parts of a page, driven through its own DevTools protocol.

Nothing is installed for it: whatever Chromium or Chrome the machine has is used, and aiohttp speaks to it.
"""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from PIL import Image

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_SHARPNESS = 2  # pixels of the picture for each pixel of the page, in both directions
_COLOURS = 128
_PATIENCE_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.05


class NoBrowser(RuntimeError):
    """There is no browser to take pictures with, or it cannot be started; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of the page, in pixels of the page."""

    x: float
    y: float
    width: float
    height: float


def find_browser() -> str:
    """The path of a Chromium. Raises NoBrowser when the machine has none."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found is not None:
            return found
    raise NoBrowser(
        f"Pictures need a Chromium or Chrome, and none is on the PATH (looked for {', '.join(BROWSERS)}). "
        "Install one (Debian, Ubuntu: apt install chromium) and run this again."
    )


class Camera:
    """One open page of the browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._said = 0

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._said += 1
        await self._socket.send_json({"id": self._said, "method": method, "params": params})
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                answer: dict[str, Any] = await self._socket.receive_json()
                if answer.get("id") == self._said:
                    break
        if "error" in answer:
            raise RuntimeError(f"the browser refused {method}: {answer['error']['message']}")
        return answer["result"]

    async def look_at(self, url: str, *, width: int, height: int) -> None:
        """Open a page in a window of this many pixels."""
        await self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=_SHARPNESS,
            mobile=False,
        )
        await self._call("Page.navigate", url=url)

    async def ask(self, script: str) -> Any:
        """What an expression gives in the page. Raises RuntimeError when the page raises."""
        answer = await self._call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"the page raised: {answer['exceptionDetails']['exception']['description']}")
        return answer["result"].get("value")

    async def wait_for(self, script: str) -> None:
        """Wait until an expression is true in the page. Raises TimeoutError after half a minute."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await self.ask(f"Boolean({script})"):  # noqa: ASYNC110 - the page sends no event for it
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def photograph(self, area: Area, to: Path) -> None:
        """Write a part of the page as a small PNG."""
        clip = {"x": area.x, "y": area.y, "width": area.width, "height": area.height, "scale": 1}
        answer = await self._call(
            "Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True
        )
        picture = Image.open(BytesIO(base64.b64decode(answer["data"]))).convert("RGB")
        # Cards are flat: a palette shows them without loss that an eye would see, at a third of the size.
        picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(to, optimize=True)


@asynccontextmanager
async def open_camera() -> AsyncGenerator[Camera]:
    """Start the browser, and end it afterwards. Raises NoBrowser."""
    path = find_browser()
    with TemporaryDirectory(prefix="lyceum-pictures-", ignore_cleanup_errors=True) as profile:
        options = ["--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--lang=en-GB"]
        options += ["--remote-debugging-port=0", f"--user-data-dir={profile}", "--force-color-profile=srgb"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--no-sandbox")  # As root, as in most containers, Chromium starts only without.
        quiet = asyncio.subprocess.DEVNULL
        browser = await asyncio.create_subprocess_exec(
            path, *options, "about:blank", stdout=quiet, stderr=quiet
        )
        try:
            port = await _port(Path(profile) / "DevToolsActivePort", browser)
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    pages = [each for each in await answer.json() if each["type"] == "page"]
                address = pages[0]["webSocketDebuggerUrl"]
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    yield Camera(socket)
        finally:
            with suppress(ProcessLookupError):
                browser.terminate()
            await browser.wait()


async def _port(written: Path, browser: asyncio.subprocess.Process) -> int:
    """Where the browser listens; it writes it into its profile when it is ready."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while browser.returncode is None:
                if lines := await asyncio.to_thread(_lines, written):
                    return int(lines[0])
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    raise NoBrowser("Chromium was found and could not be started; try to start it by hand to see why.")


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="ascii").split() if file.exists() else []
