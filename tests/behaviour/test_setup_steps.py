"""/setup start, step by step: where somebody is, leaving and going on, and what is saved on the way."""

from __future__ import annotations

import pytest

from tests.behaviour.quests import LyceumWorld
from tests.behaviour.setups import begin, step
from tests.features import unload_feature

TITLES = ["Purpose and outcomes", "Channels", "Roles", "Time zone and language", "Rhythm", "What is on"]


def heading(title: str, titles: list[str] = TITLES) -> str:
    """The first line of the card of this step."""
    return f"**Step {titles.index(title) + 1} of {len(titles)}: {title}**"


async def test_the_first_card_says_what_will_happen_and_posts_nothing(world: LyceumWorld) -> None:
    card = await world.slash(world.facilitator, world.general, "setup start")
    assert "five minutes" in card.text.replace("5 minutes", "five minutes") and "posts nothing" in card.text
    assert all(title in card.text for title in TITLES) and card.ephemeral
    assert card.message is not None and card.message.labels == ["Begin"]


async def test_every_step_says_where_one_is_and_leads_on_to_the_report(world: LyceumWorld) -> None:
    card = await begin(world)
    for number, title in enumerate(TITLES, start=1):
        assert heading(title) in card.text
        assert card.message is not None
        labels = card.message.labels
        assert ("Back" in labels) == (number > 1) and "Leave it for now" in labels
        card = await world.press(
            world.facilitator, card, "Next" if number < len(TITLES) else "Finish: show the report"
        )
    assert "That is it" in card.text and "Staff channel is not chosen" in card.text
    everywhere = [seen for channel in world.channels.values() for seen in world.posted(channel)]
    assert [seen for seen in everywhere if not seen.ephemeral] == []


async def test_back_leads_to_the_step_before(world: LyceumWorld) -> None:
    card = await world.press(world.facilitator, await step(world, "Roles"), "Back")
    assert ": Channels**" in card.text


@pytest.mark.parametrize("crash", [False, True], ids=["restart", "crash"])
async def test_what_was_left_is_taken_up_by_somebody_else_after_a_restart(
    world: LyceumWorld, crash: bool
) -> None:
    card = await step(world, "Channels")
    card = await world.choose(world.facilitator, card, world.staff, menu="setup:choice.set:0")
    card = await world.press(world.facilitator, card, "Next")
    left = await world.press(world.facilitator, card, "Leave it for now")
    assert "everything you chose is kept" in left.text and "step 3" in left.text
    async with world.while_down(crash=crash):
        pass
    owner = world.people["Olive"]
    start = await world.slash(owner, world.general, "setup start")
    assert start.message is not None and start.message.labels == ["Go on with step 3", "From the beginning"]
    assert ": Roles**" in (await world.press(owner, start, "Go on with step 3")).text
    back = await world.press(
        owner, await world.slash(owner, world.general, "setup start"), "From the beginning"
    )
    assert heading(TITLES[0]) in back.text
    assert ": Roles**" in (await world.press(world.facilitator, left, "Go on")).text
    config = await world.bot.core.configs.guild(world.guild_id)
    assert config.staff_channel_id == world.staff.id


async def test_after_the_end_it_begins_anew(community: LyceumWorld) -> None:
    card = await community.slash(community.facilitator, community.general, "setup start")
    assert card.message is not None and card.message.labels == ["Begin"]


async def test_a_choice_leaves_one_on_the_step_and_from_a_page_on_the_page(world: LyceumWorld) -> None:
    card = await step(world, "Channels")
    card = await world.choose(world.facilitator, card, world.welcome, menu="setup:choice.set:10")
    assert heading("Channels") in card.text
    page = await world.choose(world.facilitator, card, "Newcomers", menu="setup:page.open")
    page = await world.choose(world.facilitator, page, world.introductions, menu="setup:choice.set:11")
    assert "**Set up your community: Newcomers**" in page.text
    assert heading(TITLES[0]) in (await world.press(world.facilitator, page, "Step by step")).text


async def test_a_step_that_is_gone_leads_to_the_first_one(world: LyceumWorld) -> None:
    card = await step(world, "Rhythm")
    await world.in_bot(lambda: unload_feature(world.bot, "cogs.rituals"))
    left = await world.press(world.facilitator, card, "Leave it for now")
    assert "step 1" in left.text
    assert (
        heading(TITLES[0], [each for each in TITLES if each != "Rhythm"])
        in (await world.press(world.facilitator, left, "Go on")).text
    )


async def test_the_way_on_from_a_card_of_a_step_that_is_gone_still_leads_on(world: LyceumWorld) -> None:
    card = await step(world, "Rhythm")
    await world.in_bot(lambda: unload_feature(world.bot, "cogs.rituals"))
    left = [each for each in TITLES if each != "Rhythm"]
    assert heading("What is on", left) in (await world.press(world.facilitator, card, "Next")).text


async def test_a_channel_hidden_from_the_bot_is_told_at_once_on_the_card(world: LyceumWorld) -> None:
    await world.hide_from_bot(world.welcome)
    card = await step(world, "Channels")
    card = await world.choose(world.facilitator, card, world.welcome, menu="setup:choice.set:10")
    assert "I cannot see" in card.text and "Where newcomers are greeted" in card.text


async def test_a_role_above_the_bot_is_told_at_once_on_the_card(world: LyceumWorld) -> None:
    await world.bot_role_below(world.roles["Member"])
    card = await step(world, "Roles", world.people["Olive"])
    card = await world.choose(world.people["Olive"], card, world.roles["Member"], menu="setup:choice.set:13")
    assert "stands above my own role" in card.text and "drag my role above it" in card.text
    card = await world.choose(
        world.people["Olive"], card, world.roles["Facilitator"], menu="setup:choice.set:1"
    )
    assert card.text.count("stands above") == 1, "a staff role is only looked at, wherever it stands"


async def test_the_language_is_one_line_while_there_is_one_language(world: LyceumWorld) -> None:
    card = await step(world, "Time zone and language")
    assert "English is the only one I speak so far" in card.text
    assert card.message is not None
    assert "setup:language.set" not in [menu.custom_id for menu in card.message.selects]


async def test_the_zone_set_in_its_step_leaves_one_there(world: LyceumWorld) -> None:
    card = await step(world, "Time zone and language")
    form = await world.press(world.facilitator, card, "Change the time zone")
    hint = await world.submit(world.facilitator, form, {"zone": "GMT+9"})
    assert "Asia/Tokyo" in hint.text
    form = await world.press(world.facilitator, card, "Change the time zone")
    card = await world.submit(world.facilitator, form, {"zone": "Asia/Tokyo"})
    assert heading("Time zone and language") in card.text and "Asia/Tokyo, where it is now 18:00" in card.text


async def test_the_rhythm_begins_moves_and_ends_in_its_step(world: LyceumWorld) -> None:
    from datetime import timedelta

    person = world.facilitator
    card = await step(world, "Rhythm")
    card = await world.choose(person, card, world.general, menu="rituals:weekly.place")
    assert heading("Rhythm") in card.text and "Every Monday at 09:00" in card.text
    card = await world.choose(person, card, world.weekly, menu="rituals:weekly.place")
    form = await world.press(person, card, "Change day and time")
    card = await world.submit(person, form, {"weekday": "Friday", "time": "8 pm"})
    assert "Every Friday at 20:00" in card.text and heading("Rhythm") in card.text
    form = await world.press(person, card, "Change day and time")
    wrong = await world.submit(person, form, {"weekday": "Friday", "time": "noonish"})
    assert "cannot read that time" in wrong.text
    assert world.posted(world.weekly) == []
    await world.advance(timedelta(days=5))
    assert len(world.posted(world.weekly)) == 1 and world.posted(world.general) == []
    card = await world.choose(person, card, menu="rituals:weekly.place")
    assert card.message is not None and "Change day and time" not in card.message.labels
    await world.advance(timedelta(days=14))
    assert len(world.posted(world.weekly)) == 1


@pytest.mark.parametrize(
    "control",
    [
        "setup:step.open:10",
        "setup:step.next:20",
        "setup:step.leave:10",
        "setup:step.finish",
        "setup:doctor.show:0",
        "setup:page.show:0",
        "setup:choice.create:0",
        "setup:choice.forget:0",
        "setup:channel.allow:1",
        "setup:staff.let_in:1",
        "setup:zone.ask",
        "rituals:weekly.place",
        "rituals:weekly.ask",
    ],
)
async def test_a_member_who_gets_hold_of_a_control_is_refused(community: LyceumWorld, control: str) -> None:
    from bot.cards import Button, Buttons, Card, Text
    from tests.shell import post_card

    before = len(community.env.backend.get_guild(community.guild_id).channel_ids)
    row = Buttons((Button("Go", control),))
    card = await post_card(community, community.general, Card((Text("x"), row)))
    answer = await community.press(community.member, card, "Go")
    assert answer.text.startswith("Only facilitators") and answer.ephemeral
    assert len(community.env.backend.get_guild(community.guild_id).channel_ids) == before


async def test_two_servers_share_no_progress(world: LyceumWorld) -> None:
    from bot.authority import Actor

    await step(world, "Roles")
    other = Actor(world.guild_id + 1, world.facilitator.id, is_owner=True)
    assert await world.bot.setup_card.service.progress(other) is None
