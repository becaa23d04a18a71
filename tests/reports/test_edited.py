"""``run.json`` and ``analysis.json`` as anybody may have edited them: read, or refused in one line."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from degrade_bench.analysis import designs, load_analysis, load_options
from degrade_bench.errors import RunFolderError
from degrade_bench.reports import summary_lines
from degrade_bench.reports.html import draw, render
from degrade_bench.reports.inputs import load_run

DELETE = object()
WRONG = (
    *(None, True, 3, -1, 2.5, 10**30, 1e308, -1e308, float("nan"), float("inf"), 2**62, DELETE),
    *("", "x", "$\\frac{", "\ud800", "a\x00\x1b[2J\u202e\n", "y" * 5000, [], {}, [[]], {"a": 1}),
)


@pytest.fixture(scope="module")
def edited(finished, tmp_path_factory) -> Path:
    """A copy of a run, for one edit after the other."""
    folder = tmp_path_factory.mktemp("edited") / "run"
    shutil.copytree(finished, folder, ignore=shutil.ignore_patterns("*.mp3", "figures", "report.html"))
    return folder


def with_value(tree: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """The tree with another value at a place, or without it."""
    tree = copy.deepcopy(tree)
    node = tree
    for step in place[:-1]:
        node = node[step]
    if value is DELETE:
        del node[place[-1]]
    else:
        node[place[-1]] = value
    return tree


def places(node: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of a tree; of a list the first and the last."""
    keys: Any = ()
    if isinstance(node, dict):
        keys = node
    elif isinstance(node, list) and node:
        keys = sorted({0, len(node) - 1})
    for key in keys:
        yield (*before, key)
        yield from places(node[key], (*before, key))


def read_all(folder: Path, drawn: bool = False) -> str | None:
    """What every reader of the records makes of a folder: the line that refuses it, or None."""
    try:
        run = load_run(folder)
        if drawn:
            for drawings in draw(run).values():
                for drawing in drawings:
                    drawing.figure.draw_without_rendering()
        for line in (render(run, {}), *summary_lines(folder)):
            line.encode("utf-8")
        designs(load_analysis(folder))
        load_options(folder)
    except RunFolderError as error:
        said = str(error)
        assert "\n" not in said
        said.encode("utf-8")
        return said
    return None


@pytest.mark.parametrize("name", ["run.json", "analysis.json"])
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_edit_is_read_or_refused_in_a_line(finished, edited, name, data):
    tree = json.loads((finished / name).read_text())
    place = data.draw(st.sampled_from(sorted(places(tree), key=str)))
    value = data.draw(st.sampled_from(WRONG))
    (edited / name).write_text(json.dumps(with_value(tree, place, value)))
    try:
        read_all(edited)
    finally:
        (edited / name).write_text(json.dumps(tree))


@pytest.mark.parametrize("name", ["run.json", "analysis.json"])
@pytest.mark.parametrize("cut", [0, 1, 100, -100, -2])
def test_a_truncated_record_is_refused_by_name(finished, edited, name, cut):
    text = (finished / name).read_text()
    (edited / name).write_text(text[:cut])
    try:
        assert name in str(read_all(edited))
    finally:
        (edited / name).write_text(text)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("options", "resamples"), 2**62, "resamples must be 1000000 or fewer"),
        (("options", "resamples"), "many", "options.resamples"),
        (("options", "distance"), 5, "options.distance"),
        (("options",), [], "options"),
        (("options", "sneaky"), 1, "sneaky"),
        (("metrics", 0), DELETE, "not among"),
        (("metrics",), [], "'metric'"),
        (("metrics", 0, "metric"), None, "metrics: column 'metric' holds None"),
        (("levels",), [], "have no levels"),
        (("levels", 0, "verdict"), "$\\frac{", "column 'verdict'"),
        (("verdicts", 0, "verdict"), None, "column 'verdict'"),
        (("levels", 0, "level"), -5, "column 'level' holds -5"),
        (("levels", 0, "level"), 32767, "column 'level' holds 32767"),
        (("levels", 0, "level"), 10**30, "beyond 64 bits"),
        (("levels", 0, "n"), -1, "column 'n' holds -1"),
        (("levels", 0, "family"), "another", "two groups or families"),
        (("levels", 0, "drop_mean"), float("inf"), "Infinity"),
        (("families", 0, "noticed"), -1e308, "column 'noticed'"),
        (("levels", 0, "p_holm"), 7, "column 'p_holm' holds 7"),
        (("levels", 1, "level"), 1, "stands in it twice"),
    ],
)
def test_an_analysis_that_cannot_be_is_refused_with_the_column(finished, edited, place, value, said):
    tree = json.loads((finished / "analysis.json").read_text())
    (edited / "analysis.json").write_text(json.dumps(with_value(tree, place, value)))
    try:
        assert said in str(read_all(edited))
    finally:
        (edited / "analysis.json").write_text(json.dumps(tree))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("levels", 0, "drop_mean"), 1e308),
        (("levels", 0, "drop_low"), -1e308),
        (("levels", 0, "strength"), 1e308),
        (("metrics", 0, "margin"), 1e-320),
        (("metrics", 0, "nuisance_floor"), 1e308),
        (("placebos", 0, "drop_mean"), -1e308),
        (("levels", 0, "strength"), None),
        (("levels", 0, "unit"), None),
        (("selectivity", 0, "distance"), None),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_numbers_at_the_ends_of_a_double_are_drawn(finished, edited, place, value):
    tree = json.loads((finished / "analysis.json").read_text())
    (edited / "analysis.json").write_text(json.dumps(with_value(tree, place, value)))
    try:
        assert read_all(edited, drawn=True) is None
    finally:
        (edited / "analysis.json").write_text(json.dumps(tree))


@pytest.mark.parametrize("seconds", [{}, {"sweep": 0.0}, {"other": 1e308}])
def test_a_record_without_times_is_shown(finished, edited, seconds):
    tree = json.loads((finished / "run.json").read_text())
    (edited / "run.json").write_text(json.dumps({**tree, "seconds": seconds}))
    try:
        assert read_all(edited) is None
    finally:
        (edited / "run.json").write_text(json.dumps(tree))
