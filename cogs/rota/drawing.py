"""Draws what the outbox sends about rotas, from how they stand at that moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.app import Lyceum
from bot.cards import Card
from bot.dispatcher import Obsolete, PlannedEffect
from bot.features import REASON_OFF
from bot.i18n import N_
from cogs.rota import model, render_staff
from cogs.rota import render_told as render
from cogs.rota.model import AREA, Rota, Seat, Turn
from cogs.rota.rules import ACTIVE, State
from cogs.rota.service import RotaService
from storage.rota_turns import NOW


class Drawing:
    """`renderers` are the functions by the names of their effects, each with what it draws (a gettext id)."""

    def __init__(self, bot: Lyceum, service: RotaService) -> None:
        self.bot = bot
        self.service = service
        self.renderers: Mapping[str, tuple[Callable[[PlannedEffect], Awaitable[Card]], str]] = {
            model.TURN_RENDERER: (self._draw_turn, N_("saying whose turn it is")),
            model.ASK_RENDERER: (self._draw_ask, N_("asking a member whether they take their turn")),
            model.BEGIN_RENDERER: (self._draw_begin, N_("telling a member that their turn has begun")),
            model.TAKEN_RENDERER: (self._draw_taken, N_("telling a member who took their turn")),
            model.SWAP_RENDERER: (self._draw_swap, N_("a wish for cover in a role")),
            model.STAFF_RENDERER: (self._draw_told, N_("telling staff of a turn that needs a hand")),
        }

    async def _rota(self, effect: PlannedEffect) -> Rota:
        rota = await self.service.find_for_drawing(
            int(effect.arguments["rota_id"]), _number(effect, "turn_id"), _number(effect, "seat_id")
        )
        if rota is None:
            raise Obsolete(N_("the rota is not known any more"))
        if not await self.bot.core.features.is_on(rota.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        return rota

    async def _draw_turn(self, effect: PlannedEffect) -> Card:
        rota = await self._rota(effect)
        turn = _turn(rota, int(effect.arguments["turn_id"]))
        t = await self.bot.renderers.translator(effect)
        return render.turn_card(rota, turn, rota.before if turn.state == NOW else None, t)

    async def _draw_ask(self, effect: PlannedEffect) -> Card:
        rota = await self._rota(effect)
        turn, seat = _seat(rota, effect)
        if seat.state is not State.PLANNED:
            raise Obsolete(N_("it was answered, or is somebody else's"))
        return render.ask_card(rota, turn, seat, await self.bot.renderers.translator(effect))

    async def _draw_begin(self, effect: PlannedEffect) -> Card:
        rota = await self._rota(effect)
        turn, seat = _seat(rota, effect)
        if seat.state is not State.HOLDING:
            raise Obsolete(N_("it is somebody else's turn by now"))
        return render.begin_card(rota, turn, seat, await self.bot.renderers.translator(effect))

    async def _draw_taken(self, effect: PlannedEffect) -> Card:
        rota = await self._rota(effect)
        turn, seat = _seat(rota, effect)
        if seat.state in ACTIVE:
            raise Obsolete(N_("it was taken back"))
        return render.taken_card(rota, turn, seat, await self.bot.renderers.translator(effect))

    async def _draw_swap(self, effect: PlannedEffect) -> Card:
        rota = await self._rota(effect)
        return render.swap_card(rota, *_seat(rota, effect), await self.bot.renderers.translator(effect))

    async def _draw_told(self, effect: PlannedEffect) -> Card:
        rota = await self._rota(effect)
        turn = _turn(rota, int(effect.arguments["turn_id"]))
        seat = next((each for each in turn.seats if each.id == effect.arguments.get("seat_id")), None)
        t = await self.bot.renderers.translator(effect)
        return render_staff.told_card(str(effect.arguments["what"]), rota, turn, seat, t)


def _number(effect: PlannedEffect, name: str) -> int | None:
    value = effect.arguments.get(name)
    return int(value) if value is not None else None


def _turn(rota: Rota, turn_id: int) -> Turn:
    known = (*((rota.now,) if rota.now else ()), *((rota.before,) if rota.before else ()), *rota.ahead)
    turn = next((each for each in (*known, *rota.others) if each.id == turn_id), None)
    if turn is None:
        raise Obsolete(N_("the turn is not known any more"))
    return turn


def _seat(rota: Rota, effect: PlannedEffect) -> tuple[Turn, Seat]:
    seat_id = int(effect.arguments["seat_id"])
    known = (*((rota.now,) if rota.now else ()), *((rota.before,) if rota.before else ()), *rota.ahead)
    for turn in (*known, *rota.others):
        for seat in turn.seats:
            if seat.id == seat_id:
                return turn, seat
    raise Obsolete(N_("the turn is not known any more"))
