"""A second decoder gives the same samples, of whole files and of cut ones as far as both go."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from degrade_bench.clip.audio import read_audio, read_part
from degrade_bench.errors import AudioError
from tests.clip.decode.files import KINDS, encoded, suffix_of

FFMPEG = shutil.which("ffmpeg")
OTHERWISE = ("NMS", "DWVW", "G72", "ALAC")
"""Codecs that ffmpeg does not decode, or not as libsndfile encodes them."""
ADPCM_TOLERANCE = 0.03
"""Decoders of ADPCM round differently, and what they round adds up."""


def by_ffmpeg(path, channels: int, rate: int) -> np.ndarray:
    command = [FFMPEG, "-v", "quiet", "-i", path, "-ac", str(channels), "-ar", str(rate), "-f", "f32le", "-"]
    stream = subprocess.run(command, capture_output=True, timeout=60).stdout
    return np.frombuffer(stream[: len(stream) // (4 * channels) * 4 * channels], "<f4").reshape(-1, channels).T


@pytest.mark.skipif(FFMPEG is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if not any(codec in kind for codec in OTHERWISE)])
def test_a_second_decoder_agrees(tmp_path, kind):
    path = tmp_path / f"a{suffix_of(kind)}"
    content = encoded(kind, rate=48000 if "OPUS" in kind else 0)  # ffmpeg decodes Opus at 48 kHz only
    path.write_bytes(content)
    whole, rate = read_audio(path)
    tolerance = ADPCM_TOLERANCE if "ADPCM" in kind else 1e-4
    for share in (1.0, 0.9, 0.5):
        path.write_bytes(content[: round(share * len(content))])
        try:
            samples = read_part(path).samples
        except AudioError:
            assert share < 1
            continue
        other = by_ffmpeg(path, len(whole), rate)
        common = min(samples.shape[1], other.shape[1])
        assert np.abs(samples[:, :common] - other[:, :common]).max() <= tolerance
        assert common >= 0.9 * samples.shape[1], "nothing is made up"
