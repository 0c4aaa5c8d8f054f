"""What everybody sees when a challenge is over: what people made first, then everyone who finished, then, if wished, a ranking."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cards import Button, Buttons, Card, Divider, Item, Option, Pick, Text, custom_id
from bot.i18n import Translator
from bot.text import length, mention_user, quote, timestamp
from cogs.challenges.model import TRACK_NAMES
from cogs.challenges.render import GALLERY, SUGGEST, late_button, plain_title, title_of
from cogs.challenges.results import Archive, Finisher, Results, Words, gallery_page, showcase
from cogs.challenges.rules import Kind, Lateness, Track

GALLERY_PICK = "challenges:gallery.choose"
GALLERY_LIST = "challenges:gallery.list"
GALLERY_PAGE = "challenges:gallery.page"
PAGES = (
    1000  # a page's control is numbered `challenge * PAGES + page`, a list's `PAGES + page`: never change it
)
ROOM_FOR_SHOWCASE = 1300
ROOM_FOR_NAMES = 1500
ROOM_FOR_RANKING = 700
WORK_SHOWN = 220
LEARNED_SHOWN = 160


def results_card(results: Results, t: Translator) -> Card:
    """The results. It pings nobody."""
    challenge = results.challenge
    heading = t("**Results: {title}**", title=title_of(challenge, t))
    if not results.finishers:
        # What was handed in may have gone with who was deleted, so nothing is said about that.
        text = t("There is nothing to show this time, and that happens. The next one is a new week.")
        return Card((Text(f"{heading}\n{text}"), Buttons((_suggest(t),))))
    count = t.tn(
        "{n} person finished it. Well done!",
        "{n} people finished it. Well done, all of you!",
        len(results.finishers),
    )
    items: list[Item] = [Text(f"{heading}\n{count}")]
    shown = sum(each.shown for each in results.finishers)
    if shown:
        items += [Divider(), Text(_showcase(results, shown, t))]
    names, rest = _names(results.finishers, t)
    items += [Divider(), Text(names)]
    if results.ranking:
        items += [Divider(), Text(_ranking(results, t))]
    buttons = [_suggest(t)]
    if shown or rest:
        buttons.insert(0, Button(t("All that people made"), custom_id(GALLERY, challenge.id)))
    return Card((*items, Buttons(tuple(buttons))))


def _suggest(t: Translator) -> Button:
    return Button(t("Suggest a challenge"), custom_id(SUGGEST))


def _showcase(results: Results, count: int, t: Translator) -> str:
    lines = [t("**What people made**")]
    room = ROOM_FOR_SHOWCASE
    for each in showcase(results.finishers):
        line = work_line(each.member_id, results.words[each.submission_id], t)
        room -= length(line)
        if room < 0 and len(lines) > 1:
            break
        lines.append(line)
    rest = count - (len(lines) - 1)
    if rest:
        lines.append("-# " + t.tn("And {n} more in the gallery.", "And {n} more in the gallery.", rest))
    return "\n".join(lines)


def work_line(member_id: int, words: Words, t: Translator) -> str:
    """What one person made, as they chose to show it."""
    work = quote(words.content, WORK_SHOWN if words.kind is Kind.TEXT else 2 * WORK_SHOWN)
    line = t("- {member}: {work}", member=mention_user(member_id), work=" ".join(work.split()))
    if words.learned:
        learned = " ".join(quote(words.learned, LEARNED_SHOWN).split())
        line += "\n  " + t("Learned: {learned}", learned=learned)
    return line


def _names(finishers: Iterable[Finisher], t: Translator) -> tuple[str, int]:
    """Everyone by track, and how many did not fit."""
    lines = [t("**Everyone who finished**")]
    listed = list(finishers)
    room, left_out = ROOM_FOR_NAMES, 0
    for track in Track:
        names = [_name(each, t) for each in listed if each.track is track]
        if not names:
            continue
        fitting: list[str] = []
        for name in names:
            room -= length(name) + 2
            if room < 0:
                break
            fitting.append(name)
        rest = len(names) - len(fitting)
        left_out += rest
        if rest:
            fitting.append(t.tn("and {n} more", "and {n} more", rest))
        lines.append(f"{t(TRACK_NAMES[track])}: {', '.join(fitting)}")
    if any(each.late is not Lateness.ON_TIME for each in listed):
        lines.append("-# " + t("“took a little longer” is no less finished."))
    return "\n".join(lines), left_out


def _name(finisher: Finisher, t: Translator) -> str:
    name = mention_user(finisher.member_id)
    if finisher.late is Lateness.ON_TIME:
        return name
    return t("{member} (took a little longer)", member=name)


def _ranking(results: Results, t: Translator) -> str:
    """Of those who like it, within their track."""
    about = t.tn(
        "Of those who like to be ranked: finished on time, in the latest challenge.",
        "Of those who like to be ranked: finished on time, of the latest {n} challenges.",
        results.considered,
    )
    lines = [t("**Ranking**"), "-# " + about]
    room = ROOM_FOR_RANKING
    for track, places in results.ranking.items():
        lines.append(f"{t(TRACK_NAMES[track])}:")
        for place, member, count in places:
            line = t(
                "{place}. {member}, {count} on time", place=place, member=mention_user(member), count=count
            )
            room -= length(line)
            if room < 0:
                break
            lines.append(line)
    return "\n".join(lines)


def gallery_card(past: Archive, t: Translator) -> Card:
    """The past challenges, to choose one from."""
    if not past.count:
        text = t("The gallery fills with the results of each challenge. There are none yet.")
        return Card((Text(text), Buttons((_suggest(t),))))
    options = tuple(
        Option(plain_title(each, t), str(each.id), each.opened_at and f"{each.opened_at:%Y-%m-%d}")
        for each in past.challenges
    )
    text = t.tn("**Past challenges**: {n}", "**Past challenges**: {n}", past.count)
    items: list[Item] = [Text(text), Pick(custom_id(GALLERY_PICK), t("Look at one"), options)]
    turns = _turns(GALLERY_LIST, PAGES, past.number, past.pages, t)
    if turns:
        items.append(Buttons(turns))
    return Card(tuple(items))


def past_card(results: Results, t: Translator, page: int = 0) -> Card:
    """One past challenge, with what people chose to show, a few at a time. `results` were read for this page."""
    challenge = results.challenge
    read = gallery_page(results.finishers, page)
    lines = [f"**{title_of(challenge, t)}**"]
    if challenge.opened_at is not None:
        lines.append("-# " + t("Opened {when}.", when=timestamp(challenge.opened_at, "D")))
    lines += [work_line(each.member_id, results.words[each.submission_id], t) for each in read.shown]
    if not any(each.shown for each in results.finishers):
        lines.append(t("Nobody chose to show what they made here."))
    items: list[Item] = [Text("\n".join(lines))]
    if read.named:
        items += [Divider(), Text(_names(read.named, t)[0])]
    turns = _turns(GALLERY_PAGE, challenge.id * PAGES, read.number, read.pages, t)
    if turns:
        items.append(Buttons(turns))
    ways = [Button(t("All past challenges"), custom_id(GALLERY))]
    if results.can_submit:
        ways.append(late_button(challenge, t))
    return Card((*items, Buttons(tuple(ways))))


def _turns(control: str, base: int, page: int, pages: int, t: Translator) -> tuple[Button, ...]:
    turns: list[Button] = []
    if page > 0:
        turns.append(Button(t("Previous"), custom_id(control, base + page - 1)))
    if page + 1 < pages:
        turns.append(Button(t("Next"), custom_id(control, base + page + 1)))
    return tuple(turns)
