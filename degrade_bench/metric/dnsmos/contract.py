"""What DNSMOS does to audio before its networks hear it, and what it makes of their answers.

Audio is brought to 16 kHz and one channel, repeated until it fills a window of 9.01 s, and cut into windows every
second. The polynomials map the network's answers to the scale of the listening test.

Source: the ``speechmos`` package 0.0.1.1, read; its floating-point arithmetic is part of the contract.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from degrade_bench.clip.conversion import mono_at

SAMPLE_RATE = 16000
WINDOW_SECONDS = 9.01
WINDOW_SAMPLES = int(WINDOW_SECONDS * SAMPLE_RATE)
HOP_SAMPLES = SAMPLE_RATE

POLYNOMIALS = {
    "sig": (-0.08397278, 1.22083953, 0.0052439),
    "bak": (-0.13166888, 1.60915514, -0.39604546),
    "ovrl": (-0.06766283, 1.11546468, 0.04602535),
}
"""Highest power first, in the order of the network's three answers."""


def preprocessed(batch: torch.Tensor, sample_rate: int) -> np.ndarray:
    """``(batch, channels, time)`` at any rate to ``(batch, time)`` at 16 kHz, float32.

    The package takes one channel at 16 kHz only. The mean of the channels and torchaudio's resampler with its
    default settings are the bench's choice. Samples beyond ±1 stay as they are.
    """
    mono: np.ndarray = mono_at(batch.to("cpu", torch.float32), sample_rate, SAMPLE_RATE).numpy()
    return mono


def repeated(audio: np.ndarray) -> np.ndarray:
    """``(time,)``, doubled until it fills a window."""
    times = 1
    while times * len(audio) < WINDOW_SAMPLES:
        times *= 2
    return np.tile(audio, times) if times > 1 else audio


def window_starts(samples: int) -> list[int]:
    """The seconds at which windows begin, in audio of that many samples: one window's length or more.

    Windows are counted from the whole seconds of the audio, so that up to two seconds at its end are in none. A
    window's end is rounded down to a sample in floating point: for some starting seconds (7 to 23, 119 to 122, …)
    this loses a sample, and such windows are left out.
    """
    count = int(math.floor(samples / SAMPLE_RATE) - WINDOW_SECONDS) + 1
    ends = [int((second + WINDOW_SECONDS) * HOP_SAMPLES) for second in range(count)]
    return [second for second, end in enumerate(ends) if end - second * HOP_SAMPLES >= WINDOW_SAMPLES]
