"""A community that has been set up, for trying what nobody should."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.app import Lyceum
from bot.settings import Settings
from sandbox.world import World
from storage.database import Database
from tests.behaviour.conftest import community, folder, open_world, set_up_template, set_up_url
from tests.behaviour.quests import LyceumWorld

__all__ = ["community", "folder", "open_world", "set_up_template", "set_up_url"]


@pytest.fixture
async def rough_community(set_up_url: str) -> AsyncIterator[LyceumWorld]:
    """The same, where a card may be as ugly as what was typed: a word of 6,000 letters is cut off, say."""
    database = Database(set_up_url)
    async with World.open(lambda db: Lyceum(Settings(), db, ring=False), database=database) as world:
        yield world
        world.check_interactions()
