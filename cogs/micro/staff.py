"""What facilitators do with five-minute tasks: tasks of their own, and which themes are offered. Counts, never people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import InvalidInput, LimitReached
from bot.i18n import N_
from bot.text import clean
from cogs.micro import rules
from cogs.micro.model import AREA, MicroSettings, OwnTask, StaffDesk, gone, own_key, task_of
from cogs.micro.rules import Kind, Level, Mood, Task, Theme
from cogs.micro.shipped import shipped
from storage import micro as storage

COUNTED_FOR = timedelta(days=90)
MOST_SHOWN = 5


@dataclass(frozen=True)
class Typed:
    """A task as somebody wrote it."""

    title: str
    text: str
    minutes: int
    level: Level
    kind: Kind
    mood: Mood
    theme: Theme | None = None  # as it was


def typed_task(
    title: str, text: str, minutes: Any, level: Any, traits: Any, theme: Theme | None = None
) -> Typed:
    """What a form or file holds. `traits` has "together" and "focus". Raises `InvalidInput`."""
    title, text = " ".join(clean(title).split()), clean(text)
    rules.check_words(title, text)
    chosen = {str(each) for each in traits or ()}
    try:
        return Typed(
            title,
            text,
            rules.check_minutes(int(minutes)),
            Level(level),
            Kind.TOGETHER if "together" in chosen else Kind.SOLO,
            Mood.FOCUS if "focus" in chosen else Mood.LIGHT,
            theme,
        )
    except (TypeError, ValueError) as error:
        raise InvalidInput("Please choose how long it takes and for whom it is.") from error


class MicroStaff:
    """The use cases of facilitators."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def check(self, actor: Actor) -> None:
        """Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)

    async def desk(self, actor: Actor) -> StaffDesk:
        """Everything at a glance. Raises `NotAllowed`."""
        await self.check(actor)
        settings = await self._core.configs.get(actor.guild_id, MicroSettings)
        async with self._core.db.read() as session:
            rows = await storage.list_tasks(session, actor.guild_id)
            since = self._core.clock.now() - COUNTED_FOR
            done = await storage.count_done(session, actor.guild_id, since=since)
        tasks: dict[str, Task] = {each.key: each for each in (*shipped(), *map(task_of, rows))}
        counted = rules.counted(done, list(tasks))
        most = sorted((key for key in tasks if done.get(key)), key=lambda key: (-done[key], key))[:MOST_SHOWN]
        return StaffDesk(
            tuple(OwnTask(row.id, task_of(row), row.retired, counted[own_key(row.id)]) for row in rows),
            frozenset(theme for theme in Theme if theme in settings.themes_off),
            tuple((tasks[key], counted[key]) for key in most),
        )

    async def own(self, actor: Actor, task_id: int) -> OwnTask:
        """One of the community's own. Raises `NotFound`."""
        for each in (await self.desk(actor)).own:
            if each.id == task_id:
                return each
        raise gone()

    async def add(self, actor: Actor, typed: Typed) -> int:
        """Add a task; returns its id. Raises `LimitReached`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            return await self.add_in(session, actor, typed)

    async def add_in(self, session: AsyncSession, actor: Actor, typed: Typed) -> int:
        """The same within a transaction, for who was let through before."""
        await self._core.configs.change(session, actor.guild_id, MicroSettings)  # locks the community's row
        if len(await storage.list_tasks(session, actor.guild_id)) >= rules.MOST_OWN:
            raise LimitReached(
                "There are {most} tasks of your own already. Change one that nobody uses any more.",
                most=rules.MOST_OWN,
            )
        row = storage.MicroTaskRow(guild_id=actor.guild_id, **_columns(typed, Theme.GENERAL))
        session.add(row)
        await session.flush()
        await self._note(session, actor, row, N_("added the five-minute task {task}"))
        return row.id

    async def edit(self, actor: Actor, task_id: int, typed: Typed) -> None:
        """Change a task. Whoever began it keeps the title that they saw. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self.edit_in(session, actor, task_id, typed)

    async def edit_in(self, session: AsyncSession, actor: Actor, task_id: int, typed: Typed) -> None:
        """The same within a transaction."""
        row = await self._lock(session, actor, task_id)
        before = {name: getattr(row, name) for name in _columns(typed, Theme(row.theme))}
        after = _columns(typed, Theme(row.theme))
        changed = {name: value for name, value in after.items() if before[name] != value}
        if not changed:
            return
        for name, value in changed.items():
            setattr(row, name, value)
        old = {name: before[name] for name in changed}
        await self._note(
            session, actor, row, N_("changed the five-minute task {task}"), before=old, after=changed
        )

    async def set_theme(self, actor: Actor, task_id: int, theme: str) -> None:
        """Say what it is about. Raises `NotFound`, `InvalidInput`."""
        found = await self.own(actor, task_id)
        if theme not in set(Theme):
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        task = found.task
        typed = Typed(
            task.title, task.text, task.minutes, task.level, task.kind, task.mood, theme=Theme(theme)
        )
        await self.edit(actor, task_id, typed)

    async def retire(self, actor: Actor, task_id: int, *, retired: bool) -> None:
        """Offer it to nobody any more, or again. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self.retire_in(session, actor, task_id, retired=retired)

    async def retire_in(self, session: AsyncSession, actor: Actor, task_id: int, *, retired: bool) -> None:
        """The same within a transaction."""
        row = await self._lock(session, actor, task_id)
        if row.retired == retired:
            return
        row.retired = retired
        what = (
            N_("retired the five-minute task {task}")
            if retired
            else N_("brought the five-minute task {task} back")
        )
        await self._note(session, actor, row, what)

    async def switch(self, actor: Actor, theme: str, *, on: bool) -> None:
        """Offer the shipped tasks of a theme, or not. Raises `InvalidInput`."""
        await self.check(actor)
        if theme not in set(Theme):
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        async with self._core.db.begin() as session:
            present = await self._core.configs.change(session, actor.guild_id, MicroSettings)  # locks the row
            off = set(present.themes_off) - {theme}
            if not on:
                off.add(theme)
            await self.set_off_in(session, actor, off)

    async def set_off_in(self, session: AsyncSession, actor: Actor, off: set[str]) -> None:
        """These themes are off, within a transaction."""
        themes = dict.fromkeys(sorted(off), True)
        await self._core.configs.change(session, actor.guild_id, MicroSettings, by=actor, themes_off=themes)

    async def _lock(self, session: AsyncSession, actor: Actor, task_id: int) -> storage.MicroTaskRow:
        row = await storage.lock_task(session, actor.guild_id, task_id)
        if row is None:
            raise gone()
        return row

    async def _note(
        self,
        session: AsyncSession,
        actor: Actor,
        row: storage.MicroTaskRow,
        what: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        await self._core.audit.record(session, actor, AREA, what, before=before, after=after, task=row.title)


def _columns(typed: Typed, theme: Theme) -> dict[str, Any]:
    made = replace(typed, theme=typed.theme or theme)
    assert made.theme is not None
    return {
        "title": made.title,
        "text": made.text,
        "minutes": made.minutes,
        "level": made.level.value,
        "kind": made.kind.value,
        "mood": made.mood.value,
        "theme": made.theme.value,
    }
