"""What staff read about a raid, also when it is about one person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.cards import Pick
from bot.i18n import Translations
from cogs.raids.model import Action, ActionKind, Comer, Evidence, MemberState, Raid
from cogs.raids.render import action_line
from cogs.raids.render_review import proposal_text, review_card
from cogs.raids.rules import SUSPECT, Sign, Suspicion

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
T = Translations().for_locale("en")


def action(state: str, count: int, what: ActionKind = ActionKind.BAN) -> Action:
    return Action(
        id=1,
        guild_id=1,
        raid_id=1,
        what=what,
        by_id=7,
        confirmed_by=0,
        state=state,
        count=count,
        made_at=NOON,
        done_at=NOON + timedelta(minutes=1),
        case_number=4,
        done=1,
        failed=0,
        waiting=0,
    )


@pytest.mark.parametrize("state", ["proposed", "declined", "lapsed", "undone", "done"])
@pytest.mark.parametrize("what", ActionKind)
def test_one_is_a_person_and_two_are_people(state: str, what: ActionKind) -> None:
    assert "1 person" in action_line(action(state, 1, what), T)
    assert "2 people" in action_line(action(state, 2, what), T)
    assert "1 person who came" in proposal_text(what, 1, "", T)
    assert "2 people who came" in proposal_text(what, 2, "", T)


def test_who_has_left_is_no_bare_number_in_the_list_to_tick() -> None:
    raid = Raid(1, 1, 2, NOON, NOON, NOON, None, None, 7, 0, Evidence(timedelta(minutes=1), 30))
    suspect = Suspicion(SUSPECT, Sign.FRESH)
    comers = [
        Comer(member_id, NOON, NOON, suspect, False, MemberState.HERE, None, None, None)
        for member_id in (123456789012345678, 876543210987654321)
    ]
    card = review_card(raid, comers, 0, T, {comers[0].member_id: "Ann"}.get)
    [pick] = [each for each in card.items if isinstance(each, Pick)]
    assert [each.label for each in pick.options] == ["Ann", "Somebody whose name I cannot see (…4321)"]
