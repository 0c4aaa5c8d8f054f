"""The quests that come with Lyceum: TOML in this folder, read and checked once."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from cogs.onboarding.definition import DefinitionError, QuestDefinition, faults, from_json

STARTER = "first"
"""The key of the quest that newcomers are offered."""


@cache
def shipped_quests() -> dict[str, QuestDefinition]:
    """By key, the starter first. Raises `DefinitionError`, naming the file, for one that cannot be used."""
    found: dict[str, QuestDefinition] = {}
    for path in sorted(Path(__file__).parent.glob("*_quest.toml")):
        try:
            quest = from_json({**tomllib.loads(path.read_text(encoding="utf-8")), "ours": True})
        except (DefinitionError, tomllib.TOMLDecodeError) as error:
            raise DefinitionError(f"{path.name}: {error}") from error
        if quest.key in found:
            raise DefinitionError(f"{path.name}: a second quest {quest.key!r}")
        found[quest.key] = quest
    for quest in found.values():
        if wrong := faults(quest, found.keys()):
            raise DefinitionError(f"quest {quest.key!r}: {wrong[0]}")
    return dict(sorted(found.items(), key=lambda each: each[0] != STARTER))
