"""The bot itself: wires the shared mechanisms to Discord and loads the features.

Knows no feature by name. Start order: mechanisms, features (which register what they do), configuration
into memory, commands; then Discord is reached and the alarm clock starts. Closing is the reverse, and
nothing is lost by not closing: all that must happen is in the database.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import sys
from datetime import datetime
from functools import partial
from typing import Any, cast

import discord
from discord import app_commands

from bot.alarm_clock import AlarmClock
from bot.asides import Asides
from bot.avoidance_card import AvoidanceCard
from bot.breaker import Breaker
from bot.clock import Clock
from bot.components import Components
from bot.config_card import ConfigCard
from bot.core import Core
from bot.discord_calls import DiscordCalls
from bot.disk_watch import DiskWatch
from bot.dispatcher import Dispatcher
from bot.error_replies import report_error
from bot.extensions import list_features
from bot.groups import SharedGroups
from bot.help import Help
from bot.i18n import Translations
from bot.interactions import mend_text, tags_of
from bot.jobs import SLICE as JOBS_AT_ONCE
from bot.jobs import WAKE_MARK as JOBS_MARK
from bot.languages import Languages
from bot.listeners import Listeners
from bot.log import tag_task
from bot.lost_places import LostPlaces
from bot.manage_audit import ManageAudit
from bot.manage_jobs import ManageJobs
from bot.member_state import MemberState
from bot.notification_centre import NotificationCentre
from bot.notification_controls import NotificationControls
from bot.outbox import AFTER_MARK, AFTER_WAIT
from bot.outbox import WAKE_MARK as OUTBOX_MARK
from bot.pace import Pace
from bot.pauses import Pauses
from bot.proposals import Proposals
from bot.renderers import Renderers
from bot.replies import reply_to
from bot.role_drift import RoleDrift
from bot.rosters import Rosters
from bot.schedules import SLICE as SCHEDULES_AT_ONCE
from bot.sessions import SpacedSessions
from bot.settings import Settings
from bot.setup_card import SetupCard
from bot.setup_watch import SetupWatch
from bot.staff_notices import StaffNotices
from bot.standings import Standings
from bot.support import Support
from bot.tree import LyceumTree
from bot.wrong_clock import WrongClock
from bot.zone_card import ZoneCard
from storage import jobs as job_storage
from storage import outbox as outbox_storage
from storage import schedules as schedule_storage
from storage.database import Database

log = logging.getLogger(__name__)

TICK_BUDGET = 20.0  # seconds of jobs a tick works off before it lets the next one go on
_LOOKED_AT = frozenset({"socket_event_type", "interaction", "connect", "ready", "guild_available"})


class Lyceum(SpacedSessions):
    """The bot. With `ring=False` no alarm clock runs and somebody else calls `tick`."""

    def __init__(self, settings: Settings, database: Database, *, ring: bool = True) -> None:
        self.breaker = Breaker()
        self.breaker.on_revoked = self._token_revoked
        trace = self.breaker.trace()
        Pace().add_to(trace)
        super().__init__(
            http_trace=trace,
            command_prefix=(),
            tree_cls=LyceumTree,
            intents=_intents(settings),
            allowed_mentions=discord.AllowedMentions.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            help_command=None,
            **(
                {"member_cache_flags": discord.MemberCacheFlags.none()} if settings.discord.low_memory else {}
            ),
        )
        self.settings = settings
        self.translations = Translations()
        self.core = Core.build(database, Clock(discord.utils.utcnow))
        self.components = Components(self.core.features)
        self.groups = SharedGroups()
        self.languages = Languages(database, self.core.configs, self.translations)
        self.renderers = Renderers(self.languages)
        self.renderers.name_of_guild = self._name_of_guild
        self.calls = DiscordCalls(self)
        self.dispatcher = Dispatcher(database, self.core.clock, self.calls, self.renderers.render)
        self.setup_card = SetupCard(self.core, self.components, self.groups, self.translations, lambda: self)
        self.config_card = ConfigCard(
            self.core, self.components, self.groups, self.translations, lambda: self.setup_card.pages
        )
        self.alarm_clock = AlarmClock(self._tick_and_look_ahead, self.core.clock) if ring else None
        self.asides = Asides(self.core)
        self.role_drift = RoleDrift(self.core, self.components, lambda: self)
        self.setup_card.facts.drifts = self.role_drift.facts
        self.disk = DiskWatch(self, self.core, self.translations)
        self.wrong_clock = WrongClock(self.core.db, self.core.clock, self.core.schedules)
        self._knows_servers = False  # whether Discord has told of all since it last said READY
        self.listeners = Listeners(self.core.features, self.disk.note)
        self._wire()

    def _wire(self) -> None:
        core = self.core
        ManageJobs(core, self.renderers, self.components, self.groups)
        ManageAudit(core, self.components, self.groups, self.setup_card.labels)
        NotificationControls(core, self.renderers, self.components)
        NotificationCentre(core, self.renderers, self.components, self.groups, self.calls)
        Pauses(core, self.components, self.groups)
        ZoneCard(core, self.components)
        AvoidanceCard(core, self.components, self.groups)
        self.help = Help(core, self.components, self.groups, cast(LyceumTree, self.tree))
        Support(core, self.renderers, self.components, self.settings.support.contact)
        notices = StaffNotices(core, self.renderers, self.translations)
        core.jobs.report_failure = notices.job_failed
        core.schedules.report_hold = notices.schedule_held
        self.dispatcher.report_failure = notices.effect_failed
        self.dispatcher.on_end = core.outbox.tell_end
        core.guards.look = Standings(self, core.configs)
        Proposals(core, self.renderers, self.components)
        if self.alarm_clock is not None:
            self.dispatcher.on_put_off = self.alarm_clock.set_for
        self.lost_places = LostPlaces(core, self.setup_card, notices)
        self.setup_watch = SetupWatch(
            core, self.setup_card.facts, self.renderers, self.translations, lambda: self
        )
        self.setup_card.noticed = self.setup_watch.shown
        self.config_card.touched = self.setup_watch.touched
        core.qualifications.roles = self.rosters
        core.db.after_commit(self._after_commit)

    def _get_state(self, **options: Any) -> MemberState:
        return MemberState(
            dispatch=self.dispatch, handlers=self._handlers, hooks=self._hooks, http=self.http, **options
        )

    @property
    def rosters(self) -> Rosters:
        """Who is in which server with which roles."""
        return cast(MemberState, self._connection).rosters

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        """Connect and work until closed. Raises LoginFailure also when the token stops being accepted later."""
        await super().start(token, reconnect=reconnect)
        if self.breaker.revoked:
            raise discord.LoginFailure("Discord does not accept the token any more.")

    def _token_revoked(self) -> None:
        # Its own task: this is called inside the request that was refused, and closing waits for that.
        self._ending = asyncio.create_task(self.close(), name="end without a token")

    async def setup_hook(self) -> None:
        """Load the features and sync the commands; called by discord.py once, after login."""
        for feature in list_features():
            await self.load_feature(feature)
        titles = {page.feature: page.title for page in self.setup_card.pages}
        self.core.features.loaded((each.rpartition(".")[2] for each in list_features()), titles)
        self.tree.add_command(self.help.command)
        self.groups.put_into(self.tree)
        await self.core.configs.load_all()
        await self.languages.load()
        await self.asides.load()
        if self.core.db.dialect == "sqlite":
            # The only process on this file is this one: whoever held a lease is dead.
            async with self.core.db.begin() as session:
                await job_storage.release_leases(session)
                await outbox_storage.release_leases(session)
        # Before Discord is reached: a restored backup must not bring back who was deleted.
        await self.core.erasure.replay()
        async with self.core.db.begin() as session:
            await self.core.retention.plan(session)
        await cast(LyceumTree, self.tree).sync_if_changed(self.core.db)
        if self.alarm_clock is not None:
            _keep_for_good()
            gc.enable()  # off since `lyceum run` began to load

    async def load_feature(self, name: str) -> None:
        """Set a feature up; `name` is one of `list_features()`.

        Not as an extension of discord.py: a bot that closes forgets the modules of its extensions, so the next one in
        the same process would compile and keep all their code once more.
        """
        await importlib.import_module(name).setup(self)

    async def on_ready(self) -> None:
        """Discord can be reached. Fires again after each new session; all of it may be done twice."""
        log.info("ready as %s in %s guilds", self.user, len(self.guilds))
        self.dispatcher.start()
        self.setup_watch.new_session()
        if self.alarm_clock is not None and not self.alarm_clock.running:
            _keep_for_good()
            self.alarm_clock.start()
        for guild in self.guilds:
            await self._compare(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server is there (again)."""
        await self._compare(guild)
        await self.setup_watch.touched(guild.id)

    async def _compare(self, guild: discord.Guild) -> None:
        """Compare what was chosen with what the server still has."""
        try:
            await self.lost_places.compare(guild)
        except Exception as error:  # noqa: BLE001 - one server's trouble must not keep the others waiting
            report_error(error, f"comparing choices guild={guild.id}")

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self.lost_places.channel_deleted(channel.guild.id, channel.id)
        await self.setup_watch.touched(channel.guild.id)

    async def on_guild_channel_update(
        self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        if before.overwrites != after.overwrites or before.category_id != after.category_id:
            await self.setup_watch.touched(after.guild.id)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        await self.lost_places.role_deleted(role.guild.id, role.id)
        await self.setup_watch.touched(role.guild.id)

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        if before.permissions != after.permissions or before.position != after.position:
            await self.setup_watch.touched(after.guild.id)

    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        if after == after.guild.me and before.roles != after.roles:
            await self.setup_watch.touched(after.guild.id)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self.setup_watch.touched(guild.id)

    def dispatch(self, event_name: str, /, *args: Any, **kwargs: Any) -> None:
        """Leave out what would be work for nothing."""
        if event_name not in _LOOKED_AT or not self._is_for_nothing(event_name, args):
            super().dispatch(event_name, *args, **kwargs)

    def _is_for_nothing(self, event_name: str, args: tuple[Any, ...]) -> bool:
        """That something came over the socket, to which nobody listens, and which every message is; that a command came,
        which the tree answers; and of a new session that each server is there, since `on_ready` goes through all of them:
        thousands of servers would otherwise be looked after at one moment.
        """
        if event_name == "interaction":
            return args[0].type is discord.InteractionType.application_command
        if event_name in ("connect", "ready"):
            self._knows_servers = event_name == "ready"
        return event_name == "socket_event_type" or (
            event_name == "guild_available" and not self._knows_servers
        )

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Answer buttons, menus and forms, in time."""
        if interaction.type in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            mend_text(interaction)
            tag_task(partial(tags_of, interaction))
            reply_to(interaction).watch()
            await self.components.answer(interaction)
            await self.asides.show(interaction)

    async def on_app_command_completion(
        self, interaction: discord.Interaction[Any], command: app_commands.Command[Any, ..., Any]
    ) -> None:
        """A command was answered: tell what waits for its user, and those who listen, in one task."""
        await self.asides.show(interaction)
        await self.listeners.command_answered(interaction, command)

    async def on_message(self, message: discord.Message, /) -> None:
        """Hand members' messages to the features that listen, by plain calls: each listener more is a task."""
        if message.guild is not None and not message.author.bot:
            await self.listeners.message_written(message)

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """An event handler failed: log it with a reference, as everywhere."""
        error = sys.exc_info()[1]
        if error is not None:
            self.disk.note(error)
            report_error(error, f"in {event_method}")

    async def tick(self) -> None:
        """Do all timed work that is due, in slices. Never raises: the next tick tries again."""
        try:
            await self._tick()
        except Exception:
            log.exception("the tick failed")

    async def next_due(self) -> datetime | None:
        """The earliest instant (UTC) at which a tick has something to do."""
        async with self.core.db.read() as session:
            instants = [
                await schedule_storage.next_run_at(session),
                await job_storage.next_run_at(session),
                await outbox_storage.next_due_at(session),
            ]
        if self.setup_watch.is_asked_for:
            instants.append(self.core.clock.now())
        return min((each for each in instants if each is not None), default=None)

    async def close(self) -> None:
        """Finish what is under way with Discord, then leave. The database is closed by whoever opened it."""
        if self.alarm_clock is not None:
            self.alarm_clock.stop()
        await self.dispatcher.stop()
        await super().close()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + TICK_BUDGET
        core = self.core
        await self.wrong_clock.look()
        await self.setup_watch.look_around()
        more = True
        while more and loop.time() < ends_at:
            more = await core.schedules.materialise_due() >= SCHEDULES_AT_ONCE
        more = True
        while more and loop.time() < ends_at:
            # A slice that was not full was the last; what its jobs have enqueued is due, and rings again at once.
            more = await core.jobs.run_due() >= JOBS_AT_ONCE
        self.dispatcher.wake()

    async def _tick_and_look_ahead(self) -> datetime | None:
        await self.disk.look()
        await self._tick()
        return await self.next_due()

    def _after_commit(self, marks: frozenset[str]) -> None:
        if OUTBOX_MARK in marks:
            self.dispatcher.wake()
        if AFTER_MARK in marks and self.alarm_clock is not None:
            self.alarm_clock.set_for(self.core.clock.now() + AFTER_WAIT)
        if JOBS_MARK in marks and self.alarm_clock is not None:
            self.alarm_clock.set_for(self.core.clock.now())

    def _name_of_guild(self, guild_id: int) -> str | None:
        guild = self.get_guild(guild_id)
        return guild.name if guild is not None else None


def _keep_for_good() -> None:
    """What the start has made is never garbage. Out of the collector's sight, or looking through it stops the event loop
    for up to 50 ms each time."""
    gc.collect()
    gc.freeze()


def _intents(settings: Settings) -> discord.Intents:
    """What Discord is asked to tell us. Members is privileged and needed to greet newcomers, and to nothing else."""
    return discord.Intents(
        guilds=True,
        members=settings.discord.members_intent,
        guild_messages=True,
        guild_reactions=True,
        guild_polls=True,
        moderation=True,
        auto_moderation_configuration=True,
        auto_moderation_execution=True,
        message_content=settings.discord.message_content,
    )
