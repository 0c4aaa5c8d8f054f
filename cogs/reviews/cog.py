"""Receives members' commands and controls for reviews and defers to the services; loads and unloads the feature."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.card_views import form_answers
from bot.components import Handler
from bot.errors import NotAllowed, UserError
from bot.features import Feature
from bot.files import check_file
from bot.groups import HelpLine
from bot.i18n import N_
from bot.interactions import actor_of, who_of
from bot.lost_places import Watch
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from bot.setup_permissions import ROOMS
from cogs.reviews import model, render, render_mine, render_review
from cogs.reviews.allocation import Allocation
from cogs.reviews.config import ReviewsPart
from cogs.reviews.drawing import Drawing
from cogs.reviews.keeping import Keeping
from cogs.reviews.manage import MANAGE_HELP, Desk, ReviewsGroup
from cogs.reviews.model import AREA, ReviewSettings
from cogs.reviews.open_items import list_open_items
from cogs.reviews.places import Places
from cogs.reviews.rules import HELD, State
from cogs.reviews.service import ReviewsService
from cogs.reviews.staff import ReviewsStaff
from cogs.reviews.talk_controls import TalkControls, number_of
from cogs.reviews.talking import Talking
from storage.reviews import ReviewSettingsRow

_Interaction = discord.Interaction[Any]
HELP = (
    HelpLine(N_("Have my work reviewed"), "/review request"),
    HelpLine(N_("Review somebody's work"), "/review inbox"),
    HelpLine(N_("See the reviews I gave and received"), "/review mine"),
)
MENU = N_("Request review")
PAGE = Page(
    10,
    N_("Peer reviews"),
    ReviewSettings,
    (
        Choice(
            "channel_id",
            "channel",
            N_("Review channel"),
            N_(
                "Where work that waits for a review is shown. Without one each stands where it was asked for."
            ),
            suggested=N_("reviews"),
            topic=N_("Work that waits for somebody to look at it. Ask with `/review request`."),
            needs=ROOMS,
        ),
        Choice(
            "duty_role_id",
            "role",
            N_("Reviewers on duty"),
            N_(
                "Asked once when a work has waited for too long. Choose a role that people take themselves, and let "
                "it be mentioned."
            ),
            suggested=N_("Reviewer on duty"),
        ),
    ),
    in_steps=False,
)
FEATURE = Feature(AREA, N_("Peer reviews"))
MOST_FILES = 1000  # remembered between the command and its form


class ReviewsCog(commands.Cog):
    """Reviews that members ask for and give."""

    review = app_commands.Group(name="review", description="Reviews among peers", guild_only=True)

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.keeping = Keeping(bot.core)
        self.service = ReviewsService(bot.core, self.keeping)
        self.talking = Talking(bot.core, self.keeping)
        self.places = Places(bot.core, self.keeping)
        self._talk = TalkControls(self.talking)
        self.allocation = Allocation(bot.core, self.keeping)
        staff = ReviewsStaff(bot.core)
        self.desk = Desk(self.allocation, staff)
        self._config = ReviewsPart(bot.core, staff)
        self._drawing = Drawing(bot, self.service, self.talking, self.allocation)
        self._jobs = {**self.keeping.jobs, model.FILL_JOB: self.allocation.fill_due}
        self._watch = Watch(self.places.channels, self.places.lose_channel)
        # What was given to the command, by its address, until the form is sent; lost, it stays a link for a day.
        self._files: dict[str, str] = {}
        self._menu = app_commands.ContextMenu(name=MENU, callback=self._ask_for_message)
        self._controls: dict[str, Handler] = {
            render.ASK: self._ask,
            render.ASK_FORM: self._request,
            render.CLAIM: self._claim,
            render.PICK: self._pick,
            render.INBOX: self._show_inbox,
            render.HELD: self._open,
            render.EXTEND: self._extend,
            render.GIVE_BACK: self._give_back,
            render_review.PAGE_BUTTONS[0]: self._ask_first,
            render_review.PAGE_BUTTONS[1]: self._ask_second,
            render_review.PAGE_FORMS[0]: self._write_first,
            render_review.PAGE_FORMS[1]: self._write_second,
            render_review.SEND: self._send,
            **self._talk.controls,
            **self.desk.controls,
        }

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(ReviewSettings, ReviewSettingsRow)
        for kind, title in model.ACTS.items():
            bot.core.ledger.name(kind, title)
        bot.core.ledger.contribute(model.CONTRIBUTION)
        bot.core.ledger.react_to(model.READY, self.allocation.work_is_ready)
        bot.core.features.on_switch(self.keeping.switched)
        for name, job in self._jobs.items():
            bot.core.jobs.register(name, job)
        bot.core.jobs.register_prepared(
            model.CONFIRM_JOB, self.allocation.prepare, self.allocation.confirm_due
        )
        for kind in model.KINDS:
            bot.core.notifier.register(kind)
        for name, (draw, what) in self._drawing.renderers.items():
            bot.renderers.register(name, draw, what=what)
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.setup_card.add(PAGE)
        bot.lost_places.watch(self._watch)
        bot.core.erasure.redraw_with(self.places.redraw_all)
        bot.core.open_items.add(list_open_items)
        bot.tree.add_command(self._menu)
        bot.groups.list_help(*HELP)
        bot.groups.attach(bot.groups.manage, ReviewsGroup(self.desk), *MANAGE_HELP)
        bot.config_card.parts.add(self._config)
        bot.core.features.describe(FEATURE)
        await self.places.load()

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.ledger.unname(*model.ACTS)
        bot.core.ledger.contribute_no_more(model.CONTRIBUTION)
        bot.core.ledger.forget(self.allocation.work_is_ready)
        bot.core.features.stop_telling(self.keeping.switched)
        for name in (*self._jobs, model.CONFIRM_JOB):
            bot.core.jobs.unregister(name)
        for kind in model.KINDS:
            bot.core.notifier.unregister(kind.name)
        bot.renderers.unregister(*self._drawing.renderers)
        bot.components.unregister(*self._controls)
        bot.setup_card.remove(PAGE)
        bot.lost_places.stop_watching(self._watch)
        bot.core.erasure.stop_redrawing(self.places.redraw_all)
        bot.core.open_items.remove(list_open_items)
        bot.tree.remove_command(self._menu.name, type=self._menu.type)
        bot.groups.forget_help(*HELP)
        bot.groups.detach(bot.groups.manage, AREA, *MANAGE_HELP)
        bot.config_card.parts.remove(self._config)
        bot.core.features.forget(AREA)

    # ------------------------------------------------------------------------------------------ asking

    @review.command(description="Ask for a review of something you made")
    @app_commands.describe(
        link="A link to your work", file="A file; it is posted in this channel when you send the form"
    )
    async def request(
        self, interaction: _Interaction, link: str | None = None, file: discord.Attachment | None = None
    ) -> None:
        actor_of(interaction)
        if file is not None:
            check_file(file.filename, file.size)
            self._files[file.url] = file.filename
            while len(self._files) > MOST_FILES:
                self._files.pop(next(iter(self._files)))
        await reply_to(interaction).ask(
            render.request_form(reply_to(interaction).translator, link or (file.url if file else ""))
        )

    async def _ask_for_message(self, interaction: _Interaction, message: discord.Message) -> None:
        """The message menu: one's own message is what is to be reviewed."""
        actor, reply = actor_of(interaction), reply_to(interaction)
        if message.author.id != actor.member_id:
            raise NotAllowed("You can ask for a review of your own messages only. Theirs they can ask for.")
        await reply.ask(render.request_form(reply.translator, message.jump_url))

    async def _ask(self, interaction: _Interaction, _: int | None) -> None:
        actor_of(interaction)
        reply = reply_to(interaction)
        await reply.ask(render.request_form(reply.translator))

    async def _request(self, interaction: _Interaction, _: int | None) -> None:
        actor, reply, typed = actor_of(interaction), reply_to(interaction), form_answers(interaction)
        content = str(typed.get("content") or "").strip()
        name = self._files.get(content)
        if name is not None:  # Discord keeps it for a day only, so it is posted once more.
            typed["content"] = name
        try:
            asked = await self.service.request(actor, typed, channel_id=interaction.channel_id)
        except UserError as error:
            t = reply.translator
            refusal = render.refused_card(t(error.message, **error.fields), content, t)
            await reply.show_privately(refusal)
            return
        await reply.show_privately(render.asked_card(asked, reply.translator))
        if name is not None:
            self._files.pop(content, None)
            await self._post_file(interaction, asked.work.id, content, name)

    async def _post_file(self, interaction: _Interaction, work_id: int, url: str, name: str) -> None:
        """Post the file where everybody can open it."""
        reply = reply_to(interaction)
        try:
            content = await self.bot.http.get_from_cdn(url)
        except (discord.DiscordException, aiohttp.ClientError, OSError):
            await reply.show(render.lost_file_card(reply.translator))
            return
        posted = await reply.post(render.file_card(interaction.user.id, name, content, reply.translator))
        await self.service.place(actor_of(interaction), work_id, posted)

    # ------------------------------------------------------------------------------------------ taking

    @review.command(description="What waits for you, what you asked for, and what you could review")
    async def inbox(self, interaction: _Interaction) -> None:
        await self._show_inbox(interaction, None)

    async def _show_inbox(self, interaction: _Interaction, _: int | None) -> None:
        inbox = await self.service.inbox(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.inbox_card(inbox, reply.translator))

    async def _claim(self, interaction: _Interaction, work_id: int | None) -> None:
        review = await self.service.claim(actor_of(interaction), work_id or 0)
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(render.hand_card(review, t, t("**It is yours.**")))

    async def _pick(self, interaction: _Interaction, _: int | None) -> None:
        await self._claim(interaction, number_of(interaction))

    async def _open(self, interaction: _Interaction, review_id: int | None) -> None:
        review = await self.service.begin(who_of(interaction), review_id or 0)
        reply = reply_to(interaction)
        if review.state not in HELD:
            if review.state is State.GIVEN:
                await self._talk.read(interaction, review_id)
            else:
                await reply.show_privately(render.given_back_card(reply.translator))
            return
        await reply.show_privately(render.hand_card(review, reply.translator))

    async def _extend(self, interaction: _Interaction, review_id: int | None) -> None:
        review = await self.service.extend(who_of(interaction), review_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.hand_card(review, reply.translator))

    async def _give_back(self, interaction: _Interaction, review_id: int | None) -> None:
        await self.service.give_back(who_of(interaction), review_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.given_back_card(reply.translator))

    # ------------------------------------------------------------------------------------------ writing

    async def _ask_first(self, interaction: _Interaction, review_id: int | None) -> None:
        await self._ask_page(interaction, review_id, 0)

    async def _ask_second(self, interaction: _Interaction, review_id: int | None) -> None:
        await self._ask_page(interaction, review_id, 1)

    async def _ask_page(self, interaction: _Interaction, review_id: int | None, page: int) -> None:
        review = await self.service.begin(who_of(interaction), review_id or 0)
        reply = reply_to(interaction)
        if review.state is State.GIVEN:
            await self._talk.read(interaction, review_id)
            return
        await reply.ask(render_review.page_form(review, page, reply.translator))

    async def _write_first(self, interaction: _Interaction, review_id: int | None) -> None:
        await self._write(interaction, review_id, 0)

    async def _write_second(self, interaction: _Interaction, review_id: int | None) -> None:
        await self._write(interaction, review_id, 1)

    async def _write(self, interaction: _Interaction, review_id: int | None, page: int) -> None:
        typed = form_answers(interaction)
        written = await self.service.write(who_of(interaction), review_id or 0, page, typed)
        reply = reply_to(interaction)
        await reply.show_privately(render_review.written_card(written, reply.translator))

    async def _send(self, interaction: _Interaction, review_id: int | None) -> None:
        written = await self.service.send(who_of(interaction), review_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render_review.written_card(written, reply.translator))

    # ------------------------------------------------------------------------------------------ availability

    @review.command(description="How many reviews a week you take, and on which days")
    async def availability(self, interaction: _Interaction) -> None:
        said = await self.talking.availability(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(render_mine.availability_card(said, reply.translator))

    @review.command(description="The reviews that you gave and received")
    async def mine(self, interaction: _Interaction) -> None:
        mine = await self.talking.mine(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(render_mine.mine_card(mine, reply.translator))

    # ------------------------------------------------------------------------------------------ what Discord tells

    @commands.Cog.listener()
    async def on_raw_member_remove(self, payload: discord.RawMemberRemoveEvent) -> None:
        await self.places.left(payload.guild_id, payload.user.id)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        if payload.guild_id is not None:
            await self.places.messages_deleted(payload.guild_id, payload.channel_id, [payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        if payload.guild_id is not None:
            await self.places.messages_deleted(payload.guild_id, payload.channel_id, payload.message_ids)
