"""Damage and features on a device equal those of the processor; on a GPU where there is one.

Without a GPU the same lines run on the processor, which shows that they compute the same, and not that a GPU does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
import torch

from degrade_bench._support.accelerator import working_on
from degrade_bench._support.caching import forget
from degrade_bench.clip import Clip
from degrade_bench.degrade.seeds import generator
from degrade_bench.degrade.suites import resolve
from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.catalogue import PANEL, REGISTRY
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.listener import heard_by
from degrade_bench.metric.muq_eval.contract import Windows
from degrade_bench.metric.prepared import Prepared
from degrade_bench.sweep.worker import single_threaded
from tests.conftest import make_clip

DEVICES = [
    "cpu:0",
    pytest.param(
        "cuda:0",
        marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")],
    ),
]
AGREEMENT = 1e-5
DAMAGES = {damage.name: damage for damage in resolve(("signal",), (), ()).degradations}


@pytest.fixture(params=DEVICES)
def device(request):
    """Has signals worked on a device until the block ends."""
    return partial(working_on, request.param)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in a worker."""
    with single_threaded():
        yield


def rendered(damage, clip: Clip, level: int):
    forget(lambda owner: False)
    return damage.render(clip, level, generator(7))


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_the_processor_s(name, device):
    damage, clip = DAMAGES[name], make_clip(2.0, seed=3)
    level = damage.ladder.levels[-1]
    try:
        expected = rendered(damage, clip, level)
    except NotApplicableError as error:
        with device(), pytest.raises(NotApplicableError, match=re.escape(str(error))):
            rendered(damage, clip, level)
        return
    with device():
        made = rendered(damage, clip, level)
    scale = float(expected.clip.samples.abs().max())
    assert float((made.clip.samples - expected.clip.samples).abs().max()) <= AGREEMENT * scale
    assert made.clip.samples.device.type == "cpu"
    assert made.plan.gain_db == pytest.approx(expected.plan.gain_db, abs=1e-4)
    if not damage.version.count("."):  # steps of a chain measure what the steps before them left
        assert made.plan.params == expected.plan.params


def test_damage_on_a_device_can_be_repeated(device):
    clip = make_clip(2.0, seed=3)
    for name in ("low_pass", "reverb", "phase_scrambling", "wow", "fractional_delay"):
        with device():
            first, again = (rendered(DAMAGES[name], clip, 3).clip.hash for _ in range(2))
        assert first == again, name


@pytest.mark.parametrize(("seconds", "rate", "channels"), [(3.0, 44100, 2), (0.01, 8000, 1), (1.0, 96000, 6)])
def test_the_panel_hears_on_a_device_what_it_hears_on_the_processor(seconds, rate, channels, device):
    clean, noise = (make_clip(seconds, rate, channels, kind=kind).samples for kind in ("music", "noise"))
    offset = torch.linspace(0.0, 0.3, channels)[:, None]
    panel = [REGISTRY.get(name)() for name in PANEL]
    for degraded in (clean, clean + 0.1 * noise, clean + offset):
        expected = heard_by(panel, Heard(degraded, rate, Heard(clean, rate)))
        with device():
            scores = heard_by(panel, Heard(degraded, rate, Heard(clean, rate)))
        np.testing.assert_allclose(scores, expected, rtol=AGREEMENT, atol=1e-7)


def test_silence_has_the_same_scores_on_a_device(device):
    silence, music = torch.zeros(2, 44100), make_clip(1.0).samples
    panel = [REGISTRY.get(name)() for name in PANEL]
    for clean, degraded in ((silence, music), (music, silence)):
        expected = heard_by(panel, Heard(degraded, 44100, Heard(clean, 44100)))
        with device():
            scores = heard_by(panel, Heard(degraded, 44100, Heard(clean, 44100)))
        np.testing.assert_allclose(scores, expected, rtol=AGREEMENT, equal_nan=True)


def test_long_signals_are_heard_block_by_block_on_a_device(device, monkeypatch):
    clean, noise = (make_clip(3.0, kind=kind).samples for kind in ("music", "noise"))
    panel = [REGISTRY.get(name)() for name in PANEL]

    def scores():
        return heard_by(panel, Heard(clean + noise, 44100, Heard(clean, 44100)))

    with device():
        expected = scores()
        monkeypatch.setattr("degrade_bench.metric.hearing.device_spectra.BLOCK_VALUES", 1 << 16)
        monkeypatch.setattr("degrade_bench.metric.panel.mr_spectral.MOST_BYTES_KEPT", 0)
        np.testing.assert_allclose(scores(), expected, rtol=1e-6)


def test_windows_of_a_network_are_prepared_on_a_device(device):
    clip = make_clip(12.0)
    preparation = Windows(None)
    expected = Prepared.of(preparation, clip.samples, 44100)
    with device():
        made = Prepared.of(preparation, clip.samples[:, 1:], 44100), Prepared.of(preparation, clip.samples, 44100)
    assert torch.allclose(made[1].windows, expected.windows, atol=AGREEMENT)
    assert made[0].key != made[1].key
