"""``degrade-bench check``: files of expectations, exit codes, JUnit XML and Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from degrade_bench.conclude import conclude
from degrade_bench.errors import ConfigError
from degrade_bench.expect import reports, session
from degrade_bench.expect.expectation_file import ExpectationFile
from degrade_bench.expect.outcome import Finding
from tests.analysis.tables import noisy
from tests.cli.conftest import call  # noqa: F401  # a fixture
from tests.cli.requests import assert_refused
from tests.compare.folders import metric, run

HEARD = {"good": 0.3, "deaf": 0.0, "inverted": -0.3}
"""What each of three metrics loses of a shuffle by level; a hiss they all hear."""


def toy(name: str):
    per_level = {"shuffle": HEARD[name], "hiss": 0.3}
    lost = noisy(lambda damage, role, level: per_level.get(damage, 0) * level * (role == "test"), sd=0.3)
    damages = (("hiss", "signal", "noise"), ("shuffle", "structural", "order"))
    return metric(name, lost, clips=20, degradations=damages, single_placebo=("hiss",))


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder = run(tmp_path_factory.mktemp("check") / "out", *(toy(name) for name in HEARD))
    conclude(folder)
    return folder


EXPECTED = """
metrics:
  - metric: {metric}
    expect:
      - sensitive: shuffle
        min_dz: 0.5
      - monotone: hiss
"""


def written(folder: Path, text: str) -> Path:
    (folder / "expectations.yaml").write_text(text)
    return folder / "expectations.yaml"


def test_a_good_a_blind_and_an_inverted_metric_pass_fail_and_fail_with_reason_and_power(call, out, tmp_path):  # noqa: F811
    for name, code in (("good", 0), ("deaf", 1), ("inverted", 1)):
        file = written(tmp_path, EXPECTED.format(metric=name))
        ended, printed, said = call("check", file, "--out", out, "--junit", "j.xml", "--markdown", "t.md")
        assert ended == code, printed + said
        first, second, last = printed.splitlines()
        found = "PASS" if code == 0 else "FAIL|INCONCLUSIVE"
        assert re.match(rf"({found})  {name}: sensitive to shuffle, net dz above 0\.5: .* Measured: net dz ", first)
        assert re.search(
            r"\(90 % interval .*\), a net drop of .* \(20 recordings, alpha 0\.05\)\. Power: 20", first
        )
        assert second.startswith(f"PASS  {name}: monotone in the level of hiss")
        assert last.startswith("2 checked: ")
        check_junit(Path("j.xml"), failures=code)
        table = Path("t.md").read_text(encoding="utf-8")
        assert table.count(f"| {name} |") == 2
        assert ("❌ fail" in table or "❓ inconclusive" in table) == bool(code)


OF_SUITE = {
    *("name", "time", "tests", "errors", "skipped", "failures", "group"),
    *("timestamp", "hostname", "id", "package", "file", "log", "url"),
}
"""Attributes that Jenkins' schema lets a test suite have; Surefire's knows the first seven of them."""

TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?")
"""Surefire's pattern of a time."""


def check_junit(path: Path, failures: int) -> None:
    """What surefire-test-report.xsd and Jenkins' junit-10.xsd both ask for."""
    top = ElementTree.parse(path).getroot()
    assert top.tag == "testsuites"
    assert set(top.attrib) <= {"name", "time", "tests", "failures", "errors"}
    assert TIME.fullmatch(top.get("time"))
    assert {suite.tag for suite in top} == {"testsuite"}
    assert sum(int(suite.get("failures")) for suite in top) == int(top.get("failures")) == failures
    for suite in top:
        assert {"name", "tests", "errors", "skipped", "failures"} <= set(suite.attrib) <= OF_SUITE
        assert TIME.fullmatch(suite.get("time"))
        assert {case.tag for case in suite} == {"testcase"}
        assert int(suite.get("tests")) == len(suite)
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))
        for case in suite:
            assert {"name", "time"} <= set(case.attrib) <= {"name", "classname", "group", "time"}
            order = ["failure", "skipped", "system-out"]  # Surefire's sequence, each once at most here
            tags = [child.tag for child in case]
            assert tags == [tag for tag in order if tag in tags]
            for child in case:
                allowed: Mapping[str, set[str]] = {"failure": {"message", "type"}, "skipped": {"message"}}
                assert set(child.attrib) <= allowed.get(child.tag, set())
                assert not len(child)
            assert all(failure.get("type") for failure in case.findall("failure"))


def test_what_is_written_is_no_markup_and_no_wrong_xml(tmp_path):
    states = ("pass", "fail", "inconclusive", "open")
    odd = [Finding("a|b<i>\x1b", f"{state} & <b>", state, "*r*\x00", "m\ud800", "p]", 0.05, 7) for state in states]
    reports.write_reports(odd, ["a|note"], tmp_path / "j.xml", tmp_path / "t.md")
    check_junit(tmp_path / "j.xml", failures=2)
    table = (tmp_path / "t.md").read_text(encoding="utf-8")
    rows = [line for line in table.splitlines() if line.startswith("| ")][2:]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [8] * 4
    assert "<" not in table.replace("\\<", "")
    assert reports.summary(odd) == "4 checked: 1 pass, 1 fail, 1 inconclusive, 1 open"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("metrics: 3", "line 1: metrics: input should be a valid list, got 3"),
        (
            "metrics:\n  - expect:\n      - sensitive: hiss\n        min_db: 1",
            "line 4: unknown key 'min_db'; did you mean",
        ),
        ("metrics:\n  - expect:\n      - min_dz: 1", "line 3: expected exactly one of the keys sensitive, blind"),
        ("metrics:\n  - expect:\n      - blind: hiss\n        min_dz: 1", "line 3: min_dz is not for blind"),
        (
            "metrics:\n  - expect:\n      - sensitive: hiss\n        min_dz: high",
            "line 4: min_dz: expected a number",
        ),
        ("metrics:\n  - expect: []", "line 2: expect: list should have at least 1 item"),
        ("run: {out: there}\nmetrics:\n  - expect: [{blind: hiss}]", "line 1: 'out' is no option"),
        (
            "metrics:\n  - expect:\n      - sensitive: his",
            "line 3: unknown degradation that deaf was scored on 'his'",
        ),
        ("metrics:\n  - expect: [{sensitive: hiss, level: 2}]", "line 2: unknown level of hiss '2'"),
        ("metrics:\n  - metric: goood\n    expect: [{blind: hiss}]", "line 2: unknown metric of"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(call, out, tmp_path, text, said):  # noqa: F811
    arguments = [] if "metric: " in text else ["--metric", "deaf"]
    assert_refused(call("check", written(tmp_path, text), "--out", out, *arguments), said)


def test_wrong_arguments_are_refused(call, out, tmp_path):  # noqa: F811
    file = written(tmp_path, EXPECTED.format(metric="good"))
    assert_refused(call("check", file, "--out", tmp_path / "nowhere"), "nowhere")
    assert_refused(call("check", tmp_path / "no.yaml", "--out", out), "cannot read")
    assert_refused(call("check", file, "--out", out, "--metric", "god"), "did you mean 'good'")
    assert_refused(call("check", file, "--out", out, "--metric", "deaf"), "unknown metric of")
    assert_refused(call("check", file, "--out", out, "--keep", "here"), "--keep is for what is scored")
    (tmp_path / "folder").mkdir()
    assert_refused(call("check", file, "--out", out, "--junit", tmp_path / "folder"), "is a directory")
    unnamed = written(tmp_path, "metrics:\n  - expect: [{blind: hum}]")
    assert_refused(call("check", unnamed), "line 2: 'metric' is missing")
    unknown = written(tmp_path, "metrics:\n  - metric: loudness\n    expect: [{blind: humm}]")
    assert_refused(call("check", unknown), "line 3: unknown degradation 'humm'; did you mean 'hum'")
    unknown = written(tmp_path, "run: {limit_clip: 3}\nmetrics:\n  - metric: loudness\n    expect: [{blind: hum}]")
    assert_refused(call("check", unknown), "unknown option 'limit-clip'")


def test_without_a_run_what_is_needed_is_scored_at_once_and_kept(call, tmp_path, monkeypatch):  # noqa: F811
    asked = []

    def score(metric, **given):
        asked.append(given)
        return SimpleNamespace(
            scores=toy("good").replace({"good": metric.name, "hiss": "hum", "shuffle": "low_pass"})
        )

    monkeypatch.setattr(session, "stress_test", score)
    text = "run: {limit_clips: 1, levels: [5]}\n" + EXPECTED.format(metric="simulated-inverted")
    file = written(tmp_path, text.replace("shuffle", "low_pass").replace("hiss", "hum"))
    code, printed, said = call("check", file, "--keep", "kept")
    assert code == 0, said
    assert "PASS  simulated-inverted: sensitive to low_pass" in printed
    (given,) = asked
    assert (given["limit_clips"], given["levels"], given["progress"]) == (1, (5,), True)
    assert [damage.name for damage in given["degradations"]] == ["hum", "low_pass"]
    assert given["out"].parts[0] == "kept"


def test_paths_are_meant_from_where_the_file_lies(tmp_path):
    file = ExpectationFile(written(tmp_path, "run: {input: music}\nmetrics: [{expect: [{blind: mine.py:Hum}]}]"))
    assert file.run == {"input": tmp_path / "music"}
    assert file.spec("mine.py:Peak") == f"{tmp_path / 'mine.py'}:Peak"
    assert file.spec("mine.py") == str(tmp_path / "mine.py")
    assert [file.spec(name) for name in ("loudness", "package.module:Peak")] == ["loudness", "package.module:Peak"]
    with pytest.raises(ConfigError, match=r"line 2: degradation 'mine\.py:Hum': no such file"):
        file.degradation(file.metrics[0].expectations[0])
