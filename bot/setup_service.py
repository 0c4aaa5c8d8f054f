"""What facilitators decide in /setup: the use cases, each one transaction, none of them speaking to Discord."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import NotFound
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.setup_choices import RoleUse, check_double_use, check_role, save_zone
from bot.setup_pages import Choice, Page, Place, choices_of, places_of
from bot.zone_input import find_zone
from storage import setup as storage


@dataclass(frozen=True)
class Progress:
    """Where the steps were left; `is_finished` once somebody has seen the report at their end."""

    place: Place | None
    is_finished: bool


class SetupService:
    """Changes a community's configuration, and keeps how far its set-up is."""

    def __init__(self, core: Core, pages: Callable[[], Sequence[Page]]) -> None:
        self._core = core
        self.pages = pages

    async def check(self, actor: Actor) -> GuildConfig:
        """The shell's section, if the actor may change it. Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        return config

    async def pages_on(self, guild_id: int) -> tuple[Page, ...]:
        """The pages of the features that are on."""
        is_on = self._core.features.is_on
        return tuple([page for page in self.pages() if await is_on(guild_id, page.feature)])

    async def chosen(self, guild_id: int, page: Page, choice: Choice) -> int | None:
        """What stands there now."""
        return getattr(await self._section(guild_id, page), choice.field)

    async def choose(
        self,
        actor: Actor,
        section: type[Any],
        choice: Choice,
        value: int | None,
        *,
        powers: int = 0,
        created: str | None = None,
    ) -> None:
        """Set one channel or role; None switches off what it is for. `powers` are a role's permissions.

        `created` is its name if it was made for this, which the audit keeps. Raises `NotAllowed`, and
        `InvalidInput` for @everyone, which would make everybody staff, and for a role that would at once carry a
        capability and be handed out.
        """
        await self.check(actor)
        if choice.of == "role":
            check_role(actor, choice, value, powers)
        async with self._core.db.begin() as session:
            if choice.of == "role" and value is not None:
                # Two who choose the same role for two things at once are judged one after the other.
                await self._core.configs.lock(session, actor.guild_id)
                await self._check_double_use(session, actor.guild_id, section, choice, value)
            await self._core.configs.change(
                session, actor.guild_id, section, by=actor, **{choice.field: value}
            )
            if created is not None:
                what = (
                    N_("created the channel {name}")
                    if choice.of == "channel"
                    else N_("created the role {name}")
                )
                await self._core.audit.record(session, actor, "setup", what, name=created)

    async def _check_double_use(
        self, session: AsyncSession, guild_id: int, section: type[Any], choice: Choice, role_id: int
    ) -> None:
        uses = [
            RoleUse(
                _where(page.section, each.choice),
                each.choice.staff,
                getattr(await self._core.configs.present(session, guild_id, page.section), each.choice.field),
            )
            for page in self.pages()
            if page.section is not None
            for each in choices_of(page)
            if each.choice.of == "role"
        ]
        check_double_use(RoleUse(_where(section, choice), choice.staff, role_id), uses)

    async def forget(self, actor: Actor, page: Page, choice: Choice, gone: int) -> None:
        """Empty a choice whose channel or role is gone, unless another was chosen meanwhile."""
        await self.check(actor)
        if page.section is not None and await self.chosen(actor.guild_id, page, choice) == gone:
            await self.choose(actor, page.section, choice, None)

    async def choose_zone(self, actor: Actor, typed: str) -> GuildConfig:
        """Set the community's time zone, and move its schedules there. Raises `InvalidInput`."""
        await self.check(actor)
        zone = find_zone(typed, self._core.clock.now())
        async with self._core.db.begin() as session:
            return await save_zone(self._core, session, actor, zone)

    async def choose_language(self, actor: Actor, locale: str, known: Sequence[str]) -> None:
        """Set the language of what is posted. Raises `NotFound` for one that there is no catalogue of."""
        await self.check(actor)
        if locale not in known:
            raise NotFound("I do not speak that language (any more). Choose another from the menu.")
        async with self._core.db.begin() as session:
            await self._core.configs.change(session, actor.guild_id, GuildConfig, by=actor, locale=locale)

    async def switch(self, actor: Actor, name: str, *, on: bool) -> None:
        """Switch a feature on or off. Raises `NotFound` for one that does not exist or is always on."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self._core.features.switch(session, actor, name, on=on)

    async def progress(self, actor: Actor) -> Progress | None:
        """How far the steps are; None when nobody has begun."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_progress(session, actor.guild_id)
        if row is None:
            return None
        places = places_of(await self.pages_on(actor.guild_id))
        return Progress(
            next((each for each in places if each.id == row.place), None), row.finished_at is not None
        )

    async def note_place(self, actor: Actor, place: Place) -> None:
        """Remember that the community is at this step now."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await storage.put_progress(session, actor.guild_id, place=place.id)

    async def finish(self, actor: Actor) -> None:
        """The steps are done."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await storage.put_progress(session, actor.guild_id, finished_at=self._core.clock.now())

    async def _section(self, guild_id: int, page: Page) -> Any:
        assert page.section is not None
        return await self._core.configs.get(guild_id, page.section)


def _where(section: type[Any] | None, choice: Choice) -> str:
    return f"{section.__name__ if section is not None else None}.{choice.field}"
