"""What expectations are judged on: the scores of one metric, and what is known to have moved it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from degrade_bench.analysis import Analysis, AnalysisOptions, analyse_folder, load_analysis, load_options
from degrade_bench.analysis.analyse import looks_of
from degrade_bench.analysis.judge import Judgement, judged
from degrade_bench.analysis.looks import ONCE, Looks
from degrade_bench.analysis.wide import MetricDrops, drops_by_metric
from degrade_bench.errors import ConfigError, RunFolderError, UnknownNameError
from degrade_bench.runs.names import ANALYSIS, RECORD, SCORES
from degrade_bench.runs.scores import load_scores
from degrade_bench.runs.stored import fetched


@dataclass(frozen=True, eq=False)
class Judged:
    """What is concluded of one damage from its own rows, its placebo's, the controls' and the clean clips'.

    Attributes:
        drops: the drops of that damage alone.
        judgement: its verdict, and the figures that it rests on.
    """

    drops: MetricDrops
    judgement: Judgement


@dataclass(frozen=True, eq=False)
class Evidence:
    """The scores of one metric.

    Attributes:
        metric: its name.
        scores: its rows of a score table.
        positive_control: a damage that has to move the metric where it is expected to be blind to another; None
            where there is none.
        has_fired: whether that is known already, and need not be shown by these scores.
        asks_for_one: whether ``blind`` asks for it.
        options: thresholds.
        looks: at the scores, these the last.
    """

    metric: str
    scores: pd.DataFrame
    positive_control: str | None = None
    has_fired: bool = False
    asks_for_one: bool = True
    options: AnalysisOptions = field(default_factory=AnalysisOptions)
    looks: Looks = ONCE
    _judged: dict[str, Judged] = field(default_factory=dict)

    @property
    def alpha(self) -> float:
        """Level of each test, at this look."""
        return self.options.alpha * self.looks.share(self.options.alpha)

    @property
    def damages(self) -> list[str]:
        """The tested degradations."""
        return [str(name) for name in pd.unique(self.scores.loc[self.scores["role"] == "test", "degradation"])]

    def of(self, degradation: str) -> Judged:
        """What is concluded of one damage; the same whatever else was scored.

        Raises:
            UnknownNameError: it was not scored.
        """
        if degradation not in self.damages:
            raise UnknownNameError(f"degradation that {self.metric} was scored on", degradation, self.damages)
        if degradation not in self._judged:
            rows = self.scores
            is_mine = (rows["degradation"] == degradation) | (rows["placebo_of"] == degradation)
            drops = drops_by_metric(rows[is_mine | rows["role"].isin(["clean", "control"])])[self.metric]
            options = replace(self.options, positive_control=False, positive_controls=())
            self._judged[degradation] = Judged(drops, judged(drops, options, looks=self.looks))
        return self._judged[degradation]

    def hears_something(self) -> bool:
        """Whether the positive control moved the metric beyond its margin, or whether none is asked for."""
        if self.has_fired or not self.asks_for_one:
            return True
        if self.positive_control not in self.damages:
            return False
        claims = self.of(self.positive_control).judgement.claims[self.positive_control]
        shown = (claims.p_sensitive, claims.p_inverted, claims.p_artefact)
        return any(p < self.options.alpha for p in shown)


def evidence_in(folder: Path | str, metrics: Sequence[str] = ()) -> list[Evidence]:
    """What a finished run holds of its metrics.

    Args:
        folder: the run directory; the thresholds are those that it was analysed with.
        metrics: only these.

    Raises:
        RunFolderError: there are no scores, or they cannot be read.
        UnknownNameError: the run has no such metric.
    """
    with fetched(Path(folder), (RECORD, SCORES, ANALYSIS)) as place:
        scores, options = load_scores(place), load_options(place)
        looks = looks_of(place, scores)
        analysis = load_analysis(place) if (place / ANALYSIS).is_file() else analyse_folder(place, options)
    names = [str(name) for name in pd.unique(scores["metric"])]
    for name in metrics:
        if name not in names:
            raise UnknownNameError(f"metric of {folder}", name, names)
    if options.rules == 1:
        raise RunFolderError(f"{folder}: it was analysed by rules 1; expectations are for rules 2")
    return [
        Evidence(
            metric=name,
            scores=scores[scores["metric"] == name],
            positive_control=_fired(analysis, name),
            has_fired=_fired(analysis, name) is not None,
            asks_for_one=options.positive_control,
            options=of_metric(options, name),
            looks=looks,
        )
        for name in metrics or names
    ]


def the_evidence(folder: Path | str, metric: str | None) -> Evidence:
    """What a finished run holds of one metric: the one that is named, or the only one.

    Raises:
        ConfigError: there are several, and none is named.
    """
    found = evidence_in(folder, () if metric is None else (metric,))
    if len(found) > 1:
        names = ", ".join(one.metric for one in found)
        raise ConfigError(f"{folder} holds {len(found)} metrics; say which: {names}")
    return found[0]


def _fired(analysis: Analysis, metric: str) -> str | None:
    """The positive control that fired in a run."""
    rows = analysis.metrics.loc[analysis.metrics["metric"] == metric, "positive_control"]
    return str(rows.iloc[0]) if len(rows) and isinstance(rows.iloc[0], str) else None


def of_metric(options: AnalysisOptions, metric: str) -> AnalysisOptions:
    """The thresholds of a run as far as they are about one metric."""
    effects = {name: effect for name, effect in (options.effects or {}).items() if name == metric}
    return replace(
        options, margin=options.margin_of(metric), effects=effects or None, distance=AnalysisOptions.distance
    )
