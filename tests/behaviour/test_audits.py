"""The checks that run along with every behaviour test see what they are there for."""

from __future__ import annotations

import pytest

from tests.behaviour.audits import barriers, is_about_one_server


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT acts.id FROM acts WHERE acts.guild_id = ? AND acts.kind = ?",
        "SELECT acts.id FROM acts WHERE acts.id = ?",
        "SELECT outbox.id FROM outbox WHERE outbox.key = ?",
        "UPDATE members SET locale=? WHERE members.guild_id = ? AND members.member_id = ?",
        "DELETE FROM jobs WHERE jobs.id IN (?, ?)",
        "SELECT app_state.key FROM app_state",
        "INSERT INTO acts (guild_id) VALUES (?)",
    ],
)
def test_what_names_its_server_or_its_row_passes(sql: str) -> None:
    assert is_about_one_server(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT acts.guild_id, acts.id FROM acts",
        "SELECT acts.id FROM acts WHERE acts.member_id = ?",
        "SELECT profiles.goal FROM profiles WHERE profiles.member_id = ?",
        "UPDATE notifications SET delivery=? WHERE notifications.kind = ?",
        "DELETE FROM members WHERE members.member_id IN (?)",
        "SELECT onboarding_quests.id FROM app_state JOIN onboarding_quests ON 1 = 1 WHERE app_state.key = ?",
    ],
)
def test_what_could_see_another_server_does_not(sql: str) -> None:
    assert not is_about_one_server(sql)


def test_a_card_that_everybody_can_read_passes() -> None:
    buttons = [{"type": 2, "label": label, "custom_id": label} for label in ("One", "Two", "Three")]
    link = {"type": 2, "label": "There", "url": "https://discord.com/channels/1/12345678901234567890"}
    card = [
        {"type": 10, "content": "**Hello** <@1458384666624000001>, <t:1767776400:F>"},
        {"type": 1, "components": [*buttons, link]},
    ]
    assert list(barriers({"components": [{"type": 17, "components": card}]})) == []


@pytest.mark.parametrize(
    ("part", "barrier"),
    [
        ({"type": 2, "label": "👍", "custom_id": "x"}, "without words"),
        ({"type": 2, "emoji": {"name": "👍"}, "custom_id": "x"}, "without words"),
        ({"type": 10, "content": "✅ ✅ ❌"}, "without words"),
        ({"type": 10, "content": "Ask 1458384666624000001"}, "a bare id"),
        ({"type": 10, "content": "word " * 300 + "…"}, "cut off"),
        ({"type": 18, "label": "?"}, "question without words"),
        ({"type": 3, "custom_id": "x", "options": [{"label": "1"}]}, "options without words"),
        ({"type": 1, "components": [{"type": 2, "label": "A", "custom_id": "x"}] * 4}, "buttons in a row"),
    ],
)
def test_each_barrier_is_seen(part: dict[str, object], barrier: str) -> None:
    found = list(barriers({"data": {"components": [part]}}))
    assert len(found) == 1 and barrier in found[0]
