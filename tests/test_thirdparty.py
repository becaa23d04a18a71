"""A real package of a third party, installed by pip: listed, run, and unharmed by a broken neighbour."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from degrade_bench.clip.audio import write_audio
from degrade_bench.runs.record import read_record
from tests.conftest import make_clip

PACKAGE = Path(__file__).parent / "thirdparty_package"
CODE = "import sys; from degrade_bench.cli.app import main; main(sys.argv[1:])"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder that the package was installed into: by pip, or as pip would where an environment has none."""
    folder = tmp_path_factory.mktemp("thirdparty")
    source = shutil.copytree(PACKAGE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    if importlib.util.find_spec("pip") is None:
        build = f"import backend; print(backend.build_wheel({str(folder)!r}))"
        built = subprocess.run(
            [sys.executable, "-c", build], cwd=source, capture_output=True, text=True, check=True
        )
        zipfile.ZipFile(folder / built.stdout.strip()).extractall(folder / "site")
        return folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run(
        [*pip, *offline, "--target", str(folder / "site"), str(source)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture
def call(installed, tmp_path):
    """Run the command line in a process that sees the package."""
    root = str(Path(__file__).parents[1])
    paths = os.pathsep.join([str(installed), root, *filter(None, [os.environ.get("PYTHONPATH")])])

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-c", CODE, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": paths},
        )

    return run


def test_it_is_listed_and_a_broken_neighbour_is_left_out_with_its_reason(call):
    done = call("list", "degradations", "--json")
    assert done.returncode == 0, done.stderr
    entries = {each["name"]: each for each in json.loads(done.stdout)}
    assert "white_noise" in entries
    assert entries["dc_offset"]["placebo"] == "dc_offset_placebo"
    assert [step["strength"] for step in entries["dc_offset"]["ladder"]] == [0.01, 0.02, 0.05, 0.1, 0.2]
    assert "broken_damage" not in entries
    assert "left out: degradation broken_damage: " in done.stderr
    assert "written for another library" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_runs_in_worker_processes_and_in_a_suite_of_ones_own(call, tmp_path):
    clip = make_clip(2.0, 8000, 1)
    for name in ("a", "b"):
        write_audio(tmp_path / f"{name}.wav", clip.samples, clip.sample_rate)
        (tmp_path / f"{name}.beats").write_text("0.0 1\n1.0 2\n")
    (tmp_path / "mine.yaml").write_text(
        "degradations:\n"
        "  - {degradation: dc_offset, name: more_offset, ladder: [0.1, 0.2, 0.3, 0.4, 0.5]}\n"
        "  - {degradation: dc_offset}\n"
    )
    done = call(
        *["run", "--suite", "mine.yaml", "--metric", "loudness", "--workers", 2, "--levels", "1,5"],
        *["--input", tmp_path, "--out", "out"],
    )
    assert done.returncode == 0, done.stderr
    assert "left out: degradation broken_damage: " in done.stderr
    assert "left out: degradation broken_damage: " in done.stdout, "the last lines say it too"
    (broken,) = read_record(tmp_path / "out").degradations_skipped
    assert broken.name == "broken_damage"
    assert "written for another library" in broken.reason
    assert "degradation <strong>broken_damage</strong>: " in (tmp_path / "out" / "report.html").read_text()
    frame = pd.read_parquet(tmp_path / "out" / "scores.parquet")
    strengths = frame[frame.role == "test"].groupby("degradation")["strength"].unique()
    assert sorted(strengths["dc_offset"]) == [0.01, 0.2]
    assert sorted(strengths["more_offset"]) == [0.1, 0.5]
    assert set(frame[frame.role == "placebo"].placebo_of) == {"dc_offset", "more_offset"}
    assert set(frame.status) == {"ok"}


def test_a_broken_plugin_asked_for_by_name_is_refused(call):
    done = call("run", "--degradation", "broken_damage", "--out", "out")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "written for another library" in done.stderr
