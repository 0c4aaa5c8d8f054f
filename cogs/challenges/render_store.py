"""What facilitators see of where challenges come from (library, files, suggestions), and of the rhythm they come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time

from bot.cards import (
    Attachment,
    Button,
    Buttons,
    Card,
    ChoiceField,
    Divider,
    Form,
    Item,
    Option,
    Pick,
    Style,
    Text,
    TextField,
    TickField,
    custom_id,
)
from bot.day_names import DAY_NAMES, day_options
from bot.i18n import N_, Translator
from bot.text import SELECT_OPTIONS, mention_user, quote
from cogs.challenges.definition import ChallengeText, Parsed
from cogs.challenges.model import Challenge, Schedule, Suggestion
from cogs.challenges.render import challenge_text
from cogs.challenges.render_manage import (
    IDEA_DROP,
    IDEA_TAKE,
    LIBRARY,
    LIBRARY_MENUS,
    LIBRARY_TAKE,
    LIST,
    POLICY_ASK,
    POLICY_FORM,
    RHYTHM_ASK,
    RHYTHM_FORM,
    RHYTHM_STOP,
    next_text,
)
from cogs.challenges.rules import AfterGrace, State
from cogs.challenges.shipped import THEMES

MISTAKES_SHOWN = 20


def library_card(library: Sequence[ChallengeText], t: Translator) -> Card:
    """What comes with Lyceum, a menu a theme."""
    items: list[Item] = [
        Text(t("**Library**: {n} challenges that are ready to use. Choose one to read it.", n=len(library)))
    ]
    for theme, name in THEMES.items():
        options = tuple(
            Option(t(each.title), str(index), t.tn("{n} minute", "{n} minutes", each.minutes))
            for index, each in enumerate(library)
            if each.theme == theme
        )
        items.append(Pick(custom_id(LIBRARY_MENUS[theme]), t(name), options[:SELECT_OPTIONS]))
    return Card((*items, Buttons((Button(t("All challenges"), custom_id(LIST)),))))


def shipped_card(text: ChallengeText, index: int, t: Translator) -> Card:
    """One of the library."""
    preview = Challenge(0, 0, State.DRAFT, text, None, None, None, None, None, None, None, 0)
    take = Button(t("Add it to the drafts"), custom_id(LIBRARY_TAKE, index), style=Style.PRIMARY)
    return Card(
        (
            Text(challenge_text(preview, t)),
            Buttons((take, Button(t("Back to the library"), custom_id(LIBRARY)))),
        )
    )


def idea_card(idea: Suggestion, t: Translator) -> Card:
    """A suggestion of a member."""
    who = t("From {member}.", member=mention_user(idea.member_id))
    credit = t("They like to be named.") if idea.credit else t("They do not wish to be named.")
    text = f"**{quote(idea.title, 160)}**\n{quote(idea.idea, 1500)}\n-# {who} {credit}"
    take = Button(t("Make a draft of it"), custom_id(IDEA_TAKE, idea.id), style=Style.PRIMARY)
    drop = Button(t("Remove it"), custom_id(IDEA_DROP, idea.id))
    return Card((Text(text), Buttons((take, drop, Button(t("All challenges"), custom_id(LIST))))))


def uploaded_card(parsed: Parsed, t: Translator) -> Card:
    """What became of an uploaded file."""
    if parsed.mistakes:
        lines = [t("**Nothing was added.** Please mend this in the file, then upload it once more:")]
        shown = parsed.mistakes[:MISTAKES_SHOWN]
        for each in shown:
            fields = {name: quote(str(value), 200) for name, value in each.fields.items()}
            lines.append(f"- {t(each.message, **fields) if fields else t(each.message)}")
        rest = len(parsed.mistakes) - len(shown)
        if rest:
            lines.append(t.tn("And {n} more mistake.", "And {n} more mistakes.", rest))
        return Card((Text("\n".join(lines)),))
    text = t.tn("**{n} draft was added.**", "**{n} drafts were added.**", len(parsed.challenges))
    return Card((Text(text), Buttons((Button(t("All challenges"), custom_id(LIST)),))))


def download_card(content: str, t: Translator) -> Card:
    """A file to keep."""
    text = t("Here it is. {command} takes it, in any community.", command="`/manage challenges import`")
    return Card((Text(text), Attachment("challenges.toml", content.encode())))


def rhythm_card(schedule: Schedule, t: Translator, *, said_first: str = "") -> Card:
    """When challenges open and close, and what holds for what comes late."""
    settings = schedule.settings
    lines = [said_first] if said_first else []
    lines.append(t("**Rhythm**"))
    if schedule.opens is not None:
        weekday, at = schedule.opens
        opens = t("{day} at {time}", day=t(DAY_NAMES[weekday]), time=f"{at:%H:%M}")
        lines.append(t("One opens every {when}, by the clock of {zone}.", when=opens, zone=schedule.zone))
    else:
        lines.append(t("None opens by itself."))
    closes = t(
        "{day} at {time}", day=t(DAY_NAMES[settings.closes_weekday]), time=f"{settings.closes_time:%H:%M}"
    )
    lines.append(
        t(
            "It closes on {when}; the results come the day after, at {time}.",
            when=closes,
            time=f"{settings.results_time:%H:%M}",
        )
    )
    lines.append(next_text(schedule, t))
    lines.append(t("**Policy**"))
    lines.append(t.tn("{n} hour of grace.", "{n} hours of grace.", settings.grace_hours))
    if settings.after_grace == AfterGrace.ACCEPT:
        lines.append(t("What comes later counts as finished, and is not ranked."))
    else:
        lines.append(t("What comes later is not taken any more."))
    if settings.ranking:
        lines.append(t("Results have a ranking of those members who like that."))
    else:
        lines.append(t("Results have no ranking."))
    buttons = [
        Button(t("Change the rhythm"), custom_id(RHYTHM_ASK)),
        Button(t("Change the policy"), custom_id(POLICY_ASK)),
    ]
    if schedule.rule is not None:
        buttons.append(Button(t("Stop opening"), custom_id(RHYTHM_STOP)))
    back = Button(t("All challenges"), custom_id(LIST))
    return Card((Text("\n".join(lines)), Buttons(tuple(buttons)), Divider(), Buttons((back,))))


def rhythm_form(schedule: Schedule, t: Translator) -> Form:
    """Asks for the days and times of the week."""
    settings = schedule.settings
    weekday, at = schedule.opens or (0, time(9))
    return Form(
        t("Rhythm of the week"),
        custom_id(RHYTHM_FORM),
        (
            _days("opens", t("On which day does one open?"), weekday, t),
            TextField("opens_time", t("At what time?"), max_length=20, value=f"{at:%H:%M}"),
            _days("closes", t("On which day does it close?"), settings.closes_weekday, t),
            TextField(
                "closes_time",
                t("At what time does it close?"),
                max_length=20,
                value=f"{settings.closes_time:%H:%M}",
            ),
            TextField(
                "results",
                t("When do the results come?"),
                description=t("On the day after the deadline, at this time."),
                max_length=20,
                value=f"{settings.results_time:%H:%M}",
            ),
        ),
    )


def _days(name: str, label: str, chosen: int, t: Translator) -> ChoiceField:
    return ChoiceField(name, label, day_options(chosen, t))


def policy_form(schedule: Schedule, t: Translator) -> Form:
    """Asks for what holds for what comes late, and whether there are rankings."""
    settings = schedule.settings
    choices: Mapping[AfterGrace, str] = {
        AfterGrace.ACCEPT: N_("It counts as finished, and is not ranked"),
        AfterGrace.REFUSE: N_("It is not taken any more"),
    }
    return Form(
        t("Policy"),
        custom_id(POLICY_FORM),
        (
            TextField(
                "grace",
                t("How many hours of grace?"),
                description=t("After the deadline. What comes then is marked kindly, and is not ranked."),
                max_length=4,
                value=str(settings.grace_hours),
            ),
            ChoiceField(
                "after",
                t("And what comes later than that?"),
                tuple(
                    Option(t(label), each.value, chosen=each == settings.after_grace)
                    for each, label in choices.items()
                ),
            ),
            TickField(
                "ranking",
                t("Rank those who like it"),
                description=t("Under the results. Each member must ask for it too."),
                value=settings.ranking,
            ),
        ),
    )


def stock_card(left: int, t: Translator) -> Card:
    """For staff: the queue is short."""
    if left:
        text = t.tn(
            "**{n} challenge is left in the queue.** The library has more, and members suggest some: {command}",
            "**{n} challenges are left in the queue.** The library has more, and members suggest some: {command}",
            left,
            command="`/manage challenges list`",
        )
    else:
        text = t(
            "**No challenge is left in the queue.** The library has some that are ready to use: {command}",
            command="`/manage challenges library`",
        )
    return Card(
        (
            Text(text),
            Buttons((Button(t("All challenges"), custom_id(LIST)), Button(t("Library"), custom_id(LIBRARY)))),
        )
    )
