"""What members see of a challenge: its post, where they stand in it, the form, the receipt."""

from __future__ import annotations

from datetime import datetime

from bot.cards import (
    BUTTONS_ON_A_PHONE,
    Button,
    Buttons,
    Card,
    ChoiceField,
    Form,
    Item,
    Option,
    Style,
    Text,
    TextField,
    ThreadTitle,
    TickField,
    custom_id,
)
from bot.i18n import Translator
from bot.text import cut, mention_user, quote, timestamp
from cogs.challenges import rules
from cogs.challenges.definition import LIMITS, ChallengeText
from cogs.challenges.model import TRACK_NAMES, Challenge, Mine, Standing
from cogs.challenges.rules import State, Track

JOIN = "challenges:entry.join"
JOIN_FORM = "challenges:entry.save"
LEAVE = "challenges:entry.leave"
LEAVE_SURE = "challenges:entry.leave_sure"
SUBMIT = "challenges:work.ask"
SUBMIT_FORM = "challenges:work.send"
ASK = "challenges:thread.find"
OPEN = "challenges:challenge.show"
MINE = "challenges:mine.show"
RANK_ME = "challenges:rank.join"
RANK_ME_NOT = "challenges:rank.leave"
SUGGEST = "challenges:idea.ask"
SUGGEST_FORM = "challenges:idea.send"
GALLERY = "challenges:gallery.show"
TITLE_SHOWN = 160  # of at most 80 letters, each of which may need a backslash
LINKED = 200


def said(text: ChallengeText, name: str, t: Translator) -> str:
    """One of its texts, ready to show: translated when it came with Lyceum, quoted as it was typed otherwise."""
    value = str(getattr(text, name))
    if not value:
        return ""
    return t(value) if text.ours else quote(value, LIMITS[name] * 13 // 10)


def title_of(challenge: Challenge, t: Translator) -> str:
    return said(challenge.text, "title", t)


def plain_title(challenge: Challenge, t: Translator) -> str:
    """For labels and options, which know no markup."""
    return t(challenge.text.title) if challenge.text.ours else challenge.text.title


def challenge_text(challenge: Challenge, t: Translator) -> str:
    """All that a challenge says."""
    text = challenge.text
    lines = [f"**{said(text, 'title', t)}**"]
    if text.purpose:
        lines.append(said(text, "purpose", t))
    lines += [
        "",
        *(f"**{t(TRACK_NAMES[track])}**: {said(text, track.value, t)}" for track in text.tracks),
        "",
    ]
    if text.done:
        lines.append(t("**Done looks like**: {done}", done=said(text, "done", t)))
    if text.hint:
        lines.append(t("**A hint**: {hint}", hint=said(text, "hint", t)))
    small = [t.tn("The core takes about {n} minute.", "The core takes about {n} minutes.", text.minutes)]
    if challenge.credit_id:
        small.append(t("Suggested by {member}.", member=mention_user(challenge.credit_id)))
    lines.append("-# " + " ".join(small))
    return "\n".join(lines)


def deadline_text(challenge: Challenge, t: Translator) -> str:
    """When it closes or closed, and what holds now."""
    if challenge.closes_at is None:
        return t("It has not opened yet.")
    fields = {"when": timestamp(challenge.closes_at, "F"), "how_long": timestamp(challenge.closes_at, "R")}
    match challenge.state:
        case State.OPEN:
            return t("Open until {when}, {how_long}.", **fields)
        case State.CLOSING if challenge.grace_until is not None:
            return t(
                "The deadline was {when}. If you need a little longer, you can still submit until {grace}.",
                when=fields["when"],
                grace=timestamp(challenge.grace_until, "F"),
            )
        case State.REVIEW if challenge.results_at is not None:
            return t(
                "It has closed. The results come {how_long}.", how_long=timestamp(challenge.results_at, "R")
            )
        case _:
            return t("It has closed, and the results are out: {command}.", command="`/challenge gallery`")


def post_card(challenge: Challenge, t: Translator, *, can_submit: bool = True) -> Card:
    """The post of the week. It pings nobody."""
    heading = t("**The challenge of the week**")
    text = f"{heading}\n{challenge_text(challenge, t)}\n\n{deadline_text(challenge, t)}"
    buttons = [Button(t("Ask"), custom_id(ASK, challenge.id))]
    if challenge.state in rules.RUNNING:
        buttons.insert(0, Button(t("Submit"), custom_id(SUBMIT, challenge.id), style=Style.PRIMARY))
    elif can_submit:
        buttons.insert(0, late_button(challenge, t))
    if challenge.state is State.OPEN:
        buttons.insert(0, Button(t("Join"), custom_id(JOIN, challenge.id), style=Style.PRIMARY))
    elif challenge.state in rules.PAST:
        buttons.insert(0, Button(t("What people made"), custom_id(GALLERY, challenge.id)))
    return Card((Text(text), Buttons(tuple(buttons))))


def late_button(challenge: Challenge, t: Translator) -> Button:
    """For who needed longer than the grace."""
    return Button(t("Submit late"), custom_id(SUBMIT, challenge.id))


def thread_title(challenge: Challenge, t: Translator) -> ThreadTitle:
    """The thread for questions."""
    return ThreadTitle(t("Questions: {title}", title=plain_title(challenge, t)))


def ask_card(url: str, t: Translator) -> Card:
    """Where to ask."""
    text = t(
        "Every question is welcome in the thread of the challenge, also half a question. Others have it too."
    )
    return Card((Text(text), Buttons((Button(t("Take me to the thread"), url=url),))))


def nothing_card(t: Translator) -> Card:
    """There is no challenge."""
    text = t("No challenge is open right now. What would you like to do together one week?")
    suggest = Button(t("Suggest a challenge"), custom_id(SUGGEST))
    return Card((Text(text), Buttons((suggest, Button(t("Past challenges"), custom_id(GALLERY))))))


def standing_card(standing: Standing, t: Translator, *, said_first: str = "") -> Card:
    """One challenge, as the member stands in it, with the next step."""
    challenge = standing.challenge
    lines = [said_first] if said_first else []
    lines += [challenge_text(challenge, t), "", deadline_text(challenge, t)]
    if not said_first:
        lines.append(_where(standing, t))
    if standing.joined:
        lines.append("-# " + t.tn("{n} person is in.", "{n} people are in.", standing.joined))
    items: list[Item] = [Text("\n".join(lines))]
    buttons = list(_next_steps(standing, t))
    if buttons:
        items.append(Buttons(tuple(buttons)))
    more = [Button(t("All of mine"), custom_id(MINE))]
    if standing.track is not None and standing.submission is None and challenge.state in rules.RUNNING:
        more.append(Button(t("Leave"), custom_id(LEAVE, challenge.id)))
    return Card((*items, Buttons(tuple(more))))


def _where(standing: Standing, t: Translator) -> str:
    submission = standing.submission
    if submission is not None:
        return t(
            "You have submitted: receipt {id}, version {version}, {when}.",
            id=submission.id,
            version=submission.version,
            when=timestamp(submission.received_at, "f"),
        )
    if standing.has_draft:
        return t("You have a draft. It is only yours until you submit it.")
    if standing.track is None:
        return t("You are not in yet. Joining asks nothing of you but a choice.")
    if standing.remind:
        return t(
            "You are in: {track}. I remind you a day before the end.", track=t(TRACK_NAMES[standing.track])
        )
    return t("You are in: {track}.", track=t(TRACK_NAMES[standing.track]))


def _next_steps(standing: Standing, t: Translator) -> tuple[Button, ...]:
    challenge = standing.challenge
    if not standing.can_submit:
        return ()
    if standing.submission is not None:
        label = t("Change what I submitted")
    elif standing.has_draft:
        label = t("Go on with my draft")
    else:
        label = t("Submit")
    submit = Button(label, custom_id(SUBMIT, challenge.id), style=Style.PRIMARY)
    if challenge.state not in rules.RUNNING:
        return (submit,)
    join = t("Join") if standing.track is None else t("Change track or reminder")
    return Button(join, custom_id(JOIN, challenge.id)), submit


def join_form(standing: Standing, t: Translator) -> Form:
    """Asks for the track, and whether to be reminded."""
    challenge = standing.challenge
    tracks = challenge.text.tracks
    chosen = standing.track if standing.track in tracks else Track.CORE
    options = tuple(
        Option(t(TRACK_NAMES[each]), each.value, _described(challenge, each, t), chosen=each is chosen)
        for each in tracks
    )
    remind = TickField(
        "remind",
        t("Remind me a day before it closes"),
        description=t("Once, and only if I have not submitted yet."),
        value=standing.remind,
    )
    fields = (ChoiceField("track", t("How far would you like to go?"), options), remind)
    if len(options) == 1:  # there is nothing to choose, and Discord wants two options at least
        return Form(t("Join the challenge"), custom_id(JOIN_FORM, challenge.id), (remind,))
    return Form(t("Join the challenge"), custom_id(JOIN_FORM, challenge.id), fields)


def _described(challenge: Challenge, track: Track, t: Translator) -> str:
    text = challenge.text.of(track)
    return cut(" ".join((t(text) if challenge.text.ours else text).split()), 100)


def joined_text(standing: Standing, reminded: datetime | None, t: Translator) -> str:
    """What follows from joining."""
    track = t(TRACK_NAMES[standing.track or Track.CORE])
    lines = [t("**You are in: {track}.** Begin whenever it suits you.", track=track)]
    if reminded is not None:
        lines.append(
            t("I remind you {when}, unless you have submitted by then.", when=timestamp(reminded, "F"))
        )
    elif standing.remind:
        lines.append(t("There is less than a day left, so there will be no reminder."))
    return "\n".join(lines) + "\n"


def leave_card(challenge: Challenge, t: Translator) -> Card:
    """What leaving does, before it is done."""
    text = t(
        "Leave “{title}”? You are taken off its list, and a draft of yours goes with it. Nobody is told, and you can "
        "come back until it closes.",
        title=title_of(challenge, t),
    )
    stay = Button(t("Stay"), custom_id(OPEN, challenge.id), style=Style.PRIMARY)
    return Card((Text(text), Buttons((stay, Button(t("Leave it"), custom_id(LEAVE_SURE, challenge.id))))))


def left_card(challenge: Challenge, t: Translator) -> Card:
    text = t("You have left “{title}”. Not every week is the week for it.", title=title_of(challenge, t))
    return Card((Text(text), Buttons((Button(t("Look at it again"), custom_id(OPEN, challenge.id)),))))


def mine_card(mine: Mine, t: Translator) -> Card:
    """What the member handed in, and began."""
    lines = [t("**Yours**")]
    lines += [t("- Draft: {title}", title=title_of(challenge, t)) for challenge in mine.drafts]
    for challenge, submission, _ in mine.submitted:
        line = t(
            "- {title}: receipt {id}, version {version}, {when}",
            title=title_of(challenge, t),
            id=submission.id,
            version=submission.version,
            when=timestamp(submission.received_at, "f"),
        )
        lines.append(line)
    buttons = [
        Button(t("Go on: {title}", title=plain_title(each, t)), custom_id(SUBMIT, each.id))
        for each in mine.drafts
    ]
    buttons += [
        Button(t("Change: {title}", title=plain_title(each, t)), custom_id(SUBMIT, each.id))
        for each, _, is_taken in mine.submitted
        if is_taken and each not in mine.drafts
    ]
    if len(lines) == 1:
        lines.append(t("Nothing yet. {command} shows what there is to do.", command="`/challenge current`"))
    items: list[Item] = [Text("\n".join(lines))]
    if buttons:
        items.append(Buttons(tuple(buttons[:BUTTONS_ON_A_PHONE])))
    if mine.ranking_is_on:
        items += _ranking_items(mine, t)
    return Card(tuple(items))


def _ranking_items(mine: Mine, t: Translator) -> tuple[Item, ...]:
    if mine.ranked:
        text = t("You are in the rankings under the results, as you wished.")
        button = Button(t("Leave the rankings"), custom_id(RANK_ME_NOT))
    else:
        text = t(
            "Results here have a ranking of those who like that. You are not in it, and nobody sees that you are not."
        )
        button = Button(t("Put me in the rankings"), custom_id(RANK_ME))
    return Text("-# " + text), Buttons((button,))


def suggest_form(t: Translator) -> Form:
    """Asks for an idea."""
    return Form(
        t("Suggest a challenge"),
        custom_id(SUGGEST_FORM),
        (
            TextField("title", t("What would you call it?"), max_length=80, required=False),
            TextField(
                "idea", t("What would people do, and why?"), long=True, max_length=1000, required=False
            ),
            TickField(
                "credit",
                t("Name me when it is used"),
                description=t("Otherwise nobody is told whose idea it was."),
            ),
        ),
    )


def suggested_card(title: str, t: Translator) -> Card:
    text = t(
        "**Thank you!** Staff see “{title}” with the challenges that they prepare.",
        title=quote(title, TITLE_SHOWN),
    )
    return Card((Text(text),))


def reminder_card(challenge: Challenge, member_id: int, t: Translator, *, link: str | None = None) -> Card:
    """A day before the end, for somebody who asked for it. `link` leads to the server, from a private message."""
    assert challenge.closes_at is not None
    text = t(
        "{member}, you wished to hear of it: “{title}” closes {when}, {how_long}. A small thing submitted is a thing "
        "done, and letting it be is fine too.",
        member=mention_user(member_id),
        title=title_of(challenge, t),
        when=timestamp(challenge.closes_at, "F"),
        how_long=timestamp(challenge.closes_at, "R"),
    )
    submit = Button(t("Submit"), custom_id(SUBMIT, challenge.id), style=Style.PRIMARY)
    there = Button(t("Take me there"), url=link)
    return Card((Text(text), Buttons((there if link else submit,))), pings=frozenset({member_id}))
