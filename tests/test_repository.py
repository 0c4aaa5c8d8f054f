"""What lies around the code: lock files, the Makefile, and what the README promises."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import discord
import pytest

from bot.invite import INVITE_PERMISSIONS, MODERATION_PERMISSIONS, invite_link
from sandbox import server

PROJECT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-demo.lock", "requirements-dev.lock")


def read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)(?:\[[a-z,]+\])?==(\S+)", read(name), re.MULTILINE))


def normal(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[._]", "-", name.group().lower())


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_host_and_no_place_on_a_machine(lock: str) -> None:
    text = read(lock)
    assert "://" not in text
    assert not re.search(r"(index-url|find-links|trusted-host)", text)
    assert not re.search(r"(^|\s)/\w+", text, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_in_a_lock_file_has_a_hash(lock: str) -> None:
    entries = re.split(r"^(?=[a-z0-9])", read(lock), flags=re.MULTILINE)[1:]
    assert len(entries) == len(pins(lock)) > 20
    for entry in entries:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_three_lock_files_agree() -> None:
    everything = pins("requirements-dev.lock")
    for lock in LOCKS:
        assert pins(lock).items() <= everything.items()


def test_the_lock_files_hold_what_pyproject_asks_for() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    run = [*project["dependencies"], *extras["speed"], *extras["postgres"], "hatchling"]
    assert {normal(each) for each in run} <= pins("requirements.lock").keys()
    demo = [*project["dependencies"], *extras["demo"], "hatchling"]
    assert {normal(each) for each in demo} <= pins("requirements-demo.lock").keys()
    assert f"simcord=={pins('requirements-demo.lock')['simcord']}" in " ".join(extras["demo"]).replace(
        "[preview]", ""
    )


def test_the_readme_starts_with_the_two_commands() -> None:
    commands = re.findall(r"^(?:make|lyceum) [a-z]+", read("README.md"), re.MULTILINE)
    assert commands[:2] == ["make demo", "make test"]


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert {"demo", "test", "run", "check", "bench", "lock", "messages", "help"} <= targets
    for page in ("README.md", "CONTRIBUTING.md", ".ci/run", "docs/architecture.md"):
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", read(page), re.MULTILINE))
        assert named <= targets, page


def test_the_invite_link_asks_for_exactly_the_permissions_that_are_used() -> None:
    needed = discord.Permissions(
        view_channel=True,
        send_messages=True,
        send_messages_in_threads=True,
        create_public_threads=True,
        create_private_threads=True,
        embed_links=True,
        attach_files=True,
        add_reactions=True,
        read_message_history=True,
        manage_roles=True,
        manage_events=True,
        create_events=True,
        create_polls=True,
    )
    assert needed.value == INVITE_PERMISSIONS
    assert re.findall(r"https://discord.com/oauth2\S+", read("README.md")) == [
        invite_link("YOUR_APPLICATION_ID"),
        invite_link("YOUR_APPLICATION_ID", MODERATION_PERMISSIONS),
    ]
    moderating = discord.Permissions(
        kick_members=True,
        ban_members=True,
        manage_channels=True,
        manage_guild=True,
        view_audit_log=True,
        manage_messages=True,
        moderate_members=True,
    )
    assert needed.value | moderating.value == MODERATION_PERMISSIONS
    assert server.INVITE_PERMISSIONS.value == INVITE_PERMISSIONS


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_without_a_python_that_is_new_enough_says_so(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "awk", "rm", "touch"):
        found = shutil.which(name)
        if found:
            (programs / name).symlink_to(found)
    shutil.copy(PROJECT / "Makefile", tmp_path)
    for name in (*LOCKS, "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path)
    done = subprocess.run(
        [str(shutil.which("make")), "demo"],
        cwd=tmp_path,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stdout + done.stderr


def test_the_pages_of_the_project_name_no_machine_of_ours() -> None:
    pages = [PROJECT / "Makefile", PROJECT / "pyproject.toml", PROJECT / ".ci" / "run"]
    pages += [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")]
    for page in pages:
        assert not re.search(r"/(work|tmp|root|home)/", page.read_text(encoding="utf-8")), page
