"""What facilitators see of challenges: what there is, each one with what can be done to it, and what that would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.cards import (
    Attachment,
    Button,
    Buttons,
    Card,
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
from bot.text import SELECT_OPTIONS, mention_channel, quote, timestamp
from cogs.challenges import definition
from cogs.challenges.definition import LIMITS, ChallengeText
from cogs.challenges.model import STATE_NAMES, Challenge, Overtaken, Overview, Plan, Schedule
from cogs.challenges.render import challenge_text, deadline_text, plain_title, title_of
from cogs.challenges.rules import RUNNING, State

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

SEEN = 2**32  # the id of a form is numbered `challenge * SEEN + fingerprint`: never change it
LISTED = 10
_LABELS = {
    "title": N_("Title"),
    "purpose": N_("What is it good for?"),
    "done": N_("What does done look like?"),
    "hint": N_("A hint, if you like"),
    "minutes": N_("About how many minutes does the core take?"),
    "core": N_("Core"),
    "warm_up": N_("Warm-up"),
    "stretch": N_("Stretch"),
    "theme": N_("Theme"),
}


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
    lines.append(next_text(overview.schedule, t, is_queued=bool(overview.queue)))
    items: list[Item] = [Text("\n".join(lines))]
    items += _menus(overview, t)
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


def _menus(overview: Overview, t: Translator) -> list[Item]:
    """Menus of everything that can be looked at: one holds 25."""
    running = (overview.running,) if overview.running is not None else ()
    options = [
        Option(plain_title(each, t), str(each.id), t(STATE_NAMES[each.state]))
        for each in (*running, *overview.queue, *overview.drafts)
    ]
    parts = [options[at : at + SELECT_OPTIONS] for at in range(0, len(options), SELECT_OPTIONS)]
    return [
        Pick(custom_id(LOOK, at or None), t("Look at one, change or open it"), tuple(part))
        for at, part in enumerate(parts)
    ]


def _running_lines(overview: Overview, t: Translator) -> list[str]:
    if overview.running is None:
        return [t("None is open.")]
    people = t(
        "In it: {joined}. Submitted: {submitted}.", joined=overview.joined, submitted=overview.submitted
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


def next_text(schedule: Schedule, t: Translator, *, is_queued: bool = True) -> str:
    """When the next one opens by itself, or what it takes."""
    if schedule.settings.channel_id is None:
        return t("First choose the channel for them: {command}, Challenges.", command="`/setup start`")
    if schedule.rule is None:
        return t("They open by hand only. “Rhythm and policy” lets them open every week.")
    if schedule.next_at is None:
        return t("The next opening is not planned at the moment, see {command}.", command="`/manage jobs`")
    when = timestamp(schedule.next_at, "F")
    if not is_queued:
        return t("The queue is empty. What you put in opens {when}, if none is open then.", when=when)
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


def form_id(name: str, challenge: Challenge, names: Sequence[str]) -> str:
    """The id of a form about a challenge, with the fingerprint of what it is filled with."""
    return custom_id(name, challenge.id * SEEN + definition.fingerprint(challenge.text, names))


def overtaken_card(overtaken: Overtaken, t: Translator) -> Card:
    """Somebody else was quicker. What was typed stays in sight while the form shows what stands by now."""
    challenge, now, written = overtaken.challenge, overtaken.challenge.text, overtaken.written
    lines = [
        t("**Somebody changed it while you were writing, so nothing was saved.**"),
        t("“Edit it again” shows what it says now. What you wrote differs in this:"),
    ]
    names = [name for name in _LABELS if getattr(now, name) != getattr(written, name)]
    lines += [f"- {t(_LABELS[name])}: {quote(str(getattr(written, name)), 1000) or '-'}" for name in names]
    again = Button(
        t("Edit it again"), custom_id(EDIT if names[0] in definition.TEXT_FORM else TRACKS, challenge.id)
    )
    return Card((Text("\n".join(lines)), Buttons((again,))))


def refused_card(reason: str, typed: Mapping[str, str], t: Translator) -> Card:
    """Why it was not saved. All that was typed goes with it, for a form keeps nothing."""
    kept = t("Nothing was changed. What you wrote is in this file: put it right, and copy it into the form.")
    texts = [f"{t(_LABELS[name])}\n{value}" for name, value in typed.items() if value.strip()]
    back = Buttons((Button(t("All challenges"), custom_id(LIST)),))
    return Card((Text(f"{reason}\n{kept}"), Attachment("challenge.txt", "\n\n".join(texts).encode()), back))


def text_form(challenge: Challenge | None, t: Translator) -> Form:
    """What it is. Without a challenge it is a new one."""
    text = challenge.text if challenge is not None else ChallengeText(title="")
    name = (
        form_id(EDIT_FORM, challenge, definition.TEXT_FORM) if challenge is not None else custom_id(NEW_FORM)
    )
    return Form(
        t("Edit the challenge") if challenge is not None else t("A new challenge"),
        name,
        (
            _field("title", None, text, t),
            _field("purpose", None, text, t, long=True),
            _field("done", None, text, t, long=True),
            _field("hint", None, text, t, long=True),
            TextField(
                "minutes",
                t(_LABELS["minutes"]),
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
        form_id(TRACKS_FORM, challenge, definition.TRACKS_FORM),
        (
            _field("core", t("What everybody can finish in the week."), text, t, long=True),
            _field("warm_up", optional, text, t, long=True),
            _field("stretch", optional, text, t, long=True),
            TextField(
                "theme",
                t(_LABELS["theme"]),
                description=optional,
                required=False,
                max_length=40,
                value=text.theme or None,
            ),
        ),
    )


def _field(
    name: str, description: str | None, text: ChallengeText, t: Translator, *, long: bool = False
) -> TextField:
    value = str(getattr(text, name))
    return TextField(
        name,
        t(_LABELS[name]),
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
