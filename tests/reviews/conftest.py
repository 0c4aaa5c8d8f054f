"""What the tests of reviews' services work with."""

from __future__ import annotations

import pytest

from storage.database import Database
from tests.clocks import FixedClock
from tests.reviews.stand import Parts, build


@pytest.fixture
async def parts(database: Database, clock: FixedClock) -> Parts:
    return await build(database, clock)
