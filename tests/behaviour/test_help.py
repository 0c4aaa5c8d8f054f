"""/help by what one wants to do, and the way to say that something is wrong with the bot itself."""

from __future__ import annotations

from datetime import timedelta

from bot.authority import Capability
from bot.cards import Buttons, Text
from bot.groups import HelpLine, SharedGroups
from bot.help_card import help_card
from bot.i18n import Translations
from bot.text import V2_COMPONENTS, V2_TEXT_LIMIT, length
from sandbox.seen import Answer
from tests.behaviour.quests import LyceumWorld, notices

WRONG = "Something is wrong with this bot"


async def write(world: LyceumWorld, words: str) -> Answer:
    """Ben says that something is wrong."""
    card = await world.press(world.member, await world.slash(world.member, world.general, "help"), WRONG)
    form = await world.press(world.member, card, "Write to staff")
    return await world.submit(world.member, form, {"words": words})


async def test_each_goal_is_a_button_that_does_it(world: LyceumWorld) -> None:
    card = await world.slash(world.member, world.general, "help")
    goals = [button for button in card.buttons if button.label != WRONG]
    assert 4 <= len(goals) <= 6 and goals[0].label == "I am new: show me a first step"
    for goal in goals:
        card = await world.slash(world.member, world.general, "help")
        done = await world.press(world.member, card, goal.custom_id or "")
        assert done.ephemeral and "older version" not in done.text, goal.label


async def test_staff_see_their_goals_in_a_part_of_their_own(world: LyceumWorld) -> None:
    members = await world.slash(world.member, world.general, "help")
    staff = await world.slash(world.facilitator, world.general, "help")
    assert "For facilitators" not in members.text and "/setup start" not in members.text
    assert "For facilitators" in staff.text and "`/setup start`" in staff.text
    assert [each.label for each in staff.buttons] == [each.label for each in members.buttons]


def test_with_the_lines_of_thirty_features_it_fits_discords_limits() -> None:
    groups = SharedGroups()
    for number in range(30):
        goal = f"A goal of feature number {number} in a good many words, as translators need"
        control = f"feature{'abcdefghij'[number % 10]}:goal.open" if number % 2 else None
        groups.list_help(
            HelpLine(goal, f"/feature goal{number}", control=control),
            HelpLine(goal, f"/manage feature goal{number}", Capability.FACILITATE),
            HelpLine(goal, f"/mod goal{number}", Capability.MODERATE),
        )
    items = help_card(groups.help_lines, frozenset(Capability), Translations().for_locale("en")).items
    texts = [item.content for item in items if isinstance(item, Text)]
    assert sum(map(length, texts)) <= V2_TEXT_LIMIT and "more: type `/`" in texts[1]
    rows = [item for item in items if isinstance(item, Buttons)]
    assert sum(1 + len(item.buttons) if isinstance(item, Buttons) else 1 for item in items) < V2_COMPONENTS
    assert len(rows) == 7


async def test_a_report_is_one_notice_to_staff_with_the_words_and_the_name(community: LyceumWorld) -> None:
    world = community
    before = len(notices(world))
    card = await world.press(world.member, await world.slash(world.member, world.general, "help"), WRONG)
    assert "they see your words and your name" in card.text and card.ephemeral
    sent = await write(world, "It greeted me **twice** @everyone <@&1> [here](https://x.y)")
    assert "staff have it" in sent.text
    [notice] = world.posted(world.staff)[before:]
    assert f"<@{world.member.id}>" in notice.text and "\\*\\*twice\\*\\*" in notice.text
    assert notice.pinged == () and notice.pinged_roles == () and not notice.pings_everyone
    assert world.dms(world.member) == []


async def test_four_thousand_characters_and_lines_stay_a_quotation(community: LyceumWorld) -> None:
    world = community
    await write(world, "*\n" * 500)
    notice = world.posted(world.staff)[-1].text
    assert all(line.startswith("> ") for line in notice.splitlines()[1:])


async def test_three_a_day_are_enough(community: LyceumWorld) -> None:
    world = community
    before = len(notices(world))
    for number in range(3):
        assert "staff have it" in (await write(world, f"Number {number}")).text
    assert "3 times today" in (await write(world, "Number 4")).text
    assert len(notices(world)) == before + 3
    await world.advance(timedelta(days=1, minutes=1))
    assert "staff have it" in (await write(world, "The next day")).text


async def test_two_reports_at_once_at_the_limit_are_one(community: LyceumWorld) -> None:
    world = community
    for number in range(2):
        await write(world, f"Number {number}")
    card = await world.press(world.member, await world.slash(world.member, world.general, "help"), WRONG)
    forms = [await world.press(world.member, card, "Write to staff") for _ in range(2)]
    before = len(notices(world))
    answers = await world.at_once(*(world.submit(world.member, form, {"words": "x"}) for form in forms))
    assert sorted("staff have it" in each.text for each in answers) == [False, True]
    assert len(notices(world)) == before + 1


async def test_without_a_staff_channel_the_other_ways_are_shown(world: LyceumWorld) -> None:
    card = await world.press(world.member, await world.slash(world.member, world.general, "help"), WRONG)
    assert "Tell someone of staff directly" in card.text
    assert [(each.label, each.url) for each in card.buttons] == [
        ("Report to Discord", "https://dis.gd/report")
    ]


async def test_an_empty_report_is_asked_for_again(community: LyceumWorld) -> None:
    before = len(notices(community))
    assert "That was empty" in (await write(community, " \u200b ")).text
    assert len(notices(community)) == before
