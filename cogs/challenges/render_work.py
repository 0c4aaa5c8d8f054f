"""What members see when they hand in: the form, the receipt, a draft that was kept, a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.cards import (
    Attachment,
    Button,
    Buttons,
    Card,
    ChoiceField,
    Form,
    Option,
    Style,
    Text,
    TextField,
    TickField,
    custom_id,
)
from bot.files import safe_name
from bot.i18n import N_, Translator
from bot.refusals import in_words
from bot.text import mention_user, quote, timestamp
from cogs.challenges import rules
from cogs.challenges.model import TRACK_NAMES, Challenge, Kept, Receipt
from cogs.challenges.render import LINKED, MINE, OPEN, SUBMIT, SUBMIT_FORM, plain_title, title_of
from cogs.challenges.rules import Lateness, Remark, State

_REMARKS: Mapping[Remark, str] = {
    Remark.MAY_BE_PRIVATE: N_(
        "I do not open links, and this one may be open to you alone. A look in a private browser window tells you; "
        "you can change it any time before the deadline."
    ),
    Remark.ELSEWHERE: N_(
        "That message is in another server, where people of this one may not be able to read it. "
        "A copy in one of our threads would be read by more."
    ),
}
_CONFIDENCE: Mapping[int, str] = {
    1: N_("1: I would need a lot of help to do it again"),
    2: N_("2: I would need some help"),
    3: N_("3: I could do it again with my notes"),
    4: N_("4: I could do it again by myself"),
    5: N_("5: I could show it to somebody else"),
}


def submit_form(challenge: Challenge, typed: Mapping[str, Any], t: Translator) -> Form:
    """What was made, and a look back on it."""
    confidence, file = typed.get("confidence"), typed.get("file")
    about = t("A link, a message link to a file or thread, or simply text.")
    otherwise = t("Otherwise only your name stands in the results.")
    if file:  # reviewers have to open it, and Discord keeps nothing that nobody sees
        about = t(
            "Your file is posted in this channel, for others to open. Say something about it, if you like."
        )
        otherwise = t("Otherwise the results have only your name. Your file is posted here all the same.")
    chosen = str(confidence) if confidence is not None else ""
    options = tuple(
        Option(t(label), str(value), chosen=str(value) == chosen) for value, label in _CONFIDENCE.items()
    )
    return Form(
        t("Submit: {title}", title=plain_title(challenge, t)),
        custom_id(SUBMIT_FORM, challenge.id),
        (
            TextField(
                "work",
                t("What did you make?"),
                description=about,
                long=True,
                required=False,  # an empty form is answered kindly, and keeps the rest of it
                max_length=rules.LONGEST_WORK,
                value=typed.get("work") or None,
            ),
            TextField(
                "learned",
                t("What did you learn?"),
                description=t("A line is plenty. It is what stays of a week."),
                long=True,
                required=False,
                max_length=rules.LONGEST_LEARNED,
                value=typed.get("learned") or None,
            ),
            ChoiceField("confidence", t("How sure are you of it now?"), options, required=False),
            TickField(
                "shown",
                t("Show it in the gallery"),
                description=otherwise,
                value=bool(typed.get("shown", False)),
            ),
            TickField(
                "later",
                t("Keep it as a draft for now"),
                description=t("Only you see it until you submit it."),
            ),
        ),
    )


def receipt_card(receipt: Receipt, t: Translator) -> Card:
    """It was handed in: what, when, what follows."""
    submission, challenge = receipt.submission, receipt.challenge
    title = t(
        "**Submitted.** Receipt {id}, {when}.", id=submission.id, when=timestamp(submission.received_at, "F")
    )
    lines = [
        title,
        t(
            "“{title}”, {track}, version {version}.",
            title=title_of(challenge, t),
            track=t(TRACK_NAMES[receipt.track]),
            version=submission.version,
        ),
        quote(submission.content, LINKED),
    ]
    if submission.first_late is not Lateness.ON_TIME:
        lines.append(_late(receipt, t))
    elif submission.late is not Lateness.ON_TIME:
        lines.append(
            t("This version came after the deadline. Your first one was in time, and that is what counts.")
        )
    if receipt.remark is not None:
        lines.append(t(_REMARKS[receipt.remark]))
    if not receipt.is_completed:
        lines.append(
            t(
                "When you have a minute: what did you learn, and how sure are you of it? Both fit the same form."
            )
        )
    if challenge.state is State.OPEN and challenge.closes_at is not None:
        until = timestamp(challenge.closes_at, "R")
        lines.append(
            "-# " + t("You can change it until it closes, {how_long}. Each version is kept.", how_long=until)
        )
    change = Button(t("Change what I submitted"), custom_id(SUBMIT, challenge.id))
    return Card((Text("\n".join(lines)), Buttons((change, Button(t("All of mine"), custom_id(MINE))))))


def file_card(receipt: Receipt, member_id: int, content: bytes, t: Translator) -> Card:
    """The file that somebody handed in, where everybody can open it. It pings nobody."""
    assert receipt.file is not None
    text = t(
        "{member} hands in a file for “{title}”: {name}",
        member=mention_user(member_id),
        title=title_of(receipt.challenge, t),
        name=quote(receipt.file["name"], LINKED),
    )
    return Card((Text(text), Attachment(safe_name(receipt.file["name"]), content)))


def lost_file_card(challenge: Challenge, t: Translator) -> Card:
    """What was handed in stands, but Discord has not the file any more."""
    text = t(
        "**The file itself could not be posted.** Discord lets go of it after a while. Post it in any channel, then "
        "change what you submitted to the link of that message."
    )
    change = Button(t("Change what I submitted"), custom_id(SUBMIT, challenge.id), style=Style.PRIMARY)
    return Card((Text(text), Buttons((change,))))


def _late(receipt: Receipt, t: Translator) -> str:
    hours = receipt.late_by // 60
    if hours:
        length = t.tn("{n} hour", "{n} hours", hours)
    else:
        length = t.tn("{n} minute", "{n} minutes", max(1, receipt.late_by))
    return t(
        "Accepted after the deadline ({length}). It counts as finished; only rankings leave it out.",
        length=length,
    )


def kept_card(kept: Kept, t: Translator) -> Card:
    """Nothing was handed in, and nothing is lost."""
    title = title_of(kept.challenge, t)
    if kept.problem is not None:
        problem = in_words(kept.problem, t)
        text = t("**Not submitted yet.** {problem}\nWhat you wrote is kept as a draft.", problem=problem)
    else:
        text = t("**Kept as a draft** for “{title}”. Only you see it until you submit it.", title=title)
    go_on = Button(t("Go on writing"), custom_id(SUBMIT, kept.challenge.id), style=Style.PRIMARY)
    return Card(
        (Text(text), Buttons((go_on, Button(t("The challenge"), custom_id(OPEN, kept.challenge.id)))))
    )
