"""Pairing rounds and a round of reviews in the chaos test: who takes part, what an undisturbed bot would draw, and what
Discord saw.

What is expected is drawn beforehand on the bot's database, at the hour of the round: a bot that was killed while it
drew must come to the same. Who was paired is read off the threads, and who reviews whom off the card that staff open.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.authority import MANAGE_GUILD, Actor
from bot.clock import Clock
from bot.core import Core
from bot.guild_config import GuildConfig
from bot.jobs import Job
from bot.nominal_times import local_now
from cogs.challenges.works import SOURCE
from cogs.pairs.model import ROUND_JOB, PairSettings
from cogs.pairs.rounds import Rounds
from cogs.pairs.service import PairsService
from cogs.pairs.staff import PairsStaff
from cogs.reviews import render_manage
from cogs.reviews.allocation import Allocation
from cogs.reviews.keeping import Keeping
from cogs.reviews.model import CONFIRM_JOB, ReviewSettings
from storage import review_rounds
from storage.database import Database
from storage.pairs import PairSettingsRow
from storage.review_wishes import ReviewSettingsRow
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.judge import Verdict, judge_rooms
from tests.wire.world import COUNTER_BITS, GUILD_ID, OWNER_ID, Channel, Message, World, texts_of

BOSS = Actor(GUILD_ID, OWNER_ID, permissions=MANAGE_GUILD)
MEMBERS = 9  # so that each round has a trio, and no two draws are the same by chance
GROUPS = MEMBERS // 2
WEDNESDAY = 2
PAIRS_AT, PAIRS_AFTER = "16:00", timedelta(days=2, hours=7)  # after Monday at nine
CONFIRM_HOURS, PER_WORK = 4, 2
ANSWER, BUTTON = 20.0, 3  # seconds; the kind of an interaction

_MET = "meet each other!**"
_ASKED = re.compile(r"<@(\d+)>, did you get to meet\?")
_TOLD = re.compile(r"<@(\d+)>, (\d+) works? (?:is|are) yours to review")
_READY = re.compile(r"\*\*“?(Knot \d+)”?\*\*: \d+ works? waits? to be given")

Group = frozenset[int]


class Meetings:
    """Pairing rounds of one community, every Wednesday."""

    def __init__(self, discord: FakeDiscord, url: str) -> None:
        self._world, self._url = discord.world, url
        self.channel = self._world.add_channel("pairs").id
        self.members = [self._world.add_member(f"pairs-{number}").id for number in range(MEMBERS)]
        self._expected: list[set[Group]] = []

    @property
    def rooms(self) -> list[Channel]:
        return [each for each in self._world.rooms.values() if each.parent_id == self.channel]

    async def prepare(self) -> None:
        async with core_on(self._url, self._world.now) as core:
            staff, service = PairsStaff(core), PairsService(core)
            await staff.set_place(BOSS, self.channel)
            await staff.set_rhythm(BOSS, [WEDNESDAY], PAIRS_AT, 1)
            for each in self.members:
                await service.join(Actor(GUILD_ID, each))

    async def foresee(self, due: datetime) -> None:
        """Draw the round that is to be held then, and write nothing down."""
        async with core_on(self._url, lambda: due) as core:
            settings = await core.configs.get(GUILD_ID, PairSettings)
            nominal = local_now(due, "UTC").replace(second=0, microsecond=0, tzinfo=None)
            job = Job(0, ROUND_JOB, GUILD_ID, "", {}, due, 0, settings.schedule_id, nominal)
            prepared = await Rounds(core).prepare(job)
        self._expected.append({frozenset(each) for each in prepared.drawn.groups})

    def has_met(self, number: int) -> bool:
        """Discord has seen the whole of the round of this number, from 1."""
        return sum(bool(_cards(self._world, each)) for each in self.rooms) >= number * GROUPS

    def judge(self, verdict: Verdict) -> None:
        """Each round has the pairs that were to be drawn, each of them one thread with one card, and no one is asked twice."""
        judge_rooms(self._world, self.rooms, verdict)
        rounds: defaultdict[datetime, list[Group]] = defaultdict(list)
        for room in self.rooms:
            cards = _cards(self._world, room)
            _count(verdict, f"card in {room.name}", len(cards), least=bool(room.people))
            for card in cards[:1]:
                rounds[_week_of(card.at)].append(_mentioned(card))
                if _mentioned(card) != set(room.people):
                    verdict.lost.append(f"somebody in {room.name}: {room.people}")
            asked = Counter(
                each for post in _said_in(self._world, room) for each in _ASKED.findall(post.text)
            )
            verdict.doubled += [f"question to {each} in {room.name}" for each in asked if asked[each] > 1]
        for number, expected in enumerate(self._expected, start=1):
            held = [rounds[each] for each in sorted(rounds)][number - 1 : number]
            self._judge_round(verdict, f"pairs {number}", held[0] if held else [], expected)
        if len(rounds) > len(self._expected):
            verdict.strange.append(f"{len(rounds)} pairing rounds instead of {len(self._expected)}")

    def _judge_round(self, verdict: Verdict, name: str, held: list[Group], expected: set[Group]) -> None:
        times = Counter(each for group in held for each in group)
        for member in self.members:
            _count(verdict, f"{name} of {member}", times[member])
        if set(held) - expected:
            verdict.strange.append(f"{name} drawn otherwise: {_written(held)}, not {_written(expected)}")


class Reviews:
    """One round of reviews, of the last challenge, which begins by itself."""

    def __init__(self, discord: FakeDiscord, url: str, title: str, authors: list[int]) -> None:
        self._discord, self._world, self._url = discord, discord.world, url
        self._title, self._authors = title, authors
        self.channel = self._world.add_channel("reviews").id
        self.staff = self._world.add_channel("staff").id
        self._expected: dict[int, set[int]] = {}
        self._shown: dict[int, list[int]] | None = None

    async def begin(self) -> None:
        """From now on, what is handed in is given to reviewers."""
        async with core_on(self._url, self._world.now) as core, core.db.begin() as session:
            await core.configs.change(session, GUILD_ID, GuildConfig, by=BOSS, staff_channel_id=self.staff)
            await core.configs.change(
                session,
                GUILD_ID,
                ReviewSettings,
                by=BOSS,
                channel_id=self.channel,
                confirm_hours=CONFIRM_HOURS,
                per_work=PER_WORK,
            )

    async def foresee(self, due: datetime) -> None:
        """Draw the round that is to begin then, and write nothing down."""
        async with core_on(self._url, lambda: due) as core:
            async with core.db.read() as session:
                row = (await review_rounds.list_rounds(session, GUILD_ID, 1))[0]
            job = Job(0, CONFIRM_JOB, GUILD_ID, "", {"round_id": row.id}, due, 0)
            prepared = await Allocation(core, Keeping(core)).prepare(job)
        assert prepared is not None and prepared.fits
        self._expected = {author: set(chosen) for author, chosen in prepared.chosen.items()}

    def is_announced(self) -> bool:
        return bool(self._ready())

    def is_told(self) -> bool:
        return {member for member, _ in self._told()} >= set(self._authors)

    async def look(self) -> None:
        """Staff open the round, from the card that told them of it."""
        world, discord = self._world, self._discord
        [ready] = self._ready()
        number = world.snowflake()
        token = f"interaction-{number >> COUNTER_BITS}-{number & 1023}"
        data = {"custom_id": _button(ready), "component_type": 2}
        boss = world.members[OWNER_ID]
        await discord.gateway.interact(boss, self.staff, number=number, token=token, kind=BUTTON, data=data)

        def text() -> str:
            found = discord.rest.answers.get(token)
            shown = (found.data, *found.edits, *found.follow_ups) if found is not None else ()
            return "\n".join(line for each in shown for line in texts_of(each))

        await until(lambda: bool(text()), seconds=ANSWER, what="the card of the round")
        self._shown = _read_drawn(text())

    def judge(self, verdict: Verdict) -> None:
        """Staff and each reviewer are told once, and each work has the reviewers that were to be drawn, once."""
        _count(verdict, f"reviews of {self._title} announced", len(self._ready()))
        told = self._told()
        for member in self._authors:
            _count(verdict, f"reviews told to {member}", sum(each == member for each, _ in told))
        verdict.strange += [
            f"{member} told of {count} reviews"
            for member, count in told
            if member not in self._authors or count != PER_WORK
        ]
        told_here = [each for each in self._world.posts() if each.channel_id == self.channel]
        verdict.strange += [each.text[:80] for each in told_here if not _TOLD.search(each.text)]
        if self._shown is None:
            return
        for author in self._authors:
            found = self._shown.get(author, [])
            if len(found) != len(set(found)):
                verdict.doubled.append(f"reviewers of {author}: {found}")
            if set(found) != self._expected[author]:
                verdict.strange.append(f"reviewers of {author}: {found}, not {self._expected[author]}")

    def _told(self) -> list[tuple[int, int]]:
        posts = [each for each in self._world.posts() if each.channel_id == self.channel]
        return [(int(who), int(n)) for each in posts for who, n in _TOLD.findall(each.text)]

    def _ready(self) -> list[Message]:
        posts = [each for each in self._world.posts() if each.channel_id == self.staff]
        return [each for each in posts if self._title in _READY.findall(each.text)]


@asynccontextmanager
async def core_on(url: str, now: Callable[[], datetime]) -> AsyncIterator[Core]:
    """The services' ground on the bot's database, by this clock."""
    database = Database(url)
    try:
        core = Core.build(database, Clock(now))
        core.configs.register(PairSettings, PairSettingsRow)
        core.configs.register(ReviewSettings, ReviewSettingsRow)
        core.works.register(SOURCE)
        yield core
    finally:
        await database.close()


def _said_in(world: World, room: Channel) -> list[Message]:
    return [each for each in world.posts() if each.channel_id == room.id]


def _cards(world: World, room: Channel) -> list[Message]:
    return [each for each in _said_in(world, room) if _MET in (each.said_before or [each.text])[0]]


def _mentioned(card: Message) -> Group:
    first = (card.said_before or [card.text])[0].partition(_MET)[0]
    return frozenset(map(int, re.findall(r"<@(\d+)>", first)))


def _week_of(at: datetime) -> datetime:
    day = at - timedelta(days=at.weekday())
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


def _button(card: Message) -> str:
    found = re.search(rf"{render_manage.ROUND}:\d+", str(card.body))
    assert found is not None
    return found.group()


def _read_drawn(text: str) -> dict[int, list[int]]:
    """Author to reviewers, as the card of a round says it."""
    found: dict[int, list[int]] = {}
    author = 0
    for line in text.splitlines():
        if "is reviewed by" in line:
            author = int(re.findall(r"<@(\d+)>", line)[0])
            found[author] = []
        elif line.startswith("- <@"):
            found[author].append(int(re.findall(r"<@(\d+)>", line)[0]))
    return found


def _written(groups: Iterable[Group]) -> list[list[int]]:
    return sorted(sorted(each) for each in groups)


def _count(verdict: Verdict, what: str, count: int, *, least: bool = True) -> None:
    if least and count < 1:
        verdict.lost.append(what)
    if count > 1:
        verdict.doubled.append(what)
