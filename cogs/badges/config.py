"""A community's own badges in a configuration file: their words and rules.

Whether a badge is given is for somebody who has seen its test on history, so one that comes with a file is a draft. None
is taken out by a file either: people have them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted, one_of
from bot.criteria import rule_data
from bot.errors import InvalidInput, UserError
from bot.i18n import N_
from bot.rule_tables import RULE_KEYS, read_criterion, read_rule, written_rule
from bot.text import clean
from cogs.badges import rules
from cogs.badges.model import Badge
from cogs.badges.rules import State, Tier
from cogs.badges.staff import BadgeStaff
from cogs.badges.words_written import Words

KEYS = ("title", "how", "tier", "again", "hidden", "rule")


class BadgesPart:
    """What the community wrote itself. Those that come with Lyceum are in its library."""

    table = "badges"
    title = N_("Badges")

    def __init__(self, staff: BadgeStaff) -> None:
        self._staff = staff
        self.keys = {"list": N_("Own badge")}

    async def export(self, ground: Ground) -> Wanted:
        own = await self._staff.list_own(ground.session, ground.guild_id)
        return {"list": tuple(map(_item, own))}

    async def read(self, ground: Ground, given: Given) -> None:
        own = await self._staff.list_own(ground.session, ground.guild_id)
        known = self._staff.countable()

        def read_badge(item: Given) -> None:
            item.text("title", _title, required=True)
            item.text("how", _how, required=True)
            item.text("tier", one_of(Tier), required=True)
            item.flag("again")
            item.flag("hidden")
            item.tables("rule", RULE_KEYS, lambda one: read_criterion(one, known), _check_rule)

        given.tables("list", KEYS, read_badge, lambda items: _check(items, own))

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        if "list" in wanted:
            found = [(_words(each), read_rule(each["rule"])) for each in wanted["list"]]
            await self._staff.apply_own(ground.session, ground.actor, found)


def _title(typed: str) -> str:
    title = " ".join(typed.split())
    rules.check_words(title, "-")
    return title


def _how(typed: str) -> str:
    rules.check_words("-", typed)
    return typed


def _check_rule(items: tuple[Wanted, ...]) -> None:
    read_rule(items)


def _check(items: tuple[Wanted, ...], own: Sequence[Badge]) -> None:
    """Raises `UserError` for what a file cannot do."""
    if len(items) > rules.MOST_OWN:
        raise InvalidInput("There are at most {most} badges of your own.", most=rules.MOST_OWN)
    wanted, present = Counter(each["title"] for each in items), Counter(each.title for each in own)
    for title in present:
        if wanted[title] < present[title]:
            raise InvalidInput(
                "The badge “{title}” is missing. People may have it, so no file takes it out: switch it off with "
                "{command}.",
                title=title,
                command="`/manage badges list`",
            )
    for title, n in wanted.items():
        if n > max(1, present[title]):
            raise InvalidInput("Two badges are called “{title}”.", title=title)
    on = {each.title: each for each in own if each.state is State.ON}
    for each in items:
        badge = on.get(each["title"])
        if badge is not None and present[badge.title] == 1 and read_rule(each["rule"]) != badge.rule:
            raise _is_on(badge.title)


def _is_on(title: str) -> UserError:
    return InvalidInput(
        "The badge “{title}” is on: while it is, its rule is a promise. Switch it off first.", title=title
    )


def _words(item: Wanted) -> Words:
    return Words(item["title"], item["how"], Tier(item["tier"]), item["again"], item["hidden"])


def _item(badge: Badge) -> Wanted:
    values: tuple[Any, ...] = (
        clean(badge.title),
        badge.how,
        badge.tier.value,
        badge.repeatable,
        badge.hidden,
        written_rule(rule_data(badge.rule)),
    )
    return dict(zip(KEYS, values, strict=True))
