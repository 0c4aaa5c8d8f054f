"""What a community decides about moderation, in /setup: its rules and their points, the way to appeal, and the caps."""

from __future__ import annotations

from bot.authority import Actor, Capability
from bot.core import Core
from bot.errors import InvalidInput
from bot.guards import SafetySettings
from bot.text import clean
from cogs.moderation import rules
from cogs.moderation.model import ModerationSettings

MOST_DAYS, LONGEST_APPEAL, MOST_CAP = 730, 300, 500


class Setting:
    """Reads and writes it."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def read(self, guild_id: int) -> tuple[ModerationSettings, SafetySettings]:
        configs = self._core.configs
        return await configs.get(guild_id, ModerationSettings), await configs.get(guild_id, SafetySettings)

    async def save(self, actor: Actor, typed: dict[str, str]) -> None:
        """What was typed in the form. Raises `InvalidInput` for the first thing that is wrong."""
        await self._core.guards.require(actor, Capability.FACILITATE)
        found = rules.read_rules(clean(typed.get("rules", "")))
        days = _number(typed.get("days", ""), MOST_DAYS)
        appeal = clean(typed.get("appeal", ""))
        if len(appeal) > LONGEST_APPEAL:
            raise InvalidInput("Please keep that under {most} characters.", most=LONGEST_APPEAL)
        short, hour = _number(typed.get("short", ""), MOST_CAP), _number(typed.get("hour", ""), MOST_CAP)
        if short > hour:
            raise InvalidInput("The cap of an hour cannot be lower than that of ten minutes.")
        async with self._core.db.begin() as session:
            await self._core.configs.change(
                session,
                actor.guild_id,
                ModerationSettings,
                by=actor,
                rules={"list": [[each.name, each.points] for each in found]},
                points_days=days,
                appeal=appeal,
            )
            await self._core.configs.change(
                session, actor.guild_id, SafetySettings, by=actor, cap_short=short, cap_hour=hour
            )


def _number(typed: str, most: int) -> int:
    text = typed.strip()
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= most:
        raise InvalidInput("Write a whole number from 1 to {most}.", most=most)
    return int(text)
