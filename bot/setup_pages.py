"""What there is to set up: the pages that the shell and the features add, and the steps made of them.

A page holds choices (channels and roles), a body of its own, or both. /setup start goes through everything step
by step: all channels of all pages, all roles, the clock, what is on; and each page with a body and an `order` is
a step of its own among them. A page can also be opened alone, from the menu on every card.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from bot.cards import Item
from bot.features import feature_of
from bot.guild_config import GuildConfig
from bot.i18n import N_, Translator
from bot.setup_permissions import WRITE
from bot.text import SELECT_OPTIONS

NUMBERS_A_PAGE = 10  # choices are numbered `page * NUMBERS_A_PAGE + index`: never change it
# With a menu and a button each; that leaves room for the rest among a card's 40 components.
CHOICES_A_CARD = 5
MOST_PAGES = 2 * SELECT_OPTIONS  # two menus
PARTS_A_STEP = 10  # a place is numbered `step * PARTS_A_STEP + part`: never change it

Body = Callable[[int, Translator], Awaitable[tuple[Item, ...]]]


@dataclass(frozen=True)
class Choice:
    """One thing to choose: a field of a configuration section. `label` and `help` are gettext ids.

    A role is taken for one that the bot gives, so nobody can choose one that can do more than they can
    themselves: it would be a way to get it. `staff` is a role that is only looked at, not given.

    `suggested` is the name under which the bot offers to create it (a gettext id, shown in the community's
    language; without one it is only chosen), `topic` the channel's topic. A `private` channel is created for
    staff alone. `needs` are the permissions that the bot must have in the channel.
    """

    field: str
    of: Literal["channel", "role"]
    label: str
    help: str
    staff: bool = False
    suggested: str | None = None
    topic: str | None = None
    private: bool = False
    needs: int = WRITE


@dataclass(frozen=True)
class Watched:
    """A channel that is used but not a `Choice`, such as one named in a command. `label` is a gettext id."""

    label: str
    help: str
    channel_id: int
    needs: int = WRITE


@dataclass(frozen=True)
class Page:
    """What belongs together. `number` is part of the controls' ids: never change or reuse it.

    `section` is what the choices are fields of. `body(guild_id, translator)` gives items to show above them, at
    most 12 components; its controls belong to the feature, which draws the card again with `SetupCard.redraw`.
    With `order` the body is a step of /setup start: 10 is for the purpose, 20 are the channels, 30 the roles, 40
    the clock, 50 is for the rhythm, 60 are the features. Without `in_steps` its choices are no part of the steps:
    nobody needs them on the first day. `places(session, guild_id)` tells which other channels are to be
    checked.
    """

    number: int
    title: str
    section: type[Any] | None = None
    choices: tuple[Choice, ...] = ()
    body: Body | None = None
    order: int | None = None
    in_steps: bool = True
    places: Callable[[AsyncSession, int], Awaitable[Sequence[Watched]]] | None = None

    @property
    def feature(self) -> str | None:
        """The feature that it belongs to; None for the shell's."""
        return feature_of(self.section) or feature_of(self.body)


@dataclass(frozen=True)
class Step:
    """One step of /setup start. `page` is set for a page's own step. `id` is part of the controls' ids."""

    id: int
    order: int
    title: str
    page: Page | None = None


CHANNELS = Step(1, 20, N_("Channels"))
ROLES = Step(2, 30, N_("Roles"))
CLOCK = Step(3, 40, N_("Time zone and language"))
FEATURES = Step(4, 60, N_("What is on"))
_FIRST_PAGE_STEP = 100

COMMUNITY = Page(
    0,
    N_("Community"),
    GuildConfig,
    (
        Choice(
            "staff_channel_id",
            "channel",
            N_("Staff channel"),
            N_("Where I tell staff what needs a hand."),
            suggested=N_("staff"),
            topic=N_("For staff. Lyceum says here what needs a hand."),
            private=True,
        ),
        Choice(
            "facilitator_role_id",
            "role",
            N_("Facilitator role"),
            # Discord hides /setup and /manage from who lacks Manage Server, and no bot can change that.
            N_(
                "May set up and run the community. To show it `/setup` and `/manage` too, allow them for the role "
                "in Server Settings > Integrations."
            ),
            staff=True,
            suggested=N_("Facilitator"),
        ),
        Choice(
            "moderator_role_id",
            "role",
            N_("Moderator role"),
            N_("May act when someone breaks the rules."),
            staff=True,
            suggested=N_("Moderator"),
        ),
    ),
)


@dataclass(frozen=True)
class Numbered:
    """A choice with its page and its number in controls."""

    number: int
    page: Page
    choice: Choice


@dataclass(frozen=True)
class Place:
    """Where somebody is in /setup start: a step, and which part of it when it does not fit one card."""

    step: Step
    part: int
    parts: int

    @property
    def id(self) -> int:
        return self.step.id * PARTS_A_STEP + self.part


def choices_of(page: Page) -> tuple[Numbered, ...]:
    """The page's choices, numbered."""
    return tuple(
        Numbered(page.number * NUMBERS_A_PAGE + index, page, each) for index, each in enumerate(page.choices)
    )


def choices_in(step: Step, pages: Sequence[Page]) -> tuple[Numbered, ...]:
    """What there is to choose in a step."""
    if step not in (CHANNELS, ROLES):
        return choices_of(step.page) if step.page is not None else ()
    wanted = "channel" if step is CHANNELS else "role"
    # A page that is a step of its own shows its choices there.
    pages = [page for page in pages if page.order is None and page.in_steps]
    return tuple(each for page in pages for each in choices_of(page) if each.choice.of == wanted)


def steps_of(pages: Sequence[Page]) -> tuple[Step, ...]:
    """The steps, in order. `pages` are those of the features that are on."""
    own = [
        Step(_FIRST_PAGE_STEP + page.number, page.order, page.title, page)
        for page in pages
        if page.order is not None
    ]
    return tuple(sorted([CHANNELS, ROLES, CLOCK, FEATURES, *own], key=lambda each: (each.order, each.id)))


def places_of(pages: Sequence[Page]) -> tuple[Place, ...]:
    """The cards of /setup start, in order."""
    return tuple(_places(pages))


def _places(pages: Sequence[Page]) -> Iterator[Place]:
    for step in steps_of(pages):
        parts = max(1, -(-len(choices_in(step, pages)) // CHOICES_A_CARD))
        for part in range(min(parts, PARTS_A_STEP)):
            yield Place(step, part, parts)


def check_page(page: Page) -> None:
    """Raise ValueError when it cannot be shown on one card."""
    if len(page.choices) > CHOICES_A_CARD:
        raise ValueError(f"page {page.number} has too many choices: a card holds {CHOICES_A_CARD}")
    if page.choices and page.section is None:
        raise ValueError(f"page {page.number} has choices but no section that keeps them")
