"""What facilitators see of AutoMod."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import (
    Button,
    Buttons,
    Card,
    Field,
    Form,
    Item,
    ManyField,
    Option,
    Pick,
    PickPlace,
    Style,
    Text,
    TextField,
    TickField,
    custom_id,
)
from bot.hits import FloodWords
from bot.i18n import N_, Translator
from bot.text import TEXT_INPUT, cut, mention_channel, mention_role, quote
from cogs.automod import rules
from cogs.automod.model import PRESET_TITLES, TITLES, Desk, Ours, Theirs
from cogs.automod.rules import Found, Kind, Preset, Rule
from storage.automod import DONE, FAILED, WAITING

DESK = "automod:desk.show"
OPEN = "automod:rule.open"
SHOW = "automod:rule.show"
NEW = "automod:rule.new"
MAKE_FORM = "automod:rule.made"  # with the kind's place among all
EDIT = "automod:rule.edit"
EDIT_FORM = "automod:rule.edited"
ACTION = "automod:rule.action"
ACTION_FORM = "automod:rule.acted"
SWITCH = "automod:rule.switch"
DELETE = "automod:rule.delete"
DELETE_SURE = "automod:rule.deleted"
AGAIN = "automod:rule.again"
ALERT = "automod:rule.alert"
ALONE = "automod:rule.alone"
ALONE_ROLE = "automod:rule.alone_role"
ALONE_CHANNEL = "automod:rule.alone_channel"
TEST = "automod:test.ask"
TEST_FORM = "automod:test.asked"
ADDS = (
    "_more"  # at the end of a field's name: what is written there is added to a list that no form could hold
)
_SHOWN = 400
_ROOM = 3500

_REFUSALS = {
    "no_permission": N_("I lack the permission Manage Server, or Time Out Members for a timeout"),
    "no_access": N_("I lack the permission Manage Server"),
}


def desk_card(desk: Desk, t: Translator) -> Card:
    """The slots with what is in them, ours and those of others."""
    lines = [
        t(
            "**AutoMod**: rules that Discord itself runs, before anybody sees a message. I need not read messages for it."
        )
    ]
    for slot in desk.slots:
        lines.append(
            t("**{kind}** · {used} of {most}", kind=t(TITLES[slot.kind]), used=slot.used, most=slot.most)
        )
        lines += [_ours_line(each, t) for each in desk.ours if each.rule.kind is slot.kind]
        lines += [_theirs_line(each, t) for each in desk.others if each.kind is slot.kind]
    lines += [_theirs_line(each, t) for each in desk.others if each.kind is None]
    items: list[Item] = [Text("\n".join(lines))]
    if desk.ours:
        options = tuple(Option(cut(each.rule.name, 100), str(each.id)) for each in desk.ours[:25])
        items.append(Pick(custom_id(OPEN), t("Open one of mine"), options))
    free = tuple(Option(t(TITLES[each.kind]), each.kind.value) for each in desk.slots if not each.is_full)
    if free:
        items.append(Pick(custom_id(NEW), t("Make a new rule"), free))
    test = Button(t("Test a phrase"), custom_id(TEST), style=Style.PRIMARY)
    items.append(Buttons((test, Button(t("Look again"), custom_id(DESK)))))
    return Card(tuple(items))


def rule_card(ours: Ours, t: Translator, *, said_first: str | None = None) -> Card:
    """One rule of ours, with everything that can be done with it."""
    rule = ours.rule
    lines = [f"**{quote(rule.name, rules.LONGEST_NAME)}** · {t(TITLES[rule.kind])}", _state(ours, t)]
    lines += _content(rule, t)
    lines.append(t("It {does}.", does=_does(rule, t)))
    if rule.exempt_roles or rule.exempt_channels:
        alone = [
            *(mention_role(each) for each in rule.exempt_roles),
            *(mention_channel(each) for each in rule.exempt_channels),
        ]
        lines.append(t("It leaves alone: {whom}", whom=", ".join(alone[:20])))
    items: list[Item] = [Text(said_first)] if said_first else []
    items.append(Text("\n".join(lines)))
    items.append(
        PickPlace(
            custom_id(ALERT, ours.id),
            t("Where staff are told (none: nowhere)"),
            "channel",
            rule.alert_channel_id,
        )
    )
    switch = t("Switch it off") if rule.enabled else t("Switch it on")
    items.append(
        Buttons(
            (
                Button(t("Edit"), custom_id(EDIT, ours.id), style=Style.PRIMARY),
                Button(t("What it does"), custom_id(ACTION, ours.id)),
                Button(t("Whom it leaves alone"), custom_id(ALONE, ours.id)),
            )
        )
    )
    last = [
        Button(switch, custom_id(SWITCH, ours.id)),
        Button(t("Delete"), custom_id(DELETE, ours.id), style=Style.DANGER),
        Button(t("Back"), custom_id(DESK)),
    ]
    if ours.state == WAITING:
        items.append(Buttons((Button(t("Look again"), custom_id(SHOW, ours.id)),)))
    elif ours.state == FAILED or not ours.is_there:
        items.append(Buttons((Button(t("Try again"), custom_id(AGAIN, ours.id)),)))
    items.append(Buttons(tuple(last)))
    return Card(tuple(items))


def delete_card(ours: Ours, t: Translator) -> Card:
    """Whether it is meant."""
    text = t("**Delete {name}?** Discord stops it at once. Its cases stay.", name=quote(ours.rule.name, 80))
    buttons = (
        Button(t("Delete"), custom_id(DELETE_SURE, ours.id), style=Style.DANGER),
        Button(t("Keep it"), custom_id(SHOW, ours.id)),
    )
    return Card((Text(text), Buttons(buttons)))


def alone_card(ours: Ours, t: Translator) -> Card:
    """Roles and channels that a rule leaves alone."""
    rule = ours.rule
    lines = [
        t(
            "**Whom {name} leaves alone.** Discord leaves those alone, too, who may manage the server.",
            name=quote(rule.name, 80),
        ),
        t(
            "Channels: {channels}",
            channels=", ".join(map(mention_channel, rule.exempt_channels)) or t("none"),
        ),
        t("Roles: {roles}", roles=", ".join(map(mention_role, rule.exempt_roles)) or t("none")),
        t("Choose one to leave it alone, and once more to look at it again."),
    ]
    return Card(
        (
            Text("\n".join(lines)),
            PickPlace(custom_id(ALONE_CHANNEL, ours.id), t("A channel"), "channel"),
            PickPlace(custom_id(ALONE_ROLE, ours.id), t("A role"), "role"),
            Buttons((Button(t("Back"), custom_id(SHOW, ours.id)),)),
        )
    )


def new_form(kind: Kind, t: Translator) -> Form:
    return Form(
        cut(t(TITLES[kind]), 45),
        custom_id(MAKE_FORM, tuple(Kind).index(kind)),
        _fields(Rule(kind, t(TITLES[kind])), t),
    )


def edit_form(ours: Ours, t: Translator) -> Form:
    return Form(cut(ours.rule.name, 45), custom_id(EDIT_FORM, ours.id), _fields(ours.rule, t))


def action_form(ours: Ours, t: Translator) -> Form:
    """What a rule does. Where staff are told is chosen on its card."""
    rule = ours.rule
    fields: list[Field] = []
    if rule.may_block:
        fields.append(TickField("block", t("Block the message"), value=rule.block))
        fields.append(
            TextField(
                "message",
                t("What its author is told, if it is blocked"),
                description=t("Empty: Discord's own words."),
                required=False,
                max_length=rules.LONGEST_MESSAGE,
                value=rule.message or None,
            )
        )
    if rule.may_time_out:
        fields.append(
            TextField(
                "minutes",
                t("Minutes of a timeout"),
                description=t("Empty: none."),
                required=False,
                max_length=5,
                value=str(rule.timeout_minutes) if rule.timeout_minutes else None,
            )
        )
    if not fields:
        fields.append(TickField("block", t("Whoever has such a profile cannot write"), value=True))
    return Form(cut(rule.name, 45), custom_id(ACTION_FORM, ours.id), tuple(fields))


def tested_card(phrase: str, found: Sequence[tuple[Ours, Found]], t: Translator) -> Card:
    """Which of our rules act on a phrase, and on what."""
    lines = [t("**Tested**, and not kept:"), f"> {quote(phrase.replace(chr(10), ' '), _SHOWN)}"]
    for ours, hit in found:
        line = t(
            "- **{rule}** acts on {on}, by {entry}",
            rule=quote(ours.rule.name, 80),
            on=quote(hit.on, 100),
            entry=quote(hit.entry, 100),
        )
        lines.append(line if ours.rule.enabled else f"{line} ({t('it is off')})")
    if not found:
        lines.append(t("No word or pattern of my rules acts on it."))
    if any(hit.is_pattern for _, hit in found):
        lines.append(
            t("Patterns are tested with RE2. Discord runs them in Rust, which can differ in rare cases.")
        )
    lines.append(t("Discord's own lists, spam and rules of others cannot be tested from here."))
    buttons = (
        Button(t("Test another"), custom_id(TEST), style=Style.PRIMARY),
        Button(t("Back"), custom_id(DESK)),
    )
    return Card((Text("\n".join(lines)), Buttons(buttons)))


def reason(name: str | None, keyword: str | None, t: Translator) -> str:
    """Why a case was opened: the rule, and which of its entries it was."""
    rule = name or t("a rule of this server")
    return (
        t("AutoMod: {rule} ({entry})", rule=rule, entry=keyword)
        if keyword
        else t("AutoMod: {rule}", rule=rule)
    )


def flood_words(t: Translator) -> FloodWords:
    """The reason of a case about many people at once."""

    def words(hits: int, people: int) -> str:
        return t.tn(
            "AutoMod, many at once: {hits} hits by {n} person",
            "AutoMod, many at once: {hits} hits by {n} people",
            people,
            hits=hits,
        )

    return words


def _fields(rule: Rule, t: Translator) -> tuple[Field, ...]:
    name = TextField("name", t("Name"), max_length=rules.LONGEST_NAME, value=rule.name)
    match rule.kind:
        case Kind.WORDS | Kind.PROFILE:
            return (
                name,
                _list_field(
                    "words",
                    t("Words and phrases, one per line"),
                    t("A * before or behind stands for any letters."),
                    rule.words,
                    t,
                ),
                _list_field(
                    "patterns",
                    t("Patterns, one per line"),
                    t("As Rust reads them. At most {most}.", most=rules.MOST_PATTERNS),
                    rule.patterns,
                    t,
                ),
                _list_field(
                    "allowed",
                    t("What is fine all the same"),
                    t("One per line. At most {most}.", most=rules.MOST_ALLOWED),
                    rule.allowed,
                    t,
                ),
            )
        case Kind.PRESET:
            options = tuple(
                Option(t(PRESET_TITLES[each]), each.value, chosen=each in rule.presets) for each in Preset
            )
            return (
                name,
                ManyField("presets", t("Which lists?"), options),
                _list_field("allowed", t("What is fine all the same"), t("One per line."), rule.allowed, t),
            )
        case Kind.MENTIONS:
            return (
                name,
                TextField(
                    "mentions",
                    t("How many mentions may a message have?"),
                    description=t("From {least} to {most}.", least=1, most=rules.MOST_MENTIONS),
                    max_length=2,
                    value=str(rule.mention_limit or 8),
                ),
                TickField("raid", t("Let Discord look out for mention raids"), value=rule.raid_protection),
            )
        case Kind.SPAM:
            return (name,)


def _list_field(name: str, label: str, description: str, entries: Sequence[str], t: Translator) -> TextField:
    text = "\n".join(entries)
    fits = len(text) <= _ROOM
    return TextField(
        name if fits else f"{name}{ADDS}",
        label if fits else t("More of them, one per line: {n} stand", n=len(entries)),
        description=cut(description, 100),
        long=True,
        required=False,
        max_length=TEXT_INPUT,
        value=(text or None) if fits else None,
    )


def _ours_line(ours: Ours, t: Translator) -> str:
    return f"- {quote(ours.rule.name, 80)} · {t('mine')} · {_state(ours, t)}"


def _theirs_line(theirs: Theirs, t: Translator) -> str:
    state = t("on") if theirs.enabled else t("off")
    return f"- {quote(theirs.name, 80)} · {t('made by others, I leave it alone')} · {state}"


def _state(ours: Ours, t: Translator) -> str:
    if ours.state == FAILED:
        known = _REFUSALS.get(ours.state_reason or "")
        why = t(known) if known is not None else t("Discord did not take it. Look at its words and patterns")
        return t("**not in force**: {why}", why=why)
    if not ours.is_there:
        return t("**not in force**: somebody deleted it in Discord")
    if ours.state != DONE:
        return t("on its way to Discord")
    return t("on") if ours.rule.enabled else t("off")


def _content(rule: Rule, t: Translator) -> list[str]:
    lines: list[str] = []
    for title, entries in (
        (t("Words"), rule.words),
        (t("Patterns"), rule.patterns),
        (t("Fine all the same"), rule.allowed),
    ):
        if entries:
            lines.append(f"{title} ({len(entries)}): {quote(', '.join(entries), _SHOWN)}")
    if rule.presets:
        lines.append(t("Lists: {lists}", lists=", ".join(t(PRESET_TITLES[each]) for each in rule.presets)))
    if rule.mention_limit:
        lines.append(
            t.tn(
                "More than {n} mention in one message.",
                "More than {n} mentions in one message.",
                rule.mention_limit,
            )
        )
    if rule.raid_protection:
        lines.append(t("Discord looks out for mention raids."))
    return lines


def _does(rule: Rule, t: Translator) -> str:
    parts: list[str] = []
    if not rule.may_block:
        parts.append(t("keeps whoever has such a profile from writing"))
    elif rule.block:
        parts.append(t("blocks the message"))
    if rule.alert_channel_id is not None:
        parts.append(t("tells staff in {channel}", channel=mention_channel(rule.alert_channel_id)))
    if rule.timeout_minutes:
        parts.append(
            t.tn("gives a timeout of {n} minute", "gives a timeout of {n} minutes", rule.timeout_minutes)
        )
    return ", ".join(parts)
