"""The steps of a ladder in a configuration file, the lowest first.

A step is known by its key. "" for the words keeps those that ship, in every language. Roles are chosen on the step's
card, and no file takes a step away, for people hold it: it can be left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted
from bot.core import Core
from bot.criteria import rule_data
from bot.errors import InvalidInput
from bot.i18n import N_
from bot.rule_tables import RULE_KEYS, read_criterion, read_rule, written_rule
from cogs.ladder import rules
from cogs.ladder.model import Step, countable
from cogs.ladder.staff import LadderStaff
from cogs.ladder.steps import merged, shipped
from storage import ladder as storage

KEYS = ("step", "title", "text", "confirmed", "left_out", "rule")
_KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")
_OWN = "own-"


class LadderPart:
    """All steps, those that ship and the community's own, in their order."""

    table = "ladder"
    title = N_("The ladder")

    def __init__(self, core: Core, staff: LadderStaff) -> None:
        self._ledger = core.ledger
        self._staff = staff
        self.keys = {"steps": N_("Step of the ladder")}

    async def export(self, ground: Ground) -> Wanted:
        rows = {row.key: row for row in await storage.list_steps(ground.session, ground.guild_id)}
        return {"steps": tuple(_item(each, rows.get(each.key)) for each in merged(rows.values()))}

    async def read(self, ground: Ground, given: Given) -> None:
        known = countable(self._ledger)
        present = merged(await storage.list_steps(ground.session, ground.guild_id))
        staff = await self._staff.staff_roles(ground.guild_id)

        def read_step(item: Given) -> None:
            item.text("step", _key, required=True)
            item.text("title", rules.read_title)
            item.text("text", _text)
            item.flag("confirmed")
            item.flag("left_out")
            item.tables("rule", RULE_KEYS, lambda one: read_criterion(one, known), _check_rule)

        given.tables("steps", KEYS, read_step, lambda items: _check(items, present, staff))

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        if "steps" in wanted:
            await self._staff.apply_steps(
                ground.session, ground.actor, [_columns(x) for x in wanted["steps"]]
            )


def _key(typed: str) -> str:
    if not _KEY.fullmatch(typed):
        raise InvalidInput("A step's key is small letters, digits and dashes.")
    return typed


def _text(typed: str) -> str:
    if len(typed) > rules.LONGEST_TEXT:
        raise InvalidInput("At most {limit} characters fit.", limit=rules.LONGEST_TEXT)
    return typed


def _check_rule(items: tuple[Wanted, ...]) -> None:
    read_rule(items)


def _check(items: tuple[Wanted, ...], present: Sequence[Step], staff: frozenset[int]) -> None:
    """Raises `InvalidInput` for what a file cannot do."""
    keys = [each["step"] for each in items]
    if len(set(keys)) < len(keys):
        raise InvalidInput("A step stands there twice.")
    if len(keys) > rules.MOST_STEPS:
        raise InvalidInput("There are at most {most} steps.", most=rules.MOST_STEPS)
    for step in present:
        if step.key not in keys:
            raise InvalidInput(
                "The step {step} is missing. People may hold it, so no file takes it away: write {key}.",
                step=step.key,
                key="left_out = true",
            )
    first, known = items[0], {each.key: each for each in present}
    if first["step"] != present[0].key or first["rule"] or first["left_out"]:
        raise InvalidInput(
            "Everybody begins on the step {step}: it stays first, without a rule.", step=present[0].key
        )
    for each in items:
        step = known.get(each["step"])
        if step is None and not each["step"].startswith(_OWN):
            raise InvalidInput("The key of a step of your own begins with {start}.", start=_OWN)
        if each["title"] is None and each["step"].startswith(_OWN):
            raise InvalidInput("What is the step called?")
        if step is not None and not each["confirmed"] and step.role_id in staff:
            raise InvalidInput(
                "The role of {step} makes people staff, so somebody of staff confirms it.", step=step.key
            )


def _columns(item: Wanted) -> dict[str, Any]:
    """What is to stand in the row of a step; what ships is not written down again."""
    ours = next((each for each in shipped() if each.key == item["step"]), None)
    rule = read_rule(item["rule"])
    return {
        "key": item["step"],
        "title": item["title"],
        "text": item["text"],
        "powers": None if ours is not None and ours.powers == item["confirmed"] else item["confirmed"],
        "is_off": item["left_out"],
        "rule": None if ours is not None and ours.rule == rule else {"criteria": rule_data(rule)},
    }


def _item(step: Step, row: storage.LadderStepRow | None) -> Wanted:
    values: tuple[Any, ...] = (
        step.key,
        row.title if row is not None else None,
        (row.text or None) if row is not None else None,
        step.powers,
        step.is_off,
        written_rule(rule_data(step.rule)),
    )
    return dict(zip(KEYS, values, strict=True))
