"""The ladder's cards fit into what Discord shows, whatever was written."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.cards import Buttons, Card, Pick, Text
from bot.criteria import Criterion, Progress, Rule
from bot.i18n import Translations
from bot.text import V2_TEXT_LIMIT, length
from cogs.ladder import render, render_staff
from cogs.ladder.model import Evidence, Proposal, Standing, Step
from cogs.ladder.rules import Decision

T = Translations().for_locale("en")
AT = datetime(2026, 1, 5, tzinfo=UTC)
LONG = Rule(tuple(Criterion((kind,), 100, 700, 50) for kind in "abcde"))
STEPS = tuple(Step(f"own-{n}", "*" * 60, "_" * 300, LONG, True, ours=False) for n in range(10))
TITLES = dict.fromkeys("abcde", "Reviews of other people's work given with care")
STANDING = Standing(1, 12, STEPS, STEPS[0], STEPS[1])


def words(card: Card) -> str:
    return "\n".join(each.content for each in card.items if isinstance(each, Text))


def test_ten_long_steps_are_read_page_by_page_with_none_left_out() -> None:
    seen, page = 0, 0
    while True:
        card = render.steps_card(STANDING, TITLES, T, page)
        assert length(words(card)) <= V2_TEXT_LIMIT
        seen += words(card).count("Somebody of staff confirms it.")
        buttons = next(each.buttons for each in card.items if isinstance(each, Buttons))
        page = int(str(buttons[0].custom_id).rpartition(":")[2])
        if page == 0:
            break
    assert seen == len(STEPS)


def test_much_evidence_with_long_names_leaves_room_for_the_decision() -> None:
    found = tuple(Evidence("a", AT, "*" * 200, (1, 2**60, 2**61)) for _ in range(15))
    made = tuple(Progress(each, 3, 5) for each in LONG.criteria)
    proposal = Proposal(1, 1, 12, STEPS[1], "promote", Decision.OPEN, None, None, made, found)
    card = render_staff.proposal_card(proposal, TITLES, T)
    assert length(words(card)) <= V2_TEXT_LIMIT
    assert f"https://discord.com/channels/1/{2**60}/{2**61}" in words(card) and "more" in words(card)
    assert isinstance(card.items[-1], Buttons)


def test_more_than_twenty_five_kinds_can_be_chosen() -> None:
    kinds = {f"kind-{number}": f"Kind {number}" for number in range(40)}
    card = render_staff.step_card(STEPS[1], 1, kinds, T, is_first=False)
    offered = [each for each in card.items if isinstance(each, Pick) and "criterion_add" in each.custom_id]
    assert [len(each.options) for each in offered] == [25, 15]
    assert len({each.custom_id for each in offered}) == 2
