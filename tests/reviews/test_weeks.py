"""What becomes of the works of a community in which people write late, write nothing, leave and avoid each other."""

from __future__ import annotations

import random

from storage.database import Database
from tests.clocks import FixedClock
from tests.reviews.stand import build
from tests.reviews.weeks import Weeks


async def test_in_two_weeks_every_work_is_reviewed_and_nobody_meets_again(
    sqlite_database: Database, clock: FixedClock
) -> None:
    """The short form of `python -m benchmarks.review_weeks`."""
    found = await Weeks(await build(sqlite_database, clock), 20, random.Random(20)).run(2)
    assert found.works > 30
    assert found.spread <= 1
    assert (found.repeats, found.apart, found.to_silent, found.left_over) == (0, 0, 0, 0)
    assert found.reviewed == 100 and found.twice >= 95
    assert found.replaced > 0, "somebody stood in for somebody"
    assert found.median <= 24
    assert found.p90 <= 72, "nine in ten have a review before the first one would be taken back"
