"""Cases as staff read and keep them: the card with all that belongs to it, its reason edited with the history kept, notes,
links, hiding with a reason, the history of a member, and the panel on which a moderator acts."""

from __future__ import annotations

import math

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability
from bot.cases import CASE, LASTING, Case, CaseKind, EventKind
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.text import clean
from cogs.moderation import model, rules
from cogs.moderation.model import (
    CaseView,
    Evidence,
    HistoryView,
    ModerationSettings,
    Note,
    PanelView,
)
from cogs.moderation.service import gone
from storage import cases as storage
from storage import evidence as evidence_storage
from storage import moderation as panel_storage

RECENT_CASES = 3


class Records:
    """Reads and keeps them."""

    def __init__(self, core: Core) -> None:
        self._core = core

    # ------------------------------------------------------------------------------------------ reading

    async def look(self, actor: Actor, number: int) -> CaseView:
        """The case of this number. Raises `NotFound`."""
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.read() as session:
            case = await self._core.cases.find(session, actor.guild_id, number)
            if case is None:
                raise gone()
            return await self.view(session, case)

    async def open(self, actor: Actor, case_id: int) -> CaseView:
        """The case of this row, behind a button."""
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.read() as session:
            return await self.view(session, await self._get(session, actor, case_id))

    async def view(self, session: AsyncSession, case: Case) -> CaseView:
        """A case with all that belongs to it."""
        row = await storage.find_by_id(session, case.id)
        assert row is not None
        notes = await storage.list_notes(session, [case.id])
        kept = await evidence_storage.list_of(session, CASE, case.id)
        return CaseView(
            case,
            tuple(await self._core.cases.list_events(session, case.id)),
            tuple(Note(each.by_id, each.at, each.text) for each in notes),
            tuple(await storage.list_linked(session, case.id)),
            tuple(
                Evidence(
                    each.author_id,
                    each.text if each.purged_at is None else None,
                    each.link,
                    tuple(each.attachments.get("names", ())),
                    each.purge_at,
                )
                for each in kept
            ),
            row.hidden_by,
            row.hidden_why,
        )

    async def find_view(self, guild_id: int, case_id: int) -> CaseView | None:
        """For the card in the log."""
        async with self._core.db.read() as session:
            case = await self._core.cases.find_by_id(session, guild_id, case_id)
            return await self.view(session, case) if case is not None else None

    async def history(self, actor: Actor, member_id: int, page: int) -> HistoryView:
        """A page of the cases about somebody, the newest first, hidden ones too."""
        await self._core.guards.require(actor, Capability.MODERATE)
        cases = self._core.cases
        async with self._core.db.begin() as session:
            total = await cases.count_of_member(session, actor.guild_id, member_id)
            pages = max(1, math.ceil(total / model.PAGE_SIZE))
            page = min(max(page, 0), pages - 1)
            found = await cases.list_of_member(
                session, actor.guild_id, member_id, limit=model.PAGE_SIZE, offset=page * model.PAGE_SIZE
            )
            points = await cases.active_points(session, actor.guild_id, member_id)
            panel = await self._add_panel(session, actor, member_id, None)
        return HistoryView(member_id, tuple(found), page, pages, total, points, panel.id)

    # ------------------------------------------------------------------------------------------ the panel

    async def panel(self, actor: Actor, member_id: int, source_key: str | None = None) -> PanelView:
        """A new panel to act on somebody."""
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.begin() as session:
            row = await self._add_panel(session, actor, member_id, source_key)
            return await self._panel_view(session, row)

    async def find_panel(self, actor: Actor, panel_id: int) -> tuple[int, str | None]:
        """Whom a panel is about, and what its case will come from. Any moderator may use it. Raises `NotFound`."""
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.read() as session:
            row = await panel_storage.find_panel(session, panel_id)
            if row is None or row.guild_id != actor.guild_id:
                raise NotFound(
                    "This card is too old. Please open it again with {command}.", command="`/mod history`"
                )
            return row.member_id, row.source_key

    async def panel_view(self, actor: Actor, panel_id: int) -> PanelView:
        await self.find_panel(actor, panel_id)
        async with self._core.db.read() as session:
            row = await panel_storage.find_panel(session, panel_id)
            assert row is not None
            return await self._panel_view(session, row)

    async def _add_panel(
        self, session: AsyncSession, actor: Actor, member_id: int, source_key: str | None
    ) -> panel_storage.ModerationPanelRow:
        row = panel_storage.ModerationPanelRow(
            guild_id=actor.guild_id,
            member_id=member_id,
            opened_by=actor.member_id,
            source_key=source_key,
            at=self._core.clock.now(),
        )
        session.add(row)
        await session.flush()
        return row

    async def _panel_view(self, session: AsyncSession, row: panel_storage.ModerationPanelRow) -> PanelView:
        cases = self._core.cases
        points = await cases.active_points(session, row.guild_id, row.member_id)
        settings = await self._core.configs.get(row.guild_id, ModerationSettings)
        recent = await cases.list_of_member(session, row.guild_id, row.member_id, limit=RECENT_CASES)
        holding = await cases.holding(session, row.guild_id, LASTING, member_id=row.member_id)
        # Who is on a timeout has had what is usual.
        has_timeout = any(each.kind is CaseKind.TIMEOUT for each in holding)
        shown = {each.id for each in recent}
        return PanelView(
            row.id,
            row.member_id,
            points,
            None if has_timeout else rules.suggest(points),
            tuple(recent),
            tuple(each for each in holding if each.id not in shown),
            await cases.count_of_member(session, row.guild_id, row.member_id),
            settings.rule_list,
        )

    # ------------------------------------------------------------------------------------------ keeping

    async def edit_reason(self, actor: Actor, case_id: int, reason: str) -> CaseView:
        """Say it better; what it said before stays in the history."""
        reason = rules.check_reason(clean(reason))
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.begin() as session:
            case = await self._lock(session, actor, case_id)
            self._check_not_about(actor, case)
            if case.kind is CaseKind.NOTE:
                raise InvalidInput("A note is not edited. Add another one to it.")
            if case.reason != reason:
                await self._core.cases.add_event(
                    session, case, EventKind.EDITED, by=actor.member_id, before=case.reason, after=reason
                )
                case = await self._core.cases.change(session, case, reason=reason)
            return await self.view(session, case)

    async def add_note(self, actor: Actor, case_id: int, text: str) -> CaseView:
        """Words of staff among themselves."""
        text = rules.check_reason(clean(text))
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.begin() as session:
            case = await self._lock(session, actor, case_id)
            self._check_not_about(actor, case)
            row = storage.CaseNoteRow(
                guild_id=case.guild_id,
                case_id=case.id,
                member_id=case.member_id,
                by_id=actor.member_id,
                at=self._core.clock.now(),
                text=text,
            )
            session.add(row)
            await self._core.cases.add_event(session, case, EventKind.NOTED, by=actor.member_id)
            return await self.view(session, case)

    async def link(self, actor: Actor, case_id: int, number: int) -> CaseView:
        """Say that two cases belong together."""
        await self._core.guards.require(actor, Capability.MODERATE)
        cases = self._core.cases
        async with self._core.db.begin() as session:
            case = await self._lock(session, actor, case_id)
            other = await cases.find(session, actor.guild_id, number)
            if other is None or other.id == case.id:
                raise NotFound("There is no other case #{number}.", number=number)
            if await storage.add_link(session, case.id, other.id):
                by = actor.member_id
                await cases.add_event(session, case, EventKind.LINKED, by=by, after=f"#{other.number}")
                await cases.add_event(session, other, EventKind.LINKED, by=by, after=f"#{case.number}")
            return await self.view(session, case)

    async def hide(self, actor: Actor, case_id: int, why: str) -> CaseView:
        """Take a case out of what its member is shown, and its points with it; the number stays."""
        why = rules.check_reason(clean(why))
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.begin() as session:
            case = await self._lock(session, actor, case_id)
            self._check_not_about(actor, case)
            if case.is_hidden:
                raise AlreadyDone("This case is hidden already.")
            if case.holds:
                raise InvalidInput("This still holds. End it first, then it can be hidden.")
            await self._core.cases.add_event(session, case, EventKind.HIDDEN, by=actor.member_id, after=why)
            case = await self._core.cases.change(
                session, case, hidden_at=self._core.clock.now(), hidden_by=actor.member_id, hidden_why=why
            )
            return await self.view(session, case)

    async def show(self, actor: Actor, case_id: int) -> CaseView:
        """Do not hide it any more."""
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.begin() as session:
            case = await self._lock(session, actor, case_id)
            self._check_not_about(actor, case)
            if not case.is_hidden:
                raise AlreadyDone("This case is not hidden.")
            await self._core.cases.add_event(session, case, EventKind.SHOWN, by=actor.member_id)
            case = await self._core.cases.change(
                session, case, hidden_at=None, hidden_by=None, hidden_why=None
            )
            return await self.view(session, case)

    def _check_not_about(self, actor: Actor, case: Case) -> None:
        if case.member_id == actor.member_id:
            raise NotAllowed("This is about you, so somebody else has to decide.")

    async def _get(self, session: AsyncSession, actor: Actor, case_id: int) -> Case:
        case = await self._core.cases.find_by_id(session, actor.guild_id, case_id)
        if case is None:
            raise gone()
        return case

    async def _lock(self, session: AsyncSession, actor: Actor, case_id: int) -> Case:
        return await self._core.cases.lock(session, await self._get(session, actor, case_id))
