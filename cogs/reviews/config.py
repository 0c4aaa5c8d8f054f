"""Reviews in a configuration file. The channel and the role stand with the others."""

from __future__ import annotations

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted, one_of
from bot.core import Core
from bot.i18n import N_
from cogs.reviews.model import ReviewSettings
from cogs.reviews.rubrics import shipped
from cogs.reviews.rules import Mode
from cogs.reviews.staff import LIMITS, ReviewsStaff


class ReviewsPart:
    """How many reviews, who sees whom, and after how many hours what happens."""

    table = "reviews"
    title = N_("Peer reviews")

    def __init__(self, core: Core, staff: ReviewsStaff) -> None:
        self._core = core
        self._staff = staff
        self.keys = {
            "per_work": N_("Reviews of each work"),
            "mode": N_("Who sees whom"),
            "rubric": N_("Rubric"),
            "first_nudge_hours": N_("First reminder, in hours"),
            "second_nudge_hours": N_("Second reminder, in hours"),
            "release_hours": N_("To somebody else, after hours"),
            "duty_hours": N_("Reviewers on duty, after hours"),
            "confirm_hours": N_("Begins by itself, after hours"),
            "only_trained": N_("Only trained reviewers"),
        }

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._core.configs.present(ground.session, ground.guild_id, ReviewSettings)
        return {name: getattr(settings, name) for name in self.keys}

    async def read(self, ground: Ground, given: Given) -> None:
        del ground
        given.text("mode", one_of(Mode), required=True)
        given.text("rubric", one_of(each.key for each in shipped()), required=True)
        for name, (least, most) in LIMITS.items():
            given.number(name, least=least, most=most)
        given.flag("only_trained")

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        await self._staff.change_in(ground.session, ground.actor, wanted)
