"""What staff see of reports: the card of one in their channel, all of it in private, the queue, and the forms."""

from __future__ import annotations

from collections.abc import Collection

from bot.cards import (
    Button,
    Buttons,
    Card,
    Divider,
    Form,
    ManyField,
    Option,
    Pick,
    PickMember,
    Style,
    Text,
    TextField,
    TickField,
    custom_id,
)
from bot.cards import Item as Part
from bot.i18n import N_, Translator
from bot.support import DISCORDS_FORM
from bot.text import cut, mention_role, mention_user, quote, timestamp
from cogs.reports import rules
from cogs.reports.model import CATEGORIES, Earlier, Item, Kept, Queue, ReportSettings, Words
from cogs.reports.render import said_words
from cogs.reports.rules import NOBODY, Category, Stage, State, Subject

TAKE, ACT, DISMISS = "reports:item.take", "reports:item.act", "reports:item.dismiss"
BACK, LOOK, WHOM = "reports:item.back", "reports:item.look", "reports:item.whom"
DISMISS_FORM, NAMES, NAMES_FORM = "reports:item.dismissed", "reports:names.ask", "reports:names.show"
QUEUE, PICK = "reports:queue.list", "reports:queue.pick"
RULES, RULES_FORM = "reports:rules.ask", "reports:rules.set"
_LISTED, _SHOWN = 20, 3
_EXCERPT, _ALL = 300, 500
_WAITED = {
    Stage.MODERATORS: N_("**Report {number} waits**, and nobody has taken it yet."),
    Stage.FACILITATORS: N_("**Report {number} has waited for an hour**, and nobody has taken it yet."),
}


def item_card(
    item: Item, t: Translator, *, pings: Collection[int] = (), role_pings: Collection[int] = ()
) -> Card:
    """In the staff channel. Once it is closed, none of what people wrote is left on it."""
    lines = [_head(item, t), *_notes(item, t)]
    called = [mention_role(each) for each in role_pings] + [mention_user(each) for each in pings]
    if called and item.state is State.OPEN:
        lines.append(" ".join(called))
    if item.state not in rules.UNDECIDED:
        return Card((Text("\n".join([*lines, _end(item, t)])),), silent=True)
    items: list[Part] = [Text("\n".join(lines)), Divider()]
    items += [Text(_kept_text(each, _EXCERPT, t)) for each in item.evidence[:1]]
    items += [Text(_words_text(each, item, t)) for each in item.words[:_SHOWN] if each.words]
    items += [Divider(), Text(_standing(item, t))]
    return Card(
        (*items, *_actions(item, t)),
        pings=frozenset(pings),
        role_pings=frozenset(role_pings),
        silent=not called,
    )


def details_card(item: Item, viewer_id: int, t: Translator, said: str | None = None) -> Card:
    """All of one, for one of staff in private."""
    lines = [said] if said else []
    is_over = item.state not in rules.UNDECIDED
    # How it stands comes first: what does not fit a card is cut at its end.
    lines += [_head(item, t), _end(item, t) if is_over else _standing(item, t), *_notes(item, t)]
    items: list[Part] = [Text("\n".join(lines)), Divider()]
    items += [Text(_kept_text(each, _ALL, t)) for each in item.evidence[:_SHOWN]]
    items += [Text(_words_text(each, item, t)) for each in item.words[: 2 * _SHOWN]]
    if is_over:
        return Card((*items, Buttons(tuple(_second_row(item, viewer_id, t)))))
    mine = item.state is State.TAKEN and item.taken_by == viewer_id
    first = [] if mine else [_take(item, t)]
    first += [_act(item, t), _dismiss(item, t)]
    return Card((*items, Buttons(tuple(first)), Buttons(tuple(_second_row(item, viewer_id, t)))))


def _second_row(item: Item, viewer_id: int, t: Translator) -> list[Button]:
    row: list[Button] = []
    if item.state is State.TAKEN and item.taken_by == viewer_id:
        row.append(Button(t("Give it back"), custom_id(BACK, item.id)))
    if all(each.member_id == NOBODY for each in item.words):
        row.append(Button(t("Who sent it?"), custom_id(NAMES, item.id)))
    return [*row, Button(t("All reports"), custom_id(QUEUE))]


def _actions(item: Item, t: Translator) -> list[Part]:
    first = (_take(item, t), _act(item, t), _dismiss(item, t))
    return [Buttons(first), Buttons((Button(t("All of it"), custom_id(LOOK, item.id)),))]


def _take(item: Item, t: Translator) -> Button:
    if item.state is State.TAKEN:
        return Button(t("Take it over"), custom_id(TAKE, item.id))
    return Button(t("Take it"), custom_id(TAKE, item.id), style=Style.PRIMARY)


def _act(item: Item, t: Translator) -> Button:
    return Button(t("Act"), custom_id(ACT, item.id))


def _dismiss(item: Item, t: Translator) -> Button:
    return Button(_no_breach(item.category, t), custom_id(DISMISS, item.id))


def _no_breach(category: Category, t: Translator) -> str:
    """What closes a report without a case. A worry about somebody is no accusation."""
    return t("Seen to") if category is Category.SELF_HARM else t("No breach")


def closed_text(item: Item, t: Translator) -> str:
    """To who has just closed it without a case."""
    if item.category is Category.SELF_HARM:
        return t("**Seen to.** Whoever reported hears of it.")
    return t("**Closed: no breach.** Whoever reported hears of it.")


# ---------------------------------------------------------------------------------------------- lines


def _head(item: Item, t: Translator) -> str:
    fields = {"number": str(item.number), "what": t(CATEGORIES[item.category])}
    head = t("**Report {number}: {what}**", **fields)
    if item.subject is Subject.BATCH:
        about = t("Several reports of one person within an hour")
    elif item.subject_id == NOBODY:
        about = t("About no particular person")
    elif item.subject is Subject.MESSAGE:
        about = t("About a message of {who}", who=mention_user(item.subject_id))
    else:
        about = t("About {who}", who=mention_user(item.subject_id))
    people = t.tn("{n} person", "{n} people", item.people)
    return f"{head}\n{about} · {people} · {timestamp(item.opened_at, 'R')}"


def _notes(item: Item, t: Translator) -> list[str]:
    """What stands out about those who reported, and what the card must not let anybody forget."""
    lines: list[str] = []
    noted = item.noted
    if noted.is_burst:
        lines.append(
            t(
                "{new} of {people} joined within a week before. That may be a coincidence, or arranged.",
                new=noted.new,
                people=noted.people,
            )
        )
    if noted.again:
        lines.append(
            t.tn(
                "{n} of them has reported the same person three times or more within 90 days.",
                "{n} of them have reported the same person three times or more within 90 days.",
                noted.again,
            )
        )
    if item.before:
        ended = ", ".join(f"{each.number} ({_earlier_end(each, t)})" for each in item.before)
        lines.append(t("Earlier about the same person: {reports}", reports=ended))
    if item.about_owner:
        lines.append(
            t(
                "It is about the owner, on whom nobody here can act. Discord's Trust & Safety: {form}",
                form=DISCORDS_FORM,
            )
        )
    elif item.about_staff:
        lines.append(t("It is about somebody of staff. They do not see it; please do not show it to them."))
    return lines


def _earlier_end(earlier: Earlier, t: Translator) -> str:
    if earlier.state is State.ACTED:
        return t("dealt with")
    return t("seen to") if earlier.category is Category.SELF_HARM else t("no breach")


def _standing(item: Item, t: Translator) -> str:
    if item.state is State.TAKEN:
        return t("{who} has taken it.", who=mention_user(item.taken_by))
    return t("Nobody has taken it yet.")


def _end(item: Item, t: Translator) -> str:
    who = mention_user(item.decided_by) if item.decided_by != NOBODY else t("somebody")
    when = timestamp(item.decided_at, "f") if item.decided_at is not None else ""
    if item.state is State.ACTED:
        return t("Dealt with by {who}, {when}.", who=who, when=when)
    if item.category is Category.SELF_HARM:
        line = t("Seen to by {who}, {when}.", who=who, when=when)
    else:
        line = t("No breach, says {who}, {when}.", who=who, when=when)
    return f"{line}\n{quote(item.note, rules.LONGEST_SENTENCE)}" if item.note else line


def _kept_text(kept: Kept, room: int, t: Translator) -> str:
    link = f" [{t('Message')}]({kept.link})" if kept.link else ""
    lines = [t("**{who} wrote:**", who=mention_user(kept.author_id)) + link]
    if kept.text is None:
        lines.append(t("-# The words were let go."))
    elif kept.text:
        lines.append(quote(kept.text, room))
    if kept.attachments:
        lines.append(t("-# With: {files}", files=quote(", ".join(kept.attachments), 200)))
    return "\n".join(lines)


def _words_text(words: Words, item: Item, t: Translator) -> str:
    """What one person wrote, and as what they reported it, where that is not what stands above."""
    who = mention_user(words.member_id) if words.member_id != NOBODY else t("Somebody")
    head = t("**{who} reported**:", who=who)
    if words.category is not item.category:
        head = t("**{who} reported** as “{what}”:", who=who, what=t(CATEGORIES[words.category]))
    said = said_words(words.words, _EXCERPT, is_batch=item.subject is Subject.BATCH)
    return f"{head} {said}" if said else head


# ---------------------------------------------------------------------------------------------- calls and the queue


def call_card(
    item: Item,
    stage: Stage,
    link: str | None,
    pings: Collection[int],
    role_pings: Collection[int],
    t: Translator,
) -> Card:
    """In the staff channel: nobody has taken it."""
    text = t(_WAITED.get(stage, _WAITED[Stage.MODERATORS]), number=str(item.number))
    called = [mention_role(each) for each in role_pings] + [mention_user(each) for each in pings]
    lines = [text, " ".join(called)] if called else [text]
    buttons = [_take(item, t)]
    if link is not None:
        buttons.append(Button(t("See it"), url=link))
    return Card(
        (Text("\n".join(lines)), Buttons(tuple(buttons))),
        pings=frozenset(pings),
        role_pings=frozenset(role_pings),
    )


def queue_card(queue: Queue, t: Translator) -> Card:
    """What waits."""
    lines = [t("**Reports that wait**")]
    if not queue.items:
        lines.append(t("None at the moment."))
    for item in queue.items[:_LISTED]:
        standing = _standing(item, t)
        people = t.tn("{n} person", "{n} people", item.people)
        line = f"{item.number} · {t(CATEGORIES[item.category])} · {people} · {timestamp(item.opened_at, 'R')}"
        lines.append(f"{line} · {standing}")
    if len(queue.items) > _LISTED:
        lines.append(t("-# And {n} more.", n=len(queue.items) - _LISTED))
    if not queue.has_channel:
        lines.append(
            t(
                "There is no staff channel, so reports are told to each of staff in private. Choose one with {command}.",
                command="`/setup start`",
            )
        )
    items: list[Part] = [Text("\n".join(lines))]
    if queue.items:
        options = tuple(
            Option(cut(f"{each.number}: {t(CATEGORIES[each.category])}", 90), str(each.id))
            for each in queue.items[:_LISTED]
        )
        items.append(Pick(custom_id(PICK), t("Open one"), options))
    if queue.may_set:
        items.append(Buttons((Button(t("Settings"), custom_id(RULES)),)))
    return Card(tuple(items))


def whom_card(item_id: int, t: Translator) -> Card:
    """A report that names nobody: on whom to act."""
    text = t("**Whom is it about?** Choose on whom you want to act. You have taken the report.")
    back = Buttons((Button(t("Back to the report"), custom_id(LOOK, item_id)),))
    return Card((Text(text), PickMember(custom_id(WHOM, item_id), t("Choose somebody")), back))


def dismiss_form(item: Item, t: Translator) -> Form:
    is_worry = item.category is Category.SELF_HARM
    kept = t("Thank you for telling us. We looked at it, and it keeps to the norms here.")
    note = TextField(
        "note",
        t("What was done?") if is_worry else t("Why is it no breach?"),
        t("For staff, in a sentence."),
        long=True,
        max_length=rules.LONGEST_SENTENCE,
    )
    sentence = TextField(
        "sentence",
        t("For those who reported"),
        t("A kind sentence. They read it as it stands here."),
        long=True,
        required=False,
        max_length=rules.LONGEST_SENTENCE,
        value=t("Thank you for telling us. Somebody is with them.") if is_worry else kept,
    )
    return Form(_no_breach(item.category, t), custom_id(DISMISS_FORM, item.id), (note, sentence))


def names_form(item_id: int, t: Translator) -> Form:
    why = TextField(
        "why",
        t("Why do you need to know?"),
        t("It stands in the record of changes, with your name."),
        max_length=300,
    )
    return Form(t("Who sent it?"), custom_id(NAMES_FORM, item_id), (why,))


def rules_items(settings: ReportSettings, t: Translator) -> tuple[Part, ...]:
    """On the page in /setup."""
    quiet = [t(title) for each, title in CATEGORIES.items() if settings.is_quiet(each)]
    lines = [
        t(
            "Reports come as cards to the staff channel. Whoever is on duty is pinged, or else the moderator role; after 10 minutes "
            "all moderators are, and after an hour facilitators."
        ),
        t("Nobody is pinged for: {kinds}", kinds=", ".join(quiet))
        if quiet
        else t("All kinds ping somebody."),
        t.tn(
            "Words of members are let go {n} day after a report is closed.",
            "Words of members are let go {n} days after a report is closed.",
            settings.text_days,
        ),
        t.tn(
            "What one person sends beyond {n} report an hour is put together.",
            "What one person sends beyond {n} reports an hour is put together.",
            settings.an_hour,
        ),
        t("Staff see who reported.")
        if settings.names_shown
        else t("Staff ask who reported, with a reason that is written down."),
    ]
    return Text("\n".join(lines)), Buttons((Button(t("Change this"), custom_id(RULES)),))


def rules_form(settings: ReportSettings, t: Translator) -> Form:
    days = TextField(
        "text_days",
        t("Days that words are kept"),
        t("After a report was closed. 1 to {most}.", most=rules.MOST_TEXT_DAYS),
        value=str(settings.text_days),
        max_length=3,
    )
    hour = TextField(
        "an_hour",
        t("Reports of one person an hour"),
        t("What comes beyond it in an hour is put together."),
        value=str(settings.an_hour),
        max_length=2,
    )
    quiet = ManyField(
        "quiet",
        t("Ping nobody for"),
        tuple(
            Option(t(title), each.value, chosen=settings.is_quiet(each)) for each, title in CATEGORIES.items()
        ),
        t("The card still comes."),
    )
    names = TickField(
        "names",
        t("Show staff who reported"),
        t("Otherwise they ask, with a reason that is written down."),
        settings.names_shown,
    )
    return Form(t("Reports"), custom_id(RULES_FORM), (days, hour, quiet, names))
