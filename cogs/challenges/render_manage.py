"""What facilitators see of challenges: what there is, each one with what can be done to it, and what that would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
from bot.i18n import N_, Translator
from bot.text import SELECT_OPTIONS, mention_channel, mention_user, quote, timestamp
from cogs.challenges.definition import LIMITS, ChallengeText, Parsed
from cogs.challenges.model import STATE_NAMES, Challenge, Overview, Plan, Schedule, Suggestion
from cogs.challenges.render import challenge_text, deadline_text, plain_title, title_of
from cogs.challenges.rules import RUNNING, AfterGrace, State
from cogs.challenges.shipped import THEMES

LIST = "challenges:manage.list"
LOOK = "challenges:manage.look"
SHOW = "challenges:manage.show"
NEW = "challenges:manage.new"
NEW_FORM = "challenges:manage.create"
EDIT = "challenges:manage.edit"
EDIT_FORM = "challenges:manage.save"
TRACKS = "challenges:manage.tracks"
TRACKS_FORM = "challenges:manage.save_tracks"
QUEUE = "challenges:manage.queue"
UNQUEUE = "challenges:manage.unqueue"
EARLIER = "challenges:manage.earlier"
LATER = "challenges:manage.later"
OPEN_NOW = "challenges:manage.open"
OPEN_SURE = "challenges:manage.open_sure"
CLOSE_NOW = "challenges:manage.close"
CLOSE_SURE = "challenges:manage.close_sure"
EXTEND = "challenges:manage.extend"
EXTEND_FORM = "challenges:manage.extend_look"
EXTEND_SURE = "challenges:manage.extend_sure"
REMOVE = "challenges:manage.remove"
REMOVE_SURE = "challenges:manage.remove_sure"
DOWNLOAD = "challenges:manage.download"
LIBRARY = "challenges:library.show"
LIBRARY_TAKE = "challenges:library.take"
IDEA_LOOK = "challenges:idea.look"
IDEA_TAKE = "challenges:idea.take"
IDEA_DROP = "challenges:idea.drop"
RHYTHM = "challenges:rhythm.show"
RHYTHM_ASK = "challenges:rhythm.ask"
RHYTHM_FORM = "challenges:rhythm.save"
RHYTHM_STOP = "challenges:rhythm.stop"
POLICY_ASK = "challenges:policy.ask"
POLICY_FORM = "challenges:policy.save"
LIBRARY_MENUS = {
    "programming": "challenges:library.programming",
    "writing": "challenges:library.writing",
    "data": "challenges:library.data",
}

DAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MISTAKES_SHOWN = 20
LISTED = 10


def overview_card(overview: Overview, t: Translator, *, said_first: str = "") -> Card:
    """Everything there is, with the way to each."""
    lines = [said_first] if said_first else []
    lines.append(t("**Challenges**"))
    lines += _running_lines(overview, t)
    lines += [t("In review: {title}", title=title_of(each, t)) for each in overview.reviewing[:3]]
    lines += _listed(t("**Queue**, in this order"), overview.queue, t)
    lines += _listed(t("**Drafts**"), overview.drafts, t)
    if not (overview.running or overview.queue or overview.drafts):
        lines.append(t("There is nothing yet. The library has challenges that are ready to use."))
    lines.append(_next_text(overview.schedule, t))
    items: list[Item] = [Text("\n".join(lines))]
    running = (overview.running,) if overview.running is not None else ()
    options = tuple(
        Option(plain_title(each, t), str(each.id), t(STATE_NAMES[each.state]))
        for each in (*running, *overview.queue, *overview.drafts)[:SELECT_OPTIONS]
    )
    if options:
        items.append(Pick(custom_id(LOOK), t("Look at one, change or open it"), options))
    if overview.suggestions:
        ideas = tuple(Option(each.title, str(each.id)) for each in overview.suggestions[:SELECT_OPTIONS])
        placeholder = t.tn(
            "{n} suggestion of members", "{n} suggestions of members", len(overview.suggestions)
        )
        items.append(Pick(custom_id(IDEA_LOOK), placeholder, ideas))
    new = Button(t("Write a new one"), custom_id(NEW))
    library = Button(t("Library"), custom_id(LIBRARY))
    rhythm = Button(t("Rhythm and policy"), custom_id(RHYTHM))
    return Card((*items, Buttons((new, library, rhythm))))


def _running_lines(overview: Overview, t: Translator) -> list[str]:
    if overview.running is None:
        return [t("None is open.")]
    people = t(
        "In it: {joined}. Handed in: {submitted}.", joined=overview.joined, submitted=overview.submitted
    )
    state = t(STATE_NAMES[overview.running.state])
    title = t("Now: {title} ({state})", title=title_of(overview.running, t), state=state)
    return [title, deadline_text(overview.running, t), people]


def _listed(heading: str, challenges: Sequence[Challenge], t: Translator) -> list[str]:
    if not challenges:
        return []
    lines = [heading, *(f"{at}. {title_of(each, t)}" for at, each in enumerate(challenges[:LISTED], start=1))]
    rest = len(challenges) - LISTED
    return [*lines, t.tn("and {n} more", "and {n} more", rest)] if rest > 0 else lines


def _next_text(schedule: Schedule, t: Translator) -> str:
    if schedule.settings.channel_id is None:
        return t("First choose the channel for them: {command}, Challenges.", command="`/setup start`")
    if schedule.rule is None:
        return t("They open by hand only. “Rhythm and policy” lets them open every week.")
    if schedule.next_at is None:
        return t("The next opening is not planned at the moment, see {command}.", command="`/manage jobs`")
    when = timestamp(schedule.next_at, "F")
    return t("The first in the queue opens {when}, if none is open then.", when=when)


def manage_card(challenge: Challenge, t: Translator, *, said_first: str = "") -> Card:
    """One challenge, with what can be done to it."""
    lines = [said_first] if said_first else []
    lines.append(t("State: {state}", state=t(STATE_NAMES[challenge.state])))
    if challenge.state in RUNNING:
        lines.append(deadline_text(challenge, t))
    lines.append(challenge_text(challenge, t))
    if challenge.text.missing:
        lines.append(
            t("Before it can open it needs a title, a purpose, what “done” looks like, and the core track.")
        )
    rows = [Buttons(row) for row in _rows(challenge, t) if row]
    return Card((Text("\n".join(lines)), *rows))


def _rows(challenge: Challenge, t: Translator) -> tuple[tuple[Button, ...], ...]:
    id_ = challenge.id
    edit = Button(t("Edit"), custom_id(EDIT, id_)), Button(t("Edit tracks"), custom_id(TRACKS, id_))
    download = Button(t("Download"), custom_id(DOWNLOAD, id_))
    back = Button(t("All challenges"), custom_id(LIST))
    remove = Button(t("Remove"), custom_id(REMOVE, id_), style=Style.DANGER)
    open_now = Button(t("Open now"), custom_id(OPEN_NOW, id_))
    match challenge.state:
        case State.DRAFT:
            queue = Button(t("Put it in the queue"), custom_id(QUEUE, id_), style=Style.PRIMARY)
            return (*edit, queue), (open_now, remove), (download, back)
        case State.QUEUED:
            earlier = Button(t("Earlier"), custom_id(EARLIER, id_)), Button(t("Later"), custom_id(LATER, id_))
            out = Button(t("Take it out"), custom_id(UNQUEUE, id_))
            return edit, (*earlier, out), (open_now, remove), (download, back)
        case State.OPEN:
            extend = Button(t("Extend for everybody"), custom_id(EXTEND, id_))
            return edit, (extend, Button(t("Close now"), custom_id(CLOSE_NOW, id_))), (download, back)
        case State.CLOSING:
            return edit, (Button(t("Extend for everybody"), custom_id(EXTEND, id_)),), (download, back)
        case _:
            return ((download, back),)


def text_form(challenge: Challenge | None, t: Translator) -> Form:
    """What it is. Without a challenge it is a new one."""
    text = challenge.text if challenge is not None else ChallengeText(title="")
    name = custom_id(EDIT_FORM, challenge.id) if challenge is not None else custom_id(NEW_FORM)
    return Form(
        t("Edit the challenge") if challenge is not None else t("A new challenge"),
        name,
        (
            _field("title", t("Title"), None, text, t),
            _field("purpose", t("What is it good for?"), None, text, t, long=True),
            _field("done", t("What does done look like?"), None, text, t, long=True),
            _field("hint", t("A hint, if you like"), None, text, t, long=True),
            TextField(
                "minutes",
                t("About how many minutes does the core take?"),
                max_length=6,
                required=False,
                value=str(text.minutes),
            ),
        ),
    )


def tracks_form(challenge: Challenge, t: Translator) -> Form:
    """What to do in each track."""
    text = challenge.text
    optional = t("May be left empty.")
    return Form(
        t("Edit tracks"),
        custom_id(TRACKS_FORM, challenge.id),
        (
            _field("core", t("Core"), t("What everybody can finish in the week."), text, t, long=True),
            _field("warm_up", t("Warm-up"), optional, text, t, long=True),
            _field("stretch", t("Stretch"), optional, text, t, long=True),
            TextField(
                "theme",
                t("Theme"),
                description=optional,
                required=False,
                max_length=40,
                value=text.theme or None,
            ),
        ),
    )


def _field(
    name: str, label: str, description: str | None, text: ChallengeText, t: Translator, *, long: bool = False
) -> TextField:
    value = str(getattr(text, name))
    return TextField(
        name,
        label,
        description=description,
        long=long,
        required=False,
        max_length=LIMITS[name],
        value=(t(value) if text.ours and value else value) or None,
    )


def extend_form(challenge: Challenge, t: Translator) -> Form:
    """Until when."""
    return Form(
        t("Extend for everybody"),
        custom_id(EXTEND_FORM, challenge.id),
        (
            TextField(
                "until",
                t("Until when?"),
                description=t("By the community's clock, such as “Wednesday 20:00” or “2026-12-31”."),
                max_length=60,
            ),
        ),
    )


def opening_card(plan: Plan, t: Translator) -> Card:
    """What opening it would do."""
    lines = [
        t("**Open “{title}” now?**", title=title_of(plan.challenge, t)),
        t("It is posted in {channel} with a thread for questions. Nobody is pinged.", channel=_place(plan)),
        *_dates(plan, t),
        *_missed(plan, t),
    ]
    return _sure(
        lines, Button(t("Open it"), custom_id(OPEN_SURE, plan.challenge.id), style=Style.PRIMARY), plan, t
    )


def closing_card(plan: Plan, t: Translator) -> Card:
    """What closing it would do."""
    lines = [
        t("**Close “{title}” now?**", title=title_of(plan.challenge, t)),
        t.tn("{n} person is in it.", "{n} people are in it.", plan.joined),
        *_dates(plan, t),
    ]
    return _sure(
        lines, Button(t("Close it"), custom_id(CLOSE_SURE, plan.challenge.id), style=Style.DANGER), plan, t
    )


def extension_card(plan: Plan, t: Translator) -> Card:
    """What extending it would do."""
    lines = [
        t("**Extend “{title}” for everybody?**", title=title_of(plan.challenge, t)),
        t.tn("{n} person is in it.", "{n} people are in it.", plan.joined),
        *_dates(plan, t),
        *_missed(plan, t),
        t("Its post shows the new deadline, and reminders that people asked for move with it."),
    ]
    moment = int(plan.closes_at.timestamp())
    return _sure(lines, Button(t("Extend it"), custom_id(EXTEND_SURE, moment), style=Style.PRIMARY), plan, t)


def _place(plan: Plan) -> str:
    return mention_channel(plan.channel_id or 0)


def _dates(plan: Plan, t: Translator) -> list[str]:
    return [
        t("Deadline: {when}", when=timestamp(plan.closes_at, "F")),
        t("With the time of grace: {when}", when=timestamp(plan.grace_until, "F")),
        t("Results: {when}", when=timestamp(plan.results_at, "F")),
    ]


def _missed(plan: Plan, t: Translator) -> list[str]:
    if plan.next_opening is None or plan.next_opening > plan.grace_until:
        return []
    return [
        t("It is not over at {when}, so none opens by itself then.", when=timestamp(plan.next_opening, "F"))
    ]


def _sure(lines: Sequence[str], button: Button, plan: Plan, t: Translator) -> Card:
    back = Button(t("Leave it as it is"), custom_id(SHOW, plan.challenge.id))
    return Card((Text("\n".join(lines)), Buttons((button, back))))


def removal_card(challenge: Challenge, t: Translator) -> Card:
    """What removing it would do."""
    text = t(
        "**Remove “{title}”?** It is gone for good. A download can be uploaded again.",
        title=title_of(challenge, t),
    )
    remove = Button(t("Remove it"), custom_id(REMOVE_SURE, challenge.id), style=Style.DANGER)
    keep = Button(t("Keep it"), custom_id(SHOW, challenge.id))
    return Card(
        (Text(text), Buttons((remove, keep, Button(t("Download"), custom_id(DOWNLOAD, challenge.id)))))
    )


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
    if schedule.rule is not None:
        opens = t("{day} at {time}", day=t(DAYS[weekday_of(schedule)]), time=f"{schedule.rule.time:%H:%M}")
        lines.append(t("One opens every {when}, by the clock of {zone}.", when=opens, zone=schedule.zone))
    else:
        lines.append(t("None opens by itself."))
    closes = t("{day} at {time}", day=t(DAYS[settings.closes_weekday]), time=f"{settings.closes_time:%H:%M}")
    lines.append(
        t(
            "It closes on {when}; the results come the day after, at {time}.",
            when=closes,
            time=f"{settings.results_time:%H:%M}",
        )
    )
    lines.append(_next_text(schedule, t))
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


def weekday_of(schedule: Schedule) -> int:
    """The weekday of the openings (0 is Monday)."""
    if schedule.rule is None:
        return 0
    return _CODES.index(schedule.rule.rrule.rpartition("BYDAY=")[2][:2])


def rhythm_form(schedule: Schedule, t: Translator) -> Form:
    """Asks for the days and times of the week."""
    settings = schedule.settings
    opens_time = f"{schedule.rule.time:%H:%M}" if schedule.rule is not None else "09:00"
    return Form(
        t("Rhythm of the week"),
        custom_id(RHYTHM_FORM),
        (
            _days("opens", t("On which day does one open?"), weekday_of(schedule), t),
            TextField("opens_time", t("At what time?"), max_length=20, value=opens_time),
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
    return ChoiceField(
        name, label, tuple(Option(t(day), str(at), chosen=at == chosen) for at, day in enumerate(DAYS))
    )


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
