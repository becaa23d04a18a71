"""What is made of a run's scores: the analysis and the report, from its directory alone; nothing is scored.

Nothing that damages or scores is imported here, torch included.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from degrade_bench.files import folder_error

if TYPE_CHECKING:
    from degrade_bench.analysis import Analysis


def conclude(folder: Path) -> Analysis:
    """Analyse the scores of a run directory again and write ``summary.csv`` and ``analysis.json``.

    Raises:
        RunFolderError: there are no scores, or the folder cannot be written.
    """
    from degrade_bench.analysis import analyse_folder, write

    analysis = analyse_folder(folder)
    write(analysis, folder)
    return analysis


def show(folder: Path) -> Path:
    """Draw the figures of a run directory again and write ``report.html``; nothing is scored.

    Raises:
        RunFolderError: there is no analysis, or the folder cannot be written.
    """
    from degrade_bench.reports import write_report

    try:
        return write_report(folder)
    except OSError as error:
        raise folder_error(folder, error) from error
