"""Rotas in a configuration file. A rota is known by its name; who takes turns, and when, is no part of the file."""

from __future__ import annotations

from datetime import time

from bot.config_parts import Ground
from bot.config_places import Place, Server
from bot.config_reading import Given, Value, Wanted, one_of
from bot.core import Core
from bot.errors import InvalidInput, LimitReached, NotFound
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.nominal_times import WEEKDAYS
from cogs.rota import rules
from cogs.rota.guides import OTHER, shipped
from cogs.rota.holding import staff_roles
from cogs.rota.model import AREA, Shape, shape_of
from cogs.rota.staff import SHIFTS, RotaStaff, check_role, read_handover, shift_of
from storage import rota as storage
from storage.rota import RotaRow

KEYS = ("name", "kind", "shift", "handed_over", "holders", "needs", "role", "channel")


class RotaPart:
    """Which rotas there are, and how each goes round."""

    table = AREA
    title = N_("Roles that rotate")

    def __init__(self, core: Core, staff: RotaStaff) -> None:
        self._core = core
        self._staff = staff
        self.keys = {"list": N_("Rota")}

    async def export(self, ground: Ground) -> Wanted:
        rows = await storage.list_rotas(ground.session, ground.guild_id)
        return {"list": tuple(_item(ground.server, each) for each in rows)}

    async def read(self, ground: Ground, given: Given) -> None:
        config = await self._core.configs.present(ground.session, ground.guild_id, GuildConfig)
        staff, known = staff_roles(config), await self._qualifications(ground)
        now = self._core.clock.now()

        def harmless(role: Place | None) -> None:
            if role is None:
                return
            found = ground.server.roles.get(role.id)
            if found is not None and not found.giveable:
                raise InvalidInput(
                    "Nobody can be given that role. Please choose another, or make one for it."
                )
            check_role(role.id, ground.server.powers(role.id), staff)

        def qualification(typed: str) -> str:
            if typed not in known:
                raise NotFound("I do not know this. Known here are: {names}.", names=", ".join(sorted(known)))
            return typed

        def read_rota(item: Given) -> None:
            item.text("name", lambda typed: rules.check_name(typed, ()), required=True)
            item.text("kind", one_of((*shipped(), OTHER)), required=True)
            item.text("shift", one_of(SHIFTS), required=True)
            item.text(
                "handed_over", lambda typed: _when(*read_handover(typed, config.zone, now)), required=True
            )
            item.number("holders", least=1, most=rules.MOST_HOLDERS)
            item.text("needs", qualification)
            item.place("role", "role", harmless)
            item.place("channel", "channel")

        given.tables("list", KEYS, read_rota, _check)

    async def _qualifications(self, ground: Ground) -> set[str]:
        kinds = await self._core.qualifications.list_kinds(ground.guild_id)
        return {
            f"{kind.kind}:{each.key}"
            for kind in kinds
            for each in await kind.choices(ground.session, ground.guild_id)
        }

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        session, actor = ground.session, ground.actor
        present: dict[str, RotaRow] = {}
        for each in await storage.list_rotas(session, ground.guild_id):
            present[each.name.casefold()] = await self._staff.lock(session, actor, each.id)
        items = {each["name"].casefold(): each for each in wanted["list"]}
        for name, row in present.items():
            if name not in items:
                await self._staff.end_in(session, actor, row)
        for name, item in items.items():
            shape = self._shape(item)
            row = present.get(name)
            if row is None:
                row = await self._staff.make_in(session, actor, shape)
            elif shape_of(row) != shape:
                await self._staff.edit_in(session, actor, row, shape)
            await self._choose(ground, row, item)

    async def _choose(self, ground: Ground, row: RotaRow, item: Wanted) -> None:
        """What is chosen beside the form. The channel first, so that what is told is told there."""
        session, actor = ground.session, ground.actor
        channel_id, role_id = _id_of(item["channel"]), _id_of(item["role"])
        if channel_id != row.channel_id:
            await self._staff.set_channel_in(session, actor, row, channel_id)
        if (item["needs"] or "") != _needs(row):
            await self._staff.set_needs_in(session, actor, row, item["needs"] or "")
        if role_id != row.role_id:
            await self._staff.set_role_in(session, actor, row, role_id)

    def _shape(self, item: Wanted) -> Shape:
        weekday, at, zone = read_handover(item["handed_over"], "UTC", self._core.clock.now())
        every, unit = SHIFTS[item["shift"]]
        return Shape(item["name"], item["kind"], every, unit, weekday, at, zone, item["holders"])


def _check(items: tuple[Wanted, ...]) -> None:
    if len(items) > rules.MOST_ROTAS:
        raise LimitReached("There are {n} rotas, which is as many as I keep.", n=rules.MOST_ROTAS)
    if len({each["name"].casefold() for each in items}) < len(items):
        raise InvalidInput("There is a rota of that name already. Please choose another.")


def _item(server: Server, row: RotaRow) -> Wanted:
    shape = shape_of(row)
    values: tuple[Value, ...] = (
        shape.name,
        shape.kind,
        shift_of(shape),
        _when(shape.weekday, shape.at, shape.zone),
        shape.holders,
        _needs(row) or None,
        server.place("role", row.role_id),
        server.place("channel", row.channel_id),
    )
    return dict(zip(KEYS, values, strict=True))


def _needs(row: RotaRow) -> str:
    return f"{row.needs_kind}:{row.needs_key}" if row.needs_kind is not None else ""


def _when(weekday: int, at: time, zone: str) -> str:
    return f"{WEEKDAYS[weekday]} {at:%H:%M} {zone}"


def _id_of(place: Place | None) -> int | None:
    return place.id if place is not None else None
