"""``--out s3://…`` from the command line and the API, and what is said where storage cannot be used."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

import degrade_bench
from degrade_bench._support.files import write_text
from degrade_bench._support.object_server import ObjectError, meaning
from degrade_bench.runs.ownership import claim
from tests.cli.requests import assert_refused
from tests.conftest import make_clip
from tests.storage import contents, put

RUN = ("run", "--degradation", "white_noise", "--levels", "5", "--metric", "loudness", "--limit-clips", "1")


class Peak:
    name, higher_is_better = "peak", True

    def score(self, batch, sample_rate, reference=None):
        return batch.abs().amax(dim=(1, 2))


def test_the_whole_job_and_all_that_reads_it_afterwards(bucket, call, tmp_path):
    out = f"s3://{bucket.parts[1]}/runs/first"
    clips = [make_clip(1.5, 8000, 1, seed=seed) for seed in range(2)]
    degradations = {"clips": clips, "degradations": ["white_noise"], "levels": (5,)}
    local = degrade_bench.stress_test(Peak(), workers=1, out=tmp_path / "out", **degradations)
    result = degrade_bench.stress_test(Peak(), workers=1, out=out, **degradations)
    assert result.scores.drop(columns="seconds").equals(local.scores.drop(columns="seconds"))
    there = contents(Path(out))
    names = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert set(there) == names - {".lock"}
    assert set(json.loads(there["files.json"])["files"]) == set(there) - {"files.json"}
    for name in ("summary.csv", "analysis.json"):
        assert there[name] == (tmp_path / "out" / name).read_bytes()
    assert degrade_bench.load(out).verdicts.equals(degrade_bench.load(tmp_path / "out").verdicts)

    code, printed, err = call("analysis", out, "--alpha", 0.01)
    assert code == 0, err
    assert printed == call("analysis", tmp_path / "out", "--alpha", 0.01)[1]
    assert json.loads(contents(Path(out))["analysis.json"])["options"]["alpha"] == 0.01
    code, printed, err = call("compare", out, tmp_path / "out", "--out", f"{out}-compared")
    assert code == 0, err
    assert f"wrote {out}-compared/comparison.json" in printed
    assert json.loads(contents(Path(f"{out}-compared"))["comparison.json"])["runs"][0]["clips"] == 2
    assert list((tmp_path / "work").iterdir()) == []


def test_a_report_is_sent(bucket, call, monkeypatch):
    def write_report(folder, steps, choice):
        claim(folder, ["report.html"])
        write_text(folder / "report.html", "drawn")
        return folder / "report.html"

    monkeypatch.setattr("degrade_bench.reports.write_report", write_report)
    out = f"s3://{bucket.parts[1]}/run"
    assert call("report", out)[:2] == (0, f"wrote {out}/report.html\n")
    assert contents(Path(out))["report.html"] == b"drawn"


@pytest.mark.parametrize(
    ("out", "said"),
    [
        (
            "s3://no-such-bucket/run",
            "--out s3://no-such-bucket/run: there is no bucket 'no-such-bucket' at http://",
        ),
        ("gs://bucket/run", "--out gs://…: expected a path, or s3://BUCKET/PREFIX"),
        ("sftp://key:secret@host/run", "--out sftp://…: expected a path, or s3://BUCKET/PREFIX"),
        ("S3://bucket/run", "--out S3://…: expected a path, or s3://BUCKET/PREFIX"),
        ("s3://", "names no bucket"),
        ("s3://key:secret@bucket/run", "credentials and settings do not belong in an address"),
        ("s3://key:secret/more@bucket/run", "credentials and settings do not belong in an address"),
        ("s3://key/secret@bucket/run", "credentials and settings do not belong in an address"),
        ("s3://bucket/../../run", "--out s3://bucket/../../run: '..' leads nowhere in an address"),
    ],
)
@pytest.mark.usefixtures("bucket")
def test_what_cannot_be_used_is_refused_in_a_line(call, out, said):
    result = call(*RUN, "--out", out)
    assert_refused(result, said)
    assert "secret" not in result[2]


@pytest.mark.parametrize("endpoint", ["http://user:secret@127.0.0.1:9", "user:secret@127.0.0.1:9", "http://["])
@pytest.mark.usefixtures("bucket")
def test_an_endpoint_that_cannot_be_used_is_refused_without_its_credentials(call, monkeypatch, endpoint):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    result = call(*RUN, "--out", "s3://bucket/run")
    assert_refused(result, "expected an address such as http://127.0.0.1:9000, without credentials")
    assert "secret" not in result[2]


def test_a_mistake_in_a_manifest_there_is_said_with_the_address_in_full(call, bucket, tmp_path):
    put(bucket, list_csv=b"path,colour\n")
    result = call(*RUN, "--out", tmp_path / "out", "--input", f"s3://{bucket.parts[1]}/list.csv")
    assert_refused(result, f"s3://{bucket.parts[1]}/list.csv, line 1: unknown column 'colour'")


def test_a_slip_of_the_pen_leaves_nothing_there(call, bucket):
    assert_refused(call("analysis", f"s3://{bucket.parts[1]}/typo"), f"s3://{bucket.parts[1]}/typo")
    assert contents(bucket) == {}
    assert_refused(
        call(*RUN, "--out", "s3://no-such-bucket/run", "--dry-run"), "there is no bucket 'no-such-bucket'"
    )


@pytest.mark.usefixtures("bucket")
def test_a_server_that_is_not_there_is_refused_within_seconds(call, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    started = time.monotonic()
    assert_refused(call(*RUN, "--out", "s3://bucket/run"), "http://127.0.0.1:9 cannot be reached")
    assert_refused(call(*RUN, "--out", "out", "--input", "s3://bucket/music"), "cannot be reached")
    assert time.monotonic() - started < 30
    monkeypatch.setenv("AWS_ENDPOINT_URL", "ftp://127.0.0.1")
    assert_refused(call(*RUN, "--out", "s3://bucket/run"), "AWS_ENDPOINT_URL=ftp://127.0.0.1: expected an address")


def test_credentials_that_are_not_known_are_refused(call, bucket, monkeypatch):
    monkeypatch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0.0)  # from now on moto looks at them
    result = call(*RUN, "--out", f"s3://{bucket.parts[1]}/run")
    assert_refused(result, "gives no access to bucket", "AWS_ACCESS_KEY_ID")


@pytest.mark.parametrize("patience", ["long", "-1", "inf"])
@pytest.mark.usefixtures("bucket")
def test_a_patience_that_is_no_time_is_refused(call, monkeypatch, patience):
    monkeypatch.setenv("DEGRADE_BENCH_STORE_PATIENCE", patience)
    assert_refused(
        call(*RUN, "--out", "s3://bucket/run"), f"STORE_PATIENCE={patience}: expected a number of seconds"
    )


@pytest.mark.parametrize(
    ("error", "said", "may_pass"),
    [
        ("AWS Error ACCESS_DENIED during PutObject operation: Denied", "gives no access", False),
        (
            "AWS Error UNKNOWN (HTTP status 403) during HeadBucket operation: No response body.",
            "gives no access",
            False,
        ),
        (
            "AWS Error UNKNOWN (HTTP status 400) during HeadObject operation: ExceptionName: ExpiredToken",
            "gives no access to bucket 'bucket' (ExpiredToken)",
            False,
        ),
        ("AWS Error UNKNOWN (HTTP status 301) during HeadObject operation: ", "set AWS_REGION", False),
        ("AWS Error UNKNOWN (HTTP status 409) during PutObject operation: ", "HTTP status 409", False),
        ("AWS Error UNKNOWN (HTTP status 429) during PutObject operation: ", "cannot be reached", True),
        ("AWS Error UNKNOWN (HTTP status 503) during PutObject operation: Slow", "cannot be reached", True),
        ("AWS Error SLOW_DOWN during PutObject operation: Please reduce", "cannot be reached (slow down)", True),
        ("something\nelse", "something else", False),
    ],
)
def test_what_the_errors_of_the_library_mean(monkeypatch, error, said, may_pass):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("HOME", "/nonexistent")
    meant = meaning(error, "bucket")
    assert isinstance(meant, ObjectError)
    assert said in str(meant)
    assert meant.may_pass is may_pass
    assert ("there are no credentials" in str(meant)) == ("no access" in said)
