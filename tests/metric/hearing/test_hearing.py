"""Features that metrics share: each is computed once, and what else is heard changes no score."""

from __future__ import annotations

import weakref
from collections import Counter
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
import torch

from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.catalogue import PANEL, load_metric
from degrade_bench.metric.hearing import spectra
from degrade_bench.metric.hearing.grid import Grid
from degrade_bench.metric.hearing.heard import Feature, Heard
from degrade_bench.metric.hearing.listener import FullReference, Listener, heard_by
from degrade_bench.metric.hearing.spectra import Block, SpectralFeature, blocks_of
from degrade_bench.metric.panel.features import PitchClasses
from degrade_bench.sweep.hearing import MOST_REFERENCES, _references, hear_together, listens
from degrade_bench.sweep.scoring import MetricInput, Outcome
from tests.conftest import make_clip
from tests.sweep import toys
from tests.sweep.test_execute import comparable, make_sweep, sweep_in

COMPUTED: Counter[str] = Counter()


@dataclass(frozen=True)
class Power(Feature[float]):
    """Mean square."""

    def of(self, signal: Heard) -> float:
        COMPUTED["power"] += 1
        return float(signal.samples.square().mean())


class Level(Listener):
    """The level of a signal."""

    name = "level"

    def features(self, sample_rate):
        return (Power(),)

    def score_heard(self, signal):
        return signal.ask(Power()) ** 0.5


class LevelChange(FullReference):
    """How far the level is from the clean one."""

    name, higher_is_better = "level-change", False

    def features(self, sample_rate):
        return (Power(),)

    def compare(self, clean, degraded):
        return abs(degraded.ask(Power()) ** 0.5 - clean.ask(Power()) ** 0.5)


@dataclass(frozen=True)
class Broken(SpectralFeature[float]):
    """Cannot be computed."""

    def grid(self, sample_rate):
        return Grid(512, 128)

    def taker(self, signal, grid):
        raise ValueError("no taker")


class AsksBroken(Level):
    """Names a feature that raises."""

    name = "asks-broken"

    def features(self, sample_rate):
        return (Broken(), PitchClasses())

    def score_heard(self, signal):
        return signal.ask(Broken())


class Picky(Level):
    """Does not apply to anything."""

    name = "picky"

    def score_heard(self, signal):
        raise NotApplicableError("too quiet")


class Windowed(Level):
    """Hears a second."""

    name, window_seconds = "windowed", 1.0


@pytest.fixture(autouse=True)
def none_computed():
    COMPUTED.clear()


@pytest.fixture
def clip():
    return make_clip(3.0, 22050, 2)


@pytest.fixture
def damaged(clip):
    return clip.samples + 0.05 * torch.randn(clip.samples.shape, generator=torch.Generator().manual_seed(4))


def given(metric, clip, samples) -> MetricInput:
    return MetricInput(samples=samples, reference=clip.samples if metric.needs_reference else None)


def together(metrics, clip, samples) -> list[Outcome]:
    return hear_together(metrics, clip, [given(metric, clip, samples) for metric in metrics])


def test_a_feature_is_computed_once_for_all_that_name_it_and_of_the_clean_clip_once_for_all_cells(clip, damaged):
    metrics = (Level(), LevelChange(), Level())
    first = together(metrics, clip, damaged)
    assert COMPUTED["power"] == 2
    assert together(metrics, clip, 2 * damaged)[0].score == pytest.approx(2 * first[0].score)
    assert COMPUTED["power"] == 3
    assert first[0].score == first[2].score == pytest.approx(float(damaged.square().mean()) ** 0.5)


def test_the_score_is_that_of_the_metric_alone(clip, damaged):
    for metric in (Level(), LevelChange()):
        reference = clip.samples[None] if metric.needs_reference else None
        alone = float(metric.score(damaged[None], clip.sample_rate, reference)[0])
        assert together((metric,), clip, damaged)[0].score == alone


def test_what_else_is_heard_changes_no_score_of_the_panel():
    rate = 44100
    clip = make_clip(3.0, rate, 2)
    damaged = clip.samples + 0.05 * torch.randn(clip.samples.shape, generator=torch.Generator().manual_seed(4))
    panel = [load_metric(name, {}, "cpu") for name in PANEL]
    whole = {
        metric.name: outcome.score for metric, outcome in zip(panel, together(panel, clip, damaged), strict=True)
    }
    for some in (*combinations(panel, 1), *combinations(panel, 2)):
        parts = together(some, make_clip(3.0, rate, 2), damaged)
        assert [outcome.score for outcome in parts] == [whole[metric.name] for metric in some]


def test_one_metrics_failure_is_no_other_metrics(clip, damaged):
    metrics = (Level(), AsksBroken(), load_metric("chroma-aligned", {}, "cpu"), Picky())
    level, broken, chroma, picky = together(metrics, clip, damaged)
    assert level.status == chroma.status == "ok"
    assert (broken.status, broken.error) == ("failed", "ValueError: no taker")
    assert (picky.status, picky.error) == ("not-applicable", "too quiet")
    assert together((Level(),), clip, damaged)[0].score == level.score


def test_of_parts_that_differ_from_cell_to_cell_few_are_kept(clip, damaged):
    for count in range(100, 1100, 100):
        inputs = [MetricInput(samples=damaged[:, :count], reference=clip.samples[:, :count])]
        (outcome,) = hear_together([LevelChange()], clip, inputs)
        reference = clip.samples[None, :, :count]
        assert outcome.score == float(LevelChange().score(damaged[None, :, :count], 22050, reference)[0])
    assert 1 <= len(_references(clip)) <= MOST_REFERENCES


def test_who_is_given_nothing_scores_nothing(clip):
    reason = Outcome.not_applicable("no bars")
    assert hear_together([Level()], clip, [MetricInput(outcome=reason)]) == [reason]


def test_metrics_that_cut_the_signal_differently_hear_different_signals(clip, damaged):
    metrics = (Level(), Windowed())
    inputs = [MetricInput(samples=damaged), MetricInput(samples=damaged[:, 22050:44100])]
    whole, part = hear_together(metrics, clip, inputs)
    assert whole.score == pytest.approx(float(damaged.square().mean()) ** 0.5)
    assert part.score == pytest.approx(float(damaged[:, 22050:44100].square().mean()) ** 0.5)


def test_a_metric_that_scores_windows_or_has_a_score_of_its_own_is_not_heard_with_others():
    class Hopping(Level):
        hop_seconds = 1.0

    class Halved(Level):
        def score(self, batch, sample_rate, reference=None):
            return super().score(batch, sample_rate, reference) / 2

    patched = Level()
    patched.score = Halved().score
    assert listens(Level())
    assert not listens(Halved())
    assert not listens(patched)
    assert not listens(Hopping())
    assert not listens(toys.Rms())


def test_a_sweep_with_listeners_gives_what_they_give_one_by_one(tmp_path, monkeypatch):
    metrics = (Level(), LevelChange(), toys.Rms(), toys.Counting("heavy", light=False), Windowed())
    sweep = make_sweep(metrics=metrics)
    shared = sweep_in(tmp_path / "shared", sweep)
    from degrade_bench.sweep import block

    monkeypatch.setattr(block, "listens", lambda metric: False)
    alone = sweep_in(tmp_path / "alone", sweep)
    assert comparable(shared.table).equals(comparable(alone.table))
    assert shared.metric_counts == alone.metric_counts


@pytest.mark.parametrize("holding", [False, True])
def test_a_cell_is_let_go_as_soon_as_it_is_heard_where_all_metrics_listen(tmp_path, monkeypatch, holding):
    from degrade_bench.sweep import block

    heard: list[weakref.ref[torch.Tensor]] = []
    held = []

    def watched(metrics, clip, inputs):
        (given,) = inputs
        held.append(any(earlier() is not None for earlier in heard))
        if given.samples is not None and given.samples is not clip.samples:
            heard.append(weakref.ref(given.samples))
        return hear_together(metrics, clip, inputs)

    monkeypatch.setattr(block, "hear_together", watched)
    others = (toys.Rms(),) if holding else ()  # a metric that scores batches has to wait for them
    sweep_in(tmp_path, make_sweep(metrics=(Level(), *others)))
    assert len(heard) > 5
    assert any(held) == holding


@pytest.mark.parametrize("grid", [Grid(1024, 256), Grid(512, 512), Grid(256, 300)])
@pytest.mark.parametrize("length", [1, 255, 1024, 30011])
def test_blocks_hold_the_frames_of_a_transform_of_the_whole(monkeypatch, grid, length):
    monkeypatch.setattr(spectra, "BLOCK_VALUES", 1 << 13)
    audio = torch.randn(2, length, generator=torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(audio, (0, max(0, grid.n_fft - length)))
    window = torch.hann_window(grid.n_fft)
    expected = torch.stft(padded, grid.n_fft, grid.hop, window=window, center=False, return_complex=True).abs()
    blocks = list(blocks_of(audio.numpy(), grid))
    assert [block.index for block in blocks] == list(range(len(blocks)))
    assert all(block.first % 2 == 0 for block in blocks)
    found = np.concatenate([block.magnitudes for block in blocks], axis=1)
    assert np.allclose(found, expected.mT.numpy(), atol=1e-4)
    assert found.shape[1] == grid.frames(length)


def test_loud_spectra_do_not_overflow():
    (block,) = blocks_of(np.full((1, 256), 1e35, np.float32), Grid(256, 64))
    assert np.isfinite(block.magnitudes).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_pooled_power_is_the_mean_over_channels(channels):
    magnitudes = np.random.default_rng(0).random((channels, 4, 9)).astype(np.float32)
    block = Block(0, 0, magnitudes)
    assert np.allclose(block.pooled_power, np.square(magnitudes.astype(float)).mean(axis=0), rtol=1e-6)


def test_heard_by_scores_in_order(clip):
    scores = heard_by((Level(), Level()), Heard(clip.samples, clip.sample_rate))
    assert scores[0] == scores[1]
