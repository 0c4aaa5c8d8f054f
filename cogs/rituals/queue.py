"""What a ritual with a queue asks: first what people put there, then the library, never the same within half a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from cogs.rituals import rules
from cogs.rituals.model import Part
from cogs.rituals.rules import comparable
from cogs.rituals.shipped import library, templates
from storage import rituals as storage
from storage.personal import NOBODY

_REMEMBERED = timedelta(days=3 * 365)
QUEUED, SUGGESTED, DOUBTFUL, USED, REMOVED = "queued", "suggested", "doubtful", "used", "removed"


@dataclass(frozen=True)
class Asked:
    """What is asked. `source` is the library's key, None for what people wrote; `author_id` who agreed to be named."""

    text: str
    source: str | None = None
    author_id: int = NOBODY
    prompt_id: int | None = None


class Queue(Part):
    """The prompts of rituals."""

    async def choose(self, session: AsyncSession, row: storage.RitualRow) -> Asked | None:
        """What would be asked next; None when all there is was asked in the last half year."""
        now = self._core.clock.now()
        runs = await storage.list_asked(session, row.guild_id, since=now - _REMEMBERED)
        last_asked = {comparable(run.text or ""): run.at for run in reversed(runs)}
        asked = {text for text, at in last_asked.items() if at >= now - rules.NO_REPEAT}
        waiting = await storage.list_prompts(session, row.id, [QUEUED])
        found = rules.next_prompt(waiting, asked, lambda each: each.text, lambda each: each.may_repeat)
        if found is not None:
            author = found.author_id if found.credited else NOBODY
            return Asked(found.text, author_id=author, prompt_id=found.id)
        # Those that were never asked first, then those that were asked longest ago.
        shelf = sorted(
            library(templates()[row.template].answer),
            key=lambda each: last_asked.get(comparable(each.text), now - _REMEMBERED),
        )
        ours = rules.next_prompt(shelf, asked, lambda each: each.text, lambda _: False)
        return Asked(ours.text, source=ours.key) if ours is not None else None

    async def take(self, session: AsyncSession, row: storage.RitualRow) -> Asked | None:
        """The same, and it counts as asked from now on."""
        asked = await self.choose(session, row)
        if asked is not None and asked.prompt_id is not None:
            prompt = await session.get_one(storage.RitualPromptRow, asked.prompt_id)
            prompt.state, prompt.used_at = USED, self._core.clock.now()
            await session.flush()
        return asked
