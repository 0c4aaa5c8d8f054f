"""Facilitators look after the people in quests: who is where, a step ticked by hand, the funnel."""

from __future__ import annotations

from datetime import timedelta

from sandbox.people import Person
from sandbox.seen import Answer
from tests.behaviour.quests import LyceumWorld, answer_a_hello, finish, say_goal, say_hello, start, status
from tests.behaviour.test_manage_quests import choose

PEOPLE = "onboarding:desk.pick"
DAYS = timedelta(days=3)


async def people(world: LyceumWorld, person: Person | None = None) -> Answer:
    return await world.slash(person or world.facilitator, world.general, "manage quests people")


async def open_person(world: LyceumWorld, name: str, by: Person | None = None) -> Answer:
    return await choose(world, by or world.facilitator, await people(world, by), PEOPLE, name)


async def test_who_is_stuck_stands_first_and_the_step_is_named_with_how_many(community: LyceumWorld) -> None:
    stuck = [await community.join(name) for name in ("Ann", "Bo", "Cy")]
    for each in stuck:
        await say_goal(community, each)
    await community.advance(DAYS)
    dan = await community.join("Dan")
    await start(community, dan)

    card = await people(community)
    assert card.ephemeral and "4 people are in a quest" in card.text
    assert (
        f"Step 2 of “Your first quest” (Say hello in <#{community.introductions.id}>): 3 people" in card.text
    )
    assert card.text.index("Could use a hand") < card.text.index(f"<@{stuck[0].id}>")
    assert (
        card.text.index(f"<@{stuck[2].id}>")
        < card.text.index("On their way")
        < card.text.index(f"<@{dan.id}>")
    )
    assert card.message is not None and card.message.pinged == ()
    only = await community.press(community.facilitator, card, "Only those who are stuck")
    assert "3 people have not gone on" in only.text and f"<@{dan.id}>" not in only.text


async def test_nobody_in_a_quest_is_said_so(community: LyceumWorld) -> None:
    assert "Nobody is in the middle of a quest" in (await people(community)).text


async def test_a_step_marked_by_hand_is_done_on_the_members_card(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    card = await open_person(community, "Ann")
    assert "1 of 3 done" in card.text and "Next: Say hello" in card.text
    form, other = [
        await choose(
            community, community.facilitator, card, "onboarding:desk.tick_pick", "Say hello in a channel"
        )
        for _ in range(2)
    ]
    card = await community.submit(community.facilitator, form, {"why": "Said hello in voice"})
    assert "2 of 3 done" in card.text and f"marked by <@{community.facilitator.id}>" in card.text
    assert "2 of 3 done" in (await status(community, ann)).text

    late = await community.submit(community.facilitator, other, {"why": "Once more"})
    assert "That step is done already." in late.text and "2 of 3 done" in late.text
    await answer_a_hello(community, ann)
    assert "Your first quest is done" in (await status(community, ann)).text
    done = await community.press(community.facilitator, card, "Back to everybody")
    assert "Nobody is in the middle" in done.text


async def test_a_reason_of_nothing_is_asked_for_again(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    card = await open_person(community, "Ann")
    form = await choose(
        community, community.facilitator, card, "onboarding:desk.tick_pick", "Say hello in a channel"
    )
    card = await community.submit(community.facilitator, form, {"why": "\u200b \u202e"})
    assert "Please say why" in card.text and "1 of 3 done" in card.text


async def test_two_facilitators_do_not_look_after_the_same_person_unknowingly(community: LyceumWorld) -> None:
    farah, olive = community.facilitator, community.people["Olive"]
    ann = await community.join("Ann")
    await say_goal(community, ann)
    questions = [
        await community.press(each, await open_person(community, "Ann", each), "Take over")
        for each in (farah, olive)
    ]
    assert "Look after" in questions[0].text and "I do not remind them" in questions[0].text
    both = await community.at_once(
        community.press(farah, questions[0], "I look after them"),
        community.press(olive, questions[1], "I look after them"),
    )
    assert sorted("You look after them" in each.text for each in both) == [False, True]
    assert sum("looks after them already" in each.text for each in both) == 1
    assert f"with <@{farah.id}>" in (await people(community, olive)).text

    again = await community.press(olive, await open_person(community, "Ann", olive), "Take over")
    assert "Please speak with them first" in again.text
    mine = await community.press(olive, again, "I look after them")
    assert "You look after them" in mine.text
    free = await community.press(olive, mine, "Look after them no longer")
    assert "look after them" not in free.text.lower().replace("look after them no longer", "")
    await community.advance(DAYS * 2)
    assert community.pings(ann) == [each for each in community.pings(ann) if "waits for you" not in each.text]


async def test_many_people_come_in_pages_of_25(community: LyceumWorld) -> None:
    for n in range(27):
        await start(community, await community.join(f"New {n:02}"))
    card = await people(community)
    assert card.message is not None and "27 people are in a quest" in card.text and "Page 1 of 2" in card.text
    assert [len(each.options) for each in card.message.selects] == [25]
    card = await community.press(community.facilitator, card, "Next page")
    assert card.message is not None and [len(each.options) for each in card.message.selects] == [2]
    card = await community.press(community.facilitator, card, "Previous page")
    assert "Page 1 of 2" in card.text


async def test_the_person_of_an_old_card_who_has_left_is_still_answered_for(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    card = await people(community)
    await community.leave(ann)
    shown = await choose(community, community.facilitator, card, PEOPLE, "Ann")
    assert "1 of 3 done" in shown.text
    assert "Nobody is in the middle" in (await people(community)).text


async def test_the_funnel_counts_and_hides_what_is_small(community: LyceumWorld) -> None:
    newcomers = [await community.join(f"New {n}") for n in range(10)]
    for each in newcomers[:8]:
        await say_goal(community, each)
    for each in newcomers[:6]:
        await say_hello(community, each)
    for each in newcomers[:3]:
        await answer_a_hello(community, each)
    card = await community.slash(community.facilitator, community.general, "manage quests funnel")
    lines = card.text.splitlines()
    assert any("Joined" in each and "10 people" in each for each in lines)
    assert any("Started" in each and "8 people, 80 % of those before" in each for each in lines)
    assert any("Step 2" in each and "6 people, 75 % of those before" in each for each in lines)
    assert any("Step 3" in each and "fewer than 5 people" in each for each in lines)
    assert any("Finished" in each and "fewer than 5 people" in each for each in lines)
    assert not any("3 people" in each for each in lines)
    card = await community.press(community.facilitator, card, "Last 30 days")
    assert "10 people" in card.text
    await community.advance(timedelta(days=40))
    card = await community.press(community.facilitator, card, "Since the beginning")
    card = await community.press(community.facilitator, card, "Last 30 days")
    assert "**Joined**: fewer than 5 people" in card.text


async def test_who_finished_is_not_in_the_list(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await finish(community, ann)
    assert "Nobody is in the middle" in (await people(community)).text
