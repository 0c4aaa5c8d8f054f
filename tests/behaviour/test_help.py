"""/help by what one wants to do, and the way to say that something is wrong with the bot itself."""

from __future__ import annotations

from datetime import timedelta

from bot.authority import Capability
from bot.cards import Buttons, Text
from bot.groups import HelpLine, SharedGroups, Topic
from bot.help_card import help_card
from bot.i18n import Translations
from bot.text import V2_COMPONENTS, V2_TEXT_LIMIT, length
from sandbox.people import Person
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


async def topic(world: LyceumWorld, person: Person, label: str) -> Answer:
    """Somebody looks at one topic of /help."""
    return await world.choose(person, await world.slash(person, world.general, "help"), label)


def topics(card: Answer) -> list[str]:
    assert card.message is not None
    [menu] = card.message.selects
    return [label for label, _ in menu.options]


async def test_everything_else_is_found_by_topic_and_the_way_back_too(world: LyceumWorld) -> None:
    first = await world.slash(world.member, world.general, "help")
    assert "`/review inbox`" not in first.text
    card = await topic(world, world.member, "Giving and getting feedback")
    assert "Review somebody's work: `/review inbox`" in card.text and "/challenge" not in card.text
    again = await world.choose(world.member, card, "You and your data")
    assert "`/privacy show`" in again.text and again.ephemeral
    back = await world.press(world.member, again, "Back")
    assert "What would you like to do?" in back.text and "/privacy" not in back.text


async def test_every_line_is_in_a_topic_and_every_topic_fits(world: LyceumWorld) -> None:
    owner = world.people["Olive"]
    card = await world.slash(owner, world.general, "help")
    shown = "\n".join([(await world.choose(owner, card, each)).text for each in topics(card)])
    assert all(f"`{line.command}`" in shown for line in world.bot.groups.help_lines)
    assert "more: type" not in shown


async def test_staff_see_their_goals_in_a_part_of_their_own(world: LyceumWorld) -> None:
    members = await world.slash(world.member, world.general, "help")
    staff = await world.slash(world.facilitator, world.general, "help")
    assert "For facilitators" not in topics(members)
    assert [each.label for each in staff.buttons] == [each.label for each in members.buttons]
    theirs = await topic(world, world.facilitator, "For facilitators")
    assert "`/setup start`" in theirs.text


def test_with_the_lines_of_thirty_features_it_fits_discords_limits() -> None:
    groups = SharedGroups()
    for number in range(50):
        goal = f"A goal of feature number {number} in a good many words, as translators need"
        control = f"feature{'abcdefghij'[number % 10]}:goal.open" if number % 2 else None
        groups.list_help(
            *(HelpLine(goal, f"/feature goal{number}", control=control, topic=each) for each in Topic),
            *(HelpLine(goal, f"/mod goal{number}", each) for each in Capability),
        )
    for chosen in (None, *Topic, *Capability):
        t = Translations().for_locale("en")
        items = help_card(groups.help_lines, frozenset(Capability), t, chosen).items
        texts = [item.content for item in items if isinstance(item, Text)]
        assert sum(map(length, texts)) <= V2_TEXT_LIMIT
        assert (chosen is not None) is ("more: type `/`" in texts[0])
        assert (
            sum(1 + len(item.buttons) if isinstance(item, Buttons) else 1 for item in items) < V2_COMPONENTS
        )


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
