"""A feature is a package that can set itself up; a package of rules beside it is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bot.extensions import list_features


def test_a_package_without_setup_is_no_feature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "made_up_cogs"
    for name, text in (("whole", "async def setup(bot): ...\n"), ("rules_alone", "")):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(text, encoding="utf-8")
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "module.py").write_text("async def setup(bot): ...\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert list_features("made_up_cogs") == ["made_up_cogs.whole"]
    finally:
        for name in [name for name in sys.modules if name.startswith("made_up_cogs")]:
            del sys.modules[name]


def test_every_package_with_a_cog_is_a_feature() -> None:
    """Whoever forgets `setup` beside a cog would have built a feature that never loads."""
    folder = Path(__file__).parents[2] / "cogs"
    assert list_features() == sorted(f"cogs.{path.parent.name}" for path in folder.glob("*/cog.py"))
