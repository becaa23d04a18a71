"""What LAION-CLAP does to audio before its network hears it.

The mean of the channels at 48 kHz, as ``librosa.load`` makes it, clipped at full scale and rounded towards zero to
16 bits; ten seconds of it, in decibels of 64 mel bands from 50 to 14,000 Hz, a hundred frames a second. The authors
take the ten seconds at random; here they are the middle ones. Shorter audio is repeated as often as it fits whole,
and zeros follow.

Source: ``hook.py``, ``training/data.py``, ``clap_module/htsat.py`` and ``HTSAT-base.json`` of ``laion_clap`` 1.1.7.
"""

from __future__ import annotations

from functools import lru_cache

import torch

from degrade_bench._support.librosa_modules import librosa_module

SAMPLE_RATE = 48000
WINDOW_SECONDS = 10.0
WINDOW_SAMPLES = 480_000
SHORTEST_SECONDS = 0.1
SHORTEST_SAMPLES = 4800
FRAME_SAMPLES, HOP_SAMPLES = 1024, 480
BANDS = 64
LOWEST_HZ, HIGHEST_HZ = 50.0, 14000.0
FULL_SCALE = 32767.0
FLOOR = 1e-10


def in_16_bits(audio: torch.Tensor) -> torch.Tensor:
    """Samples clipped at ±1 and rounded towards zero to 16 bits, as float32 again."""
    return (audio.clamp(-1.0, 1.0) * FULL_SCALE).trunc() / FULL_SCALE


def window_of(audio: torch.Tensor) -> torch.Tensor:
    """The middle ten seconds of ``(time,)``, or what is shorter repeated as often as it fits, and zeros."""
    count = len(audio)
    if count >= WINDOW_SAMPLES:
        start = (count - WINDOW_SAMPLES) // 2
        return audio[start : start + WINDOW_SAMPLES]
    repeated = audio.repeat(WINDOW_SAMPLES // count)
    return torch.nn.functional.pad(repeated, (0, WINDOW_SAMPLES - len(repeated)))


def mel_decibels(window: torch.Tensor, lowest_hz: float, highest_hz: float) -> torch.Tensor:
    """What the network hears of ``(480000,)``: ``(1, 1, 1001, 64)``, float32.

    Args:
        window: at 48 kHz.
        lowest_hz: where the mel bands begin.
        highest_hz: where they end.
    """
    hann = torch.hann_window(FRAME_SAMPLES, dtype=torch.float64, device=window.device)
    spectrum = torch.stft(
        window.double(), FRAME_SAMPLES, HOP_SAMPLES, window=hann, pad_mode="reflect", return_complex=True
    )
    power = spectrum.real.square() + spectrum.imag.square()
    mel = power.T @ mel_filters(lowest_hz, highest_hz).to(window.device)
    return (10 * mel.clamp(min=FLOOR).log10()).float()[None, None]


@lru_cache(maxsize=2)
def mel_filters(lowest_hz: float, highest_hz: float) -> torch.Tensor:
    """Librosa's filters, ``(513, 64)``, float64."""
    mel = librosa_module("librosa.filters").mel
    filters = mel(sr=SAMPLE_RATE, n_fft=FRAME_SAMPLES, n_mels=BANDS, fmin=lowest_hz, fmax=highest_hz)
    return torch.from_numpy(filters).double().T.contiguous()
