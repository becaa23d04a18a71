"""What musicnn does to audio before its network hears it.

The mean of the channels, resampled to 16 kHz, becomes a mel spectrogram of 96 bands, 62.5 frames a second. It is
rounded to float16, compressed, and cut into patches of 187 frames, one after the other. Frames at the end that fill
no patch are left out. Audio of less than one patch has none: there the package fails.

Source: the package ``musicnn`` 0.1.0, read, with the defaults of librosa 0.7, which it was made with: Hann window,
frames centred on their time, edges mirrored, power, Slaney's mel scale and norm. The arithmetic is that of numpy
before 2.0: what is rounded to float16 is multiplied in float32. From numpy 2.0 on the same lines multiply in
float16, which ends at 65504 and makes loud music infinite.

librosa 0.7 resampled by ``kaiser_best`` of resampy 0.2. torchaudio's resampler computes that filter exactly, where
resampy reads it from a table; what that changes is in ``docs/musicnn.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import torch

from degrade_bench._support.librosa_modules import librosa_module
from degrade_bench._support.precision import multiplying

SAMPLE_RATE = 16000
FRAME_SAMPLES, HOP_SAMPLES = 512, 256
BANDS = 96
PATCH_FRAMES = 187
SHORTEST_SAMPLES = (PATCH_FRAMES - 1) * HOP_SAMPLES
SHORTEST_SECONDS = SHORTEST_SAMPLES / SAMPLE_RATE
"""2.976: frames are centred, so that a patch takes one hop less than its frames have."""


KAISER_BEST: Mapping[str, Any] = MappingProxyType(
    {
        "lowpass_filter_width": 64,
        "rolloff": 0.9475937167399596,
        "resampling_method": "sinc_interp_kaiser",
        "beta": 14.769656459379492,
    }
)
"""resampy's filter, in torchaudio's words."""


def mono_at_16_khz(signals: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """``(batch, channels, time)`` at any rate to ``(batch, time)`` at 16 kHz.

    Args:
        signals: float32.
        sample_rate: of the signals, in Hz.
    """
    import torchaudio

    mono = signals.mean(dim=1)
    if sample_rate != SAMPLE_RATE:
        with multiplying(tf32=False):  # it is a convolution
            mono = torchaudio.functional.resample(mono, sample_rate, SAMPLE_RATE, **KAISER_BEST)
    return mono


def patches_of(audio: torch.Tensor) -> torch.Tensor:
    """What the network hears of ``(time,)`` at 16 kHz, :data:`SHORTEST_SAMPLES` at least.

    Shape:
        returns: ``(patches, 187, 96)``, float32.
    """
    spectrogram = compressed(mel_spectrogram(audio))
    count = len(spectrogram) // PATCH_FRAMES
    return spectrogram[: count * PATCH_FRAMES].reshape(count, PATCH_FRAMES, BANDS)


def mel_spectrogram(audio: torch.Tensor) -> torch.Tensor:
    """Mel-band power of ``(time,)`` at 16 kHz: ``(frames, 96)``, float16.

    It is computed in float64, so that rounding to float16 does not depend on how sums are split.
    """
    window = torch.hann_window(FRAME_SAMPLES, dtype=torch.float64, device=audio.device)
    spectrum = torch.stft(
        audio.double(), FRAME_SAMPLES, HOP_SAMPLES, window=window, pad_mode="reflect", return_complex=True
    )
    power = spectrum.real.square() + spectrum.imag.square()
    return (power.T @ mel_filters().to(audio.device)).half()


def compressed(power: torch.Tensor) -> torch.Tensor:
    """The logarithm that the network was trained on, float32."""
    return torch.log10(10000 * power.float() + 1)


@lru_cache(maxsize=1)
def mel_filters() -> torch.Tensor:
    """Librosa's filters, ``(257, 96)``, float64."""
    filters = librosa_module("librosa.filters").mel(sr=SAMPLE_RATE, n_fft=FRAME_SAMPLES, n_mels=BANDS)
    return torch.from_numpy(filters).double().T.contiguous()
