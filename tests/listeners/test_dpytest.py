"""Members join and write plain messages: the listeners, under dpytest. What it can show is told in ``conftest.py``."""

from __future__ import annotations

from bot.app import Lyceum
from cogs.onboarding.rules import Step
from tests.listeners.helpers import dpytest, sent, settle


async def test_a_member_who_joins_is_greeted_in_the_welcome_channel_once(bot: Lyceum) -> None:
    ann = await dpytest.member_join(name="Ann")
    await settle(bot)
    [greeting] = sent()
    assert greeting.channel == bot.guilds[0].text_channels[0] and greeting.author == bot.guilds[0].me
    assert greeting.nonce is not None

    bot.dispatch("member_join", ann)
    await settle(bot)
    assert sent() == []


async def test_a_plain_message_in_introductions_ticks_the_step_and_is_answered(bot: Lyceum) -> None:
    _, introductions = bot.guilds[0].text_channels
    ann = await dpytest.member_join(name="Ann")
    await settle(bot)
    sent()
    service = bot.get_cog("OnboardingCog").service  # type: ignore[union-attr]
    assert service.is_waiting(ann.guild.id, ann.id, Step.HELLO)

    await dpytest.message("Hello, I am new here.", channel=introductions, member=ann)
    await settle(bot)

    [answer] = sent()
    assert answer.channel == introductions and answer.author == bot.guilds[0].me
    assert not service.is_waiting(ann.guild.id, ann.id, Step.HELLO)
    assert service.is_waiting(ann.guild.id, ann.id, Step.GOAL)


async def test_messages_elsewhere_and_by_others_are_left_alone(bot: Lyceum) -> None:
    welcome, introductions = bot.guilds[0].text_channels
    ann = await dpytest.member_join(name="Ann")
    await settle(bot)
    sent()
    [ben] = [member for member in bot.guilds[0].members if member.name == "Ben"]
    await dpytest.message("Where do I begin?", channel=welcome, member=ann)
    await dpytest.message("Good morning", channel=introductions, member=ben)
    await settle(bot)
    assert sent() == []
