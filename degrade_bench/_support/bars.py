"""A live bar on a terminal: what is done, how much of it, how fast, and how long it will still take."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from degrade_bench._support.numbers import fixed
from degrade_bench._support.terminal import PlainConsole


class RateColumn(ProgressColumn):
    """How many are done in a second, or how many seconds one takes."""

    def render(self, task: Task) -> Text:
        """The rate of the last seconds; nothing before there is one."""
        rate = task.finished_speed or task.speed
        if not rate:
            return Text("")
        return Text(f"{fixed(rate, 1)}/s" if rate >= 1 else f"{fixed(1 / rate, 1)} s each")


class Bars:
    """One bar at a time, on standard error; nothing where that is no terminal.

    Args:
        console: where it is shown; by default standard error.
    """

    def __init__(self, console: Console | None = None) -> None:
        # rich would write into a notebook's page what belongs to standard error
        self.console = console or PlainConsole(stderr=True, highlight=False, soft_wrap=True, force_jupyter=False)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            RateColumn(),
            TimeRemainingColumn(),
        )
        self._bars = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self._what: str | None = None

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._bars.disable:  # older versions of rich end with an empty line all the same
            self._bars.stop()

    def begin(self, what: str, total: int) -> None:
        """Show a bar in place of the one before.

        Args:
            what: is done, such as ``cells``.
            total: how many there are.
        """
        for task in self._bars.task_ids:
            self._bars.remove_task(task)
        self._bars.add_task(what, total=total)
        self._what = what
        self._bars.start()

    def advance(self, count: int) -> None:
        """So many more are done."""
        for task in self._bars.task_ids:
            self._bars.advance(task, count)

    def step(self, what: str, done: int, of: int) -> None:
        """So many are done of something that need not have been begun.

        Args:
            what: is done, such as ``figures``.
            done: how many.
            of: how many there are.
        """
        if what != self._what or done == 0:
            self.begin(what, of)
        for task in self._bars.task_ids:
            self._bars.update(task, completed=done)
