"""The forms in which facilitators write badges."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards import ChoiceField, Form, ManyField, Option, TextField, custom_id
from bot.criteria import Criterion, sentence
from bot.day_names import day_options
from bot.i18n import Translator
from bot.text import cut
from cogs.badges.model import Badge, Desk
from cogs.badges.rules import LONGEST_HOW, LONGEST_TITLE, Tier
from cogs.badges.words import TIERS

ADD_FORM = "badges:staff.added"
EDIT_FORM = "badges:staff.edited"
NUMBERS_FORM = "badges:staff.numbered"
END_FORM = "badges:staff.ended"
WHEN_FORM = "badges:staff.set_when"
CRITERIA_A_BADGE = 10  # a criterion is numbered `badge * CRITERIA_A_BADGE + index`


def words_form(t: Translator, badge: Badge | None = None) -> Form:
    """To write a badge, or to change its words."""
    tier = badge.tier if badge is not None else Tier.STEADY
    return Form(
        t("Change the badge") if badge is not None else t("Write a badge"),
        custom_id(EDIT_FORM, badge.id) if badge is not None else custom_id(ADD_FORM),
        (
            TextField("title", t("Name"), max_length=LONGEST_TITLE, value=badge.title if badge else None),
            TextField(
                "how",
                t("What it is for, and how it is earned"),
                description=t("Everybody reads this. Praise what was done, not how much of it."),
                long=True,
                max_length=LONGEST_HOW,
                value=badge.how if badge else None,
            ),
            ChoiceField(
                "tier",
                t("How much stands behind it"),
                tuple(Option(t(TIERS[each]), each.value, chosen=each is tier) for each in Tier),
            ),
            ManyField(
                "traits",
                t("What it is like"),
                (
                    Option(
                        t("It can be earned again and again"),
                        "repeatable",
                        chosen=badge is not None and badge.repeatable,
                    ),
                    Option(
                        t("Hidden until somebody has it"),
                        "hidden",
                        chosen=badge is not None and badge.hidden,
                    ),
                ),
            ),
        ),
    )


def numbers_form(badge: Badge, index: int, kinds: Mapping[str, str], t: Translator) -> Form:
    """To say how much of something is asked."""
    criterion = badge.rule.criteria[index]
    return Form(
        cut(sentence(Criterion(criterion.kinds, criterion.at_least), kinds, t), 45),
        custom_id(NUMBERS_FORM, badge.id * CRITERIA_A_BADGE + index),
        (
            TextField(
                "at_least",
                t("How many"),
                description=t("0 takes it out of the rule."),
                max_length=4,
                value=str(criterion.at_least),
            ),
            TextField(
                "people",
                t("With how many different people at least"),
                description=t("Empty: it does not matter."),
                required=False,
                max_length=4,
                value=str(criterion.people) if criterion.people else None,
            ),
            TextField(
                "subjects",
                t("About how many different things at least"),
                description=t("Empty: it does not matter."),
                required=False,
                max_length=4,
                value=str(criterion.subjects) if criterion.subjects else None,
            ),
            TextField(
                "days",
                t("Within how many days in a row"),
                description=t("Empty: ever."),
                required=False,
                max_length=3,
                value=str(criterion.window_days) if criterion.window_days else None,
            ),
        ),
    )


def when_form(desk: Desk, t: Translator) -> Form:
    settings = desk.settings
    clock = f"{settings.minute // 60:02}:{settings.minute % 60:02}"
    return Form(
        t("When wins are posted"),
        custom_id(WHEN_FORM),
        (
            ChoiceField("weekday", t("Day"), day_options(settings.weekday, t)),
            TextField(
                "time",
                t("Time of day, by the community's clock"),
                max_length=10,
                value=clock,
                placeholder="16:00",
            ),
        ),
    )


def end_form(badge: Badge, t: Translator) -> Form:
    field = TextField(
        "until",
        t("Until when can it be earned?"),
        description=t("For example 2026-12-31. Empty: for ever. Whoever has it keeps it."),
        required=False,
        max_length=60,
    )
    return Form(t("When it ends"), custom_id(END_FORM, badge.id), (field,))
