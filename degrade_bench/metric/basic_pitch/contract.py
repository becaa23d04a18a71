"""What Basic Pitch does to audio before its network hears it, and how it puts the answers together.

The mean of the channels at 22.05 kHz is cut into windows of 43,844 samples, just under two seconds. A window begins
30 frames before the one before it ends, and the first one 15 frames before the audio, on zeros; the last ones are
filled up with zeros. Of a window's 172 frames the first and last 15 are dropped, and the others are laid end to
end, 86 to a second.

Windows are 141.3 hops of the network apart and give 142 frames each, so that frames do not lie exactly where they
say: each window moves those behind it by 8 ms. This is the same for any two clips that begin together.

Source: ``basic_pitch/inference.py`` of the package ``basic-pitch`` 0.4.0, read.
"""

from __future__ import annotations

import math

import numpy as np

SAMPLE_RATE = 22050
HOP_SAMPLES = 256
FRAMES_PER_SECOND = SAMPLE_RATE // HOP_SAMPLES
WINDOW_SAMPLES = 2 * SAMPLE_RATE - HOP_SAMPLES
WINDOW_FRAMES = 2 * FRAMES_PER_SECOND
OVERLAP_FRAMES = 30
WINDOW_HOP = WINDOW_SAMPLES - OVERLAP_FRAMES * HOP_SAMPLES
SHORTEST_SAMPLES = math.ceil(SAMPLE_RATE / FRAMES_PER_SECOND)
SHORTEST_SECONDS = SHORTEST_SAMPLES / SAMPLE_RATE
"""0.01166: less has no frame."""


def windows_of(audio: np.ndarray) -> np.ndarray:
    """What the network hears of ``(time,)`` at 22.05 kHz: ``(windows, 43844, 1)``, float32."""
    lead = OVERLAP_FRAMES * HOP_SAMPLES // 2
    starts = range(0, lead + len(audio), WINDOW_HOP)
    padded = np.zeros(starts[-1] + WINDOW_SAMPLES, np.float32)
    padded[lead : lead + len(audio)] = audio
    return np.stack([padded[start : start + WINDOW_SAMPLES, None] for start in starts])


def frames_of(samples: int) -> int:
    """Frames of so many samples at 22.05 kHz."""
    return int(np.floor(samples * (FRAMES_PER_SECOND / SAMPLE_RATE)))


def unwrapped(answers: np.ndarray, samples: int) -> np.ndarray:
    """The answers for all windows as one course: ``(windows, 172, bins)`` to ``(frames, bins)``.

    Args:
        answers: of the windows of :func:`windows_of`.
        samples: of the audio.
    """
    edge = OVERLAP_FRAMES // 2
    kept = answers[:, edge:-edge]
    course: np.ndarray = kept.reshape(-1, answers.shape[2])[: frames_of(samples)]
    return course
