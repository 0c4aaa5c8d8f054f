"""What staff see of appeals: the card of one, what waits with the figures, and the forms."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.cards import Button, Buttons, Card, Divider, Form, Item, Option, Pick, Text, TextField, custom_id
from bot.cases import CaseKind
from bot.i18n import N_, Translator
from bot.text import cut, mention_user, quote, timestamp
from cogs.appeals import rules
from cogs.appeals.model import KINDS, Appeal, AppealSettings, Desk
from cogs.appeals.render import case_head
from cogs.appeals.rules import NOBODY, Figures, State

UPHOLD, OVERTURN, SHORTEN = "appeals:appeal.uphold", "appeals:appeal.overturn", "appeals:appeal.shorten"
UPHOLD_FORM, OVERTURN_FORM = "appeals:appeal.upheld", "appeals:appeal.overturned"
SHORTEN_FORM = "appeals:appeal.shortened"
DESK, PICK = "appeals:desk.list", "appeals:desk.pick"
RULES, RULES_FORM = "appeals:rules.ask", "appeals:rules.set"
_LISTED = 15
_ENDS = {
    State.UPHELD: N_("Upheld by {who}, {when}."),
    State.OVERTURNED: N_("Overturned by {who}, {when}."),
    State.SHORTENED: N_("Shortened by {who}, {when}."),
    State.ENDED: N_("The case was taken back, {when}, so there is nothing to decide."),
}


def appeal_card(appeal: Appeal, now: datetime, t: Translator, *, back: bool = False) -> Card:
    """In the staff channel; in private, from the list, with the way `back` to it."""
    lines = [_head(appeal, t)]
    if appeal.state is not State.OPEN:
        return Card((Text("\n".join([*lines, _end(appeal, t)])),), silent=True)
    case = appeal.case
    if case.moderator_id != NOBODY:
        lines.append(
            t("Decided by {who}, so somebody else decides the appeal.", who=mention_user(case.moderator_id))
        )
    if case.reason:
        lines.append(t("Reason then: {reason}", reason=quote(case.reason, 500)))
    if case.holds and case.ends_at is not None:
        lines.append(t("In force until {when}", when=timestamp(case.ends_at, "f")))
    words = t("They write: {words}", words=quote(appeal.words, rules.LONGEST_WORDS))
    due = t("They were promised an answer by {when}.", when=timestamp(appeal.due_at, "D"))
    buttons = [
        Button(t("Uphold"), custom_id(UPHOLD, appeal.id)),
        Button(t("Overturn"), custom_id(OVERTURN, appeal.id)),
    ]
    if appeal.can_be_shortened(now):
        buttons.append(Button(t("Shorten"), custom_id(SHORTEN, appeal.id)))
    items = (Text("\n".join(lines)), Divider(), Text(words), Divider(), Text(due), Buttons(tuple(buttons)))
    return Card((*items, _all_appeals(t)) if back else items, silent=True)


def _all_appeals(t: Translator) -> Buttons:
    return Buttons((Button(t("All appeals"), custom_id(DESK)),))


def _head(appeal: Appeal, t: Translator) -> str:
    head = t("**Appeal of {who}**", who=mention_user(appeal.member_id))
    return f"{head}\n{case_head(appeal.case, t)}"


def _end(appeal: Appeal, t: Translator) -> str:
    when = timestamp(appeal.decided_at, "f") if appeal.decided_at is not None else ""
    who = mention_user(appeal.decided_by) if appeal.decided_by != NOBODY else t("somebody")
    line = t(_ENDS[appeal.state], who=who, when=when)
    if appeal.own_case:
        line += " " + t("It was their own case, there being no other moderator.")
    return f"{line}\n{quote(appeal.answer, rules.LONGEST_ANSWER)}" if appeal.answer else line


def decided_card(appeal: Appeal, t: Translator) -> Card:
    """To who decided it."""
    told = t("They hear of it by DM, or here.")
    return Card((Text(_head(appeal, t)), Text(_end(appeal, t)), Text(told), _all_appeals(t)))


def remind_card(appeal: Appeal, t: Translator) -> Card:
    """In the staff channel: it waits."""
    text = t(
        "**An appeal waits**, made {when}: an answer was promised by {due}. See {command}.",
        when=timestamp(appeal.at, "R"),
        due=timestamp(appeal.due_at, "D"),
        command="`/mod appeals`",
    )
    return Card((Text(f"{text}\n{case_head(appeal.case, t)}"),))


def desk_card(desk: Desk, t: Translator) -> Card:
    """What waits, and what came of those of the last year."""
    lines = [t("**Appeals that wait**")]
    lines += [_line(each, t) for each in desk.waiting[:_LISTED]] or [t("None at the moment.")]
    if len(desk.waiting) > _LISTED:
        lines.append(t("-# And {n} more.", n=len(desk.waiting) - _LISTED))
    items: list[Item] = [Text("\n".join(lines)), Text(_figures_text(desk.figures, t))]
    if desk.waiting:
        options = tuple(
            Option(
                cut(f"#{each.case.number}: {t(KINDS.get(each.case.kind, each.case.kind.value))}", 90),
                str(each.id),
            )
            for each in desk.waiting[:_LISTED]
        )
        items.append(Pick(custom_id(PICK), t("Open one"), options))
    if desk.may_set:
        items.append(Buttons((Button(t("Settings"), custom_id(RULES)),)))
    return Card(tuple(items))


def _line(appeal: Appeal, t: Translator) -> str:
    return t(
        "Case #{number} · {who} · promised by {due}",
        number=str(appeal.case.number),
        who=mention_user(appeal.member_id),
        due=timestamp(appeal.due_at, "D"),
    )


def _figures_text(figures: Figures, t: Translator) -> str:
    """Numbers under five are not told, because they would mean somebody."""
    lines = [t("**The last year**")]
    if not figures.decided:
        lines.append(t("Too few were decided to say anything without meaning somebody."))
        return "\n".join(lines)
    lines.append(t.tn("{n} appeal was decided.", "{n} appeals were decided.", figures.decided))
    if figures.median_wait is not None:
        lines.append(t("Half of them within {span}.", span=_span(figures.median_wait, t)))
    lines.append(
        t(
            "Overturned: {n} · Shortened: {m}",
            n=_number(figures.overturned, t),
            m=_number(figures.shortened, t),
        )
    )
    lines += [
        t(
            "{what}: {n} decided, {m} overturned",
            what=t(KINDS[CaseKind(each.kind)]),
            n=each.judged,
            m=_number(each.overturned, t),
        )
        for each in figures.kinds
    ]
    return "\n".join(lines)


def _number(number: int | None, t: Translator) -> str:
    return str(number) if number is not None else t("too few to tell")


def _span(span: timedelta, t: Translator) -> str:
    hours = max(1, round(span.total_seconds() / 3600))
    if hours < 48:
        return t.tn("{n} hour", "{n} hours", hours)
    return t.tn("{n} day", "{n} days", round(hours / 24))


def _answer(appeal: Appeal, t: Translator) -> TextField:
    asked = t("They read it: what you looked at, and why you decide so.")
    if appeal.own_case:
        asked = t("This is your own case, there being no other moderator. They read that, too.")
    return TextField(
        "answer",
        t("Your answer"),
        asked,
        long=True,
        max_length=rules.LONGEST_ANSWER,
    )


def uphold_form(appeal: Appeal, t: Translator) -> Form:
    return Form(t("It stays as it is"), custom_id(UPHOLD_FORM, appeal.id), (_answer(appeal, t),))


def overturn_form(appeal: Appeal, t: Translator) -> Form:
    return Form(t("Take it back"), custom_id(OVERTURN_FORM, appeal.id), (_answer(appeal, t),))


def shorten_form(appeal: Appeal, t: Translator) -> Form:
    span = TextField("span", t("How long from now?"), t("For instance 12h, 3d or 2w."), max_length=6)
    return Form(t("Let it end sooner"), custom_id(SHORTEN_FORM, appeal.id), (span, _answer(appeal, t)))


def rules_items(settings: AppealSettings, t: Translator) -> tuple[Item, ...]:
    """On the page in /setup."""
    lines = [
        t("Members see their own record with {command}, and appeal what is on it.", command="`/standing`"),
        t.tn(
            "A case can be appealed for {n} day.",
            "A case can be appealed for {n} days.",
            settings.within_days,
        )
        + " "
        + t.tn(
            "It can be once more, from {n} day after the first answer on.",
            "It can be once more, from {n} days after the first answer on.",
            settings.again_days,
        ),
        t.tn(
            "Somebody other than the case's moderator decides. Members are promised an answer within {n} day.",
            "Somebody other than the case's moderator decides. Members are promised an answer within {n} days.",
            settings.promise_days,
        ),
    ]
    return Text("\n".join(lines)), Buttons((Button(t("Change this"), custom_id(RULES)),))


def rules_form(settings: AppealSettings, t: Translator) -> Form:
    fields = (
        TextField(
            "within",
            t("Days to appeal"),
            t("After the case. 1 to 365."),
            value=str(settings.within_days),
            max_length=3,
        ),
        TextField(
            "again",
            t("Days until a second appeal"),
            t("After the first was decided. It is the last. 0 to 365."),
            value=str(settings.again_days),
            max_length=3,
        ),
        TextField(
            "promise",
            t("Days that staff promise"),
            t("Until there is an answer. 1 to 60. Staff are reminded before."),
            value=str(settings.promise_days),
            max_length=2,
        ),
    )
    return Form(t("Appeals"), custom_id(RULES_FORM), fields)
