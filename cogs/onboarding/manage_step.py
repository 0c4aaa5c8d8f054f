"""Answers the controls of editing a step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands

from bot.card_views import form_answers
from bot.cards import Card
from bot.i18n import Translator
from bot.interactions import actor_of
from bot.profiles import Level
from bot.replies import reply_to
from bot.text import clean
from cogs.onboarding import editor_cards
from cogs.onboarding import step_cards as cards
from cogs.onboarding.controls import Controls, Handler, chosen_id, chosen_values, typed_texts
from cogs.onboarding.definition import (
    FINISHED_ROLE,
    IN_CHANNEL,
    WITH_BODY,
    Audience,
    Detector,
    StepDefinition,
)
from cogs.onboarding.editor_words import own_text
from cogs.onboarding.revision import read_spot
from cogs.onboarding.workbench import QuestView

_TEXTS = ("title", "hint", "body")
_MOST_WORDS = 20
StepCard = Callable[..., Card]
Edit = Callable[[StepDefinition], dict[str, Any]]


class StepControls(Controls):
    """One step, and adding one."""

    def handlers(self) -> dict[str, Handler]:
        return {
            editor_cards.STEP_PICK: self._pick,
            editor_cards.STEP_OPEN: self._shower(cards.step_card),
            cards.ADD_PICK: self._ask_add,
            cards.ADD: self._add,
            cards.WRITE: self._ask_texts,
            cards.TEXTS: self._set_texts,
            cards.HOW: self._how,
            cards.DETECTOR: self._set_detector,
            cards.TARGET: self._set_target,
            cards.MORE_TARGETS: self._set_target,
            cards.PLACE: self._set_target,
            cards.USUAL_ROLE: self._set_usual_role,
            cards.WHOM: self._shower(cards.whom_card),
            cards.ASK_AUDIENCE: self._ask_audience,
            cards.AUDIENCE: self._set_audience,
            cards.AUDIENCE_ROLE: self._toggle_role,
            cards.FOR_ALL: self._for_all,
            cards.NEEDS: self._shower(cards.needs_card),
            cards.NEED: self._toggle_need,
            cards.UP: self._mover(-1),
            cards.DOWN: self._mover(+1),
            cards.ASK_REMOVE: self._shower(cards.remove_card),
            cards.REMOVE: self._remove,
        }

    def _shower(self, card: StepCard) -> Handler:
        """A control that only shows another card of the step, as it stands now."""

        async def show(interaction: discord.Interaction[Any], code: int | None) -> None:
            await reply_to(interaction).show_privately(await self._draw_step(interaction, code, card, None))

        return show

    async def _pick(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        spot = replace(read_spot(code), number=chosen_id(interaction) or 0)
        await reply_to(interaction).show_privately(
            await self._draw_step(interaction, spot.code, cards.step_card, None)
        )

    async def _how(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        await reply_to(interaction).show_privately(
            await self._draw_step(interaction, code, self._how_card, None)
        )

    def _how_card(
        self, view: QuestView, step: StepDefinition, t: Translator, *, note: str | None = None
    ) -> Card:
        return cards.how_card(view, step, self._member_commands(), t, note=note)

    async def _ask_add(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        view = await self.workbench.open(actor_of(interaction), read_spot(code).version_id)
        values = chosen_values(interaction)
        detector = Detector(values[0]) if values and values[0] in set(Detector) else Detector.CONFIRMED
        reply = reply_to(interaction)
        await reply.ask(cards.add_form(view, detector, reply.translator))

    async def _add(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        spot = read_spot(code)
        typed, detector = typed_texts(interaction, *_TEXTS), cards.detector_of(spot) or Detector.CONFIRMED
        details = {**typed, "minutes": _minutes(interaction)}
        added: list[StepDefinition] = []

        async def add() -> None:
            added.append(await self.workbench.add_step(actor_of(interaction), spot, detector, **details))

        async def redraw(note: str | None) -> Card:
            t = reply_to(interaction).translator
            view = await self.open(interaction, spot.version_id)
            step = view.definition.numbered(added[0].number) if added else None
            if step is None:
                return editor_cards.quest_card(view, t, note=note)
            if detector in cards.WITH_TARGET:
                # One thing is still missing, and this is where it is chosen.
                return self._how_card(view, step, t, note=t("The step is added. Now choose where or what:"))
            return cards.step_card(view, step, t, note=t("The step is added."))

        await self.act(interaction, add(), redraw, typed=tuple(typed.values()))

    async def _ask_texts(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        view = await self.workbench.open(actor_of(interaction), read_spot(code).version_id)
        step = view.definition.numbered(read_spot(code).number)
        reply = reply_to(interaction)
        if step is None:
            await reply_to(interaction).show_privately(
                await self._draw_step(interaction, code, cards.step_card, None)
            )
        else:
            await reply.ask(cards.texts_form(view, step, reply.translator))

    async def _set_texts(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        t = reply_to(interaction).translator
        typed, minutes = typed_texts(interaction, *_TEXTS), _minutes(interaction)

        def edit(step: StepDefinition) -> dict[str, Any]:
            # A translated text that is sent back as it was stays ours.
            new = {
                name: text
                for name, text in typed.items()
                if text != own_text(str(getattr(step, name)), t, ours=step.ours)
            }
            return {**new, "minutes": minutes}

        await self._change(interaction, code, edit, cards.step_card, typed=tuple(typed.values()))

    async def _set_detector(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        values = chosen_values(interaction)
        detector = Detector(values[0]) if values and values[0] in set(Detector) else None

        def edit(step: StepDefinition) -> dict[str, Any]:
            if detector is None or detector is step.detector:
                return {}
            body = step.body if detector in WITH_BODY else ""
            keeps_place = {step.detector, detector} <= IN_CHANNEL
            return {"detector": detector, "target": step.target if keeps_place else "", "body": body}

        await self._change(interaction, code, edit, self._how_card)

    async def _set_target(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        target = next(iter(chosen_values(interaction)), "")
        await self._change(interaction, code, lambda _: {"target": target}, self._how_card)

    async def _set_usual_role(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        await self._change(interaction, code, lambda _: {"target": FINISHED_ROLE}, self._how_card)

    async def _ask_audience(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        view = await self.workbench.open(actor_of(interaction), read_spot(code).version_id)
        step = view.definition.numbered(read_spot(code).number)
        reply = reply_to(interaction)
        if step is None:
            await reply_to(interaction).show_privately(
                await self._draw_step(interaction, code, cards.step_card, None)
            )
        else:
            await reply.ask(cards.audience_form(view, step, reply.translator))

    async def _set_audience(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        answers = form_answers(interaction)
        ticked = {str(each) for each in answers.get("levels") or ()}
        levels = tuple(level.value for level in Level if level.value in ticked)
        typed = str(answers.get("words") or "")
        words = tuple(dict.fromkeys(word for each in typed.split(",") if (word := clean(each))))[:_MOST_WORDS]

        def edit(step: StepDefinition) -> dict[str, Any]:
            return {"audience": replace(step.audience, levels=levels, words=words)}

        await self._change(interaction, code, edit, cards.whom_card, typed=(typed,))

    async def _toggle_role(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        role_id = chosen_id(interaction)

        def edit(step: StepDefinition) -> dict[str, Any]:
            if role_id is None:
                return {}
            old = step.audience.role_ids
            new = tuple(each for each in old if each != role_id) if role_id in old else (*old, role_id)
            return {"audience": replace(step.audience, role_ids=new)}

        await self._change(interaction, code, edit, cards.whom_card)

    async def _for_all(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        await self._change(interaction, code, lambda _: {"audience": Audience()}, cards.whom_card)

    async def _toggle_need(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        key = next(iter(chosen_values(interaction)), "")

        def edit(step: StepDefinition) -> dict[str, Any]:
            left = tuple(each for each in step.needs if each != key)
            return {"needs": left if key in step.needs else (*left, key)}

        await self._change(interaction, code, edit, cards.needs_card)

    def _mover(self, by: int) -> Handler:
        async def move(interaction: discord.Interaction[Any], code: int | None) -> None:
            doing = self.workbench.move_step(actor_of(interaction), read_spot(code), by)
            await self._do(interaction, code, doing, cards.step_card)

        return move

    async def _remove(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        t = reply_to(interaction).translator

        async def redraw(note: str | None) -> Card:
            view = await self.open(interaction, read_spot(code).version_id)
            return editor_cards.quest_card(view, t, note=note or t("The step was removed from the draft."))

        await self.act(
            interaction, self.workbench.remove_step(actor_of(interaction), read_spot(code)), redraw
        )

    async def _change(
        self,
        interaction: discord.Interaction[Any],
        code: int | None,
        edit: Edit,
        card: StepCard,
        *,
        typed: tuple[str, ...] = (),
    ) -> None:
        doing = self.workbench.change_step(actor_of(interaction), read_spot(code), edit)
        await self._do(interaction, code, doing, card, typed=typed)

    async def _do(
        self,
        interaction: discord.Interaction[Any],
        code: int | None,
        doing: Awaitable[Any],
        card: StepCard,
        *,
        typed: tuple[str, ...] = (),
    ) -> None:
        async def redraw(note: str | None) -> Card:
            return await self._draw_step(interaction, code, card, note)

        await self.act(interaction, doing, redraw, typed=typed)

    async def _draw_step(
        self, interaction: discord.Interaction[Any], code: int | None, card: StepCard, note: str | None
    ) -> Card:
        """A card of the step as it stands now; of its quest, when it is no part of that any more."""
        t, spot = reply_to(interaction).translator, read_spot(code)
        view = await self.open(interaction, spot.version_id)
        step = view.definition.numbered(spot.number)
        if step is None:
            note = note or t("That step is not part of the quest any more.")
            return editor_cards.quest_card(view, t, note=note)
        return card(view, step, t, note=note) if note else card(view, step, t)

    def _member_commands(self) -> Sequence[str]:
        """The names of the commands that everybody may use."""
        return sorted(
            command.qualified_name
            for command in self.bot.tree.walk_commands()
            if isinstance(command, app_commands.Command)
            and (command.root_parent or command).default_permissions is None
        )


def _minutes(interaction: discord.Interaction[Any]) -> int:
    typed = str(form_answers(interaction).get("minutes") or "")
    return int(typed) if typed.isdecimal() else 1
