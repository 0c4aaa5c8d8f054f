"""What facilitators see of the ladder: what waits with its evidence, the steps, and one of them to change."""

from __future__ import annotations

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Form,
    Item,
    Option,
    Pick,
    PickMember,
    PickPlace,
    Style,
    Text,
    TextField,
    TickField,
    custom_id,
)
from bot.criteria import Criterion, sentence
from bot.i18n import Translator
from bot.text import SELECT_OPTIONS, clean, cut, mention_role, mention_user, quote
from cogs.ladder.model import DOUBT, Desk, Proposal, Standing, Step
from cogs.ladder.render import Titles, evidence_lines, progress_lines, text_of
from cogs.ladder.rules import LONGEST_REASON, LONGEST_TEXT, LONGEST_TITLE, Decision
from cogs.ladder.service import title_of

DESK = "ladder:staff.desk"
WAITING = "ladder:staff.waiting"
CONFIRM = "ladder:staff.confirm"
NOT_YET = "ladder:staff.not_yet"
NOT_YET_FORM = "ladder:staff.refused"
STEP = "ladder:staff.step"
WORDS = "ladder:staff.words"
WORDS_FORM = "ladder:staff.reworded"
ROLE = "ladder:staff.role"
OUT = "ladder:staff.out"
UP = "ladder:staff.up"
DOWN = "ladder:staff.down"
CRITERION_ADD = "ladder:staff.criterion_add"
CRITERION_ADD_REST = "ladder:staff.criterion_add_rest"
CRITERION = "ladder:staff.criterion"
CRITERION_FORM = "ladder:staff.criterion_set"
ADD = "ladder:staff.add"
ADD_FORM = "ladder:staff.added"
MEMBER = "ladder:staff.member"
PLACE = "ladder:staff.place"
PLACE_FORM = "ladder:staff.placed"


WAITING_SHOWN = 10  # in words; the menu below has all


def desk_card(desk: Desk, t: Translator, *, said_first: str | None = None) -> Card:
    """The steps with how many hold each, and what waits."""
    lines = [f"**{said_first}**"] if said_first else []
    lines.append(t("**The ladder**, the highest step first"))
    for number, step in reversed(list(enumerate(desk.steps))):
        lines.append(_step_line(step, desk.holders.get(step.key, 0), t, is_first=number == 0))
    items: list[Item] = [Text("\n".join(lines))]
    if desk.waiting:
        waiting = [
            t.tn("**{n} step waits for your word.**", "**{n} steps wait for your word.**", len(desk.waiting))
        ]
        waiting += [
            f"{number}. {mention_user(each.member_id)}: {quote(_waiting_label(each, t), 200)}"
            for number, each in enumerate(desk.waiting[:WAITING_SHOWN], start=1)
        ]
        options = tuple(
            Option(f"{number}. {_waiting_label(each, t)}", str(each.id))
            for number, each in enumerate(desk.waiting, start=1)
        )
        items.append(Text("\n".join(waiting)))
        items.append(Pick(custom_id(WAITING), t("Look at one that waits"), options))
    options = tuple(Option(cut(_plain(each, t), 90), each.key) for each in desk.steps)
    items.append(Pick(custom_id(STEP), t("Change a step"), options))
    items.append(PickMember(custom_id(MEMBER), t("Look at somebody, or place them by hand")))
    items.append(Buttons((Button(t("Add a step"), custom_id(ADD)),)))
    return Card(tuple(items))


def proposal_card(proposal: Proposal, titles: Titles, t: Translator) -> Card:
    """For staff: somebody's way to a step, with the evidence in view."""
    step = proposal.step
    assert step is not None  # who draws it has looked
    who = mention_user(proposal.member_id)
    if proposal.kind == DOUBT:
        head = t(
            "**Does {member} stay {title}?** Something that earned it was taken back.",
            member=who,
            title=title_of(step, t),
        )
    else:
        head = t(
            "**{member} has what {title} asks for.** Somebody has to confirm it.",
            member=who,
            title=title_of(step, t),
        )
    items: list[Item] = [Text("\n".join([head, *progress_lines(proposal.progress, titles, t)]))]
    if proposal.evidence:
        lines = [
            t("**What counts**, the newest first"),
            *evidence_lines(proposal.evidence, titles, t),
        ]
        items.append(Text("\n".join(lines)))
    if proposal.state is not Decision.OPEN:
        items.append(Text(_decided(proposal, t)))
        return Card(tuple(items))
    if proposal.kind == DOUBT:
        labels = (t("They stay"), t("Take the step back"))
    else:
        labels = (t("Confirm"), t("Not yet"))
    items.append(
        Buttons(
            (
                Button(labels[0], custom_id(CONFIRM, proposal.id), style=Style.PRIMARY),
                Button(labels[1], custom_id(NOT_YET, proposal.id)),
            )
        )
    )
    return Card(tuple(items))


def not_yet_form(proposal: Proposal, t: Translator) -> Form:
    field = TextField(
        "reason",
        t("Why?"),
        description=t("They read it. What should they do next? What have you seen that you liked?"),
        long=True,
        max_length=LONGEST_REASON,
    )
    title = t("Take the step back") if proposal.kind == DOUBT else t("Not yet")
    return Form(title, custom_id(NOT_YET_FORM, proposal.id), (field,))


def step_card(
    step: Step,
    number: int,
    titles: Titles,
    t: Translator,
    *,
    is_first: bool,
    up: bool = False,
    down: bool = False,
) -> Card:
    """One step, and what can be changed about it. Its controls know it by `number`; `up`, `down`: it can be moved so."""
    lines = [f"**{title_of(step, t)}**", text_of(step, t)]
    if is_first:
        lines.append(t("-# Everybody begins here."))
    lines += [f"- {sentence(each, titles, t)}" for each in step.rule.criteria]
    if step.powers:
        lines.append(t("-# Somebody of staff confirms it."))
    elif not step.rule.criteria and not is_first:
        lines.append(t("-# Without criteria it is given by staff alone."))
    if step.is_off:
        lines.append(t("-# It is left out at present."))
    items: list[Item] = [Text("\n".join(lines))]
    buttons = [Button(t("Change the words"), custom_id(WORDS, number))]
    if not is_first:
        kinds = tuple(Option(cut(t(title), 90), kind) for kind, title in titles.items())
        # A menu holds so many; the second one has the rest.
        menus = ((CRITERION_ADD, t("Add a criterion")), (CRITERION_ADD_REST, t("Add another criterion")))
        for part, (control, label) in enumerate(menus):
            some = kinds[part * SELECT_OPTIONS :][:SELECT_OPTIONS]
            if some:
                items.append(Pick(custom_id(control, number), label, some))
        options = tuple(
            Option(cut(sentence(each, titles, t), 90), str(place))
            for place, each in enumerate(step.rule.criteria)
        )
        items.append(Pick(custom_id(CRITERION, number), t("Change a criterion, or take it away"), options))
        place = PickPlace(custom_id(ROLE, number), t("The role that comes with it"), "role", step.role_id)
        items.append(place)
        label = t("Put it back") if step.is_off else t("Leave it out")
        buttons.append(Button(label, custom_id(OUT, number)))
    buttons.append(Button(t("Back"), custom_id(DESK)))
    moves = [Button(t("Move it up"), custom_id(UP, number))] if up else []
    moves += [Button(t("Move it down"), custom_id(DOWN, number))] if down else []
    if moves:
        items.append(Buttons(tuple(moves)))
    items.append(Buttons(tuple(buttons)))
    return Card(tuple(items))


def words_form(step: Step | None, number: int, t: Translator) -> Form:
    """A step's words; for a new one without `step`."""
    control = custom_id(ADD_FORM) if step is None else custom_id(WORDS_FORM, number)
    title = "" if step is None else _plain(step, t)
    text = "" if step is None else (t(step.text) if step.ours else step.text)
    return Form(
        t("A new step") if step is None else t("Change the step"),
        control,
        (
            TextField("title", t("What is it called?"), max_length=LONGEST_TITLE, value=title or None),
            TextField(
                "text",
                t("What does somebody on it do?"),
                long=True,
                required=False,
                max_length=LONGEST_TEXT,
                value=text or None,
            ),
            TickField(
                "powers",
                t("Somebody of staff confirms it"),
                description=t("Tick this when the step gives powers, such as a role that can do more."),
                value=step.powers if step is not None else True,
            ),
        ),
    )


def criterion_form(control_number: int, what: str, before: Criterion | None, t: Translator) -> Form:
    """How many, with how many people, within how long."""
    fields = (
        TextField(
            "at_least",
            t("How many at least?"),
            description=t("0 takes the criterion away."),
            max_length=4,
            value=str(before.at_least if before is not None else 1),
        ),
        TextField(
            "people",
            t("With how many different people?"),
            description=t("0 when it does not matter."),
            max_length=4,
            required=False,
            value=str(before.people if before is not None else 0),
        ),
        TextField(
            "days",
            t("Within how many days?"),
            description=t("0 when it does not matter."),
            max_length=3,
            required=False,
            value=str((before.window_days or 0) if before is not None else 0),
        ),
    )
    return Form(cut(what, 45), custom_id(CRITERION_FORM, control_number), fields)


def member_card(standing: Standing, titles: Titles, t: Translator, *, said_first: str | None = None) -> Card:
    """For staff: where somebody stands, and placing them by hand."""
    lines = [f"**{said_first}**"] if said_first else []
    lines.append(
        t(
            "**{member} is on the step “{title}”.**",
            member=mention_user(standing.member_id),
            title=title_of(standing.current, t),
        )
    )
    if standing.emeritus:
        former = ", ".join(title_of(each, t) for each in standing.emeritus)
        lines.append(t("Stepped down from: {titles}", titles=former))
    if standing.following is not None and standing.progress:
        lines.append(
            t(
                "To {title}: {done} of {all} done",
                title=title_of(standing.following, t),
                done=standing.done,
                all=len(standing.progress),
            )
        )
        lines += progress_lines(standing.progress, titles, t)
    place = Button(t("Place them by hand"), custom_id(PLACE, standing.member_id))
    return Card((Text("\n".join(lines)), Buttons((place, Button(t("Back"), custom_id(DESK))))))


def place_form(standing: Standing, t: Translator) -> Form:
    """On which step, and why."""
    options = tuple(
        Option(cut(_plain(each, t), 90), each.key, chosen=each == standing.current) for each in standing.steps
    )
    fields = (
        ChoiceField("step", t("On which step?"), options),
        TextField(
            "reason", t("Why? It stands in the record of changes."), long=True, max_length=LONGEST_REASON
        ),
    )
    return Form(t("Place somebody by hand"), custom_id(PLACE_FORM, standing.member_id), fields)


def _step_line(step: Step, holders: int, t: Translator, *, is_first: bool) -> str:
    details: list[str] = []
    if is_first:
        details.append(t("everybody begins here"))
    else:
        details.append(t.tn("{n} holds it", "{n} hold it", holders))
    if step.powers:
        details.append(t("confirmed by staff"))
    if step.role_id is not None:
        details.append(mention_role(step.role_id))
    if step.is_off:
        details.append(t("left out"))
    return f"- **{title_of(step, t)}**: {', '.join(details)}"


def _decided(proposal: Proposal, t: Translator) -> str:
    who = mention_user(proposal.decided_by) if proposal.decided_by else t("staff")
    if proposal.state is Decision.CONFIRMED:
        return t("**Confirmed** by {who}.", who=who)
    if proposal.state is Decision.NOT_YET:
        head = t("**Not yet**, said {who}:", who=who)
        return f"{head}\n> {quote(proposal.reason or '', 2 * LONGEST_REASON)}"
    return t("**It has fallen away**, and nothing is to be decided.")


def _waiting_label(proposal: Proposal, t: Translator) -> str:
    title = _plain(proposal.step, t) if proposal.step is not None else "…"
    return cut(t("{title}: stays?", title=title) if proposal.kind == DOUBT else title, 90)


def _plain(step: Step, t: Translator) -> str:
    return clean(t(step.title) if step.ours else step.title)
