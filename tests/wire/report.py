"""What was done to the bot in a run of the chaos test, and what became of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.wire.faults import Fault
from tests.wire.judge import Verdict
from tests.wire.sabotage import POINTS


@dataclass
class Report:
    """What was done to the bot, and the verdict."""

    seed: int
    verdict: Verdict = field(default_factory=Verdict)
    firings: int = 0
    weeks: int = 0  # of challenges
    kills: int = 0
    refused_starts: int = 0
    # Lives that ended by themselves, and not because Discord was away, by exit status.
    crashes: Counter[int] = field(default_factory=Counter[int])
    points: Counter[str] = field(default_factory=Counter[str])
    faults: Counter[Fault] = field(default_factory=Counter[Fault])
    outages: int = 0
    long_outages: int = 0
    nonce_hits: int = 0
    looks: int = 0
    requests: int = 0
    events_taken_back: int = 0
    seconds: float = 0.0
    traces: list[str] = field(default_factory=list[str])  # what was asked about a few that went wrong

    def void(self) -> list[str]:
        """Why the run proves nothing, if so."""
        missing = [f"no fault of kind {each}" for each in Fault if not self.faults[each]]
        for what, count in (
            ("outage longer than the window", self.long_outages),
            ("message that was there already", self.nonce_hits),
            ("look into the history", self.looks),
            ("kill", self.kills),
        ):
            if not count:
                missing.append(f"no {what}")
        return missing

    def __str__(self) -> str:
        faults = ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items()))
        points = ", ".join(f"{point} {self.points[point]}" for point in POINTS)
        return "\n".join(
            (
                f"seed {self.seed}: {self.kills} kills ({points}), {self.firings} firings, {self.seconds:.0f} s",
                f"weeks of challenges {self.weeks}",
                f"outages {self.outages}, of which longer than the nonce window {self.long_outages}",
                f"starts refused meanwhile {self.refused_starts}; crashes {dict(self.crashes) or 'none'}",
                f"requests {self.requests}; faults {self.faults.total()}: {faults}",
                f"messages sent again and recognised by nonce {self.nonce_hits}",
                f"looks into a history {self.looks}; events taken back {self.events_taken_back}",
                f"verdict: {self.verdict}",
                *(f"void: {each}" for each in self.void()),
                *self.traces,
            )
        )
