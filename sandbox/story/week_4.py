"""The fourth week: somebody is back, and a look at the month."""

from __future__ import annotations

from sandbox.story import doing, together
from sandbox.story.plan import Entry

SCENES: tuple[Entry, ...] = (
    (
        "Tue 19:50",
        "Yuki",
        doing.say,
        "general",
        "I'm back. The shop was closed for a week and so was I. What did I miss?",
    ),
    (
        "Tue 12:40",
        "Cleo",
        doing.answer,
        "general",
        "Yuki",
        "Welcome back! A raid, a wedding of two means, and Inês showed a drawing. Look at #gallery.",
    ),
    (
        "Thu 19:10",
        "Cleo",
        doing.say_below,
        "weekly",
        "Looking back on this month",
        "Keep: two reviews for everybody. Try: a small map next to each chart, of course.",
    ),
    (
        "Thu 18:30",
        "Thiago",
        doing.say_below,
        "weekly",
        "Looking back on this month",
        "Keep the Sunday evening. Try: a week without a challenge, to repeat an old one better.",
    ),
    (
        "Thu 20:40",
        "Noura",
        doing.say_below,
        "weekly",
        "Looking back on this month",
        "Try: one sentence below each chart that can be read aloud.",
    ),
    (
        "Fri 19:15",
        "Inês",
        together.thank,
        "Hana",
        "for asking which book it was on the longest evening.",
        "Honest and kind review",
    ),
    ("Fri 18:30", "Amara", doing.tell_win, "A pupil asked “compared with what?” before I did."),
    ("Fri 20:40", "Tomasz", doing.tell_win, "A worry became a question."),
    (
        "Sat 10:20",
        "Cleo",
        together.thank_for_message,
        "general",
        "Yuki",
        "for coming back with one page and no excuses.",
        "Did the quiet work",
    ),
    ("5 Mon 20:20", "Amara", doing.review_all),
    ("5 Mon 22:25", "Aisha", doing.review_all),
    ("5 Mon 08:40", "Ben", doing.say_below, "weekly", "A new week!", "Repair the columns of my tide table."),
    (
        "5 Mon 17:10",
        "Amara",
        doing.say_below,
        "weekly",
        "A new week!",
        "Ask my pupils to break my table, then mend it.",
    ),
    (
        "5 Mon 20:10",
        "Ananya",
        doing.say_below,
        "weekly",
        "A new week!",
        "One list of every “trace” in forty years.",
    ),
    (
        "5 Mon 18:20",
        "Lena",
        doing.say_below,
        "weekly",
        "A new week!",
        "Get the coffee stain out of column two.",
    ),
    ("5 Mon 18:45", "Yuki", doing.say_below, "weekly", "A new week!", "Read my grandmother's sevens."),
    ("5 Mon 18:30", "Lena", doing.ask, "Clean a messy table", "Is an empty cell the same as no birds?"),
    (
        "5 Mon 18:50",
        "Cleo",
        doing.ask,
        "Clean a messy table",
        "No! Empty means nobody looked. Write 0 when you looked and saw none.",
    ),
    ("5 Mon 20:30", "Cleo", doing.say, "general", "Four weeks! I came to draw maps and learned when not to."),
)
