"""Rules of AutoMod as values, and the names by which the rest of the bot knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bot.errors import NotFound
from bot.hits import FloodWords
from bot.i18n import N_
from cogs.automod.rules import Kind, Preset, Rule, Slot
from storage import automod as storage

AREA = "automod"
RULE_RENDERER = "automod.rule"
RULE_KEY = "automod.rule:"

TITLES = {
    Kind.WORDS: N_("Words and patterns"),
    Kind.PRESET: N_("Discord's own lists of words"),
    Kind.MENTIONS: N_("Many mentions at once"),
    Kind.SPAM: N_("What Discord takes for spam"),
    Kind.PROFILE: N_("Words in names and profiles"),
}
PRESET_TITLES = {
    Preset.PROFANITY: N_("Swearing"),
    Preset.SEXUAL: N_("Sexual content"),
    Preset.SLURS: N_("Insults and slurs"),
}


@dataclass(frozen=True)
class Ours:
    """A rule of ours. `state` is one of storage.automod's; `is_there` whether Discord has it."""

    id: int
    rule: Rule
    state: str
    state_reason: str | None
    discord_id: int | None
    is_there: bool = True


@dataclass(frozen=True)
class Theirs:
    """A rule as Discord has it, whoever made it."""

    discord_id: int
    name: str
    kind: Kind | None
    enabled: bool


@dataclass(frozen=True)
class Desk:
    """The slots with what is in them."""

    slots: tuple[Slot, ...]
    ours: tuple[Ours, ...]
    others: tuple[Theirs, ...]


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that AutoMod did. `reason` and `flood` are the words of the case, in the community's language."""

    guild_id: int
    member_id: int
    channel_id: int | None
    message_id: int | None
    rule_id: int
    content: str
    reason: str
    flood: FloodWords


def ours_of(row: storage.AutomodRuleRow) -> Ours:
    return Ours(row.id, rule_of(row), row.state, row.state_reason, row.result_id)


def rule_of(row: storage.AutomodRuleRow) -> Rule:
    """The rule of a row."""
    given: Mapping[str, Any] = row.rule
    return Rule(
        kind=Kind(row.kind),
        name=row.name,
        enabled=bool(given.get("enabled", True)),
        words=tuple(given.get("words", ())),
        patterns=tuple(given.get("patterns", ())),
        allowed=tuple(given.get("allowed", ())),
        presets=tuple(Preset(each) for each in given.get("presets", ())),
        mention_limit=int(given.get("mention_limit", 0)),
        raid_protection=bool(given.get("raid_protection", False)),
        block=bool(given.get("block", True)),
        message=str(given.get("message", "")),
        alert_channel_id=given.get("alert_channel_id"),
        timeout_minutes=int(given.get("timeout_minutes", 0)),
        exempt_roles=tuple(given.get("exempt_roles", ())),
        exempt_channels=tuple(given.get("exempt_channels", ())),
    )


def stored(rule: Rule) -> dict[str, Any]:
    """The parts of a rule as a row keeps them."""
    parts = asdict(rule)
    del parts["kind"], parts["name"]
    return parts


def gone() -> NotFound:
    return NotFound("That rule is not there any more. Open {command} again.", command="`/mod automod`")
