"""Challenges as the wire tests play them: facilitators and members act through the services, on the bot's database.

What people would tap in Discord is done here by the use case behind it, mostly while no bot lives, since a bot that is
dead half of the time answers nobody. All that the clockwork does is left to the bot, and judged by what Discord saw.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from bot.authority import MANAGE_GUILD, Actor
from bot.clock import Clock
from bot.core import Core
from bot.guild_config import GuildConfig
from bot.notify import Kind
from cogs.challenges import model
from cogs.challenges.lifecycle import Lifecycle
from cogs.challenges.model import ChallengeSettings
from cogs.challenges.reminders import Reminders
from cogs.challenges.rhythm import Rhythm
from cogs.challenges.service import ChallengesService
from cogs.challenges.staff import ChallengesStaff
from cogs.challenges.submissions import Submissions
from cogs.challenges.workshop import Workshop
from storage.challenges import ChallengeSettingsRow
from storage.database import Database
from storage.schema import upgrade
from tests.wire.world import GUILD_ID, OWNER_ID, Message, World

OPENS, CLOSES = (0, "09:00"), (6, "20:00")  # Monday and Sunday
RESULTS, GRACE_HOURS = "18:00", "12"
BOSS = Actor(GUILD_ID, OWNER_ID, permissions=MANAGE_GUILD)
# What a post says, in the order in which it does.
PHASES = {
    "open": "Open until",
    "closing": "The deadline was",
    "review": "The results come",
    "results": "the results are out",
}


class Hands:
    """Facilitators and members of one community."""

    def __init__(self, core: Core) -> None:
        self.core = core
        core.configs.register(ChallengeSettings, ChallengeSettingsRow)
        core.notifier.register(Kind(model.REMINDER_KIND, "title", "why", "line"))
        reminders = Reminders(core)
        lifecycle = Lifecycle(core, reminders)
        self.submissions = Submissions(core, lifecycle)
        self.service = ChallengesService(core, reminders, self.submissions)
        self.staff = ChallengesStaff(core, lifecycle)
        self.workshop = Workshop(core, lifecycle, self.staff)
        self.rhythm = Rhythm(core, self.staff)

    async def prepare(self, room: int, gallery: int, *titles: str, zone: str = "UTC") -> datetime:
        """Choose the channels, queue these and begin the rhythm. Returns when the first opens."""
        async with self.core.db.begin() as session:
            await self.core.configs.change(session, GUILD_ID, GuildConfig, zone=zone)
            await self.core.configs.change(
                session, GUILD_ID, ChallengeSettings, channel_id=room, gallery_channel_id=gallery
            )
        for title in titles:
            typed = {"title": title, "purpose": "To hold", "done": "It holds", "core": "Tie one"}
            await self.staff.queue(BOSS, (await self.workshop.create(BOSS, typed)).id)
        schedule = await self.rhythm.set_rhythm(BOSS, OPENS, CLOSES, RESULTS)
        assert schedule.next_at is not None
        return schedule.next_at

    async def join(self, member_id: int, *, remind: bool) -> None:
        """Join the challenge that runs."""
        actor = Actor(GUILD_ID, member_id)
        standing = await self.service.current(actor)
        assert standing is not None
        await self.service.join(actor, standing.challenge.id, "core", remind=remind)

    async def hand_in(self, member_id: int) -> None:
        """Hand in for the challenge that runs."""
        actor = Actor(GUILD_ID, member_id)
        standing = await self.service.current(actor)
        assert standing is not None
        answers = {"work": "https://example.org", "learned": "Patience", "confidence": "4"}
        await self.submissions.submit(
            actor, standing.challenge.id, answers, received_at=self.core.clock.now()
        )


@asynccontextmanager
async def hands_on(url: str, world: World) -> AsyncIterator[Hands]:
    """Hands on this database, by the world's clock."""
    database = Database(url)
    try:
        await upgrade(database)
        yield Hands(Core.build(database, Clock(world.now)))
    finally:
        await database.close()


# What Discord saw.


def openings(world: World, room: int, title: str) -> list[Message]:
    return _posts(world, room, f"**The challenge of the week**\n**{title}**")


def results(world: World, gallery: int, title: str) -> list[Message]:
    return _posts(world, gallery, f"**Results: {title}**")


def reminded(world: World, room: int, title: str) -> list[int]:
    """Who was reminded of it, each as often as they were."""
    texts = (each.text for each in _posts(world, room, f"“{title}” closes"))
    return [int(each) for text in texts for each in re.findall(r"<@(\d+)>, you wished", text)]


def phases(post: Message) -> list[str]:
    """What a post of a challenge said, one after the other."""
    said: list[str] = []
    for text in (*post.said_before, post.text):
        [phase] = [name for name, words in PHASES.items() if words in text]
        if said[-1:] != [phase]:
            said.append(phase)
    return said


def _posts(world: World, channel_id: int, words: str) -> list[Message]:
    return [each for each in world.posts() if each.channel_id == channel_id and words in each.text]
