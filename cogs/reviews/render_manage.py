"""Draws what facilitators see: rounds, who reviews what and why, and the settings."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Form,
    Item,
    Option,
    Pick,
    Style,
    Text,
    TextField,
    TickField,
    custom_id,
)
from bot.i18n import N_, Translator
from bot.text import clean, cut, mention_channel, mention_role, mention_user, quote, timestamp
from cogs.reviews.model import Preview, Review, ReviewSettings, find_rubric
from cogs.reviews.rubrics import shipped
from cogs.reviews.rules import Mode, alias_name
from cogs.reviews.staff import LIMITS, Unmasked

ROUNDS = "reviews:rounds.list"
ROUND_PICK = "reviews:rounds.pick"
ROUND = "reviews:round.show"
DRAW = "reviews:round.draw"
CONFIRM = "reviews:round.confirm"
UNDO = "reviews:round.undo"
SETTINGS = "reviews:settings.show"
NUMBERS = "reviews:settings.ask_numbers"
NUMBERS_FORM = "reviews:settings.set_numbers"
HOW = "reviews:settings.ask_how"
HOW_FORM = "reviews:settings.set_how"
BLIND = "reviews:blind.list"
BLIND_PICK = "reviews:blind.pick"
BLIND_FORM = "reviews:blind.look"

DRAWS = 1000  # a button's number is `round * DRAWS + drawing`: never change it
_SHOWN_WORKS = 20
_LONGEST_PREVIEW = 3000
MODE_NAMES = {
    Mode.OPEN: N_("Everybody sees everybody"),
    Mode.SINGLE: N_("Authors do not see who reviews"),
    Mode.DOUBLE: N_("Neither sees the other"),
}
_STATES = {
    "waiting": N_("not drawn yet"),
    "drawn": N_("drawn, to be confirmed"),
    "confirmed": N_("under way"),
}
_NUMBER_LABELS = {
    "per_work": N_("Reviews of each work"),
    "first_nudge_hours": N_("First reminder, in hours"),
    "second_nudge_hours": N_("Second reminder, in hours"),
    "release_hours": N_("To somebody else, after hours"),
    "duty_hours": N_("Reviewers on duty, after hours"),
}


def rounds_card(rounds: Sequence[Preview], t: Translator) -> Card:
    """The rounds there are."""
    items: list[Item] = []
    if rounds:
        lines = [t("**Rounds of reviews**, the newest first")]
        lines += [
            t.tn(
                "{title} · {n} work · {state}",
                "{title} · {n} works · {state}",
                each.works,
                title=quote(each.title, 90),
                state=t(_STATES[each.state]),
            )
            for each in rounds
        ]
        items.append(Text("\n".join(lines)))
        options = tuple(
            Option(cut(" ".join(clean(each.title).split()) or "…", 90), str(each.id), t(_STATES[each.state]))
            for each in rounds
        )
        items.append(Pick(custom_id(ROUND_PICK), t("Open a round"), options))
    else:
        items.append(
            Text(
                t(
                    "**No round yet.** When a challenge closes, what was submitted waits here to be given to reviewers."
                )
            )
        )
    items.append(
        Buttons(
            (Button(t("Settings"), custom_id(SETTINGS)), Button(t("Behind a blind review"), custom_id(BLIND)))
        )
    )
    return Card(tuple(items))


def round_card(round_: Preview, t: Translator, said_first: str | None = None) -> Card:
    """One round: who reviews what and why, and what to do with it."""
    lines = [said_first] if said_first else []
    lines.append(f"**{quote(round_.title, 90)}** · {t(_STATES[round_.state])}")
    lines.append(
        t.tn(
            "{n} work, reviews of each: {each}. {mode}.",
            "{n} works, reviews of each: {each}. {mode}.",
            round_.works,
            each=round_.per_work,
            mode=t(MODE_NAMES[round_.mode]),
        )
    )
    if round_.state == "waiting":
        lines.append(t("Draw who reviews what, look at it, and confirm it. Nobody is told before that."))
    if round_.state != "confirmed" and round_.confirms_at is not None:
        lines.append(t("It begins by itself {time}.", time=timestamp(round_.confirms_at, "R")))
    items: list[Item] = [Text("\n".join(lines))]
    if round_.drawn:
        items += [Text(_drawn_text(round_, t)), Text(_load_text(round_, t))]
    buttons = _round_buttons(round_, t)
    return Card((*items, Buttons(buttons)))


def _round_buttons(round_: Preview, t: Translator) -> tuple[Button, ...]:
    all_rounds = Button(t("All rounds"), custom_id(ROUNDS))
    if round_.state == "waiting":
        return (Button(t("Draw"), custom_id(DRAW, round_.id), style=Style.PRIMARY), all_rounds)
    if round_.state == "drawn":
        number = round_.id * DRAWS + round_.draws % DRAWS
        return (
            Button(t("Confirm"), custom_id(CONFIRM, number), style=Style.PRIMARY),
            Button(t("Re-roll"), custom_id(DRAW, round_.id)),
            all_rounds,
        )
    return (Button(t("Undo"), custom_id(UNDO, round_.id)), all_rounds)


def _drawn_text(round_: Preview, t: Translator) -> str:
    lines: list[str] = []
    used = 0
    for number, work in enumerate(round_.drawn):
        line = t("{author} is reviewed by", author=mention_user(work.author_id))
        for reviewer, why, fields in work.reviewers:
            who = mention_user(reviewer) if reviewer else t("somebody")
            line += f"\n- {who} · {t(why, **fields) if fields else t(why)}"
        if not work.reviewers:
            line += "\n- " + t("nobody yet")
        used += len(line) + 2
        if number >= _SHOWN_WORKS or used > _LONGEST_PREVIEW:
            left = len(round_.drawn) - number
            lines.append(t.tn("and {n} work more", "and {n} works more", left))
            break
        lines.append(line)
    return "\n\n".join(lines)  # without an empty line, the next author would belong to the list before


def _load_text(round_: Preview, t: Translator) -> str:
    loads = [
        t.tn("{people} write {n} review", "{people} write {n} reviews", load, people=people)
        for load, people in sorted(round_.loads.items())
    ]
    lines = [t("**Load:** {loads}", loads=", ".join(loads))]
    short = sum(len(each.reviewers) < round_.per_work for each in round_.drawn)
    if short:
        lines.append(t.tn("{n} work is short of reviews.", "{n} works are short of reviews.", short))
    if round_.left_out:
        names = ", ".join(mention_user(each) for each in round_.left_out[:10])
        lines.append(t("Not asked, because they are away or take none now: {names}", names=names))
    if round_.only_trained:
        lines.append(t("Only trained reviewers are asked."))
    if round_.mode.hides_reviewer:
        lines.append(
            t(
                "-# The round is blind, so names are not shown here. *Behind a blind review* asks for a reason."
            )
        )
    lines.append(t("-# Drawing {number}, seed {seed}", number=round_.draws, seed=round_.seed))
    return "\n".join(lines)


def ready_card(round_: Preview, t: Translator, *, has_trouble: bool) -> Card:
    """Tells staff that works wait, or that a round could not begin by itself."""
    title = quote(round_.title, 90)
    if has_trouble:
        text = t(
            "**{title}**: who reviews what could not be drawn by itself. Open it to see what does not fit.",
            title=title,
        )
    else:
        text = t.tn(
            "**{title}**: {n} work waits to be given to reviewers.",
            "**{title}**: {n} works wait to be given to reviewers.",
            round_.works,
            title=title,
        )
        if round_.confirms_at is not None:
            text += " " + t("It begins by itself {time}.", time=timestamp(round_.confirms_at, "R"))
    return Card(
        (
            Text(text),
            Buttons((Button(t("Who reviews what"), custom_id(ROUND, round_.id), style=Style.PRIMARY),)),
        )
    )


def settings_card(settings: ReviewSettings, t: Translator, said_first: str | None = None) -> Card:
    rubric = find_rubric(settings.rubric)
    lines = [said_first] if said_first else []
    lines += [
        t("**How reviews work here**"),
        t("Channel: {place}", place=_place(settings.channel_id, t)),
        t(
            "On duty: {role}",
            role=mention_role(settings.duty_role_id) if settings.duty_role_id else t("nobody"),
        ),
        t(
            "Reviews of each work: {n}. Rubric: {rubric}. {mode}.",
            n=settings.per_work,
            rubric=t(rubric.title),
            mode=t(MODE_NAMES[Mode(settings.mode)]),
        ),
        t(
            "Reminders after {first} and {second} hours, to somebody else after {release}, on duty after {duty}.",
            first=settings.first_nudge_hours,
            second=settings.second_nudge_hours,
            release=settings.release_hours,
            duty=settings.duty_hours,
        ),
        t.tn(
            "A round begins by itself after {n} hour.",
            "A round begins by itself after {n} hours.",
            settings.confirm_hours,
        )
        if settings.confirm_hours
        else t("A round begins when one of you confirms it."),
        t("Only trained reviewers review: {command} makes them.", command="`/review train`")
        if settings.only_trained
        else t("Everybody may review."),
        t(
            "-# Channel and role: {command}, Peer reviews. What is under way keeps what it began with.",
            command="`/setup start`",
        ),
    ]
    buttons = (
        Button(t("Change numbers"), custom_id(NUMBERS)),
        Button(t("Change the rest"), custom_id(HOW)),
        Button(t("All rounds"), custom_id(ROUNDS)),
    )
    return Card((Text("\n".join(lines)), Buttons(buttons)))


def numbers_form(settings: ReviewSettings, t: Translator) -> Form:
    fields = tuple(
        TextField(name, t(label), max_length=3, value=str(getattr(settings, name)))
        for name, label in _NUMBER_LABELS.items()
    )
    return Form(t("Numbers"), custom_id(NUMBERS_FORM), fields)


def how_form(settings: ReviewSettings, t: Translator) -> Form:
    return Form(
        t("How reviews work here"),
        custom_id(HOW_FORM),
        (
            ChoiceField(
                "mode",
                t("Who sees whom, in rounds"),
                tuple(
                    Option(t(name), mode.value, chosen=mode == settings.mode)
                    for mode, name in MODE_NAMES.items()
                ),
            ),
            ChoiceField(
                "rubric",
                t("Rubric, where the theme has none"),
                tuple(
                    Option(t(each.title), each.key, chosen=each.key == settings.rubric) for each in shipped()
                ),
            ),
            TextField(
                "confirm_hours",
                t("A round begins by itself, after hours"),
                description=t(
                    "0: only when one of you confirms it. At most {most}.", most=LIMITS["confirm_hours"][1]
                ),
                max_length=3,
                value=str(settings.confirm_hours),
            ),
            TickField(
                "only_trained",
                t("Only trained reviewers"),
                description=t("Others are given no review and can take none. Holds at once."),
                value=settings.only_trained,
            ),
        ),
    )


def blind_card(reviews: Sequence[Review], t: Translator) -> Card:
    """For staff: blind reviews, without who wrote them."""
    back = Buttons((Button(t("All rounds"), custom_id(ROUNDS)),))
    if not reviews:
        return Card((Text(t("There is no blind review.")), back))
    options = tuple(
        Option(
            cut(
                f"{t('Reviewer {letter}', letter=alias_name(each.alias))}: {' '.join(clean(each.work.title).split())}",
                90,
            ),
            str(each.id),
        )
        for each in reviews
    )
    text = t(
        "Choose a review to see who wrote it. That you looked, and why, stands in the record of changes."
    )
    return Card((Text(text), Pick(custom_id(BLIND_PICK), t("Choose a review"), options), back))


def blind_form(review_id: int, t: Translator) -> Form:
    field = TextField("why", t("Why? It stands in the record of changes."), max_length=300)
    return Form(t("Who wrote it?"), custom_id(BLIND_FORM, review_id), (field,))


def unmasked_card(found: Unmasked, t: Translator) -> Card:
    who = mention_user(found.reviewer_id) if found.reviewer_id else t("a former member")
    text = t(
        "Reviewer {letter} of the work of {author} is {member}. The record of changes says that you looked.",
        letter=alias_name(found.review.alias),
        author=mention_user(found.review.work.author_id),
        member=who,
    )
    return Card((Text(text), Buttons((Button(t("All rounds"), custom_id(ROUNDS)),))))


def _place(channel_id: int | None, t: Translator) -> str:
    return mention_channel(channel_id) if channel_id is not None else t("where each work was asked for")
