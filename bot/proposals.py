"""The card on which a second moderator confirms what a first one proposed; `bot/guards.py` says when that is needed."""

from __future__ import annotations

from typing import Any

import discord

from bot.card_views import form_answers
from bot.cards import Button, Buttons, Card, Form, Item, Style, Text, TextField, custom_id
from bot.components import Components
from bot.core import Core
from bot.dispatcher import Obsolete, PlannedEffect
from bot.errors import NotAllowed, NotFound
from bot.guards import RENDERER, Proposal
from bot.i18n import N_, Translator
from bot.interactions import actor_of
from bot.renderers import Renderers
from bot.replies import reply_to
from bot.text import mention_user, timestamp

CONFIRM = "guards:proposal.confirm"
DECLINE = "guards:proposal.decline"
TYPED = "guards:proposal.typed"


class Proposals:
    """Draws proposals and answers their buttons."""

    def __init__(self, core: Core, renderers: Renderers, components: Components) -> None:
        self._core = core
        self._renderers = renderers
        renderers.register(RENDERER, self._render, what=N_("a proposal that needs a second moderator"))
        components.register(CONFIRM, self._confirm)
        components.register(DECLINE, self._decline)
        components.register(TYPED, self._typed)

    async def _render(self, effect: PlannedEffect) -> Card:
        async with self._core.db.read() as session:
            try:
                number = int(effect.arguments["proposal"])
                found = await self._core.guards.find(session, effect.guild_id, number)
            except NotFound as gone:
                raise Obsolete(N_("the proposal is not known any more")) from gone
        return self._card(found, await self._renderers.translator(effect))

    def _card(self, proposal: Proposal, t: Translator) -> Card:
        what = self._core.guards.draw(proposal, t) or t("What was proposed here does not exist any more.")
        text = t(
            "**Proposal {number}: a second moderator, please**\n{what}\nProposed by {who}.",
            number=str(proposal.id),
            what=what,
            who=mention_user(proposal.proposed_by),
        )
        if proposal.decision is not None:
            who = mention_user(proposal.decided_by or 0)
            is_done = proposal.decision == "confirmed"
            said = t("Confirmed by {who}.", who=who) if is_done else t("Not done: {who} said no.", who=who)
            return Card((Text(f"{text}\n{said}"),), silent=True)
        until = t("It can be confirmed until {time}.", time=timestamp(proposal.expires_at, "t"))
        buttons: tuple[Item, ...] = (
            Buttons(
                (
                    Button(t("Confirm"), custom_id(CONFIRM, proposal.id), style=Style.DANGER),
                    Button(t("Do not"), custom_id(DECLINE, proposal.id)),
                )
            ),
        )
        return Card((Text(f"{text}\n{until}"), *buttons))

    async def _confirm(self, interaction: discord.Interaction[Any], proposal_id: int | None) -> None:
        actor = actor_of(interaction)
        async with self._core.db.read() as session:
            found = await self._core.guards.find(session, actor.guild_id, proposal_id or 0)
        reply = reply_to(interaction)
        t = reply.translator
        try:
            alone = found.decision is None and await self._core.guards.needs_typing(actor, found)
        except NotAllowed:
            alone = False  # `confirm` says why not
        if alone:
            field = TextField("number", t("Type {number} to be sure", number=str(found.id)), max_length=20)
            await reply.ask(Form(t("Nobody else can confirm this"), custom_id(TYPED, found.id), (field,)))
            return
        await self._do(interaction, found.id, None)

    async def _typed(self, interaction: discord.Interaction[Any], proposal_id: int | None) -> None:
        await self._do(interaction, proposal_id or 0, str(form_answers(interaction).get("number", "")))

    async def _do(self, interaction: discord.Interaction[Any], proposal_id: int, typed: str | None) -> None:
        actor, guards = actor_of(interaction), self._core.guards
        async with self._core.db.read() as session:
            found = await guards.find(session, actor.guild_id, proposal_id)
        asked = await guards.ask(actor, found)
        async with self._core.db.begin() as session:
            done, _ = await guards.confirm(session, actor, asked, typed)
        reply = reply_to(interaction)
        await reply.replace(self._card(done, reply.translator))

    async def _decline(self, interaction: discord.Interaction[Any], proposal_id: int | None) -> None:
        async with self._core.db.begin() as session:
            left = await self._core.guards.decline(session, actor_of(interaction), proposal_id or 0)
        reply = reply_to(interaction)
        await reply.replace(self._card(left, reply.translator))
