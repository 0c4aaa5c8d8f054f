"""The four weeks: what is planned for each, habits first, then what happens only once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.story import doing, opening, scheduled, together, trouble
from sandbox.story.cast import Character, everybody, works
from sandbox.story.plan import Plan

_SWEEPERS = ("Amara", "Ananya", "Ben", "Kenji", "Maya", "Aisha")
"""Who looks again on Saturdays whether something is left to review."""


def planned(plan: Plan, week: int) -> None:
    """Put everything of a week into the plan."""
    _arrivals(plan, week)
    _goals(plan, week)
    scheduled.planned(plan, week)
    for made in works():
        if made.week == week:
            plan.add(week, everybody()[made.author].writes, made.author, doing.hand_in, made)
    if week > 1:
        _reviews(plan, week)
    (_first, _second, _third, _fourth)[week - 1](plan)


# ---------------------------------------------------------------------------------------------- habits


def _arrivals(plan: Plan, week: int) -> None:
    for name, each in everybody().items():
        joins, day, clock = _week_of(each.joins or "0 Mon 00:00")
        if joins != week:
            continue
        plan.add(week, f"{day} {clock}", name, doing.arrive)
        if each.quest == "begins":
            plan.add(week, f"{day} {_later(clock, 6)}", name, doing.take_first_step)
            continue
        day = day if each.quest == "at once" else _next_day(day)
        plan.add(week, f"{day} {_later(clock, 6)}", name, doing.first_quest)
        plan.add(week, f"{day} {_later(clock, 12)}", name, doing.settle_in)
        if each.pairs:
            plan.add(week, f"{day} {_later(clock, 16)}", name, together.want_pairs)


def _goals(plan: Plan, week: int) -> None:
    """On Mondays after nine in Lisbon, when their own day allows it; who comes later that week says it on that day."""
    for number, (name, each) in enumerate(everybody().items()):
        if week > len(each.tea) or not each.tea[week - 1]:
            continue
        joins, day, clock = _week_of(each.joins or "Mon 00:00")
        if joins == week and (day, clock) > ("Mon", "09:00") and each.joins:
            plan.add(week, f"{day} {_later(clock, 25)}", name, doing.say_goal, week)
        else:
            plan.add(week, f"Mon {_monday(each, number)}", name, doing.say_goal, week)


def _reviews(plan: Plan, week: int) -> None:
    """In the week after a challenge whoever handed something in reviews what they were given."""
    for made in works():
        each = everybody()[made.author]
        if made.week == week - 1 and each.reviews:
            plan.add(week, each.reviews, each.name, doing.review_all)
            plan.add(week, "Thu 20:45", each.name, doing.read_reviews)
    for name in _SWEEPERS:
        if _week_of(everybody()[name].joins or "1 Mon 00:00")[0] < week:
            plan.add(week, "Sat 18:20", name, doing.review_all)


def _monday(each: Character, number: int) -> str:
    """A quarter of an hour on Monday evening, or in the morning where the evening comes before the post."""
    ahead = datetime(2026, 10, 5, tzinfo=each.zone).utcoffset() or timedelta(0)
    hour = 21 if ahead > timedelta(hours=10) else 19 if ahead > timedelta(hours=-1) else 8
    return f"{hour}:{5 + 7 * (number % 7):02}".zfill(5)


def _week_of(joins: str) -> tuple[int, str, str]:
    *number, day, clock = joins.split()
    return (int(number[0]) if number else 1, day, clock)


def _later(clock: str, minutes: int) -> str:
    hour, minute = map(int, clock.split(":"))
    return f"{hour + (minute + minutes) // 60:02}:{(minute + minutes) % 60:02}"


def _next_day(day: str) -> str:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return days[days.index(day) + 1]


# ---------------------------------------------------------------------------------------------- only once


def _first(plan: Plan) -> None:
    for clock, verb in (
        ("07:15", opening.make_room),
        ("07:20", opening.set_the_community_up),
        ("07:30", opening.say_what_for),
        ("07:36", opening.begin_the_rhythm),
        ("07:42", opening.choose_places),
        ("07:48", opening.fill_the_queue),
        ("09:40", opening.make_the_rota),
    ):
        plan.add(1, f"Mon {clock}", "Farah", verb)
    for name, clock in (
        ("Farah", "08:05"),
        ("Milo", "09:20"),
        ("Cleo", "09:45"),
        ("Olive", "20:30"),
        ("Ben", "07:10"),
    ):
        plan.add(1, f"Mon {clock}", name, doing.say_hello_early)
    for name, when in (("Ben", "Mon 12:30"), ("Cleo", "Mon 18:10")):
        plan.add(1, when, name, doing.settle_in)
        plan.add(1, when, name, together.want_pairs)
    say, answer, cheer = doing.say, doing.answer, doing.cheer
    plan.add(1, "Tue 10:10", "Cleo", answer, "introductions", "Ananya", "Forty years of rain by hand! May I see a page one day?")
    plan.add(1, "Tue 20:10", "Thiago", doing.take_part, "core", True)
    plan.add(1, "Tue 21:00", "Mateus", together.promise, "hand in the passes of our Sunday team", "sunday")
    plan.add(1, "Wed 08:10", "Maya", together.cheer_on, "hand in the passes")
    plan.add(1, "Wed 07:30", "Maya", doing.take_part, "stretch", False)
    plan.add(1, "Wed 17:10", "Farah", doing.say_in_help_hour, "I'm here until six. Ask anything, also the thing that you think everybody else knows.")
    plan.add(1, "Wed 18:20", "Lena", doing.say_in_help_hour, "I count birds, but a sparrow comes back eleven times. Is that eleven birds?")
    plan.add(1, "Wed 22:05", "Ananya", doing.say_in_help_hour, "It is eleven visits. Say in the title that you count visits, and it is exactly right.")
    plan.add(1, "Thu 09:30", "Cleo", together.volunteer)
    plan.add(1, "Thu 08:40", "Maya", together.volunteer)
    plan.add(1, "Thu 20:40", "Seun", together.volunteer)
    plan.add(1, "Thu 21:00", "Ben", together.volunteer)
    plan.add(1, "Wed 18:45", "Lena", together.thank_for_help, "Ananya", "for “count visits, not birds”. One sentence, and my table is honest.", "Helped me get unstuck")
    plan.add(1, "Fri 09:20", "Thiago", together.show, "general", "First picture of my waits: seven rows of dots, one for each day. It took me two years and one evening.", "Two years of waiting, one picture")
    plan.add(1, "Fri 15:20", "Amara", cheer, "general", "Thiago")
    plan.add(1, "Fri 20:35", "Ananya", cheer, "general", "Thiago", "❤")
    plan.add(1, "Fri 18:30", "Amara", doing.tell_win, "My class argued about cans for ten minutes and nobody wanted to stop.")
    plan.add(1, "Fri 19:05", "Cleo", doing.tell_win, "I drew seven benches from above.")
    plan.add(1, "Fri 21:50", "Ananya", doing.tell_win, "I kept the word “trace”.")
    plan.add(1, "Sat 11:30", "Ananya", together.say_that_we_met)
    plan.add(1, "Sat 10:05", "Seun", together.small_task, "I wrote down one question about the flood streets: which ones first?")
    plan.add(1, "Sun 20:50", "Mateus", together.keep_promise, "Done")


def _second(plan: Plan) -> None:
    say, answer = doing.say, doing.answer
    plan.add(2, "Mon 10:30", "Farah", opening.switch_badges_on)
    plan.add(2, "Tue 09:30", "Yuki", together.pause, "2026-10-30")
    plan.add(2, "Wed 13:10", "Linh", say, "general", "I drew my first chart outside school. It is about my sister. Is red and green a bad idea?")
    plan.add(2, "Wed 08:05", "Dale", answer, "general", "Linh", "Did you even try? A child would not draw this. People like you are why nobody trusts charts.")
    plan.add(2, "Wed 15:10", "Cleo", answer, "general", "Linh", "It made me smile, and I understood it at once. Red and green are hard for some eyes; a small “stop” would do.")
    plan.add(2, "Wed 14:30", "Amara", trouble.report, "Dale", "general", "Linh asked a friendly question, and this is about her and not about the chart.")
    plan.add(2, "Wed 15:40", "Cleo", trouble.report, "Dale", "general", "Please have a look at this.")
    plan.add(2, "Wed 16:05", "Milo", trouble.take_report)
    plan.add(2, "Wed 16:15", "Milo", trouble.warn, "Dale", "Your answer to Linh was about her and not about her chart. Say what you would change in the chart.")
    plan.add(2, "Thu 07:50", "Dale", say, "general", "Apparently one may only clap here. Linh, your drawing is still childish, and now I get a warning for your feelings.")
    plan.add(2, "Thu 14:10", "Milo", trouble.time_out, "Dale", "A second time, at the same person, after a warning. Come back tomorrow and talk about charts.", "1d")
    plan.add(2, "Thu 19:40", "Linh", together.thank_for_message, "general", "Cleo", "for seeing my sister in my chart, and for the small “stop”.", "Honest and kind review")
    plan.happen(2, "Fri 15:50", trouble.power_cut, timedelta(minutes=35))
    plan.add(2, "Fri 18:10", "Farah", say, "staff", "The power was out here for half an hour. Friday wins came late, and once. Nothing else to do.")
    plan.add(2, "Fri 19:40", "Amara", doing.tell_win, "My pupils cut my title from nineteen words to eleven.")
    plan.add(2, "Fri 20:05", "Noura", doing.tell_win, "I read one chart aloud and my father saw it.")
    plan.add(2, "Fri 22:10", "Linh", doing.tell_win, "I showed something, and I would again.")
    plan.add(2, "Sat 11:15", "Dale", trouble.look_at_record)
    plan.add(2, "Sat 11:30", "Dale", say, "general", "Linh, I was unkind twice, and it was not about your chart. I'm sorry. For what it's worth, the marks crowding at the red lights made me look longer than most charts at work.")
    plan.add(2, "Sun 10:30", "Linh", answer, "general", "Dale", "Thank you for saying that. What would you do instead of red and green?")
    plan.add(2, "Sun 11:10", "Dale", answer, "general", "Linh", "Light and dark. It survives a photocopier.")


def _third(plan: Plan) -> None:
    say, answer = doing.say, doing.answer
    plan.happen(3, "Wed 09:10", trouble.raid)
    plan.add(3, "Wed 10:14", "Milo", trouble.look_at_raid)
    plan.add(3, "Wed 10:18", "Milo", trouble.propose_bans)
    plan.add(3, "Wed 21:21", "Olive", trouble.agree)
    plan.add(3, "Wed 10:40", "Milo", trouble.all_clear)
    plan.add(3, "Wed 09:50", "Farah", say, "general", "Some of you saw the door being shut for half an hour: a crowd of made-up accounts wanted in. They are gone, nobody of us was touched, and all is as before.")
    plan.add(3, "Wed 11:00", "Rui", say, "general", "I start a new job on Monday and will not have the evenings any more. Thank you for the eyes on my tram. Look after the axis labels!")
    plan.add(3, "Wed 12:10", "Farah", answer, "general", "Rui", "All the best, Rui. The door stays open.")
    plan.add(3, "Thu 09:00", "Rui", together.leave)
    plan.add(3, "Fri 10:00", "Jonas", together.show, "general", "Our yearly report, page 4, in two colours. My boss asked who had stolen the other nine.", "A page with two colours")
    plan.add(3, "Fri 18:30", "Amara", doing.tell_win, "“The mean describes nobody” is on the wall of my classroom now.")
    plan.add(3, "Fri 20:10", "Jonas", doing.tell_win, "Two colours, and nobody complained.")
    plan.add(3, "Fri 21:00", "Inês", doing.tell_win, "I am going to show something this week.")
    plan.add(3, "Sun 20:30", "Yuki", together.come_back)
    plan.add(3, "Sun 16:00", "Linh", answer, "general", "Jonas", "Two colours are enough. Light and dark, Dale would say!")


def _fourth(plan: Plan) -> None:
    say, answer = doing.say, doing.answer
    plan.add(4, "Tue 19:50", "Yuki", say, "general", "I'm back. The shop was closed for a week and so was I. What did I miss?")
    plan.add(4, "Tue 12:40", "Cleo", answer, "general", "Yuki", "Welcome back! A raid, a wedding of two means, and Inês showed a drawing. Look at #gallery.")
    plan.add(4, "Fri 19:15", "Inês", together.thank, "Hana", "for asking which book it was on the longest evening.", "Honest and kind review")
    plan.add(4, "Fri 18:30", "Amara", doing.tell_win, "A pupil asked “compared with what?” before I did.")
    plan.add(4, "Fri 20:40", "Tomasz", doing.tell_win, "A worry became a question.")
    plan.add(4, "Sat 10:20", "Cleo", together.thank_for_message, "general", "Yuki", "for coming back with one page and no excuses.", "Did the quiet work")
    for name, when in (("Amara", "5 Mon 20:20"), ("Ben", "5 Mon 14:30"), ("Aisha", "5 Mon 22:25")):
        plan.add(4, when, name, doing.review_all)
    plan.add(4, "5 Mon 20:30", "Cleo", say, "general", "Four weeks! I came to draw maps and learned when not to.")
