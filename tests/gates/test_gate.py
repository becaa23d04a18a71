"""Gates on simulated metrics of known error rates, and on the score tables of runs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats

import degrade_bench
from degrade_bench.gates.gate import gates_of
from degrade_bench.gates.options import GateOptions
from degrade_bench.gates.rates import Rate, fewest_recordings, most_wrong
from degrade_bench.gates.samples import Detector, Samples
from degrade_bench.gates.text import gate_lines
from tests.analysis.tables import table
from tests.cli.conftest import call  # noqa: F401  # a fixture
from tests.cli.requests import assert_refused
from tests.compare.folders import run

NORMAL = scipy.stats.norm


def simulated(seed: int, tracks: int, shifts: dict[str, dict[str, tuple[float, ...]]], clips: int = 1) -> Samples:
    """Normal qualities that damage lowers: by metric and family, the shift at each level.

    The clips of a recording are alike but for a tenth of their variance.
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    families = list(next(iter(shifts.values())))
    cells = [
        (family, level) for family in families for level in range(1, len(next(iter(shifts.values()))[family]) + 1)
    ]
    track = np.repeat(np.arange(tracks), clips)

    def quality(columns: int) -> np.ndarray:
        of_track = rng.standard_normal((tracks, columns))[track]
        return math.sqrt(0.9) * of_track + math.sqrt(0.1) * rng.standard_normal((len(track), columns))

    detectors = [
        Detector(
            metric=name,
            is_drop=False,
            sign=1.0,
            clean=quality(1)[:, 0],
            controls=quality(2),
            damaged=quality(len(cells)) - np.array([by_family[family][level - 1] for family, level in cells]),
        )
        for name, by_family in shifts.items()
    ]
    frame = pd.DataFrame(cells, columns=["family", "level"]).assign(group="signal")
    frame["degradation"] = frame["family"]
    return Samples(tuple(detectors), track, tracks, frame)


def test_rates_on_held_out_clips_lie_within_the_intervals():
    """The true rates of the gate that is given, by the normal distribution; each limit holds in 95 %."""
    trials, inside = 40, {"clean": 0, "damaged": 0, "controls": 0}
    for seed in range(trials):
        samples = simulated(seed, 40, {"m": {"noise": (1.0, 3.5)}}, clips=2)
        found = gates_of(samples, GateOptions(miss=0.2, false_reject=0.1, folds=4)).families[0]
        threshold = found.thresholds[0].value
        for name, rate, truth in (
            ("clean", found.false_reject, NORMAL.cdf(threshold)),
            ("controls", found.false_reject_controls, NORMAL.cdf(threshold)),
            ("damaged", found.misses[-1], NORMAL.sf(threshold + 3.5)),
        ):
            inside[name] += rate.low <= truth <= rate.high
    few = scipy.stats.binom.ppf(0.001, trials, 0.9)
    assert all(count >= few for count in inside.values()), inside


def test_what_is_called_caught_keeps_to_its_rates():
    wrong = caught = 0
    for seed in range(20):
        samples = simulated(seed, 60, {"m": {"noise": (1.0, 3.6)}})
        options = GateOptions(miss=0.15, false_reject=0.15, folds=4)
        found = gates_of(samples, options).families[0]
        threshold = found.thresholds[0].value
        caught += found.state == "caught"
        is_kept = NORMAL.cdf(threshold) <= 0.15 and NORMAL.sf(threshold + 3.6) <= 0.15
        wrong += found.state == "caught" and not is_kept
        assert found.from_level in (None, 2)
    assert caught >= 6
    assert wrong <= scipy.stats.binom.ppf(0.999, 20, 0.1)


GROSS = (2.0, 9.0)
DEAF = (0.0, 0.0)


def test_the_smallest_set_that_catches_each_family_and_the_one_for_all():
    shifts = {
        "ears": {"noise": GROSS, "order": DEAF, "tempo": DEAF},
        "beats": {"noise": DEAF, "order": GROSS, "tempo": DEAF},
        "nothing": {"noise": DEAF, "order": DEAF, "tempo": DEAF},
    }
    gates = gates_of(simulated(1, 120, shifts), GateOptions(miss=0.05, false_reject=0.1))
    by_family = {found.family: found for found in gates.families}
    assert {family: found.state for family, found in by_family.items()} == {
        "noise": "caught",
        "order": "caught",
        "tempo": "missed",
    }
    assert [one.metric for one in by_family["noise"].thresholds] == ["ears"]
    assert [one.metric for one in by_family["order"].thresholds] == ["beats"]
    assert by_family["noise"].from_level == 2
    assert [one.metric for one in gates.common[0].thresholds] == ["ears", "beats"]
    assert [found.state for found in gates.common] == ["caught", "caught", "missed"]
    assert gate_lines(gates)[-1] == "No threshold catches: tempo."


def test_too_few_recordings_conclude_nothing_and_say_how_many_it_takes():
    gates = gates_of(simulated(1, 30, {"ears": {"noise": (9.0,)}}), GateOptions())
    assert gates.families[0].state == "open"
    assert gates.families[0].misses[0].value == 0
    assert (gates.suffices, gates.recordings_needed) == (False, 93)
    text = "\n".join(gate_lines(gates))
    assert "30 recordings are too few" in text
    assert "it takes 93. Nothing is called caught." in text
    assert "Not settled by these recordings: noise." in text


def test_what_few_recordings_do_not_catch_is_not_called_missed_where_another_threshold_may():
    """With ten, a threshold lies under all clean clips; at the rate that may be rejected it would lie higher."""
    found = gates_of(simulated(1, 10, {"ears": {"noise": (2.0,)}}), GateOptions(miss=0.4, false_reject=0.4))
    assert found.families[0].state == "open"
    deaf = gates_of(simulated(1, 10, {"ears": {"noise": (-9.0,)}}), GateOptions(miss=0.4, false_reject=0.4))
    assert deaf.families[0].state == "missed"


def test_the_clips_of_a_recording_are_one_trial():
    once = gates_of(simulated(1, 20, {"ears": {"noise": (9.0,)}}), GateOptions()).families[0]
    often = gates_of(simulated(1, 20, {"ears": {"noise": (9.0,)}}, clips=20), GateOptions()).families[0]
    assert once.misses[0] == often.misses[0] == Rate.of(np.zeros(20), 0.95)


def test_limits_are_clopper_and_pearsons():
    for wrong, count in ((0, 14), (3, 14), (14, 14), (1, 93)):
        rate = Rate.of(np.array([1.0] * wrong + [0.0] * (count - wrong)), 0.95)
        exact = scipy.stats.binomtest(wrong, count).proportion_ci(0.9, "exact")
        assert (rate.low, rate.high) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert (most_wrong(58, 0.05, 0.95), most_wrong(59, 0.05, 0.95), most_wrong(93, 0.05, 0.95)) == (-1, 0, 1)
    assert fewest_recordings(0.05, 0.95) == math.ceil(math.log(0.05) / math.log(0.95))


# -- of a run ---------------------------------------------------------------------------------------------


def scored(name: str, heard: str, sign: int = 1, reference: bool = False, clips: int = 100) -> pd.DataFrame:
    """A metric that falls by 20 standard deviations under one damage."""
    rng = np.random.Generator(np.random.Philox(key=len(name)))

    def score(damage: str, role: str, level: int, clip: int) -> float:
        if reference and role == "clean":
            return 0.0
        return sign * (rng.standard_normal() - 12 * level * (role == "test" and damage == heard))

    damages = (("hiss", "signal", "noise"), ("shuffle", "structural", "order"))
    rows = table(score, clips=clips, degradations=damages, levels=(1, 5), metric=name, higher_is_better=sign > 0)
    return rows.assign(needs_reference=reference)


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    tables = (scored("ears", "hiss", sign=-1), scored("distance", "shuffle", reference=True))
    return run(tmp_path_factory.mktemp("gate") / "out", *tables)


def test_a_runs_gates_by_score_and_by_drop(call, out):  # noqa: F811
    code, printed, said = call("gate", out, "--require", "noise")
    assert code == 0, said
    record = json.loads((out / "gate.json").read_text(encoding="utf-8"))
    noise, order = record["families"]
    assert (noise["state"], order["state"]) == ("caught", "caught")
    (ears,), (distance,) = noise["thresholds"], order["thresholds"]
    assert (ears["metric"], ears["of"], ears["rejects"]) == ("ears", "score", "above")
    assert (distance["metric"], distance["of"], distance["rejects"]) == ("distance", "drop", "above")
    # the thresholds leave as many recordings out as may be rejected wrongly, less one
    rows = scored("ears", "hiss", sign=-1)
    clean = np.sort(rows.loc[rows["role"] == "clean", "score"])[::-1]
    assert ears["value"] == pytest.approx(clean[max(0, most_wrong(100, 0.05, 0.95) - 1)])
    assert f"ears > {ears['value']:.4g}" in printed
    assert "caught from level 1 on" in printed
    table_text = (out / "gate.md").read_text(encoding="utf-8")
    assert "| noise | caught from level 1 on | ears > " in table_text.replace("\\>", ">")
    assert call("gate", out)[1] == printed
    again = degrade_bench.gate(out, degrade_bench.GateOptions(), metrics=["ears"])
    assert [found.state for found in again.families] == ["caught", "missed"]


def test_a_family_that_is_required_and_not_caught_is_exit_code_1(call, out):  # noqa: F811
    code, printed, said = call("gate", out, "--metric", "ears", "--require", "order", "--require", "noise")
    assert code == 1
    assert "No threshold catches: order." in printed
    assert said == "degrade-bench: not shown to be caught: order\n"
    assert call("gate", out, "--metric", "ears")[0] == 0


def test_with_a_reference_drops_may_be_asked_for(out):
    gates = degrade_bench.gate(out, degrade_bench.GateOptions(reference=True, most_metrics=1), metrics=["ears"])
    kinds = {one.of for found in gates.families for one in found.thresholds}
    assert kinds <= {"score", "drop"}
    assert len(Samples.of(scored("ears", "hiss"), reference=True).detectors) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--miss", "0"], "miss must lie between 0 and 1"),
        (["--false-reject", "5"], "false-reject must lie between 0 and 1"),
        (["--most-metrics", "7"], "a gate asks 1 to 6 metrics"),
        (["--folds", "1"], "folds must be 2 or more"),
        (["--require", "nois"], "unknown family of this run 'nois'; did you mean 'noise'"),
        (["--metric", "eras"], "did you mean 'ears'"),
    ],
)
def test_what_cannot_be_is_refused(call, out, arguments, said):  # noqa: F811
    assert_refused(call("gate", out, *arguments), said)


def test_a_folder_without_scores_or_with_a_foreign_file_is_refused(call, tmp_path):  # noqa: F811
    assert_refused(call("gate", tmp_path / "nowhere"), "nowhere")
    folder = run(tmp_path / "mine", scored("ears", "hiss", clips=4))
    (folder / "gate.md").write_text("mine")
    assert_refused(call("gate", folder), "gate.md is there already")
    assert (folder / "gate.md").read_text() == "mine"
