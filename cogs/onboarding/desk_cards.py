"""What facilitators see of the people in quests: who is where, one person, and where newcomers stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.cards import Button, Buttons, Card, Form, Item, Option, Pick, Style, Text, TextField, custom_id
from bot.i18n import N_, Translator
from bot.text import cut, label_of, mention_user, quote, timestamp
from cogs.onboarding.definition import StepDefinition
from cogs.onboarding.desk import SMALLEST_CELL, FunnelStage, PeoplePage, StuckStep, Whereabouts
from cogs.onboarding.editor_cards import note_items
from cogs.onboarding.editor_words import quest_label, quest_name, step_label, step_name
from cogs.onboarding.model import Quest
from cogs.onboarding.progress import StepState
from cogs.onboarding.workbench import QuestView

PAGE = "onboarding:desk.page"  # with the number of a page
STUCK_PAGE = "onboarding:desk.stuck"
PERSON_PICK = "onboarding:desk.pick"
PERSON = "onboarding:desk.person"  # this and the next four: with the quest's row id
TAKE = "onboarding:desk.take"
TAKE_FROM = "onboarding:desk.take_from"
HAND_BACK = "onboarding:desk.hand_back"
ASK_TAKE = "onboarding:desk.ask_take"
TICK_PICK = "onboarding:desk.tick_pick"
TICK = "onboarding:desk.tick"  # with the code of a step, see `render.code_of`
FUNNEL = "onboarding:funnel.open"  # with a version's row and the place of a span, see `funnel_code`
FUNNEL_PICK = "onboarding:funnel.pick"

LONGEST_WHY = 300
SPANS: tuple[tuple[int | None, str], ...] = (
    (None, N_("Since the beginning")),
    (30, N_("Last 30 days")),
    (90, N_("Last 90 days")),
)
_STUCK_SHOWN = 4
_BAR = 10
_STEP_ROOM = 32  # 25 people have to fit a card
NameOf = Callable[[int], str | None]

_STAGE_NAMES = {
    "joined": N_("Joined"),
    "screened": N_("Accepted the rules"),
    "started": N_("Started the quest"),
    "finished": N_("Finished the quest"),
    "contributed": N_("First contribution elsewhere"),
}


def people_card(
    page: PeoplePage, name_of: NameOf, t: Translator, *, only_stuck: bool = False, note: str | None = None
) -> Card:
    """Who is in a quest and not through."""
    hours = round(page.wait.total_seconds() / 3600)
    if not page.total:
        text = (
            t.tn(
                "**Nobody is stuck.** Everybody in a quest went on in the last hour.",
                "**Nobody is stuck.** Everybody in a quest went on in the last {n} hours.",
                hours,
            )
            if only_stuck
            else t("**Nobody is in the middle of a quest at the moment.**")
        )
        rows = [Buttons((Button(t("Show everybody"), custom_id(PAGE, 0)),))] if only_stuck else []
        return Card((*note_items(note), Text(text), *rows))
    lines = [t.tn("**{n} person is in a quest**", "**{n} people are in a quest**", page.total)]
    if only_stuck:
        lines = [t.tn("**{n} person has not gone on**", "**{n} people have not gone on**", page.total)]
    if page.stuck:
        lines.append(
            t.tn(
                "A step that holds people up for an hour or longer may need a better hint:",
                "A step that holds people up for {n} hours or longer may need a better hint:",
                hours,
            )
        )
        lines += [_stuck_line(each, t) for each in page.stuck[:_STUCK_SHOWN]]
    items: list[Item] = [*note_items(note), Text("\n".join(lines))]
    for heading, is_stuck in ((t("**Could use a hand**"), True), (t("**On their way**"), False)):
        people = [_person_line(each, t) for each in page.people if each.is_stuck is is_stuck]
        if people:
            items.append(Text("\n".join([heading, *people])))
    options = tuple(_person_option(each, name_of, t) for each in page.people)
    items.append(Pick(custom_id(PERSON_PICK), t("Open a person"), options))
    control = STUCK_PAGE if only_stuck else PAGE
    row: list[Button] = []
    if page.number:
        row.append(Button(t("Previous page"), custom_id(control, page.number - 1)))
    if page.number < page.last:
        row.append(Button(t("Next page"), custom_id(control, page.number + 1)))
    if only_stuck:
        row.append(Button(t("Show everybody"), custom_id(PAGE, 0)))
    elif page.stuck:
        row.append(Button(t("Only those who are stuck"), custom_id(STUCK_PAGE, 0)))
    if page.last:
        items.append(Text(t("-# Page {n} of {total}", n=page.number + 1, total=page.last + 1)))
    return Card((*items, *([Buttons(tuple(row))] if row else [])))


def person_card(found: Whereabouts, viewer_id: int, t: Translator, *, note: str | None = None) -> Card:
    """Where one person is in one quest, and what a facilitator can do for them."""
    quest = found.quest
    lines = [
        t(
            "**{who} in “{quest}”: {done} of {total} done**",
            who=mention_user(quest.member_id),
            quest=quest_name(quest.definition, t),
            done=quest.progress.done,
            total=quest.progress.total,
        ),
        *(_step_line(quest, step, t) for step in quest.path),
        "",
        _standing(found, t),
    ]
    helper = _helper_words(found.helper_id, viewer_id, t)
    if helper:
        lines.append(helper)
    items: list[Item] = [*note_items(note), Text("\n".join(lines))]
    left = [step for step in quest.path if quest.progress.states[step.key] is not StepState.DONE]
    if left and not quest.is_finished:
        options = tuple(Option(step_label(step, t), str(step.number)) for step in left)
        items.append(Pick(custom_id(TICK_PICK, quest.id), t("Mark a step done by hand"), options))
    back = Button(t("Back to everybody"), custom_id(PAGE, 0))
    if quest.is_finished:
        return Card((*items, Buttons((back,))))
    if found.helper_id == viewer_id:
        first = Button(t("Look after them no longer"), custom_id(HAND_BACK, quest.id))
    else:
        first = Button(t("Take over"), custom_id(ASK_TAKE, quest.id), style=Style.PRIMARY)
    return Card((*items, Buttons((first, back))))


def take_card(found: Whereabouts, t: Translator) -> Card:
    """What taking over means, before it is done."""
    quest = found.quest
    lines = [
        t("**Look after {who} yourself?**", who=mention_user(quest.member_id)),
        t(
            "It says: I help them personally. Other facilitators see it, so that no two of you do, and I do not remind "
            "them of this quest any more. They are not told; say hello to them yourself."
        ),
    ]
    control = TAKE
    if found.helper_id is not None:
        control = TAKE_FROM
        lines.append(
            t("{helper} does so already. Please speak with them first.", helper=mention_user(found.helper_id))
        )
    yes = Button(t("I look after them"), custom_id(control, quest.id), style=Style.PRIMARY)
    return Card((Text("\n".join(lines)), Buttons((yes, Button(t("Not now"), custom_id(PERSON, quest.id))))))


def tick_form(step: StepDefinition, code: int, t: Translator) -> Form:
    """The form that asks why a step is marked by hand."""
    why = TextField(
        "why",
        t("Why is it done?"),
        description=t("For the other facilitators; the member does not see it."),
        placeholder=t("For example: said hello in voice chat"),
        max_length=LONGEST_WHY,
    )
    return Form(t("Mark done: {step}", step=step_label(step, t)), custom_id(TICK, code), (why,))


def funnel_code(view: QuestView, span: int) -> int:
    """A quest and a span of time as the row id of a control. Never change it."""
    return view.shown.id * len(SPANS) + span


def read_funnel(code: int | None) -> tuple[int, int]:
    """The version's row and the place of the span."""
    return divmod(code or 0, len(SPANS))


def funnel_card(
    views: Sequence[QuestView], view: QuestView, stages: Sequence[FunnelStage], span: int, t: Translator
) -> Card:
    """How many came how far, as counts only."""
    definition = (view.published or view.shown).definition
    title = t("**How newcomers go on: “{quest}”**", quest=quest_name(definition, t))
    lines = [f"{title}\n{t(SPANS[span][1])}"]
    first, former = stages[0].people, None
    for stage in stages:
        lines.append(_stage_lines(stage, definition.steps, first, former, view, t))
        former = stage.people
    lines.append(
        t(
            "-# Minutes count from joining. Fewer than {n} people are never shown as a number, because in a "
            "small group everybody would know who is meant.",
            n=SMALLEST_CELL,
        )
    )
    spans = tuple(
        Button(t(label), custom_id(FUNNEL, funnel_code(view, at)), disabled=at == span)
        for at, (_, label) in enumerate(SPANS)
    )
    items: list[Item] = [Text("\n".join(lines)), Buttons(spans)]
    if len(views) > 1:
        options = tuple(
            Option(
                quest_label(each.definition, t), str(each.shown.id), chosen=each.shown.key == view.shown.key
            )
            for each in views[:25]
        )
        items.append(Pick(custom_id(FUNNEL_PICK, span), t("Another quest"), options))
    return Card(tuple(items))


def _stage_lines(
    stage: FunnelStage,
    steps: Sequence[StepDefinition],
    first: int | None,
    former: int | None,
    view: QuestView,
    t: Translator,
) -> str:
    name = t(_STAGE_NAMES[stage.name]) if stage.name in _STAGE_NAMES else ""
    for n, step in enumerate(steps, start=1):
        if stage.name == f"step:{step.key}":
            name = t("Step {n}: {step}", n=n, step=step_name(step, view.places, t))
    if stage.people is None:
        return t("**{stage}**: fewer than {n} people", stage=name, n=SMALLEST_CELL)
    count = t.tn("**{stage}**: {n} person", "**{stage}**: {n} people", stage.people, stage=name)
    details: list[str] = []
    if former and stage.people <= former:
        details.append(t("{share} % of those before", share=round(100 * stage.people / former)))
    if stage.minutes is not None and stage.name != "joined":
        details.append(t("median {n} min", n=stage.minutes))
    text = ", ".join([count, *details])
    if not first:
        return text
    filled = min(_BAR, round(_BAR * stage.people / first))
    return f"`{'█' * filled}{'░' * (_BAR - filled)}` {text}"


def _stuck_line(each: StuckStep, t: Translator) -> str:
    step = each.quest.definition.step(each.step)
    assert step is not None
    n = each.quest.definition.steps.index(step) + 1
    return t.tn(
        "- Step {at} of “{quest}” ({step}): {n} person",
        "- Step {at} of “{quest}” ({step}): {n} people",
        each.people,
        at=n,
        quest=quest_name(each.quest.definition, t),
        step=step_name(step, each.quest.places, t),
    )


def _person_line(found: Whereabouts, t: Translator) -> str:
    quest = found.quest
    step = quest.definition.step(found.step) if found.step else None
    where = quote(step_label(step, t), _STEP_ROOM) if step is not None else t("waits for staff")
    line = t(
        "- {who}: {step}, since {when}",
        who=mention_user(quest.member_id),
        step=where,
        when=_when(found.since),
    )
    if found.helper_id is not None:
        line += ", " + t("with {helper}", helper=mention_user(found.helper_id))
    return line


def _person_option(found: Whereabouts, name_of: NameOf, t: Translator) -> Option:
    quest = found.quest
    name = label_of(name_of(quest.member_id), quest.member_id, t)
    step = quest.definition.step(found.step) if found.step else None
    where = step_label(step, t) if step is not None else t("waits for staff")
    return Option(
        cut(name, 80),
        str(quest.id),
        t("{quest}: {step}", quest=cut(quest_label(quest.definition, t), 40), step=where),
    )


def _step_line(quest: Quest, step: StepDefinition, t: Translator) -> str:
    name = step_name(step, quest.places, t)
    at = quest.recorded_at.get(step.key)
    by = quest.marked_by.get(step.key)
    match quest.progress.states[step.key]:
        case StepState.DONE if by is not None:
            return t(
                "- Done {when}, marked by {who}: {step}", when=_when(at), who=mention_user(by), step=name
            )
        case StepState.DONE:
            return t("- Done {when}: {step}", when=_when(at), step=name)
        case StepState.SKIPPED:
            return t("- Skipped {when}: {step}", when=_when(at), step=name)
        case StepState.RESTING:
            return t("- Waits until staff choose a channel or role: {step}", step=name)
        case _ if step.key == quest.progress.next_step:
            return t("- **Next: {step}**", step=name)
        case _:
            return t("- Later: {step}", step=name)


def _standing(found: Whereabouts, t: Translator) -> str:
    quest = found.quest
    if quest.is_finished:
        return t("Finished, on version {version}.", version=quest.version)
    if found.is_stuck:
        return t(
            "Nothing new since {when}, on version {version}. The step may be unclear, or life got in the way: a kind word often helps.",
            when=_when(found.since),
            version=quest.version,
        )
    return t("Last went on {when}, on version {version}.", when=_when(found.since), version=quest.version)


def _helper_words(helper_id: int | None, viewer_id: int, t: Translator) -> str:
    if helper_id is None:
        return ""
    if helper_id == viewer_id:
        return t("**You look after them.** I do not remind them of this quest any more.")
    return t("**{helper} looks after them.**", helper=mention_user(helper_id))


def _when(instant: datetime | None) -> str:
    return timestamp(instant, "R") if instant is not None else "?"
