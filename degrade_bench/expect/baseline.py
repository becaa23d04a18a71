"""A run beside an earlier one: does each metric still hear what it heard, on the same cells?

Cells are paired as :mod:`degrade_bench.compare` pairs them, so that what is compared is the same music under the
same damage. For every damage to which the metric was sensitive, the counted drops of the two runs are compared by
recording, at the highest level that both have. *Fallen* is a claim, corrected over all of them (S. Holm 1979);
*held* is one, too: non-inferiority within the tolerance, each of its own. Both runs are judged by the thresholds
that the earlier one was analysed with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from degrade_bench.analysis import AnalysisOptions, load_options
from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.bounds import Spread, mean_intervals, p_negative
from degrade_bench.analysis.claims import covered_levels
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.power import distance_shown
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.compare.pairing import pair
from degrade_bench.compare.runs import Run, load_runs, looks_notes, provenance_notes
from degrade_bench.errors import ConfigError, RunFolderError, UnknownNameError
from degrade_bench.expect.evidence import Evidence, of_metric
from degrade_bench.expect.outcome import Finding, State
from degrade_bench.reports.words import number, percent
from degrade_bench.runs.names import ANALYSIS, RECORD, SCORES
from degrade_bench.runs.stored import fetched_all

TOLERANCE = 0.1
"""The share of a drop that may be lost unless another is asked for."""


@dataclass(frozen=True, eq=False)
class Change:
    """One damage of one metric, then and now.

    Attributes:
        metric, degradation: which.
        level: the highest that both runs have.
        verdicts: of the damage alone, then and now.
        means: of the counted drop, then and now.
        difference: now less then, by recording.
        rest: the same, with what may be lost added.
        lost: what may be lost.
    """

    metric: str
    degradation: str
    level: int
    verdicts: tuple[Verdict, Verdict]
    means: tuple[float, float]
    difference: Clustered
    rest: Clustered
    lost: float

    @property
    def recordings(self) -> int:
        """That both have."""
        return int(self.rest.tracks[0])

    def p_fallen(self, resampler: Resampler) -> float:
        """Of a fall by what may be lost, or less; the signed-rank test has to find it, too."""
        means = self.rest.track_means
        p = float(stat.wilcoxon_p(means)[0]) / 2
        by_ranks = p if stat.rank_direction(means)[0] < 0 else 1 - p
        return max(float(p_negative(Spread.of(self.rest, resampler))[0]), by_ranks)

    def p_held(self, resampler: Resampler) -> float:
        """Of a fall by what may be lost, or more."""
        return float(p_negative(Spread.of(self.rest, resampler).mirrored())[0])


def against_baseline(
    folder: Path, baseline: Path, metrics: Sequence[str] = (), tolerance: float = TOLERANCE
) -> tuple[list[Finding], list[str]]:
    """What has become of what the metrics of an earlier run heard, and what cannot be compared.

    Args:
        folder: the run directory.
        baseline: that of the earlier run.
        metrics: only these.
        tolerance: the share of a drop that may be lost.

    Raises:
        ConfigError: they are one and the same, or a number that cannot be.
        UnknownNameError: one of them has no such metric.
        RunFolderError: one cannot be read, the earlier one was analysed by rules 1 or by another version, or they
            have no cell in common; says why.
    """
    if not 0 <= tolerance < 1:
        raise ConfigError(f"tolerance must lie between 0 and 1, got {tolerance}")
    if folder.resolve() == baseline.resolve():
        raise ConfigError(f"--baseline {baseline} is the run itself")
    with fetched_all([baseline, folder], (RECORD, SCORES, ANALYSIS)) as places:
        runs, notes = load_runs(places)
        options, more = _thresholds(places, (baseline, folder))
        if places[0].resolve() > places[1].resolve():
            runs = runs[::-1]  # they come in the order of their paths
    paired = pair(runs)
    names, others = _metrics(paired.rows, runs, metrics)
    notes += [*provenance_notes(runs), *more, *looks_notes(runs), *paired.notes, *others]
    changes: list[Change] = []
    for name in names:
        found, unheard = _changes(paired.rows, name, tolerance, options)
        changes += found
        if unheard:
            notes.append(f"{name}: not checked, since it was not sensitive to it before: {', '.join(unheard)}")
    return _findings(changes, runs[0].label, options), notes


def _thresholds(places: Sequence[Path], named: Sequence[Path]) -> tuple[AnalysisOptions, list[str]]:
    """The thresholds that both runs are judged by, and what is to be said of those of the later one.

    Args:
        places: of the earlier run and the other.
        named: their run directories as the user named them.

    Raises:
        RunFolderError: those of the earlier one cannot be read, or are of rules 1.
    """
    options = load_options(places[0])
    if options.rules == 1:
        raise RunFolderError(
            f"--baseline {named[0]} was analysed by rules 1, and runs are compared by rules 2; conclude again: "
            f"degrade-bench analysis {named[0]}"
        )
    try:
        own = load_options(places[1])
    except RunFolderError:
        return options, [f"the analysis in {named[1]} was written by another version or is damaged: it is not used"]
    then, now = (one.changed() or "the default" for one in (options, own))
    if then == now:
        return options, []
    return options, [f"{named[1]} was analysed with other thresholds ({now}): judged by the baseline's ({then})"]


def _metrics(rows: pd.DataFrame, runs: Sequence[Run], metrics: Sequence[str]) -> tuple[list[str], list[str]]:
    """The metrics that both runs have, and what is to be said of the others and of their versions.

    Args:
        rows: the paired rows.
        runs: the earlier one and the other.
        metrics: only these.
    """
    of_run = [rows[rows["run"] == at].drop_duplicates("metric").set_index("metric")["fingerprint"] for at in (0, 1)]
    for name in metrics:
        for at in (0, 1):
            if name not in of_run[at]:
                raise UnknownNameError(f"metric of {runs[at].label}", name, [str(key) for key in of_run[at].index])
    names, notes = [], []
    for name in dict.fromkeys([*of_run[0].index, *of_run[1].index]):
        lacking = [runs[at].label for at in (0, 1) if name not in of_run[at]]
        if metrics and name not in metrics:
            continue
        if lacking:
            notes.append(f"{name} is not in {lacking[0]}: it cannot be compared")
            continue
        if of_run[0][name] != of_run[1][name]:
            notes.append(f"{name} is another version: its drops are compared as they are, in its unit")
        names.append(str(name))
    return names, notes


def _changes(
    rows: pd.DataFrame, metric: str, tolerance: float, options: AnalysisOptions
) -> tuple[list[Change], list[str]]:
    """The damages that were heard before, then and now; and the names of the others.

    Args:
        rows: the paired rows.
        metric: its name.
        tolerance: the share of a drop that may be lost.
        options: thresholds.
    """
    mine = rows[rows["metric"] == metric]
    then, now = (
        Evidence(
            metric,
            mine[mine["run"] == at].drop(columns="run"),
            asks_for_one=False,
            options=of_metric(options, metric),
        )
        for at in (0, 1)
    )
    changes, unheard = [], []
    for name in then.damages:
        before, after = then.of(name), now.of(name)
        verdicts = (before.judgement.rulings[name].verdict, after.judgement.rulings[name].verdict)
        level = _top([before.judgement.effects, after.judgement.effects])
        if level is None or (verdicts[0] is not Verdict.SENSITIVE and verdicts[1] is not Verdict.INVERTED):
            unheard.append(name)
            continue
        columns = [
            found.drops.counted[:, found.drops.cells["level"].to_numpy() == level] for found in (before, after)
        ]
        drops = before.drops
        place = pd.Index(after.drops.clips).get_indexer(pd.Index(drops.clips))
        difference = columns[1][place] - columns[0]
        both = np.isfinite(difference)
        means = tuple(float(part[both].mean()) for part in (columns[0], columns[1][place]))
        allowed = tolerance * columns[0] * (1.0 if means[0] > 0 else 0.0)
        changes.append(
            Change(
                metric=metric,
                degradation=name,
                level=level,
                verdicts=verdicts,
                means=(means[0], means[1]),
                difference=drops.clustered(difference),
                rest=drops.clustered(difference + allowed),
                lost=max(0.0, tolerance * means[0]),
            )
        )
    return changes, unheard


def _top(effects: Sequence[pd.DataFrame]) -> int | None:
    """The highest level that enough recordings of both runs have."""
    levels = []
    for of_run in effects:
        rows = covered_levels(of_run["counted_tracks"].to_numpy(), slice(0, len(of_run)))
        levels.append({int(level) for level in of_run["level"].to_numpy()[rows]})
    return max(set.intersection(*levels), default=None)


def _findings(changes: Sequence[Change], label: str, options: AnalysisOptions) -> list[Finding]:
    """What became of each damage.

    Args:
        changes: of all metrics.
        label: the earlier run's.
        options: thresholds.
    """
    resampler = Resampler(options.resamples, options.seed)
    fallen = stat.holm([change.p_fallen(resampler) for change in changes])
    return [
        _finding(change, label, float(p), change.p_held(resampler), len(changes), options)
        for change, p in zip(changes, fallen, strict=True)
    ]


def _finding(
    change: Change, label: str, p_fallen: float, p_held: float, tests: int, options: AnalysisOptions
) -> Finding:
    """What became of one damage.

    Args:
        change: then and now.
        label: the earlier run's.
        p_fallen: after Holm's correction.
        p_held: of its own.
        tests: how many damages the correction ran over.
        options: thresholds.
    """
    resampler = Resampler(options.resamples, options.seed)
    low, high = mean_intervals(change.difference, resampler, (options.confidence,), options)[0, :, 0]
    before, after = change.verdicts
    verdicts = f"the verdict was {before} and is {after}"
    state: State = "open"
    if change.recordings < options.min_tracks:
        reason = f"{change.recordings} recordings, and {options.min_tracks} are needed; {verdicts}"
    elif p_fallen < options.alpha:
        state, reason = "fail", f"it hears less: the drop was shown to have fallen; {verdicts}"
    elif p_held < options.alpha:
        state, reason = "pass", f"the drop was shown to be no less, within the tolerance; {verdicts}"
    else:
        reason = f"the drop was shown neither to have fallen nor to be no less; {verdicts}"
    spread = float(change.rest.errors[0] * np.sqrt(change.recordings))
    smallest = change.lost + distance_shown(spread, change.recordings, options.alpha / tests, options.power)
    return Finding(
        metric=change.metric,
        expected=f"{change.degradation} heard no less than in {label}",
        state=state,
        reason=reason,
        measured=(
            f"drop at level {change.level} {number(change.means[0])} before, {number(change.means[1])} now, "
            f"difference {number(change.means[1] - change.means[0])} ({number(low)} to {number(high)})"
        ),
        power=(
            f"{change.recordings} recordings show a fall by {number(smallest)} or more with a chance of "
            f"{percent(options.power)}"
        ),
        alpha=options.alpha,
        recordings=change.recordings,
    )
