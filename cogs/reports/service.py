"""What members do with reports. What staff do is in `cogs/reports/staff.py`, whom a report calls in `calling.py`."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.cases import REPORT, Snippet
from bot.core import Core
from bot.errors import NotFound
from bot.i18n import Translator
from bot.own import Who
from bot.text import clean
from cogs.reports import rules
from cogs.reports.calling import Calling, People
from cogs.reports.model import AREA, Own, Receipt, ReportSettings, Sending, queued_of
from cogs.reports.rules import NOBODY, Category, State, Subject
from storage import evidence as evidence_storage
from storage import reports as storage
from storage.reports import ReportItemRow, ReportRow

LISTED = 5
KEPT_UNDECIDED = timedelta(days=365)  # when an item is closed, what its server chose takes the place of it


class ReportService:
    """The use cases of members."""

    def __init__(self, core: Core, calling: Calling) -> None:
        self._core = core
        self._calling = calling

    async def check(self, actor: Actor, subject_id: int, bot_id: int) -> None:
        """Whether a form is worth filling in. Raises `InvalidInput`, `LimitReached`."""
        rules.check_subject(actor.member_id, subject_id, bot_id)
        async with self._core.db.read() as session:
            rules.check_amount(await self._sent(session, actor))

    async def send(self, actor: Actor, sending: Sending) -> Receipt:
        """Tell staff. Reports of one message or member within a day come together.

        Raises `InvalidInput`, `LimitReached`.
        """
        subject_id = sending.about.member_id if sending.about is not None else NOBODY
        if subject_id != NOBODY:
            rules.check_subject(actor.member_id, subject_id, sending.bot_id)
        needed = sending.message is None or sending.category is Category.OTHER
        words = rules.check_words(clean(sending.words), needed=needed)
        settings = await self._core.configs.get(actor.guild_id, ReportSettings)
        people = await self._people(actor.guild_id, sending)
        async with self._core.db.begin() as session:
            numbers = await storage.lock_numbers(session, actor.guild_id)
            sent = await self._sent(session, actor)
            rules.check_amount(sent)
            together = rules.is_put_together(sent, settings.an_hour)
            item = await self._find_item(session, actor, sending, together=together)
            is_new = item is None
            was_quiet = item is not None and await self._calling.is_quiet(session, item)
            if item is None:
                numbers.last += 1
                item = await self._open(session, actor, sending, numbers.last, together=together)
            report = await self._write(session, actor, item, sending, words)
            await self._keep(session, item, sending.message)
            item.last_at = self._core.clock.now()
            await self._keep_undecided(session, item)
            item.category = await self._category(session, item)
            item.version += 1
            await session.flush()
            reach = await self._calling.announce(
                session, item, numbers, people, is_new=is_new, was_quiet=was_quiet
            )
            return Receipt(
                report.id, item.number, sending.category, State(item.state), reach, item.about_owner
            )

    async def _people(self, guild_id: int, sending: Sending) -> People:
        """Who is told in private, where the staff channel is not the place for it."""
        about = sending.about
        has_channel = (await self._core.configs.guild(guild_id)).staff_channel_id is not None
        if has_channel and not (about is not None and (about.is_staff or about.is_owner)):
            return People()
        return await self._calling.people(guild_id)

    async def _sent(self, session: AsyncSession, actor: Actor) -> int:
        since = self._core.clock.now() - rules.HOUR
        return await storage.count_sent(session, actor.guild_id, actor.member_id, since)

    async def _find_item(
        self, session: AsyncSession, actor: Actor, sending: Sending, *, together: bool
    ) -> ReportItemRow | None:
        """The item that this belongs to: about the same, or where the many of one person are put together."""
        now = self._core.clock.now()
        subject_id = sending.about.member_id if sending.about is not None else NOBODY
        message = sending.message.message_id if sending.message is not None else None
        found = await storage.list_joinable(
            session,
            actor.guild_id,
            since=now - rules.TOGETHER_WITHIN,
            message_id=message,
            subject_id=subject_id,
        )
        is_staff = sending.about is not None and (sending.about.is_staff or sending.about.is_owner)
        for item in found:
            if is_staff and not item.about_staff:
                continue  # from before they were of staff: its card is where they can read it
            kept = await evidence_storage.list_of(session, REPORT, item.id)
            if rules.belongs(
                queued_of(item),
                item.last_at,
                now,
                message=message,
                item_messages=[each.message_id for each in kept if each.message_id is not None],
                subject_id=subject_id,
            ):
                return await storage.lock_item(session, item.id)
        # What is about somebody of staff always stands alone: others would hide it, or show it, along with theirs.
        if not together or is_staff:
            return None
        batch = await storage.find_batch(session, actor.guild_id, actor.member_id, now - rules.HOUR)
        return await storage.lock_item(session, batch.id) if batch is not None else None

    async def _open(
        self, session: AsyncSession, actor: Actor, sending: Sending, number: int, *, together: bool
    ) -> ReportItemRow:
        now, about = self._core.clock.now(), sending.about
        about_staff = about is not None and (about.is_staff or about.is_owner)
        is_batch = together and not about_staff
        if is_batch:
            subject = Subject.BATCH
        elif sending.message is not None:
            subject = Subject.MESSAGE
        else:
            subject = Subject.MEMBER if about is not None else Subject.SITUATION
        item = ReportItemRow(
            guild_id=actor.guild_id,
            number=number,
            subject=subject.value,
            subject_id=about.member_id if about is not None and not is_batch else NOBODY,
            batch_of=actor.member_id if is_batch else NOBODY,
            about_staff=about_staff,
            about_owner=about is not None and about.is_owner,
            category=sending.category.value,
            opened_at=now,
            last_at=now,
        )
        session.add(item)
        await session.flush()
        return item

    async def _write(
        self, session: AsyncSession, actor: Actor, item: ReportItemRow, sending: Sending, words: str
    ) -> ReportRow:
        """What this person sent: a row of their own, to which they can add."""
        now = self._core.clock.now()
        if item.batch_of != NOBODY and sending.about is not None:
            words = f"<@{sending.about.member_id}> {words}".strip()
        known = await storage.find_of_reporter(session, item.id, actor.member_id)
        if known is not None:
            known.words = rules.add_words(known.words, words)
            known.times += 1
            known.last_at = now
            return known
        before = 0
        if item.subject_id != NOBODY:
            before = await storage.count_about(
                session, actor.guild_id, actor.member_id, item.subject_id, now - rules.REPEATED_WITHIN
            )
        report = ReportRow(
            guild_id=actor.guild_id,
            item_id=item.id,
            reporter_id=actor.member_id,
            category=sending.category.value,
            words=words,
            at=now,
            last_at=now,
            joined_at=sending.joined_at,
            before=before,
        )
        session.add(report)
        await session.flush()
        return report

    async def _keep(self, session: AsyncSession, item: ReportItemRow, message: Snippet | None) -> None:
        """A copy of the message, once, and again when it was changed meanwhile."""
        if message is None:
            return
        kept = await evidence_storage.list_of(session, REPORT, item.id)
        known = {(each.message_id, each.text) for each in kept}
        if len(kept) < rules.MOST_PIECES and (message.message_id, message.text) not in known:
            await self._core.cases.evidence.keep(
                session, item.guild_id, REPORT, item.id, [message], keep_for=KEPT_UNDECIDED
            )

    async def _keep_undecided(self, session: AsyncSession, item: ReportItemRow) -> None:
        """What nobody ever closes has an end too, counted from the last who reported it."""
        until = item.words_until = item.last_at + KEPT_UNDECIDED
        item.purged_at = None
        await self._core.cases.evidence.keep_until(session, item.guild_id, REPORT, item.id, until)

    async def _category(self, session: AsyncSession, item: ReportItemRow) -> str:
        reports = await storage.list_reports(session, item.id)
        return rules.main_category(Category(each.category) for each in reports).value

    # ------------------------------------------------------------------------------------------ one's own

    async def own(self, actor: Actor) -> tuple[Own, ...]:
        """The newest that this person sent."""
        async with self._core.db.read() as session:
            rows = await storage.list_own(session, actor.guild_id, actor.member_id, LISTED)
        return tuple(_own(report, item) for report, item in rows)

    async def one(self, who: Who, report_id: int) -> Own:
        """One of one's own, also on a DM. Raises `NotFound`."""
        async with self._core.db.read() as session:
            report = await storage.find_report(session, report_id)
            item = await storage.find_item(session, report.item_id) if report is not None else None
        if report is None or item is None or report.reporter_id != who.member_id:
            raise _not_yours()
        if who.guild_id not in (None, report.guild_id):
            raise _not_yours()
        if who.guild_id is None:
            await self._core.features.require(report.guild_id, AREA)
        return _own(report, item)

    async def find_own(self, report_id: int) -> Own | None:
        """As it stands, for drawing it."""
        async with self._core.db.read() as session:
            report = await storage.find_report(session, report_id)
            item = await storage.find_item(session, report.item_id) if report is not None else None
        return _own(report, item) if report is not None and item is not None else None

    async def open_items(self, session: AsyncSession, guild_id: int, t: Translator) -> list[str]:
        """For whoever hands a role over. What is not for everybody's eyes is not counted."""
        waiting = await storage.count_undecided(session, guild_id)
        if waiting == 0:
            return []
        return [t.tn("{n} report waits: `/mod reports`", "{n} reports wait: `/mod reports`", waiting)]


def _own(report: ReportRow, item: ReportItemRow) -> Own:
    return Own(
        report.id,
        report.guild_id,
        item.number,
        Category(report.category),
        report.words,
        report.at,
        State(item.state),
        item.subject_id,
        item.sentence,
        item.batch_of != NOBODY,
    )


def _not_yours() -> NotFound:
    return NotFound("There is no such report of yours. See {command}.", command="`/me reports`")
