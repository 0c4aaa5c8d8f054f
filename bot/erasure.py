"""Deleting a person from one server: after a delay, over every table, exactly once, and for good.

* A wish to be deleted is carried out a day later and can be called off until then: a stolen account must not be able
  to destroy what somebody did. Whoever left a year ago is deleted in the same way, without the day.
* The deletion is a chain of jobs, a slice each (`storage/footprint.py`), so it survives kills and holds up nobody.
  What is planned for the person stops with the first slice. What is being sent at that moment is finished first, then
  erased too. It ends when a slice finds nothing left.
* Roles that a feature gave the person are taken back first: it registers with `take_back_with`. Nothing is erased until
  that is done, or an hour has passed, because afterwards nobody knows that they were given.
* Before the first slice is committed the deletion stands in a file beside the database (`storage/deletion_file.py`),
  and `replay` carries out at every start what a restored database does not know of.
* What I posted about the person is taken away, as far back as the outbox remembers (`storage/outbox.py`, KEPT).
* Features that keep something of a person in memory register with `on_forgotten` and drop it. Those with cards on which
  the person stands among others register with `redraw_with` and plan to draw them again when all is erased; those whose
  cards quote what is erased of the person find them with `redraw_about_with` while it is still known which they are.
* Features in which others wait for a person register with `on_departure`, and hear of everybody who left, seen or not; those
  that gave somebody roles, which Discord forgets, with `on_return`.

Afterwards the person is a stranger who may begin anew. Tested in `tests/storage/test_footprint.py`,
`tests/privacy/test_erasure.py` and, with the whole bot, in `tests/behaviour/test_privacy.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.i18n import N_
from bot.jobs import Job, Jobs, NewJob, Skipped
from bot.outbox import Effect, EffectKind, Lane, Outbox
from storage import deletion_file, footprint
from storage import privacy as storage
from storage.database import Database, mark
from storage.deletion_file import Deletion
from storage.outbox import is_taking_roles, list_posts_about

log = logging.getLogger(__name__)

ERASE_JOB = "privacy.erase"
DELAY = timedelta(hours=24)
SLICE = 500
WAIT_FOR_SENDING = timedelta(minutes=2)  # longer than an effect may be under way
WAIT_FOR_ROLES = timedelta(hours=1)
ASKED, LEFT = "asked", "left"
_MARK = "forgotten"

Forget = Callable[[int, int], None]
"""Called with server and member after each commit that erased something of them."""
Redraw = Callable[[AsyncSession, int], Awaitable[None]]
"""Called with the server in the transaction that ends a deletion."""
RedrawAbout = Callable[[AsyncSession, int, int], Awaitable[None]]
"""Called with server and member in each transaction that erases something of them, before it does."""
TakeBack = Callable[[AsyncSession, int, int], Awaitable[bool]]
"""Called with server and member before anything is erased; plans to take back the roles that the feature gave. Whether
there were any. Called again until there are none."""
Depart = Callable[[AsyncSession, int, Collection[int]], Awaitable[None]]
"""Called with the server and who left it, in the transaction that writes it down."""
Return = Callable[[AsyncSession, int, Collection[int], str], Awaitable[None]]
"""Called with server, members, and a word for this return, which no other has, in the transaction that notes it."""


FEW = 3  # whom to ask for one by one; of more it is one look at everybody


@dataclass(frozen=True)
class Planned:
    """A deletion to come. `due_at` is UTC; `has_begun` means that it cannot be called off any more."""

    due_at: datetime
    has_begun: bool


class Erasure:
    """Plans, calls off and carries out deletions."""

    def __init__(self, db: Database, clock: Clock, jobs: Jobs, outbox: Outbox) -> None:
        self._db = db
        self._clock = clock
        self._jobs = jobs
        self._outbox = outbox
        self._file = deletion_file.file_of(db)
        self._listeners: list[Forget] = []
        self._redraws: list[Redraw] = []
        self._abouts: list[RedrawAbout] = []
        self._departs: list[Depart] = []
        self._returns: list[Return] = []
        self._take_backs: list[TakeBack] = []
        jobs.register(ERASE_JOB, self._erase)
        db.after_commit(self._tell)

    def on_forgotten(self, forget: Forget) -> None:
        """Have `forget` called when a person is deleted."""
        self._listeners.append(forget)

    def stop_telling(self, forget: Forget) -> None:
        self._listeners.remove(forget)

    def redraw_with(self, redraw: Redraw) -> None:
        """Have `redraw` plan the drawing of cards on which somebody stood who is deleted now."""
        self._redraws.append(redraw)

    def stop_redrawing(self, redraw: Redraw) -> None:
        self._redraws.remove(redraw)

    def redraw_about_with(self, redraw: RedrawAbout) -> None:
        """Have `redraw` plan the drawing of cards that quote what is about to be erased of somebody."""
        self._abouts.append(redraw)

    def stop_redrawing_about(self, redraw: RedrawAbout) -> None:
        self._abouts.remove(redraw)

    def on_departure(self, depart: Depart) -> None:
        """Have `depart` called when people of whom something is stored have left, also while Lyceum was down."""
        self._departs.append(depart)

    def stop_hearing(self, depart: Depart) -> None:
        self._departs.remove(depart)

    def on_return(self, welcome: Return) -> None:
        """Have `welcome` called when people who had left are back, also those who came while Lyceum was down."""
        self._returns.append(welcome)

    def stop_welcoming(self, welcome: Return) -> None:
        self._returns.remove(welcome)

    def take_back_with(self, take_back: TakeBack) -> None:
        """Have `take_back` plan to take back the roles that a feature gave, before a person is deleted."""
        self._take_backs.append(take_back)

    def stop_taking_back(self, take_back: TakeBack) -> None:
        self._take_backs.remove(take_back)

    async def find(self, session: AsyncSession, guild_id: int, member_id: int) -> Planned | None:
        """The person's deletion, if one is to come."""
        row = await storage.find_erasure(session, guild_id, member_id)
        return Planned(row.due_at, row.begun_at is not None) if row is not None else None

    async def ask(self, session: AsyncSession, guild_id: int, member_id: int) -> Planned:
        """Delete the person in a day. Asking twice changes nothing."""
        return await self._plan(session, guild_id, member_id, ASKED, self._clock.now() + DELAY)

    async def call_off(self, session: AsyncSession, guild_id: int, member_id: int) -> bool:
        """Keep the person after all. False when there is nothing to call off or it has begun."""
        row = await storage.find_erasure(session, guild_id, member_id, lock=True)
        if row is None or row.begun_at is not None:
            return False
        await self._write_down(guild_id, member_id, self._clock.now(), kept=True)
        await session.delete(row)
        return True

    async def plan_for_long_gone(self, session: AsyncSession, limit: int) -> int:
        """Delete people who left too long ago. Returns how many that are."""
        now = self._clock.now()
        gone = await storage.list_long_gone(session, now=now, limit=limit)
        for guild_id, member_id in gone:
            await self._plan(session, guild_id, member_id, LEFT, now)
        return len(gone)

    async def list_known(
        self, session: AsyncSession, guild_id: int, gone: Collection[int], back: Collection[int]
    ) -> tuple[list[int], list[int]]:
        """Of those who left, of whom anything is stored; of those who are here, who was noted as gone."""
        departed = await storage.list_departed(session, guild_id) if back else set[int]()
        if len(gone) <= FEW:
            known = {each for each in gone if await footprint.knows(session, guild_id, each)}
        else:
            known = await footprint.list_people(session, guild_id)
        return [each for each in gone if each in known], [each for each in back if each in departed]

    async def note_departures(
        self, session: AsyncSession, guild_id: int, gone: Collection[int], back: Collection[int]
    ) -> None:
        """Remember since when they are gone, and of others that they are back."""
        if gone:
            await self._note_departures(session, guild_id, gone)
        await self._note_returns(session, guild_id, back)

    async def compare(self, guild_id: int, present: Collection[int]) -> None:
        """The complete list of who is in the server, of whom some may have come and gone unseen."""
        async with self._db.read() as session:
            departed = await storage.list_departed(session, guild_id)
            known = await footprint.list_people(session, guild_id)
        # `present` is looked into, not copied: it may be a roster of a hundred thousand.
        gone = {each for each in known if each not in present and each not in departed}
        back = {each for each in departed if each in present}
        if gone or back:
            async with self._db.begin() as session:
                await self._note_departures(session, guild_id, gone)
                await self._note_returns(session, guild_id, back)

    async def _note_departures(
        self, session: AsyncSession, guild_id: int, member_ids: Collection[int]
    ) -> None:
        await storage.add_departures(session, guild_id, member_ids, self._clock.now())
        for depart in self._departs:
            await depart(session, guild_id, member_ids)

    async def _note_returns(self, session: AsyncSession, guild_id: int, member_ids: Collection[int]) -> None:
        if not member_ids:
            return
        await storage.remove_departures(session, guild_id, member_ids)
        occasion = f"back:{self._clock.now():%Y%m%dT%H%M%S}"
        for welcome in self._returns:
            await welcome(session, guild_id, member_ids, occasion)

    async def replay(self) -> int:
        """Carry out what the file knows and the database does not, because it was restored. Returns how many."""
        if self._file is None:
            return 0
        replayed = 0
        for deletion in await asyncio.to_thread(deletion_file.read, self._file):
            if deletion.kept:
                await self._keep_again(deletion)
            elif await self._delete_again(deletion):
                replayed += 1
        if replayed:
            log.warning("the database is older than %s deletions; they were carried out again", replayed)
        return replayed

    async def _plan(
        self, session: AsyncSession, guild_id: int, member_id: int, reason: str, due_at: datetime
    ) -> Planned:
        row, is_new = await storage.add_erasure(session, guild_id, member_id, reason=reason, due_at=due_at)
        if is_new:
            await self._enqueue(session, row, 0, due_at)
        return Planned(row.due_at, row.begun_at is not None)

    async def _enqueue(
        self, session: AsyncSession, row: storage.ErasureRow, number: int, run_at: datetime
    ) -> None:
        # Neither key nor payload names the person, or the job would erase its own row.
        job = NewJob(
            name=ERASE_JOB,
            key=f"{ERASE_JOB}:{row.id}:{number}",
            run_at=run_at,
            guild_id=row.guild_id,
            payload={"erasure": row.id, "number": number},
        )
        await self._jobs.enqueue(session, job)

    async def _erase(self, session: AsyncSession, job: Job) -> Skipped | None:
        """One slice."""
        row = await storage.get_erasure(session, int(job.payload["erasure"]))
        if row is None:
            return Skipped(N_("the deletion was called off"))
        now = self._clock.now()
        if row.begun_at is None:
            if row.reason == LEFT and row.member_id not in await storage.list_departed(session, row.guild_id):
                await session.delete(row)
                return Skipped(N_("the member came back"))
            # The same instant in both: what the file has later than the database is carried out at the next start.
            await self._write_down(row.guild_id, row.member_id, now)
            row.begun_at = now
            await storage.note_deleted(session, row.guild_id, row.member_id, now)
        if now < row.begun_at + WAIT_FOR_ROLES and await self._is_taking_back(session, row):
            await self._enqueue(session, row, int(job.payload["number"]) + 1, now + WAIT_FOR_SENDING)
            return None
        await self._take_away_posts(session, row.guild_id, row.member_id)
        erased = await footprint.erase(session, row.guild_id, row.member_id, limit=SLICE, now=now)
        mark(session, f"{_MARK}:{row.guild_id}:{row.member_id}")
        if erased.rows or erased.is_under_way:
            again_at = now if erased.rows else now + WAIT_FOR_SENDING
            await self._enqueue(session, row, int(job.payload["number"]) + 1, again_at)
        else:
            await self._draw_again(session, row.guild_id)
            await session.delete(row)
            log.info("a person was deleted guild=%s reason=%s", row.guild_id, row.reason)
        return None

    async def _is_taking_back(self, session: AsyncSession, row: storage.ErasureRow) -> bool:
        """Whether the person still has roles from me. Ends the slice, so no lock of a feature meets those of erasing."""
        planned = [await each(session, row.guild_id, row.member_id) for each in tuple(self._take_backs)]
        return any(planned) or await is_taking_roles(session, row.guild_id, row.member_id)

    async def _take_away_posts(self, session: AsyncSession, guild_id: int, member_id: int) -> None:
        """Before the outbox forgets where they are. Neither key nor row names the person."""
        for channel_id, message_id in await list_posts_about(session, guild_id, member_id):
            effect = Effect(
                kind=EffectKind.DELETE,
                key=f"{ERASE_JOB}:post:{message_id}",
                guild_id=guild_id,
                channel_id=channel_id,
                message_id=message_id,
                lane=Lane.BULK,
            )
            await self._outbox.plan(session, effect)
        for redraw in tuple(self._abouts):
            await redraw(session, guild_id, member_id)

    async def _draw_again(self, session: AsyncSession, guild_id: int) -> None:
        for redraw in self._redraws:
            await redraw(session, guild_id)

    async def _write_down(self, guild_id: int, member_id: int, at: datetime, *, kept: bool = False) -> None:
        if self._file is not None:
            deletion = Deletion(guild_id, member_id, at, kept)
            await asyncio.to_thread(deletion_file.append, self._file, deletion)

    async def _keep_again(self, deletion: Deletion) -> None:
        async with self._db.begin() as session:
            row = await storage.find_erasure(session, deletion.guild_id, deletion.member_id, lock=True)
            if row is not None and row.begun_at is None and row.due_at - DELAY <= deletion.at:
                await session.delete(row)

    async def _delete_again(self, deletion: Deletion) -> bool:
        guild_id, member_id = deletion.guild_id, deletion.member_id
        async with self._db.read() as session:
            known = await storage.find_deleted(session, guild_id, member_id)
        if known is not None and known >= deletion.at:
            return False
        rows = 1
        while rows:
            async with self._db.begin() as session:
                await self._take_away_posts(session, guild_id, member_id)
                # Nobody is sending anything yet.
                erased = await footprint.erase(
                    session, guild_id, member_id, limit=SLICE, now=self._clock.now(), spare_under_way=False
                )
                rows = erased.rows
                if not rows:
                    await self._draw_again(session, guild_id)
                    await storage.note_deleted(session, guild_id, member_id, deletion.at)
                    waiting = await storage.find_erasure(session, guild_id, member_id, lock=True)
                    if waiting is not None:
                        await session.delete(waiting)
                mark(session, f"{_MARK}:{guild_id}:{member_id}")
        return True

    def _tell(self, marks: frozenset[str]) -> None:
        for each in marks:
            if each.startswith(f"{_MARK}:"):
                _, guild_id, member_id = each.split(":")
                for forget in self._listeners:
                    forget(int(guild_id), int(member_id))
