"""Answers the controls of the preview."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord

from bot.card_views import form_answers
from bot.interactions import actor_of
from bot.profiles import Level
from bot.replies import reply_to
from cogs.onboarding import preview_cards as cards
from cogs.onboarding.controls import Controls, Handler, chosen_id
from cogs.onboarding.definition import Detector
from cogs.onboarding.editor_cards import PREVIEW
from cogs.onboarding.model import Quest
from cogs.onboarding.preview_cards import Walk, read_walk
from cogs.onboarding.workbench import QuestView


class PreviewControls(Controls):
    """Walking through a quest with nothing recorded."""

    def handlers(self) -> dict[str, Handler]:
        return {
            PREVIEW: self._open,
            cards.PICK: self._pick,
            cards.GO: self._go,
            cards.SKIP: self._skip,
            cards.ASK: self._ask,
            cards.ANSWERED: self._answered,
            cards.WHO: self._who,
            cards.AGAIN: self._again,
        }

    async def _open(self, interaction: discord.Interaction[Any], version_id: int | None) -> None:
        await self._show(interaction, Walk(version_id or 0))

    async def _pick(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._show(interaction, Walk(chosen_id(interaction) or 0))

    async def _go(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        await self._move(interaction, read_walk(code))

    async def _skip(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        await self._move(interaction, read_walk(code), skip=True)

    async def _move(self, interaction: discord.Interaction[Any], walk: Walk, *, skip: bool = False) -> None:
        t = reply_to(interaction).translator
        note = (
            t("The step would be skipped now. In the preview it just goes on.")
            if skip
            else t("This is what follows once it is done. In the preview nothing was recorded.")
        )
        await self._show(interaction, walk.one_more(skip=skip), note)

    async def _ask(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        walk = read_walk(code)
        quest, _ = await self._walked(interaction, walk)
        reply = reply_to(interaction)
        form = cards.form_of(quest, walk, reply.translator)
        if form is None:
            await self._move(interaction, walk)
        else:
            await reply.ask(form)

    async def _answered(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        walk = read_walk(code)
        quest, _ = await self._walked(interaction, walk)
        answers = form_answers(interaction)
        if "level" in answers:
            level = answers["level"]
            walk = walk.with_level(Level(level) if level in set(Level) else None)
        step = quest.next_step
        asks = step is not None and step.detector in (Detector.FORM, Detector.PROFILE)
        t = reply_to(interaction).translator
        note = t("What you typed was not kept: this is only a preview.")
        await self._show(interaction, walk.one_more() if asks else walk, note)

    async def _who(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        await self._show(interaction, Walk(read_walk(code).version_id, who=(chosen_id(interaction) or 0) % 8))

    async def _again(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        await self._show(interaction, replace(read_walk(code), moves=0, skips=0))

    async def _show(self, interaction: discord.Interaction[Any], walk: Walk, note: str | None = None) -> None:
        quest, view = await self._walked(interaction, walk)
        t = reply_to(interaction).translator
        await reply_to(interaction).show_privately(cards.preview_card(quest, view, walk, t, note=note))

    async def _walked(self, interaction: discord.Interaction[Any], walk: Walk) -> tuple[Quest, QuestView]:
        """The quest as it would stand after so many steps, done or left out in the order they are proposed."""
        actor = actor_of(interaction)
        view = await self.open(interaction, walk.version_id)
        words, roles = cards.words_and_roles(view.definition) if walk.fits_all else ("", frozenset[int]())
        done: list[str] = []
        skipped: list[str] = []

        async def as_it_stands() -> Quest:
            return await self.service.desk.preview(
                actor,
                view.shown.key,
                level=walk.level,
                goal=words or None,
                role_ids=roles,
                done=done,
                skipped=skipped,
            )

        quest = await as_it_stands()
        for move in range(walk.moves):
            step = quest.progress.next_step
            if step is None:
                break
            (skipped if walk.skipped(move) else done).append(step)
            quest = await as_it_stands()
        return quest, view
