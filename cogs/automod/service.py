"""Rules of Discord's AutoMod: a change is a row first, and Discord follows by an effect. What AutoMod did becomes cases.

Discord runs these rules itself, so they need neither the Message Content intent nor this bot to be awake.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.cards import AutomodDraft
from bot.cases import Snippet, Source
from bot.core import Core
from bot.errors import InvalidInput, LimitReached
from bot.hits import Hit, Hits, Together
from bot.i18n import N_
from bot.outbox import Effect, EffectKind, Ended
from bot.safe_patterns import BadPattern, compile_pattern
from cogs.automod import rules
from cogs.automod.model import (
    AREA,
    RULE_KEY,
    RULE_RENDERER,
    Action,
    Desk,
    Ours,
    Theirs,
    gone,
    ours_of,
    rule_of,
    stored,
)
from cogs.automod.rules import Found, Rule
from storage import automod as storage
from storage.automod import AutomodRuleRow

log = logging.getLogger(__name__)

MEMORY = 2 * 1024 * 1024  # bytes, for a pattern that is tested


class AutomodService:
    """The use cases of facilitators, all of which raise `NotAllowed` for others; and what AutoMod did."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._hits = Hits(core.cases, core.clock)
        self._together: Together[Action] = Together(self._record)

    # ------------------------------------------------------------------------------------------ looking

    async def check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)

    async def desk(self, actor: Actor, theirs: Sequence[Theirs]) -> Desk:
        """The slots, given all rules that Discord has."""
        await self.check(actor)
        async with self._core.db.read() as session:
            rows = await storage.list_rules(session, actor.guild_id)
            leaving = await storage.list_leaving(session, actor.guild_id)
        there = {each.discord_id for each in theirs}
        ours = tuple(
            replace(ours_of(row), is_there=row.result_id in there or row.state == storage.WAITING)
            for row in rows
        )
        known = {each.discord_id for each in ours} | leaving
        others = tuple(each for each in theirs if each.discord_id not in known)
        kinds = [each.rule.kind for each in ours if each.is_there]
        kinds += [each.kind for each in others if each.kind is not None]
        return Desk(rules.slots(kinds), ours, others)

    async def look(self, actor: Actor, rule_id: int) -> Ours:
        """One rule of ours. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_rule(session, rule_id)
        if row is None or row.guild_id != actor.guild_id or row.removed:
            raise gone()
        return ours_of(row)

    async def test(self, actor: Actor, phrase: str) -> tuple[tuple[Ours, Found], ...]:
        """Which of our rules act on a phrase, and on what. Nothing is stored."""
        await self.check(actor)
        async with self._core.db.read() as session:
            ours = [ours_of(row) for row in await storage.list_rules(session, actor.guild_id)]
        found = ((each, rules.find(each.rule, phrase, search)) for each in ours)
        return tuple((each, hit) for each, hit in found if hit is not None)

    # ------------------------------------------------------------------------------------------ changing

    async def make(self, actor: Actor, rule: Rule, theirs: Sequence[Theirs]) -> Ours:
        """A new rule. Raises `InvalidInput`, or `LimitReached` when Discord has no room for its kind."""
        desk = await self.desk(actor, theirs)
        slot = next(each for each in desk.slots if each.kind is rule.kind)
        if slot.is_full:
            raise LimitReached(
                "Discord has room for {most} rules of this kind, and they are taken. Change one, or delete one first.",
                most=slot.most,
            )
        async with self._core.db.begin() as session:
            row = await self.save(session, actor, None, rule)
            return ours_of(row)

    async def edit(self, actor: Actor, rule_id: int, change: Callable[[Rule], Rule]) -> Ours:
        """Change a rule of ours. Raises `NotFound`, `InvalidInput`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._locked(session, actor, rule_id)
            return ours_of(await self.save(session, actor, row, change(rule_of(row))))

    async def remove(self, actor: Actor, rule_id: int) -> None:
        """Take a rule of ours away. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self.drop(session, actor, await self._locked(session, actor, rule_id))

    async def again(self, actor: Actor, rule_id: int) -> Ours:
        """Have Discord follow once more: after it refused, or after somebody deleted the rule there."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._locked(session, actor, rule_id)
            await self._plan(session, row)
            return ours_of(row)

    async def save(
        self, session: AsyncSession, actor: Actor, row: AutomodRuleRow | None, wanted: Rule
    ) -> AutomodRuleRow:
        """Write a rule, audited, and have Discord follow. Raises `InvalidInput`."""
        rule = rules.checked(wanted)
        for number, pattern in enumerate(rule.patterns, 1):
            _check_pattern(pattern, number)
        if await storage.is_name_taken(
            session, actor.guild_id, rule.name, but=row.id if row is not None else 0
        ):
            raise InvalidInput("There is a rule of this name already. Give it another.")
        if row is not None and rule == rule_of(row):
            return row
        what = (
            N_("changed the AutoMod rule {name}") if row is not None else N_("made the AutoMod rule {name}")
        )
        if row is None:
            row = AutomodRuleRow(
                guild_id=actor.guild_id,
                kind=rule.kind.value,
                name=rule.name,
                rule=stored(rule),
                changed_at=self._core.clock.now(),
                revision=0,
            )
            session.add(row)
            await session.flush()
        row.name, row.rule = rule.name, stored(rule)
        await self._core.audit.record(session, actor, AREA, what, name=rule.name)
        await self._plan(session, row)
        return row

    async def drop(self, session: AsyncSession, actor: Actor, row: AutomodRuleRow) -> None:
        """Take a rule away, audited, and have Discord follow."""
        await self._core.audit.record(
            session, actor, AREA, N_("deleted the AutoMod rule {name}"), name=row.name
        )
        row.removed = True
        # Its name is free at once. Discord still knows it by that, should its id never have been told.
        row.rule = {**row.rule, "name": row.name}
        row.name = f"#{row.id}"
        await self._plan(session, row)

    async def _plan(self, session: AsyncSession, row: AutomodRuleRow) -> None:
        row.revision += 1
        row.state, row.state_reason = storage.WAITING, None
        row.changed_at = self._core.clock.now()
        await session.flush()
        effect = Effect(
            kind=EffectKind.SET_AUTOMOD,
            key=f"{RULE_KEY}{row.id}:{row.revision}",
            guild_id=row.guild_id,
            renderer=RULE_RENDERER,
            arguments={"rule_id": row.id, "revision": row.revision, "reason": "/mod automod"},
            coalesce_key=f"{RULE_KEY}{row.id}",
        )
        await self._core.outbox.plan(session, effect)

    async def _locked(self, session: AsyncSession, actor: Actor, rule_id: int) -> AutomodRuleRow:
        row = await storage.lock_rule(session, rule_id)
        if row is None or row.guild_id != actor.guild_id or row.removed:
            raise gone()
        return row

    # ------------------------------------------------------------------------------------------ Discord follows

    async def draft(self, rule_id: int) -> AutomodDraft | None:
        """The rule as Discord is to have it now; None when it is known no more."""
        async with self._core.db.read() as session:
            row = await storage.find_rule(session, rule_id)
        if row is None:
            return None
        if row.removed:
            return AutomodDraft(str(row.rule.get("name")), None, row.result_id)
        return AutomodDraft(row.name, rules.payload(rule_of(row)), row.result_id)

    async def ended(self, session: AsyncSession, ended: Ended) -> None:
        """Discord has followed, or refused."""
        row = await storage.lock_rule(session, int(ended.arguments["rule_id"]))
        if row is None or ended.outcome == "skipped":
            return
        is_newest = row.revision == int(ended.arguments["revision"])
        if ended.outcome == "sent":
            row.result_id = ended.result_id or row.result_id
            if row.removed and is_newest:
                await session.delete(row)
                return
        if is_newest:
            row.state = storage.DONE if ended.outcome == "sent" else storage.FAILED
            row.state_reason = ended.reason

    # ------------------------------------------------------------------------------------------ what AutoMod did

    async def name_of(self, discord_id: int) -> str | None:
        """The name of a rule of ours, by Discord's id."""
        async with self._core.db.read() as session:
            return (await storage.list_names(session, [discord_id])).get(discord_id)

    async def act(self, action: Action) -> None:
        """Make it a case, with whatever else comes while something is being written."""
        if not await self._together.put(action):
            log.warning("a flood: an action of AutoMod is left guild=%s", action.guild_id)

    async def _record(self, _guild_id: int, actions: list[Action]) -> None:
        async with self._core.db.begin() as session:
            await self._hits.record(session, [_hit(each) for each in actions], actions[0].flood)


def search(pattern: str, text: str) -> str | None:
    """What a pattern matches, as far as RE2 tells what Rust would do: both know the same writing, with few exceptions."""
    try:
        match = compile_pattern(pattern, memory=MEMORY, case_sensitive=True).search(text)
    except (BadPattern, UnicodeError):
        return None
    return match.group() if match is not None else None


def _check_pattern(pattern: str, number: int) -> None:
    try:
        program = compile_pattern(pattern, memory=MEMORY, case_sensitive=True)
    except BadPattern as error:
        raise InvalidInput(
            "Line {line}: “{typed}” is no pattern that Discord would take: {reason}. Look-arounds and back references do not exist there.",
            line=number,
            typed=pattern,
            reason=str(error),
        ) from error
    if program.search("") is not None:
        raise InvalidInput("Line {line}: “{typed}” matches every message.", line=number, typed=pattern)


def _hit(action: Action) -> Hit:
    snippet = None
    if action.content:
        snippet = Snippet(
            author_id=action.member_id,
            text=action.content,
            channel_id=action.channel_id,
            message_id=action.message_id,
        )
    details: dict[str, Any] = {"rule_id": str(action.rule_id)}
    return Hit(
        guild_id=action.guild_id,
        member_id=action.member_id,
        source=Source.AUTOMOD,
        reason=action.reason,
        channel_id=action.channel_id,
        snippet=snippet,
        details=details,
    )
