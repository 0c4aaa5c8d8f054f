"""Who leaves and who comes, taken together: while some are dealt with others gather, and are then dealt with at once.

One alone waits for nobody. When hundreds are banned in a second they cost one look, not hundreds.
"""

from __future__ import annotations

from cogs.privacy.service import PrivacyService


class Comings:
    """Hands departures and returns on, the last thing that somebody did."""

    def __init__(self, service: PrivacyService) -> None:
        self._service = service
        self._waiting: dict[int, dict[int, bool]] = {}
        self._busy: set[int] = set()

    async def note(self, guild_id: int, member_id: int, *, is_here: bool) -> None:
        """Returns when it was dealt with, or somebody else is about to do so."""
        self._waiting.setdefault(guild_id, {})[member_id] = is_here
        if guild_id in self._busy:
            return
        self._busy.add(guild_id)
        try:
            while some := self._waiting.pop(guild_id, None):
                await self._service.came_and_went(guild_id, some)
        finally:
            self._busy.discard(guild_id)
