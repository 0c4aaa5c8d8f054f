"""Handing over when the time has come, asking ahead who is in, and what follows when nobody answers or somebody goes.

Each handler locks the rota, so however many things happen at once they happen one after the other, and a hand-over is
one transaction: after any kill there is exactly one set of holders. After downtime only the latest hand-over is done.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.features import Switched
from bot.i18n import N_
from bot.jobs import Job, NewJob, Skipped
from bot.notify import MemberChange
from cogs.rota import rules
from cogs.rota.holding import Holding
from cogs.rota.model import AREA, ASK_JOB, COVER_JOB, GONE_JOB, SILENT_JOB, TURN_JOB, WANTED_JOB
from cogs.rota.planning import Planning, is_draft
from cogs.rota.rules import State
from storage import privacy as privacy_storage
from storage import rota as storage
from storage import rota_holding as holding_storage
from storage import rota_turns as turn_storage
from storage.rota import RotaRow
from storage.rota_turns import RotaSeatRow, RotaTurnRow

REASON_ENDED = N_("the rota has ended")
REASON_DONE = N_("it was handed over already")
REASON_BACK = N_("the member came back")
REASON_ANSWERED = N_("it was answered, or is somebody else's")


class Handover:
    """The jobs of rotas, and what other things ask of them."""

    def __init__(self, core: Core, planning: Planning, holding: Holding) -> None:
        self._core = core
        self._planning = planning
        self._holding = holding

    # ------------------------------------------------------------------------------------------ handing over

    async def turn_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """The next ones have it from now on."""
        rota = await storage.lock_rota(session, int(job.payload["rota_id"]))
        if rota is None or rota.ended_at is not None:
            return Skipped(REASON_ENDED)
        assert job.nominal is not None
        return await self._hand_over(session, rota, job.nominal.isoformat(), job.run_at)

    async def _hand_over(
        self, session: AsyncSession, rota: RotaRow, nominal: str, at: datetime
    ) -> Skipped | None:
        known = await turn_storage.list_turns(session, rota.id, turn_storage.PLANNED_TURN, turn_storage.NOW)
        if any(each.state == turn_storage.NOW and each.starts_at >= at for each in known):
            return Skipped(REASON_DONE)
        turn = await turn_storage.find_turn_of(session, rota.id, nominal)
        if turn is not None and turn.state != turn_storage.PLANNED_TURN:
            return Skipped(REASON_DONE)  # a second try comes later than the turn began
        if turn is None:
            turn = RotaTurnRow(
                guild_id=rota.guild_id, rota_id=rota.id, nominal=nominal, starts_at=at, ends_at=at
            )
            session.add(turn)
            await session.flush()
        for each in known:
            if each.state == turn_storage.NOW:
                await self._holding.end(session, each)
                await self._holding.redraw(session, each)
            elif each.id != turn.id and each.starts_at < at:
                await self._miss(session, each)
        await self._replan(session, rota, turn)
        await self.begin(session, rota, turn)
        await self.look_ahead(session, rota)
        return None

    async def _replan(self, session: AsyncSession, rota: RotaRow, due: RotaTurnRow | None) -> None:
        for seat in await self._planning.replan(session, rota, due=due):
            await self._holding.end_wish(session, seat)
            await self._holding.end_question(session, seat)

    async def _miss(self, session: AsyncSession, turn: RotaTurnRow) -> None:
        """A turn that came and went while the bot was away: nobody had it."""
        turn.state = turn_storage.MISSED
        for seat in await turn_storage.list_seats(session, [turn.id]):
            if is_draft(seat):
                await session.delete(seat)
            elif seat.state in (State.PLANNED, State.ACCEPTED):
                seat.state = State.LEFT.value
                await self._holding.end_wish(session, seat)

    async def begin(self, session: AsyncSession, rota: RotaRow, turn: RotaTurnRow) -> None:
        """The turn begins: who is in it holds the role, and everybody can see it."""
        now = self._core.clock.now()
        turn.state = turn_storage.NOW
        coming = await self._planning.coming(session, rota)
        turn.ends_at = coming[0][1] if coming else turn.ends_at
        holders: list[RotaSeatRow] = []
        for seat in await turn_storage.list_seats(session, [turn.id]):
            if seat.state in (State.PLANNED, State.ACCEPTED):
                seat.state, seat.since = State.HOLDING.value, now  # a wish for cover goes on
                holders.append(seat)
                volunteer = await storage.find_volunteer(session, rota.id, seat.member_id)
                if volunteer is not None:
                    volunteer.owed, volunteer.skips = False, 0
        await session.flush()
        await self._holding.follow(session, rota)
        await self._holding.post(session, rota, turn)
        for seat in holders:
            await self._holding.tell_begun(session, rota, seat)
        if len(holders) < rota.holders:
            await self._holding.tell_staff(session, rota, "empty", f"{turn.id}", {"turn_id": turn.id})

    # ------------------------------------------------------------------------------------------ asking ahead

    async def look_ahead(self, session: AsyncSession, rota: RotaRow) -> None:
        """Plan the turns ahead anew, ask about those that are near, and expect to ask about the others.

        A place that is empty in the present turn is offered, too.
        """
        now = self._core.clock.now()
        present = [
            each
            for each in await turn_storage.list_turns(session, rota.id, turn_storage.NOW)
            if each.ends_at > now
        ]
        for turn in present:
            await self._let_go(session, rota, turn)
        await self._replan(session, rota, present[0] if present else None)
        for turn in present:
            await self._ask(session, rota, turn)
        jobs: list[NewJob] = []
        for turn in await turn_storage.list_turns(session, rota.id, turn_storage.PLANNED_TURN):
            at = rules.ask_at(turn.starts_at)
            if turn.starts_at <= now:
                continue
            if at <= now:
                await self._ask(session, rota, turn)
                continue
            key = f"{ASK_JOB}:{turn.id}:{int(at.timestamp())}"
            payload = {"rota_id": rota.id, "turn_id": turn.id}
            jobs.append(NewJob(ASK_JOB, key, at, rota.guild_id, payload, expires_at=turn.starts_at))
        await self._core.jobs.enqueue(session, *jobs)

    async def _let_go(self, session: AsyncSession, rota: RotaRow, turn: RotaTurnRow) -> None:
        """Whoever holds the role and has left the server, perhaps while the bot was away, holds it no more."""
        for seat in await turn_storage.list_seats(session, [turn.id]):
            if seat.state != State.HOLDING:
                continue
            if await privacy_storage.has_left(session, rota.guild_id, seat.member_id):
                await self._holding.relieve(session, turn, seat, State.LEFT)
                await session.flush()
                arguments = {"seat_id": seat.id, "turn_id": turn.id}
                await self._holding.tell_staff(session, rota, "left", f"{seat.id}", arguments)
                await self.refresh(session, rota)

    async def ask_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Two days ahead: ask who is pencilled in."""
        rota = await storage.lock_rota(session, int(job.payload["rota_id"]))
        if rota is None or rota.ended_at is not None:
            return Skipped(REASON_ENDED)
        await self.look_ahead(session, rota)
        return None

    async def _ask(self, session: AsyncSession, rota: RotaRow, turn: RotaTurnRow) -> None:
        now = self._core.clock.now()
        for seat in await turn_storage.list_seats(session, [turn.id]):
            if seat.state != State.PLANNED or seat.asked_at is not None:
                continue
            await self._holding.ask(session, rota, seat)
            end = turn.starts_at if turn.starts_at > now else turn.ends_at
            by = rules.answer_by(now, end)
            if by < end:
                payload = {"rota_id": rota.id, "seat_id": seat.id}
                job = NewJob(
                    SILENT_JOB, f"{SILENT_JOB}:{seat.id}", by, rota.guild_id, payload, expires_at=end
                )
                await self._core.jobs.enqueue(session, job)

    async def silent_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """No answer: the next one is asked, and staff are told. Where there is no next one it stays theirs."""
        rota = await storage.lock_rota(session, int(job.payload["rota_id"]))
        seat = await turn_storage.find_seat(session, int(job.payload["seat_id"]))
        if rota is None or rota.ended_at is not None or seat is None:
            return Skipped(REASON_ENDED)
        turn = await turn_storage.find_turn(session, seat.turn_id)
        is_open = turn is not None and turn.state in (turn_storage.PLANNED_TURN, turn_storage.NOW)
        if turn is None or not is_open or seat.state != State.PLANNED or seat.wants_cover:
            return Skipped(REASON_ANSWERED)
        arguments = {"seat_id": seat.id, "turn_id": turn.id}
        if not await self._has_next(session, rota, turn):
            await self._holding.tell_staff(session, rota, "silent_stays", f"{seat.id}", arguments)
            return None
        seat.state = State.SILENT.value
        await self._holding.end_question(session, seat)
        await session.flush()
        await self._holding.tell_staff(session, rota, "silent", f"{seat.id}", arguments)
        await self.look_ahead(session, rota)
        return None

    async def _has_next(self, session: AsyncSession, rota: RotaRow, turn: RotaTurnRow) -> bool:
        """Whether there is anybody else for this turn, for whom it would not be the second one running."""
        people = await self._planning.people(session, rota)
        seats = await turn_storage.list_seats(session, [turn.id])
        if sum(each.state == State.SILENT for each in seats) >= rules.MOST_SILENT * rota.holders:
            return False
        known = {each.member_id for each in seats if not is_draft(each)}
        known |= await self._planning.holders_before(session, rota, turn)
        sitting = [each.member_id for each in seats if each.state in (State.PLANNED, State.ACCEPTED)]
        return any(
            each not in known and people.may_sit_with(each, sitting)
            for each in people.present(turn.starts_at, turn.ends_at)
        )

    # ------------------------------------------------------------------------------------------ what happens meanwhile

    async def cover_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """A cover begins or ends at this moment."""
        rota = await storage.lock_rota(session, int(job.payload["rota_id"]))
        if rota is None or rota.ended_at is not None:
            return Skipped(REASON_ENDED)
        await self.refresh(session, rota)
        return None

    async def refresh(self, session: AsyncSession, rota: RotaRow) -> None:
        """Let the role and the card in the channel follow what has changed in the present turn."""
        await session.flush()
        await self._holding.follow(session, rota)
        for turn in await turn_storage.list_turns(session, rota.id, turn_storage.NOW):
            await self.close_if_full(session, rota, turn)
            await self._holding.redraw(session, turn)

    async def close_if_full(self, session: AsyncSession, rota: RotaRow, turn: RotaTurnRow) -> None:
        """Who was asked for a place that somebody else has by now need not answer any more, and cannot."""
        seats = await turn_storage.list_seats(session, [turn.id])
        if sum(each.state in (State.ACCEPTED, State.HOLDING) for each in seats) < rota.holders:
            return
        for each in seats:
            if is_draft(each):
                await session.delete(each)
            elif each.state == State.PLANNED:
                each.state = State.GIVEN.value
                await self._holding.end_wish(session, each)
                await self._holding.end_question(session, each)
        await session.flush()

    async def wanted_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """A day ahead, and nobody has taken what somebody cannot do: staff are told."""
        rota = await storage.lock_rota(session, int(job.payload["rota_id"]))
        seat = await turn_storage.find_seat(session, int(job.payload["seat_id"]))
        if rota is None or seat is None or not seat.wants_cover or seat.wanted != job.payload["wanted"]:
            return Skipped(REASON_ANSWERED)
        arguments = {"seat_id": seat.id, "turn_id": seat.turn_id}
        await self._holding.tell_staff(session, rota, "wanted", f"{seat.id}:{seat.wanted}", arguments)
        return None

    async def expect_wanted(
        self, session: AsyncSession, rota: RotaRow, turn: RotaTurnRow, seat: RotaSeatRow
    ) -> None:
        """Look again a day ahead, whether cover was found."""
        at = max(turn.starts_at - rules.STAFF_AHEAD, self._core.clock.now())
        payload = {"rota_id": rota.id, "seat_id": seat.id, "wanted": seat.wanted}
        key = f"{WANTED_JOB}:{seat.id}:{seat.wanted}"
        await self._core.jobs.enqueue(session, NewJob(WANTED_JOB, key, at, rota.guild_id, payload))

    async def expect_cover(
        self, session: AsyncSession, rota: RotaRow, cover: holding_storage.RotaCoverRow
    ) -> None:
        """Be there when a cover begins and ends."""
        for at in (cover.starts_at, cover.ends_at):
            key = f"{COVER_JOB}:{cover.id}:{int(at.timestamp())}"
            job = NewJob(COVER_JOB, key, at, rota.guild_id, {"rota_id": rota.id})
            await self._core.jobs.enqueue(session, job)

    async def somebody_gone(self, session: AsyncSession, guild_id: int, member_id: int) -> None:
        """Somebody left the server: their turn is open, the next one is asked at once, and staff are told."""
        for rota_id in await holding_storage.list_rotas_of(session, guild_id, member_id):
            rota = await storage.lock_rota(session, rota_id)
            if rota is None or rota.ended_at is not None:
                continue
            for turn in await turn_storage.list_turns(session, rota.id, turn_storage.NOW):
                for seat in await turn_storage.list_seats(session, [turn.id]):
                    if seat.member_id == member_id and seat.state == State.HOLDING:
                        await self._holding.relieve(session, turn, seat, State.LEFT)
                        await session.flush()
                        arguments = {"seat_id": seat.id, "turn_id": turn.id}
                        await self._holding.tell_staff(session, rota, "left", f"{seat.id}", arguments)
            for cover in await holding_storage.list_covers(session, rota.id, self._core.clock.now()):
                if cover.in_id == member_id:
                    await session.delete(cover)  # who was to be covered has it themselves
            for grant in await holding_storage.list_grants(session, guild_id):
                if (grant.rota_id, grant.member_id) == (rota.id, member_id):
                    grant.given = False  # Discord takes the roles of who leaves
            await self.refresh(session, rota)
            await self.look_ahead(session, rota)

    async def departed(self, session: AsyncSession, guild_id: int, member_ids: Collection[int]) -> None:
        """People have left, perhaps while the bot was away. In a transaction of its own for each: rotas are locked there."""
        now = self._core.clock.now()
        for member_id in sorted(member_ids):
            if await holding_storage.list_rotas_of(session, guild_id, member_id):
                key = f"{GONE_JOB}:{guild_id}:{member_id}:{now.isoformat()}"
                await self._core.jobs.enqueue(
                    session, NewJob(GONE_JOB, key, now, guild_id, {"member_id": member_id})
                )

    async def gone_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Somebody has left."""
        assert job.guild_id is not None
        member_id = int(job.payload["member_id"])
        if not await privacy_storage.has_left(session, job.guild_id, member_id):
            return Skipped(REASON_BACK)
        await self.somebody_gone(session, job.guild_id, member_id)
        return None

    async def member_changed(self, session: AsyncSession, change: MemberChange) -> None:
        """Somebody pauses, or is back."""
        if change.paused_before == change.paused_until:
            return
        # In a transaction of its own: here the member is locked, and everywhere else a rota is locked first.
        for rota_id in await holding_storage.list_rotas_of(session, change.guild_id, change.member_id):
            key = f"{ASK_JOB}:{rota_id}:{change.member_id}:{change.at.isoformat()}"
            job = NewJob(ASK_JOB, key, change.at, change.guild_id, {"rota_id": rota_id})
            await self._core.jobs.enqueue(session, job)

    async def switched(self, session: AsyncSession, switched: Switched) -> None:
        """What fell due while rotas were off is done once they are on again: the latest hand-over of each."""
        if switched.feature != AREA or not switched.is_on:
            return
        now = self._core.clock.now()
        for each in await storage.list_rotas(session, switched.guild_id):
            rota = await storage.lock_rota(session, each.id)
            assert rota is not None
            due = [
                turn
                for turn in await turn_storage.list_turns(session, rota.id, turn_storage.PLANNED_TURN)
                if turn.starts_at <= now
            ]
            if due:
                latest = due[-1]
                await self._hand_over(session, rota, latest.nominal, latest.starts_at)
            else:
                await self.refresh(session, rota)
                await self.look_ahead(session, rota)

    async def take_back(self, session: AsyncSession, guild_id: int, member_id: int) -> bool:
        """Somebody is to be deleted: the roles that they have from rotas are taken back while I still know of them."""
        given = await holding_storage.list_grants(session, guild_id)
        rotas = sorted({each.rota_id for each in given if each.member_id == member_id})
        for rota_id in rotas:
            rota = await storage.lock_rota(session, rota_id)
            assert rota is not None  # its grants would have gone with it
            await holding_storage.take_out(session, rota_id, member_id)
            await self.refresh(session, rota)
        return bool(rotas)

    async def redraw_all(self, session: AsyncSession, guild_id: int) -> None:
        """Somebody was deleted: who holds what may have changed, and the cards are drawn again."""
        for each in await storage.list_rotas(session, guild_id):
            rota = await storage.lock_rota(session, each.id)
            if rota is not None:
                await self.refresh(session, rota)
                await self.look_ahead(session, rota)

    def add_jobs(self) -> None:
        """Make the jobs known."""
        jobs = self._core.jobs
        jobs.register(TURN_JOB, self.turn_due)
        jobs.register(ASK_JOB, self.ask_due)
        jobs.register(SILENT_JOB, self.silent_due)
        jobs.register(COVER_JOB, self.cover_due)
        jobs.register(WANTED_JOB, self.wanted_due)
        jobs.register(GONE_JOB, self.gone_due)
