"""What stands behind "Why am I seeing this?", and the daily digest: the member's side of `bot/notify.py`."""

from __future__ import annotations

from typing import Any

import discord

from bot.cards import Button, Buttons, Card, Option, Pick, Text, custom_id
from bot.components import Components
from bot.core import Core
from bot.dispatcher import Obsolete, PlannedEffect
from bot.errors import InvalidInput, NotAllowed, NotFound
from bot.i18n import N_, Translator
from bot.interactions import chosen_values
from bot.notification_centre import CENTRE, HOW
from bot.notify import DIGEST_RENDERER
from bot.notify_rules import Delivery, Kind
from bot.renderers import WHY_CONTROL, Renderers
from bot.replies import reply_to
from storage import notifications as storage

CHOOSE_CONTROL = "notify:choice.set"


class NotificationControls:
    """Answers the controls on notifications and draws the digest."""

    def __init__(self, core: Core, renderers: Renderers, components: Components) -> None:
        self._core = core
        self._renderers = renderers
        components.register(WHY_CONTROL, self._explain)
        components.register(CHOOSE_CONTROL, self._choose)
        renderers.register(DIGEST_RENDERER, self._render_digest, what=N_("the daily digest of a member"))

    async def _explain(self, interaction: discord.Interaction[Any], notification_id: int | None) -> None:
        row, kind = await self._find(interaction, notification_id)
        async with self._core.db.read() as session:
            current = await self._core.notifier.delivery_of(session, row.guild_id, interaction.user.id, kind)
        reply = reply_to(interaction)
        await reply.show(explanation(kind, row.id, current, reply.translator))

    async def _choose(self, interaction: discord.Interaction[Any], notification_id: int | None) -> None:
        row, kind = await self._find(interaction, notification_id)
        delivery = _chosen(interaction, kind)
        async with self._core.db.begin() as session:
            await self._core.notifier.choose(session, row.guild_id, interaction.user.id, kind.name, delivery)
        reply = reply_to(interaction)
        await reply.replace(explanation(kind, row.id, delivery, reply.translator, saved=True))

    async def _find(
        self, interaction: discord.Interaction[Any], notification_id: int | None
    ) -> tuple[storage.NotificationRow, Kind]:
        async with self._core.db.read() as session:
            row = await storage.get_notification(session, notification_id or 0)
        kind = self._core.notifier.kind(row.kind) if row is not None else None
        # In a private message there is no server to compare: the receiver, checked below, is enough.
        is_elsewhere = row is not None and interaction.guild_id not in (None, row.guild_id)
        if row is None or kind is None or is_elsewhere:
            raise NotFound("I do not know this message any more, so there is nothing to change here.")
        if row.member_id != interaction.user.id:
            raise NotAllowed("This message is for someone else. Yours have the same button.")
        return row, kind

    async def _render_digest(self, effect: PlannedEffect) -> Card:
        async with self._core.db.read() as session:
            rows = await storage.list_digest(session, str(effect.arguments["digest_key"]))
        t = await self._renderers.translator(effect)
        told = [self._core.notifier.line_of(row.kind, row.key) for row in rows]
        lines = [f"- {t(line)}" for line in dict.fromkeys(told) if line is not None]
        if not lines or effect.member_id is None:
            raise Obsolete(N_("what it would tell no longer exists"))
        text = t("**Your news of the day**, <@{member_id}>", member_id=effect.member_id)
        why = t("-# These came together because you chose so, or because your daily limit was reached.")
        return Card((Text("\n".join([text, *lines, why])),), pings=frozenset({effect.member_id}))


def _chosen(interaction: discord.Interaction[Any], kind: Kind) -> Delivery:
    [value] = chosen_values(interaction, 1)
    if value not in set(Delivery) or not kind.choosable:
        raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
    return Delivery(value)


def explanation(
    kind: Kind, notification_id: int, current: Delivery, t: Translator, *, saved: bool = False
) -> Card:
    """Why a member sees a kind of notification, and the menu to have more or less of it, where there is a choice."""
    text = t("You see this because {why}", why=t(kind.why))
    everything = Button(t("What I am told"), custom_id(CENTRE, notification_id))
    if not kind.choosable:
        always = t("I always tell you of this, so that nothing is done about you behind your back.")
        return Card((Text(f"{text}\n{always}"), Buttons((everything,))))
    hint = t("How would you like to hear of “{title}” from now on?", title=t(kind.title))
    if saved:
        hint = t("Saved. This is how you will hear of “{title}” from now on.", title=t(kind.title))
    options = tuple(
        Option(t(label), delivery.value, t(description), chosen=delivery is current)
        for delivery, (label, description) in HOW.items()
    )
    menu = Pick(custom_id(CHOOSE_CONTROL, notification_id), t("How to tell me"), options)
    return Card((Text(f"{text}\n{hint}"), menu, Buttons((everything,))))
