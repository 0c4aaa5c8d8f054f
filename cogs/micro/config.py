"""Five-minute tasks in a configuration file: the themes that are on, and the community's own. A task is known by its title."""

from __future__ import annotations

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted, one_of
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import N_
from bot.text import clean
from cogs.micro import rules
from cogs.micro.model import MicroSettings, task_of
from cogs.micro.rules import Kind, Level, Mood, Theme
from cogs.micro.staff import MicroStaff, typed_task
from storage import micro as storage

TASK_KEYS = ("title", "text", "minutes", "level", "kind", "theme", "mood")


class MicroPart:
    """Retired tasks stay out of it, and what a file leaves out is retired."""

    table = "micro"
    title = N_("Five-minute tasks")

    def __init__(self, core: Core, staff: MicroStaff) -> None:
        self._core = core
        self._staff = staff
        self.keys = {"themes": N_("Theme that is offered"), "tasks": N_("Own task")}

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._core.configs.present(ground.session, ground.guild_id, MicroSettings)
        rows = await storage.list_tasks(ground.session, ground.guild_id)
        return {
            "themes": tuple(each.value for each in Theme if each not in settings.themes_off),
            "tasks": tuple(_item(row) for row in rows if not row.retired),
        }

    async def read(self, ground: Ground, given: Given) -> None:
        del ground
        known = one_of(each.value for each in Theme)

        def themes(texts: tuple[str, ...]) -> tuple[str, ...]:
            chosen = {known(each) for each in texts}
            return tuple(each.value for each in Theme if each in chosen)

        given.texts("themes", themes)
        given.tables("tasks", TASK_KEYS, _read_task, _check_tasks)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        session, actor = ground.session, ground.actor
        if "themes" in wanted:
            off = {each.value for each in Theme if each.value not in wanted["themes"]}
            await self._staff.set_off_in(session, actor, off)
        if "tasks" not in wanted:
            return
        rows = {task_of(row).title: row for row in await storage.list_tasks(session, ground.guild_id)}
        items = {item["title"]: item for item in wanted["tasks"]}
        for title, row in rows.items():
            if title not in items:
                await self._staff.retire_in(session, actor, row.id, retired=True)
        for title, item in items.items():
            traits = [each for each in ("together", "focus") if each in (item["kind"], item["mood"])]
            typed = typed_task(
                title, item["text"], item["minutes"], item["level"], traits, Theme(item["theme"])
            )
            row = rows.get(title)
            if row is None:
                await self._staff.add_in(session, actor, typed)
            else:
                await self._staff.retire_in(session, actor, row.id, retired=False)
                await self._staff.edit_in(session, actor, row.id, typed)


def _read_task(item: Given) -> None:
    def title(typed: str) -> str:
        words = " ".join(clean(typed).split())
        rules.check_words(words, "-")
        return words

    def text(typed: str) -> str:
        rules.check_words("-", typed)
        return typed

    item.text("title", title, required=True)
    item.text("text", text, required=True)
    item.number("minutes", least=min(rules.MINUTES), most=max(rules.MINUTES))
    minutes = item.wanted.get("minutes")
    if minutes is not None and minutes not in rules.MINUTES:
        item.note("minutes", InvalidInput("A task takes 2, 5 or 10 minutes."))
    item.text("level", one_of(each.value for each in Level), required=True)
    item.text("kind", one_of(each.value for each in Kind), required=True)
    item.text("theme", one_of(each.value for each in Theme), required=True)
    item.text("mood", one_of(each.value for each in Mood), required=True)


def _check_tasks(items: tuple[Wanted, ...]) -> None:
    if len({each["title"] for each in items}) < len(items):
        raise InvalidInput("Two tasks have the same title. A task is known by it: please tell them apart.")


def _item(row: storage.MicroTaskRow) -> Wanted:
    return {name: getattr(row, name) for name in TASK_KEYS}
