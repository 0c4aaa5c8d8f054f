"""What members do with their profile and their check-ins, and what facilitators do with the questions."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput
from bot.i18n import N_, Translator
from bot.jobs import Job, NewJob, Skipped
from bot.languages import read_spoken
from bot.notification_settings import NotificationSettings, Reach
from bot.notify import Delivery, Kind, Notification
from bot.profiles import LONGEST_GOAL, Feedback, Level, Profile
from bot.text import clean, cut, quote
from cogs.profiles import rules
from cogs.profiles.rules import Checkin
from storage import members as member_storage
from storage import privacy as privacy_storage
from storage import skills as storage

GOAL_SET = "goal.set"
CHECKIN_JOB = "profiles.checkin"
CHECKIN_RENDERER = "profiles.checkin"
CHECKIN_KIND = Kind(
    "skills.checkin",
    title=N_("Your check-in after four weeks"),
    why=N_("you said how sure you feel, four weeks ago."),
    digest_line=N_("Four weeks ago you said how sure you feel. `/me edit` shows it, and asks how it is now."),
    default=Delivery.DIGEST,
)


@dataclass(frozen=True)
class SkillSettings:
    """The five statements of a community; None is the one that ships with Lyceum."""

    guild_id: int
    statement_1: str | None = None
    statement_2: str | None = None
    statement_3: str | None = None
    statement_4: str | None = None
    statement_5: str | None = None

    @property
    def statements(self) -> tuple[str, ...]:
        own = (self.statement_1, self.statement_2, self.statement_3, self.statement_4, self.statement_5)
        return tuple(mine or shipped for mine, shipped in zip(own, shipped_statements(), strict=True))


@dataclass(frozen=True)
class Me:
    """What a member has said of themselves in one community, and how they are reached there."""

    profile: Profile
    reach: Reach
    checkins: tuple[Checkin, ...]
    unknown_languages: tuple[str, ...] = ()


@cache
def shipped_statements() -> tuple[str, ...]:
    """The statements of `skills.toml`, in English. Raises ValueError when they do not fit a form."""
    parsed = tomllib.loads(Path(__file__).with_name("skills.toml").read_text(encoding="utf-8"))
    texts = tuple(str(each["text"]) for each in parsed["statement"])
    if len(texts) != rules.STATEMENTS or any(len(each) > rules.LONGEST_STATEMENT for each in texts):
        raise ValueError(f"skills.toml needs {rules.STATEMENTS} statements that fit a form")
    return texts


def own_statements(texts: Sequence[str]) -> tuple[str, ...]:
    """The five that are asked when these were given; an empty one is the one that ships. Raises `InvalidInput`."""
    shipped = shipped_statements()
    if len(texts) != len(shipped):
        raise InvalidInput(
            "Please write {n} statements; an empty one is the one that ships with me.", n=len(shipped)
        )
    wanted = tuple(
        cut(" ".join(clean(each).split()), rules.LONGEST_STATEMENT) or default
        for each, default in zip(texts, shipped, strict=True)
    )
    if len(set(wanted)) < len(wanted):
        raise InvalidInput("Two of these are the same. Please write five different ones.")
    return wanted


class ProfilesService:
    """The use cases. Where a button on a DM leads here, the caller has found out the guild."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._settings = NotificationSettings(core)

    async def get(self, guild_id: int, member_id: int) -> Me:
        """Everything, as it stands."""
        async with self._core.db.read() as session:
            profile = await self._core.profiles.get(session, guild_id, member_id)
            checkins = await self._checkins(session, guild_id, member_id)
        return Me(profile, await self._settings.get(guild_id, member_id), checkins)

    async def save(
        self,
        actor: Actor,
        *,
        goal: str,
        level: str | None,
        hours: str | None,
        languages: str,
        feedback: str | None,
    ) -> Me:
        """Save the form; what is left empty is emptied. Languages that nobody knows are given back, the rest is kept."""
        goal = cut(" ".join(clean(goal).split()), LONGEST_GOAL)
        spoken, unknown = read_spoken(clean(languages), actor.locale or "en")
        async with self._core.db.begin() as session:
            # Locked first, so that of two forms sent at once the later is seen whole.
            await member_storage.change_member(session, actor.guild_id, actor.member_id, locale=actor.locale)
            before = await self._core.profiles.get(session, actor.guild_id, actor.member_id)
            await self._core.profiles.change(
                session,
                actor.guild_id,
                actor.member_id,
                goal=goal or None,
                level=Level(level) if level in set(Level) else None,
                hours_a_week=rules.hours_after(before.hours_a_week, _hours(hours)),
                languages=spoken,
                feedback=Feedback(feedback) if feedback in set(Feedback) else None,
            )
            if goal and goal != before.goal:
                said_at = f"me:{self._core.clock.now():%Y-%m-%dT%H:%M:%S}"
                await self._core.ledger.record(
                    session, Act(GOAL_SET, actor.guild_id, actor.member_id, subject=said_at)
                )
        me = await self.get(actor.guild_id, actor.member_id)
        return Me(me.profile, me.reach, me.checkins, unknown)

    async def card_line(
        self, session: AsyncSession, guild_id: int, member_id: int, t: Translator
    ) -> str | None:
        """For the member's card: the goal, in their words."""
        del t
        profile = await self._core.profiles.get(session, guild_id, member_id)
        return quote(profile.goal, LONGEST_GOAL) if profile.goal else None

    async def set_language(self, actor: Actor, language: str | None) -> Me:
        """The language in which the member is spoken to; None is that of their Discord."""
        await self._settings.change(actor.guild_id, actor.member_id, locale=actor.locale, language=language)
        return await self.get(actor.guild_id, actor.member_id)

    async def statements_for(self, me: Me) -> tuple[str, ...]:
        """What to ask: the same as the first time, or the answers could not be compared."""
        if me.checkins:
            return tuple(statement for statement, _ in me.checkins[0].answers)
        return (await self._core.configs.get(me.profile.guild_id, SkillSettings)).statements

    async def check_in(
        self, guild_id: int, member_id: int, given: list[str | None], *, channel_id: int | None
    ) -> Me:
        """Keep the answers, and after the first ask again in four weeks, once. `channel_id` is where, without DMs.

        Raises `InvalidInput`, and `AlreadyDone` when it was answered less than four weeks ago.
        """
        me = await self.get(guild_id, member_id)
        answers = rules.read_answers(await self.statements_for(me), given)
        now = self._core.clock.now()
        async with self._core.db.begin() as session:
            await member_storage.change_member(session, guild_id, member_id)
            checkins = await self._checkins(session, guild_id, member_id)
            added = rules.is_due(checkins, now) and await storage.add_checkin(
                session,
                guild_id,
                member_id,
                number=len(checkins),
                taken_at=now,
                answers={"answers": [list(each) for each in answers]},
            )
            if not added:
                raise AlreadyDone("You have answered already, and those answers stay as they are.")
            if not checkins:
                job = NewJob(
                    name=CHECKIN_JOB,
                    key=f"{CHECKIN_JOB}:{guild_id}:{member_id}",
                    run_at=now + rules.CHECKIN_AFTER,
                    guild_id=guild_id,
                    payload={"member_id": member_id, "channel_id": channel_id},
                )
                await self._core.jobs.enqueue(session, job)
        return await self.get(guild_id, member_id)

    async def remind(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Four weeks are over: tell the member, unless they have answered again meanwhile."""
        assert job.guild_id is not None
        member_id = int(job.payload["member_id"])
        checkins = await self._checkins(session, job.guild_id, member_id)
        if not rules.is_due(checkins, self._core.clock.now()) or not checkins:
            return Skipped(N_("the member has answered already"))
        if await privacy_storage.has_left(session, job.guild_id, member_id):
            return Skipped(N_("the member has left"))
        notification = Notification(
            kind=CHECKIN_KIND.name,
            key=job.key,
            guild_id=job.guild_id,
            member_id=member_id,
            renderer=CHECKIN_RENDERER,
            channel_id=job.payload["channel_id"],
        )
        await self._core.notifier.notify(session, notification)
        return None

    async def statements(self, actor: Actor) -> SkillSettings:
        """The community's questions, for who may change them. Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        return await self._core.configs.get(actor.guild_id, SkillSettings)

    async def set_statements(self, actor: Actor, texts: list[str]) -> SkillSettings:
        """Ask these from now on; an empty one is the one that ships. Who has answered is asked as before."""
        await self.statements(actor)
        async with self._core.db.begin() as session:
            return await self.set_in(session, actor, texts)

    async def set_in(self, session: AsyncSession, actor: Actor, texts: list[str]) -> SkillSettings:
        """The same within a transaction, for who was let through before."""
        own = own_statements(texts)
        changes: dict[str, Any] = {
            f"statement_{number}": each if each != shipped else None
            for number, (shipped, each) in enumerate(zip(shipped_statements(), own, strict=True), 1)
        }
        return await self._core.configs.change(session, actor.guild_id, SkillSettings, by=actor, **changes)

    async def _checkins(self, session: AsyncSession, guild_id: int, member_id: int) -> tuple[Checkin, ...]:
        rows = await storage.list_checkins(session, guild_id, member_id)
        return tuple(Checkin(row.taken_at, _answers(row.answers)) for row in rows)


def _answers(stored: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    return tuple((str(statement), int(value)) for statement, value in stored["answers"])


def _hours(chosen: str | None) -> int | None:
    return int(chosen) if chosen is not None and chosen in {str(each) for each in rules.HOURS} else None
