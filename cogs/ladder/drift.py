"""Where Discord and the ladder disagree about who has a step's role (`bot/role_drift.py`), and putting it right."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.i18n import N_, Translator
from bot.role_drift import Drift, Given
from bot.text import mention_role
from cogs.ladder.climbing import Climbing
from cogs.ladder.model import AREA, Step
from cogs.ladder.rules import State
from cogs.ladder.service import title_of
from cogs.ladder.steps import Steps
from storage import ladder as storage


class LadderRoles:
    """The roles that steps give."""

    feature = AREA

    def __init__(self, core: Core, steps: Steps, climbing: Climbing, t: Translator) -> None:
        self._core = core
        self._steps = steps
        self._climbing = climbing
        self._t = t

    async def given(self, session: AsyncSession, guild_id: int) -> Sequence[Given]:
        """Each role with everybody who holds a step that gives it."""
        by_role: dict[int, list[Step]] = {}
        for step in self._steps.of(guild_id)[1:]:
            if step.role_id is not None:
                by_role.setdefault(step.role_id, []).append(step)
        return [
            Given(
                role_id,
                title_of(steps[0], self._t),
                frozenset(await storage.list_holders(session, guild_id, [each.key for each in steps])),
            )
            for role_id, steps in by_role.items()
        ]

    async def bot_wins(self, actor: Actor, drift: Drift) -> None:
        """Give and take the role as the record says. Raises `NotAllowed`."""
        await self._check(actor)
        step = self._step(actor.guild_id, drift.role_id)
        if step is None:
            return
        occasion = f":drift:{self._core.clock.now().timestamp():.0f}"
        async with self._core.db.begin() as session:
            for member_id in (*drift.missing, *drift.extra):
                row = await self._row(session, actor.guild_id, member_id, step)
                gives = member_id in drift.missing
                await self._climbing.plan_role(session, row, step, gives=gives, occasion=occasion)
            await self._note(session, actor, N_("made Discord follow the ladder for {role}"), drift)

    async def discord_wins(self, actor: Actor, drift: Drift) -> None:
        """Take what people did by hand into the record: staff's word stands for it. Raises `NotAllowed`."""
        await self._check(actor)
        step = self._step(actor.guild_id, drift.role_id)
        if step is None:
            return
        async with self._core.db.begin() as session:
            for member_id in drift.extra:
                await self._climbing.reach(
                    session, actor.guild_id, member_id, step, confirmed_by=actor.member_id, tell=False
                )
            for member_id in drift.missing:
                row = await self._row(session, actor.guild_id, member_id, step)
                await self._climbing.fall(session, row, step, State.REVOKED, tell=False)
            await self._note(session, actor, N_("made the ladder follow Discord for {role}"), drift)

    async def _check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)

    def _step(self, guild_id: int, role_id: int) -> Step | None:
        """The lowest step that gives the role."""
        return next((each for each in self._steps.of(guild_id)[1:] if each.role_id == role_id), None)

    async def _row(
        self, session: AsyncSession, guild_id: int, member_id: int, step: Step
    ) -> storage.LadderHeldRow:
        return await storage.lock_held(session, guild_id, member_id, step.key, self._core.clock.now())

    async def _note(self, session: AsyncSession, actor: Actor, words: str, drift: Drift) -> None:
        await self._core.audit.record(session, actor, AREA, words, role=mention_role(drift.role_id))
