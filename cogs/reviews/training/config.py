"""The training in a configuration file: the threshold, the shipped works that are not used, and the community's own.

A work is known by its title. Who holds a licence is no configuration.
"""

from __future__ import annotations

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted, one_of
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import N_
from cogs.reviews import rubrics
from cogs.reviews.training import content
from cogs.reviews.training.model import TrainingSettings, sample_of
from cogs.reviews.training.rules import HIGHEST_THRESHOLD, LOWEST_THRESHOLD
from cogs.reviews.training.staff import TrainingStaff, typed_sample, usable_rubrics
from storage import review_training as storage

WORK_KEYS = ("title", "text", "why", "rubric", "answers")


class TrainingPart:
    """Retired and unfinished works stay out of it, and what a file leaves out is retired."""

    table = "reviews"
    title = N_("Training of reviewers")

    def __init__(self, core: Core, staff: TrainingStaff) -> None:
        self._core = core
        self._staff = staff
        self.keys = {
            "licence_from_percent": N_("Percent for a reviewer licence"),
            "works_not_used": N_("Shipped training work that is not used"),
            "works": N_("Own training work"),
        }

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._core.configs.present(ground.session, ground.guild_id, TrainingSettings)
        rows = await storage.list_samples(ground.session, ground.guild_id)
        return {
            "licence_from_percent": settings.threshold,
            "works_not_used": tuple(sorted(settings.retired)),
            "works": tuple(_item(row) for row in rows if not row.retired and sample_of(row).is_complete),
        }

    async def read(self, ground: Ground, given: Given) -> None:
        del ground
        known = one_of(each.key for each in content.samples())
        given.number("licence_from_percent", least=LOWEST_THRESHOLD, most=HIGHEST_THRESHOLD)
        given.texts("works_not_used", lambda texts: tuple(sorted({known(each) for each in texts})))
        given.tables("works", WORK_KEYS, _read_work, _check_works)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        session, actor, staff = ground.session, ground.actor, self._staff
        if "licence_from_percent" in wanted:
            await staff.set_threshold_in(session, actor, wanted["licence_from_percent"])
        if "works_not_used" in wanted:
            await staff.set_retired_in(session, actor, set(wanted["works_not_used"]))
        if "works" not in wanted:
            return
        rows = {row.title: row for row in await storage.list_samples(session, ground.guild_id)}
        items = {item["title"]: item for item in wanted["works"]}
        for title, row in rows.items():
            if title not in items and sample_of(row).is_complete:
                await staff.retire_in(session, actor, row, retired=True)
        for title, item in items.items():
            row = rows.get(title)
            if row is not None and _item(row) == item:
                await staff.retire_in(session, actor, row, retired=False)
                continue
            typed = typed_sample(title, item["text"], item["why"], item["rubric"])
            answers = {
                criterion.key: criterion.answers.index(word)
                for criterion, word in zip(typed.rubric.criteria, item["answers"], strict=True)
            }
            if row is None:
                await staff.add_in(session, actor, typed, answers)
            else:
                await staff.retire_in(session, actor, row, retired=False)
                await staff.edit_in(session, actor, row, typed)
                row.reference = {**answers}


def _read_work(item: Given) -> None:
    for name in ("title", "text", "why"):
        item.text(name, required=True)
    item.text("rubric", one_of(each.key for each in usable_rubrics()), required=True)
    item.texts("answers", lambda texts: texts)
    wanted = item.wanted
    if not all(name in wanted for name in WORK_KEYS):
        return
    try:
        typed = typed_sample(wanted["title"], wanted["text"], wanted["why"], wanted["rubric"])
    except InvalidInput as problem:
        item.note("text", problem)
        return
    item.wanted["title"] = typed.title
    criteria, answers = typed.rubric.criteria, wanted["answers"]
    if len(answers) != len(criteria):
        item.note("answers", InvalidInput("That rubric asks {n} questions.", n=len(criteria)))
        return
    for criterion, word in zip(criteria, answers, strict=True):
        if word not in criterion.answers:
            names = ", ".join(criterion.answers)
            item.note(
                "answers",
                InvalidInput("Answers to “{question}” are: {names}.", question=criterion.title, names=names),
            )


def _check_works(items: tuple[Wanted, ...]) -> None:
    if len({each["title"] for each in items}) < len(items):
        raise InvalidInput("Two works have the same title. A work is known by it: please tell them apart.")


def _item(row: storage.TrainingSampleRow) -> Wanted:
    rubric = rubrics.read(row.rubric)
    return {
        "title": row.title,
        "text": row.text,
        "why": row.why,
        "rubric": rubric.key,
        "answers": tuple(each.answers[int(row.reference[each.key])] for each in rubric.criteria),
    }
