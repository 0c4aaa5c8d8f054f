"""Who has the role of a rota: covers, the Discord roles that I gave, and what staff changed and can take back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, OnDeletion, Personal, SeenBy
from storage.rota import RotaRow, RotaVolunteerRow
from storage.rota_turns import ACTIVE, LEFT, RotaSeatRow


class RotaCoverRow(Base):
    """For a span `in_id` stands in for `out_id`, whatever the turns say. With nobody in the one place nobody is added or
    taken out."""

    __tablename__ = "rota_covers"
    personal: ClassVar = (
        Personal(
            "out_id", what=N_("When somebody covered for you in a rotating role"), seen_by=SeenBy.COMMUNITY
        ),
        Personal(
            "in_id", what=N_("When you covered for somebody in a rotating role"), seen_by=SeenBy.COMMUNITY
        ),
        Personal("by_id", OnDeletion.DETACH, what=N_("Cover that you arranged"), seen_by=SeenBy.STAFF),
    )
    __table_args__ = (Index("ix_rota_covers_guild_id", "guild_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"), index=True)
    out_id: Mapped[int] = mapped_column(Snowflake)
    in_id: Mapped[int] = mapped_column(Snowflake)
    by_id: Mapped[int] = mapped_column(Snowflake)
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()


class RotaGrantRow(Base):
    """That I gave somebody the Discord role of a rota, or took it back. `step` counts the two, each done once."""

    __tablename__ = "rota_grants"
    personal: ClassVar = (
        Personal(what=N_("The roles that I gave you for a turn"), seen_by=SeenBy.COMMUNITY),
    )
    __table_args__ = (
        UniqueConstraint("rota_id", "member_id", "role_id"),
        Index("ix_rota_grants_guild_id", "guild_id", "role_id"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(Snowflake)
    role_id: Mapped[int] = mapped_column(Snowflake)
    given: Mapped[bool] = mapped_column()
    step: Mapped[int] = mapped_column(default=0)


class RotaChangeRow(Base):
    """Something that staff did to a rota and can take back: an edit with what was there `before`, a cover, or one seat for
    another."""

    __tablename__ = "rota_changes"
    personal: ClassVar = (
        Personal("by_id", OnDeletion.DETACH, what=N_("What you changed in a rota"), seen_by=SeenBy.STAFF),
    )
    impersonal: ClassVar = ("before",)
    __table_args__ = (Index("ix_rota_changes_guild_id", "guild_id", "rota_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(String(16))
    by_id: Mapped[int] = mapped_column(Snowflake)
    at: Mapped[datetime] = mapped_column()
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cover_id: Mapped[int | None] = mapped_column()
    out_seat: Mapped[int | None] = mapped_column()
    in_seat: Mapped[int | None] = mapped_column()


# ---------------------------------------------------------------------------------------------- reading and writing


async def list_rotas_of(session: AsyncSession, guild_id: int, member_id: int) -> list[int]:
    """The rotas that somebody has to do with: as a volunteer, in a turn, or covering."""
    found: set[int] = set()
    for query in (
        select(RotaVolunteerRow.rota_id).filter_by(guild_id=guild_id, member_id=member_id),
        select(RotaSeatRow.rota_id)
        .filter_by(guild_id=guild_id, member_id=member_id)
        .where(RotaSeatRow.state.in_(ACTIVE)),
        select(RotaCoverRow.rota_id).where(
            RotaCoverRow.guild_id == guild_id,
            or_(RotaCoverRow.in_id == member_id, RotaCoverRow.out_id == member_id),
        ),
        select(RotaGrantRow.rota_id).filter_by(guild_id=guild_id, member_id=member_id, given=True),
    ):
        found |= set(await session.scalars(query))
    return sorted(found)


async def list_covers(session: AsyncSession, rota_id: int, since: datetime) -> list[RotaCoverRow]:
    """Spans that are not over by then."""
    query = select(RotaCoverRow).where(RotaCoverRow.rota_id == rota_id, RotaCoverRow.ends_at > since)
    return list(await session.scalars(query.order_by(RotaCoverRow.id)))


async def list_grants(session: AsyncSession, guild_id: int) -> list[RotaGrantRow]:
    """The roles that I have given in this server, by which rota."""
    query = select(RotaGrantRow).filter_by(guild_id=guild_id, given=True).order_by(RotaGrantRow.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def lock_grant(session: AsyncSession, rota: RotaRow, member_id: int, role_id: int) -> RotaGrantRow:
    """The row of this role and person, made if there is none."""
    key = {"rota_id": rota.id, "member_id": member_id, "role_id": role_id}
    values = {**key, "guild_id": rota.guild_id, "given": False, "step": 0}
    await insert_if_absent(session, RotaGrantRow, [values], list(key))
    return (await session.scalars(select(RotaGrantRow).filter_by(**key).with_for_update())).one()


async def last_change(session: AsyncSession, rota_id: int) -> RotaChangeRow | None:
    query = select(RotaChangeRow).filter_by(rota_id=rota_id).order_by(RotaChangeRow.id.desc()).limit(1)
    return await session.scalar(query)


async def take_out(session: AsyncSession, rota_id: int, member_id: int) -> None:
    """Take somebody out of everything in a rota: its turns, its covers and its volunteers."""
    seats = update(RotaSeatRow).where(
        RotaSeatRow.rota_id == rota_id, RotaSeatRow.member_id == member_id, RotaSeatRow.state.in_(ACTIVE)
    )
    await session.execute(seats.values(state=LEFT, wants_cover=False))
    await session.execute(
        delete(RotaCoverRow).where(RotaCoverRow.rota_id == rota_id, RotaCoverRow.in_id == member_id)
    )
    await session.execute(
        delete(RotaVolunteerRow).where(
            RotaVolunteerRow.rota_id == rota_id, RotaVolunteerRow.member_id == member_id
        )
    )
