"""What facilitators decide about rotas, and take back. Each raises `NotAllowed` for others."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import nominal_times
from bot.authority import ELEVATED, Actor, Capability, require
from bot.core import Core
from bot.errors import InvalidInput, LimitReached
from bot.i18n import N_
from bot.nominal_times import WEEKDAYS
from bot.schedules import CatchUp, NewSchedule
from bot.time_input import read_time
from bot.zone_input import find_zone
from cogs.rota import rules
from cogs.rota.guides import OTHER, shipped
from cogs.rota.holding import staff_roles
from cogs.rota.model import AREA, TURN_JOB, Report, Rota, Shape, gone, shape_of
from cogs.rota.rules import Past, State, Unit
from cogs.rota.service import RotaService
from storage import rota as storage
from storage import rota_turns as turn_storage
from storage.rota import RotaRow
from storage.rota_holding import RotaChangeRow

SHIFTS = {
    "day": (1, Unit.DAY),
    "week": (1, Unit.WEEK),
    "two_weeks": (2, Unit.WEEK),
    "month": (1, Unit.MONTH),
}
EDIT, COVER, SEAT = "edit", "cover", "seat"
LOOKED_BACK = 26
"""Turns that a fairness report looks at: half a year of weeks."""


class RotaStaff:
    """The use cases of facilitators."""

    def __init__(self, core: Core, service: RotaService) -> None:
        self._core = core
        self._service = service

    # ------------------------------------------------------------------------------------------ looking

    async def list_rotas(self, actor: Actor) -> tuple[Rota, ...]:
        await self.check(actor)
        async with self._core.db.read() as session:
            rows = await storage.list_rotas(session, actor.guild_id)
            return tuple([await self._service.reading.rota(session, each) for each in rows])

    async def look(self, actor: Actor, rota_id: int) -> Rota:
        """One rota. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_rota(session, rota_id)
            if row is None or row.guild_id != actor.guild_id or row.ended_at is not None:
                raise gone()
            return await self._service.reading.rota(session, row)

    async def qualifications(self, actor: Actor) -> list[tuple[str, str, bool]]:
        """What could be asked of who joins: value, title, and whether the title is a gettext id."""
        await self.check(actor)
        found: list[tuple[str, str, bool]] = []
        async with self._core.db.read() as session:
            for kind in await self._core.qualifications.list_kinds(actor.guild_id):
                choices = await kind.choices(session, actor.guild_id)
                found += [(f"{kind.kind}:{each.key}", each.title, each.ours) for each in choices]
        return found

    async def fairness(self, actor: Actor, rota_id: int) -> Report:
        """How evenly turns have fallen, and whom the next fill would choose."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_rota(session, rota_id)
            if row is None or row.guild_id != actor.guild_id:
                raise gone()
            past = await self._past(session, row)
            people = await self._service.planning.people(session, row)
            loads = await self._service.planning.loads(session, row, people)
            rota = await self._service.reading.rota(session, row)
        now = self._core.clock.now()
        there = people.present(now, rota.ahead[0].ends_at if rota.ahead else now)
        least = tuple(sorted(there, key=lambda each: (loads[each], each))[:3])
        return Report(rota, rules.fairness(past), least)

    async def _past(self, session: AsyncSession, rota: RotaRow) -> list[Past]:
        turns = [
            each
            for each in reversed(await turn_storage.list_last_turns(session, rota.id, LOOKED_BACK))
            if each.state == turn_storage.OVER
        ]
        if not turns:
            return []
        seats = await turn_storage.list_seats(session, [each.id for each in turns])
        volunteers = await storage.list_volunteers(session, rota.id)
        away = await storage.list_away(session, rota.guild_id, turns[0].starts_at)
        past: list[Past] = []
        for turn in turns:
            out = {
                each.member_id
                for each in away
                if each.starts_at < turn.ends_at and turn.starts_at < each.ends_at
            }
            present = {row.member_id for row, _, _ in volunteers if row.joined_at <= turn.starts_at} - out
            served = tuple(
                each.member_id for each in seats if each.turn_id == turn.id and each.state == State.SERVED
            )
            is_weekend = rota.unit == Unit.DAY and datetime.fromisoformat(turn.nominal).weekday() >= 5
            past.append(Past(served, frozenset(present), rota.holders, is_weekend))
        return past

    # ------------------------------------------------------------------------------------------ making and changing

    async def create(self, actor: Actor, typed: dict[str, str]) -> Rota:
        """Make a rota from what was typed in the form. Raises `InvalidInput`, `LimitReached`."""
        config = await self.check(actor)
        now = self._core.clock.now()
        async with self._core.db.begin() as session:
            await self._core.configs.lock(session, actor.guild_id)
            others = await storage.list_rotas(session, actor.guild_id)
            if len(others) >= rules.MOST_ROTAS:
                raise LimitReached("There are {n} rotas, which is as many as I keep.", n=rules.MOST_ROTAS)
            shape = read_shape(typed, [each.name for each in others], config.zone, now)
            row = await self.make_in(session, actor, shape)
            return await self._service.reading.rota(session, row)

    async def make_in(self, session: AsyncSession, actor: Actor, shape: Shape) -> RotaRow:
        """Make a rota within a transaction, for who was let through before."""
        now = self._core.clock.now()
        row = RotaRow(guild_id=actor.guild_id, seed=secrets.randbelow(2**31), made_at=now)
        _write(row, shape)
        session.add(row)
        await session.flush()
        new = NewSchedule(
            guild_id=actor.guild_id,
            job_name=TURN_JOB,
            subject=str(row.id),
            rule=shape.rule(nominal_times.local_now(now, shape.zone).date()),
            zone=shape.zone,
            catch_up=CatchUp.ALWAYS_ONCE,
            payload={"rota_id": row.id, "title": N_("Hand-over of a role")},
            follows_guild_zone=False,
        )
        row.schedule_id = (await self._core.schedules.add(session, new)).id
        await self._service.handover.look_ahead(session, row)
        await self.record(session, actor, N_("made the rota {name}"), row)
        return row

    async def edit(self, actor: Actor, rota_id: int, typed: dict[str, str]) -> Rota:
        """Change its form. Who has swapped, said yes or was put in keeps their turn. Raises `InvalidInput`."""
        config = await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self.lock(session, actor, rota_id)
            others = [
                each.name for each in await storage.list_rotas(session, row.guild_id) if each.id != row.id
            ]
            shape = read_shape(typed, others, config.zone, self._core.clock.now())
            await self.edit_in(session, actor, row, shape)
            return await self._service.reading.rota(session, row)

    async def edit_in(self, session: AsyncSession, actor: Actor, row: RotaRow, shape: Shape) -> None:
        """Change it within a transaction, in the same way."""
        before = _plain(shape_of(row))
        await self.reshape(session, row, shape)
        await self.remember(session, actor, row, EDIT, before=before)
        await self.record(
            session, actor, N_("changed the rota {name}"), row, before=before, after=_plain(shape)
        )

    async def reshape(self, session: AsyncSession, row: RotaRow, shape: Shape) -> None:
        old = shape_of(row)
        _write(row, shape)
        when = (shape.every, shape.unit, shape.weekday, shape.at, shape.zone)
        if when != (old.every, old.unit, old.weekday, old.at, old.zone) and row.schedule_id is not None:
            today = nominal_times.local_now(self._core.clock.now(), shape.zone).date()
            await self._core.schedules.change(
                session, row.schedule_id, rule=shape.rule(today), zone=shape.zone
            )
        await session.flush()
        await self._service.handover.look_ahead(session, row)

    async def set_role(self, actor: Actor, rota_id: int, role_id: int | None, powers: int) -> Rota:
        """The Discord role that follows the turn. `powers` are its permissions. Raises `InvalidInput`."""
        config = await self.check(actor)
        check_role(role_id, powers, staff_roles(config))
        async with self._core.db.begin() as session:
            row = await self.lock(session, actor, rota_id)
            await self.set_role_in(session, actor, row, role_id)
            return await self._service.reading.rota(session, row)

    async def set_role_in(
        self, session: AsyncSession, actor: Actor, row: RotaRow, role_id: int | None
    ) -> None:
        """Choose it within a transaction, once it was checked."""
        before, row.role_id = row.role_id, role_id
        await session.flush()
        await self._service.handover.refresh(session, row)
        await self.record(
            session,
            actor,
            N_("changed the role of the rota {name}"),
            row,
            before={"role": before},
            after={"role": role_id},
        )

    async def set_channel(self, actor: Actor, rota_id: int, channel_id: int | None) -> Rota:
        """Where its turns are told of."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self.lock(session, actor, rota_id)
            await self.set_channel_in(session, actor, row, channel_id)
            return await self._service.reading.rota(session, row)

    async def set_channel_in(
        self, session: AsyncSession, actor: Actor, row: RotaRow, channel_id: int | None
    ) -> None:
        before, row.channel_id = row.channel_id, channel_id
        await self.record(
            session,
            actor,
            N_("changed the channel of the rota {name}"),
            row,
            before={"channel": before},
            after={"channel": channel_id},
        )

    async def set_needs(self, actor: Actor, rota_id: int, value: str) -> Rota:
        """Who may take turns: "kind:key", or nothing for everybody. Raises `InvalidInput`."""
        await self.check(actor)
        kind, _, key = value.partition(":")
        async with self._core.db.begin() as session:
            row = await self.lock(session, actor, rota_id)
            if value and await self._core.qualifications.find(session, row.guild_id, kind, key) is None:
                raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
            await self.set_needs_in(session, actor, row, value)
            return await self._service.reading.rota(session, row)

    async def set_needs_in(self, session: AsyncSession, actor: Actor, row: RotaRow, value: str) -> None:
        kind, _, key = value.partition(":")
        row.needs_kind, row.needs_key = (kind, key) if value else (None, None)
        await session.flush()
        await self._service.handover.look_ahead(session, row)
        await self.record(session, actor, N_("changed who may take turns in the rota {name}"), row)

    async def end(self, actor: Actor, rota_id: int) -> None:
        """No more turns. The role is taken back, and the present turn counts as served."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self.end_in(session, actor, await self.lock(session, actor, rota_id))

    async def end_in(self, session: AsyncSession, actor: Actor, row: RotaRow) -> None:
        """End it within a transaction, in the same way."""
        holding = self._service.holding
        for turn in await turn_storage.list_turns(session, row.id, turn_storage.NOW):
            await holding.end(session, turn)
            await holding.redraw(session, turn)
        for turn in await turn_storage.list_turns(session, row.id, turn_storage.PLANNED_TURN):
            for seat in await turn_storage.list_seats(session, [turn.id]):
                await holding.end_wish(session, seat)
                await holding.end_question(session, seat)
        row.ended_at = self._core.clock.now()
        await session.flush()
        await holding.follow(session, row)
        if row.schedule_id is not None:
            await self._core.schedules.remove(session, row.schedule_id)
            row.schedule_id = None
        await self.record(session, actor, N_("ended the rota {name}"), row)

    # ------------------------------------------------------------------------------------------ channels that go

    async def channels(self, guild_id: int) -> set[int]:
        """The channels that rotas name."""
        async with self._core.db.read() as session:
            return await storage.list_channels(session, guild_id)

    async def lose_channel(self, guild_id: int, channel_id: int) -> None:
        """A channel was deleted: its rotas are told of where all the others are."""
        async with self._core.db.begin() as session:
            for row in await storage.list_rotas(session, guild_id):
                if row.channel_id == channel_id:
                    row.channel_id = None

    # ------------------------------------------------------------------------------------------ shared

    async def check(self, actor: Actor) -> Any:
        """The configuration of the server. Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        return config

    async def lock(self, session: AsyncSession, actor: Actor, rota_id: int) -> RotaRow:
        row = await storage.lock_rota(session, rota_id)
        if row is None or row.guild_id != actor.guild_id or row.ended_at is not None:
            raise gone()
        return row

    async def remember(
        self, session: AsyncSession, actor: Actor, row: RotaRow, what: str, **values: Any
    ) -> None:
        session.add(
            RotaChangeRow(
                guild_id=row.guild_id,
                rota_id=row.id,
                what=what,
                by_id=actor.member_id,
                at=self._core.clock.now(),
                **values,
            )
        )
        await session.flush()

    async def record(
        self, session: AsyncSession, actor: Actor, what: str, row: RotaRow, **fields: Any
    ) -> None:
        await self._core.audit.record(session, actor, AREA, what, name=row.name, **fields)


def check_role(role_id: int | None, powers: int, staff: Collection[int]) -> None:
    """`powers` are its permissions, `staff` the roles of staff. Raises `InvalidInput` for one that must not go round."""
    if role_id is not None and (powers & ELEVATED or role_id in staff):
        raise InvalidInput(
            "That role has power over others, so I do not hand it around. Choose one without such permissions."
        )


def read_shape(typed: dict[str, str], others: list[str], zone: str, now: datetime) -> Shape:
    """What was typed in the form. Raises `InvalidInput`, one sentence for the first thing that is wrong."""
    kind = typed.get("kind", "")
    if kind not in (*shipped(), OTHER) or typed.get("shift") not in SHIFTS:
        raise InvalidInput("That cannot be chosen any more. Please open the form again.")
    every, unit = SHIFTS[typed["shift"]]
    weekday, at, place = read_handover(typed.get("when", ""), zone, now)
    return Shape(
        rules.check_name(typed.get("name", ""), others),
        kind,
        every,
        unit,
        weekday,
        at,
        place,
        rules.check_holders(typed.get("holders", "")),
    )


def read_handover(typed: str, zone: str, now: datetime) -> tuple[int, time, str]:
    """ "Monday 09:00", or "Monday 09:00 Europe/Berlin". Raises `InvalidInput`."""
    words = typed.split()
    day = words[0].strip(",").lower() if words else ""
    found = [number for number, name in enumerate(WEEKDAYS) if len(day) >= 2 and name.startswith(day)]
    if len(found) != 1 or len(words) < 2:
        raise InvalidInput(
            "Write day, time and, if it is another than the community's, a city: {example}.",
            example="Monday 09:00 Europe/Berlin",
        )
    rest = words[1:]
    if len(rest) > 1 and rest[1].lower() in ("am", "pm"):
        rest = [f"{rest[0]} {rest[1]}", *rest[2:]]
    place = find_zone(" ".join(rest[1:]), now) if len(rest) > 1 else zone
    return found[0], read_time(rest[0]), place


def shift_of(shape: Shape) -> str | None:
    """The value of the form's field for the length of a shift."""
    return next((key for key, each in SHIFTS.items() if each == (shape.every, shape.unit)), None)


def _write(row: RotaRow, shape: Shape) -> None:
    row.name, row.kind, row.every, row.unit = shape.name, shape.kind, shape.every, shape.unit.value
    row.weekday, row.at, row.zone = shape.weekday, shape.at.strftime("%H:%M"), shape.zone
    row.holders = shape.holders


def _plain(shape: Shape) -> dict[str, Any]:
    return {**asdict(shape), "unit": shape.unit.value, "at": shape.at.strftime("%H:%M")}


def shape_from(values: dict[str, Any]) -> Shape:
    known: dict[str, Any] = {**values, "unit": Unit(values["unit"]), "at": time.fromisoformat(values["at"])}
    return Shape(**known)
