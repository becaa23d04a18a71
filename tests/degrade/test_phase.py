"""Oracles of phase damage: what is kept (magnitudes, bands, images) and what is lost, measured independently."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import torch

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.stft import Stft
from degrade_bench.degrade.signal.mel_inversion import framing, mel_smoothing
from tests.conftest import make_clip
from tests.degrade.probes import LEVELS, error, render, undone_gain


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    clips = [source.load() for source in builtin_sources()[:3]]
    return [clip.with_samples(clip.samples[:, : 6 * clip.sample_rate].contiguous()) for clip in clips]


# -- the transform -------------------------------------------------------------------------------------


@pytest.mark.parametrize("overlap", [2, 4])
@pytest.mark.parametrize("length", [1, 63, 1024, 44101])
def test_analysis_and_synthesis_are_the_identity(overlap, length):
    samples = torch.from_numpy(np.random.default_rng(1).standard_normal((2, length)).astype(np.float32))
    stft = Stft(1024, overlap)
    spectra = stft.analyse(samples)
    assert tuple(spectra.shape) == (2, stft.frames(length), stft.bins)
    assert torch.allclose(stft.synthesise(spectra, length), samples, atol=2e-6)
    power = spectra.abs().square()
    both_sides = 2 * power.sum() - power[..., 0].sum() - power[..., -1].sum()
    assert float(both_sides / stft.n_fft / samples.square().sum()) == pytest.approx(1, rel=1e-4), "a tight frame"


def test_spectra_are_librosas():
    samples = torch.from_numpy(np.random.default_rng(2).standard_normal((1, 8192)).astype(np.float32))
    stft = Stft(512, 4)
    theirs = librosa.stft(
        np.pad(samples[0].numpy(), (384, 384)),
        n_fft=512,
        hop_length=128,
        window=stft.window().numpy(),
        center=False,
    )
    assert np.allclose(stft.analyse(samples)[0].T.numpy(), theirs, atol=1e-3)


# -- phase scrambling ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (96000, 3)])
def test_the_angle_can_be_read_off_the_result(rate, channels):
    clip, scrambling = make_clip(3.0, rate, channels, kind="noise"), catalogue.get("phase_scrambling")
    for level in LEVELS[:-1]:
        angle = scrambling.achieved(clip, render("phase_scrambling", clip, level))
        assert angle == pytest.approx(scrambling.ladder.strength(level), rel=0.05)
    assert scrambling.achieved(clip, render("phase_scrambling", clip, 5)) > 165
    assert scrambling.measure(clip, clip) == 0.0


def test_scrambling_keeps_magnitudes_and_the_image(builtin):
    for clip in builtin:
        out = torch.from_numpy(undone_gain(render("phase_scrambling", clip, 5))).float()
        spectra = [Stft(2048).analyse(each).abs().square() for each in (clip.samples, out)]
        bands = [each.sum(dim=(0, 1)).numpy()[1:1001].reshape(100, 10).sum(axis=1) for each in spectra]
        audible = bands[0] > 1e-6 * bands[0].max()
        assert np.std(10 * np.log10(bands[1] / bands[0])[audible]) < 1.0
        balance = [10 * torch.log10(each[0].sum() / each[1].sum()) for each in spectra]
        assert float(balance[0] - balance[1]) == pytest.approx(0, abs=0.3)
        width = [float((each[0] - each[1]).square().mean() / each.square().mean()) for each in (clip.samples, out)]
        assert width[0] == pytest.approx(width[1], rel=0.25)


def test_all_levels_share_one_field_of_angles(builtin):
    clip = builtin[0]
    errors = []
    for level in (1, 2):
        out = undone_gain(render("phase_scrambling", clip, level))
        errors.append((out - clip.samples.double().numpy()).ravel())
    assert np.corrcoef(*errors)[0, 1] > 0.9
    assert error("phase_scrambling_placebo", clip, 1) < error("phase_scrambling", clip, 1) / 1000


# -- mel inversion -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bands", "rate"), [(160, 44100), (40, 16000), (10, 48000)])
def test_bands_are_librosas_mel_bands(bands, rate):
    n_fft = framing(rate).n_fft
    averaging, reading = (matrix.toarray() for matrix in mel_smoothing(bands, rate, n_fft))
    theirs = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=bands, norm=None)
    theirs = theirs / theirs.sum(axis=1, keepdims=True)
    assert np.allclose(averaging, theirs, atol=1e-4)
    inside = theirs.sum(axis=0) > 1e-3
    assert np.allclose(reading.sum(axis=1)[inside], 1, atol=1e-5), "a flat spectrum stays flat"
    assert (reading >= 0).all()


def test_what_is_left_are_the_bands(builtin):
    for clip in builtin:
        for level in (2, 4):
            rendered = render("mel_inversion", clip, level)
            bands = rendered.plan.params["bands"]
            mel = [
                librosa.feature.melspectrogram(
                    y=each.mean(axis=0), sr=clip.sample_rate, n_mels=bands, hop_length=512
                )
                for each in (clip.samples.numpy(), rendered.clip.samples.numpy())
            ]
            level_db = [10 * np.log10(each + 1e-4 * each.max()) for each in mel]
            assert np.corrcoef(level_db[0].ravel(), level_db[1].ravel())[0, 1] > 0.9


def test_fewer_bands_leave_a_less_similar_spectrum(builtin):
    for clip in builtin:
        stft = framing(clip.sample_rate)
        clean = torch.log(stft.analyse(clip.samples).abs() + 1e-2)
        distances = []
        for level in LEVELS:
            out = stft.analyse(render("mel_inversion", clip, level).clip.samples)
            distances.append(float((torch.log(out.abs() + 1e-2) - clean).square().mean()))
        assert (np.diff(distances) > 0).all()
        assert error("mel_inversion_placebo", clip, 1) < 1e-10


@pytest.mark.parametrize("name", ["phase_scrambling", "mel_inversion"])
def test_the_number_of_threads_changes_nothing(builtin, name):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = render(name, builtin[2], 3)
        for threads in (2, 3, 8):
            torch.set_num_threads(threads)
            assert torch.equal(catalogue.get(name).apply(builtin[2], alone.plan).samples, alone.clip.samples)
    finally:
        torch.set_num_threads(before)
