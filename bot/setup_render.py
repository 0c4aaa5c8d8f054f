"""The cards of /setup start: the first one, the steps, single pages, and the one for leaving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.cards import Button, Buttons, Card, Divider, Item, Option, Pick, PickPlace, Style, Text, custom_id
from bot.features import Feature
from bot.i18n import N_, Translator
from bot.notification_settings import MOST_PINGS
from bot.setup_checks import Finding
from bot.setup_doctor_render import CREATE_CONTROL, STEP_CONTROL, explained
from bot.setup_pages import CHANNELS, ROLES, Numbered, Page, Place
from bot.text import SELECT_OPTIONS, cut

PAGE_CONTROL = "setup:page.open"
CHOICE_CONTROL = "setup:choice.set"
ZONE_ASK_CONTROL = "setup:zone.ask"
LANGUAGE_CONTROL = "setup:language.set"
PINGS_CONTROL = "setup:pings.set"
FEATURE_CONTROL = "setup:feature.switch"
NEXT_CONTROL = "setup:step.next"  # [Next]: another id, because one card never has two controls of one id
LEAVE_CONTROL = "setup:step.leave"
FINISH_CONTROL = "setup:step.finish"
MINUTES = 5
ABOUT = {
    CHANNELS.id: N_("Choose a channel for each. What you leave empty stays off."),
    ROLES.id: N_("Choose a role for each. What you leave empty stays off."),
}


@dataclass(frozen=True)
class Shown:
    """A choice with what it stands at and what is wrong with it. `offered` is the name it would be created under."""

    numbered: Numbered
    chosen: int | None
    problems: tuple[Finding, ...] = ()
    offered: str | None = None


def intro_card(pages: Sequence[Page], places: Sequence[Place], left_at: Place | None, t: Translator) -> Card:
    """What will happen, how long it takes, and where to begin or go on."""
    titles = list(dict.fromkeys(t(each.step.title) for each in places))
    lines = [f"{number}. {title}" for number, title in enumerate(titles, start=1)]
    intro = t(
        "**Let us set up your community**\nIt takes about {minutes} minutes: {n} steps, then a report of what works "
        "and what does not.",
        minutes=MINUTES,
        n=len(titles),
    )
    promise = t(
        "Setting up posts nothing in your channels, and only you see these cards. Each choice counts as soon as it "
        "is made. Leave whenever you like: anybody of staff can go on where you stopped."
    )
    begin = Button(t("Begin"), custom_id(STEP_CONTROL, places[0].id), style=Style.PRIMARY)
    if left_at is not None and left_at.id != places[0].id:
        title = t("Go on with step {n}", n=number_of(left_at, places))
        begin = Button(title, custom_id(STEP_CONTROL, left_at.id), style=Style.PRIMARY)
        again = (Button(t("From the beginning"), custom_id(STEP_CONTROL, places[0].id)),)
    else:
        again = ()
    items = (Text(intro), Text("\n".join(lines)), Text(promise), Buttons((begin, *again)))
    return Card((*items, Divider(), *page_menus(pages, None, t)))


def step_card(
    place: Place, places: Sequence[Place], items: Sequence[Item], pages: Sequence[Page], t: Translator
) -> Card:
    """One step, with the ways back, on, and out."""
    title = t(place.step.title)
    if place.parts > 1:
        title = t("{title}, {part} of {parts}", title=title, part=place.part + 1, parts=place.parts)
    head = t(
        "**Step {n} of {total}: {title}**",
        n=number_of(place, places),
        total=len({each.step.id for each in places}),
        title=title,
    )
    if place.step.id in ABOUT:
        head = f"{head}\n{t(ABOUT[place.step.id])}"
    return Card(
        (
            Text(head),
            *items,
            Divider(),
            Buttons(_ways(place, places, t)),
            *page_menus(pages, place.step.page, t),
        )
    )


def _ways(place: Place, places: Sequence[Place], t: Translator) -> tuple[Button, ...]:
    at = [each.id for each in places].index(place.id)
    ways: list[Button] = []
    if at:
        ways.append(Button(t("Back"), custom_id(STEP_CONTROL, places[at - 1].id)))
    if at + 1 < len(places):
        ways.append(Button(t("Next"), custom_id(NEXT_CONTROL, places[at + 1].id), style=Style.PRIMARY))
    else:
        ways.append(Button(t("Finish: show the report"), custom_id(FINISH_CONTROL), style=Style.PRIMARY))
    ways.append(Button(t("Leave it for now"), custom_id(LEAVE_CONTROL, place.id)))
    return tuple(ways)


def page_card(
    page: Page, items: Sequence[Item], pages: Sequence[Page], places: Sequence[Place], t: Translator
) -> Card:
    """One page by itself."""
    head = t("**Set up your community: {page}**\nEach choice is saved at once.", page=t(page.title))
    steps = Button(t("Step by step"), custom_id(STEP_CONTROL, places[0].id))
    return Card((Text(head), *items, Divider(), Buttons((steps,)), *page_menus(pages, page, t)))


def left_card(place: Place, places: Sequence[Place], t: Translator) -> Card:
    """Left for now."""
    text = t(
        "All right, everything you chose is kept. You or anybody of staff can go on at step {n} with {command}.",
        n=number_of(place, places),
        command="`/setup start`",
    )
    return Card((Text(text), Buttons((Button(t("Go on"), custom_id(STEP_CONTROL, place.id)),))))


def choice_items(shown: Sequence[Shown], t: Translator, *, may_create: Mapping[str, bool]) -> list[Item]:
    """The choices, each with its menu, what is wrong with it, and the button that makes what is missing."""
    kinds = {each.numbered.choice.of for each in shown if each.chosen is None and each.offered}
    items: list[Item] = [Text(_how_to_let_create(kind, t)) for kind in sorted(kinds) if not may_create[kind]]
    said = ""
    for each in shown:
        choice, number = each.numbered.choice, each.numbered.number
        is_channel = choice.of == "channel"
        lines = [f"**{t(choice.label)}**"]
        if choice.help != said:  # several choices of one kind are explained once
            lines.append(t(choice.help))
        said = choice.help
        lines += [explained(problem, t, with_what_is_off=False) for problem in each.problems]
        items.append(Text("\n".join(lines)))
        placeholder = t("Choose a channel") if is_channel else t("Choose a role")
        items.append(PickPlace(custom_id(CHOICE_CONTROL, number), placeholder, choice.of, chosen=each.chosen))
        if each.chosen is None and each.offered and may_create[choice.of]:
            label = (
                t("Create #{name} for me", name=each.offered)
                if is_channel
                else t("Create the role {name} for me", name=each.offered)
            )
            items.append(Buttons((Button(label, custom_id(CREATE_CONTROL, number)),)))
    return items


def _how_to_let_create(kind: str, t: Translator) -> str:
    if kind == "channel":
        return t(
            "I can create channels for you too, once my role has the permission Manage Channels "
            "(Server Settings > Roles; you can take it back afterwards). The menus work without."
        )
    return t(
        "I can create roles for you too, once my role has the permission Manage Roles (Server Settings > Roles). "
        "The menus work without."
    )


def clock_items(
    zone: str, clock: str, locales: Sequence[tuple[str, str]], locale: str, t: Translator
) -> list[Item]:
    """The time zone and the language. `locales` are codes and names."""
    zone_line = t(
        "**Time zone**: {zone}, where it is now {clock}. Everything I schedule follows it.",
        zone=zone,
        clock=clock,
    )
    change = Button(t("Change the time zone"), custom_id(ZONE_ASK_CONTROL), style=Style.PRIMARY)
    items: list[Item] = [Text(zone_line), Buttons((change,))]
    if len(locales) < 2:
        items.append(Text(t("**Language**: English is the only one I speak so far.")))
        return items
    items.append(Text(t("**Language** of what I post. What only one person sees is in their own.")))
    options = tuple(Option(name, code, chosen=code == locale) for code, name in locales[:SELECT_OPTIONS])
    items.append(Pick(custom_id(LANGUAGE_CONTROL), t("Choose a language"), options))
    return items


def feature_items(features: Sequence[Feature], off: frozenset[str], t: Translator) -> list[Item]:
    """Which features are on, and the menu that switches one."""
    intro = t(
        "Everything is on until you switch it off. What is off keeps its data, says so politely, and goes on where it "
        "was when you switch it on again."
    )
    lines = [
        t("- {feature}: off", feature=t(each.title))
        if each.name in off
        else t("- {feature}: on", feature=t(each.title))
        for each in features
    ]
    options = tuple(
        Option(t("Switch on: {feature}", feature=t(each.title)), f"on:{each.name}")
        if each.name in off
        else Option(t("Switch off: {feature}", feature=t(each.title)), f"off:{each.name}")
        for each in features
    )
    items: list[Item] = [Text(intro), Text(cut("\n".join(lines), 2000))]
    for at in range(0, len(options), SELECT_OPTIONS):
        control = custom_id(FEATURE_CONTROL, at // SELECT_OPTIONS or None)
        items.append(Pick(control, t("Switch one on or off"), options[at : at + SELECT_OPTIONS]))
    return items


def pings_items(budget: int, t: Translator) -> list[Item]:
    """How often one person may be pinged a day, and the menu that changes it."""
    line = t(
        "**Pings**: at most {limit} a person and day; the rest comes as one summary in the evening. "
        "Everybody can choose fewer with {command}.",
        limit=budget,
        command="`/me notifications`",
    )
    options = tuple(
        Option(
            t.tn("At most {n} ping a person and day", "At most {n} pings a person and day", number)
            if number
            else t("No pings at all, only the summary"),
            str(number),
            chosen=number == budget,
        )
        for number in range(MOST_PINGS + 1)
    )
    return [Text(line), Pick(custom_id(PINGS_CONTROL), t("Choose how many"), options)]


def page_menus(pages: Sequence[Page], here: Page | None, t: Translator) -> list[Item]:
    """The menu of pages; two when there are many."""
    options = [Option(t(each.title), str(each.number), chosen=each is here) for each in pages]
    return [
        Pick(
            custom_id(PAGE_CONTROL, at // SELECT_OPTIONS or None),
            t("Open another page"),
            tuple(options[at : at + SELECT_OPTIONS]),
        )
        for at in range(0, len(options), SELECT_OPTIONS)
    ]


def number_of(place: Place, places: Sequence[Place]) -> int:
    """The step's number as people count."""
    steps = list(dict.fromkeys(each.step.id for each in places))
    return steps.index(place.step.id) + 1
