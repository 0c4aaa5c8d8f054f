"""What facilitators decide about reviews, and the one way to see who is behind a blind one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import InvalidInput, NotFound
from bot.i18n import N_
from bot.text import clean, mention_user
from cogs.reviews import rules
from cogs.reviews.model import AREA, Review, ReviewSettings, find_rubric, review_of
from cogs.reviews.rubrics import shipped
from cogs.reviews.rules import Mode, State
from storage import reviews as storage

LIMITS: Mapping[str, tuple[int, int]] = {
    "per_work": (1, rules.MOST_PER_WORK),
    "first_nudge_hours": (1, 336),
    "second_nudge_hours": (1, 336),
    "release_hours": (2, 672),
    "duty_hours": (1, 336),
    "confirm_hours": (0, 168),
}
"""The least and most of each number."""
SHORTEST_WHY = 5


@dataclass(frozen=True)
class Unmasked:
    """Who wrote a blind review."""

    review: Review
    reviewer_id: int


class ReviewsStaff:
    """The use cases of facilitators that are not about rounds."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def settings(self, actor: Actor) -> ReviewSettings:
        await self.check(actor)
        return await self._core.configs.get(actor.guild_id, ReviewSettings)

    async def change(self, actor: Actor, typed: Mapping[str, str]) -> ReviewSettings:
        """Change what was typed; the rest stays. Raises `InvalidInput`."""
        await self.check(actor)
        changes = {name: check(name, value) for name, value in typed.items()}
        async with self._core.db.begin() as session:
            return await self.change_in(session, actor, changes)

    async def change_in(
        self, session: AsyncSession, actor: Actor, changes: Mapping[str, int | str]
    ) -> ReviewSettings:
        """The same within a transaction, of values that were read. Rounds and reviews under way keep what they began with."""
        present = await self._core.configs.change(session, actor.guild_id, ReviewSettings)  # locks the row
        wanted = {name: changes.get(name, getattr(present, name)) for name in LIMITS}
        if (
            not int(wanted["first_nudge_hours"])
            < int(wanted["second_nudge_hours"])
            < int(wanted["release_hours"])
        ):
            raise InvalidInput(
                "The first reminder comes before the second, and both before it goes to somebody else."
            )
        return await self._core.configs.change(session, actor.guild_id, ReviewSettings, by=actor, **changes)

    async def list_blind(self, actor: Actor) -> tuple[Review, ...]:
        """The newest blind reviews, without who wrote them."""
        await self.check(actor)
        async with self._core.db.read() as session:
            found = await storage.list_blind(session, actor.guild_id)
            return tuple(review_of(row, work) for work, row in found)

    async def unmask(self, actor: Actor, review_id: int, why: str) -> Unmasked:
        """See who wrote a blind review. The record of changes says who looked and why. Raises `InvalidInput`."""
        await self.check(actor)
        why = clean(why)[:300]
        if len(why) < SHORTEST_WHY:
            raise InvalidInput("Say in a few words why: it stands in the record of changes.")
        async with self._core.db.begin() as session:
            held = await storage.lock_review(session, review_id)
            if held is None or held[1].guild_id != actor.guild_id or held[1].state != State.GIVEN:
                raise NotFound("That review does not exist any more.")
            work, row = held
            review = review_of(row, work)
            await self._core.audit.record(
                session,
                actor,
                AREA,
                N_("looked who wrote the blind review {letter} of the work of {member}"),
                why=why,
                letter=rules.alias_name(row.alias),
                member=mention_user(work.author_id),
            )
            return Unmasked(review, row.reviewer_id)

    async def check(self, actor: Actor) -> None:
        """Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)


def check(name: str, typed: str) -> int | str:
    """What was typed for a setting; a box that was not ticked is "". Raises `InvalidInput`."""
    if name == "only_trained":
        return bool(typed)
    if name == "mode":
        if typed not in set(Mode):
            raise InvalidInput("That cannot be chosen any more. Please open the form again.")
        return typed
    if name == "rubric":
        if typed not in {each.key for each in shipped()}:
            raise InvalidInput("That cannot be chosen any more. Please open the form again.")
        return find_rubric(typed).key
    least, most = LIMITS[name]
    digits = typed.strip()
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= 6
    if not is_number or not least <= int(digits) <= most:
        raise InvalidInput("Write a number from {least} to {most}.", least=least, most=most)
    return int(digits)
