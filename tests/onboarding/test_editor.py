"""What facilitators do with quests: drafts, versions, publishing; on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound, UserError
from cogs.onboarding.definition import Audience, Detector, with_texts
from cogs.onboarding.library import VersionState
from cogs.onboarding.service import OnboardingService
from storage.audit import AuditRow

GUILD, ANN = 1, 10
ME = Actor(GUILD, ANN)
FARAH = Actor(GUILD, 20, permissions=MANAGE_GUILD)
GUS = Actor(GUILD, 21, permissions=MANAGE_GUILD)


async def audited(core: Core) -> list[AuditRow]:
    async with core.db.read() as session:
        return list(await session.scalars(select(AuditRow).order_by(AuditRow.id)))


async def test_a_community_begins_with_its_own_copy_of_the_quests_that_come_with_lyceum(
    service: OnboardingService,
) -> None:
    first, feedback = await service.editor.list_quests(FARAH)
    assert [each.key for each in (first, feedback)] == ["first", "feedback"]
    assert first.published is not None and first.published.version == 1 and first.draft is None
    assert feedback.published is not None and feedback.published.definition.unlocked_by == "first"


async def test_the_first_change_makes_a_draft_and_what_is_published_stays(service: OnboardingService) -> None:
    editor = service.editor
    assert await editor.find_draft(FARAH, "first") is None
    draft = await editor.change(
        FARAH, "first", lambda quest: with_texts(quest, title="Hi *there*", intro="Short.")
    )
    assert (draft.version, draft.state) == (2, VersionState.DRAFT) and not draft.definition.ours
    again = await editor.edit_step(GUS, "first", "hello", title="Say something in {channel}")
    assert again.id == draft.id and again.definition.title == "Hi *there*"
    assert {step.key: step.ours for step in again.definition.steps} == {
        "goal": True,
        "hello": False,
        "answer": True,
        "offer": True,
    }
    first = (await editor.list_quests(FARAH))[0]
    assert first.published is not None and first.published.definition.title == "Your first quest"
    assert (await service.quests.open(ME)).version == 1


async def test_publishing_is_for_those_who_begin_later(service: OnboardingService) -> None:
    before = await service.quests.open(ME)
    await service.editor.remove_step(FARAH, "first", "answer")
    published = await service.editor.publish(FARAH, "first")
    assert (published.version, published.state) == (2, VersionState.PUBLISHED)
    same = await service.quests.open(ME)
    assert (same.version, same.progress.total) == (1, before.progress.total) == (1, 1)
    assert "answer" in same.progress.states
    later = await service.quests.open(Actor(GUILD, 11))
    assert later.version == 2 and "answer" not in later.progress.states
    anew = await service.quests.restart(ME)
    assert anew.version == 2 and "answer" not in anew.progress.states
    overview = (await service.editor.list_quests(FARAH))[0]
    assert [each.state for each in overview.versions] == [VersionState.RETIRED, VersionState.PUBLISHED]
    assert overview.people == {2: 2}


async def test_a_draft_can_be_thrown_away(service: OnboardingService) -> None:
    await service.editor.remove_step(FARAH, "first", "answer")
    await service.editor.discard(FARAH, "first")
    assert await service.editor.find_draft(FARAH, "first") is None
    for refused in (service.editor.discard, service.editor.publish):
        with pytest.raises(NotFound):
            await refused(FARAH, "first")


async def test_steps_are_added_moved_and_removed_and_no_number_is_used_twice(
    service: OnboardingService,
) -> None:
    editor = service.editor
    draft = await editor.add_step(FARAH, "first", Detector.COMMAND, "Look at your card", target="me card")
    added = draft.definition.steps[-1]
    assert (added.key, added.number, added.ours) == ("step-5", 5, False)
    moved = await editor.move_step(FARAH, "first", added.key, -2)
    assert [step.key for step in moved.definition.steps] == ["goal", "hello", "step-5", "answer", "offer"]
    await editor.publish(FARAH, "first")
    await editor.remove_step(FARAH, "first", added.key)
    await editor.publish(FARAH, "first")
    draft = await editor.add_step(FARAH, "first", Detector.CONFIRMED, "Meet someone")
    assert draft.definition.steps[-1].number == 6


async def test_a_step_that_others_waited_for_can_be_removed(service: OnboardingService) -> None:
    await service.editor.remove_step(FARAH, "feedback", "read")
    assert (await service.editor.publish(FARAH, "feedback")).version == 2


@pytest.mark.parametrize(
    ("key", "changes", "words"),
    [
        ("goal", {"title": " "}, "Step 1 needs a title"),
        ("goal", {"title": "x" * 101}, "Step 1 needs a title"),
        ("hello", {"hint": "x" * 501}, "too long"),
        ("hello", {"target": ""}, "in which channel"),
        ("hello", {"target": "general"}, "in which channel"),
        ("hello", {"detector": Detector.ROLE, "target": ""}, "which role"),
        ("hello", {"detector": Detector.COMMAND, "target": "/me card"}, "which command"),
        ("hello", {"detector": Detector.QUEST, "target": "first"}, "which other quest"),
        ("hello", {"detector": Detector.FORM, "target": ""}, "nothing to read or to answer"),
        ("hello", {"needs": ("answer",)}, "does not come before"),
        ("hello", {"minutes": 0}, "1 to 120 minutes"),
        ("hello", {"audience": Audience(levels=("expert",))}, "level"),
    ],
)
async def test_what_is_wrong_is_said_in_words_and_nothing_is_published(
    service: OnboardingService, key: str, changes: dict[str, Any], words: str
) -> None:
    await service.editor.edit_step(FARAH, "first", key, **changes)
    found = [str(each) for each in await service.editor.faults(FARAH, "first")]
    assert any(words in each for each in found), found
    with pytest.raises(InvalidInput):
        await service.editor.publish(FARAH, "first")
    assert (await service.quests.open(ME)).version == 1


async def test_a_quest_without_steps_or_with_steps_for_some_only_is_refused(
    service: OnboardingService,
) -> None:
    await service.editor.create(FARAH, "nets", "Nets")
    with pytest.raises(InvalidInput, match="no step"):
        await service.editor.publish(FARAH, "nets")
    await service.editor.add_step(
        FARAH, "nets", Detector.CONFIRMED, "Tie one", audience=Audience(words=("net",))
    )
    with pytest.raises(InvalidInput, match="for everybody"):
        await service.editor.publish(FARAH, "nets")


async def test_quests_that_wait_for_each_other_are_refused(service: OnboardingService) -> None:
    await service.editor.change(FARAH, "first", lambda quest: replace(quest, unlocked_by="feedback"))
    with pytest.raises(InvalidInput, match="circle"):
        await service.editor.publish(FARAH, "first")


async def test_two_who_begin_a_draft_at_once_share_it(service: OnboardingService) -> None:
    await service.editor.list_quests(FARAH)
    await asyncio.gather(
        service.editor.edit_step(FARAH, "first", "goal", minutes=2),
        service.editor.edit_step(GUS, "first", "hello", minutes=3),
    )
    draft = await service.editor.find_draft(FARAH, "first")
    assert draft is not None and [step.minutes for step in draft.definition.steps[:2]] == [2, 3]


async def test_publishing_twice_at_once_publishes_once(service: OnboardingService, core: Core) -> None:
    await service.editor.edit_step(FARAH, "first", "goal", minutes=2)
    results = await asyncio.gather(
        *(service.editor.publish(FARAH, "first") for _ in range(3)), return_exceptions=True
    )
    assert sum(not isinstance(each, BaseException) for each in results) == 1
    assert all(isinstance(each, UserError) for each in results if isinstance(each, BaseException))
    assert sum("published" in row.what for row in await audited(core)) == 1


async def test_only_facilitators_edit(service: OnboardingService) -> None:
    editor = service.editor
    for refused in (
        editor.list_quests(ME),
        editor.create(ME, "nets", "Nets"),
        editor.edit_step(ME, "first", "goal", minutes=2),
        editor.add_step(ME, "first", Detector.CONFIRMED, "x"),
        editor.discard(ME, "first"),
        editor.publish(ME, "first"),
    ):
        with pytest.raises(NotAllowed):
            await refused


async def test_every_change_is_written_down_with_what_was_before(
    service: OnboardingService, core: Core
) -> None:
    await service.editor.edit_step(FARAH, "first", "goal", minutes=2)
    await service.editor.publish(GUS, "first")
    changed, published = await audited(core)
    assert (changed.actor_id, changed.area) == (FARAH.member_id, "quests")
    assert changed.before["step goal"]["minutes"] == 1 and changed.after["step goal"]["minutes"] == 2
    assert published.actor_id == GUS.member_id and published.fields == {"quest": "first", "version": 2}


async def test_a_name_that_is_taken_or_none_is_refused(service: OnboardingService) -> None:
    with pytest.raises(AlreadyDone):
        await service.editor.create(FARAH, "first", "Mine")
    for key in ("", "Ein Name", "x" * 33, "1st"):
        with pytest.raises(InvalidInput):
            await service.editor.create(FARAH, key, "Mine")


async def test_two_communities_have_their_own(service: OnboardingService) -> None:
    await service.editor.edit_step(FARAH, "first", "goal", minutes=2)
    await service.editor.publish(FARAH, "first")
    assert (await service.quests.open(Actor(2, ANN))).version == 1
