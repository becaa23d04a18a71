"""Few clips decide nothing: placebos, controls and levels that only some recordings have."""

from __future__ import annotations

import numpy as np
import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.errors import UnknownNameError
from tests.analysis.made import concluded, generator, made, verdicts
from tests.analysis.tables import noisy, table

CLIPS = 20


def drops_of(damage: np.ndarray, placebo: np.ndarray, controls: dict[str, np.ndarray] | None = None):
    rng = generator(1)
    controls = controls or {"control": 0.1 * rng.standard_normal(CLIPS)}
    return made(3 + rng.standard_normal(CLIPS), {"damage": damage}, controls, {"damage": placebo})


@pytest.mark.parametrize("known", [2, 3, 5])
@pytest.mark.parametrize("cost", [0.0, 1.5])
def test_a_placebo_of_few_clips_decides_nothing(known, cost):
    damage = cost + 0.01 * generator(2).standard_normal((CLIPS, 5))
    placebo = np.where(np.arange(CLIPS)[:, None] < known, damage, np.nan)
    ruling = concluded(drops_of(damage, placebo)).rulings["damage"]
    assert ruling.verdict == "inconclusive"
    assert f"{known} recordings with a placebo's drop" in ruling.reason


def test_nothing_is_excluded_by_fewer_than_fourteen_placebos():
    damage = 0.01 * generator(2).standard_normal((CLIPS, 5))
    placebo = np.where(np.arange(CLIPS)[:, None] < 12, 0.0, np.full((CLIPS, 5), np.nan))
    assert "a fifth" in concluded(drops_of(damage, placebo)).rulings["damage"].reason
    assert verdicts(drops_of(damage, np.zeros((CLIPS, 5))))["damage"] == "blind"


@pytest.mark.parametrize("known", [1, 2, 3])
def test_a_control_of_few_clips_decides_no_margin(known):
    rng = generator(3)
    damage = 0.3 + 0.02 * rng.standard_normal((CLIPS, 5))
    control = 0.05 * rng.standard_normal(CLIPS)
    few = np.where(np.arange(CLIPS) < known, 0.4, np.nan)
    alone = drops_of(damage, np.zeros((CLIPS, 5)), {"control": control})
    beside = drops_of(damage, np.zeros((CLIPS, 5)), {"control": control, "few": few})
    assert concluded(beside).floor.margin == concluded(alone).floor.margin
    assert verdicts(beside) == verdicts(alone) == {"damage": "sensitive"}


def test_a_controls_highest_level_counts_where_enough_clips_have_it():
    control = 0.3 * generator(4).standard_normal((CLIPS, 2))
    whole = drops_of(np.zeros((CLIPS, 5)), np.zeros((CLIPS, 5)), {"control": control[:, 0]})
    control[3:, 1] = np.nan
    control[:3, 1] = 1e-6
    partly = drops_of(np.zeros((CLIPS, 5)), np.zeros((CLIPS, 5)), {"control": control})
    assert concluded(partly).floor.margin == concluded(whole).floor.margin


def test_an_inversion_at_the_top_is_no_sensitivity():
    rise = np.array([2.0, 2.0, -2.0])
    drops = drops_of(rise + 0.1 * generator(5).standard_normal((CLIPS, 3)), np.zeros((CLIPS, 3)))
    ruling = concluded(drops).rulings["damage"]
    assert ruling.verdict == "inverted"
    assert "at a milder level it falls" in ruling.reason


def test_what_improves_a_little_is_faint_and_is_not_said_to_drop():
    drops = drops_of(-0.03 + 0.01 * generator(6).standard_normal((CLIPS, 5)), np.zeros((CLIPS, 5)))
    ruling = concluded(drops).rulings["damage"]
    assert ruling.verdict == "faint"
    assert ruling.reason.startswith("there is an effect")


def test_a_positive_control_that_is_not_in_the_run_is_refused():
    scores = table(noisy(lambda name, role, level: 0.0), clips=6)
    with pytest.raises(UnknownNameError, match="no-such"):
        analyse(scores, AnalysisOptions(positive_controls=("no-such",)))


def test_controls_that_raise_the_score_make_nothing_noticed():
    scores = table(noisy(lambda name, role, level: -1.0 if role == "control" else 0.0, 0.0), clips=8)
    analysis = analyse(scores, AnalysisOptions(resamples=100, flips=100))
    assert analysis.metrics["noticed_from"].iloc[0] == 0
    assert (analysis.families["noticed"] == 0).all()


def test_options_without_a_part_in_it_stand_beside_no_verdict():
    assert AnalysisOptions(resolution=0.2).changed() == ""
    assert AnalysisOptions(rules=1, effect=9.0, family_alpha=0.5).changed() == "rules = 1"
    assert AnalysisOptions(effect=0.2).changed() == "effect = 0.2"
