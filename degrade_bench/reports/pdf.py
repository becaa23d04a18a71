"""``report.pdf``: pages of A4 with what was found, every verdict, methods and limits; a page for each figure.

Matplotlib writes it, which draws the figures anyway: nothing else has to be installed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from degrade_bench._support.files import replacing
from degrade_bench._support.plain_text import plain
from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.figures.fonts import small_fonts
from degrade_bench.reports.glossary import glossary
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.markdown import TITLE
from degrade_bench.reports.methods import limits, methods, reproduction
from degrade_bench.reports.tables import of_metric
from degrade_bench.reports.text import counts_line, left_out_lines, verdict_lines
from degrade_bench.reports.words import records

if TYPE_CHECKING:
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

A4 = (210 / 25.4, 297 / 25.4)
"""Inches."""
MARGIN, SIZE, LEADING = 0.75, 8.5, 1.4
"""Inches; points; lines per size."""
COLUMNS = 108
"""Letters of a line at this size and margin."""
INDENT = "    "


def write_pdf(run: RunView, drawings: Sequence[Drawing], path: Path) -> None:
    """Write the report as PDF; call within ``house_style``.

    Args:
        run: with its analysis.
        drawings: the figures.
        path: of the file.

    Raises:
        OSError: it cannot be written.
    """
    from matplotlib.backends.backend_pdf import PdfPages

    dates = {"CreationDate": None, "ModDate": None, "Title": plain(run.title or TITLE)}
    with small_fonts(), replacing(path) as temporary, PdfPages(temporary, metadata=dates) as pages:
        _pages(pages, [*_found(run)], 1)
        for drawing in drawings:
            pages.savefig(drawing.make())
        _pages(pages, [*_rest(run)], 2 + len(drawings))


def _found(run: RunView) -> Iterator[str]:
    """The first lines: ``# `` begins a heading."""
    yield f"# {run.title or TITLE}"
    if run.too_few is not None:
        yield f"! {run.too_few[0]}."
    yield f"{counts_line(run.record)}. Seed {run.record.request.seed}."
    if run.shown is not None:
        yield run.shown
    yield ""
    yield from verdict_lines(run)
    yield ""
    yield from left_out_lines(run.record)


def _rest(run: RunView) -> Iterator[str]:
    verdicts = records(run.analysis.verdicts)
    for metric in run.metrics:
        yield f"# {metric}"
        for row in of_metric(verdicts, metric):
            yield row["sentence"]
            yield ""
    yield "# Methods"
    yield from methods(run)
    yield "# Limits"
    yield from limits(run)
    yield "# To make it again"
    yield reproduction(run.record)
    yield "# Glossary"
    yield from (f"{term}: {meaning}" for term, meaning in glossary(run.analysis.options.rules).items())


def _pages(pages: PdfPages, lines: Sequence[str], number: int) -> None:
    """Set lines on as many pages as it takes.

    Args:
        pages: to which they are added.
        lines: each a paragraph, a heading (``# ``) or a warning (``! ``).
        number: of the first page.
    """
    from matplotlib.figure import Figure

    letters = _Letters()
    step = SIZE * LEADING / 72 / A4[1]
    top, bottom = 1 - MARGIN / A4[1], MARGIN / A4[1]
    figure, y = Figure(figsize=A4), top
    for line in lines:
        heading, warning = line.startswith("# "), line.startswith("! ")
        shown = letters.known(plain(line[2:] if heading or warning else line))
        wrapped = _wrapped(shown) or [""]
        needed = step * (len(wrapped) + (2.5 if heading else 0))
        if y - needed < bottom and y < top and (heading or len(wrapped) < 20):
            _footed(pages, figure, number)
            figure, y, number = Figure(figsize=A4), top, number + 1
        if heading and y < top:
            y -= step
        for part in wrapped:
            if y - step < bottom:
                _footed(pages, figure, number)
                figure, y, number = Figure(figsize=A4), top, number + 1
            bold, size = ("bold", SIZE + 2) if heading else ("bold" if warning else "normal", SIZE)
            figure.text(MARGIN / A4[0], y, part, va="top", fontsize=size, fontweight=bold)
            y -= step * (1.4 if heading else 1)
    _footed(pages, figure, number)


def _footed(pages: PdfPages, figure: Figure, number: int) -> None:
    figure.text(1 - MARGIN / A4[0], MARGIN / 2 / A4[1], str(number), ha="right", fontsize=SIZE)
    cast(Any, pages).savefig(figure)


def _wrapped(text: str) -> list[str]:
    before = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(
        text,
        COLUMNS,
        initial_indent="",
        subsequent_indent=before + INDENT if before else "",
        break_on_hyphens=False,
    )


class _Letters:
    """Which letters the font has that comes with matplotlib; others are written as escapes, and not as boxes."""

    def __init__(self) -> None:
        from matplotlib.font_manager import FontProperties, findfont, get_font

        self._known = frozenset(get_font(findfont(FontProperties("DejaVu Sans"))).get_charmap())

    def known(self, text: str) -> str:
        """The text in letters that can be shown."""
        return "".join(
            one if ord(one) in self._known else one.encode("unicode_escape").decode("ascii") for one in text
        )
