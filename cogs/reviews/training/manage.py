"""Receives what facilitators do with the training."""

from __future__ import annotations

from typing import Any, cast

import discord

from bot.card_views import form_answers
from bot.components import Handler
from bot.errors import InvalidInput
from bot.interactions import actor_of, chosen_values
from bot.refusals import in_words
from bot.replies import reply_to
from bot.text import quote
from cogs.reviews.training import render_staff as render
from cogs.reviews.training.model import own_key
from cogs.reviews.training.staff import TrainingStaff, Typed, typed_sample
from cogs.reviews.training.words import LONGEST_TEXT, LONGEST_TITLE, LONGEST_WHY


class StaffControls:
    """Answers /manage reviews training and the controls of its cards."""

    def __init__(self, staff: TrainingStaff) -> None:
        self._staff = staff

    def handlers(self) -> dict[str, Handler]:
        return {
            render.DESK: self._show,
            render.LIST: self._show,
            render.THRESHOLD: self._set_threshold,
            render.MEMBER: self._pick_member,
            render.ROLES: self._give_roles,
            render.GIVE: self._ask_to_give,
            render.GIVE_FORM: self._give,
            render.TAKE: self._ask_to_take,
            render.TAKE_FORM: self._take,
            render.SAMPLES: self._list_samples,
            render.PICK: self._pick_sample,
            render.ADD: self._ask_sample,
            render.ADD_FORM: self._add,
            render.EDIT: self._ask_change,
            render.EDIT_FORM: self._edit,
            render.REFERENCE: self._ask_reference,
            render.REFERENCE_FORM: self._set_reference,
            render.RETIRE: self._retire,
            render.BRING_BACK: self._bring_back,
            render.RETIRE_SHIPPED: self._retire_shipped,
            render.BRING_BACK_SHIPPED: self._bring_back_shipped,
        }

    async def open(self, interaction: discord.Interaction[Any]) -> None:
        """The desk, as an answer to a command."""
        await self._show(interaction, None)

    async def _show(
        self, interaction: discord.Interaction[Any], page: int | None, *, said_first: str | None = None
    ) -> None:
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator, page or 0, said_first=said_first))

    # ------------------------------------------------------------------------------------------ licences

    async def _set_threshold(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        percent = int(value[:3]) if value.isascii() and value.isdigit() else 0
        await self._staff.set_threshold(actor_of(interaction), percent)
        await self._show(interaction, None)

    async def _give_roles(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        n = await self._staff.give_roles(actor_of(interaction))
        t = reply_to(interaction).translator
        said = (
            t.tn("{n} reviewer gets the role now.", "{n} reviewers get the role now.", n)
            if n
            else t("That was done today already. If a role is missing, look at `/setup doctor`.")
        )
        await self._show(interaction, None, said_first=said)

    async def _pick_member(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        if not value.isascii() or not value.isdigit() or _is_bot(interaction, value):
            raise InvalidInput("Please choose a member; bots do not review.")
        await self._show_member(interaction, int(value[:19]))

    async def _show_member(
        self, interaction: discord.Interaction[Any], member_id: int, *, said_first: str | None = None
    ) -> None:
        licence = await self._staff.licence(actor_of(interaction), member_id)
        reply = reply_to(interaction)
        card = render.member_card(member_id, licence, reply.translator, said_first=said_first)
        await reply.show_privately(card)

    async def _ask_to_give(self, interaction: discord.Interaction[Any], member_id: int | None) -> None:
        await self._staff.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.reason_form(member_id or 0, give=True, t=reply.translator))

    async def _ask_to_take(self, interaction: discord.Interaction[Any], member_id: int | None) -> None:
        await self._staff.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.reason_form(member_id or 0, give=False, t=reply.translator))

    async def _give(self, interaction: discord.Interaction[Any], member_id: int | None) -> None:
        reason = str(form_answers(interaction).get("reason") or "")
        await self._staff.give(actor_of(interaction), member_id or 0, reason)
        said = reply_to(interaction).translator("Given. They are told in private, with your reason.")
        await self._show_member(interaction, member_id or 0, said_first=said)

    async def _take(self, interaction: discord.Interaction[Any], member_id: int | None) -> None:
        reason = str(form_answers(interaction).get("reason") or "")
        await self._staff.take(actor_of(interaction), member_id or 0, reason)
        t = reply_to(interaction).translator
        said = t("Taken back. They are told in private, with your reason.")
        await self._show_member(interaction, member_id or 0, said_first=said)

    # ------------------------------------------------------------------------------------------ samples

    async def _list_samples(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.samples_card(desk, reply.translator, page or 0))

    async def _pick_sample(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [key] = chosen_values(interaction, 1)
        await self._show_sample(interaction, key)

    async def _show_sample(
        self, interaction: discord.Interaction[Any], key: str, *, saved: bool = False
    ) -> None:
        own = await self._staff.sample(actor_of(interaction), key)
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(render.sample_card(own, t, said_first=t("Saved.") if saved else None))

    async def _ask_sample(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._staff.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.sample_form(reply.translator))

    async def _ask_change(self, interaction: discord.Interaction[Any], sample_id: int | None) -> None:
        own = await self._staff.sample(actor_of(interaction), own_key(sample_id or 0))
        reply = reply_to(interaction)
        await reply.ask(render.sample_form(reply.translator, own))

    async def _ask_reference(self, interaction: discord.Interaction[Any], sample_id: int | None) -> None:
        own = await self._staff.sample(actor_of(interaction), own_key(sample_id or 0))
        reply = reply_to(interaction)
        await reply.ask(render.reference_form(own, reply.translator))

    async def _add(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        typed = await self._read(interaction)
        if typed is not None:
            sample_id = await self._staff.add(actor_of(interaction), typed)
            await self._show_sample(interaction, own_key(sample_id), saved=True)

    async def _edit(self, interaction: discord.Interaction[Any], sample_id: int | None) -> None:
        typed = await self._read(interaction)
        if typed is not None:
            await self._staff.edit(actor_of(interaction), sample_id or 0, typed)
            await self._show_sample(interaction, own_key(sample_id or 0), saved=True)

    async def _read(self, interaction: discord.Interaction[Any]) -> Typed | None:
        """What was typed; None, with the reason told and the words shown again, when it cannot be used."""
        answers = form_answers(interaction)
        title, text, why, rubric = (
            str(answers.get(name) or "") for name in ("title", "text", "why", "rubric")
        )
        try:
            return typed_sample(title, text, why, rubric)
        except InvalidInput as error:
            reply = reply_to(interaction)
            t = reply.translator
            limits = ((title, LONGEST_TITLE), (text, LONGEST_TEXT), (why, LONGEST_WHY))
            again = "\n".join(quote(words, 2 * most) for words, most in limits)
            await reply.show_privately(render.refused_card(in_words(error, t), again, t))
            return None

    async def _set_reference(self, interaction: discord.Interaction[Any], sample_id: int | None) -> None:
        await self._staff.set_reference(actor_of(interaction), sample_id or 0, form_answers(interaction))
        await self._show_sample(interaction, own_key(sample_id or 0), saved=True)

    async def _retire(self, interaction: discord.Interaction[Any], sample_id: int | None) -> None:
        await self._staff.retire(actor_of(interaction), sample_id or 0, retired=True)
        await self._show_sample(interaction, own_key(sample_id or 0))

    async def _bring_back(self, interaction: discord.Interaction[Any], sample_id: int | None) -> None:
        await self._staff.retire(actor_of(interaction), sample_id or 0, retired=False)
        await self._show_sample(interaction, own_key(sample_id or 0))

    async def _retire_shipped(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        key = await self._staff.retire_shipped(actor_of(interaction), number or 0, retired=True)
        await self._show_sample(interaction, key)

    async def _bring_back_shipped(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        key = await self._staff.retire_shipped(actor_of(interaction), number or 0, retired=False)
        await self._show_sample(interaction, key)


def _is_bot(interaction: discord.Interaction[Any], user_id: str) -> bool:
    """Whether the chosen one is a bot, as Discord tells it beside the choice."""
    data = cast("dict[str, Any]", interaction.data or {})
    users = cast("dict[str, Any]", data.get("resolved", {})).get("users", {})
    return bool(cast("dict[str, Any]", users.get(user_id, {})).get("bot"))
