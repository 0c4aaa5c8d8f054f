"""Answers the controls of editing a quest as a whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord

from bot.cards import Card
from bot.errors import NotFound
from bot.i18n import Translator
from bot.interactions import actor_of
from bot.replies import reply_to
from cogs.onboarding import editor_cards as cards
from cogs.onboarding import step_cards
from cogs.onboarding.controls import Controls, Handler, chosen_id, chosen_values, typed_texts
from cogs.onboarding.definition import LONGEST_KEY, QuestDefinition, with_texts
from cogs.onboarding.editor_words import own_text, quest_name
from cogs.onboarding.library import Version
from cogs.onboarding.revision import read_spot
from cogs.onboarding.workbench import QuestView

_NO_KEY = re.compile(r"[^a-z0-9]+")
ViewCard = Callable[..., Card]


class QuestControls(Controls):
    """The list, one quest, publishing."""

    def handlers(self) -> dict[str, Handler]:
        return {
            cards.LIST: self._list,
            cards.PICK: self._pick,
            cards.NEW: self._ask_new,
            cards.MAKE: self._make,
            cards.OPEN: self._shower(cards.quest_card),
            cards.WRITE: self._ask_texts,
            cards.TEXTS: self._set_texts,
            cards.WHOM: self._shower(cards.whom_card),
            cards.UNLOCK: self._unlock,
            cards.PRIZE: self._shower(cards.reward_card),
            cards.PRIZE_ROLE: self._prize_role,
            cards.PRIZE_USUAL: self._prize_usual,
            cards.PRIZE_NONE: self._prize_none,
            cards.ANNOUNCE: self._announce,
            cards.ASK_PUBLISH: self._shower(cards.publish_card),
            cards.PUBLISH: self._publish,
            cards.ASK_DISCARD: self._ask_discard,
            cards.DISCARD: self._discard,
            cards.STEP_ADD: self._shower(step_cards.add_card),
        }

    def _shower(self, card: ViewCard) -> Handler:
        """A control that only shows another card of the quest, as it stands now."""

        async def show(interaction: discord.Interaction[Any], code: int | None) -> None:
            view = await self.open(interaction, read_spot(code).version_id)
            await reply_to(interaction).show_privately(card(view, reply_to(interaction).translator))

        return show

    async def _list(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await reply_to(interaction).show_privately(await self._list_card(interaction, None))

    async def _list_card(self, interaction: discord.Interaction[Any], note: str | None) -> Card:
        views = await self.workbench.list_quests(actor_of(interaction))
        return cards.list_card(views, reply_to(interaction).translator, note=note)

    async def _pick(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        view = await self.open(interaction, chosen_id(interaction) or 0)
        await reply_to(interaction).show_privately(cards.quest_card(view, reply_to(interaction).translator))

    async def _ask_new(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self.workbench.editor.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(cards.new_form(reply.translator))

    async def _make(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor = actor_of(interaction)
        title = typed_texts(interaction, "title").get("title", "")
        taken = {view.shown.key for view in await self.workbench.list_quests(actor)}
        made: list[Version] = []

        async def make() -> None:
            made.append(await self.workbench.editor.create(actor, free_key(title, taken), title))

        async def redraw(note: str | None) -> Card:
            t = reply_to(interaction).translator
            if not made:
                return await self._list_card(interaction, note)
            return cards.quest_card(await self.open(interaction, made[0].id), t, note=note)

        await self.act(interaction, make(), redraw, typed=(title,))

    async def _ask_texts(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        view = await self.workbench.open(actor_of(interaction), read_spot(code).version_id)
        reply = reply_to(interaction)
        await reply.ask(cards.texts_form(view, reply.translator))

    async def _set_texts(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        t = reply_to(interaction).translator
        typed = typed_texts(interaction, "title", "intro")

        def edit(quest: QuestDefinition) -> QuestDefinition:
            return with_texts(quest, **_really_new(quest, typed, t))

        await self._change(interaction, code, edit, cards.quest_card, typed=tuple(typed.values()))

    async def _unlock(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        value = next(iter(chosen_values(interaction)), cards.EVERYBODY)
        other = None if value == cards.EVERYBODY else value
        await self._change(
            interaction, code, lambda quest: replace(quest, unlocked_by=other), cards.whom_card
        )

    async def _prize_role(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        role_id = chosen_id(interaction)
        role = interaction.guild.get_role(role_id or 0) if interaction.guild is not None else None
        powers = role.permissions.value if role is not None else 0
        doing = self.workbench.set_reward(actor_of(interaction), read_spot(code), role_id, powers=powers)
        await self._do(interaction, code, doing, cards.reward_card)

    async def _prize_none(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        doing = self.workbench.set_reward(actor_of(interaction), read_spot(code), None)
        await self._do(interaction, code, doing, cards.reward_card)

    async def _prize_usual(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        doing = self.workbench.set_usual_reward(actor_of(interaction), read_spot(code))
        await self._do(interaction, code, doing, cards.reward_card)

    async def _announce(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        # Guarded by the mark, so a second press of the same button does not switch it back.
        await self._change(
            interaction, code, lambda quest: replace(quest, announce=not quest.announce), cards.reward_card
        )

    async def _publish(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        spot = read_spot(code)
        # Looks first whether a channel or role was deleted since the question was shown.
        await self.open(interaction, spot.version_id)
        done: list[Version] = []

        async def publish() -> None:
            done.append(await self.workbench.publish(actor_of(interaction), spot))

        async def redraw(note: str | None) -> Card:
            t = reply_to(interaction).translator
            view = await self.open(interaction, spot.version_id)
            if done:
                name, version = quest_name(view.definition, t), done[0].version
                note = t("Version {version} of “{quest}” is live.", version=version, quest=name)
                return cards.quest_card(view, t, note=note)
            return (cards.publish_card if view.faults else cards.quest_card)(view, t, note=note)

        await self.act(interaction, publish(), redraw)

    async def _ask_discard(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        view = await self.open(interaction, read_spot(code).version_id)
        t = reply_to(interaction).translator
        await reply_to(interaction).show_privately(
            cards.discard_card(view, t) if view.is_draft else cards.quest_card(view, t)
        )

    async def _discard(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        actor, spot = actor_of(interaction), read_spot(code)
        key = (await self.workbench.open(actor, spot.version_id)).shown.key

        async def redraw(note: str | None) -> Card:
            t = reply_to(interaction).translator
            try:
                view = await self.workbench.open_key(actor, key)
            except NotFound:  # it was never published, so nothing is left of it
                return await self._list_card(interaction, note or t("The draft was thrown away."))
            return cards.quest_card(view, t, note=note or t("The draft was thrown away."))

        await self.act(interaction, self.workbench.discard(actor, spot), redraw)

    async def _change(
        self,
        interaction: discord.Interaction[Any],
        code: int | None,
        edit: Callable[[QuestDefinition], QuestDefinition],
        card: ViewCard,
        *,
        typed: tuple[str, ...] = (),
    ) -> None:
        doing = self.workbench.change(actor_of(interaction), read_spot(code), edit)
        await self._do(interaction, code, doing, card, typed=typed)

    async def _do(
        self,
        interaction: discord.Interaction[Any],
        code: int | None,
        doing: Awaitable[Any],
        card: ViewCard,
        *,
        typed: tuple[str, ...] = (),
    ) -> None:
        async def redraw(note: str | None) -> Card:
            view: QuestView = await self.open(interaction, read_spot(code).version_id)
            return card(view, reply_to(interaction).translator, note=note)

        await self.act(interaction, doing, redraw, typed=typed)


def free_key(title: str, taken: set[str]) -> str:
    """A name for a new quest, made from its title, that no other quest has."""
    plain = unicodedata.normalize("NFKD", title).casefold()
    stem = _NO_KEY.sub("-", plain).strip("-")[: LONGEST_KEY - 4].rstrip("-")
    if not stem or not stem[0].isalpha():
        stem = f"quest-{stem}".rstrip("-")[: LONGEST_KEY - 4]
    names = [stem, *(f"{stem}-{n}" for n in range(2, 100))]
    return next(name for name in names if name not in taken)


def _really_new(quest: QuestDefinition, typed: dict[str, str], t: Translator) -> dict[str, str]:
    """The texts that differ from what the form showed: a translated text sent back as it was stays ours."""
    return {
        name: text
        for name, text in typed.items()
        if text != own_text(str(getattr(quest, name)), t, ours=quest.ours)
    }
