"""How facilitators change the charter: every form is a draft first, so that nothing typed is ever lost.

A draft knows what its author saw when they began. If somebody else saved meanwhile, saving shows what stands now
beside what was typed, and only a second, knowing press replaces it. Everything saved is written into the audit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import CountBy
from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import InvalidInput, LimitReached, NotFound, UserError
from bot.nominal_times import local_now, to_instant
from bot.text import clean
from bot.time_input import parse_moment
from cogs.charter import rules
from cogs.charter.model import Charter, Draft, Outcome, Part, Proposal, Saved
from cogs.charter.saving import Saving
from cogs.charter.service import CharterService, norms_of, outcome_of
from storage import charter as storage

LOCAL_FORMAT = "%Y-%m-%d %H:%M"


class CharterEditing:
    """The use cases of facilitators. Each raises `NotAllowed` for others."""

    def __init__(self, core: Core, service: CharterService) -> None:
        self._core = core
        self._service = service
        self._saving = Saving(core)

    async def show(self, actor: Actor) -> Charter:
        """The charter, for its editor."""
        await self._check(actor)
        return await self._service.show(actor)

    async def begin(self, actor: Actor, part: Part, outcome_id: int | None = None) -> Draft:
        """A draft with what stands now in it. Raises `NotFound`, `LimitReached`, or `InvalidInput` for what has ended."""
        zone = await self._check(actor)
        now = self._core.clock.now()
        async with self._core.db.begin() as session:
            if part is Part.OUTCOME and outcome_id is None:
                await self._check_room(session, actor.guild_id)
            typed, base = await self._present(session, actor.guild_id, part, outcome_id, zone)
            row = _draft_row(actor, part, outcome_id, typed, base, now)
            session.add(row)
            await session.flush()
            return _draft_of(row)

    async def find_draft(self, actor: Actor, draft_id: int) -> Draft:
        """The draft, to go on writing. Raises `NotFound` when it was saved, given up or is somebody else's."""
        await self._check(actor)
        async with self._core.db.read() as session:
            return _draft_of(await _get_draft(session, actor, draft_id))

    async def submit(self, actor: Actor, draft_id: int, answers: Mapping[str, Any]) -> Proposal | Saved:
        """Take down what was typed and say what it would do. The mission, if all is well, is saved at once."""
        zone = await self._check(actor)
        resolved, problem = self._read_times(answers, zone, actor.locale)
        async with self._core.db.begin() as session:
            charter = await storage.lock_charter(session, actor.guild_id)
            draft = await _get_draft(session, actor, draft_id)
            draft.typed = {**draft.typed, **answers, **resolved}
            await session.flush()
            proposal = await self._weigh(session, actor, charter, draft)
            if problem is not None:
                return replace(proposal, problem=problem)
            if draft.part == Part.MISSION and proposal.problem is None and not proposal.is_stale:
                return await self._apply(session, actor, charter, draft, proposal)
            return proposal

    async def choose_metric(self, actor: Actor, draft_id: int, kind: str) -> Proposal:
        """What an outcome counts."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            charter = await storage.lock_charter(session, actor.guild_id)
            draft = await _get_draft(session, actor, draft_id)
            draft.typed = {**draft.typed, "kind": kind}
            await session.flush()
            return await self._weigh(session, actor, charter, draft)

    async def save(self, actor: Actor, draft_id: int) -> Proposal | Saved:
        """Save the draft, unless there is a problem with it or somebody else saved meanwhile."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            charter = await storage.lock_charter(session, actor.guild_id)
            draft = await _get_draft(session, actor, draft_id)
            proposal = await self._weigh(session, actor, charter, draft)
            if proposal.problem is not None or proposal.is_stale:
                return proposal
            return await self._apply(session, actor, charter, draft, proposal)

    async def discard(self, actor: Actor, draft_id: int) -> Charter:
        """Give the draft up. Nothing happens when it is gone already."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            row = await storage.find_draft(session, actor.guild_id, actor.member_id, draft_id)
            if row is not None:
                await session.delete(row)
        return await self._service.show(actor)

    async def remove_outcome(self, actor: Actor, outcome_id: int) -> Charter:
        """Remove an outcome. Raises `NotFound`."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            await storage.lock_charter(session, actor.guild_id)
            row = await _get_outcome(session, actor.guild_id, outcome_id)
            await self._saving.removal(session, actor, row)
        return await self._service.show(actor)

    # What is below runs inside the transactions above.

    async def _check(self, actor: Actor) -> str:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        return config.zone

    async def _check_room(self, session: AsyncSession, guild_id: int) -> None:
        now = self._core.clock.now()
        running = [each for each in await storage.list_outcomes(session, guild_id) if each.ends_at > now]
        if len(running) >= rules.MOST_OUTCOMES:
            raise LimitReached(
                "There are {n} outcomes already, and more than that nobody keeps in mind. Remove one first.",
                n=len(running),
            )

    async def _present(
        self, session: AsyncSession, guild_id: int, part: Part, outcome_id: int | None, zone: str
    ) -> tuple[dict[str, Any], int]:
        """What stands now, as somebody would type it, and its version or revision."""
        if part is Part.MISSION:
            charter = await storage.find_charter(session, guild_id)
            return (
                ({"mission": charter.mission or ""}, charter.mission_revision)
                if charter
                else ({"mission": ""}, 0)
            )
        if part is Part.NORMS:
            norms = await storage.find_norms(session, guild_id)
            return ({"norms": norms.text}, norms.version) if norms is not None else ({"norms": ""}, 0)
        if outcome_id is None:
            return {}, 0
        row = await _get_outcome(session, guild_id, outcome_id)
        if row.ends_at <= self._core.clock.now():
            raise InvalidInput("That outcome has ended, and its result stays. You can add a new one.")
        typed = {
            "words": row.words,
            "target": str(row.target),
            "counted_by": row.counted_by,
            "until": local_now(row.ends_at, zone).strftime(LOCAL_FORMAT),
            "ends_at": row.ends_at.isoformat(),
            "from": local_now(row.since, zone).date().isoformat(),
            "since": row.since.isoformat(),
            "kind": row.kind,
        }
        return typed, row.revision

    def _read_times(
        self, answers: Mapping[str, Any], zone: str, locale: str | None
    ) -> tuple[dict[str, Any], InvalidInput | None]:
        """The instants that were typed, resolved now ("in 3 days" is meant from now), and what is wrong with them."""
        if "until" not in answers:
            return {}, None
        now = self._core.clock.now()
        found: dict[str, Any] = {"ends_at": None, "since": None, "zone": zone}
        try:
            until = clean(str(answers["until"] or ""))
            moment = parse_moment(until, now=now, zone=zone, locale=locale or "en", end_of_day=True)
            found["ends_at"] = moment.at.isoformat()
            typed_day = clean(str(answers.get("from") or ""))
            if typed_day:
                day = rules.read_day(typed_day, today=local_now(now, zone).date())
                start = to_instant(datetime.combine(day, time()), zone)
                found["since"] = start.isoformat()
        except InvalidInput as problem:
            return found, problem
        return found, None

    async def _weigh(
        self, session: AsyncSession, actor: Actor, charter: storage.CharterRow, draft: storage.DraftRow
    ) -> Proposal:
        """What the draft would do. One that is stale becomes a new draft, which has seen what stands now."""
        part = Part(draft.part)
        if part is Part.OUTCOME:
            proposal, present = await self._weigh_outcome(session, actor.guild_id, draft)
        elif part is Part.NORMS:
            proposal, present = await self._weigh_norms(session, charter, draft)
        else:
            proposal, present = self._weigh_mission(charter, draft), charter.mission_revision
        if draft.base == present:
            return proposal
        outcome_id = draft.outcome_id if proposal.before is not None else None
        anew = _draft_row(actor, part, outcome_id, draft.typed, present, self._core.clock.now())
        session.add(anew)
        await session.delete(draft)
        await session.flush()
        return replace(proposal, draft=_draft_of(anew), is_stale=True)

    def _weigh_mission(self, charter: storage.CharterRow, draft: storage.DraftRow) -> Proposal:
        proposal = Proposal(_draft_of(draft), mission=charter.mission)
        try:
            mission = rules.read_mission(clean(str(draft.typed.get("mission") or "")))
        except InvalidInput as problem:
            return replace(proposal, problem=problem)
        return replace(proposal, new_mission=mission)

    async def _weigh_norms(
        self, session: AsyncSession, charter: storage.CharterRow, draft: storage.DraftRow
    ) -> tuple[Proposal, int]:
        row = await storage.find_norms(session, draft.guild_id)
        present = norms_of(row).lines if row is not None else ()
        version = row.version if row is not None else 0
        is_material = row is None or bool(draft.typed.get("reread"))
        proposal = Proposal(
            _draft_of(draft), version=version + 1, is_material=is_material, channel_id=charter.channel_id
        )
        try:
            norms = rules.read_norms(clean(str(draft.typed.get("norms") or "")))
        except InvalidInput as problem:
            return replace(proposal, problem=problem), version
        if norms == present:
            problem = InvalidInput("The norms say just that already, so there is nothing to publish.")
            return replace(proposal, problem=problem), version
        return replace(proposal, norms=norms, changes=rules.changes(present, norms)), version

    async def _weigh_outcome(
        self, session: AsyncSession, guild_id: int, draft: storage.DraftRow
    ) -> tuple[Proposal, int]:
        row = await storage.find_outcome(session, guild_id, draft.outcome_id) if draft.outcome_id else None
        metrics = self._core.ledger.countable
        before = outcome_of(row, metrics.get(row.kind)) if row is not None else None
        proposal = Proposal(_draft_of(draft), before=before, metrics=metrics)
        try:
            if row is None:
                await self._check_room(session, guild_id)
            outcome = self._read_outcome(draft, before)
        except UserError as problem:
            return replace(proposal, problem=problem), row.revision if row is not None else 0
        return replace(proposal, outcome=outcome), row.revision if row is not None else 0

    def _read_outcome(self, draft: storage.DraftRow, before: Outcome | None) -> Outcome:
        """The outcome as typed; its metric is None until one that can be counted is chosen."""
        typed, now = draft.typed, self._core.clock.now()
        if before is not None and before.ends_at <= now:
            raise InvalidInput("That outcome has ended, and its result stays. You can add a new one.")
        words = rules.read_words(clean(str(typed.get("words") or "")))
        target = rules.read_target(clean(str(typed.get("target") or "")))
        ends_at = _instant(typed.get("ends_at"))
        if ends_at is None or ends_at <= now:
            raise InvalidInput("Please say anew by when it should be reached: that time has passed.")
        since = _instant(typed.get("since")) or now
        zone = str(typed.get("zone") or "UTC")
        if before is not None and local_now(before.since, zone).date() == local_now(since, zone).date():
            since = before.since  # the day was left as it stood
        kind = str(typed.get("kind") or "")
        metric = self._core.ledger.countable.get(kind)
        by = CountBy.PEOPLE if typed.get("counted_by") == CountBy.PEOPLE.value else CountBy.ACTS
        return Outcome(draft.outcome_id or 0, words, kind, metric, by, target, since, ends_at)

    async def _apply(
        self,
        session: AsyncSession,
        actor: Actor,
        charter: storage.CharterRow,
        draft: storage.DraftRow,
        proposal: Proposal,
    ) -> Proposal | Saved:
        part = Part(draft.part)
        if part is Part.OUTCOME:
            assert proposal.outcome is not None
            if proposal.outcome.metric is None:
                problem = InvalidInput("Please choose what is counted.")
                return replace(proposal, problem=problem)
            await self._saving.outcome(session, actor, proposal.outcome)
            saved = Saved(part)
        elif part is Part.NORMS:
            saved = await self._saving.norms(
                session,
                actor,
                proposal.norms,
                version=proposal.version,
                is_material=proposal.is_material,
                channel_id=proposal.channel_id,
            )
        else:
            await self._saving.mission(session, actor, charter, proposal.new_mission)
            saved = Saved(part)
        await session.delete(draft)
        return saved


async def _get_draft(session: AsyncSession, actor: Actor, draft_id: int) -> storage.DraftRow:
    row = await storage.find_draft(session, actor.guild_id, actor.member_id, draft_id)
    if row is None:
        raise NotFound(
            "This has been saved or given up already, or somebody else is writing it. "
            "See how the charter stands with {command}.",
            command="`/manage charter edit`",
        )
    return row


async def _get_outcome(session: AsyncSession, guild_id: int, outcome_id: int) -> storage.OutcomeRow:
    row = await storage.find_outcome(session, guild_id, outcome_id)
    if row is None:
        raise NotFound(
            "That outcome does not exist any more. See {command}.", command="`/manage charter edit`"
        )
    return row


def _draft_row(
    actor: Actor, part: Part, outcome_id: int | None, typed: Mapping[str, Any], base: int, now: datetime
) -> storage.DraftRow:
    return storage.DraftRow(
        guild_id=actor.guild_id,
        member_id=actor.member_id,
        part=part.value,
        base=base,
        outcome_id=outcome_id,
        typed=dict(typed),
        created_at=now,
    )


def _draft_of(row: storage.DraftRow) -> Draft:
    return Draft(row.id, Part(row.part), row.outcome_id, dict(row.typed))


def _instant(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None
