"""Where somebody stands, and what may be decided about it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AlreadyDone, InvalidInput, NotAllowed
from cogs.ladder import rules
from cogs.ladder.rules import ASKED_AGAIN_AFTER, Decision, Place, State
from cogs.ladder.steps import merged, shipped
from storage.ladder import LadderStepRow

KEYS = ("newcomer", "member", "contributor", "reviewer")
NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)


def test_the_first_step_is_everybodys_and_the_next_follows() -> None:
    assert rules.place(KEYS, {}) == Place("newcomer", "member")
    assert rules.place(KEYS, {"reviewer": State.HELD}) == Place("reviewer", None)
    assert rules.place(KEYS, {"member": State.HELD, "contributor": State.LOST}) == Place(
        "member", "contributor"
    )
    assert rules.place(("newcomer",), {}) == Place("newcomer", None)


@pytest.mark.parametrize("state", [State.EMERITUS, State.REVOKED])
def test_what_was_stepped_down_from_or_taken_is_not_climbed_by_acts_alone(state: State) -> None:
    where = rules.place(KEYS, {"member": State.HELD, "contributor": state})
    assert (where.current, where.following) == ("member", None)
    assert where.emeritus == (("contributor",) if state is State.EMERITUS else ())


@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(State)))
def test_nobody_stands_above_what_they_hold_and_the_next_is_one_higher(states: dict[str, State]) -> None:
    where = rules.place(KEYS, states)
    at = KEYS.index(where.current)
    assert at == 0 or states[where.current] is State.HELD
    assert State.HELD not in [states.get(key) for key in KEYS[at + 1 :]]
    assert where.following in (None, *KEYS[at + 1 : at + 2])
    assert all(states[key] is State.EMERITUS for key in where.emeritus)


def test_not_yet_rests_for_a_month_and_what_fell_away_does_not() -> None:
    asked = rules.may_be_asked_again
    assert not asked(Decision.NOT_YET, NOW, NOW + ASKED_AGAIN_AFTER / 2)
    assert asked(Decision.NOT_YET, NOW, NOW + ASKED_AGAIN_AFTER)
    assert asked(Decision.OVER, NOW, NOW) and not asked(Decision.CONFIRMED, NOW, NOW + 2 * ASKED_AGAIN_AFTER)


def test_nobody_decides_twice_about_themselves_or_without_a_reason() -> None:
    with pytest.raises(AlreadyDone):
        rules.check_open(Decision.CONFIRMED)
    with pytest.raises(NotAllowed):
        rules.check_decider(1, 1)
    with pytest.raises(InvalidInput):
        rules.check_reason(" ... ")
    with pytest.raises(InvalidInput):
        rules.above(KEYS, "wizard")
    assert rules.above(KEYS, "member") == ("contributor", "reviewer")


def test_keys_of_own_steps_are_new_and_few() -> None:
    assert rules.new_key("Gärtner & Co", []) == "own-g-rtner-co"
    assert rules.new_key("★", ["own-step"]) == "own-step-2"
    with pytest.raises(InvalidInput):
        rules.new_key("One more", [str(number) for number in range(rules.MOST_STEPS)])


def test_what_ships_climbs_from_newcomer_to_facilitator_and_powers_are_confirmed() -> None:
    assert [each.key for each in shipped()] == [*KEYS, "mentor", "facilitator"]
    assert [each.key for each in shipped() if each.powers] == ["reviewer", "mentor", "facilitator"]
    assert len(next(each for each in shipped() if each.key == "reviewer").rule.criteria) == 5


def test_a_community_changes_what_it_says_and_keeps_the_rest() -> None:
    rows = [
        LadderStepRow(guild_id=1, key="member", rule={"criteria": [{"acts": ["micro.done"], "at_least": 3}]}),
        LadderStepRow(guild_id=1, key="mentor", title="Guide", text="Walks along", is_off=True),
        LadderStepRow(guild_id=1, key="own-gardener", title="Gardener", position=15),
        LadderStepRow(guild_id=1, key="newcomer", is_off=True, position=99),
    ]
    steps = {each.key: each for each in merged(rows)}
    assert list(steps) == [
        "newcomer",
        "member",
        "own-gardener",
        "contributor",
        "reviewer",
        "mentor",
        "facilitator",
    ]
    assert not steps["newcomer"].is_off and steps["mentor"].is_off
    assert steps["member"].ours and steps["member"].rule.criteria[0].at_least == 3
    assert (steps["mentor"].title, steps["mentor"].ours, steps["mentor"].powers) == ("Guide", False, True)
