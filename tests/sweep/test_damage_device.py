"""Sweeps whose workers have a device for signals."""

from __future__ import annotations

import pytest
import torch

from degrade_bench._support.accelerator import device_at_work
from degrade_bench.degrade.suites import resolve
from degrade_bench.errors import ConfigError, RunFolderError
from degrade_bench.metric.catalogue import load_metric
from degrade_bench.sweep.config import make_config
from degrade_bench.sweep.device import resolve_device
from tests.sweep import toys
from tests.sweep.test_execute import comparable, interrupted_after, make_sweep, sweep_in


class OnDevice(toys.Rms):
    """1 where signals are worked on a device, and 0 where not."""

    name = "on-device"

    def score(self, batch, sample_rate, reference=None):
        return torch.full((len(batch),), float(device_at_work() is not None))


@pytest.mark.parametrize(("device", "score"), [("cpu", 0.0), ("cpu:0", 1.0)])
def test_workers_have_the_device_at_work(tmp_path, device, score):
    done = sweep_in(tmp_path / "out", make_sweep(metrics=(OnDevice(),), damage_device=device))
    assert set(done.table["score"].to_pylist()) == {score}
    assert device_at_work() is None


def test_scores_of_another_device_are_not_mixed(tmp_path):
    sweep_in(tmp_path / "out", make_sweep(damage_device="cpu:0"))
    with pytest.raises(RunFolderError, match="damage_device cpu:0, not cpu"):
        sweep_in(tmp_path / "out", make_sweep())


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="--damage-device cuda:99"):
        resolve_device("cuda:99", "--damage-device")
    with pytest.raises(ConfigError, match="the workers of a cluster have no device"):
        make_config({"suite": "quick", "out": "out", "engine": "ray", "damage_device": "cuda"})
    with pytest.raises(ConfigError, match="--damage-device 'gpu'"):
        make_config({"suite": "quick", "out": "out", "damage_device": "gpu"})


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_gives_the_same_table_on_any_workers_and_after_interruptions(tmp_path):
    names = ("white_noise", "low_pass", "reverb", "phase_scrambling", "wow", "bar_shuffle")
    damages = resolve((), names, ()).degradations
    metrics = tuple(load_metric(name, {}, "cpu") for name in ("mr-spectral", "log-mel", "chroma-aligned", "si-sdr"))

    def sweep(workers, device="cuda:0"):
        return make_sweep(
            sources=toys.toy_sources(3, seconds=5.0),
            degradations=damages,
            metrics=metrics,
            workers=workers,
            damage_device=device,
        )

    whole = sweep_in(tmp_path / "whole", sweep(1))
    assert "failed" not in whole.table["status"].to_pylist()
    assert comparable(sweep_in(tmp_path / "three", sweep(3)).table).equals(comparable(whole.table))
    for blocks in (1, 4):
        with pytest.raises(KeyboardInterrupt):
            sweep_in(tmp_path / "cut", sweep(2), interrupted_after(blocks))
    assert comparable(sweep_in(tmp_path / "cut", sweep(2)).table).equals(comparable(whole.table))
    here = sweep_in(tmp_path / "here", sweep(1, "cpu")).table
    for ours, there in zip(here["score"].to_pylist(), whole.table["score"].to_pylist(), strict=True):
        assert there == (None if ours is None else pytest.approx(ours, rel=1e-4, abs=1e-4))
