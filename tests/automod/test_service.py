"""Rules of AutoMod as rows that Discord follows, and what it did as cases: on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, MODERATE_MEMBERS, Actor
from bot.cases import CaseKind, Source
from bot.core import Core
from bot.errors import InvalidInput, LimitReached, NotAllowed, NotFound
from bot.features import Feature
from bot.outbox import EffectKind, Ended
from cogs.automod.model import AREA, Action, Ours, Theirs
from cogs.automod.rules import Kind, Rule
from cogs.automod.service import AutomodService
from storage.automod import DONE, FAILED, WAITING
from storage.database import Database
from storage.outbox import OutboxRow
from tests.clocks import FixedClock

GUILD, OTHER = 1, 2
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
ELSEWHERE = Actor(OTHER, 10, permissions=MANAGE_GUILD)
RULE = Rule(Kind.WORDS, "Rude", words=("cat",))


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    core = Core.build(database, clock)
    core.features.describe(Feature(AREA, "AutoMod"))
    return core


@pytest.fixture
def service(core: Core) -> AutomodService:
    return AutomodService(core)


async def newest(core: Core) -> OutboxRow:
    async with core.db.read() as session:
        query = select(OutboxRow).filter_by(kind=EffectKind.SET_AUTOMOD.value).order_by(OutboxRow.id.desc())
        return (await session.scalars(query.limit(1))).one()


async def follow(
    core: Core,
    service: AutomodService,
    effect: OutboxRow,
    *,
    result: int | None = 77,
    reason: str | None = None,
) -> None:
    """Discord did it, or refused with a reason."""
    outcome = "failed" if reason else "sent"
    ended = Ended(
        effect.key, EffectKind.SET_AUTOMOD, GUILD, None, effect.arguments, outcome, reason, result, {}
    )
    async with core.db.begin() as session:
        await service.ended(session, ended)


async def test_a_rule_is_a_row_that_discord_follows_revision_by_revision(
    core: Core, service: AutomodService
) -> None:
    ours = await service.make(FARAH, RULE, ())
    assert ours.state == WAITING
    first = await newest(core)
    draft = await service.draft(ours.id)
    assert draft is not None and draft.known_id is None and draft.payload is not None
    await service.edit(FARAH, ours.id, lambda rule: replace(rule, words=("dog",)))
    await follow(core, service, first)
    assert (await service.look(FARAH, ours.id)).state == WAITING, (
        "an earlier revision says nothing of the newest"
    )
    second = await newest(core)
    assert second.coalesce_key == first.coalesce_key
    await follow(core, service, second)
    found = await service.look(FARAH, ours.id)
    assert (found.state, found.discord_id, found.rule.words) == (DONE, 77, ("dog",))
    before = await newest(core)
    await service.edit(FARAH, ours.id, lambda rule: rule)
    assert (await newest(core)).id == before.id, "nothing changed, nothing is sent"
    await service.remove(FARAH, ours.id)
    draft = await service.draft(ours.id)
    assert draft is not None and (draft.name, draft.payload, draft.known_id) == ("Rude", None, 77)
    await service.make(FARAH, RULE, ())  # its name is free at once
    async with core.db.read() as session:
        query = (
            select(OutboxRow)
            .where(OutboxRow.key.startswith(f"automod.rule:{ours.id}:"))
            .order_by(OutboxRow.id)
        )
        leaving = list(await session.scalars(query))[-1]
    await follow(core, service, leaving, result=None)
    assert await service.draft(ours.id) is None


async def test_a_refusal_stands_on_the_rule_and_can_be_tried_again(
    core: Core, service: AutomodService
) -> None:
    ours = await service.make(FARAH, RULE, ())
    await follow(core, service, await newest(core), reason="no_permission")
    found = await service.look(FARAH, ours.id)
    assert (found.state, found.state_reason) == (FAILED, "no_permission")
    before = await newest(core)
    assert (await service.again(FARAH, ours.id)).state == WAITING
    assert (await newest(core)).id > before.id


async def test_slots_count_rules_of_others_and_full_ones_take_no_more(
    core: Core, service: AutomodService
) -> None:
    theirs = tuple(Theirs(900 + n, f"By hand {n}", Kind.WORDS, enabled=True) for n in range(5))
    ours = await service.make(FARAH, RULE, theirs)
    desk = await service.desk(FARAH, theirs)
    assert desk.slots[0].is_full and len(desk.others) == 5
    with pytest.raises(LimitReached):
        await service.make(FARAH, replace(RULE, name="Seventh"), theirs)
    await follow(core, service, await newest(core), result=77)
    desk = await service.desk(FARAH, theirs)
    assert [each.is_there for each in desk.ours] == [False], "somebody deleted it in Discord"
    with_ours = (*theirs, Theirs(77, "Rude", Kind.WORDS, enabled=True))
    assert [each.is_there for each in (await service.desk(FARAH, with_ours)).ours] == [True]
    await service.remove(FARAH, ours.id)
    assert not (await service.desk(FARAH, with_ours)).slots[0].is_full


async def test_what_cannot_be_sent_is_refused(service: AutomodService) -> None:
    ours = await service.make(FARAH, RULE, ())
    for rule in (
        RULE,
        replace(RULE, name="Other", patterns=("(?<=a)b",)),
        replace(RULE, name="Other", patterns=("a*",)),
    ):
        with pytest.raises(InvalidInput):
            await service.make(FARAH, rule, ())
    with pytest.raises(InvalidInput):
        await service.edit(FARAH, ours.id, lambda rule: replace(rule, words=()))
    assert (await service.look(FARAH, ours.id)).rule == RULE


async def test_a_phrase_is_tested_against_words_and_patterns(service: AutomodService) -> None:
    await service.make(FARAH, replace(RULE, patterns=("zo{3,}",)), ())
    [(rule, found)] = await service.test(FARAH, "a Cat sat")
    assert (rule.rule.name, found.on, found.is_pattern) == ("Rude", "Cat", False)
    [(_, found)] = await service.test(FARAH, "zoooo")
    assert found.is_pattern
    assert await service.test(FARAH, "ZOOOO") == (), "patterns mind the case unless they say otherwise"


@pytest.mark.parametrize("actor", [Actor(GUILD, 11, permissions=MODERATE_MEMBERS), Actor(GUILD, 12)])
async def test_only_facilitators_touch_rules_and_only_of_their_server(
    service: AutomodService, actor: Actor
) -> None:
    ours: Ours = await service.make(FARAH, RULE, ())
    for attempt in (
        service.check(actor),
        service.desk(actor, ()),
        service.look(actor, ours.id),
        service.test(actor, "x"),
        service.make(actor, RULE, ()),
        service.edit(actor, ours.id, lambda rule: rule),
        service.remove(actor, ours.id),
        service.again(actor, ours.id),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    for attempt in (
        service.look(ELSEWHERE, ours.id),
        service.edit(ELSEWHERE, ours.id, lambda rule: rule),
        service.remove(ELSEWHERE, ours.id),
        service.again(ELSEWHERE, ours.id),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_what_automod_did_is_a_case_with_a_count(core: Core, service: AutomodService) -> None:
    for _ in range(3):
        await service.act(
            Action(
                guild_id=GUILD,
                member_id=12,
                channel_id=101,
                message_id=None,
                rule_id=77,
                content="",
                reason="AutoMod: Rude (cat)",
                flood=lambda hits, people: f"{hits} by {people}",
            )
        )
    async with core.db.read() as session:
        [case] = await core.cases.list_of_member(session, GUILD, 12)
    assert (case.kind, case.source, case.count) == (CaseKind.AUTOMOD, Source.AUTOMOD, 3)
    assert case.reason == "AutoMod: Rude (cat)"
