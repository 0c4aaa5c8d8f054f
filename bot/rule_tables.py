"""Rules (`bot/criteria.py`) in a configuration file: a list of tables, each with every key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bot.config_reading import Given, Wanted
from bot.criteria import MOST_ACTS, MOST_DAYS, Rule, check_kinds, parse_rule

RULE_KEYS = ("acts", "at_least", "people", "subjects", "within_days", "subject")


def written_rule(data: Sequence[Mapping[str, Any]]) -> tuple[Wanted, ...]:
    """A rule as values of a file, from `rule_data`: 0 and "" where it does not matter."""
    return tuple(
        {
            "acts": tuple(each["acts"]),
            "at_least": each["at_least"],
            "people": each.get("people", 0),
            "subjects": each.get("subjects", 0),
            "within_days": each.get("within_days", 0),
            "subject": each.get("subject"),
        }
        for each in data
    )


def read_criterion(item: Given, known: Collection[str]) -> None:
    """One table. `known` are the kinds of acts that can be counted."""

    def read_kinds(typed: tuple[str, ...]) -> tuple[str, ...]:
        check_kinds(typed, known)
        return typed

    item.texts("acts", read_kinds)
    item.number("at_least", least=1, most=MOST_ACTS)
    item.number("people", least=0, most=MOST_ACTS)
    item.number("subjects", least=0, most=MOST_ACTS)
    item.number("within_days", least=0, most=MOST_DAYS)
    item.text("subject")


def read_rule(items: Sequence[Wanted]) -> Rule:
    """The rule that such tables are. Raises `InvalidInput`."""
    return parse_rule(
        [
            {name: list(value) if name == "acts" else value for name, value in each.items() if value}
            for each in items
        ]
    )
