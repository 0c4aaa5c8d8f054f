"""The first contribution of each kind by a member: recorded once, told once.

It stands as long as any contribution of its kind does. When the one that it rests on is taken back, it rests on the
next; when none is left it is taken back with it, and done again later it is recorded again but not told again.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act, RecordedAct
from bot.core import Core
from bot.i18n import N_
from bot.notify import Kind, Notification

FIRST = "contribution.first"
FIRST_RENDERER = "firsts.told"
FIRST_KIND = Kind(
    "contribution.first",
    title=N_("Something that you did here for the first time"),
    why=N_("you did something here for the first time. It is said once for each kind of thing."),
    digest_line=N_("You did something here for the first time. Well done!"),
    private=True,
)


class FirstsService:
    """Reacts to contributions."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def note(self, session: AsyncSession, act: RecordedAct) -> None:
        """Somebody contributed."""
        known = self._core.ledger.contributions.get(act.kind)
        if known is None or known.first is None:
            return
        earliest = await self._core.ledger.first(session, act.guild_id, act.kind, act.member_id)
        assert earliest is not None  # this one stands at least
        first = _first(earliest)
        was_known = await self._core.ledger.was_ever_recorded(session, first)
        recorded = await self._core.ledger.record(session, first)
        if recorded is None or was_known or earliest.id != act.id:
            return  # it was done before, at the latest before this was looked for
        notification = Notification(
            kind=FIRST_KIND.name,
            key=f"{FIRST}:{act.guild_id}:{act.member_id}:{act.kind}",
            guild_id=act.guild_id,
            member_id=act.member_id,
            renderer=FIRST_RENDERER,
            channel_id=None,
            arguments={"kind": act.kind},
        )
        await self._core.notifier.notify(session, notification)

    async def note_undone(self, session: AsyncSession, act: RecordedAct) -> None:
        """A contribution was taken back, and what rested on it: it may rest on another."""
        other = await self._core.ledger.first(session, act.guild_id, act.kind, act.member_id)
        known = self._core.ledger.contributions.get(act.kind)
        if known is not None and known.first is not None and other is not None:
            await self._core.ledger.record(session, _first(other))

    def line_of(self, key: str) -> str | None:
        """What is said (a gettext id) under the key of a notification."""
        known = self._core.ledger.contributions.get(key.rpartition(":")[2])
        return known.first if known is not None else None


def _first(act: RecordedAct) -> Act:
    return Act(FIRST, act.guild_id, act.member_id, subject=act.kind, cause_id=act.id)
