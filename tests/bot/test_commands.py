"""The whole command tree, and every control on every card: within Discord's limits, and answered."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from discord.app_commands import ContextMenu

from bot.app import Lyceum
from bot.authority import Capability
from bot.cards import Text, custom_id
from bot.extensions import list_features
from bot.groups import HelpLine, SharedGroups, Topic, plain_command
from bot.help_card import help_card
from bot.i18n import Translations
from bot.settings import Settings
from bot.text import CHOICE_NAME, COMMAND_DESCRIPTION
from sandbox.faults import Request
from storage.database import Database
from tests.features import unload_feature
from tests.shell import LyceumWorld, lyceum_world

ROOT = Path(__file__).parents[2]
SYNC = ("PUT", "/applications/*/commands")
CONTROL = re.compile(r"[a-z_]+:[a-z_]+\.[a-z_]+")


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    async with lyceum_world(sqlite_database) as opened:
        yield opened


def payload(world: LyceumWorld) -> list[dict[str, Any]]:
    return [command.to_dict(world.bot.tree) for command in world.bot.tree.get_commands()]


def characters(part: Mapping[str, Any]) -> int:
    """What Discord counts: names, descriptions and values of a command and all within it."""
    own = (
        len(str(part.get("name", "")))
        + len(str(part.get("description", "")))
        + len(str(part.get("value", "")))
    )
    return own + sum(characters(each) for key in ("options", "choices") for each in part.get(key) or [])


def nested(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield part
    for each in part.get("options") or []:
        yield from nested(each)


async def test_the_tree_fits_discords_limits(world: LyceumWorld) -> None:
    commands = payload(world)
    assert len(commands) <= 100
    for command in commands:
        assert characters(command) <= 8000, command["name"]
        if command["type"] != 1:  # a menu of a message or member has a name in words and nothing else
            assert 1 <= len(command["name"]) <= 32
            continue
        for part in nested(command):
            assert re.fullmatch(r"[-_a-z0-9]{1,32}", part["name"])
            assert 1 <= len(part["description"]) <= COMMAND_DESCRIPTION
            assert len(part.get("options") or []) <= 25
            assert len(part.get("choices") or []) <= 25
            assert all(len(choice["name"]) <= CHOICE_NAME for choice in part.get("choices") or [])


async def test_commands_exist_in_servers_only_and_staff_commands_are_hidden(world: LyceumWorld) -> None:
    for command in payload(world):
        assert command["contexts"] == [0], command["name"]
        assert command["integration_types"] == [0], command["name"]
        hidden = command["name"] in ("manage", "setup", "mod")
        assert (command["default_member_permissions"] is not None) is hidden
        if command["name"] in ("manage", "setup"):
            assert int(command["default_member_permissions"]) == 1 << 5


async def test_each_line_of_help_names_a_command_that_exists(world: LyceumWorld) -> None:
    def paths(part: Mapping[str, Any], prefix: str) -> Iterator[str]:
        path = f"{prefix} {part['name']}"
        yield path.strip()
        for each in part.get("options") or []:
            if each["type"] in (1, 2):
                yield from paths(each, path)

    known = {f"/{path}" for command in payload(world) for path in paths(command, "")}
    lines = world.bot.groups.help_lines
    assert lines and {line.command for line in lines} <= known
    controls = {line.control for line in lines if line.control is not None}
    assert controls and controls <= world.bot.components.names


@pytest.mark.parametrize(
    ("name", "sees"), [("Ben", False), ("Milo", False), ("Farah", True), ("Olive", True)]
)
async def test_help_shows_what_one_may_do(world: LyceumWorld, name: str, sees: bool) -> None:
    answer = await world.slash(world.people[name], world.general, "help")
    assert answer.ephemeral and "/start" in answer.text and answer.message is not None
    offered = [label for select in answer.message.selects for label, _ in select.options]
    assert ("For facilitators" in offered) is sees
    world.check_interactions()


def syncs(world: LyceumWorld) -> list[Request]:
    return world.faults.requests(*SYNC)


async def test_commands_are_sent_once_and_again_only_when_they_changed(
    world: LyceumWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(syncs(world)) == 1
    await world.restart()
    await world.crash()
    await world.start_again()
    assert len(syncs(world)) == 1

    wire = Lyceum._wire

    def with_one_more(bot: Lyceum) -> None:
        wire(bot)
        bot.tree.add_command(plain_command("more", "One more", bot.help._open))

    monkeypatch.setattr(Lyceum, "_wire", with_one_more)
    await world.restart()
    await world.restart()
    assert len(syncs(world)) == 2
    monkeypatch.setattr(Lyceum, "_wire", wire)
    await world.restart()
    assert len(syncs(world)) == 3


async def test_a_bot_whose_commands_are_not_taken_runs_all_the_same_and_tries_again_at_the_next_start(
    world: LyceumWorld, caplog: pytest.LogCaptureFixture
) -> None:
    from storage import app_state

    async with world.while_down():
        database = Database(world.database.url.render_as_string())
        async with database.begin() as session:
            await app_state.put(session, "commands", "of an older version")
        await database.close()
        world.faults.status(503, *SYNC)
    assert "could not be synced" in caplog.text
    assert (await world.slash(world.member, world.general, "help")).answered
    world.forgive_errors()
    await world.restart()
    assert len(syncs(world)) == 3 and syncs(world)[-1].applied


def controls_in_the_code() -> set[str]:
    """Every text in the code that is a control's name, with the control that a digest or menu puts on a card."""
    found: set[str] = set()
    for folder in ("bot", "cogs"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Constant)
                    and isinstance(node.value, str)
                    and CONTROL.fullmatch(node.value)
                ):
                    found.add(node.value)
    return found


async def test_every_control_in_the_code_has_a_handler_and_every_handler_a_control(
    world: LyceumWorld,
) -> None:
    assert controls_in_the_code() == world.bot.components.names
    for name in world.bot.components.names:
        assert custom_id(name, 2**63 - 1)


async def test_a_control_has_one_owner(world: LyceumWorld) -> None:
    async def handler(*_: Any) -> None: ...

    for name in world.bot.components.names:
        with pytest.raises(ValueError, match="two handlers"):
            world.bot.components.register(name, handler)
    with pytest.raises(ValueError, match="not the id of a control"):
        world.bot.components.register("Not a name", handler)


async def test_a_feature_that_unloads_takes_everything_back_and_can_load_again(world: LyceumWorld) -> None:
    bot = world.bot
    before = bot.components.names, set(bot.groups.help_lines), [page.number for page in bot.setup_card.pages]
    for feature in list_features():
        await world.in_bot(lambda name=feature: unload_feature(bot, name))
    shell = Lyceum(Settings(), world.database, ring=False)
    assert bot.components.names == shell.components.names
    assert [each.name for each in bot.tree.get_commands() if isinstance(each, ContextMenu)] == []
    assert bot.setup_card.pages == shell.setup_card.pages
    parts = bot.config_card.parts
    assert parts.all == ()
    for feature in list_features():
        await world.in_bot(lambda name=feature: bot.load_feature(name))
    assert bot.components.names == before[0] and [page.number for page in bot.setup_card.pages] == before[2]
    assert set(bot.groups.help_lines) == before[1]
    assert {part.table for part in parts.all} >= {"charter", "rituals", "profiles"}
    with pytest.raises(ValueError, match="two parts"):
        parts.add(parts.all[0])


def test_help_has_a_block_for_each_kind_of_staff() -> None:
    groups = SharedGroups()
    groups.list_help(
        HelpLine("Take part", "/start"),
        HelpLine("Judge", "/mod case", Capability.MODERATE),
        HelpLine("Run it", "/manage jobs", Capability.FACILITATE),
    )
    t = Translations().for_locale("en")

    def shown(chosen: Topic | Capability, *capabilities: Capability) -> str:
        items = help_card(groups.help_lines, capabilities, t, chosen).items
        return "\n".join(item.content for item in items if isinstance(item, Text))

    assert "/start" in shown(Topic.HOME)
    assert "/mod case" in shown(Capability.MODERATE, *Capability)
    assert "/manage jobs" not in shown(Capability.MODERATE, *Capability)
    # Who forges the choice of what is not theirs sees the first card.
    assert "/mod case" not in shown(Capability.MODERATE)
    assert "What would you like to do?" in shown(Capability.FACILITATE, Capability.MODERATE)


def test_a_group_without_commands_is_not_shown() -> None:
    added: list[str] = []

    class Tree:
        def add_command(self, group: Any, **_: Any) -> None:
            added.append(group.name)

    groups = SharedGroups()
    groups.attach(groups.manage, plain_command("jobs", "x", lambda _: None))  # type: ignore[arg-type,return-value]
    groups.put_into(Tree())  # type: ignore[arg-type]
    assert added == ["manage"]
