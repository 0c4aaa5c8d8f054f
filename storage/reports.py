"""What members reported to staff: each person's report, and the items of the queue that they are put together in.

What was kept of reported messages lies in `storage/evidence.py` under the owner "report" and the item's id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.evidence import EvidenceRow
from storage.personal import N_, NOBODY, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy

OWNER = "report"
KEPT = timedelta(days=730)
OPEN, TAKEN = "open", "taken"
UNDECIDED = (OPEN, TAKEN)
_SAFETY = N_("others rely on it that a report is not gone because somebody leaves")


class ReportSettingsRow(Base):
    """`text_days` is how long words are kept after a report was closed, `an_hour` how many of one person stand alone,
    `quiet` has a key for each category for which nobody is pinged."""

    __tablename__ = "report_settings"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("quiet",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    text_days: Mapped[int] = mapped_column(default=90)
    an_hour: Mapped[int] = mapped_column(default=5)
    names_shown: Mapped[bool] = mapped_column(default=False)
    quiet: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ReportNumberRow(Base):
    """The last number that a server has given, and when each stage was last called (ISO, UTC). Who sends a report holds
    it, so that those about one thing come together."""

    __tablename__ = "report_numbers"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("calls",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    last: Mapped[int] = mapped_column(default=0)
    calls: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ReportItemRow(Base):
    """One thing that staff look at. `subject` is one of `cogs.reports.rules.Subject`, `subject_id` whom it is about,
    `NOBODY` when nobody is named; `batch_of` who sent a batch. `about_staff`: it is not shown in the staff channel.

    `taken_by` has it since `taken_at` and did something with it at `touched_at`; `turn` counts the takings, and the times at which it became more than quiet. `note` is
    for staff, `sentence` for those who reported. `words_until` is when what they wrote is emptied; `purged_at` when it was.
    """

    __tablename__ = "report_items"
    personal: ClassVar = (
        Personal(
            "subject_id",
            OnDeletion.KEEP,
            why=_SAFETY,
            keep_for=KEPT,
            since="decided_at",
            what=N_("Reports of others about you, kept for two years after they were closed"),
            seen_by=SeenBy.OTHERS,
            mention=True,
        ),
        Personal(
            "batch_of",
            OnDeletion.DETACH,
            what=N_("That you sent many reports within an hour"),
            seen_by=SeenBy.STAFF,
            mention=True,
        ),
        *(
            Personal(
                column,
                OnDeletion.DETACH,
                what=N_("Reports that you dealt with as a moderator"),
                seen_by=SeenBy.STAFF,
                mention=True,
            )
            for column in ("taken_by", "decided_by")
        ),
    )
    __table_args__ = (
        UniqueConstraint("guild_id", "number"),
        Index("ix_report_items_subject", "guild_id", "subject_id", "state"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    number: Mapped[int] = mapped_column()
    subject: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    batch_of: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    about_staff: Mapped[bool] = mapped_column(default=False)
    about_owner: Mapped[bool] = mapped_column(default=False)
    category: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default=OPEN)
    opened_at: Mapped[datetime] = mapped_column()
    last_at: Mapped[datetime] = mapped_column()
    taken_by: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    taken_at: Mapped[datetime | None] = mapped_column()
    touched_at: Mapped[datetime | None] = mapped_column()
    turn: Mapped[int] = mapped_column(default=0)
    decided_by: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    decided_at: Mapped[datetime | None] = mapped_column()
    note: Mapped[str | None] = mapped_column(Text)
    sentence: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=0)
    words_until: Mapped[datetime | None] = mapped_column(index=True)
    purged_at: Mapped[datetime | None] = mapped_column()


class ReportRow(Base):
    """What one person sent about an item. `joined_at` and `before` are what was known of them then; `times` counts how
    often they wrote."""

    __tablename__ = "reports"
    personal: ClassVar = (
        Personal(
            "reporter_id",
            OnDeletion.DETACH,
            what=N_("What you reported to staff"),
            seen_by=SeenBy.STAFF,
        ),
    )
    __table_args__ = (Index("ix_reports_reporter", "guild_id", "reporter_id", "last_at"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    item_id: Mapped[int] = mapped_column(ForeignKey("report_items.id", ondelete="CASCADE"), index=True)
    reporter_id: Mapped[int] = mapped_column(Snowflake)
    category: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column()
    last_at: Mapped[datetime] = mapped_column()
    times: Mapped[int] = mapped_column(default=1)
    joined_at: Mapped[datetime | None] = mapped_column()
    before: Mapped[int] = mapped_column(default=0)


# ---------------------------------------------------------------------------------------------- sending


async def lock_numbers(session: AsyncSession, guild_id: int) -> ReportNumberRow:
    """Whoever sends a report in this server waits until the end of this transaction."""
    await insert_if_absent(
        session, ReportNumberRow, [{"guild_id": guild_id, "last": 0, "calls": {}}], ["guild_id"]
    )
    return await session.get_one(ReportNumberRow, guild_id, with_for_update=True, populate_existing=True)


async def list_joinable(
    session: AsyncSession, guild_id: int, *, since: datetime, message_id: int | None, subject_id: int
) -> Sequence[ReportItemRow]:
    """Undecided items of which the last report is not older, about this message or member, the newest first."""
    same = ReportItemRow.id.in_(
        select(EvidenceRow.owner_id).where(
            EvidenceRow.guild_id == guild_id, EvidenceRow.owner == OWNER, EvidenceRow.message_id == message_id
        )
    )
    query = select(ReportItemRow).where(
        ReportItemRow.guild_id == guild_id,
        ReportItemRow.state.in_(UNDECIDED),
        ReportItemRow.last_at >= since,
        ReportItemRow.batch_of == NOBODY,
        or_(same, (ReportItemRow.subject_id == subject_id) & (ReportItemRow.subject_id != NOBODY)),
    )
    return list(await session.scalars(query.order_by(ReportItemRow.id.desc())))


async def find_batch(
    session: AsyncSession, guild_id: int, reporter_id: int, since: datetime
) -> ReportItemRow | None:
    """Where the reports of one person since then are put together."""
    query = select(ReportItemRow).where(
        ReportItemRow.guild_id == guild_id,
        ReportItemRow.batch_of == reporter_id,
        ReportItemRow.state.in_(UNDECIDED),
        ReportItemRow.opened_at > since,
    )
    return (await session.scalars(query.order_by(ReportItemRow.id.desc()).limit(1))).one_or_none()


async def find_of_reporter(session: AsyncSession, item_id: int, reporter_id: int) -> ReportRow | None:
    query = select(ReportRow).filter_by(item_id=item_id, reporter_id=reporter_id)
    return (await session.scalars(query.limit(1))).one_or_none()


async def count_sent(session: AsyncSession, guild_id: int, reporter_id: int, since: datetime) -> int:
    """How often somebody wrote since then."""
    query = select(func.coalesce(func.sum(ReportRow.times), 0)).where(
        ReportRow.guild_id == guild_id, ReportRow.reporter_id == reporter_id, ReportRow.last_at > since
    )
    return int(await session.scalar(query) or 0)


async def count_about(
    session: AsyncSession, guild_id: int, reporter_id: int, subject_id: int, since: datetime
) -> int:
    """How many items about this member somebody reported since then."""
    query = (
        select(func.count())
        .select_from(ReportRow)
        .join(ReportItemRow, ReportItemRow.id == ReportRow.item_id)
        .where(
            ReportRow.guild_id == guild_id,
            ReportRow.reporter_id == reporter_id,
            ReportRow.at > since,
            ReportItemRow.subject_id == subject_id,
        )
    )
    return await session.scalar(query) or 0


# ---------------------------------------------------------------------------------------------- items


async def find_item(session: AsyncSession, item_id: int) -> ReportItemRow | None:
    return await session.get(ReportItemRow, item_id, populate_existing=True)


async def lock_item(session: AsyncSession, item_id: int) -> ReportItemRow | None:
    """The item, kept from others until the end of this writing transaction."""
    return await session.get(ReportItemRow, item_id, with_for_update=True, populate_existing=True)


async def list_reports(session: AsyncSession, item_id: int) -> Sequence[ReportRow]:
    return list(await session.scalars(select(ReportRow).filter_by(item_id=item_id).order_by(ReportRow.id)))


async def list_undecided(session: AsyncSession, guild_id: int) -> Sequence[ReportItemRow]:
    """The queue, the longest waiting first."""
    query = select(ReportItemRow).where(
        ReportItemRow.guild_id == guild_id, ReportItemRow.state.in_(UNDECIDED)
    )
    return list(await session.scalars(query.order_by(ReportItemRow.id)))


async def count_undecided(session: AsyncSession, guild_id: int) -> int:
    """How many wait that are shown in the staff channel."""
    query = select(func.count()).select_from(ReportItemRow)
    return (
        await session.scalar(
            query.where(
                ReportItemRow.guild_id == guild_id,
                ReportItemRow.state.in_(UNDECIDED),
                ReportItemRow.about_staff.is_(False),
            )
        )
        or 0
    )


async def list_decided_about(
    session: AsyncSession, guild_id: int, subject_id: int, *, since: datetime, but: int
) -> Sequence[ReportItemRow]:
    """Closed items about this member, the newest first."""
    query = select(ReportItemRow).where(
        ReportItemRow.guild_id == guild_id,
        ReportItemRow.subject_id == subject_id,
        ReportItemRow.state.not_in(UNDECIDED),
        ReportItemRow.decided_at > since,
        ReportItemRow.id != but,
    )
    return list(await session.scalars(query.order_by(ReportItemRow.id.desc()).limit(3)))


# ---------------------------------------------------------------------------------------------- one's own


async def list_own(
    session: AsyncSession, guild_id: int, reporter_id: int, limit: int
) -> Sequence[tuple[ReportRow, ReportItemRow]]:
    """What somebody reported, the newest first, with what became of it."""
    query = (
        select(ReportRow, ReportItemRow)
        .join(ReportItemRow, ReportItemRow.id == ReportRow.item_id)
        .where(ReportRow.guild_id == guild_id, ReportRow.reporter_id == reporter_id)
        .order_by(ReportRow.id.desc())
        .limit(limit)
    )
    return [(report, item) for report, item in await session.execute(query)]


async def find_report(session: AsyncSession, report_id: int) -> ReportRow | None:
    return await session.get(ReportRow, report_id, populate_existing=True)


# ---------------------------------------------------------------------------------------------- letting go


async def purge_words(session: AsyncSession, now: datetime, limit: int) -> int:
    """Empty what people wrote about items that were closed long enough ago, at most `limit` items. Returns how many."""
    query = select(ReportItemRow.id).where(
        ReportItemRow.words_until <= now, ReportItemRow.purged_at.is_(None)
    )
    ids = list(await session.scalars(query.order_by(ReportItemRow.id).limit(limit)))
    if ids:
        without = {"synchronize_session": False}
        words = update(ReportRow).where(ReportRow.item_id.in_(ids)).values(words="")
        await session.execute(words, execution_options=without)
        items = update(ReportItemRow).where(ReportItemRow.id.in_(ids))
        await session.execute(
            items.values(purged_at=now, note=None, sentence=None), execution_options=without
        )
    return len(ids)
