"""Works that wait for review, who reviews them, and what they wrote and answered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake
from storage.outbox import OutboxRow
from storage.personal import N_, OnDeletion, Personal, SeenBy

KEPT = timedelta(days=730)
PLANNED = "planned"
OPEN = "open"
CLOSED = "closed"
ASSIGNED = "assigned"
CLAIMED = "claimed"
GIVEN = "given"
HELD = (ASSIGNED, CLAIMED)
"""Somebody has it and has not written it yet."""


class ReviewWorkRow(Base):
    """A work to be reviewed. `rubric` is kept as it was when the work came, whatever becomes of it later.

    `overdrawn`: its author had received more reviews than given, so it is queued after others. `version` counts the
    author's own versions, `edits` the drawings of its card. A work without a round was asked for by its author.
    """

    __tablename__ = "review_works"
    personal: ClassVar = (
        Personal(
            "author_id",
            keep_for=KEPT,
            since="asked_at",
            what=N_("Work that you had reviewed, and what you asked to look at"),
            seen_by=SeenBy.COMMUNITY,
        ),
    )
    impersonal: ClassVar = ("rubric",)
    __table_args__ = (
        UniqueConstraint("round_id", "author_id"),
        Index("ix_review_works_guild_id_state", "guild_id", "state"),
        Index("ix_review_works_guild_id_asked_at", "guild_id", "asked_at"),
        Index("ix_review_works_guild_id_author_id", "guild_id", "author_id"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    author_id: Mapped[int] = mapped_column(Snowflake)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("review_rounds.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(16), default=OPEN)
    mode: Mapped[str] = mapped_column(String(16))
    wanted: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(String(100))
    content: Mapped[str] = mapped_column(Text)
    focus: Mapped[str] = mapped_column(Text, default="")
    tried: Mapped[str] = mapped_column(Text, default="")
    minutes: Mapped[int] = mapped_column(default=20)
    rubric: Mapped[dict[str, Any]] = mapped_column()
    deadline_at: Mapped[datetime | None] = mapped_column()
    overdrawn: Mapped[bool] = mapped_column(default=False)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    asked_at: Mapped[datetime] = mapped_column()
    first_review_at: Mapped[datetime | None] = mapped_column()
    escalated_at: Mapped[datetime | None] = mapped_column()
    closed_at: Mapped[datetime | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)
    changed: Mapped[str] = mapped_column(Text, default="")
    edits: Mapped[int] = mapped_column(default=0)

    @property
    def effect_key(self) -> str:
        """The key of the effect that posts its card."""
        return f"reviews.work:{self.id}"


class ReviewRow(Base):
    """Somebody's review of one version of a work: planned, theirs to write, or given.

    `alias` is the number under which a blind round shows its writer. `turn` counts how often it was handed to them,
    so that a job of an earlier time does nothing. Ratings are 0 to 2; `rated_why` is the author's own words. One that
    was released has an `ends_at` only if its author took it away by closing the work.
    """

    __tablename__ = "reviews"
    personal: ClassVar = (
        Personal(
            "reviewer_id",
            OnDeletion.DETACH,
            clear=("draft",),
            what=N_("Reviews that you wrote or are to write"),
            seen_by=SeenBy.COMMUNITY,
            hides=("helpful", "specific", "kind", "rated_why"),  # each alone would name its author
        ),
        Personal(
            through="work_id",
            what=N_("Reviews that you received, and how you rated them"),
            seen_by=SeenBy.COMMUNITY,
            hides=("draft",),
        ),
    )
    impersonal: ClassVar = ("answers", "draft")
    __table_args__ = (Index("ix_reviews_guild_id_reviewer_id_state", "guild_id", "reviewer_id", "state"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    work_id: Mapped[int] = mapped_column(ForeignKey("review_works.id", ondelete="CASCADE"), index=True)
    reviewer_id: Mapped[int] = mapped_column(Snowflake)
    version: Mapped[int] = mapped_column()
    state: Mapped[str] = mapped_column(String(16))  # planned, assigned, claimed, given, released
    alias: Mapped[int] = mapped_column()
    turn: Mapped[int] = mapped_column(default=1)
    taken_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime | None] = mapped_column()  # when it goes back to the queue
    extensions: Mapped[int] = mapped_column(default=0)
    draft: Mapped[dict[str, Any] | None] = mapped_column()
    answers: Mapped[dict[str, Any] | None] = mapped_column()
    given_at: Mapped[datetime | None] = mapped_column()
    closed_at: Mapped[datetime | None] = mapped_column()
    helpful: Mapped[int | None] = mapped_column()
    specific: Mapped[int | None] = mapped_column()
    kind: Mapped[int | None] = mapped_column()
    rated_why: Mapped[str | None] = mapped_column(Text)


class ReviewReplyRow(Base):
    """What the author or the reviewer said about a review afterwards."""

    __tablename__ = "review_replies"
    personal: ClassVar = (Personal(what=N_("What you answered to reviews"), seen_by=SeenBy.COMMUNITY),)
    __table_args__ = (Index("ix_review_replies_guild_id_member_id", "guild_id", "member_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int] = mapped_column(Snowflake)
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column()


# ---------------------------------------------------------------------------------------------- works


async def find_work(session: AsyncSession, work_id: int) -> ReviewWorkRow | None:
    return await session.get(ReviewWorkRow, work_id)


async def lock_work(session: AsyncSession, work_id: int) -> ReviewWorkRow | None:
    """The work as it stands now, kept from others until the end of this writing transaction."""
    return await session.get(ReviewWorkRow, work_id, with_for_update=True, populate_existing=True)


async def list_pool(session: AsyncSession, guild_id: int) -> list[ReviewWorkRow]:
    """Works that wait for their first review and that nobody has in hand, in the order in which they are offered."""
    held = select(ReviewRow.id).where(ReviewRow.work_id == ReviewWorkRow.id, ReviewRow.state.in_(HELD))
    query = select(ReviewWorkRow).filter_by(guild_id=guild_id, state=OPEN, first_review_at=None)
    query = query.where(~held.exists())
    order = (ReviewWorkRow.overdrawn, ReviewWorkRow.asked_at, ReviewWorkRow.id)
    return list(await session.scalars(query.order_by(*order)))


async def list_of_author(
    session: AsyncSession, guild_id: int, author_id: int, *, limit: int = 25
) -> list[ReviewWorkRow]:
    """Somebody's works that are open or closed, the newest first."""
    query = select(ReviewWorkRow).filter_by(guild_id=guild_id, author_id=author_id)
    query = query.where(ReviewWorkRow.state != PLANNED)
    return list(await session.scalars(query.order_by(ReviewWorkRow.id.desc()).limit(limit)))


async def list_open_of_author(session: AsyncSession, guild_id: int, author_id: int) -> list[ReviewWorkRow]:
    query = select(ReviewWorkRow).filter_by(guild_id=guild_id, author_id=author_id, state=OPEN)
    return list(await session.scalars(query.order_by(ReviewWorkRow.id)))


async def list_unfinished(
    session: AsyncSession, guild_id: int, author_ids: Collection[int]
) -> list[ReviewWorkRow]:
    """Works of these people that are drawn or open."""
    query = select(ReviewWorkRow).where(
        ReviewWorkRow.guild_id == guild_id,
        ReviewWorkRow.author_id.in_(author_ids),
        ReviewWorkRow.state.in_((PLANNED, OPEN)),
    )
    return list(await session.scalars(query.order_by(ReviewWorkRow.id)))


async def list_of_round(session: AsyncSession, round_id: int) -> list[ReviewWorkRow]:
    query = select(ReviewWorkRow).filter_by(round_id=round_id).order_by(ReviewWorkRow.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def list_waits(
    session: AsyncSession, guild_id: int, since: datetime
) -> list[tuple[datetime, datetime | None, datetime | None]]:
    """When each work was asked for, first reviewed and closed, of all asked since then."""
    query = select(ReviewWorkRow.asked_at, ReviewWorkRow.first_review_at, ReviewWorkRow.closed_at).where(
        ReviewWorkRow.guild_id == guild_id,
        ReviewWorkRow.asked_at >= since,
        ReviewWorkRow.state != PLANNED,
    )
    return [(asked, first, closed) for asked, first, closed in await session.execute(query)]


async def list_channels(session: AsyncSession, guild_id: int) -> set[int]:
    """The channels in which open works have cards."""
    query = select(ReviewWorkRow.channel_id).filter_by(guild_id=guild_id, state=OPEN).distinct()
    return {each for each in await session.scalars(query) if each is not None}


async def list_in_channel(session: AsyncSession, guild_id: int, channel_id: int) -> list[ReviewWorkRow]:
    query = select(ReviewWorkRow).filter_by(guild_id=guild_id, channel_id=channel_id)
    return list(await session.scalars(query.order_by(ReviewWorkRow.id).with_for_update()))


async def count_given_and_received(
    session: AsyncSession, guild_id: int, member_id: int
) -> tuple[int, int, int]:
    """How many reviews somebody gave and received, and how many of their works wait for their first one."""
    given = select(func.count()).select_from(ReviewRow)
    given = given.filter_by(guild_id=guild_id, reviewer_id=member_id, state=GIVEN)
    received = select(func.count()).select_from(ReviewRow).join(ReviewWorkRow)
    received = received.where(
        ReviewWorkRow.guild_id == guild_id, ReviewWorkRow.author_id == member_id, ReviewRow.state == GIVEN
    )
    waiting = select(func.count()).select_from(ReviewWorkRow)
    waiting = waiting.filter_by(guild_id=guild_id, author_id=member_id, state=OPEN, first_review_at=None)
    counts = [await session.scalar(each) or 0 for each in (given, received, waiting)]
    return counts[0], counts[1], counts[2]


async def find_by_message(
    session: AsyncSession, guild_id: int, channel_id: int, message_ids: Collection[int]
) -> list[int]:
    """The ids of the works whose cards these messages are."""
    query = select(OutboxRow.arguments).where(
        OutboxRow.guild_id == guild_id,
        OutboxRow.channel_id == channel_id,
        OutboxRow.result_id.in_(message_ids),
        OutboxRow.key.startswith("reviews.work:", autoescape=True),
        OutboxRow.kind == "post",
    )
    return [int(arguments["work_id"]) for arguments in await session.scalars(query)]


async def list_all_channels(session: AsyncSession) -> set[int]:
    """The channels of every community in which a work has a card: read once at start."""
    query = select(ReviewWorkRow.channel_id).where(ReviewWorkRow.channel_id.is_not(None)).distinct()
    return {each for each in await session.scalars(query) if each is not None}


# ---------------------------------------------------------------------------------------------- reviews


async def find_review(session: AsyncSession, review_id: int) -> ReviewRow | None:
    return await session.get(ReviewRow, review_id)


async def lock_review(session: AsyncSession, review_id: int) -> tuple[ReviewWorkRow, ReviewRow] | None:
    """The review and its work, held until the end of the transaction; the work first, as everywhere."""
    found = await session.get(ReviewRow, review_id)
    work = await lock_work(session, found.work_id) if found is not None else None
    if work is None:
        return None
    row = await session.get(ReviewRow, review_id, with_for_update=True, populate_existing=True)
    return (work, row) if row is not None else None


async def list_reviews(session: AsyncSession, work_ids: Collection[int]) -> list[ReviewRow]:
    """Every review of these works, the oldest first."""
    query = select(ReviewRow).where(ReviewRow.work_id.in_(work_ids)).order_by(ReviewRow.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def list_held(session: AsyncSession, guild_id: int, reviewer_id: int) -> list[ReviewRow]:
    """What somebody has to write, the most urgent first."""
    query = select(ReviewRow).where(
        ReviewRow.guild_id == guild_id, ReviewRow.reviewer_id == reviewer_id, ReviewRow.state.in_(HELD)
    )
    return list(await session.scalars(query.order_by(ReviewRow.ends_at, ReviewRow.id)))


async def count_taken(
    session: AsyncSession, guild_id: int, member_ids: Collection[int], since: datetime
) -> dict[int, int]:
    """How many reviews each of them took since then and has or gave."""
    query = (
        select(ReviewRow.reviewer_id, func.count())
        .where(
            ReviewRow.guild_id == guild_id,
            ReviewRow.reviewer_id.in_(member_ids),
            ReviewRow.taken_at >= since,
            ReviewRow.state.in_((*HELD, GIVEN)),
        )
        .group_by(ReviewRow.reviewer_id)
    )
    return {int(member): int(count) for member, count in await session.execute(query)}


async def count_given(session: AsyncSession, guild_id: int) -> dict[int, int]:
    """How many reviews everybody gave."""
    query = select(ReviewRow.reviewer_id, func.count()).filter_by(guild_id=guild_id, state=GIVEN)
    rows = await session.execute(query.group_by(ReviewRow.reviewer_id))
    return {int(member): int(count) for member, count in rows}


async def list_meetings(
    session: AsyncSession, guild_id: int, since: datetime
) -> list[tuple[int, int, datetime, int | None]]:
    """Reviewer, author, when and in which round, of what was taken since then and given or is still theirs."""
    query = (
        select(ReviewRow.reviewer_id, ReviewWorkRow.author_id, ReviewRow.taken_at, ReviewWorkRow.round_id)
        .join(ReviewWorkRow)
        .where(
            ReviewRow.guild_id == guild_id,
            ReviewRow.taken_at >= since,
            ReviewRow.state.in_((*HELD, GIVEN)),
        )
    )
    return [
        (reviewer, author, at, round_id) for reviewer, author, at, round_id in await session.execute(query)
    ]


async def list_all_held(session: AsyncSession, guild_id: int) -> list[ReviewRow]:
    """What anybody has to write."""
    query = select(ReviewRow).where(ReviewRow.guild_id == guild_id, ReviewRow.state.in_(HELD))
    return list(await session.scalars(query.order_by(ReviewRow.id)))


async def list_to_do(session: AsyncSession, guild_id: int, reviewer_ids: Collection[int]) -> list[ReviewRow]:
    """What these people have to write, or were drawn for."""
    query = select(ReviewRow).where(
        ReviewRow.guild_id == guild_id,
        ReviewRow.reviewer_id.in_(reviewer_ids),
        ReviewRow.state.in_((*HELD, PLANNED)),
    )
    return list(await session.scalars(query.order_by(ReviewRow.id)))


async def list_blind(session: AsyncSession, guild_id: int) -> list[tuple[ReviewWorkRow, ReviewRow]]:
    """The newest reviews whose author does not see who wrote them: as many as a menu shows."""
    query = (
        select(ReviewWorkRow, ReviewRow)
        .join(ReviewRow)
        .where(ReviewRow.guild_id == guild_id, ReviewRow.state == GIVEN, ReviewWorkRow.mode != "open")
        .order_by(ReviewRow.id.desc())
        .limit(25)
    )
    return [(work, row) for work, row in await session.execute(query)]


async def list_replies(session: AsyncSession, review_id: int) -> list[ReviewReplyRow]:
    query = select(ReviewReplyRow).filter_by(review_id=review_id).order_by(ReviewReplyRow.id)
    return list(await session.scalars(query))


async def drop_planned(session: AsyncSession, round_id: int) -> None:
    """A drawing goes, and its works with it."""
    await session.execute(delete(ReviewWorkRow).filter_by(round_id=round_id, state=PLANNED))


async def drop_works(session: AsyncSession, work_ids: Collection[int]) -> None:
    """These works go, and their reviews with them."""
    await session.execute(delete(ReviewWorkRow).where(ReviewWorkRow.id.in_(work_ids)))


async def has_reviewed_openly(session: AsyncSession, guild_id: int, one: int, other: int) -> bool:
    """Whether one of these two has reviewed a work of the other where both may know it."""
    query = (
        select(ReviewRow.id)
        .join(ReviewWorkRow, ReviewWorkRow.id == ReviewRow.work_id)
        .where(
            ReviewRow.guild_id == guild_id,
            ReviewRow.given_at.is_not(None),
            ReviewWorkRow.mode == "open",
            or_(
                (ReviewRow.reviewer_id == one) & (ReviewWorkRow.author_id == other),
                (ReviewRow.reviewer_id == other) & (ReviewWorkRow.author_id == one),
            ),
        )
        .limit(1)
    )
    return await session.scalar(query) is not None
