"""What moderators see: a case with all that belongs to it, the panel to act on somebody, and a member's history."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import Button, Buttons, Card, Divider, Item, Style, Text, custom_id
from bot.cases import Case, CaseEvent, CaseKind, EndedWhy, EventKind, Source, State
from bot.i18n import N_, Translator
from bot.text import mention_channel, mention_user, paged, quote, timestamp
from cogs.moderation.model import CaseView, HistoryView, PanelView
from cogs.moderation.rules import Suggestion
from storage.personal import NOBODY

OPEN = "moderation:case.open"
ACT_ON = "moderation:case.act_on"
NOTE_ASK, NOTE_FORM = "moderation:case.note_ask", "moderation:case.note_form"
EDIT_ASK, EDIT_FORM = "moderation:case.edit_ask", "moderation:case.edit_form"
LINK_ASK, LINK_FORM = "moderation:case.link_ask", "moderation:case.link_form"
HIDE_ASK, HIDE_FORM = "moderation:case.hide_ask", "moderation:case.hide_form"
LIFT_ASK, LIFT_FORM = "moderation:case.lift_ask", "moderation:case.lift_form"
SHOW = "moderation:case.reveal"
HISTORY = "moderation:panel.history"
BACK = "moderation:panel.back"
PAGE = "moderation:history.page"
PAGES = 1000  # a page's control is numbered panel * PAGES + page
# What can be done from the panel, in order: the button that asks, and the form that follows.
PANEL = {
    CaseKind.WARN: ("moderation:panel.warn_ask", "moderation:panel.warn_form"),
    CaseKind.TIMEOUT: ("moderation:panel.timeout_ask", "moderation:panel.timeout_form"),
    CaseKind.NOTE: ("moderation:panel.note_ask", "moderation:panel.note_form"),
    CaseKind.RESTRICT: ("moderation:panel.restrict_ask", "moderation:panel.restrict_form"),
    CaseKind.KICK: ("moderation:panel.kick_ask", "moderation:panel.kick_form"),
    CaseKind.BAN: ("moderation:panel.ban_ask", "moderation:panel.ban_form"),
}
APPLY_ASK = "moderation:panel.apply_ask"
EVENTS_SHOWN, NOTES_SHOWN, EVIDENCE_SHOWN, LINKS_SHOWN = 5, 2, 2, 20
LONG, SHORT = 700, 160

KINDS = {
    CaseKind.NOTE: N_("Note"),
    CaseKind.WARN: N_("Warning"),
    CaseKind.TIMEOUT: N_("Timeout"),
    CaseKind.RESTRICT: N_("Restriction"),
    CaseKind.KICK: N_("Kick"),
    CaseKind.BAN: N_("Ban"),
    CaseKind.UNBAN: N_("Unban"),
    CaseKind.PURGE: N_("Messages cleared"),
    CaseKind.LOCK: N_("Channel locked"),
    CaseKind.SLOWMODE: N_("Slowmode"),
    CaseKind.AUTOMOD: N_("AutoMod"),
    CaseKind.RAID: N_("Raid"),
}
_VERBS = {
    CaseKind.WARN: N_("Warn"),
    CaseKind.TIMEOUT: N_("Time out"),
    CaseKind.NOTE: N_("Add a note"),
    CaseKind.RESTRICT: N_("Restrict"),
    CaseKind.KICK: N_("Kick"),
    CaseKind.BAN: N_("Ban"),
}
_ENDS = {
    EndedWhy.EXPIRED: N_("Ended by itself {time}."),
    EndedWhy.LIFTED: N_("Ended by {who} {time}."),
    EndedWhy.OVERTURNED: N_("Overturned by {who} {time}."),
}
_EVENTS = {
    EventKind.EDITED: N_("{who} changed the reason. Before: {before}"),
    EventKind.NOTED: N_("{who} added a note"),
    EventKind.LINKED: N_("{who} linked case {after}"),
    EventKind.HIDDEN: N_("{who} hid the case: {after}"),
    EventKind.SHOWN: N_("{who} does not hide it any more"),
    EventKind.EXTENDED: N_("{who} changed its end"),
    EventKind.EXPIRED: N_("it ended by itself"),
    EventKind.LIFTED: N_("{who} ended it"),
    EventKind.NOTICE_SENT: N_("the member was told by DM"),
    EventKind.NOTICE_FAILED: N_("the member could not be told by DM: {after}"),
    EventKind.REAPPLIED: N_("the member came back, and it was applied again"),
    EventKind.APPEALED: N_("the member appealed"),
    EventKind.UPHELD: N_("{who} upheld it on appeal"),
    EventKind.OVERTURNED: N_("{who} overturned it on appeal"),
    EventKind.DONE: N_("done"),
    EventKind.FAILED: N_("it was not done: {after}"),
    EventKind.CONFIRMED: N_("{who} confirmed it as a second moderator"),
}
_REFUSED = frozenset({EventKind.FAILED, EventKind.NOTICE_FAILED})
_REFUSALS = {
    "no_permission": N_("I lack the permission, or my role stands too low"),
    "no_access": N_("I cannot see the channel"),
    "role_above_bot": N_("the role stands above mine"),
    "role_gone": N_("the role has been deleted"),
    "channel_gone": N_("the channel has been deleted"),
    "member_gone": N_("they have left"),
    "dms_closed": N_("they take no DMs"),
    "target_is_owner": N_("they own the server"),
    "target_is_me": N_("I do not act on myself"),
    "target_above_bot": N_("they stand above me, or beside me"),
    "outcome_unknown": N_("I lost sight of whether it arrived"),
}
_SOURCES = {
    Source.DISCORD: N_("by hand in Discord"),
    Source.AUTOMOD: N_("by Discord's AutoMod"),
    Source.FILTER: N_("from a filter"),
    Source.RAID: N_("during a raid"),
    Source.REPORT: N_("from a report"),
}


def case_card(view: CaseView, t: Translator, said: str | None = None, extra: tuple[Item, ...] = ()) -> Card:
    """A case; `said` is what has just been done, `extra` what can follow at once."""
    case = view.case
    items: list[Item] = [Text(said)] if said else []
    items += [*extra, Text("\n".join(_facts(view, t)))]
    more = _more(view, t)
    if more:
        items += [Divider(), Text("\n".join(more))]
    items += _case_buttons(case, t)
    return Card(tuple(items), silent=True)


def log_card(view: CaseView, t: Translator) -> Card:
    """The same in the log. Words that are kept for a time only are not put where they would stay: notes and evidence are read
    in the case."""
    items: list[Item] = [Text("\n".join(_facts(view, t)))]
    more = _linked(view, t)
    if view.notes:
        more.append(t.tn("{n} note, to read in the case", "{n} notes, to read in the case", len(view.notes)))
    if view.evidence:
        more.append(
            t.tn(
                "{n} message kept as evidence, to read in the case",
                "{n} messages kept as evidence, to read in the case",
                len(view.evidence),
            )
        )
    more += _events_of(view, t)
    if more:
        items += [Divider(), Text("\n".join(more))]
    look = Button(t("Open the case"), custom_id(OPEN, view.case.id))
    return Card((*items, Buttons((look, *_what_next(view.case, t)))), silent=True)


def _facts(view: CaseView, t: Translator) -> list[str]:
    case = view.case
    lines = [t("**Case {number}: {kind}**", number=f"#{case.number}", kind=t(KINDS[case.kind]))]
    lines.append(" · ".join(_about(case, t)))
    if case.rule:
        lines.append(t("Rule: {rule}", rule=quote(case.rule, SHORT)))
    if case.kind is not CaseKind.NOTE:
        lines.append(t("Reason: {reason}", reason=quote(case.reason, LONG) or t("none was given")))
    if case.points and case.points_until is not None and case.ended_why is not EndedWhy.OVERTURNED:
        points = t.tn("{n} point", "{n} points", case.points)
        lines.append(t("{points} until {day}", points=points, day=timestamp(case.points_until, "D")))
    lines.append(state_line(case, t))
    if case.is_hidden:
        who = mention_user(view.hidden_by or 0) if view.hidden_by else t("somebody")
        why = quote(view.hidden_why or "", SHORT)
        lines.append(t("Hidden from the member by {who}: {why}", who=who, why=why))
    return [line for line in lines if line]


def _about(case: Case, t: Translator) -> list[str]:
    parts: list[str] = []
    if case.member_id:
        name = case.details.get("name")
        who = mention_user(case.member_id)
        parts.append(f"{who} ({quote(str(name), 60)})" if name else who)
    if case.channel_id is not None:
        parts.append(mention_channel(case.channel_id))
    if case.kind is CaseKind.PURGE:
        parts.append(t.tn("{n} message", "{n} messages", case.count))
    if case.kind is CaseKind.RAID and case.count > 1:
        parts.append(t.tn("{n} person", "{n} people", case.count))
    if case.kind is CaseKind.SLOWMODE and "seconds" in case.details:
        parts.append(t("{n} s between messages", n=case.details["seconds"]))
    parts.append(_by(case, t))
    if case.source in _SOURCES:
        parts.append(t(_SOURCES[case.source]))
    parts.append(timestamp(case.created_at, "f"))
    return parts


def _by(case: Case, t: Translator) -> str:
    """Who acted. A moderator who was deleted since is nobody any more."""
    if case.moderator_id:
        return t("by {who}", who=mention_user(case.moderator_id))
    is_own = case.source in (Source.AUTOMOD, Source.FILTER, Source.RAID)
    return t("by Lyceum") if is_own else t("by somebody")


def state_line(case: Case, t: Translator) -> str:
    """How it stands, in a line; empty where there is nothing to say."""
    if case.state is State.FAILED:
        return t("**It was not done**: {why}.", why=_refusal(case.state_reason, t))
    if case.ended_at is not None and case.ended_why is not None:
        who = mention_user(case.ended_by) if case.ended_by else t("somebody, by hand in Discord")
        return t(_ENDS[case.ended_why], who=who, time=timestamp(case.ended_at, "R"))
    if case.state is State.PLANNED:
        return t("On its way to Discord.")
    if case.holds and case.ends_at is not None and case.kind is CaseKind.RAID and case.count > 1:
        return t("It can be taken back until {time}.", time=timestamp(case.ends_at))
    if case.holds and case.ends_at is not None:
        return t(
            "Holds until {time} ({how_long}).",
            time=timestamp(case.ends_at),
            how_long=timestamp(case.ends_at, "R"),
        )
    if case.holds:
        return t("Holds until somebody ends it.")
    return ""


def _more(view: CaseView, t: Translator) -> list[str]:
    lines = _linked(view, t)
    for note in view.notes[-NOTES_SHOWN:]:
        who = mention_user(note.by_id) if note.by_id else t("somebody")
        lines.append(t("Note by {who}: {text}", who=who, text=quote(note.text, SHORT * 2)))
    for kept in view.evidence[-EVIDENCE_SHOWN:]:
        text = (
            quote(kept.text, SHORT * 2)
            if kept.text
            else t("(its words are not kept any more, or were not visible to me)")
        )
        lines.append(t("Evidence, written by {who}: {text}", who=mention_user(kept.author_id), text=text))
    return lines + _events_of(view, t)


def _linked(view: CaseView, t: Translator) -> list[str]:
    shown = ", ".join(f"#{each}" for each in view.linked[:LINKS_SHOWN])
    left = len(view.linked) - LINKS_SHOWN
    more = [t("and {n} more", n=left)] if left > 0 else []
    return [t("Belongs with: {cases}", cases=", ".join([shown, *more]))] if shown else []


def _events_of(view: CaseView, t: Translator) -> list[str]:
    return [f"- {_event(each, t)}" for each in view.events[-EVENTS_SHOWN:]]


def _event(event: CaseEvent, t: Translator) -> str:
    text = t(
        _EVENTS[event.what],
        who=mention_user(event.by_id) if event.by_id else t("somebody"),
        before=quote(event.before or "", SHORT),
        after=_refusal(event.after, t) if event.what in _REFUSED else quote(event.after or "", SHORT),
    )
    return f"{timestamp(event.at, 'f')} {text}"


def _refusal(code: str | None, t: Translator) -> str:
    """Why Discord did not do it, in words where they are known."""
    return t(_REFUSALS[code]) if code in _REFUSALS else t("Discord refused it ({code})", code=code or "?")


def _case_buttons(case: Case, t: Translator) -> list[Item]:
    first = [Button(t("Add a note"), custom_id(NOTE_ASK, case.id))]
    if case.kind is not CaseKind.NOTE:
        first.append(Button(t("Edit the reason"), custom_id(EDIT_ASK, case.id)))
    first.append(Button(t("Link a case"), custom_id(LINK_ASK, case.id)))
    second = _what_next(case, t)
    return [Buttons(tuple(first)), *([Buttons(second)] if second else [])]


def _what_next(case: Case, t: Translator) -> tuple[Button, ...]:
    second: list[Button] = []
    if case.kind is CaseKind.AUTOMOD and case.member_id != NOBODY:
        second.append(Button(t("Act on this member"), custom_id(ACT_ON, case.id), style=Style.PRIMARY))
    if case.holds and not (case.kind is CaseKind.RAID and case.count > 1):  # taken back on the banner
        second.append(Button(t("End it now"), custom_id(LIFT_ASK, case.id), style=Style.PRIMARY))
    elif case.is_hidden:
        second.append(Button(t("Show to the member"), custom_id(SHOW, case.id)))
    elif case.member_id != NOBODY and case.kind is not CaseKind.NOTE:
        second.append(Button(t("Hide from the member"), custom_id(HIDE_ASK, case.id)))
    return tuple(second)


def under_way_items(case: Case, t: Translator) -> tuple[Item, ...]:
    """The way to see what Discord said, which is not known yet."""
    return (Buttons((Button(t("Did it work?"), custom_id(OPEN, case.id), style=Style.PRIMARY),)),)


def suggestion_items(panel: PanelView, t: Translator) -> tuple[Item, ...]:
    """What is usual at so many points, with the tap that does it and the one that does something else."""
    text = suggestion_line(panel.points, panel.suggestion, t)
    buttons: list[Button] = []
    if panel.suggestion is not None and panel.suggestion.length is not None:
        buttons.append(Button(t("Apply"), custom_id(APPLY_ASK, panel.panel_id), style=Style.PRIMARY))
    buttons.append(Button(t("Other"), custom_id(BACK, panel.panel_id)))
    return Text(text), Buttons(tuple(buttons))


def suggestion_line(points: int, suggestion: Suggestion | None, t: Translator) -> str:
    stands = t.tn("{n} active point", "{n} active points", points)
    if suggestion is None:
        return f"**{stands}**"
    if suggestion.length is None:
        return t("**{points}**. That is a lot: please talk over together what helps.", points=stands)
    days = suggestion.length.days
    length = t.tn("a timeout of {n} day", "a timeout of {n} days", days)
    return t("**{points}: suggested is {what}.** You decide.", points=stands, what=length)


def panel_card(panel: PanelView, t: Translator, said: str | None = None) -> Card:
    """Act on somebody."""
    head = t("**What now with {who}?**", who=mention_user(panel.member_id))
    items: list[Item] = [Text(f"{said}\n{head}" if said else head)]
    items.append(Text(suggestion_line(panel.points, panel.suggestion, t)))
    if panel.suggestion is not None and panel.suggestion.length is not None:
        items.append(
            Buttons((Button(t("Apply"), custom_id(APPLY_ASK, panel.panel_id), style=Style.PRIMARY),))
        )
    holding = [t("Holds now: {what}", what=line(each, t)) for each in panel.holding]
    recent = [f"- {line(each, t)}" for each in panel.recent]
    items.append(Text("\n".join([*holding, *(recent or [t("No cases yet.")])])))
    kinds = [Button(t(_VERBS[each]), custom_id(asks, panel.panel_id)) for each, (asks, _) in PANEL.items()]
    items += [Buttons(tuple(kinds[:3])), Buttons(tuple(kinds[3:]))]
    label = t.tn("History ({n} case)", "History ({n} cases)", panel.total)
    items.append(Buttons((Button(label, custom_id(HISTORY, panel.panel_id)),)))
    return Card(tuple(items), silent=True)


def line(case: Case, t: Translator) -> str:
    """A case in a line."""
    parts = [f"#{case.number} {t(KINDS[case.kind])}", timestamp(case.created_at, "d")]
    if case.is_hidden:
        parts.append(t("hidden"))
    stands = state_line(case, t)
    text = quote(case.reason, SHORT) if case.kind is not CaseKind.NOTE else t("see the case")
    return " · ".join([*parts, text, *([stands] if stands else [])])


def history_card(view: HistoryView, t: Translator) -> Card:
    """A page of the cases about somebody."""
    head = t("**History of {who}**", who=mention_user(view.member_id))
    total = t.tn("{n} case", "{n} cases", view.total)
    points = t.tn("{n} active point", "{n} active points", view.points)
    lines = [head, f"{total} · {points}"]
    blocks = _fitting([f"- {line(each, t)}" for each in view.cases])
    items: list[Item] = [Text("\n".join([*lines, *(blocks or [t("No cases yet.")])]))]
    buttons: list[Button] = []
    base = view.panel_id * PAGES
    if view.page > 0:
        buttons.append(Button(t("Newer"), custom_id(PAGE, base + view.page - 1)))
    if view.page + 1 < view.pages:
        buttons.append(Button(t("Older"), custom_id(PAGE, base + view.page + 1)))
    buttons.append(Button(t("Act on this member"), custom_id(BACK, view.panel_id)))
    items.append(Buttons(tuple(buttons)))
    if view.pages > 1:
        items.append(Text(t("-# Page {page} of {pages}", page=view.page + 1, pages=view.pages)))
    return Card(tuple(items), silent=True)


def _fitting(lines: Sequence[str]) -> list[str]:
    pages = paged(list(lines), room=3200, most=len(lines) or 1)
    return pages[0] if lines else []
