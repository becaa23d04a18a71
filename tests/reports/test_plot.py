"""Figures for notebooks and papers: their width, their letters, and that nothing in them overlaps."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from degrade_bench import plot
from degrade_bench.analysis.notebook import Loaded
from degrade_bench.errors import ConfigError, RunFolderError, UnknownNameError
from degrade_bench.reports.figures import letters
from degrade_bench.reports.figures.drawing import house_style
from degrade_bench.reports.figures.paper import INCHES, SMALLEST, fitted, text_width
from degrade_bench.reports.figures.replay import drawn_once
from degrade_bench.reports.figures.svg_text import shorter
from tests.reports.made import LONG, made, small

WHOLE = {"single": (plot.profile,), "double": (plot.profile, plot.heat_map)}
OVERLAP = 1.5
"""Points by which letters of two texts may reach into one another's boxes, which are taller than most letters."""


@pytest.fixture(scope="module")
def few():
    return made(2, 3)


def texts(figure: Figure) -> list[Text]:
    return [one for one in figure.findobj(Text) if one.get_text().strip() and one.get_visible() and drawn(one)]


def drawn(text: Text) -> bool:
    axes = text.axes
    return axes is None or axes.axison or text in axes.texts


def overlapping(figure: Figure) -> list[str]:
    """Texts whose boxes overlap, and those that leave the figure."""
    figure.set_dpi(72)
    figure.draw_without_rendering()
    boxes = [(one.get_text(), one.get_window_extent()) for one in texts(figure)]
    width, height = figure.bbox.size
    found = [
        f"{text!r} leaves the figure"
        for text, box in boxes
        if box.x0 < -OVERLAP or box.y0 < -OVERLAP or box.x1 > width + OVERLAP or box.y1 > height + OVERLAP
    ]
    corners = np.array([[box.x0, box.y0, box.x1, box.y1] for _, box in boxes])
    for index, (x0, y0, x1, y1) in enumerate(corners):
        rest = corners[index + 1 :]
        across = np.minimum(x1, rest[:, 2]) - np.maximum(x0, rest[:, 0])
        up = np.minimum(y1, rest[:, 3]) - np.maximum(y0, rest[:, 1])
        for other in np.flatnonzero((across > OVERLAP) & (up > OVERLAP)):
            found.append(f"{boxes[index][0]!r} and {boxes[index + 1 + other][0]!r}")
    return found


@pytest.mark.parametrize(("metrics", "number"), [(1, 1), (12, 64)])
@pytest.mark.parametrize("column", ["single", "double"])
def test_no_text_overlaps_another_or_is_too_small(metrics, number, column):
    run = made(metrics, number, name=LONG)
    figures = [draw(run, column=column)[0] for draw in WHOLE[column]]
    damages = run.degradations[: 2 if column == "single" else 4]
    figures += [draw(run, damages, column=column)[0] for draw in (plot.curves, plot.recordings)]
    for figure in figures:
        assert figure.get_figwidth() == INCHES[column]
        assert overlapping(figure) == []
        assert min(text.get_fontsize() for text in texts(figure)) >= SMALLEST


def test_names_are_names_in_figures_too(tmp_path):
    run = made(7, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of letters that no font has
        figure, _ = plot.heat_map(run)
        plot.save(figure, tmp_path / "map.svg")
        plot.save(figure, tmp_path / "map.pdf")
    svg = (tmp_path / "map.svg").read_text()
    assert "$\\frac{x}$" in svg
    assert "&lt;b&gt;" in svg
    assert "<b>" not in svg
    assert "مقياس" in svg
    assert "指标一号" in svg or "\\u6307" in svg, "written by its number where no font has it"


def test_a_letter_without_a_font_is_written_by_its_number(monkeypatch):
    monkeypatch.setattr(
        letters, "_covered", lambda family: frozenset(map(ord, "abc")) if family == "x" else frozenset()
    )
    monkeypatch.setattr(letters, "OWN", "x")
    assert letters.lettered.__wrapped__("aéb") == "a\\xe9b"


def test_a_text_is_cut_in_its_middle_and_no_wider_than_it_may_be():
    for lines in (1, 2, 3):
        cut = fitted(LONG, 0.9, 7.0, lines)
        assert cut.count("\n") < lines
        assert text_width(cut, 7.0) <= 0.9
        assert "…" in cut
    assert fitted("bar_shuffle", 0.5, 7.0, 2) == "bar_\nshuffle"
    assert fitted("short", 5.0) == "short"


def test_a_folder_a_loaded_run_and_a_view_give_the_same(few):
    loaded = Loaded(**{name: getattr(few.analysis, name) for name in small().__dataclass_fields__})
    first, axes = plot.heat_map(few)
    second, _ = plot.heat_map(loaded)
    assert [one.get_text() for one in texts(first)] == [one.get_text() for one in texts(second)]
    assert axes in first.axes
    assert plot.load(few) is few
    with pytest.raises(ConfigError, match="expected a run directory or a loaded run, got 3"):
        plot.curves(3)
    with pytest.raises(RunFolderError):
        plot.curves("nowhere")


def test_what_cannot_be_drawn_is_said(few, tmp_path):
    with pytest.raises(ConfigError, match="column must be 'single' or 'double'"):
        plot.heat_map(few, column="triple")
    with pytest.raises(UnknownNameError, match="degradation or family of this run"):
        plot.curves(few, "nois")
    with pytest.raises(UnknownNameError, match="metric of this run"):
        plot.curves(few, metrics="x")
    with pytest.raises(ConfigError, match="level 9"):
        plot.recordings(few, level=9)
    with pytest.raises(ConfigError, match="no ratings"):
        plot.people(few)
    with pytest.raises(ConfigError, match=r"expected a name that ends with \.png, \.svg, \.pdf"):
        plot.save(Figure(), tmp_path / "x.gif")


def test_settings_and_pyplot_are_left_alone_and_files_are_as_papers_want_them(few, tmp_path):
    from matplotlib import pyplot

    before, others = dict(mpl.rcParams), pyplot.get_fignums()
    figure, _ = plot.curves(few, column="single")
    paths = [
        plot.save(figure, tmp_path / f"{number}.{suffix}") for suffix in ("png", "svg", "pdf") for number in "12"
    ]
    assert dict(mpl.rcParams) == before
    assert pyplot.get_fignums() == others
    for one, other in zip(paths[::2], paths[1::2], strict=True):
        assert one.read_bytes() == other.read_bytes()
    with Image.open(paths[0]) as image:
        assert image.size[0] == round(3.5 * 300)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert b"/FontFile2" in paths[4].read_bytes()
    assert b"/Subtype /Type3" not in paths[4].read_bytes()
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_metrics_and_damages_are_chosen(few):
    _, axes = plot.curves(
        few, [few.degradations[0]], metrics=["log-mel"] if "log-mel" in few.metrics else few.metrics[1]
    )
    assert axes.shape == (1, 1)
    figure, axes = plot.recordings(few, metrics=few.metrics[:1], level=2)
    assert len(axes) == 1
    assert any("level 2" in one.get_text() for one in texts(figure))


def test_outliers_are_numbered_and_named(few):
    figure, axes = plot.recordings(few, few.degradations[0], metrics=few.metrics[0])
    drops = few.drops.query("metric == @few.metrics[0] and degradation == @few.degradations[0] and level == 5")
    low, high = np.quantile(drops["drop"], (0.25, 0.75))
    beyond = drops[(drops["drop"] < low - 1.5 * (high - low)) | (drops["drop"] > high + 1.5 * (high - low))]
    assert len(beyond)
    named = {
        text.get_text().split(" ", 1)[1] for text in figure.texts if re.match(r"\d+ recording", text.get_text())
    }
    assert named <= set(beyond["track"])
    assert beyond["track"].iloc[int((beyond["drop"] - drops["drop"].median()).abs().to_numpy().argmax())] in named
    dots = next(line for line in axes[0].get_lines() if len(line.get_xdata()) == 14)
    assert np.allclose(np.sort(dots.get_xdata()), np.sort(drops["drop"]))


def test_what_is_drawn_from_notes_is_what_is_drawn_without(few, tmp_path):
    figure, _ = plot.curves(few)
    other, _ = plot.heat_map(few)
    for one in (figure, other):
        direct = [plot.save(one, tmp_path / f"direct.{suffix}").read_bytes() for suffix in ("png", "svg")]
        with house_style(), drawn_once(one):
            noted = [plot.save(one, tmp_path / f"noted.{suffix}").read_bytes() for suffix in ("png", "svg")]
        assert "draw" not in vars(one)
        pictures = [np.asarray(Image.open(tmp_path / f"{name}.png"), dtype=float) for name in ("direct", "noted")]
        assert pictures[0].shape == pictures[1].shape
        assert np.abs(pictures[0] - pictures[1]).mean() < 1.0
        contents = [re.findall(r"<text[^>]*>([^<]*)<", svg.decode()) for svg in (direct[1], noted[1])]
        assert contents[0] == contents[1]


def test_a_figure_with_an_image_is_drawn_as_ever(tmp_path):
    figure = Figure(figsize=(1, 1), dpi=100)
    figure.add_axes((0, 0, 1, 1)).imshow([[0.0, 1.0]])
    expected = plot.save(figure, tmp_path / "a.png").read_bytes()
    with house_style(), drawn_once(figure):
        assert plot.save(figure, tmp_path / "b.png").read_bytes() == expected
    assert figure.get_dpi() == 100


def test_an_svg_is_made_shorter_and_its_data_left_alone():
    kept = '<text>&lt;g&gt; 1.23456 d="1.23456</text></g>'
    svg = f'<svg>\n <!-- x --><g id="axes_1">\n<g style="a: b"><path d="M 1.23456 2"/>{kept}</g></svg>'
    assert shorter(svg) == f'<svg>\n<g style="a: b"><path d="M1.23 2"/>{kept}</svg>'


def test_what_marks_have_in_common_is_said_once_but_where_they_are_moved_themselves():
    marks = [f'<use xlink:href="#m" x="{k}" y="1"' for k in range(3)]
    red, moved = ' clip-path="url(#c)" style="fill: red"', ' transform="scale(2)"'
    svg = f"<svg>{marks[0]}{red}/>\n{marks[1]}{red}/>\n{marks[2]}{moved}{red}/></svg>"
    assert shorter(svg) == f"<svg><g{red}>{marks[0]}/>\n{marks[1]}/></g>\n{marks[2]}{moved}{red}/></svg>"


def test_a_changed_number_changes_the_figure(few):
    levels = few.analysis.levels.copy()
    row = levels.index[(levels["degradation"] == few.degradations[0]) & (levels["level"] == 5)][0]
    levels.loc[row, "drop_mean"] *= 1.2
    changed = replace(few, analysis=replace(few.analysis, levels=levels))
    for draw in (plot.heat_map, plot.curves):
        assert not np.array_equal(pixels(draw(few)[0]), pixels(draw(changed)[0])), draw.__name__
        assert np.array_equal(pixels(draw(few)[0]), pixels(draw(few)[0]))


def pixels(figure: Figure) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(60)
    with house_style():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def test_the_page_of_the_docs_names_every_function():
    page = (Path(__file__).parents[2] / "docs" / "figures.md").read_text(encoding="utf-8")
    assert [name for name in plot.__all__ if f"plot.{name}" not in page] == []
    for inches in INCHES.values():
        assert f"{inches} inches" in page
    assert f"{SMALLEST} points" in page
