"""Only cells that are the same in every run are compared, and the rest is accounted for in words."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from degrade_bench.compare import CompareOptions, compare
from degrade_bench.compare.runs import unique_labels
from degrade_bench.errors import ConfigError, DegradeBenchError, RunFolderError
from tests.analysis.tables import SIGNAL
from tests.compare.folders import BY_RULES, TWO_NOISES, hearing, metric, run

QUICK = CompareOptions(resamples=200)


def said(comparison, *words: str) -> bool:
    return any(all(word in note for word in words) for note in comparison.notes)


def of(name: str, role: str = "test"):
    return lambda rows: (rows["degradation"] == name) & (rows["role"] == role)


def test_one_run_is_compared_with_itself_and_nothing_is_left_out(tmp_path):
    comparison = compare([run(tmp_path / "a", metric("x"), metric("y", hearing(0.1, seed=1)))], QUICK)
    assert comparison.notes == (BY_RULES,)
    assert comparison.runs.to_dict("records") == [
        {
            "run": "a",
            "package_version": "0.1.0",
            "seed": 0,
            "clips": 8,
            "clips_paired": 8,
            "cells": 96,
            "cells_paired": 96,
        }
    ]
    assert list(comparison.metrics["metric"]) == ["x", "y"]


def test_clips_are_told_by_their_samples_not_by_their_names(tmp_path):
    other = metric("y", hearing(0.1, seed=1), clips=6)
    other["clip_id"] = "renamed_" + other["clip_id"]
    other["track"] = "renamed_" + other["track"]
    other.loc[other["clip_hash"] == "hash5", "clip_hash"] = "another"
    comparison = compare([run(tmp_path / "a", metric("x")), run(tmp_path / "b", other)], QUICK)
    assert said(comparison, "a: 3 of its 8 clips are not in b", "clip005, clip006, clip007")
    assert said(comparison, "b: 1 of its 6 clips is not in a", "renamed_clip005")
    assert set(comparison.runs["clips_paired"]) == {5}
    assert set(comparison.leaderboard.loc[comparison.leaderboard["scope"] == "overall", "cells"]) == {5 * 4 * 3}


def test_versions(tmp_path):
    other = metric("y")
    other.loc[other["degradation"].str.startswith("hiss"), "version"] = "2"
    comparison = compare([run(tmp_path / "a", metric("x")), run(tmp_path / "b", other)], QUICK)
    assert comparison.notes == ("hiss: version 1 in a, 2 in b: left out", BY_RULES)
    assert set(comparison.leaderboard["degradation"]) == {"", "hum", "clip", "shuffle"}


def test_seeds(tmp_path):
    other = metric("y")
    other.loc[other["degradation"].str.startswith(("hum", "clip")), "seed"] = 5
    comparison = compare([run(tmp_path / "a", metric("x")), run(tmp_path / "b", other)], QUICK)
    assert len(comparison.notes) == 2
    assert said(comparison, "seeds differ in 2 of 4 degradations", "hum, clip")
    assert set(comparison.leaderboard["degradation"]) == {"", "hiss", "shuffle"}


def test_clean_rows_pair_whatever_their_seed_and_version(tmp_path):
    other = metric("y")
    other.loc[other["role"] == "clean", ["seed", "version"]] = [99, "7"]
    comparison = compare([run(tmp_path / "a", metric("x")), run(tmp_path / "b", other)], QUICK)
    assert comparison.notes == (BY_RULES,)
    assert comparison.leaderboard["missing"].max() == 0


def test_levels_and_ladders(tmp_path):
    one, other = metric("x", levels=(1, 2, 3, 4, 5)), metric("y")
    other.loc[of("clip")(other) & (other["level"] == 3), "strength"] = 2.5
    comparison = compare([run(tmp_path / "a", one), run(tmp_path / "b", other)], QUICK)
    assert said(comparison, "levels 2, 4 only in a", "4 degradations")
    assert said(comparison, "clip: level 3 is 3 x in a, 2.5 x in b: left out")
    cells = comparison.leaderboard.set_index(["metric", "degradation", "scope"])["cells"]
    assert cells["x", "hiss", "degradation"] == 8 * 3
    assert cells["x", "clip", "degradation"] == 8 * 2


def test_replicates_and_degradations_that_only_one_run_has(tmp_path):
    one = metric("x", degradations=TWO_NOISES[:3], replicates=2)
    other = metric("y", degradations=TWO_NOISES[1:])
    comparison = compare([run(tmp_path / "a", one), run(tmp_path / "b", other)], QUICK)
    assert said(comparison, "only in a: 1 degradation: hiss")
    assert said(comparison, "only in b: 1 degradation: shuffle")
    assert said(comparison, "replicate 1 only in a", "2 degradations: hum, clip")


def test_a_degradation_whose_placebo_differs_is_left_out(tmp_path):
    other = metric("y")
    other.loc[of("shuffle_placebo", "placebo")(other), "version"] = "2"
    comparison = compare([run(tmp_path / "a", metric("x")), run(tmp_path / "b", other)], QUICK)
    assert said(comparison, "shuffle_placebo: version 1 in a, 2 in b")
    assert said(comparison, "left out, because their placebos are not the same in every run: shuffle")
    assert "shuffle" not in set(comparison.leaderboard["degradation"])


def test_floors_come_from_the_controls_in_common(tmp_path):
    loud = metric("x", lambda name, role, level, clip: {"control": -float(level)}.get(role, 0.0))
    other = metric("y")
    other.loc[(other["role"] == "control") & (other["level"] == 3), "seed"] = 4
    alone = compare([run(tmp_path / "a", loud)], QUICK).metrics.set_index("metric")["nuisance_floor"]
    both = compare([tmp_path / "a", run(tmp_path / "b", other)], QUICK).metrics.set_index("metric")[
        "nuisance_floor"
    ]
    assert alone["x"] == 3.0
    assert both["x"] == 2.0


def renamed(rows):
    """The degradations under other names; the clean clip stays what it is."""
    return rows["degradation"].where(rows["role"] == "clean", rows["degradation"] + "b")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: rows.assign(clip_hash=rows["clip_hash"] + "b"), "no clip in common"),
        (lambda rows: rows.assign(seed=rows["seed"] + 1), "the seeds differ"),
        (lambda rows: rows.assign(degradation=renamed(rows)), "no degradation in common"),
        (lambda rows: rows.assign(version="9"), "versions"),
        (lambda rows: rows.assign(strength=rows["strength"] * 2), "ladders"),
        (lambda rows: rows.assign(level=rows["level"] + 10 * (rows["level"] > 0)), "no level in common"),
        (lambda rows: rows.assign(replicate=rows["replicate"] + 1), "no replicate in common"),
        (lambda rows: rows.assign(seed=rows["seed"] + (rows["role"] == "placebo")), "placebo"),
    ],
)
def test_nothing_in_common_is_refused_with_the_reason(tmp_path, change, reason):
    a, b = run(tmp_path / "a", metric("x")), run(tmp_path / "b", change(metric("y")), seed=1)
    with pytest.raises(RunFolderError, match=reason) as refused:
        compare([a, b], QUICK)
    assert "\n" not in str(refused.value)
    assert "a and b" in str(refused.value)


def test_a_run_without_tested_degradations_is_refused(tmp_path):
    rows = metric("x")
    with pytest.raises(RunFolderError, match="no tested degradation"):
        compare([run(tmp_path / "a", rows[rows["role"].isin(["clean", "control"])])], QUICK)


def test_the_order_of_the_folders_does_not_matter(tmp_path):
    a = run(tmp_path / "a", metric("x"), metric("z"), version="0.1.0")
    other = metric("y", hearing(0.1, seed=1), clips=7)
    b = run(tmp_path / "b", other, metric("z", clips=7, fingerprint="g"), version="0.2.0")
    c = run(tmp_path / "c", metric("y", hearing(0.1, seed=1), clips=7, levels=(1, 2, 5)))
    assert compare([a, b, c], QUICK).to_json() == compare([c, a, b], QUICK).to_json()


def test_a_folder_given_twice_counts_once(tmp_path):
    a = run(tmp_path / "a", metric("x"))
    comparison = compare([a, tmp_path / "." / "a"], QUICK)
    assert comparison.notes == ("a was given 2 times: counted once", BY_RULES)
    assert list(comparison.metrics["metric"]) == ["x"]


def test_clips_of_the_same_samples_count_once(tmp_path):
    rows = metric("x")
    rows.loc[rows["clip_id"] == "clip004", "clip_hash"] = "hash1"
    comparison = compare([run(tmp_path / "a", rows)], QUICK)
    assert said(comparison, "clip clip004 holds the same samples as clip001")
    assert set(comparison.runs["clips_paired"]) == {7}


def test_tracks_are_joined_where_any_run_joins_them(tmp_path):
    a = run(tmp_path / "a", metric("x", tracks={0: "one", 1: "one"}))
    b = run(tmp_path / "b", metric("y", tracks={1: "two", 2: "two"}))
    joined = metric("z", tracks={0: "one", 1: "one", 2: "one"})
    comparison = compare([a, b], QUICK)
    assert said(comparison, "disagree on which clips are of one recording")
    alone = compare([run(tmp_path / "c", joined)], QUICK)
    keys = ["scope", "family", "degradation", "noticed", "noticed_low", "noticed_high"]
    x, z = (
        one.leaderboard[one.leaderboard["metric"] == name][keys] for one, name in ((comparison, "x"), (alone, "z"))
    )
    pd.testing.assert_frame_equal(x.reset_index(drop=True), z.reset_index(drop=True))


def test_other_versions_of_package_and_libraries_are_said(tmp_path):
    a = run(tmp_path / "a", metric("x"), version="0.1.0", libraries={"numpy": "1", "scipy": "3"})
    b = run(tmp_path / "b", metric("y"), version="0.2.0", libraries={"numpy": "2", "scipy": "3"})
    comparison = compare([a, b], QUICK)
    assert said(comparison, "0.1.0 in a, 0.2.0 in b")
    assert said(comparison, "libraries", "numpy 1 in a, 2 in b")
    assert not said(comparison, "scipy")


def test_labels_are_folder_names_made_unique(tmp_path):
    paths = [tmp_path / "one" / "out", tmp_path / "two" / "out", tmp_path / "mine"]
    assert list(unique_labels(paths).values()) == ["one/out", "two/out", "mine"]


def test_damaged_folders_are_refused_in_one_line(tmp_path):
    good = run(tmp_path / "good", metric("x", degradations=(SIGNAL,)))
    unfinished = run(tmp_path / "unfinished", metric("x"))
    (unfinished / "scores.parquet").unlink()
    torn = run(tmp_path / "torn", metric("x"))
    (torn / "scores.parquet").write_bytes(b"PAR1 nothing")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "run.json").write_text(json.dumps([1, 2]))
    empty = run(tmp_path / "empty", metric("x").iloc[:0])
    a_file = tmp_path / "file"
    a_file.write_text("x")
    for bad in (tmp_path / "missing", unfinished, torn, foreign, empty, a_file):
        with pytest.raises(DegradeBenchError) as refused:
            compare([good, bad], QUICK)
        assert bad.name in str(refused.value)
        assert isinstance(refused.value, RunFolderError)
    with pytest.raises(ConfigError, match="nothing to compare"):
        compare([], QUICK)
