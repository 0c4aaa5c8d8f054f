"""The ladder on both databases: each step once, by the evidence, and taken back with it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.acts import Act, Contribution
from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.features import Feature
from bot.guild_config import GuildConfig
from cogs.ladder.climbing import Climbing
from cogs.ladder.model import AREA, NEWS_KIND, REACHED, ROLES_JOB
from cogs.ladder.rules import Decision
from cogs.ladder.service import LadderService
from cogs.ladder.staff import LadderStaff
from cogs.ladder.steps import Steps
from storage.acts import ActRow
from storage.audit import AuditRow
from storage.database import Database
from storage.footprint import erase
from storage.ladder import LadderHeldRow, LadderProposalRow
from storage.outbox import OutboxRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, ROLE = 1, 2, 77
BEN = Actor(GUILD, 12)
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
ELSEWHERE = Actor(OTHER_GUILD, 10, permissions=MANAGE_GUILD)
MICRO = Contribution("micro.done", "micro", "Did a task")
DAY = timedelta(days=1)


class Ladder:
    """Everything of the feature that a service test needs."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.steps = Steps(core)
        self.climbing = Climbing(core, self.steps)
        self.service = LadderService(core, self.steps, self.climbing)
        self.staff = LadderStaff(core, self.steps, self.climbing, self.service)
        self.done = 0
        core.jobs.register(ROLES_JOB, self.staff.follow_role)

    async def did(self, kind: str, n: int = 1, *, others: int = 1, guild_id: int = GUILD) -> list[int]:
        """Ben does something n times, with so many different people in turn."""
        ids: list[int] = []
        async with self.core.db.begin() as session:
            for number in range(n):
                self.done += 1
                act = Act(kind, guild_id, BEN.member_id, str(self.done), other_id=20 + number % others)
                recorded = await self.core.ledger.record(session, act)
                assert recorded is not None
                ids.append(recorded.id)
        return ids

    async def undo(self, *act_ids: int) -> None:
        async with self.core.db.begin() as session:
            for act_id in act_ids:
                await self.core.ledger.retract(session, act_id, reason="taken back")

    async def step(self, guild_id: int = GUILD) -> str:
        async with self.core.db.read() as session:
            return (await self.service.standing(session, guild_id, BEN.member_id)).current.key

    async def roles(self) -> list[tuple[str, int | None]]:
        async with self.core.db.read() as session:
            rows = await session.scalars(
                select(OutboxRow).where(OutboxRow.role_id.is_not(None)).order_by(OutboxRow.id)
            )
            return [(each.kind, each.role_id) for each in rows]

    async def reached(self) -> list[str]:
        """The acts of steps that stand."""
        async with self.core.db.read() as session:
            rows = await session.scalars(
                select(ActRow).filter_by(kind=REACHED, retracted_at=None).order_by(ActRow.id)
            )
            return [each.subject for each in rows]

    async def contributor(self) -> list[int]:
        acts = await self.did("micro.done", 5)
        acts += await self.did("pair.met", 2, others=2)
        return acts + await self.did("kudos.received")

    async def almost_reviewer(self) -> None:
        await self.contributor()
        await self.did("review.given", 5, others=3)
        await self.did("challenge.submitted", 2)
        await self.did("kudos.received", 2, others=2)

    async def proposals(self) -> list[LadderProposalRow]:
        async with self.core.db.read() as session:
            return list(await session.scalars(select(LadderProposalRow).order_by(LadderProposalRow.id)))


@pytest.fixture
async def ladder(database: Database, clock: FixedClock) -> Ladder:
    core = Core.build(database, clock)
    core.features.describe(Feature(AREA, "The ladder"))
    core.notifier.register(NEWS_KIND)
    core.ledger.contribute(MICRO)
    ladder = Ladder(core)
    core.ledger.react_to(REACHED, ladder.climbing.noted, undo=ladder.climbing.unreached)
    await ladder.steps.load(ladder.climbing.acted, ladder.climbing.taken_back)
    return ladder


async def test_each_step_is_reached_once_by_its_act_with_its_role(ladder: Ladder) -> None:
    await ladder.staff.set_role(FARAH, "contributor", ROLE)
    await ladder.did("micro.done", 5)
    assert await ladder.step() == "member" and await ladder.roles() == []
    await ladder.did("pair.met", 2)
    [last] = await ladder.did("kudos.received")
    assert await ladder.step() == "contributor"
    await ladder.did("kudos.received", 3)
    await ladder.service.show(BEN)
    assert await ladder.reached() == ["member", "contributor"] and await ladder.roles() == [
        ("add_role", ROLE)
    ]
    async with ladder.core.db.read() as session:
        [act] = await session.scalars(select(ActRow).filter_by(kind=REACHED, subject="contributor"))
        assert act.cause_id == last
        [held] = await session.scalars(select(LadderHeldRow).filter_by(step="contributor"))
        assert last in held.evidence["acts"] and held.turn == 1
    assert await ladder.step(OTHER_GUILD) == "newcomer"


async def test_two_acts_at_the_same_moment_reach_a_step_once(ladder: Ladder) -> None:
    await ladder.staff.set_role(FARAH, "member", ROLE)
    await asyncio.gather(ladder.did("micro.done"), ladder.did("micro.done"))
    await asyncio.gather(ladder.service.show(BEN), ladder.service.show(BEN))
    assert await ladder.reached() == ["member"] and await ladder.roles() == [("add_role", ROLE)]


async def test_a_step_stays_while_other_acts_earn_it_and_goes_and_comes_with_the_last(ladder: Ladder) -> None:
    await ladder.staff.set_role(FARAH, "member", ROLE)
    first, second = await ladder.did("micro.done", 2)
    await ladder.undo(first)
    assert await ladder.step() == "member" and await ladder.roles() == [("add_role", ROLE)]
    async with ladder.core.db.read() as session:
        [act] = await session.scalars(select(ActRow).filter_by(kind=REACHED, retracted_at=None))
        assert act.cause_id == second
    await ladder.undo(second)
    assert await ladder.step() == "newcomer" and await ladder.reached() == []
    assert await ladder.roles() == [("add_role", ROLE), ("remove_role", ROLE)]
    await ladder.did("micro.done")
    assert await ladder.step() == "member"
    assert await ladder.roles() == [("add_role", ROLE), ("remove_role", ROLE), ("add_role", ROLE)]


async def test_what_is_lost_low_down_does_not_pull_down_who_stands_higher(ladder: Ladder) -> None:
    acts = await ladder.contributor()
    await ladder.undo(acts[5], acts[6])  # the meetings
    assert await ladder.step() == "member"
    await ladder.staff.place(FARAH, BEN.member_id, "mentor", "Was one before")
    await ladder.undo(*acts[:5])
    assert await ladder.step() == "mentor" and await ladder.proposals() == []  # it rests on a person's word


async def test_a_confirmed_step_is_put_before_staff_when_its_evidence_goes(ladder: Ladder) -> None:
    await ladder.almost_reviewer()
    [trained] = await ladder.did("review.trained")
    [waiting] = await ladder.proposals()
    await ladder.staff.confirm(FARAH, waiting.id)
    await ladder.undo(trained)
    assert await ladder.step() == "reviewer"
    doubt = (await ladder.proposals())[-1]
    assert (doubt.kind, doubt.state) == ("doubt", "open")
    await ladder.staff.confirm(FARAH, doubt.id)
    assert await ladder.step() == "reviewer"


async def test_powers_wait_for_one_persons_word_given_once(ladder: Ladder) -> None:
    await ladder.almost_reviewer()
    assert await ladder.proposals() == []
    await ladder.did("review.trained")
    [waiting] = await ladder.proposals()
    assert (waiting.step, waiting.state, await ladder.step()) == ("reviewer", "open", "contributor")
    with pytest.raises(NotAllowed):
        await ladder.staff.confirm(BEN, waiting.id)
    with pytest.raises(NotAllowed):
        await ladder.staff.confirm(Actor(GUILD, BEN.member_id, permissions=MANAGE_GUILD), waiting.id)
    with pytest.raises(NotFound):
        await ladder.staff.confirm(ELSEWHERE, waiting.id)
    both = await asyncio.gather(
        ladder.staff.confirm(FARAH, waiting.id),
        ladder.staff.refuse(FARAH, waiting.id, "Not yet"),
        return_exceptions=True,
    )
    assert sum(isinstance(each, AlreadyDone) for each in both) == 1
    [decided] = await ladder.proposals()
    assert (await ladder.step() == "reviewer") == (decided.state == Decision.CONFIRMED)


async def test_not_yet_is_asked_again_a_month_later_by_new_evidence(
    ladder: Ladder, clock: FixedClock
) -> None:
    await ladder.almost_reviewer()
    await ladder.did("review.trained")
    [waiting] = await ladder.proposals()
    with pytest.raises(InvalidInput):
        await ladder.staff.refuse(FARAH, waiting.id, " ")
    await ladder.staff.refuse(FARAH, waiting.id, "Two more with questions")
    await ladder.did("review.given")
    clock.advance(31 * DAY)
    assert [each.state for each in await ladder.proposals()] == ["not_yet"]
    await ladder.did("review.given")
    [again] = await ladder.proposals()
    assert (again.state, again.version, again.reason) == ("open", 2, None)


async def test_what_waits_falls_away_with_its_evidence(ladder: Ladder) -> None:
    await ladder.almost_reviewer()
    [trained] = await ladder.did("review.trained")
    await ladder.undo(trained)
    assert [each.state for each in await ladder.proposals()] == ["over"]
    await ladder.did("review.trained")
    assert [each.state for each in await ladder.proposals()] == ["open"]


async def test_stepping_down_keeps_the_honour_and_the_way_back(ladder: Ladder) -> None:
    await ladder.staff.set_role(FARAH, "mentor", ROLE)
    await ladder.staff.place(FARAH, BEN.member_id, "mentor", "Was one before")
    with pytest.raises(NotAllowed):
        await ladder.staff.place(FARAH, FARAH.member_id, "mentor", "Me")
    standing = await ladder.service.step_down(BEN, "member")
    assert standing.current.key == "member"
    assert [each.key for each in standing.emeritus] == ["contributor", "reviewer", "mentor"]
    assert await ladder.reached() == ["member", "contributor", "reviewer", "mentor"]
    with pytest.raises(AlreadyDone):
        await ladder.service.step_down(BEN, "member")
    await ladder.contributor()
    assert await ladder.step() == "member"  # not pulled up again
    assert (await ladder.service.come_back(BEN)).current.key == "mentor"
    with pytest.raises(AlreadyDone):
        await ladder.service.come_back(BEN)
    assert [kind for kind, _ in await ladder.roles()] == ["add_role", "remove_role", "add_role"]


async def test_who_comes_back_to_the_server_has_the_role_of_their_step_again_but_none_of_staff(
    ladder: Ladder,
) -> None:
    core, staff_role = ladder.core, ROLE + 1
    await ladder.staff.set_role(FARAH, "member", ROLE)
    await ladder.staff.set_role(FARAH, "mentor", staff_role)
    await ladder.staff.place(FARAH, BEN.member_id, "mentor", "Was one before")
    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, GuildConfig, moderator_role_id=staff_role)
    before = len(await ladder.roles())
    async with core.db.begin() as session:
        await ladder.climbing.give_back(session, GUILD, [BEN.member_id, FARAH.member_id], "back:1")
    assert (await ladder.roles())[before:] == [("add_role", ROLE)]


async def test_two_steps_with_one_role_lose_it_only_together(ladder: Ladder) -> None:
    await ladder.staff.set_role(FARAH, "member", ROLE)
    await ladder.staff.set_role(FARAH, "contributor", ROLE)
    acts = await ladder.contributor()
    await ladder.undo(acts[-1])
    assert await ladder.step() == "member" and ("remove_role", ROLE) not in await ladder.roles()
    await ladder.undo(*acts[:-1])
    assert (await ladder.roles())[-1] == ("remove_role", ROLE)


async def test_a_switched_off_ladder_moves_nobody_and_catches_up(ladder: Ladder) -> None:
    core = ladder.core
    async with core.db.begin() as session:
        await core.features.switch(session, FARAH, AREA, on=False)
    await ladder.did("micro.done")
    assert await ladder.step() == "newcomer"
    async with core.db.begin() as session:
        await core.features.switch(session, FARAH, AREA, on=True)
    assert (await ladder.service.show(BEN)).current.key == "member"


async def test_a_changed_rule_holds_from_then_on_and_only_there(ladder: Ladder) -> None:
    await ladder.staff.set_criterion(FARAH, "member", 0, "2", "0", "0")
    step = await ladder.staff.set_criterion(FARAH, "member", "ritual.answered", "1", "", "")
    assert len(step.rule.criteria) == 2
    await ladder.did("micro.done", 2)
    assert await ladder.step() == "newcomer"
    await ladder.did("ritual.answered")
    assert await ladder.step() == "member"
    await ladder.did("micro.done", guild_id=OTHER_GUILD)
    assert await ladder.step(OTHER_GUILD) == "member"
    step = await ladder.staff.set_criterion(FARAH, "member", 1, "0", "", "")
    assert len(step.rule.criteria) == 1
    for wrong in (("-1", "", ""), ("1", "2", ""), ("1", "", "9999")):
        with pytest.raises(InvalidInput):
            await ladder.staff.set_criterion(FARAH, "member", 0, *wrong)
    with pytest.raises(InvalidInput):
        await ladder.staff.leave_out(FARAH, "newcomer", out=True)
    with pytest.raises(NotAllowed):
        await ladder.staff.leave_out(BEN, "mentor", out=True)


async def test_other_features_ask_who_is_on_a_step_or_above(ladder: Ladder) -> None:
    await ladder.contributor()
    service = ladder.service
    async with ladder.core.db.read() as session:
        assert await service.has(session, GUILD, BEN.member_id, "member")
        assert not await service.has(session, GUILD, BEN.member_id, "reviewer")
        assert await service.list_holders(session, GUILD, "wizard") == set()
        assert "newcomer" not in [each.key for each in await service.list_choices(session, GUILD)]


async def test_before_somebody_is_deleted_the_role_of_their_step_is_taken_back_once(ladder: Ladder) -> None:
    await ladder.staff.set_role(FARAH, "member", ROLE)
    await ladder.did("micro.done")
    async with ladder.core.db.begin() as session:
        assert await ladder.climbing.take_back(session, GUILD, BEN.member_id)
        assert not await ladder.climbing.take_back(session, GUILD, BEN.member_id)
    assert await ladder.roles() == [("add_role", ROLE), ("remove_role", ROLE)]


async def test_with_the_person_their_steps_go_and_who_confirmed_is_nobody(
    ladder: Ladder, clock: FixedClock
) -> None:
    await ladder.staff.place(FARAH, BEN.member_id, "member", "Was one before")
    async with ladder.core.db.begin() as session:
        await erase(session, GUILD, FARAH.member_id, limit=100, now=clock.now() + DAY)
        [row] = await session.scalars(select(LadderHeldRow).execution_options(populate_existing=True))
        assert row.confirmed_by == 0
        await erase(session, GUILD, BEN.member_id, limit=100, now=clock.now() + DAY)
        assert list(await session.scalars(select(LadderHeldRow))) == []


async def test_coming_back_gives_nothing_that_was_taken_back_meanwhile_and_no_doubt_is_escaped(
    ladder: Ladder,
) -> None:
    acts = await ladder.contributor()
    await ladder.service.step_down(BEN, "member")
    await ladder.undo(acts[-1])
    assert (await ladder.service.come_back(BEN)).current.key == "member"
    assert await ladder.reached() == ["member"]
    await ladder.did("kudos.received")
    await ladder.did("review.given", 5, others=3)
    await ladder.did("challenge.submitted", 2)
    await ladder.did("kudos.received", 2, others=2)
    [trained] = await ladder.did("review.trained")
    [waiting] = await ladder.proposals()
    await ladder.staff.confirm(FARAH, waiting.id)
    await ladder.undo(trained)
    await ladder.service.step_down(BEN, "member")
    assert (await ladder.proposals())[-1].state == Decision.OVER
    assert (await ladder.service.come_back(BEN)).current.key == "reviewer"
    doubt = (await ladder.proposals())[-1]
    assert (doubt.kind, doubt.state) == ("doubt", Decision.OPEN)


async def test_a_role_of_staff_comes_only_by_a_persons_word(ladder: Ladder) -> None:
    core = ladder.core
    await ladder.staff.set_role(FARAH, "contributor", ROLE)
    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, GuildConfig, by=FARAH, facilitator_role_id=ROLE)
    with pytest.raises(NotAllowed, match="makes people staff"):
        await ladder.staff.set_role(FARAH, "member", ROLE)
    await ladder.staff.set_role(FARAH, "facilitator", ROLE)
    with pytest.raises(NotAllowed, match="makes people staff"):
        await ladder.staff.describe(FARAH, "facilitator", "Facilitator", "Anybody", powers=False)
    await ladder.contributor()  # the role became one of staff after it was chosen
    assert await ladder.step() == "contributor" and await ladder.roles() == []
    await ladder.staff.place(FARAH, BEN.member_id, "facilitator", "Asked for by all")
    assert set(await ladder.roles()) == {("add_role", ROLE)}


async def test_steps_are_moved_and_whoever_holds_one_keeps_it(ladder: Ladder) -> None:
    await ladder.contributor()
    await ladder.staff.add(FARAH, "Gardener", "Waters", powers=True)
    await ladder.staff.move(FARAH, "own-gardener", up=False)
    order = [each.key for each in ladder.steps.every(GUILD)]
    assert order[-2:] == ["own-gardener", "facilitator"] and order[:2] == ["newcomer", "member"]
    await ladder.staff.move(FARAH, "contributor", up=False)
    assert [each.key for each in ladder.steps.every(GUILD)][1:3] == ["contributor", "member"]
    assert await ladder.step() == "member"
    for key, up in (("contributor", False), ("newcomer", True), ("facilitator", True)):
        with pytest.raises(InvalidInput, match="cannot be moved"):
            await ladder.staff.move(FARAH, key, up=up)
    with pytest.raises(NotAllowed):
        await ladder.staff.move(BEN, "mentor", up=True)


async def test_a_change_of_a_step_stands_in_the_record_with_what_was_before(ladder: Ladder) -> None:
    await ladder.staff.set_criterion(FARAH, "member", 0, "2", "0", "0")
    async with ladder.core.db.read() as session:
        row = (await session.scalars(select(AuditRow).order_by(AuditRow.id.desc()))).first()
    assert row is not None and row.fields["step"] == "member"
    assert row.before == {"rule": None} and "at_least" in str(row.after)


async def test_another_role_goes_to_all_holders_in_slices(
    ladder: Ladder, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    monkeypatch.setattr("cogs.ladder.staff.SLICE", 2)
    for number in range(5):
        await ladder.staff.place(FARAH, 100 + number, "member", "Was one before")
    for role_id in (ROLE, ROLE + 1):
        await ladder.staff.set_role(FARAH, "member", role_id)
        while await ladder.core.jobs.run_due():
            pass
        clock.advance(DAY)
    given = [("add_role", ROLE)] * 5 + [("add_role", ROLE + 1)] * 5 + [("remove_role", ROLE)] * 5
    assert sorted(await ladder.roles(), key=str) == sorted(given, key=str)
