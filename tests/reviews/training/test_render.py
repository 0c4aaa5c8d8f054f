"""What fits on the cards of the training, and that every text of it can be translated."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from gettext import NullTranslations

from bot.card_views import to_view
from bot.cards import Button, Buttons, Card, ChoiceField, Form, Pick, PickMember, Text, TextField
from bot.catalogues import extract
from bot.i18n import Translations, Translator
from bot.text import MODAL_DESCRIPTION, MODAL_LABEL, MODAL_TITLE, V2_COMPONENTS, V2_TEXT_LIMIT, length
from cogs.reviews.rubrics import LONGEST_CHOICE, LONGEST_TITLE, MOST_CRITERIA, Criterion, Kind, Rubric
from cogs.reviews.training import content, render, render_staff
from cogs.reviews.training.model import (
    Desk,
    Licence,
    OwnSample,
    Part,
    Reference,
    Run,
    Sample,
    StaffDesk,
    TrainingSettings,
)
from cogs.reviews.training.rules import Difference
from cogs.reviews.training.staff import MOST_OWN
from cogs.reviews.training.words import LONGEST_TEXT, LONGEST_WHY

T = Translations().for_locale("en")
NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
LONG_RUBRIC = Rubric(
    "long",
    "*" * LONGEST_TITLE,
    tuple(
        Criterion(
            f"c{n}",
            "*" * LONGEST_TITLE,
            "*" * 100,
            Kind.LEVELS,
            tuple(f"{k}{'*' * (LONGEST_CHOICE - 1)}" for k in range(5)),
        )
        for n in range(MOST_CRITERIA)
    ),
)
LONGEST = Sample(
    key="own:1",
    title="*" * 80,
    text="* a" * (LONGEST_TEXT // 3),
    rubric=LONG_RUBRIC,
    reference={each.key: Reference(4) for each in LONG_RUBRIC.criteria},
    why="* a" * (LONGEST_WHY // 3),
)


def run_of(*samples: Sample, answer: int = 0, percent: int | None = 12) -> Run:
    parts = tuple(
        Part(n, n, each, {c.key: answer for c in each.rubric.criteria} if percent is not None else {})
        for n, each in enumerate(samples, start=1)
    )
    differences = tuple(Difference(n, f"c{n}", 1.0) for n in (1, 2, 3) if percent is not None)
    return Run(1, 70, parts, percent, False, NOW, differences)


def text(card: Card) -> str:
    return "\n".join(item.content for item in card.items if isinstance(item, Text))


def fits(card: Card) -> bool:
    return length(text(card)) <= V2_TEXT_LIMIT and to_view(card).total_children_count <= V2_COMPONENTS


def test_every_example_fits_a_card_whole() -> None:
    for each in content.examples():
        card = render.example_card(each, content.examples(), T)
        assert fits(card) and length(text(card)) < 3200, each.key  # translations are longer
    rules = render.example_card(content.examples()[0], content.examples(), T)
    assert "What is missing: a clarifying question" in text(rules)


def test_the_longest_works_fit_before_and_after_they_are_answered() -> None:
    open_run = run_of(LONGEST, LONGEST, LONGEST, percent=None)
    assert fits(render.work_card(open_run, open_run.parts[0], T, said_first="x" * 100))
    for answer in (0, 4):
        run = run_of(LONGEST, LONGEST, LONGEST, answer=answer)
        desk = Desk(70, can_begin=False, run=run, is_too_soon=True, just_finished=True)
        for part in run.parts:
            card = render.result_card(desk, run, part, T)
            assert fits(card) and "Why the reference sees it so" in text(card)
    assert fits(render_staff.sample_card(OwnSample(LONGEST, retired=True, own_id=1), T, said_first="Saved."))


def test_shipped_works_fit_with_room_for_translations() -> None:
    for each in content.samples():
        run = run_of(each, each, each, percent=None)
        assert length(text(render.work_card(run, run.parts[0], T))) < 2500
        finished = replace(run_of(each, each, each), differences=())
        desk = Desk(70, can_begin=False, run=finished)
        assert length(text(render.result_card(desk, finished, finished.parts[0], T))) < 2500


def shown_form(form: Form) -> None:
    assert length(form.title) <= MODAL_TITLE
    for field in form.fields:
        assert length(field.label) <= MODAL_LABEL and length(field.description or "") <= MODAL_DESCRIPTION
        assert isinstance(field, ChoiceField | TextField)


def test_the_questions_of_the_forms_are_not_cut() -> None:
    for each in (*content.samples(), LONGEST):
        run = run_of(each, each, each, percent=None)
        shown_form(render.answer_form(run, run.parts[0], T))
        shown_form(render_staff.reference_form(OwnSample(each, retired=False, own_id=1), T))
    shown_form(render_staff.sample_form(T))
    shown_form(render_staff.reason_form(1, give=True, t=T))


def test_a_form_with_six_questions_is_asked_in_two() -> None:
    run = run_of(LONGEST, LONGEST, LONGEST, percent=None)
    assert len(render.answer_form(run, run.parts[0], T).fields) == 5
    half = replace(run.parts[0], answers={f"c{n}": 0 for n in range(5)})
    assert [each.name for each in render.answer_form(run, half, T).fields] == ["c5"]
    card = render.work_card(run, half, T)
    assert "Go on" in [each.label for row in card.items if isinstance(row, Buttons) for each in row.buttons]


def test_all_reviewers_and_all_works_can_be_reached() -> None:
    held = tuple(Licence(n, 10**18 + n, True, NOW - timedelta(days=n), by=5) for n in range(45))
    own = tuple(OwnSample(replace(LONGEST, key=f"own:{n}"), retired=False, own_id=n) for n in range(MOST_OWN))
    works = (*own, *(OwnSample(each, retired=True) for each in content.samples()))
    desk = StaffDesk(TrainingSettings(1, reviewer_role_id=9), held, works)
    people, keys = set[str](), set[str]()
    for page in range(3):
        card = render_staff.desk_card(desk, T, page, said_first="x" * 100)
        assert fits(card)
        people |= set(re.findall(r"<@(\d+)>", text(card)))
        card = render_staff.samples_card(desk, T, page)
        assert fits(card)
        keys |= {option.value for item in card.items if isinstance(item, Pick) for option in item.options}
    assert len(people) == 45 and keys == {each.sample.key for each in works}


class Wide(NullTranslations):
    """Knows the texts of the catalogue and no others, and shows them in letters that are not Latin."""

    def __init__(self) -> None:
        super().__init__()
        self._known = {
            one
            for each in extract()
            if each.id
            for one in ((each.id,) if isinstance(each.id, str) else each.id)
        }

    def gettext(self, message: str) -> str:
        return (
            re.sub(r"(\{[^{}]*\})|[A-Za-z]", lambda m: m[1] or "ж", message)
            if message in self._known
            else message
        )

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


NOBODYS = re.compile(r"<[^>]*>|`[^`]*`|/[a-z]+( [a-z]+)*|UTC")


def words(shown: Card | Form) -> str:
    if isinstance(shown, Form):
        options = [each for field in shown.fields if isinstance(field, ChoiceField) for each in field.options]
        fields = [f"{each.label} {each.description or ''}" for each in shown.fields]
        return " ".join([shown.title, *fields, *(each.label for each in options)])
    found = [text(shown)]
    for item in shown.items:
        if isinstance(item, Buttons):
            found += [each.label for each in item.buttons if isinstance(each, Button)]
        elif isinstance(item, Pick | PickMember):
            found.append(item.placeholder)
        if isinstance(item, Pick):
            found += [f"{each.label} {each.description or ''}" for each in item.options]
    return "\n".join(found)


def test_no_text_of_the_training_was_forgotten_in_the_catalogue() -> None:
    t = Translator("xx", Wide())
    one, two, three = content.samples()[:3]
    run = run_of(one, two, three, percent=None)
    done = replace(run_of(one, two, three), differences=(Difference(1, "aim", 1.0),))
    held = Licence(1, 7, True, NOW, by=5, reason="ж")
    taken = replace(held, held=False)
    own = OwnSample(replace(LONGEST, title="ж", text="ж", why="ж", rubric=one.rubric, reference={}), False, 3)
    works = (own, *(OwnSample(each, retired=True) for each in content.samples()))
    settings = TrainingSettings(1, reviewer_role_id=9)
    shown: list[Card | Form] = [
        render.examples_card(t),
        *(render.example_card(each, content.examples(), t) for each in content.examples()),
        render.train_card(Desk(70, can_begin=True), t),
        render.train_card(Desk(70, can_begin=True, licence=taken), t),
        render.train_card(Desk(70, can_begin=False, has_samples=False), t),
        render.train_card(Desk(70, can_begin=False, run=run), t),
        render.train_card(Desk(70, can_begin=False, run=done, is_too_soon=True), t),
        render.train_card(Desk(70, can_begin=False, run=done, licence=held, role_id=9), t),
        *(render.result_card(Desk(70, can_begin=True, run=done), done, each, t) for each in done.parts),
        render.result_card(
            Desk(70, can_begin=False, licence=held, role_id=9), replace(done, passed=True), done.parts[0], t
        ),
        render.answer_form(run, run.parts[0], t),
        render.licence_told_card(held, t),
        render.licence_told_card(taken, t),
        render_staff.desk_card(StaffDesk(settings, (held, replace(held, by=None)), works), t),
        render_staff.desk_card(StaffDesk(TrainingSettings(1), (), ()), t),
        render_staff.samples_card(StaffDesk(settings, (held,), works), t),
        *(render_staff.member_card(7, each, t) for each in (None, held, taken, replace(taken, by=0))),
        *(render_staff.sample_card(each, t) for each in works),
        render_staff.sample_form(t),
        render_staff.reference_form(own, t),
        render_staff.reason_form(7, give=True, t=t),
        render_staff.reason_form(7, give=False, t=t),
    ]
    left = [found for each in shown for found in re.findall(r"[A-Za-z]{2,}", NOBODYS.sub("", words(each)))]
    assert left == []
