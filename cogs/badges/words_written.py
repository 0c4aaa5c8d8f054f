"""A badge as somebody wrote it, and as the columns of its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.criteria import rule_data
from bot.errors import InvalidInput
from bot.text import clean
from cogs.badges import rules
from cogs.badges.model import Tested
from cogs.badges.rules import Tier
from cogs.badges.shipped import Shipped


@dataclass(frozen=True)
class Words:
    """A badge as somebody wrote it."""

    title: str
    how: str
    tier: Tier
    repeatable: bool
    hidden: bool


def typed_words(title: str, how: str, tier: Any, traits: Any) -> Words:
    """What a form holds. `traits` has "repeatable" and "hidden". Raises `InvalidInput`."""
    title, how = " ".join(clean(title).split()), clean(how)
    rules.check_words(title, how)
    chosen = {str(each) for each in traits or ()}
    if tier not in set(Tier):
        raise InvalidInput("Please choose how much stands behind it.")
    return Words(title, how, Tier(tier), "repeatable" in chosen, "hidden" in chosen)


def columns(words: Words) -> dict[str, Any]:
    """The columns of a badge that say this."""
    return {
        "title": words.title,
        "how": words.how,
        "tier": words.tier.value,
        "repeatable": words.repeatable,
        "hidden": words.hidden,
    }


def shipped_columns(guild_id: int, badge: Shipped) -> dict[str, Any]:
    """The row of a badge that comes with Lyceum."""
    return {
        "guild_id": guild_id,
        "shipped_key": badge.key,
        "title": badge.title,
        "how": badge.how,
        "tier": badge.tier.value,
        "rule": {"criteria": rule_data(badge.rule)},
        "repeatable": badge.repeatable,
        "hidden": badge.hidden,
    }


def tested_data(tested: Tested) -> dict[str, Any]:
    """What a test on history found, as data."""
    at = tested.at.isoformat() if tested.at is not None else None
    return {"would": tested.would, "people": tested.people, "everybody": tested.everybody, "at": at}
