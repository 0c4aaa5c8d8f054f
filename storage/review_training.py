"""Learning to review: who holds a licence, what members answered in the training, and the community's own samples."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, NOBODY, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy

KEPT = timedelta(days=365)
USUAL_THRESHOLD = 70


class TrainingSettingsRow(Base):
    """`threshold` is in percent. `retired` has a key for each shipped sample that is not used."""

    __tablename__ = "review_training_settings"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("retired",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    reviewer_role_id: Mapped[int | None] = mapped_column(Snowflake)
    threshold: Mapped[int] = mapped_column(default=USUAL_THRESHOLD)
    retired: Mapped[dict[str, Any]] = mapped_column(default=dict)


class TrainingSampleRow(Base):
    """A sample of the community's own. `reference` maps the rubric's criteria to answers; it is used once all are there.

    `rubric` is the rubric as it was when the sample was written.
    """

    __tablename__ = "review_training_samples"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("rubric", "reference")

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake, index=True)
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    rubric: Mapped[dict[str, Any]] = mapped_column()
    reference: Mapped[dict[str, Any]] = mapped_column(default=dict)
    retired: Mapped[bool] = mapped_column(default=False)


class TrainingRunRow(Base):
    """Somebody's training, the `number`-th; the unique key keeps two presses from beginning two.

    `needed` is the threshold as it was when it began. `retry_at` is when the next may begin, where this one was not
    passed.
    """

    __tablename__ = "review_training_runs"
    personal: ClassVar = (
        Personal(
            keep_for=KEPT,
            since="started_at",
            what=N_("Your trainings as a reviewer, and how near your answers were"),
        ),
    )
    __table_args__ = (UniqueConstraint("guild_id", "member_id", "number"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    number: Mapped[int] = mapped_column()
    needed: Mapped[int] = mapped_column()
    started_at: Mapped[datetime] = mapped_column()
    finished_at: Mapped[datetime | None] = mapped_column()
    percent: Mapped[int | None] = mapped_column()
    passed: Mapped[bool] = mapped_column(default=False)
    retry_at: Mapped[datetime | None] = mapped_column()


class TrainingPartRow(Base):
    """One work of a training. `sample` is all of it as it was then; `answers` maps criteria to the member's."""

    __tablename__ = "review_training_parts"
    personal: ClassVar = (
        Personal("run_id", through="run_id", what=N_("What you answered in each training, work by work")),
    )
    impersonal: ClassVar = ("sample", "answers")
    __table_args__ = (UniqueConstraint("run_id", "position"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    run_id: Mapped[int] = mapped_column(ForeignKey("review_training_runs.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column()
    sample: Mapped[dict[str, Any]] = mapped_column()
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ReviewLicenceRow(Base):
    """Whether somebody is a trained reviewer. `turn` counts how often that was decided; `since` is the last time.

    `decided_by` is the facilitator who gave or took it by hand, with `reason`; None when it was earned, `NOBODY` for
    somebody who was deleted.
    """

    __tablename__ = "review_licences"
    personal: ClassVar = (
        Personal(
            what=N_("Your reviewer licence, with the reason where staff gave or took it"),
            seen_by=SeenBy.COMMUNITY,
        ),
        Personal(
            "decided_by",
            OnDeletion.DETACH,
            what=N_("Reviewer licences of others that you gave or took as staff"),
            seen_by=SeenBy.STAFF,
        ),
    )
    __table_args__ = (UniqueConstraint("guild_id", "member_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    held: Mapped[bool] = mapped_column(default=False)
    turn: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime] = mapped_column()
    decided_by: Mapped[int | None] = mapped_column(Snowflake)
    reason: Mapped[str | None] = mapped_column(Text)


# ---------------------------------------------------------------------------------------------- samples


async def list_samples(session: AsyncSession, guild_id: int) -> list[TrainingSampleRow]:
    """The community's own, the retired ones too, in the order in which they were added."""
    query = select(TrainingSampleRow).filter_by(guild_id=guild_id).order_by(TrainingSampleRow.id)
    return list(await session.scalars(query))


async def lock_sample(session: AsyncSession, guild_id: int, sample_id: int) -> TrainingSampleRow | None:
    row = await session.get(TrainingSampleRow, sample_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.guild_id == guild_id else None


# ---------------------------------------------------------------------------------------------- trainings


async def find_last_run(session: AsyncSession, guild_id: int, member_id: int) -> TrainingRunRow | None:
    query = select(TrainingRunRow).filter_by(guild_id=guild_id, member_id=member_id)
    return (await session.scalars(query.order_by(TrainingRunRow.number.desc()).limit(1))).one_or_none()


async def find_part(session: AsyncSession, guild_id: int, part_id: int) -> TrainingPartRow | None:
    row = await session.get(TrainingPartRow, part_id, populate_existing=True)
    return row if row is not None and row.guild_id == guild_id else None


async def list_parts(session: AsyncSession, run_id: int) -> list[TrainingPartRow]:
    """The works of a training, in order."""
    query = select(TrainingPartRow).filter_by(run_id=run_id).order_by(TrainingPartRow.position)
    return list(await session.scalars(query))


async def count_seen(session: AsyncSession, guild_id: int, member_id: int) -> dict[str, int]:
    """How often each sample came up in somebody's trainings."""
    runs = select(TrainingRunRow.id).filter_by(guild_id=guild_id, member_id=member_id)
    query = select(TrainingPartRow.sample).where(
        TrainingPartRow.guild_id == guild_id, TrainingPartRow.run_id.in_(runs)
    )
    seen: dict[str, int] = {}
    for sample in await session.scalars(query):
        seen[sample["key"]] = seen.get(sample["key"], 0) + 1
    return seen


# ---------------------------------------------------------------------------------------------- licences


async def find_licence(session: AsyncSession, guild_id: int, member_id: int) -> ReviewLicenceRow | None:
    query = select(ReviewLicenceRow).filter_by(guild_id=guild_id, member_id=member_id)
    return (await session.scalars(query)).one_or_none()


async def find_licence_by_id(
    session: AsyncSession, guild_id: int, licence_id: int
) -> ReviewLicenceRow | None:
    row = await session.get(ReviewLicenceRow, licence_id)
    return row if row is not None and row.guild_id == guild_id else None


async def lock_licence(
    session: AsyncSession, guild_id: int, member_id: int, *, since: datetime
) -> ReviewLicenceRow:
    """The member's row, kept from others until the end of this writing transaction; made where there is none."""
    key = {"guild_id": guild_id, "member_id": member_id}
    await insert_if_absent(session, ReviewLicenceRow, [{**key, "since": since}], list(key))
    query = select(ReviewLicenceRow).filter_by(**key).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


async def list_held(
    session: AsyncSession, guild_id: int, *, of: Collection[int] | None = None
) -> list[ReviewLicenceRow]:
    """The licences that are held, the newest first; only `of` these members, where given."""
    query = select(ReviewLicenceRow).where(
        ReviewLicenceRow.guild_id == guild_id,
        ReviewLicenceRow.held.is_(True),
        ReviewLicenceRow.member_id != NOBODY,
    )
    if of is not None:
        query = query.where(ReviewLicenceRow.member_id.in_(of))
    return list(await session.scalars(query.order_by(ReviewLicenceRow.since.desc(), ReviewLicenceRow.id)))
