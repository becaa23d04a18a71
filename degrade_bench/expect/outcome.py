"""What came of an expectation: a pass, a failure, or recordings that do not suffice, with the figures behind it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from degrade_bench.expect.expectation import Expectation

State = Literal["pass", "fail", "inconclusive"]


@dataclass(frozen=True)
class Outcome:
    """What came of one expectation of one metric.

    Attributes:
        metric: its name.
        expectation: what was expected.
        state: ``pass`` where it was shown, ``fail`` where its contrary was, else ``inconclusive``.
        reason: why, in a clause.
        measured: what was measured, in a clause.
        power: what so many recordings could have shown, or how many would, in a clause.
        alpha: level of each one-sided test: the chance that a pass is wrong.
        recordings: that the figures rest on.
        recordings_needed: that would show it, if what was measured (of ``blind``: nothing) were true; None where no
            number would, or none is known.
        level: which level decided; None where all did.
        dz, dz_low, dz_high: the net d_z there, with its two one-sided limits.
        net, net_low, net_high: the mean drop beyond the placebo's, with its interval at a confidence of 1 − 2 α.
        verdict: the analysis's.
    """

    metric: str
    expectation: Expectation
    state: State
    reason: str
    measured: str
    power: str
    alpha: float
    recordings: int
    recordings_needed: int | None = None
    level: int | None = None
    dz: float = math.nan
    dz_low: float = math.nan
    dz_high: float = math.nan
    net: float = math.nan
    net_low: float = math.nan
    net_high: float = math.nan
    verdict: str = ""

    @property
    def passed(self) -> bool:
        """Whether it was shown."""
        return self.state == "pass"

    @property
    def text(self) -> str:
        """All of it in one paragraph."""
        found = {"pass": "shown", "fail": "not so", "inconclusive": "inconclusive"}[self.state]
        return (
            f"{self.metric}: {self.expectation.words}: {found}: {self.reason}. Measured: {self.measured} "
            f"({self.recordings} recordings, alpha {self.alpha:g}). Power: {self.power}."
        )

    def row(self) -> dict[str, Any]:
        """All of it as plain values; what is not finite is None."""
        values = asdict(self) | {"expected": self.expectation.words, "expectation": asdict(self.expectation)}
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in values.items()
        }
