"""What is heard at given moments of a recording, such as its bar lines: three measures that read the audio alone.

All compare what is heard with what was to be expected there. *Unlikeness* is the measure of the joins' tests, the
RMS of the difference between the two sides of a join over the RMS of both; of a recording only the side behind the
line is known, and how the side before it would go on is predicted. A *step* is a jump between samples. *Carried on*
is the share of the sound before the line that is heard behind it, past a crossfade: it is no smaller where notes
begin, which have nothing to do with what rings on, and near none where the music was cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
import torch

from degrade_bench.degrade.dsp.joins import FADE_SECONDS, fade_half, unlikeness
from joining.prediction import continued

ORDER, HISTORY = 256, 4096
"""Samples that the next one is predicted from, and that the prediction learns from, at 44.1 kHz."""
AHEAD_SECONDS = 0.03
"""How much of what follows a line is searched for what was heard before it."""
STEP_SAMPLES, BEFORE_SAMPLES = 30, 2000


@dataclass(frozen=True)
class AtLine:
    """What is measured at one moment.

    Attributes:
        unlike: of the sound that would go on and the sound that is heard, over the length of a crossfade; 0 to √2.
        step: the largest second difference of samples within 0.7 ms, over the RMS of those of the 45 ms before.
        carried: how much of the sound before it goes on behind it: 1 for all, about 0 for nothing.
    """

    unlike: float
    step: float
    carried: float


def at_lines(samples: torch.Tensor, sample_rate: int, places: Sequence[int] | np.ndarray) -> np.ndarray:
    """The measures at some places, ``(places, 3)``, columns as in :class:`AtLine`.

    Places too near to the recording's ends, and in silence, are left out.

    Args:
        samples: ``(channels, time)``; their mean over the channels is measured.
        sample_rate: Hz.
        places: in samples.
    """
    mono = samples.double().mean(dim=0).numpy()
    found = (at_line(mono, sample_rate, int(place)) for place in places)
    rows = [astuple(one) for one in found if one is not None]
    return np.asarray([row for row in rows if np.isfinite(row).all()], dtype=float).reshape(-1, 3)


def at_line(mono: np.ndarray, sample_rate: int, place: int) -> AtLine | None:
    """The measures at one place; None too near to an end or in silence.

    Args:
        mono: ``(time,)``, float64.
        sample_rate: Hz.
        place: in samples.
    """
    fade, ahead = round(FADE_SECONDS * sample_rate), round(AHEAD_SECONDS * sample_rate)
    half = fade_half(sample_rate)
    if place < HISTORY + half or place + half + ahead > len(mono):
        return None
    past = mono[place - HISTORY : place]
    usual = float(np.sqrt(np.mean(np.diff(past[-BEFORE_SAMPLES:-STEP_SAMPLES], 2) ** 2)))
    if not usual > 0:
        return None
    goes_on = torch.from_numpy(continued(past, fade, ORDER))
    expected = continued(mono[place - half - HISTORY : place - half], 2 * half + ahead, ORDER)[2 * half :]
    heard, power = mono[place + half : place + half + ahead], float(expected @ expected)
    jumps = np.abs(np.diff(mono[place - STEP_SAMPLES : place + STEP_SAMPLES], 2))
    return AtLine(
        unlikeness(goes_on, torch.from_numpy(mono[place : place + fade])),
        float(jumps.max()) / usual,
        float(heard @ expected) / power if power > 0 else float("nan"),
    )
