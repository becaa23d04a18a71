"""Filter banks are librosa's."""

from __future__ import annotations

import subprocess
import sys

import librosa
import numpy as np
import pytest

from degrade_bench.metric.panel.filter_banks import chroma_filters, mel_filters

RATES = (8000, 22050, 44100, 48000, 96000)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("n_fft", "bands"), [(1024, 40), (2048, 80), (8192, 128)])
def test_mel_bands_are_librosas(rate, n_fft, bands):
    theirs = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=bands, fmin=20.0, norm=None)
    theirs = theirs / np.maximum(theirs.sum(axis=1, keepdims=True), 1e-9)
    ours = mel_filters(rate, n_fft, bands)
    assert ours.dtype == np.float32
    assert np.allclose(ours, theirs.T, rtol=2.0**-23, atol=1e-12), "to rounding"


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("n_fft", [4096, 8192, 16384])
def test_pitch_classes_are_librosas(rate, n_fft):
    theirs = librosa.filters.chroma(sr=rate, n_fft=n_fft, tuning=0.0).T
    assert np.array_equal(chroma_filters(rate, n_fft), theirs.astype(np.float32))


def test_neither_imports_librosa():
    code = (
        "import sys; from degrade_bench.metric.panel.filter_banks import chroma_filters, mel_filters; "
        "mel_filters(22050, 1024, 80); chroma_filters(22050, 4096); assert 'librosa' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
