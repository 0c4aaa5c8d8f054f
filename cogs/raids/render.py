"""The banner that stands in the staff channel while a lockdown is on, and how things stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.cards import Button, Buttons, Card, Item, Style, Text, custom_id
from bot.i18n import N_, Translator
from bot.setup_permissions import MANAGE_CHANNELS, MANAGE_GUILD, NAMES
from bot.text import mention_channel, mention_role, mention_user, timestamp
from cogs.raids.model import (
    Action,
    ActionKind,
    AnnouncedSurge,
    Raid,
    RaidSettings,
    Status,
    Step,
    StepKind,
    StepState,
)
from cogs.raids.rules import Evidence, Level
from storage.personal import NOBODY

EXTEND = "raids:lockdown.extend"
STEP_UP = "raids:lockdown.step"
REVIEW = "raids:lockdown.review"
CLEAR = "raids:lockdown.clear"
BEGIN = "raids:lockdown.begin"
SURGE_CANCEL = "raids:surge.cancel"
UNDO = "raids:action.undo"
STEP_CODE = 10
"""A step's button bears the number of the lockdown and, as its last digit, the level that was shown."""

LEVELS = {
    Level.PAUSE: N_("invites and DMs are paused, slowmode where most is written"),
    Level.VERIFY: N_("only members who have been here for ten minutes may write"),
    Level.QUARANTINE: N_("whoever looks like a part of it is in quarantine"),
    Level.LOCK: N_("channels are locked for everybody but me and whoever has a role that may write"),
}
NEXT = {
    Level.PAUSE: N_("Pause invites"),
    Level.VERIFY: N_("Raise verification"),
    Level.QUARANTINE: N_("Quarantine newcomers"),
    Level.LOCK: N_("Lock channels"),
}
DID = {
    ActionKind.BAN: N_("Ban"),
    ActionKind.KICK: N_("Kick"),
    ActionKind.QUARANTINE: N_("Quarantine"),
    ActionKind.RELEASE: N_("Release"),
}


@dataclass(frozen=True)
class OnDuty:
    """Whom the banner calls: a role, or its members where Discord would notify nobody of the role."""

    roles: frozenset[int] = frozenset()
    members: frozenset[int] = frozenset()


def banner(raid: Raid, t: Translator, now: datetime, duty: OnDuty | None = None) -> Card:
    """What is on, until when, why, and what can be done next. Who is on duty is notified when it is first posted."""
    head = _head(raid, t)
    duty = duty or OnDuty()
    who = " ".join((*map(mention_role, sorted(duty.roles)), *map(mention_user, sorted(duty.members))))
    if who and raid.is_on:
        head += "\n" + t("{who}: please have a look.", who=who)
    if raid.is_on and any(each.state is StepState.FAILED for each in raid.steps):
        head += "\n" + t("**Not all of it came off**: see below what Discord did not let me do.")
    items: list[Item] = [Text(head), Text("\n".join(_why(raid.evidence, t)))]
    refused = (StepState.FAILED, StepState.STUCK)
    # What somebody has to see to comes first: of many locked channels only some have room.
    steps = [each for each in raid.steps if each.kind is not StepKind.OWN_VOICE or each.state in refused]
    changed = [_step_line(each, t) for each in sorted(steps, key=lambda each: each.state not in refused)]
    if changed:
        items.append(Text("\n".join((t("**What I changed**"), *changed[:12]))))
    items.append(Text(_people(raid, t)))
    items += _action_items(raid.actions, t, now)
    if raid.is_on:
        items += _controls(raid, t)
    else:
        items.append(Buttons((Button(t("Review who came"), custom_id(REVIEW, raid.id)),)))
    return Card(tuple(items), pings=duty.members, role_pings=duty.roles)


def _head(raid: Raid, t: Translator) -> str:
    if raid.ended_at is not None:
        if raid.ended_by != NOBODY:
            return t(
                "**The lockdown is over**: all clear, said {who} {when}.",
                who=mention_user(raid.ended_by),
                when=timestamp(raid.ended_at, "R"),
            )
        return t("**The lockdown is over**: its time had come {when}.", when=timestamp(raid.ended_at, "R"))
    if raid.level < Level.PAUSE:
        return t(
            "**This looks like a raid.** I have changed nothing, as you chose. It is watched until {until}.",
            until=timestamp(raid.ends_at, "t"),
        )
    state = t(LEVELS[Level(raid.level)])
    begun = mention_user(raid.by_id) if raid.by_id != NOBODY else t("by myself")
    return t(
        "**Lockdown, step {level} of 4**: {state}.\nIt ends by itself {until} ({time}). Begun {begun}.",
        level=raid.level,
        state=state,
        until=timestamp(raid.ends_at, "R"),
        time=timestamp(raid.ends_at, "t"),
        begun=begun,
    )


def _why(evidence: Evidence, t: Translator) -> list[str]:
    """The evidence, a line each."""
    minutes = max(1, round(evidence.span.total_seconds() / 60))
    lines = [
        t.tn(
            "{joins} joined within {n} minute.",
            "{joins} joined within {n} minutes.",
            minutes,
            joins=evidence.joins,
        )
        + " "
        + t("Usual is {usual} an hour.", usual=f"{round(evidence.usual, 1):g}")
    ]
    counted = (
        (
            evidence.fresh,
            t.tn(
                "{n} account is younger than a day.",
                "{n} accounts are younger than a day.",
                evidence.fresh,
            ),
        ),
        (
            evidence.alike,
            t.tn("{n} name is like others'.", "{n} names are made after one pattern.", evidence.alike),
        ),
        (
            evidence.same_face,
            t.tn(
                "{n} has a picture like others.",
                "{n} have the same picture as others.",
                evidence.same_face,
            ),
        ),
        (
            evidence.echoing,
            t.tn("{n} wrote what others wrote.", "{n} wrote the same message.", evidence.echoing),
        ),
        (evidence.loud, t.tn("{n} writes very much.", "{n} write very much.", evidence.loud)),
        (
            evidence.expected,
            t.tn(
                "{n} was expected, and is allowed for.",
                "{n} were still expected, and are allowed for.",
                evidence.expected,
            ),
        ),
    )
    return [*lines, *(text for number, text in counted if number)]


def _step_line(step: Step, t: Translator) -> str:
    place = mention_channel(step.target_id) if step.target_id else ""
    what = {
        StepKind.INVITES: t("Invites and DMs paused"),
        StepKind.SLOWMODE: t("Slowmode in {place}", place=place),
        StepKind.VERIFICATION: t("Verification raised"),
        StepKind.LOCK: t("{place} locked", place=place),
        StepKind.OWN_VOICE: t("My own posts in {place} while it is locked", place=place),
    }[step.kind]
    state = {
        StepState.PLANNED: t("under way"),
        StepState.ON: t("on"),
        StepState.FAILED: t("Discord did not let me"),
        StepState.RESTORED: t("as it was before"),
        StepState.KEPT: t("somebody changed it by hand meanwhile, so it stays as it is"),
        StepState.STUCK: t("Discord did not let me put it back"),
    }[step.state]
    if step.state in (StepState.FAILED, StepState.STUCK):
        state += _remedy(step, t)
    return f"- {what}: {state}"


def _remedy(step: Step, t: Translator) -> str:
    """What can be done where Discord refused."""
    if step.reason == "channel_gone":
        return " " + t("(the channel is gone)")
    of_server = step.kind in (StepKind.INVITES, StepKind.VERIFICATION)
    needed = t(NAMES[MANAGE_GUILD if of_server else MANAGE_CHANNELS])
    place = {
        StepKind.INVITES: t("Server Settings > Safety Setup > Security Actions"),
        StepKind.VERIFICATION: t("Server Settings > Safety Setup > DM and Spam Protection"),
        StepKind.SLOWMODE: t("the channel's settings > Overview"),
        StepKind.LOCK: t("the channel's settings > Permissions"),
        StepKind.OWN_VOICE: t("the channel's settings > Permissions"),
    }[step.kind]
    lacks = " " + t("(I lack {permission})", permission=needed) if step.reason == "no_permission" else ""
    return f"{lacks}. " + t("By hand: {place}", place=place)


def _people(raid: Raid, t: Translator) -> str:
    text = t.tn(
        "{n} person came since it began, of whom {suspects} look like a part of it.",
        "{n} people came since it began, of whom {suspects} look like a part of it.",
        raid.came,
        suspects=raid.suspects,
    )
    if raid.quarantined:
        text += " " + t.tn("{n} is in quarantine.", "{n} are in quarantine.", raid.quarantined)
    return text + " " + t("Whoever was here before is left alone.")


def _action_items(actions: Iterable[Action], t: Translator, now: datetime) -> list[Item]:
    items: list[Item] = []
    for each in list(actions)[-3:]:
        items.append(Text(action_line(each, t)))
        if each.can_be_undone(now):
            items.append(Buttons((Button(t("Undo these bans"), custom_id(UNDO, each.id)),)))
    return items


def action_line(action: Action, t: Translator) -> str:
    """What became of something that was done about many."""
    what = t(DID[action.what])
    if action.state == "proposed":
        return t.tn(
            "**{what}**: proposed for {n} person, waits for a second moderator.",
            "**{what}**: proposed for {n} people, waits for a second moderator.",
            action.count,
            what=what,
        )
    if action.state == "declined":
        return t.tn(
            "**{what}**: proposed for {n} person, and declined.",
            "**{what}**: proposed for {n} people, and declined.",
            action.count,
            what=what,
        )
    if action.state == "lapsed":
        return t.tn(
            "**{what}**: proposed for {n} person, and not confirmed.",
            "**{what}**: proposed for {n} people, and not confirmed.",
            action.count,
            what=what,
        )
    if action.state == "undone":
        return t.tn(
            "**{what}**: taken back. The ban of {n} person is being lifted.",
            "**{what}**: taken back. The bans of {n} people are being lifted.",
            action.count,
            what=what,
        )
    case = f" (#{action.case_number})" if action.case_number else ""
    if action.what in (ActionKind.QUARANTINE, ActionKind.RELEASE):
        return t.tn("**{what}**: {n} person.", "**{what}**: {n} people.", action.count, what=what)
    text = t.tn(
        "**{what}**{case}: {done} of {n} person.",
        "**{what}**{case}: {done} of {n} people.",
        action.count,
        what=what,
        case=case,
        done=action.done,
    )
    if action.waiting:
        text += " " + t.tn("{n} is under way.", "{n} are under way.", action.waiting)
    if action.failed:
        text += " " + t.tn(
            "Discord refused {n}: see who in the review.",
            "Discord refused {n}: see who in the review.",
            action.failed,
        )
    return text


def _controls(raid: Raid, t: Translator) -> list[Item]:
    buttons = [Button(t("All clear"), custom_id(CLEAR, raid.id), style=Style.PRIMARY)]
    if raid.level < Level.LOCK:
        label = t("One step up: {what}", what=t(NEXT[Level(raid.level + 1)]))
        buttons.append(
            Button(label, custom_id(STEP_UP, raid.id * STEP_CODE + raid.level), style=Style.DANGER)
        )
    more = (
        Button(t("Review who came"), custom_id(REVIEW, raid.id)),
        Button(t("An hour longer"), custom_id(EXTEND, raid.id)),
    )
    return [Buttons(tuple(buttons)), Buttons(more)]


def status_card(status: Status, t: Translator, now: datetime) -> Card:
    """How things stand, and what is missing."""
    if status.raid is not None:
        return banner(status.raid, t, now)
    items: list[Item] = [Text(t("**No lockdown is on.**") + "\n" + _settings_line(status.settings, t))]
    items.append(Text("\n".join(_sight(status, t))))
    if status.last is not None:
        items.append(Text(t("The last one began {when}.", when=timestamp(status.last.started_at, "R"))))
    items += surge_items(status.surges, t)
    buttons = [Button(t("Begin a lockdown"), custom_id(BEGIN), style=Style.DANGER)]
    if status.last is not None:
        buttons.append(Button(t("Review who came last"), custom_id(REVIEW, status.last.id)))
    items.append(Buttons(tuple(buttons)))
    return Card(tuple(items))


def _settings_line(settings: RaidSettings, t: Translator) -> str:
    if settings.automatic < Level.PAUSE:
        how = t("When it looks like a raid I only tell staff.")
    else:
        how = t(
            "When it looks like a raid I go by myself up to step {level}: {state}.",
            level=settings.automatic,
            state=t(LEVELS[Level(settings.automatic)]),
        )
    return how + " " + t.tn("It lasts {n} minute.", "It lasts {n} minutes.", settings.minutes)


def _sight(status: Status, t: Translator) -> list[str]:
    lines = [t("Newcomers an hour as a rule: {usual}.", usual=f"{round(status.usual, 1):g}")]
    if not status.sees_joins:
        lines.append(
            t(
                "**I do not see who joins**, so I see no raid: whoever runs me can switch on `members_intent` in the "
                "configuration."
            )
        )
    if not status.reads_messages:
        lines.append(
            t(
                "Of messages I see mentions and stickers, not the words: raids are known by who joins and how fast."
            )
        )
    if status.lacking:
        names = ", ".join(t(NAMES[each]) for each in status.lacking if each in NAMES)
        lines.append(
            t(
                "I lack permissions, and the steps that need them would fail: {names}. Give them to my role in Server "
                "Settings > Roles.",
                names=names,
            )
        )
    if status.staff_channel_id is None:
        lines.append(
            t("There is no staff channel to tell it in. Choose one with {command}.", command="`/setup start`")
        )
    return lines


def surge_items(surges: Iterable[AnnouncedSurge], t: Translator) -> list[Item]:
    items: list[Item] = []
    for each in list(surges)[:5]:
        items += [
            Text(surge_line(each, t)),
            Buttons((Button(t("Take it back"), custom_id(SURGE_CANCEL, each.id)),)),
        ]
    return items


def surge_line(surge: AnnouncedSurge, t: Translator) -> str:
    return t.tn(
        "{n} newcomer is expected from {begins} to {ends}, said {who}; {came} came.",
        "{n} newcomers are expected from {begins} to {ends}, said {who}; {came} came.",
        surge.expected,
        begins=timestamp(surge.begins_at),
        ends=timestamp(surge.ends_at, "t" if surge.begins_at.date() == surge.ends_at.date() else "f"),
        who=mention_user(surge.by_id),
        came=surge.came,
    )


def announced_card(surge: AnnouncedSurge, t: Translator) -> Card:
    """What was understood, and what it means."""
    text = t(
        "So many more may come before I sound the alarm, which is never switched off. Invites stay open."
    )
    return Card(
        (
            Text(surge_line(surge, t) + "\n" + text),
            Buttons((Button(t("Take it back"), custom_id(SURGE_CANCEL, surge.id)),)),
        )
    )


def cancelled_card(t: Translator) -> Card:
    return Card((Text(t("Taken back. From now on I watch as usual.")),))
