"""What facilitators do with filters: choose what each does, write lists, leave places and people alone, test a phrase."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import InvalidInput, LimitReached
from bot.i18n import N_
from bot.text import clean
from cogs.filters import rules
from cogs.filters.compiled import Compiled
from cogs.filters.links import canonical
from cogs.filters.model import AREA, LIST_TITLES, FilterSettings, Shown, Tested
from cogs.filters.patterns import Patterns
from cogs.filters.rules import Filter, Lists, Match, What, gravest
from cogs.filters.service import LISTS_MARK
from storage import filters as storage
from storage.database import mark

DAYS = 7
ThingT = TypeVar("ThingT")


class FilterDesk:
    """The use cases of facilitators. All raise `NotAllowed` for others."""

    def __init__(self, core: Core, *, can_read: bool) -> None:
        self._core = core
        self._can_read = can_read

    async def show(self, actor: Actor) -> Shown:
        """What each filter does and did."""
        await self._check(actor)
        since = self._core.clock.now().date() - timedelta(days=DAYS - 1)
        async with self._core.db.read() as session:
            hits = await storage.count_hits(session, actor.guild_id, since)
            entries = await storage.count_entries(session, actor.guild_id)
        return Shown(
            settings=await self._core.configs.get(actor.guild_id, FilterSettings),
            hits={each: hits.get(each, 0) for each in Filter},
            entries={each: entries.get(each, 0) for each in Lists},
            can_read=self._can_read,
        )

    async def choose(
        self, actor: Actor, which: Filter, what: str, minutes: str, numbers: Sequence[str]
    ) -> Shown:
        """What a filter does from now on, and the numbers that it has. Raises `InvalidInput`."""
        await self._check(actor)
        typed = f"{what} {minutes.strip()}" if what == What.TIMEOUT else what
        changes: dict[str, object] = {which.value: str(rules.read_deed(typed))}
        for (name, bounds), number in zip(NUMBERS.get(which, ()), numbers, strict=True):
            changes[name] = rules.read_number(number, bounds)
        async with self._core.db.begin() as session:
            await self._core.configs.change(session, actor.guild_id, FilterSettings, by=actor, **changes)
        return await self.show(actor)

    async def entries(self, actor: Actor, which: Lists) -> tuple[str, ...]:
        """A list as it stands."""
        await self._check(actor)
        async with self._core.db.read() as session:
            return await storage.get_list(session, actor.guild_id, which)

    async def write(self, actor: Actor, which: Lists, typed: str, *, add: bool = False) -> Shown:
        """Put what was typed in the place of a list, or add it. Raises `InvalidInput` with the place."""
        await self._check(actor)
        return await self._write(actor, which, clean(typed).split("\n"), add=add)

    async def import_file(self, actor: Actor, which: Lists, content: bytes) -> Shown:
        """Put a file's lines in the place of a list. Raises `InvalidInput` with the place."""
        await self._check(actor)
        return await self._write(actor, which, rules.read_file(content), add=False)

    async def _write(self, actor: Actor, which: Lists, lines: list[str], *, add: bool) -> Shown:
        # Off the loop: a file has tens of thousands of lines.
        entries = await asyncio.to_thread(read_list, which, lines)
        async with self._core.db.begin() as session:
            if add:
                before = await storage.get_list(session, actor.guild_id, which)
                entries = rules.together(which, before, entries)
                if which is Lists.PATTERNS:
                    Patterns(entries)
            await save_list(self._core, session, actor, which, entries)
        return await self.show(actor)

    async def leave_alone(
        self, actor: Actor, *, channel_id: int | None = None, role_id: int | None = None
    ) -> FilterSettings:
        """Leave a channel or a role alone, or look at it again if it was left alone. Raises `LimitReached`."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            settings = await self._core.configs.change(
                session, actor.guild_id, FilterSettings
            )  # locks the row
            changes: dict[str, str | None] = {}
            if channel_id is not None:
                changes["exempt_channels"] = _toggled(settings.channels, channel_id)
            if role_id is not None:
                changes["exempt_roles"] = _toggled(settings.roles, role_id)
            return await self._core.configs.change(
                session, actor.guild_id, FilterSettings, by=actor, **changes
            )

    async def test(self, actor: Actor, typed: str) -> Tested:
        """What would become of a phrase. Nothing is stored."""
        await self._check(actor)
        settings = await self._core.configs.get(actor.guild_id, FilterSettings)
        async with self._core.db.read() as session:
            lists = await storage.get_lists(session, actor.guild_id)
        known = {Lists(name): entries for name, entries in lists.items() if name in set(Lists)}
        looked = Compiled(known, frozenset(Filter)).look(typed)
        matches = [*looked.matches, *(Match(Filter.INVITES, code) for code in looked.invites)]
        mentions = typed.count("<@")
        if mentions > settings.most_mentions:
            matches.append(Match(Filter.MENTIONS, str(mentions)))
        deeds = [settings.deed(each.filter) for each in matches]
        return Tested(typed, tuple(zip(matches, deeds, strict=True)), gravest(deeds))

    async def _check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)


NUMBERS: dict[Filter, tuple[tuple[str, tuple[int, int, int]], ...]] = {
    Filter.MENTIONS: (("most_mentions", rules.MENTIONS),),
    Filter.REPEATS: (("most_channels", rules.CHANNELS), ("most_in_a_row", rules.IN_A_ROW)),
}


def read_list(which: Lists, lines: list[str]) -> tuple[str, ...]:
    """The entries that lines of text are. Raises InvalidInput with the place."""
    match which:
        case Lists.WORDS:
            return rules.read_words(lines)
        case Lists.DOMAINS:
            return tuple(dict.fromkeys(map(canonical, rules.read_domains(lines))))
        case Lists.PROTECTED:
            return tuple(map(canonical, rules.read_domains(lines, rules.MOST_PROTECTED)))
        case Lists.INVITES:
            return rules.read_invites(lines)
        case Lists.PATTERNS:
            patterns = rules.read_patterns(lines)
            Patterns(patterns)
            return patterns


async def save_list(
    core: Core, session: AsyncSession, actor: Actor, which: Lists, entries: tuple[str, ...]
) -> None:
    """Write a list, audited with its size alone: a list of bad words is nothing to read in a record of changes."""
    before = await storage.get_list(session, actor.guild_id, which)
    if entries == before:
        return
    await storage.set_list(session, actor.guild_id, which, entries, core.clock.now())
    await core.audit.record(
        session,
        actor,
        AREA,
        N_("changed the list {list} of filters: {was} entries before, {now} now"),
        list=LIST_TITLES[which],
        was=len(before),
        now=len(entries),
    )
    mark(session, f"{LISTS_MARK}{actor.guild_id}")


def _toggled(ids: frozenset[int], one: int) -> str | None:
    changed = sorted(ids ^ {one})
    if len(changed) > rules.MOST_EXEMPT:
        raise LimitReached("At most {most} can be left alone. Take one out first.", most=rules.MOST_EXEMPT)
    return "\n".join(map(str, changed)) or None


def numbered(things: Sequence[ThingT], number: int | None) -> ThingT:
    """The one at this place. Raises InvalidInput for a forged control."""
    if number is None or not 0 <= number < len(things):
        raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
    return things[number]


def which_filter(value: str) -> Filter:
    """Raises InvalidInput for a forged choice."""
    if value not in set(Filter):
        raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
    return Filter(value)


def which_list(value: str) -> Lists:
    """Raises InvalidInput for a forged choice."""
    if value not in set(Lists):
        raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
    return Lists(value)
