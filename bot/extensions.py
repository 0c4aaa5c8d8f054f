"""Finds the features: every package in `cogs/` that can set itself up. There is no list to edit."""

from __future__ import annotations

import importlib
import pkgutil

FOLDER = "cogs"


def list_features() -> list[str]:
    """The import names of the features, in alphabetical order (`cogs.onboarding`)."""
    package = importlib.import_module(FOLDER)
    found = pkgutil.iter_modules(package.__path__)
    return sorted(f"{FOLDER}.{module.name}" for module in found if module.ispkg)
