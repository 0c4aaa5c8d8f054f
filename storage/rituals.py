"""Rituals: what recurs in a community, where and from which template, and what came of each run.

When is a row of `storage/schedules.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.outbox import OutboxRow
from storage.personal import N_, NOBODY, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy
from storage.shared_ground import share

DRAFTS_KEPT = timedelta(days=7)


class RitualSettingsRow(Base):
    """`holidays` maps a date ("2026-12-24") or a day of every year ("12-25") to its name, which may be empty."""

    __tablename__ = "rituals_settings"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("holidays",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    holidays: Mapped[dict[str, Any]] = mapped_column(default=dict)


class RitualRow(Base):
    """A ritual. What is empty is as its template says; `left_out` are local dates without a run, comma-separated.

    `lost_at` is when its channel turned out to be deleted, `asked_run_id` the run after which its owner was asked
    whether it should go on. `ended_at` is when it was ended: what it posted still has to be drawn again when somebody
    is deleted, so it is kept as long as that can be. `version` grows with each change, so that two who edit at once do not undo each other.
    """

    __tablename__ = "rituals"
    personal: ClassVar = (
        Personal(
            "owner_id", OnDeletion.DETACH, what=N_("Rituals that you look after"), seen_by=SeenBy.COMMUNITY
        ),
    )
    __table_args__ = (
        Index(
            "uq_rituals_running",
            "guild_id",
            "template",
            "channel_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake, index=True)
    template: Mapped[str] = mapped_column(String(64))
    channel_id: Mapped[int] = mapped_column(Snowflake)
    owner_id: Mapped[int] = mapped_column(Snowflake)  # personal data, kept without the name
    schedule_id: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column()
    title: Mapped[str | None] = mapped_column(String(100))
    purpose: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(String(16))
    late_hours: Mapped[int | None] = mapped_column()
    left_out: Mapped[str | None] = mapped_column(Text)
    paused_until: Mapped[datetime | None] = mapped_column()
    lost_at: Mapped[datetime | None] = mapped_column()
    asked_run_id: Mapped[int | None] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)


class RitualDraftRow(Base):
    """Changes to a ritual that somebody has not saved yet. `based_on` is the version that they saw."""

    __tablename__ = "rituals_drafts"
    personal: ClassVar = (
        Personal(
            keep_for=DRAFTS_KEPT,
            since="created_at",
            what=N_("Changes to rituals that you did not save"),
        ),
        Personal(
            "owner_id",
            OnDeletion.DETACH,
            keep_for=DRAFTS_KEPT,
            since="created_at",
            what=N_("Rituals that somebody thought of giving you"),
            seen_by=SeenBy.STAFF,
            mention=True,
        ),
    )
    impersonal: ClassVar = ("changes",)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    ritual_id: Mapped[int] = mapped_column(ForeignKey("rituals.id", ondelete="CASCADE"), index=True)
    based_on: Mapped[int] = mapped_column()
    owner_id: Mapped[int | None] = mapped_column(Snowflake)
    changes: Mapped[dict[str, Any]] = mapped_column()
    created_at: Mapped[datetime] = mapped_column()


class RitualRunRow(Base):
    """One time that a ritual was due: what was asked. `key` is its nominal time, or names a run by hand.

    `source` names a prompt that came from the library, `author_id` who suggested it and agreed to be named.
    """

    __tablename__ = "rituals_runs"
    personal: ClassVar = (
        Personal(
            "author_id",
            OnDeletion.DETACH,
            what=N_("Prompts that you suggested and that were asked"),
            seen_by=SeenBy.COMMUNITY,
        ),
    )
    __table_args__ = (UniqueConstraint("ritual_id", "key"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake, index=True)
    ritual_id: Mapped[int] = mapped_column(ForeignKey("rituals.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(40))
    nominal: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column()
    text: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(String(40))
    author_id: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    message_id: Mapped[int | None] = mapped_column(Snowflake)

    @property
    def effect_key(self) -> str:
        """The key of the effect that posts it."""
        return f"rituals:{self.ritual_id}:{self.key}"


class RitualAnswerRow(Base):
    """Somebody's answer to a run. `text` is empty for one that was written into the thread.

    `posted_version` is the version with which it was posted in the thread; empty where it stands on the card or nowhere.
    """

    __tablename__ = "rituals_answers"
    personal: ClassVar = (Personal(what=N_("Your answers to rituals"), seen_by=SeenBy.COMMUNITY),)
    __table_args__ = (UniqueConstraint("run_id", "member_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    run_id: Mapped[int] = mapped_column(ForeignKey("rituals_runs.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(Snowflake, index=True)
    text: Mapped[str | None] = mapped_column(Text)
    shown: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)
    posted_version: Mapped[int | None] = mapped_column()
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"))


class RitualPromptRow(Base):
    """A prompt of a ritual's queue. `state` is suggested, queued, doubtful (asked not long ago), used or removed.

    `author_id` is the member who suggested it, `credited` whether they want to be named.
    """

    __tablename__ = "rituals_prompts"
    personal: ClassVar = (
        Personal(
            "author_id", OnDeletion.DETACH, what=N_("Prompts that you suggested"), seen_by=SeenBy.COMMUNITY
        ),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    ritual_id: Mapped[int] = mapped_column(ForeignKey("rituals.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    credited: Mapped[bool] = mapped_column(default=False)
    may_repeat: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column()
    used_at: Mapped[datetime | None] = mapped_column()


async def list_rituals(session: AsyncSession, guild_id: int) -> list[RitualRow]:
    query = select(RitualRow).filter_by(guild_id=guild_id, ended_at=None).order_by(RitualRow.id)
    return list(await session.scalars(query))


async def list_ever(session: AsyncSession, guild_id: int) -> list[RitualRow]:
    """Also those that were ended, of which something stands in Discord still."""
    return list(await session.scalars(select(RitualRow).filter_by(guild_id=guild_id)))


async def find_ritual(session: AsyncSession, ritual_id: int) -> RitualRow | None:
    """One that goes on."""
    row = await find_ever(session, ritual_id)
    return row if row is not None and row.ended_at is None else None


async def find_ever(session: AsyncSession, ritual_id: int) -> RitualRow | None:
    """Also one that was ended."""
    return await session.get(RitualRow, ritual_id)


async def list_of_runs(session: AsyncSession, run_ids: Collection[int]) -> dict[int, RitualRow]:
    """The ritual of each of these runs, also one that was ended."""
    query = select(RitualRunRow.id, RitualRow).join(RitualRow, RitualRow.id == RitualRunRow.ritual_id)
    return dict((await session.execute(query.where(RitualRunRow.id.in_(run_ids)))).all())


async def lock_ritual(session: AsyncSession, ritual_id: int) -> RitualRow | None:
    """The ritual as it stands now, kept from others until the end of this writing transaction."""
    row = await session.get(RitualRow, ritual_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.ended_at is None else None


async def end_ritual(session: AsyncSession, row: RitualRow, at: datetime) -> None:
    """What was to come of it goes; what was, stays for now."""
    row.ended_at = at
    for model in (RitualDraftRow, RitualPromptRow):
        await session.execute(delete(model).where(model.ritual_id == row.id))
    await session.flush()


async def find_run(session: AsyncSession, ritual_id: int, key: str) -> RitualRunRow | None:
    return (await session.scalars(select(RitualRunRow).filter_by(ritual_id=ritual_id, key=key))).one_or_none()


async def list_runs(session: AsyncSession, ritual_id: int, *, limit: int) -> list[RitualRunRow]:
    """The newest first."""
    query = select(RitualRunRow).where(RitualRunRow.ritual_id == ritual_id)
    return list(await session.scalars(query.order_by(RitualRunRow.id.desc()).limit(limit)))


async def outcomes_of(session: AsyncSession, runs: Collection[RitualRunRow]) -> dict[int, str | None]:
    """How the posting of each run ended, by its id. One whose effect has been cleared away long ago is not in it."""
    by_key = {run.effect_key: run.id for run in runs}
    query = select(OutboxRow.key, OutboxRow.outcome).where(OutboxRow.key.in_(by_key))
    return {by_key[key]: outcome for key, outcome in await session.execute(query)}


async def count_answers(session: AsyncSession, run_ids: Collection[int]) -> dict[int, int]:
    """How many people answered each run; one that nobody answered is not in it."""
    query = (
        select(RitualAnswerRow.run_id, func.count())
        .where(RitualAnswerRow.run_id.in_(run_ids))
        .group_by(RitualAnswerRow.run_id)
    )
    return {run_id: int(count) for run_id, count in await session.execute(query)}


async def list_answers(session: AsyncSession, run_id: int) -> list[RitualAnswerRow]:
    """In the order in which they were given."""
    query = select(RitualAnswerRow).filter_by(run_id=run_id).order_by(RitualAnswerRow.at, RitualAnswerRow.id)
    return list(await session.scalars(query))


async def find_answer(session: AsyncSession, run_id: int, member_id: int) -> RitualAnswerRow | None:
    query = select(RitualAnswerRow).filter_by(run_id=run_id, member_id=member_id)
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def lock_answer(
    session: AsyncSession, *, guild_id: int, run_id: int, member_id: int, at: datetime
) -> tuple[RitualAnswerRow, bool]:
    """The person's answer to the run, locked, and whether it is new."""
    values = {"guild_id": guild_id, "run_id": run_id, "member_id": member_id, "at": at}
    added = await insert_if_absent(
        session, RitualAnswerRow, [{**values, "shown": False, "version": 1}], ["run_id", "member_id"]
    )
    query = select(RitualAnswerRow).filter_by(run_id=run_id, member_id=member_id).with_for_update()
    row = (await session.scalars(query.execution_options(populate_existing=True))).one()
    return row, bool(added)


async def thread_of(session: AsyncSession, run: RitualRunRow) -> int | None:
    """The run's thread; None when it could not be opened, or nobody knows yet which message it belongs to."""
    query = select(OutboxRow.key, OutboxRow.outcome, OutboxRow.result_id)
    found = {
        key: (outcome, result_id)
        for key, outcome, result_id in await session.execute(
            query.where(OutboxRow.key.in_([run.effect_key, f"{run.effect_key}:thread"]))
        )
    }
    outcome, _ = found.get(f"{run.effect_key}:thread", ("sent", None))
    _, posted_id = found.get(run.effect_key, (None, None))
    return None if outcome in ("failed", "skipped") else run.message_id or posted_id


async def find_run_of_message(
    session: AsyncSession, guild_id: int, message_id: int, *, since: datetime
) -> RitualRunRow | None:
    """The run whose prompt is this message, if it was due after `since`."""
    query = select(RitualRunRow).where(RitualRunRow.guild_id == guild_id, RitualRunRow.at >= since)
    runs = list(await session.scalars(query))
    for run in runs:
        if run.message_id == message_id:
            return run
    by_key = {run.effect_key: run for run in runs if run.message_id is None}
    posted = select(OutboxRow.key).where(OutboxRow.key.in_(by_key), OutboxRow.result_id == message_id)
    key = await session.scalar(posted)
    return by_key[key] if key is not None else None


async def list_prompts(session: AsyncSession, ritual_id: int, states: Sequence[str]) -> list[RitualPromptRow]:
    """In the order of the queue."""
    query = (
        select(RitualPromptRow)
        .where(RitualPromptRow.ritual_id == ritual_id, RitualPromptRow.state.in_(states))
        .order_by(RitualPromptRow.position, RitualPromptRow.id)
    )
    return list(await session.scalars(query))


async def list_since(session: AsyncSession, guild_id: int, *, since: datetime) -> list[RitualRunRow]:
    """The runs of a community since then."""
    query = select(RitualRunRow).where(RitualRunRow.guild_id == guild_id, RitualRunRow.at >= since)
    return list(await session.scalars(query))


async def list_asked(session: AsyncSession, guild_id: int, *, since: datetime) -> list[RitualRunRow]:
    """The runs since then that asked something of a queue or library, the newest first."""
    query = (
        select(RitualRunRow)
        .where(RitualRunRow.guild_id == guild_id, RitualRunRow.at >= since, RitualRunRow.text.is_not(None))
        .order_by(RitualRunRow.at.desc())
    )
    return list(await session.scalars(query))


async def answered_together(session: AsyncSession, guild_id: int, one: int, other: int) -> bool:
    """Whether these two answered the same run of a ritual."""
    return await share(session, RitualAnswerRow, "run_id", guild_id, one, other)
