"""What a panel of a picture shows: the clean clip, or a rendering of it, without the samples that are not shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.degrade.plan import Plan, Rendered
from degrade_bench.sweep.pictures.raster import COLUMNS


@dataclass(frozen=True, eq=False)
class Version:
    """The clean clip, or a rendering of it, as far as it is heard and shown.

    Attributes:
        excerpt: the samples that are heard, ``(1 or 2, time)``.
        sample_rate: in Hz.
        begins: where the excerpt begins, in seconds.
        seconds: how long all of it is.
        plan: of the rendering; None for the clean clip.
    """

    excerpt: np.ndarray
    sample_rate: int
    begins: float
    seconds: float
    plan: Plan | None = None

    @classmethod
    def of(cls, heard: Clip | Rendered, middle_seconds: float, most_seconds: float) -> Version:
        """At most so many seconds around a point, as far as there are any.

        Args:
            heard: the clean clip, or a rendering of it.
            middle_seconds: the point.
            most_seconds: of the excerpt.
        """
        clip, plan = (heard, None) if isinstance(heard, Clip) else (heard.clip, heard.plan)
        count = min(clip.num_samples, round(most_seconds * clip.sample_rate))
        start = min(max(0, round(middle_seconds * clip.sample_rate) - count // 2), clip.num_samples - count)
        excerpt = clip.samples[:2, start : start + count].numpy().copy()
        return cls(excerpt, clip.sample_rate, start / clip.sample_rate, clip.duration, plan)

    @property
    def ends(self) -> float:
        """Where the excerpt ends, in seconds."""
        return self.begins + int(self.excerpt.shape[1]) / self.sample_rate

    def columns_of(self, longest: float) -> int:
        """How many columns of a panel the excerpt takes, one at least.

        Args:
            longest: seconds of the whole panel.
        """
        return max(1, min(COLUMNS, round(COLUMNS * (self.ends - self.begins) / longest)))
