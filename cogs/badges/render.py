"""Draws badges for members: the catalogue, their own, the line that tells of one, and the week's wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.cards import Button, Buttons, Card, Divider, Item, Style, Text, custom_id
from bot.i18n import Translator
from bot.text import mention_channel, mention_user, paged, quote, timestamp
from cogs.badges import rules
from cogs.badges.model import Award, CatalogEntry, Mine
from cogs.badges.rules import LONGEST_REASON
from cogs.badges.words import TIERS, how_of, progress_of, title_of
from storage.badges import HELD, LOST, REVOKED

CATALOG = "badges:catalog.page"
MINE = "badges:mine.page"
SHARE = "badges:mine.share"
UNSHARE = "badges:mine.unshare"
A_PAGE = 5
MINE_A_PAGE = 10
ROOM = 3300  # UTF-16 units of a page: the rest of a card's 4000 is for what stands around it


def catalog_card(
    entries: Sequence[CatalogEntry], titles: Mapping[str, str], t: Translator, page: int = 0
) -> Card:
    """What there is to earn, how, and how far the reader is. `titles` says what the kinds of acts are called."""
    mine = Button(t("My badges"), custom_id(MINE))
    if not entries:
        text = t(
            "**Badges**\nThere are none here yet. A facilitator switches them on with `/manage badges list`."
        )
        return Card((Text(text), Buttons((mine,))))
    found = paged([_entry(each, titles, t) for each in entries], room=ROOM, most=A_PAGE)
    pages = len(found)
    page %= pages
    head = t("**Badges** · page {page} of {pages}", page=page + 1, pages=pages)
    items: list[Item] = [Text(head)]
    for block in found[page]:
        items += [Divider(), Text(block)]
    return Card((*items, Buttons((*_turning(CATALOG, page, pages, t), mine))))


def mine_card(mine: Mine, t: Translator, page: int = 0) -> Card:
    """What the reader has, the newest first, and who else gets to see it."""
    held = [each for each in mine.awards if each.state == HELD]
    # One that was earned anew by other acts does not rest.
    present = {each.badge.id for each in held if not each.badge.repeatable}
    resting = [each for each in mine.awards if each.state == REVOKED]
    resting += [each for each in mine.awards if each.state == LOST and each.badge.id not in present]
    blocks = [_award(each, t) for each in held] + [_resting(each, t) for each in resting]
    found = paged(blocks, room=ROOM, most=MINE_A_PAGE)
    pages = len(found)
    page %= pages
    lines = [
        t("**Your badges**")
        if pages == 1
        else t("**Your badges** · page {page} of {pages}", page=page + 1, pages=pages)
    ]
    start = sum(map(len, found[:page]))
    n_held = max(0, min(len(found[page]), len(held) - start))
    if not held:
        lines.append(t("None yet. There is no hurry: the list says how each is earned."))
    items: list[Item] = [Text("\n".join([*lines, *found[page][:n_held]]))]
    if found[page][n_held:]:
        items.append(Text("\n".join(found[page][n_held:])))
    items += [Divider(), Text(_who_sees(mine, t))]
    share = (
        Button(t("Keep them to myself"), custom_id(UNSHARE))
        if mine.shares
        else Button(t("Show new ones in the week's wins"), custom_id(SHARE))
    )
    items.append(Buttons((Button(t("All badges"), custom_id(CATALOG), style=Style.PRIMARY), share)))
    turning = _turning(MINE, page, pages, t)
    if turning:
        items.append(Buttons(turning))
    return Card(tuple(items))


def told_card(award: Award, t: Translator) -> Card:
    """One line about one badge, to its owner alone."""
    title = title_of(award.badge, t)
    if award.state != HELD:
        return Card((Text(_resting(award, t)),), silent=True)
    lines = [t("**A badge for you: {title}**", title=title), how_of(award.badge, t)]
    if award.by_hand and award.reason:
        lines.append(
            t("A facilitator gave it to you: {reason}", reason=quote(award.reason, 2 * LONGEST_REASON))
        )
    lines.append(t("-# Only you see this message. All of yours, and who else sees them: `/badge mine`"))
    return Card((Text("\n".join(lines)),), silent=True)


def wins_card(awards: Sequence[Award], t: Translator) -> Card:
    """The week's wins. Nobody is pinged."""
    of_member: dict[int, list[str]] = {}
    for each in awards:
        titles = of_member.setdefault(each.member_id, [])
        title = title_of(each.badge, t)
        if title not in titles:
            titles.append(title)
    lines, left = rules.split(
        [f"- {mention_user(who)}: {', '.join(found)}" for who, found in of_member.items()]
    )
    if left:
        lines.append(t.tn("- and {n} person more", "- and {n} people more", left))
    text = "\n".join(lines) if lines else t("What stood here was taken back.")
    hint = t("-# Only those who wished it stand here. To join them, or not any more: `/badge mine`")
    return Card((Text(t("**Wins of the week**")), Text(text), Text(hint)), silent=True)


def _entry(each: CatalogEntry, titles: Mapping[str, str], t: Translator) -> str:
    badge = each.badge
    lines = [f"**{title_of(badge, t)}** · {t(TIERS[badge.tier])}"]
    lines.append(how_of(badge, t))
    if each.held:
        lines.append(t.tn("-# You have it.", "-# You have it {n} times.", each.held))
    if not each.held or badge.repeatable:
        if not badge.rule.criteria:
            lines.append(t("-# Given by facilitators."))
        elif not each.held:
            # Of a first time there is nothing to say but what stands above.
            counted = [one for one in each.progress if len(each.progress) > 1 or one.needed > 1]
            lines += [f"-# {progress_of(one, titles, t)}" for one in counted]
        if badge.repeatable:
            lines.append(t("-# It can be earned again and again."))
    if badge.retires_at is not None:
        lines.append(t("-# Can be earned until {day}.", day=timestamp(badge.retires_at, "D")))
    return "\n".join(lines)


def _award(each: Award, t: Translator) -> str:
    line = f"- **{title_of(each.badge, t)}** · {timestamp(each.at, 'D')}"
    if each.by_hand and each.reason:
        line += "\n" + t("  given by a facilitator: {reason}", reason=quote(each.reason, 2 * LONGEST_REASON))
    return line


def _resting(each: Award, t: Translator) -> str:
    title = title_of(each.badge, t)
    if each.state == REVOKED:
        reason = quote(each.revoked_because or "", 2 * LONGEST_REASON)
        return t(
            "**{title}** was taken back by a facilitator: {reason}\n-# If you see it otherwise, tell them.",
            title=title,
            reason=reason,
        )
    return t(
        "**{title}** rests: something that earned it was taken back. It comes back by itself when it is earned again.",
        title=title,
    )


def _who_sees(mine: Mine, t: Translator) -> str:
    if mine.shares and mine.wins_channel_id is not None:
        where = t(
            "New ones are shown once a week in {channel}.", channel=mention_channel(mine.wins_channel_id)
        )
    elif mine.shares:
        where = t("New ones are shown once a week, as soon as there is a channel for it.")
    else:
        where = t("New ones are told to you alone.")
    return "-# " + where + " " + t("Who sees them on your card: `/me card`")


def _turning(name: str, page: int, pages: int, t: Translator) -> tuple[Button, ...]:
    if pages < 2:
        return ()
    before = Button(t("Previous page"), custom_id(name, (page - 1) % pages))
    after = Button(t("Next page"), custom_id(name, (page + 1) % pages))
    return (before, after) if pages > 2 else (after,)
