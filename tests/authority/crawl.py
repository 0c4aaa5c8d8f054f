"""Everything that can be pressed, chosen, typed or called, found by using it: from each command to the cards it shows,
from each card to its controls, from each control to what that shows, and so on.

What is found is kept as it went over the wire, so that anybody can send the same: somebody who never saw the card,
somebody who was staff when it was drawn, somebody in another server, somebody in a DM.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simcord.backend.models import Message
from simcord.builders import UserHandle

from sandbox.people import Person
from sandbox.seen import Answer
from sandbox.server import Channel
from sandbox.simcord_patches import records
from tests.behaviour.quests import LyceumWorld

COMMAND, CONTROL, FORM = 2, 3, 5  # Discord's kinds of interactions
_SUBCOMMAND, _GROUP, _FILE = 1, 2, 11  # of options
_OF_A_MEMBER = 2  # a menu; the other kind is of a message
_BUTTON, _CHOICES, _USERS, _ROLES, _MENTIONABLES, _CHANNELS = 2, 3, 5, 6, 7, 8
_LABEL = 18
_TEXT, _UPLOAD, _RADIO, _CHECKBOXES, _CHECKBOX = 4, 19, 21, 22, 23
_ENTITY_OPTIONS = {6: _USERS, 7: _CHANNELS, 8: _ROLES, 9: _MENTIONABLES}
_WORDS = "Twelve words are quite enough for anything that a form may ask of you."
ENDS = re.compile(
    r"remove|discard|delete|retire|leave|let_go|take_back|withdraw|undo|stop|revoke|\b(end|off|close|down|drop|done|skip|archive|pause)"
)
"""What is tried after everything else, because it takes away what others stand on."""
TYPED = {
    "when": "Monday 09:00 Europe/Berlin",
    "due": "friday",
    "by": "friday",
    "time": "09:00",
    "minutes": "30",
    "zone": "Europe/Berlin",
    "days": "Mon, Wed",
}
"""What to type where not just any words will do, by the name of the option or question."""


Try = Callable[["Act"], Awaitable[None]]


@dataclass(frozen=True)
class Act:
    """One thing somebody can do: an interaction, and the command from which one comes to it."""

    root: str
    name: str
    kind: int
    data: Mapping[str, Any]
    source: Message | None = None

    @property
    def control(self) -> str:
        """What answers it, whatever row it is about."""
        return ":".join(self.name.split(":")[:2])

    def __str__(self) -> str:
        return f"{self.name} (from {self.root})"


async def send(
    world: LyceumWorld,
    who: Person | UserHandle,
    act: Act,
    channel: Channel | None = None,
    *,
    ring: bool = True,
) -> Answer:
    """Do it as this person, in #general unless said otherwise; somebody's `UserHandle` does it in their DM.

    Without `ring` only what follows at once is waited for, not what the alarm clock would begin: that comes next time.
    """
    place = channel or (world.general if isinstance(who, Person) else who.dm_channel)
    result = await records.interaction_as_sent(who, act.kind, place, dict(act.data), act.source)
    if ring:
        await world.settle()
    return Answer(world.env, result)


class Crawl:
    """Uses everything once, as one person, breadth first."""

    def __init__(self, world: LyceumWorld, who: Person, channel: Channel | None = None) -> None:
        self.world = world
        self.who = who
        self.channel = channel or world.general
        self.reached: set[str] = set()
        self._waiting: deque[Act] = deque()
        self._at_last: deque[Act] = deque()
        self._known: set[tuple[str, ...]] = set()

    async def run(self, roots: Iterable[Act], before: Try, after: Try) -> None:
        """Do everything that can be reached from these commands; `before` each, others may try."""
        for root in roots:
            self._add(root)
        while self._waiting or self._at_last:
            act = (self._waiting or self._at_last).popleft()
            await before(act)
            answer = await send(self.world, self.who, act, self.channel)
            assert answer.answered, f"{act} was not answered"
            self.reached.add(act.control)
            await after(act)
            for found in (*self._found(act, answer), *self._posted()):
                self._add(found)

    def _add(self, act: Act) -> None:
        # Of many rows of one list, one is tried; of many options of one menu, each.
        values = act.data.get("values", ())
        name = (
            act.name if act.kind == FORM else act.control
        )  # one form asks different things of different rows
        key = (name, str(act.kind), *(str(each) for each in values))
        if key not in self._known:
            self._known.add(key)
            (self._at_last if ENDS.search(act.name) else self._waiting).append(act)

    def _found(self, act: Act, answer: Answer) -> Iterator[Act]:
        raw = answer.result.modal
        if raw is not None:
            yield self._form(act, raw)
        for response in (answer.result.response, *answer.result.followups):
            if response is not None:
                message = records.stored_message(response)
                for part in _walk(message.components):
                    yield from self._controls(act, part, message)

    def _posted(self) -> Iterator[Act]:
        """The controls on what the bot posted where this person looks: staff in their channel, a member elsewhere."""
        world = self.world
        channels = [
            world.channel_of(each) for each in world.env.backend.get_guild(world.guild_id).channel_ids
        ]
        is_staff = self.who is not world.member
        for channel in channels:
            if (channel.id == world.staff.id) is is_staff:
                for message in records.messages_of_bot(world.env, channel.id):
                    for part in _walk(message.components):
                        yield from self._controls(Act(f"#{channel.name}", "", CONTROL, {}), part, message)

    def _controls(self, act: Act, part: Mapping[str, Any], message: Message) -> Iterator[Act]:
        kind, name = part.get("type"), part.get("custom_id")
        if name is None or part.get("disabled"):
            return
        base = {"custom_id": name, "component_type": kind, "id": part.get("id", 1)}
        if kind == _BUTTON:
            yield Act(act.root, name, CONTROL, base, message)
        elif kind == _CHOICES:
            for option in part["options"][:6]:
                yield Act(act.root, name, CONTROL, base | {"values": [option["value"]]}, message)
        elif kind in (_USERS, _ROLES, _MENTIONABLES, _CHANNELS):
            resolved: dict[str, Any] = {}
            values = {"values": [self._name(kind, resolved)], "resolved": resolved}
            yield Act(act.root, name, CONTROL, base | values, message)

    def _form(self, act: Act, raw: Mapping[str, Any]) -> Act:
        parts: list[dict[str, Any]] = []
        resolved: dict[str, Any] = {}
        for part in raw["components"]:
            if part["type"] == _LABEL:
                answer = self._answer(part["component"], resolved)
                parts.append({"type": _LABEL, "id": part.get("id", 1), "component": answer})
        data = {"custom_id": raw["custom_id"], "components": parts, "resolved": resolved}
        return Act(act.root, raw["custom_id"], FORM, data, act.source)

    def _answer(self, question: Mapping[str, Any], resolved: dict[str, Any]) -> dict[str, Any]:
        kind, name = question["type"], str(question["custom_id"])
        given: dict[str, Any] = {"type": kind, "custom_id": name, "id": question.get("id", 1)}
        options = [each["value"] for each in question.get("options") or ()]
        if kind == _TEXT:
            typed = question.get("value") or next(
                (text for word, text in TYPED.items() if word in name), _WORDS
            )
            return given | {"value": typed[: question.get("max_length") or 4000]}
        if kind == _CHECKBOX:
            return given | {"value": True}
        if kind == _RADIO:
            return given | {"value": options[0]}
        if kind in (_CHOICES, _CHECKBOXES):
            return given | {"values": options[: max(1, question.get("min_values") or 1)]}
        if kind in (_USERS, _ROLES, _MENTIONABLES, _CHANNELS):
            return given | {"values": [self._name(kind, resolved)]}
        assert kind == _UPLOAD, f"a form asks in a way that is not known here: {question}"
        return given | {"values": []}

    def _name(self, kind: int, resolved: dict[str, Any]) -> str:
        """The id of somebody or something of that kind, which is described in `resolved` as Discord does."""
        world = self.world
        thing: Any = world.people["Cleo"] if kind in (_USERS, _MENTIONABLES) else world.general
        thing = world.roles["Member"] if kind == _ROLES else thing
        records.resolve(self.who, thing, resolved, channel_id=self.channel.id)
        return str(thing.id)

    async def commands(self, wanted: Callable[[Any], bool]) -> list[Act]:
        """Each command that is wanted, with what it must be given, and once more with all it can be given."""
        found: list[Act] = []
        for command in self.world.bot.tree.get_commands():
            payload = command.to_dict(self.world.bot.tree)
            if payload["type"] != 1:
                if wanted(command):
                    found += [self._menu(payload)]
                continue
            for path, leaf in _leaves(payload):
                behind: Any = command
                for name in path[1:]:
                    behind = behind.get_command(name)
                if wanted(behind):
                    found += [
                        await self._command(payload, path, leaf, everything) for everything in (False, True)
                    ]
        return found

    def _menu(self, payload: Mapping[str, Any]) -> Act:
        resolved: dict[str, Any] = {}
        if payload["type"] == _OF_A_MEMBER:
            target = self._name(_USERS, resolved)
        else:
            target = records.resolve_message(self.world.env, self.channel.id, self._said, resolved)
        data = {
            "id": "1",
            "name": payload["name"],
            "type": payload["type"],
            "target_id": target,
            "resolved": resolved,
        }
        return Act(f"menu {payload['name']}", f"menu {payload['name']}", COMMAND, data)

    async def prepare(self) -> None:
        """Somebody says something, which menus of messages are used on."""
        cleo, farah = self.world.people["Cleo"], self.world.facilitator
        said = await self.world.say(
            cleo if self.world.is_member(cleo) else farah,
            self.channel,
            "Somebody help me with this knot, please.",
        )
        self._said = said.id

    async def _command(
        self, payload: Mapping[str, Any], path: list[str], leaf: Mapping[str, Any], everything: bool
    ) -> Act:
        resolved: dict[str, Any] = {}
        wanted = [each for each in leaf.get("options") or () if everything or each.get("required")]
        options = [await self._option(" ".join(path), each, resolved) for each in wanted]
        for name, kind in reversed(_nesting(payload, path[1:])):
            options = [{"name": name, "type": kind, "options": options}]
        data = {"id": "1", "name": path[0], "type": 1, "options": options, "resolved": resolved}
        root = " ".join(path)
        return Act(root, f"/{root}{' with everything' if everything else ''}", COMMAND, data)

    async def _option(
        self, command: str, option: Mapping[str, Any], resolved: dict[str, Any]
    ) -> dict[str, Any]:
        kind, name = option["type"], option["name"]
        value: Any
        if option.get("choices"):
            value = option["choices"][0]["value"]
        elif kind in _ENTITY_OPTIONS:
            value = self._name(_ENTITY_OPTIONS[kind], resolved)
        elif kind in (4, 10):
            value = option.get("min_value", 1)
        elif kind == 5:
            value = True
        elif kind == _FILE:
            value = records.resolve_file(self.world.env, self.channel.id, ("notes.txt", b"Hello"), resolved)
        else:
            value = TYPED.get(name, _WORDS)[: option.get("max_length") or 4000]
        if option.get("autocomplete"):
            offered = await self.who.autocomplete(self.channel, command, name, "")
            value = offered[0]["value"] if offered else value
        return {"name": name, "type": kind, "value": value}


def _walk(components: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for each in components:
        yield each
        yield from _walk(each.get("components") or ())
        if each.get("accessory"):
            yield from _walk((each["accessory"],))


def _leaves(
    node: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[list[str], Mapping[str, Any]]]:
    path = (*path, node["name"])
    children = [each for each in node.get("options") or () if each["type"] in (_SUBCOMMAND, _GROUP)]
    if not children:
        yield list(path), node
    for child in children:
        yield from _leaves(child, path)


def _nesting(payload: Mapping[str, Any], names: Iterable[str]) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    node = payload
    for name in names:
        node = next(each for each in node["options"] if each["name"] == name)
        found.append((name, node["type"]))
    return found
