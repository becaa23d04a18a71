"""What of the spread between recordings lies within them: which excerpt was taken, and how a damage was drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.planning import Within
from tests.analysis.tables import ORDER, table

OPTIONS = AnalysisOptions(resamples=200, flips=100)


def top(scores) -> dict:
    levels = analyse(scores, OPTIONS).levels
    return levels[levels["level"] == levels["level"].max()].iloc[0].to_dict()


def scores(recordings: int, excerpts: int, replicates: int, between: float, within: float, draw: float):
    """Drops with so much spread of the three kinds, and none in clean clips and controls but a little."""
    rng = np.random.default_rng(5)
    clips = recordings * excerpts
    of_recording = np.repeat(between * rng.standard_normal(recordings), excerpts)
    of_clip = within * rng.standard_normal(clips)
    quality = rng.standard_normal(clips)

    def score(name: str, role: str, level: int, clip: int) -> float:
        if role == "clean":
            return quality[clip]
        if role != "test":
            return quality[clip] + 0.01 * rng.standard_normal()
        return quality[clip] + of_recording[clip] + of_clip[clip] + draw * rng.standard_normal()

    return table(
        score,
        clips=clips,
        degradations=(ORDER,),
        levels=(1,),
        tracks={clip: f"song{clip // excerpts:03d}" for clip in range(clips)},
        replicates=replicates,
    )


@pytest.mark.parametrize("kind", [(1.0, 0.0, 0.0), (0.3, 1.0, 0.0), (0.3, 0.0, 1.0), (0.5, 1.0, 1.0)])
def test_the_shares_are_those_that_were_put_in(kind):
    between, within, draw = kind
    row = top(scores(600, 3, 2, *kind))
    excerpts, draws = within**2 / 3, draw**2 / 6
    whole = between**2 + excerpts + draws
    assert row["excerpt_share"] == pytest.approx(excerpts / whole, abs=0.06)
    assert row["draw_share"] == pytest.approx(draws / whole, abs=0.06)


def test_what_a_run_does_not_tell_is_not_known():
    row = top(scores(20, 1, 1, 1.0, 0.0, 0.5))
    assert math.isnan(row["excerpt_share"])
    assert math.isnan(row["draw_share"])
    row = top(scores(20, 1, 3, 0.0, 0.0, 0.5))
    assert math.isnan(row["excerpt_share"])
    assert row["draw_share"] == pytest.approx(1, abs=0.4)


def test_advice_names_what_helps():
    assert Within().advice() == Within(0.1, 0.2).advice() == ""
    assert "70 % of the variance is which part" in Within(0.7, 0.1).advice()
    assert "--windows" not in Within(math.nan, 0.5).advice()
    assert "--replicates" in Within(math.nan, 0.5).advice()
    noted = analyse(scores(16, 3, 2, 0.1, 1.0, 1.0), OPTIONS).verdicts.iloc[0]
    assert noted["verdict"] == "inconclusive"
    assert "would spare recordings" in noted["power_note"]
