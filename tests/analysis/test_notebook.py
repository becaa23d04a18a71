"""``load``: a run directory as data frames."""

from __future__ import annotations

import json
from importlib import import_module

import pandas as pd
import pytest

from degrade_bench.analysis import Analysis, AnalysisOptions, analyse, load, load_options, write
from degrade_bench.analysis.drops import DROPS, NET_DROPS, drop_table, paired_drops
from degrade_bench.analysis.result import FRAMES
from degrade_bench.errors import RunFolderError
from tests.analysis.tables import awkward, plain_drops

drops_module, analyse_module, wide_module = (
    import_module(f"degrade_bench.analysis.{name}") for name in ("drops", "analyse", "wide")
)
OPTIONS = AnalysisOptions(resamples=100, margin=0.3)


@pytest.fixture
def folder(tmp_path):
    awkward().to_parquet(tmp_path / "scores.parquet")
    return tmp_path


def test_it_is_the_analysis_with_its_scores_and_drops(folder):
    run = load(folder, OPTIONS)
    assert isinstance(run, Analysis)
    expected = analyse(awkward(), OPTIONS)
    assert run.to_json() == expected.to_json()
    for frame in FRAMES:
        assert list(getattr(run, frame.name).columns) == frame.names
    assert len(run.scores) == len(awkward())
    assert list(run.summary["verdict"]) == list(expected.summary["verdict"])


def test_its_drops_are_clean_less_degraded(folder):
    run = load(str(folder), OPTIONS)
    keys = ["role", "degradation", "level", "clip_id"]
    plain = plain_drops(awkward()).set_index(keys)["drop"].sort_index()
    drops = run.drops.set_index(keys)["drop"].sort_index()
    pd.testing.assert_series_equal(drops, plain, check_dtype=False, check_index_type=False)
    net = run.net_drops
    assert set(net["degradation"]) == {"ramp", "shuffle"}
    assert (net["net"] == net["drop"] - net["placebo_drop"]).all()
    means = net.groupby(["degradation", "level"])["net"].mean()
    levels = run.levels.set_index(["degradation", "level"])["net_drop"]
    assert means.to_numpy() == pytest.approx(levels.loc[means.index].to_numpy(), abs=1e-12)


def test_thresholds_are_the_ones_given_then_the_folders_then_the_defaults(folder):
    assert load(folder).options == AnalysisOptions()
    write(analyse(awkward(), OPTIONS), folder)
    assert load(folder).options == OPTIONS
    other = AnalysisOptions(resamples=100)
    assert load(folder, other).options == other


def test_the_drops_are_those_of_the_analysis_and_are_paired_once(folder, monkeypatch):
    calls = []

    def counted(scores):
        calls.append(len(scores))
        return drop_table(scores)

    for module in (drops_module, analyse_module, wide_module):
        monkeypatch.setattr(module, "drop_table", counted)
    run = load(folder, OPTIONS)
    assert calls == [len(awkward())]
    again = paired_drops(awkward())
    pd.testing.assert_frame_equal(run.drops, again.table)
    pd.testing.assert_frame_equal(run.net_drops, again.net)
    assert (list(run.drops.columns), list(run.net_drops.columns)) == (DROPS.names, NET_DROPS.names)


@pytest.mark.parametrize("ask", [load, load_options])
def test_thresholds_of_another_version_are_refused_not_replaced(folder, ask):
    write(analyse(awkward(), OPTIONS), folder)
    record = json.loads((folder / "analysis.json").read_text())
    for other, said in (
        (
            {"format": 2},
            r"written by another version \(format 2, .* give `degrade-bench analysis DIR` to make it again",
        ),
        ({"options": {"margin_is": 3}}, "its options are not this version's"),
        ({"options": record["options"] | {"alpha": 2}}, "alpha must lie between 0 and 1"),
    ):
        (folder / "analysis.json").write_text(json.dumps(record | other))
        with pytest.raises(RunFolderError, match=said):
            ask(folder)
        assert load(folder, OPTIONS).options == OPTIONS


def test_nothing_is_written(folder):
    load(folder, OPTIONS)
    assert [path.name for path in folder.iterdir()] == ["scores.parquet"]


def test_a_folder_without_scores_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match=r"no scores\.parquet"):
        load(tmp_path)
