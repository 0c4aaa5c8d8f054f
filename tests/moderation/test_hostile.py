"""Whatever is typed anywhere is refused in words or shown as harmless text, on both databases and on every card."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import Card, Text
from bot.cases import CASE, CaseKind, Snippet
from bot.errors import UserError
from bot.i18n import Translations
from bot.text import V2_TEXT_LIMIT, length
from cogs.moderation import render, render_staff, rules
from cogs.moderation.model import CaseView, ChannelState, Evidence, Note
from tests.moderation.cards import a_ban
from tests.moderation.stand import BEN, FACILITATOR, GUILD, HOUR, PLACE, Stand, actor

MASKED_LINK = re.compile(r"(?<!\\)\]\(http")
HOSTILE = (
    "@everyone @here <@&1> <@14>",
    "\0null\0",
    "\u202egnp.exe\u2066 x",
    "[free](https://evil.example) ||x|| ```y``` # z",
    "a" * 6000,
    "😀" * 999,
    "\ud83d lone",
    "\n\n\n",
    "{number} {0} %s",
    "'; DROP TABLE cases; --",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_every_text_is_taken_or_refused_in_words(stand: Stand, text: str) -> None:
    case = await stand.case(CaseKind.RESTRICT, reason="Calm")
    plan_id, _ = await stand.channels.look(actor(), PLACE, [rules.Found(5, BEN, stand.clock.now())], 5, None)
    snippet = Snippet(author_id=BEN, text="fine")
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: stand.act(CaseKind.WARN, reason=text, rule=text),
        lambda: stand.act(CaseKind.NOTE, reason=text),
        lambda: stand.act(CaseKind.BAN, reason=text, length=HOUR),
        lambda: stand.records.edit_reason(actor(), case.id, text),
        lambda: stand.records.add_note(actor(), case.id, text),
        lambda: stand.channels.lock(actor(), ChannelState(PLACE), text, HOUR),
        lambda: stand.channels.slow(actor(), ChannelState(PLACE), 10, text, HOUR),
        lambda: stand.channels.clear(actor(), plan_id, text, [snippet]),
        lambda: stand.service.lift(actor(), case.id, text),
        lambda: stand.records.hide(actor(), case.id, text),
        lambda: stand.setting.save(
            FACILITATOR, {"rules": text, "days": "9", "appeal": text, "short": "1", "hour": "2"}
        ),
        lambda: stand.setting.save(FACILITATOR, {"rules": "", "days": text, "short": text, "hour": text}),
    ]
    for call in calls:
        with suppress(UserError):  # refused in words
            await call()
    t = Translations().for_locale("en")
    history = await stand.records.history(actor(), BEN, 0)
    for each in history.cases:
        check(render_staff.case_card(await stand.records.open(actor(), each.id), t))
    check(render_staff.history_card(history, t))
    async with stand.core.db.begin() as session:
        await stand.core.cases.evidence.keep(session, GUILD, CASE, case.id, [snippet])


def check(card: Card) -> None:
    """Within Discord's limit, and nothing in it pings or formats."""
    text = "\n".join(each.content for each in card.items if isinstance(each, Text))
    assert length(text) <= V2_TEXT_LIMIT
    assert (
        "@everyone" not in text and "@here" not in text and not MASKED_LINK.search(text) and "\0" not in text
    )
    assert card.pings == frozenset() and card.role_pings == frozenset()


@given(st.text(max_size=1000), st.text(max_size=300))
def test_no_text_breaks_a_card_or_its_limits(reason: str, name: str) -> None:
    t = Translations().for_locale("en")
    case = a_ban(reason, name)
    notes = tuple(Note(1, case.created_at, reason) for _ in range(5))
    kept = tuple(Evidence(1, reason, None, (), case.created_at) for _ in range(5))
    view = CaseView(case, (), notes, tuple(range(1, 900)), kept, 5, reason)
    check(render_staff.case_card(view, t))
    check(render_staff.log_card(view, t))
    check(render.notice_card(case, reason[:300], name, t))


def test_what_is_kept_for_a_time_only_is_not_put_into_the_log() -> None:
    """A post in the log stays when notes and evidence are emptied or their person is deleted."""
    t = Translations().for_locale("en")
    case = a_ban("Advertising")
    notes = (Note(1, case.created_at, "Sounded drunk"),)
    kept = (Evidence(1, "Buy my coin", None, (), case.created_at),)
    view = CaseView(case, (), notes, (), kept)

    def words(card: Card) -> str:
        return "\n".join(each.content for each in card.items if isinstance(each, Text))

    in_log, opened = words(render_staff.log_card(view, t)), words(render_staff.case_card(view, t))
    for secret in ("Sounded drunk", "Buy my coin"):
        assert secret in opened and secret not in in_log
    assert "1 note" in in_log and "1 message kept" in in_log and "Advertising" in in_log
