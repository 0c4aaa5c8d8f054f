"""A newcomer who plays the first quest by themselves, for whoever watches the demo.

The story is a person's actions and nothing else: each one goes through the sandbox's public verbs, and looks at what
Discord shows before it goes on. Between two of them anything may happen, the death of the bot included.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.seen import Seen
from sandbox.server import Channel, Person
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.stage import Stage

log = logging.getLogger(__name__)

NEWCOMERS = ("Ann", "Theo", "Mina", "Noor", "Ivo", "Lena", "Sam", "Kofi", "Vera", "Tom")
_WISHES = (
    ("Tie knots that hold in wet rope", "I work on the ferry and would like to tie knots that hold."),
    ("Bake rye bread without a machine", "I bake at night and dream of a good rye bread."),
    ("Read music well enough for the choir", "I sing by ear and would like to read what I sing."),
    ("Repair my own bicycle", "I ride every day and cannot even mend a flat tyre."),
    ("Write a short play", "I teach by day and write dialogues on the bus."),
)
_STEP_SECONDS = 3.0
_LOOK_SECONDS = 0.5
_LOOKS = 60


@dataclass(frozen=True, slots=True)
class Moment:
    """What the newcomer just did and where it is to be seen; ``told`` is empty while they wait for the bot."""

    person: Person
    channel: Channel | None
    told: str = ""


async def first_quest(world: World[Any, Any], name: str, nth: int) -> AsyncGenerator[Moment]:
    """One newcomer from the door to the finished quest; ``nth`` says which wish is theirs.

    Raises LookupError when the bot does not show what comes next, and what Discord refuses to the person.
    """
    goal, about = _WISHES[nth % len(_WISHES)]
    person = await world.join(name, pending=True)
    yield Moment(
        person, None, f"{name} has joined and reads the rules. Until they agree the bot leaves them alone."
    )

    await world.accept_rules(person)
    async for moment in _waiting(person, world.welcome, lambda: _meant_for(world, person, world.welcome)):
        yield moment
    yield Moment(person, world.welcome, f"{name} agrees to the rules, and the bot greets them.")

    card = await world.press(person, _meant_for(world, person, world.welcome)[-1], "Start")
    yield Moment(person, world.welcome, f"{name} presses Start. Only {name} sees the card.")

    form = await world.press(person, card, "onboarding:goal.ask")
    wish: dict[str, Any] = {"goal": goal}
    if form.modal is not None and any(field.custom_id == "share" for field in form.modal.fields):
        wish["share"] = True
    await world.submit(person, form, wish)
    yield Moment(
        person, world.welcome, f"{name} fills in the form: “{goal}”, to be announced. Step 1 is done."
    )

    yield Moment(person, world.introductions, f"{name} goes to #introductions.")

    await world.say(person, world.introductions, f"Hello, I am {name}. {about}")
    async for moment in _waiting(
        person, world.introductions, lambda: _meant_for(world, person, world.introductions)
    ):
        yield moment
    yield Moment(person, world.introductions, f"{name} says hello, and the bot answers. Step 2 is done.")

    hello = _hello_of_another(world, person)
    await world.react(person, hello, "👋")
    async for moment in _waiting(
        person, world.introductions, lambda: _meant_for(world, person, world.first_wins)
    ):
        yield moment
    yield Moment(
        person, world.introductions, f"{name} waves at {hello.author}'s hello. The quest is finished."
    )

    await world.press(person, _meant_for(world, person, world.introductions)[-1], "My quest")
    yield Moment(
        person, world.introductions, f"{name} presses “My quest”: all steps are ticked, the role is theirs."
    )

    yield Moment(person, world.first_wins, f"{name}'s first win is announced in #first-wins.")


def _meant_for(world: World[Any, Any], person: Person, channel: Channel) -> list[Seen]:
    return [message for message in world.posted(channel) if person.id in message.mentions]


def _hello_of_another(world: World[Any, Any], person: Person) -> Seen:
    not_them = (person.id, world.env.backend.bot_user.id)
    found = [item for item in world.messages(world.introductions) if item.author_id not in not_them]
    if not found:
        raise LookupError("nobody else has said hello in #introductions")
    return found[-1]


async def _waiting(
    person: Person, channel: Channel, look: Callable[[], Sequence[Seen]]
) -> AsyncGenerator[Moment]:
    """Look again and again whether the bot has posted something; raises LookupError after half a minute."""
    for _ in range(_LOOKS):
        if look():
            return
        yield Moment(person, channel)
    raise LookupError(f"the bot has posted nothing for them in #{channel.name}")


class Play:
    """The newcomers who play on one stage, one after the other. ``rest`` waits for that many seconds."""

    def __init__(self, stage: Stage, rest: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.rest = rest
        self.told = ""
        self._stage = stage
        self._task: asyncio.Task[None] | None = None
        self._played = 0

    @property
    def going(self) -> bool:
        """Whether somebody plays at this moment."""
        return self._task is not None and not self._task.done()

    async def begin(self) -> str:
        """Let the next newcomer play, unless one does already."""
        name = self._stage.next_name()
        if self.going:
            return "One newcomer after the other, please."
        if name is None:
            return "Everybody who could join has joined."
        story = first_quest(self._stage.world, name, self._played)
        self._played += 1
        self.told = ""
        self._task = asyncio.create_task(self._follow(name, story))
        return ""

    async def end(self) -> None:
        """Stop in the middle, if somebody plays."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def finished(self) -> None:
        """Wait until whoever plays has come to the end."""
        if self._task is not None:
            await self._task

    async def _follow(self, name: str, story: AsyncGenerator[Moment]) -> None:
        begun = False
        while True:
            async with self._stage.lock:
                try:
                    moment = await anext(story)
                except StopAsyncIteration:
                    return
                except Exception as error:
                    log.exception("a newcomer could not go on")
                    self.told = f"{name} cannot go on: {error}."
                    return
                if not begun or self._stage.person is moment.person:
                    begun = True
                    await self._stage.watch(moment.person, moment.channel)
                self.told = moment.told or self.told
            await self.rest(_STEP_SECONDS if moment.told else _LOOK_SECONDS)
