"""What members do with kudos. Cards in channels are posted and deleted through the outbox."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import Actor
from bot.core import Core
from bot.errors import NotFound
from bot.i18n import Translator
from bot.notify import Notification
from bot.outbox import Effect, EffectKind
from bot.own import Who
from bot.text import clean
from cogs.kudos import rules
from cogs.kudos.model import (
    AREA,
    GIVEN,
    NOTE_KIND,
    NOTE_RENDERER,
    PAGE_SIZE,
    POST_RENDERER,
    RECEIVED,
    About,
    Kudos,
    KudosSettings,
    Wall,
    gone,
    kudos_list,
    kudos_of,
    somebody_elses,
)
from cogs.kudos.rules import State
from storage import kudos as storage
from storage import members as member_storage
from storage import privacy as privacy_storage

LOOKED_AFTER = timedelta(days=30)
LOOKED_AT = 50
NOTE_LASTS = timedelta(days=30)


class KudosService:
    """The use cases of members."""

    def __init__(self, core: Core) -> None:
        self._core = core
        # Messages that kudos are about, and channels in which kudos stand: no other deletion costs a query.
        self._watched: dict[int, set[int]] = {}
        self._channels: set[int] = set()

    async def load(self) -> None:
        """Learn which messages matter."""
        now = self._core.clock.now()
        async with self._core.db.read() as session:
            linked = await storage.list_linked(session, since=now - timedelta(days=365))
            self._channels = await storage.list_post_channels(session)
        for message_id, kudos_id in linked:
            self._watched.setdefault(message_id, set()).add(kudos_id)

    async def settings(self, guild_id: int) -> KudosSettings:
        return await self._core.configs.get(guild_id, KudosSettings)

    # ------------------------------------------------------------------------------------------ giving

    async def check(self, actor: Actor, receiver_id: int, *, is_bot: bool) -> None:
        """Whether a form is worth filling in. Raises what `give` raises for people, quota and rest."""
        rules.check_people(actor.member_id, receiver_id, is_bot=is_bot)
        settings = await self.settings(actor.guild_id)
        async with self._core.db.read() as session:
            await self._check_limits(session, actor, receiver_id, settings)

    async def give(
        self,
        actor: Actor,
        receiver_id: int,
        words: str,
        tags: Iterable[str] = (),
        *,
        is_bot: bool,
        about: About | None = None,
        quotable: bool = False,
    ) -> Kudos:
        """Thank somebody for something.

        Raises `InvalidInput`, `LimitReached` for the quota of a day, `TooSoon` between the same two, `NotAllowed` when
        nothing is known that both took part in, `NotFound` for who has left.
        """
        rules.check_people(actor.member_id, receiver_id, is_bot=is_bot)
        text = rules.check_words(clean(words))
        settings = await self.settings(actor.guild_id)
        chosen = rules.read_tags(tags, settings.all_tags)
        async with self._core.db.begin() as session:
            # Both are locked, always in one order, so that two at once are judged one after the other.
            for each in sorted((actor.member_id, receiver_id)):
                await member_storage.change_member(session, actor.guild_id, each)
            await self._check_limits(session, actor, receiver_id, settings)
            await self._check_ground(session, actor, receiver_id, about)
            row = storage.KudosRow(
                guild_id=actor.guild_id,
                giver_id=actor.member_id,
                member_id=receiver_id,
                text=text,
                tags="\n".join(chosen),
                channel_id=about.channel_id if about is not None else None,
                message_id=about.message_id if about is not None else None,
                at=self._core.clock.now(),
                quote_giver=quotable,
            )
            session.add(row)
            await session.flush()
            await self._record(session, row)
            await self._tell(session, row, settings)
            given = kudos_of(row)
        if settings.channel_id is not None:
            self._channels.add(settings.channel_id)
        if given.message_id is not None:
            self._watched.setdefault(given.message_id, set()).add(given.id)
        return given

    async def _check_limits(
        self, session: AsyncSession, actor: Actor, receiver_id: int, settings: KudosSettings
    ) -> None:
        now = self._core.clock.now()
        if await privacy_storage.has_left(session, actor.guild_id, receiver_id):
            raise NotFound("They are not in this server any more, so they could not read it.")
        given = await storage.count_given(
            session, actor.guild_id, actor.member_id, since=now - rules.QUOTA_OVER
        )
        rules.check_quota(given, settings.a_day)
        last = await storage.find_last_between(
            session, actor.guild_id, actor.member_id, receiver_id, but=rules.FORGIVEN
        )
        rules.check_rest(last.at if last is not None else None, now, timedelta(hours=settings.rest_hours))

    async def _check_ground(
        self, session: AsyncSession, actor: Actor, receiver_id: int, about: About | None
    ) -> None:
        guild_id, giver_id = actor.guild_id, actor.member_id
        known = await self._core.shared_ground.is_between(session, guild_id, giver_id, receiver_id)
        apart = await self._core.avoidances.are_apart(session, guild_id, giver_id, receiver_id)
        rules.check_ground(shared=known or (about is not None and about.both_there), apart=apart)

    async def _record(self, session: AsyncSession, row: storage.KudosRow) -> None:
        subject = str(row.id)
        about = {"channel_id": row.channel_id, "message_id": row.message_id} if row.message_id else {}
        act = await self._core.ledger.record(
            session, Act(GIVEN, row.guild_id, row.giver_id, subject, about, other_id=row.member_id)
        )
        if act is None:
            return
        row.act_id = act.id
        received = Act(RECEIVED, row.guild_id, row.member_id, subject, about, act.id, row.giver_id)
        await self._core.ledger.record(session, received)

    async def _tell(self, session: AsyncSession, row: storage.KudosRow, settings: KudosSettings) -> None:
        """Post it where kudos are posted, without a ping; the receiver hears of it as they wish."""
        if settings.channel_id is not None:
            post = Effect(
                kind=EffectKind.POST,
                key=storage.post_key(row.id),
                guild_id=row.guild_id,
                channel_id=settings.channel_id,
                member_id=row.member_id,
                renderer=POST_RENDERER,
                arguments={"kudos_id": row.id},
            )
            await self._core.outbox.plan(session, post, act_id=row.act_id)
        note = Notification(
            kind=NOTE_KIND.name,
            key=_note_key(row),
            guild_id=row.guild_id,
            member_id=row.member_id,
            renderer=NOTE_RENDERER,
            channel_id=settings.channel_id,
            arguments={"kudos_id": row.id},
            expires_at=self._core.clock.now() + NOTE_LASTS,
        )
        await self._core.notifier.notify(session, note)

    # ------------------------------------------------------------------------------------------ looking

    async def find(self, kudos_id: int) -> Kudos | None:
        """As it stands, for drawing it."""
        async with self._core.db.read() as session:
            row = await storage.find_kudos(session, kudos_id)
        return kudos_of(row) if row is not None else None

    async def wall(self, actor: Actor, whose: str, page: int) -> Wall:
        """A page of all kudos, of those that one was given ("mine") or gave ("given"), or of those to quote ("quoted")."""
        page = max(0, min(page, 10_000))
        async with self._core.db.read() as session:
            rows = await storage.list_page(
                session,
                actor.guild_id,
                offset=page * PAGE_SIZE,
                limit=PAGE_SIZE + 1,
                giver_id=actor.member_id if whose == "given" else None,
                member_id=actor.member_id if whose == "mine" else None,
                picked=whose == "quoted",
            )
        return Wall(whose, page, kudos_list(rows[:PAGE_SIZE]), len(rows) > PAGE_SIZE)

    async def own(self, who: Who, kudos_id: int) -> Kudos:
        """One that stands, for one of the two. Raises `NotFound`, `NotAllowed`."""
        async with self._core.db.read() as session:
            return kudos_of(await self._checked(who, await storage.find_kudos(session, kudos_id)))

    async def card_line(
        self, session: AsyncSession, guild_id: int, member_id: int, t: Translator
    ) -> str | None:
        """For the member's card."""
        kudos, people = await storage.count_received(session, guild_id, member_id)
        if kudos == 0:
            return None
        received = t.tn("{n} received", "{n} received", kudos)
        return t(
            "{received}, {people}",
            received=received,
            people=t.tn("from {n} person", "from {n} people", people),
        )

    # ------------------------------------------------------------------------------------------ afterwards

    async def take_back(self, who: Who, kudos_id: int) -> Kudos:
        """The giver takes it back. Raises `NotFound`, `NotAllowed`."""
        async with self._core.db.begin() as session:
            row = await self._lock(who, session, kudos_id)
            if row.giver_id != who.member_id:
                raise somebody_elses()
            await self.end(session, row, State.TAKEN_BACK)
            return kudos_of(row)

    async def decline(self, who: Who, kudos_id: int) -> Kudos:
        """The receiver would rather not have it; the giver is told nothing. Raises `NotFound`, `NotAllowed`."""
        async with self._core.db.begin() as session:
            row = await self._lock(who, session, kudos_id)
            if row.member_id != who.member_id:
                raise somebody_elses()
            await self.end(session, row, State.DECLINED)
            return kudos_of(row)

    async def allow_quoting(self, who: Who, kudos_id: int, *, allowed: bool) -> Kudos:
        """One of the two allows quoting it, or takes that back, which holds at once. Raises `NotFound`, `NotAllowed`."""
        async with self._core.db.begin() as session:
            row = await self._lock(who, session, kudos_id)
            if row.giver_id == who.member_id:
                row.quote_giver = allowed
            else:
                row.quote_receiver = allowed
            if not (row.quote_giver and row.quote_receiver):
                row.picked_at = None
            return kudos_of(row)

    async def messages_deleted(self, guild_id: int, channel_id: int, message_ids: Collection[int]) -> None:
        """Messages were deleted: kudos about one of them go, and those whose own post it was."""
        ids = set[int]().union(*(self._watched.get(each, set[int]()) for each in message_ids))
        if not ids and channel_id not in self._channels:
            return
        async with self._core.db.begin() as session:
            if channel_id in self._channels:
                ids |= await storage.find_by_post(session, guild_id, channel_id, message_ids)
            for kudos_id in sorted(ids):
                row = await storage.lock_kudos(session, kudos_id)
                if row is not None and row.guild_id == guild_id and row.state == State.STANDING:
                    await self.end(session, row, State.GONE)
        for each in message_ids:
            self._watched.pop(each, None)

    async def list_to_look_after(self, guild_id: int) -> Sequence[tuple[int, int]]:
        """Channel and message of what the newest are about and of their posts: it may be deleted by now, unseen."""
        since = self._core.clock.now() - LOOKED_AFTER
        async with self._core.db.read() as session:
            return await storage.list_to_look_after(session, guild_id, since=since, limit=LOOKED_AT)

    async def redraw_all(self, session: AsyncSession, guild_id: int) -> None:
        """Somebody was deleted, and the kudos between them and others with them: the posts go too."""
        for key in await storage.list_posts_without_kudos(session, guild_id):
            await self._core.outbox.delete_post(session, key, f"{key}:gone")

    async def end(self, session: AsyncSession, row: storage.KudosRow, state: State) -> None:
        """Take it off the wall and out of the channel, with what followed from it; its words go at once."""
        row.state, row.ended_at = state.value, self._core.clock.now()
        row.text, row.tags, row.picked_at = "", "", None
        row.quote_giver = row.quote_receiver = False
        if row.act_id is not None:
            await self._core.ledger.retract(session, row.act_id, reason=state.value)
        await self._core.notifier.withdraw(session, _note_key(row))
        key = storage.post_key(row.id)
        await self._core.outbox.delete_post(session, key, f"{key}:gone")
        if state is State.DECLINED:  # what they were told by DM is what they said it on
            await self._core.outbox.delete_post(session, _note_key(row), f"{_note_key(row)}:gone")
        else:
            await self._core.outbox.take_back(session, _note_key(row), f"{_note_key(row)}:gone")
        await session.flush()

    # ------------------------------------------------------------------------------------------ shared

    async def _lock(self, who: Who, session: AsyncSession, kudos_id: int) -> storage.KudosRow:
        return await self._checked(who, await storage.lock_kudos(session, kudos_id))

    async def _checked(self, who: Who, row: storage.KudosRow | None) -> storage.KudosRow:
        if row is None or who.guild_id not in (None, row.guild_id) or row.state != State.STANDING:
            raise gone()
        if who.member_id not in (row.giver_id, row.member_id):
            raise somebody_elses()
        if who.guild_id is None:
            await self._core.features.require(row.guild_id, AREA)
        return row


def _note_key(row: storage.KudosRow) -> str:
    """What the receiver is told under."""
    return f"{NOTE_RENDERER}:{row.id}"
