"""What a metric says of itself decides what it is given and what counts towards its floor."""

from __future__ import annotations

import pytest
import torch

import degrade_bench
from degrade_bench.errors import MetricError
from degrade_bench.metric.adapter import check_metric
from degrade_bench.metric.catalogue import load_metric
from tests.conftest import make_clip


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    result = degrade_bench.stress_test(
        [load_metric(name, {}, "cpu") for name in ("si-sdr", "chroma-order-free", "loudness")],
        clips=[make_clip(5.0, 16000, 1, seed=seed) for seed in range(2)],
        degradations=("tempo_change", "white_noise"),
        levels=(1, 5),
        workers=1,
        out=tmp_path_factory.mktemp("run") / "r",
    )
    return result.scores


def test_controls_that_a_metric_is_meant_to_hear_are_no_nuisance(scores):
    controls = scores[scores["role"] == "control"]
    left_out = controls[~controls["nuisance"].astype(bool)].groupby("metric")["degradation"].unique().apply(set)
    assert left_out.to_dict() == {
        "loudness": {"gain"},
        "si-sdr": {"polarity", "fractional_delay", "subsonic_filter"},
    }
    assert not scores.loc[scores["role"] != "control", "nuisance"].any()


def test_full_reference_without_alignment_hears_what_changes_the_duration(scores):
    moved = scores[scores["degradation"].isin(["tempo_change", "crop_offset"])].groupby("metric")["status"].unique()
    assert list(moved["si-sdr"]) == ["not-applicable"]
    assert list(moved["chroma-order-free"]) == list(moved["loudness"]) == ["ok"]


class Odd:
    name = "odd"
    higher_is_better = True
    needs_reference = True

    def score(self, batch, sample_rate, reference=None):
        return torch.tensor([float(reference.shape[-1] - batch.shape[-1])] * len(batch))


def test_anybodys_metric_can_say_so(tmp_path):
    odd = Odd()
    odd.aligned, odd.hears = False, ("gain",)
    clips = [make_clip(5.0, 16000, 1)]
    table = degrade_bench.stress_test(
        odd, clips=clips, degradations=("speed_change",), workers=1, out=tmp_path / "a"
    ).scores
    assert (table["status"] == "ok").all()
    changed = table[(table["degradation"] == "speed_change") & (table["level"] == 5)]["score"]
    assert abs(changed.iloc[0]) > 100
    assert not table[table["degradation"] == "gain"]["nuisance"].any()
    aligned = degrade_bench.stress_test(
        Odd(), clips=clips, degradations=("speed_change",), workers=1, out=tmp_path / "b"
    ).scores
    assert set(aligned[aligned["degradation"] == "speed_change"]["status"]) == {"not-applicable"}
    assert set(aligned["fingerprint"]) != set(table["fingerprint"])


@pytest.mark.parametrize("hears", ["gain", [1], None])
def test_a_wrong_declaration_is_refused(hears):
    odd = Odd()
    odd.hears = hears
    with pytest.raises(MetricError, match="expected names of controls"):
        check_metric(odd)
