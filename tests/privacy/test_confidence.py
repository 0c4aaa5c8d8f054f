"""What moderators keep in confidence is in neither /privacy show nor /privacy export, on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

from bot.authority import Actor
from bot.cases import CASE, REPORT, CaseDraft, CaseKind, EventKind, Snippet, Source
from bot.core import Core
from bot.outbox import Effect, EffectKind
from cogs.privacy.service import Machine, PrivacyService
from storage.approvals import ProposalRow
from storage.cases import CaseNoteRow
from storage.database import Database
from storage.moderation import ModerationPanelRow
from storage.reports import ReportItemRow, ReportRow
from tests.clocks import FixedClock

GUILD, TROLL, MODERATOR, REPORTER = 1, 66, 700700700, 800800800


def draft(kind: CaseKind) -> CaseDraft:
    return CaseDraft(
        guild_id=GUILD,
        kind=kind,
        source=Source.REPORT,
        reason="" if kind is CaseKind.NOTE else "Insults in the help channel",
        member_id=TROLL,
        moderator_id=MODERATOR,
        source_key=f"report:{kind.value}",
    )


async def test_who_is_reported_learns_of_neither_the_report_nor_notes_nor_who_acted(
    database: Database, clock: FixedClock
) -> None:
    core = Core.build(database, clock)
    now = clock.now()
    async with core.db.begin() as session:
        case = await core.cases.open(session, draft(CaseKind.WARN))
        note = await core.cases.open(session, draft(CaseKind.NOTE))
        about = {"guild_id": GUILD, "member_id": TROLL}
        session.add(CaseNoteRow(**about, case_id=note.id, by_id=MODERATOR, at=now, text="SECRET note"))
        session.add(ModerationPanelRow(**about, opened_by=MODERATOR, source_key="report:1", at=now))
        what = {"member_ids": [TROLL], "reason": "SECRET plan"}
        session.add(
            ProposalRow(
                guild_id=GUILD,
                kind="moderation.act",
                payload=what,
                proposed_by=MODERATOR,
                made_at=now,
                expires_at=now + timedelta(hours=1),
            )
        )
        await core.cases.add_event(session, case, EventKind.NOTED, by=MODERATOR)
        await core.cases.add_event(session, case, EventKind.HIDDEN, by=MODERATOR, after="SECRET why")
        await core.cases.add_event(session, case, EventKind.UPHELD, by=MODERATOR)
        item = ReportItemRow(
            guild_id=GUILD,
            number=1,
            subject="message",
            subject_id=TROLL,
            about_staff=True,
            category="spam",
            opened_at=now,
            last_at=now,
        )
        session.add(item)
        await session.flush()
        session.add(
            ReportRow(
                guild_id=GUILD,
                item_id=item.id,
                reporter_id=REPORTER,
                category="spam",
                words="SECRET words",
                at=now,
                last_at=now,
            )
        )
        reported, kept = Snippet(author_id=TROLL, text="SECRET copy"), Snippet(author_id=TROLL, text="Mine")
        await core.cases.evidence.keep(session, GUILD, REPORT, item.id, [reported])
        await core.cases.evidence.keep(session, GUILD, CASE, case.id, [kept])
        reason = {"reason": f"Case 1 by {MODERATOR}: Insults"}
        effect = Effect(
            kind=EffectKind.BAN, key="moderation.act:1", guild_id=GUILD, member_id=TROLL, arguments=reason
        )
        await core.outbox.plan(session, effect)
    privacy = PrivacyService(core, lambda: Machine(None, None, is_file=False))
    [(_, content)] = await privacy.export(Actor(GUILD, TROLL))
    text = content.decode()
    assert "SECRET" not in text and str(MODERATOR) not in text and str(REPORTER) not in text
    tables = json.loads(text)["tables"]
    assert set(tables) == {"cases", "case_events", "evidence", "outbox"} and "report" not in text
    assert [each["kind"] for each in tables["cases"]] == ["warn"]
    assert [each["what"] for each in tables["case_events"]] == ["upheld"]
    assert [each["text"] for each in tables["evidence"]] == ["Mine"]
    shown = {each.what: each.rows for each in (await privacy.show(Actor(GUILD, TROLL))).held}
    assert sorted(shown.values()) == [1, 1, 1, 1]
    [(_, theirs)] = await privacy.export(Actor(GUILD, REPORTER))
    assert "SECRET words" in theirs.decode()  # what they wrote is theirs
