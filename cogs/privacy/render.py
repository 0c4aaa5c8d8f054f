"""What people see of their data."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cards import Attachment, Button, Buttons, Card, Form, Style, Text, TextField, custom_id
from bot.erasure import Planned
from bot.i18n import N_, Translator
from bot.text import V2_TEXT_LIMIT, length, timestamp
from cogs.privacy.service import Footprint, Held, Overview
from storage.personal import OnDeletion, SeenBy

ASK = "privacy:data.ask"
DELETE = "privacy:data.delete"
KEEP = "privacy:data.keep"
EXPORT = "privacy:data.export"

_SEEN_BY = {
    SeenBy.MEMBER: N_("Only you see it."),
    SeenBy.WRITER: N_("Only whoever wrote it sees it."),
    SeenBy.STAFF: N_("You and staff see it."),
    SeenBy.OTHERS: N_("Staff see it, and not whom it is about."),
    SeenBy.COMMUNITY: N_("Others here may see it."),
}
_ROOM = V2_TEXT_LIMIT - 1200  # for what stands around a list
_ROOM_FOR_ALL = V2_TEXT_LIMIT - 900  # for the lists of a deletion together
_ROOM_FOR_KEPT, _ROOM_FOR_NAMELESS = 900, 700  # of it, at most


def footprint_card(footprint: Footprint, t: Translator) -> Card:
    """What is stored about one person, and what they can do about it."""
    if not footprint.held:
        return Card((Text(t("**Your data in this server**\nI have stored nothing about you.")),))
    lines = [_line(each, t) for each in footprint.held]
    text = t(
        "**Your data in this server**\nOther servers know nothing of it. Whoever runs this bot can read its database. "
        "A year after you leave, what would go with `/privacy delete` goes by itself."
    )
    items = [Text(text), Text(_list(lines, t))]
    if footprint.planned is not None:
        items.append(Text(_planned(footprint.planned, t)))
    buttons = [Button(t("Get a copy"), custom_id(EXPORT))]
    if footprint.planned is None:
        buttons.append(Button(t("Delete my data"), custom_id(ASK), style=Style.DANGER))
    elif not footprint.planned.has_begun:
        buttons.append(_keep(t))
    return Card((*items, Buttons(tuple(buttons))))


def export_card(file: tuple[str, bytes], number: int, of: int, t: Translator) -> Card:
    """One file of an export."""
    text = t("**Everything I have stored about you in this server**\nIds are Discord's, times are UTC.")
    if of > 1:
        text += "\n" + t("Part {number} of {of}.", number=number, of=of)
    return Card((Text(text), Attachment(*file)))


def delete_card(footprint: Footprint, t: Translator) -> Card:
    """What a deletion takes away, what it leaves and why."""
    if footprint.planned is not None:
        return planned_card(footprint.planned, t)
    going = [f"- {t(each.what)}" for each in footprint.held if each.on_deletion is OnDeletion.ERASE]
    detached = [f"- {t(each.what)}" for each in footprint.held if each.on_deletion is OnDeletion.DETACH]
    kept = [
        t("- {what}: {why}", what=t(each.what), why=t(each.why))
        for each in footprint.held
        if each.on_deletion is OnDeletion.KEEP and each.why
    ]
    if not going and not detached:
        nothing = t(
            "**Delete my data in this server**\nI have stored nothing about you that could be deleted."
        )
        return Card((Text("\n\n".join([nothing, *_with_heading(t("**This stays**"), kept)])),))
    blocks = [
        t(
            "**Delete my data in this server**\nIt happens 24 hours after you confirm. Until then you can stop it."
        )
    ]
    note = t("- A note that you were deleted, so that no backup brings you back")
    stays = _fitting([note, *kept], _ROOM_FOR_KEPT, t)
    nameless = _fitting(detached, _ROOM_FOR_NAMELESS, t)
    goes = _fitting(going, _ROOM_FOR_ALL - length("\n".join([*stays, *nameless])), t)
    blocks += _with_heading(t("**This goes, and cannot be brought back**"), goes)
    blocks += _with_heading(t("**This stays without your name**"), nameless)
    blocks += _with_heading(t("**This stays**"), stays)
    blocks.append(
        t(
            "What I posted about you in the last 90 days goes from the channels as well. Older posts, what you wrote yourself "
            "and your roles belong to the server: ask its staff about those. Backups are overwritten in time."
        )
    )
    ask = Button(t("Delete my data"), custom_id(ASK), style=Style.DANGER)
    return Card((Text("\n\n".join(blocks)), Buttons((Button(t("Get a copy first"), custom_id(EXPORT)), ask))))


def confirm_form(word: str, t: Translator) -> Form:
    """The last question before a deletion."""
    field = TextField(
        "word",
        t("Type “{word}” to confirm", word=word),
        description=t("Or your name here. You have 24 hours to change your mind."),
        placeholder=word,
        max_length=100,
    )
    return Form(t("Delete my data"), custom_id(DELETE), (field,))


def confirming_word(t: Translator) -> str:
    """What has to be typed."""
    return t("delete")


def planned_card(planned: Planned, t: Translator) -> Card:
    """A deletion is to come, and how to stop it."""
    text = Text(t("**Your data will be deleted**\n{state}", state=_planned(planned, t)))
    return Card((text,) if planned.has_begun else (text, Buttons((_keep(t),))))


def kept_card(t: Translator) -> Card:
    return Card((Text(t("**Nothing will be deleted.** Everything is as it was.")),))


def overview_card(overview: Overview, t: Translator) -> Card:
    """What is stored of the whole server, for facilitators."""
    lines = [
        t.tn(
            "- {what}: {n} entry. {window}",
            "- {what}: {n} entries. {window}",
            each.rows,
            what=t(each.what),
            window=_window(each, t),
        )
        for each in overview.held
        if each.rows
    ]
    facts = [
        t(
            "Last clean-up: {when}",
            when=timestamp(overview.last_purge) if overview.last_purge else t("not yet"),
        ),
        t("Deletions to come: {n}", n=overview.erasures_planned),
        _backup(overview, t),
    ]
    if overview.purged_at is not None:
        facts.insert(
            1,
            t.tn(
                "The last one that found something here, {when}: {n} entry erased",
                "The last one that found something here, {when}: {n} entries erased",
                overview.rows_purged,
                when=timestamp(overview.purged_at, "D"),
            ),
        )
    if overview.database_bytes is not None:
        facts.append(
            t("Size of the database, all servers: {mib} MiB", mib=f"{overview.database_bytes / 2**20:.1f}")
        )
    heading = t(
        "**What I have stored of this server**\nOf people, in all. A year after somebody leaves, their data goes."
    )
    how = t("Everybody sees, takes away and deletes their own with {command}.", command="`/privacy show`")
    return Card((Text(heading), Text(_list(lines, t)), Text("\n".join([*facts, "", how]))))


def _line(held: Held, t: Translator) -> str:
    return t.tn(
        "- **{what}**: {n} entry. {seen} {window}",
        "- **{what}**: {n} entries. {seen} {window}",
        held.rows,
        what=t(held.what),
        seen=t(_SEEN_BY[held.seen_by]),
        window=_window(held, t),
    )


def _window(held: Held, t: Translator) -> str:
    if held.keep_for is None:
        return t("Stays: {why}.", why=t(held.why)) if held.why else t("Kept until it is deleted.")
    if held.why is not None:
        return t.tn(
            "Kept for {n} day: {why}.", "Kept for {n} days: {why}.", held.keep_for.days, why=t(held.why)
        )
    return t.tn("Kept for {n} day.", "Kept for {n} days.", held.keep_for.days)


def _planned(planned: Planned, t: Translator) -> str:
    if planned.has_begun:
        return t("It has begun and can no longer be stopped.")
    return t(
        "It happens {relative}, on {when}. Changed your mind? Press **{label}**, or use {command} until then.",
        relative=timestamp(planned.due_at, "R"),
        when=timestamp(planned.due_at, "F"),
        label=t("Keep my data"),
        command="`/privacy delete`",
    )


def _backup(overview: Overview, t: Translator) -> str:
    if not overview.is_file:
        return t("Backups: made by whoever runs the database")
    return t(
        "Last backup: {when}", when=timestamp(overview.last_backup) if overview.last_backup else t("none yet")
    )


def _keep(t: Translator) -> Button:
    return Button(t("Keep my data"), custom_id(KEEP), style=Style.PRIMARY)


def _with_heading(heading: str, lines: list[str]) -> list[str]:
    return ["\n".join([heading, *lines])] if lines else []


def _list(lines: Iterable[str], t: Translator) -> str:
    return "\n".join(_fitting(lines, _ROOM, t)) or t("Nothing.")


def _fitting(lines: Iterable[str], room: int, t: Translator) -> list[str]:
    """As many lines as there is room for; what is left out is said, or it would be cut without a word."""
    shown: list[str] = []
    left_out = 0
    used = 0
    for line in lines:
        used += length(line) + 1
        if used > room:
            left_out += 1
        else:
            shown.append(line)
    if left_out:
        shown.append(t.tn("- and {n} kind more", "- and {n} kinds more", left_out))
    return shown
