"""How a member does each thing: what they look for, what they press, what they write."""

from __future__ import annotations

from typing import Any

from sandbox.seen import Answer, Seen
from sandbox.story.cast import Made, Words
from sandbox.story.tale import Tale

BUSY_WEEK = "Not this week, sorry"


# ---------------------------------------------------------------------------------------------- coming


async def say_hello_early(tale: Tale, name: str) -> str:
    """Who was here before the bot introduces themselves."""
    await tale.world.say(tale.who(name), tale.channel("introductions"), tale.character(name).hello)
    return f"{name} says hello in #introductions."


async def arrive(tale: Tale, name: str) -> str:
    """Somebody joins, agrees to the rules, and is greeted."""
    person = await tale.world.join(name, pending=True)
    tale.arrived[name] = tale.world.now
    tale.expect(f"greeting of {name}", tale.channel("welcome"), [f"<@{person.id}>"])
    await tale.world.accept_rules(person)
    return f"{name} joins and is greeted."


async def take_first_step(tale: Tale, name: str) -> str:
    """The greeting's Start, and what they would like to learn."""
    world, person = tale.world, tale.who(name)
    greeting = tale.newest(name, tale.channel("welcome"), "", label="Start", meant=True)
    card = await world.press(person, greeting, "Start")
    form = await world.press(person, card, "onboarding:goal.ask")
    wish: dict[str, Any] = {"goal": tale.character(name).goal}
    if form.modal is not None and any(field.custom_id == "share" for field in form.modal.fields):
        wish["share"] = True
    await world.submit(person, form, wish)
    return f"{name} says what they would like to learn: “{tale.character(name).goal}”."


async def first_quest(tale: Tale, name: str) -> str:
    """All three steps, in one go."""
    world, person = tale.world, tale.who(name)
    await take_first_step(tale, name)
    await world.say(person, tale.channel("introductions"), tale.character(name).hello)
    tale.expect(f"first win of {name}", tale.channel("first-wins"), [f"<@{person.id}>"])
    await world.react(person, _hello_of_another(tale, name), tale.random.choice("👋🎉❤"))
    return f"{name} says hello, waves at somebody, and has finished the first quest."


async def settle_in(tale: Tale, name: str) -> str:
    """They tell the bot where they live, and how it may reach them."""
    world, person, city = tale.world, tale.who(name), tale.character(name).zone.key.split("/")[1]
    card = await world.slash(person, tale.channel("general"), "me edit")
    asked = await world.press(person, card, "Set my clock")
    form = await world.press(person, asked, "Type a city instead")
    if form.modal is None:
        raise LookupError(f"{name} was asked for no city: {form.text!r}")
    await world.submit(person, form, {form.modal.fields[0].custom_id: city.replace("_", " ")})
    if tale.character(name).by_dm:
        centre = await world.slash(person, tale.channel("general"), "me notifications")
        tale.expect(f"test message to {name}", person.user.dm_channel, ["This is where I will write to you"])
        await world.press(person, centre, "Write to me by DM")
    return f"{name} sets their clock to {city.replace('_', ' ')}" + (
        " and asks for DMs." if tale.character(name).by_dm else "."
    )


def _hello_of_another(tale: Tale, name: str) -> Seen:
    not_them = (tale.world.people[name].id, tale.world.env.backend.bot_user.id)
    found = [
        each for each in tale.world.messages(tale.channel("introductions")) if each.author_id not in not_them
    ]
    if not found:
        raise LookupError(f"{name} finds no hello of anybody else in #introductions")
    return found[-1]


# ---------------------------------------------------------------------------------------------- the rhythm


async def say_goal(tale: Tale, name: str, week: int) -> str:
    """A line in the thread below the Monday goals."""
    goal = tale.character(name).tea[week - 1]
    await say_below(tale, name, "weekly", "A new week!", goal)
    return f"{name}, goal of the week: “{goal}”"


async def tell_win(tale: Tale, name: str, words: str) -> str:
    """An answer on the card of the Friday wins."""
    post = tale.newest(name, tale.channel("weekly"), "What went well", label="Answer")
    form = await tale.world.press(tale.who(name), post, "Answer")
    await tale.world.submit(tale.who(name), form, {"text": words, "shown": True})
    return f"{name}'s win: “{words}”"


async def say(tale: Tale, name: str, channel: str, words: str) -> str:
    """A message in a channel."""
    await tale.world.say(tale.who(name), tale.channel(channel), words)
    return f"{name} in #{channel}: “{words}”"


async def say_below(tale: Tale, name: str, channel: str, below: str, words: str) -> str:
    """A message in the thread below the newest post of the bot that says this."""
    post = tale.newest(name, tale.channel(channel), below)
    await tale.world.say(tale.who(name), tale.world.channel_of(post.id), words)
    return f"{name}: “{words}”"


async def ask(tale: Tale, name: str, challenge: str, words: str) -> str:
    """A message in the thread for questions below a challenge."""
    return await say_below(tale, name, "challenges", challenge, words)


async def say_in_help_hour(tale: Tale, name: str, words: str) -> str:
    """A message in the thread of the help hour."""
    return await say_below(tale, name, "help", "It is help hour", words)


async def answer(tale: Tale, name: str, channel: str, to: str, words: str) -> str:
    """A reply to the newest message of somebody in a channel."""
    person = tale.world.people[to]
    theirs = [each for each in tale.world.messages(tale.channel(channel)) if each.author_id == person.id]
    if not theirs:
        raise LookupError(f"{name} sees nothing of {to} in #{channel}")
    await tale.world.reply(tale.who(name), theirs[-1], words)
    return f"{name} answers {to}: “{words}”"


async def cheer(tale: Tale, name: str, channel: str, whom: str, emoji: str = "🎉") -> str:
    """A reaction to the newest message of somebody in a channel."""
    person = tale.world.people[whom]
    theirs = [each for each in tale.world.messages(tale.channel(channel)) if each.author_id == person.id]
    if not theirs:
        raise LookupError(f"{name} sees nothing of {whom} in #{channel}")
    await tale.world.react(tale.who(name), theirs[-1], emoji)
    return f"{name} cheers for {whom}."


# ---------------------------------------------------------------------------------------------- challenges


async def take_part(tale: Tale, name: str, track: str, reminder: str) -> str:
    """Join on the card of the open challenge, with or without a ``reminder`` (empty: none)."""
    post = tale.newest(name, tale.channel("challenges"), "The challenge of the week", label="Join")
    form = await tale.world.press(tale.who(name), post, "Join")
    tale.read(
        await tale.world.submit(tale.who(name), form, {"track": track, "remind": bool(reminder)}),
        "You are in",
        name,
    )
    return f"{name} joins the challenge of the week."


async def hand_in(tale: Tale, name: str, made: Made) -> str:
    """/challenge submit, with a look back."""
    world, person = tale.world, tale.who(name)
    form = await world.slash(person, tale.channel("challenges"), "challenge submit")
    if form.modal is None:
        raise LookupError(f"{name} cannot hand in: {form.text!r}")
    confidence = str(2 + tale.random.randrange(3))
    receipt = await world.submit(
        person,
        form,
        {"work": made.text, "learned": made.learned, "confidence": confidence, "shown": made.shown},
    )
    tale.read(receipt, "Submitted", name)
    return f"{name} hands in: “{made.mark}”"


# ---------------------------------------------------------------------------------------------- reviews


async def review_all(tale: Tale, name: str, most: int = 5) -> str:
    """Everything that somebody has in hand, from their inbox."""
    world, person = tale.world, tale.who(name)
    done: list[str] = []
    for _ in range(most):
        inbox = await world.slash(person, tale.channel("reviews"), "review inbox")
        held = next((each for each in inbox.buttons if each.label == "Open"), None)
        if held is None or held.custom_id is None:
            break
        hand = await world.press(person, inbox, held.custom_id)
        done.append(await _write(tale, name, hand))
    return f"{name} reviews {listed(done)}." if done else ""


async def _write(tale: Tale, name: str, hand: Answer) -> str:
    """Fill in the form for the work in hand; returns whose it is."""
    made = tale.work_on(hand.text)
    words = _next_words(tale, made)
    texts = {"strength": words.strength, "question": words.question, "next_step": words.next_step}
    label, card = "Write the review", hand
    while label in [each.label for each in card.buttons]:  # a rubric with many questions has two pages
        form = await tale.world.press(tale.who(name), card, label)
        card = await tale.world.submit(tale.who(name), form, _filled(tale, form, texts))
        label = "Next page"
    if "Send it as it is" in [each.label for each in card.buttons]:
        card = await tale.world.press(tale.who(name), card, "Send it as it is")
    tale.read(card, "Sent. Thank you!", name)
    tale.reviews_of.setdefault(made.mark, []).append(name)
    return made.author


def _filled(tale: Tale, form: Answer, texts: dict[str, str]) -> dict[str, Any]:
    """The words for what is asked in words, and one of the two best levels for everything else."""
    if form.modal is None:
        raise LookupError(f"no form was opened: {form.text!r}")
    chosen: dict[str, Any] = {}
    for field in form.modal.fields:
        if field.options:
            chosen[field.custom_id] = field.options[-1 - tale.random.randrange(2)][0]
        else:
            chosen[field.custom_id] = texts[field.custom_id]
    return chosen


def _next_words(tale: Tale, made: Made) -> Words:
    number = tale.reviewed.get(made.mark, 0)
    tale.reviewed[made.mark] = number + 1
    if number >= len(made.reviews):
        raise LookupError(f"nobody knows what else to say about {made.mark!r}")
    return made.reviews[number]


def listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


async def read_reviews(tale: Tale, name: str) -> str:
    """An author reads the newest review that they were told of, and says how it was; silent when there is none."""
    world, person = tale.world, tale.who(name)
    notes = tale.told(name, "reviews", label="Read it")
    if not notes:
        return ""
    read = await world.press(person, notes[-1], "Read it")
    if "Rate it" in [each.label for each in read.buttons]:
        form = await world.press(person, read, "Rate it")
        await world.submit(person, form, {"helpful": "2", "specific": "2", "kind": "2", "why": ""})
    return f"{name} reads a review and says that it helped."
