"""Finds and loads the features: every package in `cogs/` that can set itself up. There is no list to edit."""

from __future__ import annotations

import importlib
import pkgutil

from discord.ext import commands

FOLDER = "cogs"


def list_features(folder: str = FOLDER) -> list[str]:
    """The import names of the features, in alphabetical order (`cogs.onboarding`).

    A package without `setup` holds rules that no member can reach yet, and is no feature.
    """
    package = importlib.import_module(folder)
    found = sorted(
        f"{folder}.{module.name}" for module in pkgutil.iter_modules(package.__path__) if module.ispkg
    )
    return [name for name in found if hasattr(importlib.import_module(name), "setup")]


async def load_feature(bot: commands.Bot, name: str) -> None:
    """Set a feature up.

    Not as an extension of discord.py: a bot that closes forgets the modules of its extensions, so the next one in the
    same process would compile and keep all their code once more.
    """
    await importlib.import_module(name).setup(bot)
