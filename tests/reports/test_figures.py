"""Figures: which there are, in which formats, and that the same analysis gives the same bytes."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from degrade_bench.analysis import load_analysis
from degrade_bench.errors import RunFolderError
from degrade_bench.reports import write_report
from degrade_bench.reports.figures import draw_and_save
from degrade_bench.reports.heat_map import top_ratios
from degrade_bench.reports.inputs import load_run


def test_a_heat_map_and_one_set_of_curves_per_family_in_three_formats(finished):
    curves = [f"curves_{family}" for family in ("noise", "clipping", "order", "tempo")]
    names = ["heat_map_metric_by_degradation", "sensitivity_by_family", "selectivity", *curves]
    found = {path.name for path in (finished / "figures").iterdir()}
    assert found == {f"{name}.{suffix}" for name in names for suffix in ("png", "svg", "pdf")}
    for name in names:
        assert (finished / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (finished / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert b"<svg" in (finished / "figures" / f"{name}.svg").read_bytes()


def test_drawing_again_gives_the_same_bytes_and_leaves_matplotlib_as_it_was(finished, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    (copy / "figures" / "curves_old_family.png").write_bytes(b"stale")
    (copy / "figures" / "notes.txt").write_text("the user's own")
    mpl.rcParams["lines.linewidth"] = 7.5
    before = dict(mpl.rcParams)
    write_report(copy)
    assert dict(mpl.rcParams) == before
    mpl.rcdefaults()
    for path in (finished / "figures").iterdir():
        assert (copy / "figures" / path.name).read_bytes() == path.read_bytes(), path.name
    assert not (copy / "figures" / "curves_old_family.png").exists()
    assert (copy / "figures" / "notes.txt").exists()
    assert (copy / "report.html").read_bytes() == (finished / "report.html").read_bytes()


def test_curves_hold_what_the_analysis_says(finished):
    run = load_run(finished)
    drawings, _ = draw_and_save(run)
    figure = next(each.figure for each in drawings if each.family == "noise")
    panel = next(axes for axes in figure.axes if axes.get_title("left").startswith("log-mel"))
    own = run.analysis.levels.query("metric == 'log-mel' and degradation == 'white_noise'")
    lines = [line for line in panel.get_lines() if line.get_marker() == "o"]
    assert len(lines) == 1
    assert np.allclose(lines[0].get_ydata(), own["drop_mean"])
    assert [label.get_text() for label in panel.get_xticklabels()] == ["1\n40", "3\n20", "5\n0"]
    grey = [line for line in panel.get_lines() if line.get_color() == "#8a8a8a"]
    placebo = run.analysis.placebos.query("metric == 'log-mel' and placebo_of == 'white_noise'")
    assert np.allclose(grey[0].get_ydata(), placebo["drop_mean"].iloc[0])
    tempo = next(each.figure for each in drawings if each.family == "tempo")
    panel = next(axes for axes in tempo.axes if axes.get_title("left").startswith("si-sdr"))
    assert "not applicable" in [text.get_text() for text in panel.texts]


def test_ratios_of_the_heat_map():
    levels = pd.DataFrame(
        {
            "metric": ["a", "a", "b", "b", "c"],
            "degradation": ["x", "x", "x", "y", "x"],
            "level": [1, 5, 5, 5, 5],
            "n": [3, 3, 3, 0, 3],
            "drop_mean": [1.0, 4.0, -1.0, math.nan, 0.0],
            "verdict": ["sensitive", "sensitive", "inverted", "not-applicable", "blind"],
        }
    )
    metrics = pd.DataFrame({"metric": ["a", "b", "c"], "margin": [2.0, 0.0, 0.0]})
    ratios, verdicts = top_ratios(levels, metrics, ["a", "b", "c"], ["x", "y"])
    assert ratios[0, 0] == 2.0
    assert ratios[1, 0] == -math.inf
    assert ratios[2, 0] == 0.0
    assert np.isnan(ratios[1, 1])
    assert verdicts[1] == ["inverted", "not-applicable"]
    assert verdicts[0] == ["sensitive", ""]


def test_one_metric_and_no_placebos_can_be_drawn(finished, tmp_path):
    analysis = load_analysis(finished)
    one = analysis.levels[(analysis.levels["metric"] == "loudness") & (analysis.levels["level"] == 5)]
    run = replace(
        load_run(finished),
        folder=tmp_path,
        analysis=replace(
            analysis,
            levels=one,
            metrics=analysis.metrics[analysis.metrics["metric"] == "loudness"],
            verdicts=analysis.verdicts[analysis.verdicts["metric"] == "loudness"],
            placebos=analysis.placebos.iloc[:0],
        ),
    )
    drawings, vectors = draw_and_save(run)
    assert len(drawings) == len(vectors) == 7  # with sensitivity by family and selectivity


def test_a_folder_that_cannot_be_shown(tmp_path, finished):
    with pytest.raises(RunFolderError, match=r"has no analysis\.json"):
        write_report(tmp_path)
    shutil.copy(finished / "analysis.json", tmp_path)
    with pytest.raises(RunFolderError, match="is not a run directory"):
        write_report(tmp_path)
    shutil.copy(finished / "run.json", tmp_path)
    (tmp_path / "figures").write_text("in the way")
    with pytest.raises(RunFolderError, match="figures"):
        write_report(tmp_path)
    (tmp_path / "figures").unlink()
    assert write_report(tmp_path).is_file(), "no audio is no reason not to show the rest"
    assert "holds no examples" in (tmp_path / "report.html").read_text()
    (tmp_path / "analysis.json").write_text("{")
    with pytest.raises(RunFolderError, match="cannot be read"):
        write_report(tmp_path)
