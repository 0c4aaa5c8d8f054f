"""CPU and memory of a start, from `lyceum run` until all that follows READY is done; against a bare `commands.Bot`.

    python -m benchmarks.startup bare|lyceum|red

Each start is a process of its own, over real HTTP and a real gateway, at the fake Discord of the tests, which has one
small server. `first` is a start with an empty database: it makes the schema and sends the commands. Compiled modules are
kept, as an installation keeps them; `red` is measured at its second start, because at the first it loads no cogs.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
import tempfile
from pathlib import Path

from benchmarks.one_start import TOKEN
from benchmarks.red_env import red_python
from tests.wire.fake_discord import FakeDiscord

PATIENCE = 60.0  # seconds
PROJECT = Path(__file__).parents[1]


async def measure(variant: str) -> dict[str, float]:
    """CPU seconds of the process until it is ready, and the MiB that it holds by then."""
    async with FakeDiscord() as discord:
        if variant == "bare":
            return await _start(discord, "bare")
        if variant == "red":
            with tempfile.TemporaryDirectory() as folder:
                await _start(discord, "start", folder, module="red", python=red_python())
                return await _start(discord, "start", folder, module="red", python=red_python())
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder) / "config.toml"
            config.touch(mode=0o600)
            database = Path(folder) / "lyceum.db"
            config.write_text(
                f'[discord]\ntoken = "{TOKEN}"\n[database]\nurl = "sqlite:///{database}"\n', encoding="utf-8"
            )
            first = await _start(discord, "lyceum", "run", "--config", str(config))
            with contextlib.closing(sqlite3.connect(database)) as connection:
                # The second start within ten minutes would wait for five seconds.
                connection.execute("DELETE FROM app_state WHERE key = 'starts'")
                connection.commit()
            found = await _start(discord, "lyceum", "run", "--config", str(config))
        if len(discord.rest.asked("put_commands")) != 1:
            raise RuntimeError("the second start was to know that its commands are known")
        return {**found, "first_cpu_s": first["cpu_s"]}


async def _start(
    discord: FakeDiscord, *arguments: str, module: str = "one_start", python: Path | str = sys.executable
) -> dict[str, float]:
    variant, *more = arguments
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LYCEUM__")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    process = await asyncio.create_subprocess_exec(
        *(str(python), "-m", f"benchmarks.{module}", variant, discord.url, *more),
        cwd=PROJECT,
        env=kept,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            said, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise RuntimeError(f"the {variant} bot did not start: {complaint.decode()}")
    return json.loads(said.decode().strip().splitlines()[-1])


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1]))))
