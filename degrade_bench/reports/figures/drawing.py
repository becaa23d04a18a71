"""What a figure is, and how figures are saved: as PNG, SVG and PDF, named after what they show."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from degrade_bench._support.files import replacing
from degrade_bench._support.steps import Steps, silent
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
        figure: the drawing.
        heading: what stands over it where a section has several figures, such as the family whose curves it shows.
    """

    name: str
    caption: str
    alt: str
    figure: Figure
    heading: str = ""

    @property
    def width_rem(self) -> float:
        """The greatest width on the page, in ``rem``: small figures stay small."""
        return round(float(self.figure.get_figwidth()) * REM_PER_INCH, 1)


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


def _lay_out(figure: Figure) -> None:
    """Find every place in a figure once, not once per format.

    A figure with a layout engine, be it one that does nothing, is drawn twice in every format: once to lay it out.
    """
    from matplotlib import rc_context

    figure.draw_without_rendering()
    with rc_context({"figure.constrained_layout.use": False, "figure.autolayout": False}):
        figure.set_layout_engine(None)


def save(drawings: Sequence[Drawing], folder: Path, steps: Steps = silent) -> dict[str, bytes]:
    """Write ``figures/NAME.png``, ``.svg`` and ``.pdf``; those of an earlier report are removed.

    Args:
        drawings: the figures.
        folder: the run directory.
        steps: told how many are done.

    Returns:
        the SVG of each figure, by name.

    Raises:
        RunFolderError: the folder cannot be written, or holds a figure of such a name that is not ours.
    """
    target = folder / FIGURES
    wanted = {f"{FIGURES}/{drawing.name}.{suffix}" for drawing in drawings for suffix in FORMATS}
    claim(folder, wanted)
    remove(folder, (name for name in listed(folder) - wanted if name.startswith(f"{FIGURES}/")))
    vectors: dict[str, bytes] = {}
    for drawing in drawings:
        steps(len(vectors), len(drawings))
        _lay_out(drawing.figure)
        for suffix, metadata in FORMATS.items():
            path = target / f"{drawing.name}.{suffix}"
            with replacing(path) as temporary:
                drawing.figure.savefig(temporary, format=suffix, dpi=160, metadata=metadata)
        vectors[drawing.name] = (target / f"{drawing.name}.svg").read_bytes()
    steps(len(vectors), len(drawings))
    return vectors
