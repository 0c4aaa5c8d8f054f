"""A stand on each kind of database."""

from __future__ import annotations

import pytest

from bot.core import Core
from storage.database import Database
from tests.clocks import FixedClock
from tests.pairs.stand import FARAH, PLACE, Stand, stand_on


@pytest.fixture
async def stand(database: Database, clock: FixedClock) -> Stand:
    found = stand_on(Core.build(database, clock))
    await found.staff.set_place(FARAH, PLACE)
    return found
