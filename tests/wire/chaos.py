"""Kills the real bot again and again while Discord has bad days, and asks Discord what became of it all.

    python -m tests.wire.chaos --kills 200

Each life ends by SIGKILL, at a random time or at a named point of one effect's way; nearly a third of the
requests meet a fault; now and then Discord is away, sometimes for longer than it remembers nonces. Meanwhile
a community plays its weekly challenges and meets in pairs (`tests/wire/weeks.py`, `rounds.py`). Whatever was
planned must then be there once. A run that did not meet every kind of fault proves nothing and is void.

Time is scaled: `RATIO` real-life seconds pass in one. The fake's window, the bot's trust in it and all pauses keep
their proportions. Random decisions follow from the seed, the moments at which they meet the bot do not. A slow machine
makes a run longer and changes nothing else: what is waited for is an event, not a time in which it should have come.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path

from bot.clock import Clock
from tests.wire.bot_process import Life
from tests.wire.fake_discord import LOOK_EVERY, FakeDiscord
from tests.wire.judge import KINDS, Community, Firing, Verdict, judge, write_down
from tests.wire.nursery import Nursery
from tests.wire.report import Report
from tests.wire.rest import Request
from tests.wire.sabotage import MUTANTS, POINTS
from tests.wire.weeks import Weeks
from tests.wire.world import World

RATIO = 20
WINDOW = 120 / RATIO  # seconds: twice what the bot trusts it to be
TRUST = WINDOW / 2
FAULT_SHARE = 0.3
OUTAGE_SHARE = 0.1
FIRINGS_A_KILL = 4.5
KILLS_A_WEEK = 13  # whose six steps are seldom seen to be done in one life each
LONGEST_LIFE = 1.6  # seconds, from the first connection; that may take much longer on a slow machine
LONGEST_YOUTH = 0.6  # for those that die while they start
DUE_WITHIN = 2.0  # seconds, so that some comes due in a later life or while Discord is away
CONNECTING_LIMIT = 60.0
# A life that is to leave behind what only the history can tell is waited for: a try that hangs takes TRUST.
POINT_LIMIT = 30.0
KILLED = -9
CATCH_UP_SECONDS = 180.0
SOON = timedelta(minutes=1)
QUIET_SECONDS = 3.0  # without a request, when nothing is left to do
TRACED, TRACE_LINES = 3, 60
MESSAGES = ("post", "direct_message")
EFFECT_KINDS = (*MESSAGES, "open_thread", "open_room", "add_role", "remove_role", "create_event")
UNSEEN = ("at discord", "after request")  # Discord has done it, and the bot does not know


@dataclass(frozen=True)
class Options:
    kills: int
    seed: int
    mutant: str | None = None
    fault_share: float = FAULT_SHARE
    outage_share: float = OUTAGE_SHARE
    kinds: tuple[str, ...] = KINDS  # none: only challenges
    with_challenges: bool = True
    stop_when_guilty: bool = False  # for mutants: what is twice there, or was never planned, stays so
    say: Callable[[str], None] | None = None


@dataclass(frozen=True)
class Outage:
    seconds: float
    survived: bool  # it comes in the middle of a life, not after it


class Chaos:
    """One run. The same seed makes the same decisions."""

    def __init__(self, options: Options, discord: FakeDiscord, nursery: Nursery, folder: Path) -> None:
        self._options = options
        self._discord = discord
        self._nursery = nursery
        self._folder = folder
        self._chance = random.Random(options.seed)
        self._report = Report(
            options.seed, firings=round(options.kills * FIRINGS_A_KILL) if options.kinds else 0
        )
        community = Community.in_world(discord.world)
        self._to_plan = community.plan(self._report.firings, self._chance, options.kinds)
        self._firings: list[Firing] = []
        self._aimed_at: Counter[tuple[str, str]] = Counter()  # points and kinds
        self._file = folder / "lyceum.db"
        self._database = f"sqlite:///{self._file}"
        weeks = max(1, round(options.kills / KILLS_A_WEEK)) if options.with_challenges else 0
        self._report.weeks = weeks
        self._weeks = Weeks(discord, self._database, weeks, self._move_clock)
        self._move_clock()

    async def run(self) -> Report:
        options, report, loop = self._options, self._report, asyncio.get_running_loop()
        began = loop.time()
        rest = self._discord.rest
        rest.hang_seconds = TRUST * 1.5  # longer than a try may take
        rest.retry_after = 1.0  # the bot's naps are scaled already
        rest.latest = TRUST * 0.9
        rest.latency = 0.02
        outages = self._choose_outages()
        if options.with_challenges:
            await self._weeks.prepare()
        number = 0
        while report.kills < options.kills and number < options.kills * 3 and not self._is_settled_already():
            await self._live_and_die(outages.get(number))
            number += 1
            if options.say and number % 10 == 0:
                options.say(f"{report.kills} kills, {loop.time() - began:.0f} s; {self._verdict()}")
        await self._plan(len(self._to_plan))
        await self._live_on()
        report.seconds = loop.time() - began
        self._sum_up()
        return report

    def _choose_outages(self) -> dict[int, Outage]:
        """By the life: half of them outlast the nonce window, and half of those are after a death."""
        options, chance = self._options, self._chance
        count = max(2, round(options.kills * options.outage_share)) if options.outage_share else 0
        lives = chance.sample(range(1, max(count + 1, options.kills - 1)), count)
        return {
            life: Outage(
                seconds=chance.uniform(1.05, 1.4) * WINDOW if at % 2 == 0 else chance.uniform(0.1, 1.0),
                survived=at % 4 >= 2,
            )
            for at, life in enumerate(lives)
        }

    def _is_settled_already(self) -> bool:
        if not self._options.stop_when_guilty:
            return False
        verdict = self._verdict()
        return bool(verdict.doubled or verdict.strange)

    async def _plan(self, count: int) -> list[Firing]:
        """Write down the next so many firings. No bot may live meanwhile."""
        fresh, self._to_plan = self._to_plan[:count], self._to_plan[count:]
        over = timedelta(seconds=self._chance.uniform(0, DUE_WITHIN))
        await write_down(self._database, Clock(self._discord.world.now), fresh, over)
        self._firings += fresh
        return fresh

    async def _live_and_die(self, outage: Outage | None) -> None:
        chance, nursery, rest, gateway = (
            self._chance,
            self._nursery,
            self._discord.rest,
            self._discord.gateway,
        )
        lives = self._report.kills + 1
        await self._weeks.go_on()
        fresh = await self._plan(round(lives * FIRINGS_A_KILL) - len(self._firings))
        leaves_unseen = outage is not None and not outage.survived
        aim = self._aim(fresh, unseen=leaves_unseen) if leaves_unseen or chance.random() < 0.5 else None
        dies_young = aim is None and outage is None and chance.random() < 0.3
        seconds = chance.uniform(0.05, LONGEST_YOUTH) if dies_young else chance.uniform(0, LONGEST_LIFE)
        if aim is not None:
            seconds = POINT_LIMIT if leaves_unseen else LONGEST_LIFE
            if aim[0] == "at discord":
                rest.on_done = self._kill_when_done(aim[1])
        sessions = len(gateway.identifies)
        await nursery.bear(self._life(aim if rest.on_done is None else None))
        end = asyncio.create_task(nursery.end(seconds=CONNECTING_LIMIT + POINT_LIMIT + 2 * WINDOW))
        if not dies_young:
            await _while_going_on(end, lambda: len(gateway.identifies) == sessions, seconds=CONNECTING_LIMIT)
        if outage is not None and outage.survived:
            await asyncio.wait({end}, timeout=chance.uniform(0, 1))
            await self._be_away(outage.seconds)
        await asyncio.wait({end}, timeout=seconds)
        nursery.kill()
        self._note_end(await end)
        rest.on_done = None
        if outage is not None and not outage.survived:
            await self._be_away(outage.seconds)

    def _aim(self, fresh: list[Firing], *, unseen: bool) -> tuple[str, str] | None:
        """At which point of which of these effects to die: where it was tried least."""
        kinds = {each.effect_kind.value for each in fresh} | self._weeks.kinds_due
        if unseen and kinds.intersection(MESSAGES):
            kinds.intersection_update(MESSAGES)
        pairs = list(product(UNSEEN if unseen else POINTS, sorted(kinds)))
        if not pairs:
            return None
        self._chance.shuffle(pairs)
        aim = min(pairs, key=lambda pair: self._aimed_at[pair])
        self._aimed_at[aim] += 1
        return aim

    def _note_end(self, status: int) -> None:
        if status == KILLED:
            self._report.kills += 1
        elif status == 2:
            self._report.refused_starts += 1
        else:
            self._report.crashes[status] += 1

    def _kill_when_done(self, kind: str) -> Callable[[Request], None]:
        def kill(request: Request) -> None:
            if effect_kind(self._discord.world, request) == kind:
                self._discord.rest.on_done = None
                self._report.points["at discord"] += 1
                self._nursery.kill()

        return kill

    async def _be_away(self, seconds: float) -> None:
        self._report.outages += 1
        self._report.long_outages += seconds > WINDOW
        await self._discord.go_away()
        await asyncio.sleep(seconds)
        self._discord.come_back()

    async def _live_on(self) -> None:
        """The last life is left alone until there is nothing left to do, neither for the bot nor at Discord.

        What came too often or not at all stays so, however long this waits. Only an event that was created twice is
        right later on, since the bot looks at it once more when no copy can arrive any more.
        """
        limit = CATCH_UP_SECONDS
        sessions = len(self._discord.gateway.identifies)
        longest = limit * (2 + self._report.weeks)
        await self._nursery.bear(replace(self._life(None), seconds=round(longest)))
        end = asyncio.create_task(self._nursery.end(seconds=longest))
        going = await _while_going_on(
            end,
            lambda: not self._is_over(),
            seconds=limit,
            doing=partial(self._weeks.go_on, lambda: not self._tried_and_open()),
            progress=lambda: self._weeks.steps_taken,
        )
        if going:
            await _while_going_on(
                end, lambda: len(self._discord.gateway.identifies) == sessions, seconds=CONNECTING_LIMIT
            )
            await self._weeks.look()
            self._nursery.ask_to_end()
        if (status := await end) != 0:
            self._report.crashes[status] += 1

    def _is_over(self) -> bool:
        if self._is_settled_already():
            return True
        rest = self._discord.rest
        quiet = self._discord.world.now() - rest.last_at >= timedelta(seconds=QUIET_SECONDS)
        if not quiet or rest.busy or self._left_to_do():
            return False
        return self._weeks.is_stuck or (self._weeks.is_over and bool(self._verdict()))

    def _left_to_do(self) -> int:
        """What the bot still means to do soon. Only when to look is taken from its tables, never what happened."""
        soon = f"{self._discord.world.now() + SOON:%Y-%m-%d %H:%M:%S.%f}"
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as database:
            (count,) = database.execute(
                "SELECT (SELECT count(*) FROM outbox WHERE outcome IS NULL)"
                " + (SELECT count(*) FROM jobs WHERE outcome IS NULL AND run_at <= :soon)"
                " + (SELECT count(*) FROM schedules WHERE next_run_at <= :soon)",
                {"soon": soon},
            ).fetchone()
        return count

    def _tried_and_open(self) -> int:
        """How many effects have been tried and have no end yet. Between two tries of discord.py's own, no day may pass:
        the nonce by which Discord knows the second again would be forgotten, as it never is within a second."""
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as database:
            query = "SELECT count(*) FROM outbox WHERE outcome IS NULL AND first_try_at IS NOT NULL"
            (count,) = database.execute(query).fetchone()
        return count

    def _life(self, die_at: tuple[str, str] | None) -> Life:
        return Life(
            url=self._discord.url,
            database=self._database,
            folder=str(self._folder),
            ratio=RATIO,
            die_at=die_at,
            mutant=self._options.mutant,
            movable_clock=True,
        )

    def _move_clock(self) -> None:
        """Tell the bot what time it is at Discord."""
        file = self._folder / "offset"
        with file.open("r+b" if file.exists() else "w+b") as opened:
            opened.write(f"{self._discord.world.offset.total_seconds():<31.3f}".encode())

    def _verdict(self) -> Verdict:
        verdict = judge(
            self._firings, self._discord.world, but=self._weeks.channels, but_roles=self._weeks.roles
        )
        self._weeks.judge(verdict)
        return verdict

    def _sum_up(self) -> None:
        report, discord = self._report, self._discord
        report.verdict = self._verdict()
        report.faults = discord.faults.hits
        report.nonce_hits = discord.world.nonce_hits
        report.looks = len(discord.rest.asked("history"))
        report.requests = len(discord.rest.log)
        report.events_taken_back = sum(each.deleted for each in discord.world.events)
        for name in (*report.verdict.doubled, *report.verdict.lost)[:TRACED]:
            report.traces += self._trace(name)
        diary = self._folder / "diary"
        if diary.exists():
            for line in diary.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                if "died" in entry:
                    report.points[entry["died"][0]] += 1

    def _trace(self, name: str) -> list[str]:
        firing = next((each for each in self._firings if each.name == name), None)
        if firing is None:
            return [f"{name}: a challenge's"]
        about = [
            f"  {each.at:%H:%M:%S.%f} {each.route}: {each.fault or 'well'}, status {each.status}, "
            f"done {f'{each.done_at:%H:%M:%S.%f}' if each.done_at else 'never'}"
            for each in self._discord.rest.log
            if name in json.dumps(each.body)
            or (firing.kind == "role" and each.ids.items() >= _ids_of(firing).items())
        ]
        return [f"{name}:", *about[:TRACE_LINES]]


def _ids_of(firing: Firing) -> dict[str, int]:
    return {"member": firing.member_id or 0, "role": firing.role_id or 0}


def effect_kind(world: World, request: Request) -> str | None:
    """Which kind of effect a request carries out."""
    if request.route == "create_message":
        return "direct_message" if world.channels[request.ids["channel"]].type == 1 else "post"
    return {
        "create_thread": "open_thread",
        "start_thread": "open_room",
        "edit_message": "edit",
        "add_role": "add_role",
        "remove_role": "remove_role",
        "create_event": "create_event",
    }.get(request.route)


async def _while_going_on(
    end: asyncio.Task[int],
    condition: Callable[[], bool],
    *,
    seconds: float,
    doing: Callable[[], Awaitable[None]] | None = None,
    progress: Callable[[], int] = lambda: 0,
) -> bool:
    """Waits while the condition holds and the life goes on. Whether it still goes on.

    It waits so many seconds at most, counted from when there was progress last.
    """
    loop = asyncio.get_running_loop()
    limit, reached = loop.time() + seconds, progress()
    while condition() and not end.done() and loop.time() < limit:
        if progress() != reached:
            limit, reached = loop.time() + seconds, progress()
        if doing is not None:
            await doing()
        await asyncio.sleep(LOOK_EVERY)
    return not end.done()


async def run(options: Options, nursery: Nursery, folder: Path) -> Report:
    """A whole run in this folder, on a fake Discord of its own."""
    window = timedelta(seconds=WINDOW)
    async with FakeDiscord(
        seed=options.seed, fault_share=options.fault_share, nonce_window=window
    ) as discord:
        return await Chaos(options, discord, nursery, folder).run()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None, help="the same seed makes the same decisions")
    parser.add_argument(
        "--mutant", choices=sorted(MUTANTS), default=None, help="the bot with a guarantee taken out"
    )
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**6)
    options = Options(kills=given.kills, seed=seed, mutant=given.mutant, say=_say)
    with tempfile.TemporaryDirectory(prefix="lyceum-chaos-") as folder, Nursery() as nursery:
        report = asyncio.run(run(options, nursery, Path(folder)))
    _say(str(report))
    return 0 if report.verdict and not report.void() else 1


if __name__ == "__main__":
    sys.exit(main())
