"""What facilitators see while they write the charter."""

from __future__ import annotations

from bot.acts import CountBy
from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Divider,
    Field,
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
from bot.errors import UserError
from bot.i18n import Translator
from bot.text import SELECT_OPTIONS, TEXT_INPUT, clean, mention_channel, quote
from cogs.charter import rules
from cogs.charter.model import Charter, Draft, Outcome, Part, Proposal, Saved
from cogs.charter.render import (
    OPEN,
    QUOTED_MISSION,
    QUOTED_WORDS,
    changes_text,
    metric_text,
    mission_text,
    moment_text,
    numbered,
    outcome_text,
    outcomes_heading,
    outcomes_text,
    too_few_text,
)

ASK_MISSION = "charter:mission.ask"
ASK_OUTCOME = "charter:outcome.ask"
ASK_NORMS = "charter:norms.ask"
OPEN_OUTCOME = "charter:outcome.open"
CHANGE_OUTCOME = "charter:outcome.change"
REMOVE_OUTCOME = "charter:outcome.remove"
FORM = "charter:draft.set"
FORM_AGAIN = "charter:draft.set_again"  # opened from the draft's own card, which it then replaces
EDIT_DRAFT = "charter:draft.edit"
SAVE_DRAFT = "charter:draft.save"
DISCARD_DRAFT = "charter:draft.discard"
METRICS = ("charter:metric.choose", "charter:metric.choose_more")

_QUOTED_ERROR = 80


def setup_items(mission: str | None, outcomes: int, t: Translator) -> tuple[Item, ...]:
    """The charter's part of setting up a community: what there is, and what to write next."""
    count = t.tn("{n} outcome is running.", "{n} outcomes are running.", outcomes)
    lines = [mission_text(mission, t), count]
    if outcomes < rules.FEWEST_OUTCOMES:
        lines.append(too_few_text(t))
    return (Text("\n".join(lines)), Buttons(_ask_buttons(mission, outcomes, t)))


def manage_card(charter: Charter, t: Translator) -> Card:
    """Everything of the charter and how to change it."""
    intro = t("**The charter**\nEverybody sees it with `/charter show`. Nobody is pinged by what you change.")
    items: list[Item] = [Text(intro), Divider(), Text(mission_text(charter.mission, t)), Divider()]
    if charter.outcomes:
        options = tuple(Option(clean(each.words), str(each.id)) for each in charter.outcomes)
        items.append(Text(outcomes_text(charter.outcomes, t)))
        items.append(Pick(custom_id(OPEN_OUTCOME), t("Change or remove an outcome"), options))
    else:
        items.append(Text(f"{outcomes_heading(t)}\n{t('No outcomes yet.')}"))
    if len(charter.running) < rules.FEWEST_OUTCOMES:
        items.append(Text(f"-# {too_few_text(t)}"))
    items += [Divider(), *_norms_items(charter, t)]
    items.append(Buttons(_ask_buttons(charter.mission, len(charter.running), t)))
    return Card(tuple(items))


def outcome_card(outcome: Outcome, t: Translator) -> Card:
    """One outcome, to be changed or removed."""
    change = Button(t("Change it"), custom_id(CHANGE_OUTCOME, outcome.id), style=Style.PRIMARY)
    remove = Button(t("Remove it"), custom_id(REMOVE_OUTCOME, outcome.id), style=Style.DANGER)
    has_ended = outcome.progress is not None and outcome.progress.has_ended
    buttons = (remove, _back(t)) if has_ended else (change, remove, _back(t))
    return Card((Text(outcome_text(outcome, t)), Buttons(buttons)))


def form_for(draft: Draft, t: Translator, *, again: bool = False) -> Form:
    """The form with what the draft holds; `again` when it is opened from the draft's own card."""
    control = custom_id(FORM_AGAIN if again else FORM, draft.id)
    match draft.part:
        case Part.MISSION:
            return Form(t("Mission"), control, (_mission_field(draft, t),))
        case Part.OUTCOME:
            return Form(t("Outcome"), control, _outcome_fields(draft, t))
        case Part.NORMS:
            return Form(t("Norms"), control, _norms_fields(draft, t))


def proposal_card(proposal: Proposal, t: Translator) -> Card:
    """What a draft would do, or why it cannot be saved, with what was typed kept."""
    draft = proposal.draft
    edit = Button(t("Go on editing"), custom_id(EDIT_DRAFT, draft.id))
    discard = Button(t("Give it up"), custom_id(DISCARD_DRAFT, draft.id))
    if proposal.problem is not None:
        kept = t("What you wrote is kept.")
        text = f"{_problem_text(proposal.problem, t)}\n{kept}"
        edit = Button(edit.label, edit.custom_id, style=Style.PRIMARY)
        return Card((Text(text), *_typed_items(proposal, t), Buttons((edit, discard))))
    items: list[Item] = [*_stale_items(proposal, t), *_shown(proposal, t)]
    label = {
        Part.MISSION: t("Save mine"),
        Part.OUTCOME: t("Save mine") if proposal.is_stale else t("Save"),
        Part.NORMS: t("Publish mine") if proposal.is_stale else t("Publish"),
    }[draft.part]
    save = Button(label, custom_id(SAVE_DRAFT, draft.id), style=Style.PRIMARY)
    can_save = proposal.outcome is None or proposal.outcome.metric is not None
    return Card((*items, Buttons((save, edit, discard) if can_save else (edit, discard))))


def saved_card(saved: Saved, t: Translator) -> Card:
    """It is saved: what happens next."""
    match saved.part:
        case Part.MISSION:
            text = t("**The mission is saved.** Everybody finds it with `/charter show`.")
        case Part.OUTCOME:
            text = t("**The outcome is saved.** `/charter show` counts it from now on by itself.")
        case Part.NORMS:
            text = _published_text(saved, t)
    return Card((Text(text), Buttons((_back(t),))))


def _published_text(saved: Saved, t: Translator) -> str:
    done = t("**Version {version} of the norms is published.**", version=saved.version)
    if saved.posted_in is not None:
        return (
            f"{done} {t('I say so in {channel}, pinging nobody.', channel=mention_channel(saved.posted_in))}"
        )
    if saved.is_material:
        return f"{done} {_no_channel_text(t)}"
    return f"{done} {t('Who agreed before has agreed to this one too.')}"


def _no_channel_text(t: Translator) -> str:
    return t("It is not announced, because no channel is chosen for that: see `/setup start`, page Charter.")


def _mission_field(draft: Draft, t: Translator) -> TextField:
    return TextField(
        "mission",
        t("What is this community for?"),
        description=t("One sentence"),
        placeholder=t("We help each other learn to …"),
        max_length=rules.LONGEST_MISSION,
        value=_typed(draft, "mission"),
        long=True,
    )


def _outcome_fields(draft: Draft, t: Translator) -> tuple[Field, ...]:
    by = _typed(draft, "counted_by") or CountBy.ACTS.value
    ways = (
        Option(t("How many in all"), CountBy.ACTS.value, chosen=by == CountBy.ACTS.value),
        Option(t("By how many different people"), CountBy.PEOPLE.value, chosen=by == CountBy.PEOPLE.value),
    )
    return (
        TextField(
            "words",
            t("What should be reached?"),
            description=t("In your own words. What is counted you choose next."),
            placeholder=t("40 people finish their first quest"),
            max_length=rules.LONGEST_WORDS,
            value=_typed(draft, "words"),
        ),
        ChoiceField("counted_by", t("How is it counted?"), ways),
        TextField("target", t("Which number is the target?"), max_length=20, value=_typed(draft, "target")),
        TextField(
            "until",
            t("By when?"),
            description=t("For example “in 3 months” or “2026-12-31”, by the community's clock"),
            max_length=60,
            value=_typed(draft, "until"),
        ),
        TextField(
            "from",
            t("Counting from which day?"),
            description=t("Like 2026-01-31. Empty: from now on"),
            required=False,
            max_length=20,
            value=_typed(draft, "from"),
        ),
    )


def _norms_fields(draft: Draft, t: Translator) -> tuple[Field, ...]:
    norms = TextField(
        "norms",
        t("What do you ask of each other?"),
        description=t("One norm a line, at most {n}", n=rules.MOST_NORMS),
        long=True,
        max_length=TEXT_INPUT,
        value=_typed(draft, "norms"),
    )
    again = TickField(
        "reread",
        t("People should read it again"),
        description=t("Tick it when something that matters changes. It is announced then."),
        value=bool(draft.typed.get("reread")),
    )
    return (norms, again)


def _stale_items(proposal: Proposal, t: Translator) -> list[Item]:
    """What stands now, when somebody else saved first."""
    if not proposal.is_stale:
        return []
    warning = t(
        "**Somebody else saved a change while you were writing.** Nothing of either is lost. Compare:"
    )
    match proposal.draft.part:
        case Part.MISSION:
            now = mission_text(proposal.mission, t)
        case Part.OUTCOME if proposal.before is None:
            now = t("The outcome was removed. Saving yours makes it a new one.")
        case Part.OUTCOME:
            now = t("As it stands now:") + "\n" + _outcome_lines(proposal.before, t)
        case Part.NORMS:
            now = t(
                "Against version {version}, which stands now, yours changes this:",
                version=proposal.version - 1,
            )
    return [Text(f"{warning}\n{now}"), Divider()]


def _shown(proposal: Proposal, t: Translator) -> list[Item]:
    match proposal.draft.part:
        case Part.MISSION:
            return [Text(f"{t('**Yours**')}\n{quote(proposal.new_mission or '', QUOTED_MISSION)}")]
        case Part.OUTCOME:
            assert proposal.outcome is not None
            heading = t("**Is this what you mean?**")
            items: list[Item] = [Text(f"{heading}\n{_outcome_lines(proposal.outcome, t)}")]
            return items + _metric_picks(proposal, t)
        case Part.NORMS:
            heading = t("**Version {version} of the norms**: please look it over.", version=proposal.version)
            body = changes_text(proposal.changes, t) if proposal.version > 1 else numbered(proposal.norms)
            return [Text(f"{heading}\n{body}"), Text(_what_follows(proposal, t))]


def _what_follows(proposal: Proposal, t: Translator) -> str:
    if not proposal.is_material:
        return t("It is not announced, and who agreed before has agreed to this one too.")
    if proposal.channel_id is None:
        return f"{t('People are asked to agree in `/charter show`.')} {_no_channel_text(t)}"
    return t(
        "It is announced once in {channel}, pinging nobody. People are asked to agree there and in `/charter show`.",
        channel=mention_channel(proposal.channel_id),
    )


def _outcome_lines(outcome: Outcome | None, t: Translator) -> str:
    assert outcome is not None
    lines = [
        quote(outcome.words, QUOTED_WORDS),
        t("Target: {n}", n=outcome.target),
        t("By: {when}", when=moment_text(outcome.ends_at)),
        t("Counts: {what}", what=metric_text(outcome, t) or t("nothing yet. Choose it here:")),
    ]
    return "\n".join(lines)


def _metric_picks(proposal: Proposal, t: Translator) -> list[Item]:
    assert proposal.outcome is not None
    chosen = proposal.outcome.kind
    options = tuple(
        Option(t(title), kind, chosen=kind == chosen) for kind, title in (proposal.metrics or {}).items()
    )
    if not options:
        return [Text(t("None of my features that count something is switched on at the moment."))]
    starts = range(0, len(options), SELECT_OPTIONS)
    return [
        Pick(custom_id(control, proposal.draft.id), t("What is counted?"), options[at : at + SELECT_OPTIONS])
        for control, at in zip(METRICS, starts, strict=False)
    ]


def _typed_items(proposal: Proposal, t: Translator) -> list[Item]:
    """The menu of what can be counted belongs beside the problem that it is not chosen."""
    return _metric_picks(proposal, t) if proposal.outcome is not None else []


def _problem_text(problem: UserError, t: Translator) -> str:
    fields = {
        name: quote(value, _QUOTED_ERROR) if isinstance(value, str) and "`" not in value else value
        for name, value in problem.fields.items()
    }
    return t(problem.message, **fields)


def _norms_items(charter: Charter, t: Translator) -> list[Item]:
    if charter.norms is None:
        return [Text(t("**What we ask of each other**\nNo norms yet."))]
    heading = t("**What we ask of each other** (version {version})", version=charter.norms.version)
    agreed = t.tn("{n} person agreed.", "{n} people agreed.", charter.agreed)
    return [Text(f"{heading}\n{numbered(charter.norms.lines)}"), Text(f"-# {agreed}")]


def _ask_buttons(mission: str | None, outcomes: int, t: Translator) -> tuple[Button, ...]:
    """What can be written; the one that is missing first stands out."""
    next_is_outcome = bool(mission) and outcomes < rules.FEWEST_OUTCOMES
    return (
        Button(t("Write the mission"), custom_id(ASK_MISSION), style=_style(is_next=not mission)),
        Button(t("Add an outcome"), custom_id(ASK_OUTCOME), style=_style(is_next=next_is_outcome)),
        Button(t("Write the norms"), custom_id(ASK_NORMS)),
    )


def _style(*, is_next: bool) -> Style:
    return Style.PRIMARY if is_next else Style.SECONDARY


def _back(t: Translator) -> Button:
    return Button(t("See the whole charter"), custom_id(OPEN))


def _typed(draft: Draft, name: str) -> str | None:
    return str(draft.typed.get(name) or "") or None
