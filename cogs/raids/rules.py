"""Decisions about raids: how suspicious the people are who have just come, whether it is a raid, and who belongs to it.

Each arrival weighs something: a little because somebody came, more for a new account, a name or a picture like others', a
message that several send. What the arrivals of a minute, and of ten, weigh together is compared with what this community
can bear: a number that its usual rate and an announced surge raise. No single sign is enough, and whoever was there before
is never meant. Times are instants in UTC; nothing here knows Discord.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, IntFlag
from hashlib import blake2b

from bot.errors import AlreadyDone, InvalidInput

SHORT, LONG = timedelta(minutes=1), timedelta(minutes=10)
BEARABLE = {SHORT: 25.0, LONG: 60.0}
"""What may come within each span, in weight, where nothing else is known of a community."""
ORDINARY = 0.6
"""What an honest newcomer may weigh: of each that is expected the bearable weight grows by so much."""
USUAL_FACTOR = 4
"""How many times its usual rate a community may have without a word."""

CAME, BARE, ALIKE, SAME_FACE, LOUD, ECHO = 0.2, 0.1, 0.5, 0.5, 0.4, 1.5
AGES = ((timedelta(days=1), 0.5), (timedelta(days=7), 0.35), (timedelta(days=30), 0.15))
FRESH = AGES[0][0]
LEAST_CROWD = 4
"""So many with one key of a name, or one picture, are alike; in a large crowd it takes a share of it."""
CROWD_SHARE = 0.08
LEAST_ECHO = 3
"""So many accounts with one message are a burst."""
LEAST_WORDS = 16
"""A shorter message without a link or mention says nothing: many people say hello."""

WAVE = timedelta(seconds=30)
LEAST_WAVE = 20
SUSPECT = 0.5
IN_WAVE, IN_RIPPLE, LIKE_OTHERS, LIKE_MESSAGE = 0.6, 0.3, 0.4, 0.6

DEFAULT_LENGTH, LONGEST = timedelta(hours=1), timedelta(hours=24)
LENGTHS = (15, 30, 60, 120, 360, 720)
"""Minutes that /setup offers for how long a lockdown lasts."""
MOST_EXPECTED, LONGEST_SURGE = 100_000, timedelta(days=7)


class Level(IntEnum):
    """The steps of the ladder, each of which includes those before it."""

    PAUSE = 1  # invites and DMs are paused, slow mode where most is written
    VERIFY = 2  # Discord lets write only who has had a verified account for some minutes
    QUARANTINE = 3  # who came with the raid gets the quarantine role, or a timeout
    LOCK = 4  # nobody without a role of their own writes in the chosen channels


class Sign(IntFlag):
    """What speaks for somebody belonging to a raid."""

    WAVE = 1  # came in the same minute as many others
    RIPPLE = 2  # came in the same minute as some others
    FRESH = 4  # the account is younger than a day
    YOUNG = 8  # ... than a week
    RECENT = 16  # ... than a month
    ALIKE = 32  # a name like several others'
    SAME_FACE = 64  # the same picture as several others
    BARE = 128  # no picture
    ECHO = 256  # wrote what several others wrote


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who came. `keys` are those of their names, `face` stands for their picture; None without one."""

    member_id: int
    at: datetime
    account_at: datetime
    keys: frozenset[int] = frozenset()
    face: int | None = None
    echoed: bool = False

    @property
    def own_weight(self) -> float:
        """What they weigh without a look at the others."""
        return CAME + age_weight(self.at - self.account_at) + (BARE if self.face is None else 0.0)


@dataclass(frozen=True)
class Surge:
    """Many are expected: how many, and from when to when."""

    expected: int
    begins_at: datetime
    ends_at: datetime
    came: int = 0

    def covers(self, at: datetime) -> bool:
        return self.begins_at <= at < self.ends_at

    @property
    def still_expected(self) -> int:
        return max(0, self.expected - self.came)


@dataclass(frozen=True)
class Evidence:
    """Why it is a raid, in numbers. `span` is the time in which they came; `usual` is a rate an hour."""

    span: timedelta
    joins: int
    fresh: int = 0
    young: int = 0
    alike: int = 0
    same_face: int = 0
    bare: int = 0
    echoing: int = 0
    loud: int = 0
    usual: float = 0.0
    expected: int = 0


@dataclass(frozen=True)
class Verdict:
    """What the last minutes weigh, what would be bearable, and of what the weight is made."""

    weight: float
    bearable: float
    evidence: Evidence

    @property
    def is_raid(self) -> bool:
        return self.weight >= self.bearable


@dataclass(frozen=True)
class Suspicion:
    """How far somebody looks like a part of the raid, and why."""

    points: float
    signs: Sign

    @property
    def is_suspect(self) -> bool:
        return self.points >= SUSPECT


def age_weight(age: timedelta) -> float:
    return next((weight for limit, weight in AGES if age < limit), 0.0)


def age_sign(age: timedelta) -> Sign:
    signs = (Sign.FRESH, Sign.YOUNG, Sign.RECENT)
    return next((sign for (limit, _), sign in zip(AGES, signs, strict=True) if age < limit), Sign(0))


def crowd_from(size: int) -> int:
    """How many must be alike among so many that it means something."""
    return max(LEAST_CROWD, round(size * CROWD_SHARE))


def bearable(span: timedelta, *, usual_an_hour: float, still_expected: int) -> float:
    """What the arrivals of this span may weigh."""
    usual = usual_an_hour * (span / timedelta(hours=1))
    return BEARABLE[span] + ORDINARY * (USUAL_FACTOR * usual + still_expected)


def fingerprint(
    words: str, *, mentions: Iterable[int] = (), everyone: bool = False, stickers: Iterable[int] = ()
) -> int | None:
    """A number that the same message has from whomever it comes; None for one that says nothing.

    Without the Message Content intent `words` are empty, and mentions and stickers are all that is seen.
    """
    said = "".join(each for each in words.casefold() if each.isalpha() or each in ":/.")
    parts = sorted({*mentions, *stickers})
    if not parts and not everyone and "://" not in said and len(said) < LEAST_WORDS:
        return None
    text = f"{said[:500]}|{parts[:20]}|{everyone}"
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) >> 1


def judge_all(cohort: Sequence[Arrival], *, usual_an_hour: float = 0.0) -> dict[int, Suspicion]:
    """Of everybody who came while it lasted: how far they look like a part of it."""
    times = sorted(each.at for each in cohort)
    keys = Counter(key for each in cohort for key in each.keys)
    faces = Counter(each.face for each in cohort if each.face is not None)
    least = crowd_from(len(cohort))
    wave = max(LEAST_WAVE, 5 * usual_an_hour / 60)
    result: dict[int, Suspicion] = {}
    for each in cohort:
        near = bisect_right(times, each.at + WAVE) - bisect_left(times, each.at - WAVE)
        signs = Sign(0)
        if near >= wave:
            signs |= Sign.WAVE
        elif near >= wave / 2:
            signs |= Sign.RIPPLE
        signs |= age_sign(each.at - each.account_at)
        if any(keys[key] >= least for key in each.keys):
            signs |= Sign.ALIKE
        if each.face is None:
            signs |= Sign.BARE
        elif faces[each.face] >= LEAST_CROWD:
            signs |= Sign.SAME_FACE
        if each.echoed:
            signs |= Sign.ECHO
        result[each.member_id] = Suspicion(_points(signs), signs)
    return result


_POINTS: Mapping[Sign, float] = {
    Sign.WAVE: IN_WAVE,
    Sign.RIPPLE: IN_RIPPLE,
    Sign.FRESH: AGES[0][1],
    Sign.YOUNG: AGES[1][1],
    Sign.RECENT: AGES[2][1],
    Sign.ALIKE: LIKE_OTHERS,
    Sign.SAME_FACE: LIKE_OTHERS,
    Sign.BARE: BARE,
    Sign.ECHO: LIKE_MESSAGE,
}


def _points(signs: Sign) -> float:
    return round(sum(_POINTS[each] for each in signs), 3)


def check_surge(expected: int, begins_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Raises `InvalidInput` for what cannot be announced."""
    if not 1 <= expected <= MOST_EXPECTED:
        raise InvalidInput("Please say how many you expect: a number from 1 to {most}.", most=MOST_EXPECTED)
    if ends_at <= begins_at:
        raise InvalidInput("The end has to come after the beginning. Please give both anew.")
    if ends_at <= now:
        raise InvalidInput("That has passed already. Please choose a time to come.")
    if ends_at - begins_at > LONGEST_SURGE:
        raise InvalidInput("A surge lasts a week at most. Please announce the next one when it comes near.")


def toggled(locked: Collection[int], channel_id: int, most: int) -> list[int]:
    """The channels that the last step locks, with this one added or taken away. Raises `InvalidInput` beyond `most`."""
    if channel_id in locked:
        return [each for each in locked if each != channel_id]
    check_locked(len(locked) + 1, most)
    return [*locked, channel_id]


def check_locked(count: int, most: int) -> None:
    """Raises `InvalidInput`."""
    if count > most:
        raise InvalidInput("At most {most} channels can be locked at once.", most=most)


def extended(ends_at: datetime, now: datetime, by: timedelta) -> datetime:
    """Until when a lockdown lasts that is extended, at most a day after now. Raises `AlreadyDone`."""
    if ends_at <= now:
        raise AlreadyDone("That lockdown has ended already.")
    latest = now + LONGEST
    if ends_at >= latest - timedelta(minutes=1):
        raise AlreadyDone("Discord pauses invites for a day at most, and it lasts that long already.")
    return min(ends_at + by, latest)


def next_level(level: int) -> Level:
    """The step after this one. Raises `AlreadyDone` at the top."""
    if level >= Level.LOCK:
        raise AlreadyDone("That is the last step already.")
    return Level(level + 1)
