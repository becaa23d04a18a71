"""A simulated metric of somebody else's: it is told what was done, whatever was made of the sound."""

from __future__ import annotations

import pytest
import torch

import degrade_bench
from degrade_bench.errors import MetricError
from degrade_bench.metric.base import Oracle, Treatment
from tests.conftest import make_clip


class Witness(Oracle):
    """Loses one for a test, a hundredth for a placebo of the family ``order``, and cannot judge a level 3."""

    name = "witness"

    def score_treatment(self, treatment: Treatment) -> float:
        if treatment.level == 3 and treatment.role == "test":
            raise RuntimeError("three is too much")
        if treatment.role == "placebo":
            assert treatment.group == {"order": "structural", "noise": "signal"}[treatment.family]
            return 5 - 0.01 * (treatment.family == "order")
        return 5.0 - treatment.level if treatment.role == "test" else 5.0


def test_it_is_told_the_role_and_for_a_placebo_the_damage_that_it_stands_beside(tmp_path):
    clips = [make_clip(6.0, 16000, 1, seed=seed) for seed in range(2)]
    rows = degrade_bench.stress_test(
        Witness(),
        clips=clips,
        degradations=("white_noise", "beat_shuffle"),
        levels=(1, 3, 5),
        workers=1,
        out=tmp_path / "run",
    ).scores
    assert set(rows.loc[rows["role"].isin(["clean", "control"]) & (rows["status"] == "ok"), "score"]) == {5.0}
    tests = rows[rows["role"] == "test"]
    assert dict(zip(tests["level"], tests["score"], strict=True))[5] == 0.0
    failed = tests[tests["status"] == "failed"]
    assert set(failed["level"]) == {3}
    assert set(failed["error"]) == {"RuntimeError: three is too much"}
    placebos = rows[rows["role"] == "placebo"].groupby("placebo_of")["score"].unique().apply(list)
    assert placebos.to_dict() == {"beat_shuffle": [4.99], "white_noise": [5.0]}


def test_it_hears_nothing():
    with pytest.raises(MetricError, match="witness is simulated"):
        Witness().score(torch.zeros(1, 1, 100), 8000)
