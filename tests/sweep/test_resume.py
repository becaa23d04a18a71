"""Going on with other versions of what the scores were made with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from degrade_bench.errors import RunFolderError
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.provenance import library_versions
from degrade_bench.sweep import resume
from degrade_bench.sweep.execute import execute
from degrade_bench.sweep.resume import check_same
from tests.runs.records import record_of
from tests.sweep import toys
from tests.sweep.test_execute import interrupted_after, make_sweep


def start(path, sweep, progress=None, **made_with):
    """A start of a run, as ``bench.run`` does it; the record of the first one says what it was made with."""
    with RunFolder(path) as folder:
        previous = check_same(folder, sweep)
        record = previous or record_of(
            identity=sweep.identity(),
            package_version=resume.__version__,
            libraries=library_versions(),
            state="running",
        )
        record = record.updated(**made_with)
        result = execute(sweep, folder, progress, previous, lambda: folder.write_record(record))
        folder.finish(result.table, record.updated(clips=tuple(result.clips.values())))
    return result


@pytest.fixture
def stopped(tmp_path):
    """A run that was stopped in the middle."""
    with pytest.raises(KeyboardInterrupt):
        start(tmp_path / "out", make_sweep(), interrupted_after(2))
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("degrade-bench", "degrade-bench 0.0.9, and "),
        ("torch", "torch 0.0.9, and "),
        ("libsndfile", "libsndfile 0.0.9"),
    ],
)
def test_a_run_does_not_go_on_with_other_versions(stopped, monkeypatch, name, said):
    with RunFolder(stopped) as folder:
        record = folder.read_record()
        libraries = {**record.libraries, **({} if name == "degrade-bench" else {name: "0.0.9"})}
        version = "0.0.9" if name == "degrade-bench" else record.package_version
        folder.write_record(record.updated(libraries=libraries, package_version=version))
    before = (stopped / "run.json").read_bytes()
    for _ in range(2):
        with pytest.raises(RunFolderError, match=said) as refused:
            start(stopped, make_sweep(), state="scored")
        assert "--overwrite" in str(refused.value)
        assert (stopped / "run.json").read_bytes() == before


def test_a_library_that_is_gone_is_said(stopped, monkeypatch):
    monkeypatch.setattr(resume, "library_versions", lambda: {**library_versions(), "soxr": None})
    with pytest.raises(RunFolderError, match=r"made with soxr .*, and none is installed"):
        start(stopped, make_sweep())


@pytest.mark.parametrize(("name", "old", "new"), [("pandas", "0.1", "0.2"), ("muq", None, "9.9")])
def test_libraries_that_had_no_part_in_the_scores_may_change(stopped, monkeypatch, name, old, new):
    with RunFolder(stopped) as folder:
        record = folder.read_record()
        folder.write_record(record.updated(libraries={**record.libraries, name: old}))
    monkeypatch.setattr(resume, "library_versions", lambda: {**library_versions(), name: new})
    assert start(stopped, make_sweep()).cells_scored > 0


def test_a_finished_run_may_be_concluded_again_with_other_versions_but_not_added_to(tmp_path, monkeypatch):
    out, sweep = tmp_path / "out", make_sweep(metrics=(toys.Rms(),))
    start(out, sweep)
    monkeypatch.setattr(resume, "__version__", "99.0")
    assert start(out, sweep).cells_scored == 0
    with pytest.raises(RunFolderError, match=r"degrade-bench .*, and 99\.0 is installed"):
        start(out, replace(sweep, metrics=(toys.Rms(), toys.Length())))
