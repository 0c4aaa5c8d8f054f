"""Every slash command in the pages exists in just those words, and answers somebody who may use it.

One community, all commands: what a page shows with options is used with them, what a command asks for besides is filled
in. A page that shows a command that is gone, or misspelt, fails; so does one that Lyceum refuses to whoever may use it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.counters import counters
from bot.invite import MODERATION_PERMISSIONS
from sandbox.furnish import set_up
from sandbox.people import Person
from sandbox.seen import Answer
from storage.database import Database
from tests.behaviour import challenges, kudos, rotas
from tests.docs.pages import GUIDES, PAGES, Page
from tests.shell import LyceumWorld, lyceum_world

ENDPOINTS = {"/healthz", "/metrics"}  # of HTTP, not of Discord
_BARE = re.compile(r"(?<![\w`/.<>~-])/([a-z]+)((?: [a-z-]+){0,2})")
_SUB, _GROUP, _PERSON, _CHANNEL, _NUMBER, _FILE = 1, 2, 6, 7, 4, 11
"""Discord's types of options."""

FILLED_IN = {
    "reason": "They asked for it themselves",
    "what-for": "You explained medians with a bag of beans",
    "text": "Speaks three languages",
    "until": "friday",
    "length": "1 hour",
    "every": "10 seconds",
}
"""What people type where a command asks and the page shows no option."""


REFUSED_HERE = {
    "manage streaks": "NotFound",  # Cleo has done nothing yet
    "mod raid act": "NotFound",  # there is no lockdown
    "mod restrict": "NotConfigured",  # no role for restrictions is chosen
}
"""What has nothing to work on in this community and says so."""


@dataclass(frozen=True)
class Shown:
    """A command as a page shows it: its words, and the options behind them."""

    words: str
    options: tuple[tuple[str, str], ...] = ()


def shown_on(page: Page) -> Iterator[Shown]:
    """The commands in code."""
    for code in page.codes:
        if not re.match(r"/[a-z]", code) or code in ENDPOINTS or "/" in code[1:]:
            continue
        words, *options = re.split(r" (?=[a-z-]+:)", code[1:])
        yield Shown(
            words, tuple((name, value) for name, _, value in (each.partition(":") for each in options))
        )


@dataclass(frozen=True)
class Tree:
    """The commands as Discord has them: those that can be used with their options, groups, and menus."""

    commands: dict[str, dict[str, Any]]
    groups: set[str]
    menus: dict[str, int]

    @classmethod
    def of(cls, world: LyceumWorld) -> Tree:
        tree = cls({}, set(), {})
        for command in world.bot.tree.get_commands():
            payload = command.to_dict(world.bot.tree)
            if payload["type"] == 1:
                tree._add(payload, str(payload["name"]))
            else:
                tree.menus[str(payload["name"])] = int(payload["type"])
        return tree

    def _add(self, part: dict[str, Any], words: str) -> None:
        options = part.get("options") or []
        inner = [each for each in options if each["type"] in (_SUB, _GROUP)]
        if not inner:
            self.commands[words] = {str(each["name"]): each for each in options}
            return
        self.groups.add(words)
        for each in inner:
            self._add(each, f"{words} {each['name']}")


def all_shown() -> dict[Shown, str]:
    """What is shown, and on which page first."""
    return {shown: page.name for page in reversed(GUIDES) for shown in shown_on(page)}


def unknown(shown: Iterable[Shown], tree: Tree) -> list[Shown]:
    """What is no command and no group, or has an option that the command has not."""
    return [
        each
        for each in shown
        if (each.words not in tree.commands and each.words not in tree.groups)
        or not {name for name, _ in each.options} <= tree.commands.get(each.words, {}).keys()
    ]


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    permissions = discord.Permissions(MODERATION_PERMISSIONS)
    async with lyceum_world(sqlite_database, permissions=permissions) as opened:
        yield opened


async def liven_up(world: LyceumWorld) -> None:
    """So much life that there is something to use each command on."""
    ben, cleo = world.member, world.people["Cleo"]
    await set_up(world)
    await challenges.choose_channels(world, world.weekly)
    await challenges.write(world)
    await challenges.open_now(world, "Knots")
    await challenges.join(world, ben, challenges.posts(world, world.weekly)[-1])
    await kudos.meet(world, ben, cleo)
    await rotas.make(world)
    await rotas.join(world, ben, cleo)
    await world.slash(
        world.facilitator, world.staff, "manage rituals add", ritual="weekly-question", channel=world.weekly
    )


class Users:
    """Whoever may use a command, and what they fill in."""

    def __init__(self, world: LyceumWorld) -> None:
        self._world = world
        self._banned: Person | None = None

    def who(self, words: str) -> Person:
        """Staff for what is theirs, and a plain member for the rest."""
        first = words.partition(" ")[0]
        if words in ("mod automod", "mod filters"):
            return self._world.people["Olive"]
        if first in ("manage", "setup"):
            return self._world.facilitator
        return self._world.moderator if first == "mod" else self._world.member

    async def use(self, shown: Shown, options: dict[str, dict[str, Any]]) -> Answer:
        """Use it as the page shows it, and fill in what it asks for besides."""
        world, words = self._world, shown.words
        person = self.who(words)
        place = world.staff if person is not world.member else world.general
        given = {name: self._meant(value, options[name]) for name, value in shown.options}
        if words == "manage rota cover":
            given["who"] = world.people["Cleo"]  # one of two that are optional must be there
        for name, option in options.items():
            if option.get("required") and name not in given:
                given[name] = await self._filled_in(person, words, option)
        return await world.slash(person, place, words, **given)

    def _meant(self, value: str, option: dict[str, Any]) -> Any:
        if option["type"] == _CHANNEL:
            return self._world.channels[value.removeprefix("#")]
        return int(value) if option["type"] == _NUMBER else value

    async def _filled_in(self, person: Person, words: str, option: dict[str, Any]) -> Any:
        world, name, kind = self._world, str(option["name"]), option["type"]
        if kind == _PERSON:
            return await self._somebody(words)
        if kind == _CHANNEL:
            return world.general
        if kind == _NUMBER:
            return 1
        if kind == _FILE:
            return ("challenges.toml", b"format = 1\n")
        if option.get("autocomplete"):
            choices = await person.autocomplete(world.staff, words, name, "")
            if choices:
                return choices[0]["value"]
        return FILLED_IN[name]

    async def _somebody(self, words: str) -> Any:
        """Cleo; in moderation somebody new, because who was banned cannot be warned."""
        if not words.startswith("mod "):
            return self._world.people["Cleo"]
        if words == "mod unban" and self._banned is not None:
            return self._banned.user  # who was banned is no member any more
        somebody = await self._world.join(f"Newcomer {len(self._world.people)}")
        self._banned = somebody if words == "mod ban" else self._banned
        return somebody


async def test_every_command_in_the_pages_exists_and_answers_who_may_use_it(world: LyceumWorld) -> None:
    await liven_up(world)
    tree, pages = Tree.of(world), all_shown()
    assert unknown(pages, tree) == []
    assert len(pages) > 60
    users, refused = Users(world), dict[str, str]()
    # As they depend on each other: a ban before it is lifted, a lock before it is opened; whoever leaves does it last.
    for shown in sorted(pages, key=lambda each: (each.words.endswith("leave"), each.words)):
        if shown.words in tree.groups:
            continue
        before = counters.errors.copy()
        answer = await users.use(shown, tree.commands[shown.words])
        assert answer.answered and answer.text and not answer.thinking, (pages[shown], shown)
        for kind in counters.errors - before:
            refused[shown.words] = kind
    assert refused == REFUSED_HERE
    world.check_interactions()


async def test_what_stands_in_a_menu_is_told_of_and_answers(world: LyceumWorld) -> None:
    menus = Tree.of(world).menus
    italic = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)")
    named = {" ".join(found.split()) for page in GUIDES for found in italic.findall(page.prose)}
    assert menus.keys() <= named
    ben, cleo = world.member, world.people["Cleo"]
    theirs = await world.say(cleo, world.general, "I drew the bus stops by hand.")
    own = await world.say(ben, world.general, "A table of tides.")
    for name, kind in menus.items():
        message = own if name in ("Add to show-and-tell", "Request review") else theirs
        answer = await world.menu(ben, world.general, name, cleo if kind == 2 else message)
        assert answer.answered and answer.text, name


async def test_a_command_that_is_named_without_code_exists_too(world: LyceumWorld) -> None:
    tree = Tree.of(world)
    roots = {each.split()[0] for each in (*tree.commands, *tree.groups)}
    named = {
        (page.name, found[1])
        for page in PAGES
        for found in _BARE.finditer(re.sub(r"`[^`]+`|\]\([^)]+\)|https?:\S+", " ", page.prose))
    }
    assert {each for each in named if each[1] not in {*roots, "proc"}} == set()


async def test_a_command_that_is_gone_or_misspelt_is_found(world: LyceumWorld, tmp_path: Path) -> None:
    tree, page = Tree.of(world), tmp_path / "page.md"
    for code, is_wrong in (
        ("/setup start", False),
        ("/setup begin", True),
        ("/setup start again", True),
        ("/quest status now:yes", True),
        ("/manage rituals add ritual:x place:#weekly", True),
        ("/me", False),
    ):
        page.write_text(f"Type `{code}`.", encoding="utf-8")
        assert bool(unknown(shown_on(Page(str(page))), tree)) is is_wrong, code
