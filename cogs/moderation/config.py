"""A community's rules, their points, the way to appeal and the caps, in a configuration file. Channel and role are choices
of /setup."""

from __future__ import annotations

from typing import Any

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted
from bot.core import Core
from bot.errors import InvalidInput
from bot.guards import SafetySettings
from bot.i18n import N_
from bot.text import clean
from cogs.moderation import rules
from cogs.moderation.model import AREA, ModerationSettings
from cogs.moderation.setting import LONGEST_APPEAL, MOST_CAP, MOST_DAYS

_CAPS = ("cap_short", "cap_hour")


class ModerationPart:
    """What /setup asks in the form on its page."""

    table = AREA
    title = N_("Moderation")

    def __init__(self, core: Core) -> None:
        self._configs = core.configs
        self.keys = {
            "rules": N_("Rules, one per line"),
            "points_days": N_("Days until points expire"),
            "appeal": N_("How can somebody who was banned appeal?"),
            "cap_short": N_("Kicks and bans in 10 minutes"),
            "cap_hour": N_("Kicks and bans in an hour"),
        }

    async def export(self, ground: Ground) -> Wanted:
        mine = await self._configs.present(ground.session, ground.guild_id, ModerationSettings)
        safety = await self._configs.present(ground.session, ground.guild_id, SafetySettings)
        return {
            "rules": tuple(f"{each.name} = {each.points}" for each in mine.rule_list),
            "points_days": mine.points_days,
            "appeal": mine.appeal or None,
            "cap_short": safety.cap_short,
            "cap_hour": safety.cap_hour,
        }

    async def read(self, ground: Ground, given: Given) -> None:
        del ground
        given.texts("rules", lambda typed: _written(clean("\n".join(typed))))
        given.number("points_days", least=1, most=MOST_DAYS)
        given.text("appeal", _appeal)
        given.number("cap_short", least=1, most=MOST_CAP)
        given.number("cap_hour", least=1, most=MOST_CAP)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        mine: dict[str, Any] = {key: wanted[key] for key in ("points_days",) if key in wanted}
        if "appeal" in wanted:
            mine["appeal"] = wanted["appeal"] or ""
        if "rules" in wanted:
            found = rules.read_rules("\n".join(str(each) for each in wanted["rules"]))
            mine["rules"] = {"list": [[each.name, each.points] for each in found]}
        safety: dict[str, Any] = {key: wanted[key] for key in _CAPS if key in wanted}
        for section, changes in ((ModerationSettings, mine), (SafetySettings, safety)):
            if changes:
                await self._configs.change(
                    ground.session, ground.guild_id, section, by=ground.actor, **changes
                )


def _written(text: str) -> tuple[str, ...]:
    return tuple(f"{each.name} = {each.points}" for each in rules.read_rules(text))


def _appeal(typed: str) -> str:
    text = clean(typed)
    if len(text) > LONGEST_APPEAL:
        raise InvalidInput("Please keep that under {most} characters.", most=LONGEST_APPEAL)
    return text
