"""What somebody can have that makes them eligible for something else: a capability, a badge, a step of the ladder.

A feature registers its kind when it loads; a feature that asks for a qualification stores its kind and key and knows no
other feature. A kind whose feature is gone or off qualifies nobody, and says so (`find` is None).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, CapabilityRoles, has
from bot.features import Features
from bot.guild_config import GuildConfig, GuildConfigs
from bot.i18n import N_

CAPABILITY = "capability"
CAPABILITY_TITLES = {
    Capability.FACILITATE: N_("Facilitators"),
    Capability.MODERATE: N_("Moderators"),
    Capability.REVIEW: N_("Reviewers"),
}


@dataclass(frozen=True)
class Choice:
    """One qualification of a kind. `ours`: the title is a gettext id, else somebody's words, not quoted yet."""

    key: str
    title: str
    ours: bool = False


class Roles(Protocol):
    """Who has which roles in Discord, as far as the process knows; `bot/rosters.py` answers."""

    def roles_of(self, guild_id: int, member_id: int) -> frozenset[int] | None:
        """None when the member is not known."""
        ...

    def members_with(self, guild_id: int, role_ids: frozenset[int]) -> set[int]: ...


ListChoices = Callable[[AsyncSession, int], Awaitable[Sequence[Choice]]]
ListHolders = Callable[[AsyncSession, int, str], Awaitable[set[int]]]
Has = Callable[[AsyncSession, int, int, str], Awaitable[bool]]


@dataclass(frozen=True)
class Qualification:
    """A kind of qualification. `title` is a gettext id ("A badge"); `feature` must be on, None for the shell's own.

    `choices` lists what a server has of it, `holders` who has one, `has` asks for one member: session, server, member,
    key.
    """

    kind: str
    title: str
    choices: ListChoices
    holders: ListHolders
    has: Has
    feature: str | None = None


class Backs(Protocol):
    """A feature's answer to who has a capability without one of the chosen roles; only `of` these, where given."""

    def __call__(
        self, session: AsyncSession, guild_id: int, *, of: Collection[int] | None = None
    ) -> Awaitable[frozenset[int]]: ...


class Qualifications:
    """Knows the kinds."""

    def __init__(self, configs: GuildConfigs, features: Features) -> None:
        self._configs = configs
        self._features = features
        self._kinds: dict[str, Qualification] = {}
        self._backs: dict[Capability, tuple[str, Backs]] = {}
        self.roles: Roles | None = None  # given by the process that is connected to Discord
        self.register(
            Qualification(CAPABILITY, N_("A role of staff"), _list_capabilities, self._with, self._has_role)
        )

    def register(self, qualification: Qualification) -> None:
        """Make a kind known. Raises ValueError when it is taken."""
        if qualification.kind in self._kinds:
            raise ValueError(f"two qualifications are named {qualification.kind!r}")
        self._kinds[qualification.kind] = qualification

    def unregister(self, kind: str) -> None:
        self._kinds.pop(kind, None)

    def back(self, capability: Capability, feature: str, holders: Backs) -> None:
        """Let a feature say who else has a capability, while it is on: a licence, say. One feature a capability."""
        self._backs[capability] = (feature, holders)

    def back_no_more(self, capability: Capability) -> None:
        self._backs.pop(capability, None)

    async def list_kinds(self, guild_id: int) -> list[Qualification]:
        """The kinds whose features are on, the shell's own first."""
        return [each for each in self._kinds.values() if await self._is_on(guild_id, each)]

    async def find(self, session: AsyncSession, guild_id: int, kind: str, key: str) -> Choice | None:
        """One qualification; None when it, its kind or its feature is gone or off."""
        known = self._kinds.get(kind)
        if known is None or not await self._is_on(guild_id, known):
            return None
        return next((each for each in await known.choices(session, guild_id) if each.key == key), None)

    async def lacking(
        self, session: AsyncSession, guild_id: int, kind: str, key: str, members: Collection[int]
    ) -> set[int]:
        """Who of these does not have it (any more). Whose roles are not known, as after a start, is not among them."""
        known = self._kinds.get(kind)
        if known is None or not await self._is_on(guild_id, known):
            return set(members)
        missing = set(members) - await known.holders(session, guild_id, key)
        if kind == CAPABILITY:
            roles = self.roles
            return {
                each for each in missing if roles is not None and roles.roles_of(guild_id, each) is not None
            }
        return missing

    async def has(
        self,
        session: AsyncSession,
        guild_id: int,
        member_id: int,
        kind: str,
        key: str,
        *,
        actor: Actor | None = None,
    ) -> bool:
        """Whether the member has it now. With `actor`, the member behind an interaction, Discord's word is the newest."""
        known = self._kinds.get(kind)
        if known is None or not await self._is_on(guild_id, known):
            return False
        if kind == CAPABILITY and actor is not None and key in set(Capability):
            return has(actor, Capability(key), await self._capability_roles(session, guild_id)) or bool(
                await self._backed(session, guild_id, key, of={member_id})
            )
        return await known.has(session, guild_id, member_id, key)

    async def _is_on(self, guild_id: int, known: Qualification) -> bool:
        return known.feature is None or await self._features.is_on(guild_id, known.feature)

    async def _capability_roles(self, session: AsyncSession, guild_id: int) -> CapabilityRoles:
        return (await self._configs.present(session, guild_id, GuildConfig)).capability_roles

    async def _with(self, session: AsyncSession, guild_id: int, key: str) -> set[int]:
        if key not in set(Capability):
            return set()
        found = set(await self._backed(session, guild_id, key))
        if self.roles is not None:
            role_ids = (await self._capability_roles(session, guild_id)).of(Capability(key))
            found |= self.roles.members_with(guild_id, role_ids)
        return found

    async def _has_role(self, session: AsyncSession, guild_id: int, member_id: int, key: str) -> bool:
        if key not in set(Capability):
            return False
        if await self._backed(session, guild_id, key, of={member_id}):
            return True
        if self.roles is None:
            return False
        held = self.roles.roles_of(guild_id, member_id) or frozenset()
        return not held.isdisjoint((await self._capability_roles(session, guild_id)).of(Capability(key)))

    async def _backed(
        self, session: AsyncSession, guild_id: int, key: str, *, of: Collection[int] | None = None
    ) -> frozenset[int]:
        feature, holders = self._backs.get(Capability(key), (None, None))
        if feature is None or holders is None or not await self._features.is_on(guild_id, feature):
            return frozenset()
        return await holders(session, guild_id, of=of)


async def _list_capabilities(_session: AsyncSession, _guild_id: int) -> list[Choice]:
    return [Choice(each.value, title, ours=True) for each, title in CAPABILITY_TITLES.items()]
