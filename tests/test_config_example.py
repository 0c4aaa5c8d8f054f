from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.settings import Settings, SettingsError, load_settings

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"


def test_the_example_has_every_key_with_its_default() -> None:
    written = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    expected = Settings()
    assert set(written) == set(Settings.model_fields)
    for name, section in written.items():
        model: BaseModel = getattr(expected, name)
        assert set(section) == set(type(model).model_fields)
    assert load_settings(EXAMPLE, needs_token=False).model_dump() == expected.model_dump()


def test_every_key_of_the_example_is_explained() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for before, line in itertools.pairwise(lines):
        if "=" in line and not line.startswith("#"):
            assert before.startswith("#"), f"{line} has no comment above it"


def test_the_example_lacks_nothing_but_a_token() -> None:
    with pytest.raises(SettingsError, match="no Discord token"):
        load_settings(EXAMPLE)
