"""What a run came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from degrade_bench.runs.names import SCORES
from degrade_bench.runs.record import RunRecord
from degrade_bench.runs.scores import load_scores
from degrade_bench.runs.stored import fetched

if TYPE_CHECKING:
    import pandas as pd

    from degrade_bench.analysis import Analysis


@dataclass(frozen=True)
class RunResult:
    """What a run came to.

    Attributes:
        folder: the run directory; an address where it lies in object storage.
        analysis: what was concluded.
        run: what ``run.json`` holds.
    """

    folder: Path
    analysis: Analysis
    run: RunRecord

    @property
    def record(self) -> Mapping[str, Any]:
        """What ``run.json`` holds, as plain dictionaries and lists."""
        return self.run.to_dict()

    @property
    def scores(self) -> pd.DataFrame:
        """The score table: one row per cell and metric."""
        with fetched(self.folder, (SCORES,)) as place:
            return load_scores(place)

    @property
    def failed(self) -> int:
        """Rows that failed."""
        return self.run.counts.failed

    @property
    def lost(self) -> int:
        """Clips on which work was broken off; the same run started again tries again."""
        return self.run.counts.clips_lost
