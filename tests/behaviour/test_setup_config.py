"""The set-up as one file: taken out, changed, compared, applied, rolled back; and every file that cannot be used."""

from __future__ import annotations

from tests.behaviour.configs import apply, export, give, overview, standing, with_line
from tests.behaviour.quests import LyceumWorld


async def test_a_line_that_is_changed_is_shown_applied_and_counts(community: LyceumWorld) -> None:
    card = await overview(community)
    print(card.text, card.buttons)
    file = await export(community)
    print(file)
    shown = await give(community, with_line(file, "zone", '"Lisbon"'))
    print(shown.text, shown.buttons)
    assert shown.ephemeral
    done = await apply(community, shown)
    print(done.text)
    assert (await standing(community))["general"]["zone"] == "Europe/Lisbon"
    print((await overview(community)).text)
