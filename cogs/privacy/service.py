"""What a person may know and decide about their data here, and what facilitators may know of the whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import inspect

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.erasure import Planned
from bot.errors import AlreadyDone, InvalidInput, NotFound
from cogs.privacy import rules
from storage import footprint
from storage import privacy as storage
from storage.base import Base
from storage.footprint import Statement
from storage.personal import OnDeletion, SeenBy

IN_CONFIDENCE = (SeenBy.WRITER, SeenBy.OTHERS)


@dataclass(frozen=True)
class Held:
    """One kind of data: how much of it there is, and what becomes of it. Texts are gettext ids."""

    what: str
    rows: int
    seen_by: SeenBy
    on_deletion: OnDeletion
    why: str | None
    keep_for: timedelta | None


@dataclass(frozen=True)
class Footprint:
    """What is stored about one person in one server."""

    guild_id: int
    held: tuple[Held, ...]
    planned: Planned | None


@dataclass(frozen=True)
class Overview:
    """What is stored of one server. Instants are UTC; None is never. Texts are gettext ids."""

    held: tuple[Held, ...]
    erasures_planned: int
    last_purge: datetime | None
    rows_purged: int
    purged_at: datetime | None
    last_backup: datetime | None
    database_bytes: int | None
    is_file: bool


@dataclass(frozen=True)
class Machine:
    """What the process knows of backups and the disk."""

    last_backup: datetime | None
    database_bytes: int | None
    is_file: bool


class PrivacyService:
    """The use cases. `look_at_machine` asks the disk, so it runs in a thread."""

    def __init__(self, core: Core, look_at_machine: Callable[[], Machine]) -> None:
        self._core = core
        self._look_at_machine = look_at_machine

    async def show(self, actor: Actor) -> Footprint:
        """What is stored about the actor here."""
        async with self._core.db.read() as session:
            found = [
                (each, await footprint.count(session, each, actor.guild_id, actor.member_id, told=True))
                for each in footprint.statements()
                if each.personal.seen_by not in IN_CONFIDENCE
            ]
            planned = await self._core.erasure.find(session, actor.guild_id, actor.member_id)
        return Footprint(actor.guild_id, _by_purpose([each for each in found if each[1]]), planned)

    async def export(self, actor: Actor, *, limit: int = rules.FILE_LIMIT) -> list[tuple[str, bytes]]:
        """Everything that is the actor's here, as named files, each within `limit` bytes."""
        now = self._core.clock.now()
        found: dict[str, dict[Any, dict[str, Any]]] = {}
        async with self._core.db.read() as session:
            for statement in footprint.statements():
                if not statement.personal.mention and statement.personal.seen_by is not SeenBy.OTHERS:
                    rows = await footprint.list_rows(session, statement, actor.guild_id, actor.member_id)
                    if rows:
                        # Two statements of a table may name one row.
                        found.setdefault(statement.table, {}).update(
                            _plain(statement.model, rows, actor.member_id, statement.personal.hides)
                        )
        tables = {table: list(rows.values()) for table, rows in sorted(found.items())}
        about = {
            "server": str(actor.guild_id),
            "member": str(actor.member_id),
            "made_at": rules.plain("made_at", now, actor.member_id),
        }
        name = f"lyceum-{now:%Y-%m-%d}"
        # Zipping a large one takes seconds.
        return await asyncio.to_thread(rules.pack, name, about, tables, limit=limit)

    async def ask_to_delete(self, actor: Actor, typed: str, *accepted: str) -> Planned:
        """Delete the actor's data in a day. Raises `InvalidInput` unless one of the accepted words was typed."""
        if not rules.is_confirmed(typed, *accepted):
            raise InvalidInput(
                "That was not the word, so nothing will be deleted. Use {command} to try again.",
                command="`/privacy delete`",
            )
        async with self._core.db.begin() as session:
            return await self._core.erasure.ask(session, actor.guild_id, actor.member_id)

    async def keep(self, actor: Actor) -> None:
        """Call the actor's deletion off. Raises `NotFound` when none is planned, `AlreadyDone` when it has begun."""
        async with self._core.db.begin() as session:
            planned = await self._core.erasure.find(session, actor.guild_id, actor.member_id)
            if planned is None:
                raise NotFound("No deletion is planned, so there is nothing to stop.")
            if not await self._core.erasure.call_off(session, actor.guild_id, actor.member_id):
                raise AlreadyDone("The deletion has begun, so it can no longer be stopped.")

    async def came_and_went(self, guild_id: int, is_here: Mapping[int, bool]) -> None:
        """Some left the server, whose data goes in a year; others are here (again). Most of either are unknown, and cost
        nobody the database's one writing turn."""
        erasure = self._core.erasure
        gone = [each for each, here in is_here.items() if not here]
        back = [each for each, here in is_here.items() if here]
        async with self._core.db.read() as session:
            gone, back = await erasure.list_known(session, guild_id, gone, back)
        if gone or back:
            async with self._core.db.begin() as session:
                await erasure.note_departures(session, guild_id, gone, back)

    async def overview(self, actor: Actor) -> Overview:
        """What is stored of the server. Raises `NotAllowed` unless the actor is a facilitator."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        machine = await asyncio.to_thread(self._look_at_machine)
        async with self._core.db.read() as session:
            held = [
                (each, await footprint.count_all(session, each.model, actor.guild_id))
                for each in footprint.statements()
                if not each.personal.mention
            ]
            purge = await storage.find_purge(session, actor.guild_id)
            return Overview(
                held=_by_purpose(held),
                erasures_planned=await storage.count_erasures(session, actor.guild_id),
                last_purge=await self._core.retention.last_run(session),
                rows_purged=purge.rows if purge is not None else 0,
                purged_at=purge.at if purge is not None else None,
                last_backup=machine.last_backup,
                database_bytes=machine.database_bytes,
                is_file=machine.is_file,
            )


def _by_purpose(found: Sequence[tuple[Statement, int]]) -> tuple[Held, ...]:
    """One entry a purpose, in the order of the statements' texts."""
    held: dict[str, Held] = {}
    for statement, rows in found:
        own, rule = statement.personal, statement.rule
        before = held.get(own.what)
        held[own.what] = Held(
            what=own.what,
            rows=rows + (before.rows if before is not None else 0),
            seen_by=own.seen_by,
            on_deletion=rule.on_deletion,
            why=rule.why,
            keep_for=rule.keep_for,
        )
    return tuple(sorted(held.values(), key=lambda each: each.what))


def _plain(
    model: type[Base], rows: Sequence[Base], member_id: int, hidden: Sequence[str]
) -> dict[Any, dict[str, Any]]:
    """The rows by column, under their keys."""
    said = model.personal
    others = frozenset(each.column for each in said if each.path is None and each.through is None)
    mapper = inspect(model)
    names = [attribute.key for attribute in mapper.column_attrs if attribute.key not in hidden]
    return {
        tuple(mapper.primary_key_from_instance(row)): {
            name: rules.plain(name, getattr(row, name), member_id, others=others) for name in names
        }
        for row in rows
    }
