"""A quest as a new member sees it: the real cards, whose buttons lead on through the quest and record nothing.

How far one has walked stands in the ids of the buttons, so that nothing has to be written down anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.cards import (
    Button,
    Buttons,
    Card,
    Divider,
    Form,
    Item,
    Option,
    Pick,
    Text,
    custom_id,
    parse_custom_id,
)
from bot.i18n import Translator
from bot.profiles import Level
from cogs.onboarding import render
from cogs.onboarding.definition import MOST_STEPS, Detector, QuestDefinition
from cogs.onboarding.editor_cards import OPEN, quest_options
from cogs.onboarding.model import Quest
from cogs.onboarding.revision import Spot
from cogs.onboarding.words import LEVEL_NAMES
from cogs.onboarding.workbench import QuestView

PICK = "onboarding:preview.pick"
GO = "onboarding:preview.go"  # this and all below: with the code of a walk
SKIP = "onboarding:preview.skip"
ASK = "onboarding:preview.ask"
ANSWERED = "onboarding:preview.answered"
WHO = "onboarding:preview.who"
AGAIN = "onboarding:preview.again"

_LEVELS = (None, *Level)
_SLOTS, _PEOPLE, _MOVES, _SKIPS = 8, 2 * len(_LEVELS), MOST_STEPS + 1, 1 << MOST_STEPS
_ROOM = _SLOTS * _PEOPLE * _MOVES * _SKIPS
_FORMS = (render.ASK, render.WRITE_GOAL)


@dataclass(frozen=True)
class Walk:
    """How far somebody walked: how many steps, which of those they left out (by bit), and as whom they see it.

    `who` is the place of a level in `_LEVELS`, and as many more when every role and word of the quest is theirs.
    """

    version_id: int
    moves: int = 0
    skips: int = 0
    who: int = 0

    def code(self, slot: int = 0) -> int:
        """The row id of a control; `slot` tells apart the buttons of one card. Never change it."""
        rest = ((self.skips * _MOVES + self.moves) * _PEOPLE + self.who) * _SLOTS + slot % _SLOTS
        return self.version_id * _ROOM + rest

    @property
    def level(self) -> Level | None:
        return _LEVELS[self.who % len(_LEVELS)]

    @property
    def fits_all(self) -> bool:
        return self.who >= len(_LEVELS)

    def skipped(self, move: int) -> bool:
        return bool(self.skips >> move & 1)

    def one_more(self, *, skip: bool = False) -> Walk:
        if self.moves + 1 >= _MOVES:
            return self
        return replace(self, moves=self.moves + 1, skips=self.skips | (skip << self.moves))

    def with_level(self, level: Level | None) -> Walk:
        return replace(self, who=_LEVELS.index(level) + len(_LEVELS) * self.fits_all)


def read_walk(code: int | None) -> Walk:
    version_id, rest = divmod(code or 0, _ROOM)
    rest, who = divmod(rest // _SLOTS, _PEOPLE)
    skips, moves = divmod(rest, _MOVES)
    return Walk(version_id, moves, skips, who)


def choose_card(views: Sequence[QuestView], t: Translator) -> Card:
    """Which quest to look at."""
    text = t(
        "**See a quest as a new member sees it**\nYou walk through it step by step. Nothing is recorded, and nobody is told."
    )
    return Card((Text(text), Pick(custom_id(PICK), t("Choose a quest"), quest_options(views, t))))


def preview_card(
    quest: Quest, view: QuestView, walk: Walk, t: Translator, *, note: str | None = None
) -> Card:
    """The member's card at this point, with a line above it that says what it is."""
    state = t("a draft") if view.is_draft else t("live")
    head = t(
        "-# Preview of version {version} ({state}). Nothing of this is recorded, and only you see it.",
        version=view.shown.version,
        state=state,
    )
    lines = [head, *([f"-# {note}"] if note else [])]
    items: list[Item] = [Text("\n".join(lines)), Divider()]
    slot = 0
    for item in render.quest_card(quest, t).items:
        if isinstance(item, Buttons):
            swapped = tuple(_swapped(each, walk, slot + at) for at, each in enumerate(item.buttons))
            slot += len(swapped)
            items.append(Buttons(swapped))
        else:
            items.append(item)
    last = (
        Button(t("From the beginning"), custom_id(AGAIN, walk.code(_SLOTS - 1))),
        Button(t("Back to the quest"), custom_id(OPEN, Spot(view.shown.id).code)),
    )
    return Card((*items, Divider(), _as_whom(view.definition, walk, t), Buttons(last)))


def form_of(quest: Quest, walk: Walk, t: Translator) -> Form | None:
    """The form that the member would get now; None where the step has none."""
    step = quest.next_step
    if step is not None and step.detector is Detector.FORM:
        form = render.answer_form(quest, step, t)
    elif any(each.detector is Detector.PROFILE for each in quest.path):
        form = render.goal_form(quest, t)
    else:
        return None
    return replace(form, custom_id=custom_id(ANSWERED, walk.code()))


def words_and_roles(quest: QuestDefinition) -> tuple[str, frozenset[int]]:
    """A goal that holds every word, and all the roles, that steps of the quest are for."""
    words = [word for step in quest.steps for word in step.audience.words]
    return " ".join(words), frozenset(each for step in quest.steps for each in step.audience.role_ids)


def _swapped(button: Button, walk: Walk, slot: int) -> Button:
    """The same button, which leads on in the preview instead of doing what it says."""
    parsed = parse_custom_id(button.custom_id or "")
    if parsed is None:
        return button
    names = {**dict.fromkeys(_FORMS, ASK), render.SKIP: SKIP, render.ASK_RESTART: AGAIN}
    name = names.get(parsed[0], GO)
    return replace(button, custom_id=custom_id(name, walk.code(slot)))


def _as_whom(quest: QuestDefinition, walk: Walk, t: Translator) -> Pick:
    words, roles = words_and_roles(quest)
    options: list[Option] = []
    for who in range(_PEOPLE if words or roles else len(_LEVELS)):
        level = _LEVELS[who % len(_LEVELS)]
        label = (
            t("Somebody who has not said their level")
            if level is None
            else t("Somebody who says: {level}", level=t(LEVEL_NAMES[level]))
        )
        extra = t("with every role and word that steps are for") if who >= len(_LEVELS) else None
        options.append(Option(label, str(who), extra, chosen=who == walk.who))
    return Pick(
        custom_id(WHO, replace(walk, moves=0, skips=0).code()), t("See it as somebody else"), tuple(options)
    )
