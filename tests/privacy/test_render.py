"""What people see of their data fits Discord's limits, whoever they were here."""

from __future__ import annotations

from bot.cards import Text
from bot.i18n import Translations
from bot.text import V2_TEXT_LIMIT, length
from cogs.privacy.render import delete_card
from cogs.privacy.service import Footprint, Held
from storage.footprint import statements
from storage.personal import OnDeletion, SeenBy

T = Translations().for_locale("en")


def held(what: str, fate: OnDeletion, why: str | None = None) -> Held:
    return Held(what, 3, SeenBy.MEMBER, fate, why, None)


def test_whoever_is_in_every_list_still_reads_what_stays_and_to_whom_to_turn() -> None:
    everything = {
        each.personal.what: held(each.personal.what, each.rule.on_deletion, each.rule.why)
        for each in statements()
    }
    card = delete_card(Footprint(1, tuple(everything.values()), None), T)
    [text] = [item.content for item in card.items if isinstance(item, Text)]
    assert length("\n".join(f"- {each}" for each in everything)) > V2_TEXT_LIMIT >= length(text)
    goes, nameless, stays = (text.index(f"**{each}") for each in ("This goes", "This stays w", "This stays*"))
    assert goes < nameless < stays < text.index("Backups are overwritten in time.")
    assert "A note that you were deleted" in text[stays:]
    assert "kinds more" in text[goes:nameless] and "kinds more" in text[nameless:stays]


def test_what_fits_is_named_in_full() -> None:
    some = (
        held("Promises", OnDeletion.ERASE),
        held("Reviews", OnDeletion.DETACH),
        held("Cases", OnDeletion.KEEP, "safety"),
    )
    [text] = [
        item.content for item in delete_card(Footprint(1, some, None), T).items if isinstance(item, Text)
    ]
    assert "- Promises" in text and "- Reviews" in text and "- Cases: safety" in text and "more" not in text
