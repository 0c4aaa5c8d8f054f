"""/manage audit: what staff changed, by whom, from what to what, and why.

The filter of a page is not kept anywhere: its button carries the last entry shown, and "older by the same person"
follows from that entry.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

import discord
from discord import app_commands

from bot.authority import Actor, Capability, require
from bot.cards import Button, Buttons, Card, Text, custom_id
from bot.components import Components
from bot.core import Core
from bot.errors import NotFound
from bot.groups import HelpLine, SharedGroups
from bot.i18n import N_, Translator
from bot.interactions import actor_of
from bot.replies import reply_to
from bot.text import (
    CHOICE_NAME,
    SELECT_OPTIONS,
    mention_channel,
    mention_role,
    mention_user,
    quote,
    timestamp,
)
from storage import audit as storage

Filter = Literal["all", "person", "area", "both"]
OLDER_CONTROLS: dict[Filter, str] = {
    "all": "audit:all.older",
    "person": "audit:person.older",
    "area": "audit:area.older",
    "both": "audit:both.older",
}
HELP = HelpLine(N_("See what staff changed, and why"), "/manage audit", Capability.FACILITATE)
SETUP_AREA = "setup"  # where the names of changes are configuration fields
OTHER_LABELS = {
    "channel_id": N_("Channel"),
    "when": N_("When"),
    "helper": N_("Helper"),
    "closes_at": N_("Closes"),
    "role": N_("Role"),
    "in": N_("In"),
    "out": N_("Out"),
    "reason": N_("Reason"),
}
ENTRIES_A_PAGE = 8
# Eight entries of this much fit a card of 4000 characters, with its title and their first lines.
VALUE_LENGTH = 60
WHY_LENGTH = 120
CHANGES_SHOWN = 3
LABEL_LENGTH = 40
MENTIONED = frozenset(
    {"member", "giver", "role", "in", "out"}
)  # kept as mentions by those who write them down
_MENTION = re.compile(r"<@&?[0-9]{1,20}>")


@dataclass(frozen=True)
class Entry:
    """One change. `at` is UTC; `what` is a gettext id filled with `fields`."""

    id: int
    actor_id: int
    at: datetime
    area: str
    what: str
    fields: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    why: str | None


@dataclass(frozen=True)
class AuditPage:
    """Some entries, the newest first, and whether there are older ones."""

    entries: tuple[Entry, ...]
    has_older: bool
    filter: Filter


class AuditService:
    """Reads the record for facilitators."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def first_page(self, actor: Actor, *, by: int | None = None, area: str | None = None) -> AuditPage:
        """The newest changes, of one person or area if given. Raises `NotAllowed`."""
        await self._check(actor)
        wanted: Filter = "both" if by and area else "person" if by else "area" if area else "all"
        return await self._page(actor.guild_id, wanted, by=by, area=area)

    async def older_page(self, actor: Actor, wanted: Filter, entry_id: int) -> AuditPage:
        """What came before this entry, with the same filter. Raises `NotAllowed`, and `NotFound` when it is gone."""
        await self._check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_audit(session, actor.guild_id, entry_id)
        if row is None:
            raise NotFound("That page is not kept any more. See {command}.", command="`/manage audit`")
        by = row.actor_id if wanted in ("person", "both") else None
        area = row.area if wanted in ("area", "both") else None
        return await self._page(actor.guild_id, wanted, by=by, area=area, before_id=row.id)

    async def areas(self, actor: Actor) -> list[str]:
        """The areas in which something was changed."""
        await self._check(actor)
        async with self._core.db.read() as session:
            return await storage.list_areas(session, actor.guild_id)

    async def _page(
        self, guild_id: int, wanted: Filter, *, by: int | None, area: str | None, before_id: int | None = None
    ) -> AuditPage:
        async with self._core.db.read() as session:
            rows = await storage.list_audit(
                session,
                guild_id,
                actor_id=by,
                area=area,
                before_id=before_id,
                limit=ENTRIES_A_PAGE + 1,
            )
        entries = tuple(_entry(row) for row in rows[:ENTRIES_A_PAGE])
        return AuditPage(entries, has_older=len(rows) > ENTRIES_A_PAGE, filter=wanted)

    async def _check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)


class ManageAudit:
    """Answers /manage audit. `labels` names configuration fields by their gettext ids."""

    def __init__(
        self,
        core: Core,
        components: Components,
        groups: SharedGroups,
        labels: Callable[[], Mapping[str, str]],
    ) -> None:
        self._service = AuditService(core)
        self._labels = labels
        for wanted, name in OLDER_CONTROLS.items():
            components.register(name, self._older(wanted))
        groups.attach(groups.manage, self._command(), HELP)

    def _command(self) -> app_commands.Command[Any, ..., Any]:
        @app_commands.describe(person="Only what this person changed", area="Only changes in this area")
        async def audit(
            interaction: discord.Interaction[Any],
            person: discord.Member | None = None,
            area: app_commands.Range[str, 1, 32] | None = None,
        ) -> None:
            by = person.id if person is not None else None
            await self._show(
                interaction, await self._service.first_page(actor_of(interaction), by=by, area=area)
            )

        command = app_commands.Command[Any, ..., Any](
            name="audit", description="What staff changed, and why", callback=audit
        )
        command.autocomplete("area")(self._suggest_areas)
        return command

    async def _suggest_areas(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        areas = await self._service.areas(actor_of(interaction))
        fitting = [each for each in areas if typed.casefold() in each.casefold()]
        return [app_commands.Choice(name=each[:CHOICE_NAME], value=each) for each in fitting[:SELECT_OPTIONS]]

    def _older(self, wanted: Filter) -> Callable[[discord.Interaction[Any], int | None], Any]:
        async def show(interaction: discord.Interaction[Any], entry_id: int | None) -> None:
            page = await self._service.older_page(actor_of(interaction), wanted, entry_id or 0)
            await self._show(interaction, page)

        return show

    async def _show(self, interaction: discord.Interaction[Any], page: AuditPage) -> None:
        reply = reply_to(interaction)
        await reply.show(audit_card(page, self._labels(), reply.translator))


def audit_card(page: AuditPage, labels: Mapping[str, str], t: Translator) -> Card:
    """Some changes, the newest first."""
    if not page.entries:
        return Card(
            (Text(t("**What staff changed**\nNothing here yet. Each change by staff is written down.")),)
        )
    lines = [t("**What staff changed**, the newest first")]
    lines += [_entry_lines(each, labels, t) for each in page.entries]
    text = Text("\n".join(lines))
    if not page.has_older:
        return Card((text,))
    older = Button(t("Older"), custom_id(OLDER_CONTROLS[page.filter], page.entries[-1].id))
    return Card((text, Buttons((older,))))


def _entry_lines(entry: Entry, labels: Mapping[str, str], t: Translator) -> str:
    fields = {name: _value(name, value, t) for name, value in entry.fields.items()}
    lines = [
        f"- {timestamp(entry.at, 'f')} · {entry.area} · {mention_user(entry.actor_id)} {t(entry.what, **fields)}"
    ]
    names = list(dict.fromkeys([*entry.before, *entry.after]))
    for name in names[:CHANGES_SHOWN]:
        # Only the set-up changes configuration fields: elsewhere the same name means something else.
        label = labels.get(name, name) if entry.area == SETUP_AREA else OTHER_LABELS.get(name, name)
        change = t(
            "{name}: {before} → {after}",
            name=quote(t(label), LABEL_LENGTH),
            before=_value(name, entry.before.get(name), t),
            after=_value(name, entry.after.get(name), t),
        )
        lines.append(f"  - {change}")
    more = len(names) - CHANGES_SHOWN
    if more > 0:
        lines.append("  - " + t.tn("… and {n} more", "… and {n} more", more))
    if entry.why:
        lines.append("  - " + t("Why: {why}", why=quote(entry.why, WHY_LENGTH)))
    return "\n".join(lines)


def _value(name: str, value: Any, t: Translator) -> str:
    """A value as people know it: a channel or role by its mention, an empty one in words."""
    if value is None or value == "":
        return t("nothing")
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    if name.endswith("channel_id") and isinstance(value, int):
        return mention_channel(value)
    if name == "helper" and isinstance(value, int):
        return mention_user(value)
    if name.endswith("role_id") and isinstance(value, int):
        return mention_role(value)
    if name == "closes_at":
        return timestamp(datetime.fromisoformat(str(value)), "f")
    if name in MENTIONED and _MENTION.fullmatch(str(value)):
        return str(value)
    return quote(_plain(value), VALUE_LENGTH)


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        fields = cast("Mapping[object, object]", value)
        return ", ".join(f"{key}: {_plain(each)}" for key, each in fields.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_plain(each) for each in cast("Sequence[object]", value))
    return str(value)


def _entry(row: storage.AuditRow) -> Entry:
    return Entry(row.id, row.actor_id, row.at, row.area, row.what, row.fields, row.before, row.after, row.why)
