"""The charter's use cases on both databases: authority, versions, agreement, races, and nothing shared between servers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.acts import Act
from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import LimitReached, NotAllowed, NotFound
from bot.outbox import EffectKind
from cogs.charter.editing import CharterEditing
from cogs.charter.model import ACKNOWLEDGED, FREEZE_JOB, CharterSettings, Part, Proposal, Saved
from cogs.charter.service import CharterService
from storage.acts import ActRow
from storage.audit import AuditRow
from storage.charter import CharterRow, DraftRow, NormsRow, OutcomeRow
from storage.database import Database
from storage.jobs import JobRow
from storage.outbox import OutboxRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, CHANNEL = 1, 2, 101
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
FINN = Actor(GUILD, 11, permissions=MANAGE_GUILD)
ELSEWHERE = Actor(OTHER_GUILD, 10, permissions=MANAGE_GUILD)
ANN, BEN = Actor(GUILD, 20), Actor(GUILD, 21)
ANN_ELSEWHERE = Actor(OTHER_GUILD, 20)
QUEST = "quest.completed"
FOUR_QUESTS = {"words": "Four quests", "counted_by": "acts", "target": "4", "until": "in 10 days", "from": ""}


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    core = Core.build(database, clock)
    core.configs.register(CharterSettings, CharterRow)
    core.ledger.name(QUEST, "Quests finished")
    return core


@pytest.fixture
def service(core: Core) -> CharterService:
    service = CharterService(core)
    core.jobs.register(FREEZE_JOB, service.freeze)
    return service


@pytest.fixture
def editing(core: Core, service: CharterService) -> CharterEditing:
    return CharterEditing(core, service)


async def propose(
    editing: CharterEditing, part: Part, answers: dict[str, Any], by: Actor = FARAH
) -> Proposal | Saved:
    draft = await editing.begin(by, part)
    return await editing.submit(by, draft.id, answers)


async def publish(editing: CharterEditing, norms: str, *, again: bool = False, by: Actor = FARAH) -> Saved:
    proposal = await propose(editing, Part.NORMS, {"norms": norms, "reread": again}, by)
    assert isinstance(proposal, Proposal) and proposal.problem is None
    saved = await editing.save(by, proposal.draft.id)
    assert isinstance(saved, Saved)
    return saved


async def add_outcome(
    editing: CharterEditing, by: Actor = FARAH, *, until: str = "in 10 days", start: str = ""
) -> None:
    proposal = await propose(editing, Part.OUTCOME, FOUR_QUESTS | {"until": until, "from": start}, by)
    assert isinstance(proposal, Proposal)
    await editing.choose_metric(by, proposal.draft.id, QUEST)
    assert isinstance(await editing.save(by, proposal.draft.id), Saved)


async def do(core: Core, actor: Actor, subject: str = "first") -> int:
    async with core.db.begin() as session:
        act = await core.ledger.record(session, Act(QUEST, actor.guild_id, actor.member_id, subject))
    assert act is not None
    return act.id


async def rows(core: Core, table: type[Any]) -> list[Any]:
    async with core.db.read() as session:
        return list(await session.scalars(select(table)))


async def counts(service: CharterService, actor: Actor = ANN) -> list[int]:
    charter = await service.show(actor)
    return [each.progress.count for each in charter.outcomes if each.progress is not None]


async def test_members_can_change_nothing(editing: CharterEditing) -> None:
    draft = await editing.begin(FARAH, Part.NORMS)
    await editing.submit(FARAH, draft.id, {"norms": "Be kind"})
    attempts: list[Callable[[], Awaitable[Any]]] = [
        lambda: editing.show(ANN),
        lambda: editing.begin(ANN, Part.MISSION),
        lambda: editing.find_draft(ANN, draft.id),
        lambda: editing.submit(ANN, draft.id, {"norms": "Be rude"}),
        lambda: editing.choose_metric(ANN, draft.id, QUEST),
        lambda: editing.save(ANN, draft.id),
        lambda: editing.discard(ANN, draft.id),
        lambda: editing.remove_outcome(ANN, 1),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            await attempt()


async def test_a_draft_is_its_authors_alone(editing: CharterEditing, core: Core) -> None:
    draft = await editing.begin(FARAH, Part.NORMS)
    await editing.submit(FARAH, draft.id, {"norms": "Be kind"})
    for stranger in (FINN, ELSEWHERE):
        with pytest.raises(NotFound):
            await editing.save(stranger, draft.id)
        with pytest.raises(NotFound):
            await editing.find_draft(stranger, draft.id)
        await editing.discard(stranger, draft.id)
    assert isinstance(await editing.save(FARAH, draft.id), Saved)
    assert await rows(core, DraftRow) == []


async def test_acts_that_were_taken_back_do_not_count(
    service: CharterService, editing: CharterEditing, core: Core
) -> None:
    await add_outcome(editing)
    await do(core, BEN)
    act_id = await do(core, ANN)
    assert await counts(service) == [2]
    async with core.db.begin() as session:
        await core.ledger.retract(session, act_id, reason="a test")
    assert await counts(service) == [1]


async def test_nothing_before_it_was_set_counts_and_nothing_from_its_end_on(
    service: CharterService, editing: CharterEditing, core: Core, clock: FixedClock
) -> None:
    await do(core, ANN, "before")
    clock.advance(timedelta(microseconds=1))
    await add_outcome(editing, until="2026-01-06 08:00")
    await do(core, ANN, "at the very start")
    clock.advance(timedelta(days=1) - timedelta(microseconds=2))
    await do(core, ANN, "just in time")
    clock.advance(timedelta(microseconds=1))
    await do(core, ANN, "at the end")
    assert await counts(service) == [2]
    await core.jobs.run_due()
    assert [row.result for row in await rows(core, OutcomeRow)] == [2]


async def test_a_frozen_result_stays_whatever_becomes_of_the_acts(
    service: CharterService, editing: CharterEditing, core: Core, clock: FixedClock
) -> None:
    await add_outcome(editing)
    act_id = await do(core, ANN)
    clock.advance(timedelta(days=11))
    await core.jobs.run_due()
    async with core.db.begin() as session:
        await core.ledger.retract(session, act_id, reason="a test")
    assert await counts(service) == [1]


@pytest.mark.usefixtures("service")
async def test_an_outcome_that_was_moved_is_frozen_at_its_new_date_only(
    editing: CharterEditing, core: Core, clock: FixedClock
) -> None:
    await add_outcome(editing)
    [row] = await rows(core, OutcomeRow)
    draft = await editing.begin(FARAH, Part.OUTCOME, row.id)
    answers = {name: draft.typed[name] for name in ("words", "target", "counted_by", "from")}
    await editing.submit(FARAH, draft.id, answers | {"until": "in 20 days"})
    await editing.save(FARAH, draft.id)
    clock.advance(timedelta(days=11))
    await do(core, ANN)
    await core.jobs.run_due()
    [row] = await rows(core, OutcomeRow)
    assert row.result is None and row.since.isoformat() == "2026-01-05T08:00:00+00:00"
    clock.advance(timedelta(days=10))
    await core.jobs.run_due()
    assert [each.result for each in await rows(core, OutcomeRow)] == [1]
    assert [each.outcome for each in await rows(core, JobRow)] == ["skipped", "done"]


async def test_saving_an_outcome_as_it_was_changes_nothing(editing: CharterEditing, core: Core) -> None:
    await add_outcome(editing, until="2026-03-01", start="2026-01-02")
    [before] = await rows(core, OutcomeRow)
    draft = await editing.begin(FARAH, Part.OUTCOME, before.id)
    answers = {name: draft.typed[name] for name in ("words", "target", "counted_by", "from", "until")}
    await editing.submit(FARAH, draft.id, answers)
    await editing.save(FARAH, draft.id)
    [after] = await rows(core, OutcomeRow)
    assert (after.revision, after.since, after.ends_at) == (1, before.since, before.ends_at)
    assert len(await rows(core, AuditRow)) == 1


async def test_six_outcomes_at_once_make_five(editing: CharterEditing, core: Core) -> None:
    for _ in range(4):
        await add_outcome(editing)
    drafts: list[int] = []
    for by in (FARAH, FINN):
        proposal = await propose(editing, Part.OUTCOME, FOUR_QUESTS, by)
        assert isinstance(proposal, Proposal)
        await editing.choose_metric(by, proposal.draft.id, QUEST)
        drafts.append(proposal.draft.id)
    results = await asyncio.gather(editing.save(FARAH, drafts[0]), editing.save(FINN, drafts[1]))
    assert sorted(type(each).__name__ for each in results) == ["Proposal", "Saved"]
    [refused] = [each for each in results if isinstance(each, Proposal)]
    assert isinstance(refused.problem, LimitReached)
    assert len(await rows(core, OutcomeRow)) == 5


async def test_two_publish_at_once_and_one_is_shown_the_others_first(
    editing: CharterEditing, core: Core
) -> None:
    drafts: list[int] = []
    for by, norms in ((FARAH, "Be kind"), (FINN, "Be calm")):
        proposal = await propose(editing, Part.NORMS, {"norms": norms}, by)
        assert isinstance(proposal, Proposal)
        drafts.append(proposal.draft.id)
    results = await asyncio.gather(editing.save(FARAH, drafts[0]), editing.save(FINN, drafts[1]))
    [stale] = [each for each in results if isinstance(each, Proposal)]
    assert stale.is_stale and stale.version == 2 and len(stale.changes) == 1
    assert len(await rows(core, NormsRow)) == 1
    # A second press on the card from before must not publish what its author has not seen.
    loser = FINN if stale.draft.typed["norms"] == "Be calm" else FARAH
    with pytest.raises(NotFound):
        await editing.save(loser, drafts[0] if loser is FARAH else drafts[1])
    assert isinstance(await editing.save(loser, stale.draft.id), Saved)


async def test_agreement_holds_until_a_version_that_matters(
    service: CharterService, editing: CharterEditing, core: Core
) -> None:
    await publish(editing, "Be kind")
    first = await service.agree(ANN, 1)
    assert first is not None and first.was_new
    again = await service.agree(ANN, 1)
    assert again is not None and not again.was_new and again.at == first.at
    await publish(editing, "Be kind.")
    charter = await service.show(ANN)
    assert charter.agreed_at == first.at and charter.agreed_before is None
    assert (await service.agree(BEN, 1)) is not None, "what Ben read differs in nothing that matters"
    assert (await service.show(FARAH)).agreed == 2
    await publish(editing, "Be brave", again=True)
    charter = await service.show(ANN)
    assert charter.agreed_at is None and charter.agreed_before == 1
    assert (await service.show(FARAH)).agreed == 0 and (await service.show(ANN)).agreed == 0
    for wrong in (0, 1, 2, 4, 2**63 - 1):
        assert await service.agree(ANN, wrong) is None
    assert (await service.agree(ANN, 3)) is not None
    acts = [(act.member_id, act.subject) for act in await rows(core, ActRow) if act.kind == ACKNOWLEDGED]
    assert acts == [(ANN.member_id, "1"), (BEN.member_id, "1"), (ANN.member_id, "3")]


async def test_agreeing_twice_at_once_is_one_act(
    service: CharterService, editing: CharterEditing, core: Core
) -> None:
    await publish(editing, "Be kind")
    await asyncio.gather(*(service.agree(ANN, 1) for _ in range(4)))
    assert len(await rows(core, ActRow)) == 1


async def test_norms_are_announced_once_where_the_community_chose(
    editing: CharterEditing, core: Core
) -> None:
    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, CharterSettings, channel_id=CHANNEL)
    await publish(editing, "Be kind")
    await publish(editing, "Be kind.")
    await publish(editing, "Be brave", again=True)
    await publish(editing, "Be kind", by=ELSEWHERE)
    planned = await rows(core, OutboxRow)
    assert [(each.guild_id, each.channel_id, each.arguments["version"]) for each in planned] == [
        (GUILD, CHANNEL, 1),
        (GUILD, CHANNEL, 3),
    ]
    assert {each.kind for each in planned} == {EffectKind.POST.value}


async def test_two_servers_share_nothing(
    service: CharterService, editing: CharterEditing, core: Core
) -> None:
    await propose(editing, Part.MISSION, {"mission": "We tie knots"})
    await publish(editing, "Be kind")
    await add_outcome(editing)
    await service.agree(ANN, 1)
    assert (await service.show(ANN_ELSEWHERE)).is_empty
    with pytest.raises(NotFound):
        await service.agree(ANN_ELSEWHERE, 1)
    [outcome] = await rows(core, OutcomeRow)
    for attempt in (
        lambda: editing.remove_outcome(ELSEWHERE, outcome.id),
        lambda: editing.begin(ELSEWHERE, Part.OUTCOME, outcome.id),
    ):
        with pytest.raises(NotFound):
            await attempt()
    await add_outcome(editing, ELSEWHERE)
    await publish(editing, "Be loud", by=ELSEWHERE)
    await do(core, ANN)
    assert await counts(service, ANN) == [1] and await counts(service, ANN_ELSEWHERE) == [0]
    charter = await service.show(ANN_ELSEWHERE)
    assert charter.agreed_at is None and charter.agreed_before is None
