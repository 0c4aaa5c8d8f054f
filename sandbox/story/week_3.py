"""The third week: a raid, a farewell, and a clock that is put back."""

from __future__ import annotations

from sandbox.story import doing, together, trouble
from sandbox.story.plan import Entry

SCENES: tuple[Entry, ...] = (
    ("Wed 09:10", "", trouble.raid),
    ("Wed 10:14", "Milo", trouble.look_at_raid),
    ("Wed 10:18", "Milo", trouble.propose_bans),
    ("Wed 21:21", "Olive", trouble.agree),
    ("Wed 10:40", "Milo", trouble.all_clear),
    (
        "Wed 09:50",
        "Farah",
        doing.say,
        "general",
        "Some of you saw the door being shut for half an hour: a crowd of made-up accounts wanted in. They are gone, nobody of us was touched, and all is as before.",
    ),
    (
        "Wed 11:00",
        "Rui",
        doing.say,
        "general",
        "I start a new job on Monday and will not have the evenings any more. Thank you for the eyes on my tram. Look after the axis labels!",
    ),
    ("Wed 12:10", "Farah", doing.answer, "general", "Rui", "All the best, Rui. The door stays open."),
    ("Thu 09:00", "Rui", together.leave),
    (
        "Wed 19:20",
        "Tomasz",
        doing.say_in_help_hour,
        "My sensor gives three numbers and I don't know which one to believe.",
    ),
    (
        "Wed 20:40",
        "Aisha",
        doing.say_in_help_hour,
        "The one whose unit you can explain to your daughter. And write the other two down as well.",
    ),
    (
        "Fri 10:00",
        "Jonas",
        together.show,
        "general",
        "Our yearly report, page 4, in two colours. My boss asked who had stolen the other nine.",
        "A page with two colours",
    ),
    ("Fri 18:30", "Amara", doing.tell_win, "“The mean describes nobody” is on the wall of my classroom now."),
    ("Fri 20:10", "Jonas", doing.tell_win, "Two colours, and nobody complained."),
    ("Fri 21:00", "Inês", doing.tell_win, "I am going to show something this week."),
    ("Sun 20:30", "Yuki", together.come_back),
    (
        "Sun 16:00",
        "Linh",
        doing.answer,
        "general",
        "Jonas",
        "Two colours are enough. Light and dark, Dale would say!",
    ),
)
