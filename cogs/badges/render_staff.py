"""Draws badges for facilitators: all of them, one with its rule and test, and the forms to write them."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards import (
    Button,
    Buttons,
    Card,
    Divider,
    Item,
    Option,
    Pick,
    PickPlace,
    Style,
    Text,
    custom_id,
)
from bot.criteria import sentence
from bot.i18n import Translator
from bot.text import SELECT_OPTIONS, clean, cut, mention_role, mention_user, timestamp
from cogs.badges.forms import CRITERIA_A_BADGE
from cogs.badges.model import Award, Badge, Desk, StarterPlan, Tested
from cogs.badges.rules import State
from cogs.badges.words import STATES, TIERS, how_of, title_of

DESK = "badges:staff.desk"
OPEN = "badges:staff.open"
ADD = "badges:staff.add"
EDIT = "badges:staff.edit"
COUNT = "badges:staff.count"
COUNT_REST = "badges:staff.count_rest"
NUMBERS = "badges:staff.numbers"
ROLE = "badges:staff.role"
END = "badges:staff.end"
TEST = "badges:staff.test"
ON = "badges:staff.on"
ON_FOR_ALL = "badges:staff.on_backfill"
ON_ANYWAY = "badges:staff.on_anyway"
OFF = "badges:staff.off"
BACKFILL = "badges:staff.backfill"
BACKFILL_NOW = "badges:staff.backfill_now"
BACKFILL_ANYWAY = "badges:staff.backfill_anyway"
STARTER = "badges:staff.starter"
STARTER_ON = "badges:staff.starter_on"
STARTER_FOR_ALL = "badges:staff.starter_backfill"
CHECK = "badges:staff.check"
DOUBTS = "badges:staff.doubts"
KEEP = "badges:staff.keep"
LET_GO = "badges:staff.let_go"
PLACE = "badges:staff.place"
WHEN = "badges:staff.when"
DOUBTS_SHOWN = 5


def desk_card(desk: Desk, t: Translator, page: int = 0, *, said_first: str | None = None) -> Card:
    """Everything at a glance."""
    lines = [said_first] if said_first else []
    lines.append(t("**Badges**"))
    on = [each for each in desk.badges if each.state is State.ON]
    if on:
        lines.append(t.tn("{n} badge is given here.", "{n} badges are given here.", len(on)))
    else:
        lines.append(t("No badge is given here yet: nobody gets one before you switch it on."))
    if desk.starter_left:
        lines.append(
            t.tn(
                "{n} badge comes with Lyceum and was never switched on.",
                "{n} badges come with Lyceum and were never switched on.",
                desk.starter_left,
            )
        )
    if desk.doubtful:
        lines.append(t("Some awards rest on nothing any more. Nobody loses one before you say so."))
    items: list[Item] = [Text("\n".join(lines))]
    pages = max(1, -(-len(desk.badges) // SELECT_OPTIONS))
    page %= pages
    options = tuple(_option(each, desk, t) for each in desk.badges[page * SELECT_OPTIONS :][:SELECT_OPTIONS])
    if options:
        items.append(Pick(custom_id(OPEN), t("Look at a badge"), options))
    items.append(
        PickPlace(
            custom_id(PLACE), t("Where the week's wins are posted"), "channel", desk.settings.channel_id
        )
    )
    first = [Button(t("Write a badge"), custom_id(ADD), style=Style.PRIMARY)]
    if desk.starter_left:
        first.append(Button(t("Look at the starter set"), custom_id(STARTER)))
    if pages > 1:
        first.append(Button(t("More badges"), custom_id(DESK, page + 1)))
    second = [Button(t("Check what people have"), custom_id(CHECK))]
    if desk.settings.channel_id is not None:
        second.append(Button(t("When wins are posted"), custom_id(WHEN)))
    if desk.doubtful:
        second.append(Button(t("Look at the doubtful ones"), custom_id(DOUBTS)))
    items.append(Buttons(tuple(first)))
    if on:
        items.append(Buttons(tuple(second)))
    items.append(Text(t("-# One person: `/manage badges give`, `/manage badges revoke`")))
    return Card(tuple(items))


def badge_card(
    badge: Badge, held: int, kinds: Mapping[str, str], t: Translator, *, said_first: str | None = None
) -> Card:
    """One badge with everything that can be done about it. `kinds` are the acts that can be counted."""
    lines = [said_first] if said_first else []
    lines += [
        f"**{title_of(badge, t)}** · {t(TIERS[badge.tier])} · {t(STATES[badge.state])}",
        how_of(badge, t),
    ]
    if badge.rule.criteria:
        lines.append(t("Given by this rule, all of it:"))
        lines += [f"{n}. {sentence(each, kinds, t)}" for n, each in enumerate(badge.rule.criteria, start=1)]
    else:
        lines.append(t("It has no rule: you give it by hand with `/manage badges give`."))
    # A block of its own: straight after a list Markdown would take it for a part of its last line.
    facts = [*_traits(badge, t), t.tn("{n} person has it.", "{n} people have it.", held)]
    items: list[Item] = [Text("\n".join(lines)), Text("\n".join(facts))]
    if badge.state is not State.ON and not badge.ours:
        present = {kind for each in badge.rule.criteria for kind in each.kinds}
        options = tuple(
            Option(cut(t(title), 100), kind) for kind, title in kinds.items() if kind not in present
        )
        # A menu holds so many; the second one has the rest.
        menus = ((COUNT, t("Count something more")), (COUNT_REST, t("Count something else")))
        for number, (control, label) in enumerate(menus):
            some = options[number * SELECT_OPTIONS :][:SELECT_OPTIONS]
            if some:
                items.append(Pick(custom_id(control, badge.id), label, some))
        numbers = tuple(
            Button(
                t("Change criterion {n}", n=index + 1),
                custom_id(NUMBERS, badge.id * CRITERIA_A_BADGE + index),
            )
            for index in range(len(badge.rule.criteria))
        )
        items += [Buttons(numbers[start : start + 3]) for start in range(0, len(numbers), 3)]
    items.append(
        PickPlace(
            custom_id(ROLE, badge.id), t("Role that comes with it (rarely wanted)"), "role", badge.role_id
        )
    )
    items.append(Divider())
    items += _actions(badge, t)
    return Card(tuple(items))


def _actions(badge: Badge, t: Translator) -> list[Item]:
    first: list[Button] = []
    if badge.state is State.ON:
        first.append(Button(t("Switch it off"), custom_id(OFF, badge.id)))
        if badge.rule.criteria:
            first.append(Button(t("Give it for earlier acts"), custom_id(BACKFILL, badge.id)))
    elif badge.rule.criteria:
        first.append(Button(t("Test on history"), custom_id(TEST, badge.id), style=Style.PRIMARY))
    else:
        first.append(Button(t("Switch it on"), custom_id(ON, badge.id), style=Style.PRIMARY))
    second = [Button(t("When it ends"), custom_id(END, badge.id)), Button(t("Back"), custom_id(DESK))]
    if not badge.ours:
        second.insert(0, Button(t("Change the words"), custom_id(EDIT, badge.id)))
    return [Buttons(tuple(first)), Buttons(tuple(second))]


def tested_card(badge: Badge, tested: Tested, t: Translator) -> Card:
    """Who would have it by what was done until now, before it is switched on."""
    lines = _tested_lines(badge, tested, t)
    back = Button(t("Back"), custom_id(OPEN, badge.id))
    if tested.everybody:
        lines.append(
            t(
                "That is (nearly) everybody, and a badge that everybody has says little. Ask for more, or for other things."
            )
        )
        anyway = Button(t("Switch it on all the same"), custom_id(ON_ANYWAY, badge.id), style=Style.DANGER)
        return Card((Text("\n".join(lines)), Buttons((back, anyway))))
    buttons = [Button(t("Switch it on from now"), custom_id(ON, badge.id), style=Style.PRIMARY)]
    if tested.would:
        label = t.tn(
            "On, and give it to this {n} person", "On, and give it to these {n} people", tested.would
        )
        buttons.append(Button(label, custom_id(ON_FOR_ALL, badge.id)))
        lines.append(t("-# Whoever gets it for earlier acts is not told: it stands in their list."))
    return Card((Text("\n".join(lines)), Buttons((*buttons, back))))


def backfill_card(badge: Badge, tested: Tested, t: Translator) -> Card:
    """Who would have a badge that is on, before it is given for earlier acts."""
    lines = _tested_lines(badge, tested, t)
    back = Button(t("Back"), custom_id(OPEN, badge.id))
    if not tested.would:
        return Card((Text("\n".join(lines)), Buttons((back,))))
    if tested.everybody:
        lines.append(t("That is (nearly) everybody, and a badge that everybody has says little."))
        give = Button(
            t("Give it to them all the same"), custom_id(BACKFILL_ANYWAY, badge.id), style=Style.DANGER
        )
        return Card((Text("\n".join(lines)), Buttons((back, give))))
    label = t.tn("Give it to this {n} person", "Give it to these {n} people", tested.would)
    give = Button(label, custom_id(BACKFILL_NOW, badge.id), style=Style.PRIMARY)
    lines.append(t("-# Whoever has it already keeps it. Nobody is told: it stands in their list."))
    return Card((Text("\n".join(lines)), Buttons((give, back))))


def _tested_lines(badge: Badge, tested: Tested, t: Translator) -> list[str]:
    lines = [t("**Test on history: {title}**", title=title_of(badge, t)), _would(tested, t)]
    if tested.names:
        names = ", ".join(mention_user(each) for each in tested.names)
        more = tested.would - len(tested.names)
        lines.append(t("{names} and {n} more", names=names, n=more) if more > 0 else names)
    return lines


def starter_card(plan: StarterPlan, t: Translator) -> Card:
    """What the starter set would do here."""
    if not plan.found:
        text = t("Everything that comes with Lyceum was switched on here before.")
        return Card((Text(text), Buttons((Button(t("Back"), custom_id(DESK)),))))
    lines = [t("**The starter set, tested on history**")]
    some = [each for each in plan.chosen if each[1].would]
    lines += [
        t("- {title}: {n}", title=title_of(badge, t), n=_people(tested.would, t)) for badge, tested in some
    ]
    nobody = [badge for badge, tested in plan.chosen if not tested.would and badge.rule.criteria]
    by_hand = [badge for badge, _ in plan.chosen if not badge.rule.criteria]
    blocks = ["\n".join(lines)]
    if nobody:
        blocks.append(t("Nobody has earned these yet: {badges}", badges=_titles(nobody, t)))
    if by_hand:
        blocks.append(t("Given by hand: {badges}", badges=_titles(by_hand, t)))
    if plan.left_out:
        badges = _titles([badge for badge, _ in plan.left_out], t)
        blocks.append(
            t(
                "Left out, because (nearly) everybody would have them; look at them one by one: {badges}",
                badges=badges,
            )
        )
    buttons = [Button(t("Back"), custom_id(DESK))]
    if plan.chosen:
        on = Button(t("Switch them on from now"), custom_id(STARTER_ON), style=Style.PRIMARY)
        buttons.insert(0, on)
        if any(tested.would for _, tested in plan.chosen):
            buttons.insert(1, Button(t("On, also for earlier acts"), custom_id(STARTER_FOR_ALL)))
    return Card((*map(Text, blocks), Buttons(tuple(buttons))))


def doubts_card(awards: tuple[Award, ...], t: Translator) -> Card:
    """What rests on nothing any more, for staff to decide."""
    items: list[Item] = [Text(t("**Awards that rest on nothing any more**"))]
    if not awards:
        items.append(Text(t("There are none.")))
    for each in awards[:DOUBTS_SHOWN]:
        given = t(
            "{member}: {title}, since {day}",
            member=mention_user(each.member_id),
            title=title_of(each.badge, t),
            day=timestamp(each.at, "D"),
        )
        keep = Button(t("Let them keep it"), custom_id(KEEP, each.id), style=Style.PRIMARY)
        items += [Text(given), Buttons((keep, Button(t("Take it back"), custom_id(LET_GO, each.id))))]
    items.append(Buttons((Button(t("Back"), custom_id(DESK)),)))
    return Card(tuple(items))


def doubts_notice(t: Translator) -> Card:
    """To staff, once when the week's look finds something."""
    text = t("**Some badges rest on nothing any more.** Nobody loses one before you say so.")
    return Card(
        (Text(text), Buttons((Button(t("Look at the doubtful ones"), custom_id(DOUBTS)),))), silent=True
    )


def done_card(text: str, t: Translator) -> Card:
    return Card((Text(text), Buttons((Button(t("All badges"), custom_id(DESK)),))))


def _traits(badge: Badge, t: Translator) -> list[str]:
    found: list[str] = []
    if badge.repeatable:
        found.append(t("It can be earned again and again."))
    if badge.hidden:
        found.append(t("It is hidden from the catalogue until somebody has it."))
    if badge.retires_at is not None:
        found.append(t("It can be earned until {day}.", day=timestamp(badge.retires_at, "D")))
    if badge.role_id is not None:
        found.append(t("With it comes {role}.", role=mention_role(badge.role_id)))
    return found


def _would(tested: Tested, t: Translator) -> str:
    if not tested.would:
        return t("Nobody would have it yet.")
    return t(
        "Of those who did something here ({people}), {n} would have it.",
        n=tested.would,
        people=tested.people,
    )


def _titles(badges: list[Badge], t: Translator) -> str:
    return " · ".join(title_of(each, t) for each in badges)


def _people(n: int, t: Translator) -> str:
    return t.tn("{n} person", "{n} people", n) if n else t("nobody yet")


def _option(badge: Badge, desk: Desk, t: Translator) -> Option:
    title = t(badge.title) if badge.ours else " ".join(clean(badge.title).split())
    state = t(STATES[badge.state])
    return Option(cut(title, 90), str(badge.id), f"{state} · {_people(desk.held.get(badge.id, 0), t)}")
