"""The whole analysis: metrics whose truth is known, and tables that have little in them."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from degrade_bench.analysis import AnalysisOptions, analyse, analyse_folder, load_analysis, write
from degrade_bench.analysis.options import RULES
from degrade_bench.analysis.result import Analysis
from degrade_bench.errors import RunFolderError
from degrade_bench.runs.columns import SCHEMA
from tests.analysis.tables import ORDER, SIGNAL, noisy, table

NOISE, BARS = SIGNAL[0], ORDER[0]
BOTH = pytest.mark.parametrize("rules", RULES)


def verdicts(scores: pd.DataFrame, **options) -> dict[str, str]:
    frame = analyse(scores, AnalysisOptions(**options)).verdicts
    return dict(zip(frame["degradation"], frame["verdict"], strict=True))


def hears(noise: float, order: float, joins: float = 0.0):
    """A metric that loses so much per level under each damage, and ``joins`` under the placebo of the order too."""

    def truth(name: str, role: str, level: int) -> float:
        if role == "test":
            return level * (noise if name == NOISE else order)
        return level * joins if name == f"{BARS}_placebo" else 0.0

    return truth


@BOTH
def test_a_metric_that_hears_everything_is_sensitive_from_the_level_where_it_does(rules):
    scores = table(noisy(hears(0.3, 0.2)))
    assert verdicts(scores, resamples=200, rules=rules) == {NOISE: "sensitive", BARS: "sensitive"}
    analysis = analyse(scores, AnalysisOptions(resamples=200, rules=rules))
    row = analysis.verdicts.set_index("degradation").loc[NOISE]
    assert row["detection_level"] == 1
    assert row["monotonicity"] > 0.9
    levels = analysis.levels[analysis.levels.degradation == NOISE].set_index("level")
    assert levels.loc[5, "drop_mean"] == pytest.approx(1.5, abs=0.05)
    assert levels.loc[5, "drop_low"] < 1.5 < levels.loc[5, "drop_high"]
    assert levels.loc[5, "concordance"] == 1.0
    assert analysis.metrics.loc[0, "positive_control"] == NOISE


@BOTH
def test_a_metric_deaf_to_order_is_blind_to_it(rules):
    assert verdicts(table(noisy(hears(0.3, 0.0))), resamples=200, rules=rules) == {
        NOISE: "sensitive",
        BARS: "blind",
    }


@BOTH
def test_a_metric_that_hears_only_the_joins_gives_an_artefact(rules):
    assert verdicts(table(noisy(hears(0.3, 0.2, joins=0.2))), resamples=200, rules=rules) == {
        NOISE: "sensitive",
        BARS: "artefact",
    }


@BOTH
def test_a_metric_that_prefers_the_damage_is_inverted_in_either_direction(rules):
    assert verdicts(table(noisy(hears(0.3, -0.2))), resamples=200, rules=rules) == {
        NOISE: "sensitive",
        BARS: "inverted",
    }
    higher = noisy(hears(0.3, -0.2))
    lower = table(lambda *cell: -higher(*cell), higher_is_better=False)
    assert verdicts(lower, resamples=200, rules=rules) == {NOISE: "sensitive", BARS: "inverted"}


@BOTH
def test_a_metric_of_pure_noise_is_neither_sensitive_nor_blind(rules):
    for seed in range(10):
        scores = table(noisy(hears(0.0, 0.0), sd=0.5, seed=seed))
        names = set(verdicts(scores, resamples=200, rules=rules).values())
        assert names == {"inconclusive"}, "no positive control fired"


@BOTH
def test_few_recordings_are_inconclusive_however_many_clips(rules):
    scores = table(noisy(hears(0.3, 0.2)), clips=20, tracks={clip: f"track{clip % 5}" for clip in range(20)})
    analysis = analyse(scores, AnalysisOptions(resamples=200, rules=rules))
    assert set(analysis.verdicts["verdict"]) == {"inconclusive"}
    assert set(analysis.levels["tracks"]) == {5}
    assert set(analysis.levels["n"]) == {20}


@BOTH
def test_four_copies_of_every_clip_change_no_interval_and_no_p(rules):
    once = table(noisy(hears(0.1, 0.02)), clips=12)
    copies = [once.assign(clip_id=once.clip_id + f"-{k}") for k in range(4)]
    options = AnalysisOptions(resamples=200, rules=rules)
    single, often = analyse(once, options), analyse(pd.concat(copies), options)
    p_values = [name for name in single.levels.columns if name.startswith("p_")]
    for column in ("drop_low", "drop_high", *p_values, "net_low", "net_high", "effect_dz", "told"):
        assert np.allclose(single.levels[column], often.levels[column], atol=1e-9, equal_nan=True), column
    for column in ("margin", "effect", "margin_error", "margin_without"):
        assert single.metrics.loc[0, column] == pytest.approx(often.metrics.loc[0, column], abs=1e-9, nan_ok=True)
    assert single.verdicts["verdict"].tolist() == often.verdicts["verdict"].tolist()


@pytest.mark.parametrize(("rules", "small"), [(1, "blind"), (2, "faint")])
def test_the_margin_can_be_given(rules, small):
    scores = table(noisy(hears(0.3, 0.02)))
    options = {"resamples": 200, "rules": rules}
    assert verdicts(scores, margin=0.5, **options)[BARS] == small
    assert verdicts(scores, margin=0.01, **options)[BARS] == "sensitive"
    assert analyse(scores, AnalysisOptions(margin=0.5, **options)).metrics.loc[0, "margin"] == 0.5


def test_the_nuisance_floor_is_the_quantile_of_the_controls():
    scores = table(noisy(hears(0.3, 0.2)))
    clean = scores[scores.role == "clean"].set_index("clip_id").score
    controls = scores[scores.role == "control"]
    drops = clean.loc[controls.clip_id].to_numpy() - controls.score.to_numpy()
    expected = np.quantile(np.abs(drops), 0.95, method="inverted_cdf")
    assert analyse(scores).metrics.loc[0, "nuisance_floor"] == pytest.approx(expected)


def test_the_summary_has_the_columns_of_the_design():
    analysis = analyse(table(noisy(hears(0.3, 0.2))))
    assert list(analysis.summary.columns) == [
        "metric",
        "group",
        "family",
        "degradation",
        "level",
        "strength",
        "unit",
        "n",
        "drop_mean",
        "drop_low",
        "drop_high",
        "effect_dz",
        "concordance",
        "p_value",
        "p_holm",
        "placebo_drop",
        "net_drop",
        "net_low",
        "net_high",
        "verdict",
    ]
    assert len(analysis.summary) == 10
    assert (analysis.levels["p_holm"] >= analysis.levels["p_value"]).all()


def test_row_order_and_other_metrics_change_nothing():
    first = table(noisy(hears(0.3, 0.0)), metric="first")
    both = pd.concat([first, table(noisy(hears(0.0, 0.0), seed=4), metric="second")])
    alone, beside = analyse(first), analyse(both.sample(frac=1, random_state=0))
    columns = [name for name in alone.levels.columns if name != "metric"]
    same = beside.levels[beside.levels.metric == "first"].sort_values(["degradation", "level"])[columns]
    expected = alone.levels.sort_values(["degradation", "level"])[columns]
    pd.testing.assert_frame_equal(same.reset_index(drop=True), expected.reset_index(drop=True))


# -- little in it --------------------------------------------------------------------------------------


def constant(*_):
    return 2.5


def with_status(scores: pd.DataFrame, at: pd.Series, status: str) -> pd.DataFrame:
    scores = scores.copy()
    scores.loc[at, "score"] = np.nan
    scores.loc[at, "status"] = status
    return scores


GOOD = table(noisy(hears(0.3, 0.2)), clips=8)
ODD = {
    "constant scores": (table(constant, clips=8), {"inconclusive"}),
    "one clip": (table(noisy(hears(0.3, 0.2)), clips=1), {"inconclusive"}),
    "two clips": (table(noisy(hears(0.3, 0.2)), clips=2), {"inconclusive"}),
    "all cells failed": (with_status(GOOD, GOOD.role != "clean", "failed"), {"failed"}),
    "all rows failed": (with_status(GOOD, GOOD.level >= 0, "failed"), {"failed"}),
    "clean failed": (with_status(GOOD, GOOD.role == "clean", "failed"), {"failed"}),
    "one level missing": (GOOD[GOOD.level != 3], {"sensitive"}),
    "top level not applicable": (with_status(GOOD, GOOD.level == 5, "not-applicable"), {"sensitive"}),
    "no controls": (GOOD[GOOD.role != "control"], {"sensitive"}),
    "no placebos": (GOOD[GOOD.role != "placebo"], {"sensitive"}),
    "all infinite": (GOOD.assign(score=np.inf), {"not-applicable"}),
    "some infinite": (GOOD.assign(score=GOOD.score.where(GOOD.clip_id != "clip000", -np.inf)), {"sensitive"}),
    "scores as NaN, ok by mistake": (GOOD.assign(score=np.nan), {"not-applicable"}),
    "huge scores": (GOOD.assign(score=GOOD.score * 1e140), {"sensitive"}),
    "tiny scores": (GOOD.assign(score=GOOD.score * 1e-140), {"sensitive"}),
}


@BOTH
@pytest.mark.parametrize("name", ODD)
def test_odd_tables_give_a_sensible_result_without_a_warning(name, rules):
    scores, expected = ODD[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        analysis = analyse(scores, AnalysisOptions(resamples=200, rules=rules))
        assert set(analysis.verdicts["verdict"]) == expected
        again = Analysis.from_json(analysis.to_json())
    assert len(again.levels) == len(analysis.levels)
    assert analysis.verdicts["sentence"].str.len().min() > 10


def test_the_analysis_starts_without_what_it_has_no_use_for():
    code = "import sys, degrade_bench.analysis, degrade_bench.analysis.verdicts\n"
    code += "print({'torch', 'matplotlib', 'statsmodels', 'pyarrow.parquet'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_empty_table_is_refused():
    with pytest.raises(RunFolderError, match="empty"):
        analyse(GOOD.iloc[:0])


# -- on disk -------------------------------------------------------------------------------------------


def test_folders(tmp_path):
    with pytest.raises(RunFolderError, match=r"no scores\.parquet"):
        analyse_folder(tmp_path)
    (tmp_path / "scores.parquet").write_bytes(b"PAR1 garbage")
    with pytest.raises(RunFolderError, match="cannot be read"):
        analyse_folder(tmp_path)
    GOOD.drop(columns="status").to_parquet(tmp_path / "scores.parquet")
    with pytest.raises(RunFolderError, match="lacks the column 'status'"):
        analyse_folder(tmp_path)
    GOOD.to_parquet(tmp_path / "scores.parquet")
    analysis = analyse_folder(tmp_path)
    write(analysis, tmp_path)
    again = load_analysis(tmp_path)
    assert again.to_json() == analysis.to_json()
    assert again.options == analysis.options
    summary = pd.read_csv(tmp_path / "summary.csv")
    assert summary["drop_mean"].to_numpy() == pytest.approx(analysis.levels["drop_mean"].to_numpy(), abs=1e-12)
    for text in ("{", "[]", '{"format": 99}', '{"format": 3}'):
        (tmp_path / "analysis.json").write_text(text)
        with pytest.raises(RunFolderError, match="cannot be read"):
            load_analysis(tmp_path)
    (tmp_path / "analysis.json").unlink()
    with pytest.raises(RunFolderError, match=r"has no analysis\.json"):
        load_analysis(tmp_path)


def test_a_large_table_is_analysed():  # in how many seconds: benchmarks/analysis.py
    rng = np.random.default_rng(0)
    small = table(noisy(hears(0.3, 0.0), sd=0.0), clips=24)
    copies = [small.assign(clip_id=small.clip_id + f"/{k}", track=small.track + f"/{k}") for k in range(300)]
    big = pd.concat(copies, ignore_index=True)
    big["score"] += 0.05 * rng.standard_normal(len(big))
    assert len(big) > 130_000
    assert list(big.columns) == SCHEMA.names
    analysis = analyse(big)
    assert dict(zip(analysis.verdicts["degradation"], analysis.verdicts["verdict"], strict=True)) == {
        NOISE: "sensitive",
        BARS: "blind",
    }
