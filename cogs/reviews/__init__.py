"""Peer reviews: asked for, taken, written, talked about, and never forgotten. Learning it is in `training`.

Commands: /review request|inbox|mine|availability, the message menu *Request review*, and /manage reviews for staff;
`python -m cogs.reviews.allocate` allocates from a file.
Jobs: reviews.lock, when a claim is over; reviews.tell, reviews.nudge and reviews.release, of what a round gives to
somebody; reviews.duty, when a work has waited for long; reviews.confirm and reviews.fill, for rounds; reviews.credit,
after a review was given.
Acts: review.given, review.rated.
Stores about a person: works that they had reviewed, reviews that they wrote and answers to them, how they rated
reviews, and how many reviews a week they take.
Deleted with the person: all of it but the reviews that they wrote for others, which stay as by a former member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import Lyceum


async def setup(bot: Lyceum) -> None:
    """Load the feature."""
    from cogs.reviews.cog import ReviewsCog
    from cogs.reviews.training.cog import TrainingCog

    await bot.add_cog(ReviewsCog(bot))
    await bot.add_cog(TrainingCog(bot))
