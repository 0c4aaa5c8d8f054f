"""What people see of their profile and their check-ins."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import (
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
    custom_id,
)
from bot.i18n import N_, Translator
from bot.languages import spoken_name
from bot.nominal_times import local_now
from bot.profiles import LONGEST_GOAL, Feedback, Level
from bot.text import quote, timestamp
from cogs.profiles import rules
from cogs.profiles.service import Me, SkillSettings, shipped_statements

EDIT_OPEN = "profiles:me.open"
EDIT_ASK = "profiles:me.ask"
EDIT_SAVE = "profiles:me.save"
LANGUAGE_SET = "profiles:language.set"
SKILLS_SHOW = "profiles:skills.show"
SKILLS_ASK = "profiles:skills.ask"
SKILLS_SAVE = "profiles:skills.save"
STATEMENTS_SAVE = "profiles:statements.save"
# Other owners' controls that this card leads to.
_ZONE_ASK = "zone:clock.ask"
_CENTRE = "notify:centre.open"
_PAUSE = "notify:pause.show"

AS_DISCORD = "discord"
_GOAL_ROOM = 4 * LONGEST_GOAL  # a goal of nothing but markup takes twice its length, one of emoji twice that
_LONGEST_LANGUAGES = 100

LEVELS = {
    Level.NEW: N_("Brand new to it"),
    Level.BASICS: N_("I know the basics"),
    Level.MENTOR: N_("Here to help others"),
}
HOURS = {
    2: N_("One or two hours"),
    5: N_("Three to five hours"),
    10: N_("Six to ten hours"),
    20: N_("More than ten hours"),
}
FEEDBACK = {
    Feedback.GENTLE: (N_("Gently"), N_("What works first, then one thing to change")),
    Feedback.DIRECT: (N_("Directly"), N_("Straight to what could be better")),
    Feedback.QUESTIONS: (N_("With questions"), N_("That let me find it myself")),
}
GRADES = {
    1: N_("Not yet"),
    2: N_("A little"),
    3: N_("With some help"),
    4: N_("On my own"),
    5: N_("I could teach it"),
}
# Their own names: who looks for their language reads that one.
OWN_NAMES = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "pt_BR": "Português do Brasil",
}


def me_card(me: Me, locales: Sequence[str], t: Translator) -> Card:
    """Everything that I know of the member, and the way to change each part of it. Seen by them alone."""
    items: list[Item] = []
    if me.unknown_languages:
        names = quote(", ".join(me.unknown_languages), 200)
        items.append(
            Text(
                t(
                    "The rest is saved, but I do not know this language: {names}. Write it as in “English, Spanish”.",
                    names=names,
                )
            )
        )
        items.append(Divider())
    items.append(Text("\n".join([t("**What you have told me**"), *_lines(me, t)])))
    # Apart, or it would be drawn as part of the last point.
    items.append(
        Text(t("-# Only you see this card. It helps me to meet you where you are; leave out what you like."))
    )
    change = Button(t("Change"), custom_id(EDIT_ASK), style=Style.PRIMARY)
    clock = Button(t("Set my clock"), custom_id(_ZONE_ASK))
    skills = Button(t("How sure I feel"), custom_id(SKILLS_SHOW))
    items.append(Buttons((change, clock, skills)))
    items.append(
        Buttons(
            (Button(t("What I am told"), custom_id(_CENTRE)), Button(t("Take a break"), custom_id(_PAUSE)))
        )
    )
    if len(locales) > 1:
        items.append(_language_menu(me, locales, t))
    return Card(tuple(items))


def _lines(me: Me, t: Translator) -> list[str]:
    profile, reach, nothing = me.profile, me.reach, t("not told yet")
    goal = f"\n> {quote(profile.goal, _GOAL_ROOM)}" if profile.goal else nothing
    feedback = ": ".join(t(part) for part in FEEDBACK[profile.feedback]) if profile.feedback else nothing
    hours = rules.bracket(profile.hours_a_week)
    now = f"{local_now(reach.now, reach.zone):%H:%M}"
    clock = t("Your clock: {zone}, {clock} now.", zone=reach.zone, clock=now)
    if not reach.is_zone_own:
        clock = t("Your clock: the community's ({zone}, {clock} now).", zone=reach.zone, clock=now)
    spoken = ", ".join(spoken_name(code, t.locale) for code in profile.languages)
    return [
        t("- What you want to learn: {goal}", goal=goal),
        t("- Where you stand: {level}", level=t(LEVELS[profile.level]) if profile.level else nothing),
        t("- Your time for it each week: {hours}", hours=t(HOURS[hours]) if hours else nothing),
        t("- Languages you speak: {languages}", languages=spoken or nothing),
        t("- How you like feedback: {feedback}", feedback=feedback),
        f"- {clock}",
    ]


def _language_menu(me: Me, locales: Sequence[str], t: Translator) -> Pick:
    chosen = me.reach.language
    options = [Option(t("The language of my Discord"), AS_DISCORD, chosen=chosen is None)]
    options += [Option(OWN_NAMES.get(each, each), each, chosen=each == chosen) for each in locales]
    return Pick(custom_id(LANGUAGE_SET), t("In which language I speak to you"), tuple(options))


def me_form(me: Me, t: Translator) -> Form:
    """All of it in one form, filled in as far as it is known. Nothing must be answered."""
    profile = me.profile
    hours = rules.bracket(profile.hours_a_week)
    return Form(
        t("About you"),
        custom_id(EDIT_SAVE),
        (
            TextField(
                "goal",
                t("What do you want to learn?"),
                description=t("One line is plenty. You can change it later."),
                placeholder=t("For example: write my first web page"),
                required=False,
                max_length=LONGEST_GOAL,
                value=profile.goal,
            ),
            ChoiceField(
                "level",
                t("Where do you stand?"),
                tuple(
                    Option(t(label), level.value, chosen=level is profile.level)
                    for level, label in LEVELS.items()
                ),
                required=False,
            ),
            ChoiceField(
                "hours",
                t("How much time do you have each week?"),
                tuple(Option(t(label), str(most), chosen=most == hours) for most, label in HOURS.items()),
                required=False,
            ),
            TextField(
                "languages",
                t("Which languages do you speak?"),
                description=t("For example: English, Spanish"),
                required=False,
                max_length=_LONGEST_LANGUAGES,
                value=", ".join(spoken_name(code, t.locale) for code in profile.languages) or None,
            ),
            ChoiceField(
                "feedback",
                t("How do you like feedback?"),
                tuple(
                    Option(t(label), each.value, t(description), chosen=each is profile.feedback)
                    for each, (label, description) in FEEDBACK.items()
                ),
                required=False,
            ),
        ),
    )


def skills_card(me: Me, t: Translator, *, row: int | None = None) -> Card:
    """How sure the member feels, then and now, for them alone."""
    ask = custom_id(SKILLS_ASK, row)
    # What else there is to say is shown in the server alone, and not on the DM that asks.
    back = (Button(t("Back"), custom_id(EDIT_OPEN)),) if row is None else ()
    if not me.checkins:
        text = t(
            "**How sure do you feel?**\nFive short questions, about a minute. It is no test, and only you see the "
            "answers. In four weeks I show them to you beside the new ones."
        )
        return Card((Text(text), Buttons((Button(t("Answer them"), ask, style=Style.PRIMARY), *back))))
    first, last = me.checkins[0], me.checkins[-1]
    lines = [t("**How sure you feel**"), *(_skill_line(line, t) for line in rules.side_by_side(me.checkins))]
    notes = [t("-# You said so on {then}. Only you see this.", then=timestamp(first.taken_at, "D"))]
    if len(me.checkins) > 1:
        notes = [
            t(
                "-# Then is {then}, now is {now}. Only you see this.",
                then=timestamp(first.taken_at, "D"),
                now=timestamp(last.taken_at, "D"),
            )
        ]
    items: list[Item] = [Text("\n".join(lines))]
    again = rules.next_checkin(me.checkins)
    if again is not None and again > me.reach.now:
        notes.append(t("-# You can answer again {when}.", when=timestamp(again, "R")))
        return Card((*items, Text("\n".join(notes)), *((Buttons(back),) if back else ())))
    how_now = Buttons((Button(t("How is it now?"), ask, style=Style.PRIMARY), *back))
    return Card((*items, Text("\n".join(notes)), how_now))


def _skill_line(line: rules.Line, t: Translator) -> str:
    statement = quote(t(line.statement), 200)
    if line.now is None:
        return t("- {statement}: **{then}**", statement=statement, then=t(GRADES[line.then]))
    return t(
        "- {statement}: then **{then}**, now **{now}**",
        statement=statement,
        then=t(GRADES[line.then]),
        now=t(GRADES[line.now]),
    )


def skills_form(statements: Sequence[str], t: Translator, *, row: int | None = None) -> Form:
    """The five questions. Nothing is filled in: the first answers must not colour the later ones."""
    fields = tuple(
        ChoiceField(
            f"statement_{number}",
            t(statement),
            tuple(Option(t(label), str(grade)) for grade, label in GRADES.items()),
        )
        for number, statement in enumerate(statements, 1)
    )
    return Form(t("I can do this ..."), custom_id(SKILLS_SAVE, row), fields)


def checkin_card(member_id: int, notification_id: int, t: Translator) -> Card:
    """Four weeks are over. It pings the member, if that is what they chose."""
    text = t(
        "<@{member_id}>, four weeks ago you said how sure you feel. How is it now? Five short questions, about a "
        "minute, and then you see both side by side. Only you do.",
        member_id=member_id,
    )
    show = Button(t("Show me"), custom_id(SKILLS_SHOW, notification_id), style=Style.PRIMARY)
    return Card((Text(text), Buttons((show,))), pings=frozenset({member_id}))


def statements_form(settings: SkillSettings, t: Translator) -> Form:
    """The community's five statements, for a facilitator to change."""
    fields = tuple(
        TextField(
            f"statement_{number}",
            t("Statement {number}", number=number),
            description=t("Completes “I can ...”. Empty: {shipped}", shipped=t(shipped)),
            required=False,
            max_length=rules.LONGEST_STATEMENT,
            value=t(statement),
        )
        for number, (statement, shipped) in enumerate(
            zip(settings.statements, shipped_statements(), strict=True), 1
        )
    )
    return Form(t("What members are asked"), custom_id(STATEMENTS_SAVE), fields)


def statements_card(settings: SkillSettings, t: Translator) -> Card:
    """What is asked from now on."""
    lines = [t("**Saved. New members are asked how sure they are of this:**")]
    lines += [f"- {quote(t(each), 200)}" for each in settings.statements]
    note = t(
        "-# Whoever has answered before is asked the same as before, so that then and now can be compared."
    )
    return Card((Text("\n".join(lines)), Text(note)))
