"""Receives /manage ladder and the controls of its cards.

A control's number is that of a step (`number_of`), and for a criterion besides its own place or that of a kind of act.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from bot.authority import ELEVATED
from bot.card_views import form_answers
from bot.components import Handler
from bot.core import Core
from bot.errors import InvalidInput
from bot.interactions import actor_of, chosen_number, chosen_values
from bot.replies import reply_to
from cogs.ladder import render_staff as render
from cogs.ladder.model import Step, countable
from cogs.ladder.staff import LadderStaff
from cogs.ladder.steps import Steps, number_of

_PER_STEP = 10_000
_KINDS = 1_000  # from here on the number is that of a kind of act to add


class StaffControls:
    """Translates and passes on."""

    def __init__(self, core: Core, staff: LadderStaff, steps: Steps) -> None:
        self._core = core
        self._staff = staff
        self._steps = steps

    def handlers(self) -> Mapping[str, Handler]:
        return {
            render.DESK: self._desk,
            render.WAITING: self._look,
            render.CONFIRM: self._confirm,
            render.NOT_YET: self._ask_why,
            render.NOT_YET_FORM: self._refuse,
            render.STEP: self._pick_step,
            render.WORDS: self._ask_words,
            render.WORDS_FORM: self._reword,
            render.ROLE: self._set_role,
            render.OUT: self._leave_out,
            render.UP: self._move_up,
            render.DOWN: self._move_down,
            render.CRITERION_ADD: self._ask_new_criterion,
            render.CRITERION_ADD_REST: self._ask_new_criterion,
            render.CRITERION: self._ask_criterion,
            render.CRITERION_FORM: self._set_criterion,
            render.ADD: self._ask_new,
            render.ADD_FORM: self._add,
            render.MEMBER: self._pick_member,
            render.PLACE: self._ask_place,
            render.PLACE_FORM: self._place,
        }

    async def open(self, interaction: discord.Interaction[Any]) -> None:
        await self._desk(interaction, None)

    @property
    def titles(self) -> Mapping[str, str]:
        """What each kind of act that can be counted is called."""
        return countable(self._core.ledger)

    async def _desk(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator))

    # ------------------------------------------------------------------------------------------ what waits

    async def _look(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        proposal = await self._staff.look(actor_of(interaction), chosen_number(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.proposal_card(proposal, self.titles, reply.translator))

    async def _confirm(self, interaction: discord.Interaction[Any], proposal_id: int | None) -> None:
        proposal = await self._staff.confirm(actor_of(interaction), proposal_id or 0)
        reply = reply_to(interaction)
        await reply.replace(render.proposal_card(proposal, self.titles, reply.translator))

    async def _ask_why(self, interaction: discord.Interaction[Any], proposal_id: int | None) -> None:
        proposal = await self._staff.look(actor_of(interaction), proposal_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.not_yet_form(proposal, reply.translator))

    async def _refuse(self, interaction: discord.Interaction[Any], proposal_id: int | None) -> None:
        reason = str(form_answers(interaction).get("reason") or "")
        proposal = await self._staff.refuse(actor_of(interaction), proposal_id or 0, reason)
        reply = reply_to(interaction)
        await reply.replace(render.proposal_card(proposal, self.titles, reply.translator))

    # ------------------------------------------------------------------------------------------ steps

    async def _pick_step(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [key] = chosen_values(interaction, 1)
        await self._show_step(interaction, await self._staff.step(actor_of(interaction), key))

    async def _ask_words(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        step = await self._staff.step(actor_of(interaction), self._key(interaction, number))
        reply = reply_to(interaction)
        await reply.ask(render.words_form(step, number or 0, reply.translator))

    async def _reword(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        typed = form_answers(interaction)
        step = await self._staff.describe(
            actor_of(interaction),
            self._key(interaction, number),
            str(typed.get("title") or ""),
            str(typed.get("text") or ""),
            powers=bool(typed.get("powers")),
        )
        await self._show_step(interaction, step)

    async def _ask_new(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.words_form(None, 0, reply.translator))

    async def _add(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        typed = form_answers(interaction)
        title, text = str(typed.get("title") or ""), str(typed.get("text") or "")
        step = await self._staff.add(actor_of(interaction), title, text, powers=bool(typed.get("powers")))
        await self._show_step(interaction, step)

    async def _set_role(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        values = list((interaction.data or {}).get("values", []))
        role_id = int(values[0]) if values else None
        role = interaction.guild.get_role(role_id) if interaction.guild and role_id is not None else None
        if role is None and role_id is not None:
            raise InvalidInput("That role is not there any more. Please choose another.")
        if role is not None and (role.permissions.value & ELEVATED or role.managed or role.is_default()):
            raise InvalidInput(
                "That role carries power over others, or belongs to a bot, so I never give it by myself. Choose one that "
                "only shows who somebody is."
            )
        step = await self._staff.set_role(actor_of(interaction), self._key(interaction, number), role_id)
        await self._show_step(interaction, step)

    async def _leave_out(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        actor, key = actor_of(interaction), self._key(interaction, number)
        before = await self._staff.step(actor, key)
        await self._show_step(interaction, await self._staff.leave_out(actor, key, out=not before.is_off))

    async def _move_up(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        key = self._key(interaction, number)
        await self._show_step(interaction, await self._staff.move(actor_of(interaction), key, up=True))

    async def _move_down(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        key = self._key(interaction, number)
        await self._show_step(interaction, await self._staff.move(actor_of(interaction), key, up=False))

    async def _ask_new_criterion(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        [kind] = chosen_values(interaction, 1)
        kinds = list(self.titles)
        if kind not in kinds:
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        await self._staff.step(actor_of(interaction), self._key(interaction, number))
        reply = reply_to(interaction)
        t = reply.translator
        packed = (number or 0) * _PER_STEP + _KINDS + kinds.index(kind)
        await reply.ask(render.criterion_form(packed, t(self.titles[kind]), None, t))

    async def _ask_criterion(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        place = chosen_number(interaction)
        _, criterion = await self._staff.criterion(
            actor_of(interaction), self._key(interaction, number), place
        )
        reply = reply_to(interaction)
        t = reply.translator
        packed = (number or 0) * _PER_STEP + place
        await reply.ask(render.criterion_form(packed, t("Change a criterion"), criterion, t))

    async def _set_criterion(self, interaction: discord.Interaction[Any], packed: int | None) -> None:
        number, rest = divmod(packed or 0, _PER_STEP)
        kinds = list(self.titles)
        if rest >= _KINDS + len(kinds):
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        typed = form_answers(interaction)
        step = await self._staff.set_criterion(
            actor_of(interaction),
            self._key(interaction, number),
            kinds[rest - _KINDS] if rest >= _KINDS else rest,
            str(typed.get("at_least") or ""),
            str(typed.get("people") or ""),
            str(typed.get("days") or ""),
        )
        await self._show_step(interaction, step)

    async def _show_step(self, interaction: discord.Interaction[Any], step: Step) -> None:
        every = [each.key for each in self._every(interaction)]
        reply = reply_to(interaction)
        number, place = number_of(step.key), every.index(step.key)
        card = render.step_card(
            step,
            number,
            self.titles,
            reply.translator,
            is_first=place == 0,
            up=0 < place < len(every) - 1,
            down=place > 1,
        )
        await reply.show_privately(card)

    def _every(self, interaction: discord.Interaction[Any]) -> tuple[Step, ...]:
        return self._steps.every(interaction.guild_id or 0)

    def _key(self, interaction: discord.Interaction[Any], number: int | None) -> str:
        """The step with this number. Raises `InvalidInput`."""
        found = (each.key for each in self._every(interaction) if number_of(each.key) == number)
        key = next(found, None)
        if key is None:
            raise InvalidInput("That step does not exist any more. Please open the menu again.")
        return key

    # ------------------------------------------------------------------------------------------ people

    async def _pick_member(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        standing = await self._staff.look_at(actor_of(interaction), chosen_number(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.member_card(standing, self.titles, reply.translator))

    async def _ask_place(self, interaction: discord.Interaction[Any], member_id: int | None) -> None:
        standing = await self._staff.look_at(actor_of(interaction), member_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.place_form(standing, reply.translator))

    async def _place(self, interaction: discord.Interaction[Any], member_id: int | None) -> None:
        typed = form_answers(interaction)
        standing = await self._staff.place(
            actor_of(interaction),
            member_id or 0,
            str(typed.get("step") or ""),
            str(typed.get("reason") or ""),
        )
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(render.member_card(standing, self.titles, t, said_first=t("Done.")))
