"""What was to happen, and whether it did, as Discord saw it. The bot's own tables are never asked."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.core import Core
from bot.jobs import NewJob
from bot.outbox import EffectKind, Lane
from storage.database import Database
from storage.schema import upgrade
from tests.wire import rehearsal
from tests.wire.world import GUILD_ID, Channel, World

KINDS = ("post", "direct_message", "open_thread", "open_room", "role", "create_event")
PEOPLE, CHANNELS, ROLES = 12, 4, 12
WISHES = 3  # for one role of one member, each undoing the one before
_NAME = re.compile(r"firing (\S+)")


@dataclass(frozen=True)
class Firing:
    """One thing that is to happen once. `kind` is one of KINDS."""

    name: str
    kind: str
    channel_id: int | None = None
    member_id: int | None = None
    role_id: int | None = None
    given: bool = True

    @property
    def effect_kind(self) -> EffectKind:
        if self.kind == "role":
            return EffectKind.ADD_ROLE if self.given else EffectKind.REMOVE_ROLE
        return EffectKind(self.kind)


@dataclass
class Verdict:
    """Names of firings. `strange` is what the bot posted and nobody had planned."""

    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    strange: list[str] = field(default_factory=list[str])

    def __bool__(self) -> bool:
        return not (self.lost or self.doubled or self.strange)

    def __str__(self) -> str:
        parts = [("lost", self.lost), ("doubled", self.doubled), ("strange", self.strange)]
        return "; ".join(f"{len(names)} {what} {names[:8] or ''}".strip() for what, names in parts)


@dataclass
class Community:
    """The world furnished for firings, and an endless supply of them."""

    world: World
    channels: list[int]
    people: list[int]
    roles: list[int]

    @classmethod
    def in_world(cls, world: World) -> Community:
        return cls(
            world,
            [world.add_channel(f"room-{number}").id for number in range(CHANNELS)],
            [world.add_member(f"member-{number}").id for number in range(PEOPLE)],
            [world.add_role(f"role-{number}").id for number in range(ROLES)],
        )

    def plan(self, count: int, chance: random.Random, kinds: Sequence[str] = KINDS) -> list[Firing]:
        """So many firings of all kinds in turn."""
        pairs = [(member, role) for role in self.roles for member in self.people]
        chance.shuffle(pairs)
        wishes = self._role_wishes(pairs)
        firings: list[Firing] = []
        for number in range(count):
            kind = kinds[number % len(kinds)]
            name = f"{kind}-{number}"
            if kind == "role":
                member_id, role_id, given = next(wishes)
                firings.append(Firing(name, kind, member_id=member_id, role_id=role_id, given=given))
            elif kind == "direct_message":
                firings.append(Firing(name, kind, member_id=chance.choice(self.people)))
            elif kind == "create_event":
                firings.append(Firing(name, kind))
            else:
                firings.append(Firing(name, kind, channel_id=chance.choice(self.channels)))
        return firings

    @staticmethod
    def _role_wishes(pairs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, bool]]:
        """Several pairs at a time, so that the wishes of one are some while apart."""
        waiting = iter(pairs)
        while chosen := [pair for pair, _ in zip(waiting, range(3), strict=False)]:
            for turn in range(WISHES):
                for member_id, role_id in chosen:
                    yield member_id, role_id, turn % 2 == 0


def job_of(firing: Firing, run_at: datetime, event_start: datetime) -> NewJob:
    """The job that makes it happen."""
    return NewJob(
        name=rehearsal.JOB,
        key=f"rehearsal:{firing.name}",
        run_at=run_at,
        guild_id=GUILD_ID,
        payload={
            "name": firing.name,
            "kind": firing.effect_kind.value,
            "guild_id": GUILD_ID,
            "channel_id": firing.channel_id,
            "member_id": firing.member_id,
            "role_id": firing.role_id,
            "start": event_start.replace(microsecond=0).isoformat(),
            "lane": int(Lane.SCHEDULED),
        },
    )


async def write_down(url: str, clock: Clock, firings: Sequence[Firing], over: timedelta) -> None:
    """Bring the database to the present schema and plan the firings, evenly over this time from now."""
    database = Database(url)
    try:
        await upgrade(database)
        core = Core.build(database, clock)
        now = clock.now()
        step = over / max(1, len(firings))
        jobs = [job_of(each, now + step * at, now + timedelta(days=7)) for at, each in enumerate(firings)]
        async with database.begin() as session:
            await core.jobs.enqueue(session, *jobs)
    finally:
        await database.close()


def judge(
    firings: Sequence[Firing], world: World, *, but: Collection[int] = (), but_roles: Collection[int] = ()
) -> Verdict:
    """Every firing must have happened, and nothing twice: by what was ever created, deleted or not.

    Of events those count that are there in the end: none can be created with a nonce, so one too many that was
    taken away again is what can be had. A role must be as wished last, and must not have come and gone otherwise
    than wished. What is posted in the channels `but` is somebody else's to judge, as are the roles `but_roles`.
    """
    verdict = Verdict()
    messages = _count_messages(world, verdict, but)
    threads = Counter(
        _name(message.text)
        for message in world.posts()
        if message.id in world.threads and not message.deleted
    )
    events = Counter(each.name for each in world.events if not each.deleted)
    rooms = [each for each in world.rooms.values() if each.parent_id not in but]
    judge_rooms(world, rooms, verdict)
    planned = {each.name for each in firings}
    verdict.strange += [name for name in (*messages, *events) if name not in planned]
    for firing in firings:
        if firing.kind == "role":
            continue
        counts = [events[firing.name]] if firing.kind == "create_event" else [messages[firing.name]]
        if firing.kind == "open_thread":
            counts.append(threads[firing.name])
        if firing.kind == "open_room":
            written_in = {each.channel_id for each in world.posts() if _name(each.text) == firing.name}
            counts.append(sum(each.id in written_in and each.name == firing.name for each in rooms))
        if min(counts) < 1:
            verdict.lost.append(firing.name)
        if max(counts) > 1:
            verdict.doubled.append(firing.name)
    _judge_roles([each for each in firings if each.kind == "role"], world, verdict, but_roles)
    return verdict


def judge_rooms(world: World, rooms: Sequence[Channel], verdict: Verdict) -> None:
    """Of each name one thread may be in use. No thread without a message can be created with a nonce, so one too many
    that is archived, and in which nobody ever was, is what can be had."""
    used = {each.channel_id for each in world.posts()}
    in_use = Counter(each.name for each in rooms if each.people or each.id in used or not each.archived)
    verdict.doubled += [f"thread {name}" for name, count in in_use.items() if count > 1]


def _count_messages(world: World, verdict: Verdict, but: Collection[int]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for message in world.posts():
        if message.channel_id in but:
            continue
        name = _name(message.text)
        if name is None:
            verdict.strange.append(message.text[:80])
        else:
            counts[name] += 1
    return counts


def _judge_roles(firings: Sequence[Firing], world: World, verdict: Verdict, but: Collection[int]) -> None:
    wishes: defaultdict[tuple[int, int], list[Firing]] = defaultdict(list)
    for firing in firings:
        wishes[firing.member_id or 0, firing.role_id or 0].append(firing)
    changes: defaultdict[tuple[int, int], list[bool]] = defaultdict(list)
    for change in world.role_changes:
        changes[change.member_id, change.role_id].append(change.given)
    for pair, wished in wishes.items():
        last = wished[-1]
        if (pair[1] in world.members[pair[0]].roles) is not last.given:
            verdict.lost.append(last.name)
        rest = iter(each.given for each in wished)
        if not all(change in rest for change in changes[pair]):
            verdict.doubled.append(last.name)
    verdict.strange += [
        f"role change {pair}" for pair in changes if pair not in wishes and pair[1] not in but
    ]


def _name(text: str) -> str | None:
    found = _NAME.search(text)
    return found.group(1) if found else None
