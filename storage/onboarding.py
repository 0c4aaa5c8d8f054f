"""Newcomers and their first quest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKey, String, Text, UniqueConstraint, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.acts import ActRow
from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, NOBODY, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy
from storage.privacy import DepartureRow


class OnboardingSettingsRow(Base):
    __tablename__ = "onboarding_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    welcome_channel_id: Mapped[int | None] = mapped_column(Snowflake)
    introductions_channel_id: Mapped[int | None] = mapped_column(Snowflake)
    wins_channel_id: Mapped[int | None] = mapped_column(Snowflake)
    finished_role_id: Mapped[int | None] = mapped_column(Snowflake)
    nudge_after_hours: Mapped[int] = mapped_column(default=48)  # 0: never
    kept_1_role_id: Mapped[int | None] = mapped_column(Snowflake)
    kept_2_role_id: Mapped[int | None] = mapped_column(Snowflake)
    kept_3_role_id: Mapped[int | None] = mapped_column(Snowflake)
    kept_4_role_id: Mapped[int | None] = mapped_column(Snowflake)
    kept_5_role_id: Mapped[int | None] = mapped_column(Snowflake)


class NewcomerRow(Base):
    """Somebody who joined while Lyceum was here. `pending`: the server's rules are not accepted yet.

    `screened_at` is when they had accepted them, `greeted_at` when the greeting was planned. `roles` are those among
    the community's kept roles that they had when they left.
    """

    __tablename__ = "onboarding_newcomers"
    personal: ClassVar = (
        Personal(what=N_("When you joined, when you left and with which of the roles that I give back")),
    )
    impersonal: ClassVar = ("roles",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    joined_at: Mapped[datetime] = mapped_column()
    pending: Mapped[bool] = mapped_column()
    left_at: Mapped[datetime | None] = mapped_column()
    screened_at: Mapped[datetime | None] = mapped_column()
    greeted_at: Mapped[datetime | None] = mapped_column()
    roles: Mapped[dict[str, Any] | None] = mapped_column()  # {"ids": [...]}


class QuestVersionRow(Base):
    """One version of a community's quest. A draft changes; what was published never does, since people are in it.

    `state` is draft, published (what those who begin now get, one a quest) or retired.
    """

    __tablename__ = "onboarding_quest_versions"
    personal: ClassVar = (
        Personal(
            "changed_by", OnDeletion.DETACH, what=N_("Quests that you changed as staff"), seen_by=SeenBy.STAFF
        ),
        Personal(
            "published_by",
            OnDeletion.DETACH,
            what=N_("Quests that you published as staff"),
            seen_by=SeenBy.STAFF,
        ),
    )
    impersonal: ClassVar = ("definition",)
    __table_args__ = (UniqueConstraint("guild_id", "key", "version"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    key: Mapped[str] = mapped_column(String(32))
    version: Mapped[int] = mapped_column()
    definition: Mapped[dict[str, Any]] = mapped_column()
    state: Mapped[str] = mapped_column(String(16))
    changed_at: Mapped[datetime] = mapped_column()
    changed_by: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    published_at: Mapped[datetime | None] = mapped_column()
    published_by: Mapped[int] = mapped_column(Snowflake, default=NOBODY)


class LostTargetRow(Base):
    """A channel or role of a step that was deleted. Discord never gives an id twice, so this stays true."""

    __tablename__ = "onboarding_lost_targets"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    target_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)


class QuestRow(Base):
    """A member's quest. `run` counts how often it was begun, `version` is the one that the present run follows.

    `started_at` is when the present run began: for a newcomer the moment of joining, since a hello counts from
    then on; for others their first press of Start; after that the moment of beginning anew. `path` are the steps that
    are theirs, from the first act in the run on, which was at `begun_at`. `progress_at` is when something was last
    done or left out, `nudged_run` the run in which they were reminded, `helper_id` the facilitator who looks after them.
    """

    __tablename__ = "onboarding_quests"
    personal: ClassVar = (
        Personal(what=N_("Your quests: your goal and how far you are"), seen_by=SeenBy.COMMUNITY),
        Personal(
            "helper_id",
            OnDeletion.DETACH,
            what=N_("Whom you help with a quest as staff"),
            seen_by=SeenBy.STAFF,
        ),
    )
    impersonal: ClassVar = ("path",)
    __table_args__ = (UniqueConstraint("guild_id", "member_id", "key"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    key: Mapped[str] = mapped_column(String(32))
    version: Mapped[int] = mapped_column()
    run: Mapped[int] = mapped_column(default=1)
    path: Mapped[dict[str, Any] | None] = mapped_column()
    begun_at: Mapped[datetime | None] = mapped_column()
    share_win: Mapped[bool] = mapped_column(default=False)
    progress_at: Mapped[datetime | None] = mapped_column()
    nudged_run: Mapped[int] = mapped_column(default=0)
    helper_id: Mapped[int | None] = mapped_column(Snowflake)
    started_at: Mapped[datetime | None] = mapped_column()
    finished_at: Mapped[datetime | None] = mapped_column()
    steps: Mapped[list[QuestStepRow]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="QuestStepRow.step"
    )


class QuestStepRow(Base):
    """A step that was done or skipped in the present run. `answer` is what was written in its form.

    `marked_by` is the facilitator who ticked it by hand.
    """

    __tablename__ = "onboarding_quest_steps"
    personal: ClassVar = (
        Personal(through="quest_id", what=N_("The steps of your quests, and what you answered in them")),
        Personal(
            "marked_by",
            OnDeletion.DETACH,
            what=N_("Steps that you ticked for others as staff"),
            seen_by=SeenBy.STAFF,
        ),
    )

    guild_id: Mapped[int] = mapped_column(Snowflake)
    quest_id: Mapped[int] = mapped_column(
        ForeignKey("onboarding_quests.id", ondelete="CASCADE"), primary_key=True
    )
    step: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column()
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"))
    answer: Mapped[str | None] = mapped_column(Text)
    marked_by: Mapped[int | None] = mapped_column(Snowflake)


async def find_newcomer(session: AsyncSession, guild_id: int, member_id: int) -> NewcomerRow | None:
    return await session.get(NewcomerRow, (guild_id, member_id))


async def lock_newcomer(session: AsyncSession, guild_id: int, member_id: int) -> NewcomerRow | None:
    """The newcomer as they stand now, kept from others until the end of this writing transaction."""
    return await session.get(NewcomerRow, (guild_id, member_id), with_for_update=True, populate_existing=True)


async def add_newcomer(
    session: AsyncSession, guild_id: int, member_id: int, *, joined_at: datetime, pending: bool
) -> bool:
    """Insert the newcomer. False when they are known already."""
    row = {
        "guild_id": guild_id,
        "member_id": member_id,
        "joined_at": joined_at,
        "pending": pending,
    }
    return bool(await insert_if_absent(session, NewcomerRow, [row], ["guild_id", "member_id"]))


async def list_newcomers(session: AsyncSession, guild_id: int) -> Sequence[NewcomerRow]:
    return list(await session.scalars(select(NewcomerRow).filter_by(guild_id=guild_id)))


async def list_ungreeted(session: AsyncSession, guild_id: int, *, since: datetime) -> Sequence[NewcomerRow]:
    """Who joined after `since`, is here, may read, and was not greeted; locked."""
    query = select(NewcomerRow).filter_by(guild_id=guild_id, pending=False, left_at=None, greeted_at=None)
    query = query.where(NewcomerRow.joined_at > since).order_by(NewcomerRow.joined_at)
    return list(await session.scalars(query.with_for_update()))


async def get_quest(
    session: AsyncSession, guild_id: int, member_id: int, key: str, *, version: int
) -> QuestRow:
    """The member's quest, locked; made first, on this version, where there is none."""
    wanted = {"guild_id": guild_id, "member_id": member_id, "key": key}
    await insert_if_absent(session, QuestRow, [{**wanted, "version": version}], list(wanted))
    return (await session.scalars(select(QuestRow).filter_by(**wanted).with_for_update(of=QuestRow))).one()


async def lock_quests(session: AsyncSession, guild_id: int, member_id: int) -> Sequence[QuestRow]:
    """All quests of the member, locked, in the order of their beginning."""
    query = select(QuestRow).filter_by(guild_id=guild_id, member_id=member_id).order_by(QuestRow.id)
    return list(await session.scalars(query.with_for_update(of=QuestRow)))


async def lock_quest(session: AsyncSession, quest_id: int) -> QuestRow | None:
    return await session.get(QuestRow, quest_id, with_for_update={"of": QuestRow}, populate_existing=True)


async def find_quest(session: AsyncSession, guild_id: int, member_id: int, key: str) -> QuestRow | None:
    query = select(QuestRow).filter_by(guild_id=guild_id, member_id=member_id, key=key)
    return (await session.scalars(query)).one_or_none()


async def list_quests(session: AsyncSession, guild_id: int, member_id: int) -> Sequence[QuestRow]:
    query = select(QuestRow).filter_by(guild_id=guild_id, member_id=member_id)
    return list(await session.scalars(query.order_by(QuestRow.id)))


async def find_quest_by_id(session: AsyncSession, quest_id: int) -> QuestRow | None:
    return await session.get(QuestRow, quest_id)


async def list_unfinished(session: AsyncSession) -> Sequence[QuestRow]:
    """Every quest that is not finished, of members who are still here: read once at start."""
    return list(await session.scalars(select(QuestRow).where(QuestRow.finished_at.is_(None), ~_has_left())))


async def has_act(session: AsyncSession, guild_id: int, member_id: int, kind: str, subject: str) -> bool:
    """Whether this act by the member stands."""
    query = select(ActRow.id).filter_by(
        guild_id=guild_id, member_id=member_id, kind=kind, subject=subject, retracted_at=None
    )
    return await session.scalar(query.limit(1)) is not None


async def add_version(session: AsyncSession, row: Mapping[str, Any]) -> bool:
    """Insert a version. False when its number is taken."""
    return bool(await insert_if_absent(session, QuestVersionRow, [row], ["guild_id", "key", "version"]))


async def list_versions(
    session: AsyncSession, guild_id: int, key: str | None = None
) -> Sequence[QuestVersionRow]:
    """The versions of a community's quests, the oldest first."""
    query = select(QuestVersionRow).filter_by(guild_id=guild_id)
    if key is not None:
        query = query.filter_by(key=key)
    return list(await session.scalars(query.order_by(QuestVersionRow.key, QuestVersionRow.version)))


async def find_version(
    session: AsyncSession, guild_id: int, key: str, version: int
) -> QuestVersionRow | None:
    query = select(QuestVersionRow).filter_by(guild_id=guild_id, key=key, version=version)
    return (await session.scalars(query)).one_or_none()


async def find_in_state(
    session: AsyncSession, guild_id: int, key: str, state: str, *, lock: bool = False
) -> QuestVersionRow | None:
    """The newest version in this state; locked until the end of a writing transaction if asked for."""
    query = select(QuestVersionRow).filter_by(guild_id=guild_id, key=key, state=state)
    query = query.order_by(QuestVersionRow.version.desc()).limit(1)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def count_people(session: AsyncSession, guild_id: int) -> Mapping[tuple[str, int], int]:
    """How many members have each quest, by key and version."""
    query = select(QuestRow.key, QuestRow.version, func.count()).filter_by(guild_id=guild_id)
    rows = await session.execute(query.group_by(QuestRow.key, QuestRow.version))
    return {(key, version): count for key, version, count in rows}


async def add_lost_target(session: AsyncSession, guild_id: int, target_id: int) -> bool:
    row = {"guild_id": guild_id, "target_id": target_id}
    return bool(await insert_if_absent(session, LostTargetRow, [row], list(row)))


async def list_lost_targets(session: AsyncSession) -> Sequence[LostTargetRow]:
    return list(await session.scalars(select(LostTargetRow)))


async def lost_targets_of(session: AsyncSession, guild_id: int) -> frozenset[int]:
    query = select(LostTargetRow.target_id).filter_by(guild_id=guild_id)
    return frozenset(await session.scalars(query))


async def count_in_the_middle(session: AsyncSession, guild_id: int) -> Mapping[tuple[str, int], int]:
    """How many members who are here began each quest and have not finished it, by key and version."""
    query = select(QuestRow.key, QuestRow.version, func.count()).filter_by(
        guild_id=guild_id, finished_at=None
    )
    query = query.where(QuestRow.path.is_not(None), ~_is_gone()).group_by(QuestRow.key, QuestRow.version)
    return {(key, version): count for key, version, count in await session.execute(query)}


async def list_unfinished_of_guild(session: AsyncSession, guild_id: int) -> Sequence[QuestRow]:
    """The unfinished quests of members who are here, longest without progress first."""
    query = select(QuestRow).where(QuestRow.guild_id == guild_id, QuestRow.finished_at.is_(None), ~_is_gone())
    return list(await session.scalars(query.order_by(QuestRow.progress_at, QuestRow.id)))


async def list_of_key(session: AsyncSession, guild_id: int, key: str) -> Sequence[QuestRow]:
    return list(await session.scalars(select(QuestRow).filter_by(guild_id=guild_id, key=key)))


async def first_acts_elsewhere(
    session: AsyncSession, guild_id: int, own: Sequence[str]
) -> Mapping[int, datetime]:
    """When each member first did something that stands and whose kind does not begin like one of `own`."""
    query = select(ActRow.member_id, func.min(ActRow.at))
    query = query.where(ActRow.guild_id == guild_id, ActRow.retracted_at.is_(None))
    for prefix in own:
        query = query.where(~ActRow.kind.startswith(prefix, autoescape=True))
    rows = await session.execute(query.group_by(ActRow.member_id))
    return {row[0]: row[1] for row in rows}


def _has_left() -> ColumnElement[bool]:
    gone = select(NewcomerRow.member_id).where(
        NewcomerRow.guild_id == QuestRow.guild_id,
        NewcomerRow.member_id == QuestRow.member_id,
        NewcomerRow.left_at.is_not(None),
    )
    return gone.exists()


def _is_gone() -> ColumnElement[bool]:
    """As `_has_left`, also of those who were here before Lyceum and are no newcomers."""
    departed = select(DepartureRow.member_id).where(
        DepartureRow.guild_id == QuestRow.guild_id, DepartureRow.member_id == QuestRow.member_id
    )
    return or_(_has_left(), departed.exists())
