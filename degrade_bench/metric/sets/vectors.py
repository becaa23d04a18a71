"""The vectors of a set of clips, and which track each is of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class VectorSet:
    """The vectors of a set of clips, frame after frame.

    Tracks are what is left out and drawn, because the frames of one are not independent. The clean and the damaged
    set of the same music number their tracks alike; tracks of another reference set have numbers of their own.

    Attributes:
        vectors: ``(frames, dim)``, float64.
        track: ``(frames,)``, the number of each frame's track.

    Example:
        >>> pair = VectorSet(np.array([[0.0], [1.0], [5.0]]), np.array([0, 0, 1]))
        >>> pair.of_tracks(np.array([False, True])).vectors
        array([[5.]])
    """

    vectors: np.ndarray
    track: np.ndarray

    def of_tracks(self, kept: np.ndarray) -> VectorSet:
        """The frames of some tracks: ``kept`` is True at the numbers of those that stay."""
        frames = kept[self.track]
        return VectorSet(self.vectors[frames], self.track[frames])
