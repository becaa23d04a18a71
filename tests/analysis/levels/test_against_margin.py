"""The tests against the margin: which drops go into which, and that a placebo's is taken off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from degrade_bench.analysis import AnalysisOptions, analyse
from tests.analysis.tables import table

SIDES = np.array([-0.3, -0.2, -0.1, -0.05, 0.05, 0.1, 0.2, 0.3])
"""Symmetric about zero in every order, so that no skewness counts."""
OPTIONS = AnalysisOptions(resamples=100, margin=0.3)


def levels(drop: float, placebo: float | None) -> pd.DataFrame:
    """Eight clips that lose ``drop`` per level, and ``placebo`` under the placebo, each more or less."""

    def score(name, role, level, clip):
        lost = {"test": drop * level + SIDES[clip], "placebo": (placebo or 0.0) - SIDES[clip] / 2}
        return 3.0 + clip - lost.get(role, 0.0)

    scores = table(
        score, clips=8, levels=(1, 2), degradations=(("made", "signal", "noise"),), single_placebo=("made",)
    )
    scores = scores[scores.role != "placebo"] if placebo is None else scores
    return analyse(scores, OPTIONS).levels


def t_test(values: np.ndarray, bound: float, side: str) -> float:
    return float(scipy.stats.ttest_1samp(values, bound, alternative=side).pvalue)


def test_without_a_placebo_only_the_drop_is_tested():
    for cell in levels(0.25, None).itertuples():
        drops = 0.25 * cell.level + SIDES
        assert cell.counted_drop == pytest.approx(drops.mean())
        assert cell.p_drop_exceeds == cell.p_exceeds
        assert np.isnan(cell.p_share)
        if cell.level == 2:
            assert cell.p_exceeds == pytest.approx(t_test(drops, 0.3, "greater"), rel=1e-6)
            assert (cell.p_within, cell.p_prefers) == (1, 1)
        else:
            assert cell.p_within == pytest.approx(t_test(drops, 0.3, "less"), rel=1e-6)
            assert cell.p_exceeds == 1


@pytest.mark.parametrize(("drop", "placebo"), [(0.6, 0.1), (0.6, 1.0), (-0.6, -0.1), (0.05, -0.05), (0.1, 0.0)])
def test_drop_and_net_drop_both_have_to_agree(drop, placebo):
    def least(p: float) -> float:
        return p if p < 0.5 else 1.0

    for cell in levels(drop, placebo).itertuples():
        drops = drop * cell.level + SIDES
        nets = drops - (placebo - SIDES / 2)
        assert cell.counted_drop == pytest.approx(nets.mean())
        both = (drops, nets)
        assert cell.p_exceeds == pytest.approx(max(least(t_test(v, 0.3, "greater")) for v in both), rel=1e-6)
        assert cell.p_prefers == pytest.approx(max(least(t_test(v, -0.3, "less")) for v in both), rel=1e-6)
        within = [least(t_test(sign * v, 0.3, "less")) for v in both for sign in (1, -1)]
        assert cell.p_within == pytest.approx(max(within), rel=1e-6)
        assert cell.p_drop_exceeds == pytest.approx(least(t_test(drops, 0.3, "greater")), rel=1e-6)
        assert cell.p_share == pytest.approx(least(t_test(nets - 0.25 * drops, 0.0, "less")), rel=1e-6)
