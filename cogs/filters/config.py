"""Filters in a configuration file. Domains to keep out are not in it: such lists are long, and come from a file of their own."""

from __future__ import annotations

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted
from bot.core import Core
from bot.i18n import N_
from cogs.filters import rules
from cogs.filters.desk import NUMBERS, read_list, save_list
from cogs.filters.model import LIST_TITLES, TITLES, FilterSettings
from cogs.filters.rules import Filter, Lists
from storage import filters as storage

WRITTEN = (Lists.PROTECTED, Lists.INVITES, Lists.WORDS, Lists.PATTERNS)
_LABELS = {
    "most_mentions": N_("Mentions that are fine"),
    "most_channels": N_("Channels of one text that are too many"),
    "most_in_a_row": N_("Times of one text in a row that are too many"),
}

_LIST_LABELS = {Lists.WORDS: N_("Words to look for"), Lists.PATTERNS: N_("Patterns to look for")}


class FiltersPart:
    """What each filter does, its numbers, and the lists that people write by hand, each as one text with a line an entry."""

    table = "filters"
    title = N_("Own filters of messages")

    def __init__(self, core: Core) -> None:
        self._core = core
        self.keys = {
            **{each.value: TITLES[each] for each in Filter},
            **_LABELS,
            **{f"list_{each.value}": _LIST_LABELS.get(each, LIST_TITLES[each]) for each in WRITTEN},
        }

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._core.configs.present(ground.session, ground.guild_id, FilterSettings)
        lists = await storage.get_lists(ground.session, ground.guild_id)
        return {
            **{each.value: str(settings.deed(each)) for each in Filter},
            **{name: getattr(settings, name) for name in _LABELS},
            **{f"list_{each.value}": "\n".join(lists.get(each, ())) or None for each in WRITTEN},
        }

    async def read(self, ground: Ground, given: Given) -> None:
        del ground
        for each in Filter:
            given.text(each.value, lambda typed: str(rules.read_deed(typed)), required=True)
        for numbers in NUMBERS.values():
            for name, (least, most, _) in numbers:
                given.number(name, least=least, most=most)
        for each in WRITTEN:
            given.text(
                f"list_{each.value}", lambda typed, which=each: "\n".join(read_list(which, typed.split("\n")))
            )

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        chosen = {name: value for name, value in wanted.items() if not name.startswith("list_")}
        if chosen:
            await self._core.configs.change(
                ground.session, ground.guild_id, FilterSettings, by=ground.actor, **chosen
            )
        for each in WRITTEN:
            if f"list_{each.value}" in wanted:
                entries = tuple((wanted[f"list_{each.value}"] or "").splitlines())
                await save_list(self._core, ground.session, ground.actor, each, entries)
