"""Eight weeks of pairing rounds: does anybody meet somebody again, and how good are the pairs?

    python -m benchmarks.pairing_weeks [members ...]

About 85 % take part in each week. The value is a share of a bound that no pairing can pass, whole trios included, so
the best there is lies somewhat below 1. Seconds are those that the slowest round took of the processor. 30 and 300 by default.
"""

from __future__ import annotations

import dataclasses
import json
import random
import resource
import sys

from tests.pairs.weeks import eight_weeks


def main() -> None:
    """One line of JSON for each size."""
    for count in map(int, sys.argv[1:] or ("30", "300")):
        found = dataclasses.asdict(eight_weeks(count, random.Random(count)))
        rounded = {name: round(value, 4) for name, value in found.items()}
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"members": count, **rounded, "rss_mib": rss}))


if __name__ == "__main__":
    main()
