"""Eight weeks of rounds of reviews: is every work reviewed, how soon, and by somebody new?

    python -m benchmarks.review_weeks [members ...]

A round a week of a SQLite database, two reviews each. Nine in ten hand something in, one in twenty of these late; in each
week one in ten writes nothing, one in thirty leaves and somebody new comes, and everybody tenth avoids somebody; in each
week two who were just drawn for each other avoid each other before it is confirmed. The others write after 24 hours in the
median, one in ten after more than 67. Seconds are of the processor, of all eight weeks. 30 and 300 members by default.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from storage.database import Database
from storage.schema import upgrade
from tests.clocks import FixedClock
from tests.reviews.stand import build
from tests.reviews.weeks import Weeks

WEEKS = 8
MEMBERS = (30, 300)


def main() -> None:
    """One line of JSON for each size."""
    for count in map(int, sys.argv[1:] or map(str, MEMBERS)):
        print(json.dumps(asyncio.run(measure(count))), flush=True)


async def measure(count: int, weeks: int = WEEKS) -> dict[str, float]:
    """The figures of a community of this size."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'weeks.db'}")
        try:
            await upgrade(database)
            parts = await build(database, FixedClock())
            started = time.process_time()
            found = await Weeks(parts, count, random.Random(count)).run(weeks)
            seconds = time.process_time() - started
        finally:
            await database.close()
    rounded = {name: round(value, 2) for name, value in dataclasses.asdict(found).items()}
    return {"members": count, **rounded, "cpu_s": round(seconds, 1)}


if __name__ == "__main__":
    main()
