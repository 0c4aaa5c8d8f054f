"""Draws the training for members."""

from __future__ import annotations

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Divider,
    Form,
    Item,
    Option,
    Pick,
    Style,
    Text,
    custom_id,
)
from bot.i18n import Translator
from bot.text import V2_TEXT_LIMIT, length, mention_role, quote, timestamp
from cogs.reviews.rubrics import Criterion, Rubric
from cogs.reviews.training.model import Desk, Example, Licence, Part, Run
from cogs.reviews.training.rules import A_SET, Theme, to_look_at
from cogs.reviews.training.service import asked
from cogs.reviews.training.words import (
    ROOM_FOR_WHY,
    RULES,
    THEMES,
    answer_of,
    criterion_title,
    plain,
    text_of,
    title_of,
    why_of,
)

SHOW = "reviews:train.show"
BEGIN = "reviews:train.begin"
ANSWER = "reviews:train.answer"
ANSWER_FORM = "reviews:train.answered"
COMPARE = "reviews:train.compare"
EXAMPLES = "reviews:examples.show"
THEME = "reviews:examples.theme"
EXAMPLE = "reviews:examples.open"
ROOM_ON_A_CARD = V2_TEXT_LIMIT - 200  # for what stands beside it


# ---------------------------------------------------------------------------------------------- examples


def examples_card(t: Translator) -> Card:
    """Where to begin: the four rules, and the themes."""
    text = t(
        "**What makes a review help?** Four things, and none of them takes long:\n"
        "- a **strength**, so that the author knows what to keep;\n"
        "- a **clarifying question**, because you cannot know everything;\n"
        "- the **place** or source that you mean;\n"
        "- a **next step**, small enough for today.\n"
        "Choose a theme to see a work with a good and a weak review of it."
    )
    return Card((Text(text), _themes(None, t), Buttons((_practise(t),))))


def theme_card(examples: tuple[Example, ...], theme: Theme, t: Translator) -> Card:
    """The first work of a theme."""
    return example_card(next(each for each in examples if each.theme is theme), examples, t)


def example_card(example: Example, examples: tuple[Example, ...], t: Translator) -> Card:
    """A work, its good and its weak review, and why."""
    good, weak = example.good, example.weak
    facts = t(THEMES[example.theme])
    if example.challenge is not None:
        facts += " · " + t("a work for “{challenge}”", challenge=t(example.challenge))
    helps = "\n".join(
        (
            t("**A review that helps**"),
            t("**A strength:** {text}", text=t(good.strength)),
            t("**A question:** {text}", text=t(good.question)),
            t("**A next step:** {text}", text=t(good.next_step)),
            t("-# It names the place: “{place}”.", place=t(good.place)),
            t("-# Why it helps: {why}", why=t(good.why)),
        )
    )
    lacks = ", ".join(t(RULES[each]) for each in weak.lacks)
    helps_little = "\n".join(
        (
            t("**A review of the same work that helps little**"),
            t(weak.text),
            t("-# What is missing: {rules}.", rules=lacks),
            "-# " + t(weak.why),
        )
    )
    same = tuple(
        Option(t(each.title), each.key, chosen=each.key == example.key)
        for each in examples
        if each.theme is example.theme
    )
    return Card(
        (
            Text(f"**{t(example.title)}**\n{t(example.text)}\n-# {facts}"),
            Divider(),
            Text(helps),
            Divider(),
            Text(helps_little),
            Pick(custom_id(EXAMPLE), t("Another work of this theme"), same),
            _themes(example.theme, t),
            Buttons((_practise(t),)),
        )
    )


# ---------------------------------------------------------------------------------------------- training


def train_card(desk: Desk, t: Translator, *, said_first: str | None = None) -> Card:
    """Where somebody is: before, in or after a training."""
    run = desk.run
    if run is not None and run.current is not None:
        return work_card(run, run.current, t, said_first=said_first)
    if run is not None and desk.just_finished:
        return result_card(desk, run, run.parts[0], t)
    if desk.is_licensed:
        return _licensed_card(desk, t)
    if run is not None and desk.is_too_soon:
        return result_card(desk, run, run.parts[0], t)
    return _intro_card(desk, t)


def work_card(run: Run, part: Part, t: Translator, *, said_first: str | None = None) -> Card:
    """One of the works, to be read and judged."""
    sample = part.sample
    lines = [said_first] if said_first else []
    lines += [
        t("**Work {n} of {all}: {title}**", n=part.position, all=len(run.parts), title=title_of(sample, t)),
        text_of(sample, t),
    ]
    hint = t(
        "-# Take your time. You can stop here and go on later, on any device; your answers are kept. "
        "The comparison comes after the last work."
    )
    label = t("Go on") if part.answers else t("Give your answers")
    buttons = (
        Button(label, custom_id(ANSWER, part.id), style=Style.PRIMARY),
        Button(t("See examples"), custom_id(EXAMPLES)),
    )
    return Card((Text("\n".join(lines)), Divider(), Text(hint), Buttons(buttons)))


def answer_form(run: Run, part: Part, t: Translator) -> Form:
    """The rubric of the work, as in a real review."""
    rubric = part.sample.rubric
    return Form(
        t("Work {n} of {all}", n=part.position, all=len(run.parts)),
        custom_id(ANSWER_FORM, part.id),
        tuple(criterion_field(rubric, each, t) for each in asked(part)),
    )


def criterion_field(
    rubric: Rubric, criterion: Criterion, t: Translator, *, chosen: int | None = None
) -> ChoiceField:
    """A criterion as a question of a form."""
    return ChoiceField(
        criterion.key,
        plain(rubric, criterion.title, t),
        tuple(
            Option(plain(rubric, text, t), str(number), chosen=number == chosen)
            for number, text in enumerate(criterion.answers)
        ),
        description=plain(rubric, criterion.explain, t),
    )


def result_card(desk: Desk, run: Run, part: Part, t: Translator) -> Card:
    """How it went, and own answers beside the reference, work by work."""
    buttons = tuple(
        Button(
            t("Work {n}", n=each.position),
            custom_id(COMPARE, each.id),
            style=Style.PRIMARY if each.id == part.id else Style.SECONDARY,
        )
        for each in run.parts
    )
    verdict, comparison, work = _verdict(desk, run, t), _comparison(part, t), text_of(part.sample, t)
    title = t("**Work {n}: {title}**", n=part.position, title=title_of(part.sample, t))
    if length(verdict + comparison + work + title) > ROOM_ON_A_CARD:
        work = ""  # only the longest of a community's own, which the member has just read
    items: list[Item] = [
        Text(verdict),
        *_next_time(desk, run, t),
        Divider(),
        Text(f"{title}\n{work}"),
        Text(comparison),
        Buttons(buttons),
    ]
    if run.passed or not desk.can_begin:
        items.append(Buttons((Button(t("See examples"), custom_id(EXAMPLES)),)))
    else:
        items.append(Buttons((_begin(t), Button(t("See examples"), custom_id(EXAMPLES)))))
    return Card(tuple(items))


def licence_told_card(licence: Licence, t: Translator) -> Card:
    """What a facilitator decided, for the member alone."""
    if licence.held:
        text = t(
            "**You are a reviewer now.** A facilitator gave you the licence. Thank you for helping others!"
        )
    else:
        text = t(
            "**A facilitator has taken the reviewer licence back.** Your reviews stay, and you can earn it "
            "again: `/review train`"
        )
    lines = [text]
    if licence.reason:
        lines.append(t("Their reason: {reason}", reason=quote(licence.reason, ROOM_FOR_WHY)))
    return Card((Text("\n".join(lines)),))


def _intro_card(desk: Desk, t: Translator) -> Card:
    if not desk.has_samples:
        text = t(
            "**There is nothing to practise on at the moment.** The examples are there at any time, and facilitators "
            "can bring the works back."
        )
        return Card((Text(text), Buttons((Button(t("See examples"), custom_id(EXAMPLES)),))))
    lines = [
        t(
            "**Learn to review with {n} short works.** You read each and answer the questions of a real review. "
            "Then you see your answers beside those of experienced reviewers, and why they chose them. About ten "
            "minutes, and you can stop and go on at any time.",
            n=A_SET,
        ),
        t(
            "-# If your answers meet the reference to {needed} % or more, you get the reviewer's licence. If not, you have "
            "practised all the same, and a fresh set is there for you the next day.",
            needed=desk.needed,
        ),
    ]
    taken = desk.licence
    if taken is not None and taken.by is not None and taken.reason:
        reason = quote(taken.reason, ROOM_FOR_WHY)
        lines.append(t("A facilitator took your licence back, with this reason: {reason}", reason=reason))
    return Card(
        (Text("\n".join(lines)), Buttons((_begin(t), Button(t("See examples"), custom_id(EXAMPLES)))))
    )


def _licensed_card(desk: Desk, t: Translator) -> Card:
    assert desk.licence is not None
    lines = [t("**You are a trained reviewer** since {day}.", day=timestamp(desk.licence.since, "D"))]
    if desk.role_id is not None:
        lines.append(t("You have the role {role} for it.", role=mention_role(desk.role_id)))
    if desk.licence.reason:
        reason = quote(desk.licence.reason, ROOM_FOR_WHY)
        lines.append(t("A facilitator gave it to you, with this reason: {reason}", reason=reason))
    buttons = [Button(t("See examples"), custom_id(EXAMPLES))]
    if desk.run is not None:
        buttons.insert(0, Button(t("My last training"), custom_id(COMPARE, desk.run.parts[0].id)))
    return Card((Text("\n".join(lines)), Buttons(tuple(buttons))))


def _verdict(desk: Desk, run: Run, t: Translator) -> str:
    if run.passed:
        lines = [
            t(
                "**Well done: you are a trained reviewer.** Your answers met the reference to {percent} %. Somebody's "
                "work will be in good hands with you.",
                percent=run.percent,
            )
            if desk.is_licensed
            else t("**Well done.** Your answers met the reference to {percent} %.", percent=run.percent)
        ]
        if desk.is_licensed and desk.role_id is not None:
            lines.append(t("You get the role {role} for it.", role=mention_role(desk.role_id)))
        return "\n".join(lines)
    lines = [
        t(
            "**Not there yet, and a good exercise.** Your answers met the reference to {percent} %, and {needed} % "
            "make a licence.",
            percent=run.percent,
            needed=run.needed,
        )
    ]
    spots = to_look_at(run.differences)
    if spots:
        lines.append(t("Worth another look, because it lay furthest apart:"))
    for spot in spots:
        part = next(each for each in run.parts if each.position == spot.position)
        criterion = part.sample.rubric.find(spot.criterion)
        assert criterion is not None  # a difference is one of its criteria
        question = criterion_title(part.sample.rubric, criterion, t)
        lines.append(t("- Work {n}: {question}", n=spot.position, question=question))
    return "\n".join(lines)


def _next_time(desk: Desk, run: Run, t: Translator) -> tuple[Text, ...]:
    """When there is another set, where one is wanted."""
    if run.passed or desk.is_licensed:
        return ()
    if desk.can_begin:
        return (Text(t("A fresh set is there for you.")),)
    if desk.is_too_soon and run.retry_at is not None:
        when = timestamp(run.retry_at)
        return (Text(t("A fresh set is there for you tomorrow: {when}.", when=when)),)
    return ()


def _comparison(part: Part, t: Translator) -> str:
    sample = part.sample
    lines: list[str] = []
    for criterion in sample.rubric.criteria:
        lines.append(f"**{criterion_title(sample.rubric, criterion, t)}**")
        lines.append(_one_line(part, criterion, t))
    if sample.why:
        why = t(sample.why) if sample.ours else quote(sample.why, ROOM_FOR_WHY)
        lines.append(t("Why the reference sees it so: {why}", why=why))
    return "\n".join(lines)


def _one_line(part: Part, criterion: Criterion, t: Translator) -> str:
    """An own answer beside the reference. Nothing is called wrong: two people may see a work differently."""
    sample = part.sample
    own, reference = part.answers[criterion.key], sample.reference[criterion.key].answer
    fields = {
        "own": answer_of(sample.rubric, criterion, own, t),
        "reference": answer_of(sample.rubric, criterion, reference, t),
        "why": why_of(sample, criterion, t),
    }
    same, has_why = own == reference, bool(fields["why"])
    if same and has_why:
        return t("You and the reference said “{own}”, because {why}", own=fields["own"], why=fields["why"])
    if same:
        return t("You and the reference said “{own}”.", own=fields["own"])
    if has_why:
        return t("You said “{own}”. The reference said “{reference}”, because {why}", **fields)
    return t(
        "You said “{own}”. The reference said “{reference}”.",
        own=fields["own"],
        reference=fields["reference"],
    )


def _themes(chosen: Theme | None, t: Translator) -> Pick:
    options = tuple(Option(t(THEMES[each]), each.value, chosen=each is chosen) for each in Theme)
    return Pick(custom_id(THEME), t("Choose a theme"), options)


def _practise(t: Translator) -> Button:
    return Button(t("Practise it"), custom_id(SHOW))


def _begin(t: Translator) -> Button:
    return Button(t("Begin"), custom_id(BEGIN), style=Style.PRIMARY)
