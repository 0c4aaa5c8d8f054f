"""Arrivals and departures, and the parts of onboarding put together. What members do with quests is in `quests.py`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from cogs.onboarding import effects, rules
from cogs.onboarding.definition import targets_of
from cogs.onboarding.desk import QuestDesk
from cogs.onboarding.editor import QuestEditor
from cogs.onboarding.library import QuestLibrary, snapshot
from cogs.onboarding.model import (
    HELD_BACK,
    LEFT_SINCE,
    NUDGE_JOB,
    NUDGE_KIND,
    QUEST_COMPLETED,
    WELCOME_KIND,
    Newcomer,
    OnboardingSettings,
)
from cogs.onboarding.nudges import Nudges
from cogs.onboarding.quests import QuestService
from cogs.onboarding.rules import Greeting
from cogs.onboarding.runs import Runs
from cogs.onboarding.shipped import STARTER
from cogs.onboarding.waiting import Waiting
from cogs.onboarding.workbench import Workbench
from storage import onboarding as storage
from storage import privacy as privacy_storage


class OnboardingService:
    """The use cases of arrivals, and the other services of the feature."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.library = QuestLibrary(core.clock)
        self.waiting = Waiting()
        self.runs = Runs(core, self.library)
        self.quests = QuestService(core, self.runs, self.waiting)
        self.editor = QuestEditor(core, self.library)
        self.workbench = Workbench(core, self.library, self.runs, self.editor)
        self.nudges = Nudges(core, self.runs)
        self.desk = QuestDesk(core, self.runs, self.waiting)

    def register(self) -> None:
        """Make the feature's reactions and its kinds of notification known."""
        self._core.notifier.register(WELCOME_KIND)
        self._core.notifier.register(NUDGE_KIND)
        self._core.erasure.on_forgotten(self.waiting.forget)
        self.runs.register()
        self.quests.register()
        self._core.jobs.register(NUDGE_JOB, self.nudges.look)

    def unregister(self) -> None:
        self._core.notifier.unregister(WELCOME_KIND.name)
        self._core.notifier.unregister(NUDGE_KIND.name)
        self._core.erasure.stop_telling(self.waiting.forget)
        self.runs.unregister()
        self.quests.unregister()
        self._core.jobs.unregister(NUDGE_JOB)

    async def load(self) -> None:
        """Read whose quests are unfinished, so that ordinary messages cost no query."""
        async with self._core.db.read() as session:
            for lost in await storage.list_lost_targets(session):
                self.runs.lose(lost.guild_id, lost.target_id)
            for row in await storage.list_unfinished(session):
                self.waiting.note(await self.runs.snapshot(session, row))

    async def settings(self, guild_id: int) -> OnboardingSettings:
        return await self._core.configs.get(guild_id, OnboardingSettings)

    async def arrive(
        self,
        guild_id: int,
        member_id: int,
        *,
        joined_at: datetime | None,
        pending: bool,
        harmless_role_ids: frozenset[int] = frozenset(),
    ) -> None:
        """Somebody joined, or accepted the rules. They are greeted once, when they can read it.

        `joined_at` is UTC; None where Discord does not say. `harmless_role_ids` are the server's roles that carry
        no power, of which those that the member had before may be given back.
        """
        settings = await self.settings(guild_id)
        async with self._core.db.begin() as session:
            arrived_at = await self._note_arrival(session, guild_id, member_id, joined_at, pending=pending)
            row = await self.runs.row_of(session, guild_id, member_id, STARTER)
            if arrived_at is not None and not pending:
                await self._greet(session, row, settings, arrived_at)
                await self._give_back(session, row, settings, arrived_at, harmless_role_ids)
            rows = await storage.list_quests(session, guild_id, member_id)
            quests = [await self.runs.snapshot(session, each) for each in rows]
            newcomer = await storage.find_newcomer(session, guild_id, member_id)
        if newcomer is not None and newcomer.left_at is None:  # not when told once more after they left
            for quest in quests:
                self.waiting.note(quest)

    async def leave(self, guild_id: int, member_id: int, role_ids: Collection[int] | None = None) -> None:
        """Somebody left. What they did is kept, for when they return.

        `role_ids` are the roles they had, None where Discord did not say: of these the chosen ones are remembered.
        """
        kept = (await self.settings(guild_id)).kept_role_ids
        had_kept_roles = role_ids is not None and bool(kept.intersection(role_ids))
        async with self._core.db.read() as session:
            is_known = await storage.find_newcomer(session, guild_id, member_id) is not None
        if not is_known and not had_kept_roles:
            self.waiting.forget(guild_id, member_id)
            return  # many such leave at once when a raid is cleared away
        async with self._core.db.begin() as session:
            row = await storage.lock_newcomer(session, guild_id, member_id)
            if row is None and had_kept_roles:
                # Here before Lyceum: known from now on, because they leave something behind.
                now = self._core.clock.now()
                await storage.add_newcomer(session, guild_id, member_id, joined_at=now, pending=False)
                row = await storage.lock_newcomer(session, guild_id, member_id)
            if row is not None and row.left_at is None:
                row.left_at = self._core.clock.now()
                if role_ids is not None:
                    row.roles = {"ids": sorted(kept.intersection(role_ids))}
        self.waiting.forget(guild_id, member_id)

    async def note_present(self, guild_id: int, member_id: int) -> None:
        """Somebody taken for gone is here, without having joined anew: a late event had said otherwise."""
        async with self._core.db.begin() as session:
            row = await storage.lock_newcomer(session, guild_id, member_id)
            rows = await storage.list_quests(session, guild_id, member_id)
            quests = [await self.runs.snapshot(session, each) for each in rows]
            if row is not None:
                row.left_at = None
                starter = await self.runs.row_of(session, guild_id, member_id, STARTER)
                quest = await self.runs.snapshot(session, starter)
                for key in effects.greeting_keys(quest, row.joined_at):
                    await self._core.outbox.plan_after_all(session, key, left_out_for=LEFT_SINCE)
        for quest in quests:
            self.waiting.note(quest)

    async def is_present_since(self, guild_id: int, member_id: int, joined_at: datetime) -> bool:
        """Whether the member who joined at this moment is still here, as far as we heard."""
        async with self._core.db.read() as session:
            row = await storage.find_newcomer(session, guild_id, member_id)
            return row is not None and row.left_at is None and row.joined_at == joined_at

    async def list_newcomers(self, guild_id: int) -> dict[int, Newcomer]:
        """Everybody who joined while Lyceum was here, by member id."""
        async with self._core.db.read() as session:
            rows = await storage.list_newcomers(session, guild_id)
            return {
                row.member_id: Newcomer(row.member_id, row.joined_at, row.pending, row.left_at is not None)
                for row in rows
            }

    async def list_deleted(self, guild_id: int) -> dict[int, datetime]:
        """Who was deleted here at their wish, and when (UTC)."""
        async with self._core.db.read() as session:
            return await privacy_storage.list_deleted(session, guild_id)

    async def greet_late(self, guild_id: int) -> int:
        """Greet those who joined in the last day while there was no welcome channel and have not begun by themselves.

        Called when a channel is chosen and after each start; who was greeted is not greeted again. Returns how many.
        """
        settings = await self.settings(guild_id)
        if settings.welcome_channel_id is None:
            return 0
        since = self._core.clock.now() - rules.LOOK_BACK
        async with self._core.db.begin() as session:
            found = await storage.list_ungreeted(session, guild_id, since=since)
            for newcomer in found:
                row = await self.runs.row_of(session, guild_id, newcomer.member_id, STARTER)
                if (await self.runs.snapshot(session, row)).is_begun:
                    newcomer.greeted_at = self._core.clock.now()
                else:
                    await self._greet(session, row, settings, newcomer.joined_at)
        return len(found)

    async def greet_held(self, guild_id: int) -> None:
        """A flood of newcomers is over: those of the last day whose greeting was held back, and who stayed, get it."""
        since = self._core.clock.now() - rules.LOOK_BACK
        async with self._core.db.begin() as session:
            for newcomer in await storage.list_newcomers(session, guild_id):
                if newcomer.left_at is None and newcomer.joined_at >= since:
                    row = await self.runs.row_of(session, guild_id, newcomer.member_id, STARTER)
                    quest = await self.runs.snapshot(session, row)
                    for key in effects.greeting_keys(quest, newcomer.joined_at):
                        await self._core.outbox.plan_after_all(session, key, left_out_for=HELD_BACK)

    async def lose_target(self, guild_id: int, target_id: int) -> None:
        """A channel or role was deleted: steps that need it rest from now on. What no quest names is let be."""
        async with self._core.db.read() as session:
            versions = await storage.list_versions(session, guild_id)
            named = frozenset[int]().union(*(targets_of(snapshot(row).definition) for row in versions))
        if target_id in named:
            async with self._core.db.begin() as session:
                await storage.add_lost_target(session, guild_id, target_id)
            self.runs.lose(guild_id, target_id)

    async def _note_arrival(
        self,
        session: AsyncSession,
        guild_id: int,
        member_id: int,
        joined_at: datetime | None,
        *,
        pending: bool,
    ) -> datetime | None:
        """Write the arrival down. The moment of joining, or None for an event that is repeated or late."""
        now = self._core.clock.now()
        first = joined_at or now
        is_new = await storage.add_newcomer(session, guild_id, member_id, joined_at=first, pending=pending)
        row = await storage.lock_newcomer(session, guild_id, member_id)
        assert row is not None
        if not pending and row.screened_at is None:
            row.screened_at = now
        if is_new:
            return first if rules.is_greeted(joined_at=first, now=now) else None
        if joined_at is None:
            joined_at = row.joined_at if row.left_at is None else now
        has_returned = rules.is_return(left_at=row.left_at, joined_at=joined_at, last_joined_at=row.joined_at)
        # An acceptance from an earlier stay, told once more, says nothing of this one.
        has_accepted = row.pending and not pending and row.left_at is None and joined_at >= row.joined_at
        if not has_returned and not has_accepted:
            return None
        row.joined_at, row.left_at, row.pending = max(joined_at, row.joined_at), None, pending
        if has_returned:
            row.greeted_at = None
        return row.joined_at

    async def _greet(
        self,
        session: AsyncSession,
        row: storage.QuestRow,
        settings: OnboardingSettings,
        joined_at: datetime,
    ) -> None:
        greeting = rules.greeting_for(started_at=row.started_at, joined_at=joined_at)
        row.started_at = row.started_at or joined_at
        for each in await storage.lock_quests(session, row.guild_id, row.member_id):
            if each.finished_at is None:
                each.progress_at = self._core.clock.now()
                await self.runs.expect_nudge(session, each)
        await session.flush()
        if settings.welcome_channel_id is None:
            return
        quest = await self.runs.snapshot(session, row)
        newcomer = await storage.lock_newcomer(session, row.guild_id, row.member_id)
        if newcomer is not None:
            newcomer.greeted_at = self._core.clock.now()
        await self._core.notifier.notify(
            session, effects.greeting_of(quest, greeting, joined_at, settings.welcome_channel_id)
        )

    async def _give_back(
        self,
        session: AsyncSession,
        starter: storage.QuestRow,
        settings: OnboardingSettings,
        joined_at: datetime,
        harmless_role_ids: frozenset[int],
    ) -> None:
        """Plan the roles of somebody who is back: of each quest they had finished, and those kept for them."""
        guild_id, member_id = starter.guild_id, starter.member_id
        if (
            rules.greeting_for(started_at=starter.started_at, joined_at=joined_at)
            is not Greeting.WELCOME_BACK
        ):
            return
        what_for = f"back:{effects.occasion(joined_at)}"
        for row in await storage.list_quests(session, guild_id, member_id):
            quest = await self.runs.snapshot(session, row)
            role_id = self.runs.reward_of(quest)
            if role_id and await storage.has_act(session, guild_id, member_id, QUEST_COMPLETED, row.key):
                await self._core.outbox.plan(session, effects.role_for(quest, role_id, what_for))
        newcomer = await storage.lock_newcomer(session, guild_id, member_id)
        remembered = (
            frozenset[int]((newcomer.roles or {}).get("ids", ()))
            if newcomer is not None
            else frozenset[int]()
        )
        config = await self._core.configs.guild(guild_id)
        staff = frozenset[int]().union(*config.capability_roles.roles.values())
        for role_id in sorted((remembered & settings.kept_role_ids & harmless_role_ids) - staff):
            await self._core.outbox.plan(
                session, effects.role_given_back(guild_id, member_id, role_id, what_for)
            )
