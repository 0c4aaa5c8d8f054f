"""The cards of /setup config."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from bot.cards import Attachment, Button, Buttons, Card, Item, Option, Pick, Style, Text, custom_id
from bot.config_diff import Change, in_words
from bot.config_file import write
from bot.config_reading import Mistake
from bot.config_service import Applied, Overview, Proposal, Version
from bot.errors import UserError
from bot.i18n import Translator
from bot.nominal_times import local_now
from bot.setup_doctor_render import DOCTOR_CONTROL
from bot.text import clean, length, mention_user, quote, timestamp

APPLY_CONTROL = "setup:config.apply"
LEAVE_CONTROL = "setup:config.leave"
BACK_CONTROL = "setup:config.back"
PICK_CONTROL = "setup:config.pick"
FILE = "lyceum.toml"
WHOLE = "changes.txt"
MISTAKES = "mistakes.txt"
VERSIONS_SHOWN = 10
LEFT_SHOWN = 5
# Of a card's 4,000 characters; what does not fit is in a file, whole.
ROOM = 2800
VALUE_LENGTH = 160
NAME_LENGTH = 60
_LITERAL = frozenset(
    {"command", "example", "empty", "line", "yes", "no", "sign"}
)  # ours, not what somebody typed


def overview_card(overview: Overview, server: str, t: Translator) -> Card:
    """The file with what is in it, and what was applied."""
    titles = [f"`[{block.name}]` {t(block.title)}" for block in overview.blocks]
    text = t(
        "**The configuration as one file**\nChange what you like in it and give it back with {command}: you see what "
        "would change before anything does. It also fits another server, where channels and roles are found by name.",
        command="`/setup config file:`",
    )
    inside = t(
        "In it: {parts}. Nothing about members is in it, and no password or token.", parts=", ".join(titles)
    )
    blocks = [replace(block, title=t(block.title)) for block in overview.blocks]
    file = Attachment(FILE, write(blocks, head=_head(overview, server, t)).encode())
    return Card((Text(f"{text}\n{inside}"), file, *_history(overview, t)))


def _head(overview: Overview, server: str, t: Translator) -> list[str]:
    return [
        t(
            "The configuration of “{server}” in Lyceum, {when} UTC.",
            server=server,
            when=f"{overview.at:%Y-%m-%d %H:%M}",
        ),
        t(
            "Change what you like and give this file back with /setup config. Nothing changes before you agree."
        ),
        t('A line that you take out stays as it is. "" means: not chosen.'),
        t("Of a channel or role the id counts; in a server that does not know the id, the name does."),
    ]


def _history(overview: Overview, t: Translator) -> list[Item]:
    versions = overview.versions
    if not versions:
        return [Text(t("No file has been applied yet. Each can be rolled back afterwards."))]
    lines = [t("**What was applied**, the latest first")]
    lines += [_version_line(each, t) for each in versions[:VERSIONS_SHOWN]]
    if len(versions) > VERSIONS_SHOWN:
        more = len(versions) - VERSIONS_SHOWN
        lines.append(t.tn("… and {n} before, in the menu below", "… and {n} before, in the menu below", more))
    items: list[Item] = [Text("\n".join(lines))]
    label = t("Undo the roll back") if versions[0].is_roll_back else t("Roll back the last one")
    items.append(Buttons((Button(label, custom_id(BACK_CONTROL, versions[0].id)),)))
    if len(versions) > 1:
        options = tuple(_version_option(each, overview.zone, t) for each in versions)
        items.append(Pick(custom_id(PICK_CONTROL), t("Go back to how it was before …"), options))
    return items


def _version_line(version: Version, t: Translator) -> str:
    who = mention_user(version.member_id) if version.member_id else t("somebody")
    fields = {
        "when": timestamp(version.at, "f"),
        "who": who,
        "n": version.changes,
        "file": quote(version.file, NAME_LENGTH),
    }
    if version.is_roll_back:
        return t.tn(
            "- {when} · {who} · {n} change rolled back, of {file}",
            "- {when} · {who} · {n} changes rolled back, of {file}",
            version.changes,
            **fields,
        )
    return t.tn(
        "- {when} · {who} · {n} change from {file}",
        "- {when} · {who} · {n} changes from {file}",
        version.changes,
        **fields,
    )


def _version_option(version: Version, zone: str, t: Translator) -> Option:
    when = f"{local_now(version.at, zone):%Y-%m-%d %H:%M}"
    n = t.tn("{n} change", "{n} changes", version.changes)
    return Option(t("As it was before {when}", when=when), str(version.id), f"{n} · {version.file}")


def proposal_card(proposal: Proposal, t: Translator) -> Card:
    """What would change, and the press that does it; or what is wrong with the file."""
    if proposal.mistakes:
        return _mistakes_card(proposal, t)
    if not proposal.changes:
        text = (
            t("**Nothing would change**\nThe community is set up just as it was then.")
            if proposal.undoes is not None
            else t(
                "**Nothing would change**\nThe community is set up just as {file} says.", file=_file(proposal)
            )
        )
        return Card((Text(text), *_left(proposal.left, t)))
    head = _title(proposal, t)
    if proposal.is_stale:
        stale = t(
            "Something has changed since you were shown this, so nothing was applied. This is how it is now:"
        )
        head = f"{stale}\n{head}"
    notes = "\n".join(f"-# {t(each)}" for each in proposal.remarks)
    after: list[Item] = [Text(notes), *_left(proposal.left, t)]
    room = ROOM - sum(length(each.content) for each in after if isinstance(each, Text))
    shown, whole = (_change_lines(proposal.changes, t, show) for show in (_quoted, clean))
    items = _fitting(head, shown, WHOLE, whole, t, room=room)
    assert proposal.id is not None
    n = len(proposal.changes)
    buttons = Buttons(
        (
            Button(
                t.tn("Apply this {n} change", "Apply these {n} changes", n),
                custom_id(APPLY_CONTROL, proposal.id),
                style=Style.PRIMARY,
            ),
            Button(t("Leave it as it is"), custom_id(LEAVE_CONTROL, proposal.id)),
        )
    )
    return Card((*items, *after, buttons))


def _title(proposal: Proposal, t: Translator) -> str:
    n = len(proposal.changes)
    if proposal.undoes is not None:
        return t.tn(
            "**Going back to before {when} would change {n} thing**",
            "**Going back to before {when} would change {n} things**",
            n,
            when=timestamp(proposal.undoes.at, "f"),
        )
    return t.tn(
        "**{file} would change {n} thing**", "**{file} would change {n} things**", n, file=_file(proposal)
    )


def _mistakes_card(proposal: Proposal, t: Translator) -> Card:
    n = len(proposal.mistakes)
    head = t.tn(
        "**{file} cannot be used yet**: there is {n} mistake. Nothing was changed.",
        "**{file} cannot be used yet**: there are {n} mistakes. Nothing was changed.",
        n,
        file=_file(proposal),
    )
    shown = _mistake_lines(proposal.mistakes, t, lambda words: quote(words, VALUE_LENGTH))
    items = _fitting(head, shown, MISTAKES, _mistake_lines(proposal.mistakes, t, clean), t)
    after = t("Mend the file and give it to {command} again.", command="`/setup config`")
    return Card((*items, Text(after)))


def _left(left: Sequence[Mistake], t: Translator) -> list[Item]:
    """What a roll back cannot bring back."""
    if not left:
        return []
    lines = _mistake_lines(left[:LEFT_SHOWN], t, lambda words: quote(words, NAME_LENGTH))
    more = len(left) - LEFT_SHOWN
    if more > 0:
        lines.append(t.tn("- … and {n} more", "- … and {n} more", more))
    return [Text("\n".join([t("**This cannot be brought back and stays as it is now**"), *lines]))]


def applied_card(applied: Applied, t: Translator) -> Card:
    """It is done."""
    n = len(applied.changes)
    done = (
        t.tn("**Rolled back: {n} change.**", "**Rolled back: {n} changes.**", n)
        if applied.is_roll_back
        else t.tn("**Applied: {n} change.**", "**Applied: {n} changes.**", n)
    )
    text = t(
        "{done} It counts from now on. {audit} shows it, and {command} can take it back.",
        done=done,
        audit="`/manage audit`",
        command="`/setup config`",
    )
    check = Button(t("See what works and what does not"), custom_id(DOCTOR_CONTROL), style=Style.PRIMARY)
    return Card((Text(text), *_left(applied.left, t), Buttons((check,))))


def left_card(t: Translator) -> Card:
    """The person does not want it."""
    return Card((Text(t("All right, everything stays as it is. See {command}.", command="`/setup config`")),))


def _fitting(
    head: str, shown: Sequence[str], name: str, whole: Sequence[str], t: Translator, *, room: int = ROOM
) -> list[Item]:
    """The lines if they fit; else the first of them, and all of them in a file."""
    kept: list[str] = []
    for line in shown:
        room -= length(line) + 1
        if room < 0:
            break
        kept.append(line)
    if len(kept) == len(shown):
        return _in_paragraphs([head, *shown])
    more = t("… and more. All of it is in {file}:", file=f"`{name}`")
    file = Attachment(name, "\n".join(whole).encode("utf-8", "replace"))
    return [*_in_paragraphs([head, *kept]), Text(more), file]


def _in_paragraphs(lines: Iterable[str]) -> list[Item]:
    """A text for each heading with its list: a line right after a list would be taken for the end of its last item."""
    paragraphs: list[list[str]] = []
    for line in lines:
        if paragraphs and line.startswith("- "):
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    return [Text("\n".join(each)) for each in paragraphs]


def _change_lines(changes: Iterable[Change], t: Translator, show: Callable[[str], str]) -> list[str]:
    """A line a change, under the name of what it belongs to."""
    lines: list[str] = []
    section: str | None = None
    for each in changes:
        if each.section != section:
            section = each.section
            lines.append(f"**{t(section)}**" if show is _quoted else t(section))
        name = t(each.label)
        if each.item is not None:
            name = f"{name} “{in_words(each.item, t, show)}”"
        line = t(
            "- {name}: {before} → {after}",
            name=name,
            before=in_words(each.before, t, show),
            after=in_words(each.after, t, show),
        )
        lines.append(line)
    return lines


def _mistake_lines(mistakes: Iterable[Mistake], t: Translator, show: Callable[[str], str]) -> list[str]:
    lines: list[str] = []
    for each in mistakes:
        what = explained(each.problem, t, show)
        path = show(each.path)
        lines.append(f"- **{path}**: {what}" if path else f"- {what}")
    return lines


def explained(problem: UserError, t: Translator, show: Callable[[str], str]) -> str:
    """What is wrong. What comes from the file is shown letter by letter."""
    fields = {
        name: show(value) if isinstance(value, str) and name not in _LITERAL else value
        for name, value in problem.fields.items()
    }
    return t(problem.message, **fields)


def _quoted(words: str) -> str:
    return quote(words, VALUE_LENGTH)


def _file(proposal: Proposal) -> str:
    return quote(proposal.file, NAME_LENGTH)
