"""What a community has of each feature before anybody tries what is not theirs: without rows every answer is a refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from tests.behaviour import (
    badges,
    challenges,
    kudos,
    moderation,
    pairings,
    reports,
    reviews,
    rituals,
    rotas,
    steps,
)
from tests.behaviour.quests import LyceumWorld, finish

Seed = Callable[[LyceumWorld], Awaitable[None]]


async def _reviews(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await reviews.choose_places(world, world.general)
    await reviews.hold_challenge(world, ben, cleo, await world.join("Dora"), await world.join("Eve"))
    await reviews.ask(world, ben)
    await reviews.review(world, cleo)
    await reviews.ask(world, cleo, "https://example.org/splices")
    await reviews.claim(world, ben)
    await reviews.ask(world, await world.join("Finn"), "https://example.org/whipping")


async def _challenges(world: LyceumWorld) -> None:
    await challenges.choose_channels(world, world.weekly, world.general)
    await challenges.write(world)
    await challenges.write(world, "Splices")
    await challenges.write(world, "Ropes")
    await challenges.every_week(world)
    await challenges.open_now(world, "Knots")
    await challenges.hand_in(world, world.member, shown=True)


async def _kudos(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await kudos.choose_place(world)
    await kudos.meet(world, ben, cleo)
    await kudos.give(world, ben, cleo)
    await world.advance(timedelta(days=8))
    await kudos.give(world, cleo, ben)


async def _pairs(world: LyceumWorld) -> None:
    await pairings.hold_weekly(world)
    await pairings.join(world, world.people["Ben"], world.people["Cleo"], await world.join("Dora"))
    await pairings.hold_now(world)


async def _rota(world: LyceumWorld) -> None:
    await rotas.make(world, role=world.roles["Member"])
    await rotas.join(world, world.people["Ben"], world.people["Cleo"])
    await world.advance(timedelta(days=6))


async def _rituals(world: LyceumWorld) -> None:
    await rituals.add(world)
    await rituals.add(world, ritual="friday-wins", channel=world.general)
    await rituals.add(world, ritual="weekly-question", channel=world.introductions)
    await world.advance(timedelta(days=6))


async def _promises(world: LyceumWorld) -> None:
    await steps.commit(world)
    await steps.commit(world, what="read chapter 3", by="monday")
    await world.advance(timedelta(days=3))


async def _onboarding(world: LyceumWorld) -> None:
    await finish(world, await world.join("Dora"))
    await world.join("Eve")


async def _badges(world: LyceumWorld) -> None:
    await badges.switched_on(world, await badges.written(world))
    await steps.commit(world)
    await world.advance(timedelta(days=3))


async def _moderation(world: LyceumWorld) -> None:
    await moderation.mod(world, "warn", member=world.people["Cleo"], reason="Called people names")
    await world.slash(world.moderator, world.weekly, "mod lock", reason="Everybody take a breath")


async def _reports(world: LyceumWorld) -> None:
    dora = await world.join("Dora")
    await reports.report_member(world, world.member, dora)
    await reports.report_member(world, dora, world.people["Cleo"])


async def _appeals(world: LyceumWorld) -> None:
    ben = world.member
    for reason in ("Called people names", "And again"):
        await moderation.mod(world, "warn", member=ben, reason=reason)
        await world.advance(timedelta(minutes=2))
    record = await world.slash(ben, world.general, "standing")
    form = await world.choose(ben, record, "#1: Warning", menu="appeals:case.pick")
    await world.submit(ben, form, {"Why should it be looked at again?": "It was a joke"})


async def _raids(world: LyceumWorld) -> None:
    await world.advance(timedelta(hours=1))
    await world.at_once(*(world.join(f"Nitro Gift {number:03}") for number in range(40)))


async def _one_promise(world: LyceumWorld) -> None:
    await steps.commit(world)


async def _showcase(world: LyceumWorld) -> None:
    ben = world.member
    card = await world.slash(world.facilitator, world.general, "manage showcase")
    await world.choose(world.facilitator, card, world.weekly, menu="showcase:staff.place")
    for words in ("My first splice", "My second splice"):
        await world.menu(
            ben, world.general, "Add to show-and-tell", await world.say(ben, world.general, words)
        )


SEEDS: dict[str, Seed] = {
    "appeals": _appeals,
    "badges": _badges,
    "challenges": _challenges,
    "kudos": _kudos,
    "moderation": _moderation,
    "onboarding": _onboarding,
    "pairs": _pairs,
    "privacy": _one_promise,
    "promises": _promises,
    "raids": _raids,
    "reports": _reports,
    "reviews": _reviews,
    "rituals": _rituals,
    "rota": _rota,
    "showcase": _showcase,
}
