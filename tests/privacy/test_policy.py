"""docs/privacy.md, the template for an operator's policy, says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from storage.footprint import Statement, statements
from storage.personal import OnDeletion, SeenBy

PAGE = Path(__file__).parents[2] / "docs" / "privacy.md"
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
