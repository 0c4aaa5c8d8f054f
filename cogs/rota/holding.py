"""Who holds a role now: the Discord role that follows it, and what is told. All within the caller's transaction.

Who should have the role follows from the present turn and the covers of this moment; what I gave stands in
`rota_grants`. The difference is planned as effects, each under a key of its own, so a role is given and taken back
exactly once, whenever and however often this is asked. A role that has come to hold powers is not given: that is looked
at when the effect is carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.core import Core
from bot.guild_config import GuildConfig
from bot.notify import Notification
from bot.outbox import Effect, EffectKind, Lane
from cogs.rota import rules
from cogs.rota.model import (
    ASK_KIND,
    ASK_RENDERER,
    BEGIN_KIND,
    BEGIN_RENDERER,
    SERVED,
    STAFF_RENDERER,
    TAKEN_KIND,
    TAKEN_RENDERER,
    TURN_RENDERER,
    RotaSettings,
)
from cogs.rota.rules import Cover, State
from storage import rota as storage
from storage import rota_holding as holding_storage
from storage import rota_turns as turn_storage
from storage.rota import RotaRow
from storage.rota_turns import RotaSeatRow, RotaTurnRow


def staff_roles(config: GuildConfig) -> frozenset[int]:
    """The roles that give power over this bot."""
    return frozenset[int]().union(*config.capability_roles.roles.values())


class Holding:
    """Gives and takes roles, records acts, and tells."""

    def __init__(self, core: Core) -> None:
        self._core = core

    # ------------------------------------------------------------------------------------------ roles

    async def wanted(self, session: AsyncSession, rota: RotaRow) -> frozenset[int]:
        """Who holds the role at this moment."""
        if rota.ended_at is not None:
            return frozenset()
        now = self._core.clock.now()
        turns = await turn_storage.list_turns(session, rota.id, turn_storage.NOW)
        seats = await turn_storage.list_seats(session, [each.id for each in turns])
        covers = [
            Cover(each.out_id, each.in_id, each.starts_at, each.ends_at)
            for each in await holding_storage.list_covers(session, rota.id, now)
        ]
        return rules.holders_at(
            (each.member_id for each in seats if each.state == State.HOLDING), covers, now
        )

    async def on_duty(self, session: AsyncSession, guild_id: int, kind: str) -> frozenset[int] | None:
        """Who holds a role of this kind at this moment, for `bot/duty.py`."""
        rotas = [each for each in await storage.list_rotas(session, guild_id) if each.kind == kind]
        if not rotas:
            return None
        return frozenset[int]().union(*[await self.wanted(session, each) for each in rotas])

    async def follow(self, session: AsyncSession, rota: RotaRow) -> None:
        """Let the Discord role follow who holds it."""
        wanted = await self.wanted(session, rota)
        given = await holding_storage.list_grants(session, rota.guild_id)
        mine = [each for each in given if each.rota_id == rota.id]
        config = await self._core.configs.present(session, rota.guild_id, GuildConfig)
        # It may have become a role of staff since it was chosen.
        role_id = rota.role_id if rota.role_id not in staff_roles(config) else None
        has = {each.member_id for each in mine if each.role_id == role_id}
        for grant in mine:
            if grant.role_id != role_id or grant.member_id not in wanted:
                others = any(
                    each.id != grant.id and (each.member_id, each.role_id) == (grant.member_id, grant.role_id)
                    for each in given
                )
                await self.change_role(
                    session, rota, grant.member_id, grant.role_id, give=False, quiet=others
                )
        if role_id is not None:
            for member_id in sorted(wanted - has):
                others = any((each.member_id, each.role_id) == (member_id, role_id) for each in given)
                await self.change_role(session, rota, member_id, role_id, give=True, quiet=others)

    async def change_role(
        self,
        session: AsyncSession,
        rota: RotaRow,
        member_id: int,
        role_id: int,
        *,
        give: bool,
        quiet: bool = False,
    ) -> None:
        """Write down that somebody has the role, or not, and have it done. `quiet`: another rota gives it them too."""
        grant = await holding_storage.lock_grant(session, rota, member_id, role_id)
        grant.given, grant.step = give, grant.step + 1
        if quiet:
            return
        effect = Effect(
            kind=EffectKind.ADD_ROLE if give else EffectKind.REMOVE_ROLE,
            key=f"rota.role:{grant.id}:{grant.step}",
            guild_id=rota.guild_id,
            member_id=member_id,
            role_id=role_id,
            arguments={"reason": "A turn has begun", "harmless": True}
            if give
            else {"reason": "A turn has ended"},
            lane=Lane.SCHEDULED,
        )
        await self._core.outbox.plan(session, effect)

    # ------------------------------------------------------------------------------------------ the end of a turn

    async def end(self, session: AsyncSession, turn: RotaTurnRow) -> None:
        """A turn is over: who held it has served it."""
        for seat in await turn_storage.list_seats(session, [turn.id]):
            if seat.state == State.HOLDING:
                await self.serve(session, seat)
            elif seat.state in (State.PLANNED, State.ACCEPTED):
                seat.state = State.LEFT.value
            await self.end_wish(session, seat)
        turn.state = turn_storage.OVER

    async def serve(self, session: AsyncSession, seat: RotaSeatRow) -> None:
        """Somebody has served their turn, which is an act."""
        seat.state, seat.until = State.SERVED.value, self._core.clock.now()
        act = Act(SERVED, seat.guild_id, seat.member_id, subject=str(seat.id), details={"rota": seat.rota_id})
        recorded = await self._core.ledger.record(session, act)
        if recorded is not None:
            seat.act_id = recorded.id

    async def relieve(
        self, session: AsyncSession, turn: RotaTurnRow, seat: RotaSeatRow, state: State
    ) -> None:
        """Somebody is out of a turn; who has held it for at least half of it has served it."""
        now = self._core.clock.now()
        await self.end_wish(session, seat)
        if seat.state == State.HOLDING and rules.counts_as_served(
            seat.since or now, now, turn.starts_at, turn.ends_at
        ):
            await self.serve(session, seat)
        else:
            seat.state, seat.until = state.value, now

    # ------------------------------------------------------------------------------------------ telling

    async def channel_of(self, session: AsyncSession, rota: RotaRow) -> int | None:
        """Where its turns are told of."""
        if rota.channel_id is not None:
            return rota.channel_id
        return (await self._core.configs.present(session, rota.guild_id, RotaSettings)).channel_id

    async def ask(self, session: AsyncSession, rota: RotaRow, seat: RotaSeatRow) -> None:
        """Ask somebody whether they are in."""
        seat.asked_at = self._core.clock.now()
        await session.flush()
        await self._notify(session, rota, seat, ASK_KIND.name, ASK_RENDERER)

    async def end_wish(self, session: AsyncSession, seat: RotaSeatRow) -> None:
        """No cover is looked for any more; the card that asked for it goes away."""
        if seat.wants_cover:
            seat.wants_cover = False
            key = turn_storage.swap_key(seat.id, seat.wanted)
            await self._core.outbox.delete_post(session, key, f"rota.unask:{seat.id}:{seat.wanted}")

    async def end_question(self, session: AsyncSession, seat: RotaSeatRow) -> None:
        """Whether they are in is no question any more; one in a channel goes away."""
        key = f"{ASK_RENDERER}:{seat.id}"
        await self._core.notifier.withdraw(session, key)
        await self._core.outbox.delete_post(session, key, f"rota.asked:{seat.id}")

    async def tell_begun(self, session: AsyncSession, rota: RotaRow, seat: RotaSeatRow) -> None:
        await self.end_question(session, seat)
        await self._notify(session, rota, seat, BEGIN_KIND.name, BEGIN_RENDERER)

    async def tell_taken(self, session: AsyncSession, rota: RotaRow, seat: RotaSeatRow) -> None:
        """Tell who had the place that somebody else has it now."""
        await self.end_question(session, seat)
        await self._notify(session, rota, seat, TAKEN_KIND.name, TAKEN_RENDERER, occasion=f":{seat.wanted}")

    async def _notify(
        self,
        session: AsyncSession,
        rota: RotaRow,
        seat: RotaSeatRow,
        kind: str,
        renderer: str,
        occasion: str = "",
    ) -> None:
        turn = await turn_storage.find_turn(session, seat.turn_id)
        notification = Notification(
            kind=kind,
            key=f"{renderer}:{seat.id}{occasion}",
            guild_id=rota.guild_id,
            member_id=seat.member_id,
            renderer=renderer,
            channel_id=await self.channel_of(session, rota),
            arguments={"rota_id": rota.id, "seat_id": seat.id},
            lane=Lane.SCHEDULED,
            expires_at=turn.ends_at if turn is not None and turn.ends_at > self._core.clock.now() else None,
        )
        await self._core.notifier.notify(session, notification)

    async def post(self, session: AsyncSession, rota: RotaRow, turn: RotaTurnRow) -> None:
        """Show in the channel who has it now."""
        channel_id = await self.channel_of(session, rota)
        if channel_id is not None:
            effect = Effect(
                kind=EffectKind.POST,
                key=f"{TURN_RENDERER}:{turn.id}",
                guild_id=rota.guild_id,
                channel_id=channel_id,
                renderer=TURN_RENDERER,
                arguments={"rota_id": rota.id, "turn_id": turn.id},
                lane=Lane.SCHEDULED,
            )
            await self._core.outbox.plan(session, effect)

    async def redraw(self, session: AsyncSession, turn: RotaTurnRow) -> None:
        """Draw what the channel shows of a turn again."""
        turn.version += 1
        await self._core.outbox.edit_post(
            session, f"{TURN_RENDERER}:{turn.id}", f"rota.redraw:{turn.id}:{turn.version}"
        )

    async def tell_staff(
        self, session: AsyncSession, rota: RotaRow, what: str, occasion: str, arguments: Mapping[str, Any]
    ) -> None:
        """Tell the staff channel, once for each occasion. `what` is one of `cogs.rota.render_staff.TOLD`."""
        config = await self._core.configs.present(session, rota.guild_id, GuildConfig)
        if config.staff_channel_id is None:
            return
        effect = Effect(
            kind=EffectKind.POST,
            key=f"{STAFF_RENDERER}:{what}:{occasion}",
            guild_id=rota.guild_id,
            channel_id=config.staff_channel_id,
            renderer=STAFF_RENDERER,
            arguments={"rota_id": rota.id, "what": what, **arguments},
            lane=Lane.SCHEDULED,
        )
        await self._core.outbox.plan(session, effect)
