"""Kills the real bot again and again while Discord has bad days, and asks Discord what became of it all.

    python -m tests.wire.chaos --kills 200

Each life ends by SIGKILL, at a random time or at a named point of one effect's way; nearly a third of the requests
meet a fault; now and then Discord is away, sometimes for longer than it remembers nonces. Whatever was planned must
then be there once. A run that did not meet every kind of fault proves nothing and is void.

Time is scaled: `RATIO` real-life seconds pass in one. The fake's window, the bot's trust in it and all pauses keep
their proportions. Random decisions follow from the seed, the moments at which they meet the bot do not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, product
from pathlib import Path

from bot.clock import Clock
from tests.wire.bot_process import Life
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.faults import Fault
from tests.wire.judge import KINDS, Community, Firing, Verdict, judge, write_down
from tests.wire.nursery import Nursery
from tests.wire.rest import Request
from tests.wire.sabotage import MUTANTS, POINTS
from tests.wire.world import World

RATIO = 20
WINDOW = 120 / RATIO  # seconds: twice what the bot trusts it to be
TRUST = WINDOW / 2
FAULT_SHARE = 0.3
OUTAGE_SHARE = 0.1
FIRINGS_A_KILL = 4.5
SECONDS_A_LIFE = 1.7  # on average; the firings are spread over so much time
LONGEST_LIFE = 2.4
KILLED = -9
CATCH_UP_SECONDS = 90.0
TRACED, TRACE_LINES = 3, 60
EFFECT_KINDS = ("post", "direct_message", "open_thread", "add_role", "remove_role", "create_event")


@dataclass
class Report:
    """What was done to the bot, and the verdict."""

    seed: int
    verdict: Verdict = field(default_factory=Verdict)
    firings: int = 0
    kills: int = 0
    refused_starts: int = 0
    # Lives that ended by themselves, and not because Discord was away, by exit status.
    crashes: Counter[int] = field(default_factory=Counter[int])
    points: Counter[str] = field(default_factory=Counter[str])
    faults: Counter[Fault] = field(default_factory=Counter[Fault])
    outages: int = 0
    long_outages: int = 0
    nonce_hits: int = 0
    looks: int = 0
    requests: int = 0
    events_taken_back: int = 0
    seconds: float = 0.0
    traces: list[str] = field(default_factory=list[str])  # what was asked about a few that went wrong

    def void(self) -> list[str]:
        """Why the run proves nothing, if so."""
        missing = [f"no fault of kind {each}" for each in Fault if not self.faults[each]]
        for what, count in (
            ("outage longer than the window", self.long_outages),
            ("message that was there already", self.nonce_hits),
            ("look into the history", self.looks),
            ("kill", self.kills),
        ):
            if not count:
                missing.append(f"no {what}")
        return missing

    def __str__(self) -> str:
        faults = ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items()))
        points = ", ".join(f"{point} {self.points[point]}" for point in POINTS)
        return "\n".join(
            (
                f"seed {self.seed}: {self.kills} kills ({points}), {self.firings} firings, {self.seconds:.0f} s",
                f"outages {self.outages}, of which longer than the nonce window {self.long_outages}",
                f"starts refused meanwhile {self.refused_starts}; crashes {dict(self.crashes) or 'none'}",
                f"requests {self.requests}; faults {self.faults.total()}: {faults}",
                f"messages sent again and recognised by nonce {self.nonce_hits}",
                f"looks into a history {self.looks}; events taken back {self.events_taken_back}",
                f"verdict: {self.verdict}",
                *(f"void: {each}" for each in self.void()),
                *self.traces,
            )
        )


@dataclass(frozen=True)
class Options:
    kills: int
    seed: int
    mutant: str | None = None
    fault_share: float = FAULT_SHARE
    outage_share: float = OUTAGE_SHARE
    kinds: tuple[str, ...] = KINDS
    stop_when_doubled: bool = False  # for mutants: what is twice there stays so
    say: Callable[[str], None] | None = None


class Chaos:
    """One run. The same seed makes the same decisions."""

    def __init__(self, options: Options, discord: FakeDiscord, nursery: Nursery, folder: Path) -> None:
        self._options = options
        self._discord = discord
        self._nursery = nursery
        self._folder = folder
        self._chance = random.Random(options.seed)
        self._report = Report(options.seed)
        self._firings: list[Firing] = []
        kinds = [
            each
            for each in EFFECT_KINDS
            if each in options.kinds or ("role" in options.kinds and "role" in each)
        ]
        pairs = list(product(POINTS, kinds))
        self._chance.shuffle(pairs)
        self._pairs = cycle(pairs)
        self._database = f"sqlite:///{folder / 'lyceum.db'}"

    async def run(self) -> Report:
        options, report, loop = self._options, self._report, asyncio.get_running_loop()
        began = loop.time()
        rest = self._discord.rest
        rest.hang_seconds = TRUST * 1.5  # longer than a try may take
        rest.retry_after = 1.0  # the bot's naps are scaled already
        rest.latest = TRUST * 0.9
        rest.latency = 0.02
        report.firings = round(options.kills * FIRINGS_A_KILL)
        self._firings = Community.in_world(self._discord.world).plan(
            report.firings, self._chance, options.kinds
        )
        over = timedelta(seconds=options.kills * SECONDS_A_LIFE)
        await write_down(self._database, Clock(lambda: datetime.now(UTC)), self._firings, over)
        outages = self._choose_outages()
        for number in range(options.kills * 3):
            if report.kills >= options.kills or self._is_settled_already():
                break
            await self._live_and_die(outages.get(number))
            if options.say and number % 10 == 9:
                options.say(f"{report.kills} kills, {loop.time() - began:.0f} s; {self._verdict()}")
        await self._live_on()
        report.seconds = loop.time() - began
        self._sum_up()
        return report

    def _choose_outages(self) -> dict[int, float]:
        """Which lives are followed by an outage of how many seconds: half of them outlast the nonce window."""
        kills = self._options.kills
        count = max(2, round(kills * self._options.outage_share)) if self._options.outage_share else 0
        lives = self._chance.sample(range(1, max(count + 1, kills - 1)), count)
        return {
            life: self._chance.uniform(1.05, 1.4) * WINDOW if at % 2 == 0 else self._chance.uniform(0.1, 1.0)
            for at, life in enumerate(lives)
        }

    def _is_settled_already(self) -> bool:
        return self._options.stop_when_doubled and bool(self._verdict().doubled)

    async def _live_and_die(self, outage: float | None) -> None:
        chance, nursery, rest = self._chance, self._nursery, self._discord.rest
        pair = next(self._pairs) if outage or chance.random() < 0.5 else None
        if outage and pair is not None:
            # What Discord has done and the bot does not know of is what an outage can make twice.
            pair = (chance.choice(("at discord", "after request")), pair[1])
        seconds = chance.uniform(0.2, LONGEST_LIFE)
        outlives_outage = chance.random() < 0.5
        inside = pair if pair and pair[0] != "at discord" else None
        if pair and inside is None:
            rest.on_done = self._kill_when_done(pair[1])
        await nursery.bear(self._life(inside))
        if outage and outlives_outage:
            await asyncio.sleep(min(1.0, seconds))
            await self._be_away(outage)
        status = await nursery.end(seconds=LONGEST_LIFE if pair else seconds)
        rest.on_done = None
        if status == KILLED:
            self._report.kills += 1
        elif status == 2:
            self._report.refused_starts += 1
        else:
            self._report.crashes[status] += 1
        if outage and not outlives_outage:
            await self._be_away(outage)

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
        """The last life is left alone until everything is there, then long enough for anything to come twice."""
        loop = asyncio.get_running_loop()
        end = loop.time() + CATCH_UP_SECONDS
        await self._nursery.bear(self._life(None))
        while loop.time() < end and not self._is_settled_already():
            await asyncio.sleep(0.2)
            if not self._verdict().lost and not self._discord.rest.late_ones:
                # An event is looked at once more when no copy of it can arrive: after the longest try and the trust.
                await asyncio.sleep(0 if self._is_settled_already() else 2 * WINDOW)
                break
        await until(lambda: self._discord.gateway.connected, seconds=20, what="the last bot is there")
        self._nursery.ask_to_end()
        status = await self._nursery.end(seconds=12)
        if status != 0:
            self._report.crashes[status] += 1

    def _life(self, die_at: tuple[str, str] | None) -> Life:
        return Life(
            url=self._discord.url,
            database=self._database,
            folder=str(self._folder),
            ratio=RATIO,
            die_at=die_at,
            mutant=self._options.mutant,
        )

    def _verdict(self) -> Verdict:
        return judge(self._firings, self._discord.world)

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
        firing = next(each for each in self._firings if each.name == name)
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
        "add_role": "add_role",
        "remove_role": "remove_role",
        "create_event": "create_event",
    }.get(request.route)


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
