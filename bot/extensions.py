"""Finds the features: every package in `cogs/` that can set itself up. There is no list to edit."""

from __future__ import annotations

import importlib
import pkgutil

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
