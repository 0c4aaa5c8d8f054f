"""Five-minute tasks as the parts of the feature pass them on, and the names by which the rest of the bot knows them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.acts import Contribution
from bot.errors import NotFound
from bot.i18n import N_
from cogs.micro.rules import Kind, Level, Mood, Task, Theme, Wishes
from storage import micro as storage

AREA = "micro"
DONE = "micro.done"
SHOW_RENDERER = "micro.show"
ACTS = {DONE: N_("Five-minute tasks done")}
CONTRIBUTION = Contribution(
    DONE,
    feature="micro",
    done=N_("Did a five-minute task"),
    next_step=N_("a five-minute task (`/micro`)"),
    first=N_("Your first five-minute task is done. A small step is a step!"),
)


@dataclass(frozen=True)
class MicroSettings:
    """`channel_id` is where people show what they did; without one, where they are. `themes_off` has a key for each."""

    guild_id: int
    channel_id: int | None = None
    themes_off: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Start:
    """A task that somebody began. `file` holds its name and link."""

    id: int
    guild_id: int
    member_id: int
    task_key: str
    title: str
    is_ours: bool
    state: str
    note: str | None = None
    file: Mapping[str, Any] = field(default_factory=dict[str, Any])
    channel_id: int | None = None
    task: Task | None = None  # while it is still in the library


@dataclass(frozen=True)
class Desk:
    """What /micro shows: what was begun, or else what is offered. `lost_file` names one that may not have been posted."""

    wishes: Wishes
    tasks: tuple[Task, ...] = ()
    started: Start | None = None
    lost_file: str | None = None


@dataclass(frozen=True)
class OwnTask:
    """A task of the community's own, for facilitators. `done` is None for some times, but few."""

    id: int
    task: Task
    retired: bool
    done: int | None


@dataclass(frozen=True)
class StaffDesk:
    """What /manage micro shows: the community's own tasks, the themes that are off, and what was done most."""

    own: tuple[OwnTask, ...]
    themes_off: frozenset[Theme]
    most_done: tuple[tuple[Task, int | None], ...]


def number_of(key: str) -> int:
    """The number that stands for a task in the ids of controls, which hold no text."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=7).digest())


def own_key(task_id: int) -> str:
    return f"own:{task_id}"


def task_of(row: storage.MicroTaskRow) -> Task:
    """A task of the community's own, in its own words."""
    return Task(
        own_key(row.id),
        row.title,
        row.text,
        row.minutes,
        Level(row.level),
        Kind(row.kind),
        Theme(row.theme),
        Mood(row.mood),
        ours=False,
    )


def start_of(row: storage.MicroStartRow, task: Task | None = None) -> Start:
    return Start(
        row.id,
        row.guild_id,
        row.member_id,
        row.task_key,
        row.title,
        row.is_ours,
        row.state,
        row.note,
        row.file,
        row.channel_id,
        task,
    )


def gone() -> NotFound:
    return NotFound("That task is not among them any more. See {command} for others.", command="`/micro`")
