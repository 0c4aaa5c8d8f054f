"""The judge of the chaos test must find each broken variant guilty, or its silence about the real bot is worth nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wire import chaos
from tests.wire.chaos import Options
from tests.wire.nursery import Nursery
from tests.wire.sabotage import MUTANTS

# What each variant does wrong, and to what.
GUILT = {
    "mark first": ("lost", ("post", "role")),
    "random nonce": ("doubled", ("post",)),
    "no history check": ("doubled", ("post",)),
    "no nonce": ("doubled", ("post",)),
    "blind events": ("doubled", ("create_event",)),
    "blind rooms": ("doubled", ("open_room",)),
    "hasty rooms": ("doubled", ("open_room",)),
    "random draws": ("strange", ()),
    "lost reviews": ("strange", ()),
    "reviews twice": ("doubled", ()),
    "forgetful hand-over": ("doubled", ()),
    "one key a challenge": ("lost", ()),
}
# Of what has no nonce, a sound bot too may make one too many, which it takes away again.
PUT_RIGHT_LATER = frozenset({"blind events", "blind rooms", "hasty rooms"})


def test_each_mutant_is_tried() -> None:
    assert set(GUILT) == set(MUTANTS)


@pytest.mark.long
@pytest.mark.parametrize("mutant", GUILT)
async def test_a_bot_without_one_of_its_guarantees_is_found_guilty(
    mutant: str, nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how, kinds = GUILT[mutant]
    if kinds:
        # What it lost never comes, and what a sound bot puts right is right by then.
        monkeypatch.setattr(chaos, "CATCH_UP_SECONDS", 25.0 if mutant in PUT_RIGHT_LATER else 6.0)
    options = Options(
        kills=4 if how == "lost" else 8,
        seed=1,
        mutant=mutant,
        kinds=kinds,
        with_challenges=not kinds,
        fault_share=0.5 if mutant == "hasty rooms" else chaos.FAULT_SHARE,
        outage_share=0.6 if mutant == "no history check" else 0.0,
        stop_when_guilty=mutant not in PUT_RIGHT_LATER,
    )
    report = await chaos.run(options, nursery, tmp_path)
    assert getattr(report.verdict, how), str(report)
    if mutant == "lost reviews":
        assert any(each.endswith(" told of 1 reviews") for each in report.verdict.strange), str(report)
    if mutant == "reviews twice":
        assert any(each.startswith("reviews told to ") for each in report.verdict.doubled), str(report)
    if (
        mutant == "one key a challenge"
    ):  # found guilty of what it did: the step before came, and this one did not
        assert "review of Knot 1" in report.verdict.lost, str(report)
        assert "closing of Knot 1" not in report.verdict.lost, str(report)
