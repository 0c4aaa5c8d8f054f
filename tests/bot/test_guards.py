"""On whom one may act, for every way in which three people can stand. Caps and proposals: `tests/moderation`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.authority import Rank
from bot.errors import BotError
from bot.guards import Standing, check_over

BOT_ID = 99


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    is_owner = draw(st.booleans())
    is_member = is_owner or draw(st.booleans())
    rank = Rank(draw(st.integers(0, 5)) if is_member else 0, is_owner)
    return Standing(draw(st.integers(1, 4)), is_member=is_member, is_bot=draw(st.booleans()), rank=rank)


@given(standings(), standings(), st.integers(0, 6), st.booleans(), st.booleans())
def test_nobody_acts_on_themselves_the_owner_the_bot_upwards_or_beside(
    actor: Standing, target: Standing, position: int, absent: bool, at_the_bot: bool
) -> None:
    bot = Standing(BOT_ID, is_bot=True, rank=Rank(position))
    if at_the_bot:
        target = bot
    try:
        check_over(actor, target, bot, absent=absent)
    except BotError:
        allowed = False
    else:
        allowed = True
    is_somebody_else = target.member_id not in (actor.member_id, BOT_ID)
    if target.is_member:
        is_below = target.rank.position < position and (
            actor.rank.is_owner or target.rank.position < actor.rank.position
        )
    else:
        is_below = absent
    assert allowed == (is_somebody_else and not target.rank.is_owner and is_below)
