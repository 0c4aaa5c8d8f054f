"""docs/privacy.md and the template of a policy say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from storage.footprint import Statement, statements
from storage.personal import OnDeletion, SeenBy

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "privacy.md"
TEMPLATE = DOCS / "privacy-policy-template.md"
SEEN_BY = {
    SeenBy.MEMBER: "the member",
    SeenBy.WRITER: "who wrote it",
    SeenBy.STAFF: "the member, staff",
    SeenBy.OTHERS: "staff, not whom it is about",
    SeenBy.COMMUNITY: "the community",
}
ON_DELETION = {OnDeletion.ERASE: "erased", OnDeletion.DETACH: "kept without the name"}


def line(each: Statement) -> str:
    """A row of the page's table."""
    said, rule = each.personal, each.rule
    place = f"`{each.table}.{said.through or said.of}`"
    window = f"{rule.keep_for.days} days" if rule.keep_for is not None else "until deletion"
    if rule.on_deletion is OnDeletion.KEEP and rule.keep_for is None:
        window = "see right"
    fate = ON_DELETION.get(rule.on_deletion) or f"kept: {rule.why}"
    return f"| {said.what} | {place} | {SEEN_BY[said.seen_by]} | {window} | {fate} |"


def test_the_policy_lists_every_place_in_which_a_person_stands_and_no_other() -> None:
    expected = sorted(line(each) for each in statements())
    rows = sorted(re.findall(r"^\| .* \| `.* \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == expected, "copy these into docs/privacy.md:\n" + "\n".join(expected)


def test_the_template_tells_of_every_window_and_of_no_other() -> None:
    kept = {f"{each.rule.keep_for.days} days" for each in statements() if each.rule.keep_for is not None}
    assert (
        set(re.findall(r"^\| .* \| (\d+ days) \|$", TEMPLATE.read_text(encoding="utf-8"), re.MULTILINE))
        == kept
    )


def test_the_template_tells_of_the_commands_and_of_nothing_that_was_filled_in() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    assert {"/privacy show", "/privacy export", "/privacy delete"} <= set(re.findall(r"`(/[a-z ]+)`", text))
    assert text.count("**[") == text.count("]**") >= 10
