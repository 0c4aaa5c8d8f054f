"""The ladder: what a community changed about its steps, who holds which, and what waits for a person's word."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy

DECIDED_KEPT = timedelta(days=365)
HELD = "held"
LOST = "lost"  # what earned it was taken back; it comes back by itself when it is earned again
REVOKED = "revoked"  # taken back by staff: not given again by itself
EMERITUS = "emeritus"  # stepped down from, with honour
OPEN = "open"


class LadderStepRow(Base):
    """What a community says of a step, its own or one that ships (then None keeps what ships). `rule` has `criteria`."""

    __tablename__ = "ladder_steps"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("rule",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int | None] = mapped_column()
    title: Mapped[str | None] = mapped_column(String(60))
    text: Mapped[str | None] = mapped_column(Text)
    rule: Mapped[dict[str, Any] | None] = mapped_column()
    powers: Mapped[bool | None] = mapped_column()
    role_id: Mapped[int | None] = mapped_column(Snowflake)
    is_off: Mapped[bool] = mapped_column(default=False)


class LadderHeldRow(Base):
    """Somebody reached a step. `turn` counts the changes, for keys; `evidence` has the ids of acts under `acts`.

    `confirmed_by` is who of staff confirmed it, None where nobody had to. `doubtful`: some of what earned it was taken
    back, and a person has not decided yet.
    """

    __tablename__ = "ladder_held"
    personal: ClassVar = (
        Personal(what=N_("Which steps of the ladder you reached, and when"), seen_by=SeenBy.STAFF),
        Personal(
            "confirmed_by",
            OnDeletion.DETACH,
            what=N_("Whose steps of the ladder you confirmed"),
            seen_by=SeenBy.STAFF,
            mention=True,
        ),
    )
    impersonal: ClassVar = ("evidence",)
    __table_args__ = (UniqueConstraint("guild_id", "member_id", "step"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    step: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column()
    turn: Mapped[int] = mapped_column(default=0)
    confirmed_by: Mapped[int | None] = mapped_column(Snowflake)
    doubtful: Mapped[bool] = mapped_column(default=False)
    evidence: Mapped[dict[str, Any]] = mapped_column()
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"))


class LadderProposalRow(Base):
    """A step that a person has to decide on: to confirm it, or (`kind` doubt) whether it stays.

    `state` is open, confirmed, not_yet or over. `reason` is what staff told the member. `version` counts the changes.
    """

    __tablename__ = "ladder_proposals"
    personal: ClassVar = (
        Personal(
            keep_for=DECIDED_KEPT,
            since="decided_at",
            what=N_("Steps of the ladder that waited for staff's word, and what they said"),
            seen_by=SeenBy.STAFF,
        ),
        Personal(
            "decided_by",
            OnDeletion.DETACH,
            what=N_("On whose steps of the ladder you decided"),
            seen_by=SeenBy.STAFF,
            mention=True,
        ),
    )
    __table_args__ = (
        UniqueConstraint("guild_id", "member_id", "step", "kind"),
        Index("ix_ladder_proposals_guild_id_state", "guild_id", "state"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    step: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default=OPEN)
    made_at: Mapped[datetime] = mapped_column()
    decided_at: Mapped[datetime | None] = mapped_column()
    decided_by: Mapped[int | None] = mapped_column(Snowflake)
    reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)


async def list_all_steps(session: AsyncSession) -> Sequence[LadderStepRow]:
    """What every community changed: read once at start."""
    return list(await session.scalars(select(LadderStepRow)))


async def list_steps(session: AsyncSession, guild_id: int) -> Sequence[LadderStepRow]:
    query = select(LadderStepRow).filter_by(guild_id=guild_id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def lock_step(session: AsyncSession, guild_id: int, key: str) -> LadderStepRow:
    """The row of a step, made first where there is none."""
    values = {"guild_id": guild_id, "key": key}
    await insert_if_absent(session, LadderStepRow, [values], list(values))
    return await session.get_one(LadderStepRow, (guild_id, key), with_for_update=True, populate_existing=True)


async def list_held(session: AsyncSession, guild_id: int, member_id: int) -> Sequence[LadderHeldRow]:
    """All steps that somebody ever reached, in whatever state."""
    query = select(LadderHeldRow).filter_by(guild_id=guild_id, member_id=member_id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def list_states(session: AsyncSession, guild_id: int, member_id: int) -> dict[str, str]:
    """How each step that somebody ever reached stands: read after every act that counts, so without rows."""
    query = select(LadderHeldRow.step, LadderHeldRow.state)
    found = await session.execute(query.filter_by(guild_id=guild_id, member_id=member_id))
    return {step: state for step, state in found}  # noqa: C416 - dict() does not know rows as pairs


async def lock_held(
    session: AsyncSession, guild_id: int, member_id: int, step: str, at: datetime
) -> LadderHeldRow:
    """The row of somebody's step, made first (as lost) where there is none."""
    key = {"guild_id": guild_id, "member_id": member_id, "step": step}
    empty: dict[str, Any] = {}
    await insert_if_absent(
        session, LadderHeldRow, [key | {"state": LOST, "at": at, "evidence": empty}], list(key)
    )
    query = select(LadderHeldRow).filter_by(**key).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


async def list_holders(session: AsyncSession, guild_id: int, steps: Collection[str]) -> set[int]:
    """Who holds one of these steps."""
    query = select(LadderHeldRow.member_id).where(
        LadderHeldRow.guild_id == guild_id, LadderHeldRow.step.in_(steps), LadderHeldRow.state == HELD
    )
    return set(await session.scalars(query))


async def list_next_holders(
    session: AsyncSession, guild_id: int, step: str, *, after: int, limit: int
) -> list[LadderHeldRow]:
    """The next people by id who hold a step."""
    query = select(LadderHeldRow).filter_by(guild_id=guild_id, step=step, state=HELD)
    query = query.where(LadderHeldRow.member_id > after).order_by(LadderHeldRow.member_id).limit(limit)
    return list(await session.scalars(query))


async def count_holders(session: AsyncSession, guild_id: int) -> dict[str, int]:
    """How many people hold each step."""
    query = select(LadderHeldRow.step, func.count()).where(
        LadderHeldRow.guild_id == guild_id, LadderHeldRow.state == HELD
    )
    found = await session.execute(query.group_by(LadderHeldRow.step))
    return {step: int(n) for step, n in found}


async def add_proposal(
    session: AsyncSession, guild_id: int, member_id: int, step: str, kind: str, at: datetime
) -> tuple[LadderProposalRow, bool]:
    """The proposal, and whether it is new."""
    key = {"guild_id": guild_id, "member_id": member_id, "step": step, "kind": kind}
    added = await insert_if_absent(session, LadderProposalRow, [key | {"made_at": at}], list(key))
    query = select(LadderProposalRow).filter_by(**key).with_for_update()
    row = (await session.scalars(query.execution_options(populate_existing=True))).one()
    return row, bool(added)


async def lock_proposal(session: AsyncSession, proposal_id: int) -> LadderProposalRow | None:
    return await session.get(LadderProposalRow, proposal_id, with_for_update=True, populate_existing=True)


async def find_proposal(session: AsyncSession, proposal_id: int) -> LadderProposalRow | None:
    return await session.get(LadderProposalRow, proposal_id)


async def list_open(
    session: AsyncSession, guild_id: int, *, member_id: int | None = None, limit: int | None = None
) -> Sequence[LadderProposalRow]:
    """What waits for a decision, the oldest first."""
    query = select(LadderProposalRow).filter_by(guild_id=guild_id, state=OPEN)
    if member_id is not None:
        query = query.filter_by(member_id=member_id)
    return list(await session.scalars(query.order_by(LadderProposalRow.made_at).limit(limit)))


async def find_decision(
    session: AsyncSession, guild_id: int, member_id: int, step: str
) -> LadderProposalRow | None:
    """What waits or was last decided about somebody's step."""
    query = select(LadderProposalRow).filter_by(
        guild_id=guild_id, member_id=member_id, step=step, kind="promote"
    )
    return (await session.scalars(query)).one_or_none()
