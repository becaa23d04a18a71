"""Many channels as one, for analyses that listen to one channel, without what opposite phases take away."""

from __future__ import annotations

import numpy as np

LEFT_OF_UNRELATED_DB = -10.0
"""Channels cancel in a mix that lies further than this under what channels without relation would leave in it."""


def cancels(audio: np.ndarray) -> bool:
    """Whether the channels take each other away in their mean, as in opposite phase.

    Shape:
        audio: ``(channels, time)``, without a constant offset.

    >>> left = np.sin(np.arange(1000.0))
    >>> cancels(np.stack([left, -left])), cancels(np.stack([left, 0 * left]))
    (True, False)
    """
    mix = audio.mean(axis=0, dtype=np.float64)
    unrelated = np.einsum("ct,ct->", audio, audio, dtype=np.float64) / len(audio) ** 2
    return bool(mix @ mix < unrelated * 10 ** (LEFT_OF_UNRELATED_DB / 10))


def one_channel(audio: np.ndarray) -> np.ndarray:
    """The mean of the channels, or the loudest of them where they cancel in it.

    Shape:
        audio: ``(channels, time)``; returns ``(time,)``, float64.
    """
    if len(audio) > 1 and cancels(audio):
        loudest = int(np.argmax(np.einsum("ct,ct->c", audio, audio, dtype=np.float64)))
        values: np.ndarray = audio[loudest].astype(np.float64)
    else:
        values = audio.mean(axis=0, dtype=np.float64)
    return values
