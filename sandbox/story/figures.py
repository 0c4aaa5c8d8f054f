"""What happened, in figures, from what the simulated Discord received. Pure: values in, values out.

- *Submissions*: receipts that people were given, one for each person and challenge.
- *Share reviewed*: of the works whose reviewers were told at least ``REVIEW_DAYS`` before the end, the part whose author
  has at least one review; the others still have time.
- *Median wait*: from the moment at which the reviewers of a round were told to the first review of each work.
- *Repeated pairs*: of all twos that a round of pairs brought together, those that had met in an earlier round.
- *Pings a person and day*: messages that made a sound for somebody, by mention or as a private message, over all days on
  which they were a member; the most is one person's most in one day of theirs.
- *Lost*: what the story knows must have been posted (`Expected`) and was not. *Doubled*: what was there twice, be it
  expected or simply the same words and buttons in the same place within ten minutes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from statistics import median
from zoneinfo import ZoneInfo

from sandbox.story.received import Post, Reply

REVIEW_DAYS = timedelta(days=3)
_SAME_WITHIN = timedelta(minutes=10)
_RECEIPT = re.compile(r"\*\*Submitted\.\*\* Receipt (\d+)")
_TITLE = re.compile(r"^“(.+?)”, ", re.MULTILINE)
_SENT = re.compile(r"\*\*Sent\. Thank you!\*\* <@(\d+)>")
_PAIR = ("meet each other!", "second pair of this round!")
_ABOUT_ITSELF = "notify:"  # "Why am I seeing this?"
_ROUND = "Everybody is told"


@dataclass(frozen=True, slots=True)
class Expected:
    """Something that the story knows must have been posted, once, with all these words, between two instants."""

    what: str
    channel_id: int
    has: tuple[str, ...]
    since: datetime
    until: datetime

    def fits(self, post: Post) -> bool:
        """Whether this is it."""
        return (
            post.channel_id == self.channel_id
            and self.since <= post.at <= self.until
            and all(words in post.text for words in self.has)
        )


@dataclass(frozen=True, slots=True)
class Stay:
    """From when until when somebody was a member; their days are those of their own clock."""

    person: int
    since: datetime
    until: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Figures:
    """The table's values. Shares lie between 0 and 1."""

    people: int
    submissions: int
    works_due: int
    """Works whose time for a review is over."""
    share_reviewed: float
    reviews: int
    median_wait: timedelta | None
    pairs: int
    repeated_pairs: int
    pings_a_person_and_day: float
    most_pings_in_a_day: int
    expected: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    answered: int
    """Presses, commands and forms that were answered."""


def count(
    posts: Sequence[Post],
    replies: Sequence[Reply],
    expected: Sequence[Expected],
    stays: Sequence[Stay],
    end: datetime,
    answered: int,
) -> Figures:
    """Everything, from what was received until ``end``."""
    works, waits, reviews = _reviewing(replies, end)
    met, again = _pairs(posts)
    pings, most = _pings(posts, stays)
    return Figures(
        people=len(stays),
        submissions=len(receipts(replies)),
        works_due=works,
        share_reviewed=len(waits) / works if works else 0.0,
        reviews=reviews,
        median_wait=timedelta(seconds=median(each.total_seconds() for each in waits)) if waits else None,
        pairs=met,
        repeated_pairs=again,
        pings_a_person_and_day=pings,
        most_pings_in_a_day=most,
        expected=len(expected),
        lost=tuple(each.what for each in expected if not any(each.fits(post) for post in posts)),
        doubled=tuple(_doubled(posts, expected)),
        answered=answered,
    )


def receipts(replies: Sequence[Reply]) -> dict[tuple[int, str], datetime]:
    """Who handed in what, by the person and the challenge's title, and when they first did."""
    found: dict[tuple[int, str], datetime] = {}
    for reply in replies:
        title = _TITLE.search(reply.text)
        if _RECEIPT.search(reply.text) and title is not None:
            found.setdefault((reply.person, title.group(1)), reply.at)
    return found


def _reviewing(replies: Sequence[Reply], end: datetime) -> tuple[int, list[timedelta], int]:
    """How many works had their time, how long each of those with a review waited, and how many reviews there were.

    The card of a round names its challenge. A review of an author belongs to the newest round before it.
    """
    handed_in = receipts(replies)
    titles = {title for _, title in handed_in}
    rounds = [
        (reply.at, title)
        for reply in replies
        if _ROUND in reply.text
        for title in titles
        if title in reply.text
    ]
    sent = [
        (int(found.group(1)), reply.at)
        for reply in replies
        if (found := _SENT.search(reply.text)) is not None
    ]
    works, waits = 0, list[timedelta]()
    for number, (begun, title) in enumerate(rounds):
        if end - begun < REVIEW_DAYS:
            break
        following = rounds[number + 1][0] if number + 1 < len(rounds) else end
        for person in [person for person, each in handed_in if each == title]:
            works += 1
            first = [at for author, at in sent if author == person and begun <= at < following]
            if first:
                waits.append(min(first) - begun)
    return works, waits, len(sent)


def _pairs(posts: Sequence[Post]) -> tuple[int, int]:
    """How many twos were brought together, and how many of them not for the first time."""
    met: Counter[frozenset[int]] = Counter()
    for post in posts:
        if any(words in post.text for words in _PAIR):
            met.update(frozenset(two) for two in combinations(sorted(post.mentions), 2))
    return met.total(), met.total() - len(met)


def _pings(posts: Sequence[Post], stays: Sequence[Stay]) -> tuple[float, int]:
    """The mean over all days of all members, and the most on one day of one of them."""
    counted: Counter[tuple[int, object]] = Counter()
    days = 0
    for stay in stays:
        first, last = (at.astimezone(stay.zone).date() for at in (stay.since, stay.until))
        days += (last - first).days + 1
        for post in posts:
            if stay.person in post.pinged and stay.since <= post.at <= stay.until:
                counted[stay.person, post.at.astimezone(stay.zone).date()] += 1
    return (counted.total() / days if days else 0.0), max(counted.values(), default=0)


def _doubled(posts: Sequence[Post], expected: Sequence[Expected]) -> list[str]:
    found = [each.what for each in expected if sum(each.fits(post) for post in posts) > 1]
    last: dict[object, Post] = {}
    for post in posts:
        # Two reviews of one work are told in the same words; what their buttons lead to is not the same.
        leads_to = tuple(each for each in post.controls if not each.startswith(_ABOUT_ITSELF))
        key = (post.channel_id, post.text, leads_to)
        before = last.get(key)
        if before is not None and post.at - before.at <= _SAME_WITHIN:
            found.append(f"“{post.text.splitlines()[0][:60] if post.text else 'a file'}”")
        last[key] = post
    return found


def pinged_while_away(
    posts: Sequence[Post], away: Sequence[tuple[int, datetime, datetime | None]]
) -> list[str]:
    """What notified somebody who had left or taken a break; ends are exclusive, None is still away."""
    return [
        post.text.splitlines()[0][:80]
        for post in posts
        for person, since, until in away
        if person in post.pinged and since < post.at and (until is None or post.at < until)
    ]


def table(figures: Figures) -> list[tuple[str, str]]:
    """What is printed: names and values."""
    wait = figures.median_wait
    hours = "none yet" if wait is None else f"{wait.total_seconds() / 3600:.0f} hours"
    return [
        ("People", str(figures.people)),
        ("Presses, commands and forms answered", f"{figures.answered:,}"),
        ("Submissions", str(figures.submissions)),
        ("Reviews written", str(figures.reviews)),
        ("Share of works reviewed", f"{figures.share_reviewed:.0%} of {figures.works_due}"),
        ("Median wait for a first review", hours),
        ("Pairs, and repeated ones among them", f"{figures.pairs}, {figures.repeated_pairs} repeated"),
        (
            "Pings a person and day",
            f"{figures.pings_a_person_and_day:.2f}, at most {figures.most_pings_in_a_day}",
        ),
        ("Posts that had to come", str(figures.expected)),
        ("Lost posts", _named(figures.lost)),
        ("Doubled posts", _named(figures.doubled)),
    ]


def _named(what: Sequence[str]) -> str:
    return str(len(what)) if not what else f"{len(what)}: {'; '.join(what)}"
