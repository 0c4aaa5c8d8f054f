"""Cover and swaps, taking over in the middle of a turn, and the note that is handed on."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.core import Core
from bot.duty import MODERATOR
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotConfigured
from bot.i18n import Translator
from bot.outbox import Effect, EffectKind
from bot.own import Who
from bot.text import clean
from cogs.rota import rules
from cogs.rota.entry import Entry
from cogs.rota.model import SWAP_RENDERER, Mine, Rota, gone, over
from cogs.rota.planning import new_seat
from cogs.rota.rules import How, State
from storage import rota as storage
from storage import rota_turns as turn_storage
from storage.rota import RotaRow
from storage.rota_turns import RotaSeatRow, RotaTurnRow


class Swaps:
    """The market of turns."""

    def __init__(self, core: Core, entry: Entry) -> None:
        self._core = core
        self._entry = entry
        self._planning, self._holding = entry.planning, entry.holding
        self._handover, self._reading = entry.handover, entry.reading
        # Where a deleted message may have been a wish for cover; others cost no query.
        self._channels: set[int] = set()

    async def load(self) -> None:
        """Learn where cards may stand."""
        async with self._core.db.read() as session:
            self._channels = await storage.list_all_channels(session)

    # ------------------------------------------------------------------------------------------ cover

    async def ask_cover(self, actor: Actor, seat_id: int) -> Mine:
        """Ask the others to take a turn of one's own. It stays one's own until somebody does."""
        async with self._core.db.begin() as session:
            who = Who(actor.guild_id, actor.member_id, actor.locale)
            rota, turn, seat = await self._entry.own_seat(session, who, seat_id)
            self._entry.check_open(turn, seat)
            if seat.wants_cover:
                raise AlreadyDone(
                    "You have asked for cover already. The card stands where the others see it."
                )
            channel_id = await self._holding.channel_of(session, rota)
            if channel_id is None:
                raise NotConfigured(
                    "There is no channel for rotas yet in which I could ask. Facilitators choose one with {command}.",
                    command="`/manage rota desk`",
                )
            seat.wants_cover, seat.wanted = True, seat.wanted + 1
            self._channels.add(channel_id)
            effect = Effect(
                kind=EffectKind.POST,
                key=turn_storage.swap_key(seat.id, seat.wanted),
                guild_id=rota.guild_id,
                channel_id=channel_id,
                member_id=actor.member_id,
                renderer=SWAP_RENDERER,
                arguments={"rota_id": rota.id, "seat_id": seat.id},
            )
            await self._core.outbox.plan(session, effect)
            if turn.state == turn_storage.PLANNED_TURN:
                await self._handover.expect_wanted(session, rota, turn, seat)
            await session.flush()
            return await self._reading.mine(session, rota, actor.member_id)

    async def keep(self, actor: Actor, seat_id: int) -> Mine:
        """Need no cover after all."""
        async with self._core.db.begin() as session:
            who = Who(actor.guild_id, actor.member_id, actor.locale)
            rota, _, seat = await self._entry.own_seat(session, who, seat_id)
            await self._holding.end_wish(session, seat)
            await session.flush()
            return await self._reading.mine(session, rota, actor.member_id)

    async def take(self, actor: Actor, seat_id: int) -> Mine:
        """I'll take it: the first one has it. Raises `AlreadyDone` for the others."""
        async with self._core.db.begin() as session:
            found = await turn_storage.find_seat(session, seat_id)
            if found is None or found.guild_id != actor.guild_id:
                raise gone()
            rota = await self._entry.lock(session, actor.guild_id, found.rota_id)
            seat = await turn_storage.find_seat(session, seat_id)
            turn = await turn_storage.find_turn(session, found.turn_id)
            assert seat is not None and turn is not None
            if seat.member_id == actor.member_id:
                raise InvalidInput("This turn is yours. The others can take it.")
            rules.check_still_open(State(seat.state), wants_cover=seat.wants_cover)
            await self._entry.check_eligible(session, rota, actor)
            seat.wants_cover = False  # its card stays, and says who takes it
            await self.give_seat(session, rota, turn, seat, actor.member_id, How.TAKEN)
            await self._core.outbox.edit_post(
                session, turn_storage.swap_key(seat.id, seat.wanted), f"rota.swapped:{seat.id}:{seat.wanted}"
            )
            return await self._reading.mine(session, rota, actor.member_id)

    async def take_now(self, actor: Actor, rota_id: int, from_id: int | None, note: str) -> Mine:
        """Take over a turn that goes on, from somebody who is busy (0: an empty place). Raises `AlreadyDone`."""
        async with self._core.db.begin() as session:
            rota = await self._entry.lock(session, actor.guild_id, rota_id)
            await self._entry.check_eligible(session, rota, actor)
            turns = await turn_storage.list_turns(session, rota.id, turn_storage.NOW)
            if not turns:
                raise over()
            seats = await turn_storage.list_seats(session, [turns[0].id])
            holding = [each for each in seats if each.state == State.HOLDING]
            if any(each.member_id == actor.member_id for each in holding):
                raise AlreadyDone("You have this role already.")
            words = clean(note)[: rules.LONGEST_NOTE] or None
            if from_id is None:  # the form asked only where there was a choice
                from_id = holding[0].member_id if holding else rules.NOBODY
            if from_id == rules.NOBODY:
                await self._take_empty(session, rota, turns[0], actor, words)
            else:
                seat = next((each for each in holding if each.member_id == from_id), None)
                if seat is None:
                    raise over()
                await self.give_seat(session, rota, turns[0], seat, actor.member_id, How.TAKEN, words)
            await self._handover.refresh(session, rota)
            await self._handover.look_ahead(session, rota)
            return await self._reading.mine(session, rota, actor.member_id)

    async def _take_empty(
        self, session: AsyncSession, rota: RotaRow, turn: RotaTurnRow, actor: Actor, note: str | None
    ) -> None:
        """An empty place; who was asked for it, and has not answered, was not fast enough."""
        await self._entry.check_free(session, rota, turn)
        seats = await turn_storage.list_seats(session, [turn.id])
        holding = [each.member_id for each in seats if each.state == State.HOLDING]
        await self._check_company(session, rota, actor.member_id, holding)
        await self.seat(session, turn, actor.member_id, How.TAKEN, rules.NOBODY, note)

    async def give_seat(
        self,
        session: AsyncSession,
        rota: RotaRow,
        turn: RotaTurnRow,
        seat: RotaSeatRow,
        to_id: int,
        how: How,
        note: str | None = None,
    ) -> RotaSeatRow:
        """Somebody else has this place from now on; who had it is told. Raises `AlreadyDone`, `InvalidInput`."""
        state = State.RELIEVED if seat.state == State.HOLDING else State.GIVEN
        others = [
            each
            for each in await turn_storage.list_seats(session, [turn.id])
            if each.id != seat.id and each.state in (State.PLANNED, State.ACCEPTED, State.HOLDING)
        ]
        await self._check_company(session, rota, to_id, [each.member_id for each in others])
        await self._holding.relieve(session, turn, seat, state)
        await session.flush()
        taken = await self.seat(session, turn, to_id, how, seat.member_id, note)
        await self._holding.tell_taken(session, rota, seat)
        if turn.state == turn_storage.NOW:
            await self._handover.refresh(session, rota)
        await self._handover.look_ahead(session, rota)
        return taken

    async def _check_company(
        self, session: AsyncSession, rota: RotaRow, member_id: int, others: Collection[int]
    ) -> None:
        people = await self._planning.people(session, rota)
        if not people.may_sit_with(member_id, others):
            raise InvalidInput("This turn is not free for you. Staff can help, if you would like one.")

    async def seat(
        self,
        session: AsyncSession,
        turn: RotaTurnRow,
        member_id: int,
        how: How,
        for_id: int,
        note: str | None = None,
    ) -> RotaSeatRow:
        """Put somebody into a turn. Raises `AlreadyDone` when they are in it.

        Whom staff put into a turn ahead is asked like everybody else; in one that goes on they have the role at once.
        """
        seats = await turn_storage.list_seats(session, [turn.id])
        row = next((each for each in seats if each.member_id == member_id), None)
        if row is not None and row.state in (State.ACCEPTED, State.HOLDING):
            raise AlreadyDone("That turn is taken by the same person already.")
        if row is None:
            row = new_seat(turn, member_id, State.ACCEPTED, how, for_id)
            session.add(row)
        is_now = turn.state == turn_storage.NOW
        is_sure = how != How.STAFF or row.asked_at is not None
        row.state = (State.HOLDING if is_now else State.ACCEPTED if is_sure else State.PLANNED).value
        row.how, row.for_id, row.note = how.value, for_id, note
        row.wants_cover, row.until = False, None
        row.since = self._core.clock.now() if is_now else None
        await session.flush()
        return row

    async def messages_deleted(self, guild_id: int, channel_id: int, messages: Collection[int]) -> None:
        """Somebody deleted messages: a wish for cover whose card was among them is taken back."""
        if channel_id not in self._channels:
            return
        async with self._core.db.read() as session:
            seats = await turn_storage.find_swaps_by_message(session, guild_id, channel_id, messages)
        for seat_id in seats:
            async with self._core.db.begin() as session:
                seat = await turn_storage.find_seat(session, seat_id)
                if seat is not None and await storage.lock_rota(session, seat.rota_id) is not None:
                    seat.wants_cover = False

    # ------------------------------------------------------------------------------------------ handing on

    async def note_draft(self, who: Who, turn_id: int, t: Translator) -> str:
        """What a hand-over note begins with: what is there already, else what is open. Raises `NotAllowed`."""
        async with self._core.db.read() as session:
            turn = await self._noted_turn(session, who, turn_id)
            if turn.note:
                return turn.note
            rota = await storage.find_rota(session, turn.rota_id)
            is_moderator = rota is not None and rota.kind == MODERATOR
            lines = await self._core.open_items.list(session, turn.guild_id, t, of_moderation=is_moderator)
        return "\n".join(f"- {each}" for each in lines)

    async def write_note(self, who: Who, turn_id: int, words: str) -> Rota:
        """Hand on what is open; whoever comes next sees it first."""
        note = clean(words)
        if not note:
            raise InvalidInput("Please write a line, or close the form: a note is no must.")
        async with self._core.db.begin() as session:
            turn = await self._noted_turn(session, who, turn_id)
            rota = await self._entry.lock(session, turn.guild_id, turn.rota_id)
            turn.note, turn.note_by = note[: rules.LONGEST_NOTE], who.member_id
            await session.flush()
            for each in await turn_storage.list_turns(session, rota.id, turn_storage.NOW):
                await self._holding.redraw(session, each)
            return await self._reading.rota(session, rota)

    async def _noted_turn(self, session: AsyncSession, who: Who, turn_id: int) -> RotaTurnRow:
        """A turn that this person held or holds. Raises `NotFound`, `NotAllowed`."""
        turn = await turn_storage.find_turn(session, turn_id)
        if turn is None or who.guild_id not in (None, turn.guild_id):
            raise gone()
        for seat in await turn_storage.list_seats(session, [turn.id]):
            held = seat.state in (State.HOLDING, State.SERVED, State.RELIEVED)
            if seat.member_id == who.member_id and held:
                return turn
        raise NotAllowed(
            "This note is for whoever had the turn. Yours are under {command}.", command="`/rota show`"
        )
