"""What came of an expectation: a pass, a failure, or recordings that do not suffice, with the figures behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from degrade_bench._support.numbers import number
from degrade_bench.expect.expectation import Expectation

State = Literal["pass", "fail", "inconclusive", "open"]

WORDS = {"pass": "shown", "fail": "not so", "inconclusive": "inconclusive", "open": "open"}


@dataclass(frozen=True)
class Finding:
    """What came of something that was asked of a metric, in words.

    Attributes:
        metric: its name.
        expected: what was expected.
        state: ``pass`` where it was shown, ``fail`` where its contrary was; else ``inconclusive``, which fails, or
            ``open``, which does not.
        reason: why, in a clause.
        measured: what was measured, in a clause.
        power: what so many recordings could have shown, or how many would, in a clause.
        alpha: level of each one-sided test: the chance that a pass is wrong.
        recordings: that the figures rest on.
    """

    metric: str
    expected: str
    state: State
    reason: str
    measured: str
    power: str
    alpha: float
    recordings: int

    @property
    def passed(self) -> bool:
        """Whether it was shown."""
        return self.state == "pass"

    @property
    def failed(self) -> bool:
        """Whether it counts as a failure: what was not shown does, where it was to be shown."""
        return self.state in ("fail", "inconclusive")

    @property
    def text(self) -> str:
        """All of it in one paragraph."""
        return (
            f"{self.metric}: {self.expected}: {WORDS[self.state]}: {self.reason}. Measured: {self.measured} "
            f"({self.recordings} recordings, alpha {number(self.alpha)}). Power: {self.power}."
        )


@dataclass(frozen=True)
class Outcome(Finding):
    """What came of one expectation of one metric.

    Attributes:
        expectation: what was expected.
        recordings_needed: that would show it, if what was measured (of ``blind``: nothing) were true; None where no
            number would, or none is known.
        level: which level is spoken of; None where none was scored.
        dz, dz_low, dz_high: the net d_z there, with its two one-sided limits.
        net, net_low, net_high: the mean drop beyond the placebo's, with its interval at a confidence of 1 − 2 α.
        verdict: the analysis's, of that damage alone.
    """

    expectation: Expectation
    recordings_needed: int | None = None
    level: int | None = None
    dz: float = math.nan
    dz_low: float = math.nan
    dz_high: float = math.nan
    net: float = math.nan
    net_low: float = math.nan
    net_high: float = math.nan
    verdict: str = ""
