"""What a rule of Discord's AutoMod may hold, how many there are of each kind, and how Discord compares a text with it.

Limits and ways of matching are Discord's own (discord.com/developers, resources/auto-moderation). Patterns are Rust's
regular expressions there; who asks about them passes a function that stands in for Rust.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.errors import InvalidInput

MOST_WORDS = 1000
LONGEST_WORD = 60
MOST_PATTERNS = 10
LONGEST_PATTERN = 260
MOST_ALLOWED = 100
MOST_ALLOWED_OF_PRESET = 1000
MOST_MENTIONS = 50
MOST_ROLES = 20
MOST_CHANNELS = 50
LONGEST_MESSAGE = 150
LONGEST_NAME = 80
MOST_MINUTES = 4 * 7 * 24 * 60


class Kind(StrEnum):
    """The kinds of rules, in the order in which they are shown."""

    WORDS = "words"
    PRESET = "preset"
    MENTIONS = "mentions"
    SPAM = "spam"
    PROFILE = "profile"


SLOTS = {Kind.WORDS: 6, Kind.PRESET: 1, Kind.MENTIONS: 1, Kind.SPAM: 1, Kind.PROFILE: 1}


class Preset(StrEnum):
    """Discord's own lists of words."""

    PROFANITY = "profanity"
    SEXUAL = "sexual_content"
    SLURS = "slurs"


@dataclass(frozen=True)
class Rule:
    """One rule as Lyceum wants it. `timeout_minutes` 0 is none; `alert_channel_id` None is no alert."""

    kind: Kind
    name: str
    enabled: bool = True
    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    presets: tuple[Preset, ...] = ()
    mention_limit: int = 0
    raid_protection: bool = False
    block: bool = True
    message: str = ""
    alert_channel_id: int | None = None
    timeout_minutes: int = 0
    exempt_roles: tuple[int, ...] = ()
    exempt_channels: tuple[int, ...] = ()

    @property
    def may_time_out(self) -> bool:
        """Discord takes a timeout for words and mentions alone."""
        return self.kind in (Kind.WORDS, Kind.MENTIONS)

    @property
    def may_block(self) -> bool:
        """A profile is no message; Discord keeps who has it from writing instead."""
        return self.kind is not Kind.PROFILE


@dataclass(frozen=True)
class Found:
    """What of a text a rule acts on, and by which entry. `is_pattern`: as far as RE2 tells what Rust would do."""

    entry: str
    on: str
    is_pattern: bool = False


@dataclass(frozen=True)
class Slot:
    """How full the slots of one kind are."""

    kind: Kind
    used: int

    @property
    def most(self) -> int:
        return SLOTS[self.kind]

    @property
    def is_full(self) -> bool:
        return self.used >= self.most


def checked(rule: Rule) -> Rule:
    """The rule, when Discord would take it. Raises InvalidInput with what to change."""
    if not 1 <= len(rule.name) <= LONGEST_NAME:
        raise InvalidInput("A rule needs a name of at most {most} characters.", most=LONGEST_NAME)
    _check_trigger(rule)
    if len(rule.exempt_roles) > MOST_ROLES or len(rule.exempt_channels) > MOST_CHANNELS:
        raise InvalidInput(
            "Discord takes at most {roles} roles and {channels} channels that a rule leaves alone.",
            roles=MOST_ROLES,
            channels=MOST_CHANNELS,
        )
    if len(rule.message) > LONGEST_MESSAGE:
        raise InvalidInput(
            "The message to whoever was blocked has at most {most} characters.", most=LONGEST_MESSAGE
        )
    if not 0 <= rule.timeout_minutes <= MOST_MINUTES:
        raise InvalidInput("A timeout has at most {most} minutes, which are four weeks.", most=MOST_MINUTES)
    if rule.timeout_minutes and not rule.may_time_out:
        raise InvalidInput(
            "Discord takes a timeout only for rules about words or mentions. Leave it empty here."
        )
    if rule.may_block and not rule.block and rule.alert_channel_id is None and not rule.timeout_minutes:
        raise InvalidInput("The rule would do nothing. Let it block, alert a channel, or give a timeout.")
    return rule


def _check_trigger(rule: Rule) -> None:
    if rule.kind in (Kind.WORDS, Kind.PROFILE):
        if not rule.words and not rule.patterns:
            raise InvalidInput("A rule about words needs at least one word or pattern.")
        _check_entries(rule.words, MOST_WORDS, LONGEST_WORD)
        _check_entries(rule.patterns, MOST_PATTERNS, LONGEST_PATTERN)
    if rule.kind is Kind.PRESET and not rule.presets:
        raise InvalidInput("Choose at least one of Discord's own lists.")
    if rule.kind is Kind.MENTIONS and not 1 <= rule.mention_limit <= MOST_MENTIONS:
        raise InvalidInput(
            "The number of mentions that a message may have is from 1 to {most}.", most=MOST_MENTIONS
        )
    _check_entries(
        rule.allowed, MOST_ALLOWED_OF_PRESET if rule.kind is Kind.PRESET else MOST_ALLOWED, LONGEST_WORD
    )


def _check_entries(entries: Sequence[str], most: int, longest: int) -> None:
    if len(entries) > most:
        raise InvalidInput(
            "These are {n} entries. Discord takes at most {most} here.", n=len(entries), most=most
        )
    for number, entry in enumerate(entries, 1):
        if len(entry) > longest:
            raise InvalidInput(
                "Line {line}: Discord takes at most {most} characters.", line=number, most=longest
            )
        if not entry.strip("* "):
            raise InvalidInput("Line {line}: write at least one letter.", line=number)


_TRIGGERS = {Kind.WORDS: 1, Kind.SPAM: 3, Kind.PRESET: 4, Kind.MENTIONS: 5, Kind.PROFILE: 6}
_PRESETS = {Preset.PROFANITY: 1, Preset.SEXUAL: 2, Preset.SLURS: 3}
_MESSAGE_SENT, _MEMBER_CHANGED = 1, 2
_BLOCK, _ALERT, _TIMEOUT, _KEEP_FROM_WRITING = 1, 2, 3, 4


def kind_of(trigger_type: int) -> Kind | None:
    """The kind of a rule of Discord's; None for one that nobody can make any more."""
    return next((kind for kind, number in _TRIGGERS.items() if number == trigger_type), None)


def payload(rule: Rule) -> dict[str, Any]:
    """The rule as Discord takes it. Ids are text there."""
    return {
        "name": rule.name,
        "event_type": _MEMBER_CHANGED if rule.kind is Kind.PROFILE else _MESSAGE_SENT,
        "trigger_type": _TRIGGERS[rule.kind],
        "trigger_metadata": _trigger(rule),
        "actions": _actions(rule),
        "enabled": rule.enabled,
        "exempt_roles": [str(each) for each in rule.exempt_roles],
        "exempt_channels": [str(each) for each in rule.exempt_channels],
    }


def _trigger(rule: Rule) -> dict[str, Any]:
    match rule.kind:
        case Kind.WORDS | Kind.PROFILE:
            return {
                "keyword_filter": list(rule.words),
                "regex_patterns": list(rule.patterns),
                "allow_list": list(rule.allowed),
            }
        case Kind.PRESET:
            return {"presets": [_PRESETS[each] for each in rule.presets], "allow_list": list(rule.allowed)}
        case Kind.MENTIONS:
            return {
                "mention_total_limit": rule.mention_limit,
                "mention_raid_protection_enabled": rule.raid_protection,
            }
        case Kind.SPAM:
            return {}


def _actions(rule: Rule) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if not rule.may_block:
        found.append({"type": _KEEP_FROM_WRITING, "metadata": {}})
    elif rule.block:
        found.append({"type": _BLOCK, "metadata": {"custom_message": rule.message} if rule.message else {}})
    if rule.alert_channel_id is not None:
        found.append({"type": _ALERT, "metadata": {"channel_id": str(rule.alert_channel_id)}})
    if rule.timeout_minutes:
        found.append({"type": _TIMEOUT, "metadata": {"duration_seconds": rule.timeout_minutes * 60}})
    return found


def read_lines(typed: str) -> tuple[str, ...]:
    """What was typed, an entry a line, each once. Words may also stand with commas between."""
    found = dict.fromkeys(" ".join(line.split()) for line in typed.splitlines())
    return tuple(each for each in found if each)


def read_words(typed: str) -> tuple[str, ...]:
    """Words and phrases, one a line or with commas between."""
    return read_lines(typed.replace(",", "\n"))


def read_minutes(typed: str) -> int:
    """Minutes of a timeout; nothing typed is none. Raises InvalidInput."""
    return _number(typed, 0, MOST_MINUTES) if typed.strip() else 0


def read_mentions(typed: str) -> int:
    """How many mentions a message may have. Raises InvalidInput."""
    return _number(typed, 1, MOST_MENTIONS)


def _number(typed: str, least: int, most: int) -> int:
    if not typed.strip().isdecimal() or not least <= int(typed) <= most:
        raise InvalidInput("Write a whole number from {least} to {most}.", least=least, most=most)
    return int(typed)


def slots(kinds: Sequence[Kind]) -> tuple[Slot, ...]:
    """How full each kind is, given the kinds of all rules in the server."""
    return tuple(Slot(kind, sum(each is kind for each in kinds)) for kind in Kind)


def find(rule: Rule, text: str, search: Callable[[str, str], str | None]) -> Found | None:
    """What of the text the words and patterns of a rule act on, as Discord documents it. `search(pattern, text)` returns
    what a pattern matches. What an allowed entry covers does not count."""
    for word in rule.words:
        for start, end in keyword_spans(word, text):
            if not _is_allowed(rule.allowed, text, start, end):
                return Found(word, text[start:end])
    for pattern in rule.patterns:
        on = search(pattern, text)
        if on is not None and not any(list(keyword_spans(each, on)) for each in rule.allowed):
            return Found(pattern, on, is_pattern=True)
    return None


def keyword_spans(keyword: str, text: str) -> list[tuple[int, int]]:
    """Where a keyword stands in a text, whatever the case: as a whole word or phrase, or with a * before it, behind it
    or both, as the end, the beginning or any part of words."""
    core = keyword.strip("*")
    if not core:
        return []
    front = "" if keyword.startswith("*") else r"(?<!\w)"
    end = "" if keyword.endswith("*") else r"(?!\w)"
    pattern = front + re.escape(core) + end
    return [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]


def _is_allowed(allowed: Sequence[str], text: str, start: int, end: int) -> bool:
    """Whether an allowed entry covers this place."""
    return any(
        first <= start and end <= last for each in allowed for first, last in keyword_spans(each, text)
    )


class Folding:
    """Makes one hit of Discord's several reports of one message: it sends one for each action that a rule takes.

    An action that was reported already for the same member, rule and channel begins a new hit. Bounded, in memory.
    """

    def __init__(self, most: int = 2000) -> None:
        self._most = most
        self._seen: dict[tuple[int, ...], set[int]] = {}

    def is_new(self, key: tuple[int, ...], action: int) -> bool:
        """Whether this report begins a hit. `key` says whose message in which channel hit which rule."""
        actions = self._seen.pop(key, None)
        is_new = actions is None or action in actions
        self._seen[key] = {action} if is_new or actions is None else actions | {action}
        if len(self._seen) > self._most:
            del self._seen[next(iter(self._seen))]
        return is_new
