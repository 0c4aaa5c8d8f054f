"""Reads a rota with its turns, for cards."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from cogs.rota.holding import Holding
from cogs.rota.model import Mine, Rota, Seat, Turn, shape_of
from cogs.rota.planning import is_draft
from cogs.rota.rules import Cover, How, State
from storage import rota as storage
from storage import rota_holding as holding_storage
from storage import rota_turns as turn_storage
from storage.rota import RotaRow
from storage.rota_turns import RotaSeatRow, RotaTurnRow


class Reading:
    """Turns rows into values."""

    def __init__(self, core: Core, holding: Holding) -> None:
        self._core = core
        self._holding = holding

    async def rota(self, session: AsyncSession, row: RotaRow, *, besides: int | None = None) -> Rota:
        """The rota as it stands, with one turn `besides`."""
        now = self._core.clock.now()
        present = await turn_storage.list_turns(session, row.id, turn_storage.NOW)
        ahead = [
            each
            for each in await turn_storage.list_turns(session, row.id, turn_storage.PLANNED_TURN)
            if each.starts_at > now
        ]
        before = await turn_storage.list_last_turns(session, row.id, 1)
        since = min((each.starts_at for each in (*before, *present)), default=now)
        covers = [
            Cover(each.out_id, each.in_id, each.starts_at, each.ends_at)
            for each in await holding_storage.list_covers(session, row.id, since)
        ]
        other = await turn_storage.find_turn(session, besides) if besides is not None else None
        others = [other] if other is not None and other.rota_id == row.id else []
        rows = [*before, *present, *ahead, *others]
        seats = await turn_storage.list_seats(session, [each.id for each in rows])
        served = await turn_storage.count_served(session, row.id)
        turns = {each.id: _turn(each, seats, covers, served) for each in rows}
        needs = None
        if row.needs_kind is not None:
            needs = await self._core.qualifications.find(
                session, row.guild_id, row.needs_kind, row.needs_key or ""
            )
        schedule = await self._core.schedules.find(session, row.schedule_id or 0)
        return Rota(
            id=row.id,
            guild_id=row.guild_id,
            shape=shape_of(row),
            role_id=row.role_id,
            channel_id=await self._holding.channel_of(session, row),
            own_channel_id=row.channel_id,
            has_needs=row.needs_kind is not None,
            needs=needs.title if needs is not None else None,
            needs_ours=needs is not None and needs.ours,
            needs_key=f"{row.needs_kind}:{row.needs_key}" if row.needs_kind is not None else None,
            volunteers=len(await storage.list_volunteers(session, row.id)),
            now=turns[present[0].id] if present else None,
            before=turns[before[0].id] if before else None,
            ahead=tuple(turns[each.id] for each in ahead),
            others=tuple(turns[each.id] for each in others),
            is_held=schedule is not None and schedule.held,
            is_ended=row.ended_at is not None,
        )

    async def mine(self, session: AsyncSession, row: RotaRow, member_id: int) -> Mine:
        """The rota as one member sees it."""
        now = self._core.clock.now()
        away = [
            each.ends_at
            for each in await storage.list_away(session, row.guild_id, now)
            if each.member_id == member_id
        ]
        volunteer = await storage.find_volunteer(session, row.id, member_id)
        return Mine(
            await self.rota(session, row),
            member_id,
            volunteer is not None,
            max(away, default=None),
            comes_first=volunteer is not None and volunteer.owed,
        )


def _turn(row: RotaTurnRow, seats: list[RotaSeatRow], covers: list[Cover], served: dict[int, int]) -> Turn:
    mine = tuple(_seat(each, served) for each in seats if each.turn_id == row.id)
    touching = tuple(each for each in covers if each.starts_at < row.ends_at and row.starts_at < each.ends_at)
    return Turn(row.id, row.starts_at, row.ends_at, row.state, mine, touching, row.note, row.note_by)


def _seat(row: RotaSeatRow, served: dict[int, int]) -> Seat:
    first = served.get(row.member_id, 0) <= (1 if row.state == State.HOLDING else 0)
    return Seat(
        row.id,
        row.turn_id,
        row.member_id,
        State(row.state),
        How(row.how),
        row.for_id,
        not is_draft(row),
        row.wants_cover,
        row.note,
        first,
    )
