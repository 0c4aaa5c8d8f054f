"""What belongs to one member, reached from a control that may stand on a DM.

There is no server there whose features were looked at before the control was answered, so that is done here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sqlalchemy.orm import Mapped

from bot.errors import UserError
from bot.features import Features


@dataclass(frozen=True)
class Who:
    """Somebody at a control: without a server when it is on a DM."""

    guild_id: int | None
    member_id: int
    locale: str | None = None


class Owned(Protocol):
    """A row that is somebody's."""

    guild_id: Mapped[int]
    member_id: Mapped[int]


OwnedT = TypeVar("OwnedT", bound=Owned)


async def check_own(
    features: Features,
    feature: str,
    who: Who,
    row: OwnedT | None,
    *,
    gone: Callable[[], UserError],
    somebody_elses: Callable[[], UserError],
) -> OwnedT:
    """The row, if it is this person's. Raises `gone()`, `somebody_elses()`, `NotConfigured` when the feature is off."""
    if row is None or who.guild_id not in (None, row.guild_id):
        raise gone()
    if row.member_id != who.member_id:
        raise somebody_elses()
    if who.guild_id is None:
        await features.require(row.guild_id, feature)
    return row
