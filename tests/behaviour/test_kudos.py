"""Kudos: a reason for everyone, from people who were there, and nothing that can be farmed or seen by the wrong one."""

from __future__ import annotations

from datetime import timedelta

from bot.notify import Delivery
from sandbox.faults import CREATE_MESSAGE
from tests.behaviour import configs as files
from tests.behaviour.configs import apply, export
from tests.behaviour.kudos import choose_place, desk, give, give_for, meet, own, posts, wall
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.steps import HOSTILE, reach, switch
from tests.behaviour.test_privacy import deleted

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def test_kudos_are_given_with_a_reason_posted_without_a_ping_and_taken_back(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    refused = await give(world, ben, cleo)
    assert refused.ephemeral and "took part in something together" in refused.text
    await choose_place(world)
    await meet(world, ben, cleo)
    receipt = await give(world, ben, cleo, tags="Explained it well, brave question")
    assert receipt.ephemeral and "Your kudos are given" in receipt.text
    [post] = posts(world)
    assert f"<@{cleo.id}>" in post.text and "You explained bowlines" in post.text
    assert "Explained it well · Brave question" in post.text and post.pinged == ()
    assert world.pings(cleo) == []
    for answer in (await give(world, ben, cleo), await give(world, cleo, ben)):
        assert "between the two of you a short while ago" in answer.text and answer.ephemeral
    listed = await wall(world, cleo, "Given to me")
    assert listed.ephemeral and "You explained bowlines" in listed.text
    stranger = await world.join("Sam")
    assert "You explained bowlines" in (await wall(world, stranger)).text
    assert "None yet" in (await wall(world, stranger, "Given to me")).text
    back = await world.press(ben, receipt, "Take it back")
    assert "nothing of it stays" in back.text and posts(world) == []
    assert "Kudos that you gave" in (await world.press(ben, back, "All of mine")).text
    assert "You explained bowlines" not in (await wall(world, cleo)).text
    assert "Your kudos are given" in (await give(world, ben, cleo)).text  # a mistake can be put right at once


async def test_not_to_oneself_not_to_bots_not_without_words_and_not_without_end(world: LyceumWorld) -> None:
    ben = world.people["Ben"]
    assert "for yourself" in (await give(world, ben, ben)).text
    bot_message = (await choose_place(world)).message
    await meet(world, ben, world.people["Cleo"])
    card = world.posted(world.general)[-1]
    answer = await world.menu(ben, world.general, "Give kudos", card)
    assert "Bots" in answer.text and answer.modal is None and bot_message is not None
    assert "What is it for?" in (await give(world, ben, world.people["Cleo"], "...")).text
    unknown = await give(world, ben, world.people["Cleo"], tags="**nonsense**")
    assert r"There is no tag “\*\*nonsense\*\*” here" in unknown.text
    others = [await world.join(name) for name in ("Dora", "Eve", "Finn", "Gus", "Hal")]
    for other in others:
        await meet(world, other, ben)
        assert "are given" in (await give(world, ben, other)).text
    await meet(world, ben, world.people["Cleo"])
    assert "within a day" in (await give(world, ben, world.people["Cleo"])).text
    await world.advance(DAY + HOUR)
    assert "are given" in (await give(world, ben, world.people["Cleo"])).text


async def test_a_message_where_both_wrote_is_enough_and_kudos_go_with_it(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await choose_place(world)
    elsewhere = await world.say(cleo, world.introductions, "Around the tree, and back into the hole")
    refused = await give_for(world, ben, elsewhere, world.introductions)
    assert "took part in something together" in refused.text and "You wrote: You explained" in refused.text
    await world.say(ben, world.general, "How do I tie a bowline?")
    message = await world.say(cleo, world.general, "Around the tree, and back into the hole")
    receipt = await give_for(world, ben, message, tags=["Explained it well"])
    assert "are given" in receipt.text
    [post] = posts(world)
    assert f"/{message.id})" in post.text and "Explained it well" in post.text
    await world.delete(cleo, message)
    assert posts(world) == [] and "bowlines" not in (await wall(world, ben)).text
    await world.advance(DAY + HOUR)
    second = await world.say(cleo, world.general, "Twice around makes it hold better")
    link = f"https://discord.com/channels/{world.guild_id}/{world.general.id}/{second.id}"
    assert "are given" in (await give(world, ben, cleo, "It held", link=link)).text
    async with world.while_down(crash=True):
        await world.delete(cleo, second)
    assert posts(world) == [] and "It held" not in (await wall(world, ben)).text
    await world.advance(DAY + HOUR)
    await meet(world, ben, cleo)
    assert "are given" in (await give(world, ben, cleo, "And the post")).text
    [post] = posts(world)
    async with world.while_down():
        await world.delete(world.people["Olive"], post)
    assert "And the post" not in (await wall(world, ben)).text
    third = await world.say(ben, world.general, "Mine")
    others = link.replace(str(second.id), str(third.id))
    await world.advance(DAY + HOUR)
    assert "somebody else's" in (await give(world, ben, cleo, link=others)).text
    assert "cannot find that message" in (await give(world, ben, cleo, link=link)).text
    assert "no link to a message" in (await give(world, ben, cleo, link="https://example.com")).text


async def test_who_avoids_whom_reads_like_never_having_met(world: LyceumWorld) -> None:
    ben, cleo, dora = world.people["Ben"], world.people["Cleo"], await world.join("Dora")
    stranger = await give(world, ben, dora)
    await meet(world, ben, cleo)

    async def avoid() -> None:
        async with world.bot.core.db.begin() as session:
            await world.bot.core.avoidances.add(session, world.guild_id, cleo.id, ben.id)

    await world.in_bot(avoid)
    assert (await give(world, ben, cleo)).text == stranger.text
    assert (await give(world, cleo, ben)).text == stranger.text


async def test_the_receiver_hears_as_they_wish_and_may_decline(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await choose_place(world)
    await meet(world, ben, cleo)
    await reach(world, cleo, dm_allowed=True)

    async def at_once() -> None:
        async with world.bot.core.db.begin() as session:
            await world.bot.core.notifier.choose(
                session, world.guild_id, cleo.id, "kudos.received", Delivery.NOW
            )

    await world.in_bot(at_once)
    await give(world, ben, cleo, HOSTILE)
    [told] = world.dms(cleo)
    assert told.labels[:2] == ["Allow quoting me", "I'd rather not have these"]
    answer = await world.press(cleo, told, "I'd rather not have these")
    assert "is told nothing" in world.read(told).text and posts(world) == [] and answer.answered
    assert world.dms(ben) == [] and world.pings(ben) == []
    assert "short while ago" in (await give(world, ben, cleo)).text  # and does not come again at once
    await world.advance(DAY + HOUR)
    receipt = await give(world, ben, cleo, "You explained it twice")
    told = world.dms(cleo)[-1]
    allowed = await world.press(cleo, told, "Allow quoting me")
    assert allowed.answered and world.read(told).labels[:2] == [
        "Stop quoting me",
        "I'd rather not have these",
    ]
    assert "All of mine" not in world.read(told).labels  # a server's wall is not shown in a DM
    await world.press(ben, receipt, "Take it back")
    assert not any("explained it twice" in each.text for each in world.dms(cleo))


async def test_what_both_allow_staff_may_quote_until_one_takes_it_back(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await meet(world, ben, cleo)
    await give(world, ben, cleo, "You made me stay")
    assert "Nothing can be quoted yet" in (await _quotes(world)).text
    await world.press(ben, await own(world, ben, "Given by me"), "Allow quoting me")
    assert "Nothing can be quoted yet" in (await _quotes(world)).text
    hers = await own(world, cleo, "Given to me")
    assert "The other one allows quoting it" in hers.text
    await world.press(cleo, hers, "Allow quoting me")
    assert "Nothing is quoted here yet" in (await wall(world, ben, "What people say")).text
    form = await world.press(world.facilitator, await _quotes(world), "Choose")
    await world.submit(world.facilitator, form, {"Which ones?": ["You made me stay"]})
    assert "You made me stay" in (await wall(world, ben, "What people say")).text
    await world.press(cleo, await own(world, cleo, "Given to me"), "Stop quoting me")
    assert "Nothing is quoted here yet" in (await wall(world, ben, "What people say")).text
    assert "Nothing can be quoted yet" in (await _quotes(world)).text


async def test_staff_see_patterns_and_take_one_away_members_do_not(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await choose_place(world)
    await meet(world, ben, cleo)
    assert "Nothing stands out" in (await desk(world)).text
    for _ in range(2):
        await give(world, ben, cleo)
        await world.advance(DAY + HOUR)
        await give(world, cleo, ben)
        await world.advance(DAY + HOUR)
    assert "thank each other often: 4 kudos" in (await desk(world)).text
    listed = await world.press(world.facilitator, await desk(world), "The newest kudos")
    message = listed.message
    assert message is not None
    one = await world.choose(world.facilitator, listed, message.selects[0].options[0][1])
    form = await world.press(world.facilitator, one, "Take it away")
    await world.submit(world.facilitator, form, {"why": "a joke that hurts"})
    assert len(posts(world)) == 3
    form = await world.press(world.facilitator, await desk(world), "Change the limits")
    limits = {"a_day": "1", "rest_hours": "0", "tags": "Lent a hand"}
    changed = await world.submit(world.facilitator, form, limits)
    assert "1 a day" in changed.text
    assert "are given" in (await give(world, ben, cleo, tags="lent a hand")).text


async def test_killed_switched_off_and_deleted_and_a_file_of_limits(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await choose_place(world)
    file = await export(world)
    assert "rest_hours = 24" in file
    changed = file.replace("rest_hours = 24", "rest_hours = 0").replace("a_day = 5", "a_day = 9")
    await apply(world, await files.give(world, changed))
    assert "9 a day for each giver, 0 hours" in (await desk(world)).text
    await meet(world, ben, cleo)
    gate = world.faults.hold(*CREATE_MESSAGE, after=True)
    receipt = await give(world, ben, cleo)
    await world.crash()
    gate.release()
    await world.start_again()
    await world.advance(timedelta(minutes=5))
    assert len(posts(world)) == 1
    await switch(world, "kudos", on=False)
    assert "switched this off" in (await world.press(ben, receipt, "Take it back")).text
    await switch(world, "kudos", on=True)
    await deleted(world, ben)
    assert posts(world) == [] and "bowlines" not in (await wall(world, cleo)).text


async def _quotes(world: LyceumWorld):
    return await world.press(world.facilitator, await desk(world), "Choose what to quote")
