"""Reviews when things go wrong: people leave or are deleted, places go, the process dies, texts are hostile."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.behaviour.quests import LyceumWorld, notices
from tests.behaviour.reviews import (
    GOOD,
    JUDGED,
    ask,
    choose_places,
    claim,
    leaf_through,
    review,
    set_how,
    set_numbers,
    told,
    works,
    write,
)
from tests.behaviour.steps import HOSTILE, reach, switch
from tests.behaviour.test_privacy import deleted

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def test_a_work_that_waits_too_long_is_told_to_the_reviewers_on_duty_once(
    community: LyceumWorld,
) -> None:
    world = community
    duty = world.server.roles["Member"]
    await choose_places(world, world.general, duty)
    await ask(world)
    await world.advance(47 * HOUR)
    assert [each for each in world.posted(world.general) if "Has one of you" in each.text] == []
    await world.advance(2 * HOUR)
    [call] = [each for each in world.posted(world.general) if "Has one of you" in each.text]
    assert f"<@&{duty.id}>" in call.text
    sent = [each for each in world.faults.log if "Has one of you" in str(each.body)]
    assert str(duty.id) in str(sent[-1].body["allowed_mentions"]["roles"])
    hand = await world.press(world.people["Cleo"], call, "I'll review this")
    await world.press(world.people["Cleo"], hand, "Give back")
    await world.advance(5 * DAY)
    assert len([each for each in world.posted(world.general) if "Has one of you" in each.text]) == 1


async def test_somebody_who_leaves_with_a_review_in_hand_keeps_nobody_waiting(world: LyceumWorld) -> None:
    await ask(world)
    cleo = world.people["Cleo"]
    await claim(world, cleo)
    await world.leave(cleo)
    assert "Waiting" in works(world)[0].text
    assert "Sent" in (await review(world, world.people["Milo"])).text


async def test_a_deleted_reviewers_review_stays_as_by_a_former_member(world: LyceumWorld) -> None:
    await ask(world)
    ben, cleo = world.member, world.people["Cleo"]
    await review(world, cleo)
    [note] = told(world, ben, "your work has a review")
    await deleted(world, cleo)
    read = await world.press(ben, note, "Read it")
    assert "a former member" in read.text and GOOD["question"] in read.text
    assert f"<@{cleo.id}>" not in read.text
    form = await world.press(ben, read, "Answer")
    assert "Sent" in (await world.submit(ben, form, {"text": "Thank you"})).text


async def test_a_deleted_authors_work_goes_with_its_card_and_reviews(world: LyceumWorld) -> None:
    await ask(world)
    ben, cleo = world.member, world.people["Cleo"]
    milo = world.people["Milo"]
    [card] = works(world)
    await review(world, cleo)
    form = await world.press(milo, await claim(world, milo), "Write the review")
    await deleted(world, ben)
    assert works(world) == []
    mine = await world.slash(cleo, world.general, "review mine")
    assert "Given 0" in mine.text
    refused = await world.submit(milo, form, {**JUDGED, **GOOD})
    assert "does not exist any more" in refused.text and GOOD["strength"] in refused.text
    assert card.id not in [each.id for each in world.messages(world.general)]


async def test_a_card_or_a_channel_that_is_deleted_loses_no_work(community: LyceumWorld) -> None:
    world = community
    await choose_places(world, world.weekly)
    await ask(world)
    await ask(world, world.people["Milo"], "https://example.org/other")
    cleo = world.people["Cleo"]
    await world.delete(world.server.people["Olive"], works(world, world.weekly)[0])
    inbox = await world.slash(cleo, world.general, "review inbox")
    hand = await world.choose(cleo, inbox, "https://example.org/knots", menu="reviews:inbox.pick")
    assert "Sent" in (await write(world, cleo, hand)).text
    await world.delete_channel(world.weekly)
    inbox = await world.slash(cleo, world.general, "review inbox")
    hand = await world.choose(cleo, inbox, "https://example.org/other", menu="reviews:inbox.pick")
    assert "Sent" in (await write(world, cleo, hand)).text
    assert not any("showing work" in each for each in notices(world))


async def test_by_dm_all_of_it_works_there_and_with_dms_closed_in_the_channel(world: LyceumWorld) -> None:
    ben, cleo = world.member, world.people["Cleo"]
    await reach(world, ben, dm_allowed=True)
    await ask(world)
    await review(world, cleo)
    [note] = world.dms(ben)
    assert f"<@{cleo.id}> reviewed your work" in note.text
    read = await world.press(ben, note, "Read it")
    assert GOOD["strength"] in read.text
    form = await world.press(ben, read, "Answer")
    assert "Sent" in (await world.submit(ben, form, {"text": "Thank you"})).text
    world.close_dms(ben)
    await ask(world, content="https://example.org/second")
    await review(world, cleo)
    assert len([each for each in world.posted(world.general) if "your work has a review" in each.text]) == 1


async def test_switched_off_in_the_middle_nothing_is_lost_and_nobody_is_late(world: LyceumWorld) -> None:
    await ask(world)
    cleo = world.people["Cleo"]
    hand = await claim(world, cleo)
    await switch(world, "reviews", on=False)
    refused = await world.press(cleo, hand, "Write the review")
    assert "switched this off" in refused.text
    await world.advance(2 * DAY)
    await switch(world, "reviews", on=True)
    assert "is on it" in works(world)[0].text
    assert "Sent" in (await write(world, cleo, hand)).text
    await ask(world, content="https://example.org/second")
    await claim(world, cleo)
    await switch(world, "reviews", on=False)
    await world.advance(HOUR)
    await switch(world, "reviews", on=True)
    await world.advance(2 * HOUR)
    assert "Waiting" in works(world)[-1].text


async def test_killed_between_the_review_and_its_telling_it_is_told_once(world: LyceumWorld) -> None:
    await ask(world)
    cleo = world.people["Cleo"]
    hand = await claim(world, cleo)
    form = await world.press(cleo, hand, "Write the review")
    await world.submit(cleo, form, {**JUDGED, **GOOD})
    for _ in range(3):
        await world.crash()
        await world.start_again()
    assert len(told(world, world.member, "your work has a review")) == 1
    assert "by 1 person so far" in works(world)[0].text


async def test_hostile_and_endless_texts_hurt_nobody(world: LyceumWorld) -> None:
    ben, cleo = world.member, world.people["Cleo"]
    refused = await ask(world, content="x" * 1000, deadline="blue")
    assert "could not read" in refused.text and works(world) == []
    await ask(world, content=HOSTILE, focus=HOSTILE, tried=HOSTILE)
    [card] = works(world)
    assert card.pinged == ()
    hostile = {name: f"{name} {HOSTILE} why? {'z' * 800}"[:800] for name in GOOD}
    sent = await write(world, cleo, await claim(world, cleo), {**JUDGED, **hostile})
    assert "Sent" in sent.text
    read = await world.press(ben, told(world, ben, "your work has a review")[0], "Read it")
    assert read.ephemeral and "z" * 100 in read.text
    marks = "*" * 996
    await ask(world, content=marks, focus="_" * 400, tried="the very end")
    hand = await claim(world, cleo)
    text = await leaf_through(world, cleo, hand)
    assert text.count("*") >= len(marks) and text.count("_") >= 400 and "the very end" in text
    sent = await write(world, cleo, hand, {**JUDGED, **{name: f"{name}?{'|' * 780}" for name in GOOD}})
    assert "Sent" in sent.text
    note = told(world, ben, "your work has a review")[-1]
    text = await leaf_through(world, ben, await world.press(ben, note, "Read it"))
    assert text.count("|") >= 3 * 780
    inbox = await world.slash(cleo, world.general, "review inbox")
    assert inbox.ephemeral


async def test_a_deadline_a_file_and_a_message_can_be_asked_with(world: LyceumWorld) -> None:
    ben = world.member
    await ask(world, deadline="friday")
    assert "wanted by" in works(world)[0].text
    message = await world.say(ben, world.general, "Here is my poem about the sea")
    form = await world.menu(ben, world.general, "Request review", message)
    await world.submit(
        ben, form, {"content": f"https://discord.com/channels/1/2/{message.id}", "minutes": "10"}
    )
    assert str(message.id) in works(world)[-1].text
    refused = await world.menu(world.people["Cleo"], world.general, "Request review", message)
    assert "your own messages only" in refused.text
    form = await world.slash(ben, world.general, "review request", file=("poem.txt", b"The sea, the sea"))
    [url] = re.findall(r"https://cdn[^\"' ]+", str(world.faults.log[-1].body))
    await world.submit(ben, form, {"content": url, "minutes": "10"})
    posted = [each for each in world.posted(world.general) if "would like a review of this" in each.text]
    assert len(posted) == 1 and world.file(posted[0], "poem.txt") == b"The sea, the sea"
    assert f"/{posted[0].id}" in works(world)[-1].text


async def test_a_file_that_cannot_be_fetched_or_posted_leaves_no_work_that_is_only_a_name(
    world: LyceumWorld,
) -> None:
    ben = world.member
    more = {"focus": "Is the rhyme clear?", "minutes": "40"}
    form = await world.slash(ben, world.general, "review request", file=("poem.txt", b"The sea, the sea"))
    [url] = re.findall(r"https://cdn[^\"' ]+", str(world.faults.log[-1].body))
    kept = world.env.backend.cdn._blobs.pop(url)
    refused = await world.submit(ben, form, {"content": url, **more})
    assert refused.ephemeral and "nothing was asked for" in refused.text and works(world) == []
    assert "Is the rhyme clear?" in refused.text
    world.env.backend.cdn._blobs[url] = kept
    form = await world.press(ben, refused, "Ask again")
    assert "Is the rhyme clear?" in str(world.faults.log[-1].body) and url in str(world.faults.log[-1].body)
    world.faults.forbidden("POST", "/webhooks/*/*")
    back = await world.submit(ben, form, {"content": url, **more})
    assert "took the request back" in back.text and "Is the rhyme clear?" in back.text
    assert works(world)[-1].labels == []
    form = await world.press(ben, back, "Ask again")
    await world.submit(ben, form, {"content": url, **more})
    assert "Waiting" in works(world)[-1].text and "Is the rhyme clear?" in works(world)[-1].text
    assert any(world.file(each, "poem.txt") for each in world.posted(world.general) if each.attachments)


async def test_the_settings_go_through_a_configuration_file(world: LyceumWorld) -> None:
    from tests.behaviour.configs import apply, export, give

    await set_numbers(world, per_work="3")
    text = await export(world)
    assert "[reviews]" in text and "per_work = 3" in text
    card = await apply(world, await give(world, text.replace("per_work = 3", "per_work = 1")))
    assert card.ephemeral
    shown = await world.slash(world.facilitator, world.general, "manage reviews settings")
    assert "Reviews of each work: 1." in shown.text and "Everybody may review" in shown.text
    assert "Only trained reviewers review" in (await set_how(world, only_trained=True)).text
    text = await export(world)
    assert "only_trained = true" in text
    await ask(world, world.people["Ben"])
    [card] = works(world)
    refused = await world.press(world.people["Cleo"], card, "I'll review this")
    assert "three short works" in refused.text and refused.ephemeral
    inbox = await world.slash(world.people["Cleo"], world.general, "review inbox")
    assert "1 work waits for its first review" in inbox.text and "/review train" in inbox.text
    await apply(world, await give(world, text.replace("only_trained = true", "only_trained = false")))
    assert "It is yours" in (await world.press(world.people["Cleo"], card, "I'll review this")).text
