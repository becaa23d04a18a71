"""Figures of a finished run for notebooks and papers.

    >>> from degrade_bench import plot                                                     # doctest: +SKIP
    >>> figure, axes = plot.curves("out/", "noise", metrics=["log-mel"], column="single")  # doctest: +SKIP
    >>> plot.save(figure, "noise.pdf")                                                     # doctest: +SKIP

Each function takes a run directory, or what :func:`load` read of one, and returns ``(figure, axes)``. Figures are
as wide as one or two columns of a paper. None is known to pyplot, and matplotlib's settings are left as they were.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from degrade_bench._support.files import replacing
from degrade_bench.errors import ConfigError
from degrade_bench.reports.figures.chosen import Names
from degrade_bench.reports.figures.curves import sensitivity_curves
from degrade_bench.reports.figures.drawing import FORMATS, house_style, save_as
from degrade_bench.reports.figures.drops import recordings_figure
from degrade_bench.reports.figures.families import sensitivity_by_family
from degrade_bench.reports.figures.heat_map import margin_map
from degrade_bench.reports.figures.paper import INCHES
from degrade_bench.reports.figures.people import people_figure
from degrade_bench.reports.figures.profile import sensitivity_profile
from degrade_bench.reports.figures.selectivity import selectivity_figure
from degrade_bench.reports.inputs import View, view_of

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "INCHES",
    "curves",
    "families",
    "heat_map",
    "load",
    "people",
    "profile",
    "recordings",
    "save",
    "selectivity",
]


def load(run: Any) -> View:
    """Read a run once for several figures; every function here takes what this gives, too.

    Args:
        run: a run directory, or what :func:`degrade_bench.load` or :func:`degrade_bench.run` gave.

    Raises:
        RunFolderError: there is no analysis in the folder, or it cannot be read.
        ConfigError: it is something else.
    """
    return view_of(run)


def profile(run: Any, metrics: Names = None, column: str = "double") -> tuple[Figure, Axes]:
    """The sensitivity profile: families of damages down, metrics across, the verdicts of each family in a cell.

    Args:
        run: a run directory, or a loaded run: see :func:`load`.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``: see :data:`INCHES`.

    Returns:
        the figure, and its axes: families down, metrics across.

    Raises:
        UnknownNameError: the run has no such metric.
        ConfigError: there is no such column, or nothing to draw.
    """
    with house_style():
        return sensitivity_profile(view_of(run), metrics, column)


def heat_map(run: Any, damages: Names = None, metrics: Names = None, column: str = "double") -> tuple[Figure, Axes]:
    """The drop at the top level in multiples of the margin: damages down, metrics across, with every verdict.

    Args:
        run: a run directory, or a loaded run: see :func:`load`.
        damages: families or degradations; None for all of them.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``: see :data:`INCHES`.

    Returns:
        the figure, and its axes: damages down, metrics across.

    Raises:
        UnknownNameError: the run has no such damage or metric.
        ConfigError: there is no such column, or nothing to draw.
    """
    with house_style():
        return margin_map(view_of(run), damages, metrics, column)


def curves(
    run: Any, damages: Names = None, metrics: Names = None, column: str = "double"
) -> tuple[Figure, np.ndarray]:
    """Drop against strength: a row per metric, a panel per damage, each beside its placebo.

    Args:
        run: a run directory, or a loaded run: see :func:`load`.
        damages: families or degradations; None for all of them.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``: see :data:`INCHES`.

    Returns:
        the figure, and its axes: a row for each metric; a column for each line of damages, which stand side by side
        on one axis.

    Raises:
        UnknownNameError: the run has no such damage or metric.
        ConfigError: there is no such column, or nothing to draw.
    """
    with house_style():
        return sensitivity_curves(view_of(run), damages, metrics, column)


def recordings(
    run: Any, damages: Names = None, metrics: Names = None, level: int | None = None, column: str = "double"
) -> tuple[Figure, np.ndarray]:
    """Every recording's drop under each damage: a row per damage, a panel per metric, outliers named.

    Args:
        run: a run directory, or a loaded run: see :func:`load`.
        damages: families or degradations; None for all of them.
        metrics: their names; None for all of them.
        level: of the ladders; None for the highest of each.
        column: for which width of a paper, ``single`` or ``double``: see :data:`INCHES`.

    Returns:
        the figure, and its axes, one for each metric.

    Raises:
        RunFolderError: the scores are missing, or cannot be read.
        UnknownNameError: the run has no such damage or metric.
        ConfigError: there is no such column, or nothing to draw.
    """
    with house_style():
        return recordings_figure(view_of(run), damages, metrics, level, column)


def families(run: Any, metrics: Names = None, column: str = "double") -> tuple[Figure, np.ndarray]:
    """The share of clips that each metric notices of every family, beyond the placebo's.

    Args:
        run: a run directory, or a loaded run: see :func:`load`.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``: see :data:`INCHES`.

    Returns:
        the figure, and its axes, one for each metric.

    Raises:
        UnknownNameError: the run has no such metric.
        ConfigError: there is no such column, or nothing to draw.
    """
    with house_style():
        return sensitivity_by_family(view_of(run), metrics, column)


def selectivity(run: Any, metrics: Names = None, column: str = "double") -> tuple[Figure, Axes]:
    """Whether each metric hears signal damage, structural damage or both alike.

    Args:
        run: a run directory, or a loaded run: see :func:`load`.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``: see :data:`INCHES`.

    Returns:
        the figure, and its axes.

    Raises:
        UnknownNameError: the run has no such metric.
        ConfigError: there is no such column, or nothing to draw.
    """
    with house_style():
        return selectivity_figure(view_of(run), metrics, column)


def people(run: Any, metrics: Names = None, column: str = "double") -> tuple[Figure, np.ndarray]:
    """The damages that people rated, as they rated them and as the metrics scored them.

    Args:
        run: a run directory, or a loaded run: see :func:`load`.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``: see :data:`INCHES`.

    Returns:
        the figure, and its axes, one for each damage that people rated.

    Raises:
        UnknownNameError: the run has no such metric.
        ConfigError: there is no such column, or nothing to draw.
    """
    with house_style():
        return people_figure(view_of(run), metrics, column)


def save(figure: Figure, path: Path | str) -> Path:
    """Write a figure as its file's suffix says: ``.png`` with 300 dots in an inch, ``.svg`` or ``.pdf``.

    A PDF has its letters as an embedded font (type 42), which looks the same everywhere and can be searched. An SVG
    has them as text, which can be edited; where DejaVu Sans is not installed, a similar font stands in for it. The
    same figure gives the same bytes.

    Args:
        figure: any.
        path: the file.

    Raises:
        ConfigError: the suffix is another one.
        RunFolderError: the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise ConfigError(f"{path}: expected a name that ends with {', '.join(f'.{name}' for name in FORMATS)}")
    with house_style(), replacing(path) as temporary:
        save_as(figure, temporary, suffix)
    return path
