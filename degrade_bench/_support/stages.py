"""Where the time goes: seconds of named stages, wherever in the code they begin and end.

Code says :func:`stage` around what it does; whoever wants to know asks within :func:`timed`. Where nobody asks, a
stage costs a microsecond.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class Spent:
    """Seconds by stage.

    Attributes:
        here: of this thread.
        elsewhere: of others that reported theirs: see :func:`spent_elsewhere`.
        available: the seconds that these others had, worked or not: see :func:`had_elsewhere`.
    """

    here: dict[str, float] = field(default_factory=dict)
    elsewhere: dict[str, float] = field(default_factory=dict)
    available: float = 0.0
    _inner: list[float] = field(default_factory=list)


_spent: ContextVar[Spent | None] = ContextVar("spent", default=None)


@contextmanager
def timed() -> Iterator[Spent]:
    """Seconds of the stages that end within, by name; filled as they end.

    Of stages within stages, the outer one's seconds are without the inner one's: the sum is the time that passed in
    any of them. Stages of other threads are not seen, nor those within a ``timed()`` that is inside this one.

    >>> with timed() as spent:
    ...     with stage("damage"):
    ...         pass
    >>> list(spent.here)
    ['damage']
    """
    spent = Spent()
    before = _spent.set(spent)
    try:
        yield spent
    finally:
        _spent.reset(before)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """What is done within is part of a stage; one that is ended by an error has taken its time, too."""
    spent = _spent.get()
    if spent is None:
        yield
        return
    started = time.perf_counter()
    spent._inner.append(0.0)
    try:
        yield
    finally:
        seconds = time.perf_counter() - started
        spent.here[name] = spent.here.get(name, 0.0) + seconds - spent._inner.pop()
        if spent._inner:
            spent._inner[-1] += seconds


def spent_elsewhere(stages: Mapping[str, float]) -> None:
    """Enter what another process or another thread reports."""
    spent = _spent.get()
    if spent is not None:
        spent.elsewhere = summed(spent.elsewhere, stages)


def had_elsewhere(seconds: float) -> None:
    """Enter the seconds that other processes had, such as their number times the time that passed."""
    spent = _spent.get()
    if spent is not None:
        spent.available += seconds


def summed(some: Mapping[str, float], others: Mapping[str, float]) -> dict[str, float]:
    """Seconds by stage of two together.

    >>> summed({"plan": 1.0}, {"plan": 2.0, "damage": 3.0})
    {'plan': 3.0, 'damage': 3.0}
    """
    return {name: some.get(name, 0.0) + others.get(name, 0.0) for name in {**some, **others}}
