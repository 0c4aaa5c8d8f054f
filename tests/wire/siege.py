"""A raid on a community, as Discord sees it: who is there, who comes, what is written, and what the bot does about it.

What counts is what Discord was asked: when invites were paused, who was banned and how often, how everything stood in the
end. Members and moderators act through the gateway like everybody.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.clock import Clock
from bot.core import Core
from bot.guild_config import GuildConfig
from cogs.onboarding.model import OnboardingSettings
from cogs.raids.names import keys_of, number_of
from cogs.raids.rules import Arrival
from cogs.raids.watch import Watch
from storage.database import Database
from storage.onboarding import OnboardingSettingsRow
from storage.schema import upgrade
from tests.wire.bot_process import Life
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.nursery import Nursery
from tests.wire.rest_safety import Request
from tests.wire.stage import RING, START, Stage
from tests.wire.world import COUNTER_BITS, DISCORD_EPOCH_MS, GUILD_ID, Member, texts_of

UNCOUNTED = frozenset({"answer_interaction", "follow_up", "original_answer", "edit_answer"})
"""Answers to interactions: Discord counts them by themselves."""
LOGIN = frozenset({"gateway", "own_user", "application"})
"""What every start asks first, whatever is going on."""
ESTABLISHED, CHANNELS = 200, 5
ORDINARY = (("help",), ("quest", "status"), ("start",), ("me", "card"), ("privacy", "show"))
"""What members use meanwhile: of these one reads nothing, and one writes."""
KICK, BAN, MODERATE = 1 << 1, 1 << 2, 1 << 40
SCAM = "Free nitro for the first hundred: https://dlscord-gift.example/claim @everyone"


@dataclass
class Asked:
    """A command or button that somebody used, and how long they waited for the first answer."""

    token: str
    sent_at: datetime
    waited: float | None = None


@dataclass
class Outcome:
    """What Discord saw of it."""

    raiders: list[Member] = field(default_factory=list[Member])
    established: list[Member] = field(default_factory=list[Member])
    asked: list[Asked] = field(default_factory=list[Asked])
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def waits(self) -> list[float]:
        return sorted(each.waited for each in self.asked if each.waited is not None)

    @property
    def unanswered(self) -> int:
        return sum(each.waited is None for each in self.asked)

    def p95(self) -> float:
        waits = self.waits()
        return waits[max(0, round(len(waits) * 0.95) - 1)] if waits else 0.0


class Siege(Stage):
    """A community that has set up everything that Lyceum does for newcomers, which a raid could misuse."""

    def __init__(self, discord: FakeDiscord, nursery: Nursery, folder: Path, *, seed: int = 0) -> None:
        super().__init__(discord, nursery, folder, datetime.now(UTC))
        world = discord.world
        self.draw = random.Random(seed)
        self.welcome = world.add_channel("welcome").id
        self.rooms = [world.add_channel(f"talk-{number}") for number in range(CHANNELS)]
        self.rooms[1].slowmode = 5
        self.rooms[2].overwrites[GUILD_ID] = {
            "id": str(GUILD_ID),
            "type": 0,
            "allow": str(1 << 6),
            "deny": "0",
        }
        world.roles[GUILD_ID].permissions = 1 << 10 | 1 << 11 | 1 << 16 | 1 << 38
        world.verification_level = 1
        self.moderators = world.add_role("Moderator", position=50)
        self.moderators.permissions = KICK | BAN | MODERATE
        self.outcome = Outcome()
        for number in range(ESTABLISHED):
            member = world.add_member(
                f"member-{number}", joined_ago=timedelta(days=self.draw.uniform(1, 700))
            )
            if number < 2:
                member.roles.add(self.moderators.id)
            self.outcome.established.append(member)
        self.state = self.present_state()

    def present_state(self) -> dict[str, Any]:
        """Everything that a lockdown may change, as Discord has it."""
        world = self.discord.world
        return {
            "verification": world.verification_level,
            "incidents": {
                name: until if until is not None and datetime.fromisoformat(until) > self.now() else None
                for name, until in world.incidents.items()
            },
            "slow": {each.id: each.slowmode for each in self.rooms},
            "overwrites": {each.id: dict(each.overwrites) for each in self.rooms},
        }

    async def prepare(self, *, automatic: int = 1, minutes: int = 60) -> None:
        """What facilitators have chosen."""
        from cogs.raids.model import RaidSettings
        from storage.raids import RaidSettingsRow

        database = Database(self.url)
        try:
            await upgrade(database)
            core = Core.build(database, Clock(self.now))
            core.configs.register(OnboardingSettings, OnboardingSettingsRow)
            core.configs.register(RaidSettings, RaidSettingsRow)
            async with database.begin() as session:
                change = core.configs.change
                await change(
                    session,
                    GUILD_ID,
                    GuildConfig,
                    staff_channel_id=self.staff,
                    moderator_role_id=self.moderators.id,
                )
                await change(session, GUILD_ID, OnboardingSettings, welcome_channel_id=self.welcome)
                await change(session, GUILD_ID, RaidSettings, automatic=automatic, minutes=minutes)
        finally:
            await database.close()

    async def bear(self, *, mutant: str | None = None, movable: bool = True) -> None:
        """A life of the bot."""
        before = len(self.discord.gateway.identifies)
        await self.nursery.bear(
            Life(
                self.discord.url,
                self.url,
                str(self.folder),
                movable_clock=movable,
                ring_every=RING if movable else None,
                naps=20,
                rehearsal=False,
                mutant=mutant,
                seconds=900,
            )
        )
        gateway = self.discord.gateway
        await until(
            lambda: gateway.connected and len(gateway.identifies) > before, seconds=START, what="connected"
        )

    async def die(self) -> None:
        self.nursery.kill()
        await self.nursery.end()

    # ------------------------------------------------------------------------------------------ the raid

    def newcomer(self, number: int) -> Member:
        """One of the raid: 60 % of accounts are younger than a day, most without a picture, half after a pattern."""
        draw = self.draw
        is_fresh = draw.random() < 0.6
        age = timedelta(minutes=draw.randint(5, 1200)) if is_fresh else timedelta(days=draw.uniform(2, 900))
        letters = "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=9))
        name = f"nitro_gift{draw.randint(0, 9999):04}" if number % 2 else letters
        avatar = None if draw.random() < 0.7 else f"{draw.randint(0, 3):032x}"
        return self.discord.world.add_newcomer(name, account_age=age, avatar=avatar)

    async def attack(self, count: int, over: float, *, messages: float = 0, commands: float = 0) -> None:
        """So many join, evenly over the seconds, and write so much a second; members use commands meanwhile."""
        self.outcome.began_at = self.now()
        await asyncio.gather(
            self._evenly(count, over, self._join),
            self._evenly(round(messages * over), over, self._write),
            self._evenly(round(commands * over), over, self._ask),
        )

    async def calm(self, over: float, *, commands: float = 2) -> None:
        """Members use commands, and nothing else happens."""
        await self._evenly(round(commands * over), over, self._ask)

    async def _evenly(self, count: int, over: float, do: Any) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(count):
            await asyncio.sleep(max(0.0, began + over * number / count - loop.time()))
            await do(number)

    async def _join(self, number: int) -> None:
        member = self.newcomer(number)
        self.outcome.raiders.append(member)
        await self.discord.gateway.join(member)

    async def _write(self, number: int) -> None:
        here = [each for each in self.outcome.raiders[-200:] if each.id in self.discord.world.members]
        author = (
            self.draw.choice(here) if here and number % 10 else self.draw.choice(self.outcome.established)
        )
        room = self.draw.choice(self.rooms[:3]) if number % 4 else self.rooms[0]
        message = self.discord.world.write(room.id, author.id, SCAM if number % 10 else "good morning")
        await self.discord.gateway.say(message)

    async def _ask(self, number: int) -> None:
        asker = self.outcome.established[10 + number % 100]
        sent_at = self.now()
        name, *rest = ORDINARY[number % len(ORDINARY)]
        options = [{"type": 1, "name": each, "options": []} for each in rest]
        token = await self.discord.gateway.command(asker, self.rooms[0].id, name, options)
        self.outcome.asked.append(Asked(token, sent_at))

    def note_answers(self) -> None:
        """How long everybody waited."""
        answered = {
            each.path.split("/")[-2]: each.at for each in self.discord.rest.asked("answer_interaction")
        }
        for each in self.outcome.asked:
            if each.token in answered:
                each.waited = (answered[each.token] - each.sent_at).total_seconds()

    # ------------------------------------------------------------------------------------------ moderators

    async def command(self, number: int, *names: str) -> str:
        """A moderator uses /mod raid ...; returns what they were shown, with the controls on it."""
        data: dict[str, Any] = {"type": 1, "name": names[-1], "options": []}
        for name in reversed(names[1:-1]):
            data = {"type": 2, "name": name, "options": [data]}
        who = self.outcome.established[number]
        token = await self.discord.gateway.command(who, self.staff, names[0], [data])
        return await self._answer(token)

    async def press(self, number: int, custom_id: str) -> str:
        """A moderator presses a button."""
        who, world = self.outcome.established[number], self.discord.world
        low = world.snowflake() & ((1 << COUNTER_BITS) - 1)
        snowflake = int(world.now().timestamp() * 1000 - DISCORD_EPOCH_MS) << COUNTER_BITS | low
        token = f"interaction-{snowflake}"
        data = {"custom_id": custom_id, "component_type": 2}
        await self.discord.gateway.interact(who, self.staff, number=snowflake, token=token, kind=3, data=data)
        return await self._answer(token)

    async def _answer(self, token: str) -> str:
        answers = self.discord.rest.answers

        def shown() -> bool:
            found = answers.get(token)
            return found is not None and (found.type != 5 or bool(found.edits or found.follow_ups))

        await until(shown, seconds=20, what="an answer")
        found = answers[token]
        return str([found.data, *found.edits, *found.follow_ups])

    async def ban_them(self) -> int:
        """One moderator proposes to ban who came, a second one confirms. Returns the number of the action."""
        shown = await self.command(0, "mod", "raid", "act")
        shown = await self.press(0, _control(shown, "raids:act.choose"))
        shown = await self.press(0, _control(shown, "raids:act.do"))
        await until(lambda: bool(self._proposal()), seconds=20, what="the proposal is posted")
        await self.press(1, self._proposal())
        return int(self._proposal().rpartition(":")[2])

    def _proposal(self) -> str:
        for each in reversed(self.discord.world.posts()):
            found = re.search(r"guards:proposal\.confirm:\d+", str(each.body))
            if found is not None:
                return found[0]
        return ""

    def banner(self) -> str:
        """What stands in the staff channel about it."""
        for each in self.discord.world.posts():
            if each.channel_id == self.staff and "raids:lockdown" in str(each.body):
                return "\n".join(texts_of(each.body))
        return ""

    def banner_body(self) -> str:
        """All of the banner, its buttons too."""
        found = [str(each.body) for each in self.discord.world.posts() if each.channel_id == self.staff]
        return next((each for each in found if "raids:lockdown" in each), "")

    def banner_control(self, name: str) -> str:
        """The id of a control on the banner, as it stands."""
        for each in self.discord.world.posts():
            if each.channel_id == self.staff and name in str(each.body):
                return _control(str(each.body), name)
        raise AssertionError(f"no {name} on the banner")

    # ------------------------------------------------------------------------------------------ what Discord saw

    def paused_at(self) -> datetime | None:
        return next((each.at for each in self.discord.rest.asked("incident_actions")), None)

    def threshold(self) -> tuple[int, datetime]:
        """Which of those who came made it a raid, and when: by the rules alone, told of each at once."""
        watch = Watch()
        for number, each in enumerate(self.outcome.raiders, 1):
            made_at = datetime.fromtimestamp(((each.id >> COUNTER_BITS) + DISCORD_EPOCH_MS) / 1000, UTC)
            face = number_of(each.avatar) if each.avatar is not None else None
            verdict = watch.join(Arrival(each.id, each.joined_at, made_at, keys_of(each.name, None), face))
            if verdict is not None and verdict.is_raid:
                return number, each.joined_at
        raise AssertionError("it was none")

    def joins_until(self, at: datetime) -> int:
        return sum(each.joined_at <= at for each in self.outcome.raiders)

    def busiest_second(self) -> list[str]:
        """What Discord was asked within the fullest second since it began, answers to interactions apart."""
        asked = sorted(self.requests(), key=lambda each: each.at)
        most: list[str] = []
        start = 0
        for end, each in enumerate(asked):
            while each.at - asked[start].at > timedelta(seconds=1):
                start += 1
            if end - start + 1 > len(most):
                most = [one.route for one in asked[start : end + 1]]
        return most

    def requests(self) -> list[Request]:
        log = self.discord.rest.log
        apart = UNCOUNTED | LOGIN
        return [each for each in log if each.at >= self.outcome.began_at and each.route not in apart]

    def statuses(self) -> Counter[int]:
        return Counter(each.status or 0 for each in self.discord.rest.log)

    def banned_raiders(self) -> int:
        return _count(self.outcome.raiders, self.discord.world.banned)

    def harmed_members(self) -> int:
        """Of those who were there before: banned, kicked, or made silent at any time."""
        world = self.discord.world
        return sum(
            each.id not in world.members or world.bans[each.id] > 0 or each.timeout_until is not None
            for each in self.outcome.established
        )

    def banned_twice(self) -> int:
        return sum(count > 1 for count in self.discord.world.bans.values())


def _control(shown: str, name: str) -> str:
    found = re.search(re.escape(name) + r":\d+", shown)
    if found is None:
        raise AssertionError(f"no {name} on: {shown[:1500]}")
    return found[0]


def _count(members: Iterable[Member], among: Any) -> int:
    return sum(each.id in among for each in members)
