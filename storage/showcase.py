"""Show-and-tell: messages that their authors put forward, and the digests in which they stood. No text of a message."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, NOBODY, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy

KEPT = timedelta(days=365)
WAITING, POSTED = "waiting", "posted"


class ShowcaseSettingsRow(Base):
    """When the digest is due by the community's clock: `weekday` 0 is Monday, `minute` counts from local midnight."""

    __tablename__ = "showcase_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    weekday: Mapped[int] = mapped_column(default=4)
    minute: Mapped[int] = mapped_column(default=17 * 60)
    schedule_id: Mapped[int | None] = (
        mapped_column()
    )  # of storage/schedules.py, once something was put forward


class ShowcaseDigestRow(Base):
    """One digest. `left` is how many had to wait for the next."""

    __tablename__ = "showcase_digests"
    personal: ClassVar = NOTHING_PERSONAL
    __table_args__ = (UniqueConstraint("guild_id", "key"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    key: Mapped[str] = mapped_column(String(40))  # its nominal time
    channel_id: Mapped[int] = mapped_column(Snowflake)
    at: Mapped[datetime] = mapped_column()
    parts: Mapped[int] = mapped_column()
    left: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    def effect_key(self, part: int) -> str:
        """The key of the effect that posts one of its cards."""
        return f"showcase.digest:{self.id}:{part}"


class ShowcaseEntryRow(Base):
    """A message put forward. `state` is asked, waiting, posted, declined or withdrawn.

    `member_id` is its author, `asked_by` who asked them, `title` what the author calls it. `people` is how many had
    reacted when the digest was drawn.
    """

    __tablename__ = "showcase_entries"
    personal: ClassVar = (
        Personal(
            keep_for=KEPT,
            since="created_at",
            what=N_("Messages of yours that you put into show-and-tell, or were asked about"),
            seen_by=SeenBy.COMMUNITY,
        ),
        Personal(
            "asked_by",
            OnDeletion.DETACH,
            keep_for=KEPT,
            since="created_at",
            what=N_("Messages of others that you would have liked to see in show-and-tell"),
            seen_by=SeenBy.COMMUNITY,
        ),
    )
    __table_args__ = (
        UniqueConstraint("guild_id", "message_id"),
        Index("ix_showcase_entries_guild_id_state", "guild_id", "state"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake, index=True)
    channel_id: Mapped[int] = mapped_column(Snowflake)
    message_id: Mapped[int] = mapped_column(Snowflake)
    title: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    created_at: Mapped[datetime] = mapped_column()
    digest_id: Mapped[int | None] = mapped_column(
        ForeignKey("showcase_digests.id", ondelete="SET NULL"), index=True
    )
    part: Mapped[int] = mapped_column(default=0)
    people: Mapped[int | None] = mapped_column()
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"))


class ShowcaseRefusalRow(Base):
    """Somebody does not want to be asked about their messages."""

    __tablename__ = "showcase_refusals"
    personal: ClassVar = (Personal(what=N_("That you do not want to be asked for show-and-tell")),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)


async def find_entry(session: AsyncSession, entry_id: int) -> ShowcaseEntryRow | None:
    return await session.get(ShowcaseEntryRow, entry_id)


async def lock_entry(session: AsyncSession, entry_id: int) -> ShowcaseEntryRow | None:
    return await session.get(ShowcaseEntryRow, entry_id, with_for_update=True, populate_existing=True)


async def add_entry(session: AsyncSession, values: dict[str, Any]) -> tuple[ShowcaseEntryRow, bool]:
    """The entry of this message, locked, and whether it is new."""
    added = await insert_if_absent(session, ShowcaseEntryRow, [values], ["guild_id", "message_id"])
    query = select(ShowcaseEntryRow).filter_by(guild_id=values["guild_id"], message_id=values["message_id"])
    found = await session.scalars(query.with_for_update().execution_options(populate_existing=True))
    return found.one(), bool(added)


async def find_of_message(session: AsyncSession, guild_id: int, message_id: int) -> ShowcaseEntryRow | None:
    query = select(ShowcaseEntryRow).filter_by(guild_id=guild_id, message_id=message_id)
    return (await session.scalars(query)).one_or_none()


async def count_asked(session: AsyncSession, guild_id: int, asked_by: int, *, since: datetime) -> int:
    """How many people's messages somebody has asked about since then."""
    query = (
        select(func.count())
        .select_from(ShowcaseEntryRow)
        .where(
            ShowcaseEntryRow.guild_id == guild_id,
            ShowcaseEntryRow.asked_by == asked_by,
            ShowcaseEntryRow.created_at >= since,
        )
    )
    return int(await session.scalar(query) or 0)


async def list_asked_by_nobody(
    session: AsyncSession, guild_id: int, *, since: datetime
) -> list[ShowcaseEntryRow]:
    """What was asked since then by somebody who is not known any more, and not answered."""
    query = select(ShowcaseEntryRow).where(
        ShowcaseEntryRow.guild_id == guild_id,
        ShowcaseEntryRow.state == "asked",
        ShowcaseEntryRow.asked_by == NOBODY,
        ShowcaseEntryRow.created_at >= since,
    )
    return list(await session.scalars(query.order_by(ShowcaseEntryRow.id)))


async def list_waiting(session: AsyncSession, guild_id: int, *, lock: bool = False) -> list[ShowcaseEntryRow]:
    """What waits for the next digest, by the time of the messages. With `lock` in a writing transaction."""
    query = select(ShowcaseEntryRow).filter_by(guild_id=guild_id, state=WAITING)
    query = query.order_by(ShowcaseEntryRow.message_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return list(await session.scalars(query))


async def list_of_digest(session: AsyncSession, digest_id: int, part: int) -> list[ShowcaseEntryRow]:
    """What stands on one card of a digest, by the time of the messages."""
    query = select(ShowcaseEntryRow).filter_by(digest_id=digest_id, part=part, state=POSTED)
    return list(await session.scalars(query.order_by(ShowcaseEntryRow.message_id)))


async def list_watched(session: AsyncSession, *, since: datetime) -> list[tuple[int, int]]:
    """Id of message and entry, of every community, for what waits or was posted since then."""
    query = select(ShowcaseEntryRow.message_id, ShowcaseEntryRow.id).where(
        ShowcaseEntryRow.state.in_(("asked", WAITING, POSTED)), ShowcaseEntryRow.created_at >= since
    )
    return [(message_id, entry_id) for message_id, entry_id in await session.execute(query)]


async def find_digest(session: AsyncSession, digest_id: int) -> ShowcaseDigestRow | None:
    return await session.get(ShowcaseDigestRow, digest_id)


async def lock_digest(session: AsyncSession, digest_id: int) -> ShowcaseDigestRow | None:
    return await session.get(ShowcaseDigestRow, digest_id, with_for_update=True, populate_existing=True)


async def list_digests(session: AsyncSession, guild_id: int, *, since: datetime) -> list[ShowcaseDigestRow]:
    query = select(ShowcaseDigestRow).where(
        ShowcaseDigestRow.guild_id == guild_id, ShowcaseDigestRow.at >= since
    )
    return list(await session.scalars(query.order_by(ShowcaseDigestRow.id)))


async def refuses(session: AsyncSession, guild_id: int, member_id: int) -> bool:
    return await session.get(ShowcaseRefusalRow, (guild_id, member_id)) is not None


async def add_refusal(session: AsyncSession, guild_id: int, member_id: int) -> None:
    key = {"guild_id": guild_id, "member_id": member_id}
    await insert_if_absent(session, ShowcaseRefusalRow, [key], list(key))


async def remove_refusal(session: AsyncSession, guild_id: int, member_id: int) -> None:
    row = await session.get(ShowcaseRefusalRow, (guild_id, member_id))
    if row is not None:
        await session.delete(row)


async def lock_entries(
    session: AsyncSession, guild_id: int, entry_ids: Collection[int]
) -> list[ShowcaseEntryRow]:
    """These entries, locked."""
    query = select(ShowcaseEntryRow).where(
        ShowcaseEntryRow.guild_id == guild_id, ShowcaseEntryRow.id.in_(entry_ids)
    )
    return list(await session.scalars(query.with_for_update()))
