"""What staff do with reports: the queue, taking one, acting on it, closing it, and asking who sent it.

Moderators and facilitators work on reports. Whom a report is about does not: to them it does not exist where it is not shown
in the staff channel, and others look at it where it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, has, require
from bot.cases import REPORT, Case
from bot.cases import State as CaseState
from bot.core import Core
from bot.errors import InvalidInput, NotAllowed
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.text import clean
from cogs.reports import rules
from cogs.reports.calling import Calling
from cogs.reports.model import (
    AREA,
    Earlier,
    Item,
    Kept,
    Queue,
    ReportSettings,
    Words,
    gone,
    item_of_key,
    queued_of,
    source_key,
)
from cogs.reports.rules import NOBODY, Category, Reporter, State, Subject
from storage import evidence as evidence_storage
from storage import reports as storage
from storage.reports import ReportItemRow, ReportRow

LONGEST_WHY = 300
EARLIER = timedelta(days=90)


class ReportStaff:
    """The use cases of staff. All raise `NotAllowed` for others."""

    def __init__(self, core: Core, calling: Calling) -> None:
        self._core = core
        self._calling = calling

    # ------------------------------------------------------------------------------------------ looking

    async def queue(self, actor: Actor) -> Queue:
        """What waits, the longest waiting first, without what is about them."""
        config = await self._check(actor)
        async with self._core.db.read() as session:
            rows = await storage.list_undecided(session, actor.guild_id)
            seen = [each for each in rows if each.subject_id != actor.member_id]
            items = [await self._item(session, each) for each in seen]
        may_set = has(actor, Capability.FACILITATE, config.capability_roles)
        return Queue(tuple(items), may_set, config.staff_channel_id is not None)

    async def look(self, actor: Actor, item_id: int) -> Item:
        """All of one; for who has taken it that counts as working on it. Raises `NotFound`."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            item = await self._lock(session, actor, item_id)
            if item.state == State.TAKEN and item.taken_by == actor.member_id:
                item.touched_at = self._core.clock.now()
            return await self._details(session, item)

    async def find(self, item_id: int) -> Item | None:
        """As it stands, for drawing it in the staff channel: who reported is left out."""
        async with self._core.db.read() as session:
            row = await storage.find_item(session, item_id)
            return await self._item(session, row) if row is not None else None

    async def names(self, actor: Actor, item_id: int, why: str) -> Item:
        """All of one with who reported it, for a reason that is written down. Raises `NotFound`, `InvalidInput`."""
        await self._check(actor)
        reason = clean(why)[:LONGEST_WHY]
        if not any(each.isalnum() for each in reason):
            raise InvalidInput(
                "Why do you need to know? A few words are enough; they are kept in the record of changes."
            )
        async with self._core.db.begin() as session:
            item = await self._lock(session, actor, item_id)
            # Whom it is about may read the record of changes, so a number would tell them that there is one.
            what = N_("asked who sent a report") if item.about_staff else N_("asked who sent report {number}")
            fields: dict[str, Any] = {} if item.about_staff else {"number": item.number}
            await self._core.audit.record(session, actor, AREA, what, why=reason, **fields)
            return await self._details(session, item, names=True)

    # ------------------------------------------------------------------------------------------ working

    async def take(self, actor: Actor, item_id: int) -> Item:
        """Work on it from now on. Raises `NotFound`, `AlreadyDone`, `TooSoon` while another one has it."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            item = await self._lock(session, actor, item_id)
            rules.check_take(queued_of(item), actor.member_id, self._core.clock.now())
            await self._take(session, actor, item)
            return await self._details(session, item)

    async def give_back(self, actor: Actor, item_id: int) -> Item:
        """Leave it to the others. Raises `NotFound`, `AlreadyDone`, `NotAllowed`."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            item = await self._lock(session, actor, item_id)
            rules.check_give_back(queued_of(item), actor.member_id)
            await self._calling.give_back(session, item)
            return await self._details(session, item)

    async def act(self, actor: Actor, item_id: int, member_id: int | None = None) -> tuple[int, str]:
        """Take it, to act on somebody: whom (`NOBODY` when they have to say it first) and the key for the case.

        Raises as `take`, and `NotAllowed` for themselves.
        """
        await self._check(actor)
        async with self._core.db.begin() as session:
            item = await self._lock(session, actor, item_id)
            await self._work(session, actor, item)
            whom = member_id if member_id is not None and item.subject_id == NOBODY else item.subject_id
            if whom == actor.member_id:
                raise NotAllowed("That is yourself. Someone else has to do this.")
            return whom, await self._free_key(session, item)

    async def dismiss(self, actor: Actor, item_id: int, note: str, sentence: str) -> Item:
        """Close it without a case, with a line for staff and one for those who reported. Raises as `take`, and `InvalidInput`."""
        await self._check(actor)
        note, sentence = clean(note)[: rules.LONGEST_SENTENCE], clean(sentence)[: rules.LONGEST_SENTENCE]
        if not any(each.isalnum() for each in note):
            raise InvalidInput("Please write a sentence for the others of staff: what you saw or did.")
        async with self._core.db.begin() as session:
            item = await self._lock(session, actor, item_id)
            await self._work(session, actor, item)
            item.note, item.sentence = note, sentence or None
            await self._close(session, item, State.NO_BREACH, actor.member_id)
            return await self._details(session, item)

    async def follow(self, session: AsyncSession, case: Case) -> None:
        """A case came of a report. Once it is done the report is dealt with, and whoever reported hears that.

        While Discord has not followed, or where it refused, it stays with who acts, and goes back if they are silent.
        """
        item_id = item_of_key(case.source_key)
        if item_id is None or case.state is not CaseState.DONE:
            return
        item = await storage.lock_item(session, item_id)
        if item is None or item.guild_id != case.guild_id or State(item.state) not in rules.UNDECIDED:
            return
        await self._close(session, item, State.ACTED, case.moderator_id)

    async def redact(self, session: AsyncSession, now: datetime, limit: int) -> int:
        """Empty the words whose time is over; those of messages go with `bot/cases.py`."""
        return await storage.purge_words(session, now, limit)

    # ------------------------------------------------------------------------------------------ settings

    async def rules_for(self, actor: Actor) -> ReportSettings:
        """What a facilitator can change."""
        await self._core.guards.require(actor, Capability.FACILITATE)
        return await self._core.configs.get(actor.guild_id, ReportSettings)

    async def set_rules(
        self, actor: Actor, text_days: str, an_hour: str, quiet: Collection[str], *, names_shown: bool
    ) -> ReportSettings:
        """How long words are kept, how many of one person stand alone, and what pings nobody. Raises `InvalidInput`."""
        await self._core.guards.require(actor, Capability.FACILITATE)
        days = rules.read_number(text_days, 1, rules.MOST_TEXT_DAYS)
        hour = rules.read_number(an_hour, 1, rules.MOST_AN_HOUR)
        async with self._core.db.begin() as session:
            return await self._core.configs.change(
                session,
                actor.guild_id,
                ReportSettings,
                by=actor,
                text_days=days,
                an_hour=hour,
                names_shown=names_shown,
                quiet={each.value: True for each in Category if each.value in quiet},
            )

    # ------------------------------------------------------------------------------------------ inside

    async def _check(self, actor: Actor) -> GuildConfig:
        """Moderators, and facilitators, whom an item calls when no moderator takes it."""
        config = await self._core.configs.guild(actor.guild_id)
        if not has(actor, Capability.FACILITATE, config.capability_roles):
            require(actor, Capability.MODERATE, config.capability_roles)
        return config

    async def _lock(self, session: AsyncSession, actor: Actor, item_id: int) -> ReportItemRow:
        """The item, if it is of this server and not about them. Raises `NotFound`, `NotAllowed`."""
        item = await storage.lock_item(session, item_id)
        if item is None or item.guild_id != actor.guild_id:
            raise gone()
        if item.about_staff and item.subject_id == actor.member_id:
            raise gone()
        rules.check_sees(queued_of(item), actor.member_id)
        return item

    async def _free_key(self, session: AsyncSession, item: ReportItemRow) -> str:
        """For the case that comes of it: the one of an earlier try that Discord refused is not in its way."""
        key = source_key(item.id)
        while (tried := await self._core.cases.find_by_key(session, item.guild_id, key)) is not None:
            if tried.state is not CaseState.FAILED:
                break
            key = source_key(item.id, after=tried.id)
        return key

    async def _work(self, session: AsyncSession, actor: Actor, item: ReportItemRow) -> None:
        """Take it if nobody has it, and go on if it is theirs."""
        now = self._core.clock.now()
        if rules.check_work(queued_of(item), actor.member_id, now):
            await self._take(session, actor, item)
        else:
            item.touched_at = now

    async def _take(self, session: AsyncSession, actor: Actor, item: ReportItemRow) -> None:
        now = self._core.clock.now()
        item.state, item.taken_by = State.TAKEN.value, actor.member_id
        item.taken_at = item.touched_at = now
        item.turn += 1
        await self._calling.changed(session, item)
        await self._calling.expect(session, item)
        await self._calling.tell_reporters(session, item)

    async def _close(self, session: AsyncSession, item: ReportItemRow, state: State, by: int) -> None:
        settings = await self._core.configs.present(session, item.guild_id, ReportSettings)
        now = self._core.clock.now()
        item.state, item.decided_by, item.decided_at = state.value, by, now
        until = item.words_until = now + timedelta(days=settings.text_days)
        item.purged_at = None  # after a year undecided; what is said at the end has a time of its own
        await self._calling.changed(session, item)
        await self._calling.tell_reporters(session, item)
        await self._core.cases.evidence.keep_until(session, item.guild_id, REPORT, item.id, until)

    async def _details(self, session: AsyncSession, row: ReportItemRow, *, names: bool = False) -> Item:
        """For one of staff, in private."""
        await session.flush()
        settings = await self._core.configs.present(session, row.guild_id, ReportSettings)
        return await self._item(session, row, names=names or settings.names_shown)

    async def _item(self, session: AsyncSession, row: ReportItemRow, *, names: bool = False) -> Item:
        reports = await storage.list_reports(session, row.id)
        kept = await evidence_storage.list_of(session, REPORT, row.id)
        before: Sequence[ReportItemRow] = ()
        if row.subject_id != NOBODY:
            before = await storage.list_decided_about(
                session, row.guild_id, row.subject_id, since=row.opened_at - EARLIER, but=row.id
            )
        item = Item(
            id=row.id,
            guild_id=row.guild_id,
            number=row.number,
            subject=Subject(row.subject),
            subject_id=row.subject_id,
            about_staff=row.about_staff,
            about_owner=row.about_owner,
            category=Category(row.category),
            state=State(row.state),
            opened_at=row.opened_at,
            last_at=row.last_at,
            taken_by=row.taken_by,
            touched_at=row.touched_at,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            note=row.note,
            people=len(reports),
            noted=rules.note_on([_reporter(each) for each in reports]),
            words=tuple(
                Words(
                    each.at,
                    Category(each.category),
                    each.words,
                    each.times,
                    each.reporter_id if names else NOBODY,
                )
                for each in reports
            ),
            evidence=tuple(
                Kept(each.author_id, each.text, tuple(each.attachments.get("names", ())), each.link)
                for each in kept
            ),
        )
        earlier = (Earlier(each.number, Category(each.category), State(each.state)) for each in before)
        return replace(item, before=tuple(earlier))


def _reporter(row: ReportRow) -> Reporter:
    """Somebody who was deleted counts as one of their own."""
    return Reporter(row.reporter_id or -row.id, row.joined_at, row.at, row.before)
