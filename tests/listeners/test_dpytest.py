"""Members join and write plain messages: the listeners, under dpytest. What it can show is told in ``conftest.py``."""

from __future__ import annotations

import discord

from bot.app import Lyceum
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
    waiting = bot.get_cog("OnboardingCog").service.waiting  # type: ignore[union-attr]

    def awaited(member: discord.Member) -> set[str]:
        # Closing a bot drops its features' modules, so detectors are told by their value.
        return {each.detector.value for each in waiting._of[member.guild.id].get(member.id, ())}

    assert awaited(ann) == {"profile", "post", "reaction"}

    await dpytest.message("Hello, I am new here.", channel=introductions, member=ann)
    await settle(bot)

    [answer] = sent()
    assert answer.channel == introductions and answer.author == bot.guilds[0].me
    assert awaited(ann) == {"profile", "reaction"}


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
