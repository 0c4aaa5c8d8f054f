"""Five-minute tasks: offered to fit, begun, done with one line or a file, shown only by choice; on bad days too."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.faults import CREATE_MESSAGE
from sandbox.people import Person
from sandbox.seen import Answer, Seen
from tests.behaviour.configs import apply, export, give
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.steps import HOSTILE, switch
from tests.behaviour.test_privacy import deleted

DAY = timedelta(days=1)
SMALL = "did a small thing"


async def look(world: LyceumWorld, person: Person | None = None) -> Answer:
    return await world.slash(person or world.member, world.general, "micro")


def offered(answer: Answer) -> list[str]:
    """The titles on the card."""
    assert answer.message is not None
    lines = answer.message.text.splitlines()
    return [line.strip("*") for line in lines if line.startswith("**") and "Something small" not in line]


async def choose(world: LyceumWorld, card: Answer, menu: str, value: str) -> Answer:
    return await world.choose(world.member, card, value, menu=f"micro:{menu}.set")


async def begin(world: LyceumWorld, person: Person | None = None) -> Answer:
    """Start the first of what is offered."""
    card = await look(world, person)
    first = next(each for each in card.buttons if each.label == "Start")
    assert first.custom_id is not None
    return await world.press(person or world.member, card, first.custom_id)


async def finish(
    world: LyceumWorld, card: Answer, note: str = "It worked.", *, share: bool = False
) -> Answer:
    form = await world.press(world.member, card, "Done")
    return await world.submit(world.member, form, {"note": note, "share": share})


def shown(world: LyceumWorld) -> list[Seen]:
    return [each for each in world.posted(world.general) if SMALL in each.text]


async def test_three_tasks_are_offered_and_another_press_brings_three_others(world: LyceumWorld) -> None:
    card = await look(world)
    assert card.ephemeral and len(offered(card)) == 3 and card.text.count(" min · ") == 3
    assert [each.label for each in card.buttons] == ["Start"] * 3 + ["Another three"]
    again = await look(world)
    assert offered(again) == offered(card)
    seen = set(offered(card))
    for _ in range(11):
        again = await world.press(world.member, again, "Another three")
        assert len(offered(again)) == 3 and not seen & set(offered(again))
        seen |= set(offered(again))
    assert len(seen) == 36  # the whole library, before anything comes twice
    last = offered(again)
    again = await world.press(world.member, again, "Another three")
    assert len(offered(again)) == 3 and not set(offered(again)) & set(last)


async def test_what_one_chooses_is_kept_and_the_tasks_fit(world: LyceumWorld) -> None:
    card = await look(world)
    card = await choose(world, card, "minutes", "2")
    assert card.text.count("2 min ·") == 3
    card = await choose(world, card, "level", "stretch")
    assert card.text.count("Stretch") == 3
    card = await choose(world, card, "mood", "focus")
    assert card.text.count("needs focus") >= 2
    await world.restart()
    assert offered(await look(world)) == offered(card)


async def test_a_task_is_begun_and_done_with_one_line_that_only_its_maker_sees(world: LyceumWorld) -> None:
    card = await look(world)
    title = offered(card)[0]
    started = await begin(world)
    assert f"You started: {title}" in started.text
    done = await finish(world, started)
    assert done.ephemeral and "It counts" in done.text and "It worked." in done.text
    assert world.posted(world.general) == []
    assert title not in offered(await look(world))
    charter = await world.slash(world.facilitator, world.general, "manage micro")
    assert "fewer than five times" in charter.text


async def test_shown_to_others_only_by_choice_and_taken_away_again(world: LyceumWorld) -> None:
    done = await finish(world, await begin(world), "See https://example.org/it", share=True)
    [post] = shown(world)
    assert f"<@{world.member.id}>" in post.text and "https://example.org/it" in post.text
    assert post.pinged == ()
    await world.press(world.member, done, "Do not show it after all")
    assert shown(world) == []


async def test_what_was_begun_waits_without_a_word_and_can_be_let_go(world: LyceumWorld) -> None:
    await begin(world)
    await world.advance(20 * DAY)
    assert world.pings(world.member) == [] and world.posted(world.general) == []
    card = await look(world)
    assert "You started" in card.text and [each.label for each in card.buttons] == ["Done", "Let it go"]
    card = await world.press(world.member, card, "Let it go")
    assert "Let go" in card.text and len(offered(card)) == 3


async def test_a_file_finishes_the_task_and_is_posted_if_one_wishes(world: LyceumWorld) -> None:
    none_yet = await world.slash(world.member, world.general, "micro", file=("map.txt", b"a map"))
    assert "not begun a task" in none_yet.text
    await begin(world)
    form = await world.slash(world.member, world.general, "micro", file=("map.txt", b"a map"))
    answer = await world.submit(world.member, form, {"note": "", "share": True})
    assert "File: map.txt" in answer.text
    [post] = shown(world)
    assert world.file(post, post.attachments[0]) == b"a map"


async def test_a_file_that_is_not_to_be_shown_stays_unseen(world: LyceumWorld) -> None:
    await begin(world)
    form = await world.slash(world.member, world.general, "micro", file=("map.txt", b"a map"))
    answer = await world.submit(world.member, form, {"note": "mine", "share": False})
    assert answer.ephemeral and shown(world) == []


async def test_a_shown_file_is_taken_away_again_and_goes_with_its_maker(community: LyceumWorld) -> None:
    world = community
    for _ in range(2):
        await begin(world)
        form = await world.slash(world.member, world.general, "micro", file=("結び目.png", b"a knot"))
        answer = await world.submit(world.member, form, {"note": "Mine", "share": True})
    assert [each.attachments for each in shown(world)] == [("file.png",)] * 2
    await world.press(world.member, answer, "Do not show it after all")
    assert len(shown(world)) == 1
    await deleted(world, world.member)
    assert world.posted(world.general) == []


async def test_a_file_given_before_is_named_and_can_be_left_out(world: LyceumWorld) -> None:
    await begin(world)
    await world.slash(world.member, world.general, "micro", file=("passport.png", b"secret"))
    card = await look(world)
    assert "passport.png" in card.text
    form = await world.press(world.member, card, "Done")
    assert form.modal is not None and "passport.png" in form.modal.field("share").description
    card = await world.press(world.member, card, "Leave the file out")
    assert "passport.png" not in card.text
    await finish(world, card, share=True)
    assert [each.attachments for each in shown(world)] == [()]


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [("tool.exe", 9, "files of that type"), ("map.png", 10 * 1024 * 1024 + 1, "larger than 10 MB")],
)
async def test_a_file_that_cannot_be_taken_is_said_and_the_task_waits(
    world: LyceumWorld, name: str, size: int, said: str
) -> None:
    await begin(world)
    assert said in (await world.slash(world.member, world.general, "micro", file=(name, b"x" * size))).text
    assert [each.label for each in (await look(world)).buttons] == ["Done", "Let it go"]


async def test_two_presses_at_once_begin_one_task_and_finish_it_once(world: LyceumWorld) -> None:
    card = await look(world)
    ids = [each.custom_id or "" for each in card.buttons if each.label == "Start"]
    answers = await world.at_once(*(world.press(world.member, card, each) for each in ids))
    assert len({each.text for each in answers}) == 1
    forms = [await world.press(world.member, answers[0], "Done") for _ in range(2)]
    values = {"note": "Both at once.", "share": True}
    done = await world.at_once(*(world.submit(world.member, form, values) for form in forms))
    assert sum("finished already" in each.text for each in done) == 1
    assert len(shown(world)) == 1


async def test_old_cards_of_a_finished_task_are_answered(world: LyceumWorld) -> None:
    await begin(world)
    cards = [await look(world) for _ in range(3)]
    await finish(world, cards[0])
    assert "finished already" in (await world.press(world.member, cards[1], "Done")).text
    after = await world.press(world.member, cards[2], "Let it go")
    assert "finished already" in after.text
    assert "It counts" in (await finish(world, await begin(world))).text


@pytest.mark.parametrize("note", [HOSTILE, "x" * 4000])
async def test_any_words_are_shown_as_they_were_typed_and_ping_nobody(world: LyceumWorld, note: str) -> None:
    await finish(world, await begin(world), note[:500], share=True)
    [post] = shown(world)
    assert not post.pings_everyone and post.pinged == () and post.pinged_roles == ()
    assert len(post.text) <= 4000


@pytest.mark.parametrize("after", [False, True], ids=["before Discord did it", "after Discord did it"])
async def test_killed_while_it_is_shown_it_is_shown_once(world: LyceumWorld, after: bool) -> None:
    started = await begin(world)
    gate = world.faults.hold(*CREATE_MESSAGE, after=after)
    await finish(world, started, share=True)
    assert gate.waiting == 1
    await world.crash()
    await world.start_again()
    await world.advance(timedelta(hours=1))
    assert len(shown(world)) == 1


async def test_killed_while_a_file_is_posted_its_maker_is_told_once_what_became_of_it(
    world: LyceumWorld,
) -> None:
    await begin(world)
    form = await world.slash(world.member, world.general, "micro", file=("map.txt", b"a map"))
    gate = world.faults.hold("POST", "/webhooks/*/*")
    await world.submit(world.member, form, {"note": "", "share": True})
    assert gate.waiting == 1
    await world.crash()
    await world.start_again()
    line = "interrupted while I posted your file map.txt"
    assert line not in (await look(world)).text, "another process may still be at it"
    await world.advance(timedelta(minutes=16))
    assert line in (await look(world)).text and shown(world) == []
    assert line not in (await look(world)).text


async def test_where_the_bot_may_not_write_what_was_typed_is_kept_in_sight(world: LyceumWorld) -> None:
    started = await begin(world)
    await world.hide_from_bot(world.general)
    refused = await finish(world, started, "Knew seven of ten.", share=True)
    assert "may not write in this channel" in refused.text and "Knew seven of ten." in refused.text
    done = await finish(world, refused, "Knew seven of ten.")
    assert "It counts" in done.text and shown(world) == []


async def test_switched_off_in_the_middle_nothing_is_lost(world: LyceumWorld) -> None:
    started = await begin(world)
    await switch(world, "micro", on=False)
    assert "switched this off" in (await world.press(world.member, started, "Done")).text
    await switch(world, "micro", on=True)
    assert "You started" in (await look(world)).text


async def test_a_task_that_was_retired_or_whose_theme_is_off_is_offered_no_more(world: LyceumWorld) -> None:
    card = await world.slash(world.facilitator, world.general, "manage micro")
    for theme in ("general", "programming", "data"):
        card = await world.choose(world.facilitator, card, f"off:{theme}", menu="micro:staff.switch")
    assert card.text.count(": off") == 3
    assert (await look(world)).text.count("Writing") == 3
    await world.choose(world.facilitator, card, "off:writing", menu="micro:staff.switch")
    assert "There is no task" in (await look(world)).text


async def add(world: LyceumWorld, **changes: object) -> Answer:
    card = await world.slash(world.facilitator, world.general, "manage micro")
    form = await world.press(world.facilitator, card, "Add a task")
    typed = {
        "title": "Splice a rope",
        "text": "Done when it holds you.",
        "minutes": "10",
        "level": "going",
        "traits": ["together"],
        **changes,
    }
    return await world.submit(world.facilitator, form, typed)


async def test_facilitators_add_change_and_retire_tasks_of_their_own(world: LyceumWorld) -> None:
    card = await add(world)
    assert "Splice a rope" in card.text and "10 min · with someone · light · Going · General" in card.text
    card = await world.choose(world.facilitator, card, "data", menu=card.shown[0].selects[0].custom_id)
    assert "Data" in card.text
    form = await world.press(world.facilitator, card, "Change")
    typed = {
        "title": "Splice two ropes",
        "text": "Both hold.",
        "minutes": "5",
        "level": "going",
        "traits": [],
    }
    card = await world.submit(world.facilitator, form, typed)
    assert "Splice two ropes" in card.text and "5 min · solo" in card.text and "Data" in card.text
    desk = await world.slash(world.facilitator, world.general, "manage micro")
    for theme in ("general", "programming", "data", "writing"):
        desk = await world.choose(world.facilitator, desk, f"off:{theme}", menu="micro:staff.switch")
    assert offered(await look(world)) == ["Splice two ropes"]
    card = await world.press(world.facilitator, card, "Retire it")
    assert "nobody is offered it" in card.text and "There is no task" in (await look(world)).text


async def test_whoever_has_begun_a_task_still_reads_it_when_it_is_offered_no_more(world: LyceumWorld) -> None:
    card = await add(world)
    desk = await world.slash(world.facilitator, world.general, "manage micro")
    for theme in ("programming", "data", "writing", "general"):
        desk = await world.choose(world.facilitator, desk, f"off:{theme}", menu="micro:staff.switch")
    await begin(world)
    await world.press(world.facilitator, card, "Retire it")
    mine = await look(world)
    assert "Done when it holds you." in mine.text and "10 min" in mine.text
    await finish(world, mine)
    assert "There is no task at the moment" in (await look(world)).text


async def test_words_that_are_too_long_are_told_and_shown_again(world: LyceumWorld) -> None:
    answer = await add(world, title="   ")
    assert "needs a title" in answer.text and "Done when it holds you." in answer.text


async def test_only_facilitators_may(world: LyceumWorld) -> None:
    card = await world.slash(world.facilitator, world.general, "manage micro")
    assert "manage micro" not in world.commands(world.member, world.general)
    assert card.ephemeral


async def test_own_tasks_and_themes_travel_in_the_configuration_file(community: LyceumWorld) -> None:
    await add(community)
    card = await community.slash(community.facilitator, community.general, "manage micro")
    await community.choose(community.facilitator, card, "off:data", menu="micro:staff.switch")
    text = await export(community)
    assert "Splice a rope" in text and '"data"' not in text.partition("[micro]")[2].partition("\n\n")[0]
    assert "Nothing would change" in (await give(community, text)).text
    changed = text.replace("Done when it holds you.", "Done when it holds two.")
    await apply(community, await give(community, changed))
    assert "Done when it holds two." in await export(community)
