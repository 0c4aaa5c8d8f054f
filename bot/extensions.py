"""Finds and loads the features: every package in `cogs/` that can set itself up. There is no list to edit."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum

FOLDER = "cogs"


def list_features() -> list[str]:
    """The import names of the features, in alphabetical order (`cogs.onboarding`)."""
    package = importlib.import_module(FOLDER)
    found = pkgutil.iter_modules(package.__path__)
    return sorted(f"{FOLDER}.{module.name}" for module in found if module.ispkg)


async def load_feature(bot: Lyceum, name: str) -> None:
    """Set a feature up.

    Not as an extension of discord.py: a bot that closes forgets the modules of its extensions, so the next one in the
    same process would compile and keep all their code once more.
    """
    await importlib.import_module(name).setup(bot)
