"""The API: ``stress_test`` with objects and clips in memory."""

from __future__ import annotations

import numpy as np
import pytest

import degrade_bench
from degrade_bench.errors import ConfigError, MetricError
from tests.conftest import make_clip


class Peak:
    """A metric without a base class, that cannot be pickled."""

    name = "peak"
    higher_is_better = True

    def __init__(self):
        self.unpicklable = lambda: None

    def score(self, batch, sample_rate, reference=None):
        return batch.abs().amax(dim=(1, 2))


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    clips = [make_clip(13.0, 16000, 1, seed=seed) for seed in range(2)]
    return degrade_bench.stress_test(
        Peak(),
        clips=clips,
        suites=("quick",),
        out=tmp_path_factory.mktemp("stress") / "out",
        levels=(5,),
        workers=2,
    )


def test_an_object_is_stress_tested_on_clips_in_memory(result):
    scores = result.scores
    assert set(scores.metric) == {"peak"}
    assert scores.clip_id.nunique() == 2
    assert result.failed == 0
    clean = scores[scores.role == "clean"].set_index("clip_id").score
    for seed in range(2):
        clip = make_clip(13.0, 16000, 1, seed=seed)
        assert clean[clip.id] == pytest.approx(float(clip.samples.abs().max()))
    rotated = scores[scores.degradation == "polarity"]
    flipped = rotated[rotated.level == 5].set_index("clip_id").score
    assert np.array_equal(flipped, clean[flipped.index])
    assert [metric["counts"] for metric in result.record["metrics"]] == [{"outside_range": 0}]
    assert set(result.analysis.summary.metric) == {"peak"}


def test_what_is_not_a_metric_is_refused(tmp_path):
    with pytest.raises(MetricError):
        degrade_bench.stress_test(object(), out=tmp_path / "out")
    with pytest.raises(MetricError, match="no metric"):
        degrade_bench.stress_test([], out=tmp_path / "out")


def test_two_clips_of_one_id_and_two_metrics_of_one_name(tmp_path):
    clip = make_clip(3.0, 8000, 1)
    with pytest.raises(ConfigError, match="same id"):
        degrade_bench.stress_test(Peak(), clips=[clip, clip], out=tmp_path / "out")
    with pytest.raises(ConfigError, match="'peak' is given twice"):
        degrade_bench.stress_test([Peak(), Peak()], clips=[clip], out=tmp_path / "out")


def test_the_public_names_are_there():
    for name in degrade_bench.__all__:
        assert getattr(degrade_bench, name) is not None
        assert name in dir(degrade_bench)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        degrade_bench.nonsense  # noqa: B018
