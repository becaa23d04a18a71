"""What a figure is, and how figures are saved: as PNG, SVG and PDF, named after what they show."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from degrade_bench._support.files import replacing
from degrade_bench._support.garbage import uncollected
from degrade_bench._support.steps import Steps, silent
from degrade_bench.reports.figures.fonts import small_fonts
from degrade_bench.reports.figures.helpers import helped
from degrade_bench.reports.figures.paper import DPI
from degrade_bench.reports.figures.png import png
from degrade_bench.reports.figures.svg_text import shorter
from degrade_bench.reports.style import RC
from degrade_bench.runs.names import FIGURES
from degrade_bench.runs.ownership import claim, listed, remove

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None}}
"""Formats, and the metadata that would make two drawings of the same figure differ."""

REM_PER_INCH = 6.7
"""A figure's natural width on the page: four panels of curves fill it, and one is a fourth of that."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure and what a reader is told about it.

    Attributes:
        name: file name without suffix.
        caption: how to read it.
        alt: what it shows, for those who cannot see it.
        make: makes the figure.
        heading: what stands over it where a section has several figures, such as the family whose curves it shows.
        points: tells where its points stand and what they say, as a page can hold it; None where a page does not.
    """

    name: str
    caption: str
    alt: str
    make: Callable[[], Figure]
    heading: str = ""
    points: Callable[[], Mapping[str, Any]] | None = None

    @cached_property
    def figure(self) -> Figure:
        """The figure, made once."""
        return self.make()


@dataclass(frozen=True)
class Saved:
    """A figure that was saved.

    Attributes:
        svg: the drawing.
        width_rem: its greatest width on the page, in ``rem``.
    """

    svg: bytes
    width_rem: float


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save within this: every figure looks the same, and matplotlib's settings are left as they were."""
    with _any_backend():
        import matplotlib
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # nobody's matplotlibrc decides how a report looks
        matplotlib.rcParams.update(cast(Any, RC))
        yield


@contextmanager
def _any_backend() -> Iterator[None]:
    """Within this, ``MPLBACKEND`` is not looked at: no window is ever opened, and an odd name ends the import."""
    asked = os.environ.pop("MPLBACKEND", None)
    try:
        yield
    finally:
        if asked is not None:
            os.environ["MPLBACKEND"] = asked


def save(drawings: Sequence[Drawing], folder: Path, steps: Steps = silent, helpers: int = 0) -> dict[str, Saved]:
    """Write ``figures/NAME.png``, ``.svg`` and ``.pdf``; those of an earlier report are removed.

    Args:
        drawings: the figures.
        folder: the run directory.
        steps: told how many are done.
        helpers: so many other processes draw, too, from the analysis that lies in the folder.

    Returns:
        what each figure came to, by name.

    Raises:
        RunFolderError: the folder cannot be written, or holds a figure of such a name that is not ours.
    """
    wanted = {f"{FIGURES}/{drawing.name}.{suffix}" for drawing in drawings for suffix in FORMATS}
    claim(folder, wanted)
    remove(folder, (name for name in listed(folder) - wanted if name.startswith(f"{FIGURES}/")))
    by_name = {drawing.name: drawing for drawing in drawings}
    waiting = deque(by_name)
    widths: dict[str, float] = {}
    with helped(helpers, folder, waiting, widths) as still_drawing:
        while (name := _next_of(waiting)) is not None:
            steps(len(widths), len(by_name))
            widths[name] = save_figure(by_name[name], folder)
        while still_drawing():
            steps(len(widths), len(by_name))
    for name, drawing in by_name.items():
        if name not in widths:  # a helper could not: what is wrong with it is seen here
            widths[name] = save_figure(drawing, folder)
    steps(len(widths), len(by_name))
    return {name: Saved((folder / FIGURES / f"{name}.svg").read_bytes(), widths[name]) for name in by_name}


def _next_of(waiting: deque[str]) -> str | None:
    """The name of the first of the figures that nobody has begun with; None for none. Helpers take them, too."""
    try:
        return waiting.popleft()
    except IndexError:
        return None


def save_figure(drawing: Drawing, folder: Path) -> float:
    """Write one figure in every format.

    Returns:
        its greatest width on the page, in ``rem``.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    with uncollected():
        return _save_figure(drawing, folder)  # which leaves nothing of the figure but what is to be collected


def _save_figure(drawing: Drawing, folder: Path) -> float:
    from degrade_bench.reports.figures.replay import drawn_once

    figure = drawing.make()
    _lay_out(figure)
    with drawn_once(figure):
        for suffix in FORMATS:
            with replacing(folder / FIGURES / f"{drawing.name}.{suffix}") as temporary:
                save_as(figure, temporary, suffix)
    return width_rem(figure)


def _lay_out(figure: Figure) -> None:
    """Find the places in a figure that leaves this to matplotlib, once: with an engine each format would do it."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")


def save_as(figure: Figure, path: Path, suffix: str) -> None:
    """Write a figure in one format, the same bytes each time; call within ``house_style``.

    A PNG has 300 dots in an inch. A PDF has its letters as an embedded font (type 42), which looks the same
    everywhere and can be searched. An SVG has them as text: see :func:`shorter`.

    Args:
        figure: any.
        path: the file.
        suffix: ``png``, ``svg`` or ``pdf``.
    """
    if suffix == "png":
        _save_png(figure, path)
        return
    with small_fonts():
        figure.savefig(path, format=suffix, metadata=FORMATS[suffix])
    if suffix == "svg":
        path.write_text(shorter(path.read_text(encoding="utf-8")), encoding="utf-8")


def _save_png(figure: Figure, path: Path) -> None:
    """Draw it with the dots of a PNG, and leave it as it was."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    before, canvas = figure.dpi, figure.canvas
    figure.set_dpi(max(DPI, before))
    try:
        agg: Any = FigureCanvasAgg(figure)
        agg.draw()
        path.write_bytes(png(np.asarray(agg.buffer_rgba()), figure.dpi))
    finally:
        figure.set_dpi(before)
        figure.set_canvas(canvas)


def width_rem(figure: Figure) -> float:
    """The greatest width of a figure on the page, in ``rem``: small figures stay small."""
    return round(float(figure.get_figwidth()) * REM_PER_INCH, 1)
