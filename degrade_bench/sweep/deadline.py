"""When a run is to stop by itself: what is finished is kept, and the same command goes on from it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from degrade_bench._support.durations import human_seconds
from degrade_bench.errors import DegradeBenchError


class TimeLimitError(DegradeBenchError):
    """The time limit of a run was reached before everything was scored; what is finished is kept."""


@dataclass(frozen=True)
class Deadline:
    """A moment by ``time.perf_counter``; infinity for none.

    Attributes:
        at: the moment.
        seconds: how long that was from the start.
    """

    at: float = math.inf
    seconds: float = math.inf

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """So many seconds from now; None for never."""
        return cls() if seconds is None else cls(time.perf_counter() + seconds, seconds)

    @property
    def left(self) -> float | None:
        """Seconds until then, at least 0; None where there is no deadline."""
        return None if math.isinf(self.at) else max(0.0, self.at - time.perf_counter())

    @property
    def has_passed(self) -> bool:
        """Whether it is over."""
        return time.perf_counter() >= self.at

    def error(self) -> TimeLimitError:
        """What is raised then."""
        return TimeLimitError(f"the time limit of {human_seconds(self.seconds)} is reached")


NO_DEADLINE = Deadline()
