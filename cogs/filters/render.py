"""What people see of filters."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import (
    Attachment,
    Button,
    Buttons,
    Card,
    ChoiceField,
    Form,
    Item,
    Option,
    Pick,
    PickPlace,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.hits import FloodWords
from bot.i18n import N_, Translator
from bot.text import TEXT_INPUT, cut, mention_channel, mention_role, quote, timestamp
from cogs.filters.desk import DAYS, NUMBERS
from cogs.filters.model import LIST_TITLES, TITLES, TOLD, TOLD_ANYWAY, FilterSettings, Shown, Tested, Told
from cogs.filters.rules import Deed, Filter, Lists, Match, What

DESK = "filters:desk.show"
CHOOSE = "filters:one.choose"
CHOOSE_FORM = "filters:one.chosen"  # with the filter's place in the list of all
LISTS = "filters:lists.show"
PICK_LIST = "filters:lists.pick"
LIST_FORM = "filters:lists.written"  # with the list's place among all
ADD_FORM = "filters:lists.added"
ALONE = "filters:alone.show"
ALONE_CHANNEL = "filters:alone.channel"
ALONE_ROLE = "filters:alone.role"
TEST = "filters:test.ask"
TEST_FORM = "filters:test.asked"
_SHOWN = 300

_WHAT = {
    What.OFF: N_("Off"),
    What.FLAG: N_("Tell staff, leave the message"),
    What.DELETE: N_("Delete it and tell its author why"),
    What.TIMEOUT: N_("Delete it, tell why, and a timeout"),
}
_DOES = {
    What.OFF: N_("off"),
    What.FLAG: N_("tells staff"),
    What.DELETE: N_("deletes"),
}
_MEANS = {
    Filter.DOMAINS: N_("Links to a domain on your list, behind redirectors and masks too."),
    Filter.LOOK_ALIKES: N_("Links that look like Discord, Steam or a domain that you protect."),
    Filter.INVITES: N_("Invites to other servers, unless they are on your list."),
    Filter.MENTIONS: N_("More people and roles mentioned in one message than you allow."),
    Filter.WORDS: N_("Words and phrases on your list, look-alike letters included."),
    Filter.PATTERNS: N_("Your own patterns, in the writing of RE2."),
    Filter.REPEATS: N_("One text in several channels, or many times in a row, within a minute."),
}
_LIST_HELP = {
    Lists.WORDS: N_("One per line. A * before or behind it stands for any beginning or ending."),
    Lists.DOMAINS: N_("One per line: example.com. What stands below it (www.) is meant too."),
    Lists.PATTERNS: N_("One per line, as RE2 reads them. Upper and lower case are the same."),
    Lists.PROTECTED: N_("Your own sites, one per line. Look-alikes of them are found."),
    Lists.INVITES: N_("Links or codes, one per line. They may be posted."),
}
NEEDS = {Filter.DOMAINS: Lists.DOMAINS, Filter.WORDS: Lists.WORDS, Filter.PATTERNS: Lists.PATTERNS}
"""Filters that find nothing while a list is empty."""
_NUMBERS = {
    "most_mentions": N_("How many mentions are fine?"),
    "most_channels": N_("In how many channels is it too much?"),
    "most_in_a_row": N_("How many times in a row is it too much?"),
}


def reason(matches: Sequence[Match], t: Translator) -> str:
    """Why a case was opened. It names filters and entries of lists, never words of the message: these are evidence."""
    parts: list[str] = []
    for match in matches:
        title = t(TITLES[match.filter])
        known = match.of if match.filter in (Filter.WORDS, Filter.PATTERNS, Filter.DOMAINS) else None
        parts.append(f"{title}: {known}" if known else title)
    return t("Filter: {filters}", filters="; ".join(dict.fromkeys(parts)))


def flood_words(t: Translator) -> FloodWords:
    """The reason of a case about many people at once."""

    def words(hits: int, people: int) -> str:
        return t.tn(
            "Filters, many at once: {hits} hits by {n} person",
            "Filters, many at once: {hits} hits by {n} people",
            people,
            hits=hits,
        )

    return words


def desk_card(shown: Shown, t: Translator, *, said_first: str | None = None) -> Card:
    """Each filter, what it does, and what it did."""
    lines = [t("**Filters**: what I take out of messages, or tell staff of. None of them bans.")]
    if not shown.can_read:
        lines.append(
            t(
                "**None of them runs now**: I may not read messages. Whoever runs me switches the Message Content intent on, in the Developer Portal and as `message_content = true` under `[discord]`. Discord's own AutoMod needs none of it: `/mod automod`."
            )
        )
    for each in Filter:
        done = t.tn("{n} hit in {days} days", "{n} hits in {days} days", shown.hits[each], days=DAYS)
        deed = shown.settings.deed(each)
        empty = deed.is_on and each in NEEDS and not shown.entries[NEEDS[each]]
        done = t("its list is empty") if empty else done
        lines.append(f"- **{t(TITLES[each])}**: {_does(deed, t)} · {done}")
    lists = ", ".join(f"{t(LIST_TITLES[each])} ({shown.entries[each]})" for each in Lists)
    lines.append(t("Lists: {lists}", lists=lists))
    options = tuple(
        Option(t(TITLES[each]), each.value, description=cut(t(_MEANS[each]), 100)) for each in Filter
    )
    items: list[Item] = [Text(said_first)] if said_first else []
    items += [
        Text("\n".join(lines)),
        Pick(custom_id(CHOOSE), t("Change what a filter does"), options),
        Buttons(
            (
                Button(t("Test a phrase"), custom_id(TEST), style=Style.PRIMARY),
                Button(t("Words and lists"), custom_id(LISTS)),
                Button(t("Whom to leave alone"), custom_id(ALONE)),
            )
        ),
    ]
    return Card(tuple(items))


def choose_form(which: Filter, settings: FilterSettings, t: Translator) -> Form:
    """What one filter does. A timeout needs its minutes."""
    deed = settings.deed(which)
    options = tuple(Option(t(_WHAT[each]), each.value, chosen=each is deed.what) for each in What)
    fields = [
        ChoiceField("what", t("What does it do?"), options, description=cut(t(_MEANS[which]), 100)),
        TextField(
            "minutes",
            t("Minutes of the timeout, if it gives one"),
            required=False,
            max_length=5,
            value=str(deed.minutes or 10),
        ),
    ]
    for name, (least, most, _) in NUMBERS.get(which, ()):
        fields.append(
            TextField(
                name,
                t(_NUMBERS[name]),
                description=t("From {least} to {most}.", least=least, most=most),
                max_length=2,
                value=str(getattr(settings, name)),
            )
        )
    return Form(cut(t(TITLES[which]), 45), custom_id(CHOOSE_FORM, tuple(Filter).index(which)), tuple(fields))


def lists_card(shown: Shown, t: Translator, *, said_first: str | None = None) -> Card:
    """The lists and how long they are."""
    lines = [t("**Words and lists.** Choose one to write it.")]
    lines += [
        f"- **{t(LIST_TITLES[each])}** · "
        + t.tn("{n} entry", "{n} entries", shown.entries[each])
        + f"\n{t(_LIST_HELP[each])}"
        for each in Lists
    ]
    lines.append(
        t(
            "A long list comes from a text file, one entry per line, in the place of what stands there: `/mod filters` with the file and the list."
        )
    )
    options = tuple(Option(t(LIST_TITLES[each]), each.value) for each in Lists)
    items: list[Item] = [Text(said_first)] if said_first else []
    items += [
        Text("\n".join(lines)),
        Pick(custom_id(PICK_LIST), t("Choose a list"), options),
        Buttons((Button(t("Back"), custom_id(DESK)),)),
    ]
    return Card(tuple(items))


def list_form(which: Lists, entries: Sequence[str], t: Translator) -> Form:
    """The whole list where it fits into a form; else what is written is added to it."""
    text = "\n".join(entries)
    fits = len(text) <= TEXT_INPUT - 500
    field = TextField(
        "entries",
        t("One per line") if fits else t("What to add, one per line"),
        description=cut(t(_LIST_HELP[which]), 100),
        long=True,
        required=False,
        max_length=TEXT_INPUT,
        value=text if fits else None,
    )
    control = custom_id(LIST_FORM if fits else ADD_FORM, tuple(Lists).index(which))
    return Form(cut(t(LIST_TITLES[which]), 45), control, (field,))


def refused_card(reason: str, typed: str, t: Translator) -> Card:
    """Which line cannot be used. All that was typed goes with it, for a form keeps nothing."""
    kept = t("Nothing was changed. What you wrote is in this file: put it right, and copy it into the form.")
    back = Buttons((Button(t("Words and lists"), custom_id(LISTS), style=Style.PRIMARY),))
    return Card((Text(f"{reason}\n{kept}"), Attachment("list.txt", typed.encode()), back))


def alone_card(settings: FilterSettings, t: Translator) -> Card:
    """Where and at whom no filter looks."""
    channels = ", ".join(mention_channel(each) for each in sorted(settings.channels)) or t("none")
    roles = ", ".join(mention_role(each) for each in sorted(settings.roles)) or t("none")
    lines = [
        t("**Whom to leave alone.** Staff are never filtered."),
        t("Channels: {channels}", channels=channels),
        t("Roles: {roles}", roles=roles),
        t("Choose one to leave it alone, and once more to look at it again."),
    ]
    return Card(
        (
            Text("\n".join(lines)),
            PickPlace(custom_id(ALONE_CHANNEL), t("A channel"), "channel"),
            PickPlace(custom_id(ALONE_ROLE), t("A role"), "role"),
            Buttons((Button(t("Back"), custom_id(DESK)),)),
        )
    )


def tested_card(tested: Tested, t: Translator) -> Card:
    """Which filters act, and on what."""
    lines = [t("**Tested**, and not kept:"), f"> {quote(tested.phrase.replace(chr(10), ' '), _SHOWN)}"]
    if not tested.matches:
        lines.append(t("No filter finds anything in it. Repeats cannot be tested with one message."))
    for match, deed in tested.matches:
        on = quote(match.on, 100)
        of = ""
        if match.filter is Filter.LOOK_ALIKES and match.of:
            of = " " + t("(looks like {domain})", domain=quote(match.of, 100))
        elif match.of and match.of != match.on:
            of = f" ({quote(match.of, 100)})"
        lines.append(f"- **{t(TITLES[match.filter])}**: {on}{of} · {_does(deed, t)}")
    if any(match.filter is Filter.INVITES for match, _ in tested.matches):
        lines.append(
            t("An invite to this server itself is fine; I ask Discord about that only for real messages.")
        )
    buttons = (
        Button(t("Test another"), custom_id(TEST), style=Style.PRIMARY),
        Button(t("Back"), custom_id(DESK)),
    )
    return Card((Text("\n".join(lines)), Buttons(buttons)))


def told_card(told: Told, t: Translator) -> Card:
    """To the author of what was taken out, in a DM."""
    lines = [t(TOLD[told.filter]) if told.filter is not None else t(TOLD_ANYWAY)]
    if told.timeout_until is not None:
        lines.append(
            t(
                "You can write again {when}. Until then you can read everything.",
                when=timestamp(told.timeout_until, "R"),
            )
        )
    lines.append(
        t(
            "If that was a mistake, `/standing` in the server shows it as number {n}, and how to say so.",
            n=told.case_number,
        )
    )
    return Card((Text("\n".join(lines)),))


def saved(which: Lists, shown: Shown, t: Translator) -> str:
    """What is said first when a list was written, with what is left to do when its filter is off."""
    name, n = t(LIST_TITLES[which]), shown.entries[which]
    text = t.tn("**Saved.** {list}: {n} entry.", "**Saved.** {list}: {n} entries.", n, list=name)
    behind = next((each for each, entries in NEEDS.items() if entries is which), None)
    if behind is not None and not shown.settings.deed(behind).is_on:
        text += " " + t("The filter is off: choose what it does on the card before.")
    return text


def _does(deed: Deed, t: Translator) -> str:
    if deed.what is What.TIMEOUT:
        return t.tn(
            "deletes, and a timeout of {n} minute", "deletes, and a timeout of {n} minutes", deed.minutes
        )
    return t(_DOES[deed.what])
