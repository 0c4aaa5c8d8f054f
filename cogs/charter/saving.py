"""Writes what facilitators decided, each with its line in the audit and with what follows from it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.core import Core
from bot.i18n import N_
from bot.jobs import NewJob
from bot.outbox import Effect, EffectKind, Lane
from cogs.charter.model import FREEZE_JOB, NORMS_RENDERER, Outcome, Part, Saved
from storage import charter as storage

AREA = "charter"


class Saving:
    """Each method runs inside the caller's transaction, which holds the community's charter."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def mission(
        self, session: AsyncSession, actor: Actor, charter: storage.CharterRow, mission: str | None
    ) -> None:
        if charter.mission == mission:
            return
        before, after = {"mission": charter.mission}, {"mission": mission}
        charter.mission = mission
        charter.mission_revision += 1
        what = N_("changed the mission")
        await self._core.audit.record(session, actor, AREA, what, before=before, after=after)

    async def outcome(self, session: AsyncSession, actor: Actor, outcome: Outcome) -> None:
        row = await storage.find_outcome(session, actor.guild_id, outcome.id) if outcome.id else None
        before = _audited(row) if row is not None else None
        if row is None:
            row = storage.OutcomeRow(guild_id=actor.guild_id, revision=0)
            session.add(row)
        row.words, row.target = outcome.words, outcome.target
        row.kind, row.counted_by = outcome.kind, outcome.counted_by.value
        row.since, row.ends_at = outcome.since, outcome.ends_at
        if before == _audited(row):
            return
        row.revision += 1
        await session.flush()
        freeze = NewJob(
            FREEZE_JOB,
            key=f"{FREEZE_JOB}:{row.id}:{row.revision}",
            run_at=row.ends_at,
            guild_id=actor.guild_id,
            payload={"outcome_id": row.id, "revision": row.revision},
        )
        await self._core.jobs.enqueue(session, freeze)
        what = (
            N_("added the outcome “{outcome}”") if before is None else N_("changed the outcome “{outcome}”")
        )
        await self._core.audit.record(
            session, actor, AREA, what, before=before, after=_audited(row), outcome=row.words
        )

    async def norms(
        self,
        session: AsyncSession,
        actor: Actor,
        norms: tuple[str, ...],
        *,
        version: int,
        is_material: bool,
        channel_id: int | None,
    ) -> Saved:
        before = await storage.find_norms(session, actor.guild_id)
        row = storage.NormsRow(
            guild_id=actor.guild_id,
            version=version,
            text="\n".join(norms),
            is_material=is_material,
            published_at=self._core.clock.now(),
            published_by=actor.member_id,
        )
        session.add(row)
        await session.flush()
        await self._core.audit.record(
            session,
            actor,
            AREA,
            N_("published version {version} of the norms"),
            before={"norms": before.text if before is not None else None},
            after={"norms": row.text, "read_again": row.is_material},
            version=row.version,
        )
        posted_in = channel_id if is_material else None
        if posted_in is not None:
            post = Effect(
                kind=EffectKind.POST,
                key=f"{NORMS_RENDERER}:{actor.guild_id}:{row.version}",
                guild_id=actor.guild_id,
                channel_id=posted_in,
                renderer=NORMS_RENDERER,
                arguments={"version": row.version},
                lane=Lane.SCHEDULED,
            )
            await self._core.outbox.plan(session, post)
        return Saved(Part.NORMS, row.version, posted_in, row.is_material)

    async def removal(self, session: AsyncSession, actor: Actor, row: storage.OutcomeRow) -> None:
        what = N_("removed the outcome “{outcome}”")
        await self._core.audit.record(session, actor, AREA, what, before=_audited(row), outcome=row.words)
        await session.delete(row)


def _audited(row: storage.OutcomeRow) -> dict[str, Any]:
    return {
        "words": row.words,
        "kind": row.kind,
        "counted_by": row.counted_by,
        "target": row.target,
        "since": row.since.isoformat(),
        "ends_at": row.ends_at.isoformat(),
    }
