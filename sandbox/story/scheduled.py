"""What comes by itself on the community's clock, and what staff do when it does."""

from __future__ import annotations

from datetime import timedelta

from sandbox.story import together
from sandbox.story.opening import CHALLENGES
from sandbox.story.plan import MOST_WEEKS, Plan
from sandbox.story.tale import Tale


def planned(plan: Plan, week: int) -> None:
    """A minute before each thing of the week the story writes down that it must come."""
    plan.happen(week, "Mon 08:59", monday_at_nine, week)
    plan.happen(week, "Wed 16:59", help_hour)
    plan.happen(week, "Thu 12:01", together.a_round_of_pairs)
    plan.happen(week, "Fri 15:45", friday_wins, week)
    for when in ("Sat 09:15", "Sat 14:30", "Sun 09:15"):
        plan.happen(week, when, together.whoever_was_asked_is_in)
    plan.happen(week, "Sun 20:01", closing, week)
    if week == MOST_WEEKS:
        plan.happen(week, "Thu 16:59", retrospective)
    if week > 1:
        _after_a_challenge(plan, week)
    if week == MOST_WEEKS:  # the story ends on the Monday after
        plan.happen(week + 1, "Mon 08:59", monday_at_nine, week + 1)
        _after_a_challenge(plan, week + 1)


def _after_a_challenge(plan: Plan, week: int) -> None:
    """On the Monday after it: what everybody made, and who reviews what."""
    plan.happen(week, "Mon 17:59", results, week - 1)
    plan.add(week, "Mon 19:10", "Farah", hold_round, week - 1)


async def monday_at_nine(tale: Tale, _: str, week: int) -> str:
    """Goals, and the next challenge."""
    tale.expect(f"Monday goals, week {week}", tale.channel("weekly"), ["A new week!"])
    tale.expect(
        f"opening of “{CHALLENGES[week - 1]}”",
        tale.channel("challenges"),
        ["The challenge of the week", CHALLENGES[week - 1]],
    )
    return ""


async def help_hour(tale: Tale, _: str) -> str:
    """On Wednesdays at five."""
    tale.expect("help hour", tale.channel("help"), ["It is help hour"])
    return ""


async def friday_wins(tale: Tale, _: str, week: int) -> str:
    """Late in the week of the power cut."""
    tale.expect(
        f"Friday wins, week {week}", tale.channel("weekly"), ["What went well"], within=timedelta(hours=1)
    )
    return ""


async def retrospective(tale: Tale, _: str) -> str:
    """On the last Thursday of the month."""
    tale.expect("retrospective", tale.channel("weekly"), ["Looking back on this month"])
    return ""


async def closing(tale: Tale, _: str, week: int) -> str:
    """The post of the challenge is drawn anew, without Join."""
    open_ones = [
        each
        for each in tale.world.posted(tale.channel("challenges"))
        if CHALLENGES[week - 1] in each.text and "Join" in each.labels
    ]
    if open_ones:
        raise LookupError(f"“{CHALLENGES[week - 1]}” can still be joined a minute after it closed")
    return f"“{CHALLENGES[week - 1]}” closes."


async def results(tale: Tale, _: str, week: int) -> str:
    tale.expect(
        f"results of “{CHALLENGES[week - 1]}”", tale.channel("gallery"), [f"Results: {CHALLENGES[week - 1]}"]
    )
    return ""


async def hold_round(tale: Tale, name: str, week: int) -> str:
    """The facilitator looks at the drawing and confirms it; everybody is told then."""
    world, farah = tale.world, tale.who(name)
    card = await world.slash(farah, tale.channel("staff"), "manage reviews rounds")
    card = await world.choose(farah, card, CHALLENGES[week - 1], menu="reviews:rounds.pick")
    drawn = await world.press(farah, card, "Draw")
    done = await world.press(farah, drawn, "Confirm")
    tale.read(done, "Everybody is told", name)
    return f"Farah looks at who reviews whom for “{CHALLENGES[week - 1]}” and confirms it."
