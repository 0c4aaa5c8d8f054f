"""Weekly challenges: what there is to do, who is in, and what they handed in, by version. What they are still writing:
`storage/challenge_drafts.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy
from storage.shared_ground import share


class ChallengeSettingsRow(Base):
    """One row a community. Times of day are minutes after local midnight; `closes_weekday` 0 is Monday."""

    __tablename__ = "challenge_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    gallery_channel_id: Mapped[int | None] = mapped_column(Snowflake)
    schedule_id: Mapped[int | None] = (
        mapped_column()
    )  # of storage/schedules.py, when challenges open by themselves
    closes_weekday: Mapped[int] = mapped_column(default=6)
    closes_minute: Mapped[int] = mapped_column(default=20 * 60)
    results_minute: Mapped[int] = mapped_column(default=18 * 60)
    grace_hours: Mapped[int] = mapped_column(default=12)
    after_grace: Mapped[str] = mapped_column(String(16), default="accept")
    ranking: Mapped[bool] = mapped_column(default=False)


class ChallengeRow(Base):
    """One challenge. `position` orders the queue. `closings` counts how often its deadline was set.

    The deadline, the end of grace and the moment of the results are instants (UTC), settled when it opens: what
    people have been shown is kept, whatever becomes of the community's clock.
    """

    __tablename__ = "challenges"
    personal: ClassVar = (
        Personal(
            "created_by",
            OnDeletion.DETACH,
            what=N_("Challenges that you wrote as staff"),
            seen_by=SeenBy.STAFF,
        ),
        Personal(
            "credit_id",
            OnDeletion.DETACH,
            what=N_("Challenges that credit you with the idea, as you wished"),
            seen_by=SeenBy.COMMUNITY,
        ),
    )
    impersonal: ClassVar = ("texts",)
    __table_args__ = (Index("ix_challenges_guild_id_state_position", "guild_id", "state", "position"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    state: Mapped[str] = mapped_column(String(16))
    position: Mapped[int] = mapped_column(default=0)
    texts: Mapped[dict[str, Any]] = mapped_column()
    created_by: Mapped[int] = mapped_column(Snowflake)
    credit_id: Mapped[int | None] = mapped_column(Snowflake)
    created_at: Mapped[datetime] = mapped_column()
    channel_id: Mapped[int | None] = mapped_column(Snowflake)  # where it was posted
    gallery_channel_id: Mapped[int | None] = mapped_column(Snowflake)  # where its results were
    opened_at: Mapped[datetime | None] = mapped_column()
    closes_at: Mapped[datetime | None] = mapped_column()
    grace_until: Mapped[datetime | None] = mapped_column()
    results_at: Mapped[datetime | None] = mapped_column()
    closings: Mapped[int] = mapped_column(default=0)
    edits: Mapped[int] = mapped_column(default=0)


class EntryRow(Base):
    """Somebody is in a challenge."""

    __tablename__ = "challenge_entries"
    personal: ClassVar = (
        Personal(what=N_("Which challenges you joined, and in which track"), seen_by=SeenBy.COMMUNITY),
    )
    __table_args__ = (
        Index("ix_challenge_entries_guild_id_member_id", "guild_id", "member_id"),
        Index("ix_challenge_entries_guild_id_challenge_id", "guild_id", "challenge_id"),
    )

    challenge_id: Mapped[int] = mapped_column(
        ForeignKey("challenges.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    track: Mapped[str] = mapped_column(String(16))
    remind: Mapped[bool] = mapped_column(default=False)
    joined_at: Mapped[datetime] = mapped_column()


class SubmissionRow(Base):
    """One version of what somebody handed in. `late` is how late this version was."""

    __tablename__ = "challenge_submissions"
    personal: ClassVar = (
        Personal(what=N_("What you submitted to challenges, and what you learned"), seen_by=SeenBy.COMMUNITY),
    )
    __table_args__ = (
        UniqueConstraint("challenge_id", "member_id", "version"),
        Index("ix_challenge_submissions_guild_id_member_id", "guild_id", "member_id"),
        Index("ix_challenge_submissions_guild_id_challenge_id", "guild_id", "challenge_id"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenges.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(Snowflake)
    version: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(16))
    content: Mapped[str] = mapped_column(Text)
    learned: Mapped[str] = mapped_column(Text, default="")
    confidence: Mapped[int | None] = mapped_column()
    shown: Mapped[bool] = mapped_column(default=False)  # in the gallery, as its author chose
    late: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime] = mapped_column()


class SuggestionRow(Base):
    """An idea for a challenge. `credit`: its author likes to be named."""

    __tablename__ = "challenge_suggestions"
    personal: ClassVar = (Personal(what=N_("Challenges that you suggested"), seen_by=SeenBy.STAFF),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake, index=True)
    member_id: Mapped[int] = mapped_column(Snowflake)
    title: Mapped[str] = mapped_column(String(100))
    idea: Mapped[str] = mapped_column(Text)
    credit: Mapped[bool] = mapped_column()
    challenge_id: Mapped[int | None] = mapped_column(
        ForeignKey("challenges.id", ondelete="SET NULL")
    )  # what it has become
    created_at: Mapped[datetime] = mapped_column()


class PreferenceRow(Base):
    """Whether somebody likes to be in rankings, where their community has them."""

    __tablename__ = "challenge_preferences"
    personal: ClassVar = (Personal(what=N_("Whether you like to be in rankings of challenges")),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    ranked: Mapped[bool] = mapped_column(default=False)


async def lock_settings(session: AsyncSession, guild_id: int) -> ChallengeSettingsRow:
    """The community's row, made where there is none. Whoever opens or orders challenges holds it, so one does at a time."""
    await insert_if_absent(session, ChallengeSettingsRow, [{"guild_id": guild_id}], ["guild_id"])
    return await session.get_one(ChallengeSettingsRow, guild_id, with_for_update=True, populate_existing=True)


async def find_challenge(session: AsyncSession, guild_id: int, challenge_id: int) -> ChallengeRow | None:
    query = select(ChallengeRow).filter_by(guild_id=guild_id, id=challenge_id)
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def list_by_id(session: AsyncSession, guild_id: int, ids: Collection[int]) -> Sequence[ChallengeRow]:
    query = select(ChallengeRow).where(ChallengeRow.guild_id == guild_id, ChallengeRow.id.in_(ids))
    return list(await session.scalars(query))


async def lock_challenge(
    session: AsyncSession, guild_id: int, challenge_id: int, *, shared: bool = False
) -> ChallengeRow | None:
    """The challenge, held until the transaction ends; `shared` lets others hold it so too, and none change its state."""
    query = select(ChallengeRow).filter_by(guild_id=guild_id, id=challenge_id).with_for_update(read=shared)
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def list_challenges(
    session: AsyncSession, guild_id: int, states: Collection[str]
) -> Sequence[ChallengeRow]:
    """In the order of the queue."""
    query = select(ChallengeRow).where(ChallengeRow.guild_id == guild_id, ChallengeRow.state.in_(states))
    return list(await session.scalars(query.order_by(ChallengeRow.position, ChallengeRow.id)))


async def find_entry(
    session: AsyncSession, row: ChallengeRow, member_id: int, *, lock: bool = False
) -> EntryRow | None:
    query = select(EntryRow).filter_by(guild_id=row.guild_id, challenge_id=row.id, member_id=member_id)
    query = query.with_for_update() if lock else query
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def lock_entry(
    session: AsyncSession, row: ChallengeRow, member_id: int, *, track: str, at: datetime
) -> tuple[EntryRow, bool]:
    """The member's entry, made where there is none, and whether it was made now. Whoever hands in holds it."""
    values = {
        "challenge_id": row.id,
        "member_id": member_id,
        "guild_id": row.guild_id,
        "track": track,
        "joined_at": at,
    }
    added = await insert_if_absent(session, EntryRow, [values], ["challenge_id", "member_id"])
    entry = await find_entry(session, row, member_id, lock=True)
    assert entry is not None
    return entry, bool(added)


async def list_entries(session: AsyncSession, guild_id: int, challenge_id: int) -> Sequence[EntryRow]:
    query = select(EntryRow).filter_by(guild_id=guild_id, challenge_id=challenge_id)
    return list(await session.scalars(query.order_by(EntryRow.joined_at, EntryRow.member_id)))


async def count_entries(session: AsyncSession, guild_id: int, challenge_id: int) -> int:
    query = select(func.count()).select_from(EntryRow).filter_by(guild_id=guild_id, challenge_id=challenge_id)
    return await session.scalar(query) or 0


async def list_versions(
    session: AsyncSession, guild_id: int, challenge_id: int, member_id: int
) -> Sequence[SubmissionRow]:
    """Everything one member handed in to a challenge, the first version first."""
    query = select(SubmissionRow).filter_by(guild_id=guild_id, challenge_id=challenge_id, member_id=member_id)
    return list(await session.scalars(query.order_by(SubmissionRow.version)))


async def list_submissions(
    session: AsyncSession, guild_id: int, challenge_id: int
) -> Sequence[SubmissionRow]:
    """Every version of everybody, the first versions first, in the order in which they came."""
    query = select(SubmissionRow).filter_by(guild_id=guild_id, challenge_id=challenge_id)
    return list(await session.scalars(query.order_by(SubmissionRow.version, SubmissionRow.id)))


async def lock_submission(
    session: AsyncSession, guild_id: int, member_id: int, submission_id: int
) -> SubmissionRow | None:
    """One version of this member's."""
    query = select(SubmissionRow).filter_by(guild_id=guild_id, member_id=member_id, id=submission_id)
    query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def list_of_member(
    session: AsyncSession, guild_id: int, member_id: int, limit: int
) -> Sequence[SubmissionRow]:
    """What a member handed in, the newest first."""
    query = select(SubmissionRow).filter_by(guild_id=guild_id, member_id=member_id)
    return list(await session.scalars(query.order_by(SubmissionRow.id.desc()).limit(limit)))


async def count_submitters(session: AsyncSession, guild_id: int, challenge_id: int) -> int:
    query = select(func.count(SubmissionRow.member_id.distinct())).filter_by(
        guild_id=guild_id, challenge_id=challenge_id
    )
    return await session.scalar(query) or 0


async def list_suggestions(session: AsyncSession, guild_id: int) -> Sequence[SuggestionRow]:
    """Those that have not become challenges yet, the oldest first."""
    query = select(SuggestionRow).where(
        SuggestionRow.guild_id == guild_id, SuggestionRow.challenge_id.is_(None)
    )
    return list(await session.scalars(query.order_by(SuggestionRow.id)))


async def count_suggestions(session: AsyncSession, guild_id: int, member_id: int) -> int:
    """How many of a member's suggestions wait."""
    query = select(func.count()).select_from(SuggestionRow)
    query = query.where(SuggestionRow.guild_id == guild_id, SuggestionRow.member_id == member_id)
    return await session.scalar(query.where(SuggestionRow.challenge_id.is_(None))) or 0


async def lock_suggestion(session: AsyncSession, guild_id: int, suggestion_id: int) -> SuggestionRow | None:
    query = select(SuggestionRow).filter_by(guild_id=guild_id, id=suggestion_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def set_ranked(session: AsyncSession, guild_id: int, member_id: int, *, ranked: bool) -> None:
    key = {"guild_id": guild_id, "member_id": member_id}
    await insert_if_absent(session, PreferenceRow, [key], list(key))
    row = await session.get_one(
        PreferenceRow, (guild_id, member_id), with_for_update=True, populate_existing=True
    )
    row.ranked = ranked
    await session.flush()


async def list_ranked(session: AsyncSession, guild_id: int) -> set[int]:
    """The members who like to be in rankings."""
    query = select(PreferenceRow.member_id).filter_by(guild_id=guild_id, ranked=True)
    return set(await session.scalars(query))


async def delete_challenge(session: AsyncSession, guild_id: int, challenge_id: int) -> None:
    """The challenge with everything that people did in it: their rows go with it."""
    await session.execute(delete(ChallengeRow).filter_by(guild_id=guild_id, id=challenge_id))


async def took_part_together(session: AsyncSession, guild_id: int, one: int, other: int) -> bool:
    """Whether these two handed in the same challenge."""
    return await share(session, SubmissionRow, "challenge_id", guild_id, one, other)
