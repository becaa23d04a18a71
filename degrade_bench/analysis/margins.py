"""The margin: what counts as no drop on average over music. Rules 2 and rules 1.

Under **rules 2** it depends on the metric's clean scores and on its controls, never on what damage is in the run.

The *smallest effect of interest* is the smaller of two:

- *what is of use*: half a standard deviation of clean scores between clips (`effect`). Half a standard deviation is
  what people notice over a wide range of scales (G. R. Norman, J. A. Sloan and K. W. Wyrwich, Medical Care 2003),
  and is called a medium effect (J. Cohen, 1988);
- *what a single clip tells*: the standard deviation between clips of what a control does, at its highest level, of
  the control where that is largest. A drop of this size has a d′ of one against that control (N. A. Macmillan and
  C. D. Creelman, Detection Theory, 2005): in a single clip it begins to be told from an edit that nobody calls
  damage.

So neither a noisy metric (of which single clips tell little) nor one that differs much between pieces (whose
standard deviation is large) gets a wide margin from that. Of a metric that compares with the clean clip, whose
clean scores say nothing of the music, only the second is known. The effect is at least a hundredth of a standard
deviation of clean scores, and what rounding can account for.

The *margin* of a drop is this effect, and at least the largest mean shift that a control brings about: a drop
counts where it is more than harmless edits cost. The drop beyond the placebo's has the cost of harmless processing
taken off already, and counts from the smallest effect of interest on.

Under **rules 1** it is the single clips' nuisance floor, at least a share of the run's largest drop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from degrade_bench.analysis.means import Clustered, ratio
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Draws, Resampler, Totals
from degrade_bench.analysis.wide import MetricDrops

COVERED = 0.8
"""The share of the metric's recordings that a control has to be scored under."""
FINEST = 0.01
"""Standard deviations of clean scores under which no margin lies: a metric's resolution."""


@dataclass(frozen=True, eq=False)
class Margin:
    """What counts as no drop.

    Attributes:
        draws: of a drop: bootstrap and jackknife, one column; constant where it was given.
        effect: the same of a drop beyond the placebo's.
        source: what it is: see the column ``margin_is`` of ``Analysis.metrics``.
        control: the control that decided it, if one did.
        without: the margin if that control were not in the run; NaN where none decided it.
    """

    draws: Draws
    effect: Draws
    source: str
    control: str | None = None
    without: float = math.nan

    @property
    def value(self) -> float:
        """In the metric's unit."""
        return float(self.draws.centre[0])


def given_margin(metric_drops: MetricDrops, options: AnalysisOptions) -> Margin | None:
    """The margin that the options give for a metric; None where they give none."""
    given = options.margin_of(metric_drops.metric)
    if given is None:
        return None
    effect = options.effect_of(metric_drops.metric)
    assert effect is not None
    draws, of_effect = (constant(float(value), metric_drops, options) for value in (given, effect))
    return Margin(draws, of_effect, "given")


def no_margin(metric_drops: MetricDrops, options: AnalysisOptions) -> Margin:
    """Where nothing says what counts as no drop."""
    draws = constant(0.0, metric_drops, options)
    return Margin(draws, draws, "none")


# -- rules 2 -------------------------------------------------------------------------------------------


def effect_margin(
    metric_drops: MetricDrops, resampler: Resampler, options: AnalysisOptions, without: str | None = None
) -> Margin:
    """The margin of rules 2, from the metric's clean scores and its controls.

    Args:
        metric_drops: the metric's drops.
        resampler: draws tracks.
        options: thresholds, and the margin where it was given.
        without: a control to leave out, to see what depends on it.
    """
    given = given_margin(metric_drops, options)
    if given is not None:
        return given
    controls = nuisance_tops(metric_drops)
    controls = controls[controls["degradation"] != without]
    names = controls["degradation"].to_numpy()
    parts = _Parts.of(metric_drops, metric_drops.control_drops[:, controls.index.to_numpy(dtype=int)], options)
    drawn = resampler.evaluate(parts.statistic, metric_drops.tracks)
    rows = [part[None] if part.ndim == 1 else part for part in (drawn.centre, drawn.resampled, drawn.left_out)]
    excess = parts.excess(rows[0], rows[1])
    least = max(FINEST * parts.clean_sd(rows[0])[0], float(metric_drops.ties.reach()))
    effect, margin = (
        Draws(made[0], made[1][:, None], made[2][:, None])
        for made in zip(*(parts.margins(row, excess, least) for row in rows), strict=True)
    )
    if not margin.centre[0] > 0:
        return no_margin(metric_drops, options)
    source, control = parts.decided(rows[0][0], excess, least, names)
    if source == "resolution" and least > FINEST * parts.clean_sd(rows[0])[0]:
        source = "rounding"
    decided = Margin(margin, effect, source, control)
    if control is None or without is not None:
        return decided
    return replace(decided, without=effect_margin(metric_drops, resampler, options, control).value)


def nuisance_tops(metric_drops: MetricDrops) -> pd.DataFrame:
    """The highest level of every control that the metric is not meant to hear, of those with enough recordings.

    Enough are four fifths of the metric's: a control that few were scored under says little of what it does.

    Returns:
        Rows of the metric's ``controls``, with their places among its columns as the index.
    """
    places = metric_drops.controls.reset_index(drop=True)
    tracks = metric_drops.clustered(metric_drops.control_drops).tracks
    enough = (tracks > 0) & (tracks >= COVERED * metric_drops.tracks)
    scored = places[enough & places["nuisance"].to_numpy(dtype=bool)]
    return scored.sort_values("level", kind="stable").drop_duplicates("degradation", keep="last").sort_index()


@dataclass(frozen=True, eq=False)
class _Parts:
    """What a margin is made from, by track: squares and sums under every control, and clean scores."""

    squares: Clustered
    shifts: Clustered
    clean: Clustered
    clean_squares: Clustered
    share: float

    @classmethod
    def of(cls, metric_drops: MetricDrops, drops: np.ndarray, options: AnalysisOptions) -> _Parts:
        clean = metric_drops.clean[:, None]
        finite = clean[np.isfinite(clean)]
        alike = metric_drops.needs_reference or len(finite) < 2
        alike = alike or np.ptp(finite) <= float(metric_drops.ties.reach())
        clean = np.where(np.isfinite(clean), clean - (finite.mean() if len(finite) else 0.0), math.nan)
        clean = np.where(np.isfinite(clean), 0.0, math.nan) if alike else clean
        return cls(
            squares=metric_drops.clustered(drops**2),
            shifts=metric_drops.clustered(drops),
            clean=metric_drops.clustered(clean),
            clean_squares=metric_drops.clustered(clean**2),
            share=options.effect,
        )

    @property
    def controls(self) -> int:
        """How many controls there are."""
        return int(self.squares.sums.shape[1])

    def statistic(self, totals: Totals) -> np.ndarray:
        """Standard deviations under the controls, sizes of their mean shifts, and that of clean scores."""
        spread, shift = _moments(totals, self.shifts, self.squares)
        clean_sd, _ = _moments(totals, self.clean, self.clean_squares)
        return np.column_stack([spread, np.abs(shift), clean_sd])

    def clean_sd(self, rows: np.ndarray) -> np.ndarray:
        """The clean scores' standard deviation; 0 where it is not known."""
        return np.where(np.isfinite(rows[:, -1]), rows[:, -1], 0.0)

    def excess(self, sample: np.ndarray, resampled: np.ndarray) -> tuple[float, float]:
        """By how much the largest spread and the largest shift lie too high.

        The largest of several estimates is no estimate of the largest. How far it lies over that is estimated by
        how far the resamples' largest lie over the sample's.

        Args:
            sample: ``(1, columns)`` of :meth:`statistic`.
            resampled: ``(resamples, columns)``.
        """
        over = []
        for columns in (slice(0, self.controls), slice(self.controls, -1)):
            centre, drawn = self._largest(sample[:, columns])[0], self._largest(resampled[:, columns])
            known = np.isfinite(drawn).any() and np.isfinite(centre)
            over.append(max(0.0, float(np.nanmean(drawn)) - float(centre)) if known else 0.0)
        return over[0], over[1]

    def margins(self, rows: np.ndarray, excess: tuple[float, float], least: float) -> tuple[np.ndarray, np.ndarray]:
        """The smallest effect of interest and the margin, each ``(rows,)``; NaN where nothing says what they are.

        Args:
            rows: of :meth:`statistic`: of the sample, its resamples or its jackknife.
            excess: see :meth:`excess`.
            least: what neither lies under.
        """
        told, shift = self._told(rows, excess)
        useful = self.share * self.clean_sd(rows)
        smaller = np.fmin(np.where(useful > 0, useful, math.nan), told)
        effect = np.where(np.isfinite(smaller), np.fmax(smaller, least), math.nan)
        return effect, np.where(np.isfinite(smaller), np.fmax(effect, shift), math.nan)

    def decided(
        self, row: np.ndarray, excess: tuple[float, float], least: float, names: np.ndarray
    ) -> tuple[str, str | None]:
        """What the sample's margin is, and the control that it is from, if it is from one.

        Args:
            row: of the sample.
            excess: see :meth:`excess`.
            least: what no margin is under.
            names: of the controls.
        """
        margin = self.margins(row[None], excess, least)[1][0]
        told, shift = (values[0] for values in self._told(row[None], excess))
        if margin <= least:
            return "resolution", None
        if margin not in (told, shift):
            return "effect", None
        columns = slice(self.controls, -1) if margin == shift else slice(0, self.controls)
        control = str(names[int(np.nanargmax(row[columns]))])
        return ("shift" if margin == shift else "controls"), control

    def _told(self, rows: np.ndarray, excess: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        """What a single clip tells, and the largest shift: each ``(rows,)``; NaN without controls."""
        told, shift = (
            np.maximum(self._largest(rows[:, columns]) - over, 0.0)
            for columns, over in zip((slice(0, self.controls), slice(self.controls, -1)), excess, strict=True)
        )
        return told, shift

    @staticmethod
    def _largest(values: np.ndarray) -> np.ndarray:
        """The largest of each row; NaN where there is none."""
        if not values.shape[1]:
            return np.full(len(values), math.nan)
        values = np.where(np.isfinite(values), values, -math.inf).max(axis=1)
        return np.where(np.isfinite(values), values, math.nan)


def _moments(totals: Totals, sums: Clustered, squares: Clustered) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviation over clips and mean, from totals of values and of their squares: ``(rows, columns)``."""
    tracks = sums.tracks.astype(float)
    mean, square = (ratio(totals(part.sums), totals(sums.counts)) for part in (sums, squares))
    return np.sqrt(np.maximum(square - mean**2, 0.0) * ratio(tracks, np.maximum(tracks - 1, 0))), mean


# -- rules 1 -------------------------------------------------------------------------------------------


def floor_margin(metric_drops: MetricDrops, floor: Draws, resampler: Resampler, options: AnalysisOptions) -> Margin:
    """The margin of rules 1: the nuisance floor, at least the metric's resolution and what rounding accounts for.

    The *resolution* is a small share of the largest mean drop that any cell of the run brought about.

    Args:
        metric_drops: the metric's drops.
        floor: the nuisance floor's draws; NaN without controls.
        resampler: draws tracks.
        options: thresholds, and the margin where it was given.
    """
    given = given_margin(metric_drops, options)
    if given is not None:
        return given
    if not math.isfinite(floor.centre[0]):
        return no_margin(metric_drops, options)
    smallest = _resolution(metric_drops, resampler, options)
    source = "floor" if smallest is None or floor.centre[0] >= smallest.centre[0] else "resolution"
    margin = floor if smallest is None else _larger(floor, smallest)
    rounding = float(metric_drops.ties.reach())
    if rounding > margin.centre[0]:
        margin, source = _larger(margin, constant(rounding, metric_drops, options)), "rounding"
    return Margin(margin, margin, source)


def _resolution(metric_drops: MetricDrops, resampler: Resampler, options: AnalysisOptions) -> Draws | None:
    """A share of the largest mean drop in either direction; None without any."""
    means = metric_drops.clustered(metric_drops.drops)
    sizes = np.where(means.tracks >= min(options.min_tracks, metric_drops.tracks), np.abs(means.means), math.nan)
    if not options.resolution or not np.isfinite(sizes).any():
        return None
    at = int(np.nanargmax(sizes))
    largest = Clustered(means.sums[:, [at]], means.counts[:, [at]]).draws(resampler)
    share = options.resolution
    return Draws(
        share * np.abs(largest.centre), share * np.abs(largest.resampled), share * np.abs(largest.left_out)
    )


def _larger(one: Draws, other: Draws) -> Draws:
    return Draws(
        np.maximum(one.centre, other.centre),
        np.fmax(one.resampled, other.resampled),
        np.fmax(one.left_out, other.left_out),
    )


def constant(value: float, metric_drops: MetricDrops, options: AnalysisOptions) -> Draws:
    """Draws of something that is no estimate.

    Args:
        value: what it is.
        metric_drops: the metric's drops, for how many tracks there are.
        options: for how many resamples.
    """
    rows = (options.resamples, metric_drops.tracks) if metric_drops.tracks > 1 else (0, 0)
    return Draws(np.array([value]), np.full((rows[0], 1), value), np.full((rows[1], 1), value))
