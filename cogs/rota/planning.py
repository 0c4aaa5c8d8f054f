"""Who is to have the next turns: gathers what counts, lets `bot/matching/rotation.py` plan, and writes it down.

All within the caller's transaction, which has locked the rota. Who is only pencilled in may change with each plan; who
was asked, said yes, swapped or was put in by staff stays, also when the rota's hours are changed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy.ext.asyncio import AsyncSession

from bot import nominal_times
from bot.core import Core
from bot.matching.rotation import Rotation, rotate
from bot.matching.rotation import Turn as Slots
from cogs.rota import rules
from cogs.rota.rules import HORIZON, How, Span, State
from storage import rota as storage
from storage import rota_turns as turn_storage
from storage.rota import RotaRow, RotaVolunteerRow
from storage.rota_turns import RotaSeatRow, RotaTurnRow

SEAT = "seat"
KICKS = 6
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class People:
    """Who can take turns in a rota. `volunteers` are those who may, and are in the server; `gone` have left it."""

    volunteers: dict[int, RotaVolunteerRow]
    paused: dict[int, datetime]
    gone: frozenset[int]
    away: tuple[Span, ...]
    apart: frozenset[tuple[int, int]]

    def is_absent(self, member_id: int, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether they pause or are away in this span, or have left the server."""
        return (
            member_id in self.gone
            or self.paused.get(member_id, starts_at) > starts_at
            or any(each.member_id == member_id and each.meets(starts_at, ends_at) for each in self.away)
        )

    def present(self, starts_at: datetime, ends_at: datetime) -> list[int]:
        """The volunteers who are there."""
        return [each for each in self.volunteers if not self.is_absent(each, starts_at, ends_at)]

    def may_sit_with(self, member_id: int, others: Collection[int]) -> bool:
        return not any((min(member_id, each), max(member_id, each)) in self.apart for each in others)


class Planning:
    """Plans the turns of a rota."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def people(self, session: AsyncSession, rota: RotaRow) -> People:
        """Who can take turns, as things stand."""
        now = self._core.clock.now()
        listed = await storage.list_volunteers(session, rota.id)
        unable: set[int] = set()
        if rota.needs_kind is not None:
            unable = await self._core.qualifications.lacking(
                session,
                rota.guild_id,
                rota.needs_kind,
                rota.needs_key or "",
                [row.member_id for row, _, _ in listed],
            )
        away = await storage.list_away(session, rota.guild_id, now - _DAY)
        return People(
            {row.member_id: row for row, _, left in listed if not left and row.member_id not in unable},
            {row.member_id: paused for row, paused, _ in listed if paused is not None},
            frozenset(row.member_id for row, _, left in listed if left),
            tuple(Span(each.member_id, each.starts_at, each.ends_at) for each in away),
            await self._core.avoidances.list_blocked(session, rota.guild_id),
        )

    async def replan(
        self, session: AsyncSession, rota: RotaRow, *, due: RotaTurnRow | None = None
    ) -> list[RotaSeatRow]:
        """Bring the turns ahead up to date: which they are, and who is pencilled in. `due` is one that begins now.

        Returns the seats of those who had been asked, or had said yes, and cannot be there any more.
        """
        if rota.ended_at is not None:
            return []
        turns = await self._turns(session, rota)
        if due is not None:
            turns = [due, *(each for each in turns if each.id != due.id)]
        people = await self.people(session, rota)
        seats: dict[int, list[RotaSeatRow]] = {each.id: [] for each in turns}
        for seat in await turn_storage.list_seats(session, list(seats)):
            seats[seat.turn_id].append(seat)
        let_go = self._let_go(people, turns, seats)
        await self._pencil_in(session, rota, people, turns, seats)
        await session.flush()
        return let_go

    def _let_go(
        self, people: People, turns: Sequence[RotaTurnRow], seats: dict[int, list[RotaSeatRow]]
    ) -> list[RotaSeatRow]:
        """Who said yes, or was asked, and cannot be there any more."""
        found: list[RotaSeatRow] = []
        for turn in turns:
            for seat in seats[turn.id]:
                if seat.state not in (State.PLANNED, State.ACCEPTED) or is_draft(seat):
                    continue
                if seat.member_id in people.gone:
                    seat.state = State.LEFT.value
                elif people.is_absent(seat.member_id, turn.starts_at, turn.ends_at):
                    seat.state = State.PASSED.value
                elif seat.how == How.DRAWN and seat.member_id not in people.volunteers:
                    seat.state = State.LEFT.value
                else:
                    continue
                found.append(seat)
        return found

    async def _pencil_in(
        self,
        session: AsyncSession,
        rota: RotaRow,
        people: People,
        turns: Sequence[RotaTurnRow],
        seats: dict[int, list[RotaSeatRow]],
    ) -> None:
        served = await self.loads(session, rota, people)
        owed = {who for who, row in people.volunteers.items() if row.owed}
        order = rules.planning_order(served, owed, rota.seed)
        asked: list[Slots] = []
        for turn in turns:
            pinned = [each.member_id for each in seats[turn.id] if _is_pinned(each)]
            out = {each.member_id for each in seats[turn.id] if not is_draft(each)}
            present = set(people.present(turn.starts_at, turn.ends_at)) - out
            there = [str(each) for each in order if each in present][: rules.most_candidates(rota.holders)]
            free = max(0, rota.holders - len(pinned))
            asked.append(Slots((SEAT,) * free, tuple(there), tuple((str(each), SEAT) for each in pinned)))
        plan = rotate(
            Rotation(
                tuple(asked),
                {(str(who), SEAT): count for who, count in served.items()},
                frozenset((str(who), SEAT) for who in await self._last_holders(session, rota, turns)),
                frozenset(map(str, owed)),
                apart=frozenset((str(one), str(other)) for one, other in people.apart),
            ),
            rota.seed,
            kicks=KICKS,
        )
        for turn, chosen in zip(turns, plan, strict=True):
            wanted = {int(each) for each in chosen if each is not None}
            for seat in seats[turn.id]:
                if is_draft(seat) and seat.member_id not in wanted:
                    await session.delete(seat)
                wanted.discard(seat.member_id)
            await session.flush()
            for member_id in sorted(wanted):
                session.add(new_seat(turn, member_id, State.PLANNED, How.DRAWN))

    async def loads(self, session: AsyncSession, rota: RotaRow, people: People) -> dict[int, int]:
        """How many turns each counts as having served, the present one included."""
        served = await turn_storage.count_served(session, rota.id)
        return {who: row.base + served.get(who, 0) for who, row in people.volunteers.items()}

    async def _last_holders(
        self, session: AsyncSession, rota: RotaRow, turns: Sequence[RotaTurnRow]
    ) -> frozenset[int]:
        """Who held the role in the turn before these."""
        first = min((each.starts_at for each in turns), default=self._core.clock.now())
        return await self._holders_until(session, rota, first, turn_storage.NOW)

    async def holders_before(self, session: AsyncSession, rota: RotaRow, turn: RotaTurnRow) -> frozenset[int]:
        """Who holds, or is to hold, the role in the turn before this one."""
        return await self._holders_until(
            session, rota, turn.starts_at, turn_storage.NOW, turn_storage.PLANNED_TURN
        )

    async def _holders_until(
        self, session: AsyncSession, rota: RotaRow, first: datetime, *states: str
    ) -> frozenset[int]:
        known = [
            *await turn_storage.list_last_turns(session, rota.id, 1),
            *await turn_storage.list_turns(session, rota.id, *states),
        ]
        before = [each for each in known if each.starts_at < first and each.state != turn_storage.MISSED]
        if not before:
            return frozenset()
        last = max(before, key=lambda each: each.starts_at)
        seats = await turn_storage.list_seats(session, [last.id])
        held = (State.PLANNED, State.ACCEPTED, State.HOLDING, State.SERVED)
        return frozenset(each.member_id for each in seats if each.state in held)

    async def _turns(self, session: AsyncSession, rota: RotaRow) -> list[RotaTurnRow]:
        """The turns ahead, as many as are planned; those that are known keep who is in them when their hours change."""
        coming = await self.coming(session, rota)
        ahead, last = coming[:HORIZON], coming[HORIZON:]
        now = self._core.clock.now()
        known = [
            each
            for each in await turn_storage.list_turns(session, rota.id, turn_storage.PLANNED_TURN)
            if each.starts_at > now
        ]
        by_nominal = {each.nominal: each for each in known}
        nominals = {nominal for nominal, _ in ahead}
        moving = [each for each in known if each.nominal not in nominals]
        free = [(nominal, at) for nominal, at in ahead if nominal not in by_nominal]
        for row, number in zip(
            moving, rules.matched([each.starts_at for each in moving], [at for _, at in free]), strict=True
        ):
            if number is None:
                await session.delete(row)
            else:
                row.nominal, row.starts_at = free[number]
                by_nominal[row.nominal] = row
        await session.flush()
        turns: list[RotaTurnRow] = []
        for nominal, at in ahead:
            row = by_nominal.get(nominal)
            if row is None:
                row = RotaTurnRow(
                    guild_id=rota.guild_id, rota_id=rota.id, nominal=nominal, starts_at=at, ends_at=at
                )
                session.add(row)
            row.starts_at = at
            turns.append(row)
        ends = [*(each.starts_at for each in turns[1:]), *(at for _, at in last)]
        for row, end in zip(turns, ends, strict=False):
            row.ends_at = end
        for row in await turn_storage.list_turns(session, rota.id, turn_storage.NOW):
            row.ends_at = turns[0].starts_at if turns else row.ends_at
        await session.flush()
        return turns

    async def coming(self, session: AsyncSession, rota: RotaRow) -> list[tuple[str, datetime]]:
        """The next hand-overs, one more than are planned: local beginning and instant. None while nothing is scheduled."""
        schedule = await self._core.schedules.find(session, rota.schedule_id or 0)
        if schedule is None or schedule.paused or schedule.next_run_at is None:
            return []
        now, first = self._core.clock.now(), schedule.next_run_at
        mark = nominal_times.local_now(now, schedule.zone) - _DAY
        all_of_them = (
            (nominal.isoformat(), nominal_times.to_instant(nominal, schedule.zone))
            for nominal in nominal_times.occurrences(schedule.rule, mark)
        )
        return list(islice((each for each in all_of_them if each[1] > now and each[1] >= first), HORIZON + 1))


def is_draft(seat: RotaSeatRow) -> bool:
    """Whether somebody is only pencilled in, and knows nothing of it."""
    return (
        seat.state == State.PLANNED
        and seat.how == How.DRAWN
        and seat.asked_at is None
        and not seat.wants_cover
    )


def _is_pinned(seat: RotaSeatRow) -> bool:
    return seat.state in (State.PLANNED, State.ACCEPTED, State.HOLDING) and not is_draft(seat)


def new_seat(turn: RotaTurnRow, member_id: int, state: State, how: How, for_id: int = 0) -> RotaSeatRow:
    return RotaSeatRow(
        guild_id=turn.guild_id,
        rota_id=turn.rota_id,
        turn_id=turn.id,
        member_id=member_id,
        state=state.value,
        how=how.value,
        for_id=for_id,
        wants_cover=False,
        wanted=0,
    )
