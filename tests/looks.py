"""What the guards are told of Discord in tests of services, where there is none."""

from __future__ import annotations

from collections.abc import Mapping

from bot.authority import Actor, Capability
from bot.guards import Look, Standing


class Nobody(Look):
    """Everybody has the rank of @everyone, and nobody is of staff. A test says what is different."""

    async def standing(self, guild_id: int, member_id: int) -> Standing:
        return Standing(member_id)

    def of_actor(self, actor: Actor) -> Standing:
        return Standing(actor.member_id)

    def own(self, guild_id: int) -> Standing:
        return Standing(0, is_bot=True)

    async def holders(self, guild_id: int, capability: Capability) -> Mapping[int, bool]:
        return {}
