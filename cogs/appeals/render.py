"""What members see: their own record, the form of an appeal, and what became of it."""

from __future__ import annotations

from bot.cards import (
    Button,
    Buttons,
    Card,
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
from bot.cases import Case, CaseKind, EndedWhy
from bot.i18n import N_, Translator
from bot.text import cut, quote, timestamp
from cogs.appeals import rules
from cogs.appeals.model import KINDS, Appeal, Entry, Standing
from cogs.appeals.rules import State

PAGE, ASK, PICK, FORM, LOOK = (
    "appeals:standing.page",
    "appeals:case.appeal",
    "appeals:case.pick",
    "appeals:case.send",
    "appeals:case.look",
)
_REASON = 300
_OUTCOMES = {
    State.UPHELD: N_("Staff looked at it again, and the decision stays."),
    State.OVERTURNED: N_(
        "The decision was taken back. It does not count any more, and what it took from you is given back."
    ),
    State.SHORTENED: N_("What was decided ends sooner."),
    State.ENDED: N_("The decision was taken back meanwhile, so there is nothing left to look at."),
}


def standing_card(standing: Standing, t: Translator) -> Card:
    """One's own record: what holds, what counts until when, and the way to appeal."""
    if not standing.entries:
        text = t(
            "**Your record here is empty.** If that ever changes, you read here what, until when, and how to appeal."
        )
        return Card((Text(text),))
    lines = [t("**Your record**"), t("Only you and staff see it."), *_summary(standing, t)]
    items: list[Item] = [Text("\n".join(lines))]
    for each in standing.entries:
        items += [Divider(), Text(_entry_text(each, t))]
    options = tuple(
        Option(cut(f"#{each.case.number}: {t(KINDS[each.case.kind])}", 90), str(each.case.id))
        for each in standing.entries
        if each.may_appeal
    )
    if options:
        items.append(Pick(custom_id(PICK), t("Appeal one"), options))
    row: list[Button] = []
    if standing.page:
        row.append(Button(t("Newer"), custom_id(PAGE, standing.page - 1)))
    if standing.has_more:
        row.append(Button(t("Older"), custom_id(PAGE, standing.page + 1)))
    return Card((*items, Buttons(tuple(row))) if row else tuple(items))


def _summary(standing: Standing, t: Translator) -> list[str]:
    lines: list[str] = []
    if standing.points:
        points = t.tn("{n} point counts at present.", "{n} points count at present.", standing.points)
        if standing.points_until is not None:
            points += " " + t("The next runs out {when}.", when=timestamp(standing.points_until, "R"))
        lines.append(points)
    for case in standing.holding:
        what = t(KINDS[case.kind])
        if case.ends_at is None:
            lines.append(t("In force: {what}, until somebody ends it", what=what))
        else:
            lines.append(t("In force: {what}, until {when}", what=what, when=timestamp(case.ends_at, "f")))
    if not lines:
        lines.append(t("Nothing of it restricts you now."))
    return lines


def _entry_text(entry: Entry, t: Translator) -> str:
    case = entry.case
    lines = [case_head(case, t)]
    if case.rule:
        lines.append(t("Rule: {rule}", rule=quote(case.rule, 200)))
    if case.reason:
        lines.append(quote(case.reason, _REASON))
    lines += [each for each in (_end_text(case, t), _points_text(case, t)) if each]
    if entry.appeal is not None:
        lines.append(appeal_text(entry.appeal, t, _REASON))
    return "\n".join(lines)


def case_head(case: Case, t: Translator) -> str:
    return t(
        "**Case #{number}: {what}**, {when}",
        number=str(case.number),
        what=t(KINDS.get(case.kind, case.kind.value)),
        when=timestamp(case.created_at, "D"),
    )


def _end_text(case: Case, t: Translator) -> str | None:
    if case.ended_why is EndedWhy.OVERTURNED:
        return t("It was taken back and does not count.")
    if case.ended_at is not None:
        return t("Over since {when}", when=timestamp(case.ended_at, "D"))
    if case.holds and case.ends_at is not None:
        return t("In force until {when}", when=timestamp(case.ends_at, "f"))
    return None


def _points_text(case: Case, t: Translator) -> str | None:
    if not case.points or case.ended_why is EndedWhy.OVERTURNED:
        return None
    points = t.tn("{n} point", "{n} points", case.points)
    if case.points_until is None:
        return points
    return t("{points}, until {when}", points=points, when=timestamp(case.points_until, "D"))


def appeal_text(appeal: Appeal, t: Translator, room: int = rules.LONGEST_ANSWER) -> str:
    """How an appeal stands, with so much of the answer."""
    if appeal.state is State.OPEN:
        return t(
            "Your appeal is with staff. You were promised an answer by {when}.",
            when=timestamp(appeal.due_at, "D"),
        )
    lines = [t("Your appeal: {outcome}", outcome=t(_OUTCOMES[appeal.state]))]
    if appeal.own_case:
        lines.append(t("There is no other moderator here, so whoever decided the case looked at it again."))
    elif appeal.state in rules.JUDGED:
        lines.append(t("It was looked at by somebody other than who decided the case."))
    if appeal.answer:
        lines.append(t("They wrote: {words}", words=quote(appeal.answer, room)))
    return "\n".join(lines)


def appeal_form(case: Case, t: Translator) -> Form:
    words = TextField(
        "words",
        t("Why should it be looked at again?"),
        t("Somebody other than who decided it reads this. What do they not know?"),
        long=True,
        max_length=rules.LONGEST_WORDS,
    )
    return Form(t("Appeal case #{number}", number=str(case.number)), custom_id(FORM, case.id), (words,))


def sent_card(appeal: Appeal, t: Translator) -> Card:
    """That it arrived. The button works on a DM, too, also for who cannot see the server any more."""
    text = t(
        "**Your appeal is with staff.** Somebody other than who decided the case looks at it, and you were promised an "
        "answer by {when}. Until then it stays as it is.",
        when=timestamp(appeal.due_at, "D"),
    )
    return Card((Text(text), Buttons((_look(appeal.case, t),))))


def latest_card(entry: Entry, t: Translator) -> Card:
    """How the newest appeal of a case stands."""
    lines = [case_head(entry.case, t)]
    lines.append(appeal_text(entry.appeal, t) if entry.appeal is not None else t("You have not appealed it."))
    items: list[Item] = [Text("\n".join(lines))]
    if entry.may_appeal:
        items.append(Buttons((Button(t("Appeal this"), custom_id(ASK, entry.case.id), style=Style.PRIMARY),)))
    elif entry.appeal is not None and entry.appeal.state is State.OPEN:
        items.append(Buttons((_look(entry.case, t),)))
    return Card(tuple(items))


def _look(case: Case, t: Translator) -> Button:
    return Button(t("Is there an answer?"), custom_id(LOOK, case.id))


def outcome_card(appeal: Appeal, t: Translator) -> Card:
    """Told to the member."""
    head = t("**Your appeal has an answer**")
    lines = [head, case_head(appeal.case, t), appeal_text(appeal, t)]
    if appeal.state is State.OVERTURNED and appeal.case.kind in (CaseKind.BAN, CaseKind.KICK):
        lines.append(t("You can come back whenever you like, with an invite."))
    if appeal.state is State.SHORTENED and appeal.case.ends_at is not None:
        lines.append(t("In force until {when}", when=timestamp(appeal.case.ends_at, "f")))
    return Card((Text("\n".join(lines)),))


def late_card(appeal: Appeal, t: Translator) -> Card:
    """Told to the member when nobody has decided in time."""
    text = t(
        "**Your appeal takes longer than was promised**\nNobody has decided yet. Staff have been reminded, and your appeal "
        "keeps its place. You need not do anything."
    )
    return Card((Text(f"{text}\n{case_head(appeal.case, t)}"), Buttons((_look(appeal.case, t),))))
