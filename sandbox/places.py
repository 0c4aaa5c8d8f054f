"""The server as something to look around in and to change: its channels, roles and people, and the bot's rights."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import discord

from sandbox.faults import Request, http_error
from sandbox.people import Actions
from sandbox.server import Channel, Person, Role
from sandbox.simcord_patches import process, records


class Places(Actions):
    """Where things are, and what staff may do to them behind the bot's back."""

    _hidden_guild: Any = None

    def __init__(self) -> None:
        self._closed_dm_users: set[int] = set()

    @property
    def now(self) -> datetime:
        """The simulated moment, aware, UTC."""
        return self.env.now()

    @property
    def guild_id(self) -> int:
        """The server's id."""
        return self.server.guild.id

    @property
    def channels(self) -> dict[str, Channel]:
        """Channels by name: welcome, introductions, first-wins, weekly, general, staff."""
        return self.server.channels

    @property
    def roles(self) -> dict[str, Role]:
        """Roles by name: Facilitator, Moderator, Member, and the bot's own."""
        return self.server.roles

    @property
    def people(self) -> dict[str, Person]:
        """People by name: Olive (owner), Farah (facilitator), Milo (moderator), Ben, Cleo, and who joined."""
        return self.server.people

    @property
    def facilitator(self) -> Person:
        """Farah, who has the Facilitator role."""
        return self.people["Farah"]

    @property
    def moderator(self) -> Person:
        """Milo, who has the Moderator role."""
        return self.people["Milo"]

    @property
    def member(self) -> Person:
        """Ben, a regular member."""
        return self.people["Ben"]

    @property
    def welcome(self) -> Channel:
        """#welcome."""
        return self.channels["welcome"]

    @property
    def introductions(self) -> Channel:
        """#introductions."""
        return self.channels["introductions"]

    @property
    def first_wins(self) -> Channel:
        """#first-wins."""
        return self.channels["first-wins"]

    @property
    def weekly(self) -> Channel:
        """#weekly, where rituals are posted."""
        return self.channels["weekly"]

    @property
    def general(self) -> Channel:
        """#general."""
        return self.channels["general"]

    @property
    def staff(self) -> Channel:
        """#staff, which only facilitators, moderators and the bot can see."""
        return self.channels["staff"]

    # ------------------------------------------------------------------------------------------ changing the server

    async def invite_bot(self) -> None:
        """Invite a bot that was started outside the server."""
        with process.operation(self.env, "invite"):
            records.announce_guild(self.env, self._hidden_guild)
        await self.settle()

    def dismiss_answers(self, person: Person, channel: Channel) -> None:
        """Somebody clears what only they see of a channel, as with "Dismiss message"."""
        stored = self.env.backend.messages.get(channel.id, {})
        for message_id, message in list(stored.items()):
            if message.is_ephemeral and message.visible_to(person.id):
                del stored[message_id]

    async def create_channel(self, name: str) -> Channel:
        """Somebody makes a channel."""
        self.channels[name] = self.server.guild.create_text_channel(name)
        await self.settle()
        return self.channels[name]

    async def delete_channel(self, channel: Channel) -> None:
        """Somebody deletes a channel; requests to it answer 404 10003 from now on."""
        with process.operation(self.env, "delete channel"):
            self.env.backend.delete_channel(channel.id)
        for name in [name for name, known in self.channels.items() if known.id == channel.id]:
            del self.channels[name]
        await self.settle()

    async def create_role(self, name: str) -> Role:
        """Somebody makes a role, at the bottom of the list and so below the bot's."""
        self.roles[name] = self.server.guild.create_role(name)
        await self.settle()
        return self.roles[name]

    async def delete_role(self, role: Role) -> None:
        """Somebody deletes a role."""
        with process.operation(self.env, "delete role"):
            self.env.backend.delete_role(self.guild_id, role.id)
        for name in [name for name, known in self.roles.items() if known.id == role.id]:
            del self.roles[name]
        await self.settle()

    async def give_role(self, person: Person, role: Role) -> None:
        """Somebody from staff gives a role by hand."""
        with process.operation(self.env, "give role"):
            self.env.backend.add_member_role(self.guild_id, person.id, role.id)
        await self.settle()

    async def take_role(self, person: Person, role: Role) -> None:
        """Somebody from staff takes a role by hand."""
        with process.operation(self.env, "take role"):
            self.env.backend.remove_member_role(self.guild_id, person.id, role.id)
        await self.settle()

    async def bot_role_below(self, role: Role) -> None:
        """Drag the bot's role below another: granting that one, or acting on its people, then fails (50013)."""
        backend = self.env.backend
        guild = backend.get_guild(self.guild_id)
        mine = self.bot_role.id
        order = [
            known.id
            for known in sorted(guild.roles.values(), key=lambda known: known.position)
            if known.id != mine
        ]
        order.insert(order.index(role.id), mine)
        with process.operation(self.env, "move role"):
            backend.reorder_roles(
                self.guild_id, [{"id": item, "position": at} for at, item in enumerate(order)]
            )
        await self.settle()

    async def bot_permissions(self, **changes: bool) -> None:
        """Change what the bot's role may do, e.g. ``manage_roles=False``."""
        role = self.env.backend.get_role(self.guild_id, self.bot_role.id)
        permissions = discord.Permissions(role.permissions)
        permissions.update(**changes)
        with process.operation(self.env, "bot permissions"):
            self.env.backend.edit_role(self.guild_id, role.id, {"permissions": permissions.value})
        await self.settle()

    async def hide_from_bot(self, channel: Channel) -> None:
        """Take the bot's sight of one channel away: requests to it answer 403 50001."""
        hidden = records.hidden_from(self.bot_role.id)
        with process.operation(self.env, "hide channel"):
            kept = [
                item
                for item in self.env.backend.get_channel(channel.id).overwrites
                if item.target_id != hidden.target_id
            ]
            self.env.backend.edit_channel(channel.id, {}, overwrites=[*kept, hidden])
        await self.settle()

    @property
    def bot_role(self) -> Role:
        """The bot's own role."""
        return next(role for role in self.server.guild.roles.values() if role.id in self._bot_role_ids())

    def _bot_role_ids(self) -> list[int]:
        backend = self.env.backend
        return backend.get_member(self.guild_id, backend.bot_user.id).role_ids

    @property
    def _closed_dms(self) -> set[int]:
        return self._closed_dm_users

    def _closed_dms_law(self, request: Request) -> None:
        """Discord refuses a DM to somebody who closed them or shares no server with the bot."""
        parts = request.path.strip("/").split("/")
        if request.method != "POST" or parts[0] != "channels" or parts[2:] != ["messages"]:
            return
        channel = self.env.backend.channels.get(int(parts[1]))
        if channel is None or channel.guild_id is not None:
            return
        members = self.env.backend.get_guild(self.guild_id).members
        if any(user in self._closed_dm_users or user not in members for user in channel.recipient_ids):
            raise http_error(403, 50007, "Cannot send messages to this user")
