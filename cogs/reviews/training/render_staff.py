"""Draws the training for facilitators."""

from __future__ import annotations

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
    PickMember,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.i18n import Translator
from bot.text import SELECT_OPTIONS, clean, cut, mention_role, mention_user, quote, timestamp
from cogs.reviews.training.model import Licence, OwnSample, StaffDesk, number_of
from cogs.reviews.training.render import criterion_field
from cogs.reviews.training.rules import A_SET
from cogs.reviews.training.staff import reference_form_criteria, usable_rubrics
from cogs.reviews.training.words import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    LONGEST_WHY,
    ROOM_FOR_WHY,
    answer_of,
    criterion_title,
    rubric_title,
    text_of,
    title_of,
    why_of,
)

DESK = "reviews:training.desk"
LIST = "reviews:training.list"
THRESHOLD = "reviews:training.threshold"
MEMBER = "reviews:training.member"
ROLES = "reviews:training.roles"
GIVE = "reviews:licence.give"
GIVE_FORM = "reviews:licence.given"
TAKE = "reviews:licence.take"
TAKE_FORM = "reviews:licence.taken"
SAMPLES = "reviews:sample.list"
PICK = "reviews:sample.pick"
ADD = "reviews:sample.add"
ADD_FORM = "reviews:sample.added"
EDIT = "reviews:sample.edit"
EDIT_FORM = "reviews:sample.edited"
REFERENCE = "reviews:sample.reference"
REFERENCE_FORM = "reviews:sample.referenced"
RETIRE = "reviews:sample.retire"
BRING_BACK = "reviews:sample.bring_back"
RETIRE_SHIPPED = "reviews:shipped.retire"
BRING_BACK_SHIPPED = "reviews:shipped.bring_back"
_THRESHOLDS = (50, 60, 65, 70, 75, 80, 85, 90, 95)
A_PAGE = 20


def desk_card(desk: StaffDesk, t: Translator, page: int = 0, *, said_first: str | None = None) -> Card:
    """Who is a reviewer, and what decides it."""
    n = len(desk.held)
    lines = [said_first] if said_first else []
    lines.append(t("**Training and licences**"))
    role = desk.settings.reviewer_role_id
    lines.append(
        t("Reviewers get the role {role}.", role=mention_role(role))
        if role is not None
        else t("No role is chosen; the licence counts all the same. Choose one with `/setup start`.")
    )
    lines.append(t.tn("{n} work is used to practise on.", "{n} works are used to practise on.", desk.in_use))
    if desk.in_use < A_SET:
        lines.append(t("That is too few: a training has {n}. Bring some back or add your own.", n=A_SET))
    held = (
        t.tn("**{n} trained reviewer**", "**{n} trained reviewers**", n) if n else t("Nobody is trained yet.")
    )
    lines.append(held)
    pages = max(1, -(-n // A_PAGE))
    page %= pages
    lines += [_holder(each, t) for each in desk.held[page * A_PAGE :][:A_PAGE]]
    percents = sorted({*_THRESHOLDS, desk.settings.threshold})
    options = tuple(
        Option(t("Licence from {n} % on", n=each), str(each), chosen=each == desk.settings.threshold)
        for each in percents
    )
    buttons = [Button(t("Works to practise on"), custom_id(SAMPLES, 0))]
    if role is not None and n:
        buttons.append(Button(t("Give all of them the role"), custom_id(ROLES)))
    if pages > 1:
        buttons.append(Button(t("More reviewers"), custom_id(LIST, page + 1)))
    return Card(
        (
            Text("\n".join(lines)),
            Pick(custom_id(THRESHOLD), t("From how many percent on"), options),
            PickMember(custom_id(MEMBER), t("Give somebody a licence, or take one back")),
            Buttons(tuple(buttons)),
        )
    )


def member_card(
    member_id: int, licence: Licence | None, t: Translator, *, said_first: str | None = None
) -> Card:
    """Somebody's licence. What they answered is theirs alone."""
    member = mention_user(member_id)
    is_held = licence is not None and licence.held
    lines = [said_first] if said_first else []
    if licence is None:
        lines.append(t("{member} has no licence yet.", member=member))
    elif licence.held:
        since = timestamp(licence.since, "D")
        lines.append(t("{member} is a trained reviewer since {day}.", member=member, day=since))
    else:
        since = timestamp(licence.since, "D")
        lines.append(t("The licence of {member} was taken back on {day}.", member=member, day=since))
    if licence is not None and licence.reason:
        reason = quote(licence.reason, ROOM_FOR_WHY)
        by = mention_user(licence.by) if licence.by else t("somebody who has left")
        lines.append(t("Decided by {by}: {reason}", by=by, reason=reason))
    act = (
        Button(t("Take it back"), custom_id(TAKE, member_id))
        if is_held
        else Button(t("Give the licence"), custom_id(GIVE, member_id), style=Style.PRIMARY)
    )
    return Card((Text("\n".join(lines)), Buttons((act, Button(t("Back"), custom_id(DESK))))))


def reason_form(member_id: int, *, give: bool, t: Translator) -> Form:
    """Why: read by the member, and in the record of changes."""
    field = TextField(
        "reason",
        t("Why?"),
        description=t("The member reads it, and it stands in the record of changes."),
        max_length=LONGEST_WHY,
    )
    title = t("Give the licence") if give else t("Take the licence back")
    return Form(title, custom_id(GIVE_FORM if give else TAKE_FORM, member_id), (field,))


def samples_card(desk: StaffDesk, t: Translator, page: int = 0) -> Card:
    """The works, the community's own first."""
    pages = max(1, -(-len(desk.samples) // SELECT_OPTIONS))
    page %= pages
    shown = desk.samples[page * SELECT_OPTIONS :][:SELECT_OPTIONS]
    options = tuple(Option(_label(each, t), each.sample.key, _state(each, t)) for each in shown)
    text = t(
        "**Works to practise on**\nOf your own, three make a set of their own; fewer are joined by others. Whoever is in "
        "the middle of a training finishes it with the works as they were."
    )
    items: list[Item] = [Text(text), Pick(custom_id(PICK), t("Look at a work"), options)]
    buttons = [Button(t("Add a work"), custom_id(ADD), style=Style.PRIMARY)]
    if pages > 1:
        buttons.append(Button(t("More works"), custom_id(SAMPLES, page + 1)))
    items.append(Buttons((*buttons, Button(t("Back"), custom_id(DESK)))))
    return Card(tuple(items))


def sample_card(own: OwnSample, t: Translator, *, said_first: str | None = None) -> Card:
    """One work, with its reference."""
    sample = own.sample
    head = [said_first] if said_first else []
    head += [f"**{title_of(sample, t)}**", text_of(sample, t)]
    lines = [t("Judged by: {rubric}", rubric=rubric_title(sample.rubric, t))]
    for criterion in sample.rubric.criteria:
        title = criterion_title(sample.rubric, criterion, t)
        reference = sample.reference.get(criterion.key)
        if reference is None:
            lines.append(t("- {question} No answer yet.", question=title))
            continue
        answer = answer_of(sample.rubric, criterion, reference.answer, t)
        why = why_of(sample, criterion, t)
        if why:
            lines.append(t("- {question} “{answer}”, because {why}", question=title, answer=answer, why=why))
        else:
            lines.append(t("- {question} “{answer}”", question=title, answer=answer))
    if sample.why:
        lines.append(t("Why: {why}", why=quote(sample.why, ROOM_FOR_WHY)))
    if not sample.is_complete:
        lines.append(t("**It is used once every question has its reference answer.**"))
    if own.retired:
        lines.append(t("It is retired: no new training uses it."))
    return Card((Text("\n".join(head)), Divider(), Text("\n".join(lines)), *_sample_buttons(own, t)))


def sample_form(t: Translator, own: OwnSample | None = None) -> Form:
    """To add a work, or to change one."""
    sample = own.sample if own is not None else None
    rubric = sample.rubric.key if sample is not None else usable_rubrics()[0].key
    return Form(
        t("Change the work") if own is not None else t("Add a work"),
        custom_id(EDIT_FORM, own.own_id) if own is not None else custom_id(ADD_FORM),
        (
            TextField("title", t("Title"), max_length=LONGEST_TITLE, value=sample.title if sample else None),
            TextField(
                "text",
                t("The work"),
                description=t("Short enough to read in a minute. Ask its author first, or make one up."),
                long=True,
                max_length=LONGEST_TEXT,
                value=sample.text if sample else None,
            ),
            ChoiceField(
                "rubric",
                t("Judged by"),
                tuple(
                    Option(t(each.title), each.key, chosen=each.key == rubric) for each in usable_rubrics()
                ),
            ),
            TextField(
                "why",
                t("Why the reference sees it so"),
                description=t("Members read it beside their own answers."),
                long=True,
                max_length=LONGEST_WHY,
                value=sample.why if sample else None,
            ),
        ),
    )


def reference_form(own: OwnSample, t: Translator) -> Form:
    """The reference answers, as many as fit a form."""
    sample = own.sample
    fields = tuple(
        criterion_field(
            sample.rubric,
            each,
            t,
            chosen=sample.reference[each.key].answer if each.key in sample.reference else None,
        )
        for each in reference_form_criteria(sample)
    )
    return Form(t("Reference answers"), custom_id(REFERENCE_FORM, own.own_id), fields)


def refused_card(reason: str, typed: str, t: Translator) -> Card:
    """What was typed is shown again, so that nobody has to think of it anew."""
    return Card((Text(f"{reason}\n{typed}"), Buttons((Button(t("Back"), custom_id(SAMPLES, 0)),))))


def _sample_buttons(own: OwnSample, t: Translator) -> tuple[Buttons, ...]:
    back = Button(t("Back"), custom_id(SAMPLES, 0))
    if own.own_id is None:
        number = number_of(own.sample.key)
        state = (
            Button(t("Bring it back"), custom_id(BRING_BACK_SHIPPED, number))
            if own.retired
            else Button(t("Retire it"), custom_id(RETIRE_SHIPPED, number))
        )
        return (Buttons((state, back)),)
    state = (
        Button(t("Bring it back"), custom_id(BRING_BACK, own.own_id))
        if own.retired
        else Button(t("Retire it"), custom_id(RETIRE, own.own_id))
    )
    style = Style.SECONDARY if own.sample.is_complete else Style.PRIMARY
    return (
        Buttons(
            (
                Button(t("Reference answers"), custom_id(REFERENCE, own.own_id), style=style),
                Button(t("Change"), custom_id(EDIT, own.own_id)),
            )
        ),
        Buttons((state, back)),
    )


def _holder(licence: Licence, t: Translator) -> str:
    member, day = mention_user(licence.member_id), timestamp(licence.since, "D")
    if licence.by is not None:
        return t("- {member}, since {day}, given by hand", member=member, day=day)
    return t("- {member}, since {day}", member=member, day=day)


def _label(own: OwnSample, t: Translator) -> str:
    title = t(own.sample.title) if own.sample.ours else own.sample.title
    return cut(" ".join(clean(title).split()), 90)


def _state(own: OwnSample, t: Translator) -> str | None:
    if own.retired:
        return t("Retired")
    if not own.sample.is_complete:
        return t("Reference answers are missing")
    return t("Your own") if own.own_id is not None else None
