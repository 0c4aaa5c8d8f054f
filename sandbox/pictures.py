"""The pictures in the README and in ``docs``: what the real bot shows in the simulated Discord, photographed.

``python -m sandbox.pictures`` (``make pictures``) takes all of them; names after it take only those.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from sandbox.camera import Area, Camera, NoBrowser, open_camera
from sandbox.scenes import SCENES, View, views
from sandbox.story.play import room, world
from sandbox.story.tale import Tale
from sandbox.world import World

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
_WIDTH = 540
_ZONE, _LOCALE = (
    "Europe/Lisbon",
    "en-GB",
)  # the clock of the community in the story, and how its dates are written
_HEIGHT = 2400
# Left out: what only a pointer uses, the command above an answer, of which SimCord shows the first word alone, and the
# word "edited" for a card that was drawn again.
_LOOK = """
.channel-header, #channel-composer, .history-button, .timeline-day-divider, .message-context-actions,
.message-edited, .message-interaction-header { display: none !important; }
* { box-shadow: none !important; animation: none !important; transition: none !important; }
#channel-timeline { overflow: visible !important; }
#channel-message-list { padding: 16px 0 !important; }
.channel-message:first-child { margin-top: 0 !important; }
.initial { display: grid; place-items: center; width: 100%; height: 100%; border-radius: 50%;
           color: white; font-weight: 600; font-size: 18px; }
"""
_READY = "document.querySelector('#preview-app').getAttribute('aria-busy') === 'false'"
# Copies the messages into a page of their own, on which nothing moves, and says where they are. Buttons sleep until the
# page has been given the right to press them: that is waited for, unless they are still asleep after a while because
# the bot made them so. SimCord draws everybody the same face, so people get the initial of their name.
_FRAME = """
(async () => {
  const find = () => %s.map(id => document.querySelector(`article[data-message-id="${id}"]`));
  if (find().includes(null)) return null;
  await document.fonts.ready;
  const asleep = () => find().some(each => each?.querySelector("button.component-button[aria-disabled='true']"));
  for (let tries = 0; asleep() && tries < 100; tries += 1) await new Promise(done => setTimeout(done, 50));
  const look = new CSSStyleSheet();
  look.replaceSync(%s);
  document.adoptedStyleSheets = [look];
  let place = document.querySelector("#channel-message-list");
  let page = place.cloneNode(false);
  page.append(...find().map(each => each.cloneNode(true)));
  const list = page;
  while ((place = place.parentElement) !== document.body) {
    const around = place.cloneNode(false);
    around.append(page);
    page = around;
  }
  document.body.replaceChildren(page);
  for (const each of list.children) {
    const face = each.querySelector(".message-avatar-image:not(.avatar-bot)");
    if (!face) continue;
    const name = each.querySelector(".message-author").textContent;
    let sum = 0;
    for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) %% 360;
    const initial = document.createElement("span");
    initial.className = "initial";
    initial.textContent = [...name][0];
    initial.style.background = `hsl(${sum} 45%% 45%%)`;
    face.replaceChildren(initial);
  }
  const { left, top, width, height } = list.getBoundingClientRect();
  return [left, top, width, height];
})()
"""


async def take(seen: World[Any, Any], camera: Camera, view: View, path: Path) -> None:
    """Photograph what somebody sees. Raises LookupError when a message is not on their screen."""
    viewer = view.viewer if view.channel.guild is not None else view.viewer.user
    wanted = [str(seen.read(each).id) for each in view.shown]
    async with seen.env.preview(
        view.channel, viewers=[viewer], layout="channel", timezone=_ZONE, locale=_LOCALE
    ) as preview:
        await camera.look_at(preview.url, width=_WIDTH, height=_HEIGHT)
        last = json.dumps(f"article[data-message-id='{wanted[-1]}']")
        await camera.wait_for(f"document.querySelector({last}) && {_READY}")
        frame = await camera.ask(_FRAME % (json.dumps(wanted), json.dumps(_LOOK)))
        if frame is None:
            raise LookupError(f"{path.stem}: not all messages are on the screen of {view.viewer.name}")
        await camera.photograph(Area(*frame), path)


async def take_all(names: Collection[str], say: Callable[[str], None]) -> None:
    """Play the scenes and take the pictures of these names, all of them when there are none. Raises NoBrowser."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with room() as folder:
        async with open_camera() as camera, world(folder) as opened:
            async for name, view in views(Tale(opened)):
                if names and name not in names:
                    continue
                path = FOLDER / f"{name}.png"
                await take(opened, camera, view, path)
                say(f"{path.relative_to(FOLDER.parents[1])}  {path.stat().st_size / 1024:.0f} KiB")


def main() -> int:
    """Take the pictures; 2 when there is no browser."""
    parser = argparse.ArgumentParser(description="Take the pictures of the README and of docs.")
    parser.add_argument("names", nargs="*", help=f"only these: {', '.join(SCENES)}")
    chosen = parser.parse_args().names
    if unknown := set(chosen) - SCENES.keys():
        parser.error(f"there is no picture {', '.join(sorted(unknown))}; there are {', '.join(SCENES)}")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("simcord").setLevel(logging.ERROR)
    try:
        asyncio.run(take_all(chosen, lambda line: print(line, flush=True)))  # noqa: T201 - a command says what it does
    except NoBrowser as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
