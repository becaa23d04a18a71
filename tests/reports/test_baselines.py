"""Figures beside pictures of them that were looked at.

As pytest-mpl does it with ``remove_text``: without letters, which every release of the library that draws them does
in its own way (the tests of ``plot`` hold these), and coarse, by means over squares, so that smoothed edges change
little while a curve that moves changes much.

After a figure was changed on purpose, ``python -m tests.reports.test_baselines`` draws the pictures anew; look at
them before you keep them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from degrade_bench import plot
from degrade_bench.reports.figures.drawing import house_style
from degrade_bench.reports.inputs import View
from tests.reports.made import made

FOLDER = Path(__file__).parent / "baseline"
DPI, SQUARE = 72, 4
MEAN, MOST = 0.3, 40.0
"""Differences of greys from 0 to 255 that rendering may bring about: on average, and in one square."""

FIGURES: dict[str, Callable[[View], Figure]] = {
    "profile": lambda run: plot.profile(run, column="single")[0],
    "heat_map": lambda run: plot.heat_map(run, column="single")[0],
    "curves": lambda run: plot.curves(run, run.degradations[:2], column="single")[0],
    "recordings": lambda run: plot.recordings(run, run.degradations[:2], column="single")[0],
}


def picture(figure: Figure) -> Image.Image:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(DPI)
    for text in figure.findobj(Text):
        text.set_visible(False)
    with house_style():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("L")


def squares(image: Image.Image) -> np.ndarray:
    """The mean grey of each square."""
    grey = np.asarray(image, dtype=float)
    rows, columns = (size // SQUARE for size in grey.shape)
    cut = grey[: rows * SQUARE, : columns * SQUARE]
    return cut.reshape(rows, SQUARE, columns, SQUARE).mean(axis=(1, 3))


def apart(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    """By how much two pictures differ: on average, and where they differ most."""
    if one.size != other.size:
        return np.inf, np.inf
    difference = np.abs(squares(one) - squares(other))
    return float(difference.mean()), float(difference.max())


@pytest.fixture(scope="module")
def run() -> View:
    return made(2, 3)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_looks_as_it_did(name, run, tmp_path):
    drawn = picture(FIGURES[name](run))
    drawn.save(tmp_path / f"{name}.png")
    mean, most = apart(drawn, Image.open(FOLDER / f"{name}.png"))
    assert mean <= MEAN, f"{mean:.2f} apart: {tmp_path}/{name}.png beside {FOLDER}/{name}.png"
    assert most <= MOST, f"{most:.0f} apart in one square: {tmp_path}/{name}.png beside {FOLDER}/{name}.png"


def test_a_curve_that_moves_is_beyond_what_rendering_may_change(run):
    levels = run.analysis.levels.copy()
    row = levels.index[(levels["degradation"] == run.degradations[0]) & (levels["level"] == 4)][0]
    levels.loc[row, "drop_mean"] *= 0.6
    moved = replace(run, analysis=replace(run.analysis, levels=levels))
    _, most = apart(picture(FIGURES["curves"](moved)), Image.open(FOLDER / "curves.png"))
    assert most > MOST


def draw_anew() -> None:
    for name, draw in FIGURES.items():
        picture(draw(made(2, 3))).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    draw_anew()
