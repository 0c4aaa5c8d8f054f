"""Examples of reviews, the training on three works, and the reviewer's licence; on bad days too."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import discord

from bot.cards import Button, Buttons, Card, Text, custom_id
from cogs.reviews.training import content
from cogs.reviews.training.model import Sample
from cogs.reviews.training.rules import Theme
from sandbox.faults import ADD_ROLE
from sandbox.people import Person
from sandbox.seen import Answer, Field
from sandbox.server import Role
from tests.behaviour.configs import apply, export, give
from tests.behaviour.quests import LyceumWorld, notices
from tests.behaviour.setups import doctor
from tests.behaviour.steps import HOSTILE, reach, switch
from tests.behaviour.test_privacy import deleted, files, mentions_of
from tests.shell import post_card

DAY = timedelta(days=1)
WORK = re.compile(r"Work (\d) of 3: (.+)\*\*")
SHIPPED = {each.title: each for each in content.samples()}


async def train(world: LyceumWorld, person: Person | None = None) -> Answer:
    return await world.slash(person or world.member, world.general, "review train")


async def begin(world: LyceumWorld, person: Person | None = None) -> Answer:
    return await world.press(person or world.member, await train(world, person), "Begin")


def work_on(card: Answer) -> tuple[int, str]:
    """The number and the title of the work on a card."""
    found = WORK.search(card.text)
    assert found is not None, card.text
    return int(found[1]), found[2]


def like(sample: Sample, field: Field, *, near: bool) -> str:
    """The reference's answer to a question, or one as far from it as can be."""
    reference, last = sample.reference[field.custom_id].answer, len(field.options) - 1
    chosen = reference if near else 0 if 2 * reference >= last else last
    return field.options[chosen][0]


async def answer_form(world: LyceumWorld, form: Answer, sample: Sample, *, near: bool, who: Person) -> Answer:
    assert form.modal is not None
    values = {each.custom_id: like(sample, each, near=near) for each in form.modal.fields}
    return await world.submit(who, form, values)


async def judge(
    world: LyceumWorld, card: Answer, *, near: bool = True, person: Person | None = None
) -> Answer:
    """Answer the work on the card."""
    who = person or world.member
    form = await world.press(who, card, "Give your answers")
    return await answer_form(world, form, SHIPPED[work_on(card)[1]], near=near, who=who)


async def go_through(world: LyceumWorld, *, near: bool = True, person: Person | None = None) -> Answer:
    """A whole training, of a member who answers as the reference does or far from it."""
    card = await begin(world, person)
    for _ in range(3):
        card = await judge(world, card, near=near, person=person)
    return card


async def page(world: LyceumWorld) -> Answer:
    card = await world.slash(world.facilitator, world.general, "setup start")
    return await world.choose(world.facilitator, card, "14", menu="setup:page.open")


async def choose_role(world: LyceumWorld, role: Role | None = None) -> Role:
    """A facilitator chooses the reviewer role in /setup."""
    role = role or await world.create_role("Reviewer")
    await world.choose(world.facilitator, await page(world), role, menu="setup:choice.set:140")
    return role


async def desk(world: LyceumWorld) -> Answer:
    return await world.slash(world.facilitator, world.general, "manage reviews training")


async def decide(world: LyceumWorld, person: Person, button: str, reason: str) -> Answer:
    """A facilitator gives a licence or takes it back."""
    card = await world.choose(world.facilitator, await desk(world), person, menu="reviews:training.member")
    form = await world.press(world.facilitator, card, button)
    return await world.submit(world.facilitator, form, {"reason": reason})


async def test_examples_show_a_good_and_a_weak_review_of_every_work(world: LyceumWorld) -> None:
    card = await world.slash(world.member, world.general, "review examples")
    assert card.ephemeral and "a **clarifying question**" in card.text
    for theme in Theme:
        card = await world.choose(world.member, card, theme.value, menu="reviews:examples.theme")
        for example in [each for each in content.examples() if each.theme is theme]:
            card = await world.choose(world.member, card, example.key, menu="reviews:examples.open")
            for words in (example.text, example.good.next_step, example.good.why):
                assert words in card.text
            for words in (example.weak.text, example.weak.why):
                assert words in card.text
    assert world.posted(world.general) == []


async def test_who_comes_near_the_reference_is_a_reviewer_with_the_role(world: LyceumWorld) -> None:
    await choose_role(world)
    card = await go_through(world)
    assert card.ephemeral and "Well done: you are a trained reviewer" in card.text and "100 %" in card.text
    assert card.text.count("You and the reference said") == len(SHIPPED[first_title(card)].reference)
    first = first_title(card)
    second = await world.press(world.member, card, "Work 2")
    assert "**Work 2: " in second.text and first not in second.text
    assert "Reviewer" in world.role_names(world.member)
    assert "You are a trained reviewer" in (await train(world)).text
    held = await desk(world)
    assert "1 trained reviewer" in held.text and f"<@{world.member.id}>" in held.text
    assert world.posted(world.general) == [] and world.pings(world.member) == []


def first_title(card: Answer) -> str:
    found = re.search(r"\*\*Work 1: (.+)\*\*", card.text)
    assert found is not None, card.text
    return found[1]


async def test_who_does_not_yet_sees_why_and_has_a_fresh_set_on_their_next_day(world: LyceumWorld) -> None:
    await reach(world, world.member, zone="Pacific/Auckland")  # 22:00 there
    card = await go_through(world, near=False)
    assert "Not there yet, and a good exercise" in card.text and "Worth another look" in card.text
    assert "The reference said" in card.text and "because" in card.text
    assert not re.search(r"wrong|fail|mistake", card.text, re.IGNORECASE)
    old = first_title(card)
    await world.advance(timedelta(hours=1, minutes=59))
    waiting = await train(world)
    assert "A fresh set is there for you tomorrow" in waiting.text and "Begin" not in labels(waiting)
    await world.advance(timedelta(minutes=2))
    fresh = await begin(world)
    assert work_on(fresh)[0] == 1 and SHIPPED[work_on(fresh)[1]].group != SHIPPED[old].group
    assert world.pings(world.member) == []
    for _ in range(3):
        fresh = await judge(world, fresh)
    assert "Well done" in fresh.text


def labels(card: Answer) -> list[str]:
    return [each.label for each in card.buttons]


async def test_it_goes_on_where_one_was_after_a_crash(world: LyceumWorld) -> None:
    card = await judge(world, await begin(world))
    second = work_on(card)
    assert second[0] == 2
    await world.crash()
    await world.start_again()
    await world.advance(40 * DAY)
    assert work_on(await train(world)) == second
    assert work_on(await judge(world, card))[0] == 3  # from the old card, too


async def test_two_presses_and_two_devices_make_one_training_and_first_answers_stand(
    world: LyceumWorld,
) -> None:
    intro = [await train(world) for _ in range(2)]
    cards = await world.at_once(*(world.press(world.member, each, "Begin") for each in intro))
    assert work_on(cards[0]) == work_on(cards[1])
    forms = [await world.press(world.member, each, "Give your answers") for each in cards]
    left_open = await train(world)  # on a third device
    sample = SHIPPED[work_on(cards[0])[1]]
    answers = await world.at_once(
        *(answer_form(world, form, sample, near=not at, who=world.member) for at, form in enumerate(forms))
    )
    assert sum("your first answers stand" in each.text for each in answers) == 1
    assert {work_on(each)[0] for each in answers} == {2}
    card = answers[0]
    assert work_on(await world.press(world.member, left_open, "Give your answers")) == work_on(card)
    card = await judge(world, await judge(world, card))
    assert "100 %" in card.text


async def test_killed_while_the_role_is_given_it_is_given(world: LyceumWorld) -> None:
    await choose_role(world)
    for after, person in ((False, world.member), (True, world.people["Cleo"])):
        gate = world.faults.hold(*ADD_ROLE, after=after)
        await go_through(world, person=person)
        assert gate.waiting == 1
        await world.crash()
        await world.start_again()
        await world.advance(timedelta(hours=1))
        assert "Reviewer" in world.role_names(person)
    assert "2 trained reviewers" in (await desk(world)).text


async def test_a_role_above_the_bot_is_told_to_staff_and_given_once_that_is_mended(
    community: LyceumWorld,
) -> None:
    world = community
    role = await choose_role(world)
    await world.bot_role_below(role)
    assert "stands above my own role" in (await doctor(world)).text
    await go_through(world)
    await world.advance(timedelta(hours=1))
    assert "Reviewer" not in world.role_names(world.member)
    assert any("Reviewer" in each or "role" in each for each in notices(world))
    assert "You are a trained reviewer" in (await train(world)).text  # the licence counts all the same
    await world.bot_role_below(world.roles["Facilitator"])
    await world.advance(DAY)
    await train(world)
    assert "Reviewer" in world.role_names(world.member)


async def test_a_deleted_role_is_told_and_another_is_given_to_all(community: LyceumWorld) -> None:
    world = community
    await go_through(world)
    role = await choose_role(world)
    await world.delete_role(role)
    await world.advance(timedelta(minutes=5))
    assert any("Reviewer role" in each for each in notices(world))
    assert "No role is chosen" in (await desk(world)).text
    assert "You are a trained reviewer" in (await train(world)).text
    await choose_role(world, await world.create_role("Critic"))
    told = await world.press(world.facilitator, await desk(world), "Give all of them the role")
    assert "1 reviewer gets the role now" in told.text
    assert "Critic" in world.role_names(world.member)
    told = await world.press(world.facilitator, told, "Give all of them the role")
    assert "done today already" in told.text


async def test_a_role_with_power_is_neither_chosen_nor_given(community: LyceumWorld) -> None:
    world = community
    strong = world.server.guild.create_role("Strong", permissions=discord.Permissions(ban_members=True))
    await world.settle()
    card = await world.choose(world.facilitator, await page(world), strong, menu="setup:choice.set:140")
    assert "more than you can" in card.text
    role = await choose_role(world)
    backend = world.env.backend
    backend.edit_role(world.guild_id, role.id, {"permissions": discord.Permissions(ban_members=True).value})
    await world.settle()
    await go_through(world)
    await world.advance(timedelta(hours=1))
    assert "Reviewer" not in world.role_names(world.member)
    assert len(notices(world)) > 0


async def test_facilitators_give_and_take_a_licence_by_hand_with_a_reason(world: LyceumWorld) -> None:
    await choose_role(world)
    ben = world.member
    given = await decide(world, ben, "Give the licence", f"Taught here for years {HOSTILE}")
    assert "Given. They are told in private" in given.text
    assert "Reviewer" in world.role_names(ben)
    mine = await train(world)
    assert "Taught here for years" in mine.text
    assert "A facilitator changed your reviewer licence" in mine.text  # once, beside a private answer
    assert "A facilitator changed" not in (await train(world)).text
    again = await decide(world, world.people["Cleo"], "Give the licence", "  ")
    assert "Please say why" in again.text
    taken = await decide(world, ben, "Take it back", "By his own wish")
    assert "taken back on" in taken.text and "Reviewer" not in world.role_names(ben)
    form = await world.press(world.facilitator, given, "Take it back")  # on a card from before
    twice = await world.submit(world.facilitator, form, {"reason": "Once more"})
    assert "Nothing was changed" in twice.text
    mine = await train(world)
    assert "By his own wish" in mine.text and "Begin" in labels(mine)
    audit = await world.slash(world.facilitator, world.general, "manage audit")
    assert "gave" in audit.text and "reviewer licence" in audit.text and "By his own wish" in audit.text
    assert world.posted(world.general) == []
    assert "Well done" in (await go_through(world)).text
    assert "Reviewer" in world.role_names(ben)
    cleo = world.people["Cleo"]
    await reach(world, cleo, dm_allowed=True)
    await decide(world, cleo, "Give the licence", "Kind and exact")
    [dm] = world.dms(cleo)
    assert "You are a reviewer now" in dm.text and "Kind and exact" in dm.text


OWN = """
[[reviews.works]]
title = "{title}"
text = "A rope with three knots. @everyone <@&1> [free](https://x.example)"
why = "Two of the knots slip."
rubric = "any-work"
answers = ["Partly", "Easily"]
"""


async def test_works_and_threshold_travel_in_the_file_and_are_practised_on(community: LyceumWorld) -> None:
    world = community
    names = [f"Knot {n} # @everyone" for n in range(1, 4)]
    text = await export(world)
    off = ", ".join(f'"{each.key}"' for each in content.samples())
    text = text.replace("works_not_used = []", f"works_not_used = [{off}]")
    text = text.replace("licence_from_percent = 70", "licence_from_percent = 75")
    text = text.replace("works = []", "")
    text += "".join(OWN.format(title=name) for name in names)
    await apply(world, await give(world, text))
    assert "Nothing would change" in (await give(world, await export(world))).text
    intro = await train(world)
    assert "75 %" in intro.text
    card = await world.press(world.member, intro, "Begin")
    assert "Knot 1" in card.text and "three knots" in card.text
    for _ in names:
        form = await world.press(world.member, card, "Give your answers")
        card = await world.submit(world.member, form, {"aim": "Mostly", "clear": "Easily"})
    assert "75 %" in card.text and "Well done" in card.text
    assert "You said “Mostly”. The reference said “Partly”." in card.text
    assert "Two of the knots slip." in card.text


async def test_a_work_added_by_form_and_changed_in_the_middle_stays_as_it_was_begun(
    world: LyceumWorld,
) -> None:
    staff = world.facilitator
    card = await world.press(staff, await desk(world), "Works to practise on")
    typed = {"title": "A plan", "text": "First version.", "rubric": "any-work", "why": "Because."}
    card = await world.submit(staff, await world.press(staff, card, "Add a work"), typed)
    assert "It is used once every question has its reference answer" in card.text
    form = await world.press(staff, card, "Reference answers")
    card = await world.submit(staff, form, {"aim": "Fully", "clear": "Easily"})
    assert "“Fully”" in card.text and "It is used once" not in card.text
    for key in [each.key for each in content.samples()][2:]:
        listed = await world.press(staff, card, "Back")
        shown = await world.choose(staff, listed, key, menu="reviews:sample.pick")
        card = await world.press(staff, shown, "Retire it")
    mine = await begin(world)
    while "A plan" not in mine.text:
        mine = await judge(world, mine)
    listed = await world.press(staff, card, "Back")
    card = await world.choose(staff, listed, "A plan", menu="reviews:sample.pick")
    typed |= {"text": "Second version.", "rubric": "data"}
    changed = await world.submit(staff, await world.press(staff, card, "Change"), typed)
    assert "Second version." in changed.text and "No answer yet" in changed.text
    assert "First version." in (await train(world)).text
    form = await world.press(world.member, mine, "Give your answers")
    mine = await world.submit(world.member, form, {"aim": "Fully", "clear": "Easily"})
    while "Well done" not in mine.text:
        mine = await judge(world, mine)
    nobody = await train(world, world.people["Cleo"])
    assert "There is nothing to practise on at the moment" in nobody.text and "Begin" not in labels(nobody)


async def test_switched_off_in_the_middle_nothing_is_lost(world: LyceumWorld) -> None:
    card = await judge(world, await begin(world))
    await switch(world, "reviews", on=False)
    assert "switched this off" in (await world.press(world.member, card, "Give your answers")).text
    assert "switched this off" in (await train(world)).text
    await switch(world, "reviews", on=True)
    assert work_on(await train(world)) == work_on(card)


async def test_answers_and_licence_are_in_the_export_and_go_with_the_person(community: LyceumWorld) -> None:
    world = community
    await go_through(world)
    await decide(world, world.people["Cleo"], "Give the licence", "She taught me")
    answer = await world.slash(world.member, world.general, "privacy export")
    [data] = [json.loads(each) for name, each in files(world, answer).items() if name.endswith(".json")]
    tables = data["tables"]
    assert len(tables["review_training_runs"]) == 1 and len(tables["review_training_parts"]) == 3
    assert len(tables["review_licences"]) == 1
    await deleted(world, world.member)
    assert not [table for table in mentions_of(world, world.member) if table.startswith("review")]
    assert "1 trained reviewer" in (await desk(world)).text


async def test_only_facilitators_see_the_desk_and_nobody_uses_the_card_of_another(world: LyceumWorld) -> None:
    assert "manage reviews training" not in world.commands(world.member, world.general)
    shared = await desk(world)
    for control in ("reviews:training.roles", "reviews:sample.list"):
        answer = await press_as(world, world.member, control)
        assert "Only facilitators can do this" in answer.text
    await world.choose(world.facilitator, shared, "80", menu="reviews:training.threshold")
    assert "80 %" in (await train(world)).text


async def press_as(world: LyceumWorld, person: Person, control: str) -> Answer:
    """Press a control as somebody who was never shown it, on a card of one's own."""
    forged = Card((Text("Somebody's"), Buttons((Button("Press", custom_id(control)),))))
    return await world.press(person, await post_card(world, world.general, forged), control)
