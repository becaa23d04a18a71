"""The table of verdicts that the docs are made with."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

import degrade_bench
from degrade_bench.analysis import load_analysis
from degrade_bench.analysis.result import write
from degrade_bench.metric.catalogue import load_metric
from tests.conftest import make_clip
from tests.reports.fabricated import fabricated

SCRIPT = Path(__file__).parents[2] / "scripts" / "verdict_table.py"
spec = importlib.util.spec_from_file_location("verdict_table", SCRIPT)
verdict_table = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verdict_table)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    clips = [make_clip(4.0, 16000, 1, seed=seed) for seed in range(7)]
    metrics = [load_metric(name, {}, "cpu") for name in ("log-mel", "si-sdr")]
    out = tmp_path_factory.mktemp("table") / "run"
    damage = ("white_noise", "hard_clipping", "tempo_change")
    degrade_bench.stress_test(
        metrics, clips=clips, suites=(), degradation=damage, levels=(1, 3), workers=1, out=out
    )
    return out


def rows(text: str) -> dict[str, list[str]]:
    """Cells by degradation, of one metric's tables."""
    table = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {cells[1].strip("`"): cells for cells in table if cells[1].startswith("`")}


def test_a_row_says_what_the_summary_says(folder, capsys):
    assert verdict_table.main([str(folder), "--metric", "log-mel"]) == 0
    text = capsys.readouterr().out
    assert "si-sdr" not in text
    summary = pd.read_csv(folder / "summary.csv")
    tops = summary[(summary.metric == "log-mel") & (summary.level == 3)].set_index("degradation")
    found = rows(text)
    assert set(found) == {"white_noise", "hard_clipping", "tempo_change"}
    for name in ("white_noise", "hard_clipping"):
        family, _, verdict, _, level, drop, net = found[name]
        top = tops.loc[name]
        assert (family, verdict) == (top.family, top.verdict)
        assert level.startswith(f"3: {top.strength:g}")
        values = drop.replace("−", "-").replace("(", "").replace(")", "").replace("to ", "").split(" ")
        assert [float(each) for each in values] == pytest.approx(
            [top.drop_mean, top.drop_low, top.drop_high], rel=0.01
        )
        assert net.replace("−", "-").startswith(f"{top.net_drop:.3g}")
    assert found["tempo_change"][2:] == ["not-applicable", "–", "–", "–", "–"]
    shares = tops[tops.group == "signal"].verdict.value_counts()
    assert "Signal damage: " + ", ".join(f"{n} {verdict}" for verdict, n in shares.items()) + "." in text
    assert "Structural damage: 1 not-applicable." in text


def test_every_metric_and_what_it_was_made_for(folder, capsys, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    record = json.loads((copy / "run.json").read_text())
    record["metrics"][0]["domain"] = "speech"
    (copy / "run.json").write_text(json.dumps(record))
    assert verdict_table.main([str(copy)]) == 0
    text = capsys.readouterr().out
    assert "### `log-mel` (made for speech: a wrong-domain control)\n" in text
    assert "### `si-sdr`\n" in text
    assert record["metrics"][1]["fingerprint"] in text


def test_what_a_later_analysis_adds(folder, capsys, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    write(fabricated(load_analysis(folder), people=False), tmp_path / "copy")
    analysis = load_analysis(tmp_path / "copy")
    assert verdict_table.main([str(tmp_path / "copy"), "--metric", "log-mel"]) == 0
    text = capsys.readouterr().out
    facts = analysis.metrics[analysis.metrics["metric"] == "log-mel"].iloc[0]
    assert f"Nuisance floor {facts.nuisance_floor:.3g} ({facts.floor_low:.3g} to {facts.floor_high:.3g})" in text
    assert "No part of the floor: gain, resampling." in text
    for row in analysis.verdicts[analysis.verdicts["metric"] == "log-mel"].to_dict("records"):
        if row["verdict"] == "inconclusive":
            assert f"- `{row['degradation']}`: {row['power_note']}" in text
        if row["detection_strength"] == row["detection_strength"] and row["detection_strength"] is not None:
            assert f"{row['detection_strength']:.3g} {row['unit']}" in text


def test_what_cannot_be_shown_is_one_line(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["verdict_table.py"])
    for arguments, said in (
        ([str(tmp_path)], "has no analysis.json"),
        ([str(folder), "--metric", "log-mle"], "did you mean 'log-mel'"),
    ):
        assert verdict_table.main(arguments) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert said in printed.err
        assert printed.err.count("\n") == 1
