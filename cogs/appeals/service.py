"""What members do: look at their own record, and appeal a case of theirs, also from the DM that told them of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.case_model import snapshot
from bot.cases import Case, EndedWhy, EventKind, State
from bot.core import Core
from bot.errors import NotFound
from bot.i18n import Translator
from bot.jobs import NewJob
from bot.outbox import Effect, EffectKind
from bot.own import Who
from bot.text import clean
from cogs.appeals import rules
from cogs.appeals.model import (
    AREA,
    KINDS,
    POST_RENDERER,
    REMIND_JOB,
    Appeal,
    AppealSettings,
    Entry,
    Standing,
    appeal_of,
    contested_of,
    made_of,
    post_key,
)
from storage import appeals as storage
from storage import cases as case_storage
from storage.appeals import AppealRow

PAGE_SIZE = 5
MOST_CASES = 200


class AppealService:
    """The use cases of members."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def standing(self, actor: Actor, page: int = 0) -> Standing:
        """A page of this person's own record, the newest first: no notes, and nothing that staff hid."""
        settings = await self._core.configs.get(actor.guild_id, AppealSettings)
        now, cases = self._core.clock.now(), self._core.cases
        async with self._core.db.read() as session:
            found = await cases.list_of_member(
                session, actor.guild_id, actor.member_id, limit=MOST_CASES, hidden=False
            )
            # What Discord refused was not done to them.
            found = [each for each in found if each.state is not State.FAILED]
            shown = [each for each in found if each.kind in KINDS]
            page = max(0, min(page, (len(shown) - 1) // PAGE_SIZE))
            appeals = await storage.list_of_member(session, actor.guild_id, actor.member_id)
            part = shown[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
            entries = tuple(self._entry(each, appeals, actor.member_id, settings) for each in part)
            points = await cases.active_points(session, actor.guild_id, actor.member_id)
        until = [
            each.points_until
            for each in found
            if each.points and each.points_until is not None and each.points_until > now
            if each.ended_why is not EndedWhy.OVERTURNED
        ]
        return Standing(
            entries,
            page,
            (page + 1) * PAGE_SIZE < len(shown),
            points,
            min(until, default=None),
            tuple(each for each in shown if each.holds),
        )

    def _entry(
        self, case: Case, appeals: Sequence[AppealRow], member_id: int, settings: AppealSettings
    ) -> Entry:
        mine = [each for each in appeals if each.case_id == case.id]
        may = rules.may_appeal(
            contested_of(case),
            [made_of(each) for each in mine],
            member_id,
            self._core.clock.now(),
            settings.limits,
        )
        return Entry(case, may, appeal_of(mine[-1], case) if mine else None)

    async def check(self, who: Who, case_id: int) -> Case:
        """Whether the form is worth filling in. Raises as `appeal`."""
        async with self._core.db.read() as session:
            case = await self._own_case(session, who, case_id)
            await self._check(session, who, case)
            return case

    async def appeal(self, who: Who, case_id: int, words: str) -> Appeal:
        """Ask somebody else of staff to look at it again.

        Raises `NotFound`, `AlreadyDone`, `NotAllowed` when it is too late, `TooSoon`, `InvalidInput`.
        """
        words = rules.check_words(clean(words))
        async with self._core.db.begin() as session:
            case = await self._own_case(session, who, case_id)
            case = await self._core.cases.lock(
                session, case
            )  # two presses at once are judged one after the other
            settings = await self._check(session, who, case)
            now = self._core.clock.now()
            row = AppealRow(
                guild_id=case.guild_id,
                case_id=case.id,
                open_case_id=case.id,
                kind=case.kind.value,
                member_id=who.member_id,
                words=words,
                at=now,
                due_at=now + timedelta(days=settings.promise_days),
            )
            session.add(row)
            await session.flush()
            await self._core.cases.add_event(session, case, EventKind.APPEALED, by=who.member_id)
            await self._tell_staff(session, row)
            return appeal_of(row, case)

    async def latest(self, who: Who, case_id: int) -> Entry:
        """How the newest appeal of a case stands. Raises `NotFound`."""
        async with self._core.db.read() as session:
            case = await self._own_case(session, who, case_id)
            rows = await storage.list_of_case(session, case.id)
            settings = await self._core.configs.get(case.guild_id, AppealSettings)
            return self._entry(case, list(rows), who.member_id, settings)

    async def find(self, appeal_id: int) -> Appeal | None:
        """As it stands, for drawing it."""
        async with self._core.db.read() as session:
            row = await storage.find_appeal(session, appeal_id)
            case = await case_storage.find_by_id(session, row.case_id) if row is not None else None
        return appeal_of(row, snapshot(case)) if row is not None and case is not None else None

    async def open_items(self, session: AsyncSession, guild_id: int, t: Translator) -> list[str]:
        """For whoever hands a role over."""
        waiting = len(await storage.list_open(session, guild_id))
        if waiting == 0:
            return []
        return [t.tn("{n} appeal waits: `/mod appeals`", "{n} appeals wait: `/mod appeals`", waiting)]

    # ------------------------------------------------------------------------------------------ inside

    async def _own_case(self, session: AsyncSession, who: Who, case_id: int) -> Case:
        """The case, if it is about them and in this server, or on a DM in any where appeals are on."""
        row = await case_storage.find_by_id(session, case_id)
        if row is None or row.member_id != who.member_id or who.guild_id not in (None, row.guild_id):
            raise _not_yours()
        if who.guild_id is None:
            await self._core.features.require(row.guild_id, AREA)
        return snapshot(row)

    async def _check(self, session: AsyncSession, who: Who, case: Case) -> AppealSettings:
        settings = await self._core.configs.present(session, case.guild_id, AppealSettings)
        made = [made_of(each) for each in await storage.list_of_case(session, case.id)]
        rules.check_appeal(contested_of(case), made, who.member_id, self._core.clock.now(), settings.limits)
        return settings

    async def _tell_staff(self, session: AsyncSession, row: AppealRow) -> None:
        """A card for staff, and reminders until somebody has decided."""
        channel_id = await self._core.guards.log_channel(row.guild_id)
        if channel_id is not None:
            card = Effect(
                kind=EffectKind.POST,
                key=post_key(row.id),
                guild_id=row.guild_id,
                channel_id=channel_id,
                renderer=POST_RENDERER,
                arguments={"appeal_id": row.id},
            )
            await self._core.outbox.plan(session, card)
        for number, at in enumerate(rules.reminders(row.at, row.due_at - row.at), 1):
            job = NewJob(
                name=REMIND_JOB,
                key=f"{REMIND_JOB}:{row.id}:{number}",
                run_at=at,
                guild_id=row.guild_id,
                payload={"appeal": row.id, "number": number},
            )
            await self._core.jobs.enqueue(session, job)


def _not_yours() -> NotFound:
    return NotFound(
        "There is nothing of yours here that could be appealed. See {command}.", command="`/standing`"
    )
