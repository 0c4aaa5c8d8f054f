"""Every command line in the pages is run here or in ``test_operating.py``, or looked at as far as that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.command_lines import command_lines, is_setting, trouble
from tests.docs.pages import GUIDES, PROJECT, Page

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_the_command_lines_of_a_page_hold(page: Page) -> None:
    assert [(line, said) for line in command_lines(page) if (said := trouble(line)) is not None] == []


def test_the_guides_have_command_lines_at_all() -> None:
    assert sum(len(list(command_lines(page))) for page in GUIDES) > 80


def test_a_line_that_does_not_hold_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "`lyceum db backups` `make dmeo` `python -m storage.shema new x` `docker compose run --rm lyceum doctr`\n"
        "```\npip install -r requirement.lock\nlyceum db restore\nsystemctl restart lycaeum\nLYCEUM__DISCORD__TOKN=x\n"
        "lyceum doctor --offline\n```\n",
        encoding="utf-8",
    )
    lines = list(command_lines(Page(str(page))))
    assert [trouble(line) is None for line in lines] == [False] * 4 + [True] + [False] * 4
    assert is_setting("LYCEUM__BACKUP__KEEP") and not is_setting("LYCEUM__BACKUP__KEPT")


@needs_make
def test_make_help_names_every_target_and_each_can_be_made() -> None:
    # The tests may themselves run below a make, which a make notices by these and tells that it was entered.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    listed = subprocess.run(
        ["make", "help"], cwd=PROJECT, env=alone, capture_output=True, text=True, check=True
    ).stdout
    targets = [line.split()[1] for line in listed.splitlines()]
    assert {"demo", "test", "run", "check", "pictures", "bench"} <= set(targets)
    # Only said, not done: what would be run, with the installation taken as done.
    planned = subprocess.run(
        ["make", "--dry-run", *targets], cwd=PROJECT, env=alone, capture_output=True, text=True, check=False
    )
    assert planned.returncode == 0, planned.stderr
