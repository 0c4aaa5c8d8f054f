"""Receives members' commands and controls for reviews and defers to the services; loads and unloads the feature."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.components import Handler
from bot.features import Feature
from bot.groups import HelpLine, Topic
from bot.i18n import N_
from bot.interactions import actor_of
from bot.lost_places import Watch
from bot.member_card import CardLine
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from bot.setup_permissions import ROOMS
from cogs.reviews import model, render_mine
from cogs.reviews.allocation import Allocation
from cogs.reviews.ask_controls import AskControls
from cogs.reviews.config import ReviewsPart
from cogs.reviews.drawing import Drawing
from cogs.reviews.filling import Filling
from cogs.reviews.keeping import Keeping
from cogs.reviews.manage import MANAGE_HELP, Desk, ReviewsGroup
from cogs.reviews.model import AREA, ReviewSettings
from cogs.reviews.open_items import list_open_items
from cogs.reviews.places import Places
from cogs.reviews.service import ReviewsService
from cogs.reviews.staff import ReviewsStaff
from cogs.reviews.talk_controls import TalkControls
from cogs.reviews.talking import Talking
from cogs.reviews.write_controls import WriteControls
from storage.review_wishes import ReviewSettingsRow
from storage.reviews import has_reviewed_openly

_Interaction = discord.Interaction[Any]
HELP = (
    HelpLine(N_("Have my work reviewed"), "/review request", topic=Topic.FEEDBACK),
    HelpLine(N_("Review somebody's work"), "/review inbox", topic=Topic.FEEDBACK),
    HelpLine(N_("See the reviews I gave and received"), "/review mine", topic=Topic.FEEDBACK),
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


class ReviewsCog(commands.Cog):
    """Reviews that members ask for and give."""

    review = app_commands.Group(name="review", description="Reviews among peers", guild_only=True)

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.keeping = Keeping(bot.core)
        self.service = ReviewsService(bot.core, self.keeping)
        self.talking = Talking(bot.core, self.keeping)
        self.places = Places(bot.core, self.keeping)
        self._ask = AskControls(bot, self.service, self.talking)
        self._talk = TalkControls(self.talking)
        self._writing = WriteControls(self.service, self._talk.read)
        self.allocation = Allocation(bot.core, self.keeping)
        staff = ReviewsStaff(bot.core)
        self.desk = Desk(self.allocation, staff)
        self._config = ReviewsPart(bot.core, staff)
        self._drawing = Drawing(bot, self.service, self.talking, self.allocation, self.keeping.rooms)
        self._filling = Filling(bot.core, self.keeping)
        self._watch = Watch(self.places.channels, self.places.lose_channel)
        self._card_line = CardLine("reviews", N_("Reviews"), self.talking.card_line, rank=30)
        self._menu = app_commands.ContextMenu(name=MENU, callback=self._ask.begin_for_message)
        self._controls: dict[str, Handler] = {
            **self._ask.controls,
            **self._writing.controls,
            **self._talk.controls,
            **self.desk.controls,
        }

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(ReviewSettings, ReviewSettingsRow)
        bot.core.shared_ground.register("reviews", has_reviewed_openly)
        for kind, title in model.ACTS.items():
            bot.core.ledger.name(kind, title)
        bot.core.ledger.contribute(model.CONTRIBUTION)
        bot.core.ledger.react_to(model.READY, self.allocation.work_is_ready)
        bot.core.features.on_switch(self.keeping.switched)
        for name, job in self.keeping.jobs.items():
            bot.core.jobs.register(name, job)
        bot.core.jobs.register_prepared(
            model.CONFIRM_JOB, self.allocation.prepare, self.allocation.confirm_due
        )
        bot.core.jobs.register_prepared(model.FILL_JOB, self._filling.prepare, self._filling.fill_due)
        for kind in model.KINDS:
            bot.core.notifier.register(kind)
        for name, (draw, what) in self._drawing.renderers.items():
            bot.renderers.register(name, draw, what=what)
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.setup_card.add(PAGE)
        bot.lost_places.watch(self._watch)
        bot.core.erasure.redraw_with(self.places.redraw_all)
        bot.core.erasure.on_departure(self.places.departed)
        bot.core.open_items.add(list_open_items)
        bot.tree.add_command(self._menu)
        bot.groups.list_help(*HELP)
        bot.groups.attach(bot.groups.manage, ReviewsGroup(self.desk), *MANAGE_HELP)
        bot.config_card.parts.add(self._config)
        bot.core.features.describe(FEATURE)
        bot.core.member_cards.register(self._card_line)
        await self.places.load()

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.shared_ground.unregister("reviews")
        bot.core.ledger.unname(*model.ACTS)
        bot.core.ledger.contribute_no_more(model.CONTRIBUTION)
        bot.core.ledger.forget(self.allocation.work_is_ready)
        bot.core.features.stop_telling(self.keeping.switched)
        for name in (*self.keeping.jobs, model.CONFIRM_JOB, model.FILL_JOB):
            bot.core.jobs.unregister(name)
        for kind in model.KINDS:
            bot.core.notifier.unregister(kind.name)
        bot.renderers.unregister(*self._drawing.renderers)
        bot.components.unregister(*self._controls)
        bot.setup_card.remove(PAGE)
        bot.lost_places.stop_watching(self._watch)
        bot.core.erasure.stop_redrawing(self.places.redraw_all)
        bot.core.erasure.stop_hearing(self.places.departed)
        bot.core.open_items.remove(list_open_items)
        bot.tree.remove_command(self._menu.name, type=self._menu.type)
        bot.groups.forget_help(*HELP)
        bot.groups.detach(bot.groups.manage, AREA, *MANAGE_HELP)
        bot.config_card.parts.remove(self._config)
        bot.core.features.forget(AREA)
        bot.core.member_cards.unregister(self._card_line.key)

    # ------------------------------------------------------------------------------------------ asking

    @review.command(description="Ask for a review of something you made")
    @app_commands.describe(
        link="A link to your work", file="A file; it is posted in this channel when you send the form"
    )
    async def request(
        self, interaction: _Interaction, link: str | None = None, file: discord.Attachment | None = None
    ) -> None:
        await self._ask.begin(interaction, link, file)

    # ------------------------------------------------------------------------------------------ taking

    @review.command(description="What waits for you, what you asked for, and what you could review")
    async def inbox(self, interaction: _Interaction) -> None:
        await self._writing.show_inbox(interaction, None)

    # ------------------------------------------------------------------------------------------ availability

    @review.command(description="How many reviews a week you take, and on which days")
    async def availability(self, interaction: _Interaction) -> None:
        said = await self.talking.availability(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(render_mine.availability_card(said, reply.translator))

    @review.command(description="The reviews that you gave and received")
    async def mine(self, interaction: _Interaction) -> None:
        await self._talk.mine(interaction, None)

    # ------------------------------------------------------------------------------------------ what Discord tells

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        if payload.guild_id is not None:
            await self.places.messages_deleted(payload.guild_id, payload.channel_id, [payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        if payload.guild_id is not None:
            await self.places.messages_deleted(payload.guild_id, payload.channel_id, payload.message_ids)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await self.places.lose_channel(payload.guild_id, payload.thread_id)
