"""The configuration of a community as one file: taken out, compared, applied and rolled back.

A file that can be applied is a row before anybody presses, so it outlives a restart. Pressing checks everything again
within the transaction that applies it: if the configuration has changed since the comparison was shown, or the
server has, the new comparison is the answer and nothing is applied. What is applied keeps what stood before it.
Tested in `tests/behaviour/test_setup_config.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.config_diff import Change, changes, fingerprint
from bot.config_file import Block, parse, plain, write
from bot.config_parts import Ground, Part
from bot.config_places import Server
from bot.config_reading import Given, Mistake, Value, Wanted, unknown_keys
from bot.config_shell_parts import PagePart
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotFound, UserError
from bot.i18n import N_
from bot.setup_choices import RoleUse, check_double_use
from bot.text import clean, cut
from storage import config_versions as storage

VERSIONS_KEPT = 20
WAITS = timedelta(days=7)
LONGEST_NAME = 100
AREA = "setup"


@dataclass(frozen=True)
class Version:
    """Something that was applied. `member_id` is 0 when who did it is forgotten; `at` is UTC."""

    id: int
    member_id: int
    file: str
    changes: int
    at: datetime
    is_roll_back: bool


@dataclass(frozen=True)
class Overview:
    """The configuration as it stands, to be written as a file, and what was applied, the latest first."""

    blocks: tuple[Block, ...]
    versions: tuple[Version, ...]
    at: datetime
    zone: str


@dataclass(frozen=True)
class Proposal:
    """What a file, or a roll back to before `undoes`, would change.

    With `mistakes` nothing of it is applied. `left` is what a roll back cannot bring back and leaves as it is.
    `remarks` (gettext ids) say what else comes of it. `is_stale`: the configuration has changed since the person was
    last shown it. `id` is None when there is nothing to apply.
    """

    id: int | None
    file: str
    changes: tuple[Change, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    left: tuple[Mistake, ...] = ()
    remarks: tuple[str, ...] = ()
    undoes: Version | None = None
    is_stale: bool = False


@dataclass(frozen=True)
class Applied:
    """It was applied."""

    changes: tuple[Change, ...]
    left: tuple[Mistake, ...]
    is_roll_back: bool


@dataclass
class _Weighed:
    """A file compared with what stands, before it is anybody's proposal."""

    present: list[tuple[Part, Wanted]]
    wanted: list[tuple[Part, dict[str, Value]]] = field(default_factory=list[tuple[Part, dict[str, Value]]])
    mistakes: list[Mistake] = field(default_factory=list[Mistake])
    remarks: list[str] = field(default_factory=list[str])

    @property
    def base(self) -> str:
        return fingerprint([(part.table, values) for part, values in self.present])

    @property
    def blocks(self) -> tuple[Block, ...]:
        found: dict[str, Block] = {}
        for part, values in self.present:
            old = found.get(part.table, Block(part.table, part.title, {}))
            found[part.table] = Block(part.table, old.title, {**old.values, **values})
        return tuple(found.values())

    def changes(self) -> tuple[Change, ...]:
        present = {id(part): values for part, values in self.present}
        return tuple(
            change
            for part, values in self.wanted
            for key, value in values.items()
            for change in changes(part.title, part.keys[key], present[id(part)][key], value)
        )


class ConfigService:
    """The use cases. Each raises `NotAllowed` for who may not set up the community."""

    def __init__(self, core: Core, parts: Callable[[], Sequence[Part]]) -> None:
        self._core = core
        self._parts = parts

    async def check(self, actor: Actor) -> None:
        """Raise `NotAllowed` for who may not set up the community."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)

    async def overview(self, actor: Actor, server: Server) -> Overview:
        """The configuration as it stands, and its versions."""
        await self.check(actor)
        async with self._core.db.read() as session:
            present = await self._present(Ground(session, actor, server))
            rows = await storage.list_applied(session, actor.guild_id)
        zone = (await self._core.configs.guild(actor.guild_id)).zone
        return Overview(_Weighed(present).blocks, tuple(map(_version, rows)), self._core.clock.now(), zone)

    async def propose(self, actor: Actor, server: Server, data: bytes, file: str) -> Proposal:
        """What this file would change here, or all that is wrong with it. Nothing is applied."""
        await self.check(actor)
        file = cut(clean(file), LONGEST_NAME)
        try:
            document = parse(data)
        except InvalidInput as problem:
            return Proposal(None, file, mistakes=(Mistake("", problem),))
        async with self._core.db.begin() as session:
            ground = await self._ground(session, actor, server)
            weighed = await self._weigh(ground, document)
            text = plain(document) if not weighed.mistakes else ""
            return await self._propose(weighed, ground, _row(actor, text, file))

    async def propose_back(self, actor: Actor, server: Server, version_id: int) -> Proposal:
        """What it would change to go back to how it was before this version. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            ground = await self._ground(session, actor, server)
            version = await storage.find_version(session, actor.guild_id, version_id)
            if version is None or version.before is None:
                raise NotFound("That version is not kept any more. See {command}.", command="`/setup config`")
            weighed = await self._weigh(ground, parse(version.before.encode()))
            row = _row(actor, version.before, version.file, undoes=version.id)
            return await self._propose(weighed, ground, row, undone=version)

    async def apply(self, actor: Actor, server: Server, row_id: int) -> Proposal | Applied:
        """Apply what was proposed, all of it or nothing; the new comparison if anything has changed since.

        Raises `AlreadyDone`, and `NotFound` when it was left or has waited too long.
        """
        await self.check(actor)
        try:
            return await self._apply_or_propose(actor, server, row_id)
        except IntegrityError as error:  # somebody has just added by hand what the file adds
            raise AlreadyDone(
                "Somebody changed the same at this moment, so nothing was applied. Please press once more."
            ) from error

    async def _apply_or_propose(self, actor: Actor, server: Server, row_id: int) -> Proposal | Applied:
        async with self._core.db.begin() as session:
            ground = await self._ground(session, actor, server)
            row = await storage.find_version(session, actor.guild_id, row_id)
            if row is None:
                raise NotFound(
                    "That is not waiting any more. Begin again with {command}.", command="`/setup config`"
                )
            if row.applied_at is not None:
                raise AlreadyDone("That was applied already. See {command}.", command="`/setup config`")
            weighed = await self._weigh(ground, parse(row.text.encode()))
            undone = await storage.find_version(session, actor.guild_id, row.undoes) if row.undoes else None
            proposal = _proposal(row, weighed, undone)
            is_stale = weighed.base != row.base
            if is_stale or not proposal.changes or proposal.mistakes:
                again = _row(actor, row.text, row.file, undoes=row.undoes)
                await session.delete(row)
                return await self._propose(weighed, ground, again, undone=undone, is_stale=is_stale)
            await self._apply(ground, row, weighed, proposal)
            return Applied(proposal.changes, proposal.left, bool(row.undoes))

    async def leave(self, actor: Actor, row_id: int) -> None:
        """Give it up. Nothing happens when it is gone or applied."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await storage.find_version(session, actor.guild_id, row_id)
            if row is not None and row.applied_at is None:
                await session.delete(row)

    # What is below runs inside the transactions above.

    async def _ground(self, session: AsyncSession, actor: Actor, server: Server) -> Ground:
        await self._core.configs.lock(session, actor.guild_id)
        return Ground(session, actor, server)

    async def _present(self, ground: Ground) -> list[tuple[Part, Wanted]]:
        return [(part, await part.export(ground)) for part in self._parts()]

    async def _weigh(self, ground: Ground, document: Mapping[str, Any]) -> _Weighed:
        weighed = _Weighed(await self._present(ground))
        known: dict[str, dict[str, str]] = {}
        for part, _ in weighed.present:
            known.setdefault(part.table, {}).update(part.keys)
        tables: dict[str, Mapping[str, Any]] = {}
        weighed.mistakes += unknown_keys("", document, known)
        for name, raw in document.items():
            if name not in known:
                continue
            if not isinstance(raw, dict):
                problem = InvalidInput(
                    "This must be a table: a line {example} with its keys below.", example=f"[{name}]"
                )
                weighed.mistakes.append(Mistake(name, problem))
            else:
                tables[name] = cast("Mapping[str, Any]", raw)
        for name, table in tables.items():
            weighed.mistakes += unknown_keys(name, table, known[name])
        for part, present in weighed.present:
            table = tables.get(part.table, {})
            mine = {key: table[key] for key in part.keys if key in table}
            given = Given(part.table, mine, present, ground.server, weighed.mistakes)
            await part.read(ground, given)
            weighed.remarks += given.remarks
            wanted = {key: value for key, value in given.wanted.items() if value != present[key]}
            weighed.wanted.append((part, wanted))
        _check_roles(weighed)
        return weighed

    async def _propose(
        self,
        weighed: _Weighed,
        ground: Ground,
        row: storage.ConfigVersionRow,
        *,
        undone: storage.ConfigVersionRow | None = None,
        is_stale: bool = False,
    ) -> Proposal:
        """The comparison, kept as `row` if there is something to apply."""
        proposal = replace(_proposal(row, weighed, undone), is_stale=is_stale)
        if not proposal.changes or proposal.mistakes:
            return proposal
        row.made_at, row.base = self._core.clock.now(), weighed.base
        await self._remove_old(ground)
        ground.session.add(row)
        await ground.session.flush()
        return replace(proposal, id=row.id)

    async def _apply(
        self, ground: Ground, row: storage.ConfigVersionRow, weighed: _Weighed, proposal: Proposal
    ) -> None:
        before = write(weighed.blocks)
        for part, wanted in weighed.wanted:
            if wanted:
                await part.apply(ground, wanted)
        row.before, row.applied_at, row.changes = before, self._core.clock.now(), len(proposal.changes)
        row.member_id = ground.actor.member_id
        await self._core.audit.record(
            ground.session,
            ground.actor,
            AREA,
            N_("rolled the configuration back, changes: {n}")
            if row.undoes is not None
            else N_("applied a configuration file, changes: {n}"),
            why=row.file,
            n=row.changes,
        )
        await ground.session.flush()
        await self._remove_old(ground)

    async def _remove_old(self, ground: Ground) -> None:
        waiting_since = self._core.clock.now() - WAITS
        await storage.remove_old(
            ground.session, ground.guild_id, keep=VERSIONS_KEPT, waiting_since=waiting_since
        )


def _row(actor: Actor, text: str, file: str, *, undoes: int | None = None) -> storage.ConfigVersionRow:
    return storage.ConfigVersionRow(
        guild_id=actor.guild_id, member_id=actor.member_id, file=file, text=text, undoes=undoes
    )


def _proposal(
    row: storage.ConfigVersionRow, weighed: _Weighed, undone: storage.ConfigVersionRow | None
) -> Proposal:
    """The comparison as it is shown. What is wrong forbids a file; a roll back goes on without it."""
    wrong, remarks = tuple(weighed.mistakes), tuple(weighed.remarks)
    if row.undoes is not None:
        undoes = _version(undone) if undone is not None else None
        return Proposal(None, row.file, weighed.changes(), left=wrong, remarks=remarks, undoes=undoes)
    return Proposal(None, row.file, () if wrong else weighed.changes(), mistakes=wrong, remarks=remarks)


def _check_roles(weighed: _Weighed) -> None:
    """No role that would then give staff powers and be handed out, whichever of the two the file changes."""
    uses: list[tuple[PagePart, str, RoleUse]] = []
    present = {id(part): values for part, values in weighed.present}
    for part, wanted in weighed.wanted:
        if not isinstance(part, PagePart):
            continue
        for key, choice in part.choices.items():
            place = wanted.get(key, present[id(part)][key])
            if choice.of == "role" and place is not None:
                uses.append((part, key, RoleUse(f"{part.table}.{key}", choice.staff, place.id)))
    wanted_of = {id(part): wanted for part, wanted in weighed.wanted}
    for part, key, use in uses:
        if key not in wanted_of[id(part)]:
            continue
        try:
            check_double_use(use, [other for _, _, other in uses])
        except UserError as problem:
            weighed.mistakes.append(Mistake(use.where, problem))
            del wanted_of[id(part)][key]


def _version(row: storage.ConfigVersionRow) -> Version:
    return Version(
        row.id, row.member_id, row.file, row.changes, row.applied_at or row.made_at, row.undoes is not None
    )
