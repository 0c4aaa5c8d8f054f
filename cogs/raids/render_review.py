"""Who came with a raid: a list with boxes to tick, what would be done to whom, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.cards import Button, Buttons, Card, Item, Option, Pick, Style, Text, custom_id
from bot.i18n import N_, Translator
from bot.text import cut, label_of, mention_user, timestamp
from cogs.raids.model import (
    ACTIONS,
    OLDER_THAN,
    Action,
    ActionKind,
    Comer,
    MemberState,
    Preview,
    Raid,
    Spared,
)
from cogs.raids.render import DID, action_line
from cogs.raids.rules import Sign

PAGE, TICK, CHOOSE, OLDER, DO, REVIEW = (
    "raids:review.page",
    "raids:review.tick",
    "raids:act.choose",
    "raids:act.older",
    "raids:act.do",
    "raids:lockdown.review",
)
A_PAGE = 15
MOST_PAGES = 1000
"""A control bears the number of a lockdown, and in its last three digits a page or an action."""

SIGNS = {
    Sign.WAVE: N_("came with many others"),
    Sign.RIPPLE: N_("came with some others"),
    Sign.FRESH: N_("account younger than a day"),
    Sign.YOUNG: N_("account younger than a week"),
    Sign.RECENT: N_("account younger than a month"),
    Sign.ALIKE: N_("name like others"),
    Sign.SAME_FACE: N_("picture like others"),
    Sign.BARE: N_("no picture"),
    Sign.ECHO: N_("wrote what others wrote"),
}
STATES = {
    MemberState.QUARANTINED: N_("in quarantine"),
    MemberState.RELEASED: N_("released"),
    MemberState.PLANNED: N_("under way"),
    MemberState.BANNED: N_("banned"),
    MemberState.KICKED: N_("kicked"),
    MemberState.SPARED: N_("spared"),
    MemberState.FAILED: N_("Discord refused"),
    MemberState.UNDONE: N_("ban lifted"),
}
WHY_SPARED = {
    Spared.BY_STAFF: N_("you unticked them"),
    Spared.NO_SUSPECT: N_("they do not look like a part of it"),
    Spared.HAS_ROLES: N_("they have a role"),
    Spared.TOOK_PART: N_("they took part here before"),
    Spared.OLDER: N_("their account is older"),
    Spared.WAS_HERE: N_("they were here before"),
    Spared.STAFF: N_("they are staff, or stand above me"),
    Spared.BOT: N_("they are bots"),
    Spared.DONE: N_("that was done already"),
    Spared.GONE: N_("they have left"),
}
AGES = (
    N_("All accounts"),
    N_("Not those older than a year"),
    N_("Not those older than a month"),
    N_("Not those older than a week"),
)


def review_card(
    raid: Raid, comers: Sequence[Comer], page: int, t: Translator, name_of: Callable[[int], str | None]
) -> Card:
    """One page of those who came. Who is ticked is meant by what is done next."""
    pages = max(1, -(-len(comers) // A_PAGE))
    page = min(max(page, 0), pages - 1)
    shown = comers[page * A_PAGE : (page + 1) * A_PAGE]
    suspects = sum(each.suspicion.is_suspect for each in comers)
    head = t(
        "**Who came since {since}**: {n}, of whom {suspects} look like a part of it. Whoever was here before is not in the list.",
        since=timestamp(raid.since, "t"),
        n=len(comers),
        suspects=suspects,
    )
    items: list[Item] = [Text(head)]
    if not shown:
        return Card((*items, Text(t("Nobody came."))))
    items.append(Text("\n".join(_line(each, t) for each in shown)))
    items.append(_ticks(raid, shown, page, t, name_of))
    items += _turning(raid, page, pages, t)
    items += _choosing(raid, t)
    return Card(tuple(items))


def _line(comer: Comer, t: Translator) -> str:
    signs = ", ".join(t(words) for sign, words in SIGNS.items() if sign in comer.suspicion.signs)
    state = f" · **{t(STATES[comer.state])}**" if comer.state in STATES else ""
    out = " · " + t("not meant") if comer.left_out or not comer.suspicion.is_suspect else ""
    return f"- {mention_user(comer.member_id)} {timestamp(comer.joined_at, 'T')}: {signs or t('nothing unusual')}{state}{out}"


def _ticks(
    raid: Raid, shown: Sequence[Comer], page: int, t: Translator, name_of: Callable[[int], str | None]
) -> Pick:
    options = tuple(
        Option(
            label=cut(label_of(name_of(each.member_id), each.member_id, t), 90),
            value=str(each.member_id),
            chosen=not each.left_out and each.suspicion.is_suspect,
            description=None,
        )
        for each in shown
        if each.suspicion.is_suspect
    )
    return Pick(
        custom_id(TICK, raid.id * MOST_PAGES + page), t("Ticked are those who are meant"), options, many=True
    )


def _turning(raid: Raid, page: int, pages: int, t: Translator) -> list[Item]:
    if pages == 1:
        return []
    buttons = tuple(
        Button(label, custom_id(PAGE, raid.id * MOST_PAGES + target), disabled=not 0 <= target < pages)
        for label, target in ((t("Previous page"), page - 1), (t("Next page"), page + 1))
        if 0 <= target < pages
    )
    return [Text(t("Page {page} of {pages}", page=page + 1, pages=pages)), Buttons(buttons)]


def _choosing(raid: Raid, t: Translator) -> list[Buttons]:
    buttons = [
        Button(
            t("{what} …", what=t(DID[what])),
            custom_id(CHOOSE, raid.id * MOST_PAGES + index),
            style=Style.DANGER if what is ActionKind.BAN else Style.SECONDARY,
        )
        for index, what in enumerate(ACTIONS)
    ]
    return [Buttons(tuple(buttons[:2])), Buttons(tuple(buttons[2:]))]


def _question(what: ActionKind, n: int, t: Translator) -> str:
    """What is about to be done to so many, and how it can be undone."""
    if what is ActionKind.BAN:
        return t.tn(
            "Ban {n} person? A second moderator has to confirm it. It can be undone for a week.",
            "Ban {n} people? A second moderator has to confirm it. It can be undone for a week.",
            n,
        )
    if what is ActionKind.KICK:
        return t.tn(
            "Kick {n} person? A second moderator has to confirm it. They can come back.",
            "Kick {n} people? A second moderator has to confirm it. They can come back.",
            n,
        )
    if what is ActionKind.QUARANTINE:
        return t.tn(
            "Put {n} person in quarantine? It ends with the lockdown, or when you release them.",
            "Put {n} people in quarantine? It ends with the lockdown, or when you release them.",
            n,
        )
    return t.tn("Release {n} person from the quarantine?", "Release {n} people from the quarantine?", n)


def preview_card(preview: Preview, t: Translator) -> Card:
    """What would be done to how many, and who is left out and why; nothing has been done yet."""
    raid, n = preview.raid, len(preview.chosen)
    items: list[Item] = [
        Text(_question(preview.what, n, t) if n else t("There is nobody whom that would mean."))
    ]
    if n:
        people = ", ".join(mention_user(each) for each in preview.chosen[:10])
        more = t.tn("{people} and {n} more", "{people} and {n} more", n - 10, people=people)
        items.append(Text(t("They are {people}.", people=more if n > 10 else people)))
    if preview.spared:
        lines = [f"- {count}: {t(WHY_SPARED[why])}" for why, count in sorted(preview.spared.items())]
        items.append(Text("\n".join((t("**Left out**"), *lines))))
    action = ACTIONS.index(preview.what)
    if preview.what is not ActionKind.RELEASE:
        options = tuple(
            Option(t(words), str(index), chosen=index == preview.older) for index, words in enumerate(AGES)
        )
        items.append(
            Pick(custom_id(OLDER, raid.id * MOST_PAGES + action), t("By age of the account"), options)
        )
    code = raid.id * MOST_PAGES + action * 10 + preview.older
    buttons = [Button(t("Back to the list"), custom_id(REVIEW, raid.id))]
    if n:
        label = t.tn("{what} {n} person", "{what} {n} people", n, what=t(DID[preview.what]))
        buttons.insert(0, Button(label, custom_id(DO, code), style=Style.DANGER))
    items.append(Buttons(tuple(buttons)))
    return Card(tuple(items))


def done_card(action: Action, t: Translator) -> Card:
    """What became of it."""
    text = action_line(action, t)
    if action.state == "proposed":
        text += "\n" + t(
            "The proposal stands in the moderation log. Nothing is done until it is confirmed, within an hour."
        )
    return Card((Text(text), Buttons((Button(t("Back to the list"), custom_id(REVIEW, action.raid_id)),))))


def proposal_text(what: ActionKind, count: int, reasons: str, t: Translator) -> str:
    """What is proposed, for the card on which a second moderator decides."""
    return t.tn(
        "**{what} {n} person who came with a raid**\n{reasons}",
        "**{what} {n} people who came with a raid**\n{reasons}",
        count,
        what=t(DID[what]),
        reasons=reasons,
    )


def is_older(index: int) -> bool:
    return 0 <= index < len(OLDER_THAN)
