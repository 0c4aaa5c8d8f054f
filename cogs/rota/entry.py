"""What every use case of rotas begins with: the row, locked; whose it is; and who may."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.core import Core
from bot.errors import AlreadyDone, NotAllowed
from bot.own import Who, check_own
from cogs.rota import rules
from cogs.rota.handover import Handover
from cogs.rota.holding import Holding
from cogs.rota.model import AREA, gone, not_yours, over
from cogs.rota.planning import Planning
from cogs.rota.reading import Reading
from cogs.rota.rules import State
from storage import rota as storage
from storage import rota_turns as turn_storage
from storage.rota import RotaRow
from storage.rota_turns import RotaSeatRow, RotaTurnRow


class Entry:
    """Finds, locks and checks, for the use cases that share the mechanisms of a rota."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.planning = Planning(core)
        self.holding = Holding(core)
        self.handover = Handover(core, self.planning, self.holding)
        self.reading = Reading(core, self.holding)

    async def lock(self, session: AsyncSession, guild_id: int, rota_id: int) -> RotaRow:
        row = await storage.lock_rota(session, rota_id)
        if row is None or row.guild_id != guild_id or row.ended_at is not None:
            raise gone()
        return row

    async def own_seat(
        self, session: AsyncSession, who: Who, seat_id: int
    ) -> tuple[RotaRow, RotaTurnRow, RotaSeatRow]:
        """A seat of one's own, its turn, and its rota, which is locked. Raises `NotFound`, `AlreadyDone`."""
        found = await turn_storage.find_seat(session, seat_id)
        await check_own(self._core.features, AREA, who, found, gone=gone, somebody_elses=not_yours)
        assert found is not None
        rota = await self.lock(session, found.guild_id, found.rota_id)
        seat, turn = (
            await turn_storage.find_seat(session, seat_id),
            await turn_storage.find_turn(session, found.turn_id),
        )
        if seat is None or turn is None:
            raise gone()
        return rota, turn, seat

    @staticmethod
    def check_open(turn: RotaTurnRow, seat: RotaSeatRow) -> None:
        if turn.state not in (turn_storage.PLANNED_TURN, turn_storage.NOW):
            raise over()
        if State(seat.state) not in rules.ACTIVE:
            raise not_yours()

    @staticmethod
    async def check_free(session: AsyncSession, rota: RotaRow, turn: RotaTurnRow) -> None:
        """Raises `AlreadyDone` unless a turn that goes on has a place left."""
        seats = await turn_storage.list_seats(session, [turn.id])
        if sum(each.state == State.HOLDING for each in seats) >= rota.holders:
            raise AlreadyDone("Somebody was first, or it is not needed any more. Thank you for offering!")

    async def check_eligible(self, session: AsyncSession, rota: RotaRow, actor: Actor) -> None:
        """Raises `NotAllowed` unless the member has what it takes."""
        if rota.needs_kind is None:
            return
        core, kind, key = self._core.qualifications, rota.needs_kind, rota.needs_key or ""
        if await core.has(session, actor.guild_id, actor.member_id, kind, key, actor=actor):
            return
        raise NotAllowed(
            "This role is for people with a certain qualification. {command} says which.",
            command="`/rota show`",
        )
