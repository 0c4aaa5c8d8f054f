"""What people do in the simulated server, one method an action, and what they then see."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import discord
from simcord.backend import serializers
from simcord.backend.errors import SetupError
from simcord.builders import ChannelHandle, UserHandle
from simcord.results import InteractionResult, ResponseMessage

from sandbox.faults import Faults
from sandbox.seen import Answer, Seen, read_message, response_handle
from sandbox.server import Channel, Person, Server
from sandbox.simcord_patches import process, records

if TYPE_CHECKING:
    from simcord import Env
    from simcord.backend.models import Member, Message

T = TypeVar("T")
Shown = Seen | Answer | discord.Message | ResponseMessage
"""Anything that stands for a message a person can see."""


class Actions(ABC):
    """People's actions. Each one waits until the bot has done everything that follows from it at once."""

    env: Env
    server: Server
    faults: Faults
    _acting_at_once: bool = False

    @abstractmethod
    async def settle(self) -> None:
        """Wait until the bot has nothing left to do at this moment."""

    # ------------------------------------------------------------------------------------------ coming, going

    async def join(self, name: str = "Ann", *, pending: bool = False) -> Person:
        """Somebody new joins; ``pending`` while the server's rules are not accepted yet."""
        user = self.env.create_user(name.lower().replace(" ", "."), global_name=name)
        return await self._enter(Person(self.env, self.server.guild, user), pending=pending)

    async def rejoin(self, person: Person, *, pending: bool = False) -> Person:
        """Somebody who left comes back: the same account, without roles."""
        return await self._enter(Person(self.env, self.server.guild, person.user), pending=pending)

    async def _enter(self, person: Person, *, pending: bool) -> Person:
        with process.operation(self.env, "join"):
            backend = self.env.backend
            member = backend.add_member(self.server.guild.id, person.id)
            member.pending = pending
            guild = backend.get_guild(self.server.guild.id)
            payload = {**serializers.member_payload(backend, guild, member), "guild_id": str(guild.id)}
            backend.emit("GUILD_MEMBER_ADD", payload)
        self.server.people[person.user.global_name or person.name] = person
        await self._done()
        return person

    async def accept_rules(self, person: Person) -> None:
        """A pending member accepts the rules, which is when they may do anything."""
        with process.operation(self.env, "accept rules"):
            self._member(person).pending = False
            self.env.backend.announce_member_update(self.server.guild.id, person.id)
        await self._done()

    async def leave(self, person: Person) -> None:
        """Somebody leaves the server."""
        self.server.guild.remove_member(person)
        await self._done()

    def is_pending(self, person: Person) -> bool:
        """Whether somebody has not accepted the rules yet."""
        return self._member(person).pending

    def is_member(self, person: Person) -> bool:
        """Whether somebody is in the server."""
        return person.id in self.env.backend.get_guild(self.server.guild.id).members

    def role_names(self, person: Person) -> set[str]:
        """The names of the roles somebody has."""
        guild = self.env.backend.get_guild(self.server.guild.id)
        return {guild.roles[role].name for role in self._member(person).role_ids}

    def _member(self, person: Person) -> Member:
        return self.env.backend.get_member(self.server.guild.id, person.id)

    def close_dms(self, person: Person) -> None:
        """From now on the bot's DMs to this person fail with 50007."""
        self._closed_dms.add(person.id)

    def open_dms(self, person: Person) -> None:
        """DMs work again."""
        self._closed_dms.discard(person.id)

    @property
    @abstractmethod
    def _closed_dms(self) -> set[int]: ...

    # ------------------------------------------------------------------------------------------ saying things

    async def say(self, person: Person, channel: Channel, text: str) -> Seen:
        """Post a message."""
        self._may_act(person)
        message = await person.send(channel, text)
        await self._done()
        return self.read(message)

    async def post(self, person: Person, channel: Channel, text: str) -> None:
        """Post a message that may be taken out at once."""
        self._may_act(person)
        await person.send(channel, text)
        await self._done()

    async def reply(self, person: Person, message: Shown, text: str) -> Seen:
        """Answer a message."""
        self._may_act(person)
        handle = self.handle(message)
        channel = self.channel_of(handle.channel_id)
        sent = await person.send(channel, text, reply_to=handle)
        await self._done()
        return self.read(sent)

    async def react(self, person: Person, message: Shown, emoji: str = "👋") -> None:
        """React to a message."""
        self._may_act(person)
        await person.react(self.handle(message), emoji)
        await self._done()

    async def unreact(self, person: Person, message: Shown, emoji: str = "👋") -> None:
        """Take a reaction back."""
        await person.unreact(self.handle(message), emoji)
        await self._done()

    async def vote(self, person: Person, message: Shown, answer: int) -> None:
        """Vote in a poll, or move one's vote; answers are counted from 1."""
        self._may_act(person)
        await person.vote(self.handle(message), answer=answer)
        await self._done()

    async def edit(self, person: Person, message: Shown, text: str) -> None:
        """Change an own message."""
        await person.edit(self.handle(message), text)
        await self._done()

    async def delete(self, person: Person, message: Shown) -> None:
        """Delete a message."""
        await person.delete(self.handle(message))
        await self._done()

    async def dm(self, person: Person, text: str) -> Seen:
        """Write to the bot in private."""
        message = await person.send_dm(text)
        await self._done()
        return self.read(message)

    # ------------------------------------------------------------------------------------------ using the bot

    async def press(self, person: Person, message: Shown, label_or_id: str) -> Answer:
        """Press a button by its label, its custom_id or the beginning of it up to a colon."""
        actor = self._actor(person, message)
        button = _seen(self, message).button(label_or_id)
        if button.custom_id is None:
            raise SetupError(f"{label_or_id!r} is a link")
        return await self._answer(actor.click(self.handle(message), custom_id=button.custom_id))

    async def choose(self, person: Person, message: Shown, *values: Any, menu: str | None = None) -> Answer:
        """Choose in a select menu: values or labels of options, or people, roles, channels."""
        actor = self._actor(person, message)
        seen = _seen(self, message)
        known = {label: value for select in seen.selects for label, value in select.options}
        chosen = [known.get(value, value) if isinstance(value, str) else value for value in values]
        return await self._answer(actor.select(self.handle(message), chosen, custom_id=menu))

    async def submit(self, person: Person, form: Answer, values: Mapping[str, Any]) -> Answer:
        """Fill in and send the form an action opened; keys are the questions' labels or custom_ids.

        A text takes a string, a checkbox a bool, choices the option's label or value (a list for several).
        """
        in_guild = interaction_in_guild(form)
        if in_guild:
            self._may_act(person)
        modal = form.modal
        if modal is None:
            raise SetupError(f"no form was opened; the answer was: {form.text!r}")
        filled: dict[str, Any] = {}
        for name, value in values.items():
            question = modal.field(name)
            filled[question.custom_id] = _chosen(question.kind, dict(question.options), value)
        actor = person if in_guild else person.user
        return await self._answer(actor.submit_modal(form.result, filled))

    async def slash(self, person: Person, channel: Channel, command: str, /, **options: Any) -> Answer:
        """Use a command, written without the slash: ``"quest status"``. A file is ``(name, bytes)``."""
        self._may_act(person)
        return await self._answer(person.slash(channel, command, **options))

    async def menu(self, person: Person, channel: Channel, command: str, target: Person | Shown) -> Answer:
        """Use a context-menu command on a member or on a message."""
        self._may_act(person)
        aimed = target if isinstance(target, Person) else self.handle(target)
        return await self._answer(person.context_menu(channel, command, aimed))

    async def complete(
        self, person: Person, channel: Channel, command: str, option: str, typed: str
    ) -> list[str]:
        """Type into an option of a command; returns the suggestions' names."""
        choices = await person.autocomplete(channel, command, option, typed)
        return [str(choice["name"]) for choice in choices]

    def commands(self, person: Person, channel: Channel) -> tuple[str, ...]:
        """The commands this person sees in this channel's picker."""
        return person.available_commands(channel)

    async def at_once(self, *actions: Awaitable[T]) -> list[T]:
        """Several actions at the very same moment, e.g. two people pressing one button.

        Everybody acts before the bot gets a turn; then it is given all the time it needs.
        """
        self._acting_at_once = True
        try:
            with process.without_settling(self.env):
                results = [await action for action in actions]
        finally:
            self._acting_at_once = False
        await self.settle()
        return results

    async def _answer(self, action: Awaitable[InteractionResult]) -> Answer:
        result = await action
        await self._done()
        return Answer(self.env, result)

    async def _done(self) -> None:
        if not self._acting_at_once:
            await self.settle()

    def _may_act(self, person: Person) -> None:
        if not self.is_member(person):
            raise SetupError(f"{person.name} is not in the server")
        if self._member(person).pending:
            raise SetupError(f"{person.name} has not accepted the rules and cannot do anything yet")

    def _actor(self, person: Person, message: Shown) -> Person | UserHandle:
        """Who acts on a message: a member who may act here, or on a DM anybody, who may have left or been banned."""
        channel = self.env.backend.get_channel(self.handle(message).channel_id)
        if channel.guild_id is None:
            return person.user
        self._may_act(person)
        return person

    # ------------------------------------------------------------------------------------------ seeing

    def read(self, shown: Shown) -> Seen:
        """A message as it stands now."""
        return read_message(self.env, self._stored(shown))

    def file(self, shown: Shown, name: str) -> bytes:
        """What is in a file on a message. Raises LookupError when it has none of that name."""
        for each in self._stored(shown).attachments:
            data = self.env.backend.cdn.get(str(each["url"])) if each["filename"] == name else None
            if data is not None:
                return data
        raise LookupError(f"there is no file {name!r} on the message")

    def message(self, channel: Channel, message_id: int) -> Seen:
        """A message by its id."""
        return read_message(self.env, self.env.backend.get_message(channel.id, message_id))

    def handle(self, shown: Shown) -> ResponseMessage:
        """SimCord's handle to a message."""
        return response_handle(self.env, self._stored(shown))

    def _stored(self, shown: Shown) -> Message:
        if isinstance(shown, Answer):
            message = shown.message
            if message is None:
                raise SetupError("the bot answered without a message")
            return self.env.backend.get_message(message.channel_id, message.id)
        if isinstance(shown, (Seen, ResponseMessage)):
            return self.env.backend.get_message(shown.channel_id, shown.id)
        return self.env.backend.get_message(shown.channel.id, shown.id)

    def messages(self, channel: Channel, *, viewer: Person | None = None) -> list[Seen]:
        """What stands in a channel, oldest first; with ``viewer`` also what only they see."""
        stored = self.env.backend.messages.get(channel.id, {}).values()
        viewer_id = viewer.id if viewer is not None else None
        return [
            read_message(self.env, message)
            for message in sorted(stored, key=lambda item: item.id)
            if message.visible_to(viewer_id)
        ]

    def posted(self, channel: Channel) -> list[Seen]:
        """What the bot posted in a channel, oldest first."""
        bot_id = self.env.backend.bot_user.id
        return [message for message in self.messages(channel) if message.author_id == bot_id]

    def dms(self, person: Person) -> list[Seen]:
        """The bot's private messages to somebody, oldest first."""
        if person.id not in self.env.backend.dm_channels:
            return []
        return self.posted(person.user.dm_channel)

    def pings(self, person: Person) -> list[Seen]:
        """Every message Discord would have notified this person of: mentions that were allowed, and DMs."""
        roles = set(self._member(person).role_ids) if self.is_member(person) else set[int]()
        found = list(self.dms(person))
        for channel_id in self.env.backend.get_guild(self.server.guild.id).channel_ids:
            for message in self.messages(self.channel_of(channel_id)):
                reached = person.id in message.pinged or roles & set(message.pinged_roles)
                if message.author_id != person.id and (reached or message.pings_everyone):
                    found.append(message)
        return sorted(found, key=lambda message: message.id)

    def channel_of(self, channel_id: int) -> Channel:
        """The channel with this id: a channel of the server, a thread, or somebody's private messages."""
        stored = self.env.backend.get_channel(channel_id)
        return ChannelHandle(self.env, None if stored.guild_id is None else self.server.guild, stored)


def _seen(world: Actions, shown: Shown) -> Seen:
    return world.read(shown)


def interaction_in_guild(form: Answer) -> bool:
    """Whether the form was opened in the server rather than in a DM."""
    return records.interaction_of(form.result).guild_id is not None


def _chosen(kind: int, options: dict[str, str], value: Any) -> Any:
    """Turn labels of options into their values; a single choice for a menu becomes a list of one."""
    if not options:
        return value
    values: Sequence[Any] = [value] if isinstance(value, str) else list(value)
    chosen = [options.get(item, item) for item in values]
    return chosen[0] if kind == 21 and chosen else chosen  # 21 is a radio group: exactly one value
