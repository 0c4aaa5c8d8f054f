"""Answers the controls for the people in quests."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import discord

from bot.card_views import form_answers
from bot.cards import Card
from bot.errors import InvalidInput
from bot.interactions import actor_of
from bot.replies import reply_to
from bot.text import clean
from cogs.onboarding import desk_cards as cards
from cogs.onboarding.controls import Controls, Handler, chosen_id, names_in
from cogs.onboarding.render import code_of, read_code


class DeskControls(Controls):
    """Who is where, one person, the funnel."""

    def handlers(self) -> dict[str, Handler]:
        return {
            cards.PAGE: self._page,
            cards.STUCK_PAGE: self._stuck_page,
            cards.PERSON_PICK: self._pick,
            cards.PERSON: self._person,
            cards.ASK_TAKE: self._ask_take,
            cards.TAKE: self._take,
            cards.TAKE_FROM: self._take_from,
            cards.HAND_BACK: self._hand_back,
            cards.TICK_PICK: self._ask_tick,
            cards.TICK: self._tick,
            cards.FUNNEL: self._funnel,
            cards.FUNNEL_PICK: self._funnel_pick,
        }

    async def _page(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        page = await self.service.desk.page(actor_of(interaction), number or 0)
        t = reply_to(interaction).translator
        await reply_to(interaction).show_privately(
            cards.people_card(page, await names_in(interaction, page), t)
        )

    async def _stuck_page(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        page = await self.service.desk.page(actor_of(interaction), number or 0, only_stuck=True)
        t = reply_to(interaction).translator
        await reply_to(interaction).show_privately(
            cards.people_card(page, await names_in(interaction, page), t, only_stuck=True)
        )

    async def _pick(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await reply_to(interaction).show_privately(
            await self._card(interaction, chosen_id(interaction) or 0, None)
        )

    async def _person(self, interaction: discord.Interaction[Any], quest_id: int | None) -> None:
        await reply_to(interaction).show_privately(await self._card(interaction, quest_id or 0, None))

    async def _ask_take(self, interaction: discord.Interaction[Any], quest_id: int | None) -> None:
        found = await self.service.desk.find(actor_of(interaction), quest_id or 0)
        await reply_to(interaction).show_privately(cards.take_card(found, reply_to(interaction).translator))

    async def _take(self, interaction: discord.Interaction[Any], quest_id: int | None) -> None:
        await self._do(
            interaction, quest_id, self.service.desk.take_over(actor_of(interaction), quest_id or 0)
        )

    async def _take_from(self, interaction: discord.Interaction[Any], quest_id: int | None) -> None:
        doing = self.service.desk.take_over(actor_of(interaction), quest_id or 0, from_other=True)
        await self._do(interaction, quest_id, doing)

    async def _hand_back(self, interaction: discord.Interaction[Any], quest_id: int | None) -> None:
        await self._do(
            interaction, quest_id, self.service.desk.hand_back(actor_of(interaction), quest_id or 0)
        )

    async def _ask_tick(self, interaction: discord.Interaction[Any], quest_id: int | None) -> None:
        found = await self.service.desk.find(actor_of(interaction), quest_id or 0)
        step = found.quest.definition.numbered(chosen_id(interaction) or 0)
        reply = reply_to(interaction)
        if step is None or step not in found.quest.path:
            note = reply.translator("That step is not part of their quest any more.")
            await reply_to(interaction).show_privately(await self._card(interaction, quest_id or 0, note))
        else:
            await reply.ask(cards.tick_form(step, code_of(found.quest, step.number), reply.translator))

    async def _tick(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        quest_id, number = read_code(code)
        why = clean(str(form_answers(interaction).get("why") or ""))
        t = reply_to(interaction).translator

        async def tick() -> None:
            if not why:
                raise InvalidInput("Please say why in a word or two, for the other facilitators.")
            await self.service.desk.tick(actor_of(interaction), quest_id or 0, number, why=why)

        await self._do(interaction, quest_id, tick(), done=t("It is done, and they see it on their card."))

    async def _do(
        self,
        interaction: discord.Interaction[Any],
        quest_id: int | None,
        doing: Awaitable[Any],
        *,
        done: str | None = None,
    ) -> None:
        async def redraw(note: str | None) -> Card:
            return await self._card(interaction, quest_id or 0, note or done)

        await self.act(interaction, doing, redraw)

    async def _card(self, interaction: discord.Interaction[Any], quest_id: int, note: str | None) -> Card:
        actor = actor_of(interaction)
        found = await self.service.desk.find(actor, quest_id)
        return cards.person_card(found, actor.member_id, reply_to(interaction).translator, note=note)

    async def _funnel(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        await self._show_funnel(interaction, *cards.read_funnel(code))

    async def _funnel_pick(self, interaction: discord.Interaction[Any], span: int | None) -> None:
        await self._show_funnel(interaction, chosen_id(interaction) or 0, (span or 0) % len(cards.SPANS))

    async def _show_funnel(self, interaction: discord.Interaction[Any], version_id: int, span: int) -> None:
        actor = actor_of(interaction)
        view = await self.workbench.open(actor, version_id)
        days = cards.SPANS[span][0]
        since = self.bot.core.clock.now() - timedelta(days=days) if days is not None else None
        stages = await self.service.desk.funnel(actor, view.shown.key, since=since)
        views = await self.workbench.list_quests(actor)
        reply = reply_to(interaction)
        await reply.show_privately(cards.funnel_card(views, view, stages, span, reply.translator))
