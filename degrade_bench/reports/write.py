"""The report of a run in every format that is asked for."""

from __future__ import annotations

from pathlib import Path

from degrade_bench._support.files import write_text
from degrade_bench._support.steps import Steps, silent
from degrade_bench.reports.choice import FILES, Choice
from degrade_bench.reports.figures.drawing import house_style
from degrade_bench.reports.html import draw, write_page
from degrade_bench.reports.inputs import load_run
from degrade_bench.reports.markdown import report_markdown
from degrade_bench.reports.pdf import write_pdf
from degrade_bench.runs.ownership import claim

WHOLE = Choice()


def write_report(folder: Path, steps: Steps = silent, choice: Choice = WHOLE) -> Path:
    """Write the report of a run directory: ``report.html``, ``report.md``, ``report.pdf``, as asked.

    Args:
        folder: the run directory.
        steps: told how many figures are done.
        choice: of formats, and of what is shown.

    Returns:
        the path of the first of them.

    Raises:
        RunFolderError: there is no analysis or no record, or the folder cannot be written, or holds
            files of these names that are not ours.
        UnknownNameError: the run has no such metric or family.
    """
    run = choice.of(load_run(folder))
    claim(folder, choice.files)
    if "html" in choice.formats:
        write_page(run, steps, whole=choice.is_whole)
    if "md" in choice.formats:
        write_text(folder / FILES["md"], report_markdown(run))
    if "pdf" in choice.formats:
        with house_style():
            drawings = [drawing for several in draw(run).values() for drawing in several]
            write_pdf(run, drawings, folder / FILES["pdf"])
    return folder / FILES[choice.formats[0]]
