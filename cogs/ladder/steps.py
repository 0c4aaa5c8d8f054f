"""The steps of each community, in memory: those that ship with Lyceum, with what the community changed of them."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast
from zlib import crc32

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Reaction
from bot.core import Core
from bot.criteria import Rule, parse_rule
from bot.errors import InvalidInput
from bot.living_rules import LivingRules
from cogs.ladder.model import Step
from cogs.ladder.rules import LONGEST_TEXT, LONGEST_TITLE
from storage import ladder as storage


@cache
def shipped() -> tuple[Step, ...]:
    """The steps of `ladder.toml`. Raises ValueError with what is wrong."""
    parsed = tomllib.loads(Path(__file__).with_name("ladder.toml").read_text(encoding="utf-8"))
    steps: list[Step] = []
    for each in cast("list[dict[str, Any]]", parsed["step"]):
        try:
            rule = parse_rule(each.get("rule", []))
        except InvalidInput as error:
            raise ValueError(f"{each['key']}: {error.message.format(**error.fields)}") from error
        step = Step(each["key"], each["title"], each["text"], rule, bool(each.get("powers")))
        if len(step.title) > LONGEST_TITLE or len(step.text) > LONGEST_TEXT:
            raise ValueError(f"{step.key}: its title or text is too long")
        steps.append(step)
    if len({each.key for each in steps}) < len(steps) or steps[0].rule.criteria:
        raise ValueError("ladder.toml needs steps of different keys, and a first one that is everybody's")
    return tuple(steps)


def number_of(key: str) -> int:
    """By which number the controls of a step know it, wherever it is moved."""
    return crc32(key.encode())


class Steps:
    """Keeps them, and listens for the kinds of acts that any of them counts."""

    def __init__(self, core: Core) -> None:
        self._own = LivingRules[tuple[Step, ...]](
            core, "ladder", read_all=_read_all, read=_read, rules_of=_rules_of
        )

    async def load(self, react: Reaction, undo: Reaction) -> None:
        """Read all of them, and from now on call these two for the acts that any step counts."""
        await self._own.load(react, undo, *_rules_of(shipped()))

    async def reload(self, guild_id: int) -> None:
        """After a change of a community's steps is committed."""
        await self._own.reload(guild_id)

    async def reload_in(self, session: AsyncSession, guild_id: int) -> None:
        """The same within a transaction that changes them: it holds once that is committed."""
        await self._own.reload_in(session, guild_id)

    def forget(self) -> None:
        """The feature unloads."""
        self._own.forget()

    def every(self, guild_id: int) -> tuple[Step, ...]:
        """All of them, also those that are left out, the lowest first."""
        return self._own.of(guild_id) or shipped()

    def of(self, guild_id: int) -> tuple[Step, ...]:
        """Those that can be climbed, the lowest first. There is always a first one."""
        return tuple(each for each in self.every(guild_id) if not each.is_off)

    def find(self, guild_id: int, key: str) -> Step | None:
        return next((each for each in self.every(guild_id) if each.key == key), None)

    def rule_of(self, step: Step) -> Rule:
        """What is to be judged."""
        return self._own.as_judged(step.rule)


def _rules_of(steps: Iterable[Step]) -> list[Rule]:
    return [each.rule for each in steps]


async def _read_all(session: AsyncSession) -> Mapping[int, tuple[Step, ...]]:
    found: defaultdict[int, list[storage.LadderStepRow]] = defaultdict(list)
    for row in await storage.list_all_steps(session):
        found[row.guild_id].append(row)
    return {guild_id: merged(rows) for guild_id, rows in found.items()}


async def _read(session: AsyncSession, guild_id: int) -> tuple[Step, ...]:
    return merged(await storage.list_steps(session, guild_id))


def merged(rows: Iterable[storage.LadderStepRow]) -> tuple[Step, ...]:
    """What ships, with a community's changes, and its own steps among them. The first one stays first and on."""
    changes = {row.key: row for row in rows}
    found: list[tuple[int, int, Step]] = []
    for number, step in enumerate(shipped()):
        row = changes.pop(step.key, None)
        position = row.position if row is not None and row.position is not None else number * 10
        found.append((position, number, _changed(step, row) if row is not None else step))
    for number, (key, row) in enumerate(sorted(changes.items()), start=len(found)):
        own = Step(key, row.title or key, row.text or "", Rule(), ours=False)
        position = row.position if row.position is not None else number * 10
        found.append((position, number, _changed(own, row)))
    first, *others = (
        found[0],
        *sorted(found[1:], key=lambda each: each[:2]),
    )
    return (replace(first[2], is_off=False), *(each[2] for each in others))


def _changed(step: Step, row: storage.LadderStepRow) -> Step:
    own_words = row.title is not None or row.text is not None
    return Step(
        step.key,
        row.title or step.title,
        row.text if row.text is not None else step.text,
        parse_rule(row.rule["criteria"]) if row.rule is not None else step.rule,
        step.powers if row.powers is None else row.powers,
        row.role_id,
        ours=step.ours and not own_words,
        is_off=row.is_off,
    )
