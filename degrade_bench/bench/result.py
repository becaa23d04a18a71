"""What a run came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from degrade_bench._support.addresses import shown
from degrade_bench.runs.names import REPORT, SCORES
from degrade_bench.runs.record import RunRecord
from degrade_bench.runs.scores import load_scores
from degrade_bench.runs.stored import fetched

if TYPE_CHECKING:
    import pandas as pd

    from degrade_bench.analysis import Analysis
    from degrade_bench.reports.inputs import RunView


@dataclass(frozen=True, repr=False)
class RunResult:
    """What a run came to; printed, or shown in a notebook, the table of its verdicts.

    Attributes:
        folder: the run directory; an address where it lies in object storage.
        analysis: what was concluded.
        run: what ``run.json`` holds.
    """

    folder: Path
    analysis: Analysis
    run: RunRecord

    def __str__(self) -> str:
        """The verdicts as a table, how many clips they rest on, and where the report is."""
        from degrade_bench.reports.verdict_table import verdict_table_lines

        return "\n".join(verdict_table_lines(self._view(), self.report))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from degrade_bench.reports.verdict_table import verdict_table_html

        return verdict_table_html(self._view(), self.report)

    def _view(self) -> RunView:
        from degrade_bench.reports.inputs import RunView

        return RunView(self.folder, self.analysis, self.run)

    @property
    def report(self) -> str:
        """Where the report is: a path, or an address where the run directory lies in object storage."""
        return f"{shown(self.folder)}/{REPORT}"

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
    def given_up(self) -> int:
        """Metrics that the run went on without."""
        return sum(metric.given_up for metric in self.run.metrics_skipped)

    @property
    def lost(self) -> int:
        """Clips on which work was broken off; the same run started again tries again."""
        return self.run.counts.clips_lost
