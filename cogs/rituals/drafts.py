"""Changes to a ritual: put together in a draft, shown with the next dates, and only then saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, cast

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, has
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.i18n import N_
from bot.nominal_times import WEEKDAYS, LocalRule
from bot.schedules import CatchUp
from bot.text import clean
from bot.time_input import read_time
from cogs.rituals import rules, when
from cogs.rituals.model import AUDIT_AREA, UNTIL_RESUMED, Part, Ritual, title_of
from cogs.rituals.rules import AnswerBy, Repeat, When
from storage import rituals as storage

_WORDS = {"title": rules.LONGEST_TITLE, "purpose": rules.LONGEST_PURPOSE, "text": rules.LONGEST_TEXT}
_WHEN = ("repeat", "weekday", "time")


@dataclass(frozen=True)
class Draft:
    """What a ritual would become. `changed` names what differs, `next_dates` are UTC."""

    id: int
    before: Ritual
    after: Ritual
    changed: tuple[str, ...]
    next_dates: tuple[datetime, ...]


class Drafts(Part):
    """The use cases of changing a ritual."""

    async def begin(
        self, actor: Actor, ritual_id: int, *, channel_id: int | None = None, owner: Actor | None = None
    ) -> Draft:
        """Begin to change a ritual. Raises `NotFound`, `InvalidInput` for an owner who is no facilitator."""
        config = await self.check(actor)
        if owner is not None and not has(owner, Capability.FACILITATE, config.capability_roles):
            raise InvalidInput(
                "The owner has to be a facilitator, who can change the ritual. Choose somebody else."
            )
        async with self._core.db.begin() as session:
            ritual = await self.lock(session, actor, ritual_id)
            row = await self.begin_in(
                session,
                actor,
                ritual,
                owner_id=owner.member_id if owner is not None else None,
                **({"channel_id": channel_id} if channel_id is not None else {}),
            )
            return await self._draft(session, row, ritual)

    async def get(self, actor: Actor, draft_id: int) -> Draft:
        """A draft of one's own. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = await _own(session, actor, draft_id)
            ritual = await storage.find_ritual(session, row.ritual_id)
            assert ritual is not None  # the draft goes with it
            return await self._draft(session, row, ritual)

    async def write(self, actor: Actor, draft_id: int, typed: Mapping[str, Any]) -> Draft:
        """Change the draft by what a form held. Raises `NotFound`, `InvalidInput`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await _own(session, actor, draft_id)
            ritual = await self.lock(session, actor, row.ritual_id)
            row.changes = {**row.changes, **_read(typed)}
            return await self._draft(session, row, ritual)

    async def save(self, actor: Actor, draft_id: int) -> Ritual:
        """Make it so. Raises `NotFound`, `AlreadyDone` when somebody changed the ritual meanwhile."""
        await self.check(actor)
        try:
            async with self._core.db.begin() as session:
                return await self.save_in(session, actor, await _own(session, actor, draft_id))
        except IntegrityError as error:
            raise AlreadyDone(
                "That ritual is posted in this channel already. Choose another channel."
            ) from error

    async def discard(self, actor: Actor, draft_id: int) -> None:
        """Leave the ritual as it is."""
        async with self._core.db.begin() as session:
            await session.delete(await _own(session, actor, draft_id))

    async def begin_in(
        self,
        session: AsyncSession,
        actor: Actor,
        ritual: storage.RitualRow,
        *,
        owner_id: int | None = None,
        **changes: Any,
    ) -> storage.RitualDraftRow:
        """A draft with these changes, in the caller's transaction."""
        row = storage.RitualDraftRow(
            guild_id=actor.guild_id,
            member_id=actor.member_id,
            ritual_id=ritual.id,
            based_on=ritual.version,
            owner_id=owner_id,
            changes=changes,
            created_at=self._core.clock.now(),
        )
        session.add(row)
        await session.flush()
        return row

    async def save_in(self, session: AsyncSession, actor: Actor, row: storage.RitualDraftRow) -> Ritual:
        """Make the draft so, in the caller's transaction."""
        ritual = await self.lock(session, actor, row.ritual_id)
        if ritual.version != row.based_on:
            raise AlreadyDone(
                "This ritual was changed while you were at it. Look at it again with {command}.",
                command="`/manage rituals edit`",
            )
        draft = await self._draft(session, row, ritual)
        before, after = draft.before, draft.after
        if draft.changed:
            ritual.title, ritual.purpose, ritual.text = after.title, after.purpose, after.text
            ritual.answer = after.own_answer.value if after.own_answer else None
            ritual.late_hours = after.own_late_hours
            ritual.left_out = when.dates_text(after.left_out) or None
            ritual.channel_id, ritual.owner_id = after.channel_id, after.owner_id
            ritual.version += 1
            await self._core.schedules.change(
                session,
                ritual.schedule_id,
                rule=after.rule if after.rule != before.rule else None,
                catch_up=CatchUp.LATE_WITHIN if after.late_hours else CatchUp.SKIP,
                late_within=timedelta(hours=after.late_hours),
                payload={"ritual_id": ritual.id, "title": title_of(ritual)},
            )
            if before.is_lost and after.channel_id != before.channel_id:
                ritual.lost_at = None
                if ritual.paused_until != UNTIL_RESUMED:
                    await self._core.schedules.resume(session, ritual.schedule_id)
            await self._core.audit.record(
                session,
                actor,
                AUDIT_AREA,
                N_("changed the ritual {ritual}"),
                before={name: _plain(before, name) for name in draft.changed},
                after={name: _plain(after, name) for name in draft.changed},
                ritual=title_of(ritual),
            )
        await session.delete(row)
        await session.flush()
        return await self.snapshot(session, ritual)

    async def _draft(
        self, session: AsyncSession, row: storage.RitualDraftRow, ritual: storage.RitualRow
    ) -> Draft:
        before = await self.snapshot(session, ritual)
        now = self._core.clock.now()
        after = _changed(before, row.changes, row.owner_id, now)
        rule = when.without(after.rule, after.left_out, await self._holidays(row.guild_id))
        after = replace(after, rule=rule)
        changed = tuple(name for name in _SHOWN if _plain(before, name) != _plain(after, name))
        return Draft(row.id, before, after, changed, when.next_dates(rule, after.zone, now))


_SHOWN = (
    "title",
    "purpose",
    "text",
    "answer",
    "when",
    "left_out",
    "late_hours",
    "channel_id",
    "owner_id",
)


def _plain(ritual: Ritual, name: str) -> object:
    """One property as the record of changes keeps it."""
    if name == "when":
        chosen = ritual.when
        return f"{chosen.repeat} {WEEKDAYS[chosen.weekday]} {chosen.time:%H:%M}"
    if name == "left_out":
        return when.dates_text(ritual.left_out)
    value = getattr(ritual, name)
    return value.value if isinstance(value, AnswerBy) else value


def _changed(before: Ritual, changes: Mapping[str, Any], owner_id: int | None, now: datetime) -> Ritual:
    after = replace(before, owner_id=owner_id or before.owner_id)
    for name in (*_WORDS, "channel_id"):
        if name in changes:
            after = replace(after, **cast("dict[str, Any]", {name: changes[name] or None}))
    if "answer" in changes:
        after = replace(after, own_answer=AnswerBy(changes["answer"]))
    if "late_hours" in changes:
        after = replace(after, own_late_hours=int(changes["late_hours"]))
    if "left_out" in changes:
        after = replace(after, left_out=when.dates_of(changes["left_out"]))
    if changes.keys() & set(_WHEN):
        after = replace(after, rule=_rule(before, changes, now))
    return after


def _rule(before: Ritual, changes: Mapping[str, Any], now: datetime) -> LocalRule:
    present = before.when
    chosen = When(
        Repeat(changes.get("repeat", present.repeat)),
        int(changes.get("weekday", present.weekday)),
        time.fromisoformat(changes["time"]) if "time" in changes else present.time,
    )
    return when.changed(before.rule, chosen, now, before.zone)


def _read(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What a form held, as the draft keeps it. Raises `InvalidInput`."""
    found: dict[str, Any] = {}
    for name, value in typed.items():
        text = str(value or "").strip()
        if name in _WORDS:
            found[name] = clean(text)[: _WORDS[name]]
        elif name == "time":
            found[name] = f"{read_time(text):%H:%M}"
        elif name == "left_out":
            found[name] = when.dates_text(rules.read_dates(text))
        elif name == "channel_id":
            found[name] = int(text)
        elif not _is_choice(name, text):
            raise InvalidInput("That cannot be chosen any more. Please open the form again.")
        else:
            found[name] = int(text) if name in ("weekday", "late_hours") else text
    return found


def _is_choice(name: str, text: str) -> bool:
    known = {
        "repeat": [each.value for each in Repeat],
        "weekday": [str(each) for each in range(len(WEEKDAYS))],
        "late_hours": [str(each) for each in rules.LATE_HOURS],
        "answer": [each.value for each in AnswerBy if each is not AnswerBy.POLL],
    }
    return text in known.get(name, ())


async def _own(session: AsyncSession, actor: Actor, draft_id: int) -> storage.RitualDraftRow:
    row = await session.get(storage.RitualDraftRow, draft_id)
    if row is None or (row.guild_id, row.member_id) != (actor.guild_id, actor.member_id):
        raise NotFound(
            "These changes were saved or thrown away already. Begin again with {command}.",
            command="`/manage rituals edit`",
        )
    return row
