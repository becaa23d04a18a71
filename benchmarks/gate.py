"""How far the rates that a gate states can be trusted: simulated metrics whose true error rates are known.

Qualities are normal; damage lowers them by a known number of standard deviations, so that the true error rates of
the gate that is given follow from its thresholds. Counted is how often they lie within the stated limits, and how
often what is called caught is not.

    python benchmarks/gate.py            # writes benchmarks/gate.md
"""

from __future__ import annotations

import argparse
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from degrade_bench.gates import GateOptions
from degrade_bench.gates.gate import gates_of
from degrade_bench.gates.result import FamilyGate
from degrade_bench.gates.samples import Detector, Samples

PAGE = Path(__file__).with_suffix(".md")


@dataclass(frozen=True)
class Case:
    """A kind of run.

    Attributes:
        tracks: recordings.
        clips: of each.
        metrics: that a gate may ask; one hears the damage.
        rate: both error rates that are to be kept to.
        shift: standard deviations by which gross damage lowers what hears it.
    """

    tracks: int
    clips: int
    metrics: int
    rate: float
    shift: float


CASES = (
    Case(14, 1, 1, 0.3, 4.5),
    Case(40, 1, 1, 0.1, 4.5),
    Case(40, 4, 3, 0.1, 4.5),
    Case(40, 4, 3, 0.1, 6.0),
    Case(100, 1, 1, 0.05, 4.5),
    Case(100, 1, 1, 0.05, 6.0),
    Case(100, 4, 3, 0.05, 6.0),
)


def simulated(case: Case, seed: int, share: float = 0.7) -> Samples:
    """The qualities of one run; clips of a recording have a share of their variance in common."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    track = np.repeat(np.arange(case.tracks), case.clips)

    def quality(columns: int) -> np.ndarray:
        of_track = rng.standard_normal((case.tracks, columns))[track]
        return math.sqrt(share) * of_track + math.sqrt(1 - share) * rng.standard_normal((len(track), columns))

    detectors = []
    for number in range(case.metrics):
        damaged = quality(2) - (np.array([1.0, case.shift]) if number == 0 else 0.0)
        detectors.append(Detector(f"m{number}", False, 1.0, quality(1)[:, 0], quality(3), damaged))
    cells = pd.DataFrame({"group": "signal", "family": "noise", "degradation": "noise", "level": [1, 2]})
    return Samples(tuple(detectors), track, case.tracks, cells)


def truth(found: FamilyGate, shift: float) -> tuple[float, float]:
    """Shares of clean clips that are rejected, and of gross damage that is accepted, by independent metrics."""
    accepted = missed = 1.0
    for threshold in found.thresholds:
        accepted *= 1 - normal(threshold.value)
        missed *= 1 - normal(threshold.value + (shift if threshold.metric == "m0" else 0.0))
    return 1 - accepted, missed


def normal(value: float) -> float:
    return 0.5 * math.erfc(-value / math.sqrt(2))


def row(case: Case, trials: int) -> str:
    """One line of the table."""
    inside, caught, wrong = np.zeros(3), 0, 0
    for seed in range(trials):
        found = gates_of(simulated(case, seed), GateOptions(case.rate, case.rate)).families[0]
        rejected, missed = truth(found, case.shift)
        rates = (found.false_reject, found.false_reject_controls, found.misses[-1])
        for at, (rate, true) in enumerate(zip(rates, (rejected, rejected, missed), strict=True)):
            inside[at] += rate.low <= true <= rate.high
        caught += found.state == "caught"
        wrong += found.state == "caught" and (rejected > case.rate or missed > case.rate)
    shares = " | ".join(f"{100 * count / trials:.1f} %" for count in inside)
    head = f"| {case.tracks} | {case.clips} | {case.metrics} | {100 * case.rate:g} % | {case.shift:g}"
    return f"{head} | {shares} | {100 * caught / trials:.0f} % | {100 * wrong / trials:.1f} % |"


def main() -> None:
    """Simulate, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=300)
    trials = parser.parse_args().trials
    head = "| recordings | clips of each | metrics | rates asked for | shift | clean within | controls within "
    lines = [
        "# Gates on simulated metrics",
        "",
        f"`python benchmarks/gate.py --trials {trials}` writes this page. Qualities are normal, and gross damage",
        "lowers what hears it by the shift, in standard deviations; of three metrics, two hear nothing.",
        "The true error rates of a gate follow from its thresholds. *Within* is how often they lie within both of",
        "the limits that are stated for held-out recordings (each of 95 %, so that 90 % are promised); *called",
        "caught wrongly* is how often that is said while a true rate is larger than was asked for, of all runs.",
        "",
        head + "| missed within | called caught | called caught wrongly |",
        "| ---" * 10 + " |",
        *(row(case, trials) for case in CASES),
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
