"""The shape of a damage's curve, and that a sentence tells it where it is a surprise."""

from __future__ import annotations

import pandas as pd
import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.shape import SHAPE_WORDS
from tests.analysis.tables import noisy, table

CURVES = {
    "rising": (0.2, 0.4, 0.6, 0.8, 1.0),
    "humped": (0.2, 1.2, 1.2, 0.6, 0.2),
    "reversed": (-0.8, -0.4, 0.2, 0.6, 1.0),
    "falling": (0.45, 0.35, 0.25, 0.15, 0.05),  # by less than the smallest effect from one level to the top
    "level": (0.0, 0.0, 0.0, 0.0, 0.0),
}


def verdict(curve: tuple[float, ...], levels: tuple[int, ...] = (1, 2, 3, 4, 5), placebo: float = 0.0) -> pd.Series:
    def truth(name: str, role: str, level: int) -> float:
        lost = curve[level - 1] + placebo * level if role == "test" else placebo * level
        return 0.0 if role == "control" else lost

    scores = table(
        noisy(truth, sd=0.05),
        clips=16,
        levels=levels,
        degradations=(("made", "signal", "noise"),),
        single_placebo=(),
    )
    return analyse(scores, AnalysisOptions(resamples=200, margin=0.5)).verdicts.iloc[0]


@pytest.mark.parametrize("shape", CURVES)
def test_each_shape(shape):
    row = verdict(CURVES[shape])
    assert row["shape"] == shape
    surprising = shape in ("humped", "reversed", "falling")
    assert (SHAPE_WORDS[shape][1:] in row["sentence"]) == surprising


def test_a_shape_is_of_what_lies_beyond_the_placebo():
    """The drop rises by what the placebo costs, and else peaks at a milder level."""
    assert verdict(CURVES["humped"], placebo=0.5)["shape"] == "humped"


def test_one_level_has_no_shape():
    assert pd.isna(verdict((1.0,), levels=(1,))["shape"])
