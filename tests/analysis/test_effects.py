"""Every column of ``Analysis.levels``, ``controls`` and ``placebos`` against pandas, scipy and statsmodels.

The table has tracks of several clips, replicates, ties, zeros, a missing cell, failed cells, infinite scores and a
clip without a clean score.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.api as sm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.levels import LEVELS
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.result import Analysis
from tests.analysis.tables import awkward, plain_drops, skewed_t_interval

MARGIN = 0.5
OPTIONS = AnalysisOptions(margin=MARGIN, resamples=400)
FIRST = AnalysisOptions(margin=MARGIN, resamples=400, rules=1)
CELLS = [(name, level) for name in ("ramp", "shuffle", "dull") for level in (1, 2, 4)]
both_directions = pytest.mark.parametrize("higher", [True, False], ids=["higher", "lower"])
every_cell = pytest.mark.parametrize(("name", "level"), CELLS)


@lru_cache
def analysed(higher: bool = True, options: AnalysisOptions = OPTIONS) -> Analysis:
    return analyse(awkward(higher_is_better=higher), options)


@lru_cache
def plain(higher: bool = True) -> pd.DataFrame:
    return plain_drops(awkward(higher_is_better=higher))


def row(name: str, level: int, higher: bool = True, options: AnalysisOptions = OPTIONS) -> pd.Series:
    return analysed(higher, options).levels.set_index(["degradation", "level"]).loc[(name, level)]


def drops(name: str, level: int, higher: bool = True) -> pd.DataFrame:
    rows = plain(higher)
    return rows[(rows.degradation == name) & (rows.level == level)].sort_values("clip_id")


def nets(name: str, level: int, higher: bool = True) -> pd.DataFrame:
    """Drops beyond the placebo's, clips that have both; empty without a placebo."""
    placebo = drops(f"{name}_placebo", 1 if name == "ramp" else level, higher)
    both = drops(name, level, higher).merge(placebo, on=["clip_id", "track"], suffixes=("", "_placebo"))
    return both.assign(net=both["drop"] - both["drop_placebo"])


def track_means(clip_drops: pd.DataFrame, column: str = "drop") -> np.ndarray:
    return clip_drops.groupby("track")[column].mean().to_numpy()


def same(value: float, expected: float) -> None:
    assert value == pytest.approx(expected, abs=1e-9, nan_ok=True)


def wilcoxon(means: np.ndarray) -> float:
    """scipy's, as it decides by itself."""
    return min(1.0, float(scipy.stats.wilcoxon(means, zero_method="pratt").pvalue))


def sign_flips(means: np.ndarray) -> float:
    """Every pattern of signs, by itertools."""
    observed = abs(sum(means))
    reached = [
        abs(sum(sign * mean for sign, mean in zip(signs, means, strict=True))) >= observed - 1e-9
        for signs in itertools.product((1, -1), repeat=len(means))
    ]
    return sum(reached) / len(reached)


def test_the_table_is_as_awkward_as_it_says():
    assert len(drops("shuffle", 2)) == 10  # one was never scored, one has no clean score
    assert len(drops("ramp", 1)) == 10
    assert len(drops("shuffle", 4)) == 10
    assert len(drops("ramp", 4)) == 11  # one of two replicates failed
    assert len(nets("shuffle", 1)) == 10
    assert nets("dull", 1).empty
    assert any((track_means(drops(*cell)) == 0).any() for cell in CELLS)
    tied = [np.abs(track_means(drops(*cell))) for cell in CELLS]
    assert sum(len(set(means)) < len(means) for means in tied) > 4


@both_directions
@every_cell
def test_means_and_effects(name, level, higher):
    clip_drops, cell = drops(name, level, higher), row(name, level, higher)
    values, means = clip_drops["drop"].to_numpy(), track_means(clip_drops)
    assert cell["n"] == len(clip_drops)
    assert cell["tracks"] == clip_drops["track"].nunique()
    assert cell["ties"] == (values == 0).sum()
    same(cell["drop_mean"], values.mean())
    same(cell["drop_median"], np.median(values))
    same(cell["drop_spread"], np.std(values, ddof=1))
    same(cell["effect_dz"], means.mean() / np.std(means, ddof=1))
    scores = awkward(higher_is_better=higher)
    same(cell["drop_sd"], values.mean() / scores[(scores.role == "clean") & (scores.status == "ok")].score.std())
    control = plain(higher).query("role == 'control'")["drop"].abs()
    same(cell["drop_floor"], values.mean() / np.quantile(control, 0.95, method="inverted_cdf"))


@both_directions
@every_cell
def test_concordance_with_its_interval_and_aces_tau(name, level, higher):
    clip_drops, cell = drops(name, level, higher), row(name, level, higher)
    values, tracks = clip_drops["drop"], clip_drops["track"].nunique()
    share = ((values > 0).sum() + (values == 0).sum() / 2) / len(values)
    low, high = proportion_confint(share * tracks, tracks, alpha=0.05, method="wilson")
    same(cell["concordance"], share)
    same(cell["concordance_low"], low)
    same(cell["concordance_high"], high)
    same(cell["aces_tau"], ((values > 0).sum() - (values <= 0).sum()) / len(values))


@both_directions
@every_cell
def test_p_values(name, level, higher):
    means, cell = track_means(drops(name, level, higher)), row(name, level, higher)
    same(cell["p_value"], wilcoxon(means))
    same(cell["p_flip"], sign_flips(means))


@both_directions
@every_cell
def test_the_equivalence_test_with_a_given_margin(name, level, higher):
    """The larger of two one-sided t tests of the clustered mean against −margin and +margin."""
    clip_drops, cell = drops(name, level, higher), row(name, level, higher)
    fit = sm.OLS(clip_drops["drop"].to_numpy(), np.ones(len(clip_drops))).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(clip_drops["track"])[0]}
    )
    t = [(fit.params[0] + MARGIN) / fit.bse[0], (MARGIN - fit.params[0]) / fit.bse[0]]
    same(cell["p_blind"], max(scipy.stats.t.sf(t, clip_drops["track"].nunique() - 1)))


@both_directions
@every_cell
def test_drops_beyond_the_placebo(name, level, higher):
    clip_drops, cell = nets(name, level, higher), row(name, level, higher)
    if clip_drops.empty:
        names = ["placebo_drop", "net_drop", "net_low", "net_high", "net_equivalence_low", "p_net"]
        assert cell[names].isna().all()
        return
    same(cell["placebo_drop"], clip_drops["drop_placebo"].mean())
    same(cell["net_drop"], clip_drops["net"].mean())
    same(cell["p_net"], wilcoxon(track_means(clip_drops, "net")))


@every_cell
@pytest.mark.parametrize("options", [FIRST, OPTIONS], ids=["rules 1", "rules 2"])
def test_intervals_are_the_resamplers_or_of_the_t_distribution(name, level, options):
    """BCa itself is checked against scipy; here, that the right values go in, over tracks that have one."""
    cell = row(name, level, options=options)
    for clip_drops, column, prefix in ((drops(name, level), "drop", "drop"), (nets(name, level), "net", "net")):
        if clip_drops.empty:
            continue
        by_track = clip_drops.groupby("track")[column].agg(["sum", "count"]).astype(float)
        sums = by_track.to_numpy()
        if options.rules == 1:
            ends = Clustered(sums[:, :1], sums[:, 1:]).intervals(Resampler(400, 0), (0.95, 0.9))[:, :, 0]
        else:
            ends = [skewed_t_interval(by_track, confidence) for confidence in (0.95, 0.9)]
        same(list(cell[[f"{prefix}_low", f"{prefix}_high"]]), list(ends[0]))
        inner = list(cell[[f"{prefix}_equivalence_low", f"{prefix}_equivalence_high"]])
        same(inner, list(ends[1]))
        assert cell[f"{prefix}_low"] <= inner[0] < inner[1] <= cell[f"{prefix}_high"]


def page(name: str) -> float:
    """Page's p over tracks with every level, from all orders of each track's ranks; normal where there are ties."""
    wide = plain().query("degradation == @name").groupby(["track", "level"])["drop"].mean().unstack().dropna()
    ranks = scipy.stats.rankdata(wide.to_numpy(), axis=1)
    statistic = (ranks * [1, 2, 3]).sum()
    orders = [[np.dot(order, [1, 2, 3]) for order in itertools.permutations(ranked)] for ranked in ranks]
    if (np.sort(ranks, axis=1) == [1, 2, 3]).all():
        chance = {0.0: 1.0}
        for ranked in orders:
            sums: dict[float, float] = {}
            for total, order in itertools.product(chance, ranked):
                sums[total + order] = sums.get(total + order, 0.0) + chance[total] / 6
            chance = sums
        return sum(p for total, p in chance.items() if total >= statistic)
    mean, variance = sum(np.mean(order) for order in orders), sum(np.var(order) for order in orders)
    return float(scipy.stats.norm.sf((statistic - mean) / math.sqrt(variance)))


def test_holm_runs_over_all_cells_over_the_confirmatory_tests_and_over_the_placebos_pairs():
    levels = analysed().levels
    p_holm = multipletests(levels["p_value"], method="holm")[1]
    assert levels["p_holm"].to_numpy() == pytest.approx(p_holm, abs=1e-9)
    tops = [("ramp", 4), ("shuffle", 4), ("dull", 4)]
    p_top = [wilcoxon(track_means(drops(*top))) for top in tops]
    pages = [page(name) for name in ("ramp", "shuffle", "dull")]
    confirmatory = multipletests([*p_top, *pages], method="holm")[1]
    at = levels.set_index(["degradation", "level"])
    assert at.loc[tops, "p_top"].to_numpy() == pytest.approx(confirmatory[:3], abs=1e-9)
    verdicts = analysed().verdicts
    assert verdicts["page_p"].to_numpy() == pytest.approx(pages, abs=1e-9)
    assert verdicts["page_holm"].to_numpy() == pytest.approx(confirmatory[3:], abs=1e-9)
    assert analysed().metrics.loc[0, "confirmatory_tests"] == 6
    assert at.index[at["confirmatory"]].tolist() == tops
    assert at.loc[~at["confirmatory"], ["p_top", "p_beyond"]].isna().all(axis=None)
    pairs = [max(p_top[k], wilcoxon(track_means(nets(*tops[k]), "net"))) for k in (0, 1)]
    assert at.loc[tops[:2], "p_beyond"].to_numpy() == pytest.approx(
        multipletests(pairs, method="holm")[1], abs=1e-9
    )
    assert math.isnan(at.loc[tops[2], "p_beyond"])


def test_controls_and_placebos():
    for control in analysed().controls.itertuples():
        clip_drops = drops(control.degradation, control.level)
        assert control.n == len(clip_drops)
        same(control.drop_mean, clip_drops["drop"].mean())
        same(control.drop_abs_mean, clip_drops["drop"].abs().mean())
        same(control.drop_abs_max, clip_drops["drop"].abs().max())
        beyond = clip_drops["drop"].abs().groupby(clip_drops["track"]).mean().to_numpy() - MARGIN
        one_sided = wilcoxon(beyond) / 2 if clip_drops["drop"].abs().mean() > MARGIN else 1.0
        same(control.p_value, one_sided)
    placebos = analysed().placebos
    assert placebos[["degradation", "level"]].to_numpy().tolist() == [
        ["ramp_placebo", 1],
        ["shuffle_placebo", 1],
        ["shuffle_placebo", 2],
        ["shuffle_placebo", 4],
    ]
    assert placebos["placebo_of"].tolist() == ["ramp", "shuffle", "shuffle", "shuffle"]
    for placebo in placebos.itertuples():
        clip_drops = drops(placebo.degradation, placebo.level)
        assert placebo.n == len(clip_drops)
        same(placebo.drop_mean, clip_drops["drop"].mean())


def test_a_metrics_facts():
    scores, facts = awkward(), analysed().metrics.iloc[0]
    clean = scores[(scores.role == "clean") & (scores.status == "ok")].score
    same(facts["clean_mean"], clean.mean())
    same(facts["clean_sd"], clean.std())
    assert facts["rows_ok"] == (scores.status == "ok").sum()
    assert facts["rows_failed"] == 2
    assert facts["rows_not_applicable"] == 2
    assert facts["rows_infinite"] == 4
    assert facts["tracks"] == 7


def test_both_directions_say_the_same():
    """A metric that is turned over says what it said."""
    turned = awkward().assign(higher_is_better=False)
    turned["score"] = -turned["score"]
    other = analyse(turned, OPTIONS).levels
    pd.testing.assert_frame_equal(other, analysed().levels, check_exact=False, atol=1e-12)


def test_four_copies_of_every_clip_change_no_interval_no_error_and_no_p():
    once = awkward()
    often = pd.concat([once.assign(clip_id=once.clip_id + f"/{copy}") for copy in range(4)])
    for options in (OPTIONS, AnalysisOptions(resamples=400)):
        single, copied = analyse(once, options), analyse(often, options)
        over_clips = {"drop_spread", "drop_sd"}  # these count clips, so copies move them
        over_clips |= {"excerpt_share", "draw_share"}  # and these say what more clips of a recording would do
        numbers = {column.name for column in LEVELS.columns if column.kind == "number"}
        for column in sorted({"tracks", *numbers} - over_clips):
            assert np.allclose(single.levels[column], copied.levels[column], atol=1e-9, equal_nan=True), column
        assert (copied.levels["n"] == 4 * single.levels["n"]).all()
        for column in ("nuisance_floor", "floor_low", "floor_high", "margin"):
            same(copied.metrics.loc[0, column], single.metrics.loc[0, column])
        for frame, columns in (
            ("verdicts", ("monotonicity_low", "slope_high", "area_low", "detection_at_low", "page_p")),
            ("verdicts", ("smallest_detectable", "clips_to_detect", "clips_to_exclude")),
            ("families", ("noticed", "noticed_low", "noticed_high", "area_floor_low", "area_floor_high")),
            ("controls", ("drop_low", "drop_high", "p_value")),
            ("placebos", ("drop_low", "drop_high")),
        ):
            for column in columns:
                once_values, copied_values = getattr(single, frame)[column], getattr(copied, frame)[column]
                assert np.allclose(
                    once_values.astype(float), copied_values.astype(float), atol=1e-9, equal_nan=True
                ), column


def test_little_to_say():
    one = awkward().query("clip_id == 'clip000'")
    levels = analyse(one, OPTIONS).levels
    assert (levels["n"] == 1).all()
    for column in ("drop_low", "drop_spread", "effect_dz", "p_value", "p_flip", "p_blind", "drop_sd"):
        assert levels[column].isna().all(), column
