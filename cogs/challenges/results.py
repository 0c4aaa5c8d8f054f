"""What a challenge ended with: who finished, what of it the page that is read shows, and a ranking where that is wished."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.text import SELECT_OPTIONS
from cogs.challenges import rules
from cogs.challenges.lifecycle import post_key
from cogs.challenges.model import Challenge, ChallengeSettings, challenge_of
from cogs.challenges.rules import Kind, Lateness, Track
from cogs.challenges.submissions import Submissions
from storage import challenge_results as storage
from storage.challenges import find_challenge, list_ranked
from storage.outbox import find_by_key

RANKED_OVER = 12  # challenges
SHOWN_A_PAGE = 5
NAMES_A_PAGE = 40
SHOWCASED = 5
# Looked up, because a page is about hundreds, and making each of an enum's is a call into Python.
_TRACKS = {**{each.value: each for each in Track}, None: Track.CORE}
_LATE = {each.value: each for each in Lateness}


class Finisher(NamedTuple):
    """Somebody who finished, with the newest version of what they handed in; `late` is how late the first was.

    A tuple without the words, because a page may be about hundreds.
    """

    member_id: int
    track: Track
    shown: bool
    late: Lateness
    submission_id: int


@dataclass(frozen=True)
class Words:
    """What somebody handed in, and what they say that they learned."""

    kind: Kind
    content: str
    learned: str


@dataclass(frozen=True)
class Results:
    """Everyone who finished, by the order in which they first handed in.

    `words` has, by submission, what the page shows. `ranking` is by track: (place, member, finished on time of late);
    empty when it is off.
    """

    challenge: Challenge
    finishers: tuple[Finisher, ...]
    words: Mapping[int, Words]
    ranking: Mapping[Track, tuple[tuple[int, int, int], ...]]
    considered: int  # how many challenges the ranking looks at
    can_submit: bool


@dataclass(frozen=True)
class GalleryPage:
    """One of `pages` about a past challenge: whose work it shows, and who is named."""

    number: int
    pages: int
    shown: Sequence[Finisher]
    named: Sequence[Finisher]


@dataclass(frozen=True)
class Archive:
    """One of `pages` of the `count` challenges whose results are out, the newest first."""

    number: int
    pages: int
    count: int
    challenges: tuple[Challenge, ...]


def showcase(finishers: Sequence[Finisher]) -> list[Finisher]:
    """The first few who show their work, in turn of the tracks, so that each track is seen."""
    by_track = [
        [each for each in finishers if each.shown and each.track is track] for track in reversed(Track)
    ]
    longest = max(map(len, by_track))
    return [group[index] for index in range(longest) for group in by_track if index < len(group)][:SHOWCASED]


def gallery_page(finishers: Sequence[Finisher], number: int) -> GalleryPage:
    """The page of this number, or the nearest that there is."""
    shown = [each for each in finishers if each.shown]
    pages = max(1, -(-len(shown) // SHOWN_A_PAGE), -(-len(finishers) // NAMES_A_PAGE))
    number = min(max(number, 0), pages - 1)
    return GalleryPage(
        number,
        pages,
        shown[number * SHOWN_A_PAGE : (number + 1) * SHOWN_A_PAGE],
        finishers[number * NAMES_A_PAGE : (number + 1) * NAMES_A_PAGE],
    )


class ResultsReader:
    """Reads them; it writes nothing."""

    def __init__(self, core: Core, submissions: Submissions) -> None:
        self._core = core
        self._submissions = submissions

    async def archive(self, guild_id: int, number: int = 0) -> Archive:
        """The page of this number, or the nearest that there is."""
        async with self._core.db.read() as session:
            count = len(await storage.list_past_ids(session, guild_id, rules.PAST))
            pages = max(1, -(-count // SELECT_OPTIONS))
            number = min(max(number, 0), pages - 1)
            rows = await storage.list_past(
                session, guild_id, rules.PAST, limit=SELECT_OPTIONS, offset=number * SELECT_OPTIONS
            )
        return Archive(number, pages, count, tuple(challenge_of(row) for row in rows))

    async def read(self, guild_id: int, challenge_id: int, page: int | None = None) -> Results | None:
        """With the words of this page of the gallery, or of the showcase; None where there are no results (yet)."""
        settings = await self._core.configs.get(guild_id, ChallengeSettings)
        async with self._core.db.read() as session:
            row = await find_challenge(session, guild_id, challenge_id)
            if row is None or row.state not in rules.PAST:
                return None
            finishers = _finishers(await storage.list_versions(session, guild_id, challenge_id))
            shown = showcase(finishers) if page is None else gallery_page(finishers, page).shown
            words = await _words(session, guild_id, [each.submission_id for each in shown])
            ranking: dict[Track, tuple[tuple[int, int, int], ...]] = {}
            considered: Sequence[int] = ()
            if settings.ranking:
                ids = await storage.list_past_ids(session, guild_id, rules.PAST)
                considered = ids[ids.index(row.id) :][:RANKED_OVER]
                willing = await list_ranked(session, guild_id)
                ranking = await _ranking(session, guild_id, considered, finishers, willing)
        is_taken = await self._submissions.is_taken(row)
        return Results(challenge_of(row), finishers, words, ranking, len(considered), is_taken)

    async def was_posted(self, challenge_id: int) -> bool | None:
        """Whether its post reached the channel, or did long ago; None while that is not settled."""
        async with self._core.db.read() as session:
            post = await find_by_key(session, post_key(challenge_id))
        if post is None:
            return True
        return None if post.outcome is None else post.outcome == "sent"


def _finishers(versions: Sequence[Row[int, int, bool, str, str]]) -> tuple[Finisher, ...]:
    first: dict[int, Row[int, int, bool, str, str]] = {}
    newest: dict[int, Row[int, int, bool, str, str]] = {}
    for row in versions:
        first.setdefault(row.member_id, row)
        newest[row.member_id] = row
    return tuple(
        Finisher(member, _TRACKS[row.track], row.shown, _LATE[first[member].late], row.id)
        for member, row in newest.items()
    )


async def _words(session: AsyncSession, guild_id: int, ids: Collection[int]) -> dict[int, Words]:
    if not ids:
        return {}
    return {
        row.id: Words(Kind(row.kind), row.content, row.learned)
        for row in await storage.list_words(session, guild_id, ids)
    }


async def _ranking(
    session: AsyncSession,
    guild_id: int,
    considered: Sequence[int],
    finishers: Sequence[Finisher],
    willing: Collection[int],
) -> dict[Track, tuple[tuple[int, int, int], ...]]:
    """By track: who finished on time and likes to be ranked, by how many they finished on time of late."""
    in_time = [each for each in finishers if each.member_id in willing and each.late is Lateness.ON_TIME]
    counts = await storage.count_on_time(session, guild_id, considered, [each.member_id for each in in_time])
    return {
        track: tuple(
            rules.places({each.member_id: counts[each.member_id] for each in in_time if each.track is track})
        )
        for track in Track
        if any(each.track is track for each in in_time)
    }
