"""What may be done for how long, what is suggested when points add up, and what a look at a channel or log means. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import InvalidInput

LONGEST_REASON = 1000
LONGEST_TIMEOUT = timedelta(days=28)  # discord.com/developers: a member's timeout
LONGEST_OTHER = timedelta(days=366)
SHORTEST = timedelta(minutes=1)
LONGEST_SLOWMODE = 6 * 3600  # seconds; discord.com/developers: rate_limit_per_user
OLDEST_PURGED = timedelta(days=14)
MOST_PURGED = 200
MOST_RULES = 10
LONGEST_RULE = 80
MOST_POINTS = 10
RECENT = timedelta(seconds=60)  # within which a second moderator is told of what the first one did
FOR_GOOD = ("forever", "for good", "permanent", "perm", "until lifted")

_UNITS = {
    "m": 1,
    "min": 1,
    "minute": 1,
    "h": 60,
    "hour": 60,
    "d": 1440,
    "day": 1440,
    "w": 10080,
    "week": 10080,
}
_PART = re.compile(r"\s*(\d{1,5})\s*(minute|min|m|hour|h|day|d|week|w)s?\b\s*", re.IGNORECASE | re.ASCII)


# ---------------------------------------------------------------------------------------------- lengths and reasons


def read_length(typed: str) -> timedelta | None:
    """ "10m", "1 day 12 hours", "2w"; None is for good. Raises `InvalidInput`."""
    text = " ".join(typed.lower().replace(",", " ").split())
    if text in FOR_GOOD:
        return None
    minutes, position = 0, 0
    spaced = re.sub(r"(?<=[a-z])(?=\d)", " ", text)
    while position < len(spaced):
        found = _PART.match(spaced, position)
        if found is None:
            break
        unit = found[2].lower()
        minutes += int(found[1]) * _UNITS[unit]
        position = found.end()
    if position < len(spaced) or minutes == 0:
        raise InvalidInput(
            "I could not read “{typed}” as a length of time. Write {examples}.",
            typed=typed[:40],
            examples="`30m`, `12h`, `1d`, `2w`",
        )
    return timedelta(minutes=minutes)


def check_timeout(length: timedelta | None) -> timedelta:
    """Raises `InvalidInput` for what Discord does not allow."""
    if length is None or length > LONGEST_TIMEOUT:
        raise InvalidInput(
            "Discord allows a timeout of at most 28 days. For longer, use {command}, which lasts until its end.",
            command="`/mod restrict`",
        )
    return max(length, SHORTEST)


def check_length(length: timedelta | None) -> timedelta | None:
    """The same for what Lyceum ends itself."""
    if length is not None and length > LONGEST_OTHER:
        raise InvalidInput(
            "That is more than a year. Choose up to 52 weeks, or {forever}.", forever="`forever`"
        )
    return max(length, SHORTEST) if length is not None else None


def check_slowmode(length: timedelta | None) -> int:
    """Seconds. Raises `InvalidInput`."""
    seconds = int(length.total_seconds()) if length is not None else LONGEST_SLOWMODE + 1
    if seconds > LONGEST_SLOWMODE:
        raise InvalidInput("Discord allows a slowmode of at most 6 hours.")
    return seconds


def read_seconds(typed: str) -> int:
    """ "10s", "5m", "off". Raises `InvalidInput`."""
    text = typed.strip().lower()
    if text in ("off", "0", "0s"):
        return 0
    found = re.fullmatch(r"(\d{1,5})\s*(?:s|sec|second|seconds)?", text, re.ASCII)
    if found is not None:
        return check_slowmode(timedelta(seconds=int(found[1])))
    return check_slowmode(read_length(typed))


def check_reason(reason: str) -> str:
    """A reason that is there and not too long. Raises `InvalidInput`."""
    if not any(each.isalnum() for each in reason):
        raise InvalidInput("A reason is needed. It is shown to the person and stands in Discord's audit log.")
    if len(reason) > LONGEST_REASON:
        raise InvalidInput("Please keep the reason under {most} characters.", most=LONGEST_REASON)
    return reason


# ---------------------------------------------------------------------------------------------- graduated response


@dataclass(frozen=True)
class Rule:
    """One of the community's rules, and how many points a warning for it counts."""

    name: str
    points: int = 1


@dataclass(frozen=True)
class Suggestion:
    """What is usual at so many points. Without a `length` it is for people to talk over: it is never a ban by itself."""

    points: int
    length: timedelta | None


LADDER = (
    (2, timedelta(days=1)),
    (3, timedelta(days=7)),
    (4, timedelta(days=28)),
)
TALK_FROM = 5


def suggest(points: int) -> Suggestion | None:
    """What to suggest to a moderator at so many points that stand."""
    if points >= TALK_FROM:
        return Suggestion(points, None)
    steps = [length for least, length in LADDER if points >= least]
    return Suggestion(points, steps[-1]) if steps else None


def read_rules(text: str) -> tuple[Rule, ...]:
    """One rule a line, with "= 2" at its end for the points of a warning. Raises `InvalidInput`."""
    found: list[Rule] = []
    for typed in text.splitlines():
        line = " ".join(typed.split())
        if not line:
            continue
        name, _, points = line.rpartition("=") if re.search(r"=\s*\d+$", line) else (line, "", "1")
        name = name.strip()
        if not name or len(name) > LONGEST_RULE or not 0 <= int(points) <= MOST_POINTS:
            raise InvalidInput(
                "A rule has 1 to {length} characters, and a warning for it 0 to {points} points: {example}.",
                length=LONGEST_RULE,
                points=MOST_POINTS,
                example="`Be kind = 2`",
            )
        if name.lower() in {each.name.lower() for each in found}:
            raise InvalidInput("Each rule can stand there once only.")
        found.append(Rule(name, int(points)))
    if len(found) > MOST_RULES:
        raise InvalidInput("At most {most} rules fit here.", most=MOST_RULES)
    return tuple(found)


def points_for(rules: Sequence[Rule], name: str | None) -> int:
    """How many points a warning counts; one where no rule is named."""
    return next((each.points for each in rules if each.name == name), 1)


# ---------------------------------------------------------------------------------------------- clearing messages


@dataclass(frozen=True)
class Found:
    """A message in a channel, without its words."""

    id: int
    author_id: int
    at: datetime
    pinned: bool = False


@dataclass(frozen=True)
class Preview:
    """What would be deleted: messages, how many of whom, since when; and how many are too old or pinned and stay."""

    ids: tuple[int, ...]
    by_author: tuple[tuple[int, int], ...]
    oldest: datetime | None
    too_old: int
    pinned: int


def preview(messages: Sequence[Found], *, now: datetime, most: int, author_id: int | None = None) -> Preview:
    """The newest `most` messages, of one author if given. `messages` are in any order."""
    wanted = [each for each in messages if author_id is None or each.author_id == author_id]
    wanted = sorted(wanted, key=lambda each: each.id, reverse=True)[:most]
    pinned = [each for each in wanted if each.pinned]
    loose = [each for each in wanted if not each.pinned]
    fresh = [each for each in loose if now - each.at < OLDEST_PURGED]
    authors = Counter(each.author_id for each in fresh)
    return Preview(
        tuple(each.id for each in fresh),
        tuple(authors.most_common()),
        min((each.at for each in fresh), default=None),
        len(loose) - len(fresh),
        len(pinned),
    )


# ---------------------------------------------------------------------------------------------- locking a channel

# Send Messages, Add Reactions, Create Public Threads, Create Private Threads, Send Messages in Threads.
LOCKED = 1 << 11 | 1 << 6 | 1 << 35 | 1 << 36 | 1 << 38


def is_locked(allow: int, deny: int, mask: int = LOCKED) -> bool:
    """Whether an overwrite denies what a lock takes away, all of it."""
    return deny & mask == mask and not allow & mask


def restored(details: dict[str, int]) -> dict[str, int | bool]:
    """The arguments that put a channel's overwrite back as it was before a lock."""
    mask, allow, deny = details["mask"], details["allow"], details["deny"]
    return {
        "allow": allow,
        "deny": deny,
        "inherit": mask & ~(allow | deny),
        "remove": not details["existed"],
        "while_denied": True,
    }


# ---------------------------------------------------------------------------------------------- seen in Discord

KICK, BAN, UNBAN, TIMEOUT, UNTIMEOUT, RESTRICT, UNRESTRICT = (
    "kick",
    "ban",
    "unban",
    "timeout",
    "untimeout",
    "restrict",
    "unrestrict",
)


@dataclass(frozen=True)
class Entry:
    """One entry of Discord's audit log. `until` is the end of a timeout that was set, `had_until` of the one before,
    `given` and `taken` are roles. `action` is Discord's name for it."""

    id: int
    action: str
    actor_id: int
    target_id: int
    reason: str
    at: datetime
    until: datetime | None = None
    had_until: datetime | None = None
    given: frozenset[int] = frozenset()
    taken: frozenset[int] = frozenset()


def deed_of(entry: Entry, *, own_id: int, restrict_role: int | None) -> str | None:
    """What somebody did by hand, if it is one of ours to write down; None for our own and all else."""
    if entry.actor_id == own_id or entry.target_id == 0:
        return None
    if entry.action in (KICK, BAN, UNBAN):
        return entry.action
    if entry.action == "member_update":
        if entry.until is not None and entry.until > entry.at:
            return TIMEOUT
        return UNTIMEOUT if entry.had_until is not None and entry.until is None else None
    if entry.action == "member_role_update" and restrict_role is not None:
        if restrict_role in entry.given:
            return RESTRICT
        return UNRESTRICT if restrict_role in entry.taken else None
    return None
