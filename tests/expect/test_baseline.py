"""``degrade-bench check --baseline``: the same metric, a worse one, and runs that cannot be compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.conclude import conclude
from degrade_bench.expect.baseline import against_baseline
from tests.analysis.tables import noisy
from tests.cli.conftest import call  # noqa: F401  # a fixture
from tests.cli.requests import assert_refused
from tests.compare.folders import metric, run

DAMAGES = (("hiss", "signal", "noise"), ("shuffle", "structural", "order"))


def heard(
    name: str = "ears", shuffle: float = 0.3, hiss: float = 0.3, *, sd: float = 0.2, seed: int = 0, clips: int = 12
):
    """A metric that loses something a level of a hiss and of a shuffle."""
    per_level = {"hiss": hiss, "shuffle": shuffle}
    lost = noisy(lambda damage, role, level: per_level.get(damage, 0) * level * (role == "test"), sd=sd, seed=seed)
    return metric(
        name,
        lost,
        clips=clips,
        levels=(1, 5),
        degradations=DAMAGES,
        single_placebo=("hiss",),
        fingerprint=str(seed),
    )


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> Path:
    return run(tmp_path_factory.mktemp("baseline") / "before", heard())


def states(folder: Path, before: Path, **options) -> tuple[dict[str, str], list[str]]:
    findings, notes = against_baseline(folder, before, **options)
    return {finding.expected.split()[0]: finding.state for finding in findings}, notes


def test_the_same_metric_holds_and_what_it_never_heard_is_not_checked(tmp_path):
    deaf = heard(shuffle=0.0)
    found, notes = states(run(tmp_path / "a", deaf), run(tmp_path / "b", deaf))
    assert found == {"hiss": "pass"}
    assert notes[-1] == "ears: not checked, since it was not sensitive to it before: shuffle"


def test_what_has_fallen_fails_whichever_folder_comes_first(tmp_path, before, call):  # noqa: F811
    weaker = heard(shuffle=0.1, seed=1)
    found, notes = states(run(before.parent / "after", weaker), before)
    assert found == {"hiss": "pass", "shuffle": "fail"}
    assert "ears is another version: its drops are compared as they are, in its unit" in notes
    folder = run(before.parent / "zero", weaker)
    code, printed, _ = call("check", "--out", folder, "--baseline", before, "--junit", "j.xml")
    assert code == 1
    assert "FAIL  ears: shuffle heard no less than in before: not so: it hears less: the drop was shown" in printed
    assert "12 recordings show a fall by" in printed
    assert 'failures="1"' in Path("j.xml").read_text(encoding="utf-8")


def test_what_rises_passes_and_what_is_lost_within_the_tolerance_does_too(tmp_path, before):
    mixed = run(tmp_path / "mixed", heard(shuffle=0.2, hiss=0.6))  # the same noise
    assert states(mixed, before)[0] == {"hiss": "pass", "shuffle": "fail"}
    assert states(mixed, before, tolerance=0.5)[0] == {"hiss": "pass", "shuffle": "pass"}


def test_what_is_not_settled_is_open_and_no_failure(tmp_path, before, call):  # noqa: F811
    noisy_run = run(tmp_path / "noisy", heard(sd=1.5, seed=3))
    code, printed, _ = call("check", "--out", noisy_run, "--baseline", before)
    assert code == 0, printed
    assert "OPEN  ears: shuffle" in printed


def test_what_has_come_to_prefer_a_damage_fails_though_it_was_not_sensitive(tmp_path):
    deaf = run(tmp_path / "deaf", heard(shuffle=0.0))
    inverted = run(tmp_path / "inverted", heard(shuffle=-0.4, seed=4))
    assert states(inverted, deaf)[0]["shuffle"] == "fail"


def test_runs_that_cannot_be_compared_are_refused_and_what_is_left_out_is_said(tmp_path, before, call):  # noqa: F811
    assert_refused(call("check", "--out", before, "--baseline", before), "is the run itself")
    assert_refused(call("check", "--baseline", before), "--baseline needs --out")
    assert_refused(call("check", "--out", tmp_path / "no", "--baseline", before), "no")
    other = heard().assign(clip_hash="another")
    folder = run(tmp_path / "other", other[other["clip_id"] == "clip000"])
    assert_refused(call("check", "--out", folder, "--baseline", before), "clip")
    more = run(tmp_path / "more", heard(), heard("eyes"))
    assert "eyes is not in before: it cannot be compared" in states(more, before)[1]
    assert_refused(
        call("check", "--out", more, "--baseline", before, "--metric", "eyes"), "unknown metric of before"
    )
    assert_refused(call("check", "--out", more, "--baseline", before, "--tolerance", "1"), "tolerance must lie")


def analysed(folder: Path, **thresholds: float) -> Path:
    conclude(folder, AnalysisOptions(resamples=100, **thresholds))
    return folder


def test_both_are_judged_by_the_thresholds_of_the_baseline(tmp_path):
    then, now = (run(tmp_path / name, heard()) for name in ("then", "now"))
    found, notes = states(analysed(now, margin=2.0), then)
    assert found == {"hiss": "pass", "shuffle": "pass"}, "drops of 1.5 under a margin that is not the baseline's"
    said = "was analysed with other thresholds (margin = 2): judged by the baseline's (the default)"
    assert f"{now} {said}" in notes
    found, notes = states(now, analysed(then, margin=2.0))
    assert not found
    assert notes[-1].endswith("not sensitive to it before: hiss, shuffle")
    assert not [note for note in notes if "thresholds" in note]


def test_a_baseline_of_other_rules_or_of_another_version_is_refused_with_what_to_do(tmp_path, before, call):  # noqa: F811
    old = analysed(run(tmp_path / "old", heard()), rules=1)
    mend = f"runs are compared by rules 2; conclude again: degrade-bench analysis {old}"
    assert_refused(call("check", "--out", before, "--baseline", old), f"was analysed by rules 1, and {mend}")
    judged_by = "(rules = 1): judged by the baseline's (the default)"
    assert f"{old} was analysed with other thresholds {judged_by}" in states(old, before)[1]
    (old / "analysis.json").write_text('{"format": 1}')
    again = call("check", "--out", before, "--baseline", old)
    assert_refused(again, "written by another version (format 1")
    passed_over = f"the analysis in {old} was written by another version or is damaged: it is not used"
    assert passed_over in states(old, before)[1]


def test_other_interpreters_are_said_and_no_reason_to_refuse(tmp_path, before):
    other = run(tmp_path / "other", heard(), python="3.12.1")
    found, notes = states(other, before)
    assert found == {"hiss": "pass", "shuffle": "pass"}
    versions = "Python 3.11.7 on Linux x86_64 in before, Python 3.12.1 on Linux x86_64 in other"
    assert f"made by other interpreters: {versions}" in notes
