"""Rules of AutoMod in a configuration file. Whom a rule leaves alone stays as it is for a rule of the same name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted, one_of
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import N_
from cogs.automod import rules
from cogs.automod.model import rule_of
from cogs.automod.rules import Kind, Preset, Rule
from cogs.automod.service import AutomodService
from storage import automod as storage

KEYS = (
    "name", "kind", "enabled", "words", "patterns", "allowed", "presets", "mention_limit", "raid_protection", "block",
    "message", "alert_channel", "timeout_minutes",
)  # fmt: skip


class AutomodPart:
    """The rules that were made through Lyceum; a rule is known by its name. Lists are texts with a line an entry."""

    table = "automod"
    title = N_("Rules of Discord's AutoMod")

    def __init__(self, core: Core, service: AutomodService) -> None:
        self._core = core
        self._service = service
        self.keys = {"rules": N_("Rule")}

    async def export(self, ground: Ground) -> Wanted:
        rows = await storage.list_rules(ground.session, ground.guild_id)
        return {"rules": tuple(_item(rule_of(row), ground) for row in rows)}

    async def read(self, ground: Ground, given: Given) -> None:
        rows = await storage.list_rules(ground.session, ground.guild_id)
        kinds = {row.name: row.kind for row in rows}

        def check(items: tuple[Wanted, ...]) -> None:
            for item in items:
                if kinds.get(item["name"], item["kind"]) != item["kind"]:
                    raise InvalidInput(
                        "{name} is of another kind already. Give the rule in the file another name.",
                        name=item["name"],
                    )
            _check(items)

        given.tables("rules", KEYS, _read_item, check)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        rows = {row.name: row for row in await storage.list_rules(ground.session, ground.guild_id)}
        wanted_rules = [_rule(item) for item in wanted["rules"]]
        # First what goes: Discord may have room for the new ones only then.
        for name, row in rows.items():
            if name not in {rule.name for rule in wanted_rules}:
                await self._service.drop(ground.session, ground.actor, row)
        for rule in wanted_rules:
            row = rows.get(rule.name)
            if row is None:
                await self._service.save(ground.session, ground.actor, None, rule)
                continue
            present = rule_of(row)
            kept = replace(rule, exempt_roles=present.exempt_roles, exempt_channels=present.exempt_channels)
            await self._service.save(ground.session, ground.actor, row, kept)


def _item(rule: Rule, ground: Ground) -> Wanted:
    return {
        "name": rule.name,
        "kind": rule.kind.value,
        "enabled": rule.enabled,
        "words": "\n".join(rule.words) or None,
        "patterns": "\n".join(rule.patterns) or None,
        "allowed": "\n".join(rule.allowed) or None,
        "presets": tuple(each.value for each in rule.presets),
        "mention_limit": rule.mention_limit,
        "raid_protection": rule.raid_protection,
        "block": rule.block,
        "message": rule.message or None,
        "alert_channel": ground.server.place("channel", rule.alert_channel_id),
        "timeout_minutes": rule.timeout_minutes,
    }


def _read_item(given: Given) -> None:
    given.text("name", required=True)
    given.text("kind", one_of(each.value for each in Kind), required=True)
    given.flag("enabled")
    for name in ("words", "patterns", "allowed"):
        given.text(name, lambda typed: "\n".join(rules.read_lines(typed)))
    given.texts("presets", lambda typed: tuple(map(one_of(each.value for each in Preset), typed)))
    given.number("mention_limit", least=0, most=rules.MOST_MENTIONS)
    given.flag("raid_protection")
    given.flag("block")
    given.text("message")
    given.place("alert_channel", "channel")
    given.number("timeout_minutes", least=0, most=rules.MOST_MINUTES)


def _check(items: tuple[Wanted, ...]) -> None:
    names = [item["name"] for item in items]
    if len(set(names)) < len(names):
        raise InvalidInput("There is a rule of this name already. Give it another.")
    for item in items:
        rules.checked(_rule(item))
    for kind, most in rules.SLOTS.items():
        if sum(item["kind"] == kind for item in items) > most:
            raise InvalidInput(
                "Discord has room for {most} rules of this kind, and they are taken. Change one, or delete one first.",
                most=most,
            )


def _rule(item: Wanted) -> Rule:
    def lines(name: str) -> tuple[str, ...]:
        return rules.read_lines(item[name] or "")

    place: Any = item["alert_channel"]
    return Rule(
        kind=Kind(item["kind"]),
        name=item["name"],
        enabled=item["enabled"],
        words=lines("words"),
        patterns=lines("patterns"),
        allowed=lines("allowed"),
        presets=tuple(Preset(each) for each in item["presets"]),
        mention_limit=item["mention_limit"],
        raid_protection=item["raid_protection"],
        block=item["block"],
        message=item["message"] or "",
        alert_channel_id=place.id if place is not None else None,
        timeout_minutes=item["timeout_minutes"],
    )
