"""The ladder: climbed by what people do, with powers only by a person's word, and no shame on any way down."""

from __future__ import annotations

from datetime import timedelta

import discord

from bot.notify import Delivery
from sandbox.people import Person
from sandbox.server import Role
from sandbox.simcord_patches import process
from tests.behaviour.ladders import desk, did, give_role, stand, undo, waiting
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.setups import doctor
from tests.behaviour.steps import reach, switch
from tests.behaviour.test_privacy import deleted

_DAY = timedelta(days=1)


async def tell_by_dm(world: LyceumWorld, person: Person) -> None:
    await reach(world, person, dm_allowed=True)

    async def at_once() -> None:
        async with world.bot.core.db.begin() as session:
            await world.bot.core.notifier.choose(
                session, world.guild_id, person.id, "ladder.news", Delivery.NOW
            )

    await world.in_bot(at_once)


async def contributor(world: LyceumWorld, person: Person, *others: Person) -> list[int]:
    """Enough for the step Contributor; returns the acts."""
    acts = await did(world, person, "micro.done", n=5)
    acts += await did(world, person, "pair.met", *others[:2])
    return acts + await did(world, person, "kudos.received", others[0])


async def almost_reviewer(world: LyceumWorld, person: Person, *others: Person) -> list[int]:
    """All that the step Reviewer asks for but the training."""
    acts = await contributor(world, person, *others)
    acts += await did(world, person, "review.given", *others[:3], *others[:2])
    acts += await did(world, person, "challenge.submitted", n=2)
    return acts + await did(world, person, "kudos.received", others[1], start=10)


async def test_steps_are_climbed_by_evidence_that_anybody_can_look_at(community: LyceumWorld) -> None:
    world = community
    ben, cleo, dora = world.people["Ben"], world.people["Cleo"], await world.join("Dora")
    helper = await world.create_role("Helper")
    await give_role(world, "Contributor", helper)
    await tell_by_dm(world, ben)
    first = await stand(world, ben)
    assert "Your step: Newcomer" in first.text and "To Member: 0 of 1 done" in first.text
    acts = await did(world, ben, "micro.done", n=5)
    second = await stand(world, ben)
    assert "Your step: Member" in second.text and "To Contributor: 1 of 3 done" in second.text
    shown = await world.choose(ben, second, "Contributions of any kind: 5", menu="ladder:own.evidence")
    assert shown.text.count("Five-minute tasks done") == 5 and "5 of 5 so far" in shown.text
    assert "Helper" not in world.role_names(ben)
    await world.advance(_DAY)
    acts += await did(world, ben, "pair.met", cleo, dora)
    acts += await did(world, ben, "kudos.received", cleo)
    assert "Helper" in world.role_names(ben)
    assert len([each for each in world.dms(ben) if "new step: Contributor" in each.text]) == 1
    await world.advance(_DAY)
    third = await stand(world, ben)
    assert "To Reviewer: 1 of 5 done" in third.text and "somebody of staff confirms it" in third.text
    everything = await world.press(ben, third, "All steps")
    assert "Facilitator" in everything.text and "(you are here)" in everything.text
    await undo(world, acts[0])  # five of any kind are left
    assert "Helper" in world.role_names(ben)
    await undo(world, acts[-1])
    assert "Helper" not in world.role_names(ben)
    assert "comes back by itself" in world.dms(ben)[-1].text
    assert "Your step: Member" in (await stand(world, ben)).text
    await did(world, ben, "kudos.received", dora, start=5)
    assert "Helper" in world.role_names(ben)


async def test_powers_need_a_persons_word_and_the_way_down_is_open(community: LyceumWorld) -> None:
    world = community
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    dora, eve = await world.join("Dora"), await world.join("Eve")
    role = await world.create_role("Reviewers")
    await give_role(world, "Reviewer", role)
    for person in (ben, cleo):
        await tell_by_dm(world, person)
    await almost_reviewer(world, ben, cleo, dora, eve)
    acts = await almost_reviewer(world, cleo, ben, dora, eve)
    assert "To Reviewer: 4 of 5 done" in (await stand(world, ben)).text and waiting(world) == []
    await world.advance(_DAY)
    await did(world, ben, "review.trained")
    [trained] = await did(world, cleo, "review.trained")
    first, second = waiting(world)
    assert f"<@{ben.id}>" in first.text and "Reviews given" in first.text
    assert first.labels == ["Confirm", "Not yet"] and "Reviewers" not in world.role_names(ben)

    form = await world.press(world.facilitator, first, "Not yet")
    await world.submit(world.facilitator, form, {"reason": "Two more with questions in them, please"})
    assert "Two more with questions" in world.dms(ben)[-1].text and "still counts" in world.dms(ben)[-1].text
    assert "Two more with questions" in (await stand(world, ben)).text and world.read(first).labels == []
    await did(world, ben, "micro.done", start=50)
    assert len(waiting(world)) == 2  # nobody is asked again the next minute

    await world.press(world.facilitator, second, "Confirm")
    assert "Reviewers" in world.role_names(cleo) and "Confirmed" in world.read(second).text
    assert "new step: Reviewer" in world.dms(cleo)[-1].text
    asked = await world.slash(cleo, world.general, "ladder step-down")
    down = await world.choose(cleo, asked, "Member", menu="ladder:own.down_to")
    assert "Thank you" in down.text and "Reviewer, emeritus" in down.text and "Your step: Member" in down.text
    assert "Reviewers" not in world.role_names(cleo)
    await did(world, cleo, "review.given", ben, dora, start=80)
    assert "Reviewers" not in world.role_names(cleo)  # who stepped down is not pulled up again
    back = await world.press(cleo, await stand(world, cleo), "Come back as Reviewer")
    assert "Your step: Reviewer" in back.text and "Reviewers" in world.role_names(cleo)

    await undo(world, trained, *acts[-2:])
    doubt = waiting(world)[-1]
    assert "stay Reviewer" in doubt.text and "Reviewers" in world.role_names(cleo)
    form = await world.press(world.facilitator, doubt, "Take the step back")
    await world.submit(world.facilitator, form, {"reason": "The training was not yours"})
    assert "Reviewers" not in world.role_names(cleo) and "was not yours" in world.dms(cleo)[-1].text


async def test_drift_is_shown_and_a_person_chooses_who_is_right(community: LyceumWorld) -> None:
    world = community
    ben, cleo, dora = world.people["Ben"], world.people["Cleo"], await world.join("Dora")
    role = await world.create_role("Helper")
    await give_role(world, "Contributor", role)
    await contributor(world, ben, cleo, dora)
    await _by_hand(world, ben, role, give=False)
    await _by_hand(world, dora, role, give=True)
    shown = await doctor(world)
    assert "(1 missing, 1 besides)" in shown.text
    drift = await world.press(world.facilitator, shown, "Compare and choose")
    assert f"<@{ben.id}>" in drift.text and f"<@{dora.id}>" in drift.text
    await world.press(world.facilitator, drift, "My record")
    assert "Helper" in world.role_names(ben) and "Helper" not in world.role_names(dora)
    await _by_hand(world, ben, role, give=False)
    await _by_hand(world, dora, role, give=True)
    drift = await world.press(world.facilitator, await doctor(world), "Compare and choose")
    await world.press(world.facilitator, drift, "Discord")
    assert "Your step: Contributor" in (await stand(world, dora)).text
    assert "Your step: Member" in (await stand(world, ben)).text
    assert "besides" not in (await doctor(world)).text
    await world.delete_role(role)
    assert "<@&" not in (await desk(world)).text
    high = await world.create_role("High")
    await world.bot_role_below(high)
    await give_role(world, "Contributor", high)
    await world.advance(timedelta(minutes=5))
    assert "High" not in world.role_names(dora)
    assert any("stands above my own" in each.text for each in world.posted(world.staff))


async def test_staff_change_steps_place_by_hand_and_no_role_with_power_is_given(
    community: LyceumWorld,
) -> None:
    world = community
    ben = world.people["Ben"]
    strong = world.server.guild.create_role("Strong", permissions=discord.Permissions(ban_members=True))
    assert "carries power" in (await give_role(world, "Member", strong)).text
    card = await world.choose(world.facilitator, await desk(world), "Member", menu="ladder:staff.step")
    message = card.message
    assert message is not None
    [menu] = [each for each in message.selects if each.custom_id.startswith("ladder:staff.criterion:")]
    form = await world.choose(world.facilitator, card, "0", menu=menu.custom_id)
    changed = await world.submit(world.facilitator, form, {"at_least": "2", "people": "0", "days": "30"})
    assert "Contributions of any kind: 2, within 30 days" in changed.text
    await did(world, ben, "micro.done")
    assert "To Member: 0 of 1 done" in (await stand(world, ben)).text
    await did(world, ben, "micro.done", start=1)
    assert "Your step: Member" in (await stand(world, ben)).text
    form = await world.press(world.facilitator, await desk(world), "Add a step")
    added = await world.submit(
        world.facilitator, form, {"title": "Gardener", "text": "Waters", "powers": True}
    )
    assert "Gardener" in added.text
    picked = await world.choose(world.facilitator, await desk(world), ben, menu="ladder:staff.member")
    form = await world.press(world.facilitator, picked, "Place them by hand")
    await world.submit(world.facilitator, form, {"step": "Mentor", "reason": "Was one for years"})
    assert "Your step: Mentor" in (await stand(world, ben)).text
    await switch(world, "ladder", on=False)
    assert "switched this off" in (await stand(world, ben)).text
    await switch(world, "ladder", on=True)
    await deleted(world, ben)
    assert "Your step: Newcomer" in (await stand(world, ben)).text


async def _by_hand(world: LyceumWorld, person: Person, role: Role, *, give: bool) -> None:
    """Somebody changes a role in Discord itself."""
    backend = world.env.backend
    change = backend.add_member_role if give else backend.remove_member_role
    with process.operation(world.env, "change role"):
        change(world.guild_id, person.id, role.id)
    await world.settle()
