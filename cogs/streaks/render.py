"""What members see of their streak. Nothing here speaks of loss."""

from __future__ import annotations

from bot.cards import Button, Buttons, Card, Divider, Form, Item, ManyField, Option, Style, Text, custom_id
from bot.i18n import N_, Translator
from bot.text import quote, timestamp
from cogs.streaks.model import Counted, Page, Standing, WeekView
from cogs.streaks.rules import EARNED_EVERY, MOST_FREEZES, Hold, Outcome

SHOW = "streaks:mine.show"
WHY = "streaks:mine.why"
HIDE = "streaks:mine.hide"
HIDE_SURE = "streaks:mine.hide_sure"
REVEAL = "streaks:mine.reveal"
REST_ASK = "streaks:rest.ask"
REST_SAVE = "streaks:rest.save"
_ZONE_ASK = "zone:clock.ask"
_LONGEST_NAME = 80

HOLDS = {
    Hold.PAUSE: N_("you had paused everything"),
    Hold.REST: N_("a rest week that you planned"),
    Hold.HOLIDAY: N_("holidays of the community"),
    Hold.OFF: N_("streaks were switched off here"),
    Hold.AWAY: N_("I was away, so nothing could be done here"),
}


def streak_card(standing: Standing, t: Translator, *, said: str | None = None) -> Card:
    """Where the streak stands, what this week still needs, and every way on."""
    items: list[Item] = [Text(said), Divider()] if said else []
    items.append(Text("\n".join([_head(standing, t), *_now(standing, t)])))
    items.append(Text("\n".join(_small(standing, t))))
    why = Button(t("Why"), custom_id(WHY, 0))
    rest = Button(t("Plan a rest week"), custom_id(REST_ASK))
    hide = (
        Button(t("Show my streak"), custom_id(REVEAL))
        if standing.hidden
        else Button(t("Hide my streak"), custom_id(HIDE))
    )
    items.append(Buttons((why, rest, hide)))
    if not standing.is_zone_own:
        items.append(Buttons((Button(t("Set my clock"), custom_id(_ZONE_ASK)),)))
    return Card(tuple(items))


def _head(standing: Standing, t: Translator) -> str:
    ends = t(
        "your week ends Sunday 24:00 {zone} ({relative})",
        zone=standing.zone,
        relative=timestamp(standing.ends_at, "R"),
    )
    if not standing.length:
        return t("**A new streak starts with the next thing you do** · {ends}", ends=ends)
    weeks = t.tn("**{n} week**", "**{n} weeks**", standing.length)
    freezes = t.tn("{n} freeze", "{n} freezes", standing.freezes)
    return f"{weeks} · {freezes} · {ends}"


def _now(standing: Standing, t: Translator) -> list[str]:
    """This week, and the one before while it can still change."""
    lines: list[str] = []
    before, week = standing.before, standing.week
    if before is not None and before.outcome is Outcome.PENDING and standing.before_until is not None:
        lines.append(
            t(
                "Last week is still open: what you do until {until} counts for it.",
                until=timestamp(standing.before_until, "f"),
            )
        )
    elif before is not None and before.is_late:
        lines.append(t("What you did since Sunday counts for last week: {acts}", acts=_acts(before, t)))
    if week.outcome is Outcome.COUNTED:
        lines.append(t("This week counts already: {acts}", acts=_acts(week, t)))
    elif week.hold is not None:
        lines.append(t("This week is held: {why}. Nothing is asked of you.", why=t(HOLDS[week.hold])))
        lines.append(t("If you do something all the same, it counts."))
    else:
        steps = ", ".join(t(each) for each in standing.next_steps)
        lines.append(
            t("This week is open. One of these makes it count: {steps}.", steps=steps)
            if steps
            else t("This week is open.")
        )
    if standing.rests:
        days = ", ".join(f"{day}" for day in standing.rests)
        lines.append(t("Rest weeks that you planned, from Monday: {days}", days=days))
    if not standing.length and standing.longest:
        lines.append(
            t.tn("Your longest so far: {n} week.", "Your longest so far: {n} weeks.", standing.longest)
        )
    return lines


def _small(standing: Standing, t: Translator) -> list[str]:
    lines = [
        t(
            "-# One contribution a week is enough. In the first 12 hours of a new week, one can still count for the "
            "week before."
        ),
        t(
            "-# Every {every} weeks that count bring a freeze, and you keep up to {most}. A freeze is used by itself "
            "for a week without anything.",
            every=EARNED_EVERY,
            most=MOST_FREEZES,
        ),
    ]
    if not standing.is_zone_own:
        lines.append(t("-# This is the community's clock; set your own, and your week follows it."))
    if standing.hidden:
        lines.append(t("-# Hidden: nobody sees your streak but you, and facilitators who repair a week."))
    return lines


def _acts(week: WeekView, t: Translator) -> str:
    told = ", ".join(_act(each, t) for each in week.acts)
    more = week.act_count - len(week.acts)
    return told if more <= 0 else t.tn("{told} and {n} more", "{told} and {n} more", more, told=told)


def _act(act: Counted, t: Translator) -> str:
    done = t(act.done) if act.done else t("Something you did")
    name = f" ({quote(t(act.name), _LONGEST_NAME)})" if act.name else ""
    return f"{done}{name}, {timestamp(act.at, 'd')}"


def week_line(week: WeekView, t: Translator) -> str:
    """One week and the reason for what became of it."""
    if week.is_repaired:
        reason = quote(week.repair_reason or "", 600)
        said = t("counted: staff repaired it. {reason}", reason=reason)
    elif week.outcome is Outcome.COUNTED:
        said = t("counted: {acts}", acts=_acts(week, t))
        if week.is_late:
            said += t(", in the first 12 hours of the week after")
    elif week.outcome is Outcome.HELD:
        said = t("held: {why}", why=t(HOLDS[week.hold]) if week.hold is not None else "")
    elif week.outcome is Outcome.FROZEN:
        said = t("kept by a freeze")
    elif week.outcome is Outcome.MISSED:
        said = t("a quiet week. A new streak starts after it")
    elif week.outcome is Outcome.PENDING:
        said = t("still open for a few hours")
    else:
        said = t("held: {why}", why=t(HOLDS[week.hold])) if week.hold is not None else t("open")
    return t("- Week of {monday}: {said}", monday=week.monday, said=said)


def page_items(page: Page, t: Translator) -> list[Item]:
    """Weeks with reasons."""
    if not page.weeks:
        return [Text(t("There is no week yet. The first one begins with the first thing you do."))]
    return [Text("\n".join(week_line(week, t) for week in page.weeks))]


def page_buttons(page: Page, control: str, t: Translator, base: int = 0) -> list[Button]:
    """Towards the older weeks, and back."""
    found: list[Button] = []
    if page.number:
        found.append(Button(t("Newer"), custom_id(control, base + page.number - 1)))
    if page.has_more:
        found.append(Button(t("Older"), custom_id(control, base + page.number + 1)))
    return found


def why_card(page: Page, t: Translator) -> Card:
    """Why each week counted. Seen by the member alone."""
    head = Text(t("**Why each week of yours counted, or was held**"))
    back = Button(t("Back"), custom_id(SHOW), style=Style.PRIMARY)
    return Card((head, *page_items(page, t), Buttons((back, *page_buttons(page, WHY, t)))))


def hide_card(t: Translator) -> Card:
    """What hiding means, before it is done."""
    text = t(
        "**Hide your streak?**\nIt goes on, and you can look at it here. Nobody else sees it, on no card. Facilitators can "
        "still look, to repair a week."
    )
    hide = Button(t("Hide it"), custom_id(HIDE_SURE), style=Style.PRIMARY)
    keep = Button(t("Leave it as it is"), custom_id(SHOW))
    return Card((Text(text), Buttons((hide, keep))))


def rest_form(standing: Standing, t: Translator) -> Form:
    """Which of the next weeks are rest weeks."""
    options = tuple(
        Option(t("Week of {monday}", monday=day), day.isoformat(), chosen=day in standing.rests)
        for day in standing.offered_rests
    )
    field = ManyField(
        "weeks",
        t("In which weeks do you rest?"),
        options,
        description=t(
            "Each begins on the Monday named. A rest week is held; what you do in it counts all the same."
        ),
    )
    return Form(t("Plan a rest week"), custom_id(REST_SAVE), (field,))


def freeze_card(monday: str, t: Translator) -> Card:
    """Told by DM, if they like DMs."""
    text = t(
        "**A freeze kept your streak** over the week of {monday}. Nothing to do; the weeks go on. {command}",
        monday=monday,
        command="`/me streak`",
    )
    return Card((Text(text),), silent=True)


def repaired_card(monday: str, reason: str, t: Translator) -> Card:
    """The same."""
    text = t(
        "**Staff let the week of {monday} count in your streak.** Their reason: {reason}\nAll of it: {command}",
        monday=monday,
        reason=quote(reason, 600),
        command="`/me streak`",
    )
    return Card((Text(text),), silent=True)
