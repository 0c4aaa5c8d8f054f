"""Receives members' commands and controls for challenges and defers to the service; loads and unloads the feature."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.card_views import form_answers
from bot.cards import Card, ThreadTitle
from bot.components import Handler
from bot.discord_trouble import TROUBLE
from bot.dispatcher import Obsolete, PlannedEffect, Unreachable
from bot.errors import NotFound
from bot.features import Feature
from bot.groups import HelpLine, Topic
from bot.i18n import N_, Translator
from bot.interactions import actor_of, chosen_values
from bot.notify import Kind
from bot.outbox import EffectKind
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from bot.setup_permissions import THREADS
from bot.text import channel_link
from cogs.challenges import model, render, render_results, render_store, render_work
from cogs.challenges.config import ChallengesPart
from cogs.challenges.lifecycle import Lifecycle
from cogs.challenges.manage import MANAGE_HELP, ChallengesGroup, Desk
from cogs.challenges.model import AREA, ChallengeSettings, Receipt
from cogs.challenges.reminders import Reminders
from cogs.challenges.results import ResultsReader
from cogs.challenges.rhythm import Rhythm
from cogs.challenges.rules import Track
from cogs.challenges.service import ChallengesService
from cogs.challenges.staff import ChallengesStaff
from cogs.challenges.submissions import Submissions
from cogs.challenges.works import SOURCE
from cogs.challenges.workshop import Workshop
from storage.challenges import ChallengeSettingsRow, took_part_together

HELP = (
    HelpLine(N_("Take part in the challenge of the week"), "/challenge current", topic=Topic.LEARN),
    HelpLine(N_("Look at what people made in past challenges"), "/challenge gallery", topic=Topic.LEARN),
    HelpLine(N_("Suggest a challenge"), "/challenge suggest", topic=Topic.LEARN),
)
SETUP_PAGE = Page(
    6,
    N_("Challenges"),
    ChallengeSettings,
    (
        Choice(
            "channel_id",
            "channel",
            N_("Challenge channel"),
            N_("Where the challenge of the week is posted, with a thread for questions."),
            suggested=N_("challenges"),
            topic=N_("The challenge of the week. Everybody at their own level."),
            needs=THREADS,
        ),
        Choice(
            "gallery_channel_id",
            "channel",
            N_("Challenge gallery"),
            N_("Where results are posted. Without one they go to the challenge channel."),
            suggested=N_("gallery"),
        ),
    ),
    in_steps=False,
)
FEATURE = Feature(AREA, N_("Weekly challenges"))
REMINDER = Kind(
    model.REMINDER_KIND,
    title=N_("A challenge that you joined closes soon"),
    why=N_("you joined a challenge and asked to be reminded a day before it closes."),
    digest_line=N_("A challenge that you joined closes soon: `/challenge current`"),
)


class ChallengesCog(commands.Cog):
    """The weekly challenge."""

    challenge = app_commands.Group(name="challenge", description="The challenge of the week", guild_only=True)

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        reminders = Reminders(bot.core)
        self._lifecycle = lifecycle = Lifecycle(bot.core, reminders)
        self.submissions = Submissions(bot.core, lifecycle)
        self.service = ChallengesService(bot.core, reminders, self.submissions)
        self.results = ResultsReader(bot.core, self.submissions)
        self.staff = ChallengesStaff(bot.core, lifecycle)
        self.workshop = Workshop(bot.core, lifecycle, self.staff)
        self.rhythm = Rhythm(bot.core, self.staff)
        self.desk = Desk(self.staff, self.workshop, self.rhythm)
        self._config = ChallengesPart(bot.core, self.rhythm)
        self._controls: dict[str, Handler] = {
            render.JOIN: self._ask_track,
            render.JOIN_FORM: self._join,
            render.LEAVE: self._ask_leave,
            render.LEAVE_SURE: self._leave,
            render.SUBMIT: self._ask_work,
            render.SUBMIT_FORM: self._submit,
            render.ASK: self._find_thread,
            render.OPEN: self._show,
            render.MINE: self._show_mine,
            render.RANK_ME: self._rank_me,
            render.RANK_ME_NOT: self._rank_me_not,
            render.SUGGEST: self._ask_idea,
            render.SUGGEST_FORM: self._suggest,
            render.GALLERY: self._show_gallery,
            render_results.GALLERY_PICK: self._pick_past,
            render_results.GALLERY_LIST: self._turn_list,
            render_results.GALLERY_PAGE: self._turn_page,
            **self.desk.controls,
        }

        again = N_("Choose another channel with `/setup start`, Challenges.")
        self._renderers = {
            model.POST_RENDERER: (self._draw_post, N_("posting a challenge"), again),
            model.THREAD_RENDERER: (self._draw_thread, N_("opening the thread of a challenge"), None),
            model.RESULTS_RENDERER: (self._draw_results, N_("posting the results of a challenge"), again),
            model.REMINDER_RENDERER: (self._draw_reminder, N_("reminding a member of a challenge"), None),
            model.STOCK_RENDERER: (
                self._draw_stock,
                N_("telling staff that few challenges are queued"),
                None,
            ),
        }

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(ChallengeSettings, ChallengeSettingsRow)
        bot.core.shared_ground.register("challenges", took_part_together)
        for kind, title in model.ACTS.items():
            bot.core.ledger.name(kind, title)
        bot.core.ledger.contribute(model.CONTRIBUTION)
        bot.core.works.register(SOURCE)
        for name, handler in self._lifecycle.jobs.items():
            bot.core.jobs.register(name, handler)
        bot.core.notifier.register(REMINDER)
        for name, (draw, what, if_channel_gone) in self._renderers.items():
            bot.renderers.register(name, draw, what=what, if_channel_gone=if_channel_gone)
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.core.erasure.redraw_with(self._lifecycle.redraw_all)
        bot.groups.attach(bot.groups.manage, ChallengesGroup(self.desk), *MANAGE_HELP)
        bot.groups.list_help(*HELP)
        bot.setup_card.add(SETUP_PAGE)
        bot.config_card.parts.add(self._config)
        bot.core.features.describe(FEATURE)

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.shared_ground.unregister("challenges")
        bot.core.ledger.unname(*model.ACTS)
        bot.core.ledger.contribute_no_more(model.CONTRIBUTION)
        bot.core.works.unregister(AREA)
        for name in self._lifecycle.jobs:
            bot.core.jobs.unregister(name)
        bot.core.notifier.unregister(REMINDER.name)
        bot.renderers.unregister(*self._renderers)
        bot.components.unregister(*self._controls)
        bot.core.erasure.stop_redrawing(self._lifecycle.redraw_all)
        bot.groups.detach(bot.groups.manage, AREA, *MANAGE_HELP)
        bot.groups.forget_help(*HELP)
        bot.setup_card.remove(SETUP_PAGE)
        bot.config_card.parts.remove(self._config)
        bot.core.features.forget(FEATURE.name)

    # ------------------------------------------------------------------------------------------ commands

    @challenge.command(description="The challenge of the week, and where you stand in it")
    async def current(self, interaction: discord.Interaction[Any]) -> None:
        await self._show(interaction, None)

    @challenge.command(description="Submit what you made, or keep a draft of it")
    @app_commands.describe(file="A file of it, which is posted in this channel when you submit")
    async def submit(
        self, interaction: discord.Interaction[Any], file: discord.Attachment | None = None
    ) -> None:
        if file is None:
            await self._ask_work(interaction, None)
            return
        actor, reply = actor_of(interaction), reply_to(interaction)
        challenge, typed = await self.submissions.attach(actor, file.filename, file.size, file.url)
        await reply.ask(render_work.submit_form(challenge, typed, reply.translator))

    @challenge.command(description="What you have submitted, and your drafts")
    async def mine(self, interaction: discord.Interaction[Any]) -> None:
        await self._show_mine(interaction, None)

    @challenge.command(description="What people made in past challenges")
    async def gallery(self, interaction: discord.Interaction[Any]) -> None:
        await self._show_gallery(interaction, None)

    @challenge.command(description="Suggest a challenge to the staff")
    async def suggest(self, interaction: discord.Interaction[Any]) -> None:
        await self._ask_idea(interaction, None)

    # ------------------------------------------------------------------------------------------ being in

    async def _show(self, interaction: discord.Interaction[Any], challenge_id: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        if challenge_id is None:
            standing = await self.service.current(actor)
        else:
            standing = await self.service.standing(actor, challenge_id)
        t = reply.translator
        card = render.nothing_card(t) if standing is None else render.standing_card(standing, t)
        await reply.show_privately(card)

    async def _ask_track(self, interaction: discord.Interaction[Any], challenge_id: int | None) -> None:
        standing = await self.service.begin_joining(actor_of(interaction), challenge_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.join_form(standing, reply.translator))

    async def _join(self, interaction: discord.Interaction[Any], challenge_id: int | None) -> None:
        answers = form_answers(interaction)
        standing, reminded = await self.service.join(
            actor_of(interaction),
            challenge_id or 0,
            str(answers.get("track") or Track.CORE.value),
            remind=bool(answers.get("remind")),
        )
        reply = reply_to(interaction)
        said_first = render.joined_text(standing, reminded, reply.translator)
        await reply.show_privately(render.standing_card(standing, reply.translator, said_first=said_first))

    async def _ask_leave(self, interaction: discord.Interaction[Any], challenge_id: int | None) -> None:
        standing = await self.service.standing(actor_of(interaction), challenge_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.leave_card(standing.challenge, reply.translator))

    async def _leave(self, interaction: discord.Interaction[Any], challenge_id: int | None) -> None:
        challenge = await self.service.leave(actor_of(interaction), challenge_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.left_card(challenge, reply.translator))

    async def _find_thread(self, interaction: discord.Interaction[Any], challenge_id: int | None) -> None:
        # The thread opened from a message bears its id; where none could be opened, the channel is the place.
        standing = await self.service.standing(actor_of(interaction), challenge_id or 0)
        challenge, message, guild = standing.challenge, interaction.message, interaction.guild
        place = challenge.channel_id
        if message is not None and guild is not None and guild.get_thread(message.id) is not None:
            place = message.id
        reply = reply_to(interaction)
        link = channel_link(challenge.guild_id, place or 0)
        await reply.show_privately(render.ask_card(link, reply.translator))

    # ------------------------------------------------------------------------------------------ handing in

    async def _ask_work(self, interaction: discord.Interaction[Any], challenge_id: int | None) -> None:
        challenge, typed = await self.submissions.begin(actor_of(interaction), challenge_id)
        reply = reply_to(interaction)
        await reply.ask(render_work.submit_form(challenge, typed, reply.translator))

    async def _submit(self, interaction: discord.Interaction[Any], challenge_id: int | None) -> None:
        result = await self.submissions.submit(
            actor_of(interaction),
            challenge_id or 0,
            form_answers(interaction),
            received_at=interaction.created_at,
        )
        reply = reply_to(interaction)
        t = reply.translator
        card = (
            render_work.receipt_card(result, t)
            if isinstance(result, Receipt)
            else render_work.kept_card(result, t)
        )
        await reply.show_privately(card)
        if isinstance(result, Receipt) and result.file is not None:
            await self._post_file(interaction, result)

    async def _post_file(self, interaction: discord.Interaction[Any], receipt: Receipt) -> None:
        """Post the file where everybody can open it: what a command was given Discord keeps for a while only."""
        reply, file = reply_to(interaction), receipt.file
        assert file is not None
        try:
            content = await self.bot.http.get_from_cdn(file["url"])
        except TROUBLE:
            await reply.show(render_work.lost_file_card(receipt.challenge, reply.translator))
            return
        config = await self.bot.core.configs.guild(receipt.challenge.guild_id)
        t = self.bot.translations.for_locale(config.locale)
        posted = await reply.post(render_work.file_card(receipt, interaction.user.id, content, t))
        await self.submissions.place(actor_of(interaction), receipt.submission.id, posted)

    # ------------------------------------------------------------------------------------------ looking

    async def _show_mine(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        mine = await self.service.mine(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.mine_card(mine, reply.translator))

    async def _rank_me(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._set_ranked(interaction, ranked=True)

    async def _rank_me_not(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._set_ranked(interaction, ranked=False)

    async def _set_ranked(self, interaction: discord.Interaction[Any], *, ranked: bool) -> None:
        mine = await self.service.rank_me(actor_of(interaction), ranked=ranked)
        reply = reply_to(interaction)
        await reply.show_privately(render.mine_card(mine, reply.translator))

    async def _show_gallery(self, interaction: discord.Interaction[Any], challenge_id: int | None) -> None:
        if challenge_id is not None:
            await self._show_past(interaction, challenge_id, 0)
            return
        await self._turn_list(interaction, 0)

    async def _turn_list(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        page = (number or 0) % render_results.PAGES
        past = await self.results.archive(actor_of(interaction).guild_id, page)
        reply = reply_to(interaction)
        await reply.show_privately(render_results.gallery_card(past, reply.translator))

    async def _pick_past(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        await self._show_past(interaction, int(value) if value.isascii() and value.isdigit() else 0, 0)

    async def _turn_page(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        await self._show_past(interaction, *divmod(number or 0, render_results.PAGES))

    async def _show_past(self, interaction: discord.Interaction[Any], challenge_id: int, page: int) -> None:
        results = await self.results.read(actor_of(interaction).guild_id, challenge_id, page)
        if results is None:
            raise NotFound("Its results are not out yet. See {command}.", command="`/challenge gallery`")
        reply = reply_to(interaction)
        await reply.show_privately(render_results.past_card(results, reply.translator, page))

    # ------------------------------------------------------------------------------------------ suggesting

    async def _ask_idea(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self.service.check_suggesting(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.suggest_form(reply.translator))

    async def _suggest(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        answers = form_answers(interaction)
        title = await self.service.suggest(
            actor_of(interaction),
            str(answers.get("title") or ""),
            str(answers.get("idea") or ""),
            credit=bool(answers.get("credit")),
        )
        reply = reply_to(interaction)
        await reply.show_privately(render.suggested_card(title, reply.translator))

    # ------------------------------------------------------------------------------------------ drawing

    async def _draw_post(self, effect: PlannedEffect) -> Card:
        challenge, can_submit = await self._found(effect)
        return render.post_card(challenge, await self._translator(effect), can_submit=can_submit)

    async def _draw_thread(self, effect: PlannedEffect) -> ThreadTitle:
        return render.thread_title(await self._challenge_of(effect), await self._translator(effect))

    async def _draw_results(self, effect: PlannedEffect) -> Card:
        results = await self.results.read(effect.guild_id, int(effect.arguments["challenge_id"]))
        if results is None:
            raise Obsolete(N_("there are no results of it"))
        if effect.kind is EffectKind.POST and not results.finishers:
            # What could not be posted while it was open has no results either, unless somebody found it anyway.
            was_posted = await self.results.was_posted(results.challenge.id)
            if was_posted is None:
                raise Unreachable("whether the challenge was posted is not settled yet")
            if not was_posted:
                raise Obsolete(N_("the challenge itself could not be posted, and nobody submitted anything"))
        return render_results.results_card(results, await self._translator(effect))

    async def _draw_reminder(self, effect: PlannedEffect) -> Card:
        challenge = await self._challenge_of(effect)
        assert effect.member_id is not None  # it notifies somebody
        t = await self.bot.renderers.translator(effect)
        is_private = effect.kind is EffectKind.DIRECT_MESSAGE  # where the form could not be sent from
        link = channel_link(effect.guild_id, challenge.channel_id or 0) if is_private else None
        return render.reminder_card(challenge, effect.member_id, t, link=link)

    async def _draw_stock(self, effect: PlannedEffect) -> Card:
        return render_store.stock_card(int(effect.arguments["left"]), await self._translator(effect))

    async def _challenge_of(self, effect: PlannedEffect) -> model.Challenge:
        challenge, _ = await self._found(effect)
        return challenge

    async def _found(self, effect: PlannedEffect) -> tuple[model.Challenge, bool]:
        found = await self.service.find(effect.guild_id, int(effect.arguments["challenge_id"]))
        if found is None:
            raise Obsolete(N_("the challenge was removed"))
        return found

    async def _translator(self, effect: PlannedEffect) -> Translator:
        return await self.bot.renderers.translator(effect)
