"""Moderation on each kind of database."""

from __future__ import annotations

import pytest

from bot.core import Core
from storage.database import Database
from tests.clocks import FixedClock
from tests.moderation.stand import Stand, stand_on


@pytest.fixture
async def stand(database: Database, clock: FixedClock) -> Stand:
    return await stand_on(Core.build(database, clock), clock)
