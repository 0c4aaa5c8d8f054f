"""Five-minute tasks: the community's own, what each member was shown, and what they began and did."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, NOTHING_PERSONAL, Personal, SeenBy

KEPT = timedelta(days=365)
STARTED = "started"
DONE = "done"


class MicroSettingsRow(Base):
    """`themes_off` has a key for each theme of the shipped tasks that is switched off."""

    __tablename__ = "micro_settings"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("themes_off",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    themes_off: Mapped[dict[str, Any]] = mapped_column(default=dict)


class MicroTaskRow(Base):
    """A task of the community's own. One that was retired is offered to nobody and kept for what was done."""

    __tablename__ = "micro_tasks"
    personal: ClassVar = NOTHING_PERSONAL

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake, index=True)
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int] = mapped_column()
    level: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    theme: Mapped[str] = mapped_column(String(16))
    mood: Mapped[str] = mapped_column(String(16))
    retired: Mapped[bool] = mapped_column(default=False)


class MicroMemberRow(Base):
    """What somebody likes to be offered, and what they are being offered: `offer` holds the keys of the tasks.

    `deals` counts the offers, and with the member seeds the choice of the next.
    """

    __tablename__ = "micro_members"
    personal: ClassVar = (Personal(what=N_("Which five-minute tasks you like to be offered")),)
    impersonal: ClassVar = ("offer",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    level: Mapped[str | None] = mapped_column(String(16))
    minutes: Mapped[int | None] = mapped_column()
    mood: Mapped[str | None] = mapped_column(String(16))
    offer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    offered_at: Mapped[datetime | None] = mapped_column()
    deals: Mapped[int] = mapped_column(default=0)


class MicroSeenRow(Base):
    """When somebody was last offered a task, or did it."""

    __tablename__ = "micro_seen"
    personal: ClassVar = (
        Personal(keep_for=KEPT, since="at", what=N_("Which five-minute tasks you were offered, and when")),
    )
    __table_args__ = (UniqueConstraint("guild_id", "member_id", "task_key"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    task_key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column()


class MicroStartRow(Base):
    """A task that somebody began. `state` is started, done or let_go; `title` is what it was called to them.

    `file` names one that they gave, with its link while it is kept for them or once it was posted. `channel_id` is where
    it was shown, if they wished it.
    """

    __tablename__ = "micro_starts"
    personal: ClassVar = (
        Personal(
            keep_for=KEPT,
            since="started_at",
            what=N_("Five-minute tasks that you began or did, and what you wrote about them"),
            seen_by=SeenBy.COMMUNITY,
        ),
    )
    impersonal: ClassVar = ("file",)
    __table_args__ = (Index("ix_micro_starts_guild_id_member_id_state", "guild_id", "member_id", "state"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    task_key: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(100))
    is_ours: Mapped[bool] = mapped_column()  # the title is a gettext id
    state: Mapped[str] = mapped_column(String(16), default=STARTED)
    started_at: Mapped[datetime] = mapped_column()
    done_at: Mapped[datetime | None] = mapped_column()
    note: Mapped[str | None] = mapped_column(Text)
    file: Mapped[dict[str, Any]] = mapped_column(default=dict)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"))

    @property
    def effect_key(self) -> str:
        """The key of the effect that shows it to others."""
        return f"micro.show:{self.id}"


async def lock_member(session: AsyncSession, guild_id: int, member_id: int) -> MicroMemberRow:
    """The member's row, kept from others until the end of this writing transaction; made where there is none."""
    key = {"guild_id": guild_id, "member_id": member_id}
    await insert_if_absent(session, MicroMemberRow, [key], list(key))
    return await session.get_one(
        MicroMemberRow, (guild_id, member_id), with_for_update=True, populate_existing=True
    )


async def list_tasks(session: AsyncSession, guild_id: int) -> list[MicroTaskRow]:
    """The community's own, the retired ones too, in the order in which they were added."""
    query = select(MicroTaskRow).filter_by(guild_id=guild_id).order_by(MicroTaskRow.id)
    return list(await session.scalars(query))


async def lock_task(session: AsyncSession, guild_id: int, task_id: int) -> MicroTaskRow | None:
    row = await session.get(MicroTaskRow, task_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.guild_id == guild_id else None


async def last_seen(session: AsyncSession, guild_id: int, member_id: int) -> dict[str, datetime]:
    """When each task was last seen."""
    query = select(MicroSeenRow.task_key, MicroSeenRow.at).filter_by(guild_id=guild_id, member_id=member_id)
    return dict(iter(await session.execute(query)))


async def note_seen(
    session: AsyncSession, guild_id: int, member_id: int, keys: list[str], at: datetime
) -> None:
    """These were seen now."""
    rows = [{"guild_id": guild_id, "member_id": member_id, "task_key": key, "at": at} for key in keys]
    await insert_if_absent(session, MicroSeenRow, rows, ["guild_id", "member_id", "task_key"])
    await session.execute(
        update(MicroSeenRow)
        .where(
            MicroSeenRow.guild_id == guild_id,
            MicroSeenRow.member_id == member_id,
            MicroSeenRow.task_key.in_(keys),
        )
        .values(at=at)
    )


async def find_started(session: AsyncSession, guild_id: int, member_id: int) -> MicroStartRow | None:
    """What somebody began and has neither done nor let go. There is at most one: the member's row is locked."""
    query = select(MicroStartRow).filter_by(guild_id=guild_id, member_id=member_id, state=STARTED)
    return (await session.scalars(query.order_by(MicroStartRow.id).limit(1))).one_or_none()


async def list_done(
    session: AsyncSession, guild_id: int, member_id: int, *, since: datetime, until: datetime
) -> list[MicroStartRow]:
    """What somebody did in this time, the newest first."""
    query = select(MicroStartRow).where(
        MicroStartRow.guild_id == guild_id,
        MicroStartRow.member_id == member_id,
        MicroStartRow.state == DONE,
        MicroStartRow.done_at.between(since, until),
    )
    return list(await session.scalars(query.order_by(MicroStartRow.id.desc())))


async def find_start(session: AsyncSession, start_id: int) -> MicroStartRow | None:
    return await session.get(MicroStartRow, start_id)


async def lock_start(session: AsyncSession, start_id: int) -> MicroStartRow | None:
    return await session.get(MicroStartRow, start_id, with_for_update=True, populate_existing=True)


async def count_done(session: AsyncSession, guild_id: int, *, since: datetime) -> dict[str, int]:
    """How often each task was done since then."""
    query = (
        select(MicroStartRow.task_key, func.count())
        .where(
            MicroStartRow.guild_id == guild_id, MicroStartRow.state == DONE, MicroStartRow.done_at >= since
        )
        .group_by(MicroStartRow.task_key)
    )
    return {key: int(count) for key, count in await session.execute(query)}
