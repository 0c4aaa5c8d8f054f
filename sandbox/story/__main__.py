"""``python -m sandbox.story``: plays the four weeks and prints the figures, without a page."""

from __future__ import annotations

import asyncio
import logging
from time import perf_counter, process_time

from rich.console import Console

from sandbox import story
from sandbox.story.tale import Tale
from sandbox.story.telling import follow, print_figures


async def _tell(console: Console) -> None:
    begun = perf_counter()
    with story.room() as folder:
        async with story.world(folder) as world:
            tale = Tale(world)
            await follow(story.play(world, tale=tale), console)
            world.check_interactions()
            print_figures(tale.figures(), console)
    console.print(f"Played in {perf_counter() - begun:.0f} s, {process_time():.0f} s of CPU.")


logging.getLogger("simcord").setLevel(logging.ERROR)
asyncio.run(_tell(Console()))
