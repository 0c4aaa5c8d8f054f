"""Carries out what is wanted of Discord's AutoMod: one rule made, changed or taken away.

A rule of ours is known by its id, and where that was lost (an answer that never came) by its name among those that the bot
made, so a repeat finds it and makes no second one. Rules that others made are never touched.
"""

from __future__ import annotations

from typing import Any

import discord

from bot.cards import AutomodDraft
from bot.discord_safety import reason_of
from bot.judging import PlannedEffect


class AutomodCalls:
    """Performs them over a discord.py client. Raises what discord.py raises."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def set_rule(self, effect: PlannedEffect, draft: AutomodDraft) -> int | None:
        """Returns the rule's id; None when it was taken away."""
        http, reason = self._client.http, reason_of(effect)
        if draft.payload is None and draft.known_id is not None:
            # By its id alone: its name may be another rule's by now.
            await self._delete(effect.guild_id, draft.known_id, reason)
            return None
        ours = await self._ours(effect.guild_id, draft)
        if draft.payload is None:
            for rule_id in ours:
                await self._delete(effect.guild_id, rule_id, reason)
            return None
        if ours:
            rule_id, *doubles = ours
            await http.edit_auto_moderation_rule(effect.guild_id, rule_id, reason=reason, **draft.payload)
        else:
            made = await http.create_auto_moderation_rule(effect.guild_id, reason=reason, **draft.payload)
            # discord.py may have sent it twice by itself, after a fault whose create was carried out.
            rule_id, doubles = int(made["id"]), await self._ours(effect.guild_id, draft)
        for double in doubles:
            if double != rule_id:
                await self._delete(effect.guild_id, double, reason)
        return rule_id

    async def _ours(self, guild_id: int, draft: AutomodDraft) -> list[int]:
        """The ids of this rule, the known one or else the oldest first."""
        rules: list[Any] = list(await self._client.http.get_auto_moderation_rules(guild_id))
        known = [int(each["id"]) for each in rules if int(each["id"]) == draft.known_id]
        own_id = self._client.user.id if self._client.user is not None else 0
        named = [
            int(each["id"])
            for each in rules
            if each["name"] == draft.name and int(each["creator_id"]) == own_id
        ]
        return list(dict.fromkeys([*known, *sorted(named)]))

    async def _delete(self, guild_id: int, rule_id: int, reason: str | None) -> None:
        try:
            await self._client.http.delete_auto_moderation_rule(guild_id, rule_id, reason=reason)
        except discord.NotFound:
            return  # somebody else was first
