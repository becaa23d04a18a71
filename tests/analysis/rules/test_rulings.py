"""Both sets of rules: what makes a positive control."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.options import RULES
from tests.analysis.tables import noisy, table

BOTH = pytest.mark.parametrize("rules", RULES)


@BOTH
def test_the_positive_control_is_what_moved_the_metric_most_a_control_among_them(rules):
    def truth(name: str, role: str, level: int) -> float:
        return {"noise_like": 0.3, "order_like": 0.2}[name] * level if role == "test" else 0.0

    options = AnalysisOptions(resamples=200, rules=rules)
    scores = table(noisy(truth), clips=12)
    assert analyse(scores, options).metrics.loc[0, "positive_control"] == "noise_like"
    still = table(noisy(lambda *cell: 0.0), clips=12)
    silent = analyse(still, options).metrics
    assert silent["positive_control"].isna().all()
    loud = still[still.role == "control"].assign(degradation="loud", nuisance=False)
    loud["score"] -= 5.0 + np.arange(len(loud)) / 100
    both = analyse(pd.concat([still, loud]), options)
    assert both.metrics.loc[0, "positive_control"] == "loud"
    assert both.controls.set_index("degradation").loc["loud", "reaction"].eq("reacts").all()


@BOTH
def test_noise_under_a_control_that_should_be_heard_is_no_positive_control(rules):
    """The mean size of noise in single clips is far larger than the margin of a mean may be."""
    still = table(noisy(lambda *cell: 0.0, sd=1.0), clips=16)
    loud = still[still.role == "control"].assign(degradation="loud", nuisance=False)
    loud["score"] += np.random.default_rng(0).standard_normal(len(loud))
    analysis = analyse(pd.concat([still, loud]), AnalysisOptions(resamples=200, rules=rules))
    assert analysis.metrics["positive_control"].isna().all()
    assert not analysis.controls.set_index("degradation").loc["loud", "reaction"].eq("reacts").any()


def test_only_named_damages_and_controls_are_positive_controls():
    scores = table(noisy(lambda name, role, level: 0.3 * level * (role == "test")), clips=12)
    options = AnalysisOptions(resamples=200, positive_controls=("order_like",))
    assert analyse(scores, options).metrics.loc[0, "positive_control"] == "order_like"
    silent = AnalysisOptions(resamples=200, positive_controls=("gain_like",))
    assert analyse(scores, silent).metrics["positive_control"].isna().all()
