"""A probe tells of every kind of metric that is not what it declares, in a sentence."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest
import torch

from degrade_bench.errors import MetricError, NotApplicableError
from degrade_bench.metric.adapter import check_metric
from degrade_bench.metric.base import Metric
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.sweep.probe import probe
from degrade_bench.sweep.probe_clips import probe_clip, under_noise


class Rough:
    """Falls as the signal gets rougher; right in everything."""

    name, higher_is_better = "rough", True

    def score(self, batch, sample_rate, reference=None):
        return -batch.diff(dim=-1).abs().mean(dim=(1, 2))


def rough(batch):
    return Rough().score(batch, 0)


def metric(score, **traits) -> Metric:
    """A metric with traits that scores by a function of batch, rate and reference."""

    def called(self, batch, sample_rate, reference=None):
        return score(batch, sample_rate, reference)

    return check_metric(type("Tried", (Rough,), {"score": called, **traits})())


def at_24_khz(batch, rate, reference):
    if rate != 24000:
        raise ValueError("24 kHz only")
    return rough(batch)


def mono(batch, rate, reference):
    if batch.shape[1] != 1:
        raise ValueError("one channel only")
    return rough(batch)


def deaf(batch, rate, reference):
    raise ValueError("what?")


def dying(batch, rate, reference):
    raise MetricDiedError("its process ended (exit code 3)")


def killed(batch, rate, reference):
    raise MetricDiedError("its process ended (SIGKILL)", from_outside=True)


def long(batch, rate, reference):
    if batch.shape[2] < 5 * rate:
        raise ValueError("too short")
    return rough(batch)


def single(batch, rate, reference):
    if len(batch) > 1:
        raise ValueError("one at a time")
    return rough(batch)


def first_nan(batch, rate, reference):
    scores = rough(batch)
    return torch.where(scores == scores.max(), torch.nan, scores)


def centred(batch, rate, reference):
    return rough(batch) - rough(batch).mean()


def writing(batch, rate, reference):
    batch -= 1.0
    return rough(batch)


def printing(batch, rate, reference):
    print("x" * 300_000)
    return rough(batch)


def in_float64(batch, rate, reference):
    torch.set_default_dtype(torch.float64)
    return rough(batch)


def drawing(batch, rate, reference):
    return rough(batch) * random.random()


def by_chance(batch, rate, reference):
    return torch.from_numpy(np.random.default_rng().random(len(batch)))


def picky(batch, rate, reference):
    raise NotApplicableError("no voice")


def difference(batch, rate, reference):
    return -(batch - reference).abs().mean(dim=(1, 2))


RIGHT = [
    (lambda batch, rate, reference: rough(batch), {}),
    (lambda batch, rate, reference: -rough(batch), {"higher_is_better": False}),
    (lambda batch, rate, reference: batch.abs().amax(dim=(1, 2)), {}),
    (lambda batch, rate, reference: rough(batch).tolist(), {}),
    (difference, {"needs_reference": True}),
    (at_24_khz, {"sample_rate": 24000, "resample": True}),
    (long, {"min_seconds": 5.0}),
    (long, {"window_seconds": 5.0}),
]

WARNED = [
    (mono, {}, "in two channels it raises ValueError: one channel only, and in one it does not"),
    (deaf, {}, "over 2.5 s of clean music it raises ValueError: what?"),
    (long, {}, "it raises ValueError: too short, and over 10 s it does not: declare min_seconds"),
    (single, {}, "it scores one signal; of a batch of 4 it raises ValueError: one at a time"),
    (centred, {}, "beside others: it depends on the batch"),
    (by_chance, {}, "it depends on chance"),
    (writing, {}, "it writes to its input"),
    (printing, {}, "it prints: 300001 characters over one call"),
    (in_float64, {}, "it changes torch's default type for the whole process"),
    (drawing, {}, "it changes Python's random generator for the whole process"),
    (killed, {}, "over 2.5 s of clean music its process ended (SIGKILL)"),
    (lambda *given: sys.exit(3), {}, "over 2.5 s of clean music it called sys.exit(3)"),
    (lambda batch, *given: -rough(batch), {}, "is higher_is_better = True right?"),
    (lambda batch, *given: rough(batch), {"higher_is_better": False}, "is higher_is_better = False right?"),
    (lambda batch, *given: rough(batch), {"needs_reference": True}, "with either of two references"),
]

REFUSED = [
    (lambda batch, *given: ["good"] * len(batch), {}, "returned list, expected a tensor of numbers"),
    (lambda batch, *given: batch.mean(dim=2), {}, "returned shape (1, 2), expected (1,)"),
    (lambda batch, *given: batch.mean()[None], {}, "returned shape (1,), expected (4,)"),
    (lambda batch, *given: rough(batch) * torch.nan, {}, "gives NaN for clean music"),
    (difference, {}, "declare needs_reference = True"),
    (at_24_khz, {"sample_rate": 24000}, "it raises ValueError: 24 kHz only: declare resample = True"),
    (dying, {}, "cannot be used: over 2.5 s of clean music its process ended (exit code 3); --no-probe runs it"),
]


@pytest.mark.parametrize(("score", "traits"), RIGHT)
def test_nothing_is_said_of_a_metric_that_is_what_it_declares(score, traits):
    found = probe(metric(score, **traits))
    assert (found.warnings, found.left_out, found.skipped) == ((), (), None)


@pytest.mark.parametrize(("score", "traits", "sentence"), WARNED)
def test_what_a_metric_does_otherwise_is_one_sentence(score, traits, sentence, capsys):
    found = probe(metric(score, **traits))
    assert len(found.warnings) == 1
    assert sentence in found.warnings[0]
    assert torch.get_default_dtype() == torch.float32
    assert len(capsys.readouterr().out) <= 2**16


@pytest.mark.parametrize(("score", "traits", "sentence"), REFUSED)
def test_scores_that_would_mean_nothing_are_refused(score, traits, sentence):
    with pytest.raises(MetricError) as refused:
        probe(metric(score, **traits))
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_metric_that_does_not_apply_is_not_probed():
    assert probe(metric(picky)).skipped == "it does not apply to generated clips: no voice"


def test_a_metric_that_hears_minutes_at_once_is_not_probed():
    assert "at most 60 s" in probe(metric(picky, min_seconds=61.0)).skipped


def test_a_slow_metric_is_called_less_often_and_it_is_said_what_was_left_out(monkeypatch):
    calls, clock = [], [0.0]

    def slow(batch, rate, reference):
        calls.append(len(batch))
        clock[0] += 16.0 * len(batch)
        return rough(batch)

    monkeypatch.setattr("degrade_bench.sweep.probe_calls.time.perf_counter", lambda: clock[0])
    found = probe(metric(slow, needs_reference=True))
    assert calls == [1, 1, 1]
    assert found.left_out == (
        "whether a score depends on its batch, and the direction: the metric took 16 s for one clip",
    )


def test_a_metric_that_hops_is_asked_for_windows():
    class Hops(Rough):
        hop_seconds = 0.5

        def score_windows(self, batch, sample_rate, reference=None):
            return rough(batch)[:, None].expand(-1, 3)

    assert probe(check_metric(Hops())).warnings == ()


def test_the_clips_are_stereo_music_of_the_asked_length_and_noise_is_as_loud_as_it():
    for which in (0, 1):
        clip = probe_clip(which, 2.5)
        noisy = under_noise(clip, which)
        noise = noisy.samples * 2**0.5 - clip.samples
        assert tuple(clip.samples.shape) == (2, 110250)
        assert not torch.equal(clip.samples[0], clip.samples[1])
        assert float(clip.samples.abs().max()) == pytest.approx(0.5)
        assert float(noise.square().mean() / clip.samples.square().mean()) == pytest.approx(1, rel=1e-3)
