"""What the tests of the configuration file share."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from sandbox.people import Person
from sandbox.seen import Answer
from tests.behaviour.quests import LyceumWorld


async def overview(world: LyceumWorld, person: Person | None = None) -> Answer:
    """Use /setup config without a file."""
    return await world.slash(person or world.facilitator, world.general, "setup config")


async def export(world: LyceumWorld) -> str:
    """The file that /setup config gives."""
    return world.file(await overview(world), "lyceum.toml").decode()


async def give(
    world: LyceumWorld, text: str | bytes, person: Person | None = None, name: str = "lyceum.toml"
) -> Answer:
    """Use /setup config with a file."""
    data = text.encode() if isinstance(text, str) else text
    return await world.slash(person or world.facilitator, world.general, "setup config", file=(name, data))


async def apply(world: LyceumWorld, card: Answer, person: Person | None = None) -> Answer:
    """Press Apply on a comparison."""
    return await world.press(person or world.facilitator, card, "setup:config.apply")


async def back(world: LyceumWorld) -> Answer:
    """Open /setup config and press the button that rolls the last version back."""
    return await world.press(world.facilitator, await overview(world), "setup:config.back")


async def standing(world: LyceumWorld) -> Mapping[str, Any]:
    """The configuration as a fresh file tells it."""
    return tomllib.loads(await export(world))


def with_line(text: str, key: str, value: str) -> str:
    """The file with another value for a key that it has once. Raises LookupError."""
    lines = text.splitlines()
    found = [at for at, line in enumerate(lines) if line.startswith(f"{key} = ")]
    if len(found) != 1:
        raise LookupError(f"{len(found)} lines for {key}")
    lines[found[0]] = f"{key} = {value}"
    return "\n".join(lines)
