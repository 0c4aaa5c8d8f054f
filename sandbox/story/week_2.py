"""The second week: the first reviews, sharp words and what becomes of them, a power cut."""

from __future__ import annotations

from datetime import timedelta

from sandbox.story import doing, opening, together, trouble
from sandbox.story.plan import Entry

SCENES: tuple[Entry, ...] = (
    ("Mon 10:30", "Farah", opening.switch_badges_on),
    ("Tue 09:30", "Yuki", together.pause, "2026-10-30"),
    (
        "Wed 13:10",
        "Linh",
        doing.say,
        "general",
        "I drew my first chart outside school. It is about my sister. Is red and green a bad idea?",
    ),
    (
        "Wed 08:05",
        "Dale",
        doing.answer,
        "general",
        "Linh",
        "Did you even try? A child would not draw this. People like you are why nobody trusts charts.",
    ),
    (
        "Wed 15:10",
        "Cleo",
        doing.answer,
        "general",
        "Linh",
        "It made me smile, and I understood it at once. Red and green are hard for some eyes; a small “stop” would do.",
    ),
    (
        "Wed 14:30",
        "Amara",
        trouble.report,
        "Dale",
        "general",
        "Linh asked a friendly question, and this is about her and not about the chart.",
    ),
    ("Wed 15:40", "Cleo", trouble.report, "Dale", "general", "Please have a look at this."),
    ("Wed 16:05", "Milo", trouble.take_report),
    (
        "Wed 16:15",
        "Milo",
        trouble.warn,
        "Dale",
        "Your answer to Linh was about her and not about her chart. Say what you would change in the chart.",
    ),
    (
        "Thu 07:50",
        "Dale",
        doing.say,
        "general",
        "Apparently one may only clap here. Linh, your drawing is still childish, and now I get a warning for your feelings.",
    ),
    (
        "Thu 14:10",
        "Milo",
        trouble.time_out,
        "Dale",
        "A second time, at the same person, after a warning. Come back tomorrow and talk about charts.",
        "1d",
    ),
    ("Tue 19:20", "Priya", doing.ask, "One chart, one sentence", "May the sentence be a question?"),
    (
        "Tue 20:10",
        "Farah",
        doing.ask,
        "One chart, one sentence",
        "Better an answer. Your question can be the line below it.",
    ),
    ("Wed 17:25", "Farah", doing.say_in_help_hour, "Help hour is open. Who has a title that is too long?"),
    (
        "Wed 17:40",
        "Amara",
        doing.say_in_help_hour,
        "Mine has nineteen words. My pupils are cutting it at this very moment.",
    ),
    (
        "Thu 19:40",
        "Linh",
        together.thank_for_message,
        "general",
        "Cleo",
        "for seeing my sister in my chart, and for the small “stop”.",
        "Honest and kind review",
    ),
    ("Fri 15:50", "", trouble.power_cut, timedelta(minutes=35)),
    (
        "Fri 18:10",
        "Farah",
        doing.say,
        "staff",
        "The power was out here for half an hour. Friday wins came late, and once. Nothing else to do.",
    ),
    ("Fri 19:40", "Amara", doing.tell_win, "My pupils cut my title from nineteen words to eleven."),
    ("Fri 20:05", "Noura", doing.tell_win, "I read one chart aloud and my father saw it."),
    ("Fri 22:10", "Linh", doing.tell_win, "I showed something, and I would again."),
    ("Sat 11:15", "Dale", trouble.look_at_record),
    (
        "Sat 11:30",
        "Dale",
        doing.say,
        "general",
        "Linh, I was unkind twice, and it was not about your chart. I'm sorry. For what it's worth, the marks crowding at the red lights made me look longer than most charts at work.",
    ),
    (
        "Sun 10:30",
        "Linh",
        doing.answer,
        "general",
        "Dale",
        "Thank you for saying that. What would you do instead of red and green?",
    ),
    ("Sun 11:10", "Dale", doing.answer, "general", "Linh", "Light and dark. It survives a photocopier."),
)
