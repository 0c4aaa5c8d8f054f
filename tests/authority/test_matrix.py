"""Nobody can do what is not theirs: everything that can be reached from any command, tried by everybody else first.

The matrix makes itself: each command of the tree and each control, menu and form that a facilitator, a moderator and a
member come to from there is sent, exactly as they would send it, by people who may not: a member, a moderator (what is
the facilitators'), somebody who had the role when the card was drawn, the owner of another server, somebody in a DM. Then
the rightful person does it, which shows that there was something to be done. A feature that comes later is in it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from discord.app_commands import ContextMenu
from simcord.backend.models import Message
from simcord.builders import UserHandle

from bot.cards import Card, Text
from bot.counters import counters
from bot.extensions import list_features
from bot.features import feature_of
from sandbox.people import Person
from sandbox.seen import Answer
from sandbox.server import Channel
from storage.footprint import models
from tests.authority.crawl import COMMAND, CONTROL, FORM, Act, Crawl, send
from tests.authority.seeds import SEEDS
from tests.behaviour.moderation import moderated
from tests.behaviour.quests import LyceumWorld, OpenWorld
from tests.shell import post_card

FACILITATORS, MODERATORS = ("manage", "setup"), ("mod",)
FACILITATORS_TOO = ("mod automod", "mod filters")  # among moderators' commands
FACILITATORS_CALLED = ("mod reports",)  # to which they are called when no moderator comes
PROTECTING = frozenset({"appeals", "automod", "filters", "moderation", "raids", "reports"})
SHELL = "shell"
MOST_MISSED = 0.5  # of a feature's controls may be out of the crawl's reach; they are made up instead
# Controls that stand on cards of staff too and change only what is one's own.
ANYBODYS = ("zone:", "notify:", "support:", "avoid:")

CONSEQUENCES = {"rota:volunteer.join": "who joins is drawn for turns that nobody was told of yet"}
"""Controls by which a member may change what is noted of another, and why that is as it should be."""

Rows = Mapping[str, Counter[tuple[Any, ...]]]


# What goes on beside: of work only whether there is more of it, and nothing of what is counted in the background.
_WORK = {"jobs": "id, guild_id, name", "outbox": "id, guild_id, key"}
_COUNTS = frozenset({"raid_hours"})


class Watch:
    """What changed: in the database, and at Discord beyond the answer to whoever tried."""

    def __init__(self, world: LyceumWorld) -> None:
        self.world = world
        self._file = sqlite3.connect(world.database.url.database or "")
        self._tables = [each.__tablename__ for each in models()]
        self._seen = 0
        self._rows: Rows = {}
        self.changed()

    def close(self) -> None:
        self._file.close()

    def changed(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows that came or went since the last time, by table, and under "Discord" what was asked of it."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        log = self.world.faults.log
        asked = [each for each in log[self._seen :] if each.method != "GET" and not _is_answer(each.path)]
        self._seen = len(log)
        if asked:
            found["Discord"] = [(str(each),) for each in asked]
        version = self._file.execute("PRAGMA data_version").fetchone()
        if version != getattr(self, "_version", None):
            self._version = version
            before, self._rows = self._rows, self._read()
            for table, rows in self._rows.items():
                old = before.get(table, Counter())
                if rows != old:
                    found[table] = [*(rows - old), *(old - rows)]
        return found

    def gone(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows that are not any more what they were the last time."""
        before = self._rows
        self.changed()
        return {
            table: [*(rows - self._rows[table])]
            for table, rows in before.items()
            if rows != self._rows[table]
        }

    def _read(self) -> Rows:
        return {
            table: Counter(self._file.execute(f'SELECT {_WORK.get(table, "*")} FROM "{table}"').fetchall())
            for table in self._tables
            if table not in _COUNTS
        }


def _is_answer(path: str) -> bool:
    return path.startswith(("/interactions/", "/webhooks/"))


@dataclass
class Others:
    """Who tries what is not theirs."""

    world: LyceumWorld
    elsewhere: Channel
    other_owner: Person
    former: Person
    stranger: Person
    card: Message
    reached: set[str] = field(default_factory=set[str])
    attempts: int = 0
    effective: int = 0
    escalations: list[str] = field(default_factory=list[str])

    @property
    def told(self) -> str:
        """The first escalations, a line each."""
        return "\n".join(self.escalations[:20])


async def gather(world: LyceumWorld) -> Others:
    """Somebody who was staff until a moment ago, and the owner of another server in which the bot is too."""
    former = await world.join("Fia")
    for role in ("Facilitator", "Moderator"):
        await world.give_role(former, world.roles[role])
        await world.take_role(former, world.roles[role])
    user = world.env.create_user("zed", global_name="Zed")
    guild = world.env.create_guild("Elsewhere", owner=user)
    channel = guild.create_text_channel("den")
    await world.settle()
    posted = await post_card(world, world.general, Card((Text("Somebody's card"),)))
    card = world.env.backend.get_message(posted.channel_id, posted.id)
    return Others(world, channel, Person(world.env, guild, user), former, await world.join("Gil"), card)


class Matrix:
    """Lets the others try each act before the rightful person does it."""

    def __init__(self, others: Others, watch: Watch, rightful: Person) -> None:
        self.others = others
        self.world = others.world
        self.watch = watch
        self.rightful = rightful

    async def staff(self, act: Act) -> None:
        """What comes from a command of staff."""
        if act.name.startswith(ANYBODYS):
            return
        members = [self.others.stranger, self.others.former]
        if act.root.startswith((*FACILITATORS, *FACILITATORS_TOO)):
            members.append(self.world.moderator)
        elif act.root.startswith(MODERATORS) and not act.root.startswith(FACILITATORS_CALLED):
            members.append(self.world.facilitator)
        for person in members:
            await self._refused(person, act)
        await self._from_elsewhere(act)

    async def member(self, act: Act) -> None:
        """What comes from a command of everybody: another member's things stay as they are."""
        stranger = self.others.stranger
        is_private = act.source is not None and act.source.is_ephemeral
        if act.kind != COMMAND and is_private and act.control not in CONSEQUENCES:
            answer = await self._try(stranger, act)
            mine = [
                f"{table}: {row}"
                for table, rows in self.watch.gone().items()
                for row in rows
                if self.rightful.id in row
            ]
            self._note(act, stranger, answer, mine)
        await self._from_elsewhere(act)

    async def forged(self, control: str) -> None:
        """What no card has shown: somebody makes it up, and at most changes what is their own."""
        stranger = self.others.stranger
        name = f"{control}:1"
        acts = [
            Act("made up", name, CONTROL, {"custom_id": name, "component_type": 3, "id": 1, "values": ["1"]}),
            Act("made up", name, FORM, {"custom_id": name, "components": [], "resolved": {}}),
        ]
        for act in acts:
            answer = await self._try(stranger, act)
            changes = self.watch.changed().items()
            wrong = [f"{table}: {row}" for table, rows in changes for row in rows if stranger.id not in row]
            self._note(act, stranger, answer, wrong)
            await self._from_elsewhere(act)

    async def _refused(self, person: Person, act: Act) -> None:
        before = counters.errors.total()
        answer = await self._try(person, act)
        wrong = [f"{table}: {rows[:2]}" for table, rows in self.watch.changed().items()]
        if counters.errors.total() == before and answer.modal is None:
            wrong.append(f"it was not refused but answered: {answer.text[:200]!r}")
        self._note(act, person, answer, wrong)

    async def _from_elsewhere(self, act: Act) -> None:
        """By the owner of another server, who has every power there, and by whoever forges it in a DM."""
        zed = self.others.other_owner
        answer = await self._try(zed, act, self.others.elsewhere)
        wrong = [
            f"{table}: {row}"
            for table, rows in self.watch.changed().items()
            for row in rows
            if self.world.guild_id in row or (table == "Discord" and not self._is_their_own(row[0]))
        ]
        self._note(act, zed, answer, wrong)
        if act.kind != COMMAND:  # our commands exist in servers only
            answer = await self._try(zed.user, act)
            wrong = [
                f"{table}: {row}"
                for table, rows in self.watch.changed().items()
                for row in rows
                if table != "Discord" or not self._is_their_own(row[0])
            ]
            self._note(act, zed.user, answer, wrong)

    async def done(self, act: Act) -> None:
        """The rightful person has done it."""
        self.others.effective += bool(self.watch.changed())

    def _is_their_own(self, request: str) -> bool:
        """Whether it was asked for their own server or DM."""
        zed = self.others.other_owner
        places = [self.others.elsewhere.id, zed.guild.id, zed.user.dm_channel.id]
        return "/users/@me/channels" in request or any(str(each) in request for each in places)

    async def _try(self, who: Person | UserHandle, act: Act, channel: Channel | None = None) -> Answer:
        self.watch.changed()
        self.others.attempts += 1
        # On a card that everybody sees: an answer that redraws the card would otherwise redraw another's.
        return await send(self.world, who, replace(act, source=self.others.card), channel, ring=False)

    def _note(self, act: Act, who: Person | UserHandle, answer: Answer, wrong: list[str]) -> None:
        if not answer.answered:
            wrong.append("no answer")
        self.others.escalations += [f"{who.name} did {act}: {each}" for each in wrong]


def parts() -> list[str]:
    return [SHELL, *(each.rpartition(".")[2] for each in list_features())]


async def play(world: LyceumWorld, part: str) -> Others:
    """Everything of one feature, tried by everybody. A facilitator's part comes first, then a member's."""
    if part in SEEDS:
        await SEEDS[part](world)
    others = await gather(world)
    watch = Watch(world)
    for who, wanted in rounds(world, part):
        matrix = Matrix(others, watch, who)
        crawl = Crawl(world, who)
        await crawl.prepare()
        before = matrix.member if who is world.member else matrix.staff
        await crawl.run(await crawl.commands(wanted), before, matrix.done)
        others.reached |= crawl.reached
    for control in sorted(controls_of(world, part) - others.reached):
        await Matrix(others, watch, world.member).forged(control)
    watch.close()
    return others


def rounds(world: LyceumWorld, part: str) -> list[tuple[Person, Callable[[Any], bool]]]:
    """Who uses which commands of a feature."""

    def theirs(command: Any) -> bool:
        name = str(command.name if isinstance(command, ContextMenu) else command.qualified_name)
        return name.startswith((*FACILITATORS, *FACILITATORS_TOO))

    def of(*groups: str) -> Callable[[Any], bool]:
        return lambda command: (feature_of(command) or SHELL) == part and _group_of(command) in groups

    names = {each.name for each in world.bot.tree.get_commands()}
    members = names.difference(FACILITATORS, MODERATORS)
    staff = of(*FACILITATORS, *MODERATORS)
    return [
        (world.facilitator, lambda command: staff(command) and theirs(command)),
        (world.moderator, lambda command: staff(command) and not theirs(command)),
        (world.member, of(*members)),
    ]


def _group_of(command: Any) -> str:
    return str(command.name if isinstance(command, ContextMenu) else command.qualified_name.split()[0])


def controls_of(world: LyceumWorld, part: str) -> set[str]:
    return {each for each in world.bot.components.names if each.split(":")[0] == part}


@pytest.mark.parametrize("part", sorted({*parts()} - PROTECTING))
async def test_nobody_can_do_what_is_not_theirs(community: LyceumWorld, part: str) -> None:
    others = await play(community, part)
    assert others.escalations == [], others.told
    assert unproven(community, part, others) == []


@pytest.mark.parametrize("part", sorted(PROTECTING))
async def test_nobody_can_do_what_is_not_theirs_where_the_bot_may_ban(
    open_world: OpenWorld, part: str
) -> None:
    async with moderated(open_world) as world:
        others = await play(world, part)
        assert others.escalations == [], others.told
        assert unproven(world, part, others) == []


def unproven(world: LyceumWorld, part: str, others: Others) -> list[str]:
    """Why that nobody could do it shows nothing: a change of how cards are drawn could leave the matrix empty."""
    controls = controls_of(world, part)
    missed = sorted(controls - others.reached)
    reasons = [f"not reached: {missed}"] if len(missed) > MOST_MISSED * len(controls) else []
    if controls and others.effective < 2:
        reasons.append("the rightful people could not do it either")
    return reasons


async def test_a_check_that_is_missing_is_found(
    community: LyceumWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.showcase.digests.require", lambda *_: None)
    others = await play(community, "showcase")
    assert any("showcase:staff.set" in each and each.startswith("gil") for each in others.escalations)
