"""Reports: private, in one place however many send them, worked on by one, and whoever sent them hears how it ended."""

from __future__ import annotations

from datetime import timedelta

from tests.behaviour.moderation import moderated, timeout_of
from tests.behaviour.quests import LyceumWorld, OpenWorld
from tests.behaviour.reports import calls, cards, own, queue, report_member, report_message
from tests.behaviour.steps import HOSTILE, reach, switch

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def test_a_report_is_one_card_that_one_takes_and_whoever_sent_it_hears(community: LyceumWorld) -> None:
    world = community
    ben, cleo, milo = world.people["Ben"], world.people["Cleo"], world.people["Milo"]
    troll = await world.join("Troll")
    message = await world.say(troll, world.general, f"Nasty {HOSTILE}")
    form = await world.menu(ben, world.general, "Report message", message)
    await world.delete(troll, message)  # too late: a copy was made when the form was opened
    receipt = await world.submit(ben, form, {"category": "Harassment", "words": HOSTILE})
    assert receipt.ephemeral and "This is report 1" in receipt.text and "Staff have it now" in receipt.text
    [card] = cards(world)
    assert f"<@{troll.id}>" in card.text and "Nasty" in card.text and "1 person" in card.text
    assert f"<@{ben.id}>" not in card.text and not card.pings_everyone
    assert card in world.pings(milo) and card not in world.pings(troll)
    await report_member(world, cleo, troll)
    [card] = cards(world)
    assert "2 people" in card.text and "They insult people" in card.text
    taken, late = await world.at_once(
        world.press(milo, card, "Take it"), world.press(world.people["Olive"], card, "Take it")
    )
    first, second = (taken, late) if "You have taken it" in taken.text else (late, taken)
    assert "You have taken it" in first.text and "has taken it. If they stay silent" in second.text
    assert "is looking at it" in (await own(world, ben)).text
    taker = milo if first is taken else world.people["Olive"]
    async with world.while_down(crash=True):
        pass
    form = await world.press(taker, cards(world)[0], "No breach")
    await world.submit(
        taker, form, {"note": "A bet between friends", "sentence": "We spoke with both of you."}
    )
    [card] = cards(world)
    assert "No breach" in card.text and "Nasty" not in card.text and card.labels == []
    listed = await own(world, cleo)
    assert "We spoke with both of you." in listed.text and "A bet" not in listed.text
    told = await world.slash(
        ben, world.general, "help"
    )  # without DMs it is told beside the next private answer
    assert any("left you a line" in each.text for each in (await own(world, ben)).followups + told.followups)
    assert "left you a line" not in " ".join(each.text for each in world.posted(world.general))
    assert "closed already" in (await world.press(milo, first, "Act")).text


async def test_untaken_it_calls_the_moderators_then_facilitators_through_a_crash(
    community: LyceumWorld,
) -> None:
    world = community
    ben, farah = world.people["Ben"], world.people["Farah"]
    troll, spammer = await world.join("Troll"), await world.join("Spammer")
    await report_member(world, ben, troll)
    await report_member(world, ben, spammer)
    assert (
        len(cards(world)) == 2
        and sum(each in world.pings(world.people["Milo"]) for each in cards(world)) == 1
    )
    async with world.while_down(crash=True):
        await world.jump(HOUR)
    await world.advance(2 * MINUTE)
    assert any(each in world.pings(farah) for each in calls(world))
    for card in cards(world):
        await world.press(farah, card, "Take it")
    assert calls(world) == []
    await world.advance(DAY + 2 * HOUR)
    assert all("Nobody has taken it yet" in each.text for each in cards(world))  # silent for a day
    start = await world.slash(farah, world.staff, "setup start")
    page = await world.choose(farah, start, "Reports", menu="setup:page.open")
    form = await world.press(farah, page, "Change this")
    page = await world.submit(farah, form, {"text_days": "30", "an_hour": "3", "quiet": ["Spam or scam"]})
    assert "30 days after" in page.text and "Nobody is pinged for: Spam or scam" in page.text
    await switch(world, "reports", on=False)
    assert "switched this off" in (await world.press(farah, cards(world)[0], "Take it")).text
    assert "switched this off" in (await world.slash(ben, world.general, "report")).text
    await switch(world, "reports", on=True)
    assert "You have taken it" in (await world.press(farah, cards(world)[0], "Take it")).text


async def test_about_somebody_of_staff_nothing_is_posted_and_they_see_nothing(community: LyceumWorld) -> None:
    world = community
    ben, milo, olive = world.people["Ben"], world.people["Milo"], world.people["Olive"]
    await reach(world, olive, dm_allowed=True)
    receipt = await report_member(world, ben, milo, "He deletes what he does not like")
    assert "shown in no channel" in receipt.text and cards(world) == [] and world.pings(milo) == []
    [told] = world.dms(olive)
    assert "A report waits for you" in told.text and "<@" not in told.text
    assert "None at the moment" in (await queue(world, milo)).text
    listed = await queue(world, olive)
    details = await world.choose(olive, listed, "1: Harassment", menu="reports:queue.pick")
    assert f"<@{milo.id}>" in details.text and "deletes what he does not like" in details.text
    form = await world.press(olive, details, "Who sent it?")
    assert f"<@{ben.id}>" in (await world.submit(olive, form, {"why": "To hear more"})).text
    about_owner = await report_member(world, ben, olive, "She threatens people")
    assert "dis.gd/report" in about_owner.text and len(world.dms(olive)) == 1
    assert "Others" not in (await queue(world, olive)).text


async def test_acting_on_a_report_opens_a_case_that_closes_it(community: LyceumWorld) -> None:
    world = community
    ben, milo = world.people["Ben"], world.people["Milo"]
    troll = await world.join("Troll")
    await reach(world, ben, dm_allowed=True)
    await report_message(world, ben, await world.say(troll, world.general, "Nasty"))
    panel = await world.press(milo, cards(world)[0], "Act")
    form = await world.press(milo, panel, "Warn")
    done = await world.submit(milo, form, {"reason": "Called people names"})
    assert "Warning" in done.text
    [card] = cards(world)
    assert "Dealt with by" in card.text and "Nasty" not in card.text and card.labels == []
    texts = [each.text for each in world.dms(ben)]
    assert any("is looking at it" in each for each in texts) and "dealt with it" in texts[-1]
    assert "warn" not in texts[-1].lower() and "names" not in texts[-1]
    form = await world.slash(ben, world.general, "report")
    refused = await world.submit(ben, form, {"category": "Something else", "words": " "})
    assert "What happened?" in refused.text
    form = await world.slash(ben, world.general, "report")
    await world.submit(
        ben, form, {"category": "I worry about somebody (self-harm)", "words": "A member sounds lost"}
    )
    whom = await world.press(milo, cards(world)[-1], "Act")
    panel = await world.choose(milo, whom, troll, menu=None)
    assert "Warn" in (panel.message.labels if panel.message is not None else [])


async def test_what_discord_refuses_leaves_the_report_with_who_acts(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        ben, milo = world.people["Ben"], world.people["Milo"]
        troll = await world.join("Troll")
        await reach(world, ben, dm_allowed=True)
        await report_message(world, ben, await world.say(troll, world.general, "Nasty"))
        path = f"/guilds/{world.guild_id}/members/{troll.id}"
        world.faults.forbidden("PATCH", path)
        for is_refused in (True, False):
            panel = await world.press(milo, cards(world)[0], "Act")
            form = await world.press(milo, panel, "Time out")
            await world.submit(milo, form, {"length": "1h", "reason": "Called people names"})
            assert (timeout_of(world, troll) is None) is is_refused
            [card] = cards(world)
            assert ("Dealt with by" in card.text) is not is_refused
        assert [("dealt with it" in each.text) for each in world.dms(ben)].count(True) == 1
