"""Guards those who guard: on whom one may act, how many in an hour, and what a second moderator must confirm.

* At the moment of effect `require_over` looks where the actor, the target and the bot stand. Nobody acts on themselves, on
  the owner, on the bot, or on somebody whose highest role is not below their own and the bot's.
* Over the caps a kick or ban becomes a **proposal**. A proposal is a row with what is to be done; within an
  hour a second moderator, who is neither the proposer nor a target and has the same powers at that moment,
  confirms it, and only then is it done, once. Where nobody else could, the owner or an administrator confirms
  their own by typing its number.
* Who proposes what registers a `kind`: `perform` does it in the transaction that decides, and checks authority itself;
  what Discord has to be asked for that is asked before.

Tested in `tests/bot/test_guards.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import ADMINISTRATOR, Actor, Capability, Rank, may_everything, require
from bot.clock import Clock
from bot.errors import (
    AlreadyDone,
    InvalidInput,
    MissingBotPermission,
    NotAllowed,
    NotConfigured,
    NotFound,
    TargetAboveBot,
)
from bot.guild_config import GuildConfigs
from bot.i18n import Translator
from bot.outbox import Effect, EffectKind, Lane, Outbox
from storage import approvals as storage
from storage import cases as case_storage

RENDERER = "guards.proposal"
EXPIRES_AFTER = timedelta(hours=1)
EVERYBODY = Rank(0)
SHORT, HOUR = timedelta(minutes=10), timedelta(hours=1)
CAPPED_KINDS = ("kick", "ban")
MOST_OPEN = 20  # proposals that wait at one time in a server


@dataclass(frozen=True)
class SafetySettings:
    """What a community chose for the safety of members and moderators; see `storage/approvals.py`."""

    guild_id: int
    log_channel_id: int | None = None
    restrict_role_id: int | None = None
    cap_short: int = 10
    cap_hour: int = 30


@dataclass(frozen=True)
class Standing:
    """Where somebody stands in a server at this moment. Who is no member has the rank of @everyone. `name` is
    their account's, where it is known; `permissions` are the bot's own in the whole server."""

    member_id: int
    is_member: bool = True
    is_bot: bool = False
    rank: Rank = EVERYBODY
    name: str = ""
    permissions: int | None = None


class Look(Protocol):
    """What the guards want to know of Discord; `bot/standings.py` answers from what discord.py keeps in memory."""

    async def standing(self, guild_id: int, member_id: int) -> Standing: ...

    def of_actor(self, actor: Actor) -> Standing:
        """The standing of who is behind an interaction, by the roles that Discord named with it."""
        ...

    def own(self, guild_id: int) -> Standing:
        """The bot's own."""
        ...

    async def holders(self, guild_id: int, capability: Capability) -> Mapping[int, bool]:
        """Who holds the capability, bots left out, and of each whether Discord lets them do everything.

        Raises `ServiceUnavailable` while not everybody is known: nobody may be taken for the only one by mistake.
        """
        ...


def check_over(actor: Standing, target: Standing, bot: Standing, *, absent: bool = False) -> None:
    """Raise unless the actor and the bot may act on the target. `absent`: also on somebody who is no member.

    Discord checks the bot's rank alone, so without this one could act through the bot on people above oneself.
    """
    if target.member_id == actor.member_id:
        raise NotAllowed("That is yourself. Someone else has to do this.")
    if target.member_id == bot.member_id:
        raise NotAllowed("That is me. I do not act on myself.")
    if target.rank.is_owner:
        raise NotAllowed("That person owns the server. Nobody can act on the owner.")
    if not target.is_member:
        if absent:
            return
        raise NotFound(
            "That person is not a member of this server (any more). You can still ban or unban them."
        )
    if not actor.rank.above(target.rank):
        raise NotAllowed(
            "That person's highest role is not below yours, so this has to be done by someone above them."
        )
    if not bot.rank.above(target.rank):
        raise TargetAboveBot(
            "My highest role is not above theirs, so Discord will not let me do that. "
            "A facilitator can move my role up in Server Settings > Roles."
        )


@dataclass(frozen=True)
class Proposal:
    """Something that a second moderator decides on. `decision` is "confirmed" or "declined" once it is decided.

    `made_at` and `expires_at` are UTC.
    """

    id: int
    guild_id: int
    kind: str
    payload: Mapping[str, Any]
    proposed_by: int
    made_at: datetime
    expires_at: datetime
    decided_by: int | None
    decision: str | None


Ask = Callable[[Actor, Proposal], Awaitable[Any]]
"""Asks Discord what `Perform` has to know, for which no transaction waits: `require_over` is called in here. The actor is who
confirms. What it raises stands against it."""
Perform = Callable[[AsyncSession, Actor, Proposal, Any], Awaitable[Any]]
"""Does what was proposed, in the transaction that decides, with what `Ask` returned. The actor is who confirms; `require` is
called in here. What it raises undoes the decision."""
Declined = Callable[[AsyncSession, Proposal], Awaitable[None]]
"""Notes that it will not be done, in the transaction that decides."""
Draw = Callable[[Proposal, Translator], str]
"""What is proposed, in words for its card."""


@dataclass(frozen=True)
class _Kind:
    perform: Perform
    draw: Draw
    capability: Capability
    declined: Declined | None
    ask: Ask | None


@dataclass(frozen=True)
class Asked:
    """A proposal that is about to be confirmed, with what Discord said. `must_type`: nobody else could confirm it."""

    proposal_id: int
    must_type: bool
    said: Any


class Guards:
    """Looks, counts and asks for a second person."""

    def __init__(self, clock: Clock, configs: GuildConfigs, outbox: Outbox) -> None:
        self._clock = clock
        self._configs = configs
        self._outbox = outbox
        self._kinds: dict[str, _Kind] = {}
        self.look: Look  # the app's, as soon as it has a client
        configs.register(SafetySettings, storage.SafetySettingsRow)

    def register(
        self,
        kind: str,
        perform: Perform,
        draw: Draw,
        capability: Capability,
        declined: Declined | None = None,
        ask: Ask | None = None,
    ) -> None:
        """Make a kind of proposal known. `capability` is what proposer and second moderator need."""
        if kind in self._kinds:
            raise ValueError(f"two kinds of proposal are named {kind!r}")
        self._kinds[kind] = _Kind(perform, draw, capability, declined, ask)

    def unregister(self, kind: str) -> None:
        self._kinds.pop(kind, None)

    def draw(self, proposal: Proposal, t: Translator) -> str | None:
        kind = self._kinds.get(proposal.kind)
        return kind.draw(proposal, t) if kind is not None else None

    async def require(self, actor: Actor, capability: Capability) -> None:
        """Raise `NotAllowed` unless they hold it."""
        require(actor, capability, (await self._configs.guild(actor.guild_id)).capability_roles)

    async def require_over(self, actor: Actor, member_id: int, *, absent: bool = False) -> Standing:
        """Where the target stands. Raises unless actor and bot may act on them at this moment."""
        look = self.look
        target = await look.standing(actor.guild_id, member_id)
        check_over(look.of_actor(actor), target, look.own(actor.guild_id), absent=absent)
        return target

    def require_power(self, guild_id: int, bits: int, otherwise: str) -> None:
        """Raise `MissingBotPermission`, with this sentence, where Discord would refuse the bot: before anybody is told."""
        held = self.look.own(guild_id).permissions
        if held is not None and not held & ADMINISTRATOR and bits & ~held:
            raise MissingBotPermission(otherwise)

    async def log_channel(self, guild_id: int) -> int | None:
        """Where staff see cases and proposals: the channel chosen for it, else the staff channel."""
        chosen = (await self._configs.get(guild_id, SafetySettings)).log_channel_id
        return chosen or (await self._configs.guild(guild_id)).staff_channel_id

    async def is_over_cap(self, session: AsyncSession, actor: Actor) -> bool:
        """Whether acting on one more person would take this moderator over the caps for kicks and bans.

        Counted under the lock of the server's case numbers, so two presses at once cannot both be the last allowed.
        """
        await case_storage.lock_numbers(session, actor.guild_id)
        settings = await self._configs.get(actor.guild_id, SafetySettings)
        now = self._clock.now()
        for window, cap in ((SHORT, settings.cap_short), (HOUR, settings.cap_hour)):
            done = await case_storage.count_by_moderator(
                session, actor.guild_id, actor.member_id, CAPPED_KINDS, now - window
            )
            if done >= cap:
                return True
        return False

    async def propose(
        self, session: AsyncSession, actor: Actor, kind: str, payload: Mapping[str, Any]
    ) -> Proposal:
        """Ask a second moderator. `payload` has plain JSON values; "member_ids", if there, are who is acted on.

        Raises `NotConfigured` where there is no channel to ask in, and `AlreadyDone` when too many wait.
        """
        await self.require(actor, self._kinds[kind].capability)
        channel_id = await self.log_channel(actor.guild_id)
        if channel_id is None:
            raise NotConfigured(
                "A second moderator has to confirm that, and there is no channel to ask in yet. "
                "A facilitator can choose the moderation log with {command}.",
                command="`/setup start`",
            )
        now = self._clock.now()
        if await storage.count_open(session, actor.guild_id, now) >= MOST_OPEN:
            raise AlreadyDone("Too many proposals wait for a second moderator. Please decide on those first.")
        row = storage.ProposalRow(
            guild_id=actor.guild_id,
            kind=kind,
            payload=dict(payload),
            proposed_by=actor.member_id,
            made_at=now,
            expires_at=now + EXPIRES_AFTER,
        )
        session.add(row)
        await session.flush()
        await self._outbox.plan(
            session,
            Effect(
                kind=EffectKind.POST,
                key=_post_key(row.id),
                guild_id=row.guild_id,
                channel_id=channel_id,
                renderer=RENDERER,
                arguments={"proposal": row.id},
                lane=Lane.SAFETY,
            ),
        )
        return _snapshot(row)

    async def find(self, session: AsyncSession, guild_id: int, proposal_id: int) -> Proposal:
        """Raises `NotFound`."""
        row = await storage.find(session, proposal_id)
        if row is None or row.guild_id != guild_id:
            raise _gone()
        return _snapshot(row)

    async def needs_typing(self, actor: Actor, proposal: Proposal) -> bool:
        """Whether the proposer may confirm it themselves by typing its number: nobody else could.

        Raises `NotAllowed` when it is theirs and somebody else can, or they are no administrator.
        """
        if proposal.proposed_by != actor.member_id:
            return False
        holders = await self.look.holders(actor.guild_id, self._kind(proposal).capability)
        if any(each != actor.member_id for each in holders) or not may_everything(actor):
            raise NotAllowed("You proposed this, so somebody else has to confirm it.")
        return True

    async def ask(self, actor: Actor, proposal: Proposal) -> Asked:
        """What has to be asked of Discord before `confirm`, outside of any transaction. Raises what stands against it."""
        await self._check(actor, proposal)
        must_type, ask = await self.needs_typing(actor, proposal), self._kind(proposal).ask
        return Asked(proposal.id, must_type, await ask(actor, proposal) if ask is not None else None)

    async def confirm(
        self, session: AsyncSession, actor: Actor, asked: Asked, typed: str | None = None
    ) -> tuple[Proposal, Any]:
        """Do it, once. Returns the proposal and what `perform` returned. Raises what stands against it."""
        proposal = await self._lock(session, actor, asked.proposal_id)
        if asked.must_type and (typed or "").strip().lstrip("#") != str(proposal.id):
            raise InvalidInput("Please type the number {number}, to be sure.", number=str(proposal.id))
        await self._decide(session, actor, proposal, "confirmed")
        result = await self._kind(proposal).perform(session, actor, proposal, asked.said)
        return await self.find(session, actor.guild_id, proposal.id), result

    async def decline(self, session: AsyncSession, actor: Actor, proposal_id: int) -> Proposal:
        """Leave it. The proposer may take it back themselves."""
        proposal = await self._lock(session, actor, proposal_id)
        await self._decide(session, actor, proposal, "declined")
        declined = self._kind(proposal).declined
        if declined is not None:
            await declined(session, proposal)
        return await self.find(session, actor.guild_id, proposal_id)

    async def _lock(self, session: AsyncSession, actor: Actor, proposal_id: int) -> Proposal:
        row = await storage.lock(session, proposal_id)
        if row is None or row.guild_id != actor.guild_id:
            raise _gone()
        proposal = _snapshot(row)
        await self._check(actor, proposal)
        return proposal

    async def _check(self, actor: Actor, proposal: Proposal) -> None:
        await self.require(actor, self._kind(proposal).capability)
        targets: Collection[Any] = proposal.payload.get("member_ids", ())
        if actor.member_id in targets:
            raise NotAllowed("This is about you, so somebody else has to decide.")
        if proposal.decision is not None:
            raise AlreadyDone("Somebody has decided on this already.")
        if proposal.expires_at <= self._clock.now():
            raise AlreadyDone("Nobody confirmed this within an hour, so it is off. It can be proposed again.")

    async def _decide(self, session: AsyncSession, actor: Actor, proposal: Proposal, decision: str) -> None:
        row = await storage.find(session, proposal.id)
        assert row is not None
        row.decided_by, row.decided_at, row.decision = actor.member_id, self._clock.now(), decision
        await session.flush()
        await self._outbox.edit_post(session, _post_key(row.id), f"{_post_key(row.id)}:decided")

    def _kind(self, proposal: Proposal) -> _Kind:
        kind = self._kinds.get(proposal.kind)
        if kind is None:
            raise NotFound("What was proposed here does not exist any more.")
        return kind


def _post_key(proposal_id: int) -> str:
    return f"guards.proposal:{proposal_id}"


def _gone() -> NotFound:
    return NotFound("That proposal does not exist (any more).")


def _snapshot(row: storage.ProposalRow) -> Proposal:
    return Proposal(
        id=row.id,
        guild_id=row.guild_id,
        kind=row.kind,
        payload=row.payload,
        proposed_by=row.proposed_by,
        made_at=row.made_at,
        expires_at=row.expires_at,
        decided_by=row.decided_by,
        decision=row.decision,
    )
