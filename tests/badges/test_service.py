"""The use cases of badges on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from bot.acts import Act, Contribution
from bot.authority import MANAGE_GUILD, MODERATE_MEMBERS, Actor
from bot.core import Core
from bot.criteria import Criterion
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.features import Feature
from bot.guild_config import GuildConfig
from cogs.badges import model
from cogs.badges.awarding import Awarding
from cogs.badges.history import History
from cogs.badges.living import Living
from cogs.badges.model import AREA, EARNED, KIND, BadgeSettings
from cogs.badges.people import BadgePeople
from cogs.badges.roles import RoleFacts
from cogs.badges.rules import State
from cogs.badges.service import BadgesService
from cogs.badges.staff import BadgeStaff
from cogs.badges.wins import Wins
from cogs.badges.words_written import typed_words
from storage.acts import ActRow
from storage.badges import BadgeAwardRow, BadgeSettingsRow
from storage.database import Database
from storage.footprint import erase
from storage.jobs import JobRow
from storage.notifications import NotificationRow
from storage.outbox import OutboxRow
from storage.privacy import DepartureRow
from tests.clocks import FixedClock

GUILD, OTHER = 1, 2
BEN, CLEO, DORA = Actor(GUILD, 12), Actor(GUILD, 13), Actor(GUILD, 14)
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
ROLE = RoleFacts(777, 0, above_bot=False, managed=False, opens=True)


class Badges:
    """The feature without Discord."""

    def __init__(self, core: Core, clock: FixedClock) -> None:
        self.core = core
        self.clock = clock
        core.configs.register(BadgeSettings, BadgeSettingsRow)
        core.features.describe(Feature(AREA, "Badges"))
        core.ledger.contribute(Contribution("review.given", "reviews", done="Reviewed somebody's work"))
        core.ledger.contribute(Contribution("micro.done", "micro", done="Did a task"))
        core.ledger.name("other.done", "Other things done")
        core.notifier.register(KIND)
        self.living = Living(core)
        self.wins = Wins(core)
        self.awarding = Awarding(core, self.living, self.wins)
        self.history = History(core, self.living, self.awarding)
        self.staff = BadgeStaff(core, self.living, self.history)
        self.people = BadgePeople(core, self.awarding)
        self.service = BadgesService(core, self.living)
        core.ledger.react_to(EARNED, _nothing, undo=self.awarding.unearned)
        core.jobs.register(model.BACKFILL_JOB, self.history.backfill)
        core.jobs.register(model.CHECK_JOB, self.history.check)
        core.jobs.register(model.ROLES_JOB, self.history.follow_role)
        core.jobs.register(model.CHECK_ALL_JOB, self.history.check_all)
        core.jobs.register(model.WINS_JOB, self.wins.due)

    async def load(self) -> None:
        await self.living.load(self.awarding.judge, self.awarding.reconsider)

    async def write(
        self,
        title: str = "Reader",
        *,
        kind: str = "review.given",
        at_least: int = 1,
        again: bool = False,
        people: int = 0,
    ) -> int:
        """A badge of the community's own, as a draft."""
        words = typed_words(title, "Read the work of others.", "steady", ["repeatable"] if again else [])
        badge_id = await self.staff.add(FARAH, words)
        await self.staff.add_criterion(FARAH, badge_id, kind)
        await self.staff.set_criterion(FARAH, badge_id, 0, Criterion((kind,), at_least, people=people))
        return badge_id

    async def on(self, badge_id: int, *, backfill: bool = False, everybody: bool = False) -> int:
        await self.staff.test(FARAH, badge_id)
        await self.staff.switch_on(FARAH, badge_id, backfill=backfill, everybody=everybody)
        return badge_id

    async def act(
        self, who: Actor, subject: int, *, kind: str = "review.given", other: int | None = None
    ) -> int:
        async with self.core.db.begin() as session:
            act = Act(kind, who.guild_id, who.member_id, str(subject), other_id=other)
            recorded = await self.core.ledger.record(session, act)
        return recorded.id if recorded is not None else 0

    async def retract(self, act_id: int) -> None:
        async with self.core.db.begin() as session:
            assert await self.core.ledger.retract(session, act_id, reason="a mistake")

    async def held(self, who: Actor) -> list[str]:
        mine = await self.service.mine(who)
        return [each.badge.title for each in mine.awards if each.state == "held"]

    async def run_jobs(self) -> None:
        while await self.core.jobs.run_due():
            pass

    async def effects(self, kind: str) -> list[tuple[int | None, int | None, str | None]]:
        async with self.core.db.read() as session:
            rows = await session.scalars(select(OutboxRow).filter_by(kind=kind).order_by(OutboxRow.id))
            return [(row.member_id, row.role_id, row.outcome) for row in rows]

    async def standing(self, kind: str = EARNED) -> list[tuple[str, int | None]]:
        async with self.core.db.read() as session:
            rows = await session.scalars(
                select(ActRow).filter_by(kind=kind, retracted_at=None).order_by(ActRow.id)
            )
            return [(row.subject, row.cause_id) for row in rows]


async def _nothing(_session: object, _act: object) -> None:
    pass


@pytest.fixture
async def badges(database: Database, clock: FixedClock) -> Badges:
    feature = Badges(Core.build(database, clock), clock)
    await feature.load()
    return feature


async def test_the_act_that_meets_the_rule_earns_it_once_and_carries_the_acts_id(badges: Badges) -> None:
    badge_id = await badges.on(await badges.write(at_least=2))
    await badges.act(BEN, 1)
    assert await badges.held(BEN) == []
    second = await badges.act(BEN, 2)
    assert await badges.held(BEN) == ["Reader"]
    assert await badges.standing() == [(f"{badge_id}:1", second)]
    assert await badges.act(BEN, 2) == 0  # the same event again
    await badges.act(BEN, 3)
    assert await badges.held(BEN) == ["Reader"]
    assert await badges.held(Actor(OTHER, BEN.member_id)) == []


async def test_two_acts_at_the_same_moment_earn_it_once(badges: Badges) -> None:
    await badges.on(await badges.write(at_least=2))
    await asyncio.gather(*(badges.act(BEN, subject) for subject in range(6)))
    assert await badges.held(BEN) == ["Reader"]
    assert len(await badges.standing()) == 1


async def test_it_is_told_to_its_owner_alone_and_in_the_digest(badges: Badges) -> None:
    await badges.on(await badges.write())
    await badges.act(BEN, 1)
    async with badges.core.db.read() as session:
        [told] = await session.scalars(select(NotificationRow))
    assert (told.member_id, told.delivery, told.channel_id) == (BEN.member_id, "digest", None)
    assert await badges.effects("post") == []


async def test_different_people_are_asked_for(badges: Badges) -> None:
    await badges.on(await badges.write(at_least=3, people=3))
    for subject in range(5):
        await badges.act(BEN, subject, other=50)
    assert await badges.held(BEN) == []
    await badges.act(BEN, 8, other=51)
    await badges.act(BEN, 9, other=52)
    assert await badges.held(BEN) == ["Reader"]


async def test_one_that_can_be_had_again_takes_other_acts_each_time(badges: Badges) -> None:
    await badges.on(await badges.write(at_least=2, again=True))
    for subject in range(5):
        await badges.act(BEN, subject)
    assert await badges.held(BEN) == ["Reader", "Reader"]


async def test_what_is_not_deserved_any_more_goes_with_its_effects_and_comes_back(badges: Badges) -> None:
    badge_id = await badges.write(at_least=2)
    await badges.staff.set_role(FARAH, badge_id, ROLE)
    await badges.on(badge_id)
    first, _ = await badges.act(BEN, 1), await badges.act(BEN, 2)
    await badges.retract(first)  # not the one that is the cause
    assert await badges.held(BEN) == [] and await badges.standing() == []
    [rests] = (await badges.service.mine(BEN)).awards
    assert rests.state == "lost"
    assert [each[:2] for each in await badges.effects("remove_role")] == [(BEN.member_id, 777)]
    await badges.act(BEN, 3)
    assert await badges.held(BEN) == ["Reader"]
    assert len((await badges.service.mine(BEN)).awards) == 1
    assert len(await badges.effects("add_role")) == 2


async def test_what_other_acts_still_earn_stays_without_a_word(badges: Badges) -> None:
    badge_id = await badges.write()
    await badges.staff.set_role(FARAH, badge_id, ROLE)
    await badges.on(badge_id)
    first, second = await badges.act(BEN, 1), await badges.act(BEN, 2)
    await badges.retract(first)
    assert await badges.held(BEN) == ["Reader"]
    assert await badges.standing() == [(f"{badge_id}:1", second)]
    assert await badges.effects("remove_role") == []
    async with badges.core.db.read() as session:
        assert len(list(await session.scalars(select(NotificationRow)))) == 1


async def test_a_test_on_history_says_who_would_have_it_and_writes_nothing(badges: Badges) -> None:
    badge_id = await badges.write(at_least=2)
    for who, times in ((BEN, 2), (CLEO, 1), (DORA, 3)):
        for subject in range(times):
            await badges.act(who, subject)
    tested = (await badges.staff.test(FARAH, badge_id)).tested
    assert tested is not None and (tested.would, tested.people, tested.everybody) == (2, 3, False)
    assert tested.names == (BEN.member_id, DORA.member_id)
    assert await badges.held(BEN) == []


async def test_nothing_is_switched_on_untested_and_for_everybody_only_when_meant(badges: Badges) -> None:
    badge_id = await badges.write()
    for who in (BEN, CLEO, DORA):
        await badges.act(who, 1)
    with pytest.raises(InvalidInput, match="test it"):
        await badges.staff.switch_on(FARAH, badge_id, backfill=True)
    await badges.staff.test(FARAH, badge_id)
    with pytest.raises(InvalidInput, match="everybody"):
        await badges.staff.switch_on(FARAH, badge_id, backfill=True)
    await badges.staff.switch_on(FARAH, badge_id, backfill=False, everybody=True)
    assert (await badges.staff.find(FARAH, badge_id)).state is State.ON
    assert await badges.held(BEN) == []


async def test_a_changed_rule_must_be_tested_anew_and_not_while_it_is_on(badges: Badges) -> None:
    badge_id = await badges.write()
    await badges.staff.test(FARAH, badge_id)
    await badges.staff.set_criterion(FARAH, badge_id, 0, Criterion(("",), 2))
    with pytest.raises(InvalidInput, match="test it"):
        await badges.staff.switch_on(FARAH, badge_id, backfill=False)
    await badges.on(badge_id)
    with pytest.raises(InvalidInput, match="off first"):
        await badges.staff.add_criterion(FARAH, badge_id, "micro.done")
    with pytest.raises(InvalidInput, match="no kind of act"):
        await badges.staff.switch_off(FARAH, badge_id)
        await badges.staff.add_criterion(FARAH, badge_id, "messages.sent")


async def test_a_back_fill_gives_to_all_in_slices_once_and_quietly(
    badges: Badges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.badges.history.SLICE", 2)
    badge_id = await badges.write(at_least=2)
    members = [Actor(GUILD, 100 + number) for number in range(7)]
    for number, who in enumerate(members):
        for subject in range(1 + number % 2):
            await badges.act(who, subject)
    await badges.on(badge_id, backfill=True)
    await badges.run_jobs()
    assert [bool(await badges.held(who)) for who in members] == [False, True] * 3 + [False]
    assert [cause is not None for _, cause in await badges.standing()] == [True] * 3
    badges.clock.advance(timedelta(seconds=5))
    await badges.staff.backfill(FARAH, badge_id)
    await badges.run_jobs()
    assert len(await badges.standing()) == 3
    async with badges.core.db.read() as session:
        assert list(await session.scalars(select(NotificationRow))) == []


async def test_taken_back_by_staff_it_goes_with_its_effects_and_the_same_acts_do_not_earn_it(
    badges: Badges,
) -> None:
    badge_id = await badges.write(at_least=2)
    await badges.staff.set_role(FARAH, badge_id, ROLE)
    await badges.on(badge_id)
    await badges.act(BEN, 1)
    await badges.act(BEN, 2)
    with pytest.raises(NotAllowed):
        await badges.people.revoke(CLEO, badge_id, BEN.member_id, "because")
    with pytest.raises(InvalidInput):
        await badges.people.revoke(FARAH, badge_id, BEN.member_id, " ")
    await badges.people.revoke(FARAH, badge_id, BEN.member_id, "Copied from others")
    assert await badges.held(BEN) == [] and await badges.standing() == []
    assert [each[:2] for each in await badges.effects("remove_role")] == [(BEN.member_id, 777)]
    [award] = (await badges.service.mine(BEN)).awards
    assert award.revoked_because == "Copied from others"
    await badges.act(BEN, 3)
    assert await badges.held(BEN) == []
    badges.clock.advance(timedelta(minutes=1))
    await badges.staff.backfill(FARAH, badge_id)
    await badges.run_jobs()
    assert await badges.held(BEN) == []
    await badges.act(BEN, 4)  # two that were not used before
    assert await badges.held(BEN) == ["Reader"]


async def test_given_by_hand_it_rests_on_the_givers_word(badges: Badges) -> None:
    badge_id = await badges.on(await badges.write(at_least=9))
    await badges.people.give(FARAH, badge_id, BEN.member_id, "Helped me for an hour")
    with pytest.raises(AlreadyDone):
        await badges.people.give(FARAH, badge_id, BEN.member_id, "Again")
    with pytest.raises(NotAllowed, match="themselves"):
        await badges.people.give(FARAH, badge_id, FARAH.member_id, "I am great")
    with pytest.raises(NotAllowed):
        await badges.people.give(CLEO, badge_id, BEN.member_id, "A friend")
    with pytest.raises(InvalidInput, match="Bots"):
        await badges.people.give(FARAH, badge_id, 99, "Beep", is_bot=True)
    await badges.retract(await badges.act(BEN, 1))
    assert await badges.held(BEN) == ["Reader"]
    [award] = (await badges.service.mine(BEN)).awards
    assert award.by_hand and award.reason == "Helped me for an hour"


async def test_the_check_takes_nothing_away_and_shows_staff_what_rests_on_nothing(badges: Badges) -> None:
    badge_id = await badges.on(await badges.write())
    await badges.act(BEN, 1)
    await badges.act(CLEO, 1)
    await badges.staff.switch_off(FARAH, badge_id)
    await badges.staff.set_criterion(FARAH, badge_id, 0, Criterion(("",), 2))  # enqueues the check
    await badges.run_jobs()
    assert await badges.held(BEN) == ["Reader"] and await badges.held(CLEO) == ["Reader"]
    first, second = await badges.people.list_doubtful(FARAH)
    await badges.people.keep(FARAH, first.id)
    await badges.people.let_go(FARAH, second.id)
    assert (await badges.held(BEN), await badges.held(CLEO)) == (["Reader"], [])
    with pytest.raises(AlreadyDone):
        await badges.people.let_go(FARAH, second.id)
    badges.clock.advance(timedelta(minutes=1))
    await badges.staff.begin_check(FARAH)
    await badges.run_jobs()
    assert await badges.people.list_doubtful(FARAH) == ()


@pytest.mark.parametrize(
    ("role", "error"),
    [
        (RoleFacts(777, MODERATE_MEMBERS, above_bot=False, managed=False, opens=True), NotAllowed),
        (RoleFacts(777, MANAGE_GUILD, above_bot=False, managed=False, opens=True), NotAllowed),
        (RoleFacts(777, 0, above_bot=True, managed=False, opens=True), InvalidInput),
        (RoleFacts(777, 0, above_bot=False, managed=True, opens=True), InvalidInput),
        (RoleFacts(777, 0, above_bot=False, managed=False, opens=False), InvalidInput),
        (RoleFacts(GUILD, 0, above_bot=False, managed=False, opens=True), InvalidInput),
    ],
)
async def test_a_role_with_power_or_without_any_use_comes_with_no_badge(
    badges: Badges, role: RoleFacts, error: type[Exception]
) -> None:
    badge_id = await badges.write()
    with pytest.raises(error):
        await badges.staff.set_role(FARAH, badge_id, role)


async def test_an_ended_badge_is_given_to_nobody_and_kept_by_those_who_have_it(badges: Badges) -> None:
    badge_id = await badges.on(await badges.write())
    await badges.act(BEN, 1)
    await badges.staff.retire_at(FARAH, badge_id, badges.core.clock.now() + timedelta(days=1))
    badges.clock.advance(timedelta(days=2))
    await badges.act(CLEO, 1)
    assert (await badges.held(BEN), await badges.held(CLEO)) == (["Reader"], [])
    assert await badges.service.catalog(CLEO) == ()


async def test_a_hidden_badge_is_in_the_catalogue_of_those_who_have_it(badges: Badges) -> None:
    words = typed_words("Egg", "Found it.", "rare", ["hidden"])
    badge_id = await badges.staff.add(FARAH, words)
    await badges.staff.switch_on(FARAH, badge_id, backfill=False)
    assert await badges.service.catalog(BEN) == ()
    await badges.people.give(FARAH, badge_id, BEN.member_id, "Found it")
    [entry] = await badges.service.catalog(BEN)
    assert entry.held == 1


async def test_the_starter_set_is_tested_and_switched_on_but_what_everybody_would_have(
    badges: Badges,
) -> None:
    for who in (BEN, CLEO, DORA):
        await badges.act(who, 1)
    plan = await badges.staff.plan_starter(FARAH)
    # Only what counts acts that can be done here is offered; "given by hand" needs none.
    assert {badge.title for badge, _ in plan.found} == {
        "A second pair of eyes",
        "Careful reader",
        "Five good minutes",
        "Twenty small steps",
        "Above and beyond",
    }
    assert [badge.title for badge, _ in plan.left_out] == ["A second pair of eyes"]
    assert await badges.staff.switch_starter_on(FARAH, backfill=True) == 4
    await badges.run_jobs()
    await badges.act(BEN, 1, kind="micro.done")
    assert await badges.held(BEN) == ["Five good minutes"]
    assert (await badges.staff.desk(FARAH)).starter_left == 1


async def test_wins_are_posted_once_a_week_of_those_who_agreed(badges: Badges, clock: FixedClock) -> None:
    await badges.on(await badges.write())
    await badges.wins.choose_channel(FARAH, 555)
    await badges.wins.share(BEN, shares=True)
    await badges.act(BEN, 1)
    await badges.act(CLEO, 1)
    for _ in range(9):
        clock.advance(timedelta(days=1))
        await badges.core.schedules.materialise_due()
        await badges.run_jobs()
    async with badges.core.db.read() as session:
        posts = list(await session.scalars(select(OutboxRow).filter_by(renderer=model.WINS_RENDERER)))
    assert [each.channel_id for each in posts] == [555]
    found = await badges.wins.find(int(posts[0].arguments["digest_id"]))
    assert found is not None and [each.member_id for each in found[1]] == [BEN.member_id]
    await badges.wins.share(BEN, shares=False)
    found = await badges.wins.find(int(posts[0].arguments["digest_id"]))
    assert found is not None and found[1] == ()


async def test_others_can_ask_who_has_a_badge(badges: Badges) -> None:
    badge_id = await badges.on(await badges.write())
    await badges.act(BEN, 1)
    async with badges.core.db.read() as session:
        ask = badges.service
        assert [each.key for each in await ask.choices(session, GUILD)] == [str(badge_id)]
        assert await ask.holders(session, GUILD, str(badge_id)) == {BEN.member_id}
        assert await ask.has(session, GUILD, BEN.member_id, str(badge_id))
        assert not await ask.has(session, OTHER, BEN.member_id, str(badge_id))
        assert not await ask.has(session, GUILD, CLEO.member_id, "nonsense")


async def test_before_somebody_is_deleted_the_role_of_their_badge_is_taken_back_once(badges: Badges) -> None:
    badge_id = await badges.write()
    await badges.staff.set_role(FARAH, badge_id, ROLE)
    await badges.on(badge_id)
    await badges.act(BEN, 1)
    async with badges.core.db.begin() as session:
        assert await badges.awarding.take_back(session, GUILD, BEN.member_id)
        assert not await badges.awarding.take_back(session, GUILD, BEN.member_id)
        assert not await badges.awarding.take_back(session, GUILD, CLEO.member_id)
    assert [each[:2] for each in await badges.effects("remove_role")] == [(BEN.member_id, 777)]


async def test_a_deleted_person_leaves_nothing(badges: Badges, clock: FixedClock) -> None:
    badge_id = await badges.on(await badges.write())
    await badges.act(BEN, 1)
    await badges.act(CLEO, 1, other=BEN.member_id)
    await badges.people.give(FARAH, badge_id, DORA.member_id, "Kind words")
    async with badges.core.db.begin() as session:
        for who in (BEN, FARAH):
            while (await erase(session, GUILD, who.member_id, limit=50, now=clock.now())).rows:
                pass
    async with badges.core.db.read() as session:
        left = list(await session.scalars(select(BadgeAwardRow)))
        others = list(await session.scalars(select(ActRow.other_id).filter_by(kind="review.given")))
    assert {each.member_id for each in left} == {CLEO.member_id, DORA.member_id}
    assert {each.given_by for each in left} == {None, 0} and others == [0]
    with pytest.raises(NotFound):
        await badges.people.revoke(FARAH, badge_id, BEN.member_id, "Gone")


async def test_a_job_that_comes_too_late_for_its_rule_does_nothing(badges: Badges) -> None:
    badge_id = await badges.write(at_least=5)
    await badges.act(BEN, 1)
    await badges.on(badge_id, backfill=True)
    await badges.staff.switch_off(FARAH, badge_id)
    await badges.run_jobs()
    async with badges.core.db.read() as session:
        [job] = await session.scalars(select(JobRow))
    assert job.outcome == "skipped" and "not given any more" in (job.reason or "")


async def test_a_role_that_became_one_of_staff_is_not_given_any_more(badges: Badges) -> None:
    badge_id = await badges.write()
    await badges.staff.set_role(FARAH, badge_id, ROLE)
    await badges.on(badge_id)
    async with badges.core.db.begin() as session:
        await badges.core.configs.change(session, GUILD, GuildConfig, by=FARAH, moderator_role_id=ROLE.id)
    await badges.act(BEN, 1)
    assert await badges.held(BEN) == ["Reader"] and await badges.effects("add_role") == []


async def test_an_old_test_gives_nothing_away_and_who_left_does_not_hide_that_it_is_everybody(
    badges: Badges, clock: FixedClock
) -> None:
    badge_id = await badges.write()
    await badges.act(BEN, 1)
    for number in range(9):
        await badges.act(Actor(GUILD, 50 + number), 1, kind="micro.done")
    await badges.staff.test(FARAH, badge_id)
    clock.advance(timedelta(days=2))
    for number in range(9):
        await badges.act(Actor(GUILD, 50 + number), 1)
    with pytest.raises(InvalidInput, match="test it"):
        await badges.staff.switch_on(FARAH, badge_id, backfill=True)
    await badges.on(badge_id, everybody=True)
    with pytest.raises(InvalidInput, match="everybody"):
        await badges.staff.backfill(FARAH, badge_id)
    clock.advance(timedelta(days=2))
    with pytest.raises(InvalidInput, match="test it"):
        await badges.staff.backfill(FARAH, badge_id, everybody=True)

    other = await badges.write("Other", kind="other.done", at_least=1)
    for number in range(3):
        await badges.act(Actor(GUILD, 90 + number), 1, kind="other.done")
    async with badges.core.db.begin() as session:
        for number in range(10):
            who = BEN.member_id if number == 9 else 50 + number
            session.add(DepartureRow(guild_id=GUILD, member_id=who, left_at=clock.now()))
    tested = (await badges.staff.test(FARAH, other)).tested
    assert tested is not None and (tested.would, tested.people, tested.everybody) == (3, 3, True)


async def test_what_was_given_before_somebody_agreed_is_in_no_post_of_that_time(
    badges: Badges, clock: FixedClock
) -> None:
    await badges.on(await badges.write())
    await badges.wins.choose_channel(FARAH, 555)
    await badges.wins.share(BEN, shares=True)
    await badges.act(BEN, 1)
    await badges.act(CLEO, 1)
    for _ in range(9):
        clock.advance(timedelta(days=1))
        await badges.core.schedules.materialise_due()
        await badges.run_jobs()
    async with badges.core.db.read() as session:
        [post] = await session.scalars(select(OutboxRow).filter_by(renderer=model.WINS_RENDERER))
    await badges.wins.share(CLEO, shares=True)
    found = await badges.wins.find(int(post.arguments["digest_id"]))
    assert found is not None and [each.member_id for each in found[1]] == [BEN.member_id]


async def test_what_staff_let_somebody_keep_stays_whatever_becomes_of_the_act(badges: Badges) -> None:
    badge_id = await badges.on(await badges.write())
    act_id = await badges.act(BEN, 1)
    await badges.staff.switch_off(FARAH, badge_id)
    await badges.staff.set_criterion(FARAH, badge_id, 0, Criterion(("",), 2))
    await badges.run_jobs()
    [doubt] = await badges.people.list_doubtful(FARAH)
    await badges.people.keep(FARAH, doubt.id)
    await badges.retract(act_id)
    assert await badges.held(BEN) == ["Reader"] and await badges.standing() == [(f"{badge_id}:1", None)]


async def test_a_look_a_week_tells_staff_once_of_what_differs(badges: Badges, clock: FixedClock) -> None:
    core = badges.core
    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, GuildConfig, by=FARAH, staff_channel_id=444)
    await badges.on(await badges.write(at_least=2, people=2))
    for subject, other in ((1, 50), (2, 51)):
        await badges.act(BEN, subject, other=other)
        await badges.act(CLEO, subject, other=other)

    async def a_week() -> int:
        for _ in range(7):
            clock.advance(timedelta(days=1))
            await core.schedules.materialise_due()
            await badges.run_jobs()
        async with core.db.read() as session:
            found = await session.scalars(select(OutboxRow).filter_by(renderer=model.DOUBTS_RENDERER))
            return len(list(found))

    async with core.db.begin() as session:  # others have themselves deleted: that takes nothing from anybody
        await session.execute(update(ActRow).values(other_id=0))
    assert await a_week() == 0
    async with core.db.begin() as session:  # as by a restored copy of the database
        await session.execute(delete(ActRow).where(ActRow.kind == "review.given", ActRow.subject == "1"))
    assert await a_week() == 1
    assert len(await badges.people.list_doubtful(FARAH)) == 2 and await badges.held(BEN) == ["Reader"]
    assert await a_week() == 1


async def test_another_role_goes_to_those_who_have_the_badge_already(
    badges: Badges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.badges.history.SLICE", 2)
    badge_id = await badges.on(await badges.write(again=True))
    people = [BEN, CLEO, DORA]
    for who in (*people, BEN):
        await badges.act(who, len(await badges.held(who)))
    everybody = {who.member_id for who in people}
    for role_id in (777, 778, 777, None):
        role = replace(ROLE, id=role_id) if role_id is not None else None
        await badges.staff.set_role(FARAH, badge_id, role)
        await badges.run_jobs()
        badges.clock.advance(timedelta(seconds=1))
    given = [each[:2] for each in await badges.effects("add_role")]
    taken = [each[:2] for each in await badges.effects("remove_role")]
    assert sorted(given) == sorted((who, role) for role in (777, 778, 777) for who in everybody)
    assert sorted(taken) == sorted((who, role) for role in (777, 778, 777) for who in everybody)
