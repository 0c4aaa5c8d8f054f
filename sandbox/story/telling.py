"""Shows how the story goes on while it is played, and the figures at its end: in colour on a terminal, plain elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from sandbox.story.figures import Figures, table
from sandbox.story.play import Moment

_LINE = 110


async def follow(moments: AsyncIterator[Moment], console: Console) -> None:
    """Play on until the end of the story, a line for each day, and on a terminal what happens at this moment below it."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=40),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    task = bar.add_task("Four weeks", total=1.0)
    day: list[Moment] = []
    with (
        Live(bar, console=console, refresh_per_second=4, transient=True) if console.is_terminal else _Still()
    ):
        async for moment in moments:
            if day and moment.day != day[0].day:
                _print_day(console, day)
                day = []
            day.append(moment)
            bar.update(task, completed=moment.share, description=f"{moment.at:%a %d %b %H:%M} UTC")
        if day:
            _print_day(console, day)


class _Still:
    """No live display."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def _print_day(console: Console, day: list[Moment]) -> None:
    """The day, its most notable moment, and how much else there was."""
    chosen = max(day, key=lambda each: each.weight)
    told = chosen.told if len(chosen.told) <= _LINE else f"{chosen.told[: _LINE - 1]}…"
    rest = f" [dim](+{len(day) - 1} more)[/dim]" if len(day) > 1 else ""
    line = Table.grid(
        padding=(0, 2)
    )  # what does not fit goes on below its own column, however narrow the window
    line.add_column(no_wrap=True)
    line.add_column(overflow="fold")
    line.add_row(f"[bold]{_date(day[0].day)}[/bold]", f"{escape(told)}{rest}")
    console.print(line, highlight=False)


def _date(day: date) -> str:
    return f"{day:%a} {day.day:2} {day:%b}"


def print_figures(figures: Figures, console: Console) -> None:
    """The table at the end."""
    grid = Table(title="Four weeks, by what Discord received", title_justify="left", show_header=False)
    grid.add_column()
    grid.add_column()
    for name, value in table(figures):
        grid.add_row(name, escape(value))
    console.print(grid)
