"""What staff do with appeals: decide them, and see figures. What became of one is told to the member.

Somebody else than the case's moderator decides. Where there is no other moderator, an administrator or the owner does, or
that one, and then it is written down and the member reads it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, has, may_everything
from bot.case_model import snapshot
from bot.cases import Case, CaseKind, EndedWhy, EventKind
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import N_
from bot.jobs import Job, Skipped
from bot.notify import Notification
from bot.outbox import Effect, EffectKind, Ended, Lane
from bot.text import clean
from cogs.appeals import rules
from cogs.appeals.model import (
    AREA,
    KINDS,
    LATE_RENDERER,
    OUTCOME_KIND,
    OUTCOME_RENDERER,
    REMIND_RENDERER,
    Appeal,
    AppealSettings,
    Desk,
    appeal_of,
    contested_of,
    gone,
    late_key,
    outcome_key,
    points_count,
    post_key,
)
from cogs.appeals.rules import Judge, State
from storage import appeals as storage
from storage import cases as case_storage
from storage.appeals import AppealRow

COUNTED = timedelta(days=365)


class AppealStaff:
    """The use cases of staff. All raise `NotAllowed` for others."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def desk(self, actor: Actor) -> Desk:
        """What waits, and the figures of the last year. Nobody is ranked."""
        await self._core.guards.require(actor, Capability.MODERATE)
        since = self._core.clock.now() - COUNTED
        async with self._core.db.read() as session:
            rows = await storage.list_open(session, actor.guild_id)
            waiting = [await self._read(session, each) for each in rows]
            found = await storage.list_for_figures(session, actor.guild_id, since)
        figures = rules.figures(
            [(kind, State(state), at, decided) for kind, state, at, decided in found],
            [each.value for each in KINDS],
        )
        config = await self._core.configs.guild(actor.guild_id)
        return Desk(tuple(waiting), figures, has(actor, Capability.FACILITATE, config.capability_roles))

    async def look(self, actor: Actor, appeal_id: int) -> Appeal:
        """One that waits, to decide it. Raises `NotFound`, `AlreadyDone`, `NotAllowed` for who decided the case."""
        judge = await self._judge(actor)
        async with self._core.db.read() as session:
            row = await storage.find_appeal(session, appeal_id)
            return await self._checked(session, actor, judge, row)

    async def uphold(self, actor: Actor, appeal_id: int, answer: str) -> Appeal:
        """It stays as it is. Raises as `look`, and `InvalidInput` without an answer."""
        return await self._decide(actor, appeal_id, State.UPHELD, answer)

    async def overturn(self, actor: Actor, appeal_id: int, answer: str) -> Appeal:
        """It is undone, and counts no more. Raises as `uphold`."""
        return await self._decide(actor, appeal_id, State.OVERTURNED, answer)

    async def shorten(self, actor: Actor, appeal_id: int, answer: str, span: str) -> Appeal:
        """It ends sooner, so long from now. Raises as `uphold`."""
        return await self._decide(actor, appeal_id, State.SHORTENED, answer, rules.read_span(span))

    async def rules_for(self, actor: Actor) -> AppealSettings:
        """What a facilitator can change."""
        await self._core.guards.require(actor, Capability.FACILITATE)
        return await self._core.configs.get(actor.guild_id, AppealSettings)

    async def set_rules(self, actor: Actor, within: str, again: str, promise: str) -> AppealSettings:
        """In days. Raises `InvalidInput`."""
        await self._core.guards.require(actor, Capability.FACILITATE)
        changes = {
            "within_days": rules.read_days(within, 1, rules.MOST_DAYS),
            "again_days": rules.read_days(again, 0, rules.MOST_DAYS),
            "promise_days": rules.read_days(promise, 1, rules.MOST_PROMISE),
        }
        async with self._core.db.begin() as session:
            return await self._core.configs.change(
                session, actor.guild_id, AppealSettings, by=actor, **changes
            )

    # ------------------------------------------------------------------------------------------ deciding

    async def _decide(
        self, actor: Actor, appeal_id: int, state: State, answer: str, span: timedelta | None = None
    ) -> Appeal:
        judge = await self._judge(actor)
        answer = clean(answer)[: rules.LONGEST_ANSWER]
        if not any(each.isalnum() for each in answer):
            raise InvalidInput(
                "What do you answer? The member reads it, so a sentence or two in plain words."
            )
        async with self._core.db.begin() as session:
            row = await storage.find_appeal(session, appeal_id)
            appeal = await self._checked(session, actor, judge, row)
            # The case first, as whoever ends a case does, who comes to its appeals after that.
            case = await self._core.cases.lock(session, appeal.case)
            row = await storage.lock_appeal(session, appeal_id)
            appeal = await self._checked(session, actor, judge, row)
            assert row is not None
            row.own_case = appeal.own_case
            self._close(row, state, actor.member_id, answer)
            await session.flush()  # before the case ends: whoever hears of that finds the appeal decided
            await self._carry_out(session, actor, case, state, span)
            if row.own_case:
                what = N_(
                    "decided an appeal against a case of their own, there being no other moderator: case #{number}"
                )
                await self._core.audit.record(session, actor, AREA, what, number=case.number)
            await self._redraw(session, row)
            await self._tell(session, row, OUTCOME_RENDERER, outcome_key(row.id))
            return await self._read(session, row)

    async def _carry_out(
        self, session: AsyncSession, actor: Actor, case: Case, state: State, span: timedelta | None
    ) -> None:
        cases, by = self._core.cases, actor.member_id
        if state is State.UPHELD:
            await cases.add_event(session, case, EventKind.UPHELD, by=by)
        elif state is State.OVERTURNED:
            if not await cases.end(session, case, EndedWhy.OVERTURNED, by):
                # It had run out; its points and its place in the record are undone all the same.
                await cases.change(session, case, ended_why=EndedWhy.OVERTURNED.value, ended_by=by)
                await cases.add_event(session, case, EventKind.OVERTURNED, by=by)
        elif span is not None:
            await self._shorten(session, case, span, by)

    async def _shorten(self, session: AsyncSession, case: Case, span: timedelta, by: int) -> None:
        now = self._core.clock.now()
        if case.holds:
            end = rules.shortened_end(now, case.ends_at, span)
            await self._core.cases.extend(session, case, end, by)
            await self._shorten_timeout(session, case, end)
            return
        if not points_count(case, now):
            raise InvalidInput("There is nothing left that could be shorter. Uphold it or overturn it.")
        until = rules.shortened_end(now, case.points_until, span)
        before = case.points_until.isoformat() if case.points_until is not None else None
        await self._core.cases.change(session, case, points_until=until, settled_at=until)
        await self._core.cases.add_event(
            session, case, EventKind.EXTENDED, by=by, before=before, after=until.isoformat()
        )

    async def _shorten_timeout(self, session: AsyncSession, case: Case, end: datetime) -> None:
        """A timeout ends by itself in Discord, so Discord has to know its new end, unless another one lasts longer."""
        if case.kind is not CaseKind.TIMEOUT:
            return
        holding = await self._core.cases.active_restrictions(
            session, case.guild_id, case.member_id, [CaseKind.TIMEOUT]
        )
        until = max(
            [end, *(each.ends_at for each in holding if each.id != case.id and each.ends_at is not None)]
        )
        sooner = Effect(
            kind=EffectKind.TIMEOUT,
            key=f"appeals.shorten:{case.id}:{end:%Y%m%d%H%M%S}",
            guild_id=case.guild_id,
            member_id=case.member_id,
            arguments={
                "until": until.isoformat(),
                "reason": f"Appeal of case #{case.number}: it ends sooner",
            },
            lane=Lane.SAFETY,
        )
        await self._core.outbox.plan(session, sooner)

    def _close(self, row: AppealRow, state: State, by: int, answer: str | None) -> None:
        row.state, row.open_case_id = state.value, None
        row.decided_by, row.decided_at, row.answer = by, self._core.clock.now(), answer
        row.version += 1

    async def case_ended(self, session: AsyncSession, case: Case) -> None:
        """A case was taken back by other means: nobody has to decide about an appeal any more."""
        if case.ended_why is not EndedWhy.OVERTURNED:
            return
        for row in await storage.list_of_case(session, case.id):
            if row.state == State.OPEN:
                self._close(row, State.ENDED, case.ended_by or rules.NOBODY, None)
                await session.flush()
                await self._redraw(session, row)
                await self._tell(session, row, OUTCOME_RENDERER, outcome_key(row.id))

    # ------------------------------------------------------------------------------------------ waiting

    async def remind(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Nobody has decided yet: staff are reminded, and at the end of what was promised the member is told so."""
        row = await storage.lock_appeal(session, int(job.payload["appeal"]))
        if row is None or row.state != State.OPEN:
            return Skipped(N_("the appeal is decided"))
        number = int(job.payload["number"])
        now = self._core.clock.now()
        if any(at <= now for at in rules.reminders(row.at, row.due_at - row.at)[number:]):
            return Skipped(N_("a later reminder is due as well"))
        channel_id = await self._core.guards.log_channel(row.guild_id)
        if channel_id is not None:
            reminder = Effect(
                kind=EffectKind.POST,
                key=f"{REMIND_RENDERER}:{row.id}:{number}",
                guild_id=row.guild_id,
                channel_id=channel_id,
                renderer=REMIND_RENDERER,
                arguments={"appeal_id": row.id},
            )
            await self._core.outbox.plan(session, reminder, job_id=job.id)
        if number == len(rules.REMINDERS):
            await self._tell(session, row, LATE_RENDERER, late_key(row.id))
        return None

    async def _tell(self, session: AsyncSession, row: AppealRow, renderer: str, key: str) -> None:
        """By DM, whatever they chose: it is about what they may do here. When that fails, beside their next answer."""
        message = Effect(
            kind=EffectKind.DIRECT_MESSAGE,
            key=key,
            guild_id=row.guild_id,
            member_id=row.member_id,
            renderer=renderer,
            arguments={"appeal_id": row.id},
        )
        await self._core.outbox.plan(session, message)

    async def told(self, session: AsyncSession, ended: Ended) -> None:
        """A DM has ended: what could not be told by it waits for a private answer."""
        if ended.outcome == "sent" or ended.member_id is None or ended.kind is not EffectKind.DIRECT_MESSAGE:
            return
        note = Notification(
            kind=OUTCOME_KIND.name,
            key=f"{ended.key}:aside",
            guild_id=ended.guild_id,
            member_id=ended.member_id,
            renderer=ended.key.partition(":")[0],  # keys begin with it
            channel_id=None,
            arguments=dict(ended.arguments),
        )
        await self._core.notifier.notify(session, note)

    async def forget(self, session: AsyncSession, guild_id: int, member_id: int) -> None:
        """Somebody is erased: the cards go that say what they wrote."""
        for row in await storage.list_of_member(session, guild_id, member_id):
            key = post_key(row.id)
            await self._core.outbox.delete_post(session, key, f"{key}:gone")
            await self._end_reminders(session, row)

    async def _redraw(self, session: AsyncSession, row: AppealRow) -> None:
        key = post_key(row.id)
        await self._core.outbox.edit_post(session, key, f"{key}:v{row.version}")
        await self._end_reminders(session, row)

    async def _end_reminders(self, session: AsyncSession, row: AppealRow) -> None:
        for number in range(1, len(rules.REMINDERS) + 1):
            reminder = f"{REMIND_RENDERER}:{row.id}:{number}"
            await self._core.outbox.delete_post(session, reminder, f"{reminder}:gone")

    # ------------------------------------------------------------------------------------------ inside

    async def _judge(self, actor: Actor) -> Judge:
        """Who wants to decide, and who else could. Asks Discord, so it comes before any transaction.

        For a moderator administrators do not count as others, for they may not moderate at all; among them they do.
        """
        await self._core.guards.require(actor, Capability.MODERATE)
        holders = await self._core.guards.look.holders(actor.guild_id, Capability.MODERATE)
        leads = may_everything(actor)
        others = {each for each, does_all in holders.items() if leads or not does_all}
        return Judge(actor.member_id, frozenset(others - {actor.member_id}))

    async def _checked(
        self, session: AsyncSession, actor: Actor, judge: Judge, row: AppealRow | None
    ) -> Appeal:
        if row is None or row.guild_id != actor.guild_id:
            raise gone()
        rules.check_open(State(row.state))
        appeal = await self._read(session, row)
        deciders = await self._core.cases.list_deciders(session, appeal.case)
        contested = replace(contested_of(appeal.case), confirmed_by=deciders)
        return replace(appeal, own_case=rules.check_judge(judge, contested))

    async def _read(self, session: AsyncSession, row: AppealRow) -> Appeal:
        case = await case_storage.find_by_id(session, row.case_id)
        assert case is not None  # the row would have gone with it
        return appeal_of(row, snapshot(case))
