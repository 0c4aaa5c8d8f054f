"""What staff read about a raid, also when it is about one person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.i18n import Translations
from cogs.raids.model import Action, ActionKind
from cogs.raids.render import action_line
from cogs.raids.render_review import proposal_text

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


@pytest.mark.parametrize("state", ["proposed", "lapsed", "undone", "done"])
@pytest.mark.parametrize("what", ActionKind)
def test_one_is_a_person_and_two_are_people(state: str, what: ActionKind) -> None:
    assert "1 person" in action_line(action(state, 1, what), T)
    assert "2 people" in action_line(action(state, 2, what), T)
    assert "1 person who came" in proposal_text(what, 1, "", T)
    assert "2 people who came" in proposal_text(what, 2, "", T)
