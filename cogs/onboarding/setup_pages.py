"""What /setup start asks of onboarding: the channels and roles of newcomers and of people who return, and the reminder."""

from __future__ import annotations

from bot.cards import Item, Option, Pick, Text
from bot.i18n import N_, Translator
from bot.setup_card import Choice, Page
from cogs.onboarding.model import OnboardingSettings

SETUP_PAGE = Page(
    1,
    N_("Newcomers"),
    OnboardingSettings,
    (
        Choice(
            "welcome_channel_id",
            "channel",
            N_("Welcome channel"),
            N_("Where newcomers are greeted."),
            suggested=N_("welcome"),
        ),
        Choice(
            "introductions_channel_id",
            "channel",
            N_("Introductions channel"),
            N_("Where people say hello; two steps of the first quest happen here."),
            suggested=N_("introductions"),
        ),
        Choice(
            "wins_channel_id",
            "channel",
            N_("First wins channel"),
            N_("Where finished first quests are announced, of those who agreed."),
            suggested=N_("first-wins"),
        ),
        Choice(
            "finished_role_id",
            "role",
            N_("Role for finishing"),
            N_("Given when the first quest is finished. It must stand below my own role."),
            suggested=N_("Member"),
        ),
    ),
)


RETURN_PAGE = Page(
    5,
    N_("Reminder and returns"),
    OnboardingSettings,
    tuple(
        Choice(
            f"kept_{n}_role_id",
            "role",
            label,
            N_("Given back to whoever had it when they left, if it carries no power over others."),
        )
        for n, label in enumerate(
            (
                N_("First role to give back"),
                N_("Second role to give back"),
                N_("Third role to give back"),
                N_("Fourth role to give back"),
                N_("Fifth role to give back"),
            ),
            start=1,
        )
    ),
    in_steps=False,
)

WAIT_CONTROL = "onboarding:wait.set"
_WAITS = (0, 24, 48, 72, 168)  # hours


def reminder_items(hours: int, t: Translator) -> tuple[Item, ...]:
    """After how long somebody who is stuck in a quest is reminded, and the menu that changes it."""
    line = t(
        "**Reminder**: whoever does nothing in a quest for a while is reminded once, kindly, and never again."
    )
    options = tuple(
        Option(_words(each, t), str(each), chosen=each == hours) for each in sorted({*_WAITS, hours})
    )
    return (Text(line), Pick(WAIT_CONTROL, t("Choose after how long"), options))


def _words(hours: int, t: Translator) -> str:
    if not hours:
        return t("No reminder")
    if hours % 24:
        return t.tn("After {n} hour", "After {n} hours", hours)
    return t.tn("After {n} day", "After {n} days", hours // 24)
