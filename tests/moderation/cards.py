"""Cases for cards, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.cases import Case, CaseKind, Source, State

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)


def a_ban(reason: str, name: str = "ben") -> Case:
    """One that holds for a day, of somebody who is gone."""
    return Case(
        id=1,
        guild_id=1,
        number=12,
        kind=CaseKind.BAN,
        source=Source.COMMAND,
        source_key=None,
        member_id=14,
        moderator_id=12,
        channel_id=None,
        reason=reason,
        rule=name[:80],
        count=1,
        points=0,
        points_until=None,
        ends_at=NOW + timedelta(days=1),
        ended_at=None,
        ended_by=None,
        ended_why=None,
        state=State.DONE,
        state_reason=None,
        hidden_at=None,
        details={"name": name},
        created_at=NOW,
    )
