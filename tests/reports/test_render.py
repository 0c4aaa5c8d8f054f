"""The cards of reports hold whatever people write, ping nobody by it, and say how things stand first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.card_views import allowed_mentions, to_view
from bot.cards import Card
from bot.i18n import Translations
from cogs.reports import render, render_staff
from cogs.reports.model import Earlier, Item, Kept, Own, Words
from cogs.reports.rules import Category, Noted, State, Subject

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
T = Translations().for_locale("en")
HOSTILE = "@everyone @here <@&5> <@5> [free](https://x.example) ||boo|| ```x``` \u202egnp.exe\x00"
texts = st.one_of(st.text(max_size=4000), st.integers(1, 60).map(lambda times: HOSTILE * times))


def item(text: str, state: State, pieces: int) -> Item:
    return Item(
        id=1,
        guild_id=1,
        number=1,
        subject=Subject.MESSAGE,
        subject_id=66,
        about_staff=False,
        about_owner=False,
        category=Category.HARASSMENT,
        state=state,
        opened_at=NOW,
        last_at=NOW,
        taken_by=7,
        touched_at=NOW,
        decided_by=7,
        decided_at=NOW,
        note=text[:500] or None,
        people=pieces,
        noted=Noted(pieces, pieces, 1),
        words=tuple(Words(NOW, Category.SPAM, text, 1, 0) for _ in range(pieces)),
        evidence=tuple(
            Kept(66, text, (text[:90],), "https://discord.com/channels/1/2/3") for _ in range(pieces)
        ),
        before=(Earlier(3, Category.SPAM, State.NO_BREACH),),
    )


def shown(card: Card) -> str:
    """What of it reaches Discord."""
    view = to_view(card)
    return "\n".join(str(getattr(each, "content", "")) for each in view.walk_children())


@settings(max_examples=40)
@given(texts, st.sampled_from(State), st.integers(1, 12))
def test_nothing_that_people_write_pings_or_hides_how_a_report_stands(
    text: str, state: State, pieces: int
) -> None:
    found = item(text, state, pieces)
    for card in (
        render_staff.item_card(found, T),
        render_staff.details_card(found, 7, T),
        render_staff.item_card(found, T, pings=(7,)),
    ):
        said = shown(card)
        assert len(said.encode("utf-16-le")) // 2 <= 4000 + said.count("\n")
        assert "@everyone" not in said and "@here" not in said and "<@&5>" not in said
        assert not allowed_mentions(card).everyone
        buttons = [each for each in to_view(card).walk_children() if getattr(each, "custom_id", None)]
        assert bool(buttons) or state in (State.ACTED, State.NO_BREACH)
    if state is State.TAKEN:
        assert "<@7> has taken it." in shown(render_staff.details_card(found, 8, T))
    own = Own(1, 1, 1, Category.OTHER, text, NOW - timedelta(days=1), state, 66, text[:500])
    assert "@everyone" not in shown(render.own_card([own] * 5, T))


def test_where_many_are_put_together_each_line_names_a_person_and_no_number() -> None:
    lines = "<@300> spams\n<@301>\n<@302> as <@5> does"
    found = item("", State.OPEN, 0)
    batch = replace(
        found, subject=Subject.BATCH, subject_id=0, words=(Words(NOW, Category.SPAM, lines, 3, 0),)
    )
    own = Own(1, 1, 1, Category.SPAM, lines, NOW, State.OPEN, 0, None, is_batch=True)
    for card in (
        render_staff.item_card(batch, T),
        render_staff.details_card(batch, 7, T),
        render.own_card([own], T),
    ):
        said = shown(card)
        assert "<@300> spams\n<@301>\n<@302> as" in said and "<@5>" not in said
        assert not allowed_mentions(card).users
    alone = replace(batch, subject=Subject.SITUATION)
    assert "<@300>" not in shown(render_staff.details_card(alone, 7, T))  # there it is what somebody typed


def test_a_worry_about_somebody_is_never_called_a_breach_or_none() -> None:
    worry = replace(
        item("", State.NO_BREACH, 1),
        category=Category.SELF_HARM,
        before=(Earlier(3, Category.SELF_HARM, State.NO_BREACH),),
        note="We wrote to her.",
    )
    waiting = replace(worry, state=State.OPEN)
    said = render_staff.closed_text(worry, T)
    said += shown(render_staff.details_card(worry, 7, T)) + shown(render_staff.details_card(waiting, 7, T))
    assert "Seen to" in said and "3 (seen to)" in said and "breach" not in said.casefold()
    assert "No breach" in shown(render_staff.details_card(replace(worry, category=Category.SPAM), 7, T))
