"""Whether variances borrowed across damages would give honest verdicts, and more of them; prints tables.

    degrade-bench run --suite signal,structural --levels 5 --out DIR
    python benchmarks/moderated_variances.py [--runs 40] [--scores DIR]

A verdict rests on a t test with as many degrees of freedom as there are recordings, less one. Here the variances
of a metric's damages are shrunk towards a prior that is fitted to all of them by the moments of their logarithms,
whose d0 degrees of freedom are added (moderated t: G. K. Smyth, SAGMB 2004); in a second reading, towards a
quadratic trend of the log variance over the log size of the mean (as in limma-trend: C. W. Law and others, Genome
Biology 2014). All else stays. Only top levels are looked at, each as if a run had no other.

Tables, in %: the t tests alone, where damages scatter unequally; of every metric of a folder of scores, its prior
and what its recordings lead to when drawn anew with replacement; and some cases of the self-test (ten minutes).
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import digamma, polygamma, stdtr, stdtrit

from degrade_bench.analysis import AnalysisOptions, judge
from degrade_bench.analysis.bounds import Spread, reach_of_means
from degrade_bench.analysis.floor import nuisance_floor
from degrade_bench.analysis.levels.base import PLACEBO_SHARE, LevelInputs
from degrade_bench.analysis.margins import effect_margin
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.analysis.wide import MetricDrops, drops_by_metric
from degrade_bench.runs.scores import load_scores
from degrade_bench.selftest.errors import RESAMPLES
from degrade_bench.selftest.scenarios import CASES, DAMAGES, NO, NOISES, YES, Scenario, Simulated

OPTIONS = AnalysisOptions(resamples=RESAMPLES, positive_control=False)
MOST = 1e6
"""Degrees of freedom of a prior to which all variances are alike."""
ASKED = [name for name, case in CASES.items() if case.drop >= 0 and case.share != 0 and not case.level]
"""Cases of the self-test; every second one with 24 recordings, of normal noise."""
UNEQUAL = ((MOST, 1, True), (4, 1, True), (2, 1, True), (1, 1, True), (MOST, 2, True), (MOST, 2, False))
BEYOND, BEYOND_GIVEN = 1.25, 0.9  # standard deviations past a margin where power is counted; past a given one
ERRORS = ["wrong yes", "runs yes", "wrong no", "runs no", "covered"]


def prior(spread: Spread, with_trend: bool) -> tuple[np.ndarray, float, np.ndarray]:
    """Which means have a standard error, and the prior's degrees of freedom and variances of these."""
    some = np.flatnonzero(np.isfinite(spread.errors) & (spread.errors > 0))
    half = (spread.tracks[some] - 1) / 2
    logs = np.log(spread.errors[some] ** 2 * spread.tracks[some]) - digamma(half) + np.log(half)
    size = np.maximum(np.abs(spread.means[some]), np.median(spread.errors[some]))
    terms = np.vander(np.log(size / size.max()), 3 if with_trend else 1)
    trend = terms @ np.linalg.lstsq(terms, logs, rcond=None)[0]
    rest = ((logs - trend) ** 2).sum() / (len(logs) - terms.shape[1]) - polygamma(1, half).mean()
    if rest <= polygamma(1, MOST / 2):
        return some, MOST, np.exp(trend)
    own = 2 * brentq(lambda x: polygamma(1, x) - rest, 5e-4, MOST / 2)
    return some, own, np.exp(trend + digamma(own / 2) - np.log(own / 2))


@dataclass(frozen=True, eq=False)
class ModeratedSpread(Spread):
    """Means with moderated standard errors; ``tracks`` are their degrees of freedom and one."""

    recordings: np.ndarray

    def mirrored(self) -> ModeratedSpread:
        return replace(
            self, means=-self.means, skewness=-self.skewness, influence=-self.influence, drawn=-self.drawn
        )

    def below(self, reach: np.ndarray) -> np.ndarray:
        return reach_of_means(reach, self.errors, -self.skewness, self.recordings)

    def above(self, reach: np.ndarray) -> np.ndarray:
        return reach_of_means(reach, self.errors, self.skewness, self.recordings)


def moderated(plain: Spread, with_trend: bool) -> Spread:
    """The same means with moderated standard errors; as they are where there are none."""
    if not np.isfinite(plain.errors).any():
        return plain
    some, own, variances = prior(plain, with_trend)
    errors, tracks = plain.errors.copy(), plain.tracks.astype(float)
    freedom = tracks[some] - 1
    errors[some] = np.sqrt((own * variances / tracks[some] + freedom * errors[some] ** 2) / (own + freedom))
    tracks[some] += own
    return ModeratedSpread(**{**vars(plain), "errors": errors, "tracks": tracks, "recordings": plain.tracks})


class Moderated(LevelInputs):
    """The figures that verdicts rest on, with moderated variances."""

    with_trend: ClassVar[bool] = False

    @cached_property
    def drop_spread(self) -> Spread:
        return moderated(Spread.of(self.drops, self.resampler), self.with_trend)

    @cached_property
    def net_spread(self) -> Spread:
        return moderated(Spread.of(self.nets, self.resampler), self.with_trend)

    @cached_property
    def rest_spread(self) -> Spread:
        rest = self.metric_drops.clustered(self.metric_drops.net - PLACEBO_SHARE * self.metric_drops.drops)
        return moderated(Spread.of(rest, self.resampler), self.with_trend)


READINGS = {
    "present": LevelInputs,
    "moderated": Moderated,
    "with a trend": type("ModeratedByTrend", (Moderated,), {"with_trend": True}),
}


def counted(
    make: Callable[[np.random.Generator], MetricDrops],
    runs: int,
    wrong: Sequence[Verdict] = (*YES, *NO),
    at: Sequence[int] | slice = slice(None),
    truth: float = np.nan,
    options: AnalysisOptions = OPTIONS,
) -> pd.DataFrame:
    """By reading, in %: verdicts, wrong ones, runs with any wrong one, and 95 % intervals that hold the truth.

    Of the runs that ``make`` makes, the damages ``at`` are counted, whose true mean drop is ``truth``.
    """
    resampler, rows = Resampler(options.resamples, 0), []
    for run in range(runs):
        drops = make(np.random.Generator(np.random.Philox(key=[0, run])))
        floor = nuisance_floor(drops, resampler, options)
        for name, inputs in READINGS.items():
            with patch.multiple(judge, LevelInputs=inputs, nuisance_floor=lambda *_, made=floor: made):
                rulings = judge.judged(drops, options, resampler).rulings
            said = np.array([ruling.verdict.value for ruling in rulings.values()])[at]
            row: dict[str, object] = {"reading": name}
            for label, kinds in (("yes", YES), ("no", NO)):
                errs = np.isin(said, [kind.value for kind in kinds if kind in wrong])
                row |= {f"wrong {label}": errs.mean(), f"runs {label}": errs.any()}
            row |= {kind.value: (said == kind.value).mean() for kind in (*YES, *NO)}
            spread = inputs(drops, None, resampler, options).drop_spread  # type: ignore[arg-type]
            reach = stdtrit(spread.tracks - 1, 0.975)
            held = (spread.means - spread.below(reach) <= truth) & (truth <= spread.means + spread.above(reach))
            rows.append({**row, "covered": held[at].mean() if np.isfinite(truth) else np.nan})
    return 100 * pd.DataFrame(rows).groupby("reading", sort=False).mean()


def at_top(drops: MetricDrops) -> MetricDrops:
    """The top levels of a run alone."""
    kept = (drops.cells["level"] == drops.cells.groupby("degradation")["level"].transform("max")).to_numpy()
    cells = drops.cells[kept].reset_index(drop=True)
    return replace(drops, cells=cells, drops=drops.drops[:, kept], placebo=drops.placebo[:, kept])


def of_scenarios(noise: str, recordings: int, runs: int) -> pd.DataFrame:
    """As in docs/selftest.md: the largest errors over the cases, and how often the right verdict is given."""
    metric, said = Simulated(NOISES[noise]), {}
    for name in ASKED if recordings < 24 else ASKED[::2]:
        scenario = Scenario(metric, CASES[name], recordings)
        truth = metric.margin if name == "one margin at the top" else np.nan
        said[name] = counted(lambda rng, of=scenario: at_top(of.drops(rng)), runs, CASES[name].wrong, truth=truth)
    table = pd.concat([frame[ERRORS] for frame in said.values()]).groupby(level=0, sort=False).max()
    return table.assign(blind=said["nothing"]["blind"], sensitive=said["one clean standard deviation"]["sensitive"])


def of_unequal(own: float, times: float, heard: bool, runs: int) -> pd.DataFrame:
    """The t tests alone, 14 normal drops at the margin; those of a clip correlate by one half.

    Errors at 5 % and at a 64th of it, times 64; intervals that hold the truth; power beyond the margin, at a 64th.
    Variances are drawn from a prior of so many degrees of freedom; the noisiest eighth scatters so many times as
    much as that says; and the others are at the margin too, and counted, where ``heard``, else at zero.
    """
    eighth, rows = np.arange(DAMAGES) < DAMAGES // 8, []
    for run in range(runs):
        rng = np.random.Generator(np.random.Philox(key=[1, run]))
        scatter = np.sort(np.sqrt(own / rng.chisquare(own, DAMAGES)))[::-1] * np.where(eighth, times, 1.0)
        drops = scatter * (rng.standard_normal((14, 1)) + rng.standard_normal((14, DAMAGES))) / np.sqrt(2)
        margin, errors = np.where(eighth | heard, 2 * times, 0.0), drops.std(axis=0, ddof=1) / np.sqrt(14)
        plain = Spread(drops.mean(axis=0) + margin, errors, 0 * errors, np.full(DAMAGES, 14), drops, drops)
        for name, spread in zip(READINGS, (plain, moderated(plain, False), moderated(plain, True)), strict=True):
            over, freedom = (spread.means - margin) / spread.errors, spread.tracks - 1
            tail, beyond = stdtr(freedom, -over), stdtr(freedom, -over - BEYOND * scatter / spread.errors)
            row: dict[str, object] = {"reading": name}
            for label, at in (("all", eighth | heard), ("noisiest", eighth)):
                row[f"{label}: 5 %"] = (tail[at] < 0.05).mean()
                row[f"{label}: a 64th"] = DAMAGES * (tail[at] < 0.05 / DAMAGES).mean()
                row[f"{label}: covered"] = (np.abs(tail[at] - 0.5) < 0.475).mean()
            rows.append({**row, "power": (beyond < 0.05 / DAMAGES)[eighth | heard].mean()})
    return 100 * pd.DataFrame(rows).groupby("reading", sort=False).mean()


def of_scores(drops: MetricDrops, runs: int) -> pd.DataFrame:
    """Of a metric: its priors, errors at the margin and power beyond it, with its recordings drawn anew.

    The eighth of the damages that is nearest to the margin is moved onto it, or past it; the others stay.
    ``shorter``: by how much less a limit reaches, by its degrees of freedom, at the level of one of so many tests.
    """
    resampler = Resampler(RESAMPLES, 0)
    used = np.isfinite(drops.counted).all(axis=0) & (drops.counted.std(axis=0) > 0)
    values, cells = drops.counted[:, used], drops.cells[used].reset_index(drop=True)
    means, spread = values.mean(axis=0), values.std(axis=0)
    margin = effect_margin(drops, resampler, OPTIONS).value
    near = np.sort(np.argsort(np.abs(np.abs(means) - margin) / spread)[: -(-len(means) // 8)])
    moved, none = means.copy(), np.full(values.shape, np.nan)
    moved[near] = margin

    def make(rng: np.random.Generator, true: np.ndarray) -> MetricDrops:
        made = (values - means + true)[rng.integers(0, len(values), len(values))]
        return replace(drops, cells=cells, drops=made, placebo=none)

    given = replace(OPTIONS, margin=margin)
    table = counted(partial(make, true=moved), runs, at=near, truth=margin, options=given)[ERRORS]
    moved[near] += BEYOND_GIVEN * spread[near]
    beyond = counted(partial(make, true=moved), runs, at=near, options=given)
    whole = Spread.of(drops.clustered(np.where(used, drops.counted, np.nan)), resampler)
    own = np.array([0.0, prior(whole, False)[1], prior(whole, True)[1]])
    reach = stdtrit(drops.tracks - 1 + own, 1 - OPTIONS.alpha / len(means))
    shorter = 100 * (1 - reach / reach[0])
    table = table.assign(sensitive=beyond["sensitive"], damages=len(means), d0=own, shorter=shorter)
    return table.assign(spread=np.quantile(spread, 0.9) / np.quantile(spread, 0.1))


def show(title: str, table: pd.DataFrame) -> None:
    print(f"\n{title}\n{table.round(1).to_string()}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--scores", type=Path, metavar="DIR")
    asked = parser.parse_args()
    for own, times, heard in UNEQUAL:
        show(f"t tests: d0 = {own:g}, {times} times, {heard}", of_unequal(own, times, heard, 100 * asked.runs))
    for name, drops in drops_by_metric(load_scores(asked.scores)).items() if asked.scores else ():
        show(name, of_scores(at_top(drops), asked.runs))
    for noise, recordings in (*zip(NOISES, itertools.repeat(14)), ("normal", 24)):
        show(f"{noise}, {recordings} recordings", of_scenarios(noise, recordings, asked.runs))


if __name__ == "__main__":
    main()
