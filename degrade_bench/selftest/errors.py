"""How often each claim is wrong where it is hardest to be right, by kind of noise and number of recordings.

Every scenario is a run whose damages are all alike (:mod:`~degrade_bench.selftest.scenarios`), so that a wrong
verdict on any of them counts against the run. ``yes`` are the verdicts that say that a damage is heard, ``no``
those that say it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from degrade_bench.analysis import AnalysisOptions
from degrade_bench.analysis.bounds import mean_intervals
from degrade_bench.analysis.judge import judged
from degrade_bench.analysis.looks import ONCE, Looks
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.analysis.wide import MetricDrops
from degrade_bench.errors import ConfigError
from degrade_bench.selftest.scenarios import (
    CASES,
    CLIPS,
    DAMAGES,
    NO,
    NOISES,
    YES,
    Case,
    Scenario,
    Simulated,
)

RESAMPLES = 300
"""Of the bootstrap: only the margin's error and its correlation with the drops are taken from it."""
PER_CLAIM, PER_FAMILY = 0.05, 0.1
LONG, SHORT = (20, 40, 60), (14, 25, 36)
"""Recordings at three planned looks; the second plan begins with the fewest that any plan does."""
COVERED_CASE = "one margin at the top"
"""The case in which it is counted how often the intervals of the top drops hold the truth."""


def scenarios(
    noises: Sequence[str] = tuple(NOISES),
    cases: Sequence[str] = tuple(CASES),
    recordings: Sequence[int] = CLIPS,
    damages: int = DAMAGES,
    looks: tuple[int, ...] = (),
) -> list[Scenario]:
    """Every noise with every case and number of recordings.

    Args:
        noises: names of :data:`~degrade_bench.selftest.scenarios.NOISES`.
        cases: names of :data:`~degrade_bench.selftest.scenarios.CASES`.
        recordings: of a run.
        damages: of a run.
        looks: at how many recordings the scores are looked at; empty for once.
    """
    made = []
    for noise in noises:
        metric = Simulated(NOISES[noise])
        made += [Scenario(metric, CASES[case], count, damages, looks) for case in cases for count in recordings]
    return made


def looked_at_thrice() -> list[Scenario]:
    """Every noise at the margin, on either side, of a damage and of many, concluded from in planned looks."""
    cases, work = ("one margin at the top", "minus one margin"), []
    for looks, damages in ((LONG, 1), (SHORT, 1), (LONG, DAMAGES)):
        work += scenarios(tuple(NOISES), cases, looks[-1:], damages, looks)
    return work


def run_errors(
    work: Sequence[Scenario], runs: int, seed: int, workers: int = 1, progress: Callable[[int], None] | None = None
) -> pd.DataFrame:
    """One row for every scenario: how often its verdicts are wrong or right.

    Args:
        work: the scenarios.
        runs: of every scenario.
        seed: of all; the result does not depend on the number of workers.
        workers: processes.
        progress: told how many scenarios are done.

    Returns:
        ``noise``, ``case``, ``recordings``, ``damages``, ``looks``, ``runs``; the shares ``wrong_yes``,
        ``wrong_no`` of all verdicts, wrong at any look, and ``runs_yes``, ``runs_no``, ``runs_any`` of runs with
        any; ``right``, NaN where no verdict is;
        ``covered``, the share of 95 % intervals that hold the true drop, NaN where it was not counted.

    Raises:
        ConfigError: no runs or workers.
    """
    if runs < 1 or workers < 1 or seed < 0:
        raise ConfigError(f"errors are counted over at least 1 run with 1 worker, got {runs} and {workers}")
    rows = []
    one = partial(_of_scenario, runs=runs, seed=seed)
    with ExitStack() as stack:
        results: Iterator[dict[str, object]] = map(one, work)
        if workers > 1:
            pool = stack.enter_context(ProcessPoolExecutor(workers, mp_context=get_context("spawn")))
            stack.callback(pool.shutdown, cancel_futures=True)
            results = pool.map(one, work)
        for row in results:
            rows.append(row)
            if progress is not None:
                progress(len(rows))
    return pd.DataFrame.from_records(rows)


def _of_scenario(scenario: Scenario, runs: int, seed: int) -> dict[str, object]:
    """The row of one scenario."""
    case, options = scenario.case, AnalysisOptions(resamples=RESAMPLES, positive_control=False)
    resampler = Resampler(RESAMPLES, seed)
    wrong = np.zeros((runs, 2))
    right, covered, intervals = 0, 0, 0
    with threadpool_limits(limits=1):
        for run in range(runs):
            rng = np.random.Generator(np.random.Philox(key=[seed, run]))
            drops = scenario.drops(rng)
            looks = _verdicts(scenario, drops, options, resampler)
            for kind, claims in enumerate((YES, NO)):
                wrong[run, kind] = sum(
                    any(_errs(verdict, claims, case) for verdict in of_damage)
                    for of_damage in zip(*looks, strict=True)
                )
            right += sum(verdict is case.right for verdict in looks[-1])
            if case.name == COVERED_CASE:
                tops = drops.clustered(
                    drops.drops[:, (drops.cells["level"] == drops.cells["level"].max()).to_numpy()]
                )
                low, high = mean_intervals(tops, resampler, (options.confidence,), options)[0]
                covered += int(((low <= scenario.metric.margin) & (scenario.metric.margin <= high)).sum())
                intervals += len(low)
    total = runs * scenario.damages
    return {
        "noise": scenario.metric.noise.name,
        "case": case.name,
        "recordings": scenario.recordings,
        "damages": scenario.damages,
        "looks": max(1, len(scenario.looks)),
        "runs": runs,
        "wrong_yes": wrong[:, 0].sum() / total,
        "wrong_no": wrong[:, 1].sum() / total,
        "runs_yes": (wrong[:, 0] > 0).mean(),
        "runs_no": (wrong[:, 1] > 0).mean(),
        "runs_any": (wrong.sum(axis=1) > 0).mean(),
        "right": right / total if case.right is not None else float("nan"),
        "covered": covered / intervals if intervals else float("nan"),
    }


def _verdicts(
    scenario: Scenario, drops: MetricDrops, options: AnalysisOptions, resampler: Resampler
) -> list[list[Verdict]]:
    """The verdicts on every damage, look by look.

    Args:
        scenario: says when the scores are looked at.
        drops: of one run.
        options: thresholds.
        resampler: draws tracks.
    """
    counts = scenario.looks or (scenario.recordings,)
    kept = [drops.track < count for count in counts]
    clips = tuple(frozenset(drops.clips[of]) for of in kept)
    shares = tuple(count / counts[-1] for count in scenario.looks)
    found = []
    for number, of in enumerate(kept, 1):
        looks = Looks(shares, clips[:number]) if shares else ONCE
        judgement = judged(drops.of_clips(of), options, resampler, looks=looks)
        found.append([ruling.verdict for ruling in judgement.rulings.values()])
    return found


def _errs(verdict: Verdict, claims: Sequence[Verdict], case: Case) -> bool:
    return verdict in claims and verdict in case.wrong


def failing(errors: pd.DataFrame) -> pd.DataFrame:
    """The rows whose errors are larger than what is stated: 5 % for a claim, 10 % for a run's claims of a kind."""
    per_claim = errors[["wrong_yes", "wrong_no"]].max(axis=1) > PER_CLAIM
    per_family = errors[["runs_yes", "runs_no"]].max(axis=1) > PER_FAMILY
    return errors[per_claim | per_family]
