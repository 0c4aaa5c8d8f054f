"""Facilitators act for others in a rota, and take back what they did. Each raises `NotAllowed` for others."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput
from bot.i18n import N_
from bot.role_drift_model import Drift, Given
from bot.text import quote
from bot.time_input import parse_moment
from cogs.rota import rules
from cogs.rota.model import AREA, Rota, not_yours
from cogs.rota.rules import How, State
from cogs.rota.service import RotaService
from cogs.rota.staff import COVER, EDIT, SEAT, RotaStaff, shape_from
from storage import rota as storage
from storage import rota_holding as holding_storage
from storage import rota_turns as turn_storage
from storage.rota_holding import RotaChangeRow


class RotaActing:
    """Cover, acting for somebody, putting somebody in, and undoing it; and who is right about a role."""

    feature = AREA

    def __init__(self, core: Core, service: RotaService, staff: RotaStaff) -> None:
        self._core = core
        self._service = service
        self._staff = staff

    # ------------------------------------------------------------------------------------------ acting for others

    async def cover(
        self, actor: Actor, rota_id: int, out_id: int, in_id: int, start: str | None, end: str
    ) -> Rota:
        """For a span somebody stands in for somebody, or is added (`out_id` 0), or taken out (`in_id` 0)."""
        config = await self._staff.check(actor)
        now = self._core.clock.now()
        zone, locale = config.zone, actor.locale or "en"
        starts_at = parse_moment(start, now=now, zone=zone, locale=locale).at if start else now
        ends_at = parse_moment(end, now=now, zone=zone, locale=locale, end_of_day=True).at
        rules.check_away(starts_at, ends_at)
        if out_id == in_id:
            raise InvalidInput("Please choose two different members, or one alone to add or take out.")
        async with self._core.db.begin() as session:
            row = await self._staff.lock(session, actor, rota_id)
            cover = holding_storage.RotaCoverRow(
                guild_id=row.guild_id,
                rota_id=row.id,
                out_id=out_id,
                in_id=in_id,
                by_id=actor.member_id,
                starts_at=starts_at,
                ends_at=ends_at,
            )
            session.add(cover)
            await session.flush()
            await self._service.handover.expect_cover(session, row, cover)
            await self._service.handover.refresh(session, row)
            await self._staff.remember(session, actor, row, COVER, cover_id=cover.id)
            await self._staff.record(
                session,
                actor,
                N_("arranged cover in the rota {name}"),
                row,
                after={"out": _who(out_id), "in": _who(in_id)},
            )
            return await self._service.reading.rota(session, row)

    async def act_for(self, actor: Actor, rota_id: int, member_id: int, to_id: int | None) -> Rota:
        """For somebody who is absent: their present or next turn goes to another member, or to the next volunteer."""
        await self._staff.check(actor)
        async with self._core.db.begin() as session:
            row = await self._staff.lock(session, actor, rota_id)
            turns = await turn_storage.list_turns(
                session, row.id, turn_storage.NOW, turn_storage.PLANNED_TURN
            )
            seats = await turn_storage.list_seats(session, [each.id for each in turns])
            active = (State.PLANNED, State.ACCEPTED, State.HOLDING)
            theirs = {
                each.turn_id: each for each in seats if each.member_id == member_id and each.state in active
            }
            turn = next((each for each in turns if each.id in theirs), None)
            if turn is None:
                raise InvalidInput("They have no turn in this rota, now or among the next ones.")
            seat, taken = theirs[turn.id], None
            if to_id is not None:
                if to_id == member_id:
                    raise not_yours()
                taken = await self._service.swaps.give_seat(session, row, turn, seat, to_id, How.STAFF)
                await self._tell(session, row, taken)
            else:
                await self._service.holding.relieve(session, turn, seat, State.GIVEN)
                await session.flush()
                await self._service.handover.refresh(session, row)
                await self._service.handover.look_ahead(session, row)
            await self._staff.remember(
                session, actor, row, SEAT, out_seat=seat.id, in_seat=taken.id if taken is not None else None
            )
            await self._staff.record(
                session,
                actor,
                N_("acted for {member} in the rota {name}"),
                row,
                member=_who(member_id),
                after={"in": _who(to_id or 0)},
            )
            return await self._service.reading.rota(session, row)

    async def put_in(self, actor: Actor, rota_id: int, member_id: int) -> Rota:
        """Put somebody into an empty place of the present turn."""
        await self._staff.check(actor)
        async with self._core.db.begin() as session:
            row = await self._staff.lock(session, actor, rota_id)
            turns = await turn_storage.list_turns(session, row.id, turn_storage.NOW)
            if not turns:
                raise AlreadyDone("No turn has begun yet.")
            await self._service.check_free(session, row, turns[0])
            taken = await self._service.swaps.seat(session, turns[0], member_id, How.STAFF, rules.NOBODY)
            await self._service.handover.refresh(session, row)
            await self._tell(session, row, taken)
            await self._staff.remember(session, actor, row, SEAT, in_seat=taken.id)
            await self._staff.record(
                session, actor, N_("put {member} into the rota {name}"), row, member=_who(member_id)
            )
            return await self._service.reading.rota(session, row)

    async def _tell(
        self, session: AsyncSession, row: storage.RotaRow, taken: turn_storage.RotaSeatRow
    ) -> None:
        """Whom staff put into a turn that goes on would otherwise not know."""
        if taken.state == State.HOLDING:
            await self._service.holding.tell_begun(session, row, taken)

    # ------------------------------------------------------------------------------------------ taking back

    async def undo(self, actor: Actor, rota_id: int) -> Rota:
        """Take back the last change of staff. Raises `AlreadyDone` when there is none."""
        await self._staff.check(actor)
        async with self._core.db.begin() as session:
            row = await self._staff.lock(session, actor, rota_id)
            change = await holding_storage.last_change(session, row.id)
            if change is None:
                raise AlreadyDone("There is nothing to take back.")
            if change.what == EDIT:
                await self._staff.reshape(session, row, shape_from(change.before))
            elif change.what == COVER:
                cover = await session.get(holding_storage.RotaCoverRow, change.cover_id)
                if cover is not None:
                    await session.delete(cover)
            else:
                await self._undo_seat(session, row, change)
            await session.delete(change)
            await session.flush()
            await self._service.handover.refresh(session, row)
            await self._service.handover.look_ahead(session, row)
            await self._staff.record(session, actor, N_("took back the last change of the rota {name}"), row)
            return await self._service.reading.rota(session, row)

    async def _undo_seat(self, session: AsyncSession, row: storage.RotaRow, change: RotaChangeRow) -> None:
        out = await turn_storage.find_seat(session, change.out_seat or 0)
        taken = await turn_storage.find_seat(session, change.in_seat or 0)
        turn_id = out.turn_id if out is not None else taken.turn_id if taken is not None else 0
        turn = await turn_storage.find_turn(session, turn_id)
        if turn is None or turn.state not in (turn_storage.NOW, turn_storage.PLANNED_TURN):
            raise AlreadyDone("That turn is over, so it stays as it was.")
        sure = {
            each.member_id
            for each in await turn_storage.list_seats(session, [turn.id])
            if each.id not in (change.out_seat, change.in_seat)
            and each.state in (State.ACCEPTED, State.HOLDING)
        }
        if out is not None and len(sure) >= row.holders:
            raise AlreadyDone("Somebody else has that turn by now, so it stays as it is.")
        if taken is not None:
            await self._service.holding.end_wish(session, taken)
            await self._service.holding.end_question(session, taken)
            taken.state, taken.until = State.GIVEN.value, self._core.clock.now()
        if out is not None:
            if out.act_id is not None:
                await self._core.ledger.retract(session, out.act_id, reason="taken back")
                out.act_id = None
            is_now = turn.state == turn_storage.NOW
            out.state, out.until = (State.HOLDING if is_now else State.ACCEPTED).value, None
            out.since = out.since or (self._core.clock.now() if is_now else None)
        await session.flush()
        await self._service.handover.close_if_full(session, row, turn)

    # ------------------------------------------------------------------------------------------ who is right about a role

    async def given(self, session: AsyncSession, guild_id: int) -> list[Given]:
        """The roles that rotas give, each with who should have it."""
        members: dict[int, set[int]] = {}
        titles: dict[int, list[str]] = {}
        for row in await storage.list_rotas(session, guild_id):
            if row.role_id is not None:
                members.setdefault(row.role_id, set()).update(
                    await self._service.holding.wanted(session, row)
                )
                titles.setdefault(row.role_id, []).append(quote(row.name, 2 * rules.LONGEST_NAME))
        return [
            Given(role_id, ", ".join(titles[role_id]), frozenset(who)) for role_id, who in members.items()
        ]

    async def bot_wins(self, actor: Actor, drift: Drift) -> None:
        """Give and take the role as the turns say."""
        await self._staff.check(actor)
        async with self._core.db.begin() as session:
            for each in await self._of_role(session, actor.guild_id, drift.role_id):
                wanted = await self._service.holding.wanted(session, each)
                for member_id in drift.missing:
                    if member_id in wanted:
                        await self._service.holding.change_role(
                            session, each, member_id, drift.role_id, give=True
                        )
            rows = await self._of_role(session, actor.guild_id, drift.role_id)
            for member_id in drift.extra if rows else ():
                await self._service.holding.change_role(
                    session, rows[0], member_id, drift.role_id, give=False
                )
            for each in rows:
                await self._staff.record(
                    session, actor, N_("let the turns of the rota {name} decide who has its role"), each
                )

    async def discord_wins(self, actor: Actor, drift: Drift) -> None:
        """Who has the role in Discord holds the turn from now on, and who has it not does not."""
        await self._staff.check(actor)
        now = self._core.clock.now()
        async with self._core.db.begin() as session:
            rows = await self._of_role(session, actor.guild_id, drift.role_id)
            if drift.extra and not any(
                [await turn_storage.list_turns(session, each.id, turn_storage.NOW) for each in rows]
            ):
                raise AlreadyDone(
                    "No turn has begun yet, so there is none that they could have. My record can be right now."
                )
            for row in rows:
                for turn in await turn_storage.list_turns(session, row.id, turn_storage.NOW):
                    for seat in await turn_storage.list_seats(session, [turn.id]):
                        if seat.member_id in drift.missing and seat.state == State.HOLDING:
                            await self._service.holding.relieve(session, turn, seat, State.RELIEVED)
                for cover in await holding_storage.list_covers(session, row.id, now):
                    if cover.starts_at <= now and cover.in_id in drift.missing:
                        cover.ends_at = now
                    elif cover.starts_at <= now and cover.out_id in drift.extra:
                        cover.out_id = rules.NOBODY  # both have it
                for grant in await holding_storage.list_grants(session, row.guild_id):
                    if (grant.rota_id, grant.role_id) == (row.id, drift.role_id):
                        grant.given = grant.member_id not in drift.missing
                await self._staff.record(
                    session, actor, N_("let Discord decide who has the role of the rota {name}"), row
                )
            await self._seat_extra(session, actor, drift)
            for row in rows:
                await self._service.handover.refresh(session, row)

    async def _seat_extra(self, session: AsyncSession, actor: Actor, drift: Drift) -> None:
        """Who was given the role by hand has a place in the present turn; the role is theirs already."""
        for row in await self._of_role(session, actor.guild_id, drift.role_id):
            for turn in await turn_storage.list_turns(session, row.id, turn_storage.NOW):
                seats = await turn_storage.list_seats(session, [turn.id])
                holding = {each.member_id for each in seats if each.state == State.HOLDING}
                for member_id in drift.extra:
                    if member_id not in holding:
                        await self._service.swaps.seat(session, turn, member_id, How.STAFF, rules.NOBODY)
                    grant = await holding_storage.lock_grant(session, row, member_id, drift.role_id)
                    grant.given = True
                return

    async def _of_role(self, session: AsyncSession, guild_id: int, role_id: int) -> list[storage.RotaRow]:
        found: list[storage.RotaRow] = []
        for each in await storage.list_rotas(session, guild_id):
            if each.role_id == role_id:
                row = await storage.lock_rota(session, each.id)
                if row is not None:
                    found.append(row)
        return found


def _who(member_id: int) -> str | None:
    return f"<@{member_id}>" if member_id else None
