"""What two people took part in together, as each feature's tables know it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storage import challenges, pairs, promises, reviews, rituals
from storage.database import Database
from storage.pairs import PairGroupRow, PairPersonRow, PairRoundRow
from storage.reviews import ReviewRow, ReviewWorkRow

GUILD, OTHER_GUILD = 1, 2
BEN, CLEO, DORA = 12, 13, 14
NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
EVERY = (
    pairs.were_together,
    rituals.answered_together,
    challenges.took_part_together,
    promises.has_cheered,
    reviews.has_reviewed_openly,
)


async def test_of_strangers_no_feature_knows_anything(database: Database) -> None:
    async with database.read() as session:
        assert [await each(session, GUILD, BEN, CLEO) for each in EVERY] == [False] * len(EVERY)


async def test_a_pair_is_shared_ground_both_ways_and_in_its_own_server(database: Database) -> None:
    async with database.begin() as session:
        session.add(PairRoundRow(id=1, guild_id=GUILD, key="k", state="held", seed=1, at=NOW))
        await session.flush()
        for number in (1, 2):
            session.add(
                PairGroupRow(
                    id=number,
                    guild_id=GUILD,
                    round_id=1,
                    channel_id=5,
                    size=2,
                    starter="s",
                    hours=0,
                    at=NOW,
                    closes_at=NOW,
                )
            )
        await session.flush()
        for group, member in ((1, BEN), (1, CLEO), (2, DORA)):
            session.add(PairPersonRow(guild_id=GUILD, group_id=group, member_id=member))
    async with database.read() as session:
        assert await pairs.were_together(session, GUILD, BEN, CLEO)
        assert await pairs.were_together(session, GUILD, CLEO, BEN)
        assert not await pairs.were_together(session, GUILD, BEN, DORA)
        assert not await pairs.were_together(session, OTHER_GUILD, BEN, CLEO)


@pytest.mark.parametrize(("mode", "known"), [("open", True), ("single", False), ("double", False)])
async def test_a_review_is_shared_ground_only_where_both_may_know_it(
    database: Database, mode: str, known: bool
) -> None:
    async with database.begin() as session:
        empty: dict[str, object] = {}
        session.add(
            ReviewWorkRow(
                id=1,
                guild_id=GUILD,
                author_id=BEN,
                mode=mode,
                title="t",
                content="c",
                rubric=empty,
                asked_at=NOW,
            )
        )
        await session.flush()
        session.add(
            ReviewRow(
                guild_id=GUILD,
                work_id=1,
                reviewer_id=CLEO,
                version=1,
                state="given",
                alias=1,
                taken_at=NOW,
                given_at=NOW,
            )
        )
    async with database.read() as session:
        assert await reviews.has_reviewed_openly(session, GUILD, BEN, CLEO) is known
        assert await reviews.has_reviewed_openly(session, GUILD, CLEO, BEN) is known
        assert not await reviews.has_reviewed_openly(session, GUILD, BEN, DORA)
