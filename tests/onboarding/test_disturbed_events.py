"""Events that Discord repeats or reorders, as it may across reconnects, leave what a single orderly telling leaves.

Discord promises neither: after a RESUME it tells the last events again, and two that are close may change places. One
history of a community is told twice, in order and disturbed, each time to the real service over a real database,
then compared with the server once, as after READY. Greetings are what a dispatcher would have sent on the way.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import discord
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.core import Core
from bot.dispatcher import Dispatcher, Obsolete, PlannedEffect
from bot.guild_config import GuildConfig
from bot.member_state import MemberState
from bot.outbox import EffectKind
from bot.rosters import Rosters
from cogs.onboarding.catch_up import CatchUp
from cogs.onboarding.definition import Detector
from cogs.onboarding.model import GREETING_RENDERER, LEFT_SINCE, OnboardingSettings
from cogs.onboarding.service import OnboardingService
from cogs.onboarding.shipped import STARTER
from storage.database import Database
from storage.onboarding import OnboardingSettingsRow, find_quest
from tests.clocks import START, FixedClock
from tests.databases import SqliteTemplate

WELCOME, INTRODUCTIONS, BOT = 101, 102, 99
MEMBERS = (11, 12, 13)
ACTIONS = ("join", "join_undecided", "accept", "leave", "hello", "react")
DETECTORS = {"hello": Detector.POST, "react": Detector.REACTION}
MINUTE = timedelta(minutes=1)

History = list[tuple[int, str]]  # who does what, a minute apart
Changes = list[tuple[str, int, int]]  # what is done to the events, at which of them, and how far


@dataclass(frozen=True)
class Event:
    """What Discord tells of one thing that happened; `joined_at` is of the stay that it belongs to."""

    kind: str
    member: int
    joined_at: datetime
    pending: bool = False
    message: int = 0


@dataclass
class Hello:
    """A message in the introductions channel, as `discord.Message` shows it."""

    id: int
    author: Person
    created_at: datetime
    type: discord.MessageType = discord.MessageType.default
    reference: None = None
    reactions: list[Reaction] = field(default_factory=list["Reaction"])

    def is_system(self) -> bool:
        return False


@dataclass
class Person:
    """As `discord.Member` shows them."""

    id: int
    joined_at: datetime
    pending: bool
    guild: Server
    bot: bool = False
    roles: tuple[discord.Role, ...] = ()
    _roles: tuple[int, ...] = ()


@dataclass
class Reaction:
    by: list[Person]

    async def users(self) -> AsyncIterator[Person]:
        for each in self.by:
            yield each


class Channel(discord.TextChannel):
    """The introductions channel."""

    def __init__(self, server: Any, hellos: list[Hello]) -> None:
        self.id, self.guild, self.hellos = INTRODUCTIONS, server, hellos

    async def history(self, *, limit: int) -> AsyncIterator[Hello]:  # pyright: ignore[reportIncompatibleMethodOverride]
        for each in self.hellos[::-1][:limit]:
            yield each


class Server:
    """A community as Discord keeps it, in the form that `CatchUp` reads. It notes an event for all that happens."""

    def __init__(self, guild_id: int, history: History) -> None:
        self.id = guild_id
        self._state = MemberState.__new__(MemberState)  # of which only the rosters are asked
        self._state.rosters = Rosters()
        self.me = Person(BOT, START - timedelta(days=300), pending=False, guild=self, bot=True)
        self.people: dict[int, Person] = {}
        self.channel = Channel(self, [])
        self.events: list[Event] = []
        self.roles: tuple[discord.Role, ...] = ()
        self.now = START
        for member, action in history:
            self.now += MINUTE
            self._do(member, action)

    def _do(self, member: int, action: str) -> None:
        """Does what is possible: nobody can leave who is not there."""
        person = self.people.get(member)
        if action.startswith("join"):
            if person is None:
                self.people[member] = Person(member, self.now, action == "join_undecided", self)
                self._tell("join", self.people[member])
        elif person is None:
            return
        elif action == "leave":
            del self.people[member]
            self._tell("leave", person)
        elif action == "accept" and person.pending:
            person.pending = False
            self._tell("accept", person)
        elif person.pending:
            return
        elif action == "hello":
            self.channel.hellos.append(Hello(len(self.events) + 1000, person, self.now))
            self._tell("hello", person, self.channel.hellos[-1].id)
        elif action == "react":
            for each in self.channel.hellos:
                if each.author.id != member:
                    each.reactions.append(Reaction([person]))
                    self._tell("react", person, each.id)
                    return

    def _tell(self, kind: str, person: Person, message: int = 0) -> None:
        self.events.append(Event(kind, person.id, person.joined_at, person.pending, message))

    async def fetch_members(self, *, limit: None) -> AsyncIterator[Person]:
        for each in (self.me, *self.people.values()):
            yield each

    async def query_members(self, *, user_ids: list[int], cache: bool) -> list[Person]:
        return [each for each in self.people.values() if each.id in user_ids]

    def get_channel(self, channel_id: int) -> Channel | None:
        return self.channel if channel_id == INTRODUCTIONS else None

    get_channel_or_thread = get_channel


class Telling:
    """The bot while one history is told to it."""

    def __init__(self, db: Database) -> None:
        self.clock = FixedClock()
        self.core = Core.build(db, self.clock)
        self.core.configs.register(OnboardingSettings, OnboardingSettingsRow)
        self.service = OnboardingService(self.core)
        self.service.register()
        self.sent: Counter[tuple[int, str]] = Counter()  # greetings by member and moment of joining
        self.dispatcher = Dispatcher(db, self.clock, self, self._draw)

    async def _draw(self, effect: PlannedEffect) -> None:
        """Whether a greeting is wanted at the moment of sending, as the cog asks it."""
        if effect.renderer == GREETING_RENDERER:
            joined_at = datetime.fromisoformat(effect.arguments["joined_at"])
            if not await self.service.is_present_since(effect.guild_id, effect.member_id or 0, joined_at):
                raise Obsolete(LEFT_SINCE)

    async def perform(self, effect: PlannedEffect, rendered: Any, *, nonce: str, marker: int) -> int | None:
        if effect.kind is EffectKind.POST and effect.renderer == GREETING_RENDERER:
            self.sent[effect.member_id or 0, effect.arguments["joined_at"]] += 1
        return effect.id

    async def find(self, effect: PlannedEffect, *, marker: int, since: datetime) -> int | None:
        return None

    async def tell(self, server: Server, events: list[Event], *, lag: int) -> None:
        """Tells the events, then compares with the server as it is now, and sends what waits.

        What is planned is sent after each `lag` events.
        """
        async with self.core.db.begin() as session:
            await self.core.configs.change(
                session,
                server.id,
                OnboardingSettings,
                welcome_channel_id=WELCOME,
                introductions_channel_id=INTRODUCTIONS,
            )
            await self.core.configs.change(session, server.id, GuildConfig, daily_ping_budget=50)
        # What happened is over when it is told: a bot that lags behind is the harder case.
        self.clock.advance(server.now - self.clock.now() + MINUTE)
        self.dispatcher.start()
        for number, each in enumerate(events, 1):
            await self._hear(server.id, each)
            self.clock.advance(timedelta(seconds=1))
            if number % lag == 0:
                await self.dispatcher.drain()
        guild: Any = server
        assert await CatchUp(self.service, self.core).take_up(guild)
        await self.dispatcher.drain()
        await self.dispatcher.stop()

    async def _hear(self, guild_id: int, event: Event) -> None:
        """What the cog makes of it."""
        member, service = event.member, self.service
        if event.kind in ("join", "accept"):
            await service.arrive(guild_id, member, joined_at=event.joined_at, pending=event.pending)
        elif event.kind == "leave":
            await service.leave(guild_id, member)
        elif event.kind in DETECTORS:
            detector = DETECTORS[event.kind]
            targets = (await service.runs.places(guild_id)).targets_of(INTRODUCTIONS)
            if service.waiting.waits(guild_id, member, detector, targets):
                await service.quests.note_message(
                    guild_id, member, detector, targets, message_id=event.message
                )

    async def state(self, server: Server) -> dict[str, Any]:
        """What is known in the end. Of those who are gone, only that: what they did is for their return."""
        known = {
            each.member_id: (each.joined_at, each.has_left, each.pending and not each.has_left)
            for each in (await self.service.list_newcomers(server.id)).values()
        }
        quests: dict[int, Any] = {}
        async with self.core.db.read() as session:
            for member in server.people:
                row = await find_quest(session, server.id, member, STARTER)
                assert row is not None
                quests[member] = (row.run, row.started_at, row.finished_at is not None, _steps(row.steps))
        waiting = {
            member: [each for each in Detector if self.service.waiting.is_anybody(server.id, member, each)]
            for member in MEMBERS
        }
        return {"known": known, "quests": quests, "waiting": waiting}


def _steps(rows: list[Any]) -> list[tuple[str, str]]:
    return sorted((each.step, each.state) for each in rows)


@st.composite
def disturbances(draw: st.DrawFn) -> Changes:
    """Changes of places, single repetitions, and replays of the last few events."""
    kinds = st.sampled_from(("swap", "repeat", "replay"))
    return draw(st.lists(st.tuples(kinds, st.integers(0, 30), st.integers(1, 6)), max_size=6))


def disturbed(events: list[Event], changes: Changes) -> list[Event]:
    """The events as they are told. Each changes places with a neighbour at most once, then they are repeated."""
    told = list(events)
    moved: set[int] = set()
    for kind, where, _ in changes:
        at = where % max(len(told), 1)
        if (
            kind == "swap"
            and at + 1 < len(told)
            and not moved & {at, at + 1}
            and not _is_untellable(*told[at : at + 2])
        ):
            told[at], told[at + 1] = told[at + 1], told[at]
            moved |= {at, at + 1}
    for kind, where, length in changes:
        at = where % max(len(told), 1)
        if kind == "repeat":
            told[at + length : at + length] = told[at : at + 1]
        elif kind == "replay":
            told[at + 1 : at + 1] = told[max(0, at + 1 - length) : at + 1]
    return told


def _is_untellable(first: Event, second: Event) -> bool:
    """Of an acceptance after the leave discord.py does not tell: it has forgotten the member by then."""
    return first.member == second.member and (first.kind, second.kind) == ("accept", "leave")


@pytest.fixture(scope="module")
def stand(sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with opened(sqlite_template, tmp_path_factory.mktemp("disturbed")) as found:
        yield found


@dataclass
class Stand:
    """One database for all histories: each has a community of its own."""

    runner: asyncio.Runner
    database: Database
    guilds: Iterator[int]


@contextmanager
def opened(template: SqliteTemplate, folder: Path) -> Generator[Stand]:
    with asyncio.Runner() as runner:
        database = Database(template.copy_to(folder))
        yield Stand(runner, database, count(1))
        runner.run(database.close())


histories = st.lists(st.tuples(st.sampled_from(MEMBERS), st.sampled_from(ACTIONS)), min_size=1, max_size=16)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(histories, disturbances(), st.integers(1, 4))
@example([(11, "join"), (11, "leave")], [("repeat", 0, 2)], 1).via("somebody gone was waited for")
@example(
    [(11, "join_undecided"), (11, "accept"), (11, "leave"), (11, "join_undecided")], [("repeat", 1, 3)], 1
).via("an old acceptance counted for a new stay")
@example([(11, "join"), (11, "leave"), (11, "join")], [("swap", 1, 1)], 3).via("a greeting was lost")
def test_repeated_and_reordered_events_leave_the_same_state_and_one_greeting_a_stay(
    stand: Stand, history: History, changes: Changes, lag: int
) -> None:
    stand.runner.run(_compare(stand, history, changes, lag))


async def _compare(stand: Stand, history: History, changes: Changes, lag: int) -> None:
    found: list[dict[str, Any]] = []
    for changes_now in ([], changes):
        server = Server(next(stand.guilds), history)
        telling = Telling(stand.database)
        await telling.tell(server, disturbed(server.events, changes_now), lag=lag)
        found.append(await telling.state(server))
        assert all(times == 1 for times in telling.sent.values()), f"greeted twice: {telling.sent}"
        for person in server.people.values():
            greeted = telling.sent[person.id, person.joined_at.isoformat()]
            assert greeted == (not person.pending), f"{person.id} was greeted {greeted} times"
    single, other = found
    assert other == single
