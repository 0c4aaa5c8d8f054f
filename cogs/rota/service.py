"""What members do with rotas: volunteer, answer, be away, look for cover, take over, and hand on what is open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.i18n import Translator
from bot.own import Who
from bot.text import quote
from bot.time_input import parse_moment
from cogs.rota import rules
from cogs.rota.entry import Entry
from cogs.rota.model import Mine, Rota, gone
from cogs.rota.rules import State
from cogs.rota.swaps import Swaps
from storage import members as member_storage
from storage import rota as storage
from storage import rota_holding as holding_storage
from storage import rota_turns as turn_storage
from storage.rota import RotaRow
from storage.rota_turns import RotaTurnRow


class RotaService:
    """The use cases of members."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._entry = Entry(core)
        self.planning, self.holding = self._entry.planning, self._entry.holding
        self.handover, self.reading = self._entry.handover, self._entry.reading
        self.swaps = Swaps(core, self._entry)
        self.check_free = self._entry.check_free

    # ------------------------------------------------------------------------------------------ looking

    async def list_rotas(self, actor: Actor) -> tuple[Mine, ...]:
        """All rotas of the server."""
        async with self._core.db.read() as session:
            rows = await storage.list_rotas(session, actor.guild_id)
            return tuple([await self.reading.mine(session, each, actor.member_id) for each in rows])

    async def look(self, actor: Actor, rota_id: int) -> Mine:
        """One rota. Raises `NotFound`."""
        async with self._core.db.read() as session:
            row = await storage.find_rota(session, rota_id)
            if row is None or row.guild_id != actor.guild_id or row.ended_at is not None:
                raise gone()
            return await self.reading.mine(session, row, actor.member_id)

    async def find(self, actor: Actor, typed: str | None) -> Mine:
        """The rota of this name; without one, the only one. Raises `NotFound`."""
        found = await self.list_rotas(actor)
        if not found:
            raise NotFound(
                "There is no rota here yet. Facilitators make one with {command}.",
                command="`/manage rota desk`",
            )
        if typed is None:
            if len(found) == 1:
                return found[0]
            raise InvalidInput(
                "There are several rotas. Please choose one from the list of the option {option}.",
                option="`role`",
            )
        wanted = typed.strip().casefold()
        for each in found:
            if wanted in (str(each.rota.id), each.rota.shape.name.casefold()):
                return each
        raise gone()

    async def names(self, guild_id: int) -> list[tuple[int, str]]:
        """Ids and names, for completing what is typed."""
        async with self._core.db.read() as session:
            return [(each.id, each.name) for each in await storage.list_rotas(session, guild_id)]

    async def find_for_drawing(
        self, rota_id: int, turn_id: int | None = None, seat_id: int | None = None
    ) -> Rota | None:
        """The rota with this turn, or that of this seat; None when it is gone."""
        async with self._core.db.read() as session:
            row = await storage.find_rota(session, rota_id)
            seat = await turn_storage.find_seat(session, seat_id) if seat_id is not None else None
            besides = seat.turn_id if seat is not None else turn_id
            return await self.reading.rota(session, row, besides=besides) if row is not None else None

    # ------------------------------------------------------------------------------------------ volunteering

    async def join(self, actor: Actor, rota_id: int) -> Mine:
        """Take turns from now on. Twice is once. Raises `NotAllowed` when something is lacking for it."""
        async with self._core.db.begin() as session:
            rota = await self._entry.lock(session, actor.guild_id, rota_id)
            await self._entry.check_eligible(session, rota, actor)
            people = await self.planning.people(session, rota)
            base = rules.newcomers_base((await self.planning.loads(session, rota, people)).values())
            served = (await turn_storage.count_served(session, rota.id)).get(actor.member_id, 0)
            now = self._core.clock.now()
            if await storage.add_volunteer(session, rota, actor.member_id, max(0, base - served), now):
                await self.handover.look_ahead(session, rota)
            return await self.reading.mine(session, rota, actor.member_id)

    async def leave(self, actor: Actor, rota_id: int) -> Mine:
        """Take no more turns. One that has begun stays until its end or until somebody takes it."""
        async with self._core.db.begin() as session:
            rota = await self._entry.lock(session, actor.guild_id, rota_id)
            row = await storage.find_volunteer(session, rota.id, actor.member_id)
            if row is None:
                raise AlreadyDone(
                    "You take no turns in {typed}, so there is nothing to leave.", typed=rota.name
                )
            await session.delete(row)
            for turn in await turn_storage.list_turns(session, rota.id, turn_storage.PLANNED_TURN):
                for seat in await turn_storage.list_seats(session, [turn.id]):
                    if seat.member_id == actor.member_id and seat.state in (State.PLANNED, State.ACCEPTED):
                        await self.holding.end_question(session, seat)
                        await self.holding.relieve(session, turn, seat, State.LEFT)
            await session.flush()
            await self.handover.look_ahead(session, rota)
            return await self.reading.mine(session, rota, actor.member_id)

    async def away(self, actor: Actor, start: str | None, end: str) -> tuple[datetime, datetime]:
        """Take no turn in this span, in no rota. The two are in the member's own words. Raises `InvalidInput`."""
        now = self._core.clock.now()
        config = await self._core.configs.guild(actor.guild_id)
        async with self._core.db.begin() as session:
            member = await member_storage.find_member(session, actor.guild_id, actor.member_id)
            zone = (member.zone if member is not None else None) or config.zone
            locale = actor.locale or "en"
            starts_at = parse_moment(start, now=now, zone=zone, locale=locale).at if start else now
            ends_at = parse_moment(end, now=now, zone=zone, locale=locale, end_of_day=True).at
            rules.check_away(starts_at, ends_at)
            session.add(
                storage.RotaAwayRow(
                    guild_id=actor.guild_id, member_id=actor.member_id, starts_at=starts_at, ends_at=ends_at
                )
            )
            await session.flush()
            await self._look_ahead_for(session, actor)
        return starts_at, ends_at

    async def be_back(self, actor: Actor) -> int:
        """Not away any more. How many spans that ends."""
        async with self._core.db.begin() as session:
            count = await storage.clear_away(session, actor.guild_id, actor.member_id, self._core.clock.now())
            await self._look_ahead_for(session, actor)
        return count

    async def _look_ahead_for(self, session: AsyncSession, actor: Actor) -> None:
        for rota_id in await holding_storage.list_rotas_of(session, actor.guild_id, actor.member_id):
            rota = await storage.lock_rota(session, rota_id)
            if rota is not None and rota.ended_at is None:
                await self.handover.look_ahead(session, rota)

    # ------------------------------------------------------------------------------------------ answering

    async def accept(self, who: Who, seat_id: int) -> Mine:
        """I'm in. In a turn that goes on already it begins at once."""
        async with self._core.db.begin() as session:
            rota, turn, seat = await self._entry.own_seat(session, who, seat_id)
            if seat.state == State.SILENT and turn.state == turn_storage.PLANNED_TURN:
                raise AlreadyDone(
                    "Somebody else was asked meanwhile. {command} shows who has it.", command="`/rota show`"
                )
            self._entry.check_open(turn, seat)
            if seat.state == State.PLANNED:
                if turn.state == turn_storage.NOW:
                    await self._entry.check_free(session, rota, turn)
                    seat.state, seat.since = State.HOLDING.value, self._core.clock.now()
                    await self.handover.refresh(session, rota)
                else:
                    seat.state = State.ACCEPTED.value
            await session.flush()
            return await self.reading.mine(session, rota, who.member_id)

    async def skip(self, who: Who, seat_id: int) -> Mine:
        """Pass: the next one is asked, and this one comes first in the turn after."""
        async with self._core.db.begin() as session:
            rota, turn, seat = await self._entry.own_seat(session, who, seat_id)
            self._entry.check_open(turn, seat)
            if seat.state == State.HOLDING:
                raise AlreadyDone(
                    "This turn has begun. {command} asks the others to take it.", command="`/rota swap`"
                )
            await self.holding.end_wish(session, seat)
            seat.state = State.PASSED.value
            volunteer = await storage.find_volunteer(session, rota.id, who.member_id)
            if volunteer is not None:
                volunteer.skips += 1
                volunteer.owed = rules.is_owed(volunteer.skips)
            await session.flush()
            await self.handover.look_ahead(session, rota)
            await self._tell_if_empty(session, rota, turn)
            return await self.reading.mine(session, rota, who.member_id)

    async def _tell_if_empty(self, session: AsyncSession, rota: RotaRow, turn: RotaTurnRow) -> None:
        """Everybody has declined: staff hear of it once for each turn."""
        seats = await turn_storage.list_seats(session, [turn.id])
        if not any(each.state in (State.PLANNED, State.ACCEPTED, State.HOLDING) for each in seats):
            await self.holding.tell_staff(session, rota, "declined", f"{turn.id}", {"turn_id": turn.id})

    # ------------------------------------------------------------------------------------------ the member's card

    async def card_line(
        self, session: AsyncSession, guild_id: int, member_id: int, t: Translator
    ) -> str | None:
        """The line of a member's card: the roles that they have served in."""
        served = await turn_storage.list_served_of(session, guild_id, member_id)
        if not served:
            return None
        return ", ".join(
            f"{quote(name, 80)} ({t.tn('{n} turn', '{n} turns', count)})" for name, count in served
        )
