"""Decisions about kudos: what can be given and when, which patterns staff look at, and what may be quoted."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import InvalidInput, LimitReached, NotAllowed, TooSoon

LONGEST_WORDS = 500
LONGEST_TAG = 30
MOST_TAGS = 10
MOST_TAGS_ON_ONE = 3
QUOTA_OVER = timedelta(days=1)
MOST_A_DAY = 50
MOST_REST_HOURS = 24 * 30
PATTERN_DAYS = 30
_LEAST_BETWEEN_TWO = 4
_LEAST_IN_A_BURST = 5
_BURST = timedelta(minutes=10)
_LINK = re.compile(
    r"https://(?:[a-z]+\.)?discord(?:app)?\.com/channels/(?P<guild>\d{1,19})/(?P<channel>\d{1,19})/(?P<message>\d{1,19})"
)


class State(StrEnum):
    """What became of one."""

    STANDING = "standing"
    TAKEN_BACK = "taken_back"  # by who gave it
    DECLINED = "declined"  # by who received it
    GONE = "gone"  # the message that it was about, or its own post, was deleted
    REMOVED = "removed"  # by staff


FORGIVEN = frozenset({State.TAKEN_BACK})
"""After these another may be given at once: a mistake is put right."""


class Pattern(StrEnum):
    """What staff may want to look at. None of it proves anything."""

    MUTUAL = "mutual"  # two people who keep thanking each other
    ONE_WAY = "one_way"  # one person thanks the same one again and again
    BURST = "burst"  # many for one person within minutes
    RING = "ring"  # three who thank each other in a circle


@dataclass(frozen=True)
class Found:
    """A pattern, with the people in it and how many kudos it rests on."""

    pattern: Pattern
    people: tuple[int, ...]
    kudos: int


@dataclass(frozen=True)
class Link:
    """Where a message is."""

    guild_id: int
    channel_id: int
    message_id: int


def check_words(words: str) -> str:
    """What somebody is thanked for. Raises `InvalidInput` when it is empty or too long."""
    if not any(each.isalnum() for each in words):
        raise InvalidInput(
            "What is it for? One line about what they did, and what it did for you, is what makes it worth reading."
        )
    if len(words) > LONGEST_WORDS:
        raise InvalidInput(
            "That is long: {length} characters, and {most} fit. The one thing that helped most is enough.",
            length=len(words),
            most=LONGEST_WORDS,
        )
    return words


def check_people(giver_id: int, receiver_id: int, *, is_bot: bool) -> None:
    """Raises `InvalidInput` for oneself and for bots."""
    if giver_id == receiver_id:
        raise InvalidInput("This one would be for yourself. Kudos are for somebody who helped you.")
    if is_bot:
        raise InvalidInput("Bots like me cannot be thanked here. Kudos are for people.")


def check_quota(given: int, a_day: int) -> None:
    """Raises `LimitReached` when as many were given within a day as may be."""
    if given >= a_day:
        raise LimitReached(
            "You have given {n} kudos within a day, which is as many as there are here, so that each keeps its worth. "
            "Keep this one for tomorrow.",
            n=a_day,
        )


def check_rest(last_at: datetime | None, now: datetime, rest: timedelta) -> None:
    """The two of them rest after each one, whoever gave it. Raises `TooSoon`."""
    if last_at is not None and now < last_at + rest:
        raise TooSoon(
            "There were kudos between the two of you a short while ago, and each is worth a while of its own.",
            retry_at=last_at + rest,
        )


def check_ground(*, shared: bool, apart: bool) -> None:
    """Raises `NotAllowed` when nothing is known that both took part in.

    Whom somebody avoids is said to nobody, so that case has to read the same.
    """
    if not shared or apart:
        raise NotAllowed(
            "Kudos go between people who took part in something together: a pair, a challenge, a ritual, an open review, or "
            "a thread in which both wrote. I know of nothing like it of the two of you."
        )


def read_link(typed: str) -> Link | None:
    """The message of a link; None when nothing was typed. Raises `InvalidInput`."""
    if not typed:
        return None
    match = _LINK.fullmatch(typed.strip())
    if match is None:
        raise InvalidInput(
            "That is no link to a message. Hold or right-click the message, and choose “Copy Message Link”."
        )
    return Link(int(match["guild"]), int(match["channel"]), int(match["message"]))


def read_tags(typed: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """The tags that were chosen or typed, in the order of `known`. Raises `InvalidInput` for others or too many."""
    wanted = {" ".join(each.split()).casefold() for each in typed}
    wanted.discard("")
    strange = wanted - {each.casefold() for each in known}
    if strange:
        raise InvalidInput(
            "There is no tag “{typed}” here. There are: {known}.",
            typed=min(strange)[:LONGEST_TAG],
            known=", ".join(known),
        )
    if len(wanted) > MOST_TAGS_ON_ONE:
        raise InvalidInput("Please choose at most {most} tags.", most=MOST_TAGS_ON_ONE)
    return tuple(each for each in known if each.casefold() in wanted)


def read_own_tags(typed: str) -> tuple[str, ...]:
    """A community's own tags, a line each; none means ours. Raises `InvalidInput`."""
    tags = list(dict.fromkeys(" ".join(each.split()) for each in typed.splitlines()))
    tags = [each for each in tags if each]
    if len(tags) > MOST_TAGS or any(len(each) > LONGEST_TAG or "," in each for each in tags):
        raise InvalidInput(
            "Please write at most {most} tags, a line each, of at most {length} characters and without commas.",
            most=MOST_TAGS,
            length=LONGEST_TAG,
        )
    return tuple(tags)


def read_number(typed: str, least: int, most: int) -> int:
    """A whole number of a form. Raises `InvalidInput`."""
    text = typed.strip()
    if not text.isascii() or not text.isdigit() or not least <= int(text[:9]) <= most:
        raise InvalidInput("Please write a whole number from {least} to {most}.", least=least, most=most)
    return int(text)


def may_be_quoted(*, giver: bool, receiver: bool) -> bool:
    """Only while both allow it."""
    return giver and receiver


def list_patterns(edges: Iterable[tuple[int, int, datetime]]) -> tuple[Found, ...]:
    """What stands out among kudos (giver, receiver, instant), the most kudos first. Numbers, never a verdict."""
    ordered = sorted(edges, key=lambda each: each[2])
    pairs = Counter((giver, receiver) for giver, receiver, _ in ordered)
    given = Counter(giver for giver, _, _ in ordered)
    found: list[Found] = []
    for (giver, receiver), n in pairs.items():
        back = pairs[receiver, giver]
        if giver < receiver and min(n, back) >= 2 and n + back >= _LEAST_BETWEEN_TWO:
            found.append(Found(Pattern.MUTUAL, (giver, receiver), n + back))
        elif back < 2 and n >= _LEAST_BETWEEN_TWO and 2 * n > given[giver]:
            found.append(Found(Pattern.ONE_WAY, (giver, receiver), n))
    found += _rings(pairs)
    found += _bursts(ordered)
    return tuple(sorted(found, key=lambda each: (-each.kudos, each.pattern, each.people)))


def _rings(pairs: Counter[tuple[int, int]]) -> list[Found]:
    """Three who each gave at least two to the next."""
    strong: defaultdict[int, set[int]] = defaultdict(set)
    for (giver, receiver), n in pairs.items():
        if n >= 2:
            strong[giver].add(receiver)
    rings = {
        (one, two, three)
        for one in list(strong)
        for two in strong[one]
        for three in strong.get(two, ())
        if one == min(one, two, three) and one in strong.get(three, ()) and len({one, two, three}) == 3
    }
    return [
        Found(Pattern.RING, ring, pairs[ring[0], ring[1]] + pairs[ring[1], ring[2]] + pairs[ring[2], ring[0]])
        for ring in rings
    ]


def _bursts(ordered: Sequence[tuple[int, int, datetime]]) -> list[Found]:
    """People who received many within minutes, as much as they did at the height of it."""
    instants: defaultdict[int, list[datetime]] = defaultdict(list)
    highest: Counter[int] = Counter()
    for _, receiver, at in ordered:
        recent = [each for each in instants[receiver] if at - each <= _BURST]
        instants[receiver] = [*recent, at]
        highest[receiver] = max(highest[receiver], len(instants[receiver]))
    return [Found(Pattern.BURST, (who,), n) for who, n in highest.items() if n >= _LEAST_IN_A_BURST]
