"""The cards of the configuration file stay within Discord's limits, however much there is to say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.card_views import to_view
from bot.cards import Attachment, Buttons, Card, Text
from bot.config_diff import Change
from bot.config_reading import Mistake
from bot.config_render import overview_card, proposal_card
from bot.config_service import Overview, Proposal, Version
from bot.errors import NotFound
from bot.i18n import Translations
from bot.text import V2_TEXT_LIMIT, length

T = Translations().for_locale("en")
AT = datetime(2026, 1, 7, 9, tzinfo=UTC)
WILD = "[free](https://evil.example) @everyone <@1> **loud** `code` " * 20
VERSIONS = tuple(Version(2**60 + n, 2**62, WILD, 999, AT, is_roll_back=bool(n % 2)) for n in range(20))
CHANGES = tuple(
    Change(f"Section {n // 10}", "A label of some length", f"{n} {WILD}", WILD) for n in range(200)
)
WRONG = tuple(
    Mistake(f"charter.{WILD}", NotFound("There is no “{name}” here.", name=WILD)) for _ in range(60)
)
REMARKS = ("Nobody is asked to agree to the changed norms again; `/manage charter edit` can ask them.",)


def written(card: Card) -> int:
    return sum(length(item.content) for item in card.items if isinstance(item, Text))


@pytest.mark.parametrize(
    "proposal",
    [
        Proposal(1, WILD, CHANGES, remarks=REMARKS, is_stale=True),
        Proposal(1, WILD, CHANGES, left=WRONG, remarks=REMARKS, undoes=VERSIONS[0], is_stale=True),
        Proposal(None, WILD, mistakes=WRONG),
        Proposal(None, WILD, left=WRONG, undoes=VERSIONS[0]),
    ],
)
def test_a_comparison_fits_a_card_with_its_buttons_and_its_end(proposal: Proposal) -> None:
    card = proposal_card(proposal, T)
    assert written(card) <= V2_TEXT_LIMIT
    assert to_view(card).total_children_count <= 40
    shown = "\n".join(item.content for item in card.items if isinstance(item, Text))
    assert "[free](" not in shown and "@everyone" not in shown and "<@1>" not in shown.replace("\\<", "")
    files = [item for item in card.items if isinstance(item, Attachment)]
    assert len(files) == bool(proposal.changes or proposal.mistakes)
    if proposal.changes:
        assert isinstance(card.items[-1], Buttons)
        assert files[0].content.decode().count(" → ") == len(CHANGES)


def test_twenty_versions_fit_the_first_card() -> None:
    card = overview_card(Overview((), VERSIONS, AT, "UTC"), WILD, T)
    assert written(card) <= V2_TEXT_LIMIT
    assert to_view(card).total_children_count <= 40


def test_who_is_forgotten_is_named_nowhere() -> None:
    version = Version(1, 0, "a.toml", 1, AT, is_roll_back=False)
    card = overview_card(Overview((), (version,), AT, "UTC"), "Quay Street", T)
    shown = "\n".join(item.content for item in card.items if isinstance(item, Text))
    assert "somebody · 1 change from a.toml" in shown and "<@0>" not in shown
