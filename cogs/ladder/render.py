"""Draws the ladder for members: where they stand, what is next and by what evidence, and the way down and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.cards import Button, Buttons, Card, Divider, Item, Option, Pick, Style, Text, custom_id
from bot.criteria import Progress, sentence
from bot.i18n import N_, Translator
from bot.text import cut, jump_link, length, paged, quote, timestamp
from cogs.ladder.model import Evidence, Proposal, Standing, Step
from cogs.ladder.rules import LONGEST_REASON, LONGEST_TEXT, MOST_STEPS, Decision
from cogs.ladder.service import title_of

SHOW = "ladder:own.show"
EVIDENCE = "ladder:own.evidence"
STEPS = "ladder:own.steps"
DOWN_ASK = "ladder:own.down"
DOWN_TO = "ladder:own.down_to"
BACK = "ladder:own.back"

ROOM = 3300  # UTF-16 units of a list: the rest of a card's 4000 is for what stands around it
EVIDENCE_ROOM = 2400  # beside the criteria, which may be long

Titles = Mapping[str, str]
_NEWS = {
    "reached": N_("**You have reached a new step: {title}.** {text}"),
    "lost": N_(
        "**You are not on the step “{title}” at the moment,** because something that counted for it was taken back. "
        "It comes back by itself when it is earned again."
    ),
    "revoked": N_(
        "**Staff have taken the step “{title}” back.** Ask them whenever you like; they will say why."
    ),
}


def standing_card(
    standing: Standing, titles: Titles, t: Translator, *, said_first: str | None = None
) -> Card:
    """Where somebody stands, and what is next."""
    head = t("**Your step: {title}**", title=title_of(standing.current, t))
    if standing.since is not None:
        head += " " + t("(since {day})", day=timestamp(standing.since, "d"))
    lines = [f"**{said_first}**"] if said_first else []
    lines += [head, text_of(standing.current, t)]
    items: list[Item] = [Text("\n".join(lines)), Divider()]
    items += _next_items(standing, titles, t)
    buttons = [Button(t("All steps"), custom_id(STEPS))]
    if standing.emeritus:
        items.append(Text(_emeritus_text(standing, t)))
        title = title_of(standing.emeritus[-1], t)
        buttons.insert(
            0, Button(t("Come back as {title}", title=title), custom_id(BACK), style=Style.PRIMARY)
        )
    items.append(Buttons(tuple(buttons)))
    return Card(tuple(items))


def evidence_card(
    standing: Standing, one: Progress, found: Sequence[Evidence], titles: Titles, t: Translator
) -> Card:
    """What counts for one criterion."""
    lines = [
        f"**{sentence(one.criterion, titles, t)}**",
        t("{done} of {needed} so far.", done=one.done, needed=one.needed),
    ]
    lines += evidence_lines(found, titles, t)
    if not found:
        lines.append(t("Nothing counts for it yet."))
    assert standing.following is not None
    return Card((Text("\n".join(lines)), Buttons((Button(t("Back"), custom_id(SHOW)),))))


def steps_card(standing: Standing, titles: Titles, t: Translator, page: int = 0) -> Card:
    """All steps with their criteria, which are the same for everybody, the highest first."""
    blocks: list[str] = []
    for step in reversed(standing.steps):
        lines = [f"**{title_of(step, t)}**" + (" " + t("(you are here)") if step == standing.current else "")]
        lines.append(text_of(step, t))
        lines += [f"- {sentence(each, titles, t)}" for each in step.rule.criteria]
        if step.powers:
            lines.append(t("-# Somebody of staff confirms it."))
        elif not step.rule.criteria and step != standing.steps[0]:
            lines.append(t("-# Given by staff."))
        blocks.append("\n".join(lines))
    pages = paged(blocks, room=ROOM, most=MOST_STEPS)
    page %= len(pages)
    head = t("**The ladder here.** Everybody can read what each step asks for.")
    if len(pages) > 1:
        head += " " + t("Page {page} of {pages}.", page=page + 1, pages=len(pages))
    buttons = [Button(t("Back"), custom_id(SHOW))]
    if len(pages) > 1:
        buttons.insert(0, Button(t("Next page"), custom_id(STEPS, (page + 1) % len(pages))))
    return Card((Text(head), *map(Text, pages[page]), Buttons(tuple(buttons))))


def down_card(standing: Standing, t: Translator) -> Card:
    """Where to, and that nothing of it is lost."""
    lower: list[Step] = []
    for step in standing.steps:
        if step.key == standing.current.key:
            break
        if step.key in standing.held or not lower:
            lower.append(step)
    if not lower:
        text = t(
            "You are on the first step, and nobody has to do anything on it. There is nothing to step down from."
        )
        return Card((Text(text), Buttons((Button(t("Back"), custom_id(SHOW)),))))
    text = t(
        "**Step down from {title}?** Thank you for what you did there. You keep the honour as {title}, emeritus, and what "
        "you have earned; the role goes. You can come back with one press whenever you like.",
        title=title_of(standing.current, t),
    )
    options = tuple(Option(cut(_plain(each, t), 90), each.key) for each in reversed(lower))
    back = Button(t("Stay where I am"), custom_id(SHOW))
    return Card((Text(text), Pick(custom_id(DOWN_TO), t("Step down to"), options), Buttons((back,))))


def news_card(what: str, step: Step, t: Translator) -> Card:
    """What a member is told when their step changes by itself."""
    words = t(_NEWS[what], title=title_of(step, t), text=text_of(step, t))
    return Card((Text(words), Buttons((Button(t("Where I stand"), custom_id(SHOW)),))))


def not_yet_card(proposal: Proposal, step: Step, t: Translator) -> Card:
    """Staff have looked, and want to see more first."""
    reason = quote(proposal.reason or "", 2 * LONGEST_REASON)
    if proposal.kind == "doubt":
        head = t(
            "**Staff have looked at your step “{title}” again, and it rests for now.** They say:",
            title=title_of(step, t),
        )
    else:
        head = t(
            "**Staff have looked at your way to “{title}”: not yet.** Everything you did still counts. They say:",
            title=title_of(step, t),
        )
    return Card((Text(f"{head}\n> {reason}"),))


def progress_lines(progress: Sequence[Progress], titles: Titles, t: Translator) -> list[str]:
    """Each criterion with how far it is; done is said in words, not by a sign alone."""
    lines: list[str] = []
    for each in progress:
        words = sentence(each.criterion, titles, t)
        state = t("done") if each.is_met else t("{done} of {needed}", done=each.done, needed=each.needed)
        lines.append(f"- {words} ({state})")
    return lines


def text_of(step: Step, t: Translator) -> str:
    """A step's description for people."""
    return t(step.text) if step.ours else quote(step.text, 2 * LONGEST_TEXT)


def _next_items(standing: Standing, titles: Titles, t: Translator) -> list[Item]:
    following = standing.following
    if following is None:
        if standing.current == standing.steps[-1]:
            return [Text(t("This is the highest step here."))]
        return (
            []
            if standing.emeritus
            else [Text(t("The next step is in staff's hands. Speak to them when you like."))]
        )
    if not following.rule.criteria:
        return [Text(t("The next step, {title}, is given by staff.", title=title_of(following, t)))]
    head = t(
        "**To {title}: {done} of {all} done**",
        title=title_of(following, t),
        done=standing.done,
        all=len(standing.progress),
    )
    items: list[Item] = [Text("\n".join([head, *progress_lines(standing.progress, titles, t)]))]
    if following.powers:
        items.append(Text(_powers_line(standing, t)))
    options = tuple(
        Option(cut(sentence(each.criterion, titles, t), 90), str(number))
        for number, each in enumerate(standing.progress)
    )
    return [*items, Pick(custom_id(EVIDENCE), t("See what counts for one of these"), options)]


def _powers_line(standing: Standing, t: Translator) -> str:
    proposal = standing.proposal
    if proposal is not None and proposal.state is Decision.OPEN:
        return t("-# Everything is there: somebody of staff is looking at it.")
    if proposal is not None and proposal.state is Decision.NOT_YET and proposal.reason:
        return t(
            "-# Staff looked at it and said: {reason}", reason=quote(proposal.reason, 2 * LONGEST_REASON)
        )
    return t("-# When all of it is there, somebody of staff confirms it.")


def _emeritus_text(standing: Standing, t: Translator) -> str:
    titles = ", ".join(title_of(each, t) for each in standing.emeritus)
    return t("You stepped down with honour: {titles}, emeritus.", titles=titles)


def evidence_lines(found: Sequence[Evidence], titles: Titles, t: Translator) -> list[str]:
    """The acts that count, as many as can be read on one card, with a link to each that is a message."""
    lines: list[str] = []
    room = EVIDENCE_ROOM
    for number, each in enumerate(found):
        what = t(titles[each.kind]) if each.kind in titles else each.kind
        name = f": {quote(each.name, 100)}" if each.name else ""
        if each.message is not None:
            what = f"[{what}]({jump_link(*each.message)})"
        line = f"- {timestamp(each.at, 'd')} {what}{name}"
        room -= length(line) + 1
        if room < 0:
            lines.append(t.tn("- and {n} more", "- and {n} more", len(found) - number))
            break
        lines.append(line)
    return lines


def _plain(step: Step, t: Translator) -> str:
    return t(step.title) if step.ours else step.title
