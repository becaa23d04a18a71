"""``run.json`` and ``analysis.json`` as anybody may have edited them: read, or refused in one line."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from degrade_bench.analysis import designs, load_analysis, load_options, write
from degrade_bench.analysis.result import FRAMES
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
    """The records of a run of one metric and two damages, for one edit after the other."""
    folder = tmp_path_factory.mktemp("edited") / "run"
    shutil.copytree(finished, folder, ignore=shutil.ignore_patterns("*.mp3", "figures", "report.html"))
    analysis = load_analysis(folder)
    kept = {}
    for frame in FRAMES:
        table = getattr(analysis, frame.name)
        table = table[table["metric"] == "loudness"] if "metric" in table else table
        wanted = ["white_noise", "white_noise_placebo", "beat_shuffle", "gain"]
        kept[frame.name] = table[table["degradation"].isin(wanted)] if "degradation" in table else table
    write(replace(analysis, **kept), folder)
    return folder


@pytest.fixture
def text_of(edited):
    """The text of one of the records; both are put back after a test."""
    texts = {name: (edited / name).read_text() for name in ("run.json", "analysis.json")}
    yield texts.__getitem__
    for name, text in texts.items():
        (edited / name).write_text(text)


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
@settings(max_examples=24, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_edit_is_read_or_refused_in_a_line(edited, text_of, name, data):
    tree = json.loads(text_of(name))
    place = data.draw(st.sampled_from(sorted(places(tree), key=str)))
    value = data.draw(st.sampled_from(WRONG))
    (edited / name).write_text(json.dumps(with_value(tree, place, value)))
    read_all(edited)
    (edited / name).write_text(text_of(name))


@pytest.mark.parametrize("name", ["run.json", "analysis.json"])
@pytest.mark.parametrize("cut", [0, 1, 100, -100, -2])
def test_a_truncated_record_is_refused_by_name(edited, text_of, name, cut):
    (edited / name).write_text(text_of(name)[:cut])
    assert name in str(read_all(edited))


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
def test_an_analysis_that_cannot_be_is_refused_with_the_column(edited, text_of, place, value, said):
    tree = json.loads(text_of("analysis.json"))
    (edited / "analysis.json").write_text(json.dumps(with_value(tree, place, value)))
    assert said in str(read_all(edited))


EXTREMES = (
    (
        (("levels", 0, "drop_mean"), 1e308),
        (("levels", 0, "drop_low"), -1e308),
        (("levels", 3, "strength"), 1e308),
        (("metrics", 0, "nuisance_floor"), 1e308),
        (("placebos", 0, "drop_mean"), -1e308),
    ),
    (
        (("levels", 0, "drop_mean"), -1e308),
        (("metrics", 0, "margin"), 1e-320),
        (("levels", 0, "strength"), None),
        (("levels", 0, "unit"), None),
    ),
)


@pytest.mark.parametrize("edits", EXTREMES)
@pytest.mark.filterwarnings("ignore")
def test_numbers_at_the_ends_of_a_double_are_drawn(edited, text_of, edits):
    tree = json.loads(text_of("analysis.json"))
    for place, value in edits:
        tree = with_value(tree, place, value)
    (edited / "analysis.json").write_text(json.dumps(tree))
    assert read_all(edited, drawn=True) is None


@pytest.mark.parametrize("changes", [{"min": None}, {"max": None}, {"mean": None, "min": None}])
def test_an_achieved_strength_without_its_range_is_shown(edited, text_of, changes):
    tree = json.loads(text_of("analysis.json"))
    measured = next(step for step in tree["achieved"] if step["mean"] is not None)
    measured.update(changes)
    (edited / "analysis.json").write_text(json.dumps(tree))
    assert read_all(edited) is None


def test_levels_without_a_clip_make_no_plan(edited, text_of):
    tree = json.loads(text_of("analysis.json"))
    for level in tree["levels"]:
        level["n"] = 0
    (edited / "analysis.json").write_text(json.dumps(tree))
    assert read_all(edited) is None
    assert designs(load_analysis(edited)) == []


@pytest.mark.parametrize("seconds", [{}, {"sweep": 0.0}, {"other": 1e308}])
def test_a_record_without_times_is_shown(edited, text_of, seconds):
    (edited / "run.json").write_text(json.dumps({**json.loads(text_of("run.json")), "seconds": seconds}))
    assert read_all(edited) is None
