"""The import rules hold, and each of them is shown to notice when it is broken."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGES = ("bot", "cogs", "storage", "sandbox")


@dataclass(frozen=True)
class Plant:
    """One import where it must not be: ``line`` is added to ``file``."""

    contract: str
    file: str
    line: str


PLANTS = [
    Plant("storage is the floor", "storage/base.py", "import bot.errors"),
    Plant("storage is the floor", "storage/base.py", "import discord"),
    Plant("the shell knows no feature", "bot/errors.py", "import cogs.planted.service"),
    Plant("the shell knows no feature", "bot/process.py", "import sandbox"),
    Plant("what services use is free of discord", "bot/clock.py", "import discord"),
    Plant("what services use is free of discord", "bot/jobs.py", "import bot.process"),
    Plant("features do not know each other", "cogs/planted/service.py", "import cogs.other.service"),
    Plant("features do not know the sandbox", "cogs/planted/cog.py", "import sandbox"),
    Plant("rules know plain Python and bot.errors", "cogs/planted/rules.py", "import storage.base"),
    Plant("rules know plain Python and bot.errors", "cogs/planted/rules.py", "import bot.clock"),
    Plant("rules know plain Python and bot.errors", "cogs/planted/rules.py", "import sqlalchemy"),
    Plant("rules know plain Python and bot.errors", "cogs/planted/rules.py", "import cogs.planted.service"),
    Plant("matching is plain Python", "bot/matching/pairs.py", "import sqlalchemy"),
    Plant("services know no discord", "cogs/planted/service.py", "import discord"),
    Plant("services know no discord", "cogs/planted/service.py", "import bot.process"),
    Plant("views and render do not reach up to the cog", "cogs/planted/views.py", "import cogs.planted.cog"),
    Plant("only the sandbox knows simcord", "storage/base.py", "import simcord"),
]


def pyproject() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The real tree, with two small features beside the real ones, of which every file is allowed."""
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    for feature in ("planted", "other"):
        folder = tmp_path / "cogs" / feature
        folder.mkdir()
        for name in ("__init__", "rules", "service", "views", "render", "cog"):
            (folder / f"{name}.py").write_text("", encoding="utf-8")
        (folder / "rules.py").write_text("import datetime\nimport bot.errors\n", encoding="utf-8")
        (folder / "service.py").write_text(
            f"import storage.base\nimport bot.clock\nimport cogs.{feature}.rules\n", encoding="utf-8"
        )
        (folder / "cog.py").write_text(
            f"import discord\nimport cogs.{feature}.service\nimport cogs.{feature}.views\n", encoding="utf-8"
        )
    return tmp_path


def test_the_real_tree_keeps_every_contract() -> None:
    done = lint_imports(PROJECT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_new_feature_made_by_the_rules_is_accepted(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.file} with {plant.line}")
def test_a_planted_import_is_noticed_by_its_contract(plant: Plant, copy: Path) -> None:
    with (copy / plant.file).open("a", encoding="utf-8") as file:
        file.write(f"\n{plant.line}\n")
    done = lint_imports(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{plant.contract} BROKEN" in done.stdout, done.stdout


def test_every_contract_is_proved_by_a_plant() -> None:
    names = {contract["name"] for contract in pyproject()["tool"]["importlinter"]["contracts"]}
    assert names == {plant.contract for plant in PLANTS}


def foreign_imports(source: str) -> set[str]:
    """What a ``rules`` module imports besides the standard library and ``bot.errors``."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or ".")
    return {
        name
        for name in imported
        if name != "bot.errors" and name.partition(".")[0] not in sys.stdlib_module_names
    }


def test_rules_import_the_standard_library_and_errors_alone() -> None:
    for path in (PROJECT / "cogs").glob("*/rules.py"):
        assert foreign_imports(path.read_text(encoding="utf-8")) == set(), path


def test_the_look_at_rules_sees_any_library() -> None:
    source = "from __future__ import annotations\nimport datetime\nfrom bot.errors import NotFound\n"
    assert foreign_imports(source) == set()
    assert foreign_imports(source + "def later():\n    from numpy import array\n") == {"numpy"}


def test_the_packages_hold_a_docstring_and_no_code() -> None:
    for package in PACKAGES:
        body = ast.parse((PROJECT / package / "__init__.py").read_text(encoding="utf-8")).body
        assert len(body) == 1, package
        assert isinstance(body[0], ast.Expr), package
