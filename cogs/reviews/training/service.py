"""What members do to learn reviewing. A member's row is locked first, so two presses come one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import Actor
from bot.core import Core
from bot.errors import InvalidInput
from bot.nominal_times import local_now, to_instant
from cogs.reviews.rubrics import PARTS_OF_A_PAGE, Criterion, Kind, portion
from cogs.reviews.training import content, rules
from cogs.reviews.training.licences import Licences
from cogs.reviews.training.model import (
    TRAINED,
    Desk,
    Part,
    Run,
    Sample,
    TrainingSettings,
    from_json,
    gone,
    licence_of,
    sample_of,
    to_json,
)
from cogs.reviews.training.rules import Difference, Known
from storage import members as member_storage
from storage import review_training as storage
from storage.review_training import TrainingPartRow, TrainingRunRow


class TrainingService:
    """The use cases."""

    def __init__(self, core: Core, licences: Licences) -> None:
        self._core = core
        self._licences = licences

    async def look(self, actor: Actor) -> Desk:
        """Where somebody is in their training. Gives a reviewer the role again who has lost it."""
        async with self._core.db.read() as session:
            desk = await self._desk(session, actor)
        if desk.is_licensed and desk.role_id is not None and desk.role_id not in actor.role_ids:
            await self._renew_role(actor)
        return desk

    async def begin(self, actor: Actor) -> Desk:
        """Begin a training, or go on with the one that was begun. Changes nothing while it is not the day for one."""
        async with self._core.db.begin() as session:
            await member_storage.change_member(session, actor.guild_id, actor.member_id)
            desk = await self._desk(session, actor)
            if desk.can_begin:
                await self._start(session, actor, desk.needed)
                desk = await self._desk(session, actor)
            return desk

    async def part(self, actor: Actor, part_id: int) -> tuple[Run, Part]:
        """A work of the member's own training, and the training. Raises `NotFound`."""
        async with self._core.db.read() as session:
            return await self._own(session, actor, part_id)

    async def answer(self, actor: Actor, part_id: int, typed: Mapping[str, Any]) -> tuple[Desk, bool]:
        """Keep the answers of one form; whether they were taken, for the first ones stand.

        With the last work the training is finished. Raises `NotFound`, and `InvalidInput` for what cannot be chosen.
        """
        async with self._core.db.begin() as session:
            await member_storage.change_member(session, actor.guild_id, actor.member_id)
            _, part = await self._own(session, actor, part_id)
            given = {each.key: _read(each, typed[each.key]) for each in part.open if each.key in typed}
            if not given:
                return await self._desk(session, actor), False
            row = await storage.find_part(session, actor.guild_id, part_id)
            assert row is not None  # it has just been found
            row.answers = {**row.answers, **given}
            await session.flush()
            run_row = await session.get_one(TrainingRunRow, row.run_id)
            run = await self._run(session, run_row)
            if run.current is None:
                await self._finish(session, run_row, run)
            return await self._desk(session, actor, just_finished=run.current is None), True

    # ------------------------------------------------------------------------------------------ inside

    async def _desk(self, session: AsyncSession, actor: Actor, *, just_finished: bool = False) -> Desk:
        guild_id, member_id = actor.guild_id, actor.member_id
        settings = await self._core.configs.present(session, guild_id, TrainingSettings)
        row = await storage.find_last_run(session, guild_id, member_id)
        run = await self._run(session, row) if row is not None else None
        held = await storage.find_licence(session, guild_id, member_id)
        licence = licence_of(held) if held is not None else None
        has_samples = bool(rules.make_sets(_known(await self._samples(session, guild_id))))
        is_open = run is not None and run.current is not None
        is_too_soon = run is not None and run.retry_at is not None and self._core.clock.now() < run.retry_at
        is_licensed = licence is not None and licence.held
        return Desk(
            needed=run.needed if run is not None and is_open else settings.threshold,
            can_begin=has_samples and not is_open and not is_too_soon and not is_licensed,
            run=run,
            licence=licence,
            role_id=settings.reviewer_role_id,
            has_samples=has_samples,
            is_too_soon=is_too_soon,
            just_finished=just_finished,
        )

    async def _samples(self, session: AsyncSession, guild_id: int) -> list[Sample]:
        """What is in use in this community, its own first."""
        settings = await self._core.configs.present(session, guild_id, TrainingSettings)
        own = [sample_of(row) for row in await storage.list_samples(session, guild_id) if not row.retired]
        shipped = [each for each in content.samples() if each.key not in settings.retired]
        return [each for each in (*own, *shipped) if each.is_complete]

    async def _start(self, session: AsyncSession, actor: Actor, needed: int) -> None:
        guild_id, member_id = actor.guild_id, actor.member_id
        samples = {each.key: each for each in await self._samples(session, guild_id)}
        before = await storage.find_last_run(session, guild_id, member_id)
        last = await storage.list_parts(session, before.id) if before is not None else []
        chosen = rules.next_set(
            rules.make_sets(_known(list(samples.values()))),
            await storage.count_seen(session, guild_id, member_id),
            [each.sample["key"] for each in last],
            member_id,
        )
        assert chosen is not None  # or it could not begin
        row = TrainingRunRow(
            guild_id=guild_id,
            member_id=member_id,
            number=before.number + 1 if before is not None else 1,
            needed=needed,
            started_at=self._core.clock.now(),
        )
        session.add(row)
        await session.flush()
        session.add_all(
            TrainingPartRow(guild_id=guild_id, run_id=row.id, position=position, sample=to_json(samples[key]))
            for position, key in enumerate(chosen, start=1)
        )
        await session.flush()

    async def _own(self, session: AsyncSession, actor: Actor, part_id: int) -> tuple[Run, Part]:
        row = await storage.find_part(session, actor.guild_id, part_id)
        run = await session.get(TrainingRunRow, row.run_id) if row is not None else None
        if row is None or run is None or (run.guild_id, run.member_id) != (actor.guild_id, actor.member_id):
            raise gone()
        return await self._run(session, run), _part(row)

    async def _run(self, session: AsyncSession, row: TrainingRunRow) -> Run:
        parts = tuple(_part(each) for each in await storage.list_parts(session, row.id))
        differences = tuple(
            _difference(part, each, part.answers[each.key])
            for part in parts
            for each in part.sample.rubric.criteria
            if each.key in part.answers
        )
        return Run(row.id, row.needed, parts, row.percent, row.passed, row.retry_at, differences)

    async def _finish(self, session: AsyncSession, row: TrainingRunRow, run: Run) -> None:
        """Every work is answered: the licence, or another day."""
        row.finished_at = now = self._core.clock.now()
        row.percent = percent = rules.agreement([each.size for each in run.differences])
        row.passed = rules.is_passed(percent, row.needed)
        if not row.passed:
            row.retry_at = await self._tomorrow(session, row, now)
            return
        act = await self._core.ledger.record(
            session, Act(TRAINED, row.guild_id, row.member_id, subject=str(row.id))
        )
        act_id = act.id if act is not None else None
        await self._licences.give_in(session, row.guild_id, row.member_id, act_id=act_id)

    async def _tomorrow(self, session: AsyncSession, row: TrainingRunRow, now: datetime) -> datetime:
        """When the member's own clock first shows the next day."""
        member = await member_storage.find_member(session, row.guild_id, row.member_id)
        zone = (member.zone if member is not None else None) or (
            await self._core.configs.guild(row.guild_id)
        ).zone
        day = local_now(now, zone).date() + timedelta(days=1)
        return to_instant(datetime.combine(day, time()), zone)

    async def _renew_role(self, actor: Actor) -> None:
        async with self._core.db.begin() as session:
            row = await storage.find_licence(session, actor.guild_id, actor.member_id)
            if row is not None and row.held:
                await self._licences.renew_role(session, row)


def asked(part: Part) -> tuple[Criterion, ...]:
    """What the next form asks: as much as fits one."""
    return part.open[:PARTS_OF_A_PAGE]


def _known(samples: list[Sample]) -> list[Known]:
    return [Known(each.key, each.group) for each in samples]


def _part(row: TrainingPartRow) -> Part:
    answers = {key: int(answer) for key, answer in row.answers.items()}
    return Part(row.id, row.position, from_json(row.sample), answers)


def _difference(part: Part, criterion: Criterion, answer: int) -> Difference:
    size = rules.difference(
        portion(criterion, answer),
        portion(criterion, part.sample.reference[criterion.key].answer),
        len(criterion.answers),
        levels=criterion.kind is Kind.LEVELS,
    )
    return Difference(part.position, criterion.key, size)


def _read(criterion: Criterion, typed: Any) -> int:
    """The answer in a form. Raises `InvalidInput`."""
    text = str(typed)
    if not text.isascii() or not text.isdigit():
        raise InvalidInput("Please choose an answer to each question. Press the button once more.")
    answer = int(text[:3])
    portion(criterion, answer)
    return answer
