"""How musical time moved: a piecewise-linear map from source time to output time."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from degrade_bench.errors import AnnotationError

TOGETHER_SECONDS = 1e-3
"""Times that lie no farther apart are one: they come from beats in seconds and from cuts in whole samples."""

ROUNDING_SECONDS = 1e-9
"""What float64 may add to a time that is mapped there and back; far below a sample."""


@dataclass(frozen=True)
class TimeMap:
    """A monotone, piecewise-linear map from source time to output time, in seconds.

    ``points`` are ``(source, output)`` pairs, strictly increasing in source. Between two points the output rises,
    or, between two points with rising spans on either side, it stands: that source was left out. Outside the
    points the first and the last slope go on.
    """

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        array = np.asarray(self.points, dtype=float)
        if array.ndim != 2 or len(array) < 2 or not np.isfinite(array).all():
            raise AnnotationError("a time map needs two points or more, increasing in source and output")
        source, output = np.diff(array, axis=0).T
        if (source <= 0).any() or (output < 0).any() or output[0] == 0 or output[-1] == 0:
            raise AnnotationError(
                "a time map needs two points or more, increasing in source and output; "
                "the output may stand still (source was left out) only between spans where it rises"
            )

    def __call__(self, times: npt.ArrayLike) -> np.ndarray:
        """Map source times (seconds, any shape) to output times."""
        source, output = np.asarray(self.points, dtype=float).T
        return _interpolated(np.asarray(times, dtype=float), source, output)

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """The ``(start, end)`` of all source that was left out."""
        standing = itertools.groupby(self.points, key=lambda point: point[1])
        spans = ([source for source, _ in group] for _, group in standing)
        return tuple((span[0], span[-1]) for span in spans if len(span) > 1)

    def left_out(self, times: npt.ArrayLike) -> np.ndarray:
        """Which source times lie within source that was left out; not its two ends, which are still heard."""
        times = np.asarray(times, dtype=float)
        inside = np.zeros(times.shape, dtype=bool)
        for start, end in self.gaps:
            inside |= (times > start + TOGETHER_SECONDS) & (times < end - TOGETHER_SECONDS)
        return inside

    def then(self, other: TimeMap) -> TimeMap:
        """This map and then ``other``, whose source is this one's output. What either leaves out is left out."""
        mine, theirs = (np.asarray(time_map.points, dtype=float) for time_map in (self, other))
        # Where the output stands, its source is not one time; but both ends are among this map's own points.
        back = _interpolated(theirs[:, 0], mine[:, 1], mine[:, 0])
        breaks = np.unique(np.concatenate([mine[:, 0], back]))
        breaks = breaks[np.diff(breaks, prepend=-np.inf) > 100 * ROUNDING_SECONDS]
        output = other(self(breaks))
        for k in range(1, len(output)):  # what stands must stand exactly
            if output[k] - output[k - 1] < ROUNDING_SECONDS:
                output[k] = output[k - 1]
        return TimeMap(tuple((float(s), float(o)) for s, o in zip(breaks, output, strict=True)))

    @property
    def mean_stretch(self) -> float:
        """Output duration over the duration of the source that is heard, between the first and the last point."""
        (s0, o0), (s1, o1) = self.points[0], self.points[-1]
        return (o1 - o0) / (s1 - s0 - sum(end - start for start, end in self.gaps))


def _interpolated(x: np.ndarray, known_x: np.ndarray, known_y: np.ndarray) -> np.ndarray:
    """Piecewise-linear interpolation; the first and the last slope go on outside."""
    y = np.interp(x, known_x, known_y)
    first = (known_y[1] - known_y[0]) / (known_x[1] - known_x[0])
    last = (known_y[-1] - known_y[-2]) / (known_x[-1] - known_x[-2])
    y = np.where(x < known_x[0], known_y[0] + (x - known_x[0]) * first, y)
    values: np.ndarray = np.where(x > known_x[-1], known_y[-1] + (x - known_x[-1]) * last, y)
    return values
