"""Functions as metrics: what they are given, what they must say, and what tells two of them apart."""

from __future__ import annotations

import functools
import pickle

import numpy as np
import pytest
import torch

from degrade_bench.bench import in_memory
from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.metric.adapter import check_metric
from degrade_bench.metric.catalogue import load_metric
from degrade_bench.metric.functions import OPTIONS, function_metric, with_functions
from degrade_bench.metric.identity import UNKNOWN
from degrade_bench.metric.traits import Traits
from degrade_bench.sweep.config import RunConfig
from degrade_bench.sweep.scoring import MetricInput, score_cells
from tests.conftest import make_clip

UP = {"higher_is_better": True}


def seen(audio, sample_rate):
    assert type(audio) is np.ndarray
    return audio.mean() + audio.ndim + sample_rate


def peak(audio):
    return abs(audio).max()


def distance(audio, reference, sr=None):
    return abs(audio - reference).sum() + sr


class Scaled:
    def __init__(self, scale):
        self.scale = scale

    def __call__(self, audio):
        return self.scale * audio.max()


def metric(function, **declared):
    return check_metric(function_metric(function, {**UP, **declared}))


def batch():
    return torch.arange(24.0).reshape(2, 2, 6) / 24


def test_by_default_it_is_given_one_clip_the_mean_of_its_channels_at_its_rate():
    signals = batch()
    expected = signals.mean(dim=(1, 2)) + 1 + 8000
    assert metric(seen).score(signals, 8000) == pytest.approx(expected.tolist(), rel=1e-6)
    resampled = metric(seen, sample_rate=4000)
    assert (resampled.sample_rate, resampled.name, resampled.needs_reference) == (4000, "seen", False)
    assert resampled.score(torch.full((1, 2, 8000), 0.5), 8000) == pytest.approx([4001.5], abs=0.01)


@pytest.mark.parametrize("takes", ["numpy", "torch"])
@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("channels", ["mono", "all"])
def test_it_is_given_what_it_declares(takes, batched, channels):
    shapes = []

    def score(audio):
        assert type(audio) is (np.ndarray if takes == "numpy" else torch.Tensor)
        shapes.append(tuple(audio.shape))
        return audio.reshape(2, -1).mean(-1) if batched else audio.mean()

    signals = batch()
    made = metric(score, takes=takes, batched=batched, channels=channels)
    outcomes = score_cells(made, [MetricInput(one) for one in signals], 8000)
    assert [outcome.score for outcome in outcomes] == pytest.approx(signals.mean(dim=(1, 2)).tolist(), rel=1e-6)
    one = (6,) if channels == "mono" else (2, 6)
    assert shapes == ([(2, *one)] if batched else [one, one])


def test_the_clean_clip_goes_to_the_parameter_of_that_name():
    made = metric(distance)
    assert made.needs_reference
    signals = batch()
    assert made.score(signals, 3, signals + 1) == pytest.approx([9, 9], rel=1e-5)
    assert not metric(lambda audio, reference=None: 0.0).needs_reference


@pytest.mark.parametrize(
    ("function", "declared", "text"),
    [
        (peak, {"higher_is_better": None}, "peak is a function and does not say in which direction quality lies"),
        (lambda clean, degraded: 0, {}, "nothing is known for its parameter 'degraded'"),
        (lambda sample_rate: 0, {}, "nothing is known for its parameter 'sample_rate'"),
        (peak, {"takes": "jax"}, "unknown takes 'jax'"),
        (peak, {"sample_rate": "high"}, r"^peak.sample_rate=high: expected a whole number"),
    ],
)
def test_what_it_does_not_say_is_asked_for(function, declared, text):
    with pytest.raises(MetricError, match=text):
        with_functions([function], {**UP, **declared})


def test_what_is_declared_is_for_functions_and_no_option_of_a_run():
    assert not OPTIONS & set(RunConfig.model_fields)
    with pytest.raises(MetricError, match="higher_is_better=… is for a function"):
        with_functions([object()], UP)


def test_two_functions_and_what_they_hold_are_told_apart():
    def closed(scale):
        return lambda audio: scale * audio.max()

    made = [peak, seen, closed(1), closed(2), functools.partial(peak), Scaled(1), Scaled(2), Scaled(2).__call__]
    parts = [metric(function).fingerprint_parts() for function in made]
    assert len({metric(function).fingerprint() for function in made}) == len(made)
    assert all(part["code"] != UNKNOWN and "arguments" not in part for part in parts)
    assert metric(peak).fingerprint() == metric(peak).fingerprint() != metric(peak, sample_rate=8000).fingerprint()
    namespace = {}
    exec("def typed(audio): return 0.0", namespace)
    assert metric(namespace["typed"], name="typed").fingerprint_parts()["code"] == UNKNOWN


def test_one_of_a_module_travels():
    made = metric(peak, takes="torch", light=True, name="loudest")
    copy = pickle.loads(pickle.dumps(made))
    assert Traits.of(copy) == Traits.of(made)
    assert copy.score(batch(), 8000) == made.score(batch(), 8000)


def test_a_network_is_called_with_batches():
    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool1d(1), torch.nn.Flatten(0))
    made = metric(network, takes="torch", batched=True)
    assert made.name == "Sequential"
    assert made.score(batch(), 8000).tolist() == pytest.approx(batch().mean(dim=(1, 2)).tolist())


def test_one_in_a_file_says_by_attributes_what_it_is(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "def half(audio, sr):\n    return sr / 2\n\n\ndef make(weights):\n    raise KeyError(weights)\n"
    )
    with pytest.raises(
        MetricError, match=r"half' is a function and does not say higher_is_better: --set .*mine.py:half"
    ):
        load_metric(f"{file}:half", {}, "cpu")
    said = load_metric(f"{file}:half", {"higher_is_better": False, "sample_rate": 4000}, "cpu")
    assert said.given_settings == {"higher_is_better": False, "sample_rate": 4000}
    with file.open("a") as opened:
        opened.write("\n\nhalf.higher_is_better = False\nhalf.name = 'a half'\nhalf.sample_rate = 4000\n")
    made = load_metric(f"{file}:half", {}, "cpu")
    assert (made.name, made.higher_is_better) == ("a half", False)
    assert made.score(batch(), 8000) == [2000, 2000]
    with pytest.raises(MetricError, match="cannot be made: KeyError"):
        load_metric(f"{file}:make", {"weights": 1}, "cpu")
    with pytest.raises(ConfigError, match="unknown setting 'sample_rat'; did you mean 'sample_rate'"):
        load_metric(f"{file}:half", {"sample_rat": 1}, "cpu")


def test_a_run_is_asked_for_with_a_function(tmp_path, monkeypatch):
    monkeypatch.setattr(in_memory, "run", lambda config, resolved, **told: resolved)
    resolved = in_memory.stress_test(
        lambda audio, sample_rate: audio.mean() + sample_rate,
        clips=[make_clip(2.0, 22050, 2)],
        degradations=["hard_clipping"],
        out=tmp_path / "out",
        higher_is_better=True,
        sample_rate=16000,
        name="power",
        seed=3,
    )
    (made,) = resolved.sweep.metrics
    assert (made.name, made.sample_rate, made.light, resolved.sweep.seed) == ("power", 16000, False, 3)
    (outcome,) = score_cells(made, [MetricInput(torch.full((2, 8000), 0.5))], 8000)
    assert outcome.score == pytest.approx(16000.5, abs=0.01)
