"""What a challenge ended with, read as plain columns: it may be hundreds of works, and a mapped object costs three times as much."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Row, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.challenges import ChallengeRow, EntryRow, SubmissionRow

_NEWEST_FIRST = (ChallengeRow.opened_at.desc(), ChallengeRow.id.desc())


async def list_versions(
    session: AsyncSession, guild_id: int, challenge_id: int
) -> Sequence[Row[int, int, bool, str, str]]:
    """Every version of everybody without its words, the first versions first, in the order in which they came; with the
    track of its author, None for who did not join."""
    entry = and_(
        EntryRow.challenge_id == SubmissionRow.challenge_id, EntryRow.member_id == SubmissionRow.member_id
    )
    query = (
        select(
            SubmissionRow.id, SubmissionRow.member_id, SubmissionRow.shown, SubmissionRow.late, EntryRow.track
        )
        .outerjoin(EntryRow, entry)
        .where(SubmissionRow.guild_id == guild_id, SubmissionRow.challenge_id == challenge_id)
        .order_by(SubmissionRow.version, SubmissionRow.id)
    )
    return (await session.execute(query)).all()


async def list_words(
    session: AsyncSession, guild_id: int, ids: Collection[int]
) -> Sequence[Row[int, str, str, str]]:
    """What was handed in, of these versions."""
    query = select(SubmissionRow.id, SubmissionRow.kind, SubmissionRow.content, SubmissionRow.learned)
    return (
        await session.execute(query.where(SubmissionRow.guild_id == guild_id, SubmissionRow.id.in_(ids)))
    ).all()


async def list_past(
    session: AsyncSession,
    guild_id: int,
    states: Collection[str],
    *,
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[ChallengeRow]:
    """A part of the challenges in these states, the newest opening first."""
    query = select(ChallengeRow).where(ChallengeRow.guild_id == guild_id, ChallengeRow.state.in_(states))
    return list(await session.scalars(query.order_by(*_NEWEST_FIRST).limit(limit).offset(offset)))


async def list_past_ids(session: AsyncSession, guild_id: int, states: Collection[str]) -> Sequence[int]:
    """The ids of all of them, in the same order."""
    query = select(ChallengeRow.id).where(ChallengeRow.guild_id == guild_id, ChallengeRow.state.in_(states))
    return list(await session.scalars(query.order_by(*_NEWEST_FIRST)))


async def count_on_time(
    session: AsyncSession, guild_id: int, challenge_ids: Collection[int], member_ids: Collection[int]
) -> dict[int, int]:
    """In how many of these challenges each of these members handed something in on time."""
    counted = func.count(SubmissionRow.challenge_id.distinct())
    query = (
        select(SubmissionRow.member_id, counted)
        .where(
            SubmissionRow.guild_id == guild_id,
            SubmissionRow.challenge_id.in_(challenge_ids),
            SubmissionRow.member_id.in_(member_ids),
            SubmissionRow.version == 1,
            SubmissionRow.late == "on_time",
        )
        .group_by(SubmissionRow.member_id)
    )
    return {int(member): int(count) for member, count in await session.execute(query)}
