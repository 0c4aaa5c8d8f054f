"""The facilitator sets the community up, through ``/setup start`` and nothing else, as a person would."""

from __future__ import annotations

import re
from typing import Any

from sandbox.seen import Answer, Seen, Select
from sandbox.server import Channel, Role
from sandbox.world import World

_LABEL = re.compile(r"^\*\*([^*:]+)\*\*$")  # a choice's name stands alone on its line
_MOST_STEPS = 40


async def set_up(world: World[Any, Any]) -> None:
    """Go through the steps and choose every channel and role the bot offers to choose and this server has.

    Raises LookupError when a card has fewer names than menus, because then it cannot be read any more, and when
    the steps come to no end.
    """
    card = await world.slash(world.facilitator, world.staff, "setup start")
    card = await world.press(world.facilitator, card, "Begin")
    for _ in range(_MOST_STEPS):
        for select, name in _choices(_seen(card)):
            place = _place_for(world, name)
            if place is not None:
                card = await world.choose(world.facilitator, card, place, menu=select.custom_id)
        if "Next" not in _seen(card).labels:
            await world.press(world.facilitator, card, "Finish: show the report")
            return
        card = await world.press(world.facilitator, card, "Next")
    raise LookupError(f"/setup start has more than {_MOST_STEPS} steps")


async def add_monday_goals(world: World[Any, Any]) -> None:
    """Let the bot ask for everybody's goals on Mondays at nine, in #weekly."""
    await world.slash(
        world.facilitator, world.staff, "manage rituals add", ritual="monday-goals", channel=world.weekly
    )


def _seen(card: Answer) -> Seen:
    if card.message is None:
        raise LookupError(f"/setup start showed no card but: {card.text!r}")
    return card.message


def _choices(card: Seen) -> list[tuple[Select, str]]:
    """The card's menus of channels and roles, each with the name that stands above it."""
    menus = [select for select in card.selects if not select.options]
    names = [found.group(1) for line in card.text.splitlines() if (found := _LABEL.match(line))]
    if len(names) < len(menus):
        raise LookupError(f"{len(menus)} menus but only the names {names}")
    return list(zip(menus, names[-len(menus) :] if menus else [], strict=True))


def _place_for(world: World[Any, Any], name: str) -> Channel | Role | None:
    """The channel or role of this server that a choice with this name means."""
    words = name.lower()
    places: dict[str, Channel | Role] = {
        "staff": world.staff,
        "facilitator": world.roles["Facilitator"],
        "moderator": world.roles["Moderator"],
        "welcome": world.welcome,
        "introductions": world.introductions,
        "wins": world.first_wins,
        "charter": world.general,
        "finishing": world.roles["Member"],
    }
    return next((place for word, place in places.items() if word in words), None)
