"""A world with the toy bot in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.world import World
from tests.sandbox.toy_bot import Memory, ToyBot

ToyWorld = World[ToyBot, Memory]


@pytest.fixture
async def toy(tmp_path: Path) -> AsyncIterator[ToyWorld]:
    """The toy bot in a fresh world."""
    async with World.open(ToyBot, database=Memory(str(tmp_path / "memory"))) as world:
        yield world
