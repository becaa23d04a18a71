"""Simulated runs: each is analysed as any run is, and what the analysis said is set beside what is so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from degrade_bench.analysis import Analysis, AnalysisOptions, analyse
from degrade_bench.analysis.curves import area_weights, slope_weights
from degrade_bench.analysis.power import Design, from_reliability
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.degrade.ladder import LEVEL_COUNT, LEVELS
from degrade_bench.errors import ConfigError
from degrade_bench.metric.simulated.truths import CLEAN_SD, TRUTHS, Truth
from degrade_bench.selftest.table import DAMAGES, score_table, suite_cells, true_drops

WAIVED = "simulated-noise (no positive control asked for)"
AT_MARGIN = "simulated-at-the-margin"
AT_POWER = "simulated-at-the-promise"
TESTS = len(DAMAGES)
"""Claims of a kind that are corrected together: one for every damage of the simulated suite."""
CEILING_DRAWS = 400_000


@dataclass(frozen=True)
class Case:
    """One simulated metric and what ought to be said of it.

    Attributes:
        truth: the metric.
        expected: the right verdict by kind of damage: ``signal``, ``order`` and ``structural`` (the rest of it).
        asked: whether a positive control is asked for.
    """

    truth: Truth
    expected: Mapping[str, Verdict]
    asked: bool = True

    @property
    def name(self) -> str:
        """What the case is called: the metric's name, with what is special about the analysis."""
        return self.truth.name if self.asked else WAIVED


def kind_of(degradation: str) -> str:
    """``signal``, ``order`` or ``structural``."""
    group, family = next((group, family) for name, group, family in DAMAGES if name == degradation)
    return family if family == "order" else group


def promised_drop(clips: int, power: float) -> float:
    """The drop at level 5 that so many clips detect with this chance, by the metric's reliability alone."""
    truth = Truth("", "")
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        chance = design(truth, middle).detects(middle, clips)
        low, high = (low, middle) if chance >= power else (middle, high)
    return high


def design(truth: Truth, drop: float) -> Design:
    """What :mod:`~degrade_bench.analysis.power` is told of a simulated metric that loses so much at level 5."""
    return from_reliability(truth.reliability, CLEAN_SD, tests=TESTS, uneven=truth.uneven * abs(drop))


def population_margin(truth: Truth) -> float:
    """The margin that infinitely many clips would give."""
    return from_reliability(truth.reliability, CLEAN_SD).margin


def cases(clips: int, power: float = 0.9) -> list[Case]:
    """Every case of the self-test.

    Beside the simulated metrics of the registry: pure noise without the demand for a positive control, since a
    metric that hears nothing has none; a metric that loses exactly one margin; and one deaf to structure that loses
    under signal damage just what so many clips are promised to detect.

    Args:
        clips: of a run.
        power: that is promised.
    """

    def all_of(
        signal: Verdict, order: Verdict | None = None, structural: Verdict | None = None
    ) -> dict[str, Verdict]:
        return {"signal": signal, "order": order or signal, "structural": structural or order or signal}

    expected = {
        "simulated-proportional": all_of(Verdict.SENSITIVE),
        "simulated-deaf-to-structure": all_of(Verdict.SENSITIVE, Verdict.BLIND),
        "simulated-deaf-to-signal": all_of(Verdict.BLIND, Verdict.SENSITIVE),
        "simulated-noise": all_of(Verdict.INCONCLUSIVE),
        "simulated-inverted": all_of(Verdict.INVERTED),
        "simulated-joins": all_of(Verdict.BLIND, Verdict.ARTEFACT, Verdict.BLIND),
        "simulated-ceiling": all_of(Verdict.SENSITIVE),
        "simulated-loudness": all_of(Verdict.BLIND),
    }
    made = [Case(truth, expected[name]) for name, truth in TRUTHS.items()]
    noise, plain = TRUTHS["simulated-noise"], Truth("", "")
    made.insert(4, Case(noise, all_of(Verdict.BLIND), asked=False))
    margin = population_margin(plain)
    at_margin = replace(
        plain, name=AT_MARGIN, summary="loses one margin under structural damage", signal=2.4, structural=margin
    )
    at_power = replace(plain, name=AT_POWER, summary="loses what is promised", signal=promised_drop(clips, power))
    made.append(Case(at_margin, all_of(Verdict.SENSITIVE, Verdict.INCONCLUSIVE)))
    made.append(Case(at_power, all_of(Verdict.SENSITIVE, Verdict.BLIND)))
    return made


@dataclass(frozen=True, eq=False)
class Trials:
    """What came of many simulated runs.

    Attributes:
        verdicts: one row per run, case and degradation: ``kind``, ``verdict``.
        coverage: one row per case and interval: ``intervals``, and how many ``covered`` the truth.
        clips, runs, seed: of the simulation.
    """

    verdicts: pd.DataFrame
    coverage: pd.DataFrame
    clips: int
    runs: int
    seed: int


def run_trials(
    runs: int,
    clips: int,
    seed: int,
    workers: int = 1,
    options: AnalysisOptions | None = None,
    progress: Callable[[int], None] | None = None,
) -> Trials:
    """Simulate and analyse.

    Args:
        runs: how many.
        clips: of a run.
        seed: of all; the result does not depend on the number of workers.
        workers: processes.
        options: the analysis's thresholds.
        progress: told how many runs are done.

    Raises:
        ConfigError: no runs, or too few clips.
    """
    if runs < 1 or clips < 2 or seed < 0 or workers < 1:
        raise ConfigError(
            f"a self-test needs at least 1 run of 2 clips and 1 worker, got {runs} of {clips}, {workers}"
        )
    options = options or AnalysisOptions()
    every = cases(clips, options.power)
    work = partial(one_run, every=every, truths=_true_values(every, seed), clips=clips, seed=seed, options=options)
    outcomes = []
    with ExitStack() as stack:
        results: Iterator[tuple[pd.DataFrame, pd.DataFrame]] = map(work, range(runs))
        if workers > 1:
            pool = stack.enter_context(ProcessPoolExecutor(workers, mp_context=get_context("spawn")))
            stack.callback(pool.shutdown, cancel_futures=True)
            results = pool.map(work, range(runs))
        for outcome in results:
            outcomes.append(outcome)
            if progress is not None:
                progress(len(outcomes))
    coverage = pd.concat([counts for _, counts in outcomes])
    coverage = coverage.groupby(["case", "interval"], sort=False, as_index=False).sum()
    return Trials(pd.concat([verdicts for verdicts, _ in outcomes], ignore_index=True), coverage, clips, runs, seed)


def one_run(
    index: int,
    every: Sequence[Case],
    truths: Mapping[str, pd.DataFrame],
    clips: int,
    seed: int,
    options: AnalysisOptions,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One simulated run of every case: its verdicts, and how many of its intervals cover the truth.

    Args:
        index: the run's number, which its chance depends on.
        every: the cases.
        truths: by case, the true drop and net drop in every tested cell.
        clips: of the run.
        seed: of all runs.
        options: the analysis's thresholds.
    """
    rng = np.random.Generator(np.random.Philox(key=[seed, index]))
    cells = suite_cells()
    verdicts, counts = [], []
    with threadpool_limits(limits=1):
        for asked in (True, False):
            together = [case for case in every if case.asked == asked]
            if not together:
                continue
            scores = score_table(cells, [case.truth for case in together], clips, rng)
            analysis = analyse(scores, replace(options, positive_control=asked, seed=options.seed + index))
            names = {case.truth.name: case.name for case in together}
            frame = analysis.verdicts[["metric", "degradation", "verdict"]]
            kinds = [kind_of(name) for name in frame["degradation"]]
            verdicts.append(
                frame.assign(case=frame["metric"].map(names), kind=kinds, run=index).drop(columns="metric")
            )
            for case in together:
                counts += _coverage(case, truths[case.name], analysis)
    return pd.concat(verdicts, ignore_index=True), pd.DataFrame.from_records(counts)


def _true_values(every: Sequence[Case], seed: int) -> dict[str, pd.DataFrame]:
    """By case, the population's mean drop and net drop in every tested cell."""
    cells = suite_cells()
    frame = cells.frame
    by_case = {}
    for number, case in enumerate(every):
        rng = np.random.Generator(np.random.Philox(key=[seed, 2**32 + number]))
        drops = pd.Series(true_drops(cells, case.truth, CEILING_DRAWS, rng), index=frame.index)
        tested = frame[frame["role"] == "test"][["degradation", "level"]]
        placebo = frame[frame["role"] == "placebo"].assign(drop=drops)
        exact = placebo.set_index(["placebo_of", "level"])["drop"]
        shared = placebo[placebo["level"] == 1].set_index("placebo_of")["drop"]
        beside = [
            exact.get((name, level), shared[name])
            for name, level in zip(tested["degradation"], tested["level"], strict=True)
        ]
        tested = tested.assign(drop=drops[tested.index])
        by_case[case.name] = tested.assign(net=tested["drop"] - np.array(beside)).reset_index(drop=True)
    return by_case


def _coverage(case: Case, truth: pd.DataFrame, analysis: Analysis) -> list[dict[str, Any]]:
    """How many of each kind of interval cover the truth."""
    levels = analysis.levels[analysis.levels["metric"] == case.truth.name]
    verdicts = analysis.verdicts[analysis.verdicts["metric"] == case.truth.name]
    x = np.concatenate([[0.0], np.array(LEVELS) / LEVEL_COUNT])
    curves = truth["drop"].to_numpy().reshape(-1, len(LEVELS))
    intervals = {
        "drop": (truth["drop"].to_numpy(), levels),
        "net": (truth["net"].to_numpy(), levels),
        "slope": (curves @ slope_weights(x), verdicts),
        "area": (curves @ area_weights(x), verdicts),
    }
    rows = []
    for name, (true, frame) in intervals.items():
        low, high = frame[f"{name}_low"].to_numpy(), frame[f"{name}_high"].to_numpy()
        covered = (low <= true) & (true <= high)
        rows.append({"case": case.name, "interval": name, "intervals": len(true), "covered": int(covered.sum())})
    return rows
